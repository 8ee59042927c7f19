/* SPDX-License-Identifier: MIT */
/* IORING_OP_TIMEOUT, and IORING_OP_TIMEOUT_REMOVE, which updates them, too. */
#include "user/cancel.h"
#include "user/op/timeout.h"
#include "user/process.h"

#define TIMEOUT_FLAGS                                                                    \
	(IORING_TIMEOUT_ABS | IORING_TIMEOUT_CLOCK_MASK | IORING_TIMEOUT_ETIME_SUCCESS | \
	 IORING_TIMEOUT_MULTISHOT | IORING_TIMEOUT_IMMEDIATE_ARG)

#define UPDATE_FLAGS \
	(IORING_TIMEOUT_UPDATE_MASK | IORING_TIMEOUT_ABS | IORING_TIMEOUT_IMMEDIATE_ARG)

static bool has_two_clocks(uint32_t flags)
{
	return (flags & IORING_TIMEOUT_CLOCK_MASK) == IORING_TIMEOUT_CLOCK_MASK;
}

/* ---- Times ----------------------------------------------------------------------------------- */

int timeout_read(uint64_t arg, uint32_t flags, int64_t *ns)
{
	struct __kernel_timespec ts;

	if (flags & IORING_TIMEOUT_IMMEDIATE_ARG) {
		*ns = (int64_t)arg;
		return *ns < 0 ? -EINVAL : 0;
	}
	if (copy_from_app(&ts, (const void *)(uintptr_t)arg, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || ts.tv_nsec < 0)
		return -EINVAL;
	if (__builtin_mul_overflow(ts.tv_sec, NS_PER_SEC, ns) ||
	    __builtin_add_overflow(*ns, ts.tv_nsec, ns))
		*ns = TIME_NEVER;
	return 0;
}

static clockid_t clock_of(uint32_t flags, bool absolute)
{
	if (flags & IORING_TIMEOUT_BOOTTIME)
		return CLOCK_BOOTTIME;
	/* Setting the clock changes points in time, not spans. */
	return flags & IORING_TIMEOUT_REALTIME && absolute ? CLOCK_REALTIME : CLOCK_MONOTONIC;
}

void timeout_set(struct timeout *timeout, uint32_t flags)
{
	bool absolute = flags & IORING_TIMEOUT_ABS;
	clockid_t clock = clock_of(flags, absolute);

	timeout->timer.clock = clock;
	timeout->timer.deadline = timeout->ns;
	if (!absolute &&
	    __builtin_add_overflow(timeout->ns, clock_now(clock), &timeout->timer.deadline))
		timeout->timer.deadline = TIME_NEVER;
}

int timeout_take(struct timeout *timeout, const struct io_uring_sqe *sqe)
{
	uint32_t flags = sqe->timeout_flags;

	if (sqe->buf_index || sqe->len != 1 || sqe->splice_fd_in)
		return -EINVAL;
	if (flags & ~TIMEOUT_FLAGS || has_two_clocks(flags))
		return -EINVAL;
	if (flags & IORING_TIMEOUT_MULTISHOT && flags & IORING_TIMEOUT_ABS)
		return -EINVAL;
	timeout->timer.place = 0;
	timeout->flags = flags;
	timeout->count = (uint32_t)sqe->off;
	timeout->repeats = flags & IORING_TIMEOUT_MULTISHOT ? timeout->count : 0;
	return timeout_read(sqe->addr, flags, &timeout->ns);
}

int timeout_move(struct uring *ring, struct timeout *timeout, int64_t ns, uint32_t flags)
{
	timer_disarm(ring, &timeout->timer);
	timeout->ns = ns;
	timeout_set(timeout,
		    (flags & IORING_TIMEOUT_ABS) | (timeout->flags & IORING_TIMEOUT_CLOCK_MASK));
	return timer_arm(ring, &timeout->timer);
}

/* ---- Counts ---------------------------------------------------------------------------------- */

/* What counts are counts of. A timeout counts what was submitted with it before it, too, if that
 * completes at once: Linux posts those together. */
static uint32_t completions(const struct uring *ring)
{
	uint32_t posted = ring->timers.in_batch ? ring->timers.batch : ring->cq.posted;

	return posted - ring->cq.timeouts_ended;
}

static bool counts(const struct timeout *timeout)
{
	return timeout->count && !(timeout->flags & IORING_TIMEOUT_MULTISHOT);
}

/* Puts it into timers.timeouts: those that count come first, the next to end before others. */
static void enlist(struct uring *ring, struct timeout *timeout)
{
	struct list *after = ring->timers.timeouts.prev;
	uint32_t now = completions(ring);

	if (counts(timeout)) {
		timeout->target = now + timeout->count;
		ring->timers.counted = now;
		for (; after != &ring->timers.timeouts; after = after->prev) {
			struct timeout *other = list_entry(after, struct timeout, link);

			if (counts(other) && timeout->count >= other->target - now)
				break;
		}
	}
	list_add_tail(after->next, &timeout->link);
}

/* Ends it, taken off its clock already. */
static void end(struct uring *ring, struct timeout *timeout, int res)
{
	struct request *req = timeout_request(timeout);
	bool failed = res < 0 && !(req->flags & REQ_NO_FAILURE);

	if (failed || !(req->flags & REQ_SKIP))
		ring->cq.timeouts_ended++;
	list_del(&timeout->link);
	request_unpend(req);
	req->res = res;
	request_complete(req);
}

bool timeouts_count(struct uring *ring)
{
	uint32_t now = completions(ring), got = now - ring->timers.counted;
	bool ended = false;

	while (!list_is_empty(&ring->timers.timeouts)) {
		struct timeout *timeout =
			list_entry(ring->timers.timeouts.next, struct timeout, link);

		if (!counts(timeout) || got < timeout->target - ring->timers.counted)
			break;
		timer_disarm(ring, &timeout->timer);
		end(ring, timeout, 0);
		ended = true;
	}
	ring->timers.counted = now;
	return ended;
}

/* ---- Timeouts -------------------------------------------------------------------------------- */

/* Expired: true if a multishot one goes on. */
static bool repeat(struct uring *ring, struct timeout *timeout)
{
	struct request *req = timeout_request(timeout);

	if (!(timeout->flags & IORING_TIMEOUT_MULTISHOT))
		return false;
	/* An update takes the count away, so that it goes on for ever. */
	if (timeout->count && !(timeout->repeats && --timeout->repeats))
		return false;
	if (!request_post_more(req, -ETIME, 0))
		return false;
	ring->cq.timeouts_ended++;
	timeout_set(timeout, timeout->flags);
	return !timer_arm(ring, &timeout->timer);
}

static void expire(struct uring *ring, struct timer *timer)
{
	struct timeout *timeout = list_entry(timer, struct timeout, timer);

	if (repeat(ring, timeout))
		return;
	if (timeout->flags & IORING_TIMEOUT_ETIME_SUCCESS)
		timeout_request(timeout)->flags |= REQ_NO_FAILURE;
	end(ring, timeout, -ETIME);
}

int timeout_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct timeout *timeout = request_data(req, struct timeout);

	timeout->timer.fire = expire;
	return timeout_take(timeout, sqe);
}

enum issue_result timeout_issue(struct request *req, enum issue_how how)
{
	struct timeout *timeout = request_data(req, struct timeout);

	(void)how;
	timeout_set(timeout, timeout->flags);
	req->res = timer_arm(req->ring, &timeout->timer);
	if (req->res)
		return ISSUE_DONE;
	enlist(req->ring, timeout);
	request_pend(req, REQ_ARMED);
	return ISSUE_ARMED;
}

bool timeout_cancel(struct request *req)
{
	struct timeout *timeout = request_data(req, struct timeout);

	timer_disarm(req->ring, &timeout->timer);
	list_del(&timeout->link);
	return true;
}

/* ---- Removal, update ------------------------------------------------------------------------- */

struct removal {
	uint64_t target; /* user_data */
	int64_t ns;
	uint32_t flags;
};

int timeout_remove_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct removal *removal = request_data(req, struct removal);

	if (req->flags & REQ_FIXED_FILE || sqe->buf_index || sqe->len || sqe->splice_fd_in)
		return -EINVAL;
	removal->target = sqe->addr;
	removal->flags = sqe->timeout_flags;
	if (!(removal->flags & IORING_TIMEOUT_UPDATE_MASK))
		return removal->flags ? -EINVAL : 0;
	/* The clock stays. */
	if (removal->flags & ~UPDATE_FLAGS)
		return -EINVAL;
	return timeout_read(sqe->addr2, removal->flags, &removal->ns);
}

static struct timeout *find(struct list *list, uint64_t user_data)
{
	list_for_each(link, list)
	{
		struct timeout *timeout = list_entry(link, struct timeout, link);

		if (timeout_request(timeout)->user_data == user_data)
			return timeout;
	}
	return NULL;
}

static int update(struct uring *ring, const struct removal *removal)
{
	bool linked = removal->flags & IORING_LINK_TIMEOUT_UPDATE;
	struct timeout *timeout =
		find(linked ? &ring->timers.links : &ring->timers.timeouts, removal->target);

	if (!timeout)
		return -ENOENT;
	if (!linked) {
		/* It counts no more. */
		timeout->count = 0;
		list_del(&timeout->link);
		enlist(ring, timeout);
	}
	return timeout_move(ring, timeout, removal->ns, removal->flags);
}

enum issue_result timeout_remove_issue(struct request *req, enum issue_how how)
{
	struct removal *removal = request_data(req, struct removal);
	struct uring *ring = req->ring;
	struct timeout *timeout;

	(void)how;
	if (removal->flags & IORING_TIMEOUT_UPDATE) {
		req->res = update(ring, removal);
		return ISSUE_DONE;
	}
	timeout = find(&ring->timers.timeouts, removal->target);
	req->res = timeout ? request_cancel(timeout_request(timeout)) : -ENOENT;
	return ISSUE_DONE;
}
