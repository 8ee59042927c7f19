/* SPDX-License-Identifier: MIT */
/* The end of a ring. */
#include "user/aio.h"
#include "user/cancel.h"
#include "user/process.h"
#include "user/progress.h"
#include "user/rings.h"
#include "user/sqpoll.h"
#include "user/submit.h"
#include "user/sys.h"
#include "user/user.h"

/* Ends all requests that are under way; what a worker has begun ends by itself, soon. */
static void cancel_everything(struct uring *ring)
{
	struct list all;

	while (!list_is_empty(&ring->drained)) {
		struct request *req = list_entry(ring->drained.next, struct request, queue);

		list_del(&req->queue);
		ring->running += chain_length(req);
		request_fail(req, -ECANCELED);
	}
	run_deferred(ring);
	list_init(&all);
	list_splice_tail(&all, &ring->pending);
	while (!list_is_empty(&all)) {
		struct request *req = list_entry(all.next, struct request, all);

		/* Back where it was, as ending one may end others, too. */
		list_del(&req->all);
		list_add_tail(&ring->pending, &req->all);
		request_cancel(req);
	}
	/* Of a closed ring nothing more is issued: what all this made ready ends, too. */
	run_ready(ring);
}

void ring_shut_down(struct uring *ring)
{
	ring_lock(ring);
	ring->closing = true;
	if (ring->epoch == process_epoch())
		reactor_wake(ring);
	ring_unlock(ring);
	/* Nobody begins to use these any more. */
	if (ring->sqpoll)
		sqpoll_stop(ring);
	watchdog_forget(ring);
	ring_lock(ring);
	/* What belongs to another process is its own. */
	if (ring->epoch == process_epoch() || !ring->epoch) {
		cancel_everything(ring);
		aio_finish(ring);
		run_ready(ring);
		linger_free(ring);
		files_free(ring);
		buffers_free(ring);
		groups_free(ring);
	}
	ring_unlock(ring);
	ring_put(ring);
}

/* The ring goes on by another descriptor. False: there is none. */
static bool move_to_duplicate(struct uring *ring, int fd)
{
	int duplicate = ring_find_duplicate(ring, fd);
	struct uring *stale;

	if (duplicate < 0)
		return false;
	/* A ring whose descriptor the application closed without telling us. */
	stale = rings_remove(duplicate);
	if (stale)
		ring_drop_user(stale);
	ring_lock(ring);
	ring->fd = duplicate;
	ring_unlock(ring);
	return !rings_add(ring, duplicate);
}

int user_close(int fd)
{
	struct uring *ring = rings_remove(fd);
	bool moved = ring && move_to_duplicate(ring, fd);
	int ret = (int)SYS(close, fd);

	if (ring && !moved)
		ring_drop_user(ring);
	return ret;
}
