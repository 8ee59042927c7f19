/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "cases/tap.h"

#define MAX_JOBS 1500

/* A case ends or fails by its own time-outs long before. */
#define CASE_SECONDS 40
/* Cases at a time, a core: they mostly wait. */
#define CASES_A_CORE 4

static struct job jobs[MAX_JOBS];
static struct CMUnitTest tests[MAX_JOBS];
static unsigned job_count;
static const char *filter;

static unsigned cases_at_once(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 1 ? CASES_A_CORE : cores > 4 ? 16 : (unsigned)cores * CASES_A_CORE;
}

static void run_case(const struct job *job)
{
	/* Its servers end with it in turn. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	alarm(CASE_SECONDS);
	dup2(job->output, STDOUT_FILENO);
	random_seed(job->seed);
	job->run(job->subject);
	fflush(stdout);
	_exit(CASE_PASSED);
}

static void start(struct job *job)
{
	job->output = memfd_create("case", MFD_CLOEXEC);
	fflush(NULL);
	job->pid = fork();
	if (job->pid == 0)
		run_case(job);
	if (job->pid < 0 || job->output < 0) {
		perror("cannot start a case");
		exit(1);
	}
	job->started = true;
}

static unsigned running(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < job_count; i++)
		n += jobs[i].started && !jobs[i].ended;
	return n;
}

static void start_some(void)
{
	unsigned room = cases_at_once() - running();

	for (unsigned i = 0; i < job_count && room; i++) {
		if (jobs[i].started)
			continue;
		start(&jobs[i]);
		room--;
	}
}

/* Starts jobs in order, several at a time, until this one has ended. */
static void wait_for(const struct job *job)
{
	while (!job->ended) {
		int status;
		pid_t pid;

		start_some();
		pid = waitpid(-1, &status, 0);
		for (unsigned i = 0; i < job_count; i++)
			if (jobs[i].started && !jobs[i].ended && jobs[i].pid == pid) {
				jobs[i].ended = true;
				jobs[i].status = status;
			}
	}
}

/* What the job said, to be freed; never NULL. */
static char *job_output(const struct job *job)
{
	/* It has ended: nobody minds where the file's position is. */
	off_t size = lseek(job->output, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	if (!text)
		abort();
	if (pread(job->output, text, (size_t)size, 0) != size)
		*text = '\0';
	return text;
}

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

	wait_for(job);
	skipped = WIFEXITED(job->status) && WEXITSTATUS(job->status) == CASE_SKIPPED;
	output = job_output(job);
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

void jobs_filter(const char *part)
{
	filter = part;
}

void jobs_add(void (*run)(const void *subject), const void *subject, uint64_t seed,
	      const char *format, ...)
{
	struct job *job = &jobs[job_count];
	va_list args;

	if (job_count == MAX_JOBS) {
		fputs("too many cases: raise MAX_JOBS\n", stderr);
		exit(1);
	}
	va_start(args, format);
	vsnprintf(job->name, sizeof(job->name), format, args);
	va_end(args);
	if (filter && !strstr(job->name, filter))
		return;
	job->run = run;
	job->subject = subject;
	job->seed = seed;
	tests[job_count] = (struct CMUnitTest){ .name = job->name,
						.test_func = await_case,
						.initial_state = job };
	job_count++;
}

static void run_row(const void *subject)
{
	const struct test_case *c = subject;

	c->run();
}

void jobs_add_cases(const char *group, const struct test_case *cases)
{
	for (const struct test_case *c = cases; c->name; c++) {
		uint64_t seed = (uint64_t)(c - cases);

		if (c->run)
			jobs_add(run_row, c, seed, "%s: %s", group, c->name);
		else
			jobs_add(c->run_on, c->subject, seed, "%s: %s", group, c->name);
	}
}

int jobs_run(const char *group)
{
	return _cmocka_run_group_tests(group, tests, job_count, NULL, NULL);
}

int jobs_main(int argc, char **argv, const char *group, const struct test_case *cases)
{
	jobs_filter(argc > 1 ? argv[1] : NULL);
	jobs_add_cases(group, cases);
	return jobs_run(group);
}
