/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "user/lock.h"
#include "user/process.h"
#include "user/sys.h"

struct process *this_process;

/* The newest number given out in the process that this memory was copied from, or in this one. */
static unsigned last_epoch;

/* The memory of struct process; without a page for it all works but what children need. */
static struct process *make_process(void)
{
	static struct process plain;
	struct process *made, *seen = NULL;
	long page = SYS(mmap, NULL, sizeof(*made), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	made = page < 0 && page > -4096 ? &plain : (struct process *)page;
	if (made != &plain)
		SYS(madvise, made, sizeof(*made), MADV_WIPEONFORK);
	/* Release: the memory is there; pairs with the acquire of process_epoch(), and here. */
	if (__atomic_compare_exchange_n(&this_process, &seen, made, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return made;
	if (made != &plain)
		SYS(munmap, made, sizeof(*made));
	return seen;
}

unsigned process_set_up(void)
{
	/* Acquire: as in process_epoch(). */
	struct process *p = __atomic_load_n(&this_process, __ATOMIC_ACQUIRE);
	unsigned epoch, seen = 0;

	if (!p)
		p = make_process();
	/* Of threads that come here at once, one has its number stand. Relaxed: see
	 * process_epoch(). */
	epoch = __atomic_add_fetch(&last_epoch, 1, __ATOMIC_RELAXED);
	if (__atomic_compare_exchange_n(&p->epoch, &seen, epoch, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED))
		return epoch;
	return seen;
}

static uint32_t *lock_of(enum process_lock which)
{
	/* Acquire: pairs with the release of make_process(), by whichever thread that was. */
	return &__atomic_load_n(&this_process, __ATOMIC_ACQUIRE)->locks[which];
}

void process_lock(enum process_lock which)
{
	process_epoch();
	lock_take(lock_of(which));
}

void process_unlock(enum process_lock which)
{
	lock_drop(lock_of(which));
}
