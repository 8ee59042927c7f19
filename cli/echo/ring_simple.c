/* SPDX-License-Identifier: MIT */
/*
 * io_uring as one first writes it: accept, readv, writev, close, one request in flight a
 * connection. ring-basic submits after each operation; ring-batch handles all completions there
 * are, and submits what follows from them together.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "liburing.h"
#include "engine.h"
#include "ring_refused.h"
#include "ring_room.h"
#include "echo/echo.h"

#define ENTRIES 256

/* OP_RETRY: time to accept again. OP_IGNORED: nothing follows from it. */
enum op {
	OP_ACCEPT,
	OP_READ,
	OP_WRITE,
	OP_CLOSE,
	OP_CONTROL,
	OP_RETRY,
	OP_IGNORED
};

/* One connection, from accept to close; freed when the close has completed. */
struct conn {
	int fd;
	struct iovec iov;
	struct conn *prev, *next;
	char buffer[];
};

struct server {
	struct echo_worker *worker;
	struct io_uring ring;
	bool batch;
	bool accepting;
	bool cutting_off;
	unsigned live;
	struct conn *conns;
	struct __kernel_timespec idle, retry;
};

/* user_data: the operation in the bits that an aligned pointer leaves free. */
static uint64_t tag(struct conn *c, enum op op)
{
	return (uint64_t)(uintptr_t)c | op;
}

static int submit(struct server *s, unsigned wait_nr, struct __kernel_timespec *ts)
{
	struct io_uring_cqe *cqe;

	count(&s->worker->counters.system_calls, 1);
	if (ts)
		return io_uring_submit_and_wait_timeout(&s->ring, &cqe, wait_nr, ts, NULL);
	return io_uring_submit_and_wait(&s->ring, wait_nr);
}

/* The first of `room` that are to be submitted together. */
static struct io_uring_sqe *get_first_sqe(struct server *s, unsigned room)
{
	if (io_uring_sq_space_left(&s->ring) < room)
		count(&s->worker->counters.system_calls, ring_make_room(&s->ring, room));
	return io_uring_get_sqe(&s->ring);
}

static struct io_uring_sqe *get_sqe(struct server *s)
{
	return get_first_sqe(s, 1);
}

static void queued(struct server *s, struct io_uring_sqe *sqe, struct conn *c, enum op op)
{
	io_uring_sqe_set_data64(sqe, tag(c, op));
	if (s->worker->options->async && op < OP_CONTROL)
		sqe->flags |= IOSQE_ASYNC;
	if (!s->batch && !(sqe->flags & IOSQE_IO_LINK))
		submit(s, 0, NULL);
}

static void queue_accept(struct server *s)
{
	struct io_uring_sqe *sqe;

	if (s->accepting || s->worker->stopping)
		return;
	if (s->live >= s->worker->options->max_conns) {
		limit_reached(s->worker, 0);
		return;
	}
	s->accepting = true;
	sqe = get_sqe(s);
	io_uring_prep_accept(sqe, s->worker->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	queued(s, sqe, NULL, OP_ACCEPT);
}

static void queue_retry(struct server *s)
{
	struct io_uring_sqe *sqe = get_sqe(s);

	s->retry.tv_nsec = ECHO_RETRY_MS * 1000000LL;
	io_uring_prep_timeout(sqe, &s->retry, 0, 0);
	queued(s, sqe, NULL, OP_RETRY);
}

static void queue_control(struct server *s)
{
	struct io_uring_sqe *sqe = get_sqe(s);

	io_uring_prep_poll_add(sqe, s->worker->control_fd, POLLIN);
	queued(s, sqe, NULL, OP_CONTROL);
}

/* A request that the idle time-out, if there is one, ends. */
static struct io_uring_sqe *get_bounded_sqe(struct server *s)
{
	/* A link must not be split between two submits. */
	return get_first_sqe(s, s->worker->options->idle_timeout ? 2 : 1);
}

static void queued_bounded(struct server *s, struct io_uring_sqe *sqe, struct conn *c, enum op op)
{
	if (!s->worker->options->idle_timeout) {
		queued(s, sqe, c, op);
		return;
	}
	sqe->flags |= IOSQE_IO_LINK;
	queued(s, sqe, c, op);
	sqe = get_sqe(s);
	io_uring_prep_link_timeout(sqe, &s->idle, 0);
	queued(s, sqe, NULL, OP_IGNORED);
}

static void queue_read(struct server *s, struct conn *c)
{
	struct io_uring_sqe *sqe = get_bounded_sqe(s);

	c->iov.iov_base = c->buffer;
	c->iov.iov_len = s->worker->options->buffer_size;
	io_uring_prep_readv(sqe, c->fd, &c->iov, 1, 0);
	queued_bounded(s, sqe, c, OP_READ);
}

static void queue_write(struct server *s, struct conn *c)
{
	struct io_uring_sqe *sqe = get_bounded_sqe(s);

	io_uring_prep_writev(sqe, c->fd, &c->iov, 1, 0);
	queued_bounded(s, sqe, c, OP_WRITE);
}

static void queue_close(struct server *s, struct conn *c)
{
	struct io_uring_sqe *sqe = get_sqe(s);

	io_uring_prep_close(sqe, c->fd);
	queued(s, sqe, c, OP_CLOSE);
}

static void on_accept(struct server *s, int res)
{
	struct echo_worker *w = s->worker;
	struct conn *c;

	s->accepting = false;
	if (res == -EMFILE || res == -ENFILE) {
		limit_reached(w, -res);
		queue_retry(s);
		return;
	}
	if (res < 0) {
		if (res != -ECANCELED && !accept_error_is_transient(-res) && !w->stopping) {
			say("cannot accept: %s", strerror(-res));
			w->result = EXIT_FAILED;
			w->stopping = true;
		}
		queue_accept(s);
		return;
	}
	c = malloc(sizeof(*c) + w->options->buffer_size);
	if (!c) {
		say("out of memory for a connection; it is closed");
		close(res);
		queue_accept(s);
		return;
	}
	c->fd = res;
	c->prev = NULL;
	c->next = s->conns;
	if (s->conns)
		s->conns->prev = c;
	s->conns = c;
	s->live++;
	w->at_limit = s->live >= w->options->max_conns && w->at_limit;
	count(&w->counters.connections, 1);
	if (w->options->debug)
		say("client %d opened", res);
	queue_accept(s);
	queue_read(s, c);
}

static void on_read(struct server *s, struct conn *c, int res)
{
	if (res == -EINTR || res == -EAGAIN) {
		queue_read(s, c);
	} else if (res <= 0) {
		queue_close(s, c);
	} else {
		count(&s->worker->counters.messages, 1);
		count(&s->worker->counters.bytes, (uint64_t)res);
		c->iov.iov_len = (size_t)res;
		queue_write(s, c);
	}
}

static void on_write(struct server *s, struct conn *c, int res)
{
	if (res == -EINTR || res == -EAGAIN)
		res = 0;
	/* Cut off in the middle, a write tells what it wrote. */
	if (res < 0 || s->cutting_off) {
		queue_close(s, c);
		return;
	}
	c->iov.iov_base = (char *)c->iov.iov_base + res;
	c->iov.iov_len -= (size_t)res;
	if (c->iov.iov_len)
		queue_write(s, c);
	else
		queue_read(s, c);
}

static void on_close(struct server *s, struct conn *c)
{
	if (s->worker->options->debug)
		say("client %d closed", c->fd);
	if (c->prev)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	free(c);
	s->live--;
	queue_accept(s);
}

static void on_completion(struct server *s, uint64_t data, int res)
{
	struct conn *c = (struct conn *)(uintptr_t)(data & ~(uint64_t)7);

	if (s->worker->options->debug > 1)
		say("completion: operation %u, result %d", (unsigned)(data & 7), res);
	switch ((enum op)(data & 7)) {
	case OP_ACCEPT:
		on_accept(s, res);
		break;
	case OP_READ:
		on_read(s, c, res);
		break;
	case OP_WRITE:
		on_write(s, c, res);
		break;
	case OP_CLOSE:
		on_close(s, c);
		break;
	case OP_CONTROL:
		control_check(s->worker);
		if (!s->worker->stopping)
			queue_control(s);
		break;
	case OP_RETRY:
		queue_accept(s);
		break;
	case OP_IGNORED:
		break;
	}
}

static bool serve_completions(struct server *s, struct __kernel_timespec *ts)
{
	struct io_uring_cqe *cqe;
	unsigned ready, batch = 0;
	int ret = submit(s, 1, ts);

	if (ret < 0 && ret != -EINTR && ret != -EBUSY && ret != -EAGAIN && ret != -ETIME) {
		say("cannot wait for completions: %s", strerror(-ret));
		return false;
	}
	/* Those that are there now: what the handling submits may complete at once, without end. */
	ready = io_uring_cq_ready(&s->ring);
	while (batch < ready && !io_uring_peek_cqe(&s->ring, &cqe)) {
		uint64_t data = cqe->user_data;
		int res = cqe->res;

		io_uring_cqe_seen(&s->ring, cqe);
		on_completion(s, data, res);
		batch++;
	}
	if (batch)
		count_batch(&s->worker->counters, batch);
	return true;
}

/* Stops accepting, and lets each connection end once what it has sent is echoed. */
static void begin_stop(struct server *s)
{
	struct io_uring_sqe *sqe = get_sqe(s);

	io_uring_prep_cancel64(sqe, tag(NULL, OP_ACCEPT), 0);
	queued(s, sqe, NULL, OP_IGNORED);
	for (struct conn *c = s->conns; c; c = c->next)
		shutdown(c->fd, SHUT_RD);
	close(s->worker->listen_fd);
}

/* Ends what clients that do not take their echo keep in flight. */
static void cut_off(struct server *s)
{
	struct io_uring_sqe *sqe = get_sqe(s);

	s->cutting_off = true;
	io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
	queued(s, sqe, NULL, OP_IGNORED);
}

static void run_until_closed(struct server *s)
{
	struct __kernel_timespec tick = { .tv_nsec = 100000000 };
	uint64_t deadline = monotonic_ms() + ECHO_GRACE_SECONDS * 1000;

	/* The listener, too, is held by its request until that has ended. */
	while ((s->live || s->accepting) && monotonic_ms() < deadline)
		if (!serve_completions(s, &tick))
			return;
}

static void run_loop(struct server *s)
{
	queue_control(s);
	queue_accept(s);
	while (!s->worker->stopping)
		if (!serve_completions(s, NULL)) {
			s->worker->result = EXIT_FAILED;
			return;
		}
	begin_stop(s);
	run_until_closed(s);
	if (s->live)
		cut_off(s);
	run_until_closed(s);
}

static int serve_simple(struct echo_worker *w, bool batch)
{
	struct server s = { .worker = w, .batch = batch };
	double idle = w->options->idle_timeout;
	int ret;

	s.idle.tv_sec = (long long)idle;
	s.idle.tv_nsec = (long long)((idle - (double)s.idle.tv_sec) * 1e9);
	ret = io_uring_queue_init(ENTRIES, &s.ring, w->options->sqpoll ? IORING_SETUP_SQPOLL : 0);
	if (ret)
		return ring_refused(ret, "use --server epoll");
	engine_remember(&s.ring);
	worker_ready(w);
	run_loop(&s);
	io_uring_queue_exit(&s.ring);
	/* A connection that is left here has a request in flight that writes into it: it stays. */
	return w->result;
}

int serve_ring_basic(struct echo_worker *w)
{
	return serve_simple(w, false);
}

int serve_ring_batch(struct echo_worker *w)
{
	return serve_simple(w, true);
}
