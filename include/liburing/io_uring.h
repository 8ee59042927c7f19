/* SPDX-License-Identifier: MIT */
/*
 * The kernel's io_uring ABI, through Linux 7.x: what io_uring_setup(2), io_uring_enter(2),
 * io_uring_register(2) and the memory shared with them are made of.
 *
 * Everything is defined here, so that nothing depends on the age of the system's own headers.
 * A version in brackets, as in [5.6], is that of the first kernel with the thing it stands beside
 * or above.
 */
/* The guard of <linux/io_uring.h>, on purpose: a program that includes both gets one of them. */
#ifndef LINUX_IO_URING_H
#define LINUX_IO_URING_H

#include <linux/fs.h>
#include <linux/types.h>

/* Headers of the oldest kernels lack the time types. */
#if __has_include(<linux/time_types.h>)
#include <linux/time_types.h>
#else
struct __kernel_timespec {
	__s64 tv_sec;
	long long tv_nsec;
};
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Submission entry ------------------------------------------------------------------------ */

/*
 * One request. Each union holds the names that the various opcodes give to the same bytes; what
 * an opcode does not use must be zero. 128 bytes long, cmd[] filling the rest, on a ring with
 * IORING_SETUP_SQE128 and for the *128 opcodes of a ring with IORING_SETUP_SQE_MIXED.
 */
struct io_uring_sqe {
	__u8 opcode;  /* enum io_uring_op */
	__u8 flags;   /* IOSQE_* */
	__u16 ioprio; /* I/O priority; for sockets, flags of the request */
	__s32 fd;     /* descriptor, or index of a registered file */
	union {
		__u64 off; /* position in the file; -1 is the file's own */
		__u64 addr2;
		struct {
			__u32 cmd_op; /* URING_CMD: which command */
			__u32 __pad1;
		};
	};
	union {
		__u64 addr; /* user memory: buffer, iovecs, path, msghdr ... */
		__u64 splice_off_in;
		struct {
			__u32 level; /* socket commands, as setsockopt(2) */
			__u32 optname;
		};
	};
	__u32 len; /* bytes, or number of things at addr */
	union {
		__kernel_rwf_t rw_flags; /* RWF_* */
		__u32 fsync_flags;
		__u16 poll_events;   /* before IORING_FEAT_POLL_32BITS */
		__u32 poll32_events; /* halves swapped on big-endian machines */
		__u32 sync_range_flags;
		__u32 msg_flags; /* MSG_* */
		__u32 timeout_flags;
		__u32 accept_flags;
		__u32 cancel_flags;
		__u32 open_flags;
		__u32 statx_flags;
		__u32 fadvise_advice; /* of madvise too */
		__u32 splice_flags;
		__u32 rename_flags;
		__u32 unlink_flags;
		__u32 hardlink_flags;
		__u32 xattr_flags;
		__u32 msg_ring_flags;
		__u32 uring_cmd_flags;
		__u32 waitid_flags;
		__u32 futex_flags;
		__u32 install_fd_flags;
		__u32 nop_flags;
		__u32 pipe_flags;
	};
	__u64 user_data;	 /* returned as it is in the completion */
	union {			 /* packed, or old ARM ABIs would pad it to four bytes */
		__u16 buf_index; /* index of a registered buffer */
		__u16 buf_group; /* group to take a provided buffer from */
	} __attribute__((packed));
	__u16 personality; /* registered credentials to run with; 0: the submitter's */
	union {
		__s32 splice_fd_in;
		__u32 file_index; /* 1 + slot to put a new file in; 0: none */
		__u32 zcrx_ifq_idx;
		__u32 optlen;
		struct {
			__u16 addr_len; /* length of the address at addr2 */
			__u16 __pad3[1];
		};
		struct {
			__u8 write_stream;
			__u8 __pad4[3];
		};
	};
	union {
		struct {
			__u64 addr3;
			__u64 __pad2[1];
		};
		struct {
			__u64 attr_ptr;	      /* attributes, such as struct io_uring_attr_pi */
			__u64 attr_type_mask; /* IORING_RW_ATTR_FLAG_*: which they are */
		};
		__u64 optval;
		__u8 cmd[0]; /* URING_CMD: 16 bytes, 80 in a long entry */
	};
};

/* sqe->flags */
enum io_uring_sqe_flags_bit {
	IOSQE_FIXED_FILE_BIT,
	IOSQE_IO_DRAIN_BIT,
	IOSQE_IO_LINK_BIT,
	IOSQE_IO_HARDLINK_BIT,
	IOSQE_ASYNC_BIT,
	IOSQE_BUFFER_SELECT_BIT,
	IOSQE_CQE_SKIP_SUCCESS_BIT,
};

#define IOSQE_FIXED_FILE       (1U << IOSQE_FIXED_FILE_BIT)    /* fd is a registered index [5.1] */
#define IOSQE_IO_DRAIN	       (1U << IOSQE_IO_DRAIN_BIT)      /* after all earlier ones [5.2] */
#define IOSQE_IO_LINK	       (1U << IOSQE_IO_LINK_BIT)       /* the next waits for this [5.3] */
#define IOSQE_IO_HARDLINK      (1U << IOSQE_IO_HARDLINK_BIT)   /* same, even if this fails [5.5] */
#define IOSQE_ASYNC	       (1U << IOSQE_ASYNC_BIT)	       /* straight to a worker [5.6] */
#define IOSQE_BUFFER_SELECT    (1U << IOSQE_BUFFER_SELECT_BIT) /* buffer from buf_group [5.7] */
#define IOSQE_CQE_SKIP_SUCCESS (1U << IOSQE_CQE_SKIP_SUCCESS_BIT) /* post failures only [5.17] */

/* sqe->file_index: the kernel picks the slot, and returns it in cqe->res. [5.19] */
#define IORING_FILE_INDEX_ALLOC (~0U)

/* sqe->attr_type_mask [6.14] */
#define IORING_RW_ATTR_FLAG_PI (1U << 0)

/* Integrity information that goes with a read or write. [6.14] */
struct io_uring_attr_pi {
	__u16 flags; /* IO_INTEGRITY_CHK_* */
	__u16 app_tag;
	__u32 len;  /* bytes at addr */
	__u64 addr; /* the protection information */
	__u64 seed;
	__u64 rsvd;
};

/* ---- Opcodes --------------------------------------------------------------------------------- */

enum io_uring_op {
	/* 5.1 */
	IORING_OP_NOP = 0,
	IORING_OP_READV = 1,
	IORING_OP_WRITEV = 2,
	IORING_OP_FSYNC = 3,
	IORING_OP_READ_FIXED = 4,
	IORING_OP_WRITE_FIXED = 5,
	IORING_OP_POLL_ADD = 6,
	IORING_OP_POLL_REMOVE = 7,
	/* 5.2 */
	IORING_OP_SYNC_FILE_RANGE = 8,
	/* 5.3 */
	IORING_OP_SENDMSG = 9,
	IORING_OP_RECVMSG = 10,
	/* 5.4 */
	IORING_OP_TIMEOUT = 11,
	/* 5.5 */
	IORING_OP_TIMEOUT_REMOVE = 12,
	IORING_OP_ACCEPT = 13,
	IORING_OP_ASYNC_CANCEL = 14,
	IORING_OP_LINK_TIMEOUT = 15,
	IORING_OP_CONNECT = 16,
	/* 5.6 */
	IORING_OP_FALLOCATE = 17,
	IORING_OP_OPENAT = 18,
	IORING_OP_CLOSE = 19,
	IORING_OP_FILES_UPDATE = 20,
	IORING_OP_STATX = 21,
	IORING_OP_READ = 22,
	IORING_OP_WRITE = 23,
	IORING_OP_FADVISE = 24,
	IORING_OP_MADVISE = 25,
	IORING_OP_SEND = 26,
	IORING_OP_RECV = 27,
	IORING_OP_OPENAT2 = 28,
	IORING_OP_EPOLL_CTL = 29,
	/* 5.7 */
	IORING_OP_SPLICE = 30,
	IORING_OP_PROVIDE_BUFFERS = 31,
	IORING_OP_REMOVE_BUFFERS = 32,
	/* 5.8 */
	IORING_OP_TEE = 33,
	/* 5.11 */
	IORING_OP_SHUTDOWN = 34,
	IORING_OP_RENAMEAT = 35,
	IORING_OP_UNLINKAT = 36,
	/* 5.15 */
	IORING_OP_MKDIRAT = 37,
	IORING_OP_SYMLINKAT = 38,
	IORING_OP_LINKAT = 39,
	/* 5.18 */
	IORING_OP_MSG_RING = 40,
	/* 5.19 */
	IORING_OP_FSETXATTR = 41,
	IORING_OP_SETXATTR = 42,
	IORING_OP_FGETXATTR = 43,
	IORING_OP_GETXATTR = 44,
	IORING_OP_SOCKET = 45,
	IORING_OP_URING_CMD = 46,
	/* 6.0 */
	IORING_OP_SEND_ZC = 47,
	/* 6.1 */
	IORING_OP_SENDMSG_ZC = 48,
	/* 6.7 */
	IORING_OP_READ_MULTISHOT = 49,
	IORING_OP_WAITID = 50,
	IORING_OP_FUTEX_WAIT = 51,
	IORING_OP_FUTEX_WAKE = 52,
	IORING_OP_FUTEX_WAITV = 53,
	/* 6.8 */
	IORING_OP_FIXED_FD_INSTALL = 54,
	/* 6.9 */
	IORING_OP_FTRUNCATE = 55,
	/* 6.11 */
	IORING_OP_BIND = 56,
	IORING_OP_LISTEN = 57,
	/* 6.15 */
	IORING_OP_RECV_ZC = 58,
	IORING_OP_EPOLL_WAIT = 59,
	IORING_OP_READV_FIXED = 60,
	IORING_OP_WRITEV_FIXED = 61,
	/* 6.16 */
	IORING_OP_PIPE = 62,
	/* 6.19 */
	IORING_OP_NOP128 = 63,
	IORING_OP_URING_CMD128 = 64,

	IORING_OP_LAST
};

/* NOP: sqe->nop_flags */
#define IORING_NOP_INJECT_RESULT (1U << 0) /* complete with len as the result [6.10] */
#define IORING_NOP_FILE		 (1U << 1) /* look fd up, as I/O would [6.13] */
#define IORING_NOP_FIXED_FILE	 (1U << 2) /* NOP_FILE: fd is an index [6.13] */
#define IORING_NOP_FIXED_BUFFER	 (1U << 3) /* look buf_index up [6.13] */
#define IORING_NOP_TW		 (1U << 4) /* complete through task work [6.16] */
#define IORING_NOP_CQE32	 (1U << 5) /* complete with a long CQE [6.18] */

/* FSYNC: sqe->fsync_flags */
#define IORING_FSYNC_DATASYNC (1U << 0) /* as fdatasync(2) */

/* SPLICE, TEE: sqe->splice_flags, beside those of splice(2) */
#define SPLICE_F_FD_IN_FIXED (1U << 31) /* splice_fd_in is a registered index */

/* POLL_ADD, POLL_REMOVE: sqe->len */
#define IORING_POLL_ADD_MULTI	     (1U << 0) /* a CQE each time, with F_MORE [5.13] */
#define IORING_POLL_UPDATE_EVENTS    (1U << 1) /* change what addr waits for [5.13] */
#define IORING_POLL_UPDATE_USER_DATA (1U << 2) /* off is its new user_data [5.13] */
#define IORING_POLL_ADD_LEVEL	     (1U << 3) /* level-triggered, not edge [6.0] */

/* TIMEOUT, TIMEOUT_REMOVE, LINK_TIMEOUT: sqe->timeout_flags */
#define IORING_TIMEOUT_ABS	     (1U << 0) /* a point in time, not a span [5.4] */
#define IORING_TIMEOUT_UPDATE	     (1U << 1) /* change a TIMEOUT [5.11] */
#define IORING_TIMEOUT_BOOTTIME	     (1U << 2) /* CLOCK_BOOTTIME [5.15] */
#define IORING_TIMEOUT_REALTIME	     (1U << 3) /* CLOCK_REALTIME [5.15] */
#define IORING_LINK_TIMEOUT_UPDATE   (1U << 4) /* change a LINK_TIMEOUT [5.15] */
#define IORING_TIMEOUT_ETIME_SUCCESS (1U << 5) /* expiry does not break a link [5.16] */
#define IORING_TIMEOUT_MULTISHOT     (1U << 6) /* off times, 0: for ever [6.4] */
#define IORING_TIMEOUT_IMMEDIATE_ARG (1U << 7) /* nanoseconds, not a pointer [7.1] */
#define IORING_TIMEOUT_CLOCK_MASK    (IORING_TIMEOUT_BOOTTIME | IORING_TIMEOUT_REALTIME)
#define IORING_TIMEOUT_UPDATE_MASK   (IORING_TIMEOUT_UPDATE | IORING_LINK_TIMEOUT_UPDATE)

/* ASYNC_CANCEL: sqe->cancel_flags, and io_uring_sync_cancel_reg.flags */
#define IORING_ASYNC_CANCEL_ALL	     (1U << 0) /* all that match, not one [5.19] */
#define IORING_ASYNC_CANCEL_FD	     (1U << 1) /* match the descriptor [5.19] */
#define IORING_ASYNC_CANCEL_ANY	     (1U << 2) /* match every request [5.19] */
#define IORING_ASYNC_CANCEL_FD_FIXED (1U << 3) /* fd is a registered index [6.0] */
#define IORING_ASYNC_CANCEL_USERDATA (1U << 4) /* match user_data; the default [6.6] */
#define IORING_ASYNC_CANCEL_OP	     (1U << 5) /* match the opcode [6.6] */

/* SEND*, RECV*: sqe->ioprio */
#define IORING_RECVSEND_POLL_FIRST  (1U << 0) /* poll before the first try [5.19] */
#define IORING_RECV_MULTISHOT	    (1U << 1) /* a CQE each time, with F_MORE [6.0] */
#define IORING_RECVSEND_FIXED_BUF   (1U << 2) /* buf_index is a registered buffer [6.0] */
#define IORING_SEND_ZC_REPORT_USAGE (1U << 3) /* notification says if it copied [6.2] */
#define IORING_RECVSEND_BUNDLE	    (1U << 4) /* fill, or send, several buffers [6.10] */
#define IORING_SEND_VECTORIZED	    (1U << 5) /* addr points to iovecs [6.17] */

/* SEND_ZC_REPORT_USAGE: a bit of the notification's cqe->res; the others are reserved. [6.2] */
#define IORING_NOTIF_USAGE_ZC_COPIED (1U << 31)

/* ACCEPT: sqe->ioprio */
#define IORING_ACCEPT_MULTISHOT	 (1U << 0) /* a CQE a connection [5.19] */
#define IORING_ACCEPT_DONTWAIT	 (1U << 1) /* -EAGAIN rather than wait [6.10] */
#define IORING_ACCEPT_POLL_FIRST (1U << 2) /* poll before the first try [6.10] */

/* MSG_RING: sqe->addr */
enum io_uring_msg_ring_flags {
	IORING_MSG_DATA,    /* post a CQE with res = len, user_data = off [5.18] */
	IORING_MSG_SEND_FD, /* hand over the registered file in slot addr3 [6.0] */
};

/* MSG_RING: sqe->msg_ring_flags */
#define IORING_MSG_RING_CQE_SKIP   (1U << 0) /* SEND_FD: post nothing over there [6.0] */
#define IORING_MSG_RING_FLAGS_PASS (1U << 1) /* file_index is the CQE's flags [6.3] */

/* FIXED_FD_INSTALL: sqe->install_fd_flags [6.8] */
#define IORING_FIXED_FD_NO_CLOEXEC (1U << 0)

/* URING_CMD: sqe->uring_cmd_flags */
#define IORING_URING_CMD_FIXED	   (1U << 0) /* buf_index is a registered buffer [6.1] */
#define IORING_URING_CMD_MULTISHOT (1U << 1) /* with IOSQE_BUFFER_SELECT [6.18] */
#define IORING_URING_CMD_MASK	   (IORING_URING_CMD_FIXED | IORING_URING_CMD_MULTISHOT)

/* URING_CMD on a socket: sqe->cmd_op */
enum io_uring_socket_op {
	SOCKET_URING_OP_SIOCINQ = 0,	  /* bytes to read */
	SOCKET_URING_OP_SIOCOUTQ = 1,	  /* bytes not yet sent */
	SOCKET_URING_OP_GETSOCKOPT = 2,	  /* [6.7] */
	SOCKET_URING_OP_SETSOCKOPT = 3,	  /* [6.7] */
	SOCKET_URING_OP_TX_TIMESTAMP = 4, /* [6.17] */
	SOCKET_URING_OP_GETSOCKNAME = 5,  /* of the peer, if optlen is 1 [6.19] */
};

/* What multishot RECVMSG puts at the head of the buffer: name, control and payload follow. [6.0] */
struct io_uring_recvmsg_out {
	__u32 namelen; /* lengths as they were, though the space for them may be shorter */
	__u32 controllen;
	__u32 payloadlen;
	__u32 flags; /* MSG_* */
};

/* ---- Completion entry ------------------------------------------------------------------------ */

/* One result. 32 bytes long, big_cqe[] the rest, with SETUP_CQE32 or if CQE_F_32 is set. */
struct io_uring_cqe {
	__u64 user_data; /* the request's */
	__s32 res;	 /* what the system call would return, errors as -errno */
	__u32 flags;	 /* IORING_CQE_F_* */
	__u64 big_cqe[];
};

/* cqe->flags */
#define IORING_CQE_F_BUFFER	   (1U << 0)  /* bits 16 to 31: the buffer's id [5.7] */
#define IORING_CQE_F_MORE	   (1U << 1)  /* the request goes on [5.13] */
#define IORING_CQE_F_SOCK_NONEMPTY (1U << 2)  /* there is more to receive [5.19] */
#define IORING_CQE_F_NOTIF	   (1U << 3)  /* zero-copy send let the buffer go [6.0] */
#define IORING_CQE_F_BUF_MORE	   (1U << 4)  /* the buffer is not used up [6.12] */
#define IORING_CQE_F_SKIP	   (1U << 5)  /* filler of the ring's end [6.18] */
#define IORING_CQE_F_32		   (1U << 15) /* long entry of a mixed ring [6.18] */

#define IORING_CQE_BUFFER_SHIFT 16

/* SOCKET_URING_OP_TX_TIMESTAMP: cqe->flags, and what lies in big_cqe. [6.17] */
#define IORING_TIMESTAMP_HW_SHIFT   16
#define IORING_TIMESTAMP_TYPE_SHIFT (IORING_TIMESTAMP_HW_SHIFT + 1) /* SCM_TSTAMP_* */
#define IORING_CQE_F_TSTAMP_HW	    ((__u32)1 << IORING_TIMESTAMP_HW_SHIFT)

struct io_timespec {
	__u64 tv_sec;
	__u64 tv_nsec;
};

/* ---- Ring set-up ----------------------------------------------------------------------------- */

/* io_uring_params.flags */
#define IORING_SETUP_IOPOLL		(1U << 0)  /* busy-poll devices for results [5.1] */
#define IORING_SETUP_SQPOLL		(1U << 1)  /* a kernel thread submits [5.1] */
#define IORING_SETUP_SQ_AFF		(1U << 2)  /* bind it to sq_thread_cpu [5.1] */
#define IORING_SETUP_CQSIZE		(1U << 3)  /* cq_entries is given [5.5] */
#define IORING_SETUP_CLAMP		(1U << 4)  /* lower sizes that are too big [5.6] */
#define IORING_SETUP_ATTACH_WQ		(1U << 5)  /* share the workers of wq_fd [5.6] */
#define IORING_SETUP_R_DISABLED		(1U << 6)  /* start with ENABLE_RINGS [5.10] */
#define IORING_SETUP_SUBMIT_ALL		(1U << 7)  /* a bad entry stops no others [5.18] */
#define IORING_SETUP_COOP_TASKRUN	(1U << 8)  /* do not interrupt the task [5.19] */
#define IORING_SETUP_TASKRUN_FLAG	(1U << 9)  /* show IORING_SQ_TASKRUN [5.19] */
#define IORING_SETUP_SQE128		(1U << 10) /* all SQEs are long [5.19] */
#define IORING_SETUP_CQE32		(1U << 11) /* all CQEs are long [5.19] */
#define IORING_SETUP_SINGLE_ISSUER	(1U << 12) /* one task submits [6.0] */
#define IORING_SETUP_DEFER_TASKRUN	(1U << 13) /* complete in GETEVENTS only [6.1] */
#define IORING_SETUP_NO_MMAP		(1U << 14) /* memory at *_off.user_addr [6.5] */
#define IORING_SETUP_REGISTERED_FD_ONLY (1U << 15) /* no descriptor, an index [6.5] */
#define IORING_SETUP_NO_SQARRAY		(1U << 16) /* SQEs in order, no array [6.6] */
#define IORING_SETUP_HYBRID_IOPOLL	(1U << 17) /* IOPOLL that sleeps first [6.13] */
#define IORING_SETUP_CQE_MIXED		(1U << 18) /* short and long CQEs [6.18] */
#define IORING_SETUP_SQE_MIXED		(1U << 19) /* short and long SQEs [6.19] */
#define IORING_SETUP_SQ_REWIND		(1U << 20) /* SQEs from index 0 each time [7.0] */

/* io_uring_params.features */
#define IORING_FEAT_SINGLE_MMAP	    (1U << 0)  /* one mapping holds SQ and CQ [5.4] */
#define IORING_FEAT_NODROP	    (1U << 1)  /* overflow is kept, not lost [5.5] */
#define IORING_FEAT_SUBMIT_STABLE   (1U << 2)  /* arguments copied at submission [5.5] */
#define IORING_FEAT_RW_CUR_POS	    (1U << 3)  /* off = -1 works [5.6] */
#define IORING_FEAT_CUR_PERSONALITY (1U << 4)  /* credentials of the submitter [5.6] */
#define IORING_FEAT_FAST_POLL	    (1U << 5)  /* poll inside, not a worker [5.7] */
#define IORING_FEAT_POLL_32BITS	    (1U << 6)  /* poll32_events works [5.9] */
#define IORING_FEAT_SQPOLL_NONFIXED (1U << 7)  /* SQPOLL takes any file [5.11] */
#define IORING_FEAT_EXT_ARG	    (1U << 8)  /* ENTER_EXT_ARG works [5.11] */
#define IORING_FEAT_NATIVE_WORKERS  (1U << 9)  /* workers are the task's threads [5.12] */
#define IORING_FEAT_RSRC_TAGS	    (1U << 10) /* tags; updates of buffers [5.13] */
#define IORING_FEAT_CQE_SKIP	    (1U << 11) /* IOSQE_CQE_SKIP_SUCCESS works [5.17] */
#define IORING_FEAT_LINKED_FILE	    (1U << 12) /* file looked up when it runs [5.17] */
#define IORING_FEAT_REG_REG_RING    (1U << 13) /* USE_REGISTERED_RING works [6.3] */
#define IORING_FEAT_RECVSEND_BUNDLE (1U << 14) /* RECVSEND_BUNDLE works [6.10] */
#define IORING_FEAT_MIN_TIMEOUT	    (1U << 15) /* min_wait_usec works [6.12] */
#define IORING_FEAT_RW_ATTR	    (1U << 16) /* attr_ptr works [6.14] */
#define IORING_FEAT_NO_IOWAIT	    (1U << 17) /* ENTER_NO_IOWAIT works [6.15] */

/* Where things lie, in bytes from the start of the SQ ring's mapping. */
struct io_sqring_offsets {
	__u32 head;
	__u32 tail;
	__u32 ring_mask;
	__u32 ring_entries;
	__u32 flags; /* of the IORING_SQ_* word */
	__u32 dropped;
	__u32 array;
	__u32 resv1;
	__u64 user_addr; /* NO_MMAP: the application's memory for the SQEs [6.5] */
};

/* The same, from the start of the CQ ring's mapping. */
struct io_cqring_offsets {
	__u32 head;
	__u32 tail;
	__u32 ring_mask;
	__u32 ring_entries;
	__u32 overflow;
	__u32 cqes;
	__u32 flags; /* of the IORING_CQ_* word; 0 before 5.8 */
	__u32 resv1;
	__u64 user_addr; /* NO_MMAP: the application's memory for both rings [6.5] */
};

/* Argument of io_uring_setup(2), which fills it in. */
struct io_uring_params {
	__u32 sq_entries;     /* out */
	__u32 cq_entries;     /* out; in with SETUP_CQSIZE */
	__u32 flags;	      /* in: IORING_SETUP_* */
	__u32 sq_thread_cpu;  /* in */
	__u32 sq_thread_idle; /* in: milliseconds until an SQPOLL thread sleeps */
	__u32 features;	      /* out: IORING_FEAT_* */
	__u32 wq_fd;	      /* in */
	__u32 resv[3];
	struct io_sqring_offsets sq_off; /* out, but for user_addr */
	struct io_cqring_offsets cq_off;
};

/* Offsets for mmap(2) of the ring's descriptor. */
#define IORING_OFF_SQ_RING    0ULL
#define IORING_OFF_CQ_RING    0x8000000ULL
#define IORING_OFF_SQES	      0x10000000ULL
#define IORING_OFF_PBUF_RING  0x80000000ULL /* | bgid << OFF_PBUF_SHIFT [6.4] */
#define IORING_OFF_PBUF_SHIFT 16
#define IORING_OFF_MMAP_MASK  0xf8000000ULL

/* The SQ ring's flags word, written by the kernel. */
#define IORING_SQ_NEED_WAKEUP (1U << 0) /* SQPOLL sleeps: ENTER_SQ_WAKEUP [5.1] */
#define IORING_SQ_CQ_OVERFLOW (1U << 1) /* enter to get what did not fit [5.8] */
#define IORING_SQ_TASKRUN     (1U << 2) /* enter to run task work [5.19] */

/* The CQ ring's flags word, written by the application. */
#define IORING_CQ_EVENTFD_DISABLED (1U << 0) /* leave the eventfd alone [5.8] */

/* ---- Enter ----------------------------------------------------------------------------------- */

/* flags of io_uring_enter(2) */
#define IORING_ENTER_GETEVENTS	     (1U << 0) /* wait for min_complete [5.1] */
#define IORING_ENTER_SQ_WAKEUP	     (1U << 1) /* wake the SQPOLL thread [5.1] */
#define IORING_ENTER_SQ_WAIT	     (1U << 2) /* wait for room in the SQ [5.10] */
#define IORING_ENTER_EXT_ARG	     (1U << 3) /* arg: io_uring_getevents_arg [5.11] */
#define IORING_ENTER_REGISTERED_RING (1U << 4) /* fd is a registered ring [5.18] */
#define IORING_ENTER_ABS_TIMER	     (1U << 5) /* the timeout is absolute [6.12] */
#define IORING_ENTER_EXT_ARG_REG     (1U << 6) /* arg: offset in a region [6.13] */
#define IORING_ENTER_NO_IOWAIT	     (1U << 7) /* do not count as iowait [6.15] */

/* IORING_ENTER_EXT_ARG [5.11] */
struct io_uring_getevents_arg {
	__u64 sigmask; /* address of a sigset, or 0 */
	__u32 sigmask_sz;
	__u32 min_wait_usec; /* wait this long for all, then for one [6.12] */
	__u64 ts;	     /* address of a struct __kernel_timespec, or 0 */
};

/* IORING_ENTER_EXT_ARG_REG: the same, in a memory region. [6.13] */
struct io_uring_reg_wait {
	struct __kernel_timespec ts;
	__u32 min_wait_usec;
	__u32 flags; /* IORING_REG_WAIT_* */
	__u64 sigmask;
	__u32 sigmask_sz;
	__u32 pad[3];
	__u64 pad2[2];
};

enum {
	IORING_REG_WAIT_TS = (1U << 0), /* ts is valid */
};

/* ---- Register -------------------------------------------------------------------------------- */

/* opcode of io_uring_register(2) */
enum io_uring_register_op {
	/* 5.1 */
	IORING_REGISTER_BUFFERS = 0,
	IORING_UNREGISTER_BUFFERS = 1,
	IORING_REGISTER_FILES = 2,
	IORING_UNREGISTER_FILES = 3,
	/* 5.2 */
	IORING_REGISTER_EVENTFD = 4,
	IORING_UNREGISTER_EVENTFD = 5,
	/* 5.5 */
	IORING_REGISTER_FILES_UPDATE = 6,
	/* 5.6 */
	IORING_REGISTER_EVENTFD_ASYNC = 7,
	IORING_REGISTER_PROBE = 8,
	IORING_REGISTER_PERSONALITY = 9,
	IORING_UNREGISTER_PERSONALITY = 10,
	/* 5.10 */
	IORING_REGISTER_RESTRICTIONS = 11,
	IORING_REGISTER_ENABLE_RINGS = 12,
	/* 5.13 */
	IORING_REGISTER_FILES2 = 13,
	IORING_REGISTER_FILES_UPDATE2 = 14,
	IORING_REGISTER_BUFFERS2 = 15,
	IORING_REGISTER_BUFFERS_UPDATE = 16,
	/* 5.14 */
	IORING_REGISTER_IOWQ_AFF = 17,
	IORING_UNREGISTER_IOWQ_AFF = 18,
	/* 5.15 */
	IORING_REGISTER_IOWQ_MAX_WORKERS = 19,
	/* 5.18 */
	IORING_REGISTER_RING_FDS = 20,
	IORING_UNREGISTER_RING_FDS = 21,
	/* 5.19 */
	IORING_REGISTER_PBUF_RING = 22,
	IORING_UNREGISTER_PBUF_RING = 23,
	/* 6.0 */
	IORING_REGISTER_SYNC_CANCEL = 24,
	IORING_REGISTER_FILE_ALLOC_RANGE = 25,
	/* 6.8 */
	IORING_REGISTER_PBUF_STATUS = 26,
	/* 6.9 */
	IORING_REGISTER_NAPI = 27,
	IORING_UNREGISTER_NAPI = 28,
	/* 6.12 */
	IORING_REGISTER_CLOCK = 29,
	IORING_REGISTER_CLONE_BUFFERS = 30,
	/* 6.13 */
	IORING_REGISTER_SEND_MSG_RING = 31,
	/* 6.15 */
	IORING_REGISTER_ZCRX_IFQ = 32,
	/* 6.13 */
	IORING_REGISTER_RESIZE_RINGS = 33,
	IORING_REGISTER_MEM_REGION = 34,
	/* 6.18 */
	IORING_REGISTER_QUERY = 35,
	/* 6.19 */
	IORING_REGISTER_ZCRX_CTRL = 36,
	/* 7.0 */
	IORING_REGISTER_BPF_FILTER = 37,

	IORING_REGISTER_LAST,

	/* or-ed into any of them: fd is the index of a registered ring [6.3] */
	IORING_REGISTER_USE_REGISTERED_RING = 1U << 31,
};

/* -- Files and buffers -- */

/* FILES_UPDATE, as it was first called; struct io_uring_rsrc_update is the same. */
struct io_uring_files_update {
	__u32 offset;
	__u32 resv;
	__aligned_u64 fds; /* address of an array of __s32 */
};

/* FILES2, BUFFERS2 [5.13] */
struct io_uring_rsrc_register {
	__u32 nr;
	__u32 flags; /* IORING_RSRC_REGISTER_* */
	__u64 resv2;
	__aligned_u64 data; /* address of nr descriptors, or nr iovecs */
	__aligned_u64 tags; /* address of nr __u64, or 0 */
};

/* All slots start empty; data is 0. [5.19] */
#define IORING_RSRC_REGISTER_SPARSE (1U << 0)

/* FILES_UPDATE, RING_FDS */
struct io_uring_rsrc_update {
	__u32 offset; /* first slot */
	__u32 resv;
	__aligned_u64 data;
};

/* FILES_UPDATE2, BUFFERS_UPDATE [5.13] */
struct io_uring_rsrc_update2 {
	__u32 offset;
	__u32 resv;
	__aligned_u64 data;
	__aligned_u64 tags;
	__u32 nr;
	__u32 resv2;
};

/* In an array of descriptors: leave this slot as it is. [5.12] */
#define IORING_REGISTER_FILES_SKIP (-2)

/* FILE_ALLOC_RANGE: the slots off .. off + len - 1 are for IORING_FILE_INDEX_ALLOC. [6.0] */
struct io_uring_file_index_range {
	__u32 off;
	__u32 len;
	__u64 resv;
};

/* CLONE_BUFFERS: take over another ring's registered buffers. [6.12] */
struct io_uring_clone_buffers {
	__u32 src_fd;
	__u32 flags;   /* IORING_REGISTER_SRC_*, DST_* */
	__u32 src_off; /* a part of them [6.13]; all, if these three are 0 */
	__u32 dst_off;
	__u32 nr;
	__u32 pad[3];
};

enum {
	IORING_REGISTER_SRC_REGISTERED = (1U << 0), /* src_fd is a registered ring */
	IORING_REGISTER_DST_REPLACE = (1U << 1),    /* over buffers already there [6.13] */
};

/* -- Rings of provided buffers -- */

/* One buffer. [5.19] */
struct io_uring_buf {
	__u64 addr;
	__u32 len; /* bytes */
	__u16 bid; /* the id that the completion returns */
	__u16 resv;
};

/* The ring: an array of buffers, whose tail is kept in the first one's resv. [5.19] */
struct io_uring_buf_ring {
	union {
		struct {
			__u64 resv1;
			__u32 resv2;
			__u16 resv3;
			__u16 tail;
		};
#ifdef __cplusplus
		struct io_uring_buf bufs[0]; /* an empty struct takes a byte in C++ */
#else
		struct {
			struct {
			} __empty_bufs;
			struct io_uring_buf bufs[];
		};
#endif
	};
};

/* PBUF_RING, both ways [5.19] */
struct io_uring_buf_reg {
	__u64 ring_addr;    /* page-aligned; 0 with IOU_PBUF_RING_MMAP */
	__u32 ring_entries; /* power of two, at most 32768 */
	__u16 bgid;
	__u16 flags;	/* IOU_PBUF_RING_* */
	__u32 min_left; /* PBUF_RING_INC: a buffer with fewer bytes left is done */
	__u32 resv[5];
};

enum io_uring_register_pbuf_ring_flags {
	IOU_PBUF_RING_MMAP = 1, /* the kernel allocates, mmap OFF_PBUF_RING [6.4] */
	IOU_PBUF_RING_INC = 2,	/* a buffer is consumed bit by bit [6.12] */
};

/* PBUF_STATUS [6.8] */
struct io_uring_buf_status {
	__u32 buf_group; /* in */
	__u32 head;	 /* out */
	__u32 resv[8];
};

/* -- Probe -- */

struct io_uring_probe_op {
	__u8 op;
	__u8 resv;
	__u16 flags; /* IO_URING_OP_* */
	__u32 resv2;
};

#define IO_URING_OP_SUPPORTED (1U << 0)

/* PROBE [5.6] */
struct io_uring_probe {
	__u8 last_op; /* the highest opcode the kernel knows */
	__u8 ops_len; /* how many of ops[] it filled in */
	__u16 resv;
	__u32 resv2[3];
	struct io_uring_probe_op ops[];
};

/* -- Query -- */

#ifndef LINUX_IO_URING_QUERY_H /* the guard of <linux/io_uring/query.h> */
#define LINUX_IO_URING_QUERY_H

/* QUERY: a list of questions; needs no ring. [6.18] */
struct io_uring_query_hdr {
	__u64 next_entry; /* address of the next one, or 0 */
	__u64 query_data; /* address of the structure for query_op */
	__u32 query_op;	  /* IO_URING_QUERY_* */
	__u32 size;	  /* its size in bytes */
	__s32 result;	  /* out: 0, or -errno */
	__u32 __resv[3];
};

enum {
	IO_URING_QUERY_OPCODES = 0, /* struct io_uring_query_opcode */
	IO_URING_QUERY_ZCRX = 1,    /* struct io_uring_query_zcrx [6.19] */
	IO_URING_QUERY_SCQ = 2,	    /* struct io_uring_query_scq [6.19] */

	__IO_URING_QUERY_MAX
};

/* Numbers of opcodes and masks of flags that the kernel knows. */
struct io_uring_query_opcode {
	__u32 nr_request_opcodes;
	__u32 nr_register_opcodes;
	__u64 feature_flags;
	__u64 ring_setup_flags;
	__u64 enter_flags;
	__u64 sqe_flags;
	__u32 nr_query_opcodes;
	__u32 __pad;
};

struct io_uring_query_zcrx {
	__u64 register_flags;  /* ZCRX_REG_* */
	__u64 area_flags;      /* IORING_ZCRX_AREA_* */
	__u32 nr_ctrl_opcodes; /* enum zcrx_ctrl_op */
	__u32 features;	       /* ZCRX_FEATURE_* [7.0] */
	__u32 rq_hdr_size;     /* bytes before the refill ring's entries */
	__u32 rq_hdr_alignment;
	__u64 __resv2;
};

/* What memory for the rings of an IORING_SETUP_NO_MMAP ring has to leave room for. */
struct io_uring_query_scq {
	__u64 hdr_size;
	__u64 hdr_alignment;
};

#endif /* LINUX_IO_URING_QUERY_H */

/* -- Restrictions -- */

/* RESTRICTIONS: an array of what is allowed from then on. [5.10] */
struct io_uring_restriction {
	__u16 opcode; /* IORING_RESTRICTION_* */
	union {
		__u8 register_op;
		__u8 sqe_op;
		__u8 sqe_flags;
	};
	__u8 resv;
	__u32 resv2[3];
};

enum io_uring_register_restriction_op {
	IORING_RESTRICTION_REGISTER_OP = 0,	   /* register_op may be used */
	IORING_RESTRICTION_SQE_OP = 1,		   /* sqe_op may be used */
	IORING_RESTRICTION_SQE_FLAGS_ALLOWED = 2,  /* sqe_flags may be set */
	IORING_RESTRICTION_SQE_FLAGS_REQUIRED = 3, /* sqe_flags must be set */

	IORING_RESTRICTION_LAST
};

/* RESTRICTIONS with fd -1: for every ring that the task makes later. [7.0] */
struct io_uring_task_restriction {
	__u16 flags;
	__u16 nr_res;
	__u32 resv[3];
	struct io_uring_restriction restrictions[];
};

/* -- Filters -- */

#ifndef LINUX_IO_URING_BPF_FILTER_H /* the guard of <linux/io_uring/bpf_filter.h> */
#define LINUX_IO_URING_BPF_FILTER_H

/* What a filter sees of a request; it allows it by returning other than 0. [7.0] */
struct io_uring_bpf_ctx {
	__u64 user_data;
	__u8 opcode;
	__u8 sqe_flags;
	__u8 pdu_size; /* bytes of the union that are valid */
	__u8 pad[5];
	union {
		struct {
			__u32 family;
			__u32 type;
			__u32 protocol;
		} socket;
		struct {
			__u64 flags;
			__u64 mode;
			__u64 resolve;
		} open;
	};
};

struct io_uring_bpf_filter {
	__u32 opcode;	  /* enum io_uring_op: which requests */
	__u32 flags;	  /* IO_URING_BPF_FILTER_* */
	__u32 filter_len; /* number of instructions */
	__u8 pdu_size;	  /* bytes of the union that it expects */
	__u8 resv[3];
	__u64 filter_ptr; /* address of an array of struct sock_filter */
	__u64 resv2[5];
};

enum {
	IO_URING_BPF_FILTER_DENY_REST = 1, /* deny opcodes that have no filter */
	IO_URING_BPF_FILTER_SZ_STRICT = 2, /* pdu_size must be the kernel's */
};

/* BPF_FILTER [7.0] */
struct io_uring_bpf {
	__u16 cmd_type; /* IO_URING_BPF_CMD_* */
	__u16 cmd_flags;
	__u32 resv;
	union {
		struct io_uring_bpf_filter filter;
	};
};

enum {
	IO_URING_BPF_CMD_FILTER = 1,
};

#endif /* LINUX_IO_URING_BPF_FILTER_H */

/* -- Cancellation, clock and workers -- */

/* SYNC_CANCEL: ASYNC_CANCEL without a request, waiting until it is done. [6.0] */
struct io_uring_sync_cancel_reg {
	__u64 addr; /* user_data to match */
	__s32 fd;
	__u32 flags;			  /* IORING_ASYNC_CANCEL_* */
	struct __kernel_timespec timeout; /* both -1: for ever */
	__u8 opcode;			  /* ASYNC_CANCEL_OP [6.6] */
	__u8 pad[7];
	__u64 pad2[3];
};

/* CLOCK: the clock that timeouts of io_uring_enter(2) are measured by. [6.12] */
struct io_uring_clock_register {
	__u32 clockid; /* CLOCK_MONOTONIC or CLOCK_BOOTTIME */
	__u32 __resv[3];
};

/* IOWQ_MAX_WORKERS: the meaning of the two numbers. */
enum io_wq_type {
	IO_WQ_BOUND,   /* work that ends soon, on files and block devices */
	IO_WQ_UNBOUND, /* work that may take for ever */
};

/* -- Busy polling of network devices -- */

enum io_uring_napi_op {
	IO_URING_NAPI_REGISTER_OP = 0,
	IO_URING_NAPI_STATIC_ADD_ID = 1, /* op_param is the id [6.13] */
	IO_URING_NAPI_STATIC_DEL_ID = 2, /* [6.13] */
};

/* REGISTER_OP's op_param [6.13] */
enum io_uring_napi_tracking_strategy {
	IO_URING_NAPI_TRACKING_DYNAMIC = 0,    /* learn the ids from the traffic */
	IO_URING_NAPI_TRACKING_STATIC = 1,     /* those that are added, only */
	IO_URING_NAPI_TRACKING_INACTIVE = 255, /* off */
};

/* NAPI, both ways: returns the settings until then. [6.9] */
struct io_uring_napi {
	__u32 busy_poll_to; /* microseconds */
	__u8 prefer_busy_poll;
	__u8 opcode; /* enum io_uring_napi_op [6.13] */
	__u8 pad[2];
	__u32 op_param;
	__u32 resv;
};

/* -- Memory regions -- */

/* Memory shared with the kernel. [6.13] */
struct io_uring_region_desc {
	__u64 user_addr; /* with MEM_REGION_TYPE_USER */
	__u64 size;	 /* bytes */
	__u32 flags;	 /* IORING_MEM_REGION_TYPE_* */
	__u32 id;
	__u64 mmap_offset; /* out: where to mmap what the kernel allocated */
	__u64 __resv[4];
};

enum {
	IORING_MEM_REGION_TYPE_USER = 1, /* user_addr is the memory; else allocate it */
};

/* MEM_REGION [6.13] */
struct io_uring_mem_region_reg {
	__u64 region_uptr; /* address of a struct io_uring_region_desc */
	__u64 flags;	   /* IORING_MEM_REGION_REG_* */
	__u64 __resv[2];
};

enum {
	IORING_MEM_REGION_REG_WAIT_ARG = 1, /* it holds struct io_uring_reg_wait's */
};

/* -- Zero-copy receive -- */

/* An entry of the refill ring: a buffer given back. [6.15] */
struct io_uring_zcrx_rqe {
	__u64 off;
	__u32 len;
	__u32 __pad;
};

/* The second half of RECV_ZC's completion. [6.15] */
struct io_uring_zcrx_cqe {
	__u64 off; /* of the data; bits 48 and up: the area's token */
	__u64 __pad;
};

#define IORING_ZCRX_AREA_SHIFT 48
#define IORING_ZCRX_AREA_MASK  (~(((__u64)1 << IORING_ZCRX_AREA_SHIFT) - 1))

/* Where the refill ring's parts lie, in bytes from the start of its region. [6.15] */
struct io_uring_zcrx_offsets {
	__u32 head;
	__u32 tail;
	__u32 rqes;
	__u32 __resv2;
	__u64 __resv[2];
};

enum io_uring_zcrx_area_flags {
	IORING_ZCRX_AREA_DMABUF = 1, /* [6.16] */
};

/* The memory that data arrives in. [6.15] */
struct io_uring_zcrx_area_reg {
	__u64 addr;	     /* an offset, if it is a dma-buf */
	__u64 len;	     /* bytes */
	__u64 rq_area_token; /* out: or it into io_uring_zcrx_rqe.off */
	__u32 flags;	     /* enum io_uring_zcrx_area_flags */
	__u32 dmabuf_fd;
	__u64 __resv2[2];
};

enum zcrx_reg_flags {
	ZCRX_REG_IMPORT = 1, /* if_idx is the descriptor of an export [6.19] */
	ZCRX_REG_NODEV = 2,  /* no interface: data is copied in [7.1] */
};

enum zcrx_features {
	ZCRX_FEATURE_RX_PAGE_SIZE = 1 << 0, /* rx_buf_len works [7.0] */
};

/* ZCRX_IFQ [6.15] */
struct io_uring_zcrx_ifq_reg {
	__u32 if_idx; /* index of the network interface */
	__u32 if_rxq; /* number of its receive queue */
	__u32 rq_entries;
	__u32 flags;			      /* enum zcrx_reg_flags */
	__u64 area_ptr;			      /* address of a struct io_uring_zcrx_area_reg */
	__u64 region_ptr;		      /* address of a struct io_uring_region_desc */
	struct io_uring_zcrx_offsets offsets; /* out */
	__u32 zcrx_id;			      /* out; for sqe->zcrx_ifq_idx */
	union {
		__u32 rx_buf_len; /* bytes; 0: as the kernel likes [7.0] */
		__u32 __resv2;	  /* its name until then */
	};
	__u64 __resv[3];
};

enum zcrx_ctrl_op {
	ZCRX_CTRL_FLUSH_RQ, /* take in what the refill ring holds */
	ZCRX_CTRL_EXPORT,   /* make a descriptor that other rings can import */

	__ZCRX_CTRL_LAST
};

struct zcrx_ctrl_flush_rq {
	__u64 __resv[6];
};

struct zcrx_ctrl_export {
	__u32 zcrx_fd; /* out */
	__u32 __resv1[11];
};

/* ZCRX_CTRL [6.19] */
struct zcrx_ctrl {
	__u32 zcrx_id;
	__u32 op; /* enum zcrx_ctrl_op */
	__u64 __resv[2];
	union {
		struct zcrx_ctrl_export zc_export;
		struct zcrx_ctrl_flush_rq zc_flush;
	};
};

#ifdef __cplusplus
}
#endif

#endif /* LINUX_IO_URING_H */
