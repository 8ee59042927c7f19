/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes. Inline they are tried with RWF_NOWAIT; what that leaves undone waits for the
 * file if it can be polled, else a worker moves it. O_DIRECT goes to Linux AIO.
 */
#include <fcntl.h>
#include <linux/ioprio.h>

#include "user/aio.h"
#include "user/kind.h"
#include "user/op/net.h"
#include "user/op/rw.h"
#include "user/ready.h"

/* Writes that a worker does besides the one that it was given, before that ends. */
#define FOLLOWERS_MAX 32

/* ---- The system call ------------------------------------------------------------------------- */

static long transfer(struct request *req, const struct iovec *vecs, unsigned count, int64_t offset,
		     int flags)
{
	unsigned long low = (unsigned long)offset;
	/* Only where a long is too short for it. */
	unsigned long high = sizeof(long) < 8 ? (unsigned long)(offset >> 32) : 0;

	if (rw_of(req)->state & RW_WRITE)
		return SYS(pwritev2, req->sysfd, vecs, count, low, high, flags);
	return SYS(preadv2, req->sysfd, vecs, count, low, high, flags);
}

long rw_transfer(struct request *req, int flags)
{
	struct rw *rw = rw_of(req);
	int64_t offset = rw->offset;

	if (rw->state & RW_STREAM)
		offset = -1;
	else if (offset >= 0)
		offset += (int64_t)rw->done;
	return transfer(req, rw->vecs, rw->count, offset, rw->flags | flags);
}

void rw_advance(struct rw *rw, size_t bytes)
{
	rw->done += bytes;
	rw->left -= bytes;
	while (bytes && bytes >= rw->vecs->iov_len) {
		bytes -= rw->vecs->iov_len;
		rw->vecs++;
		rw->count--;
	}
	if (bytes) {
		rw->vecs->iov_base = (char *)rw->vecs->iov_base + bytes;
		rw->vecs->iov_len -= bytes;
	}
}

/* The last attempt came to `ret`. What earlier ones moved counts more than an error. */
static enum issue_result finish(struct request *req, long ret)
{
	struct rw *rw = rw_of(req);

	if (ret >= 0 || rw->done) {
		if (ret < (long)rw->left)
			req->flags |= REQ_FAIL;
		ret = (long)rw->done + (ret > 0 ? ret : 0);
	}
	req->res = (int32_t)ret;
	return ISSUE_DONE;
}

void rw_fail(struct request *req)
{
	struct rw *rw = rw_of(req);

	if (rw->done)
		req->res = (int32_t)rw->done;
}

void rw_cleanup(struct request *req)
{
	write_ended(req);
}

bool rw_cancel(struct request *req)
{
	return write_gives_up(req) || aio_cancel(req);
}

/* ---- Before ---------------------------------------------------------------------------------- */

/* -EBADF if the file is not open for this, or is none. */
static int check_mode(struct request *req)
{
	struct iovec nothing = { NULL, 0 };
	long ret = transfer(req, &nothing, 0, -1, 0);

	return ret == -EBADF ? -EBADF : 0;
}

int rw_check(struct request *req)
{
	bool polls = req->ring->setup_flags & IORING_SETUP_IOPOLL;
	struct rw *rw = rw_of(req);
	int ret = check_mode(req);

	if (ret)
		return ret;
	if (rw->flags & ~RW_FLAGS_KNOWN)
		return -EOPNOTSUPP;
	if (polls && !(kind_with_flags(req->sysfd).known & FILE_DIRECT))
		return -EOPNOTSUPP;
	if ((rw->flags & RWF_APPEND && rw->flags & RW_NOAPPEND) || rw->state & RW_ATTRIBUTES ||
	    (rw->flags & RWF_HIPRI && !polls) || rw->offset < -1)
		return -EINVAL;
	return 0;
}

static int check_registered(struct request *req)
{
	struct rw *rw = rw_of(req);
	bool vectored =
		req->opcode == IORING_OP_READV_FIXED || req->opcode == IORING_OP_WRITEV_FIXED;

	for (unsigned i = 0; i < rw->count; i++) {
		int ret = buffers_check(req, (uintptr_t)rw->vecs[i].iov_base, rw->vecs[i].iov_len);

		if (ret || (vectored && !rw->vecs[i].iov_len))
			return fd_has_file(req->sysfd) ? -EFAULT : -EBADF;
	}
	rw->state &= ~RW_FIXED;
	return 0;
}

/* What is checked once, when it runs: 0 or -errno. Under the lock. */
static int begin(struct request *req)
{
	struct rw *rw = rw_of(req);
	int ret = 0;

	if (rw->state & RW_FIXED)
		ret = check_registered(req);
	if (!ret && rw->state & RW_UNUSUAL)
		ret = rw_check(req);
	rw->state &= ~RW_UNUSUAL;
	return ret;
}

/* ---- Trying ---------------------------------------------------------------------------------- */

/* ESPIPE was the answer to an offset. Sockets alone mean it, with any but 0. */
static bool is_stream(struct request *req)
{
	struct rw *rw = rw_of(req);

	if (rw->state & RW_STREAM || rw->offset < 0)
		return false;
	if (rw->offset && kind_of(req->sysfd).known & FILE_SOCKET)
		return false;
	rw->state |= RW_STREAM;
	return true;
}

/* Some bytes were moved: true if the file is one that has more, though not at once. */
static bool has_more(struct request *req, size_t bytes)
{
	struct rw *rw = rw_of(req);
	struct kind kind;

	if (rw->flags & RWF_NOWAIT || rw->state & RW_STREAM)
		return false;
	kind = kind_of(req->sysfd);
	if (!(kind.known & FILE_REGULAR))
		return false;
	/* Saves the call that would find the end. */
	return rw->state & RW_WRITE || rw->offset < 0 || !kind.size ||
	       (uint64_t)rw->offset + rw->done + bytes < kind.size;
}

/* Moves what can be moved without blocking; returns the answer of the last call. */
static long try_all(struct request *req)
{
	struct rw *rw = rw_of(req);
	long ret;

	/* An empty datagram is one, which a vector of nothing does not send. */
	if (!rw->left && rw->state & RW_WRITE && rw->offset <= 0 && request_kind(req) & FILE_SOCKET)
		return SYS(sendto, req->sysfd, NULL, 0, MSG_DONTWAIT, NULL, 0);
	if (rw_is_socket(req)) {
		ret = rw_socket_transfer(req);
		if (ret != -ENOTSOCK)
			return ret;
	}
	for (;;) {
		ret = rw_transfer(req, RWF_NOWAIT);
		if (__builtin_expect(ret == (long)rw->left, 1))
			return ret;
		if (ret == -ESPIPE && is_stream(req)) {
			rw_learn_socket(req);
			continue;
		}
		if (ret == -EAGAIN && !(rw->state & RW_WRITE) && net_is_shut(req))
			return 0;
		if (ret <= 0 || !has_more(req, (size_t)ret))
			return ret;
		rw_advance(rw, (size_t)ret);
	}
}

bool rw_is_ready(struct request *req)
{
	return poll_now(req->sysfd, req->poll_events) != 0;
}

/* It would block, or the file cannot say whether it would: where to wait. */
static enum issue_result wait_where(struct request *req, long ret)
{
	struct rw *rw = rw_of(req);

	if (!(rw->state & RW_STREAM) && request_kind(req) & FILE_REGULAR) {
		if (rw->state & RW_WRITE)
			write_begins(req);
		return ISSUE_WORKER;
	}
	/* Flags may be what it does not take. */
	if (ret == -EOPNOTSUPP && (rw->flags || rw_is_ready(req)))
		return ISSUE_WORKER;
	if (req->file)
		reactor_drained(req->file, req->poll_events);
	return ISSUE_AGAIN;
}

static bool would_block(const struct rw *rw, long ret)
{
	return ret == -EAGAIN || (ret == -EOPNOTSUPP && !(rw->flags & RWF_NOWAIT));
}

/* True unless it says that it cannot, at an offset where there is nothing to be read. */
static bool reads_at_once(int fd)
{
	struct iovec vec;
	char byte;

	vec = (struct iovec){ &byte, 1 };
	return SYS(preadv2, fd, &vec, 1, (unsigned long)INT64_MAX - 1,
		   sizeof(long) < 8 ? INT32_MAX : 0, RWF_NOWAIT) != -EOPNOTSUPP;
}

/*
 * A write with RWF_NOWAIT of the application's was refused with -EOPNOTSUPP. That is the system
 * call's answer, too, for what the kernel's own waits for or does: a file system that reads
 * at once and writes only with waiting, and eventfds (no other file without a type is written to).
 */
static long refused_at_once(struct request *req)
{
	struct rw *rw = rw_of(req);
	struct kind kind = kind_of(req->sysfd);
	long flags;

	if (kind.known & FILE_REGULAR)
		return !(rw->flags & RW_ATOMIC) && reads_at_once(req->sysfd) ? -EAGAIN
									     : -EOPNOTSUPP;
	if (kind.type || rw->flags != RWF_NOWAIT)
		return -EOPNOTSUPP;
	flags = SYS(fcntl, req->sysfd, F_GETFL);
	if (flags < 0 || !(flags & O_NONBLOCK))
		return -EAGAIN;
	return transfer(req, rw->vecs, rw->count, -1, 0);
}

static enum issue_result try_inline(struct request *req)
{
	struct rw *rw = rw_of(req);
	enum issue_result result;
	long ret = try_all(req);

	if (__builtin_expect(!would_block(rw, ret), 1)) {
		if (__builtin_expect(ret == -EOPNOTSUPP, 0) && rw->state & RW_WRITE)
			ret = refused_at_once(req);
		return finish(req, ret);
	}
	result = wait_where(req, ret);
	if (result != ISSUE_WORKER)
		return result;
	rw->state |= RW_BLOCK;
	return ISSUE_WORKER;
}

/* ---- With a buffer of a group ---------------------------------------------------------------- */

static int choose(struct request *req, struct selection *s)
{
	struct rw *rw = rw_of(req);
	int ret;

	*s = (struct selection){ .iov = &s->one, .room = 1 };
	ret = group_select(req, s, rw->one.iov_len, false);
	if (ret)
		return ret;
	rw->one = s->iov[0];
	rw->vecs = &rw->one;
	rw->count = 1;
	rw->left = s->total;
	return 0;
}

/* From now on nobody else gets the buffer, however much will be in it. */
static void take(struct request *req, struct selection *s)
{
	req->cqe_flags = group_commit(req, s, s->total);
	rw_of(req)->state |= RW_CHOSEN;
}

/*
 * True if the buffer stays with the request, whatever comes of it: where it came off the group when
 * it was chosen, as those of older groups do and all do in a worker; and at a file that is never
 * waited for. But not if there is no file at all.
 */
static bool keeps_buffer(struct request *req, enum issue_result result, const struct selection *s)
{
	if (result == ISSUE_DONE && req->res == -EBADF && !fd_has_file(req->sysfd))
		return false;
	return result == ISSUE_WORKER || s->taken || request_kind(req) & FILE_REGULAR;
}

static enum issue_result try_chosen(struct request *req)
{
	struct iovec asked = rw_of(req)->one;
	enum issue_result result;
	struct selection s;
	int ret = choose(req, &s);

	if (ret)
		return finish(req, fd_has_file(req->sysfd) ? ret : -EBADF);
	ret = begin(req);
	result = ret ? finish(req, ret) : try_inline(req);
	if (result == ISSUE_DONE && req->res >= 0) {
		req->cqe_flags = group_commit(req, &s, (size_t)req->res);
		return result;
	}
	if (keeps_buffer(req, result, &s)) {
		take(req, &s);
		return result;
	}
	group_drop(req, &s);
	rw_of(req)->one = asked;
	return result;
}

/* ---- Linux AIO ------------------------------------------------------------------------------- */

static enum issue_result issue_direct(struct request *req)
{
	struct rw *rw = rw_of(req);

	if (rw->offset >= 0 && !(rw->state & RW_NO_AIO) && aio_queue(req))
		return ISSUE_ARMED;
	rw->state |= RW_BLOCK;
	return ISSUE_WORKER;
}

/* Not all was moved: the usual way, which finds out why. Perhaps it is another file by now. */
static void start_anew(struct request *req, long res)
{
	struct rw *rw = rw_of(req);

	if (res > 0)
		rw_advance(rw, (size_t)res);
	rw->state |= RW_NO_AIO;
	rw->state &= ~RW_GATHERED;
	request_queue(req);
}

void rw_aio_ended(struct request *req, long res, bool at_once)
{
	struct rw *rw = rw_of(req);
	bool waits = !(rw->flags & RWF_NOWAIT);

	if (__builtin_expect(res == (long)rw->left, 1)) {
		finish(req, res);
		request_complete(req);
	} else if (waits && ((at_once && res < 0) || rw->state & RW_GATHERED)) {
		start_anew(req, res);
	} else if (waits && res == -EAGAIN &&
		   (req->file || kind_of(req->fd).identity == rw->identity)) {
		rw->state |= RW_BLOCK;
		request_issued(req, ISSUE_WORKER, HOW_INLINE);
	} else {
		finish(req, res);
		request_complete(req);
	}
}

/* True if it is AIO's now, and *result is what to answer. */
static bool issue_aio(struct request *req, enum issue_result *result)
{
	struct rw *rw = rw_of(req);

	switch (aio_use(req)) {
	case AIO_DIRECT:
		*result = issue_direct(req);
		return true;
	case AIO_GATHER:
		*result = ISSUE_ARMED;
		return !(rw->state & (RW_WRITE | RW_NO_AIO)) && rw->offset >= 0 && aio_gather(req);
	default:
		return false;
	}
}

/* ---- Issuing --------------------------------------------------------------------------------- */

static enum issue_result issue_inline(struct request *req)
{
	enum issue_result result;
	struct rw *rw = rw_of(req);
	int ret;

	if (req->flags & REQ_SELECT && !(rw->state & RW_CHOSEN)) {
		if (req->ring->gathered)
			aio_do_gathered(req->ring);
		return try_chosen(req);
	}
	if (__builtin_expect(rw->state & (RW_UNUSUAL | RW_FIXED | RW_FINISHED), 0)) {
		if (rw->state & RW_FINISHED)
			return ISSUE_DONE;
		ret = begin(req);
		if (ret)
			return finish(req, ret);
	}
	/* What was a socket last time is not asked whether it is a file on a disk. */
	if (rw->left && !rw_is_socket(req) && issue_aio(req, &result))
		return result;
	/* In the order in which they came. */
	if (req->ring->gathered)
		aio_do_gathered(req->ring);
	if (rw->state & RW_WRITE && write_waits(req))
		return ISSUE_ARMED;
	return try_inline(req);
}

/* Started in a worker (IOSQE_ASYNC): a regular file blocks there; what can be polled does not.
 * Under the lock. */
static enum issue_result begin_in_worker(struct request *req)
{
	struct rw *rw = rw_of(req);
	struct selection s;
	int ret;

	rw->state |= RW_NO_AIO;
	if (!(request_kind(req) & FILE_REGULAR))
		return issue_inline(req);
	if (req->flags & REQ_SELECT) {
		ret = choose(req, &s);
		if (ret)
			return finish(req, ret);
		take(req, &s);
	}
	ret = begin(req);
	if (ret)
		return finish(req, ret);
	/* A worker waits, if the file is one that knows the difference. */
	if (rw->flags & RWF_NOWAIT && reads_at_once(req->sysfd))
		rw->flags &= ~RWF_NOWAIT;
	return ISSUE_WORKER;
}

/* Files without a type, eventfds: io_uring writes to them as write(2) does, and flags
 * mean nothing. */
static bool ignores_flags(struct request *req)
{
	const struct rw *rw = rw_of(req);

	return rw->state & RW_WRITE && rw->flags && !(rw->flags & (RW_ATOMIC | RW_DONTCACHE)) &&
	       !kind_of(req->sysfd).type;
}

/* Linux knows the priority of a thread's I/O, not of a call's. */
static long transfer_with_priority(struct request *req)
{
	struct rw *rw = rw_of(req);
	long ret;

	if (rw->ioprio)
		SYS(ioprio_set, IOPRIO_WHO_PROCESS, 0, rw->ioprio);
	ret = rw_transfer(req, 0);
	if (ret == -ESPIPE && is_stream(req))
		ret = rw_transfer(req, 0);
	if (ret == -EOPNOTSUPP && ignores_flags(req))
		ret = transfer(req, rw->vecs, rw->count, -1, 0);
	if (rw->ioprio)
		SYS(ioprio_set, IOPRIO_WHO_PROCESS, 0, 0);
	return ret;
}

/* Does the writes that waited for this one. They end right after it. */
static void write_on(struct request *req)
{
	struct request *followers[FOLLOWERS_MAX];
	struct uring *ring = req->ring;
	unsigned count;

	ring_lock(ring);
	count = write_followers(req, followers, FOLLOWERS_MAX);
	ring_unlock(ring);
	for (unsigned i = 0; i < count; i++)
		finish(followers[i], transfer_with_priority(followers[i]));
	ring_lock(ring);
	for (unsigned i = 0; i < count; i++) {
		rw_of(followers[i])->state |= RW_FINISHED;
		/* So that one cancelled from now on says what it did. */
		if (followers[i]->res > 0)
			rw_of(followers[i])->done = (uint64_t)followers[i]->res;
		request_unpend(followers[i]);
		request_queue(followers[i]);
	}
	write_ended(req);
	ring_unlock(ring);
}

static enum issue_result issue_in_worker(struct request *req)
{
	enum issue_result result = ISSUE_WORKER;
	struct rw *rw = rw_of(req);
	long ret;

	if (!(rw->state & RW_BLOCK)) {
		ring_lock(req->ring);
		result = begin_in_worker(req);
		ring_unlock(req->ring);
	}
	if (result != ISSUE_WORKER)
		return result;
	rw->state &= ~RW_BLOCK;
	ret = transfer_with_priority(req);
	if (rw->state & RW_IN_LANE)
		write_on(req);
	/* Its O_NONBLOCK, and another was faster. */
	return ret == -EAGAIN ? ISSUE_AGAIN : finish(req, ret);
}

enum issue_result rw_issue(struct request *req, enum issue_how how)
{
	return how & HOW_WORKER ? issue_in_worker(req) : issue_inline(req);
}
