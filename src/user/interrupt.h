/* SPDX-License-Identifier: MIT */
/*
 * Interrupting threads of the engine's that block in a system call: by a signal whose handler does
 * nothing. It is a real-time signal that the application does nothing with, as far as one can see,
 * and workers have all other signals blocked.
 */
#ifndef ANYRING_USER_INTERRUPT_H
#define ANYRING_USER_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* By the thread that starts workers: finds a signal if there is none yet that is still ours. */
void interrupt_prepare(void);
/* By a worker, before it may have to be interrupted: lets the signal in. *allowed is 0 at first. */
void interrupt_allow(int *allowed);
/* By a worker that may have been interrupted, where no more interruptions are to come: takes what
 * is on its way. */
void interrupt_settle(void);
/* Interrupts a thread once. If it does not block yet, but is about to, nothing comes of it. */
void interrupt_thread(pid_t thread);
/* Would a thread notice that let in this signal, or 0? The application may have taken it since. */
bool interrupt_reaches(int allowed);

/* What interrupt_later() began. */
struct interrupter {
	int timer;
	uint64_t blocked; /* whether the thread blocked the signal before */
};

/*
 * For a system call of the calling thread's, any thread, that is not expected to block and cannot
 * be told not to: from then on the thread is interrupted every few milliseconds, until
 * interrupt_no_more(). False: it cannot be.
 */
bool interrupt_later(struct interrupter *i);
void interrupt_no_more(struct interrupter *i);

#endif
