/* SPDX-License-Identifier: MIT */
#include "user/sqpoll.h"
#include "user/sys.h"

int sqpoll_start(struct uring *ring, const struct io_uring_params *p)
{
	(void)ring;
	return p->flags & IORING_SETUP_SQPOLL ? -EINVAL : 0;
}

int sqpoll_enter(struct uring *ring, unsigned count, unsigned flags)
{
	(void)ring, (void)count, (void)flags;
	return -EINVAL;
}

void sqpoll_stop(struct uring *ring)
{
	(void)ring;
}
