/* SPDX-License-Identifier: MIT */
/* Threads that wait for a futex each: they hold nobody up, though they cannot be called back. */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <anyring.h>
#include <liburing.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "result.h"

#define FLAGS (2 | FUTEX_PRIVATE_FLAG)

/* Far less than the engine tries to call back a thread, far more than it takes to find out that it
 * cannot. */
#define PROMPT_MS 300

static struct io_uring ring;
static uint32_t word;

/* Whether the word is to change when a wait is moved to it. */
static bool changes;

long __real_user_syscall(long nr, long a, long b, long c, long d, long e, long f);
long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f);

long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	bool moves = nr == __NR_futex && (b & FUTEX_CMD_MASK) == FUTEX_CMP_REQUEUE;

	if (changes && moves && e == (long)&word)
		__atomic_store_n(&word, 1, __ATOMIC_RELAXED);
	return __real_user_syscall(nr, a, b, c, d, e, f);
}

static void open_ring(void)
{
	check(!anyring_set_engine(ANYRING_USER), "no user engine");
	check(!io_uring_queue_init(4, &ring, 0), "no ring");
	check(anyring_ring_engine(&ring) == ANYRING_USER, "not the user engine");
}

static void start_wait(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	io_uring_prep_futex_wait(sqe, &word, 0, FUTEX_BITSET_MATCH_ANY, FLAGS, 0);
	sqe->user_data = 1;
	check(io_uring_submit(&ring) == 1, "not submitted");
}

static void wake(void)
{
	long ret = syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1);

	check(ret == 1, "%ld woken", ret);
}

static void expect_result(int res)
{
	struct io_uring_cqe cqe = next_cqe(&ring);

	check(cqe.user_data == 1 && cqe.res == res, "%d of %llu", cqe.res, cqe.user_data);
}

static int cancel(void)
{
	struct io_uring_sync_cancel_reg reg = { .addr = 1, .timeout = { -1, -1 } };

	return io_uring_register_sync_cancel(&ring, &reg);
}

static void handle(int signal)
{
	(void)signal;
}

/* By the application, but for the last `left` of those that the engine has not taken. */
static void take_signals(int left)
{
	const struct sigaction action = { .sa_handler = handle };
	struct sigaction now;

	for (int signal = SIGRTMAX; signal >= SIGRTMIN; signal--) {
		check(!sigaction(signal, NULL, &now), "no signal");
		if (now.sa_handler == SIG_DFL && left-- > 0)
			continue;
		check(!sigaction(signal, &action, NULL), "not taken");
	}
}

static void expect_no_way_back(void)
{
	int64_t begun = now_ms();
	int ret = cancel();

	check(now_ms() - begun < PROMPT_MS, "it takes %d ms", (int)(now_ms() - begun));
	check(ret == -ENOENT, "cancelling gives %d", ret);
	wake();
	expect_result(0);
	io_uring_queue_exit(&ring);
}

static void no_signal(void)
{
	open_ring();
	take_signals(0);
	start_wait();
	expect_no_way_back();
}

static void signal_is_taken_later(void)
{
	open_ring();
	start_wait();
	take_signals(0);
	expect_no_way_back();
}

/* The engine has a signal, but the thread that waits did not let that one in. */
static void another_signal(void)
{
	uint32_t other = 0;
	struct io_uring_sqe *sqe;

	open_ring();
	start_wait();
	sleep_ms(20);
	take_signals(1);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_futex_wait(sqe, &other, 0, FUTEX_BITSET_MATCH_ANY, FLAGS, 0);
	sqe->user_data = 2;
	check(io_uring_submit(&ring) == 1, "not submitted");
	expect_no_way_back();
}

static void signal_is_there(void)
{
	open_ring();
	start_wait();
	check(cancel() >= 0, "not cancelled");
	expect_result(-ECANCELED);
	io_uring_queue_exit(&ring);
}

/* Who changed it may have woken those who waited then, and no one since. */
static void changes_while_moved(void)
{
	open_ring();
	take_signals(0);
	changes = true;
	start_wait();
	expect_result(0);
	io_uring_queue_exit(&ring);
}

/* The thread, which is an ordinary one, runs only while the submitter sleeps. */
static void submitter_keeps_the_cpu(void)
{
	struct sched_param urgent = { .sched_priority = 1 };
	int64_t begun;
	cpu_set_t one;

	/* The threads that it starts inherit that. */
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	check(!sched_setaffinity(0, sizeof(one), &one), "not kept on one");
	open_ring();
	start_wait();
	wake();
	expect_result(0);
	/* For it to become idle. */
	sleep_ms(20);
	if (sched_setscheduler(0, SCHED_FIFO, &urgent))
		case_skip("SCHED_FIFO is not for this process");
	begun = now_ms();
	start_wait();
	check(now_ms() - begun < PROMPT_MS, "it takes %d ms", (int)(now_ms() - begun));
	wake();
	expect_result(0);
	io_uring_queue_exit(&ring);
}

static const struct test_case cases[] = {
	{ "a wait is cancelled", .run = signal_is_there },
	{ "without a signal, cancelling a wait gives up at once", .run = no_signal },
	{ "cancelling a wait gives up once the signal is the application's",
	  .run = signal_is_taken_later },
	{ "cancelling a wait gives up where it let in another signal", .run = another_signal },
	{ "without a signal, a value that changes at the wrong time is noticed",
	  .run = changes_while_moved },
	{ "a submitter of a real-time policy lets the thread wait",
	  .run = submitter_keeps_the_cpu },
	{ 0 },
};

int main(int argc, char **argv)
{
	return jobs_main(argc, argv, "waiter", cases);
}
