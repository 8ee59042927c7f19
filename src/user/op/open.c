/* SPDX-License-Identifier: MIT */
/* OPENAT, OPENAT2: into a descriptor, or a slot. */
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "user/aio.h"
#include "user/app_memory.h"
#include "user/op/fields.h"
#include "user/op/op.h"
#include "user/op/paths.h"

/* Opening one of these may write to the disk. */
#define MAKES (O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

/* What fcntl(2) can change, and must leave as it is. */
#define CHANGEABLE (O_APPEND | O_DIRECT | O_NOATIME | O_ASYNC | O_NONBLOCK)

/* Flags that openat2(2) would refuse, and openat(2) does not look at. */
#define OPENAT_FLAGS                                                                        \
	(O_ACCMODE | MAKES | O_EXCL | O_NOCTTY | O_APPEND | O_NONBLOCK | O_SYNC | O_ASYNC | \
	 O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH)

#define HOW_SIZE_MIN 24

struct opening {
	int dir;
	unsigned file_index;
	const char *path;
	struct open_how how;
};

static struct opening *opening_of(struct request *req)
{
	return request_data(req, struct opening);
}

static int prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct opening *o = opening_of(req);
	int ret;

	if (sqe_has(sqe, SQE_BUF_INDEX))
		return -EINVAL;
	if (req->flags & REQ_FIXED_FILE)
		return -EBADF;
	o->dir = sqe->fd;
	o->file_index = sqe->file_index;
	ret = take_path(req, sqe->addr, false, &o->path);
	if (ret)
		return ret;
	return o->file_index && o->how.flags & O_CLOEXEC ? -EINVAL : 0;
}

int openat_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct opening *o = opening_of(req);

	o->how = (struct open_how){ .flags = sqe->open_flags & OPENAT_FLAGS, .mode = sqe->len };
	return prep(req, sqe);
}

/* From the future: what we do not know has to be 0. */
static int check_rest(uint64_t addr, uint32_t size)
{
	char bytes[256];

	while (size) {
		uint32_t part = size < sizeof(bytes) ? size : (uint32_t)sizeof(bytes);
		int ret = copy_from_app(bytes, (const void *)(uintptr_t)addr, part);

		if (ret)
			return ret;
		for (uint32_t i = 0; i < part; i++)
			if (bytes[i])
				return -E2BIG;
		addr += part;
		size -= part;
	}
	return 0;
}

int openat2_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct opening *o = opening_of(req);
	uint32_t size = sqe->len, known = sizeof(o->how);
	int ret;

	if (size < HOW_SIZE_MIN)
		return -EINVAL;
	if (size < known)
		known = size;
	memset(&o->how, 0, sizeof(o->how));
	ret = copy_from_app(&o->how, (const void *)(uintptr_t)sqe->addr2, known);
	if (!ret)
		ret = check_rest(sqe->addr2 + known, size - known);
	return ret ? ret : prep(req, sqe);
}

static long open_by(struct request *req, struct open_how how)
{
	struct opening *o = opening_of(req);

	return SYS(openat2, o->dir, o->path, &how, sizeof(how));
}

/* Descriptors of the engine's own are closed by exec. */
static uint64_t flags_of(struct request *req)
{
	struct opening *o = opening_of(req);

	return o->how.flags | (o->file_index ? O_CLOEXEC : 0);
}

/* Without a disk's or a peer's help: what the cache of names says, and devices do at once. */
static long open_at_once(struct request *req)
{
	struct open_how how = opening_of(req)->how;
	bool waits = !(how.flags & (O_NONBLOCK | O_PATH));
	long fd;

	if (req->opcode == IORING_OP_OPENAT)
		how.mode = 0;
	how.flags = flags_of(req) | (waits ? O_NONBLOCK : 0);
	how.resolve |= RESOLVE_CACHED;
	fd = open_by(req, how);
	/* Nobody knows of this file yet, so its flags are ours to set. */
	if (fd >= 0 && waits)
		SYS(fcntl, fd, F_SETFL, how.flags & CHANGEABLE & ~(uint64_t)O_NONBLOCK);
	return fd;
}

static long open_in_worker(struct request *req)
{
	struct opening *o = opening_of(req);
	struct open_how how = o->how;

	how.flags = flags_of(req);
	if (req->opcode == IORING_OP_OPENAT)
		return SYS(openat, o->dir, o->path, how.flags, how.mode);
	return open_by(req, how);
}

static enum issue_result end(struct request *req, long fd, enum issue_how how)
{
	struct opening *o = opening_of(req);

	issue_lock(req->ring, how);
	if (fd >= 0 && o->file_index)
		fd = files_install(req->ring, (int)fd, o->file_index);
	else if (fd >= 0)
		aio_new_fd(req->ring, (int)fd);
	issue_unlock(req->ring, how);
	req->res = (int32_t)fd;
	return ISSUE_DONE;
}

enum issue_result openat_issue(struct request *req, enum issue_how how)
{
	struct opening *o = opening_of(req);
	long fd;

	if (how & HOW_WORKER)
		return end(req, open_in_worker(req), how);
	if (o->how.flags & MAKES)
		return o->how.resolve & RESOLVE_CACHED ? end(req, -EAGAIN, how) : ISSUE_WORKER;
	fd = open_at_once(req);
	/* Linux before 5.12 knows no RESOLVE_CACHED, before 5.6 no openat2(2). */
	if ((fd == -EAGAIN && !(o->how.resolve & RESOLVE_CACHED)) || fd == -EINVAL || fd == -ENOSYS)
		return ISSUE_WORKER;
	return end(req, fd, how);
}

bool open_makes(struct request *req)
{
	return opening_of(req)->how.flags & MAKES;
}
