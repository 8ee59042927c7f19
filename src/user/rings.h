/* SPDX-License-Identifier: MIT */
/* Which descriptor, or registered index, is which ring. */
#ifndef ANYRING_USER_RINGS_H
#define ANYRING_USER_RINGS_H

#include "user/uring.h"

/* IORING_REGISTER_RING_FDS: how many a thread may have. */
#define REGISTERED_RINGS_MAX 16

/* The upper half of struct uring's id, by which a duplicate of the descriptor is recognised. */
#define RING_ID_MARK 0x61726e67ULL

/* The ring is complete, and its descriptor's. 0 or -ENOMEM. */
int rings_add(struct uring *ring, int fd);
/* Takes the ring off its descriptor: the caller has that use of it. NULL: none there. */
struct uring *rings_remove(int fd);

/* Puts the ring into the first free place of the calling thread's from `from` up to `to` - 1: the
 * index, or -EBUSY. */
int rings_register(struct uring *ring, unsigned from, unsigned to);
/* `index` < REGISTERED_RINGS_MAX. */
void rings_unregister(unsigned index);
/* The last reference is gone. */
void ring_free(struct uring *ring);

#endif
