/* SPDX-License-Identifier: MIT */
/* Rings that a child inherited. */
#include "user/aio.h"
#include "user/process.h"
#include "user/sys.h"
#include "user/uring.h"

bool personality_exists(const struct uring *ring, unsigned id)
{
	(void)ring, (void)id;
	return false;
}

int ring_adopt(struct uring *ring)
{
	aio_forget(ring);
	ring->epoch = process_epoch();
	return 0;
}
