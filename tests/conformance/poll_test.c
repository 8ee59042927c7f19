/* SPDX-License-Identifier: MIT */
/* Poll requests, and epoll through the ring. */
#include "conformance.h"

const struct conformance_case poll_cases[] = {
	{ 0 },
};
