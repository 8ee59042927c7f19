/* SPDX-License-Identifier: MIT */
/* The next completion of a ring, where one is sure to come. */
#ifndef TEST_USER_RESULT_H
#define TEST_USER_RESULT_H

#include <liburing.h>

#include "cases/check.h"

/* Its result, and where `flags` is not NULL its flags. None within 5 s fails the case. */
static inline int next_result(struct io_uring *ring, unsigned *flags)
{
	struct __kernel_timespec limit = { .tv_sec = 5 };
	struct io_uring_cqe *cqe;
	int res;

	check(!io_uring_wait_cqe_timeout(ring, &cqe, &limit), "no completion");
	res = cqe->res;
	if (flags)
		*flags = cqe->flags;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

#endif
