/* SPDX-License-Identifier: MIT */
/* What the workers did, summed and printed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "echo/echo.h"

static uint64_t get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static struct echo_counters sum_counters(const struct echo_worker *workers, unsigned n)
{
	struct echo_counters sum = { 0 };

	for (unsigned i = 0; i < n; i++) {
		const struct echo_counters *c = &workers[i].counters;
		uint64_t batch = get(&c->largest_batch);

		sum.connections += get(&c->connections);
		sum.messages += get(&c->messages);
		sum.bytes += get(&c->bytes);
		sum.system_calls += get(&c->system_calls);
		sum.completions += get(&c->completions);
		if (batch > sum.largest_batch)
			sum.largest_batch = batch;
	}
	return sum;
}

/* What the server has counted are calls of an engine; the user engine's make system calls of their
 * own. */
static bool counts_system_calls(void)
{
	const char *engine = engine_remembered();

	return !engine || strcmp(engine, "user");
}

static void print_json(const struct echo_options *o, const struct echo_counters *c)
{
	putchar('{');
	engine_print_json();
	printf("\"server\":\"%s\",\"threads\":%u,\"connections\":%" PRIu64 ",\"messages\":%" PRIu64
	       ",\"bytes\":%" PRIu64 ",\"%s\":%" PRIu64 ",\"completions\":%" PRIu64
	       ",\"largest_batch\":%" PRIu64 ",\"cpu_usec\":%" PRIu64 "}\n",
	       o->server->name, o->threads, c->connections, c->messages, c->bytes,
	       counts_system_calls() ? "system_calls" : "engine_calls", c->system_calls,
	       c->completions, c->largest_batch, cpu_usec());
}

static void print_text(const struct echo_counters *c)
{
	printf("connections    %" PRIu64 "\n"
	       "messages       %" PRIu64 "\n"
	       "bytes          %" PRIu64 "\n"
	       "%s   %" PRIu64 "\n"
	       "completions    %" PRIu64 "\n"
	       "largest batch  %" PRIu64 "\n"
	       "CPU time       %.3f s\n",
	       c->connections, c->messages, c->bytes,
	       counts_system_calls() ? "system calls" : "engine calls", c->system_calls,
	       c->completions, c->largest_batch, (double)cpu_usec() / 1e6);
	engine_print_text(15);
}

void counters_print(const struct echo_worker *workers, unsigned n, bool json)
{
	struct echo_counters c = sum_counters(workers, n);

	if (json)
		print_json(workers[0].options, &c);
	else
		print_text(&c);
	fflush(stdout);
}
