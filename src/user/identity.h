/* SPDX-License-Identifier: MIT */
/*
 * Who a thread is to the kernel when it opens files and the like: user and group for file systems,
 * other groups, effective capabilities. All of it is each thread's own, as long as it is set by
 * system calls, not by the C library.
 */
#ifndef ANYRING_USER_IDENTITY_H
#define ANYRING_USER_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct identity {
	unsigned refs; /* under the lock of the ring that it is registered with */
	uid_t uid;
	gid_t gid;
	uint64_t caps;
	unsigned group_count;
	gid_t groups[];
};

/* The calling thread's, refs 1. NULL: out of memory. */
struct identity *identity_new(void);
void identity_put(struct identity *identity);
/* True if the calling thread is that one. */
bool identity_is_current(const struct identity *identity);
/* The calling thread is that one from now on. -EPERM: it may not; what it is then is undefined. */
int identity_become(const struct identity *identity);

#endif
