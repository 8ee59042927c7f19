/* SPDX-License-Identifier: MIT */
/* IORING_REGISTER_PROBE: which opcodes there are. */
#include <string.h>

#include "user/process.h"
#include "user/register.h"
#include "user/sys.h"

int register_probe(struct uring *ring, const void *arg, unsigned nr_args)
{
	/* With room for what follows it. */
	union {
		struct io_uring_probe head;
		char bytes[sizeof(struct io_uring_probe) +
			   IORING_OP_LAST * sizeof(struct io_uring_probe_op)];
	} probe;
	void *to = (void *)(uintptr_t)arg;
	static const char zeros[sizeof(probe)];
	size_t size;
	int ret;

	(void)ring;
	if (!arg || nr_args > 256)
		return -EINVAL;
	if (nr_args > IORING_OP_LAST)
		nr_args = IORING_OP_LAST;
	size = sizeof(probe.head) + nr_args * sizeof(probe.head.ops[0]);
	ret = copy_from_app(&probe, arg, size);
	if (ret)
		return ret;
	if (memcmp(&probe, zeros, size))
		return -EINVAL;
	probe.head.last_op = IORING_OP_LAST - 1;
	probe.head.ops_len = (uint8_t)nr_args;
	for (unsigned i = 0; i < nr_args; i++) {
		probe.head.ops[i].op = (uint8_t)i;
		if (op_table[i].prep)
			probe.head.ops[i].flags = IO_URING_OP_SUPPORTED;
	}
	return copy_to_app(to, &probe, size);
}
