/* SPDX-License-Identifier: MIT */
/* Extended attributes, by descriptor and by name, always in a worker. */
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "user/app_memory.h"
#include "user/op/fields.h"
#include "user/op/op.h"

/* Those of <linux/limits.h>. */
#define NAME_SIZE  256
#define VALUE_SIZE 65536

struct xattr {
	const char *name, *path; /* in req->async, with the value of one to be set */
	void *value;
	size_t size;
	int flags;
};

static struct xattr *xattr_of(struct request *req)
{
	return request_data(req, struct xattr);
}

/* The size of the name with its end, or -errno. */
static long copy_name(char *to, uint64_t addr)
{
	long length = string_from_app(to, (const char *)(uintptr_t)addr, NAME_SIZE);

	if (length == 0 || length == -ENAMETOOLONG)
		return -ERANGE;
	return length < 0 ? length : length + 1;
}

static long copy_path(char *to, uint64_t addr)
{
	long length = string_from_app(to, (const char *)(uintptr_t)addr, PATH_MAX);

	if (length == 0)
		return -ENOENT;
	return length < 0 ? length : length + 1;
}

/* Name and path, with `room` before them in req->async. */
static int take_strings(struct request *req, const struct io_uring_sqe *sqe, bool by_name,
			size_t room)
{
	long name_size, path_size = 0;
	char copy[NAME_SIZE + PATH_MAX], *own;
	struct xattr *x = xattr_of(req);

	name_size = copy_name(copy, sqe->addr);
	if (name_size < 0)
		return (int)name_size;
	if (by_name)
		path_size = copy_path(copy + name_size, sqe->addr3);
	if (path_size < 0)
		return (int)path_size;
	own = request_alloc_async(req, room + (size_t)(name_size + path_size));
	if (!own)
		return -ENOMEM;
	memcpy(own + room, copy, (size_t)(name_size + path_size));
	x->name = own + room;
	x->path = x->name + name_size;
	return 0;
}

static int prep_set(struct request *req, const struct io_uring_sqe *sqe, bool by_name)
{
	struct xattr *x = xattr_of(req);
	int ret;

	x->size = sqe->len;
	x->flags = (int)sqe->xattr_flags;
	if (x->flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	ret = take_strings(req, sqe, by_name, x->size <= VALUE_SIZE ? x->size : 0);
	if (ret)
		return ret;
	if (x->size > VALUE_SIZE)
		return -E2BIG;
	x->value = req->async;
	return copy_from_app(x->value, (const void *)(uintptr_t)sqe->addr2, x->size);
}

int fsetxattr_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_set(req, sqe, false);
}

int setxattr_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return req->flags & REQ_FIXED_FILE ? -EBADF : prep_set(req, sqe, true);
}

enum issue_result fsetxattr_issue(struct request *req, enum issue_how how)
{
	struct xattr *x = xattr_of(req);

	(void)how;
	return issue_done(req, SYS(fsetxattr, req->sysfd, x->name, x->value, x->size, x->flags));
}

enum issue_result setxattr_issue(struct request *req, enum issue_how how)
{
	struct xattr *x = xattr_of(req);

	(void)how;
	return issue_done(req, SYS(setxattr, x->path, x->name, x->value, x->size, x->flags));
}

static int prep_get(struct request *req, const struct io_uring_sqe *sqe, bool by_name)
{
	struct xattr *x = xattr_of(req);

	if (sqe_has(sqe, SQE_FLAGS))
		return -EINVAL;
	x->value = (void *)(uintptr_t)sqe->addr2;
	x->size = sqe->len;
	return take_strings(req, sqe, by_name, 0);
}

int fgetxattr_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return prep_get(req, sqe, false);
}

int getxattr_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return req->flags & REQ_FIXED_FILE ? -EBADF : prep_get(req, sqe, true);
}

enum issue_result fgetxattr_issue(struct request *req, enum issue_how how)
{
	struct xattr *x = xattr_of(req);

	(void)how;
	return issue_done(req, SYS(fgetxattr, req->sysfd, x->name, x->value, x->size));
}

enum issue_result getxattr_issue(struct request *req, enum issue_how how)
{
	struct xattr *x = xattr_of(req);

	(void)how;
	return issue_done(req, SYS(getxattr, x->path, x->name, x->value, x->size));
}
