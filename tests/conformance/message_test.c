/* SPDX-License-Identifier: MIT */
/* Send, receive and their message forms, one CQE a request. */
#include <sys/uio.h>

#include "net.h"

/* ---- What arrives ---------------------------------------------------------------------------- */

static void send_and_recv(void)
{
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		uint8_t out[100], in[200] = { 0 };
		struct io_uring ring;
		int fds[2];

		open_ring(&ring, 8, 0);
		open_pair(kind, fds);
		fill_pattern(out, sizeof(out));
		submit_send(&ring, fds[0], out, sizeof(out), 0, 1);
		expect_full_answer(&ring, 1, 100, 0);
		submit_recv(&ring, fds[1], in, sizeof(in), 0, 2);
		expect_full_answer(&ring, 2, 100, 0);
		expect_pattern(in, 0, 100);
		check(!in[100], "%s: more was written than received", pair_names[kind]);
		io_uring_queue_exit(&ring);
		close_pair(fds);
	}
}

static void recv_waits(void)
{
	static const unsigned flags[] = { 0, IOSQE_ASYNC };

	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++)
		for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
			struct io_uring_sqe *sqe;
			struct io_uring ring;
			uint8_t in[64];
			int fds[2];

			open_ring(&ring, 8, 0);
			open_pair(kind, fds);
			sqe = new_sqe(&ring);
			io_uring_prep_recv(sqe, fds[0], in, sizeof(in), 0);
			set_sqe(sqe, 1, flags[i]);
			submit(&ring, 1);
			expect_none(&ring, 20);
			peer_sends(fds[1], 0, 20);
			expect_full_answer(&ring, 1, 20, 0);
			expect_pattern(in, 0, 20);
			io_uring_queue_exit(&ring);
			close_pair(fds);
		}
}

static void registered_sockets(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	uint8_t in[8];
	int fds[2];

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	expect(io_uring_register_files(&ring, fds, 2), 0);
	/* Only the table holds them from here on. */
	close_pair(fds);
	sqe = new_sqe(&ring);
	io_uring_prep_recv(sqe, 1, in, sizeof(in), 0);
	set_sqe(sqe, 1, IOSQE_FIXED_FILE);
	sqe = new_sqe(&ring);
	io_uring_prep_send(sqe, 0, "hello", 5, 0);
	set_sqe(sqe, 2, IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS);
	submit(&ring, 2);
	expect_answer(&ring, 1, 5);
	check(!memcmp(in, "hello", 5), "the wrong bytes");
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

static void recv_without_waiting(void)
{
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		struct io_uring ring;
		uint8_t in[8];
		int fds[2];

		open_ring(&ring, 8, 0);
		open_pair(kind, fds);
		submit_recv(&ring, fds[0], in, sizeof(in), MSG_DONTWAIT, 1);
		expect_answer(&ring, 1, -EAGAIN);
		/* O_NONBLOCK is for system calls: io_uring waits all the same. */
		sys(fcntl(fds[0], F_SETFL, O_NONBLOCK));
		submit_recv(&ring, fds[0], in, sizeof(in), 0, 2);
		expect_none(&ring, 10);
		peer_sends(fds[1], 0, 5);
		expect_answer(&ring, 2, 5);
		io_uring_queue_exit(&ring);
		close_pair(fds);
	}
}

static void send_without_waiting(void)
{
	struct io_uring ring;
	size_t full;
	int fds[2];

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	full = fill(fds[0]);
	submit_send(&ring, fds[0], "x", 1, MSG_DONTWAIT, 1);
	expect_answer(&ring, 1, -EAGAIN);
	sys(fcntl(fds[0], F_SETFL, O_NONBLOCK));
	submit_send(&ring, fds[0], "x", 1, 0, 2);
	expect_none(&ring, 10);
	drain(fds[1], full);
	expect_answer(&ring, 2, 1);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void send_waits(void)
{
	struct io_uring ring;
	size_t full;
	int fds[2];

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	full = fill(fds[0]);
	submit_send(&ring, fds[0], "x", 1, 0, 1);
	expect_none(&ring, 20);
	drain(fds[1], full);
	expect_full_answer(&ring, 1, 1, 0);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void end_of_stream(void)
{
	static const enum pair_kind streams[] = { TCP, UNIX_STREAM, UNIX_SEQPACKET };

	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		struct io_uring ring;
		uint8_t in[8];
		int fds[2];

		open_ring(&ring, 8, 0);
		open_pair(streams[i], fds);
		submit_recv(&ring, fds[0], in, sizeof(in), 0, 1);
		expect_none(&ring, 10);
		sys(shutdown(fds[1], SHUT_WR));
		/* TCP may set IORING_CQE_F_SOCK_NONEMPTY: the end is something to read, too. */
		expect_answer(&ring, 1, 0);
		submit_recv(&ring, fds[0], in, sizeof(in), 0, 2);
		expect_answer(&ring, 2, 0);
		close(fds[1]);
		submit_recv(&ring, fds[0], in, sizeof(in), MSG_WAITALL, 3);
		expect_answer(&ring, 3, 0);
		io_uring_queue_exit(&ring);
		close(fds[0]);
	}
}

static void own_close(void)
{
	struct io_uring ring;
	uint8_t in[8];
	int fds[2];

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	submit_recv(&ring, fds[0], in, sizeof(in), 0, 1);
	close(fds[0]);
	expect_none(&ring, 20);
	peer_sends(fds[1], 0, 3);
	expect_answer(&ring, 1, 3);
	/* Now nothing holds the socket. */
	io_uring_queue_exit(&ring);
	expect(send(fds[1], "x", 1, MSG_NOSIGNAL), -1);
	close(fds[1]);
}

static void no_bytes(void)
{
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		bool stream = kind == TCP || kind == UNIX_STREAM;
		struct io_uring ring;
		uint8_t in[8];
		int fds[2];

		if (kind == UNIX_SEQPACKET)
			continue;
		open_ring(&ring, 8, 0);
		open_pair(kind, fds);
		submit_send(&ring, fds[0], NULL, 0, 0, 1);
		expect_answer(&ring, 1, 0);
		submit_recv(&ring, fds[1], in, sizeof(in), MSG_DONTWAIT, 2);
		/* A datagram without bytes is one. */
		expect_answer(&ring, 2, stream ? -EAGAIN : 0);
		peer_sends(fds[0], 0, 8);
		submit_recv(&ring, fds[1], in, 0, 0, 3);
		expect_answer(&ring, 3, 0);
		submit_recv(&ring, fds[1], in, sizeof(in), MSG_DONTWAIT, 4);
		/* A datagram is gone whole. */
		expect_answer(&ring, 4, stream ? 8 : -EAGAIN);
		io_uring_queue_exit(&ring);
		close_pair(fds);
	}
}

static void peek(void)
{
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		uint8_t in[2][16] = { 0 };
		struct io_uring ring;
		int fds[2];

		open_ring(&ring, 8, 0);
		open_pair(kind, fds);
		peer_sends(fds[1], 0, 16);
		submit_recv(&ring, fds[0], in[0], 8, MSG_PEEK, 1);
		expect_answer(&ring, 1, 8);
		expect_pattern(in[0], 0, 8);
		submit_recv(&ring, fds[0], in[1], 16, 0, 2);
		expect_answer(&ring, 2, 16);
		expect_pattern(in[1], 0, 16);
		io_uring_queue_exit(&ring);
		close_pair(fds);
	}
}

static void truncation(void)
{
	static const enum pair_kind kinds[] = { UNIX_SEQPACKET, UNIX_DATAGRAM, UDP };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct io_uring ring;
		uint8_t in[8] = { 0 };
		int fds[2];

		open_ring(&ring, 8, 0);
		open_pair(kinds[i], fds);
		for (size_t n = 0; n < 3; n++)
			peer_sends(fds[1], 0, 10 + n);
		submit_recv(&ring, fds[0], in, 4, 0, 1);
		expect_answer(&ring, 1, 4);
		submit_recv(&ring, fds[0], in, 4, MSG_TRUNC, 2);
		expect_answer(&ring, 2, 11);
		expect_pattern(in, 0, 4);
		check(!in[4], "more was written than asked for");
		submit_recv(&ring, fds[0], in, 4, MSG_TRUNC | MSG_PEEK, 3);
		expect_answer(&ring, 3, 12);
		io_uring_queue_exit(&ring);
		close_pair(fds);
	}
}

static void nonempty(void)
{
	uint8_t in[64];
	struct iovec iov = { in, 40 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	need_linux(5, 19, "IORING_CQE_F_SOCK_NONEMPTY");
	open_ring(&ring, 8, 0);
	tcp_pair(fds);
	peer_sends(fds[1], 0, 120);
	wait_ready(fds[0], POLLIN);
	submit_recv(&ring, fds[0], in, 40, 0, 1);
	expect_full_answer(&ring, 1, 40, IORING_CQE_F_SOCK_NONEMPTY);
	sqe = new_sqe(&ring);
	io_uring_prep_recvmsg(sqe, fds[0], &msg, 0);
	set_sqe(sqe, 2, 0);
	submit(&ring, 1);
	expect_full_answer(&ring, 2, 40, IORING_CQE_F_SOCK_NONEMPTY);
	submit_recv(&ring, fds[0], in, 40, 0, 3);
	expect_full_answer(&ring, 3, 40, 0);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

/* To TCP the end is something to read, too. */
static void end_is_nonempty(void)
{
	struct io_uring ring;
	uint8_t in[40];
	int fds[2];

	need_linux(5, 19, "IORING_CQE_F_SOCK_NONEMPTY");
	open_ring(&ring, 8, 0);
	tcp_pair(fds);
	peer_sends(fds[1], 0, 40);
	sys(shutdown(fds[1], SHUT_WR));
	wait_ready(fds[0], POLLRDHUP);
	submit_recv(&ring, fds[0], in, 40, 0, 1);
	expect_full_answer(&ring, 1, 40, IORING_CQE_F_SOCK_NONEMPTY);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

/* The highest page that an address may lie on. */
static uintptr_t last_page(void)
{
	uintptr_t page = 0;

	for (unsigned bit = 8 * sizeof(page) - 1; bit >= 12; bit--) {
		struct iovec range = { (void *)(page | (uintptr_t)1 << bit), 0 };

		/* Looks at the range, and reads nothing. */
		if (!process_vm_readv(getpid(), &range, 1, NULL, 0, 0))
			page |= (uintptr_t)1 << bit;
	}
	return page;
}

static void beyond_all_memory(void)
{
	uint8_t *beyond = (uint8_t *)last_page() + 1;
	struct io_uring ring;
	int fds[2];

	if (sizeof(long) < 8)
		skip_because_of("every address is possible");
	open_ring(&ring, 8, 0);
	unix_pair(fds);
	/* A multishot receive has no memory of its own, which is found first. */
	io_uring_prep_recv_multishot(new_sqe(&ring), fds[0], beyond, 8192, 0);
	expect(run_one(&ring).res, -EINVAL);
	for (int receives = 0; receives < 2; receives++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		if (receives)
			io_uring_prep_recv(sqe, fds[0], beyond, 8192, 0);
		else
			io_uring_prep_send(sqe, fds[0], beyond, 8192, 0);
		set_sqe(sqe, 1, 0);
		io_uring_prep_nop(new_sqe(&ring));
		/* It is refused, which ends the submission. */
		expect(io_uring_submit(&ring), 1);
		expect_answer(&ring, 1, -EFAULT);
		expect(io_uring_submit(&ring), 1);
		next_answer(&ring);
	}
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

/* recv(2) that does not wait says -EAGAIN, for ever. */
static void shut_datagram_socket(void)
{
	struct iovec iov = { .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char byte;
	int fds[2];

	iov.iov_base = &byte;
	open_ring(&ring, 8, 0);
	open_pair(UNIX_DATAGRAM, fds);
	sys(shutdown(fds[0], SHUT_RDWR));
	submit_recv(&ring, fds[0], &byte, 1, 0, 1);
	expect_full_answer(&ring, 1, 0, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_recvmsg(sqe, fds[0], &msg, 0);
	expect_error(&ring, "recvmsg", 0);
	sqe = new_sqe(&ring);
	io_uring_prep_read(sqe, fds[0], &byte, 1, 0);
	expect_error(&ring, "read", 0);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void takes_a_buffer(unsigned pool_flags)
{
	struct iovec iov = { .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct pool pool;
	uint32_t more = 0;
	int fds[2];

	open_ring(&ring, 8, 0);
	open_pool(&pool, &ring, 7, 4, 64, pool_flags);
	open_pair(UNIX_DATAGRAM, fds);
	sys(shutdown(fds[0], SHUT_RDWR));
	for (unsigned i = 0; i < 2; i++) {
		sqe = new_sqe(&ring);
		if (i)
			io_uring_prep_recvmsg(sqe, fds[0], &msg, 0);
		else
			io_uring_prep_recv(sqe, fds[0], NULL, 0, 0);
		use_pool(sqe, &pool, 1);
		submit(&ring, 1);
		/* The message's one byte of it. */
		if (i && pool_flags)
			more = IORING_CQE_F_BUF_MORE;
		expect_full_answer(&ring, 1, 0, BUFFER_FLAGS(i) | more);
	}
	close_pool(&pool);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

/* A whole one, of groups whose buffers are used up bit by bit, too. */
static void shut_datagram_socket_takes_a_buffer(void)
{
	takes_a_buffer(0);
	need_linux(6, 12, "IOU_PBUF_RING_INC");
	takes_a_buffer(IOU_PBUF_RING_INC);
}

static void poll_first(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	uint8_t in[8];
	int fds[2];

	need_linux(5, 19, "IORING_RECVSEND_POLL_FIRST");
	open_ring(&ring, 8, 0);
	unix_pair(fds);
	peer_sends(fds[1], 0, 3);
	sqe = new_sqe(&ring);
	io_uring_prep_recv(sqe, fds[0], in, sizeof(in), 0);
	sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	expect_answer(&ring, 1, 3);
	sqe = new_sqe(&ring);
	io_uring_prep_recv(sqe, fds[0], in, sizeof(in), 0);
	sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
	set_sqe(sqe, 2, 0);
	submit(&ring, 1);
	expect_none(&ring, 10);
	sqe = new_sqe(&ring);
	io_uring_prep_send(sqe, fds[1], "hello", 5, 0);
	sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
	set_sqe(sqe, 3, IOSQE_CQE_SKIP_SUCCESS);
	submit(&ring, 1);
	expect_answer(&ring, 2, 5);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void poll_first_without_waiting(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	uint8_t in[8];
	int fds[2];

	need_linux(5, 19, "IORING_RECVSEND_POLL_FIRST");
	open_ring(&ring, 8, 0);
	unix_pair(fds);
	peer_sends(fds[1], 0, 3);
	sqe = new_sqe(&ring);
	io_uring_prep_recv(sqe, fds[0], in, sizeof(in), MSG_DONTWAIT);
	sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
	/* Told not to try before polling, and not to poll: there is data, but nobody looks. */
	expect_error(&ring, "recv", -EAGAIN);
	peer_receives(fds[0], 0, 3);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void urgent(void)
{
	struct io_uring ring;
	uint8_t in[8];
	int fds[2];

	open_ring(&ring, 8, 0);
	tcp_pair(fds);
	submit_recv(&ring, fds[0], in, 1, MSG_OOB, 1);
	expect_answer(&ring, 1, -EINVAL);
	submit_send(&ring, fds[1], "ab", 2, MSG_OOB, 2);
	expect_answer(&ring, 2, 2);
	wait_ready(fds[0], POLLPRI);
	submit_recv(&ring, fds[0], in, 1, MSG_OOB, 3);
	expect_answer(&ring, 3, 1);
	expect(in[0], 'b');
	submit_recv(&ring, fds[0], in, sizeof(in), 0, 4);
	expect_answer(&ring, 4, 1);
	expect(in[0], 'a');
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

/* ---- Errors of the other side ---------------------------------------------------------------- */

static volatile sig_atomic_t pipe_signals;

static void count_signal(int signal)
{
	(void)signal;
	pipe_signals++;
}

static void broken_pipe(void)
{
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	close(fds[1]);
	signal(SIGPIPE, count_signal);
	submit_send(&ring, fds[0], "x", 1, 0, 1);
	expect_answer(&ring, 1, -EPIPE);
	sqe = new_sqe(&ring);
	io_uring_prep_sendmsg(sqe, fds[0], &msg, 0);
	set_sqe(sqe, 2, IOSQE_ASYNC);
	submit(&ring, 1);
	expect_answer(&ring, 2, -EPIPE);
	/* io_uring always sends with MSG_NOSIGNAL. */
	expect(pipe_signals, 0);
	io_uring_queue_exit(&ring);
	close(fds[0]);
}

/* A send waits for room, and its own side is shut down: -EPIPE, at once or once there is room. */
static void shut_waiting_send(enum pair_kind kind, bool at_once)
{
	struct io_uring ring;
	size_t full;
	int fds[2];

	open_ring(&ring, 8, 0);
	open_pair(kind, fds);
	full = fill(fds[0]);
	submit_send(&ring, fds[0], "x", 1, 0, 1);
	expect_none(&ring, 10);
	sys(shutdown(fds[0], SHUT_WR));
	if (!at_once)
		drain(fds[1], full);
	expect_answer(&ring, 1, -EPIPE);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void waiting_send_broken(void)
{
	shut_waiting_send(TCP, true);
	shut_waiting_send(UNIX_STREAM, false);
}

static void waiting_send_broken_at_once(void)
{
	kernel_only("A UNIX socket's own end");
	shut_waiting_send(UNIX_STREAM, true);
}

/* What the kernel reads when it takes the SQE, and cannot: the rest is not submitted. */
static void unreadable_message(void)
{
	struct iovec bad = { BAD_POINTER, 1 };
	struct msghdr no_iov = { .msg_iov = BAD_POINTER, .msg_iovlen = 1 };
	struct msghdr no_bytes = { .msg_iov = &bad, .msg_iovlen = 1 };
	int fds[2];
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	for (int i = 0; i < 7; i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		if (i == 0)
			io_uring_prep_sendmsg(sqe, fds[0], BAD_POINTER, 0);
		if (i == 1)
			io_uring_prep_recvmsg(sqe, fds[0], BAD_POINTER, MSG_DONTWAIT);
		if (i == 2)
			io_uring_prep_sendmsg(sqe, fds[0], &no_iov, 0);
		if (i == 3)
			io_uring_prep_sendto(sqe, fds[0], "x", 1, 0, BAD_POINTER, 16);
		if (i == 4)
			io_uring_prep_sendmsg(sqe, 9999, BAD_POINTER, 0);
		/* The bytes are only looked at when they are sent. */
		if (i == 5)
			io_uring_prep_sendmsg(sqe, fds[0], &no_bytes, 0);
		if (i == 6)
			io_uring_prep_send(sqe, fds[0], BAD_POINTER, 1, 0);
		set_sqe(sqe, 1, 0);
		io_uring_prep_nop(new_sqe(&ring));
		submit(&ring, i < 5 ? 1 : 2);
		expect_answer(&ring, 1, -EFAULT);
		if (i < 5)
			submit(&ring, 1);
		expect_answer(&ring, 0, 0);
	}
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void connection_reset(void)
{
	struct io_uring ring;
	uint8_t in[8];
	int fds[2];

	open_ring(&ring, 8, 0);
	tcp_pair(fds);
	submit_recv(&ring, fds[0], in, sizeof(in), 0, 1);
	expect_none(&ring, 10);
	reset_connection(fds[1]);
	expect_answer(&ring, 1, -ECONNRESET);
	/* The error is told once. */
	submit_recv(&ring, fds[0], in, sizeof(in), 0, 2);
	expect_answer(&ring, 2, 0);
	submit_send(&ring, fds[0], in, sizeof(in), 0, 3);
	expect_answer(&ring, 3, -EPIPE);
	io_uring_queue_exit(&ring);
	close(fds[0]);
}

static void port_unreachable(void)
{
	struct answer answers[2];
	struct io_uring ring;
	uint8_t in[8];
	int fds[2];

	open_ring(&ring, 8, 0);
	open_pair(UDP, fds);
	submit_recv(&ring, fds[0], in, sizeof(in), 0, 1);
	expect_none(&ring, 10);
	close(fds[1]);
	submit_send(&ring, fds[0], "x", 1, 0, 2);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].res, -ECONNREFUSED);
	expect(answers[1].res, 1);
	io_uring_queue_exit(&ring);
	close(fds[0]);
}

static void cancelled_recv(void)
{
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		struct answer answers[2];
		struct io_uring ring;
		uint8_t in[8];
		int fds[2];

		open_ring(&ring, 8, 0);
		open_pair(kind, fds);
		submit_recv(&ring, fds[0], in, sizeof(in), 0, 1);
		submit_cancel(&ring, 1, 2);
		sorted_answers(&ring, answers, 2);
		expect(answers[0].res, -ECANCELED);
		expect(answers[1].res, 0);
		/* The next data is for others. */
		peer_sends(fds[1], 0, 8);
		peer_receives(fds[0], 0, 8);
		io_uring_queue_exit(&ring);
		close_pair(fds);
	}
}

const struct conformance_case message_cases[] = {
	{ "send and recv move bytes over every kind of socket", send_and_recv },
	{ "recv on an empty socket waits", recv_waits },
	{ "send and recv work on registered sockets", registered_sockets },
	{ "recv with MSG_DONTWAIT is -EAGAIN, but O_NONBLOCK waits", recv_without_waiting },
	{ "send with MSG_DONTWAIT is -EAGAIN, but O_NONBLOCK waits", send_without_waiting },
	{ "send on a full socket waits", send_waits },
	{ "the end of a stream is a recv of 0, again and again", end_of_stream },
	{ "closing its descriptor does not end a recv", own_close },
	{ "a send or recv of no bytes", no_bytes },
	{ "MSG_PEEK leaves what it shows", peek },
	{ "a datagram longer than the buffer is cut, and MSG_TRUNC tells", truncation },
	{ "IORING_CQE_F_SOCK_NONEMPTY says that TCP has more", nonempty },
	{ "IORING_CQE_F_SOCK_NONEMPTY says that TCP's end is next", end_is_nonempty },
	{ "a receive from a datagram socket that is shut gives 0", shut_datagram_socket },
	{ "a shut datagram socket takes a buffer, and fills none",
	  shut_datagram_socket_takes_a_buffer },
	{ "memory beyond what a process can have ends the submission", beyond_all_memory },
	{ "IORING_RECVSEND_POLL_FIRST finds data that is there, and that comes", poll_first },
	{ "IORING_RECVSEND_POLL_FIRST with MSG_DONTWAIT is -EAGAIN", poll_first_without_waiting },
	{ "MSG_OOB moves the urgent byte", urgent },
	{ "sending to nobody is -EPIPE, without SIGPIPE", broken_pipe },
	{ "a send that waits is ended by shutdown, at the latest when there is room",
	  waiting_send_broken },
	{ "a send that waits is ended by shutdown of a UNIX socket", waiting_send_broken_at_once },
	{ "a message that cannot be read ends the submission", unreadable_message },
	{ "a reset is -ECONNRESET once, then the end", connection_reset },
	{ "recv on a UDP socket tells that nobody listens there", port_unreachable },
	{ "a cancelled recv takes no data", cancelled_recv },
	{ 0 },
};
