/* SPDX-License-Identifier: MIT */
/* Where programs look for types that old kernel headers lack; here they are with the ABI. */
#include <linux/futex.h>
#include <linux/openat2.h>
#include "liburing/io_uring.h"
