/* SPDX-License-Identifier: MIT */
/* Which descriptor is which ring. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/alloc.h"
#include "user/owner.h"
#include "user/process.h"
#include "user/rings.h"
#include "user/sys.h"
#include "user/user.h"

/* Descriptors are below NR_OPEN, 1 << 20 by default; beyond that no ring can be. */
#define PAGE_FDS 1024
#define PAGES	 1024

static struct uring **pages[PAGES];
static unsigned rings_alive;

/* The calling thread's registered rings: what IORING_REGISTER_RING_FDS makes of descriptors. */
static __thread struct uring *registered[REGISTERED_RINGS_MAX];

struct list rings_all = { &rings_all, &rings_all };

static struct uring **slot_of(unsigned fd)
{
	struct uring **page;

	if (fd >= PAGES * PAGE_FDS)
		return NULL;
	/* Acquire: pairs with the release in make_slot(). */
	page = __atomic_load_n(&pages[fd / PAGE_FDS], __ATOMIC_ACQUIRE);
	return page ? page + fd % PAGE_FDS : NULL;
}

static struct uring **make_slot(unsigned fd)
{
	struct uring **page;

	if (fd >= PAGES * PAGE_FDS)
		return NULL;
	if (!pages[fd / PAGE_FDS]) {
		page = user_zalloc(PAGE_FDS, sizeof(*page));
		/* Release: pairs with slot_of(). */
		__atomic_store_n(&pages[fd / PAGE_FDS], page, __ATOMIC_RELEASE);
	}
	return slot_of(fd);
}

/*
 * Takes a reference to the ring that `slot` names, without a lock: struct uring is never returned
 * to the allocator, so a ring that ends meanwhile shows as one without references, or as another
 * than the slot says.
 */
static bool hold_if_alive(struct uring *ring)
{
	unsigned refs = __atomic_load_n(&ring->refs, __ATOMIC_RELAXED);

	while (refs && !__atomic_compare_exchange_n(&ring->refs, &refs, refs + 1, true,
						    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		continue;
	return refs;
}

static struct uring *get_from(struct uring **slot)
{
	for (;;) {
		/* Acquire: pairs with the release of rings_add(). */
		struct uring *ring = __atomic_load_n(slot, __ATOMIC_ACQUIRE);

		if (!ring)
			return NULL;
		if (!hold_if_alive(ring))
			continue;
		if (__atomic_load_n(slot, __ATOMIC_ACQUIRE) == ring)
			return ring;
		ring_put(ring);
	}
}

void ring_hold(struct uring *ring)
{
	__atomic_add_fetch(&ring->refs, 1, __ATOMIC_RELAXED);
}

void ring_drop_user(struct uring *ring)
{
	/* As in ring_put(): whoever ends it sees what all users did. */
	if (!__atomic_sub_fetch(&ring->users, 1, __ATOMIC_ACQ_REL))
		ring_shut_down(ring);
}

void ring_put(struct uring *ring)
{
	/* Release what was done with it; acquire it before freeing. */
	if (!__atomic_sub_fetch(&ring->refs, 1, __ATOMIC_ACQ_REL))
		ring_free(ring);
}

/* ---- Duplicates of a ring's descriptor ------------------------------------------------------- */

/*
 * The ring whose outer epoll set `fd` is, as the kernel tells what is in such a set: the inner one,
 * with the ring's id as its data.
 */
static uint64_t ring_id_of(unsigned fd)
{
	unsigned long long data, id = 0;
	char path[40], text[1024], *line;
	long file, size;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%u", fd);
	file = SYS(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	size = SYS(read, file, text, sizeof(text) - 1);
	SYS(close, file);
	text[size > 0 ? size : 0] = 0;
	for (line = strstr(text, "tfd:"); line && !id; line = strstr(line + 1, "tfd:"))
		if (sscanf(line, "tfd: %*d events: %*x data: %llx", &data) == 1 &&
		    data >> RING_ID_BITS == RING_ID_MARK)
			id = data;
	return id;
}

static struct uring *find_by_id(uint64_t id)
{
	struct uring *found = NULL;

	process_lock(LOCK_RINGS);
	for (unsigned i = 0; i < PAGES && !found; i++)
		for (unsigned j = 0; pages[i] && j < PAGE_FDS && !found; j++)
			if (pages[i][j] && pages[i][j]->id == id)
				found = get_from(&pages[i][j]);
	process_unlock(LOCK_RINGS);
	return found;
}

struct uring *ring_get(unsigned fd, int *error)
{
	struct uring **slot = slot_of(fd), *ring = slot ? get_from(slot) : NULL;
	uint64_t id;

	if (__builtin_expect(ring != NULL, 1))
		return ring;
	*error = -EBADF;
	if (SYS(fcntl, fd, F_GETFD) < 0)
		return NULL;
	*error = -EOPNOTSUPP;
	id = __atomic_load_n(&rings_alive, __ATOMIC_RELAXED) ? ring_id_of(fd) : 0;
	return id ? find_by_id(id) : NULL;
}

int rings_add(struct uring *ring, int fd)
{
	struct uring **slot;

	process_lock(LOCK_RINGS);
	slot = make_slot((unsigned)fd);
	if (slot) {
		/* Release: the ring is complete; pairs with get_from(). */
		__atomic_store_n(slot, ring, __ATOMIC_RELEASE);
		__atomic_add_fetch(&rings_alive, 1, __ATOMIC_RELAXED);
	}
	process_unlock(LOCK_RINGS);
	return slot ? 0 : -ENOMEM;
}

/* Takes whatever ring is there off the descriptor, or with `only` that one. */
static struct uring *take_off(int fd, const struct uring *only)
{
	struct uring **slot, *ring = NULL;

	process_lock(LOCK_RINGS);
	slot = slot_of((unsigned)fd);
	if (slot && *slot && (!only || *slot == only)) {
		ring = *slot;
		__atomic_store_n(slot, NULL, __ATOMIC_RELAXED);
		__atomic_sub_fetch(&rings_alive, 1, __ATOMIC_RELAXED);
	}
	process_unlock(LOCK_RINGS);
	return ring;
}

struct uring *rings_remove(int fd)
{
	return take_off(fd, NULL);
}

/* The descriptor may have been closed without our being told, and then no more ends the ring. */
static void drop_lost_descriptor(struct uring *ring)
{
	int fd;

	ring_lock(ring);
	fd = ring->fd;
	ring_unlock(ring);
	if (fd < 0 || ring_is_at(ring, fd) || ring_find_duplicate(ring, fd) >= 0)
		return;
	if (take_off(fd, ring))
		ring_drop_user(ring);
}

/* ---- Registered rings ------------------------------------------------------------------------ */

void rings_unregister(unsigned index)
{
	struct uring *ring = registered[index];

	registered[index] = NULL;
	if (!ring)
		return;
	__atomic_sub_fetch(&rings_alive, 1, __ATOMIC_RELAXED);
	ring_hold(ring);
	ring_drop_user(ring);
	drop_lost_descriptor(ring);
	ring_put(ring);
}

void rings_unregister_all(void)
{
	for (unsigned i = 0; i < REGISTERED_RINGS_MAX; i++)
		rings_unregister(i);
}

struct uring *ring_get_registered(unsigned index, int *error)
{
	if (index >= REGISTERED_RINGS_MAX) {
		*error = -EINVAL;
		return NULL;
	}
	/* As the kernel has it, where nothing is kept for the thread. */
	*error = owner_thread_known ? -EBADF : -EINVAL;
	return registered[index] ? get_from(&registered[index]) : NULL;
}

/* False: the last use of it has gone; it is being shut down. */
static bool add_user(struct uring *ring)
{
	unsigned users = __atomic_load_n(&ring->users, __ATOMIC_RELAXED);

	/* Relaxed: the caller has a reference, which orders what it does. */
	while (users && !__atomic_compare_exchange_n(&ring->users, &users, users + 1, true,
						     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		continue;
	return users;
}

int rings_register(struct uring *ring, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		if (registered[i])
			continue;
		owner_note_thread();
		if (!add_user(ring))
			return -EBADF;
		__atomic_add_fetch(&rings_alive, 1, __ATOMIC_RELAXED);
		registered[i] = ring;
		return (int)i;
	}
	return -EBUSY;
}

bool user_has_rings(void)
{
	return __atomic_load_n(&rings_alive, __ATOMIC_RELAXED);
}

/* ---- All rings ------------------------------------------------------------------------------- */

void rings_track(struct uring *ring)
{
	process_lock(LOCK_RINGS);
	list_add_tail(&rings_all, &ring->tracked);
	process_unlock(LOCK_RINGS);
}

void rings_untrack(struct uring *ring)
{
	process_lock(LOCK_RINGS);
	list_del(&ring->tracked);
	process_unlock(LOCK_RINGS);
}

struct uring *rings_next(uint64_t id)
{
	struct uring *found = NULL;

	process_lock(LOCK_RINGS);
	list_for_each(link, &rings_all)
	{
		struct uring *ring = list_entry(link, struct uring, tracked);

		if (ring->id > id && hold_if_alive(ring)) {
			found = ring;
			break;
		}
	}
	process_unlock(LOCK_RINGS);
	return found;
}

void rings_forked(void)
{
	memset(registered, 0, sizeof(registered));
	owner_thread_known = false;
	rings_alive = 0;
	list_for_each(link, &rings_all)
	{
		struct uring *ring = list_entry(link, struct uring, tracked);
		struct uring **slot = ring->fd >= 0 ? slot_of((unsigned)ring->fd) : NULL;

		ring->users = slot && *slot == ring;
		rings_alive += ring->users;
	}
}

bool user_owns(unsigned fd, bool by_index)
{
	struct uring *ring = NULL;
	int error;

	if (!__atomic_load_n(&rings_alive, __ATOMIC_RELAXED))
		return false;
	ring = by_index ? ring_get_registered(fd, &error) : ring_get(fd, &error);
	if (ring)
		ring_put(ring);
	return ring != NULL;
}
