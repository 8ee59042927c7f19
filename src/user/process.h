/* SPDX-License-Identifier: MIT */
/*
 * Which process this is. Requests, workers and inner descriptors belong to the process that made
 * them; a child has copies of the memory that describes them, and must not believe it.
 */
#ifndef ANYRING_USER_PROCESS_H
#define ANYRING_USER_PROCESS_H

#include "user/app_memory.h"

/* A page that fork wipes (MADV_WIPEONFORK): zero until this process has set itself up. */
extern unsigned *process_epoch_page;

/* Grows by one with each fork between the first process that used the engine and this one; never
 * 0. Called once a process, by process_epoch(). */
unsigned process_set_up(void);

static inline unsigned process_epoch(void)
{
	/* Acquire: pairs with process_set_up()'s release of the page's address. */
	const unsigned *page = __atomic_load_n(&process_epoch_page, __ATOMIC_ACQUIRE);
	/* Relaxed: written before there is a second thread, or by one that calls this itself. */
	unsigned epoch = page ? __atomic_load_n(page, __ATOMIC_RELAXED) : 0;

	return __builtin_expect(epoch != 0, 1) ? epoch : process_set_up();
}

#endif
