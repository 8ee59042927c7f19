/* SPDX-License-Identifier: MIT */
/*
 * System calls that answer -errno and leave errno alone: the library promises never to touch it,
 * and libc's syscall(2), which does, may be interposed by programs that watch io_uring.
 */
#ifndef ANYRING_SYSCALL_H
#define ANYRING_SYSCALL_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Debian 12 knows these numbers; older headers may not. They are the same on every architecture. */
#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup    425
#define __NR_io_uring_enter    426
#define __NR_io_uring_register 427
#endif
#ifndef __NR_futex_waitv
#define __NR_futex_waitv 449
#endif

#if defined(__x86_64__) && !defined(__ILP32__)

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	/* The kernel overwrites rcx and r11; "memory" because it reads and writes ours. */
	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
}

#else

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	int saved = errno;
	long ret = syscall(nr, a, b, c, d, e, f);

	if (ret == -1)
		ret = -errno;
	errno = saved;
	return ret;
}

#endif

#endif
