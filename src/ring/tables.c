/* SPDX-License-Identifier: MIT */
/* The tables of registered buffers and files. */
#include <sys/resource.h>

#include "ring/ring.h"

static int update_table(struct io_uring *ring, unsigned opcode, unsigned off, const void *data,
			const __u64 *tags, unsigned nr)
{
	struct io_uring_rsrc_update2 up = {
		.offset = off,
		.data = (__u64)(uintptr_t)data,
		.tags = (__u64)(uintptr_t)tags,
		.nr = nr,
	};

	return ring_register(ring, opcode, &up, sizeof(up));
}

/* ---- Buffers --------------------------------------------------------------------------------- */

API int io_uring_register_buffers(struct io_uring *ring, const struct iovec *iovecs,
				  unsigned nr_iovecs)
{
	int ret = ring_register(ring, IORING_REGISTER_BUFFERS, iovecs, nr_iovecs);

	return ret < 0 ? ret : 0;
}

API int io_uring_register_buffers_tags(struct io_uring *ring, const struct iovec *iovecs,
				       const __u64 *tags, unsigned nr)
{
	struct io_uring_rsrc_register reg = {
		.nr = nr,
		.data = (__u64)(uintptr_t)iovecs,
		.tags = (__u64)(uintptr_t)tags,
	};

	return ring_register(ring, IORING_REGISTER_BUFFERS2, &reg, sizeof(reg));
}

API int io_uring_register_buffers_sparse(struct io_uring *ring, unsigned nr)
{
	struct io_uring_rsrc_register reg = {
		.nr = nr,
		.flags = IORING_RSRC_REGISTER_SPARSE,
	};

	return ring_register(ring, IORING_REGISTER_BUFFERS2, &reg, sizeof(reg));
}

API int io_uring_register_buffers_update_tag(struct io_uring *ring, unsigned off,
					     const struct iovec *iovecs, const __u64 *tags,
					     unsigned nr)
{
	return update_table(ring, IORING_REGISTER_BUFFERS_UPDATE, off, iovecs, tags, nr);
}

API int io_uring_unregister_buffers(struct io_uring *ring)
{
	int ret = ring_register(ring, IORING_UNREGISTER_BUFFERS, NULL, 0);

	return ret < 0 ? ret : 0;
}

API int __io_uring_clone_buffers_offset(struct io_uring *dst, struct io_uring *src,
					unsigned int dst_off, unsigned int src_off, unsigned int nr,
					unsigned int flags)
{
	struct io_uring_clone_buffers clone = {
		.src_fd = (__u32)src->ring_fd,
		.flags = flags,
		.src_off = src_off,
		.dst_off = dst_off,
		.nr = nr,
	};

	/* Of a source that is not registered, the descriptor will do. */
	if (!(src->int_flags & RING_FD_REGISTERED))
		clone.flags &= ~(__u32)IORING_REGISTER_SRC_REGISTERED;
	if (clone.flags & IORING_REGISTER_SRC_REGISTERED)
		clone.src_fd = (__u32)src->enter_ring_fd;
	return ring_register(dst, IORING_REGISTER_CLONE_BUFFERS, &clone, 1);
}

API int io_uring_clone_buffers_offset(struct io_uring *dst, struct io_uring *src,
				      unsigned int dst_off, unsigned int src_off, unsigned int nr,
				      unsigned int flags)
{
	if (src->int_flags & RING_FD_REGISTERED)
		flags |= IORING_REGISTER_SRC_REGISTERED;
	return __io_uring_clone_buffers_offset(dst, src, dst_off, src_off, nr, flags);
}

API int __io_uring_clone_buffers(struct io_uring *dst, struct io_uring *src, unsigned int flags)
{
	return __io_uring_clone_buffers_offset(dst, src, 0, 0, 0, flags);
}

API int io_uring_clone_buffers(struct io_uring *dst, struct io_uring *src)
{
	return io_uring_clone_buffers_offset(dst, src, 0, 0, 0, 0);
}

/* ---- Files ----------------------------------------------------------------------------------- */

/* The kernel refuses more files than RLIMIT_NOFILE; makes room for `nr` more if we may. */
static int raise_nofile(unsigned nr)
{
	struct rlimit limit;
	int saved = errno, ret = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		ret = -errno;
	else if (nr > limit.rlim_max)
		ret = -EMFILE;
	if (!ret && limit.rlim_cur < nr) {
		limit.rlim_cur += nr;
		if (limit.rlim_cur > limit.rlim_max)
			limit.rlim_cur = limit.rlim_max;
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

API int io_uring_register_files_tags(struct io_uring *ring, const int *files, const __u64 *tags,
				     unsigned nr)
{
	struct io_uring_rsrc_register reg = {
		.nr = nr,
		.data = (__u64)(uintptr_t)files,
		.tags = (__u64)(uintptr_t)tags,
	};

	return register_files(ring, IORING_REGISTER_FILES2, &reg, sizeof(reg), nr);
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

API int io_uring_register_files_update_tag(struct io_uring *ring, unsigned off, const int *files,
					   const __u64 *tags, unsigned nr_files)
{
	return update_table(ring, IORING_REGISTER_FILES_UPDATE2, off, files, tags, nr_files);
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
