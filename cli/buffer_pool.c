/* SPDX-License-Identifier: MIT */
/*
 * The buffers that receives take. Few are made at first, so that the same memory is used again
 * while it is warm in the cache; each time they run out there are twice as many.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "buffer_pool.h"

#define CACHE_LINE	 64
#define FIRST_BUFFERS	 128
#define MAX_RING_BUFFERS 4096
#define MAX_RING_BYTES	 (256UL << 20)

static unsigned ring_buffers(unsigned buffer_size)
{
	unsigned n = MAX_RING_BUFFERS;

	while (n > 16 && (size_t)n * buffer_size > MAX_RING_BYTES)
		n /= 2;
	return n;
}

/*
 * An odd number of cache lines: buffers a power of two apart would all begin in the same few sets
 * of the cache, and push each other out.
 */
static size_t stride_of(unsigned buffer_size)
{
	size_t lines = (buffer_size + CACHE_LINE - 1) / CACHE_LINE;

	return (lines | 1) * CACHE_LINE;
}

bool pool_open(struct pool *p, struct io_uring *ring, unsigned buffer_size, unsigned max,
	       bool use_ring)
{
	int err;

	p->buffer_size = buffer_size;
	p->max = max;
	if (use_ring) {
		p->max = p->ring_entries = ring_buffers(buffer_size);
		p->br = io_uring_setup_buf_ring(ring, p->ring_entries, 0, 0, &err);
		if (!p->br) {
			errno = -err;
			return false;
		}
	}
	p->stride = stride_of(buffer_size);
	p->memory_size = (size_t)p->max * p->stride;
	/* Address space only: pages come as buffers are made and used. */
	p->memory = mmap(NULL, p->memory_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p->memory == MAP_FAILED) {
		p->memory = NULL;
		return false;
	}
	p->free_head = -1;
	/* One region for the four tables. */
	p->next = calloc(p->max, sizeof(*p->next) + sizeof(*p->len) + sizeof(*p->order) +
					 sizeof(*p->slot_of));
	if (!p->next)
		return false;
	p->len = (uint32_t *)(p->next + p->max);
	p->order = (uint16_t *)(p->len + p->max);
	p->slot_of = p->order + p->max;
	return pool_grow(p);
}

void pool_close(struct pool *p, struct io_uring *ring)
{
	if (p->br)
		io_uring_free_buf_ring(ring, p->br, p->ring_entries, 0);
	if (p->memory)
		munmap(p->memory, p->memory_size);
	free(p->next);
}

bool pool_grow(struct pool *p)
{
	unsigned want = p->made ? 2 * p->made : FIRST_BUFFERS;

	want = want < p->max ? want : p->max;
	if (want == p->made)
		return false;
	while (p->made < want)
		pool_put(p, (int32_t)p->made++);
	pool_publish(p);
	return true;
}

int32_t pool_take(struct pool *p)
{
	int32_t buffer;

	if (p->free_head < 0 && !pool_grow(p))
		return -1;
	buffer = p->free_head;
	p->free_head = p->next[buffer];
	return buffer;
}

void pool_put(struct pool *p, int32_t buffer)
{
	unsigned slot;

	if (!p->br) {
		p->next[buffer] = p->free_head;
		p->free_head = buffer;
		return;
	}
	slot = (p->br->tail + p->added) & (p->ring_entries - 1);
	io_uring_buf_ring_add(p->br, pool_address(p, buffer), p->buffer_size,
			      (unsigned short)buffer, io_uring_buf_ring_mask(p->ring_entries),
			      (int)p->added);
	p->order[slot] = (uint16_t)buffer;
	p->slot_of[buffer] = (uint16_t)slot;
	p->added++;
}

void pool_publish(struct pool *p)
{
	if (p->added)
		io_uring_buf_ring_advance(p->br, (int)p->added);
	p->added = 0;
}

int32_t pool_following(const struct pool *p, int32_t buffer)
{
	return p->order[(p->slot_of[buffer] + 1) & (p->ring_entries - 1)];
}
