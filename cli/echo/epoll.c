/* SPDX-License-Identifier: MIT */
/*
 * The rival: edge-triggered epoll as a careful programmer writes it. Sockets are registered once
 * and never modified; a read that fills less than the buffer proves the socket empty, so no read
 * is spent on EAGAIN; a send that comes up short keeps the rest and stops reading until it went.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "echo/echo.h"

#define EVENTS	     512
/* Reads from one connection before others get their turn. */
#define READS_A_TURN 16

struct conn {
	int fd;
	bool open;
	bool readable; /* since the last edge, not yet read empty */
	bool hung_up;  /* the end has been announced: only a read of 0 is empty */
	bool queued;   /* waits in the list for another turn */
	char *pending; /* bytes not yet sent; NULL: none */
	uint32_t pending_off;
	uint32_t pending_len;
	uint64_t active; /* milliseconds */
	struct conn *next;
};

struct server {
	struct echo_worker *worker;
	int epfd;
	struct conn *conns; /* by descriptor */
	unsigned conns_size;
	unsigned live;
	bool accepting;
	uint64_t accept_after; /* descriptors have run out: not before then */
	uint64_t check_idle_at;
	struct conn *turns; /* those that have more to read, last first */
	char *buffer;
	uint64_t now; /* milliseconds */
};

/* Marks what is neither connection nor pointer in epoll_event.data. */
static char listener_mark, control_mark;

static void count_call(struct server *s)
{
	count(&s->worker->counters.system_calls, 1);
}

static bool watch(struct server *s, int fd, uint32_t events, void *data)
{
	struct epoll_event ev = { .events = events, .data.ptr = data };

	count_call(s);
	return !epoll_ctl(s->epfd, EPOLL_CTL_ADD, fd, &ev);
}

static void set_accepting(struct server *s, bool on)
{
	struct epoll_event ev = { .events = on ? EPOLLIN : 0, .data.ptr = &listener_mark };

	if (s->accepting == on || s->worker->stopping)
		return;
	s->accepting = on;
	count_call(s);
	epoll_ctl(s->epfd, EPOLL_CTL_MOD, s->worker->listen_fd, &ev);
}

static void close_conn(struct server *s, struct conn *c)
{
	if (s->worker->options->debug)
		say("client %d closed", c->fd);
	c->open = false;
	free(c->pending);
	c->pending = NULL;
	close(c->fd);
	count_call(s);
	s->live--;
}

/* Sends `size` bytes as far as the socket takes them: how many, or -1 if the client is gone. */
static ssize_t send_some(struct server *s, struct conn *c, const char *data, size_t size)
{
	ssize_t n = send(c->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);

	count_call(s);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n;
}

/* False if the client is gone. */
static bool keep_rest(struct conn *c, const char *data, size_t size)
{
	c->pending = malloc(size);
	if (!c->pending)
		return false;
	memcpy(c->pending, data, size);
	c->pending_off = 0;
	c->pending_len = (uint32_t)size;
	return true;
}

static bool flush_pending(struct server *s, struct conn *c)
{
	ssize_t n = send_some(s, c, c->pending + c->pending_off, c->pending_len - c->pending_off);

	if (n < 0)
		return false;
	c->pending_off += (uint32_t)n;
	if (c->pending_off == c->pending_len) {
		free(c->pending);
		c->pending = NULL;
	}
	return true;
}

/* One read and its echo; false if the connection is to be closed. */
static bool echo_once(struct server *s, struct conn *c)
{
	size_t room = s->worker->options->buffer_size;
	ssize_t n = recv(c->fd, s->buffer, room, MSG_DONTWAIT), sent;

	count_call(s);
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN) {
		c->readable = false;
		return true;
	}
	if (n <= 0)
		return false;
	count(&s->worker->counters.messages, 1);
	count(&s->worker->counters.bytes, (uint64_t)n);
	if ((size_t)n < room && !c->hung_up)
		c->readable = false;
	sent = send_some(s, c, s->buffer, (size_t)n);
	if (sent < 0)
		return false;
	return sent == n || keep_rest(c, s->buffer + sent, (size_t)(n - sent));
}

static void queue_turn(struct server *s, struct conn *c)
{
	if (c->queued)
		return;
	c->queued = true;
	c->next = s->turns;
	s->turns = c;
}

static void serve_conn(struct server *s, struct conn *c)
{
	unsigned reads = 0;

	c->active = s->now;
	if (c->pending && !flush_pending(s, c)) {
		close_conn(s, c);
		return;
	}
	while (c->readable && !c->pending) {
		if (reads++ == READS_A_TURN) {
			queue_turn(s, c);
			return;
		}
		if (!echo_once(s, c)) {
			close_conn(s, c);
			return;
		}
	}
}

static void add_conn(struct server *s, int fd)
{
	struct conn *c = &s->conns[fd];
	/* Its turn of a former life may still be listed. */
	bool queued = c->queued;
	struct conn *next = c->next;

	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->open = true;
	c->queued = queued;
	c->next = next;
	c->active = s->now;
	s->live++;
	s->worker->at_limit = false;
	count(&s->worker->counters.connections, 1);
	if (s->worker->options->debug)
		say("client %d opened", fd);
	if (!watch(s, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, c)) {
		say("cannot watch a connection: %s", strerror(errno));
		close_conn(s, c);
	}
}

static void accept_conns(struct server *s)
{
	struct echo_worker *w = s->worker;

	for (unsigned i = 0; i < EVENTS; i++) {
		int fd;

		if (s->live >= w->options->max_conns) {
			limit_reached(w, 0);
			set_accepting(s, false);
			return;
		}
		fd = accept4(w->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		count_call(s);
		if (fd >= 0 && (unsigned)fd < s->conns_size) {
			add_conn(s, fd);
			continue;
		}
		if (fd >= 0 || errno == EMFILE || errno == ENFILE) {
			limit_reached(w, fd >= 0 ? EMFILE : errno);
			if (fd >= 0)
				close(fd);
			s->accept_after = s->now + ECHO_RETRY_MS;
			set_accepting(s, false);
		} else if (!accept_error_is_transient(errno)) {
			say("cannot accept: %s", strerror(errno));
			w->result = EXIT_FAILED;
			w->stopping = true;
		}
		return;
	}
}

/* Lets each connection end once what it has sent is echoed. */
static void stop_reading(struct server *s)
{
	for (unsigned i = 0; i < s->conns_size; i++)
		if (s->conns[i].open) {
			shutdown(s->conns[i].fd, SHUT_RD);
			s->conns[i].readable = s->conns[i].hung_up = true;
			count_call(s);
			serve_conn(s, &s->conns[i]);
		}
}

static void close_idle(struct server *s)
{
	uint64_t limit = (uint64_t)(s->worker->options->idle_timeout * 1000) + 1;

	for (unsigned i = 0; i < s->conns_size; i++)
		if (s->conns[i].open && s->conns[i].active + limit <= s->now)
			close_conn(s, &s->conns[i]);
}

static void handle_event(struct server *s, const struct epoll_event *ev)
{
	struct conn *c = ev->data.ptr;

	if (ev->data.ptr == &listener_mark) {
		accept_conns(s);
	} else if (ev->data.ptr == &control_mark) {
		control_check(s->worker);
	} else if (c->open) {
		if (ev->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
			c->readable = true;
		if (ev->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
			c->hung_up = true;
		serve_conn(s, c);
	}
}

static void take_turns(struct server *s)
{
	struct conn *c = s->turns;

	s->turns = NULL;
	while (c) {
		struct conn *next = c->next;

		c->queued = false;
		if (c->open)
			serve_conn(s, c);
		c = next;
	}
}

/* Often enough that a connection ends at most a quarter late. */
static int idle_check_ms(const struct server *s)
{
	double ms = s->worker->options->idle_timeout * 250;

	return ms < 10 ? 10 : ms > 1000 ? 1000 : (int)ms;
}

static int wait_milliseconds(const struct server *s)
{
	if (s->turns)
		return 0;
	if (s->worker->stopping || !s->accepting)
		return ECHO_RETRY_MS;
	return s->worker->options->idle_timeout ? idle_check_ms(s) : -1;
}

static bool serve_events(struct server *s)
{
	static __thread struct epoll_event events[EVENTS];
	int n = epoll_wait(s->epfd, events, EVENTS, wait_milliseconds(s));

	count_call(s);
	if (n < 0 && errno != EINTR) {
		say("cannot wait for events: %s", strerror(errno));
		return false;
	}
	s->now = monotonic_ms();
	if (n > 0)
		count_batch(&s->worker->counters, (uint64_t)n);
	for (int i = 0; i < n; i++)
		handle_event(s, &events[i]);
	take_turns(s);
	if (s->worker->options->idle_timeout && s->now >= s->check_idle_at) {
		close_idle(s);
		s->check_idle_at = s->now + (uint64_t)idle_check_ms(s);
	}
	if (s->live < s->worker->options->max_conns && s->now >= s->accept_after)
		set_accepting(s, true);
	return true;
}

static void run_loop(struct server *s)
{
	struct echo_worker *w = s->worker;
	uint64_t deadline;

	while (!w->stopping)
		if (!serve_events(s)) {
			w->result = EXIT_FAILED;
			return;
		}
	close(w->listen_fd);
	deadline = monotonic_ms() + ECHO_GRACE_SECONDS * 1000;
	stop_reading(s);
	while (s->live && monotonic_ms() < deadline)
		if (!serve_events(s))
			break;
}

int serve_epoll(struct echo_worker *w)
{
	struct server s = { .worker = w, .accepting = true, .now = monotonic_ms() };

	s.conns_size = w->options->descriptors;
	s.conns = calloc(s.conns_size, sizeof(*s.conns));
	s.buffer = malloc(w->options->buffer_size);
	s.epfd = epoll_create1(EPOLL_CLOEXEC);
	if (!s.conns || !s.buffer || s.epfd < 0) {
		say("cannot set up the epoll server: %s", strerror(errno));
		w->result = EXIT_FAILED;
	} else if (fcntl(w->listen_fd, F_SETFL, O_NONBLOCK) ||
		   !watch(&s, w->listen_fd, EPOLLIN, &listener_mark) ||
		   !watch(&s, w->control_fd, EPOLLIN | EPOLLET, &control_mark)) {
		say("cannot watch the listener: %s", strerror(errno));
		w->result = EXIT_FAILED;
	} else {
		worker_ready(w);
		run_loop(&s);
	}
	for (unsigned i = 0; s.conns && i < s.conns_size; i++)
		free(s.conns[i].pending);
	free(s.conns);
	free(s.buffer);
	if (s.epfd >= 0)
		close(s.epfd);
	return w->result;
}
