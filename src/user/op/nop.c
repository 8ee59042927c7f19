/* SPDX-License-Identifier: MIT */
#include "user/op/op.h"

int nop_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	(void)req, (void)sqe;
	return 0;
}

enum issue_result nop_issue(struct request *req, enum issue_how how)
{
	(void)req, (void)how;
	return ISSUE_DONE;
}
