/* SPDX-License-Identifier: MIT */
/* What is registered with a ring: files, buffers, an eventfd; and the probe. */
#include "support.h"

/* ---- Files ----------------------------------------------------------------------------------- */

/* Reads one byte at `pos` of registered file `slot`: the byte, or -errno. */
static int read_slot(struct io_uring *ring, int slot, uint64_t pos)
{
	struct io_uring_sqe *sqe = next_sqe(ring);
	unsigned char byte = 0;
	int res;

	io_uring_prep_read(sqe, slot, &byte, 1, pos);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	res = run(ring).res;
	return res < 0 ? res : byte;
}

static void test_files(void **state)
{
	int files[3] = { scratch_file("abc", 3), -1, scratch_file("xyz", 3) };
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	assert_ret(-ENXIO, io_uring_unregister_files(&ring));
	assert_ret(-ENXIO, io_uring_register_files_update(&ring, 0, files, 1));
	assert_int_equal(read_slot(&ring, 0, 0), -EBADF);
	assert_ret(0, io_uring_register_files(&ring, files, 3));
	assert_ret(-EBUSY, io_uring_register_files(&ring, files, 3));
	/* The ring holds them by itself. */
	close(files[0]);
	close(files[2]);
	assert_int_equal(read_slot(&ring, 0, 1), 'b');
	assert_int_equal(read_slot(&ring, 1, 0), -EBADF);
	assert_int_equal(read_slot(&ring, 2, 2), 'z');
	assert_int_equal(read_slot(&ring, 3, 0), -EBADF);
	assert_ret(0, io_uring_unregister_files(&ring));
	assert_int_equal(read_slot(&ring, 0, 0), -EBADF);
	io_uring_queue_exit(&ring);
}

static void test_files_refused(void **state)
{
	int bad[2] = { 0, 0x7ffffff0 };
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	assert_ret(-EBADF, io_uring_register_files(&ring, bad, 2));
	assert_ret(-EINVAL, io_uring_register_files(&ring, bad, 0));
	assert_ret(-EFAULT, io_uring_register_files(&ring, NULL, 2));
	/* Nothing of it stayed. */
	assert_ret(-ENXIO, io_uring_unregister_files(&ring));
	io_uring_queue_exit(&ring);
}

static void test_files_sparse_and_update(void **state)
{
	int files[2] = { scratch_file("a", 1), scratch_file("b", 1) }, gone = -1;
	struct io_uring ring;

	(void)state;
	need_kernel(5, 19, "sparse tables");
	open_ring(&ring, 4, 0);
	assert_ret(0, io_uring_register_files_sparse(&ring, 8));
	for (int i = 0; i < 8; i++)
		assert_int_equal(read_slot(&ring, i, 0), -EBADF);
	assert_ret(2, io_uring_register_files_update(&ring, 3, files, 2));
	assert_int_equal(read_slot(&ring, 2, 0), -EBADF);
	assert_int_equal(read_slot(&ring, 3, 0), 'a');
	assert_int_equal(read_slot(&ring, 4, 0), 'b');
	assert_ret(1, io_uring_register_files_update(&ring, 3, &files[1], 1));
	assert_int_equal(read_slot(&ring, 3, 0), 'b');
	assert_ret(1, io_uring_register_files_update(&ring, 3, &gone, 1));
	assert_int_equal(read_slot(&ring, 3, 0), -EBADF);
	assert_ret(-EINVAL, io_uring_register_files_update(&ring, 7, files, 2));
	assert_ret(0, io_uring_unregister_files(&ring));
	close(files[0]);
	close(files[1]);
	io_uring_queue_exit(&ring);
}

/* Opens a socket into any free slot: the slot, or -errno. */
static int socket_anywhere(struct io_uring *ring)
{
	io_uring_prep_socket_direct(next_sqe(ring), AF_UNIX, SOCK_STREAM, 0,
				    IORING_FILE_INDEX_ALLOC, 0);
	return run(ring).res;
}

static void test_alloc_range(void **state)
{
	struct io_uring ring;

	(void)state;
	need_kernel(6, 0, "IORING_REGISTER_FILE_ALLOC_RANGE");
	open_ring(&ring, 4, 0);
	assert_ret(0, io_uring_register_files_sparse(&ring, 8));
	assert_ret(0, io_uring_register_file_alloc_range(&ring, 5, 2));
	assert_int_equal(socket_anywhere(&ring), 5);
	assert_int_equal(socket_anywhere(&ring), 6);
	assert_int_equal(socket_anywhere(&ring), -ENFILE);
	assert_ret(0, io_uring_register_file_alloc_range(&ring, 0, 8));
	assert_int_equal(socket_anywhere(&ring), 0);
	assert_ret(-EINVAL, io_uring_register_file_alloc_range(&ring, 5, 4));
	assert_ret(-EOVERFLOW, io_uring_register_file_alloc_range(&ring, -1U, 2));
	io_uring_queue_exit(&ring);
}

#define SOFT_LIMIT 64
#define HARD_LIMIT 256

static void raise_the_limit(void *arg)
{
	struct rlimit limit = { .rlim_cur = SOFT_LIMIT, .rlim_max = HARD_LIMIT };
	int files[2 * HARD_LIMIT], ret;
	struct io_uring ring;

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		files[i] = -1;
	ret = io_uring_queue_init(4, &ring, 0);
	if (ret == -EPERM || ret == -ENOSYS)
		_exit(CHILD_REFUSED);
	child_check(ret == 0);
	child_check(setrlimit(RLIMIT_NOFILE, &limit) == 0);

	errno = ERRNO_MARK;
	if (arg)
		ret = io_uring_register_files_sparse(&ring, 100);
	else
		ret = io_uring_register_files(&ring, files, 100);
	child_check(ret == 0);
	child_check(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	child_check(limit.rlim_cur >= 100 && limit.rlim_cur <= HARD_LIMIT);
	child_check(limit.rlim_max == HARD_LIMIT);
	child_check(io_uring_unregister_files(&ring) == 0);

	if (arg)
		ret = io_uring_register_files_sparse(&ring, 2 * HARD_LIMIT);
	else
		ret = io_uring_register_files(&ring, files, 2 * HARD_LIMIT);
	child_check(ret == -EMFILE);
	child_check(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	/* In vain, so the limit is left alone. */
	child_check(limit.rlim_cur < HARD_LIMIT && limit.rlim_max == HARD_LIMIT);
	child_check(errno == ERRNO_MARK);
	io_uring_queue_exit(&ring);
}

static void test_files_beyond_the_limit(void **state)
{
	(void)state;
	need_kernel(5, 12, "RLIMIT_NOFILE as the bound of registered files");
	in_child(raise_the_limit, NULL);
}

static void test_sparse_files_beyond_the_limit(void **state)
{
	(void)state;
	need_kernel(5, 19, "sparse tables");
	in_child(raise_the_limit, "sparse");
}

/* ---- Buffers --------------------------------------------------------------------------------- */

static void test_buffers(void **state)
{
	char a[64] = "first buffer", b[64] = "";
	struct iovec iov[2] = { { a, sizeof(a) }, { b, sizeof(b) } };
	struct io_uring ring;
	int fd = scratch_file("", 0);

	(void)state;
	open_ring(&ring, 4, 0);
	assert_ret(-ENXIO, io_uring_unregister_buffers(&ring));
	assert_ret(0, io_uring_register_buffers(&ring, iov, 2));
	assert_ret(-EBUSY, io_uring_register_buffers(&ring, iov, 2));

	io_uring_prep_write_fixed(next_sqe(&ring), fd, a + 6, 6, 10, 0);
	assert_int_equal(run(&ring).res, 6);
	io_uring_prep_read_fixed(next_sqe(&ring), fd, b + 1, 6, 10, 1);
	assert_int_equal(run(&ring).res, 6);
	assert_string_equal(b + 1, "buffer");
	/* Outside its buffer, and in no buffer. */
	io_uring_prep_read_fixed(next_sqe(&ring), fd, b + 60, 6, 0, 1);
	assert_int_equal(run(&ring).res, -EFAULT);
	io_uring_prep_read_fixed(next_sqe(&ring), fd, b, 6, 0, 2);
	assert_int_equal(run(&ring).res, -EFAULT);

	assert_ret(0, io_uring_unregister_buffers(&ring));
	io_uring_prep_read_fixed(next_sqe(&ring), fd, b, 6, 0, 1);
	assert_int_equal(run(&ring).res, -EFAULT);
	close(fd);
	io_uring_queue_exit(&ring);
}

static void test_buffers_refused(void **state)
{
	struct iovec nowhere = { (void *)4096, 4096 };
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	assert_ret(-EFAULT, io_uring_register_buffers(&ring, &nowhere, 1));
	assert_ret(-EINVAL, io_uring_register_buffers(&ring, &nowhere, 0));
	assert_ret(-EFAULT, io_uring_register_buffers(&ring, NULL, 1));
	assert_ret(-ENXIO, io_uring_unregister_buffers(&ring));
	io_uring_queue_exit(&ring);
}

static void test_buffers_sparse(void **state)
{
	struct io_uring ring;
	char byte;
	int fd;

	(void)state;
	need_kernel(5, 19, "sparse tables");
	open_ring(&ring, 4, 0);
	fd = scratch_file("x", 1);
	assert_ret(0, io_uring_register_buffers_sparse(&ring, 4));
	assert_ret(-EBUSY, io_uring_register_buffers_sparse(&ring, 4));
	io_uring_prep_read_fixed(next_sqe(&ring), fd, &byte, 1, 0, 0);
	assert_int_equal(run(&ring).res, -EFAULT);
	assert_ret(0, io_uring_unregister_buffers(&ring));
	close(fd);
	io_uring_queue_exit(&ring);
}

/* ---- Eventfd --------------------------------------------------------------------------------- */

/* What the counter holds, zero if nothing; reading empties it. */
static uint64_t drain(int efd)
{
	uint64_t count;

	if (read(efd, &count, sizeof(count)) == sizeof(count))
		return count;
	assert_int_equal(errno, EAGAIN);
	return 0;
}

static void test_eventfd(void **state)
{
	int efd = sys(eventfd(0, EFD_NONBLOCK));
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	assert_ret(-ENXIO, io_uring_unregister_eventfd(&ring));
	assert_ret(-EBADF, io_uring_register_eventfd(&ring, -1));
	assert_ret(0, io_uring_register_eventfd(&ring, efd));
	assert_ret(-EBUSY, io_uring_register_eventfd(&ring, efd));
	check_ring_works(&ring);
	assert_true(drain(efd) > 0);
	assert_int_equal(drain(efd), 0);

	assert_true(io_uring_cq_eventfd_enabled(&ring));
	if (ring.cq.kflags) {
		assert_ret(0, io_uring_cq_eventfd_toggle(&ring, true));
		assert_ret(0, io_uring_cq_eventfd_toggle(&ring, false));
		assert_false(io_uring_cq_eventfd_enabled(&ring));
		assert_ret(0, io_uring_cq_eventfd_toggle(&ring, false));
		assert_false(io_uring_cq_eventfd_enabled(&ring));
		check_ring_works(&ring);
		assert_int_equal(drain(efd), 0);
		assert_ret(0, io_uring_cq_eventfd_toggle(&ring, true));
		assert_true(io_uring_cq_eventfd_enabled(&ring));
		check_ring_works(&ring);
		assert_true(drain(efd) > 0);
	}
	assert_ret(0, io_uring_unregister_eventfd(&ring));
	check_ring_works(&ring);
	assert_int_equal(drain(efd), 0);
	close(efd);
	io_uring_queue_exit(&ring);
}

static void test_eventfd_without_cq_flags(void **state)
{
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	ring.cq.kflags = NULL;
	assert_true(io_uring_cq_eventfd_enabled(&ring));
	assert_ret(0, io_uring_cq_eventfd_toggle(&ring, true));
	assert_ret(-EOPNOTSUPP, io_uring_cq_eventfd_toggle(&ring, false));
	io_uring_queue_exit(&ring);
}

static void test_eventfd_async(void **state)
{
	int efd = sys(eventfd(0, EFD_NONBLOCK));
	struct pollfd pfd = { .fd = efd, .events = POLLIN };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char byte;
	int fd;

	(void)state;
	open_ring(&ring, 4, 0);
	assert_ret(0, io_uring_register_eventfd_async(&ring, efd));
	check_ring_works(&ring);
	assert_int_equal(drain(efd), 0);
	fd = scratch_file("x", 1);
	sqe = next_sqe(&ring);
	io_uring_prep_read(sqe, fd, &byte, 1, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	assert_int_equal(run(&ring).res, 1);
	/* The signal follows the completion, so it may be a moment behind. */
	assert_int_equal(sys(poll(&pfd, 1, FOR_EVER_S * 1000)), 1);
	assert_true(drain(efd) > 0);
	assert_ret(0, io_uring_unregister_eventfd(&ring));
	close(fd);
	close(efd);
	io_uring_queue_exit(&ring);
}

/* ---- Probe ----------------------------------------------------------------------------------- */

static void test_probe(void **state)
{
	const int before = next_fd();
	struct io_uring_probe *p, *of_ring;
	struct io_uring ring;

	(void)state;
	need_kernel(5, 6, "IORING_REGISTER_PROBE");
	open_ring(&ring, 4, 0);
	of_ring = io_uring_get_probe_ring(&ring);
	assert_non_null(of_ring);
	io_uring_queue_exit(&ring);
	p = io_uring_get_probe();
	assert_non_null(p);
	assert_int_equal(next_fd(), before);
	assert_int_equal(p->last_op, of_ring->last_op);
	assert_memory_equal(p->ops, of_ring->ops, p->ops_len * sizeof(p->ops[0]));

	assert_true(io_uring_opcode_supported(p, IORING_OP_NOP));
	assert_true(io_uring_opcode_supported(p, IORING_OP_READV));
	assert_false(io_uring_opcode_supported(p, -1));
	assert_false(io_uring_opcode_supported(p, p->last_op + 1));
	assert_false(io_uring_opcode_supported(p, 255));
	p->ops[IORING_OP_NOP].flags = 0;
	assert_false(io_uring_opcode_supported(p, IORING_OP_NOP));
	io_uring_free_probe(p);
	io_uring_free_probe(of_ring);
	io_uring_free_probe(NULL);
}

static void test_register_probe(void **state)
{
	char mem[sizeof(struct io_uring_probe) + 2 * sizeof(struct io_uring_probe_op)];
	struct io_uring_probe *p = (struct io_uring_probe *)mem;
	struct io_uring ring;

	(void)state;
	need_kernel(5, 6, "IORING_REGISTER_PROBE");
	open_ring(&ring, 4, 0);
	memset(mem, 0, sizeof(mem));
	assert_ret(0, io_uring_register_probe(&ring, p, 2));
	assert_int_equal(p->ops_len, 2);
	assert_int_equal(p->ops[1].op, IORING_OP_READV);
	/* What is not zero now was asked for wrongly. */
	assert_ret(-EINVAL, io_uring_register_probe(&ring, p, 2));
	assert_ret(-EINVAL, io_uring_register_probe(&ring, p, 257));
	io_uring_queue_exit(&ring);
	ring.ring_fd = -1;
	assert_null(io_uring_get_probe_ring(&ring));
}

/* ---- Resizing -------------------------------------------------------------------------------- */

/* The same parameters do for the next time, and what was handed out moves along. */
static void test_resize_again(void **state)
{
	struct io_uring_params p = { .sq_entries = 8, .cq_entries = 64 };
	struct io_uring ring;

	(void)state;
	need_kernel(6, 13, "io_uring_resize_rings");
	open_ring(&ring, 2, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	p.flags = IORING_SETUP_CQSIZE;
	queue_nop(&ring, 1);
	for (int i = 0; i < 3; i++) {
		assert_ret(0, io_uring_resize_rings(&ring, &p));
		assert_int_equal(p.flags, IORING_SETUP_CQSIZE);
		assert_int_equal(p.cq_entries, 64);
		assert_int_equal(ring.cq.ring_entries, 64);
		assert_int_equal(io_uring_sq_ready(&ring), 1);
		assert_int_equal(io_uring_sq_space_left(&ring), 7);
	}
	assert_ret(1, io_uring_submit(&ring));
	reap(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

/* Asked to name a source by the index that it has not got, the library names its descriptor. */
static void test_clone_from_unregistered(void **state)
{
	char data[10];
	struct iovec iov = { data, sizeof(data) };
	struct io_uring from, to;

	(void)state;
	need_kernel(6, 12, "io_uring_clone_buffers");
	open_ring(&from, 2, 0);
	open_ring(&to, 2, 0);
	assert_ret(0, io_uring_register_buffers(&from, &iov, 1));
	assert_ret(0, __io_uring_clone_buffers(&to, &from, IORING_REGISTER_SRC_REGISTERED));
	io_uring_queue_exit(&to);
	io_uring_queue_exit(&from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_files_refused),
		cmocka_unit_test(test_files_sparse_and_update),
		cmocka_unit_test(test_alloc_range),
		cmocka_unit_test(test_files_beyond_the_limit),
		cmocka_unit_test(test_sparse_files_beyond_the_limit),
		cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_buffers_refused),
		cmocka_unit_test(test_buffers_sparse),
		cmocka_unit_test(test_eventfd),
		cmocka_unit_test(test_eventfd_without_cq_flags),
		cmocka_unit_test(test_eventfd_async),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_register_probe),
		cmocka_unit_test(test_resize_again),
		cmocka_unit_test(test_clone_from_unregistered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
