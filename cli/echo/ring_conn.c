/* SPDX-License-Identifier: MIT */
/*
 * One connection of the `ring` server.
 *
 * Received buffers queue up and are sent, at most one send at a time, gathered. A client that does
 * not take its echo at once gets a backlog: its bytes move out of the pool, receiving pauses, and
 * one patient send works the backlog off. So a slow client costs what it had in flight, once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "echo/ring.h"

/* Bytes of a backlog that one send takes. */
#define BACKLOG_PIECE (64U << 10)

static struct conn *conn_of(struct ring_server *r, int32_t id)
{
	return &r->conns[id];
}

void conn_touch(struct ring_server *r, int32_t id)
{
	struct conn *c = conn_of(r, id);

	if (c->state & CONN_TOUCHED)
		return;
	c->state |= CONN_TOUCHED;
	c->touched_next = r->touched;
	r->touched = id;
}

void conn_open(struct ring_server *r, int32_t id)
{
	struct conn *c = conn_of(r, id);

	/* The slot may still be listed from its former life. */
	c->state = (c->state & CONN_TOUCHED) | CONN_OPEN;
	c->head = c->tail = c->recv_buffer = -1;
	c->head_off = c->queued_bytes = c->sending_bytes = 0;
	c->backlog = NULL;
	c->active = r->tick;
	r->live++;
	count(&r->worker->counters.connections, 1);
	if (r->worker->options->debug)
		say("client %d opened", id);
	conn_touch(r, id);
}

static void use_descriptor(struct ring_server *r, struct io_uring_sqe *sqe)
{
	if (r->parts & PART_DIRECT)
		sqe->flags |= IOSQE_FIXED_FILE;
}

/* ---- The queue of received buffers ----------------------------------------------------------- */

static void queue_push(struct ring_server *r, struct conn *c, int32_t buffer, uint32_t len)
{
	struct pool *p = &r->pool;

	p->len[buffer] = len;
	p->next[buffer] = -1;
	if (c->tail < 0)
		c->head = buffer;
	else
		p->next[c->tail] = buffer;
	c->tail = buffer;
	c->queued_bytes += len;
}

/* Drops the first `bytes`, giving the buffers that are through back to the pool. */
static void queue_pop(struct ring_server *r, struct conn *c, uint32_t bytes)
{
	struct pool *p = &r->pool;

	c->queued_bytes -= bytes;
	bytes += c->head_off;
	while (c->head >= 0 && bytes >= p->len[c->head]) {
		int32_t buffer = c->head;

		bytes -= p->len[buffer];
		c->head = p->next[buffer];
		pool_put(p, buffer);
	}
	c->head_off = bytes;
	if (c->head < 0)
		c->tail = -1;
}

/* ---- The backlog of a slow client ------------------------------------------------------------ */

/* Room for so many more bytes, and no more: they are few appends and many clients. */
static bool backlog_reserve(struct backlog *b, uint32_t more)
{
	char *in;

	if (b->in_len + more <= b->in_size)
		return true;
	in = realloc(b->in, b->in_len + more);
	if (!in)
		return false;
	b->in = in;
	b->in_size = b->in_len + more;
	return true;
}

static void backlog_free(struct conn *c)
{
	if (!c->backlog)
		return;
	free(c->backlog->out);
	free(c->backlog->in);
	free(c->backlog);
	c->backlog = NULL;
}

/* Moves all queued bytes out of the pool; false without memory. */
static bool queue_to_backlog(struct ring_server *r, struct conn *c)
{
	struct pool *p = &r->pool;

	if (!c->backlog)
		c->backlog = calloc(1, sizeof(*c->backlog));
	if (!c->backlog || !backlog_reserve(c->backlog, c->queued_bytes))
		return false;
	while (c->head >= 0) {
		struct backlog *b = c->backlog;
		uint32_t len = p->len[c->head] - c->head_off;

		memcpy(b->in + b->in_len, pool_address(p, c->head) + c->head_off, len);
		b->in_len += len;
		queue_pop(r, c, len);
	}
	return true;
}

/* What was received meanwhile is sent next; false if there is nothing. */
static bool backlog_turn(struct backlog *b)
{
	free(b->out);
	b->out = b->in;
	b->out_len = b->in_len;
	b->out_off = 0;
	b->in = NULL;
	b->in_len = b->in_size = 0;
	return b->out_len > 0;
}

/* ---- Sending --------------------------------------------------------------------------------- */

static void send_backlog(struct ring_server *r, int32_t id)
{
	struct conn *c = conn_of(r, id);
	struct backlog *b = c->backlog;
	struct io_uring_sqe *sqe = ring_sqe(r);
	uint32_t left = b->out_len - b->out_off;

	/* Waits for room, in the kernel; in pieces, so that a client that takes them is seen to. */
	io_uring_prep_send(sqe, id, b->out + b->out_off,
			   left < BACKLOG_PIECE ? left : BACKLOG_PIECE, MSG_WAITALL);
	use_descriptor(r, sqe);
	ring_tag(r, sqe, OP_SEND, id);
	c->state |= CONN_SENDING;
}

/* One buffer is sent as it lies; several are gathered. Returns the bytes. */
static uint32_t prep_queued_send(struct ring_server *r, struct conn *c, int32_t id,
				 struct io_uring_sqe *sqe, int flags)
{
	struct pool *p = &r->pool;
	char *first = pool_address(p, c->head) + c->head_off;
	uint32_t bytes = p->len[c->head] - c->head_off;
	struct gather *g;
	unsigned n = 1;

	if (p->next[c->head] < 0) {
		io_uring_prep_send(sqe, id, first, bytes, flags);
		return bytes;
	}
	g = &r->gathers[sqe - r->ring.sq.sqes];
	g->iov[0] = (struct iovec){ first, bytes };
	for (int32_t b = p->next[c->head]; b >= 0 && n < RING_GATHER; b = p->next[b]) {
		g->iov[n++] = (struct iovec){ pool_address(p, b), p->len[b] };
		bytes += p->len[b];
	}
	memset(&g->msg, 0, sizeof(g->msg));
	g->msg.msg_iov = g->iov;
	g->msg.msg_iovlen = n;
	io_uring_prep_sendmsg(sqe, id, &g->msg, (unsigned)flags);
	return bytes;
}

static void send_queue(struct ring_server *r, int32_t id)
{
	struct conn *c = conn_of(r, id);
	struct io_uring_sqe *sqe = ring_sqe(r);

	/* All or as much as fits now. With MSG_WAITALL a short send counts as failed, and so posts
	 * its CQE even where success posts none. */
	c->sending_bytes = prep_queued_send(r, c, id, sqe, MSG_DONTWAIT | MSG_WAITALL);
	use_descriptor(r, sqe);
	ring_tag(r, sqe, OP_SEND, id);
	c->state |= CONN_SENDING;
	if (r->inline_sends) {
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
		r->inline_sent[r->inline_count++] = id;
	}
}

static void backlog_sent(struct conn *c, int res)
{
	struct backlog *b = c->backlog;

	b->out_off += (uint32_t)res;
	if (b->out_off == b->out_len && !backlog_turn(b))
		backlog_free(c);
}

void conn_sent(struct ring_server *r, int32_t id, int res)
{
	struct conn *c = conn_of(r, id);

	c->state &= ~(unsigned)CONN_SENDING;
	c->active = r->tick;
	if (res == -EAGAIN || res == -EINTR)
		res = 0;
	if (res < 0) {
		c->state |= CONN_DEAD;
	} else if (c->backlog) {
		backlog_sent(c, res);
	} else {
		bool whole = (uint32_t)res == c->sending_bytes;

		queue_pop(r, c, (uint32_t)res);
		if (!whole && (!queue_to_backlog(r, c) || !backlog_turn(c->backlog)))
			c->state |= CONN_DEAD;
	}
	/* Most have nothing to do then but to receive what comes next, which they do already. */
	if (c->state != (CONN_OPEN | CONN_RECEIVING) || c->head >= 0 || c->backlog)
		conn_touch(r, id);
}

/* ---- Receiving ------------------------------------------------------------------------------- */

/* Takes over `bytes` that the kernel put into `buffer` and, with bundles, those that follow. */
static void take_received(struct ring_server *r, struct conn *c, int32_t buffer, uint32_t bytes)
{
	struct pool *p = &r->pool;

	count(&r->worker->counters.messages, 1);
	count(&r->worker->counters.bytes, bytes);
	for (;;) {
		uint32_t len = bytes < p->buffer_size ? bytes : p->buffer_size;
		int32_t following = p->br ? pool_following(p, buffer) : -1;

		queue_push(r, c, buffer, len);
		bytes -= len;
		if (!bytes)
			break;
		buffer = following;
	}
	if (c->backlog && !queue_to_backlog(r, c))
		c->state |= CONN_DEAD;
}

/* The buffer a completion used, or -1. */
static int32_t completed_buffer(struct ring_server *r, struct conn *c, unsigned flags)
{
	int32_t buffer = c->recv_buffer;

	if (!r->pool.br) {
		c->recv_buffer = -1;
		return buffer;
	}
	return flags & IORING_CQE_F_BUFFER ? (int32_t)(flags >> IORING_CQE_BUFFER_SHIFT) : -1;
}

void conn_received(struct ring_server *r, int32_t id, int res, unsigned flags)
{
	struct conn *c = conn_of(r, id);
	int32_t buffer = completed_buffer(r, c, flags);

	if (!(flags & IORING_CQE_F_MORE))
		c->state &= ~(unsigned)(CONN_RECEIVING | CONN_CANCELLING);
	c->active = r->tick;
	conn_touch(r, id);
	if (res > 0) {
		take_received(r, c, buffer, (uint32_t)res);
		return;
	}
	if (buffer >= 0)
		pool_put(&r->pool, buffer);
	switch (-res) {
	case 0:
		c->state |= CONN_EOF;
		break;
	case ENOBUFS:
		pool_grow(&r->pool);
		break;
	case EAGAIN:
		/* Stopping: nothing is left to receive. */
		if (r->worker->stopping)
			c->state |= CONN_EOF;
		break;
	case EINVAL:
		if (r->parts & (PART_BUNDLE | PART_MULTISHOT_RECV))
			ring_part_refused(r, r->parts & PART_BUNDLE ? PART_BUNDLE
								    : PART_MULTISHOT_RECV);
		else
			c->state |= CONN_DEAD;
		break;
	case ECANCELED:
	case EINTR:
		break;
	default:
		c->state |= CONN_DEAD;
	}
}

static void receive(struct ring_server *r, int32_t id)
{
	struct conn *c = conn_of(r, id);
	/* A stopping server takes what is there and no more. */
	int flags = r->worker->stopping ? MSG_DONTWAIT : 0;
	struct io_uring_sqe *sqe;

	if (!r->pool.br) {
		c->recv_buffer = pool_take(&r->pool);
		if (c->recv_buffer < 0) {
			c->state |= CONN_DEAD;
			return;
		}
	}
	sqe = ring_sqe(r);
	if (!r->pool.br) {
		io_uring_prep_recv(sqe, id, pool_address(&r->pool, c->recv_buffer),
				   r->pool.buffer_size, flags);
	} else {
		io_uring_prep_recv(sqe, id, NULL, 0, flags);
		sqe->flags |= IOSQE_BUFFER_SELECT;
		io_uring_sqe_set_buf_group(sqe, 0);
		if (r->parts & PART_BUNDLE)
			sqe->ioprio |= IORING_RECVSEND_BUNDLE;
		if (r->parts & PART_MULTISHOT_RECV && !r->worker->stopping)
			sqe->ioprio |= IORING_RECV_MULTISHOT;
	}
	use_descriptor(r, sqe);
	ring_tag(r, sqe, OP_RECV, id);
	c->state |= CONN_RECEIVING;
}

static void cancel(struct ring_server *r, enum ring_op op, int32_t id)
{
	struct io_uring_sqe *sqe = ring_sqe(r);

	io_uring_prep_cancel64(sqe, (uint64_t)op << 32 | (uint32_t)id, 0);
	ring_tag(r, sqe, OP_CANCEL, id);
	if (r->inline_sends)
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void conn_cancel_receive(struct ring_server *r, int32_t id)
{
	struct conn *c = conn_of(r, id);

	if ((c->state & (CONN_RECEIVING | CONN_CANCELLING)) != CONN_RECEIVING)
		return;
	c->state |= CONN_CANCELLING;
	cancel(r, OP_RECV, id);
}

void conn_cancel_failed(struct ring_server *r, int32_t id)
{
	struct conn *c = conn_of(r, id);

	c->state &= ~(unsigned)CONN_CANCELLING;
	if (c->state & CONN_OPEN)
		conn_touch(r, id);
}

/* ---- Deciding -------------------------------------------------------------------------------- */

static void close_conn(struct ring_server *r, int32_t id)
{
	struct conn *c = conn_of(r, id);
	struct io_uring_sqe *sqe = ring_sqe(r);

	if (r->worker->options->debug)
		say("client %d closed", id);
	queue_pop(r, c, c->queued_bytes);
	backlog_free(c);
	/* Nothing of it is in flight: by the time its slot is seen again, in an accept, the
	 * close has been done. */
	c->state = 0;
	if (r->parts & PART_DIRECT)
		io_uring_prep_close_direct(sqe, (unsigned)id);
	else
		io_uring_prep_close(sqe, id);
	ring_tag(r, sqe, OP_CLOSE, id);
	sqe->flags |= r->inline_sends ? IOSQE_CQE_SKIP_SUCCESS : 0;
	r->live--;
}

void conn_kill(struct ring_server *r, int32_t id)
{
	struct conn *c = conn_of(r, id);

	c->state |= CONN_DEAD;
	conn_touch(r, id);
}

static bool may_receive(const struct ring_server *r, const struct conn *c)
{
	/* Without a buffer ring a connection has two buffers: one being sent, one to receive
	 * into. */
	if (!r->pool.br && c->queued_bytes > c->sending_bytes)
		return false;
	return !c->backlog && c->queued_bytes < RING_QUEUE_BYTES;
}

/* True if an inline send, which ends in silence, is not the last thing to be done here. */
static bool has_follow_up(const struct conn *c)
{
	return c->state & CONN_SENDING && !c->backlog &&
	       (!(c->state & CONN_RECEIVING) || c->queued_bytes > c->sending_bytes);
}

void conn_settle(struct ring_server *r, int32_t id)
{
	struct conn *c = conn_of(r, id);

	if (!(c->state & CONN_OPEN))
		return;
	if (!(c->state & (CONN_SENDING | CONN_DEAD))) {
		if (c->backlog)
			send_backlog(r, id);
		else if (c->head >= 0)
			send_queue(r, id);
	}
	if (c->state & CONN_DEAD && c->state & CONN_SENDING)
		cancel(r, OP_SEND, id);
	if (c->state & (CONN_EOF | CONN_DEAD)) {
		if (c->state & CONN_RECEIVING)
			conn_cancel_receive(r, id);
		else if (!(c->state & CONN_SENDING))
			close_conn(r, id);
	} else if (!may_receive(r, c)) {
		conn_cancel_receive(r, id);
	} else if (!(c->state & CONN_RECEIVING)) {
		receive(r, id);
		/* Without a buffer for it there is no serving it. */
		if (c->state & CONN_DEAD && !(c->state & CONN_SENDING))
			close_conn(r, id);
	}
	if (r->inline_sends && has_follow_up(c))
		r->follow_up = true;
}
