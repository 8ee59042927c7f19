/* SPDX-License-Identifier: MIT */
/* Creating, mapping and releasing rings. */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/look.h"
#include "ring/ring.h"

/*
 * liburing.so.2's layout: a program built against either header brings its own struct io_uring, and
 * the inline functions of that header read it.
 */
#ifdef __LP64__
#define AT(type, member, offset) \
	static_assert(offsetof(struct type, member) == (offset), #type "." #member)
AT(io_uring_sq, kflags, 32);
AT(io_uring_sq, array, 48);
AT(io_uring_sq, sqes, 56);
AT(io_uring_sq, sqe_head, 64);
AT(io_uring_sq, sqe_tail, 68);
AT(io_uring_sq, ring_sz, 72);
AT(io_uring_sq, ring_ptr, 80);
AT(io_uring_sq, ring_mask, 88);
AT(io_uring_sq, ring_entries, 92);
AT(io_uring_cq, kflags, 32);
AT(io_uring_cq, koverflow, 40);
AT(io_uring_cq, cqes, 48);
AT(io_uring_cq, ring_sz, 56);
AT(io_uring_cq, ring_ptr, 64);
AT(io_uring_cq, ring_mask, 72);
AT(io_uring_cq, ring_entries, 76);
AT(io_uring, cq, 104);
AT(io_uring, flags, 192);
AT(io_uring, ring_fd, 196);
AT(io_uring, features, 200);
AT(io_uring, enter_ring_fd, 204);
AT(io_uring, int_flags, 208);
static_assert(sizeof(struct io_uring) == 216, "size of struct io_uring");
#endif

/* The kernel's header in front of the CQEs when the application supplies the memory (since 6.5). */
#define KERNEL_RING_HEADER 64

#define SQ_ENTRIES_MAX 32768U
#define CQ_ENTRIES_MAX (2 * SQ_ENTRIES_MAX)

/* Bytes of the two regions of a ring: the SQEs, and both queues' indices with the CQEs. */
struct ring_sizes {
	size_t sqes;
	size_t rings;
};

static size_t sqe_bytes(unsigned flags)
{
	return sizeof(struct io_uring_sqe) << io_uring_sqe_shift_from_flags(flags);
}

static size_t cqe_bytes(unsigned flags)
{
	return sizeof(struct io_uring_cqe) << io_uring_cqe_shift_from_flags(flags);
}

static size_t page_align(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) & ~(page - 1);
}

static unsigned round_up_pow2(unsigned n)
{
	assert(n >= 1 && n <= 1U << 31);
	return n == 1 ? 1 : 1U << (32 - __builtin_clz(n - 1));
}

/* Points the queues at the engine's memory by the offsets it gave. */
static void point_queues(struct io_uring *ring, const struct io_uring_params *p)
{
	struct io_uring_sq *sq = &ring->sq;
	struct io_uring_cq *cq = &ring->cq;
	char *sq_mem = sq->ring_ptr, *cq_mem = cq->ring_ptr;

	sq->khead = (unsigned *)(sq_mem + p->sq_off.head);
	sq->ktail = (unsigned *)(sq_mem + p->sq_off.tail);
	sq->kring_mask = (unsigned *)(sq_mem + p->sq_off.ring_mask);
	sq->kring_entries = (unsigned *)(sq_mem + p->sq_off.ring_entries);
	sq->kflags = (unsigned *)(sq_mem + p->sq_off.flags);
	sq->kdropped = (unsigned *)(sq_mem + p->sq_off.dropped);
	sq->array = NULL;
	if (!(p->flags & IORING_SETUP_NO_SQARRAY))
		sq->array = (unsigned *)(sq_mem + p->sq_off.array);
	sq->ring_mask = *sq->kring_mask;
	sq->ring_entries = *sq->kring_entries;

	cq->khead = (unsigned *)(cq_mem + p->cq_off.head);
	cq->ktail = (unsigned *)(cq_mem + p->cq_off.tail);
	cq->kring_mask = (unsigned *)(cq_mem + p->cq_off.ring_mask);
	cq->kring_entries = (unsigned *)(cq_mem + p->cq_off.ring_entries);
	cq->koverflow = (unsigned *)(cq_mem + p->cq_off.overflow);
	cq->cqes = (struct io_uring_cqe *)(cq_mem + p->cq_off.cqes);
	cq->kflags = p->cq_off.flags ? (unsigned *)(cq_mem + p->cq_off.flags) : NULL;
	cq->ring_mask = *cq->kring_mask;
	cq->ring_entries = *cq->kring_entries;
}

/* SQEs are always used in order, so the indirection is filled in once and never touched again. */
static void fill_sq_array(struct io_uring_sq *sq)
{
	if (!sq->array)
		return;
	for (unsigned i = 0; i < sq->ring_entries; i++)
		sq->array[i] = i;
}

static void unmap_queues(struct io_uring *ring)
{
	struct io_uring_sq *sq = &ring->sq;
	struct io_uring_cq *cq = &ring->cq;

	if (ring->int_flags & RING_APP_MEMORY)
		return;
	if (sq->sqes)
		engine_unmap(sq->sqes, sq->sqes_sz);
	if (cq->ring_ptr && cq->ring_ptr != sq->ring_ptr)
		engine_unmap(cq->ring_ptr, cq->ring_sz);
	if (sq->ring_ptr)
		engine_unmap(sq->ring_ptr, sq->ring_sz);
}

static int map_regions(int fd, const struct io_uring_params *p, struct io_uring *ring)
{
	enum engine engine = ring_engine(ring);
	struct io_uring_sq *sq = &ring->sq;
	struct io_uring_cq *cq = &ring->cq;
	void *ptr;
	int ret;

	sq->ring_sz = p->sq_off.array + p->sq_entries * sizeof(unsigned);
	cq->ring_sz = p->cq_off.cqes + p->cq_entries * cqe_bytes(p->flags);
	if (p->features & IORING_FEAT_SINGLE_MMAP) {
		if (cq->ring_sz > sq->ring_sz)
			sq->ring_sz = cq->ring_sz;
		cq->ring_sz = sq->ring_sz;
	}
	ret = engine_map(engine, fd, IORING_OFF_SQ_RING, sq->ring_sz, &ptr);
	if (ret)
		return ret;
	sq->ring_ptr = ptr;
	if (!(p->features & IORING_FEAT_SINGLE_MMAP)) {
		ret = engine_map(engine, fd, IORING_OFF_CQ_RING, cq->ring_sz, &ptr);
		if (ret)
			return ret;
	}
	cq->ring_ptr = ptr;

	sq->sqes_sz = (unsigned)(p->sq_entries * sqe_bytes(p->flags));
	ret = engine_map(engine, fd, IORING_OFF_SQES, sq->sqes_sz, &ptr);
	if (ret)
		return ret;
	sq->sqes = ptr;
	return 0;
}

/* A ring without anything but its engine. */
static void clear_ring(struct io_uring *ring, enum engine engine)
{
	memset(ring, 0, sizeof(*ring));
	if (engine == USER_ENGINE)
		ring->int_flags = RING_OF_USER_ENGINE;
}

static void remember_params(struct io_uring *ring, int fd, const struct io_uring_params *p)
{
	ring->flags = p->flags;
	ring->features = p->features;
	ring->ring_fd = ring->enter_ring_fd = fd;
	if (p->flags & IORING_SETUP_REGISTERED_FD_ONLY) {
		ring->ring_fd = -1;
		ring->int_flags |= RING_FD_REGISTERED | RING_REG_BY_INDEX;
	}
}

static int map_ring(enum engine engine, int fd, struct io_uring_params *p, struct io_uring *ring)
{
	int ret;

	clear_ring(ring, engine);
	ret = map_regions(fd, p, ring);
	if (ret) {
		unmap_queues(ring);
		memset(ring, 0, sizeof(*ring));
		return ret;
	}
	point_queues(ring, p);
	fill_sq_array(&ring->sq);
	remember_params(ring, fd, p);
	return 0;
}

API int io_uring_queue_mmap(int fd, struct io_uring_params *p, struct io_uring *ring)
{
	return map_ring(engine_of((unsigned)fd, false), fd, p, ring);
}

/* The sizes the kernel will compute from the same parameters. */
static int ring_sizes(unsigned entries, const struct io_uring_params *p, struct ring_sizes *sizes)
{
	bool clamp = p->flags & IORING_SETUP_CLAMP;
	unsigned cq_entries;

	if (!entries || (entries > SQ_ENTRIES_MAX && !clamp))
		return -EINVAL;
	entries = round_up_pow2(entries > SQ_ENTRIES_MAX ? SQ_ENTRIES_MAX : entries);

	cq_entries = 2 * entries;
	if (p->flags & IORING_SETUP_CQSIZE) {
		cq_entries = p->cq_entries;
		if (!cq_entries || (cq_entries > CQ_ENTRIES_MAX && !clamp))
			return -EINVAL;
		cq_entries = cq_entries > CQ_ENTRIES_MAX ? CQ_ENTRIES_MAX : cq_entries;
		cq_entries = round_up_pow2(cq_entries);
		if (cq_entries < entries)
			return -EINVAL;
	}
	sizes->rings = KERNEL_RING_HEADER + cq_entries * cqe_bytes(p->flags);
	if (!(p->flags & IORING_SETUP_NO_SQARRAY))
		sizes->rings += entries * sizeof(unsigned);
	sizes->rings = page_align(sizes->rings);
	sizes->sqes = page_align(entries * sqe_bytes(p->flags));
	return 0;
}

API ssize_t io_uring_memory_size_params(unsigned entries, struct io_uring_params *p)
{
	struct ring_sizes sizes;
	int ret = ring_sizes(entries, p, &sizes);

	return ret ? ret : (ssize_t)(sizes.rings + sizes.sqes);
}

API ssize_t io_uring_memory_size(unsigned entries, unsigned flags)
{
	struct io_uring_params p = { .flags = flags };

	return io_uring_memory_size_params(entries, &p);
}

/*
 * Whether this kernel, which has these features, counts rings as locked memory: before 5.12, which
 * brought workers of its own, and again since 6.14. Not so what a privileged process sets up.
 */
static bool counts_locked(unsigned features)
{
	bool counts = !(features & IORING_FEAT_NATIVE_WORKERS) || features & IORING_FEAT_RW_ATTR;

	return counts && !look_exempt_from_memlock();
}

API ssize_t io_uring_mlock_size_params(unsigned entries, struct io_uring_params *p)
{
	struct io_uring_params probe = { .flags = 0 };
	ssize_t size = io_uring_memory_size_params(entries, p);
	enum engine engine;
	int fd;

	if (size < 0)
		return size;
	fd = engine_setup(1, &probe, &engine);
	if (fd >= 0)
		engine_close(engine, fd);
	/* ENOMEM: a kernel that counts, and has not enough even for the smallest. */
	if (fd < 0)
		return fd == -ENOMEM ? size : fd;
	return engine == KERNEL_ENGINE && counts_locked(probe.features) ? size : 0;
}

API ssize_t io_uring_mlock_size(unsigned entries, unsigned flags)
{
	struct io_uring_params p = { .flags = flags };

	return io_uring_mlock_size_params(entries, &p);
}

/* Memory for IORING_SETUP_NO_MMAP: the caller's, or our own. */
struct ring_memory {
	char *base;
	size_t size;
	struct ring_sizes used;
	bool own;
};

static int place_rings(unsigned entries, struct io_uring_params *p, struct ring_memory *mem)
{
	int ret = ring_sizes(entries, p, &mem->used);

	if (ret)
		return ret;
	if (mem->used.rings + mem->used.sqes > mem->size)
		return -ENOMEM;
	p->flags |= IORING_SETUP_NO_MMAP;
	p->cq_off.user_addr = (__u64)(uintptr_t)mem->base;
	p->sq_off.user_addr = (__u64)(uintptr_t)(mem->base + mem->used.rings);
	return 0;
}

static void use_placed_rings(struct io_uring *ring, const struct ring_memory *mem)
{
	if (!mem->own)
		ring->int_flags |= RING_APP_MEMORY;
	ring->sq.ring_ptr = ring->cq.ring_ptr = mem->base;
	ring->sq.ring_sz = ring->cq.ring_sz = mem->used.rings;
	ring->sq.sqes = (struct io_uring_sqe *)(mem->base + mem->used.rings);
	ring->sq.sqes_sz = (unsigned)mem->used.sqes;
}

/* One attempt, with exactly these parameters. Returns bytes of `mem` used (0 without), or
 * -errno. */
static int setup_once(unsigned entries, struct io_uring *ring, struct io_uring_params *p,
		      struct ring_memory *mem)
{
	enum engine engine;
	int fd, ret;

	if (mem) {
		ret = place_rings(entries, p, mem);
		if (ret)
			return ret;
	}
	fd = engine_setup(entries, p, &engine);
	if (fd < 0)
		return fd;
	if (!mem) {
		ret = map_ring(engine, fd, p, ring);
		if (ret)
			engine_close(engine, fd);
		return ret;
	}
	clear_ring(ring, engine);
	use_placed_rings(ring, mem);
	point_queues(ring, p);
	fill_sq_array(&ring->sq);
	remember_params(ring, fd, p);
	return (int)(mem->used.rings + mem->used.sqes);
}

/* Asks for a ring without the SQ array, which we do not need; kernels before 6.6 have none such. */
static int setup_ring(unsigned entries, struct io_uring *ring, struct io_uring_params *p,
		      struct ring_memory *mem)
{
	struct io_uring_params asked = *p;
	int ret;

	p->flags |= IORING_SETUP_NO_SQARRAY;
	ret = setup_once(entries, ring, p, mem);
	if (ret != -EINVAL || asked.flags & IORING_SETUP_NO_SQARRAY)
		return ret;
	*p = asked;
	return setup_once(entries, ring, p, mem);
}

/* IORING_SETUP_NO_MMAP without memory from the caller: ours, given back by
 * io_uring_queue_exit(). */
static int setup_in_own_memory(unsigned entries, struct io_uring *ring, struct io_uring_params *p)
{
	/* With the SQ array, which an older kernel may insist on: the larger layout. */
	struct io_uring_params largest = *p;
	struct ring_memory mem = { .own = true };
	int ret, saved = errno;

	largest.flags &= ~(unsigned)IORING_SETUP_NO_SQARRAY;
	ret = ring_sizes(entries, &largest, &mem.used);
	if (ret)
		return ret;
	mem.size = mem.used.rings + mem.used.sqes;
	mem.base = mmap(NULL, mem.size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (mem.base == MAP_FAILED) {
		ret = -errno;
		errno = saved;
		return ret;
	}
	ret = setup_ring(entries, ring, p, &mem);
	if (ret < 0) {
		engine_unmap(mem.base, mem.size);
		return ret;
	}
	/* What the layout without the array leaves over, at the end. */
	if ((size_t)ret < mem.size)
		engine_unmap(mem.base + ret, mem.size - (size_t)ret);
	return 0;
}

API int io_uring_queue_init_params(unsigned entries, struct io_uring *ring,
				   struct io_uring_params *p)
{
	memset(ring, 0, sizeof(*ring));
	if (p->flags & IORING_SETUP_NO_MMAP)
		return setup_in_own_memory(entries, ring, p);
	return setup_ring(entries, ring, p, NULL);
}

API int io_uring_queue_init_mem(unsigned entries, struct io_uring *ring, struct io_uring_params *p,
				void *buf, size_t buf_size)
{
	struct ring_memory mem = { .base = buf, .size = buf_size };

	memset(ring, 0, sizeof(*ring));
	return setup_ring(entries, ring, p, &mem);
}

API int io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags)
{
	struct io_uring_params p;

	memset(&p, 0, sizeof(p));
	p.flags = flags;
	return io_uring_queue_init_params(entries, ring, &p);
}

API int io_uring_resize_rings(struct io_uring *ring, struct io_uring_params *p)
{
	struct io_uring old = *ring, resized = *ring;
	struct io_uring_params given = *p;
	int ret;

	/* Without a descriptor the new rings could not be mapped. */
	if (ring->flags & IORING_SETUP_NO_MMAP || ring->ring_fd == -1)
		return -EINVAL;
	/* The engine moves what is published, which in a ring that is rewound is nothing. */
	if (ring->flags & IORING_SETUP_SQ_REWIND && ring->sq.sqe_tail)
		return -EBUSY;
	ring_flush_sq(ring);
	ret = ring_register(ring, IORING_REGISTER_RESIZE_RINGS, &given, 1);
	if (ret < 0)
		return ret;

	given.features = ring->features;
	resized.sq.ring_ptr = resized.cq.ring_ptr = resized.sq.sqes = NULL;
	ret = map_regions(ring->ring_fd, &given, &resized);
	if (ret) {
		unmap_queues(&resized);
		return ret;
	}
	point_queues(&resized, &given);
	fill_sq_array(&resized.sq);
	/* Of the flags only those that may be asked for stay, or the same `p` could not be used
	 * again. */
	given.flags = p->flags;
	*p = given;
	resized.sq.sqe_head = resized.sq.sqe_tail = *resized.sq.ktail;
	*ring = resized;
	unmap_queues(&old);
	return 0;
}

static int keep_from_children(void *ptr, size_t size)
{
	int saved = errno, ret = 0;

	if (madvise(ptr, size, MADV_DONTFORK))
		ret = -errno;
	errno = saved;
	return ret;
}

API int io_uring_ring_dontfork(struct io_uring *ring)
{
	struct io_uring_sq *sq = &ring->sq;
	struct io_uring_cq *cq = &ring->cq;
	int ret;

	if (!sq->ring_ptr || !sq->sqes || !cq->ring_ptr)
		return -EINVAL;
	ret = keep_from_children(sq->sqes, sq->sqes_sz);
	if (!ret)
		ret = keep_from_children(sq->ring_ptr, sq->ring_sz);
	if (!ret && cq->ring_ptr != sq->ring_ptr)
		ret = keep_from_children(cq->ring_ptr, cq->ring_sz);
	return ret;
}

API void io_uring_queue_exit(struct io_uring *ring)
{
	unmap_queues(ring);
	/* A ring that exists only as a registered index goes with its registration. */
	if (ring->int_flags & RING_FD_REGISTERED)
		io_uring_unregister_ring_fd(ring);
	if (ring->ring_fd != -1)
		engine_close(ring_engine(ring), ring->ring_fd);
}

API int io_uring_setup(unsigned int entries, struct io_uring_params *p)
{
	enum engine engine;

	return engine_setup(entries, p, &engine);
}
