/* SPDX-License-Identifier: MIT */
/* Names that requests have: copied at submission, as the application may overwrite them. */
#ifndef ANYRING_USER_PATHS_H
#define ANYRING_USER_PATHS_H

#include <stdbool.h>
#include <stdint.h>

#include "user/request.h"

/*
 * Copies one path, or two, into req->async, and points there. 0; -ENOENT for an
 * empty one that must not be; -EFAULT, -ENAMETOOLONG, -ENOMEM.
 */
int take_path(struct request *req, uint64_t addr, bool may_be_empty, const char **path);
int take_paths(struct request *req, const uint64_t addrs[2], const bool may_be_empty[2],
	       const char *paths[2]);

#endif
