/* SPDX-License-Identifier: MIT */
/*
 * cmocka 1.1.5 reports a skipped test to TAP as "not ok 2 # SKIP name", which meson counts as a
 * failure. Its own calls of print_message() go through the dynamic linker and so end here, where
 * the line is put right and gets the reason that skip_because() left.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cases/tap.h"

static char reason[256];

void print_message(const char *format, ...)
{
	char line[1024], name[512];
	unsigned number;
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (sscanf(line, "not ok %u # SKIP %511[^\n]", &number, name) == 2) {
		printf("ok %u - %s # SKIP %s\n", number, name, reason);
		reason[0] = '\0';
	} else {
		fputs(line, stdout);
	}
	/* A test that forks must not print this again, nor one that dies lose it. */
	fflush(stdout);
}

void skip_because(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(reason, sizeof(reason), format, ap);
	va_end(ap);
	print_message("# skipped: %s\n", reason);
	skip();
	abort();
}
