/* SPDX-License-Identifier: MIT */
/* A ring in the test's own memory, for what needs no engine, or where the test stands in for it. */
#ifndef UNIT_FAKE_RING_H
#define UNIT_FAKE_RING_H

#include <string.h>

#include <liburing.h>

#define ENTRIES 8U

static struct {
	struct io_uring ring;
	unsigned sq_head, sq_tail, sq_flags, cq_head, cq_tail, cq_flags;
	/* Twice, for entries of double size. */
	struct io_uring_sqe sqes[2 * ENTRIES];
	struct io_uring_cqe cqes[2 * ENTRIES];
} fake;

/* Empties it. */
static struct io_uring *fake_ring(unsigned flags)
{
	memset(&fake, 0, sizeof(fake));
	fake.ring.flags = flags;
	fake.ring.features = IORING_FEAT_EXT_ARG;
	fake.ring.sq = (struct io_uring_sq){
		.khead = &fake.sq_head,
		.ktail = &fake.sq_tail,
		.kflags = &fake.sq_flags,
		.sqes = fake.sqes,
		.ring_mask = ENTRIES - 1,
		.ring_entries = ENTRIES,
	};
	fake.ring.cq = (struct io_uring_cq){
		.khead = &fake.cq_head,
		.ktail = &fake.cq_tail,
		.kflags = &fake.cq_flags,
		.cqes = fake.cqes,
		.ring_mask = ENTRIES - 1,
		.ring_entries = ENTRIES,
	};
	return &fake.ring;
}

#endif
