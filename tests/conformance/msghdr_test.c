/* SPDX-License-Identifier: MIT */
/* What goes with the bytes of a message: addresses, control data, vectors; and bad arguments. */
#include "cases/descriptors.h"
#include "net.h"

/* Runs a prepared message request and returns its result. */
static int run_message(struct io_uring *ring, bool send, int fd, struct msghdr *msg, unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	if (send)
		io_uring_prep_sendmsg(sqe, fd, msg, flags);
	else
		io_uring_prep_recvmsg(sqe, fd, msg, flags);
	set_sqe(sqe, 1, 0);
	return run_one(ring).res;
}

static bool same_address(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_family == b->sin_family && a->sin_port == b->sin_port &&
	       a->sin_addr.s_addr == b->sin_addr.s_addr;
}

/* ---- Addresses ------------------------------------------------------------------------------- */

static void send_to_address(void)
{
	struct sockaddr_in addrs[2], from;
	socklen_t len = sizeof(from);
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char in[8];
	int fds[2];

	open_ring(&ring, 8, 0);
	for (int i = 0; i < 2; i++)
		fds[i] = udp_socket(&addrs[i]);
	sqe = new_sqe(&ring);
	io_uring_prep_sendto(sqe, fds[0], "abc", 3, 0, (struct sockaddr *)&addrs[1],
			     sizeof(addrs[1]));
	expect_error(&ring, "sendto", 3);
	sqe = new_sqe(&ring);
	io_uring_prep_send(sqe, fds[0], "defg", 4, 0);
	io_uring_prep_send_set_addr(sqe, (struct sockaddr *)&addrs[1], sizeof(addrs[1]));
	expect_error(&ring, "send and address", 4);
	expect(recvfrom(fds[1], in, sizeof(in), 0, (struct sockaddr *)&from, &len), 3);
	check(same_address(&from, &addrs[0]), "from someone else");
	expect(recv(fds[1], in, sizeof(in), 0), 4);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void address_read_at_submit(void)
{
	struct sockaddr_un addr = unix_address("receiver");
	int fds[2], other, ones = 4608;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	size_t full;
	char in[8];

	open_ring(&ring, 8, 0);
	fds[0] = (int)sys(socket(AF_UNIX, SOCK_DGRAM, 0));
	fds[1] = (int)sys(socket(AF_UNIX, SOCK_DGRAM, 0));
	other = (int)sys(socket(AF_UNIX, SOCK_DGRAM, 0));
	sys(setsockopt(other, SOL_SOCKET, SO_SNDBUF, &ones, sizeof(ones)));
	sys(bind(fds[1], (struct sockaddr *)&addr, sizeof(addr)));
	/* This one's send buffer is full, so it has to wait. */
	sys(connect(other, (struct sockaddr *)&addr, sizeof(addr)));
	full = fill(other);
	sqe = new_sqe(&ring);
	io_uring_prep_sendto(sqe, other, "late", 4, 0, (struct sockaddr *)&addr, sizeof(addr));
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	expect_none(&ring, 10);
	memset(&addr, 0xff, sizeof(addr));
	while (full)
		full -= (size_t)sys(recv(fds[1], (char[8192]){ 0 }, 8192, 0));
	expect_answer(&ring, 1, 4);
	expect(recv(fds[1], in, sizeof(in), 0), 4);
	io_uring_queue_exit(&ring);
	close_pair(fds);
	close(other);
}

static void message_names(void)
{
	struct sockaddr_in addrs[2], from = { 0 };
	uint8_t in[8];
	struct iovec iov = { in, sizeof(in) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	for (int i = 0; i < 2; i++)
		fds[i] = udp_socket(&addrs[i]);
	msg.msg_name = &addrs[1];
	msg.msg_namelen = sizeof(addrs[1]);
	expect(run_message(&ring, true, fds[0], &msg, 0), 8);
	expect(run_message(&ring, true, fds[0], &msg, 0), 8);
	msg.msg_name = &from;
	msg.msg_namelen = sizeof(from);
	expect(run_message(&ring, false, fds[1], &msg, 0), 8);
	expect(msg.msg_namelen, sizeof(from));
	check(same_address(&from, &addrs[0]), "from someone else");
	/* The name is cut, its length is not. */
	memset(&from, 0xee, sizeof(from));
	msg.msg_namelen = 2;
	expect(run_message(&ring, false, fds[1], &msg, 0), 8);
	expect(msg.msg_namelen, sizeof(from));
	expect(from.sin_family, AF_INET);
	expect(from.sin_port, 0xeeee);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void no_name(void)
{
	struct sockaddr_in from;
	uint8_t in[8];
	struct iovec iov = { in, sizeof(in) };
	struct io_uring ring;
	int fds[2];

	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		struct msghdr msg = { .msg_name = &from,
				      .msg_namelen = sizeof(from),
				      .msg_iov = &iov,
				      .msg_iovlen = 1 };

		open_ring(&ring, 8, 0);
		open_pair(kind, fds);
		peer_sends(fds[1], 0, 8);
		wait_ready(fds[0], POLLIN);
		expect(run_message(&ring, false, fds[0], &msg, 0), 8);
		/* TCP and unnamed UNIX sockets have none. */
		expect(msg.msg_namelen, kind == UDP ? sizeof(from) : 0);
		io_uring_queue_exit(&ring);
		close_pair(fds);
	}
}

/* ---- Control data ---------------------------------------------------------------------------- */

static void pass_files(void)
{
	int fds[2], pipe_fds[2], got[2];
	union control control;
	struct iovec iov = { &(char){ 'x' }, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	make_pipe(pipe_fds);
	attach_descriptors(&msg, &control, pipe_fds[1], 2);
	expect(run_message(&ring, true, fds[0], &msg, 0), 1);
	close(pipe_fds[1]);
	msg.msg_controllen = sizeof(control);
	expect(run_message(&ring, false, fds[1], &msg, MSG_CMSG_CLOEXEC), 1);
	expect(msg.msg_controllen, CMSG_SPACE(sizeof(got)));
	expect(msg.msg_flags & ~MSG_CMSG_CLOEXEC, 0);
	memcpy(got, CMSG_DATA(&control.align), sizeof(got));
	expect(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	expect(fcntl(got[1], F_GETFD), FD_CLOEXEC);
	peer_sends(got[0], 0, 5);
	peer_sends(got[1], 5, 5);
	peer_receives(pipe_fds[0], 0, 10);
	io_uring_queue_exit(&ring);
	close_pair(fds);
	close_pair(got);
	close(pipe_fds[0]);
}

static void control_truncated(void)
{
	int fds[2], pipe_fds[2], got;
	union control control;
	struct iovec iov = { &(char){ 'x' }, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	make_pipe(pipe_fds);
	attach_descriptors(&msg, &control, pipe_fds[1], 4);
	expect(run_message(&ring, true, fds[0], &msg, 0), 1);
	expect(run_message(&ring, true, fds[0], &msg, 0), 1);
	close(pipe_fds[1]);
	/* Room for one. */
	msg.msg_controllen = CMSG_LEN(sizeof(int));
	expect(run_message(&ring, false, fds[1], &msg, 0), 1);
	expect(msg.msg_flags & MSG_CTRUNC, MSG_CTRUNC);
	expect(control.align.cmsg_len, CMSG_LEN(sizeof(int)));
	memcpy(&got, CMSG_DATA(&control.align), sizeof(got));
	close(got);
	/* A plain recv drops them all: nobody holds the pipe's end any more. */
	expect(recv(fds[1], &got, 1, 0), 1);
	expect(read(pipe_fds[0], &got, 1), 0);
	io_uring_queue_exit(&ring);
	close_pair(fds);
	close(pipe_fds[0]);
}

static void bad_control(void)
{
	static const struct {
		const char *what;
		size_t len, cmsg_len;
		int fd, want;
	} rows[] = {
		{ "a length that ends before the header", CMSG_SPACE(4), 4, 0, -EINVAL },
		{ "a length past the end", CMSG_SPACE(4), CMSG_LEN(400), 0, -EINVAL },
		{ "no such file", CMSG_SPACE(4), CMSG_LEN(4), -1, -EBADF },
		{ "no whole header", 4, CMSG_LEN(4), 0, 1 },
		{ "more than the kernel takes", INT_MAX, CMSG_LEN(4), 0, -ENOBUFS },
	};
	struct iovec iov = { &(char){ 'x' }, 1 };
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		union control control;
		int res;

		attach_descriptors(&msg, &control, rows[i].fd, 1);
		control.align.cmsg_len = rows[i].cmsg_len;
		msg.msg_controllen = rows[i].len;
		res = run_message(&ring, true, fds[0], &msg, 0);
		check(res == rows[i].want, "%s: %d", rows[i].what, res);
	}
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void received_control(void)
{
	int fds[2], on = 1;
	union control control = { 0 };
	struct iovec iov = { &(char){ 'x' }, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;
	struct io_uring ring;
	struct ucred cred;

	open_ring(&ring, 8, 0);
	open_pair(UNIX_DATAGRAM, fds);
	sys(setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	peer_sends(fds[0], 0, 1);
	expect(run_message(&ring, false, fds[1], &msg, 0), 1);
	cmsg = CMSG_FIRSTHDR(&msg);
	check(cmsg && cmsg->cmsg_type == SCM_CREDENTIALS, "no credentials came");
	memcpy(&cred, CMSG_DATA(cmsg), sizeof(cred));
	expect(cred.pid, getpid());
	expect(msg.msg_controllen, CMSG_SPACE(sizeof(cred)));
	/* Nothing there: the length says so. */
	sys(setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &(int){ 0 }, sizeof(on)));
	peer_sends(fds[0], 0, 1);
	expect(run_message(&ring, false, fds[1], &msg, 0), 1);
	expect(msg.msg_controllen, 0);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void error_queue(void)
{
	union control control = { 0 };
	struct iovec iov = { &(char){ 0 }, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control) };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	open_pair(UDP, fds);
	sys(setsockopt(fds[0], IPPROTO_IP, IP_RECVERR, &(int){ 1 }, sizeof(int)));
	sqe = new_sqe(&ring);
	io_uring_prep_recvmsg(sqe, fds[0], &msg, MSG_ERRQUEUE);
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	expect_none(&ring, 10);
	close(fds[1]);
	peer_sends(fds[0], 0, 1);
	/* The datagram that nobody took comes back. */
	expect_answer(&ring, 1, 1);
	expect(msg.msg_flags & MSG_ERRQUEUE, MSG_ERRQUEUE);
	expect(control.align.cmsg_level, IPPROTO_IP);
	expect(control.align.cmsg_type, IP_RECVERR);
	io_uring_queue_exit(&ring);
	close(fds[0]);
}

/* ---- Vectors --------------------------------------------------------------------------------- */

static void scatter_and_gather(void)
{
	uint8_t out[100], in[100] = { 0 };
	struct iovec from[] = { { out, 1 }, { out + 1, 0 }, { out + 1, 59 }, { out + 60, 40 } };
	struct iovec to[] = { { in, 50 }, { NULL, 0 }, { in + 50, 50 } };
	struct msghdr out_msg = { .msg_iov = from, .msg_iovlen = 4 };
	struct msghdr in_msg = { .msg_iov = to, .msg_iovlen = 3, .msg_flags = -1 };
	struct io_uring ring;
	int fds[2];

	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		open_ring(&ring, 8, 0);
		open_pair(kind, fds);
		fill_pattern(out, sizeof(out));
		expect(run_message(&ring, true, fds[0], &out_msg, 0), 100);
		expect(run_message(&ring, false, fds[1], &in_msg, 0), 100);
		expect_pattern(in, 0, 100);
		expect(in_msg.msg_flags & ~MSG_EOR, 0);
		io_uring_queue_exit(&ring);
		close_pair(fds);
	}
}

static void datagram_cut(void)
{
	uint8_t in[4];
	struct iovec iov = { in, sizeof(in) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	open_pair(UDP, fds);
	for (int i = 0; i < 3; i++)
		peer_sends(fds[0], 0, 10);
	expect(run_message(&ring, false, fds[1], &msg, 0), 4);
	expect(msg.msg_flags, MSG_TRUNC);
	expect(run_message(&ring, false, fds[1], &msg, MSG_TRUNC), 10);
	expect(msg.msg_flags & MSG_TRUNC, MSG_TRUNC);
	/* Without a vector, the datagram is dropped all the same. */
	msg.msg_iovlen = 0;
	expect(run_message(&ring, false, fds[1], &msg, 0), 0);
	expect(msg.msg_flags, MSG_TRUNC);
	expect(recv(fds[1], in, sizeof(in), MSG_DONTWAIT), -1);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void message_stable(void)
{
	uint8_t in[8] = { 0 };
	struct sockaddr_in from, addr;
	struct iovec iov = { in, sizeof(in) };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1
	};
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd, peer;

	open_ring(&ring, 8, 0);
	fd = udp_socket(&addr);
	peer = (int)sys(socket(AF_INET, SOCK_DGRAM, 0));
	sys(connect(peer, (struct sockaddr *)&addr, sizeof(addr)));
	sqe = new_sqe(&ring);
	io_uring_prep_recvmsg(sqe, fd, &msg, 0);
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	memset(&iov, 0xff, sizeof(iov));
	memset(&msg, 0xff, sizeof(msg));
	/* Linux 6.18 reads this one again at the end, to cut the name: it alone must stay. */
	msg.msg_namelen = sizeof(from);
	expect_none(&ring, 10);
	peer_sends(peer, 0, 8);
	expect_answer(&ring, 1, 8);
	expect_pattern(in, 0, 8);
	expect(from.sin_family, AF_INET);
	/* What is an output is written, where the message was. */
	expect(msg.msg_namelen, sizeof(from));
	expect(msg.msg_flags, 0);
	expect(msg.msg_controllen, 0);
	io_uring_queue_exit(&ring);
	close(fd);
	close(peer);
}

static void vectorised_send(void)
{
	uint8_t out[100];
	struct iovec iov[] = { { out, 30 }, { out + 30, 0 }, { out + 30, 70 } };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	need_linux(6, 17, "IORING_SEND_VECTORIZED");
	open_ring(&ring, 8, 0);
	unix_pair(fds);
	fill_pattern(out, sizeof(out));
	sqe = new_sqe(&ring);
	io_uring_prep_send(sqe, fds[0], iov, 3, 0);
	sqe->ioprio = IORING_SEND_VECTORIZED;
	expect_error(&ring, "vectorised send", 100);
	peer_receives(fds[1], 0, 100);
	sqe = new_sqe(&ring);
	io_uring_prep_send(sqe, fds[0], BAD_POINTER, 3, 0);
	sqe->ioprio = IORING_SEND_VECTORIZED;
	expect_error(&ring, "bad vector", -EFAULT);
	sqe = new_sqe(&ring);
	io_uring_prep_recv(sqe, fds[0], iov, 3, 0);
	sqe->ioprio = IORING_SEND_VECTORIZED;
	expect_error(&ring, "vectorised recv", -EINVAL);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

/* ---- Bad arguments --------------------------------------------------------------------------- */

static void bad_messages(void)
{
	char byte = 'x';
	struct iovec good = { &byte, 1 }, bad_base = { BAD_POINTER, 1 }, huge = { &byte, SIZE_MAX };
	const struct {
		const char *what;
		struct msghdr msg;
		int sent, received;
	} rows[] = {
		{ "a vector out of memory",
		  { .msg_iov = BAD_POINTER, .msg_iovlen = 1 },
		  -EFAULT,
		  -EFAULT },
		{ "bytes out of memory",
		  { .msg_iov = &bad_base, .msg_iovlen = 1 },
		  -EFAULT,
		  -EFAULT },
		{ "an element of negative length",
		  { .msg_iov = &huge, .msg_iovlen = 1 },
		  -EINVAL,
		  -EINVAL },
		{ "a vector too long",
		  { .msg_iov = &good, .msg_iovlen = IOV_MAX + 1 },
		  -EMSGSIZE,
		  -EMSGSIZE },
		{ "a name out of memory",
		  { .msg_name = BAD_POINTER,
		    .msg_namelen = sizeof(struct sockaddr_in),
		    .msg_iov = &good,
		    .msg_iovlen = 1 },
		  -EFAULT,
		  -EFAULT },
		{ "a name of negative length",
		  { .msg_name = &byte,
		    .msg_namelen = (socklen_t)-1,
		    .msg_iov = &good,
		    .msg_iovlen = 1 },
		  -EINVAL,
		  -EINVAL },
		{ "control data out of memory",
		  { .msg_iov = &good,
		    .msg_iovlen = 1,
		    .msg_control = BAD_POINTER,
		    .msg_controllen = 64 },
		  -EFAULT,
		  1 },
	};
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	open_pair(UDP, fds);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct msghdr msg = rows[i].msg;
		int res = run_message(&ring, true, fds[0], &msg, 0);

		check(res == rows[i].sent, "sending %s: %d", rows[i].what, res);
		msg = rows[i].msg;
		peer_sends(fds[0], 0, 1);
		res = run_message(&ring, false, fds[1], &msg, 0);
		check(res == rows[i].received, "receiving %s: %d", rows[i].what, res);
		recv(fds[1], &byte, 1, MSG_DONTWAIT);
	}
	for (int slot = 0; slot < 2; slot++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		/* An empty one: what the msghdr says comes before the file. */
		if (slot)
			io_uring_prep_sendmsg(sqe, 0, BAD_POINTER, 0);
		else
			io_uring_prep_recvmsg(sqe, 0, BAD_POINTER, 0);
		sqe->flags |= IOSQE_FIXED_FILE;
		expect_error(&ring, "no file", -EFAULT);
	}
	expect(run_message(&ring, true, fds[0], BAD_POINTER, 0), -EFAULT);
	expect(run_message(&ring, false, fds[0], BAD_POINTER, 0), -EFAULT);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void bad_buffers(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	uint8_t in[8];
	int fds[2];

	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		bool stream = kind == TCP || kind == UNIX_STREAM;

		open_ring(&ring, 8, 0);
		open_pair(kind, fds);
		sqe = new_sqe(&ring);
		io_uring_prep_send(sqe, fds[0], BAD_POINTER, 8, 0);
		expect_error(&ring, "send", -EFAULT);
		peer_sends(fds[0], 0, 8);
		wait_ready(fds[1], POLLIN);
		sqe = new_sqe(&ring);
		io_uring_prep_recv(sqe, fds[1], BAD_POINTER, 8, 0);
		expect_error(&ring, "recv", -EFAULT);
		/* A stream has lost nothing. */
		if (stream)
			expect(recv(fds[1], in, sizeof(in), MSG_DONTWAIT), 8);
		io_uring_queue_exit(&ring);
		close_pair(fds);
	}
}

static void bad_addresses(void)
{
	struct sockaddr_storage addr = { .ss_family = AF_INET };
	const struct {
		const char *what;
		const void *addr;
		uint16_t len;
		int want;
	} rows[] = {
		{ "none", NULL, 0, -EDESTADDRREQ },
		{ "out of memory", BAD_POINTER, sizeof(struct sockaddr_in), -EFAULT },
		{ "too long", &addr, sizeof(addr) + 1, -EINVAL },
		{ "too short", &addr, 3, -EINVAL },
		{ "port 0", &addr, sizeof(struct sockaddr_in), -EINVAL },
	};
	struct io_uring ring;
	int fd = (int)sys(socket(AF_INET, SOCK_DGRAM, 0));

	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		io_uring_prep_sendto(sqe, fd, "x", 1, 0, rows[i].addr, rows[i].len);
		expect_error(&ring, rows[i].what, rows[i].want);
	}
	io_uring_queue_exit(&ring);
	close(fd);
}

static void socket_states(void)
{
	struct sockaddr_in addr;
	int listener = tcp_listener(&addr), fresh, udp;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	static char big[70000];

	open_ring(&ring, 8, 0);
	fresh = (int)sys(socket(AF_INET, SOCK_STREAM, 0));
	udp = udp_socket(&addr);
	const struct {
		const char *what;
		int fd;
		size_t size;
		int sent, received;
	} rows[] = {
		{ "not connected", fresh, 1, -EPIPE, -ENOTCONN },
		{ "listening", listener, 1, -EPIPE, -ENOTCONN },
		{ "UDP without a peer", udp, 1, -EDESTADDRREQ, -EAGAIN },
		{ "no socket", STDERR_FILENO, 1, -ENOTSOCK, -ENOTSOCK },
		{ "no file", 9999, 1, -EBADF, -EBADF },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		sqe = new_sqe(&ring);
		io_uring_prep_send(sqe, rows[i].fd, big, rows[i].size, 0);
		expect_error(&ring, rows[i].what, rows[i].sent);
		sqe = new_sqe(&ring);
		io_uring_prep_recv(sqe, rows[i].fd, big, rows[i].size, MSG_DONTWAIT);
		expect_error(&ring, rows[i].what, rows[i].received);
	}
	sqe = new_sqe(&ring);
	io_uring_prep_sendto(sqe, udp, big, sizeof(big), 0, (struct sockaddr *)&addr, sizeof(addr));
	expect_error(&ring, "a datagram too big", -EMSGSIZE);
	io_uring_queue_exit(&ring);
	close(listener);
	close(fresh);
	close(udp);
}

static void bad_fields(void)
{
	static const struct {
		const char *what;
		int op;
		uint16_t ioprio;
		uint32_t file_index;
		uint64_t addr2;
		unsigned flags;
	} rows[] = {
		{ "recv, unknown flag", IORING_OP_RECV, 1 << 14, 0, 0, 0 },
		{ "send, unknown flag", IORING_OP_SEND, 1 << 14, 0, 0, 0 },
		{ "recv, addr2", IORING_OP_RECV, 0, 0, 1, 0 },
		{ "recv, file_index", IORING_OP_RECV, 0, 1, 0, 0 },
		{ "recvmsg, addr2", IORING_OP_RECVMSG, 0, 0, 1, 0 },
		{ "sendmsg, addr2", IORING_OP_SENDMSG, 0, 0, 1, 0 },
		{ "sendmsg, file_index", IORING_OP_SENDMSG, 0, 1, 0, 0 },
		{ "send, multishot", IORING_OP_SEND, IORING_RECV_MULTISHOT, 0, 0, 0 },
		{ "send, registered buffer", IORING_OP_SEND, IORING_RECVSEND_FIXED_BUF, 0, 0, 0 },
		{ "recv, registered buffer", IORING_OP_RECV, IORING_RECVSEND_FIXED_BUF, 0, 0, 0 },
		{ "recv, report usage", IORING_OP_RECV, IORING_SEND_ZC_REPORT_USAGE, 0, 0, 0 },
		{ "multishot recv, own buffer", IORING_OP_RECV, IORING_RECV_MULTISHOT, 0, 0, 0 },
		{ "bundle recvmsg", IORING_OP_RECVMSG, IORING_RECVSEND_BUNDLE, 0, 0,
		  IOSQE_BUFFER_SELECT },
	};
	uint8_t in[8];
	struct iovec iov = { in, sizeof(in) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	unix_pair(fds);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool message = rows[i].op == IORING_OP_SENDMSG || rows[i].op == IORING_OP_RECVMSG;

		sqe = new_sqe(&ring);
		io_uring_prep_rw(rows[i].op, sqe, fds[0], message ? (void *)&msg : in,
				 message ? 1 : 8, rows[i].addr2);
		sqe->msg_flags = MSG_DONTWAIT;
		sqe->ioprio = rows[i].ioprio;
		sqe->file_index = rows[i].file_index;
		sqe->flags = (uint8_t)rows[i].flags;
		expect_error(&ring, rows[i].what, -EINVAL);
	}
	/* Not an operation that takes buffers. */
	sqe = new_sqe(&ring);
	io_uring_prep_sendmsg(sqe, fds[0], &msg, MSG_DONTWAIT);
	set_sqe(sqe, 1, IOSQE_BUFFER_SELECT);
	expect_error(&ring, "sendmsg, buffer select", -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

const struct conformance_case msghdr_cases[] = {
	{ "send to an address", send_to_address },
	{ "the address is read when submitting", address_read_at_submit },
	{ "messages carry names, which are cut to fit", message_names },
	{ "only UDP has the name of a peer that is connected", no_name },
	{ "SCM_RIGHTS passes files", pass_files },
	{ "control data that does not fit is dropped, with MSG_CTRUNC", control_truncated },
	{ "errors of control data", bad_control },
	{ "recvmsg tells the credentials of the sender, or that there are none", received_control },
	{ "recvmsg with MSG_ERRQUEUE waits for an error", error_queue },
	{ "sendmsg gathers and recvmsg scatters", scatter_and_gather },
	{ "recvmsg tells with MSG_TRUNC that a datagram was cut", datagram_cut },
	{ "recvmsg that waits needs neither its pointers nor its iovecs", message_stable },
	{ "IORING_SEND_VECTORIZED sends a vector", vectorised_send },
	{ "errors of messages", bad_messages },
	{ "send and recv of bytes out of memory are -EFAULT", bad_buffers },
	{ "errors of addresses", bad_addresses },
	{ "errors by the state of the socket", socket_states },
	{ "errors of send's and recv's other fields", bad_fields },
	{ 0 },
};
