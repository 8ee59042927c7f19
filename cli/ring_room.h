/* SPDX-License-Identifier: MIT */
#ifndef ANYRING_CLI_RING_ROOM_H
#define ANYRING_CLI_RING_ROOM_H

#include "liburing.h"

/*
 * Submits until `n` SQEs are free, so that a chain of so many is not cut in two. Returns how often
 * it submitted. A kernel that takes nothing, a thousand times in a row, ends the program.
 */
unsigned ring_make_room(struct io_uring *ring, unsigned n);
/* The same until all that is queued is taken: a submission may stop short, for want of memory. */
unsigned ring_submit_all(struct io_uring *ring);

#endif
