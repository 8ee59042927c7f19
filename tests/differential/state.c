/* SPDX-License-Identifier: MIT */
/* What a program leaves behind. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "run.h"

#define MAX_ENTRIES 64

static uint64_t hash(uint64_t h, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		h = (h ^ bytes[i]) * 0x100000001b3;
	return h;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* Of a statx only what it was asked for, which is all that is the same everywhere. */
static void forget_stat(struct statx *stx)
{
	struct statx kept = { .stx_mode = stx->stx_mode,
			      .stx_nlink = S_ISDIR(stx->stx_mode) ? 0 : stx->stx_nlink,
			      .stx_size = S_ISDIR(stx->stx_mode) ? 0 : stx->stx_size };

	*stx = kept;
}

static void say_memory(struct run *r)
{
	for (unsigned i = 0; i < r->p->count; i++) {
		const struct op *op = &r->p->ops[i];
		uint8_t *data = arena.data[op->number];

		if (op->kind != OP_SQE)
			continue;
		if (op->stat && r->states[op->number].done)
			forget_stat((struct statx *)(void *)data);
		say(r->trace, "memory of %u: %llx\n", op->number,
		    (unsigned long long)hash(0, data, DATA_SIZE));
	}
	for (unsigned i = 0; i < GROUPS; i++)
		if (r->p->groups & 1U << i)
			say(r->trace, "memory of group %u: %llx\n", i,
			    (unsigned long long)hash(0, arena.groups[i], sizeof(arena.groups[i])));
	for (unsigned i = 0; i < FIXED_BUFFERS; i++)
		say(r->trace, "fixed buffer %u: %llx\n", i,
		    (unsigned long long)hash(0, arena.fixed[i], FIXED_LEN));
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "folder";
	case S_IFIFO:
		return "pipe";
	case S_IFSOCK:
		return "socket";
	case S_IFCHR:
		return "device";
	case S_IFLNK:
		return "link";
	default:
		return "other";
	}
}

static bool can_drain(int fd, mode_t mode)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	if (S_ISSOCK(mode))
		return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) && !listens;
	return S_ISFIFO(mode) && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY;
}

/* What nobody has read. */
static void say_rest(struct run *r, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t bytes[4096];
	uint64_t h = 0;
	long n = 1, sum = 0;

	for (unsigned i = 0; i < 256 && n > 0 && poll(&p, 1, 0) > 0 && p.revents & POLLIN; i++) {
		n = read(fd, bytes, sizeof(bytes));
		if (n < 0)
			say(r->trace, " read %s", result_name(-errno));
		if (n > 0) {
			h = hash(h, bytes, (size_t)n);
			sum += n;
		}
	}
	say(r->trace, " left %ld %llx", sum, (unsigned long long)h);
}

static void say_fd(struct run *r, int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (fstat(fd, &st) < 0)
		return;
	say(r->trace, "descriptor %d: %s flags %o %x", fd, kind_of(st.st_mode), flags,
	    fcntl(fd, F_GETFD));
	if (S_ISREG(st.st_mode) && !(flags & O_PATH))
		say(r->trace, " at %lld", (long long)lseek(fd, 0, SEEK_CUR));
	if (!(flags & O_PATH) && can_drain(fd, st.st_mode))
		say_rest(r, fd);
	say(r->trace, "\n");
}

static void say_descriptors(struct run *r)
{
	for (int fd = OBJECT_FD; fd < OBJECT_FD + OBJECTS; fd++)
		say_fd(r, fd);
	for (unsigned i = 0; i < r->p->count; i++)
		if (r->p->ops[i].makes_fd || r->p->ops[i].makes_pipe)
			say_fd(r, NEW_FD + (int)r->p->ops[i].number);
	for (int fd = EXTRA_FD; fd < EXTRA_FD + EXTRA_FDS; fd++)
		say_fd(r, fd);
}

/* ---- Names ----------------------------------------------------------------------------------- */

static void say_file(struct run *r, const char *name)
{
	uint8_t bytes[16384];
	int fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	long n = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes));

	say(r->trace, " %llx", (unsigned long long)hash(0, bytes, n < 0 ? 0 : (size_t)n));
	close(fd);
}

static void say_name(struct run *r, const char *name)
{
	char text[256];
	struct stat st;
	ssize_t n;

	if (lstat(name, &st) < 0)
		return;
	say(r->trace, "name %s: %s %o", name, kind_of(st.st_mode), st.st_mode & 07777);
	if (S_ISREG(st.st_mode)) {
		say(r->trace, " links %d size %lld", (int)st.st_nlink, (long long)st.st_size);
		say_file(r, name);
	}
	n = S_ISLNK(st.st_mode) ? readlink(name, text, sizeof(text)) : 0;
	if (n > 0)
		say(r->trace, " to %.*s", (int)n, text);
	for (const char *const *a = (const char *const[]){ "user.one", "user.two", NULL }; *a;
	     a++) {
		n = lgetxattr(name, *a, text, sizeof(text));
		if (n >= 0)
			say(r->trace, " %s=%llx", *a, (unsigned long long)hash(0, text, (size_t)n));
	}
	say(r->trace, "\n");
}

static int by_name(const void *left, const void *right)
{
	return strcmp(left, right);
}

static void say_names(struct run *r)
{
	char found[MAX_ENTRIES][64];
	unsigned count = 0;
	struct dirent *entry;
	DIR *dir = opendir(".");

	while (dir && count < MAX_ENTRIES && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			snprintf(found[count++], sizeof(found[0]), "%.63s", entry->d_name);
	if (dir)
		closedir(dir);
	qsort(found, count, sizeof(found[0]), by_name);
	for (unsigned i = 0; i < count; i++)
		say_name(r, found[i]);
}

/* ---- The ring -------------------------------------------------------------------------------- */

/* What each slot holds: installed, looked at, closed. */
static void say_slots(struct run *r)
{
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);
		struct __kernel_timespec ts = { .tv_sec = 1 };
		struct io_uring_cqe *cqe = NULL;
		struct stat st;
		int fd;

		if (!sqe)
			return;
		io_uring_prep_fixed_fd_install(sqe, (int)slot, 0);
		sqe->user_data = 999999;
		io_uring_submit(&r->ring);
		for (unsigned i = 0; i < MAX_ARRIVALS; i++) {
			if (io_uring_wait_cqe_timeout(&r->ring, &cqe, &ts) < 0 || !cqe)
				return;
			fd = cqe->res;
			if (cqe->user_data == 999999)
				break;
			io_uring_cqe_seen(&r->ring, cqe);
		}
		io_uring_cqe_seen(&r->ring, cqe);
		if (fd >= 0 && !fstat(fd, &st))
			say(r->trace, "slot %u: %s flags %o\n", slot, kind_of(st.st_mode),
			    fcntl(fd, F_GETFL));
		else
			say(r->trace, "slot %u: %s\n", slot, result_name(fd));
		if (fd >= 0)
			close(fd);
	}
}

static void say_groups(struct run *r)
{
	for (unsigned i = 0; i < FIRST_OLD_GROUP; i++) {
		uint16_t head = 0;

		if (!r->groups[i])
			continue;
		say(r->trace, "group %u: %s", i,
		    result_name(io_uring_buf_ring_head(&r->ring, (int)i, &head)));
		say(r->trace, " head %u\n", head);
	}
}

void say_state(struct run *r)
{
	say(r->trace, "-- what is left\n");
	if (!r->broken) {
		say_groups(r);
		if (r->p->table)
			say_slots(r);
	}
	say_names(r);
	say_memory(r);
	say_descriptors(r);
}

void say_leaks(struct run *r)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);
		struct stat st;

		/* An engine may keep what is its own (epoll, eventfd), but no one's files. */
		if (fd < 3 || fd >= OBJECT_FD || fd == dirfd(dir) || fstat(fd, &st) < 0)
			continue;
		if (st.st_mode & S_IFMT)
			say(r->trace, "still open: a %s\n", kind_of(st.st_mode));
	}
	if (dir)
		closedir(dir);
}
