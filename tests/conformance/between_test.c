/* SPDX-License-Identifier: MIT */
/* Messages from ring to ring. */
#include "conformance.h"

const struct conformance_case between_cases[] = {
	{ 0 },
};
