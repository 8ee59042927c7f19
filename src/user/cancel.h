/* SPDX-License-Identifier: MIT */
/* Cancelling requests. Under the ring's lock. */
#ifndef ANYRING_USER_CANCEL_H
#define ANYRING_USER_CANCEL_H

#include "user/request.h"

/*
 * Ends a pending request with -ECANCELED. 0: done. -EALREADY: a worker runs it; it is told, and
 * ends with whatever it comes to.
 */
int request_cancel(struct request *req);

#endif
