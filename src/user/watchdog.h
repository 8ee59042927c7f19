/* SPDX-License-Identifier: MIT */
/*
 * The watchdog: one thread a process, for the rings in whose enter there is nobody although they
 * have requests that progress only if somebody looks.
 *
 * While threads come and go it merely ticks, so that leaving enter costs a store. Where none has
 * come since the last tick it serves the ring: it sleeps in the inner set and until the ring's
 * next deadline, and completes what it can, until a thread enters again. Rings whose application
 * waits for an eventfd, and those with a submission thread, are served at once and all the time.
 */
#ifndef ANYRING_USER_WATCHDOG_H
#define ANYRING_USER_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "user/list.h"

struct uring;

enum watchdog_state {
	WATCHDOG_AWAY,	 /* does not look at the ring */
	WATCHDOG_TICKS,	 /* looks now and then if there is still somebody */
	WATCHDOG_SERVES, /* is the ring's reactor */
};

/* A ring's part of it. Under the ring's lock, but for those that say otherwise. */
struct watched {
	struct list link;	   /* the watchdog's rings; under its lock */
	struct uring *next_listed; /* in the list of new ones */
	bool listed;		   /* in either list, which has a reference */
	bool visited;		   /* entered since the last tick */
	uint8_t state;		   /* enum watchdog_state */
	uint8_t quiet;		   /* ticks for which a thread has stayed in enter */
	uint8_t raised_checks;	   /* looks so far if the descriptor may be lowered */
	bool user;		   /* it is there for this ring as well */
	bool fired;		   /* its inner set has events; the watchdog's own */
	bool missed;		   /* events that were left to who slept in the set */
	bool told;	  /* DEFER_TASKRUN: that there is work, and nobody has looked since */
	int64_t deadline; /* when to look, ns on CLOCK_MONOTONIC */
};

/* Under the ring's lock. */

/* Nobody is in enter: has the watchdog look after the ring, if it needs that. `visited`: somebody
 * was there just now. */
void watchdog_left(struct uring *ring, bool visited);
/* A thread enters a ring that the watchdog serves. */
void watchdog_entered(struct uring *ring);

/* Without the lock, before the ring goes: the watchdog no longer knows it. */
void watchdog_forget(struct uring *ring);
/* In a child: it has no watchdog yet, and closes what it inherited of its parent's. */
void watchdog_forked(void);

#endif
