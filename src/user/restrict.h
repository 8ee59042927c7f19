/* SPDX-License-Identifier: MIT */
/* IORING_REGISTER_RESTRICTIONS: what a ring refuses. */
#ifndef ANYRING_USER_RESTRICT_H
#define ANYRING_USER_RESTRICT_H

#include <stdbool.h>
#include <stdint.h>

#include "liburing/io_uring.h"

struct restrictions {
	bool registered;
	bool enforced; /* the ring is enabled */
	uint8_t sqe_flags_allowed, sqe_flags_required;
	uint8_t ops[(IORING_OP_LAST + 7) / 8];
	uint8_t registers[(IORING_REGISTER_LAST + 7) / 8];
};

static inline bool restrict_allows_op(const struct restrictions *r, unsigned opcode,
				      unsigned sqe_flags)
{
	if (__builtin_expect(!r->enforced, 1))
		return true;
	return r->ops[opcode / 8] & 1U << opcode % 8 &&
	       (sqe_flags & r->sqe_flags_required) == r->sqe_flags_required &&
	       !(sqe_flags & ~(r->sqe_flags_allowed | r->sqe_flags_required));
}

static inline bool restrict_allows_register(const struct restrictions *r, unsigned opcode)
{
	return !r->enforced || r->registers[opcode / 8] & 1U << opcode % 8;
}

#endif
