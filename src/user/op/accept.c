/* SPDX-License-Identifier: MIT */
/*
 * Accepting connections. There is no accept(2) of which one could say for the one call that it is
 * not to block, and O_NONBLOCK belongs to all who hold the listener. So one without it is accepted
 * from by a worker, once poll has said that somebody is there: if others are faster, it waits
 * there for the next.
 */
#include <fcntl.h>

#include "user/interrupt.h"
#include "user/op/net.h"
#include "user/ready.h"

#define ACCEPT_FLAGS (IORING_ACCEPT_MULTISHOT | IORING_ACCEPT_DONTWAIT | IORING_ACCEPT_POLL_FIRST)

struct accept {
	uint64_t addr, addr_len; /* where the peer's address goes */
	uint32_t flags;		 /* SOCK_* */
	uint32_t file_index;	 /* 0: a descriptor */
	uint16_t how;		 /* IORING_ACCEPT_* */
};

int accept_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct accept *a = request_data(req, struct accept);

	a->addr = sqe->addr;
	a->addr_len = sqe->addr2;
	a->flags = sqe->accept_flags;
	a->file_index = sqe->file_index;
	a->how = sqe->ioprio;
	if (sqe->len || sqe->buf_index || a->how & ~ACCEPT_FLAGS)
		return -EINVAL;
	if (a->flags & ~(unsigned)(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	if (a->file_index && a->flags & SOCK_CLOEXEC)
		return -EINVAL;
	if (a->how & IORING_ACCEPT_MULTISHOT) {
		if (a->file_index && a->file_index != IORING_FILE_INDEX_ALLOC)
			return -EINVAL;
		req->flags |= REQ_MULTISHOT;
	}
	/* Of many with IOSQE_ASYNC Linux makes no attempt before it polls. */
	if (req->flags & REQ_MULTISHOT && req->flags & REQ_ASYNC) {
		req->flags &= ~(uint32_t)REQ_ASYNC;
		a->how = IORING_ACCEPT_MULTISHOT | IORING_ACCEPT_POLL_FIRST;
	}
	if (a->how & IORING_ACCEPT_DONTWAIT)
		req->flags |= REQ_NOWAIT;
	return 0;
}

/* ---- What the listener is like ----------------------------------------------------------------- */

/* 0: accept4() does not block. -EAGAIN: nobody is there. 1: somebody is, or was. */
static int look(const struct request *req)
{
	long flags = SYS(fcntl, req->sysfd, F_GETFL);

	/* What is not listening fails at once. */
	if (flags < 0 || flags & O_NONBLOCK || socket_option(req->sysfd, SO_ACCEPTCONN) <= 0)
		return 0;
	return poll_now(req->sysfd, EPOLLIN) > 0 ? 1 : -EAGAIN;
}

static bool known_empty(const struct request *req)
{
	const struct file *file = req->file;

	return file && file->watched & EPOLLIN &&
	       !(file->ready & (EPOLLIN | EPOLLERR | EPOLLHUP)) && !(req->flags & REQ_NOWAIT);
}

/* ---- Accepting --------------------------------------------------------------------------------- */

/* A descriptor, or a place in the table of files. */
static long accept_one(struct request *req, enum issue_how how)
{
	const struct accept *a = request_data(req, const struct accept);
	unsigned flags = a->flags | (a->file_index ? SOCK_CLOEXEC : 0);
	long fd = SYS(accept4, req->sysfd, a->addr, a->addr_len, flags);

	if (fd < 0 || !a->file_index)
		return fd;
	issue_lock(req->ring, how);
	fd = files_install(req->ring, (int)fd, a->file_index);
	issue_unlock(req->ring, how);
	return fd;
}

static bool post_more(struct request *req, long fd, enum issue_how how)
{
	bool posted;

	issue_lock(req->ring, how);
	posted = request_post_more(req, (int)fd, 0);
	if (how & HOW_WORKER) {
		req->ring->cq.worker_posted = true;
		cq_announce(req->ring);
	}
	issue_unlock(req->ring, how);
	return posted;
}

static enum issue_result accept_done(struct request *req, long ret)
{
	const struct accept *a = request_data(req, const struct accept);

	/* Only the internet's protocols say so. */
	if (ret >= 0 && !(a->how & IORING_ACCEPT_MULTISHOT) && poll_now(req->sysfd, EPOLLIN) > 0 &&
	    socket_option(req->sysfd, SO_DOMAIN) != AF_UNIX)
		req->cqe_flags = IORING_CQE_F_SOCK_NONEMPTY;
	req->res = (int32_t)ret;
	return ISSUE_DONE;
}

/* For a worker, which REQ_NOWAIT would have kept from being asked. */
static enum issue_result nobody_there(struct request *req, enum issue_how how)
{
	const struct accept *a = request_data(req, const struct accept);

	if (how & HOW_WORKER && a->how & IORING_ACCEPT_DONTWAIT)
		return accept_done(req, -EAGAIN);
	if (!(how & HOW_WORKER) && req->file)
		reactor_drained(req->file, EPOLLIN);
	return ISSUE_AGAIN;
}

/* `may_block`: of a listener without O_NONBLOCK. */
static enum issue_result accept_available(struct request *req, enum issue_how how, bool may_block)
{
	const struct accept *a = request_data(req, const struct accept);
	bool looked = !(how & HOW_WORKER) || !(a->how & IORING_ACCEPT_DONTWAIT);
	long ret;

	for (unsigned i = 0; i < SHOTS_MAX; i++) {
		/* It would wait for the one behind the last. */
		if (may_block && (i || !looked) && poll_now(req->sysfd, EPOLLIN) <= 0)
			return nobody_there(req, how);
		ret = accept_one(req, how);
		/* To be stopped, as others were faster, or O_NONBLOCK was set meanwhile. */
		if (ret == -EAGAIN || (may_block && ret == -EINTR))
			return nobody_there(req, how);
		if (ret < 0 || !(a->how & IORING_ACCEPT_MULTISHOT) || !post_more(req, ret, how))
			return accept_done(req, ret);
	}
	return ISSUE_AGAIN;
}

/* Somebody is there; if others are faster, it does not wait long. */
static enum issue_result accept_quickly(struct request *req, enum issue_how how)
{
	struct interrupter interrupter;
	enum issue_result result;

	if (!interrupt_later(&interrupter)) {
		req->flags &= ~(uint32_t)REQ_NOWAIT;
		return ISSUE_WORKER;
	}
	result = accept_available(req, how, true);
	interrupt_no_more(&interrupter);
	return result;
}

enum issue_result accept_issue(struct request *req, enum issue_how how)
{
	const struct accept *a = request_data(req, const struct accept);
	int ret;

	if (how & HOW_WORKER)
		return accept_available(req, how, true);
	if (a->how & IORING_ACCEPT_POLL_FIRST && !(how & HOW_POLLED))
		return ISSUE_AGAIN;
	if (known_empty(req))
		return ISSUE_AGAIN;
	ret = look(req);
	if (ret == -EAGAIN)
		return nobody_there(req, how);
	return ret ? accept_quickly(req, how) : accept_available(req, how, false);
}
