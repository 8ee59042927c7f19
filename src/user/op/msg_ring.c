/* SPDX-License-Identifier: MIT */
/* IORING_OP_MSG_RING: a completion, or a registered file, for another ring of this process. */
#include "user/app_memory.h"
#include "user/op/msg_ring.h"
#include "user/op/op.h"
#include "user/process.h"
#include "user/progress.h"

#define MSG_FLAGS_VALID (IORING_MSG_RING_CQE_SKIP | IORING_MSG_RING_FLAGS_PASS)

/* Two rings may send to each other at once, each with its own lock held: so the other's lock is
 * tried this often, and then it is a worker's, which holds none. */
#define LOCK_TRIES 1000

struct message {
	uint64_t user_data;
	uint64_t command;
	uint64_t src_slot;
	uint32_t len; /* the result over there */
	uint32_t flags;
	uint32_t file_index; /* as SQEs have it; or the flags of the CQE */
};

static int take(struct message *m, const struct io_uring_sqe *sqe)
{
	if (sqe->buf_index || sqe->personality)
		return -EINVAL;
	*m = (struct message){
		.user_data = sqe->off,
		.command = sqe->addr,
		.src_slot = sqe->addr3,
		.len = sqe->len,
		.flags = sqe->msg_ring_flags,
		.file_index = sqe->file_index,
	};
	return m->flags & ~MSG_FLAGS_VALID ? -EINVAL : 0;
}

int msg_ring_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return take(request_data(req, struct message), sqe);
}

/* ---- What arrives: under the target's lock --------------------------------------------------- */

/* Posts it; where only the ring's own thread may, leaves it for that. */
static int post(struct uring *target, const struct message *m, int res, uint32_t cqe_flags)
{
	struct completion c = { .user_data = m->user_data, .res = res, .flags = cqe_flags };
	struct request *req;

	if (!(target->setup_flags & IORING_SETUP_DEFER_TASKRUN)) {
		cq_post(target, &c);
		/* At once, too, where it is the sender's own: see in_batch. */
		target->timers.batch++;
		return 0;
	}
	req = request_for_message(target);
	if (!req)
		return -ENOMEM;
	req->user_data = m->user_data;
	req->res = res;
	req->cqe_flags = cqe_flags;
	/* Whatever it says, nothing has failed here. */
	req->flags = REQ_NO_FAILURE;
	defer_completion(req);
	return 0;
}

/* -EBADFD: it does not take messages (yet). */
static int check_target(struct uring *target)
{
	if (target->closing || target->disabled)
		return -EBADFD;
	return target->epoch == process_epoch() ? 0 : ring_adopt(target);
}

static int deliver_data(struct uring *target, const struct message *m)
{
	int ret = check_target(target);

	if (ret)
		return ret;
	return post(target, m, (int)m->len,
		    m->flags & IORING_MSG_RING_FLAGS_PASS ? m->file_index : 0);
}

/* Takes `fd`. Returns the slot where that was the target's choice, else 0. */
static int deliver_file(struct uring *target, const struct message *m, int fd)
{
	bool choose = m->file_index == IORING_FILE_INDEX_ALLOC;
	int ret = check_target(target), posted;

	if (!ret && !m->file_index)
		ret = -EINVAL;
	/* A table that is not there has no room, either. */
	if (!ret && choose && !target->files.slots)
		ret = -ENFILE;
	if (ret) {
		SYS(close, fd);
		return ret;
	}
	ret = files_install(target, fd, m->file_index);
	if (ret < 0 || m->flags & IORING_MSG_RING_CQE_SKIP)
		return ret;
	posted = post(target, m, ret, 0);
	return posted ? posted : ret;
}

/* ---- What is sent ---------------------------------------------------------------------------- */

static int check_data(const struct message *m)
{
	if (m->src_slot || m->flags & ~(unsigned)IORING_MSG_RING_FLAGS_PASS)
		return -EINVAL;
	return m->file_index && !(m->flags & IORING_MSG_RING_FLAGS_PASS) ? -EINVAL : 0;
}

/* The sender's file, as a descriptor for the target. Under the sender's lock. */
static int grab_file(struct uring *from, struct uring *target, const struct message *m)
{
	struct file *file;

	if (m->len || target == from)
		return -EINVAL;
	if (target->disabled)
		return -EBADFD;
	file = m->src_slot <= UINT32_MAX ? files_at(from, (unsigned)m->src_slot) : NULL;
	return file ? duplicate_fd(file->fd) : -EBADF;
}

/* `fd` of a file that is sent, or -1. */
static int deliver(struct uring *target, const struct message *m, int fd)
{
	int ret = m->command == IORING_MSG_DATA ? deliver_data(target, m)
						: deliver_file(target, m, fd);

	progress_made(target);
	return ret;
}

/* False: somebody has the lock, who may want the sender's. */
static bool lock_target(struct uring *target)
{
	for (unsigned tries = 0; tries < LOCK_TRIES; tries++)
		if (lock_try(&shared_of(target)->lock))
			return true;
	return false;
}

static int send_locked(struct uring *from, struct uring *target, const struct message *m)
{
	int fd = -1;

	if (m->command == IORING_MSG_SEND_FD) {
		fd = grab_file(from, target, m);
		if (fd < 0)
			return fd;
	}
	return deliver(target, m, fd);
}

/* By a worker, which takes one lock after the other. */
static int send_unlocked(struct uring *from, struct uring *target, const struct message *m)
{
	int ret, fd = -1;

	if (m->command == IORING_MSG_SEND_FD) {
		ring_lock(from);
		fd = grab_file(from, target, m);
		ring_unlock(from);
		if (fd < 0)
			return fd;
	}
	ring_lock(target);
	ret = deliver(target, m, fd);
	ring_unlock(target);
	return ret;
}

static int check_message(const struct message *m)
{
	if (m->command == IORING_MSG_DATA)
		return check_data(m);
	return m->command == IORING_MSG_SEND_FD ? 0 : -EINVAL;
}

/* The ring that a descriptor is, with a reference. */
static struct uring *target_of(int fd, int *error)
{
	struct uring *target = ring_get((unsigned)fd, error);

	if (!target && *error != -EBADF)
		*error = -EBADFD;
	return target;
}

enum issue_result msg_ring_issue(struct request *req, enum issue_how how)
{
	const struct message *m = request_data(req, struct message);
	struct uring *from = req->ring, *target = NULL;

	/* A ring cannot be registered as a file. */
	req->res = -EBADFD;
	if (!(req->flags & REQ_FIXED_FILE))
		target = target_of(req->sysfd, &req->res);
	if (!target)
		return ISSUE_DONE;
	req->res = check_message(m);
	if (!req->res && how & HOW_WORKER) {
		req->res = send_unlocked(from, target, m);
	} else if (!req->res && target == from) {
		req->res = m->command == IORING_MSG_DATA ? deliver_data(target, m) : -EINVAL;
	} else if (!req->res) {
		if (!lock_target(target)) {
			ring_put(target);
			return ISSUE_WORKER;
		}
		req->res = send_locked(from, target, m);
		ring_unlock(target);
	}
	ring_put(target);
	return ISSUE_DONE;
}

int msg_ring_sync(const void *arg, unsigned nr_args)
{
	struct io_uring_sqe sqe;
	struct uring *target;
	struct message m;
	int ret;

	if (nr_args != 1 || !arg)
		return -EINVAL;
	ret = copy_from_app(&sqe, arg, sizeof(sqe));
	if (ret)
		return ret;
	if (sqe.flags || sqe.opcode != IORING_OP_MSG_RING)
		return -EINVAL;
	ret = take(&m, &sqe);
	if (!ret)
		ret = m.command == IORING_MSG_DATA ? check_data(&m) : -EINVAL;
	if (ret)
		return ret;
	target = target_of(sqe.fd, &ret);
	if (!target)
		return ret;
	ring_lock(target);
	ret = deliver(target, &m, -1);
	ring_unlock(target);
	ring_put(target);
	return ret;
}
