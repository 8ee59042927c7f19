/* SPDX-License-Identifier: MIT */
/* Reads and writes: every form that takes a buffer of its own. */
#include "conformance.h"

const struct conformance_case rw_cases[] = {
	{ 0 },
};
