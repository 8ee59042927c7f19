/* SPDX-License-Identifier: MIT */
/* Operations on open files: syncing, sizes, advice. */
#include "conformance.h"

const struct conformance_case file_cases[] = {
	{ 0 },
};
