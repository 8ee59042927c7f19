/* SPDX-License-Identifier: MIT */
/* `anyring echo`: sets the workers up, runs them, and reports. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "echo/echo.h"

/* Descriptors that are no connections: standard ones, listeners, rings, signals. */
#define RESERVED_FDS 32

/* Fits max_conns into the limit on open files. */
static void fit_open_files(struct echo_options *o)
{
	uint64_t room = raise_open_files();

	/* Of tables this size only what is used takes memory. */
	o->descriptors = room < ECHO_MAX_CONNS ? (unsigned)room : ECHO_MAX_CONNS;

	room = room > RESERVED_FDS + 1 ? room - RESERVED_FDS : 1;
	room /= o->threads;
	room = room ? room : 1;
	room = room < ECHO_MAX_CONNS ? room : ECHO_MAX_CONNS;
	if (o->max_conns > room)
		say("the limit on open files holds %u connections to %llu a thread: "
		    "raise 'ulimit -n'",
		    o->max_conns, (unsigned long long)room);
	if (!o->max_conns || o->max_conns > room)
		o->max_conns = (unsigned)room;
}

void worker_ready(struct echo_worker *worker)
{
	static unsigned ready;
	const struct echo_options *o = worker->options;

	/* Relaxed: only the count matters. */
	if (__atomic_add_fetch(&ready, 1, __ATOMIC_RELAXED) < o->threads)
		return;
	if (engine_remembered())
		say("%s server on %s, %s engine", o->server->name, o->endpoint.name,
		    engine_remembered());
	else
		say("%s server on %s", o->server->name, o->endpoint.name);
}

static void *run_worker(void *arg)
{
	struct echo_worker *worker = arg;

	worker->result = worker->options->server->run(worker);
	if (worker->result && worker->options->threads > 1)
		control_stop_all();
	return NULL;
}

/* The first worker runs in this thread. */
static int run_workers(struct echo_worker *workers, unsigned n)
{
	unsigned started = 1;
	int result = EXIT_OK;

	while (started < n) {
		int err = pthread_create(&workers[started].thread, NULL, run_worker,
					 &workers[started]);

		if (err) {
			say("cannot start thread %u: %s; ask for fewer with --threads", started,
			    strerror(err));
			break;
		}
		started++;
	}
	if (started < n)
		control_stop_all();
	else
		run_worker(&workers[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	if (started < n)
		return EXIT_FAILED;
	for (unsigned i = 0; i < n; i++)
		if (workers[i].result)
			result = workers[i].result;
	return result;
}

static bool open_workers(struct echo_worker *workers, const struct echo_options *o)
{
	bool shared = o->endpoint.address.any.sa_family == AF_UNIX;

	for (unsigned i = 0; i < o->threads; i++) {
		workers[i].options = o;
		workers[i].index = i;
		workers[i].conn_fd = workers[i].control_fd = -1;
		/* UNIX sockets have no SO_REUSEPORT: all accept from one, each by a descriptor
		 * of its own to close. */
		if (shared && i)
			workers[i].listen_fd = fcntl(workers[0].listen_fd, F_DUPFD_CLOEXEC, 0);
		else
			workers[i].listen_fd = echo_listen(o);
		if (workers[i].listen_fd < 0)
			return false;
	}
	return true;
}

int cmd_echo(int argc, char **argv)
{
	struct echo_options options;
	struct echo_worker *workers;
	bool done;
	int ret = echo_parse_options(argc, argv, &options, &done);

	if (ret || done)
		return ret;
	fit_open_files(&options);
	if (posix_memalign((void **)&workers, 64, options.threads * sizeof(*workers))) {
		say("out of memory for %u threads", options.threads);
		return EXIT_FAILED;
	}
	memset(workers, 0, options.threads * sizeof(*workers));
	ret = EXIT_FAILED;
	if (open_workers(workers, &options)) {
		if (control_start(workers, options.threads))
			ret = run_workers(workers, options.threads);
		echo_unlisten(&options);
		if (ret == EXIT_OK)
			counters_print(workers, options.threads, options.json);
	}
	free(workers);
	return ret;
}
