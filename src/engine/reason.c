/* SPDX-License-Identifier: MIT */
/*
 * Why io_uring is refused. Only what was seen is said: where several things could be the cause,
 * all of them are; where nothing could, that.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/look.h"
#include "engine/reason.h"

void text_add(struct text *t, const char *format, ...)
{
	size_t room = t->length < t->size ? t->size - t->length : 0;
	va_list args;
	int n, saved = errno;

	va_start(args, format);
	n = vsnprintf(room ? t->start + t->length : NULL, room, format, args);
	va_end(args);
	errno = saved;
	if (n > 0)
		t->length += (size_t)n;
}

/* Begins what is the first, or the next, of several findings. */
static const char * and (unsigned *found)
{
	return (*found)++ ? "; " : ": ";
}

/* ---- The findings: each adds to the text and counts, if there is something to say ------------ */

static void find_sysctl(struct text *t, unsigned *found)
{
	char value[16], group[16];
	int level;

	if (!look_at_file("/proc/sys/kernel/io_uring_disabled", value, sizeof(value)))
		return;
	level = atoi(value);
	if (level != 1 && level != 2)
		return;
	text_add(t, "%skernel.io_uring_disabled is %d", and(found), level);
	if (level == 2)
		return;
	if (look_at_file("/proc/sys/kernel/io_uring_group", group, sizeof(group)) &&
	    atoi(group) >= 0)
		text_add(t, " (it takes CAP_SYS_ADMIN, or group %d)", atoi(group));
	else
		text_add(t, " (it takes CAP_SYS_ADMIN)");
}

static void find_seccomp(struct text *t, unsigned *found)
{
	char status[4096];
	const char *line;

	if (!look_at_file("/proc/thread-self/status", status, sizeof(status)))
		return;
	line = strstr(status, "\nSeccomp:");
	if (line && strtol(line + strlen("\nSeccomp:"), NULL, 10) == 2)
		text_add(t, "%sa seccomp filter is in place", and(found));
}

static void find_version(struct text *t, unsigned *found)
{
	unsigned major = 0, minor = 0;
	char release[65], value[16];

	look_at_release(release, sizeof(release));
	if (sscanf(release, "%u.%u", &major, &minor) != 2)
		return;
	if (major < 5 || (major == 5 && minor < 1))
		text_add(t, "%sthis is Linux %s, and io_uring came with 5.1", and(found), release);
	/* From then on, whatever has io_uring has the sysctl. */
	else if ((major > 6 || (major == 6 && minor >= 6)) &&
		 look_at_file("/proc/sys/kernel/osrelease", value, sizeof(value)) &&
		 !look_at_file("/proc/sys/kernel/io_uring_disabled", value, sizeof(value)))
		text_add(t, "%sthis Linux %s is built without it", and(found), release);
}

static void find_label(struct text *t, unsigned *found)
{
	char label[100];

	if (!look_at_file("/proc/thread-self/attr/current", label, sizeof(label)))
		return;
	label[strcspn(label, "\n")] = '\0';
	if (*label)
		text_add(t, "%sthis process has the security label \"%s\"", and(found), label);
}

static void find_memlock(struct text *t, unsigned *found)
{
	unsigned long long limit;

	if (!look_exempt_from_memlock() && look_at_memlock(&limit))
		text_add(t, "%srings count against RLIMIT_MEMLOCK, which is %llu KiB", and(found),
			 limit / 1024);
}

/* ---- Which go with which error --------------------------------------------------------------- */

static const struct {
	int error;
	void (*find[4])(struct text *t, unsigned *found);
} findings[] = {
	{ EPERM, { find_sysctl, find_seccomp } },
	{ EACCES, { find_label, find_seccomp } },
	{ ENOSYS, { find_version, find_seccomp } },
	{ EOPNOTSUPP, { find_seccomp } },
	{ ENOMEM, { find_memlock } },
};

void reason_of_refusal(struct text *t, int ret)
{
	unsigned found = 0;
	int saved = errno;

	errno = -ret;
	text_add(t, "io_uring_setup: %m");
	errno = saved;
	for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++) {
		if (findings[i].error != -ret)
			continue;
		for (size_t j = 0; findings[i].find[j]; j++)
			findings[i].find[j](t, &found);
		if (!found)
			text_add(t, ": no cause was found");
	}
}
