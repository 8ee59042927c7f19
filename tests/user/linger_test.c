/* SPDX-License-Identifier: MIT */
/*
 * Duplicates that linger (src/user/linger.h): cheap for a socket that is received from again and
 * again, and never in anyone's way.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <anyring.h>

#include "cases/check.h"
#include "cases/jobs.h"

/* More than it takes until the duplicate is kept. */
#define MANY   8
#define ROUNDS 20

#ifndef F_DUPFD_QUERY
#define F_DUPFD_QUERY 1027
#endif

/* ---- Counting -------------------------------------------------------------------------------- */

static unsigned epoll_calls;

long __real_user_syscall(long nr, long a, long b, long c, long d, long e, long f);
long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f);

long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	/* Relaxed: read when no request is under way. */
	if (nr == __NR_epoll_ctl)
		__atomic_add_fetch(&epoll_calls, 1, __ATOMIC_RELAXED);
	return __real_user_syscall(nr, a, b, c, d, e, f);
}

/* ---- Sockets --------------------------------------------------------------------------------- */

static void tcp_pair(int fds[2])
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = 5 };
	socklen_t size = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	check(!bind(listener, (void *)&addr, size) && !listen(listener, 1) &&
		      !getsockname(listener, (void *)&addr, &size),
	      "no listener: %s", strerror(errno));
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(!connect(fds[0], (void *)&addr, size), "connect: %s", strerror(errno));
	fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	check(fds[1] >= 0, "accept: %s", strerror(errno));
	setsockopt(fds[1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	close(listener);
}

static struct io_uring ring;
static char buffer[100];

static void receive(int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	io_uring_prep_recv(sqe, fd, buffer, sizeof(buffer), 0);
	check(io_uring_submit(&ring) == 1, "not submitted");
}

static void expect_text(const char *text)
{
	struct __kernel_timespec most = { .tv_sec = 5 };
	struct io_uring_cqe *cqe;
	int ret = io_uring_wait_cqe_timeout(&ring, &cqe, &most);

	check(!ret, "no completion: %s", strerror(-ret));
	check(cqe->res == (int)strlen(text) && !memcmp(buffer, text, strlen(text)),
	      "res %d, '%.*s', not '%s'", cqe->res, cqe->res > 0 ? cqe->res : 0, buffer, text);
	io_uring_cqe_seen(&ring, cqe);
}

static void say(int fd, const char *text)
{
	check(send(fd, text, strlen(text), 0) == (ssize_t)strlen(text), "send: %s",
	      strerror(errno));
}

/* A pair whose first end has been received from so often that its duplicate is kept. */
static void worn_pair(int fds[2])
{
	int ret = io_uring_queue_init(8, &ring, 0);

	check(!ret, "no ring: %s", strerror(-ret));
	check(anyring_ring_engine(&ring) == ANYRING_USER, "not the user engine");
	tcp_pair(fds);
	if (fcntl(fds[0], F_DUPFD_QUERY, fds[0]) != 1)
		case_skip("this kernel cannot compare descriptors (F_DUPFD_QUERY, Linux 6.10)");
	for (unsigned i = 0; i < MANY; i++) {
		receive(fds[0]);
		say(fds[1], "again");
		expect_text("again");
	}
}

/* ---- Cases ----------------------------------------------------------------------------------- */

/* Receives as a server does whose completions come in batches: the next before the ring sleeps. */
static unsigned epoll_calls_of_many(int fds[2])
{
	unsigned before = __atomic_load_n(&epoll_calls, __ATOMIC_RELAXED);

	for (unsigned i = 0; i < MANY; i++) {
		say(fds[1], "cheap");
		expect_text("cheap");
		receive(fds[0]);
	}
	return __atomic_load_n(&epoll_calls, __ATOMIC_RELAXED) - before;
}

static void costs_no_epoll_ctl(void)
{
	unsigned calls = 1;
	int fds[2];

	worn_pair(fds);
	receive(fds[0]);
	/* On a busy machine the watchdog may come in between; but not each time. */
	for (unsigned i = 0; i < ROUNDS && calls; i++)
		calls = epoll_calls_of_many(fds);
	check(!calls, "%u calls of epoll_ctl(2) for %u messages", calls, MANY);
	io_uring_queue_exit(&ring);
}

static void pending_receive_keeps_its_socket(void)
{
	int fds[2], others[2];

	worn_pair(fds);
	tcp_pair(others);
	receive(fds[0]);
	check(dup2(others[0], fds[0]) == fds[0], "dup2: %s", strerror(errno));
	say(others[1], "new");
	say(fds[1], "old");
	expect_text("old");
	receive(fds[0]);
	expect_text("new");
	io_uring_queue_exit(&ring);
}

static void number_used_again_is_another_socket(void)
{
	int fds[2], others[2];

	worn_pair(fds);
	tcp_pair(others);
	check(dup2(others[0], fds[0]) == fds[0], "dup2: %s", strerror(errno));
	receive(fds[0]);
	say(others[1], "new");
	expect_text("new");
	io_uring_queue_exit(&ring);
}

static void closed_socket_ends(void)
{
	char byte;
	int fds[2];

	worn_pair(fds);
	close(fds[0]);
	/* Nobody enters the ring any more. */
	check(recv(fds[1], &byte, 1, 0) == 0, "no end: %s", strerror(errno));
	io_uring_queue_exit(&ring);
}

static void leaves_nothing_behind(void)
{
	int fds[2];

	worn_pair(fds);
	receive(fds[0]);
	io_uring_queue_exit(&ring);
	close(fds[0]);
	check(recv(fds[1], buffer, 1, 0) == 0, "the socket is held still: %s", strerror(errno));
}

static const struct test_case cases[] = {
	{ "a receive that takes up a duplicate calls epoll_ctl no more",
	  .run = costs_no_epoll_ctl },
	{ "a pending receive keeps its socket when the number is used again",
	  .run = pending_receive_keeps_its_socket },
	{ "a number used again between receives is another socket",
	  .run = number_used_again_is_another_socket },
	{ "a socket closed between receives ends, though nobody enters",
	  .run = closed_socket_ends },
	{ "a ring that ends lets go of its sockets", .run = leaves_nothing_behind },
	{ 0 },
};

int main(int argc, char **argv)
{
	check(!anyring_set_engine(ANYRING_USER), "no user engine");
	return jobs_main(argc, argv, "linger", cases);
}
