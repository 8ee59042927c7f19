/* SPDX-License-Identifier: MIT */
/* Where programs look for the structures of filters; here they are with the rest of the ABI. */
#include "liburing/io_uring.h"
