/* SPDX-License-Identifier: MIT */
/* Taking SQEs from the queue, and putting chains together. */
#include <string.h>

#include "user/aio.h"
#include "user/alloc.h"
#include "user/link_timeout.h"
#include "user/quick_send.h"
#include "user/submit.h"
#include "user/worker.h"

#define SLAB_REQUESTS 32

/* Those that need no more than a bit in request.flags. */
#define SQE_FLAGS_SIMPLE (IOSQE_FIXED_FILE | IOSQE_IO_LINK | IOSQE_IO_HARDLINK | IOSQE_ASYNC)

struct slab {
	struct list link;
	struct request requests[SLAB_REQUESTS];
};

static const struct op no_op;

/* ---- Memory ---------------------------------------------------------------------------------- */

static bool add_slab(struct uring *ring)
{
	struct slab *slab = user_alloc_lines(sizeof(*slab));

	if (!slab)
		return false;
	list_add_tail(&ring->slabs, &slab->link);
	for (unsigned i = 0; i < SLAB_REQUESTS; i++) {
		slab->requests[i].ring = ring;
		slab->requests[i].link = ring->free;
		ring->free = &slab->requests[i];
	}
	return true;
}

static bool has_free_request(struct uring *ring)
{
	return ring->free || add_slab(ring);
}

static struct request *request_new(struct uring *ring)
{
	struct request *req;

	if (!has_free_request(ring))
		return NULL;
	req = ring->free;
	ring->free = req->link;
	ring->running++;
	req->res = 0;
	req->cqe_flags = 0;
	req->flags = 0;
	req->state = REQ_NEW;
	req->stop = false;
	req->owner = ring->submitter;
	req->poll_retries = 0;
	req->file = NULL;
	req->link = req->timeout = NULL;
	req->buffer = NULL;
	req->identity = NULL;
	req->async = NULL;
	return req;
}

struct request *request_for_message(struct uring *ring)
{
	struct request *req = request_new(ring);

	if (req)
		req->op = &no_op;
	return req;
}

void requests_free(struct uring *ring)
{
	list_for_each(link, &ring->slabs) user_free(list_entry(link, struct slab, link));
	list_init(&ring->slabs);
	ring->free = NULL;
}

/* ---- One SQE --------------------------------------------------------------------------------- */

/* A draining member makes its whole chain wait, and what comes after the chain. */
static int begin_drain(struct uring *ring, struct request *req)
{
	struct request *head = ring->chain.head;

	if (ring->skipped_cqe)
		return -EOPNOTSUPP;
	ring->draining = DRAIN_ACTIVE;
	req->flags |= REQ_DRAIN;
	if (head) {
		head->flags |= REQ_DRAIN;
		ring->drain_next = true;
	}
	return 0;
}

static int take_special_flags(struct request *req, unsigned sqe_flags)
{
	struct uring *ring = req->ring;

	if (sqe_flags & ~SQE_FLAGS_VALID)
		return -EINVAL;
	if (sqe_flags & IOSQE_BUFFER_SELECT) {
		if (!req->op->buffer_select)
			return -EOPNOTSUPP;
		req->flags |= REQ_SELECT;
	}
	if (sqe_flags & IOSQE_CQE_SKIP_SUCCESS)
		ring->skipped_cqe = true;
	return sqe_flags & IOSQE_IO_DRAIN ? begin_drain(ring, req) : 0;
}

/* These count for a request that is refused, too. */
static void take_simple_flags(struct request *req, unsigned sqe_flags)
{
	if (sqe_flags & IOSQE_FIXED_FILE)
		req->flags |= REQ_FIXED_FILE;
	if (sqe_flags & IOSQE_IO_LINK)
		req->flags |= REQ_LINK;
	if (sqe_flags & IOSQE_IO_HARDLINK)
		req->flags |= REQ_HARDLINK;
	if (sqe_flags & IOSQE_ASYNC)
		req->flags |= REQ_ASYNC;
	if (sqe_flags & IOSQE_CQE_SKIP_SUCCESS)
		req->flags |= REQ_SKIP;
}

/* Fills the request from the SQE. 0, or -errno: the request is refused. */
static int prepare(struct request *req, const struct io_uring_sqe *sqe)
{
	unsigned opcode = __atomic_load_n(&sqe->opcode, __ATOMIC_RELAXED);
	unsigned sqe_flags = __atomic_load_n(&sqe->flags, __ATOMIC_RELAXED);
	struct uring *ring = req->ring;
	const struct op *op = &no_op;
	int ret;

	req->op = op;
	req->opcode = 0;
	req->user_data = sqe->user_data;
	req->fd = sqe->fd;
	req->buf_index = sqe->buf_index;
	if (sqe_flags)
		take_simple_flags(req, sqe_flags);
	if (opcode >= IORING_OP_LAST)
		return -EINVAL;
	req->op = op = &op_table[opcode];
	req->opcode = (uint8_t)opcode;
	req->poll_events = op->poll_events;
	if (sqe_flags & ~SQE_FLAGS_SIMPLE) {
		ret = take_special_flags(req, sqe_flags);
		if (ret)
			return ret;
	}
	if (!restrict_allows_op(&ring->restrictions, opcode, sqe_flags))
		return -EACCES;
	if (ring->drain_next && !ring->chain.head) {
		ring->drain_next = false;
		ring->draining = DRAIN_ACTIVE;
		req->flags |= REQ_DRAIN;
	}
	if (!op->prep || (sqe->ioprio && !op->takes_ioprio) ||
	    (ring->setup_flags & IORING_SETUP_IOPOLL && !op->iopoll))
		return -EINVAL;
	if (__builtin_expect(sqe->personality, 0)) {
		req->identity = personality_get(ring, sqe->personality);
		if (!req->identity)
			return -EINVAL;
	}
	req->flags |= REQ_PREPARED;
	return op->prep(req, sqe);
}

unsigned chain_length(const struct request *req)
{
	unsigned length = 0;

	for (; req; req = req->link)
		length++;
	return length;
}

/* ---- Drain ----------------------------------------------------------------------------------- */

void run_drained(struct uring *ring)
{
	bool first = true, seen = false;

	list_for_each(link, &ring->drained)
	{
		struct request *req = list_entry(link, struct request, queue);

		seen |= req->flags & REQ_DRAIN;
		/* The first of the queue, and each that drains, waits for all before it. */
		if ((first || seen) && ring->running)
			return;
		list_del(link);
		ring->running += chain_length(req);
		request_queue(req);
		first = false;
	}
}

static void drain(struct request *req)
{
	struct uring *ring = req->ring;
	bool drains = req->flags & REQ_DRAIN;

	if (ring->draining == DRAIN_FOLLOWS) {
		request_queue(req);
		return;
	}
	req->state = REQ_DRAINED;
	ring->running -= chain_length(req);
	list_add_tail(&ring->drained, &req->queue);
	run_drained(ring);
	if (!drains && list_is_empty(&ring->drained))
		ring->draining = DRAIN_FOLLOWS;
}

/* ---- Chains ---------------------------------------------------------------------------------- */

/* Starts a request, or a whole chain by its head. */
static void start(struct request *req)
{
	if (req->flags & REQ_FAIL) {
		if (req->ring->gathered)
			aio_do_gathered(req->ring);
		/* A refused member cancels even what is linked hard. */
		req->flags &= ~REQ_HARDLINK;
		request_fail(req, req->res);
	} else if (req->ring->draining) {
		drain(req);
	} else {
		request_issue(req, HOW_INLINE);
	}
}

/* A chain that the submission leaves open: all of it is a worker's, for Linux. */
static void start_open(struct request *head)
{
	if (!head->ring->draining && !(head->flags & REQ_ASYNC))
		head->flags |= REQ_BEHIND;
	start(head);
}

static void chain_add(struct chain *chain, struct request *req)
{
	if (chain->head)
		chain->last->link = req;
	else
		chain->head = req;
	chain->last = req;
	req->state = REQ_LINKED;
}

static struct request *chain_take(struct chain *chain)
{
	struct request *head = chain->head;

	chain->head = chain->last = NULL;
	head->state = REQ_NEW;
	return head;
}

/* Refused: it stays in its chain, all of which is to fail. */
static void refuse(struct request *req, int error)
{
	struct request *head = req->ring->chain.head;

	req->flags |= REQ_FAIL;
	req->res = error;
	if (head && !(head->flags & REQ_FAIL)) {
		head->flags |= REQ_FAIL;
		head->res = -ECANCELED;
	}
}

/* Takes one SQE. 0, or the error that stops the submission unless IORING_SETUP_SUBMIT_ALL. */
static int submit_sqe(struct request *req, const struct io_uring_sqe *sqe)
{
	struct chain *chain = &req->ring->chain;
	int error = prepare(req, sqe);

	if (__builtin_expect(error, 0))
		refuse(req, error);
	if (!chain->head && !(req->flags & (REQ_LINK | REQ_HARDLINK))) {
		start(req);
		if (__builtin_expect(req->ring->refused, 0)) {
			error = req->ring->refused;
			req->ring->refused = 0;
		}
		return error;
	}
	chain_add(chain, req);
	/* Within a chain an error waits for its end. */
	if (req->flags & (REQ_LINK | REQ_HARDLINK))
		return 0;
	start(chain_take(chain));
	return error;
}

/* ---- The queue ------------------------------------------------------------------------------- */

/* The next SQE, or NULL: the array names none, which is counted as dropped. */
static const struct io_uring_sqe *next_sqe(struct uring *ring, unsigned head)
{
	unsigned mask = ring->mem.sq_entries - 1, index = head & mask;

	if (ring->mem.sq_array) {
		/* Relaxed: ordered by the acquire of the tail. */
		index = __atomic_load_n(&ring->mem.sq_array[index], __ATOMIC_RELAXED);
		if (index >= ring->mem.sq_entries) {
			__atomic_add_fetch(&ring->mem.header->sq_dropped, 1, __ATOMIC_RELAXED);
			return NULL;
		}
	}
	return (const void *)(ring->mem.sqes + ((size_t)index << ring->sqe_shift));
}

unsigned sq_ready(const struct uring *ring)
{
	const struct ring_header *h = ring->mem.header;
	/* Acquire: the SQEs are complete; pairs with the application's release of the tail. */
	unsigned tail = __atomic_load_n(&h->sq_tail, __ATOMIC_ACQUIRE), ready = tail - h->sq_head;

	/* The application may write anything there. */
	return ready <= ring->mem.sq_entries ? ready : ring->mem.sq_entries;
}

static int64_t try_quickly(struct uring *ring, const struct io_uring_sqe *sqe)
{
	unsigned opcode = __atomic_load_n(&sqe->opcode, __ATOMIC_RELAXED);

	if (opcode >= IORING_OP_LAST || !op_table[opcode].quick)
		return QUICK_UNTRIED;
	return quick_send(ring, &op_table[opcode], sqe);
}

/* 0, or the error that stops the submission. To be called with a free request: if part of it was
 * sent, that must not be lost. */
static int take_sqe(struct uring *ring, const struct io_uring_sqe *sqe)
{
	int64_t tried = try_quickly(ring, sqe);
	struct request *req;

	if (tried == QUICK_DONE)
		return 0;
	req = request_new(ring);
	assert(req);
	if (tried != QUICK_UNTRIED) {
		req->flags = REQ_TRIED;
		req->res = (int32_t)tried;
	}
	return submit_sqe(req, sqe);
}

/* Takes up to `count`, and runs them as far as they go. *error: why it took no more. */
static unsigned take_sqes(struct uring *ring, unsigned count, int *error)
{
	struct ring_header *h = ring->mem.header;
	const struct io_uring_sqe *sqe;
	unsigned taken = 0;

	ring->submitter = thread_id();
	while (taken < count && !*error) {
		if (!has_free_request(ring)) {
			*error = -EAGAIN;
			break;
		}
		sqe = next_sqe(ring, h->sq_head);
		if (sqe) {
			*error = take_sqe(ring, sqe);
			taken++;
		}
		/* Release: we are done with the slot; pairs with the application's acquire. */
		__atomic_store_n(&h->sq_head, h->sq_head + 1, __ATOMIC_RELEASE);
		if (!sqe)
			break;
		if (ring->setup_flags & IORING_SETUP_SUBMIT_ALL)
			*error = 0;
	}
	return taken;
}

int submit_sqes(struct uring *ring, unsigned count)
{
	unsigned ready = sq_ready(ring), taken;
	int error = 0;

	ring->timers.batch = ring->cq.posted;
	ring->timers.in_batch = true;
	taken = take_sqes(ring, count < ready ? count : ready, &error);
	/* A chain ends with the submission, whatever its last SQE says. */
	if (ring->chain.head)
		start_open(chain_take(&ring->chain));
	ring->timers.in_batch = false;
	run_ready(ring);
	if (ring->draining == DRAIN_FOLLOWS)
		ring->draining = DRAIN_NONE;
	if (__builtin_expect(ring->reactor.look, 0))
		reactor_poll(ring);
	aio_run(ring);
	workers_wake(ring);
	return taken || error != -EAGAIN ? (int)taken : error;
}
