/* SPDX-License-Identifier: MIT */
#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "user/process.h"
#include "user/progress.h"
#include "user/sys.h"
#include "user/watchdog.h"
#include "user/worker.h"

#define TICK_NS 4000000LL

/* Ticks after which a thread that stays in enter is believed to sleep there. */
#define QUIET_TICKS 16

/* A descriptor that was raised is looked at so often, each time after twice as long: it is lowered
 * once the application has reaped all. */
#define RAISED_CHECKS 8

/* Rings whose events are taken at once; more are taken in the next round. */
#define EVENTS_MAX 32

/* The data of its own eventfd; of rings it is their id. */
#define POKED 0

/*
 * Lock order: LOCK_WATCHDOG, then a ring's, which the watchdog only tries. Those who hold a ring's
 * lock reach it by `fresh`, a list that is added to without a lock.
 */
static struct {
	struct list rings;
	struct uring *fresh; /* atomic */
	int epoll_fd, event_fd;
	bool running;	      /* this and users: under LOCK_WATCHDOG_START */
	unsigned users;	      /* rings that have needed it, and are not closed */
	uint32_t stop, ended; /* atomic; the second is a futex */
	/*
	 * When it looks by itself, ns; TIME_NEVER while it is not asleep yet, which has others
	 * poke it. Sequentially consistent, as `fresh`: who puts a ring there and then finds a time
	 * that is soon enough may rely on it.
	 */
	int64_t wakes_at;
} dog = { .epoll_fd = -1, .event_fd = -1 };

static void *watch(void *unused);

/* ---- What a ring needs ----------------------------------------------------------------------- */

/* Somebody waits for signals rather than in enter. */
static bool needs_helper(const struct uring *ring)
{
	return (ring->cq.eventfd >= 0 && !ring->cq.eventfd_async) ||
	       ring->setup_flags & IORING_SETUP_SQPOLL;
}

static bool needs_watchdog(const struct uring *ring)
{
	/* Polled rings complete only for those who enter, or for their thread. */
	if (ring->closing || ring->setup_flags & IORING_SETUP_IOPOLL)
		return false;
	/* Here the thread itself completes; poll(2) of the descriptor sees files, but not time. */
	if (ring->setup_flags & IORING_SETUP_DEFER_TASKRUN && !needs_helper(ring))
		return timers_armed(ring);
	return ring->reactor.armed || timers_armed(ring) || !list_is_empty(&ring->again) ||
	       linger_has_idle(&ring->lingerers);
}

static int64_t next_deadline(const struct uring *ring)
{
	int64_t left = timers_next(ring);

	return left == TIME_NEVER ? TIME_NEVER : clock_now(CLOCK_MONOTONIC) + left;
}

/* ---- Reaching it ----------------------------------------------------------------------------- */

static void poke(void)
{
	uint64_t one = 1;

	SYS(write, dog.event_fd, &one, sizeof(one));
}

/* It is to look at `deadline`, at the latest. */
static void expect_by(int64_t deadline)
{
	if (__atomic_load_n(&dog.wakes_at, __ATOMIC_SEQ_CST) > deadline)
		poke();
}

static int open_sets(void)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.u64 = POKED };
	int ret;

	dog.epoll_fd = own_fd((int)SYS(epoll_create1, EPOLL_CLOEXEC));
	if (dog.epoll_fd < 0)
		return dog.epoll_fd;
	dog.event_fd = own_fd((int)SYS(eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (dog.event_fd < 0)
		return dog.event_fd;
	ret = (int)SYS(epoll_ctl, dog.epoll_fd, EPOLL_CTL_ADD, dog.event_fd, &ev);
	return ret;
}

static void close_sets(void)
{
	if (dog.epoll_fd >= 0)
		SYS(close, dog.epoll_fd);
	if (dog.event_fd >= 0)
		SYS(close, dog.event_fd);
	dog.epoll_fd = dog.event_fd = -1;
}

/* True: there is a watchdog, which from now on has the ring among its users. */
static bool started(struct uring *ring)
{
	bool running;

	process_lock(LOCK_WATCHDOG_START);
	if (!dog.running) {
		list_init(&dog.rings);
		dog.users = 0;
		dog.stop = dog.ended = 0;
		__atomic_store_n(&dog.wakes_at, TIME_NEVER, __ATOMIC_SEQ_CST);
		dog.running = !open_sets() && !engine_thread(watch, NULL);
		if (!dog.running)
			close_sets();
	}
	running = dog.running;
	if (running && !ring->watched.user) {
		ring->watched.user = true;
		dog.users++;
	}
	process_unlock(LOCK_WATCHDOG_START);
	return running;
}

/* With the last ring it goes, and all that it had. Under LOCK_WATCHDOG_START. */
static void stop(void)
{
	__atomic_store_n(&dog.stop, 1, __ATOMIC_RELEASE);
	poke();
	/* Acquire: pairs with the end of watch(). */
	while (!__atomic_load_n(&dog.ended, __ATOMIC_ACQUIRE))
		SYS(futex, &dog.ended, FUTEX_WAIT_PRIVATE, 0, NULL);
	close_sets();
	dog.running = false;
}

static void list_ring(struct uring *ring)
{
	if (ring->watched.listed)
		return;
	ring->watched.listed = true;
	ring_hold(ring);
	ring->watched.next_listed = __atomic_load_n(&dog.fresh, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&dog.fresh, &ring->watched.next_listed, ring, true,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		continue;
}

/* False: the set does not take it; then it goes on ticking. */
static bool begin_serving(struct uring *ring)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.u64 = ring->id };

	if (SYS(epoll_ctl, dog.epoll_fd, EPOLL_CTL_ADD, ring->reactor.epoll_fd, &ev))
		return false;
	ring->watched.state = WATCHDOG_SERVES;
	ring->watched.raised_checks = 0;
	return true;
}

static void end_serving(struct uring *ring)
{
	struct epoll_event unused = { 0 };

	SYS(epoll_ctl, dog.epoll_fd, EPOLL_CTL_DEL, ring->reactor.epoll_fd, &unused);
	ring->watched.state = WATCHDOG_AWAY;
}

void watchdog_entered(struct uring *ring)
{
	if (!needs_helper(ring))
		end_serving(ring);
}

static void begin_watching(struct uring *ring)
{
	struct watched *w = &ring->watched;

	if (!started(ring))
		return;
	if (needs_helper(ring) && begin_serving(ring)) {
		w->deadline = next_deadline(ring);
	} else {
		w->state = WATCHDOG_TICKS;
		w->quiet = 0;
		w->visited = true;
		w->deadline = clock_now(CLOCK_MONOTONIC) + TICK_NS;
	}
	list_ring(ring);
	expect_by(w->deadline);
}

void watchdog_left(struct uring *ring, bool visited)
{
	struct watched *w = &ring->watched;
	int64_t deadline;

	if (!needs_watchdog(ring))
		return;
	switch ((enum watchdog_state)w->state) {
	case WATCHDOG_TICKS:
		w->visited |= visited;
		break;
	case WATCHDOG_SERVES:
		deadline = w->missed ? 0 : next_deadline(ring);
		if (deadline >= w->deadline)
			break;
		w->deadline = deadline;
		expect_by(deadline);
		break;
	case WATCHDOG_AWAY:
		begin_watching(ring);
		break;
	}
}

/* ---- Looking at one ring: under both locks --------------------------------------------------- */

/* There is work that its own thread must do: says so, once until somebody has looked. */
static void tell(struct uring *ring)
{
	ring->watched.deadline = TIME_NEVER;
	if (ring->watched.told)
		return;
	ring->watched.told = true;
	reactor_wake(ring);
	cq_signal(ring);
}

/* The descriptor of a ring whose completions were reaped without entering is lowered, at last. */
static void try_lowering(struct uring *ring, int64_t now)
{
	struct watched *w = &ring->watched;
	int64_t again;

	/* With work to do it is raised for whoever comes and does it. */
	if (!shared_of(ring)->event_raised || has_work(ring))
		return;
	if (!cq_ready(ring)) {
		reactor_lower(ring);
		show_task_work(ring);
		return;
	}
	if (w->raised_checks == RAISED_CHECKS)
		return;
	again = now + (TICK_NS << w->raised_checks++);
	if (again < w->deadline)
		w->deadline = again;
}

static void serve(struct uring *ring, int64_t now, bool fired)
{
	struct watched *w = &ring->watched;
	bool deferred = ring->setup_flags & IORING_SETUP_DEFER_TASKRUN;

	w->missed = false;
	if (deferred) {
		w->deadline = next_deadline(ring);
		if (fired || w->deadline <= now)
			tell(ring);
		return;
	}
	/* Until it is known: so that nobody pokes us. */
	w->deadline = 0;
	if (fired) {
		w->raised_checks = 0;
		reactor_poll(ring);
	}
	timers_run(ring);
	progress_made(ring);
	linger_release(ring);
	/* What has yielded has its next turn after the other rings have had theirs. */
	w->deadline = has_work(ring) ? now : next_deadline(ring);
	try_lowering(ring, now);
}

static void tick(struct uring *ring, int64_t now)
{
	struct watched *w = &ring->watched;

	w->deadline = now + TICK_NS;
	if (w->visited || ring->reactor.inside) {
		w->quiet = w->visited ? 0 : w->quiet + 1;
		w->visited = false;
		if (w->quiet == QUIET_TICKS)
			w->state = WATCHDOG_AWAY;
	} else if (begin_serving(ring)) {
		serve(ring, now, true);
	}
}

/* Who sleeps in the set was woken, too; or is on the way out of it, and does not see this one. */
static void leave_to_sleeper(struct watched *w, bool fired)
{
	w->missed |= fired;
	w->deadline = TIME_NEVER;
}

/* False: it need not be looked at any more. */
static bool look_at(struct uring *ring, int64_t now, bool fired)
{
	struct watched *w = &ring->watched;

	if (w->state == WATCHDOG_TICKS)
		tick(ring, now);
	else if (w->state == WATCHDOG_SERVES && ring->reactor.sleeper)
		leave_to_sleeper(w, fired);
	else if (w->state == WATCHDOG_SERVES && (fired || w->deadline <= now))
		serve(ring, now, fired || w->missed);
	if (needs_watchdog(ring) || (w->deadline != TIME_NEVER && w->state == WATCHDOG_SERVES))
		return w->state != WATCHDOG_AWAY;
	if (w->state == WATCHDOG_SERVES)
		end_serving(ring);
	w->state = WATCHDOG_AWAY;
	return false;
}

/* ---- The thread ------------------------------------------------------------------------------ */

static void take_fresh(void)
{
	struct uring *ring = __atomic_exchange_n(&dog.fresh, NULL, __ATOMIC_SEQ_CST);

	while (ring) {
		struct uring *next = ring->watched.next_listed;

		list_add_tail(&dog.rings, &ring->watched.link);
		ring = next;
	}
}

static bool is_among(const struct epoll_event *events, long count, uint64_t id)
{
	for (long i = 0; i < count; i++)
		if (events[i].data.u64 == id)
			return true;
	return false;
}

/* Looks at all rings. Returns when to do so next. */
static int64_t look(const struct epoll_event *events, long count)
{
	int64_t now = clock_now(CLOCK_MONOTONIC), next = TIME_NEVER, at;

	process_lock(LOCK_WATCHDOG);
	take_fresh();
	list_for_each(link, &dog.rings)
	{
		struct uring *ring = list_entry(link, struct uring, watched.link);
		bool keep;

		ring->watched.fired |= is_among(events, count, ring->id);
		if (!lock_try(&shared_of(ring)->lock)) {
			/* Somebody is there. */
			next = now + TICK_NS / 4;
			continue;
		}
		keep = look_at(ring, now, ring->watched.fired);
		ring->watched.fired = false;
		at = ring->watched.deadline;
		if (!keep) {
			list_del(link);
			ring->watched.listed = false;
		}
		ring_unlock(ring);
		if (keep && at < next)
			next = at;
		if (!keep)
			ring_put(ring);
	}
	process_unlock(LOCK_WATCHDOG);
	return next;
}

static void *watch(void *unused)
{
	struct epoll_event events[EVENTS_MAX];
	long count = 0;

	(void)unused;
	/* Acquire: pairs with stop(). */
	while (!__atomic_load_n(&dog.stop, __ATOMIC_ACQUIRE)) {
		int64_t next, left;

		__atomic_store_n(&dog.wakes_at, TIME_NEVER, __ATOMIC_SEQ_CST);
		next = look(events, count);
		__atomic_store_n(&dog.wakes_at, next, __ATOMIC_SEQ_CST);
		left = next - clock_now(CLOCK_MONOTONIC);
		if (left < 0)
			left = 0;
		if (left > EPOLL_SLEEP_MAX)
			left = EPOLL_SLEEP_MAX;
		count = epoll_sleep(dog.epoll_fd, events, EVENTS_MAX, left, NULL);
	}
	/* Release: it uses nothing any more; pairs with stop(). */
	__atomic_store_n(&dog.ended, 1, __ATOMIC_RELEASE);
	SYS(futex, &dog.ended, FUTEX_WAKE_PRIVATE, 1);
	return NULL;
}

/* ---- Ends ------------------------------------------------------------------------------------ */

static void unlist(struct uring *ring)
{
	bool listed;

	process_lock(LOCK_WATCHDOG);
	take_fresh();
	ring_lock(ring);
	if (ring->watched.state == WATCHDOG_SERVES)
		end_serving(ring);
	ring->watched.state = WATCHDOG_AWAY;
	listed = ring->watched.listed;
	ring->watched.listed = false;
	if (listed)
		list_del(&ring->watched.link);
	ring_unlock(ring);
	process_unlock(LOCK_WATCHDOG);
	if (listed)
		ring_put(ring);
}

void watchdog_forget(struct uring *ring)
{
	if (!ring->watched.user)
		return;
	unlist(ring);
	process_lock(LOCK_WATCHDOG_START);
	ring->watched.user = false;
	if (!--dog.users)
		stop();
	process_unlock(LOCK_WATCHDOG_START);
}

void watchdog_forked(void)
{
	close_sets();
	list_init(&dog.rings);
	dog.fresh = NULL;
	dog.running = false;
}
