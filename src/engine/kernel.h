/* SPDX-License-Identifier: MIT */
/*
 * The kernel engine: io_uring's three system calls and the memory behind a ring's descriptor, with
 * nothing added. All answer -errno and leave errno alone.
 */
#ifndef ANYRING_KERNEL_H
#define ANYRING_KERNEL_H

#include <stddef.h>
#include "liburing/io_uring.h"

int kernel_setup(unsigned entries, struct io_uring_params *p);

/* Its numbers are 32 bits each, and handed over in whole registers, so that nothing has to be
 * widened on the way that every program takes. */
int kernel_enter(unsigned long fd, unsigned long to_submit, unsigned long min_complete,
		 unsigned long flags, const void *arg, size_t argsz);

int kernel_register(unsigned fd, unsigned opcode, const void *arg, unsigned nr_args);
int kernel_map(int fd, unsigned long long offset, size_t size, void **ptr);
int kernel_close(int fd);

#endif
