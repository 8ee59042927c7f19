/* SPDX-License-Identifier: MIT */
/* Reads and writes: from the SQE. */
#include <limits.h>
#include <linux/ioprio.h>
#include <string.h>

#include "user/app_memory.h"
#include "user/op/op.h"
#include "user/op/rw.h"

/* The kernel allows it to those with the right to it, and we ask by trying. */
static int check_realtime(unsigned ioprio)
{
	long former = SYS(ioprio_get, IOPRIO_WHO_PROCESS, 0);
	long ret = SYS(ioprio_set, IOPRIO_WHO_PROCESS, 0, ioprio);

	if (!ret && former >= 0)
		SYS(ioprio_set, IOPRIO_WHO_PROCESS, 0, former);
	return (int)ret;
}

static int check_ioprio(unsigned ioprio)
{
	switch (ioprio >> IOPRIO_CLASS_SHIFT) {
	case IOPRIO_CLASS_NONE:
		return ioprio & 7 ? -EINVAL : 0;
	case IOPRIO_CLASS_RT:
		return check_realtime(ioprio);
	case IOPRIO_CLASS_BE:
	case IOPRIO_CLASS_IDLE:
		return 0;
	default:
		return -EINVAL;
	}
}

/* No disk here takes protection information: only what the kernel checks before it says so. */
static int take_attributes(struct rw *rw, const struct io_uring_sqe *sqe)
{
	struct io_uring_attr_pi pi;
	int ret;

	if (sqe->attr_type_mask != IORING_RW_ATTR_FLAG_PI)
		return -EINVAL;
	ret = copy_from_app(&pi, (const void *)(uintptr_t)sqe->attr_ptr, sizeof(pi));
	if (ret)
		return ret;
	if (pi.rsvd)
		return -EINVAL;
	rw->state |= RW_ATTRIBUTES | RW_UNUSUAL;
	return 0;
}

/* All but the buffer. */
static int prep_common(struct request *req, const struct io_uring_sqe *sqe, unsigned state)
{
	struct rw *rw = rw_of(req);
	int ret;

	rw->vecs = &rw->one;
	rw->count = 1;
	rw->flags = sqe->rw_flags;
	rw->offset = (int64_t)sqe->off;
	rw->done = 0;
	rw->ioprio = sqe->ioprio;
	rw->state = (uint16_t)state;
	if (rw->flags & RWF_NOWAIT)
		req->flags |= REQ_NOWAIT;
	if (rw->ioprio) {
		ret = check_ioprio(rw->ioprio);
		if (ret)
			return ret;
	}
	if (rw->offset < -1 || rw->flags & (RWF_HIPRI | ~RW_FLAGS_KNOWN) ||
	    req->ring->setup_flags & IORING_SETUP_IOPOLL)
		rw->state |= RW_UNUSUAL;
	return sqe->attr_type_mask ? take_attributes(rw, sqe) : 0;
}

static void set_length(struct rw *rw, uint64_t length)
{
	rw->left = length < RW_MAX ? length : RW_MAX;
	if (!length)
		rw->state |= RW_UNUSUAL;
}

static int prep_one(struct request *req, const struct io_uring_sqe *sqe, unsigned state)
{
	struct rw *rw = rw_of(req);
	int ret = prep_common(req, sqe, state);

	if (ret)
		return ret;
	rw->one = (struct iovec){ (void *)(uintptr_t)sqe->addr, sqe->len };
	set_length(rw, sqe->len);
	/* A length of 0 for a buffer to be chosen is no limit. */
	if (req->flags & REQ_SELECT)
		return 0;
	if (!(state & RW_FIXED) && !app_memory_possible(sqe->addr, sqe->len))
		return -EFAULT;
	return 0;
}

/* ---- Vectors --------------------------------------------------------------------------------- */

static int check_vecs(struct rw *rw)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < rw->count; i++) {
		uint64_t len = rw->vecs[i].iov_len;

		if (len > SSIZE_MAX)
			return -EINVAL;
		if (!app_memory_possible((uintptr_t)rw->vecs[i].iov_base, len))
			return -EFAULT;
		/* What is beyond the most that is moved is cut off. */
		if (len > RW_MAX - total)
			rw->vecs[i].iov_len = len = RW_MAX - total;
		total += len;
	}
	set_length(rw, total);
	return 0;
}

static int prep_vecs(struct request *req, const struct io_uring_sqe *sqe, unsigned state)
{
	struct rw *rw = rw_of(req);
	unsigned count = sqe->len;
	int ret = prep_common(req, sqe, state);

	if (ret)
		return ret;
	if (count > UIO_MAXIOV || (req->flags & REQ_SELECT && count != 1))
		return -EINVAL;
	if (count > 1) {
		rw->vecs = request_alloc_async(req, count * sizeof(*rw->vecs));
		if (!rw->vecs)
			return -ENOMEM;
	}
	rw->count = count;
	ret = copy_from_app(rw->vecs, (const void *)(uintptr_t)sqe->addr,
			    count * sizeof(*rw->vecs));
	return ret ? ret : check_vecs(rw);
}

int read_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_one(req, sqe, 0);
}

int write_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_one(req, sqe, RW_WRITE);
}

int readv_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_vecs(req, sqe, 0);
}

int writev_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_vecs(req, sqe, RW_WRITE);
}

int read_fixed_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_one(req, sqe, RW_FIXED);
}

int write_fixed_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_one(req, sqe, RW_FIXED | RW_WRITE);
}

int readv_fixed_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_vecs(req, sqe, RW_FIXED);
}

int writev_fixed_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_vecs(req, sqe, RW_FIXED | RW_WRITE);
}

int read_multishot_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	if (!(req->flags & REQ_SELECT) || sqe->addr || sqe->len)
		return -EINVAL;
	req->flags |= REQ_MULTISHOT;
	/* See begin() in read_multishot.c. */
	return prep_one(req, sqe, RW_UNUSUAL);
}
