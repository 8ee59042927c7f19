/* SPDX-License-Identifier: MIT */
/* The loop of the `ring` server: rounds of submit, wait, drain and settle. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ring_room.h"
#include "echo/ring.h"

/*
 * After a round of so many arrivals the next waits for a batch. The kernel brings in 20 completions
 * a call for those who wait for one, and as many as they wait for otherwise; a batch much larger
 * than that makes server and clients wait for each other in turn.
 */
#define BUSY_ARRIVALS  8
#define BUSY_BATCH     24
#define BUSY_WAIT_USEC 20

static void fail(struct ring_server *r, const char *what, int error)
{
	if (r->worker->result == EXIT_OK)
		say("cannot %s: %s", what, strerror(error));
	r->worker->result = EXIT_FAILED;
}

static bool transient(int error)
{
	return error == EINTR || error == EAGAIN || error == EBUSY || error == ETIME;
}

/* ---- Submitting ------------------------------------------------------------------------------ */

struct io_uring_sqe *ring_sqe(struct ring_server *r)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);

	if (sqe)
		return sqe;
	count(&r->worker->counters.system_calls, ring_make_room(&r->ring, 1));
	return io_uring_get_sqe(&r->ring);
}

/* A multishot accept takes all that wait, which must not be more than there is room for. */
static bool room_for_burst(const struct ring_server *r)
{
	return r->live + ECHO_BACKLOG <= r->worker->options->max_conns;
}

static void queue_accept(struct ring_server *r)
{
	struct io_uring_sqe *sqe;
	int fd = r->worker->listen_fd;
	bool multishot = r->parts & PART_MULTISHOT_ACCEPT && room_for_burst(r);

	if (r->accepting || r->accept_paused || r->worker->stopping)
		return;
	if (r->live >= r->worker->options->max_conns) {
		limit_reached(r->worker, 0);
		return;
	}
	sqe = ring_sqe(r);
	r->accept_multishot = multishot;
	if (r->parts & PART_DIRECT) {
		if (multishot)
			io_uring_prep_multishot_accept_direct(sqe, fd, NULL, NULL, 0);
		else
			io_uring_prep_accept_direct(sqe, fd, NULL, NULL, 0,
						    IORING_FILE_INDEX_ALLOC);
	} else if (multishot) {
		io_uring_prep_multishot_accept(sqe, fd, NULL, NULL, SOCK_CLOEXEC);
	} else {
		io_uring_prep_accept(sqe, fd, NULL, NULL, SOCK_CLOEXEC);
	}
	ring_tag(r, sqe, OP_ACCEPT, 0);
	r->accepting = true;
}

static void queue_control(struct ring_server *r)
{
	struct io_uring_sqe *sqe = ring_sqe(r);

	io_uring_prep_poll_add(sqe, r->worker->control_fd, POLLIN);
	ring_tag(r, sqe, OP_CONTROL, 0);
}

/* Descriptors have run out: whoever has them may give some back. */
static void pause_accept(struct ring_server *r)
{
	struct io_uring_sqe *sqe = ring_sqe(r);

	r->accept_paused = true;
	r->retry_time.tv_nsec = ECHO_RETRY_MS * 1000000LL;
	io_uring_prep_timeout(sqe, &r->retry_time, 0, 0);
	ring_tag(r, sqe, OP_RETRY, 0);
}

static void queue_tick(struct ring_server *r)
{
	struct io_uring_sqe *sqe = ring_sqe(r);

	io_uring_prep_timeout(sqe, &r->tick_time, 0, 0);
	ring_tag(r, sqe, OP_TICK, 0);
}

static void cancel_accept(struct ring_server *r)
{
	struct io_uring_sqe *sqe;

	if (!r->accepting)
		return;
	sqe = ring_sqe(r);
	io_uring_prep_cancel64(sqe, (uint64_t)OP_ACCEPT << 32, 0);
	ring_tag(r, sqe, OP_CANCEL, -1);
}

/* ---- Completions ----------------------------------------------------------------------------- */

static void on_accept(struct ring_server *r, int res, unsigned flags)
{
	struct echo_worker *w = r->worker;

	if (!(flags & IORING_CQE_F_MORE))
		r->accepting = false;
	if (res >= 0 && (unsigned)res < r->conns_size) {
		conn_open(r, res);
		w->at_limit = w->at_limit && r->live >= w->options->max_conns;
		if (r->accepting && r->accept_multishot && !room_for_burst(r)) {
			r->accept_multishot = false;
			cancel_accept(r);
		}
	} else if (res >= 0) {
		/* A descriptor beyond the table: others of the process are in its way. */
		limit_reached(w, EMFILE);
		close(res);
	} else if (res == -EMFILE || res == -ENFILE) {
		limit_reached(w, -res);
		pause_accept(r);
	} else if (res == -EINVAL && r->parts & PART_MULTISHOT_ACCEPT && !w->stopping) {
		ring_part_refused(r, PART_MULTISHOT_ACCEPT);
	} else if (res != -ECANCELED && !accept_error_is_transient(-res) && !w->stopping) {
		fail(r, "accept", -res);
	}
}

static void on_tick(struct ring_server *r)
{
	r->tick++;
	for (unsigned i = 0; i < r->conns_size && r->idle_ticks; i++) {
		const struct conn *c = &r->conns[i];

		if ((c->state & (CONN_OPEN | CONN_DEAD)) == CONN_OPEN &&
		    r->tick - c->active > r->idle_ticks)
			conn_kill(r, (int32_t)i);
	}
	queue_tick(r);
}

static void on_completion(struct ring_server *r, const struct io_uring_cqe *cqe)
{
	int32_t id = (int32_t)(uint32_t)cqe->user_data;
	enum ring_op op = (enum ring_op)(cqe->user_data >> 32);

	if (r->worker->options->debug > 1)
		say("completion: operation %u of client %d, result %d, flags %#x", op, id, cqe->res,
		    cqe->flags);
	switch (op) {
	case OP_ACCEPT:
		on_accept(r, cqe->res, cqe->flags);
		r->arrivals++;
		break;
	case OP_RECV:
		conn_received(r, id, cqe->res, cqe->flags);
		r->arrivals++;
		break;
	case OP_SEND:
		conn_sent(r, id, cqe->res);
		break;
	case OP_CONTROL:
		control_check(r->worker);
		if (!r->worker->stopping)
			queue_control(r);
		break;
	case OP_TICK:
		on_tick(r);
		break;
	case OP_RETRY:
		r->accept_paused = false;
		break;
	case OP_CANCEL:
		if (cqe->res < 0 && id >= 0)
			conn_cancel_failed(r, id);
		break;
	case OP_CLOSE:
		break;
	}
}

/* ---- A round --------------------------------------------------------------------------------- */

/* How many arrivals to wait for, and for how long once there is one. A lone client is never kept
 * waiting. */
static unsigned arrivals_to_wait_for(const struct ring_server *r, unsigned *usec)
{
	const struct echo_options *o = r->worker->options;

	*usec = o->wait_nr ? o->wait_usec : BUSY_WAIT_USEC;
	/* Who stops is in a hurry. */
	if (r->worker->stopping)
		return 1;
	if (o->wait_nr)
		return o->wait_nr;
	return r->waits_for_batches && r->arrivals >= BUSY_ARRIVALS ? BUSY_BATCH : 1;
}

/* Submits what is queued and waits. */
static int submit_and_wait(struct ring_server *r)
{
	/* Not NULL: without a limit to the whole wait, Linux takes the minimum wait for one. */
	struct __kernel_timespec long_time = { .tv_sec = 3600 };
	struct __kernel_timespec short_time;
	struct io_uring_cqe *cqe;
	unsigned usec, nr = arrivals_to_wait_for(r, &usec);
	int ret;

	count(&r->worker->counters.system_calls, 1);
	if (r->follow_up)
		return io_uring_submit_and_get_events(&r->ring);
	if (nr > 1 && r->parts & PART_MIN_WAIT)
		return io_uring_submit_and_wait_min_timeout(&r->ring, &cqe, nr, &long_time, usec,
							    NULL);
	ret = io_uring_submit_and_wait(&r->ring, 1);
	if (ret < 0 || !r->worker->options->wait_nr || io_uring_cq_ready(&r->ring) >= nr)
		return ret;
	/* Older kernels, told to wait: once there is one, another call waits for the rest. */
	count(&r->worker->counters.system_calls, 1);
	short_time.tv_nsec = (long long)(usec % 1000000) * 1000;
	short_time.tv_sec = usec / 1000000;
	return io_uring_wait_cqes(&r->ring, &cqe, nr, &short_time, NULL);
}

static unsigned drain(struct ring_server *r)
{
	unsigned limit = r->parts & PART_BATCH ? UINT32_MAX : 1, n = 0, head;
	struct io_uring_cqe *cqe;

	do {
		unsigned batch = 0;

		io_uring_for_each_cqe(&r->ring, head, cqe) {
			on_completion(r, cqe);
			if (++batch == limit)
				break;
		}
		io_uring_cq_advance(&r->ring, batch);
		n += batch;
		/* What did not fit into the CQ tells of sends, too. */
		if (!io_uring_cq_has_overflow(&r->ring) || limit == 1)
			return n;
		count(&r->worker->counters.system_calls, 1);
	} while (io_uring_get_events(&r->ring) >= 0);
	return n;
}

/* Inline sends not heard of are done, once all SQEs are taken and all CQEs seen. */
static void finish_inline_sends(struct ring_server *r)
{
	for (unsigned i = 0; i < r->inline_count; i++) {
		struct conn *c = &r->conns[r->inline_sent[i]];

		if (c->state & CONN_SENDING)
			conn_sent(r, r->inline_sent[i], (int)c->sending_bytes);
	}
	r->inline_count = 0;
}

static void settle(struct ring_server *r)
{
	int32_t id = r->touched;

	r->touched = -1;
	r->follow_up = false;
	while (id >= 0) {
		struct conn *c = &r->conns[id];
		int32_t next = c->touched_next;

		c->state &= ~(unsigned)CONN_TOUCHED;
		conn_settle(r, id);
		id = next;
	}
	queue_accept(r);
	pool_publish(&r->pool);
}

static bool run_round(struct ring_server *r)
{
	int ret = submit_and_wait(r);
	unsigned n;

	if (ret < 0 && !transient(-ret)) {
		fail(r, "wait for completions", -ret);
		return false;
	}
	r->arrivals = 0;
	if (r->inline_count)
		count(&r->worker->counters.system_calls, ring_submit_all(&r->ring));
	n = drain(r);
	if (n)
		count_batch(&r->worker->counters, n);
	finish_inline_sends(r);
	settle(r);
	return r->worker->result == EXIT_OK;
}

/* ---- Stopping -------------------------------------------------------------------------------- */

static void for_each_open(struct ring_server *r, void (*what)(struct ring_server *, int32_t))
{
	for (unsigned i = 0; i < r->conns_size; i++)
		if (r->conns[i].state & CONN_OPEN)
			what(r, (int32_t)i);
}

static void run_until_closed(struct ring_server *r)
{
	uint64_t deadline = monotonic_ms() + ECHO_GRACE_SECONDS * 1000;

	/* The listener, too, is held by its request until that has ended. */
	while ((r->live || r->accepting) && monotonic_ms() < deadline)
		if (!run_round(r))
			return;
}

/* Each connection ends once what it had sent is echoed; those that do not take it are cut off. */
static void stop(struct ring_server *r)
{
	cancel_accept(r);
	if (!r->idle_ticks) {
		r->tick_time = (struct __kernel_timespec){ .tv_nsec = 100000000 };
		queue_tick(r);
	}
	for_each_open(r, conn_cancel_receive);
	run_until_closed(r);
	for_each_open(r, conn_kill);
	settle(r);
	run_until_closed(r);
}

int serve_ring(struct echo_worker *w)
{
	struct ring_server r = { .worker = w, .touched = -1 };

	w->result = EXIT_OK;
	if (!ring_open(&r)) {
		w->result = EXIT_FAILED;
		ring_close(&r);
		return w->result;
	}
	worker_ready(w);
	queue_control(&r);
	if (r.idle_ticks)
		queue_tick(&r);
	queue_accept(&r);
	while (!w->stopping && run_round(&r))
		;
	close(w->listen_fd);
	if (w->result == EXIT_OK)
		stop(&r);
	ring_close(&r);
	return w->result;
}
