/* SPDX-License-Identifier: MIT */
/* Entering and waiting: counts, timeouts, signal masks, registered waits. */
#include "conformance.h"

const struct conformance_case wait_cases[] = {
	{ 0 },
};
