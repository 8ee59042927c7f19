/* SPDX-License-Identifier: MIT */
/* Provided buffer rings: buffers the engine picks from when data is there. */
#include <sys/mman.h>

#include "ring/ring.h"

API int io_uring_register_buf_ring(struct io_uring *ring, struct io_uring_buf_reg *reg,
				   unsigned int flags)
{
	reg->flags |= (__u16)flags;
	return ring_register(ring, IORING_REGISTER_PBUF_RING, reg, 1);
}

API int io_uring_unregister_buf_ring(struct io_uring *ring, int bgid)
{
	struct io_uring_buf_reg reg = { .bgid = (__u16)bgid };

	return ring_register(ring, IORING_UNREGISTER_PBUF_RING, &reg, 1);
}

static size_t buf_ring_bytes(unsigned nentries)
{
	return nentries * sizeof(struct io_uring_buf);
}

API struct io_uring_buf_ring *io_uring_setup_buf_ring(struct io_uring *ring, unsigned int nentries,
						      int bgid, unsigned int flags, int *err)
{
	struct io_uring_buf_reg reg = {
		.ring_entries = nentries,
		.bgid = (__u16)bgid,
	};
	struct io_uring_buf_ring *br;
	int saved = errno;

	br = mmap(NULL, buf_ring_bytes(nentries), PROT_READ | PROT_WRITE,
		  MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	if (br == MAP_FAILED) {
		*err = -errno;
		errno = saved;
		return NULL;
	}
	reg.ring_addr = (__u64)(uintptr_t)br;
	*err = io_uring_register_buf_ring(ring, &reg, flags);
	if (*err) {
		engine_unmap(br, buf_ring_bytes(nentries));
		return NULL;
	}
	io_uring_buf_ring_init(br);
	return br;
}

API int io_uring_free_buf_ring(struct io_uring *ring, struct io_uring_buf_ring *br,
			       unsigned int nentries, int bgid)
{
	int ret = io_uring_unregister_buf_ring(ring, bgid);

	if (ret)
		return ret;
	engine_unmap(br, buf_ring_bytes(nentries));
	return 0;
}

API int io_uring_buf_ring_head(struct io_uring *ring, int buf_group, uint16_t *head)
{
	struct io_uring_buf_status status = { .buf_group = (__u32)buf_group };
	int ret = ring_register(ring, IORING_REGISTER_PBUF_STATUS, &status, 1);

	if (ret)
		return ret;
	*head = (uint16_t)status.head;
	return 0;
}
