/* SPDX-License-Identifier: MIT */
/* Reads and writes of what has no positions: pipes, sockets, eventfds, timers; and waiting for
 * them. */
#include <sys/timerfd.h>

#include "run.h"

/* Unlike pread(2), which says ESPIPE. */
static void offsets_of_pipes(void)
{
	struct io_uring ring;
	int fds[2];
	char buf[8];

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	for (int i = 0; i < 3; i++) {
		uint64_t offset = i == 2 ? -1ULL : (uint64_t)i * 77;

		expect(run(&ring, write, fds[1], "pipe", 4, offset), 4);
		expect(run(&ring, read, fds[0], buf, 8, offset), 4);
		check(!memcmp(buf, "pipe", 4), "other bytes");
	}
	expect(run(&ring, write, fds[1], "pipe", 4, -2), -EINVAL);
	io_uring_queue_exit(&ring);
}

static void offsets_of_sockets(void)
{
	struct io_uring ring;
	int fds[2];
	char buf[8];

	unix_pair(fds);
	open_ring(&ring, 4, 0);
	expect(run(&ring, write, fds[1], "sock", 4, 0), 4);
	expect(run(&ring, read, fds[0], buf, 8, 0), 4);
	expect(run(&ring, write, fds[1], "sock", 4, -1), 4);
	/* Unlike a pipe, a socket minds. */
	expect(run(&ring, write, fds[1], "sock", 4, 77), -ESPIPE);
	expect(run(&ring, read, fds[0], buf, 8, 77), -ESPIPE);
	expect(run(&ring, read, fds[0], buf, 8, -1), 4);
	check(!memcmp(buf, "sock", 4), "other bytes");
	io_uring_queue_exit(&ring);
}

static void reads_wait(void)
{
	uint64_t one = 1, got = 0;
	struct io_uring ring;
	int fds[2], sv[2], event = (int)sys(eventfd(0, 0));
	char buf[2][8];

	make_pipe(fds);
	unix_pair(sv);
	open_ring(&ring, 4, 0);
	start(&ring, 1, read, fds[0], buf[0], 8, 0);
	start(&ring, 2, read, sv[0], buf[1], 8, 0);
	start(&ring, 3, read, event, &got, 8, 0);
	expect_none(&ring, 20);
	expect(write(fds[1], "pipe", 4), 4);
	expect_full_answer(&ring, 1, 4, 0);
	expect(write(sv[1], "sock", 4), 4);
	expect_full_answer(&ring, 2, 4, 0);
	expect(write(event, &one, 8), 8);
	expect_full_answer(&ring, 3, 8, 0);
	expect(got, 1);
	check(!memcmp(buf[0], "pipe", 4) && !memcmp(buf[1], "sock", 4), "other bytes");
	io_uring_queue_exit(&ring);
}

static void async_reads_wait(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char buf[8];
	int fds[2];

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_read(sqe, fds[0], buf, 8, 0);
	set_sqe(sqe, 1, IOSQE_ASYNC);
	submit(&ring, 1);
	expect_none(&ring, 20);
	close(fds[1]);
	expect_full_answer(&ring, 1, 0, 0);
	io_uring_queue_exit(&ring);
}

/* Only RWF_NOWAIT keeps a request from waiting: since Linux 5.16, O_NONBLOCK does not. */
static void nonblocking_files(void)
{
	uint64_t value = 5;
	struct itimerspec soon = { .it_value.tv_nsec = 1 };
	struct io_uring ring;
	char buf[4][8];
	int fds[2], sv[2];
	int event = (int)sys(eventfd(0, EFD_NONBLOCK));
	int timer = (int)sys(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));

	need_linux(5, 16, "waiting for files with O_NONBLOCK");
	sys(pipe2(fds, O_NONBLOCK));
	sys(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv));
	open_ring(&ring, 4, 0);
	start(&ring, 1, read, fds[0], buf[0], 8, 0);
	start(&ring, 2, read, sv[0], buf[1], 8, 0);
	start(&ring, 3, read, event, buf[2], 8, 0);
	start(&ring, 4, read, timer, buf[3], 8, 0);
	expect_none(&ring, 20);
	expect(write(fds[1], "pipe", 4), 4);
	expect_full_answer(&ring, 1, 4, 0);
	expect(write(sv[1], "sock!", 5), 5);
	expect_full_answer(&ring, 2, 5, 0);
	expect(write(event, &value, 8), 8);
	expect_full_answer(&ring, 3, 8, 0);
	expect(memcmp(buf[2], &value, 8), 0);
	sys(timerfd_settime(timer, 0, &soon, NULL));
	expect_full_answer(&ring, 4, 8, 0);
	io_uring_queue_exit(&ring);
}

static void events_and_timers(void)
{
	struct itimerspec soon = { .it_value.tv_nsec = 5000000 };
	int event = (int)sys(eventfd(3, EFD_SEMAPHORE));
	int timer = (int)sys(timerfd_create(CLOCK_MONOTONIC, 0));
	uint64_t value = UINT64_MAX;
	struct io_uring ring;

	open_ring(&ring, 4, 0);
	expect(run(&ring, read, event, &value, 8, 0), 8);
	expect(value, 1);
	expect(run(&ring, read, event, &value, 4, 0), -EINVAL);
	value = UINT64_MAX;
	expect(run(&ring, write, event, &value, 8, 0), -EINVAL);
	value = 1;
	expect(run(&ring, write, event, &value, 4, 0), -EINVAL);
	start(&ring, 1, read, timer, &value, 8, 0);
	expect_none(&ring, 10);
	sys(timerfd_settime(timer, 0, &soon, NULL));
	expect_full_answer(&ring, 1, 8, 0);
	expect(value, 1);
	expect(run(&ring, write, timer, &value, 8, 0), -EINVAL);
	io_uring_queue_exit(&ring);
}

static void ends_of_pipes(void)
{
	struct io_uring ring;
	char buf[8];
	int fds[2];

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	start(&ring, 1, read, fds[0], buf, 8, 0);
	close(fds[1]);
	expect_full_answer(&ring, 1, 0, 0);
	expect(run(&ring, read, fds[0], buf, 8, 0), 0);
	/* The wrong end. */
	make_pipe(fds);
	expect(run(&ring, read, fds[1], buf, 8, 0), -EBADF);
	expect(run(&ring, write, fds[0], buf, 8, 0), -EBADF);
	io_uring_queue_exit(&ring);
}

static void full_pipes(void)
{
	static char page[8192];

	/* With O_NONBLOCK just as without. */
	for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
		struct io_uring ring;
		int fds[2];

		need_linux(5, 16, "waiting for files with O_NONBLOCK");
		sys(pipe2(fds, flags));
		open_ring(&ring, 4, 0);
		expect(fcntl(fds[1], F_SETPIPE_SZ, 4096), 4096);
		/* Unlike write(2) to a pipe without O_NONBLOCK, it waits for no room for the
		 * rest. */
		expect(run(&ring, write, fds[1], page, 8192, 0), 4096);
		start(&ring, 1, write, fds[1], page, 100, 0);
		expect_none(&ring, 20);
		expect(read(fds[0], page, 4096), 4096);
		expect_full_answer(&ring, 1, 100, 0);
		expect(read(fds[0], page, 4096), 100);
		io_uring_queue_exit(&ring);
	}
}

static void waiting_writes_fail(void)
{
	static char page[4096];
	struct io_uring ring;
	int fds[2];

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	expect(fcntl(fds[1], F_SETPIPE_SZ, 4096), 4096);
	expect(run(&ring, write, fds[1], page, 4096, 0), 4096);
	start(&ring, 1, write, fds[1], page, 1, 0);
	expect_none(&ring, 20);
	close(fds[0]);
	expect_full_answer(&ring, 1, -EPIPE, 0);
	io_uring_queue_exit(&ring);
}

static void requests_keep_their_file(void)
{
	struct io_uring ring;
	char buf[8];
	int fds[2];

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	start(&ring, 1, read, fds[0], buf, 8, 0);
	close(fds[0]);
	/* So somebody still reads, and this is no EPIPE. */
	expect(write(fds[1], "late", 4), 4);
	expect_full_answer(&ring, 1, 4, 0);
	check(!memcmp(buf, "late", 4), "other bytes");
	expect(write(fds[1], "x", 1), -1);
	expect(errno, EPIPE);
	io_uring_queue_exit(&ring);
}

const struct conformance_case stream_cases[] = {
	{ "a pipe takes any offset that is not negative", offsets_of_pipes },
	{ "a socket takes the offsets 0 and -1", offsets_of_sockets },
	{ "a read of a pipe, socket or eventfd waits for data", reads_wait },
	{ "a read with IOSQE_ASYNC waits too, and sees the end", async_reads_wait },
	{ "a read of a file with O_NONBLOCK waits nevertheless", nonblocking_files },
	{ "eventfds and timerfds are read and written by their own rules", events_and_timers },
	{ "the last writer gone ends a read with 0", ends_of_pipes },
	{ "a write to a pipe gives what fits, and waits when it is full", full_pipes },
	{ "the last reader gone ends a waiting write with -EPIPE", waiting_writes_fail },
	{ "a request keeps its file after close", requests_keep_their_file },
	{ 0 },
};
