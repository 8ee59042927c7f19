/* SPDX-License-Identifier: MIT */
/* Making sockets, naming, connecting and shutting them down, and their commands. */
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>

#include "net.h"

/* Needs the types of time.h, which net.h brings. */
#include <linux/errqueue.h>

/* ---- socket ---------------------------------------------------------------------------------- */

static void make_sockets(void)
{
	static const int domains[] = { AF_INET, AF_INET6, AF_UNIX };
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	static const int flags[] = { 0, SOCK_CLOEXEC, SOCK_NONBLOCK };
	struct io_uring ring;

	need_op(IORING_OP_SOCKET, "socket");
	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < 18; i++) {
		int domain = domains[i % 3], type = types[i / 3 % 2], flag = flags[i / 6], got = 0;
		struct io_uring_sqe *sqe = new_sqe(&ring);
		socklen_t len = sizeof(got);
		struct answer a;

		io_uring_prep_socket(sqe, domain, type | flag, 0, 0);
		a = run_one(&ring);
		if (a.res == -EAFNOSUPPORT && domain == AF_INET6)
			continue;
		check(a.res >= 0, "res is %d", a.res);
		sys(getsockopt(a.res, SOL_SOCKET, SO_DOMAIN, &got, &len));
		expect(got, domain);
		sys(getsockopt(a.res, SOL_SOCKET, SO_TYPE, &got, &len));
		expect(got, type);
		expect(fcntl(a.res, F_GETFD), flag == SOCK_CLOEXEC ? FD_CLOEXEC : 0);
		expect(fcntl(a.res, F_GETFL) & O_NONBLOCK, flag == SOCK_NONBLOCK ? O_NONBLOCK : 0);
		close(a.res);
	}
	io_uring_queue_exit(&ring);
}

static void sockets_in_slots(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	need_op(IORING_OP_SOCKET, "socket");
	open_ring(&ring, 8, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_socket_direct(sqe, AF_UNIX, SOCK_STREAM, 0, 0, 0);
	expect_error(&ring, "no table", -ENXIO);
	expect(io_uring_register_files_sparse(&ring, 2), 0);
	sqe = new_sqe(&ring);
	io_uring_prep_socket_direct(sqe, AF_UNIX, SOCK_STREAM, 0, 0, 0);
	expect_error(&ring, "slot 0", 0);
	sqe = new_sqe(&ring);
	io_uring_prep_socket_direct_alloc(sqe, AF_UNIX, SOCK_STREAM, 0, 0);
	expect_error(&ring, "any slot", 1);
	sqe = new_sqe(&ring);
	io_uring_prep_socket_direct_alloc(sqe, AF_UNIX, SOCK_STREAM, 0, 0);
	set_sqe(sqe, 1, IOSQE_IO_LINK);
	sqe = new_sqe(&ring);
	io_uring_prep_nop(sqe);
	set_sqe(sqe, 2, 0);
	submit(&ring, 2);
	/* Full; which in Linux 6.18 breaks no link, as the socket was made. */
	expect_answer(&ring, 1, -ENFILE);
	expect_answer(&ring, 2, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_socket_direct(sqe, AF_UNIX, SOCK_STREAM, 0, 2, 0);
	expect_error(&ring, "past the end", -EINVAL);
	sqe = new_sqe(&ring);
	io_uring_prep_socket_direct(sqe, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, 0, 0);
	expect_error(&ring, "close-on-exec", -EINVAL);
	/* A socket is there, and not connected. */
	sqe = new_sqe(&ring);
	io_uring_prep_recv(sqe, 1, fds, 1, 0);
	sqe->flags = IOSQE_FIXED_FILE;
	expect_error(&ring, "recv", -EINVAL);
	io_uring_queue_exit(&ring);
}

static void socket_errors(void)
{
	static const struct {
		const char *what;
		int domain, type, protocol;
		unsigned flags;
		int want;
	} rows[] = {
		{ "no family", 250, SOCK_STREAM, 0, 0, -EAFNOSUPPORT },
		{ "no type", AF_INET, 15, 0, 0, -EINVAL },
		{ "wrong type", AF_UNIX, SOCK_RDM, 0, 0, -ESOCKTNOSUPPORT },
		{ "wrong protocol", AF_INET, SOCK_STREAM, IPPROTO_UDP, 0, -EPROTONOSUPPORT },
		{ "flags", AF_INET, SOCK_STREAM, 0, 1, -EINVAL },
		{ "unknown flag in type", AF_INET, SOCK_STREAM | 1 << 20, 0, 0, -EINVAL },
	};
	struct io_uring ring;

	need_op(IORING_OP_SOCKET, "socket");
	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		io_uring_prep_socket(sqe, rows[i].domain, rows[i].type, rows[i].protocol,
				     rows[i].flags);
		expect_error(&ring, rows[i].what, rows[i].want);
	}
	io_uring_queue_exit(&ring);
}

/* ---- bind, listen, connect, shutdown --------------------------------------------------------- */

static int run_connect(struct io_uring *ring, int fd, const void *addr, socklen_t len)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_connect(sqe, fd, addr, len);
	return run_one(ring).res;
}

static int run_bind(struct io_uring *ring, int fd, const void *addr, socklen_t len)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_bind(sqe, fd, addr, len);
	return run_one(ring).res;
}

static int run_listen(struct io_uring *ring, int fd, int backlog)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_listen(sqe, fd, backlog);
	return run_one(ring).res;
}

static void bind_listen_connect(void)
{
	int server = (int)sys(socket(AF_UNIX, SOCK_STREAM, 0));
	int client = (int)sys(socket(AF_UNIX, SOCK_STREAM, 0));
	struct sockaddr_un addr = unix_address("server");
	struct io_uring ring;
	int fd;

	need_op(IORING_OP_LISTEN, "bind and listen");
	open_ring(&ring, 8, 0);
	expect(run_connect(&ring, client, &addr, sizeof(addr)), -ENOENT);
	expect(run_bind(&ring, server, &addr, sizeof(addr)), 0);
	check(!access("server", F_OK), "no name in the folder");
	expect(run_connect(&ring, client, &addr, sizeof(addr)), -ECONNREFUSED);
	expect(run_listen(&ring, server, 5), 0);
	expect(run_connect(&ring, client, &addr, sizeof(addr)), 0);
	expect(run_connect(&ring, client, &addr, sizeof(addr)), -EISCONN);
	fd = (int)sys(accept(server, NULL, NULL));
	peer_sends(client, 0, 9);
	peer_receives(fd, 0, 9);
	io_uring_queue_exit(&ring);
	close(fd);
	close(client);
	close(server);
}

static void bind_errors(void)
{
	struct sockaddr_in taken, addr;
	int holder = tcp_listener(&taken), fresh = (int)sys(socket(AF_INET, SOCK_STREAM, 0));
	struct sockaddr_storage big = { .ss_family = AF_INET };
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	need_op(IORING_OP_LISTEN, "bind and listen");
	open_ring(&ring, 8, 0);
	addr = taken;
	expect(run_bind(&ring, fresh, &taken, sizeof(taken)), -EADDRINUSE);
	expect(run_bind(&ring, fresh, BAD_POINTER, sizeof(taken)), -EFAULT);
	expect(run_bind(&ring, fresh, &taken, 3), -EINVAL);
	expect(run_bind(&ring, fresh, &big, sizeof(big) + 1), -EINVAL);
	addr.sin_addr.s_addr = htonl(0x08080808);
	expect(run_bind(&ring, fresh, &addr, sizeof(addr)), -EADDRNOTAVAIL);
	expect(run_bind(&ring, STDERR_FILENO, &taken, sizeof(taken)), -ENOTSOCK);
	expect(run_bind(&ring, 9999, &taken, sizeof(taken)), -EBADF);
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	addr.sin_port = 0;
	expect(run_bind(&ring, fresh, &addr, sizeof(addr)), 0);
	expect(run_bind(&ring, fresh, &addr, sizeof(addr)), -EINVAL);
	sqe = new_sqe(&ring);
	io_uring_prep_bind(sqe, fresh, (struct sockaddr *)&addr, sizeof(addr));
	sqe->len = 1;
	expect_error(&ring, "len", -EINVAL);
	io_uring_queue_exit(&ring);
	close(fresh);
	close(holder);
}

static void listen_errors(void)
{
	struct io_uring_sqe *sqe;
	struct sockaddr_in addr;
	struct io_uring ring;
	int fds[2], udp = udp_socket(&addr);

	need_op(IORING_OP_LISTEN, "bind and listen");
	open_ring(&ring, 8, 0);
	tcp_pair(fds);
	expect(run_listen(&ring, udp, 1), -EOPNOTSUPP);
	expect(run_listen(&ring, fds[0], 1), -EINVAL);
	expect(run_listen(&ring, STDERR_FILENO, 1), -ENOTSOCK);
	expect(run_listen(&ring, 9999, 1), -EBADF);
	sqe = new_sqe(&ring);
	io_uring_prep_listen(sqe, udp, 1);
	sqe->addr = 1;
	expect_error(&ring, "addr", -EINVAL);
	sqe = new_sqe(&ring);
	io_uring_prep_listen(sqe, udp, 1);
	sqe->off = 1;
	expect_error(&ring, "off", -EINVAL);
	io_uring_queue_exit(&ring);
	close_pair(fds);
	close(udp);
}

static void connect_tcp(void)
{
	struct sockaddr_in addr;
	int listener = tcp_listener(&addr), fd, server;
	static const int flags[] = { 0, SOCK_NONBLOCK };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		fd = (int)sys(socket(AF_INET, SOCK_STREAM | flags[i], 0));
		/* -EINPROGRESS is not for O_NONBLOCK sockets either. */
		expect(run_connect(&ring, fd, &addr, sizeof(addr)), 0);
		server = (int)sys(accept(listener, NULL, NULL));
		peer_sends(fd, 0, 5);
		peer_receives(server, 0, 5);
		expect(run_connect(&ring, fd, &addr, sizeof(addr)), -EISCONN);
		close(fd);
		close(server);
	}
	close(listener);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		fd = (int)sys(socket(AF_INET, SOCK_STREAM | flags[i], 0));
		expect(run_connect(&ring, fd, &addr, sizeof(addr)), -ECONNREFUSED);
		close(fd);
	}
	io_uring_queue_exit(&ring);
}

static void connect_waits(void)
{
	struct sockaddr_un addr = unix_address("busy");
	int server = (int)sys(socket(AF_UNIX, SOCK_STREAM, 0)), fds[3];
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	sys(bind(server, (struct sockaddr *)&addr, sizeof(addr)));
	sys(listen(server, 0));
	for (int i = 0; i < 3; i++)
		fds[i] = (int)sys(socket(AF_UNIX, SOCK_STREAM, 0));
	/* The queue of a backlog of 0 holds one. */
	expect(run_connect(&ring, fds[0], &addr, sizeof(addr)), 0);
	sqe = new_sqe(&ring);
	io_uring_prep_connect(sqe, fds[1], (struct sockaddr *)&addr, sizeof(addr));
	set_sqe(sqe, 2, 0);
	submit(&ring, 1);
	memset(&addr, 0xff, sizeof(addr));
	expect_none(&ring, 10);
	close((int)sys(accept(server, NULL, NULL)));
	expect_answer(&ring, 2, 0);
	close((int)sys(accept(server, NULL, NULL)));
	io_uring_queue_exit(&ring);
	close(server);
}

/* Also if the socket is one that connect(2) would block for. */
static void connect_is_bounded(void)
{
	struct sockaddr_in addr;
	struct __kernel_timespec soon = { .tv_nsec = 20000000 };
	struct answer answers[2];
	int server = tcp_listener(&addr), fds[3];
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	sys(listen(server, 0));
	for (int i = 0; i < 3; i++)
		fds[i] = (int)sys(socket(AF_INET, SOCK_STREAM, 0));
	expect(run_connect(&ring, fds[0], &addr, sizeof(addr)), 0);
	sqe = new_sqe(&ring);
	io_uring_prep_connect(sqe, fds[1], (struct sockaddr *)&addr, sizeof(addr));
	set_sqe(sqe, 1, IOSQE_IO_LINK);
	sqe = new_sqe(&ring);
	io_uring_prep_link_timeout(sqe, &soon, 0);
	set_sqe(sqe, 2, 0);
	submit(&ring, 2);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	expect(answers[1].res, -ETIME);
	sqe = new_sqe(&ring);
	io_uring_prep_connect(sqe, fds[2], (struct sockaddr *)&addr, sizeof(addr));
	set_sqe(sqe, 3, 0);
	submit(&ring, 1);
	expect_none(&ring, 10);
	sqe = new_sqe(&ring);
	io_uring_prep_cancel64(sqe, 3, 0);
	set_sqe(sqe, 4, 0);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	expect(answers[1].res, 0);
	io_uring_queue_exit(&ring);
	close(server);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void connect_udp(void)
{
	struct sockaddr_in addr;
	int fds[2] = { udp_socket(&addr), (int)sys(socket(AF_INET, SOCK_DGRAM, 0)) };
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(run_connect(&ring, fds[1], &addr, sizeof(addr)), 0);
	peer_sends(fds[1], 0, 9);
	peer_receives(fds[0], 0, 9);
	/* As often as one likes, and off again. */
	expect(run_connect(&ring, fds[1], &addr, sizeof(addr)), 0);
	expect(run_connect(&ring, fds[1], &none, sizeof(none)), 0);
	expect(write(fds[1], "x", 1), -1);
	expect(errno, EDESTADDRREQ);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void connect_errors(void)
{
	struct sockaddr_storage big = { .ss_family = AF_INET };
	int fd = (int)sys(socket(AF_INET, SOCK_STREAM, 0));
	struct sockaddr_un other = unix_address("x");
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(run_connect(&ring, 9999, &big, 16), -EBADF);
	expect(run_connect(&ring, STDERR_FILENO, &big, 16), -ENOTSOCK);
	expect(run_connect(&ring, fd, BAD_POINTER, 16), -EFAULT);
	expect(run_connect(&ring, fd, &big, sizeof(big) + 1), -EINVAL);
	expect(run_connect(&ring, fd, &big, 3), -EINVAL);
	expect(run_connect(&ring, fd, &other, sizeof(other)), -EAFNOSUPPORT);
	sqe = new_sqe(&ring);
	io_uring_prep_connect(sqe, fd, (struct sockaddr *)&big, 16);
	sqe->len = 1;
	expect_error(&ring, "len", -EINVAL);
	sqe = new_sqe(&ring);
	io_uring_prep_connect(sqe, fd, (struct sockaddr *)&big, 16);
	sqe->rw_flags = 1;
	expect_error(&ring, "flags", -EINVAL);
	io_uring_queue_exit(&ring);
	close(fd);
}

static int run_shutdown(struct io_uring *ring, int fd, int how)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_shutdown(sqe, fd, how);
	return run_one(ring).res;
}

static void shut_down(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];
	char byte;

	open_ring(&ring, 8, 0);
	tcp_pair(fds);
	expect(run_shutdown(&ring, fds[0], SHUT_WR), 0);
	expect(read(fds[1], &byte, 1), 0);
	expect(send(fds[0], "x", 1, MSG_NOSIGNAL), -1);
	peer_sends(fds[1], 0, 4);
	peer_receives(fds[0], 0, 4);
	expect(run_shutdown(&ring, fds[0], SHUT_RDWR), 0);
	expect(read(fds[0], &byte, 1), 0);
	expect(run_shutdown(&ring, fds[0], 3), -EINVAL);
	expect(run_shutdown(&ring, (int)sys(socket(AF_INET, SOCK_STREAM, 0)), SHUT_WR), -ENOTCONN);
	expect(run_shutdown(&ring, STDERR_FILENO, SHUT_WR), -ENOTSOCK);
	expect(run_shutdown(&ring, 9999, SHUT_WR), -EBADF);
	sqe = new_sqe(&ring);
	io_uring_prep_shutdown(sqe, fds[0], SHUT_WR);
	sqe->addr = 1;
	expect_error(&ring, "addr", -EINVAL);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

/* ---- Commands -------------------------------------------------------------------------------- */

static int run_command(struct io_uring *ring, int op, int fd, int level, int name, void *value,
		       int size)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_cmd_sock(sqe, op, fd, level, name, value, size);
	return run_one(ring).res;
}

static void queued_bytes(void)
{
	static const enum pair_kind kinds[] = { TCP, UDP };
	struct io_uring ring;
	int fds[2];

	need_linux(6, 7, "SOCKET_URING_OP_SIOCINQ");
	open_ring(&ring, 8, 0);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		open_pair(kinds[k], fds);
		expect(run_command(&ring, SOCKET_URING_OP_SIOCINQ, fds[0], 0, 0, NULL, 0), 0);
		peer_sends(fds[1], 0, 77);
		wait_ready(fds[0], POLLIN);
		expect(run_command(&ring, SOCKET_URING_OP_SIOCINQ, fds[0], 0, 0, NULL, 0), 77);
		expect(run_command(&ring, SOCKET_URING_OP_SIOCOUTQ, fds[0], 0, 0, NULL, 0), 0);
		close_pair(fds);
	}
	tcp_pair(fds);
	fill(fds[0]);
	check(run_command(&ring, SOCKET_URING_OP_SIOCOUTQ, fds[0], 0, 0, NULL, 0) > 0,
	      "nothing is unsent");
	close_pair(fds);
	io_uring_queue_exit(&ring);
}

static void socket_options(void)
{
	int one = 1, got = 0;
	struct io_uring ring;
	int fds[2];

	need_linux(6, 7, "SOCKET_URING_OP_SETSOCKOPT");
	open_ring(&ring, 8, 0);
	tcp_pair(fds);
	expect(run_command(&ring, SOCKET_URING_OP_SETSOCKOPT, fds[0], SOL_SOCKET, SO_KEEPALIVE,
			   &one, sizeof(one)),
	       0);
	/* The length is the result. */
	expect(run_command(&ring, SOCKET_URING_OP_GETSOCKOPT, fds[0], SOL_SOCKET, SO_KEEPALIVE,
			   &got, sizeof(got)),
	       sizeof(got));
	expect(got, 1);
	got = 0;
	expect(run_command(&ring, SOCKET_URING_OP_GETSOCKOPT, fds[0], SOL_SOCKET, SO_KEEPALIVE,
			   &got, 1),
	       1);
	/* Setting is for all levels, getting for SOL_SOCKET only. */
	expect(run_command(&ring, SOCKET_URING_OP_SETSOCKOPT, fds[0], IPPROTO_TCP, TCP_NODELAY,
			   &one, sizeof(one)),
	       0);
	expect(run_command(&ring, SOCKET_URING_OP_GETSOCKOPT, fds[0], IPPROTO_TCP, TCP_NODELAY,
			   &got, sizeof(got)),
	       -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void command_errors(void)
{
	struct sockaddr_in addr;
	int one = 1, listener = tcp_listener(&addr), fds[2];
	struct io_uring ring;

	need_linux(6, 7, "socket commands");
	open_ring(&ring, 8, 0);
	unix_pair(fds);
	const struct {
		const char *what;
		int op, fd, level, name;
		void *value;
		int size, want;
	} rows[] = {
		{ "unknown", 200, listener, 0, 0, NULL, 0, -EOPNOTSUPP },
		{ "no file", SOCKET_URING_OP_SIOCINQ, 9999, 0, 0, NULL, 0, -EBADF },
		{ "listening in", SOCKET_URING_OP_SIOCINQ, listener, 0, 0, NULL, 0, -EINVAL },
		{ "listening out", SOCKET_URING_OP_SIOCOUTQ, listener, 0, 0, NULL, 0, -EINVAL },
		/* Only sockets whose protocol has an ioctl of its own answer. */
		{ "UNIX in", SOCKET_URING_OP_SIOCINQ, fds[0], 0, 0, NULL, 0, -EOPNOTSUPP },
		{ "unknown option", SOCKET_URING_OP_GETSOCKOPT, listener, SOL_SOCKET, 9999, &one, 4,
		  -ENOPROTOOPT },
		{ "set unknown", SOCKET_URING_OP_SETSOCKOPT, listener, SOL_SOCKET, 9999, &one, 4,
		  -ENOPROTOOPT },
		{ "set too short", SOCKET_URING_OP_SETSOCKOPT, listener, SOL_SOCKET, SO_KEEPALIVE,
		  &one, 1, -EINVAL },
		{ "set negative", SOCKET_URING_OP_SETSOCKOPT, listener, SOL_SOCKET, SO_KEEPALIVE,
		  &one, -1, -EINVAL },
		{ "set out of memory", SOCKET_URING_OP_SETSOCKOPT, listener, SOL_SOCKET,
		  SO_KEEPALIVE, BAD_POINTER, 4, -EFAULT },
		{ "get out of memory", SOCKET_URING_OP_GETSOCKOPT, listener, SOL_SOCKET,
		  SO_KEEPALIVE, BAD_POINTER, 4, -EFAULT },
		{ "get negative", SOCKET_URING_OP_GETSOCKOPT, listener, SOL_SOCKET, SO_KEEPALIVE,
		  &one, -1, -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int res = run_command(&ring, rows[i].op, rows[i].fd, rows[i].level, rows[i].name,
				      rows[i].value, rows[i].size);

		check(res == rows[i].want, "%s: %d", rows[i].what, res);
	}
	io_uring_queue_exit(&ring);
	close_pair(fds);
	close(listener);
}

static void socket_names(void)
{
	struct sockaddr_in addr, got[2];
	struct io_uring ring;
	int fds[2];

	need_linux(6, 19, "SOCKET_URING_OP_GETSOCKNAME");
	open_ring(&ring, 8, 0);
	tcp_pair(fds);
	for (int peer = 0; peer < 2; peer++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);
		socklen_t len = sizeof(addr), got_len = sizeof(addr);

		io_uring_prep_cmd_getsockname(sqe, fds[0], (struct sockaddr *)&got[peer], &got_len,
					      peer);
		expect_error(&ring, "getsockname", 0);
		sys(getsockname(fds[peer], (struct sockaddr *)&addr, &len));
		expect(got_len, len);
		expect(got[peer].sin_port, addr.sin_port);
	}
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void transmit_timestamps(void)
{
	int flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
		    SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
	struct io_uring_sqe *sqe;
	struct answer answers[2], a;
	struct io_uring ring;
	int fds[2];

	need_linux(6, 17, "SOCKET_URING_OP_TX_TIMESTAMP");
	open_ring(&ring, 8, IORING_SETUP_CQE32);
	open_pair(UDP, fds);
	sys(setsockopt(fds[0], SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)));
	sqe = new_sqe(&ring);
	io_uring_prep_cmd_sock(sqe, SOCKET_URING_OP_TX_TIMESTAMP, fds[0], 0, 0, NULL, 0);
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	for (int i = 0; i < 3; i++) {
		peer_sends(fds[0], 0, 10);
		a = next_answer(&ring);
		expect(a.data, 1);
		expect(a.res, i);
		expect(a.flags & IORING_CQE_F_MORE, IORING_CQE_F_MORE);
		expect(a.flags >> IORING_TIMESTAMP_TYPE_SHIFT, SCM_TSTAMP_SND);
		expect(a.flags & IORING_CQE_F_TSTAMP_HW, 0);
		check(llabs((long long)a.extra[0] - (long long)time(NULL)) < 60, "not now");
		check(a.extra[1] < 1000000000, "no nanoseconds");
	}
	submit_cancel(&ring, 1, 2);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].flags, 0);
	expect(answers[1].res, 0);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void timestamp_errors(void)
{
	struct io_uring ring;
	int fds[2];

	need_linux(6, 17, "SOCKET_URING_OP_TX_TIMESTAMP");
	open_pair(UDP, fds);
	/* A short CQE has no room. */
	open_ring(&ring, 8, 0);
	expect(run_command(&ring, SOCKET_URING_OP_TX_TIMESTAMP, fds[0], 0, 0, NULL, 0), -EINVAL);
	io_uring_queue_exit(&ring);
	open_ring(&ring, 8, IORING_SETUP_CQE32);
	expect(run_command(&ring, SOCKET_URING_OP_TX_TIMESTAMP, 9999, 0, 0, NULL, 0), -EBADF);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

const struct conformance_case socket_cases[] = {
	{ "socket makes what it is asked for", make_sockets },
	{ "socket into a slot", sockets_in_slots },
	{ "errors of socket", socket_errors },
	{ "bind, listen and connect make a connection", bind_listen_connect },
	{ "errors of bind", bind_errors },
	{ "errors of listen", listen_errors },
	{ "connect waits for TCP's handshake, on O_NONBLOCK sockets too", connect_tcp },
	{ "connect waits for room in the queue, and needs no address then", connect_waits },
	{ "a connect that waits can be bounded and cancelled", connect_is_bounded },
	{ "connect of a UDP socket, again and off", connect_udp },
	{ "errors of connect", connect_errors },
	{ "shutdown ends one direction or both", shut_down },
	{ "commands tell how many bytes are queued", queued_bytes },
	{ "commands set and get socket options", socket_options },
	{ "errors of socket commands", command_errors },
	{ "commands tell the socket's and the peer's names", socket_names },
	{ "a command gives transmit timestamps", transmit_timestamps },
	{ "transmit timestamps need long CQEs", timestamp_errors },
	{ 0 },
};
