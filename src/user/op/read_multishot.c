/* SPDX-License-Identifier: MIT */
/* READ_MULTISHOT: reads on, into buffers of a group, whenever there is something to be read. */
#include <sys/epoll.h>
#include <sys/stat.h>

#include "user/kind.h"
#include "user/op/op.h"
#include "user/op/rw.h"

/* Completions in a row, before others have their turn. */
#define ROUNDS_MAX 32

static enum issue_result wait(struct request *req)
{
	if (req->file)
		reactor_drained(req->file, req->poll_events);
	return ISSUE_AGAIN;
}

static long transfer(struct request *req)
{
	struct rw *rw = rw_of(req);
	long ret;

	if (!(rw->state & RW_BLOCK))
		return rw_transfer(req, RWF_NOWAIT);
	rw->state &= ~RW_BLOCK;
	ring_unlock(req->ring);
	ret = rw_transfer(req, 0);
	ring_lock(req->ring);
	return ret;
}

/* Nothing was read. */
static enum issue_result not_read(struct request *req, long ret)
{
	struct rw *rw = rw_of(req);

	if (ret == -EAGAIN && !(rw->flags & RWF_NOWAIT))
		return wait(req);
	/* A file that cannot be tried without blocking. */
	if (ret != -EOPNOTSUPP || rw->flags)
		return issue_done(req, (int)ret);
	if (!rw_is_ready(req))
		return wait(req);
	rw->state |= RW_BLOCK;
	return ISSUE_WORKER;
}

/* One read. False: *result is what to answer. */
static bool read_once(struct request *req, enum issue_result *result)
{
	struct selection s = { .room = 1 };
	struct rw *rw = rw_of(req);
	uint32_t flags;
	long ret;

	s.iov = &s.one;
	ret = group_select(req, &s, 0, false);
	if (ret) {
		*result = issue_done(req, (int)ret);
		return false;
	}
	rw->vecs = s.iov;
	rw->left = s.total;
	if (rw->state & RW_UNUSUAL)
		ret = rw_check(req);
	rw->state &= ~RW_UNUSUAL;
	if (!ret)
		ret = transfer(req);
	if (ret == -ESPIPE && !(rw->state & RW_STREAM)) {
		rw->state |= RW_STREAM;
		ret = transfer(req);
	}
	if (ret <= 0) {
		group_drop(req, &s);
		*result = not_read(req, ret);
		return false;
	}
	flags = group_commit(req, &s, (size_t)ret);
	if (!request_post_more(req, (int)ret, flags)) {
		req->cqe_flags = flags;
		*result = issue_done(req, (int)ret);
		return false;
	}
	/* A buffer is missed only where there is something to be read. */
	if (((size_t)ret == s.total && !s.last) || rw_is_ready(req))
		return true;
	*result = wait(req);
	return false;
}

/* Those that are never waited for have no use for this. 0 or -errno. */
static int begin(struct request *req)
{
	int ret = request_hold_file(req);
	struct kind kind;

	if (ret)
		return ret;
	kind = kind_of(req->sysfd);
	if (kind.known & FILE_REGULAR)
		return -EBADFD;
	/* Devices: epoll alone knows. */
	if (kind.type == S_IFCHR && !reactor_can_poll(req->file, EPOLLIN))
		return -EBADFD;
	return 0;
}

enum issue_result read_multishot_issue(struct request *req, enum issue_how how)
{
	/* There may be more, and its turn comes again: it still is known to be ready. */
	enum issue_result result = ISSUE_AGAIN;
	bool more = true;
	int ret;

	issue_lock(req->ring, how);
	ret = rw_of(req)->state & RW_UNUSUAL ? begin(req) : 0;
	if (ret)
		result = issue_done(req, ret);
	/* One when it is submitted: the rest comes when what was submitted with it has begun. */
	for (unsigned i = how ? 0 : ROUNDS_MAX - 1; i < ROUNDS_MAX && more && !ret; i++)
		more = read_once(req, &result);
	issue_unlock(req->ring, how);
	return result;
}
