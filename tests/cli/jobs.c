/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "jobs.h"

/* A case ends or fails by its own time-outs long before. */
#define CASE_SECONDS 40
/* Cases at a time, a core: they mostly wait. */
#define CASES_A_CORE 4

static unsigned cases_at_once(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 1 ? CASES_A_CORE : cores > 4 ? 16 : (unsigned)cores * CASES_A_CORE;
}

static bool ring_allowed(void)
{
	/* No parameters: EFAULT from a kernel that would give a ring. */
	syscall(SYS_io_uring_setup, 1, NULL);
	return errno == EFAULT;
}

static void run_case(const struct job *job)
{
	const struct variant *v = job->variant;

	/* Its servers end with it in turn. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	alarm(CASE_SECONDS);
	dup2(job->output, STDOUT_FILENO);
	random_seed(job->seed);
	if (v && v->traits & NEEDS_RING && !job->behaviour->ringless && !ring_allowed())
		case_skip("io_uring is refused on this machine");
	job->behaviour->run(v);
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

static unsigned running(const struct job *jobs, unsigned count)
{
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++)
		n += jobs[i].started && !jobs[i].ended;
	return n;
}

static void start_some(struct job *jobs, unsigned count)
{
	unsigned room = cases_at_once() - running(jobs, count);

	for (unsigned i = 0; i < count && room; i++) {
		if (jobs[i].started)
			continue;
		start(&jobs[i]);
		room--;
	}
}

void jobs_wait_for(struct job *jobs, unsigned count, const struct job *job)
{
	while (!job->ended) {
		int status;
		pid_t pid;

		start_some(jobs, count);
		pid = waitpid(-1, &status, 0);
		for (unsigned i = 0; i < count; i++)
			if (jobs[i].started && !jobs[i].ended && jobs[i].pid == pid) {
				jobs[i].ended = true;
				jobs[i].status = status;
			}
	}
}

char *job_output(const struct job *job)
{
	/* It has ended: nobody minds where the file's position is. */
	off_t size = lseek(job->output, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	if (text && pread(job->output, text, (size_t)size, 0) != size)
		*text = '\0';
	return text;
}
