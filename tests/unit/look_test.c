/* SPDX-License-Identifier: MIT */
/* What the library sees of the system it runs on, against what libc sees of it. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "engine/look.h"

#define ERRNO_MARK 12345
#define CONTENT	   "/var/tmp/anyring-look"
/* Any but root. */
#define NOBODY	   65534

static void expect_errno_kept(void)
{
	check(errno == ERRNO_MARK, "errno is %d", errno);
}

static void files(void)
{
	char text[100] = "", short_text[5];
	FILE *file = fopen(CONTENT, "we");
	int first;

	check(file && fputs("0123456789", file) >= 0, "no file");
	first = fileno(file);
	fclose(file);
	errno = ERRNO_MARK;
	check(look_at_file(CONTENT, text, sizeof(text)), "cannot read");
	check(!strcmp(text, "0123456789"), "it reads '%s'", text);
	check(look_at_file(CONTENT, short_text, sizeof(short_text)), "cannot read the start");
	check(!strcmp(short_text, "0123"), "the start is '%s'", short_text);
	check(!look_at_file(CONTENT "-missing", text, sizeof(text)), "reads what is not there");
	check(!look_at_file("/", text, sizeof(text)), "reads a folder");
	check(!look_at_file("/dev/null", text, sizeof(text)), "reads nothing");
	expect_errno_kept();
	unlink(CONTENT);
	check(open("/", O_PATH) == first, "a descriptor is left open");
}

static void release(void)
{
	struct utsname uts;
	char text[70], short_text[4];

	check(!uname(&uts), "uname: %s", strerror(errno));
	errno = ERRNO_MARK;
	look_at_release(text, sizeof(text));
	look_at_release(short_text, sizeof(short_text));
	expect_errno_kept();
	check(!strcmp(text, uts.release), "'%s'", text);
	check(!strncmp(short_text, uts.release, 3) && !short_text[3], "'%s'", short_text);
}

static void memlock(void)
{
	struct rlimit limit;
	unsigned long long bytes = 0;

	check(!getrlimit(RLIMIT_MEMLOCK, &limit), "no limit");
	limit.rlim_cur = 12 * 1024;
	check(!setrlimit(RLIMIT_MEMLOCK, &limit), "it cannot be set");
	errno = ERRNO_MARK;
	check(look_at_memlock(&bytes) && bytes == 12 * 1024, "%llu", bytes);
	expect_errno_kept();
}

static void no_memlock(void)
{
	static const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	unsigned long long bytes = 0;

	if (setrlimit(RLIMIT_MEMLOCK, &none))
		case_skip("lifting a limit takes CAP_SYS_RESOURCE");
	check(!look_at_memlock(&bytes), "no limit is one of %llu", bytes);
}

static void exempt(void)
{
	if (geteuid())
		case_skip("needs root");
	errno = ERRNO_MARK;
	check(look_exempt_from_memlock(), "root is not exempt");
	check(!setuid(NOBODY), "cannot become another: %s", strerror(errno));
	errno = ERRNO_MARK;
	check(!look_exempt_from_memlock(), "anybody is exempt");
	expect_errno_kept();
}

/* There root has CAP_IPC_LOCK, and the limit applies all the same. */
static void root_of_a_namespace(void)
{
	if (unshare(CLONE_NEWUSER))
		case_skip("no user namespaces");
	check(!look_exempt_from_memlock(), "exempt");
}

static const struct test_case cases[] = {
	{ "files", .run = files },
	{ "the kernel's release", .run = release },
	{ "the limit on locked memory", .run = memlock },
	{ "no limit on locked memory", .run = no_memlock },
	{ "who is exempt from it", .run = exempt },
	{ "root of a user namespace is not", .run = root_of_a_namespace },
	{ 0 },
};

int main(int argc, char **argv)
{
	return jobs_main(argc, argv, "look", cases);
}
