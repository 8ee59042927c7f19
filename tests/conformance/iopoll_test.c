/* SPDX-License-Identifier: MIT */
/* Polled I/O, and what it refuses. */
#include "conformance.h"

const struct conformance_case iopoll_cases[] = {
	{ 0 },
};
