/* SPDX-License-Identifier: MIT */
/* Registered buffers: memory of the application's that requests name by index. */
#ifndef ANYRING_USER_BUFFERS_H
#define ANYRING_USER_BUFFERS_H

#include <stddef.h>
#include <stdint.h>

struct uring;
struct request;

/* One registration; counted, since rings may share it (IORING_REGISTER_CLONE_BUFFERS). */
struct buffer {
	uint64_t addr;
	size_t len;
	unsigned refs; /* atomic: buffers are shared between rings */
};

struct buffer_slot {
	struct buffer *buffer; /* NULL: empty */
	uint64_t tag;
};

struct buffer_table {
	struct buffer_slot *slots; /* NULL: no table */
	unsigned count;
};

/* Under the ring's lock: the buffer at the request's buf_index holds addr to addr + len: 0, or
 * -EFAULT. */
int buffers_check(struct request *req, uint64_t addr, uint64_t len);
void buffers_free(struct uring *ring);

#endif
