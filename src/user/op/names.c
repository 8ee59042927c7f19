/* SPDX-License-Identifier: MIT */
/* RENAMEAT, UNLINKAT, MKDIRAT, SYMLINKAT, LINKAT, STATX: by name, always in a worker. */
#include <fcntl.h>
#include <sys/stat.h>

#include "user/op/fields.h"
#include "user/op/op.h"
#include "user/op/paths.h"

struct names {
	int dirs[2];
	unsigned flags; /* or the mode, or the mask */
	unsigned mask;
	uint64_t buffer;
	const char *paths[2];
};

static struct names *names_of(struct request *req)
{
	return request_data(req, struct names);
}

/* A name is none of a registered file. */
static int refuse(struct request *req, const struct io_uring_sqe *sqe, unsigned fields)
{
	if (sqe_has(sqe, fields | SQE_BUF_INDEX | SQE_FILE_INDEX))
		return -EINVAL;
	return req->flags & REQ_FIXED_FILE ? -EBADF : 0;
}

/* ---- Two names ------------------------------------------------------------------------------- */

static int prep_two(struct request *req, const struct io_uring_sqe *sqe, unsigned fields, int from,
		    int to)
{
	const uint64_t addrs[2] = { sqe->addr, sqe->addr2 };
	struct names *n = names_of(req);
	const bool may_be_empty[2] = { req->opcode == IORING_OP_LINKAT &&
				       sqe->hardlink_flags & AT_EMPTY_PATH };
	int ret = refuse(req, sqe, fields);

	if (ret)
		return ret;
	n->dirs[0] = from;
	n->dirs[1] = to;
	n->flags = sqe->rename_flags;
	return take_paths(req, addrs, may_be_empty, n->paths);
}

int renameat_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_two(req, sqe, 0, sqe->fd, (int)sqe->len);
}

enum issue_result renameat_issue(struct request *req, enum issue_how how)
{
	struct names *n = names_of(req);

	(void)how;
	return issue_done(
		req, SYS(renameat2, n->dirs[0], n->paths[0], n->dirs[1], n->paths[1], n->flags));
}

int linkat_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_two(req, sqe, 0, sqe->fd, (int)sqe->len);
}

enum issue_result linkat_issue(struct request *req, enum issue_how how)
{
	struct names *n = names_of(req);

	(void)how;
	return issue_done(req,
			  SYS(linkat, n->dirs[0], n->paths[0], n->dirs[1], n->paths[1], n->flags));
}

int symlinkat_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_two(req, sqe, SQE_LEN | SQE_FLAGS, -1, sqe->fd);
}

enum issue_result symlinkat_issue(struct request *req, enum issue_how how)
{
	struct names *n = names_of(req);

	(void)how;
	return issue_done(req, SYS(symlinkat, n->paths[0], n->dirs[1], n->paths[1]));
}

/* ---- One name -------------------------------------------------------------------------------- */

static int prep_one(struct request *req, const struct io_uring_sqe *sqe, unsigned fields,
		    bool may_be_empty)
{
	struct names *n = names_of(req);
	int ret = refuse(req, sqe, fields);

	if (ret)
		return ret;
	n->dirs[0] = sqe->fd;
	n->flags = sqe->unlink_flags;
	n->mask = sqe->len;
	n->buffer = sqe->addr2;
	return take_path(req, sqe->addr, may_be_empty, &n->paths[0]);
}

int unlinkat_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	if (sqe->unlink_flags & ~(unsigned)AT_REMOVEDIR)
		return -EINVAL;
	return prep_one(req, sqe, SQE_OFF | SQE_LEN, false);
}

enum issue_result unlinkat_issue(struct request *req, enum issue_how how)
{
	struct names *n = names_of(req);

	(void)how;
	return issue_done(req, SYS(unlinkat, n->dirs[0], n->paths[0], n->flags));
}

int mkdirat_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_one(req, sqe, SQE_OFF | SQE_FLAGS, false);
}

enum issue_result mkdirat_issue(struct request *req, enum issue_how how)
{
	struct names *n = names_of(req);

	(void)how;
	return issue_done(req, SYS(mkdirat, n->dirs[0], n->paths[0], n->mask));
}

int statx_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_one(req, sqe, 0, sqe->statx_flags & AT_EMPTY_PATH);
}

enum issue_result statx_issue(struct request *req, enum issue_how how)
{
	struct names *n = names_of(req);

	(void)how;
	return issue_done(req, SYS(statx, n->dirs[0], n->paths[0], n->flags, n->mask, n->buffer));
}
