/* SPDX-License-Identifier: MIT */
/* What is done to open files, or to memory, and may take as long as the disk does. */
#include <fcntl.h>

#include "user/op/fields.h"
#include "user/op/op.h"

struct range {
	uint64_t offset;
	uint64_t length;
	unsigned flags; /* or the mode, or the advice */
};

static struct range *range_of(struct request *req)
{
	return request_data(req, struct range);
}

static int prep(struct request *req, const struct io_uring_sqe *sqe, unsigned fields,
		struct range range)
{
	if (sqe_has(sqe, fields | SQE_BUF_INDEX | SQE_FILE_INDEX))
		return -EINVAL;
	*range_of(req) = range;
	return 0;
}

int fsync_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct range range = { sqe->off, sqe->len, sqe->fsync_flags };

	if (range.flags & ~IORING_FSYNC_DATASYNC || (int64_t)range.offset < 0)
		return -EINVAL;
	return prep(req, sqe, SQE_ADDR, range);
}

/* No call takes a range and writes what is needed to find it again: all of the file is synced. */
enum issue_result fsync_issue(struct request *req, enum issue_how how)
{
	struct range *r = range_of(req);

	(void)how;
	if (r->flags & IORING_FSYNC_DATASYNC)
		return issue_done(req, SYS(fdatasync, req->sysfd));
	return issue_done(req, SYS(fsync, req->sysfd));
}

int sync_file_range_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct range range = { sqe->off, sqe->len, sqe->sync_range_flags };

	return prep(req, sqe, SQE_ADDR, range);
}

enum issue_result sync_file_range_issue(struct request *req, enum issue_how how)
{
	struct range *r = range_of(req);

	(void)how;
	return issue_done(req, SYS(sync_file_range, req->sysfd, r->offset, r->length, r->flags));
}

int fallocate_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct range range = { sqe->off, sqe->addr, sqe->len };

	return prep(req, sqe, SQE_FLAGS, range);
}

enum issue_result fallocate_issue(struct request *req, enum issue_how how)
{
	struct range *r = range_of(req);

	(void)how;
	return issue_done(req, SYS(fallocate, req->sysfd, r->flags, r->offset, r->length));
}

int ftruncate_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct range range = { 0, sqe->off, 0 };

	return prep(req, sqe, SQE_ADDR | SQE_LEN | SQE_FLAGS | SQE_ADDR3, range);
}

enum issue_result ftruncate_issue(struct request *req, enum issue_how how)
{
	(void)how;
	return issue_done(req, SYS(ftruncate, req->sysfd, range_of(req)->length));
}

/* ---- Advice ---------------------------------------------------------------------------------- */

int fadvise_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct range range = { sqe->off, sqe->addr ? sqe->addr : sqe->len, sqe->fadvise_advice };

	return prep(req, sqe, 0, range);
}

/* Others read ahead, or write back and drop. */
static bool advice_is_a_setting(unsigned advice)
{
	return advice == POSIX_FADV_NORMAL || advice == POSIX_FADV_RANDOM ||
	       advice == POSIX_FADV_SEQUENTIAL;
}

enum issue_result fadvise_issue(struct request *req, enum issue_how how)
{
	struct range *r = range_of(req);

	if (!(how & HOW_WORKER) && !advice_is_a_setting(r->flags))
		return ISSUE_WORKER;
	return issue_done(req, SYS(fadvise64, req->sysfd, r->offset, r->length, r->flags));
}

int madvise_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct range range = { sqe->addr, sqe->off ? sqe->off : sqe->len, sqe->fadvise_advice };

	return prep(req, sqe, 0, range);
}

enum issue_result madvise_issue(struct request *req, enum issue_how how)
{
	struct range *r = range_of(req);

	(void)how;
	return issue_done(req, SYS(madvise, r->offset, r->length, r->flags));
}
