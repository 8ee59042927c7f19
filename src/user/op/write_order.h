/* SPDX-License-Identifier: MIT */
/*
 * Writes to a regular file that workers do: one after the other, in the order in which they came,
 * as the kernel's workers do them. Else lines that are appended would change places, and the
 * workers would wait for each other anyway.
 */
#ifndef ANYRING_USER_WRITE_ORDER_H
#define ANYRING_USER_WRITE_ORDER_H

#include <stdbool.h>

#include "user/list.h"

struct uring;
struct request;

/* Found by the descriptor's number. Two that would share one do without. */
#define WRITE_LANES 32

struct write_lane {
	struct list waiting; /* requests, by request.queue */
	bool busy;
	bool fixed; /* fd is an index of the ring's files */
	int fd;
};

/* All under the ring's lock. */

void write_lanes_init(struct write_lane *lanes);
/* An earlier write is under way: true, and this one waits (REQ_ARMED) until it is its turn. */
bool write_waits(struct request *req);
/* It is the first, and those after it wait, if there is a lane for them. */
void write_begins(struct request *req);
/* The worker that did it does those after it, too: takes up to `most` that wait, and returns how
 * many; they are not to be found any more. */
unsigned write_followers(struct request *req, struct request **followers, unsigned most);
/* It was done, or will not be: the next one's turn. */
void write_ended(struct request *req);
/* Takes one that waits out of its lane. False: it does not wait. */
bool write_gives_up(struct request *req);

#endif
