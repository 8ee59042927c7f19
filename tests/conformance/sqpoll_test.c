/* SPDX-License-Identifier: MIT */
/* The submission thread: idle, wake-up, affinity. */
#include "conformance.h"

const struct conformance_case sqpoll_cases[] = {
	{ 0 },
};
