/* SPDX-License-Identifier: MIT */
/*
 * When is a ring quiet? The first run of a program waits for what surely completes, then looks a
 * few times more, and, where a worker may be at something that it cannot tell, waits for a while.
 * The second run waits for as many completions as the first one saw, so that an engine that takes
 * its time is not wrong. A program that diverges runs again with `slow`, which always waits longer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cases/check.h"
#include "run.h"

#define QUIET_MS      6
#define SLOW_QUIET_MS 40
#define MUST_MS	      1000

static const struct op *op_numbered(const struct run *r, uint64_t number)
{
	for (unsigned i = 0; i < r->p->count; i++)
		if (r->p->ops[i].number == number)
			return &r->p->ops[i];
	return NULL;
}

/* ---- What comes ------------------------------------------------------------------------------ */

/* Numbers of descriptors are the process's affair: it goes to a place that the program knows. */
static int keep_fd(struct run *r, const struct op *op, int fd)
{
	int place = NEW_FD + (int)op->number;

	if (fcntl(place, F_GETFD) >= 0)
		place = extra_place(r, op);
	if (fd >= OBJECT_FD || dup3(fd, place, fcntl(fd, F_GETFD) & FD_CLOEXEC ? O_CLOEXEC : 0) < 0)
		return fd;
	close(fd);
	return place;
}

/* The same for the two that PIPE writes to memory: what is said is what became of them. */
static void keep_pipe(struct run *r, const struct op *op)
{
	int fds[2];

	memcpy(fds, arena.data[op->number], sizeof(fds));
	for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = fds[i] < 3 || fds[i] >= OBJECT_FD ? -1 : keep_fd(r, op, fds[i]);
	memcpy(arena.data[op->number], fds, sizeof(fds));
}

static void note_object(struct run *r, const struct op *op, int res)
{
	enum object object = op->installs < 0 ? NO_OBJECT : (enum object)op->installs;
	int slot = op->slot == SLOTS ? res : op->slot;

	if (op->sqe.opcode == IORING_OP_FIXED_FD_INSTALL)
		object = object_behind(r, op->sqe.fd, true);
	if (op->makes_fd)
		r->new_object[op->number] = object;
	else if (op->installs >= 0 && slot >= 0 && slot < SLOTS)
		r->slots[slot] = object;
}

static void take(struct run *r, const struct io_uring_cqe *cqe)
{
	const struct op *op = op_numbered(r, cqe->user_data);
	struct arrival *a = &r->arrivals[r->arrived];

	r->trace->total++;
	if (r->arrived == MAX_ARRIVALS)
		return;
	*a = (struct arrival){ .user_data = cqe->user_data,
			       .res = cqe->res,
			       .flags = cqe->flags,
			       .order = r->arrived++ };
	if (r->ring.flags & IORING_SETUP_CQE32 || cqe->flags & IORING_CQE_F_32)
		memcpy(a->extra, cqe->big_cqe, sizeof(a->extra));
	if (!op || op->kind != OP_SQE)
		return;
	if (!(cqe->flags & IORING_CQE_F_MORE))
		r->states[op->number].done = true;
	if (cqe->res >= 0)
		note_object(r, op, cqe->res);
	if (op->makes_pipe && cqe->res == 0)
		keep_pipe(r, op);
	if (op->makes_fd && cqe->res >= 0)
		a->res = keep_fd(r, op, cqe->res);
}

static bool reap(struct run *r)
{
	struct io_uring_cqe *cqe;
	bool any = false;

	while (r->arrived < MAX_ARRIVALS && io_uring_peek_cqe(&r->ring, &cqe) == 0 && cqe) {
		take(r, cqe);
		io_uring_cqe_seen(&r->ring, cqe);
		any = true;
	}
	return any;
}

/* Returns false if nothing came within the time. */
static bool await(struct run *r, int64_t ms)
{
	struct __kernel_timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	struct io_uring_cqe *cqe = NULL;

	if (reap(r))
		return true;
	if (io_uring_wait_cqe_timeout(&r->ring, &cqe, &ts) == -ETIME)
		return reap(r);
	return reap(r);
}

/* ---- Quiet ----------------------------------------------------------------------------------- */

static bool any_must(const struct run *r)
{
	for (unsigned i = 0; i < r->p->count; i++) {
		const struct op_state *state = &r->states[r->p->ops[i].number];

		if (state->submitted && state->must && !state->done)
			return true;
	}
	return false;
}

/* At it, at the wait for it, or about to be, as what it was linked to has just completed. */
static bool is_at_work(const struct run *r, const struct op *op)
{
	const struct op_state *state = &r->states[op->number];

	if (state->must)
		return false;
	/* A worker that waits for a file reads it a moment after it could. */
	if (state->step != r->step && !r->arrived)
		return is_touched(r, op);
	return state->first || r->arrived;
}

/* Someone may be at work without our being able to tell when he is done. */
static bool may_be_busy(const struct run *r)
{
	unsigned chain = MAX_OPS;

	for (unsigned i = 0; i < r->p->count; i++) {
		const struct op *op = &r->p->ops[i];
		const struct op_state *state = &r->states[op->number];

		/* Of a chain, the first that is not done is the one that may be under way. */
		if (!state->submitted || state->done || !state->async || state->chain == chain)
			continue;
		chain = state->chain;
		if (is_at_work(r, op))
			return true;
	}
	return false;
}

/* A worker's request that posts nothing has had its time. */
static void end_hidden(struct run *r)
{
	for (unsigned i = 0; i < r->p->count; i++) {
		const struct op *op = &r->p->ops[i];
		struct op_state *state = &r->states[op->number];

		if (state->submitted && op->sqe.flags & IOSQE_CQE_SKIP_SUCCESS && state->first &&
		    op->pace == PACE_WORKER)
			state->done = true;
	}
}

static void wait_for_quiet(struct run *r)
{
	struct trace *t = r->trace;
	int64_t deadline = now_ms() + MUST_MS;
	bool expects;

	io_uring_get_events(&r->ring);
	reap(r);
	expects = r->expected && !r->lost && t->settled < r->expected->settled;

	if (expects)
		while (t->total < r->expected->seen[t->settled] && now_ms() < deadline)
			await(r, deadline - now_ms() + 1);
	else if (!r->lost)
		while (any_must(r) && now_ms() < deadline)
			await(r, deadline - now_ms() + 1);
	/* It is wrong already: what follows may as well be quick. */
	r->lost |= now_ms() >= deadline;
	if (r->slow || may_be_busy(r))
		while (await(r, r->slow ? SLOW_QUIET_MS : QUIET_MS))
			;
}

static int by_user_data(const void *left, const void *right)
{
	const struct arrival *a = left, *b = right;

	if (a->user_data != b->user_data)
		return a->user_data < b->user_data ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* docs/semantics.md, "IORING_CQE_F_SOCK_NONEMPTY": of TCP's receives, only the filled ones tell. */
static unsigned flags_said(const struct run *r, const struct arrival *a)
{
	const struct op *op = op_numbered(r, a->user_data);
	enum object object;
	bool filled;

	if (!op || op->kind != OP_SQE || a->res < 0)
		return a->flags;
	if (op->sqe.opcode != IORING_OP_RECV && op->sqe.opcode != IORING_OP_RECVMSG)
		return a->flags;
	object = object_behind(r, op->sqe.fd, op->sqe.flags & IOSQE_FIXED_FILE);
	filled = op->sqe.opcode == IORING_OP_RECV &&
		 (op->selects ? a->res % GROUP_LEN == 0 : (unsigned)a->res == op->sqe.len);
	if ((object == TCP_A || object == TCP_B) && !filled)
		return a->flags & ~IORING_CQE_F_SOCK_NONEMPTY;
	return a->flags;
}

static void say_flags(struct trace *t, unsigned flags)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{ IORING_CQE_F_MORE, "MORE" },	 { IORING_CQE_F_SOCK_NONEMPTY, "NONEMPTY" },
		{ IORING_CQE_F_NOTIF, "NOTIF" }, { IORING_CQE_F_BUF_MORE, "BUF_MORE" },
		{ IORING_CQE_F_SKIP, "SKIP" },	 { IORING_CQE_F_32, "32" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (flags & names[i].bit)
			say(t, " %s", names[i].name);
	if (flags & IORING_CQE_F_BUFFER)
		say(t, " BUFFER %u", flags >> IORING_CQE_BUFFER_SHIFT);
	else if (flags >> 16)
		say(t, " high bits %#x", flags >> 16);
}

/* The chain that completion `i` counts for in its order: each request's first. MAX_OPS: none. */
static unsigned ordered_chain(const struct run *r, unsigned i)
{
	const struct op *op = op_numbered(r, r->arrivals[i].user_data);

	/* The time of a link timeout's own completion is its own. */
	if (!op || op->kind != OP_SQE || op->sqe.opcode == IORING_OP_LINK_TIMEOUT)
		return MAX_OPS;
	for (unsigned k = 0; k < i; k++)
		if (r->arrivals[k].user_data == op->number)
			return MAX_OPS;
	return r->states[op->number].chain;
}

static void say_order(struct run *r, unsigned chain)
{
	unsigned members = 0;

	for (unsigned i = 0; i < r->arrived; i++)
		members += ordered_chain(r, i) == chain;
	if (members < 2)
		return;
	say(r->trace, "  order");
	for (unsigned i = 0; i < r->arrived; i++)
		if (ordered_chain(r, i) == chain)
			say(r->trace, " %llu", (unsigned long long)r->arrivals[i].user_data);
	say(r->trace, "\n");
}

static void say_arrivals(struct run *r)
{
	for (unsigned i = 0; i < r->p->count; i++) {
		const struct op *op = &r->p->ops[i];

		if (op->kind == OP_SQE && r->states[op->number].submitted &&
		    r->states[op->number].first)
			say_order(r, op->number);
	}
	qsort(r->arrivals, r->arrived, sizeof(*r->arrivals), by_user_data);
	for (unsigned i = 0; i < r->arrived; i++) {
		const struct arrival *a = &r->arrivals[i];

		say(r->trace, "  #%llu res %s", (unsigned long long)a->user_data,
		    result_name(a->res));
		say_flags(r->trace, flags_said(r, a));
		if (a->extra[0] || a->extra[1])
			say(r->trace, " extra %llx %llx", (unsigned long long)a->extra[0],
			    (unsigned long long)a->extra[1]);
		say(r->trace, "\n");
	}
	r->arrived = 0;
}

static void reap_other(struct run *r)
{
	struct io_uring_cqe *cqe;

	if (!r->p->second_ring)
		return;
	io_uring_get_events(&r->other);
	for (unsigned i = 0; i < MAX_ARRIVALS && io_uring_peek_cqe(&r->other, &cqe) == 0 && cqe;
	     i++) {
		say(r->trace, "  other ring: %llu res %s", (unsigned long long)cqe->user_data,
		    result_name(cqe->res));
		say_flags(r->trace, cqe->flags);
		say(r->trace, "\n");
		io_uring_cqe_seen(&r->other, cqe);
	}
}

void settle(struct run *r)
{
	struct trace *t = r->trace;

	wait_for_quiet(r);
	for (unsigned i = 0; i < 2; i++) {
		io_uring_get_events(&r->ring);
		reap(r);
	}
	end_hidden(r);
	if (t->settled < MAX_SETTLED)
		t->seen[t->settled++] = t->total;
	say_arrivals(r);
	reap_other(r);
}
