/* SPDX-License-Identifier: MIT */
/* Requests that wait for all before them, and that all after them wait for. */
#include "requests.h"

#define LINK  IOSQE_IO_LINK
#define HARD  IOSQE_IO_HARDLINK
#define DRAIN IOSQE_IO_DRAIN

static void drain_waits_on(unsigned flags)
{
	struct answer last[2];
	struct io_uring ring;
	int one, two;

	open_ring(&ring, 8, flags);
	one = queue_hanging(&ring, 1, 0);
	two = queue_hanging(&ring, 2, 0);
	queue_nop(&ring, 3, DRAIN);
	queue_nop(&ring, 4, 0);
	submit(&ring, 4);
	/* Those submitted later wait, too. */
	queue_nop(&ring, 5, 0);
	submit(&ring, 1);
	expect_none(&ring, 20);
	release(two);
	expect_answer(&ring, 2, 1);
	expect_none(&ring, 20);
	release(one);
	expect_answer(&ring, 1, 1);
	expect_answer(&ring, 3, 0);
	sorted_answers(&ring, last, 2);
	expect(last[0].data, 4);
	expect(last[1].data, 5);
	io_uring_queue_exit(&ring);
}

static void drain_waits(void)
{
	on_both_kinds(drain_waits_on);
}

static void drain_alone(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (unsigned i = 0; i < 5; i++)
		queue_nop(&ring, i, DRAIN);
	submit(&ring, 5);
	for (unsigned i = 0; i < 5; i++)
		expect_answer(&ring, i, 0);
	queue_failing(&ring, 7, DRAIN);
	submit(&ring, 1);
	expect_answer(&ring, 7, -EBADF);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* The second of two drained requests waits for the first one to complete. */
static void drain_after_drain_on(unsigned flags)
{
	struct io_uring ring;
	int one, two;

	open_ring(&ring, 8, flags);
	one = queue_hanging(&ring, 1, 0);
	two = queue_hanging(&ring, 2, DRAIN);
	queue_nop(&ring, 3, DRAIN);
	submit(&ring, 3);
	release(two);
	expect_none(&ring, 20);
	release(one);
	expect_answer(&ring, 1, 1);
	expect_answer(&ring, 2, 1);
	expect_answer(&ring, 3, 0);
	io_uring_queue_exit(&ring);
}

static void drain_after_drain(void)
{
	on_both_kinds(drain_after_drain_on);
}

static void drained_chain(unsigned first_flags, unsigned second_flags)
{
	struct answer rest[3];
	struct io_uring ring;
	int one;

	open_ring(&ring, 8, 0);
	one = queue_hanging(&ring, 1, 0);
	queue_nop(&ring, 2, LINK | first_flags);
	queue_nop(&ring, 3, second_flags);
	queue_nop(&ring, 4, 0);
	submit(&ring, 4);
	expect_none(&ring, 20);
	release(one);
	expect_answer(&ring, 1, 1);
	sorted_answers(&ring, rest, 3);
	for (unsigned i = 0; i < 3; i++)
		expect_answer_at(__FILE__, __LINE__, rest[i], i + 2, 0);
	io_uring_queue_exit(&ring);
}

static void drain_chain(void)
{
	drained_chain(DRAIN, 0);
	/* A member that drains makes the whole chain wait. */
	drained_chain(0, DRAIN);
	drained_chain(DRAIN, DRAIN);
}

static void drain_waits_for_chain(void)
{
	struct io_uring ring;
	int one;

	open_ring(&ring, 8, 0);
	one = queue_hanging(&ring, 1, LINK);
	queue_nop(&ring, 2, LINK);
	queue_nop(&ring, 3, 0);
	queue_nop(&ring, 4, DRAIN);
	submit(&ring, 4);
	expect_none(&ring, 20);
	release(one);
	for (unsigned i = 1; i <= 4; i++)
		expect_answer(&ring, i, i == 1);
	io_uring_queue_exit(&ring);
}

/* A completion that says MORE is not the end of a request. */
static void after_multishot(unsigned first, unsigned second)
{
	struct io_uring ring;
	int fd;

	open_ring(&ring, 8, 0);
	fd = queue_multishot(&ring, 1);
	ring.sq.sqes[0].flags |= (__u8)first;
	queue_nop(&ring, 2, second);
	submit(&ring, 2);
	release(fd);
	expect_full_answer(&ring, 1, POLLIN, IORING_CQE_F_MORE);
	expect_none(&ring, 20);
	expect(cancel_now(&ring, 1), 0);
	expect_full_answer(&ring, 1, -ECANCELED, 0);
	expect_answer(&ring, 2, 0);
	io_uring_queue_exit(&ring);
}

static void drain_and_multishot(void)
{
	after_multishot(0, DRAIN);
}

static void behind_multishot(void)
{
	after_multishot(HARD, 0);
}

static void drain_and_timeout(void)
{
	struct __kernel_timespec never = { .tv_sec = 1000 };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_timeout(&ring, &never, 0, 0, 1);
	queue_nop(&ring, 2, DRAIN);
	submit(&ring, 2);
	expect_none(&ring, 20);
	expect(cancel_now(&ring, 1), 0);
	expect_answer(&ring, 1, -ECANCELED);
	expect_answer(&ring, 2, 0);
	io_uring_queue_exit(&ring);
}

const struct conformance_case drain_cases[] = {
	{ "a drained request waits for all before, and all after wait for it", drain_waits },
	{ "a drained request with nothing before it runs at once", drain_alone },
	{ "drained requests run one by one", drain_after_drain },
	{ "a chain with a drained member waits as a whole", drain_chain },
	{ "a drained request waits for a chain's end", drain_waits_for_chain },
	{ "a drained request waits for a multishot one's last completion", drain_and_multishot },
	{ "a drained request waits for a timeout", drain_and_timeout },
	{ "a request behind a multishot one waits for the last completion", behind_multishot },
	{ 0 },
};
