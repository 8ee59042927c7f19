/* SPDX-License-Identifier: MIT */
/* What a run showed, as text, in memory that the child shares with its parent. */
#ifndef DIFFERENTIAL_TRACE_H
#define DIFFERENTIAL_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#define TRACE_SIZE  65536
#define MAX_SETTLED 160
#define MAX_OPCODES 256

struct trace {
	bool ended;
	unsigned length;
	/* Completions seen at each point where all was quiet. */
	unsigned settled, seen[MAX_SETTLED], total;
	unsigned requests[MAX_OPCODES];
	char text[TRACE_SIZE];
};

void say(struct trace *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "-EAGAIN", or the number. */
const char *result_name(long long res);
bool same_trace(const struct trace *a, const struct trace *b);
/* Side by side, lines that differ marked; with `all` those that agree, too. */
void print_traces(const struct trace *a, const char *a_name, const struct trace *b,
		  const char *b_name, bool all);

#endif
