/* SPDX-License-Identifier: MIT */
/* Where a server listens and a client connects. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static bool set_unix(struct endpoint *e, const char *path)
{
	struct sockaddr_un *un = &e->address.local;

	if (!*path || strlen(path) >= sizeof(un->sun_path))
		return false;
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	e->length = sizeof(*un);
	snprintf(e->name, sizeof(e->name), "%s", path);
	return true;
}

static bool set_ip(struct endpoint *e, const char *host, unsigned port)
{
	if (inet_pton(AF_INET, host, &e->address.ip4.sin_addr) == 1) {
		e->address.ip4.sin_family = AF_INET;
		e->address.ip4.sin_port = htons((uint16_t)port);
		e->length = sizeof(e->address.ip4);
		snprintf(e->name, sizeof(e->name), "%s:%u", host, port);
		return true;
	}
	if (inet_pton(AF_INET6, host, &e->address.ip6.sin6_addr) == 1) {
		e->address.ip6.sin6_family = AF_INET6;
		e->address.ip6.sin6_port = htons((uint16_t)port);
		e->length = sizeof(e->address.ip6);
		snprintf(e->name, sizeof(e->name), "[%s]:%u", host, port);
		return true;
	}
	return false;
}

int endpoint_set_port(struct endpoint_words *w, const char *word)
{
	if (!parse_unsigned(word, 1, 65535, &w->port))
		return usage_error("'%s' is no port (1 to 65535)", word);
	return EXIT_OK;
}

int endpoint_set(struct endpoint *e, const struct endpoint_words *w)
{
	memset(e, 0, sizeof(*e));
	if (w->unix_path) {
		if (!set_unix(e, w->unix_path))
			return usage_error("the path of a UNIX socket has 1 to 107 bytes");
	} else if (!set_ip(e, w->host, w->port)) {
		return usage_error("'%s' is no numeric IPv4 or IPv6 address", w->host);
	}
	return EXIT_OK;
}
