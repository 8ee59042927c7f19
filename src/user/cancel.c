/* SPDX-License-Identifier: MIT */
#include "user/cancel.h"
#include "user/submit.h"
#include "user/sys.h"
#include "user/worker.h"

static int cancel_in_worker(struct request *req)
{
	if (!worker_take_back(req)) {
		/* Whatever it comes to, it does not start waiting again. The flags are the
		 * worker's now. */
		__atomic_store_n(&req->stop, true, __ATOMIC_RELAXED);
		return -EALREADY;
	}
	request_unpend(req);
	request_fail(req, -ECANCELED);
	return 0;
}

int request_cancel(struct request *req)
{
	switch ((enum request_state)req->state) {
	case REQ_POLLED:
		reactor_disarm(req);
		break;
	case REQ_WORKER:
		return cancel_in_worker(req);
	case REQ_ARMED:
		if (!req->op->cancel(req))
			return -EALREADY;
		break;
	default:
		req->flags |= REQ_CANCELED;
		return 0;
	}
	request_unpend(req);
	request_fail(req, -ECANCELED);
	return 0;
}
