/* SPDX-License-Identifier: MIT */
/*
 * Which requests may be under way together. io_uring promises little about the order of independent
 * requests; programs here leave out what would depend on it, so that two runs can be compared:
 *
 * - What runs in a worker, after a timer or behind a link meets nothing else of its batch.
 * - At most one request waits to consume at a place, and one to produce.
 * - What looks for other requests (to cancel, to update) is not submitted with what completes them.
 *
 * This is decided while the program runs, by what has completed so far, which is the same on
 * both engines until they diverge.
 */
#include "run.h"

#define MAX_USES 10

struct uses {
	unsigned count;
	struct {
		uint8_t key, role;
	} at[MAX_USES];
};

static void use(struct uses *u, enum key key, enum role role)
{
	if (key == KEY_NONE || role == ROLE_NONE || u->count == MAX_USES)
		return;
	u->at[u->count].key = (uint8_t)key;
	u->at[u->count++].role = (uint8_t)role;
}

enum object object_behind(const struct run *r, int fd, bool fixed)
{
	if (fixed)
		return fd >= 0 && fd < SLOTS ? r->slots[fd] : NO_OBJECT;
	if (fd >= OBJECT_FD && fd < OBJECT_FD + OBJECTS)
		return (enum object)(fd - OBJECT_FD);
	if (fd >= NEW_FD && fd < NEW_FD + MAX_OPS)
		return r->new_object[fd - NEW_FD];
	return NO_OBJECT;
}

static void use_object(struct uses *u, enum object object, enum role in, enum role out)
{
	use(u, object_rows[object].in, in);
	use(u, object_rows[object].out, out);
	/* What epoll says depends on what it watches. */
	if (object == EPOLL && in != ROLE_NONE) {
		use(u, KEY_EVENTFD, ROLE_CONSUME);
		use(u, KEY_UNIX2_BA, ROLE_CONSUME);
		use(u, KEY_PIPE, ROLE_CONSUME);
	}
}

static void uses_of(const struct run *r, const struct op *op, struct uses *u)
{
	const struct io_uring_sqe *sqe = &op->sqe;
	bool fixed = sqe->flags & IOSQE_FIXED_FILE;

	u->count = 0;
	if (op->kind == OP_ACTION) {
		use_object(u, op->object, op->in, op->out);
		use(u, op->extra_key[0], op->extra_role[0]);
		return;
	}
	use_object(u, object_behind(r, sqe->fd, fixed), op->in, op->out);
	if (fixed)
		use(u, KEY_TABLE, ROLE_OBSERVE);
	if (fixed && sqe->fd >= 0 && sqe->fd < SLOTS)
		use(u, KEY_SLOT + (unsigned)sqe->fd, ROLE_OBSERVE);
	if (sqe->opcode == IORING_OP_EPOLL_CTL)
		use_object(u, object_behind(r, (int)sqe->off, false), ROLE_OBSERVE, ROLE_OBSERVE);
	if (op->second)
		use_object(u, object_behind(r, sqe->splice_fd_in, false), op->second, ROLE_NONE);
	for (unsigned i = 0; i < ARRAY_LEN(op->extra_key); i++)
		use(u, op->extra_key[i], op->extra_role[i]);
}

/* Whether it waits for requests before it. */
static bool is_behind(const struct run *r, const struct op *op)
{
	const struct op_state *state = &r->states[op->number];

	for (unsigned i = 0; i < r->p->count && !state->first; i++) {
		const struct op_state *before = &r->states[r->p->ops[i].number];

		if (r->p->ops[i].number >= op->number)
			break;
		if (before->submitted && !before->done && before->chain == state->chain)
			return true;
	}
	return false;
}

/* Someone waits at the key, or looks. */
static bool is_watched(const struct run *r, unsigned key)
{
	for (unsigned i = 0; i < r->p->count; i++) {
		const struct op *op = &r->p->ops[i];
		const struct op_state *state = &r->states[op->number];
		struct uses u;

		if (op->kind != OP_SQE || !state->submitted || state->done)
			continue;
		uses_of(r, op, &u);
		for (unsigned n = 0; n < u.count; n++)
			if (u.at[n].key == key &&
			    (u.at[n].role == ROLE_CONSUME || u.at[n].role == ROLE_OBSERVE))
				return true;
	}
	return false;
}

/* Both inline, `old` of an earlier batch and still waiting. */
static bool may_join(enum role old, enum role new)
{
	switch (old) {
	case ROLE_CONSUME:
		return new == ROLE_PRODUCE || new == ROLE_ALTER;
	case ROLE_PRODUCE:
		return new == ROLE_CONSUME || new == ROLE_ALTER;
	case ROLE_OBSERVE:
		return new != ROLE_CONSUME;
	default:
		return false;
	}
}

/* Both inline, of one batch. */
static bool may_share_batch(const struct run *r, unsigned key, enum role old, enum role new)
{
	if (old == ROLE_ALTER || new == ROLE_ALTER)
		return false;
	if (old == ROLE_PRODUCE && new == ROLE_PRODUCE)
		return !is_watched(r, key);
	return old == ROLE_PRODUCE || new == ROLE_PRODUCE;
}

/* docs/semantics.md, "When a poll looks": what is there when it is submitted and what comes with
 * it. */
static bool may_tell_twice(const struct op *one, enum role other)
{
	return one->sqe.opcode == IORING_OP_POLL_ADD && one->sqe.len & IORING_POLL_ADD_MULTI &&
	       other == ROLE_PRODUCE;
}

static bool meet_badly(const struct run *r, const struct op *old, const struct op_state *old_state,
		       const struct op *new, bool new_async, bool same_step)
{
	bool loose = same_step ? old_state->async || new_async : is_behind(r, old);
	struct uses a, b;

	uses_of(r, old, &a);
	uses_of(r, new, &b);
	for (unsigned i = 0; i < a.count; i++)
		for (unsigned k = 0; k < b.count; k++) {
			enum role was = a.at[i].role, is = b.at[k].role;

			if (a.at[i].key != b.at[k].key ||
			    (was == ROLE_OBSERVE && is == ROLE_OBSERVE))
				continue;
			if (loose)
				return true;
			if (same_step && (may_tell_twice(old, is) || may_tell_twice(new, was)))
				return true;
			if (same_step ? !may_share_batch(r, a.at[i].key, was, is)
				      : !may_join(was, is))
				return true;
		}
	return false;
}

/* It may complete others. */
static bool completes_others(const struct run *r, const struct op *op)
{
	struct uses u;

	uses_of(r, op, &u);
	for (unsigned i = 0; i < u.count; i++)
		if (u.at[i].role != ROLE_OBSERVE)
			return true;
	return false;
}

static bool search_is_free(const struct run *r, const struct op *old,
			   const struct op_state *old_state, const struct op *new, bool new_async)
{
	if (!old->cancels && !new->cancels)
		return false;
	/* What one has cancelled the next of the batch may still find, on its way out. */
	if (old->cancels && new->cancels)
		return true;
	if (old_state->async || new_async || old->counts || new->counts)
		return true;
	/* What is ready when it is submitted may be about to be told. */
	if (old->sqe.opcode == IORING_OP_POLL_ADD)
		return true;
	return (new->cancels && !old->cancels &&completes_others(r, old)) ||
	       (old->cancels && !new->cancels &&completes_others(r, new));
}

/*
 * Linux counts a timeout that fires before its completion is posted, so that for a moment a count
 * can seem reached: one that counts is alone with what completes in its own time.
 */
static bool disturbs_counts(const struct op *op, bool async)
{
	return async || op->counts || op->sqe.opcode == IORING_OP_LINK_TIMEOUT;
}

/* Its descriptor gets its number when the completion of its maker is seen. */
static bool is_yet_to_be_made(const struct run *r, const struct op *const *chain, unsigned at)
{
	int fd = chain[at]->sqe.fd, maker = fd - NEW_FD;

	if (maker < 0 || maker >= MAX_OPS)
		return false;
	for (unsigned i = 0; i < at; i++)
		if (chain[i]->number == (unsigned)maker)
			return true;
	return r->states[maker].submitted && !r->states[maker].done;
}

static bool is_rw(const struct op *op)
{
	switch (op->sqe.opcode) {
	case IORING_OP_READ:
	case IORING_OP_READV:
	case IORING_OP_READ_FIXED:
	case IORING_OP_READV_FIXED:
	case IORING_OP_READ_MULTISHOT:
	case IORING_OP_WRITE:
	case IORING_OP_WRITEV:
	case IORING_OP_WRITE_FIXED:
	case IORING_OP_WRITEV_FIXED:
		return true;
	default:
		return false;
	}
}

static enum object target_of(const struct run *r, const struct op *op)
{
	return object_behind(r, op->sqe.fd, op->sqe.flags & IOSQE_FIXED_FILE);
}

static bool is_spliced(const struct run *r, const struct op *const *chain, unsigned at)
{
	const struct object_row *row = &object_rows[target_of(r, chain[at])];

	for (unsigned i = 0; i < at; i++)
		if (chain[i]->sqe.opcode == IORING_OP_SPLICE)
			return true;
	return r->spliced[row->in] || r->spliced[row->out];
}

/* What docs/semantics.md has. `behind`: a worker has the chain by now. */
static bool differs_by_design(const struct run *r, const struct op *const *chain, unsigned at,
			      bool behind)
{
	const struct op *op = chain[at];

	/* "Reads and writes of an epoll set" */
	if (is_rw(op) && target_of(r, op) == EPOLL)
		return true;
	/* "A pipe that was spliced" */
	if (is_rw(op) && (op->sqe.rw_flags & RWF_NOWAIT || target_of(r, op) == PAGE_PIPE_W) &&
	    is_spliced(r, chain, at))
		return true;
	/* "A multishot accept of a UNIX listener" */
	if (op->sqe.opcode == IORING_OP_SHUTDOWN && target_of(r, op) == UNIX_LISTENER)
		return true;
	/* "A link timeout and a worker" */
	return behind && op->sqe.opcode == IORING_OP_LINK_TIMEOUT && op->pace == PACE_WORKER;
}

static bool is_determined(const struct run *r, const struct op *op, bool async, unsigned chain)
{
	for (unsigned i = 0; i < r->p->count; i++) {
		const struct op *old = &r->p->ops[i];
		const struct op_state *state = &r->states[old->number];
		bool same_step = state->step == r->step;

		if (old->kind != OP_SQE || !state->submitted ||
		    (same_step && state->chain == chain))
			continue;
		if (state->done && !same_step)
			continue;
		if ((op->counts && disturbs_counts(old, state->async)) ||
		    (old->counts && disturbs_counts(op, async)))
			return false;
		if (meet_badly(r, old, state, op, async, same_step))
			return false;
		if (same_step && search_is_free(r, old, state, op, async))
			return false;
		/* A count is reached by completions of its batch, whenever they are seen. */
		if (op->cancels && old->counts)
			return false;
	}
	return true;
}

static bool is_async(const struct run *r, const struct op *op)
{
	/* An eventfd cannot be written without blocking: a worker does it. */
	if (op->out == ROLE_PRODUCE && target_of(r, op) == EVENTFD)
		return true;
	/* docs/semantics.md, "Blocking listeners and sockets" */
	if (op->sqe.opcode == IORING_OP_CONNECT)
		return true;
	return op->pace != PACE_INLINE || op->sqe.flags & IOSQE_ASYNC;
}

static void note_uses(struct run *r, const struct op *op)
{
	struct uses u;

	uses_of(r, op, &u);
	for (unsigned i = 0; i < u.count; i++) {
		r->touched[u.at[i].key] = true;
		r->spliced[u.at[i].key] |= op->sqe.opcode == IORING_OP_SPLICE;
	}
	r->searched |= op->cancels;
}

bool is_touched(const struct run *r, const struct op *op)
{
	struct uses u;

	uses_of(r, op, &u);
	for (unsigned i = 0; i < u.count; i++)
		if (r->touched[u.at[i].key])
			return true;
	return r->searched;
}

void next_step(struct run *r)
{
	r->step++;
	r->searched = false;
	memset(r->touched, 0, sizeof(r->touched));
}

/* Reads and writes of regular files come to an end; of anything else, they may wait. */
static bool ends_by_itself(const struct run *r, const struct op *op)
{
	enum object object = target_of(r, op);

	if (op->pace != PACE_WORKER || op->cancels)
		return false;
	return !is_rw(op) || object <= FOLDER || object == NO_OBJECT;
}

/* What waits may be served between two links, or after both. */
static bool feeds_twice(const struct run *r, const struct op *const *chain, unsigned count)
{
	uint8_t produced[KEYS] = { 0 };
	struct uses u;

	for (unsigned i = 0; i < count; i++) {
		uses_of(r, chain[i], &u);
		for (unsigned n = 0; n < u.count; n++)
			if (u.at[n].role == ROLE_PRODUCE && produced[u.at[n].key]++ &&
			    is_watched(r, u.at[n].key))
				return true;
	}
	return false;
}

static bool meet(const struct run *r, const struct op *one, const struct op *other)
{
	struct uses a, b;

	uses_of(r, one, &a);
	uses_of(r, other, &b);
	for (unsigned i = 0; i < a.count; i++)
		for (unsigned k = 0; k < b.count; k++)
			if (a.at[i].key == b.at[k].key)
				return true;
	return false;
}

/* Linux closes a file a moment after the completion: what comes next in the chain may be
 * before it. */
static bool is_behind_its_close(const struct run *r, const struct op *const *chain, unsigned at)
{
	for (unsigned i = 0; i < at; i++)
		if (chain[i]->sqe.opcode == IORING_OP_CLOSE && meet(r, chain[i], chain[at]))
			return true;
	return false;
}

bool chain_is_determined(struct run *r, const struct op *const *chain, unsigned count)
{
	/* One that its batch leaves open goes to a worker, as a whole. */
	bool open = chain[count - 1]->sqe.flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
	bool worker = open;

	if (feeds_twice(r, chain, count))
		return false;
	for (unsigned i = 0; i < count; i++) {
		bool async = i > 0 || open || is_async(r, chain[i]);

		if (is_yet_to_be_made(r, chain, i) || is_behind_its_close(r, chain, i) ||
		    differs_by_design(r, chain, i, worker))
			return false;
		/* A worker goes on with what is linked; it keeps its buffer, and finds itself. */
		worker |= is_async(r, chain[i]);
		if (worker && (chain[i]->selects || chain[i]->cancels))
			return false;
		if (!is_determined(r, chain[i], async, chain[0]->number))
			return false;
	}
	for (unsigned i = 0; i < count; i++) {
		const struct op *op = chain[i];
		bool async = i > 0 || open || is_async(r, op);

		note_uses(r, op);
		r->states[op->number] = (struct op_state){
			.submitted = true,
			.async = async,
			.must = ends_by_itself(r, op) && i == 0 &&
				!(op->sqe.flags & IOSQE_CQE_SKIP_SUCCESS),
			.step = r->step,
			.chain = chain[0]->number,
			.first = i == 0,
		};
	}
	return true;
}

bool action_is_determined(struct run *r, const struct op *op)
{
	static const struct {
		enum role in, out;
	} roles[ACTIONS] = {
		[ACTION_FEED] = { ROLE_NONE, ROLE_PRODUCE },
		[ACTION_DRAIN] = { ROLE_CONSUME, ROLE_NONE },
		[ACTION_CONNECT] = { ROLE_PRODUCE, ROLE_NONE },
		[ACTION_SHUTDOWN] = { ROLE_ALTER, ROLE_ALTER },
		[ACTION_CLOSE] = { ROLE_ALTER, ROLE_ALTER },
	};
	struct op copy = *op;

	copy.in = roles[op->action].in;
	copy.out = roles[op->action].out;
	copy.cancels = op->action == ACTION_SYNC_CANCEL;
	if (op->action == ACTION_SET_SLOT || op->action == ACTION_FUTEX_WAKE) {
		copy.extra_key[0] = op->action == ACTION_SET_SLOT ? KEY_TABLE : KEY_FUTEX;
		copy.extra_role[0] = op->action == ACTION_SET_SLOT ? ROLE_ALTER : ROLE_PRODUCE;
	}
	if (!is_determined(r, &copy, false, MAX_OPS))
		return false;
	note_uses(r, &copy);
	return true;
}
