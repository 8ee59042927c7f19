/* SPDX-License-Identifier: MIT */
/* Messages between rings, beside the opcode. */
#ifndef ANYRING_USER_MSG_RING_H
#define ANYRING_USER_MSG_RING_H

/* IORING_REGISTER_SEND_MSG_RING: carries out an SQE without a ring. 0 or -errno. */
int msg_ring_sync(const void *arg, unsigned nr_args);

#endif
