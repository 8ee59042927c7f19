/* SPDX-License-Identifier: MIT */
/*
 * What the echo servers share. Each server is one function that runs a worker's loop until told to
 * stop; a worker is a thread with its own listener, and nothing is shared between workers but the
 * read-only settings and the stop signal.
 */
#ifndef ANYRING_ECHO_H
#define ANYRING_ECHO_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli.h"

/* Connections a thread may be told to hold. */
#define ECHO_MAX_CONNS	 1000000
#define ECHO_MAX_THREADS 256
#define ECHO_MAX_BUFFER	 (1U << 20)

/* Connections that may wait to be accepted; net.core.somaxconn bounds it, too. */
#define ECHO_BACKLOG  4096
/* When descriptors have run out, accepting is tried again so often. */
#define ECHO_RETRY_MS 100

/* How long a stopping server goes on with what is in flight. */
#define ECHO_GRACE_SECONDS 2

/* Parts of the `ring` server that can be turned off, by hand or by an older kernel. */
enum ring_part {
	PART_DEFER_TASKRUN = 1 << 0,
	PART_SINGLE_ISSUER = 1 << 1,
	PART_REGISTERED_RING = 1 << 2,
	PART_BUFFER_RING = 1 << 3,
	PART_MULTISHOT_ACCEPT = 1 << 4,
	PART_MULTISHOT_RECV = 1 << 5,
	PART_BUNDLE = 1 << 6,
	PART_DIRECT = 1 << 7,
	PART_BATCH = 1 << 8,
	PART_MIN_WAIT = 1 << 9,
	PART_MULTISHOT = PART_MULTISHOT_ACCEPT | PART_MULTISHOT_RECV,
	PART_ALL = (1 << 10) - 1,
};

struct echo_options {
	struct endpoint endpoint;
	const struct echo_server *server;
	unsigned threads;
	unsigned ring_parts; /* wanted; the kernel may have fewer */
	bool async;
	bool sqpoll;
	unsigned wait_nr; /* 0: as load demands */
	unsigned wait_usec;
	unsigned debug;
	unsigned buffer_size;
	unsigned max_conns;
	unsigned descriptors; /* connections' descriptors are below it */
	double idle_timeout;  /* seconds; 0: none */
	bool json;
};

/* What a worker did. Written by its thread alone, read by any: relaxed atomics, as each number
 * stands for itself. */
struct echo_counters {
	uint64_t connections;
	uint64_t messages;
	uint64_t bytes;
	uint64_t system_calls;
	uint64_t completions;
	uint64_t largest_batch;
};

struct echo_worker {
	const struct echo_options *options;
	unsigned index;
	int listen_fd;
	int control_fd; /* readable when control_check() has something to say */
	bool stopping;
	bool at_limit; /* said so already */
	int result;
	int conn_fd; /* blocking server: the one client, for the signal handler; -1: none */
	pthread_t thread;
	struct echo_counters counters __attribute__((aligned(64)));
};

struct echo_server {
	const char *name;
	const char *summary;
	/* Serves until stopped; EXIT_OK, or EXIT_FAILED after saying why. */
	int (*run)(struct echo_worker *worker);
	bool uses_ring;	    /* takes --async and --sqpoll */
	bool takes_parts;   /* takes --fixed, --multishot, --batch, --wait, --without */
	bool signal_driven; /* stopped by the handler itself, not through control_fd */
};

int serve_blocking(struct echo_worker *worker);
int serve_epoll(struct echo_worker *worker);
int serve_ring_basic(struct echo_worker *worker);
int serve_ring_batch(struct echo_worker *worker);
int serve_ring(struct echo_worker *worker);

/* ---- echo.c ---------------------------------------------------------------------------------- */

/* Call once when set up: the last worker to do so tells that the server listens. */
void worker_ready(struct echo_worker *worker);

/* ---- options.c ------------------------------------------------------------------------------- */

/* EXIT_OK, or an exit code; *done: nothing left to run (--help). */
int echo_parse_options(int argc, char **argv, struct echo_options *options, bool *done);

/* ---- listen.c -------------------------------------------------------------------------------- */

/* A listening socket, or -1 after saying why not. */
int echo_listen(const struct echo_options *options);
/* Removes what listening left in the file system. */
void echo_unlisten(const struct echo_options *options);

/* ---- control.c ------------------------------------------------------------------------------- */

/* Takes over SIGINT, SIGTERM and SIGUSR1 for these workers; false after saying why not. */
bool control_start(struct echo_worker *workers, unsigned count);
/* Call when worker->control_fd is readable: prints counters, or sets worker->stopping. */
void control_check(struct echo_worker *worker);
/* Ends the other workers; for one that failed. */
void control_stop_all(void);
/* Blocking server: call between clients and after an interrupted call. */
void control_check_signals(struct echo_worker *worker);

/* ---- counters.c ------------------------------------------------------------------------------ */

static inline void count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline void count_batch(struct echo_counters *c, uint64_t batch)
{
	count(&c->completions, batch);
	if (batch > c->largest_batch)
		__atomic_store_n(&c->largest_batch, batch, __ATOMIC_RELAXED);
}

/* Prints the sum over the workers on stdout. */
void counters_print(const struct echo_worker *workers, unsigned count, bool json);

/* ---- limits.c -------------------------------------------------------------------------------- */

/* Says once that no more connections are taken, and why (EMFILE, ENFILE, or 0: --max-conns). */
void limit_reached(struct echo_worker *worker, int error);
/* True for errors of accept that concern one connection, or nothing, and not the listener. */
bool accept_error_is_transient(int error);

#endif
