/* SPDX-License-Identifier: MIT */
#include "user/alloc.h"
#include "user/sys.h"
#include "user/uring.h"

int buffers_check(struct request *req, uint64_t addr, uint64_t len)
{
	const struct buffer_table *table = &req->ring->buffers;
	const struct buffer *buffer;

	if (req->buf_index >= table->count)
		return -EFAULT;
	buffer = table->slots[req->buf_index].buffer;
	if (!buffer || addr < buffer->addr || len > buffer->len ||
	    addr - buffer->addr > buffer->len - len)
		return -EFAULT;
	return 0;
}

void buffers_free(struct uring *ring)
{
	user_free(ring->buffers.slots);
	ring->buffers = (struct buffer_table){ 0 };
}
