/* SPDX-License-Identifier: MIT */
/* Nops, and SQEs and CQEs of both sizes. */
#include "conformance.h"

const struct conformance_case nop_cases[] = {
	{ 0 },
};
