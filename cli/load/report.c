/* SPDX-License-Identifier: MIT */
/* Results, for people and for machines. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "engine.h"
#include "load/load.h"

static const struct {
	const char *name;
	double part;
} quantiles[] = {
	{ "p50", 0.5 },
	{ "p90", 0.9 },
	{ "p99", 0.99 },
	{ "p99.9", 0.999 },
};

#define QUANTILES (sizeof(quantiles) / sizeof(quantiles[0]))

static double seconds_of(const struct load *l)
{
	uint64_t end = l->end ? l->end : l->now;

	return end > l->start ? (double)(end - l->start) / 1e9 : 1e-9;
}

static double micro(uint64_t nsec)
{
	return (double)nsec / 1e3;
}

static void report_json(const struct load *l)
{
	double s = seconds_of(l);

	putchar('{');
	engine_print_json();
	printf("\"connections\":%u,\"size\":%u,\"depth\":%u,\"once\":%s,\"messages\":%" PRIu64
	       ",\"seconds\":%.6f,\"messages_per_second\":%.1f,\"megabytes_per_second\":%.3f,"
	       "\"latency_usec\":{",
	       l->options->conns, l->options->size, l->options->depth,
	       l->options->once ? "true" : "false", l->messages, s, (double)l->messages / s,
	       (double)l->bytes / s / 1e6);
	for (size_t i = 0; i < QUANTILES; i++)
		printf("\"%s\":%.3f,", quantiles[i].name,
		       micro(histogram_quantile(&l->latency, quantiles[i].part)));
	printf("\"max\":%.3f},\"errors\":%" PRIu64 ",\"mismatches\":%" PRIu64
	       ",\"unanswered\":%" PRIu64 ",\"cpu_usec\":%" PRIu64 "}\n",
	       micro(l->latency.max), l->errors, l->mismatches, l->unanswered, cpu_usec());
}

static void report_text(const struct load *l)
{
	double s = seconds_of(l);

	printf("messages    %" PRIu64 " of %u bytes in %.2f s\n"
	       "rate        %.0f messages/s, %.2f MB/s\n"
	       "latency    ",
	       l->messages, l->options->size, s, (double)l->messages / s,
	       (double)l->bytes / s / 1e6);
	for (size_t i = 0; i < QUANTILES; i++)
		printf(" %s %.1f us ", quantiles[i].name,
		       micro(histogram_quantile(&l->latency, quantiles[i].part)));
	printf(" max %.1f us\n"
	       "errors      %" PRIu64 "\n"
	       "mismatches  %" PRIu64 "\n"
	       "unanswered  %" PRIu64 "\n",
	       micro(l->latency.max), l->errors, l->mismatches, l->unanswered);
	engine_print_text(12);
}

void load_report(const struct load *l)
{
	if (l->options->json)
		report_json(l);
	else
		report_text(l);
}

void load_progress(const struct load *l)
{
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[K%.1f s  %" PRIu64 " messages  %.0f messages/s  %" PRIu64 " errors",
		seconds_of(l), l->messages, (double)l->messages / seconds_of(l),
		l->errors + l->mismatches);
	fflush(stderr);
}

void load_progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}
