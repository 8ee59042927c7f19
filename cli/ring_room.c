/* SPDX-License-Identifier: MIT */
/* Room in the submission queue. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "ring_room.h"

#define MAX_FRUITLESS_SUBMITS 1000

unsigned ring_make_room(struct io_uring *ring, unsigned n)
{
	unsigned submits = 0;
	int ret = 0;

	while (io_uring_sq_space_left(ring) < n) {
		if (submits++ == MAX_FRUITLESS_SUBMITS) {
			say("the kernel takes no submissions (%s): giving up",
			    strerror(ret < 0 ? -ret : EAGAIN));
			exit(EXIT_FAILED);
		}
		ret = io_uring_submit(ring);
		/* With SQPOLL the room comes later. */
		io_uring_sqring_wait(ring);
	}
	return submits;
}

unsigned ring_submit_all(struct io_uring *ring)
{
	return ring_make_room(ring, ring->sq.ring_entries);
}
