/* SPDX-License-Identifier: MIT */
/* Accepting from listeners without O_NONBLOCK, which accept(2) may wait at. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <anyring.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "result.h"

static struct io_uring ring;
static struct sockaddr_in addr;
static int listener;

/* What the engine's system calls do in a case. */
static int others_left;	  /* connections that somebody else accepts first */
static unsigned accepted; /* calls of accept4(2) that began with nobody there */
static bool no_timers;
static unsigned by_workers; /* calls of accept4(2) by threads of the engine's; atomic */

long __real_user_syscall(long nr, long a, long b, long c, long d, long e, long f);
long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f);

long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	if (nr == __NR_timer_create && no_timers)
		return -EAGAIN;
	/* Relaxed: a completion orders it before who reads it. */
	if (nr == __NR_accept4 && syscall(__NR_gettid) != getpid())
		__atomic_add_fetch(&by_workers, 1, __ATOMIC_RELAXED);
	if (nr == __NR_accept4 && others_left > 0) {
		others_left--;
		accepted++;
		close(accept(listener, NULL, NULL));
	}
	return __real_user_syscall(nr, a, b, c, d, e, f);
}

static void listen_and_open(void)
{
	socklen_t size = sizeof(addr);
	int ret;

	addr = (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	listener = socket(AF_INET, SOCK_STREAM, 0);
	check(!bind(listener, (void *)&addr, size) && !listen(listener, 16) &&
		      !getsockname(listener, (void *)&addr, &size),
	      "no listener: %s", strerror(errno));
	ret = io_uring_queue_init(4, &ring, 0);
	check(!ret, "no ring: %s", strerror(-ret));
	check(anyring_ring_engine(&ring) == ANYRING_USER, "not the user engine");
}

static void connect_one(void)
{
	int client = socket(AF_INET, SOCK_STREAM, 0);

	check(!connect(client, (void *)&addr, sizeof(addr)), "connect: %s", strerror(errno));
}

static void submit_accept(bool multishot)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	if (multishot)
		io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, 0);
	else
		io_uring_prep_accept(sqe, listener, NULL, NULL, 0);
	check(io_uring_submit(&ring) == 1, "not submitted");
}

static void no_worker(void)
{
	listen_and_open();
	for (unsigned i = 0; i < 5; i++)
		connect_one();
	submit_accept(false);
	check(next_result(&ring, NULL) >= 0, "not accepted");
	submit_accept(true);
	for (unsigned i = 0; i < 4; i++)
		check(next_result(&ring, NULL) >= 0, "not accepted");
	check(!by_workers, "%u accepts by workers", by_workers);
	io_uring_queue_exit(&ring);
}

static void others_are_faster(bool multishot)
{
	struct io_uring_cqe *cqe;
	int64_t began;

	listen_and_open();
	connect_one();
	others_left = 1;
	began = now_ms();
	submit_accept(multishot);
	check(accepted == 1, "others were not faster");
	check(now_ms() - began < 1000, "submitting took %lld ms", (long long)(now_ms() - began));
	check(io_uring_peek_cqe(&ring, &cqe) == -EAGAIN, "completed with %d", cqe->res);
	connect_one();
	check(next_result(&ring, NULL) >= 0, "not accepted");
	io_uring_queue_exit(&ring);
	close(listener);
}

static void waits_on(void)
{
	others_are_faster(false);
	accepted = 0;
	others_are_faster(true);
}

/* The signal is not to reach the application, nor to stay let in. */
static void leaves_the_mask_alone(void)
{
	sigset_t all, after;

	listen_and_open();
	/* So that a signal has been chosen. */
	connect_one();
	submit_accept(false);
	check(next_result(&ring, NULL) >= 0, "not accepted");
	sigfillset(&all);
	check(!sigprocmask(SIG_SETMASK, &all, NULL), "sigprocmask: %s", strerror(errno));
	connect_one();
	others_left = 1;
	submit_accept(false);
	check(accepted == 1, "others were not faster");
	check(!sigprocmask(SIG_SETMASK, NULL, &after), "sigprocmask: %s", strerror(errno));
	for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++)
		check(sigismember(&after, signal) == 1, "signal %d is let in", signal);
	check(!sigpending(&after), "sigpending: %s", strerror(errno));
	for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++)
		check(!sigismember(&after, signal), "signal %d is left pending", signal);
	connect_one();
	check(next_result(&ring, NULL) >= 0, "not accepted");
	io_uring_queue_exit(&ring);
}

static void worker_accepts(void)
{
	listen_and_open();
	no_timers = true;
	connect_one();
	submit_accept(false);
	check(next_result(&ring, NULL) >= 0, "not accepted");
	check(by_workers, "no accept by a worker");
	io_uring_queue_exit(&ring);
}

static void last_takes_all(void)
{
	unsigned flags;

	listen_and_open();
	check(!fcntl(listener, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	submit_accept(false);
	submit_accept(true);
	for (unsigned i = 0; i < 3; i++) {
		connect_one();
		check(next_result(&ring, &flags) >= 0 && flags & IORING_CQE_F_MORE,
		      "not the multishot's");
	}
	io_uring_queue_exit(&ring);
}

static const struct test_case cases[] = {
	{ "no worker accepts", .run = no_worker },
	{ "where others are faster it goes on waiting, and enter does not", .run = waits_on },
	{ "the thread's signal mask stays as it is", .run = leaves_the_mask_alone },
	{ "without a timer a worker accepts", .run = worker_accepts },
	{ "of several accepts the last may take all", .run = last_takes_all },
	{ 0 },
};

int main(int argc, char **argv)
{
	check(!anyring_set_engine(ANYRING_USER), "no user engine");
	return jobs_main(argc, argv, "listener", cases);
}
