/* SPDX-License-Identifier: MIT */
/* Registered files and buffers: tables, tags, updates, clones. */
#include "conformance.h"

const struct conformance_case tables_cases[] = {
	{ 0 },
};
