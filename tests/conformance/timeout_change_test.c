/* SPDX-License-Identifier: MIT */
/* Timeouts that are removed or updated. */
#include "requests.h"

/* Longer than any case: such a timeout ends only by what the case does. */
static struct __kernel_timespec never = { .tv_sec = 1000 };

/* Removes `target` and expects both completions, in whatever order. */
static void expect_removal(struct io_uring *ring, uint64_t target)
{
	struct answer answers[2];

	queue_timeout_remove(ring, target, 1000);
	submit(ring, 1);
	sorted_answers(ring, answers, 2);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], target, -ECANCELED, 0);
	expect_full_answer_at(__FILE__, __LINE__, answers[1], 1000, 0, 0);
}

static void removal_on(unsigned flags)
{
	struct __kernel_timespec ts = MILLISECONDS(1);
	struct io_uring ring;

	open_ring(&ring, 8, flags);
	queue_timeout(&ring, &never, 0, 0, 1);
	queue_timeout(&ring, &never, 5, 0, 2);
	queue_timeout(&ring, &never, 0, IORING_TIMEOUT_REALTIME, 3);
	/* Of two with the same name, one is removed at a time. */
	queue_timeout(&ring, &never, 0, 0, 3);
	submit(&ring, 4);
	expect_removal(&ring, 1);
	expect_removal(&ring, 2);
	expect_removal(&ring, 3);
	expect_none(&ring, 0);
	expect_removal(&ring, 3);
	queue_timeout_remove(&ring, 3, 4);
	submit(&ring, 1);
	expect_full_answer(&ring, 4, -ENOENT, 0);
	queue_timeout(&ring, &ts, 0, 0, 5);
	submit(&ring, 1);
	expect_answer(&ring, 5, -ETIME);
	queue_timeout_remove(&ring, 5, 6);
	submit(&ring, 1);
	expect_answer(&ring, 6, -ENOENT);
	io_uring_queue_exit(&ring);
}

static void removal(void)
{
	on_both_kinds(removal_on);
}

static void removal_is_for_timeouts(void)
{
	struct io_uring ring;
	int fd;

	open_ring(&ring, 8, 0);
	fd = queue_hanging(&ring, 1, 0);
	queue_timeout_remove(&ring, 1, 2);
	submit(&ring, 2);
	expect_answer(&ring, 2, -ENOENT);
	release(fd);
	expect_answer(&ring, 1, 1);
	io_uring_queue_exit(&ring);
}

/* Updates `target` and returns the result. */
static int update(struct io_uring *ring, struct __kernel_timespec *ts, uint64_t target,
		  unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);
	struct answer a;

	io_uring_prep_timeout_update(sqe, ts, target, flags);
	set_sqe(sqe, 1000, 0);
	a = run_one(ring);
	expect(a.data, 1000);
	return a.res;
}

static void earlier_and_later_on(unsigned flags)
{
	struct __kernel_timespec ts = MILLISECONDS(500), soon = MILLISECONDS(10), at;
	struct io_uring ring;
	int64_t then;

	open_ring(&ring, 8, flags);
	queue_timeout(&ring, &never, 0, 0, 1);
	queue_timeout(&ring, &never, 0, 0, 2);
	queue_timeout(&ring, &ts, 0, 0, 3);
	submit(&ring, 3);
	expect(update(&ring, &never, 3, 0), 0);
	expect(update(&ring, &soon, 1, 0), 0);
	expect_full_answer(&ring, 1, -ETIME, 0);
	/* Far enough that it cannot be over before the update is answered. */
	then = now_ms() + 200;
	at = (struct __kernel_timespec)MILLISECONDS(then);
	expect(update(&ring, &at, 2, IORING_TIMEOUT_ABS), 0);
	expect_full_answer(&ring, 2, -ETIME, 0);
	check(now_ms() >= then, "too early");
	expect_none(&ring, 500);
	expect(update(&ring, &soon, 3, 0), 0);
	expect_answer(&ring, 3, -ETIME);
	expect(update(&ring, &soon, 3, 0), -ENOENT);
	io_uring_queue_exit(&ring);
}

static void earlier_and_later(void)
{
	on_both_kinds(earlier_and_later_on);
}

static void update_of_multishot(void)
{
	struct __kernel_timespec ts = MILLISECONDS(5);
	struct io_uring ring;

	need_linux(6, 4, "IORING_TIMEOUT_MULTISHOT");
	open_ring(&ring, 8, 0);
	queue_timeout(&ring, &never, 2, IORING_TIMEOUT_MULTISHOT, 1);
	submit(&ring, 1);
	expect(update(&ring, &ts, 1, 0), 0);
	/* Its count is lost as well: it goes on until it is removed. */
	for (int i = 0; i < 4; i++)
		expect_full_answer(&ring, 1, -ETIME, IORING_CQE_F_MORE);
	io_uring_queue_exit(&ring);
}

static void update_ends_count(void)
{
	struct __kernel_timespec ts = MILLISECONDS(60);
	struct io_uring ring;

	/* What is updated is a mere time from then on (Linux 6.18, observed). */
	open_ring(&ring, 8, 0);
	queue_timeout(&ring, &never, 1, 0, 1);
	submit(&ring, 1);
	expect(update(&ring, &ts, 1, 0), 0);
	queue_nop(&ring, 2, 0);
	submit(&ring, 1);
	expect_answer(&ring, 2, 0);
	expect_answer(&ring, 1, -ETIME);
	io_uring_queue_exit(&ring);
}

static void bad_removals(void)
{
	static struct __kernel_timespec negative = { .tv_sec = -1 };
	static const struct {
		const struct __kernel_timespec *ts;
		unsigned flags, len, buf_index;
		int error;
	} rows[] = {
		{ NULL, IORING_TIMEOUT_ABS, 0, 0, -EINVAL },
		{ NULL, IORING_TIMEOUT_BOOTTIME, 0, 0, -EINVAL },
		{ NULL, 1U << 31, 0, 0, -EINVAL },
		{ NULL, 0, 1, 0, -EINVAL },
		{ NULL, 0, 0, 1, -EINVAL },
		{ &never, IORING_TIMEOUT_UPDATE | 1U << 31, 0, 0, -EINVAL },
		{ &never, IORING_TIMEOUT_UPDATE | IORING_TIMEOUT_MULTISHOT, 0, 0, -EINVAL },
		{ &negative, IORING_TIMEOUT_UPDATE, 0, 0, -EINVAL },
		{ NULL, IORING_TIMEOUT_UPDATE, 0, 0, -EFAULT },
		{ &never, IORING_TIMEOUT_UPDATE, 0, 0, -ENOENT },
		{ &never, IORING_LINK_TIMEOUT_UPDATE, 0, 0, -ENOENT },
		{ &never, IORING_TIMEOUT_UPDATE_MASK, 0, 0, -ENOENT },
	};
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);
		struct answer a;

		io_uring_prep_timeout_remove(sqe, 1, rows[i].flags);
		sqe->addr2 = (uintptr_t)rows[i].ts;
		sqe->len = rows[i].len;
		sqe->buf_index = (__u16)rows[i].buf_index;
		set_sqe(sqe, i, 0);
		a = run_one(&ring);
		check(a.res == rows[i].error, "row %zu: %d", i, a.res);
	}
	io_uring_queue_exit(&ring);
}

static void update_of_clock(void)
{
	struct __kernel_timespec ts = MILLISECONDS(10);
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_timeout(&ring, &never, 0, 0, 1);
	submit(&ring, 1);
	expect(update(&ring, &ts, 1, IORING_TIMEOUT_BOOTTIME), -EINVAL);
	expect(update(&ring, &ts, 1, IORING_TIMEOUT_REALTIME), -EINVAL);
	expect(update(&ring, &ts, 1, 0), 0);
	expect_answer(&ring, 1, -ETIME);
	io_uring_queue_exit(&ring);
}

const struct conformance_case timeout_change_cases[] = {
	{ "removing a timeout cancels it, once", removal },
	{ "what is no timeout is not removed", removal_is_for_timeouts },
	{ "an update makes a timeout expire sooner or later", earlier_and_later },
	{ "an update changes the span of a multishot timeout", update_of_multishot },
	{ "an updated timeout no longer counts", update_ends_count },
	{ "errors of removal and update", bad_removals },
	{ "an update does not take another clock", update_of_clock },
	{ 0 },
};
