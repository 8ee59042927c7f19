/* SPDX-License-Identifier: MIT */
/* Register calls for the table of buffers. */
#include <sys/uio.h>

#include "user/alloc.h"
#include "user/process.h"
#include "user/register.h"
#include "user/rsrc.h"
#include "user/sys.h"

#define BUFFER_SIZE_MAX (1UL << 30)

/* ---- One buffer ------------------------------------------------------------------------------ */

static int check_buffer(const struct iovec *iov)
{
	uint64_t end, addr = (uintptr_t)iov->iov_base;

	if ((ssize_t)iov->iov_len < 0)
		return -EINVAL;
	if (!addr)
		return iov->iov_len ? -EFAULT : 0;
	if (!iov->iov_len || iov->iov_len > BUFFER_SIZE_MAX)
		return -EFAULT;
	if (__builtin_add_overflow(addr, iov->iov_len + page_size() - 1, &end))
		return -EOVERFLOW;
	return app_memory_populate(addr, iov->iov_len);
}

/* The i-th of the list; *buffer is NULL for an empty slot. 0 or -errno. */
static int take_buffer(struct uring *ring, const struct rsrc_list *list, unsigned i,
		       struct buffer **buffer)
{
	struct iovec iov = { 0 };
	uint64_t tag = 0;
	int ret = 0;

	*buffer = NULL;
	if (list->data)
		ret = copy_from_app(&iov, (const struct iovec *)list->data + i, sizeof(iov));
	if (!ret)
		ret = rsrc_tag(list, i, &tag);
	if (!ret)
		ret = check_buffer(&iov);
	if (ret)
		return ret;
	if (!iov.iov_base)
		return tag ? -EINVAL : 0;
	*buffer = buffer_new(ring, (uintptr_t)iov.iov_base, iov.iov_len);
	if (!*buffer)
		return -ENOMEM;
	(*buffer)->tag = tag;
	return 0;
}

/* ---- The table ------------------------------------------------------------------------------- */

static struct buffer **new_slots(unsigned count)
{
	return user_zalloc(count, sizeof(struct buffer *));
}

/* A set that fails has let nothing go, as nobody was told that it had it. */
static void forget_tags(struct uring *ring)
{
	for (unsigned i = 0; i < ring->buffers.count; i++)
		if (ring->buffers.slots[i])
			ring->buffers.slots[i]->tag = 0;
}

static int buffers_register(struct uring *ring, const struct rsrc_list *list)
{
	struct buffer_table *table = &ring->buffers;
	int ret = 0;

	if (table->slots)
		return -EBUSY;
	if (!list->count || list->count > BUFFERS_MAX)
		return -EINVAL;
	table->slots = new_slots(list->count);
	if (!table->slots)
		return -ENOMEM;
	table->count = list->count;
	for (unsigned i = 0; i < list->count && !ret; i++)
		ret = take_buffer(ring, list, i, &table->slots[i]);
	if (ret) {
		forget_tags(ring);
		buffers_free(ring);
	}
	return ret;
}

static void set_slot(struct buffer_table *table, unsigned index, struct buffer *buffer)
{
	struct buffer *former = table->slots[index];

	table->slots[index] = buffer;
	if (former)
		buffer_put(former);
}

static int buffers_update(struct uring *ring, unsigned offset, const struct rsrc_list *list)
{
	struct buffer_table *table = &ring->buffers;
	struct buffer *buffer;
	unsigned end;
	int ret;

	if (__builtin_add_overflow(offset, list->count, &end))
		return -EOVERFLOW;
	if (!table->slots)
		return -ENXIO;
	if (end > table->count)
		return -EINVAL;
	if (!list->data)
		return -EFAULT;
	for (unsigned i = 0; i < list->count; i++) {
		ret = take_buffer(ring, list, i, &buffer);
		if (ret)
			return i ? (int)i : ret;
		set_slot(table, offset + i, buffer);
	}
	return (int)list->count;
}

/* ---- The calls ------------------------------------------------------------------------------- */

int register_buffers(struct uring *ring, const void *arg, unsigned nr_args)
{
	if (!arg)
		return -EFAULT;
	return buffers_register(ring, &(struct rsrc_list){ .data = arg, .count = nr_args });
}

int unregister_buffers(struct uring *ring, const void *arg, unsigned nr_args)
{
	(void)arg, (void)nr_args;
	if (!ring->buffers.slots)
		return -ENXIO;
	buffers_free(ring);
	return 0;
}

int register_buffers2(struct uring *ring, const void *arg, unsigned size)
{
	return rsrc_register(ring, arg, size, buffers_register);
}

int register_buffers_update(struct uring *ring, const void *arg, unsigned size)
{
	return rsrc_update(ring, arg, size, buffers_update);
}
