/* SPDX-License-Identifier: MIT */
/* io_uring_setup(2): parameters, memory, and the ring itself. */
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "user/alloc.h"
#include "user/inherit.h"
#include "user/process.h"
#include "user/regions.h"
#include "user/rings.h"
#include "user/sqpoll.h"
#include "user/submit.h"
#include "user/sys.h"
#include "user/user.h"
#include "user/worker.h"

static_assert(sizeof(struct ring_shared) <= PAGE_LEAST, "what is shared takes one page");

/* ---- Parameters ------------------------------------------------------------------------------ */

static bool any_of(unsigned flags, unsigned which)
{
	return flags & which;
}

/* Combinations that make no sense, as the kernel sees it. */
static int check_flags(unsigned flags)
{
	if (flags & ~SETUP_FLAGS_VALID)
		return -EINVAL;
	if (flags & IORING_SETUP_REGISTERED_FD_ONLY && !(flags & IORING_SETUP_NO_MMAP))
		return -EINVAL;
	if (flags & IORING_SETUP_SQPOLL &&
	    any_of(flags, IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
				  IORING_SETUP_DEFER_TASKRUN))
		return -EINVAL;
	if (flags & IORING_SETUP_TASKRUN_FLAG &&
	    !any_of(flags, IORING_SETUP_COOP_TASKRUN | IORING_SETUP_DEFER_TASKRUN))
		return -EINVAL;
	if (flags & IORING_SETUP_HYBRID_IOPOLL && !(flags & IORING_SETUP_IOPOLL))
		return -EINVAL;
	if (flags & IORING_SETUP_DEFER_TASKRUN && !(flags & IORING_SETUP_SINGLE_ISSUER))
		return -EINVAL;
	if (flags & IORING_SETUP_CQE32 && flags & IORING_SETUP_CQE_MIXED)
		return -EINVAL;
	if (flags & IORING_SETUP_SQ_AFF && !(flags & IORING_SETUP_SQPOLL))
		return -EINVAL;
	return 0;
}

static unsigned round_up_pow2(unsigned n)
{
	return n <= 1 ? 1 : 1U << (32 - __builtin_clz(n - 1));
}

/* `wanted` as a number of entries: 0 is -EINVAL, and so is too many without IORING_SETUP_CLAMP. */
static int count_entries(unsigned wanted, unsigned most, unsigned flags)
{
	if (!wanted || (wanted > most && !(flags & IORING_SETUP_CLAMP)))
		return -EINVAL;
	return (int)round_up_pow2(wanted < most ? wanted : most);
}

int params_entries(unsigned entries, struct io_uring_params *p)
{
	int sq = count_entries(entries, SQ_ENTRIES_MAX, p->flags);
	int cq = 2 * sq;

	if (sq < 0)
		return sq;
	if (p->flags & IORING_SETUP_CQSIZE) {
		cq = count_entries(p->cq_entries, CQ_ENTRIES_MAX, p->flags);
		if (cq < sq)
			return -EINVAL;
	}
	/* A long completion takes two. */
	if (p->flags & IORING_SETUP_CQE_MIXED && cq < 2)
		return -EOVERFLOW;
	p->sq_entries = (unsigned)sq;
	p->cq_entries = (unsigned)cq;
	return 0;
}

static int check_params(unsigned entries, struct io_uring_params *p)
{
	int ret;

	if (p->resv[0] || p->resv[1] || p->resv[2])
		return -EINVAL;
	ret = check_flags(p->flags);
	return ret ? ret : params_entries(entries, p);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* Sizes, and where the array is, by the parameters alone. */
static void lay_out(struct ring_memory *mem, const struct io_uring_params *p, unsigned *array)
{
	unsigned cqe_shift = p->flags & IORING_SETUP_CQE32 ? 5 : 4;
	unsigned sqe_shift = p->flags & IORING_SETUP_SQE128 ? 7 : 6;

	mem->sq_entries = p->sq_entries;
	mem->cq_entries = p->cq_entries;
	mem->header_size = sizeof(struct ring_header) + ((size_t)p->cq_entries << cqe_shift);
	*array = 0;
	if (!(p->flags & IORING_SETUP_NO_SQARRAY)) {
		*array = (unsigned)mem->header_size;
		mem->header_size += p->sq_entries * sizeof(uint32_t);
	}
	mem->header_size = page_align(mem->header_size);
	mem->sqes_size = page_align((size_t)p->sq_entries << sqe_shift);
}

/* The application's memory must be there, all of it, writable. */
static int check_app_memory(uint64_t addr, size_t size)
{
	if (addr & (page_size() - 1))
		return -EINVAL;
	return app_memory_populate(addr, size);
}

static int use_app_memory(struct ring_memory *mem, const struct io_uring_params *p)
{
	int ret = check_app_memory(p->cq_off.user_addr, mem->header_size);

	if (!ret)
		ret = check_app_memory(p->sq_off.user_addr, mem->sqes_size);
	mem->header = (void *)(uintptr_t)p->cq_off.user_addr;
	mem->sqes = (void *)(uintptr_t)p->sq_off.user_addr;
	return ret;
}

static int use_own_memory(struct ring_memory *mem)
{
	int ret = shared_memory_make(&mem->own, mem->header_size + mem->sqes_size);

	mem->header = (void *)mem->own.base;
	mem->sqes = mem->own.base + mem->header_size;
	return ret;
}

int memory_map(struct ring_memory *mem, const struct io_uring_params *p)
{
	unsigned array;
	int ret;

	lay_out(mem, p, &array);
	ret = p->flags & IORING_SETUP_NO_MMAP ? use_app_memory(mem, p) : use_own_memory(mem);
	if (ret)
		return ret;
	mem->cqes = (char *)(mem->header + 1);
	mem->sq_array = array ? (uint32_t *)((char *)mem->header + array) : NULL;
	return 0;
}

void memory_unmap(struct ring_memory *mem)
{
	shared_memory_free(&mem->own);
}

/* What the ring's processes share and the application does not see. */
static int map_shared(struct uring *ring)
{
	long at = SYS(mmap, NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);

	if (at < 0 && at > -4096)
		return (int)at;
	ring->shared = (void *)at;
	return 0;
}

void fill_header(struct ring_memory *mem)
{
	struct ring_header *h = mem->header;

	memset(h, 0, sizeof(*h));
	h->sq_mask = mem->sq_entries - 1;
	h->cq_mask = mem->cq_entries - 1;
	h->sq_entries = mem->sq_entries;
	h->cq_entries = mem->cq_entries;
}

void fill_offsets(const struct ring_memory *mem, struct io_uring_params *p)
{
	struct io_sqring_offsets *sq = &p->sq_off;
	struct io_cqring_offsets *cq = &p->cq_off;
	uint64_t sq_addr = sq->user_addr, cq_addr = cq->user_addr;
	bool app = p->flags & IORING_SETUP_NO_MMAP;

	*sq = (struct io_sqring_offsets){
		.head = offsetof(struct ring_header, sq_head),
		.tail = offsetof(struct ring_header, sq_tail),
		.ring_mask = offsetof(struct ring_header, sq_mask),
		.ring_entries = offsetof(struct ring_header, sq_entries),
		.flags = offsetof(struct ring_header, sq_flags),
		.dropped = offsetof(struct ring_header, sq_dropped),
		.user_addr = app ? sq_addr : 0,
	};
	if (mem->sq_array)
		sq->array = (unsigned)((char *)mem->sq_array - (char *)mem->header);
	*cq = (struct io_cqring_offsets){
		.head = offsetof(struct ring_header, cq_head),
		.tail = offsetof(struct ring_header, cq_tail),
		.ring_mask = offsetof(struct ring_header, cq_mask),
		.ring_entries = offsetof(struct ring_header, cq_entries),
		.overflow = offsetof(struct ring_header, cq_overflow),
		.cqes = sizeof(struct ring_header),
		.flags = offsetof(struct ring_header, cq_flags),
		.user_addr = app ? cq_addr : 0,
	};
	p->features = USER_FEATURES;
}

/* Which memory lies at an offset for mmap(2), and where in it. */
static const struct shared_memory *memory_at(struct uring *ring, unsigned long long offset,
					     size_t *from, size_t *size)
{
	const struct ring_memory *mem = &ring->mem;

	*from = 0;
	if (offset == IORING_OFF_SQ_RING || offset == IORING_OFF_CQ_RING) {
		*size = mem->header_size;
		return &mem->own;
	}
	if (offset == IORING_OFF_SQES) {
		*from = mem->header_size;
		*size = mem->sqes_size;
		return &mem->own;
	}
	return regions_memory(ring, offset, size);
}

static int map_at(struct uring *ring, unsigned long long offset, size_t size, void **ptr)
{
	const struct shared_memory *memory;
	size_t from, have;

	if (ring->setup_flags & IORING_SETUP_NO_MMAP)
		return -EINVAL;
	memory = memory_at(ring, offset, &from, &have);
	if (!memory || page_align(size) > have)
		return -EINVAL;
	return shared_memory_map(memory, from, page_align(size), ptr);
}

int user_map(int fd, unsigned long long offset, size_t size, void **ptr)
{
	struct uring *ring;
	int ret = 0;

	ring = ring_get((unsigned)fd, &ret);
	if (!ring)
		return ret;
	ret = ring_enter(ring);
	if (!ret) {
		ret = map_at(ring, offset, size, ptr);
		ring_unlock(ring);
	}
	ring_put(ring);
	return ret;
}

/* ---- The ring -------------------------------------------------------------------------------- */

/* struct uring is kept for good: see rings.c. */
static struct uring *spare_rings;

static struct uring *uring_new(void)
{
	struct uring *ring;

	process_lock(LOCK_SPARES);
	ring = spare_rings;
	if (ring)
		spare_rings = ring->next_spare;
	process_unlock(LOCK_SPARES);
	if (!ring)
		ring = user_zalloc(1, sizeof(*ring));
	return ring;
}

static void uring_keep(struct uring *ring)
{
	process_lock(LOCK_SPARES);
	ring->next_spare = spare_rings;
	spare_rings = ring;
	process_unlock(LOCK_SPARES);
}

void uring_init_lists(struct uring *ring)
{
	write_lanes_init(ring->write_lanes);
	list_init(&ring->slabs);
	list_init(&ring->pending);
	list_init(&ring->ready);
	list_init(&ring->again);
	list_init(&ring->drained);
	list_init(&ring->borrowed);
	ring->free = NULL;
	ring->running = 0;
	ring->chain = (struct chain){ 0 };
	cq_init(ring);
	timers_init(ring);
	linger_init(ring);
}

/*
 * Grows. By the time, so that it is another one in each of the processes that have the same memory
 * from a fork: they may pass descriptors of rings to each other.
 */
static uint64_t next_id(void)
{
	static uint64_t last;
	uint64_t now = (uint64_t)clock_now(CLOCK_MONOTONIC) / 1000 & ((1ULL << RING_ID_BITS) - 1);
	uint64_t seen = __atomic_load_n(&last, __ATOMIC_RELAXED), id;

	/* Relaxed: a number and nothing else. */
	do
		id = now > seen ? now : seen + 1;
	while (!__atomic_compare_exchange_n(&last, &seen, id, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED));
	return id;
}

/* Everything of struct uring but its references, which others may look at. */
static void uring_init(struct uring *ring, const struct io_uring_params *p)
{
	memset((char *)ring + offsetof(struct uring, mem), 0,
	       sizeof(*ring) - offsetof(struct uring, mem));
	ring->setup_flags = p->flags;
	ring->sqe_shift = p->flags & IORING_SETUP_SQE128 ? 7 : 6;
	ring->cqe_shift = p->flags & IORING_SETUP_CQE32 ? 5 : 4;
	ring->disabled = p->flags & IORING_SETUP_R_DISABLED;
	ring->epoch = process_epoch();
	ring->wait_clock = CLOCK_MONOTONIC;
	ring->fd = -1;
	list_init(&ring->tracked);
	ring->reactor.epoll_fd = ring->reactor.event_fd = -1;
	ring->id = RING_ID_MARK << RING_ID_BITS | next_id();
	uring_init_lists(ring);
}

/* The outer epoll set: poll(2) of it sees the inner set and the eventfd. */
static int open_descriptor(struct uring *ring)
{
	struct epoll_event inner = { .events = EPOLLIN, .data.u64 = ring->id };
	struct epoll_event event = { .events = EPOLLIN };
	int fd = (int)SYS(epoll_create1, EPOLL_CLOEXEC), ret;

	if (fd < 0)
		return fd;
	ret = (int)SYS(epoll_ctl, fd, EPOLL_CTL_ADD, ring->reactor.epoll_fd, &inner);
	if (!ret)
		ret = (int)SYS(epoll_ctl, fd, EPOLL_CTL_ADD, ring->reactor.event_fd, &event);
	if (ret) {
		SYS(close, fd);
		return ret;
	}
	return fd;
}

void ring_free(struct uring *ring)
{
	rings_untrack(ring);
	workers_forget(ring);
	timers_free(ring);
	requests_free(ring);
	cq_free(ring);
	reactor_free(ring);
	regions_free(ring);
	personalities_free(ring);
	memory_unmap(&ring->mem);
	if (ring->shared)
		SYS(munmap, ring->shared, page_size());
	uring_keep(ring);
}

/* Gives the ring its place: a descriptor, or an index of the calling thread's. */
static int publish(struct uring *ring)
{
	struct uring *stale;
	int fd, ret;

	ring->users = 1;
	if (ring->setup_flags & IORING_SETUP_REGISTERED_FD_ONLY) {
		ret = rings_register(ring, 0, REGISTERED_RINGS_MAX);
		/* The registration is its only user; of a failed one there is ours. */
		if (ret >= 0)
			__atomic_sub_fetch(&ring->users, 1, __ATOMIC_RELAXED);
		return ret;
	}
	fd = open_descriptor(ring);
	if (fd < 0)
		return fd;
	/* A ring whose descriptor the application closed without telling us. */
	stale = rings_remove(fd);
	if (stale)
		ring_drop_user(stale);
	ring->fd = fd;
	ret = rings_add(ring, fd);
	if (ret) {
		SYS(close, fd);
		return ret;
	}
	return fd;
}

static int start_ring(struct uring *ring, struct io_uring_params *p)
{
	int ret = map_shared(ring);

	if (!ret)
		ret = memory_map(&ring->mem, p);
	if (ret)
		return ret;
	fill_header(&ring->mem);
	fill_offsets(&ring->mem, p);
	ret = reactor_open(ring, -1);
	if (ret)
		return ret;
	if (p->flags & IORING_SETUP_ATTACH_WQ || p->flags & IORING_SETUP_SQPOLL) {
		ret = sqpoll_start(ring, p);
		if (ret)
			return ret;
		if (ring->sqpoll && !ring->disabled)
			sqpoll_enable(ring);
	}
	if (p->flags & IORING_SETUP_SINGLE_ISSUER && !ring->disabled)
		ring->issuer = thread_id();
	return 0;
}

int user_setup(unsigned entries, struct io_uring_params *params)
{
	struct io_uring_params p;
	struct uring *ring;
	int ret = copy_from_app(&p, params, sizeof(p)), fd;

	if (!ret)
		ret = check_params(entries, &p);
	if (ret)
		return ret;
	ring = uring_new();
	if (!ring)
		return -ENOMEM;
	uring_init(ring, &p);
	/* Release: whoever gets a reference sees the ring; there is no slot that names it yet. */
	__atomic_store_n(&ring->refs, 1, __ATOMIC_RELEASE);
	inherit_prepare();
	owner_note_thread();
	ret = start_ring(ring, &p);
	if (!ret)
		ret = copy_to_app(params, &p, sizeof(p));
	if (ret) {
		if (ring->sqpoll)
			sqpoll_stop(ring);
		ring_put(ring);
		return ret;
	}
	rings_track(ring);
	fd = publish(ring);
	if (fd < 0)
		ring_shut_down(ring);
	return fd;
}
