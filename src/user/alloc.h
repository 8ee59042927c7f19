/* SPDX-License-Identifier: MIT */
/* The C library's allocator, with errno left alone. */
#ifndef ANYRING_USER_ALLOC_H
#define ANYRING_USER_ALLOC_H

#include <errno.h>
#include <stdlib.h>

static inline void *user_alloc(size_t size)
{
	int saved = errno;
	void *memory = malloc(size);

	errno = saved;
	return memory;
}

/* Bytes that a processor fetches together. */
#define CACHE_LINE 64

/* Memory that begins with a cache line, of a multiple of them. */
static inline void *user_alloc_lines(size_t size)
{
	int saved = errno;
	void *memory = aligned_alloc(CACHE_LINE, size);

	errno = saved;
	return memory;
}

static inline void *user_zalloc(size_t count, size_t size)
{
	int saved = errno;
	void *memory = calloc(count, size);

	errno = saved;
	return memory;
}

static inline void *user_realloc(void *old, size_t size)
{
	int saved = errno;
	void *memory = realloc(old, size);

	errno = saved;
	return memory;
}

static inline void user_free(void *memory)
{
	int saved = errno;

	free(memory);
	errno = saved;
}

#endif
