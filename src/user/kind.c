/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>

#include "user/kind.h"
#include "user/sys.h"
#include "user/uring.h"

/* As the kernel does: a folder never has to be waited for either. */
static bool is_always_ready(uint32_t type)
{
	return type == S_IFREG || type == S_IFBLK || type == S_IFDIR;
}

struct kind kind_of(int fd)
{
	struct kind kind = { 0 };
	struct statx sx;

	if (SYS(statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		STATX_TYPE | STATX_SIZE | STATX_INO, &sx))
		return kind;
	kind.type = sx.stx_mode & S_IFMT;
	kind.known = FILE_KIND_KNOWN;
	if (is_always_ready(kind.type))
		kind.known |= FILE_REGULAR;
	if (kind.type == S_IFSOCK)
		kind.known |= FILE_SOCKET | FILE_STREAM_POS;
	if (kind.type == S_IFIFO)
		kind.known |= FILE_STREAM_POS;
	kind.size = kind.type == S_IFREG ? sx.stx_size : 0;
	kind.identity =
		sx.stx_ino ^ (uint64_t)sx.stx_dev_major << 52 ^ (uint64_t)sx.stx_dev_minor << 32;
	kind.local = kind.type != S_IFREG || sx.stx_dev_major;
	return kind;
}

struct kind kind_with_flags(int fd)
{
	struct kind kind = kind_of(fd);
	long flags;

	if (!(kind.known & FILE_REGULAR))
		return kind;
	flags = SYS(fcntl, fd, F_GETFL);
	if (flags >= 0 && flags & O_DIRECT)
		kind.known |= FILE_DIRECT;
	return kind;
}

uint32_t request_kind(struct request *req)
{
	struct file *file = req->file;

	if (!file)
		return kind_of(req->sysfd).known;
	if (!(file->known & FILE_KIND_KNOWN))
		file->known |= kind_with_flags(file->fd).known;
	return file->known;
}
