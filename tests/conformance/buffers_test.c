/* SPDX-License-Identifier: MIT */
/* Provided buffers and buffer rings: selection, exhaustion, bundles, incremental use. */
#include "conformance.h"

const struct conformance_case buffers_cases[] = {
	{ 0 },
};
