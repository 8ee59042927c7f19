/* SPDX-License-Identifier: MIT */
/* IORING_REGISTER_CLONE_BUFFERS: the buffers of one ring become those of another, too. */
#include <string.h>

#include "user/alloc.h"
#include "user/process.h"
#include "user/register.h"
#include "user/sys.h"

#define FLAGS_VALID ((unsigned)(IORING_REGISTER_SRC_REGISTERED | IORING_REGISTER_DST_REPLACE))

/* What one ring tells the other, as never both their locks are held. */
struct extent {
	uint64_t addr;
	size_t len; /* 0: an empty slot */
};

static int check_range(const struct uring *src, struct io_uring_clone_buffers *clone)
{
	unsigned count = src->buffers.count, end;

	if (!clone->nr && (clone->dst_off || clone->src_off))
		return -EINVAL;
	if (!count)
		return -ENXIO;
	if (!clone->nr)
		clone->nr = count;
	if (clone->nr > count)
		return -EINVAL;
	if (__builtin_add_overflow(clone->nr, clone->src_off, &end) || end > count)
		return -EOVERFLOW;
	if (__builtin_add_overflow(clone->nr, clone->dst_off, &end))
		return -EOVERFLOW;
	return end > BUFFERS_MAX ? -EINVAL : 0;
}

/* Under the lock of `src`: copies what is asked for into *extents, to be freed. */
static int read_extents(struct uring *src, struct io_uring_clone_buffers *clone,
			struct extent **extents)
{
	int ret = check_range(src, clone);

	if (ret)
		return ret;
	*extents = user_zalloc(clone->nr, sizeof(**extents));
	if (!*extents)
		return -ENOMEM;
	for (unsigned i = 0; i < clone->nr; i++) {
		const struct buffer *buffer = src->buffers.slots[clone->src_off + i];

		if (buffer)
			(*extents)[i] = (struct extent){ buffer->addr, buffer->len };
	}
	return 0;
}

/* Slots of a table as it is to be: new ones in the range, those of `former` elsewhere. */
static int fill_slots(struct uring *dst, struct buffer_table *table,
		      const struct io_uring_clone_buffers *clone, const struct extent *extents)
{
	const struct buffer_table *former = &dst->buffers;

	for (unsigned i = 0; i < former->count; i++)
		if (i < clone->dst_off || i - clone->dst_off >= clone->nr)
			table->slots[i] = former->slots[i];
	for (unsigned i = 0; i < clone->nr; i++) {
		if (!extents[i].len)
			continue;
		table->slots[clone->dst_off + i] = buffer_new(dst, extents[i].addr, extents[i].len);
		if (!table->slots[clone->dst_off + i])
			return -ENOMEM;
	}
	return 0;
}

/* Lets go what a table has in the range. */
static void drop_range(struct buffer_table *table, const struct io_uring_clone_buffers *clone)
{
	for (unsigned i = clone->dst_off; i < table->count && i - clone->dst_off < clone->nr; i++)
		if (table->slots[i])
			buffer_put(table->slots[i]);
}

/* Under the lock of `dst`. */
static int write_extents(struct uring *dst, const struct io_uring_clone_buffers *clone,
			 const struct extent *extents)
{
	struct buffer_table table = { .count = clone->dst_off + clone->nr }, former = dst->buffers;
	int ret;

	if (dst->closing)
		return -ENXIO;
	if (former.slots && !(clone->flags & IORING_REGISTER_DST_REPLACE))
		return -EBUSY;
	if (table.count < former.count)
		table.count = former.count;
	table.slots = user_zalloc(table.count, sizeof(struct buffer *));
	if (!table.slots)
		return -ENOMEM;
	ret = fill_slots(dst, &table, clone, extents);
	if (!ret)
		dst->buffers = table;
	drop_range(ret ? &table : &former, clone);
	user_free(ret ? table.slots : former.slots);
	return ret;
}

static int clone_from(struct uring *dst, struct uring *src, struct io_uring_clone_buffers *clone)
{
	struct extent *extents = NULL;
	int ret;

	ring_lock(src);
	if (src != dst && src->setup_flags & IORING_SETUP_SINGLE_ISSUER && src->issuer &&
	    src->issuer != thread_id())
		ret = -EEXIST;
	else
		ret = read_extents(src, clone, &extents);
	ring_unlock(src);
	if (ret)
		return ret;
	ring_lock(dst);
	ret = write_extents(dst, clone, extents);
	cq_announce(dst);
	ring_unlock(dst);
	user_free(extents);
	return ret;
}

static bool has_buffers(struct uring *ring)
{
	bool has;

	ring_lock(ring);
	has = ring->buffers.slots;
	ring_unlock(ring);
	return has;
}

int register_clone_buffers(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct io_uring_clone_buffers clone;
	struct uring *src;
	int ret = copy_from_app(&clone, arg, sizeof(clone));

	(void)nr_args;
	if (ret)
		return ret;
	if (clone.flags & ~FLAGS_VALID)
		return -EINVAL;
	if (!(clone.flags & IORING_REGISTER_DST_REPLACE) && has_buffers(ring))
		return -EBUSY;
	if (!is_zero(clone.pad, sizeof(clone.pad)))
		return -EINVAL;
	src = clone.flags & IORING_REGISTER_SRC_REGISTERED ? ring_get_registered(clone.src_fd, &ret)
							   : ring_get(clone.src_fd, &ret);
	if (!src)
		return ret;
	ret = clone_from(ring, src, &clone);
	ring_put(src);
	return ret;
}
