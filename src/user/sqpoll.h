/* SPDX-License-Identifier: MIT */
/* IORING_SETUP_SQPOLL: a thread that takes SQEs as they are published. */
#ifndef ANYRING_USER_SQPOLL_H
#define ANYRING_USER_SQPOLL_H

#include "user/uring.h"

/* Set-up: starts the thread, or attaches to the one of p->wq_fd (IORING_SETUP_ATTACH_WQ, which
 * without IORING_SETUP_SQPOLL only checks it). 0 or -errno. */
int sqpoll_start(struct uring *ring, const struct io_uring_params *p);
/* The ring is not disabled, or no longer: the thread may submit. */
void sqpoll_enable(struct uring *ring);
/* enter's part of submitting, under the lock: wakes the thread, waits for room. */
int sqpoll_enter(struct uring *ring, unsigned count, unsigned flags);
/* Without the lock: the thread no longer knows the ring when this returns. */
void sqpoll_stop(struct uring *ring);

#endif
