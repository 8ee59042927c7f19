/* SPDX-License-Identifier: MIT */
/*
 * Short connections: the whole life of one is a chain of linked requests on a direct descriptor:
 * socket, connect, send, receive, close. Only the last two always post a CQE; of the others one
 * hears when they fail, and then the rest of the chain is cancelled.
 *
 * A closed connection keeps its local port for a minute (TIME_WAIT), and with most ports taken the
 * kernel spends more time on the search for a free one than on all the rest. So each slot connects
 * from a loopback address of its own, where it can (IORING_OP_BIND, since Linux 6.11), and ports
 * are plenty.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring_room.h"
#include "load/load.h"

#define CHAIN	7
/* Loopback addresses to connect from: 127.0.0.1 and those that follow. */
#define SOURCES 200

enum op {
	OP_SOCKET,
	OP_OPTION,
	OP_BIND,
	OP_CONNECT,
	OP_SEND,
	OP_RECV,
	OP_CLOSE,
	OP_CLEAN_UP
};

static const char *const failures[] = {
	[OP_SOCKET] = "cannot create a socket for",
	[OP_OPTION] = "cannot choose a local address to connect to",
	[OP_BIND] = "cannot choose a local address to connect to",
	[OP_CONNECT] = "cannot connect to",
	[OP_SEND] = "cannot send to",
	[OP_RECV] = "cannot receive from",
};

struct slot {
	uint64_t started;
	char *answer;
	int received; /* the receive's result */
	bool failed;  /* and said so */
};

static struct {
	struct slot *slots;
	char *answers;
	uint64_t active;
	struct sockaddr_in *sources; /* NULL: the kernel chooses */
} s;

static bool is_loopback(const struct endpoint *e)
{
	return e->address.any.sa_family == AF_INET &&
	       ntohl(e->address.ip4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool has_opcode(struct load *l, int op)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(&l->ring);
	bool has = probe && io_uring_opcode_supported(probe, op);

	io_uring_free_probe(probe);
	return has;
}

static bool make_sources(struct load *l)
{
	if (!is_loopback(&l->options->endpoint) || !has_opcode(l, IORING_OP_BIND))
		return true;
	s.sources = calloc(SOURCES, sizeof(*s.sources));
	for (unsigned i = 0; s.sources && i < SOURCES; i++) {
		s.sources[i].sin_family = AF_INET;
		s.sources[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK + i);
	}
	return s.sources != NULL;
}

static bool open_slots(struct load *l)
{
	unsigned n = l->options->conns;
	int ret;

	s.slots = calloc(n, sizeof(*s.slots));
	s.answers = malloc((size_t)n * l->options->size);
	if (!s.slots || !s.answers || !make_sources(l)) {
		say("out of memory for %u connections", n);
		return false;
	}
	for (unsigned i = 0; i < n; i++)
		s.slots[i].answer = s.answers + (size_t)i * l->options->size;
	ret = io_uring_register_files_sparse(&l->ring, n);
	if (ret)
		say("cannot register %u direct descriptors: %s (since Linux 5.19)", n,
		    strerror(-ret));
	return !ret;
}

static void close_slots(struct load *l)
{
	(void)l;
	free(s.slots);
	free(s.answers);
	free(s.sources);
}

static struct io_uring_sqe *link_sqe(struct load *l, enum op op, unsigned id, unsigned flags)
{
	struct io_uring_sqe *sqe = load_sqe(l);

	sqe->flags = (uint8_t)flags;
	io_uring_sqe_set_data64(sqe, (uint64_t)op << 32 | id);
	return sqe;
}

static void bind_source(struct load *l, unsigned id, unsigned flags)
{
	static int on = 1;
	struct sockaddr_in *source = &s.sources[id % SOURCES];
	struct io_uring_sqe *sqe = link_sqe(l, OP_OPTION, id, flags);

	/* Else the port would be chosen now, for any destination, and so be gone for all. */
	io_uring_prep_cmd_sock(sqe, SOCKET_URING_OP_SETSOCKOPT, (int)id, IPPROTO_IP,
			       IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	sqe = link_sqe(l, OP_BIND, id, flags);
	io_uring_prep_bind(sqe, (int)id, (struct sockaddr *)source, sizeof(*source));
}

static void start(struct load *l, unsigned id)
{
	const struct endpoint *e = &l->options->endpoint;
	const unsigned quiet = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
	const unsigned fixed = IOSQE_FIXED_FILE;
	unsigned size = l->options->size;
	struct slot *slot = &s.slots[id];
	struct io_uring_sqe *sqe;

	if (!load_start_message(l))
		return;
	/* A chain ends where a submission ends. */
	ring_make_room(&l->ring, CHAIN);
	slot->started = l->now;
	slot->received = 0;
	slot->failed = false;
	s.active++;

	sqe = link_sqe(l, OP_SOCKET, id, quiet);
	io_uring_prep_socket_direct(sqe, e->address.any.sa_family, SOCK_STREAM, 0, id, 0);
	if (s.sources)
		bind_source(l, id, quiet | fixed);
	sqe = link_sqe(l, OP_CONNECT, id, quiet | fixed);
	io_uring_prep_connect(sqe, (int)id, &e->address.any, e->length);
	sqe = link_sqe(l, OP_SEND, id, quiet | fixed);
	io_uring_prep_send(sqe, (int)id, load_pattern(l, id, 0), size, MSG_WAITALL);
	/* Hard: the close follows however the receive ends. */
	sqe = link_sqe(l, OP_RECV, id, IOSQE_IO_HARDLINK | fixed);
	io_uring_prep_recv(sqe, (int)id, slot->answer, size, MSG_WAITALL);
	sqe = link_sqe(l, OP_CLOSE, id, 0);
	io_uring_prep_close_direct(sqe, id);
}

static void finish(struct load *l, unsigned id)
{
	struct slot *slot = &s.slots[id];

	s.active--;
	if (slot->received == (int)l->options->size) {
		if (memcmp(slot->answer, load_pattern(l, id, 0), l->options->size))
			l->mismatches++;
		load_message_done(l, slot->started);
	} else if (!slot->failed) {
		load_error(l, "connection to", 0);
	}
	start(l, id);
}

/* The chain broke before the close: the socket, if there is one, is still in its slot. */
static void clean_up(struct load *l, unsigned id)
{
	io_uring_prep_close_direct(link_sqe(l, OP_CLEAN_UP, id, 0), id);
}

static void on_completion(struct load *l, const struct io_uring_cqe *cqe)
{
	unsigned id = (unsigned)cqe->user_data;
	enum op op = (enum op)(cqe->user_data >> 32);
	struct slot *slot = &s.slots[id];

	switch (op) {
	case OP_RECV:
		slot->received = cqe->res;
		/* fall through */
	case OP_SOCKET:
	case OP_OPTION:
	case OP_BIND:
	case OP_CONNECT:
	case OP_SEND:
		if (cqe->res < 0 && cqe->res != -ECANCELED && !slot->failed) {
			slot->failed = true;
			load_error(l, failures[op], -cqe->res);
		}
		break;
	case OP_CLOSE:
		if (cqe->res < 0)
			clean_up(l, id);
		else
			finish(l, id);
		break;
	case OP_CLEAN_UP:
		finish(l, id);
		break;
	}
}

static void settle(struct load *l)
{
	(void)l;
}

static void begin(struct load *l)
{
	for (unsigned i = 0; i < l->options->conns; i++)
		start(l, i);
}

static uint64_t in_flight(const struct load *l)
{
	(void)l;
	return s.active;
}

const struct load_kind load_once = {
	.open = open_slots,
	.begin = begin,
	.completion = on_completion,
	.settle = settle,
	.in_flight = in_flight,
	.close = close_slots,
};
