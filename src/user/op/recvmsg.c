/* SPDX-License-Identifier: MIT */
/* Receives of messages; with provided buffers also many, each laid out in one buffer. */
#include <limits.h>
#include <string.h>

#include "user/app_memory.h"
#include "user/op/net.h"

/* ---- From the SQE ---------------------------------------------------------------------------- */

/* Names, control data and head must have a size in an int, as the kernel counts. */
static int prep_layout(struct net *n, const struct msghdr *head)
{
	size_t room = sizeof(struct io_uring_recvmsg_out);

	if (head->msg_namelen > INT_MAX - room ||
	    head->msg_controllen > INT_MAX - room - head->msg_namelen)
		return -EOVERFLOW;
	n->name_room = head->msg_namelen;
	n->control_room = (uint32_t)head->msg_controllen;
	return 0;
}

/* With provided buffers: of the one iovec there may be, only the length counts. */
static int prep_selecting(struct request *req)
{
	struct net *n = request_data(req, struct net);
	const struct iovec *iov;
	struct message *m;
	int ret = message_copy(req, false);

	if (ret)
		return ret;
	m = req->async;
	iov = m->iov;
	if (m->head.msg_iovlen > 1 || m->left > INT_MAX)
		return -EINVAL;
	n->len = m->head.msg_iovlen ? (uint32_t)iov->iov_len : 0;
	return 0;
}

int recvmsg_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct net *n = request_data(req, struct net);
	struct msghdr head;
	int ret = recv_prep(req, sqe);

	if (ret)
		return ret;
	if (req->flags & REQ_MULTISHOT) {
		ret = copy_from_app(&head, (const void *)(uintptr_t)n->addr, sizeof(head));
		if (!ret)
			ret = prep_layout(n, &head);
		if (ret)
			return ret;
	}
	if (req->flags & REQ_SELECT)
		return prep_selecting(req);
	/* What room for control data there was is not to be seen after the first attempt. */
	return request_starts_later(req) || n->msg_flags & MSG_WAITALL ? message_copy(req, false)
								       : 0;
}

/* ---- One message ----------------------------------------------------------------------------- */

static struct msghdr *head_of(struct request *req)
{
	const struct net *n = request_data(req, const struct net);
	struct message *m = req->async;

	if (!m)
		return (struct msghdr *)(uintptr_t)n->addr;
	m->head.msg_namelen = m->name_len;
	m->head.msg_controllen = m->control_len;
	return &m->head;
}

/* As on Linux, a message that may bring control data is one, however short. */
static bool gathers(const struct request *req)
{
	const struct net *n = request_data(req, const struct net);
	const struct message *m = req->async;

	return n->msg_flags & MSG_WAITALL && !m->control_len;
}

/* Before it waits: what it needs is copied. */
static enum issue_result wait_for_message(struct request *req)
{
	int ret = req->async || req->flags & REQ_NOWAIT ? 0 : message_copy(req, false);

	return ret ? net_done(req, ret) : ISSUE_AGAIN;
}

static enum issue_result recvmsg_rest(struct request *req, size_t got)
{
	int ret = req->async ? 0 : message_copy(req, false);

	net_partial(req, got);
	if (ret)
		return net_done(req, ret);
	message_advance(req->async, got);
	return ISSUE_AGAIN;
}

static enum issue_result recvmsg_done(struct request *req, long got)
{
	if (got >= 0 && req->async && message_write_back(req->async))
		got = -EFAULT;
	return net_done(req, got);
}

static enum issue_result recvmsg_plain(struct request *req)
{
	const struct net *n = request_data(req, const struct net);
	struct msghdr *head;
	size_t asked = 0;
	long got;

	if (recv_known_empty(req))
		return wait_for_message(req);
	head = head_of(req);
	got = SYS(recvmsg, req->sysfd, head, n->msg_flags | MSG_DONTWAIT);
	/* That the application's is there the system call has found. */
	if (got >= 0) {
		asked = iov_total(head->msg_iov, head->msg_iovlen);
		net_check_cut(req, head->msg_flags);
	} else if (got != -EAGAIN && !req->async) {
		got = message_refused(req, message_copy(req, false), got);
	}
	if (got == -EAGAIN && net_is_shut(req))
		return recvmsg_done(req, 0);
	recv_emptied(req, asked, got, &req->cqe_flags);
	if (got == -EAGAIN)
		return wait_for_message(req);
	if (got >= 0 && gathers(req) && (size_t)got < asked) {
		if (got && net_goes_on(req))
			return recvmsg_rest(req, (size_t)got);
		req->flags |= REQ_FAIL;
	}
	return recvmsg_done(req, got);
}

/* ---- Provided buffers ------------------------------------------------------------------------ */

/* Waits for the rest of what MSG_WAITALL asks for, with the buffer taken. */
static enum issue_result hold_buffer(struct request *req, struct selection *s, size_t got)
{
	struct net *n = request_data(req, struct net);
	struct message *m = req->async;

	/* Of one that is used up bit by bit Linux takes no more than came first. */
	n->buffer = group_commit(req, s, s->incremental ? got : s->total);
	n->buffer &= ~IORING_CQE_F_BUF_MORE;
	req->flags |= REQ_BUFFER_HELD;
	m->iov[0] = s->one;
	m->head.msg_iov = m->iov;
	m->left = s->total;
	return recvmsg_rest(req, got);
}

/* A message whose bytes go to a provided buffer, and all else to where the msghdr says. */
static enum issue_result recvmsg_selected(struct request *req)
{
	const struct net *n = request_data(req, const struct net);
	struct msghdr *head = head_of(req);
	struct selection s;
	uint32_t flags;
	long got = -EAGAIN;
	bool shut;
	int error = group_select(req, &s, n->len, false);

	if (error)
		return net_refused(req, error);
	head->msg_iov = s.iov;
	head->msg_iovlen = 1;
	if (!recv_known_empty(req))
		got = SYS(recvmsg, req->sysfd, head, n->msg_flags | MSG_DONTWAIT);
	shut = got == -EAGAIN && net_is_shut(req);
	if (shut)
		got = 0;
	recv_emptied(req, s.total, got, &flags);
	if (got == -EAGAIN) {
		group_drop(req, &s);
		return ISSUE_AGAIN;
	}
	if (got >= 0 && gathers(req) && (size_t)got < s.total) {
		if (got && net_goes_on(req))
			return hold_buffer(req, &s, (size_t)got);
		req->flags |= REQ_FAIL;
	}
	req->cqe_flags = flags;
	if (got > 0)
		net_check_cut(req, head->msg_flags);
	if (got > 0 || shut) {
		req->cqe_flags |= group_commit(req, &s, shut ? s.total : (size_t)got);
	} else {
		group_drop(req, &s);
	}
	return recvmsg_done(req, got);
}

/* ---- Many messages --------------------------------------------------------------------------- */

/* The head goes in front of what the system call has just written: if that is on the same page,
 * it is memory. */
static int put_head(uint64_t at, const struct io_uring_recvmsg_out *out, uint64_t written)
{
	void *to = (void *)(uintptr_t)at;

	if (!written || at / PAGE_LEAST != written / PAGE_LEAST || at % sizeof(uint64_t))
		return copy_to_app(to, out, sizeof(*out));
	store_to_app(to, out, sizeof(*out));
	return 0;
}

/* Receives one into the buffer: bytes of the whole layout, or -errno. *payload: what came. */
static long recv_laid_out(struct request *req, const struct iovec *buffer, long *payload)
{
	const struct net *n = request_data(req, const struct net);
	uint64_t at = (uintptr_t)buffer->iov_base, name = at + sizeof(struct io_uring_recvmsg_out);
	uint64_t bytes = name + n->name_room + n->control_room;
	struct iovec iov = { (void *)(uintptr_t)bytes, buffer->iov_len - (bytes - at) };
	struct msghdr head = {
		.msg_name = n->name_room ? (void *)(uintptr_t)name : NULL,
		.msg_namelen = n->name_room,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = n->control_room ? (void *)(uintptr_t)(name + n->name_room) : NULL,
		.msg_controllen = n->control_room,
	};
	struct io_uring_recvmsg_out out;
	size_t stored;
	int error;

	*payload = SYS(recvmsg, req->sysfd, &head, n->msg_flags | MSG_DONTWAIT);
	if (*payload < 0)
		return *payload;
	stored = (size_t)*payload < iov.iov_len ? (size_t)*payload : iov.iov_len;
	out = (struct io_uring_recvmsg_out){
		.namelen = n->name_room ? head.msg_namelen : 0,
		.controllen = (uint32_t)head.msg_controllen,
		.payloadlen = (uint32_t)*payload,
		.flags = (uint32_t)head.msg_flags,
	};
	error = put_head(at, &out, stored ? bytes : 0);
	return error ? error : (long)(bytes - at + stored);
}

/* One shot. True: it can be repeated at once. */
static bool recvmsg_shot(struct request *req, enum issue_result *result)
{
	struct net *n = request_data(req, struct net);
	size_t room = sizeof(struct io_uring_recvmsg_out) + n->name_room + n->control_room;
	struct selection s;
	long payload = -EAGAIN, size;
	uint32_t flags;
	bool emptied;
	int error = group_select(req, &s, n->len, false);

	if (!error && s.total < room) {
		group_drop(req, &s);
		error = -EFAULT;
	}
	if (error) {
		*result = net_refused(req, error);
		return false;
	}
	size = recv_known_empty(req) ? -EAGAIN : recv_laid_out(req, s.iov, &payload);
	emptied = recv_emptied(req, s.total - room, payload, &flags);
	if (size < 0) {
		group_drop(req, &s);
		*result = size == -EAGAIN ? ISSUE_AGAIN : net_done(req, size);
		return false;
	}
	flags |= group_commit(req, &s, (size_t)size);
	/* The end of a stream is a message, too, and the last. */
	if (payload && request_post_more(req, (int)size, flags)) {
		/* Linux keeps to the length with the first only. */
		n->len = 0;
		*result = ISSUE_AGAIN;
		return !emptied;
	}
	req->cqe_flags = flags;
	*result = net_done(req, size);
	return false;
}

static enum issue_result recvmsg_multishot(struct request *req)
{
	enum issue_result result;

	for (unsigned i = 0; i < SHOTS_MAX; i++)
		if (!recvmsg_shot(req, &result))
			break;
	return result;
}

/* ---- The opcode ------------------------------------------------------------------------------ */

enum issue_result recvmsg_issue(struct request *req, enum issue_how how)
{
	if (net_polls_first(req, how))
		return wait_for_message(req);
	if (req->flags & REQ_MULTISHOT)
		return recvmsg_multishot(req);
	if (req->flags & REQ_SELECT && !(req->flags & REQ_BUFFER_HELD))
		return recvmsg_selected(req);
	return recvmsg_plain(req);
}
