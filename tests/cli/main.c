/* SPDX-License-Identifier: MIT */
/*
 * Tests of `anyring echo` and `anyring load` from outside: the real program, driven by plain
 * sockets.
 *
 *   ANYRING=build/cli/anyring echo_test [PART OF A NAME]
 *
 * ECHO_SEED=N repeats the random choices of an earlier run. ECHO_ENGINE=kernel|user: the servers
 * must be on that engine. Which it is is what the environment says
 * (ANYRING_ENGINE, or a seccomp filter that refuses io_uring) wherever a case does not.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "variants.h"

#define MAX_PAIRS 1000

/* A promise, and the server it is tried on, if it is one's. */
struct pair {
	const struct behaviour *behaviour;
	const struct variant *variant;
};

static struct pair pairs[MAX_PAIRS];
static unsigned pair_count;

static void run_pair(const void *subject)
{
	const struct pair *pair = subject;

	pair->behaviour->run(pair->variant);
}

static void add_pair(const struct behaviour *b, const struct variant *v, uint64_t seed)
{
	check(pair_count < MAX_PAIRS, "too many cases: raise MAX_PAIRS");
	pairs[pair_count] = (struct pair){ .behaviour = b, .variant = v };
	/* By place in the whole table: a filtered run repeats the same choices. */
	seed ^= (uint64_t)(v ? v - variants : 0) << 32 ^ (uintptr_t)b->name[0];
	jobs_add(run_pair, &pairs[pair_count++], seed, "%s%s%s", b->name, v ? ": " : "",
		 v ? v->words : "");
}

static void add_behaviours(const struct behaviour *b, uint64_t seed)
{
	for (; b->name; b++) {
		if (b->once)
			add_pair(b, NULL, seed);
		for (unsigned i = 0; i < variant_count && !b->once; i++)
			if (!(variants[i].traits & b->not_for))
				add_pair(b, &variants[i], seed);
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
	jobs_filter(argc > 1 ? argv[1] : NULL);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		add_behaviours(all[i], seed);
	return jobs_run("echo");
}
