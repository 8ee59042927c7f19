/* SPDX-License-Identifier: MIT */
/* cmocka, with skips that meson understands. */
#ifndef TEST_CASES_TAP_H
#define TEST_CASES_TAP_H

/* What cmocka.h needs before it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* Ends the test as skipped; plain skip() gives no reason. */
__attribute__((noreturn, format(printf, 1, 2))) void skip_because(const char *format, ...);

#endif
