/* SPDX-License-Identifier: MIT */
/* Forks around a ring, and how rings end. */
#include <sys/prctl.h>

#include "requests.h"

/* ---- Children -------------------------------------------------------------------------------- */

/* Runs it in a child, whose checks are the case's as well. */
static int run_in_child(void (*run)(struct io_uring *ring), struct io_uring *ring)
{
	pid_t pid = (pid_t)sys(fork());
	int status;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(ring);
		fflush(stdout);
		_exit(CASE_PASSED);
	}
	sys(waitpid(pid, &status, 0));
	return status;
}

static void submit_in_child(struct io_uring *ring)
{
	queue_nop(ring, 5, 0);
	submit(ring, 1);
	expect(io_uring_cq_ready(ring), 1);
}

static void child_submits(void)
{
	struct io_uring ring;

	/* The rings are shared, and the descriptor is inherited. */
	open_ring(&ring, 8, 0);
	expect(run_in_child(submit_in_child, &ring), 0);
	expect_answer(&ring, 5, 0);
	/* The library's own position is not shared: this is for who forks while a ring is in
	 * use. */
	ring.sq.sqe_head = ring.sq.sqe_tail = *ring.sq.ktail;
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void reap_in_child(struct io_uring *ring)
{
	expect_answer(ring, 1, 0);
}

static void child_reaps(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_nop(&ring, 1, 0);
	queue_nop(&ring, 2, 0);
	submit(&ring, 2);
	expect(run_in_child(reap_in_child, &ring), 0);
	expect_answer(&ring, 2, 0);
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

static void wait_in_child(struct io_uring *ring)
{
	expect(io_uring_enter((unsigned)ring->ring_fd, 0, 1, IORING_ENTER_GETEVENTS, NULL), 0);
	expect(io_uring_cq_ready(ring), 1);
}

static void child_waits(void)
{
	struct __kernel_timespec ts = MILLISECONDS(30);
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_timeout(&ring, &ts, 0, 0, 1);
	submit(&ring, 1);
	expect(run_in_child(wait_in_child, &ring), 0);
	expect_answer(&ring, 1, -ETIME);
	io_uring_queue_exit(&ring);
}

static void do_nothing(struct io_uring *ring)
{
	(void)ring;
}

static void close_in_child(struct io_uring *ring)
{
	io_uring_queue_exit(ring);
}

static void child_leaves(void)
{
	void (*const children[])(struct io_uring *) = { do_nothing, close_in_child };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(children); i++) {
		int one = queue_hanging(&ring, 1, 0), two = queue_hanging(&ring, 2, IOSQE_ASYNC);
		struct answer answers[2];

		submit(&ring, 2);
		expect(run_in_child(children[i], &ring), 0);
		/* What is in flight is its submitter's. */
		expect_none(&ring, 20);
		release(one);
		release(two);
		sorted_answers(&ring, answers, 2);
		expect(answers[0].res, 1);
		expect(answers[1].res, 1);
		expect_usable(&ring);
	}
	io_uring_queue_exit(&ring);
}

static int childs_pipe[2];

static void leave_request(struct io_uring *ring)
{
	static char byte;

	queue_read(ring, childs_pipe[0], &byte, 1, 1, 0);
	submit(ring, 1);
}

static void child_leaves_its_own(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	make_pipe(childs_pipe);
	expect(run_in_child(leave_request, &ring), 0);
	/* Whoever submitted a request is who it can be done for. */
	release(childs_pipe[1]);
	expect_answer(&ring, 1, -ECANCELED);
	ring.sq.sqe_head = ring.sq.sqe_tail = *ring.sq.ktail;
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void touch(struct io_uring *ring)
{
	/* A sanitizer would report what is meant to happen. */
	signal(SIGSEGV, SIG_DFL);
	io_uring_cq_ready(ring);
}

static void not_for_children(void)
{
	struct io_uring ring;
	int status;

	open_ring(&ring, 8, 0);
	expect(run_in_child(touch, &ring), 0);
	expect(io_uring_ring_dontfork(&ring), 0);
	status = run_in_child(touch, &ring);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "status %#x", (unsigned)status);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void intrude(struct io_uring *ring)
{
	queue_nop(ring, 1, 0);
	expect(io_uring_submit(ring), -EEXIST);
	expect(io_uring_register_files_sparse(ring, 1), -EEXIST);
}

static void intrude_deferred(struct io_uring *ring)
{
	intrude(ring);
	expect(io_uring_get_events(ring), -EEXIST);
}

static void child_is_another_issuer(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, IORING_SETUP_SINGLE_ISSUER);
	expect(run_in_child(intrude, &ring), 0);
	/* What it published is there, though. */
	ring.sq.sqe_tail = *ring.sq.ktail;
	submit(&ring, 1);
	expect_answer(&ring, 1, 0);
	io_uring_queue_exit(&ring);
	open_ring(&ring, 8, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	expect(run_in_child(intrude_deferred, &ring), 0);
	io_uring_queue_exit(&ring);
}

static void submit_by_index(struct io_uring *ring)
{
	queue_nop(ring, 1, 0);
	expect(io_uring_submit(ring), -EINVAL);
	ring->enter_ring_fd = ring->ring_fd;
	expect(io_uring_enter((unsigned)ring->ring_fd, 1, 0, 0, NULL), 1);
}

static void index_is_not_inherited(void)
{
	struct io_uring ring;

	need_linux(5, 18, "registered rings");
	open_ring(&ring, 8, 0);
	expect(io_uring_register_ring_fd(&ring), 1);
	expect(run_in_child(submit_by_index, &ring), 0);
	expect_answer(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

static void own_ring(struct io_uring *ring)
{
	struct io_uring own;

	(void)ring;
	open_ring(&own, 8, 0);
	for (int i = 0; i < 10; i++)
		expect_usable(&own);
	io_uring_queue_exit(&own);
}

static void rings_in_both(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect_usable(&ring);
	for (int i = 0; i < 5; i++)
		expect(run_in_child(own_ring, &ring), 0);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* ---- Ends ------------------------------------------------------------------------------------ */

/* Waits until nobody holds the pipe's other end: what was in flight is gone. */
static void await_unread(int fd)
{
	struct pollfd pfd = { .fd = fd };

	expect(sys(poll(&pfd, 1, 8000)), 1);
	check(pfd.revents & POLLERR, "events %#x", (unsigned)pfd.revents);
}

static void close_with_requests(void)
{
	static struct __kernel_timespec never = { .tv_sec = 1000 };

	for (unsigned flags = 0; flags <= IOSQE_ASYNC; flags += IOSQE_ASYNC) {
		struct io_uring ring;
		int fds[2], listener;
		struct sockaddr_in addr;
		char byte;

		make_pipe(fds);
		listener = tcp_listener(&addr);
		open_ring(&ring, 8, 0);
		queue_read(&ring, fds[0], &byte, 1, 1, flags | IOSQE_IO_LINK);
		queue_nop(&ring, 2, 0);
		queue_timeout(&ring, &never, 0, 0, 3);
		queue_multishot(&ring, 4);
		io_uring_prep_accept(new_sqe(&ring), listener, NULL, NULL, 0);
		submit(&ring, 5);
		io_uring_queue_exit(&ring);
		sys(close(fds[0]));
		await_unread(fds[1]);
	}
}

static int ends[2];

/* Leaves with all kinds of requests in flight, on two rings. */
static void leave_with_requests(struct io_uring *ring)
{
	static struct __kernel_timespec never = { .tv_sec = 1000 };
	struct io_uring own;
	struct io_uring_sqe *sqe;
	static char bytes[2];

	(void)ring;
	open_ring(&own, 8, 0);
	close(ends[1]);
	queue_read(&own, ends[0], bytes, 1, 1, 0);
	queue_read(&own, ends[0], bytes + 1, 1, 2, IOSQE_ASYNC);
	queue_timeout(&own, &never, 0, 0, 3);
	queue_multishot(&own, 4);
	sqe = new_sqe(&own);
	io_uring_prep_openat(sqe, AT_FDCWD, "fifo", O_RDONLY, 0);
	set_sqe(sqe, 5, IOSQE_ASYNC);
	submit(&own, 5);
}

static void kill_with_requests(struct io_uring *ring)
{
	leave_with_requests(ring);
	raise(SIGKILL);
}

static void exec_with_requests(struct io_uring *ring)
{
	/* It stays until its input ends, which is when its parent closes that. */
	leave_with_requests(ring);
	sys(dup2(childs_pipe[0], STDIN_FILENO));
	execl("/bin/cat", "cat", NULL);
}

static void exec_ends_requests(void)
{
	pid_t pid;
	int status;

	sys(mkfifo("fifo", 0600));
	make_pipe(ends);
	make_pipe(childs_pipe);
	pid = (pid_t)sys(fork());
	if (pid == 0) {
		exec_with_requests(NULL);
		_exit(CASE_FAILED);
	}
	sys(close(ends[0]));
	await_unread(ends[1]);
	expect(waitpid(pid, &status, WNOHANG), 0);
	close(childs_pipe[1]);
	sys(waitpid(pid, &status, 0));
	expect(status, 0);
}

static void exit_with_requests(void)
{
	sys(mkfifo("fifo", 0600));
	for (int killed = 0; killed < 2; killed++) {
		int status;

		make_pipe(ends);
		status = run_in_child(killed ? kill_with_requests : leave_with_requests, NULL);
		expect(status, killed ? SIGKILL : 0);
		sys(close(ends[0]));
		await_unread(ends[1]);
		close(ends[1]);
	}
}

static void thousand_rings(void)
{
	struct io_uring ring;
	int fd = -1;

	for (int i = 0; i < 1000; i++) {
		open_ring(&ring, 8, i % 3 ? 0 : IORING_SETUP_SINGLE_ISSUER);
		/* The same descriptor again and again: none is left over. */
		if (fd == -1)
			fd = ring.ring_fd;
		expect(ring.ring_fd, fd);
		if (i % 10 == 0)
			expect_usable(&ring);
		io_uring_queue_exit(&ring);
	}
}

static void hundred_rings_in_use(void)
{
	struct io_uring ring;
	int fds[2];
	char byte;

	make_pipe(fds);
	for (int i = 0; i < 100; i++) {
		open_ring(&ring, 8, 0);
		queue_read(&ring, fds[0], &byte, 1, 1, i % 2 ? IOSQE_ASYNC : 0);
		queue_nop(&ring, 2, 0);
		submit(&ring, 2);
		expect_answer(&ring, 2, 0);
		io_uring_queue_exit(&ring);
	}
	sys(close(fds[0]));
	await_unread(fds[1]);
}

static void many_rings_at_once(void)
{
	struct io_uring rings[50];
	int fds[ARRAY_LEN(rings)];

	for (size_t i = 0; i < ARRAY_LEN(rings); i++) {
		open_ring(&rings[i], 4, 0);
		fds[i] = queue_hanging(&rings[i], i, 0);
		submit(&rings[i], 1);
	}
	for (size_t i = ARRAY_LEN(rings); i-- > 0;) {
		release(fds[i]);
		expect_answer(&rings[i], i, 1);
		/* Those closed before take nothing from the others. */
		io_uring_queue_exit(&rings[i]);
	}
}

static void *open_here(void *arg)
{
	open_ring(arg, 8, 0);
	expect_usable(arg);
	return NULL;
}

static void *close_here(void *arg)
{
	io_uring_queue_exit(arg);
	return NULL;
}

static void opened_and_closed_elsewhere(void)
{
	struct io_uring ring;

	for (int i = 0; i < 20; i++) {
		run_in_thread(open_here, &ring);
		expect_usable(&ring);
		run_in_thread(close_here, &ring);
	}
}

const struct conformance_case process_cases[] = {
	{ "what a child submits completes for its parent", child_submits },
	{ "what a child reaps is gone for its parent", child_reaps },
	{ "a child can wait for what its parent submitted", child_waits },
	{ "requests in flight survive a child's end, or its closing the ring", child_leaves },
	{ "a child's requests end with it", child_leaves_its_own },
	{ "rings can be kept out of children", not_for_children },
	{ "a child is another issuer", child_is_another_issuer },
	{ "a ring's index is not inherited", index_is_not_inherited },
	{ "a child has rings of its own", rings_in_both },
	{ "closing a ring ends its requests", close_with_requests },
	{ "a process ends with requests in flight", exit_with_requests },
	{ "a process executes another with requests in flight", exec_ends_requests },
	{ "a thousand rings come and go", thousand_rings },
	{ "a hundred rings come and go with requests in flight", hundred_rings_in_use },
	{ "fifty rings work at once", many_rings_at_once },
	{ "one thread may open a ring, and another close it", opened_and_closed_elsewhere },
	{ 0 },
};
