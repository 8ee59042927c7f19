/* SPDX-License-Identifier: MIT */
/* Cancelling requests. Under the ring's lock. */
#ifndef ANYRING_USER_CANCEL_H
#define ANYRING_USER_CANCEL_H

#include "user/request.h"

#define CANCEL_FLAGS_VALID ((IORING_ASYNC_CANCEL_OP << 1) - 1)

/* Which requests. */
struct cancel {
	uint64_t user_data;
	unsigned flags; /* IORING_ASYNC_CANCEL_* */
	uint8_t opcode;
	int sysfd; /* IORING_ASYNC_CANCEL_FD: see cancel_find_file() */
};

/*
 * Ends a pending request with -ECANCELED in the next run_ready(). 0: it will (1 where Linux
 * counts). -EALREADY: a worker runs it; it is interrupted, and ends with whatever it comes to.
 * -ENOENT: it is ending.
 */
int request_cancel(struct request *req);
/* Cancels those that match: one, or all. 0 or more, -EALREADY, -ENOENT; as Linux answers. */
int cancel_matching(struct uring *ring, const struct cancel *c);
/* Looks up a descriptor, or an index of registered files. 0 or -EBADF. */
int cancel_find_file(struct uring *ring, struct cancel *c, int fd, bool fixed);

#endif
