/* SPDX-License-Identifier: MIT */
/*
 * Duplicates of a ring's descriptor. The kernel's rings end with the last of them; ours, of which
 * the table knows one, look for another when that is closed.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "user/rings.h"
#include "user/sys.h"

/* An entry of a folder, as getdents64(2) has it. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

/*
 * The ring's eventfd is in its inner set and its outer one, and in no other: so to change it there,
 * to what it is, works on duplicates of the ring's descriptor only.
 */
bool ring_is_at(const struct uring *ring, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return fd != ring->reactor.epoll_fd &&
	       !SYS(epoll_ctl, fd, EPOLL_CTL_MOD, ring->reactor.event_fd, &event);
}

/* The first descriptor of those listed that is one, but not `but`; or -1. */
static int find_listed(const struct uring *ring, int but, const char *list, long size)
{
	const struct entry *entry;

	for (long at = 0; at < size; at += entry->size) {
		int fd;

		entry = (const void *)(list + at);
		if (entry->name[0] < '0' || entry->name[0] > '9')
			continue;
		fd = atoi(entry->name);
		if (fd != but && ring_is_at(ring, fd))
			return fd;
	}
	return -1;
}

int ring_find_duplicate(const struct uring *ring, int but)
{
	long folder = SYS(openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char list[4096] __attribute__((aligned(8)));
	int found = -1;
	long size;

	if (folder < 0)
		return -1;
	while (found < 0 && (size = SYS(getdents64, folder, list, sizeof(list))) > 0)
		found = find_listed(ring, but, list, size);
	SYS(close, folder);
	return found;
}
