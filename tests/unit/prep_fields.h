/* SPDX-License-Identifier: MIT */
/* What the tests of the prep functions share: an SQE compared in all of its 64 bytes. */
#ifndef UNIT_PREP_FIELDS_H
#define UNIT_PREP_FIELDS_H

#include "support.h"

#include <limits.h>

#define DATA	0x0123456789abcdefULL
#define ADDR	((void *)0x7fff12345678)
#define ADDR64	0x7fff12345678ULL
/* A second and a third pointer, no two of the same type. */
#define OTHER	((void *)0x7ffe9abcdef0)
#define OTHER64 0x7ffe9abcdef0ULL
#define THIRD	((void *)0x7ffd55667788)
#define THIRD64 0x7ffd55667788ULL
/* More than 32 bits, each byte another. */
#define BIG	0xf1e2d3c4b5a69788ULL

/* As io_uring_get_sqe() hands it out, over what an earlier use of the slot left. */
static inline struct io_uring_sqe used_sqe(void)
{
	struct io_uring_sqe sqe;

	memset(&sqe, 0xa5, sizeof(sqe));
	io_uring_initialize_sqe(&sqe);
	io_uring_sqe_set_data64(&sqe, DATA);
	return sqe;
}

/* All 64 bytes: what is named, and zero elsewhere. `call` fills `sqe`. */
#define assert_fills(call, ...)                                                \
	do {                                                                   \
		struct io_uring_sqe sqe = used_sqe();                          \
		struct io_uring_sqe want = { .user_data = DATA, __VA_ARGS__ }; \
		call;                                                          \
		if (memcmp(&sqe, &want, sizeof(sqe)))                          \
			print_error("%s\n", #call);                            \
		assert_memory_equal(&sqe, &want, sizeof(sqe));                 \
	} while (0)

#endif
