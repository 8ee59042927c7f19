/* SPDX-License-Identifier: MIT */
/* Deadlines of a ring, the nearest first: a heap. */
#ifndef ANYRING_USER_TIMER_H
#define ANYRING_USER_TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "user/list.h"

struct uring;
struct timer;

#define NS_PER_SEC 1000000000LL
#define TIME_NEVER INT64_MAX

struct timer {
	int64_t deadline; /* ns on its clock */
	clockid_t clock;  /* CLOCK_MONOTONIC, CLOCK_BOOTTIME or CLOCK_REALTIME */
	unsigned place;	  /* in the heap, from 1; 0: not armed */
	unsigned order;	  /* of those with the same deadline, who was armed first */
	/* Called under the ring's lock, disarmed already. */
	void (*fire)(struct uring *ring, struct timer *timer);
};

/* One heap a clock: their times do not compare. */
struct timer_heap {
	struct timer **at;
	unsigned count, room;
};

enum {
	TIMER_CLOCKS = 3
};

struct timers {
	struct timer_heap heaps[TIMER_CLOCKS];
	unsigned order;	      /* of the next one */
	uint32_t counted;     /* completions as of the last timeouts_count() */
	bool in_batch;	      /* SQEs are being taken; what that completes is counted later ... */
	uint32_t batch;	      /* ... and this is cq.posted before */
	struct list timeouts; /* IORING_OP_TIMEOUT, those that count first */
	struct list links;    /* IORING_OP_LINK_TIMEOUT */
};

int64_t clock_now(clockid_t clock);

/* All under the ring's lock. */

/* 0 or -ENOMEM. timer->deadline, clock and fire are set. */
int timer_arm(struct uring *ring, struct timer *timer);
/* False: it was not armed. */
bool timer_disarm(struct uring *ring, struct timer *timer);
bool timers_armed(const struct uring *ring);
/* ns from now until the next, 0 and less if it is due, or TIME_NEVER. */
int64_t timers_next(const struct uring *ring);
/* Fires what is due. Returns ns from now until the next on CLOCK_MONOTONIC, or TIME_NEVER. */
int64_t timers_run(struct uring *ring);
/* Ends timeouts whose count of completions is reached: true if there was one. */
bool timeouts_count(struct uring *ring);
void timers_init(struct uring *ring);
void timers_free(struct uring *ring);

#endif
