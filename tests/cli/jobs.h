/* SPDX-License-Identifier: MIT */
/*
 * Cases side by side. Most of a case is waiting (for time-outs, for silence), so several run at
 * once, each in a process of its own that a hang or a crash cannot leave. cmocka, in the parent,
 * collects the results in order.
 */
#ifndef TEST_CLI_JOBS_H
#define TEST_CLI_JOBS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "variants.h"

struct job {
	char name[160];
	const struct behaviour *behaviour;
	const struct variant *variant;
	uint64_t seed;
	pid_t pid;
	int output;
	int status; /* as waitpid() gives it */
	bool started, ended;
};

/* Starts jobs in order, several at a time, until this one has ended. */
void jobs_wait_for(struct job *jobs, unsigned count, const struct job *job);
/* What the job said, to be freed. */
char *job_output(const struct job *job);

#endif
