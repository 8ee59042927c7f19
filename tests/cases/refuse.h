/* SPDX-License-Identifier: MIT */
/* System calls that are refused, as container runtimes and sandboxes do it. */
#ifndef TEST_CASES_REFUSE_H
#define TEST_CASES_REFUSE_H

#include <stdbool.h>

/* io_uring_setup, io_uring_enter and io_uring_register: the same numbers on every architecture. */
#define FIRST_RING_CALL 425
#define LAST_RING_CALL	427

/*
 * From now on the system calls numbered `first` to `last` answer `error` in this thread, in threads
 * and processes that it starts, and after execve(2). False, with errno: there are no such filters.
 */
bool refuse_calls(unsigned first, unsigned last, int error);

#endif
