/* SPDX-License-Identifier: MIT */
/* io_uring_enter(2). */
#include <signal.h>
#include <string.h>

#include "user/aio.h"
#include "user/process.h"
#include "user/progress.h"
#include "user/regions.h"
#include "user/sqpoll.h"
#include "user/submit.h"
#include "user/sys.h"
#include "user/user.h"
#include "user/worker.h"

#define SIGSET_SIZE (_NSIG / 8)

/* Enters that submit and do not wait may leave this many times before somebody looks for events,
 * where completions are there already: what is ready must have its turn. */
#define ENTERS_UNTIL_LOOK 8

/* How long to sleep while another process has requests in the ring. */
#define OTHERS_CHECK_NS 100000000LL

/* What a wait is for. */
struct wait {
	unsigned min_complete;
	const sigset_t *sigmask; /* or NULL */
	sigset_t mask;
	int64_t deadline; /* ns on `clock`, or TIME_NEVER */
	clockid_t clock;
	int64_t min_wait; /* ns to wait for min_complete; after that, for one. Or 0 */
};

/* ---- Arguments ------------------------------------------------------------------------------- */

/* Whatever the application wrote there; what is before the clock began is over. */
static int64_t to_ns(const struct __kernel_timespec *ts)
{
	int64_t ns;

	if (__builtin_mul_overflow(ts->tv_sec, NS_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, ts->tv_nsec, &ns))
		return ts->tv_sec < 0 ? 0 : TIME_NEVER;
	return ns > 0 ? ns : 0;
}

static int take_sigmask(struct wait *w, uint64_t mask, size_t size)
{
	if (!mask)
		return 0;
	if (size != SIGSET_SIZE)
		return -EINVAL;
	w->sigmask = &w->mask;
	return copy_from_app(&w->mask, (const void *)(uintptr_t)mask, SIGSET_SIZE);
}

static void take_timeout(struct uring *ring, struct wait *w, const struct __kernel_timespec *ts,
			 bool absolute)
{
	int64_t ns = to_ns(ts), now = clock_now(ring->wait_clock);

	w->clock = ring->wait_clock;
	if (absolute)
		w->deadline = ns;
	else
		w->deadline = ns >= TIME_NEVER - now ? TIME_NEVER : now + ns;
}

/* IORING_ENTER_EXT_ARG_REG: the argument lies in a registered region. */
static int take_registered_wait(struct uring *ring, struct wait *w, uint64_t offset, size_t size,
				unsigned flags)
{
	struct io_uring_reg_wait arg;
	int ret = regions_wait_arg(ring, offset, size, &arg);

	if (ret)
		return ret;
	if (arg.flags & ~(unsigned)IORING_REG_WAIT_TS)
		return -EINVAL;
	w->min_wait = arg.min_wait_usec * 1000LL;
	if (arg.flags & IORING_REG_WAIT_TS)
		take_timeout(ring, w, &arg.ts, flags & IORING_ENTER_ABS_TIMER);
	return take_sigmask(w, arg.sigmask, arg.sigmask_sz);
}

static int take_ext_arg(struct uring *ring, struct wait *w, const void *arg, size_t size,
			unsigned flags)
{
	struct io_uring_getevents_arg ext;
	struct __kernel_timespec ts;
	int ret;

	if (size != sizeof(ext))
		return -EINVAL;
	ret = copy_from_app(&ext, arg, sizeof(ext));
	if (ret)
		return ret;
	w->min_wait = ext.min_wait_usec * 1000LL;
	if (ext.ts) {
		ret = copy_from_app(&ts, (const void *)(uintptr_t)ext.ts, sizeof(ts));
		if (ret)
			return ret;
		take_timeout(ring, w, &ts, flags & IORING_ENTER_ABS_TIMER);
	}
	return take_sigmask(w, ext.sigmask, ext.sigmask_sz);
}

static int take_wait(struct uring *ring, struct wait *w, unsigned min_complete, unsigned flags,
		     const void *arg, size_t size)
{
	*w = (struct wait){ .deadline = TIME_NEVER, .clock = CLOCK_MONOTONIC };
	w->min_complete = min_complete < ring->mem.cq_entries ? min_complete : ring->mem.cq_entries;
	if (flags & IORING_ENTER_EXT_ARG_REG)
		return take_registered_wait(ring, w, (uintptr_t)arg, size, flags);
	if (flags & IORING_ENTER_EXT_ARG)
		return take_ext_arg(ring, w, arg, size, flags);
	return take_sigmask(w, (uintptr_t)arg, size);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/* What can be done without waiting. Returns ns until the next timer. */
static int64_t make_progress(struct uring *ring)
{
	int64_t next = timers_run(ring);

	run_deferred(ring);
	run_ready(ring);
	aio_run(ring);
	workers_wake(ring);
	cq_flush_overflow(ring);
	if (__builtin_expect(shared_of(ring)->owned.count, 0))
		owner_bury(ring);
	return next;
}

/* ns until `deadline`, at most `most`; 0 if it has passed. */
static int64_t time_left(const struct wait *w, int64_t deadline, int64_t most)
{
	int64_t left;

	if (deadline == TIME_NEVER)
		return most;
	left = deadline - clock_now(w->clock);
	if (left < 0)
		left = 0;
	return left < most ? left : most;
}

/*
 * Waits until w->min_complete CQEs are there. 0, -ETIME, -EINTR. A deadline for the minimal wait
 * comes first, even if the other one is earlier: once it has passed, one CQE is enough.
 */
static int wait_for_cqes(struct uring *ring, struct wait *w)
{
	int64_t min_wait_end = w->min_wait ? clock_now(w->clock) + w->min_wait : TIME_NEVER;
	unsigned wanted = w->min_complete;
	int64_t next, sleep, deadline;
	bool looked = false, late;
	int ret;

	for (;;) {
		next = make_progress(ring);
		cq_announce(ring);
		if (cq_ready(ring) >= wanted || ring->closing)
			return 0;
		if (min_wait_end != TIME_NEVER && clock_now(w->clock) >= min_wait_end) {
			min_wait_end = TIME_NEVER;
			wanted = wanted ? 1 : 0;
			continue;
		}
		deadline = min_wait_end != TIME_NEVER ? min_wait_end : w->deadline;
		sleep = time_left(w, deadline, next);
		late = !sleep && deadline == w->deadline && time_left(w, deadline, 1) == 0;
		if (late && looked)
			return cq_ready(ring) ? 0 : -ETIME;
		/* That another process dies wakes nobody. */
		if (__builtin_expect(shared_of(ring)->owned.count, 0) && sleep > OTHERS_CHECK_NS &&
		    owner_has_others(ring))
			sleep = OTHERS_CHECK_NS;
		/* Whether it would sleep at all tells how the application waits, the first time;
		 * and who has no time to sleep looks, too. */
		if (!looked && __builtin_expect(late || !ring->reactor.waits, 0)) {
			looked = true;
			reactor_poll(ring);
			continue;
		}
		looked = true;
		ring->reactor.waits |= sleep > 0;
		ring->reactor.looked = false;
		linger_release(ring);
		ret = reactor_sleep(ring, has_work(ring) ? 0 : sleep, w->sigmask);
		if (ret) {
			/* What came just before may have been left to us. */
			reactor_poll(ring);
			make_progress(ring);
			return cq_ready(ring) ? 0 : ret;
		}
	}
}

/* What an enter with IORING_ENTER_GETEVENTS does once it has submitted. */
static int get_events(struct uring *ring, struct wait *w)
{
	int64_t next = make_progress(ring);

	(void)next;
	if (ring->watched.told) {
		ring->watched.told = false;
		reactor_poll(ring);
	}
	if (cq_ready(ring) < w->min_complete)
		return wait_for_cqes(ring, w);
	/* Enough without looking: what waits for its file must not starve, though. */
	if (ring->reactor.armed &&
	    (!cq_ready(ring) || ++ring->reactor.skipped >= ENTERS_UNTIL_LOOK)) {
		reactor_poll(ring);
		make_progress(ring);
	}
	return 0;
}

/* ---- The call -------------------------------------------------------------------------------- */

/* One thread alone may submit to a ring that was promised this. */
static int check_issuer(struct uring *ring)
{
	if (!(ring->setup_flags & IORING_SETUP_SINGLE_ISSUER))
		return 0;
	if (!ring->issuer)
		ring->issuer = thread_id();
	return ring->issuer == thread_id() ? 0 : -EEXIST;
}

static int submit(struct uring *ring, unsigned count, unsigned flags)
{
	int ret;

	if (ring->setup_flags & IORING_SETUP_SQPOLL)
		return sqpoll_enter(ring, count, flags);
	if (!count)
		return 0;
	owner_note_thread();
	ret = check_issuer(ring);
	return ret ? ret : submit_sqes(ring, count);
}

static int enter(struct uring *ring, unsigned count, unsigned min_complete, unsigned flags,
		 const void *arg, size_t size)
{
	struct wait w;
	int submitted, ret;

	if (ring->disabled)
		return -EBADFD;
	submitted = submit(ring, count, flags);
	if (submitted < 0)
		return submitted;
	/* With fewer than asked for the caller looks what is wrong, rather than waits. */
	if (!(flags & IORING_ENTER_GETEVENTS) ||
	    (submitted != (int)count && !(ring->setup_flags & IORING_SETUP_SQPOLL)))
		return submitted;
	ret = take_wait(ring, &w, min_complete, flags, arg, size);
	if (!ret && ring->setup_flags & IORING_SETUP_DEFER_TASKRUN)
		ret = check_issuer(ring);
	if (!ret)
		ret = get_events(ring, &w);
	return submitted ? submitted : ret;
}

/*
 * True if the ring's descriptor may be lowered: the call leaves with nothing there, and the
 * application may be one that polls the descriptor next. One that sleeps in enter is not, unless it
 * looks in vain twice, or waits in vain: it need not pay for lowering and raising.
 */
static bool leaves_in_vain(struct uring *ring, unsigned to_submit, unsigned flags, int ret)
{
	struct reactor *r = &ring->reactor;

	if (cq_ready(ring) || has_work(ring))
		return false;
	if (r->waits && ret != -ETIME) {
		if (to_submit || !(flags & IORING_ENTER_GETEVENTS))
			return false;
		if (!r->looked) {
			r->looked = true;
			return false;
		}
	}
	r->waits = false;
	return true;
}

int user_enter(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags,
	       const void *arg, size_t argsz)
{
	struct uring *ring;
	int ret;

	if (flags & ~(unsigned)ENTER_FLAGS_VALID)
		return -EINVAL;
	if (flags & IORING_ENTER_REGISTERED_RING)
		ring = ring_get_registered(fd, &ret);
	else
		ring = ring_get(fd, &ret);
	if (!ring)
		return ret;
	ret = ring_enter(ring);
	if (__builtin_expect(ret, 0))
		goto put;
	if (__builtin_expect(ring->epoch != process_epoch(), 0)) {
		ret = ring_adopt(ring);
		if (ret)
			goto out;
	}
	ring->reactor.inside++;
	if (__builtin_expect(ring->watched.state == WATCHDOG_SERVES, 0))
		watchdog_entered(ring);
	ret = enter(ring, to_submit, min_complete, flags, arg, argsz);
	cq_announce(ring);
	if (leaves_in_vain(ring, to_submit, flags, ret))
		reactor_lower(ring);
	ring->reactor.inside--;
	reactor_leave(ring);
	progress_leave(ring);
out:
	ring_unlock(ring);
put:
	ring_put(ring);
	return ret;
}
