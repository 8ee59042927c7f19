/* SPDX-License-Identifier: MIT */
/* Why io_uring is refused: what is known, in words. */
#ifndef ANYRING_REASON_H
#define ANYRING_REASON_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* A line that grows, and is cut off where the room ends; `length` goes on as if it were not. */
struct text {
	char *start;
	size_t size;
	size_t length;
};

void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds what io_uring_setup(2) answered, -errno, and what was found that explains it. */
void reason_of_refusal(struct text *t, int ret);

#endif
