/* SPDX-License-Identifier: MIT */
/*
 * The boundary. An engine is an implementation of io_uring's three calls, and of the memory behind
 * the offsets that mmap(2) takes on a ring. Above this file nobody knows which engine serves a
 * ring; below it nobody knows liburing.
 *
 * All answer -errno and leave errno alone. All may be called from any thread.
 */
#ifndef ANYRING_ENGINE_H
#define ANYRING_ENGINE_H

#include <stddef.h>
#include "liburing/io_uring.h"

/* io_uring_setup(2): a descriptor, or with IORING_SETUP_REGISTERED_FD_ONLY a registered index. */
int engine_setup(unsigned entries, struct io_uring_params *p);

/*
 * io_uring_enter(2), in its six-argument form. Its numbers are 32 bits each, and handed over in
 * whole registers, so that nothing has to be widened on the way that every program takes.
 */
int engine_enter(unsigned long fd, unsigned long to_submit, unsigned long min_complete,
		 unsigned long flags, const void *arg, size_t argsz);

/* io_uring_register(2). */
int engine_register(unsigned fd, unsigned opcode, const void *arg, unsigned nr_args);

/* The memory at `offset` (IORING_OFF_*) of a ring, shared with the engine, in *ptr. */
int engine_map(int fd, unsigned long long offset, size_t size, void **ptr);

/* Gives back what engine_map() mapped. */
void engine_unmap(void *ptr, size_t size);

/* Closes a ring descriptor. */
int engine_close(int fd);

#endif
