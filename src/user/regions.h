/* SPDX-License-Identifier: MIT */
/* Memory regions: registered waits, rings of buffers, and what may be mapped of a ring. */
#ifndef ANYRING_USER_REGIONS_H
#define ANYRING_USER_REGIONS_H

#include "user/uring.h"

/* The wait at `offset` of the registered region. 0, -EFAULT, -EINVAL. Under the lock. */
int regions_wait_arg(struct uring *ring, uint64_t offset, size_t size,
		     struct io_uring_reg_wait *arg);
/* The memory at an offset for mmap(2) beside the queues, and its size; NULL: none. Under
 * the lock. */
const struct shared_memory *regions_memory(struct uring *ring, unsigned long long offset,
					   size_t *size);
void regions_free(struct uring *ring);

#endif
