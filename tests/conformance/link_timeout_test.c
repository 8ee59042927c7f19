/* SPDX-License-Identifier: MIT */
/* Timeouts that are linked behind the request they bound. */
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/stat.h>

#include <anyring.h>

#include "requests.h"

#define LINK IOSQE_IO_LINK

static struct __kernel_timespec never = { .tv_sec = 1000 };
static struct __kernel_timespec soon = { .tv_nsec = 20000000 };

static void queue_bound(struct io_uring *ring, struct __kernel_timespec *ts, unsigned timeout_flags,
			uint64_t data, unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_link_timeout(sqe, ts, timeout_flags);
	set_sqe(sqe, data, flags);
}

/* The next two completions, in whatever order, are those of `data` and data + 1. */
static void expect_two(struct io_uring *ring, uint64_t data, int res, int bound_res)
{
	struct answer answers[2];

	sorted_answers(ring, answers, 2);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], data, res, 0);
	expect_full_answer_at(__FILE__, __LINE__, answers[1], data + 1, bound_res, 0);
}

static void expires_on(unsigned flags)
{
	const unsigned clocks[] = { 0, IORING_TIMEOUT_BOOTTIME, IORING_TIMEOUT_REALTIME };
	struct io_uring ring;

	open_ring(&ring, 8, flags);
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		int64_t start = now_ms();

		queue_hanging(&ring, 1, LINK);
		queue_bound(&ring, &soon, clocks[i], 2, 0);
		submit(&ring, 2);
		expect_two(&ring, 1, -ECANCELED, -ETIME);
		check(now_ms() - start >= 19, "too early");
		expect_none(&ring, 0);
	}
	io_uring_queue_exit(&ring);
}

static void expires(void)
{
	on_both_kinds(expires_on);
}

static void expires_absolutely(void)
{
	struct __kernel_timespec ts;
	struct io_uring ring;
	struct timespec now;

	sys(clock_gettime(CLOCK_MONOTONIC, &now));
	ts.tv_sec = now.tv_sec;
	ts.tv_nsec = now.tv_nsec + 20000000;
	open_ring(&ring, 8, 0);
	queue_hanging(&ring, 1, LINK);
	queue_bound(&ring, &ts, IORING_TIMEOUT_ABS, 2, 0);
	submit(&ring, 2);
	expect_two(&ring, 1, -ECANCELED, -ETIME);
	/* Over already. */
	queue_hanging(&ring, 1, LINK);
	queue_bound(&ring, &ts, IORING_TIMEOUT_ABS, 2, 0);
	submit(&ring, 2);
	expect_two(&ring, 1, -ECANCELED, -ETIME);
	io_uring_queue_exit(&ring);
}

static void in_time_on(unsigned flags)
{
	struct io_uring ring;
	int fd;

	open_ring(&ring, 8, flags);
	fd = queue_hanging(&ring, 1, LINK);
	queue_bound(&ring, &never, 0, 2, 0);
	submit(&ring, 2);
	expect_none(&ring, 20);
	release(fd);
	expect_two(&ring, 1, 1, -ECANCELED);
	/* What completes or fails at once never needed it. */
	queue_nop(&ring, 3, LINK);
	queue_bound(&ring, &never, 0, 4, 0);
	submit(&ring, 2);
	expect_two(&ring, 3, 0, -ECANCELED);
	queue_failing(&ring, 5, LINK);
	queue_bound(&ring, &never, 0, 6, 0);
	submit(&ring, 2);
	expect_two(&ring, 5, -EBADF, -ECANCELED);
	expect_none(&ring, 20);
	io_uring_queue_exit(&ring);
}

static void in_time(void)
{
	on_both_kinds(in_time_on);
}

static void chain_goes_on_on(unsigned flags)
{
	struct answer answers[3];
	struct io_uring ring;
	int fd;

	open_ring(&ring, 8, flags);
	fd = queue_hanging(&ring, 1, LINK);
	queue_bound(&ring, &never, 0, 2, LINK);
	queue_nop(&ring, 3, 0);
	submit(&ring, 3);
	expect_none(&ring, 20);
	release(fd);
	/* The timeout's cancellation breaks nothing. */
	sorted_answers(&ring, answers, 3);
	expect(answers[0].res, 1);
	expect(answers[1].res, -ECANCELED);
	expect(answers[2].res, 0);
	io_uring_queue_exit(&ring);
}

static void chain_goes_on(void)
{
	on_both_kinds(chain_goes_on_on);
}

static void chain_breaks(unsigned first, unsigned second, int want)
{
	struct answer answers[3];
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_hanging(&ring, 1, first);
	queue_bound(&ring, &soon, 0, 2, second);
	queue_nop(&ring, 3, 0);
	submit(&ring, 3);
	sorted_answers(&ring, answers, 3);
	expect(answers[0].res, -ECANCELED);
	expect(answers[1].res, -ETIME);
	expect(answers[2].res, want);
	io_uring_queue_exit(&ring);
}

static void chain_after_expiry(void)
{
	chain_breaks(LINK, LINK, -ECANCELED);
	chain_breaks(IOSQE_IO_HARDLINK, IOSQE_IO_HARDLINK, 0);
}

static void bounds_one_only_on(unsigned flags)
{
	struct io_uring ring;
	int fd;

	open_ring(&ring, 8, flags);
	fd = queue_hanging(&ring, 1, LINK);
	queue_hanging(&ring, 2, LINK);
	queue_bound(&ring, &soon, 0, 3, 0);
	submit(&ring, 3);
	/* Its time begins when the request before it does. */
	expect_none(&ring, 60);
	release(fd);
	expect_answer(&ring, 1, 1);
	expect_two(&ring, 2, -ECANCELED, -ETIME);
	io_uring_queue_exit(&ring);
}

static void bounds_one_only(void)
{
	on_both_kinds(bounds_one_only_on);
}

static void each_of_a_chain(void)
{
	struct answer answers[4];
	struct io_uring ring;
	int one, two;

	open_ring(&ring, 8, 0);
	one = queue_hanging(&ring, 1, LINK);
	queue_bound(&ring, &never, 0, 2, LINK);
	two = queue_hanging(&ring, 3, LINK);
	queue_bound(&ring, &never, 0, 4, 0);
	submit(&ring, 4);
	release(two);
	expect_none(&ring, 20);
	release(one);
	sorted_answers(&ring, answers, 4);
	for (unsigned i = 0; i < 4; i++)
		expect(answers[i].res, i % 2 ? -ECANCELED : 1);
	io_uring_queue_exit(&ring);
}

static void prep_some(struct io_uring_sqe *sqe, int kind)
{
	static struct sockaddr_in addr;
	static char bytes[8];
	int pair[2];

	unix_pair(pair);
	if (kind == 0)
		io_uring_prep_recv(sqe, pair[0], bytes, sizeof(bytes), 0);
	else if (kind == 1)
		io_uring_prep_poll_add(sqe, pair[0], POLLIN);
	else if (kind == 2)
		io_uring_prep_accept(sqe, tcp_listener(&addr), NULL, NULL, 0);
	else
		io_uring_prep_timeout(sqe, &never, 0, 0);
}

static void bounds_of_all_kinds(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (int kind = 0; kind < 4; kind++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		prep_some(sqe, kind);
		set_sqe(sqe, 1, LINK);
		queue_bound(&ring, &soon, 0, 2, 0);
		submit(&ring, 2);
		expect_two(&ring, 1, -ECANCELED, -ETIME);
	}
	io_uring_queue_exit(&ring);
}

static void bounds_futex(void)
{
	struct answer answers[2];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	uint32_t word = 0;

	need_op(IORING_OP_FUTEX_WAIT, "futex");
	open_ring(&ring, 8, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_futex_wait(sqe, &word, 0, FUTEX_BITSET_MATCH_ANY, FUTEX2_SIZE_U32, 0);
	set_sqe(sqe, 1, LINK);
	queue_bound(&ring, &soon, 0, 2, 0);
	submit(&ring, 2);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	/* Linux 6.18 gives the number of waits cancelled, observed; meant is surely -ETIME. */
	check(answers[1].res == 1 || answers[1].res == -ETIME, "%d", answers[1].res);
	io_uring_queue_exit(&ring);
}

/* A worker that sleeps in a read is interrupted. */
static void bounds_worker(void)
{
	struct answer answers[2];
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_hanging(&ring, 1, LINK | IOSQE_ASYNC);
	queue_bound(&ring, &soon, 0, 2, 0);
	submit(&ring, 2);
	sorted_answers(&ring, answers, 2);
	/* The second of each: the worker was just doing something. */
	check(answers[0].res == -ECANCELED || answers[0].res == -EINTR, "%d", answers[0].res);
	check(answers[1].res == -ETIME || answers[1].res == -EALREADY, "%d", answers[1].res);
	io_uring_queue_exit(&ring);
}

/* Opens a FIFO that nobody writes to. Linux 6.18 begins to count once the open has returned. */
static void bounds_blocking(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int64_t start;

	sys(mkfifo("fifo", 0600));
	open_ring(&ring, 8, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_openat(sqe, AT_FDCWD, "fifo", O_RDONLY, 0);
	set_sqe(sqe, 1, LINK | IOSQE_ASYNC);
	queue_bound(&ring, &soon, 0, 2, 0);
	start = now_ms();
	submit(&ring, 2);
	for (int i = 0; i < 2; i++) {
		struct io_uring_cqe *cqe;
		struct __kernel_timespec ts = MILLISECONDS(300);

		if (io_uring_wait_cqe_timeout(&ring, &cqe, &ts)) {
			check(anyring_ring_engine(&ring) == ANYRING_KERNEL, "not bounded");
			expect(cancel_now(&ring, 1), 0);
			break;
		}
		check(now_ms() - start >= 19, "too early");
		check(cqe->res == -EINTR || cqe->res == -ECANCELED ||
			      (cqe->user_data == 2 &&
			       (cqe->res == -EALREADY || cqe->res == -ETIME)),
		      "%d", cqe->res);
		io_uring_cqe_seen(&ring, cqe);
	}
	io_uring_queue_exit(&ring);
}

/* ---- Update and cancellation ----------------------------------------------------------------- */

static int update(struct io_uring *ring, struct __kernel_timespec *ts, uint64_t target,
		  unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_timeout_update(sqe, ts, target, flags);
	set_sqe(sqe, 1000, 0);
	return run_one(ring).res;
}

static void updates_on(unsigned flags)
{
	const unsigned flag = IORING_LINK_TIMEOUT_UPDATE;
	struct __kernel_timespec later = MILLISECONDS(200);
	struct io_uring ring;
	int fd;

	open_ring(&ring, 8, flags);
	queue_hanging(&ring, 1, LINK);
	queue_bound(&ring, &never, 0, 2, 0);
	submit(&ring, 2);
	/* Without the flag it is not looked for among the link timeouts. */
	expect(update(&ring, &soon, 2, 0), -ENOENT);
	expect(update(&ring, &soon, 2, flag), 0);
	expect_two(&ring, 1, -ECANCELED, -ETIME);
	fd = queue_hanging(&ring, 1, LINK);
	queue_bound(&ring, &later, 0, 2, 0);
	submit(&ring, 2);
	expect(update(&ring, &never, 2, flag), 0);
	expect_none(&ring, 300);
	release(fd);
	expect_two(&ring, 1, 1, -ECANCELED);
	expect(update(&ring, &never, 2, flag), -ENOENT);
	io_uring_queue_exit(&ring);
}

static void updates(void)
{
	on_both_kinds(updates_on);
}

static void not_armed_yet(void)
{
	struct answer answers[3];
	struct io_uring ring;
	int fd;

	open_ring(&ring, 8, 0);
	fd = queue_hanging(&ring, 1, LINK);
	queue_nop(&ring, 2, LINK);
	queue_bound(&ring, &never, 0, 3, 0);
	submit(&ring, 3);
	expect(update(&ring, &soon, 3, IORING_LINK_TIMEOUT_UPDATE), -ENOENT);
	release(fd);
	sorted_answers(&ring, answers, 3);
	expect(answers[2].res, -ECANCELED);
	io_uring_queue_exit(&ring);
}

static void not_removable(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd;

	open_ring(&ring, 8, 0);
	fd = queue_hanging(&ring, 1, LINK);
	queue_bound(&ring, &never, 0, 2, 0);
	submit(&ring, 2);
	sqe = new_sqe(&ring);
	io_uring_prep_timeout_remove(sqe, 2, 0);
	set_sqe(sqe, 9, 0);
	submit(&ring, 1);
	expect_answer(&ring, 9, -ENOENT);
	queue_cancel(&ring, 2, 0, 9);
	submit(&ring, 1);
	expect_answer(&ring, 9, -ENOENT);
	release(fd);
	expect_two(&ring, 1, 1, -ECANCELED);
	io_uring_queue_exit(&ring);
}

static void target_cancelled(void)
{
	struct answer answers[3];
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_hanging(&ring, 1, LINK);
	queue_bound(&ring, &never, 0, 2, 0);
	submit(&ring, 2);
	queue_cancel(&ring, 1, 0, 3);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 3);
	expect(answers[0].res, -ECANCELED);
	expect(answers[1].res, -ECANCELED);
	expect(answers[2].res, 0);
	io_uring_queue_exit(&ring);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

/* Several requests follow in the submission, as its end is when the first one is over. */
static void over_already(void)
{
	static const struct {
		struct __kernel_timespec ts;
		unsigned flags;
	} rows[] = { { { 0 }, 0 }, { { .tv_sec = 1 }, IORING_TIMEOUT_ABS } };
	struct answer answers[8];
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct __kernel_timespec ts = rows[i].ts;
		int fd = scratch_file(100000);
		static char bytes[100000];

		queue_nop(&ring, 1, LINK);
		queue_bound(&ring, &ts, rows[i].flags, 2, 0);
		for (unsigned k = 3; k <= 8; k++)
			queue_read(&ring, fd, bytes, sizeof(bytes), k, 0);
		submit(&ring, 8);
		sorted_answers(&ring, answers, 8);
		expect(answers[0].res, 0);
		expect(answers[1].res, -ENOENT);
		close(fd);
	}
	io_uring_queue_exit(&ring);
}

static void unlinked(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, IORING_SETUP_SUBMIT_ALL);
	queue_bound(&ring, &never, 0, 1, 0);
	submit(&ring, 1);
	expect_answer(&ring, 1, -EINVAL);
	/* At the head of a chain. */
	queue_bound(&ring, &never, 0, 1, LINK);
	queue_nop(&ring, 2, 0);
	submit(&ring, 2);
	expect_answer(&ring, 1, -EINVAL);
	expect_answer(&ring, 2, -ECANCELED);
	/* Behind one of its kind. */
	queue_nop(&ring, 1, LINK);
	queue_bound(&ring, &never, 0, 2, LINK);
	queue_bound(&ring, &never, 0, 3, 0);
	submit(&ring, 3);
	expect_answer(&ring, 1, -ECANCELED);
	expect_answer(&ring, 2, -ECANCELED);
	expect_answer(&ring, 3, -EINVAL);
	io_uring_queue_exit(&ring);
}

static void bad_bounds(void)
{
	static struct __kernel_timespec negative = { .tv_sec = -1 };
	static const struct {
		struct __kernel_timespec *ts;
		unsigned flags, off, len;
		int error;
	} rows[] = {
		{ &never, 1U << 31, 0, 1, -EINVAL },
		{ &never, IORING_TIMEOUT_CLOCK_MASK, 0, 1, -EINVAL },
		{ &never, IORING_TIMEOUT_UPDATE, 0, 1, -EINVAL },
		{ &never, 0, 1, 1, -EINVAL },
		{ &never, 0, 0, 2, -EINVAL },
		{ &negative, 0, 0, 1, -EINVAL },
		{ NULL, 0, 0, 1, -EFAULT },
	};
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_sqe *sqe;

		queue_nop(&ring, 1, LINK);
		sqe = new_sqe(&ring);
		io_uring_prep_link_timeout(sqe, rows[i].ts, rows[i].flags);
		sqe->off = rows[i].off;
		sqe->len = rows[i].len;
		set_sqe(sqe, 2, 0);
		submit(&ring, 2);
		expect_answer(&ring, 1, -ECANCELED);
		expect(next_answer(&ring).res, rows[i].error);
	}
	io_uring_queue_exit(&ring);
}

const struct conformance_case link_timeout_cases[] = {
	{ "expiry cancels the request before, and gives -ETIME", expires },
	{ "an absolute time may be over already", expires_absolutely },
	{ "a request in time cancels its timeout", in_time },
	{ "a request in time lets the chain go on behind the timeout", chain_goes_on },
	{ "expiry breaks soft links, and no hard ones", chain_after_expiry },
	{ "the request before is bounded, from its own start on", bounds_one_only },
	{ "each request of a chain can have a timeout", each_of_a_chain },
	{ "receive, poll, accept and timeout can be bounded", bounds_of_all_kinds },
	{ "a futex wait can be bounded", bounds_futex },
	{ "a request that a worker runs can be bounded", bounds_worker },
	{ "a request that a worker blocks in can be bounded", bounds_blocking },
	{ "an update moves the expiry", updates },
	{ "what is not armed yet is not updated", not_armed_yet },
	{ "removal and cancellation do not find link timeouts", not_removable },
	{ "cancelling a request cancels its timeout", target_cancelled },
	{ "what is over when its request is done finds nothing to cancel", over_already },
	{ "a link timeout behind no request, or behind another, is refused", unlinked },
	{ "errors of link timeouts", bad_bounds },
	{ 0 },
};
