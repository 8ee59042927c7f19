/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "user/alloc.h"
#include "user/rings.h"
#include "user/submit.h"
#include "user/sys.h"
#include "user/uring.h"

/* Events taken at once; more are taken in the next round. */
#define EVENTS_MAX 64

/* The epoll data of the eventfd; of watches it is generation and place. */
#define EVENT_FD_DATA	     (RING_ID_MARK << RING_ID_BITS)
#define GENERATION_MAX	     0xffffffU
#define WATCH_DATA(g, place) ((uint64_t)(g) << 32 | (place))

/* ---- Watches --------------------------------------------------------------------------------- */

/*
 * Events name a watch by place and generation, not by address: one taken from the set before the
 * lock was had may be of a file that is gone.
 */
static int watch_new(struct reactor *r, struct file *file)
{
	unsigned room = r->watch_count ? 2 * r->watch_count : 16;
	struct watch *grown;

	while (r->watch_free < r->watch_count && r->watches[r->watch_free].file)
		r->watch_free++;
	if (r->watch_free == r->watch_count) {
		grown = user_realloc(r->watches, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		memset(grown + r->watch_count, 0, (room - r->watch_count) * sizeof(*grown));
		r->watches = grown;
		r->watch_count = room;
	}
	r->watches[r->watch_free].file = file;
	file->watch = r->watch_free;
	return 0;
}

static void watch_free(struct reactor *r, unsigned place)
{
	struct watch *watch = &r->watches[place];

	watch->file = NULL;
	watch->generation = (watch->generation + 1) & GENERATION_MAX;
	if (place < r->watch_free)
		r->watch_free = place;
}

static int watch_events(struct file *file, uint32_t events)
{
	struct reactor *r = &file->ring->reactor;
	struct epoll_event ev = { .events = events | EPOLLET };
	bool first = !file->watched;
	int ret;

	if (first) {
		ret = watch_new(r, file);
		if (ret)
			return ret;
	}
	ev.data.u64 = WATCH_DATA(r->watches[file->watch].generation, file->watch);
	ret = (int)SYS(epoll_ctl, r->epoll_fd, first ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, file->fd,
		       &ev);
	/* A borrowed number that was another file's meanwhile left this one behind. */
	if (ret == -EEXIST)
		ret = (int)SYS(epoll_ctl, r->epoll_fd, EPOLL_CTL_MOD, file->fd, &ev);
	if (ret) {
		if (first)
			watch_free(r, file->watch);
		return ret;
	}
	file->watched = events;
	return 0;
}

int reactor_watch_again(struct file *file)
{
	return watch_events(file, file->watched);
}

void reactor_unwatch(struct file *file)
{
	struct reactor *r = &file->ring->reactor;
	struct epoll_event unused = { 0 };

	if (!file->watched)
		return;
	SYS(epoll_ctl, r->epoll_fd, EPOLL_CTL_DEL, file->fd, &unused);
	watch_free(r, file->watch);
	file->watched = file->ready = 0;
}

bool reactor_can_poll(struct file *file, uint32_t events)
{
	if (!file->watched && !(file->known & FILE_NO_POLL) &&
	    watch_events(file, events | EPOLLRDHUP) == -EPERM)
		file->known |= FILE_NO_POLL;
	return !(file->known & FILE_NO_POLL);
}

int reactor_add_wakeup(struct uring *ring, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.u64 = EVENT_FD_DATA };

	return (int)SYS(epoll_ctl, ring->reactor.epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

int reactor_arm(struct request *req)
{
	uint32_t events = req->poll_events;
	struct file *file;
	int ret = request_hold_file(req);

	if (ret == -EMFILE)
		ret = borrow_file(req);
	if (ret)
		return ret;
	file = req->file;
	if (file->known & FILE_NO_POLL)
		return -EPERM;
	if (reactor_is_ready(req))
		return 1;
	if ((file->watched & events) != events) {
		/* EPOLLRDHUP: a short receive is the last one there is if no end has come. */
		ret = watch_events(file, file->watched | events | EPOLLRDHUP);
		if (ret) {
			if (ret == -EPERM)
				file->known |= FILE_NO_POLL;
			/* A worker would not know that it still is the file. */
			return file->known & FILE_BORROWED ? -EMFILE : ret;
		}
	}
	list_add_tail(&file->waiters, &req->queue);
	request_pend(req, REQ_POLLED);
	req->ring->reactor.armed++;
	return 0;
}

void reactor_disarm(struct request *req)
{
	list_del(&req->queue);
	req->ring->reactor.armed--;
}

/* ---- Events ---------------------------------------------------------------------------------- */

bool reactor_is_ready(const struct request *req)
{
	return req->file->ready & (req->poll_events | EPOLL_ALWAYS) & ~EPOLLET;
}

static void wake_waiters(struct file *file)
{
	bool alone = file->waiters.next == file->waiters.prev;

	if (alone && !list_is_empty(&file->waiters)) {
		struct request *req = list_entry(file->waiters.next, struct request, queue);

		if (reactor_is_ready(req))
			request_wake(req, true);
		/* That may have been the last that held the file. */
		return;
	}
	list_for_each(link, &file->waiters)
	{
		struct request *req = list_entry(link, struct request, queue);

		if (reactor_is_ready(req))
			request_wake(req, false);
	}
}

static void handle_event(struct uring *ring, const struct epoll_event *ev)
{
	uint32_t place = (uint32_t)ev->data.u64, generation = ev->data.u64 >> 32;
	struct reactor *r = &ring->reactor;

	/* What was ready before this has its turn before. */
	run_queued(ring);
	if (place >= r->watch_count || generation != r->watches[place].generation ||
	    !r->watches[place].file)
		return;
	r->watches[place].file->ready |= ev->events;
	wake_waiters(r->watches[place].file);
}

/*
 * With many files, what belongs to the next ones is far from the cache: it is fetched while those
 * before are served. The file first, and one event later the request that waits for it. A guess:
 * what has changed by then is fetched in vain. (Inlined, as gcc 12 takes a function that only
 * prefetches for one that does nothing.)
 */
static inline __attribute__((always_inline)) void fetch_ahead(const struct reactor *r,
							      const struct epoll_event *events,
							      long left)
{
	uint32_t next = left > 1 ? (uint32_t)events[1].data.u64 : UINT32_MAX;
	uint32_t after = left > 2 ? (uint32_t)events[2].data.u64 : UINT32_MAX;
	const struct file *file;
	uintptr_t req;

	if (after < r->watch_count)
		__builtin_prefetch(r->watches[after].file);
	file = next < r->watch_count ? r->watches[next].file : NULL;
	if (!file)
		return;
	/* No pointer: if nobody waits there is no request. */
	req = (uintptr_t)file->waiters.next - offsetof(struct request, queue);
	__builtin_prefetch((const void *)req);
	__builtin_prefetch((const void *)(req + offsetof(struct request, data)));
}

static void handle_events(struct uring *ring, const struct epoll_event *events, long count)
{
	for (long i = 0; i < count; i++) {
		fetch_ahead(&ring->reactor, &events[i], count - i);
		if (events[i].data.u64 != EVENT_FD_DATA)
			handle_event(ring, &events[i]);
	}
	run_ready(ring);
}

void reactor_poll(struct uring *ring)
{
	/* Each file once, even while more comes in. */
	unsigned rounds = ring->reactor.watch_count / EVENTS_MAX + 1;
	struct epoll_event events[EVENTS_MAX];
	long count;

	ring->reactor.skipped = 0;
	ring->reactor.look = false;
	do {
		count = SYS(epoll_pwait, ring->reactor.epoll_fd, events, EVENTS_MAX, 0, NULL, 0);
		handle_events(ring, events, count);
	} while (count == EVENTS_MAX && --rounds);
}

/* ---- Sleeping, waking ------------------------------------------------------------------------ */

#define SIGSET_SIZE (_NSIG / 8)

long epoll_sleep(int fd, struct epoll_event *events, int count, int64_t ns, const sigset_t *sigmask)
{
	struct timespec timeout = { .tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC };
	static bool missing;
	long ret;

	/* Relaxed: whoever does not see it yet finds out. */
	if (!__atomic_load_n(&missing, __ATOMIC_RELAXED)) {
		ret = SYS(epoll_pwait2, fd, events, count, &timeout, sigmask, SIGSET_SIZE);
		if (ret != -ENOSYS && ret != -EPERM)
			return ret;
		__atomic_store_n(&missing, true, __ATOMIC_RELAXED);
	}
	return SYS(epoll_pwait, fd, events, count, (ns + 999999) / 1000000, sigmask, SIGSET_SIZE);
}

/* Under the lock again: a sleeper has come back, for whatever reason. */
static void back_from_set(struct ring_shared *shared)
{
	shared->set_sleepers--;
	if (shared->unwoken)
		shared->unwoken--;
}

/* Sleeps as the reactor: in the inner set. A signal's handler may come here again meanwhile. */
static long sleep_in_set(struct uring *ring, int64_t ns, const sigset_t *sigmask)
{
	struct epoll_event events[EVENTS_MAX];
	pid_t former = ring->reactor.sleeper;
	long count;

	ring->reactor.sleeper = thread_id();
	ring->reactor.skipped = 0;
	/* Under the lock, as all who look at it. */
	shared_of(ring)->set_sleepers++;
	ring_unlock(ring);
	count = epoll_sleep(ring->reactor.epoll_fd, events, EVENTS_MAX, ns, sigmask);
	ring_lock(ring);
	back_from_set(shared_of(ring));
	ring->reactor.sleeper = former;
	handle_events(ring, events, count);
	return count;
}

/* Sleeps beside the reactor. */
static long sleep_on_seq(struct uring *ring, int64_t ns)
{
	/* Without a timeout futex(2) would go on after a handler with SA_RESTART. */
	struct timespec timeout = { .tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC };
	struct ring_shared *shared = shared_of(ring);
	uint32_t seq = shared->wake_seq;
	long ret;

	shared->seq_sleepers++;
	ring_unlock(ring);
	ret = SYS(futex, &shared->wake_seq, FUTEX_WAIT, seq, &timeout);
	ring_lock(ring);
	shared->seq_sleepers--;
	return ret == -EINTR ? -EINTR : 0;
}

/* The same where signals are to come in while it sleeps, and not before: futex(2) has no mask, so
 * it sleeps in a set that holds the eventfd alone. */
static long sleep_masked(struct uring *ring, int64_t ns, const sigset_t *sigmask)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET }, events[EVENTS_MAX];
	long ret, fd = SYS(epoll_create1, EPOLL_CLOEXEC);

	if (fd < 0)
		return fd;
	ret = SYS(epoll_ctl, fd, EPOLL_CTL_ADD, ring->reactor.event_fd, &event);
	/* That it is raised already is no news; under the lock, so nobody raises it now. */
	if (!ret)
		ret = SYS(epoll_pwait, fd, events, EVENTS_MAX, 0, NULL, 0);
	if (ret >= 0) {
		shared_of(ring)->set_sleepers++;
		ring_unlock(ring);
		ret = epoll_sleep((int)fd, events, EVENTS_MAX, ns, sigmask);
		ring_lock(ring);
		back_from_set(shared_of(ring));
	}
	SYS(close, fd);
	return ret;
}

int reactor_sleep(struct uring *ring, int64_t timeout_ns, const sigset_t *sigmask)
{
	int64_t ns = timeout_ns < EPOLL_SLEEP_MAX ? timeout_ns : EPOLL_SLEEP_MAX;
	struct reactor *r = &ring->reactor;
	long ret;

	if (!r->sleeper || r->sleeper == thread_id()) {
		ret = sleep_in_set(ring, ns, sigmask);
	} else {
		r->beside++;
		ret = sigmask ? sleep_masked(ring, ns, sigmask) : sleep_on_seq(ring, ns);
		r->beside--;
	}
	return ret < 0 ? (int)ret : 0;
}

void reactor_leave(struct uring *ring)
{
	if (ring->reactor.beside && !ring->reactor.sleeper)
		reactor_wake(ring);
}

static void raise_event(struct uring *ring)
{
	uint64_t one = 1;

	shared_of(ring)->event_raised = 1;
	shared_of(ring)->unwoken = shared_of(ring)->set_sleepers;
	SYS(write, ring->reactor.event_fd, &one, sizeof(one));
}

/*
 * Raised as it may be, it is written again: that is the edge which an application that polls the
 * descriptor so waits for. One that sleeps in enter does not poll; and where work is deferred, one
 * with an eventfd of its own waits for that, which the watchdog would signal for this edge.
 */
static bool may_be_polled(const struct uring *ring)
{
	if (ring->setup_flags & IORING_SETUP_DEFER_TASKRUN && ring->cq.eventfd >= 0)
		return false;
	return !ring->reactor.waits || ring->reactor.looked;
}

void reactor_wake(struct uring *ring)
{
	struct ring_shared *shared = shared_of(ring);

	if (shared->set_sleepers || !shared->event_raised || may_be_polled(ring))
		raise_event(ring);
	if (shared->seq_sleepers) {
		/* Relaxed: all sleepers read it under the lock; futex(2) orders the rest. */
		__atomic_add_fetch(&shared->wake_seq, 1, __ATOMIC_RELAXED);
		SYS(futex, &shared->wake_seq, FUTEX_WAKE, INT_MAX);
	}
}

void reactor_kick(struct uring *ring)
{
	if (ring->reactor.sleeper)
		reactor_wake(ring);
}

void reactor_lower(struct uring *ring)
{
	uint64_t count;

	/* Lowered before they have looked, it would not be seen by those that it is to wake. */
	if (!shared_of(ring)->event_raised || shared_of(ring)->unwoken)
		return;
	shared_of(ring)->event_raised = 0;
	SYS(read, ring->reactor.event_fd, &count, sizeof(count));
}

/* ---- Opening, freeing ------------------------------------------------------------------------ */

int reactor_open(struct uring *ring, int event_fd)
{
	struct reactor *r = &ring->reactor;

	memset(r, 0, sizeof(*r));
	r->event_fd = event_fd >= 0 ? event_fd
				    : own_fd((int)SYS(eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK));
	r->epoll_fd = own_fd((int)SYS(epoll_create1, EPOLL_CLOEXEC));
	if (r->event_fd < 0)
		return r->event_fd;
	if (r->epoll_fd < 0)
		return r->epoll_fd;
	return reactor_add_wakeup(ring, r->event_fd);
}

void reactor_free(struct uring *ring)
{
	struct reactor *r = &ring->reactor;

	if (r->epoll_fd >= 0)
		SYS(close, r->epoll_fd);
	if (r->event_fd >= 0)
		SYS(close, r->event_fd);
	r->epoll_fd = r->event_fd = -1;
	user_free(r->watches);
	r->watches = NULL;
	r->watch_count = r->watch_free = 0;
}
