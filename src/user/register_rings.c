/* SPDX-License-Identifier: MIT */
/* IORING_REGISTER_RING_FDS: rings that the calling thread knows by index. */
#include "user/process.h"
#include "user/register.h"
#include "user/rings.h"
#include "user/sys.h"

static bool is_count(unsigned nr_args)
{
	return nr_args && nr_args <= REGISTERED_RINGS_MAX;
}

/* The index, or -errno. */
static int add(const struct io_uring_rsrc_update *up)
{
	bool any = up->offset == UINT32_MAX;
	unsigned from = any ? 0 : up->offset, to = any ? REGISTERED_RINGS_MAX : from + 1;
	struct uring *ring;
	int ret;

	if (up->resv || (!any && from >= REGISTERED_RINGS_MAX))
		return -EINVAL;
	ring = ring_get((unsigned)up->data, &ret);
	if (!ring)
		return ret;
	ret = rings_register(ring, from, to);
	ring_put(ring);
	return ret;
}

static int add_entry(struct io_uring_rsrc_update *at)
{
	struct io_uring_rsrc_update up;
	int ret = copy_from_app(&up, at, sizeof(up)), index;

	if (ret)
		return ret;
	index = add(&up);
	if (index < 0)
		return index;
	up.offset = (unsigned)index;
	ret = copy_to_app(at, &up, sizeof(up));
	if (ret)
		rings_unregister((unsigned)index);
	return ret;
}

static int remove_entry(const struct io_uring_rsrc_update *at)
{
	struct io_uring_rsrc_update up;
	int ret = copy_from_app(&up, at, sizeof(up));

	if (ret)
		return ret;
	if (up.resv || up.data || up.offset >= REGISTERED_RINGS_MAX)
		return -EINVAL;
	rings_unregister(up.offset);
	return 0;
}

int register_ring_fds(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct io_uring_rsrc_update *list = (void *)(uintptr_t)arg;

	(void)ring;
	if (!is_count(nr_args))
		return -EINVAL;
	for (unsigned i = 0; i < nr_args; i++) {
		int ret = add_entry(list + i);

		if (ret)
			return i ? (int)i : ret;
	}
	return (int)nr_args;
}

int unregister_ring_fds(struct uring *ring, const void *arg, unsigned nr_args)
{
	const struct io_uring_rsrc_update *list = arg;

	(void)ring;
	if (!is_count(nr_args))
		return -EINVAL;
	for (unsigned i = 0; i < nr_args; i++) {
		int ret = remove_entry(list + i);

		if (ret)
			return i ? (int)i : ret;
	}
	return (int)nr_args;
}
