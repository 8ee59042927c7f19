/* SPDX-License-Identifier: MIT */
/* What the program says to people, one line at a time, on stderr. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "cli.h"

static const char *name_prefix = "";
static const char *name = "";

void message_name(const char *subcommand)
{
	name_prefix = " ";
	name = subcommand;
}

/* One write a line, so that lines of several threads do not mix. */
static void put_line(const char *format, va_list args, const char *tail)
{
	char line[1024];
	size_t room = sizeof(line) - 1, n;

	n = (size_t)snprintf(line, room, "anyring%s%s: ", name_prefix, name);
	n += (size_t)vsnprintf(line + n, room - n, format, args);
	if (n < room)
		n += (size_t)snprintf(line + n, room - n, "%s", tail);
	if (n > room - 1)
		n = room - 1;
	line[n++] = '\n';
	/* Nobody is left to tell if stderr fails. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line(format, args, "");
	va_end(args);
}

int usage_error(const char *format, ...)
{
	char help[64];
	va_list args;

	snprintf(help, sizeof(help), "; see 'anyring%s%s --help'", name_prefix, name);
	va_start(args, format);
	put_line(format, args, help);
	va_end(args);
	return EXIT_USAGE;
}
