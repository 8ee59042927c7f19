/* SPDX-License-Identifier: MIT */
/* Multishot recv and recvmsg: one request, a CQE for each arrival. */
#include "net.h"

#define GROUP 7

static void submit_multishot(struct pool *pool, int fd, size_t len, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(pool->ring);

	io_uring_prep_recv_multishot(sqe, fd, NULL, len, 0);
	use_pool(sqe, pool, data);
	submit(pool->ring, 1);
}

/* The next completion says that buffer `bid` holds `size` bytes of the pattern. */
static void expect_chunk(struct pool *pool, uint64_t data, unsigned bid, size_t offset, int size)
{
	expect_but_nonempty(pool->ring, data, size, IORING_CQE_F_MORE | BUFFER_FLAGS(bid));
	expect_pattern(pool_buffer(pool, bid), offset, (size_t)size);
}

/* The next completion is the request's last, with no buffer. */
static void expect_last(struct io_uring *ring, uint64_t data, int res)
{
	expect_but_nonempty(ring, data, res, 0);
}

struct scene {
	struct io_uring ring;
	struct pool pool;
	int fds[2];
};

static void open_scene(struct scene *s, enum pair_kind kind, unsigned count, unsigned size)
{
	need_linux(6, 0, "multishot receives");
	open_ring(&s->ring, 8, 0);
	open_pool(&s->pool, &s->ring, GROUP, count, size, 0);
	open_pair(kind, s->fds);
}

static void close_scene(struct scene *s)
{
	close_pool(&s->pool);
	io_uring_queue_exit(&s->ring);
	close_pair(s->fds);
}

/* ---- recv ------------------------------------------------------------------------------------ */

static void each_arrival(void)
{
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		struct scene s;

		open_scene(&s, kind, 8, 64);
		submit_multishot(&s.pool, s.fds[0], 0, 1);
		expect_none(&s.ring, 10);
		for (unsigned i = 0; i < 4; i++) {
			peer_sends(s.fds[1], i, 10 + i);
			expect_chunk(&s.pool, 1, i, i, 10 + (int)i);
			expect_none(&s.ring, 0);
		}
		/* A buffer given back waits behind the others. */
		provide(&s.pool, 2);
		for (unsigned i = 4; i < 9; i++) {
			peer_sends(s.fds[1], i, 5);
			expect_chunk(&s.pool, 1, i < 8 ? i : 2, i, 5);
		}
		close_scene(&s);
	}
}

static void already_there(void)
{
	static const enum pair_kind kinds[] = { UNIX_SEQPACKET, UNIX_DATAGRAM, UDP };

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct scene s;

		open_scene(&s, kinds[k], 4, 64);
		for (unsigned i = 0; i < 3; i++)
			peer_sends(s.fds[1], i, 10);
		submit_multishot(&s.pool, s.fds[0], 0, 1);
		for (unsigned i = 0; i < 3; i++)
			expect_chunk(&s.pool, 1, i, i, 10);
		expect_none(&s.ring, 10);
		expect_available(&s.pool, 1);
		close_scene(&s);
	}
}

static void chunks(void)
{
	static const enum pair_kind kinds[] = { TCP, UNIX_STREAM };

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct scene s;

		open_scene(&s, kinds[k], 8, 32);
		peer_sends(s.fds[1], 0, 100);
		wait_ready(s.fds[0], POLLIN);
		submit_multishot(&s.pool, s.fds[0], 0, 1);
		for (unsigned i = 0; i < 4; i++)
			expect_chunk(&s.pool, 1, i, i * 32, i < 3 ? 32 : 4);
		expect_none(&s.ring, 10);
		close_scene(&s);
	}
}

static void limited_chunks(void)
{
	struct scene s;

	need_linux(6, 10, "a length for multishot recv");
	open_scene(&s, TCP, 8, 64);
	peer_sends(s.fds[1], 0, 25);
	wait_ready(s.fds[0], POLLIN);
	submit_multishot(&s.pool, s.fds[0], 10, 1);
	for (unsigned i = 0; i < 3; i++)
		expect_chunk(&s.pool, 1, i, i * 10, i < 2 ? 10 : 5);
	peer_sends(s.fds[1], 25, 15);
	expect_chunk(&s.pool, 1, 3, 25, 10);
	expect_chunk(&s.pool, 1, 4, 35, 5);
	close_scene(&s);
}

static void limited_total(void)
{
	struct io_uring_sqe *sqe;
	struct answer a;
	struct scene s;

	need_linux(6, 17, "a total for multishot recv");
	open_scene(&s, TCP, 8, 64);
	sqe = new_sqe(&s.ring);
	io_uring_prep_recv_multishot(sqe, s.fds[0], NULL, 0, 0);
	sqe->optlen = 30;
	use_pool(sqe, &s.pool, 1);
	submit(&s.ring, 1);
	peer_sends(s.fds[1], 0, 20);
	expect_chunk(&s.pool, 1, 0, 0, 20);
	peer_sends(s.fds[1], 20, 20);
	/* The one that reaches the total is the last, and not cut. */
	a = next_but_nonempty(&s.ring);
	expect(a.res, 20);
	expect(a.flags, BUFFER_FLAGS(1));
	expect_pattern(pool_buffer(&s.pool, 1), 20, 20);
	peer_sends(s.fds[1], 40, 10);
	expect_none(&s.ring, 10);
	close_scene(&s);
}

static void ended_by_eof(void)
{
	static const enum pair_kind kinds[] = { TCP, UNIX_STREAM, UNIX_SEQPACKET };

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct scene s;

		open_scene(&s, kinds[k], 4, 64);
		submit_multishot(&s.pool, s.fds[0], 0, 1);
		peer_sends(s.fds[1], 0, 10);
		expect_chunk(&s.pool, 1, 0, 0, 10);
		sys(shutdown(s.fds[1], SHUT_WR));
		expect_last(&s.ring, 1, 0);
		expect_available(&s.pool, 3);
		/* A new one tells the same. */
		submit_multishot(&s.pool, s.fds[0], 0, 2);
		expect_last(&s.ring, 2, 0);
		close_scene(&s);
	}
}

static void data_before_eof(void)
{
	struct scene s;

	open_scene(&s, TCP, 4, 64);
	peer_sends(s.fds[1], 0, 10);
	sys(shutdown(s.fds[1], SHUT_WR));
	submit_multishot(&s.pool, s.fds[0], 0, 1);
	expect_chunk(&s.pool, 1, 0, 0, 10);
	expect_last(&s.ring, 1, 0);
	close_scene(&s);
}

static void ended_by_shutdown(void)
{
	struct scene s;

	open_scene(&s, UNIX_STREAM, 4, 64);
	submit_multishot(&s.pool, s.fds[0], 0, 1);
	sys(shutdown(s.fds[0], SHUT_RD));
	expect_last(&s.ring, 1, 0);
	close_scene(&s);
}

static void ended_by_reset(void)
{
	struct scene s;

	open_scene(&s, TCP, 4, 64);
	submit_multishot(&s.pool, s.fds[0], 0, 1);
	peer_sends(s.fds[1], 0, 10);
	expect_chunk(&s.pool, 1, 0, 0, 10);
	reset_connection(s.fds[1]);
	expect_last(&s.ring, 1, -ECONNRESET);
	expect_available(&s.pool, 3);
	s.fds[1] = -1;
	close_scene(&s);
}

static void ended_by_cancel(void)
{
	struct answer answers[2];
	struct scene s;

	open_scene(&s, UNIX_DATAGRAM, 4, 64);
	submit_multishot(&s.pool, s.fds[0], 0, 1);
	peer_sends(s.fds[1], 0, 10);
	expect_chunk(&s.pool, 1, 0, 0, 10);
	submit_cancel(&s.ring, 1, 2);
	sorted_answers(&s.ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	expect(answers[0].flags, 0);
	expect(answers[1].res, 0);
	expect_available(&s.pool, 3);
	peer_sends(s.fds[1], 0, 10);
	expect_none(&s.ring, 10);
	close_scene(&s);
}

static void ended_by_exhaustion(void)
{
	static const enum pair_kind kinds[] = { TCP, UNIX_DATAGRAM };

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct scene s;

		open_scene(&s, kinds[k], 2, 64);
		submit_multishot(&s.pool, s.fds[0], 0, 1);
		for (unsigned i = 0; i < 2; i++) {
			peer_sends(s.fds[1], i, 10);
			expect_chunk(&s.pool, 1, i, i, 10);
		}
		/*
		 * At the latest when there is something to put into a buffer. Linux 6.18 ends it at
		 * once where it does not know that nothing is left to receive: not TCP.
		 */
		if (kinds[k] == TCP)
			expect_none(&s.ring, 10);
		peer_sends(s.fds[1], 2, 10);
		expect_last(&s.ring, 1, -ENOBUFS);
		provide(&s.pool, 1);
		submit_multishot(&s.pool, s.fds[0], 0, 2);
		expect_chunk(&s.pool, 2, 1, 2, 10);
		close_scene(&s);
	}
}

static void empty_datagram(void)
{
	struct scene s;

	open_scene(&s, UDP, 4, 64);
	submit_multishot(&s.pool, s.fds[0], 0, 1);
	expect(send(s.fds[1], NULL, 0, 0), 0);
	/* Looks like the end of a stream. */
	expect_last(&s.ring, 1, 0);
	close_scene(&s);
}

static void multishot_without_waiting(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, UNIX_DATAGRAM, 4, 64);
	peer_sends(s.fds[1], 0, 10);
	sqe = new_sqe(&s.ring);
	io_uring_prep_recv_multishot(sqe, s.fds[0], NULL, 0, MSG_DONTWAIT);
	use_pool(sqe, &s.pool, 1);
	submit(&s.ring, 1);
	expect_chunk(&s.pool, 1, 0, 0, 10);
	expect_last(&s.ring, 1, -EAGAIN);
	close_scene(&s);
}

static void multishot_errors(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;
	int fresh = (int)sys(socket(AF_INET, SOCK_STREAM, 0));

	open_scene(&s, UNIX_STREAM, 4, 64);
	const struct {
		const char *what;
		int fd, flags, group, want;
	} rows[] = {
		{ "MSG_WAITALL", s.fds[0], MSG_WAITALL, GROUP, -EINVAL },
		{ "not connected", fresh, 0, GROUP, -ENOTCONN },
		{ "no socket", STDERR_FILENO, 0, GROUP, -ENOTSOCK },
		{ "no file", 9999, 0, GROUP, -EBADF },
		{ "no group", s.fds[0], 0, GROUP + 1, -ENOBUFS },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		sqe = new_sqe(&s.ring);
		io_uring_prep_recv_multishot(sqe, rows[i].fd, NULL, 0, rows[i].flags);
		use_pool(sqe, &s.pool, 1);
		io_uring_sqe_set_buf_group(sqe, rows[i].group);
		submit(&s.ring, 1);
		expect_last(&s.ring, 1, rows[i].want);
	}
	close_scene(&s);
	close(fresh);
}

/* A multishot recv of GROUP with further IOSQE_* flags; not submitted. */
static void prep_flagged(struct scene *s, unsigned flags, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(&s->ring);

	io_uring_prep_recv_multishot(sqe, s->fds[0], NULL, 0, 0);
	use_pool(sqe, &s->pool, data);
	sqe->flags |= (uint8_t)flags;
}

static void multishot_by_worker(void)
{
	struct scene s;

	open_scene(&s, UNIX_STREAM, 8, 64);
	prep_flagged(&s, IOSQE_ASYNC, 1);
	submit(&s.ring, 1);
	for (unsigned i = 0; i < 3; i++) {
		peer_sends(s.fds[1], i, 9);
		expect_chunk(&s.pool, 1, i, i, 9);
	}
	sys(shutdown(s.fds[1], SHUT_WR));
	expect_last(&s.ring, 1, 0);
	close_scene(&s);
}

static void multishot_skipping(void)
{
	struct scene s;

	open_scene(&s, UNIX_STREAM, 8, 64);
	prep_flagged(&s, IOSQE_CQE_SKIP_SUCCESS, 1);
	submit(&s.ring, 1);
	for (unsigned i = 0; i < 2; i++) {
		peer_sends(s.fds[1], i, 9);
		expect_chunk(&s.pool, 1, i, i, 9);
	}
	/* Only the last CQE is the request's own, and not a failure. */
	sys(shutdown(s.fds[1], SHUT_WR));
	expect_none(&s.ring, 20);
	expect_usable(&s.ring);
	close_scene(&s);
}

static void multishot_linked(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, UNIX_STREAM, 8, 64);
	prep_flagged(&s, IOSQE_IO_LINK, 1);
	sqe = new_sqe(&s.ring);
	io_uring_prep_nop(sqe);
	set_sqe(sqe, 2, 0);
	submit(&s.ring, 2);
	peer_sends(s.fds[1], 0, 9);
	expect_chunk(&s.pool, 1, 0, 0, 9);
	/* What is behind it waits for its end. */
	expect_none(&s.ring, 10);
	sys(shutdown(s.fds[1], SHUT_WR));
	expect_last(&s.ring, 1, 0);
	expect_answer(&s.ring, 2, 0);
	close_scene(&s);
}

static void multishot_truncation(void)
{
	static const int flags[] = { 0, MSG_TRUNC };

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		struct io_uring_sqe *sqe;
		struct scene s;

		open_scene(&s, UDP, 4, 64);
		sqe = new_sqe(&s.ring);
		io_uring_prep_recv_multishot(sqe, s.fds[0], NULL, 0, flags[i]);
		use_pool(sqe, &s.pool, 1);
		submit(&s.ring, 1);
		peer_sends(s.fds[1], 0, 100);
		/* MSG_TRUNC makes res longer than the buffer is. */
		expect_full_answer(&s.ring, 1, flags[i] ? 100 : 64,
				   IORING_CQE_F_MORE | BUFFER_FLAGS(0));
		expect_pattern(pool_buffer(&s.pool, 0), 0, 64);
		/* The rest is gone, the next is whole. */
		peer_sends(s.fds[1], 5, 10);
		expect_chunk(&s.pool, 1, 1, 5, 10);
		close_scene(&s);
	}
}

static void two_groups(void)
{
	struct pool other;
	struct scene s;

	open_scene(&s, UNIX_DATAGRAM, 8, 64);
	open_pool(&other, &s.ring, GROUP + 1, 8, 32, 0);
	submit_multishot(&s.pool, s.fds[0], 0, 1);
	submit_multishot(&other, s.fds[1], 0, 2);
	for (unsigned i = 0; i < 4; i++) {
		peer_sends(s.fds[1], i, 10);
		expect_chunk(&s.pool, 1, i, i, 10);
		peer_sends(s.fds[0], i, 9);
		expect_chunk(&other, 2, i, i, 9);
	}
	close_pool(&other);
	close_scene(&s);
}

/* ---- recvmsg --------------------------------------------------------------------------------- */

/* The lengths are read when submitting, and nothing else of the message. */
static void submit_recvmsg(struct pool *pool, int fd, size_t namelen, size_t controllen, int flags)
{
	struct msghdr msg = { .msg_namelen = (socklen_t)namelen, .msg_controllen = controllen };
	struct io_uring_sqe *sqe = new_sqe(pool->ring);

	io_uring_prep_recvmsg_multishot(sqe, fd, &msg, (unsigned)flags);
	use_pool(sqe, pool, 1);
	submit(pool->ring, 1);
}

/* A message in `bid` of which `payload` bytes fitted. */
static struct io_uring_recvmsg_out *expect_message(struct pool *pool, unsigned bid,
						   struct msghdr *msg, size_t payload)
{
	size_t size = sizeof(struct io_uring_recvmsg_out) + msg->msg_namelen + msg->msg_controllen +
		      payload;
	struct answer a = next_but_nonempty(pool->ring);
	struct io_uring_recvmsg_out *out;

	expect(a.res, size);
	expect(a.flags, IORING_CQE_F_MORE | BUFFER_FLAGS(bid));
	out = io_uring_recvmsg_validate(pool_buffer(pool, bid), a.res, msg);
	check(out, "not a valid message");
	expect(io_uring_recvmsg_payload_length(out, a.res, msg), payload);
	expect_pattern(io_uring_recvmsg_payload(out, msg), 0, payload);
	return out;
}

static void message_layout(void)
{
	struct msghdr msg = { .msg_namelen = sizeof(struct sockaddr_in), .msg_controllen = 64 };
	struct io_uring_recvmsg_out *out;
	struct sockaddr_in addr, name;
	socklen_t len = sizeof(addr);
	struct scene s;

	open_scene(&s, UDP, 4, 256);
	sys(getsockname(s.fds[1], (struct sockaddr *)&addr, &len));
	submit_recvmsg(&s.pool, s.fds[0], sizeof(addr), 64, 0);
	for (unsigned i = 0; i < 3; i++) {
		peer_sends(s.fds[1], 0, 20 + i);
		out = expect_message(&s.pool, i, &msg, 20 + i);
		expect(out->namelen, sizeof(addr));
		expect(out->controllen, 0);
		expect(out->payloadlen, 20 + i);
		expect(out->flags, 0);
		memcpy(&name, io_uring_recvmsg_name(out), sizeof(name));
		expect(name.sin_port, addr.sin_port);
		check(!io_uring_recvmsg_cmsg_firsthdr(out, &msg), "control data from nowhere");
	}
	close_scene(&s);
}

static void message_control(void)
{
	struct msghdr msg = { .msg_controllen = CMSG_SPACE(64) };
	struct io_uring_recvmsg_out *out;
	struct cmsghdr *cmsg;
	struct ucred cred;
	struct scene s;

	open_scene(&s, UNIX_DATAGRAM, 4, 256);
	sys(setsockopt(s.fds[0], SOL_SOCKET, SO_PASSCRED, &(int){ 1 }, sizeof(int)));
	submit_recvmsg(&s.pool, s.fds[0], 0, CMSG_SPACE(64), 0);
	peer_sends(s.fds[1], 0, 20);
	out = expect_message(&s.pool, 0, &msg, 20);
	expect(out->controllen, CMSG_SPACE(sizeof(cred)));
	cmsg = io_uring_recvmsg_cmsg_firsthdr(out, &msg);
	check(cmsg && cmsg->cmsg_type == SCM_CREDENTIALS, "no credentials came");
	memcpy(&cred, CMSG_DATA(cmsg), sizeof(cred));
	expect(cred.pid, getpid());
	check(!io_uring_recvmsg_cmsg_nexthdr(out, &msg, cmsg), "there is more");
	close_scene(&s);
}

static void message_truncated(void)
{
	static const struct {
		int flags;
		unsigned payloadlen;
	} rows[] = { { 0, 48 }, { MSG_TRUNC, 100 } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct msghdr msg = { .msg_namelen = 0 };
		struct io_uring_recvmsg_out *out;
		struct answer a;
		struct scene s;

		open_scene(&s, UDP, 4, 64);
		submit_recvmsg(&s.pool, s.fds[0], 0, 0, rows[i].flags);
		peer_sends(s.fds[1], 0, 100);
		a = next_but_nonempty(&s.ring);
		/* Unlike what recv gives, res is never more than what was stored. */
		expect(a.res, 64);
		out = (struct io_uring_recvmsg_out *)pool_buffer(&s.pool, 0);
		expect(out->payloadlen, rows[i].payloadlen);
		expect(out->flags & MSG_TRUNC, MSG_TRUNC);
		expect_pattern(io_uring_recvmsg_payload(out, &msg), 0, 48);
		close_scene(&s);
	}
}

static void message_name_truncated(void)
{
	struct msghdr msg = { .msg_namelen = 4 };
	struct io_uring_recvmsg_out *out;
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	struct scene s;

	open_scene(&s, UDP, 4, 64);
	sys(getsockname(s.fds[1], (struct sockaddr *)&addr, &len));
	submit_recvmsg(&s.pool, s.fds[0], 4, 0, 0);
	peer_sends(s.fds[1], 0, 20);
	out = expect_message(&s.pool, 0, &msg, 20);
	expect(out->namelen, sizeof(addr));
	check(!memcmp(io_uring_recvmsg_name(out), &addr, 4), "the name starts otherwise");
	close_scene(&s);
}

static void message_without_room(void)
{
	struct scene s;

	open_scene(&s, UDP, 4, 64);
	submit_recvmsg(&s.pool, s.fds[0], 32, 32, 0);
	peer_sends(s.fds[1], 0, 20);
	expect_last(&s.ring, 1, -EFAULT);
	/* The datagram is not lost. */
	peer_receives(s.fds[0], 0, 20);
	expect_available(&s.pool, 4);
	close_scene(&s);
}

static void message_stream(void)
{
	struct msghdr msg = { .msg_namelen = 0 };
	struct io_uring_recvmsg_out *out;
	struct answer a;
	struct scene s;

	open_scene(&s, TCP, 4, 64);
	submit_recvmsg(&s.pool, s.fds[0], 0, 0, 0);
	peer_sends(s.fds[1], 0, 20);
	expect_message(&s.pool, 0, &msg, 20);
	sys(shutdown(s.fds[1], SHUT_WR));
	a = next_but_nonempty(&s.ring);
	/* The end is a message without payload, in a buffer of its own. */
	expect(a.res, sizeof(*out));
	expect(a.flags, BUFFER_FLAGS(1));
	out = io_uring_recvmsg_validate(pool_buffer(&s.pool, 1), a.res, &msg);
	check(out && out->payloadlen == 0, "a payload at the end");
	close_scene(&s);
}

static void message_exhaustion_and_cancel(void)
{
	struct msghdr msg = { .msg_namelen = 0 };
	struct answer answers[2];
	struct scene s;

	open_scene(&s, UDP, 2, 64);
	submit_recvmsg(&s.pool, s.fds[0], 0, 0, 0);
	for (unsigned i = 0; i < 3; i++)
		peer_sends(s.fds[1], 0, 20);
	for (unsigned i = 0; i < 2; i++)
		expect_message(&s.pool, i, &msg, 20);
	expect_last(&s.ring, 1, -ENOBUFS);
	provide(&s.pool, 0);
	provide(&s.pool, 1);
	submit_recvmsg(&s.pool, s.fds[0], 0, 0, 0);
	expect_message(&s.pool, 0, &msg, 20);
	submit_cancel(&s.ring, 1, 2);
	sorted_answers(&s.ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	expect(answers[1].res, 0);
	close_scene(&s);
}

static void message_errors(void)
{
	struct iovec iovs[2] = { 0 };
	const struct {
		const char *what;
		struct msghdr msg;
		unsigned flags;
		int sqe_flags, want;
	} rows[] = {
		{ "MSG_WAITALL", { 0 }, MSG_WAITALL, IOSQE_BUFFER_SELECT, -EINVAL },
		{ "no buffer select", { 0 }, 0, 0, -EINVAL },
		{ "a long vector",
		  { .msg_iov = iovs, .msg_iovlen = 2 },
		  0,
		  IOSQE_BUFFER_SELECT,
		  -EINVAL },
		{ "a negative name length",
		  { .msg_namelen = (socklen_t)-1 },
		  0,
		  IOSQE_BUFFER_SELECT,
		  -EOVERFLOW },
		{ "lengths that overflow",
		  { .msg_namelen = INT_MAX, .msg_controllen = INT_MAX },
		  0,
		  IOSQE_BUFFER_SELECT,
		  -EOVERFLOW },
	};
	struct scene s;

	open_scene(&s, UDP, 4, 64);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_sqe *sqe = new_sqe(&s.ring);
		struct msghdr msg = rows[i].msg;

		io_uring_prep_recvmsg_multishot(sqe, s.fds[0], &msg, rows[i].flags);
		use_pool(sqe, &s.pool, 1);
		sqe->flags = (uint8_t)rows[i].sqe_flags;
		expect_error(&s.ring, rows[i].what, rows[i].want);
	}
	close_scene(&s);
}

static void validation(void)
{
	struct msghdr msg = { .msg_namelen = 16, .msg_controllen = 8 };
	uint8_t buffer[64] __attribute__((aligned(8))) = { 0 };

	check(!io_uring_recvmsg_validate(buffer, 39, &msg), "a head cut off is valid");
	check(io_uring_recvmsg_validate(buffer, 40, &msg), "a head without payload is not valid");
	check(!io_uring_recvmsg_validate(buffer, -1, &msg), "an error is valid");
}

const struct conformance_case receive_cases[] = {
	{ "multishot recv completes for each arrival", each_arrival },
	{ "multishot recv takes all that is there", already_there },
	{ "multishot recv fills one buffer after the other", chunks },
	{ "multishot recv takes at most its length each time", limited_chunks },
	{ "multishot recv stops at its total", limited_total },
	{ "multishot recv ends with the stream, taking no buffer", ended_by_eof },
	{ "multishot recv gives the data before the end", data_before_eof },
	{ "multishot recv ends by shutdown of its own side", ended_by_shutdown },
	{ "multishot recv ends by a reset", ended_by_reset },
	{ "multishot recv ends by a cancel", ended_by_cancel },
	{ "multishot recv ends by lack of buffers when data comes", ended_by_exhaustion },
	{ "multishot recv ends by an empty datagram", empty_datagram },
	{ "multishot recv with MSG_DONTWAIT takes what is there", multishot_without_waiting },
	{ "multishot recv by a worker", multishot_by_worker },
	{ "multishot recv skips its last CQE only", multishot_skipping },
	{ "multishot recv's end starts what is linked", multishot_linked },
	{ "multishot recv cuts datagrams, and MSG_TRUNC tells", multishot_truncation },
	{ "errors of multishot recv", multishot_errors },
	{ "multishot recvs take from groups of their own", two_groups },
	{ "multishot recvmsg lays out head, name, control and payload", message_layout },
	{ "multishot recvmsg gives control data", message_control },
	{ "multishot recvmsg cuts the payload, and says so", message_truncated },
	{ "multishot recvmsg cuts the name, and says so", message_name_truncated },
	{ "multishot recvmsg needs room for more than the head", message_without_room },
	{ "multishot recvmsg ends a stream with a message", message_stream },
	{ "multishot recvmsg ends by lack of buffers and by a cancel",
	  message_exhaustion_and_cancel },
	{ "errors of multishot recvmsg", message_errors },
	{ "io_uring_recvmsg_validate wants the whole head", validation },
	{ 0 },
};
