/* SPDX-License-Identifier: MIT */
/* Rings that poll for completions, and what they refuse. */
#include "run.h"

static const unsigned polling[] = {
	IORING_SETUP_IOPOLL,
	IORING_SETUP_IOPOLL | IORING_SETUP_HYBRID_IOPOLL,
};

/* A file of 8192 bytes, open with O_DIRECT. */
static int direct_file(void)
{
	char bytes[8192];
	int fd = (int)sys(open("direct", O_RDWR | O_CREAT, 0600));

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)pattern(i);
	expect(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	sys(fsync(fd));
	close(fd);
	fd = open("direct", O_RDWR | O_DIRECT);
	if (fd == -1)
		skip_because_of("no O_DIRECT on /var/tmp");
	return fd;
}

static char *aligned_buffer(void)
{
	char *buf = NULL;

	check(!posix_memalign((void **)&buf, 4096, 8192), "no memory");
	memset(buf, 0, 8192);
	return buf;
}

static void hybrid_alone(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_HYBRID_IOPOLL };
	struct io_uring ring;

	need_linux(6, 13, "IORING_SETUP_HYBRID_IOPOLL");
	expect(try_ring(&ring, 4, &p), -EINVAL);
}

static void prep_refused(struct io_uring_sqe *sqe, int opcode, int fd)
{
	io_uring_prep_nop(sqe);
	sqe->opcode = (__u8)opcode;
	sqe->fd = fd;
}

static void refused(unsigned flags)
{
	static const int opcodes[] = {
		IORING_OP_FSYNC,	IORING_OP_POLL_ADD,
		IORING_OP_POLL_REMOVE,	IORING_OP_SYNC_FILE_RANGE,
		IORING_OP_SENDMSG,	IORING_OP_RECVMSG,
		IORING_OP_TIMEOUT,	IORING_OP_TIMEOUT_REMOVE,
		IORING_OP_ACCEPT,	IORING_OP_ASYNC_CANCEL,
		IORING_OP_LINK_TIMEOUT, IORING_OP_CONNECT,
		IORING_OP_FALLOCATE,	IORING_OP_OPENAT,
		IORING_OP_CLOSE,	IORING_OP_STATX,
		IORING_OP_FADVISE,	IORING_OP_MADVISE,
		IORING_OP_SEND,		IORING_OP_RECV,
		IORING_OP_OPENAT2,	IORING_OP_EPOLL_CTL,
		IORING_OP_SPLICE,	IORING_OP_TEE,
		IORING_OP_SHUTDOWN,	IORING_OP_RENAMEAT,
		IORING_OP_UNLINKAT,	IORING_OP_MKDIRAT,
		IORING_OP_SYMLINKAT,	IORING_OP_LINKAT,
		IORING_OP_FSETXATTR,	IORING_OP_SETXATTR,
		IORING_OP_FGETXATTR,	IORING_OP_GETXATTR,
		IORING_OP_SOCKET,	IORING_OP_SEND_ZC,
		IORING_OP_SENDMSG_ZC,	IORING_OP_READ_MULTISHOT,
		IORING_OP_WAITID,	IORING_OP_FUTEX_WAIT,
		IORING_OP_FUTEX_WAKE,	IORING_OP_FUTEX_WAITV,
		IORING_OP_FTRUNCATE,	IORING_OP_FIXED_FD_INSTALL,
		IORING_OP_BIND,		IORING_OP_LISTEN,
	};
	struct io_uring ring;
	int fd = scratch_file(100);

	open_ring(&ring, 4, flags);
	for (size_t i = 0; i < ARRAY_LEN(opcodes); i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);
		int res;

		prep_refused(sqe, opcodes[i], fd);
		res = result_of_sqe(&ring, sqe, 0);
		check(res == -EINVAL, "opcode %d: %d", opcodes[i], res);
	}
	io_uring_queue_exit(&ring);
}

static void operations_refused(void)
{
	for (size_t i = 0; i < ARRAY_LEN(polling); i++)
		refused(polling[i]);
}

static void prepared_well_and_refused(void)
{
	struct io_uring ring;
	struct statx sx;
	int fd = scratch_file(100), fds[2];

	make_pipe(fds);
	open_ring(&ring, 4, IORING_SETUP_IOPOLL);
	/* Arguments that a ring without polling takes. */
	expect(run(&ring, fsync, fd, 0), -EINVAL);
	expect(run(&ring, openat, AT_FDCWD, ".", O_RDONLY, 0), -EINVAL);
	expect(run(&ring, statx, AT_FDCWD, ".", 0, STATX_ALL, &sx), -EINVAL);
	expect(run(&ring, fallocate, fd, 0, 0, 1000), -EINVAL);
	expect(run(&ring, poll_add, fds[1], POLLOUT), -EINVAL);
	expect(run(&ring, mkdir, "dir", 0700), -EINVAL);
	expect(run(&ring, close, fds[0]), -EINVAL);
	check(fd_is_open(fds[0]), "closed after all");
	expect(access("dir", F_OK), -1);
	expect(lseek(fd, 0, SEEK_END), 100);
	io_uring_queue_exit(&ring);
}

static void operations_taken(void)
{
	static char buf[2][16];
	int fd = scratch_file(100);

	for (size_t i = 0; i < ARRAY_LEN(polling); i++) {
		struct io_uring ring;

		open_ring(&ring, 4, polling[i]);
		expect_usable(&ring);
		expect(io_uring_register_files_sparse(&ring, 2), 0);
		expect(run(&ring, files_update, &fd, 1, 1), 1);
		expect(run(&ring, provide_buffers, buf, 16, 2, 1, 0), 0);
		expect(run(&ring, remove_buffers, 2, 1), 2);
		io_uring_queue_exit(&ring);
	}
}

static void files_refused(void)
{
	int file = scratch_file(4096), fds[2], sv[2];
	char *buf = aligned_buffer();
	struct iovec vec = { buf, 4096 };
	struct io_uring ring;

	make_pipe(fds);
	unix_pair(sv);
	expect(write(fds[1], "x", 1), 1);
	for (size_t i = 0; i < ARRAY_LEN(polling); i++) {
		open_ring(&ring, 4, polling[i]);
		/* Without O_DIRECT nothing is polled for. */
		expect(run(&ring, read, file, buf, 4096, 0), -EOPNOTSUPP);
		expect(run(&ring, readv, file, &vec, 1, 0), -EOPNOTSUPP);
		expect(run(&ring, write, file, buf, 4096, 0), -EOPNOTSUPP);
		expect(run(&ring, writev, file, &vec, 1, 0), -EOPNOTSUPP);
		expect(run(&ring, read, fds[0], buf, 1, 0), -EOPNOTSUPP);
		expect(run(&ring, write, fds[1], buf, 1, 0), -EOPNOTSUPP);
		expect(run(&ring, read, sv[0], buf, 1, 0), -EOPNOTSUPP);
		/* What is wrong anyway. */
		expect(run(&ring, read, -1, buf, 4096, 0), -EBADF);
		expect(run(&ring, read, fds[1], buf, 1, 0), -EBADF);
		expect(run(&ring, write, fds[0], buf, 1, 0), -EBADF);
		io_uring_queue_exit(&ring);
	}
	expect(read(fds[0], buf, 8), 1);
}

/*
 * Submits the one prepared. A wait with a timeout ends at the first look that finds nothing, on a
 * ring that polls: Linux 6.18 returns to it again and again. Without one, waiting looks on.
 */
static int polled_result(struct io_uring *ring)
{
	struct io_uring_cqe *cqe = NULL;
	int res;

	submit(ring, 1);
	expect(io_uring_wait_cqe(ring, &cqe), 0);
	res = cqe->res;
	expect(cqe->flags, 0);
	io_uring_cqe_seen(ring, cqe);
	return res;
}

static int polled_read(struct io_uring *ring, int fd, void *buf, unsigned len, uint64_t offset)
{
	io_uring_prep_read(new_sqe(ring), fd, buf, len, offset);
	return polled_result(ring);
}

static int polled_write(struct io_uring *ring, int fd, void *buf, unsigned len, uint64_t offset)
{
	io_uring_prep_write(new_sqe(ring), fd, buf, len, offset);
	return polled_result(ring);
}

static void direct_files(void)
{
	int fd = direct_file();
	char *buf = aligned_buffer();

	for (size_t i = 0; i < ARRAY_LEN(polling); i++) {
		struct io_uring ring;

		open_ring(&ring, 4, polling[i]);
		expect(polled_read(&ring, fd, buf, 4096, 1 << 20), 0);
		expect(polled_read(&ring, fd, buf, 5, 0), -EINVAL);
		expect(polled_read(&ring, fd, buf, 4096, 1), -EINVAL);
		expect(polled_read(&ring, fd, buf, 0, 0), 0);
		io_uring_queue_exit(&ring);
	}
}

static void polled_reads(void)
{
	int fd = direct_file(), res;
	char *buf = aligned_buffer();
	struct io_uring ring;

	for (size_t i = 0; i < ARRAY_LEN(polling); i++) {
		open_ring(&ring, 4, polling[i]);
		res = polled_read(&ring, fd, buf, 4096, 4096);
		/* Only reaching the device tells whether it can be polled. */
		if (res == -EOPNOTSUPP)
			skip_because_of("the disk under /var/tmp cannot be polled");
		expect(res, 4096);
		expect_pattern(buf, 4096, 4096);
		expect(polled_write(&ring, fd, buf, 4096, 0), 4096);
		expect(polled_read(&ring, fd, buf, 4096, 0), 4096);
		expect_pattern(buf, 4096, 4096);
		io_uring_queue_exit(&ring);
	}
}

const struct conformance_case iopoll_cases[] = {
	{ "hybrid polling is a kind of polling", hybrid_alone },
	{ "a polling ring refuses what is no read nor write with -EINVAL", operations_refused },
	{ "what a polling ring refuses it does not do", prepared_well_and_refused },
	{ "a polling ring does NOP, and changes its own tables", operations_taken },
	{ "a polling ring refuses files not open for O_DIRECT with -EOPNOTSUPP", files_refused },
	{ "O_DIRECT's rules hold on a polling ring", direct_files },
	{ "reads and writes are polled for", polled_reads },
	{ 0 },
};
