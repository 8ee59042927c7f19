/* SPDX-License-Identifier: MIT */
/* READ_MULTISHOT: reads on, into buffers of a group, whenever there is something to be read. */
#include <sys/stat.h>

#include "user/kind.h"
#include "user/op/op.h"
#include "user/op/rw.h"

/* Completions in a row, before others have their turn. */
#define ROUNDS_MAX 32

static enum issue_result end(struct request *req, int res)
{
	req->res = res;
	return ISSUE_DONE;
}

static enum issue_result wait(struct request *req)
{
	if (req->file)
		reactor_drained(req->file, req->poll_events);
	return ISSUE_AGAIN;
}

/* One read. ISSUE_WORKER says: it is posted, go on. */
static enum issue_result read_once(struct request *req)
{
	struct selection s = { .room = 1 };
	struct rw *rw = rw_of(req);
	uint32_t flags;
	long ret;

	s.iov = &s.one;
	ret = group_select(req, &s, 0, false);
	if (ret)
		return end(req, (int)ret);
	rw->vecs = s.iov;
	rw->left = s.total;
	ret = rw_transfer(req, RWF_NOWAIT);
	if (ret == -ESPIPE && !(rw->state & RW_STREAM)) {
		rw->state |= RW_STREAM;
		ret = rw_transfer(req, RWF_NOWAIT);
	}
	if (ret <= 0) {
		group_drop(req, &s);
		return ret == -EAGAIN && !(rw->flags & RWF_NOWAIT) ? wait(req) : end(req, (int)ret);
	}
	flags = group_commit(req, &s, (size_t)ret);
	if (request_post_more(req, (int)ret, flags))
		return ISSUE_WORKER;
	req->cqe_flags = flags;
	return end(req, (int)ret);
}

/* Those that are never waited for have no use for this. 0 or -errno. */
static int begin(struct request *req)
{
	struct rw *rw = rw_of(req);
	struct kind kind;
	int ret = rw_check(req);

	if (ret)
		return ret;
	rw->state &= ~RW_UNUSUAL;
	ret = request_hold_file(req);
	if (ret)
		return ret;
	kind = kind_of(req->sysfd);
	if (kind.known & FILE_REGULAR)
		return -EBADFD;
	/* Devices: epoll alone knows. */
	if (kind.type == S_IFCHR && !reactor_can_poll(req->file))
		return -EBADFD;
	return 0;
}

enum issue_result read_multishot_issue(struct request *req, enum issue_how how)
{
	struct rw *rw = rw_of(req);
	enum issue_result result;
	int ret;

	issue_lock(req->ring, how);
	ret = rw->state & RW_UNUSUAL ? begin(req) : 0;
	result = ret ? end(req, ret) : ISSUE_WORKER;
	for (unsigned i = 0; i < ROUNDS_MAX && result == ISSUE_WORKER; i++)
		result = read_once(req);
	issue_unlock(req->ring, how);
	/* There may be more, and its turn comes again: it still is known to be ready. */
	return result == ISSUE_WORKER ? ISSUE_AGAIN : result;
}
