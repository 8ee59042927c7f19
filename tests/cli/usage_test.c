/* SPDX-License-Identifier: MIT */
/* What the program says when it cannot do what was asked, or is asked what it can do. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases/check.h"
#include "client.h"

#define MAX_ARGUMENTS 8

/* Runs it to its end: its exit code, and what it said. */
static int run(const char *const *words, const struct server_setup *setup, char **out, char **err)
{
	struct process p;
	int code;

	process_start(&p, words, setup);
	check(process_wait(&p, EXIT_MS), "does not end");
	code = process_exit_code(&p);
	*out = process_out(&p);
	*err = process_err(&p);
	process_free(&p);
	return code;
}

static void join(char *line, size_t size, const char *const *words)
{
	size_t n = 0;

	*line = '\0';
	for (; *words && n < size; words++)
		n += (size_t)snprintf(line + n, size - n, " %s", *words);
}

/* One line on stderr with all of `parts`, nothing on stdout, and this exit code. */
static void check_complaint(const char *const *words, const struct server_setup *setup, int code,
			    const char *const *parts)
{
	char line[512], *out, *err;
	int got = run(words, setup, &out, &err);

	join(line, sizeof(line), words);
	check(got == code, "'anyring%s' exits with %d and says: %s", line, got, err);
	check(!*out, "'anyring%s' prints: %s", line, out);
	check(count_lines(err, "") == 1, "'anyring%s' does not say one line: %s", line, err);
	for (; *parts; parts++)
		check(strstr(err, *parts), "'anyring%s' does not name '%s': %s", line, *parts, err);
	free(out);
	free(err);
}

static void usage_errors(const struct variant *v)
{
	static const struct {
		const char *words[MAX_ARGUMENTS];
		const char *cause;
	} wrong[] = {
		{ { NULL }, "no subcommand" },
		{ { "nosuch" }, "nosuch" },
		{ { "--nosuch" }, "--nosuch" },
		{ { "echo", "--nosuch" }, "--nosuch" },
		{ { "echo", "--nosuch", "-a" }, "--nosuch" },
		{ { "echo", "-z" }, "-z" },
		{ { "echo", "-p" }, "-p" },
		{ { "echo", "--port" }, "--port" },
		{ { "echo", "--json=yes" }, "--json" },
		{ { "echo", "-p", "0" }, "'0'" },
		{ { "echo", "-p", "65536" }, "65536" },
		{ { "echo", "-p", "-1" }, "-1" },
		{ { "echo", "-p", "http" }, "http" },
		{ { "echo", "-p", "80x" }, "80x" },
		{ { "echo", "-p", "" }, "''" },
		{ { "echo", "-H", "nonsense" }, "nonsense" },
		{ { "echo", "-H", "300.0.0.1" }, "300.0.0.1" },
		{ { "echo", "-H", "" }, "''" },
		{ { "echo", "--wait", "5" }, "--wait" },
		{ { "echo", "--wait", "0:5" }, "--wait" },
		{ { "echo", "--wait", "64:0" }, "--wait" },
		{ { "echo", "--wait", "x:1" }, "--wait" },
		{ { "echo", "--wait", "5:" }, "--wait" },
		{ { "echo", "-w", "5:6:7" }, "--wait" },
		{ { "echo", "--multishot", "--server", "epoll" }, "--multishot" },
		{ { "echo", "--server", "ring-basic", "--fixed" }, "--fixed" },
		{ { "echo", "--server", "ring-batch", "-w", "8:100" }, "--wait" },
		{ { "echo", "--multishot=maybe" }, "maybe" },
		{ { "echo", "-a", "--server", "blocking" }, "--async" },
		{ { "echo", "--server", "epoll", "-s" }, "--sqpoll" },
		{ { "echo", "--server", "epoll", "--engine", "user" }, "--engine" },
		{ { "echo", "--engine", "diesel" }, "auto, kernel, user" },
		{ { "echo", "--engine" }, "--engine" },
		{ { "load", "--engine", "diesel" }, "auto, kernel, user" },
		{ { "echo", "--without", "brakes" }, "brakes" },
		{ { "echo", "--server", "fancy" }, "fancy" },
		{ { "echo", "--server", "fancy" },
		  "blocking, epoll, ring-basic, ring-batch, ring" },
		{ { "echo", "extra" }, "extra" },
		{ { "echo", "-a", "extra" }, "extra" },
		{ { "echo", "--threads", "0" }, "'0'" },
		{ { "echo", "-t", "many" }, "many" },
		{ { "echo", "--buffer-size", "0" }, "'0'" },
		{ { "echo", "--buffer-size", "9G" }, "9G" },
		{ { "echo", "--max-conns", "0" }, "'0'" },
		{ { "echo", "--idle-timeout", "soon" }, "soon" },
		{ { "echo", "--idle-timeout", "0" }, "'0'" },
		{ { "echo", "--unix", "" }, "UNIX" },
	};

	(void)v;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		check_complaint(wrong[i].words, NULL, 2, (const char *[]){ wrong[i].cause, NULL });
}

static void port_in_use(const struct variant *v)
{
	struct server s;
	char port[8];

	server_start(&s, v, NULL);
	snprintf(port, sizeof(port), "%u", s.port);
	check_complaint((const char *[]){ "echo", "-p", port, "--server", "epoll", NULL }, NULL, 1,
			(const char *[]){ port, "in use", "--port", NULL });
	talk_once(&s, 100);
	server_stop(&s, SIGTERM);
}

static void foreign_address(const struct variant *v)
{
	int reservation;
	char port[8];

	(void)v;
	snprintf(port, sizeof(port), "%u", port_reserve(false, &reservation));
	/* An address for documentation: nobody has it. */
	check_complaint((const char *[]){ "echo", "-H", "192.0.2.1", "-p", port, NULL }, NULL, 1,
			(const char *[]){ "192.0.2.1", NULL });
	close(reservation);
}

static void help(const struct variant *v)
{
	static const struct {
		const char *words[MAX_ARGUMENTS];
		const char *example;
	} asked[] = {
		{ { "--help" }, "  anyring echo" },
		{ { "-h" }, "  anyring echo" },
		{ { "echo", "--help" }, "  anyring echo " },
		{ { "echo", "-h" }, "  anyring echo " },
		{ { "--version" }, "anyring " },
	};

	(void)v;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		char line[512], *out, *err;
		int code = run(asked[i].words, NULL, &out, &err);

		join(line, sizeof(line), asked[i].words);
		check(code == 0, "'anyring%s' exits with %d", line, code);
		check(strstr(out, asked[i].example), "'anyring%s' gives no example: %s", line, out);
		check(!*err, "'anyring%s' complains: %s", line, err);
		free(out);
		free(err);
	}
}

/* ---- Where io_uring is refused --------------------------------------------------------------- */

/* As containers answer, and as kernels without it do. */
static const int refusals[] = { EPERM, ENOSYS };

#define REFUSALS (sizeof(refusals) / sizeof(refusals[0]))

/* The counters that the server has printed name this engine, and give a reason with `why` in it;
 * those of a server without rings name none. */
static void check_engine(const struct server *s, const struct variant *v, const char *engine,
			 const char *why)
{
	char *out = process_out(&s->process), member[64];

	snprintf(member, sizeof(member), "\"engine\":\"%s\"", engine);
	if (v->traits & NO_RING)
		check(!strstr(out, "engine"), "names an engine: %s", out);
	else
		check(strstr(out, member) && strstr(out, why), "no %s, with '%s', in %s", member,
		      why, out);
	free(out);
}

/* The words of a server that is started with --engine kernel, and told no. */
static void kernel_refused(const struct variant *v)
{
	char line[256], port[8];
	const char *words[MAX_ARGUMENTS + 6] = { "echo",     "-p",     port,
						 "--engine", "kernel", "--server" };
	unsigned n = 6;
	int reservation;

	snprintf(line, sizeof(line), "%s", v->words);
	for (char *rest = NULL, *w = strtok_r(line, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		words[n++] = w;
	snprintf(port, sizeof(port), "%u", port_reserve(false, &reservation));
	for (size_t i = 0; i < REFUSALS; i++) {
		struct server_setup setup = { .deny_ring = refusals[i] };

		check_complaint(words, &setup, 1,
				(const char *[]){ strerror(refusals[i]), "a seccomp filter",
						  "--engine auto", "--server epoll", NULL });
	}
	close(reservation);
}

static void serves_anyway(const struct variant *v)
{
	/* Whatever ANYRING_ENGINE says. */
	const char *words = v->traits & NO_RING ? "--json" : "--json --engine auto";

	for (size_t i = 0; i < REFUSALS; i++) {
		struct server_setup setup = { .deny_ring = refusals[i], .words = words };
		struct server s;

		server_start(&s, v, &setup);
		talk_once(&s, 10000);
		server_stop_only(&s, SIGTERM);
		check_engine(&s, v, "user", strerror(refusals[i]));
		server_free(&s);
	}
}

/* Which engine served is in the counters, and why. */
static void named_engine(const struct variant *v)
{
	struct server_setup setup = { .words = "--json --engine user" };
	struct server s;

	server_start(&s, v, &setup);
	talk_once(&s, 10000);
	server_stop_only(&s, SIGTERM);
	check_engine(&s, v, "user", "asks for the user engine");
	server_free(&s);
}

const struct behaviour usage_behaviours[] = {
	{ .name = "usage errors name their cause", .run = usage_errors, .once = true },
	{ .name = "a port in use is named", .run = port_in_use },
	{ .name = "a foreign address is named", .run = foreign_address, .once = true },
	{ .name = "help gives an example", .run = help, .once = true },
	{ .name = "where io_uring is refused", .run = serves_anyway },
	{ .name = "the kernel engine where io_uring is refused",
	  .run = kernel_refused,
	  .not_for = NO_RING },
	{ .name = "the user engine", .run = named_engine, .not_for = NO_RING },
	{ 0 },
};
