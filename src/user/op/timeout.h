/* SPDX-License-Identifier: MIT */
/* What IORING_OP_TIMEOUT and IORING_OP_LINK_TIMEOUT have in common. */
#ifndef ANYRING_USER_OP_TIMEOUT_H
#define ANYRING_USER_OP_TIMEOUT_H

#include "user/op/op.h"

struct timeout {
	struct timer timer;
	struct list link;	/* timers.timeouts, or timers.links */
	int64_t ns;		/* a span, or with IORING_TIMEOUT_ABS a point in time */
	uint32_t flags;		/* IORING_TIMEOUT_* */
	uint32_t count;		/* completions to end it, or expiries of a multishot one; or 0 */
	uint32_t target;	/* see completions(), if it counts */
	uint32_t repeats;	/* multishot: those left; 0: it has no count */
	struct request *bounds; /* link timeout, armed: the request that it bounds */
};

static inline struct request *timeout_request(struct timeout *timeout)
{
	return list_entry(timeout, struct request, data);
}

/* The request of a member of timers.timeouts. */
static inline struct request *timeout_at(struct list *link)
{
	return timeout_request(list_entry(link, struct timeout, link));
}

/* The time that an SQE gives: the address of it, or itself (IORING_TIMEOUT_IMMEDIATE_ARG). 0,
 * -EFAULT, -EINVAL. */
int timeout_read(uint64_t arg, uint32_t flags, int64_t *ns);
/* Sets the timer's clock and deadline by timeout->ns and `flags`, whose ABS and clock count. */
void timeout_set(struct timeout *timeout, uint32_t flags);
/* Reads what is common. 0 or -errno. */
int timeout_take(struct timeout *timeout, const struct io_uring_sqe *sqe);
/* Moves an armed one, whose flags say the clock: `flags` says whether `ns` is absolute. */
int timeout_move(struct uring *ring, struct timeout *timeout, int64_t ns, uint32_t flags);

#endif
