/* SPDX-License-Identifier: MIT */
/* Register calls that set something: the clock, the workers; and what only a kernel can do. */
#include <limits.h>
#include <sys/resource.h>
#include <time.h>

#include "user/process.h"
#include "user/register.h"
#include "user/sys.h"
#include "user/worker.h"

int register_clock(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct io_uring_clock_register clock;
	int ret;

	if (!arg || nr_args)
		return -EINVAL;
	ret = copy_from_app(&clock, arg, sizeof(clock));
	if (ret)
		return ret;
	if (!is_zero(clock.__resv, sizeof(clock.__resv)) ||
	    (clock.clockid != CLOCK_MONOTONIC && clock.clockid != CLOCK_BOOTTIME))
		return -EINVAL;
	ring->wait_clock = (clockid_t)clock.clockid;
	return 0;
}

/* ---- Workers --------------------------------------------------------------------------------- */

int register_iowq_aff(struct uring *ring, const void *arg, unsigned size)
{
	struct cpu_mask mask = { 0 };
	int ret;

	(void)ring;
	if (!arg || !size)
		return -EINVAL;
	ret = copy_from_app(&mask, arg, size < sizeof(mask) ? size : sizeof(mask));
	if (!ret)
		workers_pin(&mask);
	return ret;
}

int unregister_iowq_aff(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct cpu_mask mask = { 0 };

	(void)ring, (void)arg, (void)nr_args;
	/* Where the calling thread may run, as workers that are started now. */
	if (SYS(sched_getaffinity, 0, sizeof(mask), &mask) > 0)
		workers_pin(&mask);
	return 0;
}

int register_iowq_max_workers(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct rlimit limit = { .rlim_cur = INT_MAX };
	unsigned counts[2];
	int ret;

	(void)ring;
	if (!arg || nr_args != 2)
		return -EINVAL;
	ret = copy_from_app(counts, arg, sizeof(counts));
	if (ret)
		return ret;
	if (counts[0] > INT_MAX || counts[1] > INT_MAX)
		return -EINVAL;
	SYS(prlimit64, 0, RLIMIT_NPROC, NULL, &limit);
	for (unsigned i = 0; i < 2; i++)
		if (counts[i] > limit.rlim_cur)
			counts[i] = (unsigned)limit.rlim_cur;
	workers_limit(counts);
	return copy_to_app((void *)(uintptr_t)arg, counts, sizeof(counts));
}

/* ---- As a kernel built without them ---------------------------------------------------------- */

int register_napi(struct uring *ring, const void *arg, unsigned nr_args)
{
	(void)ring, (void)arg;
	return nr_args == 1 ? -EOPNOTSUPP : -EINVAL;
}

int register_zcrx_ifq(struct uring *ring, const void *arg, unsigned nr_args)
{
	(void)ring, (void)arg, (void)nr_args;
	return -EOPNOTSUPP;
}
