/* SPDX-License-Identifier: MIT */
/* Which descriptor, or registered index, is which ring. */
#ifndef ANYRING_USER_RINGS_H
#define ANYRING_USER_RINGS_H

#include "user/uring.h"

/* IORING_REGISTER_RING_FDS: how many a thread may have. */
#define REGISTERED_RINGS_MAX 16

/* The upper half of struct uring's id, by which a duplicate of the descriptor is recognised. */
#define RING_ID_MARK 0x6172ULL
#define RING_ID_BITS 48

/* The ring is complete, and its descriptor's. 0 or -ENOMEM. */
int rings_add(struct uring *ring, int fd);
/* Takes the ring off its descriptor: the caller has that use of it. NULL: none there. */
struct uring *rings_remove(int fd);

/* Puts the ring into the first free place of the calling thread's from `from` up to `to` - 1: the
 * index, or -EBUSY. */
int rings_register(struct uring *ring, unsigned from, unsigned to);
/* `index` < REGISTERED_RINGS_MAX. */
void rings_unregister(unsigned index);
void rings_unregister_all(void);

/* All rings of the process, by uring.tracked, in the order of their ids; under LOCK_RINGS. */
extern struct list rings_all;

void rings_track(struct uring *ring);
void rings_untrack(struct uring *ring);
/* The first ring with a larger id, with a reference, or NULL. */
struct uring *rings_next(uint64_t id);
/* In a child, which has one thread: no ring is registered with it. */
void rings_forked(void);

/* ---- duplicates.c ---------------------------------------------------------------------------- */

/* True if `fd` is a descriptor of the ring. */
bool ring_is_at(const struct uring *ring, int fd);
/* Another descriptor of the ring than `but`, or -1. */
int ring_find_duplicate(const struct uring *ring, int but);

/* The last reference is gone. */
void ring_free(struct uring *ring);

#endif
