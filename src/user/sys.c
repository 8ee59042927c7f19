/* SPDX-License-Identifier: MIT */
#include "user/sys.h"

long user_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	return syscall6(nr, a, b, c, d, e, f);
}
