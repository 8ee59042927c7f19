/* SPDX-License-Identifier: MIT */
/* Waiting for children. */
#include <sys/syscall.h>

#include "conformance.h"

/* Where results go, filled with what no result is. */
static siginfo_t info;

static void open_child_ring(struct io_uring *ring)
{
	need_op(IORING_OP_WAITID, "IORING_OP_WAITID");
	open_ring(ring, 8, 0);
}

/* A child that ends with `status` as soon as `go` is written to, or its other end is closed. */
static pid_t child_on(int go[2], int status)
{
	pid_t pid;
	char byte;

	make_pipe(go);
	pid = (pid_t)sys(fork());
	if (!pid) {
		close(go[1]);
		_exit(read(go[0], &byte, 1) < 0 ? 99 : status);
	}
	close(go[0]);
	return pid;
}

/* One that has ended and can be waited for. */
static pid_t ended_child(int status)
{
	siginfo_t seen;
	int go[2];
	pid_t pid = child_on(go, status);

	close(go[1]);
	sys(waitid(P_PID, (id_t)pid, &seen, WEXITED | WNOWAIT));
	return pid;
}

static struct io_uring_sqe *prep_wait(struct io_uring *ring, idtype_t type, id_t id, int options)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	memset(&info, 0x5a, sizeof(info));
	io_uring_prep_waitid(sqe, type, id, &info, options, 0);
	set_sqe(sqe, 1, 0);
	return sqe;
}

/* One that has nothing to tell yet. */
static void start_wait(struct io_uring *ring, idtype_t type, id_t id, int options)
{
	prep_wait(ring, type, id, options);
	submit(ring, 1);
	expect_none(ring, 20);
}

static int run_wait(struct io_uring *ring, idtype_t type, id_t id, int options)
{
	struct answer a;

	prep_wait(ring, type, id, options);
	a = run_one(ring);
	expect(a.data, 1);
	expect(a.flags, 0);
	return a.res;
}

static void expect_info_at(int line, pid_t pid, int code, int status)
{
	expect_at(__FILE__, line, "si_signo", info.si_signo, SIGCHLD);
	expect_at(__FILE__, line, "si_errno", info.si_errno, 0);
	expect_at(__FILE__, line, "si_code", info.si_code, code);
	expect_at(__FILE__, line, "si_pid", info.si_pid, pid);
	expect_at(__FILE__, line, "si_uid", info.si_uid, getuid());
	expect_at(__FILE__, line, "si_status", info.si_status, status);
}
#define expect_info(pid, code, status) expect_info_at(__LINE__, pid, code, status)

/* ---- Children that end ----------------------------------------------------------------------- */

static void exits_later(void)
{
	struct io_uring ring;
	int go[2];
	pid_t pid;

	open_child_ring(&ring);
	pid = child_on(go, 42);
	start_wait(&ring, P_PID, (id_t)pid, WEXITED);
	close(go[1]);
	expect_full_answer(&ring, 1, 0, 0);
	expect_info(pid, CLD_EXITED, 42);
	/* It is reaped. */
	expect(waitpid(pid, NULL, WNOHANG), -1);
	expect(errno, ECHILD);
	io_uring_queue_exit(&ring);
}

static void has_exited(void)
{
	struct io_uring ring;
	pid_t pid;

	open_child_ring(&ring);
	pid = ended_child(3);
	expect(run_wait(&ring, P_PID, (id_t)pid, WEXITED), 0);
	expect_info(pid, CLD_EXITED, 3);
	expect(run_wait(&ring, P_PID, (id_t)pid, WEXITED), -ECHILD);
	io_uring_queue_exit(&ring);
}

static void any_kind_of_ring(void)
{
	static const unsigned flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_COOP_TASKRUN,
		IORING_SETUP_SQPOLL,
	};
	struct io_uring ring;
	int go[2];
	pid_t pid;

	need_op(IORING_OP_WAITID, "IORING_OP_WAITID");
	for (size_t i = 0; i < ARRAY_LEN(flags) * 2; i++) {
		open_ring(&ring, 8, flags[i / 2]);
		pid = child_on(go, (int)i);
		prep_wait(&ring, P_PID, (id_t)pid, WEXITED)->flags |= i % 2 ? IOSQE_ASYNC : 0;
		submit(&ring, 1);
		close(go[1]);
		expect_full_answer(&ring, 1, 0, 0);
		expect_info(pid, CLD_EXITED, (int)i);
		io_uring_queue_exit(&ring);
	}
}

static void killed(void)
{
	struct io_uring ring;
	int go[2];
	pid_t pid;

	open_child_ring(&ring);
	pid = child_on(go, 0);
	prep_wait(&ring, P_PID, (id_t)pid, WEXITED);
	submit(&ring, 1);
	sys(kill(pid, SIGKILL));
	expect_answer(&ring, 1, 0);
	expect_info(pid, CLD_KILLED, SIGKILL);
	io_uring_queue_exit(&ring);
}

static void any_child(void)
{
	pid_t pids[2], first;
	struct io_uring ring;

	open_child_ring(&ring);
	for (int i = 0; i < 2; i++)
		pids[i] = ended_child(10 + i);
	expect(run_wait(&ring, P_ALL, 0, WEXITED), 0);
	first = info.si_pid;
	check(first == pids[0] || first == pids[1], "pid %d", first);
	expect_info(first, CLD_EXITED, first == pids[0] ? 10 : 11);
	expect(run_wait(&ring, P_PGID, (id_t)getpgrp(), WEXITED), 0);
	expect(info.si_pid, pids[0] + pids[1] - first);
	expect(run_wait(&ring, P_ALL, 0, WEXITED), -ECHILD);
	io_uring_queue_exit(&ring);
}

static void one_of_two(void)
{
	struct io_uring ring;
	int go[2];
	pid_t pid, other;

	open_child_ring(&ring);
	pid = child_on(go, 1);
	prep_wait(&ring, P_PID, (id_t)pid, WEXITED);
	submit(&ring, 1);
	other = ended_child(2);
	expect_none(&ring, 20);
	close(go[1]);
	expect_answer(&ring, 1, 0);
	expect_info(pid, CLD_EXITED, 1);
	expect(run_wait(&ring, P_PID, (id_t)other, WEXITED), 0);
	io_uring_queue_exit(&ring);
}

static void by_pidfd(void)
{
	struct io_uring ring;
	int go[2], fd;
	pid_t pid;

	open_child_ring(&ring);
	pid = child_on(go, 6);
	fd = (int)sys(syscall(SYS_pidfd_open, pid, 0));
	prep_wait(&ring, P_PIDFD, (id_t)fd, WEXITED);
	submit(&ring, 1);
	close(go[1]);
	expect_answer(&ring, 1, 0);
	expect_info(pid, CLD_EXITED, 6);
	expect(run_wait(&ring, P_PIDFD, (id_t)fd, WEXITED), -ECHILD);
	io_uring_queue_exit(&ring);
}

static void each_its_own(void)
{
	struct io_uring ring;
	siginfo_t infos[2];
	struct io_uring_sqe *sqe;
	int go[2][2];
	pid_t pids[2];

	open_child_ring(&ring);
	for (int i = 0; i < 2; i++) {
		pids[i] = child_on(go[i], 20 + i);
		sqe = new_sqe(&ring);
		io_uring_prep_waitid(sqe, P_ALL, 0, &infos[i], WEXITED, 0);
		set_sqe(sqe, (uint64_t)i, 0);
	}
	submit(&ring, 2);
	for (int i = 0; i < 2; i++) {
		struct answer a;

		/* Which of the two waits gets it is not said. */
		expect(write(go[i][1], "x", 1), 1);
		a = next_answer(&ring);
		expect(a.res, 0);
		expect(infos[a.data].si_pid, pids[i]);
		expect(infos[a.data].si_status, 20 + i);
	}
	io_uring_queue_exit(&ring);
}

static void *fork_in_thread(void *go)
{
	static pid_t pid;

	pid = child_on(go, 4);
	return &pid;
}

static void of_another_thread(void)
{
	struct io_uring ring;
	pthread_t thread;
	void *pid;
	int go[2];

	open_child_ring(&ring);
	expect(pthread_create(&thread, NULL, fork_in_thread, go), 0);
	expect(pthread_join(thread, &pid), 0);
	prep_wait(&ring, P_PID, (id_t) * (pid_t *)pid, WEXITED);
	submit(&ring, 1);
	close(go[1]);
	expect_answer(&ring, 1, 0);
	expect_info(*(pid_t *)pid, CLD_EXITED, 4);
	io_uring_queue_exit(&ring);
}

/* Who ignores SIGCHLD has no zombies, and learns only that there is no child any more. */
static void ignored(void)
{
	struct io_uring ring;
	int go[2];
	pid_t pid;

	open_child_ring(&ring);
	signal(SIGCHLD, SIG_IGN);
	pid = child_on(go, 4);
	start_wait(&ring, P_PID, (id_t)pid, WEXITED);
	close(go[1]);
	expect_answer(&ring, 1, -ECHILD);
	/* As waitid(2) does, it says so in the result too. */
	expect(info.si_pid, 0);
	expect(info.si_signo, 0);
	io_uring_queue_exit(&ring);
}

/* ---- Options --------------------------------------------------------------------------------- */

static void no_hang(void)
{
	struct io_uring ring;
	int go[2];
	pid_t pid;

	open_child_ring(&ring);
	pid = child_on(go, 5);
	expect(run_wait(&ring, P_PID, (id_t)pid, WEXITED | WNOHANG), 0);
	/* Nothing has ended, which is what a pid of 0 says. */
	expect(info.si_pid, 0);
	expect(info.si_signo, 0);
	close(go[1]);
	expect(run_wait(&ring, P_PID, (id_t)pid, WEXITED), 0);
	expect_info(pid, CLD_EXITED, 5);
	io_uring_queue_exit(&ring);
}

static void no_reaping(void)
{
	struct io_uring ring;
	pid_t pid;

	open_child_ring(&ring);
	pid = ended_child(8);
	for (int i = 0; i < 2; i++) {
		expect(run_wait(&ring, P_PID, (id_t)pid, WEXITED | WNOWAIT), 0);
		expect_info(pid, CLD_EXITED, 8);
	}
	expect(run_wait(&ring, P_PID, (id_t)pid, WEXITED | WNOHANG), 0);
	expect_info(pid, CLD_EXITED, 8);
	expect(run_wait(&ring, P_PID, (id_t)pid, WEXITED | WNOHANG), -ECHILD);
	io_uring_queue_exit(&ring);
}

static void stops_and_goes_on(void)
{
	struct io_uring ring;
	int go[2];
	pid_t pid;

	open_child_ring(&ring);
	pid = child_on(go, 5);
	start_wait(&ring, P_PID, (id_t)pid, WSTOPPED);
	sys(kill(pid, SIGSTOP));
	expect_answer(&ring, 1, 0);
	expect_info(pid, CLD_STOPPED, SIGSTOP);
	start_wait(&ring, P_PID, (id_t)pid, WCONTINUED);
	sys(kill(pid, SIGCONT));
	expect_answer(&ring, 1, 0);
	expect_info(pid, CLD_CONTINUED, SIGCONT);
	close(go[1]);
	expect(run_wait(&ring, P_PID, (id_t)pid, WEXITED | WSTOPPED | WCONTINUED), 0);
	expect_info(pid, CLD_EXITED, 5);
	io_uring_queue_exit(&ring);
}

static void without_info(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	pid_t pid;

	open_child_ring(&ring);
	pid = ended_child(8);
	sqe = new_sqe(&ring);
	io_uring_prep_waitid(sqe, P_PID, (id_t)pid, NULL, WEXITED, 0);
	set_sqe(sqe, 1, 0);
	expect(run_one(&ring).res, 0);
	expect(run_wait(&ring, P_PID, (id_t)pid, WEXITED), -ECHILD);
	io_uring_queue_exit(&ring);
}

/* As with waitid(2), the child is gone though nobody was told of it. */
static void info_at_a_bad_address(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	pid_t pid;

	open_child_ring(&ring);
	pid = ended_child(8);
	sqe = new_sqe(&ring);
	io_uring_prep_waitid(sqe, P_PID, (id_t)pid, (siginfo_t *)4096, WEXITED, 0);
	set_sqe(sqe, 1, 0);
	expect(run_one(&ring).res, -EFAULT);
	expect(run_wait(&ring, P_PID, (id_t)pid, WEXITED), -ECHILD);
	io_uring_queue_exit(&ring);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

static void errors(void)
{
	int file = scratch_file(1);
	const struct {
		const char *name;
		idtype_t type;
		id_t id;
		int options;
		int want;
	} rows[] = {
		{ "no children", P_ALL, 0, WEXITED, -ECHILD },
		{ "no child of ours", P_PID, 1, WEXITED, -ECHILD },
		{ "no such process", P_PID, 0x7fffffff, WEXITED, -ECHILD },
		{ "no such group", P_PGID, 0x7fffffff, WEXITED, -ECHILD },
		{ "pid 0", P_PID, 0, WEXITED, -EINVAL },
		{ "a negative pid", P_PID, (id_t)-1, WEXITED, -EINVAL },
		{ "a negative group", P_PGID, (id_t)-1, WEXITED, -EINVAL },
		{ "no such type", (idtype_t)17, 1, WEXITED, -EINVAL },
		{ "nothing to wait for", P_ALL, 0, 0, -EINVAL },
		{ "nothing but WNOHANG", P_ALL, 0, WNOHANG, -EINVAL },
		{ "an unknown option", P_ALL, 0, WEXITED | 1 << 16, -EINVAL },
		{ "no pidfd", P_PIDFD, (id_t)file, WEXITED, -EBADF },
		{ "a closed pidfd", P_PIDFD, 9999, WEXITED, -EBADF },
		{ "a negative pidfd", P_PIDFD, (id_t)-1, WEXITED, -EINVAL },
	};
	struct io_uring ring;

	open_child_ring(&ring);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect_at(__FILE__, __LINE__, rows[i].name,
			  run_wait(&ring, rows[i].type, rows[i].id, rows[i].options), rows[i].want);
	io_uring_queue_exit(&ring);
}

static void bad_fields(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	pid_t pid;

	open_child_ring(&ring);
	pid = ended_child(1);
	for (int i = 0; i < 4; i++) {
		sqe = prep_wait(&ring, P_PID, (id_t)pid, WEXITED);
		if (i == 0)
			sqe->addr = 1;
		if (i == 1)
			sqe->buf_index = 1;
		if (i == 2)
			sqe->addr3 = 1;
		if (i == 3)
			sqe->waitid_flags = 1;
		expect(run_one(&ring).res, -EINVAL);
	}
	expect(run_wait(&ring, P_PID, (id_t)pid, WEXITED), 0);
	io_uring_queue_exit(&ring);
}

/* Linux counts what it cancels here, where it says 0 of any other request, observed. */
static void cancelled(void)
{
	struct io_uring_sqe *sqe;
	struct answer answers[2];
	struct io_uring ring;
	int go[2];
	pid_t pid;

	open_child_ring(&ring);
	pid = child_on(go, 5);
	prep_wait(&ring, P_PID, (id_t)pid, WEXITED);
	submit(&ring, 1);
	sqe = new_sqe(&ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	set_sqe(sqe, 2, 0);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 2);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], 1, -ECANCELED, 0);
	expect_full_answer_at(__FILE__, __LINE__, answers[1], 2, 1, 0);
	/* The child is none the wiser. */
	close(go[1]);
	expect(run_wait(&ring, P_PID, (id_t)pid, WEXITED), 0);
	expect_info(pid, CLD_EXITED, 5);
	io_uring_queue_exit(&ring);
}

static void taken_by_another(void)
{
	struct io_uring ring;
	int go[2];
	pid_t pid;

	open_child_ring(&ring);
	pid = child_on(go, 5);
	prep_wait(&ring, P_PID, (id_t)pid, WEXITED);
	submit(&ring, 1);
	prep_wait(&ring, P_PID, (id_t)pid, WEXITED);
	submit(&ring, 1);
	close(go[1]);
	/* One gets it, the other learns that there is none any more. */
	expect(next_answer(&ring).res + next_answer(&ring).res, -ECHILD);
	io_uring_queue_exit(&ring);
}

const struct conformance_case child_cases[] = {
	{ "a child that ends later is waited for", exits_later },
	{ "a child that has ended is told of at once", has_exited },
	{ "any kind of ring can wait", any_kind_of_ring },
	{ "a child that is killed is told of with the signal", killed },
	{ "any child, or any of a group, can be waited for", any_child },
	{ "a wait for one child minds no other", one_of_two },
	{ "a child can be named by a pidfd", by_pidfd },
	{ "two waits for any child get one each", each_its_own },
	{ "a child of another thread can be waited for", of_another_thread },
	{ "a child that is ignored is -ECHILD once it has ended", ignored },
	{ "WNOHANG with nothing to tell is 0 and a pid of 0", no_hang },
	{ "WNOWAIT leaves the child to be waited for", no_reaping },
	{ "a child that stops and goes on can be waited for", stops_and_goes_on },
	{ "no place for the result is no error", without_info },
	{ "a bad place for the result is -EFAULT, and the child is gone", info_at_a_bad_address },
	{ "errors of what to wait for", errors },
	{ "fields that are not used must be 0", bad_fields },
	{ "a wait can be cancelled", cancelled },
	{ "of two waits for one child one is -ECHILD", taken_by_another },
	{ 0 },
};
