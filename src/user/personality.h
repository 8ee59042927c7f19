/* SPDX-License-Identifier: MIT */
/* IORING_REGISTER_PERSONALITY: identities that requests may run with. */
#ifndef ANYRING_USER_PERSONALITY_H
#define ANYRING_USER_PERSONALITY_H

#include "user/identity.h"
#include "user/request.h"

/* By id, from 1. */
struct personalities {
	struct identity **at;
	unsigned room;
	unsigned next; /* ids go round before they come again */
};

/* All under the ring's lock, unless they say otherwise. */

/* With a reference, or NULL: there is none. */
struct identity *personality_get(struct uring *ring, unsigned id);
void personalities_free(struct uring *ring);
/* True if the request has an identity, it matters, and is not the calling thread's. */
bool personality_differs(const struct request *req);
/* By a worker, without the lock: issues the request as whom it has to be. */
enum issue_result personality_issue(struct request *req);

#endif
