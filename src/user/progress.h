/* SPDX-License-Identifier: MIT */
/* Who makes progress: the thread in enter, or, with nobody there, the watchdog. */
#ifndef ANYRING_USER_PROGRESS_H
#define ANYRING_USER_PROGRESS_H

#include "user/uring.h"

/* All under the ring's lock. */

/* The request's completion waits for the next GETEVENTS (IORING_SETUP_DEFER_TASKRUN). */
void defer_completion(struct request *req);
/* Completes those. */
void run_deferred(struct uring *ring);
/* After anything that may have completed or queued requests, by whatever thread: issues what is
 * ready, and tells those who wait. */
void progress_made(struct uring *ring);
/* Shows IORING_SQ_TASKRUN while an enter would find something to do. */
void show_task_work(struct uring *ring);
/* A thread leaves enter: if requests depend on somebody looking, the watchdog does. */
void progress_leave(struct uring *ring);

#endif
