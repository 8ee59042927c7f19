/* SPDX-License-Identifier: MIT */
/* Splice, tee and pipes. */
#include "conformance.h"

const struct conformance_case splice_cases[] = {
	{ 0 },
};
