/* SPDX-License-Identifier: MIT */
/* Links, drain, and completions skipped on success. */
#include "conformance.h"

const struct conformance_case link_cases[] = {
	{ 0 },
};
