/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "user/alloc.h"
#include "user/process.h"
#include "user/sys.h"
#include "user/uring.h"

/* ---- Numbers --------------------------------------------------------------------------------- */

/* Where the engine's own descriptors begin if the limit is higher: the kernel's table of a process
 * is as long as its highest number says. */
#define OWN_FDS_MAX 32768

/*
 * Descriptors of the engine's own lie beyond the application's soft limit where the hard one leaves
 * room: so they take none of the numbers the application may have, nor the lowest ones it
 * expects to get. For the moment of duplicating, the limit is raised.
 */
static long duplicate_beyond(int fd, const struct rlimit *own)
{
	struct rlimit raised = *own;
	long ret;

	raised.rlim_cur = own->rlim_max;
	SYS(prlimit64, 0, RLIMIT_NOFILE, &raised, NULL);
	ret = SYS(fcntl, fd, F_DUPFD_CLOEXEC, own->rlim_cur);
	SYS(prlimit64, 0, RLIMIT_NOFILE, own, NULL);
	return ret;
}

/* 0: out of numbers there. */
static long duplicate_far(int fd)
{
	struct rlimit own;
	long ret;

	if (SYS(prlimit64, 0, RLIMIT_NOFILE, NULL, &own))
		return 0;
	if (own.rlim_cur >= OWN_FDS_MAX)
		ret = SYS(fcntl, fd, F_DUPFD_CLOEXEC, OWN_FDS_MAX);
	else if (own.rlim_max > own.rlim_cur)
		ret = duplicate_beyond(fd, &own);
	else
		ret = SYS(fcntl, fd, F_DUPFD_CLOEXEC, own.rlim_cur / 4 * 3);
	return ret == -EMFILE || ret == -EINVAL ? 0 : ret;
}

uint64_t descriptor_limit(void)
{
	struct rlimit own = { 0 };

	process_lock(LOCK_LIMIT);
	SYS(prlimit64, 0, RLIMIT_NOFILE, NULL, &own);
	process_unlock(LOCK_LIMIT);
	return own.rlim_cur;
}

int duplicate_fd(int fd)
{
	long ret;

	/* The limit is the process's. */
	process_lock(LOCK_LIMIT);
	ret = duplicate_far(fd);
	process_unlock(LOCK_LIMIT);
	return ret ? (int)ret : (int)SYS(fcntl, fd, F_DUPFD_CLOEXEC, 0);
}

int own_fd(int fd)
{
	int moved;

	if (fd < 0)
		return fd;
	moved = duplicate_fd(fd);
	if (moved < 0)
		return fd;
	SYS(close, fd);
	return moved;
}

/* ---- Files ----------------------------------------------------------------------------------- */

struct file *file_alloc(struct uring *ring, int fd)
{
	struct file *file = user_alloc_lines(sizeof(*file));

	if (!file)
		return NULL;
	*file = (struct file){ .ring = ring, .fd = fd, .refs = 1 };
	list_init(&file->waiters);
	list_init(&file->linger);
	return file;
}

struct file *file_new(struct uring *ring, int fd)
{
	struct file *file = file_alloc(ring, fd);

	if (!file)
		SYS(close, fd);
	else if (__builtin_expect(!list_is_empty(&ring->borrowed), 0))
		borrow_number_is_new(ring, fd);
	return file;
}

void file_idle(struct file *file)
{
	if (file->refs) {
		if (file->known & FILE_LINGERS)
			linger_idle(file);
		return;
	}
	if (__builtin_expect(file->known & FILE_BORROWED, 0)) {
		borrow_end(file);
		return;
	}
	reactor_unwatch(file);
	SYS(close, file->fd);
	if (file->tag)
		cq_post(file->ring, &(struct completion){ .user_data = file->tag });
	user_free(file);
}

int request_file(struct request *req)
{
	struct file *file = req->file;

	if (file) {
		req->sysfd = file->fd;
		return __builtin_expect(file->known & FILE_BORROWED, 0) && !borrow_is_there(file)
			       ? -EBADF
			       : 0;
	}
	if (req->flags & REQ_FIXED_FILE) {
		file = files_at(req->ring, (unsigned)req->fd);
		if (!file)
			return -EBADF;
		file_hold(file);
	} else {
		file = req->op->lingers ? linger_find(req) : NULL;
		if (!file) {
			req->sysfd = req->fd;
			return 0;
		}
	}
	req->file = file;
	req->sysfd = file->fd;
	return 0;
}

int request_hold_file(struct request *req)
{
	int fd;

	if (req->file)
		return 0;
	fd = duplicate_fd(req->fd);
	if (fd < 0)
		return fd;
	req->file = file_new(req->ring, fd);
	if (!req->file)
		return -ENOMEM;
	req->sysfd = fd;
	linger_note(req, req->file);
	return 0;
}

bool fd_has_file(int fd)
{
	long flags = SYS(fcntl, fd, F_GETFL);

	return flags >= 0 && !(flags & O_PATH);
}

/* ---- Comparing ------------------------------------------------------------------------------- */

/* Since Linux 6.10; headers lag behind. */
#ifndef F_DUPFD_QUERY
#define F_DUPFD_QUERY 1027
#endif

/* What can be seen of it otherwise: where the kernel does not compare, this has to do. */
static bool looks_the_same(int a, int b)
{
	struct stat one, other;

	return !SYS(fstat, a, &one) && !SYS(fstat, b, &other) && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino && SYS(fcntl, a, F_GETFL) == SYS(fcntl, b, F_GETFL);
}

bool same_file_surely(int a, int b)
{
	return SYS(fcntl, a, F_DUPFD_QUERY, b) == 1;
}

bool same_file(int a, int b)
{
	long ret = SYS(fcntl, a, F_DUPFD_QUERY, b), self;

	if (ret >= 0)
		return ret;
	self = SYS(getpid, 0);
	ret = SYS(kcmp, self, self, KCMP_FILE, a, b);
	return ret < 0 ? looks_the_same(a, b) : !ret;
}
