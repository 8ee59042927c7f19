/* SPDX-License-Identifier: MIT */
/* Signals, threads and forks around one ring. */
#include "conformance.h"

const struct conformance_case process_cases[] = {
	{ 0 },
};
