/* SPDX-License-Identifier: MIT */
/*
 * Which process this is. Requests, workers and inner descriptors belong to the process that made
 * them; a child has copies of the memory that describes them, and must not believe it.
 */
#ifndef ANYRING_USER_PROCESS_H
#define ANYRING_USER_PROCESS_H

#include <stdint.h>

#include "user/app_memory.h"

/* Locks of this process alone, for what is not of one ring. */
enum process_lock {
	LOCK_RINGS,	     /* the table of rings */
	LOCK_SPARES,	     /* structs uring to be used again */
	LOCK_LIMIT,	     /* RLIMIT_NOFILE, while it is raised */
	LOCK_POOL,	     /* making the pool of workers */
	LOCK_WATCHDOG,	     /* its rings; a ring's lock is taken within it */
	LOCK_WATCHDOG_START, /* taken within a ring's lock */
	LOCK_SQPOLL,	     /* which ring has which submission thread */
	LOCK_WAITERS,	     /* idle threads of waiter.c */
	PROCESS_LOCKS
};

/*
 * Memory that fork wipes (MADV_WIPEONFORK): the epoch is zero until this process has set itself up,
 * and no lock is held that a thread of the parent's held.
 */
struct process {
	unsigned epoch;
	uint32_t locks[PROCESS_LOCKS];
};

extern struct process *this_process;

/* Grows with each fork between the first process that used the engine and this one; never 0.
 * Called by process_epoch(), once a process. */
unsigned process_set_up(void);

static inline unsigned process_epoch(void)
{
	/* Acquire: pairs with process_set_up()'s release of the address. */
	const struct process *p = __atomic_load_n(&this_process, __ATOMIC_ACQUIRE);
	/* Relaxed: nothing else is read because of what it says. */
	unsigned epoch = p ? __atomic_load_n(&p->epoch, __ATOMIC_RELAXED) : 0;

	return __builtin_expect(epoch != 0, 1) ? epoch : process_set_up();
}

void process_lock(enum process_lock which);
void process_unlock(enum process_lock which);

#endif
