/* SPDX-License-Identifier: MIT */
/* What the programs here share: the clock, blocks that name themselves, and how to fail. */
#ifndef ANYRING_BENCH_H
#define ANYRING_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <liburing.h>

/* `error`: an errno value. */
__attribute__((noreturn)) static inline void fail(const char *what, int error)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(error));
	exit(1);
}

static inline double now_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* CPU time of this process, its threads' and the kernel's for it, in seconds. */
static inline double cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* xorshift64*: the same blocks in the same order for whoever is measured. */
static inline uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dULL;
}

#define RANDOM_SEED 0x9e3779b97f4a7c15ULL

static inline uint64_t random_block(uint64_t *state, uint64_t blocks)
{
	return (next_random(state) >> 32) * blocks >> 32;
}

/* A block starts with its own number, so that a reader knows that it got the one it asked for. */
static inline void fill_block(void *block, size_t size, uint64_t number)
{
	uint64_t *words = block, state = (number + 1) * RANDOM_SEED;

	words[0] = number;
	for (size_t i = 1; i < size / sizeof(*words); i++)
		words[i] = next_random(&state);
}

static inline void check_block(const void *block, long result, long size, uint64_t number)
{
	uint64_t found;

	if (result < 0)
		fail("a read failed", (int)-result);
	memcpy(&found, block, sizeof(found));
	if (result != size || found != number) {
		fprintf(stderr, "%s: a read of block %llu brought %ld bytes of block %llu\n",
			program_invocation_short_name, (unsigned long long)number, result,
			(unsigned long long)found);
		exit(1);
	}
}

/* A ring as most programs open one, or with `defer` as a program written for speed does. */
static inline void open_ring(struct io_uring *ring, unsigned entries, bool defer)
{
	unsigned flags = defer ? IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN : 0;
	int ret = io_uring_queue_init(entries, ring, flags);

	if (ret)
		fail("no ring", -ret);
}

#endif
