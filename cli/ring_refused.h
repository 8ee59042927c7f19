/* SPDX-License-Identifier: MIT */
#ifndef ANYRING_CLI_RING_REFUSED_H
#define ANYRING_CLI_RING_REFUSED_H

/*
 * Says why no ring could be set up (`error`: -errno), and the way out; `instead`: what else would
 * do, such as "use --server epoll", or NULL. Returns EXIT_FAILED.
 */
int ring_refused(int error, const char *instead);

#endif
