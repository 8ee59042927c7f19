/* SPDX-License-Identifier: MIT */
/*
 * Linux AIO, for two things. With O_DIRECT it is asynchronous: what one submission brings is given
 * to the kernel by one call, and its completions are read from memory shared with the kernel.
 * Reads of other files it does at once or, with RWF_NOWAIT, not at all: but many in one call.
 */
#ifndef ANYRING_USER_AIO_H
#define ANYRING_USER_AIO_H

#include <stdbool.h>

#include "user/uring.h"

/* All under the ring's lock. */

enum aio_use {
	AIO_NONE,
	AIO_GATHER, /* reads of a regular file */
	AIO_DIRECT, /* all of one that is open with O_DIRECT */
};

/* What it can do for a read or write. */
enum aio_use aio_use(struct request *req);
/* Gathers a read of a regular file, to be done before anything else is issued, and before the lock
 * is given up. False: there is no AIO. */
bool aio_gather(struct request *req);
/* Does what was gathered. What that makes ready is not issued yet. */
void aio_do_gathered(struct uring *ring);
/* The number is another file's from now on. */
void aio_new_fd(struct uring *ring, int fd);
/* Queues a read or write with O_DIRECT; it is REQ_ARMED then. False: there is no AIO. */
bool aio_queue(struct request *req);
/* op.cancel of reads and writes: takes one back that was not submitted. */
bool aio_cancel(struct request *req);
/* Submits what was queued, without issuing what that makes ready. False: nothing was. */
bool aio_submit(struct uring *ring);
/* Ends what ended, issues what that makes ready, and submits what was queued. */
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
