/* SPDX-License-Identifier: MIT */
/* One request at a time: prepared, submitted and answered in one expression. */
#ifndef TEST_CONFORMANCE_RUN_H
#define TEST_CONFORMANCE_RUN_H

#include "conformance.h"

/* The result of run(&ring, read, fd, buf, len, offset), whatever its flags. */
#define run(ring, op, ...) run_flagged(ring, 0, op, __VA_ARGS__)
/* The same with IOSQE_* flags. */
#define run_flagged(ring, sqe_flags, op, ...)              \
	({                                                 \
		struct io_uring_sqe *sqe_ = new_sqe(ring); \
                                                           \
		io_uring_prep_##op(sqe_, __VA_ARGS__);     \
		result_of_sqe(ring, sqe_, sqe_flags);      \
	})
/* For what must give the same either way: at once where that is possible, and in a worker. */
static const unsigned both_ways[] __attribute__((unused)) = { 0, IOSQE_ASYNC };

/* Submits it only. Its completions will have `sqe_data`. */
#define start(ring, sqe_data, op, ...)                     \
	do {                                               \
		struct io_uring_sqe *sqe_ = new_sqe(ring); \
                                                           \
		io_uring_prep_##op(sqe_, __VA_ARGS__);     \
		io_uring_sqe_set_data64(sqe_, sqe_data);   \
		submit(ring, 1);                           \
	} while (0)

/* The last SQE prepared is `sqe`; its completion must be that of one that gives just one. */
static inline int result_of_sqe(struct io_uring *ring, struct io_uring_sqe *sqe, unsigned flags)
{
	struct answer a;

	set_sqe(sqe, 0x5eed, flags);
	a = run_one(ring);
	expect(a.data, 0x5eed);
	expect(a.flags & IORING_CQE_F_MORE, 0);
	return a.res;
}

/* Addresses where nothing is mapped, with one page before that can be used. */
static inline char *page_before_nothing(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *at = mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	check(at != MAP_FAILED, "no memory");
	sys(mprotect(at + page, (size_t)page, PROT_NONE));
	return at;
}

#endif
