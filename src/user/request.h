/* SPDX-License-Identifier: MIT */
/* A request: one SQE taken from the queue, until its last completion. */
#ifndef ANYRING_USER_REQUEST_H
#define ANYRING_USER_REQUEST_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "liburing/io_uring.h"
#include "user/alloc.h"
#include "user/list.h"

struct uring;
struct request;
struct file;
struct worker;
struct buffer;
struct identity;
struct quick_send;

/* Bytes that an opcode has to itself in a request. */
#define REQUEST_DATA_SIZE 128

/* What issue() answers. */
enum issue_result {
	ISSUE_DONE,   /* req->res and req->cqe_flags are final */
	ISSUE_AGAIN,  /* would block: poll for what the opcode waits for, or else a worker */
	ISSUE_WORKER, /* only a thread that may block can do it */
	ISSUE_ARMED,  /* somebody else will complete it: a timer, another request ... */
};

/* How issue() is called. */
enum issue_how {
	HOW_INLINE = 0,
	HOW_WORKER = 1 << 0, /* by a worker: without the ring's lock, may block */
	HOW_POLLED = 1 << 1, /* again, since what it waits for has come */
};

/* request.state */
enum request_state {
	REQ_NEW,     /* being submitted, or running inline */
	REQ_LINKED,  /* a member of a chain that has not started */
	REQ_DRAINED, /* waits for earlier ones (IOSQE_IO_DRAIN) */
	REQ_QUEUED,  /* in uring.ready */
	REQ_POLLED,  /* waits for its file: see poll_wait */
	REQ_WORKER,  /* waits for a worker, or runs on one */
	REQ_ARMED,   /* the opcode keeps it: see op.cancel */
};

/* request.flags */
enum {
	REQ_LINK = 1 << 0,
	REQ_HARDLINK = 1 << 1,
	REQ_FAIL = 1 << 2,	   /* its result breaks the chain it is in */
	REQ_SKIP = 1 << 3,	   /* IOSQE_CQE_SKIP_SUCCESS */
	REQ_PREPARED = 1 << 4,	   /* prep() was called, so the opcode's data mean something */
	REQ_ASYNC = 1 << 5,	   /* IOSQE_ASYNC */
	REQ_FIXED_FILE = 1 << 6,   /* fd is an index of the ring's files */
	REQ_SELECT = 1 << 7,	   /* IOSQE_BUFFER_SELECT */
	REQ_NOWAIT = 1 << 8,	   /* -EAGAIN is the result that was asked for */
	REQ_MULTISHOT = 1 << 9,	   /* goes on after a completion */
	REQ_CANCELED = 1 << 10,	   /* to end with -ECANCELED, as soon as whoever has it sees this */
	REQ_NO_CQE = 1 << 11,	   /* ends without a completion */
	REQ_BUFFER_HELD = 1 << 12, /* its buffer has left the group, for it to wait with */
	REQ_CQE32 = 1 << 13,	   /* extra[] is to be posted */
	REQ_HAS_TIMEOUT = 1 << 14, /* the next of its chain is a link timeout, which it arms */
	REQ_CLEANUP = 1 << 15,	   /* op.cleanup has something to give back */
	REQ_PARTIAL = 1 << 16,	   /* some bytes were moved: how many, the opcode knows */
	REQ_DRAIN = 1 << 17,	   /* waits for all before it (IOSQE_IO_DRAIN) */
	REQ_NO_FAILURE = 1 << 18,  /* a negative result that does not break the chain */
	REQ_ORPHAN = 1 << 19,	   /* its thread has gone: to be cancelled once its file is ready */
	REQ_BEHIND = 1 << 20,	   /* of a chain that a worker goes on with: see behind.h */
	REQ_INTERRUPTED = 1 << 21, /* ... and cancelled as what a worker is in */
	REQ_TRIED = 1 << 22,	   /* res is what its first attempt came to: see quick_send.h */
};

/* What a waiting request needs when its file is ready lies together in front. */
struct request {
	struct uring *ring;
	const struct op *op;
	uint64_t user_data;
	struct file *file; /* held by the request: a registered file, or a duplicate. Or NULL */
	uint32_t flags;
	int32_t res;
	uint32_t cqe_flags;
	uint32_t poll_events; /* EPOLL* that it waits for */
	int32_t fd;	      /* as the SQE has it: what cancel compares */
	int32_t sysfd;	      /* for system calls; valid from request_file() on */
	uint8_t opcode;
	uint8_t state;	       /* enum request_state; under the ring's lock */
	bool stop;	       /* canceled while a worker runs it; atomic, see request_stopped() */
	uint16_t buf_index;    /* registered buffer, or group */
	uint16_t poll_retries; /* bounds what one event may do; see poll.c */
	union {
		char bytes[REQUEST_DATA_SIZE];
		uint64_t align;
	} data;
	struct list queue; /* the queue of its state: drained, ready, a file's waiters, workers */
	struct list all;   /* uring.pending, while in a state from REQ_POLLED on */
	struct request *link;	   /* the next of its chain; or the next of a list without order */
	struct request *timeout;   /* the link timeout that bounds it, armed */
	struct worker *worker;	   /* that runs it; under the pool's lock */
	struct identity *identity; /* of a personality, held. Or NULL */
	struct buffer *buffer;	   /* registered, held by the request. Or NULL */
	void *async;		   /* the opcode's, freed with the request */
	pid_t owner;		   /* the thread that submitted it */
	uint64_t extra[2];
} __attribute__((aligned(CACHE_LINE)));

/* For issue() in a worker, which has the flags to itself: true if it is to end soon. */
static inline bool request_stopped(const struct request *req)
{
	/* Relaxed: a hint; the lock orders what is done about it. */
	return __atomic_load_n(&req->stop, __ATOMIC_RELAXED);
}

/* The result of the attempt that was made before there was a request, once. */
static inline long request_tried(struct request *req)
{
	req->flags &= ~(uint32_t)REQ_TRIED;
	return req->res;
}

/* The opcode's part of the request, as the type it has there. */
#define request_data(req, type)                                                          \
	({                                                                               \
		static_assert(sizeof(type) <= REQUEST_DATA_SIZE, "fits into a request"); \
		(type *)(void *)(req)->data.bytes;                                       \
	})

/*
 * An opcode. prep() reads the SQE, once (and quick() before it), and copies all that the SQE points
 * to; issue() carries it out. Both run under the ring's lock, but for issue() with HOW_WORKER.
 */
struct op {
	const char *name;
	int (*prep)(struct request *req, const struct io_uring_sqe *sqe); /* 0 or -errno */
	/* Or NULL; in step with both. True: prep() would object to nothing, and issue() would make
	 * this call of it, once and with MSG_DONTWAIT. `file`: registered, or NULL. */
	bool (*quick)(const struct uring *ring, const struct io_uring_sqe *sqe,
		      const struct file *file, struct quick_send *send);
	enum issue_result (*issue)(struct request *req, enum issue_how how);
	/* Told before it fails with req->res: may say what it had done by then instead. */
	void (*fail)(struct request *req);
	/* Gives back what the request holds; with REQ_CLEANUP only. Under the lock. */
	void (*cleanup)(struct request *req);
	/* For ISSUE_ARMED: disarms it, so that nobody else will complete it. False: too late, it
	 * is being completed. Under the lock. */
	bool (*cancel)(struct request *req);
	/* EPOLLIN, EPOLLOUT: what ISSUE_AGAIN waits for. prep() may set
	 * req->poll_events instead. */
	uint32_t poll_events;
	uint8_t needs_file : 1;	   /* fd is a descriptor, taken before issue() */
	uint8_t buffer_select : 1; /* IOSQE_BUFFER_SELECT is allowed */
	uint8_t takes_ioprio : 1;  /* sqe->ioprio need not be 0 */
	uint8_t iopoll : 1;	   /* allowed on a ring with IORING_SETUP_IOPOLL */
	uint8_t skips_audit : 1;   /* never blocks: IOSQE_ASYNC means nothing to it */
	uint8_t blocks : 1;	   /* always takes a worker: issue() is never called inline */
	uint8_t always_polls : 1;  /* never blocks in a worker either: IOSQE_ASYNC is inline */
	uint8_t of_socket : 1;	   /* -ENOTSOCK for any other file */
	uint8_t has_rights : 1;	   /* who asks matters: see personality.h */
	uint8_t unbounded : 1;	   /* may block for ever: does not count as a bounded worker */
	uint8_t gathers : 1;	   /* may be done together with the next: see aio.h */
	uint8_t cancel_counts : 1; /* cancelling one answers 1, as Linux says how many those were */
	uint8_t has_waiter : 1;	   /* armed, it has a thread, and that a reference to the ring */
	uint8_t lingers : 1;	   /* what it waits on may be kept for the next: linger.h */
	uint8_t errors_pass : 1;   /* its errors are results as others: they break no chain */
};

/* By opcode; those that the engine does not have are empty (prep == NULL). */
extern const struct op op_table[IORING_OP_LAST];

#endif
