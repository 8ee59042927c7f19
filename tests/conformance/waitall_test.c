/* SPDX-License-Identifier: MIT */
/* Short sends and receives, and MSG_WAITALL against them. */
#include <sys/ioctl.h>

#include "net.h"

static int bytes_waiting(int fd)
{
	int count = 0;

	sys(ioctl(fd, FIONREAD, &count));
	return count;
}

static void waitall(void)
{
	static const enum pair_kind streams[] = { TCP, UNIX_STREAM };

	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		struct io_uring ring;
		uint8_t in[30] = { 0 };
		int fds[2];

		open_ring(&ring, 8, 0);
		open_pair(streams[i], fds);
		peer_sends(fds[1], 0, 10);
		submit_recv(&ring, fds[0], in, 30, MSG_WAITALL, 1);
		expect_none(&ring, 10);
		peer_sends(fds[1], 10, 10);
		expect_none(&ring, 10);
		peer_sends(fds[1], 20, 15);
		expect_answer(&ring, 1, 30);
		expect_pattern(in, 0, 30);
		peer_receives(fds[0], 30, 5);
		io_uring_queue_exit(&ring);
		close_pair(fds);
	}
}

static void waitall_scattered(void)
{
	uint8_t in[30] = { 0 };
	struct iovec iov[] = { { in, 7 }, { in + 7, 0 }, { in + 7, 20 }, { in + 27, 3 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 4 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	tcp_pair(fds);
	sqe = new_sqe(&ring);
	io_uring_prep_recvmsg(sqe, fds[0], &msg, MSG_WAITALL);
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	/* Each piece ends within an element. */
	for (size_t offset = 0; offset < 30; offset += 10) {
		expect_none(&ring, 10);
		peer_sends(fds[1], offset, 10);
	}
	expect_answer(&ring, 1, 30);
	expect_pattern(in, 0, 30);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

enum ending {
	BY_EOF,
	BY_RESET,
	BY_CANCEL,
};

/* What has been received is not lost, whatever keeps the rest from coming. */
static void waitall_ended(enum ending ending)
{
	struct io_uring ring;
	uint8_t in[30];
	int fds[2];

	open_ring(&ring, 8, 0);
	tcp_pair(fds);
	submit_recv(&ring, fds[0], in, 30, MSG_WAITALL, 1);
	expect_none(&ring, 10);
	peer_sends(fds[1], 0, 10);
	expect_none(&ring, 20);
	if (ending == BY_EOF)
		sys(shutdown(fds[1], SHUT_WR));
	if (ending == BY_RESET)
		reset_connection(fds[1]);
	if (ending == BY_CANCEL) {
		struct answer answers[2];

		submit_cancel(&ring, 1, 2);
		sorted_answers(&ring, answers, 2);
		expect(answers[0].res, 10);
		expect(answers[1].res, 0);
	} else {
		expect_answer(&ring, 1, 10);
	}
	expect_pattern(in, 0, 10);
	io_uring_queue_exit(&ring);
	close(fds[0]);
}

static void waitall_eof(void)
{
	waitall_ended(BY_EOF);
}

static void waitall_reset(void)
{
	waitall_ended(BY_RESET);
}

static void waitall_cancel(void)
{
	waitall_ended(BY_CANCEL);
}

/* Receives 10 bytes and then the end, linked before a nop; returns what came of the nop. */
static int nop_behind_short_recv(int flags)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	uint8_t in[30];
	int fds[2], res;

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	peer_sends(fds[1], 0, 10);
	sys(shutdown(fds[1], SHUT_WR));
	sqe = new_sqe(&ring);
	io_uring_prep_recv(sqe, fds[0], in, 30, flags);
	set_sqe(sqe, 1, IOSQE_IO_LINK);
	sqe = new_sqe(&ring);
	io_uring_prep_nop(sqe);
	set_sqe(sqe, 2, 0);
	submit(&ring, 2);
	expect_answer(&ring, 1, 10);
	res = next_answer(&ring).res;
	io_uring_queue_exit(&ring);
	close_pair(fds);
	return res;
}

static void waitall_and_links(void)
{
	expect(nop_behind_short_recv(0), 0);
	expect(nop_behind_short_recv(MSG_WAITALL), -ECANCELED);
}

static void waitall_datagram(void)
{
	static const enum pair_kind kinds[] = { UNIX_DATAGRAM, UDP };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct io_uring ring;
		uint8_t in[30];
		int fds[2];

		open_ring(&ring, 8, 0);
		open_pair(kinds[i], fds);
		peer_sends(fds[1], 0, 10);
		submit_recv(&ring, fds[0], in, 30, MSG_WAITALL, 1);
		expect_answer(&ring, 1, 10);
		io_uring_queue_exit(&ring);
		close_pair(fds);
	}
}

/* Receives 4 bytes of a datagram of 10, linked before a nop: what came of the nop. */
static int nop_behind_cut(int flags)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	uint8_t in[30];
	int fds[2], res;

	open_ring(&ring, 8, 0);
	open_pair(UNIX_DATAGRAM, fds);
	peer_sends(fds[1], 0, 10);
	sqe = new_sqe(&ring);
	io_uring_prep_recv(sqe, fds[0], in, 4, flags);
	set_sqe(sqe, 1, IOSQE_IO_LINK);
	sqe = new_sqe(&ring);
	io_uring_prep_nop(sqe);
	set_sqe(sqe, 2, 0);
	submit(&ring, 2);
	expect_answer(&ring, 1, 4);
	res = next_answer(&ring).res;
	io_uring_queue_exit(&ring);
	close_pair(fds);
	return res;
}

static void waitall_cut(void)
{
	expect(nop_behind_cut(0), 0);
	expect(nop_behind_cut(MSG_WAITALL), -ECANCELED);
}

/* Receives 10 bytes where 30 are asked for, and control data; a nop is linked. */
static void waitall_with_control(void)
{
	static const enum pair_kind kinds[] = { TCP, UNIX_STREAM, UNIX_DATAGRAM, UDP };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		uint8_t in[30], control[64];
		struct iovec iov = { in, 30 };
		struct msghdr msg = { .msg_iov = &iov,
				      .msg_iovlen = 1,
				      .msg_control = control,
				      .msg_controllen = sizeof(control) };
		struct io_uring_sqe *sqe;
		struct io_uring ring;
		int fds[2];

		open_ring(&ring, 8, 0);
		open_pair(kinds[i], fds);
		peer_sends(fds[1], 0, 10);
		wait_ready(fds[0], POLLIN);
		sqe = new_sqe(&ring);
		io_uring_prep_recvmsg(sqe, fds[0], &msg, MSG_WAITALL);
		set_sqe(sqe, 1, IOSQE_IO_LINK);
		sqe = new_sqe(&ring);
		io_uring_prep_nop(sqe);
		set_sqe(sqe, 2, 0);
		submit(&ring, 2);
		expect_answer(&ring, 1, 10);
		expect_answer(&ring, 2, 0);
		io_uring_queue_exit(&ring);
		close_pair(fds);
	}
}

static void waitall_records(void)
{
	struct io_uring ring;
	uint8_t in[30];
	int fds[2];

	open_ring(&ring, 8, 0);
	open_pair(UNIX_SEQPACKET, fds);
	peer_sends(fds[1], 0, 10);
	submit_recv(&ring, fds[0], in, 30, MSG_WAITALL, 1);
	expect_none(&ring, 10);
	/* Unlike recv(2), which stops at the end of a record. */
	peer_sends(fds[1], 10, 20);
	expect_answer(&ring, 1, 30);
	expect_pattern(in, 0, 30);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void waitall_provided(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct pool pool;
	int fds[2];

	open_ring(&ring, 8, 0);
	open_pool(&pool, &ring, 1, 2, 16, 0);
	unix_pair(fds);
	peer_sends(fds[1], 0, 5);
	sqe = new_sqe(&ring);
	io_uring_prep_recv(sqe, fds[0], NULL, 0, MSG_WAITALL);
	use_pool(sqe, &pool, 1);
	submit(&ring, 1);
	expect_none(&ring, 10);
	/* The one buffer that is partly filled is kept. */
	expect_available(&pool, 1);
	peer_sends(fds[1], 5, 15);
	expect_but_nonempty(&ring, 1, 16, BUFFER_FLAGS(0));
	expect_pattern(pool_buffer(&pool, 0), 0, 16);
	expect_available(&pool, 1);
	close_pool(&pool);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

#define BIG ((size_t)4 << 20)

static void send_big(int flags, bool message)
{
	uint8_t *out = malloc(BIG);
	struct iovec iov[] = { { out, BIG / 4 }, { out + BIG / 4, BIG / 4 * 3 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;
	int fds[2];

	check(out, "out of memory");
	open_ring(&ring, 8, 0);
	unix_pair(fds);
	fill_pattern(out, BIG);
	sqe = new_sqe(&ring);
	if (message)
		io_uring_prep_sendmsg(sqe, fds[0], &msg, (unsigned)flags);
	else
		io_uring_prep_send(sqe, fds[0], out, BIG, flags);
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	if (flags & MSG_WAITALL) {
		expect_none(&ring, 20);
		/* The worst of times to look at the message again. */
		memset(iov, 0xff, sizeof(iov));
		memset(&msg, 0xff, sizeof(msg));
		for (size_t offset = 0; offset < BIG; offset += BIG / 64) {
			peer_receives(fds[1], offset, BIG / 64);
			/* Gives the request the chance to go on, which only it can take. */
			io_uring_get_events(&ring);
		}
		expect_answer(&ring, 1, (int)BIG);
	} else {
		a = next_answer(&ring);
		check(a.res > 0 && a.res < (int)BIG, "res is %d", a.res);
		expect(bytes_waiting(fds[1]), a.res);
		peer_receives(fds[1], 0, (size_t)a.res);
	}
	io_uring_queue_exit(&ring);
	close_pair(fds);
	free(out);
}

static void short_send(void)
{
	send_big(0, false);
	send_big(0, true);
}

static void waitall_send(void)
{
	send_big(MSG_WAITALL, false);
	send_big(MSG_WAITALL, true);
}

const struct conformance_case waitall_cases[] = {
	{ "MSG_WAITALL gathers until the buffer is full", waitall },
	{ "MSG_WAITALL goes on within an iovec", waitall_scattered },
	{ "MSG_WAITALL gives what came before the end", waitall_eof },
	{ "MSG_WAITALL gives what came before a reset", waitall_reset },
	{ "MSG_WAITALL gives what came before it was cancelled", waitall_cancel },
	{ "a short recv breaks a link only with MSG_WAITALL", waitall_and_links },
	{ "MSG_WAITALL fills one provided buffer", waitall_provided },
	{ "MSG_WAITALL takes one datagram", waitall_datagram },
	{ "a datagram that is cut breaks a link only with MSG_WAITALL", waitall_cut },
	{ "MSG_WAITALL takes what there is where control data may come", waitall_with_control },
	{ "MSG_WAITALL gathers the records of a seqpacket socket", waitall_records },
	{ "send takes what fits", short_send },
	{ "send with MSG_WAITALL takes all, in order", waitall_send },
	{ 0 },
};
