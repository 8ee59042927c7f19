/* SPDX-License-Identifier: MIT */
/* Send and sendmsg, and their zero-copy forms; what those add is in zero_copy.c. */
#include <limits.h>

#include "user/app_memory.h"
#include "user/op/net.h"
#include "user/op/zero_copy.h"
#include "user/quick_send.h"

#define SEND_FLAGS (IORING_RECVSEND_POLL_FIRST | IORING_RECVSEND_BUNDLE | IORING_SEND_VECTORIZED)

/* ---- From the SQE ---------------------------------------------------------------------------- */

static bool is_message(const struct request *req)
{
	return req->opcode == IORING_OP_SENDMSG || req->opcode == IORING_OP_SENDMSG_ZC;
}

/* Copies what the request points to, bytes apart, unless that was done. */
static int keep_message(struct request *req)
{
	struct net *n = request_data(req, struct net);
	struct iovec iov = { (void *)(uintptr_t)n->addr, n->len };

	if (req->async)
		return 0;
	if (is_message(req))
		return message_copy(req, true);
	if (n->flags & IORING_SEND_VECTORIZED)
		return message_of_app_iov(req);
	return n->name ? message_of_iov(req, &iov, 1) : 0;
}

/* What all forms have; n->flags is set. */
int send_prep_common(struct request *req, const struct io_uring_sqe *sqe)
{
	struct net *n = request_data(req, struct net);

	n->addr = sqe->addr;
	n->len = sqe->len;
	n->name = sqe->addr2;
	n->name_len = sqe->addr_len;
	n->msg_flags = sqe->msg_flags | MSG_NOSIGNAL;
	if (req->flags & REQ_MULTISHOT)
		n->msg_flags |= MSG_WAITALL;
	if (n->msg_flags & MSG_DONTWAIT)
		req->flags |= REQ_NOWAIT;
	n->plain = !is_message(req) && !(n->flags & IORING_SEND_VECTORIZED);
	if (is_message(req)) {
		if (sqe->addr2 || sqe->file_index || n->flags & IORING_RECVSEND_BUNDLE)
			return -EINVAL;
	} else if (sqe->__pad3[0] || n->len > INT_MAX ||
		   (n->flags & IORING_SEND_VECTORIZED && n->len > IOV_COUNT_MAX)) {
		return -EINVAL;
	} else if (!(req->flags & REQ_SELECT || n->flags & IORING_RECVSEND_FIXED_BUF) &&
		   !app_memory_possible(n->addr, n->len)) {
		return -EFAULT;
	}
	return request_starts_later(req) ? keep_message(req) : 0;
}

int send_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct net *n = request_data(req, struct net);

	n->flags = sqe->ioprio;
	if (n->flags & ~SEND_FLAGS)
		return -EINVAL;
	/* All of a bundle goes, one way or the other. */
	if (n->flags & IORING_RECVSEND_BUNDLE)
		req->flags |= REQ_MULTISHOT;
	return send_prep_common(req, sqe);
}

bool send_quick(const struct uring *ring, const struct io_uring_sqe *sqe, const struct file *file,
		struct quick_send *send)
{
	(void)ring, (void)file;
	*send = (struct quick_send){ sqe->addr, sqe->len, sqe->msg_flags | MSG_NOSIGNAL };
	return !sqe->ioprio && !sqe->addr2 && !sqe->__pad3[0] && send->len <= INT_MAX &&
	       app_memory_possible(send->addr, send->len);
}

/* ---- Sending --------------------------------------------------------------------------------- */

/* With the application's memory as it is, which the system call checks. */
static long send_as_given(const struct request *req, unsigned flags)
{
	const struct net *n = request_data(req, const struct net);
	struct msghdr head = {
		.msg_name = (void *)(uintptr_t)n->name,
		.msg_namelen = n->name_len,
		.msg_iov = (struct iovec *)(uintptr_t)n->addr,
		.msg_iovlen = n->len,
	};

	if (n->plain)
		return SYS(sendto, req->sysfd, n->addr, n->len, flags, n->name, n->name_len);
	return SYS(sendmsg, req->sysfd, is_message(req) ? (void *)(uintptr_t)n->addr : &head,
		   flags);
}

static long send_now(struct request *req)
{
	const struct net *n = request_data(req, const struct net);
	unsigned flags = n->msg_flags | MSG_DONTWAIT;
	struct message *m = req->async;
	long ret;

	if (!m) {
		ret = req->flags & REQ_TRIED ? request_tried(req) : send_as_given(req, flags);
		if (__builtin_expect(ret < 0, 0) && ret != -EAGAIN)
			ret = message_refused(req, keep_message(req), ret);
		return ret;
	}
	m->head.msg_namelen = m->name_len;
	m->head.msg_controllen = m->control_len;
	return SYS(sendmsg, req->sysfd, &m->head, flags);
}

/* Bytes that were to be sent, once the system call has read what tells. */
static size_t asked(const struct request *req)
{
	const struct net *n = request_data(req, const struct net);
	const struct message *m = req->async;
	const struct msghdr *head = (const void *)(uintptr_t)n->addr;

	if (m)
		return m->left;
	if (n->plain)
		return n->len;
	if (is_message(req))
		return iov_total(head->msg_iov, head->msg_iovlen);
	return iov_total((const struct iovec *)(uintptr_t)n->addr, n->len);
}

static enum issue_result wait_for_room(struct request *req)
{
	int ret = req->flags & REQ_NOWAIT ? 0 : keep_message(req);

	if (req->file)
		reactor_drained(req->file, EPOLLOUT);
	return ret ? net_done(req, ret) : ISSUE_AGAIN;
}

/* The rest is for later: control data is sent once. */
static enum issue_result send_rest(struct request *req, size_t sent)
{
	struct net *n = request_data(req, struct net);
	int ret = keep_message(req);
	struct message *m = req->async;

	net_partial(req, sent);
	if (ret)
		return net_done(req, ret);
	if (m) {
		message_advance(m, sent);
		m->head.msg_control = NULL;
		m->control_len = 0;
	} else {
		n->addr += sent;
		n->len -= (uint32_t)sent;
	}
	return wait_for_room(req);
}

static enum issue_result send_result(struct request *req, long ret)
{
	const struct net *n = request_data(req, const struct net);

	/* Most are. */
	if (ret == n->len && n->plain && !req->async)
		return net_done(req, ret);
	if (ret == -EAGAIN)
		return wait_for_room(req);
	if (n->msg_flags & MSG_WAITALL && ret >= 0 && (size_t)ret < asked(req)) {
		if (ret && net_goes_on(req))
			return send_rest(req, (size_t)ret);
		req->flags |= REQ_FAIL;
	}
	return net_done(req, ret);
}

/* ---- Provided buffers ------------------------------------------------------------------------ */

/* Buffers for a send; buffers_used() takes them off their group. */
static int choose_buffers(struct request *req, struct selection *s, size_t max, bool bundle)
{
	int ret = group_select(req, s, max, bundle);

	return ret && !group_find(req->ring, req->buf_index) ? -ENOENT : ret;
}

/* Of single buffers Linux sends each whole, whatever the length. */
static uint32_t length_asked(const struct request *req)
{
	const struct net *n = request_data(req, const struct net);
	const struct buffer_group *group = group_find(req->ring, req->buf_index);

	return group && group->ring ? n->len : 0;
}

/* They are used up whatever became of the send, if there was a socket to send them to. */
static void buffers_used(struct request *req, struct selection *s, long ret)
{
	struct net *n = request_data(req, struct net);

	if (ret == -EBADF || ret == -ENOTSOCK) {
		group_drop(req, s);
		return;
	}
	n->buffer = group_commit(req, s, s->total);
	req->flags |= REQ_BUFFER_HELD;
}

static enum issue_result send_selected(struct request *req)
{
	struct net *n = request_data(req, struct net);
	struct selection s;
	int error = choose_buffers(req, &s, length_asked(req), false);
	long ret;

	if (error)
		return net_refused(req, error);
	n->addr = (uintptr_t)s.iov->iov_base;
	n->len = (uint32_t)s.iov->iov_len;
	ret = send_now(req);
	buffers_used(req, &s, ret);
	return send_result(req, ret);
}

/* One bundle. What of it has to wait does so as a message. *last: no buffers are left
 * for another. */
static enum issue_result send_bundle(struct request *req, bool *last)
{
	struct net *n = request_data(req, struct net);
	struct iovec iov[GROUP_BUFFERS_MAX];
	struct selection s = { .iov = iov, .room = GROUP_BUFFERS_MAX };
	struct msghdr head = { .msg_iov = iov,
			       .msg_name = (void *)(uintptr_t)n->name,
			       .msg_namelen = n->name_len };
	int error = choose_buffers(req, &s, length_asked(req), true);
	long ret;

	if (error)
		return net_refused(req, error);
	*last = s.last;
	head.msg_iovlen = s.count;
	ret = SYS(sendmsg, req->sysfd, &head, n->msg_flags | MSG_DONTWAIT);
	buffers_used(req, &s, ret);
	if ((ret < 0 && ret != -EAGAIN) || ret == (long)s.total)
		return net_done(req, ret);
	error = message_of_iov(req, iov, s.count);
	return error ? net_done(req, error) : send_result(req, ret);
}

/*
 * What went out whole has a CQE of its own if there is more to send; of the rest, which
 * is as much as there is. Not for what had to wait.
 */
static bool next_bundle(struct request *req, enum issue_how how)
{
	struct net *n = request_data(req, struct net);

	if (how & HOW_POLLED || req->flags & REQ_FAIL || req->res <= 0 ||
	    !request_post_more(req, req->res, req->flags & REQ_BUFFER_HELD ? n->buffer : 0))
		return false;
	req->cqe_flags = 0;
	req->flags &= ~(uint32_t)REQ_BUFFER_HELD;
	n->len = 0;
	return true;
}

static enum issue_result send_bundles(struct request *req, enum issue_how how)
{
	enum issue_result result;
	bool last = false;

	if (req->flags & REQ_BUFFER_HELD)
		return send_result(req, send_now(req));
	/* Bounded by what the application provides. */
	do {
		result = send_bundle(req, &last);
	} while (result == ISSUE_DONE && !last && next_bundle(req, how));
	return result;
}

/* Linux 6.18 takes the application's own memory for a bundle, too: of which nothing is
 * left then. */
static enum issue_result send_as_bundle(struct request *req, enum issue_how how)
{
	enum issue_result result = send_result(req, send_now(req));

	if (result == ISSUE_DONE && next_bundle(req, how))
		result = send_result(req, send_now(req));
	return result;
}

/* ---- The opcode ------------------------------------------------------------------------------ */

enum issue_result send_issue(struct request *req, enum issue_how how)
{
	const struct net *n = request_data(req, const struct net);

	if (n->flags & IORING_RECVSEND_POLL_FIRST && net_polls_first(req, how))
		return wait_for_room(req);
	if (__builtin_expect(req->flags & (REQ_MULTISHOT | REQ_SELECT), 0)) {
		if (req->flags & REQ_MULTISHOT)
			return req->flags & REQ_SELECT ? send_bundles(req, how)
						       : send_as_bundle(req, how);
		if (!(req->flags & REQ_BUFFER_HELD))
			return send_selected(req);
	}
	return send_result(req, send_now(req));
}
