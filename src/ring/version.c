/* SPDX-License-Identifier: MIT */
/* Which liburing's API the library has, for programs that ask at run time. */
#include "ring/ring.h"

API int io_uring_major_version(void)
{
	return IO_URING_VERSION_MAJOR;
}

API int io_uring_minor_version(void)
{
	return IO_URING_VERSION_MINOR;
}

API bool io_uring_check_version(int major, int minor)
{
	return IO_URING_CHECK_VERSION(major, minor);
}
