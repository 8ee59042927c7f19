/* SPDX-License-Identifier: MIT */
#include "user/regions.h"
#include "user/sys.h"

int regions_wait_arg(struct uring *ring, uint64_t offset, size_t size,
		     struct io_uring_reg_wait *arg)
{
	(void)ring, (void)offset, (void)size, (void)arg;
	return -EINVAL;
}

int regions_map(struct uring *ring, unsigned long long offset, char **from, size_t *size)
{
	struct buffer_group *group;

	if ((offset & IORING_OFF_MMAP_MASK) != IORING_OFF_PBUF_RING)
		return -EINVAL;
	offset = (offset & ~IORING_OFF_MMAP_MASK) >> IORING_OFF_PBUF_SHIFT;
	group = offset <= UINT16_MAX ? group_find(ring, (unsigned)offset) : NULL;
	if (!group || !group->mapped)
		return -EINVAL;
	*from = group->mapped;
	*size = group->mapped_size;
	return 0;
}

void regions_free(struct uring *ring)
{
	(void)ring;
}
