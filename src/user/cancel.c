/* SPDX-License-Identifier: MIT */
#include "user/behind.h"
#include "user/cancel.h"
#include "user/op/timeout.h"
#include "user/submit.h"
#include "user/worker.h"

/* ---- One request ----------------------------------------------------------------------------- */

/* Ends as soon as its turn comes, which is after whoever cancels it. */
static void end_soon(struct request *req)
{
	request_unpend(req);
	req->flags |= REQ_CANCELED;
	request_queue(req);
}

static int cancel_in_worker(struct request *req)
{
	if (worker_take_back(req)) {
		end_soon(req);
		return 0;
	}
	/* Whatever it comes to, it does not start waiting again. The flags are the worker's now. */
	__atomic_store_n(&req->stop, true, __ATOMIC_RELAXED);
	worker_interrupt(req);
	/* The kernel has no worker block there: it polls, and what polls is cancelled. */
	return req->op->always_polls ? 0 : -EALREADY;
}

int request_cancel(struct request *req)
{
	bool interrupts = behind_waits(req);

	switch ((enum request_state)req->state) {
	case REQ_POLLED:
		reactor_disarm(req);
		if (interrupts)
			req->flags |= REQ_INTERRUPTED;
		break;
	case REQ_WORKER:
		return cancel_in_worker(req);
	case REQ_ARMED:
		if (!req->op->cancel(req))
			return -ENOENT;
		break;
	case REQ_NEW:
		/* It has ended, and waits to be seen. */
		return -ENOENT;
	default:
		req->flags |= REQ_CANCELED;
		return 0;
	}
	end_soon(req);
	if (interrupts)
		return -EALREADY;
	return req->op->cancel_counts ? 1 : 0;
}

/* ---- Which requests -------------------------------------------------------------------------- */

/* A borrowed number may be another file's by now. */
static bool is_of(const struct request *req, int fd)
{
	if (!req->file || (req->file->known & FILE_BORROWED && !borrow_is_there(req->file)))
		return false;
	return same_file(req->file->fd, fd);
}

static bool matches(const struct cancel *c, const struct request *req)
{
	bool by_data = c->flags & IORING_ASYNC_CANCEL_USERDATA ||
		       !(c->flags & (IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_OP));

	/* While a worker runs it, its flags are not to be looked at. */
	if (req->state == REQ_WORKER ? request_stopped(req) : req->flags & REQ_CANCELED)
		return false;
	if (c->flags & IORING_ASYNC_CANCEL_ANY)
		return true;
	if (by_data && req->user_data != c->user_data)
		return false;
	if (c->flags & IORING_ASYNC_CANCEL_OP && req->opcode != c->opcode)
		return false;
	return !(c->flags & IORING_ASYNC_CANCEL_FD) || is_of(req, c->sysfd);
}

/* ---- Finding them ---------------------------------------------------------------------------- */

#define MANY (IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY)

/*
 * Linux looks at one kind of requests after the other, and has its own way of counting each. So
 * these answer -ENOENT, or what cancelling one of them does; with *count they cancel all, and add
 * what Linux would.
 */

static int cancel_workers(struct uring *ring, const struct cancel *c, int *count)
{
	bool taken = false, running = false;

	list_for_each(link, &ring->pending)
	{
		struct request *req = list_entry(link, struct request, all);

		if ((req->state != REQ_WORKER && !behind_waits(req)) || !matches(c, req))
			continue;
		if (request_cancel(req))
			running = true;
		else
			taken = true;
		if (!count && taken)
			return 0;
	}
	/* However many they were. */
	if (count && taken && !running)
		++*count;
	return running ? -EALREADY : taken ? 0 : -ENOENT;
}

/* Those whose file has become ready, but which have not been issued again. */
static int cancel_queued(struct list *queue, const struct cancel *c, int *count)
{
	list_for_each(link, queue)
	{
		struct request *req = list_entry(link, struct request, queue);

		if (!req->poll_retries || !matches(c, req))
			continue;
		req->flags |= REQ_CANCELED;
		if (!count)
			return 0;
		++*count;
	}
	return -ENOENT;
}

/* The latest first, as Linux does. */
static int cancel_polled(struct uring *ring, const struct cancel *c, int *count)
{
	int ret;

	for (struct list *link = ring->pending.prev, *prev; link != &ring->pending; link = prev) {
		struct request *req = list_entry(link, struct request, all);

		prev = link->prev;
		if (req->state != REQ_POLLED || behind_waits(req) || !matches(c, req))
			continue;
		ret = request_cancel(req);
		if (!count)
			return ret;
		++*count;
	}
	return -ENOENT;
}

static int cancel_waiting(struct uring *ring, const struct cancel *c, int *count)
{
	int ret = cancel_queued(&ring->ready, c, count);

	if (ret)
		ret = cancel_queued(&ring->again, c, count);
	return ret ? cancel_polled(ring, c, count) : ret;
}

/* Futex waits, waits for a child, and I/O of disks. */
static int cancel_armed(struct uring *ring, const struct cancel *c, int *count)
{
	int cancelled = 0;

	list_for_each(link, &ring->pending)
	{
		struct request *req = list_entry(link, struct request, all);
		int ret;

		if (req->state != REQ_ARMED || req->opcode == IORING_OP_TIMEOUT || !matches(c, req))
			continue;
		ret = request_cancel(req);
		if (ret < 0)
			continue;
		cancelled++;
		if (!count)
			return ret;
	}
	/* With ALL they are one, and with ANY one by one. */
	if (count && cancelled)
		*count += c->flags & IORING_ASYNC_CANCEL_ALL ? 1 : cancelled;
	return -ENOENT;
}

static int cancel_timeouts(struct uring *ring, const struct cancel *c, int *count)
{
	/* They have no file. */
	if (c->flags & IORING_ASYNC_CANCEL_FD)
		return -ENOENT;
	list_for_each(link, &ring->timers.timeouts)
	{
		struct request *req = timeout_at(link);

		if (!matches(c, req))
			continue;
		request_cancel(req);
		if (!count)
			return 0;
		++*count;
	}
	return -ENOENT;
}

static int (*const kinds[])(struct uring *ring, const struct cancel *c, int *count) = {
	cancel_waiting,
	cancel_armed,
	cancel_timeouts,
};

int cancel_matching(struct uring *ring, const struct cancel *c)
{
	int count = 0, *all = c->flags & MANY ? &count : NULL;
	int running = cancel_workers(ring, c, all), ret;

	if (!all && running != -ENOENT && running != -EALREADY)
		return running;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		ret = kinds[i](ring, c, all);
		if (ret != -ENOENT)
			return ret;
	}
	return all ? count : running;
}

int cancel_find_file(struct uring *ring, struct cancel *c, int fd, bool fixed)
{
	struct file *file = fixed ? files_at(ring, (unsigned)fd) : NULL;

	if (fixed) {
		if (!file)
			return -EBADF;
		c->sysfd = file->fd;
		return 0;
	}
	c->sysfd = fd;
	return fd_has_file(fd) ? 0 : -EBADF;
}
