/* SPDX-License-Identifier: MIT */
/*
 * What this kernel allows. Each part is asked for, and given up with a word if the kernel has no
 * such thing; the server goes on without it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "anyring.h"
#include "engine.h"
#include "ring_refused.h"
#include "echo/ring.h"

/* Milliseconds after which an idle SQPOLL thread sleeps. */
#define SQPOLL_IDLE_MS 1000

static void give_up(struct ring_server *r, unsigned part, const char *name, const char *since)
{
	if (!(r->parts & part))
		return;
	r->parts &= ~part;
	if (r->worker->index == 0)
		say("this kernel has no %s (since Linux %s): going on without", name, since);
}

void ring_part_refused(struct ring_server *r, unsigned part)
{
	if (part == PART_BUNDLE)
		give_up(r, part, "receive bundles", "6.10");
	else if (part == PART_MULTISHOT_RECV)
		give_up(r, part, "multishot receive", "6.0");
	else if (part == PART_MULTISHOT_ACCEPT)
		give_up(r, part, "multishot accept", "5.19");
}

static unsigned setup_flags(const struct ring_server *r)
{
	unsigned flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL;

	if (r->worker->options->sqpoll)
		return flags | IORING_SETUP_SQPOLL;
	if (r->parts & PART_SINGLE_ISSUER)
		flags |= IORING_SETUP_SINGLE_ISSUER;
	if (r->parts & PART_DEFER_TASKRUN)
		flags |= IORING_SETUP_DEFER_TASKRUN;
	return flags;
}

static int try_setup(struct ring_server *r, unsigned flags)
{
	struct io_uring_params p = {
		.flags = flags,
		.cq_entries = RING_CQ_ENTRIES,
		.sq_thread_idle = SQPOLL_IDLE_MS,
	};

	return io_uring_queue_init_params(RING_SQ_ENTRIES, &r->ring, &p);
}

/* The newest flags first; each refusal gives up the newest that is left. */
static int setup(struct ring_server *r)
{
	int ret;

	/* DEFER_TASKRUN is only for single issuers. */
	if (!(r->parts & PART_SINGLE_ISSUER) || r->worker->options->sqpoll)
		r->parts &= ~(unsigned)PART_DEFER_TASKRUN;
	ret = try_setup(r, setup_flags(r));
	if (ret == -EINVAL && r->parts & PART_DEFER_TASKRUN) {
		give_up(r, PART_DEFER_TASKRUN, "DEFER_TASKRUN", "6.1");
		ret = try_setup(r, setup_flags(r));
	}
	if (ret == -EINVAL && r->parts & PART_SINGLE_ISSUER && !r->worker->options->sqpoll) {
		give_up(r, PART_SINGLE_ISSUER, "SINGLE_ISSUER", "6.0");
		ret = try_setup(r, setup_flags(r));
	}
	if (ret == -EINVAL)
		/* Before 5.18: no SUBMIT_ALL. A failed request then ends a submission early, and
		 * the next one goes on behind it. */
		ret = try_setup(r, setup_flags(r) & ~(unsigned)IORING_SETUP_SUBMIT_ALL);
	return ret;
}

/* What the features and, where they do not tell, the opcodes say about this kernel. */
static void ask_kernel(struct ring_server *r)
{
	struct io_uring_probe *probe;

	if (!(r->ring.features & IORING_FEAT_RECVSEND_BUNDLE))
		give_up(r, PART_BUNDLE, "receive bundles", "6.10");
	if (!(r->ring.features & IORING_FEAT_MIN_TIMEOUT))
		give_up(r, PART_MIN_WAIT, "minimum waits", "6.12");
	/* Who has DEFER_TASKRUN has all that is older. */
	if (r->parts & PART_DEFER_TASKRUN)
		return;
	probe = io_uring_get_probe_ring(&r->ring);
	if (!probe || !io_uring_opcode_supported(probe, IORING_OP_SEND_ZC))
		give_up(r, PART_MULTISHOT_RECV, "multishot receive", "6.0");
	if (!probe || !io_uring_opcode_supported(probe, IORING_OP_SOCKET)) {
		give_up(r, PART_MULTISHOT_ACCEPT, "multishot accept", "5.19");
		give_up(r, PART_DIRECT, "direct descriptors chosen by the kernel", "5.19");
	}
	io_uring_free_probe(probe);
}

static bool open_pool(struct ring_server *r)
{
	const struct echo_options *o = r->worker->options;
	/* Without a buffer ring each armed receive holds one, and the send before it another. */
	unsigned max = 2 * o->max_conns + 64;

	if (r->parts & PART_BUFFER_RING) {
		if (pool_open(&r->pool, &r->ring, o->buffer_size, max, true))
			return true;
		if (errno != EINVAL)
			goto fail;
		give_up(r, PART_BUFFER_RING, "buffer rings", "5.19");
		pool_close(&r->pool, &r->ring);
		memset(&r->pool, 0, sizeof(r->pool));
	}
	/* Both pick their buffers when data is there. */
	r->parts &= ~(unsigned)(PART_MULTISHOT_RECV | PART_BUNDLE);
	if (pool_open(&r->pool, &r->ring, o->buffer_size, max, false))
		return true;
fail:
	say("cannot set up buffers of %u bytes: %s", o->buffer_size, strerror(errno));
	return false;
}

static bool open_tables(struct ring_server *r)
{
	const struct echo_options *o = r->worker->options;
	size_t gathers, conns;
	int ret;

	r->conns_size = r->parts & PART_DIRECT ? o->max_conns : o->descriptors;
	/* Zeroed pages that come as they are used: one region, each table aligned by what is before
	 * it, the strictest first. */
	gathers = r->ring.sq.ring_entries * sizeof(*r->gathers);
	conns = r->conns_size * sizeof(*r->conns);
	r->tables = calloc(1, gathers + conns + r->conns_size * sizeof(*r->inline_sent));
	if (!r->tables) {
		say("out of memory for %u connections; ask for fewer with --max-conns",
		    o->max_conns);
		return false;
	}
	r->gathers = (struct gather *)r->tables;
	r->conns = (struct conn *)(r->tables + gathers);
	r->inline_sent = (int32_t *)(r->tables + gathers + conns);
	if (!(r->parts & PART_DIRECT))
		return true;
	ret = io_uring_register_files_sparse(&r->ring, o->max_conns);
	if (ret) {
		say("cannot register %u direct descriptors: %s; ask for fewer with --max-conns",
		    o->max_conns, strerror(-ret));
		return false;
	}
	return true;
}

static void set_idle_timeout(struct ring_server *r)
{
	double seconds = r->worker->options->idle_timeout;
	double tick = seconds / 8;

	if (!seconds)
		return;
	tick = tick < 0.01 ? 0.01 : tick > 1 ? 1 : tick;
	r->tick_time.tv_sec = (long long)tick;
	r->tick_time.tv_nsec = (long long)((tick - (double)r->tick_time.tv_sec) * 1e9);
	r->idle_ticks = (uint32_t)(seconds / tick + 0.5);
}

bool ring_open(struct ring_server *r)
{
	const struct echo_options *o = r->worker->options;
	int ret;

	r->parts = o->ring_parts;
	r->ring.ring_fd = -1;
	ret = setup(r);
	if (ret) {
		ring_refused(ret, "use --server epoll");
		r->ring.ring_fd = -1;
		return false;
	}
	engine_remember(&r->ring);
	ask_kernel(r);
	/* In user space each operation is a system call of its own, whatever the batch, and the
	 * timer of a short wait costs as much as one. */
	r->waits_for_batches = anyring_ring_engine(&r->ring) == ANYRING_KERNEL;
	if (r->parts & PART_REGISTERED_RING && io_uring_register_ring_fd(&r->ring) < 0)
		give_up(r, PART_REGISTERED_RING, "registered ring descriptors", "5.18");
	/* Only then does a submission carry a send through before it returns, and only when all
	 * completions are drained does silence mean success. */
	r->inline_sends = !o->sqpoll && !o->async && r->parts & PART_BATCH &&
			  r->ring.features & IORING_FEAT_CQE_SKIP;
	/* A worker's multishot receive on a UNIX socket misses an end that comes after the data
	 * (seen on Linux 6.18); single ones see it. */
	if (o->async && o->endpoint.address.any.sa_family == AF_UNIX)
		r->parts &= ~(unsigned)PART_MULTISHOT_RECV;
	set_idle_timeout(r);
	return open_pool(r) && open_tables(r);
}

void ring_close(struct ring_server *r)
{
	if (r->ring.ring_fd < 0)
		return;
	/* What did not end may write into the pool until the kernel has cancelled it: then the pool
	 * goes with the process. */
	if (!r->live)
		pool_close(&r->pool, &r->ring);
	io_uring_queue_exit(&r->ring);
	free(r->tables);
}
