/* SPDX-License-Identifier: MIT */
/* Failing, waiting, and random numbers. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cases/check.h"

static void (*describe_failure)(void);
static uint64_t random_state = 1;

void check_on_failure(void (*describe)(void))
{
	describe_failure = describe;
}

void check_failed(const char *file, int line, const char *condition, const char *format, ...)
{
	const char *base = strrchr(file, '/');
	va_list args;

	printf("%s:%d: ", base ? base + 1 : file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(" (%s)\n", condition);
	if (describe_failure)
		describe_failure();
	fflush(stdout);
	/* Not exit(): what the case holds is no leak worth a report. */
	_exit(CASE_FAILED);
}

void case_skip(const char *reason)
{
	puts(reason);
	fflush(stdout);
	_exit(CASE_SKIPPED);
}

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void sleep_ms(int64_t ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

void random_seed(uint64_t seed)
{
	random_state = seed;
}

/* splitmix64: any seed will do. */
uint64_t random_number(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint64_t random_between(uint64_t min, uint64_t max)
{
	return min + random_number() % (max - min + 1);
}

uint8_t *random_bytes(size_t size)
{
	uint8_t *bytes = malloc(size + sizeof(uint64_t));

	check(bytes, "out of memory for %zu bytes", size);
	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		uint64_t n = random_number();

		memcpy(bytes + i, &n, sizeof(n));
	}
	return bytes;
}
