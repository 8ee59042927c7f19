/* SPDX-License-Identifier: MIT */
#include <fcntl.h>

#include "user/behind.h"
#include "user/kind.h"
#include "user/op/net.h"
#include "user/op/rw.h"
#include "user/sys.h"
#include "user/uring.h"

static bool is_rw(const struct request *req)
{
	return req->op->issue == rw_issue;
}

/* It goes on after a completion, and Linux has that polled. */
static bool is_of_many(const struct request *req)
{
	switch (req->opcode) {
	case IORING_OP_ACCEPT:
	case IORING_OP_RECV:
	case IORING_OP_RECVMSG:
	case IORING_OP_READ_MULTISHOT:
		return req->flags & REQ_MULTISHOT;
	default:
		return false;
	}
}

/* Of what workers do here, this alone is sure to be done by one of Linux's, too. */
static bool was_in_worker(struct request *req, enum issue_how how)
{
	/* Polled, it was completed by whoever saw the event. */
	if (req->poll_retries)
		return false;
	/* Without a file the worker hands it back. */
	if (req->res == -EBADF && req->op->needs_file && !fd_has_file(req->sysfd))
		return false;
	if (req->flags & REQ_ASYNC || req->op->blocks)
		return true;
	switch (req->opcode) {
	case IORING_OP_SHUTDOWN:
		return true;
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		return open_makes(req);
	case IORING_OP_BIND:
		/* To a name of the file system. */
		return socket_option(req->sysfd, SO_DOMAIN) == AF_UNIX;
	default:
		return how & HOW_WORKER && (is_rw(req) || req->opcode == IORING_OP_FADVISE);
	}
}

void behind_note(struct request *req, enum issue_how how)
{
	if (was_in_worker(req, how))
		req->flags |= REQ_BEHIND;
}

void behind_follow(const struct request *req, struct request *next)
{
	/* One that defers goes on with the chain itself, and one that asked for a worker is polled
	 * by it. */
	if (!(req->ring->setup_flags & IORING_SETUP_DEFER_TASKRUN) && !is_of_many(req) &&
	    !(next->flags & REQ_ASYNC))
		next->flags |= REQ_BEHIND;
}

bool behind_blocks(const struct request *req)
{
	switch (req->opcode) {
	case IORING_OP_ACCEPT:
	case IORING_OP_RECV:
	case IORING_OP_RECVMSG:
		return !is_of_many(req);
	case IORING_OP_SEND:
	case IORING_OP_SENDMSG:
	case IORING_OP_SEND_ZC:
	case IORING_OP_SENDMSG_ZC:
	case IORING_OP_CONNECT:
		return true;
	default:
		return is_rw(req);
	}
}

/* O_NONBLOCK, which only those that wait take notice of. */
static bool does_not_block(struct request *req)
{
	long flags = SYS(fcntl, req->sysfd, F_GETFL);

	return flags >= 0 && flags & O_NONBLOCK && !(request_kind(req) & FILE_REGULAR);
}

/* What waits leaves RWF_NOWAIT alone, too, where it means something. */
static bool rw_only_tries(struct request *req)
{
	if (!(request_kind(req) & FILE_REGULAR)) {
		rw_of(req)->flags &= ~RWF_NOWAIT;
		req->flags &= ~(uint32_t)REQ_NOWAIT;
	}
	return does_not_block(req);
}

static bool polls_first(const struct request *req)
{
	const struct net *n = request_data(req, const struct net);

	return n->flags & IORING_RECVSEND_POLL_FIRST && !is_of_many(req);
}

static bool only_tries(struct request *req)
{
	switch (req->opcode) {
	case IORING_OP_EPOLL_WAIT:
		return true;
	case IORING_OP_ACCEPT:
		return accept_only_tries(req) || (!is_of_many(req) && does_not_block(req));
	case IORING_OP_RECV:
	case IORING_OP_RECVMSG:
	case IORING_OP_SEND:
	case IORING_OP_SENDMSG:
	case IORING_OP_SEND_ZC:
	case IORING_OP_SENDMSG_ZC:
		return polls_first(req);
	default:
		return is_rw(req) && rw_only_tries(req);
	}
}

void behind_begin(struct request *req)
{
	if (only_tries(req))
		req->flags |= REQ_NOWAIT;
}
