/* SPDX-License-Identifier: MIT */
/*
 * Connecting. As with accept, only O_NONBLOCK keeps connect(2) from blocking, and that is not ours
 * to set: without it a socket that may have to wait is connected by a worker.
 */
#include <fcntl.h>

#include "user/app_memory.h"
#include "user/op/net.h"

struct connect {
	uint32_t addr_len;
	bool in_progress;
};

/* Copies the address into req->async. 0, -EINVAL, -EFAULT, -ENOMEM. */
static int copy_address(struct request *req, uint64_t addr, uint64_t len)
{
	struct sockaddr_storage *copy;

	if (len > sizeof(*copy))
		return -EINVAL;
	copy = request_alloc_async(req, sizeof(*copy));
	return copy ? copy_from_app(copy, (const void *)(uintptr_t)addr, len) : -ENOMEM;
}

int connect_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct connect *c = request_data(req, struct connect);

	if (sqe->len || sqe->buf_index || sqe->rw_flags || sqe->splice_fd_in)
		return -EINVAL;
	*c = (struct connect){ .addr_len = (uint32_t)sqe->addr2 };
	return copy_address(req, sqe->addr, c->addr_len);
}

static bool may_block(const struct request *req)
{
	long flags = SYS(fcntl, req->sysfd, F_GETFL);
	int type;

	if (flags < 0 || flags & O_NONBLOCK)
		return false;
	type = socket_option(req->sysfd, SO_TYPE);
	return type == SOCK_STREAM || type == SOCK_SEQPACKET;
}

enum issue_result connect_issue(struct request *req, enum issue_how how)
{
	struct connect *c = request_data(req, struct connect);
	long ret;

	if (!(how & HOW_WORKER) && !c->in_progress && may_block(req))
		return ISSUE_WORKER;
	ret = SYS(connect, req->sysfd, req->async, c->addr_len);
	/* A worker that is to stop. */
	if (ret == -EINTR)
		return ISSUE_AGAIN;
	/* Asked again, connect(2) tells how it went, and that once. */
	if (ret == -EINPROGRESS || (ret == -EALREADY && c->in_progress)) {
		c->in_progress = true;
		issue_lock(req->ring, how);
		if (req->file)
			reactor_drained(req->file, EPOLLOUT);
		issue_unlock(req->ring, how);
		return ISSUE_AGAIN;
	}
	req->res = (int32_t)ret;
	return ISSUE_DONE;
}

int bind_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return connect_prep(req, sqe);
}

enum issue_result bind_issue(struct request *req, enum issue_how how)
{
	const struct connect *c = request_data(req, const struct connect);

	(void)how;
	req->res = (int32_t)SYS(bind, req->sysfd, req->async, c->addr_len);
	return ISSUE_DONE;
}
