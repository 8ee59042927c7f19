/* SPDX-License-Identifier: MIT */
/* The next completion of a ring, where one is sure to come. */
#ifndef TEST_USER_RESULT_H
#define TEST_USER_RESULT_H

#include <liburing.h>

#include "cases/check.h"

/* A copy of it. None within 5 s fails the case. */
static inline struct io_uring_cqe next_cqe(struct io_uring *ring)
{
	struct __kernel_timespec limit = { .tv_sec = 5 };
	struct io_uring_cqe *cqe, copy;

	check(!io_uring_wait_cqe_timeout(ring, &cqe, &limit), "no completion");
	copy = *cqe;
	io_uring_cqe_seen(ring, cqe);
	return copy;
}

/* Its result, and where `flags` is not NULL its flags. */
static inline int next_result(struct io_uring *ring, unsigned *flags)
{
	struct io_uring_cqe cqe = next_cqe(ring);

	if (flags)
		*flags = cqe.flags;
	return cqe.res;
}

#endif
