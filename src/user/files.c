/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/resource.h>

#include "user/alloc.h"
#include "user/process.h"
#include "user/sys.h"
#include "user/uring.h"

/* ---- Numbers ----------------------------------------------------------------------------------- */

/*
 * Descriptors of the engine's own lie beyond the application's soft limit where the hard one leaves
 * room: so they take none of the numbers the application may have, nor the lowest ones it
 * expects to get. For the moment of duplicating, the limit is raised.
 */
static int duplicate_beyond_limit(int fd)
{
	struct rlimit own, raised;
	long ret = -EMFILE;

	process_lock(LOCK_LIMIT);
	if (!SYS(prlimit64, 0, RLIMIT_NOFILE, NULL, &own) && own.rlim_max > own.rlim_cur) {
		raised = own;
		raised.rlim_cur = own.rlim_max;
		SYS(prlimit64, 0, RLIMIT_NOFILE, &raised, NULL);
		ret = SYS(fcntl, fd, F_DUPFD_CLOEXEC, own.rlim_cur);
		SYS(prlimit64, 0, RLIMIT_NOFILE, &own, NULL);
	}
	process_unlock(LOCK_LIMIT);
	return (int)ret;
}

int duplicate_fd(int fd)
{
	int ret = duplicate_beyond_limit(fd);

	return ret == -EMFILE || ret == -EINVAL ? (int)SYS(fcntl, fd, F_DUPFD_CLOEXEC, 0) : ret;
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

/* ---- Files ------------------------------------------------------------------------------------- */

struct file *file_new(struct uring *ring, int fd)
{
	struct file *file = user_zalloc(1, sizeof(*file));

	if (!file) {
		SYS(close, fd);
		return NULL;
	}
	file->ring = ring;
	file->fd = fd;
	file->refs = 1;
	list_init(&file->waiters);
	list_init(&file->linger);
	return file;
}

void file_hold(struct file *file)
{
	file->refs++;
}

void file_put(struct file *file)
{
	if (--file->refs) {
		if (file->refs == 1 && file->known & FILE_LINGERS)
			linger_idle(file);
		return;
	}
	reactor_unwatch(file);
	SYS(close, file->fd);
	user_free(file);
}

struct file *files_at(struct uring *ring, unsigned index)
{
	return index < ring->files.count ? ring->files.slots[index].file : NULL;
}

int request_file(struct request *req)
{
	struct file *file = req->file;

	if (file) {
		req->sysfd = file->fd;
		return 0;
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

/* ---- The table --------------------------------------------------------------------------------- */

static int free_slot(struct file_table *table)
{
	unsigned span = table->alloc_end - table->alloc_start;

	for (unsigned i = 0; i < span; i++) {
		unsigned at =
			table->alloc_start + (table->alloc_hint - table->alloc_start + i) % span;

		if (!table->slots[at].file) {
			table->alloc_hint = at + 1;
			return (int)at;
		}
	}
	return -ENFILE;
}

static int install_at(struct uring *ring, int fd, unsigned index)
{
	struct file *file = file_new(ring, own_fd(fd));

	if (!file)
		return -ENOMEM;
	files_remove(ring, index);
	file->known |= FILE_REGISTERED;
	ring->files.slots[index] = (struct file_slot){ .file = file };
	return 0;
}

int files_install(struct uring *ring, int fd, unsigned file_index)
{
	int ret, index = (int)file_index - 1;

	if (!ring->files.slots)
		ret = -ENXIO;
	else if (file_index == IORING_FILE_INDEX_ALLOC)
		ret = index = free_slot(&ring->files);
	else
		ret = (unsigned)index < ring->files.count ? 0 : -EINVAL;
	if (ret < 0) {
		SYS(close, fd);
		return ret;
	}
	ret = install_at(ring, fd, (unsigned)index);
	return ret || file_index != IORING_FILE_INDEX_ALLOC ? ret : index;
}

int files_remove(struct uring *ring, unsigned index)
{
	struct file_table *table = &ring->files;
	struct file_slot slot;

	if (!table->slots)
		return -ENXIO;
	if (index >= table->count)
		return -EINVAL;
	slot = table->slots[index];
	if (!slot.file)
		return -EBADF;
	table->slots[index] = (struct file_slot){ 0 };
	if (index < table->alloc_hint)
		table->alloc_hint = index;
	file_put(slot.file);
	return 0;
}

void files_free(struct uring *ring)
{
	for (unsigned i = 0; i < ring->files.count; i++)
		files_remove(ring, i);
	user_free(ring->files.slots);
	ring->files = (struct file_table){ 0 };
}
