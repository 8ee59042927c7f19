/* SPDX-License-Identifier: MIT */
/* Submitting, and waiting for completions. */
#include <assert.h>
#include <limits.h>

#include "ring/ring.h"

/* The kernel's signal set, of which libc's sigset_t is a longer copy. */
#define KERNEL_SIGSET_SIZE (_NSIG / 8)

/* What one call to get_cqes() is to do. */
struct wait {
	unsigned submit;      /* SQEs published and not yet taken */
	unsigned wait_nr;     /* CQEs wanted */
	unsigned enter_flags; /* beside those that the ring itself demands */
	const void *arg;      /* enter's argument: a signal set, or io_uring_getevents_arg */
	size_t arg_size;
	bool has_timeout;
	bool has_min_wait; /* a wait that ends may have found fewer than wait_nr */
};

static unsigned ring_enter_flags(const struct io_uring *ring)
{
	return ring->int_flags & (RING_FD_REGISTERED | RING_NO_IOWAIT);
}

/*
 * With IORING_SETUP_SQ_REWIND the engine always starts at the first SQE and keeps no head: what it
 * did not take moves down to the front.
 */
static void rewind_sq(struct io_uring *ring, unsigned taken)
{
	struct io_uring_sq *sq = &ring->sq;
	unsigned shift = io_uring_sqe_shift(ring);

	assert(taken <= sq->sqe_tail);
	sq->sqe_tail -= taken;
	memmove(sq->sqes, sq->sqes + ((size_t)taken << shift),
		((size_t)sq->sqe_tail << shift) * sizeof(*sq->sqes));
}

static int ring_enter(struct io_uring *ring, unsigned submit, unsigned wait_nr, unsigned flags,
		      const void *arg, size_t arg_size)
{
	int ret = engine_enter(ring_engine(ring), (unsigned)ring->enter_ring_fd, submit, wait_nr,
			       flags, arg, arg_size);

	if (uring_unlikely(ring->flags & IORING_SETUP_SQ_REWIND) && ret > 0)
		rewind_sq(ring, (unsigned)ret);
	return ret;
}

/* Publishes the SQEs handed out so far. Returns how many the engine had yet to take. */
static inline unsigned publish_sqes(struct io_uring *ring)
{
	struct io_uring_sq *sq = &ring->sq;
	/* Before, as what the polling thread takes at once has been submitted, too. A count too
	 * high is harmless: the engine takes what is there. */
	unsigned tail = sq->sqe_tail, left = tail - IO_URING_READ_ONCE(*sq->khead);

	/* Nothing new: the tail may be further than this copy of the ring knows, as after a
	 * child or another holder of the ring has submitted. */
	if (sq->sqe_head == tail)
		return left;
	sq->sqe_head = tail;
	/* With SQPOLL the polling thread may look at any time: pairs with its acquire of the tail.
	 * Without, the enter that follows orders everything, and this costs nothing. */
	io_uring_smp_store_release(sq->ktail, tail);
	return left;
}

unsigned ring_flush_sq(struct io_uring *ring)
{
	if (uring_unlikely(ring->flags & IORING_SETUP_SQ_REWIND))
		return ring->sq.sqe_tail;
	return publish_sqes(ring);
}

/* True if submitting needs an enter; adds the flag that wakes a sleeping SQPOLL thread. */
static bool sq_needs_enter(const struct io_uring *ring, unsigned submit, unsigned *flags)
{
	if (!submit)
		return false;
	if (!(ring->flags & IORING_SETUP_SQPOLL))
		return true;
	/* The thread sets NEED_WAKEUP, then looks at the tail once more; we have stored the tail
	 * and now look at the flag. Only a full fence on both sides keeps both from missing the
	 * other. */
	io_uring_smp_mb();
	if (uring_unlikely(IO_URING_READ_ONCE(*ring->sq.kflags) & IORING_SQ_NEED_WAKEUP)) {
		*flags |= IORING_ENTER_SQ_WAKEUP;
		return true;
	}
	return false;
}

/*
 * Rings for which submitting is more than publishing and entering. Those of the user engine go the
 * same way, since a branch where these are told apart costs the others least.
 */
#define SUBMITS_OTHERWISE (IORING_SETUP_IOPOLL | IORING_SETUP_SQPOLL | IORING_SETUP_SQ_REWIND)

__attribute__((noinline)) static int submit_otherwise(struct io_uring *ring, unsigned wait_nr,
						      bool get_events)
{
	unsigned submit = ring_flush_sq(ring);
	unsigned flags = ring_enter_flags(ring);
	bool reap = get_events || wait_nr || __io_uring_cq_needs_enter(ring);

	if (!sq_needs_enter(ring, submit, &flags) && !reap)
		return (int)submit;
	if (reap)
		flags |= IORING_ENTER_GETEVENTS;
	return ring_enter(ring, submit, wait_nr, flags, NULL, 0);
}

/* What every round of every program goes through: bench/ring counts its instructions. */
static inline int submit_ring(struct io_uring *ring, unsigned wait_nr, bool get_events)
{
	unsigned submit, flags;

	if (uring_unlikely(ring->flags & SUBMITS_OTHERWISE || ring_engine(ring) != KERNEL_ENGINE))
		return submit_otherwise(ring, wait_nr, get_events);
	submit = publish_sqes(ring);
	flags = ring_enter_flags(ring);
	/* What __io_uring_cq_needs_enter() asks, of a ring that is not polled. */
	if (get_events || wait_nr ||
	    IO_URING_READ_ONCE(*ring->sq.kflags) & (IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN))
		flags |= IORING_ENTER_GETEVENTS;
	else if (!submit)
		return 0;
	return engine_enter(KERNEL_ENGINE, (unsigned)ring->enter_ring_fd, submit, wait_nr, flags,
			    NULL, 0);
}

API int io_uring_submit(struct io_uring *ring)
{
	return submit_ring(ring, 0, false);
}

API int io_uring_submit_and_wait(struct io_uring *ring, unsigned wait_nr)
{
	return submit_ring(ring, wait_nr, false);
}

API int io_uring_submit_and_get_events(struct io_uring *ring)
{
	return submit_ring(ring, 0, true);
}

API int io_uring_get_events(struct io_uring *ring)
{
	return ring_enter(ring, 0, 0, IORING_ENTER_GETEVENTS | ring_enter_flags(ring), NULL, 0);
}

/* True if what `w` asks for takes an enter, with `available` CQEs there; adds the flags it
 * takes. */
static bool must_enter(const struct io_uring *ring, const struct wait *w, unsigned available,
		       unsigned *flags)
{
	bool only_look = !w->wait_nr && !w->submit;
	bool reap = w->wait_nr > available ||
		    (only_look && !available && __io_uring_cq_needs_enter(ring));

	if (reap)
		*flags |= IORING_ENTER_GETEVENTS;
	return sq_needs_enter(ring, w->submit, flags) || reap;
}

/*
 * Submits what `w` says and waits until w->wait_nr CQEs are there; *cqe_ptr takes the oldest.
 * Answers the count submitted if any was, else the error, else 0. With a timeout it enters once;
 * without, until there is a CQE, since the first enter may have brought only hidden ones.
 */
static int get_cqes(struct io_uring *ring, struct io_uring_cqe **cqe_ptr, struct wait *w)
{
	unsigned available, flags;
	int ret, submitted = 0;

	for (bool first = true;; first = false) {
		flags = ring_enter_flags(ring) | w->enter_flags;
		ret = __io_uring_peek_cqe(ring, cqe_ptr, &available);
		if (ret)
			break;
		/* One who does not wait enters once, whatever task work comes up meanwhile. */
		if (!must_enter(ring, w, available, &flags) || (!first && !w->wait_nr)) {
			ret = available || w->submit || w->wait_nr ? 0 : -EAGAIN;
			break;
		}
		if (!first && !available && w->has_timeout) {
			ret = -ETIME;
			break;
		}
		if (!first && (w->has_timeout || (available && w->has_min_wait)))
			break;
		ret = ring_enter(ring, w->submit, w->wait_nr, flags, w->arg, w->arg_size);
		if (ret < 0)
			break;
		w->submit -= (unsigned)ret;
		submitted += ret;
		/* The oldest was there before: the enter was for the others, or to submit. */
		if (available)
			break;
	}
	return submitted || ret > 0 ? submitted : ret;
}

API int __io_uring_get_cqe(struct io_uring *ring, struct io_uring_cqe **cqe_ptr, unsigned submit,
			   unsigned wait_nr, sigset_t *sigmask)
{
	struct wait w = {
		.submit = submit,
		.wait_nr = wait_nr,
		.arg = sigmask,
		.arg_size = sigmask ? KERNEL_SIGSET_SIZE : 0,
	};

	return get_cqes(ring, cqe_ptr, &w);
}

/* Waits with the timeout as an argument of enter (IORING_FEAT_EXT_ARG, since Linux 5.11). */
static int get_cqes_ext(struct io_uring *ring, struct io_uring_cqe **cqe_ptr, unsigned submit,
			unsigned wait_nr, struct __kernel_timespec *ts, unsigned min_wait_usec,
			sigset_t *sigmask)
{
	/* A minimal wait without an end would end with -ETIME, so it gets one: in 34 years. */
	static const struct __kernel_timespec never = { .tv_sec = 1 << 30 };
	const struct __kernel_timespec *end = !ts && min_wait_usec ? &never : ts;
	struct io_uring_getevents_arg arg = {
		.sigmask = (__u64)(uintptr_t)sigmask,
		.sigmask_sz = KERNEL_SIGSET_SIZE,
		.min_wait_usec = min_wait_usec,
		.ts = (__u64)(uintptr_t)end,
	};
	struct wait w = {
		.submit = submit,
		.wait_nr = wait_nr,
		.enter_flags = IORING_ENTER_EXT_ARG,
		.arg = &arg,
		.arg_size = sizeof(arg),
		.has_timeout = ts != NULL,
		.has_min_wait = min_wait_usec != 0,
	};

	return get_cqes(ring, cqe_ptr, &w);
}

/*
 * Older kernels: a timeout request of our own, whose completion __io_uring_peek_cqe() hides. It
 * ends after `wait_nr` completions or `ts`. Returns SQEs to submit, or -errno; *submitted takes how
 * many had to be submitted already, to make room.
 */
static int queue_internal_timeout(struct io_uring *ring, unsigned wait_nr,
				  struct __kernel_timespec *ts, int *submitted)
{
	struct io_uring_sqe *sqe = _io_uring_get_sqe(ring);
	int ret;

	*submitted = 0;
	if (!sqe) {
		ret = io_uring_submit(ring);
		if (ret < 0)
			return ret;
		*submitted = ret;
		sqe = _io_uring_get_sqe(ring);
		if (!sqe)
			return -EAGAIN;
	}
	io_uring_prep_timeout(sqe, ts, wait_nr, 0);
	sqe->user_data = LIBURING_UDATA_TIMEOUT;
	return (int)ring_flush_sq(ring);
}

API int io_uring_wait_cqes_min_timeout(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
				       unsigned wait_nr, struct __kernel_timespec *ts,
				       unsigned min_wait_usec, sigset_t *sigmask)
{
	int ret;

	if (min_wait_usec && !(ring->features & IORING_FEAT_MIN_TIMEOUT))
		return -EINVAL;
	ret = get_cqes_ext(ring, cqe_ptr, 0, wait_nr, ts, min_wait_usec, sigmask);
	return ret > 0 ? 0 : ret;
}

API int io_uring_wait_cqes(struct io_uring *ring, struct io_uring_cqe **cqe_ptr, unsigned wait_nr,
			   struct __kernel_timespec *ts, sigset_t *sigmask)
{
	int submit = 0, submitted;

	if (ts) {
		if (ring->features & IORING_FEAT_EXT_ARG)
			return io_uring_wait_cqes_min_timeout(ring, cqe_ptr, wait_nr, ts, 0,
							      sigmask);
		submit = queue_internal_timeout(ring, wait_nr, ts, &submitted);
		if (submit < 0)
			return submit;
	}
	submit = __io_uring_get_cqe(ring, cqe_ptr, (unsigned)submit, wait_nr, sigmask);
	if (submit < 0)
		return submit;
	/* Only the internal timeout can have ended the wait. */
	return *cqe_ptr ? 0 : -ETIME;
}

API int io_uring_wait_cqe_timeout(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
				  struct __kernel_timespec *ts)
{
	if (!__io_uring_peek_cqe(ring, cqe_ptr, NULL) && *cqe_ptr)
		return 0;
	return io_uring_wait_cqes(ring, cqe_ptr, 1, ts, NULL);
}

API int io_uring_submit_and_wait_min_timeout(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
					     unsigned wait_nr, struct __kernel_timespec *ts,
					     unsigned min_wait_usec, sigset_t *sigmask)
{
	if (min_wait_usec && !(ring->features & IORING_FEAT_MIN_TIMEOUT))
		return -EINVAL;
	return get_cqes_ext(ring, cqe_ptr, ring_flush_sq(ring), wait_nr, ts, min_wait_usec,
			    sigmask);
}

API int io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
					 unsigned wait_nr, struct __kernel_timespec *ts,
					 sigset_t *sigmask)
{
	int queued, submitted, ret;

	if (!ts)
		return __io_uring_get_cqe(ring, cqe_ptr, ring_flush_sq(ring), wait_nr, sigmask);
	if (ring->features & IORING_FEAT_EXT_ARG)
		return get_cqes_ext(ring, cqe_ptr, ring_flush_sq(ring), wait_nr, ts, 0, sigmask);
	queued = queue_internal_timeout(ring, wait_nr, ts, &submitted);
	if (queued < 0)
		return queued;
	ret = __io_uring_get_cqe(ring, cqe_ptr, (unsigned)queued, wait_nr, sigmask);
	if (ret <= 0)
		return submitted ? submitted : ret;
	/* The internal timeout is the last, so one of those taken if all were. */
	ret += submitted - (ret == queued);
	return ret || *cqe_ptr ? ret : -ETIME;
}

API int io_uring_submit_and_wait_reg(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
				     unsigned wait_nr, int reg_index)
{
	/* The argument is an offset into the registered region, not an address. */
	uintptr_t offset = (uintptr_t)reg_index * sizeof(struct io_uring_reg_wait);
	struct wait w = {
		.submit = ring_flush_sq(ring),
		.wait_nr = wait_nr,
		.enter_flags = IORING_ENTER_EXT_ARG | IORING_ENTER_EXT_ARG_REG,
		.arg = (const void *)offset,
		.arg_size = sizeof(struct io_uring_reg_wait),
		/* What the registered wait says, only the engine reads: it may be either. */
		.has_timeout = true,
	};

	return get_cqes(ring, cqe_ptr, &w);
}

/*
 * A filler, in a ring of mixed CQE sizes, is reaped if it is the oldest. Further on it ends the
 * batch: the caller reaps the slots of what it was given, and no more.
 */
static unsigned peek_batch(struct io_uring *ring, struct io_uring_cqe **cqes, unsigned count)
{
	struct io_uring_cqe_iter iter = io_uring_cqe_iter_init(ring);
	struct io_uring_cqe *cqe;
	unsigned n = 0;

	while (n < count && io_uring_cqe_iter_next(&iter, &cqe)) {
		if (uring_likely(!(cqe->flags & IORING_CQE_F_SKIP)))
			cqes[n++] = cqe;
		else if (n == 0)
			io_uring_cq_advance(ring, io_uring_cqe_nr(cqe));
		else
			break;
	}
	return n;
}

API unsigned io_uring_peek_batch_cqe(struct io_uring *ring, struct io_uring_cqe **cqes,
				     unsigned count)
{
	unsigned n = peek_batch(ring, cqes, count);

	if (n || !__io_uring_cq_needs_enter(ring))
		return n;
	io_uring_get_events(ring);
	return peek_batch(ring, cqes, count);
}

API struct io_uring_sqe *io_uring_get_sqe(struct io_uring *ring)
{
	return _io_uring_get_sqe(ring);
}

API int __io_uring_sqring_wait(struct io_uring *ring)
{
	return ring_enter(ring, 0, 0, IORING_ENTER_SQ_WAIT | ring_enter_flags(ring), NULL, 0);
}

API int io_uring_set_iowait(struct io_uring *ring, bool enable_iowait)
{
	if (!(ring->features & IORING_FEAT_NO_IOWAIT))
		return -EOPNOTSUPP;
	if (enable_iowait)
		ring->int_flags &= (__u8)~RING_NO_IOWAIT;
	else
		ring->int_flags |= RING_NO_IOWAIT;
	return 0;
}

API int io_uring_enter2(unsigned int fd, unsigned int to_submit, unsigned int min_complete,
			unsigned int flags, void *arg, size_t sz)
{
	return engine_enter_bare(fd, to_submit, min_complete, flags, arg, sz);
}

API int io_uring_enter(unsigned int fd, unsigned int to_submit, unsigned int min_complete,
		       unsigned int flags, sigset_t *sig)
{
	return io_uring_enter2(fd, to_submit, min_complete, flags, sig, KERNEL_SIGSET_SIZE);
}
