/* SPDX-License-Identifier: MIT */
#include "user/kind.h"
#include "user/op/rw.h"
#include "user/op/write_order.h"
#include "user/process.h"
#include "user/submit.h"

void write_lanes_init(struct write_lane *lanes)
{
	for (unsigned i = 0; i < WRITE_LANES; i++) {
		list_init(&lanes[i].waiting);
		lanes[i].busy = false;
	}
}

static struct write_lane *lane_of(const struct request *req)
{
	return &req->ring->write_lanes[(unsigned)req->fd % WRITE_LANES];
}

static bool is_fixed(const struct request *req)
{
	return req->flags & REQ_FIXED_FILE;
}

bool write_waits(struct request *req)
{
	struct write_lane *lane = lane_of(req);

	if (!lane->busy || lane->fd != req->fd || lane->fixed != is_fixed(req) ||
	    req->flags & REQ_NOWAIT)
		return false;
	/* The number may be another file's by now: one that may block for ever would keep the
	 * worker from ending the first. Without a file of its own it could not outlive its
	 * descriptor. */
	if (!(request_kind(req) & FILE_REGULAR) || request_hold_file(req))
		return false;
	rw_of(req)->state |= RW_WAITS;
	request_pend(req, REQ_ARMED);
	list_add_tail(&lane->waiting, &req->queue);
	return true;
}

void write_begins(struct request *req)
{
	struct write_lane *lane = lane_of(req);

	if (lane->busy)
		return;
	lane->busy = true;
	lane->fd = req->fd;
	lane->fixed = is_fixed(req);
	rw_of(req)->state |= RW_IN_LANE;
	req->flags |= REQ_CLEANUP;
}

unsigned write_followers(struct request *req, struct request **followers, unsigned most)
{
	struct write_lane *lane = lane_of(req);
	unsigned count = 0;

	while (count < most && !list_is_empty(&lane->waiting)) {
		followers[count] = list_entry(lane->waiting.next, struct request, queue);
		write_gives_up(followers[count++]);
	}
	return count;
}

void write_ended(struct request *req)
{
	struct write_lane *lane = lane_of(req);
	struct request *next;

	if (!(rw_of(req)->state & RW_IN_LANE))
		return;
	rw_of(req)->state &= ~RW_IN_LANE;
	lane->busy = false;
	/* Of a ring that ends they are cancelled; what a child inherits is its parent's to do. */
	if (req->ring->closing || req->ring->epoch != process_epoch() ||
	    list_is_empty(&lane->waiting))
		return;
	next = list_entry(lane->waiting.next, struct request, queue);
	write_gives_up(next);
	request_unpend(next);
	write_begins(next);
	rw_of(next)->state |= RW_BLOCK;
	request_issued(next, ISSUE_WORKER, HOW_INLINE);
}

bool write_gives_up(struct request *req)
{
	if (!(rw_of(req)->state & RW_WAITS))
		return false;
	rw_of(req)->state &= ~RW_WAITS;
	list_del(&req->queue);
	return true;
}
