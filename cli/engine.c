/* SPDX-License-Identifier: MIT */
/* Which engine the rings are to have, and which they got. */
#include <assert.h>
#include <stdio.h>

#include "anyring.h"
#include "cli.h"
#include "engine.h"

#define REASON_SIZE 400

/* An enum anyring_engine; 0, which no ring has, while there is none. */
static int remembered;

int engine_set(const char *word)
{
	enum anyring_engine engine;

	if (anyring_find_engine(word, &engine))
		return usage_error("no engine '%s'; there are auto, kernel, user", word);
	anyring_set_engine(engine);
	return EXIT_OK;
}

void engine_remember(const struct io_uring *ring)
{
	static_assert(ANYRING_KERNEL != 0 && ANYRING_USER != 0, "0 is no engine of a ring");
	/* Relaxed: all rings of a process have the same, and nothing else hangs on it. */
	__atomic_store_n(&remembered, (int)anyring_ring_engine(ring), __ATOMIC_RELAXED);
}

const char *engine_remembered(void)
{
	int engine = __atomic_load_n(&remembered, __ATOMIC_RELAXED);

	return engine ? anyring_engine_name((enum anyring_engine)engine) : NULL;
}

static void put_json_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if ((unsigned char)*text < ' ') {
			printf("\\u%04x", (unsigned char)*text);
			continue;
		}
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

void engine_print_json(void)
{
	const char *name = engine_remembered();
	char reason[REASON_SIZE];

	if (!name)
		return;
	anyring_reason(reason, sizeof(reason));
	printf("\"engine\":\"%s\",\"engine_reason\":", name);
	put_json_string(reason);
	putchar(',');
}

void engine_print_text(int width)
{
	const char *name = engine_remembered();
	char reason[REASON_SIZE];

	if (!name)
		return;
	anyring_reason(reason, sizeof(reason));
	printf("%-*s%s (%s)\n", width, "engine", name, reason);
}
