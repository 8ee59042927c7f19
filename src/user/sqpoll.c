/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/eventfd.h>

#include "user/alloc.h"
#include "user/process.h"
#include "user/progress.h"
#include "user/sqpoll.h"
#include "user/submit.h"
#include "user/sys.h"
#include "user/worker.h"

/* How long it looks for SQEs before it sleeps, if the application does not say. */
#define IDLE_DEFAULT_MS 1000

/* Looks without work before it lets others run between looks. */
#define LOOKS_UNTIL_YIELD 200

/* A thread, and the rings it submits for. */
struct sqpoll {
	uint32_t lock;	   /* the list of rings; a ring's lock is taken within it */
	struct list rings; /* by uring.sqpoll_link */
	unsigned users;	   /* rings, under LOCK_SQPOLL */
	bool asleep;	   /* or about to be, under lock */
	int64_t idle;	   /* ns; atomic */
	/* The thread sleeps by reading it. A descriptor, so that a child that has inherited a ring
	 * can wake its parent's thread. */
	int event_fd;
	unsigned epoch; /* the process of the thread */
	bool stop;	/* atomic: it has no rings any more */
	uint32_t ended; /* atomic, a futex: it does not come back to this */
};

/* ---- The thread ------------------------------------------------------------------------------ */

static void show_asleep(struct uring *ring, bool asleep)
{
	uint32_t *flags = &ring->mem.header->sq_flags;

	if (asleep)
		__atomic_or_fetch(flags, IORING_SQ_NEED_WAKEUP, __ATOMIC_SEQ_CST);
	else
		__atomic_and_fetch(flags, ~IORING_SQ_NEED_WAKEUP, __ATOMIC_SEQ_CST);
}

static void set_asleep(struct sqpoll *sq, bool asleep)
{
	sq->asleep = asleep;
	list_for_each(link, &sq->rings)
		show_asleep(list_entry(link, struct uring, sqpoll_link), asleep);
}

static bool has_sqes(const struct uring *ring)
{
	/* Acquire: the ring is set up; pairs with sqpoll_enable(). */
	return __atomic_load_n(&ring->sqpoll_live, __ATOMIC_ACQUIRE) && sq_ready(ring);
}

/* Under the ring's lock. */
static void wake_room_waiters(struct ring_shared *shared)
{
	/* Relaxed: all who wait read it under the lock; futex(2) orders the rest. */
	__atomic_add_fetch(&shared->sq_room, 1, __ATOMIC_RELAXED);
	if (shared->sq_room_waiters)
		SYS(futex, &shared->sq_room, FUTEX_WAKE, INT_MAX);
}

static void submit_for(struct uring *ring)
{
	ring_lock(ring);
	if (!ring->closing && submit_sqes(ring, sq_ready(ring)) > 0)
		wake_room_waiters(shared_of(ring));
	progress_made(ring);
	ring_unlock(ring);
}

/* What a polled ring has in flight completes for those who look: here it is the thread. */
static bool look_for_polled(struct uring *ring)
{
	bool looked;

	if (!(ring->setup_flags & IORING_SETUP_IOPOLL))
		return false;
	ring_lock(ring);
	looked = ring->reactor.armed && !ring->closing;
	if (looked) {
		reactor_poll(ring);
		progress_made(ring);
	}
	ring_unlock(ring);
	return looked;
}

/* True if there was anything to do for any of its rings. */
static bool serve_rings(struct sqpoll *sq)
{
	bool busy = false;

	lock_take(&sq->lock);
	list_for_each(link, &sq->rings)
	{
		struct uring *ring = list_entry(link, struct uring, sqpoll_link);

		busy |= look_for_polled(ring);
		if (!has_sqes(ring))
			continue;
		busy = true;
		submit_for(ring);
	}
	lock_drop(&sq->lock);
	return busy;
}

/*
 * Says on all rings that it is to be woken, then looks once more. Between the two there is a full
 * fence, as there is in the application between publishing SQEs and reading the flag: so that at
 * least one of us sees what the other did.
 */
static bool may_sleep(struct sqpoll *sq)
{
	bool idle = true;

	lock_take(&sq->lock);
	set_asleep(sq, true);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	list_for_each(link, &sq->rings) idle &=
		!has_sqes(list_entry(link, struct uring, sqpoll_link));
	if (!idle)
		set_asleep(sq, false);
	lock_drop(&sq->lock);
	return idle;
}

static void sleep_until_woken(struct sqpoll *sq)
{
	uint64_t count;

	if (!may_sleep(sq))
		return;
	SYS(read, sq->event_fd, &count, sizeof(count));
	lock_take(&sq->lock);
	set_asleep(sq, false);
	lock_drop(&sq->lock);
}

static void *poll_rings(void *arg)
{
	int64_t last_work = clock_now(CLOCK_MONOTONIC), idle;
	struct sqpoll *sq = arg;
	unsigned looks = 0;

	/* Acquire: pairs with sqpoll_stop(). */
	while (!__atomic_load_n(&sq->stop, __ATOMIC_ACQUIRE)) {
		if (serve_rings(sq)) {
			looks = 0;
			last_work = clock_now(CLOCK_MONOTONIC);
			continue;
		}
		idle = __atomic_load_n(&sq->idle, __ATOMIC_RELAXED);
		if (clock_now(CLOCK_MONOTONIC) - last_work >= idle) {
			sleep_until_woken(sq);
			looks = 0;
			last_work = clock_now(CLOCK_MONOTONIC);
		} else if (++looks > LOOKS_UNTIL_YIELD) {
			SYS(sched_yield, 0);
		}
	}
	/* Release: we are done with it; pairs with sqpoll_stop(), which frees it. */
	__atomic_store_n(&sq->ended, 1, __ATOMIC_RELEASE);
	SYS(futex, &sq->ended, FUTEX_WAKE_PRIVATE, 1);
	return NULL;
}

static void wake(const struct sqpoll *sq)
{
	uint64_t one = 1;

	SYS(write, sq->event_fd, &one, sizeof(one));
}

static void wake_if_asleep(const struct uring *ring)
{
	/* Sequentially consistent: after the tail, or sqpoll_live, was written; see may_sleep(). */
	if (__atomic_load_n(&ring->mem.header->sq_flags, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP)
		wake(ring->sqpoll);
}

/* ---- Starting -------------------------------------------------------------------------------- */

/* On the CPU that was asked for: a thread inherits it from who starts it. */
static int start_on_cpu(struct sqpoll *sq, unsigned cpu)
{
	cpu_set_t former, only;
	int ret;

	if (cpu >= CPU_SETSIZE || SYS(sched_getaffinity, 0, sizeof(former), &former) < 0)
		return -EINVAL;
	CPU_ZERO(&only);
	CPU_SET(cpu, &only);
	if (SYS(sched_setaffinity, 0, sizeof(only), &only))
		return -EINVAL;
	ret = engine_thread(poll_rings, sq);
	SYS(sched_setaffinity, 0, sizeof(former), &former);
	return ret;
}

static int sqpoll_new(struct sqpoll **made, const struct io_uring_params *p)
{
	struct sqpoll *sq = user_zalloc(1, sizeof(*sq));
	int ret;

	if (!sq)
		return -ENOMEM;
	list_init(&sq->rings);
	sq->epoch = process_epoch();
	ret = sq->event_fd = own_fd((int)SYS(eventfd2, 0, EFD_CLOEXEC));
	if (ret >= 0)
		ret = p->flags & IORING_SETUP_SQ_AFF ? start_on_cpu(sq, p->sq_thread_cpu)
						     : engine_thread(poll_rings, sq);
	if (ret) {
		if (sq->event_fd >= 0)
			SYS(close, sq->event_fd);
		user_free(sq);
		return ret;
	}
	*made = sq;
	return 0;
}

/* Under LOCK_SQPOLL. */
static void attach(struct uring *ring, struct sqpoll *sq, const struct io_uring_params *p)
{
	int64_t idle = (p->sq_thread_idle ? p->sq_thread_idle : IDLE_DEFAULT_MS) * 1000000LL;

	sq->users++;
	if (idle > __atomic_load_n(&sq->idle, __ATOMIC_RELAXED))
		__atomic_store_n(&sq->idle, idle, __ATOMIC_RELAXED);
	lock_take(&sq->lock);
	list_add_tail(&sq->rings, &ring->sqpoll_link);
	if (sq->asleep)
		show_asleep(ring, true);
	lock_drop(&sq->lock);
	ring->sqpoll = sq;
}

/* Attaches to the thread of another ring. -EPERM: it is another process's. */
static int attach_to(struct uring *ring, const struct io_uring_params *p)
{
	int ret = 0;
	struct uring *other = ring_get(p->wq_fd, &ret);

	if (!other)
		return ret == -EBADF ? -ENXIO : -EINVAL;
	process_lock(LOCK_SQPOLL);
	if (!(p->flags & IORING_SETUP_SQPOLL))
		ret = 0;
	else if (!other->sqpoll)
		ret = -EINVAL;
	else if (other->sqpoll->epoch != process_epoch())
		ret = -EPERM;
	else
		attach(ring, other->sqpoll, p);
	process_unlock(LOCK_SQPOLL);
	ring_put(other);
	return ret;
}

int sqpoll_start(struct uring *ring, const struct io_uring_params *p)
{
	struct sqpoll *sq;
	int ret = -EPERM;

	if (p->flags & IORING_SETUP_ATTACH_WQ)
		ret = attach_to(ring, p);
	if (ret != -EPERM)
		return ret;
	ret = sqpoll_new(&sq, p);
	if (ret)
		return ret;
	process_lock(LOCK_SQPOLL);
	attach(ring, sq, p);
	process_unlock(LOCK_SQPOLL);
	return 0;
}

void sqpoll_enable(struct uring *ring)
{
	/* Release: the ring is set up; pairs with has_sqes(). Sequentially
	 * consistent: see wake_if_asleep(). */
	__atomic_store_n(&ring->sqpoll_live, true, __ATOMIC_SEQ_CST);
	if (sq_ready(ring))
		wake_if_asleep(ring);
}

/* ---- Entering -------------------------------------------------------------------------------- */

static bool is_full(const struct uring *ring)
{
	return sq_ready(ring) == ring->mem.sq_entries;
}

int sqpoll_enter(struct uring *ring, unsigned count, unsigned flags)
{
	struct ring_shared *shared = shared_of(ring);

	if (flags & IORING_ENTER_SQ_WAKEUP)
		wake_if_asleep(ring);
	while (flags & IORING_ENTER_SQ_WAIT && is_full(ring) && !ring->closing) {
		uint32_t seen = shared->sq_room;
		long ret;

		shared->sq_room_waiters++;
		ring_unlock(ring);
		ret = SYS(futex, &shared->sq_room, FUTEX_WAIT, seen, NULL);
		ring_lock(ring);
		shared->sq_room_waiters--;
		if (ret == -EINTR)
			break;
	}
	return (int)count;
}

/* ---- Ends ------------------------------------------------------------------------------------ */

/* The thread ends, and then what it worked with. */
static void end_thread(struct sqpoll *sq)
{
	/* Release: pairs with poll_rings(). */
	__atomic_store_n(&sq->stop, true, __ATOMIC_RELEASE);
	wake(sq);
	/* Acquire: pairs with the end of poll_rings(). */
	while (!__atomic_load_n(&sq->ended, __ATOMIC_ACQUIRE))
		SYS(futex, &sq->ended, FUTEX_WAIT_PRIVATE, 0, NULL);
}

/* Takes the ring off its thread. True: it was the last. */
static bool detach(struct uring *ring, struct sqpoll *sq, bool inherited)
{
	bool last;

	process_lock(LOCK_SQPOLL);
	/* Of a parent's thread a child has but the memory, in whatever state that was. */
	if (!inherited) {
		lock_take(&sq->lock);
		list_del(&ring->sqpoll_link);
		lock_drop(&sq->lock);
	}
	ring->sqpoll = NULL;
	last = !--sq->users;
	process_unlock(LOCK_SQPOLL);
	return last;
}

void sqpoll_stop(struct uring *ring)
{
	struct sqpoll *sq = ring->sqpoll;
	bool inherited = sq->epoch != process_epoch();

	ring_lock(ring);
	wake_room_waiters(shared_of(ring));
	ring_unlock(ring);
	if (!detach(ring, sq, inherited))
		return;
	if (!inherited)
		end_thread(sq);
	SYS(close, sq->event_fd);
	user_free(sq);
}
