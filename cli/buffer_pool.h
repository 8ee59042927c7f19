/* SPDX-License-Identifier: MIT */
/* Buffers that receives take, and that come back when their bytes are through. */
#ifndef ANYRING_CLI_BUFFER_POOL_H
#define ANYRING_CLI_BUFFER_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "liburing.h"

struct pool {
	struct io_uring_buf_ring *br; /* NULL: buffers are taken from the free list */
	unsigned ring_entries;
	unsigned buffer_size;
	unsigned made; /* buffers in use so far */
	unsigned max;
	unsigned added; /* to the buffer ring, not yet published */
	char *memory;
	size_t memory_size;
	size_t stride;	   /* from one buffer to the next */
	int32_t *next;	   /* by buffer: the next of its list, -1: the last */
	uint32_t *len;	   /* by buffer: bytes received */
	uint16_t *order;   /* by buffer ring slot: which buffer lies there */
	uint16_t *slot_of; /* by buffer: where it lies, or lay */
	int32_t free_head;
};

/*
 * In a buffer ring of the kernel's (group 0) if `use_ring`, else in a free list, whose `max`
 * buffers the caller bounds; false with errno.
 */
bool pool_open(struct pool *p, struct io_uring *ring, unsigned buffer_size, unsigned max,
	       bool use_ring);
void pool_close(struct pool *p, struct io_uring *ring);
/* Twice as many buffers, up to the maximum; false if there are no more. */
bool pool_grow(struct pool *p);
/* A buffer from the free list, or -1. */
int32_t pool_take(struct pool *p);
void pool_put(struct pool *p, int32_t buffer);
/* Makes what was put visible to the kernel. */
void pool_publish(struct pool *p);
/* The buffer that the kernel takes after this one. */
int32_t pool_following(const struct pool *p, int32_t buffer);

static inline char *pool_address(const struct pool *p, int32_t buffer)
{
	return p->memory + (size_t)buffer * p->stride;
}

#endif
