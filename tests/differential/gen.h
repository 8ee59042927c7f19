/* SPDX-License-Identifier: MIT */
/* What the families of requests share when they write one (gen_*.c). */
#ifndef DIFFERENTIAL_GEN_H
#define DIFFERENTIAL_GEN_H

#include "cases/check.h"
#include "program.h"

struct gen {
	struct program *p;
	struct op *op; /* the one being written */
	void *data;    /* its memory */
	void *args;
	unsigned left; /* SQEs that still fit in the batch */
	bool linked;   /* what is being written is part of a chain */
};

typedef void generator(struct gen *g);

/* True once in n times. */
static inline bool one_in(unsigned n)
{
	return random_between(1, n) == 1;
}

#define pick(array) ((array)[random_between(0, ARRAY_LEN(array) - 1)])

/* Sets the file of the request, as a descriptor or a slot; now and then one that is not there. */
void target(struct gen *g, enum object object);
/* The same by kind. */
enum object some_file(void);
enum object some_reader(void);
enum object some_writer(void);
enum object some_receiver(void);
enum object some_sender(void);
enum object some_socket(void);
enum object some_object(void);

void touches(struct gen *g, enum key key, enum role role);
/* The buffer comes from a group; the request may then wait at most alone in it. */
void select_buffer(struct gen *g);
/* n iovecs in g->args over g->data, of random lengths; returns their address. */
struct iovec *some_iovecs(struct gen *g, unsigned n);
/* Now and then one is of memory that is none: not with this. */
void mend_iovecs(struct iovec *vecs, unsigned n, void *memory);
const char *some_name(void);
/* Puts what it makes in a slot: a chosen or an allocated one. */
void make_direct(struct gen *g, int installs);
/* An earlier request's user_data, or nobody's. */
uint64_t some_user_data(struct gen *g);

generator gen_nop, gen_msg_ring, gen_timeout, gen_timeout_remove, gen_timeout_update, gen_cancel,
	gen_poll, gen_poll_remove, gen_poll_update, gen_futex_wait, gen_futex_wake,
	gen_files_update, gen_install, gen_close, gen_provide, gen_remove_buffers, gen_unknown,
	gen_epoll_ctl, gen_epoll_wait, gen_futex_waitv;
generator gen_file_rw, gen_stream_rw, gen_fixed_rw, gen_read_multishot, gen_fsync, gen_space,
	gen_advise, gen_splice, gen_tee, gen_pipe, gen_open, gen_statx, gen_rename, gen_unlink,
	gen_make_name, gen_xattr;
generator gen_recv, gen_recvmsg, gen_send, gen_sendmsg, gen_send_zc, gen_accept, gen_connect,
	gen_socket, gen_shutdown, gen_listen, gen_command;

/* Adds a link timeout to the request before. */
void gen_link_timeout(struct gen *g);

#endif
