/* SPDX-License-Identifier: MIT */
/* Writes a random program: the ring, the batches, the flags, and now and then a wrong field. */
#include "gen.h"

struct arena arena;

/* Each row as often as its weight says. */
static struct family {
	unsigned weight;
	generator *write;
	const char *name;
} families[] = {
	{ 8, gen_nop, "nop" },
	{ 10, gen_file_rw, "file_rw" },
	{ 20, gen_stream_rw, "stream_rw" },
	{ 6, gen_fixed_rw, "fixed_rw" },
	{ 6, gen_read_multishot, "read_multishot" },
	{ 2, gen_fsync, "fsync" },
	{ 3, gen_space, "space" },
	{ 2, gen_advise, "advise" },
	{ 5, gen_splice, "splice" },
	{ 2, gen_tee, "tee" },
	{ 2, gen_pipe, "pipe" },
	{ 5, gen_open, "open" },
	{ 2, gen_statx, "statx" },
	{ 2, gen_rename, "rename" },
	{ 2, gen_unlink, "unlink" },
	{ 4, gen_make_name, "make_name" },
	{ 3, gen_xattr, "xattr" },
	{ 16, gen_recv, "recv" },
	{ 8, gen_recvmsg, "recvmsg" },
	{ 12, gen_send, "send" },
	{ 6, gen_sendmsg, "sendmsg" },
	{ 2, gen_send_zc, "send_zc" },
	{ 6, gen_accept, "accept" },
	{ 6, gen_connect, "connect" },
	{ 3, gen_socket, "socket" },
	{ 3, gen_shutdown, "shutdown" },
	{ 1, gen_listen, "listen" },
	{ 3, gen_command, "command" },
	{ 12, gen_poll, "poll" },
	{ 5, gen_poll_remove, "poll_remove" },
	{ 5, gen_poll_update, "poll_update" },
	{ 8, gen_timeout, "timeout" },
	{ 5, gen_timeout_remove, "timeout_remove" },
	{ 5, gen_timeout_update, "timeout_update" },
	{ 12, gen_cancel, "cancel" },
	{ 6, gen_msg_ring, "msg_ring" },
	{ 4, gen_files_update, "files_update" },
	{ 3, gen_install, "install" },
	{ 5, gen_close, "close" },
	{ 5, gen_provide, "provide" },
	{ 3, gen_remove_buffers, "remove_buffers" },
	{ 3, gen_epoll_ctl, "epoll_ctl" },
	{ 3, gen_epoll_wait, "epoll_wait" },
	{ 3, gen_futex_wait, "futex_wait" },
	{ 3, gen_futex_wake, "futex_wake" },
	{ 1, gen_futex_waitv, "futex_waitv" },
	{ 1, gen_unknown, "unknown" },
};

bool nothing_registered;

bool limit_families(const char *list)
{
	unsigned wanted = 0;

	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		size_t length = strlen(families[i].name);
		bool found = false;

		for (const char *at = list; (at = strstr(at, families[i].name)); at += length)
			found |=
				(at == list || at[-1] == ',') && (!at[length] || at[length] == ',');
		if (!found)
			families[i].weight = 0;
		wanted += found;
	}
	return wanted > 0;
}

/* ---- What the families use ------------------------------------------------------------------- */

static const enum object files[] = { FILE_A, FILE_B, FILE_READ_ONLY, FILE_APPEND };
/* Where what one end writes the other reads. A program keeps to a few, so that they meet. */
static const struct channel {
	enum object reader, writer;
} channels[] = {
	{ PIPE_R, PIPE_W },
	{ PAGE_PIPE_R, PAGE_PIPE_W },
	{ NONBLOCK_PIPE_R, NONBLOCK_PIPE_W },
	{ UNIX_A, UNIX_B },
	{ UNIX_B, UNIX_A },
	{ UNIX2_A, UNIX2_B },
	{ UNIX2_B, UNIX2_A },
	{ DGRAM_A, DGRAM_B },
	{ SEQPACKET_A, SEQPACKET_B },
	{ TCP_A, TCP_B },
	{ TCP_B, TCP_A },
	{ EVENTFD, EVENTFD },
	{ DEV_ZERO, DEV_NULL },
};
#define FIRST_SOCKET 3
#define LAST_SOCKET  10
static struct channel focus[3], socket_focus[2];

const enum object first_slots[] = { FILE_A, PIPE_R, PIPE_W,	   UNIX_A,
				    UNIX_B, TCP_A,  UNIX_LISTENER, FILE_READ_ONLY };
const char *const names[] = { "a", "b", "c", "d", "n0", "n1", "n2", "gone/x" };

enum object some_file(void)
{
	return pick(files);
}

static void choose_focus(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(socket_focus); i++)
		socket_focus[i] = channels[random_between(FIRST_SOCKET, LAST_SOCKET)];
	for (unsigned i = 0; i < ARRAY_LEN(focus); i++)
		focus[i] = one_in(2) ? pick(socket_focus) : pick(channels);
}

enum object some_reader(void)
{
	return one_in(10) ? pick(channels).reader : pick(focus).reader;
}

enum object some_writer(void)
{
	return one_in(10) ? pick(channels).writer : pick(focus).writer;
}

enum object some_receiver(void)
{
	return one_in(10) ? some_reader() : pick(socket_focus).reader;
}

enum object some_sender(void)
{
	return one_in(10) ? some_writer() : pick(socket_focus).writer;
}

enum object some_socket(void)
{
	return one_in(2) ? pick(socket_focus).writer : pick(socket_focus).reader;
}

enum object some_object(void)
{
	return (enum object)random_between(0, OBJECTS - 1);
}

const char *some_name(void)
{
	return pick(names);
}

/* The descriptor of something an earlier request may have made. */
static int some_new_fd(const struct gen *g)
{
	for (unsigned i = g->p->count; i-- > 0;)
		if (g->p->ops[i].makes_fd && one_in(2))
			return NEW_FD + (int)g->p->ops[i].number;
	return BAD_FD;
}

void target(struct gen *g, enum object object)
{
	struct io_uring_sqe *sqe = &g->op->sqe;

	sqe->fd = OBJECT_FD + (int)object;
	if (one_in(60))
		sqe->fd = BAD_FD;
	else if (one_in(60))
		sqe->fd = -1;
	else if (one_in(40))
		sqe->fd = OBJECT_FD + (int)some_object();
	else if (one_in(10))
		sqe->fd = some_new_fd(g);
	if (!g->p->table || !one_in(3))
		return;
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->fd = (int)random_between(0, one_in(20) ? SLOTS + 2 : SLOTS - 1);
	for (unsigned i = 0; i < ARRAY_LEN(first_slots); i++)
		if (first_slots[i] == object && !one_in(4))
			sqe->fd = (int)i;
}

void touches(struct gen *g, enum key key, enum role role)
{
	unsigned i = g->op->extra_role[0] ? 1 : 0;

	check(!g->op->extra_role[i], "a request touches three things");
	g->op->extra_key[i] = (uint8_t)key;
	g->op->extra_role[i] = (uint8_t)role;
}

void select_buffer(struct gen *g)
{
	unsigned group = (unsigned)random_between(0, GROUPS - 1);

	if (one_in(30))
		group = 7;
	else
		g->p->groups |= 1U << group;
	g->op->sqe.flags |= IOSQE_BUFFER_SELECT;
	g->op->sqe.buf_group = (uint16_t)group;
	g->op->selects = true;
	touches(g, KEY_GROUP + group, ROLE_CONSUME);
}

static void *const bad_memory = (void *)16;

void mend_iovecs(struct iovec *vecs, unsigned n, void *memory)
{
	for (unsigned i = 0; i < n; i++)
		if (vecs[i].iov_base == bad_memory)
			vecs[i].iov_base = memory;
}

struct iovec *some_iovecs(struct gen *g, unsigned n)
{
	struct iovec *vecs = g->args;
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		vecs[i].iov_base = (char *)g->data + at;
		vecs[i].iov_len = random_between(one_in(6) ? 0 : 1, DATA_SIZE / 4 - 1);
		at += vecs[i].iov_len;
	}
	if (one_in(40))
		vecs[random_between(0, n - 1)].iov_base = bad_memory;
	return vecs;
}

void make_direct(struct gen *g, int installs)
{
	struct op *op = g->op;
	bool alloc = one_in(2);
	unsigned slot = (unsigned)random_between(8, SLOTS);

	g->p->table |= !one_in(20);
	op->makes_fd = false;
	op->installs = installs;
	op->slot = alloc ? SLOTS : (int)slot;
	op->sqe.file_index = alloc ? IORING_FILE_INDEX_ALLOC : slot + 1;
	touches(g, alloc || slot >= SLOTS ? KEY_TABLE : KEY_SLOT + slot, ROLE_ALTER);
	touches(g, KEY_TABLE, alloc ? ROLE_ALTER : ROLE_OBSERVE);
}

uint64_t some_user_data(struct gen *g)
{
	/* The last is the one that asks. */
	for (unsigned i = g->p->count - 1; i-- > 0;)
		if (g->p->ops[i].kind == OP_SQE && one_in(4))
			return g->p->ops[i].number;
	return one_in(4) ? 12345 : 1;
}

/* ---- One request ----------------------------------------------------------------------------- */

static struct op *new_op(struct gen *g, enum kind kind)
{
	struct program *p = g->p;
	struct op *op = &p->ops[p->count];

	memset(op, 0, sizeof(*op));
	op->kind = kind;
	op->number = p->count++;
	op->installs = -1;
	op->slot = -1;
	op->sqe.fd = -1;
	g->op = op;
	g->data = arena.data[op->number];
	g->args = arena.args[op->number];
	return op;
}

static generator *some_family(void)
{
	static unsigned sum;
	unsigned at;

	if (!sum)
		for (size_t i = 0; i < ARRAY_LEN(families); i++)
			sum += families[i].weight;
	at = (unsigned)random_between(0, sum - 1);
	for (size_t i = 0;; i++) {
		if (at < families[i].weight)
			return families[i].write;
		at -= families[i].weight;
	}
}

static bool is_splice(const struct io_uring_sqe *sqe)
{
	return sqe->opcode == IORING_OP_SPLICE || sqe->opcode == IORING_OP_TEE;
}

/* A field that most requests must leave alone, or a pointer to nowhere. */
static void spoil(struct gen *g)
{
	static const uint64_t nowhere[] = { 0, 16, 0xffff800000000000, 0x7ffffffff000 };
	struct io_uring_sqe *sqe = &g->op->sqe;
	unsigned bit = 1U << random_between(0, 15);

	switch (random_between(0, 9)) {
	case 0:
		sqe->ioprio ^= (uint16_t)bit;
		break;
	case 1:
		sqe->buf_index = (uint16_t)bit;
		break;
	case 2:
		sqe->personality = (uint16_t)bit;
		break;
	case 3:
		if (!is_splice(sqe) && g->op->installs < 0)
			sqe->splice_fd_in = (int)bit;
		break;
	case 4:
		sqe->addr3 = bit;
		break;
	case 5:
		sqe->__pad2[0] = bit;
		break;
	case 6:
		sqe->flags |= 0x80;
		break;
	case 7:
		if (!g->op->cancels)
			sqe->addr = pick(nowhere);
		break;
	case 8:
		sqe->rw_flags ^= (int)(1U << random_between(8, 31));
		break;
	default:
		if (!g->op->cancels)
			sqe->off = random_number();
	}
	g->op->pace = PACE_UNKNOWN;
}

/*
 * Fields that a wrong bit turns into something without end, or something the order of which is
 * free: these are wrong only as their families make them.
 */
static bool may_be_spoilt(const struct op *op)
{
	switch (op->sqe.opcode) {
	case IORING_OP_TIMEOUT:
	case IORING_OP_TIMEOUT_REMOVE:
	case IORING_OP_MSG_RING:
	case IORING_OP_POLL_ADD:
	case IORING_OP_FUTEX_WAIT:
	case IORING_OP_FUTEX_WAITV:
	case IORING_OP_PIPE:
		return false;
	default:
		return !op->makes_fd;
	}
}

/*
 * No IOSQE_IO_DRAIN: Linux 6.18 misses, now and then, that the last request before a drained one is
 * done, and nothing is issued any more. The conformance suite has it.
 */
static void some_flags(struct gen *g, unsigned link)
{
	struct op *op = g->op;
	bool is_seen = op->installs < 0 && !op->makes_fd && !op->makes_pipe;

	op->sqe.user_data = op->number;
	/* When a worker takes its buffer, or begins to count, is a matter of luck. */
	if (one_in(12) && !op->selects && !op->counts)
		op->sqe.flags |= IOSQE_ASYNC;
	/* What it makes has to be seen; and, if a worker does it, when it is done. */
	if (one_in(16) && is_seen &&
	    (link || (op->pace == PACE_INLINE && !(op->sqe.flags & IOSQE_ASYNC))))
		op->sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
	if (one_in(40) && may_be_spoilt(op))
		spoil(g);
	op->sqe.flags |= (uint8_t)link;
}

/* Returns false if it ends the batch. */
static bool write_sqe(struct gen *g, unsigned link)
{
	new_op(g, OP_SQE);
	some_family()(g);
	some_flags(g, link);
	g->left--;
	if (g->left && !g->op->counts && !nothing_registered && one_in(link ? 4 : 14)) {
		g->op->sqe.flags |= IOSQE_IO_LINK;
		new_op(g, OP_SQE);
		gen_link_timeout(g);
		g->op->sqe.user_data = g->op->number;
		g->op->sqe.flags |= (uint8_t)link;
		g->left--;
	}
	return g->left > 0;
}

static void write_batch(struct gen *g)
{
	g->left = (unsigned)random_between(1, 8);
	while (g->left) {
		unsigned chain = one_in(4) ? (unsigned)random_between(2, 4) : 1;
		unsigned link = one_in(4) ? IOSQE_IO_HARDLINK : IOSQE_IO_LINK;

		g->linked = chain > 1;
		while (chain-- && write_sqe(g, chain && g->left > 1 ? link : 0))
			;
	}
}

static void write_action(struct gen *g)
{
	static const enum action often[] = {
		ACTION_FEED,	   ACTION_FEED,	       ACTION_FEED,    ACTION_FEED,
		ACTION_DRAIN,	   ACTION_DRAIN,       ACTION_CONNECT, ACTION_ADD_BUFFERS,
		ACTION_FUTEX_WAKE, ACTION_RING_STATUS, ACTION_SET_SLOT
	};
	static const enum action plain[] = { ACTION_FEED, ACTION_FEED, ACTION_DRAIN,
					     ACTION_CONNECT };
	/* Nothing that sets up what this program does not know: NAPI, devices, clocks, regions. */
	static const uint8_t registers[] = {
		0,  1,	3,  4,	5,  7,	8,  9,	10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 38, 63, 200
	};
	struct op *op = new_op(g, OP_ACTION);

	op->action = nothing_registered ? pick(plain)
		     : one_in(3)	? (enum action)random_between(0, ACTIONS - 1)
					: pick(often);
	op->object = some_object();
	op->a = random_between(1, 12);
	op->b = random_between(0, GROUPS - 1);
	switch (op->action) {
	case ACTION_FEED:
		op->object = some_writer();
		op->a = random_between(1, 600);
		break;
	case ACTION_DRAIN:
		op->object = some_reader();
		op->a = random_between(1, DATA_SIZE);
		break;
	case ACTION_CONNECT:
		op->object = one_in(2) ? UNIX_LISTENER : TCP_LISTENER;
		break;
	case ACTION_SHUTDOWN:
		op->object = some_socket();
		op->a = random_between(0, 3);
		break;
	case ACTION_SET_SLOT:
		op->a = random_between(0, SLOTS);
		op->object = one_in(3) ? NO_OBJECT : op->object;
		break;
	case ACTION_FUTEX_WAKE:
		op->b = random_between(0, FUTEXES - 1);
		break;
	case ACTION_SYNC_CANCEL:
		op->b = some_user_data(g);
		op->a = random_between(0, 5);
		break;
	case ACTION_REGISTER:
		op->a = pick(registers);
		op->b = one_in(2) ? 0 : random_between(0, 3);
		break;
	case ACTION_ENTER:
		op->a = 1U << random_between(0, 12);
		break;
	default:
		break;
	}
}

/* ---- The ring -------------------------------------------------------------------------------- */

static void some_ring(struct program *p)
{
	static const unsigned one_each[] = {
		IORING_SETUP_SUBMIT_ALL,
		IORING_SETUP_COOP_TASKRUN,
		IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
		IORING_SETUP_SINGLE_ISSUER,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
		IORING_SETUP_SQE128,
		IORING_SETUP_CQE32,
		IORING_SETUP_CQE_MIXED,
		IORING_SETUP_NO_SQARRAY,
		IORING_SETUP_CLAMP,
		IORING_SETUP_CQSIZE,
		IORING_SETUP_R_DISABLED
	};

	for (unsigned n = (unsigned)random_between(0, 3); n--;)
		p->setup_flags |= pick(one_each);
	/* Refused as a pair; that refusal is the conformance suite's. */
	if (p->setup_flags & IORING_SETUP_CQE32)
		p->setup_flags &= ~IORING_SETUP_CQE_MIXED;
	p->sq_entries = 16;
	p->cq_entries = 1U << random_between(4, 6);
	p->second_ring = one_in(8);
	p->table = one_in(2);
	p->fixed = one_in(2);
}

static void fill_arena(void)
{
	uint8_t *bytes = arena.data[0];

	memset(&arena, 0, sizeof(arena));
	for (size_t i = 0; i < sizeof(arena.data); i++)
		bytes[i] = (uint8_t)('a' + i % 23 + i / DATA_SIZE % 3);
	memset(arena.groups, '-', sizeof(arena.groups));
	memset(arena.fixed, '+', sizeof(arena.fixed));
}

void generate(struct program *p, uint64_t seed)
{
	struct gen g = { .p = p };
	unsigned steps;

	random_seed(seed);
	memset(p, 0, sizeof(*p));
	p->seed = seed;
	fill_arena();
	choose_focus();
	some_ring(p);
	steps = (unsigned)random_between(1, 6);
	while (steps-- && p->count < MAX_OPS - 16) {
		for (unsigned n = (unsigned)random_between(0, 3); n--;)
			write_action(&g);
		write_batch(&g);
		new_op(&g, OP_SUBMIT);
	}
	for (unsigned n = (unsigned)random_between(0, 3); n-- && p->count < MAX_OPS;)
		write_action(&g);
	if (!nothing_registered)
		return;
	p->table = p->fixed = p->second_ring = false;
	p->setup_flags &= ~IORING_SETUP_R_DISABLED;
}
