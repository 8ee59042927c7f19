/* SPDX-License-Identifier: MIT */
/*
 * Cases side by side. Most of a case is waiting (for time-outs, for silence), so several run at
 * once, each in a process of its own that a hang or a crash cannot leave. cmocka, in the parent,
 * collects the results in order.
 */
#ifndef TEST_CASES_JOBS_H
#define TEST_CASES_JOBS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct job {
	char name[160];
	/* Passes by returning, fails by check(), skips by case_skip(). */
	void (*run)(const void *subject);
	const void *subject;
	uint64_t seed;
	pid_t pid;
	int output;
	int status; /* as waitpid() gives it */
	bool started, ended;
};

/* Adds a case unless its name, made from `format`, lacks the part given as filter. */
void jobs_add(void (*run)(const void *subject), const void *subject, uint64_t seed,
	      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Only cases whose names contain `part` are added from now on; NULL: all. */
void jobs_filter(const char *part);

/* A row of a table of cases that is no larger matter; the last row is empty. */
struct test_case {
	const char *name;
	void (*run)(void);
	/* Or, in its place: */
	void (*run_on)(const void *subject);
	const void *subject;
};

/* Adds each as "group: name", its place in the table as its seed. */
void jobs_add_cases(const char *group, const struct test_case *cases);
/* Runs all that were added, and reports them as TAP. Returns how many failed. */
int jobs_run(const char *group);
/* What main() is where all is one such table: its argument is what jobs_filter() takes. */
int jobs_main(int argc, char **argv, const char *group, const struct test_case *cases);

#endif
