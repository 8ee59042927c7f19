/* SPDX-License-Identifier: MIT */
/* The command line of `anyring load`. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "load/load.h"

enum {
	OPT_UNIX = 256,
	OPT_DEPTH,
	OPT_ONCE,
	OPT_IDLE,
	OPT_ENGINE,
	OPT_JSON
};

static const struct option long_options[] = {
	{ "host", required_argument, NULL, 'H' },
	{ "port", required_argument, NULL, 'p' },
	{ "unix", required_argument, NULL, OPT_UNIX },
	{ "conns", required_argument, NULL, 'c' },
	{ "size", required_argument, NULL, 's' },
	{ "time", required_argument, NULL, 'T' },
	{ "messages", required_argument, NULL, 'n' },
	{ "depth", required_argument, NULL, OPT_DEPTH },
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "idle", required_argument, NULL, OPT_IDLE },
	{ "engine", required_argument, NULL, OPT_ENGINE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void print_help(void)
{
	puts("usage: anyring load [OPTIONS]\n"
	     "\n"
	     "Loads an echo server, checks every byte that comes back, and tells how fast it was.\n"
	     "\n"
	     "  -H, --host ADDR      numeric IPv4 or IPv6 address (127.0.0.1)\n"
	     "  -p, --port PORT      TCP port (1234)\n"
	     "      --unix PATH      a UNIX socket instead\n"
	     "  -c, --conns N        connections at a time (50)\n"
	     "  -s, --size BYTES     size of a message (128)\n"
	     "  -T, --time SECONDS   how long (3)\n"
	     "  -n, --messages N     or how many messages in all\n"
	     "      --depth N        messages in flight on each connection (1)\n"
	     "      --once           each connection sends one message, reads it back and closes\n"
	     "                       (1000 messages, if neither -T nor -n says otherwise)\n"
	     "      --idle N         this many more connections, open and silent\n"
	     "      --engine NAME    who serves the ring: auto, kernel, or user, which does "
	     "without\n"
	     "                       io_uring (auto: user where the kernel refuses)\n"
	     "      --json           results as JSON\n"
	     "  -h, --help\n"
	     "\n"
	     "Exit status: 1 if there was any error or mismatch. For example:\n"
	     "  anyring load -c 500 -s 512 -T 3\n"
	     "  anyring load --once -n 1000");
}

static int parse_one(int c, struct load_options *o, struct endpoint_words *w)
{
	switch (c) {
	case 'H':
		w->host = optarg;
		break;
	case 'p':
		return endpoint_set_port(w, optarg);
	case OPT_UNIX:
		w->unix_path = optarg;
		break;
	case 'c':
		if (!parse_unsigned(optarg, 1, LOAD_MAX_CONNS, &o->conns))
			return usage_error("'%s' is no number of connections (1 to %d)", optarg,
					   LOAD_MAX_CONNS);
		break;
	case 's':
		if (!parse_unsigned(optarg, 1, LOAD_MAX_MESSAGE, &o->size))
			return usage_error("'%s' is no message size (1 to 64M)", optarg);
		break;
	case 'T':
		if (!parse_seconds(optarg, 1e6, &o->seconds))
			return usage_error("'%s' is no time in seconds", optarg);
		break;
	case 'n':
		if (!parse_number(optarg, 1, UINT64_MAX / 2, &o->messages))
			return usage_error("'%s' is no number of messages", optarg);
		break;
	case OPT_DEPTH:
		if (!parse_unsigned(optarg, 1, LOAD_MAX_DEPTH, &o->depth))
			return usage_error("'%s' is no depth (1 to %d)", optarg, LOAD_MAX_DEPTH);
		break;
	case OPT_ONCE:
		o->once = true;
		break;
	case OPT_IDLE:
		if (!parse_unsigned(optarg, 0, LOAD_MAX_CONNS, &o->idle_conns))
			return usage_error("'%s' is no number of connections (0 to %d)", optarg,
					   LOAD_MAX_CONNS);
		break;
	case OPT_ENGINE:
		return engine_set(optarg);
	case OPT_JSON:
		o->json = true;
		break;
	default:
		return usage_error("unknown option, or one without its value: '%s'", optarg);
	}
	return EXIT_OK;
}

static int judge(struct load_options *o, const struct endpoint_words *w)
{
	if (o->seconds != 0 && o->messages)
		return usage_error("choose one of --time and --messages");
	if (o->once && o->depth > 1)
		return usage_error("--once sends one message a connection: no --depth");
	if (o->once && o->idle_conns)
		return usage_error("--idle goes with connections that stay, not with --once");
	if (!o->messages && o->seconds == 0) {
		if (o->once)
			o->messages = 1000;
		else
			o->seconds = 3;
	}
	return endpoint_set(&o->endpoint, w);
}

int load_parse_options(int argc, char **argv, struct load_options *o, bool *done)
{
	struct endpoint_words w = ENDPOINT_DEFAULT;
	int c, ret;

	memset(o, 0, sizeof(*o));
	o->conns = 50;
	o->size = 128;
	o->depth = 1;
	*done = false;
	while ((c = getopt_long(argc, argv, "H:p:c:s:T:n:h", long_options, NULL)) != -1) {
		if (c == 'h') {
			print_help();
			*done = true;
			return EXIT_OK;
		}
		if (c == '?')
			optarg = argv[optind - 1];
		ret = parse_one(c, o, &w);
		if (ret)
			return ret;
	}
	if (optind < argc)
		return usage_error("nothing expected after the options, but '%s'", argv[optind]);
	return judge(o, &w);
}
