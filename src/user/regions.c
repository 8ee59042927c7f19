/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/mman.h>

#include "user/alloc.h"
#include "user/process.h"
#include "user/regions.h"
#include "user/register.h"
#include "user/sys.h"

/* Where the region of a ring is for mmap(2). */
#define REGION_OFFSET 0x20000000ULL

/* The region of a ring: the application's memory, or ours. */
struct regions {
	char *memory;
	size_t size;
	struct shared_memory own; /* what `memory` is, if it is ours */
	bool waits;		  /* IORING_MEM_REGION_REG_WAIT_ARG: it holds registered waits */
};

/* ---- Registering ----------------------------------------------------------------------------- */

static int check_desc(const struct io_uring_region_desc *desc)
{
	bool theirs = desc->flags & IORING_MEM_REGION_TYPE_USER;
	uint64_t end;

	if (!is_zero(desc->__resv, sizeof(desc->__resv)) ||
	    desc->flags & ~(unsigned)IORING_MEM_REGION_TYPE_USER)
		return -EINVAL;
	if (theirs != !!desc->user_addr)
		return -EFAULT;
	if (!desc->size || desc->mmap_offset || desc->id)
		return -EINVAL;
	if (desc->size / page_size() > INT32_MAX)
		return -E2BIG;
	if ((desc->user_addr | desc->size) & (page_size() - 1))
		return -EINVAL;
	return __builtin_add_overflow(desc->user_addr, desc->size, &end) ? -EOVERFLOW : 0;
}

static int find_memory(struct regions *region, struct io_uring_region_desc *desc)
{
	int ret;

	region->size = desc->size;
	if (desc->flags & IORING_MEM_REGION_TYPE_USER) {
		region->memory = (char *)(uintptr_t)desc->user_addr;
		return app_memory_populate(desc->user_addr, desc->size);
	}
	ret = shared_memory_make(&region->own, desc->size);
	if (ret)
		return ret;
	region->memory = region->own.base;
	desc->mmap_offset = REGION_OFFSET;
	return 0;
}

static void region_free(struct regions *region)
{
	shared_memory_free(&region->own);
	user_free(region);
}

static int make_region(struct uring *ring, struct io_uring_region_desc *desc, void *desc_at,
		       bool waits)
{
	struct regions *region = user_zalloc(1, sizeof(*region));
	int ret;

	if (!region)
		return -ENOMEM;
	region->waits = waits;
	ret = find_memory(region, desc);
	if (!ret)
		ret = copy_to_app(desc_at, desc, sizeof(*desc));
	if (ret)
		region_free(region);
	else
		ring->regions = region;
	return ret;
}

int register_mem_region(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct io_uring_mem_region_reg reg;
	struct io_uring_region_desc desc;
	void *desc_at;
	bool waits;
	int ret;

	(void)nr_args;
	if (ring->regions)
		return -EBUSY;
	ret = copy_from_app(&reg, arg, sizeof(reg));
	if (ret)
		return ret;
	desc_at = (void *)(uintptr_t)reg.region_uptr;
	ret = copy_from_app(&desc, desc_at, sizeof(desc));
	if (ret)
		return ret;
	waits = reg.flags & IORING_MEM_REGION_REG_WAIT_ARG;
	if (!is_zero(reg.__resv, sizeof(reg.__resv)) ||
	    reg.flags & ~(uint64_t)IORING_MEM_REGION_REG_WAIT_ARG || (waits && !ring->disabled))
		return -EINVAL;
	ret = check_desc(&desc);
	return ret ? ret : make_region(ring, &desc, desc_at, waits);
}

/* ---- Use ------------------------------------------------------------------------------------- */

int regions_wait_arg(struct uring *ring, uint64_t offset, size_t size,
		     struct io_uring_reg_wait *arg)
{
	const struct regions *region = ring->regions;
	uint64_t end;

	if (size != sizeof(*arg))
		return -EINVAL;
	if (!region || !region->waits || offset % sizeof(long) ||
	    __builtin_add_overflow(offset, size, &end) || end > region->size)
		return -EFAULT;
	return copy_from_app(arg, region->memory + offset, sizeof(*arg));
}

static const struct shared_memory *group_memory(struct uring *ring, uint64_t id)
{
	struct buffer_group *group = id <= UINT16_MAX ? group_find(ring, (unsigned)id) : NULL;

	return group && group->mapped.base ? &group->mapped : NULL;
}

const struct shared_memory *regions_memory(struct uring *ring, unsigned long long offset,
					   size_t *size)
{
	const struct regions *region = ring->regions;
	const struct shared_memory *memory = NULL;

	if ((offset & IORING_OFF_MMAP_MASK) == IORING_OFF_PBUF_RING)
		memory = group_memory(ring,
				      (offset & ~IORING_OFF_MMAP_MASK) >> IORING_OFF_PBUF_SHIFT);
	else if (offset == REGION_OFFSET && region && region->own.base)
		memory = &region->own;
	if (memory)
		*size = memory->size;
	return memory;
}

void regions_free(struct uring *ring)
{
	if (ring->regions)
		region_free(ring->regions);
	ring->regions = NULL;
}
