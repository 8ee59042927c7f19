/* SPDX-License-Identifier: MIT */
/* What a descriptor is ready for: poll(2) of one. Its events are the EPOLL* of the same names. */
#ifndef ANYRING_USER_READY_H
#define ANYRING_USER_READY_H

#include <stdint.h>

/* Those of `events` that there are now, with those that come unasked (errors, and POLLNVAL for what
 * is no descriptor); or -errno. */
int poll_now(int fd, uint32_t events);
/* The same, but waits for one. */
int poll_until(int fd, uint32_t events);

#endif
