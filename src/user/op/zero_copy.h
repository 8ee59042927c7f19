/* SPDX-License-Identifier: MIT */
/* Between send.c and zero_copy.c. */
#ifndef ANYRING_USER_OP_ZERO_COPY_H
#define ANYRING_USER_OP_ZERO_COPY_H

#include "user/request.h"

/* ---- send.c ---------------------------------------------------------------------------------- */

/* All of prep() but what sqe->ioprio may be, which is in net.flags already. */
int send_prep_common(struct request *req, const struct io_uring_sqe *sqe);

#endif
