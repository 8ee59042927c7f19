/* SPDX-License-Identifier: MIT */
/* A full completion queue, and eventfds. */
#include "conformance.h"

const struct conformance_case overflow_cases[] = {
	{ 0 },
};
