/* SPDX-License-Identifier: MIT */
/* Buffers provided by requests: IORING_OP_PROVIDE_BUFFERS, IORING_OP_REMOVE_BUFFERS. */
#include "user/op/op.h"

/* Ids are 16 bits. */
#define IDS (UINT16_MAX + 1)

/* A group of more than that would have the same id twice. */
#define GROUP_MAX UINT16_MAX

/* Below this all addresses are the application's, on every Linux. */
#define SURELY_USER (1UL << 46)

struct provide {
	uint64_t addr;
	uint32_t len;
	uint32_t count;
	uint16_t first_id;
};

/* Whether it is an application's address at all; there may be nothing mapped. */
static bool is_user_range(uint64_t addr, uint64_t size)
{
	uint64_t page = addr & ~4095UL;

	if (addr + size <= SURELY_USER)
		return true;
	/* mincore(2) looks at the range before it finds that it cannot store the answer. */
	return SYS(mincore, page, addr + size - page, UINT64_MAX) != -ENOMEM;
}

int provide_buffers_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct provide *p = request_data(req, struct provide);
	uint64_t size, end, id = sqe->off;

	if (sqe->rw_flags || sqe->splice_fd_in)
		return -EINVAL;
	p->count = (uint32_t)sqe->fd;
	if (!p->count || p->count > IDS)
		return -E2BIG;
	p->addr = sqe->addr;
	p->len = sqe->len;
	if (!p->len)
		return -EINVAL;
	size = (uint64_t)p->len * p->count;
	if (__builtin_add_overflow(p->addr, size, &end))
		return -EOVERFLOW;
	if (!is_user_range(p->addr, size))
		return -EFAULT;
	if (id > UINT16_MAX)
		return -E2BIG;
	if (id + p->count > IDS)
		return -EINVAL;
	p->first_id = (uint16_t)id;
	return 0;
}

/* 0 if there was room for any. */
static int provide(struct buffer_group *group, const struct provide *p)
{
	for (unsigned i = 0; i < p->count; i++) {
		struct provided buffer = {
			.addr = p->addr + (uint64_t)i * p->len,
			.len = p->len,
			.id = (uint16_t)(p->first_id + i),
		};

		if (group->count >= GROUP_MAX)
			return i ? 0 : -EOVERFLOW;
		if (!group_add(group, &buffer))
			return i ? 0 : -ENOMEM;
	}
	return 0;
}

enum issue_result provide_buffers_issue(struct request *req, enum issue_how how)
{
	struct buffer_group *group;

	issue_lock(req->ring, how);
	group = group_make(req->ring, req->buf_index);
	if (!group)
		req->res = -ENOMEM;
	else if (group->ring)
		req->res = -EINVAL;
	else
		req->res = provide(group, request_data(req, struct provide));
	issue_unlock(req->ring, how);
	return ISSUE_DONE;
}

int remove_buffers_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	if (sqe->rw_flags || sqe->addr || sqe->len || sqe->off || sqe->splice_fd_in)
		return -EINVAL;
	request_data(req, struct provide)->count = (uint32_t)sqe->fd;
	return sqe->fd > 0 && sqe->fd <= IDS ? 0 : -EINVAL;
}

static int take_out(struct buffer_group *group, unsigned count)
{
	if (count > group->count)
		count = group->count;
	group->first = group->room ? (group->first + count) & (group->room - 1) : 0;
	group->count -= count;
	return (int)count;
}

enum issue_result remove_buffers_issue(struct request *req, enum issue_how how)
{
	struct buffer_group *group;

	issue_lock(req->ring, how);
	group = group_find(req->ring, req->buf_index);
	if (!group)
		req->res = -ENOENT;
	else if (group->ring)
		req->res = -EINVAL;
	else
		req->res = take_out(group, request_data(req, struct provide)->count);
	issue_unlock(req->ring, how);
	return ISSUE_DONE;
}
