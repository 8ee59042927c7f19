/* SPDX-License-Identifier: MIT */
/* Preps for sockets, as prep_file.h says of its own. Included by <liburing.h>. */
#ifndef LIBURING_PREP_NET_H
#define LIBURING_PREP_NET_H

#ifndef LIB_URING_H
#error "include <liburing.h> instead"
#endif

/* ---- Making and joining sockets -------------------------------------------------------------- */

/* `flags`: none exist. [5.19] */
IOURINGINLINE void io_uring_prep_socket(struct io_uring_sqe *sqe, int domain, int type,
					int protocol, unsigned int flags)
{
	io_uring_prep_rw(IORING_OP_SOCKET, sqe, domain, NULL, (unsigned)protocol, (__u64)type);
	sqe->rw_flags = (__kernel_rwf_t)flags;
}

/* Into a slot of the registered files; IORING_FILE_INDEX_ALLOC: any free one, named in res. */
IOURINGINLINE void io_uring_prep_socket_direct(struct io_uring_sqe *sqe, int domain, int type,
					       int protocol, unsigned file_index,
					       unsigned int flags)
{
	io_uring_prep_socket(sqe, domain, type, protocol, flags);
	__io_uring_set_target_slot(sqe, file_index);
}

IOURINGINLINE void io_uring_prep_socket_direct_alloc(struct io_uring_sqe *sqe, int domain, int type,
						     int protocol, unsigned int flags)
{
	io_uring_prep_socket_direct(sqe, domain, type, protocol, IORING_FILE_INDEX_ALLOC, flags);
}

/* [6.11] */
IOURINGINLINE void io_uring_prep_bind(struct io_uring_sqe *sqe, int fd, const struct sockaddr *addr,
				      socklen_t addrlen)
{
	io_uring_prep_rw(IORING_OP_BIND, sqe, fd, addr, 0, addrlen);
}

/* [6.11] */
IOURINGINLINE void io_uring_prep_listen(struct io_uring_sqe *sqe, int fd, int backlog)
{
	io_uring_prep_rw(IORING_OP_LISTEN, sqe, fd, NULL, (unsigned)backlog, 0);
}

IOURINGINLINE void io_uring_prep_connect(struct io_uring_sqe *sqe, int fd,
					 const struct sockaddr *addr, socklen_t addrlen)
{
	io_uring_prep_rw(IORING_OP_CONNECT, sqe, fd, addr, 0, addrlen);
}

/* `addr` and `addrlen` are written at completion. sqe->ioprio takes IORING_ACCEPT_*. */
IOURINGINLINE void io_uring_prep_accept(struct io_uring_sqe *sqe, int fd, struct sockaddr *addr,
					socklen_t *addrlen, int flags)
{
	io_uring_prep_rw(IORING_OP_ACCEPT, sqe, fd, addr, 0, uring_ptr_to_u64(addrlen));
	sqe->accept_flags = (__u32)flags;
}

/* Into a slot of the registered files; IORING_FILE_INDEX_ALLOC: any free one, named in res. */
IOURINGINLINE void io_uring_prep_accept_direct(struct io_uring_sqe *sqe, int fd,
					       struct sockaddr *addr, socklen_t *addrlen, int flags,
					       unsigned int file_index)
{
	io_uring_prep_accept(sqe, fd, addr, addrlen, flags);
	__io_uring_set_target_slot(sqe, file_index);
}

/* Completes for each connection until a CQE without IORING_CQE_F_MORE. [5.19] */
IOURINGINLINE void io_uring_prep_multishot_accept(struct io_uring_sqe *sqe, int fd,
						  struct sockaddr *addr, socklen_t *addrlen,
						  int flags)
{
	io_uring_prep_accept(sqe, fd, addr, addrlen, flags);
	sqe->ioprio |= IORING_ACCEPT_MULTISHOT;
}

IOURINGINLINE void io_uring_prep_multishot_accept_direct(struct io_uring_sqe *sqe, int fd,
							 struct sockaddr *addr, socklen_t *addrlen,
							 int flags)
{
	io_uring_prep_multishot_accept(sqe, fd, addr, addrlen, flags);
	__io_uring_set_target_slot(sqe, IORING_FILE_INDEX_ALLOC);
}

IOURINGINLINE void io_uring_prep_shutdown(struct io_uring_sqe *sqe, int fd, int how)
{
	io_uring_prep_rw(IORING_OP_SHUTDOWN, sqe, fd, NULL, (unsigned)how, 0);
}

/* ---- Receiving: sqe->ioprio takes IORING_RECVSEND_*, before a _multishot prep or after ------- */

IOURINGINLINE void io_uring_prep_recv(struct io_uring_sqe *sqe, int sockfd, void *buf, size_t len,
				      int flags)
{
	io_uring_prep_rw(IORING_OP_RECV, sqe, sockfd, buf, (__u32)len, 0);
	sqe->msg_flags = (__u32)flags;
}

/* Completes for each arrival until a CQE without IORING_CQE_F_MORE; needs IOSQE_BUFFER_SELECT. */
IOURINGINLINE void io_uring_prep_recv_multishot(struct io_uring_sqe *sqe, int sockfd, void *buf,
						size_t len, int flags)
{
	io_uring_prep_recv(sqe, sockfd, buf, len, flags);
	sqe->ioprio |= IORING_RECV_MULTISHOT;
}

IOURINGINLINE void io_uring_prep_recvmsg(struct io_uring_sqe *sqe, int fd, struct msghdr *msg,
					 unsigned flags)
{
	io_uring_prep_rw(IORING_OP_RECVMSG, sqe, fd, msg, 1, 0);
	sqe->msg_flags = flags;
}

/*
 * The same for each message. A buffer then holds a header, name, control data and payload, which
 * the io_uring_recvmsg_*() functions below take apart. [6.0]
 */
IOURINGINLINE void io_uring_prep_recvmsg_multishot(struct io_uring_sqe *sqe, int fd,
						   struct msghdr *msg, unsigned flags)
{
	io_uring_prep_recvmsg(sqe, fd, msg, flags);
	sqe->ioprio |= IORING_RECV_MULTISHOT;
}

/* ---- Sending --------------------------------------------------------------------------------- */

IOURINGINLINE void io_uring_prep_send(struct io_uring_sqe *sqe, int sockfd, const void *buf,
				      size_t len, int flags)
{
	io_uring_prep_rw(IORING_OP_SEND, sqe, sockfd, buf, (__u32)len, 0);
	sqe->msg_flags = (__u32)flags;
}

/* Sends as many buffers of the group as there are, up to `len` bytes (0: all). [6.10] */
IOURINGINLINE void io_uring_prep_send_bundle(struct io_uring_sqe *sqe, int sockfd, size_t len,
					     int flags)
{
	io_uring_prep_send(sqe, sockfd, NULL, len, flags);
	sqe->ioprio |= IORING_RECVSEND_BUNDLE;
}

/* Gives a send, prepared before, a destination. */
IOURINGINLINE void io_uring_prep_send_set_addr(struct io_uring_sqe *sqe,
					       const struct sockaddr *dest_addr, __u16 addr_len)
{
	sqe->addr2 = uring_ptr_to_u64(dest_addr);
	sqe->addr_len = addr_len;
}

IOURINGINLINE void io_uring_prep_sendto(struct io_uring_sqe *sqe, int sockfd, const void *buf,
					size_t len, int flags, const struct sockaddr *addr,
					socklen_t addrlen)
{
	io_uring_prep_send(sqe, sockfd, buf, len, flags);
	io_uring_prep_send_set_addr(sqe, addr, (__u16)addrlen);
}

IOURINGINLINE void io_uring_prep_sendmsg(struct io_uring_sqe *sqe, int fd, const struct msghdr *msg,
					 unsigned flags)
{
	io_uring_prep_rw(IORING_OP_SENDMSG, sqe, fd, msg, 1, 0);
	sqe->msg_flags = flags;
}

/*
 * The zero-copy forms [6.0] post two CQEs: the result, with IORING_CQE_F_MORE, and with
 * IORING_CQE_F_NOTIF that the buffer may be used again. `zc_flags`: IORING_SEND_ZC_*,
 * IORING_RECVSEND_*.
 */
IOURINGINLINE void io_uring_prep_send_zc(struct io_uring_sqe *sqe, int sockfd, const void *buf,
					 size_t len, int flags, unsigned zc_flags)
{
	io_uring_prep_rw(IORING_OP_SEND_ZC, sqe, sockfd, buf, (__u32)len, 0);
	sqe->msg_flags = (__u32)flags;
	sqe->ioprio = (__u16)zc_flags;
}

/* `buf` lies within the registered buffer `buf_index`. */
IOURINGINLINE void io_uring_prep_send_zc_fixed(struct io_uring_sqe *sqe, int sockfd,
					       const void *buf, size_t len, int flags,
					       unsigned zc_flags, unsigned buf_index)
{
	io_uring_prep_send_zc(sqe, sockfd, buf, len, flags, zc_flags);
	sqe->ioprio |= IORING_RECVSEND_FIXED_BUF;
	sqe->buf_index = (__u16)buf_index;
}

/* [6.1] */
IOURINGINLINE void io_uring_prep_sendmsg_zc(struct io_uring_sqe *sqe, int fd,
					    const struct msghdr *msg, unsigned flags)
{
	io_uring_prep_sendmsg(sqe, fd, msg, flags);
	sqe->opcode = IORING_OP_SENDMSG_ZC;
}

/* All of the message's data lies within the registered buffer `buf_index`. [6.15] */
IOURINGINLINE void io_uring_prep_sendmsg_zc_fixed(struct io_uring_sqe *sqe, int fd,
						  const struct msghdr *msg, unsigned flags,
						  unsigned buf_index)
{
	io_uring_prep_sendmsg_zc(sqe, fd, msg, flags);
	sqe->ioprio |= IORING_RECVSEND_FIXED_BUF;
	sqe->buf_index = (__u16)buf_index;
}

/* ---- What io_uring_prep_recvmsg_multishot() leaves in a buffer -------------------------------- *
 * A struct io_uring_recvmsg_out, then as much room for the name and the control data as `msgh`, the
 * message header of the request, has, then the payload. */

/* What is left of `buf_len` bytes behind header, name and control data; -1: they do not fit. */
IOURINGINLINE long long __io_uring_recvmsg_left(int buf_len, const struct msghdr *msgh)
{
	size_t left = (size_t)buf_len;

	if (buf_len < 0 || left < sizeof(struct io_uring_recvmsg_out))
		return -1;
	left -= sizeof(struct io_uring_recvmsg_out);
	if (left < msgh->msg_namelen || left - msgh->msg_namelen < msgh->msg_controllen)
		return -1;
	return (long long)(left - msgh->msg_namelen - msgh->msg_controllen);
}

/* The header, or NULL if the `buf_len` bytes (from cqe->res) cannot be such a message. */
IOURINGINLINE struct io_uring_recvmsg_out *io_uring_recvmsg_validate(void *buf, int buf_len,
								     struct msghdr *msgh)
{
	if (__io_uring_recvmsg_left(buf_len, msgh) < 0)
		return NULL;
	return (struct io_uring_recvmsg_out *)buf;
}

/* The sender's address; o->namelen says how long it was, perhaps longer than its room. */
IOURINGINLINE void *io_uring_recvmsg_name(struct io_uring_recvmsg_out *o)
{
	return (void *)(o + 1);
}

/* The first control message, or NULL. */
IOURINGINLINE struct cmsghdr *io_uring_recvmsg_cmsg_firsthdr(struct io_uring_recvmsg_out *o,
							     struct msghdr *msgh)
{
	if (o->controllen < sizeof(struct cmsghdr))
		return NULL;
	return (struct cmsghdr *)((unsigned char *)io_uring_recvmsg_name(o) + msgh->msg_namelen);
}

/* The one after `cmsg`, or NULL. */
IOURINGINLINE struct cmsghdr *io_uring_recvmsg_cmsg_nexthdr(struct io_uring_recvmsg_out *o,
							    struct msghdr *msgh,
							    struct cmsghdr *cmsg)
{
	unsigned char *start, *end, *next;

	start = (unsigned char *)io_uring_recvmsg_name(o) + msgh->msg_namelen;
	end = start + o->controllen;
	if (cmsg->cmsg_len < sizeof(struct cmsghdr) ||
	    cmsg->cmsg_len > (size_t)(end - (unsigned char *)cmsg))
		return NULL;
	next = (unsigned char *)cmsg + CMSG_ALIGN(cmsg->cmsg_len);
	if (next > end || (size_t)(end - next) < sizeof(struct cmsghdr))
		return NULL;
	cmsg = (struct cmsghdr *)next;
	/* As CMSG_NXTHDR(3) does: its padding must be there, too. A length near the largest would
	 * wrap when padded. */
	if (cmsg->cmsg_len > (size_t)(end - next) ||
	    CMSG_ALIGN(cmsg->cmsg_len) > (size_t)(end - next))
		return NULL;
	return cmsg;
}

IOURINGINLINE void *io_uring_recvmsg_payload(struct io_uring_recvmsg_out *o, struct msghdr *msgh)
{
	return (void *)((unsigned char *)io_uring_recvmsg_name(o) + msgh->msg_namelen +
			msgh->msg_controllen);
}

/* How much of the `buf_len` bytes is payload; o->payloadlen may be more, if it did not fit. */
IOURINGINLINE unsigned int io_uring_recvmsg_payload_length(struct io_uring_recvmsg_out *o,
							   int buf_len, struct msghdr *msgh)
{
	long long left = __io_uring_recvmsg_left(buf_len, msgh);

	(void)o;
	return left < 0 ? 0 : (unsigned int)left;
}

#endif
