/* SPDX-License-Identifier: MIT */
/*
 * Random programs on two engines, compared.
 *
 *   differential_test [--engines A,B] [--seed N] [--count N] [--fresh N] [--time SECONDS] ...
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cases/check.h"
#include "compare.h"

/* Kinds of differences that are told apart, and how often one is shown. */
#define MAX_KINDS	   512
#define SHOWN_EACH	   1
/* Differences that look alike before they are minimised are minimised this often. */
#define MINIMISED_EACH	   3
/*
 * What differed once and never again is a worker that was late, as happens on a busy machine. More
 * of it is tolerated than of programs that the first engine itself has two answers to.
 */
#define TOLERATED_LATE	   0.02
#define TOLERATED_UNSTABLE 0.004

struct difference {
	char text[200];
	unsigned count;
};

struct options {
	const char *first, *second, *folder;
	uint64_t seed, count, fresh;
	int64_t seconds;
	bool seed_given, tap, shrink, show, once;
};

struct totals {
	unsigned long programs, different, unstable, passing, requests[MAX_OPCODES];
	struct difference raw[MAX_KINDS], kinds[MAX_KINDS];
};

static struct totals totals;

/* How often it has been seen, this time included. */
static unsigned count_kind(struct difference *kinds, const char *text)
{
	for (unsigned i = 0; i < MAX_KINDS; i++) {
		if (!kinds[i].count)
			snprintf(kinds[i].text, sizeof(kinds[i].text), "%s", text);
		if (!strcmp(kinds[i].text, text))
			return ++kinds[i].count;
	}
	return 1;
}

static void show(const struct options *o, struct sides *s, const struct program *p, bool all)
{
	print_program(p);
	print_traces(s->trace[0], o->first, s->trace[1], o->second, all);
	fflush(stdout);
}

static void report_different(const struct options *o, struct sides *s, struct program *p)
{
	char text[200];

	totals.different++;
	signature(s, p, text, sizeof(text));
	if (count_kind(totals.raw, text) > MINIMISED_EACH)
		return;
	if (o->shrink) {
		minimise(s, p);
		if (judge(s, p) != DIFFERENT) {
			generate(p, p->seed);
			judge(s, p);
		}
	}
	signature(s, p, text, sizeof(text));
	if (count_kind(totals.kinds, text) > SHOWN_EACH)
		return;
	printf("# ---- different: %s\n", text);
	show(o, s, p, o->show);
}

static void report_flaw(const struct options *o, struct sides *s, const struct program *p,
			bool unstable)
{
	printf("# %s: seed %llu: %s\n",
	       unstable ? "the first engine does not agree with itself"
			: "differed once, then no more",
	       (unsigned long long)p->seed, s->first_seen);
	if (o->show)
		show(o, s, p, true);
	totals.unstable += unstable;
	totals.passing += !unstable;
}

static bool run_seed(const struct options *o, struct sides *s, uint64_t seed)
{
	static struct program p;
	enum verdict verdict;

	generate(&p, seed);
	if (o->show)
		print_program(&p);
	verdict = judge(s, &p);
	totals.programs++;
	for (unsigned i = 0; i < MAX_OPCODES; i++)
		totals.requests[i] += s->trace[0]->requests[i];
	if (verdict == DIFFERENT)
		report_different(o, s, &p);
	else if (verdict != SAME)
		report_flaw(o, s, &p, verdict == UNSTABLE);
	else if (o->show)
		print_traces(s->trace[0], o->first, s->trace[1], o->second, true);
	return verdict != DIFFERENT;
}

static bool run_seeds(const struct options *o, struct sides *s, uint64_t seed, uint64_t count)
{
	int64_t end = o->seconds ? now_ms() + o->seconds * 1000 : INT64_MAX;
	bool good = true;

	for (uint64_t i = 0; i < count && now_ms() < end; i++)
		good &= run_seed(o, s, seed + i);
	return good;
}

/* ---- Reports --------------------------------------------------------------------------------- */

static void print_totals(void)
{
	printf("# %lu programs, %lu different, %lu differed once, %lu unstable\n", totals.programs,
	       totals.different, totals.passing, totals.unstable);
	printf("# requests:");
	for (unsigned i = 0; i < MAX_OPCODES; i++)
		if (totals.requests[i] && i < 63)
			printf(" %s %lu", opcode_name(i), totals.requests[i]);
	printf("\n");
	for (unsigned i = 0; i < MAX_KINDS && totals.kinds[i].count; i++)
		printf("# %u of: %s\n", totals.kinds[i].count, totals.kinds[i].text);
}

/* Of the day, such as 20261121000: other programs tomorrow, and the same ones all day. */
static uint64_t fresh_seed(void)
{
	time_t now = time(NULL);
	struct tm day;

	gmtime_r(&now, &day);
	return ((uint64_t)(day.tm_year + 1900) * 10000 + (uint64_t)(day.tm_mon + 1) * 100 +
		(uint64_t)day.tm_mday) *
	       1000;
}

static bool few_flaws(void)
{
	double programs = (double)totals.programs;

	return (double)totals.passing <= 2 + TOLERATED_LATE * programs &&
	       (double)totals.unstable <= 1 + TOLERATED_UNSTABLE * programs;
}

static bool run_all(struct options *o, struct sides *s)
{
	uint64_t fresh = fresh_seed();
	bool known = run_seeds(o, s, o->seed, o->count), others = true, stable;

	if (o->fresh) {
		printf("# programs of the day: --seed %llu --count %llu\n",
		       (unsigned long long)fresh, (unsigned long long)o->fresh);
		others = run_seeds(o, s, fresh, o->fresh);
	}
	stable = few_flaws();
	if (o->tap) {
		printf("1..3\n%s 1 - %s and %s agree on the known programs\n",
		       known ? "ok" : "not ok", o->first, o->second);
		printf("%s 2 - %s and %s agree on those of the day\n", others ? "ok" : "not ok",
		       o->first, o->second);
		printf("%s 3 - the programs are reproducible\n", stable ? "ok" : "not ok");
	}
	print_totals();
	return known && others && stable;
}

static void usage(void)
{
	fputs("usage: differential_test [--engines A,B] [--seed N] [--count N] [--fresh N]\n"
	      "                         [--time SECONDS] [--folder DIR] [--only LIST] [--bare] "
	      "[--tap] "
	      "[--show] "
	      "[--whole]\n"
	      "\n"
	      "  --engines A,B  kernel, user; the first is right        (kernel,user)\n"
	      "  --seed N       the first program; alone: only this one (1)\n"
	      "  --count N      programs from there on                  (1000)\n"
	      "  --fresh N      and as many that the day chooses        (0)\n"
	      "  --time S       end after S seconds\n"
	      "  --folder DIR   where files are                         (/dev/shm)\n"
	      "  --only LIST    programs of these requests only: nop,recv ... (gen_*.c)\n"
	      "  --bare         no tables, no register calls, no link timeouts\n"
	      "  --tap          report as TAP\n"
	      "  --show         programs and completions even if they agree\n"
	      "  --once         what differs once is shown, as it is\n"
	      "  --whole        show what differs as it is, not minimised\n",
	      stderr);
	exit(2);
}

static uint64_t number(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (!*text || *end)
		usage();
	return n;
}

static void set_engines(struct options *o, char *text)
{
	char *comma = strchr(text, ',');

	if (!comma)
		usage();
	*comma = '\0';
	o->first = text;
	o->second = comma + 1;
}

static void parse(struct options *o, int argc, char **argv)
{
	static const struct option rows[] = {
		{ "engines", required_argument, NULL, 'e' },
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ "fresh", required_argument, NULL, 'f' },
		{ "time", required_argument, NULL, 't' },
		{ "folder", required_argument, NULL, 'd' },
		{ "only", required_argument, NULL, 'O' },
		{ "bare", no_argument, NULL, 'b' },
		{ "tap", no_argument, NULL, 'T' },
		{ "show", no_argument, NULL, 'v' },
		{ "whole", no_argument, NULL, 'w' },
		{ "once", no_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", rows, NULL)) != -1) {
		switch (c) {
		case 'e':
			set_engines(o, optarg);
			break;
		case 's':
			o->seed = number(optarg);
			o->seed_given = true;
			break;
		case 'c':
			o->count = number(optarg);
			break;
		case 'f':
			o->fresh = number(optarg);
			break;
		case 't':
			o->seconds = (int64_t)number(optarg);
			break;
		case 'd':
			o->folder = optarg;
			break;
		case 'O':
			if (!limit_families(optarg))
				usage();
			break;
		case 'b':
			nothing_registered = true;
			break;
		case 'T':
			o->tap = true;
			break;
		case 'v':
			o->show = true;
			break;
		case 'o':
			o->once = true;
			break;
		case 'w':
			o->shrink = false;
			break;
		default:
			usage();
		}
	}
	if (optind < argc)
		usage();
	if (!o->count)
		o->count = o->seconds ? UINT64_MAX : o->seed_given ? 1 : 1000;
}

int main(int argc, char **argv)
{
	struct options o = { .first = "kernel", .second = "user", .seed = 1, .shrink = true };
	char folder[40];
	struct sides s;
	bool good;

	o.folder = access("/dev/shm", W_OK) ? "/var/tmp" : "/dev/shm";
	parse(&o, argc, argv);
	snprintf(folder, sizeof(folder), "%.20s/anyring.XXXXXX", o.folder);
	if (!mkdtemp(folder)) {
		perror(folder);
		return 1;
	}
	open_sides(&s, o.first, o.second, folder);
	s.once = o.once;
	good = run_all(&o, &s);
	close_sides(&s);
	rmdir(folder);
	return good ? 0 : 1;
}
