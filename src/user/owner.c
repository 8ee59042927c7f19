/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>

#include "user/cancel.h"
#include "user/kind.h"
#include "user/owner.h"
#include "user/process.h"
#include "user/progress.h"
#include "user/rings.h"
#include "user/submit.h"
#include "user/sys.h"

/* ---- Threads --------------------------------------------------------------------------------- */

__thread bool owner_thread_known;

static pthread_key_t thread_end;
static pthread_once_t thread_end_once = PTHREAD_ONCE_INIT;

/* Linux reads and writes files of disks at once, or has the disk do it: no thread takes
 * that along. */
static bool is_disk_io(struct request *req)
{
	if (!req->op->gathers)
		return false;
	return req->state == REQ_ARMED || (req->file && request_kind(req) & FILE_REGULAR);
}

/* What is pending of the thread ends; of those that end, others may begin. What waits for its file
 * does so as long as it would have, as with Linux. */
static void cancel_for(struct uring *ring, pid_t thread)
{
	list_for_each(link, &ring->pending)
	{
		struct request *req = list_entry(link, struct request, all);

		if (req->owner != thread || req->opcode == IORING_OP_TIMEOUT || is_disk_io(req))
			continue;
		if (req->state == REQ_POLLED)
			req->flags |= REQ_ORPHAN;
		else
			request_cancel(req);
	}
	progress_made(ring);
}

static void end_thread(void *unused)
{
	struct uring *ring;
	uint64_t id = 0;

	(void)unused;
	while ((ring = rings_next(id))) {
		id = ring->id;
		ring_lock(ring);
		if (ring->epoch == process_epoch() && !ring->closing)
			cancel_for(ring, thread_id());
		ring_unlock(ring);
		ring_put(ring);
	}
	rings_unregister_all();
}

static void make_thread_end(void)
{
	pthread_key_create(&thread_end, end_thread);
}

void owner_new_thread(void)
{
	int saved = errno;

	pthread_once(&thread_end_once, make_thread_end);
	/* Any value but NULL has the destructor called. Without memory for it, what the thread
	 * leaves lives until its ring ends. */
	owner_thread_known = !pthread_setspecific(thread_end, &thread_end);
	errno = saved;
}

/* ---- Processes ------------------------------------------------------------------------------- */

void owner_record(struct request *req)
{
	struct owned_table *owned = &shared_of(req->ring)->owned;

	if (owned->count < OWNED_MAX)
		owned->at[owned->count++] = (struct owned){ req->user_data, (pid_t)SYS(getpid, 0) };
}

static void erase(struct owned_table *owned, unsigned i)
{
	owned->at[i] = owned->at[--owned->count];
}

void owner_erase(struct request *req)
{
	struct owned_table *owned = &shared_of(req->ring)->owned;
	pid_t self = (pid_t)SYS(getpid, 0);

	for (unsigned i = 0; i < owned->count && i < OWNED_MAX; i++) {
		if (owned->at[i].pid != self || owned->at[i].user_data != req->user_data)
			continue;
		erase(owned, i);
		return;
	}
}

bool owner_has_others(const struct uring *ring)
{
	const struct owned_table *owned = &shared_of(ring)->owned;
	pid_t self;

	if (!owned->count)
		return false;
	self = (pid_t)SYS(getpid, 0);
	for (unsigned i = 0; i < owned->count && i < OWNED_MAX; i++)
		if (owned->at[i].pid != self)
			return true;
	return false;
}

void owner_bury(struct uring *ring)
{
	struct owned_table *owned = &shared_of(ring)->owned;
	pid_t self = (pid_t)SYS(getpid, 0), dead = 0, alive = self;

	for (unsigned i = 0; i < owned->count && i < OWNED_MAX;) {
		pid_t pid = owned->at[i].pid;

		if (pid != alive && pid != dead) {
			if (thread_is_dead(pid))
				dead = pid;
			else
				alive = pid;
		}
		if (pid != dead || pid == self) {
			i++;
			continue;
		}
		cq_post(ring, &(struct completion){ .user_data = owned->at[i].user_data,
						    .res = -ECANCELED });
		erase(owned, i);
	}
}
