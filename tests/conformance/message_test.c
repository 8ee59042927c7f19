/* SPDX-License-Identifier: MIT */
/* Send, receive and their message forms. */
#include "conformance.h"

const struct conformance_case message_cases[] = {
	{ 0 },
};
