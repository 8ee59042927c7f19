/* SPDX-License-Identifier: MIT */
/* Provided buffers: groups that requests take a buffer from when they have data for it. */
#ifndef ANYRING_USER_GROUPS_H
#define ANYRING_USER_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "user/request.h"
#include "user/shared_memory.h"

struct uring;
struct buffer_group;

/* Groups by id (16 bits): a table of tables, made as used. */
struct group_table {
	struct buffer_group ***pages; /* NULL until the first group */
};

/* Buffers that one request may take at once (bundles). */
#define GROUP_BUFFERS_MAX 256

/*
 * A choice of buffers for one operation. It is made (group_select), used in a system call, and
 * then committed with the bytes moved, or dropped. Inline, where the lock is held throughout,
 * nothing happens to a ring of buffers until then. A worker drops the lock for the system call, so
 * for it the buffers leave the group at once; dropped, they come back if nobody took any after
 * them.
 */
struct selection {
	unsigned count;	   /* buffers in iov[] */
	uint16_t id;	   /* of the first */
	struct iovec *iov; /* `one`, or room for more given by the caller */
	unsigned room;
	struct iovec one;
	size_t total;
	bool last;	 /* none is left behind those, as far as it looked */
	unsigned filled; /* of a bundle that is chosen once more, to be longer: these are full */

	/* groups.c's own: */
	struct buffer_group *group; /* not to be used any more once the lock was dropped */
	bool bundle;		    /* as it was asked for */
	bool cut;		    /* of a ring, and its limit is not the end of a buffer */
	bool taken;		    /* they have left their group */
	bool of_ring;		    /* they were in a ring of buffers */
	bool incremental;	    /* of which a buffer is used up bit by bit */
	uint16_t head;		    /* of that ring, before */
	uint16_t new_head;	    /* and after they left it */
	uint32_t length;	    /* the whole first buffer's */
	uint32_t flags; /* IORING_CQE_F_BUF_MORE, if a bit of the last stays in the group */
};

/* ---- groups.c; all under the ring's lock ----------------------------------------------------- */

/*
 * Chooses one buffer, or for bundles up to s->room of them until `max` bytes (0: no limit); each is
 * cut to what is asked for. For a bundle, s->iov and s->room are the caller's; else s->iov points
 * into *s. 0, -ENOBUFS (empty, or no such group), -ENOENT (a bundle of no group). The addresses are
 * as the application gave them: the system call checks them.
 */
int group_select(struct request *req, struct selection *s, size_t max, bool bundle);
/*
 * The operation moved `bytes`: takes what it used up off the group, and returns the CQE flags to
 * post: IORING_CQE_F_BUFFER, the id, IORING_CQE_F_BUF_MORE. With 0 bytes a whole buffer goes, too,
 * but none of a bundle, and nothing of one that is used up bit by bit.
 */
uint32_t group_commit(struct request *req, struct selection *s, size_t bytes);
/* The operation did not happen: the buffers are the group's again. */
void group_drop(struct request *req, struct selection *s);
void groups_free(struct uring *ring);

/* ---- The kinds of groups, for those that make and end them ----------------------------------- */

/* One buffer, given with IORING_OP_PROVIDE_BUFFERS. */
struct provided {
	uint64_t addr;
	uint32_t len;
	uint16_t id;
};

/* Groups of single buffers are emptied, but stay; those of rings go with the ring. */
struct buffer_group {
	/* Of rings: their memory, the application's or (IOU_PBUF_RING_MMAP) `mapped`, or NULL. */
	struct io_uring_buf_ring *ring;
	struct shared_memory mapped;
	uint16_t mask;
	uint16_t head;
	bool incremental;
	uint32_t min_left; /* a buffer with fewer bytes left than that is done */
	/* Of single buffers: a queue that wraps, with room for a power of two. */
	struct provided *at;
	unsigned first, count, room;
};

struct buffer_group *group_find(struct uring *ring, unsigned id);
/* The same, but makes it, empty, if there is none. NULL: out of memory. */
struct buffer_group *group_make(struct uring *ring, unsigned id);
void group_free(struct uring *ring, unsigned id);
/* At the end of its queue. False: out of memory. */
bool group_add(struct buffer_group *group, const struct provided *buffer);

#endif
