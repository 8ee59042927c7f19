/* SPDX-License-Identifier: MIT */
/*
 * What anyring adds to liburing's API: which engine serves a ring, and why. The kernel engine is
 * io_uring itself; the user engine does the same with ordinary system calls, where io_uring is
 * refused.
 *
 * A program need not ask: unless it does, the environment decides, once a process, by
 * ANYRING_ENGINE=auto|kernel|user. Without that, and in programs that run with more rights than who
 * started them, it is auto. With ANYRING_LOG=1 the first ring of an engine tells which it is, and
 * why, in one line on stderr.
 *
 * All may be called from any thread, and leave errno alone.
 */
#ifndef ANYRING_H
#define ANYRING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct io_uring;

enum anyring_engine {
	/* The kernel engine; the user engine where io_uring is refused. */
	ANYRING_AUTO,
	ANYRING_KERNEL,
	ANYRING_USER,
};

/*
 * Sets the engine of the rings that any thread sets up from now on, whatever the environment says;
 * those that are there keep theirs. -EINVAL: `engine` is none of the three.
 */
int anyring_set_engine(enum anyring_engine engine);

/* What was set last: by the call above, else by the environment. */
enum anyring_engine anyring_get_engine(void);

/* The engine that serves a ring: ANYRING_KERNEL or ANYRING_USER. */
enum anyring_engine anyring_ring_engine(const struct io_uring *ring);

/* "auto", "kernel" or "user"; NULL if it is none of them. */
const char *anyring_engine_name(enum anyring_engine engine);

/* The engine of that name in *engine. -EINVAL: there is none. */
int anyring_find_engine(const char *name, enum anyring_engine *engine);

/*
 * Why the ring that this process set up last, or could not set up, got the engine it did: a line
 * for people, without its end, such as "io_uring_setup: Operation not permitted: a seccomp filter
 * is in place". What is behind a refusal is looked up at the time of this call, in /proc. As
 * snprintf(), it returns the length of the whole text, of which `text` takes what fits, with a zero
 * byte.
 */
int anyring_reason(char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
