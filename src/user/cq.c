/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "user/alloc.h"
#include "user/sys.h"
#include "user/uring.h"

/* A completion that found no room. */
struct overflowed {
	struct list link;
	struct completion completion;
};

/* Rings that have, or may have, CQEs of the long kind. */
#define CQE_SIZES (IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED)

void cq_init(struct uring *ring)
{
	list_init(&ring->cq.overflow);
	list_init(&ring->cq.deferred);
	ring->cq.eventfd = -1;
}

void cq_forget(struct uring *ring)
{
	list_for_each(link, &ring->cq.overflow)
		user_free(list_entry(link, struct overflowed, link));
	list_init(&ring->cq.overflow);
	ring->cq.unannounced = 0;
}

void cq_free(struct uring *ring)
{
	cq_forget(ring);
	if (ring->cq.eventfd >= 0)
		SYS(close, ring->cq.eventfd);
	ring->cq.eventfd = -1;
}

/* Slots in use. The application's head is believed only as far as it can be true. */
static unsigned slots_used(const struct uring *ring)
{
	const struct ring_header *h = ring->mem.header;
	/* Acquire: the application has read the CQEs before it; pairs with its release of the
	 * head. */
	unsigned head = __atomic_load_n(&h->cq_head, __ATOMIC_ACQUIRE);
	unsigned used = h->cq_tail - head;

	return used <= ring->mem.cq_entries ? used : ring->mem.cq_entries;
}

unsigned cq_ready(const struct uring *ring)
{
	return slots_used(ring);
}

static void set_sq_flag(struct uring *ring, uint32_t flag, bool on)
{
	uint32_t *flags = &ring->mem.header->sq_flags;

	/* An SQPOLL thread changes its own bit without the lock. Release: what the flag speaks of
	 * was there before. */
	if (on)
		__atomic_or_fetch(flags, flag, __ATOMIC_RELEASE);
	else
		__atomic_and_fetch(flags, ~flag, __ATOMIC_RELEASE);
}

static struct io_uring_cqe *slot_at(struct uring *ring, unsigned tail)
{
	unsigned slot = tail & (ring->mem.cq_entries - 1);
	struct io_uring_cqe *cqe = (void *)(ring->mem.cqes + ((size_t)slot << ring->cqe_shift));

	return cqe;
}

static void put_cqe(struct io_uring_cqe *cqe, const struct completion *c)
{
	cqe->user_data = c->user_data;
	cqe->res = c->res;
	cqe->flags = c->flags;
}

/* In a mixed ring a long CQE must not wrap: the last slot is filled with one to be skipped. */
static bool fill_last_slot(struct uring *ring, unsigned *tail, unsigned *room)
{
	static const struct completion filler = { .flags = IORING_CQE_F_SKIP };
	unsigned mask = ring->mem.cq_entries - 1;

	if ((*tail & mask) != mask)
		return *room >= 2;
	if (*room < 3)
		return false;
	put_cqe(slot_at(ring, (*tail)++), &filler);
	(*room)--;
	return true;
}

/* A long CQE, of a ring of those or of a mixed one. The slots it takes; 0: there is no room. */
static unsigned put_long(struct uring *ring, unsigned *tail, unsigned room,
			 const struct completion *c)
{
	bool mixed = ring->setup_flags & IORING_SETUP_CQE_MIXED;
	struct io_uring_cqe *cqe;

	if (mixed && !fill_last_slot(ring, tail, &room))
		return 0;
	cqe = slot_at(ring, *tail);
	put_cqe(cqe, c);
	memcpy(cqe->big_cqe, c->extra, sizeof(c->extra));
	return mixed ? 2 : 1;
}

static bool is_long(const struct uring *ring, const struct completion *c)
{
	if (__builtin_expect(!(ring->setup_flags & CQE_SIZES), 1))
		return false;
	return ring->setup_flags & IORING_SETUP_CQE32 || c->flags & IORING_CQE_F_32;
}

static bool try_post(struct uring *ring, const struct completion *c)
{
	struct ring_header *h = ring->mem.header;
	unsigned room = ring->mem.cq_entries - slots_used(ring), tail = h->cq_tail, taken = 1;

	if (!room)
		return false;
	if (is_long(ring, c))
		taken = put_long(ring, &tail, room, c);
	else
		put_cqe(slot_at(ring, tail), c);
	/* Release: the CQE is complete; pairs with the application's acquire of the tail. */
	__atomic_store_n(&h->cq_tail, tail + taken, __ATOMIC_RELEASE);
	return taken;
}

static void keep(struct uring *ring, const struct completion *c)
{
	struct overflowed *o = user_alloc(sizeof(*o));

	if (!o) {
		/* As the kernel does: counted, where the application can see it. */
		__atomic_add_fetch(&ring->mem.header->cq_overflow, 1, __ATOMIC_RELAXED);
		return;
	}
	o->completion = *c;
	list_add_tail(&ring->cq.overflow, &o->link);
	set_sq_flag(ring, IORING_SQ_CQ_OVERFLOW, true);
}

bool cq_post_if_room(struct uring *ring, const struct completion *c)
{
	if (!list_is_empty(&ring->cq.overflow) || !try_post(ring, c))
		return false;
	ring->cq.unannounced++;
	ring->cq.posted++;
	return true;
}

void cq_post(struct uring *ring, const struct completion *c)
{
	if (cq_post_if_room(ring, c))
		return;
	keep(ring, c);
	ring->cq.posted++;
}

void cq_flush_overflow(struct uring *ring)
{
	if (list_is_empty(&ring->cq.overflow))
		return;
	list_for_each(link, &ring->cq.overflow)
	{
		struct overflowed *o = list_entry(link, struct overflowed, link);

		if (!try_post(ring, &o->completion))
			return;
		ring->cq.unannounced++;
		list_del(link);
		user_free(o);
	}
	set_sq_flag(ring, IORING_SQ_CQ_OVERFLOW, false);
}

void cq_signal(struct uring *ring)
{
	uint64_t one = 1;

	if (ring->cq.eventfd < 0 || (ring->cq.eventfd_async && !ring->cq.worker_posted))
		return;
	/* Relaxed: the application says so from a thread of its choice, whenever. */
	if (__atomic_load_n(&ring->mem.header->cq_flags, __ATOMIC_RELAXED) &
	    IORING_CQ_EVENTFD_DISABLED)
		return;
	SYS(write, ring->cq.eventfd, &one, sizeof(one));
}

void cq_announce(struct uring *ring)
{
	if (ring->cq.unannounced) {
		cq_signal(ring);
		reactor_wake(ring);
	}
	ring->cq.unannounced = 0;
	ring->cq.worker_posted = false;
}
