/* SPDX-License-Identifier: MIT */
#include "user/aio.h"
#include "user/progress.h"
#include "user/submit.h"
#include "user/worker.h"

void defer_completion(struct request *req)
{
	struct uring *ring = req->ring;

	list_add_tail(&ring->cq.deferred, &req->queue);
	reactor_wake(ring);
	cq_signal(ring);
}

void run_deferred(struct uring *ring)
{
	while (!list_is_empty(&ring->cq.deferred)) {
		struct request *req = list_entry(ring->cq.deferred.next, struct request, queue);

		list_del(&req->queue);
		request_complete(req);
	}
}

/* True while an enter would do something that nobody else does, or not at once. */
static bool has_task_work(const struct uring *ring)
{
	bool pending = ring->reactor.armed || timers_armed(ring) ||
		       !list_is_empty(&ring->cq.deferred) || !list_is_empty(&ring->again);

	if (ring->setup_flags & IORING_SETUP_SQPOLL)
		return false;
	/* Submitting with the flag set would get events, too. */
	if (ring->setup_flags & IORING_SETUP_DEFER_TASKRUN)
		return pending && ring->setup_flags & IORING_SETUP_TASKRUN_FLAG;
	/* A raised descriptor is lowered by an enter that finds nothing. */
	return pending || shared_of(ring)->event_raised;
}

void show_task_work(struct uring *ring)
{
	uint32_t *flags = &ring->mem.header->sq_flags;
	/* Relaxed: only we change the bit, under the lock. */
	bool shown = __atomic_load_n(flags, __ATOMIC_RELAXED) & IORING_SQ_TASKRUN;
	bool work = has_task_work(ring);

	/* Release: what an enter would do is there to be done; pairs with the
	 * application's load. */
	if (work && !shown)
		__atomic_or_fetch(flags, IORING_SQ_TASKRUN, __ATOMIC_RELEASE);
	else if (!work && shown)
		__atomic_and_fetch(flags, ~IORING_SQ_TASKRUN, __ATOMIC_RELEASE);
}

void progress_made(struct uring *ring)
{
	run_ready(ring);
	aio_run(ring);
	workers_wake(ring);
	cq_announce(ring);
	/* What is deferred was told already. */
	if (!list_is_empty(&ring->again))
		reactor_wake(ring);
	show_task_work(ring);
	if (!ring->reactor.inside)
		watchdog_left(ring, false);
}

void progress_leave(struct uring *ring)
{
	show_task_work(ring);
	/* Raised, too, so that who waits for the ring's descriptor comes and does it. */
	if (has_work(ring))
		reactor_wake(ring);
	if (!ring->reactor.inside)
		watchdog_left(ring, true);
}
