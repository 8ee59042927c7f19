/* SPDX-License-Identifier: MIT */
/* When the kernel gives no ring: why, in words, and what to do. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "ring_refused.h"

/* kernel.io_uring_disabled (since Linux 6.6): '0', '1' or '2'; 0 if it cannot be read. */
static char sysctl_disabled(void)
{
	int fd = open("/proc/sys/kernel/io_uring_disabled", O_RDONLY | O_CLOEXEC);
	char value = 0;

	if (fd < 0)
		return 0;
	if (read(fd, &value, 1) != 1)
		value = 0;
	close(fd);
	return value;
}

static const char *cause(int error)
{
	char sysctl;

	switch (error) {
	case EPERM:
		sysctl = sysctl_disabled();
		if (sysctl == '1' || sysctl == '2')
			return "the sysctl kernel.io_uring_disabled refuses it; set it to 0";
		return "a seccomp filter, as container runtimes have, refuses it; allow "
		       "io_uring_setup, io_uring_enter and io_uring_register";
	case ENOSYS:
		return "this kernel is older than 5.1, built without it, or filtered";
	case ENOMEM:
		return "not enough memory, or RLIMIT_MEMLOCK is too low; raise 'ulimit -l'";
	case EMFILE:
		return "too many open files; raise 'ulimit -n'";
	default:
		return "this kernel lacks something it needs";
	}
}

int ring_refused(int error, const char *instead)
{
	static bool said;

	/* Relaxed: of many threads any one may say it, once. */
	if (__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		return EXIT_FAILED;
	say("cannot set up io_uring: %s: %s%s%s", strerror(-error), cause(-error),
	    instead ? "; or " : "", instead ? instead : "");
	return EXIT_FAILED;
}
