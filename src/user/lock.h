/* SPDX-License-Identifier: MIT */
/*
 * A lock of one word that works between processes: it lies in memory they share, and is given up
 * by the kernel's account of who is alive, not by a promise. 0 is free; otherwise the holder's
 * thread id, with LOCK_CONTENDED if someone sleeps on it.
 */
#ifndef ANYRING_USER_LOCK_H
#define ANYRING_USER_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LOCK_CONTENDED 0x80000000U

/* The calling thread's id, asked for once a thread and once more after a fork. */
pid_t thread_id(void);

/* It has ended, even if its parent has not waited for it yet. By the kernel's account of ids, which
 * are used again at some time. */
bool thread_is_dead(pid_t id);

void lock_slow(uint32_t *lock, uint32_t self);
void lock_wake(uint32_t *lock);

static inline bool lock_try(uint32_t *lock)
{
	uint32_t expected = 0;

	/* Acquire: pairs with the release of lock_drop(). */
	return __atomic_compare_exchange_n(lock, &expected, (uint32_t)thread_id(), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void lock_take(uint32_t *lock)
{
	if (!lock_try(lock))
		lock_slow(lock, (uint32_t)thread_id());
}

/* True if the calling thread holds it: a signal's handler that interrupted the holder asks. */
static inline bool lock_is_mine(const uint32_t *lock)
{
	return (__atomic_load_n(lock, __ATOMIC_RELAXED) & ~LOCK_CONTENDED) == (uint32_t)thread_id();
}

static inline void lock_drop(uint32_t *lock)
{
	/* Release: pairs with the acquire of whoever takes the lock next. */
	if (__atomic_exchange_n(lock, 0, __ATOMIC_RELEASE) & LOCK_CONTENDED)
		lock_wake(lock);
}

#endif
