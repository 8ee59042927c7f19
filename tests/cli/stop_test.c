/* SPDX-License-Identifier: MIT */
/* Signals: the end, and the counters. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases/check.h"
#include "client.h"

#define MESSAGE 100

static const struct server_setup json = { .words = "--json" };

/* Messages of MESSAGE bytes, each echoed before the next is sent, so that none are merged. */
static void known_traffic(const struct server *s, unsigned clients, unsigned messages)
{
	for (unsigned i = 0; i < clients; i++) {
		int fd = client_connect(s);

		for (unsigned j = 0; j < messages; j++)
			client_ping(fd, MESSAGE);
		client_finish(fd);
	}
}

static void check_counter(const struct server *s, const char *name, uint64_t expected)
{
	uint64_t value = server_counter(s, name);

	check(value == expected, "counted %llu %s of %llu", (unsigned long long)value, name,
	      (unsigned long long)expected);
}

/* Only the kernel engine's calls are system calls. */
static const char *calls_counted(const struct server *s)
{
	char *out = process_out(&s->process);
	bool user = strstr(out, "\"engine\":\"user\"");

	free(out);
	return user ? "engine_calls" : "system_calls";
}

static void check_counters(const struct server *s, unsigned clients, unsigned messages)
{
	check_counter(s, "connections", clients);
	check_counter(s, "messages", messages);
	check_counter(s, "bytes", (uint64_t)messages * MESSAGE);
	check(server_counter(s, calls_counted(s)) > 0, "no calls counted");
}

static void counters(const struct variant *v, int signal)
{
	struct server s;

	server_start(&s, v, &json);
	known_traffic(&s, 7, 13);
	server_stop_only(&s, signal);
	check_counters(&s, 7, 7 * 13);
	server_free(&s);
}

static void counters_at_sigterm(const struct variant *v)
{
	counters(v, SIGTERM);
}

static void counters_at_sigint(const struct variant *v)
{
	counters(v, SIGINT);
}

static void counters_as_text(const struct variant *v)
{
	struct server s;
	char *out;

	server_start(&s, v, NULL);
	known_traffic(&s, 1, 3);
	server_stop_only(&s, SIGINT);
	out = process_out(&s.process);
	check(strstr(out, "connections    1\n") && strstr(out, "messages       3\n") &&
		      strstr(out, "bytes          300\n"),
	      "printed: %s", out);
	free(out);
	server_free(&s);
}

/* Waits for one more line of counters. */
static void report(const struct server *s, unsigned line)
{
	int64_t deadline = now_ms() + ANSWER_MS;
	unsigned lines;

	kill(s->process.pid, SIGUSR1);
	do {
		char *out = process_out(&s->process);

		check(now_ms() < deadline, "no report");
		sleep_ms(2);
		lines = count_lines(out, "connections");
		free(out);
	} while (lines < line);
}

static void sigusr1(const struct variant *v)
{
	struct server s;
	int fd;

	server_start(&s, v, &json);
	/* Once while it waits for a client, then while it waits for a message. */
	report(&s, 1);
	check_counter(&s, "connections", 0);
	fd = client_connect(&s);
	for (unsigned i = 1; i < 4; i++) {
		client_ping(fd, MESSAGE);
		report(&s, 1 + i);
		check_counter(&s, "connections", 1);
		check_counter(&s, "messages", i);
	}
	client_ping(fd, MESSAGE);
	client_finish(fd);
	server_stop_only(&s, SIGTERM);
	check_counters(&s, 1, 4);
	server_free(&s);
}

/* Nobody reads its report any more: that is no reason to drop its clients. */
static void broken_stdout(const struct variant *v)
{
	struct server_setup setup = { .broken_stdout = true };
	struct server s;
	int fd;

	server_start(&s, v, &setup);
	fd = client_connect(&s);
	client_ping(fd, MESSAGE);
	kill(s.process.pid, SIGUSR1);
	sleep_ms(50);
	client_ping(fd, MESSAGE);
	client_finish(fd);
	server_stop(&s, SIGTERM);
}

/* What has reached the server before the signal is still echoed; then the stream ends. */
static void last_bytes(const struct variant *v)
{
	enum {
		CLIENTS = 10,
		BYTES = 20000
	};
	unsigned clients = v->traits & ONE_CLIENT ? 1 : CLIENTS;
	uint8_t *data[CLIENTS];
	int fds[CLIENTS];
	struct server s;

	server_start(&s, v, NULL);
	for (unsigned i = 0; i < clients; i++) {
		fds[i] = client_connect(&s);
		client_ping(fds[i], 10);
	}
	for (unsigned i = 0; i < clients; i++) {
		data[i] = random_bytes(BYTES);
		client_send(fds[i], data[i], BYTES);
	}
	kill(s.process.pid, SIGTERM);
	for (unsigned i = 0; i < clients; i++) {
		client_expect(fds[i], data[i], BYTES, true);
		close(fds[i]);
		free(data[i]);
	}
	check(process_wait(&s.process, EXIT_MS), "does not end");
	check(process_exit_code(&s.process) == 0, "exit code %d", process_exit_code(&s.process));
	server_free(&s);
}

/* The server closes first, so that its side has the connection in TIME_WAIT. */
static void port_is_free_at_once(const struct variant *v)
{
	enum {
		ROUNDS = 10
	};
	struct server_setup setup = { 0 };
	unsigned slow = 0;
	int reservation;

	setup.port = port_reserve(false, &reservation);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct server s;
		int64_t before;
		int fd;

		server_start(&s, v, &setup);
		fd = client_connect(&s);
		client_ping(fd, MESSAGE);
		before = now_ms();
		server_stop(&s, SIGTERM);
		slow += now_ms() - before >= 1500;
		close(fd);
	}
	/* A silent client is no work in flight: who waits for it waits each time, and a busy
	 * machine does not. */
	check(slow < ROUNDS, "%u of %u times it took long to stop", slow, ROUNDS);
	close(reservation);
}

static void beside_a_never_reader(const struct variant *v)
{
	struct server s;
	int bad, idle;

	server_start(&s, v, &json);
	bad = client_connect_small(&s, 16384);
	client_flood(bad, 64U << 20, 100);
	idle = client_connect(&s);
	server_stop_only(&s, SIGTERM);
	check(server_counter(&s, "connections") > 0, "no client counted");
	server_free(&s);
	close(bad);
	close(idle);
}

const struct behaviour stop_behaviours[] = {
	{ .name = "stops beside a client that never reads", .run = beside_a_never_reader },
	{ .name = "SIGTERM: exact counters", .run = counters_at_sigterm },
	{ .name = "SIGINT: exact counters", .run = counters_at_sigint },
	{ .name = "counters as text", .run = counters_as_text },
	{ .name = "SIGUSR1 with a broken stdout", .run = broken_stdout },
	{ .name = "SIGUSR1: counters, and goes on", .run = sigusr1 },
	{ .name = "SIGTERM: the last bytes are echoed", .run = last_bytes },
	{ .name = "the port is free at once", .run = port_is_free_at_once },
	{ 0 },
};
