/* SPDX-License-Identifier: MIT */
/*
 * Preps that act on requests, rings, buffers, time and processes, and commands to files; as
 * prep_file.h says of its own. Included by <liburing.h>.
 */
#ifndef LIBURING_PREP_CONTROL_H
#define LIBURING_PREP_CONTROL_H

#ifndef LIB_URING_H
#error "include <liburing.h> instead"
#endif

struct epoll_event;
struct futex_waitv;

/* Does nothing but complete. sqe->nop_flags takes IORING_NOP_*. */
IOURINGINLINE void io_uring_prep_nop(struct io_uring_sqe *sqe)
{
	io_uring_prep_rw(IORING_OP_NOP, sqe, -1, NULL, 0, 0);
}

/*
 * The next free SQE of 128 bytes; NULL if the queue is full, or has none such: it takes
 * IORING_SETUP_SQE128 or, with entries of both sizes, IORING_SETUP_SQE_MIXED (since Linux 6.19).
 */
IOURINGINLINE struct io_uring_sqe *io_uring_get_sqe128(struct io_uring *ring)
{
	struct io_uring_sq *sq = &ring->sq;
	unsigned index = sq->sqe_tail & sq->ring_mask;
	struct io_uring_sqe *sqe;
	unsigned slots = 2;

	if (ring->flags & IORING_SETUP_SQE128)
		return _io_uring_get_sqe(ring);
	if (!(ring->flags & IORING_SETUP_SQE_MIXED))
		return NULL;
	/* Both halves must be neighbours: a nop without a completion fills the queue's last
	 * slot. */
	if (index == sq->ring_mask)
		slots = 3;
	if (sq->sqe_tail + slots - io_uring_load_sq_head(ring) > sq->ring_entries)
		return NULL;
	if (slots == 3) {
		sqe = _io_uring_get_sqe(ring);
		io_uring_prep_nop(sqe);
		sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	}
	sqe = _io_uring_get_sqe(ring);
	sq->sqe_tail++;
	return sqe;
}

/* For an SQE of 128 bytes, from io_uring_get_sqe128(), in a ring of mixed sizes. [6.19] */
IOURINGINLINE void io_uring_prep_nop128(struct io_uring_sqe *sqe)
{
	io_uring_prep_rw(IORING_OP_NOP128, sqe, -1, NULL, 0, 0);
}

/* ---- Time ------------------------------------------------------------------------------------ */

/* -ETIME after `ts`, 0 after `count` completions (0: none ends it); flags IORING_TIMEOUT_*. */
IOURINGINLINE void io_uring_prep_timeout(struct io_uring_sqe *sqe,
					 const struct __kernel_timespec *ts, unsigned count,
					 unsigned flags)
{
	io_uring_prep_rw(IORING_OP_TIMEOUT, sqe, -1, ts, 1, count);
	sqe->timeout_flags = flags;
}

/* Ends the timeout `user_data` with -ECANCELED. -ENOENT: there is none. */
IOURINGINLINE void io_uring_prep_timeout_remove(struct io_uring_sqe *sqe, __u64 user_data,
						unsigned flags)
{
	io_uring_prep_rw(IORING_OP_TIMEOUT_REMOVE, sqe, -1, NULL, 0, 0);
	sqe->addr = user_data;
	sqe->timeout_flags = flags;
}

/* Gives the timeout `user_data` a new time; with IORING_LINK_TIMEOUT_UPDATE, a link timeout. */
IOURINGINLINE void io_uring_prep_timeout_update(struct io_uring_sqe *sqe,
						const struct __kernel_timespec *ts, __u64 user_data,
						unsigned flags)
{
	io_uring_prep_rw(IORING_OP_TIMEOUT_REMOVE, sqe, -1, NULL, 0, uring_ptr_to_u64(ts));
	sqe->addr = user_data;
	sqe->timeout_flags = flags | IORING_TIMEOUT_UPDATE;
}

/* Bounds the request it is linked behind. */
IOURINGINLINE void io_uring_prep_link_timeout(struct io_uring_sqe *sqe,
					      const struct __kernel_timespec *ts, unsigned flags)
{
	io_uring_prep_rw(IORING_OP_LINK_TIMEOUT, sqe, -1, ts, 1, 0);
	sqe->timeout_flags = flags;
}

/* ---- Cancelling: flags IORING_ASYNC_CANCEL_*; res is 0 or, with _ALL or _ANY, how many ------- */

/* -ENOENT: no such request; -EALREADY: it runs and cannot be stopped, but may end early. */
IOURINGINLINE void io_uring_prep_cancel64(struct io_uring_sqe *sqe, __u64 user_data, int flags)
{
	io_uring_prep_rw(IORING_OP_ASYNC_CANCEL, sqe, -1, NULL, 0, 0);
	sqe->addr = user_data;
	sqe->cancel_flags = (__u32)flags;
}

IOURINGINLINE void io_uring_prep_cancel(struct io_uring_sqe *sqe, const void *user_data, int flags)
{
	io_uring_prep_cancel64(sqe, uring_ptr_to_u64(user_data), flags);
}

/* By file: the descriptor, or with IORING_ASYNC_CANCEL_FD_FIXED the slot. [5.19] */
IOURINGINLINE void io_uring_prep_cancel_fd(struct io_uring_sqe *sqe, int fd, unsigned int flags)
{
	io_uring_prep_rw(IORING_OP_ASYNC_CANCEL, sqe, fd, NULL, 0, 0);
	sqe->cancel_flags = flags | IORING_ASYNC_CANCEL_FD;
}

/* ---- Readiness ------------------------------------------------------------------------------- */

/* poll32_events is stored with its halves swapped on big-endian machines. */
IOURINGINLINE unsigned __io_uring_prep_poll_mask(unsigned poll_mask)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	poll_mask = __swahw32(poll_mask);
#endif
	return poll_mask;
}

/* res is the mask of what is ready. */
IOURINGINLINE void io_uring_prep_poll_add(struct io_uring_sqe *sqe, int fd, unsigned poll_mask)
{
	io_uring_prep_rw(IORING_OP_POLL_ADD, sqe, fd, NULL, 0, 0);
	sqe->poll32_events = __io_uring_prep_poll_mask(poll_mask);
}

/* Completes at each event until a CQE without IORING_CQE_F_MORE. [5.13] */
IOURINGINLINE void io_uring_prep_poll_multishot(struct io_uring_sqe *sqe, int fd,
						unsigned poll_mask)
{
	io_uring_prep_poll_add(sqe, fd, poll_mask);
	sqe->len = IORING_POLL_ADD_MULTI;
}

/* Ends the poll `user_data` with -ECANCELED. -ENOENT: there is none. */
IOURINGINLINE void io_uring_prep_poll_remove(struct io_uring_sqe *sqe, __u64 user_data)
{
	io_uring_prep_rw(IORING_OP_POLL_REMOVE, sqe, -1, NULL, 0, 0);
	sqe->addr = user_data;
}

/* Changes what `flags` (IORING_POLL_UPDATE_*) says of the poll `old_user_data`. [5.13] */
IOURINGINLINE void io_uring_prep_poll_update(struct io_uring_sqe *sqe, __u64 old_user_data,
					     __u64 new_user_data, unsigned poll_mask,
					     unsigned flags)
{
	io_uring_prep_rw(IORING_OP_POLL_REMOVE, sqe, -1, NULL, flags, new_user_data);
	sqe->addr = old_user_data;
	sqe->poll32_events = __io_uring_prep_poll_mask(poll_mask);
}

IOURINGINLINE void io_uring_prep_epoll_ctl(struct io_uring_sqe *sqe, int epfd, int fd, int op,
					   const struct epoll_event *ev)
{
	io_uring_prep_rw(IORING_OP_EPOLL_CTL, sqe, epfd, ev, (__u32)op, (__u64)(__u32)fd);
}

/* res is how many `events` are filled. [6.15] */
IOURINGINLINE void io_uring_prep_epoll_wait(struct io_uring_sqe *sqe, int fd,
					    struct epoll_event *events, int maxevents,
					    unsigned flags)
{
	io_uring_prep_rw(IORING_OP_EPOLL_WAIT, sqe, fd, events, (__u32)maxevents, 0);
	sqe->rw_flags = (__kernel_rwf_t)flags;
}

/* ---- Provided buffers, the first kind; buffer rings cost less -------------------------------- */

/* `nr` buffers of `len` bytes each from `addr` on, as `bid` and up, for group `bgid`. */
IOURINGINLINE void io_uring_prep_provide_buffers(struct io_uring_sqe *sqe, void *addr, int len,
						 int nr, int bgid, int bid)
{
	io_uring_prep_rw(IORING_OP_PROVIDE_BUFFERS, sqe, nr, addr, (__u32)len, (__u64)bid);
	sqe->buf_group = (__u16)bgid;
}

/* res is how many were removed. */
IOURINGINLINE void io_uring_prep_remove_buffers(struct io_uring_sqe *sqe, int nr, int bgid)
{
	io_uring_prep_rw(IORING_OP_REMOVE_BUFFERS, sqe, nr, NULL, 0, 0);
	sqe->buf_group = (__u16)bgid;
}

/* ---- From ring to ring: `fd` is the other ring's descriptor ---------------------------------- */

/* A CQE there with res `len` and user_data `data`. flags IORING_MSG_RING_*. [5.18] */
IOURINGINLINE void io_uring_prep_msg_ring(struct io_uring_sqe *sqe, int fd, unsigned int len,
					  __u64 data, unsigned int flags)
{
	io_uring_prep_rw(IORING_OP_MSG_RING, sqe, fd, NULL, len, data);
	sqe->msg_ring_flags = flags;
}

/* The same with the CQE's flags. [6.3] */
IOURINGINLINE void io_uring_prep_msg_ring_cqe_flags(struct io_uring_sqe *sqe, int fd,
						    unsigned int len, __u64 data,
						    unsigned int flags, unsigned int cqe_flags)
{
	io_uring_prep_msg_ring(sqe, fd, len, data, flags | IORING_MSG_RING_FLAGS_PASS);
	sqe->file_index = cqe_flags;
}

/* Puts our registered file `source_fd` into their slot `target_fd`. [6.0] */
IOURINGINLINE void io_uring_prep_msg_ring_fd(struct io_uring_sqe *sqe, int fd, int source_fd,
					     int target_fd, __u64 data, unsigned int flags)
{
	io_uring_prep_rw(IORING_OP_MSG_RING, sqe, fd, NULL, 0, data);
	sqe->addr = IORING_MSG_SEND_FD;
	sqe->addr3 = (__u64)source_fd;
	__io_uring_set_target_slot(sqe, (unsigned)target_fd);
	sqe->msg_ring_flags = flags;
}

/* Into any free slot, named in res of both completions. */
IOURINGINLINE void io_uring_prep_msg_ring_fd_alloc(struct io_uring_sqe *sqe, int fd, int source_fd,
						   __u64 data, unsigned int flags)
{
	io_uring_prep_msg_ring_fd(sqe, fd, source_fd, (int)IORING_FILE_INDEX_ALLOC, data, flags);
}

/* ---- Processes and futexes: futex_flags are FUTEX2_*, flags must be 0 [6.7] ------------------ */

/* `infop` is written at completion. */
IOURINGINLINE void io_uring_prep_waitid(struct io_uring_sqe *sqe, idtype_t idtype, id_t id,
					siginfo_t *infop, int options, unsigned int flags)
{
	io_uring_prep_rw(IORING_OP_WAITID, sqe, (int)id, NULL, (unsigned)idtype, 0);
	sqe->waitid_flags = flags;
	sqe->file_index = (__u32)options;
	sqe->addr2 = uring_ptr_to_u64(infop);
}

/* Wakes up to `val` waiters whose mask shares a bit with `mask`; res is how many. */
IOURINGINLINE void io_uring_prep_futex_wake(struct io_uring_sqe *sqe, const uint32_t *futex,
					    uint64_t val, uint64_t mask, uint32_t futex_flags,
					    unsigned int flags)
{
	io_uring_prep_rw(IORING_OP_FUTEX_WAKE, sqe, (int)futex_flags, futex, 0, val);
	sqe->futex_flags = flags;
	sqe->addr3 = mask;
}

/* -EAGAIN if *futex is not `val`. */
IOURINGINLINE void io_uring_prep_futex_wait(struct io_uring_sqe *sqe, const uint32_t *futex,
					    uint64_t val, uint64_t mask, uint32_t futex_flags,
					    unsigned int flags)
{
	io_uring_prep_rw(IORING_OP_FUTEX_WAIT, sqe, (int)futex_flags, futex, 0, val);
	sqe->futex_flags = flags;
	sqe->addr3 = mask;
}

/* res is the index of the one woken. */
IOURINGINLINE void io_uring_prep_futex_waitv(struct io_uring_sqe *sqe,
					     const struct futex_waitv *futexv, uint32_t nr_futex,
					     unsigned int flags)
{
	io_uring_prep_rw(IORING_OP_FUTEX_WAITV, sqe, 0, futexv, nr_futex, 0);
	sqe->futex_flags = flags;
}

/* ---- Commands that a file understands: -EOPNOTSUPP if it has none [5.19] --------------------- */

IOURINGINLINE void __io_uring_prep_uring_cmd(struct io_uring_sqe *sqe, int op, __u32 cmd_op, int fd)
{
	io_uring_prep_rw(op, sqe, fd, NULL, 0, 0);
	sqe->cmd_op = cmd_op;
	sqe->__pad1 = 0;
}

/* What the command takes goes to sqe->cmd, sqe->addr and others, after this. */
IOURINGINLINE void io_uring_prep_uring_cmd(struct io_uring_sqe *sqe, int cmd_op, int fd)
{
	__io_uring_prep_uring_cmd(sqe, IORING_OP_URING_CMD, (__u32)cmd_op, fd);
}

/* For an SQE of 128 bytes, from io_uring_get_sqe128(), in a ring of mixed sizes. [6.19] */
IOURINGINLINE void io_uring_prep_uring_cmd128(struct io_uring_sqe *sqe, int cmd_op, int fd)
{
	__io_uring_prep_uring_cmd(sqe, IORING_OP_URING_CMD128, (__u32)cmd_op, fd);
}

/* SOCKET_URING_OP_*: what getsockopt(2), setsockopt(2) and ioctl(2) do, on direct descriptors,
 * too. */
IOURINGINLINE void io_uring_prep_cmd_sock(struct io_uring_sqe *sqe, int cmd_op, int fd, int level,
					  int optname, void *optval, int optlen)
{
	io_uring_prep_uring_cmd(sqe, cmd_op, fd);
	sqe->level = (__u32)level;
	sqe->optname = (__u32)optname;
	sqe->optval = uring_ptr_to_u64(optval);
	sqe->optlen = (__u32)optlen;
}

/* The socket's own address, or with `peer` 1 the other end's. -ENOTSUP: not a socket. [6.19] */
IOURINGINLINE void io_uring_prep_cmd_getsockname(struct io_uring_sqe *sqe, int fd,
						 struct sockaddr *sockaddr, socklen_t *sockaddr_len,
						 int peer)
{
	io_uring_prep_uring_cmd(sqe, SOCKET_URING_OP_GETSOCKNAME, fd);
	sqe->addr = uring_ptr_to_u64(sockaddr);
	sqe->addr3 = uring_ptr_to_u64(sockaddr_len);
	sqe->optlen = (__u32)peer;
}

/* BLKDISCARD on a block device, with reads and writes going on. [6.12] */
IOURINGINLINE void io_uring_prep_cmd_discard(struct io_uring_sqe *sqe, int fd, uint64_t offset,
					     uint64_t nbytes)
{
	io_uring_prep_uring_cmd(sqe, BLOCK_URING_CMD_DISCARD, fd);
	sqe->addr = offset;
	sqe->addr3 = nbytes;
}

/*
 * BLKRESETZONE of all zones of a zoned block device. No Linux up to 7.2 has the command: unless the
 * kernel's headers name its number, what is sent is one that no device knows, for -EINVAL.
 */
IOURINGINLINE void io_uring_prep_cmd_zone_reset_all(struct io_uring_sqe *sqe, int fd)
{
#ifdef BLOCK_URING_CMD_ZONE_RESET_ALL
	io_uring_prep_uring_cmd(sqe, BLOCK_URING_CMD_ZONE_RESET_ALL, fd);
#else
	io_uring_prep_uring_cmd(sqe, -1, fd);
#endif
}

#endif
