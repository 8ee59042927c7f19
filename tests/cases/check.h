/* SPDX-License-Identifier: MIT */
/*
 * What a case says when a promise is broken. A case runs in a process of its own (see jobs.h), so
 * failing is leaving that process: no cmocka assert, which would jump into the parent's frames.
 */
#ifndef TEST_CASES_CHECK_H
#define TEST_CASES_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum case_exit {
	CASE_PASSED = 0,
	CASE_FAILED = 1,
	CASE_SKIPPED = 77,
};

/* The message says what is wrong; the condition and its place are added. */
#define check(condition, ...)                                                      \
	do {                                                                       \
		if (!(condition))                                                  \
			check_failed(__FILE__, __LINE__, #condition, __VA_ARGS__); \
	} while (0)

void check_failed(const char *file, int line, const char *condition, const char *format, ...)
	__attribute__((noreturn, format(printf, 4, 5)));
/* This machine cannot run the case. */
void case_skip(const char *reason) __attribute__((noreturn));
/* Called before a failing case ends, to say what else is known. */
void check_on_failure(void (*describe)(void));

/* Milliseconds on the monotonic clock. */
int64_t now_ms(void);
void sleep_ms(int64_t ms);

/* Random bytes and numbers that a seed repeats. */
void random_seed(uint64_t seed);
uint64_t random_number(void);
uint64_t random_between(uint64_t min, uint64_t max);
/* Never NULL; to be freed. */
uint8_t *random_bytes(size_t size);

#endif
