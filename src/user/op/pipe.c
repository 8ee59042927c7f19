/* SPDX-License-Identifier: MIT */
/* PIPE: into descriptors, or slots. */
#include <fcntl.h>

#include "user/app_memory.h"
#include "user/op/fields.h"
#include "user/op/op.h"

/* That of <linux/watch_queue.h>. */
#define NOTIFICATION_PIPE O_EXCL

#define FLAGS_VALID ((unsigned)(O_CLOEXEC | O_NONBLOCK | O_DIRECT | NOTIFICATION_PIPE))

struct piping {
	uint64_t addr;
	unsigned flags, file_index;
};

int pipe_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct piping *p = request_data(req, struct piping);

	if (sqe->fd || sqe_has(sqe, SQE_OFF | SQE_ADDR3))
		return -EINVAL;
	p->addr = sqe->addr;
	p->flags = sqe->pipe_flags;
	p->file_index = sqe->file_index;
	return p->flags & ~FLAGS_VALID ? -EINVAL : 0;
}

/* Into two slots: the next to each other if one is named. Takes both. */
static int install(struct uring *ring, const int fds[2], unsigned file_index, int slots[2])
{
	bool any = file_index == IORING_FILE_INDEX_ALLOC;
	int ret = files_install(ring, fds[0], file_index);

	if (ret < 0) {
		SYS(close, fds[1]);
		return ret;
	}
	slots[0] = any ? ret : (int)file_index - 1;
	ret = files_install(ring, fds[1], any ? file_index : file_index + 1);
	if (ret < 0) {
		files_remove(ring, (unsigned)slots[0]);
		return ret;
	}
	slots[1] = any ? ret : (int)file_index;
	return 0;
}

static int make_direct(struct request *req, struct piping *p)
{
	int fds[2], slots[2], ret;

	if (p->flags & O_CLOEXEC)
		return -EINVAL;
	ret = (int)SYS(pipe2, fds, p->flags | O_CLOEXEC);
	if (!ret)
		ret = install(req->ring, fds, p->file_index, slots);
	if (ret)
		return ret;
	ret = copy_to_app((void *)(uintptr_t)p->addr, slots, sizeof(slots));
	for (int i = 0; ret && i < 2; i++)
		files_remove(req->ring, (unsigned)slots[i]);
	return ret;
}

enum issue_result pipe_issue(struct request *req, enum issue_how how)
{
	struct piping *p = request_data(req, struct piping);

	issue_lock(req->ring, how);
	if (p->file_index)
		req->res = make_direct(req, p);
	else
		req->res = (int32_t)SYS(pipe2, p->addr, p->flags);
	issue_unlock(req->ring, how);
	return ISSUE_DONE;
}
