/* SPDX-License-Identifier: MIT */
/*
 * With -DANYRING_CHECKED, <liburing.h> includes this last, and mistakes whose outcome liburing
 * leaves to chance end the program instead, with the file and line of the call:
 *
 *  - an SQE prepared, or given data or flags by a function, after it was submitted (or never handed
 *    out), or NULL as from a full queue;
 *  - a CQ advanced past its tail;
 *  - a CQE seen that is not the oldest: seen twice, out of order, or a copy of it.
 *
 * Every check is made in the program's own code, so any build of the library will do. Build all
 * files with it that take SQEs from a ring: one taken by a file that is not checked looks
 * submitted. Not for production: each call searches a table. Costs nothing when off.
 */
#ifndef LIBURING_CHECKED_H
#define LIBURING_CHECKED_H

#ifndef LIB_URING_H
#error "build with -DANYRING_CHECKED and include <liburing.h> instead"
#endif

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Which ring an SQE belongs to -------------------------------------------------------------
 * A prep is given an SQE but no ring, so rings are remembered by the memory of their SQEs. Of more
 * rings than these the oldest are forgotten, and their SQEs go unchecked.
 */
#define ANYRING_CHECKED_RINGS 64

/*
 * What is known of a ring lies outside of its struct io_uring, which may move: an index in the
 * memory shared with the engine tells which SQEs are submitted.
 */
struct anyring_checked_ring {
	uintptr_t sqes, end;	   /* the memory of its SQEs; zeroes: an empty place */
	unsigned shift, mask;	   /* of its slots */
	const unsigned *submitted; /* the engine has the SQEs before it */
	unsigned handed_out;	   /* SQEs before it are handed out */
};

struct anyring_checked_rings {
	struct anyring_checked_ring rings[ANYRING_CHECKED_RINGS];
	unsigned next;
	int lock;
};

/* One for the whole program, whichever files are built with checks. */
__attribute__((weak)) struct anyring_checked_rings anyring_checked_rings;

IOURINGINLINE void anyring_checked_lock(void)
{
	/* Acquire: pairs with the release below, of whoever held it before. */
	while (__atomic_exchange_n(&anyring_checked_rings.lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

IOURINGINLINE void anyring_checked_unlock(void)
{
	/* Release: pairs with the acquire above, of whoever takes it next. */
	__atomic_store_n(&anyring_checked_rings.lock, 0, __ATOMIC_RELEASE);
}

__attribute__((noreturn, format(printf, 3, 4))) IOURINGINLINE void anyring_checked_fail(
	const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s:%d: ", file, line);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}

/* Also rings that went without a word, and whose memory is now this one's. */
IOURINGINLINE void anyring_checked_forget(const struct anyring_checked_ring *gone)
{
	struct anyring_checked_ring *known = anyring_checked_rings.rings;

	for (unsigned i = 0; i < ANYRING_CHECKED_RINGS; i++)
		if (known[i].sqes < gone->end && gone->sqes < known[i].end)
			memset(&known[i], 0, sizeof(known[i]));
}

IOURINGINLINE struct anyring_checked_ring anyring_checked_describe(const struct io_uring *ring)
{
	const struct io_uring_sq *sq = &ring->sq;
	struct anyring_checked_ring known;

	known.shift = io_uring_sqe_shift(ring);
	known.mask = sq->ring_mask;
	known.sqes = (uintptr_t)sq->sqes;
	known.end = (uintptr_t)(sq->sqes + ((size_t)sq->ring_entries << known.shift));
	/* What a failed submit has published is still ours, unless a thread polls for it. */
	known.submitted = ring->flags & IORING_SETUP_SQPOLL ? sq->ktail : sq->khead;
	known.handed_out = sq->sqe_tail;
	return known;
}

/* SQEs of this ring were handed out. One that is rewound moves no index, and goes unchecked. */
IOURINGINLINE void anyring_checked_remember(const struct io_uring *ring)
{
	struct anyring_checked_rings *all = &anyring_checked_rings;
	struct anyring_checked_ring known = anyring_checked_describe(ring);

	anyring_checked_lock();
	anyring_checked_forget(&known);
	if (!(ring->flags & IORING_SETUP_SQ_REWIND))
		all->rings[all->next++ % ANYRING_CHECKED_RINGS] = known;
	anyring_checked_unlock();
}

/* True if `sqe` lies in one of the slots that are handed out and not yet submitted. */
IOURINGINLINE bool anyring_checked_is_out(const struct anyring_checked_ring *known,
					  const struct io_uring_sqe *sqe)
{
	size_t slot = (((uintptr_t)sqe - known->sqes) / sizeof(*sqe)) >> known->shift;
	unsigned submitted = IO_URING_READ_ONCE(*known->submitted);

	return (((unsigned)slot - submitted) & known->mask) < known->handed_out - submitted;
}

/* ---- The checks ------------------------------------------------------------------------------ */

/* Handed out and not yet submitted; an SQE of no ring's (io_uring_register_sync_msg()) is fine. */
IOURINGINLINE struct io_uring_sqe *anyring_checked_own(struct io_uring_sqe *sqe, const char *file,
						       int line)
{
	const struct anyring_checked_ring *known = anyring_checked_rings.rings;
	bool out = true;

	if (!sqe)
		anyring_checked_fail(file, line, "SQE is NULL: the submission queue was full");
	anyring_checked_lock();
	for (unsigned i = 0; i < ANYRING_CHECKED_RINGS; i++)
		if ((uintptr_t)sqe >= known[i].sqes && (uintptr_t)sqe < known[i].end)
			out = anyring_checked_is_out(&known[i], sqe);
	anyring_checked_unlock();
	if (!out)
		anyring_checked_fail(file, line, "SQE %p is used after it was submitted",
				     (void *)sqe);
	return sqe;
}

/* `nr` CQEs are there to be reaped. */
IOURINGINLINE void anyring_checked_ready(const struct io_uring *ring, unsigned nr, const char *file,
					 int line)
{
	unsigned ready = io_uring_cq_ready(ring);

	if (nr > ready)
		anyring_checked_fail(file, line, "CQ advanced by %u past its tail: %u are there",
				     nr, ready);
}

IOURINGINLINE void anyring_checked_oldest(const struct io_uring *ring,
					  const struct io_uring_cqe *cqe, const char *file,
					  int line)
{
	unsigned head = *ring->cq.khead;

	if (!io_uring_cq_ready(ring))
		anyring_checked_fail(file, line, "CQE %p is seen twice: the CQ is empty",
				     (const void *)cqe);
	if (cqe != &ring->cq.cqes[io_uring_cqe_index(ring, head, ring->cq.ring_mask)])
		anyring_checked_fail(file, line,
				     "CQE %p is not the oldest: it is seen twice, or out of order",
				     (const void *)cqe);
}

/* ---- The functions that take a ring ---------------------------------------------------------- */

IOURINGINLINE struct io_uring_sqe *anyring_checked_get_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	anyring_checked_remember(ring);
	return sqe;
}

IOURINGINLINE struct io_uring_sqe *anyring_checked_get_sqe128(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe128(ring);

	anyring_checked_remember(ring);
	return sqe;
}

IOURINGINLINE void anyring_checked_queue_exit(struct io_uring *ring)
{
	struct anyring_checked_ring known = anyring_checked_describe(ring);

	anyring_checked_lock();
	anyring_checked_forget(&known);
	anyring_checked_unlock();
	io_uring_queue_exit(ring);
}

IOURINGINLINE void anyring_checked_cq_advance(const char *file, int line, struct io_uring *ring,
					      unsigned nr)
{
	anyring_checked_ready(ring, nr, file, line);
	io_uring_cq_advance(ring, nr);
}

IOURINGINLINE void anyring_checked_cqe_seen(const char *file, int line, struct io_uring *ring,
					    struct io_uring_cqe *cqe)
{
	if (cqe)
		anyring_checked_oldest(ring, cqe, file, line);
	io_uring_cqe_seen(ring, cqe);
}

IOURINGINLINE void anyring_checked_both_advance(const char *file, int line, struct io_uring *ring,
						struct io_uring_buf_ring *br, int cq_count,
						int buf_count)
{
	anyring_checked_ready(ring, (unsigned)cq_count, file, line);
	__io_uring_buf_ring_cq_advance(ring, br, cq_count, buf_count);
}

IOURINGINLINE void anyring_checked_buf_ring_cq_advance(const char *file, int line,
						       struct io_uring *ring,
						       struct io_uring_buf_ring *br, int count)
{
	anyring_checked_both_advance(file, line, ring, br, count, count);
}

/* ---- The calls they are made in -----------------------------------------------------------------
 * A macro's own name is not expanded again. Each evaluates its arguments once, takes whatever the
 * function takes (initialisers with commas, too), and leaves the function's address alone. A member
 * of a class that has such a name is the one thing that is not told apart.
 */

#define ANYRING_OWN_SQE(...) anyring_checked_own((__VA_ARGS__), __FILE__, __LINE__)

#define io_uring_get_sqe(...)	 anyring_checked_get_sqe(__VA_ARGS__)
#define io_uring_get_sqe128(...) anyring_checked_get_sqe128(__VA_ARGS__)
#define io_uring_queue_exit(...) anyring_checked_queue_exit(__VA_ARGS__)
#define io_uring_cq_advance(...) anyring_checked_cq_advance(__FILE__, __LINE__, __VA_ARGS__)
#define io_uring_cqe_seen(...)	 anyring_checked_cqe_seen(__FILE__, __LINE__, __VA_ARGS__)
#define io_uring_buf_ring_cq_advance(...) \
	anyring_checked_buf_ring_cq_advance(__FILE__, __LINE__, __VA_ARGS__)
#define __io_uring_buf_ring_cq_advance(...) \
	anyring_checked_both_advance(__FILE__, __LINE__, __VA_ARGS__)

#define io_uring_sqe_set_data(sqe, ...)	  io_uring_sqe_set_data(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_sqe_set_data64(sqe, ...) io_uring_sqe_set_data64(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_sqe_set_flags(sqe, ...)  io_uring_sqe_set_flags(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_sqe_set_buf_group(sqe, ...) \
	io_uring_sqe_set_buf_group(ANYRING_OWN_SQE(sqe), __VA_ARGS__)

#define io_uring_prep_rw(op, sqe, ...) io_uring_prep_rw(op, ANYRING_OWN_SQE(sqe), __VA_ARGS__)

/* prep_file.h */
#define io_uring_prep_read(sqe, ...)  io_uring_prep_read(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_write(sqe, ...) io_uring_prep_write(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_read_fixed(sqe, ...) \
	io_uring_prep_read_fixed(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_write_fixed(sqe, ...) \
	io_uring_prep_write_fixed(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_readv(sqe, ...)	io_uring_prep_readv(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_writev(sqe, ...)	io_uring_prep_writev(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_readv2(sqe, ...)	io_uring_prep_readv2(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_writev2(sqe, ...) io_uring_prep_writev2(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_readv_fixed(sqe, ...) \
	io_uring_prep_readv_fixed(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_writev_fixed(sqe, ...) \
	io_uring_prep_writev_fixed(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_read_multishot(sqe, ...) \
	io_uring_prep_read_multishot(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_splice(sqe, ...) io_uring_prep_splice(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_tee(sqe, ...)    io_uring_prep_tee(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_fsync(sqe, ...)  io_uring_prep_fsync(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_sync_file_range(sqe, ...) \
	io_uring_prep_sync_file_range(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_fallocate(sqe, ...) io_uring_prep_fallocate(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_ftruncate(sqe, ...) io_uring_prep_ftruncate(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_fadvise(sqe, ...)	  io_uring_prep_fadvise(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_fadvise64(sqe, ...) io_uring_prep_fadvise64(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_madvise(sqe, ...)	  io_uring_prep_madvise(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_madvise64(sqe, ...) io_uring_prep_madvise64(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_close(sqe, ...)	  io_uring_prep_close(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_close_direct(sqe, ...) \
	io_uring_prep_close_direct(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_fixed_fd_install(sqe, ...) \
	io_uring_prep_fixed_fd_install(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_files_update(sqe, ...) \
	io_uring_prep_files_update(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_pipe(sqe, ...) io_uring_prep_pipe(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_pipe_direct(sqe, ...) \
	io_uring_prep_pipe_direct(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_openat(sqe, ...) io_uring_prep_openat(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_open(sqe, ...)   io_uring_prep_open(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_openat_direct(sqe, ...) \
	io_uring_prep_openat_direct(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_open_direct(sqe, ...) \
	io_uring_prep_open_direct(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_openat2(sqe, ...) io_uring_prep_openat2(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_openat2_direct(sqe, ...) \
	io_uring_prep_openat2_direct(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_statx(sqe, ...)	  io_uring_prep_statx(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_unlinkat(sqe, ...)  io_uring_prep_unlinkat(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_unlink(sqe, ...)	  io_uring_prep_unlink(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_renameat(sqe, ...)  io_uring_prep_renameat(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_rename(sqe, ...)	  io_uring_prep_rename(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_mkdirat(sqe, ...)	  io_uring_prep_mkdirat(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_mkdir(sqe, ...)	  io_uring_prep_mkdir(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_symlinkat(sqe, ...) io_uring_prep_symlinkat(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_symlink(sqe, ...)	  io_uring_prep_symlink(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_linkat(sqe, ...)	  io_uring_prep_linkat(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_link(sqe, ...)	  io_uring_prep_link(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_fgetxattr(sqe, ...) io_uring_prep_fgetxattr(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_getxattr(sqe, ...)  io_uring_prep_getxattr(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_fsetxattr(sqe, ...) io_uring_prep_fsetxattr(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_setxattr(sqe, ...)  io_uring_prep_setxattr(ANYRING_OWN_SQE(sqe), __VA_ARGS__)

/* prep_net.h */
#define io_uring_prep_socket(sqe, ...) io_uring_prep_socket(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_socket_direct(sqe, ...) \
	io_uring_prep_socket_direct(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_socket_direct_alloc(sqe, ...) \
	io_uring_prep_socket_direct_alloc(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_bind(sqe, ...)	io_uring_prep_bind(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_listen(sqe, ...)	io_uring_prep_listen(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_connect(sqe, ...) io_uring_prep_connect(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_accept(sqe, ...)	io_uring_prep_accept(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_accept_direct(sqe, ...) \
	io_uring_prep_accept_direct(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_multishot_accept(sqe, ...) \
	io_uring_prep_multishot_accept(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_multishot_accept_direct(sqe, ...) \
	io_uring_prep_multishot_accept_direct(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_shutdown(sqe, ...) io_uring_prep_shutdown(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_recv(sqe, ...)	 io_uring_prep_recv(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_recv_multishot(sqe, ...) \
	io_uring_prep_recv_multishot(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_recvmsg(sqe, ...) io_uring_prep_recvmsg(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_recvmsg_multishot(sqe, ...) \
	io_uring_prep_recvmsg_multishot(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_send(sqe, ...) io_uring_prep_send(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_send_bundle(sqe, ...) \
	io_uring_prep_send_bundle(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_send_set_addr(sqe, ...) \
	io_uring_prep_send_set_addr(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_sendto(sqe, ...)	io_uring_prep_sendto(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_sendmsg(sqe, ...) io_uring_prep_sendmsg(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_send_zc(sqe, ...) io_uring_prep_send_zc(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_send_zc_fixed(sqe, ...) \
	io_uring_prep_send_zc_fixed(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_sendmsg_zc(sqe, ...) \
	io_uring_prep_sendmsg_zc(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_sendmsg_zc_fixed(sqe, ...) \
	io_uring_prep_sendmsg_zc_fixed(ANYRING_OWN_SQE(sqe), __VA_ARGS__)

/* prep_control.h */
#define io_uring_prep_nop(...)		io_uring_prep_nop(ANYRING_OWN_SQE(__VA_ARGS__))
#define io_uring_prep_nop128(...)	io_uring_prep_nop128(ANYRING_OWN_SQE(__VA_ARGS__))
#define io_uring_prep_timeout(sqe, ...) io_uring_prep_timeout(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_timeout_remove(sqe, ...) \
	io_uring_prep_timeout_remove(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_timeout_update(sqe, ...) \
	io_uring_prep_timeout_update(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_link_timeout(sqe, ...) \
	io_uring_prep_link_timeout(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_cancel64(sqe, ...)  io_uring_prep_cancel64(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_cancel(sqe, ...)	  io_uring_prep_cancel(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_cancel_fd(sqe, ...) io_uring_prep_cancel_fd(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_poll_add(sqe, ...)  io_uring_prep_poll_add(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_poll_multishot(sqe, ...) \
	io_uring_prep_poll_multishot(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_poll_remove(sqe, ...) \
	io_uring_prep_poll_remove(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_poll_update(sqe, ...) \
	io_uring_prep_poll_update(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_epoll_ctl(sqe, ...) io_uring_prep_epoll_ctl(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_epoll_wait(sqe, ...) \
	io_uring_prep_epoll_wait(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_provide_buffers(sqe, ...) \
	io_uring_prep_provide_buffers(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_remove_buffers(sqe, ...) \
	io_uring_prep_remove_buffers(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_msg_ring(sqe, ...) io_uring_prep_msg_ring(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_msg_ring_cqe_flags(sqe, ...) \
	io_uring_prep_msg_ring_cqe_flags(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_msg_ring_fd(sqe, ...) \
	io_uring_prep_msg_ring_fd(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_msg_ring_fd_alloc(sqe, ...) \
	io_uring_prep_msg_ring_fd_alloc(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_waitid(sqe, ...) io_uring_prep_waitid(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_futex_wake(sqe, ...) \
	io_uring_prep_futex_wake(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_futex_wait(sqe, ...) \
	io_uring_prep_futex_wait(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_futex_waitv(sqe, ...) \
	io_uring_prep_futex_waitv(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_uring_cmd(sqe, ...) io_uring_prep_uring_cmd(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_uring_cmd128(sqe, ...) \
	io_uring_prep_uring_cmd128(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_cmd_sock(sqe, ...) io_uring_prep_cmd_sock(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_cmd_getsockname(sqe, ...) \
	io_uring_prep_cmd_getsockname(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_cmd_discard(sqe, ...) \
	io_uring_prep_cmd_discard(ANYRING_OWN_SQE(sqe), __VA_ARGS__)
#define io_uring_prep_cmd_zone_reset_all(sqe, ...) \
	io_uring_prep_cmd_zone_reset_all(ANYRING_OWN_SQE(sqe), __VA_ARGS__)

#endif
