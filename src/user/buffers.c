/* SPDX-License-Identifier: MIT */
#include "user/alloc.h"
#include "user/sys.h"
#include "user/uring.h"

struct buffer *buffer_new(struct uring *ring, uint64_t addr, size_t len)
{
	struct buffer *buffer = user_alloc(sizeof(*buffer));

	if (buffer)
		*buffer = (struct buffer){ .ring = ring, .addr = addr, .len = len, .refs = 1 };
	return buffer;
}

void buffer_put(struct buffer *buffer)
{
	if (--buffer->refs)
		return;
	if (buffer->tag)
		cq_post(buffer->ring, &(struct completion){ .user_data = buffer->tag });
	user_free(buffer);
}

static struct buffer *hold(struct request *req)
{
	const struct buffer_table *table = &req->ring->buffers;

	if (!req->buffer && req->buf_index < table->count && table->slots[req->buf_index]) {
		req->buffer = table->slots[req->buf_index];
		req->buffer->refs++;
	}
	return req->buffer;
}

int buffers_check(struct request *req, uint64_t addr, uint64_t len)
{
	const struct buffer *buffer = hold(req);

	if (!buffer || addr < buffer->addr || len > buffer->len ||
	    addr - buffer->addr > buffer->len - len)
		return -EFAULT;
	return 0;
}

void buffers_free(struct uring *ring)
{
	struct buffer_table table = ring->buffers;

	ring->buffers = (struct buffer_table){ 0 };
	for (unsigned i = 0; i < table.count; i++)
		if (table.slots[i])
			buffer_put(table.slots[i]);
	user_free(table.slots);
}
