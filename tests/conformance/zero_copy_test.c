/* SPDX-License-Identifier: MIT */
/* Zero-copy sends and their notifications. */
#include "conformance.h"

const struct conformance_case zero_copy_cases[] = {
	{ 0 },
};
