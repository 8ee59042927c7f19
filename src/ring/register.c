/* SPDX-License-Identifier: MIT */
/* Resources registered with a ring: buffers, files, an eventfd, the ring itself. */
#include <sys/resource.h>

#include "ring/ring.h"

int ring_register(struct io_uring *ring, unsigned opcode, const void *arg, unsigned nr_args)
{
	unsigned fd = (unsigned)ring->ring_fd;

	if (ring->int_flags & RING_REG_BY_INDEX) {
		opcode |= IORING_REGISTER_USE_REGISTERED_RING;
		fd = (unsigned)ring->enter_ring_fd;
	}
	return engine_register(fd, opcode, arg, nr_args);
}

/* ---- Buffers --------------------------------------------------------------------------------- */

API int io_uring_register_buffers(struct io_uring *ring, const struct iovec *iovecs,
				  unsigned nr_iovecs)
{
	int ret = ring_register(ring, IORING_REGISTER_BUFFERS, iovecs, nr_iovecs);

	return ret < 0 ? ret : 0;
}

API int io_uring_register_buffers_sparse(struct io_uring *ring, unsigned nr)
{
	struct io_uring_rsrc_register reg = {
		.nr = nr,
		.flags = IORING_RSRC_REGISTER_SPARSE,
	};

	return ring_register(ring, IORING_REGISTER_BUFFERS2, &reg, sizeof(reg));
}

API int io_uring_unregister_buffers(struct io_uring *ring)
{
	int ret = ring_register(ring, IORING_UNREGISTER_BUFFERS, NULL, 0);

	return ret < 0 ? ret : 0;
}

/* ---- Files ----------------------------------------------------------------------------------- */

/* The kernel refuses more files than RLIMIT_NOFILE; lifts the soft limit as far as we may. */
static int raise_nofile(unsigned nr)
{
	struct rlimit limit;
	int saved = errno, ret = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		ret = -errno;
	if (!ret && limit.rlim_cur < nr) {
		limit.rlim_cur = nr > limit.rlim_max ? limit.rlim_max : nr;
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			ret = -errno;
	}
	errno = saved;
	return ret;
}

/* Registers `nr` files by `opcode`; on -EMFILE once more with a higher soft limit. */
static int register_files(struct io_uring *ring, unsigned opcode, const void *arg, unsigned nr_args,
			  unsigned nr)
{
	int ret = ring_register(ring, opcode, arg, nr_args);

	if (ret == -EMFILE && raise_nofile(nr) == 0)
		ret = ring_register(ring, opcode, arg, nr_args);
	return ret < 0 ? ret : 0;
}

API int io_uring_register_files(struct io_uring *ring, const int *files, unsigned nr_files)
{
	return register_files(ring, IORING_REGISTER_FILES, files, nr_files, nr_files);
}

API int io_uring_register_files_sparse(struct io_uring *ring, unsigned nr)
{
	struct io_uring_rsrc_register reg = {
		.nr = nr,
		.flags = IORING_RSRC_REGISTER_SPARSE,
	};

	return register_files(ring, IORING_REGISTER_FILES2, &reg, sizeof(reg), nr);
}

API int io_uring_register_files_update(struct io_uring *ring, unsigned off, const int *files,
				       unsigned nr_files)
{
	struct io_uring_files_update up = {
		.offset = off,
		.fds = (__u64)(uintptr_t)files,
	};

	return ring_register(ring, IORING_REGISTER_FILES_UPDATE, &up, nr_files);
}

API int io_uring_unregister_files(struct io_uring *ring)
{
	int ret = ring_register(ring, IORING_UNREGISTER_FILES, NULL, 0);

	return ret < 0 ? ret : 0;
}

API int io_uring_register_file_alloc_range(struct io_uring *ring, unsigned off, unsigned len)
{
	struct io_uring_file_index_range range = { .off = off, .len = len };

	return ring_register(ring, IORING_REGISTER_FILE_ALLOC_RANGE, &range, 0);
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
	engine_close(ring->ring_fd);
	ring->ring_fd = -1;
	return 1;
}

API int io_uring_register(unsigned int fd, unsigned int opcode, const void *arg,
			  unsigned int nr_args)
{
	return engine_register(fd, opcode, arg, nr_args);
}
