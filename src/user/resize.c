/* SPDX-License-Identifier: MIT */
/* IORING_REGISTER_RESIZE_RINGS: the queues move to memory of another size. */
#include <string.h>
#include <sys/mman.h>

#include "user/process.h"
#include "user/register.h"
#include "user/sys.h"

#define FLAGS_VALID ((unsigned)(IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP))

/* What stays as it was made. */
#define FLAGS_KEPT                                                            \
	(IORING_SETUP_NO_SQARRAY | IORING_SETUP_SQE128 | IORING_SETUP_CQE32 | \
	 IORING_SETUP_CQE_MIXED | IORING_SETUP_NO_MMAP)

static char *slot(char *entries, unsigned index, unsigned count, unsigned shift)
{
	return entries + ((size_t)(index & (count - 1)) << shift);
}

static int move_sqes(const struct uring *ring, struct ring_memory *to)
{
	const struct ring_memory *from = &ring->mem;
	unsigned head = from->header->sq_head;
	/* Acquire: the SQEs before it are complete; pairs with the application's release. */
	unsigned tail = __atomic_load_n(&from->header->sq_tail, __ATOMIC_ACQUIRE);
	unsigned shift = ring->sqe_shift;

	if (tail - head > to->sq_entries || tail - head > from->sq_entries)
		return -EOVERFLOW;
	for (unsigned i = head; i != tail; i++)
		memcpy(slot(to->sqes, i, to->sq_entries, shift),
		       slot(from->sqes, i, from->sq_entries, shift), 1UL << shift);
	to->header->sq_head = head;
	to->header->sq_tail = tail;
	return 0;
}

/* A long CQE of a mixed ring must not wrap in the new queue, either. */
static bool would_wrap(const struct uring *ring, const struct ring_memory *to, unsigned i,
		       const struct io_uring_cqe *cqe)
{
	return ring->setup_flags & IORING_SETUP_CQE_MIXED && cqe->flags & IORING_CQE_F_32 &&
	       (i & (to->cq_entries - 1)) == to->cq_entries - 1;
}

static int move_cqes(const struct uring *ring, struct ring_memory *to)
{
	const struct ring_memory *from = &ring->mem;
	/* Acquire: pairs with the application's release. */
	unsigned head = __atomic_load_n(&from->header->cq_head, __ATOMIC_ACQUIRE);
	unsigned tail = from->header->cq_tail, shift = ring->cqe_shift;
	bool second = false;

	if (tail - head > to->cq_entries || tail - head > from->cq_entries)
		return -EOVERFLOW;
	for (unsigned i = head; i != tail; i++) {
		const char *cqe = slot(from->cqes, i, from->cq_entries, shift);

		if (!second && would_wrap(ring, to, i, (const void *)cqe))
			return -EOVERFLOW;
		second = !second && ring->setup_flags & IORING_SETUP_CQE_MIXED &&
			 ((const struct io_uring_cqe *)cqe)->flags & IORING_CQE_F_32;
		memcpy(slot(to->cqes, i, to->cq_entries, shift), cqe, 1UL << shift);
	}
	to->header->cq_head = head;
	to->header->cq_tail = tail;
	return 0;
}

static int move(struct uring *ring, struct ring_memory *to, struct io_uring_params *p, void *arg)
{
	struct ring_header *old = ring->mem.header;
	int ret = move_sqes(ring, to);

	if (!ret)
		ret = move_cqes(ring, to);
	if (ret)
		return ret;
	/* Relaxed: all of it is under the lock, but for bits that are the application's own. */
	to->header->sq_dropped = __atomic_load_n(&old->sq_dropped, __ATOMIC_RELAXED);
	to->header->sq_flags = __atomic_load_n(&old->sq_flags, __ATOMIC_RELAXED);
	to->header->cq_flags = __atomic_load_n(&old->cq_flags, __ATOMIC_RELAXED);
	to->header->cq_overflow = __atomic_load_n(&old->cq_overflow, __ATOMIC_RELAXED);
	fill_offsets(to, p);
	return copy_to_app(arg, p, sizeof(*p));
}

int register_resize_rings(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct ring_memory to = { 0 };
	struct io_uring_params p;
	int ret;

	(void)nr_args;
	if (!(ring->setup_flags & IORING_SETUP_DEFER_TASKRUN))
		return -EINVAL;
	ret = copy_from_app(&p, arg, sizeof(p));
	if (ret)
		return ret;
	if (p.flags & ~FLAGS_VALID)
		return -EINVAL;
	p.flags |= ring->setup_flags & FLAGS_KEPT;
	ret = params_entries(p.sq_entries, &p);
	if (!ret)
		ret = memory_map(&to, &p);
	if (ret)
		return ret;
	fill_header(&to);
	ret = move(ring, &to, &p, (void *)(uintptr_t)arg);
	memory_unmap(ret ? &to : &ring->mem);
	if (!ret)
		ring->mem = to;
	return ret;
}
