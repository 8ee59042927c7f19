/* SPDX-License-Identifier: MIT */
/* One client's behaviour harms no other, nor the server. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cases/check.h"
#include "client.h"

/* Beside a client that is in the way, an echo may be late, but not as late as that client. */
#define PROMPT_MS    2000
#define MEMORY_BYTES (64U << 20)
/* More than all socket buffers on the way hold. */
#define FLOOD_BYTES  (512U << 20)
/* A sender that is refused for so long is held back, not just early. */
#define STUCK_MS     200
#define SMALL_BUFFER 16384

static void ping_promptly(int fd, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		int64_t before = now_ms();

		client_ping(fd, 100);
		check(now_ms() - before < PROMPT_MS, "an echo took %lld ms",
		      (long long)(now_ms() - before));
	}
}

static void check_memory(const struct server *s, uint64_t before)
{
	uint64_t now = server_memory(s);

	check(now < before + MEMORY_BYTES, "memory grew from %llu to %llu bytes",
	      (unsigned long long)before, (unsigned long long)now);
}

static void slow_reader(const struct variant *v)
{
	enum {
		BYTES = 8000000
	};
	struct server s;
	struct talk slow;
	size_t sent;
	int good;

	server_start(&s, v, NULL);
	good = client_connect(&s);
	talk_start(&slow, client_connect(&s), BYTES);
	/* As much as goes without reading any of it. */
	do {
		sent = slow.sent;
		for (unsigned i = 0; i < 100; i++)
			talk_push(&slow);
		ping_promptly(good, 5);
	} while (slow.sent > sent);
	ping_promptly(good, 50);
	talks_run(&slow, 1);
	client_finish(good);
	server_stop(&s, SIGTERM);
}

static void never_readers(const struct variant *v)
{
	enum {
		CLIENTS = 50
	};
	int bad[CLIENTS], good;
	struct server s;
	uint64_t memory;

	server_start(&s, v, NULL);
	good = client_connect(&s);
	ping_promptly(good, 1);
	memory = server_memory(&s);
	for (unsigned i = 0; i < CLIENTS; i++)
		bad[i] = client_connect_small(&s, SMALL_BUFFER);
	for (unsigned i = 0; i < CLIENTS; i++)
		client_flood(bad[i], FLOOD_BYTES, 20);
	ping_promptly(good, 20);
	check_memory(&s, memory);
	talk_once(&s, 300000);
	client_finish(good);
	for (unsigned i = 0; i < CLIENTS; i++) {
		check(!client_broken(bad[i], 0), "client %u is cut off", i);
		client_reset(bad[i]);
	}
	/* With them gone, the server is as it was. */
	talk_once(&s, 1000);
	server_stop(&s, SIGTERM);
}

static void flood(const struct variant *v)
{
	struct server s;
	uint64_t memory;
	size_t sent;
	int fd;

	server_start(&s, v, NULL);
	fd = client_connect(&s);
	client_ping(fd, 100000);
	memory = server_memory(&s);
	sent = client_flood(fd, FLOOD_BYTES, STUCK_MS);
	check(sent < FLOOD_BYTES, "takes all of %zu bytes", sent);
	check(!client_broken(fd, 0), "cut off");
	check_memory(&s, memory);
	client_reset(fd);
	talk_once(&s, 1000);
	server_stop(&s, SIGTERM);
}

static void dies_mid_message(const struct variant *v)
{
	enum {
		CLIENTS = 30,
		BYTES = 100000
	};
	struct server s;
	struct talk good;

	server_start(&s, v, NULL);
	talk_start(&good, client_connect(&s), 400000);
	for (unsigned i = 0; i < CLIENTS; i++) {
		int fd = client_connect(&s);

		/* Whatever fits now: the server may be busy with the other client for good. */
		client_flood(fd, random_between(1, BYTES), 0);
		/* Some while the server is still sending to them. */
		if (i % 3 == 0 && !(v->traits & ONE_CLIENT))
			check(client_readable(fd, ANSWER_MS), "no echo");
		client_reset(fd);
		talk_push(&good);
	}
	talks_run(&good, 1);
	talk_once(&s, 400000);
	server_stop(&s, SIGTERM);
}

const struct behaviour harm_behaviours[] = {
	/* While it serves the one client, a server for one client serves no other. */
	{ .name = "a slow reader holds nobody up", .run = slow_reader, .not_for = ONE_CLIENT },
	{ .name = "50 clients that never read hold nobody up",
	  .run = never_readers,
	  .not_for = ONE_CLIENT },
	{ .name = "a flood does not fill the memory", .run = flood },
	{ .name = "a client that dies mid-message", .run = dies_mid_message },
	{ 0 },
};
