/* SPDX-License-Identifier: MIT */
/* IORING_REGISTER_QUERY: what the engine has, with or without a ring. */
#include "user/process.h"
#include "user/register.h"
#include "user/sys.h"

/* A list that goes round has an end, too. */
#define QUERIES_MAX 1000

static const struct io_uring_query_opcode opcodes = {
	.nr_request_opcodes = IORING_OP_LAST,
	.nr_register_opcodes = REGISTER_CALLS,
	.feature_flags = USER_FEATURES,
	.ring_setup_flags = SETUP_FLAGS_VALID,
	.enter_flags = ENTER_FLAGS_VALID,
	.sqe_flags = SQE_FLAGS_VALID,
	.nr_query_opcodes = IO_URING_QUERY_OPCODES + 1,
};

/* Answers one: 0 or an error that ends the call. What is wrong with the question is told in it. */
static int answer(struct io_uring_query_hdr *hdr)
{
	uint32_t room = hdr->size;

	hdr->size = 0;
	if (hdr->query_op != IO_URING_QUERY_OPCODES) {
		hdr->result = -EOPNOTSUPP;
		return 0;
	}
	if (!is_zero(hdr->__resv, sizeof(hdr->__resv)) || hdr->result || !room) {
		hdr->result = -EINVAL;
		return 0;
	}
	hdr->size = room < sizeof(opcodes) ? room : sizeof(opcodes);
	return copy_to_app((void *)(uintptr_t)hdr->query_data, &opcodes, hdr->size);
}

int register_query(struct uring *ring, const void *arg, unsigned nr_args)
{
	uint64_t at = (uintptr_t)arg;

	(void)ring;
	if (nr_args)
		return -EINVAL;
	for (unsigned count = 0; at; count++) {
		void *entry = (void *)(uintptr_t)at;
		struct io_uring_query_hdr hdr;
		int ret;

		if (count == QUERIES_MAX)
			return -ERANGE;
		ret = copy_from_app(&hdr, entry, sizeof(hdr));
		if (ret)
			return ret;
		ret = answer(&hdr);
		if (!ret)
			ret = copy_to_app(entry, &hdr, sizeof(hdr));
		if (ret)
			return ret;
		at = hdr.next_entry;
	}
	return 0;
}
