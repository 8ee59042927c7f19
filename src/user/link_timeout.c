/* SPDX-License-Identifier: MIT */
#include "user/cancel.h"
#include "user/link_timeout.h"
#include "user/op/timeout.h"

/* Too late: the request is cancelled. What comes of that is the timeout's result. But for a thread
 * that has ended, Linux no longer cancels. */
static void expire(struct uring *ring, struct timer *timer)
{
	struct timeout *timeout = list_entry(timer, struct timeout, timer);
	struct request *req = timeout_request(timeout);
	bool orphan = timeout->bounds->flags & REQ_ORPHAN;
	int ret = orphan ? -ECANCELED : request_cancel(timeout->bounds);

	(void)ring;
	list_del(&timeout->link);
	timeout->bounds->timeout = NULL;
	req->res = ret ? ret : -ETIME;
	req->flags |= REQ_NO_FAILURE;
	request_complete(req);
}

int link_timeout_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct timeout *timeout = request_data(req, struct timeout);
	struct chain *chain = &req->ring->chain;
	int ret;

	if ((uint32_t)sqe->off)
		return -EINVAL;
	timeout->timer.fire = expire;
	timeout->bounds = NULL;
	ret = timeout_take(timeout, sqe);
	if (ret)
		return ret;
	if (!chain->head || chain->last->opcode == IORING_OP_LINK_TIMEOUT)
		return -EINVAL;
	chain->last->flags |= REQ_HAS_TIMEOUT;
	return 0;
}

/* It leaves its chain before its turn comes, whatever becomes of the request that it bounds. */
enum issue_result link_timeout_issue(struct request *req, enum issue_how how)
{
	(void)how;
	req->res = -ECANCELED;
	return ISSUE_DONE;
}

/* Takes it out of the chain: the request is followed by what follows the timeout. */
static struct request *take_off(struct request *req)
{
	struct request *timeout = req->link;

	req->flags &= ~(uint32_t)REQ_HAS_TIMEOUT;
	req->link = timeout->link;
	timeout->link = NULL;
	timeout->state = REQ_ARMED;
	return timeout;
}

void link_timeout_start(struct request *req)
{
	struct request *bound = take_off(req);
	struct timeout *timeout = request_data(bound, struct timeout);

	timeout->bounds = req;
	timeout_set(timeout, timeout->flags);
	if (timer_arm(req->ring, &timeout->timer)) {
		/* Out of memory: a request without its bound might never end. */
		timeout->timer.place = 0;
		list_init(&timeout->link);
		expire(req->ring, &timeout->timer);
		return;
	}
	req->timeout = bound;
	list_add_tail(&req->ring->timers.links, &timeout->link);
}

void link_timeout_after(struct request *req)
{
	struct timeout *timeout = request_data(req->link, struct timeout);

	/* Without a file there was no attempt. */
	if (req->res == -EBADF && req->op->needs_file && !fd_has_file(req->sysfd))
		return;
	/* No span ends in no time. */
	if (timeout->ns && !(timeout->flags & IORING_TIMEOUT_ABS))
		return;
	timeout_set(timeout, timeout->flags);
	if (timeout->timer.deadline <= clock_now(timeout->timer.clock))
		req->link->res = -ENOENT;
}

void link_timeout_disarm(struct request *req)
{
	struct request *bound = req->timeout;

	if (bound) {
		struct timeout *timeout = request_data(bound, struct timeout);

		timer_disarm(req->ring, &timeout->timer);
		list_del(&timeout->link);
		req->timeout = NULL;
		bound->res = -ECANCELED;
	} else {
		bound = take_off(req);
		bound->res = bound->res ? bound->res : -ECANCELED;
	}
	bound->flags |= REQ_NO_FAILURE;
	request_complete(bound);
}
