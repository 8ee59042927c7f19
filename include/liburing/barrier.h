/* SPDX-License-Identifier: MIT */
/*
 * The memory order of the rings. Each ring index has one writer: the application owns the SQ tail
 * and the CQ head, the kernel the SQ head and the CQ tail. Who publishes an index stores it with
 * release, after the entries it covers; who reads it loads it with acquire, before the entries.
 */
#ifndef LIBURING_BARRIER_H
#define LIBURING_BARRIER_H

/* Loads and stores that must happen once and whole, but order nothing else. */
#define IO_URING_WRITE_ONCE(var, val) __atomic_store_n(&(var), (val), __ATOMIC_RELAXED)
#define IO_URING_READ_ONCE(var)	      __atomic_load_n(&(var), __ATOMIC_RELAXED)

/* Publishes what was written before it; pairs with io_uring_smp_load_acquire on the other side. */
#define io_uring_smp_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
/* Sees all that was written before the matching io_uring_smp_store_release. */
#define io_uring_smp_load_acquire(p)	 __atomic_load_n((p), __ATOMIC_ACQUIRE)
/* Full fence: the only order in which a store is seen before a later load. */
#define io_uring_smp_mb()		 __atomic_thread_fence(__ATOMIC_SEQ_CST)

#endif
