/* SPDX-License-Identifier: MIT */
/* Zero-copy sends: one CQE for the result, another once the memory may be used again. */
#include "net.h"

#define SIZE 8192

struct scene {
	struct io_uring ring;
	int fds[2];
	uint8_t *bytes; /* SIZE of them, the pattern; registered as buffer 1 */
};

static void open_scene(struct scene *s, enum pair_kind kind)
{
	struct iovec iovs[2];

	need_op(IORING_OP_SENDMSG_ZC, "zero-copy sends");
	open_ring(&s->ring, 16, 0);
	open_pair(kind, s->fds);
	s->bytes = aligned_alloc(4096, SIZE);
	check(s->bytes, "out of memory");
	fill_pattern(s->bytes, SIZE);
	for (size_t i = 0; i < 2; i++)
		iovs[i] = (struct iovec){ s->bytes, SIZE };
	expect(io_uring_register_buffers(&s->ring, iovs, 2), 0);
}

static void close_scene(struct scene *s)
{
	io_uring_queue_exit(&s->ring);
	close_pair(s->fds);
	free(s->bytes);
}

/* The request's two CQEs, in their order; returns the notification's res. */
static int expect_sent(struct io_uring *ring, uint64_t data, int res)
{
	struct answer a;

	expect_full_answer(ring, data, res, IORING_CQE_F_MORE);
	a = next_answer(ring);
	expect(a.data, data);
	expect(a.flags, IORING_CQE_F_NOTIF);
	return a.res;
}

static void two_completions(void)
{
	static const enum pair_kind kinds[] = { TCP, UDP };

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct io_uring_sqe *sqe;
		struct scene s;

		open_scene(&s, kinds[k]);
		sqe = new_sqe(&s.ring);
		io_uring_prep_send_zc(sqe, s.fds[0], s.bytes, SIZE, 0, 0);
		set_sqe(sqe, 1, 0);
		submit(&s.ring, 1);
		wait_ready(s.fds[1], POLLIN);
		peer_receives(s.fds[1], 0, SIZE);
		expect(expect_sent(&s.ring, 1, SIZE), 0);
		expect_none(&s.ring, 0);
		close_scene(&s);
	}
}

static void registered_memory(void)
{
	static const enum pair_kind kinds[] = { TCP, UDP };

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct io_uring_sqe *sqe;
		struct scene s;

		open_scene(&s, kinds[k]);
		sqe = new_sqe(&s.ring);
		io_uring_prep_send_zc_fixed(sqe, s.fds[0], s.bytes + 100, 5000, 0, 0, 1);
		set_sqe(sqe, 1, 0);
		submit(&s.ring, 1);
		wait_ready(s.fds[1], POLLIN);
		peer_receives(s.fds[1], 100, 5000);
		expect(expect_sent(&s.ring, 1, 5000), 0);
		close_scene(&s);
	}
}

static void messages(void)
{
	for (int fixed = 0; fixed < 2; fixed++) {
		struct io_uring_sqe *sqe;
		struct iovec iovs[2];
		struct msghdr msg = { .msg_iov = iovs, .msg_iovlen = 2 };
		struct scene s;

		if (fixed)
			need_linux(6, 15, "sendmsg_zc_fixed");
		open_scene(&s, TCP);
		iovs[0] = (struct iovec){ s.bytes, 1000 };
		iovs[1] = (struct iovec){ s.bytes + 1000, 4000 };
		sqe = new_sqe(&s.ring);
		if (fixed)
			io_uring_prep_sendmsg_zc_fixed(sqe, s.fds[0], &msg, 0, 1);
		else
			io_uring_prep_sendmsg_zc(sqe, s.fds[0], &msg, 0);
		set_sqe(sqe, 1, 0);
		submit(&s.ring, 1);
		/* Read when it was submitted. */
		memset(iovs, 0xff, sizeof(iovs));
		memset(&msg, 0xff, sizeof(msg));
		peer_receives(s.fds[1], 0, 5000);
		expect(expect_sent(&s.ring, 1, 5000), 0);
		close_scene(&s);
	}
}

static void vectorised(void)
{
	struct io_uring_sqe *sqe;
	struct iovec iovs[2];
	struct answer a;
	struct scene s;

	need_linux(6, 17, "IORING_SEND_VECTORIZED");
	open_scene(&s, TCP);
	iovs[0] = (struct iovec){ s.bytes, 1000 };
	iovs[1] = (struct iovec){ s.bytes + 1000, 4000 };
	sqe = new_sqe(&s.ring);
	io_uring_prep_send_zc(sqe, s.fds[0], iovs, 2, 0, IORING_SEND_VECTORIZED);
	set_sqe(sqe, 1, 0);
	submit(&s.ring, 1);
	memset(iovs, 0xff, sizeof(iovs));
	peer_receives(s.fds[1], 0, 5000);
	expect(expect_sent(&s.ring, 1, 5000), 0);
	/* Vectors into registered memory are for sendmsg. */
	sqe = new_sqe(&s.ring);
	io_uring_prep_send_zc_fixed(sqe, s.fds[0], iovs, 2, 0, IORING_SEND_VECTORIZED, 1);
	set_sqe(sqe, 2, 0);
	a = run_one(&s.ring);
	expect(a.res, -EINVAL);
	expect(a.flags, IORING_CQE_F_MORE);
	expect_full_answer(&s.ring, 2, 0, IORING_CQE_F_NOTIF);
	close_scene(&s);
}

static void to_an_address(void)
{
	struct sockaddr_in addr;
	struct io_uring_sqe *sqe;
	struct scene s;
	int other;

	open_scene(&s, UDP);
	other = udp_socket(&addr);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send_zc(sqe, s.fds[0], s.bytes, 100, 0, 0);
	io_uring_prep_send_set_addr(sqe, (struct sockaddr *)&addr, sizeof(addr));
	set_sqe(sqe, 1, 0);
	submit(&s.ring, 1);
	memset(&addr, 0xff, sizeof(addr));
	wait_ready(other, POLLIN);
	peer_receives(other, 0, 100);
	expect(expect_sent(&s.ring, 1, 100), 0);
	close_scene(&s);
	close(other);
}

static void usage(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;
	int res;

	need_linux(6, 2, "IORING_SEND_ZC_REPORT_USAGE");
	open_scene(&s, TCP);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send_zc(sqe, s.fds[0], s.bytes, SIZE, 0, IORING_SEND_ZC_REPORT_USAGE);
	set_sqe(sqe, 1, 0);
	submit(&s.ring, 1);
	peer_receives(s.fds[1], 0, SIZE);
	res = expect_sent(&s.ring, 1, SIZE);
	/* Linux copies on the way through loopback; other networks need not. */
	check(res == 0 || (unsigned)res == IORING_NOTIF_USAGE_ZC_COPIED, "usage is %d", res);
	close_scene(&s);
}

static void many(void)
{
	bool sent[8] = { 0 }, notified[8] = { 0 };
	struct scene s;

	open_scene(&s, TCP);
	for (unsigned i = 0; i < 8; i++) {
		struct io_uring_sqe *sqe = new_sqe(&s.ring);

		io_uring_prep_send_zc(sqe, s.fds[0], s.bytes + (size_t)i * 1024, 1024, MSG_WAITALL,
				      0);
		set_sqe(sqe, i, i < 7 ? IOSQE_IO_LINK : 0);
	}
	submit(&s.ring, 8);
	peer_receives(s.fds[1], 0, 8192);
	/* A notification may come any time, but behind its result. */
	for (unsigned i = 0; i < 16; i++) {
		struct answer a = next_answer(&s.ring);

		check(a.data < 8, "a stranger");
		if (a.flags & IORING_CQE_F_NOTIF) {
			check(sent[a.data] && !notified[a.data], "an early notification");
			notified[a.data] = true;
		} else {
			check(!sent[a.data], "sent twice");
			expect(a.res, 1024);
			sent[a.data] = true;
		}
	}
	expect_none(&s.ring, 0);
	close_scene(&s);
}

/* Linux 6.18 notifies even of what it refuses when it reads the SQE. */
static void failures(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, TCP);
	const struct {
		const char *what;
		int fd;
		const void *bytes;
		size_t size;
		unsigned zc_flags;
		int index, want;
	} rows[] = {
		{ "no file", 9999, s.bytes, 1, 0, -1, -EBADF },
		{ "no socket", STDERR_FILENO, s.bytes, 1, 0, -1, -ENOTSOCK },
		{ "unknown flag", s.fds[0], s.bytes, 1, 1 << 14, -1, -EINVAL },
		{ "multishot", s.fds[0], s.bytes, 1, IORING_RECV_MULTISHOT, -1, -EINVAL },
		{ "bytes out of memory", s.fds[0], BAD_POINTER, 1, 0, -1, -EFAULT },
		{ "no registered buffer", s.fds[0], s.bytes, 1, 0, 2, -EFAULT },
		{ "outside of it", s.fds[0], s.bytes + SIZE - 1, 2, 0, 1, -EFAULT },
		{ "before it", s.fds[0], s.bytes - 1, 1, 0, 1, -EFAULT },
		/* Registered memory is looked at later than the file. */
		{ "outside of it, no file", 9999, (void *)(UINTPTR_MAX - 4095), 2, 0, 1, -EBADF },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct answer a;

		sqe = new_sqe(&s.ring);
		if (rows[i].index < 0)
			io_uring_prep_send_zc(sqe, rows[i].fd, rows[i].bytes, rows[i].size, 0,
					      rows[i].zc_flags);
		else
			io_uring_prep_send_zc_fixed(sqe, rows[i].fd, rows[i].bytes, rows[i].size, 0,
						    rows[i].zc_flags, (unsigned)rows[i].index);
		set_sqe(sqe, 1, 0);
		a = run_one(&s.ring);
		check(a.res == rows[i].want, "%s: %d", rows[i].what, a.res);
		expect(a.flags, IORING_CQE_F_MORE);
		expect_full_answer(&s.ring, 1, 0, IORING_CQE_F_NOTIF);
	}
	expect_none(&s.ring, 0);
	close_scene(&s);
}

static void not_for_unix(void)
{
	static const enum pair_kind kinds[] = { UNIX_STREAM, UNIX_SEQPACKET, UNIX_DATAGRAM };

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct io_uring_sqe *sqe;
		struct answer a;
		struct scene s;

		open_scene(&s, kinds[k]);
		sqe = new_sqe(&s.ring);
		io_uring_prep_send_zc(sqe, s.fds[0], s.bytes, 100, 0, 0);
		set_sqe(sqe, 1, 0);
		a = run_one(&s.ring);
		expect(a.res, -EOPNOTSUPP);
		expect(a.flags, IORING_CQE_F_MORE);
		expect_full_answer(&s.ring, 1, 0, IORING_CQE_F_NOTIF);
		/* A message that cannot be read is found before that. */
		sqe = new_sqe(&s.ring);
		io_uring_prep_sendmsg_zc(sqe, s.fds[0], BAD_POINTER, 0);
		set_sqe(sqe, 2, 0);
		a = run_one(&s.ring);
		expect(a.res, -EFAULT);
		expect(a.flags, IORING_CQE_F_MORE);
		expect_full_answer(&s.ring, 2, 0, IORING_CQE_F_NOTIF);
		expect_none(&s.ring, 0);
		close_scene(&s);
	}
}

static void peer_gone(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, TCP);
	reset_connection(s.fds[1]);
	wait_ready(s.fds[0], POLLIN);
	drain(s.fds[0], 0);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send_zc(sqe, s.fds[0], s.bytes, 100, 0, 0);
	set_sqe(sqe, 1, 0);
	submit(&s.ring, 1);
	expect(expect_sent(&s.ring, 1, -ECONNRESET), 0);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send_zc(sqe, s.fds[0], s.bytes, 100, 0, 0);
	set_sqe(sqe, 2, 0);
	submit(&s.ring, 1);
	expect(expect_sent(&s.ring, 2, -EPIPE), 0);
	s.fds[1] = -1;
	close_scene(&s);
}

static void waits_for_room(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;
	size_t full;

	open_scene(&s, TCP);
	full = fill(s.fds[0]);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send_zc(sqe, s.fds[0], s.bytes, SIZE, MSG_DONTWAIT, 0);
	set_sqe(sqe, 1, 0);
	submit(&s.ring, 1);
	expect(expect_sent(&s.ring, 1, -EAGAIN), 0);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send_zc(sqe, s.fds[0], s.bytes, SIZE, MSG_WAITALL, 0);
	set_sqe(sqe, 2, 0);
	submit(&s.ring, 1);
	expect_none(&s.ring, 20);
	drain(s.fds[1], full);
	expect_full_answer(&s.ring, 2, SIZE, IORING_CQE_F_MORE);
	peer_receives(s.fds[1], 0, SIZE);
	expect_full_answer(&s.ring, 2, 0, IORING_CQE_F_NOTIF);
	close_scene(&s);
}

static void never_started(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, TCP);
	sqe = new_sqe(&s.ring);
	io_uring_prep_recv(sqe, s.fds[0], s.bytes, 1, MSG_DONTWAIT);
	set_sqe(sqe, 1, IOSQE_IO_LINK);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send_zc(sqe, s.fds[0], s.bytes, 100, 0, 0);
	set_sqe(sqe, 2, 0);
	submit(&s.ring, 2);
	expect_answer(&s.ring, 1, -EAGAIN);
	/* Without IORING_CQE_F_MORE, and yet there is one. */
	expect_full_answer(&s.ring, 2, -ECANCELED, 0);
	expect_full_answer(&s.ring, 2, 0, IORING_CQE_F_NOTIF);
	close_scene(&s);
}

static void usage_of_nothing(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	need_linux(6, 2, "IORING_SEND_ZC_REPORT_USAGE");
	open_scene(&s, TCP);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send_zc(sqe, s.fds[0], BAD_POINTER, 1, 0, IORING_SEND_ZC_REPORT_USAGE);
	set_sqe(sqe, 1, 0);
	submit(&s.ring, 1);
	/* Nothing was sent, so nothing was copied. */
	expect(expect_sent(&s.ring, 1, -EFAULT), 0);
	close_scene(&s);
}

static void skipped_success(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, TCP);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send_zc(sqe, s.fds[0], s.bytes, 100, 0, 0);
	set_sqe(sqe, 1, IOSQE_CQE_SKIP_SUCCESS);
	submit(&s.ring, 1);
	/* Nobody could tell when the memory is free. */
	expect_full_answer(&s.ring, 1, -EINVAL, 0);
	expect_none(&s.ring, 10);
	close_scene(&s);
}

static void provided_buffers(void)
{
	struct io_uring_sqe *sqe;
	struct pool pool;
	struct scene s;

	open_scene(&s, TCP);
	open_pool(&pool, &s.ring, 1, 2, 16, 0);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send_zc(sqe, s.fds[0], NULL, 0, 0, 0);
	use_pool(sqe, &pool, 1);
	submit(&s.ring, 1);
	expect_full_answer(&s.ring, 1, -EOPNOTSUPP, 0);
	expect_available(&pool, 2);
	expect_none(&s.ring, 0);
	close_pool(&pool);
	close_scene(&s);
}

const struct conformance_case zero_copy_cases[] = {
	{ "a zero-copy send has a result and then a notification", two_completions },
	{ "a zero-copy send from registered memory", registered_memory },
	{ "a zero-copy sendmsg, of registered memory too", messages },
	{ "a vectorised zero-copy send", vectorised },
	{ "a zero-copy send to an address", to_an_address },
	{ "IORING_SEND_ZC_REPORT_USAGE tells if bytes were copied", usage },
	{ "each of many zero-copy sends is notified once, after its result", many },
	{ "errors of zero-copy sends are notified, too", failures },
	{ "UNIX sockets have no zero copy", not_for_unix },
	{ "a zero-copy send to a peer that is gone is notified, too", peer_gone },
	{ "a zero-copy send on a full socket", waits_for_room },
	{ "a zero-copy send that is cancelled before it starts is notified", never_started },
	{ "a zero-copy send that fails has copied nothing", usage_of_nothing },
	{ "a zero-copy send may not skip its CQE", skipped_success },
	{ "a zero-copy send takes no provided buffer", provided_buffers },
	{ 0 },
};
