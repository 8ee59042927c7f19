/* SPDX-License-Identifier: MIT */
/* Poll requests: once, many times, changed and taken back. */
#include <sys/epoll.h>

#include "net.h"

#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1U << 28)
#endif

static void submit_poll(struct io_uring *ring, int fd, unsigned events, unsigned len, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_poll_add(sqe, fd, events);
	sqe->len = len;
	set_sqe(sqe, data, 0);
	submit(ring, 1);
}

static void submit_update(struct io_uring *ring, uint64_t old, uint64_t new, unsigned events,
			  unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_poll_update(sqe, old, new, events, flags);
	set_sqe(sqe, 99, 0);
	submit(ring, 1);
}

static void add_to(int event_fd, uint64_t count)
{
	expect(write(event_fd, &count, sizeof(count)), sizeof(count));
}

static int new_eventfd(void)
{
	return (int)sys(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

/* ---- What is told ---------------------------------------------------------------------------- */

static void ready_at_once(void)
{
	int pipe_fds[2], empty[2], closed[2], broken[2], socks[2], half[2], file = scratch_file(5);
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	make_pipe(pipe_fds);
	make_pipe(empty);
	make_pipe(closed);
	make_pipe(broken);
	unix_pair(socks);
	tcp_pair(half);
	peer_sends(pipe_fds[1], 0, 5);
	close(closed[1]);
	close(broken[0]);
	sys(shutdown(half[1], SHUT_WR));
	wait_ready(half[0], POLLRDHUP);
	const struct {
		const char *what;
		int fd;
		unsigned asked;
		int told;
	} rows[] = {
		{ "a pipe with data", pipe_fds[0], POLLIN, POLLIN },
		{ "other names", pipe_fds[0], POLLIN | POLLRDNORM, POLLIN | POLLRDNORM },
		{ "only what is asked for", pipe_fds[0], POLLRDNORM, POLLRDNORM },
		{ "a pipe with room", empty[1], POLLOUT, POLLOUT },
		{ "an idle socket", socks[0], POLLIN | POLLOUT, POLLOUT },
		{ "a pipe without writers", closed[0], POLLIN, POLLHUP },
		{ "hang-up is not asked for", closed[0], 0, POLLHUP },
		{ "a pipe without readers", broken[1], POLLOUT, POLLOUT | POLLERR },
		{ "error is not asked for", broken[1], 0, POLLERR },
		{ "half a connection", half[0], POLLIN | POLLRDHUP, POLLIN | POLLRDHUP },
		{ "half a connection is not asked for", half[0], POLLOUT, POLLOUT | POLLRDHUP },
		{ "a file", file, POLLIN | POLLOUT, POLLIN | POLLOUT },
		{ "no file", 9999, POLLIN, -EBADF },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);
		struct answer a;

		io_uring_prep_poll_add(sqe, rows[i].fd, rows[i].asked);
		set_sqe(sqe, 1, 0);
		a = run_one(&ring);
		check(a.res == rows[i].told && !a.flags, "%s: res is %#x, flags %#x", rows[i].what,
		      a.res, a.flags);
	}
	io_uring_queue_exit(&ring);
	close(file);
}

static void waits_for_it(void)
{
	struct io_uring ring;
	struct sockaddr_in addr;
	int listener = tcp_listener(&addr), fds[2], event_fd = new_eventfd(), client;

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	submit_poll(&ring, fds[0], POLLIN, 0, 1);
	submit_poll(&ring, event_fd, POLLIN, 0, 2);
	submit_poll(&ring, listener, POLLIN, 0, 3);
	submit_poll(&ring, fds[0], POLLPRI, 0, 4);
	expect_none(&ring, 10);
	add_to(event_fd, 1);
	expect_full_answer(&ring, 2, POLLIN, 0);
	peer_sends(fds[1], 0, 1);
	expect_full_answer(&ring, 1, POLLIN, 0);
	client = (int)sys(socket(AF_INET, SOCK_STREAM, 0));
	sys(connect(client, (struct sockaddr *)&addr, sizeof(addr)));
	expect_full_answer(&ring, 3, POLLIN, 0);
	/* Nobody reads, and nothing is told twice. */
	peer_sends(fds[1], 0, 1);
	add_to(event_fd, 1);
	expect_none(&ring, 10);
	close(fds[1]);
	expect_full_answer(&ring, 4, POLLHUP, 0);
	io_uring_queue_exit(&ring);
	close(client);
	close(listener);
}

static void room_again(void)
{
	struct io_uring ring;
	size_t full;
	int fds[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	full = fill(fds[1]);
	submit_poll(&ring, fds[1], POLLOUT, 0, 1);
	expect_none(&ring, 10);
	drain(fds[0], full);
	expect_full_answer(&ring, 1, POLLOUT, 0);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void used_up(void)
{
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	submit_poll(&ring, fds[0], POLLIN, 0, 1);
	/* Linux has noted it by then; who asks later finds nothing. */
	peer_sends(fds[1], 0, 1);
	drain(fds[0], 1);
	sleep_ms(10);
	if (!io_uring_cq_ready(&ring)) {
		expect_none(&ring, 10);
		peer_sends(fds[1], 0, 1);
	}
	expect_full_answer(&ring, 1, POLLIN, 0);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void other_ring(void)
{
	struct io_uring ring, other;

	open_ring(&ring, 8, 0);
	open_ring(&other, 8, 0);
	submit_poll(&ring, other.ring_fd, POLLIN, 0, 1);
	submit_poll(&ring, other.ring_fd, POLLOUT, 0, 2);
	/* There is room in its queue. */
	expect_full_answer(&ring, 2, POLLOUT, 0);
	expect_none(&ring, 10);
	io_uring_prep_nop(new_sqe(&other));
	submit(&other, 1);
	expect_full_answer(&ring, 1, POLLIN, 0);
	submit_poll(&ring, other.ring_fd, POLLIN, 0, 3);
	expect_full_answer(&ring, 3, POLLIN, 0);
	io_uring_queue_exit(&other);
	io_uring_queue_exit(&ring);
}

static void own_ring(void)
{
	struct io_uring ring;

	/* Also by way of an epoll set that holds it. */
	for (int nested = 0; nested < 2; nested++) {
		struct epoll_event ev = { .events = EPOLLIN };
		int fd;

		open_ring(&ring, 8, 0);
		fd = nested ? (int)sys(epoll_create1(EPOLL_CLOEXEC)) : ring.ring_fd;
		if (nested)
			sys(epoll_ctl(fd, EPOLL_CTL_ADD, ring.ring_fd, &ev));
		submit_poll(&ring, fd, POLLIN, 0, 1);
		expect_none(&ring, 10);
		io_uring_prep_nop(new_sqe(&ring));
		set_sqe(&ring.sq.sqes[1], 2, 0);
		submit(&ring, 1);
		expect_answer(&ring, 2, 0);
		expect_answer(&ring, 1, POLLIN);
		io_uring_queue_exit(&ring);
		if (nested)
			close(fd);
	}
}

static void nothing_to_wait_for(void)
{
	int file = scratch_file(5);
	struct io_uring ring;

	/* A file is always ready to be read and written, and never will be for anything else. */
	open_ring(&ring, 8, 0);
	submit_poll(&ring, file, POLLPRI, 0, 1);
	expect_full_answer(&ring, 1, -EINVAL, 0);
	submit_poll(&ring, file, POLLPRI, IORING_POLL_ADD_MULTI, 2);
	expect_full_answer(&ring, 2, -EINVAL, 0);
	submit_poll(&ring, file, POLLIN, IORING_POLL_ADD_MULTI, 3);
	expect_full_answer(&ring, 3, POLLIN, 0);
	io_uring_queue_exit(&ring);
	close(file);
}

static void very_many_on_one(void)
{
	enum {
		POLLS = 600
	};
	struct io_uring ring;
	int fds[2];

	/* More than one file may be in sets that are in sets. */
	open_ring(&ring, 1024, 0);
	make_pipe(fds);
	for (unsigned i = 0; i < POLLS; i++) {
		io_uring_prep_poll_add(new_sqe(&ring), fds[0], POLLIN);
		set_sqe(&ring.sq.sqes[i], i, 0);
	}
	submit(&ring, POLLS);
	expect_none(&ring, 10);
	peer_sends(fds[1], 0, 1);
	for (unsigned i = 0; i < POLLS; i++)
		expect(next_answer(&ring).res, POLLIN);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void closed_descriptor(void)
{
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	submit_poll(&ring, fds[0], POLLIN, 0, 1);
	close(fds[0]);
	expect_none(&ring, 10);
	/* The request still has the socket. */
	peer_sends(fds[1], 0, 1);
	expect_full_answer(&ring, 1, POLLIN, 0);
	io_uring_queue_exit(&ring);
	close(fds[1]);
}

static void several_on_one(void)
{
	struct answer answers[4];
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	for (unsigned i = 0; i < 4; i++)
		submit_poll(&ring, fds[0], i % 2 ? POLLIN : POLLIN | EPOLLEXCLUSIVE, 0, i);
	expect_none(&ring, 5);
	close(fds[1]);
	sorted_answers(&ring, answers, 4);
	for (unsigned i = 0; i < 4; i++) {
		expect(answers[i].data, i);
		expect(answers[i].res, POLLHUP);
	}
	io_uring_queue_exit(&ring);
	close(fds[0]);
}

static void then_read(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	uint8_t in[8];
	int fds[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	expect(io_uring_register_files(&ring, fds, 1), 0);
	sqe = new_sqe(&ring);
	io_uring_prep_poll_add(sqe, 0, POLLIN);
	set_sqe(sqe, 1, IOSQE_FIXED_FILE | IOSQE_IO_LINK);
	sqe = new_sqe(&ring);
	io_uring_prep_read(sqe, 0, in, sizeof(in), 0);
	set_sqe(sqe, 2, IOSQE_FIXED_FILE);
	submit(&ring, 2);
	expect_none(&ring, 10);
	peer_sends(fds[1], 0, 8);
	expect_answer(&ring, 1, POLLIN);
	expect_answer(&ring, 2, 8);
	expect_pattern(in, 0, 8);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

/* ---- Multishot ------------------------------------------------------------------------------- */

static void multishot(void)
{
	struct io_uring ring;
	int event_fd = new_eventfd();

	open_ring(&ring, 8, 0);
	submit_poll(&ring, event_fd, POLLIN, IORING_POLL_ADD_MULTI, 1);
	expect_none(&ring, 10);
	/* Edge-triggered: each event is told, though nobody reads. */
	for (unsigned i = 0; i < 3; i++) {
		add_to(event_fd, 1);
		expect_full_answer(&ring, 1, POLLIN, IORING_CQE_F_MORE);
		expect_none(&ring, 5);
	}
	io_uring_queue_exit(&ring);
	close(event_fd);
}

static void multishot_other_direction(void)
{
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	submit_poll(&ring, fds[0], POLLOUT, IORING_POLL_ADD_MULTI, 1);
	expect_full_answer(&ring, 1, POLLOUT, IORING_CQE_F_MORE);
	/* What comes in is nothing to who waits for room. */
	peer_sends(fds[1], 0, 1);
	expect_none(&ring, 10);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void multishot_ready(void)
{
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	peer_sends(fds[1], 0, 1);
	submit_poll(&ring, fds[0], POLLIN, IORING_POLL_ADD_MULTI, 1);
	expect_full_answer(&ring, 1, POLLIN, IORING_CQE_F_MORE);
	expect_none(&ring, 10);
	peer_sends(fds[1], 1, 1);
	expect_full_answer(&ring, 1, POLLIN, IORING_CQE_F_MORE);
	close(fds[1]);
	/* Its end is an event like others. */
	expect_full_answer(&ring, 1, POLLIN | POLLHUP | POLLRDHUP, IORING_CQE_F_MORE);
	io_uring_queue_exit(&ring);
	close(fds[0]);
}

static void multishot_after_the_end(void)
{
	struct answer answers[2];
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	submit_poll(&ring, fds[0], POLLIN, IORING_POLL_ADD_MULTI, 1);
	close(fds[1]);
	expect_full_answer(&ring, 1, POLLHUP, IORING_CQE_F_MORE);
	/* It goes on, though nothing will come. */
	submit_cancel(&ring, 1, 2);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	expect(answers[1].res, 0);
	io_uring_queue_exit(&ring);
	close(fds[0]);
}

static void multishot_removed(void)
{
	struct io_uring ring;
	int event_fd = new_eventfd();

	open_ring(&ring, 8, 0);
	for (int cancel = 0; cancel < 2; cancel++) {
		struct io_uring_sqe *sqe;
		struct answer answers[2];

		submit_poll(&ring, event_fd, POLLIN, IORING_POLL_ADD_MULTI, 1);
		expect_none(&ring, 5);
		sqe = new_sqe(&ring);
		if (cancel)
			io_uring_prep_cancel64(sqe, 1, 0);
		else
			io_uring_prep_poll_remove(sqe, 1);
		set_sqe(sqe, 2, 0);
		submit(&ring, 1);
		sorted_answers(&ring, answers, 2);
		expect(answers[0].res, -ECANCELED);
		expect(answers[0].flags, 0);
		expect(answers[1].res, 0);
	}
	add_to(event_fd, 1);
	expect_none(&ring, 10);
	io_uring_queue_exit(&ring);
	close(event_fd);
}

/* ---- Removing and updating ------------------------------------------------------------------- */

static void removed(void)
{
	struct io_uring_sqe *sqe;
	struct answer answers[2];
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	submit_poll(&ring, fds[0], POLLIN, 0, 1);
	sqe = new_sqe(&ring);
	io_uring_prep_poll_remove(sqe, 1);
	set_sqe(sqe, 2, 0);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	expect(answers[1].res, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_poll_remove(sqe, 1);
	expect_error(&ring, "again", -ENOENT);
	/* Other requests that wait are none of its business. */
	sqe = new_sqe(&ring);
	io_uring_prep_read(sqe, fds[0], answers, 1, 0);
	set_sqe(sqe, 3, 0);
	submit(&ring, 1);
	sqe = new_sqe(&ring);
	io_uring_prep_poll_remove(sqe, 3);
	expect_error(&ring, "a read", -ENOENT);
	peer_sends(fds[1], 0, 1);
	expect_answer(&ring, 3, 1);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void one_of_many_removed(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	for (int i = 0; i < 3; i++)
		submit_poll(&ring, fds[0], POLLIN, 0, 1);
	for (int i = 0; i < 2; i++) {
		struct answer answers[2];

		sqe = new_sqe(&ring);
		io_uring_prep_poll_remove(sqe, 1);
		set_sqe(sqe, 2, 0);
		submit(&ring, 1);
		sorted_answers(&ring, answers, 2);
		expect(answers[0].res, -ECANCELED);
		expect(answers[1].res, 0);
		expect_none(&ring, 5);
	}
	peer_sends(fds[1], 0, 1);
	expect_answer(&ring, 1, POLLIN);
	expect_none(&ring, 5);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void new_user_data(void)
{
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	submit_poll(&ring, fds[0], POLLIN, 0, 1);
	submit_update(&ring, 1, 50, 0, IORING_POLL_UPDATE_USER_DATA);
	expect_answer(&ring, 99, 0);
	submit_update(&ring, 1, 60, 0, IORING_POLL_UPDATE_USER_DATA);
	expect_answer(&ring, 99, -ENOENT);
	peer_sends(fds[1], 0, 1);
	expect_full_answer(&ring, 50, POLLIN, 0);
	submit_update(&ring, 50, 60, 0, IORING_POLL_UPDATE_USER_DATA);
	expect_answer(&ring, 99, -ENOENT);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void new_events(void)
{
	struct answer answers[2];
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	/* To what is there: both are told. */
	submit_poll(&ring, fds[0], POLLIN, 0, 1);
	expect_none(&ring, 5);
	submit_update(&ring, 1, 0, POLLOUT, IORING_POLL_UPDATE_EVENTS);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].res, POLLOUT);
	expect(answers[0].flags, 0);
	expect(answers[1].res, 0);
	/* To what is not there, away from what comes. */
	submit_poll(&ring, fds[0], POLLIN, 0, 2);
	submit_update(&ring, 2, 3, POLLPRI,
		      IORING_POLL_UPDATE_EVENTS | IORING_POLL_UPDATE_USER_DATA);
	expect_answer(&ring, 99, 0);
	peer_sends(fds[1], 0, 1);
	expect_none(&ring, 10);
	close(fds[1]);
	expect_full_answer(&ring, 3, POLLHUP | POLLRDHUP, 0);
	io_uring_queue_exit(&ring);
	close(fds[0]);
}

static void updated_multishot(void)
{
	struct answer answers[2], a;
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	/* Stays what it is with IORING_POLL_ADD_MULTI. */
	submit_poll(&ring, fds[0], POLLIN, IORING_POLL_ADD_MULTI, 1);
	submit_update(&ring, 1, 0, POLLOUT | POLLIN,
		      IORING_POLL_UPDATE_EVENTS | IORING_POLL_ADD_MULTI);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].res, POLLOUT);
	expect(answers[0].flags, IORING_CQE_F_MORE);
	expect(answers[1].res, 0);
	peer_sends(fds[1], 0, 1);
	/* What is told is what has come, and may be all that is. */
	a = next_answer(&ring);
	expect(a.data, 1);
	expect(a.res & POLLIN, POLLIN);
	expect(a.flags, IORING_CQE_F_MORE);
	submit_update(&ring, 1, 2, 0, IORING_POLL_UPDATE_USER_DATA);
	expect_answer(&ring, 99, 0);
	peer_sends(fds[1], 0, 1);
	a = next_answer(&ring);
	expect(a.data, 2);
	expect(a.res & POLLIN, POLLIN);
	expect(a.flags, IORING_CQE_F_MORE);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void made_multishot(void)
{
	struct io_uring ring;
	struct answer a;
	int fd = new_eventfd();

	open_ring(&ring, 8, 0);
	submit_poll(&ring, fd, POLLIN, 0, 1);
	submit_update(&ring, 1, 0, POLLIN, IORING_POLL_UPDATE_EVENTS | IORING_POLL_ADD_MULTI);
	expect_answer(&ring, 99, 0);
	add_to(fd, 1);
	a = next_answer(&ring);
	expect(a.data, 1);
	expect(a.res, POLLIN);
	/* Documented, but Linux 6.18 leaves it as it was: the flag is what counts. */
	add_to(fd, 1);
	if (a.flags & IORING_CQE_F_MORE)
		expect_full_answer(&ring, 1, POLLIN, IORING_CQE_F_MORE);
	else
		expect_none(&ring, 10);
	io_uring_queue_exit(&ring);
	close(fd);
}

static void poll_errors(void)
{
	static const struct {
		const char *what;
		int op;
		unsigned len, events, flags;
		uint64_t addr, off;
		int want;
	} rows[] = {
		{ "add, update flag", IORING_OP_POLL_ADD, IORING_POLL_UPDATE_EVENTS, POLLIN, 0, 0,
		  0, -EINVAL },
		{ "add, unknown flag", IORING_OP_POLL_ADD, 1 << 10, POLLIN, 0, 0, 0, -EINVAL },
		/* Linux 6.18 has the flag, and refuses it all the same. */
		{ "add, level", IORING_OP_POLL_ADD, IORING_POLL_ADD_LEVEL, POLLIN, 0, 0, 0,
		  -EINVAL },
		{ "add, addr", IORING_OP_POLL_ADD, 0, POLLIN, 0, 1, 0, -EINVAL },
		{ "add, off", IORING_OP_POLL_ADD, 0, POLLIN, 0, 0, 1, -EINVAL },
		{ "multishot without CQEs", IORING_OP_POLL_ADD, IORING_POLL_ADD_MULTI, POLLIN,
		  IOSQE_CQE_SKIP_SUCCESS, 0, 0, -EINVAL },
		{ "remove, events", IORING_OP_POLL_REMOVE, 0, POLLIN, 0, 1, 0, -EINVAL },
		{ "remove, unknown flag", IORING_OP_POLL_REMOVE, 1 << 10, 0, 0, 1, 0, -EINVAL },
		{ "remove, off", IORING_OP_POLL_REMOVE, 0, 0, 0, 1, 1, -EINVAL },
		{ "remove, multishot only", IORING_OP_POLL_REMOVE, IORING_POLL_ADD_MULTI, 0, 0, 1,
		  0, -EINVAL },
		{ "update, none such", IORING_OP_POLL_REMOVE, IORING_POLL_UPDATE_EVENTS, POLLIN, 0,
		  1, 0, -ENOENT },
		{ "update, user_data not asked for", IORING_OP_POLL_REMOVE,
		  IORING_POLL_UPDATE_EVENTS, POLLIN, 0, 1, 7, -EINVAL },
	};
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	peer_sends(fds[1], 0, 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		io_uring_prep_rw(rows[i].op, sqe, fds[0], NULL, rows[i].len, rows[i].off);
		sqe->addr = rows[i].addr;
		/* Endianness is the preps' business. */
		sqe->poll32_events = __io_uring_prep_poll_mask(rows[i].events);
		sqe->flags = (uint8_t)rows[i].flags;
		expect_error(&ring, rows[i].what, rows[i].want);
	}
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

const struct conformance_case poll_cases[] = {
	{ "poll tells what is ready, of what is asked for", ready_at_once },
	{ "poll waits, and tells once", waits_for_it },
	{ "poll waits for room", room_again },
	{ "what is gone when somebody looks is told, or waited for", used_up },
	{ "poll of a ring tells that there are completions", other_ring },
	{ "a ring polls itself", own_ring },
	{ "poll of a file waits for nothing", nothing_to_wait_for },
	{ "a file is polled very often at once", very_many_on_one },
	{ "poll outlives its descriptor", closed_descriptor },
	{ "all polls of a file are told its end", several_on_one },
	{ "poll of a registered file, then a read", then_read },
	{ "multishot poll tells each event", multishot },
	{ "multishot poll tells what is ready already", multishot_ready },
	{ "multishot poll tells nothing of the other direction", multishot_other_direction },
	{ "multishot poll goes on after a hang-up", multishot_after_the_end },
	{ "multishot poll is removed and cancelled", multishot_removed },
	{ "a poll is removed, and nothing but a poll", removed },
	{ "removing takes one poll of many", one_of_many_removed },
	{ "a poll gets a new user_data", new_user_data },
	{ "a poll gets new events, and is told of them at once", new_events },
	{ "a multishot poll gets new events and user_data", updated_multishot },
	{ "a poll made multishot is what its CQEs say", made_multishot },
	{ "errors of poll", poll_errors },
	{ 0 },
};
