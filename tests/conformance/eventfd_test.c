/* SPDX-License-Identifier: MIT */
/* The eventfd that tells of completions. */
#include "requests.h"

static int new_eventfd(void)
{
	return (int)sys(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

/* Waits for a signal, for at most `ms`; takes all that there are. */
static bool signalled(int fd, int ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	uint64_t count = 0;

	if (sys(poll(&poll_fd, 1, ms)) == 0)
		return false;
	expect(read(fd, &count, sizeof(count)), sizeof(count));
	check(count > 0, "the eventfd is readable with nothing in it");
	return true;
}

static void run_nop(struct io_uring *ring, unsigned flags)
{
	queue_nop(ring, 1, flags);
	submit(ring, 1);
	expect_answer(ring, 1, 0);
}

static void each_completion(void)
{
	struct io_uring ring;
	int fd = new_eventfd();

	open_ring(&ring, 8, 0);
	expect(io_uring_register_eventfd(&ring, fd), 0);
	check(!signalled(fd, 0), "a signal before any completion");
	for (int i = 0; i < 3; i++) {
		run_nop(&ring, 0);
		check(signalled(fd, 5000), "no signal for a completion at once");
		run_nop(&ring, IOSQE_ASYNC);
		check(signalled(fd, 5000), "no signal for a completion in a worker");
	}
	check(!signalled(fd, 0), "a signal without a completion");
	io_uring_queue_exit(&ring);
}

/* The count is a hint only (io_uring_register(2)), so at least 1 is what there is to check. */
static void later_completion(void)
{
	struct __kernel_timespec ts = MILLISECONDS(20);
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = new_eventfd(), pipe_fds[2];

	open_ring(&ring, 8, 0);
	make_pipe(pipe_fds);
	expect(io_uring_register_eventfd(&ring, fd), 0);
	sqe = new_sqe(&ring);
	io_uring_prep_timeout(sqe, &ts, 0, 0);
	set_sqe(sqe, 2, 0);
	submit(&ring, 1);
	check(signalled(fd, 5000), "no signal for a timeout");
	expect_answer(&ring, 2, -ETIME);
	sqe = new_sqe(&ring);
	io_uring_prep_poll_add(sqe, pipe_fds[0], POLLIN);
	set_sqe(sqe, 3, 0);
	submit(&ring, 1);
	check(!signalled(fd, 20), "a signal though nothing has happened");
	expect(write(pipe_fds[1], "x", 1), 1);
	check(signalled(fd, 5000), "no signal for a poll");
	expect_answer(&ring, 3, POLLIN);
	io_uring_queue_exit(&ring);
}

static void skipped_completion(void)
{
	struct io_uring ring;
	int fd = new_eventfd();

	open_ring(&ring, 8, 0);
	need_feature(&ring, IORING_FEAT_CQE_SKIP, "IOSQE_CQE_SKIP_SUCCESS");
	expect(io_uring_register_eventfd(&ring, fd), 0);
	queue_nop(&ring, 1, IOSQE_CQE_SKIP_SUCCESS);
	submit(&ring, 1);
	check(!signalled(fd, 20), "a signal for a completion that was skipped");
	io_uring_queue_exit(&ring);
}

/* Deferred work runs only when the ring is entered; the signal is what tells that it is there. */
static void deferred_completion(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = new_eventfd(), pipe_fds[2];

	open_ring(&ring, 8, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	make_pipe(pipe_fds);
	expect(io_uring_register_eventfd(&ring, fd), 0);
	sqe = new_sqe(&ring);
	io_uring_prep_poll_add(sqe, pipe_fds[0], POLLIN);
	set_sqe(sqe, 3, 0);
	submit(&ring, 1);
	check(!signalled(fd, 20), "a signal though nothing has happened");
	expect(write(pipe_fds[1], "x", 1), 1);
	check(signalled(fd, 5000), "no signal for work that waits to be run");
	expect(io_uring_cq_ready(&ring), 0);
	expect_answer(&ring, 3, POLLIN);
	io_uring_queue_exit(&ring);
}

static void async_only(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = new_eventfd(), file = scratch_file(10);
	char byte;

	open_ring(&ring, 8, 0);
	expect(io_uring_register_eventfd_async(&ring, fd), 0);
	run_nop(&ring, 0);
	check(!signalled(fd, 20), "a signal for a completion at submission");
	sqe = new_sqe(&ring);
	io_uring_prep_read(sqe, file, &byte, 1, 0);
	set_sqe(sqe, 2, IOSQE_ASYNC);
	submit(&ring, 1);
	check(signalled(fd, 5000), "no signal for a completion in a worker");
	expect_answer(&ring, 2, 1);
	io_uring_queue_exit(&ring);
}

static void switched_off(void)
{
	struct io_uring ring;
	int fd = new_eventfd();

	open_ring(&ring, 8, 0);
	check(io_uring_cq_eventfd_enabled(&ring), "disabled from the start");
	/* The flag is the application's own, eventfd or not. */
	expect(io_uring_cq_eventfd_toggle(&ring, false), 0);
	check(!io_uring_cq_eventfd_enabled(&ring), "not disabled");
	expect(io_uring_register_eventfd(&ring, fd), 0);
	run_nop(&ring, 0);
	check(!signalled(fd, 20), "a signal while switched off");
	expect(io_uring_cq_eventfd_toggle(&ring, true), 0);
	check(!signalled(fd, 20), "a signal made up for");
	run_nop(&ring, 0);
	check(signalled(fd, 5000), "no signal once switched on again");
	io_uring_queue_exit(&ring);
}

static void taken_back(void)
{
	struct io_uring ring;
	int fd = new_eventfd(), other = new_eventfd();

	open_ring(&ring, 8, 0);
	expect(io_uring_register_eventfd(&ring, fd), 0);
	expect(io_uring_register_eventfd(&ring, fd), -EBUSY);
	expect(io_uring_register_eventfd(&ring, other), -EBUSY);
	expect(io_uring_register_eventfd_async(&ring, other), -EBUSY);
	expect(io_uring_unregister_eventfd(&ring), 0);
	expect(io_uring_unregister_eventfd(&ring), -ENXIO);
	run_nop(&ring, 0);
	check(!signalled(fd, 20), "a signal after unregistering");
	expect(io_uring_register_eventfd(&ring, other), 0);
	run_nop(&ring, 0);
	check(signalled(other, 5000), "no signal in the second one");
	check(!signalled(fd, 0), "a signal in the first one");
	expect(io_uring_unregister_eventfd(&ring), 0);
	io_uring_queue_exit(&ring);
}

static void wrong_descriptor(void)
{
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	expect(io_uring_register_eventfd(&ring, fds[0]), -EINVAL);
	expect(io_uring_register_eventfd(&ring, ring.ring_fd), -EINVAL);
	expect(io_uring_register_eventfd(&ring, 9999), -EBADF);
	expect(io_uring_register_eventfd(&ring, -1), -EBADF);
	expect(io_uring_register_eventfd_async(&ring, -1), -EBADF);
	/* None of them took the place. */
	expect(io_uring_unregister_eventfd(&ring), -ENXIO);
	io_uring_queue_exit(&ring);
}

static void kept_open(void)
{
	struct io_uring ring;
	int fd = new_eventfd(), copy = (int)sys(dup(fd));

	open_ring(&ring, 8, 0);
	expect(io_uring_register_eventfd(&ring, fd), 0);
	close(fd);
	run_nop(&ring, 0);
	check(signalled(copy, 5000), "no signal after the descriptor was closed");
	io_uring_queue_exit(&ring);
}

/* One eventfd for two rings is how a program waits for both. */
static void shared_by_rings(void)
{
	struct io_uring rings[2];
	int fd = new_eventfd();

	for (int i = 0; i < 2; i++) {
		open_ring(&rings[i], 8, 0);
		expect(io_uring_register_eventfd(&rings[i], fd), 0);
	}
	for (int i = 0; i < 2; i++) {
		run_nop(&rings[i], 0);
		check(signalled(fd, 5000), "no signal from ring %d", i);
	}
	expect(io_uring_unregister_eventfd(&rings[0]), 0);
	run_nop(&rings[0], 0);
	check(!signalled(fd, 20), "a signal from the ring that unregistered");
	run_nop(&rings[1], 0);
	check(signalled(fd, 5000), "no signal from the other ring");
	for (int i = 0; i < 2; i++)
		io_uring_queue_exit(&rings[i]);
}

/* A read of the eventfd by the ring that signals it, as a program with one loop does. */
static void read_by_the_ring(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring, other;
	uint64_t count = 0;
	int fd = new_eventfd();

	open_ring(&ring, 8, 0);
	open_ring(&other, 8, 0);
	expect(io_uring_register_eventfd(&other, fd), 0);
	sys(fcntl(fd, F_SETFL, 0));
	sqe = new_sqe(&ring);
	io_uring_prep_read(sqe, fd, &count, sizeof(count), 0);
	set_sqe(sqe, 9, 0);
	submit(&ring, 1);
	expect_none(&ring, 20);
	run_nop(&other, 0);
	expect_answer(&ring, 9, sizeof(count));
	check(count > 0, "nothing was counted");
	io_uring_queue_exit(&ring);
	io_uring_queue_exit(&other);
}

static void overflowing_completion(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE, .cq_entries = 2 };
	struct io_uring ring;
	int fd = new_eventfd();

	expect(try_ring(&ring, 2, &p), 0);
	expect(io_uring_register_eventfd(&ring, fd), 0);
	for (int i = 0; i < 4; i++) {
		queue_nop(&ring, 1, 0);
		submit(&ring, 1);
		/* The third and fourth find no room, and so change nothing to be told of. */
		expect(signalled(fd, i < 2 ? 5000 : 20), i < 2);
	}
	for (int i = 0; i < 4; i++)
		expect_answer(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

static void completions_from_elsewhere(void)
{
	const __u64 tag = 31;
	struct io_uring_sqe *sqe;
	struct io_uring ring, other;
	int fd = new_eventfd(), file = scratch_file(1);

	need_op(IORING_OP_MSG_RING, "IORING_OP_MSG_RING");
	open_ring(&ring, 8, 0);
	open_ring(&other, 8, 0);
	expect(io_uring_register_eventfd(&ring, fd), 0);
	sqe = new_sqe(&other);
	io_uring_prep_msg_ring(sqe, ring.ring_fd, 2, 3, 0);
	set_sqe(sqe, 1, 0);
	submit(&other, 1);
	check(signalled(fd, 5000), "no signal for a message");
	expect_answer(&ring, 3, 2);
	expect(io_uring_register_files_tags(&ring, &file, &tag, 1), 0);
	check(!signalled(fd, 20), "a signal for registering a tag");
	expect(io_uring_unregister_files(&ring), 0);
	check(signalled(fd, 5000), "no signal for a tag");
	expect_answer(&ring, 31, 0);
	io_uring_queue_exit(&ring);
	io_uring_queue_exit(&other);
}

static void multishot(void)
{
	struct io_uring ring;
	int fd = new_eventfd(), shots;

	open_ring(&ring, 8, 0);
	expect(io_uring_register_eventfd(&ring, fd), 0);
	shots = queue_multishot(&ring, 1);
	submit(&ring, 1);
	for (int i = 0; i < 3; i++) {
		release(shots);
		check(signalled(fd, 5000), "no signal for a shot");
		expect_answer(&ring, 1, POLLIN);
	}
	io_uring_queue_exit(&ring);
}

/* Each time it is told of would be the next, too. */
static void polled_by_its_ring(void)
{
	struct answer answers[2];
	struct io_uring ring;
	int fd = new_eventfd();

	open_ring(&ring, 8, 0);
	expect(io_uring_register_eventfd(&ring, fd), 0);
	io_uring_prep_poll_multishot(new_sqe(&ring), fd, POLLIN);
	set_sqe(&ring.sq.sqes[0], 1, 0);
	submit(&ring, 1);
	queue_nop(&ring, 2, 0);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 2);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], 1, POLLIN, 0);
	expect_full_answer_at(__FILE__, __LINE__, answers[1], 2, 0, 0);
	expect_none(&ring, 20);
	io_uring_queue_exit(&ring);
}

const struct conformance_case eventfd_cases[] = {
	{ "each completion signals it", each_completion },
	{ "a completion that comes later signals it", later_completion },
	{ "each completion of a multishot request signals it", multishot },
	{ "a completion that is skipped does not signal it", skipped_completion },
	{ "deferred work signals it before the completion is there", deferred_completion },
	{ "with ASYNC, only completions of workers signal it", async_only },
	{ "it can be switched off and on in the CQ ring's flags", switched_off },
	{ "there is one at most, and it can be unregistered", taken_back },
	{ "what is no eventfd is refused", wrong_descriptor },
	{ "it stays in use when its descriptor is closed", kept_open },
	{ "two rings can signal the same one", shared_by_rings },
	{ "another ring can read it", read_by_the_ring },
	{ "a completion that finds no room does not signal it", overflowing_completion },
	{ "messages and tags signal it", completions_from_elsewhere },
	{ "a multishot poll of it by its own ring ends with the first event", polled_by_its_ring },
	{ 0 },
};
