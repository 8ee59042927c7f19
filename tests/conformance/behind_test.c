/* SPDX-License-Identifier: MIT */
/* Chains that a worker goes on with: behind IOSQE_ASYNC, or what always takes a worker. */
#include <sys/epoll.h>

#include "net.h"
#include "requests.h"

#define LINK IOSQE_IO_LINK

struct scene {
	struct io_uring ring;
	int fds[2], file;
};

static void open_scene(struct scene *s)
{
	open_ring(&s->ring, 8, 0);
	unix_pair(s->fds);
	s->file = scratch_file(1);
}

static void close_scene(struct scene *s)
{
	io_uring_queue_exit(&s->ring);
	close_pair(s->fds);
	close(s->file);
}

/* What a worker carries out, with 0. Two of a kind each. */
static void queue_first(struct scene *s, unsigned kind)
{
	if (kind) {
		io_uring_prep_fsync(new_sqe(&s->ring), s->file, 0);
		set_sqe(s->ring.sq.sqes + ((s->ring.sq.sqe_tail - 1) & s->ring.sq.ring_mask), 1,
			LINK);
	} else {
		queue_nop(&s->ring, 1, LINK | IOSQE_ASYNC);
	}
}

/* Submits both; the second has the user_data 2. */
static void follow(struct scene *s, struct io_uring_sqe *second)
{
	set_sqe(second, 2, 0);
	submit(&s->ring, 2);
	expect_answer(&s->ring, 1, 0);
}

static struct io_uring_sqe *queue_polled_recv(struct io_uring *ring, int fd, char *byte)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_recv(sqe, fd, byte, 1, 0);
	sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
	return sqe;
}

static void poll_first_fails(void)
{
	char byte;

	for (unsigned kind = 0; kind < 2; kind++) {
		struct io_uring_sqe *sqe;
		struct scene s;

		open_scene(&s);
		peer_sends(s.fds[1], 0, 1);
		queue_first(&s, kind);
		sqe = queue_polled_recv(&s.ring, s.fds[0], &byte);
		follow(&s, sqe);
		expect_answer(&s.ring, 2, -EAGAIN);
		queue_first(&s, kind);
		sqe = new_sqe(&s.ring);
		io_uring_prep_send(sqe, s.fds[0], &byte, 1, 0);
		sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
		follow(&s, sqe);
		expect_answer(&s.ring, 2, -EAGAIN);
		close_scene(&s);
	}
}

/* The worker that finds no file hands the request back. */
static void behind_no_file(void)
{
	char byte;

	for (unsigned kind = 0; kind < 2; kind++) {
		struct io_uring_sqe *sqe;
		struct scene s;

		open_scene(&s);
		peer_sends(s.fds[1], 0, 1);
		sqe = new_sqe(&s.ring);
		if (kind)
			io_uring_prep_fsync(sqe, 9999, 0);
		else
			io_uring_prep_send(sqe, 9999, "x", 1, 0);
		set_sqe(sqe, 1, IOSQE_IO_HARDLINK | IOSQE_ASYNC);
		sqe = queue_polled_recv(&s.ring, s.fds[0], &byte);
		set_sqe(sqe, 2, 0);
		submit(&s.ring, 2);
		expect_answer(&s.ring, 1, -EBADF);
		expect_answer(&s.ring, 2, 1);
		close_scene(&s);
	}
}

static void epoll_wait_fails(void)
{
	struct epoll_event event;
	struct io_uring_sqe *sqe;
	struct scene s;
	int set;

	open_scene(&s);
	need_op(IORING_OP_EPOLL_WAIT, "IORING_OP_EPOLL_WAIT");
	set = (int)sys(epoll_create1(0));
	queue_first(&s, 1);
	sqe = new_sqe(&s.ring);
	io_uring_prep_epoll_wait(sqe, set, &event, 1, 0);
	follow(&s, sqe);
	expect_answer(&s.ring, 2, -EAGAIN);
	close(set);
	close_scene(&s);
}

static void nonblocking_fails(void)
{
	struct sockaddr_in addr;
	struct io_uring_sqe *sqe;
	struct scene s;
	char byte;
	int listener = tcp_listener(&addr);

	open_scene(&s);
	sys(fcntl(s.fds[0], F_SETFL, O_NONBLOCK));
	queue_first(&s, 0);
	sqe = new_sqe(&s.ring);
	io_uring_prep_read(sqe, s.fds[0], &byte, 1, 0);
	follow(&s, sqe);
	expect_answer(&s.ring, 2, -EAGAIN);
	sys(fcntl(listener, F_SETFL, O_NONBLOCK));
	queue_first(&s, 0);
	sqe = new_sqe(&s.ring);
	io_uring_prep_accept(sqe, listener, NULL, NULL, 0);
	follow(&s, sqe);
	expect_answer(&s.ring, 2, -EAGAIN);
	close(listener);
	close_scene(&s);
}

/* To make a file, or a name, always takes one, and some advice does. */
static void behind_others(void)
{
	struct sockaddr_un name = unix_address("bound");
	int fd = (int)sys(socket(AF_UNIX, SOCK_STREAM, 0));
	struct io_uring_sqe *sqe;
	struct scene s;
	char byte;

	open_scene(&s);
	need_op(IORING_OP_BIND, "IORING_OP_BIND");
	peer_sends(s.fds[1], 0, 1);
	for (unsigned i = 0; i < 4; i++) {
		sqe = new_sqe(&s.ring);
		if (i == 0)
			io_uring_prep_openat(sqe, AT_FDCWD, "made", O_RDWR | O_CREAT, 0600);
		else if (i == 1)
			io_uring_prep_bind(sqe, fd, (struct sockaddr *)&name, sizeof(name));
		else
			io_uring_prep_fadvise(sqe, s.file, 0, 1,
					      i == 2 ? POSIX_FADV_DONTNEED : POSIX_FADV_NORMAL);
		set_sqe(sqe, 1, LINK);
		sqe = queue_polled_recv(&s.ring, s.fds[0], &byte);
		set_sqe(sqe, 2, 0);
		submit(&s.ring, 2);
		check(next_answer(&s.ring).res >= 0, "%u failed", i);
		expect_answer(&s.ring, 2, i < 3 ? -EAGAIN : 1);
	}
	close(fd);
	close_scene(&s);
}

/* In the call that waits, RWF_NOWAIT is no longer asked for. */
static void nowait_waits(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;
	char byte;

	open_scene(&s);
	queue_first(&s, 0);
	sqe = new_sqe(&s.ring);
	io_uring_prep_read(sqe, s.fds[0], &byte, 1, 0);
	sqe->rw_flags = RWF_NOWAIT;
	follow(&s, sqe);
	expect_none(&s.ring, 10);
	peer_sends(s.fds[1], 0, 1);
	expect_answer(&s.ring, 2, 1);
	close_scene(&s);
}

static void many_are_polled(void)
{
	struct sockaddr_in addr;
	struct io_uring_sqe *sqe;
	struct scene s;
	int listener = tcp_listener(&addr), client;

	open_scene(&s);
	queue_first(&s, 0);
	sqe = new_sqe(&s.ring);
	io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, 0);
	sqe->ioprio |= IORING_ACCEPT_POLL_FIRST;
	follow(&s, sqe);
	expect_none(&s.ring, 10);
	client = (int)sys(socket(AF_INET, SOCK_STREAM, 0));
	sys(connect(client, (struct sockaddr *)&addr, sizeof(addr)));
	check(next_answer(&s.ring).res >= 0, "not accepted");
	submit_cancel(&s.ring, 2, 3);
	sorted_answers(&s.ring, (struct answer[2]){ 0 }, 2);
	close(client);
	close(listener);
	close_scene(&s);
}

static void cancelled(void)
{
	struct answer answers[2];
	struct io_uring_sqe *sqe;
	struct scene s;
	char byte;

	open_scene(&s);
	for (int receives = 0; receives < 2; receives++) {
		queue_first(&s, 0);
		sqe = new_sqe(&s.ring);
		if (receives)
			io_uring_prep_recv(sqe, s.fds[0], &byte, 1, 0);
		else
			io_uring_prep_read(sqe, s.fds[0], &byte, 1, 0);
		follow(&s, sqe);
		/* Until it waits in the call. */
		expect_none(&s.ring, 20);
		submit_cancel(&s.ring, 2, 3);
		sorted_answers(&s.ring, answers, 2);
		expect(answers[0].data, 2);
		expect(answers[0].res, -EINTR);
		expect(answers[1].res, -EALREADY);
	}
	close_scene(&s);
}

static void goes_on(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;
	char bytes[2];

	open_scene(&s);
	queue_first(&s, 0);
	sqe = new_sqe(&s.ring);
	io_uring_prep_read(sqe, s.fds[0], bytes, 1, 0);
	set_sqe(sqe, 2, LINK);
	sqe = queue_polled_recv(&s.ring, s.fds[0], bytes);
	set_sqe(sqe, 3, 0);
	submit(&s.ring, 3);
	expect_answer(&s.ring, 1, 0);
	expect_none(&s.ring, 10);
	peer_sends(s.fds[1], 0, 2);
	expect_answer(&s.ring, 2, 1);
	/* The same worker has it. */
	expect_answer(&s.ring, 3, -EAGAIN);
	close_scene(&s);
}

/* So is a chain that its submission leaves open, from its first on. */
static void open_chain(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;
	char byte;

	open_scene(&s);
	peer_sends(s.fds[1], 0, 1);
	for (unsigned before = 0; before < 2; before++) {
		if (before)
			queue_nop(&s.ring, 1, LINK);
		sqe = queue_polled_recv(&s.ring, s.fds[0], &byte);
		set_sqe(sqe, 2, LINK);
		submit(&s.ring, 1 + before);
		if (before)
			expect_answer(&s.ring, 1, 0);
		expect_answer(&s.ring, 2, -EAGAIN);
	}
	close_scene(&s);
}

/* On a ring that defers, its own thread goes on with the chain. */
static void deferred(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char byte;
	int fds[2];

	open_ring(&ring, 8, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	unix_pair(fds);
	peer_sends(fds[1], 0, 1);
	queue_nop(&ring, 1, LINK | IOSQE_ASYNC);
	sqe = queue_polled_recv(&ring, fds[0], &byte);
	set_sqe(sqe, 2, 0);
	submit(&ring, 2);
	expect_answer(&ring, 1, 0);
	expect_answer(&ring, 2, 1);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

const struct conformance_case behind_cases[] = {
	{ "behind a worker nobody polls first", poll_first_fails },
	{ "behind what makes a file or a name nobody polls first", behind_others },
	{ "what follows a request without a file is not behind a worker", behind_no_file },
	{ "behind a worker epoll is not waited for", epoll_wait_fails },
	{ "behind a worker O_NONBLOCK does not wait", nonblocking_fails },
	{ "behind a worker RWF_NOWAIT waits", nowait_waits },
	{ "behind a worker a multishot accept is polled", many_are_polled },
	{ "behind a worker what waits is interrupted", cancelled },
	{ "behind a worker all of a chain is", goes_on },
	{ "a chain that its submission leaves open is behind a worker", open_chain },
	{ "on a ring that defers no chain is behind a worker", deferred },
	{ 0 },
};
