/* SPDX-License-Identifier: MIT */
/*
 * Memory that the engine and the application both map, and children inherit: each mapping may be
 * given back, or kept from children, without the others.
 */
#ifndef ANYRING_USER_SHARED_MEMORY_H
#define ANYRING_USER_SHARED_MEMORY_H

#include <stddef.h>

struct shared_memory {
	char *base; /* the engine's mapping, or NULL: none was made */
	size_t size;
	int fd; /* of the memory itself; the engine's own */
};

/* Zeroed memory of whole pages. 0 or -errno. */
int shared_memory_make(struct shared_memory *memory, size_t size);
/* One mapping more, of `size` bytes from `offset` (a page's) on, in *ptr. 0 or -errno. */
int shared_memory_map(const struct shared_memory *memory, size_t offset, size_t size, void **ptr);
/* Gives up the engine's mapping and the descriptor; what others have mapped stays. */
void shared_memory_free(struct shared_memory *memory);

#endif
