/* SPDX-License-Identifier: MIT */
/* IORING_OP_ASYNC_CANCEL, and IORING_REGISTER_SYNC_CANCEL. */
#include "user/cancel.h"
#include "user/op/op.h"
#include "user/process.h"
#include "user/progress.h"
#include "user/register.h"

#define BY_FD	IORING_ASYNC_CANCEL_FD
#define BY_WHAT (IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_OP)

int cancel_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct cancel *c = request_data(req, struct cancel);

	if (sqe->off || sqe->splice_fd_in)
		return -EINVAL;
	c->user_data = sqe->addr;
	c->flags = sqe->cancel_flags;
	c->opcode = (uint8_t)sqe->len;
	if (c->flags & ~CANCEL_FLAGS_VALID)
		return -EINVAL;
	if (c->flags & IORING_ASYNC_CANCEL_ANY && c->flags & BY_WHAT)
		return -EINVAL;
	return 0;
}

enum issue_result cancel_issue(struct request *req, enum issue_how how)
{
	struct cancel *c = request_data(req, struct cancel);
	bool fixed = c->flags & IORING_ASYNC_CANCEL_FD_FIXED || req->flags & REQ_FIXED_FILE;

	(void)how;
	if (c->flags & BY_FD)
		req->res = cancel_find_file(req->ring, c, req->fd, fixed);
	if (!req->res)
		req->res = cancel_matching(req->ring, c);
	return ISSUE_DONE;
}

/* ---- The call -------------------------------------------------------------------------------- */

static int check_sync(const struct io_uring_sync_cancel_reg *reg)
{
	if (reg->flags & ~CANCEL_FLAGS_VALID)
		return -EINVAL;
	return is_zero(reg->pad, sizeof(reg->pad)) && is_zero(reg->pad2, sizeof(reg->pad2))
		       ? 0
		       : -EINVAL;
}

static int64_t deadline_of(const struct __kernel_timespec *ts)
{
	int64_t ns;

	if (ts->tv_sec == -1 && ts->tv_nsec == -1)
		return TIME_NEVER;
	if (__builtin_mul_overflow(ts->tv_sec, NS_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, ts->tv_nsec, &ns) ||
	    __builtin_add_overflow(ns, clock_now(CLOCK_MONOTONIC), &ns))
		return ts->tv_sec < 0 ? 0 : TIME_NEVER;
	return ns;
}

static int cancel_now(struct uring *ring, struct cancel *c,
		      const struct io_uring_sync_cancel_reg *r)
{
	int ret = 0;

	/* Looked up each time, as the lock was dropped meanwhile. */
	if (c->flags & BY_FD)
		ret = cancel_find_file(ring, c, r->fd, c->flags & IORING_ASYNC_CANCEL_FD_FIXED);
	if (!ret)
		ret = cancel_matching(ring, c);
	progress_made(ring);
	return ret;
}

/* Waits until what a worker runs has ended, too. */
static int wait_until_gone(struct uring *ring, struct cancel *c,
			   const struct io_uring_sync_cancel_reg *reg)
{
	int64_t deadline = deadline_of(&reg->timeout), left = TIME_NEVER;
	int ret;

	for (;;) {
		ret = cancel_now(ring, c, reg);
		if (ret != -EALREADY)
			return ret == -ENOENT || ret > 0 ? 0 : ret;
		if (deadline != TIME_NEVER) {
			left = deadline - clock_now(CLOCK_MONOTONIC);
			if (left <= 0)
				return -ETIME;
		}
		ret = reactor_sleep(ring, left, NULL);
		if (ret)
			return ret;
	}
}

int register_sync_cancel(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct io_uring_sync_cancel_reg reg;
	struct cancel c;
	int ret;

	(void)nr_args;
	if (copy_from_app(&reg, arg, sizeof(reg)))
		return -EFAULT;
	ret = check_sync(&reg);
	if (ret)
		return ret;
	c = (struct cancel){ .user_data = reg.addr, .flags = reg.flags, .opcode = reg.opcode };
	ret = cancel_now(ring, &c, &reg);
	if (ret == -EALREADY)
		ret = wait_until_gone(ring, &c, &reg);
	reactor_leave(ring);
	return ret;
}
