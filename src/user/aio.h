/* SPDX-License-Identifier: MIT */
/*
 * Linux AIO, which is asynchronous for O_DIRECT: what one submission brings is gathered and given
 * to the kernel by one call, and its completions are read from memory shared with the kernel.
 */
#ifndef ANYRING_USER_AIO_H
#define ANYRING_USER_AIO_H

#include <stdbool.h>

#include "user/uring.h"

/* All under the ring's lock. */

/* True if the request's file is open with O_DIRECT. */
bool aio_wants(struct request *req);
/* The number is another file's from now on. */
void aio_new_fd(struct uring *ring, int fd);
/* Gathers a read or write; it is REQ_ARMED then. False: there is no AIO. */
bool aio_queue(struct request *req);
/* op.cancel of reads and writes: takes one back that was not submitted. */
bool aio_cancel(struct request *req);
/* Submits what was gathered, and ends what ended. */
void aio_run_some(struct uring *ring);
/* The ring ends: waits for what is in flight. */
void aio_finish(struct uring *ring);
/* In a child: lets go of what is its parent's. */
void aio_forget(struct uring *ring);

static inline void aio_run(struct uring *ring)
{
	if (ring->aio)
		aio_run_some(ring);
}

#endif
