/* SPDX-License-Identifier: MIT */
/* The requests that cases about queues, order and time are made of: what they do hardly matters. */
#ifndef TEST_CONFORMANCE_REQUESTS_H
#define TEST_CONFORMANCE_REQUESTS_H

#include "conformance.h"

#ifndef FUTEX2_SIZE_U32 /* before Linux 6.7 */
#define FUTEX2_SIZE_U32 0x02
#endif

/* Each queues one, with `flags` (IOSQE_*), and submits nothing. */

/* Completes with 0 at once. */
void queue_nop(struct io_uring *ring, uint64_t data, unsigned flags);
/* Fails with -EBADF, when it runs. */
void queue_failing(struct io_uring *ring, uint64_t data, unsigned flags);
/* Fails with -EINVAL, when it is submitted. */
void queue_refused(struct io_uring *ring, uint64_t data, unsigned flags);
/* Reads a byte of a pipe of its own that is empty. Returns the end to write to. */
int queue_hanging(struct io_uring *ring, uint64_t data, unsigned flags);
/* Completes the request of queue_hanging(), with 1. */
void release(int fd);
void queue_read(struct io_uring *ring, int fd, void *buf, unsigned size, uint64_t data,
		unsigned flags);
void queue_write(struct io_uring *ring, int fd, const void *buf, unsigned size, uint64_t data,
		 unsigned flags);
/* Completes with POLLIN for each byte written to the end returned, and goes on. */
int queue_multishot(struct io_uring *ring, uint64_t data);
/* Timeouts are copied when submitted, and `ts` must live until then. */
void queue_timeout(struct io_uring *ring, struct __kernel_timespec *ts, unsigned count,
		   unsigned timeout_flags, uint64_t data);
void queue_timeout_remove(struct io_uring *ring, uint64_t target, uint64_t data);
void queue_cancel(struct io_uring *ring, uint64_t target, unsigned cancel_flags, uint64_t data);

/*
 * Runs it with the set-up flags of a plain ring, and with those of one that defers: how completions
 * come into the queue differs, and nobody who waits must notice.
 */
void on_both_kinds(void (*run)(unsigned flags));

/* Runs it in another thread, to its end. */
void run_in_thread(void *(*run)(void *), void *arg);

/* Cancels all that `data` names, from outside the queue. 0, or -errno. */
int cancel_now(struct io_uring *ring, uint64_t data);

#endif
