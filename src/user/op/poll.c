/* SPDX-License-Identifier: MIT */
/* IORING_OP_POLL_ADD, and IORING_OP_POLL_REMOVE, which updates them, too. What is ready is what
 * poll(2) says; when to ask, the reactor. */
#include <endian.h>
#include <poll.h>
#include <sys/epoll.h>

#include "user/cancel.h"
#include "user/op/op.h"
#include "user/ready.h"
#include "user/user.h"

/* The values of poll(2) and epoll(7) are the same. What is beyond them says how to wait. */
#define EVENTS	0xffffU
/* Told without being asked for. */
#define ALWAYS	(POLLERR | POLLHUP | POLLRDHUP)
#define WRITING (POLLOUT | POLLWRNORM)

static uint32_t events_of(const struct io_uring_sqe *sqe)
{
	uint32_t events = sqe->poll32_events;

#if __BYTE_ORDER == __BIG_ENDIAN
	/* The halves are swapped, so that the older field of 16 bits is the first one. */
	events = events << 16 | events >> 16;
#endif
	return (events & EVENTS) | ALWAYS;
}

/* ---- Adding ---------------------------------------------------------------------------------- */

int poll_add_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	if (sqe->buf_index || sqe->off || sqe->addr)
		return -EINVAL;
	/* IORING_POLL_ADD_LEVEL is one that Linux refuses, too. */
	if (sqe->len & ~IORING_POLL_ADD_MULTI)
		return -EINVAL;
	if (sqe->len & IORING_POLL_ADD_MULTI) {
		if (req->flags & REQ_SKIP)
			return -EINVAL;
		req->flags |= REQ_MULTISHOT;
	}
	req->poll_events = events_of(sqe);
	return 0;
}

/* A lock that somebody has is not waited for with ours: who holds it takes from the queue. */
static bool has_room(struct uring *ring)
{
	bool mine = lock_is_mine(&shared_of(ring)->lock), room;

	if (!mine && !lock_try(&shared_of(ring)->lock))
		return true;
	room = sq_ready(ring) < ring->mem.sq_entries;
	if (!mine)
		ring_unlock(ring);
	return room;
}

/* To poll(2) a ring of this engine is an epoll set, which never has room; is there any in its queue
 * for submissions? */
static uint32_t room_in_ring(const struct request *req, uint32_t asked)
{
	struct uring *ring;
	uint32_t room;
	int error;

	if (!(asked & WRITING) || !user_owns((unsigned)req->sysfd, false))
		return 0;
	ring = ring_get((unsigned)req->sysfd, &error);
	if (!ring)
		return 0;
	room = has_room(ring) ? asked & WRITING : 0;
	ring_put(ring);
	return room;
}

/* What is ready of what the request waits for, or -errno. Without `at_once` it waits. */
static int look(const struct request *req, bool at_once)
{
	uint32_t events = req->poll_events;
	int ready = at_once ? poll_now(req->sysfd, events) : poll_until(req->sysfd, events);

	if (ready < 0)
		return ready;
	if (ready & POLLNVAL)
		return -EBADF;
	return (int)(((uint32_t)ready | room_in_ring(req, events)) & events);
}

/*
 * A multishot request is told each event, used up or not, so that what it has seen of its file is
 * its own matter: it needs a duplicate that it shares with none.
 */
static int own_file(struct request *req)
{
	struct file *shared = req->file;
	int fd;

	if (!(req->flags & REQ_FIXED_FILE) || !(shared->known & FILE_REGISTERED))
		return request_hold_file(req);
	fd = duplicate_fd(shared->fd);
	if (fd < 0)
		return fd;
	req->file = file_new(req->ring, fd);
	if (!req->file) {
		req->file = shared;
		return -ENOMEM;
	}
	file_put(shared);
	req->sysfd = fd;
	return 0;
}

/* The epoll set tells what is ready as soon as the file is in it, as an event like others. */
static enum issue_result start_multishot(struct request *req, int ready)
{
	int error = own_file(req);

	if (error) {
		req->res = error;
		return ISSUE_DONE;
	}
	if (!ready)
		return ISSUE_AGAIN;
	if (!reactor_can_poll(req->file, req->poll_events)) {
		req->res = ready;
		return ISSUE_DONE;
	}
	req->ring->reactor.look = true;
	return ISSUE_AGAIN;
}

/* Telling of the eventfd that the ring tells by would raise it again, and so on without end. */
static bool causes_itself(const struct request *req)
{
	int fd = req->ring->cq.eventfd;

	return __builtin_expect(fd >= 0, 0) && same_file(req->sysfd, fd);
}

static enum issue_result tell(struct request *req, int ready)
{
	/* What comes after this is the next event. */
	reactor_drained(req->file, EVENTS);
	if (!ready || (!causes_itself(req) && request_post_more(req, ready, 0)))
		return ISSUE_AGAIN;
	req->res = ready;
	return ISSUE_DONE;
}

/* Sent here since its file does not go into the ring's epoll set. */
static int poll_in_worker(struct request *req)
{
	bool never_changes;
	int ready;

	ring_lock(req->ring);
	never_changes = req->file->known & FILE_NO_POLL;
	ring_unlock(req->ring);
	if (!never_changes && !(req->flags & REQ_MULTISHOT))
		return look(req, false);
	/* There is nothing to wait for. */
	ready = look(req, true);
	return ready ? ready : -EINVAL;
}

enum issue_result poll_add_issue(struct request *req, enum issue_how how)
{
	int ready;

	if (how & HOW_WORKER) {
		req->res = poll_in_worker(req);
		return ISSUE_DONE;
	}
	ready = look(req, true);
	if (ready >= 0 && req->flags & REQ_MULTISHOT)
		return how & HOW_POLLED ? tell(req, ready) : start_multishot(req, ready);
	if (ready) {
		req->res = ready;
		return ISSUE_DONE;
	}
	if (req->file)
		reactor_drained(req->file, EVENTS);
	return ISSUE_AGAIN;
}

/* ---- Removal, update ------------------------------------------------------------------------- */

#define UPDATE (IORING_POLL_UPDATE_EVENTS | IORING_POLL_UPDATE_USER_DATA)

struct removal {
	uint64_t target, user_data;
	uint32_t flags; /* IORING_POLL_UPDATE_* */
	uint32_t events;
};

int poll_remove_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct removal *removal = request_data(req, struct removal);

	if (sqe->buf_index || sqe->splice_fd_in)
		return -EINVAL;
	removal->flags = sqe->len;
	if (removal->flags & ~(UPDATE | IORING_POLL_ADD_MULTI) ||
	    removal->flags == IORING_POLL_ADD_MULTI)
		return -EINVAL;
	removal->target = sqe->addr;
	removal->user_data = sqe->off;
	if (removal->user_data && !(removal->flags & IORING_POLL_UPDATE_USER_DATA))
		return -EINVAL;
	removal->events = events_of(sqe);
	return sqe->poll32_events && !(removal->flags & IORING_POLL_UPDATE_EVENTS) ? -EINVAL : 0;
}

/* The latest first, as Linux does. */
static struct request *find(struct uring *ring, uint64_t user_data)
{
	for (struct list *link = ring->pending.prev; link != &ring->pending; link = link->prev) {
		struct request *req = list_entry(link, struct request, all);

		if (req->opcode == IORING_OP_POLL_ADD && req->state == REQ_POLLED &&
		    req->user_data == user_data)
			return req;
	}
	return NULL;
}

/* It begins anew, and is told what is ready at once. */
static void update(struct request *req, const struct removal *removal)
{
	reactor_disarm(req);
	request_unpend(req);
	if (removal->flags & IORING_POLL_UPDATE_EVENTS)
		req->poll_events = removal->events;
	if (removal->flags & IORING_POLL_UPDATE_USER_DATA)
		req->user_data = removal->user_data;
	if (req->flags & REQ_MULTISHOT)
		reactor_unwatch(req->file);
	req->poll_retries = 0;
	request_queue(req);
}

enum issue_result poll_remove_issue(struct request *req, enum issue_how how)
{
	struct removal *removal = request_data(req, struct removal);
	struct request *target = find(req->ring, removal->target);

	(void)how;
	if (!target)
		req->res = -ENOENT;
	else if (removal->flags & UPDATE)
		update(target, removal);
	else
		request_cancel(target);
	return ISSUE_DONE;
}
