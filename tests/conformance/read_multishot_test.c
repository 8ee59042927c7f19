/* SPDX-License-Identifier: MIT */
/* READ_MULTISHOT: one request, a completion each time there is data. */
#include "conformance.h"

#define GROUP  7
#define COUNT  8
#define LENGTH 16

struct shots {
	struct io_uring ring;
	struct io_uring_buf_ring *br;
	uint8_t memory[COUNT][LENGTH];
	int pipe[2];
};

static void give(struct shots *s, unsigned short bid, int count)
{
	for (int i = 0; i < count; i++)
		io_uring_buf_ring_add(s->br, s->memory[bid + i], LENGTH, (unsigned short)(bid + i),
				      COUNT - 1, i);
	io_uring_buf_ring_advance(s->br, count);
}

static void open_shots(struct shots *s, unsigned flags)
{
	int err;

	need_op(IORING_OP_READ_MULTISHOT, "IORING_OP_READ_MULTISHOT");
	open_ring(&s->ring, 8, flags);
	s->br = io_uring_setup_buf_ring(&s->ring, COUNT, GROUP, 0, &err);
	check(s->br, "no buffer ring: %d", err);
	make_pipe(s->pipe);
}

static void arm(struct shots *s, int fd, unsigned nbytes)
{
	struct io_uring_sqe *sqe = new_sqe(&s->ring);

	io_uring_prep_read_multishot(sqe, fd, nbytes, 0, GROUP);
	io_uring_sqe_set_data64(sqe, 1);
	submit(&s->ring, 1);
}

static void close_shots(struct shots *s)
{
	expect(io_uring_free_buf_ring(&s->ring, s->br, COUNT, GROUP), 0);
	io_uring_queue_exit(&s->ring);
}

static unsigned buffer_flags(unsigned bid)
{
	return IORING_CQE_F_BUFFER | bid << IORING_CQE_BUFFER_SHIFT;
}

static void write_text(struct shots *s, const char *text)
{
	expect(write(s->pipe[1], text, strlen(text)), strlen(text));
}

static void each_arrival(void)
{
	static const unsigned flags[] = { 0,
					  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN };
	struct shots s;

	for (size_t f = 0; f < ARRAY_LEN(flags); f++) {
		open_shots(&s, flags[f]);
		give(&s, 0, COUNT);
		arm(&s, s.pipe[0], 0);
		expect_none(&s.ring, 5);
		for (unsigned i = 0; i < 3; i++) {
			write_text(&s, "hello");
			expect_full_answer(&s.ring, 1, 5, buffer_flags(i) | IORING_CQE_F_MORE);
			check(!memcmp(s.memory[i], "hello", 5), "other bytes");
		}
		close_shots(&s);
	}
}

/* What does not fit one buffer goes on in the next. */
static void larger_than_a_buffer(void)
{
	struct shots s;

	open_shots(&s, 0);
	give(&s, 0, COUNT);
	write_text(&s, "0123456789abcdefghijklmnopqrstuvwxyz");
	arm(&s, s.pipe[0], 0);
	expect_full_answer(&s.ring, 1, LENGTH, buffer_flags(0) | IORING_CQE_F_MORE);
	expect_full_answer(&s.ring, 1, LENGTH, buffer_flags(1) | IORING_CQE_F_MORE);
	expect_full_answer(&s.ring, 1, 4, buffer_flags(2) | IORING_CQE_F_MORE);
	check(!memcmp(s.memory[2], "wxyz", 4), "other bytes");
	close_shots(&s);
}

/* The end of the file ends it; it keeps the buffer it had picked for the next data. */
static void end_of_file(void)
{
	struct answer a;
	struct shots s;

	open_shots(&s, 0);
	give(&s, 0, COUNT);
	arm(&s, s.pipe[0], 0);
	write_text(&s, "last");
	expect_full_answer(&s.ring, 1, 4, buffer_flags(0) | IORING_CQE_F_MORE);
	close(s.pipe[1]);
	a = next_answer(&s.ring);
	expect(a.res, 0);
	expect(a.flags & IORING_CQE_F_MORE, 0);
	expect_none(&s.ring, 5);
	close_shots(&s);
}

static void out_of_buffers(void)
{
	struct shots s;

	open_shots(&s, 0);
	give(&s, 0, 2);
	arm(&s, s.pipe[0], 0);
	for (unsigned i = 0; i < 2; i++) {
		write_text(&s, "x");
		expect_full_answer(&s.ring, 1, 1, buffer_flags(i) | IORING_CQE_F_MORE);
	}
	write_text(&s, "y");
	expect_full_answer(&s.ring, 1, -ENOBUFS, 0);
	/* Nothing is lost: who arms again with buffers has it. */
	give(&s, 2, 1);
	arm(&s, s.pipe[0], 0);
	expect_full_answer(&s.ring, 1, 1, buffer_flags(2) | IORING_CQE_F_MORE);
	expect(s.memory[2][0], 'y');
	close_shots(&s);
}

static void cancelled(void)
{
	struct answer answers[2];
	struct io_uring_sqe *sqe;
	struct shots s;

	open_shots(&s, 0);
	give(&s, 0, COUNT);
	arm(&s, s.pipe[0], 0);
	expect_none(&s.ring, 5);
	sqe = new_sqe(&s.ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	set_sqe(sqe, 2, 0);
	submit(&s.ring, 1);
	sorted_answers(&s.ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	expect(answers[0].flags & IORING_CQE_F_MORE, 0);
	expect(answers[1].res, 0);
	close_shots(&s);
}

/* Files without readiness, requests with a length or without a group. */
static void refused(void)
{
	uint8_t data[10];
	struct io_uring_sqe *sqe;
	struct shots s;

	open_shots(&s, 0);
	give(&s, 0, COUNT);
	arm(&s, scratch_file(100), 0);
	expect_answer(&s.ring, 1, -EBADFD);
	arm(&s, -1, 0);
	expect_answer(&s.ring, 1, -EBADF);
	/* The buffers say how much is read. */
	arm(&s, s.pipe[0], 6);
	expect_answer(&s.ring, 1, -EINVAL);
	sqe = new_sqe(&s.ring);
	io_uring_prep_rw(IORING_OP_READ_MULTISHOT, sqe, s.pipe[0], data, sizeof(data), 0);
	set_sqe(sqe, 1, 0);
	submit(&s.ring, 1);
	expect_answer(&s.ring, 1, -EINVAL);
	close_shots(&s);
}

const struct conformance_case read_multishot_cases[] = {
	{ "each arrival is a completion, with MORE and its buffer", each_arrival },
	{ "what one buffer cannot hold goes on in the next", larger_than_a_buffer },
	{ "the end of the file ends it", end_of_file },
	{ "out of buffers it ends with -ENOBUFS, and nothing is lost", out_of_buffers },
	{ "cancelled it ends with -ECANCELED", cancelled },
	{ "files that cannot be polled, a length, and no group are refused", refused },
	{ 0 },
};
