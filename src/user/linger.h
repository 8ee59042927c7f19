/* SPDX-License-Identifier: MIT */
/*
 * Duplicates that outlive their request for a moment. A single-shot receive on a plain descriptor
 * must wait on a duplicate, or closing the descriptor would take its file away; but to duplicate,
 * watch, unwatch and close for each message costs more than the message. So the duplicate of a TCP
 * socket that is received from again and again is kept when the receive ends, and taken up by the
 * next one, if the kernel says that the descriptor still is the same file (F_DUPFD_QUERY, since
 * Linux 6.10; without it nothing is kept).
 *
 * It is closed before the ring sleeps, or by the watchdog, if no receive has taken it up: a
 * socket that the application closes has its end at most that much later.
 */
#ifndef ANYRING_USER_LINGER_H
#define ANYRING_USER_LINGER_H

#include <stdbool.h>
#include <stdint.h>

#include "user/list.h"

struct uring;
struct request;
struct file;

struct linger_slot {
	struct file *file; /* which has a reference for this; NULL: none */
	uint8_t waits;	   /* receives that have had to wait, up to a few */
	bool socket;	   /* a stream socket, when it was asked about; now perhaps another file */
};

struct lingerers {
	struct linger_slot *slots; /* by the application's descriptor */
	unsigned count;
	struct list idle; /* files that no request has, by file.linger */
};

/* All under the ring's lock. */

void linger_init(struct uring *ring);
/* A duplicate of what the request's descriptor is now, for the request to hold, or NULL. */
struct file *linger_find(struct request *req);
/* The request has just got a duplicate: if it is one of a row, that is to stay. */
void linger_note(struct request *req, struct file *file);
/* No request has the file any more. */
void linger_idle(struct file *file);
/* A hint for those whom a wrong one only costs a system call: the descriptor was a
 * stream socket. */
bool linger_was_socket(const struct uring *ring, int fd);
void linger_remember_socket(struct uring *ring, int fd, bool socket);
/* Closes the idle. */
void linger_release(struct uring *ring);
static inline bool linger_has_idle(const struct lingerers *l)
{
	return !list_is_empty(&l->idle);
}
void linger_free(struct uring *ring);

#endif
