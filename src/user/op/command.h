/* SPDX-License-Identifier: MIT */
/* Commands (IORING_OP_URING_CMD): command.c knows the files that have some,
 * socket_cmd.c sockets'. */
#ifndef ANYRING_USER_OP_COMMAND_H
#define ANYRING_USER_OP_COMMAND_H

#include "user/op/op.h"

/* A command as the SQE has it, whatever it means. */
struct command {
	uint32_t op;
	uint32_t level, name; /* of a socket's option */
	uint32_t size;
	uint64_t value;
	uint64_t start, length; /* of blocks; start: where a socket's name goes */
	bool unused_set;	/* a field that block devices have no use for is not 0 */
};

/* ---- socket_cmd.c ---------------------------------------------------------------------------- */

enum issue_result socket_command(struct request *req, int domain);

#endif
