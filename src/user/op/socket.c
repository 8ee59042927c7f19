/* SPDX-License-Identifier: MIT */
/* Making sockets, letting them listen, and shutting them down. */
#include "user/op/net.h"

/* ---- socket ---------------------------------------------------------------------------------- */

/* What socket(2) has for the type itself. */
#define TYPE_MASK 0xf

struct socket {
	int32_t domain, type, protocol;
	uint32_t file_index;
};

int socket_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct socket *s = request_data(req, struct socket);
	unsigned flags = (unsigned)sqe->off & ~TYPE_MASK;

	if (sqe->addr || sqe->rw_flags || sqe->buf_index)
		return -EINVAL;
	*s = (struct socket){
		.domain = sqe->fd,
		.type = (int32_t)sqe->off,
		.protocol = (int32_t)sqe->len,
		.file_index = sqe->file_index,
	};
	if (s->file_index && flags & SOCK_CLOEXEC)
		return -EINVAL;
	return flags & ~(unsigned)(SOCK_CLOEXEC | SOCK_NONBLOCK) ? -EINVAL : 0;
}

enum issue_result socket_issue(struct request *req, enum issue_how how)
{
	const struct socket *s = request_data(req, const struct socket);
	int type = s->type | (s->file_index ? SOCK_CLOEXEC : 0);
	long fd = SYS(socket, s->domain, type, s->protocol);

	if (fd >= 0 && s->file_index) {
		issue_lock(req->ring, how);
		fd = files_install(req->ring, (int)fd, s->file_index);
		issue_unlock(req->ring, how);
		/* The socket was made: to Linux that was the request. */
		req->flags |= REQ_NO_FAILURE;
	}
	req->res = (int32_t)fd;
	return ISSUE_DONE;
}

/* ---- listen, shutdown ------------------------------------------------------------------------ */

int listen_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct net *n = request_data(req, struct net);

	if (sqe->addr || sqe->buf_index || sqe->rw_flags || sqe->splice_fd_in || sqe->addr2)
		return -EINVAL;
	n->len = sqe->len;
	return 0;
}

enum issue_result listen_issue(struct request *req, enum issue_how how)
{
	const struct net *n = request_data(req, const struct net);

	(void)how;
	req->res = (int32_t)SYS(listen, req->sysfd, n->len);
	return ISSUE_DONE;
}

int shutdown_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct net *n = request_data(req, struct net);

	if (sqe->off || sqe->addr || sqe->rw_flags || sqe->buf_index || sqe->splice_fd_in)
		return -EINVAL;
	n->len = sqe->len;
	return 0;
}

enum issue_result shutdown_issue(struct request *req, enum issue_how how)
{
	const struct net *n = request_data(req, const struct net);

	(void)how;
	req->res = (int32_t)SYS(shutdown, req->sysfd, n->len);
	/* What else is wrong is said by the socket, and is a result as others. */
	if (req->res == -EBADF || req->res == -ENOTSOCK)
		req->flags |= REQ_FAIL;
	return ISSUE_DONE;
}
