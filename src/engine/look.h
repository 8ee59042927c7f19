/* SPDX-License-Identifier: MIT */
/*
 * What the system says of itself and of this process, for who wants to know why io_uring is
 * refused. All leave errno alone.
 */
#ifndef ANYRING_LOOK_H
#define ANYRING_LOOK_H

#include <stdbool.h>
#include <stddef.h>

/* The start of a file, with a zero byte; false if it cannot be read, or is empty. */
bool look_at_file(const char *path, char *text, size_t size);

/* Linux's release, such as "6.1.0-18-amd64". */
void look_at_release(char *text, size_t size);

/* The soft RLIMIT_MEMLOCK in bytes; false if there is none. */
bool look_at_memlock(unsigned long long *limit);

/* True if what this process locks counts against no limit: CAP_IPC_LOCK, and not of some user
 * namespace only. */
bool look_exempt_from_memlock(void);

#endif
