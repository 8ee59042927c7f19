/* SPDX-License-Identifier: MIT */
/* More clients than the server may hold, and clients that hold on to nothing. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases/check.h"
#include "client.h"

#define MESSAGE	      50
/* No more echoes come if none has come for so long. */
#define SILENCE_MS    300
/* An echo that is due comes earlier, however busy the machine is. */
#define DUE_MS	      10000
/* The part that all messages about a limit share. */
#define LIMIT_MESSAGE "new ones wait"

/* Clients that have all sent a message and wait for its echo. */
struct crowd {
	unsigned count;
	struct member {
		int fd; /* -1: gone */
		bool served;
		uint8_t *data;
	} members[64];
};

static void crowd_come(struct crowd *c, const struct server *s, unsigned count)
{
	c->count = count;
	for (unsigned i = 0; i < count; i++)
		c->members[i] = (struct member){ .fd = client_connect(s) };
	for (unsigned i = 0; i < count; i++) {
		c->members[i].data = random_bytes(MESSAGE);
		client_send(c->members[i].fd, c->members[i].data, MESSAGE);
	}
}

/* Takes the echoes that come: `due` of them, and whatever comes before there is silence. How many
 * have been served. */
static unsigned crowd_served(struct crowd *c, unsigned due)
{
	unsigned served = 0;

	for (unsigned i = 0; i < c->count; i++)
		served += c->members[i].served;
	while (served < c->count) {
		struct pollfd polls[64];

		for (unsigned i = 0; i < c->count; i++) {
			polls[i].fd = c->members[i].served ? -1 : c->members[i].fd;
			polls[i].events = POLLIN;
		}
		if (poll(polls, c->count, served < due ? DUE_MS : SILENCE_MS) <= 0)
			break;
		for (unsigned i = 0; i < c->count; i++) {
			struct member *m = &c->members[i];

			if (polls[i].fd < 0 || !polls[i].revents)
				continue;
			/* Waiting is no reason to be turned away: that fails here. */
			client_expect(m->fd, m->data, MESSAGE, false);
			m->served = true;
			served++;
		}
	}
	return served;
}

/* Some that have been served leave; how many did. */
static unsigned crowd_leave(struct crowd *c, unsigned most)
{
	unsigned left = 0;

	for (unsigned i = 0; i < c->count && left < most; i++) {
		struct member *m = &c->members[i];

		if (!m->served || m->fd < 0)
			continue;
		close(m->fd);
		free(m->data);
		m->fd = -1;
		left++;
	}
	return left;
}

/* All leave, once the server has closed its ends. */
static void crowd_part(struct crowd *c)
{
	for (unsigned i = 0; i < c->count; i++) {
		client_finish(c->members[i].fd);
		free(c->members[i].data);
		c->members[i].fd = -1;
	}
}

static void connection_limit(const struct variant *v)
{
	enum {
		LIMIT = 5,
		CLIENTS = 8
	};
	struct server_setup setup = { .words = "--max-conns 5" };
	struct crowd crowd;
	struct server s;
	unsigned n;

	server_start(&s, v, &setup);
	crowd_come(&crowd, &s, CLIENTS);
	n = crowd_served(&crowd, LIMIT);
	check(n == LIMIT, "%u clients were served at once", n);
	check(server_complaints(&s, LIMIT_MESSAGE) == 1, "%u lines say so",
	      server_complaints(&s, LIMIT_MESSAGE));
	crowd_leave(&crowd, 1);
	n = crowd_served(&crowd, LIMIT + 1);
	check(n == LIMIT + 1, "%u clients were served when one had left", n);
	crowd_leave(&crowd, LIMIT);
	n = crowd_served(&crowd, CLIENTS);
	check(n == CLIENTS, "%u clients were served when all had left", n);
	crowd_leave(&crowd, CLIENTS);
	/* As good as new. */
	for (unsigned i = 0; i < 20; i++)
		talk_once(&s, 1000);
	server_stop(&s, SIGTERM);
}

/* The server itself knows it, which a client's end says only of its socket: with --async, the
 * thread that closes one may be kept from telling. */
static void await_closed(const struct server *s, unsigned count)
{
	int64_t deadline = now_ms() + DUE_MS;

	while (server_complaints(s, " closed") < count) {
		check(now_ms() < deadline, "%u of %u clients are closed",
		      server_complaints(s, " closed"), count);
		sleep_ms(1);
	}
}

/* Never more than the limit, so nobody waits, and nobody is told of it in vain. */
static void below_limit(const struct variant *v)
{
	enum {
		CLIENTS = 4
	};
	struct server_setup setup = { .words = "--max-conns 5 --debug" };
	struct crowd crowd;
	struct server s;
	unsigned n;

	server_start(&s, v, &setup);
	for (unsigned round = 1; round <= 10; round++) {
		crowd_come(&crowd, &s, CLIENTS);
		n = crowd_served(&crowd, CLIENTS);
		check(n == CLIENTS, "%u of %d clients were served", n, CLIENTS);
		crowd_part(&crowd);
		await_closed(&s, round * CLIENTS);
	}
	check(!server_complaints(&s, LIMIT_MESSAGE), "the limit was not reached");
	server_stop(&s, SIGTERM);
}

/* Out of descriptors that others hold: it waits for some, and neither spins nor turns anyone
 * away. */
static void held_descriptors(const struct variant *v)
{
	enum {
		CLIENTS = 60,
		WATCHED_MS = 500
	};
	struct server_setup setup = { .nofile = 128, .inherited = 80 };
	struct crowd crowd;
	struct server s;
	unsigned served;
	uint64_t cpu;

	server_start(&s, v, &setup);
	crowd_come(&crowd, &s, CLIENTS);
	served = crowd_served(&crowd, 1);
	check(served > 0, "nobody is served");
	/* A polling thread of the kernel's is the server's, too, and spins by design. */
	if (!strstr(v->words, " -s")) {
		cpu = server_cpu_ms(&s);
		sleep_ms(WATCHED_MS);
		cpu = server_cpu_ms(&s) - cpu;
		check(cpu < WATCHED_MS / 2, "%llu ms of CPU in %d ms without work",
		      (unsigned long long)cpu, WATCHED_MS);
	}
	while (served < CLIENTS) {
		unsigned left = crowd_leave(&crowd, CLIENTS);

		check(left > 0, "%u of %u clients were served, and then nobody", served, CLIENTS);
		served = crowd_served(&crowd, served + 1);
	}
	crowd_leave(&crowd, CLIENTS);
	server_stop(&s, SIGTERM);
}

/* Descriptors above what --max-conns needs are as good as others. */
static void high_descriptors(const struct variant *v)
{
	struct server_setup setup = { .inherited = 90, .words = "--max-conns 10" };
	struct server s;

	server_start(&s, v, &setup);
	talk_once(&s, 10000);
	server_stop(&s, SIGTERM);
}

static void few_descriptors(const struct variant *v)
{
	enum {
		CLIENTS = 60
	};
	struct server_setup setup = { .nofile = 40 };
	struct crowd crowd;
	struct server s;
	unsigned served;

	server_start(&s, v, &setup);
	crowd_come(&crowd, &s, CLIENTS);
	served = crowd_served(&crowd, 1);
	check(served > 0, "nobody is served");
	check(served < CLIENTS, "all are served: the limit is not tested");
	check(server_complaints(&s, "ulimit -n") > 0, "nothing is said about 'ulimit -n'");
	check(server_complaints(&s, LIMIT_MESSAGE) <= 2, "said %u times",
	      server_complaints(&s, LIMIT_MESSAGE));
	while (served < CLIENTS) {
		unsigned left = crowd_leave(&crowd, CLIENTS);

		check(left > 0, "%u of %u clients were served, and then nobody", served, CLIENTS);
		/* Those that come in for those that left. */
		served = crowd_served(&crowd, served + 1);
	}
	crowd_leave(&crowd, CLIENTS);
	talk_once(&s, 10000);
	server_stop(&s, SIGTERM);
}

/* ---- Silence --------------------------------------------------------------------------------- */

#define IDLE_WORDS    "--idle-timeout 1"
#define IDLE_MOST_MS  5000
/* Closed earlier than this, and a client that is only slow loses its connection. */
#define IDLE_LEAST_MS 700

/* Ends as it should: in a while, and without a byte. */
static void expect_closed_for_silence(int fd, int64_t since)
{
	check(client_readable(fd, IDLE_MOST_MS), "a silent client is kept");
	check(now_ms() - since >= IDLE_LEAST_MS, "closed after %lld ms of silence",
	      (long long)(now_ms() - since));
	client_expect(fd, NULL, 0, true);
	close(fd);
}

static void idle_clients(const struct variant *v)
{
	enum {
		ACTIVE = 5
	};
	struct server_setup setup = { .words = IDLE_WORDS };
	struct server s;
	int active[ACTIVE], silent, quiet;
	int64_t since;

	server_start(&s, v, &setup);
	for (unsigned i = 0; i < ACTIVE; i++)
		active[i] = client_connect(&s);
	silent = client_connect(&s);
	quiet = client_connect(&s);
	client_ping(quiet, 10);
	since = now_ms();
	/* Each active client is silent for a tenth of a second at a time: there is always one that
	 * has just spoken, and one that has not. A busy machine makes it more. */
	while (now_ms() - since < 3200)
		for (unsigned i = 0; i < ACTIVE; i++) {
			client_ping(active[i], 10);
			sleep_ms(20);
			if (now_ms() - since < IDLE_LEAST_MS) {
				check(!client_readable(silent, 0), "a client is closed too early");
				check(!client_readable(quiet, 0), "a client is closed too early");
			}
		}
	expect_closed_for_silence(silent, since);
	expect_closed_for_silence(quiet, since);
	for (unsigned i = 0; i < ACTIVE; i++)
		client_finish(active[i]);
	server_stop(&s, SIGTERM);
}

/* The same for a server of one client: one after the other. */
static void idle_client(const struct variant *v)
{
	struct server_setup setup = { .words = IDLE_WORDS };
	struct server s;
	int64_t since;
	int fd;

	if (!(v->traits & ONE_CLIENT)) {
		idle_clients(v);
		return;
	}
	server_start(&s, v, &setup);
	fd = client_connect(&s);
	for (unsigned i = 0; i < 25; i++) {
		client_ping(fd, 10);
		sleep_ms(100);
	}
	client_ping(fd, 10);
	since = now_ms();
	expect_closed_for_silence(fd, since);
	server_stop(&s, SIGTERM);
}

/* A client that takes nothing is silent, too, however much it has sent. */
static void idle_never_reader(const struct variant *v)
{
	struct server_setup setup = { .words = IDLE_WORDS };
	struct server s;
	int bad;

	server_start(&s, v, &setup);
	bad = client_connect_small(&s, 16384);
	client_flood(bad, 64U << 20, 100);
	/* Its unread bytes make the end a reset. */
	check(client_broken(bad, IDLE_MOST_MS), "a client that never reads is kept");
	close(bad);
	talk_once(&s, 100);
	server_stop(&s, SIGTERM);
}

const struct behaviour limit_behaviours[] = {
	/* A server of one client never has two; with several listeners it is chance which of them
	 * a client meets, and so how many find theirs full. */
	{ .name = "--max-conns: the others wait",
	  .run = connection_limit,
	  .not_for = ONE_CLIENT | SEVERAL_LISTENERS },
	{ .name = "--max-conns: not reached, not mentioned",
	  .run = below_limit,
	  .not_for = ONE_CLIENT | SEVERAL_LISTENERS },
	/* A server of one client never runs out of descriptors. */
	{ .name = "few descriptors: the others wait",
	  .run = few_descriptors,
	  .not_for = ONE_CLIENT },
	{ .name = "descriptors that others hold",
	  .run = held_descriptors,
	  .not_for = ONE_CLIENT | SEVERAL_LISTENERS },
	{ .name = "high descriptors", .run = high_descriptors },
	{ .name = "--idle-timeout ends silence", .run = idle_client },
	{ .name = "--idle-timeout ends a client that never reads", .run = idle_never_reader },
	{ 0 },
};
