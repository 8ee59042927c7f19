/* SPDX-License-Identifier: MIT */
/* The yardstick: accept, read, write, close, one client at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "echo/echo.h"

/* Writes it all, or false if the client is gone. */
static bool write_all(struct echo_worker *w, int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		count(&w->counters.system_calls, 1);
		if (n < 0) {
			if (errno != EINTR)
				return false;
			control_check_signals(w);
			continue;
		}
		data += n;
		size -= (size_t)n;
	}
	return true;
}

static void serve_client(struct echo_worker *w, int fd, char *buffer)
{
	for (;;) {
		ssize_t n = read(fd, buffer, w->options->buffer_size);

		count(&w->counters.system_calls, 1);
		if (n < 0 && errno == EINTR) {
			control_check_signals(w);
			continue;
		}
		/* End, error, or SO_RCVTIMEO's EAGAIN: idle for too long. */
		if (n <= 0)
			return;
		count(&w->counters.messages, 1);
		count(&w->counters.bytes, (uint64_t)n);
		if (!write_all(w, fd, buffer, (size_t)n))
			return;
	}
}

/* The accepted sockets inherit the time-outs. A client that does not read is as idle as one that
 * does not write. */
static bool set_idle_timeout(int fd, double seconds)
{
	struct timeval tv = { .tv_sec = (time_t)seconds };

	tv.tv_usec = (suseconds_t)((seconds - (double)tv.tv_sec) * 1e6);
	return !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) &&
	       !setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

static void accept_and_serve(struct echo_worker *w, char *buffer)
{
	int fd = accept4(w->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	count(&w->counters.system_calls, 1);
	if (fd < 0) {
		/* EINVAL: the signal handler shut the listener down. */
		if (errno == EMFILE || errno == ENFILE) {
			limit_reached(w, errno);
			usleep(ECHO_RETRY_MS * 1000);
		} else if (!accept_error_is_transient(errno) && errno != EINVAL) {
			say("cannot accept: %s", strerror(errno));
			w->result = EXIT_FAILED;
			w->stopping = true;
		}
		return;
	}
	/* Pairs with the handler's load: either it sees this client, or the check below sees it. */
	__atomic_store_n(&w->conn_fd, fd, __ATOMIC_RELAXED);
	control_check_signals(w);
	if (w->stopping)
		shutdown(fd, SHUT_RD);
	w->at_limit = false;
	count(&w->counters.connections, 1);
	if (w->options->debug)
		say("client %d opened", fd);
	serve_client(w, fd, buffer);
	__atomic_store_n(&w->conn_fd, -1, __ATOMIC_RELAXED);
	close(fd);
	count(&w->counters.system_calls, 1);
	if (w->options->debug)
		say("client %d closed", fd);
}

int serve_blocking(struct echo_worker *w)
{
	char *buffer = malloc(w->options->buffer_size);

	if (!buffer) {
		say("out of memory for a buffer of %u bytes", w->options->buffer_size);
		return EXIT_FAILED;
	}
	if (w->options->idle_timeout && !set_idle_timeout(w->listen_fd, w->options->idle_timeout))
		say("cannot set the idle time-out: %s", strerror(errno));
	worker_ready(w);
	while (!w->stopping) {
		control_check_signals(w);
		if (!w->stopping)
			accept_and_serve(w, buffer);
		control_check_signals(w);
	}
	close(w->listen_fd);
	free(buffer);
	return w->result;
}
