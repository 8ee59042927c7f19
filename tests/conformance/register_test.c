/* SPDX-License-Identifier: MIT */
/* io_uring_register(2): the calls about the ring itself. */
#include "conformance.h"

const struct conformance_case register_cases[] = {
	{ 0 },
};
