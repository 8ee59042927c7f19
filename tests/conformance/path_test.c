/* SPDX-License-Identifier: MIT */
/* Operations on names: open, stat, rename, links, extended attributes. */
#include "conformance.h"

const struct conformance_case path_cases[] = {
	{ 0 },
};
