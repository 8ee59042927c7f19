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
}

void run_deferred(struct uring *ring)
{
	while (!list_is_empty(&ring->cq.deferred)) {
		struct request *req = list_entry(ring->cq.deferred.next, struct request, queue);

		list_del(&req->queue);
		request_complete(req);
	}
}

void show_task_work(struct uring *ring)
{
	bool work = ring->reactor.armed || timers_armed(ring) || has_work(ring);
	uint32_t *flags = &ring->mem.header->sq_flags;

	/* Relaxed: only we change the bit, under the lock. Release: what an enter would do is there
	 * to be done; pairs with the application's load. */
	if (work && !(__atomic_load_n(flags, __ATOMIC_RELAXED) & IORING_SQ_TASKRUN))
		__atomic_or_fetch(flags, IORING_SQ_TASKRUN, __ATOMIC_RELEASE);
	else if (!work && __atomic_load_n(flags, __ATOMIC_RELAXED) & IORING_SQ_TASKRUN)
		__atomic_and_fetch(flags, ~IORING_SQ_TASKRUN, __ATOMIC_RELEASE);
}

void progress_made(struct uring *ring)
{
	run_ready(ring);
	aio_run(ring);
	workers_wake(ring);
	show_task_work(ring);
	cq_announce(ring);
	/* What is deferred was told already. */
	if (!list_is_empty(&ring->again))
		reactor_wake(ring);
}

void progress_leave(struct uring *ring)
{
	show_task_work(ring);
	/* Raised, too, so that who waits for the ring's descriptor comes and does it. */
	if (has_work(ring))
		reactor_wake(ring);
}
