/* SPDX-License-Identifier: MIT */
/* From SQE to completion: taking SQEs, chains, drain, issuing, ending. */
#ifndef ANYRING_USER_SUBMIT_H
#define ANYRING_USER_SUBMIT_H

#include "user/uring.h"

/* All under the ring's lock, unless they say otherwise. */

/* SQEs that the application has published. */
unsigned sq_ready(const struct uring *ring);
/* Takes up to `count` SQEs from the queue. Returns how many, or -errno if none and why. */
int submit_sqes(struct uring *ring, unsigned count);
/* Issues what became ready meanwhile: the rest of chains, drained requests. Bounded by what is
 * queued: what that makes ready is issued, too. */
void run_ready(struct uring *ring);
/* The same, but for requests that have had a turn and are to let others have theirs. */
void run_queued(struct uring *ring);

/* Ends a request: posts its completion (req->res, req->cqe_flags), goes on with its chain. */
void request_complete(struct request *req);
/* The same with a failure. op.fail may turn it into what was done. */
void request_fail(struct request *req, int error);
/* Another completion of a multishot request (adds IORING_CQE_F_MORE). False: no room, it must end
 * with its last completion. */
bool request_post_more(struct request *req, int res, uint32_t cqe_flags);
/* Puts the request into uring.ready, from whatever state; it holds what it holds. */
void request_queue(struct request *req);
/* What it waits for on its file is there. `alone`: nobody else waits for that file. */
void request_wake(struct request *req, bool alone);
/* Enters a state in which others may find it (uring.pending). */
void request_pend(struct request *req, enum request_state state);
/* Leaves it: its cancelling and its completion have the same lock, and only one of them wins. */
void request_unpend(struct request *req);
/* Finds the file and issues; or hands it to a worker, if that is where it starts. */
void request_issue(struct request *req, enum issue_how how);
/* After issue(): completes, arms or punts as it says. */
void request_issued(struct request *req, enum issue_result result, enum issue_how how);

/* Memory that dies with the request: req->async. NULL: out of memory. */
void *request_alloc_async(struct request *req, size_t size);

/* One that was not submitted: a message, which only the ring's own thread may post. It completes
 * with what is put into it. NULL: out of memory. */
struct request *request_for_message(struct uring *ring);

/* Requests of the chain that begins with `req`. */
unsigned chain_length(const struct request *req);
/* Frees what it holds, without a completion. */
void request_free(struct request *req);
/* Queues drained requests whose turn it is. */
void run_drained(struct uring *ring);
void requests_free(struct uring *ring);

#endif
