/* SPDX-License-Identifier: MIT */
/* Timeouts: clocks, counts, repetition. */
#include "requests.h"

/* Longer than any case: such a timeout ends only by what the case does. */
static struct __kernel_timespec never = { .tv_sec = 1000 };

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	sys(clock_gettime(clock, &ts));
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static struct __kernel_timespec from_ns(int64_t ns)
{
	return (struct __kernel_timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
}

/* ---- Expiry ---------------------------------------------------------------------------------- */

static const struct {
	unsigned flags;
	clockid_t clock;
} clocks[] = {
	{ 0, CLOCK_MONOTONIC },
	{ IORING_TIMEOUT_BOOTTIME, CLOCK_BOOTTIME },
	{ IORING_TIMEOUT_REALTIME, CLOCK_REALTIME },
};

static void relative_on(unsigned flags)
{
	struct __kernel_timespec ts = MILLISECONDS(20);
	struct io_uring ring;

	open_ring(&ring, 4, flags);
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		int64_t start = clock_ns(CLOCK_MONOTONIC), passed;

		queue_timeout(&ring, &ts, 0, clocks[i].flags, 1);
		submit(&ring, 1);
		expect_full_answer(&ring, 1, -ETIME, 0);
		passed = clock_ns(CLOCK_MONOTONIC) - start;
		check(passed >= 20000000, "after %lld ns", (long long)passed);
	}
	io_uring_queue_exit(&ring);
}

static void relative(void)
{
	on_both_kinds(relative_on);
}

static void absolute(void)
{
	struct io_uring ring;

	open_ring(&ring, 4, 0);
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		int64_t end = clock_ns(clocks[i].clock) + 20000000, now;
		struct __kernel_timespec ts = from_ns(end);

		queue_timeout(&ring, &ts, 0, clocks[i].flags | IORING_TIMEOUT_ABS, 1);
		submit(&ring, 1);
		expect_full_answer(&ring, 1, -ETIME, 0);
		now = clock_ns(clocks[i].clock);
		check(now >= end, "%lld ns too early", (long long)(end - now));
	}
	io_uring_queue_exit(&ring);
}

static void over_at_once(void)
{
	struct __kernel_timespec zero = { 0 }, past = { .tv_sec = 1 };
	struct io_uring ring;

	open_ring(&ring, 4, 0);
	queue_timeout(&ring, &zero, 0, 0, 1);
	submit(&ring, 1);
	expect_answer(&ring, 1, -ETIME);
	queue_timeout(&ring, &zero, 0, IORING_TIMEOUT_ABS, 2);
	submit(&ring, 1);
	expect_answer(&ring, 2, -ETIME);
	queue_timeout(&ring, &past, 0, IORING_TIMEOUT_ABS | IORING_TIMEOUT_REALTIME, 3);
	submit(&ring, 1);
	expect_answer(&ring, 3, -ETIME);
	io_uring_queue_exit(&ring);
}

static void in_order_of_time(void)
{
	int64_t base = clock_ns(CLOCK_MONOTONIC) + 200000000;
	struct __kernel_timespec ts[6];
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (unsigned i = 0; i < 6; i++) {
		/* The latest first. */
		ts[i] = from_ns(base + (5 - (int64_t)i) * 20000000);
		queue_timeout(&ring, &ts[i], 0, IORING_TIMEOUT_ABS, i);
	}
	submit(&ring, 6);
	for (unsigned i = 6; i-- > 0;)
		expect_answer(&ring, i, -ETIME);
	io_uring_queue_exit(&ring);
}

static void time_is_copied(void)
{
	struct __kernel_timespec ts = MILLISECONDS(5);
	struct io_uring ring;

	open_ring(&ring, 4, 0);
	queue_timeout(&ring, &ts, 0, 0, 1);
	submit(&ring, 1);
	ts = never;
	expect_answer(&ring, 1, -ETIME);
	io_uring_queue_exit(&ring);
}

static void immediate_argument(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int64_t start = clock_ns(CLOCK_MONOTONIC);

	need_linux(7, 1, "IORING_TIMEOUT_IMMEDIATE_ARG");
	open_ring(&ring, 4, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_timeout(sqe, NULL, 0, IORING_TIMEOUT_IMMEDIATE_ARG);
	sqe->addr = 20000000;
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	expect_answer(&ring, 1, -ETIME);
	check(clock_ns(CLOCK_MONOTONIC) - start >= 20000000, "too early");
	io_uring_queue_exit(&ring);
}

/* ---- Counts ---------------------------------------------------------------------------------- */

static void count_reached_on(unsigned flags)
{
	struct io_uring ring;

	open_ring(&ring, 8, flags);
	queue_timeout(&ring, &never, 2, 0, 1);
	submit(&ring, 1);
	queue_nop(&ring, 2, 0);
	submit(&ring, 1);
	expect_answer(&ring, 2, 0);
	expect_none(&ring, 20);
	queue_nop(&ring, 3, 0);
	submit(&ring, 1);
	expect_answer(&ring, 3, 0);
	expect_full_answer(&ring, 1, 0, 0);
	io_uring_queue_exit(&ring);
}

static void count_reached(void)
{
	on_both_kinds(count_reached_on);
}

static void count_not_reached(void)
{
	struct __kernel_timespec ts = MILLISECONDS(30);
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_timeout(&ring, &ts, 2, 0, 1);
	queue_nop(&ring, 2, 0);
	submit(&ring, 2);
	expect_answer(&ring, 2, 0);
	expect_answer(&ring, 1, -ETIME);
	io_uring_queue_exit(&ring);
}

static void count_of_earlier_on(unsigned flags)
{
	struct io_uring ring;
	int fd, shots;

	/* What was in flight before counts when it completes, each completion of a multishot
	 * too. */
	open_ring(&ring, 8, flags);
	fd = queue_hanging(&ring, 1, 0);
	shots = queue_multishot(&ring, 2);
	submit(&ring, 2);
	queue_timeout(&ring, &never, 3, 0, 3);
	submit(&ring, 1);
	release(shots);
	expect_answer(&ring, 2, POLLIN);
	release(fd);
	expect_answer(&ring, 1, 1);
	expect_none(&ring, 20);
	release(shots);
	expect_answer(&ring, 2, POLLIN);
	expect_answer(&ring, 3, 0);
	io_uring_queue_exit(&ring);
}

static void count_of_earlier(void)
{
	on_both_kinds(count_of_earlier_on);
}

static void timeouts_do_not_count(void)
{
	struct __kernel_timespec ts = MILLISECONDS(5);
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_timeout(&ring, &never, 1, 0, 1);
	queue_timeout(&ring, &ts, 0, 0, 2);
	submit(&ring, 2);
	expect_answer(&ring, 2, -ETIME);
	expect_none(&ring, 20);
	queue_nop(&ring, 3, 0);
	submit(&ring, 1);
	expect_answer(&ring, 3, 0);
	expect_answer(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

static void several_counts_on(unsigned flags)
{
	struct io_uring ring;

	open_ring(&ring, 8, flags);
	queue_timeout(&ring, &never, 3, 0, 3);
	queue_timeout(&ring, &never, 1, 0, 1);
	queue_timeout(&ring, &never, 2, 0, 2);
	submit(&ring, 3);
	for (unsigned i = 1; i <= 3; i++) {
		queue_nop(&ring, 10 + i, 0);
		submit(&ring, 1);
		expect_answer(&ring, 10 + i, 0);
		expect_answer(&ring, i, 0);
		expect_none(&ring, 0);
	}
	io_uring_queue_exit(&ring);
}

static void several_counts(void)
{
	on_both_kinds(several_counts_on);
}

static void count_of_one_submission(void)
{
	struct io_uring ring;

	/* What was submitted with it, before it, completes after it has begun to count. */
	open_ring(&ring, 8, 0);
	queue_nop(&ring, 1, 0);
	queue_nop(&ring, 2, 0);
	queue_timeout(&ring, &never, 2, 0, 3);
	submit(&ring, 3);
	expect_answer(&ring, 1, 0);
	expect_answer(&ring, 2, 0);
	expect_answer(&ring, 3, 0);
	/* A chain goes on after its members before are counted. */
	queue_nop(&ring, 1, IOSQE_IO_LINK);
	queue_timeout(&ring, &never, 1, 0, 3);
	submit(&ring, 2);
	expect_answer(&ring, 1, 0);
	expect_none(&ring, 20);
	queue_nop(&ring, 2, 0);
	submit(&ring, 1);
	expect_answer(&ring, 2, 0);
	expect_answer(&ring, 3, 0);
	io_uring_queue_exit(&ring);
}

static void shots_of_one_submission(void)
{
	int client = (int)sys(socket(AF_INET, SOCK_STREAM, 0)), listener;
	struct io_uring_sqe *sqe;
	struct sockaddr_in addr;
	struct io_uring ring;
	struct answer a;

	/* A shot is posted before what comes after it, in a submission, too. */
	open_ring(&ring, 8, 0);
	listener = tcp_listener(&addr);
	/* So that nobody needs a worker to accept. */
	sys(fcntl(listener, F_SETFL, O_NONBLOCK));
	sys(connect(client, (struct sockaddr *)&addr, sizeof(addr)));
	sqe = new_sqe(&ring);
	io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, 0);
	set_sqe(sqe, 1, 0);
	queue_timeout(&ring, &never, 1, 0, 2);
	submit(&ring, 2);
	a = next_answer(&ring);
	expect(a.data, 1);
	expect(a.flags & IORING_CQE_F_MORE, IORING_CQE_F_MORE);
	expect_none(&ring, 10);
	queue_nop(&ring, 3, 0);
	submit(&ring, 1);
	expect_answer(&ring, 3, 0);
	expect_answer(&ring, 2, 0);
	io_uring_queue_exit(&ring);
}

static void removed_timeouts_count(void)
{
	struct __kernel_timespec ts = MILLISECONDS(5);
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_timeout(&ring, &never, 2, 0, 1);
	queue_timeout(&ring, &ts, 2, IORING_TIMEOUT_MULTISHOT, 2);
	queue_timeout(&ring, &never, 0, 0, 3);
	submit(&ring, 3);
	expect_answer(&ring, 2, -ETIME);
	expect_answer(&ring, 2, -ETIME);
	expect_none(&ring, 10);
	/* The removal and what it removes are two. */
	sqe = new_sqe(&ring);
	io_uring_prep_timeout_remove(sqe, 3, 0);
	set_sqe(sqe, 4, 0);
	submit(&ring, 1);
	for (int i = 0; i < 2; i++) {
		struct answer a = next_answer(&ring);

		check(a.data == 3 ? a.res == -ECANCELED : a.data == 4 && !a.res, "%d", a.res);
	}
	expect_answer(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

/* ---- Multishot ------------------------------------------------------------------------------- */

static void repeats_on(unsigned flags)
{
	struct __kernel_timespec ts = MILLISECONDS(10);
	int64_t start = clock_ns(CLOCK_MONOTONIC);
	struct io_uring ring;

	need_linux(6, 4, "IORING_TIMEOUT_MULTISHOT");
	open_ring(&ring, 4, flags);
	queue_timeout(&ring, &ts, 3, IORING_TIMEOUT_MULTISHOT, 1);
	submit(&ring, 1);
	expect_full_answer(&ring, 1, -ETIME, IORING_CQE_F_MORE);
	expect_full_answer(&ring, 1, -ETIME, IORING_CQE_F_MORE);
	expect_full_answer(&ring, 1, -ETIME, 0);
	check(clock_ns(CLOCK_MONOTONIC) - start >= 30000000, "too early");
	expect_none(&ring, 30);
	/* Of one it is the last. */
	queue_timeout(&ring, &ts, 1, IORING_TIMEOUT_MULTISHOT, 2);
	submit(&ring, 1);
	expect_full_answer(&ring, 2, -ETIME, 0);
	io_uring_queue_exit(&ring);
}

static void repeats(void)
{
	on_both_kinds(repeats_on);
}

static void repeats_for_ever(void)
{
	struct __kernel_timespec ts = MILLISECONDS(3);
	struct io_uring ring;
	struct answer a;

	need_linux(6, 4, "IORING_TIMEOUT_MULTISHOT");
	open_ring(&ring, 4, 0);
	queue_timeout(&ring, &ts, 0, IORING_TIMEOUT_MULTISHOT, 1);
	submit(&ring, 1);
	for (int i = 0; i < 5; i++)
		expect_full_answer(&ring, 1, -ETIME, IORING_CQE_F_MORE);
	/* Removal tries again while it is just firing. */
	do {
		queue_timeout_remove(&ring, 1, 2);
		submit(&ring, 1);
		for (a = next_answer(&ring); a.data == 1 && a.res == -ETIME;)
			a = next_answer(&ring);
	} while (a.data == 2 && a.res == -EALREADY);
	if (a.data == 2) {
		expect(a.res, 0);
		expect_full_answer(&ring, 1, -ECANCELED, 0);
	} else {
		expect(a.res, -ECANCELED);
		expect(a.flags, 0);
		expect_answer(&ring, 2, 0);
	}
	expect_none(&ring, 20);
	io_uring_queue_exit(&ring);
}

/* ---- Links ----------------------------------------------------------------------------------- */

static void expiry_and_links_on(unsigned flags)
{
	struct __kernel_timespec ts = MILLISECONDS(5);
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	need_linux(5, 16, "IORING_TIMEOUT_ETIME_SUCCESS");
	open_ring(&ring, 8, flags);
	for (int success = 0; success < 2; success++) {
		sqe = new_sqe(&ring);
		io_uring_prep_timeout(sqe, &ts, 0, success ? IORING_TIMEOUT_ETIME_SUCCESS : 0);
		set_sqe(sqe, 1, IOSQE_IO_LINK);
		queue_nop(&ring, 2, 0);
		submit(&ring, 2);
		/* The result is the same; only what it means differs. */
		expect_answer(&ring, 1, -ETIME);
		expect_answer(&ring, 2, success ? 0 : -ECANCELED);
	}
	/* A count that is reached is a success. */
	sqe = new_sqe(&ring);
	io_uring_prep_timeout(sqe, &never, 1, 0);
	set_sqe(sqe, 1, IOSQE_IO_LINK);
	queue_nop(&ring, 2, 0);
	submit(&ring, 2);
	queue_nop(&ring, 3, 0);
	submit(&ring, 1);
	expect_answer(&ring, 3, 0);
	expect_answer(&ring, 1, 0);
	expect_answer(&ring, 2, 0);
	io_uring_queue_exit(&ring);
}

static void expiry_and_links(void)
{
	on_both_kinds(expiry_and_links_on);
}

static void expiry_and_skip(void)
{
	struct __kernel_timespec ts = MILLISECONDS(5);
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	need_linux(5, 17, "IOSQE_CQE_SKIP_SUCCESS");
	open_ring(&ring, 8, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_timeout(sqe, &ts, 0, 0);
	set_sqe(sqe, 1, IOSQE_CQE_SKIP_SUCCESS);
	submit(&ring, 1);
	expect_answer(&ring, 1, -ETIME);
	sqe = new_sqe(&ring);
	io_uring_prep_timeout(sqe, &ts, 0, IORING_TIMEOUT_ETIME_SUCCESS);
	set_sqe(sqe, 2, IOSQE_CQE_SKIP_SUCCESS);
	submit(&ring, 1);
	expect_none(&ring, 30);
	io_uring_queue_exit(&ring);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

static void bad_timeouts(void)
{
	static struct __kernel_timespec negative = { .tv_sec = -1 }, backwards = { .tv_nsec = -1 };
	static struct __kernel_timespec much = { .tv_nsec = 1000000001 };
	static const struct {
		struct __kernel_timespec *ts;
		unsigned flags, count, len, buf_index, file_index;
		int error;
	} rows[] = {
		{ &never, 1U << 31, 0, 1, 0, 0, -EINVAL },
		{ &never, IORING_TIMEOUT_UPDATE, 0, 1, 0, 0, -EINVAL },
		{ &never, IORING_LINK_TIMEOUT_UPDATE, 0, 1, 0, 0, -EINVAL },
		{ &never, IORING_TIMEOUT_CLOCK_MASK, 0, 1, 0, 0, -EINVAL },
		{ &never, IORING_TIMEOUT_MULTISHOT | IORING_TIMEOUT_ABS, 0, 1, 0, 0, -EINVAL },
		{ &never, 0, 0, 0, 0, 0, -EINVAL },
		{ &never, 0, 0, 2, 0, 0, -EINVAL },
		{ &never, 0, 0, 1, 1, 0, -EINVAL },
		{ &never, 0, 0, 1, 0, 1, -EINVAL },
		{ &negative, 0, 0, 1, 0, 0, -EINVAL },
		{ &backwards, 0, 0, 1, 0, 0, -EINVAL },
		{ &much, 0, 0, 1, 0, 0, -ETIME },
		{ NULL, 0, 0, 1, 0, 0, -EFAULT },
		{ (void *)16, 0, 1, 1, 0, 0, -EFAULT },
	};
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);
		struct answer a;

		io_uring_prep_timeout(sqe, rows[i].ts, rows[i].count, rows[i].flags);
		sqe->len = rows[i].len;
		sqe->buf_index = (__u16)rows[i].buf_index;
		sqe->file_index = rows[i].file_index;
		set_sqe(sqe, i, 0);
		a = run_one(&ring);
		check(a.res == rows[i].error, "row %zu: %d", i, a.res);
	}
	io_uring_queue_exit(&ring);
}

const struct conformance_case timeout_cases[] = {
	{ "a relative timeout of any clock gives -ETIME, not too early", relative },
	{ "so does an absolute one", absolute },
	{ "a timeout that is over already gives -ETIME", over_at_once },
	{ "timeouts complete in the order of their times", in_order_of_time },
	{ "the time is copied by submitting", time_is_copied },
	{ "the time may be given in nanoseconds", immediate_argument },
	{ "a count of completions that is reached gives 0", count_reached },
	{ "a count of completions that is not reached gives -ETIME", count_not_reached },
	{ "earlier requests and each shot of a multishot count", count_of_earlier },
	{ "what is submitted with a timeout counts, too", count_of_one_submission },
	{ "what a multishot request posts before it does not", shots_of_one_submission },
	{ "other timeouts do not count", timeouts_do_not_count },
	{ "nor those that repeat, but those that are removed do", removed_timeouts_count },
	{ "timeouts with counts complete as each is reached", several_counts },
	{ "a multishot timeout expires as often as asked", repeats },
	{ "a multishot timeout without a count goes on until removed", repeats_for_ever },
	{ "expiry breaks a link, but for ETIME_SUCCESS", expiry_and_links },
	{ "expiry posts though success is skipped, but for ETIME_SUCCESS", expiry_and_skip },
	{ "errors of timeouts", bad_timeouts },
	{ 0 },
};
