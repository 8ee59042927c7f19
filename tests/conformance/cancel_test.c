/* SPDX-License-Identifier: MIT */
/* Cancellation, by request and by call. */
#include "conformance.h"

const struct conformance_case cancel_cases[] = {
	{ 0 },
};
