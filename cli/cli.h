/* SPDX-License-Identifier: MIT */
/* What the subcommands share: exit codes, messages, and how words on the command line are read. */
#ifndef ANYRING_CLI_H
#define ANYRING_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>

/* The program's exit codes. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

struct subcommand {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

int cmd_echo(int argc, char **argv);
int cmd_load(int argc, char **argv);

/* ---- messages.c ------------------------------------------------------------------------------ */

/* "anyring NAME: " goes before each message. */
void message_name(const char *subcommand);
/* One line on stderr. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One line on stderr with the way to --help; returns EXIT_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- numbers.c ------------------------------------------------------------------------------- */

/* A whole number, or a size with k, M or G (powers of 1024), within bounds; false if it is not. */
bool parse_number(const char *word, uint64_t min, uint64_t max, uint64_t *value);
/* The same into an unsigned. */
bool parse_unsigned(const char *word, unsigned min, unsigned max, unsigned *value);
/* Seconds, with a decimal fraction, more than 0 and at most `max`. */
bool parse_seconds(const char *word, double max, double *value);

/* ---- endpoint.c ------------------------------------------------------------------------------ */

/* Where a server listens and a client connects. */
struct endpoint {
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
		struct sockaddr_un local;
	} address;
	socklen_t length;
	char name[128]; /* for people */
};

/* What --host, --port and --unix say. */
struct endpoint_words {
	const char *host;
	const char *unix_path; /* NULL: TCP */
	unsigned port;
};

#define ENDPOINT_DEFAULT                          \
	{                                         \
		.host = "127.0.0.1", .port = 1234 \
	}

/* EXIT_OK, or EXIT_USAGE after saying what is wrong. */
int endpoint_set_port(struct endpoint_words *w, const char *word);
int endpoint_set(struct endpoint *e, const struct endpoint_words *w);

/* ---- resources.c ----------------------------------------------------------------------------- */

/* Lifts the soft limit on open files to the hard one; how many there may be. */
uint64_t raise_open_files(void);
/* Milliseconds on the monotonic clock, to some milliseconds. */
uint64_t monotonic_ms(void);
/* CPU time of this process in microseconds. */
uint64_t cpu_usec(void);

#endif
