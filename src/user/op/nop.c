/* SPDX-License-Identifier: MIT */
#include "user/op/op.h"
#include "user/progress.h"

#define NOP_FLAGS_VALID ((IORING_NOP_CQE32 << 1) - 1)
#define LONG_CQES	(IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED)

struct nop {
	uint32_t flags; /* IORING_NOP_* */
	int32_t result;
};

int nop_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct nop *nop = request_data(req, struct nop);

	nop->flags = sqe->nop_flags;
	nop->result = 0;
	if (__builtin_expect(!nop->flags, 1))
		return 0;
	if (nop->flags & ~NOP_FLAGS_VALID)
		return -EINVAL;
	if (nop->flags & IORING_NOP_INJECT_RESULT)
		nop->result = (int32_t)sqe->len;
	if (nop->flags & IORING_NOP_CQE32) {
		if (!(req->ring->setup_flags & LONG_CQES))
			return -EINVAL;
		req->flags |= REQ_CQE32;
		req->extra[0] = sqe->off;
		req->extra[1] = sqe->addr;
	}
	return 0;
}

/* What I/O would look up first: is there such a file? */
static int find_file(struct request *req, bool fixed)
{
	bool found = fixed ? files_at(req->ring, (unsigned)req->fd) != NULL : fd_has_file(req->fd);

	return found ? 0 : -EBADF;
}

static int find_buffer(struct request *req)
{
	struct buffer_table *table = &req->ring->buffers;

	return req->buf_index < table->count && table->slots[req->buf_index] ? 0 : -EFAULT;
}

/* Completes it as what comes later than its submission does. */
static enum issue_result complete_later(struct request *req)
{
	if (req->ring->setup_flags & IORING_SETUP_DEFER_TASKRUN)
		defer_completion(req);
	else
		request_queue(req);
	return ISSUE_ARMED;
}

static enum issue_result issue_special(struct request *req, struct nop *nop)
{
	int error = 0;

	if (nop->flags & IORING_NOP_FILE)
		error = find_file(req, nop->flags & IORING_NOP_FIXED_FILE);
	if (!error && nop->flags & IORING_NOP_FIXED_BUFFER)
		error = find_buffer(req);
	req->res = error ? error : nop->result;
	if (req->flags & REQ_CQE32 && req->ring->setup_flags & IORING_SETUP_CQE_MIXED)
		req->cqe_flags |= IORING_CQE_F_32;
	if (!(nop->flags & IORING_NOP_TW))
		return ISSUE_DONE;
	/* Its file may be gone by then. */
	nop->flags = 0;
	return complete_later(req);
}

enum issue_result nop_issue(struct request *req, enum issue_how how)
{
	struct nop *nop = request_data(req, struct nop);

	(void)how;
	return __builtin_expect(!nop->flags, 1) ? ISSUE_DONE : issue_special(req, nop);
}
