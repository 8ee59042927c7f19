/* SPDX-License-Identifier: MIT */
/* Sockets made, bound, connected, accepted, shut, asked. */
#include "conformance.h"

const struct conformance_case socket_cases[] = {
	{ 0 },
};
