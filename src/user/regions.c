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
	(void)ring, (void)offset, (void)from, (void)size;
	return -EINVAL;
}

void regions_free(struct uring *ring)
{
	(void)ring;
}
