/* SPDX-License-Identifier: MIT */
/*
 * The system calls that the engine makes: -errno, errno left alone. All go through one function,
 * so that tests can make any of them fail.
 */
#ifndef ANYRING_USER_SYS_H
#define ANYRING_USER_SYS_H

#include "engine/syscall.h"

long user_syscall(long nr, long a, long b, long c, long d, long e, long f);

/* SYS(read, fd, buf, size): up to six arguments. */
#define SYS(name, ...)			   SYS_PICK(__VA_ARGS__, 6, 5, 4, 3, 2, 1)(__NR_##name, __VA_ARGS__)
#define SYS_PICK(a, b, c, d, e, f, n, ...) SYS_PASTE(SYS, n)
#define SYS_PASTE(a, b)			   SYS_PASTE_(a, b)
#define SYS_PASTE_(a, b)		   a##b
#define SYS1(nr, a)			   user_syscall(nr, (long)(a), 0, 0, 0, 0, 0)
#define SYS2(nr, a, b)			   user_syscall(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define SYS3(nr, a, b, c)		   user_syscall(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SYS4(nr, a, b, c, d)		   user_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define SYS5(nr, a, b, c, d, e) \
	user_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define SYS6(nr, a, b, c, d, e, f) \
	user_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#endif
