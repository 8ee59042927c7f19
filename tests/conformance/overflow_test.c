/* SPDX-License-Identifier: MIT */
/* A full completion queue. */
#include "requests.h"

/* ---- Overflow -------------------------------------------------------------------------------- */

/* A ring with room for four completions, and those of the nops 0 .. count - 1, none reaped. */
static void overflow_with(struct io_uring *ring, unsigned count, unsigned flags)
{
	open_ring(ring, 2, flags);
	need_feature(ring, IORING_FEAT_NODROP, "completions that are kept");
	for (unsigned i = 0; i < count; i++) {
		queue_nop(ring, i, 0);
		/* The queue's being full keeps nothing from being submitted. */
		submit(ring, 1);
	}
	expect(io_uring_cq_ready(ring), count < 4 ? count : 4);
	expect(io_uring_cq_has_overflow(ring), count > 4);
}

static void overflow(struct io_uring *ring, unsigned count)
{
	overflow_with(ring, count, 0);
}

/* The completions `first` .. `last` in their order, none reaped twice, none lost. */
static void expect_all(struct io_uring *ring, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++)
		expect_full_answer(ring, i, 0, 0);
	expect_none(ring, 0);
	expect(io_uring_cq_has_overflow(ring), 0);
	expect(*ring->cq.koverflow, 0);
}

static void none_lost(void)
{
	const unsigned counts[] = { 4, 5, 8, 9, 100 };
	const unsigned flags[] = { 0, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN };

	for (size_t i = 0; i < 2 * ARRAY_LEN(counts); i++) {
		struct io_uring ring;

		overflow_with(&ring, counts[i / 2], flags[i % 2]);
		expect_all(&ring, 0, counts[i / 2] - 1);
		expect_usable(&ring);
		io_uring_queue_exit(&ring);
	}
}

static void reap_four(struct io_uring *ring, unsigned first)
{
	for (unsigned i = 0; i < 4; i++)
		expect_answer(ring, first + i, 0);
}

static void flushed_by_events(void)
{
	struct io_uring ring;

	overflow(&ring, 10);
	/* Full still: there is nowhere to flush it to. */
	expect(io_uring_get_events(&ring), 0);
	expect(io_uring_cq_ready(&ring), 4);
	reap_four(&ring, 0);
	expect(io_uring_cq_ready(&ring), 0);
	expect(io_uring_cq_has_overflow(&ring), 1);
	expect(io_uring_get_events(&ring), 0);
	expect(io_uring_cq_ready(&ring), 4);
	expect(io_uring_cq_has_overflow(&ring), 1);
	reap_four(&ring, 4);
	expect(io_uring_get_events(&ring), 0);
	expect(io_uring_cq_ready(&ring), 2);
	expect(io_uring_cq_has_overflow(&ring), 0);
	expect_all(&ring, 8, 9);
	io_uring_queue_exit(&ring);
}

static void flushed_by_peeking(void)
{
	struct io_uring_cqe *cqe, *cqes[8];
	struct io_uring ring;

	overflow(&ring, 9);
	reap_four(&ring, 0);
	expect(io_uring_peek_cqe(&ring, &cqe), 0);
	expect(cqe->user_data, 4);
	expect(io_uring_cq_ready(&ring), 4);
	io_uring_cq_advance(&ring, 4);
	expect(io_uring_peek_batch_cqe(&ring, cqes, 8), 1);
	expect(cqes[0]->user_data, 8);
	expect_all(&ring, 8, 8);
	io_uring_queue_exit(&ring);
}

static void flushed_by_waiting(void)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	overflow(&ring, 9);
	reap_four(&ring, 0);
	expect(io_uring_wait_cqe_nr(&ring, &cqe, 3), 0);
	expect(io_uring_cq_ready(&ring), 4);
	expect(cqe->user_data, 4);
	/* One reaped, one flushed. */
	io_uring_cqe_seen(&ring, cqe);
	expect(io_uring_wait_cqe_nr(&ring, &cqe, 4), 0);
	expect(io_uring_cq_ready(&ring), 4);
	expect_all(&ring, 5, 8);
	io_uring_queue_exit(&ring);
}

static void polled_while_kept(void)
{
	struct io_uring ring;
	struct pollfd pfd = { .events = POLLIN };

	overflow(&ring, 5);
	pfd.fd = ring.ring_fd;
	reap_four(&ring, 0);
	expect(io_uring_cq_ready(&ring), 0);
	expect(sys(poll(&pfd, 1, 0)), 1);
	expect(pfd.revents, POLLIN);
	expect_all(&ring, 4, 4);
	expect(sys(poll(&pfd, 1, 0)), 0);
	io_uring_queue_exit(&ring);
}

static void order_is_kept(void)
{
	struct io_uring ring;

	/* What completes while others are kept has to queue up behind them. */
	overflow(&ring, 6);
	expect_answer(&ring, 0, 0);
	expect_answer(&ring, 1, 0);
	queue_nop(&ring, 6, 0);
	++*ring.sq.ktail;
	expect(io_uring_enter((unsigned)ring.ring_fd, 1, 0, 0, NULL), 1);
	expect(io_uring_cq_ready(&ring), 2);
	ring.sq.sqe_head = ring.sq.sqe_tail;
	expect_all(&ring, 2, 6);
	io_uring_queue_exit(&ring);
}

static void submitting_goes_on(void)
{
	struct io_uring ring;

	overflow(&ring, 5);
	reap_four(&ring, 0);
	queue_nop(&ring, 5, 0);
	submit(&ring, 1);
	expect_all(&ring, 4, 5);
	io_uring_queue_exit(&ring);
}

static void pending_requests(void)
{
	struct answer answers[10];
	struct io_uring ring;
	int fds[10];

	open_ring(&ring, 2, 0);
	for (unsigned i = 0; i < 10; i++) {
		fds[i] = queue_hanging(&ring, i, 0);
		submit(&ring, 1);
	}
	for (unsigned i = 0; i < 10; i++)
		release(fds[i]);
	sorted_answers(&ring, answers, 10);
	for (unsigned i = 0; i < 10; i++)
		expect_full_answer_at(__FILE__, __LINE__, answers[i], i, 1, 0);
	expect_none(&ring, 20);
	io_uring_queue_exit(&ring);
}

static void many(void)
{
	struct io_uring ring;
	unsigned reaped = 0;

	open_ring(&ring, 32, 0);
	for (unsigned i = 0; i < 100; i++) {
		for (unsigned k = 0; k < 32; k++)
			queue_nop(&ring, i * 32 + k, 0);
		submit(&ring, 32);
		/* Less than what came. */
		for (unsigned k = 0; k < 20; k++, reaped++)
			expect_answer(&ring, reaped, 0);
	}
	expect_all(&ring, reaped, 3199);
	io_uring_queue_exit(&ring);
}

static void long_completions(void)
{
	struct io_uring ring;

	open_ring(&ring, 2, IORING_SETUP_CQE32);
	for (unsigned i = 0; i < 11; i++) {
		queue_nop(&ring, i, 0);
		submit(&ring, 1);
	}
	expect(io_uring_cq_ready(&ring), 4);
	expect_all(&ring, 0, 10);
	io_uring_queue_exit(&ring);
}

static void closed_while_full(void)
{
	struct io_uring ring;

	overflow(&ring, 50);
	io_uring_queue_exit(&ring);
	open_ring(&ring, 2, 0);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

const struct conformance_case overflow_cases[] = {
	{ "no completion is lost, and all come in their order", none_lost },
	{ "asking for events flushes what there is room for", flushed_by_events },
	{ "peeking at an empty queue flushes", flushed_by_peeking },
	{ "waiting flushes", flushed_by_waiting },
	{ "the descriptor polls as readable while completions are kept", polled_while_kept },
	{ "later completions do not overtake those that are kept", order_is_kept },
	{ "submitting goes on", submitting_goes_on },
	{ "requests that complete later are kept as well", pending_requests },
	{ "thousands are kept", many },
	{ "long completions are kept as well", long_completions },
	{ "a ring can be closed with completions kept", closed_while_full },
	{ 0 },
};
