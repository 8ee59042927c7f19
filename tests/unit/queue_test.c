/* SPDX-License-Identifier: MIT */
/* Submitting and waiting. */
#include "support.h"

/* Room for a busy machine, yet far below any of the waits that must not have happened. */
#define SOON_S (FOR_EVER_S / 2)

/* Waits that must time out are this long; half of it proves that there was a wait. */
#define SHORT_MS 40
#define SHORT_S	 (SHORT_MS / 1000.0)

/* ---- Submitting ------------------------------------------------------------------------------ */

static void test_queue_full(void **state)
{
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	assert_int_equal(io_uring_sq_space_left(&ring), 4);
	for (unsigned i = 0; i < 4; i++) {
		queue_nop(&ring, i);
		assert_int_equal(io_uring_sq_ready(&ring), i + 1);
		assert_int_equal(io_uring_sq_space_left(&ring), 3 - i);
	}
	assert_null(io_uring_get_sqe(&ring));
	assert_int_equal(io_uring_sq_ready(&ring), 4);
	assert_ret(4, io_uring_submit(&ring));
	assert_ret(0, io_uring_submit(&ring));
	assert_int_equal(io_uring_sq_ready(&ring), 0);
	assert_int_equal(io_uring_sq_space_left(&ring), 4);
	assert_int_equal(io_uring_cq_ready(&ring), 4);
	for (unsigned i = 0; i < 4; i++)
		reap(&ring, i, 0);
	assert_int_equal(io_uring_cq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
}

/* Batches of a size that divides neither queue, round and round. */
static void go_round(unsigned flags, const char *what, unsigned major, unsigned minor)
{
	struct io_uring_params p = { .flags = flags };
	uint64_t submitted = 0, reaped = 0;
	struct io_uring ring;
	int ret;

	ret = io_uring_queue_init_params(8, &ring, &p);
	skip_if_refused(ret);
	if (ret == -EINVAL)
		need_kernel(major, minor, what);
	assert_int_equal(ret, 0);
	while (reaped < 10000) {
		unsigned batch = 1 + (unsigned)(submitted % 7);

		for (unsigned i = 0; i < batch; i++) {
			struct io_uring_sqe *sqe = next_sqe(&ring);

			/* What the last user of the slot left must be gone. */
			assert_int_equal(sqe->flags, 0);
			assert_int_equal(sqe->rw_flags, 0);
			assert_int_equal(sqe->file_index, 0);
			io_uring_prep_nop(sqe);
			io_uring_sqe_set_data64(sqe, submitted++);
		}
		assert_ret(batch, io_uring_submit(&ring));
		while (reaped < submitted) {
			reap(&ring, reaped, 0);
			reaped++;
		}
		assert_no_cqe(&ring);
	}
	io_uring_queue_exit(&ring);
}

static void test_go_round(void **state)
{
	(void)state;
	go_round(0, "plain", 5, 1);
}

static void test_long_sqes(void **state)
{
	(void)state;
	go_round(IORING_SETUP_SQE128, "IORING_SETUP_SQE128", 5, 19);
}

static void test_long_cqes(void **state)
{
	(void)state;
	go_round(IORING_SETUP_CQE32, "IORING_SETUP_CQE32", 5, 19);
}

static void test_long_both(void **state)
{
	(void)state;
	go_round(IORING_SETUP_SQE128 | IORING_SETUP_CQE32, "IORING_SETUP_CQE32", 5, 19);
}

static void test_submit_and_wait(void **state)
{
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	queue_nop(&ring, 1);
	queue_nop(&ring, 2);
	assert_ret(2, io_uring_submit_and_wait(&ring, 2));
	assert_int_equal(io_uring_cq_ready(&ring), 2);
	/* Satisfied already, and nothing to submit. */
	assert_ret(0, io_uring_submit_and_wait(&ring, 2));
	reap(&ring, 1, 0);
	reap(&ring, 2, 0);
	io_uring_queue_exit(&ring);
}

static void test_submit_and_get_events(void **state)
{
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	assert_ret(0, io_uring_submit_and_get_events(&ring));
	assert_ret(0, io_uring_get_events(&ring));
	queue_nop(&ring, 1);
	assert_ret(1, io_uring_submit_and_get_events(&ring));
	reap(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

static void *submit_elsewhere(void *ring)
{
	return (void *)(intptr_t)io_uring_submit(ring);
}

static void test_single_issuer(void **state)
{
	struct io_uring ring;
	pthread_t thread;
	void *ret;

	(void)state;
	need_kernel(6, 0, "IORING_SETUP_SINGLE_ISSUER");
	open_ring(&ring, 4, IORING_SETUP_SINGLE_ISSUER);
	check_ring_works(&ring);
	queue_nop(&ring, 1);
	assert_int_equal(pthread_create(&thread, NULL, submit_elsewhere, &ring), 0);
	assert_int_equal(pthread_join(thread, &ret), 0);
	assert_int_equal((intptr_t)ret, -EEXIST);
	assert_ret(1, io_uring_submit(&ring));
	reap(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

/* ---- Waiting with a timeout ------------------------------------------------------------------ */

/* Both ways to wait: with the timeout as an argument of enter, and as a request of its own. */
static void open_waiting(struct io_uring *ring, void **state)
{
	const bool *old_kernel = *state;

	open_ring(ring, 4, 0);
	if (*old_kernel)
		ring->features &= ~IORING_FEAT_EXT_ARG;
	else
		need_feature(ring, IORING_FEAT_EXT_ARG, "IORING_FEAT_EXT_ARG");
}

static void test_wait_times_out(void **state)
{
	struct __kernel_timespec ts = MILLISECONDS(SHORT_MS);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	double start;

	open_waiting(&ring, state);
	for (int i = 0; i < 5; i++) {
		cqe = (struct io_uring_cqe *)&ring;
		start = seconds();
		assert_ret(-ETIME, io_uring_wait_cqe_timeout(&ring, &cqe, &ts));
		assert_null(cqe);
		assert_true(seconds() - start > SHORT_S / 2);
		assert_ret(-ETIME, io_uring_wait_cqes(&ring, &cqe, 2, &ts, NULL));
		assert_null(cqe);
		assert_ret(-ETIME, io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL));
		assert_null(cqe);
		assert_no_cqe(&ring);
		assert_int_equal(io_uring_cq_ready(&ring), 0);
		assert_int_equal(io_uring_sq_ready(&ring), 0);
	}
	check_ring_works(&ring);
	io_uring_queue_exit(&ring);
}

static void test_wait_finds_one(void **state)
{
	struct __kernel_timespec ts = FOR_EVER;
	const double start = seconds();
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	open_waiting(&ring, state);
	for (uint64_t i = 1; i <= 20; i += 4) {
		queue_nop(&ring, i);
		assert_ret(1, io_uring_submit(&ring));
		assert_ret(0, io_uring_wait_cqe_timeout(&ring, &cqe, &ts));
		reap_known(&ring, cqe, i, 0);

		queue_nop(&ring, i + 1);
		assert_ret(1, io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL));
		reap_known(&ring, cqe, i + 1, 0);

		queue_nop(&ring, i + 2);
		queue_nop(&ring, i + 3);
		assert_ret(2, io_uring_submit(&ring));
		assert_ret(0, io_uring_wait_cqes(&ring, &cqe, 2, &ts, NULL));
		reap_known(&ring, cqe, i + 2, 0);
		reap(&ring, i + 3, 0);
		assert_no_cqe(&ring);
	}
	assert_true(seconds() - start < SOON_S);
	io_uring_queue_exit(&ring);
}

/* A timeout hides neither that requests were submitted, nor those that are done. */
static void test_submitted_count(void **state)
{
	struct __kernel_timespec ts = MILLISECONDS(SHORT_MS);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int pipefd[2];
	char byte;

	open_waiting(&ring, state);
	sys(pipe(pipefd));
	io_uring_prep_read(next_sqe(&ring), pipefd[0], &byte, 1, 0);
	assert_ret(1, io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL));
	assert_null(cqe);

	queue_nop(&ring, 7);
	queue_nop(&ring, 8);
	assert_ret(2, io_uring_submit_and_wait_timeout(&ring, &cqe, 3, &ts, NULL));
	reap_known(&ring, cqe, 7, 0);
	reap(&ring, 8, 0);
	assert_no_cqe(&ring);

	assert_int_equal(sys(write(pipefd[1], "x", 1)), 1);
	assert_int_equal(next_answer(&ring).res, 1);
	close(pipefd[0]);
	close(pipefd[1]);
	io_uring_queue_exit(&ring);
}

/* With the queue full there is no room for a timeout of the library's own: it must make some. */
static void test_submitted_count_full(void **state)
{
	struct __kernel_timespec ts = FOR_EVER;
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	open_waiting(&ring, state);
	for (unsigned i = 0; i < ring.sq.ring_entries; i++)
		queue_nop(&ring, i);
	assert_ret(4, io_uring_submit_and_wait_timeout(&ring, &cqe, 4, &ts, NULL));
	reap_known(&ring, cqe, 0, 0);
	for (unsigned i = 1; i < ring.sq.ring_entries; i++)
		reap(&ring, i, 0);

	for (unsigned i = 0; i < ring.sq.ring_entries; i++)
		queue_nop(&ring, i);
	assert_ret(4, io_uring_submit(&ring));
	assert_ret(0, io_uring_wait_cqes(&ring, &cqe, 4, &ts, NULL));
	for (unsigned i = 0; i < ring.sq.ring_entries; i++)
		reap(&ring, i, 0);
	assert_no_cqe(&ring);
	io_uring_queue_exit(&ring);
}

static void test_wait_without_timeout(void **state)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	open_waiting(&ring, state);
	queue_nop(&ring, 1);
	queue_nop(&ring, 2);
	assert_ret(2, io_uring_submit_and_wait_timeout(&ring, &cqe, 2, NULL, NULL));
	reap_known(&ring, cqe, 1, 0);
	assert_ret(0, io_uring_wait_cqes(&ring, &cqe, 1, NULL, NULL));
	reap_known(&ring, cqe, 2, 0);
	queue_nop(&ring, 3);
	queue_nop(&ring, 4);
	assert_ret(2, io_uring_submit(&ring));
	assert_ret(0, io_uring_wait_cqe_nr(&ring, &cqe, 2));
	reap_known(&ring, cqe, 3, 0);
	reap(&ring, 4, 0);
	/* Waiting for none is peeking. */
	assert_ret(-EAGAIN, io_uring_wait_cqe_nr(&ring, &cqe, 0));
	io_uring_queue_exit(&ring);
}

/* ---- Signals --------------------------------------------------------------------------------- */

static volatile sig_atomic_t signalled;

static void note_signal(int number)
{
	(void)number;
	signalled++;
}

/* SIGUSR1 is pending and blocked: only a wait whose mask lets it through is interrupted. */
static void test_sigmask(void **state)
{
	struct __kernel_timespec ts = FOR_EVER, brief = MILLISECONDS(SHORT_MS);
	struct sigaction old_action, action = { .sa_handler = note_signal };
	const double start = seconds();
	sigset_t blocked, old, open;
	struct io_uring_cqe *cqe;
	struct io_uring ring;

#ifdef __SANITIZE_THREAD__
	skip_because("ThreadSanitizer holds signals back until a libc call");
#endif
	open_waiting(&ring, state);
	sys(sigaction(SIGUSR1, &action, &old_action));
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, &blocked, &old), 0);
	open = old;
	sigdelset(&open, SIGUSR1);

	signalled = 0;
	raise(SIGUSR1);
	assert_ret(-ETIME, io_uring_wait_cqes(&ring, &cqe, 1, &brief, NULL));
	assert_ret(-ETIME, io_uring_wait_cqes(&ring, &cqe, 1, &brief, &blocked));
	assert_int_equal(signalled, 0);

	assert_ret(-EINTR, io_uring_wait_cqes(&ring, &cqe, 1, NULL, &open));
	assert_null(cqe);
	assert_int_equal(signalled, 1);
	raise(SIGUSR1);
	assert_ret(-EINTR, io_uring_submit_and_wait_timeout(&ring, &cqe, 1, NULL, &open));
	assert_int_equal(signalled, 2);
	raise(SIGUSR1);
	if (ring.features & IORING_FEAT_EXT_ARG) {
		assert_ret(-EINTR, io_uring_wait_cqes(&ring, &cqe, 1, &ts, &open));
	} else {
		/* Submitting the library's timeout came first, and nothing did come. */
		assert_ret(-ETIME, io_uring_wait_cqes(&ring, &cqe, 1, &brief, &open));
	}
	assert_null(cqe);
	assert_int_equal(signalled, 3);
	assert_true(seconds() - start < SOON_S);

	assert_int_equal(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);
	sys(sigaction(SIGUSR1, &old_action, NULL));
	io_uring_queue_exit(&ring);
}

/* ---- Minimal timeout ------------------------------------------------------------------------- */

static void test_min_timeout(void **state)
{
	struct __kernel_timespec ts = FOR_EVER, brief = MILLISECONDS(SHORT_MS);
	const unsigned brief_usec = SHORT_MS * 1000, long_usec = FOR_EVER_S * 1000000 / 2;
	const double begin = seconds();
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	double start;

	(void)state;
	open_ring(&ring, 4, 0);
	need_feature(&ring, IORING_FEAT_MIN_TIMEOUT, "IORING_FEAT_MIN_TIMEOUT");

	/* One of two: enough once the minimal time is over. */
	queue_nop(&ring, 1);
	start = seconds();
	assert_ret(1, io_uring_submit_and_wait_min_timeout(&ring, &cqe, 2, &ts, brief_usec, NULL));
	assert_true(seconds() - start > SHORT_S / 2);
	reap_known(&ring, cqe, 1, 0);
	queue_nop(&ring, 2);
	assert_ret(1, io_uring_submit(&ring));
	start = seconds();
	assert_ret(0, io_uring_wait_cqes_min_timeout(&ring, &cqe, 2, &ts, brief_usec, NULL));
	assert_true(seconds() - start > SHORT_S / 2);
	reap_known(&ring, cqe, 2, 0);

	/* The whole batch: no wait at all. */
	queue_nop(&ring, 3);
	queue_nop(&ring, 4);
	assert_ret(2, io_uring_submit_and_wait_min_timeout(&ring, &cqe, 2, &ts, long_usec, NULL));
	reap_known(&ring, cqe, 3, 0);
	reap(&ring, 4, 0);

	/* None: the minimal time passes, then the rest of the timeout. */
	start = seconds();
	assert_ret(-ETIME, io_uring_wait_cqes_min_timeout(&ring, &cqe, 2, &brief, 1000, NULL));
	assert_null(cqe);
	assert_true(seconds() - start > SHORT_S / 2);
	assert_ret(-ETIME,
		   io_uring_submit_and_wait_min_timeout(&ring, &cqe, 1, &brief, 1000, NULL));
	assert_true(seconds() - begin < SOON_S);
	io_uring_queue_exit(&ring);
}

/* Without an end, the minimal wait is only the time for a whole batch: one CQE is waited for. */
static void test_min_timeout_without_end(void **state)
{
	struct __kernel_timespec later = MILLISECONDS(60);
	struct io_uring_cqe *cqe = NULL;
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	need_feature(&ring, IORING_FEAT_MIN_TIMEOUT, "IORING_FEAT_MIN_TIMEOUT");
	for (uint64_t i = 0; i < 2; i++) {
		sqe = next_sqe(&ring);
		io_uring_prep_timeout(sqe, &later, 0, 0);
		io_uring_sqe_set_data64(sqe, i);
		if (i)
			assert_ret(1, io_uring_submit_and_wait_min_timeout(&ring, &cqe, 2, NULL,
									   5000, NULL));
		else
			assert_ret(1, io_uring_submit(&ring));
		if (!i)
			assert_ret(0, io_uring_wait_cqes_min_timeout(&ring, &cqe, 2, NULL, 5000,
								     NULL));
		reap_known(&ring, cqe, i, -ETIME);
	}
	io_uring_queue_exit(&ring);
}

static void test_min_timeout_old(void **state)
{
	struct __kernel_timespec ts = FOR_EVER;
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	need_feature(&ring, IORING_FEAT_EXT_ARG, "IORING_FEAT_EXT_ARG");
	ring.features &= ~IORING_FEAT_MIN_TIMEOUT;
	queue_nop(&ring, 1);
	assert_ret(-EINVAL, io_uring_submit_and_wait_min_timeout(&ring, &cqe, 1, &ts, 1, NULL));
	assert_ret(-EINVAL, io_uring_wait_cqes_min_timeout(&ring, &cqe, 1, &ts, 1, NULL));
	/* Refused before anything was submitted; and without a minimum there is nothing to
	 * refuse. */
	assert_int_equal(io_uring_sq_ready(&ring), 1);
	assert_ret(1, io_uring_submit_and_wait_min_timeout(&ring, &cqe, 1, &ts, 0, NULL));
	reap_known(&ring, cqe, 1, 0);
	io_uring_queue_exit(&ring);
}

/* ---- Task work that waits for an enter ------------------------------------------------------- */

/* Submits a read of an empty pipe, then fills the pipe: its completion awaits the next enter. */
static void defer_read(struct io_uring *ring, unsigned flags, int pipefd[2], char *byte)
{
	struct io_uring_sqe *sqe;

	need_kernel(6, 1, "IORING_SETUP_DEFER_TASKRUN");
	open_ring(ring, 4, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | flags);
	sys(pipe(pipefd));
	sqe = next_sqe(ring);
	io_uring_prep_read(sqe, pipefd[0], byte, 1, 0);
	io_uring_sqe_set_data64(sqe, 5);
	assert_ret(1, io_uring_submit(ring));
	assert_no_cqe(ring);
	assert_int_equal(sys(write(pipefd[1], "x", 1)), 1);
	assert_int_equal(io_uring_cq_ready(ring), 0);
}

static void test_deferred_peek(void **state)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int pipefd[2];
	char byte = 0;

	(void)state;
	defer_read(&ring, IORING_SETUP_TASKRUN_FLAG, pipefd, &byte);
	assert_true(*ring.sq.kflags & IORING_SQ_TASKRUN);
	assert_ret(0, io_uring_peek_cqe(&ring, &cqe));
	reap_known(&ring, cqe, 5, 1);
	assert_int_equal(byte, 'x');
	assert_no_cqe(&ring);
	assert_false(*ring.sq.kflags & IORING_SQ_TASKRUN);
	io_uring_queue_exit(&ring);
	close(pipefd[0]);
	close(pipefd[1]);
}

static void test_deferred_get_events(void **state)
{
	struct io_uring ring;
	int pipefd[2];
	char byte = 0;

	(void)state;
	/* Without the flag, peeking cannot know that entering would help. */
	defer_read(&ring, 0, pipefd, &byte);
	assert_no_cqe(&ring);
	assert_ret(0, io_uring_get_events(&ring));
	reap(&ring, 5, 1);
	io_uring_queue_exit(&ring);
	close(pipefd[0]);
	close(pipefd[1]);
}

/* ---- SQPOLL ---------------------------------------------------------------------------------- */

static void open_sqpoll(struct io_uring *ring, unsigned entries, unsigned idle_ms)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = idle_ms };

	need_kernel(5, 11, "SQPOLL without privileges");
	open_params(ring, entries, &p);
}

static void test_sqpoll_wakes_up(void **state)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	struct io_uring ring;

	(void)state;
	open_sqpoll(&ring, 4, 1);
	for (uint64_t i = 0; i < 5; i++) {
		/* Bounded by the test's own time limit. */
		while (!(IO_URING_READ_ONCE(*ring.sq.kflags) & IORING_SQ_NEED_WAKEUP))
			nanosleep(&tick, NULL);
		queue_nop(&ring, i);
		assert_ret(1, io_uring_submit(&ring));
		reap(&ring, i, 0);
	}
	io_uring_queue_exit(&ring);
}

/* Taken by the thread before submit returns, an SQE has been submitted all the same. The head is
 * where the tail is: what is published is taken at once. */
static void test_sqpoll_counts_what_is_taken(void **state)
{
	struct io_uring ring;
	unsigned *khead;

	(void)state;
	open_sqpoll(&ring, 4, 100);
	khead = ring.sq.khead;
	ring.sq.khead = ring.sq.ktail;
	for (uint64_t i = 0; i < 4; i++) {
		queue_nop(&ring, i);
		assert_ret(1, io_uring_submit(&ring));
		reap(&ring, i, 0);
	}
	ring.sq.khead = khead;
	io_uring_queue_exit(&ring);
}

static void test_sqpoll_waits_for_room(void **state)
{
	struct io_uring ring;
	uint64_t submitted = 0, reaped = 0;

	(void)state;
	open_sqpoll(&ring, 4, 100);
	while (submitted < 400) {
		while (io_uring_sq_space_left(&ring))
			queue_nop(&ring, submitted++);
		errno = ERRNO_MARK;
		assert_true(io_uring_submit(&ring) >= 0);
		/* The kernel ends this wait for task work too, such as the end of the last ring. */
		do
			assert_ret(0, io_uring_sqring_wait(&ring));
		while (!io_uring_sq_space_left(&ring));
		while (reaped < submitted) {
			reap(&ring, reaped, 0);
			reaped++;
		}
	}
	io_uring_queue_exit(&ring);
}

static void test_sqring_wait_without_sqpoll(void **state)
{
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 1, 0);
	assert_ret(0, io_uring_sqring_wait(&ring));
	queue_nop(&ring, 1);
	assert_ret(0, io_uring_sqring_wait(&ring));
	io_uring_queue_exit(&ring);
}

static void test_sqpoll_timeouts(void **state)
{
	struct __kernel_timespec ts = MILLISECONDS(SHORT_MS), longer = FOR_EVER;
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	(void)state;
	open_sqpoll(&ring, 4, 10);
	assert_ret(-ETIME, io_uring_wait_cqe_timeout(&ring, &cqe, &ts));
	queue_nop(&ring, 1);
	errno = ERRNO_MARK;
	assert_true(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &longer, NULL) >= 0);
	reap_known(&ring, cqe, 1, 0);
	queue_nop(&ring, 2);
	assert_true(io_uring_submit_and_wait(&ring, 1) >= 0);
	reap(&ring, 2, 0);
	io_uring_queue_exit(&ring);
}

/* ---- Others ---------------------------------------------------------------------------------- */

static void test_iowait(void **state)
{
	struct __kernel_timespec ts = MILLISECONDS(1);
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	need_feature(&ring, IORING_FEAT_NO_IOWAIT, "IORING_FEAT_NO_IOWAIT");
	assert_ret(0, io_uring_set_iowait(&ring, false));
	check_ring_works(&ring);
	assert_ret(-ETIME, io_uring_wait_cqe_timeout(&ring, &cqe, &ts));
	assert_ret(0, io_uring_set_iowait(&ring, true));
	check_ring_works(&ring);
	ring.features &= ~IORING_FEAT_NO_IOWAIT;
	assert_ret(-EOPNOTSUPP, io_uring_set_iowait(&ring, false));
	io_uring_queue_exit(&ring);
}

static bool by_argument = false, by_request = true;

/* clang-format off */
#define BOTH_WAYS(f)                                                                  \
	{ #f ", timeout an argument", f, NULL, NULL, &by_argument },                  \
	{ #f ", timeout a request", f, NULL, NULL, &by_request }
/* clang-format on */

/* Another holder of the ring has submitted: who has nothing to submit moves no tail back. */
static void test_stale_copy(void **state)
{
	struct io_uring ring, copy;
	struct io_uring_cqe *cqe;

	(void)state;
	open_ring(&ring, 8, 0);
	copy = ring;
	queue_nop(&ring, 1);
	queue_nop(&ring, 2);
	assert_ret(2, io_uring_submit(&ring));
	assert_ret(0, io_uring_submit(&copy));
	assert_ret(0, io_uring_submit_and_wait(&copy, 1));
	assert_ret(0, io_uring_wait_cqe(&copy, &cqe));
	assert_int_equal(io_uring_cq_ready(&ring), 2);
	reap(&copy, 1, 0);
	reap(&ring, 2, 0);
	assert_no_cqe(&ring);
	io_uring_queue_exit(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue_full),
		cmocka_unit_test(test_go_round),
		cmocka_unit_test(test_long_sqes),
		cmocka_unit_test(test_long_cqes),
		cmocka_unit_test(test_long_both),
		cmocka_unit_test(test_submit_and_wait),
		cmocka_unit_test(test_submit_and_get_events),
		cmocka_unit_test(test_single_issuer),
		BOTH_WAYS(test_wait_times_out),
		BOTH_WAYS(test_wait_finds_one),
		BOTH_WAYS(test_submitted_count),
		BOTH_WAYS(test_submitted_count_full),
		BOTH_WAYS(test_wait_without_timeout),
		BOTH_WAYS(test_sigmask),
		cmocka_unit_test(test_min_timeout),
		cmocka_unit_test(test_min_timeout_without_end),
		cmocka_unit_test(test_min_timeout_old),
		cmocka_unit_test(test_deferred_peek),
		cmocka_unit_test(test_deferred_get_events),
		cmocka_unit_test(test_sqpoll_wakes_up),
		cmocka_unit_test(test_sqpoll_counts_what_is_taken),
		cmocka_unit_test(test_sqpoll_waits_for_room),
		cmocka_unit_test(test_sqring_wait_without_sqpoll),
		cmocka_unit_test(test_sqpoll_timeouts),
		cmocka_unit_test(test_iowait),
		cmocka_unit_test(test_stale_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
