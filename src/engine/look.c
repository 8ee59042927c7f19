/* SPDX-License-Identifier: MIT */
/* See look.h. */
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "engine/look.h"
#include "engine/syscall.h"

/* The initial user namespace, as /proc has it on every Linux. */
#define INITIAL_NAMESPACE "user:[4026531837]"

bool look_at_file(const char *path, char *text, size_t size)
{
	int fd = (int)syscall6(__NR_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
	long n;

	if (fd < 0)
		return false;
	n = syscall6(__NR_read, fd, (long)text, (long)size - 1, 0, 0, 0);
	syscall6(__NR_close, fd, 0, 0, 0, 0, 0);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return true;
}

void look_at_release(char *text, size_t size)
{
	struct utsname uts;

	memset(&uts, 0, sizeof(uts));
	syscall6(__NR_uname, (long)&uts, 0, 0, 0, 0, 0);
	*text = '\0';
	strncat(text, uts.release, size - 1);
}

bool look_at_memlock(unsigned long long *limit)
{
	struct rlimit64 now;

	if (syscall6(__NR_prlimit64, 0, RLIMIT_MEMLOCK, 0, (long)&now, 0, 0) < 0)
		return false;
	*limit = now.rlim_cur;
	return now.rlim_cur != RLIM64_INFINITY;
}

bool look_exempt_from_memlock(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2] = { 0 };
	char name[sizeof(INITIAL_NAMESPACE) + 1] = "";

	if (syscall6(__NR_capget, (long)&header, (long)caps, 0, 0, 0, 0) < 0)
		return false;
	if (!(caps[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK)))
		return false;
	syscall6(__NR_readlinkat, AT_FDCWD, (long)"/proc/self/ns/user", (long)name,
		 sizeof(name) - 1, 0, 0);
	/* Without /proc nobody can tell: then it is taken at its word. */
	return !*name || !strcmp(name, INITIAL_NAMESPACE);
}
