/* SPDX-License-Identifier: MIT */
/* What the cases of sockets and of provided buffers share. */
#ifndef TEST_CONFORMANCE_NET_H
#define TEST_CONFORMANCE_NET_H

#include <sys/un.h>

#include "conformance.h"

#define BAD_POINTER ((void *)(uintptr_t)8)

/* ---- Pairs of connected sockets -------------------------------------------------------------- */

enum pair_kind {
	TCP,
	UNIX_STREAM,
	UNIX_SEQPACKET,
	UNIX_DATAGRAM,
	UDP,
	PAIR_KINDS,
};

extern const char *const pair_names[PAIR_KINDS];

void open_pair(enum pair_kind kind, int fds[2]);
void close_pair(const int fds[2]);
/* A UDP socket on a loopback port of its own. */
int udp_socket(struct sockaddr_in *addr);
struct sockaddr_un unix_address(const char *path);
/* Writes bytes pattern(offset) .. to a socket or pipe, and reads them back, as the peer does. */
void peer_sends(int fd, size_t offset, size_t size);
void peer_receives(int fd, size_t offset, size_t size);
/* Writes to `fd`, without waiting, until no more fits. */
size_t fill(int fd);
void drain(int fd, size_t size);
/* Waits until `fd` is ready for `events`, as an event that another event depends on. */
void wait_ready(int fd, short events);
/* Closes a TCP socket so that its peer gets a reset. */
void reset_connection(int fd);
/* Cancels what has user_data `data`: its cancellation has user_data `own`. */
void submit_cancel(struct io_uring *ring, uint64_t data, uint64_t own);

/* Prepares and submits one recv or send. */
void submit_recv(struct io_uring *ring, int fd, void *buf, size_t size, int flags, uint64_t data);
void submit_send(struct io_uring *ring, int fd, const void *buf, size_t size, int flags,
		 uint64_t data);
void fill_pattern(uint8_t *bytes, size_t size);
/* The next completion, without IORING_CQE_F_SOCK_NONEMPTY, which only TCP is sure to have. */
struct answer next_but_nonempty(struct io_uring *ring);
#define expect_but_nonempty(ring, data, res, flags) \
	expect_full_answer_at(__FILE__, __LINE__, next_but_nonempty(ring), data, res, flags)

/* ---- Rows of bad arguments ------------------------------------------------------------------- */

/* What a prep made of the SQE is spoiled by one row, which names the result that must come. */
#define expect_error(ring, what, want)                                                          \
	do {                                                                                    \
		struct answer answer_ = run_one(ring);                                          \
		check(answer_.res == (want), "%s: res is %d, not %d", what, answer_.res, want); \
	} while (0)

/* ---- Provided buffers ------------------------------------------------------------------------ */

#define BUFFER_FLAGS(bid) (IORING_CQE_F_BUFFER | (unsigned)(bid) << IORING_CQE_BUFFER_SHIFT)
#define BUFFER_ID(flags)  ((flags) >> IORING_CQE_BUFFER_SHIFT)

/* A group on a buffer ring: `count` buffers of `size` bytes that lie one behind the other. */
struct pool {
	struct io_uring *ring;
	struct io_uring_buf_ring *br;
	uint8_t *bytes;
	unsigned count;
	unsigned size;
	int group;
};

/* With all buffers provided, bid i being the i-th. `flags`: IOU_PBUF_RING_*. */
void open_pool(struct pool *pool, struct io_uring *ring, int group, unsigned count, unsigned size,
	       unsigned flags);
void close_pool(struct pool *pool);
uint8_t *pool_buffer(struct pool *pool, unsigned bid);
/* Gives one buffer (back). */
void provide(struct pool *pool, unsigned bid);
/* Lets the request take its buffer from the pool; call it last. */
void use_pool(struct io_uring_sqe *sqe, const struct pool *pool, uint64_t data);
void expect_available(struct pool *pool, int count);

#endif
