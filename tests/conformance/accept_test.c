/* SPDX-License-Identifier: MIT */
/* Accept, one connection or many. */
#include <sys/resource.h>

#include "net.h"

struct scene {
	struct io_uring ring;
	struct sockaddr_in addr;
	int listener;
};

static void open_scene(struct scene *s, unsigned slots)
{
	need_linux(5, 19, "multishot accept, and slots chosen by the kernel");
	open_ring(&s->ring, 8, 0);
	s->listener = tcp_listener(&s->addr);
	if (slots)
		expect(io_uring_register_files_sparse(&s->ring, slots), 0);
}

static void close_scene(struct scene *s)
{
	io_uring_queue_exit(&s->ring);
	close(s->listener);
}

static int client_of(const struct scene *s)
{
	int fd = (int)sys(socket(AF_INET, SOCK_STREAM, 0));

	sys(connect(fd, (const struct sockaddr *)&s->addr, sizeof(s->addr)));
	return fd;
}

static void submit_accept(struct scene *s, int flags, unsigned ioprio, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(&s->ring);

	io_uring_prep_accept(sqe, s->listener, NULL, NULL, flags);
	sqe->ioprio = (uint16_t)ioprio;
	set_sqe(sqe, data, 0);
	submit(&s->ring, 1);
}

static void submit_accept_direct(struct scene *s, int flags, unsigned slot, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(&s->ring);

	io_uring_prep_accept_direct(sqe, s->listener, NULL, NULL, flags, slot);
	set_sqe(sqe, data, 0);
	submit(&s->ring, 1);
}

static void submit_multishot(struct scene *s, bool direct, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(&s->ring);

	if (direct)
		io_uring_prep_multishot_accept_direct(sqe, s->listener, NULL, NULL, 0);
	else
		io_uring_prep_multishot_accept(sqe, s->listener, NULL, NULL, 0);
	set_sqe(sqe, data, 0);
	submit(&s->ring, 1);
}

/* Writes by the client arrive at the connection accepted as `fd`, or in slot `slot`. */
static void expect_connected(int client, int fd)
{
	peer_sends(client, 0, 5);
	peer_receives(fd, 0, 5);
}

static void expect_slot_connected(struct scene *s, int client, unsigned slot)
{
	struct io_uring_sqe *sqe = new_sqe(&s->ring);

	io_uring_prep_send(sqe, (int)slot, "hello", 5, 0);
	set_sqe(sqe, 99, IOSQE_FIXED_FILE);
	submit(&s->ring, 1);
	/* Fails if the slot is empty. */
	expect_answer(&s->ring, 99, 5);
	drain(client, 5);
}

static void accept_now_and_later(void)
{
	struct scene s;

	open_scene(&s, 0);
	for (int later = 0; later < 2; later++) {
		int client = -1;
		struct answer a;

		if (!later)
			client = client_of(&s);
		submit_accept(&s, 0, 0, 1);
		if (later) {
			expect_none(&s.ring, 10);
			client = client_of(&s);
		}
		a = next_but_nonempty(&s.ring);
		check(a.res >= 0, "res is %d", a.res);
		expect(a.flags, 0);
		expect_connected(client, a.res);
		close(client);
		close(a.res);
	}
	close_scene(&s);
}

static void accept_flags(void)
{
	static const struct {
		int flags, fd_flags;
		long file_flags;
	} rows[] = {
		{ 0, 0, 0 },
		{ SOCK_CLOEXEC, FD_CLOEXEC, 0 },
		{ SOCK_NONBLOCK, 0, O_NONBLOCK },
		{ SOCK_NONBLOCK | SOCK_CLOEXEC, FD_CLOEXEC, O_NONBLOCK },
	};
	struct scene s;

	open_scene(&s, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int client = client_of(&s), fd;

		submit_accept(&s, rows[i].flags, 0, 1);
		fd = next_answer(&s.ring).res;
		expect(fcntl(fd, F_GETFD), rows[i].fd_flags);
		expect(fcntl(fd, F_GETFL) & O_NONBLOCK, rows[i].file_flags);
		close(client);
		close(fd);
	}
	close_scene(&s);
}

static void accept_address(void)
{
	struct sockaddr_in own, addr;
	socklen_t own_len = sizeof(own);
	static const socklen_t room[] = { sizeof(addr), 64, 2 };
	struct scene s;

	open_scene(&s, 0);
	for (size_t i = 0; i < ARRAY_LEN(room); i++) {
		struct io_uring_sqe *sqe = new_sqe(&s.ring);
		socklen_t len = room[i];
		int client, fd;

		memset(&addr, 0xee, sizeof(addr));
		io_uring_prep_accept(sqe, s.listener, (struct sockaddr *)&addr, &len, 0);
		set_sqe(sqe, 1, 0);
		submit(&s.ring, 1);
		client = client_of(&s);
		sys(getsockname(client, (struct sockaddr *)&own, &own_len));
		fd = next_answer(&s.ring).res;
		check(fd >= 0, "res is %d", fd);
		expect(len, sizeof(own));
		expect(addr.sin_family, AF_INET);
		expect(addr.sin_port, room[i] > 2 ? own.sin_port : 0xeeee);
		close(fd);
		close(client);
	}
	close_scene(&s);
}

static void accept_unix(void)
{
	struct sockaddr_un addr = unix_address("listener"), peer;
	int listener = (int)sys(socket(AF_UNIX, SOCK_STREAM, 0)), client;
	socklen_t len = sizeof(peer);
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;

	open_ring(&ring, 8, 0);
	sys(bind(listener, (struct sockaddr *)&addr, sizeof(addr)));
	sys(listen(listener, 1));
	sqe = new_sqe(&ring);
	io_uring_prep_accept(sqe, listener, (struct sockaddr *)&peer, &len, 0);
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	client = (int)sys(socket(AF_UNIX, SOCK_STREAM, 0));
	sys(connect(client, (struct sockaddr *)&addr, sizeof(addr)));
	a = next_but_nonempty(&ring);
	check(a.res >= 0, "res is %d", a.res);
	/* A client without a name. */
	expect(len, sizeof(sa_family_t));
	expect_connected(client, a.res);
	io_uring_queue_exit(&ring);
	close(client);
	close(a.res);
	close(listener);
}

static void accept_without_waiting(void)
{
	struct scene s;
	int client, fd;

	need_linux(6, 10, "IORING_ACCEPT_DONTWAIT");
	open_scene(&s, 0);
	submit_accept(&s, 0, IORING_ACCEPT_DONTWAIT, 1);
	expect_answer(&s.ring, 1, -EAGAIN);
	client = client_of(&s);
	submit_accept(&s, 0, IORING_ACCEPT_DONTWAIT, 2);
	fd = next_answer(&s.ring).res;
	expect_connected(client, fd);
	/* An O_NONBLOCK listener is waited for all the same. */
	sys(fcntl(s.listener, F_SETFL, O_NONBLOCK));
	submit_accept(&s, 0, 0, 3);
	expect_none(&s.ring, 10);
	close(client);
	close(fd);
	client = client_of(&s);
	fd = next_answer(&s.ring).res;
	expect_connected(client, fd);
	close(client);
	close(fd);
	close_scene(&s);
}

/* Linux 6.18 polls first then. */
static void accept_many_async_without_waiting(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;
	struct answer a;
	int client;

	need_linux(6, 10, "IORING_ACCEPT_DONTWAIT");
	open_scene(&s, 0);
	sqe = new_sqe(&s.ring);
	io_uring_prep_multishot_accept(sqe, s.listener, NULL, NULL, 0);
	sqe->ioprio |= IORING_ACCEPT_DONTWAIT;
	set_sqe(sqe, 1, IOSQE_ASYNC);
	submit(&s.ring, 1);
	for (int i = 0; i < 2; i++) {
		expect_none(&s.ring, 10);
		client = client_of(&s);
		a = next_answer(&s.ring);
		expect(a.flags & IORING_CQE_F_MORE, IORING_CQE_F_MORE);
		expect_connected(client, a.res);
		close(client);
		close(a.res);
	}
	close_scene(&s);
}

/* What is due comes, however busy the machine is; what is not would be here soon. */
static int next_within(struct scene *s, struct io_uring_cqe **cqe, bool due)
{
	struct __kernel_timespec ts = MILLISECONDS(due ? 5000 : 10);

	return io_uring_wait_cqe_timeout(&s->ring, cqe, &ts);
}

/* A multishot accept: what comes at once, then for one more connection. */
static void expect_many(struct scene *s, unsigned there, unsigned flags, const char *want)
{
	char got[64] = "";
	struct io_uring_sqe *sqe;

	for (unsigned i = 0; i < there; i++)
		client_of(s);
	sqe = new_sqe(&s->ring);
	io_uring_prep_multishot_accept(sqe, s->listener, NULL, NULL, 0);
	sqe->ioprio |= IORING_ACCEPT_DONTWAIT;
	set_sqe(sqe, 1, flags);
	submit(&s->ring, 1);
	for (unsigned i = 0; i < 2; i++) {
		struct io_uring_cqe *cqe;

		while (!next_within(s, &cqe, want[strlen(got)] != (i ? '\0' : ' '))) {
			strcat(got, cqe->res == -EAGAIN			      ? "!"
				    : cqe->flags & IORING_CQE_F_SOCK_NONEMPTY ? "n"
									      : "a");
			io_uring_cqe_seen(&s->ring, cqe);
		}
		strcat(got, i ? "" : " ");
		client_of(s);
	}
	check(!strcmp(got, want), "%u there: '%s', not '%s'", there, got, want);
}

/* It ends where Linux tries once more, as it does not know, or has not polled yet. */
static void accept_many_without_waiting(void)
{
	static const struct {
		unsigned there, flags;
		const char *want;
	} rows[] = {
		{ 0, 0, "! " },		  { 1, 0, "a! " },	     { 2, 0, "na! " },
		{ 0, IOSQE_ASYNC, " a" }, { 1, IOSQE_ASYNC, "a a" }, { 2, IOSQE_ASYNC, "na a" },
	};

	need_linux(6, 10, "IORING_ACCEPT_DONTWAIT");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene s;

		open_scene(&s, 0);
		expect_many(&s, rows[i].there, rows[i].flags, rows[i].want);
		close_scene(&s);
	}
}

static void accept_poll_first(void)
{
	struct scene s;

	need_linux(6, 10, "IORING_ACCEPT_POLL_FIRST");
	open_scene(&s, 0);
	for (int later = 0; later < 2; later++) {
		int client = later ? -1 : client_of(&s), fd;

		submit_accept(&s, 0, IORING_ACCEPT_POLL_FIRST, 1);
		if (later) {
			expect_none(&s.ring, 10);
			client = client_of(&s);
		}
		fd = next_answer(&s.ring).res;
		expect_connected(client, fd);
		close(client);
		close(fd);
	}
	close_scene(&s);
}

static void accept_nonempty(void)
{
	struct answer answers[3];
	int clients[3];
	struct scene s;

	need_linux(6, 10, "IORING_CQE_F_SOCK_NONEMPTY of accept");
	open_scene(&s, 0);
	for (int i = 0; i < 3; i++)
		clients[i] = client_of(&s);
	for (int i = 0; i < 3; i++) {
		submit_accept(&s, 0, 0, 1);
		answers[i] = next_answer(&s.ring);
		expect(answers[i].flags, i < 2 ? IORING_CQE_F_SOCK_NONEMPTY : 0);
		expect_connected(clients[i], answers[i].res);
	}
	close_scene(&s);
}

static void accept_into_slot(void)
{
	struct scene s;
	int client;

	open_scene(&s, 4);
	client = client_of(&s);
	submit_accept_direct(&s, 0, 2, 1);
	expect_answer(&s.ring, 1, 0);
	expect_slot_connected(&s, client, 2);
	close(client);
	/* What is in the slot gives way, and is closed. */
	client = client_of(&s);
	submit_accept_direct(&s, SOCK_NONBLOCK, 2, 2);
	expect_answer(&s.ring, 2, 0);
	expect_slot_connected(&s, client, 2);
	close(client);
	close_scene(&s);
}

static void accept_into_any_slot(void)
{
	int clients[3];
	struct scene s;

	open_scene(&s, 3);
	clients[1] = client_of(&s);
	submit_accept_direct(&s, 0, 1, 1);
	expect_answer(&s.ring, 1, 0);
	for (int i = 0; i < 2; i++) {
		int client = client_of(&s), slot;

		submit_accept_direct(&s, 0, IORING_FILE_INDEX_ALLOC, 1);
		slot = next_answer(&s.ring).res;
		check(slot == 0 || slot == 2, "slot %d was not free", slot);
		clients[slot] = client;
	}
	for (unsigned slot = 0; slot < 3; slot++)
		expect_slot_connected(&s, clients[slot], slot);
	/* Full: the connection is lost. */
	client_of(&s);
	submit_accept_direct(&s, 0, IORING_FILE_INDEX_ALLOC, 2);
	expect_answer(&s.ring, 2, -ENFILE);
	submit_accept(&s, 0, IORING_ACCEPT_DONTWAIT, 3);
	expect_answer(&s.ring, 3, -EAGAIN);
	close_scene(&s);
}

static void slot_errors(void)
{
	struct scene s;

	open_scene(&s, 0);
	client_of(&s);
	submit_accept_direct(&s, 0, 0, 1);
	expect_answer(&s.ring, 1, -ENXIO);
	expect(io_uring_register_files_sparse(&s.ring, 2), 0);
	client_of(&s);
	submit_accept_direct(&s, 0, 2, 2);
	expect_answer(&s.ring, 2, -EINVAL);
	client_of(&s);
	submit_accept_direct(&s, SOCK_CLOEXEC, 0, 3);
	expect_answer(&s.ring, 3, -EINVAL);
	close_scene(&s);
}

/* ---- Multishot ------------------------------------------------------------------------------- */

static void multishot_files(void)
{
	int clients[5];
	struct scene s;

	open_scene(&s, 0);
	for (int i = 0; i < 2; i++)
		clients[i] = client_of(&s);
	submit_multishot(&s, false, 1);
	for (int i = 0; i < 5; i++) {
		struct answer a;

		if (i >= 2) {
			expect_none(&s.ring, 5);
			clients[i] = client_of(&s);
		}
		a = next_but_nonempty(&s.ring);
		expect(a.data, 1);
		expect(a.flags, IORING_CQE_F_MORE);
		expect_connected(clients[i], a.res);
		close(clients[i]);
		close(a.res);
	}
	close_scene(&s);
}

static void multishot_slots(void)
{
	int clients[3];
	struct answer a;
	struct scene s;

	open_scene(&s, 3);
	submit_multishot(&s, true, 1);
	for (int i = 0; i < 3; i++) {
		clients[i] = client_of(&s);
		expect_but_nonempty(&s.ring, 1, i, IORING_CQE_F_MORE);
		expect_slot_connected(&s, clients[i], (unsigned)i);
	}
	client_of(&s);
	a = next_but_nonempty(&s.ring);
	expect(a.res, -ENFILE);
	expect(a.flags, 0);
	close_scene(&s);
}

static void multishot_cancelled(void)
{
	struct answer answers[2];
	struct scene s;

	open_scene(&s, 0);
	submit_multishot(&s, false, 1);
	expect_none(&s.ring, 5);
	submit_cancel(&s.ring, 1, 2);
	sorted_answers(&s.ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	expect(answers[0].flags, 0);
	expect(answers[1].res, 0);
	close_scene(&s);
}

static void closed_listener(void)
{
	struct scene s;
	int client, fd;

	open_scene(&s, 0);
	submit_accept(&s, 0, 0, 1);
	close(s.listener);
	s.listener = -1;
	expect_none(&s.ring, 10);
	/* The request still has it. */
	client = client_of(&s);
	fd = next_answer(&s.ring).res;
	expect_connected(client, fd);
	close_scene(&s);
	close(client);
	close(fd);
}

static void ended_by_shutdown(void)
{
	struct scene s;

	open_scene(&s, 0);
	submit_accept(&s, 0, 0, 1);
	expect_none(&s.ring, 5);
	sys(shutdown(s.listener, SHUT_RDWR));
	/* A socket that does not listen any more. */
	expect_full_answer(&s.ring, 1, -EINVAL, 0);
	submit_multishot(&s, false, 2);
	expect_full_answer(&s.ring, 2, -EINVAL, 0);
	close_scene(&s);
}

static void too_many_files(void)
{
	struct rlimit limit, few;
	int clients[2], next, fd;
	struct scene s;

	open_scene(&s, 0);
	for (int i = 0; i < 2; i++)
		clients[i] = client_of(&s);
	/* One more descriptor. */
	next = (int)sys(dup(s.listener));
	close(next);
	sys(getrlimit(RLIMIT_NOFILE, &limit));
	few = (struct rlimit){ (rlim_t)next + 1, limit.rlim_max };
	sys(setrlimit(RLIMIT_NOFILE, &few));
	submit_multishot(&s, false, 1);
	expect_but_nonempty(&s.ring, 1, next, IORING_CQE_F_MORE);
	expect_but_nonempty(&s.ring, 1, -EMFILE, 0);
	/* The connection is not lost. */
	sys(setrlimit(RLIMIT_NOFILE, &limit));
	submit_accept(&s, 0, 0, 2);
	fd = next_answer(&s.ring).res;
	expect_connected(clients[1], fd);
	close_scene(&s);
}

static void accept_errors(void)
{
	int unconnected = (int)sys(socket(AF_INET, SOCK_STREAM, 0)), fds[2];
	struct sockaddr_in addr;
	struct scene s;

	open_scene(&s, 0);
	unix_pair(fds);
	const struct {
		const char *what;
		int fd, flags;
		unsigned ioprio, len, file_index;
		int want;
	} rows[] = {
		{ "no file", 9999, 0, 0, 0, 0, -EBADF },
		{ "no socket", STDERR_FILENO, 0, 0, 0, 0, -ENOTSOCK },
		{ "no listener", unconnected, 0, 0, 0, 0, -EINVAL },
		{ "connected", fds[0], 0, 0, 0, 0, -EINVAL },
		{ "UDP", udp_socket(&addr), 0, 0, 0, 0, -EOPNOTSUPP },
		{ "unknown flag", s.listener, 1 << 20, 0, 0, 0, -EINVAL },
		{ "unknown ioprio", s.listener, 0, 1 << 10, 0, 0, -EINVAL },
		{ "len", s.listener, 0, 0, 1, 0, -EINVAL },
		{ "multishot into one slot", s.listener, 0, IORING_ACCEPT_MULTISHOT, 0, 1,
		  -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_sqe *sqe = new_sqe(&s.ring);

		io_uring_prep_accept(sqe, rows[i].fd, NULL, NULL, rows[i].flags);
		sqe->ioprio = (uint16_t)rows[i].ioprio;
		sqe->len = rows[i].len;
		sqe->file_index = rows[i].file_index;
		expect_error(&s.ring, rows[i].what, rows[i].want);
	}
	close_scene(&s);
}

/* That nothing can be received from it says not that nobody is there. */
static void accept_from_what_receives(void)
{
	static char byte;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int ends[2];

	open_ring(&ring, 8, 0);
	sys(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	sys(io_uring_register_files(&ring, ends, 1));
	sqe = new_sqe(&ring);
	io_uring_prep_recv(sqe, 0, &byte, 1, 0);
	set_sqe(sqe, 1, IOSQE_FIXED_FILE);
	submit(&ring, 1);
	for (unsigned i = 0; i < 2; i++) {
		sqe = new_sqe(&ring);
		if (i)
			io_uring_prep_multishot_accept(sqe, 0, NULL, NULL, 0);
		else
			io_uring_prep_accept(sqe, 0, NULL, NULL, 0);
		set_sqe(sqe, 2 + i, IOSQE_FIXED_FILE);
		submit(&ring, 1);
		expect_answer(&ring, 2 + i, -EINVAL);
	}
	expect(write(ends[1], "x", 1), 1);
	expect_answer(&ring, 1, 1);
	io_uring_queue_exit(&ring);
	close(ends[0]);
	close(ends[1]);
}

/* Nor was it always what it is now. */
static void accept_from_what_listened(void)
{
	static const struct sockaddr nothing = { .sa_family = AF_UNSPEC };
	static char byte;
	struct sockaddr_in addr;
	struct io_uring_sqe *sqe;
	int peer = tcp_listener(&addr);
	struct scene s;

	open_scene(&s, 0);
	sys(io_uring_register_files(&s.ring, &s.listener, 1));
	for (unsigned i = 1; i <= 3; i++) {
		sqe = new_sqe(&s.ring);
		if (i == 2)
			io_uring_prep_recv(sqe, 0, &byte, 1, 0);
		else
			io_uring_prep_accept(sqe, 0, NULL, NULL, 0);
		set_sqe(sqe, i, IOSQE_FIXED_FILE);
		submit(&s.ring, 1);
		if (i != 1)
			continue;
		submit_cancel(&s.ring, 1, 9);
		next_answer(&s.ring);
		next_answer(&s.ring);
		sys(connect(s.listener, &nothing, sizeof(nothing)));
		sys(connect(s.listener, (struct sockaddr *)&addr, sizeof(addr)));
	}
	expect_answer(&s.ring, 3, -EINVAL);
	close_scene(&s);
	close(peer);
}

static void bad_address_memory(void)
{
	struct io_uring_sqe *sqe;
	struct sockaddr_in addr;
	socklen_t negative = (socklen_t)-1;
	struct scene s;

	open_scene(&s, 0);
	client_of(&s);
	sqe = new_sqe(&s.ring);
	io_uring_prep_accept(sqe, s.listener, (struct sockaddr *)&addr, BAD_POINTER, 0);
	expect_error(&s.ring, "length out of memory", -EFAULT);
	client_of(&s);
	sqe = new_sqe(&s.ring);
	io_uring_prep_accept(sqe, s.listener, (struct sockaddr *)&addr, &negative, 0);
	expect_error(&s.ring, "a negative length", -EINVAL);
	/* The connections are lost. */
	submit_accept(&s, 0, IORING_ACCEPT_DONTWAIT, 3);
	expect_answer(&s.ring, 3, -EAGAIN);
	close_scene(&s);
}

const struct conformance_case accept_cases[] = {
	{ "accept takes a connection that is there, and waits for one", accept_now_and_later },
	{ "accept makes descriptors with the flags asked for", accept_flags },
	{ "accept writes the peer's address, cut to fit, and its length", accept_address },
	{ "accept on a UNIX socket", accept_unix },
	{ "only IORING_ACCEPT_DONTWAIT does not wait", accept_without_waiting },
	{ "a multishot accept with IOSQE_ASYNC waits all the same",
	  accept_many_async_without_waiting },
	{ "a multishot accept that does not wait ends when nobody is left",
	  accept_many_without_waiting },
	{ "IORING_ACCEPT_POLL_FIRST finds connections that are there, and that come",
	  accept_poll_first },
	{ "IORING_CQE_F_SOCK_NONEMPTY says that more connections wait", accept_nonempty },
	{ "accept into a slot replaces what is there", accept_into_slot },
	{ "accept into any slot takes one that is free", accept_into_any_slot },
	{ "errors of slots", slot_errors },
	{ "multishot accept completes for each connection", multishot_files },
	{ "multishot accept into slots ends when they are full", multishot_slots },
	{ "multishot accept ends by a cancel", multishot_cancelled },
	{ "accept outlives the descriptor of its listener", closed_listener },
	{ "accept ends by shutdown", ended_by_shutdown },
	{ "multishot accept ends when there are too many files", too_many_files },
	{ "errors of accept", accept_errors },
	{ "accept from a socket that is received from is -EINVAL", accept_from_what_receives },
	{ "accept from a socket that has listened is -EINVAL", accept_from_what_listened },
	{ "accept loses the connection if its address can't be stored", bad_address_memory },
	{ 0 },
};
