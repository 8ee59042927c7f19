/* SPDX-License-Identifier: MIT */
/*
 * IORING_OP_WAITID. The end of one child shows in its pidfd, which is polled; for anything else a
 * thread waits. Either leaves the child alone (WNOWAIT), and then it is looked at again.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "user/app_memory.h"
#include "user/op/op.h"
#include "user/waiter.h"

struct waitid {
	int type;
	int id;
	int options;
	uint64_t info; /* where the application wants it, or 0 */
	struct waiter *waiter;
};

int waitid_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct waitid *w = request_data(req, struct waitid);

	if (sqe->addr || sqe->buf_index || sqe->addr3 || sqe->waitid_flags)
		return -EINVAL;
	*w = (struct waitid){
		.type = (int)sqe->len,
		.id = sqe->fd,
		.options = (int)sqe->file_index,
		.info = sqe->addr2,
	};
	return 0;
}

/* The request ends with `ret`: says so where the application wants it. */
static enum issue_result done(struct request *req, const siginfo_t *info, long ret)
{
	const struct waitid *w = request_data(req, struct waitid);

	req->res = (int)ret;
	/* What could not even be asked for leaves it as it is. */
	if (ret && ret != -ECHILD)
		return ISSUE_DONE;
	if (w->info && copy_to_app((void *)(uintptr_t)w->info, info,
				   offsetof(siginfo_t, si_status) + sizeof(info->si_status)))
		req->res = -EFAULT;
	return ISSUE_DONE;
}

/* The end of one child, and nothing else, shows in a pidfd. */
static long open_pidfd(const struct waitid *w)
{
	if ((w->options & (WEXITED | WSTOPPED | WCONTINUED)) != WEXITED)
		return -EINVAL;
	if (w->type == P_PID)
		return SYS(pidfd_open, w->id, 0);
	return w->type == P_PIDFD ? duplicate_fd(w->id) : -EINVAL;
}

static long wait_in_thread(struct request *req)
{
	const struct waitid *w = request_data(req, struct waitid);

	return SYS(waitid, w->type, w->id, NULL, w->options | WNOWAIT, NULL);
}

static void woken(struct request *req, long result)
{
	(void)result;
	request_queue(req);
}

static const struct wait_job wait_job = { wait_in_thread, woken };

static enum issue_result start_waiting(struct request *req)
{
	struct waitid *w = request_data(req, struct waitid);
	long fd = open_pidfd(w);

	if (fd >= 0) {
		req->file = file_new(req->ring, own_fd((int)fd));
		req->res = -ENOMEM;
		return req->file ? ISSUE_AGAIN : ISSUE_DONE;
	}
	w->waiter = waiter_start(req, &wait_job);
	req->res = -ENOMEM;
	return w->waiter ? ISSUE_ARMED : ISSUE_DONE;
}

enum issue_result waitid_issue(struct request *req, enum issue_how how)
{
	struct waitid *w = request_data(req, struct waitid);
	siginfo_t info;
	long ret;

	(void)how;
	memset(&info, 0, sizeof(info));
	ret = SYS(waitid, w->type, w->id, &info, w->options | WNOHANG, NULL);
	if (ret || info.si_pid || w->options & WNOHANG)
		return done(req, &info, ret);
	if (req->file)
		return ISSUE_AGAIN;
	/* A pidfd may say that nobody is to wait. */
	if (w->type == P_PIDFD && SYS(fcntl, w->id, F_GETFL) & O_NONBLOCK)
		return done(req, &info, -EAGAIN);
	return start_waiting(req);
}

bool waitid_cancel(struct request *req)
{
	return waiter_call_back(request_data(req, struct waitid)->waiter);
}
