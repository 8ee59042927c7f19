/* SPDX-License-Identifier: MIT */
/* Numbers and sizes on the command line. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

bool parse_number(const char *word, uint64_t min, uint64_t max, uint64_t *value)
{
	static const char units[] = "kMG";
	unsigned long long n;
	char *end;

	if (*word < '0' || *word > '9')
		return false;
	errno = 0;
	n = strtoull(word, &end, 10);
	if (errno)
		return false;
	if (*end) {
		const char *unit = strchr(units, *end);

		if (!unit || end[1])
			return false;
		for (const char *u = units; u <= unit; u++) {
			if (n > UINT64_MAX / 1024)
				return false;
			n *= 1024;
		}
	}
	if (n < min || n > max)
		return false;
	*value = n;
	return true;
}

bool parse_unsigned(const char *word, unsigned min, unsigned max, unsigned *value)
{
	uint64_t n;

	if (!parse_number(word, min, max, &n))
		return false;
	*value = (unsigned)n;
	return true;
}

bool parse_seconds(const char *word, double max, double *value)
{
	char *end;
	double s;

	if ((*word < '0' || *word > '9') && *word != '.')
		return false;
	s = strtod(word, &end);
	if (*end == 's')
		end++;
	if (*end || !isfinite(s) || s <= 0 || s > max)
		return false;
	*value = s;
	return true;
}
