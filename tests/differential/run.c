/* SPDX-License-Identifier: MIT */
/* Runs a program on an engine: ring, batches, actions, and what is left in the end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <anyring.h>

#include "run.h"

/* A program ends in milliseconds; this is one that hangs. */
#define PROGRAM_SECONDS 8

#define MAX_CHAIN 16

#ifndef PR_FUTEX_HASH
#define PR_FUTEX_HASH		78
#define PR_FUTEX_HASH_SET_SLOTS 1
#endif

static void register_table(struct run *r)
{
	int fds[SLOTS];

	for (unsigned i = 0; i < SLOTS; i++) {
		bool used = i < ARRAY_LEN(first_slots);

		r->slots[i] = used && r->p->table ? first_slots[i] : NO_OBJECT;
		fds[i] = used ? OBJECT_FD + (int)first_slots[i] : -1;
	}
	if (r->p->table)
		say(r->trace, "table: %s\n",
		    result_name(io_uring_register_files(&r->ring, fds, SLOTS)));
}

static void register_buffers(struct run *r)
{
	struct iovec vecs[FIXED_BUFFERS];

	for (unsigned i = 0; i < FIXED_BUFFERS; i++)
		vecs[i] = (struct iovec){ .iov_base = arena.fixed[i], .iov_len = FIXED_LEN };
	if (r->p->fixed)
		say(r->trace, "buffers: %s\n",
		    result_name(io_uring_register_buffers(&r->ring, vecs, FIXED_BUFFERS)));
}

/* Each begins with half of its buffers. */
static void set_up_group(struct run *r, unsigned group)
{
	int ret = 0;

	if (group >= FIRST_OLD_GROUP) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);
		struct io_uring_cqe *cqe;

		io_uring_prep_provide_buffers(sqe, arena.groups[group], GROUP_LEN,
					      GROUP_BUFFERS / 2, (int)group, 0);
		io_uring_submit(&r->ring);
		ret = io_uring_wait_cqe(&r->ring, &cqe);
		if (!ret) {
			say(r->trace, "group %u: %s\n", group, result_name(cqe->res));
			io_uring_cqe_seen(&r->ring, cqe);
		}
		return;
	}
	r->groups[group] =
		io_uring_setup_buf_ring(&r->ring, GROUP_BUFFERS, (int)group,
					group >= FIRST_INC_GROUP ? IOU_PBUF_RING_INC : 0, &ret);
	say(r->trace, "group %u: %s\n", group, result_name(ret));
	for (unsigned i = 0; r->groups[group] && i < GROUP_BUFFERS / 2; i++)
		io_uring_buf_ring_add(r->groups[group], arena.groups[group][i], GROUP_LEN,
				      (uint16_t)i, GROUP_BUFFERS - 1, (int)i);
	if (r->groups[group])
		io_uring_buf_ring_advance(r->groups[group], GROUP_BUFFERS / 2);
	r->next_bid[group] = GROUP_BUFFERS / 2;
}

static bool set_up_ring(struct run *r)
{
	struct io_uring_params params = { .flags = r->p->setup_flags,
					  .cq_entries = r->p->cq_entries };
	int ret = io_uring_queue_init_params(r->p->sq_entries, &r->ring, &params);

	say(r->trace, "ring: %s, %u %u\n", result_name(ret), params.sq_entries, params.cq_entries);
	if (ret < 0)
		return false;
	if (r->p->second_ring && io_uring_queue_init(8, &r->other, 0) < 0)
		return false;
	register_table(r);
	register_buffers(r);
	if (r->p->setup_flags & IORING_SETUP_R_DISABLED)
		say(r->trace, "enabled: %s\n", result_name(io_uring_enable_rings(&r->ring)));
	for (unsigned i = 0; i < GROUPS; i++)
		if (r->p->groups & 1U << i)
			set_up_group(r, i);
	return true;
}

/* ---- Batches --------------------------------------------------------------------------------- */

static void queue(struct run *r, const struct op *op)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);

	if (!sqe) {
		say(r->trace, "%u: no room\n", op->number);
		return;
	}
	memcpy(sqe, &op->sqe, sizeof(*sqe));
	if (op->to_ring)
		sqe->fd = r->p->second_ring ? r->other.ring_fd : r->ring.ring_fd;
	if (op->sqe.opcode == IORING_OP_CONNECT && op->sqe.fd == OBJECT_FD + TCP_SOCKET)
		tcp_address(arena.args[op->number]);
	r->trace->requests[op->sqe.opcode]++;
}

static void queue_chain(struct run *r, const struct op *const *chain, unsigned count)
{
	if (!chain_is_determined(r, chain, count)) {
		for (unsigned i = 0; i < count; i++)
			say(r->trace, "%u: left out\n", chain[i]->number);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		queue(r, chain[i]);
}

/* Returns the number of the first operation that is no request. */
static unsigned queue_batch(struct run *r, unsigned at)
{
	const struct op *chain[MAX_CHAIN];
	const struct op *op = &r->p->ops[at];
	unsigned count = 0;

	next_step(r);
	for (; at < r->p->count && op->kind == OP_SQE; op = &r->p->ops[++at]) {
		chain[count++] = op;
		if (op->sqe.flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK) && count < MAX_CHAIN)
			continue;
		queue_chain(r, chain, count);
		count = 0;
	}
	if (count)
		queue_chain(r, chain, count);
	return at;
}

/* A submission may end early, at an entry that is refused; what is left goes with the next. */
static void submit_batch(struct run *r)
{
	for (unsigned i = 0; i < r->p->sq_entries && io_uring_sq_ready(&r->ring); i++) {
		int ret = io_uring_submit(&r->ring);

		say(r->trace, "submit -> %s\n", result_name(ret));
		if (ret <= 0)
			break;
	}
	settle(r);
}

static void run_ops(struct run *r)
{
	const struct program *p = r->p;

	for (unsigned i = 0; i < p->count;) {
		const struct op *op = &p->ops[i];

		if (op->kind == OP_ACTION) {
			do_action(r, op);
			i++;
		} else if (op->kind == OP_SUBMIT) {
			i++;
		} else {
			say(r->trace, "-- %u\n", op->number);
			i = queue_batch(r, i);
			submit_batch(r);
		}
	}
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void start_process(const char *engine, const char *folder)
{
	enum anyring_engine number;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* To enlarge the table of descriptors once there are workers takes milliseconds. */
	dup2(STDOUT_FILENO, EXTRA_FD + EXTRA_FDS);
	close(EXTRA_FD + EXTRA_FDS);
	signal(SIGPIPE, SIG_IGN);
	/*
	 * Linux 6.18 gives a process a futex table of its own with its first thread, a worker's,
	 * too; what waited before is not found there any more. An older kernel refuses this.
	 */
	prctl(PR_FUTEX_HASH, PR_FUTEX_HASH_SET_SLOTS, 16, 0);
	alarm(PROGRAM_SECONDS);
	if (anyring_find_engine(engine, &number) || anyring_set_engine(number) || chdir(folder))
		_exit(1);
}

void run_program(const struct program *p, const char *engine, const char *folder,
		 struct trace *trace, const struct trace *expected, bool slow)
{
	static struct run r;

	start_process(engine, folder);
	memset(&r, 0, sizeof(r));
	r.p = p;
	r.trace = trace;
	r.expected = expected;
	r.slow = slow;
	for (unsigned i = 0; i < MAX_OPS; i++)
		r.new_object[i] = NO_OBJECT;
	empty_folder();
	make_world(p);
	r.broken = !set_up_ring(&r);
	if (!r.broken)
		run_ops(&r);
	say_state(&r);
	if (!r.broken) {
		io_uring_queue_exit(&r.ring);
		if (p->second_ring)
			io_uring_queue_exit(&r.other);
	}
	say_leaks(&r);
	trace->ended = true;
	_exit(0);
}
