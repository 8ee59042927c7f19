/* SPDX-License-Identifier: MIT */
/* `anyring load`: what it counts is what happened, and it believes no server. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases/check.h"
#include "client.h"

#define LOAD_MS 30000

/* Runs `anyring load --json -p PORT WORDS`; its exit code, and what it said, to be freed. */
static int run_load(in_port_t port, const char *words_line, char **out, char **err)
{
	char line[256], port_word[8];
	const char *words[24] = { "load", "--json", "-p", port_word };
	unsigned n = 4;
	struct process p;
	int code;

	snprintf(port_word, sizeof(port_word), "%u", port);
	snprintf(line, sizeof(line), "%s", words_line);
	for (char *rest = NULL, *w = strtok_r(line, " ", &rest); w;
	     w = strtok_r(NULL, " ", &rest)) {
		check(n < 23, "too many words");
		words[n++] = w;
	}
	process_start(&p, words, NULL);
	check(process_wait(&p, LOAD_MS), "the load does not end");
	code = process_exit_code(&p);
	*out = process_out(&p);
	*err = process_err(&p);
	process_free(&p);
	return code;
}

static double json_number(const char *json, const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\":", name);
	at = strstr(json, key);
	check(at, "no %s in %s", name, json);
	return strtod(at + strlen(key), NULL);
}

/* A run that must go well: how many messages it counts. */
static double good_load(in_port_t port, const char *words)
{
	char *out, *err;
	int code = run_load(port, words, &out, &err);
	double messages;

	check(code == 0, "'load %s' exits with %d: %s %s", words, code, out, err);
	check(json_number(out, "errors") == 0 && json_number(out, "mismatches") == 0,
	      "'load %s' counts errors: %s", words, out);
	messages = json_number(out, "messages");
	free(out);
	free(err);
	return messages;
}

/* Only a machine that does something else all that time answers nothing: it gets more of it. */
static void expect_some_in_time(in_port_t port, const char *options)
{
	static const char *const times[] = { "0.2", "1", "5" };
	double n = 0;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]) && n == 0; i++) {
		char words[64];

		snprintf(words, sizeof(words), "%s -T %s", options, times[i]);
		n = good_load(port, words);
	}
	check(n > 0, "'load %s' counts nothing in 5 seconds", options);
}

/* ---- Against our own servers ----------------------------------------------------------------- */

static void counts_messages(const struct variant *v)
{
	static const struct {
		const char *words;
		double messages;
	} loads[] = {
		{ "-n 500 -c 10", 500 },
		{ "-n 7 -c 10", 7 },
		{ "-n 300 -c 3 --depth 8 -s 10000", 300 },
		{ "-n 20 -c 2 -s 1000003", 20 },
		{ "-n 1000 -c 5 -s 1 --depth 100", 1000 },
		{ "-n 200 -c 4 --idle 20", 200 },
		{ "--once -n 300 -c 20", 300 },
		{ "--once -n 20 -c 4 -s 300000", 20 },
	};
	struct server s;

	server_start(&s, v, NULL);
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		double n = good_load(s.port, loads[i].words);

		check(n == loads[i].messages, "'load %s' counts %.0f messages", loads[i].words, n);
	}
	expect_some_in_time(s.port, "-c 20");
	expect_some_in_time(s.port, "-c 20 --once");
	server_stop(&s, SIGTERM);
}

/* A round handles what has completed when it begins, so that it ends, whatever completes meanwhile:
 * two connections' requests, not the thousands that a long stream goes through. */
static void rounds_end(const struct variant *v)
{
	struct server_setup setup = { .words = "--json" };
	struct server s;

	server_start(&s, v, &setup);
	good_load(s.port, "-n 100 -c 2 -s 1000003");
	server_stop_only(&s, SIGTERM);
	check(server_counter(&s, "largest_batch") < 1000, "a batch of %llu",
	      (unsigned long long)server_counter(&s, "largest_batch"));
	server_free(&s);
}

/* Small buffers and workers: each connection wants more of them than there are. */
static void few_buffers(const struct variant *v)
{
	struct variant scarce = { .words = "ring -a --without buffer-ring" };
	struct server_setup setup = { .words = "--buffer-size 16 --max-conns 8" };
	struct server s;

	(void)v;
	server_start(&s, &scarce, &setup);
	check(good_load(s.port, "-c 8 -n 600 -s 16384 --depth 4") == 600, "not all are answered");
	server_stop(&s, SIGTERM);
}

/* A server whose backlog is full keeps the load waiting, but not from ending. */
static void ends_while_connecting(const struct variant *v)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *const words[] = { "load", "--unix", address.sun_path, "-c", "5", NULL };
	struct process load;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)v;
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/anyring-load-%d", (int)getpid());
	check(!bind(listener, (struct sockaddr *)&address, sizeof(address)), "cannot bind");
	check(!listen(listener, 0), "cannot listen");
	process_start(&load, words, NULL);
	sleep_ms(300);
	check(!process_wait(&load, 0), "it does not wait for the server");
	kill(load.pid, SIGINT);
	check(process_wait(&load, EXIT_MS), "SIGINT does not end it");
	check(process_exit_code(&load) == 1, "exits with %d", process_exit_code(&load));
	process_free(&load);
	close(listener);
	unlink(address.sun_path);
}

/* However busy it is kept, a server that is told to stop stops. */
static void stops_under_load(const struct variant *v)
{
	char port[8];
	const char *const words[] = { "load", "-p", port, "-c", "50", "-T", "60", NULL };
	struct process load;
	struct server s;

	server_start(&s, v, NULL);
	snprintf(port, sizeof(port), "%u", s.port);
	process_start(&load, words, NULL);
	sleep_ms(500);
	server_stop(&s, SIGTERM);
	check(process_wait(&load, LOAD_MS), "the load goes on without a server");
	check(process_exit_code(&load) == 1, "the load did not notice");
	process_free(&load);
}

/* The blocking server serves one and leaves the rest waiting: that is told, and is a failure. */
static void tells_unanswered(const struct variant *v)
{
	struct variant blocking = { .words = "blocking" };
	struct server s;
	char *out, *err;
	int code;

	(void)v;
	server_start(&s, &blocking, NULL);
	check(good_load(s.port, "-n 50 -c 1") == 50, "one client is not served");
	code = run_load(s.port, "-T 0.2 -c 5", &out, &err);
	check(code == 1, "exits with %d", code);
	check(json_number(out, "unanswered") == 4, "not 4 unanswered: %s", out);
	check(strstr(err, "4 messages were not answered"), "does not say so: %s", err);
	free(out);
	free(err);
	server_stop(&s, SIGTERM);
}

/* ---- Against servers that fail --------------------------------------------------------------- */

/* What a bad server does with one connection, and how the load must call it. */
struct bad_server {
	const char *name;
	void (*serve)(int fd);
	const char *counter;
	const char *words;
};

static void change_a_byte(int fd)
{
	char buffer[4096];
	ssize_t n;
	size_t all = 0;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		/* The 1000th byte, whatever the pieces. */
		if (all <= 1000 && 1000 < all + (size_t)n)
			buffer[1000 - all] ^= 1;
		all += (size_t)n;
		if (write(fd, buffer, (size_t)n) != n)
			return;
	}
}

static void say_more(int fd)
{
	char buffer[4096];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		if (write(fd, buffer, (size_t)n) != n || write(fd, "more", 4) != 4)
			return;
}

static void close_early(int fd)
{
	char buffer[100];

	if (read(fd, buffer, sizeof(buffer)) > 0 && write(fd, buffer, 1) != 1)
		return;
}

static void serve_badly(int listener, void (*serve)(int fd))
{
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(0);
		serve(fd);
		close(fd);
	}
}

static void believes_nobody(const struct variant *v)
{
	static const struct bad_server bad[] = {
		{ "changes a byte", change_a_byte, "mismatches", "-c 1 -n 100" },
		{ "changes a byte", change_a_byte, "mismatches", "--once -c 1 -n 1 -s 2000" },
		{ "says more than it was told", say_more, "mismatches", "-c 1 -n 100" },
		{ "closes early", close_early, "errors", "-c 1 -n 100" },
		{ "closes early", close_early, "errors", "--once -c 1 -n 3" },
	};

	(void)v;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int listener;
		in_port_t port = port_reserve(false, &listener);
		char *out, *err;
		pid_t pid;
		int code;

		check(!listen(listener, 10), "cannot listen");
		pid = fork();
		check(pid >= 0, "cannot fork");
		if (pid == 0)
			serve_badly(listener, bad[i].serve);
		code = run_load(port, bad[i].words, &out, &err);
		check(code == 1, "%s, and 'load %s' exits with %d: %s", bad[i].name, bad[i].words,
		      code, out);
		check(json_number(out, bad[i].counter) > 0, "%s, and it counts no %s: %s",
		      bad[i].name, bad[i].counter, out);
		check(*err, "%s, and it says nothing", bad[i].name);
		free(out);
		free(err);
		kill(pid, SIGKILL);
		close(listener);
	}
}

static void names_a_missing_server(const struct variant *v)
{
	static const char *const words[] = { "-n 10", "--once -n 10" };
	int reservation;
	in_port_t port = port_reserve(false, &reservation);

	(void)v;
	for (size_t i = 0; i < 2; i++) {
		char *out, *err;
		int code = run_load(port, words[i], &out, &err);

		check(code == 1, "exits with %d", code);
		check(count_lines(err, "") == 1, "does not say one line: %s", err);
		check(strstr(err, "Connection refused") && strstr(err, "anyring echo"),
		      "does not say what to do: %s", err);
		free(out);
		free(err);
	}
	close(reservation);
}

static void refuses_nonsense(const struct variant *v)
{
	static const struct {
		const char *words, *cause;
	} bad[] = {
		{ "--brakes", "--brakes" },
		{ "-c 0", "0" },
		{ "-c many", "many" },
		{ "-s 1T", "1T" },
		{ "-T 0", "0" },
		{ "-T 1 -n 1", "--time" },
		{ "--once --depth 2", "--depth" },
		{ "--once --idle 2", "--idle" },
		{ "-H nowhere", "nowhere" },
		{ "more", "more" },
	};

	(void)v;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *out, *err;
		int code = run_load(1, bad[i].words, &out, &err);

		check(code == 2, "'load %s' exits with %d", bad[i].words, code);
		check(count_lines(err, "") == 1 && strstr(err, bad[i].cause), "'load %s' says: %s",
		      bad[i].words, err);
		check(!*out, "'load %s' prints: %s", bad[i].words, out);
		free(out);
		free(err);
	}
}

static void names_its_engine(const struct variant *v)
{
	static const struct {
		const char *words, *member, *why;
	} runs[] = {
		{ "-n 5 --engine user", "\"engine\":\"user\"", "asks for the user engine" },
		{ "--once -n 5 --engine user", "\"engine\":\"user\"", "asks for the user engine" },
	};
	static const struct variant epoll = { .words = "epoll" };
	struct server s;

	(void)v;
	server_start(&s, &epoll, NULL);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		char *out, *err;
		int code = run_load(s.port, runs[i].words, &out, &err);

		check(code == 0, "'load %s' exits with %d: %s %s", runs[i].words, code, out, err);
		check(strstr(out, runs[i].member) && strstr(out, runs[i].why),
		      "'load %s' does not name its engine: %s", runs[i].words, out);
		free(out);
		free(err);
	}
	server_stop(&s, SIGTERM);
}

const struct behaviour load_behaviours[] = {
	{ .name = "load counts what it was asked for",
	  .run = counts_messages,
	  .not_for = ONE_CLIENT },
	{ .name = "few buffers", .run = few_buffers, .once = true },
	{ .name = "load ends while connecting", .run = ends_while_connecting, .once = true },
	{ .name = "rounds end", .run = rounds_end, .not_for = ONE_CLIENT },
	{ .name = "stops under load", .run = stops_under_load },
	{ .name = "load tells what was not answered", .run = tells_unanswered, .once = true },
	{ .name = "load believes no server", .run = believes_nobody, .once = true },
	{ .name = "load names a missing server", .run = names_a_missing_server, .once = true },
	{ .name = "load names its engine", .run = names_its_engine, .once = true },
	{ .name = "load refuses nonsense", .run = refuses_nonsense, .once = true },
	{ 0 },
};
