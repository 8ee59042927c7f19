/* SPDX-License-Identifier: MIT */
/* Buffers provided with PROVIDE_BUFFERS, and what all selection of buffers has in common. */
#include "net.h"

#define GROUP 5
#define SIZE  32

static int run_provide(struct io_uring *ring, void *addr, int len, int nr, int group, int bid)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_provide_buffers(sqe, addr, len, nr, group, bid);
	return run_one(ring).res;
}

static int run_remove(struct io_uring *ring, int nr, int group)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_remove_buffers(sqe, nr, group);
	return run_one(ring).res;
}

static void select_group(struct io_uring_sqe *sqe, int group, uint64_t data)
{
	set_sqe(sqe, data, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, group);
}

static void submit_read(struct io_uring *ring, int fd, unsigned len, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_read(sqe, fd, NULL, len, 0);
	select_group(sqe, GROUP, data);
	submit(ring, 1);
}

static void submit_recv_select(struct io_uring *ring, int fd, unsigned flags, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_recv(sqe, fd, NULL, SIZE, 0);
	select_group(sqe, GROUP, data);
	sqe->flags |= (uint8_t)flags;
	submit(ring, 1);
}

struct scene {
	struct io_uring ring;
	int fds[2];
	uint8_t bytes[4][SIZE];
};

/* A pipe, and `count` buffers, the first being bid 10. */
static void open_scene(struct scene *s, int count)
{
	open_ring(&s->ring, 8, 0);
	make_pipe(s->fds);
	memset(s->bytes, 0, sizeof(s->bytes));
	if (count)
		expect(run_provide(&s->ring, s->bytes, SIZE, count, GROUP, 10), 0);
}

static void close_scene(struct scene *s)
{
	io_uring_queue_exit(&s->ring);
	close_pair(s->fds);
}

static void in_order(void)
{
	struct scene s;

	open_scene(&s, 4);
	for (unsigned i = 0; i < 4; i++) {
		peer_sends(s.fds[1], i, 9);
		submit_read(&s.ring, s.fds[0], SIZE, i);
		expect_full_answer(&s.ring, i, 9, BUFFER_FLAGS(10 + i));
		expect_pattern(s.bytes[i], i, 9);
	}
	peer_sends(s.fds[1], 0, 9);
	submit_read(&s.ring, s.fds[0], SIZE, 4);
	expect_full_answer(&s.ring, 4, -ENOBUFS, 0);
	/* What lacked a buffer has read nothing. */
	expect(run_provide(&s.ring, s.bytes[2], SIZE, 1, GROUP, 65535), 0);
	submit_read(&s.ring, s.fds[0], SIZE, 5);
	expect_full_answer(&s.ring, 5, 9, BUFFER_FLAGS(65535));
	expect_pattern(s.bytes[2], 0, 9);
	close_scene(&s);
}

static void lengths(void)
{
	static const struct {
		unsigned asked;
		int got;
	} rows[] = { { 5, 5 }, { 0, SIZE }, { 1000, SIZE } };
	struct scene s;

	open_scene(&s, 3);
	peer_sends(s.fds[1], 0, 100);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		submit_read(&s.ring, s.fds[0], rows[i].asked, i);
		expect_full_answer(&s.ring, i, rows[i].got, BUFFER_FLAGS(10 + i));
	}
	close_scene(&s);
}

static void removal(void)
{
	struct scene s;

	open_scene(&s, 4);
	expect(run_remove(&s.ring, 1, GROUP), 1);
	peer_sends(s.fds[1], 0, 9);
	submit_read(&s.ring, s.fds[0], SIZE, 1);
	expect_full_answer(&s.ring, 1, 9, BUFFER_FLAGS(11));
	expect(run_remove(&s.ring, 100, GROUP), 2);
	expect(run_remove(&s.ring, 1, GROUP), 0);
	expect(run_remove(&s.ring, 1, GROUP + 1), -ENOENT);
	submit_read(&s.ring, s.fds[0], SIZE, 2);
	expect_full_answer(&s.ring, 2, -ENOBUFS, 0);
	close_scene(&s);
}

static void groups(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, 1);
	expect(run_provide(&s.ring, s.bytes[1], SIZE, 1, GROUP + 1, 10), 0);
	expect(run_provide(&s.ring, s.bytes[2], SIZE, 1, 65535, 11), 0);
	peer_sends(s.fds[1], 0, 9);
	sqe = new_sqe(&s.ring);
	io_uring_prep_read(sqe, s.fds[0], NULL, SIZE, 0);
	select_group(sqe, 65535, 1);
	submit(&s.ring, 1);
	expect_full_answer(&s.ring, 1, 9, BUFFER_FLAGS(11));
	expect_pattern(s.bytes[2], 0, 9);
	sqe = new_sqe(&s.ring);
	io_uring_prep_read(sqe, s.fds[0], NULL, SIZE, 0);
	select_group(sqe, 9, 2);
	submit(&s.ring, 1);
	expect_full_answer(&s.ring, 2, -ENOBUFS, 0);
	expect(run_remove(&s.ring, 9, GROUP), 1);
	expect(run_remove(&s.ring, 9, GROUP + 1), 1);
	close_scene(&s);
}

static void provide_errors(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, 0);
	const struct {
		const char *what;
		void *addr;
		int len, nr, bid, want;
	} rows[] = {
		{ "none", s.bytes, SIZE, 0, 0, -E2BIG },
		{ "too many", s.bytes, 1, 65537, 0, -E2BIG },
		{ "negative", s.bytes, 1, -1, 0, -E2BIG },
		{ "bid too big", s.bytes, 1, 1, 65536, -E2BIG },
		{ "bids wrap", s.bytes, 1, 2, 65535, -EINVAL },
		{ "no length", s.bytes, 0, 1, 0, -EINVAL },
		{ "sizes overflow", s.bytes, INT_MAX, 65535, 0, -EFAULT },
		{ "address overflows", (void *)UINTPTR_MAX, SIZE, 2, 0, -EOVERFLOW },
		{ "address of the kernel", (void *)(UINTPTR_MAX - 4096), SIZE, 1, 0, -EFAULT },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int res = run_provide(&s.ring, rows[i].addr, rows[i].len, rows[i].nr, GROUP,
				      rows[i].bid);

		check(res == rows[i].want, "%s: %d", rows[i].what, res);
	}
	sqe = new_sqe(&s.ring);
	io_uring_prep_provide_buffers(sqe, s.bytes, SIZE, 1, GROUP, 0);
	sqe->rw_flags = 1;
	expect_error(&s.ring, "flags", -EINVAL);
	expect(run_remove(&s.ring, 0, GROUP), -EINVAL);
	expect(run_remove(&s.ring, 65537, GROUP), -EINVAL);
	sqe = new_sqe(&s.ring);
	io_uring_prep_remove_buffers(sqe, 1, GROUP);
	sqe->addr = 1;
	expect_error(&s.ring, "removing with an address", -EINVAL);
	close_scene(&s);
}

static void most_buffers(void)
{
	static uint8_t bytes[65535];
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, 0);
	expect(run_provide(&s.ring, bytes, 1, 65535, GROUP, 1), 0);
	expect(run_provide(&s.ring, bytes, 1, 1, GROUP, 0), -EOVERFLOW);
	peer_sends(s.fds[1], 0, 1);
	sqe = new_sqe(&s.ring);
	io_uring_prep_read(sqe, s.fds[0], NULL, 1, 0);
	select_group(sqe, GROUP, 1);
	submit(&s.ring, 1);
	expect_full_answer(&s.ring, 1, 1, BUFFER_FLAGS(1));
	/* The same bid twice is nobody's business but the program's. */
	expect(run_provide(&s.ring, bytes, 1, 1, GROUP, 2), 0);
	expect(run_remove(&s.ring, 65535, GROUP), 65535);
	expect(run_remove(&s.ring, 1, GROUP), 0);
	close_scene(&s);
}

static void multishot(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	need_linux(6, 0, "multishot recv");
	open_scene(&s, 4);
	close_pair(s.fds);
	tcp_pair(s.fds);
	sqe = new_sqe(&s.ring);
	io_uring_prep_recv_multishot(sqe, s.fds[0], NULL, 0, 0);
	select_group(sqe, GROUP, 1);
	submit(&s.ring, 1);
	for (unsigned i = 0; i < 4; i++) {
		peer_sends(s.fds[1], i, 9);
		expect_but_nonempty(&s.ring, 1, 9, BUFFER_FLAGS(10 + i) | IORING_CQE_F_MORE);
		expect_pattern(s.bytes[i], i, 9);
	}
	peer_sends(s.fds[1], 0, 9);
	expect_but_nonempty(&s.ring, 1, -ENOBUFS, 0);
	close_scene(&s);
}

/*
 * ---- What waits ---------------------------------------------------------------------------------
 *
 * recv waits without a buffer. A read does so on a buffer ring; of buffers provided by request,
 * Linux 6.18 lets it keep the one it tried with, and names it even if the read is cancelled. A
 * program follows IORING_CQE_F_BUFFER, whatever res is.
 */

static void open_socket_scene(struct scene *s, int count)
{
	open_scene(s, count);
	close_pair(s->fds);
	unix_pair(s->fds);
}

static void waiting_holds_none(void)
{
	struct scene s;
	int other[2];

	open_socket_scene(&s, 1);
	unix_pair(other);
	submit_recv_select(&s.ring, s.fds[0], 0, 1);
	submit_recv_select(&s.ring, other[0], 0, 2);
	expect_none(&s.ring, 10);
	peer_sends(other[1], 0, 9);
	expect_full_answer(&s.ring, 2, 9, BUFFER_FLAGS(10));
	peer_sends(s.fds[1], 0, 9);
	expect_full_answer(&s.ring, 1, -ENOBUFS, 0);
	peer_receives(s.fds[0], 0, 9);
	close_scene(&s);
	close_pair(other);
}

static void provided_while_waiting(void)
{
	struct scene s;

	open_socket_scene(&s, 1);
	expect(run_remove(&s.ring, 1, GROUP), 1);
	/* A buffer is wanted from the first, though there is nothing to receive. */
	submit_recv_select(&s.ring, s.fds[0], 0, 1);
	expect_full_answer(&s.ring, 1, -ENOBUFS, 0);
	expect(run_provide(&s.ring, s.bytes[0], SIZE, 1, GROUP, 10), 0);
	submit_recv_select(&s.ring, s.fds[0], 0, 2);
	expect(run_remove(&s.ring, 1, GROUP), 1);
	expect(run_provide(&s.ring, s.bytes[1], SIZE, 1, GROUP, 11), 0);
	peer_sends(s.fds[1], 0, 9);
	/* It is the group as it is when data comes that counts. */
	expect_full_answer(&s.ring, 2, 9, BUFFER_FLAGS(11));
	expect_pattern(s.bytes[1], 0, 9);
	close_scene(&s);
}

static void cancelled_recv(void)
{
	struct answer answers[2];
	struct scene s;

	open_socket_scene(&s, 1);
	submit_recv_select(&s.ring, s.fds[0], 0, 1);
	submit_cancel(&s.ring, 1, 2);
	sorted_answers(&s.ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	expect(answers[0].flags, 0);
	expect(answers[1].res, 0);
	expect(run_remove(&s.ring, 9, GROUP), 1);
	close_scene(&s);
}

static void cancelled_read(void)
{
	struct answer answers[2];
	struct scene s;

	open_scene(&s, 1);
	submit_read(&s.ring, s.fds[0], SIZE, 1);
	submit_cancel(&s.ring, 1, 2);
	sorted_answers(&s.ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	expect(answers[1].res, 0);
	expect(run_remove(&s.ring, 9, GROUP), !(answers[0].flags & IORING_CQE_F_BUFFER));
	close_scene(&s);
}

static void asynchronous(void)
{
	struct scene s;

	open_socket_scene(&s, 1);
	submit_recv_select(&s.ring, s.fds[0], IOSQE_ASYNC, 1);
	peer_sends(s.fds[1], 0, 9);
	expect_full_answer(&s.ring, 1, 9, BUFFER_FLAGS(10));
	expect_pattern(s.bytes[0], 0, 9);
	close_scene(&s);
}

/* ---- Who takes them -------------------------------------------------------------------------- */

static void vectors(void)
{
	uint8_t unused[64] = { 0 };
	struct iovec iovs[2] = { { unused, 20 }, { unused + 32, 20 } };
	struct msghdr msg = { .msg_iov = iovs, .msg_iovlen = 1 };
	struct io_uring_sqe *sqe;
	struct scene s;

	open_socket_scene(&s, 4);
	peer_sends(s.fds[1], 0, 100);
	sqe = new_sqe(&s.ring);
	io_uring_prep_readv(sqe, s.fds[0], iovs, 1, 0);
	select_group(sqe, GROUP, 1);
	submit(&s.ring, 1);
	/* The element's length counts, its address does not. */
	expect_but_nonempty(&s.ring, 1, 20, BUFFER_FLAGS(10));
	expect_pattern(s.bytes[0], 0, 20);
	sqe = new_sqe(&s.ring);
	io_uring_prep_recvmsg(sqe, s.fds[0], &msg, 0);
	select_group(sqe, GROUP, 2);
	submit(&s.ring, 1);
	expect_but_nonempty(&s.ring, 2, 20, BUFFER_FLAGS(11));
	expect_pattern(s.bytes[1], 20, 20);
	msg.msg_iovlen = 0;
	sqe = new_sqe(&s.ring);
	io_uring_prep_recvmsg(sqe, s.fds[0], &msg, 0);
	select_group(sqe, GROUP, 3);
	submit(&s.ring, 1);
	/* Without an element: as much as there is room. */
	expect_but_nonempty(&s.ring, 3, SIZE, BUFFER_FLAGS(12));
	sqe = new_sqe(&s.ring);
	io_uring_prep_readv(sqe, s.fds[0], iovs, 2, 0);
	select_group(sqe, GROUP, 4);
	expect_error(&s.ring, "readv of two", -EINVAL);
	msg.msg_iovlen = 2;
	sqe = new_sqe(&s.ring);
	io_uring_prep_recvmsg(sqe, s.fds[0], &msg, 0);
	select_group(sqe, GROUP, 5);
	expect_error(&s.ring, "recvmsg of two", -EINVAL);
	for (size_t i = 0; i < sizeof(unused); i++)
		check(!unused[i], "something was stored in the program's own memory");
	expect(run_remove(&s.ring, 9, GROUP), 1);
	close_scene(&s);
}

static void not_for_all(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, 1);
	sqe = new_sqe(&s.ring);
	io_uring_prep_write(sqe, s.fds[1], s.bytes, 1, 0);
	select_group(sqe, GROUP, 1);
	expect_error(&s.ring, "write", -EOPNOTSUPP);
	sqe = new_sqe(&s.ring);
	io_uring_prep_nop(sqe);
	select_group(sqe, GROUP, 2);
	expect_error(&s.ring, "nop", -EOPNOTSUPP);
	sqe = new_sqe(&s.ring);
	io_uring_prep_poll_add(sqe, s.fds[0], POLLIN);
	select_group(sqe, GROUP, 3);
	expect_error(&s.ring, "poll", -EOPNOTSUPP);
	expect(run_remove(&s.ring, 9, GROUP), 1);
	close_scene(&s);
}

static void failed_read(void)
{
	struct answer a;
	struct scene s;
	int file = scratch_file(10);

	open_scene(&s, 2);
	submit_read(&s.ring, 9999, SIZE, 1);
	expect_full_answer(&s.ring, 1, -EBADF, 0);
	expect(run_remove(&s.ring, 1, GROUP), 1);
	/* The end that is not for reading: found out with the buffer in hand. */
	submit_read(&s.ring, s.fds[1], SIZE, 2);
	a = next_answer(&s.ring);
	expect(a.res, -EBADF);
	expect(run_remove(&s.ring, 9, GROUP), !(a.flags & IORING_CQE_F_BUFFER));
	expect(run_provide(&s.ring, s.bytes, SIZE, 1, GROUP, 12), 0);
	submit_read(&s.ring, file, SIZE, 3);
	expect_full_answer(&s.ring, 3, 10, BUFFER_FLAGS(12));
	expect_pattern(s.bytes[0], 0, 10);
	close_scene(&s);
	close(file);
}

static void end_of_file(void)
{
	struct answer a;
	struct scene s;

	open_scene(&s, 2);
	close(s.fds[1]);
	submit_read(&s.ring, s.fds[0], SIZE, 1);
	a = next_answer(&s.ring);
	expect(a.res, 0);
	/* If the end takes a buffer, it names it: a program gives back what is named. */
	expect(run_remove(&s.ring, 9, GROUP), a.flags & IORING_CQE_F_BUFFER ? 1 : 2);
	s.fds[1] = -1;
	close_scene(&s);
}

static void with_buffer_rings(void)
{
	struct pool pool;
	struct scene s;

	open_scene(&s, 0);
	open_pool(&pool, &s.ring, GROUP, 4, SIZE, 0);
	expect(run_provide(&s.ring, s.bytes, SIZE, 1, GROUP, 0), -EINVAL);
	expect(run_remove(&s.ring, 1, GROUP), -EINVAL);
	close_pool(&pool);
	expect(run_provide(&s.ring, s.bytes, SIZE, 1, GROUP, 0), 0);
	expect(run_remove(&s.ring, 1, GROUP), 1);
	close_scene(&s);
}

const struct conformance_case buffers_cases[] = {
	{ "provided buffers are taken in order, until there are none", in_order },
	{ "the shorter of request and buffer counts, 0 being no length", lengths },
	{ "removing takes the oldest, and tells how many", removal },
	{ "groups have nothing to do with each other", groups },
	{ "errors of providing and removing buffers", provide_errors },
	{ "a group can hold all buffer ids", most_buffers },
	{ "multishot recv takes provided buffers", multishot },
	{ "a recv that waits holds no buffer", waiting_holds_none },
	{ "a buffer is chosen when data comes", provided_while_waiting },
	{ "a cancelled recv leaves the buffer", cancelled_recv },
	{ "a cancelled read leaves the buffer, or names it", cancelled_read },
	{ "a worker takes a provided buffer", asynchronous },
	{ "readv and recvmsg take a buffer for their one element", vectors },
	{ "what reads nothing takes no buffers", not_for_all },
	{ "a failed read leaves the buffer, or names it", failed_read },
	{ "the end of a file names the buffer it takes", end_of_file },
	{ "a buffer ring is not provided for by requests", with_buffer_rings },
	{ 0 },
};
