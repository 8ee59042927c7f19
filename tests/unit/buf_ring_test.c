/* SPDX-License-Identifier: MIT */
/* Rings of provided buffers, and what is received into them and sent from them. */
#include "support.h"

#define GROUP	7
#define BUFFERS 4
#define BUF_LEN 16

struct pool {
	struct io_uring_buf_ring *br;
	char mem[BUFFERS][BUF_LEN];
};

static void open_pool(struct io_uring *ring, struct pool *pool)
{
	int err = 1;

	need_kernel(5, 19, "buffer rings");
	open_ring(ring, 8, 0);
	errno = ERRNO_MARK;
	pool->br = io_uring_setup_buf_ring(ring, BUFFERS, GROUP, 0, &err);
	assert_int_equal(errno, ERRNO_MARK);
	assert_int_equal(err, 0);
	assert_non_null(pool->br);
	memset(pool->mem, 0, sizeof(pool->mem));
}

static void close_pool(struct io_uring *ring, struct pool *pool)
{
	assert_ret(0, io_uring_free_buf_ring(ring, pool->br, BUFFERS, GROUP));
	assert_ret(-ENOENT, io_uring_unregister_buf_ring(ring, GROUP));
	io_uring_queue_exit(ring);
}

/* Gives buffers `first` to `first + n - 1` to the ring. */
static void provide(struct pool *pool, unsigned first, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		io_uring_buf_ring_add(pool->br, pool->mem[first + i], BUF_LEN,
				      (unsigned short)(first + i), io_uring_buf_ring_mask(BUFFERS),
				      (int)i);
	io_uring_buf_ring_advance(pool->br, (int)n);
}

static unsigned buffer_of(const struct answer *answer)
{
	assert_true(answer->flags & IORING_CQE_F_BUFFER);
	return answer->flags >> IORING_CQE_BUFFER_SHIFT;
}

static void queue_recv(struct io_uring *ring, int fd, bool multishot, uint64_t data)
{
	struct io_uring_sqe *sqe = next_sqe(ring);

	if (multishot)
		io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	else
		io_uring_prep_recv(sqe, fd, NULL, BUF_LEN, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, GROUP);
	io_uring_sqe_set_data64(sqe, data);
}

static void test_buf_ring_layout(void **state)
{
	struct io_uring_buf_ring *br = calloc(BUFFERS, sizeof(struct io_uring_buf));
	char mem[2];

	(void)state;
	assert_int_equal(io_uring_buf_ring_mask(BUFFERS), BUFFERS - 1);
	br->tail = 77;
	io_uring_buf_ring_init(br);
	assert_int_equal(br->tail, 0);
	/* Round the end of the ring, and of the 16 bits. */
	br->tail = UINT16_MAX;
	io_uring_buf_ring_add(br, &mem[0], 1, 10, BUFFERS - 1, 0);
	io_uring_buf_ring_add(br, &mem[1], 2, 11, BUFFERS - 1, 1);
	assert_int_equal(br->tail, UINT16_MAX);
	io_uring_buf_ring_advance(br, 2);
	assert_int_equal(br->tail, 1);
	assert_int_equal(br->bufs[3].addr, (uintptr_t)&mem[0]);
	assert_int_equal(br->bufs[3].len, 1);
	assert_int_equal(br->bufs[3].bid, 10);
	assert_int_equal(br->bufs[0].addr, (uintptr_t)&mem[1]);
	assert_int_equal(br->bufs[0].len, 2);
	assert_int_equal(br->bufs[0].bid, 11);
	free(br);
}

static void test_buf_ring_recv(void **state)
{
	struct io_uring ring;
	struct answer answer;
	struct pool pool;
	int sv[2];

	(void)state;
	open_pool(&ring, &pool);
	stream_pair(sv);
	provide(&pool, 0, BUFFERS);
	/* Twice round the buffer ring, each buffer going back at once. */
	for (unsigned i = 0; i < 2 * BUFFERS; i++) {
		unsigned bid;

		assert_int_equal(sys(write(sv[1], "hello", 5)), 5);
		queue_recv(&ring, sv[0], false, 1);
		answer = run(&ring);
		assert_int_equal(answer.res, 5);
		bid = buffer_of(&answer);
		assert_int_equal(bid, i % BUFFERS);
		assert_memory_equal(pool.mem[bid], "hello", 5);
		memset(pool.mem[bid], 0, BUF_LEN);
		provide(&pool, bid, 1);
	}
	close(sv[0]);
	close(sv[1]);
	close_pool(&ring, &pool);
}

static void test_buf_ring_runs_out(void **state)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	struct answer answer;
	struct pool pool;
	int sv[2];

	(void)state;
	open_pool(&ring, &pool);
	stream_pair(sv);
	assert_int_equal(sys(write(sv[1], "hello", 5)), 5);
	queue_recv(&ring, sv[0], false, 1);
	answer = run(&ring);
	assert_int_equal(answer.res, -ENOBUFS);
	assert_false(answer.flags & IORING_CQE_F_BUFFER);

	provide(&pool, 2, 1);
	queue_recv(&ring, sv[0], false, 2);
	assert_ret(1, io_uring_submit(&ring));
	assert_ret(0, io_uring_wait_cqe(&ring, &cqe));
	assert_int_equal(cqe->res, 5);
	assert_int_equal(cqe->flags >> IORING_CQE_BUFFER_SHIFT, 2);
	/* Gives the buffer back and reaps the CQE. */
	io_uring_buf_ring_add(pool.br, pool.mem[2], BUF_LEN, 2, BUFFERS - 1, 0);
	io_uring_buf_ring_cq_advance(&ring, pool.br, 1);
	assert_no_cqe(&ring);
	assert_int_equal(sys(write(sv[1], "again", 5)), 5);
	queue_recv(&ring, sv[0], false, 3);
	answer = run(&ring);
	assert_int_equal(answer.res, 5);
	assert_int_equal(buffer_of(&answer), 2);
	close(sv[0]);
	close(sv[1]);
	close_pool(&ring, &pool);
}

static void test_buf_ring_head(void **state)
{
	struct io_uring ring;
	struct pool pool;
	uint16_t head = 99;
	int sv[2];

	(void)state;
	need_kernel(6, 8, "IORING_REGISTER_PBUF_STATUS");
	open_pool(&ring, &pool);
	stream_pair(sv);
	assert_ret(0, io_uring_buf_ring_head(&ring, GROUP, &head));
	assert_int_equal(head, 0);
	assert_ret(0, io_uring_buf_ring_available(&ring, pool.br, GROUP));
	provide(&pool, 0, 3);
	assert_ret(3, io_uring_buf_ring_available(&ring, pool.br, GROUP));
	assert_int_equal(sys(write(sv[1], "x", 1)), 1);
	queue_recv(&ring, sv[0], false, 1);
	assert_int_equal(run(&ring).res, 1);
	assert_ret(0, io_uring_buf_ring_head(&ring, GROUP, &head));
	assert_int_equal(head, 1);
	assert_ret(2, io_uring_buf_ring_available(&ring, pool.br, GROUP));
	assert_ret(-ENOENT, io_uring_buf_ring_head(&ring, GROUP + 1, &head));
	assert_ret(-ENOENT, io_uring_buf_ring_available(&ring, pool.br, GROUP + 1));
	close(sv[0]);
	close(sv[1]);
	close_pool(&ring, &pool);
}

static void test_buf_ring_refused(void **state)
{
	static const struct {
		unsigned entries, flags;
		int err;
	} bad[] = { { 0, 0, -EINVAL },
		    { 3, 0, -EINVAL },
		    { 65536, 0, -EINVAL },
		    { 4, 1U << 15, -EINVAL } };
	struct io_uring ring;
	struct pool pool;

	(void)state;
	open_pool(&ring, &pool);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int err = 1;

		errno = ERRNO_MARK;
		assert_null(io_uring_setup_buf_ring(&ring, bad[i].entries, GROUP + 1, bad[i].flags,
						    &err));
		assert_int_equal(errno, ERRNO_MARK);
		assert_int_equal(err, bad[i].err);
	}
	assert_ret(-ENOENT, io_uring_unregister_buf_ring(&ring, GROUP + 1));
	assert_ret(-ENOENT, io_uring_free_buf_ring(&ring, pool.br, BUFFERS, GROUP + 1));
	close_pool(&ring, &pool);
}

static void test_buf_ring_multishot(void **state)
{
	struct io_uring ring;
	struct answer answer;
	struct pool pool;
	int sv[2];

	(void)state;
	need_kernel(6, 0, "multishot recv");
	open_pool(&ring, &pool);
	stream_pair(sv);
	provide(&pool, 0, BUFFERS);
	queue_recv(&ring, sv[0], true, 1);
	assert_ret(1, io_uring_submit(&ring));
	for (unsigned i = 0; i < BUFFERS; i++) {
		assert_int_equal(sys(write(sv[1], "hello", 5)), 5);
		answer = next_answer(&ring);
		assert_int_equal(answer.res, 5);
		assert_true(answer.flags & IORING_CQE_F_MORE);
		assert_int_equal(buffer_of(&answer), i);
	}
	/* Without buffers it ends, and the data waits. */
	assert_int_equal(sys(write(sv[1], "more", 4)), 4);
	answer = next_answer(&ring);
	assert_int_equal(answer.res, -ENOBUFS);
	assert_false(answer.flags & IORING_CQE_F_MORE);
	provide(&pool, 0, BUFFERS);
	queue_recv(&ring, sv[0], true, 2);
	answer = run(&ring);
	assert_int_equal(answer.data, 2);
	assert_int_equal(answer.res, 4);
	assert_true(answer.flags & IORING_CQE_F_MORE);
	close(sv[1]);
	answer = next_answer(&ring);
	assert_int_equal(answer.res, 0);
	assert_false(answer.flags & IORING_CQE_F_MORE);
	close(sv[0]);
	close_pool(&ring, &pool);
}

static void test_send_bundle(void **state)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct pool pool;
	char got[3 * BUF_LEN];
	int sv[2];

	(void)state;
	open_pool(&ring, &pool);
	if (!(ring.features & IORING_FEAT_RECVSEND_BUNDLE)) {
		close_pool(&ring, &pool);
		skip_because("this kernel has no IORING_FEAT_RECVSEND_BUNDLE");
	}
	stream_pair(sv);
	for (int i = 0; i < 3; i++)
		memset(pool.mem[i], 'a' + i, BUF_LEN);
	provide(&pool, 0, 3);
	sqe = next_sqe(&ring);
	io_uring_prep_send_bundle(sqe, sv[0], 0, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, GROUP);
	assert_int_equal(run(&ring).res, 3 * BUF_LEN);
	assert_int_equal(sys(recv(sv[1], got, sizeof(got), MSG_WAITALL)), 3 * BUF_LEN);
	assert_memory_equal(got, pool.mem, sizeof(got));
	close(sv[0]);
	close(sv[1]);
	close_pool(&ring, &pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_ring_layout),	  cmocka_unit_test(test_buf_ring_recv),
		cmocka_unit_test(test_buf_ring_runs_out), cmocka_unit_test(test_buf_ring_head),
		cmocka_unit_test(test_buf_ring_refused),  cmocka_unit_test(test_buf_ring_multishot),
		cmocka_unit_test(test_send_bundle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
