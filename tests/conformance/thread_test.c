/* SPDX-License-Identifier: MIT */
/* Signals and threads around a ring. */
#include <sys/ioctl.h>

#include "requests.h"

/* ---- Signals --------------------------------------------------------------------------------- */

static volatile sig_atomic_t handled;

static void handle(int signal)
{
	(void)signal;
	handled++;
}

static void set_handler(int signal, int flags)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = flags };

	sys(sigaction(signal, &action, NULL));
	handled = 0;
}

static void block(int how, int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	expect(pthread_sigmask(how, &set, NULL), 0);
}

/* How often so far. ThreadSanitizer runs handlers at the next call that it knows, such as sleep. */
static int times_handled(void)
{
	sleep_ms(1);
	return handled;
}

static bool is_blocked(int signal)
{
	sigset_t set;

	expect(pthread_sigmask(SIG_SETMASK, NULL, &set), 0);
	return sigismember(&set, signal);
}

/* Signals a thread every few milliseconds, since nobody can tell when it began to wait. */
struct pesterer {
	pthread_t victim, self;
	int signal;
	int done; /* atomic, relaxed: joining the thread orders everything */
};

static void *pester(void *arg)
{
	struct pesterer *p = arg;

	while (!__atomic_load_n(&p->done, __ATOMIC_RELAXED)) {
		sleep_ms(5);
		pthread_kill(p->victim, p->signal);
	}
	return NULL;
}

static void start_pestering(struct pesterer *p, int signal)
{
	*p = (struct pesterer){ .victim = pthread_self(), .signal = signal };
	expect(pthread_create(&p->self, NULL, pester, p), 0);
}

static void stop_pestering(struct pesterer *p)
{
	__atomic_store_n(&p->done, 1, __ATOMIC_RELAXED);
	expect(pthread_join(p->self, NULL), 0);
}

static void interrupted(int action_flags, unsigned flags)
{
	struct __kernel_timespec ts = { .tv_sec = 8 };
	struct io_uring_cqe *cqe = NULL;
	struct pesterer pesterer;
	struct io_uring ring;
	int fd;

	set_handler(SIGUSR1, action_flags);
	open_ring(&ring, 8, flags);
	fd = queue_hanging(&ring, 1, 0);
	submit(&ring, 1);
	start_pestering(&pesterer, SIGUSR1);
	expect(io_uring_wait_cqe(&ring, &cqe), -EINTR);
	expect(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -EINTR);
	expect(io_uring_submit_and_wait(&ring, 1), -EINTR);
	/* One that submits says how many, and the wait just ends. */
	queue_hanging(&ring, 2, 0);
	expect(io_uring_submit_and_wait(&ring, 1), 1);
	expect(io_uring_cq_ready(&ring), 0);
	stop_pestering(&pesterer);
	check(times_handled() > 0, "no signal was handled");
	/* The requests know nothing of it. */
	release(fd);
	expect_answer(&ring, 1, 1);
	io_uring_queue_exit(&ring);
}

static void interrupted_once(unsigned flags)
{
	interrupted(0, flags);
}

static void handler_interrupts(void)
{
	on_both_kinds(interrupted_once);
}

static void no_restart(void)
{
	interrupted(SA_RESTART, 0);
}

static void ignored_signals(void)
{
	const int signals[] = { SIGURG, SIGUSR2 };
	struct __kernel_timespec ts = MILLISECONDS(50);
	struct io_uring_cqe *cqe = NULL;
	struct pesterer pesterer;
	struct io_uring ring;

	/* One by default, one by choice. */
	signal(SIGUSR2, SIG_IGN);
	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		start_pestering(&pesterer, signals[i]);
		expect(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME);
		stop_pestering(&pesterer);
	}
	io_uring_queue_exit(&ring);
}

static void mask_opens_on(unsigned flags)
{
	struct __kernel_timespec ts = { .tv_sec = 8 };
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;
	sigset_t none;

	sigemptyset(&none);
	set_handler(SIGUSR1, 0);
	block(SIG_BLOCK, SIGUSR1);
	open_ring(&ring, 8, flags);
	for (int round = 0; round < 3; round++) {
		sys(raise(SIGUSR1));
		expect(times_handled(), round);
		/* It waits for the wait, whose mask lets it through. */
		if (round == 0)
			expect(io_uring_wait_cqes(&ring, &cqe, 1, &ts, &none), -EINTR);
		else if (round == 1)
			expect(io_uring_wait_cqes(&ring, &cqe, 1, NULL, &none), -EINTR);
		else
			expect(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, &none),
			       -EINTR);
		expect(times_handled(), round + 1);
		check(is_blocked(SIGUSR1), "the mask was not restored");
	}
	io_uring_queue_exit(&ring);
}

static void mask_opens(void)
{
	on_both_kinds(mask_opens_on);
}

static void mask_closes(void)
{
	struct __kernel_timespec ts = MILLISECONDS(50);
	struct io_uring_cqe *cqe = NULL;
	struct pesterer pesterer;
	struct io_uring ring;
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	set_handler(SIGUSR1, 0);
	open_ring(&ring, 8, 0);
	start_pestering(&pesterer, SIGUSR1);
	expect(io_uring_wait_cqes(&ring, &cqe, 1, &ts, &mask), -ETIME);
	stop_pestering(&pesterer);
	check(times_handled() > 0, "no signal after the wait");
	check(!is_blocked(SIGUSR1), "the mask was not restored");
	io_uring_queue_exit(&ring);
}

static void mask_in_registered_wait(void)
{
	struct io_uring_reg_wait *waits =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;
	sigset_t none;

	need_linux(6, 13, "registered waits");
	check(waits != MAP_FAILED, "out of memory");
	sigemptyset(&none);
	set_handler(SIGUSR1, 0);
	block(SIG_BLOCK, SIGUSR1);
	open_ring(&ring, 8, IORING_SETUP_R_DISABLED);
	expect(io_uring_register_wait_reg(&ring, waits, 4096 / sizeof(*waits)), 0);
	expect(io_uring_enable_rings(&ring), 0);
	waits[0] = (struct io_uring_reg_wait){ .ts = { .tv_sec = 8 },
					       .flags = IORING_REG_WAIT_TS,
					       .sigmask = (uintptr_t)&none,
					       .sigmask_sz = _NSIG / 8 };
	sys(raise(SIGUSR1));
	expect(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 0), -EINTR);
	expect(times_handled(), 1);
	check(is_blocked(SIGUSR1), "the mask was not restored");
	io_uring_queue_exit(&ring);
}

static void requests_and_signals(void)
{
	struct pesterer pesterer;
	struct answer answers[3];
	struct io_uring ring;
	char byte;
	int one, two, pair[2];

	/* No request is interrupted by what its submitter handles. */
	set_handler(SIGUSR1, 0);
	open_ring(&ring, 8, 0);
	unix_pair(pair);
	one = queue_hanging(&ring, 1, 0);
	two = queue_hanging(&ring, 2, IOSQE_ASYNC);
	io_uring_prep_recv(new_sqe(&ring), pair[0], &byte, 1, 0);
	set_sqe(&ring.sq.sqes[2], 3, 0);
	submit(&ring, 3);
	start_pestering(&pesterer, SIGUSR1);
	while (handled < 5)
		sleep_ms(1);
	expect(io_uring_cq_ready(&ring), 0);
	stop_pestering(&pesterer);
	release(one);
	release(two);
	release(pair[1]);
	sorted_answers(&ring, answers, 3);
	for (unsigned i = 0; i < 3; i++)
		expect_answer_at(__FILE__, __LINE__, answers[i], i + 1, 1);
	io_uring_queue_exit(&ring);
}

/* ---- Threads --------------------------------------------------------------------------------- */

#define THREADS	   4
#define PER_THREAD 500U

struct shared_ring {
	struct io_uring ring;
	pthread_mutex_t lock;
	unsigned next; /* under the lock */
};

static void *submit_many(void *arg)
{
	struct shared_ring *shared = arg;

	for (unsigned i = 0; i < PER_THREAD; i++) {
		pthread_mutex_lock(&shared->lock);
		queue_nop(&shared->ring, shared->next++, 0);
		submit(&shared->ring, 1);
		pthread_mutex_unlock(&shared->lock);
	}
	return NULL;
}

static void many_submit(void)
{
	static struct shared_ring shared = { .lock = PTHREAD_MUTEX_INITIALIZER };
	static bool seen[THREADS * PER_THREAD];
	pthread_t threads[THREADS];

	open_ring(&shared.ring, 64, 0);
	for (int i = 0; i < THREADS; i++)
		expect(pthread_create(&threads[i], NULL, submit_many, &shared), 0);
	for (unsigned i = 0; i < ARRAY_LEN(seen); i++) {
		struct answer a = next_answer(&shared.ring);

		check(a.data < ARRAY_LEN(seen) && !seen[a.data], "%llu again",
		      (unsigned long long)a.data);
		expect(a.res, 0);
		seen[a.data] = true;
	}
	for (int i = 0; i < THREADS; i++)
		expect(pthread_join(threads[i], NULL), 0);
	expect_none(&shared.ring, 0);
	io_uring_queue_exit(&shared.ring);
}

static void *work_alone(void *arg)
{
	struct io_uring ring;
	int fds[2];

	make_pipe(fds);
	open_ring(&ring, 8, *(unsigned *)arg);
	for (unsigned i = 0; i < 200; i++) {
		char byte;

		queue_read(&ring, fds[0], &byte, 1, 2, 0);
		queue_nop(&ring, 1, 0);
		submit(&ring, 2);
		expect_answer(&ring, 1, 0);
		release(fds[1]);
		expect_answer(&ring, 2, 1);
	}
	io_uring_queue_exit(&ring);
	return NULL;
}

static void rings_of_their_own(void)
{
	unsigned flags[] = { 0, IORING_SETUP_COOP_TASKRUN,
			     IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, 0 };
	pthread_t threads[ARRAY_LEN(flags)];

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		expect(pthread_create(&threads[i], NULL, work_alone, &flags[i]), 0);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		expect(pthread_join(threads[i], NULL), 0);
}

static void *wait_for_one(void *arg)
{
	struct io_uring *ring = arg;

	expect(io_uring_enter((unsigned)ring->ring_fd, 0, 1, IORING_ENTER_GETEVENTS, NULL), 0);
	return NULL;
}

static void all_waiters_wake(void)
{
	pthread_t waiters[3];
	struct io_uring ring;
	int fd;

	open_ring(&ring, 8, 0);
	fd = queue_hanging(&ring, 1, 0);
	submit(&ring, 1);
	for (int i = 0; i < 3; i++)
		expect(pthread_create(&waiters[i], NULL, wait_for_one, &ring), 0);
	/* Asleep or not yet: the completion stays until all have seen it. */
	sleep_ms(20);
	release(fd);
	for (int i = 0; i < 3; i++)
		expect(pthread_join(waiters[i], NULL), 0);
	expect_answer(&ring, 1, 1);
	io_uring_queue_exit(&ring);
}

static void submitting_while_another_waits(void)
{
	struct io_uring ring;
	pthread_t waiter;

	open_ring(&ring, 8, 0);
	expect(pthread_create(&waiter, NULL, wait_for_one, &ring), 0);
	sleep_ms(20);
	queue_nop(&ring, 1, 0);
	submit(&ring, 1);
	expect(pthread_join(waiter, NULL), 0);
	expect_answer(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

static int hanging_fds[2];

static void *submit_and_leave(void *arg)
{
	static struct __kernel_timespec ts = { .tv_nsec = 20000000 };

	hanging_fds[0] = queue_hanging(arg, 1, 0);
	hanging_fds[1] = queue_multishot(arg, 2);
	queue_timeout(arg, &ts, 0, 0, 3);
	submit(arg, 3);
	return NULL;
}

static void submitter_leaves(void)
{
	struct answer answers[2];
	struct io_uring ring;
	int unread;

	open_ring(&ring, 8, 0);
	run_in_thread(submit_and_leave, &ring);
	/* Linux 6.18 cancels no earlier than when there is something to do, observed. */
	expect_full_answer(&ring, 3, -ETIME, 0);
	expect_none(&ring, 50);
	release(hanging_fds[0]);
	release(hanging_fds[1]);
	sorted_answers(&ring, answers, 2);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], 1, -ECANCELED, 0);
	expect_full_answer_at(__FILE__, __LINE__, answers[1], 2, -ECANCELED, 0);
	sys(ioctl(hanging_fds[0], FIONREAD, &unread));
	expect(unread, 1);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* Until then they are requests like others. */
static void left_ones_are_cancelled(void)
{
	struct answer answers[3];
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	run_in_thread(submit_and_leave, &ring);
	expect_answer(&ring, 3, -ETIME);
	io_uring_prep_cancel64(new_sqe(&ring), 0, IORING_ASYNC_CANCEL_ANY);
	set_sqe(&ring.sq.sqes[3], 4, 0);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 3);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], 1, -ECANCELED, 0);
	expect_full_answer_at(__FILE__, __LINE__, answers[1], 2, -ECANCELED, 0);
	expect_full_answer_at(__FILE__, __LINE__, answers[2], 4, 2, 0);
	io_uring_queue_exit(&ring);
}

struct bounded {
	struct io_uring *ring;
	int fds[2];
	char byte;
};

static void *bound_and_leave(void *arg)
{
	static struct __kernel_timespec ts = { .tv_nsec = 20000000 };
	struct bounded *b = arg;
	struct io_uring_sqe *sqe = new_sqe(b->ring);

	io_uring_prep_recv(sqe, b->fds[0], &b->byte, 1, 0);
	set_sqe(sqe, 1, IOSQE_IO_LINK);
	sqe = new_sqe(b->ring);
	io_uring_prep_link_timeout(sqe, &ts, 0);
	set_sqe(sqe, 2, 0);
	submit(b->ring, 2);
	return NULL;
}

/* The thread is gone in whose name it would cancel. */
static void link_timeout_of_one_that_ended(void)
{
	struct io_uring ring;
	struct bounded bounded = { .ring = &ring };

	open_ring(&ring, 8, 0);
	sys(socketpair(AF_UNIX, SOCK_STREAM, 0, bounded.fds));
	run_in_thread(bound_and_leave, &bounded);
	expect_answer(&ring, 2, -ECANCELED);
	expect_none(&ring, 20);
	expect(write(bounded.fds[1], "x", 1), 1);
	expect_answer(&ring, 1, -ECANCELED);
	expect(read(bounded.fds[0], &bounded.byte, 1), 1);
	io_uring_queue_exit(&ring);
	close(bounded.fds[0]);
	close(bounded.fds[1]);
}

#define WRITES	   8U
#define WRITE_SIZE 4096U

struct writer {
	struct io_uring *ring;
	int fd;
};

static void *write_and_leave(void *arg)
{
	static char block[WRITE_SIZE] __attribute__((aligned(WRITE_SIZE)));
	const struct writer *writer = arg;

	for (unsigned i = 0; i < WRITES; i++) {
		struct io_uring_sqe *sqe = new_sqe(writer->ring);

		io_uring_prep_write(sqe, writer->fd, block, WRITE_SIZE, (uint64_t)i * WRITE_SIZE);
		set_sqe(sqe, i, 0);
	}
	submit(writer->ring, WRITES);
	return NULL;
}

static void writes_by(struct io_uring *ring, int flags)
{
	struct writer writer = { ring, open("file", O_RDWR | O_CREAT | O_TRUNC | flags, 0600) };
	struct answer answers[WRITES];

	if (writer.fd < 0 && errno == EINVAL)
		return;
	check(writer.fd >= 0, "no file: %s", strerror(errno));
	run_in_thread(write_and_leave, &writer);
	sorted_answers(ring, answers, WRITES);
	for (unsigned i = 0; i < WRITES; i++)
		expect_full_answer_at(__FILE__, __LINE__, answers[i], i, WRITE_SIZE, 0);
	sys(close(writer.fd));
}

static void writes_are_done(void)
{
	struct io_uring ring;

	open_ring(&ring, WRITES, 0);
	writes_by(&ring, 0);
	writes_by(&ring, O_DIRECT);
	io_uring_queue_exit(&ring);
}

const struct conformance_case thread_cases[] = {
	{ "a handled signal ends a wait with -EINTR", handler_interrupts },
	{ "SA_RESTART does not restart a wait", no_restart },
	{ "an ignored signal ends no wait", ignored_signals },
	{ "a wait's mask lets in what is blocked otherwise", mask_opens },
	{ "a wait's mask keeps signals until after it", mask_closes },
	{ "a registered wait has a mask, too", mask_in_registered_wait },
	{ "signals interrupt no request", requests_and_signals },
	{ "threads submit in turn while another reaps", many_submit },
	{ "each thread can have a ring of its own", rings_of_their_own },
	{ "a completion wakes all who wait", all_waiters_wake },
	{ "one submits while another waits", submitting_while_another_waits },
	{ "requests of a thread that ended are cancelled once they could go on, but for timeouts",
	  submitter_leaves },
	{ "requests of a thread that ended can be cancelled before", left_ones_are_cancelled },
	{ "a link timeout of a thread that ended cancels nothing", link_timeout_of_one_that_ended },
	{ "writes to files are done, though the thread that submitted them ended",
	  writes_are_done },
	{ 0 },
};
