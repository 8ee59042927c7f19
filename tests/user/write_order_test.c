/* SPDX-License-Identifier: MIT */
/* Writes that wait for each other (src/user/op/write_order.h), and those that must not. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <anyring.h>

#include "cases/check.h"
#include "cases/jobs.h"

/* Long enough for what is submitted after it. */
#define SLOW_US 200000

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

/* ---- A slow disk ----------------------------------------------------------------------------- */

/* The first byte of what takes its time to be written. */
#define SLOW 's'

long __real_user_syscall(long nr, long a, long b, long c, long d, long e, long f);
long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f);

long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	if (nr == __NR_pwritev2 && c &&
	    *(const char *)((const struct iovec *)b)->iov_base == SLOW) {
		if (f & RWF_NOWAIT)
			return -EAGAIN;
		usleep(SLOW_US);
	}
	return __real_user_syscall(nr, a, b, c, d, e, f);
}

/* ---- Cases ----------------------------------------------------------------------------------- */

static struct io_uring ring;

static int open_file(void)
{
	char name[] = "/tmp/anyring-write-order-XXXXXX";
	int fd = mkstemp(name);

	check(fd >= 0 && !unlink(name), "no file: %s", strerror(errno));
	return fd;
}

/* The end of a pipe that takes no more. */
static int full_pipe(void)
{
	static const char bytes[4096];
	int fds[2];

	check(!pipe2(fds, O_NONBLOCK), "no pipe: %s", strerror(errno));
	while (write(fds[1], bytes, sizeof(bytes)) > 0)
		continue;
	check(!fcntl(fds[1], F_SETFL, 0), "O_NONBLOCK");
	return fds[1];
}

static void write_slowly(int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	io_uring_prep_write(sqe, fd, "slow", 4, 0);
	sqe->user_data = 1;
	check(io_uring_submit(&ring) == 1, "not submitted");
}

/* The slow write, though one to a full pipe was submitted after it. */
static void expect_slow(void)
{
	struct __kernel_timespec most = { .tv_sec = 5 };
	struct io_uring_cqe *cqe;

	check(!io_uring_wait_cqe_timeout(&ring, &cqe, &most), "it waits for the pipe");
	check(cqe->user_data == 1 && cqe->res == 4, "%d of %d", cqe->res, (int)cqe->user_data);
	io_uring_cqe_seen(&ring, cqe);
}

static void open_ring(void)
{
	check(!io_uring_queue_init(4, &ring, 0), "no ring");
	check(anyring_ring_engine(&ring) == ANYRING_USER, "not the user engine");
}

static void slot_is_no_descriptor(void)
{
	int fd = open_file(), pipe = full_pipe();
	struct io_uring_sqe *sqe;

	open_ring();
	check(!io_uring_register_files_sparse(&ring, (unsigned)fd + 1), "no table");
	check(io_uring_register_files_update(&ring, (unsigned)fd, &pipe, 1) == 1, "no slot");
	write_slowly(fd);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_write(sqe, fd, "pipe", 4, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	check(io_uring_submit(&ring) == 1, "not submitted");
	expect_slow();
	io_uring_queue_exit(&ring);
}

static void number_is_another_file(void)
{
	int fd = open_file(), pipe = full_pipe();

	open_ring();
	write_slowly(fd);
	check(dup2(pipe, fd) == fd, "dup2: %s", strerror(errno));
	io_uring_prep_write(io_uring_get_sqe(&ring), fd, "pipe", 4, 0);
	check(io_uring_submit(&ring) == 1, "not submitted");
	expect_slow();
	io_uring_queue_exit(&ring);
}

/* Each appends where the one before it ended. */
static void appended_in_order(void)
{
	int fd = open_file();
	struct io_uring_cqe *cqe;
	char text[9] = "";

	check(!fcntl(fd, F_SETFL, O_APPEND), "no O_APPEND");
	open_ring();
	write_slowly(fd);
	io_uring_prep_write(io_uring_get_sqe(&ring), fd, "next", 4, 0);
	check(io_uring_submit_and_wait(&ring, 2) == 1, "not submitted");
	check(!io_uring_peek_cqe(&ring, &cqe), "no completion");
	check(pread(fd, text, 8, 0) == 8 && !strcmp(text, "slownext"), "'%s'", text);
	io_uring_queue_exit(&ring);
}

static const struct test_case cases[] = {
	{ "what is appended is so in its order", .run = appended_in_order },
	{ "a registered file is not the descriptor of that number", .run = slot_is_no_descriptor },
	{ "a pipe at a number used again is not waited for", .run = number_is_another_file },
	{ 0 },
};

int main(int argc, char **argv)
{
	check(!anyring_set_engine(ANYRING_USER), "no user engine");
	return jobs_main(argc, argv, "write order", cases);
}
