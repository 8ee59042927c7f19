/* SPDX-License-Identifier: MIT */
/*
 * The application's half of io_uring, source-compatible with liburing 2.15.
 *
 * A ring is two queues in memory shared with the engine: submission queue entries (SQEs) go down,
 * completion queue entries (CQEs) come up. What is hot is inline here; what enters the engine is
 * in the library.
 *
 * Unless a function says otherwise: it returns 0 or a count on success and -errno on failure, and
 * never sets errno; a ring belongs to one thread at a time (filling and submitting SQEs by one
 * thread while another reaps CQEs is allowed); memory handed over stays the caller's, and data
 * buffers must stay valid until their completion. The man page of the same name is the contract.
 */
#ifndef LIB_URING_H
#define LIB_URING_H

/* What the prototypes name (sigset_t, loff_t, ...) hides from strict C otherwise. _GNU_SOURCE only
 * where it takes that, as with musl: glibc would change functions under the program. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE 1
#endif
#include <features.h>
#if !defined(__GLIBC__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <asm/unistd.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/swab.h>

#include "liburing/barrier.h"
#include "liburing/io_uring.h"
#include "liburing/io_uring_version.h"

/* BLOCK_URING_CMD_DISCARD, which <linux/fs.h> of older kernels lacks. */
#if defined(__has_include) && __has_include(<linux/blkdev.h>)
#include <linux/blkdev.h>
#endif
#ifndef BLOCK_URING_CMD_DISCARD
#define BLOCK_URING_CMD_DISCARD _IO(0x12, 0)
#endif

#ifndef uring_likely
#define uring_likely(cond) __builtin_expect(!!(cond), 1)
#endif
#ifndef uring_unlikely
#define uring_unlikely(cond) __builtin_expect(!!(cond), 0)
#endif
#ifndef IOURINGINLINE
#define IOURINGINLINE static inline
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct statx;

/* An address as the ABI carries it. */
IOURINGINLINE __u64 uring_ptr_to_u64(const void *ptr)
{
	return (__u64)(uintptr_t)ptr;
}

/* ---- The ring in the application's memory ---------------------------------------------------
 * The layout is liburing.so.2's, so that programs built against either header share a ring.
 * Pointers that begin with k point into memory shared with the engine.
 */

struct io_uring_sq {
	unsigned *khead;	 /* the engine's: entries before it are consumed */
	unsigned *ktail;	 /* ours: entries before it may be consumed */
	unsigned *kring_mask;	 /* deprecated: ring_mask */
	unsigned *kring_entries; /* deprecated: ring_entries */
	unsigned *kflags;	 /* IORING_SQ_* */
	unsigned *kdropped;	 /* entries refused for a bad index in the array */
	unsigned *array;	 /* slot to entry; NULL with IORING_SETUP_NO_SQARRAY */
	struct io_uring_sqe *sqes;

	unsigned sqe_head; /* first entry handed out and not yet published */
	unsigned sqe_tail; /* next entry to hand out */

	size_t ring_sz;
	void *ring_ptr;

	unsigned ring_mask;
	unsigned ring_entries;
	unsigned sqes_sz;
	unsigned pad;
};

struct io_uring_cq {
	unsigned *khead;	 /* ours: entries before it are reaped */
	unsigned *ktail;	 /* the engine's: entries before it are posted */
	unsigned *kring_mask;	 /* deprecated: ring_mask */
	unsigned *kring_entries; /* deprecated: ring_entries */
	unsigned *kflags;	 /* IORING_CQ_*; NULL before Linux 5.8 */
	unsigned *koverflow;	 /* completions lost: only without IORING_FEAT_NODROP */
	struct io_uring_cqe *cqes;

	size_t ring_sz;
	void *ring_ptr;

	unsigned ring_mask;
	unsigned ring_entries;
	unsigned pad[2];
};

struct io_uring {
	struct io_uring_sq sq;
	struct io_uring_cq cq;
	unsigned flags; /* IORING_SETUP_* */
	int ring_fd;

	unsigned features; /* IORING_FEAT_* */
	int enter_ring_fd; /* ring_fd, or its index once registered */
	__u8 int_flags;	   /* the library's own */
	__u8 pad[3];
	unsigned pad2;
};

/* The refill queue of a zero-copy receive, as programs keep it: io_uring_register_ifq(). */
struct io_uring_zcrx_rq {
	__u32 *khead; /* the engine's */
	__u32 *ktail; /* ours */
	__u32 rq_tail;
	unsigned ring_entries;
	struct io_uring_zcrx_rqe *rqes;
	void *ring_ptr;
};

/* ---- Set-up and teardown: src/ring/setup.c --------------------------------------------------- */

/*
 * Creates a ring with room for `entries` SQEs (rounded up to a power of two) and, by default,
 * twice as many CQEs. `flags` are IORING_SETUP_*. Release with io_uring_queue_exit().
 * -EPERM (seccomp, kernel.io_uring_disabled), -ENOSYS (kernel before 5.1), -EINVAL (a flag or size
 * the kernel does not have), -ENOMEM (RLIMIT_MEMLOCK, before 5.12), -EMFILE, -ENFILE.
 */
int io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags);

/*
 * The same with every parameter; `p` is zeroed by the caller and filled with what was granted.
 * With IORING_SETUP_NO_MMAP the rings lie in memory that the library allocates, in pages that Linux
 * before 6.10 refuses for rings of more than one: give it a huge page, by
 * io_uring_queue_init_mem().
 */
int io_uring_queue_init_params(unsigned entries, struct io_uring *ring, struct io_uring_params *p);

/*
 * The same with the rings in the caller's memory: page aligned, zeroed, valid until
 * io_uring_queue_exit(). Sets IORING_SETUP_NO_MMAP (since Linux 6.5). Returns the bytes used,
 * from which on the caller may place another ring. -ENOMEM: `buf_size` is too small.
 */
int io_uring_queue_init_mem(unsigned entries, struct io_uring *ring, struct io_uring_params *p,
			    void *buf, size_t buf_size);

/* Bytes of memory that the rings of such a ring take. -EINVAL: `entries` or a size is refused. */
ssize_t io_uring_memory_size(unsigned entries, unsigned flags);
ssize_t io_uring_memory_size_params(unsigned entries, struct io_uring_params *p);

/* Bytes of RLIMIT_MEMLOCK that such a ring needs: 0 from Linux 5.12 to 6.13, with CAP_IPC_LOCK, and
 * on the user engine. (liburing answers 0 since 5.12.) */
ssize_t io_uring_mlock_size(unsigned entries, unsigned flags);
ssize_t io_uring_mlock_size_params(unsigned entries, struct io_uring_params *p);

/* Maps the rings of an io_uring_setup(2) descriptor; for those who called that themselves. */
int io_uring_queue_mmap(int fd, struct io_uring_params *p, struct io_uring *ring);

/* Keeps the ring's mappings out of children (MADV_DONTFORK). -EINVAL if they are not mapped. */
int io_uring_ring_dontfork(struct io_uring *ring);

/*
 * Gives the ring p->sq_entries and, with IORING_SETUP_CQSIZE in p->flags, p->cq_entries; what is in
 * the queues moves along, SQEs handed out included (their pointers are void then). For rings with
 * IORING_SETUP_DEFER_TASKRUN, without IORING_SETUP_NO_MMAP, and with their descriptor (-EINVAL);
 * -EOVERFLOW: what is queued would not fit; -EBUSY: SQEs are out in a ring with
 * IORING_SETUP_SQ_REWIND. Since Linux 6.13. After any other error than these, exit the ring.
 */
int io_uring_resize_rings(struct io_uring *ring, struct io_uring_params *p);

/* Unmaps and closes. Requests in flight are cancelled by the kernel some time later. */
void io_uring_queue_exit(struct io_uring *ring);

/* ---- What the kernel can do: src/ring/probe.c (since Linux 5.6) ------------------------------ */

/* The opcodes supported, or NULL; release with io_uring_free_probe(). */
struct io_uring_probe *io_uring_get_probe(void);
struct io_uring_probe *io_uring_get_probe_ring(struct io_uring *ring);
void io_uring_free_probe(struct io_uring_probe *probe);
/* `nr` is the room in p->ops, at most 256. */
int io_uring_register_probe(struct io_uring *ring, struct io_uring_probe *p, unsigned nr);

/* ---- Submit and wait: src/ring/queue.c -------------------------------------------------------
 * Functions that submit return the number of SQEs the engine took (with SQPOLL those that it had
 * yet to take, the new ones among them), and -EBUSY (CQ overflow must be reaped first), -EAGAIN (no
 * memory), -EINTR (a signal ended the wait), -EEXIST (SINGLE_ISSUER and another thread), -EBADFD
 * (R_DISABLED), -EBADR (completions were dropped).
 */

/* Submits all SQEs handed out. Does not wait. */
int io_uring_submit(struct io_uring *ring);
/* Submits, then waits until `wait_nr` CQEs can be reaped, in one call. */
int io_uring_submit_and_wait(struct io_uring *ring, unsigned wait_nr);
/*
 * The same, at most for `ts` (NULL: for ever), with `sigmask` in place while waiting (NULL: as it
 * is). The first CQE, if any, is left in *cqe_ptr, else NULL. -ETIME when the time is up and
 * nothing was submitted; if something was, its count, with *cqe_ptr NULL.
 */
int io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
				     unsigned wait_nr, struct __kernel_timespec *ts,
				     sigset_t *sigmask);
/*
 * The same, but waits for the whole batch of `wait_nr` only for `min_wait_usec` microseconds; from
 * then on one CQE is enough. -EINVAL without IORING_FEAT_MIN_TIMEOUT (since Linux 6.12).
 */
int io_uring_submit_and_wait_min_timeout(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
					 unsigned wait_nr, struct __kernel_timespec *ts,
					 unsigned min_wait_usec, sigset_t *sigmask);
/*
 * The same as the registered wait `reg_index` says (io_uring_register_wait_reg(), since Linux
 * 6.13).
 */
int io_uring_submit_and_wait_reg(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
				 unsigned wait_nr, int reg_index);
/* Runs pending task work and flushes overflowed completions into the CQ; does not wait. */
int io_uring_get_events(struct io_uring *ring);
int io_uring_submit_and_get_events(struct io_uring *ring);

/* Waits for `wait_nr` CQEs, at most for `ts`, under `sigmask`. -ETIME when the time is up. */
int io_uring_wait_cqes(struct io_uring *ring, struct io_uring_cqe **cqe_ptr, unsigned wait_nr,
		       struct __kernel_timespec *ts, sigset_t *sigmask);
int io_uring_wait_cqes_min_timeout(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
				   unsigned wait_nr, struct __kernel_timespec *ts,
				   unsigned min_wait_usec, sigset_t *sigmask);
int io_uring_wait_cqe_timeout(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
			      struct __kernel_timespec *ts);

/* Stores up to `count` CQEs, reaping none, and returns how many; enters if none is there that an
 * enter would bring in: on overflow, for task work, and where it is the caller who polls. */
unsigned io_uring_peek_batch_cqe(struct io_uring *ring, struct io_uring_cqe **cqes, unsigned count);

/* The slow halves of the inline functions below; not for applications. */
int __io_uring_get_cqe(struct io_uring *ring, struct io_uring_cqe **cqe_ptr, unsigned submit,
		       unsigned wait_nr, sigset_t *sigmask);
int __io_uring_sqring_wait(struct io_uring *ring);

/* Off: a sleeping waiter is not counted as waiting for I/O (since Linux 6.15). -EOPNOTSUPP. */
int io_uring_set_iowait(struct io_uring *ring, bool enable_iowait);

/* ---- Registered buffers and files: src/ring/tables.c -------------------------------------------
 * A tag, if not 0, is the user_data of a CQE posted once the last request that uses what is
 * replaced or unregistered has ended (since Linux 5.13). -EBUSY: registered already; -ENXIO:
 * nothing is.
 */

/* Buffers pinned once, used with the _fixed preps by index. -ENOMEM: RLIMIT_MEMLOCK. */
int io_uring_register_buffers(struct io_uring *ring, const struct iovec *iovecs,
			      unsigned nr_iovecs);
int io_uring_register_buffers_tags(struct io_uring *ring, const struct iovec *iovecs,
				   const __u64 *tags, unsigned nr);
/* An empty table of `nr` (since Linux 5.19), filled by io_uring_register_buffers_update_tag(). */
int io_uring_register_buffers_sparse(struct io_uring *ring, unsigned nr);
/* Replaces slots from `off` on; returns how many were updated. */
int io_uring_register_buffers_update_tag(struct io_uring *ring, unsigned off,
					 const struct iovec *iovecs, const __u64 *tags,
					 unsigned nr);
int io_uring_unregister_buffers(struct io_uring *ring);

/*
 * Registers the buffers of `src` with `dst` too (since Linux 6.12), all of them or `nr` (0: all)
 * from `src_off` on, at `dst_off` (since Linux 6.13). `flags`: IORING_REGISTER_DST_REPLACE to
 * replace what dst has, else -EBUSY; IORING_REGISTER_SRC_REGISTERED to name src by its registered
 * index, which the forms without underscores do by themselves.
 */
int io_uring_clone_buffers(struct io_uring *dst, struct io_uring *src);
int __io_uring_clone_buffers(struct io_uring *dst, struct io_uring *src, unsigned int flags);
int io_uring_clone_buffers_offset(struct io_uring *dst, struct io_uring *src, unsigned int dst_off,
				  unsigned int src_off, unsigned int nr, unsigned int flags);
int __io_uring_clone_buffers_offset(struct io_uring *dst, struct io_uring *src,
				    unsigned int dst_off, unsigned int src_off, unsigned int nr,
				    unsigned int flags);

/*
 * Files held by the ring and named by index (IOSQE_FIXED_FILE); -1 leaves a slot empty. -EMFILE:
 * more than RLIMIT_NOFILE, whose soft limit is raised by that many if the hard one allows it.
 */
int io_uring_register_files(struct io_uring *ring, const int *files, unsigned nr_files);
int io_uring_register_files_tags(struct io_uring *ring, const int *files, const __u64 *tags,
				 unsigned nr);
/* An empty table of `nr` (since Linux 5.19). */
int io_uring_register_files_sparse(struct io_uring *ring, unsigned nr);
/* Replaces slots from `off` on, IORING_REGISTER_FILES_SKIP none; returns how many were updated. */
int io_uring_register_files_update(struct io_uring *ring, unsigned off, const int *files,
				   unsigned nr_files);
int io_uring_register_files_update_tag(struct io_uring *ring, unsigned off, const int *files,
				       const __u64 *tags, unsigned nr_files);
int io_uring_unregister_files(struct io_uring *ring);
/* Where IORING_FILE_INDEX_ALLOC may place files (since Linux 6.0). */
int io_uring_register_file_alloc_range(struct io_uring *ring, unsigned off, unsigned len);

/* ---- What else a ring can be told: src/ring/register.c --------------------------------------- */

/* `fd`, an eventfd, is signalled for each completion; with _async only for those not inline. */
int io_uring_register_eventfd(struct io_uring *ring, int fd);
int io_uring_register_eventfd_async(struct io_uring *ring, int fd);
int io_uring_unregister_eventfd(struct io_uring *ring);

/*
 * Registers the ring's own descriptor, so that entering needs no file reference (since Linux
 * 5.18). Returns 1. The index belongs to the calling thread: do not share such a ring.
 */
int io_uring_register_ring_fd(struct io_uring *ring);
int io_uring_unregister_ring_fd(struct io_uring *ring);
/* Closes ring_fd once registered, and goes on by index (since Linux 6.3). Returns 1. */
int io_uring_close_ring_fd(struct io_uring *ring);

/* The caller's credentials, under the id returned, for sqe->personality (since Linux 5.6). */
int io_uring_register_personality(struct io_uring *ring);
int io_uring_unregister_personality(struct io_uring *ring, int id);

/*
 * What a ring set up with IORING_SETUP_R_DISABLED will be allowed (since Linux 5.10); what is not
 * answers -EACCES. Once: -EBUSY.
 */
int io_uring_register_restrictions(struct io_uring *ring, struct io_uring_restriction *res,
				   unsigned int nr_res);
/* Enables a ring set up with IORING_SETUP_R_DISABLED. */
int io_uring_enable_rings(struct io_uring *ring);

/* The CPUs that workers may run on (since Linux 5.14); `cpusz` is the mask's size in bytes. */
int io_uring_register_iowq_aff(struct io_uring *ring, size_t cpusz, const cpu_set_t *mask);
int io_uring_unregister_iowq_aff(struct io_uring *ring);
/* Workers at most, {bounded, unbounded}; 0 leaves one as it is. `values` takes the old ones. */
int io_uring_register_iowq_max_workers(struct io_uring *ring, unsigned int *values);

/* Busy-polling of network devices while waiting (since Linux 6.9); `napi` takes the old
 * settings. */
int io_uring_register_napi(struct io_uring *ring, struct io_uring_napi *napi);
int io_uring_unregister_napi(struct io_uring *ring, struct io_uring_napi *napi);

/* CLOCK_MONOTONIC or CLOCK_BOOTTIME, for the timeouts of waits (since Linux 6.12). */
int io_uring_register_clock(struct io_uring *ring, struct io_uring_clock_register *arg);

/* Memory for both sides, such as for registered waits (since Linux 6.13). */
int io_uring_register_region(struct io_uring *ring, struct io_uring_mem_region_reg *reg);
/*
 * An array of `nr` waits, page aligned, for io_uring_submit_and_wait_reg(); before the ring is
 * enabled (IORING_SETUP_R_DISABLED). It may be changed later, between waits.
 */
int io_uring_register_wait_reg(struct io_uring *ring, struct io_uring_reg_wait *reg, int nr);

/* Cancels as IORING_OP_ASYNC_CANCEL would, and waits for the end (since Linux 6.0). -ETIME. */
int io_uring_register_sync_cancel(struct io_uring *ring, struct io_uring_sync_cancel_reg *reg);
/* Runs an SQE of io_uring_prep_msg_ring() at once; needs no ring (since Linux 6.13). */
int io_uring_register_sync_msg(struct io_uring_sqe *sqe);
/* Asks what the engine knows; needs no ring (since Linux 6.18). */
int io_uring_register_query(struct io_uring_query_hdr *query);

/* Zero-copy receive: a queue of a network interface (since Linux 6.15; CAP_NET_ADMIN). */
int io_uring_register_ifq(struct io_uring *ring, struct io_uring_zcrx_ifq_reg *reg);
int io_uring_register_zcrx_ctrl(struct io_uring *ring, struct zcrx_ctrl *ctrl);

/* Classic BPF programs that allow or deny requests, of a ring or of all rings to come (7.0). */
int io_uring_register_bpf_filter(struct io_uring *ring, struct io_uring_bpf *bpf);
int io_uring_register_bpf_filter_task(struct io_uring_bpf *bpf);

/* ---- Provided buffer rings: src/ring/buf_ring.c (since Linux 5.19) --------------------------- */

int io_uring_register_buf_ring(struct io_uring *ring, struct io_uring_buf_reg *reg,
			       unsigned int flags);
int io_uring_unregister_buf_ring(struct io_uring *ring, int bgid);
/*
 * Allocates, registers and initialises a buffer ring of `nentries`, a power of two up to 32768.
 * NULL with *err = -errno on failure. Release with io_uring_free_buf_ring().
 */
struct io_uring_buf_ring *io_uring_setup_buf_ring(struct io_uring *ring, unsigned int nentries,
						  int bgid, unsigned int flags, int *err);
int io_uring_free_buf_ring(struct io_uring *ring, struct io_uring_buf_ring *br,
			   unsigned int nentries, int bgid);
/* Stores the engine's index into the buffer ring, modulo 2^16 (since Linux 6.8). */
int io_uring_buf_ring_head(struct io_uring *ring, int buf_group, uint16_t *head);

/* ---- The three calls themselves -------------------------------------------------------------- */

int io_uring_setup(unsigned int entries, struct io_uring_params *p);
int io_uring_enter(unsigned int fd, unsigned int to_submit, unsigned int min_complete,
		   unsigned int flags, sigset_t *sig);
int io_uring_enter2(unsigned int fd, unsigned int to_submit, unsigned int min_complete,
		    unsigned int flags, void *arg, size_t sz);
int io_uring_register(unsigned int fd, unsigned int opcode, const void *arg, unsigned int nr_args);

/* ---- Version: src/ring/version.c ---------------------------------------------------------------
 * Of the liburing whose API this is. IO_URING_VERSION_MAJOR and _MINOR are the header's, these the
 * library's.
 */

int io_uring_major_version(void);
int io_uring_minor_version(void);
/* True if the library is OLDER than `major`.`minor`; IO_URING_CHECK_VERSION asks the header. */
bool io_uring_check_version(int major, int minor);

/* ---- The submission queue, inline ------------------------------------------------------------ */

/* True if `p` (from io_uring_get_probe) says that opcode `op` works. */
IOURINGINLINE int io_uring_opcode_supported(const struct io_uring_probe *p, int op)
{
	if (op < 0 || op > p->last_op)
		return 0;
	return (p->ops[op].flags & IO_URING_OP_SUPPORTED) != 0;
}

/* log2 of the number of 64-byte units an SQE takes. */
IOURINGINLINE unsigned io_uring_sqe_shift_from_flags(unsigned flags)
{
	return !!(flags & IORING_SETUP_SQE128);
}

IOURINGINLINE unsigned io_uring_sqe_shift(const struct io_uring *ring)
{
	return io_uring_sqe_shift_from_flags(ring->flags);
}

/* How far the engine has consumed the SQ. */
IOURINGINLINE unsigned io_uring_load_sq_head(const struct io_uring *ring)
{
	/* Without SQPOLL only our own enter moves the head. With it, the polling thread does: pairs
	 * with its release, so that a slot is not refilled while it is still being read. */
	if (ring->flags & IORING_SETUP_SQPOLL)
		return io_uring_smp_load_acquire(ring->sq.khead);
	return IO_URING_READ_ONCE(*ring->sq.khead);
}

/* SQEs handed out or published that the engine has not consumed yet. */
IOURINGINLINE unsigned io_uring_sq_ready(const struct io_uring *ring)
{
	return ring->sq.sqe_tail - io_uring_load_sq_head(ring);
}

IOURINGINLINE unsigned io_uring_sq_space_left(const struct io_uring *ring)
{
	return ring->sq.ring_entries - io_uring_sq_ready(ring);
}

/* Clears the fields that no prep function sets. user_data is the caller's. */
IOURINGINLINE void io_uring_initialize_sqe(struct io_uring_sqe *sqe)
{
	sqe->flags = 0;
	sqe->ioprio = 0;
	sqe->rw_flags = 0;
	sqe->buf_index = 0;
	sqe->personality = 0;
	sqe->file_index = 0;
	sqe->addr3 = 0;
	sqe->__pad2[0] = 0;
}

IOURINGINLINE struct io_uring_sqe *_io_uring_get_sqe(struct io_uring *ring)
{
	struct io_uring_sq *sq = &ring->sq;
	struct io_uring_sqe *sqe;

	if (sq->sqe_tail - io_uring_load_sq_head(ring) >= sq->ring_entries)
		return NULL;
	sqe = &sq->sqes[(sq->sqe_tail & sq->ring_mask) << io_uring_sqe_shift(ring)];
	sq->sqe_tail++;
	io_uring_initialize_sqe(sqe);
	return sqe;
}

#ifndef LIBURING_INTERNAL
/* The next free SQE, or NULL if the queue is full: submit, then ask again. */
IOURINGINLINE struct io_uring_sqe *io_uring_get_sqe(struct io_uring *ring)
{
	return _io_uring_get_sqe(ring);
}
#else
struct io_uring_sqe *io_uring_get_sqe(struct io_uring *ring);
#endif

/* With SQPOLL: waits until the SQ has room; a signal may end it sooner, also with 0. */
IOURINGINLINE int io_uring_sqring_wait(struct io_uring *ring)
{
	if (!(ring->flags & IORING_SETUP_SQPOLL))
		return 0;
	if (io_uring_sq_space_left(ring))
		return 0;
	return __io_uring_sqring_wait(ring);
}

/* ---- The completion queue, inline ------------------------------------------------------------ */

/* The user_data of timeouts the library submits itself, on kernels without IORING_FEAT_EXT_ARG. */
#define LIBURING_UDATA_TIMEOUT ((__u64)-1)

/* log2 of the number of 16-byte units a CQE takes. */
IOURINGINLINE unsigned io_uring_cqe_shift_from_flags(unsigned flags)
{
	return !!(flags & IORING_SETUP_CQE32);
}

IOURINGINLINE unsigned io_uring_cqe_shift(const struct io_uring *ring)
{
	return io_uring_cqe_shift_from_flags(ring->flags);
}

/* How many 16-byte slots `cqe` takes; 2 for a large one in a ring of mixed sizes. */
IOURINGINLINE unsigned io_uring_cqe_nr(const struct io_uring_cqe *cqe)
{
	return 1U << !!(cqe->flags & IORING_CQE_F_32);
}

/* The CQE at queue position `head`. */
#define io_uring_cqe_index(ring, head, mask) (((head) & (mask)) << io_uring_cqe_shift(ring))

struct io_uring_cqe_iter {
	struct io_uring_cqe *cqes;
	unsigned mask;
	unsigned shift;
	unsigned head;
	unsigned tail;
};

/* An iterator over the CQEs that are there now. */
IOURINGINLINE struct io_uring_cqe_iter io_uring_cqe_iter_init(const struct io_uring *ring)
{
	struct io_uring_cqe_iter iter;

	iter.cqes = ring->cq.cqes;
	iter.mask = ring->cq.ring_mask;
	iter.shift = io_uring_cqe_shift(ring);
	iter.head = *ring->cq.khead;
	/* Pairs with the engine's release of the tail: the CQEs before it are whole. */
	iter.tail = io_uring_smp_load_acquire(ring->cq.ktail);
	return iter;
}

/* Steps to the next CQE; false at the end. */
IOURINGINLINE bool io_uring_cqe_iter_next(struct io_uring_cqe_iter *iter, struct io_uring_cqe **cqe)
{
	if (iter->head == iter->tail)
		return false;
	*cqe = &iter->cqes[(iter->head++ & iter->mask) << iter->shift];
	if ((*cqe)->flags & IORING_CQE_F_32 && !iter->shift)
		iter->head++;
	return true;
}

/*
 * Visits each CQE that is there now, in order, without reaping: io_uring_cq_advance() does, once
 * for all. `head_` is an unsigned the loop uses, `cqe_` a struct io_uring_cqe pointer; no member of
 * a structure may have the names of these parameters.
 */
#define io_uring_for_each_cqe(ring, head_, cqe_)                            \
	for (struct io_uring_cqe_iter walk_ = io_uring_cqe_iter_init(ring); \
	     (head_) = walk_.head, io_uring_cqe_iter_next(&walk_, &(cqe_)); (void)(head_))

/* Gives `nr` slots of the CQ back to the engine. */
IOURINGINLINE void io_uring_cq_advance(struct io_uring *ring, unsigned nr)
{
	if (nr) {
		/* Pairs with the engine's acquire of the head before it reuses these slots. */
		io_uring_smp_store_release(ring->cq.khead, *ring->cq.khead + nr);
	}
}

/* Reaps one CQE; `cqe` must be the oldest, and must not be read afterwards. */
IOURINGINLINE void io_uring_cqe_seen(struct io_uring *ring, struct io_uring_cqe *cqe)
{
	if (cqe)
		io_uring_cq_advance(ring, io_uring_cqe_nr(cqe));
}

/* CQ slots filled and not reaped. */
IOURINGINLINE unsigned io_uring_cq_ready(const struct io_uring *ring)
{
	return io_uring_smp_load_acquire(ring->cq.ktail) - *ring->cq.khead;
}

/* True if the engine holds completions that did not fit; entering flushes them. */
IOURINGINLINE bool io_uring_cq_has_overflow(const struct io_uring *ring)
{
	return IO_URING_READ_ONCE(*ring->sq.kflags) & IORING_SQ_CQ_OVERFLOW;
}

IOURINGINLINE bool io_uring_cq_eventfd_enabled(const struct io_uring *ring)
{
	if (!ring->cq.kflags)
		return true;
	return !(IO_URING_READ_ONCE(*ring->cq.kflags) & IORING_CQ_EVENTFD_DISABLED);
}

/* Turns signals to the registered eventfd on or off. -EOPNOTSUPP before Linux 5.8. */
IOURINGINLINE int io_uring_cq_eventfd_toggle(struct io_uring *ring, bool enabled)
{
	if (enabled == io_uring_cq_eventfd_enabled(ring))
		return 0;
	if (!ring->cq.kflags)
		return -EOPNOTSUPP;
	IO_URING_WRITE_ONCE(*ring->cq.kflags,
			    *ring->cq.kflags ^ (unsigned)IORING_CQ_EVENTFD_DISABLED);
	return 0;
}

/* Skips what is no completion of the application's; `err` takes a failed internal timeout's. */
IOURINGINLINE bool io_uring_skip_cqe(struct io_uring *ring, struct io_uring_cqe *cqe, int *err)
{
	if (cqe->flags & IORING_CQE_F_SKIP) {
		io_uring_cq_advance(ring, io_uring_cqe_nr(cqe));
		return true;
	}
	if (ring->features & IORING_FEAT_EXT_ARG || cqe->user_data != LIBURING_UDATA_TIMEOUT)
		return false;
	if (cqe->res < 0)
		*err = cqe->res;
	io_uring_cq_advance(ring, 1);
	return !*err;
}

IOURINGINLINE int __io_uring_peek_cqe(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
				      unsigned *nr_available)
{
	const unsigned mask = ring->cq.ring_mask;
	struct io_uring_cqe *cqe;
	unsigned available;
	int err = 0;

	do {
		/* Pairs with the engine's release of the tail. */
		unsigned tail = io_uring_smp_load_acquire(ring->cq.ktail);
		unsigned head = *ring->cq.khead;

		cqe = NULL;
		available = tail - head;
		if (!available)
			break;
		cqe = &ring->cq.cqes[io_uring_cqe_index(ring, head, mask)];
	} while (uring_unlikely(io_uring_skip_cqe(ring, cqe, &err)));

	*cqe_ptr = err ? NULL : cqe;
	if (nr_available)
		*nr_available = available;
	return err;
}

/* Waits for `wait_nr` CQEs; the oldest is in *cqe_ptr. */
IOURINGINLINE int io_uring_wait_cqe_nr(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
				       unsigned wait_nr)
{
	return __io_uring_get_cqe(ring, cqe_ptr, 0, wait_nr, NULL);
}

/* True if completions exist that only an enter brings into the CQ. */
IOURINGINLINE bool __io_uring_cq_needs_enter(const struct io_uring *ring)
{
	/* Whoever polls for completions brings them in: with SQPOLL, its thread. */
	if ((ring->flags & (IORING_SETUP_IOPOLL | IORING_SETUP_SQPOLL)) == IORING_SETUP_IOPOLL)
		return true;
	return IO_URING_READ_ONCE(*ring->sq.kflags) & (IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN);
}

/* The oldest CQE if there is one, else -EAGAIN. Enters as io_uring_peek_batch_cqe() does. */
IOURINGINLINE int io_uring_peek_cqe(struct io_uring *ring, struct io_uring_cqe **cqe_ptr)
{
	int ret = __io_uring_peek_cqe(ring, cqe_ptr, NULL);

	if (!ret && *cqe_ptr)
		return 0;
	if (!ret && !__io_uring_cq_needs_enter(ring))
		return -EAGAIN;
	return io_uring_wait_cqe_nr(ring, cqe_ptr, 0);
}

/* The oldest CQE, waiting for it if need be. */
IOURINGINLINE int io_uring_wait_cqe(struct io_uring *ring, struct io_uring_cqe **cqe_ptr)
{
	if (!__io_uring_peek_cqe(ring, cqe_ptr, NULL) && *cqe_ptr)
		return 0;
	return io_uring_wait_cqe_nr(ring, cqe_ptr, 1);
}

/* For programs that ask if the functions on 64 bits of data are there. */
#define LIBURING_HAVE_DATA64

IOURINGINLINE void *io_uring_cqe_get_data(const struct io_uring_cqe *cqe)
{
	return (void *)(uintptr_t)cqe->user_data;
}

IOURINGINLINE __u64 io_uring_cqe_get_data64(const struct io_uring_cqe *cqe)
{
	return cqe->user_data;
}

/* ---- Buffer rings, inline -------------------------------------------------------------------- */

IOURINGINLINE int io_uring_buf_ring_mask(__u32 ring_entries)
{
	return (int)(ring_entries - 1);
}

IOURINGINLINE void io_uring_buf_ring_init(struct io_uring_buf_ring *br)
{
	br->tail = 0;
}

/* Places a buffer `buf_offset` slots past the tail; unseen by the engine until advanced. */
IOURINGINLINE void io_uring_buf_ring_add(struct io_uring_buf_ring *br, void *addr, unsigned int len,
					 unsigned short bid, int mask, int buf_offset)
{
	struct io_uring_buf *buf = &br->bufs[(br->tail + buf_offset) & mask];

	buf->addr = uring_ptr_to_u64(addr);
	buf->len = len;
	buf->bid = bid;
}

/* Publishes `count` buffers added. */
IOURINGINLINE void io_uring_buf_ring_advance(struct io_uring_buf_ring *br, int count)
{
	/* Pairs with the engine's acquire of the tail before it takes a buffer. */
	io_uring_smp_store_release(&br->tail, (__u16)(br->tail + count));
}

IOURINGINLINE void __io_uring_buf_ring_cq_advance(struct io_uring *ring,
						  struct io_uring_buf_ring *br, int cq_count,
						  int buf_count)
{
	io_uring_buf_ring_advance(br, buf_count);
	io_uring_cq_advance(ring, (unsigned)cq_count);
}

/* Publishes `count` buffers and reaps as many CQEs. */
IOURINGINLINE void io_uring_buf_ring_cq_advance(struct io_uring *ring, struct io_uring_buf_ring *br,
						int count)
{
	__io_uring_buf_ring_cq_advance(ring, br, count, count);
}

/* Buffers published and not yet taken, or -errno. */
IOURINGINLINE int io_uring_buf_ring_available(struct io_uring *ring, struct io_uring_buf_ring *br,
					      unsigned short bgid)
{
	uint16_t head;
	int ret = io_uring_buf_ring_head(ring, bgid, &head);

	return ret ? ret : (int)(uint16_t)(br->tail - head);
}

/* ---- SQE fields common to all ---------------------------------------------------------------- */

/* What comes back, untouched, in the CQE. */
IOURINGINLINE void io_uring_sqe_set_data(struct io_uring_sqe *sqe, void *data)
{
	sqe->user_data = uring_ptr_to_u64(data);
}

IOURINGINLINE void io_uring_sqe_set_data64(struct io_uring_sqe *sqe, __u64 data)
{
	sqe->user_data = data;
}

/* IOSQE_*; replaces what was set. */
IOURINGINLINE void io_uring_sqe_set_flags(struct io_uring_sqe *sqe, unsigned flags)
{
	sqe->flags = (__u8)flags;
}

/* The group IOSQE_BUFFER_SELECT takes its buffer from. */
IOURINGINLINE void io_uring_sqe_set_buf_group(struct io_uring_sqe *sqe, int bgid)
{
	sqe->buf_group = (__u16)bgid;
}

/* Slots are stored plus one, since zero means none. */
IOURINGINLINE void __io_uring_set_target_fixed_file(struct io_uring_sqe *sqe,
						    unsigned int file_index)
{
	sqe->file_index = file_index + 1;
}

/* IORING_FILE_INDEX_ALLOC is handed down as it is. */
IOURINGINLINE void __io_uring_set_target_slot(struct io_uring_sqe *sqe, unsigned int file_index)
{
	if (file_index == IORING_FILE_INDEX_ALLOC)
		file_index--;
	__io_uring_set_target_fixed_file(sqe, file_index);
}

IOURINGINLINE void io_uring_prep_rw(int op, struct io_uring_sqe *sqe, int fd, const void *addr,
				    unsigned len, __u64 offset)
{
	sqe->opcode = (__u8)op;
	sqe->fd = fd;
	sqe->off = offset;
	sqe->addr = uring_ptr_to_u64(addr);
	sqe->len = len;
}

#include "liburing/prep_file.h"
#include "liburing/prep_net.h"
#include "liburing/prep_control.h"

#ifdef __cplusplus
}
#endif

#ifdef ANYRING_CHECKED
#include "liburing/checked.h"
#endif

#endif
