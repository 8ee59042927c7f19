/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/futex.h>
#include <sys/epoll.h>
#include <time.h>

#include "user/lock.h"
#include "user/process.h"
#include "user/ready.h"
#include "user/sys.h"

/* How long to sleep before asking whether the holder is still alive. */
#define HOLDER_CHECK_NS 100000000L

pid_t thread_id(void)
{
	static __thread pid_t id;
	static __thread unsigned id_epoch;

	if (__builtin_expect(id_epoch != process_epoch(), 0)) {
		id = (pid_t)SYS(gettid, 0);
		id_epoch = process_epoch();
	}
	return id;
}

bool thread_is_dead(pid_t id)
{
	bool dead;
	long fd;

	if (SYS(tkill, id, 0) == -ESRCH)
		return true;
	/* Of a process this is true until its parent has waited for it; of other threads there is
	 * no pidfd, but those go at once. */
	fd = SYS(pidfd_open, id, 0);
	if (fd < 0)
		return false;
	dead = poll_now((int)fd, EPOLLIN) > 0;
	SYS(close, fd);
	return dead;
}

/* True if the thread that holds the lock has died with it: a process killed while it shared a
 * ring. Then the lock is ours. */
static bool take_from_the_dead(uint32_t *lock, uint32_t seen, uint32_t self)
{
	pid_t holder = (pid_t)(seen & ~LOCK_CONTENDED);

	if (!holder || !thread_is_dead(holder))
		return false;
	return __atomic_compare_exchange_n(lock, &seen, self | LOCK_CONTENDED, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void lock_slow(uint32_t *lock, uint32_t self)
{
	struct timespec timeout = { .tv_nsec = HOLDER_CHECK_NS };

	for (;;) {
		uint32_t seen = __atomic_load_n(lock, __ATOMIC_RELAXED);

		if (!seen) {
			/* Others may sleep still: the lock stays marked. Acquire as
			 * in lock_try(). */
			if (__atomic_compare_exchange_n(lock, &seen, self | LOCK_CONTENDED, false,
							__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
				return;
			continue;
		}
		if (!(seen & LOCK_CONTENDED) &&
		    !__atomic_compare_exchange_n(lock, &seen, seen | LOCK_CONTENDED, false,
						 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			continue;
		if (SYS(futex, lock, FUTEX_WAIT, seen | LOCK_CONTENDED, &timeout) == -ETIMEDOUT &&
		    take_from_the_dead(lock, seen | LOCK_CONTENDED, self))
			return;
	}
}

void lock_wake(uint32_t *lock)
{
	SYS(futex, lock, FUTEX_WAKE, 1);
}
