/* SPDX-License-Identifier: MIT */
/*
 * A program of the differential tester: SQEs, things done to their files from outside, and the
 * points at which what is queued is submitted. It holds descriptors and addresses that are the
 * same in every process that runs it: objects lie at fixed numbers, memory is inherited by fork.
 */
#ifndef DIFFERENTIAL_PROGRAM_H
#define DIFFERENTIAL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <liburing.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- Objects --------------------------------------------------------------------------------- */

/* What programs work on. Each has the descriptor OBJECT_FD + its number. */
enum object {
	FILE_A,
	FILE_B,
	FILE_READ_ONLY,
	FILE_APPEND,
	FOLDER,
	PIPE_R,
	PIPE_W,
	PAGE_PIPE_R, /* has room for one page */
	PAGE_PIPE_W,
	NONBLOCK_PIPE_R,
	NONBLOCK_PIPE_W,
	UNIX_A,
	UNIX_B,
	UNIX2_A,
	UNIX2_B,
	DGRAM_A,
	DGRAM_B,
	SEQPACKET_A,
	SEQPACKET_B,
	TCP_A,
	TCP_B,
	UNIX_LISTENER,
	TCP_LISTENER,
	UNIX_SOCKET,
	TCP_SOCKET,
	EVENTFD,
	EPOLL,
	DEV_NULL,
	DEV_ZERO,
	OBJECTS,
	/* What requests make. */
	CONNECTION = OBJECTS, /* accepted */
	NEW_SOCKET,
	NEW_PIPE,
	NO_OBJECT,
};

#define OBJECT_FD   100
#define NEW_FD	    200 /* + the number of the operation that made it */
#define BAD_FD	    999
#define NAMES_COUNT 8

/*
 * What two requests may meet at. Their order is only known if they meet nowhere, or the kernel
 * promises it: see guard.c.
 */
enum key {
	KEY_NONE,
	KEY_FILE_A,
	KEY_FILE_B,
	KEY_FILE_READ_ONLY,
	KEY_FILE_APPEND,
	KEY_NAMES,
	KEY_PIPE,
	KEY_PAGE_PIPE,
	KEY_NONBLOCK_PIPE,
	KEY_UNIX_AB,
	KEY_UNIX_BA,
	KEY_UNIX2_AB,
	KEY_UNIX2_BA,
	KEY_DGRAM_AB,
	KEY_DGRAM_BA,
	KEY_SEQPACKET_AB,
	KEY_SEQPACKET_BA,
	KEY_TCP_AB,
	KEY_TCP_BA,
	KEY_UNIX_LISTENER,
	KEY_TCP_LISTENER,
	KEY_CONNECTION_AB,
	KEY_CONNECTION_BA,
	KEY_NEW_SOCKET,
	KEY_NEW_PIPE,
	KEY_EVENTFD,
	KEY_EPOLL,
	KEY_DEVICE,
	KEY_FUTEX,
	KEY_TABLE,		    /* of registered files */
	KEY_GROUP,		    /* of provided buffers, the first */
	KEY_BUFFER = KEY_GROUP + 8, /* registered, the first */
	KEY_SLOT = KEY_BUFFER + 8,  /* of the table, the first */
	KEYS = KEY_SLOT + 16,
};

/* What a request does there. */
enum role {
	ROLE_NONE,
	ROLE_OBSERVE, /* changes nothing */
	ROLE_CONSUME,
	ROLE_PRODUCE,
	ROLE_ALTER, /* anything else */
};

struct object_row {
	const char *name;
	enum key in;  /* where it consumes */
	enum key out; /* where it produces */
};

extern const struct object_row object_rows[NO_OBJECT + 1];

/* ---- Memory ---------------------------------------------------------------------------------- */

#define MAX_OPS		72
#define DATA_SIZE	1024
#define ARGS_SIZE	512
#define GROUPS		6
#define GROUP_BUFFERS	8
#define GROUP_LEN	96
#define FIXED_BUFFERS	4
#define FIXED_LEN	1024
#define SLOTS		16
#define FUTEXES		4
#define RING_GROUPS	2 /* groups 0, 1: rings; 2, 3: incremental rings; 4, 5: the older kind */
#define FIRST_INC_GROUP 2
#define FIRST_OLD_GROUP 4

struct arena {
	uint8_t data[MAX_OPS][DATA_SIZE];
	uint8_t args[MAX_OPS][ARGS_SIZE];
	uint8_t groups[GROUPS][GROUP_BUFFERS][GROUP_LEN];
	uint8_t fixed[FIXED_BUFFERS][FIXED_LEN];
	uint32_t futexes[FUTEXES];
} __attribute__((aligned(4096)));

extern struct arena arena;

/* ---- Operations ------------------------------------------------------------------------------ */

enum kind {
	OP_SQE,
	OP_SUBMIT,
	OP_ACTION,
};

/* What is done from outside, with ordinary calls or those of io_uring_register(2). */
enum action {
	ACTION_FEED,	    /* write a bytes to object */
	ACTION_DRAIN,	    /* read up to a bytes from object */
	ACTION_CONNECT,	    /* a client of the listener object */
	ACTION_SHUTDOWN,    /* object, a: how */
	ACTION_CLOSE,	    /* object */
	ACTION_ADD_BUFFERS, /* a to ring group b */
	ACTION_RING_STATUS, /* of ring group b */
	ACTION_FREE_RING,   /* group b */
	ACTION_FUTEX_WAKE,  /* word b, a waiters */
	ACTION_SET_SLOT,    /* a: slot, object or NO_OBJECT */
	ACTION_SYNC_CANCEL, /* a: flags, b: user_data */
	ACTION_REGISTER,    /* opcode a with no argument, b of them */
	ACTION_ENTER,	    /* with flags a */
	ACTIONS,
};

/* When it completes. */
enum pace {
	PACE_INLINE,  /* while it is submitted, or when its file lets it */
	PACE_WORKER,  /* by itself, at a time of its own: a worker's or a timer's */
	PACE_UNKNOWN, /* a wrong field made it another request */
};

struct op {
	enum kind kind;
	unsigned number; /* its user_data; stays when others are dropped */
	/* OP_SQE */
	struct io_uring_sqe sqe;
	enum pace pace;
	bool cancels; /* looks for other requests */
	bool counts;  /* is completed by the completions of others */
	bool makes_fd, makes_pipe, selects, to_ring, stat;
	uint8_t data_used;     /* of arena.data: whether it says anything */
	enum role in, out;     /* at the object behind sqe.fd */
	enum role second;      /* at the one behind sqe.splice_fd_in */
	uint8_t extra_key[2];  /* enum key */
	uint8_t extra_role[2]; /* enum role */
	int installs;	       /* object that it puts in slot, or in a descriptor; -1: nothing */
	int slot;	       /* -1: none, SLOTS: allocated */
	/* OP_ACTION */
	enum action action;
	enum object object;
	uint64_t a, b;
};

struct program {
	uint64_t seed;
	unsigned setup_flags, sq_entries, cq_entries;
	bool table, fixed, second_ring;
	unsigned groups; /* one bit each */
	unsigned count;
	struct op ops[MAX_OPS];
};

/* The objects that the table of registered files starts with, in slots 0 and up. */
extern const enum object first_slots[8];
/* The names in the scratch folder that programs know. */
extern const char *const names[NAMES_COUNT];

/* Programs of these kinds of requests only (gen_*, with commas between); false: there are none. */
bool limit_families(const char *list);
/* No tables, and no calls of io_uring_register(2), nor link timeouts: for an engine that begins. */
extern bool nothing_registered;
/* Fills the arena, too. */
void generate(struct program *p, uint64_t seed);
void print_program(const struct program *p);
const char *opcode_name(unsigned opcode);
const char *action_name(enum action action);

#endif
