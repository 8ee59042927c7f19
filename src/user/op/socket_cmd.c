/* SPDX-License-Identifier: MIT */
/* Commands of sockets. */
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <string.h>
#include <time.h>

/* Needs the types of time.h. */
#include <linux/errqueue.h>

#include "user/op/command.h"
#include "user/op/net.h"

/* ---- Bytes queued, options, names ------------------------------------------------------------ */

/* Of the families whose protocols have an ioctl of their own. */
static long queued(struct request *req, int domain, unsigned request)
{
	int count = 0;
	long ret;

	if (domain != AF_INET && domain != AF_INET6)
		return -EOPNOTSUPP;
	ret = SYS(ioctl, req->sysfd, request, &count);
	return ret ? ret : count;
}

static long get_option(struct request *req)
{
	const struct command *c = request_data(req, const struct command);
	int size = (int)c->size;
	long ret;

	if (c->level != SOL_SOCKET)
		return -EOPNOTSUPP;
	ret = SYS(getsockopt, req->sysfd, c->level, c->name, c->value, &size);
	return ret ? ret : size;
}

static long set_option(struct request *req)
{
	const struct command *c = request_data(req, const struct command);

	return SYS(setsockopt, req->sysfd, c->level, c->name, c->value, c->size);
}

static long get_name(struct request *req)
{
	const struct command *c = request_data(req, const struct command);

	if (c->size > 1)
		return -EINVAL;
	if (c->size)
		return SYS(getpeername, req->sysfd, c->start, c->value);
	return SYS(getsockname, req->sysfd, c->start, c->value);
}

/* ---- Transmit timestamps --------------------------------------------------------------------- */

/* What the error queue says of one packet. */
struct stamp {
	const struct scm_timestamping *times;
	const struct sock_extended_err *error;
};

static struct stamp find_stamp(struct msghdr *head)
{
	struct stamp found = { 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c; c = CMSG_NXTHDR(head, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING)
			found.times = (const void *)CMSG_DATA(c);
		if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR))
			found.error = (const void *)CMSG_DATA(c);
	}
	if (found.error && found.error->ee_origin != SO_EE_ORIGIN_TIMESTAMPING)
		found.error = NULL;
	return found;
}

/* The CQE's flags and second half; its result is the packet's number. */
static uint32_t lay_out(struct request *req, const struct stamp *s)
{
	bool hardware = s->times->ts[2].tv_sec || s->times->ts[2].tv_nsec;
	const struct timespec *ts = &s->times->ts[hardware ? 2 : 0];

	req->extra[0] = (uint64_t)ts->tv_sec;
	req->extra[1] = (uint64_t)ts->tv_nsec;
	return s->error->ee_info << IORING_TIMESTAMP_TYPE_SHIFT |
	       (hardware ? IORING_CQE_F_TSTAMP_HW : 0) |
	       (req->ring->setup_flags & IORING_SETUP_CQE_MIXED ? IORING_CQE_F_32 : 0);
}

/*
 * Takes the timestamps off the error queue. The kernel leaves there what is none; to look into it,
 * a system call has to take it.
 */
static enum issue_result timestamps(struct request *req)
{
	_Alignas(struct cmsghdr) char control[512];

	req->flags |= REQ_CQE32 | REQ_MULTISHOT;
	req->poll_events = EPOLLERR;
	for (unsigned i = 0; i < SHOTS_MAX; i++) {
		struct msghdr head = { .msg_control = control, .msg_controllen = sizeof(control) };
		long ret = SYS(recvmsg, req->sysfd, &head, MSG_ERRQUEUE | MSG_DONTWAIT);
		struct stamp stamp;
		uint32_t flags;

		if (ret < 0) {
			if (ret == -EAGAIN && req->file)
				reactor_drained(req->file, 0);
			req->flags &= ~(uint32_t)REQ_CQE32;
			req->res = (int32_t)ret;
			return ret == -EAGAIN ? ISSUE_AGAIN : ISSUE_DONE;
		}
		stamp = find_stamp(&head);
		if (!stamp.times || !stamp.error)
			continue;
		flags = lay_out(req, &stamp);
		if (!request_post_more(req, (int)stamp.error->ee_data, flags)) {
			req->res = (int32_t)stamp.error->ee_data;
			req->cqe_flags = flags;
			return ISSUE_DONE;
		}
	}
	return ISSUE_AGAIN;
}

/* ---- All ------------------------------------------------------------------------------------- */

static long simple_command(struct request *req, int domain)
{
	const struct command *c = request_data(req, const struct command);

	switch (c->op) {
	case SOCKET_URING_OP_SIOCINQ:
		return queued(req, domain, SIOCINQ);
	case SOCKET_URING_OP_SIOCOUTQ:
		return queued(req, domain, SIOCOUTQ);
	case SOCKET_URING_OP_GETSOCKOPT:
		return get_option(req);
	case SOCKET_URING_OP_SETSOCKOPT:
		return set_option(req);
	case SOCKET_URING_OP_TX_TIMESTAMP:
		return -EINVAL;
	case SOCKET_URING_OP_GETSOCKNAME:
		return get_name(req);
	default:
		return -EOPNOTSUPP;
	}
}

enum issue_result socket_command(struct request *req, int domain)
{
	const struct command *c = request_data(req, const struct command);

	/* A short CQE has no room for a time. */
	if (c->op == SOCKET_URING_OP_TX_TIMESTAMP &&
	    req->ring->setup_flags & (IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED))
		return timestamps(req);
	req->res = (int32_t)simple_command(req, domain);
	return ISSUE_DONE;
}
