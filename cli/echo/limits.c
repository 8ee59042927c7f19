/* SPDX-License-Identifier: MIT */
/* When no more connections can be taken. */
#include <errno.h>
#include <string.h>

#include "echo/echo.h"

void limit_reached(struct echo_worker *worker, int error)
{
	if (worker->at_limit)
		return;
	worker->at_limit = true;
	if (error)
		say("cannot accept more connections: %s; raise 'ulimit -n' and start again. "
		    "Serving those that are open; new ones wait until one closes",
		    strerror(error));
	else
		say("%u connections are open, the limit (--max-conns, 'ulimit -n'): new ones wait "
		    "until one closes",
		    worker->options->max_conns);
}

bool accept_error_is_transient(int error)
{
	switch (error) {
	case EINTR:
	case EAGAIN:
	case ECONNABORTED:
	/* accept(2): errors pending on the new connection, to be taken like EAGAIN. */
	case ENETDOWN:
	case EPROTO:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
	case EPERM:
		return true;
	default:
		return false;
	}
}
