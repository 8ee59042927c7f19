/* SPDX-License-Identifier: MIT */
/* Provided buffers: groups that requests take a buffer from when they have data for it. */
#ifndef ANYRING_USER_GROUPS_H
#define ANYRING_USER_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "user/request.h"

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
 * then committed with the bytes moved, or dropped; with a ring of buffers nothing has happened to
 * the group until then. Under the ring's lock throughout, but for the system call.
 */
struct selection {
	struct buffer_group *group;
	unsigned count;	   /* buffers in iov[] */
	uint16_t id;	   /* of the first */
	struct iovec *iov; /* `one`, or room for more given by the caller */
	unsigned room;
	struct iovec one;
	size_t total;
};

/* ---- groups.c; all under the ring's lock ---- */

/*
 * Chooses one buffer, or for bundles up to s->room of them until `max` bytes (0: no limit); each is
 * cut to what is asked for. 0, -ENOBUFS (empty, or no such group), -ENOENT, -EFAULT.
 */
int group_select(struct request *req, struct selection *s, size_t max, bool bundle);
/*
 * The operation moved `bytes` (0 and more): takes what it used up off the group, and returns the
 * CQE flags to post: IORING_CQE_F_BUFFER, the id, IORING_CQE_F_BUF_MORE.
 */
uint32_t group_commit(struct request *req, struct selection *s, size_t bytes);
/* The operation did not happen: the buffers are the group's again. */
void group_drop(struct request *req, struct selection *s);
void groups_free(struct uring *ring);

#endif
