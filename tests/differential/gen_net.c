/* SPDX-License-Identifier: MIT */
/* Requests on sockets. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "gen.h"

static int some_recv_flags(void)
{
	static const int flags[] = { MSG_WAITALL, MSG_PEEK, MSG_DONTWAIT, MSG_TRUNC, 1 << 27 };

	return one_in(4) ? pick(flags) : 0;
}

static int some_send_flags(void)
{
	/* No MSG_OOB: what it does to readers in between is TCP's affair. */
	static const int flags[] = { MSG_NOSIGNAL, MSG_DONTWAIT, MSG_EOR, MSG_WAITALL };

	return one_in(4) ? pick(flags) : 0;
}

/* Multishot, poll-first, bundle, each if it may be; a multishot takes its buffers from a group. */
static void some_recv_mode(struct gen *g)
{
	struct io_uring_sqe *sqe = &g->op->sqe;

	g->op->in = ROLE_CONSUME;
	if (one_in(3)) {
		sqe->ioprio |= IORING_RECV_MULTISHOT;
		if (!one_in(15))
			sqe->msg_flags &= ~(uint32_t)(MSG_WAITALL | MSG_PEEK);
	}
	if (one_in(10))
		sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
	if (sqe->ioprio & IORING_RECV_MULTISHOT ? !one_in(20) : one_in(4))
		select_buffer(g);
	if (one_in(sqe->flags & IOSQE_BUFFER_SELECT ? 5 : 40))
		sqe->ioprio |= IORING_RECVSEND_BUNDLE;
}

static bool is_of_records(int fd)
{
	return fd >= OBJECT_FD + DGRAM_A && fd <= OBJECT_FD + SEQPACKET_B;
}

void gen_recv(struct gen *g)
{
	struct io_uring_sqe *sqe = &g->op->sqe;

	io_uring_prep_recv(sqe, -1, g->data, random_between(one_in(20) ? 0 : 1, DATA_SIZE),
			   some_recv_flags());
	target(g, some_receiver());
	some_recv_mode(g);
	if (sqe->flags & IOSQE_BUFFER_SELECT) {
		sqe->addr = 0;
		sqe->len = one_in(2) ? 0 : (unsigned)random_between(1, 300);
		/* When the queue is full is the conformance suite's subject. */
		if (sqe->len && sqe->len < 100 && sqe->ioprio & IORING_RECV_MULTISHOT)
			sqe->len += 100;
		/* docs/semantics.md, "MSG_TRUNC and a bundle" */
		if (sqe->ioprio & IORING_RECVSEND_BUNDLE)
			sqe->msg_flags &= ~(uint32_t)MSG_TRUNC;
		/* docs/semantics.md, "A bundle of records" */
		if (sqe->ioprio & IORING_RECVSEND_BUNDLE && !sqe->len && is_of_records(sqe->fd))
			sqe->len = 100;
	}
}

/* Its name and its control data lie behind the iovecs. */
static struct msghdr *some_message(struct gen *g)
{
	struct msghdr *msg = (void *)((char *)g->args + 128);
	unsigned n = (unsigned)random_between(one_in(10) ? 0 : 1, 3);

	memset(msg, 0, sizeof(*msg));
	msg->msg_iov = n ? some_iovecs(g, n) : NULL;
	msg->msg_iovlen = n;
	return msg;
}

void gen_recvmsg(struct gen *g)
{
	struct msghdr *msg = some_message(g);

	/* docs/semantics.md, "IORING_CQE_F_SOCK_NONEMPTY" */
	mend_iovecs(msg->msg_iov, (unsigned)msg->msg_iovlen, g->data);

	if (one_in(3)) {
		msg->msg_name = (char *)g->args + 256;
		msg->msg_namelen = (socklen_t)random_between(0, 40);
	}
	if (one_in(4)) {
		msg->msg_control = (char *)g->args + 320;
		msg->msg_controllen = random_between(0, 64);
	}
	io_uring_prep_recvmsg(&g->op->sqe, -1, msg, (unsigned)some_recv_flags());
	target(g, some_receiver());
	some_recv_mode(g);
	if (g->op->sqe.flags & IOSQE_BUFFER_SELECT && !one_in(8))
		msg->msg_iovlen = one_in(2) ? 0 : msg->msg_iovlen ? 1 : 0;
}

static void some_send_mode(struct gen *g)
{
	if (one_in(10))
		g->op->sqe.ioprio |= IORING_RECVSEND_POLL_FIRST;
	g->op->out = ROLE_PRODUCE;
}

void gen_send(struct gen *g)
{
	struct io_uring_sqe *sqe = &g->op->sqe;

	io_uring_prep_send(sqe, -1, g->data, random_between(one_in(20) ? 0 : 1, DATA_SIZE),
			   some_send_flags());
	target(g, some_sender());
	some_send_mode(g);
	if (one_in(8)) {
		select_buffer(g);
		sqe->addr = 0;
		sqe->len = one_in(2) ? 0 : (unsigned)random_between(1, 300);
		if (one_in(2))
			sqe->ioprio |= IORING_RECVSEND_BUNDLE;
	} else if (one_in(20)) {
		sqe->len = (unsigned)random_between(1, 3);
		sqe->addr = (uintptr_t)some_iovecs(g, sqe->len);
		sqe->ioprio |= IORING_SEND_VECTORIZED;
	}
}

void gen_sendmsg(struct gen *g)
{
	struct msghdr *msg = some_message(g);

	io_uring_prep_sendmsg(&g->op->sqe, -1, msg, (unsigned)some_send_flags());
	target(g, some_sender());
	some_send_mode(g);
	if (one_in(20))
		msg->msg_namelen = (socklen_t)random_between(1, 200);
}

void gen_send_zc(struct gen *g)
{
	struct io_uring_sqe *sqe = &g->op->sqe;

	if (one_in(2))
		io_uring_prep_send_zc(sqe, -1, g->data, random_between(1, DATA_SIZE), 0, 0);
	else
		io_uring_prep_sendmsg_zc(sqe, -1, some_message(g), 0);
	target(g, one_in(2) ? some_sender() : one_in(2) ? TCP_A : TCP_B);
	some_send_mode(g);
	/* Whether it copied is the network's affair: REPORT_USAGE is not asked for. */
	if (sqe->opcode == IORING_OP_SEND_ZC && one_in(4)) {
		unsigned index = (unsigned)random_between(0, FIXED_BUFFERS - 1);

		sqe->ioprio |= IORING_RECVSEND_FIXED_BUF;
		sqe->buf_index = (uint16_t)index;
		sqe->addr = (uintptr_t)arena.fixed[index];
		sqe->len = (unsigned)random_between(1, FIXED_LEN);
		touches(g, KEY_BUFFER + index, ROLE_OBSERVE);
	}
}

/* ---- Connections ----------------------------------------------------------------------------- */

static enum object some_listener(void)
{
	return one_in(2) ? UNIX_LISTENER : TCP_LISTENER;
}

void gen_accept(struct gen *g)
{
	static const int flags[] = { 0, 0, SOCK_CLOEXEC, SOCK_NONBLOCK, 1 << 20 };
	struct io_uring_sqe *sqe = &g->op->sqe;

	io_uring_prep_accept(sqe, -1, NULL, NULL, pick(flags));
	target(g, one_in(15) ? some_object() : some_listener());
	g->op->in = ROLE_CONSUME;
	g->op->makes_fd = true;
	g->op->installs = CONNECTION;
	if (one_in(3))
		sqe->ioprio |= IORING_ACCEPT_MULTISHOT;
	if (one_in(8))
		sqe->ioprio |= IORING_ACCEPT_DONTWAIT;
	if (one_in(8))
		sqe->ioprio |= IORING_ACCEPT_POLL_FIRST;
	if (one_in(3)) {
		make_direct(g, CONNECTION);
		/* It fills slots whenever someone connects. */
		g->op->extra_key[1] = KEY_TABLE;
		g->op->extra_role[1] = ROLE_ALTER;
	}
}

void gen_connect(struct gen *g)
{
	struct sockaddr_un *name = g->args;
	bool tcp = one_in(2);

	/* TCP's listener has a port that the processes learn when they run: see world.c. */
	memset(name, 0, sizeof(*name));
	name->sun_family = AF_UNIX;
	strcpy(name->sun_path, one_in(20) ? "nobody" : "listener");
	io_uring_prep_connect(&g->op->sqe, -1, (struct sockaddr *)name,
			      one_in(20) ? 1000 : sizeof(*name));
	target(g, one_in(15) ? some_object() : tcp ? TCP_SOCKET : UNIX_SOCKET);
	g->op->in = g->op->out = ROLE_ALTER;
	touches(g, tcp ? KEY_TCP_LISTENER : KEY_UNIX_LISTENER, ROLE_PRODUCE);
}

void gen_socket(struct gen *g)
{
	static const int domains[] = { AF_UNIX, AF_INET, AF_INET6, 200 };
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_STREAM | SOCK_CLOEXEC, 99 };

	io_uring_prep_socket(&g->op->sqe, pick(domains), pick(types), 0, one_in(20) ? 1 : 0);
	g->op->makes_fd = true;
	g->op->installs = NEW_SOCKET;
	g->op->pace = PACE_WORKER;
	if (one_in(3))
		make_direct(g, NEW_SOCKET);
}

void gen_shutdown(struct gen *g)
{
	io_uring_prep_shutdown(&g->op->sqe, -1, (int)random_between(0, one_in(10) ? 4 : 2));
	target(g, some_socket());
	g->op->in = g->op->out = ROLE_ALTER;
	g->op->pace = PACE_WORKER;
}

void gen_listen(struct gen *g)
{
	struct sockaddr_un *name = g->args;

	if (one_in(2)) {
		io_uring_prep_listen(&g->op->sqe, -1, 16);
	} else {
		memset(name, 0, sizeof(*name));
		name->sun_family = AF_UNIX;
		strcpy(name->sun_path, one_in(4) ? "listener" : "other");
		io_uring_prep_bind(&g->op->sqe, -1, (struct sockaddr *)name, sizeof(*name));
		touches(g, KEY_NAMES, ROLE_ALTER);
	}
	target(g, UNIX_SOCKET);
	g->op->in = g->op->out = ROLE_ALTER;
	g->op->pace = PACE_WORKER;
}

void gen_command(struct gen *g)
{
	static const int options[] = { SO_REUSEADDR, SO_TYPE, SO_KEEPALIVE, SO_ERROR, 9999 };
	struct io_uring_sqe *sqe = &g->op->sqe;
	int *value = g->data;

	*value = (int)random_between(0, 1);
	/* How much TCP has not yet sent is a matter of time: SIOCOUTQ is for UNIX pairs only. */
	io_uring_prep_cmd_sock(sqe, (int)random_between(0, one_in(20) ? 9 : 3), -1, SOL_SOCKET,
			       pick(options), value, sizeof(*value));
	/* Newer than Linux 6.18. */
	if (sqe->cmd_op == SOCKET_URING_OP_GETSOCKNAME)
		sqe->cmd_op = 99;
	target(g, sqe->cmd_op == SOCKET_URING_OP_SIOCOUTQ ? UNIX_A : some_socket());
	g->op->in = g->op->out = ROLE_OBSERVE;
	if (sqe->cmd_op <= SOCKET_URING_OP_SIOCOUTQ)
		sqe->addr = sqe->addr3 = sqe->optlen = 0;
}
