/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases/check.h"
#include "cases/refuse.h"
#include "server_process.h"

#define MAX_WORDS     40
#define MAX_PROCESSES 4
/* Between looks at something that gives no event. */
#define LOOK_MS	      2
#define START_MS      10000

/* For the report of a failing case. */
static struct process *processes[MAX_PROCESSES];

/* ---- In the child, before exec --------------------------------------------------------------- */

static void become_program(const struct process *p, char *const *argv,
			   const struct server_setup *setup)
{
	struct rlimit files = { setup->nofile, setup->nofile };

	/* No server outlives its case. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(0);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(p->out, STDOUT_FILENO) < 0 || dup2(p->err, STDERR_FILENO) < 0)
		_exit(126);
	for (unsigned i = 0; i < setup->inherited; i++)
		if (dup(STDERR_FILENO) < 0)
			_exit(126);
	if (setup->broken_stdout) {
		int ends[2];

		if (pipe(ends) || dup2(ends[1], STDOUT_FILENO) < 0)
			_exit(126);
		close(ends[0]);
		close(ends[1]);
	}
	if (setup->nofile && setrlimit(RLIMIT_NOFILE, &files))
		_exit(126);
	if (setup->deny_ring && !refuse_calls(FIRST_RING_CALL, LAST_RING_CALL, setup->deny_ring))
		_exit(126);
	execv(argv[0], argv);
	_exit(127);
}

/* ---- Any process ----------------------------------------------------------------------------- */

static char *file_text(int fd)
{
	struct stat st;
	char *text;

	/* Not lseek(): the writer shares the position. */
	check(!fstat(fd, &st), "fstat: %s", strerror(errno));
	text = calloc(1, (size_t)st.st_size + 1);
	check(text && pread(fd, text, (size_t)st.st_size, 0) == st.st_size,
	      "cannot read what was printed");
	return text;
}

static void describe_processes(void)
{
	for (unsigned i = 0; i < MAX_PROCESSES; i++) {
		struct process *p = processes[i];
		char *err;

		if (!p)
			continue;
		err = process_err(p);
		if (p->ended)
			printf("server (wait status %#x)", (unsigned)p->status);
		else
			printf("server (running)");
		printf(" said:\n%s", err);
		free(err);
		if (!p->ended)
			kill(p->pid, SIGKILL);
	}
}

static void list_process(struct process *old, struct process *new)
{
	unsigned i = 0;

	while (i < MAX_PROCESSES && processes[i] != old)
		i++;
	check(i < MAX_PROCESSES, "more than %u processes", MAX_PROCESSES);
	processes[i] = new;
	check_on_failure(describe_processes);
}

void process_start(struct process *p, const char *const *words, const struct server_setup *setup)
{
	static const struct server_setup plain;
	char *argv[MAX_WORDS + 2] = { getenv("ANYRING") };
	unsigned n = 0;

	for (; words[n]; n++) {
		check(n < MAX_WORDS, "more than %d words", MAX_WORDS);
		argv[n + 1] = (char *)(uintptr_t)words[n];
	}
	p->out = memfd_create("stdout", MFD_CLOEXEC);
	p->err = memfd_create("stderr", MFD_CLOEXEC);
	check(p->out >= 0 && p->err >= 0, "memfd_create: %s", strerror(errno));
	p->ended = false;
	fflush(stdout);
	p->pid = fork();
	check(p->pid >= 0, "fork: %s", strerror(errno));
	if (p->pid == 0)
		become_program(p, argv, setup ? setup : &plain);
	list_process(NULL, p);
}

bool process_wait(struct process *p, int64_t ms)
{
	int64_t deadline = now_ms() + ms;

	while (!p->ended) {
		if (waitpid(p->pid, &p->status, WNOHANG) == p->pid)
			p->ended = true;
		else if (now_ms() > deadline)
			return false;
		else
			sleep_ms(LOOK_MS);
	}
	return true;
}

int process_exit_code(const struct process *p)
{
	check(p->ended && WIFEXITED(p->status), "killed by signal %d", WTERMSIG(p->status));
	return WEXITSTATUS(p->status);
}

char *process_out(const struct process *p)
{
	return file_text(p->out);
}

char *process_err(const struct process *p)
{
	return file_text(p->err);
}

void process_free(struct process *p)
{
	check(p->ended, "the process still runs");
	list_process(p, NULL);
	close(p->out);
	close(p->err);
}

/* ---- Servers --------------------------------------------------------------------------------- */

static void set_address(struct server *s, const struct server_setup *setup)
{
	memset(&s->address, 0, sizeof(s->address));
	if (setup->unix_path) {
		s->address.local.sun_family = AF_UNIX;
		snprintf(s->address.local.sun_path, sizeof(s->address.local.sun_path), "%s",
			 setup->unix_path);
		s->address_length = sizeof(s->address.local);
	} else if (setup->ip6) {
		s->address.ip6.sin6_family = AF_INET6;
		s->address.ip6.sin6_addr = in6addr_loopback;
		s->address.ip6.sin6_port = htons(s->port);
		s->address_length = sizeof(s->address.ip6);
	} else {
		s->address.ip4.sin_family = AF_INET;
		s->address.ip4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		s->address.ip4.sin_port = htons(s->port);
		s->address_length = sizeof(s->address.ip4);
	}
}

in_port_t port_reserve(bool ip6, int *reservation)
{
	struct server s = { .port = 0 };
	struct server_setup setup = { .ip6 = ip6 };
	socklen_t length = sizeof(s.address);
	int fd, on = 1;

	set_address(&s, &setup);
	fd = socket(s.address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(fd >= 0, "socket: %s", strerror(errno));
	/* The server's socket has SO_REUSEADDR, too: then the kernel lets it listen. */
	check(!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
		      !bind(fd, &s.address.any, s.address_length) &&
		      !getsockname(fd, &s.address.any, &length),
	      "no free port: %s", strerror(errno));
	*reservation = fd;
	return ntohs(ip6 ? s.address.ip6.sin6_port : s.address.ip4.sin_port);
}

/* Adds the words of `line`, which it cuts up. */
static unsigned split_words(char *line, const char **words, unsigned n)
{
	for (char *rest = NULL, *w = strtok_r(line, " ", &rest); w;
	     w = strtok_r(NULL, " ", &rest)) {
		check(n < MAX_WORDS, "more than %d words", MAX_WORDS);
		words[n++] = w;
	}
	return n;
}

static void wait_until_listening(struct server *s)
{
	int64_t deadline = now_ms() + START_MS;

	while (!server_complaints(s, " server on ")) {
		check(!process_wait(&s->process, 0), "the server ended at once");
		check(now_ms() < deadline, "the server does not start");
		sleep_ms(LOOK_MS);
	}
}

/* Where the whole run is about one engine, it is that one; unless the case asks for another. */
static void expect_engine(const struct server *s, const struct variant *v, const char *words)
{
	const char *engine = getenv("ECHO_ENGINE");
	char said[40];

	if (!engine || strncmp(v->words, "ring", 4) != 0 || (words && strstr(words, "--engine")))
		return;
	snprintf(said, sizeof(said), ", %s engine", engine);
	check(server_complaints(s, said), "not on the %s engine", engine);
}

void server_start(struct server *s, const struct variant *v, const struct server_setup *setup)
{
	static const struct server_setup plain;
	char line[512], port[8];
	const char *words[MAX_WORDS + 1];
	unsigned n = 0;

	setup = setup ? setup : &plain;
	s->reservation = -1;
	s->port = setup->port;
	if (!s->port && !setup->unix_path)
		s->port = port_reserve(setup->ip6, &s->reservation);
	snprintf(port, sizeof(port), "%u", s->port);
	set_address(s, setup);
	words[n++] = "echo";
	words[n++] = setup->unix_path ? "--unix" : "-p";
	words[n++] = setup->unix_path ? setup->unix_path : port;
	if (setup->ip6) {
		words[n++] = "-H";
		words[n++] = "::1";
	}
	snprintf(line, sizeof(line), "--server %s %s", v->words, setup->words ? setup->words : "");
	n = split_words(line, words, n);
	words[n] = NULL;
	process_start(&s->process, words, setup);
	wait_until_listening(s);
	expect_engine(s, v, setup->words);
}

void server_stop_only(struct server *s, int signal)
{
	check(!process_wait(&s->process, 0), "the server ended by itself");
	kill(s->process.pid, signal);
	check(process_wait(&s->process, EXIT_MS), "does not stop on signal %d", signal);
	check(process_exit_code(&s->process) == 0, "exit code %d", process_exit_code(&s->process));
	check(!server_complaints(s, "runtime error:"), "a sanitizer complains");
}

void server_free(struct server *s)
{
	process_free(&s->process);
	if (s->reservation >= 0)
		close(s->reservation);
}

void server_stop(struct server *s, int signal)
{
	server_stop_only(s, signal);
	server_free(s);
}

/* ---- What a server shows --------------------------------------------------------------------- */

uint64_t server_memory(const struct server *s)
{
	char path[64], text[8192];
	const char *line;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)s->process.pid);
	file = fopen(path, "re");
	check(file, "%s: %s", path, strerror(errno));
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	line = strstr(text, "VmRSS:");
	check(line, "no VmRSS in %s", path);
	return strtoull(line + strlen("VmRSS:"), NULL, 10) * 1024;
}

uint64_t server_cpu_ms(const struct server *s)
{
	unsigned long user, system;
	char path[64];
	FILE *file;
	int n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)s->process.pid);
	file = fopen(path, "re");
	check(file, "%s: %s", path, strerror(errno));
	/* proc(5): utime and stime are the 14th and the 15th; the name has no space. */
	n = fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		   &system);
	fclose(file);
	check(n == 2, "cannot read %s", path);
	return (user + system) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK);
}

uint64_t server_counter(const struct server *s, const char *name)
{
	char *out = process_out(&s->process), key[64], *last = NULL;
	uint64_t value;

	snprintf(key, sizeof(key), "\"%s\":", name);
	for (char *at = out; (at = strstr(at, key)); at++)
		last = at;
	check(last, "no counter %s in: %s", name, out);
	value = strtoull(last + strlen(key), NULL, 10);
	free(out);
	return value;
}

unsigned count_lines(const char *text, const char *part)
{
	unsigned n = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");

		n += memmem(text, length, part, strlen(part)) != NULL;
		text += length + (text[length] == '\n');
	}
	return n;
}

unsigned server_complaints(const struct server *s, const char *part)
{
	char *err = process_err(&s->process);
	unsigned n = count_lines(err, part);

	free(err);
	return n;
}

bool server_complains(const struct server *s, const char *part, int64_t ms)
{
	int64_t deadline = now_ms() + ms;

	while (!server_complaints(s, part)) {
		if (now_ms() > deadline)
			return false;
		sleep_ms(LOOK_MS);
	}
	return true;
}
