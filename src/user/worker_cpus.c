/* SPDX-License-Identifier: MIT */
/* Where workers run. */
#include "user/process.h"
#include "user/sys.h"
#include "user/worker.h"

static struct cpu_mask cpus;
/* Grows with each change of it. */
static unsigned pins;

void workers_pin(const struct cpu_mask *mask)
{
	process_lock(LOCK_POOL);
	cpus = *mask;
	/* Relaxed: who sees it takes the lock. */
	__atomic_add_fetch(&pins, 1, __ATOMIC_RELAXED);
	process_unlock(LOCK_POOL);
}

void worker_follow_pins(unsigned *seen)
{
	if (*seen == __atomic_load_n(&pins, __ATOMIC_RELAXED))
		return;
	process_lock(LOCK_POOL);
	*seen = pins;
	/* Where the kernel refuses, there is no CPU among them that we may have. */
	SYS(sched_setaffinity, 0, sizeof(cpus), &cpus);
	process_unlock(LOCK_POOL);
}
