/* SPDX-License-Identifier: MIT */
/*
 * Runs a command where io_uring is refused, as container runtimes do it: a seccomp filter answers
 * its three system calls with an error. What the command starts inherits that.
 *
 * usage: blocked [--errno EPERM|ENOSYS|EACCES|EOPNOTSUPP] COMMAND [ARGUMENT...]
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cases/refuse.h"

/* What the shell answers where a command cannot be started. */
#define EXIT_NO_COMMAND 127

static const struct {
	const char *name;
	int error;
} refusals[] = {
	{ "EPERM", EPERM },
	{ "ENOSYS", ENOSYS },
	{ "EACCES", EACCES },
	{ "EOPNOTSUPP", EOPNOTSUPP },
};

static int error_named(const char *name)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (!strcmp(name, refusals[i].name))
			return refusals[i].error;
	return 0;
}

/* True if each call answers so: with these arguments it would answer another error otherwise. */
static bool are_refused(int error)
{
	for (long call = FIRST_RING_CALL; call <= LAST_RING_CALL; call++)
		if (syscall(call, -1, -1, 0, 0, 0, 0) != -1 || errno != error)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	int error = EPERM, first = 1;

	if (argc > 2 && !strcmp(argv[1], "--errno")) {
		error = error_named(argv[2]);
		first = 3;
	}
	if (!error || argc <= first) {
		fputs("usage: blocked [--errno EPERM|ENOSYS|EACCES|EOPNOTSUPP] COMMAND...\n",
		      stderr);
		return 2;
	}
	if (!refuse_calls(FIRST_RING_CALL, LAST_RING_CALL, error) || !are_refused(error)) {
		fputs("blocked: there is no refusing io_uring here\n", stderr);
		return 1;
	}
	execvp(argv[first], argv + first);
	fprintf(stderr, "blocked: %s: %s\n", argv[first], strerror(errno));
	return EXIT_NO_COMMAND;
}
