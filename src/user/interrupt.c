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

/* ---- Choosing -------------------------------------------------------------------------------- */

static bool is_ours(int signal)
{
	struct sigaction now;

	return signal && !sigaction(signal, NULL, &now) && !(now.sa_flags & SA_SIGINFO) &&
	       now.sa_handler == do_nothing;
}

/* Free is what would end the process if it came. */
static bool is_free(int signal)
{
	struct sigaction now;

	return !sigaction(signal, NULL, &now) && !(now.sa_flags & SA_SIGINFO) &&
	       now.sa_handler == SIG_DFL;
}

/* Without SA_RESTART: a system call that it interrupts is to fail. */
static bool take(int signal)
{
	struct sigaction ours = { .sa_handler = do_nothing };

	sigfillset(&ours.sa_mask);
	return !sigaction(signal, &ours, NULL);
}

static int choose(const sigset_t *spared)
{
	int count = SIGRTMAX - SIGRTMIN + 1;

	for (int i = 0; i < count; i++) {
		int signal = SIGRTMIN + (count - 1 - ENDS_LEFT_ALONE - i + count) % count;

		if (!sigismember(spared, signal) && is_free(signal) && take(signal))
			return signal;
	}
	return 0;
}

/*
 * What the calling thread blocks may be what the application waits for, by sigwait(3) or
 * signalfd(2). A thread that blocks all, as the engine's own do, says nothing by that.
 */
static int choose_any(void)
{
	sigset_t none, blocked;
	int signal;

	sigemptyset(&none);
	sigemptyset(&blocked);
	pthread_sigmask(SIG_BLOCK, &none, &blocked);
	signal = choose(&blocked);
	return signal ? signal : choose(&none);
}

static void give_back(int signal)
{
	struct sigaction former = { .sa_handler = SIG_DFL };

	if (signal)
		sigaction(signal, &former, NULL);
}

void interrupt_prepare(void)
{
	int now = __atomic_load_n(&chosen, __ATOMIC_RELAXED), signal, saved = errno;

	if (!is_ours(now)) {
		signal = choose_any();
		/* Relaxed: each use of the number is a system call of its own. Of several threads
		 * that choose at once the first wins. */
		if (!__atomic_compare_exchange_n(&chosen, &now, signal, false, __ATOMIC_RELAXED,
						 __ATOMIC_RELAXED) &&
		    now != signal)
			give_back(signal);
	}
	errno = saved;
}

/* ---- Using it -------------------------------------------------------------------------------- */

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

/* ---- The calling thread itself --------------------------------------------------------------- */

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
