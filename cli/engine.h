/* SPDX-License-Identifier: MIT */
#ifndef ANYRING_CLI_ENGINE_H
#define ANYRING_CLI_ENGINE_H

#include <stdbool.h>

struct io_uring;

/* What --engine says: EXIT_OK, or EXIT_USAGE after saying what is wrong. */
int engine_set(const char *word);

/* Call with the first ring that is there, from any thread. */
void engine_remember(const struct io_uring *ring);
/* The name of its engine, or NULL. */
const char *engine_remembered(void);

/* Prints which engine it is, and why: as members of a JSON object, with a comma behind them, or as
 * a line whose first column is `width` wide. Nothing without a ring. */
void engine_print_json(void);
void engine_print_text(int width);

#endif
