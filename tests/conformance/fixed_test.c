/* SPDX-License-Identifier: MIT */
/* Reads and writes of registered buffers and files. */
#include "conformance.h"

const struct conformance_case fixed_cases[] = {
	{ 0 },
};
