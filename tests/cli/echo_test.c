/* SPDX-License-Identifier: MIT */
/* What was sent comes back, exactly, however it is cut up. */
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases/check.h"
#include "client.h"

static void exact_sizes(const struct variant *v)
{
	/* Around the size of a receive buffer, and beyond what sockets hold. */
	static const size_t sizes[] = { 0, 1, 2, 100, 4095, 4096, 4097, 65536, 1000003 };
	struct server s;

	server_start(&s, v, NULL);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		talk_once(&s, sizes[i]);
	server_stop(&s, SIGTERM);
}

/* Messages of all sizes on one connection, which then stays open while the server stops. */
static void one_connection(const struct variant *v)
{
	static const size_t sizes[] = { 1, 4096, 2, 65536, 4095, 100, 300000, 4097, 1 };
	struct server s;
	int fd;

	server_start(&s, v, NULL);
	fd = client_connect(&s);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		client_ping(fd, sizes[i]);
	server_stop(&s, SIGTERM);
	close(fd);
}

static void byte_at_a_time(const struct variant *v)
{
	enum {
		BYTES = 600
	};
	struct server s;
	uint8_t *data = random_bytes(BYTES);
	size_t echoed = 0;
	int fd;

	server_start(&s, v, NULL);
	fd = client_connect(&s);
	for (size_t i = 0; i < BYTES; i++) {
		client_send(fd, data + i, 1);
		/* Now and then it waits for all that is due; else the bytes pile up. */
		if (random_between(0, 3) == 0 || i == BYTES - 1) {
			client_expect(fd, data + echoed, i + 1 - echoed, false);
			echoed = i + 1;
		}
	}
	client_finish(fd);
	free(data);
	server_stop(&s, SIGTERM);
}

/* All that the server knows when it starts to echo is that nothing more will come. */
static void half_closed(const struct variant *v)
{
	enum {
		BYTES = 200000
	};
	struct server s;

	server_start(&s, v, NULL);
	for (unsigned round = 0; round < 5; round++) {
		uint8_t *data = random_bytes(BYTES);
		size_t size = random_between(1, BYTES);
		int fd = client_connect(&s);

		client_send(fd, data, size);
		check(!shutdown(fd, SHUT_WR), "shutdown");
		sleep_ms(20);
		client_expect(fd, data, size, true);
		close(fd);
		free(data);
	}
	server_stop(&s, SIGTERM);
}

static void crowd(const struct variant *v, const char *words, unsigned clients, size_t most)
{
	static struct talk talks[200];
	struct server_setup setup = { .words = words };
	struct server s;

	server_start(&s, v, &setup);
	for (unsigned i = 0; i < clients; i++)
		talk_start(&talks[i], client_connect(&s), random_between(1, most));
	talks_run(talks, clients);
	server_stop(&s, SIGTERM);
}

static void many_at_once(const struct variant *v)
{
	crowd(v, NULL, 200, 30000);
}

/* More in flight than a server has buffers: it must wait for its own, and go on. */
static void more_than_buffers(const struct variant *v)
{
	crowd(v, "--buffer-size 64", 50, 60000);
	crowd(v, NULL, 40, 1000000);
}

static void many_in_sequence(const struct variant *v)
{
	enum {
		CLIENTS = 300
	};
	struct server s;

	server_start(&s, v, NULL);
	for (unsigned i = 0; i < CLIENTS; i++) {
		int fd = client_connect(&s);

		client_ping(fd, random_between(1, 200));
		/* Both ways to leave. */
		if (i % 2)
			client_finish(fd);
		else
			close(fd);
	}
	server_stop(&s, SIGTERM);
}

static void buffer_sizes(const struct variant *v)
{
	static const char *const words[] = { "--buffer-size 1", "--buffer-size 37",
					     "--buffer-size 1M" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct server_setup setup = { .words = words[i] };
		struct server s;

		server_start(&s, v, &setup);
		talk_once(&s, random_between(1, 5000));
		talk_once(&s, i ? 300000 : 10000);
		server_stop(&s, SIGTERM);
	}
}

const struct behaviour echo_behaviours[] = {
	{ .name = "exact for every size", .run = exact_sizes },
	{ .name = "exact on one connection", .run = one_connection },
	{ .name = "a byte at a time", .run = byte_at_a_time },
	{ .name = "half-closed clients get their last bytes", .run = half_closed },
	{ .name = "200 clients at once", .run = many_at_once },
	{ .name = "more in flight than there are buffers", .run = more_than_buffers },
	{ .name = "300 clients in sequence", .run = many_in_sequence },
	{ .name = "any buffer size", .run = buffer_sizes },
	{ 0 },
};
