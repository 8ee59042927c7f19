/* SPDX-License-Identifier: MIT */
/*
 * The `ring` server: what its files share.
 *
 * One round: submit and wait, in one system call; drain all completions; settle each connection
 * they touched, which queues what comes next. Sends are tried without waiting (MSG_DONTWAIT), and
 * complete during the submission; only those that fail or come up short post a CQE. So a send
 * that has not been heard of when the round is drained is done, and waiting for N completions
 * means waiting for N arrivals.
 */
#ifndef ANYRING_ECHO_RING_H
#define ANYRING_ECHO_RING_H

#include "liburing.h"
#include "buffer_pool.h"
#include "echo/echo.h"

/* SQEs a submit takes at most; a fuller round submits more than once. */
#define RING_SQ_ENTRIES	 1024
#define RING_CQ_ENTRIES	 4096
/* Buffers one send gathers: the kernel copies this many iovecs without complaint. */
#define RING_GATHER	 64
/* Received bytes a connection may have unsent before receiving pauses. */
#define RING_QUEUE_BYTES (256U << 10)

/* ---- ring_conn.c: one connection ------------------------------------------------------------- */

enum conn_state {
	CONN_OPEN = 1 << 0,
	CONN_RECEIVING = 1 << 1,  /* a receive is armed */
	CONN_CANCELLING = 1 << 2, /* and its cancel is under way */
	CONN_SENDING = 1 << 3,
	CONN_EOF = 1 << 4,     /* nothing more to receive */
	CONN_DEAD = 1 << 5,    /* failed: drop what is queued and close */
	CONN_TOUCHED = 1 << 6, /* in the list to be settled */
};

/* Bytes of a client that does not keep up, in memory of their own, so that the pool's buffers
 * serve the others. */
struct backlog {
	char *out; /* being sent */
	uint32_t out_off, out_len;
	char *in; /* received meanwhile */
	uint32_t in_len, in_size;
};

struct conn {
	uint32_t state;
	int32_t head, tail;	/* buffers received and not yet sent; -1: none */
	uint32_t head_off;	/* bytes of the first that are sent */
	uint32_t queued_bytes;	/* in that list */
	uint32_t sending_bytes; /* of it, in the send under way */
	int32_t touched_next;
	int32_t recv_buffer; /* without a buffer ring: where the receive puts data */
	struct backlog *backlog;
	uint32_t active; /* tick of the last progress */
};

enum ring_op {
	OP_ACCEPT,
	OP_RECV,
	OP_SEND,
	OP_CLOSE,
	OP_CANCEL,
	OP_CONTROL,
	OP_TICK,
	OP_RETRY
};

/* iovecs of gathering sends; one set an SQE, since the kernel copies them at submission. */
struct gather {
	struct msghdr msg;
	struct iovec iov[RING_GATHER];
};

struct ring_server {
	struct echo_worker *worker;
	struct io_uring ring;
	unsigned parts;	   /* PART_*: those in use */
	bool inline_sends; /* a send completes during its submission */
	bool waits_for_batches;
	struct pool pool;
	char *tables; /* the memory of the next three */
	struct gather *gathers;
	struct conn *conns;   /* by descriptor or direct slot */
	int32_t *inline_sent; /* connections with an inline send in this round */
	unsigned conns_size;
	unsigned live;
	bool accepting;
	bool accept_multishot; /* and it goes on by itself */
	bool accept_paused;    /* until OP_RETRY: descriptors have run out */
	struct __kernel_timespec retry_time;
	int32_t touched; /* connections to settle; -1: none */
	unsigned inline_count;
	bool follow_up;	   /* when they are done there is more to do, whatever arrives */
	unsigned arrivals; /* accepts and receives in this round */
	uint32_t tick;	   /* now, in ticks */
	struct __kernel_timespec tick_time;
	uint32_t idle_ticks;
};

void conn_open(struct ring_server *r, int32_t id);
void conn_received(struct ring_server *r, int32_t id, int res, unsigned flags);
void conn_sent(struct ring_server *r, int32_t id, int res);
/* A cancel was too early or too late. */
void conn_cancel_failed(struct ring_server *r, int32_t id);
/* Queues what is to be done next. */
void conn_settle(struct ring_server *r, int32_t id);
/* Ends it whatever is in flight. */
void conn_kill(struct ring_server *r, int32_t id);
/* Ends the armed receive; conn_settle() then goes on as the server's state demands. */
void conn_cancel_receive(struct ring_server *r, int32_t id);
/* Marks for settling. */
void conn_touch(struct ring_server *r, int32_t id);

/* ---- ring_setup.c: what this kernel allows --------------------------------------------------- */

/* Sets r->ring, r->parts and the tables up; false after saying why not. */
bool ring_open(struct ring_server *r);
void ring_close(struct ring_server *r);
/* A first use answered -EINVAL: goes on without PART_BUNDLE, _MULTISHOT_RECV or _ACCEPT. */
void ring_part_refused(struct ring_server *r, unsigned part);

/* ---- ring.c: the loop ------------------------------------------------------------------------ */

/* Never NULL: submits if the queue is full. */
struct io_uring_sqe *ring_sqe(struct ring_server *r);

/* user_data: the operation above, the connection below. */
static inline void ring_tag(struct ring_server *r, struct io_uring_sqe *sqe, enum ring_op op,
			    int32_t id)
{
	io_uring_sqe_set_data64(sqe, (uint64_t)op << 32 | (uint32_t)id);
	if (r->worker->options->async && op <= OP_SEND)
		sqe->flags |= IOSQE_ASYNC;
}

#endif
