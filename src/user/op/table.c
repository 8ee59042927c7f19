/* SPDX-License-Identifier: MIT */
#include "user/op/op.h"

const struct op op_table[IORING_OP_LAST] = {
	[IORING_OP_NOP] = {
		.name = "nop",
		.prep = nop_prep,
		.issue = nop_issue,
		.takes_ioprio = true,
		.iopoll = true,
		.skips_audit = true,
	},
};
