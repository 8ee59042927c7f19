/* SPDX-License-Identifier: MIT */
/* The completion queue: posting, overflow, and telling those who wait. */
#ifndef ANYRING_USER_CQ_H
#define ANYRING_USER_CQ_H

#include <stdbool.h>
#include <stdint.h>

#include "user/list.h"

struct uring;
struct request;

/* One result on its way to the queue. */
struct completion {
	uint64_t user_data;
	int32_t res;
	uint32_t flags;	   /* IORING_CQE_F_* */
	uint64_t extra[2]; /* the second half of a long CQE */
};

struct cq_state {
	struct list overflow;	 /* completions without room, oldest first */
	struct list deferred;	 /* requests to complete in the next GETEVENTS (DEFER_TASKRUN) */
	unsigned unannounced;	 /* posted since cq_announce() */
	unsigned timeouts_ended; /* CQEs of timeouts, which the counts of timeouts leave out */
	unsigned posted;	 /* CQEs ever, overflowed ones included */
	int eventfd;		 /* registered by the application, or -1; the engine's duplicate */
	bool eventfd_async;	 /* only for what workers completed */
	bool worker_posted;	 /* since cq_announce(), a worker did */
};

/* All under the ring's lock. */

void cq_init(struct uring *ring);
/* What overflowed is another process's. */
void cq_forget(struct uring *ring);
/* Frees what overflowed. */
void cq_free(struct uring *ring);

/* CQEs that the application has not reaped; a long one in a mixed ring counts twice. */
unsigned cq_ready(const struct uring *ring);
/* Posts, or keeps it where the queue is full. */
void cq_post(struct uring *ring, const struct completion *c);
/*
 * For CQEs besides a request's last: posts only if there is room, else answers false, and the
 * multishot request ends with its last one instead, which is never lost.
 */
bool cq_post_if_room(struct uring *ring, const struct completion *c);
/* Moves what overflowed into the queue as far as there is room. */
void cq_flush_overflow(struct uring *ring);
/* Signals the application's eventfd, if it wants that. */
void cq_signal(struct uring *ring);
/* Once after a batch: wakes those who wait, and signals eventfds. */
void cq_announce(struct uring *ring);

#endif
