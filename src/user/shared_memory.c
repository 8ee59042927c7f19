/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "user/files.h"
#include "user/shared_memory.h"
#include "user/sys.h"

/*
 * Grows as memory is given back. The kernel has whoever gets those addresses next come after that;
 * this says so to who watches the order of accesses (ThreadSanitizer sees no system calls).
 */
static unsigned given_back;

static int map(int fd, size_t offset, size_t size, void **ptr)
{
	long at = SYS(mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
		      offset);

	if (at < 0 && at > -4096)
		return (int)at;
	/* Acquire: pairs with shared_memory_free(). */
	__atomic_load_n(&given_back, __ATOMIC_ACQUIRE);
	*ptr = (void *)at;
	return 0;
}

int shared_memory_make(struct shared_memory *memory, size_t size)
{
	int fd = own_fd((int)SYS(memfd_create, "anyring", MFD_CLOEXEC)), ret;
	void *base;

	if (fd < 0)
		return fd;
	ret = (int)SYS(ftruncate, fd, size);
	if (!ret)
		ret = map(fd, 0, size, &base);
	if (ret) {
		SYS(close, fd);
		return ret;
	}
	*memory = (struct shared_memory){ .base = base, .size = size, .fd = fd };
	return 0;
}

int shared_memory_map(const struct shared_memory *memory, size_t offset, size_t size, void **ptr)
{
	return map(memory->fd, offset, size, ptr);
}

void shared_memory_free(struct shared_memory *memory)
{
	if (!memory->base)
		return;
	__atomic_add_fetch(&given_back, 1, __ATOMIC_RELEASE);
	SYS(munmap, memory->base, memory->size);
	SYS(close, memory->fd);
	memory->base = NULL;
}
