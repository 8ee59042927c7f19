/* SPDX-License-Identifier: MIT */
/* Rings that start disabled, and what they are restricted to once enabled. */
#include <string.h>

#include "user/process.h"
#include "user/register.h"
#include "user/sqpoll.h"
#include "user/sys.h"

#define RESTRICTIONS_MAX (IORING_RESTRICTION_LAST + REGISTER_CALLS + IORING_OP_LAST)

static void allow(uint8_t *set, unsigned what)
{
	set[what / 8] |= (uint8_t)(1U << what % 8);
}

static int add(struct restrictions *r, const struct io_uring_restriction *res)
{
	switch (res->opcode) {
	case IORING_RESTRICTION_REGISTER_OP:
		if (res->register_op >= REGISTER_CALLS)
			return -EINVAL;
		allow(r->registers, res->register_op);
		return 0;
	case IORING_RESTRICTION_SQE_OP:
		if (res->sqe_op >= IORING_OP_LAST)
			return -EINVAL;
		allow(r->ops, res->sqe_op);
		return 0;
	case IORING_RESTRICTION_SQE_FLAGS_ALLOWED:
		r->sqe_flags_allowed = res->sqe_flags;
		return 0;
	case IORING_RESTRICTION_SQE_FLAGS_REQUIRED:
		r->sqe_flags_required = res->sqe_flags;
		return 0;
	default:
		return -EINVAL;
	}
}

int register_restrictions(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct io_uring_restriction list[RESTRICTIONS_MAX];
	struct restrictions r = { .registered = true };
	int ret;

	if (!ring->disabled)
		return -EBADFD;
	if (ring->restrictions.registered)
		return -EBUSY;
	if (!arg || nr_args > RESTRICTIONS_MAX)
		return -EINVAL;
	ret = copy_from_app(list, arg, nr_args * sizeof(list[0]));
	for (unsigned i = 0; i < nr_args && !ret; i++)
		ret = add(&r, &list[i]);
	if (!ret)
		ring->restrictions = r;
	return ret;
}

int register_enable_rings(struct uring *ring, const void *arg, unsigned nr_args)
{
	(void)arg, (void)nr_args;
	if (!ring->disabled)
		return -EBADFD;
	if (ring->setup_flags & IORING_SETUP_SINGLE_ISSUER && !ring->issuer)
		ring->issuer = thread_id();
	ring->restrictions.enforced = ring->restrictions.registered;
	ring->disabled = false;
	if (ring->sqpoll)
		sqpoll_enable(ring);
	return 0;
}
