/* SPDX-License-Identifier: MIT */
/*
 * Opcodes of the tests' own, in place of the engine's table: the core is tested by what it does for
 * any opcode, one of each kind.
 */
#ifndef TEST_USER_CORE_OPS_H
#define TEST_USER_CORE_OPS_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	/* Ends at once; res is sqe->len. */
	OP_NOW = IORING_OP_NOP,
	/* Reads a byte of a pipe that does not block; res is the byte. Waits for it by polling. */
	OP_BYTE = IORING_OP_READ,
	/* The same of a pipe that blocks, in a worker. */
	OP_BLOCK = IORING_OP_FSYNC,
	/* -ETIME after sqe->off ns. */
	OP_TIMER = IORING_OP_TIMEOUT,
	/* Yields as often as sqe->len says, then ends. Its file is always ready. */
	OP_YIELD = IORING_OP_POLL_ADD,
	/* Says it would block, even where its file is ready, until a byte can be read. */
	OP_DENY = IORING_OP_RECV,
	/* Is refused: -EINVAL. */
	OP_REFUSED = IORING_OP_CLOSE,
};

/* An engine's ring, ready: setup flags as usual. */
void core_ring(struct io_uring *ring, unsigned entries, unsigned flags);
void core_ring_params(struct io_uring *ring, unsigned entries, struct io_uring_params *p);
/* Queues one, without submitting it. */
struct io_uring_sqe *core_sqe(struct io_uring *ring, unsigned op, int fd, uint64_t data);
void core_submit(struct io_uring *ring, int expected);
/* Waits for a completion for some seconds, takes it, and returns its res. */
int core_reap(struct io_uring *ring, uint64_t *data);
/* A pipe; without `blocking` its reading end does not block. */
void core_pipe(int fds[2], bool blocking);
void core_put(int fd, char byte);
/* Asked before each system call of the engine's: the -errno it is to fail with, or 0. */
extern int (*core_fault)(long nr);
/* The size of a page, as getauxval(3) has it; 0: what it is. */
extern unsigned long core_page_size;
/* How often OP_DENY and OP_YIELD were issued. */
unsigned core_issued(void);
/* Descriptors of this process; threads of it. */
unsigned core_fds(void);
unsigned core_threads(void);

#endif
