/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "user/interrupt.h"
#include "user/lock.h"
#include "user/process.h"
#include "user/sys.h"

/* Programs tend to take the first ones, and the last. */
#define ENDS_LEFT_ALONE 8

/* The signal, or 0: there is none to be had. Atomic. */
static int chosen;

static void do_nothing(int signal)
{
	(void)signal;
}

/* ---- Choosing ---------------------------------------------------------------------------------- */

static bool is_ours(int signal)
{
	struct sigaction now;

	return signal && !sigaction(signal, NULL, &now) && !(now.sa_flags & SA_SIGINFO) &&
	       now.sa_handler == do_nothing;
}

/*
 * Free is what would end the process if it came. A signal that the calling thread blocks may be
 * one that the application waits for, by sigwait(3) or signalfd(2).
 */
static bool is_free(int signal, const sigset_t *blocked)
{
	struct sigaction now;

	return !sigismember(blocked, signal) && !sigaction(signal, NULL, &now) &&
	       !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL;
}

/* Without SA_RESTART: a system call that it interrupts is to fail. */
static bool take(int signal)
{
	struct sigaction ours = { .sa_handler = do_nothing };

	sigfillset(&ours.sa_mask);
	return !sigaction(signal, &ours, NULL);
}

static int choose(const sigset_t *blocked)
{
	int count = SIGRTMAX - SIGRTMIN + 1;

	for (int i = 0; i < count; i++) {
		int signal = SIGRTMIN + (count - 1 - ENDS_LEFT_ALONE - i + count) % count;

		if (is_free(signal, blocked) && take(signal))
			return signal;
	}
	return 0;
}

void interrupt_prepare(void)
{
	sigset_t none, blocked;
	int saved = errno;

	/* Relaxed: each use of the number is a system call of its own. */
	if (is_ours(__atomic_load_n(&chosen, __ATOMIC_RELAXED)))
		goto out;
	sigemptyset(&none);
	sigemptyset(&blocked);
	pthread_sigmask(SIG_BLOCK, &none, &blocked);
	__atomic_store_n(&chosen, choose(&blocked), __ATOMIC_RELAXED);
out:
	errno = saved;
}

/* ---- Using it ---------------------------------------------------------------------------------- */

void interrupt_allow(int *allowed)
{
	int signal = __atomic_load_n(&chosen, __ATOMIC_RELAXED), saved = errno;
	sigset_t mask;

	if (signal == *allowed)
		return;
	*allowed = signal;
	sigfillset(&mask);
	if (signal)
		sigdelset(&mask, signal);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	errno = saved;
}

void interrupt_settle(void)
{
	/* Any system call: signals that are pending are handled before it returns. */
	SYS(getppid, 0);
}

void interrupt_thread(pid_t thread)
{
	int signal = __atomic_load_n(&chosen, __ATOMIC_RELAXED), saved = errno;

	/* The application may have taken it meanwhile. */
	if (is_ours(signal))
		SYS(tgkill, SYS(getpid, 0), thread, signal);
	errno = saved;
}

bool interrupt_reaches(int allowed)
{
	int saved = errno;
	bool reaches = allowed == __atomic_load_n(&chosen, __ATOMIC_RELAXED) && is_ours(allowed);

	errno = saved;
	return reaches;
}

/* ---- The calling thread itself ----------------------------------------------------------------- */

/* Long enough that what does not block is done by then, mostly. */
#define INTERRUPT_NS 2000000L

/* As the system call has it: libcs differ in how they spell a thread. */
struct timer_event {
	void *value;
	int signal;
	int notify;
	pid_t thread;
	int unused[11];
};

static_assert(sizeof(struct timer_event) == 64, "as Linux has it");

bool interrupt_later(struct interrupter *i)
{
	struct itimerspec every = { { 0, INTERRUPT_NS }, { 0, INTERRUPT_NS } };
	struct timer_event event = { .notify = SIGEV_THREAD_ID, .thread = thread_id() };
	uint64_t ours;

	interrupt_prepare();
	event.signal = __atomic_load_n(&chosen, __ATOMIC_RELAXED);
	if (!event.signal)
		return false;
	if (SYS(timer_create, CLOCK_MONOTONIC, &event, &i->timer))
		return false;
	ours = 1ULL << (event.signal - 1);
	i->blocked = 0;
	if (SYS(rt_sigprocmask, SIG_UNBLOCK, &ours, &i->blocked, sizeof(ours)) ||
	    SYS(timer_settime, i->timer, 0, &every, NULL)) {
		interrupt_no_more(i);
		return false;
	}
	i->blocked &= ours;
	return true;
}

void interrupt_no_more(struct interrupter *i)
{
	SYS(timer_delete, i->timer);
	if (i->blocked)
		SYS(rt_sigprocmask, SIG_BLOCK, &i->blocked, NULL, sizeof(i->blocked));
}
