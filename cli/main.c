/* SPDX-License-Identifier: MIT */
/* The program: finds the subcommand and hands over. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "version.h"

/* Later subcommands join here. */
static const struct subcommand subcommands[] = {
	{ "echo", "a TCP and UNIX echo server, five ways: blocking, epoll, and io_uring",
	  cmd_echo },
	{ "load", "its client: load, latency, and a check of every byte", cmd_load },
};

#define SUBCOMMANDS (sizeof(subcommands) / sizeof(subcommands[0]))

static void print_help(void)
{
	puts("usage: anyring SUBCOMMAND [OPTIONS]\n"
	     "       anyring --help | --version\n"
	     "\n"
	     "What people do with io_uring, in one program.\n");
	for (size_t i = 0; i < SUBCOMMANDS; i++)
		printf("  %-8s %s\n", subcommands[i].name, subcommands[i].summary);
	puts("\n'anyring SUBCOMMAND --help' says more. For example:\n"
	     "  anyring echo &\n"
	     "  anyring load --conns 50 --time 3");
}

static const struct subcommand *find_subcommand(const char *name)
{
	for (size_t i = 0; i < SUBCOMMANDS; i++)
		if (!strcmp(name, subcommands[i].name))
			return &subcommands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const struct subcommand *sub;
	int c;

	opterr = 0;
	/* '+': what follows the subcommand is its own. */
	c = getopt_long(argc, argv, "+hV", options, NULL);
	if (c == 'h') {
		print_help();
		return EXIT_OK;
	}
	if (c == 'V') {
		puts("anyring " ANYRING_VERSION);
		return EXIT_OK;
	}
	if (c != -1)
		return usage_error("unknown option '%s'", argv[optind - 1]);
	if (optind == argc)
		return usage_error("no subcommand given");
	sub = find_subcommand(argv[optind]);
	if (!sub)
		return usage_error("no subcommand '%s'", argv[optind]);
	message_name(sub->name);
	argc -= optind;
	argv += optind;
	optind = 0; /* glibc: start afresh */
	return sub->run(argc, argv);
}
