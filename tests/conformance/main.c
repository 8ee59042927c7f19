/* SPDX-License-Identifier: MIT */
/*
 * What io_uring does, promise by promise, on the engine named: each case in a process of its own.
 *
 *   conformance_test --engine kernel|user|auto [PART OF A NAME]
 */
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cases/jobs.h"
#include "conformance.h"

/* Asked by ThreadSanitizer, where there is one: a child may start the engine's threads, too. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "die_after_fork=0";
}

/* The families, in the order they are run. */
static const struct family {
	const char *name;
	const struct conformance_case *cases;
} families[] = {
	{ "setup", setup_cases },
	{ "flags", flags_cases },
	{ "nop", nop_cases },
	{ "rw", rw_cases },
	{ "stream", stream_cases },
	{ "direct", direct_cases },
	{ "fixed", fixed_cases },
	{ "select", select_cases },
	{ "file", file_cases },
	{ "path", path_cases },
	{ "names", names_cases },
	{ "xattr", xattr_cases },
	{ "splice", splice_cases },
	{ "reserved", reserved_cases },
	{ "message", message_cases },
	{ "sending", sending_cases },
	{ "waitall", waitall_cases },
	{ "msghdr", msghdr_cases },
	{ "receive", receive_cases },
	{ "bundle", bundle_cases },
	{ "zero-copy", zero_copy_cases },
	{ "socket", socket_cases },
	{ "accept", accept_cases },
	{ "buffers", buffers_cases },
	{ "buffer-ring", buffer_ring_cases },
	{ "poll", poll_cases },
	{ "epoll", epoll_cases },
	{ "link", link_cases },
	{ "drain", drain_cases },
	{ "timeout", timeout_cases },
	{ "timeout-change", timeout_change_cases },
	{ "link-timeout", link_timeout_cases },
	{ "pending", pending_cases },
	{ "cancel", cancel_cases },
	{ "wait", wait_cases },
	{ "overflow", overflow_cases },
	{ "sqpoll", sqpoll_cases },
	{ "iopoll", iopoll_cases },
	{ "thread", thread_cases },
	{ "process", process_cases },
	{ "register", register_cases },
	{ "eventfd", eventfd_cases },
	{ "setting", setting_cases },
	{ "tables", tables_cases },
	{ "restrict", restrict_cases },
	{ "pinned", pinned_cases },
	{ "child", child_cases },
	{ "entry", entry_cases },
	{ "region", region_cases },
	{ "slots", slots_cases },
	{ "behind", behind_cases },
	{ "turn", turn_cases },
	{ "between", between_cases },
	{ "futex", futex_cases },
	{ "command", command_cases },
};

/* Not /tmp, which may be memory: O_DIRECT and the like are for disks. */
static char folder[] = "/var/tmp/anyring-conformance.XXXXXX";

static void run_case(const void *subject)
{
	const struct conformance_case *c = subject;
	char own[32];

	snprintf(own, sizeof(own), "%d", (int)getpid());
	check(!chdir(folder) && !mkdir(own, 0700) && !chdir(own), "no folder for the case");
	c->run();
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

int main(int argc, char **argv)
{
	int failed;

	if (argc < 3 || strcmp(argv[1], "--engine") || !choose_engine(argv[2])) {
		fputs("usage: conformance_test --engine kernel|user|auto [PART OF A NAME]\n",
		      stderr);
		return 2;
	}
	if (!mkdtemp(folder)) {
		perror(folder);
		return 1;
	}
	jobs_filter(argc > 3 ? argv[3] : NULL);
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		for (const struct conformance_case *c = families[i].cases; c->name; c++)
			jobs_add(run_case, c, 0, "%s: %s", families[i].name, c->name);
	failed = jobs_run(argv[2]);
	nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return failed;
}
