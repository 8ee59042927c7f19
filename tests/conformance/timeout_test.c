/* SPDX-License-Identifier: MIT */
/* Timeouts of all kinds, and link timeouts. */
#include "conformance.h"

const struct conformance_case timeout_cases[] = {
	{ 0 },
};
