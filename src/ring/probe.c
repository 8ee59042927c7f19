/* SPDX-License-Identifier: MIT */
/* Asking which opcodes the engine has. */
#include <stdlib.h>

#include "ring/ring.h"

/* What an 8-bit opcode can name. */
#define PROBE_OPS 256

API int io_uring_register_probe(struct io_uring *ring, struct io_uring_probe *p, unsigned nr)
{
	return ring_register(ring, IORING_REGISTER_PROBE, p, nr);
}

API struct io_uring_probe *io_uring_get_probe_ring(struct io_uring *ring)
{
	struct io_uring_probe *probe;
	int saved = errno;

	probe = calloc(1, sizeof(*probe) + PROBE_OPS * sizeof(struct io_uring_probe_op));
	errno = saved;
	if (!probe)
		return NULL;
	if (io_uring_register_probe(ring, probe, PROBE_OPS) < 0) {
		free(probe);
		return NULL;
	}
	return probe;
}

API struct io_uring_probe *io_uring_get_probe(void)
{
	struct io_uring_probe *probe;
	struct io_uring ring;

	if (io_uring_queue_init(2, &ring, 0) < 0)
		return NULL;
	probe = io_uring_get_probe_ring(&ring);
	io_uring_queue_exit(&ring);
	return probe;
}

API void io_uring_free_probe(struct io_uring_probe *probe)
{
	free(probe);
}
