/* SPDX-License-Identifier: MIT */
/* The servers that each promise is tested on, and the promises. */
#ifndef TEST_CLI_VARIANTS_H
#define TEST_CLI_VARIANTS_H

#include <stdbool.h>

/* What a variant cannot do; a behaviour names those it cannot apply to. */
enum trait {
	ONE_CLIENT = 1 << 0, /* serves clients one after the other */
	SEVERAL_LISTENERS =
		1 << 1, /* limits are for each thread: which client meets one is chance */
	NO_RING = 1 << 2,
};

struct variant {
	const char *words; /* those after --server; also its name */
	unsigned traits;
};

extern const struct variant variants[];
extern const unsigned variant_count;

struct behaviour {
	const char *name;
	/* Tried on each variant without the traits in `not_for`, or once, with NULL. */
	void (*run)(const struct variant *variant);
	unsigned not_for;
	bool once;
};

/* Each ends with an empty row. */
extern const struct behaviour echo_behaviours[];
extern const struct behaviour harm_behaviours[];
extern const struct behaviour limit_behaviours[];
extern const struct behaviour stop_behaviours[];
extern const struct behaviour address_behaviours[];
extern const struct behaviour usage_behaviours[];
extern const struct behaviour load_behaviours[];

#endif
