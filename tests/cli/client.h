/* SPDX-License-Identifier: MIT */
/* Clients of the echo server. All sockets are non-blocking, and every wait has an end. */
#ifndef TEST_CLI_CLIENT_H
#define TEST_CLI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server_process.h"

/* A server that is silent for so long does not answer any more. */
#define ANSWER_MS 10000

int client_connect(const struct server *s);
/* With socket buffers of about this size, so that a client that does not read is soon stuck. */
int client_connect_small(const struct server *s, int buffer_bytes);
void client_send(int fd, const uint8_t *data, size_t size);
/* Receives exactly this, and not a byte more if `end`: then comes the end of the stream. */
void client_expect(int fd, const uint8_t *data, size_t size, bool end);
/* Sends random bytes and expects them back. */
void client_ping(int fd, size_t size);
/* Ends the client's own direction, and expects the server to end the other. */
void client_finish(int fd);
/* Disappears as a process that is killed with unread bytes does. */
void client_reset(int fd);
/* Sends and never reads, until nothing more is taken for `ms`, or the connection is cut off; the
 * bytes it got rid of. */
size_t client_flood(int fd, size_t most, int64_t ms);
/* True if something is there to read, the end included, within `ms`. */
bool client_readable(int fd, int64_t ms);
/* True if the connection is cut off within `ms`, not merely ended. */
bool client_broken(int fd, int64_t ms);

/* A client that sends random bytes in random pieces while it reads, then ends its direction. */
struct talk {
	int fd; /* -1: over */
	uint8_t *data;
	size_t size, sent, received;
	bool finished; /* sending */
};

/* The data is drawn; the socket is the caller's, until the talk closes it. */
void talk_start(struct talk *t, int fd, size_t size);
/* Sends one piece, or part of it, if there is room; reads nothing. */
void talk_push(struct talk *t);
/* Until all is echoed exactly and all streams have ended. */
void talks_run(struct talk *talks, unsigned count);
/* One talk, from connect to close. */
void talk_once(const struct server *s, size_t size);

#endif
