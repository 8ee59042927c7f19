/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases/check.h"
#include "client.h"

#define PIECE_BYTES 65536

int client_connect_small(const struct server *s, int buffer_bytes)
{
	int fd = socket(s->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	check(fd >= 0, "socket: %s", strerror(errno));
	if (buffer_bytes) {
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof(buffer_bytes));
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof(buffer_bytes));
	}
	/* Each piece shall reach the server as it is; a UNIX socket needs no telling. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* Ends at once on a loopback; the case's alarm bounds it. */
	check(!connect(fd, &s->address.any, s->address_length), "connect: %s", strerror(errno));
	check(!fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl: %s", strerror(errno));
	return fd;
}

int client_connect(const struct server *s)
{
	return client_connect_small(s, 0);
}

static short wait_for(int fd, short events, int64_t ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, (int)ms) > 0 ? p.revents : 0;
}

bool client_readable(int fd, int64_t ms)
{
	return wait_for(fd, POLLIN, ms) != 0;
}

bool client_broken(int fd, int64_t ms)
{
	return wait_for(fd, 0, ms) & (POLLERR | POLLHUP);
}

void client_send(int fd, const uint8_t *data, size_t size)
{
	size_t sent = 0;

	while (sent < size) {
		ssize_t n;

		check(wait_for(fd, POLLOUT, ANSWER_MS), "takes no more after %zu of %zu bytes",
		      sent, size);
		n = send(fd, data + sent, size - sent, MSG_NOSIGNAL);
		check(n >= 0 || errno == EAGAIN, "send after %zu of %zu bytes: %s", sent, size,
		      strerror(errno));
		sent += n > 0 ? (size_t)n : 0;
	}
}

/* Compares what comes next with `expected`, of which `left` bytes are to come: the bytes that
 * came, 0 at the end of the stream, -1 if nothing is there. */
static ssize_t receive_some(int fd, const uint8_t *expected, size_t left)
{
	static uint8_t piece[PIECE_BYTES];
	/* One byte more than there should be, so that a byte too many shows. */
	size_t room = left < sizeof(piece) ? left + 1 : sizeof(piece);
	ssize_t n = recv(fd, piece, room, 0);

	check(n >= 0 || errno == EAGAIN, "receive with %zu bytes to come: %s", left,
	      strerror(errno));
	check(n <= 0 || (size_t)n <= left, "more bytes came back than were sent");
	if (n > 0 && memcmp(piece, expected, (size_t)n))
		for (ssize_t i = 0; i < n; i++)
			check(piece[i] == expected[i], "wrong byte with %zu to come",
			      left - (size_t)i);
	return n;
}

void client_expect(int fd, const uint8_t *data, size_t size, bool end)
{
	size_t got = 0;
	ssize_t n = -1;

	while (got < size || (end && n)) {
		check(client_readable(fd, ANSWER_MS), "nothing comes after %zu of %zu bytes", got,
		      size);
		n = receive_some(fd, data + got, size - got);
		check(n || got == size, "the stream ends after %zu of %zu bytes", got, size);
		got += n > 0 ? (size_t)n : 0;
	}
}

void client_ping(int fd, size_t size)
{
	uint8_t *data = random_bytes(size);

	client_send(fd, data, size);
	client_expect(fd, data, size, false);
	free(data);
}

void client_finish(int fd)
{
	check(!shutdown(fd, SHUT_WR), "shutdown: %s", strerror(errno));
	client_expect(fd, NULL, 0, true);
	close(fd);
}

void client_reset(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

size_t client_flood(int fd, size_t most, int64_t ms)
{
	uint8_t *data = random_bytes(PIECE_BYTES);
	size_t sent = 0;

	while (sent < most && wait_for(fd, POLLOUT, ms) & POLLOUT) {
		size_t piece = most - sent < PIECE_BYTES ? most - sent : PIECE_BYTES;
		ssize_t n = send(fd, data, piece, MSG_NOSIGNAL);

		if (n < 0 && (errno == ECONNRESET || errno == EPIPE))
			break;
		check(n >= 0 || errno == EAGAIN, "send: %s", strerror(errno));
		sent += n > 0 ? (size_t)n : 0;
	}
	free(data);
	return sent;
}

/* ---- Talks ----------------------------------------------------------------------------------- */

void talk_start(struct talk *t, int fd, size_t size)
{
	*t = (struct talk){ .fd = fd, .data = random_bytes(size), .size = size };
}

/* A few bytes, or about a segment, or more than any buffer: each has its own way to be split. */
static size_t random_piece(void)
{
	static const size_t most[] = { 16, 5000, 70000 };

	return random_between(1, most[random_between(0, 2)]);
}

void talk_push(struct talk *t)
{
	size_t piece = random_piece(), left = t->size - t->sent;
	ssize_t n = send(t->fd, t->data + t->sent, piece < left ? piece : left, MSG_NOSIGNAL);

	check(n >= 0 || errno == EAGAIN, "send after %zu of %zu bytes: %s", t->sent, t->size,
	      strerror(errno));
	t->sent += n > 0 ? (size_t)n : 0;
}

static void talk_end(struct talk *t)
{
	check(t->finished && t->received == t->size, "the stream ends after %zu of %zu bytes",
	      t->received, t->size);
	close(t->fd);
	t->fd = -1;
	free(t->data);
	t->data = NULL;
}

static void talk_step(struct talk *t, short events)
{
	if (events & POLLOUT)
		talk_push(t);
	/* A size of 0 ends without ever having been able to send. */
	if (t->sent == t->size && !t->finished) {
		check(!shutdown(t->fd, SHUT_WR), "shutdown: %s", strerror(errno));
		t->finished = true;
	}
	if (events & (POLLIN | POLLHUP | POLLERR)) {
		ssize_t n = receive_some(t->fd, t->data + t->received, t->sent - t->received);

		if (n > 0)
			t->received += (size_t)n;
		else if (n == 0)
			talk_end(t);
	}
}

static void check_progress(bool progress, const struct talk *talks, unsigned count)
{
	for (unsigned i = 0; i < count && !progress; i++)
		check(talks[i].fd < 0, "stuck: client %u sent %zu of %zu and got %zu bytes", i,
		      talks[i].sent, talks[i].size, talks[i].received);
}

void talks_run(struct talk *talks, unsigned count)
{
	struct pollfd *polls = calloc(count, sizeof(*polls));

	check(polls, "out of memory");
	for (;;) {
		unsigned open = 0;

		for (unsigned i = 0; i < count; i++) {
			struct talk *t = &talks[i];

			polls[i].fd = t->fd;
			polls[i].events = t->finished ? POLLIN : POLLIN | POLLOUT;
			open += t->fd >= 0;
		}
		if (!open)
			break;
		check_progress(poll(polls, count, ANSWER_MS) > 0, talks, count);
		for (unsigned i = 0; i < count; i++)
			if (talks[i].fd >= 0 && polls[i].revents)
				talk_step(&talks[i], polls[i].revents);
	}
	free(polls);
}

void talk_once(const struct server *s, size_t size)
{
	struct talk t;

	talk_start(&t, client_connect(s), size);
	talks_run(&t, 1);
}
