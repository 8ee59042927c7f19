/* SPDX-License-Identifier: MIT */
/* Slots of the table of files: those that the ring picks, and those that a chain fills and uses. */
#include "conformance.h"

static void open_sparse(struct io_uring *ring, unsigned nr)
{
	need_linux(5, 19, "a sparse table");
	open_ring(ring, 8, 0);
	expect(io_uring_register_files_sparse(ring, nr), 0);
}

/* A read of up to 8 bytes from the file in `slot`. */
static void prep_read(struct io_uring *ring, int slot, uint64_t data, unsigned flags)
{
	static char bytes[8];
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_read(sqe, slot, bytes, sizeof(bytes), 0);
	set_sqe(sqe, data, IOSQE_FIXED_FILE | flags);
}

/* ---- Allocating ------------------------------------------------------------------------------ */

static int set_range(struct io_uring *ring, unsigned off, unsigned len)
{
	return io_uring_register_file_alloc_range(ring, off, len);
}

/* A socket placed where the ring likes; the slot, or the error. */
static int allocate(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_socket_direct(sqe, AF_UNIX, SOCK_STREAM, 0, IORING_FILE_INDEX_ALLOC, 0);
	set_sqe(sqe, 8, 0);
	return run_one(ring).res;
}

static int close_slot(struct io_uring *ring, unsigned slot)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_close_direct(sqe, slot);
	set_sqe(sqe, 9, 0);
	return run_one(ring).res;
}

static void alloc_range(void)
{
	struct io_uring ring;
	unsigned seen = 0;

	need_op(IORING_OP_SOCKET, "IORING_OP_SOCKET");
	open_sparse(&ring, 8);
	expect(set_range(&ring, 2, 3), 0);
	for (int i = 0; i < 3; i++)
		seen |= 1U << allocate(&ring);
	expect(seen, 1U << 2 | 1U << 3 | 1U << 4);
	expect(allocate(&ring), -ENFILE);
	expect(close_slot(&ring, 3), 0);
	expect(allocate(&ring), 3);
	expect(allocate(&ring), -ENFILE);
	/* A slot outside was free all the time, and explicit use does not mind the range. */
	expect(set_range(&ring, 7, 1), 0);
	expect(allocate(&ring), 7);
	expect(allocate(&ring), -ENFILE);
	io_uring_queue_exit(&ring);
}

static void alloc_without_range(void)
{
	struct io_uring ring;
	unsigned seen = 0;
	int fd = scratch_file(1);

	need_op(IORING_OP_SOCKET, "IORING_OP_SOCKET");
	open_ring(&ring, 8, 0);
	expect(allocate(&ring), -ENFILE);
	io_uring_queue_exit(&ring);
	open_sparse(&ring, 4);
	/* A slot filled by an update is not free. */
	expect(io_uring_register_files_update(&ring, 1, &fd, 1), 1);
	for (int i = 0; i < 3; i++)
		seen |= 1U << allocate(&ring);
	expect(seen, 1U << 0 | 1U << 2 | 1U << 3);
	expect(allocate(&ring), -ENFILE);
	expect(close_slot(&ring, 1), 0);
	io_uring_queue_exit(&ring);
}

static void alloc_range_errors(void)
{
	struct io_uring ring;

	open_sparse(&ring, 8);
	expect(set_range(&ring, 0, 9), -EINVAL);
	expect(set_range(&ring, 8, 1), -EINVAL);
	expect(set_range(&ring, 9, 0), -EINVAL);
	expect(set_range(&ring, ~0U, 2), -EOVERFLOW);
	expect(set_range(&ring, 8, 0), 0);
	expect(allocate(&ring), -ENFILE);
	expect(set_range(&ring, 0, 8), 0);
	check(allocate(&ring) >= 0, "the whole range is refused");
	/* The range goes with the table. */
	expect(set_range(&ring, 1, 1), 0);
	expect(io_uring_unregister_files(&ring), 0);
	expect(set_range(&ring, 0, 1), -EINVAL);
	io_uring_queue_exit(&ring);
}

static void update_allocates(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[3] = { scratch_file(1), scratch_file(2), scratch_file(3) };

	open_sparse(&ring, 2);
	sqe = new_sqe(&ring);
	io_uring_prep_files_update(sqe, fds, 2, (int)IORING_FILE_INDEX_ALLOC);
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	expect_answer(&ring, 1, 2);
	/* The slots come back in the place of the descriptors. */
	check((fds[0] == 0 && fds[1] == 1) || (fds[0] == 1 && fds[1] == 0), "slots %d and %d",
	      fds[0], fds[1]);
	for (int i = 0; i < 2; i++) {
		prep_read(&ring, fds[i], 7, 0);
		expect(run_one(&ring).res, i + 1);
	}
	sqe = new_sqe(&ring);
	io_uring_prep_files_update(sqe, &fds[2], 1, (int)IORING_FILE_INDEX_ALLOC);
	set_sqe(sqe, 2, 0);
	submit(&ring, 1);
	expect_answer(&ring, 2, -ENFILE);
	io_uring_queue_exit(&ring);
}

static void close_direct_and_tags(void)
{
	const __u64 tags[2] = { 301, 0 };
	int fds[2] = { scratch_file(1), scratch_file(1) };
	struct answer answers[2];
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(io_uring_register_files_tags(&ring, fds, tags, 2), 0);
	sqe = new_sqe(&ring);
	io_uring_prep_close_direct(sqe, 0);
	set_sqe(sqe, 9, 0);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 2);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], 9, 0, 0);
	expect_full_answer_at(__FILE__, __LINE__, answers[1], 301, 0, 0);
	expect(close_slot(&ring, 0), -EBADF);
	expect(close_slot(&ring, 1), 0);
	expect_none(&ring, 20);
	io_uring_queue_exit(&ring);
}

/* ---- Chains ---------------------------------------------------------------------------------- */

/* The file is looked up when the request runs, not when it is submitted. */
static void chain_fills_a_slot(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = scratch_file(5);

	open_sparse(&ring, 4);
	need_feature(&ring, IORING_FEAT_LINKED_FILE, "files looked up when they are needed");
	for (unsigned async = 0; async <= IOSQE_ASYNC; async += IOSQE_ASYNC) {
		sqe = new_sqe(&ring);
		io_uring_prep_files_update(sqe, &fd, 1, 2);
		set_sqe(sqe, 1, IOSQE_IO_LINK | async);
		/* Hard, as a short read would end the chain. */
		prep_read(&ring, 2, 2, IOSQE_IO_HARDLINK | async);
		sqe = new_sqe(&ring);
		io_uring_prep_close_direct(sqe, 2);
		set_sqe(sqe, 3, IOSQE_IO_LINK | async);
		prep_read(&ring, 2, 4, 0);
		submit(&ring, 4);
		expect_answer(&ring, 1, 1);
		expect_answer(&ring, 2, 5);
		expect_answer(&ring, 3, 0);
		expect_answer(&ring, 4, -EBADF);
	}
	io_uring_queue_exit(&ring);
}

static void chain_opens_and_reads(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = (int)sys(open("named", O_CREAT | O_WRONLY, 0600));

	expect(write(fd, "seven..", 7), 7);
	open_sparse(&ring, 1);
	need_feature(&ring, IORING_FEAT_LINKED_FILE, "files looked up when they are needed");
	sqe = new_sqe(&ring);
	io_uring_prep_openat_direct(sqe, AT_FDCWD, "named", O_RDONLY, 0, 0);
	set_sqe(sqe, 1, IOSQE_IO_LINK);
	prep_read(&ring, 0, 2, 0);
	submit(&ring, 2);
	expect_answer(&ring, 1, 0);
	expect_answer(&ring, 2, 7);
	io_uring_queue_exit(&ring);
}

static void batch_sees_updates(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2] = { scratch_file(3), scratch_file(4) };

	open_sparse(&ring, 1);
	for (int i = 0; i < 2; i++) {
		sqe = new_sqe(&ring);
		io_uring_prep_files_update(sqe, &fds[i], 1, 0);
		set_sqe(sqe, (uint64_t)i * 2, IOSQE_IO_LINK);
		prep_read(&ring, 0, (uint64_t)i * 2 + 1, i ? 0 : IOSQE_IO_HARDLINK);
	}
	submit(&ring, 4);
	expect_answer(&ring, 0, 1);
	expect_answer(&ring, 1, 3);
	expect_answer(&ring, 2, 1);
	expect_answer(&ring, 3, 4);
	io_uring_queue_exit(&ring);
}

/* A slot takes it, which a registration does not. */
static void path_is_no_socket(void)
{
	struct msghdr msg = { 0 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char byte = 0;

	open_sparse(&ring, 1);
	io_uring_prep_openat_direct(new_sqe(&ring), AT_FDCWD, ".", O_PATH, 0, 0);
	expect(run_one(&ring).res, 0);
	for (unsigned i = 0; i < 7; i++) {
		sqe = new_sqe(&ring);
		switch (i) {
		case 0:
			io_uring_prep_recv(sqe, 0, &byte, 1, 0);
			break;
		case 1:
			io_uring_prep_send(sqe, 0, &byte, 1, 0);
			break;
		case 2:
			io_uring_prep_recvmsg(sqe, 0, &msg, 0);
			break;
		case 3:
			io_uring_prep_sendmsg(sqe, 0, &msg, 0);
			break;
		case 4:
			io_uring_prep_accept(sqe, 0, NULL, NULL, 0);
			break;
		case 5:
			io_uring_prep_shutdown(sqe, 0, SHUT_RDWR);
			break;
		default:
			io_uring_prep_read(sqe, 0, &byte, 1, 0);
		}
		set_sqe(sqe, i, IOSQE_FIXED_FILE);
		expect(run_one(&ring).res, i < 6 ? -ENOTSOCK : -EBADF);
	}
	sqe = new_sqe(&ring);
	io_uring_prep_cmd_sock(sqe, SOCKET_URING_OP_SIOCINQ, 0, 0, 0, NULL, 0);
	set_sqe(sqe, 8, IOSQE_FIXED_FILE);
	expect(run_one(&ring).res, -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
}

const struct conformance_case slots_cases[] = {
	{ "a path in a slot is no socket", path_is_no_socket },
	{ "a slot is allocated within the range", alloc_range },
	{ "a slot is allocated among all that are free", alloc_without_range },
	{ "errors of the range", alloc_range_errors },
	{ "an update request can allocate slots", update_allocates },
	{ "closing a slot completes its tag", close_direct_and_tags },
	{ "a request in a chain uses the slot that an earlier one filled", chain_fills_a_slot },
	{ "a chain can open a file and read it", chain_opens_and_reads },
	{ "a chain uses a slot again and again", batch_sees_updates },
	{ 0 },
};
