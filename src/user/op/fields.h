/* SPDX-License-Identifier: MIT */
/* Fields of an SQE that an operation has no use for, and that have to be 0 with it. */
#ifndef ANYRING_USER_FIELDS_H
#define ANYRING_USER_FIELDS_H

#include <stdbool.h>

#include "liburing/io_uring.h"

enum {
	SQE_OFF = 1 << 0,
	SQE_ADDR = 1 << 1,
	SQE_LEN = 1 << 2,
	SQE_FLAGS = 1 << 3,
	SQE_BUF_INDEX = 1 << 4,
	SQE_FILE_INDEX = 1 << 5,
	SQE_ADDR3 = 1 << 6,
};

static inline bool sqe_has(const struct io_uring_sqe *sqe, unsigned fields)
{
	return (fields & SQE_OFF && sqe->off) || (fields & SQE_ADDR && sqe->addr) ||
	       (fields & SQE_LEN && sqe->len) || (fields & SQE_FLAGS && sqe->rw_flags) ||
	       (fields & SQE_BUF_INDEX && sqe->buf_index) ||
	       (fields & SQE_FILE_INDEX && sqe->file_index) || (fields & SQE_ADDR3 && sqe->addr3);
}

#endif
