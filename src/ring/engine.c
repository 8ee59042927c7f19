/* SPDX-License-Identifier: MIT */
/* Which engine a ring has. */
#include "anyring.h"
#include "ring/ring.h"

API enum anyring_engine anyring_ring_engine(const struct io_uring *ring)
{
	return ring_engine(ring) == USER_ENGINE ? ANYRING_USER : ANYRING_KERNEL;
}
