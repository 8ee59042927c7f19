/* SPDX-License-Identifier: MIT */
/* SPLICE, TEE and PIPE. */
#include "run.h"

static void put(int fd, const char *text)
{
	expect(write(fd, text, strlen(text)), strlen(text));
}

static void expect_text(int fd, const char *text)
{
	char buf[64] = "";

	expect(read(fd, buf, sizeof(buf)), strlen(text));
	check(!memcmp(buf, text, strlen(text)), "'%s', not '%s'", buf, text);
}

static void file_to_pipe(void)
{
	struct io_uring ring;
	char buf[200];
	int fd = scratch_file(100), fds[2];

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	expect(run(&ring, splice, fd, 30, fds[1], -1, 50, 0), 50);
	expect(read(fds[0], buf, 200), 50);
	expect_pattern(buf, 30, 50);
	/* An offset given leaves the position, -1 is the position. */
	expect(lseek(fd, 0, SEEK_CUR), 0);
	expect(run(&ring, splice, fd, -1, fds[1], -1, 40, 0), 40);
	expect(lseek(fd, 0, SEEK_CUR), 40);
	expect(run(&ring, splice, fd, -1, fds[1], -1, 400, SPLICE_F_MOVE | SPLICE_F_MORE), 60);
	expect(read(fds[0], buf, 200), 100);
	expect_pattern(buf, 0, 100);
	expect(run(&ring, splice, fd, -1, fds[1], -1, 400, 0), 0);
	expect(run(&ring, splice, fd, 100, fds[1], -1, 400, 0), 0);
	io_uring_queue_exit(&ring);
}

static void pipe_to_file(void)
{
	struct io_uring ring;
	char buf[8];
	int fd = scratch_file(100), fds[2];

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	put(fds[1], "abcdefgh");
	expect(run(&ring, splice, fds[0], -1, fd, 10, 3, 0), 3);
	expect(lseek(fd, 0, SEEK_CUR), 0);
	expect(run(&ring, splice, fds[0], -1, fd, -1, 2, 0), 2);
	expect(lseek(fd, 0, SEEK_CUR), 2);
	expect(run(&ring, splice, fds[0], -1, fd, 100, 100, 0), 3);
	expect(pread(fd, buf, 8, 10), 8);
	check(!memcmp(buf, "abc", 3), "other bytes");
	expect(pread(fd, buf, 8, 0), 8);
	check(!memcmp(buf, "de", 2), "other bytes");
	expect(pread(fd, buf, 8, 100), 3);
	check(!memcmp(buf, "fgh", 3), "other bytes");
	io_uring_queue_exit(&ring);
}

static void pipe_to_pipe(void)
{
	struct io_uring ring;
	int from[2], to[2], sv[2];

	make_pipe(from);
	make_pipe(to);
	unix_pair(sv);
	open_ring(&ring, 4, 0);
	put(from[1], "0123456789");
	expect(run(&ring, splice, from[0], -1, to[1], -1, 4, 0), 4);
	expect_text(to[0], "0123");
	expect(run(&ring, splice, from[0], -1, sv[0], -1, 100, 0), 6);
	expect_text(sv[1], "456789");
	put(sv[1], "socket");
	expect(run(&ring, splice, sv[0], -1, to[1], -1, 100, 0), 6);
	expect_text(to[0], "socket");
	expect(run(&ring, splice, from[0], -1, to[1], -1, 0, 0), 0);
	close(from[1]);
	expect(run(&ring, splice, from[0], -1, to[1], -1, 10, 0), 0);
	io_uring_queue_exit(&ring);
}

static void splice_waits(void)
{
	struct io_uring ring;
	int from[2], to[2];

	make_pipe(from);
	make_pipe(to);
	open_ring(&ring, 4, 0);
	expect(run(&ring, splice, from[0], -1, to[1], -1, 10, SPLICE_F_NONBLOCK), -EAGAIN);
	expect(run(&ring, tee, from[0], to[1], 10, SPLICE_F_NONBLOCK), -EAGAIN);
	start(&ring, 1, splice, from[0], -1, to[1], -1, 10, 0);
	expect_none(&ring, 20);
	expect_usable(&ring);
	put(from[1], "late");
	expect_full_answer(&ring, 1, 4, 0);
	expect_text(to[0], "late");
	start(&ring, 2, tee, from[0], to[1], 10, 0);
	expect_none(&ring, 20);
	put(from[1], "later");
	expect_full_answer(&ring, 2, 5, 0);
	expect_text(to[0], "later");
	expect_text(from[0], "later");
	io_uring_queue_exit(&ring);
}

static void fixed_fd_in(void)
{
	struct io_uring ring;
	int fds[2], files[2] = { scratch_file(10), -1 };
	char buf[16];

	make_pipe(fds);
	files[1] = fds[1];
	open_ring(&ring, 4, 0);
	expect(io_uring_register_files(&ring, files, 2), 0);
	expect(run(&ring, splice, 0, 0, fds[1], -1, 5, SPLICE_F_FD_IN_FIXED), 5);
	/* Where it goes is named by the flag of the SQE, apart from that. */
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, splice, files[0], 5, 1, -1, 5, 0), 5);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, splice, 0, 0, 1, -1, 5, SPLICE_F_FD_IN_FIXED),
	       5);
	expect(read(fds[0], buf, 16), 15);
	expect_pattern(buf, 0, 10);
	expect_pattern(buf + 10, 0, 5);
	expect(run(&ring, splice, 2, 0, fds[1], -1, 5, SPLICE_F_FD_IN_FIXED), -EBADF);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, splice, files[0], 0, 2, -1, 5, 0), -EBADF);
	io_uring_queue_exit(&ring);
}

static void errors_of_splice(void)
{
	int fd = scratch_file(100), fds[2], other[2], sv[2], read_only;
	struct io_uring ring;

	read_only = (int)sys(open("r", O_RDONLY | O_CREAT, 0600));
	make_pipe(fds);
	make_pipe(other);
	put(fds[1], "some");
	open_ring(&ring, 4, 0);
	expect(run(&ring, splice, fd, 0, fd, 0, 10, 0), -EINVAL);
	expect(run(&ring, splice, -1, -1, fds[1], -1, 10, 0), -EBADF);
	expect(run(&ring, splice, fd, -1, -1, -1, 10, 0), -EBADF);
	expect(run(&ring, splice, fds[1], -1, fd, -1, 10, 0), -EBADF);
	expect(run(&ring, splice, fds[0], -1, read_only, -1, 10, 0), -EBADF);
	expect(run(&ring, splice, fds[0], 0, fd, -1, 10, 0), -ESPIPE);
	expect(run(&ring, splice, fd, -1, fds[1], 0, 10, 0), -ESPIPE);
	/* The mode is looked at before the offset, and two files are refused before waiting. */
	expect(run(&ring, splice, fds[1], 0, fd, -1, 10, 0), -EBADF);
	expect(run(&ring, splice, fd, -1, fds[0], 0, 10, 0), -EBADF);
	unix_pair(sv);
	expect(run(&ring, splice, sv[0], -1, fd, -1, 10, SPLICE_F_NONBLOCK), -EINVAL);
	expect(run(&ring, splice, sv[0], -1, fds[0], -1, 10, SPLICE_F_NONBLOCK), -EBADF);
	expect(run(&ring, tee, sv[0], fds[1], 10, SPLICE_F_NONBLOCK), -EINVAL);
	expect(run(&ring, splice, -1, -1, fds[1], -1, 0, 0), -EBADF);
	/* A pipe into itself. */
	expect(run(&ring, splice, fds[0], -1, fds[1], -1, 10, 0), -EINVAL);
	expect(run(&ring, splice, fd, 0, fds[1], -1, 10, 1 << 20), -EINVAL);
	sys(fcntl(fd, F_SETFL, O_APPEND));
	expect(run(&ring, splice, fds[0], -1, fd, -1, 10, 0), -EINVAL);
	close(other[0]);
	expect(run(&ring, splice, fds[0], -1, other[1], -1, 10, 0), -EPIPE);
	expect(run(&ring, splice, sv[0], -1, other[1], -1, 10, SPLICE_F_NONBLOCK), -EPIPE);
	/* None of it took what was there. */
	expect_text(fds[0], "some");
	io_uring_queue_exit(&ring);
}

static void tees(void)
{
	int fd = scratch_file(100), from[2], to[2], file;
	struct io_uring ring;

	make_pipe(from);
	make_pipe(to);
	file = from[0];
	open_ring(&ring, 4, 0);
	put(from[1], "copied");
	expect(run(&ring, tee, from[0], to[1], 4, 0), 4);
	expect_text(to[0], "copi");
	expect(run(&ring, tee, from[0], to[1], 100, 0), 6);
	expect_text(to[0], "copied");
	expect(io_uring_register_files(&ring, &file, 1), 0);
	expect(run(&ring, tee, 0, to[1], 2, SPLICE_F_FD_IN_FIXED), 2);
	expect_text(to[0], "co");
	expect(run(&ring, tee, from[0], to[1], 0, 0), 0);
	expect_text(from[0], "copied");
	expect(run(&ring, tee, fd, to[1], 4, 0), -EINVAL);
	expect(run(&ring, tee, from[0], fd, 4, 0), -EINVAL);
	expect(run(&ring, tee, from[0], from[1], 4, 0), -EINVAL);
	expect(run(&ring, tee, from[0], to[1], 4, 1 << 20), -EINVAL);
	expect(run(&ring, tee, -1, to[1], 4, 0), -EBADF);
	expect(run(&ring, tee, from[0], -1, 4, 0), -EBADF);
	close(from[1]);
	expect(run(&ring, tee, from[0], to[1], 4, 0), 0);
	io_uring_queue_exit(&ring);
}

static void pipes(void)
{
	int fds[2] = { -1, -1 };
	struct io_uring ring;

	need_op(IORING_OP_PIPE, "PIPE");
	open_ring(&ring, 4, 0);
	expect(run(&ring, pipe, fds, 0), 0);
	put(fds[1], "through");
	expect_text(fds[0], "through");
	expect(fcntl(fds[0], F_GETFD) | fcntl(fds[1], F_GETFD), 0);
	expect(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
	expect(run(&ring, pipe, fds, O_CLOEXEC | O_NONBLOCK | O_DIRECT), 0);
	expect(fcntl(fds[0], F_GETFD) & fcntl(fds[1], F_GETFD), FD_CLOEXEC);
	expect(fcntl(fds[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	expect(fcntl(fds[1], F_GETFL) & (O_NONBLOCK | O_DIRECT), O_NONBLOCK | O_DIRECT);
	expect(run(&ring, pipe, fds, O_APPEND), -EINVAL);
	io_uring_queue_exit(&ring);
}

static void pipe_to_nowhere(void)
{
	struct io_uring ring;
	int unused;

	need_op(IORING_OP_PIPE, "PIPE");
	open_ring(&ring, 4, 0);
	unused = dup(0);
	close(unused);
	expect(run(&ring, pipe, (int *)16, 0), -EFAULT);
	expect(dup(0), unused);
	io_uring_queue_exit(&ring);
}

static void direct_pipes(void)
{
	struct io_uring ring;
	int fds[2] = { -1, -1 };
	char buf[8];

	need_op(IORING_OP_PIPE, "PIPE");
	open_ring(&ring, 4, 0);
	expect(run(&ring, pipe_direct, fds, 0, 0), -ENXIO);
	expect(io_uring_register_files_sparse(&ring, 5), 0);
	expect(run(&ring, pipe_direct, fds, 0, 1), 0);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, write, 2, "slot", 4, 0), 4);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 1, buf, 8, 0), 4);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, write, 1, "x", 1, 0), -EBADF);
	expect(run(&ring, pipe_direct, fds, 0, IORING_FILE_INDEX_ALLOC), 0);
	check(fds[0] != fds[1] && fds[0] != 1 && fds[1] != 2, "slots %d, %d", fds[0], fds[1]);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, write, fds[1], "slot", 4, 0), 4);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, fds[0], buf, 8, 0), 4);
	/* One slot is too few, and is free again. */
	expect(run(&ring, pipe_direct, fds, 0, IORING_FILE_INDEX_ALLOC), -ENFILE);
	expect(run(&ring, open_direct, ".", O_RDONLY, 0, IORING_FILE_INDEX_ALLOC) >= 0, 1);
	expect(run(&ring, pipe_direct, fds, O_CLOEXEC, 0), -EINVAL);
	/* Found out when it runs, so that what is submitted with it runs, too. */
	for (unsigned i = 0; i < 2; i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		if (i)
			io_uring_prep_nop(sqe);
		else
			io_uring_prep_pipe_direct(sqe, fds, O_CLOEXEC, 0);
		set_sqe(sqe, i, 0);
	}
	submit(&ring, 2);
	expect_answer(&ring, 0, -EINVAL);
	expect_answer(&ring, 1, 0);
	expect(run(&ring, pipe_direct, fds, 0, 4), -EINVAL);
	expect(run(&ring, pipe_direct, fds, 0, 5), -EINVAL);
	io_uring_queue_exit(&ring);
}

const struct conformance_case splice_cases[] = {
	{ "SPLICE moves from a file to a pipe", file_to_pipe },
	{ "SPLICE moves from a pipe to a file", pipe_to_file },
	{ "SPLICE moves between pipes and sockets", pipe_to_pipe },
	{ "SPLICE and TEE wait for data, unless told not to", splice_waits },
	{ "SPLICE takes fixed files on either side", fixed_fd_in },
	{ "errors of SPLICE", errors_of_splice },
	{ "TEE copies and leaves", tees },
	{ "PIPE makes a pipe with its flags", pipes },
	{ "PIPE to an address that is none leaves no descriptor", pipe_to_nowhere },
	{ "PIPE puts its ends into slots", direct_pipes },
	{ 0 },
};
