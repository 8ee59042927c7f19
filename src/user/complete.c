/* SPDX-License-Identifier: MIT */
/* Issuing requests, and ending them. */
#include <string.h>

#include "user/aio.h"
#include "user/alloc.h"
#include "user/behind.h"
#include "user/link_timeout.h"
#include "user/submit.h"
#include "user/worker.h"

/* ---- Issuing --------------------------------------------------------------------------------- */

void request_pend(struct request *req, enum request_state state)
{
	req->state = (uint8_t)state;
	list_add_tail(&req->ring->pending, &req->all);
	if (__builtin_expect(shared_of(req->ring)->owned.kept, 0))
		owner_record(req);
}

void request_unpend(struct request *req)
{
	req->state = REQ_NEW;
	list_del(&req->all);
	if (__builtin_expect(shared_of(req->ring)->owned.kept, 0))
		owner_erase(req);
}

void request_queue(struct request *req)
{
	req->state = REQ_QUEUED;
	list_add_tail(&req->ring->ready, &req->queue);
}

/* Without a number for a duplicate it cannot be a worker's; but that was a wish. */
static bool can_start_inline(const struct request *req)
{
	return req->flags & REQ_ASYNC && !req->op->blocks;
}

static void punt(struct request *req)
{
	int ret = req->op->needs_file ? request_hold_file(req) : 0;

	if (ret == -EMFILE && can_start_inline(req)) {
		req->flags &= ~(uint32_t)REQ_ASYNC;
		request_issue(req, HOW_INLINE);
		return;
	}
	if (ret) {
		request_fail(req, ret);
		return;
	}
	/* Armed first: from then on the flags are the worker's. */
	req->state = REQ_QUEUED;
	link_timeout_arm(req);
	if (req->flags & REQ_CANCELED) {
		request_fail(req, -ECANCELED);
		return;
	}
	request_pend(req, REQ_WORKER);
	worker_queue(req);
}

/* Would block: waits for its file if it can be polled. */
static void wait_for_file(struct request *req)
{
	int ret = req->poll_events ? reactor_arm(req) : -EPERM;

	req->poll_retries = 1;
	if (ret == 0) {
		link_timeout_arm(req);
	} else if (ret == 1) {
		/* Later, so that no request keeps others from their turn. */
		req->state = REQ_QUEUED;
		list_add_tail(&req->ring->again, &req->queue);
	} else if (ret == -EPERM || ret == -ELOOP || ret == -EINVAL) {
		/* Not for an epoll set; an epoll set that holds this ring; a file that 500 requests
		 * wait for already, which is as often as sets in a set may have it. */
		punt(req);
	} else {
		request_fail(req, ret);
	}
}

void request_issued(struct request *req, enum issue_result result, enum issue_how how)
{
	switch (result) {
	case ISSUE_DONE:
		if (__builtin_expect(req->flags & REQ_HAS_TIMEOUT, 0))
			link_timeout_after(req);
		if (__builtin_expect(req->link != NULL, 0))
			behind_note(req, how);
		request_complete(req);
		break;
	case ISSUE_AGAIN:
	case ISSUE_WORKER:
		if (req->flags & REQ_NOWAIT)
			request_fail(req, -EAGAIN);
		else if (req->flags & REQ_CANCELED)
			request_fail(req, -ECANCELED);
		else if (result == ISSUE_AGAIN)
			wait_for_file(req);
		else
			punt(req);
		break;
	case ISSUE_ARMED:
		if (!(how & HOW_WORKER))
			link_timeout_arm(req);
		break;
	}
}

/* True if IOSQE_ASYNC, or the opcode, wants a worker at once. */
static bool starts_in_worker(const struct request *req)
{
	if (req->op->blocks)
		return true;
	return req->flags & REQ_ASYNC && !req->op->skips_audit && !req->op->always_polls;
}

void request_issue(struct request *req, enum issue_how how)
{
	int ret;

	/* What came before is done before. */
	if (__builtin_expect(req->ring->gathered, 0) && !req->op->gathers)
		aio_do_gathered(req->ring);
	ret = req->op->needs_file ? request_file(req) : 0;
	if (ret) {
		request_fail(req, ret);
		return;
	}
	if (__builtin_expect(req->flags & REQ_BEHIND, 0) && !(how & HOW_POLLED))
		behind_begin(req);
	if (__builtin_expect(starts_in_worker(req), 0) && !(how & HOW_POLLED))
		punt(req);
	else if (__builtin_expect(req->identity != NULL, 0) && personality_differs(req))
		punt(req);
	else
		request_issued(req, req->op->issue(req, how), how);
}

/* One from the queue: the next of a chain, a drained one, or one whose file is ready. */
static void issue_ready(struct request *req)
{
	enum issue_how how = req->poll_retries ? HOW_POLLED : HOW_INLINE;

	req->state = REQ_NEW;
	if (req->flags & (REQ_CANCELED | REQ_ORPHAN) || req->ring->closing)
		request_fail(req, req->flags & REQ_INTERRUPTED ? -EINTR : -ECANCELED);
	else if (req->flags & REQ_FAIL)
		request_fail(req, req->res);
	else
		request_issue(req, how);
}

/*
 * Where it waits, as most go on waiting: the other members of the lists it is in are far from the
 * cache. False: it cannot be.
 */
static bool issue_in_place(struct request *req)
{
	enum issue_result result;

	if (req->flags & (REQ_CANCELED | REQ_ORPHAN | REQ_FAIL | REQ_NOWAIT) || req->identity ||
	    starts_in_worker(req) || req->ring->closing || req->file->known & FILE_BORROWED)
		return false;
	if (__builtin_expect(req->ring->gathered, 0))
		aio_do_gathered(req->ring);
	result = req->op->issue(req, HOW_POLLED);
	if (result == ISSUE_AGAIN && !reactor_is_ready(req))
		return true;
	reactor_disarm(req);
	request_unpend(req);
	request_issued(req, result, HOW_POLLED);
	return true;
}

void request_wake(struct request *req, bool alone)
{
	/* A multishot request keeps its file and what it waits for. */
	if (alone && req->flags & REQ_MULTISHOT && issue_in_place(req))
		return;
	reactor_disarm(req);
	request_unpend(req);
	request_queue(req);
}

static void issue_all(struct uring *ring)
{
	while (!list_is_empty(&ring->ready)) {
		struct request *req = list_entry(ring->ready.next, struct request, queue);

		list_del(&req->queue);
		issue_ready(req);
	}
}

void run_queued(struct uring *ring)
{
	/* What is gathered on the way is done when nothing else is left to be issued. */
	issue_all(ring);
	while (__builtin_expect(ring->gathered, 0)) {
		aio_do_gathered(ring);
		issue_all(ring);
	}
}

void run_ready(struct uring *ring)
{
	list_splice_tail(&ring->ready, &ring->again);
	do {
		run_queued(ring);
	} while (__builtin_expect(!list_is_empty(&ring->timers.timeouts), 0) &&
		 timeouts_count(ring));
}

/* ---- Ending ---------------------------------------------------------------------------------- */

void *request_alloc_async(struct request *req, size_t size)
{
	user_free(req->async);
	req->async = user_alloc(size);
	return req->async;
}

void request_free(struct request *req)
{
	struct uring *ring = req->ring;

	if (req->flags & REQ_CLEANUP)
		req->op->cleanup(req);
	if (req->async)
		user_free(req->async);
	if (req->file)
		file_put(req->file);
	if (req->buffer)
		buffer_put(req->buffer);
	if (req->identity)
		identity_put(req->identity);
	req->link = ring->free;
	ring->free = req;
	ring->running--;
	if (__builtin_expect(!ring->running, 0) && !list_is_empty(&ring->drained))
		run_drained(ring);
}

static void post(struct request *req)
{
	struct completion c = {
		.user_data = req->user_data,
		.res = req->res,
		.flags = req->cqe_flags,
	};

	if (req->flags & REQ_SKIP && !(req->flags & REQ_FAIL))
		return;
	if (req->flags & REQ_NO_CQE)
		return;
	if (req->flags & REQ_CQE32)
		memcpy(c.extra, req->extra, sizeof(c.extra));
	cq_post(req->ring, &c);
}

/* The rest of a chain whose `failed` member broke it. */
static void cancel_chain(struct request *next, bool silent)
{
	while (next) {
		struct request *req = next;

		next = req->link;
		if (!(req->flags & REQ_FAIL))
			req->res = -ECANCELED;
		req->flags |= REQ_FAIL;
		if (silent)
			req->flags |= REQ_NO_CQE;
		post(req);
		request_free(req);
	}
}

/* Takes the rest of the chain off the request and goes on with it. */
static void go_on(struct request *req)
{
	struct request *next = req->link;

	req->link = NULL;
	if (!next)
		return;
	if (req->flags & REQ_FAIL && !(req->flags & REQ_HARDLINK)) {
		cancel_chain(next, req->flags & REQ_SKIP);
		return;
	}
	if (__builtin_expect(req->flags & REQ_BEHIND, 0))
		behind_follow(req, next);
	request_queue(next);
}

/* A slot may hold what was opened with O_PATH: a file, but to system calls none. */
static void name_error(struct request *req)
{
	if (req->res == -EBADF && req->flags & REQ_FIXED_FILE && req->file && req->op->of_socket)
		req->res = -ENOTSOCK;
}

void request_complete(struct request *req)
{
	if (__builtin_expect(req->res < 0, 0))
		name_error(req);
	if (__builtin_expect(req->res < 0, 0) && !(req->flags & REQ_NO_FAILURE) &&
	    !req->op->errors_pass)
		req->flags |= REQ_FAIL;
	post(req);
	if (__builtin_expect(req->timeout || req->flags & REQ_HAS_TIMEOUT, 0))
		link_timeout_disarm(req);
	go_on(req);
	request_free(req);
}

void request_fail(struct request *req, int error)
{
	req->res = error;
	req->flags |= REQ_FAIL;
	/* It is failed by whoever submitted it. */
	req->flags &= ~(uint32_t)REQ_BEHIND;
	if (req->op->fail && req->flags & REQ_PREPARED)
		req->op->fail(req);
	request_complete(req);
}

bool request_post_more(struct request *req, int res, uint32_t cqe_flags)
{
	struct completion c = {
		.user_data = req->user_data,
		.res = res,
		.flags = cqe_flags | IORING_CQE_F_MORE,
	};

	if (req->flags & REQ_CQE32)
		memcpy(c.extra, req->extra, sizeof(c.extra));
	if (!cq_post_if_room(req->ring, &c))
		return false;
	/* At once, and with it those that else wait for the end of the submission: see in_batch. */
	req->ring->timers.batch = req->ring->cq.posted;
	return true;
}
