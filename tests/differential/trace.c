/* SPDX-License-Identifier: MIT */
/* Text that runs leave, compared line by line. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trace.h"

#define WIDTH 58

void say(struct trace *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->text + t->length, TRACE_SIZE - t->length, format, args);
	va_end(args);
	if (n > 0)
		t->length = (unsigned)n < TRACE_SIZE - t->length ? t->length + (unsigned)n
								 : TRACE_SIZE - 1;
}

const char *result_name(long long res)
{
	static char text[32];
	const char *name = res < 0 && res > -4096 ? strerrorname_np((int)-res) : NULL;

	if (name)
		snprintf(text, sizeof(text), "-%s", name);
	else
		snprintf(text, sizeof(text), "%lld", res);
	return text;
}

bool same_trace(const struct trace *a, const struct trace *b)
{
	return a->ended && b->ended && a->length == b->length &&
	       !memcmp(a->text, b->text, a->length);
}

/* The next line of *text, which is moved on; NULL at the end. */
static const char *next_line(const char **text, size_t *length)
{
	const char *line = *text;

	if (!*line)
		return NULL;
	*length = strcspn(line, "\n");
	*text = line + *length + (line[*length] == '\n');
	return line;
}

/* The number of lines of `text` before one that equals `line`; -1 if there is none near. */
static int lines_before(const char *text, const char *line, size_t length)
{
	for (int i = 0; i < 40; i++) {
		size_t other_length;
		const char *other = next_line(&text, &other_length);

		if (!other)
			return -1;
		if (other_length == length && !memcmp(line, other, length))
			return i;
	}
	return -1;
}

static void print_pair(const char *a, size_t a_length, const char *b, size_t b_length, bool same)
{
	printf("# %c %-*.*s | %.*s\n", same ? ' ' : '!', WIDTH, (int)(a ? a_length : 0), a ? a : "",
	       (int)(b ? b_length : 0), b ? b : "");
}

void print_traces(const struct trace *a, const char *a_name, const struct trace *b,
		  const char *b_name, bool all)
{
	const char *left = a->text, *right = b->text;

	printf("#   %-*s | %s\n", WIDTH, a_name, b_name);
	while (*left || *right) {
		size_t a_length = 0, b_length = 0;
		const char *a_next = left, *b_next = right;
		const char *a_line = next_line(&a_next, &a_length);
		const char *b_line = next_line(&b_next, &b_length);
		bool same = a_line && b_line && a_length == b_length &&
			    !memcmp(a_line, b_line, a_length);
		int ahead_a = a_line && !same ? lines_before(right, a_line, a_length) : -1;
		int ahead_b = b_line && !same ? lines_before(left, b_line, b_length) : -1;

		/* A line that comes later on the other side stays until then. */
		if (a_line && b_line && ahead_a > 0 && (ahead_b < 0 || ahead_a <= ahead_b))
			a_line = NULL;
		else if (a_line && b_line && ahead_b > 0)
			b_line = NULL;
		if (!same || all)
			print_pair(a_line, a_length, b_line, b_length, same);
		left = a_line ? a_next : left;
		right = b_line ? b_next : right;
	}
}
