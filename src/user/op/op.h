/* SPDX-License-Identifier: MIT */
/* The opcodes: one row of op_table each, in table.c. */
#ifndef ANYRING_USER_OP_H
#define ANYRING_USER_OP_H

#include "user/submit.h"
#include "user/sys.h"
#include "user/uring.h"

int nop_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result nop_issue(struct request *req, enum issue_how how);

/* ---- rw_prep.c, rw.c, read_multishot.c ---- */
int read_prep(struct request *req, const struct io_uring_sqe *sqe);
int write_prep(struct request *req, const struct io_uring_sqe *sqe);
int readv_prep(struct request *req, const struct io_uring_sqe *sqe);
int writev_prep(struct request *req, const struct io_uring_sqe *sqe);
int read_fixed_prep(struct request *req, const struct io_uring_sqe *sqe);
int write_fixed_prep(struct request *req, const struct io_uring_sqe *sqe);
int readv_fixed_prep(struct request *req, const struct io_uring_sqe *sqe);
int writev_fixed_prep(struct request *req, const struct io_uring_sqe *sqe);
int read_multishot_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result rw_issue(struct request *req, enum issue_how how);
enum issue_result read_multishot_issue(struct request *req, enum issue_how how);
void rw_fail(struct request *req);
int provide_buffers_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result provide_buffers_issue(struct request *req, enum issue_how how);
int remove_buffers_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result remove_buffers_issue(struct request *req, enum issue_how how);

#endif
