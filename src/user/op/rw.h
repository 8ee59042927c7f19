/* SPDX-License-Identifier: MIT */
/* Reads and writes: what their opcodes share. */
#ifndef ANYRING_USER_RW_H
#define ANYRING_USER_RW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "user/submit.h"
#include "user/uring.h"

/* RWF_* that Debian 12's headers lack. */
#define RW_NOAPPEND  0x20
#define RW_ATOMIC    0x40
#define RW_DONTCACHE 0x80
#define RW_NOSIGNAL  0x100

#define RW_FLAGS_KNOWN                                                                          \
	(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND | RW_NOAPPEND | RW_ATOMIC | \
	 RW_DONTCACHE | RW_NOSIGNAL)

/* rw.state */
enum {
	RW_WRITE = 1 << 0,
	RW_UNUSUAL = 1 << 1,	/* something is to be checked before: see rw_check() */
	RW_FIXED = 1 << 2,	/* in a registered buffer, not checked yet */
	RW_STREAM = 1 << 3,	/* the file has no positions: whatever the offset, it reads on */
	RW_BLOCK = 1 << 4,	/* a worker is to wait in the call itself */
	RW_CHOSEN = 1 << 5,	/* its buffer is taken off the group for good */
	RW_NO_AIO = 1 << 6,	/* Linux AIO would not have it */
	RW_ATTRIBUTES = 1 << 7, /* protection information: no file here takes it */
	RW_GATHERED = 1 << 8,	/* see aio_gather() */
	RW_IN_LANE = 1 << 9,	/* others wait for it: see write_order.h */
	RW_WAITS = 1 << 10,	/* for others */
	RW_FINISHED = 1 << 11,	/* res says what came of it */
};

struct rw {
	struct iovec *vecs; /* what is left to move: `one`, or the request's own memory */
	struct iovec one;
	unsigned count;
	int flags;	   /* RWF_* of the SQE */
	int64_t offset;	   /* -1: the file's position */
	uint64_t left;	   /* bytes in vecs */
	uint64_t done;	   /* bytes moved by earlier attempts */
	uint64_t identity; /* of the file that AIO was given: see kind.h */
	uint32_t round;	   /* in which AIO was given it */
	uint16_t ioprio;
	uint16_t state;
};

static inline struct rw *rw_of(struct request *req)
{
	return request_data(req, struct rw);
}

/* The most that one call moves, and so the most that a request is for. */
#define RW_MAX 0x7ffff000ULL

/* What the system call says, with `flags` besides the request's. */
long rw_transfer(struct request *req, int flags);
/* Asked of files that cannot be tried without blocking: those that poll knows nothing about are
 * ready, too. */
bool rw_is_ready(struct request *req);
/* True if rw_socket_transfer() is the way, as far as is known. */
bool rw_is_socket(const struct request *req);
/* Moves bytes without blocking. -ENOTSOCK: it is none, by now. */
long rw_socket_transfer(struct request *req);
/* The descriptor has no positions: if it is a stream socket, that is remembered. */
void rw_learn_socket(struct request *req);
/* What else can be wrong, and what only a ring that polls has: 0, or -errno. */
int rw_check(struct request *req);
/* AIO ended it with `res`, at once (the descriptor is sure to be the same file) or later. */
void rw_aio_ended(struct request *req, long res, bool at_once);

/* Takes the bytes off the vectors, which still are to be moved after that. */
void rw_advance(struct rw *rw, size_t bytes);

#endif
