/* SPDX-License-Identifier: MIT */
/* Results of sends and receives, and what is known of their sockets. */
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "user/op/net.h"

int socket_option(int fd, int name)
{
	socklen_t size = sizeof(int);
	int value = 0;
	long ret = SYS(getsockopt, fd, SOL_SOCKET, name, &value, &size);

	return ret ? (int)ret : value;
}

/* Of the buffers it took, and of the notification that is still to come. */
static uint32_t last_flags(const struct request *req)
{
	const struct net *n = request_data(req, const struct net);
	uint32_t flags = req->flags & REQ_BUFFER_HELD ? n->buffer : 0;

	return flags | (req->flags & REQ_CLEANUP ? IORING_CQE_F_MORE : 0);
}

enum issue_result net_refused(struct request *req, int error)
{
	int type = socket_option(req->sysfd, SO_TYPE);

	return net_done(req, type < 0 ? type : error);
}

void net_add_earlier(struct request *req)
{
	const struct net *n = request_data(req, struct net);

	if (req->flags & REQ_PARTIAL)
		req->res = (int32_t)(req->res < 0 ? n->done : (uint32_t)req->res + n->done);
	req->cqe_flags |= last_flags(req);
}

void net_partial(struct request *req, size_t bytes)
{
	struct net *n = request_data(req, struct net);

	if (!(req->flags & REQ_PARTIAL))
		n->done = 0;
	n->done += (uint32_t)bytes;
	req->flags |= REQ_PARTIAL;
}

bool net_polls_first(const struct request *req, enum issue_how how)
{
	const struct net *n = request_data(req, const struct net);

	if (!(n->flags & IORING_RECVSEND_POLL_FIRST) || how & HOW_POLLED ||
	    socket_option(req->sysfd, SO_TYPE) < 0)
		return false;
	/* Before what comes with the next submission. (A worker has not got the lock.) */
	if (!(how & HOW_WORKER))
		req->ring->reactor.look = true;
	return true;
}

bool net_is_shut(const struct request *req)
{
	const struct file *file = req->file;

	return file && file->ready & EPOLLRDHUP && !(req->flags & (REQ_MULTISHOT | REQ_NOWAIT)) &&
	       socket_option(file->fd, SO_TYPE) == SOCK_DGRAM;
}

bool net_goes_on(const struct request *req)
{
	const struct net *n = request_data(req, const struct net);
	int type;

	if (!(n->msg_flags & MSG_WAITALL))
		return false;
	type = socket_option(req->sysfd, SO_TYPE);
	return type == SOCK_STREAM || type == SOCK_SEQPACKET;
}

void net_check_cut(struct request *req, int msg_flags)
{
	const struct net *n = request_data(req, const struct net);

	if (n->msg_flags & MSG_WAITALL && msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		req->flags |= REQ_FAIL;
}

void net_fail(struct request *req)
{
	const struct net *n = request_data(req, struct net);

	if (req->flags & REQ_PARTIAL)
		req->res = (int32_t)n->done;
	req->cqe_flags |= last_flags(req);
}

/* ---- Readiness ------------------------------------------------------------------------------- */

void net_learn(struct file *file)
{
	if (file->known & FILE_PROTOCOL_KNOWN)
		return;
	file->known |= FILE_PROTOCOL_KNOWN;
	if (socket_option(file->fd, SO_PROTOCOL) == IPPROTO_TCP)
		file->known |= FILE_TCP | FILE_STREAM;
	else if (socket_option(file->fd, SO_TYPE) == SOCK_STREAM)
		file->known |= FILE_STREAM;
}

int net_queued(const struct request *req)
{
	const struct file *file = req->file;
	int count = 0;

	if (file && file->known & FILE_PROTOCOL_KNOWN && !(file->known & FILE_STREAM))
		return -1;
	if (SYS(ioctl, req->sysfd, SIOCINQ, &count))
		return -1;
	/* Whatever it is, nobody asks. */
	if (!count && !file && !(req->flags & REQ_MULTISHOT))
		return 0;
	return net_is_stream(req) ? count : -1;
}

bool net_is_stream(const struct request *req)
{
	const struct file *file = req->file;

	if (file && file->known & FILE_PROTOCOL_KNOWN)
		return file->known & FILE_STREAM;
	return socket_option(req->sysfd, SO_TYPE) == SOCK_STREAM;
}

/* What there is after a receive, as far as it matters: bytes, 0 or -1. */
static int look_for_more(const struct request *req, bool full)
{
	const struct net *n = request_data(req, const struct net);
	const struct file *file = req->file;
	bool shots = req->flags & REQ_MULTISHOT;

	if (full || n->msg_flags & MSG_PEEK)
		return net_queued(req);
	/* What TCP cuts short is all there was. Others may cut for other reasons, such as passed
	 * descriptors. */
	if (file && file->known & FILE_TCP)
		return 0;
	return shots || (file && file->known & FILE_STREAM) ? net_queued(req) : -1;
}

/* To TCP the end of the stream is something more to read. */
static bool end_was_told(const struct request *req)
{
	uint8_t state = 0;
	socklen_t size = sizeof(state);

	/* The state comes first in what TCP_INFO tells, as far as there is room. */
	if (SYS(getsockopt, req->sysfd, IPPROTO_TCP, TCP_INFO, &state, &size))
		return false;
	/* Closed it is after both ends: that it was reset, an error has told before. */
	return state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK || state == TCP_CLOSING ||
	       state == TCP_TIME_WAIT || state == TCP_CLOSE;
}

/* The end is next. Its event would have told, had anybody been there to see it. */
static bool is_at_end(const struct request *req, bool unknown)
{
	const struct file *file = req->file;

	if (file && (file->watched || file->known & FILE_PROTOCOL_KNOWN)) {
		if (!(file->known & FILE_TCP) || file->watched)
			return file->known & FILE_TCP && file->ready & EPOLLRDHUP;
	}
	return unknown && end_was_told(req);
}

bool recv_look_behind(struct request *req, size_t asked, long got, uint32_t *flags)
{
	const struct net *n = request_data(req, const struct net);
	struct file *file = req->file;
	int more;

	*flags = 0;
	if (file && (got >= 0 || got == -EAGAIN))
		file->known |= FILE_SOCKET;
	if (got == -EAGAIN) {
		if (file)
			reactor_drained(file, EPOLL_RECV | EPOLLRDHUP);
		return true;
	}
	if (!got && asked && end_was_told(req))
		*flags = IORING_CQE_F_SOCK_NONEMPTY;
	if (got < 0 || (!got && asked) || n->msg_flags & (MSG_OOB | MSG_ERRQUEUE))
		return false;
	if (file && (file->known & (FILE_REGISTERED | FILE_LINGERS) || req->flags & REQ_MULTISHOT))
		net_learn(file);
	more = look_for_more(req, (size_t)got >= asked);
	if (more > 0 || is_at_end(req, (size_t)got >= asked && !more))
		*flags = IORING_CQE_F_SOCK_NONEMPTY;
	if (more || n->msg_flags & MSG_PEEK || (file && file->ready & EPOLL_UNUSUAL))
		return false;
	if (file)
		reactor_drained(file, EPOLLIN);
	return true;
}
