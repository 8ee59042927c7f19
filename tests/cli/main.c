/* SPDX-License-Identifier: MIT */
/*
 * Tests of `anyring echo` and `anyring load` from outside: the real program, driven by plain
 * sockets.
 *
 *   ANYRING=build/cli/anyring echo_test [PART OF A NAME]
 *
 * ECHO_SEED=N repeats the random choices of an earlier run.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "unit/tap.h"
#include "check.h"
#include "jobs.h"

#define MAX_JOBS 1000

static struct job jobs[MAX_JOBS];
static struct CMUnitTest tests[MAX_JOBS];
static unsigned job_count;

/* As comments of the test protocol, above the result. */
static void print_lines(char *text)
{
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
		if (*line)
			print_message("# %s\n", line);
}

static void await_case(void **state)
{
	struct job *job = *state;
	char *output, reason[200];
	bool skipped;

	jobs_wait_for(jobs, job_count, job);
	skipped = WIFEXITED(job->status) && WEXITSTATUS(job->status) == CASE_SKIPPED;
	output = job_output(job);
	assert_non_null(output);
	snprintf(reason, sizeof(reason), "%.*s", (int)strcspn(output, "\n"), output);
	if (!skipped)
		print_lines(output);
	free(output);
	if (skipped)
		skip_because("%s", reason);
	if (WIFSIGNALED(job->status))
		fail_msg("ended by signal %d (%d: took too long)", WTERMSIG(job->status), SIGALRM);
	if (WEXITSTATUS(job->status) != CASE_PASSED)
		fail_msg("failed as said above");
}

static void add_job(const struct behaviour *b, const struct variant *v, uint64_t seed,
		    const char *filter)
{
	struct job *job = &jobs[job_count];

	snprintf(job->name, sizeof(job->name), "%s%s%s", b->name, v ? ": " : "", v ? v->words : "");
	if (filter && !strstr(job->name, filter))
		return;
	if (job_count == MAX_JOBS) {
		fputs("too many cases: raise MAX_JOBS\n", stderr);
		exit(1);
	}
	job->behaviour = b;
	job->variant = v;
	/* By place in the whole table: a filtered run repeats the same choices. */
	job->seed = seed ^ (uint64_t)(v ? v - variants : 0) << 32 ^ (uintptr_t)b->name[0];
	tests[job_count] = (struct CMUnitTest){ .name = job->name,
						.test_func = await_case,
						.initial_state = job };
	job_count++;
}

static void add_behaviours(const struct behaviour *b, uint64_t seed, const char *filter)
{
	for (; b->name; b++) {
		if (b->once)
			add_job(b, NULL, seed, filter);
		for (unsigned i = 0; i < variant_count && !b->once; i++)
			if (!(variants[i].traits & b->not_for))
				add_job(b, &variants[i], seed, filter);
	}
}

int main(int argc, char **argv)
{
	const struct behaviour *const all[] = { echo_behaviours,    harm_behaviours,
						limit_behaviours,   stop_behaviours,
						address_behaviours, usage_behaviours,
						load_behaviours };
	const char *given = getenv("ECHO_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)now_ms();

	if (!getenv("ANYRING")) {
		fputs("set ANYRING to the path of the program\n", stderr);
		return 1;
	}
	printf("# ECHO_SEED=%llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		add_behaviours(all[i], seed, argc > 1 ? argv[1] : NULL);
	return _cmocka_run_group_tests("echo", tests, job_count, NULL, NULL);
}
