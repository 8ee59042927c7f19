/* SPDX-License-Identifier: MIT */
/* What else a ring can be told by io_uring_register(2): each function is one call. */
#include <limits.h>
#include <unistd.h>

#include "ring/ring.h"

int ring_register(struct io_uring *ring, unsigned opcode, const void *arg, unsigned nr_args)
{
	unsigned fd = (unsigned)ring->ring_fd;

	if (ring->int_flags & RING_REG_BY_INDEX) {
		opcode |= IORING_REGISTER_USE_REGISTERED_RING;
		fd = (unsigned)ring->enter_ring_fd;
	}
	return engine_register(ring_engine(ring), fd, opcode, arg, nr_args);
}

/* ---- Eventfd --------------------------------------------------------------------------------- */

API int io_uring_register_eventfd(struct io_uring *ring, int fd)
{
	return ring_register(ring, IORING_REGISTER_EVENTFD, &fd, 1);
}

API int io_uring_register_eventfd_async(struct io_uring *ring, int fd)
{
	return ring_register(ring, IORING_REGISTER_EVENTFD_ASYNC, &fd, 1);
}

API int io_uring_unregister_eventfd(struct io_uring *ring)
{
	return ring_register(ring, IORING_UNREGISTER_EVENTFD, NULL, 0);
}

/* ---- The ring itself ------------------------------------------------------------------------- */

API int io_uring_enable_rings(struct io_uring *ring)
{
	return ring_register(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

API int io_uring_register_ring_fd(struct io_uring *ring)
{
	struct io_uring_rsrc_update up = {
		.offset = -1U, /* any free index */
		.data = (__u64)ring->ring_fd,
	};
	int ret;

	if (ring->int_flags & RING_FD_REGISTERED)
		return -EEXIST;
	ret = ring_register(ring, IORING_REGISTER_RING_FDS, &up, 1);
	if (ret != 1)
		return ret;
	ring->enter_ring_fd = (int)up.offset;
	ring->int_flags |= RING_FD_REGISTERED;
	if (ring->features & IORING_FEAT_REG_REG_RING)
		ring->int_flags |= RING_REG_BY_INDEX;
	return 1;
}

API int io_uring_unregister_ring_fd(struct io_uring *ring)
{
	struct io_uring_rsrc_update up = { .offset = (__u32)ring->enter_ring_fd };
	int ret;

	if (!(ring->int_flags & RING_FD_REGISTERED))
		return -EINVAL;
	ret = ring_register(ring, IORING_UNREGISTER_RING_FDS, &up, 1);
	if (ret != 1)
		return ret;
	ring->enter_ring_fd = ring->ring_fd;
	ring->int_flags &= (__u8) ~(RING_FD_REGISTERED | RING_REG_BY_INDEX);
	return 1;
}

API int io_uring_close_ring_fd(struct io_uring *ring)
{
	if (!(ring->features & IORING_FEAT_REG_REG_RING))
		return -EOPNOTSUPP;
	if (!(ring->int_flags & RING_FD_REGISTERED))
		return -EINVAL;
	if (ring->ring_fd == -1)
		return -EBADF;
	engine_close(ring_engine(ring), ring->ring_fd);
	ring->ring_fd = -1;
	return 1;
}

/* ---- Credentials, restrictions, workers ------------------------------------------------------ */

API int io_uring_register_personality(struct io_uring *ring)
{
	return ring_register(ring, IORING_REGISTER_PERSONALITY, NULL, 0);
}

API int io_uring_unregister_personality(struct io_uring *ring, int id)
{
	return ring_register(ring, IORING_UNREGISTER_PERSONALITY, NULL, (unsigned)id);
}

API int io_uring_register_restrictions(struct io_uring *ring, struct io_uring_restriction *res,
				       unsigned int nr_res)
{
	return ring_register(ring, IORING_REGISTER_RESTRICTIONS, res, nr_res);
}

API int io_uring_register_iowq_aff(struct io_uring *ring, size_t cpusz, const cpu_set_t *mask)
{
	if (cpusz > INT_MAX)
		return -EINVAL;
	return ring_register(ring, IORING_REGISTER_IOWQ_AFF, mask, (unsigned)cpusz);
}

API int io_uring_unregister_iowq_aff(struct io_uring *ring)
{
	return ring_register(ring, IORING_UNREGISTER_IOWQ_AFF, NULL, 0);
}

API int io_uring_register_iowq_max_workers(struct io_uring *ring, unsigned int *values)
{
	return ring_register(ring, IORING_REGISTER_IOWQ_MAX_WORKERS, values, 2);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

API int io_uring_register_napi(struct io_uring *ring, struct io_uring_napi *napi)
{
	return ring_register(ring, IORING_REGISTER_NAPI, napi, 1);
}

API int io_uring_unregister_napi(struct io_uring *ring, struct io_uring_napi *napi)
{
	return ring_register(ring, IORING_UNREGISTER_NAPI, napi, 1);
}

API int io_uring_register_clock(struct io_uring *ring, struct io_uring_clock_register *arg)
{
	return ring_register(ring, IORING_REGISTER_CLOCK, arg, 0);
}

API int io_uring_register_region(struct io_uring *ring, struct io_uring_mem_region_reg *reg)
{
	return ring_register(ring, IORING_REGISTER_MEM_REGION, reg, 1);
}

API int io_uring_register_wait_reg(struct io_uring *ring, struct io_uring_reg_wait *reg, int nr)
{
	/* The kernel takes whole pages; what the last one holds besides is mapped with it
	 * anyway. */
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct io_uring_region_desc desc = {
		.user_addr = (__u64)(uintptr_t)reg,
		.flags = IORING_MEM_REGION_TYPE_USER,
	};
	struct io_uring_mem_region_reg region = {
		.region_uptr = (__u64)(uintptr_t)&desc,
		.flags = IORING_MEM_REGION_REG_WAIT_ARG,
	};

	if (nr <= 0)
		return -EINVAL;
	desc.size = ((size_t)nr * sizeof(*reg) + page - 1) & ~(page - 1);
	return io_uring_register_region(ring, &region);
}

/* ---- Cancelling, messages, questions --------------------------------------------------------- */

API int io_uring_register_sync_cancel(struct io_uring *ring, struct io_uring_sync_cancel_reg *reg)
{
	return ring_register(ring, IORING_REGISTER_SYNC_CANCEL, reg, 1);
}

API int io_uring_register_sync_msg(struct io_uring_sqe *sqe)
{
	return engine_register_blind(IORING_REGISTER_SEND_MSG_RING, sqe, 1);
}

API int io_uring_register_query(struct io_uring_query_hdr *query)
{
	return engine_register_blind(IORING_REGISTER_QUERY, query, 0);
}

/* ---- Zero-copy receive, filters -------------------------------------------------------------- */

API int io_uring_register_ifq(struct io_uring *ring, struct io_uring_zcrx_ifq_reg *reg)
{
	return ring_register(ring, IORING_REGISTER_ZCRX_IFQ, reg, 1);
}

API int io_uring_register_zcrx_ctrl(struct io_uring *ring, struct zcrx_ctrl *ctrl)
{
	return ring_register(ring, IORING_REGISTER_ZCRX_CTRL, ctrl, 0);
}

API int io_uring_register_bpf_filter(struct io_uring *ring, struct io_uring_bpf *bpf)
{
	return ring_register(ring, IORING_REGISTER_BPF_FILTER, bpf, 1);
}

API int io_uring_register_bpf_filter_task(struct io_uring_bpf *bpf)
{
	return engine_register_blind(IORING_REGISTER_BPF_FILTER, bpf, 1);
}

API int io_uring_register(unsigned int fd, unsigned int opcode, const void *arg,
			  unsigned int nr_args)
{
	if (fd == -1U)
		return engine_register_blind(opcode, arg, nr_args);
	return engine_register_bare(fd, opcode, arg, nr_args);
}
