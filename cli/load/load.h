/* SPDX-License-Identifier: MIT */
/*
 * What the two kinds of load share: streams (connections that stay, `depth` messages in flight on
 * each) and short connections (--once).
 *
 * Every byte sent is known by its connection and its place in the stream, so that every byte that
 * comes back is checked, and a message of another connection, or of another place, is a mismatch:
 * the pattern repeats after 65,521 bytes, and after as many connections.
 */
#ifndef ANYRING_LOAD_H
#define ANYRING_LOAD_H

#include "liburing.h"
#include "cli.h"

#define LOAD_MAX_CONNS	 1000000
#define LOAD_MAX_MESSAGE (64U << 20)
#define LOAD_MAX_DEPTH	 65536

/* Without an answer for so long, the server is taken for dead. */
#define LOAD_PATIENCE_SECONDS 10
/* How long answers are awaited after the end. */
#define LOAD_GRACE_SECONDS    2
#define LOAD_TICK_NSEC	      100000000

struct load_options {
	struct endpoint endpoint;
	unsigned conns;
	unsigned idle_conns;
	unsigned size;
	unsigned depth;
	double seconds;	   /* 0: by messages */
	uint64_t messages; /* 0: by time */
	bool once;
	bool json;
};

/* ---- histogram.c ----------------------------------------------------------------------------- */

/* Nanoseconds, in 64 steps a power of two: no more than 1.6% off. */
#define HISTOGRAM_STEPS	  64
#define HISTOGRAM_BUCKETS (HISTOGRAM_STEPS * 40)

struct histogram {
	uint64_t count;
	uint64_t max;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t nsec);
/* The value that `part` (0 to 1) of all values do not exceed. */
uint64_t histogram_quantile(const struct histogram *h, double part);

/* ---- load.c ---------------------------------------------------------------------------------- */

struct load {
	const struct load_options *options;
	struct io_uring ring;
	uint64_t start, end, now; /* CLOCK_MONOTONIC nanoseconds; end: when measuring ended */
	uint64_t last_progress;
	bool ending; /* start nothing new */
	bool failed; /* cannot go on: it has been said why */
	uint64_t started;
	uint64_t messages;
	uint64_t bytes;
	uint64_t errors;
	uint64_t mismatches;
	uint64_t unanswered; /* when the grace after the end was over */
	bool error_said;
	struct histogram latency;
	char *pattern;
	size_t pattern_size;
	struct __kernel_timespec tick;
};

/* user_data of the tick; everything else is the kind's own. */
#define LOAD_TICK UINT64_MAX

/* By SIGINT or SIGTERM. */
bool load_interrupted(void);
uint64_t load_clock(void);
/* Never NULL: submits if the queue is full. */
struct io_uring_sqe *load_sqe(struct load *l);
/* The `size` bytes at `offset` of connection `id`'s stream; size at most the message's or 4 KiB. */
const char *load_pattern(const struct load *l, unsigned id, uint64_t offset);
/* Bytes that lie in a row from there. */
size_t load_pattern_run(const struct load *l, unsigned id, uint64_t offset);
/* True if one more message may be started; counts it as started. */
bool load_start_message(struct load *l);
void load_message_done(struct load *l, uint64_t sent_at);
/* Counts, and says the first. */
void load_error(struct load *l, const char *what, int error);

/* What a kind of load does. */
struct load_kind {
	bool (*open)(struct load *l);
	/* Queues the first requests. */
	void (*begin)(struct load *l);
	void (*completion)(struct load *l, const struct io_uring_cqe *cqe);
	/* After all completions of a round. */
	void (*settle)(struct load *l);
	/* Messages on their way. */
	uint64_t (*in_flight)(const struct load *l);
	void (*close)(struct load *l);
};

extern const struct load_kind load_stream;
extern const struct load_kind load_once;

/* ---- options.c, report.c --------------------------------------------------------------------- */

int load_parse_options(int argc, char **argv, struct load_options *o, bool *done);
void load_report(const struct load *l);
/* One line on a terminal, rewritten; nothing elsewhere. */
void load_progress(const struct load *l);
void load_progress_end(void);

#endif
