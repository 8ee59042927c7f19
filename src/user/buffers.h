/* SPDX-License-Identifier: MIT */
/* Registered buffers: memory of the application's that requests name by index. */
#ifndef ANYRING_USER_BUFFERS_H
#define ANYRING_USER_BUFFERS_H

#include <stddef.h>
#include <stdint.h>

struct uring;
struct request;

/* As many as a table can hold. */
#define BUFFERS_MAX (1U << 14)

/* One buffer of one ring; counted under the ring's lock. */
struct buffer {
	struct uring *ring;
	uint64_t addr;
	size_t len;
	uint64_t tag; /* posted as user_data when the buffer is let go; 0: nothing */
	unsigned refs;
};

struct buffer_table {
	struct buffer **slots; /* NULL: no table; of empty slots NULL */
	unsigned count;
};

/* All under the ring's lock. */

/*
 * The buffer at the request's buf_index holds addr to addr + len: 0, or -EFAULT. The request holds
 * the buffer from the first time on until it ends, whatever becomes of the table.
 */
int buffers_check(struct request *req, uint64_t addr, uint64_t len);
/* A new buffer, refs 1. NULL: out of memory. */
struct buffer *buffer_new(struct uring *ring, uint64_t addr, size_t len);
void buffer_put(struct buffer *buffer);
void buffers_free(struct uring *ring);

#endif
