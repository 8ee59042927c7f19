/* SPDX-License-Identifier: MIT */
/* io_uring_setup(2): sizes, flags and their refusals. */
#include "conformance.h"

static void entries_round_up(void)
{
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;

	expect(try_ring(&ring, 5, &p), 0);
	expect(p.sq_entries, 8);
	expect(p.cq_entries, 16);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

const struct conformance_case setup_cases[] = {
	{ "entries round up to a power of two, with twice the CQEs", entries_round_up },
	{ 0 },
};
