/* SPDX-License-Identifier: MIT */
/*
 * Connections that stay. Sends are tried without waiting, and only those that come up short post a
 * CQE, as in the `ring` server (cli/echo/ring.h): the load must cost no more than the server.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "buffer_pool.h"
#include "load/load.h"

#define RECV_BUFFER 4096

enum op {
	OP_RECV,
	OP_SEND
};

struct stream {
	uint64_t send_offset; /* next byte to send */
	uint64_t recv_offset; /* next byte to come back */
	uint64_t unsent;      /* bytes of messages started and not yet given to a send */
	uint32_t sending;     /* bytes in the send under way */
	uint32_t in_flight;   /* messages */
	uint32_t oldest;      /* index of the oldest of them in sent_at */
	int32_t recv_buffer;
	int32_t next_touched;
	bool open, receiving, touched, patient, mismatch;
	uint64_t *sent_at; /* depth times */
};

static struct {
	struct stream *streams;
	int *fds; /* streams first, idle connections behind */
	uint64_t *times;
	struct pool pool;
	unsigned live;
	uint64_t in_flight;
	bool multishot;
	int32_t touched;
	int32_t *inline_sent;
	unsigned inline_count;
} s;

static void touch(int32_t id)
{
	struct stream *c = &s.streams[id];

	if (c->touched)
		return;
	c->touched = true;
	c->next_touched = s.touched;
	s.touched = id;
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static int connect_one(const struct endpoint *e)
{
	struct timeval patience = { .tv_sec = LOAD_PATIENCE_SECONDS };
	int fd = socket(e->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -errno;
	if (e->address.any.sa_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* A server that is not dead has room in its backlog some time; EAGAIN: it has not. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	while (connect(fd, &e->address.any, e->length)) {
		int err = errno;

		if (err == EINTR && !load_interrupted())
			continue;
		close(fd);
		return -err;
	}
	return fd;
}

static bool connect_all(struct load *l)
{
	unsigned all = l->options->conns + l->options->idle_conns;
	int ret;

	for (unsigned i = 0; i < all; i++)
		s.fds[i] = -1;
	for (unsigned i = 0; i < all; i++) {
		s.fds[i] = connect_one(&l->options->endpoint);
		if (s.fds[i] < 0) {
			load_error(l, "cannot connect to", -s.fds[i]);
			return false;
		}
	}
	ret = io_uring_register_files(&l->ring, s.fds, l->options->conns);
	if (ret)
		say("cannot register %u sockets: %s; ask for fewer with --conns", l->options->conns,
		    strerror(-ret));
	return !ret;
}

static bool open_streams(struct load *l)
{
	const struct load_options *o = l->options;
	size_t n = o->conns;

	s.touched = -1;
	s.streams = calloc(n, sizeof(*s.streams));
	s.inline_sent = calloc(n, sizeof(*s.inline_sent));
	s.times = calloc(n * o->depth, sizeof(*s.times));
	s.fds = calloc(n + o->idle_conns, sizeof(*s.fds));
	if (!s.streams || !s.inline_sent || !s.times || !s.fds) {
		say("out of memory for %u connections", o->conns);
		return false;
	}
	/* DEFER_TASKRUN came after multishot receive. */
	s.multishot = l->ring.flags & IORING_SETUP_DEFER_TASKRUN;
	if (!pool_open(&s.pool, &l->ring, RECV_BUFFER, 2 * o->conns + 64, s.multishot)) {
		say("cannot set up buffers: %s", strerror(errno));
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		s.streams[i].sent_at = s.times + i * o->depth;
		s.streams[i].recv_buffer = -1;
		s.streams[i].open = true;
	}
	s.live = o->conns;
	return connect_all(l);
}

static void close_streams(struct load *l)
{
	for (unsigned i = 0; s.fds && i < l->options->conns + l->options->idle_conns; i++)
		if (s.fds[i] >= 0)
			close(s.fds[i]);
	pool_close(&s.pool, &l->ring);
	free(s.streams);
	free(s.inline_sent);
	free(s.times);
	free(s.fds);
}

/* ---- Sending and receiving ------------------------------------------------------------------- */

static void tag(struct io_uring_sqe *sqe, enum op op, int32_t id)
{
	sqe->flags |= IOSQE_FIXED_FILE;
	io_uring_sqe_set_data64(sqe, (uint64_t)op << 32 | (uint32_t)id);
}

static void receive(struct load *l, int32_t id)
{
	struct stream *c = &s.streams[id];
	struct io_uring_sqe *sqe = load_sqe(l);

	if (s.multishot) {
		io_uring_prep_recv_multishot(sqe, id, NULL, 0, 0);
		sqe->flags |= IOSQE_BUFFER_SELECT;
	} else {
		c->recv_buffer = pool_take(&s.pool);
		/* The pool has two for each connection, and one is in use at a time. */
		io_uring_prep_recv(sqe, id, pool_address(&s.pool, c->recv_buffer),
				   s.pool.buffer_size, 0);
	}
	tag(sqe, OP_RECV, id);
	c->receiving = true;
}

static void send_unsent(struct load *l, int32_t id)
{
	struct stream *c = &s.streams[id];
	size_t run = load_pattern_run(l, (unsigned)id, c->send_offset);
	uint32_t bytes = (uint32_t)(c->unsent < run ? c->unsent : run);
	int flags = MSG_WAITALL | (c->patient ? 0 : MSG_DONTWAIT);
	struct io_uring_sqe *sqe = load_sqe(l);

	io_uring_prep_send(sqe, id, load_pattern(l, (unsigned)id, c->send_offset), bytes, flags);
	tag(sqe, OP_SEND, id);
	if (!c->patient && l->ring.features & IORING_FEAT_CQE_SKIP) {
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
		s.inline_sent[s.inline_count++] = id;
	}
	c->sending = bytes;
}

static void start_messages(struct load *l, int32_t id)
{
	struct stream *c = &s.streams[id];
	unsigned depth = l->options->depth;

	while (c->in_flight < depth && load_start_message(l)) {
		c->sent_at[(c->oldest + c->in_flight) % depth] = l->now;
		c->in_flight++;
		s.in_flight++;
		c->unsent += l->options->size;
	}
}

/* ---- Completions ----------------------------------------------------------------------------- */

static void lose(struct load *l, int32_t id, const char *what, int error)
{
	struct stream *c = &s.streams[id];

	if (!c->open)
		return;
	c->open = false;
	if (!l->end || c->in_flight)
		load_error(l, what, error);
	s.in_flight -= c->in_flight;
	c->in_flight = 0;
	c->unsent = 0;
	if (--s.live == 0)
		l->ending = true;
}

static void check_bytes(struct load *l, int32_t id, const char *data, uint32_t size)
{
	struct stream *c = &s.streams[id];
	uint32_t message = l->options->size, depth = l->options->depth;

	while (size) {
		uint32_t left = message - (uint32_t)(c->recv_offset % message);
		uint32_t n = size < left ? size : left;

		if (!c->in_flight) {
			l->mismatches++;
			lose(l, id, "more bytes than were sent came from", EPROTO);
			return;
		}
		if (memcmp(data, load_pattern(l, (unsigned)id, c->recv_offset), n))
			c->mismatch = true;
		c->recv_offset += n;
		data += n;
		size -= n;
		if (n < left)
			break;
		l->mismatches += c->mismatch;
		c->mismatch = false;
		load_message_done(l, c->sent_at[c->oldest]);
		c->oldest = (c->oldest + 1) % depth;
		c->in_flight--;
		s.in_flight--;
	}
}

static void on_recv(struct load *l, int32_t id, int res, unsigned flags)
{
	struct stream *c = &s.streams[id];
	int32_t buffer = c->recv_buffer;

	if (s.multishot)
		buffer = flags & IORING_CQE_F_BUFFER ? (int32_t)(flags >> IORING_CQE_BUFFER_SHIFT)
						     : -1;
	if (!(flags & IORING_CQE_F_MORE))
		c->receiving = false;
	if (res > 0 && c->open)
		check_bytes(l, id, pool_address(&s.pool, buffer), (uint32_t)res);
	if (buffer >= 0)
		pool_put(&s.pool, buffer);
	if (res == -ENOBUFS)
		pool_grow(&s.pool);
	else if (res == 0)
		lose(l, id, "connection to", 0);
	else if (res < 0 && res != -EINTR && res != -EAGAIN)
		lose(l, id, "cannot receive from", -res);
	touch(id);
}

static void sent(struct load *l, int32_t id, int res)
{
	struct stream *c = &s.streams[id];

	if (res == -EAGAIN || res == -EINTR)
		res = 0;
	if (res < 0) {
		lose(l, id, "cannot send to", -res);
	} else {
		/* What a send without waiting leaves, the next waits for. */
		c->patient = (uint32_t)res < c->sending;
		c->send_offset += (uint64_t)res;
		c->unsent -= c->unsent < (uint64_t)res ? c->unsent : (uint64_t)res;
	}
	c->sending = 0;
	touch(id);
}

static void on_completion(struct load *l, const struct io_uring_cqe *cqe)
{
	int32_t id = (int32_t)(uint32_t)cqe->user_data;

	if (cqe->user_data >> 32 == OP_RECV)
		on_recv(l, id, cqe->res, cqe->flags);
	else
		sent(l, id, cqe->res);
}

static void settle(struct load *l)
{
	int32_t id;

	for (unsigned i = 0; i < s.inline_count; i++) {
		struct stream *c = &s.streams[s.inline_sent[i]];

		if (c->sending && !c->patient)
			sent(l, s.inline_sent[i], (int)c->sending);
	}
	s.inline_count = 0;
	while ((id = s.touched) >= 0) {
		struct stream *c = &s.streams[id];

		s.touched = c->next_touched;
		c->touched = false;
		if (!c->open)
			continue;
		start_messages(l, id);
		if (c->unsent && !c->sending)
			send_unsent(l, id);
		if (!c->receiving)
			receive(l, id);
	}
	pool_publish(&s.pool);
}

static void begin(struct load *l)
{
	for (unsigned i = 0; i < l->options->conns; i++)
		touch((int32_t)i);
	settle(l);
}

static uint64_t in_flight(const struct load *l)
{
	(void)l;
	return s.in_flight;
}

const struct load_kind load_stream = {
	.open = open_streams,
	.begin = begin,
	.completion = on_completion,
	.settle = settle,
	.in_flight = in_flight,
	.close = close_streams,
};
