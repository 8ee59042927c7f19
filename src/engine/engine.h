/* SPDX-License-Identifier: MIT */
/*
 * The boundary. An engine is an implementation of io_uring's three calls, and of the memory behind
 * the offsets that mmap(2) takes on a ring. Above this file nobody knows how a ring is served, but
 * only by which engine; below it nobody knows liburing.
 *
 * A ring in a struct io_uring carries its engine (ring.h), so that its calls branch on it once; of
 * a bare descriptor, engine_of() finds it.
 *
 * All answer -errno and leave errno alone. All may be called from any thread.
 */
#ifndef ANYRING_ENGINE_H
#define ANYRING_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include "engine/kernel.h"
#include "liburing/io_uring.h"
#include "user/user.h"

enum engine {
	KERNEL_ENGINE,
	USER_ENGINE,
};

/*
 * io_uring_setup(2): a descriptor, or with IORING_SETUP_REGISTERED_FD_ONLY a registered index. The
 * engine is the one chosen for the process (choose.c), and *engine takes it.
 */
int engine_setup(unsigned entries, struct io_uring_params *p, enum engine *engine);

/* Who is to say that there is no ring of that index. */
enum engine engine_of_no_index(void);

/*
 * The engine of a descriptor, or with `registered` of an index of the calling thread's. Each engine
 * counts its indexes from 0: of two rings with the same, it is the user engine's that is found.
 */
static inline enum engine engine_of(unsigned fd, bool registered)
{
	if (user_owns(fd, registered))
		return USER_ENGINE;
	return registered ? engine_of_no_index() : KERNEL_ENGINE;
}

/* io_uring_enter(2), in its six-argument form. */
static inline int engine_enter(enum engine engine, unsigned long fd, unsigned long to_submit,
			       unsigned long min_complete, unsigned long flags, const void *arg,
			       size_t argsz)
{
	if (__builtin_expect(engine == USER_ENGINE, 0))
		return user_enter((unsigned)fd, (unsigned)to_submit, (unsigned)min_complete,
				  (unsigned)flags, arg, argsz);
	return kernel_enter(fd, to_submit, min_complete, flags, arg, argsz);
}

/* io_uring_register(2). */
static inline int engine_register(enum engine engine, unsigned fd, unsigned opcode, const void *arg,
				  unsigned nr_args)
{
	if (engine == USER_ENGINE)
		return user_register(fd, opcode, arg, nr_args);
	return kernel_register(fd, opcode, arg, nr_args);
}

/*
 * Both on a descriptor or index that no struct io_uring stands for. Where the kernel refuses even
 * to say that it is no ring, the user engine says so, if rings are its.
 */
int engine_enter_bare(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags,
		      const void *arg, size_t argsz);
int engine_register_bare(unsigned fd, unsigned opcode, const void *arg, unsigned nr_args);

/* io_uring_register(2) on descriptor -1: what concerns no ring in particular. */
int engine_register_blind(unsigned opcode, const void *arg, unsigned nr_args);

/* The memory at `offset` (IORING_OFF_*) of a ring, shared with the engine, in *ptr. */
static inline int engine_map(enum engine engine, int fd, unsigned long long offset, size_t size,
			     void **ptr)
{
	if (engine == USER_ENGINE)
		return user_map(fd, offset, size, ptr);
	return kernel_map(fd, offset, size, ptr);
}

/* Gives back what engine_map() mapped, of either engine, or any other mapping. */
void engine_unmap(void *ptr, size_t size);

/* Closes a ring descriptor. */
static inline int engine_close(enum engine engine, int fd)
{
	return engine == USER_ENGINE ? user_close(fd) : kernel_close(fd);
}

#endif
