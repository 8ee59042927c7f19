/* SPDX-License-Identifier: MIT */
/*
 * Zero-copy sends. They are sent as others are, since what a system call offers instead
 * (MSG_ZEROCOPY) needs an option of the socket and its error queue, which are the application's.
 * The memory may be reused at once, and the notification says that it was copied.
 */
#include <netinet/in.h>

#include "user/op/net.h"
#include "user/op/zero_copy.h"

#define ZERO_COPY_FLAGS                                                                    \
	(IORING_RECVSEND_POLL_FIRST | IORING_RECVSEND_FIXED_BUF | IORING_SEND_VECTORIZED | \
	 IORING_SEND_ZC_REPORT_USAGE)

int send_zc_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct net *n = request_data(req, struct net);
	int ret;

	if (sqe->addr3 || sqe->__pad2[0] || req->flags & REQ_SKIP)
		return -EINVAL;
	/* From here on whatever comes is followed by a notification. */
	req->flags |= REQ_CLEANUP;
	n->flags = sqe->ioprio;
	if (n->flags & ~ZERO_COPY_FLAGS)
		return -EINVAL;
	if (req->opcode == IORING_OP_SEND_ZC && n->flags & IORING_RECVSEND_FIXED_BUF &&
	    n->flags & IORING_SEND_VECTORIZED)
		return -EINVAL;
	ret = send_prep_common(req, sqe);
	/* Each of its pieces is looked at. */
	if (!ret && !req->async && req->opcode == IORING_OP_SENDMSG_ZC &&
	    n->flags & IORING_RECVSEND_FIXED_BUF)
		ret = message_copy(req, true);
	return ret;
}

void send_zc_cleanup(struct request *req)
{
	const struct net *n = request_data(req, const struct net);
	struct completion c = { .user_data = req->user_data, .flags = IORING_CQE_F_NOTIF };

	if (n->flags & IORING_SEND_ZC_REPORT_USAGE && req->res > 0)
		c.res = (int32_t)IORING_NOTIF_USAGE_ZC_COPIED;
	cq_post(req->ring, &c);
}

/* As Linux 6.18 has it: 0, -EOPNOTSUPP or the error of what is no socket. */
static int check_protocol(const struct request *req)
{
	int protocol;

	if (req->file && req->file->known & FILE_TCP)
		return 0;
	protocol = socket_option(req->sysfd, SO_PROTOCOL);
	if (protocol < 0)
		return protocol;
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ? 0 : -EOPNOTSUPP;
}

static int check_registered(struct request *req)
{
	const struct net *n = request_data(req, const struct net);
	const struct message *m = req->async;
	int ret = 0;

	if (req->opcode == IORING_OP_SEND_ZC)
		return buffers_check(req, n->addr, n->len);
	for (size_t i = 0; !ret && i < m->head.msg_iovlen; i++)
		ret = buffers_check(req, (uintptr_t)m->head.msg_iov[i].iov_base,
				    m->head.msg_iov[i].iov_len);
	return ret;
}

enum issue_result send_zc_issue(struct request *req, enum issue_how how)
{
	const struct net *n = request_data(req, const struct net);
	int ret = 0;

	if (!(how & HOW_POLLED)) {
		ret = check_protocol(req);
		if (ret && req->opcode == IORING_OP_SENDMSG_ZC && !req->async)
			ret = (int)message_refused(req, message_copy(req, true), ret);
		if (!ret && n->flags & IORING_RECVSEND_FIXED_BUF)
			ret = check_registered(req);
	}
	return ret ? net_done(req, ret) : send_issue(req, how);
}
