/* SPDX-License-Identifier: MIT */
#include <linux/futex.h>

#include "user/alloc.h"
#include "user/interrupt.h"
#include "user/process.h"
#include "user/progress.h"
#include "user/submit.h"
#include "user/sys.h"
#include "user/waiter.h"
#include "user/worker.h"

/* Threads without a request that are kept for the next. */
#define IDLE_MAX 8

/* A thread that is called back may not be in its system call yet: it is called again after this,
 * then after twice as long, and so on. */
#define CALL_FIRST_NS 50000L
#define CALL_LAST_NS  100000000L

/* One that sleeps in no call that a signal ends is left alone. */
#define CALLS_MAX 24

/* The thread has not come to its job yet. */
#define NOT_YET -1

enum waiter_state {
	WAITER_WAITS,
	WAITER_WOKEN,  /* it will complete the request */
	WAITER_CALLED, /* called back: it no longer waits */
	WAITER_FREE,   /* who called it back has seen that */
};

struct waiter {
	struct waiter *next_idle;
	pid_t thread;	/* known once it has allowed a signal */
	int allowed;	/* the signal that calls it back, 0, or NOT_YET; atomic */
	uint32_t jobs;	/* grows with each; a futex that the idle thread sleeps on */
	uint32_t state; /* enum waiter_state; a futex for who calls it back */
	bool called;	/* atomic */
	struct request *req;
	struct uring *ring; /* with a reference */
	const struct wait_job *job;
};

/* Of this process; a child has no threads. Under LOCK_WAITERS. */
static struct {
	struct waiter *idle;
	unsigned count;
	unsigned epoch;
} waiters;

/* ---- The thread ------------------------------------------------------------------------------ */

/* The call is for who asks first: the thread, which then comes, or the caller, who gives up. */
static bool take_call(struct waiter *w)
{
	return __atomic_exchange_n(&w->called, false, __ATOMIC_ACQ_REL);
}

static void set_state(struct waiter *w, enum waiter_state state)
{
	/* Release: what was waited for is over; pairs with waiter_call_back(). */
	__atomic_store_n(&w->state, state, __ATOMIC_RELEASE);
	SYS(futex, &w->state, FUTEX_WAKE_PRIVATE, 1);
}

static void complete(struct waiter *w, long result)
{
	struct uring *ring = w->ring;
	struct request *req = w->req;

	ring_lock(ring);
	request_unpend(req);
	w->job->woken(req, result);
	progress_made(ring);
	ring_unlock(ring);
	ring_put(ring);
}

static void wait_for_request(struct waiter *w)
{
	long result;

	do {
		result = w->job->wait(w->req);
	} while (result == -EINTR && !take_call(w));
	if (result == -EINTR) {
		set_state(w, WAITER_CALLED);
		/* Not before may there be another request. Acquire: no signal comes any more. */
		while (__atomic_load_n(&w->state, __ATOMIC_ACQUIRE) == WAITER_CALLED)
			SYS(futex, &w->state, FUTEX_WAIT_PRIVATE, WAITER_CALLED, NULL);
		return;
	}
	set_state(w, WAITER_WOKEN);
	complete(w, result);
}

/* False: there are enough already. */
static bool become_idle(struct waiter *w)
{
	bool kept;

	process_lock(LOCK_WAITERS);
	kept = waiters.count < IDLE_MAX;
	if (kept) {
		w->next_idle = waiters.idle;
		waiters.idle = w;
		waiters.count++;
	}
	process_unlock(LOCK_WAITERS);
	return kept;
}

static void await_job(struct waiter *w, uint32_t done)
{
	/* Acquire: the job is complete; pairs with waiter_start(). */
	while (__atomic_load_n(&w->jobs, __ATOMIC_ACQUIRE) == done)
		SYS(futex, &w->jobs, FUTEX_WAIT_PRIVATE, done, NULL);
}

static void *wait_for_requests(void *arg)
{
	struct waiter *w = arg;
	uint32_t done = 0;
	int allowed = 0;

	w->thread = thread_id();
	do {
		await_job(w, done);
		done++;
		interrupt_allow(&allowed);
		/* Release: w->thread is there; pairs with call(). */
		__atomic_store_n(&w->allowed, allowed, __ATOMIC_RELEASE);
		wait_for_request(w);
		interrupt_settle();
	} while (become_idle(w));
	user_free(w);
	return NULL;
}

/* ---- Its users ------------------------------------------------------------------------------- */

static struct waiter *take_idle(void)
{
	struct waiter *w;

	process_lock(LOCK_WAITERS);
	if (waiters.epoch != process_epoch()) {
		waiters.idle = NULL;
		waiters.count = 0;
		waiters.epoch = process_epoch();
	}
	w = waiters.idle;
	if (w) {
		waiters.idle = w->next_idle;
		waiters.count--;
	}
	process_unlock(LOCK_WAITERS);
	return w;
}

static struct waiter *waiter_new(void)
{
	struct waiter *w = user_zalloc(1, sizeof(*w));

	if (w && engine_thread(wait_for_requests, w)) {
		user_free(w);
		w = NULL;
	}
	return w;
}

struct waiter *waiter_start(struct request *req, const struct wait_job *job)
{
	struct waiter *w = take_idle();

	interrupt_prepare();
	if (!w)
		w = waiter_new();
	if (!w)
		return NULL;
	request_pend(req, REQ_ARMED);
	ring_hold(req->ring);
	w->req = req;
	w->ring = req->ring;
	w->job = job;
	w->state = WAITER_WAITS;
	w->called = false;
	w->allowed = NOT_YET;
	/* Release: pairs with await_job(). */
	__atomic_add_fetch(&w->jobs, 1, __ATOMIC_RELEASE);
	SYS(futex, &w->jobs, FUTEX_WAKE_PRIVATE, 1);
	return w;
}

bool waiter_waits(const struct waiter *w)
{
	/* Acquire: pairs with set_state(). */
	return __atomic_load_n(&w->state, __ATOMIC_ACQUIRE) == WAITER_WAITS;
}

/* Once. False: the application has taken the signal, or all there are. */
static bool call(const struct waiter *w)
{
	/* Acquire: pairs with wait_for_requests(). */
	int allowed = __atomic_load_n(&w->allowed, __ATOMIC_ACQUIRE);

	if (allowed == NOT_YET)
		return true;
	if (!interrupt_reaches(allowed))
		return false;
	interrupt_thread(w->thread);
	return true;
}

bool waiter_call_back(struct waiter *w)
{
	struct timespec pause = { .tv_nsec = CALL_FIRST_NS };
	struct uring *ring = w->ring;
	uint32_t state;

	__atomic_store_n(&w->called, true, __ATOMIC_RELEASE);
	/* Acquire: pairs with set_state(). */
	for (unsigned calls = 0;
	     (state = __atomic_load_n(&w->state, __ATOMIC_ACQUIRE)) == WAITER_WAITS; calls++) {
		if ((calls >= CALLS_MAX || !call(w)) && take_call(w))
			return false;
		SYS(futex, &w->state, FUTEX_WAIT_PRIVATE, WAITER_WAITS, &pause);
		if (pause.tv_nsec < CALL_LAST_NS)
			pause.tv_nsec *= 2;
	}
	/* It comes to the lock, which is ours. */
	if (state == WAITER_WOKEN)
		return false;
	set_state(w, WAITER_FREE);
	ring_put(ring);
	return true;
}
