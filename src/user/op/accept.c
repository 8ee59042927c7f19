/* SPDX-License-Identifier: MIT */
/*
 * Accepting connections. There is no accept(2) of which one could say for the one call that it is
 * not to block, and O_NONBLOCK belongs to all who hold the listener. So one without it is accepted
 * from once poll has said that somebody is there, with a timer that ends the call if others were
 * faster; and by a worker, who may wait, where there is no such timer.
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

/* Of many, in a worker, Linux makes no attempt before it polls. */
static void poll_for_many(struct request *req)
{
	struct accept *a = request_data(req, struct accept);

	req->flags &= ~(uint32_t)REQ_NOWAIT;
	a->how |= IORING_ACCEPT_POLL_FIRST;
}

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
	if (a->how & IORING_ACCEPT_DONTWAIT)
		req->flags |= REQ_NOWAIT;
	if (req->flags & REQ_MULTISHOT && req->flags & REQ_ASYNC) {
		req->flags &= ~(uint32_t)REQ_ASYNC;
		poll_for_many(req);
	}
	return 0;
}

bool accept_only_tries(struct request *req)
{
	struct accept *a = request_data(req, struct accept);

	if (req->flags & REQ_MULTISHOT) {
		poll_for_many(req);
		return false;
	}
	/* What does not wait there is the listener, by its O_NONBLOCK. */
	req->flags &= ~(uint32_t)REQ_NOWAIT;
	a->how &= (uint16_t)~IORING_ACCEPT_DONTWAIT;
	return a->how & IORING_ACCEPT_POLL_FIRST;
}

/* ---- What the listener is like --------------------------------------------------------------- */

/* 0: accept4() does not block. -EAGAIN: nobody is there. 1: somebody is, or was. */
static int look(const struct request *req)
{
	long flags = SYS(fcntl, req->sysfd, F_GETFL);

	/* What is not listening fails at once. */
	if (flags < 0 || flags & O_NONBLOCK || socket_option(req->sysfd, SO_ACCEPTCONN) <= 0)
		return 0;
	return poll_now(req->sysfd, EPOLLIN) > 0 ? 1 : -EAGAIN;
}

/* What was seen may have been seen by a receive, from a socket that does not listen. */
static bool known_empty(const struct request *req)
{
	const struct file *file = req->file;

	return file && file->watched & EPOLLIN && !(file->ready & (EPOLLIN | EPOLL_ALWAYS)) &&
	       !(req->flags & REQ_NOWAIT) && socket_option(file->fd, SO_ACCEPTCONN) > 0;
}

/* ---- Accepting ------------------------------------------------------------------------------- */

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

static bool post_more(struct request *req, long fd, uint32_t flags, enum issue_how how)
{
	bool posted;

	issue_lock(req->ring, how);
	posted = request_post_more(req, (int)fd, flags);
	if (how & HOW_WORKER) {
		req->ring->cq.worker_posted = true;
		cq_announce(req->ring);
	}
	issue_unlock(req->ring, how);
	return posted;
}

/* Only the internet's protocols say whether more wait. */
static bool says_more(const struct request *req)
{
	return socket_option(req->sysfd, SO_DOMAIN) != AF_UNIX;
}

static enum issue_result accept_done(struct request *req, long ret)
{
	req->res = (int32_t)ret;
	return ISSUE_DONE;
}

static enum issue_result nobody_there(struct request *req, enum issue_how how)
{
	const struct accept *a = request_data(req, const struct accept);

	if (a->how & IORING_ACCEPT_DONTWAIT)
		return accept_done(req, -EAGAIN);
	if (!(how & HOW_WORKER) && req->file)
		reactor_drained(req->file, EPOLLIN);
	return ISSUE_AGAIN;
}

/* After one of many: if it has been polled, Linux tries once more, and fails, only where it does
 * not know. */
static enum issue_result nobody_else(struct request *req, enum issue_how how)
{
	struct accept *a = request_data(req, struct accept);

	if (a->how & IORING_ACCEPT_DONTWAIT && (!req->poll_retries || !says_more(req)))
		return nobody_there(req, how);
	a->how &= (uint16_t)~IORING_ACCEPT_DONTWAIT;
	req->flags &= ~(uint32_t)REQ_NOWAIT;
	return nobody_there(req, how);
}

/* `may_block`: of a listener without O_NONBLOCK. */
static enum issue_result accept_available(struct request *req, enum issue_how how, bool may_block)
{
	const struct accept *a = request_data(req, const struct accept);
	bool looked = !(how & HOW_WORKER) || !(a->how & IORING_ACCEPT_DONTWAIT), more;
	long ret;

	if (may_block && !looked && poll_now(req->sysfd, EPOLLIN) <= 0)
		return nobody_there(req, how);
	for (unsigned i = 0; i < SHOTS_MAX; i++) {
		ret = accept_one(req, how);
		/* To be stopped, as others were faster, or O_NONBLOCK was set meanwhile. */
		if (ret == -EAGAIN || (may_block && ret == -EINTR))
			return nobody_there(req, how);
		if (ret < 0)
			return accept_done(req, ret);
		more = poll_now(req->sysfd, EPOLLIN) > 0;
		req->cqe_flags = more && says_more(req) ? IORING_CQE_F_SOCK_NONEMPTY : 0;
		if (!(a->how & IORING_ACCEPT_MULTISHOT) ||
		    !post_more(req, ret, req->cqe_flags, how))
			return accept_done(req, ret);
		req->cqe_flags = 0;
		if (!more)
			return nobody_else(req, how);
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

/* Linux polls it before it looks what it is. */
static enum issue_result poll_first(struct request *req, enum issue_how how)
{
	if (how & HOW_WORKER)
		return accept_done(req, req->flags & REQ_MULTISHOT ? -EBADFD : -EAGAIN);
	if (req->flags & REQ_NOWAIT && socket_option(req->sysfd, SO_TYPE) == -EBADF)
		return accept_done(req, -EBADF);
	return ISSUE_AGAIN;
}

static bool is_polled_by_now(const struct request *req, enum issue_how how)
{
	/* A worker has what cannot be polled, and what was. */
	return how & HOW_WORKER ? !(req->file->known & FILE_NO_POLL) : how & HOW_POLLED;
}

enum issue_result accept_issue(struct request *req, enum issue_how how)
{
	const struct accept *a = request_data(req, const struct accept);
	int ret;

	if (a->how & IORING_ACCEPT_POLL_FIRST && !is_polled_by_now(req, how))
		return poll_first(req, how);
	if (how & HOW_WORKER)
		return accept_available(req, how, true);
	if (known_empty(req))
		return ISSUE_AGAIN;
	ret = look(req);
	if (ret == -EAGAIN)
		return nobody_there(req, how);
	return ret ? accept_quickly(req, how) : accept_available(req, how, false);
}
