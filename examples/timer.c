/* SPDX-License-Identifier: MIT */
/*
 * Time as completions: a periodic timer (one multishot timeout), a one-shot, and one that is
 * cancelled before it is due. A timeout that has passed answers -ETIME: that is its success.
 *
 *	cc $(pkg-config --cflags anyring) timer.c $(pkg-config --libs anyring) -o timer
 *	./timer [TICKS [MILLISECONDS]]	# 5 ticks of 100 ms
 *
 * A kernel before 6.4 has no multishot timeout: there each tick arms the next.
 */
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS  1000000LL /* in nanoseconds */
#define SEC (1000 * MS)

enum {
	PERIODIC,
	ONE_SHOT,
	NEVER,
	CANCEL
};

struct timer {
	struct io_uring ring;
	long long start, period; /* in ns */
	unsigned ticks, wanted;
	bool multishot;
	unsigned live; /* requests that have not posted their last completion */
};

static int failed(const char *what, int error)
{
	fprintf(stderr, "timer: cannot %s: %s\n", what, strerror(error));
	return 1;
}

/* CLOCK_MONOTONIC is the clock of timeouts, unless they ask for another. */
static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

/* Arms a timeout. With flags 0 it is due once, in `ns`. */
static int arm(struct timer *t, unsigned id, long long ns, unsigned count, unsigned flags)
{
	struct __kernel_timespec ts = { .tv_sec = ns / SEC, .tv_nsec = ns % SEC };
	struct io_uring_sqe *sqe = io_uring_get_sqe(&t->ring); /* all is submitted: there is room */
	int ret;

	io_uring_prep_timeout(sqe, &ts, count, flags);
	io_uring_sqe_set_data64(sqe, id);
	t->live++;
	ret = io_uring_submit(&t->ring); /* reads ts: it may go afterwards */
	return ret == 1 ? 0 : failed("submit a timeout", ret < 0 ? -ret : EAGAIN);
}

/* All ticks that are left or, without multishot, the next: at its time, so that none drifts. */
static int arm_periodic(struct timer *t)
{
	if (t->multishot)
		return arm(t, PERIODIC, t->period, t->wanted - t->ticks, IORING_TIMEOUT_MULTISHOT);
	return arm(t, PERIODIC, t->start + (t->ticks + 1) * t->period, 0, IORING_TIMEOUT_ABS);
}

static int cancel(struct timer *t, unsigned id)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&t->ring);

	io_uring_prep_timeout_remove(sqe, id, 0);
	io_uring_sqe_set_data64(sqe, CANCEL);
	t->live++;
	return 0; /* goes with the next wait */
}

static int on_periodic(struct timer *t, int res, bool more)
{
	if (res == -EINVAL && t->multishot) {
		fprintf(stderr, "timer: no multishot timeouts here: each tick arms the next\n");
		t->multishot = false;
	} else if (res != -ETIME) {
		return failed("tick", -res);
	} else {
		printf("tick %u at %lld ms\n", ++t->ticks, (now() - t->start) / MS);
	}
	if (t->ticks == t->wanted)
		return cancel(t, NEVER);
	return more ? 0 : arm_periodic(t);
}

static int on_completion(struct timer *t, const struct io_uring_cqe *cqe)
{
	bool more = cqe->flags & IORING_CQE_F_MORE; /* the same request will post another */

	t->live -= !more;
	if (cqe->user_data == PERIODIC)
		return on_periodic(t, cqe->res, more);
	if (cqe->user_data == ONE_SHOT && cqe->res == -ETIME)
		printf("one-shot at %lld ms\n", (now() - t->start) / MS);
	else if (cqe->user_data == NEVER && cqe->res == -ECANCELED)
		printf("cancelled the timeout of an hour\n");
	else if (cqe->res < 0)
		return failed("run or cancel a timeout", -cqe->res);
	return 0;
}

static int run(struct timer *t)
{
	int ret = arm_periodic(t) || arm(t, ONE_SHOT, t->period / 2, 0, 0) ||
		  arm(t, NEVER, 3600 * SEC, 0, 0);

	while (!ret && t->live) {
		struct io_uring_cqe *cqe;

		ret = io_uring_submit_and_wait(&t->ring, 1);
		if (ret < 0 && ret != -EINTR)
			return failed("wait on the ring", -ret);
		for (ret = 0; !ret && !io_uring_peek_cqe(&t->ring, &cqe);) {
			ret = on_completion(t, cqe);
			io_uring_cqe_seen(&t->ring, cqe);
		}
	}
	return ret;
}

int main(int argc, char **argv)
{
	long ticks = argc > 1 ? strtol(argv[1], NULL, 10) : 5;
	long ms = argc > 2 ? strtol(argv[2], NULL, 10) : 100;
	struct timer t = { .wanted = (unsigned)ticks, .period = ms * MS, .multishot = true };
	int ret;

	if (argc > 3 || ticks < 1 || ticks > 1000000 || ms < 1 || ms > 1000000) {
		fprintf(stderr, "usage: %s [TICKS [MILLISECONDS]], each 1 to 1000000\n", argv[0]);
		return 2;
	}
	ret = io_uring_queue_init(8, &t.ring, 0);
	if (ret < 0)
		return failed("create a ring", -ret);
	t.start = now();
	ret = run(&t);
	io_uring_queue_exit(&t.ring);
	return ret;
}
