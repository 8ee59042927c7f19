/* SPDX-License-Identifier: MIT */
/*
 * What no kernel at hand shows on demand: one that knows less, memory that runs out half-way,
 * indices about to wrap at 2^32, and how often the library enters. The linker sends each call
 * across the boundary through here first.
 */
#include "support.h"

#include "engine/engine.h"

__typeof__(kernel_setup) __real_kernel_setup, __wrap_kernel_setup;
__typeof__(kernel_enter) __real_kernel_enter, __wrap_kernel_enter;
__typeof__(kernel_map) __real_kernel_map, __wrap_kernel_map;

/* What the boundary is to do, and what went across. Zeroed before each test. */
static struct {
	unsigned refused_flags;	  /* setup answers -EINVAL for these */
	unsigned hidden_features; /* setup does not report these */
	int failing_map;	  /* this map from now on fails, counted from 1 */
	int failing_enter;	  /* -errno of an enter, once */
	unsigned enters_before;	  /* those that pass until then */
	struct io_uring *fake;	  /* enters are served from memory, on this ring */

	unsigned setups, maps, enters;
	unsigned setup_flags[4];
	unsigned enter_submit, enter_flags; /* of the last */
} boundary;

static int reset(void **state)
{
	(void)state;
	memset(&boundary, 0, sizeof(boundary));
	return 0;
}

int __wrap_kernel_setup(unsigned entries, struct io_uring_params *p)
{
	int ret;

	assert_true(boundary.setups < ARRAY_LEN(boundary.setup_flags));
	boundary.setup_flags[boundary.setups++] = p->flags;
	if (p->flags & boundary.refused_flags)
		return -EINVAL;
	ret = __real_kernel_setup(entries, p);
	if (ret >= 0)
		p->features &= ~boundary.hidden_features;
	return ret;
}

int __wrap_kernel_map(int fd, unsigned long long offset, size_t size, void **ptr)
{
	if ((int)++boundary.maps == boundary.failing_map) {
		*ptr = MAP_FAILED;
		return -ENOMEM;
	}
	return __real_kernel_map(fd, offset, size, ptr);
}

/* An engine for nops in ordinary memory: takes all that is published, and answers at once. */
static int fake_enter(struct io_uring *ring, unsigned to_submit)
{
	struct io_uring_sq *sq = &ring->sq;
	struct io_uring_cq *cq = &ring->cq;
	unsigned n = *sq->ktail - *sq->khead;

	assert_int_equal(n, to_submit);
	for (unsigned i = 0; i < n; i++) {
		struct io_uring_sqe *sqe = &sq->sqes[*sq->khead & sq->ring_mask];
		struct io_uring_cqe *cqe = &cq->cqes[*cq->ktail & cq->ring_mask];

		assert_true(*cq->ktail - *cq->khead < cq->ring_entries);
		cqe->user_data = sqe->user_data;
		cqe->res = 0;
		cqe->flags = 0;
		(*sq->khead)++;
		(*cq->ktail)++;
	}
	return (int)n;
}

int __wrap_kernel_enter(unsigned long fd, unsigned long to_submit, unsigned long min_complete,
			unsigned long flags, const void *arg, size_t argsz)
{
	int err = boundary.failing_enter;

	boundary.enters++;
	boundary.enter_submit = (unsigned)to_submit;
	boundary.enter_flags = (unsigned)flags;
	if (err && boundary.enters_before) {
		boundary.enters_before--;
	} else if (err) {
		boundary.failing_enter = 0;
		return err;
	}
	if (boundary.fake)
		return fake_enter(boundary.fake, (unsigned)to_submit);
	return __real_kernel_enter(fd, to_submit, min_complete, flags, arg, argsz);
}

/* ---- Kernels that know less ------------------------------------------------------------------ */

/* Three rounds of the queue, in order: a wrong SQ array would show. */
static void check_order(struct io_uring *ring)
{
	for (uint64_t i = 0; i < 12; i += 3) {
		for (uint64_t j = 0; j < 3; j++)
			queue_nop(ring, i + j);
		assert_ret(3, io_uring_submit(ring));
		for (uint64_t j = 0; j < 3; j++)
			reap(ring, i + j, 0);
	}
}

static void test_sqarray_of_old_kernels(void **state)
{
	struct io_uring ring;

	(void)state;
	boundary.refused_flags = IORING_SETUP_NO_SQARRAY;
	open_ring(&ring, 4, 0);
	assert_int_equal(boundary.setups, 2);
	assert_int_equal(boundary.setup_flags[0], IORING_SETUP_NO_SQARRAY);
	assert_int_equal(boundary.setup_flags[1], 0);
	assert_int_equal(ring.flags, 0);
	assert_non_null(ring.sq.array);
	for (unsigned i = 0; i < ring.sq.ring_entries; i++)
		assert_int_equal(ring.sq.array[i], i);
	check_order(&ring);
	io_uring_queue_exit(&ring);
}

static void test_sqarray_in_given_memory(void **state)
{
	const size_t size = 4 * 4096;
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	struct io_uring_params p = { 0 };
	struct io_uring ring;
	int ret;

	(void)state;
	need_kernel(6, 5, "IORING_SETUP_NO_MMAP");
	boundary.refused_flags = IORING_SETUP_NO_SQARRAY;
	ret = io_uring_queue_init_mem(4, &ring, &p, mem, size);
	skip_if_refused(ret);
	assert_true(ret > 0);
	assert_int_equal(boundary.setups, 2);
	assert_int_equal(p.flags, IORING_SETUP_NO_MMAP);
	assert_true((char *)(ring.sq.array + 4) <= (char *)ring.sq.sqes);
	check_order(&ring);
	io_uring_queue_exit(&ring);
	sys(munmap(mem, size));
}

/* Who asks for NO_SQARRAY gets the kernel's answer, not something else. */
static void test_no_sqarray_insisted_on(void **state)
{
	struct io_uring_params p = { .flags = IORING_SETUP_NO_SQARRAY };
	struct io_uring ring;

	(void)state;
	boundary.refused_flags = IORING_SETUP_NO_SQARRAY;
	assert_ret(-EINVAL, io_uring_queue_init_params(4, &ring, &p));
	assert_int_equal(boundary.setups, 1);
}

/* Only -EINVAL can be about the flag: no other answer is worth a second try. */
static void test_first_error_stands(void **state)
{
	struct io_uring_params p = { 0 };
	struct io_uring ring;

	(void)state;
	p.flags = IORING_SETUP_ATTACH_WQ;
	p.wq_fd = (unsigned)-1;
	skip_if_refused(io_uring_queue_init_params(4, &ring, &p));
	boundary.setups = 0;
	p = (struct io_uring_params){ .flags = IORING_SETUP_ATTACH_WQ, .wq_fd = (unsigned)-1 };
	assert_ret(-ENXIO, io_uring_queue_init_params(4, &ring, &p));
	assert_true(boundary.setups == 1 || kernel_before(6, 6));
}

static void test_two_mappings(void **state)
{
	struct io_uring ring;

	(void)state;
	boundary.hidden_features = IORING_FEAT_SINGLE_MMAP;
	open_ring(&ring, 4, 0);
	assert_int_equal(boundary.maps, 3);
	assert_ptr_not_equal(ring.sq.ring_ptr, ring.cq.ring_ptr);
	check_order(&ring);
	assert_ret(0, io_uring_ring_dontfork(&ring));
	io_uring_queue_exit(&ring);
}

static void test_map_fails(void **state)
{
	const int before = next_fd();
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	io_uring_queue_exit(&ring);
	boundary.hidden_features = IORING_FEAT_SINGLE_MMAP;
	for (int i = 1; i <= 3; i++) {
		boundary.setups = boundary.maps = 0;
		boundary.failing_map = i;
		assert_ret(-ENOMEM, io_uring_queue_init(4, &ring, 0));
		assert_int_equal(boundary.maps, i);
		assert_int_equal(next_fd(), before);
	}
}

/* A resized ring that cannot be mapped is no ring any more, but nothing leaks or crashes. */
static void test_resized_map_fails(void **state)
{
	const unsigned flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
	const int before = next_fd();

	(void)state;
	need_kernel(6, 13, "io_uring_resize_rings");
	for (int i = 1; i <= 2; i++) {
		struct io_uring_params p = { .sq_entries = 8 };
		struct io_uring ring;

		open_ring(&ring, 4, flags);
		boundary.maps = 0;
		boundary.failing_map = i;
		assert_ret(-ENOMEM, io_uring_resize_rings(&ring, &p));
		io_uring_queue_exit(&ring);
		assert_int_equal(next_fd(), before);
	}
}

/* ---- How often the library enters ------------------------------------------------------------ */

static void test_enters(void **state)
{
	struct __kernel_timespec ts = FOR_EVER;
	struct io_uring_cqe *cqe, *cqes[4];
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	assert_ret(0, io_uring_submit(&ring));
	assert_no_cqe(&ring);
	assert_int_equal(io_uring_peek_batch_cqe(&ring, cqes, 4), 0);
	assert_int_equal(boundary.enters, 0);

	queue_nop(&ring, 1);
	queue_nop(&ring, 2);
	assert_ret(2, io_uring_submit(&ring));
	assert_int_equal(boundary.enters, 1);
	/* Nobody enters for what is there. */
	assert_int_equal(io_uring_peek_batch_cqe(&ring, cqes, 4), 2);
	assert_ret(0, io_uring_peek_cqe(&ring, &cqe));
	assert_ret(0, io_uring_wait_cqe(&ring, &cqe));
	assert_ret(0, io_uring_wait_cqe_nr(&ring, &cqe, 2));
	assert_ret(0, io_uring_wait_cqe_timeout(&ring, &cqe, &ts));
	assert_ret(0, io_uring_wait_cqes(&ring, &cqe, 2, &ts, NULL));
	assert_int_equal(boundary.enters, 1);
	io_uring_cq_advance(&ring, 2);

	queue_nop(&ring, 3);
	assert_ret(1, io_uring_submit_and_wait(&ring, 1));
	assert_int_equal(boundary.enters, 2);
	io_uring_cq_advance(&ring, 1);
	queue_nop(&ring, 4);
	assert_ret(1, io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL));
	assert_int_equal(boundary.enters, 3);
	io_uring_queue_exit(&ring);
}

/* The minimal wait is over once, not once more for each enter. */
static void test_min_timeout_enters_once(void **state)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	need_feature(&ring, IORING_FEAT_MIN_TIMEOUT, "IORING_FEAT_MIN_TIMEOUT");
	queue_nop(&ring, 1);
	assert_ret(1, io_uring_submit_and_wait_min_timeout(&ring, &cqe, 2, NULL, 20000, NULL));
	reap_known(&ring, cqe, 1, 0);
	assert_int_equal(boundary.enters, 1);
	io_uring_queue_exit(&ring);
}

/* What an enter answers is the application's to know, and its SQEs are kept. */
static void test_enter_fails(void **state)
{
	static const int errors[] = { -EBUSY, -EAGAIN, -EINTR, -EBADR };
	struct __kernel_timespec ts = FOR_EVER;
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		int err = errors[i];

		boundary.failing_enter = err;
		queue_nop(&ring, 1);
		assert_ret(err, io_uring_submit(&ring));
		assert_int_equal(io_uring_sq_ready(&ring), 1);
		boundary.failing_enter = err;
		assert_ret(err, io_uring_submit_and_wait(&ring, 1));
		boundary.failing_enter = err;
		assert_ret(err, io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL));
		assert_null(cqe);
		boundary.failing_enter = err;
		assert_ret(err, io_uring_wait_cqe(&ring, &cqe));
		assert_null(cqe);
		boundary.failing_enter = err;
		assert_ret(err, io_uring_get_events(&ring));
		assert_int_equal(io_uring_sq_ready(&ring), 1);
		assert_ret(1, io_uring_submit(&ring));
		assert_int_equal(boundary.enter_submit, 1);
		reap(&ring, 1, 0);
	}
	io_uring_queue_exit(&ring);
}

/*
 * Without EXT_ARG the library's own timeout is queued last: if a bad SQE stops the batch before it,
 * and the rest cannot be submitted, all that was taken is the application's.
 */
static void test_batch_stopped_before_timeout(void **state)
{
	struct __kernel_timespec ts = FOR_EVER;
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	(void)state;
	boundary.hidden_features = IORING_FEAT_EXT_ARG;
	open_ring(&ring, 8, 0);
	queue_nop(&ring, 1);
	queue_nop(&ring, 2);
	ring.sq.sqes[1].flags = 0x80;
	queue_nop(&ring, 3);
	boundary.failing_enter = -EAGAIN;
	boundary.enters_before = 1;
	assert_ret(2, io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL));
	assert_int_equal(io_uring_sq_ready(&ring), 2);
	reap(&ring, 1, 0);
	reap(&ring, 2, -EINVAL);
	io_uring_queue_exit(&ring);
}

/* ---- Indices that wrap at 2^32 --------------------------------------------------------------- */

#define FAKE_SQ 4
#define FAKE_CQ 8

static void test_indices_wrap(void **state)
{
	const unsigned start = -20U;
	unsigned sq_head = start, sq_tail = start, cq_head = start, cq_tail = start, flags = 0;
	struct io_uring_sqe sqes[FAKE_SQ];
	struct io_uring_cqe cqes[FAKE_CQ + 1];
	struct io_uring ring = {
		.sq = { .khead = &sq_head,
			.ktail = &sq_tail,
			.kflags = &flags,
			.sqes = sqes,
			.sqe_head = start,
			.sqe_tail = start,
			.ring_mask = FAKE_SQ - 1,
			.ring_entries = FAKE_SQ },
		.cq = { .khead = &cq_head,
			.ktail = &cq_tail,
			.cqes = cqes,
			.ring_mask = FAKE_CQ - 1,
			.ring_entries = FAKE_CQ },
	};
	uint64_t submitted = 0, reaped = 0;

	(void)state;
	boundary.fake = &ring;
	while (submitted < 40) {
		struct io_uring_cqe *cqe, *batch[FAKE_CQ];
		unsigned head, n = 0;

		for (unsigned i = 0; i < FAKE_SQ; i++) {
			assert_int_equal(io_uring_sq_ready(&ring), i);
			assert_int_equal(io_uring_sq_space_left(&ring), FAKE_SQ - i);
			queue_nop(&ring, submitted++);
		}
		assert_null(io_uring_get_sqe(&ring));
		assert_ret(FAKE_SQ, io_uring_submit(&ring));
		assert_int_equal(io_uring_cq_ready(&ring), FAKE_SQ);
		assert_int_equal(io_uring_peek_batch_cqe(&ring, batch, FAKE_CQ), FAKE_SQ);
		io_uring_for_each_cqe(&ring, head, cqe) {
			assert_ptr_equal(cqe, batch[n]);
			assert_int_equal(cqe->user_data, reaped + n);
			n++;
		}
		assert_int_equal(n, FAKE_SQ);
		/* One by one over half of the rounds, all at once over the others. */
		if (submitted % 8) {
			io_uring_cq_advance(&ring, FAKE_SQ);
			reaped += FAKE_SQ;
		}
		while (reaped < submitted) {
			reap(&ring, reaped, 0);
			reaped++;
		}
		assert_int_equal(io_uring_cq_ready(&ring), 0);
	}
	/* Both have wrapped, or this proved nothing. */
	assert_int_equal(sq_tail, 20);
	assert_int_equal(cq_head, 20);
}

#define boundary_test(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		boundary_test(test_sqarray_of_old_kernels),
		boundary_test(test_sqarray_in_given_memory),
		boundary_test(test_no_sqarray_insisted_on),
		boundary_test(test_first_error_stands),
		boundary_test(test_two_mappings),
		boundary_test(test_map_fails),
		boundary_test(test_resized_map_fails),
		boundary_test(test_enters),
		boundary_test(test_min_timeout_enters_once),
		boundary_test(test_enter_fails),
		boundary_test(test_batch_stopped_before_timeout),
		boundary_test(test_indices_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
