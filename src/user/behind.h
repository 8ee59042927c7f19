/* SPDX-License-Identifier: MIT */
/*
 * What follows in a chain behind a request that a worker of Linux's carries out: that worker goes
 * on with it, and waits in the call. So what makes but one attempt fails with -EAGAIN where it
 * would be polled otherwise, and what waits is no poll to those who cancel it. Here it is polled
 * all the same.
 */
#ifndef ANYRING_USER_BEHIND_H
#define ANYRING_USER_BEHIND_H

#include "user/request.h"

/* The request is done after an attempt: with REQ_BEHIND, Linux did it in a worker. */
void behind_note(struct request *req, enum issue_how how);
/* Hands that on to the next of its chain. Under the ring's lock. */
void behind_follow(const struct request *req, struct request *next);
/* One behind a worker is issued for the first time; its file is known. */
void behind_begin(struct request *req);
/* One behind a worker: that waits in the call. */
bool behind_blocks(const struct request *req);

/* To those who cancel it, a worker has it. */
static inline bool behind_waits(const struct request *req)
{
	/* Relaxed, but a load of its own: in other states the flags may be a worker's, and not to
	 * be read along with the state. */
	return req->state == REQ_POLLED &&
	       __atomic_load_n(&req->flags, __ATOMIC_RELAXED) & REQ_BEHIND && behind_blocks(req);
}

#endif
