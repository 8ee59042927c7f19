/* SPDX-License-Identifier: MIT */
/*
 * Rings that a child inherited. Their memory is shared with the parent; requests, the reactor and
 * workers are the parent's, and what describes them is a copy. fork(2) takes the rings' locks, so
 * that the copies are whole; the child lets go of all descriptors that only the parent needs, and
 * adopts a ring when it first uses it.
 */
#include <pthread.h>
#include <sys/epoll.h>

#include "user/aio.h"
#include "user/alloc.h"
#include "user/inherit.h"
#include "user/process.h"
#include "user/progress.h"
#include "user/rings.h"
#include "user/submit.h"
#include "user/sys.h"

/* What a fork waits for a ring at most: it is held by a thread that fork's is in the way of. */
#define LOCK_TRIES 100000

/* ---- Letting go ------------------------------------------------------------------------------ */

/* Closes what the request holds. */
static void drop_request(struct request *req)
{
	list_del(&req->queue);
	request_free(req);
}

static void drop_queue(struct list *queue)
{
	while (!list_is_empty(queue))
		drop_request(list_entry(queue->next, struct request, queue));
}

/* Returns how many of them workers had. */
static unsigned drop_pending(struct uring *ring)
{
	unsigned working = 0;

	while (!list_is_empty(&ring->pending)) {
		struct request *req = list_entry(ring->pending.next, struct request, all);

		working += req->state == REQ_WORKER ||
			   (req->state == REQ_ARMED && req->op->has_waiter);
		list_del(&req->all);
		/* Its queue may be a worker's or a timer's, which are gone. */
		if (req->state != REQ_POLLED)
			list_init(&req->queue);
		drop_request(req);
	}
	return working;
}

/* The parent's inner set, whose watches are the parent's: before anything is taken off it. */
static void close_set(struct reactor *r)
{
	if (r->epoll_fd >= 0)
		SYS(close, r->epoll_fd);
	r->epoll_fd = -1;
}

/* The eventfd stays: it wakes the parent. */
static void drop_reactor(struct uring *ring)
{
	struct reactor *r = &ring->reactor;

	user_free(r->watches);
	*r = (struct reactor){ .epoll_fd = -1, .event_fd = r->event_fd };
	for (unsigned i = 0; i < ring->files.count; i++) {
		struct file *file = ring->files.slots[i].file;

		if (file)
			file->watched = file->ready = 0;
	}
}

/* Of the parent's references those that were threads' of its. */
static void drop_references(struct uring *ring, unsigned working, bool inside)
{
	unsigned others = ring->reactor.inside - inside;

	ring->refs -= working + others + ring->watched.listed;
	ring->watched = (struct watched){ 0 };
}

/* The copy of a ring that nobody was changing. */
static void let_go(struct uring *ring)
{
	bool inside = ring->reactor.sleeper == ring->forker;
	unsigned working;

	/* Nothing that ends here starts anything, nor is it told to anybody. */
	ring->draining = DRAIN_NONE;
	close_set(&ring->reactor);
	drop_queue(&ring->drained);
	drop_queue(&ring->cq.deferred);
	drop_queue(&ring->ready);
	drop_queue(&ring->again);
	working = drop_pending(ring);
	write_lanes_init(ring->write_lanes);
	aio_forget(ring);
	linger_free(ring);
	drop_references(ring, working, inside);
	drop_reactor(ring);
	timers_free(ring);
	timers_init(ring);
	cq_forget(ring);
	ring->running = 0;
	ring->chain = (struct chain){ 0 };
	ring->worker_queued = false;
	ring->epoch = 0;
}

/* ---- Forking --------------------------------------------------------------------------------- */

static void before_fork(void)
{
	process_lock(LOCK_RINGS);
	list_for_each(link, &rings_all)
	{
		struct uring *ring = list_entry(link, struct uring, tracked);
		uint32_t *lock = &shared_of(ring)->lock;

		ring->forker = 0;
		for (unsigned i = 0; i < LOCK_TRIES && !ring->forker; i++)
			if (lock_try(lock))
				ring->forker = thread_id();
	}
	/* A child inherits the limit on descriptors: not while it is raised. */
	process_lock(LOCK_LIMIT);
}

static void after_fork(void)
{
	process_unlock(LOCK_LIMIT);
	list_for_each(link, &rings_all)
	{
		struct uring *ring = list_entry(link, struct uring, tracked);

		if (ring->forker)
			ring_unlock(ring);
	}
	process_unlock(LOCK_RINGS);
}

static void in_child(void)
{
	watchdog_forked();
	rings_forked();
	list_for_each(link, &rings_all)
	{
		struct uring *ring = list_entry(link, struct uring, tracked);

		if (!ring->forker)
			continue;
		let_go(ring);
		/* Only the index of another thread led to it. */
		if (!ring->users)
			ring_shut_down(ring);
	}
}

static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, in_child);
}

void inherit_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int saved = errno;

	pthread_once(&once, watch_forks);
	errno = saved;
}

/* ---- Adopting -------------------------------------------------------------------------------- */

/* What was not let go, for fork(2) knew nothing of it or the ring was in use, is left alone: what
 * its lists say may be half the truth. */
static void leave_alone(struct uring *ring)
{
	aio_forget(ring);
	close_set(&ring->reactor);
	drop_reactor(ring);
	uring_init_lists(ring);
	ring->watched = (struct watched){ 0 };
}

int ring_adopt(struct uring *ring)
{
	struct epoll_event inner = { .events = EPOLLIN, .data.u64 = ring->id };
	int ret, event_fd = ring->reactor.event_fd;

	if (ring->epoch)
		leave_alone(ring);
	ring->epoch = 0;
	ret = reactor_open(ring, event_fd);
	if (ret)
		return ret;
	/* So that poll(2) of the descriptor sees the child's files as well. */
	if (ring->fd >= 0)
		SYS(epoll_ctl, ring->fd, EPOLL_CTL_ADD, ring->reactor.epoll_fd, &inner);
	shared_of(ring)->owned.kept = true;
	ring->epoch = process_epoch();
	return 0;
}
