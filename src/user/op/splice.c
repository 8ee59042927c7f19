/* SPDX-License-Identifier: MIT */
/*
 * SPLICE and TEE. Workers try them with SPLICE_F_NONBLOCK, and while one side is not ready the
 * request waits for it as others wait for their file, so that it can be cancelled.
 */
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "user/kind.h"
#include "user/op/fields.h"
#include "user/op/op.h"
#include "user/ready.h"

#define FLAGS_VALID \
	(SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT | SPLICE_F_FD_IN_FIXED)

/* Times that both sides may say they are ready and then not be, before a worker blocks. */
#define TRIES 4

struct splice {
	int64_t offset_in, offset_out;
	uint32_t length;
	unsigned flags;
	int fd_in;
	bool tees;
	bool waits_for_in;  /* req->file is the one read from, and `other` the one written to */
	struct file *other; /* which the request holds, besides req->file; or NULL */
};

static struct splice *splice_of(struct request *req)
{
	return request_data(req, struct splice);
}

static int prep(struct request *req, const struct io_uring_sqe *sqe, bool tees)
{
	struct splice *s = splice_of(req);

	*s = (struct splice){
		.offset_in = tees ? -1 : (int64_t)sqe->splice_off_in,
		.offset_out = tees ? -1 : (int64_t)sqe->off,
		.length = sqe->len,
		.flags = sqe->splice_flags,
		.fd_in = sqe->splice_fd_in,
		.tees = tees,
	};
	return s->flags & ~FLAGS_VALID ? -EINVAL : 0;
}

int splice_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep(req, sqe, false);
}

int tee_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return sqe_has(sqe, SQE_OFF | SQE_ADDR) ? -EINVAL : prep(req, sqe, true);
}

void splice_cleanup(struct request *req)
{
	struct file *other = splice_of(req)->other;

	if (other)
		file_put(other);
}

static enum issue_result end(struct request *req, long res)
{
	if (res < (long)splice_of(req)->length)
		req->flags |= REQ_FAIL;
	return issue_done(req, res);
}

/* ---- The file that is read from -------------------------------------------------------------- */

static int keep(struct request *req, struct file *file)
{
	if (!file)
		return -ENOMEM;
	splice_of(req)->other = file;
	req->flags |= REQ_CLEANUP;
	return 0;
}

static int find_in(struct request *req)
{
	struct splice *s = splice_of(req);
	struct file *file;

	if (s->other || !(s->flags & SPLICE_F_FD_IN_FIXED))
		return 0;
	file = files_at(req->ring, (unsigned)s->fd_in);
	if (!file)
		return -EBADF;
	file_hold(file);
	return keep(req, file);
}

/* Before it waits: the descriptor may be closed meanwhile. */
static int hold_in(struct request *req)
{
	struct splice *s = splice_of(req);
	int fd;

	if (s->other)
		return 0;
	fd = duplicate_fd(s->fd_in);
	return fd < 0 ? fd : keep(req, file_new(req->ring, fd));
}

static void swap_files(struct request *req)
{
	struct splice *s = splice_of(req);
	struct file *file = req->file;

	req->file = s->other;
	req->sysfd = req->file->fd;
	s->other = file;
	s->waits_for_in = !s->waits_for_in;
}

/* ---- Trying ---------------------------------------------------------------------------------- */

/* The kernel's own looks at this first, the system call at an offset that a pipe cannot have. */
static bool is_open_for(int fd, int wrong_mode)
{
	long flags = SYS(fcntl, fd, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) != wrong_mode;
}

static long call(struct request *req, int fd_in, unsigned flags)
{
	struct splice *s = splice_of(req);
	int64_t in = s->offset_in, out = s->offset_out;
	long ret;

	flags |= s->flags & ~SPLICE_F_FD_IN_FIXED;
	if (!s->length)
		return SYS(fcntl, fd_in, F_GETFL) == -EBADF ? -EBADF : 0;
	if (s->tees)
		return SYS(tee, fd_in, req->sysfd, s->length, flags);
	ret = SYS(splice, fd_in, in == -1 ? NULL : &in, req->sysfd, out == -1 ? NULL : &out,
		  s->length, flags);
	if (ret == -ESPIPE && !(is_open_for(fd_in, O_WRONLY) && is_open_for(req->sysfd, O_RDONLY)))
		return -EBADF;
	return ret;
}

static bool is_nonblocking(int fd)
{
	long flags = SYS(fcntl, fd, F_GETFL);

	return flags >= 0 && flags & O_NONBLOCK;
}

/* Where O_NONBLOCK makes the kernel's own answer -EAGAIN: at a pipe written to, or between two. */
static bool is_told_not_to_wait(struct request *req, int fd_in)
{
	struct splice *s = splice_of(req);
	bool from_pipe, to_pipe;

	if (s->flags & SPLICE_F_NONBLOCK)
		return true;
	from_pipe = kind_of(fd_in).type == S_IFIFO;
	to_pipe = kind_of(req->sysfd).type == S_IFIFO;
	if (to_pipe && is_nonblocking(req->sysfd))
		return true;
	return from_pipe && to_pipe && is_nonblocking(fd_in);
}

/* The end of a pipe to write to, which somebody may read from. */
static bool takes_data(int fd)
{
	return kind_of(fd).type == S_IFIFO && is_open_for(fd, O_RDONLY) && !poll_now(fd, 0);
}

/* Sockets may wait in spite of SPLICE_F_NONBLOCK. Only of what would not be refused anyway. */
static bool would_wait(struct request *req, int fd_in)
{
	struct splice *s = splice_of(req);

	return !s->tees && s->length && s->offset_in == -1 && s->offset_out == -1 &&
	       kind_of(fd_in).type == S_IFSOCK && takes_data(req->sysfd) &&
	       !poll_now(fd_in, EPOLLIN);
}

/*
 * If that side is not ready: true, and *result is what to answer. That the file was ready once is
 * forgotten before it is asked, so that an event after this is not.
 */
static bool wait_for(struct request *req, int fd_in, bool in, enum issue_result *result)
{
	struct file *file = in ? splice_of(req)->other : req->file;
	int ret = 0;

	req->poll_events = in ? EPOLLIN : EPOLLOUT;
	if (file)
		reactor_drained(file, req->poll_events);
	if (poll_now(in ? fd_in : req->sysfd, req->poll_events))
		return false;
	if (in)
		ret = hold_in(req);
	if (in && !ret)
		swap_files(req);
	*result = ret ? end(req, ret) : ISSUE_AGAIN;
	return true;
}

static bool wait_for_either(struct request *req, int fd_in, enum issue_result *result)
{
	bool waits;

	ring_lock(req->ring);
	waits = wait_for(req, fd_in, true, result) || wait_for(req, fd_in, false, result);
	ring_unlock(req->ring);
	return waits;
}

static enum issue_result try(struct request *req, int fd_in)
{
	enum issue_result result;

	for (unsigned i = 0; i < TRIES; i++) {
		long ret = would_wait(req, fd_in) ? -EAGAIN : call(req, fd_in, SPLICE_F_NONBLOCK);

		if (ret != -EAGAIN || is_told_not_to_wait(req, fd_in))
			return end(req, ret);
		if (wait_for_either(req, fd_in, &result))
			return result;
	}
	return end(req, call(req, fd_in, 0));
}

enum issue_result splice_issue(struct request *req, enum issue_how how)
{
	struct splice *s = splice_of(req);
	int ret, fd_in;

	if (!(how & HOW_WORKER)) {
		/* The side that it waited for is ready. */
		if (s->waits_for_in)
			swap_files(req);
		return ISSUE_WORKER;
	}
	ring_lock(req->ring);
	ret = find_in(req);
	fd_in = s->other ? s->other->fd : s->fd_in;
	ring_unlock(req->ring);
	return ret ? end(req, ret) : try(req, fd_in);
}
