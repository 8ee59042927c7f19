/* SPDX-License-Identifier: MIT */
/* The kernel engine: see kernel.h. */
#include <sys/mman.h>

#include "engine/engine.h"
#include "engine/syscall.h"

int kernel_setup(unsigned entries, struct io_uring_params *p)
{
	return (int)syscall6(__NR_io_uring_setup, entries, (long)p, 0, 0, 0, 0);
}

int kernel_enter(unsigned long fd, unsigned long to_submit, unsigned long min_complete,
		 unsigned long flags, const void *arg, size_t argsz)
{
	return (int)syscall6(__NR_io_uring_enter, (long)fd, (long)to_submit, (long)min_complete,
			     (long)flags, (long)arg, (long)argsz);
}

int kernel_register(unsigned fd, unsigned opcode, const void *arg, unsigned nr_args)
{
	return (int)syscall6(__NR_io_uring_register, fd, opcode, (long)arg, nr_args, 0, 0);
}

int kernel_map(int fd, unsigned long long offset, size_t size, void **ptr)
{
	int saved = errno, err = 0;

	/* MAP_POPULATE: a ring is touched whole soon, and never swapped. */
	*ptr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
		    (off_t)offset);
	if (*ptr == MAP_FAILED)
		err = -errno;
	errno = saved;
	return err;
}

int kernel_close(int fd)
{
	return (int)syscall6(__NR_close, fd, 0, 0, 0, 0, 0);
}

void engine_unmap(void *ptr, size_t size)
{
	int saved = errno;

	munmap(ptr, size);
	errno = saved;
}
