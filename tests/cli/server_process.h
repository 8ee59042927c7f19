/* SPDX-License-Identifier: MIT */
/* The program under test, as a child. */
#ifndef TEST_CLI_SERVER_PROCESS_H
#define TEST_CLI_SERVER_PROCESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

#include "variants.h"

/* Any process has ended by then, or it hangs. */
#define EXIT_MS 10000

/* What differs from a plain start; all zero: nothing. */
struct server_setup {
	const char *words;     /* more of the command line, separated by spaces */
	const char *unix_path; /* instead of a port */
	unsigned nofile;       /* RLIMIT_NOFILE */
	unsigned inherited;    /* open files that it is born with */
	bool broken_stdout;    /* whose reader is gone */
	int deny_ring;	       /* errno that a seccomp filter gives io_uring's calls */
	bool ip6;
	in_port_t port; /* 0: a free one */
};

struct process {
	pid_t pid;
	int out, err; /* files that collect what it prints */
	bool ended;
	int status; /* as waitpid() gives it, once ended */
};

struct server {
	struct process process;
	/* Bound but not listening, so that nobody else is given the port. */
	int reservation;
	in_port_t port;
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
		struct sockaddr_un local;
	} address;
	socklen_t address_length;
};

/* Starts the program with these words, NULL-terminated. */
void process_start(struct process *p, const char *const *words, const struct server_setup *setup);
/* Waits for its end; false if that takes more than `ms`. */
bool process_wait(struct process *p, int64_t ms);
/* Its exit code; fails if it was killed. */
int process_exit_code(const struct process *p);
/* What it has printed, to be freed. */
char *process_out(const struct process *p);
char *process_err(const struct process *p);
void process_free(struct process *p);

/* Starts a server and waits until it listens; `setup` may be NULL. */
void server_start(struct server *s, const struct variant *v, const struct server_setup *setup);
/* Asks it to stop, and checks that it exits with 0 and no complaint of a sanitizer. */
void server_stop(struct server *s, int signal);
/* The same without forgetting what it printed; server_free() does. */
void server_stop_only(struct server *s, int signal);
void server_free(struct server *s);

/* CPU time of its own in milliseconds. */
uint64_t server_cpu_ms(const struct server *s);
/* Resident memory in bytes. */
uint64_t server_memory(const struct server *s);
/* Of the last line of counters that it printed as JSON; fails if there is none. */
uint64_t server_counter(const struct server *s, const char *name);
/* Lines on its stderr that contain `part`. */
unsigned server_complaints(const struct server *s, const char *part);
/* Waits until there is at least one. */
bool server_complains(const struct server *s, const char *part, int64_t ms);

unsigned count_lines(const char *text, const char *part);
/* A port nobody has, reserved as long as *reservation is open. */
in_port_t port_reserve(bool ip6, int *reservation);

#endif
