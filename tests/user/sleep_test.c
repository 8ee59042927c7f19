/* SPDX-License-Identifier: MIT */
/* Waiting in enter: who sleeps, who wakes, and what wakes them. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "core_ops.h"
#include "user/rings.h"

/* Long for a machine that has nothing to do but wake a thread. */
#define SOON_MS 2000

static struct uring *inner_of(struct io_uring *ring)
{
	int error = 0;
	struct uring *inner = ring_get((unsigned)ring->ring_fd, &error);

	check(inner, "no ring: %d", error);
	return inner;
}

/* ---- Threads that wait ----------------------------------------------------------------------- */

struct waiter {
	struct io_uring *ring;
	unsigned count; /* of CQEs to wait for */
	int64_t timeout_ms;
	const sigset_t *mask;
	int ret;
	pthread_t thread;
	pid_t id; /* of the thread; atomic */
	unsigned ended;
};

static int wait_in_enter(struct waiter *w)
{
	struct __kernel_timespec ts = {
		.tv_sec = w->timeout_ms / 1000,
		.tv_nsec = w->timeout_ms % 1000 * 1000000,
	};
	struct io_uring_getevents_arg arg = {
		.sigmask = (uintptr_t)w->mask,
		.sigmask_sz = _NSIG / 8,
		.ts = w->timeout_ms ? (uintptr_t)&ts : 0,
	};

	return io_uring_enter2((unsigned)w->ring->ring_fd, 0, w->count,
			       IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, (void *)&arg,
			       sizeof(arg));
}

static void *wait_thread(void *arg)
{
	struct waiter *w = arg;

	__atomic_store_n(&w->id, gettid(), __ATOMIC_RELAXED);
	w->ret = wait_in_enter(w);
	__atomic_store_n(&w->ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* In a set, or beside who is there: a signal before that would end nothing. */
static bool is_asleep(const struct waiter *w, const uint32_t *beside)
{
	pid_t id = __atomic_load_n(&w->id, __ATOMIC_RELAXED);
	unsigned long first_argument;
	char path[64];
	bool asleep;
	FILE *file;
	long nr;

	if (!id)
		return false;
	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)id);
	file = fopen(path, "r");
	if (!file)
		return false;
	/* Of a thread that runs it says so. */
	asleep = fscanf(file, "%ld %lx", &nr, &first_argument) == 2 &&
		 (nr == __NR_epoll_pwait || nr == __NR_epoll_pwait2 ||
		  (nr == __NR_futex && first_argument == (uintptr_t)beside));
	fclose(file);
	return asleep;
}

/* Starts one, and lets it fall asleep. */
static void start_waiter(struct waiter *w)
{
	struct uring *inner = inner_of(w->ring);
	int64_t began = now_ms();

	check(!pthread_create(&w->thread, NULL, wait_thread, w), "no thread");
	while (!is_asleep(w, &inner->shared->wake_seq)) {
		if (__atomic_load_n(&w->ended, __ATOMIC_ACQUIRE)) {
			check(w->timeout_ms && now_ms() - began >= w->timeout_ms,
			      "it did not wait: %d", w->ret);
			break;
		}
		check(now_ms() - began < SOON_MS, "it does not fall asleep");
		sleep_ms(1);
	}
	ring_put(inner);
}

static void expect_end(struct waiter *w, int ret)
{
	int64_t began = now_ms();

	while (!__atomic_load_n(&w->ended, __ATOMIC_ACQUIRE)) {
		check(now_ms() - began < SOON_MS, "a waiter sleeps on");
		sleep_ms(1);
	}
	pthread_join(w->thread, NULL);
	check(w->ret == ret, "it ended with %d, not %d", w->ret, ret);
}

/* The first waits in the epoll set, the second beside it; the first gives up. The second must see
 * the event all the same. */
static void second_waiter_takes_over(const void *masked)
{
	struct io_uring ring;
	struct waiter first = { .ring = &ring, .count = 2, .timeout_ms = 200 };
	struct waiter second = { .ring = &ring, .count = 1 };
	sigset_t none;
	int fds[2];

	sigemptyset(&none);
	second.mask = masked ? &none : NULL;
	core_ring(&ring, 8, 0);
	core_pipe(fds, false);
	core_sqe(&ring, OP_BYTE, fds[0], 1);
	core_submit(&ring, 1);
	start_waiter(&first);
	start_waiter(&second);
	expect_end(&first, -ETIME);
	core_put(fds[1], 5);
	expect_end(&second, 0);
	check(core_reap(&ring, NULL) == 5, "no byte");
}

/* A completion that one of several is satisfied with; the others sleep on, and get theirs. */
static void waiters_of_different_counts(void)
{
	struct io_uring ring;
	struct waiter w[4];
	int fds[2];

	core_ring(&ring, 8, 0);
	core_pipe(fds, false);
	for (unsigned i = 0; i < 4; i++) {
		core_sqe(&ring, OP_BYTE, fds[0], i);
		core_submit(&ring, 1);
	}
	for (unsigned i = 0; i < 4; i++) {
		/* The one that sleeps in the set is satisfied first. */
		w[i] = (struct waiter){ .ring = &ring, .count = i + 1 };
		start_waiter(&w[i]);
	}
	for (unsigned i = 0; i < 4; i++) {
		core_put(fds[1], (char)i);
		expect_end(&w[i], 0);
	}
}

static void timer_nearer_than_sleep(void)
{
	struct io_uring ring;
	struct waiter w = { .ring = &ring, .count = 1 };

	core_ring(&ring, 8, 0);
	core_sqe(&ring, OP_TIMER, -1, 1)->off = 60000000000ULL;
	core_submit(&ring, 1);
	start_waiter(&w);
	core_sqe(&ring, OP_TIMER, -1, 2)->off = 20000000ULL;
	core_submit(&ring, 1);
	expect_end(&w, 0);
	check(core_reap(&ring, NULL) == -ETIME, "not the timer");
}

/* A request that yields, submitted while another thread sleeps. */
static void yields_wake_a_sleeper(void)
{
	struct io_uring ring;
	struct waiter w = { .ring = &ring, .count = 1 };
	int fds[2];

	core_ring(&ring, 8, 0);
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "no sockets");
	start_waiter(&w);
	core_sqe(&ring, OP_YIELD, fds[0], 1)->len = 5;
	core_submit(&ring, 1);
	expect_end(&w, 0);
}

/* The same with nobody there: the descriptor can be polled until it has had all its turns. */
static void yields_raise_the_descriptor(void)
{
	struct io_uring ring;
	struct pollfd pfd;
	unsigned turns = 0;
	int fds[2];

	core_ring(&ring, 8, 0);
	pfd = (struct pollfd){ .fd = ring.ring_fd, .events = POLLIN };
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "no sockets");
	core_sqe(&ring, OP_YIELD, fds[0], 1)->len = 5;
	core_submit(&ring, 1);
	while (!io_uring_cq_ready(&ring)) {
		check(poll(&pfd, 1, SOON_MS) == 1, "the ring is silent with work to do");
		check(io_uring_get_events(&ring) == 0 && turns++ < 20, "it does not end");
	}
	core_reap(&ring, NULL);
	io_uring_get_events(&ring);
	check(poll(&pfd, 1, 0) == 0, "the ring is raised with nothing to do");
}

/* Nor does it need anybody who polls. */
static void yields_go_on_alone(void)
{
	int64_t began = now_ms();
	struct io_uring ring;
	int fds[2];

	core_ring(&ring, 8, 0);
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "no sockets");
	core_sqe(&ring, OP_YIELD, fds[0], 1)->len = 5;
	core_submit(&ring, 1);
	while (!io_uring_cq_ready(&ring)) {
		check(now_ms() - began < SOON_MS, "it waits for somebody");
		sleep_ms(1);
	}
	check(core_issued() == 6, "issued %u times", core_issued());
}

static void workers_wake_all(const void *flags)
{
	struct io_uring ring;
	struct waiter a = { .ring = &ring, .count = 1 }, b = { .ring = &ring, .count = 1 };
	int fds[2];

	core_ring(&ring, 8, (unsigned)(uintptr_t)flags);
	core_pipe(fds, true);
	core_sqe(&ring, OP_BLOCK, fds[0], 1);
	core_submit(&ring, 1);
	if (flags) {
		/* Only the issuer may wait. */
		sleep_ms(20);
		core_put(fds[1], 3);
		check(core_reap(&ring, NULL) == 3, "no byte");
		return;
	}
	start_waiter(&a);
	start_waiter(&b);
	core_put(fds[1], 3);
	expect_end(&a, 0);
	expect_end(&b, 0);
}

/* ---- All at once ----------------------------------------------------------------------------- */

#define STRESS_REQUESTS 20000
#define STRESS_FLYING	200
#define STRESS_THREADS	3

static struct {
	struct io_uring ring;
	pthread_mutex_t reaping;
	unsigned submitted;
	unsigned reaped; /* atomic */
	int bytes[2], blocks[2], sockets[2];
} stress;

static void stress_submit(unsigned op)
{
	struct io_uring_sqe *sqe = core_sqe(&stress.ring, op, stress.sockets[0], op);

	if (op == OP_BYTE)
		sqe->fd = stress.bytes[0];
	else if (op == OP_BLOCK)
		sqe->fd = stress.blocks[0];
	else if (op == OP_TIMER)
		sqe->off = random_between(0, 2000000);
	else if (op == OP_YIELD)
		sqe->len = (unsigned)random_between(0, 3);
	core_submit(&stress.ring, 1);
	if (op == OP_BYTE || op == OP_BLOCK)
		core_put(op == OP_BYTE ? stress.bytes[1] : stress.blocks[1], 1);
}

static void *submit_many(void *unused)
{
	static const unsigned ops[] = { OP_NOW, OP_BYTE, OP_BLOCK, OP_TIMER, OP_YIELD };
	int64_t began = now_ms();

	/* With the thread that submitted them, its requests would end. */
	while (__atomic_load_n(&stress.reaped, __ATOMIC_RELAXED) < STRESS_REQUESTS) {
		if (stress.submitted < STRESS_REQUESTS &&
		    stress.submitted - __atomic_load_n(&stress.reaped, __ATOMIC_RELAXED) <
			    STRESS_FLYING) {
			stress_submit(ops[random_between(0, 4)]);
			stress.submitted++;
			began = now_ms();
		}
		check(now_ms() - began < 5000, "%u of %u came",
		      __atomic_load_n(&stress.reaped, __ATOMIC_RELAXED), stress.submitted);
		if (!random_between(0, 50))
			sleep_ms(1);
	}
	return unused;
}

/* Waits in enter without any lock, beside the others. */
static void *reap_many(void *unused)
{
	struct waiter w = { .ring = &stress.ring, .count = 1 };
	struct io_uring_cqe *cqe;
	int64_t began = now_ms();
	int ret;

	while (__atomic_load_n(&stress.reaped, __ATOMIC_RELAXED) < STRESS_REQUESTS) {
		/* Various; the last of them finds that all is over. */
		w.timeout_ms = 1 + w.timeout_ms * 7 % 300;
		ret = wait_in_enter(&w);
		check(ret == 0 || ret == -ETIME, "enter: %d", ret);
		pthread_mutex_lock(&stress.reaping);
		while (!io_uring_peek_cqe(&stress.ring, &cqe)) {
			check(cqe->res >= 0 || cqe->res == -ETIME, "%u: %d",
			      (unsigned)cqe->user_data, cqe->res);
			io_uring_cqe_seen(&stress.ring, cqe);
			__atomic_add_fetch(&stress.reaped, 1, __ATOMIC_RELAXED);
		}
		pthread_mutex_unlock(&stress.reaping);
		check(now_ms() - began < 35000, "it does not end");
	}
	return unused;
}

static void all_at_once(void)
{
	pthread_t submitter, reapers[STRESS_THREADS];

	pthread_mutex_init(&stress.reaping, NULL);
	core_ring(&stress.ring, 64, 0);
	core_pipe(stress.bytes, false);
	core_pipe(stress.blocks, true);
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, stress.sockets), "no sockets");
	for (unsigned i = 0; i < STRESS_THREADS; i++)
		check(!pthread_create(&reapers[i], NULL, reap_many, NULL), "no thread");
	check(!pthread_create(&submitter, NULL, submit_many, NULL), "no thread");
	pthread_join(submitter, NULL);
	for (unsigned i = 0; i < STRESS_THREADS; i++)
		pthread_join(reapers[i], NULL);
	check(stress.reaped == STRESS_REQUESTS, "%u came", stress.reaped);
}

/* ---- Signals --------------------------------------------------------------------------------- */

static volatile sig_atomic_t handled;

static void handle(int sig)
{
	(void)sig;
	handled++;
}

static void set_handler(void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	sigaction(SIGUSR1, &sa, NULL);
}

/* Whoever sleeps where: a handler ends the wait, with SA_RESTART, too. */
static void signals_end_waits(const void *beside)
{
	struct io_uring ring;
	struct waiter first = { .ring = &ring, .count = 1 }, w = { .ring = &ring, .count = 1 };

	set_handler(handle, SA_RESTART);
	core_ring(&ring, 8, 0);
	if (beside)
		start_waiter(&first);
	start_waiter(&w);
	pthread_kill(w.thread, SIGUSR1);
	expect_end(&w, -EINTR);
	check(handled == 1, "handled %d times", (int)handled);
}

/* A signal that is blocked but while it waits comes before: the wait ends at once. */
static void pending_signal_is_seen(const void *beside)
{
	struct io_uring ring;
	struct waiter first = { .ring = &ring, .count = 1 }, w = { .ring = &ring, .count = 1 };
	sigset_t blocked, during, after;

	set_handler(handle, 0);
	core_ring(&ring, 8, 0);
	sigemptyset(&during);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	if (beside)
		start_waiter(&first);
	raise(SIGUSR1);
	w.mask = &during;
	check(wait_in_enter(&w) == -EINTR && handled == 1, "the signal was lost");
	pthread_sigmask(SIG_BLOCK, NULL, &after);
	check(sigismember(&after, SIGUSR1), "the mask is another now");
}

static struct io_uring *handlers_ring;
static int handlers_fd, handlers_ret;

static void wait_in_handler(int sig)
{
	struct waiter w = { .ring = handlers_ring, .count = 1, .timeout_ms = SOON_MS };

	(void)sig;
	core_put(handlers_fd, 8);
	handlers_ret = wait_in_enter(&w);
}

/* A handler may wait on the ring that its thread sleeps in. */
static void handler_waits(void)
{
	struct io_uring ring;
	struct waiter w = { .ring = &ring, .count = 1 };
	int fds[2];

	set_handler(wait_in_handler, 0);
	core_ring(&ring, 8, 0);
	core_pipe(fds, false);
	core_sqe(&ring, OP_BYTE, fds[0], 1);
	core_submit(&ring, 1);
	handlers_ring = &ring;
	handlers_fd = fds[1];
	handlers_ret = 1;
	start_waiter(&w);
	pthread_kill(w.thread, SIGUSR1);
	expect_end(&w, 0);
	check(handlers_ret == 0, "the handler's wait: %d", handlers_ret);
}

/* In the middle of an enter, the ring is not for others. */
static void handler_interrupts_the_holder(void)
{
	struct io_uring ring;
	struct uring *inner;

	core_ring(&ring, 8, 0);
	inner = inner_of(&ring);
	alarm(5);
	ring_lock(inner);
	check(io_uring_enter((unsigned)ring.ring_fd, 0, 0, IORING_ENTER_GETEVENTS, NULL) ==
		      -EDEADLK,
	      "entered twice");
	ring_unlock(inner);
	check(io_uring_enter((unsigned)ring.ring_fd, 0, 0, IORING_ENTER_GETEVENTS, NULL) == 0,
	      "not entered");
}

/* ---- Failing calls --------------------------------------------------------------------------- */

static unsigned sleeps;

static int no_pwait2(long nr)
{
	if (nr == __NR_epoll_pwait || nr == __NR_epoll_pwait2)
		__atomic_add_fetch(&sleeps, 1, __ATOMIC_RELAXED);
	return nr == __NR_epoll_pwait2 ? -ENOSYS : 0;
}

static int filtered_pwait2(long nr)
{
	int ret = no_pwait2(nr);

	return ret ? -EPERM : 0;
}

/* Linux before 5.11, and filters that are older than the call. */
static void without_pwait2(const void *filtered)
{
	struct io_uring ring;
	struct waiter w = { .ring = &ring, .count = 1, .timeout_ms = 100 };
	int64_t began;

	core_ring(&ring, 8, 0);
	core_fault = filtered ? filtered_pwait2 : no_pwait2;
	for (unsigned i = 0; i < 3; i++) {
		sleeps = 0;
		began = now_ms();
		check(wait_in_enter(&w) == -ETIME, "no timeout");
		check(now_ms() - began >= 100 && sleeps < 10, "%u calls in %d ms", sleeps,
		      (int)(now_ms() - began));
	}
}

/* Programs that close all descriptors they do not know: an error, and no spinning. */
static void inner_set_closed(void)
{
	struct io_uring ring;
	struct waiter w = { .ring = &ring, .count = 1, .timeout_ms = 1000 };
	struct uring *inner;

	core_ring(&ring, 8, 0);
	inner = inner_of(&ring);
	close(inner->reactor.epoll_fd);
	check(wait_in_enter(&w) == -EBADF, "it waits in nothing");
}

/* ---- Readiness ------------------------------------------------------------------------------- */

/* An error that nobody takes off the file, and an operation that it does not concern: of two that
 * wait for a byte, one gets it. */
static void error_is_no_readiness(void)
{
	struct io_uring ring;
	struct waiter w = { .ring = &ring, .count = 2, .timeout_ms = 300 };
	struct uring *inner;
	int fds[2];

	core_ring(&ring, 8, 0);
	core_pipe(fds, false);
	core_sqe(&ring, OP_DENY, fds[0], 1);
	core_sqe(&ring, OP_DENY, fds[0], 2);
	core_submit(&ring, 2);
	inner = inner_of(&ring);
	ring_lock(inner);
	/* As if the set had said so. */
	for (unsigned i = 0; i < inner->reactor.watch_count; i++)
		if (inner->reactor.watches[i].file)
			inner->reactor.watches[i].file->ready |= EPOLLERR;
	ring_unlock(inner);
	core_put(fds[1], 1);
	check(wait_in_enter(&w) == 0 && io_uring_cq_ready(&ring) == 1, "a byte out of nowhere");
	check(core_issued() < 20, "issued %u times for nothing", core_issued());
}

/* The place in the table of watches is used again; an event of before must not reach who has it
 * now. */
static void stale_events(void)
{
	struct io_uring ring;
	int fds[2], other[2];

	core_ring(&ring, 8, 0);
	for (unsigned i = 0; i < 200; i++) {
		core_pipe(fds, false);
		core_pipe(other, false);
		core_sqe(&ring, OP_BYTE, fds[0], 1);
		core_submit(&ring, 1);
		core_put(fds[1], (char)(i % 100));
		check(core_reap(&ring, NULL) == (int)(i % 100), "another byte");
		core_sqe(&ring, OP_BYTE, other[0], 2);
		core_submit(&ring, 1);
		io_uring_get_events(&ring);
		check(!io_uring_cq_ready(&ring), "an event of a closed file");
		core_put(other[1], 1);
		check(core_reap(&ring, NULL) == 1, "no byte");
		close(fds[0]), close(fds[1]), close(other[0]), close(other[1]);
	}
}

/* Times that do not fit: no time at all, or for ever. */
static void absurd_timeouts(void)
{
	static const struct __kernel_timespec past[] = {
		{ -1, 0 }, { INT64_MIN, 0 }, { INT64_MIN, INT64_MIN }, { 0, -5 }, { -1, INT64_MAX },
	};
	struct io_uring ring;
	struct waiter w = { .ring = &ring, .count = 1 };

	core_ring(&ring, 8, 0);
	for (unsigned flags = 0; flags <= IORING_ENTER_ABS_TIMER; flags += IORING_ENTER_ABS_TIMER)
		for (unsigned i = 0; i < 4; i++) {
			struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&past[i] };

			check(io_uring_enter2((unsigned)ring.ring_fd, 0, 1,
					      IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | flags,
					      (void *)&arg, sizeof(arg)) == -ETIME,
			      "time %u", i);
		}
	w.timeout_ms = INT64_MAX;
	start_waiter(&w);
}

static const struct test_case cases[] = {
	{ "waiters: the second takes the first one's place", .run_on = second_waiter_takes_over },
	{ "waiters: ... with a signal mask", .run_on = second_waiter_takes_over,
	  .subject = "masked" },
	{ "waiters: each until its own count", .run = waiters_of_different_counts },
	{ "waiters: a timer nearer than the sleep", .run = timer_nearer_than_sleep },
	{ "waiters: what yields wakes them", .run = yields_wake_a_sleeper },
	{ "waiters: what yields raises the descriptor", .run = yields_raise_the_descriptor },
	{ "waiters: what yields goes on with nobody there", .run = yields_go_on_alone },
	{ "waiters: a worker wakes all", .run_on = workers_wake_all },
	{ "waiters: a worker's result, deferred", .run_on = workers_wake_all,
	  .subject = (void *)(0UL + IORING_SETUP_SINGLE_ISSUER + IORING_SETUP_DEFER_TASKRUN) },
	{ "waiters: all at once", .run = all_at_once },
	{ "signals: end a wait", .run_on = signals_end_waits },
	{ "signals: end a wait beside another", .run_on = signals_end_waits, .subject = "beside" },
	{ "signals: pending before the wait", .run_on = pending_signal_is_seen },
	{ "signals: pending before a wait beside another", .run_on = pending_signal_is_seen,
	  .subject = "beside" },
	{ "signals: a handler waits, too", .run = handler_waits },
	{ "signals: a handler that interrupts the holder", .run = handler_interrupts_the_holder },
	{ "faults: no epoll_pwait2", .run_on = without_pwait2 },
	{ "faults: epoll_pwait2 filtered", .run_on = without_pwait2, .subject = "filtered" },
	{ "faults: the inner set closed", .run = inner_set_closed },
	{ "readiness: an error that stays", .run = error_is_no_readiness },
	{ "readiness: events of closed files", .run = stale_events },
	{ "timeouts: beyond 64 bits", .run = absurd_timeouts },
	{ 0 },
};

int main(int argc, char **argv)
{
	return jobs_main(argc, argv, "sleep", cases);
}
