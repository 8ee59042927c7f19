/* SPDX-License-Identifier: MIT */
/* The opcodes: one row of op_table each, in table.c. */
#ifndef ANYRING_USER_OP_H
#define ANYRING_USER_OP_H

#include "user/submit.h"
#include "user/sys.h"
#include "user/uring.h"

int nop_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result nop_issue(struct request *req, enum issue_how how);

#endif
