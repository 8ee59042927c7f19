/* SPDX-License-Identifier: MIT */
/* Preps end to end: what the request does. The bytes they write: prep_file_test.c and its kin. */
#include "support.h"

/* ---- Files ----------------------------------------------------------------------------------- */

static void test_read_write(void **state)
{
	int fd = scratch_file("0123456789", 10);
	struct iovec iov[2];
	struct io_uring ring;
	char buf[16] = "", other[16] = "";

	(void)state;
	open_ring(&ring, 4, 0);
	io_uring_prep_read(next_sqe(&ring), fd, buf, 4, 3);
	assert_int_equal(run(&ring).res, 4);
	assert_string_equal(buf, "3456");
	io_uring_prep_write(next_sqe(&ring), fd, "abc", 3, 9);
	assert_int_equal(run(&ring).res, 3);
	iov[0] = (struct iovec){ buf, 2 };
	iov[1] = (struct iovec){ other, sizeof(other) };
	io_uring_prep_readv(next_sqe(&ring), fd, iov, 2, 7);
	assert_int_equal(run(&ring).res, 5);
	assert_memory_equal(buf, "78", 2);
	assert_string_equal(other, "abc");
	iov[1].iov_len = 1;
	io_uring_prep_writev(next_sqe(&ring), fd, iov, 2, 0);
	assert_int_equal(run(&ring).res, 3);
	io_uring_prep_read(next_sqe(&ring), fd, buf, sizeof(buf), 0);
	assert_int_equal(run(&ring).res, 12);
	assert_memory_equal(buf, "78a345678abc", 12);
	if (ring.features & IORING_FEAT_RW_CUR_POS) {
		sys((int)lseek(fd, 5, SEEK_SET));
		io_uring_prep_read(next_sqe(&ring), fd, buf, 2, -1ULL);
		assert_int_equal(run(&ring).res, 2);
		assert_memory_equal(buf, "56", 2);
		assert_int_equal(lseek(fd, 0, SEEK_CUR), 7);
	}
	io_uring_prep_read(next_sqe(&ring), -1, buf, 1, 0);
	assert_int_equal(run(&ring).res, -EBADF);
	close(fd);
	io_uring_queue_exit(&ring);
}

static void test_close(void **state)
{
	int fd = sys(dup(0));
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	io_uring_prep_close(next_sqe(&ring), fd);
	assert_int_equal(run(&ring).res, 0);
	assert_false(fd_is_open(fd));
	io_uring_prep_close(next_sqe(&ring), fd);
	assert_int_equal(run(&ring).res, -EBADF);
	io_uring_queue_exit(&ring);
}

/* ---- Sockets --------------------------------------------------------------------------------- */

static void test_accept(void **state)
{
	struct sockaddr_in addr, peer = { 0 }, client_name;
	socklen_t len = sizeof(peer), client_len = sizeof(client_name);
	struct io_uring ring;
	int listener, client, fd;

	(void)state;
	open_ring(&ring, 4, 0);
	listener = listen_any(&addr);
	io_uring_prep_accept(next_sqe(&ring), listener, (struct sockaddr *)&peer, &len,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_ret(1, io_uring_submit(&ring));
	assert_no_cqe(&ring);
	client = connect_to(&addr);
	fd = next_answer(&ring).res;
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	sys(getsockname(client, (struct sockaddr *)&client_name, &client_len));
	assert_int_equal(len, client_len);
	assert_int_equal(peer.sin_port, client_name.sin_port);
	close(fd);
	close(client);
	close(listener);
	io_uring_queue_exit(&ring);
}

static void test_multishot_accept(void **state)
{
	struct sockaddr_in addr;
	struct answer answer;
	struct io_uring ring;
	int listener, client;

	(void)state;
	need_kernel(5, 19, "multishot accept");
	open_ring(&ring, 4, 0);
	listener = listen_any(&addr);
	io_uring_prep_multishot_accept(next_sqe(&ring), listener, NULL, NULL, 0);
	assert_ret(1, io_uring_submit(&ring));
	for (int i = 0; i < 3; i++) {
		client = connect_to(&addr);
		answer = next_answer(&ring);
		assert_true(answer.res >= 0);
		assert_true(answer.flags & IORING_CQE_F_MORE);
		close(answer.res);
		close(client);
	}
	close(listener);
	io_uring_queue_exit(&ring);
}

/* Closes slot `slot`; 0 if there was a file in it. */
static int close_slot(struct io_uring *ring, unsigned slot)
{
	io_uring_prep_close_direct(next_sqe(ring), slot);
	return run(ring).res;
}

/* Which free slot is the engine's choice, but it must be a free one of the four. */
static unsigned take_slot(unsigned taken, int slot)
{
	assert_in_range(slot, 0, 3);
	assert_false(taken & 1U << slot);
	return taken | 1U << slot;
}

static void test_accept_direct(void **state)
{
	const int before = next_fd();
	struct sockaddr_in addr;
	struct answer answer;
	struct io_uring ring;
	int listener, clients[4];
	unsigned taken = 1 << 2;

	(void)state;
	need_kernel(5, 19, "direct descriptors with IORING_FILE_INDEX_ALLOC");
	open_ring(&ring, 4, 0);
	assert_ret(0, io_uring_register_files_sparse(&ring, 4));
	listener = listen_any(&addr);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		clients[i] = connect_to(&addr);

	io_uring_prep_accept_direct(next_sqe(&ring), listener, NULL, NULL, 0, 2);
	assert_int_equal(run(&ring).res, 0);
	io_uring_prep_accept_direct(next_sqe(&ring), listener, NULL, NULL, 0,
				    IORING_FILE_INDEX_ALLOC);
	taken = take_slot(taken, run(&ring).res);
	io_uring_prep_multishot_accept_direct(next_sqe(&ring), listener, NULL, NULL, 0);
	assert_ret(1, io_uring_submit(&ring));
	for (int i = 0; i < 2; i++) {
		answer = next_answer(&ring);
		assert_true(answer.flags & IORING_CQE_F_MORE);
		taken = take_slot(taken, answer.res);
	}
	assert_int_equal(taken, 0xf);
	assert_int_equal(close_slot(&ring, 2), 0);
	assert_int_equal(close_slot(&ring, 2), -EBADF);

	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		close(clients[i]);
	close(listener);
	io_uring_queue_exit(&ring);
	/* No ordinary descriptor was ever made. */
	assert_int_equal(next_fd(), before);
}

static void test_connect(void **state)
{
	struct sockaddr_in addr;
	struct io_uring ring;
	int listener, client, fd;

	(void)state;
	open_ring(&ring, 4, 0);
	listener = listen_any(&addr);
	client = sys(socket(AF_INET, SOCK_STREAM, 0));
	io_uring_prep_connect(next_sqe(&ring), client, (struct sockaddr *)&addr, sizeof(addr));
	assert_int_equal(run(&ring).res, 0);
	fd = sys(accept(listener, NULL, NULL));
	close(fd);
	close(client);
	close(listener);
	/* Nobody listens there any more. */
	client = sys(socket(AF_INET, SOCK_STREAM, 0));
	io_uring_prep_connect(next_sqe(&ring), client, (struct sockaddr *)&addr, sizeof(addr));
	assert_int_equal(run(&ring).res, -ECONNREFUSED);
	close(client);
	io_uring_queue_exit(&ring);
}

static void test_socket(void **state)
{
	struct sockaddr_in addr;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int type, listener, fd;
	socklen_t len = sizeof(type);

	(void)state;
	need_kernel(5, 19, "IORING_OP_SOCKET");
	open_ring(&ring, 4, 0);
	io_uring_prep_socket(next_sqe(&ring), AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP, 0);
	fd = run(&ring).res;
	assert_true(fd >= 0);
	sys(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len));
	assert_int_equal(type, SOCK_DGRAM);
	close(fd);

	/* A direct one connects, and closes, by its slot. */
	assert_ret(0, io_uring_register_files_sparse(&ring, 4));
	listener = listen_any(&addr);
	io_uring_prep_socket_direct(next_sqe(&ring), AF_INET, SOCK_STREAM, 0, 3, 0);
	assert_int_equal(run(&ring).res, 0);
	sqe = next_sqe(&ring);
	io_uring_prep_connect(sqe, 3, (struct sockaddr *)&addr, sizeof(addr));
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	assert_int_equal(run(&ring).res, 0);
	fd = sys(accept(listener, NULL, NULL));
	assert_int_equal(close_slot(&ring, 3), 0);
	assert_int_equal(read(fd, &type, 1), 0);
	close(fd);
	close(listener);
	io_uring_queue_exit(&ring);
}

/* Chooses the address that a socket connects from, as `anyring load --once` does. */
static void test_cmd_sock_bind(void **state)
{
	struct sockaddr_in addr, from = { .sin_family = AF_INET };
	struct io_uring ring;
	socklen_t len = sizeof(from);
	int listener, fd, peer, on = 1;

	(void)state;
	need_kernel(6, 11, "IORING_OP_BIND");
	open_ring(&ring, 4, 0);
	listener = listen_any(&addr);
	fd = sys(socket(AF_INET, SOCK_STREAM, 0));
	io_uring_prep_cmd_sock(next_sqe(&ring), SOCKET_URING_OP_SETSOCKOPT, fd, IPPROTO_IP,
			       IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	assert_int_equal(run(&ring).res, 0);
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 6);
	io_uring_prep_bind(next_sqe(&ring), fd, (struct sockaddr *)&from, sizeof(from));
	assert_int_equal(run(&ring).res, 0);
	sys(connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	peer = sys(accept(listener, (struct sockaddr *)&from, &len));
	assert_int_equal(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK + 6);
	io_uring_prep_bind(next_sqe(&ring), -1, (struct sockaddr *)&from, sizeof(from));
	assert_int_equal(run(&ring).res, -EBADF);
	close(peer);
	close(fd);
	close(listener);
	io_uring_queue_exit(&ring);
}

static void test_send_recv(void **state)
{
	struct io_uring ring;
	char buf[16] = "";
	int sv[2];

	(void)state;
	open_ring(&ring, 4, 0);
	stream_pair(sv);
	io_uring_prep_send(next_sqe(&ring), sv[0], "hello", 5, MSG_NOSIGNAL);
	assert_int_equal(run(&ring).res, 5);
	io_uring_prep_recv(next_sqe(&ring), sv[1], buf, sizeof(buf), MSG_PEEK);
	assert_int_equal(run(&ring).res, 5);
	io_uring_prep_recv(next_sqe(&ring), sv[1], buf, sizeof(buf), 0);
	assert_int_equal(run(&ring).res, 5);
	assert_string_equal(buf, "hello");
	/* Before the data: the request waits for it. */
	io_uring_prep_recv(next_sqe(&ring), sv[1], buf, sizeof(buf), 0);
	assert_ret(1, io_uring_submit(&ring));
	assert_no_cqe(&ring);
	assert_int_equal(sys(write(sv[0], "late", 4)), 4);
	assert_int_equal(next_answer(&ring).res, 4);
	close(sv[0]);
	io_uring_prep_send(next_sqe(&ring), sv[1], "x", 1, MSG_NOSIGNAL);
	assert_int_equal(run(&ring).res, -EPIPE);
	close(sv[1]);
	io_uring_queue_exit(&ring);
}

static void test_sendmsg_recvmsg(void **state)
{
	char head[3] = "", tail[16] = "";
	struct iovec out[2] = { { "he", 2 }, { "llo", 3 } };
	struct iovec in[2] = { { head, 2 }, { tail, sizeof(tail) } };
	struct msghdr msg = { .msg_iov = out, .msg_iovlen = 2 };
	struct io_uring ring;
	int sv[2];

	(void)state;
	open_ring(&ring, 4, 0);
	stream_pair(sv);
	io_uring_prep_sendmsg(next_sqe(&ring), sv[0], &msg, MSG_NOSIGNAL);
	assert_int_equal(run(&ring).res, 5);
	msg.msg_iov = in;
	io_uring_prep_recvmsg(next_sqe(&ring), sv[1], &msg, 0);
	assert_int_equal(run(&ring).res, 5);
	assert_string_equal(head, "he");
	assert_string_equal(tail, "llo");
	close(sv[0]);
	close(sv[1]);
	io_uring_queue_exit(&ring);
}

static void test_shutdown(void **state)
{
	struct io_uring ring;
	char byte;
	int sv[2];

	(void)state;
	need_kernel(5, 11, "IORING_OP_SHUTDOWN");
	open_ring(&ring, 4, 0);
	stream_pair(sv);
	io_uring_prep_shutdown(next_sqe(&ring), sv[0], SHUT_WR);
	assert_int_equal(run(&ring).res, 0);
	assert_int_equal(read(sv[1], &byte, 1), 0);
	/* Only that half. */
	assert_int_equal(sys(write(sv[1], "x", 1)), 1);
	assert_int_equal(read(sv[0], &byte, 1), 1);
	io_uring_prep_shutdown(next_sqe(&ring), 0x7ffffff0, SHUT_WR);
	assert_int_equal(run(&ring).res, -EBADF);
	close(sv[0]);
	close(sv[1]);
	io_uring_queue_exit(&ring);
}

/* ---- Timeouts, cancel, poll ------------------------------------------------------------------ */

/* Two answers that come in either order, sorted by data: 1 then 2. */
static void two_answers(struct io_uring *ring, struct answer answers[2])
{
	for (int i = 0; i < 2; i++) {
		struct answer answer = next_answer(ring);

		assert_in_range(answer.data, 1, 2);
		answers[answer.data - 1] = answer;
		if (i)
			assert_int_not_equal(answers[0].data, answers[1].data);
		else
			answers[2 - answer.data].data = 0;
	}
}

static struct io_uring_sqe *numbered(struct io_uring_sqe *sqe, uint64_t data, unsigned flags)
{
	io_uring_sqe_set_data64(sqe, data);
	io_uring_sqe_set_flags(sqe, flags);
	return sqe;
}

static void test_timeout(void **state)
{
	struct __kernel_timespec ts = MILLISECONDS(40), late = FOR_EVER;
	struct answer answers[2];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	double start = seconds();

	(void)state;
	open_ring(&ring, 4, 0);
	io_uring_prep_timeout(next_sqe(&ring), &ts, 0, 0);
	assert_int_equal(run(&ring).res, -ETIME);
	assert_true(seconds() - start > 0.02);
	/* Ended by a count of completions instead. */
	sqe = next_sqe(&ring);
	io_uring_prep_timeout(sqe, &late, 1, 0);
	numbered(sqe, 1, 0);
	queue_nop(&ring, 2);
	assert_ret(2, io_uring_submit(&ring));
	two_answers(&ring, answers);
	assert_int_equal(answers[0].res, 0);
	assert_int_equal(answers[1].res, 0);
	assert_true(seconds() - start < FOR_EVER_S / 2);
	io_uring_queue_exit(&ring);
}

static void test_timeout_remove(void **state)
{
	struct __kernel_timespec ts = FOR_EVER;
	struct answer answers[2];
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	(void)state;
	open_ring(&ring, 4, 0);
	sqe = next_sqe(&ring);
	io_uring_prep_timeout(sqe, &ts, 0, 0);
	numbered(sqe, 1, 0);
	assert_ret(1, io_uring_submit(&ring));
	sqe = next_sqe(&ring);
	io_uring_prep_timeout_remove(sqe, 1, 0);
	numbered(sqe, 2, 0);
	assert_ret(1, io_uring_submit(&ring));
	two_answers(&ring, answers);
	assert_int_equal(answers[0].res, -ECANCELED);
	assert_int_equal(answers[1].res, 0);
	io_uring_prep_timeout_remove(next_sqe(&ring), 1, 0);
	assert_int_equal(run(&ring).res, -ENOENT);
	io_uring_queue_exit(&ring);
}

static void test_link_timeout(void **state)
{
	struct __kernel_timespec ts = MILLISECONDS(20), late = FOR_EVER;
	struct answer answers[2];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char byte;
	int pipefd[2];

	(void)state;
	open_ring(&ring, 4, 0);
	sys(pipe(pipefd));
	for (int full = 0; full < 2; full++) {
		if (full)
			assert_int_equal(sys(write(pipefd[1], "x", 1)), 1);
		sqe = next_sqe(&ring);
		io_uring_prep_read(sqe, pipefd[0], &byte, 1, 0);
		numbered(sqe, 1, IOSQE_IO_LINK);
		sqe = next_sqe(&ring);
		io_uring_prep_link_timeout(sqe, full ? &late : &ts, 0);
		numbered(sqe, 2, 0);
		assert_ret(2, io_uring_submit(&ring));
		two_answers(&ring, answers);
		assert_int_equal(answers[0].res, full ? 1 : -ECANCELED);
		assert_int_equal(answers[1].res, full ? -ECANCELED : -ETIME);
	}
	close(pipefd[0]);
	close(pipefd[1]);
	io_uring_queue_exit(&ring);
}

/* Two reads of an empty pipe, with user data 1 and 2: something to cancel. */
static void queue_blocked_reads(struct io_uring *ring, int fd, char bytes[2])
{
	for (int i = 0; i < 2; i++) {
		struct io_uring_sqe *sqe = next_sqe(ring);

		io_uring_prep_read(sqe, fd, &bytes[i], 1, 0);
		numbered(sqe, (uint64_t)i + 1, 0);
	}
	assert_ret(2, io_uring_submit(ring));
	assert_no_cqe(ring);
}

static void test_cancel(void **state)
{
	struct io_uring_sqe *sqe;
	struct answer answers[2];
	struct io_uring ring;
	char bytes[2];
	int pipefd[2];

	(void)state;
	open_ring(&ring, 8, 0);
	sys(pipe(pipefd));
	queue_blocked_reads(&ring, pipefd[0], bytes);
	/* By data: as a number, then as a pointer. */
	sqe = next_sqe(&ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	numbered(sqe, 2, 0);
	assert_ret(1, io_uring_submit(&ring));
	two_answers(&ring, answers);
	assert_int_equal(answers[0].res, -ECANCELED);
	assert_int_equal(answers[1].res, 0);
	sqe = next_sqe(&ring);
	io_uring_prep_cancel(sqe, (void *)2, 0);
	numbered(sqe, 1, 0);
	assert_ret(1, io_uring_submit(&ring));
	two_answers(&ring, answers);
	assert_int_equal(answers[0].res, 0);
	assert_int_equal(answers[1].res, -ECANCELED);
	io_uring_prep_cancel64(next_sqe(&ring), 1, 0);
	assert_int_equal(run(&ring).res, -ENOENT);
	close(pipefd[0]);
	close(pipefd[1]);
	io_uring_queue_exit(&ring);
}

static void test_cancel_fd(void **state)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int pipefd[2], seen = 0;
	char bytes[2];

	(void)state;
	need_kernel(5, 19, "IORING_ASYNC_CANCEL_FD");
	open_ring(&ring, 8, 0);
	sys(pipe(pipefd));
	queue_blocked_reads(&ring, pipefd[0], bytes);
	sqe = next_sqe(&ring);
	io_uring_prep_cancel_fd(sqe, pipefd[0], IORING_ASYNC_CANCEL_ALL);
	numbered(sqe, 3, 0);
	assert_ret(1, io_uring_submit(&ring));
	for (int i = 0; i < 3; i++) {
		struct answer answer = next_answer(&ring);

		assert_int_equal(answer.res, answer.data == 3 ? 2 : -ECANCELED);
		seen |= 1 << answer.data;
	}
	assert_int_equal(seen, 1 << 1 | 1 << 2 | 1 << 3);
	assert_no_cqe(&ring);
	close(pipefd[0]);
	close(pipefd[1]);
	io_uring_queue_exit(&ring);
}

static void test_poll(void **state)
{
	struct io_uring ring;
	int pipefd[2];

	(void)state;
	open_ring(&ring, 4, 0);
	sys(pipe(pipefd));
	io_uring_prep_poll_add(next_sqe(&ring), pipefd[1], POLLOUT);
	assert_int_equal(run(&ring).res, POLLOUT);
	io_uring_prep_poll_add(next_sqe(&ring), pipefd[0], POLLIN);
	assert_ret(1, io_uring_submit(&ring));
	assert_no_cqe(&ring);
	assert_int_equal(sys(write(pipefd[1], "x", 1)), 1);
	assert_int_equal(next_answer(&ring).res, POLLIN);
	close(pipefd[1]);
	io_uring_prep_poll_add(next_sqe(&ring), pipefd[0], POLLIN);
	assert_int_equal(run(&ring).res, POLLIN | POLLHUP);
	close(pipefd[0]);
	io_uring_queue_exit(&ring);
}

static void test_poll_multishot(void **state)
{
	struct answer answer;
	struct io_uring ring;
	int pipefd[2];
	char byte;

	(void)state;
	need_kernel(5, 13, "multishot poll");
	open_ring(&ring, 4, 0);
	sys(pipe(pipefd));
	io_uring_prep_poll_multishot(next_sqe(&ring), pipefd[0], POLLIN);
	assert_ret(1, io_uring_submit(&ring));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sys(write(pipefd[1], "x", 1)), 1);
		answer = next_answer(&ring);
		assert_int_equal(answer.res, POLLIN);
		assert_true(answer.flags & IORING_CQE_F_MORE);
		assert_int_equal(sys(read(pipefd[0], &byte, 1)), 1);
		assert_no_cqe(&ring);
	}
	io_uring_queue_exit(&ring);
	close(pipefd[0]);
	close(pipefd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_write),     cmocka_unit_test(test_close),
		cmocka_unit_test(test_accept),	       cmocka_unit_test(test_multishot_accept),
		cmocka_unit_test(test_accept_direct),  cmocka_unit_test(test_connect),
		cmocka_unit_test(test_socket),	       cmocka_unit_test(test_cmd_sock_bind),
		cmocka_unit_test(test_send_recv),      cmocka_unit_test(test_sendmsg_recvmsg),
		cmocka_unit_test(test_shutdown),       cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_timeout_remove), cmocka_unit_test(test_link_timeout),
		cmocka_unit_test(test_cancel),	       cmocka_unit_test(test_cancel_fd),
		cmocka_unit_test(test_poll),	       cmocka_unit_test(test_poll_multishot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
