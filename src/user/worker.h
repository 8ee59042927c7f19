/* SPDX-License-Identifier: MIT */
/* Threads for operations that can only block. One pool a process, started as needed. */
#ifndef ANYRING_USER_WORKER_H
#define ANYRING_USER_WORKER_H

#include <stdbool.h>

#include "user/request.h"

/* Under the ring's lock: hands the request over; workers_wake() has them run it. */
void worker_queue(struct request *req);
/* Under the ring's lock, once a batch: wakes workers for what was queued. Where not one can be
 * started, what was queued fails with -EAGAIN. */
void workers_wake(struct uring *ring);
/* A detached thread of the engine's, with all signals blocked. 0 or -errno. */
int engine_thread(void *(*body)(void *), void *arg);
/* Under the ring's lock: takes a request back that no worker has begun. False: one has. */
bool worker_take_back(struct request *req);
/* Under the ring's lock: the worker that runs the request shall not wait any longer. Until the
 * request has ended, system calls that block answer -EINTR. */
void worker_interrupt(struct request *req);
/* Another thread carries out what a worker runs, and is to be interrupted in its place: the thread
 * until then. Without a lock. */
pid_t worker_stand_in(struct request *req, pid_t thread);
/* Without any lock: the ring is gone; workers end with the last one. */
void workers_forget(struct uring *ring);
/* IORING_REGISTER_IOWQ_MAX_WORKERS: sets the limits that are not 0, returns the former ones. */
void workers_limit(unsigned limits[2]);

/* ---- worker_cpus.c: IORING_REGISTER_IOWQ_AFF ------------------------------------------------- */

/* As sched_setaffinity(2) has them. */
struct cpu_mask {
	unsigned long bits[8192 / (8 * sizeof(unsigned long))];
};

/* From their next request on, workers run there, as far as they may. */
void workers_pin(const struct cpu_mask *mask);
/* By a worker: goes where it is to run, if that is not yet done; *seen is its own, at first 0. */
void worker_follow_pins(unsigned *seen);

#endif
