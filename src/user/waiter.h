/* SPDX-License-Identifier: MIT */
/*
 * Threads that wait in a system call for one request each, and can be called back: for what has no
 * descriptor to be polled. Unlike with workers, cancelling such a request takes it back for sure,
 * or finds that what it waits for has come.
 */
#ifndef ANYRING_USER_WAITER_H
#define ANYRING_USER_WAITER_H

#include <stdbool.h>

#include "user/request.h"

struct waiter;

struct wait_job {
	/* Waits, without any lock; the request stays as it is meanwhile. -EINTR: called back. */
	long (*wait)(struct request *req);
	/* What it has come to; under the ring's lock. The request is no longer pending. */
	void (*woken)(struct request *req, long result);
};

/* All under the ring's lock. */

/* Has a thread wait; the request is REQ_ARMED then. NULL: there is no thread to be had. */
struct waiter *waiter_start(struct request *req, const struct wait_job *job);
/* False: the thread has come back from waiting. */
bool waiter_waits(const struct waiter *w);
/* Returns when the thread waits no longer. False: what it waited for has come, and it will say so;
 * or nobody can be called, as the application has taken the signals: then it still waits. */
bool waiter_call_back(struct waiter *w);

#endif
