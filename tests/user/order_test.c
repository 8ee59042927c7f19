/* SPDX-License-Identifier: MIT */
/* Orders that the core promises: of drained requests, of chains, of what overflowed. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "core_ops.h"

/* ---- Drain ----------------------------------------------------------------------------------- */

#define REQUESTS 40

/*
 * The rules: from a request that drains on, all go through a queue. Its head starts once nothing
 * runs, and with it those behind it up to the next that drains. Once one that does not drain finds
 * the queue empty and nothing running, the queue is out of use.
 */
struct modelled {
	bool drain, gated; /* gated: runs until a byte comes */
	bool queued, started, ended;
	int pipe[2];
};

static struct modelled model[REQUESTS];
static unsigned submitted;
static bool draining;

static unsigned running(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < submitted; i++)
		count += model[i].started && !model[i].ended;
	return count;
}

/* True if any did. */
static bool start_queued(void)
{
	bool first = true, seen = false;

	for (unsigned i = 0; i < submitted; i++) {
		if (!model[i].queued)
			continue;
		seen |= model[i].drain;
		if ((first || seen) && running())
			break;
		model[i].queued = false;
		model[i].started = true;
		first = false;
	}
	return !first;
}

/* Ends what is not gated, and what that starts; all of it must have come. */
static void reap_expected(struct io_uring *ring)
{
	unsigned expected = 0, ended;
	uint64_t data;

	do {
		ended = 0;
		for (unsigned i = 0; i < submitted; i++) {
			if (model[i].started && !model[i].ended && !model[i].gated) {
				model[i].ended = true;
				ended++;
			}
		}
		expected += ended;
	} while (start_queued() || ended);
	io_uring_get_events(ring);
	check(io_uring_cq_ready(ring) == expected, "%u ended, not %u", io_uring_cq_ready(ring),
	      expected);
	while (expected--) {
		core_reap(ring, &data);
		check(data < submitted && model[data].ended, "%u ended too early", (unsigned)data);
	}
}

static bool queue_is_empty(void)
{
	for (unsigned i = 0; i < submitted; i++)
		if (model[i].queued)
			return false;
	return true;
}

static void submit_next(struct io_uring *ring)
{
	struct modelled *m = &model[submitted++];
	struct io_uring_sqe *sqe;

	*m = (struct modelled){ .drain = !random_between(0, 3), .gated = random_between(0, 1) };
	core_pipe(m->pipe, false);
	sqe = core_sqe(ring, m->gated ? OP_BYTE : OP_NOW, m->pipe[0], submitted - 1);
	if (m->drain)
		sqe->flags |= IOSQE_IO_DRAIN;
	draining |= m->drain;
	m->queued = draining;
	m->started = !draining;
	start_queued();
	if (!m->drain && queue_is_empty())
		draining = false;
	core_submit(ring, 1);
	reap_expected(ring);
}

static void end_one(struct io_uring *ring)
{
	unsigned first = (unsigned)random_between(0, submitted - 1);
	uint64_t data;

	for (unsigned k = 0; k < submitted; k++) {
		struct modelled *m = &model[(first + k) % submitted];

		if (!m->gated || !m->started || m->ended)
			continue;
		m->ended = true;
		core_put(m->pipe[1], 1);
		core_reap(ring, &data);
		check(data == (first + k) % submitted, "%u ended, not %u", (unsigned)data,
		      (first + k) % submitted);
		reap_expected(ring);
		return;
	}
}

static void drain(void)
{
	struct io_uring ring;

	core_ring(&ring, 64, 0);
	for (unsigned round = 0; round < 30; round++) {
		submitted = 0;
		draining = false;
		while (submitted < REQUESTS)
			if (random_between(0, 2))
				submit_next(&ring);
			else if (submitted)
				end_one(&ring);
		while (running())
			end_one(&ring);
		check(queue_is_empty(), "requests wait for nothing");
		for (unsigned i = 0; i < submitted; i++) {
			close(model[i].pipe[0]);
			close(model[i].pipe[1]);
		}
	}
}

/* ---- Overflow -------------------------------------------------------------------------------- */

/* Many more than fit, reaped now and then: all come, in order, and none twice. */
static void overflow(const void *setup)
{
	struct io_uring_params p = { .flags = (unsigned)(uintptr_t)setup | IORING_SETUP_CQSIZE,
				     .cq_entries = 8 };
	uint64_t posted = 0, reaped = 0, data;
	struct io_uring ring;

	core_ring_params(&ring, 8, &p);
	while (posted < 5000) {
		unsigned count = (unsigned)random_between(1, 8);

		for (unsigned i = 0; i < count; i++)
			core_sqe(&ring, OP_NOW, -1, posted++);
		core_submit(&ring, (int)count);
		check(!!(*ring.sq.kflags & IORING_SQ_CQ_OVERFLOW) ==
			      (posted - reaped > io_uring_cq_ready(&ring)),
		      "the flag lies");
		for (count = (unsigned)random_between(0, 12); count && reaped < posted; count--) {
			core_reap(&ring, &data);
			check(data == reaped++, "%u came", (unsigned)data);
		}
	}
	while (reaped < posted) {
		core_reap(&ring, &data);
		check(data == reaped++, "%u came", (unsigned)data);
	}
	check(!io_uring_cq_has_overflow(&ring) && !*ring.cq.koverflow, "something was lost");
}

/* ---- Refusals -------------------------------------------------------------------------------- */

/* What is submitted after one that is refused, with and without IORING_SETUP_SUBMIT_ALL: all comes,
 * in order, though the refused one was to drain. */
static void refused(const void *setup)
{
	bool all = setup;
	struct io_uring ring;
	uint64_t data;

	core_ring(&ring, 8, all ? IORING_SETUP_SUBMIT_ALL : 0);
	core_sqe(&ring, OP_NOW, -1, 0);
	core_sqe(&ring, OP_REFUSED, -1, 1)->flags = IOSQE_IO_DRAIN;
	core_sqe(&ring, OP_NOW, -1, 2);
	core_sqe(&ring, OP_NOW, -1, 3);
	core_submit(&ring, all ? 4 : 2);
	if (!all)
		core_submit(&ring, 2);
	for (uint64_t i = 0; i < 4; i++)
		check(core_reap(&ring, &data) == (i == 1 ? -EINVAL : 0) && data == i,
		      "%u came for %u", (unsigned)data, (unsigned)i);
}

/* A chain breaks at its member that fails; what comes after it does not. */
static void chains(void)
{
	static const int expected[] = { 0, -5, -ECANCELED, -ECANCELED, 0 };
	struct io_uring ring;
	uint64_t data;

	core_ring(&ring, 8, 0);
	for (unsigned i = 0; i < 5; i++) {
		struct io_uring_sqe *sqe = core_sqe(&ring, OP_NOW, -1, i);

		sqe->len = i == 1 ? (unsigned)-5 : 0;
		sqe->flags = i < 3 ? IOSQE_IO_LINK : 0;
	}
	core_submit(&ring, 5);
	for (unsigned i = 0; i < 5; i++) {
		int res = core_reap(&ring, &data);

		check(data < 5 && res == expected[data], "%u: %d", (unsigned)data, res);
	}
}

static int no_memory(long nr)
{
	return nr == __NR_epoll_ctl ? -ENOMEM : 0;
}

/* What cannot be waited for fails, and its chain with it. */
static void cannot_wait(void)
{
	struct io_uring ring;
	uint64_t data;
	int fds[2];

	core_ring(&ring, 8, 0);
	core_pipe(fds, false);
	core_fault = no_memory;
	core_sqe(&ring, OP_BYTE, fds[0], 0)->flags = IOSQE_IO_LINK;
	core_sqe(&ring, OP_NOW, -1, 1);
	core_submit(&ring, 2);
	check(core_reap(&ring, &data) == -ENOMEM && data == 0, "it waits nowhere");
	check(core_reap(&ring, &data) == -ECANCELED && data == 1, "its chain went on");
}

static const struct test_case cases[] = {
	{ "drain, random against its rules", .run = drain },
	{ "overflow", .run_on = overflow },
	{ "overflow of long completions", .run_on = overflow,
	  .subject = (void *)(0UL + IORING_SETUP_CQE32) },
	{ "after a refusal", .run_on = refused },
	{ "after a refusal, all submitted", .run_on = refused, .subject = "all" },
	{ "a chain that breaks", .run = chains },
	{ "what cannot be waited for", .run = cannot_wait },
	{ 0 },
};

int main(int argc, char **argv)
{
	return jobs_main(argc, argv, "order", cases);
}
