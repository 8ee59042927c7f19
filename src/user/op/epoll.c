/* SPDX-License-Identifier: MIT */
/* The application's epoll sets: IORING_OP_EPOLL_CTL, IORING_OP_EPOLL_WAIT. */
#include <sys/epoll.h>

#include "user/op/op.h"
#include "user/process.h"

struct control {
	int op, fd;
	struct epoll_event event;
};

int epoll_ctl_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct control *control = request_data(req, struct control);

	if (sqe->buf_index || sqe->splice_fd_in)
		return -EINVAL;
	control->op = (int)sqe->len;
	control->fd = (int)sqe->off;
	if (control->op == EPOLL_CTL_DEL)
		return 0;
	return copy_from_app(&control->event, (const void *)(uintptr_t)sqe->addr,
			     sizeof(control->event));
}

enum issue_result epoll_ctl_issue(struct request *req, enum issue_how how)
{
	struct control *control = request_data(req, struct control);

	(void)how;
	req->res = (int)SYS(epoll_ctl, req->fd, control->op, control->fd, &control->event);
	return ISSUE_DONE;
}

/* ---- Waiting --------------------------------------------------------------------------------- */

struct wait {
	uint64_t events; /* the application's */
	int room;
};

int epoll_wait_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct wait *wait = request_data(req, struct wait);

	if (sqe->off || sqe->rw_flags || sqe->buf_index || sqe->splice_fd_in)
		return -EINVAL;
	wait->events = sqe->addr;
	wait->room = (int)sqe->len;
	return 0;
}

enum issue_result epoll_wait_issue(struct request *req, enum issue_how how)
{
	struct wait *wait = request_data(req, struct wait);

	req->res = (int)SYS(epoll_pwait, req->sysfd, wait->events, wait->room,
			    how & HOW_WORKER ? -1 : 0, NULL, 0);
	if (req->res)
		return ISSUE_DONE;
	if (req->file)
		reactor_drained(req->file, EPOLLIN);
	return ISSUE_AGAIN;
}
