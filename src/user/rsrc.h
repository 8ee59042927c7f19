/* SPDX-License-Identifier: MIT */
/* What the tables of files and of buffers have in common: lists with tags, and updates. */
#ifndef ANYRING_USER_RSRC_H
#define ANYRING_USER_RSRC_H

#include "user/uring.h"

/* Where the application has them. */
struct rsrc_list {
	const void *data;     /* descriptors or iovecs; NULL: all slots are to be empty */
	const uint64_t *tags; /* or NULL */
	unsigned count;
};

/* The tag of the i-th: 0 or -EFAULT. */
int rsrc_tag(const struct rsrc_list *list, unsigned i, uint64_t *tag);
/* IORING_REGISTER_FILES2, BUFFERS2. */
int rsrc_register(struct uring *ring, const void *arg, unsigned size,
		  int (*make)(struct uring *ring, const struct rsrc_list *list));
/* IORING_REGISTER_FILES_UPDATE2, BUFFERS_UPDATE. */
int rsrc_update(struct uring *ring, const void *arg, unsigned size,
		int (*update)(struct uring *ring, unsigned offset, const struct rsrc_list *list));

/* Under the ring's lock. How many slots were set, or the error of the first. */
int files_update(struct uring *ring, unsigned offset, const struct rsrc_list *list);

#endif
