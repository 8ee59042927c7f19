/* SPDX-License-Identifier: MIT */
/* One program running on one engine, in a process of its own. */
#ifndef DIFFERENTIAL_RUN_H
#define DIFFERENTIAL_RUN_H

#include "program.h"
#include "trace.h"

#define MAX_ARRIVALS 512
#define EXTRA_FD     300 /* clients, further accepted connections: EXTRA_EACH for each operation */
#define EXTRA_EACH   6
#define EXTRA_FDS    (MAX_OPS * EXTRA_EACH)

struct op_state {
	bool submitted, done;
	/* Nothing says when it is issued: a worker, a timer, or requests before it decide. */
	bool async;
	/* Completes by itself, whatever else happens. */
	bool must;
	unsigned step;	/* in which it was submitted */
	unsigned chain; /* the number of its chain's first */
	bool first;	/* of its chain */
};

struct arrival {
	uint64_t user_data, extra[2];
	int res;
	unsigned flags, order;
};

struct run {
	const struct program *p;
	struct trace *trace;
	const struct trace *expected; /* the other engine's, or NULL */
	bool slow, lost;	      /* lost: something that should have completed did not */
	struct io_uring ring, other;
	bool broken; /* no ring */
	struct io_uring_buf_ring *groups[GROUPS];
	struct op_state states[MAX_OPS];
	enum object new_object[MAX_OPS]; /* what the descriptor it made is */
	enum object slots[SLOTS];
	bool touched[KEYS], searched; /* in this step: where, and whether for requests */
	bool spliced[KEYS];	      /* so far */
	unsigned step, extra_fds[MAX_OPS], next_bid[GROUPS];
	struct arrival arrivals[MAX_ARRIVALS];
	unsigned arrived;
};

/* ---- world.c --------------------------------------------------------------------------------- */

/* Makes the objects that the program uses, in the empty scratch folder we are in. */
void make_world(const struct program *p);
void empty_folder(void);
/* A client of the listener object; -errno if it cannot connect. */
int connect_client(enum object listener);
/* The address of the TCP listener, as long as a sockaddr_un. */
void tcp_address(void *addr);

/* ---- guard.c --------------------------------------------------------------------------------- */

/* The object behind a descriptor or slot, NO_OBJECT if unknown. */
enum object object_behind(const struct run *r, int fd, bool fixed);
/*
 * Fills in the states of `count` requests that are one chain, and answers true if what they do is
 * determined given all that was submitted before. Requests that meet where it isn't are left out.
 */
bool chain_is_determined(struct run *r, const struct op *const *chain, unsigned count);
/* Whether this step did something where the request, of an earlier one, waits. */
bool is_touched(const struct run *r, const struct op *op);
void next_step(struct run *r);
bool action_is_determined(struct run *r, const struct op *op);

/* A place for one more descriptor that the operation makes, whatever others make before. */
static inline int extra_place(struct run *r, const struct op *op)
{
	unsigned which = r->extra_fds[op->number]++ % EXTRA_EACH;

	return EXTRA_FD + (int)(op->number * EXTRA_EACH + which);
}

/* ---- settle.c -------------------------------------------------------------------------------- */

/* Waits until all that completes by itself has, and says what came. */
void settle(struct run *r);

/* ---- actions.c, state.c ---------------------------------------------------------------------- */

void do_action(struct run *r, const struct op *op);
/* Files, what is left in pipes and sockets, descriptors, memory. */
void say_state(struct run *r);
/* After the ring is gone: what else is open. */
void say_leaks(struct run *r);

/* ---- run.c ----------------------------------------------------------------------------------- */

/* In a child: runs the program in `folder`, ends the process. */
void run_program(const struct program *p, const char *engine, const char *folder,
		 struct trace *trace, const struct trace *expected, bool slow)
	__attribute__((noreturn));

#endif
