/* SPDX-License-Identifier: MIT */
/* What the opcodes of sockets share. */
#ifndef ANYRING_USER_OP_NET_H
#define ANYRING_USER_OP_NET_H

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "user/op/op.h"

/* What the kernel takes. */
#define IOV_COUNT_MAX 1024

/* Attempts that one issue of a multishot request makes before others have their turn. */
#define SHOTS_MAX 32

/* What recv waits for: urgent data, too, as it cuts a receive short where more is to come. */
#define EPOLL_RECV (EPOLLIN | EPOLLPRI)

/* A send's or a receive's part of the request. */
struct net {
	uint64_t addr; /* bytes, iovecs or a msghdr: the application's, until there is req->async */
	uint64_t name; /* where to send to, or 0 */
	uint32_t len;  /* bytes to go, or iovecs; 0 with provided buffers: as they are */
	uint32_t msg_flags;
	uint32_t done;	 /* bytes moved by earlier attempts, with REQ_PARTIAL */
	uint32_t buffer; /* CQE flags of what it took off its group, with REQ_BUFFER_HELD */
	uint32_t left;	 /* multishot recv: bytes until it ends, or 0 */
	uint32_t name_room, control_room; /* room for them in what multishot recvmsg gives */
	uint16_t flags;			  /* of sqe->ioprio */
	uint16_t name_len;
	bool knew_more; /* multishot recv: the last shot left something */
	bool plain;	/* send: addr and len are the bytes, no message or vector */
};

/*
 * A message that has to last: what the application's msghdr points to was copied. In req->async.
 * What a receive writes, but for the lengths and flags, goes to the application's memory directly.
 */
struct message {
	struct msghdr head;
	struct msghdr *app; /* where lengths and flags go to, or NULL */
	size_t left;	    /* bytes that head's iovecs hold */
	socklen_t name_len; /* of head, as system calls overwrite it */
	size_t control_len;
	struct sockaddr_storage name; /* to send to */
	struct iovec iov[];
};

/* ---- message.c ------------------------------------------------------------------------------- */

/* Bytes of a msghdr, or vector, that a system call has read already. */
size_t iov_total(const struct iovec *iov, size_t count);
/* Copies the msghdr at n->addr. 0, or -errno as sendmsg(2) and recvmsg(2) have them. */
int message_copy(struct request *req, bool send);
/* Makes one of iovecs of ours, and of n->name. 0, -ENOMEM, -EFAULT, -EINVAL. */
int message_of_iov(struct request *req, const struct iovec *iov, size_t count);
/* The same of the application's iovecs: n->addr, n->len. */
int message_of_app_iov(struct request *req);
/* Leaves the first `bytes` of it out. */
void message_advance(struct message *message, size_t bytes);
/* Gives the application the lengths and flags. 0 or -EFAULT. */
int message_write_back(const struct message *message);
/*
 * A first attempt with the application's memory as it is failed with `ret`. If that is because of
 * what the kernel would have looked at when it took the SQE: that error, and nothing more is
 * submitted. `copied`: what copying it says.
 */
long message_refused(struct request *req, int copied, long ret);
/* The same where there is no file to attempt it with, and otherwise as net_fail(). */
void message_fail(struct request *req);
/* What the request points to will be needed when the application may have reused it: it is linked,
 * or waits for others. */
bool request_starts_later(const struct request *req);

/* Behind a worker: one that is to be polled first, which nobody does there. */
bool accept_only_tries(struct request *req);

/* ---- net.c ----------------------------------------------------------------------------------- */

/* A bounded int of SOL_SOCKET, or -errno. */
int socket_option(int fd, int name);

/* What net_done() adds where other attempts, buffers or a notification are concerned. */
void net_add_earlier(struct request *req);

/* Ends it with `ret`, or with what earlier attempts moved. */
static inline enum issue_result net_done(struct request *req, long ret)
{
	req->res = (int32_t)ret;
	if (ret < 0)
		req->flags |= REQ_FAIL;
	if (__builtin_expect(req->flags & (REQ_PARTIAL | REQ_BUFFER_HELD | REQ_CLEANUP), 0))
		net_add_earlier(req);
	return ISSUE_DONE;
}

/* The same with an error that comes second to those of the file, before the first system call. */
enum issue_result net_refused(struct request *req, int error);
/* A socket that is to be polled before the first attempt. */
bool net_polls_first(const struct request *req, enum issue_how how);
/* Some bytes were moved, and more are to be. */
void net_partial(struct request *req, size_t bytes);
/*
 * After -EAGAIN: a datagram socket whose receiving side is shut says that to who does not wait, and
 * is said to be readable all the same. Who waits, as Linux's worker does in the end, gets 0.
 */
bool net_is_shut(const struct request *req);
/* MSG_WAITALL, and a socket where that means to go on. */
bool net_goes_on(const struct request *req);
/* MSG_WAITALL: what came was cut, by what recvmsg(2) says, which is a failure. */
void net_check_cut(struct request *req, int msg_flags);
bool net_is_stream(const struct request *req);
/* Bytes that a stream has ready, or -1: it is none (which, of what is empty, may not be
 * looked up). */
/* Finds the protocol of a file that lives long enough for that to pay. */
void net_learn(struct file *file);
int net_queued(const struct request *req);

/* Something else than data: what is read next is no measure of what there is. */
#define EPOLL_UNUSUAL (EPOLLPRI | EPOLLRDHUP | EPOLLERR | EPOLLHUP)

/* These look at something else, or take nothing away. */
#define MSG_UNUSUAL (MSG_OOB | MSG_PEEK | MSG_ERRQUEUE)

/* The reactor has seen all events, and none says that there is something to receive. */
static inline bool recv_known_empty(const struct request *req)
{
	const struct net *n = request_data(req, const struct net);
	const struct file *file = req->file;

	return file && file->known & FILE_SOCKET && file->watched & EPOLLIN &&
	       !(file->ready & (EPOLLIN | EPOLL_UNUSUAL)) && !(req->flags & REQ_NOWAIT) &&
	       !(n->msg_flags & MSG_UNUSUAL);
}

/* recv_emptied() where it takes more than a glance. */
bool recv_look_behind(struct request *req, size_t asked, long got, uint32_t *flags);

/*
 * After an attempt to receive `asked` bytes that gave `got`: true if nothing is left, and only an
 * event will tell of more. *flags: IORING_CQE_F_SOCK_NONEMPTY, or 0.
 */
static inline bool recv_emptied(struct request *req, size_t asked, long got, uint32_t *flags)
{
	const struct net *n = request_data(req, const struct net);
	struct file *file = req->file;

	/* What TCP cuts short is all there was. */
	if (got > 0 && (size_t)got < asked && file && file->known & FILE_TCP &&
	    !(file->ready & EPOLL_UNUSUAL) && !(n->msg_flags & MSG_UNUSUAL)) {
		*flags = 0;
		reactor_drained(file, EPOLLIN);
		return true;
	}
	return recv_look_behind(req, asked, got, flags);
}

#endif
