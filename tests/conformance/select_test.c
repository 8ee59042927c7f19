/* SPDX-License-Identifier: MIT */
/* Reads into buffers that are chosen when the data is there: IOSQE_BUFFER_SELECT,
 * READ_MULTISHOT. */
#include <sys/uio.h>

#include "run.h"

#define GROUP 3
#define OLDER 4 /* of buffers given one by one */
#define NONE  5
#define SIZE  16

/* Buffer i of the group is at memory[i]. */
static char memory[8][SIZE];
static struct io_uring_buf_ring *buffers;

static void give_buffers(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		io_uring_buf_ring_add(buffers, memory[i], SIZE, (unsigned short)i, 7, (int)i);
	io_uring_buf_ring_advance(buffers, (int)count);
}

static void open_with_buffers(struct io_uring *ring, unsigned count)
{
	int ret = 0;

	open_ring(ring, 8, 0);
	buffers = io_uring_setup_buf_ring(ring, 8, GROUP, 0, &ret);
	if (!buffers && ret == -EINVAL)
		skip_because_of("no rings of buffers here");
	check(buffers, "no ring of buffers: %d", ret);
	give_buffers(count);
}

/* The buffers are left to the ring's end. */
#define CQE_OF_BUFFER(id) (IORING_CQE_F_BUFFER | (unsigned)(id) << IORING_CQE_BUFFER_SHIFT)

static struct answer selecting(struct io_uring *ring, int fd, unsigned len, uint64_t offset)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_read(sqe, fd, NULL, len, offset);
	set_sqe(sqe, 1, IOSQE_BUFFER_SELECT);
	sqe->buf_group = GROUP;
	return run_one(ring);
}

#define expect_selecting(ring, fd, len, offset, res, flags) \
	expect_full_answer_at(__FILE__, __LINE__, selecting(ring, fd, len, offset), 1, res, flags)

static void selected_reads(void)
{
	struct io_uring ring;
	int fd = scratch_file(100);

	open_with_buffers(&ring, 4);
	expect_selecting(&ring, fd, 10, 20, 10, CQE_OF_BUFFER(0));
	expect_pattern(memory[0], 20, 10);
	expect(memory[0][10], 0);
	/* 0 is: as much as the buffer takes, which is also the most. */
	expect_selecting(&ring, fd, 0, 30, SIZE, CQE_OF_BUFFER(1));
	expect_pattern(memory[1], 30, SIZE);
	expect_selecting(&ring, fd, 1000, 40, SIZE, CQE_OF_BUFFER(2));
	expect_selecting(&ring, fd, 10, 95, 5, CQE_OF_BUFFER(3));
	expect_pattern(memory[3], 95, 5);
	expect_selecting(&ring, fd, 10, 0, -ENOBUFS, 0);
	io_uring_queue_exit(&ring);
}

static void selected_ends(void)
{
	struct io_uring ring;
	int fd = scratch_file(100);

	open_with_buffers(&ring, 2);
	expect_selecting(&ring, -1, 10, 0, -EBADF, 0);
	/* The end of a file takes a buffer with it, and so does what is read without poll(). */
	expect_selecting(&ring, fd, 10, 100, 0, CQE_OF_BUFFER(0));
	expect_selecting(&ring, (int)sys(open(".", O_RDONLY)), 10, 0, -EISDIR, CQE_OF_BUFFER(1));
	expect_selecting(&ring, fd, 10, 0, -ENOBUFS, 0);
	io_uring_queue_exit(&ring);
}

static void selected_vectors(void)
{
	struct iovec vecs[2] = { { NULL, 10 }, { NULL, 10 } };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = scratch_file(100);

	open_with_buffers(&ring, 4);
	for (unsigned count = 1; count <= 2; count++) {
		sqe = new_sqe(&ring);
		io_uring_prep_readv(sqe, fd, vecs, count, 20);
		set_sqe(sqe, count, IOSQE_BUFFER_SELECT);
		sqe->buf_group = GROUP;
		if (count == 1)
			expect_full_answer_at(__FILE__, __LINE__, run_one(&ring), 1, 10,
					      CQE_OF_BUFFER(0));
		else
			expect_full_answer_at(__FILE__, __LINE__, run_one(&ring), 2, -EINVAL, 0);
	}
	expect_pattern(memory[0], 20, 10);
	io_uring_queue_exit(&ring);
}

static void not_for_selecting(void)
{
	struct iovec vec = { memory[0], 1 };
	struct io_uring ring;
	int fd = scratch_file(100);

	open_with_buffers(&ring, 4);
	expect(run_flagged(&ring, IOSQE_BUFFER_SELECT, write, fd, memory[0], 1, 0), -EOPNOTSUPP);
	expect(run_flagged(&ring, IOSQE_BUFFER_SELECT, writev, fd, &vec, 1, 0), -EOPNOTSUPP);
	expect(run_flagged(&ring, IOSQE_BUFFER_SELECT, read_fixed, fd, memory[0], 1, 0, 0),
	       -EOPNOTSUPP);
	expect(run_flagged(&ring, IOSQE_BUFFER_SELECT, fsync, fd, 0), -EOPNOTSUPP);
	/* A group that is not there. */
	expect(run_flagged(&ring, IOSQE_BUFFER_SELECT, read, fd, NULL, 1, 0), -ENOBUFS);
	io_uring_queue_exit(&ring);
}

static void open_with_both_kinds(struct io_uring *ring)
{
	open_with_buffers(ring, 2);
	expect(run(ring, provide_buffers, memory[6], SIZE, 1, OLDER, 6), 0);
}

static struct answer failing(struct io_uring *ring, unsigned group, unsigned sqe_flags, int fd,
			     uint64_t offset, int rw_flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_read(sqe, fd, NULL, 4, offset);
	sqe->rw_flags = rw_flags;
	set_sqe(sqe, 1, IOSQE_BUFFER_SELECT | sqe_flags);
	sqe->buf_group = (unsigned short)group;
	return run_one(ring);
}

/* First the descriptor, then the buffer, then what else is wrong; and what that does to
 * the buffer. */
static void selected_in_order(void)
{
	enum {
		BAD = 1 << 29
	};
	int file = scratch_file(100), fds[2];
	struct {
		unsigned group, sqe_flags;
		int fd; /* -2: an empty pipe, -3: its end to write to */
		uint64_t offset;
		int rw_flags, res;
		unsigned flags;
	} rows[] = {
		{ NONE, 0, 999, 0, 0, -EBADF, 0 },
		{ OLDER, 0, 999, 0, 0, -EBADF, 0 },
		{ GROUP, 0, 999, 0, 0, -EBADF, 0 },
		{ NONE, 0, -3, 0, 0, -ENOBUFS, 0 },
		{ NONE, 0, file, 0, BAD, -ENOBUFS, 0 },
		{ NONE, 0, file, -2, 0, -ENOBUFS, 0 },
		{ OLDER, 0, -3, 0, 0, -EBADF, CQE_OF_BUFFER(6) },
		{ OLDER, 0, -2, 0, BAD, -EOPNOTSUPP, CQE_OF_BUFFER(6) },
		{ OLDER, 0, -2, 0, RWF_NOWAIT, -EAGAIN, CQE_OF_BUFFER(6) },
		{ GROUP, 0, -3, 0, 0, -EBADF, 0 },
		{ GROUP, 0, -2, 0, BAD, -EOPNOTSUPP, 0 },
		{ GROUP, 0, file, 0, BAD, -EOPNOTSUPP, CQE_OF_BUFFER(0) },
		{ GROUP, 0, file, -2, 0, -EINVAL, CQE_OF_BUFFER(0) },
		{ GROUP, IOSQE_ASYNC, -3, 0, 0, -EBADF, CQE_OF_BUFFER(0) },
	};

	make_pipe(fds);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = rows[i].fd == -2 ? fds[0] : rows[i].fd == -3 ? fds[1] : rows[i].fd;
		struct io_uring ring;
		struct answer a;

		open_with_both_kinds(&ring);
		a = failing(&ring, rows[i].group, rows[i].sqe_flags, fd, rows[i].offset,
			    rows[i].rw_flags);
		check(a.res == rows[i].res && a.flags == rows[i].flags, "row %zu: %d, %#x", i,
		      a.res, a.flags);
		/* What it has not named it has left. */
		a = failing(&ring, rows[i].group == OLDER ? OLDER : GROUP, 0, file, 0, 0);
		if (rows[i].flags && rows[i].group == OLDER)
			expect(a.res, -ENOBUFS);
		else
			expect_full_answer_at(__FILE__, __LINE__, a, 1, 4,
					      rows[i].group == OLDER ? CQE_OF_BUFFER(6)
					      : rows[i].flags	     ? CQE_OF_BUFFER(1)
								     : CQE_OF_BUFFER(0));
		io_uring_queue_exit(&ring);
	}
}

static void selected_and_kept(void)
{
	struct answer answers[2];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	make_pipe(fds);
	open_with_both_kinds(&ring);
	sqe = new_sqe(&ring);
	io_uring_prep_read(sqe, fds[0], NULL, 4, 0);
	set_sqe(sqe, 1, IOSQE_BUFFER_SELECT);
	sqe->buf_group = OLDER;
	submit(&ring, 1);
	expect_none(&ring, 20);
	expect_full_answer_at(__FILE__, __LINE__, failing(&ring, OLDER, 0, scratch_file(9), 0, 0),
			      1, -ENOBUFS, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	set_sqe(sqe, 2, 0);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 2);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], 1, -ECANCELED, CQE_OF_BUFFER(6));
	expect_full_answer_at(__FILE__, __LINE__, answers[1], 2, 0, 0);
	io_uring_queue_exit(&ring);
}

static void selected_late(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2], fd = scratch_file(100);

	make_pipe(fds);
	open_with_buffers(&ring, 2);
	for (unsigned i = 1; i <= 2; i++) {
		sqe = new_sqe(&ring);
		io_uring_prep_read(sqe, fds[0], NULL, 4, 0);
		set_sqe(sqe, i, IOSQE_BUFFER_SELECT);
		sqe->buf_group = GROUP;
		submit(&ring, 1);
		expect_none(&ring, 20);
		/* A read that waits holds no buffer: another takes it meanwhile. */
		expect_selecting(&ring, fd, 5, 0, 5, CQE_OF_BUFFER(0));
		expect(write(fds[1], "data", 4), 4);
		if (i == 1)
			expect_full_answer(&ring, 1, 4, CQE_OF_BUFFER(1));
		else
			expect_full_answer(&ring, 2, -ENOBUFS, 0);
		give_buffers(1);
	}
	expect(memcmp(memory[1], "data", 4), 0);
	/* What the second did not read is still there. */
	expect_selecting(&ring, fds[0], 5, 0, 4, CQE_OF_BUFFER(0));
	/* And without a buffer there is no waiting. */
	expect_selecting(&ring, fds[0], 5, 0, -ENOBUFS, 0);
	io_uring_queue_exit(&ring);
}

static void multishot(void)
{
	struct io_uring ring;
	int fds[2];

	need_op(IORING_OP_READ_MULTISHOT, "READ_MULTISHOT");
	make_pipe(fds);
	open_with_buffers(&ring, 4);
	start(&ring, 1, read_multishot, fds[0], 0, 0, GROUP);
	expect_none(&ring, 20);
	expect(write(fds[1], "first", 5), 5);
	expect_full_answer(&ring, 1, 5, CQE_OF_BUFFER(0) | IORING_CQE_F_MORE);
	expect(memcmp(memory[0], "first", 5), 0);
	expect(write(fds[1], "0123456789abcdefXYZ", 19), 19);
	expect_full_answer(&ring, 1, SIZE, CQE_OF_BUFFER(1) | IORING_CQE_F_MORE);
	expect_full_answer(&ring, 1, 3, CQE_OF_BUFFER(2) | IORING_CQE_F_MORE);
	expect(memcmp(memory[2], "XYZ", 3), 0);
	close(fds[1]);
	/* Unlike that of a file, this end takes no buffer. */
	expect_full_answer(&ring, 1, 0, 0);
	expect_none(&ring, 20);
	expect_selecting(&ring, scratch_file(100), 4, 0, 4, CQE_OF_BUFFER(3));
	io_uring_queue_exit(&ring);
}

/* The rest of what is there comes after what was submitted with it. */
static void multishot_begins_with_one(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	need_op(IORING_OP_READ_MULTISHOT, "READ_MULTISHOT");
	make_pipe(fds);
	open_with_buffers(&ring, 4);
	expect(write(fds[1], "0123456789abcdefXYZ", 19), 19);
	sqe = new_sqe(&ring);
	io_uring_prep_read_multishot(sqe, fds[0], 0, 0, GROUP);
	set_sqe(sqe, 1, IOSQE_BUFFER_SELECT);
	sqe = new_sqe(&ring);
	io_uring_prep_write(sqe, fds[1], "and more", 8, 0);
	set_sqe(sqe, 2, 0);
	submit(&ring, 2);
	expect_full_answer(&ring, 1, SIZE, CQE_OF_BUFFER(0) | IORING_CQE_F_MORE);
	expect_full_answer(&ring, 2, 8, 0);
	expect_full_answer(&ring, 1, 11, CQE_OF_BUFFER(1) | IORING_CQE_F_MORE);
	io_uring_queue_exit(&ring);
}

/* Where the last one was filled to its end. */
static void multishot_misses_none(void)
{
	struct io_uring ring;
	int fds[2];

	need_op(IORING_OP_READ_MULTISHOT, "READ_MULTISHOT");
	make_pipe(fds);
	open_with_buffers(&ring, 2);
	start(&ring, 1, read_multishot, fds[0], 0, 0, GROUP);
	expect(write(fds[1], "0123456789abcdef0123456789abcdef", 32), 32);
	expect_full_answer(&ring, 1, SIZE, CQE_OF_BUFFER(0) | IORING_CQE_F_MORE);
	expect_full_answer(&ring, 1, SIZE, CQE_OF_BUFFER(1) | IORING_CQE_F_MORE);
	expect_none(&ring, 10);
	expect(write(fds[1], "X", 1), 1);
	expect_full_answer(&ring, 1, -ENOBUFS, 0);
	io_uring_queue_exit(&ring);
}

static void multishot_without_buffers(void)
{
	struct io_uring ring;
	int fds[2];

	need_op(IORING_OP_READ_MULTISHOT, "READ_MULTISHOT");
	make_pipe(fds);
	open_with_buffers(&ring, 1);
	start(&ring, 1, read_multishot, fds[0], 0, -1, GROUP);
	expect(write(fds[1], "0123456789abcdefXYZ", 19), 19);
	expect_full_answer(&ring, 1, SIZE, CQE_OF_BUFFER(0) | IORING_CQE_F_MORE);
	expect_full_answer(&ring, 1, -ENOBUFS, 0);
	/* What was not read is still there for the next. */
	give_buffers(1);
	start(&ring, 2, read_multishot, fds[0], 0, 0, GROUP);
	expect_full_answer(&ring, 2, 3, CQE_OF_BUFFER(0) | IORING_CQE_F_MORE);
	expect(memcmp(memory[0], "XYZ", 3), 0);
	io_uring_queue_exit(&ring);
}

static void multishot_with_just_enough(void)
{
	struct io_uring ring;
	int fds[2];

	need_op(IORING_OP_READ_MULTISHOT, "READ_MULTISHOT");
	make_pipe(fds);
	open_with_buffers(&ring, 2);
	expect(write(fds[1], "0123456789abcdefXYZ", 19), 19);
	start(&ring, 1, read_multishot, fds[0], 0, 0, GROUP);
	expect_full_answer(&ring, 1, SIZE, CQE_OF_BUFFER(0) | IORING_CQE_F_MORE);
	expect_full_answer(&ring, 1, 3, CQE_OF_BUFFER(1) | IORING_CQE_F_MORE);
	/* It misses none before there is something to be read. */
	expect_none(&ring, 20);
	expect(write(fds[1], "x", 1), 1);
	expect_full_answer(&ring, 1, -ENOBUFS, 0);
	io_uring_queue_exit(&ring);
}

static void multishot_cancelled(void)
{
	struct io_uring ring;
	struct answer answers[2];
	struct io_uring_sqe *sqe;
	int fds[2];

	need_op(IORING_OP_READ_MULTISHOT, "READ_MULTISHOT");
	make_pipe(fds);
	open_with_buffers(&ring, 2);
	start(&ring, 1, read_multishot, fds[0], 0, 0, GROUP);
	expect(write(fds[1], "x", 1), 1);
	expect_full_answer(&ring, 1, 1, CQE_OF_BUFFER(0) | IORING_CQE_F_MORE);
	sqe = new_sqe(&ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	set_sqe(sqe, 2, 0);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 2);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], 1, -ECANCELED, 0);
	expect_full_answer_at(__FILE__, __LINE__, answers[1], 2, 0, 0);
	io_uring_queue_exit(&ring);
}

static int multishot_result(struct io_uring *ring, int fd, unsigned len, void *addr, unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_read_multishot(sqe, fd, len, 0, GROUP);
	sqe->addr = (uintptr_t)addr;
	return result_of_sqe(ring, sqe, flags);
}

static void errors_of_multishot(void)
{
	struct io_uring ring;
	int fds[2], file = scratch_file(100);

	need_op(IORING_OP_READ_MULTISHOT, "READ_MULTISHOT");
	make_pipe(fds);
	open_with_buffers(&ring, 2);
	expect(multishot_result(&ring, file, 0, NULL, IOSQE_BUFFER_SELECT), -EBADFD);
	expect(multishot_result(&ring, -1, 0, NULL, IOSQE_BUFFER_SELECT), -EBADF);
	expect(multishot_result(&ring, fds[1], 0, NULL, IOSQE_BUFFER_SELECT), -EBADF);
	sys(io_uring_register_files(&ring, &fds[1], 1));
	expect(multishot_result(&ring, 0, 0, NULL, IOSQE_BUFFER_SELECT | IOSQE_FIXED_FILE), -EBADF);
	sys(io_uring_unregister_buf_ring(&ring, GROUP));
	/* The group before the mode, after what cannot be waited for. */
	expect(multishot_result(&ring, file, 0, NULL, IOSQE_BUFFER_SELECT), -EBADFD);
	expect(multishot_result(&ring, -1, 0, NULL, IOSQE_BUFFER_SELECT), -EBADF);
	expect(multishot_result(&ring, fds[1], 0, NULL, IOSQE_BUFFER_SELECT), -ENOBUFS);
	expect(multishot_result(&ring, fds[0], 0, NULL, 0), -EINVAL);
	expect(multishot_result(&ring, fds[0], 0, memory, IOSQE_BUFFER_SELECT), -EINVAL);
	expect(multishot_result(&ring, fds[0], 8, NULL, IOSQE_BUFFER_SELECT), -EINVAL);
	io_uring_queue_exit(&ring);
}

const struct conformance_case select_cases[] = {
	{ "a read takes the next buffer of its group", selected_reads },
	{ "the end of a file takes a buffer, and a directory's error", selected_ends },
	{ "READV with a selected buffer takes one vector", selected_vectors },
	{ "what buffers cannot be selected for gives -EOPNOTSUPP", not_for_selecting },
	{ "a read looks at its descriptor, then for a buffer, then at the rest",
	  selected_in_order },
	{ "a read that waits keeps a buffer that was given by itself", selected_and_kept },
	{ "a buffer is taken when the data comes", selected_late },
	{ "READ_MULTISHOT reads until the end", multishot },
	{ "READ_MULTISHOT takes one buffer before others have their turn",
	  multishot_begins_with_one },
	{ "READ_MULTISHOT misses a buffer only when there is something to read",
	  multishot_misses_none },
	{ "READ_MULTISHOT ends when the buffers do", multishot_without_buffers },
	{ "READ_MULTISHOT waits with its last buffer used", multishot_with_just_enough },
	{ "READ_MULTISHOT can be cancelled", multishot_cancelled },
	{ "errors of READ_MULTISHOT", errors_of_multishot },
	{ 0 },
};
