/* SPDX-License-Identifier: MIT */
/* IORING_OP_FILES_UPDATE. */
#include "user/op/op.h"
#include "user/process.h"
#include "user/rsrc.h"
#include "user/user.h"

struct files_update {
	uint64_t fds;
	uint32_t offset;
	uint32_t count;
};

int files_update_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct files_update *u = request_data(req, struct files_update);

	if (req->flags & REQ_FIXED_FILE || sqe->rw_flags || sqe->splice_fd_in)
		return -EINVAL;
	u->fds = sqe->addr;
	u->offset = (uint32_t)sqe->off;
	u->count = sqe->len;
	return u->count ? 0 : -EINVAL;
}

/* Puts one into a slot of the engine's choice, whose number takes the descriptor's place. */
static int allocate(struct uring *ring, int *at)
{
	int fd, index, ret = copy_from_app(&fd, at, sizeof(fd));

	if (ret)
		return ret;
	if (user_owns((unsigned)fd, false))
		return files_have_room(ring) ? -EBADF : -ENFILE;
	fd = duplicate_fd(fd);
	if (fd < 0)
		return fd;
	index = files_install(ring, fd, IORING_FILE_INDEX_ALLOC);
	if (index < 0)
		return index;
	ret = copy_to_app(at, &index, sizeof(index));
	if (ret)
		files_remove(ring, (unsigned)index);
	return ret;
}

static int allocate_all(struct uring *ring, const struct files_update *u)
{
	int *fds = (int *)(uintptr_t)u->fds, ret;

	if (!ring->files.slots)
		return -ENXIO;
	for (unsigned i = 0; i < u->count; i++) {
		ret = allocate(ring, fds + i);
		if (ret)
			return i ? (int)i : ret;
	}
	return (int)u->count;
}

enum issue_result files_update_issue(struct request *req, enum issue_how how)
{
	struct files_update *u = request_data(req, struct files_update);
	struct rsrc_list list = { .data = (const void *)(uintptr_t)u->fds, .count = u->count };

	issue_lock(req->ring, how);
	if (u->offset == IORING_FILE_INDEX_ALLOC)
		req->res = allocate_all(req->ring, u);
	else
		req->res = files_update(req->ring, u->offset, &list);
	issue_unlock(req->ring, how);
	return ISSUE_DONE;
}
