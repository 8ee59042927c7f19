/* SPDX-License-Identifier: MIT */
/* Futexes and waiting for processes. */
#include "conformance.h"

const struct conformance_case futex_cases[] = {
	{ 0 },
};
