/* SPDX-License-Identifier: MIT */
/* Commands to files: uring_cmd. */
#include "conformance.h"

const struct conformance_case command_cases[] = {
	{ 0 },
};
