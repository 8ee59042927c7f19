/* SPDX-License-Identifier: MIT */
/* Requests that wait where no descriptor is left for the engine. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <anyring.h>

#include "cases/check.h"
#include "cases/jobs.h"

static struct io_uring ring;
static struct __kernel_timespec limit = { .tv_sec = 5 };

/* All are of numbers that nothing else gets any more. */
static void use_up_numbers(void)
{
	struct rlimit none;

	none.rlim_cur = none.rlim_max = (rlim_t)dup(0);
	close((int)none.rlim_cur);
	check(!setrlimit(RLIMIT_NOFILE, &none), "limit not set");
	check(dup(0) < 0 && errno == EMFILE, "a number is left");
}

static void open_ring(void)
{
	check(!io_uring_queue_init(8, &ring, 0), "no ring");
	check(anyring_ring_engine(&ring) == ANYRING_USER, "not the user engine");
}

static void submit(struct io_uring_sqe *sqe, uint64_t data)
{
	sqe->user_data = data;
	check(io_uring_submit(&ring) == 1, "not submitted");
}

static void start_read(int fd, char *byte, uint64_t data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	io_uring_prep_read(sqe, fd, byte, 1, 0);
	submit(sqe, data);
}

#define expect(data, result) expect_at(__LINE__, data, result)
static void expect_at(int line, uint64_t data, int res)
{
	struct io_uring_cqe *cqe;

	check(!io_uring_wait_cqe_timeout(&ring, &cqe, &limit), "line %d: no completion", line);
	check(cqe->user_data == data && cqe->res == res, "line %d: %d of %llu", line, cqe->res,
	      cqe->user_data);
	io_uring_cqe_seen(&ring, cqe);
}

static void expect_none(void)
{
	struct __kernel_timespec soon = { .tv_nsec = 20000000 };
	struct io_uring_cqe *cqe;

	check(io_uring_wait_cqe_timeout(&ring, &cqe, &soon) == -ETIME, "a completion");
}

static void waits_all_the_same(void)
{
	char byte = 0;
	int fds[2];

	open_ring();
	check(!pipe(fds), "no pipe");
	use_up_numbers();
	/* Again and again. */
	for (unsigned i = 0; i < 10; i++) {
		start_read(fds[0], &byte, i);
		expect_none();
		check(write(fds[1], "x", 1) == 1, "not written");
		expect(i, 1);
	}
	io_uring_queue_exit(&ring);
	check(!close(fds[0]), "the descriptor was closed");
}

/* A worker would need a descriptor: it does without one. */
static void with_async(void)
{
	struct io_uring_sqe *sqe;
	char byte;
	int fds[2];

	open_ring();
	check(!pipe(fds), "no pipe");
	use_up_numbers();
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_read(sqe, fds[0], &byte, 1, 0);
	sqe->flags |= IOSQE_ASYNC;
	submit(sqe, 1);
	expect_none();
	check(write(fds[1], "x", 1) == 1, "not written");
	expect(1, 1);
	io_uring_queue_exit(&ring);
}

static void both_directions(void)
{
	static char full[1 << 20];
	char bytes[2];
	struct io_uring_sqe *sqe;
	int pair[2];

	open_ring();
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "no sockets");
	use_up_numbers();
	while (send(pair[0], full, sizeof(full), MSG_DONTWAIT) > 0)
		;
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_send(sqe, pair[0], "x", 1, 0);
	submit(sqe, 1);
	start_read(pair[0], &bytes[0], 2);
	start_read(pair[0], &bytes[1], 3);
	expect_none();
	check(write(pair[1], "ab", 2) == 2, "not written");
	expect(2, 1);
	expect(3, 1);
	check(bytes[0] == 'a' && bytes[1] == 'b', "%c and %c", bytes[0], bytes[1]);
	while (recv(pair[1], full, sizeof(full), MSG_DONTWAIT) > 0)
		;
	expect(1, 1);
	io_uring_queue_exit(&ring);
}

/* A read that waits for the first of two pipes, which a duplicate keeps when its number goes. */
struct two_pipes {
	int fds[2], other[2];
	char bytes[2];
};

static void open_two(struct two_pipes *p)
{
	*p = (struct two_pipes){ 0 };
	open_ring();
	check(!pipe(p->fds) && !pipe(p->other), "no pipes");
	check(dup(p->fds[0]) > 0, "no duplicate");
	use_up_numbers();
	start_read(p->fds[0], &p->bytes[0], 1);
}

/* The first read has got nothing, and the second one what is the other pipe's. */
static void close_two(const struct two_pipes *p)
{
	check(!p->bytes[0] && p->bytes[1] == 'o', "other bytes");
	io_uring_queue_exit(&ring);
}

/* What the number is of by then is not touched. */
static void number_of_another(void)
{
	struct two_pipes p;

	open_two(&p);
	expect_none();
	check(dup2(p.other[0], p.fds[0]) == p.fds[0], "not replaced");
	check(write(p.other[1], "o", 1) == 1 && write(p.fds[1], "x", 1) == 1, "not written");
	expect(1, -EBADF);
	start_read(p.fds[0], &p.bytes[1], 2);
	expect(2, 1);
	close_two(&p);
}

/* The second borrows the same number, for another file. */
static void number_borrowed_again(void)
{
	struct two_pipes p;

	open_two(&p);
	check(dup2(p.other[0], p.fds[0]) == p.fds[0], "not replaced");
	start_read(p.fds[0], &p.bytes[1], 2);
	expect_none();
	check(write(p.fds[1], "x", 1) == 1, "not written");
	expect(1, -EBADF);
	expect_none();
	check(write(p.other[1], "o", 1) == 1, "not written");
	expect(2, 1);
	close_two(&p);
}

/* The engine itself gets the number that was closed. */
static void number_of_the_engine(void)
{
	struct two_pipes p;

	open_two(&p);
	close(p.fds[0]);
	start_read(p.other[0], &p.bytes[1], 2);
	check(dup(0) < 0, "the engine did not take it");
	check(write(p.fds[1], "x", 1) == 1, "not written");
	expect(1, -EBADF);
	check(write(p.other[1], "o", 1) == 1, "not written");
	expect(2, 1);
	close_two(&p);
}

/* A child has the number, too, but it is the parent who waits. */
static void child_lets_go(void)
{
	int fds[2], status;
	pid_t child;
	char byte;

	open_ring();
	check(!pipe(fds), "no pipe");
	use_up_numbers();
	start_read(fds[0], &byte, 1);
	child = fork();
	check(child >= 0, "no child");
	if (!child) {
		io_uring_queue_exit(&ring);
		_exit(fcntl(fds[0], F_GETFD) < 0);
	}
	check(waitpid(child, &status, 0) == child && !status, "wait status %#x", status);
	check(write(fds[1], "x", 1) == 1, "not written");
	expect(1, 1);
	io_uring_queue_exit(&ring);
}

static void closed_ones_are_cancelled(void)
{
	struct io_uring_sync_cancel_reg cancel = { .addr = 1, .timeout = { -1, -1 } };
	int fds[2];
	char byte;

	open_ring();
	check(!pipe(fds), "no pipe");
	use_up_numbers();
	start_read(fds[0], &byte, 1);
	close(fds[0]);
	expect_none();
	check(!io_uring_register_sync_cancel(&ring, &cancel), "not cancelled");
	expect(1, -ECANCELED);
	io_uring_queue_exit(&ring);
}

/* A wait for `fds[0]`, whose number another file has got since; a duplicate keeps the file. */
static int take_number(int fds[2], char *byte)
{
	int others[2], kept;

	open_ring();
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds) &&
		      !socketpair(AF_UNIX, SOCK_STREAM, 0, others),
	      "no sockets");
	kept = dup(fds[0]);
	use_up_numbers();
	start_read(fds[0], byte, 1);
	check(dup2(others[0], fds[0]) == fds[0], "dup2");
	return kept;
}

static void not_cancelled_by_number(void)
{
	struct io_uring_sqe *sqe;
	int fds[2];
	char byte;

	take_number(fds, &byte);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_cancel_fd(sqe, fds[0], IORING_ASYNC_CANCEL_ALL);
	submit(sqe, 2);
	expect(2, 0);
	expect_none();
	io_uring_queue_exit(&ring);
}

static void number_got_back(void)
{
	struct io_uring_sync_cancel_reg cancel = { .addr = 1, .timeout = { -1, -1 } };
	int fds[2], kept;
	char byte;

	kept = take_number(fds, &byte);
	check(!io_uring_register_sync_cancel(&ring, &cancel), "not cancelled");
	expect(1, -ECANCELED);
	check(dup2(kept, fds[0]) == fds[0], "dup2");
	start_read(fds[0], &byte, 2);
	expect_none();
	check(write(fds[1], "x", 1) == 1, "write");
	expect(2, 1);
	io_uring_queue_exit(&ring);
}

/* Multishot polls have a file of their own each, and workers must be sure of theirs. */
static void some_need_their_own(void)
{
	struct io_uring_sqe *sqe;
	int fds[2];
	FILE *file = tmpfile();

	open_ring();
	check(file && !pipe(fds), "no files");
	use_up_numbers();
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_poll_multishot(sqe, fds[0], POLLIN);
	submit(sqe, 1);
	expect(1, -EMFILE);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_fsync(sqe, fileno(file), 0);
	submit(sqe, 2);
	expect(2, -EMFILE);
	io_uring_queue_exit(&ring);
}

static const struct test_case cases[] = {
	{ "requests wait for descriptors that have no duplicate", .run = waits_all_the_same },
	{ "so do those with IOSQE_ASYNC", .run = with_async },
	{ "several wait for one that has no duplicate", .run = both_directions },
	{ "a descriptor that is another file by then gives -EBADF", .run = number_of_another },
	{ "two files can be waited for that had the same number", .run = number_borrowed_again },
	{ "cancelling by a number leaves alone who waits for another file of that number",
	  .run = not_cancelled_by_number },
	{ "a file that gets its number back can be waited for", .run = number_got_back },
	{ "the engine may have got the number of a file that is waited for",
	  .run = number_of_the_engine },
	{ "a wait for a closed descriptor can be cancelled", .run = closed_ones_are_cancelled },
	{ "a child leaves its parent's waits alone", .run = child_lets_go },
	{ "multishot polls, and workers, need a descriptor of their own",
	  .run = some_need_their_own },
	{ 0 },
};

int main(int argc, char **argv)
{
	check(!anyring_set_engine(ANYRING_USER), "no user engine");
	return jobs_main(argc, argv, "borrow", cases);
}
