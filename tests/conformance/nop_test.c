/* SPDX-License-Identifier: MIT */
/* The request that does nothing, in all the ways it has of doing it. */
#include "conformance.h"

static struct io_uring_sqe *prep_nop(struct io_uring *ring, uint64_t data, unsigned nop_flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_nop(sqe);
	set_sqe(sqe, data, 0);
	sqe->nop_flags = nop_flags;
	return sqe;
}

static void in_order(void)
{
	struct io_uring ring;

	open_ring(&ring, 64, 0);
	for (int round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 64; i++)
			prep_nop(&ring, i, 0);
		submit(&ring, 64);
		for (unsigned i = 0; i < 64; i++)
			expect_full_answer(&ring, i, 0, 0);
	}
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

static void at_once(void)
{
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;

	open_ring(&ring, 4, 0);
	prep_nop(&ring, 1, 0);
	submit(&ring, 1);
	/* Without waiting, since submitting did it. */
	expect(io_uring_cq_ready(&ring), 1);
	expect(io_uring_peek_cqe(&ring, &cqe), 0);
	expect(cqe->user_data, 1);
	io_uring_cqe_seen(&ring, cqe);
	io_uring_queue_exit(&ring);
}

static void any_kind_of_ring(void)
{
	static const unsigned flags[] = {
		IORING_SETUP_IOPOLL,
		IORING_SETUP_SQPOLL,
		IORING_SETUP_SQPOLL | IORING_SETUP_IOPOLL,
		IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_NO_SQARRAY,
		IORING_SETUP_NO_MMAP,
		IORING_SETUP_SUBMIT_ALL,
	};
	struct io_uring ring;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		open_ring(&ring, 8, flags[i]);
		for (unsigned round = 0; round < 5; round++) {
			for (unsigned k = 0; k < 4; k++)
				prep_nop(&ring, k, 0);
			submit(&ring, 4);
			for (unsigned k = 0; k < 4; k++)
				expect_full_answer(&ring, k, 0, 0);
		}
		io_uring_queue_exit(&ring);
	}
}

/* The user's data is the user's: nothing is kept for the ring, not even -1. */
static void any_user_data(void)
{
	static const uint64_t data[] = { 0, 1, 1ULL << 63, UINT64_MAX, UINT64_MAX - 1, 1ULL << 32 };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(data); i++)
		prep_nop(&ring, data[i], 0);
	submit(&ring, ARRAY_LEN(data));
	for (size_t i = 0; i < ARRAY_LEN(data); i++)
		expect_full_answer(&ring, data[i], 0, 0);
	io_uring_queue_exit(&ring);
}

static void every_sqe_flag(void)
{
	static const unsigned flags[] = { IOSQE_ASYNC, IOSQE_IO_DRAIN, IOSQE_IO_LINK,
					  IOSQE_IO_HARDLINK, IOSQE_ASYNC | IOSQE_IO_DRAIN };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		prep_nop(&ring, i, 0)->flags = (uint8_t)flags[i];
		expect_full_answer_at(__FILE__, __LINE__, run_one(&ring), i, 0, 0);
	}
	/* It needs no file, so that the flag for one means nothing; and selects no buffer. */
	prep_nop(&ring, 1, 0)->flags = IOSQE_FIXED_FILE;
	expect(run_one(&ring).res, 0);
	prep_nop(&ring, 1, 0)->flags = IOSQE_BUFFER_SELECT;
	expect(run_one(&ring).res, -EOPNOTSUPP);
	prep_nop(&ring, 1, 0)->ioprio = 1;
	expect(run_one(&ring).res, -EINVAL);
	prep_nop(&ring, 1, 0)->flags = 1U << 7;
	expect(run_one(&ring).res, -EINVAL);
	prep_nop(&ring, 1, 0)->flags = IOSQE_CQE_SKIP_SUCCESS;
	submit(&ring, 1);
	expect_none(&ring, 20);
	io_uring_queue_exit(&ring);
}

static void bad_flags(void)
{
	struct io_uring ring;

	need_linux(6, 10, "flags of a nop");
	open_ring(&ring, 8, 0);
	for (unsigned bit = 6; bit < 32; bit++) {
		prep_nop(&ring, bit, 1U << bit);
		expect_full_answer_at(__FILE__, __LINE__, run_one(&ring), bit, -EINVAL, 0);
	}
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* ---- IORING_NOP_INJECT_RESULT ---------------------------------------------------------------- */

static void injected(void)
{
	static const int results[] = { 0, 1, 12345, INT_MAX, -1, -EIO, -4095, INT_MIN };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	need_linux(6, 10, "IORING_NOP_INJECT_RESULT");
	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		prep_nop(&ring, i, IORING_NOP_INJECT_RESULT)->len = (unsigned)results[i];
		expect_full_answer_at(__FILE__, __LINE__, run_one(&ring), i, results[i], 0);
		/* A length without the flag is not looked at. */
		prep_nop(&ring, i, 0)->len = (unsigned)results[i];
		expect(run_one(&ring).res, 0);
	}
	io_uring_queue_exit(&ring);
}

static void injected_failure(void)
{
	static const int results[] = { -EIO, 5 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	need_linux(6, 10, "IORING_NOP_INJECT_RESULT");
	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		sqe = prep_nop(&ring, 1, IORING_NOP_INJECT_RESULT);
		sqe->len = (unsigned)results[i];
		sqe->flags = IOSQE_IO_LINK;
		prep_nop(&ring, 2, 0);
		submit(&ring, 2);
		expect_answer(&ring, 1, results[i]);
		/* Only what is negative breaks a link. */
		expect_answer(&ring, 2, results[i] < 0 ? -ECANCELED : 0);
	}
	/* A failure is not skipped, a success is. */
	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		sqe = prep_nop(&ring, 3, IORING_NOP_INJECT_RESULT);
		sqe->len = (unsigned)results[i];
		sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	}
	submit(&ring, 2);
	expect_answer(&ring, 3, -EIO);
	expect_none(&ring, 20);
	io_uring_queue_exit(&ring);
}

/* ---- IORING_NOP_FILE and others -------------------------------------------------------------- */

static void with_file(void)
{
	struct io_uring ring;
	int file = scratch_file(1);

	open_ring(&ring, 8, 0);
	need_linux(6, 13, "IORING_NOP_FILE");
	expect(io_uring_register_files_sparse(&ring, 2), 0);
	expect(io_uring_register_files_update(&ring, 1, &file, 1), 1);
	prep_nop(&ring, 1, IORING_NOP_FILE)->fd = file;
	expect(run_one(&ring).res, 0);
	prep_nop(&ring, 1, IORING_NOP_FILE)->fd = 9999;
	expect(run_one(&ring).res, -EBADF);
	prep_nop(&ring, 1, IORING_NOP_FILE)->fd = -1;
	expect(run_one(&ring).res, -EBADF);
	for (int slot = -1; slot < 3; slot++) {
		prep_nop(&ring, 1, IORING_NOP_FILE | IORING_NOP_FIXED_FILE)->fd = slot;
		expect(run_one(&ring).res, slot == 1 ? 0 : -EBADF);
	}
	/* Not asked to look at it. */
	prep_nop(&ring, 1, 0)->fd = 9999;
	expect(run_one(&ring).res, 0);
	prep_nop(&ring, 1, IORING_NOP_FIXED_FILE)->fd = 9999;
	expect(run_one(&ring).res, 0);
	io_uring_queue_exit(&ring);
}

static void with_file_and_result(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int file = scratch_file(1);

	open_ring(&ring, 8, 0);
	need_linux(6, 13, "IORING_NOP_FILE");
	sqe = prep_nop(&ring, 1, IORING_NOP_FILE | IORING_NOP_INJECT_RESULT);
	sqe->fd = file;
	sqe->len = 33;
	expect(run_one(&ring).res, 33);
	/* The failure to find a file counts for more. */
	sqe = prep_nop(&ring, 1, IORING_NOP_FILE | IORING_NOP_INJECT_RESULT);
	sqe->fd = 9999;
	sqe->len = 33;
	expect(run_one(&ring).res, -EBADF);
	io_uring_queue_exit(&ring);
}

static void with_buffer(void)
{
	static char memory[4096];
	struct iovec iov = { memory, sizeof(memory) };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	need_linux(6, 13, "IORING_NOP_FIXED_BUFFER");
	prep_nop(&ring, 1, IORING_NOP_FIXED_BUFFER)->buf_index = 0;
	expect(run_one(&ring).res, -EFAULT);
	expect(io_uring_register_buffers_sparse(&ring, 2), 0);
	expect(io_uring_register_buffers_update_tag(&ring, 1, &iov, NULL, 1), 1);
	for (int index = 0; index < 3; index++) {
		prep_nop(&ring, 1, IORING_NOP_FIXED_BUFFER)->buf_index = (uint16_t)index;
		expect(run_one(&ring).res, index == 1 ? 0 : -EFAULT);
	}
	io_uring_queue_exit(&ring);
}

static void through_task_work(void)
{
	static const unsigned flags[] = { 0,
					  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN };
	struct io_uring ring;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		open_ring(&ring, 8, flags[i]);
		need_linux(6, 16, "IORING_NOP_TW");
		prep_nop(&ring, 1, IORING_NOP_TW);
		submit(&ring, 1);
		/* Deferred, it is done when somebody waits for it. */
		if (flags[i])
			expect(io_uring_cq_ready(&ring), 0);
		expect_full_answer(&ring, 1, 0, 0);
		prep_nop(&ring, 2, IORING_NOP_TW | IORING_NOP_INJECT_RESULT)->len = 9;
		submit(&ring, 1);
		expect_full_answer(&ring, 2, 9, 0);
		expect_usable(&ring);
		io_uring_queue_exit(&ring);
	}
}

static void long_completion(void)
{
	static const unsigned flags[] = { IORING_SETUP_CQE32, IORING_SETUP_CQE_MIXED };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		open_ring(&ring, 8, flags[i]);
		need_linux(6, 18, "IORING_NOP_CQE32");
		sqe = prep_nop(&ring, 7, IORING_NOP_CQE32 | IORING_NOP_INJECT_RESULT);
		sqe->len = 1;
		sqe->off = 0x1122334455667788;
		sqe->addr = 0x99aabbccddeeff00;
		a = run_one(&ring);
		/* Only in a ring of both kinds does a long one have to say so. */
		expect_full_answer_at(__FILE__, __LINE__, a, 7, 1,
				      flags[i] == IORING_SETUP_CQE32 ? 0 : IORING_CQE_F_32);
		expect(a.extra[0], 0x1122334455667788);
		expect(a.extra[1], 0x99aabbccddeeff00);
		prep_nop(&ring, 8, 0);
		expect_full_answer_at(__FILE__, __LINE__, run_one(&ring), 8, 0, 0);
		io_uring_queue_exit(&ring);
	}
	open_ring(&ring, 8, 0);
	prep_nop(&ring, 9, IORING_NOP_CQE32);
	expect_full_answer_at(__FILE__, __LINE__, run_one(&ring), 9, -EINVAL, 0);
	io_uring_queue_exit(&ring);
}

/* False means that the library is new enough. */
static void version(void)
{
	const int major = IO_URING_VERSION_MAJOR, minor = IO_URING_VERSION_MINOR;
	const struct {
		int major, minor;
		bool too_old;
	} rows[] = {
		{ major, minor, false },    { major, minor - 1, false }, { major, minor + 1, true },
		{ major - 1, 99, false },   { major + 1, 0, true },	 { major, 0, false },
		{ major + 1, minor, true },
	};

	expect(io_uring_major_version(), major);
	expect(io_uring_minor_version(), minor);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect(io_uring_check_version(rows[i].major, rows[i].minor), rows[i].too_old);
	expect(IO_URING_CHECK_VERSION(major, minor), 0);
	expect(IO_URING_CHECK_VERSION(major, minor + 1), 1);
	expect(IO_URING_CHECK_VERSION(major - 1, 99), 0);
}

/* Looked up when it is submitted, and not again. */
static void file_closed_before_task_work(void)
{
	struct answer answers[2];
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 4, 0);
	make_pipe(fds);
	prep_nop(&ring, 1, IORING_NOP_FILE | IORING_NOP_TW)->fd = fds[0];
	io_uring_prep_close(new_sqe(&ring), fds[0]);
	submit(&ring, 2);
	sorted_answers(&ring, answers, 2);
	expect(answers[1].data, 1);
	expect(answers[1].res, 0);
	close(fds[1]);
	io_uring_queue_exit(&ring);
}

const struct conformance_case nop_cases[] = {
	{ "nops complete in the order they were submitted in", in_order },
	{ "a nop has completed when submitting it returns", at_once },
	{ "every kind of ring runs nops", any_kind_of_ring },
	{ "user_data comes back whatever it is", any_user_data },
	{ "every flag that makes sense for a nop works", every_sqe_flag },
	{ "unknown flags of a nop are -EINVAL", bad_flags },
	{ "a nop completes with the result it is given", injected },
	{ "a nop's negative result is a failure", injected_failure },
	{ "a nop can look up a file", with_file },
	{ "a nop that finds no file fails, whatever its result was to be", with_file_and_result },
	{ "a nop can look up a buffer", with_buffer },
	{ "a nop can complete through task work", through_task_work },
	{ "a nop finds its file when it is submitted", file_closed_before_task_work },
	{ "a nop can fill a long completion", long_completion },
	{ "the library tells its version", version },
	{ 0 },
};
