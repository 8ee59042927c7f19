/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes of stream sockets, by the calls that sockets have. preadv2(2) refuses them an
 * offset, which most SQEs have: so each would take two calls. What is no socket refuses these.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include "user/app_memory.h"
#include "user/op/net.h"
#include "user/op/op.h"
#include "user/op/rw.h"
#include "user/quick_send.h"

/* As far as is known; of a descriptor, a guess. */
static bool seems_socket(const struct uring *ring, int fd, const struct file *file)
{
	return file ? file->known & FILE_TCP : linger_was_socket(ring, fd);
}

/* Another offset is refused, which preadv2(2) does; and it alone knows RWF_*. */
static bool is_plain(int rw_flags, int64_t offset)
{
	return !rw_flags && (!offset || offset == -1);
}

bool rw_is_socket(const struct request *req)
{
	const struct rw *rw = request_data(req, const struct rw);

	return is_plain(rw->flags, rw->offset) && seems_socket(req->ring, req->fd, req->file);
}

static bool is_plain_write(const struct uring *ring, const struct io_uring_sqe *sqe,
			   const struct file *file)
{
	return is_plain(sqe->rw_flags, (int64_t)sqe->off) && !sqe->ioprio && !sqe->attr_type_mask &&
	       seems_socket(ring, sqe->fd, file);
}

/* What is empty has checks of its own, and may be a message. */
static bool is_sendable(const struct quick_send *send)
{
	return send->len && send->len <= RW_MAX && app_memory_possible(send->addr, send->len);
}

bool write_quick(const struct uring *ring, const struct io_uring_sqe *sqe, const struct file *file,
		 struct quick_send *send)
{
	*send = (struct quick_send){ .addr = sqe->addr, .len = sqe->len };
	return is_plain_write(ring, sqe, file) && is_sendable(send);
}

bool writev_quick(const struct uring *ring, const struct io_uring_sqe *sqe, const struct file *file,
		  struct quick_send *send)
{
	struct iovec vec;

	if (!is_plain_write(ring, sqe, file) || sqe->len != 1 ||
	    copy_from_app(&vec, (const void *)(uintptr_t)sqe->addr, sizeof(vec)))
		return false;
	*send = (struct quick_send){ .addr = (uintptr_t)vec.iov_base, .len = vec.iov_len };
	return is_sendable(send);
}

void rw_learn_socket(struct request *req)
{
	int type;

	if (req->file) {
		if (req->file->known & FILE_REGISTERED)
			net_learn(req->file);
		return;
	}
	type = socket_option(req->sysfd, SO_TYPE);
	if (type >= 0)
		linger_remember_socket(req->ring, req->fd, type == SOCK_STREAM);
}

/* A read that finds less than it asked for has emptied the socket. */
static void note_short(struct request *req, long got)
{
	struct file *file = req->file;

	if (!file)
		return;
	if (got == -EAGAIN)
		reactor_drained(file, EPOLLIN | EPOLLRDHUP);
	else if (got > 0 && (uint64_t)got < rw_of(req)->left && file->known & FILE_TCP &&
		 !(file->ready & EPOLL_UNUSUAL))
		reactor_drained(file, EPOLLIN);
}

/* Watched, and nothing has come since it was empty. */
static bool is_known_empty(const struct file *file)
{
	return file && file->known & FILE_TCP && file->watched & EPOLLIN &&
	       !(file->ready & (EPOLLIN | EPOLL_UNUSUAL));
}

/* The kernel takes one buffer as such for less than as a vector. */
static long transfer(struct request *req)
{
	struct rw *rw = rw_of(req);
	struct msghdr head = { .msg_iov = rw->vecs, .msg_iovlen = rw->count };
	const struct iovec *one = rw->vecs;

	if (req->flags & REQ_TRIED)
		return request_tried(req);
	if (rw->count != 1)
		return rw->state & RW_WRITE ? SYS(sendmsg, req->sysfd, &head, MSG_DONTWAIT)
					    : SYS(recvmsg, req->sysfd, &head, MSG_DONTWAIT);
	return rw->state & RW_WRITE
		       ? SYS(sendto, req->sysfd, one->iov_base, one->iov_len, MSG_DONTWAIT, NULL, 0)
		       : SYS(recvfrom, req->sysfd, one->iov_base, one->iov_len, MSG_DONTWAIT, NULL,
			     NULL);
}

long rw_socket_transfer(struct request *req)
{
	struct rw *rw = rw_of(req);
	bool empty = !(rw->state & RW_WRITE) && is_known_empty(req->file);
	long ret = empty ? -EAGAIN : transfer(req);

	if (ret == -ENOTSOCK) {
		linger_remember_socket(req->ring, req->fd, false);
		return ret;
	}
	if (!(rw->state & RW_WRITE))
		note_short(req, ret);
	rw->state |= RW_STREAM;
	return ret;
}
