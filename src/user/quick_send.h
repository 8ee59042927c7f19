/* SPDX-License-Identifier: MIT */
/*
 * Sends that end as soon as they begin. Nearly all that a server sends fits into its socket: then a
 * request would be made, filled and freed for one system call, and that costs more than the rest of
 * its way through the engine. What does not go that smoothly becomes a request, which begins with
 * what the call said.
 */
#ifndef ANYRING_USER_QUICK_SEND_H
#define ANYRING_USER_QUICK_SEND_H

#include <stdbool.h>
#include <stdint.h>

struct uring;
struct file;
struct op;
struct io_uring_sqe;

/* What an SQE comes to: sendto(2) with these. */
struct quick_send {
	uint64_t addr, len;
	uint32_t flags; /* MSG_* */
};

/* What no system call answers: it is all done, and completed; nothing was done. */
#define QUICK_DONE    INT64_MAX
#define QUICK_UNTRIED INT64_MIN

/* For an opcode that has op.quick, under the lock: one of these, or what the call said instead of
 * that it took all. */
int64_t quick_send(struct uring *ring, const struct op *op, const struct io_uring_sqe *sqe);

#endif
