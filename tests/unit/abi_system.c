/* SPDX-License-Identifier: MIT */
/* The system's io_uring header as a table, for abi_test.c to compare ours with. */
#include "abi_names.h"

/* An older header lacks some of the names; a missing one, all of them. */
#if __has_include(<linux/io_uring.h>) && __has_include(<linux/version.h>)
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
#define HAVE_SYSTEM_HEADER 1
#endif
#endif

#ifdef HAVE_SYSTEM_HEADER

#include <linux/io_uring.h>

const struct abi_entry abi_system[] = { ABI_ENTRIES };
const size_t abi_system_len = sizeof(abi_system) / sizeof(abi_system[0]);

#else

const struct abi_entry abi_system[1];
const size_t abi_system_len;

#endif
