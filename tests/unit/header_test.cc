// SPDX-License-Identifier: MIT
// The public header must compile as C++11, its macros included, which only count where used.
#include <liburing.h>

unsigned every_macro(struct io_uring *ring, struct io_uring_buf_ring *br);

unsigned every_macro(struct io_uring *ring, struct io_uring_buf_ring *br)
{
	struct io_uring_cqe *cqe;
	unsigned head, seen = 0;

	io_uring_for_each_cqe(ring, head, cqe)
		seen++;
	io_uring_cq_advance(ring, seen);
	io_uring_buf_ring_advance(br, 1);
	io_uring_smp_mb();
	return seen + io_uring_cqe_index(ring, head, ring->cq.ring_mask);
}
