/* SPDX-License-Identifier: MIT */
/*
 * The user engine's entrance: io_uring's three calls and the ring memory, as engine.h has them.
 * All answer -errno and leave errno alone; all may be called from any thread.
 */
#ifndef ANYRING_USER_H
#define ANYRING_USER_H

#include <stdbool.h>
#include <stddef.h>
#include "liburing/io_uring.h"

int user_setup(unsigned entries, struct io_uring_params *p);
int user_enter(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags,
	       const void *arg, size_t argsz);
int user_register(unsigned fd, unsigned opcode, const void *arg, unsigned nr_args);
int user_map(int fd, unsigned long long offset, size_t size, void **ptr);
int user_close(int fd);

/*
 * True if `fd` is a ring of this engine: a descriptor, or with `registered` an index of the calling
 * thread's (IORING_ENTER_REGISTERED_RING). A duplicate of a ring's descriptor is recognised, too.
 * One load while the process has no such ring.
 */
bool user_owns(unsigned fd, bool registered);
/* True while the process has any ring of this engine. */
bool user_has_rings(void);

#endif
