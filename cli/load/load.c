/* SPDX-License-Identifier: MIT */
/* `anyring load`: the loop that both kinds of load run in. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"
#include "ring_refused.h"
#include "ring_room.h"
#include "load/load.h"

#define SQ_ENTRIES     1024
#define CQ_ENTRIES     8192
/* A prime, so that streams that start elsewhere stay different. */
#define PATTERN_PERIOD 65521
/* What a check compares at once, at most. */
#define PATTERN_SLACK  65536

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

bool load_interrupted(void)
{
	return interrupted;
}

uint64_t load_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* ---- The bytes ------------------------------------------------------------------------------- */

static bool make_pattern(struct load *l)
{
	uint64_t x = 0x9e3779b97f4a7c15;
	size_t longest = l->options->size > PATTERN_SLACK ? l->options->size : PATTERN_SLACK;

	l->pattern_size = PATTERN_PERIOD + longest;
	l->pattern = malloc(l->pattern_size);
	if (!l->pattern)
		return false;
	for (size_t i = 0; i < PATTERN_PERIOD; i++) {
		/* xorshift64: any bytes do that do not repeat soon. */
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		l->pattern[i] = (char)(x >> 32);
	}
	for (size_t i = PATTERN_PERIOD; i < l->pattern_size; i++)
		l->pattern[i] = l->pattern[i - PATTERN_PERIOD];
	return true;
}

static size_t pattern_start(unsigned id, uint64_t offset)
{
	return (size_t)((offset + (uint64_t)id * 7919) % PATTERN_PERIOD);
}

const char *load_pattern(const struct load *l, unsigned id, uint64_t offset)
{
	return l->pattern + pattern_start(id, offset);
}

size_t load_pattern_run(const struct load *l, unsigned id, uint64_t offset)
{
	return l->pattern_size - pattern_start(id, offset);
}

/* ---- Counting -------------------------------------------------------------------------------- */

bool load_start_message(struct load *l)
{
	if (l->ending || (l->options->messages && l->started == l->options->messages))
		return false;
	l->started++;
	return true;
}

void load_message_done(struct load *l, uint64_t sent_at)
{
	l->last_progress = l->now;
	/* What comes after the end is checked, but not measured. */
	if (l->end)
		return;
	l->messages++;
	l->bytes += l->options->size;
	histogram_add(&l->latency, l->now - sent_at);
}

static const char *way_out(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ENOENT:
		return "; start a server with 'anyring echo'";
	case EADDRNOTAVAIL:
		return "; all local ports are in use or wait to be: try again in a minute";
	case EMFILE:
		return "; raise 'ulimit -n', or ask for fewer with --conns";
	default:
		return "";
	}
}

void load_error(struct load *l, const char *what, int error)
{
	l->errors++;
	if (l->error_said)
		return;
	l->error_said = true;
	load_progress_end();
	say("%s %s: %s%s", what, l->options->endpoint.name,
	    error ? strerror(error) : "closed early", way_out(error));
}

/* ---- The ring -------------------------------------------------------------------------------- */

static int open_ring(struct load *l)
{
	/* Newest first: older kernels refuse what they do not know. */
	static const unsigned flags[] = {
		IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_SUBMIT_ALL,
		0,
	};
	int ret = -EINVAL;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && ret == -EINVAL; i++) {
		struct io_uring_params p = {
			.flags = flags[i] | IORING_SETUP_CQSIZE,
			.cq_entries = CQ_ENTRIES,
		};

		ret = io_uring_queue_init_params(SQ_ENTRIES, &l->ring, &p);
	}
	if (!ret)
		/* Only saves time. */
		io_uring_register_ring_fd(&l->ring);
	return ret;
}

struct io_uring_sqe *load_sqe(struct load *l)
{
	ring_make_room(&l->ring, 1);
	return io_uring_get_sqe(&l->ring);
}

static void queue_tick(struct load *l)
{
	struct io_uring_sqe *sqe = load_sqe(l);

	l->tick = (struct __kernel_timespec){ .tv_nsec = LOAD_TICK_NSEC };
	io_uring_prep_timeout(sqe, &l->tick, 0, 0);
	io_uring_sqe_set_data64(sqe, LOAD_TICK);
}

static void on_tick(struct load *l)
{
	load_progress(l);
	if (l->now - l->last_progress > (uint64_t)LOAD_PATIENCE_SECONDS * 1000000000) {
		load_error(l, "no answer for 10 seconds from", ETIMEDOUT);
		l->failed = true;
	}
	queue_tick(l);
}

/* ---- The loop -------------------------------------------------------------------------------- */

static void end_measuring(struct load *l)
{
	l->ending = true;
	if (!l->end)
		l->end = l->now;
}

static void check_time(struct load *l)
{
	l->now = load_clock();
	if (interrupted ||
	    (l->options->seconds > 0 && (double)(l->now - l->start) >= l->options->seconds * 1e9))
		end_measuring(l);
}

static void drain(struct load *l, const struct load_kind *kind)
{
	struct io_uring_cqe *cqe;
	unsigned head, n;

	do {
		n = 0;
		io_uring_for_each_cqe(&l->ring, head, cqe) {
			n++;
			if (cqe->user_data == LOAD_TICK)
				on_tick(l);
			else
				kind->completion(l, cqe);
		}
		io_uring_cq_advance(&l->ring, n);
	} while (io_uring_cq_has_overflow(&l->ring) && io_uring_get_events(&l->ring) >= 0);
}

static bool run_round(struct load *l, const struct load_kind *kind)
{
	int ret = io_uring_submit_and_wait(&l->ring, 1);

	if (ret < 0 && ret != -EINTR && ret != -EAGAIN && ret != -EBUSY) {
		say("cannot wait for completions: %s", strerror(-ret));
		return false;
	}
	ring_submit_all(&l->ring);
	check_time(l);
	drain(l, kind);
	kind->settle(l);
	return true;
}

static void run(struct load *l, const struct load_kind *kind)
{
	l->start = l->now = l->last_progress = load_clock();
	queue_tick(l);
	kind->begin(l);
	while (!l->failed &&
	       (kind->in_flight(l) || (!l->ending && l->options->messages > l->started))) {
		if (!run_round(l, kind)) {
			l->failed = true;
			break;
		}
		/* A second interrupt, or a server that is slow to end, is not waited for long. */
		if (l->end && l->now - l->end > (uint64_t)LOAD_GRACE_SECONDS * 1000000000)
			break;
	}
	l->now = load_clock();
	end_measuring(l);
	l->unanswered = kind->in_flight(l);
	load_progress_end();
}

static int load_with(struct load *l, const struct load_kind *kind)
{
	int ret = open_ring(l);

	if (ret)
		return ring_refused(ret, NULL);
	engine_remember(&l->ring);
	l->failed = !kind->open(l);
	if (!l->failed) {
		run(l, kind);
		load_report(l);
	}
	/* Requests that are left write into what they were given until the kernel has cancelled
	 * them: then it goes with the process. */
	if (!l->failed && !l->unanswered)
		kind->close(l);
	io_uring_queue_exit(&l->ring);
	if (l->mismatches)
		say("%llu messages came back changed", (unsigned long long)l->mismatches);
	if (l->unanswered && !l->failed)
		say("%llu messages were not answered within %d seconds of the end",
		    (unsigned long long)l->unanswered, LOAD_GRACE_SECONDS);
	return l->failed || l->errors || l->mismatches || l->unanswered ? EXIT_FAILED : EXIT_OK;
}

int cmd_load(int argc, char **argv)
{
	static struct load load;
	struct load_options options;
	struct sigaction sa = { .sa_handler = on_interrupt };
	bool done;
	int ret = load_parse_options(argc, argv, &options, &done);

	if (ret || done)
		return ret;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	raise_open_files();
	load.options = &options;
	if (!make_pattern(&load)) {
		say("out of memory for messages of %u bytes", options.size);
		return EXIT_FAILED;
	}
	ret = load_with(&load, options.once ? &load_once : &load_stream);
	free(load.pattern);
	return ret;
}
