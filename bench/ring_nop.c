/* SPDX-License-Identifier: MIT */
/*
 * Nops through a ring, written against liburing's API: bench/ring builds it once with each library.
 *
 *   ring_nop BATCH ROUNDS [each]
 *
 * A round hands out, submits and reaps BATCH nops. With "each", completions are waited for and seen
 * one by one, as first programs do; without, the queue is walked and advanced once. Prints the
 * nanoseconds that one nop took.
 */
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUEUE_ENTRIES 256

static void fail(const char *what, int ret)
{
	fprintf(stderr, "ring_nop: %s: %s\n", what, strerror(-ret));
	exit(1);
}

static void submit_nops(struct io_uring *ring, unsigned batch, unsigned wait_nr)
{
	int ret;

	for (unsigned i = 0; i < batch; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

		io_uring_prep_nop(sqe);
		io_uring_sqe_set_data64(sqe, i);
	}
	ret = wait_nr ? io_uring_submit_and_wait(ring, wait_nr) : io_uring_submit(ring);
	if (ret != (int)batch)
		fail("submit", ret);
}

static unsigned reap_each(struct io_uring *ring, unsigned batch)
{
	struct io_uring_cqe *cqe;
	unsigned bad = 0;

	for (unsigned i = 0; i < batch; i++) {
		int ret = io_uring_wait_cqe(ring, &cqe);

		if (ret)
			fail("wait", ret);
		bad += cqe->res != 0 || cqe->user_data != i;
		io_uring_cqe_seen(ring, cqe);
	}
	return bad;
}

static unsigned reap_all(struct io_uring *ring, unsigned batch)
{
	struct io_uring_cqe *cqe;
	unsigned head, seen = 0, bad = 0;

	io_uring_for_each_cqe(ring, head, cqe) {
		bad += cqe->res != 0 || cqe->user_data != seen;
		seen++;
	}
	io_uring_cq_advance(ring, seen);
	return bad + (seen != batch);
}

/* A function of its own: callgrind counts what happens in it. */
__attribute__((noinline)) unsigned run_rounds(struct io_uring *ring, unsigned batch, long rounds,
					      int each)
{
	unsigned bad = 0;

	for (long i = 0; i < rounds; i++) {
		submit_nops(ring, batch, each ? 0 : batch);
		bad += each ? reap_each(ring, batch) : reap_all(ring, batch);
	}
	return bad;
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned batch = argc > 2 ? (unsigned)atoi(argv[1]) : 0;
	long rounds = argc > 2 ? atol(argv[2]) : 0;
	struct io_uring ring;
	double start;
	int ret;

	if (!batch || batch > QUEUE_ENTRIES || rounds < 1) {
		fputs("usage: ring_nop BATCH ROUNDS [each]\n", stderr);
		return 2;
	}
	ret = io_uring_queue_init(QUEUE_ENTRIES, &ring, 0);
	if (ret)
		fail("no ring", ret);
	start = now_ns();
	if (run_rounds(&ring, batch, rounds, argc > 3))
		fail("wrong completions", -EIO);
	printf("%.3f\n", (now_ns() - start) / ((double)rounds * batch));
	io_uring_queue_exit(&ring);
	return 0;
}
