/* SPDX-License-Identifier: MIT */
/* CLOSE, and FIXED_FD_INSTALL, the way from a slot to a descriptor. */
#include <fcntl.h>

#include "user/aio.h"
#include "user/kind.h"
#include "user/op/fields.h"
#include "user/op/op.h"
#include "user/user.h"

struct closing {
	unsigned file_index;
};

struct installing {
	unsigned flags;
};

int close_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	if (sqe_has(sqe, SQE_OFF | SQE_ADDR | SQE_LEN | SQE_FLAGS | SQE_BUF_INDEX))
		return -EINVAL;
	if (req->flags & REQ_FIXED_FILE)
		return -EBADF;
	if (sqe->file_index && sqe->fd)
		return -EINVAL;
	request_data(req, struct closing)->file_index = sqe->file_index;
	return 0;
}

static enum issue_result close_slot(struct request *req, unsigned file_index, enum issue_how how)
{
	int ret;

	issue_lock(req->ring, how);
	ret = files_remove(req->ring, file_index - 1);
	issue_unlock(req->ring, how);
	return issue_done(req, ret);
}

enum issue_result close_issue(struct request *req, enum issue_how how)
{
	unsigned file_index = request_data(req, struct closing)->file_index;

	if (file_index)
		return close_slot(req, file_index, how);
	/* A ring would have to wait for itself. */
	if (req->fd < 0 || user_owns((unsigned)req->fd, false))
		return issue_done(req, -EBADF);
	if (!(how & HOW_WORKER)) {
		/* What came before has its file. */
		if (req->ring->aio)
			aio_submit(req->ring);
		/* A file server is waited for. */
		if (!kind_of(req->fd).local)
			return ISSUE_WORKER;
	}
	return issue_done(req, SYS(close, req->fd));
}

int fixed_fd_install_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	if (sqe_has(sqe, SQE_OFF | SQE_ADDR | SQE_LEN | SQE_BUF_INDEX | SQE_FILE_INDEX | SQE_ADDR3))
		return -EINVAL;
	if (!(req->flags & REQ_FIXED_FILE))
		return -EBADF;
	if (sqe->install_fd_flags & ~IORING_FIXED_FD_NO_CLOEXEC)
		return -EINVAL;
	request_data(req, struct installing)->flags = sqe->install_fd_flags;
	return req->identity ? -EPERM : 0;
}

enum issue_result fixed_fd_install_issue(struct request *req, enum issue_how how)
{
	bool stays = request_data(req, struct installing)->flags & IORING_FIXED_FD_NO_CLOEXEC;

	(void)how;
	return issue_done(req, SYS(fcntl, req->sysfd, stays ? F_DUPFD : F_DUPFD_CLOEXEC, 0));
}
