/* SPDX-License-Identifier: MIT */
/* The end of rings with requests in flight: nothing is left over, and nobody touches what has
 * gone. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "core_ops.h"
#include "user/cancel.h"
#include "user/rings.h"
#include "user/user.h"

/* A ring with one of each kind under way, closed; the worker is let go before or after. */
static void open_and_close(unsigned flags, bool close_first)
{
	struct io_uring ring;
	int silent[2], blocked[2];

	core_ring(&ring, 16, flags);
	core_pipe(silent, false);
	core_pipe(blocked, true);
	core_sqe(&ring, OP_BYTE, silent[0], 1)->flags = IOSQE_IO_LINK;
	core_sqe(&ring, OP_BYTE, silent[0], 2);
	core_sqe(&ring, OP_BYTE, silent[0], 3);
	core_sqe(&ring, OP_TIMER, -1, 4)->off = 1000000000;
	core_sqe(&ring, OP_YIELD, silent[1], 5)->len = 1000;
	core_sqe(&ring, OP_BLOCK, blocked[0], 6)->flags = IOSQE_IO_HARDLINK;
	core_sqe(&ring, OP_BYTE, silent[0], 7);
	core_sqe(&ring, OP_NOW, -1, 8)->flags = IOSQE_IO_DRAIN;
	core_submit(&ring, 8);
	if (!close_first)
		core_put(blocked[1], 1);
	io_uring_queue_exit(&ring);
	if (close_first)
		core_put(blocked[1], 1);
	close(silent[0]), close(silent[1]);
	close(blocked[0]), close(blocked[1]);
}

/* Waits until those who still have the ring have let it go, and says how many descriptors there
 * are. */
static unsigned settled_fds(unsigned expected, int64_t most_ms)
{
	int64_t began = now_ms();

	while (core_fds() > expected && now_ms() - began < most_ms)
		sleep_ms(5);
	return core_fds();
}

static void thousand_rings(const void *setup)
{
	unsigned fds, threads, flags = (unsigned)(uintptr_t)setup;
	size_t bytes;

	for (unsigned i = 0; i < 200; i++)
		open_and_close(flags, i % 2);
	fds = settled_fds(0, 100);
	threads = core_threads();
	bytes = mallinfo2().uordblks;
	for (unsigned i = 0; i < 1000; i++)
		open_and_close(flags, i % 2);
	check(settled_fds(fds, 3000) == fds, "%u descriptors, not %u", core_fds(), fds);
	check(core_threads() <= threads + 32, "%u threads", core_threads());
	sleep_ms(50);
	check(mallinfo2().uordblks < bytes + (256 << 10), "%zu bytes more",
	      mallinfo2().uordblks - bytes);
}

static unsigned closed_fd;

static void *enter_until_closed(void *arg)
{
	int ret;

	(void)arg;
	do {
		ret = io_uring_enter(closed_fd, 2, 1, IORING_ENTER_GETEVENTS, NULL);
	} while (ret >= 0 || ret == -EINTR);
	check(ret == -EBADF || ret == -EOPNOTSUPP, "enter: %d", ret);
	return NULL;
}

/* Threads look the ring up, enter and sleep while it is closed: it starts nothing any more, and
 * nothing stays. */
static void closed_while_entered(void)
{
	struct io_uring ring;
	pthread_t threads[3];
	unsigned fds;
	int silent[2];

	/* What the process needs once is there after this. */
	open_and_close(0, false);
	fds = settled_fds(0, 100);
	for (unsigned i = 0; i < 150; i++) {
		core_pipe(silent, false);
		core_ring(&ring, 512, 0);
		closed_fd = (unsigned)ring.ring_fd;
		for (unsigned j = 0; j < 500; j++)
			core_sqe(&ring, j % 2 ? OP_NOW : OP_BYTE, silent[0], j);
		io_uring_smp_store_release(ring.sq.ktail, ring.sq.sqe_tail);
		for (unsigned j = 0; j < 3; j++)
			check(!pthread_create(&threads[j], NULL, enter_until_closed, NULL),
			      "no thread");
		if (i % 3)
			sleep_ms(1);
		user_close((int)closed_fd);
		for (unsigned j = 0; j < 3; j++)
			pthread_join(threads[j], NULL);
		close(silent[0]), close(silent[1]);
		io_uring_queue_exit(&ring);
		check(settled_fds(fds, 3000) == fds, "%u descriptors, not %u", core_fds(), fds);
	}
}

/* Looked up, and closed before the lock was had. */
static void entered_too_late(void)
{
	struct io_uring ring;
	struct uring *inner;
	int error = 0;

	core_ring(&ring, 8, 0);
	inner = ring_get((unsigned)ring.ring_fd, &error);
	check(inner && !ring_enter(inner), "not entered");
	ring_unlock(inner);
	user_close(ring.ring_fd);
	check(ring_enter(inner) == -EBADF, "entered after its end");
	ring_put(inner);
}

/* Canceled while the worker runs it: told, and it ends with what it came to; its flags are not
 * torn. */
static void canceled_in_worker(void)
{
	struct io_uring ring;
	struct uring *inner;
	int fds[2], error = 0, res;

	core_ring(&ring, 8, 0);
	inner = ring_get((unsigned)ring.ring_fd, &error);
	core_pipe(fds, true);
	for (unsigned i = 0; i < 300; i++) {
		core_sqe(&ring, OP_BLOCK, fds[0], i);
		core_submit(&ring, 1);
		if (i % 3 == 0)
			sleep_ms(1);
		ring_lock(inner);
		check(!list_is_empty(&inner->pending), "it is nowhere");
		error = request_cancel(list_entry(inner->pending.next, struct request, all));
		ring_unlock(inner);
		if (error)
			core_put(fds[1], 4);
		res = core_reap(&ring, NULL);
		check(res == -ECANCELED || (error && (res == 4 || res == -EINTR)), "res %d", res);
		if (error && res < 0)
			check(read(fds[0], &(char){ 0 }, 1) == 1, "the byte went");
	}
	ring_put(inner);
}

static const struct test_case cases[] = {
	{ "a thousand rings", .run_on = thousand_rings },
	{ "a thousand rings, deferred", .run_on = thousand_rings,
	  .subject = (void *)(0UL + IORING_SETUP_SINGLE_ISSUER + IORING_SETUP_DEFER_TASKRUN) },
	{ "while others enter", .run = closed_while_entered },
	{ "before the lock was had", .run = entered_too_late },
	{ "canceled in a worker", .run = canceled_in_worker },
	{ 0 },
};

int main(int argc, char **argv)
{
	return jobs_main(argc, argv, "close", cases);
}
