/* SPDX-License-Identifier: MIT */
/* Listening sockets. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "echo/echo.h"

static bool is_unix(const struct echo_options *o)
{
	return o->endpoint.address.any.sa_family == AF_UNIX;
}

/* A socket file that nobody listens on is left over from a server that died. */
static void remove_stale_socket(const struct echo_options *o)
{
	const char *path = o->endpoint.address.local.sun_path;
	struct stat st;
	int fd;

	if (lstat(path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, &o->endpoint.address.any, o->endpoint.length) && errno == ECONNREFUSED)
		unlink(path);
	close(fd);
}

static bool set_tcp_options(int fd, const struct echo_options *o)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		return false;
	if (o->threads > 1 && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)))
		return false;
	/* Accepted sockets inherit it: no call for each connection. */
	return !setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static const char *way_out(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "; stop the other server, or choose another with --port or --unix";
	case EADDRNOTAVAIL:
		return "; no interface of this machine has it: see 'ip address'";
	case EACCES:
	case EPERM:
		return "; choose a port from 1024 on, or a path you may write to";
	case ENOENT:
	case ENOTDIR:
		return "; make the folder first, or choose another path";
	case EMFILE:
		return "; raise the limit with 'ulimit -n'";
	default:
		return "";
	}
}

int echo_listen(const struct echo_options *o)
{
	const char *failed = "create a socket for";
	int fd = socket(o->endpoint.address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		goto fail;
	failed = "set options for";
	if (!is_unix(o) && !set_tcp_options(fd, o))
		goto fail;
	if (is_unix(o))
		remove_stale_socket(o);
	failed = "listen on";
	if (bind(fd, &o->endpoint.address.any, o->endpoint.length) || listen(fd, ECHO_BACKLOG))
		goto fail;
	return fd;
fail:
	say("cannot %s %s: %s%s", failed, o->endpoint.name, strerror(errno), way_out(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

void echo_unlisten(const struct echo_options *o)
{
	if (is_unix(o))
		unlink(o->endpoint.address.local.sun_path);
}
