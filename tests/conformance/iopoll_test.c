/* SPDX-License-Identifier: MIT */
/* Polled I/O, and what it refuses. */
#include "conformance.h"

#define BLOCK 4096

static int direct_file(void)
{
	int fd = (int)sys(open("direct", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	uint8_t *data = aligned_alloc(BLOCK, 4 * BLOCK);

	check(data, "out of memory");
	for (size_t i = 0; i < 4 * BLOCK; i++)
		data[i] = pattern(i);
	expect(write(fd, data, 4 * BLOCK), 4 * BLOCK);
	sys(fsync(fd));
	close(fd);
	free(data);
	fd = open("direct", O_RDWR | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		skip_because_of("no O_DIRECT in this folder: %s", strerror(errno));
	return fd;
}

static void polled_reads(void)
{
	uint8_t *data = aligned_alloc(BLOCK, 4 * BLOCK);
	int fd = direct_file();
	struct io_uring ring;

	check(data, "out of memory");
	open_ring(&ring, 8, IORING_SETUP_IOPOLL);
	for (unsigned i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		io_uring_prep_read(sqe, fd, data + i * BLOCK, BLOCK, i * BLOCK);
		set_sqe(sqe, i, 0);
	}
	submit(&ring, 4);
	for (unsigned i = 0; i < 4; i++) {
		struct answer a = next_answer(&ring);

		if (a.res == -EOPNOTSUPP)
			skip_because_of("the file system or its device has no polled I/O");
		expect(a.res, BLOCK);
		expect_pattern(data + a.data * BLOCK, a.data * BLOCK, BLOCK);
	}
	io_uring_queue_exit(&ring);
}

/* What has no queue to poll: files read through the page cache, pipes, and what is not a file. */
static void files_that_cannot(void)
{
	uint8_t data[100];
	int file = scratch_file(BLOCK), pipes[2], sockets[2];
	struct io_uring ring;

	make_pipe(pipes);
	unix_pair(sockets);
	open_ring(&ring, 8, IORING_SETUP_IOPOLL);
	io_uring_prep_read(new_sqe(&ring), file, data, 100, 0);
	expect(run_one(&ring).res, -EOPNOTSUPP);
	io_uring_prep_write(new_sqe(&ring), file, data, 100, 0);
	expect(run_one(&ring).res, -EOPNOTSUPP);
	io_uring_prep_read(new_sqe(&ring), pipes[0], data, 100, 0);
	expect(run_one(&ring).res, -EOPNOTSUPP);
	io_uring_prep_read(new_sqe(&ring), sockets[0], data, 100, 0);
	expect(run_one(&ring).res, -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
}

/* All but these complete otherwise than by being polled for. */
static bool can_be_polled(int op)
{
	switch (op) {
	case IORING_OP_NOP:
	case IORING_OP_READV:
	case IORING_OP_WRITEV:
	case IORING_OP_READ_FIXED:
	case IORING_OP_WRITE_FIXED:
	case IORING_OP_READ:
	case IORING_OP_WRITE:
	case IORING_OP_READV_FIXED:
	case IORING_OP_WRITEV_FIXED:
	case IORING_OP_PROVIDE_BUFFERS:
	case IORING_OP_REMOVE_BUFFERS:
	case IORING_OP_MSG_RING:
	case IORING_OP_URING_CMD:
		return true;
	default:
		return false;
	}
}

static void operations_refused(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	open_ring(&ring, 8, IORING_SETUP_IOPOLL);
	for (int op = 0; op <= IORING_OP_PIPE; op++) {
		if (can_be_polled(op))
			continue;
		sqe = new_sqe(&ring);
		io_uring_prep_rw(op, sqe, 0, NULL, 0, 0);
		set_sqe(sqe, (uint64_t)op, 0);
		submit(&ring, 1);
		expect_answer(&ring, (uint64_t)op, -EINVAL);
	}
	io_uring_queue_exit(&ring);
}

static void operations_allowed(void)
{
	struct io_uring ring, other;
	char data[] = "x";

	open_ring(&ring, 8, IORING_SETUP_IOPOLL);
	open_ring(&other, 8, 0);
	expect_usable(&ring);
	io_uring_prep_provide_buffers(new_sqe(&ring), data, 1, 1, 1, 0);
	expect(run_one(&ring).res, 0);
	io_uring_prep_remove_buffers(new_sqe(&ring), 1, 1);
	expect(run_one(&ring).res, 1);
	need_op(IORING_OP_MSG_RING, "IORING_OP_MSG_RING");
	io_uring_prep_msg_ring(new_sqe(&ring), other.ring_fd, 5, 6, 0);
	expect(run_one(&ring).res, 0);
	expect_answer(&other, 6, 5);
	io_uring_queue_exit(&other);
	io_uring_queue_exit(&ring);
}

static void hybrid(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_HYBRID_IOPOLL };
	struct io_uring ring;

	need_linux(6, 13, "IORING_SETUP_HYBRID_IOPOLL");
	expect(try_ring(&ring, 8, &p), -EINVAL);
	open_ring(&ring, 8, IORING_SETUP_IOPOLL | IORING_SETUP_HYBRID_IOPOLL);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

const struct conformance_case iopoll_cases[] = {
	{ "O_DIRECT reads are polled for, where the device can", polled_reads },
	{ "files that cannot be polled answer -EOPNOTSUPP", files_that_cannot },
	{ "operations that cannot be polled for are refused", operations_refused },
	{ "operations that complete at once are not", operations_allowed },
	{ "hybrid polling is a kind of polling", hybrid },
	{ 0 },
};
