/* SPDX-License-Identifier: MIT */
/* The command line of `anyring echo`. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "echo/echo.h"

static const struct echo_server servers[] = {
	{ .name = "blocking",
	  .summary = "accept, read, write, close: one client at a time",
	  .run = serve_blocking,
	  .signal_driven = true },
	{ .name = "epoll", .summary = "edge-triggered readiness, one thread", .run = serve_epoll },
	{ .name = "ring-basic",
	  .summary = "io_uring, one submit an operation",
	  .run = serve_ring_basic,
	  .uses_ring = true },
	{ .name = "ring-batch",
	  .summary = "the same, all completions drained and submitted together",
	  .run = serve_ring_batch,
	  .uses_ring = true },
	{ .name = "ring",
	  .summary = "the best this kernel allows (default)",
	  .run = serve_ring,
	  .uses_ring = true,
	  .takes_parts = true },
};

#define SERVERS (sizeof(servers) / sizeof(servers[0]))

static const struct {
	const char *name;
	unsigned parts;
} part_names[] = {
	{ "defer-taskrun", PART_DEFER_TASKRUN },
	{ "single-issuer", PART_SINGLE_ISSUER },
	{ "registered-ring", PART_REGISTERED_RING },
	{ "buffer-ring", PART_BUFFER_RING },
	{ "multishot-accept", PART_MULTISHOT_ACCEPT },
	{ "multishot-recv", PART_MULTISHOT_RECV },
	{ "multishot", PART_MULTISHOT },
	{ "bundle", PART_BUNDLE },
	{ "fixed", PART_DIRECT },
	{ "batch", PART_BATCH },
	{ "min-wait", PART_MIN_WAIT },
};

#define PART_NAMES (sizeof(part_names) / sizeof(part_names[0]))

/* Long options without a letter. */
enum {
	OPT_UNIX = 256,
	OPT_SERVER,
	OPT_BUFFER_SIZE,
	OPT_MAX_CONNS,
	OPT_IDLE,
	OPT_WITHOUT,
	OPT_ENGINE,
	OPT_JSON
};

static const struct option long_options[] = {
	{ "port", required_argument, NULL, 'p' },
	{ "host", required_argument, NULL, 'H' },
	{ "unix", required_argument, NULL, OPT_UNIX },
	{ "server", required_argument, NULL, OPT_SERVER },
	{ "threads", required_argument, NULL, 't' },
	{ "engine", required_argument, NULL, OPT_ENGINE },
	{ "async", no_argument, NULL, 'a' },
	{ "batch", optional_argument, NULL, 'b' },
	{ "fixed", optional_argument, NULL, 'f' },
	{ "multishot", optional_argument, NULL, 'm' },
	{ "sqpoll", no_argument, NULL, 's' },
	{ "wait", required_argument, NULL, 'w' },
	{ "without", required_argument, NULL, OPT_WITHOUT },
	{ "debug", no_argument, NULL, 'd' },
	{ "buffer-size", required_argument, NULL, OPT_BUFFER_SIZE },
	{ "max-conns", required_argument, NULL, OPT_MAX_CONNS },
	{ "idle-timeout", required_argument, NULL, OPT_IDLE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void print_help(void)
{
	puts("usage: anyring echo [OPTIONS]\n"
	     "\n"
	     "A server that sends back every byte it receives.\n"
	     "\n"
	     "  -p, --port PORT          TCP port (1234)\n"
	     "  -H, --host ADDR          numeric IPv4 or IPv6 address (127.0.0.1)\n"
	     "      --unix PATH          a UNIX socket instead\n"
	     "      --server NAME        which server:");
	for (size_t i = 0; i < SERVERS; i++)
		printf("                             %-11s %s\n", servers[i].name,
		       servers[i].summary);
	puts("  -t, --threads N          threads, each with its own listener and ring (1)\n"
	     "      --buffer-size N      bytes a receive takes at most (4k)\n"
	     "      --max-conns N        connections held by a thread at once (what the limit on\n"
	     "                           open files allows)\n"
	     "      --idle-timeout S     close connections on which nothing is received, and no\n"
	     "                           send completes, for S seconds\n"
	     "      --json               counters as JSON\n"
	     "  -d, --debug              tell of connections; twice: of each completion\n"
	     "  -h, --help\n"
	     "\n"
	     "For the ring servers:\n"
	     "      --engine NAME        who serves the rings: auto, kernel, or user, which does\n"
	     "                           without io_uring (auto: user where the kernel refuses)\n"
	     "  -a, --async              let a kernel worker do each operation (IOSQE_ASYNC)\n"
	     "  -s, --sqpoll             let a kernel thread poll for submissions\n"
	     "For --server ring, whose parts are on wherever the kernel has them:\n"
	     "  -b, --batch[=off]        drain all completions, then submit together\n"
	     "  -f, --fixed[=off]        direct descriptors\n"
	     "  -m, --multishot[=off]    multishot accept and receive\n"
	     "  -w, --wait N:USEC        wait for N completions, but for USEC microseconds at "
	     "most\n"
	     "                           once there is one (default: as the load demands)\n"
	     "      --without PART,...   as on a kernel without PART:");
	for (size_t i = 0; i < PART_NAMES; i++)
		printf("%s%s%s", i % 5 ? " " : "                             ", part_names[i].name,
		       i % 5 == 4 || i == PART_NAMES - 1 ? "\n" : "");
	puts("\nSIGINT and SIGTERM finish what is in flight, print the counters and end; SIGUSR1\n"
	     "prints them and goes on. For example:\n"
	     "  anyring echo --server epoll -p 5000\n"
	     "  anyring echo --wait 64:200");
}

static const struct echo_server *find_server(const char *name)
{
	for (size_t i = 0; i < SERVERS; i++)
		if (!strcmp(name, servers[i].name))
			return &servers[i];
	return NULL;
}

static int no_such_server(const char *name)
{
	char names[100] = "";

	for (size_t i = 0; i < SERVERS; i++) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
			 servers[i].name);
	}
	return usage_error("no server '%s'; there are %s", name, names);
}

static bool parse_onoff(const char *word, unsigned part, unsigned *parts)
{
	if (!word || !strcmp(word, "on")) {
		*parts |= part;
		return true;
	}
	*parts &= ~part;
	return !strcmp(word, "off");
}

/* NULL, or the name that is no part's. */
static const char *parse_without(char *list, unsigned *parts)
{
	char *rest = list, *word;

	while ((word = strsep(&rest, ","))) {
		size_t i = 0;

		while (i < PART_NAMES && strcmp(word, part_names[i].name))
			i++;
		if (i == PART_NAMES)
			return word;
		*parts &= ~part_names[i].parts;
	}
	return NULL;
}

static bool parse_wait(char *word, struct echo_options *o)
{
	char *colon = strchr(word, ':');
	uint64_t nr, usec;

	if (!colon)
		return false;
	*colon = '\0';
	if (!parse_number(word, 1, 65536, &nr) || !parse_number(colon + 1, 1, 1000000, &usec))
		return false;
	o->wait_nr = (unsigned)nr;
	o->wait_usec = (unsigned)usec;
	return true;
}

/* What the words say before they are judged together. */
struct words {
	struct endpoint_words endpoint;
	const char *ring_only;	/* an option that only ring servers take */
	const char *parts_only; /* an option that only --server ring takes */
};

static int parse_one(int c, struct echo_options *o, struct words *w)
{
	const char *unknown;

	switch (c) {
	case 'p':
		return endpoint_set_port(&w->endpoint, optarg);
	case 'H':
		w->endpoint.host = optarg;
		break;
	case OPT_UNIX:
		w->endpoint.unix_path = optarg;
		break;
	case OPT_SERVER:
		o->server = find_server(optarg);
		if (!o->server)
			return no_such_server(optarg);
		break;
	case 't':
		if (!parse_unsigned(optarg, 1, ECHO_MAX_THREADS, &o->threads))
			return usage_error("'%s' is no number of threads (1 to %d)", optarg,
					   ECHO_MAX_THREADS);
		break;
	case OPT_ENGINE:
		w->ring_only = "--engine";
		return engine_set(optarg);
	case 'a':
		o->async = true;
		w->ring_only = "--async";
		break;
	case 's':
		o->sqpoll = true;
		w->ring_only = "--sqpoll";
		break;
	case 'b':
		w->parts_only = "--batch";
		if (!parse_onoff(optarg, PART_BATCH, &o->ring_parts))
			return usage_error("--batch is 'on' or 'off', not '%s'", optarg);
		break;
	case 'f':
		w->parts_only = "--fixed";
		if (!parse_onoff(optarg, PART_DIRECT, &o->ring_parts))
			return usage_error("--fixed is 'on' or 'off', not '%s'", optarg);
		break;
	case 'm':
		w->parts_only = "--multishot";
		if (!parse_onoff(optarg, PART_MULTISHOT, &o->ring_parts))
			return usage_error("--multishot is 'on' or 'off', not '%s'", optarg);
		break;
	case 'w':
		w->parts_only = "--wait";
		if (!parse_wait(optarg, o))
			return usage_error(
				"--wait takes N:USEC, up to 65536:1000000, such as 64:200");
		break;
	case OPT_WITHOUT:
		w->parts_only = "--without";
		unknown = parse_without(optarg, &o->ring_parts);
		if (unknown)
			return usage_error("--without knows no part '%s'", unknown);
		break;
	case 'd':
		o->debug++;
		break;
	case OPT_BUFFER_SIZE:
		if (!parse_unsigned(optarg, 1, ECHO_MAX_BUFFER, &o->buffer_size))
			return usage_error("'%s' is no buffer size (1 to 1M)", optarg);
		break;
	case OPT_MAX_CONNS:
		if (!parse_unsigned(optarg, 1, ECHO_MAX_CONNS, &o->max_conns))
			return usage_error("'%s' is no number of connections (1 to %d)", optarg,
					   ECHO_MAX_CONNS);
		break;
	case OPT_IDLE:
		if (!parse_seconds(optarg, 1e6, &o->idle_timeout))
			return usage_error("'%s' is no time in seconds", optarg);
		break;
	case OPT_JSON:
		o->json = true;
		break;
	default:
		return usage_error("unknown option, or one without its value: '%s'", optarg);
	}
	return EXIT_OK;
}

static int judge(struct echo_options *o, const struct words *w)
{
	if (w->ring_only && !o->server->uses_ring)
		return usage_error("%s needs a ring server, not %s", w->ring_only, o->server->name);
	if (w->parts_only && !o->server->takes_parts)
		return usage_error("%s needs --server ring, not %s", w->parts_only,
				   o->server->name);
	return endpoint_set(&o->endpoint, &w->endpoint);
}

int echo_parse_options(int argc, char **argv, struct echo_options *o, bool *done)
{
	struct words w = { .endpoint = ENDPOINT_DEFAULT };
	int c, ret;

	memset(o, 0, sizeof(*o));
	o->server = find_server("ring");
	o->threads = 1;
	o->ring_parts = PART_ALL;
	o->buffer_size = 4096;
	*done = false;
	while ((c = getopt_long(argc, argv, "p:H:t:abfmsw:dh", long_options, NULL)) != -1) {
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
