/* SPDX-License-Identifier: MIT */
/*
 * What anyring adds to liburing's API: which engine serves a ring. The kernel engine is io_uring
 * itself; the user engine does the same with ordinary system calls, where io_uring is refused.
 *
 * A program need not ask: unless it does, the environment decides, once a process, by
 * ANYRING_ENGINE=auto|kernel|user. Without that, and in programs that run with more rights than who
 * started them, it is auto.
 */
#ifndef ANYRING_H
#define ANYRING_H

#ifdef __cplusplus
extern "C" {
#endif

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

#ifdef __cplusplus
}
#endif

#endif
