/* SPDX-License-Identifier: MIT */
/* IORING_OP_LINK_TIMEOUT: bounds the request before it in its chain. Under the ring's lock. */
#ifndef ANYRING_USER_LINK_TIMEOUT_H
#define ANYRING_USER_LINK_TIMEOUT_H

#include "user/request.h"

void link_timeout_start(struct request *req);
/*
 * The request is done after its first attempt. Linux arms the timeout all the same: what is over by
 * then fires, and finds nothing to cancel.
 */
void link_timeout_after(struct request *req);
/* The request has ended: its link timeout ends with -ECANCELED and leaves the chain. */
void link_timeout_disarm(struct request *req);

/* The request goes on waiting: from now on its link timeout runs, if it has one. */
static inline void link_timeout_arm(struct request *req)
{
	if (__builtin_expect(req->flags & REQ_HAS_TIMEOUT, 0))
		link_timeout_start(req);
}

#endif
