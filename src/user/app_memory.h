/* SPDX-License-Identifier: MIT */
/*
 * Memory of the application's, which may be no memory at all: -EFAULT where an access would be a
 * crash. The kernel knows, and is asked by a system call that touches each page and changes
 * nothing.
 */
#ifndef ANYRING_USER_APP_MEMORY_H
#define ANYRING_USER_APP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The least there is on any machine: what one of these holds is on one page. */
#define PAGE_LEAST 4096UL

/* This machine's. No system call. */
size_t page_size(void);
/* Up to whole pages. */
size_t page_align(size_t size);

/* 0 or -EFAULT. Memory that another thread unmaps at this moment is beyond what can be promised. */
int copy_from_app(void *to, const void *from, size_t size);
int copy_to_app(void *to, const void *from, size_t size);
/* The same where it is known to be memory: on a page that a system call has just written. */
void store_to_app(void *to, const void *from, size_t size);
/* The pages of the range are there and can be written, now: 0 or -EFAULT. */
int app_memory_populate(uintptr_t addr, size_t size);
/* Addresses beyond those a process can have are no buffer, which Linux says when it reads
 * the SQE. */
bool app_memory_possible(uint64_t addr, uint64_t size);
/* Copies a string of up to `size` bytes with its end: its length, -EFAULT, or -ENAMETOOLONG. */
long string_from_app(char *to, const char *from, size_t size);

#endif
