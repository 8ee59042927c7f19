/* SPDX-License-Identifier: MIT */
/*
 * A TCP echo server, one thread, one ring: a multishot accept (one request, a completion a client),
 * a buffer ring (the kernel picks a buffer once there is data), a signal as a completion.
 *
 *	cc $(pkg-config --cflags anyring) echo.c $(pkg-config --libs anyring) -o echo
 *	./echo [PORT]	# 0 or none: any free port, which it prints; SIGINT or SIGTERM ends it
 */
#include <err.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define BUFFERS 1024 /* a power of two; a connection holds one from its receive to its send */

struct server {
	struct io_uring ring;
	struct io_uring_buf_ring *free;
	int listener, len[BUFFERS];
	char buffers[BUFFERS][4096];
};

static void check(int ret, const char *what)
{
	errno = -ret;
	if (ret < 0)
		err(1, "cannot %s", what);
}

/* Takes an SQE: there is room. Its completion will tell opcode, descriptor and, if any, buffer. */
static struct io_uring_sqe *request(struct server *s, int opcode, int fd, unsigned id)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring);

	io_uring_sqe_set_data64(sqe, (__u64)fd << 32 | id << 8 | (unsigned)opcode);
	return sqe;
}

/* Asks for data, in a buffer of the kernel's choice; or, on the listener, for clients. */
static void receive(struct server *s, int fd)
{
	int opcode = fd == s->listener ? IORING_OP_ACCEPT : IORING_OP_RECV;
	struct io_uring_sqe *sqe = request(s, opcode, fd, 0);

	if (opcode == IORING_OP_ACCEPT) {
		io_uring_prep_multishot_accept(sqe, fd, NULL, NULL, SOCK_CLOEXEC);
	} else {
		io_uring_prep_recv(sqe, fd, NULL, 0, 0); /* 0: as much as the buffer takes */
		sqe->flags |= IOSQE_BUFFER_SELECT;	 /* from group 0 */
	}
}

/* What ran out (buffers, descriptors, memory) may be back in 10 ms. */
static void receive_later(struct server *s, int fd)
{
	static const struct __kernel_timespec delay = { .tv_nsec = 10000000 };

	io_uring_prep_timeout(request(s, IORING_OP_TIMEOUT, fd, 0), &delay, 0, 0);
}

static void provide_buffer(struct server *s, unsigned id)
{
	io_uring_buf_ring_add(s->free, s->buffers[id], 4096, (__u16)id, BUFFERS - 1, 0);
	io_uring_buf_ring_advance(s->free, 1);
}

/* Acts on a completion. One request at a time a connection: so nothing overtakes. */
static void handle(struct server *s, const struct io_uring_cqe *cqe)
{
	int opcode = cqe->user_data & 0xff, fd = (int)(cqe->user_data >> 32), res = cqe->res;
	unsigned id = cqe->user_data >> 8 & 0xffff;

	if (opcode == IORING_OP_SEND)
		provide_buffer(s, id);
	if (opcode == IORING_OP_RECV && res > 0) {
		id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
		s->len[id] = res;
		/* MSG_WAITALL: a send that finds room for a part goes on when there is more. */
		io_uring_prep_send(request(s, IORING_OP_SEND, fd, id), fd, s->buffers[id],
				   (size_t)res, MSG_WAITALL | MSG_NOSIGNAL);
	} else if (opcode == IORING_OP_TIMEOUT || (opcode == IORING_OP_SEND && res == s->len[id])) {
		receive(s, fd);
	} else if (opcode == IORING_OP_ACCEPT && res >= 0) {
		receive(s, res);
	} else if (opcode == IORING_OP_RECV && res == -ENOBUFS) {
		receive_later(s, fd);
	} else if (opcode != IORING_OP_ACCEPT) { /* the client is done, or gone */
		close(fd);
	}
	if (opcode == IORING_OP_ACCEPT && !(cqe->flags & IORING_CQE_F_MORE))
		receive_later(s, fd);
}

static void serve(struct server *s)
{
	struct io_uring_cqe *cqe;
	int ret;

	while ((ret = io_uring_submit_and_wait(&s->ring, 1)) >= 0 || ret == -EINTR)
		while (io_uring_sq_space_left(&s->ring) > 1 && !io_uring_peek_cqe(&s->ring, &cqe)) {
			if ((cqe->user_data & 0xff) == IORING_OP_READ) /* a signal */
				return;
			handle(s, cqe); /* takes two SQEs at most */
			io_uring_cqe_seen(&s->ring, cqe);
		}
	check(ret, "wait for completions");
}

int main(int argc, char **argv)
{
	static struct server s; /* too large for the stack */
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct signalfd_siginfo info;
	socklen_t len = sizeof(addr);
	int fd, ret = 0, port = 0, on = 1;
	sigset_t set;
	char junk;

	if (argc > 2 || (argc == 2 && sscanf(argv[1], "%d%c", &port, &junk) != 1) || port >> 16)
		errx(2, "usage: %s [PORT]", argv[0]);
	addr.sin_port = htons((__u16)port);
	s.listener = fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) /* its clients inherit it */
	    || bind(fd, (struct sockaddr *)&addr, len) || listen(fd, SOMAXCONN) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		err(1, "cannot listen on port %d", port);
	check(io_uring_queue_init(256, &s.ring, 0), "create a ring");
	s.free = io_uring_setup_buf_ring(&s.ring, BUFFERS, 0, 0, &ret);
	check(ret, "register buffers");
	for (unsigned id = 0; id < BUFFERS; id++)
		provide_buffer(&s, id);
	receive(&s, fd);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	check(fd < 0 ? -errno : 0, "watch signals");
	io_uring_prep_read(request(&s, IORING_OP_READ, fd, 0), fd, &info, sizeof(info), 0);
	check(dprintf(1, "listening on port %d\n", ntohs(addr.sin_port)) < 0 ? -errno : 0, "print");
	serve(&s);
	io_uring_queue_exit(&s.ring);
	return 0;
}
