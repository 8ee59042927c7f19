/* SPDX-License-Identifier: MIT */
/* Receives of bytes; recvmsg.c has those of messages. */
#include <limits.h>

#include "user/alloc.h"
#include "user/app_memory.h"
#include "user/op/net.h"

#define RECV_FLAGS (IORING_RECVSEND_POLL_FIRST | IORING_RECV_MULTISHOT | IORING_RECVSEND_BUNDLE)

/* ---- From the SQE ---------------------------------------------------------------------------- */

static int prep_multishot(struct request *req, const struct io_uring_sqe *sqe)
{
	struct net *n = request_data(req, struct net);

	if (!(req->flags & REQ_SELECT) || n->msg_flags & MSG_WAITALL)
		return -EINVAL;
	if (sqe->optlen && req->opcode != IORING_OP_RECV)
		return -EINVAL;
	n->left = sqe->optlen;
	req->flags |= REQ_MULTISHOT;
	return 0;
}

int recv_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct net *n = request_data(req, struct net);

	n->addr = sqe->addr;
	n->len = sqe->len;
	n->knew_more = false;
	n->name = 0;
	n->flags = sqe->ioprio;
	n->msg_flags = sqe->msg_flags;
	if (sqe->addr2 || n->flags & ~RECV_FLAGS || n->len > INT_MAX)
		return -EINVAL;
	if (n->flags & IORING_RECVSEND_BUNDLE && req->opcode != IORING_OP_RECV)
		return -EINVAL;
	if (n->msg_flags & MSG_DONTWAIT)
		req->flags |= REQ_NOWAIT;
	req->poll_events = n->msg_flags & MSG_ERRQUEUE ? EPOLLPRI : EPOLL_RECV;
	if (n->flags & IORING_RECV_MULTISHOT)
		return prep_multishot(req, sqe);
	if (sqe->optlen)
		return -EINVAL;
	if (req->opcode == IORING_OP_RECV && !(req->flags & REQ_SELECT) &&
	    !app_memory_possible(n->addr, n->len))
		return -EFAULT;
	return 0;
}

/* ---- Into the request's own memory ----------------------------------------------------------- */

/* One attempt. With MSG_WAITALL what was cut off is a failure, too. */
static long recv_now(struct request *req, struct iovec *iov, size_t count)
{
	const struct net *n = request_data(req, const struct net);
	struct msghdr head = { .msg_iov = iov, .msg_iovlen = count };
	unsigned flags = n->msg_flags | MSG_DONTWAIT;
	long got;

	if (count == 1 && !(flags & MSG_WAITALL)) {
		got = SYS(recvfrom, req->sysfd, iov->iov_base, iov->iov_len, flags, NULL, NULL);
	} else {
		got = SYS(recvmsg, req->sysfd, &head, flags);
		if (got >= 0)
			net_check_cut(req, head.msg_flags);
	}
	return got == -EAGAIN && net_is_shut(req) ? 0 : got;
}

/* The rest of what MSG_WAITALL asks for. */
static enum issue_result recv_rest(struct request *req, size_t got)
{
	struct net *n = request_data(req, struct net);

	net_partial(req, got);
	n->addr += got;
	n->len -= (uint32_t)got;
	return ISSUE_AGAIN;
}

static enum issue_result recv_plain(struct request *req)
{
	struct net *n = request_data(req, struct net);
	struct iovec iov = { (void *)(uintptr_t)n->addr, n->len };
	long got;

	if (recv_known_empty(req))
		return ISSUE_AGAIN;
	got = recv_now(req, &iov, 1);
	recv_emptied(req, n->len, got, &req->cqe_flags);
	if (got == -EAGAIN)
		return ISSUE_AGAIN;
	if (n->msg_flags & MSG_WAITALL && got >= 0 && (size_t)got < n->len) {
		if (got && net_goes_on(req))
			return recv_rest(req, (size_t)got);
		req->flags |= REQ_FAIL;
	}
	return net_done(req, got);
}

/* ---- Provided buffers ------------------------------------------------------------------------ */

/* The length is of each shot. */
static bool is_whole_shot(const struct request *req, long got)
{
	const struct net *n = request_data(req, const struct net);

	return req->flags & REQ_MULTISHOT && n->len && (size_t)got >= n->len;
}

/* Into what follows the first `got` bytes of the selection. */
static long recv_behind(struct request *req, struct selection *s, size_t got)
{
	struct iovec *iov = s->iov, *end = s->iov + s->count, whole;
	long more;

	while (iov < end && got >= iov->iov_len)
		got -= iov++->iov_len;
	if (iov == end)
		return 0;
	whole = *iov;
	iov->iov_base = (char *)iov->iov_base + got;
	iov->iov_len -= got;
	more = recv_now(req, iov, (size_t)(end - iov));
	*iov = whole;
	return more;
}

/* MSG_TRUNC: UNIX streams know nothing of it. */
static bool stores_nothing(const struct request *req)
{
	const struct net *n = request_data(req, const struct net);

	return n->msg_flags & MSG_TRUNC && socket_option(req->sysfd, SO_DOMAIN) != AF_UNIX;
}

/*
 * A bundle begins with what its length asks for, or one buffer, as most messages fit into one and
 * many cost the kernel more than they hold. When that is full, of a byte stream, more follow, as
 * one completion: as many as Linux then takes for what it knows to be there.
 */
static long recv_bundle(struct request *req, struct selection *s)
{
	long got = recv_now(req, s->iov, s->count), more;
	int queued;

	if (got < 0 || (size_t)got < s->total || s->cut || s->last || is_whole_shot(req, got))
		return got;
	/* A single buffer has left its group, and would be lost; as what a worker took. */
	if (!s->of_ring || s->taken)
		return got;
	if (stores_nothing(req))
		return got;
	queued = net_queued(req);
	if (queued <= 1)
		return got;
	s->room = GROUP_BUFFERS_MAX;
	s->filled = s->count;
	if (group_select(req, s, (size_t)got + (size_t)queued, true))
		return got;
	more = recv_behind(req, s, (size_t)got);
	return more > 0 ? got + more : got;
}

static long recv_into(struct request *req, struct selection *s, bool bundle)
{
	if (bundle)
		return recv_bundle(req, s);
	return recv_now(req, s->iov, 1);
}

/*
 * Waits for the rest with the buffers taken: with one as if it was the request's own, with more as
 * a message.
 */
static enum issue_result hold_buffers(struct request *req, struct selection *s, size_t got)
{
	struct net *n = request_data(req, struct net);
	int error;

	/* Of one that is used up bit by bit Linux takes no more than came first. */
	n->buffer = group_commit(req, s, s->incremental ? got : s->total);
	n->buffer &= ~IORING_CQE_F_BUF_MORE;
	req->flags |= REQ_BUFFER_HELD;
	n->addr = (uintptr_t)s->iov->iov_base;
	n->len = (uint32_t)s->iov->iov_len;
	if (s->count == 1)
		return recv_rest(req, got);
	error = message_of_iov(req, s->iov, s->count);
	net_partial(req, got);
	if (error)
		return net_done(req, error);
	message_advance(req->async, got);
	return ISSUE_AGAIN;
}

/* Nothing, an error or the end: the buffers stay in their group, but for a shut
 * datagram socket's. */
static enum issue_result recv_nothing(struct request *req, struct selection *s, long got)
{
	const struct net *n = request_data(req, const struct net);

	/* That is a worker's on Linux, which takes a buffer off its group before it tries. */
	if (!got && net_is_shut(req))
		req->cqe_flags = group_commit(req, s, s->total);
	else
		group_drop(req, s);
	if (got == -EAGAIN)
		return ISSUE_AGAIN;
	if (n->msg_flags & MSG_WAITALL && s->total)
		req->flags |= REQ_FAIL;
	return net_done(req, got);
}

/* True if this shot, of `got` bytes, is not the last. */
static bool goes_on(struct request *req, const struct selection *s, long got)
{
	struct net *n = request_data(req, struct net);

	if (!(req->flags & REQ_MULTISHOT))
		return false;
	if (n->left) {
		n->left -= n->left < (size_t)got ? n->left : (uint32_t)got;
		if (!n->left)
			return false;
	}
	/* Where the last buffer went, a bundle does not wait to find that there is none. */
	return !(n->flags & IORING_RECVSEND_BUNDLE && s->last);
}

/*
 * A bundle of single buffers: a second one, for what comes after a full first one. Linux 6.18 fills
 * no third. Returns the bytes of it.
 */
static long recv_second(struct request *req, struct selection *first, uint32_t *flags)
{
	struct selection s;
	long got;

	if (group_select(req, &s, 0, false))
		return 0;
	got = recv_now(req, s.iov, 1);
	recv_emptied(req, s.total, got, flags);
	if (got <= 0) {
		group_drop(req, &s);
		return 0;
	}
	group_commit(req, &s, (size_t)got);
	first->last = s.last;
	return got;
}

/* One shot. True: it can be repeated at once. */
static bool recv_shot(struct request *req, struct selection *s, enum issue_result *result)
{
	struct net *n = request_data(req, struct net);
	bool bundle = n->flags & IORING_RECVSEND_BUNDLE, emptied;
	uint32_t flags, buffer;
	long got;
	int error;

	s->room = n->len ? GROUP_BUFFERS_MAX : 1;
	s->filled = 0;
	error = group_select(req, s, n->len, bundle);
	if (error) {
		*result = net_refused(req, error);
		return false;
	}
	got = recv_known_empty(req) ? -EAGAIN : recv_into(req, s, bundle);
	emptied = recv_emptied(req, s->total, got, &flags);
	if (got <= 0) {
		*result = recv_nothing(req, s, got);
		req->cqe_flags |= flags;
		return false;
	}
	if (n->msg_flags & MSG_WAITALL && (size_t)got < s->total) {
		if (net_goes_on(req)) {
			*result = hold_buffers(req, s, (size_t)got);
			return false;
		}
		req->flags |= REQ_FAIL;
	}
	buffer = group_commit(req, s, (size_t)got);
	if (bundle && !s->of_ring && flags && !is_whole_shot(req, got) && !stores_nothing(req))
		got += recv_second(req, s, &flags);
	/* What is known to be there is all that Linux has buffers for, and no more is missed. */
	if (n->knew_more && !flags && s->of_ring && !n->len)
		s->last = false;
	n->knew_more = flags;
	flags |= buffer;
	if (goes_on(req, s, got) && request_post_more(req, (int)got, flags)) {
		*result = ISSUE_AGAIN;
		/* What was submitted with it has its turn after one that a length bounds. */
		return !emptied && !(bundle && is_whole_shot(req, got) && !req->poll_retries);
	}
	req->cqe_flags = flags;
	*result = net_done(req, got);
	return false;
}

static enum issue_result recv_selected(struct request *req)
{
	struct iovec iov[GROUP_BUFFERS_MAX];
	struct selection s = { .iov = iov, .room = GROUP_BUFFERS_MAX };
	enum issue_result result;

	for (unsigned i = 0; i < SHOTS_MAX; i++)
		if (!recv_shot(req, &s, &result))
			break;
	return result;
}

/* A bundle that MSG_WAITALL left partly filled. */
static enum issue_result recv_held(struct request *req)
{
	struct message *m = req->async;
	uint32_t flags;
	long got;

	if (!m)
		return recv_plain(req);
	if (recv_known_empty(req))
		return ISSUE_AGAIN;
	got = SYS(recvmsg, req->sysfd, &m->head, MSG_DONTWAIT);
	recv_emptied(req, m->left, got, &flags);
	if (got == -EAGAIN)
		return ISSUE_AGAIN;
	if (got > 0 && (size_t)got < m->left) {
		net_partial(req, (size_t)got);
		message_advance(m, (size_t)got);
		return ISSUE_AGAIN;
	}
	if (!got)
		req->flags |= REQ_FAIL;
	req->cqe_flags = flags;
	return net_done(req, got);
}

/* ---- The opcode ------------------------------------------------------------------------------ */

/* Linux has a file polled before it looks if it is a socket, and answers this if that cannot be. */
static enum issue_result poll_first(struct request *req, enum issue_how how)
{
	if (how & HOW_WORKER)
		return net_done(req, req->flags & REQ_MULTISHOT ? -EBADFD : -EAGAIN);
	if (req->flags & REQ_NOWAIT && socket_option(req->sysfd, SO_TYPE) == -EBADF)
		return net_done(req, -EBADF);
	return ISSUE_AGAIN;
}

enum issue_result recv_issue(struct request *req, enum issue_how how)
{
	const struct net *n = request_data(req, const struct net);

	if (n->flags & IORING_RECVSEND_POLL_FIRST && !(how & HOW_POLLED))
		return poll_first(req, how);
	if (req->flags & REQ_BUFFER_HELD)
		return recv_held(req);
	return req->flags & REQ_SELECT ? recv_selected(req) : recv_plain(req);
}
