/* SPDX-License-Identifier: MIT */
/* Requests about other requests, about time, and about what is registered. */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>

#include "gen.h"

/* Newer than the headers of Debian 12. */
#ifndef FUTEX2_SIZE_U32
#define FUTEX2_SIZE_U32 2
#define FUTEX2_PRIVATE	128
#endif

void gen_nop(struct gen *g)
{
	static const int results[] = { 0, 5, 1000, -EIO, -ECANCELED, -EAGAIN, -ETIME };
	struct io_uring_sqe *sqe = &g->op->sqe;

	io_uring_prep_nop(sqe);
	if (one_in(2)) {
		sqe->nop_flags |= IORING_NOP_INJECT_RESULT;
		sqe->len = (uint32_t)pick(results);
	}
	if (one_in(6)) {
		sqe->nop_flags |= IORING_NOP_FILE;
		target(g, some_object());
		if (sqe->flags & IOSQE_FIXED_FILE) {
			sqe->flags &= (uint8_t)~IOSQE_FIXED_FILE;
			sqe->nop_flags |= IORING_NOP_FIXED_FILE;
		}
	}
	if (one_in(6)) {
		sqe->nop_flags |= IORING_NOP_FIXED_BUFFER;
		sqe->buf_index = (uint16_t)random_between(0, FIXED_BUFFERS + 1);
	}
	if (one_in(6))
		sqe->nop_flags |= IORING_NOP_TW;
	if (one_in(12))
		sqe->nop_flags |= IORING_NOP_CQE32;
	if (one_in(30))
		sqe->nop_flags |= 1U << random_between(6, 31);
}

void gen_unknown(struct gen *g)
{
	/* Those up to there are known to newer kernels. */
	g->op->sqe.opcode = (uint8_t)random_between(IORING_OP_LAST + 10, 255);
}

void gen_msg_ring(struct gen *g)
{
	struct io_uring_sqe *sqe = &g->op->sqe;
	/* Beyond those of requests. */
	uint64_t data = 1000 + random_between(0, 9);

	g->op->to_ring = true;
	if (!g->p->table || one_in(2)) {
		io_uring_prep_msg_ring(sqe, -1, (unsigned)random_between(0, 100), data, 0);
		if (one_in(3))
			io_uring_prep_msg_ring_cqe_flags(sqe, -1, 7, data, 0,
							 (unsigned)random_between(0, 3) << 1);
	} else {
		unsigned slot = (unsigned)random_between(0, SLOTS);

		io_uring_prep_msg_ring_fd(sqe, -1, (int)random_between(0, SLOTS), (int)slot, data,
					  one_in(3) ? IORING_MSG_RING_CQE_SKIP : 0);
		if (one_in(3))
			sqe->file_index = IORING_FILE_INDEX_ALLOC;
		touches(g, KEY_TABLE, ROLE_ALTER);
	}
	if (one_in(20))
		sqe->addr = random_between(2, 4);
	if (one_in(20))
		sqe->msg_ring_flags |= 1U << random_between(2, 8);
}

/* ---- Time ------------------------------------------------------------------------------------ */

/* Either at once or, for a program, never. */
static struct __kernel_timespec *some_time(struct gen *g, bool *soon)
{
	struct __kernel_timespec *ts = g->args;

	*soon = one_in(3);
	*ts = (struct __kernel_timespec){ .tv_sec = *soon ? 0 : 3600 };
	ts->tv_nsec = *soon ? (long long)random_between(0, 2) * 500000 : 0;
	if (one_in(40))
		ts->tv_nsec = one_in(2) ? -1 : 1000000000;
	return ts;
}

/* A bit that is wrong, or of another request. Not IMMEDIATE_ARG, which is newer than Linux 6.18. */
static unsigned wrong_flag(void)
{
	unsigned flag = 1U << random_between(0, 12);

	return flag == IORING_TIMEOUT_IMMEDIATE_ARG ? 1U << 20 : flag;
}

static unsigned some_clock(void)
{
	static const unsigned clocks[] = { 0, 0, 0, IORING_TIMEOUT_BOOTTIME,
					   IORING_TIMEOUT_REALTIME };

	return one_in(30) ? IORING_TIMEOUT_CLOCK_MASK : pick(clocks);
}

void gen_timeout(struct gen *g)
{
	struct io_uring_sqe *sqe = &g->op->sqe;
	bool soon;
	struct __kernel_timespec *ts = some_time(g, &soon);
	unsigned count = soon || g->linked || one_in(2) ? 0 : (unsigned)random_between(1, 5);
	unsigned flags = some_clock();

	/* An absolute time long ago, or the far future: no need to ask a clock. */
	if (one_in(4)) {
		flags |= IORING_TIMEOUT_ABS;
		ts->tv_sec = soon ? 0 : 1LL << 40;
	}
	if (one_in(4))
		flags |= IORING_TIMEOUT_ETIME_SUCCESS;
	/* Multishot ends in a count where it fires; absolute ones it refuses. */
	if (one_in(4)) {
		flags |= IORING_TIMEOUT_MULTISHOT;
		count = (unsigned)random_between(1, 3);
		if (soon)
			ts->tv_nsec = 300000;
	} else if (one_in(50)) {
		flags |= 1U << random_between(8, 20);
	}
	io_uring_prep_timeout(sqe, ts, count, flags);
	g->op->counts = count && !(flags & IORING_TIMEOUT_MULTISHOT);
	if (soon)
		g->op->pace = PACE_WORKER;
	if (one_in(40))
		sqe->addr = 16;
}

void gen_link_timeout(struct gen *g)
{
	const struct op *before = &g->p->ops[g->p->count - 2];
	bool soon;
	struct __kernel_timespec *ts = some_time(g, &soon);
	unsigned flags = some_clock();
	bool valid = ts->tv_nsec >= 0 && ts->tv_nsec < 1000000000;

	/* A worker may be as slow as it likes: not against time. */
	if (soon && (before->pace != PACE_INLINE || before->sqe.flags & IOSQE_ASYNC)) {
		soon = false;
		ts->tv_sec = 3600;
	}
	if (soon && valid)
		ts->tv_nsec = 2000000;
	if (one_in(30))
		flags |= wrong_flag();
	/* An hour from the beginning of time is over. */
	if (flags & IORING_TIMEOUT_ABS)
		soon = before->pace == PACE_INLINE && !(before->sqe.flags & IOSQE_ASYNC);
	if (!soon)
		flags &= ~IORING_TIMEOUT_ABS;
	io_uring_prep_link_timeout(&g->op->sqe, ts, flags);
	/* When it is not soon it ends with its request. */
	g->op->pace = soon ? PACE_WORKER : PACE_INLINE;
}

void gen_timeout_remove(struct gen *g)
{
	g->op->cancels = true;
	io_uring_prep_timeout_remove(&g->op->sqe, some_user_data(g), one_in(20) ? wrong_flag() : 0);
}

void gen_timeout_update(struct gen *g)
{
	uint64_t old = some_user_data(g);
	const struct io_uring_sqe *sqe = &g->p->ops[old < MAX_OPS ? old : 0].sqe;
	bool soon;
	struct __kernel_timespec *ts = some_time(g, &soon);
	unsigned flags = some_clock();

	g->op->cancels = true;
	/* It loses its count with an update: a multishot one would fire for ever. */
	if (sqe->opcode == IORING_OP_TIMEOUT && sqe->timeout_flags & IORING_TIMEOUT_MULTISHOT)
		*ts = (struct __kernel_timespec){ .tv_sec = 3600 };
	if (one_in(4)) {
		flags |= IORING_TIMEOUT_ABS;
		ts->tv_sec = ts->tv_sec ? 1LL << 40 : 0;
	}
	if (one_in(4))
		flags |= IORING_LINK_TIMEOUT_UPDATE;
	if (one_in(20))
		flags |= wrong_flag();
	io_uring_prep_timeout_update(&g->op->sqe, ts, old, flags);
	/* What it makes fire is timed from now on. */
	if (soon)
		g->op->pace = PACE_WORKER;
}

/* ---- Cancelling, polling --------------------------------------------------------------------- */

void gen_cancel(struct gen *g)
{
	static const unsigned kinds[] = { 0,
					  0,
					  0,
					  IORING_ASYNC_CANCEL_ALL,
					  IORING_ASYNC_CANCEL_FD,
					  IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL,
					  IORING_ASYNC_CANCEL_ANY,
					  IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL,
					  IORING_ASYNC_CANCEL_OP,
					  IORING_ASYNC_CANCEL_OP | IORING_ASYNC_CANCEL_ALL,
					  IORING_ASYNC_CANCEL_USERDATA | IORING_ASYNC_CANCEL_FD };
	static const uint8_t ops[] = { IORING_OP_READ, IORING_OP_RECV,	 IORING_OP_POLL_ADD,
				       IORING_OP_SEND, IORING_OP_ACCEPT, IORING_OP_TIMEOUT };
	struct io_uring_sqe *sqe = &g->op->sqe;
	unsigned flags = one_in(30) ? (unsigned)random_between(0, 127) : pick(kinds);

	io_uring_prep_cancel64(sqe, some_user_data(g), (int)flags);
	if (flags & IORING_ASYNC_CANCEL_FD)
		target(g, one_in(2) ? some_reader() : some_writer());
	if (sqe->flags & IOSQE_FIXED_FILE) {
		sqe->flags &= (uint8_t)~IOSQE_FIXED_FILE;
		sqe->cancel_flags |= IORING_ASYNC_CANCEL_FD_FIXED;
	}
	if (flags & IORING_ASYNC_CANCEL_OP)
		sqe->len = pick(ops);
	g->op->cancels = true;
}

/* Not both ways for one that goes on: docs/semantics.md, "When a poll looks". */
static unsigned some_events(bool many)
{
	static const unsigned events[] = { POLLIN,  POLLIN, POLLIN | POLLRDHUP, POLLOUT,
					   POLLPRI, 0,	    POLLIN | POLLOUT };

	return events[random_between(0, ARRAY_LEN(events) - (many ? 2 : 1))];
}

void gen_poll(struct gen *g)
{
	struct io_uring_sqe *sqe = &g->op->sqe;
	bool many = one_in(3);

	io_uring_prep_poll_add(sqe, -1, some_events(many));
	target(g, one_in(2) ? some_reader() : some_writer());
	if (many)
		sqe->len |= IORING_POLL_ADD_MULTI;
	/* A level-triggered multishot poll of what stays ready has no end. */
	if (!(sqe->len & IORING_POLL_ADD_MULTI) && one_in(12))
		sqe->len |= IORING_POLL_ADD_LEVEL;
	if (one_in(40))
		sqe->len |= 1U << random_between(1, 6);
	g->op->in = g->op->out = ROLE_OBSERVE;
}

void gen_poll_remove(struct gen *g)
{
	io_uring_prep_poll_remove(&g->op->sqe, some_user_data(g));
	g->op->cancels = true;
}

void gen_poll_update(struct gen *g)
{
	uint64_t old = some_user_data(g);
	unsigned flags = 0;

	if (one_in(2))
		flags |= IORING_POLL_UPDATE_EVENTS;
	if (one_in(3))
		flags |= IORING_POLL_UPDATE_USER_DATA;
	if (one_in(3))
		flags |= IORING_POLL_ADD_MULTI;
	if (one_in(30))
		flags |= 1U << random_between(3, 6);
	/* A new name of its own would be a second one for the tester's books: it keeps its own. */
	io_uring_prep_poll_update(&g->op->sqe, old, old, some_events(true), flags);
	g->op->cancels = true;
}

/* ---- Futexes --------------------------------------------------------------------------------- */

static unsigned some_futex_flags(void)
{
	unsigned flags = FUTEX2_SIZE_U32;

	if (!one_in(4))
		flags |= FUTEX2_PRIVATE;
	/* Not of a node (bits 2, 3): docs/semantics.md, "No wait for a word of a node". */
	return one_in(30) ? flags | 1U << random_between(4, 8) : flags;
}

void gen_futex_wait(struct gen *g)
{
	uint32_t *word = &arena.futexes[random_between(0, FUTEXES - 1)];

	io_uring_prep_futex_wait(&g->op->sqe, word, one_in(8) ? 1 : 0,
				 one_in(20) ? 0 : FUTEX_BITSET_MATCH_ANY, some_futex_flags(), 0);
	touches(g, KEY_FUTEX, ROLE_CONSUME);
}

void gen_futex_waitv(struct gen *g)
{
	struct futex_waitv *waits = g->args;
	unsigned n = (unsigned)random_between(1, 3);

	for (unsigned i = 0; i < n; i++)
		waits[i] = (struct futex_waitv){
			.val = one_in(10),
			.uaddr = (uintptr_t)&arena.futexes[i],
			.flags = FUTEX2_SIZE_U32 | FUTEX2_PRIVATE,
		};
	io_uring_prep_futex_waitv(&g->op->sqe, waits, one_in(20) ? 0 : n, 0);
	touches(g, KEY_FUTEX, ROLE_CONSUME);
}

void gen_futex_wake(struct gen *g)
{
	uint32_t *word = &arena.futexes[random_between(0, FUTEXES - 1)];

	io_uring_prep_futex_wake(&g->op->sqe, word, random_between(0, 2), FUTEX_BITSET_MATCH_ANY,
				 some_futex_flags(), 0);
	touches(g, KEY_FUTEX, ROLE_PRODUCE);
}

/* ---- Tables ---------------------------------------------------------------------------------- */

void gen_files_update(struct gen *g)
{
	int *fd = g->args;
	unsigned slot = (unsigned)random_between(0, SLOTS);
	enum object object = some_object();

	g->p->table |= !one_in(10);
	*fd = one_in(4) ? -1 : one_in(20) ? BAD_FD : OBJECT_FD + (int)object;
	io_uring_prep_files_update(&g->op->sqe, fd, 1, (int)slot);
	g->op->installs = *fd >= 0 && *fd != BAD_FD ? (int)object : NO_OBJECT;
	g->op->slot = slot < SLOTS ? (int)slot : -1;
	g->op->pace = PACE_WORKER;
	touches(g, KEY_TABLE, ROLE_ALTER);
}

void gen_install(struct gen *g)
{
	unsigned slot = (unsigned)random_between(0, SLOTS);

	io_uring_prep_fixed_fd_install(&g->op->sqe, (int)slot,
				       one_in(3) ? IORING_FIXED_FD_NO_CLOEXEC : 0);
	if (one_in(20))
		g->op->sqe.flags &= (uint8_t)~IOSQE_FIXED_FILE;
	g->op->makes_fd = true;
	/* What the slot holds then: known when it runs. */
	g->op->installs = NO_OBJECT;
	touches(g, KEY_TABLE, ROLE_OBSERVE);
}

void gen_close(struct gen *g)
{
	struct op *op = g->op;

	if (g->p->table && one_in(2)) {
		unsigned slot = (unsigned)random_between(0, SLOTS);

		io_uring_prep_close_direct(&op->sqe, slot);
		op->installs = NO_OBJECT;
		op->slot = slot < SLOTS ? (int)slot : -1;
		touches(g, KEY_TABLE, ROLE_ALTER);
		return;
	}
	io_uring_prep_close(&op->sqe, -1);
	target(g, some_object());
	/* Low numbers are the process's own, and some an engine's: not to be closed. */
	if (op->sqe.flags & IOSQE_FIXED_FILE && !one_in(20)) {
		op->sqe.flags &= (uint8_t)~IOSQE_FIXED_FILE;
		op->sqe.fd = BAD_FD;
	}
	op->in = op->out = ROLE_ALTER;
	/* A file's last close may need a worker. */
	op->pace = PACE_WORKER;
}

void gen_provide(struct gen *g)
{
	unsigned group = (unsigned)random_between(one_in(8) ? 0 : FIRST_OLD_GROUP, GROUPS - 1);
	unsigned first = (unsigned)random_between(0, GROUP_BUFFERS - 1);
	unsigned n = (unsigned)random_between(one_in(20) ? 0 : 1, GROUP_BUFFERS - first);

	g->p->groups |= 1U << group;
	io_uring_prep_provide_buffers(&g->op->sqe, arena.groups[group][first], GROUP_LEN, (int)n,
				      (int)group, (int)first);
	touches(g, KEY_GROUP + group, ROLE_PRODUCE);
}

void gen_remove_buffers(struct gen *g)
{
	unsigned group = (unsigned)random_between(one_in(8) ? 0 : FIRST_OLD_GROUP, GROUPS);

	io_uring_prep_remove_buffers(&g->op->sqe, (int)random_between(one_in(20) ? 0 : 1, 9),
				     (int)group);
	touches(g, KEY_GROUP + group, ROLE_ALTER);
}

/* ---- epoll ----------------------------------------------------------------------------------- */

void gen_epoll_ctl(struct gen *g)
{
	static const enum object watched[] = { EVENTFD, UNIX2_A, PIPE_R, FILE_A };
	struct epoll_event *event = g->args;

	*event = (struct epoll_event){ .events = some_events(false), .data.u64 = g->op->number };
	io_uring_prep_epoll_ctl(&g->op->sqe, OBJECT_FD + EPOLL, OBJECT_FD + (int)pick(watched),
				(int)random_between(one_in(20) ? 0 : 1, 3), event);
	g->op->in = ROLE_ALTER;
}

void gen_epoll_wait(struct gen *g)
{
	io_uring_prep_epoll_wait(&g->op->sqe, OBJECT_FD + EPOLL, g->data,
				 (int)random_between(one_in(20) ? 0 : 1, 4), 0);
	g->op->in = ROLE_CONSUME;
}
