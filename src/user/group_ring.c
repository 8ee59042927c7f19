/* SPDX-License-Identifier: MIT */
/* Registering rings of provided buffers. */
#include <sys/mman.h>

#include "user/process.h"
#include "user/register.h"
#include "user/sys.h"

static size_t bytes_of(const struct io_uring_buf_reg *reg)
{
	return page_align(reg->ring_entries * sizeof(struct io_uring_buf));
}

static int check_reg(const struct io_uring_buf_reg *reg)
{
	if (!is_zero(reg->resv, sizeof(reg->resv)))
		return -EINVAL;
	if (reg->min_left && !(reg->flags & IOU_PBUF_RING_INC))
		return -EINVAL;
	if (reg->flags & ~(unsigned)(IOU_PBUF_RING_MMAP | IOU_PBUF_RING_INC))
		return -EINVAL;
	/* One more, and a full ring would look like an empty one. */
	if (!reg->ring_entries || reg->ring_entries & (reg->ring_entries - 1) ||
	    reg->ring_entries >= 65536)
		return -EINVAL;
	return 0;
}

static int map_ring(struct buffer_group *group, const struct io_uring_buf_reg *reg)
{
	int ret;

	ret = shared_memory_make(&group->mapped, bytes_of(reg));
	if (ret)
		return ret;
	group->ring = (void *)group->mapped.base;
	return 0;
}

/*
 * The application's own memory: there, and writable, now. The kernel holds on to its pages from
 * here on; we cannot, so to unmap it before the group is unregistered is as bad as to unmap a queue
 * of IORING_SETUP_NO_MMAP.
 */
static int use_app_memory(struct buffer_group *group, const struct io_uring_buf_reg *reg)
{
	if (reg->ring_addr & (page_size() - 1))
		return -EINVAL;
	if (!reg->ring_addr || app_memory_populate(reg->ring_addr, bytes_of(reg)))
		return -EFAULT;
	group->ring = (void *)(uintptr_t)reg->ring_addr;
	return 0;
}

int register_pbuf_ring(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct io_uring_buf_reg reg;
	struct buffer_group *group;
	int ret;

	(void)nr_args;
	ret = copy_from_app(&reg, arg, sizeof(reg));
	if (!ret)
		ret = check_reg(&reg);
	if (ret)
		return ret;
	group = group_find(ring, reg.bgid);
	if (group && (group->ring || group->count))
		return -EEXIST;
	group_free(ring, reg.bgid);
	group = group_make(ring, reg.bgid);
	if (!group)
		return -ENOMEM;
	ret = reg.flags & IOU_PBUF_RING_MMAP ? map_ring(group, &reg) : use_app_memory(group, &reg);
	if (ret) {
		group_free(ring, reg.bgid);
		return ret;
	}
	group->mask = (uint16_t)(reg.ring_entries - 1);
	group->incremental = reg.flags & IOU_PBUF_RING_INC;
	group->min_left = reg.min_left ? reg.min_left : 1;
	return 0;
}

/* The group of that id, which must have a ring. 0 or -errno. */
static int find_ring(struct uring *ring, uint32_t id, struct buffer_group **group)
{
	*group = id <= UINT16_MAX ? group_find(ring, id) : NULL;
	if (!*group)
		return -ENOENT;
	return (*group)->ring ? 0 : -EINVAL;
}

int unregister_pbuf_ring(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct io_uring_buf_reg reg;
	struct buffer_group *group;
	int ret;

	(void)nr_args;
	ret = copy_from_app(&reg, arg, sizeof(reg));
	if (ret)
		return ret;
	if (reg.flags || !is_zero(reg.resv, sizeof(reg.resv)))
		return -EINVAL;
	ret = find_ring(ring, reg.bgid, &group);
	if (!ret)
		group_free(ring, reg.bgid);
	return ret;
}

int register_pbuf_status(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct io_uring_buf_status status;
	struct buffer_group *group;
	int ret;

	(void)nr_args;
	ret = copy_from_app(&status, arg, sizeof(status));
	if (ret)
		return ret;
	if (!is_zero(status.resv, sizeof(status.resv)))
		return -EINVAL;
	ret = find_ring(ring, status.buf_group, &group);
	if (ret)
		return ret;
	status.head = group->head;
	return copy_to_app((void *)(uintptr_t)arg, &status, sizeof(status));
}
