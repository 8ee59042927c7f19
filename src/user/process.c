/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <sys/mman.h>

#include "user/process.h"
#include "user/sys.h"

unsigned *process_epoch_page;

/* Of the process that this memory was copied from, so its child gets the next. */
static unsigned last_epoch;

unsigned process_set_up(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	unsigned *page = process_epoch_page, epoch;
	long mapped;

	pthread_mutex_lock(&lock);
	if (!page) {
		mapped = SYS(mmap, NULL, sizeof(*page), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		/* Without the page every call would come here; with a plain variable it works, and
		 * only children notice nothing. */
		page = mapped < 0 && mapped > -4096 ? &last_epoch : (unsigned *)mapped;
		if (page != &last_epoch)
			SYS(madvise, page, sizeof(*page), MADV_WIPEONFORK);
	}
	epoch = __atomic_load_n(page, __ATOMIC_RELAXED);
	if (!epoch) {
		epoch = ++last_epoch;
		__atomic_store_n(page, epoch, __ATOMIC_RELAXED);
	}
	/* Release: pairs with process_epoch(). */
	__atomic_store_n(&process_epoch_page, page, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&lock);
	return epoch;
}
