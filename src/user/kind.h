/* SPDX-License-Identifier: MIT */
/* What kind of file a descriptor is, asked of the kernel as seldom as possible. */
#ifndef ANYRING_USER_KIND_H
#define ANYRING_USER_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "user/request.h"

struct kind {
	uint32_t known;	   /* FILE_* of files.h; 0: the descriptor is none */
	uint32_t type;	   /* S_IFMT bits */
	uint64_t size;	   /* of a regular file */
	uint64_t identity; /* which file it is, of those alive: device and number, mixed */
	bool local;	   /* on a device of this machine: closing it waits for nobody */
};

/* Asks. Does not wait for a file server. */
struct kind kind_of(int fd);
/* The same, but FILE_DIRECT with it, which takes a call more. */
struct kind kind_with_flags(int fd);

/* The FILE_* bits of a request's file, which are kept where it has a file of its own. Under the
 * ring's lock. */
uint32_t request_kind(struct request *req);

#endif
