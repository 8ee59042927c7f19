/* SPDX-License-Identifier: MIT */
/* Taking completions: peeking, batches, iteration, overflow, CQEs of both sizes. */
#include "support.h"

static void test_peek(void **state)
{
	struct io_uring_cqe *cqe, *again;
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	assert_no_cqe(&ring);
	queue_nop(&ring, 1);
	assert_no_cqe(&ring);
	assert_ret(1, io_uring_submit(&ring));
	/* Peeking takes nothing. */
	assert_ret(0, io_uring_peek_cqe(&ring, &cqe));
	assert_ret(0, io_uring_peek_cqe(&ring, &again));
	assert_ptr_equal(cqe, again);
	reap_known(&ring, cqe, 1, 0);
	assert_no_cqe(&ring);
	io_uring_cqe_seen(&ring, NULL);
	assert_int_equal(io_uring_cq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
}

static void test_peek_batch(void **state)
{
	struct io_uring_cqe *cqes[8];
	struct io_uring ring;
	uint64_t next = 0;

	(void)state;
	open_ring(&ring, 4, 0);
	assert_int_equal(io_uring_peek_batch_cqe(&ring, cqes, 8), 0);
	/* Round the CQ of 8 three times. */
	for (uint64_t data = 0; data < 24; data += 3) {
		for (uint64_t i = 0; i < 3; i++)
			queue_nop(&ring, data + i);
		assert_ret(3, io_uring_submit(&ring));
		assert_ret(2, io_uring_peek_batch_cqe(&ring, cqes, 2));
		assert_ret(3, io_uring_peek_batch_cqe(&ring, cqes, 8));
		for (uint64_t i = 0; i < 3; i++)
			assert_int_equal(cqes[i]->user_data, next++);
		assert_int_equal(io_uring_cq_ready(&ring), 3);
		io_uring_cq_advance(&ring, 3);
		assert_int_equal(io_uring_cq_ready(&ring), 0);
	}
	io_uring_queue_exit(&ring);
}

static void test_for_each(void **state)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	unsigned head;

	(void)state;
	open_ring(&ring, 4, 0);
	io_uring_for_each_cqe(&ring, head, cqe)
		fail();
	for (uint64_t data = 0; data < 24; data += 3) {
		uint64_t seen = 0;

		for (uint64_t i = 0; i < 3; i++)
			queue_nop(&ring, data + i);
		assert_ret(3, io_uring_submit(&ring));
		io_uring_for_each_cqe(&ring, head, cqe) {
			/* `continue` and `break` must do what they say. */
			if (!seen++)
				continue;
			assert_int_equal(cqe->user_data, data + seen - 1);
			if (seen == 2)
				break;
		}
		assert_int_equal(seen, 2);
		io_uring_cq_advance(&ring, 1);
		seen = 0;
		io_uring_for_each_cqe(&ring, head, cqe)
			assert_int_equal(cqe->user_data, data + ++seen);
		assert_int_equal(seen, 2);
		io_uring_cq_advance(&ring, 0);
		assert_int_equal(io_uring_cq_ready(&ring), 2);
		io_uring_cq_advance(&ring, 2);
	}
	assert_no_cqe(&ring);
	io_uring_queue_exit(&ring);
}

static void test_cqe_data(void **state)
{
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	sqe = next_sqe(&ring);
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data(sqe, &ring);
	sqe = next_sqe(&ring);
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data64(sqe, UINT64_MAX);
	assert_ret(2, io_uring_submit(&ring));
	assert_ret(0, io_uring_wait_cqe(&ring, &cqe));
	assert_ptr_equal(io_uring_cqe_get_data(cqe), &ring);
	io_uring_cqe_seen(&ring, cqe);
	/* On this kernel, the mark of the library's timeouts is a value like any other. */
	if (ring.features & IORING_FEAT_EXT_ARG) {
		assert_ret(0, io_uring_wait_cqe(&ring, &cqe));
		assert_int_equal(io_uring_cqe_get_data64(cqe), UINT64_MAX);
		io_uring_cqe_seen(&ring, cqe);
	}
	assert_no_cqe(&ring);
	io_uring_queue_exit(&ring);
}

static void test_overflow(void **state)
{
	const unsigned rounds = 5;
	struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE, .cq_entries = 4 };
	struct io_uring_cqe *cqes[8];
	struct io_uring ring;

	(void)state;
	need_kernel(5, 19, "submitting while completions overflow");
	open_params(&ring, 4, &p);
	for (uint64_t i = 0; i < rounds; i++) {
		for (uint64_t j = 0; j < 4; j++)
			queue_nop(&ring, 4 * i + j);
		assert_ret(4, io_uring_submit(&ring));
		assert_int_equal(io_uring_cq_ready(&ring), 4);
		assert_int_equal(io_uring_cq_has_overflow(&ring), i > 0);
	}
	/* The first four are in the ring, and with it full no enter can bring more. */
	assert_ret(4, io_uring_peek_batch_cqe(&ring, cqes, 8));
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(cqes[i]->user_data, i);
	io_uring_cq_advance(&ring, 4);
	assert_int_equal(io_uring_cq_ready(&ring), 0);
	/* An empty ring is filled by whoever asks: here a batch, get_events, and each peek. */
	assert_ret(4, io_uring_peek_batch_cqe(&ring, cqes, 8));
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(cqes[i]->user_data, 4 + i);
	io_uring_cq_advance(&ring, 4);
	assert_ret(0, io_uring_get_events(&ring));
	assert_int_equal(io_uring_cq_ready(&ring), 4);
	for (uint64_t i = 8; i < 4 * rounds; i++) {
		struct io_uring_cqe *cqe;

		assert_ret(0, io_uring_peek_cqe(&ring, &cqe));
		reap_known(&ring, cqe, i, 0);
	}
	assert_no_cqe(&ring);
	assert_false(io_uring_cq_has_overflow(&ring));
	assert_int_equal(*ring.cq.koverflow, 0);
	io_uring_queue_exit(&ring);
}

static void test_skip_success(void **state)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	need_feature(&ring, IORING_FEAT_CQE_SKIP, "IORING_FEAT_CQE_SKIP");
	sqe = next_sqe(&ring);
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
	io_uring_sqe_set_data64(sqe, 1);
	sqe = next_sqe(&ring);
	io_uring_prep_read(sqe, -1, NULL, 0, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
	io_uring_sqe_set_data64(sqe, 2);
	queue_nop(&ring, 3);
	assert_ret(3, io_uring_submit(&ring));
	reap(&ring, 2, -EBADF);
	reap(&ring, 3, 0);
	assert_no_cqe(&ring);
	io_uring_queue_exit(&ring);
}

/* Long CQEs among short ones do not wrap: the engine fills the end of the ring up instead. */
static void test_mixed_cqes(void **state)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQE_MIXED | IORING_SETUP_CQSIZE,
				     .cq_entries = 8 };
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int ret;

	(void)state;
	ret = io_uring_queue_init_params(8, &ring, &p);
	skip_if_refused(ret);
	if (ret == -EINVAL)
		need_kernel(6, 18, "IORING_SETUP_CQE_MIXED");
	assert_int_equal(ret, 0);
	for (uint64_t i = 0; i < 100; i++) {
		const bool is_long = i % 2;

		sqe = next_sqe(&ring);
		io_uring_prep_nop(sqe);
		io_uring_sqe_set_data64(sqe, i);
		if (is_long) {
			sqe->nop_flags = IORING_NOP_CQE32;
			sqe->off = i + 1000;
		}
		assert_ret(1, io_uring_submit(&ring));
		assert_ret(0, io_uring_wait_cqe(&ring, &cqe));
		assert_int_equal(cqe->user_data, i);
		assert_int_equal(io_uring_cqe_nr(cqe), is_long ? 2 : 1);
		if (is_long)
			assert_int_equal(cqe->big_cqe[0], i + 1000);
		io_uring_cqe_seen(&ring, cqe);
		assert_no_cqe(&ring);
	}
	io_uring_queue_exit(&ring);
}

/* A filler before the wrap is never handed out: it ends a batch, and at the head it is reaped. */
static void test_batch_around_filler(void **state)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQE_MIXED };
	struct io_uring_cqe *cqes[8];
	struct io_uring ring;
	int ret = io_uring_queue_init_params(4, &ring, &p);

	(void)state;
	skip_if_refused(ret);
	if (ret == -EINVAL)
		skip_because("IORING_SETUP_CQE_MIXED came with Linux 6.18");
	assert_int_equal(ret, 0);
	for (unsigned i = 0; i < 5; i++) {
		queue_nop(&ring, i);
		assert_ret(1, io_uring_submit(&ring));
		reap(&ring, i, 0);
	}
	for (unsigned i = 5; i < 9; i++) {
		queue_nop(&ring, i);
		/* The eighth slot is the last: a large one leaves it to a filler. */
		if (i == 7)
			ring.sq.sqes[(ring.sq.sqe_tail - 1) & ring.sq.ring_mask].nop_flags =
				IORING_NOP_CQE32;
	}
	assert_ret(4, io_uring_submit(&ring));
	assert_int_equal(io_uring_peek_batch_cqe(&ring, cqes, 8), 2);
	assert_int_equal(cqes[0]->user_data, 5);
	assert_int_equal(cqes[1]->user_data, 6);
	io_uring_cq_advance(&ring, 2);
	assert_int_equal(io_uring_peek_batch_cqe(&ring, cqes, 8), 2);
	assert_int_equal(cqes[0]->user_data, 7);
	assert_int_equal(cqes[1]->user_data, 8);
	assert_int_equal(io_uring_cqe_nr(cqes[0]), 2);
	io_uring_cq_advance(&ring, 3);
	assert_no_cqe(&ring);
	io_uring_queue_exit(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peek),	   cmocka_unit_test(test_peek_batch),
		cmocka_unit_test(test_for_each),   cmocka_unit_test(test_cqe_data),
		cmocka_unit_test(test_overflow),   cmocka_unit_test(test_skip_success),
		cmocka_unit_test(test_mixed_cqes), cmocka_unit_test(test_batch_around_filler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
