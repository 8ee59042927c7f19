/* SPDX-License-Identifier: MIT */
/* Cancellation, by request and by call. */
#include <linux/futex.h>

#include "requests.h"

#define ALL	 IORING_ASYNC_CANCEL_ALL
#define ANY	 IORING_ASYNC_CANCEL_ANY
#define BY_FD	 IORING_ASYNC_CANCEL_FD
#define FIXED	 IORING_ASYNC_CANCEL_FD_FIXED
#define BY_DATA	 IORING_ASYNC_CANCEL_USERDATA
#define BY_OP	 IORING_ASYNC_CANCEL_OP
#define CANCELED -ECANCELED

/* ---- Requests of all kinds that wait --------------------------------------------------------- */

static struct __kernel_timespec never = { .tv_sec = 1000 };

enum kind {
	PIPE_READ,
	RECEIVE,
	ACCEPT,
	CONNECTED_POLL,
	POLL_MULTISHOT,
	ACCEPT_MULTISHOT,
	KINDS_WITH_FD,
	TIMEOUT = KINDS_WITH_FD,
	FUTEX,
	KINDS,
};

/* Prepares one that nothing will complete. Returns its descriptor, or -1. */
static int prep_waiting(struct io_uring_sqe *sqe, enum kind kind)
{
	static struct sockaddr_in addr;
	static uint32_t word;
	static char bytes[8];
	int fds[2], listener = tcp_listener(&addr);

	if (kind == PIPE_READ)
		make_pipe(fds);
	else
		unix_pair(fds);
	switch (kind) {
	case PIPE_READ:
		io_uring_prep_read(sqe, fds[0], bytes, sizeof(bytes), 0);
		return fds[0];
	case RECEIVE:
		io_uring_prep_recv(sqe, fds[0], bytes, sizeof(bytes), 0);
		return fds[0];
	case CONNECTED_POLL:
		io_uring_prep_poll_add(sqe, fds[0], POLLIN);
		return fds[0];
	case POLL_MULTISHOT:
		io_uring_prep_poll_multishot(sqe, fds[0], POLLIN);
		return fds[0];
	case ACCEPT:
		io_uring_prep_accept(sqe, listener, NULL, NULL, 0);
		return listener;
	case ACCEPT_MULTISHOT:
		io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, 0);
		return listener;
	case TIMEOUT:
		io_uring_prep_timeout(sqe, &never, 0, 0);
		return -1;
	default:
		io_uring_prep_futex_wait(sqe, &word, 0, FUTEX_BITSET_MATCH_ANY, FUTEX2_SIZE_U32, 0);
		return -1;
	}
}

static int submit_waiting(struct io_uring *ring, enum kind kind, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);
	int fd = prep_waiting(sqe, kind);

	set_sqe(sqe, data, 0);
	submit(ring, 1);
	return fd;
}

/* The kinds cancelled here are all that wait without a worker. */
static bool kind_is_there(enum kind kind)
{
	struct io_uring_probe *probe = io_uring_get_probe();
	bool there =
		kind != FUTEX || (probe && io_uring_opcode_supported(probe, IORING_OP_FUTEX_WAIT));

	io_uring_free_probe(probe);
	return there;
}

/* Linux 6.18 says how many futex waits it cancelled, observed, where it says 0 of all others. */
static void expect_cancel_result(enum kind kind, int res)
{
	check(res == 0 || (kind == FUTEX && res == 1), "kind %d: %d", (int)kind, res);
}

/*
 * Expects what a submitted cancellation, user_data 1000, left: its own success, and the request
 * named `data` cancelled. Both are there when submitting returns.
 */
static void expect_cancelled(struct io_uring *ring, enum kind kind, uint64_t data)
{
	struct answer answers[2];

	expect(io_uring_cq_ready(ring), 2);
	sorted_answers(ring, answers, 2);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], data, CANCELED, 0);
	expect(answers[1].data, 1000);
	expect(answers[1].flags, 0);
	expect_cancel_result(kind, answers[1].res);
}

static void by_data(void)
{
	struct io_uring ring;

	need_linux(5, 19, "multishot accept");
	open_ring(&ring, 8, 0);
	for (enum kind kind = 0; kind < KINDS; kind++) {
		if (!kind_is_there(kind))
			continue;
		submit_waiting(&ring, kind, kind);
		queue_cancel(&ring, kind, 0, 1000);
		submit(&ring, 1);
		expect_cancelled(&ring, kind, kind);
		/* It is gone. */
		queue_cancel(&ring, kind, 0, 1000);
		submit(&ring, 1);
		expect_answer(&ring, 1000, -ENOENT);
	}
	io_uring_queue_exit(&ring);
}

static void queue_cancel_fd(struct io_uring *ring, int fd, unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_cancel_fd(sqe, fd, flags);
	set_sqe(sqe, 1000, 0);
}

static void by_descriptor(void)
{
	struct io_uring ring;

	need_linux(5, 19, "cancellation by descriptor");
	open_ring(&ring, 8, 0);
	for (enum kind kind = 0; kind < KINDS_WITH_FD; kind++) {
		int fd = submit_waiting(&ring, kind, kind);

		queue_cancel_fd(&ring, fd, 0);
		submit(&ring, 1);
		expect_cancelled(&ring, kind, kind);
		queue_cancel_fd(&ring, fd, 0);
		submit(&ring, 1);
		expect_answer(&ring, 1000, -ENOENT);
	}
	io_uring_queue_exit(&ring);
}

static void by_copy_of_descriptor(void)
{
	struct io_uring ring;
	int fd;

	/* It is the open file that is compared, not its number. */
	need_linux(5, 19, "cancellation by descriptor");
	open_ring(&ring, 8, 0);
	fd = submit_waiting(&ring, RECEIVE, 1);
	queue_cancel_fd(&ring, (int)sys(dup(fd)), 0);
	submit(&ring, 1);
	expect_cancelled(&ring, RECEIVE, 1);
	io_uring_queue_exit(&ring);
}

static void by_fixed_descriptor(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd;

	need_linux(6, 0, "cancellation by fixed descriptor");
	open_ring(&ring, 8, 0);
	expect(io_uring_register_files_sparse(&ring, 4), 0);
	sqe = new_sqe(&ring);
	fd = prep_waiting(sqe, RECEIVE);
	expect(io_uring_register_files_update(&ring, 2, &fd, 1), 1);
	for (int round = 0; round < 2; round++) {
		if (round)
			sqe = new_sqe(&ring);
		prep_waiting(sqe, RECEIVE);
		sqe->fd = 2;
		set_sqe(sqe, 1, IOSQE_FIXED_FILE);
		submit(&ring, 1);
		/* By its index, or by a descriptor of the same file. */
		queue_cancel_fd(&ring, round ? fd : 2, round ? 0 : FIXED);
		submit(&ring, 1);
		expect_cancelled(&ring, RECEIVE, 1);
	}
	queue_cancel_fd(&ring, 3, FIXED);
	submit(&ring, 1);
	expect_answer(&ring, 1000, -EBADF);
	queue_cancel_fd(&ring, 4, FIXED);
	submit(&ring, 1);
	expect_answer(&ring, 1000, -EBADF);
	io_uring_queue_exit(&ring);
}

/* ---- One, or all ----------------------------------------------------------------------------- */

/* Cancels by `flags` with data 1, and returns the result; reaps those cancelled into *count. */
static int cancel_counting(struct io_uring *ring, unsigned flags, int fd, unsigned op,
			   unsigned *count)
{
	struct io_uring_sqe *sqe = new_sqe(ring);
	int res = 0;

	io_uring_prep_cancel64(sqe, 1, (int)flags);
	sqe->fd = flags & BY_FD ? fd : -1;
	sqe->len = op;
	set_sqe(sqe, 1000, 0);
	submit(ring, 1);
	*count = 0;
	for (unsigned left = io_uring_cq_ready(ring); left; left--) {
		struct answer a = next_answer(ring);

		if (a.data == 1000) {
			res = a.res;
			continue;
		}
		expect(a.res, CANCELED);
		++*count;
	}
	return res;
}

static void one_or_all(void)
{
	const struct {
		unsigned flags, cancelled;
		int res;
	} rows[] = {
		{ 0, 1, 0 },
		{ BY_DATA, 1, 0 },
		{ ALL, 3, 3 },
		{ ALL | BY_DATA, 3, 3 },
		/* Three named 1 and one named 2. ANY is all, without saying so. */
		{ ANY, 4, 4 },
		{ ANY | ALL, 4, 4 },
		{ BY_OP, 1, 0 },
		{ BY_OP | ALL, 3, 3 },
		{ BY_OP | BY_DATA, 1, 0 },
		{ BY_OP | BY_DATA | ALL, 2, 2 },
		{ BY_FD, 1, 0 },
		{ BY_FD | ALL, 2, 2 },
		{ BY_FD | BY_DATA | ALL, 1, 1 },
		{ BY_FD | BY_OP | ALL, 2, 2 },
		{ BY_FD | BY_OP | BY_DATA | ALL, 1, 1 },
	};
	unsigned count;

	need_linux(6, 6, "cancellation by all that");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring ring;
		int res, fd;

		open_ring(&ring, 8, 0);
		submit_waiting(&ring, TIMEOUT, 1);
		submit_waiting(&ring, CONNECTED_POLL, 1);
		fd = submit_waiting(&ring, CONNECTED_POLL, 1);
		/* The same descriptor once more, by another name. */
		io_uring_prep_poll_add(new_sqe(&ring), fd, POLLIN);
		set_sqe(&ring.sq.sqes[3], 2, 0);
		submit(&ring, 1);
		res = cancel_counting(&ring, rows[i].flags, fd, IORING_OP_POLL_ADD, &count);
		check(res == rows[i].res, "row %zu: %d", i, res);
		check(count == rows[i].cancelled, "row %zu: %u cancelled", i, count);
		/* What is left can be cancelled still. */
		res = cancel_counting(&ring, ANY, -1, 0, &count);
		expect(res, 4 - rows[i].cancelled);
		io_uring_queue_exit(&ring);
	}
}

static void none_of_all(void)
{
	const struct {
		unsigned flags;
		int res;
	} rows[] = {
		{ 0, -ENOENT },	    { ALL, 0 },		{ ANY, 0 },
		{ BY_FD, -ENOENT }, { BY_FD | ALL, 0 }, { BY_OP, -ENOENT },
	};
	struct io_uring ring;
	unsigned count;

	need_linux(6, 6, "cancellation by all that");
	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int res = cancel_counting(&ring, rows[i].flags, STDOUT_FILENO, IORING_OP_READ,
					  &count);

		check(res == rows[i].res, "row %zu: %d", i, res);
	}
	io_uring_queue_exit(&ring);
}

static void ring_is_the_border(void)
{
	struct io_uring mine, other;

	open_ring(&mine, 8, 0);
	open_ring(&other, 8, 0);
	submit_waiting(&other, TIMEOUT, 1);
	queue_cancel(&mine, 1, 0, 1000);
	submit(&mine, 1);
	expect_answer(&mine, 1000, -ENOENT);
	expect_none(&other, 20);
	io_uring_queue_exit(&mine);
	io_uring_queue_exit(&other);
}

/* ---- Chains ---------------------------------------------------------------------------------- */

static void cancel_head(unsigned link, int third)
{
	struct answer answers[4];
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_hanging(&ring, 1, link);
	queue_nop(&ring, 2, link);
	queue_nop(&ring, 3, 0);
	submit(&ring, 3);
	queue_cancel(&ring, 1, 0, 1000);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 4);
	expect(answers[0].res, CANCELED);
	expect(answers[1].res, third);
	expect(answers[2].res, third);
	expect(answers[3].res, 0);
	io_uring_queue_exit(&ring);
}

static void heads(void)
{
	cancel_head(IOSQE_IO_LINK, CANCELED);
	cancel_head(IOSQE_IO_HARDLINK, 0);
}

static void not_started(void)
{
	struct io_uring ring;
	int fd;

	/* What waits for its predecessor is not found. */
	open_ring(&ring, 8, 0);
	fd = queue_hanging(&ring, 1, IOSQE_IO_LINK);
	queue_nop(&ring, 2, IOSQE_IO_LINK);
	queue_nop(&ring, 3, 0);
	submit(&ring, 3);
	for (uint64_t member = 2; member <= 3; member++) {
		queue_cancel(&ring, member, 0, 1000);
		submit(&ring, 1);
		expect_answer(&ring, 1000, -ENOENT);
	}
	release(fd);
	for (uint64_t member = 1; member <= 3; member++)
		expect_answer(&ring, member, member == 1);
	io_uring_queue_exit(&ring);
}

static void drained(void)
{
	struct io_uring ring;
	int fd;

	/* Nor is what waits for all before it. */
	open_ring(&ring, 8, 0);
	fd = queue_hanging(&ring, 1, 0);
	queue_nop(&ring, 2, IOSQE_IO_DRAIN);
	submit(&ring, 2);
	expect(cancel_now(&ring, 2), -ENOENT);
	release(fd);
	expect_answer(&ring, 1, 1);
	expect_answer(&ring, 2, 0);
	io_uring_queue_exit(&ring);
}

static void cancel_in_chain(void)
{
	struct answer answers[3];
	struct io_uring ring;

	need_linux(5, 17, "IOSQE_CQE_SKIP_SUCCESS");
	open_ring(&ring, 8, 0);
	queue_cancel(&ring, 77, 0, 1);
	set_sqe(&ring.sq.sqes[0], 1, IOSQE_IO_LINK);
	queue_nop(&ring, 2, 0);
	submit(&ring, 2);
	expect_answer(&ring, 1, -ENOENT);
	expect_answer(&ring, 2, CANCELED);
	submit_waiting(&ring, TIMEOUT, 0);
	queue_cancel(&ring, 0, 0, 1);
	set_sqe(&ring.sq.sqes[3], 1, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
	queue_nop(&ring, 2, 0);
	submit(&ring, 2);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].data, 0);
	expect(answers[0].res, CANCELED);
	expect(answers[1].data, 2);
	expect(answers[1].res, 0);
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

/* ---- Workers --------------------------------------------------------------------------------- */

/* Opens a FIFO that nobody writes to, which keeps a worker until it is interrupted. */
static void submit_blocking(struct io_uring *ring, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	if (access("fifo", F_OK))
		sys(mkfifo("fifo", 0600));
	io_uring_prep_openat(sqe, AT_FDCWD, "fifo", O_RDONLY, 0);
	/* Or Linux opens it without waiting. */
	set_sqe(sqe, data, IOSQE_ASYNC);
	submit(ring, 1);
	/* For the worker to start; whether it did only decides between two results. */
	sleep_ms(30);
}

/* Linux 6.18 lets its own -ERESTARTSYS through, observed, where it means -EINTR. */
static bool is_interrupted(int res)
{
	return res == -EINTR || res == -512;
}

static void worker(void)
{
	struct answer answers[2];
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	submit_blocking(&ring, 1);
	queue_cancel(&ring, 1, 0, 1000);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 2);
	if (answers[1].res == 0) {
		/* No worker had begun. */
		expect(answers[0].res, CANCELED);
	} else {
		expect(answers[1].res, -EALREADY);
		check(is_interrupted(answers[0].res), "%d", answers[0].res);
	}
	io_uring_queue_exit(&ring);
}

static void many_workers(void)
{
	struct io_uring ring;

	/* Each is interrupted, whatever its worker did before, and however many others do. */
	for (int round = 0; round < 8; round++) {
		unsigned count = 1 + round % 3;

		open_ring(&ring, 8, 0);
		for (unsigned i = 0; i < count; i++)
			submit_blocking(&ring, 1);
		queue_cancel(&ring, 1, ALL, 1000);
		submit(&ring, 1);
		for (unsigned i = 0; i <= count; i++) {
			struct answer a = next_answer(&ring);

			check(a.data == 1000 || is_interrupted(a.res) || a.res == CANCELED, "%d",
			      a.res);
		}
		io_uring_queue_exit(&ring);
	}
}

/* ---- The call -------------------------------------------------------------------------------- */

static struct io_uring_sync_cancel_reg sync_reg(uint64_t data, int fd, unsigned flags)
{
	struct io_uring_sync_cancel_reg reg = { .addr = data, .fd = fd, .flags = flags };

	reg.timeout.tv_sec = reg.timeout.tv_nsec = -1;
	return reg;
}

static void sync_cancel(void)
{
	struct io_uring_sync_cancel_reg reg = sync_reg(1, -1, 0);
	struct io_uring ring;
	int fd;

	need_linux(6, 0, "IORING_REGISTER_SYNC_CANCEL");
	open_ring(&ring, 8, 0);
	for (enum kind kind = 0; kind < KINDS; kind++) {
		if (!kind_is_there(kind))
			continue;
		submit_waiting(&ring, kind, 1);
		expect_cancel_result(kind, io_uring_register_sync_cancel(&ring, &reg));
		expect_full_answer(&ring, 1, CANCELED, 0);
		expect(io_uring_register_sync_cancel(&ring, &reg), -ENOENT);
	}
	fd = submit_waiting(&ring, RECEIVE, 2);
	reg = sync_reg(0, fd, BY_FD);
	expect(io_uring_register_sync_cancel(&ring, &reg), 0);
	expect_answer(&ring, 2, CANCELED);
	io_uring_queue_exit(&ring);
}

static void sync_cancel_all(void)
{
	struct io_uring_sync_cancel_reg reg = sync_reg(1, -1, ALL);
	struct io_uring ring;

	need_linux(6, 6, "cancellation by all that");
	open_ring(&ring, 8, 0);
	expect(io_uring_register_sync_cancel(&ring, &reg), 0);
	for (int i = 0; i < 3; i++)
		submit_waiting(&ring, i == 1 ? RECEIVE : TIMEOUT, 1);
	submit_waiting(&ring, TIMEOUT, 2);
	expect(io_uring_register_sync_cancel(&ring, &reg), 3);
	for (int i = 0; i < 3; i++)
		expect_answer(&ring, 1, CANCELED);
	reg = sync_reg(0, -1, BY_OP);
	reg.opcode = IORING_OP_READ;
	expect(io_uring_register_sync_cancel(&ring, &reg), -ENOENT);
	reg.opcode = IORING_OP_TIMEOUT;
	expect(io_uring_register_sync_cancel(&ring, &reg), 0);
	expect_answer(&ring, 2, CANCELED);
	io_uring_queue_exit(&ring);
}

static void sync_cancel_waits(void)
{
	struct io_uring_sync_cancel_reg reg = sync_reg(1, -1, 0);
	struct io_uring ring;
	struct answer a;

	need_linux(6, 0, "IORING_REGISTER_SYNC_CANCEL");
	open_ring(&ring, 8, 0);
	for (int round = 0; round < 2; round++) {
		submit_blocking(&ring, 1);
		/* For ever, or for a time that is enough. */
		if (round)
			reg.timeout = (struct __kernel_timespec){ .tv_sec = 5 };
		expect(io_uring_register_sync_cancel(&ring, &reg), 0);
		a = next_answer(&ring);
		check(is_interrupted(a.res) || a.res == CANCELED, "%d", a.res);
	}
	io_uring_queue_exit(&ring);
}

static void sync_cancel_errors(void)
{
	struct io_uring_sync_cancel_reg reg;
	struct io_uring ring;

	need_linux(6, 6, "cancellation by all that");
	open_ring(&ring, 8, 0);
	reg = sync_reg(1, -1, 1U << 31);
	expect(io_uring_register_sync_cancel(&ring, &reg), -EINVAL);
	reg = sync_reg(1, -1, BY_FD);
	expect(io_uring_register_sync_cancel(&ring, &reg), -EBADF);
	reg = sync_reg(1, 0, BY_FD | FIXED);
	expect(io_uring_register_sync_cancel(&ring, &reg), -EBADF);
	for (int i = 0; i < 7; i += 3) {
		reg = sync_reg(1, -1, 0);
		reg.pad[i] = 1;
		expect(io_uring_register_sync_cancel(&ring, &reg), -EINVAL);
		reg = sync_reg(1, -1, 0);
		reg.pad2[i / 3] = 1;
		expect(io_uring_register_sync_cancel(&ring, &reg), -EINVAL);
	}
	expect(io_uring_register((unsigned)ring.ring_fd, IORING_REGISTER_SYNC_CANCEL, NULL, 1),
	       -EINVAL);
	expect(io_uring_register((unsigned)ring.ring_fd, IORING_REGISTER_SYNC_CANCEL, &reg, 2),
	       -EINVAL);
	expect(io_uring_register((unsigned)ring.ring_fd, IORING_REGISTER_SYNC_CANCEL, (void *)16,
				 1),
	       -EFAULT);
	io_uring_queue_exit(&ring);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

static void bad_cancels(void)
{
	const struct {
		unsigned flags;
		int fd;
		unsigned off, file_index, sqe_flags;
		int error;
	} rows[] = {
		{ 1U << 31, -1, 0, 0, 0, -EINVAL },
		{ BY_FD | ANY, STDOUT_FILENO, 0, 0, 0, -EINVAL },
		{ BY_OP | ANY, -1, 0, 0, 0, -EINVAL },
		{ 0, -1, 1, 0, 0, -EINVAL },
		{ 0, -1, 0, 1, 0, -EINVAL },
		{ BY_FD, -1, 0, 0, 0, -EBADF },
		{ BY_FD | ALL, -1, 0, 0, 0, -EBADF },
		{ BY_FD, 12345, 0, 0, 0, -EBADF },
		/* There is no table. */
		{ BY_FD | FIXED, 0, 0, 0, 0, -EBADF },
		{ BY_FD, 0, 0, 0, IOSQE_FIXED_FILE, -EBADF },
		{ 0, -1, 0, 0, IOSQE_BUFFER_SELECT, -EOPNOTSUPP },
	};
	struct io_uring ring;

	need_linux(6, 6, "cancellation by all that");
	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);
		struct answer a;

		io_uring_prep_cancel64(sqe, 1, (int)rows[i].flags);
		sqe->fd = rows[i].fd;
		sqe->off = rows[i].off;
		sqe->file_index = rows[i].file_index;
		set_sqe(sqe, i, rows[i].sqe_flags);
		a = run_one(&ring);
		check(a.res == rows[i].error, "row %zu: %d", i, a.res);
	}
	io_uring_queue_exit(&ring);
}

const struct conformance_case cancel_cases[] = {
	{ "requests of all kinds are cancelled by user_data when submitting returns", by_data },
	{ "they are cancelled by descriptor", by_descriptor },
	{ "any descriptor of the same file will do", by_copy_of_descriptor },
	{ "requests on fixed files are cancelled by index, or by descriptor", by_fixed_descriptor },
	{ "one is cancelled, or all that match, and counted", one_or_all },
	{ "to find none is an error only where one is asked for", none_of_all },
	{ "cancellation does not reach another ring", ring_is_the_border },
	{ "cancelling a chain's head cancels the rest of soft links", heads },
	{ "a chain's members that have not started are not found", not_started },
	{ "a drained request that waits is not found", drained },
	{ "a cancellation can be a link, and skip its completion", cancel_in_chain },
	{ "what a worker runs is interrupted", worker },
	{ "all that workers run are interrupted, again and again", many_workers },
	{ "sync_cancel cancels requests of all kinds", sync_cancel },
	{ "sync_cancel counts if all are asked for", sync_cancel_all },
	{ "sync_cancel waits for what a worker runs", sync_cancel_waits },
	{ "errors of sync_cancel", sync_cancel_errors },
	{ "errors of cancellation", bad_cancels },
	{ 0 },
};
