/* SPDX-License-Identifier: MIT */
/* Requests that wait for their file: which file that is, what ends the wait, and who gets what. */
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "requests.h"

/* ---- The file -------------------------------------------------------------------------------- */

static void closed_descriptor(void)
{
	struct pollfd pfd = { .events = 0 };
	struct io_uring ring;
	char byte = 0;
	int fds[2];

	/* A request keeps its file. */
	open_ring(&ring, 8, 0);
	make_pipe(fds);
	pfd.fd = fds[1];
	queue_read(&ring, fds[0], &byte, 1, 1, 0);
	submit(&ring, 1);
	sys(close(fds[0]));
	expect_none(&ring, 20);
	release(fds[1]);
	expect_answer(&ring, 1, 1);
	expect(byte, 'x');
	/* And gives it back, sooner or later. */
	expect(sys(poll(&pfd, 1, 5000)), 1);
	expect(pfd.revents, POLLERR);
	io_uring_queue_exit(&ring);
}

static void reused_descriptor(void)
{
	int old[2], new[2];
	struct io_uring ring;
	char bytes[2] = "";

	open_ring(&ring, 8, 0);
	make_pipe(old);
	queue_read(&ring, old[0], &bytes[0], 1, 1, 0);
	submit(&ring, 1);
	make_pipe(new);
	sys(dup2(new[0], old[0]));
	queue_read(&ring, old[0], &bytes[1], 1, 2, 0);
	submit(&ring, 1);
	/* One number, two files, and each request has its own. */
	expect(sys(write(new[1], "n", 1)), 1);
	expect_answer(&ring, 2, 1);
	expect_none(&ring, 20);
	expect(sys(write(old[1], "o", 1)), 1);
	expect_answer(&ring, 1, 1);
	check(bytes[0] == 'o' && bytes[1] == 'n', "read %.2s", bytes);
	io_uring_queue_exit(&ring);
}

/* Lets a read of `fd` wait behind a pipe's, by link or drain, and replaces the file meanwhile. */
static char read_after_replacing(unsigned first, unsigned second)
{
	int one[2], two[2], gate;
	struct io_uring ring;
	char byte = 0;

	open_ring(&ring, 8, 0);
	make_pipe(one);
	make_pipe(two);
	expect(sys(write(one[1], "1", 1)), 1);
	expect(sys(write(two[1], "2", 1)), 1);
	gate = queue_hanging(&ring, 1, first);
	queue_read(&ring, one[0], &byte, 1, 2, second);
	submit(&ring, 2);
	sys(dup2(two[0], one[0]));
	release(gate);
	expect_answer(&ring, 1, 1);
	expect_answer(&ring, 2, 1);
	io_uring_queue_exit(&ring);
	return byte;
}

static void replaced_before_it_runs(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	need_feature(&ring, IORING_FEAT_LINKED_FILE, "files looked up when a link runs");
	io_uring_queue_exit(&ring);
	expect(read_after_replacing(IOSQE_IO_LINK, 0), '2');
	expect(read_after_replacing(0, IOSQE_IO_DRAIN), '2');
}

/* ---- Several requests ------------------------------------------------------------------------ */

static void several_reads(void)
{
	struct io_uring ring;
	char bytes[5] = "";
	int fds[2], copy;

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	copy = (int)sys(dup(fds[0]));
	for (unsigned i = 0; i < 4; i++)
		queue_read(&ring, i % 2 ? copy : fds[0], &bytes[i], 1, i, 0);
	submit(&ring, 4);
	/* Each byte is for one of them, whichever that is. */
	for (unsigned i = 0; i < 4; i++) {
		struct answer a;

		release(fds[1]);
		a = next_answer(&ring);
		expect(a.res, 1);
		check(a.data < 4 && bytes[a.data] == 'x', "%llu", (unsigned long long)a.data);
		bytes[a.data] = 'y';
		expect_none(&ring, 5);
	}
	check(!strcmp(bytes, "yyyy"), "read %s", bytes);
	io_uring_queue_exit(&ring);
}

static void both_directions(void)
{
	static char much[1 << 20];
	struct io_uring ring;
	char bytes[8] = "";
	int pair[2];

	open_ring(&ring, 8, 0);
	unix_pair(pair);
	while (send(pair[0], much, sizeof(much), MSG_DONTWAIT) > 0)
		;
	io_uring_prep_recv(new_sqe(&ring), pair[0], bytes, 8, 0);
	set_sqe(&ring.sq.sqes[0], 1, 0);
	io_uring_prep_send(new_sqe(&ring), pair[0], "abc", 3, 0);
	set_sqe(&ring.sq.sqes[1], 2, 0);
	io_uring_prep_poll_add(new_sqe(&ring), pair[0], POLLIN);
	set_sqe(&ring.sq.sqes[2], 3, 0);
	submit(&ring, 3);
	expect_none(&ring, 20);
	/* Room to send wakes the sender only. */
	while (recv(pair[1], much, sizeof(much), MSG_DONTWAIT) > 0)
		;
	expect_answer(&ring, 2, 3);
	expect_none(&ring, 20);
	expect(sys(send(pair[1], "xyz", 3, 0)), 3);
	for (int i = 0; i < 2; i++) {
		struct answer a = next_answer(&ring);

		check(a.data == 1 ? a.res == 3 : a.data == 3 && a.res & POLLIN, "%d", a.res);
	}
	io_uring_queue_exit(&ring);
}

static void stolen(void)
{
	struct io_uring ring;
	char byte, other = 0;
	int fds[2];

	/* Somebody else takes what woke the request: it waits on. */
	open_ring(&ring, 8, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	make_pipe(fds);
	queue_read(&ring, fds[0], &other, 1, 1, 0);
	submit(&ring, 1);
	for (int i = 0; i < 3; i++) {
		release(fds[1]);
		expect(sys(read(fds[0], &byte, 1)), 1);
		expect_none(&ring, 10);
	}
	release(fds[1]);
	expect_answer(&ring, 1, 1);
	expect(other, 'x');
	io_uring_queue_exit(&ring);
}

/* ---- What ends the wait ---------------------------------------------------------------------- */

static void other_end_closes(void)
{
	static char much[1 << 20];
	struct io_uring ring;
	int fds[2], pair[2];
	char byte;

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	queue_read(&ring, fds[0], &byte, 1, 1, 0);
	submit(&ring, 1);
	sys(close(fds[1]));
	expect_answer(&ring, 1, 0);
	unix_pair(pair);
	io_uring_prep_recv(new_sqe(&ring), pair[0], &byte, 1, 0);
	set_sqe(&ring.sq.sqes[1], 2, 0);
	submit(&ring, 1);
	sys(close(pair[1]));
	expect_answer(&ring, 2, 0);
	make_pipe(fds);
	sys(fcntl(fds[1], F_SETFL, O_NONBLOCK));
	while (write(fds[1], much, sizeof(much)) > 0)
		;
	sys(fcntl(fds[1], F_SETFL, 0));
	queue_write(&ring, fds[1], "abc", 3, 3, 0);
	submit(&ring, 1);
	expect_none(&ring, 20);
	sys(close(fds[0]));
	expect_answer(&ring, 3, -EPIPE);
	io_uring_queue_exit(&ring);
}

static void write_waits_for_room(void)
{
	static char much[100000];
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	expect(sys(fcntl(fds[1], F_SETPIPE_SZ, 65536)), 65536);
	/* A pipe takes what fits, where write(2) would wait for the rest (Linux 6.18, observed). */
	queue_write(&ring, fds[1], much, sizeof(much), 1, 0);
	submit(&ring, 1);
	expect_answer(&ring, 1, 65536);
	queue_write(&ring, fds[1], much, 4096, 2, 0);
	submit(&ring, 1);
	expect_none(&ring, 20);
	expect(sys(read(fds[0], much, 65536)), 65536);
	expect_answer(&ring, 2, 4096);
	io_uring_queue_exit(&ring);
}

static void nonblocking(void)
{
	struct io_uring ring;
	char bytes[2];
	int fds[2], pair[2];

	/* Unlike with a system call the file's O_NONBLOCK means nothing. */
	open_ring(&ring, 8, 0);
	sys(pipe2(fds, O_NONBLOCK));
	sys(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair));
	for (unsigned flags = 0; flags <= IOSQE_ASYNC; flags += IOSQE_ASYNC) {
		struct io_uring_sqe *sqe = new_sqe(&ring);
		struct answer answers[2];

		io_uring_prep_read(sqe, fds[0], &bytes[0], 1, 0);
		set_sqe(sqe, 1, flags);
		sqe = new_sqe(&ring);
		io_uring_prep_recv(sqe, pair[0], &bytes[1], 1, 0);
		set_sqe(sqe, 2, flags);
		submit(&ring, 2);
		expect_none(&ring, 20);
		release(fds[1]);
		release(pair[1]);
		sorted_answers(&ring, answers, 2);
		expect(answers[0].res, 1);
		expect(answers[1].res, 1);
	}
	io_uring_queue_exit(&ring);
}

static void not_to_wait(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2], pair[2];
	char byte;

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	unix_pair(pair);
	for (unsigned flags = 0; flags <= IOSQE_ASYNC; flags += IOSQE_ASYNC) {
		sqe = new_sqe(&ring);
		io_uring_prep_read(sqe, fds[0], &byte, 1, 0);
		sqe->rw_flags = RWF_NOWAIT;
		set_sqe(sqe, 1, flags);
		expect(run_one(&ring).res, -EAGAIN);
		sqe = new_sqe(&ring);
		io_uring_prep_recv(sqe, pair[0], &byte, 1, MSG_DONTWAIT);
		set_sqe(sqe, 2, flags);
		expect(run_one(&ring).res, -EAGAIN);
	}
	io_uring_queue_exit(&ring);
}

/* ---- Files of all kinds ---------------------------------------------------------------------- */

static int open_kind(int kind)
{
	const struct itimerspec soon = { .it_value.tv_nsec = 20000000 };
	sigset_t set;
	int fd;

	if (kind == 0)
		return (int)sys(eventfd(0, EFD_CLOEXEC));
	if (kind == 1) {
		fd = (int)sys(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
		sys(timerfd_settime(fd, 0, &soon, NULL));
		return fd;
	}
	if (kind == 2) {
		fd = (int)sys(inotify_init1(IN_CLOEXEC));
		sys(inotify_add_watch(fd, ".", IN_CREATE));
		return fd;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	expect(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	return (int)sys(signalfd(-1, &set, SFD_CLOEXEC));
}

static void trigger(int kind, int fd)
{
	uint64_t value = 5;

	if (kind == 0)
		expect(sys(write(fd, &value, sizeof(value))), sizeof(value));
	if (kind == 2)
		sys(mkdir("new", 0700));
	if (kind == 3)
		sys(raise(SIGUSR1));
}

static void files_of_all_kinds(void)
{
	const int want[] = { 8, 8, sizeof(struct inotify_event) + 16,
			     sizeof(struct signalfd_siginfo) };
	_Alignas(8) char bytes[4096];
	struct io_uring ring;
	uint64_t value;

	open_ring(&ring, 8, 0);
	for (int kind = 0; kind < 4; kind++) {
		int fd = open_kind(kind);

		queue_read(&ring, fd, bytes, sizeof(bytes), 1, 0);
		submit(&ring, 1);
		if (kind != 1)
			expect_none(&ring, 10);
		trigger(kind, fd);
		expect_answer(&ring, 1, want[kind]);
		memcpy(&value, bytes, sizeof(value));
		if (kind < 2)
			expect(value, kind == 0 ? 5 : 1);
		close(fd);
	}
	io_uring_queue_exit(&ring);
}

const struct conformance_case pending_cases[] = {
	{ "closing the descriptor leaves a request its file", closed_descriptor },
	{ "a descriptor that is used again is another file", reused_descriptor },
	{ "the descriptor is looked up when the request runs", replaced_before_it_runs },
	{ "reads of one pipe share what comes", several_reads },
	{ "requests in both directions wait for their own", both_directions },
	{ "a request waits on if another takes what came", stolen },
	{ "the other end's closing ends the wait", other_end_closes },
	{ "a write to a pipe takes what fits, or waits for room", write_waits_for_room },
	{ "a nonblocking file is waited for all the same", nonblocking },
	{ "who asks not to wait gets -EAGAIN", not_to_wait },
	{ "eventfd, timerfd, inotify and signalfd can be read", files_of_all_kinds },
	{ 0 },
};
