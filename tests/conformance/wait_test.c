/* SPDX-License-Identifier: MIT */
/* Entering and waiting: counts, timeouts, registered waits. */
#include "requests.h"

#define GETEVENTS IORING_ENTER_GETEVENTS
#define EXT_ARG	  IORING_ENTER_EXT_ARG

static unsigned enter_fd(const struct io_uring *ring)
{
	return (unsigned)ring->ring_fd;
}

/* Publishes what was queued, for the raw calls. */
static void publish(struct io_uring *ring)
{
	ring->sq.sqe_head = ring->sq.sqe_tail;
	*ring->sq.ktail = ring->sq.sqe_tail;
}

static void reap_nops(struct io_uring *ring, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		expect(next_answer(ring).res, 0);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void bad_enters(void)
{
	struct io_uring_getevents_arg arg = { .sigmask = 0 }, ts = { .ts = 16 };
	struct io_uring_getevents_arg mask = { .sigmask = 16, .sigmask_sz = 8 };
	const size_t size = sizeof(arg);
	enum {
		NO_FD,
		NO_FILE,
		FILE_FD,
		RING,
		INDEX_0,
		INDEX_16,
		FDS
	};
	const struct {
		unsigned fd, min, flags;
		void *arg;
		size_t size;
		int want;
	} rows[] = {
		{ NO_FD, 0, 0, NULL, 0, -EBADF },
		{ NO_FILE, 0, 0, NULL, 0, -EBADF },
		{ FILE_FD, 0, 0, NULL, 0, -EOPNOTSUPP },
		{ RING, 0, 1U << 31, NULL, 0, -EINVAL },
		{ RING, 0, 0, NULL, 0, 0 },
		{ RING, 0, GETEVENTS, NULL, 0, 0 },
		/* Without SQPOLL there is nobody to wake, nor to wait for. */
		{ RING, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0, 0 },
		{ RING, 0, IORING_ENTER_SQ_WAIT, NULL, 0, 0 },
		{ RING, 0, GETEVENTS | EXT_ARG, &arg, size, 0 },
		{ RING, 0, GETEVENTS | EXT_ARG, &arg, size - 1, -EINVAL },
		{ RING, 0, GETEVENTS | EXT_ARG, &arg, size + 8, -EINVAL },
		{ RING, 0, GETEVENTS | EXT_ARG, NULL, size, -EFAULT },
		{ RING, 1, GETEVENTS | EXT_ARG, &mask, size, -EFAULT },
		{ RING, 1, GETEVENTS | EXT_ARG, &ts, size, -EFAULT },
		{ RING, 1, GETEVENTS, (void *)16, 8, -EFAULT },
		{ RING, 1, GETEVENTS, &arg, 4, -EINVAL },
		/* Not looked at by who asks for no events. */
		{ RING, 1, 0, (void *)16, 4, 0 },
		{ INDEX_0, 0, IORING_ENTER_REGISTERED_RING, NULL, 0, -EBADF },
		{ INDEX_16, 0, IORING_ENTER_REGISTERED_RING, NULL, 0, -EINVAL },
	};
	struct io_uring ring;
	int fds[FDS] = { -1, 12345, scratch_file(1), -1, 0, 16 };

	open_ring(&ring, 4, 0);
	fds[RING] = ring.ring_fd;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int ret = io_uring_enter2((unsigned)fds[rows[i].fd], 0, rows[i].min, rows[i].flags,
					  rows[i].arg, rows[i].size);

		check(ret == rows[i].want, "row %zu: %d", i, ret);
	}
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* ---- Counts ---------------------------------------------------------------------------------- */

static void submit_counts(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(io_uring_submit(&ring), 0);
	for (unsigned i = 0; i < 5; i++)
		queue_nop(&ring, i, 0);
	publish(&ring);
	expect(io_uring_enter(enter_fd(&ring), 0, 0, 0, NULL), 0);
	expect(*ring.sq.khead, 0);
	expect(io_uring_enter(enter_fd(&ring), 2, 0, 0, NULL), 2);
	expect(*ring.sq.khead, 2);
	expect_answer(&ring, 0, 0);
	expect_answer(&ring, 1, 0);
	expect_none(&ring, 0);
	/* More than there is: all there is. */
	expect(io_uring_enter(enter_fd(&ring), 100, 0, 0, NULL), 3);
	expect(*ring.sq.khead, 5);
	reap_nops(&ring, 3);
	expect(io_uring_enter(enter_fd(&ring), 100, 0, 0, NULL), 0);
	io_uring_queue_exit(&ring);
}

static void full_batches(void)
{
	struct io_uring ring;

	open_ring(&ring, 64, 0);
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 64; i++)
			queue_nop(&ring, i, 0);
		check(!io_uring_get_sqe(&ring), "room in a full queue");
		submit(&ring, 64);
		expect(io_uring_cq_ready(&ring), 64);
		for (unsigned i = 0; i < 64; i++)
			expect_answer(&ring, i, 0);
	}
	io_uring_queue_exit(&ring);
}

static void wait_counts(void)
{
	struct io_uring ring;

	open_ring(&ring, 4, 0);
	/* What is there already counts, ... */
	queue_nop(&ring, 1, 0);
	submit(&ring, 1);
	queue_nop(&ring, 2, 0);
	expect(io_uring_submit_and_wait(&ring, 2), 1);
	expect(io_uring_cq_ready(&ring), 2);
	/* ... and more than the queue holds is as much as it holds. */
	for (unsigned i = 0; i < 6; i++) {
		queue_nop(&ring, 3, 0);
		submit(&ring, 1);
	}
	expect(io_uring_cq_ready(&ring), 8);
	expect(io_uring_enter(enter_fd(&ring), 0, 1000, GETEVENTS, NULL), 0);
	reap_nops(&ring, 8);
	io_uring_queue_exit(&ring);
}

struct later {
	const int *fds;
	unsigned count;
};

static void *release_later(void *arg)
{
	const struct later *later = arg;

	for (unsigned i = 0; i < later->count; i++) {
		sleep_ms(20);
		release(later->fds[i]);
	}
	return NULL;
}

/* Three hanging requests, queued, that another thread completes 20 ms apart. */
static pthread_t three_later(struct io_uring *ring)
{
	static struct later later;
	static int fds[3];
	pthread_t thread;

	for (unsigned i = 0; i < 3; i++)
		fds[i] = queue_hanging(ring, i, 0);
	later = (struct later){ fds, 3 };
	expect(pthread_create(&thread, NULL, release_later, &later), 0);
	return thread;
}

/* Reaps those. They are independent, and may come in any order. */
static void reap_three(struct io_uring *ring)
{
	struct answer answers[3];

	sorted_answers(ring, answers, 3);
	for (unsigned i = 0; i < 3; i++)
		expect_full_answer_at(__FILE__, __LINE__, answers[i], i, 1, 0);
}

static void wait_for_several_on(unsigned flags)
{
	struct io_uring_cqe *cqes[4];
	struct io_uring ring;
	pthread_t thread;

	open_ring(&ring, 8, flags);
	thread = three_later(&ring);
	expect(io_uring_submit_and_wait(&ring, 2), 3);
	check(io_uring_cq_ready(&ring) >= 2, "%u ready", io_uring_cq_ready(&ring));
	expect(io_uring_wait_cqe_nr(&ring, cqes, 3), 0);
	/* Looking reaps nothing. */
	expect(io_uring_peek_batch_cqe(&ring, cqes, 4), 3);
	expect(io_uring_peek_batch_cqe(&ring, cqes, 2), 2);
	check(cqes[1] == cqes[0] + 1, "not in a row");
	reap_three(&ring);
	expect_none(&ring, 0);
	pthread_join(thread, NULL);
	io_uring_queue_exit(&ring);
}

static void wait_for_several(void)
{
	on_both_kinds(wait_for_several_on);
}

/* ---- Timeouts of the wait -------------------------------------------------------------------- */

/* Waits for `count` completions by the raw call, at most `ts`. */
static int wait_raw(struct io_uring *ring, unsigned submit, unsigned count,
		    struct __kernel_timespec *ts, unsigned flags)
{
	struct io_uring_getevents_arg arg = { .ts = (uintptr_t)ts };

	return io_uring_enter2(enter_fd(ring), submit, count, GETEVENTS | EXT_ARG | flags, &arg,
			       sizeof(arg));
}

static void wait_times_out_on(unsigned flags)
{
	struct __kernel_timespec ts = MILLISECONDS(30), zero = { 0 };
	int64_t start = now_ms();
	struct io_uring ring;

	open_ring(&ring, 8, flags);
	expect(wait_raw(&ring, 0, 1, &ts, 0), -ETIME);
	check(now_ms() - start >= 29, "too early");
	expect(wait_raw(&ring, 0, 1, &zero, 0), -ETIME);
	/* Two are waited for and one is there: then to be late is no error. */
	queue_nop(&ring, 1, 0);
	submit(&ring, 1);
	start = now_ms();
	expect(wait_raw(&ring, 0, 2, &ts, 0), 0);
	check(now_ms() - start >= 29, "too early");
	expect(wait_raw(&ring, 0, 1, &ts, 0), 0);
	/* The timeout ends the wait, no request. */
	expect(wait_raw(&ring, 0, 0, &zero, 0), 0);
	expect_answer(&ring, 1, 0);
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

static void wait_times_out(void)
{
	on_both_kinds(wait_times_out_on);
}

/* Who looks again and again, without ever waiting. */
static void no_time_is_a_look_on(unsigned flags)
{
	struct __kernel_timespec zero = { 0 }, ts = MILLISECONDS(1);
	struct io_uring ring;

	open_ring(&ring, 8, flags);
	for (unsigned i = 0; i < 3; i++) {
		int fd = queue_hanging(&ring, i, 0);

		submit(&ring, 1);
		expect(wait_raw(&ring, 0, 1, i ? &ts : &zero, 0), -ETIME);
		release(fd);
		expect(wait_raw(&ring, 0, 1, &zero, 0), 0);
		expect_answer(&ring, i, 1);
	}
	io_uring_queue_exit(&ring);
}

static void no_time_is_a_look(void)
{
	on_both_kinds(no_time_is_a_look_on);
}

static void submitting_wins_on(unsigned flags)
{
	struct __kernel_timespec ts = MILLISECONDS(10);
	struct io_uring ring;
	int fd;

	/* Of a call that submits, and then fails to wait, the count is returned. */
	open_ring(&ring, 8, flags);
	fd = queue_hanging(&ring, 1, 0);
	publish(&ring);
	expect(wait_raw(&ring, 1, 1, &ts, 0), 1);
	expect(io_uring_cq_ready(&ring), 0);
	release(fd);
	expect_answer(&ring, 1, 1);
	io_uring_queue_exit(&ring);
}

static void submitting_wins(void)
{
	on_both_kinds(submitting_wins_on);
}

static void no_wait_after_less(void)
{
	struct io_uring ring;

	/* Who has less submitted than asked for gets to know before waiting for anything. */
	open_ring(&ring, 8, 0);
	queue_hanging(&ring, 1, 0);
	queue_refused(&ring, 2, 0);
	queue_nop(&ring, 3, 0);
	expect(io_uring_submit_and_wait(&ring, 3), 2);
	expect(io_uring_cq_ready(&ring), 1);
	expect_answer(&ring, 2, -EINVAL);
	expect(io_uring_submit_and_wait(&ring, 1), 1);
	expect_answer(&ring, 3, 0);
	queue_hanging(&ring, 4, 0);
	publish(&ring);
	expect(io_uring_enter(enter_fd(&ring), 2, 1, GETEVENTS, NULL), 1);
	expect(io_uring_cq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
}

static void absolute_wait(void)
{
	struct __kernel_timespec ts, past = { .tv_sec = 1 };
	int64_t start = now_ms();
	struct io_uring ring;
	struct timespec now;

	need_linux(6, 12, "IORING_ENTER_ABS_TIMER");
	open_ring(&ring, 8, 0);
	sys(clock_gettime(CLOCK_MONOTONIC, &now));
	ts.tv_sec = now.tv_sec + (now.tv_nsec + 30000000) / 1000000000;
	ts.tv_nsec = (now.tv_nsec + 30000000) % 1000000000;
	expect(wait_raw(&ring, 0, 1, &ts, IORING_ENTER_ABS_TIMER), -ETIME);
	check(now_ms() - start >= 29, "too early");
	expect(wait_raw(&ring, 0, 1, &past, IORING_ENTER_ABS_TIMER), -ETIME);
	queue_nop(&ring, 1, 0);
	submit(&ring, 1);
	expect(wait_raw(&ring, 0, 1, &past, IORING_ENTER_ABS_TIMER), 0);
	io_uring_queue_exit(&ring);
}

static void waiting_functions(void)
{
	struct __kernel_timespec ts = MILLISECONDS(20);
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	expect(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME);
	expect(io_uring_wait_cqes(&ring, &cqe, 2, &ts, NULL), -ETIME);
	expect(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), -ETIME);
	queue_nop(&ring, 7, 0);
	expect(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), 1);
	expect(cqe->user_data, 7);
	expect(io_uring_peek_cqe(&ring, &cqe), 0);
	expect(io_uring_wait_cqe(&ring, &cqe), 0);
	expect(io_uring_wait_cqe_nr(&ring, &cqe, 1), 0);
	expect(io_uring_wait_cqes(&ring, &cqe, 1, NULL, NULL), 0);
	expect(cqe->user_data, 7);
	io_uring_cqe_seen(&ring, cqe);
	expect(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	io_uring_queue_exit(&ring);
}

/* ---- A least time for the batch -------------------------------------------------------------- */

static void min_wait_on(unsigned flags)
{
	struct __kernel_timespec ts = MILLISECONDS(5000), brief = MILLISECONDS(60);
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;
	pthread_t thread;
	int64_t start;

	open_ring(&ring, 8, flags);
	need_feature(&ring, IORING_FEAT_MIN_TIMEOUT, "least waiting time");
	/* One of two is there: that is enough when the least time is over. */
	queue_nop(&ring, 1, 0);
	start = now_ms();
	expect(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 2, &ts, 30000, NULL), 1);
	check(now_ms() - start >= 29 && now_ms() - start < 4000, "%d", (int)(now_ms() - start));
	expect_answer(&ring, 1, 0);
	/* None was there: then the first that comes is enough. */
	thread = three_later(&ring);
	start = now_ms();
	expect(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 4, &ts, 1000, NULL), 3);
	check(now_ms() - start < 4000, "waited for four");
	check(io_uring_cq_ready(&ring) >= 1, "none");
	reap_three(&ring);
	pthread_join(thread, NULL);
	/* None at all: the other time ends it. */
	start = now_ms();
	expect(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 2, &brief, 1000, NULL), -ETIME);
	check(now_ms() - start >= 59, "too early");
	/* Though not before the least time is over. */
	start = now_ms();
	expect(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 2, &brief, 120000, NULL), -ETIME);
	check(now_ms() - start >= 119, "before the least time was over");
	io_uring_queue_exit(&ring);
}

static void min_wait(void)
{
	on_both_kinds(min_wait_on);
}

static void min_wait_whole_batch_on(unsigned flags)
{
	struct __kernel_timespec ts = MILLISECONDS(8000);
	struct io_uring_cqe *cqe = NULL;
	int64_t start = now_ms();
	struct io_uring ring;
	pthread_t thread;

	open_ring(&ring, 8, flags);
	need_feature(&ring, IORING_FEAT_MIN_TIMEOUT, "least waiting time");
	thread = three_later(&ring);
	expect(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 3, &ts, 5000000, NULL), 3);
	check(now_ms() - start < 4500, "the batch was there before");
	expect(io_uring_cq_ready(&ring), 3);
	reap_three(&ring);
	pthread_join(thread, NULL);
	io_uring_queue_exit(&ring);
}

static void min_wait_whole_batch(void)
{
	on_both_kinds(min_wait_whole_batch_on);
}

static void no_iowait(void)
{
	struct io_uring ring;
	pthread_t thread;

	open_ring(&ring, 8, 0);
	need_feature(&ring, IORING_FEAT_NO_IOWAIT, "IORING_ENTER_NO_IOWAIT");
	expect(io_uring_set_iowait(&ring, false), 0);
	thread = three_later(&ring);
	expect(io_uring_submit_and_wait(&ring, 3), 3);
	pthread_join(thread, NULL);
	reap_three(&ring);
	io_uring_queue_exit(&ring);
}

/* ---- What is taken over by submitting -------------------------------------------------------- */

static void arguments_are_copied(void)
{
	char first[2] = "", second[2] = "", wrong[2] = "";
	struct iovec iov[2] = { { first, 1 }, { second, 1 } };
	struct iovec msg_iov = { first, 1 };
	struct msghdr msg = { .msg_iov = &msg_iov, .msg_iovlen = 1 };
	struct io_uring ring;
	int fds[2], pair[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	unix_pair(pair);
	io_uring_prep_readv(new_sqe(&ring), fds[0], iov, 2, 0);
	set_sqe(&ring.sq.sqes[0], 1, 0);
	submit(&ring, 1);
	iov[0].iov_base = iov[1].iov_base = wrong;
	expect(sys(write(fds[1], "ab", 2)), 2);
	expect_answer(&ring, 1, 2);
	check(first[0] == 'a' && second[0] == 'b' && !wrong[0], "read elsewhere");
	io_uring_prep_recvmsg(new_sqe(&ring), pair[0], &msg, 0);
	set_sqe(&ring.sq.sqes[1], 2, 0);
	submit(&ring, 1);
	msg_iov.iov_base = wrong;
	expect(sys(send(pair[1], "c", 1, 0)), 1);
	expect_answer(&ring, 2, 1);
	check(first[0] == 'c' && !wrong[0], "received elsewhere");
	io_uring_queue_exit(&ring);
}

static void entries_are_copied(void)
{
	struct io_uring_sqe *sqe;
	char name[] = "original";
	struct io_uring ring;
	int fd;

	/* Of requests that have not started, too; so are paths. */
	open_ring(&ring, 8, 0);
	fd = queue_hanging(&ring, 1, IOSQE_IO_LINK);
	queue_nop(&ring, 2, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_mkdirat(sqe, AT_FDCWD, name, 0700);
	set_sqe(sqe, 3, IOSQE_IO_DRAIN);
	submit(&ring, 3);
	memset(ring.sq.sqes, 0xff, 8 * sizeof(*ring.sq.sqes));
	memset(name, 'x', sizeof(name) - 1);
	release(fd);
	expect_answer(&ring, 1, 1);
	expect_answer(&ring, 2, 0);
	expect_answer(&ring, 3, 0);
	expect(access("original", F_OK), 0);
	expect(access(name, F_OK), -1);
	io_uring_queue_exit(&ring);
}

const struct conformance_case wait_cases[] = {
	{ "errors of entering", bad_enters },
	{ "as many are submitted as asked for and as there are", submit_counts },
	{ "full queues are submitted again and again", full_batches },
	{ "waiting counts what is there, at most what the queue holds", wait_counts },
	{ "waiting for several ends when they are there", wait_for_several },
	{ "a wait that takes too long gives -ETIME", wait_times_out },
	{ "a wait of no time takes what is there", no_time_is_a_look },
	{ "a call that submits gives the count though its wait failed", submitting_wins },
	{ "a call that submits less than asked for does not wait", no_wait_after_less },
	{ "the wait's end may be an absolute time", absolute_wait },
	{ "peeking and waiting reap nothing", waiting_functions },
	{ "after the least time of waiting one completion is enough", min_wait },
	{ "within the least time of waiting the whole batch ends it", min_wait_whole_batch },
	{ "a wait that is no iowait is a wait", no_iowait },
	{ "what a request points to may change after submission", arguments_are_copied },
	{ "entries and paths may change after submission", entries_are_copied },
	{ 0 },
};
