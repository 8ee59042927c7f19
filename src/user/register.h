/* SPDX-License-Identifier: MIT */
/* The register calls: each runs under the ring's lock, and answers 0, a count, or -errno. */
#ifndef ANYRING_USER_REGISTER_H
#define ANYRING_USER_REGISTER_H

#include "user/uring.h"

struct register_call {
	int (*run)(struct uring *ring, const void *arg, unsigned nr_args);
	unsigned flags;
};

int register_probe(struct uring *ring, const void *arg, unsigned nr_args);

#endif
