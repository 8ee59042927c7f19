/* SPDX-License-Identifier: MIT */
/* What the files of src/ring share: the library's marks on a ring. */
#ifndef ANYRING_RING_H
#define ANYRING_RING_H

#define LIBURING_INTERNAL
/* The checks are for the code of applications. */
#undef ANYRING_CHECKED
#include "liburing.h"
#include "api.h"
#include "engine/engine.h"

/* struct io_uring's int_flags. Those that every enter passes on have the values it takes. */
enum {
	RING_FD_REGISTERED = IORING_ENTER_REGISTERED_RING, /* enter_ring_fd is an index */
	RING_NO_IOWAIT = IORING_ENTER_NO_IOWAIT,	   /* io_uring_set_iowait(ring, false) */
	RING_REG_BY_INDEX = 1 << 0, /* io_uring_register(2) takes that index too */
	RING_APP_MEMORY = 1 << 1,   /* the rings lie in memory of the application's */
	RING_OF_USER_ENGINE = 1 << 2,
};

static inline enum engine ring_engine(const struct io_uring *ring)
{
	return ring->int_flags & RING_OF_USER_ENGINE ? USER_ENGINE : KERNEL_ENGINE;
}

/* Publishes the SQEs handed out so far. Returns how many the engine has yet to take. */
unsigned ring_flush_sq(struct io_uring *ring);

/* io_uring_register(2) on the ring, by descriptor or by index. */
int ring_register(struct io_uring *ring, unsigned opcode, const void *arg, unsigned nr_args);

#endif
