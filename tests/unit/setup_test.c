/* SPDX-License-Identifier: MIT */
/* Creating, mapping and releasing rings. */
#include "support.h"

#define PAGE 4096UL

/* Slots for registered rings that a task has: one more shows that none was given back. */
#define RING_FD_SLOTS 16

static void *region(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);

	assert_ptr_not_equal(mem, MAP_FAILED);
	return mem;
}

/* ---- queue_init ------------------------------------------------------------------------------ */

static void test_init(void **state)
{
	const int before = next_fd();
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 5, 0);
	assert_int_equal(ring.sq.ring_entries, 8);
	assert_int_equal(ring.sq.ring_mask, 7);
	assert_int_equal(*ring.sq.kring_entries, 8);
	assert_int_equal(*ring.sq.kring_mask, 7);
	assert_int_equal(ring.cq.ring_entries, 16);
	assert_int_equal(ring.cq.ring_mask, 15);
	assert_true(fd_is_open(ring.ring_fd));
	assert_int_equal(ring.enter_ring_fd, ring.ring_fd);
	check_ring_works(&ring);
	io_uring_queue_exit(&ring);
	assert_false(fd_is_open(before));
	assert_int_equal(next_fd(), before);
}

static void test_no_sqarray(void **state)
{
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	if (!(ring.flags & IORING_SETUP_NO_SQARRAY)) {
		assert_non_null(ring.sq.array);
		check_ring_works(&ring);
		io_uring_queue_exit(&ring);
		need_kernel(6, 6, "IORING_SETUP_NO_SQARRAY");
		fail_msg("IORING_SETUP_NO_SQARRAY was not asked for");
	}
	assert_null(ring.sq.array);
	check_ring_works(&ring);
	io_uring_queue_exit(&ring);
}

static void test_init_params(void **state)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE, .cq_entries = 100 };
	struct io_uring ring;

	(void)state;
	open_params(&ring, 4, &p);
	assert_int_equal(p.sq_entries, 4);
	assert_int_equal(p.cq_entries, 128);
	assert_int_equal(ring.cq.ring_entries, 128);
	assert_int_equal(ring.features, p.features);
	assert_int_equal(ring.flags, p.flags);
	check_ring_works(&ring);
	io_uring_queue_exit(&ring);
}

static void test_clamp(void **state)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE,
		.cq_entries = 1 << 20,
	};
	struct io_uring ring;

	(void)state;
	open_params(&ring, 1 << 20, &p);
	assert_int_equal(p.sq_entries, 32768);
	assert_int_equal(p.cq_entries, 65536);
	assert_int_equal(ring.sq.ring_entries, 32768);
	assert_int_equal(ring.cq.ring_entries, 65536);
	check_ring_works(&ring);
	io_uring_queue_exit(&ring);
}

static int init_with(unsigned entries, unsigned flags, unsigned cq_entries, int wq_fd)
{
	struct io_uring_params p = { .flags = flags,
				     .cq_entries = cq_entries,
				     .wq_fd = (unsigned)wq_fd };
	struct io_uring ring;
	int ret = io_uring_queue_init_params(entries, &ring, &p);

	if (!ret)
		io_uring_queue_exit(&ring);
	return ret;
}

/* Nothing of what lay there before, for an exit after all to give back. */
static void test_failure_leaves_zeroes(void **state)
{
	struct io_uring_params p = { .flags = 1U << 31 }, small = { .flags = 0 };
	struct io_uring ring, zeroes = { .flags = 0 };
	char memory[64];

	(void)state;
	memset(&ring, 0x55, sizeof(ring));
	assert_true(io_uring_queue_init_params(4, &ring, &p) < 0);
	assert_memory_equal(&ring, &zeroes, sizeof(ring));
	memset(&ring, 0x55, sizeof(ring));
	assert_ret(-ENOMEM, io_uring_queue_init_mem(4, &ring, &small, memory, sizeof(memory)));
	assert_memory_equal(&ring, &zeroes, sizeof(ring));
}

static void test_bad_params(void **state)
{
	int pipefd[2], before;

	(void)state;
	skip_if_refused(init_with(1, 0, 0, 0));
	sys(pipe(pipefd));
	before = next_fd();

	assert_ret(-EINVAL, init_with(0, 0, 0, 0));
	assert_ret(-EINVAL, init_with(0, IORING_SETUP_CLAMP, 0, 0));
	assert_ret(-EINVAL, init_with(32769, 0, 0, 0));
	assert_ret(-EINVAL, init_with(-1U, 0, 0, 0));
	assert_ret(-EINVAL, init_with(4, 1U << 31, 0, 0));
	assert_ret(-EINVAL, init_with(4, IORING_SETUP_CQSIZE, 0, 0));
	assert_ret(-EINVAL, init_with(4, IORING_SETUP_CQSIZE, 2, 0));
	assert_ret(-EINVAL, init_with(4, IORING_SETUP_CQSIZE, 65537, 0));
	assert_ret(-EINVAL, init_with(4, IORING_SETUP_SQ_AFF, 0, 0));
	assert_ret(-EINVAL, init_with(4, IORING_SETUP_DEFER_TASKRUN, 0, 0));
	assert_ret(-EINVAL, init_with(0, IORING_SETUP_NO_MMAP, 0, 0));
	assert_ret(-EINVAL, init_with(4, IORING_SETUP_REGISTERED_FD_ONLY, 0, 0));
	assert_ret(-ENXIO, init_with(4, IORING_SETUP_ATTACH_WQ, 0, -1));
	assert_ret(-EINVAL, init_with(4, IORING_SETUP_ATTACH_WQ, 0, pipefd[0]));

	assert_int_equal(next_fd(), before);
	close(pipefd[0]);
	close(pipefd[1]);
}

static void no_descriptor_left(void *arg)
{
	struct rlimit limit;
	struct io_uring ring;
	int ret;

	(void)arg;
	ret = io_uring_queue_init(4, &ring, 0);
	if (ret == -EPERM || ret == -ENOSYS)
		_exit(CHILD_REFUSED);
	child_check(ret == 0);
	io_uring_queue_exit(&ring);

	child_check(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = (rlim_t)next_fd();
	child_check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	errno = ERRNO_MARK;
	child_check(io_uring_queue_init(4, &ring, 0) == -EMFILE);
	child_check(errno == ERRNO_MARK);
}

static void test_no_descriptor_left(void **state)
{
	(void)state;
	in_child(no_descriptor_left, NULL);
}

/* ---- queue_mmap ------------------------------------------------------------------------------ */

/* A ring by the bare call, mapped; with or without the SQ array both must find their SQEs. */
static void map_raw_ring(unsigned flags)
{
	struct io_uring_params p = { .flags = flags };
	struct io_uring ring;
	int fd;

	fd = io_uring_setup(4, &p);
	skip_if_refused(fd);
	if (fd == -EINVAL && flags)
		need_kernel(6, 6, "IORING_SETUP_NO_SQARRAY");
	assert_true(fd >= 0);
	assert_ret(0, io_uring_queue_mmap(fd, &p, &ring));
	assert_int_equal(ring.ring_fd, fd);
	assert_int_equal(ring.sq.ring_entries, 4);
	assert_int_equal(ring.features, p.features);
	for (uint64_t i = 1; i <= 3; i++)
		queue_nop(&ring, i);
	assert_ret(3, io_uring_submit(&ring));
	for (uint64_t i = 1; i <= 3; i++)
		reap(&ring, i, 0);
	io_uring_queue_exit(&ring);
	assert_false(fd_is_open(fd));
}

static void test_queue_mmap(void **state)
{
	(void)state;
	map_raw_ring(0);
}

static void test_queue_mmap_no_sqarray(void **state)
{
	(void)state;
	map_raw_ring(IORING_SETUP_NO_SQARRAY);
}

static void test_queue_mmap_bad_fd(void **state)
{
	struct io_uring_params p = { .features = IORING_FEAT_SINGLE_MMAP,
				     .sq_entries = 4,
				     .cq_entries = 8 };
	struct io_uring ring;
	int no_ring = sys(eventfd(0, 0));

	(void)state;
	assert_ret(-EBADF, io_uring_queue_mmap(-1, &p, &ring));
	assert_ret(-ENODEV, io_uring_queue_mmap(no_ring, &p, &ring));
	assert_true(fd_is_open(no_ring));
	close(no_ring);
}

/* ---- queue_init_mem -------------------------------------------------------------------------- */

/* Opens a ring in `mem`, where the kernel can; returns the bytes used. */
static int open_in(void *mem, size_t size, unsigned entries, unsigned flags, struct io_uring *ring,
		   struct io_uring_params *p)
{
	int ret;

	memset(p, 0, sizeof(*p));
	p->flags = flags;
	errno = ERRNO_MARK;
	ret = io_uring_queue_init_mem(entries, ring, p, mem, size);
	assert_int_equal(errno, ERRNO_MARK);
	skip_if_refused(ret);
	if (ret == -EINVAL)
		need_kernel(6, 5, "IORING_SETUP_NO_MMAP");
	assert_true(ret > 0);
	return ret;
}

static void test_two_rings_in_one_region(void **state)
{
	const size_t size = 8 * PAGE;
	struct io_uring_params p;
	struct io_uring a, b;
	char *mem = region(size);
	int used_a, used_b;

	(void)state;
	used_a = open_in(mem, size, 8, 0, &a, &p);
	assert_true(p.flags & IORING_SETUP_NO_MMAP);
	assert_int_equal(used_a, 2 * PAGE);
	used_b = open_in(mem + used_a, size - (size_t)used_a, 8, 0, &b, &p);
	assert_int_equal(used_b, 2 * PAGE);

	/* Interleaved, so that rings that overlap would show. */
	queue_nop(&a, 1);
	queue_nop(&b, 2);
	queue_nop(&b, 3);
	assert_ret(1, io_uring_submit(&a));
	assert_ret(2, io_uring_submit(&b));
	reap(&a, 1, 0);
	reap(&b, 2, 0);
	reap(&b, 3, 0);
	for (size_t i = (size_t)(used_a + used_b); i < size; i++)
		assert_int_equal(mem[i], 0);

	io_uring_queue_exit(&a);
	check_ring_works(&b);
	io_uring_queue_exit(&b);
	/* The memory is still the caller's. */
	memset(mem, 1, size);
	sys(munmap(mem, size));
}

/* The size is computed before the kernel is asked: it must cover what the kernel then uses. */
static void test_size_covers_the_ring(void **state)
{
	static const unsigned flags[] = { 0, IORING_SETUP_SQE128, IORING_SETUP_CQE32,
					  IORING_SETUP_SQE128 | IORING_SETUP_CQE32 };
	const size_t size = 4 << 20;
	struct io_uring_params p;
	struct io_uring ring;
	char *mem = region(size);

	(void)state;
	for (unsigned entries = 1; entries <= 1024; entries *= 2) {
		/* Before, the pages of a region had to lie side by side in real memory. */
		if (entries > 32 && kernel_before(6, 10))
			break;
		for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
			size_t sqe = sizeof(struct io_uring_sqe)
				     << io_uring_sqe_shift_from_flags(flags[i]);
			size_t cqe = sizeof(struct io_uring_cqe)
				     << io_uring_cqe_shift_from_flags(flags[i]);
			char *sqes, *cqes, *end;
			int used = open_in(mem, size, entries, flags[i], &ring, &p);

			sqes = (char *)ring.sq.sqes;
			cqes = (char *)ring.cq.cqes;
			end = cqes + p.cq_entries * cqe;
			if (ring.sq.array)
				end = (char *)(ring.sq.array + p.sq_entries);
			assert_int_equal(used % (int)PAGE, 0);
			assert_true(cqes >= mem + 32);
			assert_true(end <= sqes);
			assert_true(sqes + p.sq_entries * sqe <= mem + used);
			check_ring_works(&ring);
			io_uring_queue_exit(&ring);
		}
	}
	sys(munmap(mem, size));
}

static int init_mem_with(unsigned entries, unsigned flags, unsigned cq_entries, void *mem,
			 size_t size)
{
	struct io_uring_params p = { .flags = flags, .cq_entries = cq_entries };
	struct io_uring ring;
	int ret = io_uring_queue_init_mem(entries, &ring, &p, mem, size);

	if (ret >= 0)
		io_uring_queue_exit(&ring);
	return ret;
}

static void test_bad_memory(void **state)
{
	const int before = next_fd();
	const size_t size = 8 * PAGE;
	struct io_uring_params p;
	struct io_uring ring;
	char *mem = region(size);
	int used;

	(void)state;
	used = open_in(mem, size, 8, 0, &ring, &p);
	io_uring_queue_exit(&ring);

	assert_ret(used, init_mem_with(8, 0, 0, mem, (size_t)used));
	assert_ret(-ENOMEM, init_mem_with(8, 0, 0, mem, (size_t)used - 1));
	assert_ret(-ENOMEM, init_mem_with(8, 0, 0, mem, 0));
	assert_ret(-ENOMEM, init_mem_with(32768, 0, 0, mem, size));
	assert_ret(-ENOMEM, init_mem_with(1 << 20, IORING_SETUP_CLAMP, 0, mem, size));
	assert_ret(-EINVAL, init_mem_with(8, 0, 0, mem + 64, size - 64));
	assert_ret(-EINVAL, init_mem_with(0, 0, 0, mem, size));
	assert_ret(-EINVAL, init_mem_with(32769, 0, 0, mem, size));
	assert_ret(-EINVAL, init_mem_with(8, IORING_SETUP_CQSIZE, 0, mem, size));
	assert_ret(-EINVAL, init_mem_with(8, IORING_SETUP_CQSIZE, 4, mem, size));
	assert_ret(-EINVAL, init_mem_with(8, IORING_SETUP_CQSIZE, 65537, mem, size));
	assert_ret(-EINVAL, init_mem_with(8, 1U << 31, 0, mem, size));
	assert_ret(-EFAULT, init_mem_with(8, 0, 0, (void *)PAGE, size));
	assert_int_equal(next_fd(), before);
	sys(munmap(mem, size));
}

static void test_registered_fd_only(void **state)
{
	const int before = next_fd();
	const size_t size = 2 * PAGE;
	char *mem = region(size);

	(void)state;
	/* More often than there are slots: each exit must give its own back. */
	for (int i = 0; i < 3 * RING_FD_SLOTS; i++) {
		struct io_uring_params p;
		struct io_uring ring;
		int efd;

		memset(mem, 0, size);
		open_in(mem, size, 8, IORING_SETUP_REGISTERED_FD_ONLY, &ring, &p);
		assert_int_equal(ring.ring_fd, -1);
		assert_int_equal(next_fd(), before);
		check_ring_works(&ring);
		efd = sys(eventfd(0, 0));
		assert_ret(0, io_uring_register_eventfd(&ring, efd));
		assert_ret(0, io_uring_unregister_eventfd(&ring));
		close(efd);
		io_uring_queue_exit(&ring);
	}
	assert_int_equal(next_fd(), before);
	sys(munmap(mem, size));
}

/* ---- The ring's own descriptor --------------------------------------------------------------- */

static void test_register_ring_fd(void **state)
{
	struct io_uring ring;

	(void)state;
	for (int i = 0; i < 2 * RING_FD_SLOTS; i++) {
		open_ring(&ring, 4, 0);
		if (kernel_before(5, 18)) {
			io_uring_queue_exit(&ring);
			need_kernel(5, 18, "IORING_REGISTER_RING_FDS");
		}
		assert_ret(-EINVAL, io_uring_unregister_ring_fd(&ring));
		assert_ret(1, io_uring_register_ring_fd(&ring));
		assert_ret(-EEXIST, io_uring_register_ring_fd(&ring));
		assert_int_not_equal(ring.enter_ring_fd, ring.ring_fd);
		check_ring_works(&ring);
		assert_ret(1, io_uring_unregister_ring_fd(&ring));
		assert_ret(-EINVAL, io_uring_unregister_ring_fd(&ring));
		assert_int_equal(ring.enter_ring_fd, ring.ring_fd);
		check_ring_works(&ring);
		/* The exit has to undo this one. */
		assert_ret(1, io_uring_register_ring_fd(&ring));
		io_uring_queue_exit(&ring);
	}
}

/* IORING_SETUP_NO_MMAP without memory of the caller's; also as a ring that has no descriptor. */
static void test_own_memory(void **state)
{
	static const unsigned flags[] = {
		IORING_SETUP_NO_MMAP,
		IORING_SETUP_NO_MMAP | IORING_SETUP_NO_SQARRAY,
		IORING_SETUP_NO_MMAP | IORING_SETUP_REGISTERED_FD_ONLY,
	};

	(void)state;
	skip_if_refused(init_with(1, 0, 0, 0));
	need_kernel(6, 5, "IORING_SETUP_NO_MMAP");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		const bool no_fd = flags[i] & IORING_SETUP_REGISTERED_FD_ONLY;
		struct io_uring_cqe *cqe;
		struct io_uring ring;
		int before = next_fd();

		assert_ret(0, io_uring_queue_init(1000, &ring, flags[i]));
		assert_int_equal(next_fd() != before, !no_fd);
		/* All of both queues, to see that they have the room. */
		for (unsigned n = 0; n < 3000; n++) {
			struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

			if (!sqe) {
				assert_ret(1024, io_uring_submit(&ring));
				io_uring_cq_advance(&ring, 1024);
				sqe = io_uring_get_sqe(&ring);
			}
			io_uring_prep_nop(sqe);
		}
		assert_true(io_uring_submit_and_wait(&ring, 1) > 0);
		assert_ret(0, io_uring_peek_cqe(&ring, &cqe));
		io_uring_queue_exit(&ring);
		assert_int_equal(next_fd(), before);
	}
}

static void test_close_ring_fd(void **state)
{
	const int before = next_fd();
	struct io_uring ring;

	(void)state;
	for (int i = 0; i < 2 * RING_FD_SLOTS; i++) {
		int fd;

		open_ring(&ring, 4, 0);
		need_feature(&ring, IORING_FEAT_REG_REG_RING, "IORING_FEAT_REG_REG_RING");
		fd = ring.ring_fd;
		assert_ret(-EINVAL, io_uring_close_ring_fd(&ring));
		assert_ret(1, io_uring_register_ring_fd(&ring));
		assert_ret(1, io_uring_close_ring_fd(&ring));
		assert_ret(-EBADF, io_uring_close_ring_fd(&ring));
		assert_int_equal(ring.ring_fd, -1);
		assert_false(fd_is_open(fd));
		check_ring_works(&ring);
		assert_ret(0, io_uring_register_files_sparse(&ring, 4));
		assert_ret(0, io_uring_unregister_files(&ring));
		io_uring_queue_exit(&ring);
		assert_int_equal(next_fd(), before);
	}
}

static void test_close_ring_fd_old(void **state)
{
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	ring.features &= ~IORING_FEAT_REG_REG_RING;
	assert_ret(-EOPNOTSUPP, io_uring_close_ring_fd(&ring));
	assert_true(fd_is_open(ring.ring_fd));
	io_uring_queue_exit(&ring);
}

/* ---- dontfork -------------------------------------------------------------------------------- */

static bool is_mapped(void *addr, size_t len)
{
	return msync((void *)((uintptr_t)addr & ~(PAGE - 1)), len, MS_ASYNC) == 0;
}

struct inherited {
	struct io_uring *ring;
	bool expected;
};

static void check_inherited(void *arg)
{
	struct inherited *in = arg;
	struct io_uring *ring = in->ring;

	child_check(is_mapped(ring->sq.sqes, ring->sq.sqes_sz) == in->expected);
	child_check(is_mapped(ring->sq.ring_ptr, ring->sq.ring_sz) == in->expected);
	child_check(is_mapped(ring->cq.ring_ptr, ring->cq.ring_sz) == in->expected);
}

static void test_dontfork(void **state)
{
	struct inherited in;
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	in.ring = &ring;
	in.expected = true;
	in_child(check_inherited, &in);
	assert_ret(0, io_uring_ring_dontfork(&ring));
	in.expected = false;
	in_child(check_inherited, &in);
	check_ring_works(&ring);
	io_uring_queue_exit(&ring);
}

static void test_dontfork_fails(void **state)
{
	struct io_uring ring;
	char *hole = region(PAGE);

	(void)state;
	memset(&ring, 0, sizeof(ring));
	assert_ret(-EINVAL, io_uring_ring_dontfork(&ring));
	sys(munmap(hole, PAGE));
	ring.sq.sqes = (struct io_uring_sqe *)hole;
	ring.sq.sqes_sz = PAGE;
	ring.sq.ring_ptr = ring.cq.ring_ptr = hole;
	ring.sq.ring_sz = ring.cq.ring_sz = PAGE;
	assert_ret(-ENOMEM, io_uring_ring_dontfork(&ring));
}

/* ---- R_DISABLED ------------------------------------------------------------------------------ */

static void test_disabled(void **state)
{
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, IORING_SETUP_R_DISABLED);
	queue_nop(&ring, 1);
	assert_ret(-EBADFD, io_uring_submit(&ring));
	assert_ret(-EBADFD, io_uring_get_events(&ring));
	assert_int_equal(io_uring_sq_ready(&ring), 1);
	assert_ret(0, io_uring_enable_rings(&ring));
	assert_ret(-EBADFD, io_uring_enable_rings(&ring));
	/* What was refused is still queued. */
	assert_ret(1, io_uring_submit(&ring));
	reap(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

/* ---- The bare calls -------------------------------------------------------------------------- */

static void test_bare_calls(void **state)
{
	struct io_uring_params p = { 0 };
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	assert_ret(-EINVAL, io_uring_setup(0, &p));
	assert_ret(-EFAULT, io_uring_setup(4, NULL));
	assert_ret(-EBADF, io_uring_enter(-1U, 0, 0, 0, NULL));
	assert_ret(-EINVAL, io_uring_enter((unsigned)ring.ring_fd, 0, 0, 1U << 31, NULL));
	assert_ret(-EBADF, io_uring_enter2(-1U, 0, 0, 0, NULL, 0));
	assert_ret(-EBADF, io_uring_register(-2U, IORING_UNREGISTER_FILES, NULL, 0));
	assert_ret(-ENXIO,
		   io_uring_register((unsigned)ring.ring_fd, IORING_UNREGISTER_FILES, NULL, 0));
	queue_nop(&ring, 9);
	/* Published by nobody yet, so there is nothing to take. */
	assert_ret(0, io_uring_enter((unsigned)ring.ring_fd, 1, 0, 0, NULL));
	assert_ret(1, io_uring_submit(&ring));
	reap(&ring, 9, 0);
	io_uring_queue_exit(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_no_sqarray),
		cmocka_unit_test(test_init_params),
		cmocka_unit_test(test_clamp),
		cmocka_unit_test(test_failure_leaves_zeroes),
		cmocka_unit_test(test_bad_params),
		cmocka_unit_test(test_no_descriptor_left),
		cmocka_unit_test(test_queue_mmap),
		cmocka_unit_test(test_queue_mmap_no_sqarray),
		cmocka_unit_test(test_queue_mmap_bad_fd),
		cmocka_unit_test(test_two_rings_in_one_region),
		cmocka_unit_test(test_size_covers_the_ring),
		cmocka_unit_test(test_bad_memory),
		cmocka_unit_test(test_registered_fd_only),
		cmocka_unit_test(test_register_ring_fd),
		cmocka_unit_test(test_own_memory),
		cmocka_unit_test(test_close_ring_fd),
		cmocka_unit_test(test_close_ring_fd_old),
		cmocka_unit_test(test_dontfork),
		cmocka_unit_test(test_dontfork_fails),
		cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_bare_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
