/* SPDX-License-Identifier: MIT */
/*
 * Which engine a ring gets, and what is said of it. The test stands in for both engines and for the
 * system that is looked at; each case has a process, and so an environment, of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <anyring.h>
#include <liburing.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "engine/engine.h"
#include "engine/look.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* What the engines give; no errno and no real descriptor. */
enum {
	KERNEL_RING = 1000,
	USER_RING = 2000,
};

#define ERRNO_MARK 12345

struct file {
	const char *path, *text;
};

/* What the engines and the system answer, and how often they were asked. All zero: both give
 * rings. */
static struct {
	int kernel, user;		    /* -errno */
	int kernel_register, user_register; /* results */
	const struct file *files;	    /* ends with an empty one */
	const char *release;
	long long memlock; /* bytes; 0: no limit */
	bool exempt;
	unsigned kernel_setups, user_setups, kernel_registers, user_registers, looks;
} world;

__typeof__(kernel_setup) __wrap_kernel_setup;
__typeof__(user_setup) __wrap_user_setup;
__typeof__(kernel_register) __wrap_kernel_register;
__typeof__(user_register) __wrap_user_register;
__typeof__(look_at_file) __wrap_look_at_file;
__typeof__(look_at_release) __wrap_look_at_release;
__typeof__(look_at_memlock) __wrap_look_at_memlock;
__typeof__(look_exempt_from_memlock) __wrap_look_exempt_from_memlock;

int __wrap_kernel_setup(unsigned entries, struct io_uring_params *p)
{
	(void)entries;
	world.kernel_setups++;
	if (world.kernel)
		return world.kernel;
	return p ? KERNEL_RING : -EFAULT;
}

int __wrap_user_setup(unsigned entries, struct io_uring_params *p)
{
	(void)entries, (void)p;
	world.user_setups++;
	return world.user ? world.user : USER_RING;
}

int __wrap_kernel_register(unsigned fd, unsigned opcode, const void *arg, unsigned nr_args)
{
	(void)opcode, (void)arg, (void)nr_args;
	check(fd == -1U, "register on descriptor %d", (int)fd);
	world.kernel_registers++;
	return world.kernel_register;
}

int __wrap_user_register(unsigned fd, unsigned opcode, const void *arg, unsigned nr_args)
{
	(void)opcode, (void)arg, (void)nr_args;
	check(fd == -1U, "register on descriptor %d", (int)fd);
	world.user_registers++;
	return world.user_register;
}

bool __wrap_look_at_file(const char *path, char *text, size_t size)
{
	world.looks++;
	for (const struct file *f = world.files; f && f->path; f++)
		if (!strcmp(f->path, path)) {
			snprintf(text, size, "%s", f->text);
			return true;
		}
	return false;
}

void __wrap_look_at_release(char *text, size_t size)
{
	world.looks++;
	snprintf(text, size, "%s", world.release ? world.release : "6.1.0");
}

bool __wrap_look_at_memlock(unsigned long long *limit)
{
	world.looks++;
	*limit = (unsigned long long)world.memlock;
	return world.memlock;
}

bool __wrap_look_exempt_from_memlock(void)
{
	world.looks++;
	return world.exempt;
}

/* Sets up a ring, and sees that errno stays as it was. */
static int set_up(void)
{
	struct io_uring_params p = { 0 };
	int ret;

	errno = ERRNO_MARK;
	ret = io_uring_setup(8, &p);
	check(errno == ERRNO_MARK, "errno is %d", errno);
	return ret;
}

/* ---- What is said on stderr ------------------------------------------------------------------ */

static int said, real_stderr;

static void start_listening(void)
{
	fflush(stderr);
	said = memfd_create("said", MFD_CLOEXEC);
	real_stderr = dup(STDERR_FILENO);
	check(said >= 0 && dup2(said, STDERR_FILENO) >= 0, "cannot listen to stderr");
}

/* All that was said since, in memory of its own. */
static const char *stop_listening(void)
{
	static char text[4096];
	ssize_t n = pread(said, text, sizeof(text) - 1, 0);

	dup2(real_stderr, STDERR_FILENO);
	check(n >= 0, "cannot read what was said");
	text[n] = '\0';
	return text;
}

static void expect_text(const char *got, const char *want)
{
	check(!strcmp(got, want), "it says '%s', not '%s'", got, want);
}

static void expect_reason(const char *want)
{
	char text[400];
	int length;

	errno = ERRNO_MARK;
	length = anyring_reason(text, sizeof(text));
	check(errno == ERRNO_MARK, "errno is %d", errno);
	expect_text(text, want);
	check(length == (int)strlen(want), "a length of %d", length);
}

/* ---- The choice ------------------------------------------------------------------------------ */

static void kernel_first(void)
{
	check(set_up() == KERNEL_RING, "not the kernel engine's ring");
	check(!world.user_setups && !world.looks, "more was asked than the kernel");
}

static void refusals(void)
{
	static const int answers[] = { ENOSYS, EPERM, EACCES, EOPNOTSUPP };

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		world.kernel = -answers[i];
		check(set_up() == USER_RING, "not the user engine's ring on %s",
		      strerror(answers[i]));
		check(world.kernel_setups == i + 1, "the kernel was not asked");
	}
	world.kernel = 0;
	check(set_up() == KERNEL_RING, "once refused, it is never asked again");
	check(!world.looks, "it looks for reasons that nobody asked for");
}

/* Programs negotiate by some, and the others say what the user engine would say as well. */
static void other_errors(void)
{
	static const int answers[] = { EINVAL, EFAULT, EMFILE, ENFILE, EBUSY, EINTR, ENOMEM };

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		world.kernel = -answers[i];
		check(set_up() == -answers[i], "not the kernel's answer %s", strerror(answers[i]));
	}
	check(!world.user_setups, "the user engine was tried");
}

static void small_memlock(void)
{
	world.kernel = -ENOMEM;
	world.memlock = 65536;
	check(set_up() == USER_RING, "not the user engine's ring");
	world.exempt = true;
	check(set_up() == -ENOMEM, "the limit is taken for the cause, which does not apply");
	world.exempt = false;
	world.user = -ENOMEM;
	check(set_up() == -ENOMEM, "not the answer of who has no memory either");
	world.kernel = world.user = 0;
	check(set_up() == KERNEL_RING, "the kernel's ring is not taken");
}

static void kernel_only(void)
{
	check(!anyring_set_engine(ANYRING_KERNEL), "kernel cannot be set");
	check(set_up() == KERNEL_RING, "no ring");
	world.memlock = 65536;
	for (unsigned i = 0; i < 3; i++) {
		world.kernel = (const int[]){ -EPERM, -ENOSYS, -ENOMEM }[i];
		check(set_up() == world.kernel, "not the kernel's answer");
	}
	check(!world.user_setups, "the user engine was tried");
}

static void user_only(void)
{
	check(!anyring_set_engine(ANYRING_USER), "user cannot be set");
	check(set_up() == USER_RING, "no ring");
	world.user = -EMFILE;
	check(set_up() == -EMFILE, "not the user engine's answer");
	check(!world.kernel_setups, "the kernel was asked");
}

static void names(void)
{
	static const char *const all[] = { "auto", "kernel", "user" };
	enum anyring_engine engine;

	for (int i = 0; i < 3; i++) {
		expect_text(anyring_engine_name((enum anyring_engine)i), all[i]);
		check(!anyring_find_engine(all[i], &engine) && (int)engine == i, "%s is not found",
		      all[i]);
	}
	check(!anyring_engine_name((enum anyring_engine)3), "there is a fourth");
	engine = ANYRING_USER;
	check(anyring_find_engine("users", &engine) == -EINVAL && engine == ANYRING_USER,
	      "'users' is found");
	check(anyring_find_engine("", &engine) == -EINVAL, "no name is found");
	check(anyring_set_engine((enum anyring_engine)3) == -EINVAL, "a fourth can be set");
	check(anyring_set_engine((enum anyring_engine)(-1)) == -EINVAL, "-1 can be set");
	check(anyring_get_engine() == ANYRING_AUTO, "what is refused is set");
}

/* ---- The environment ------------------------------------------------------------------------- */

struct asked {
	const char *name, *value;
	enum anyring_engine engine;
	const char *said;
};

static void environment(const void *subject)
{
	const struct asked *a = subject;

	if (a->value)
		setenv("ANYRING_ENGINE", a->value, 1);
	start_listening();
	check(anyring_get_engine() == a->engine, "another engine");
	set_up();
	/* It is read once. */
	setenv("ANYRING_ENGINE", "nonsense", 1);
	check(anyring_get_engine() == a->engine, "another engine, later");
	check(set_up() == (a->engine == ANYRING_USER ? USER_RING : KERNEL_RING), "not its ring");
	expect_text(stop_listening(), a->said);
	check(!anyring_set_engine(ANYRING_USER), "cannot be set");
	check(set_up() == USER_RING, "the environment counts more than the program");
}

static const struct asked asked[] = {
	{ "without ANYRING_ENGINE", NULL, ANYRING_AUTO, "" },
	{ "an empty ANYRING_ENGINE", "", ANYRING_AUTO, "" },
	{ "ANYRING_ENGINE=auto", "auto", ANYRING_AUTO, "" },
	{ "ANYRING_ENGINE=kernel", "kernel", ANYRING_KERNEL, "" },
	{ "ANYRING_ENGINE=user", "user", ANYRING_USER, "" },
	{ "a wrong ANYRING_ENGINE", "User", ANYRING_AUTO,
	  "anyring: ANYRING_ENGINE is 'User', not auto, kernel or user: auto is taken\n" },
};

static void set_before_environment(void)
{
	setenv("ANYRING_ENGINE", "nonsense", 1);
	start_listening();
	anyring_set_engine(ANYRING_AUTO);
	check(set_up() == KERNEL_RING, "not the kernel's ring");
	expect_text(stop_listening(), "");
}

/* ---- Reasons --------------------------------------------------------------------------------- */

#define SYSCTL	"/proc/sys/kernel/io_uring_disabled"
#define GROUP	"/proc/sys/kernel/io_uring_group"
#define STATUS	"/proc/thread-self/status"
#define LABEL	"/proc/thread-self/attr/current"
#define RELEASE "/proc/sys/kernel/osrelease"

#define FILTERED   "Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t1\n"
#define UNFILTERED "Name:\tx\nSeccomp:\t0\nSeccomp_filters:\t0\n"

struct refusal {
	const char *name;
	int error;
	struct file files[4];
	const char *release;
	long long memlock;
	bool exempt;
	const char *reason; /* after "io_uring_setup: " */
};

static const struct refusal reasons[] = {
	{ .name = "a seccomp filter",
	  .error = EPERM,
	  .files = { { STATUS, FILTERED }, { SYSCTL, "0\n" } },
	  .reason = "Operation not permitted: a seccomp filter is in place" },
	{ .name = "the sysctl",
	  .error = EPERM,
	  .files = { { STATUS, UNFILTERED }, { SYSCTL, "2\n" } },
	  .reason = "Operation not permitted: kernel.io_uring_disabled is 2" },
	{ .name = "the sysctl, and a seccomp filter",
	  .error = EPERM,
	  .files = { { STATUS, FILTERED }, { SYSCTL, "2\n" } },
	  .reason =
		  "Operation not permitted: kernel.io_uring_disabled is 2; a seccomp filter is in "
		  "place" },
	{ .name = "the sysctl that lets a group",
	  .error = EPERM,
	  .files = { { STATUS, UNFILTERED }, { SYSCTL, "1\n" }, { GROUP, "998\n" } },
	  .reason = "Operation not permitted: kernel.io_uring_disabled is 1 (it takes "
		    "CAP_SYS_ADMIN, or group 998)" },
	{ .name = "the sysctl that lets no group",
	  .error = EPERM,
	  .files = { { STATUS, UNFILTERED }, { SYSCTL, "1\n" }, { GROUP, "-1\n" } },
	  .reason = "Operation not permitted: kernel.io_uring_disabled is 1 (it takes "
		    "CAP_SYS_ADMIN)" },
	{ .name = "EPERM from nowhere",
	  .error = EPERM,
	  .files = { { STATUS, UNFILTERED }, { SYSCTL, "0\n" } },
	  .reason = "Operation not permitted: no cause was found" },
	{ .name = "EPERM without /proc",
	  .error = EPERM,
	  .reason = "Operation not permitted: no cause was found" },
	{ .name = "an old kernel",
	  .error = ENOSYS,
	  .files = { { STATUS, UNFILTERED } },
	  .release = "5.0.21-generic",
	  .reason = "Function not implemented: this is Linux 5.0.21-generic, and io_uring came "
		    "with 5.1" },
	{ .name = "a very old kernel",
	  .error = ENOSYS,
	  .release = "4.19.0",
	  .reason = "Function not implemented: this is Linux 4.19.0, and io_uring came with 5.1" },
	{ .name = "a filter that hides the call",
	  .error = ENOSYS,
	  .files = { { STATUS, FILTERED }, { SYSCTL, "0\n" }, { RELEASE, "6.6.1\n" } },
	  .release = "6.6.1",
	  .reason = "Function not implemented: a seccomp filter is in place" },
	{ .name = "a kernel built without",
	  .error = ENOSYS,
	  .files = { { STATUS, UNFILTERED }, { RELEASE, "6.6.1\n" } },
	  .release = "6.6.1",
	  .reason = "Function not implemented: this Linux 6.6.1 is built without it" },
	{ .name = "a kernel before the sysctl",
	  .error = ENOSYS,
	  .files = { { STATUS, UNFILTERED }, { RELEASE, "6.5.9\n" } },
	  .release = "6.5.9",
	  .reason = "Function not implemented: no cause was found" },
	{ .name = "ENOSYS without /proc",
	  .error = ENOSYS,
	  .release = "6.12.0",
	  .reason = "Function not implemented: no cause was found" },
	{ .name = "a release that is none",
	  .error = ENOSYS,
	  .release = "rolling",
	  .reason = "Function not implemented: no cause was found" },
	{ .name = "a security module",
	  .error = EACCES,
	  .files = { { STATUS, UNFILTERED }, { LABEL, "system_u:system_r:httpd_t:s0\n" } },
	  .reason = "Permission denied: this process has the security label "
		    "\"system_u:system_r:httpd_t:s0\"" },
	{ .name = "EACCES without a label",
	  .error = EACCES,
	  .files = { { STATUS, FILTERED }, { LABEL, "\n" } },
	  .reason = "Permission denied: a seccomp filter is in place" },
	{ .name = "EOPNOTSUPP",
	  .error = EOPNOTSUPP,
	  .files = { { STATUS, FILTERED } },
	  .reason = "Operation not supported: a seccomp filter is in place" },
	{ .name = "RLIMIT_MEMLOCK",
	  .error = ENOMEM,
	  .memlock = 64 * 1024,
	  .reason = "Cannot allocate memory: rings count against RLIMIT_MEMLOCK, which is 64 KiB" },
};

static void look_as(const struct refusal *r)
{
	world.kernel = -r->error;
	world.files = r->files;
	world.release = r->release;
	world.memlock = r->memlock;
	world.exempt = r->exempt;
}

static void reason(const void *subject)
{
	const struct refusal *r = subject;
	char want[300];

	look_as(r);
	check(set_up() == USER_RING, "not the user engine's ring");
	snprintf(want, sizeof(want), "io_uring_setup: %s", r->reason);
	expect_reason(want);
	anyring_set_engine(ANYRING_KERNEL);
	check(set_up() == -r->error, "not the kernel's answer");
	snprintf(want, sizeof(want), "io_uring_setup: %s; the program asks for the kernel engine",
		 r->reason);
	expect_reason(want);
}

static void reasons_without_refusal(void)
{
	expect_reason("no ring was set up yet");
	set_up();
	expect_reason("io_uring is allowed here");
	world.kernel = -EMFILE;
	set_up();
	expect_reason("io_uring_setup: Too many open files");
	world.kernel = 0;
	anyring_set_engine(ANYRING_KERNEL);
	set_up();
	expect_reason("the program asks for the kernel engine");
	anyring_set_engine(ANYRING_USER);
	set_up();
	expect_reason("the program asks for the user engine");
}

static void reason_of_environment(void)
{
	setenv("ANYRING_ENGINE", "user", 1);
	set_up();
	expect_reason("ANYRING_ENGINE asks for the user engine");
}

static void short_reasons(void)
{
	const char *whole = "io_uring is allowed here";
	char text[40];

	set_up();
	for (size_t size = 0; size < sizeof(text); size++) {
		memset(text, '#', sizeof(text));
		check(anyring_reason(text, size) == (int)strlen(whole), "not the whole length");
		if (size)
			check(strlen(text) == (size > strlen(whole) ? strlen(whole) : size - 1) &&
				      !strncmp(text, whole, strlen(text)),
			      "'%s' in %zu bytes", text, size);
		check(text[size] == '#', "%zu bytes are not enough", size);
	}
	check(anyring_reason(NULL, 0) == (int)strlen(whole), "no length without room");
}

/* ---- ANYRING_LOG ----------------------------------------------------------------------------- */

static void log_once(void)
{
	setenv("ANYRING_LOG", "1", 1);
	look_as(&reasons[0]);
	start_listening();
	for (unsigned i = 0; i < 3; i++)
		set_up();
	world.kernel = 0;
	for (unsigned i = 0; i < 3; i++)
		set_up();
	expect_text(stop_listening(),
		    "anyring: user engine: io_uring_setup: Operation not permitted: a seccomp "
		    "filter is in place\n"
		    "anyring: kernel engine: io_uring is allowed here\n");
}

static void log_of_kernel_refused(void)
{
	setenv("ANYRING_LOG", "1", 1);
	setenv("ANYRING_ENGINE", "kernel", 1);
	look_as(&reasons[1]);
	start_listening();
	set_up();
	set_up();
	expect_text(stop_listening(),
		    "anyring: kernel engine: io_uring_setup: Operation not permitted: "
		    "kernel.io_uring_disabled is 2; ANYRING_ENGINE asks for the kernel engine\n");
}

/* What a program negotiates by is no news. */
static void log_of_no_ring(void)
{
	setenv("ANYRING_LOG", "1", 1);
	world.kernel = -EINVAL;
	start_listening();
	set_up();
	expect_text(stop_listening(), "");
	world.kernel = 0;
	start_listening();
	set_up();
	expect_text(stop_listening(), "anyring: kernel engine: io_uring is allowed here\n");
}

static void no_log(void)
{
	static const char *const values[] = { "", "0", "yes" };

	look_as(&reasons[0]);
	start_listening();
	set_up();
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		setenv("ANYRING_LOG", values[i], 1);
		set_up();
	}
	expect_text(stop_listening(), "");
	check(!world.looks, "it looks for reasons that nobody asked for");
}

/* ---- Register calls about no ring ------------------------------------------------------------ */

static void expect_blind(int want, unsigned kernel, unsigned user)
{
	struct io_uring_sqe sqe = { 0 };

	world.kernel_registers = world.user_registers = 0;
	errno = ERRNO_MARK;
	check(io_uring_register_sync_msg(&sqe) == want, "not %d", want);
	check(world.kernel_registers == kernel && world.user_registers == user,
	      "%u calls of the kernel engine and %u of the user engine", world.kernel_registers,
	      world.user_registers);
	check(io_uring_register(-1U, IORING_REGISTER_SEND_MSG_RING, &sqe, 1) == want,
	      "the plain call differs");
	check(errno == ERRNO_MARK, "errno is %d", errno);
}

static void blind_calls(void)
{
	world.kernel_register = 5;
	world.user_register = 6;
	expect_blind(5, 1, 0);
	world.kernel = -EPERM;
	expect_blind(6, 0, 1);
	world.kernel = 0;
	anyring_set_engine(ANYRING_USER);
	expect_blind(6, 0, 1);
	anyring_set_engine(ANYRING_KERNEL);
	world.kernel = -EPERM;
	world.kernel_register = -EPERM;
	expect_blind(-EPERM, 1, 0);
}

/* The target of a message may be a ring of the other engine. */
static void blind_messages(void)
{
	world.kernel_register = -EBADFD;
	world.user_register = 6;
	expect_blind(6, 1, 1);
	world.user_register = -EBADFD;
	expect_blind(-EBADFD, 1, 1);
	world.user_register = -EBADF;
	expect_blind(-EBADFD, 1, 1);
	world.user_register = -EBADFD;
	world.kernel_register = 5;
	anyring_set_engine(ANYRING_USER);
	expect_blind(5, 1, 1);
	world.kernel_register = -EPERM;
	expect_blind(-EBADFD, 1, 1);
}

/* ---- All of them ----------------------------------------------------------------------------- */

static const struct test_case cases[] = {
	{ "auto takes the kernel engine", .run = kernel_first },
	{ "auto takes the user engine where io_uring is refused", .run = refusals },
	{ "other errors are the kernel's answer", .run = other_errors },
	{ "auto takes the user engine where RLIMIT_MEMLOCK is small", .run = small_memlock },
	{ "kernel takes no other", .run = kernel_only },
	{ "user asks no kernel", .run = user_only },
	{ "names of engines", .run = names },
	{ "what is set counts more than the environment", .run = set_before_environment },
	{ "reasons without a refusal", .run = reasons_without_refusal },
	{ "the environment as a reason", .run = reason_of_environment },
	{ "reasons in little room", .run = short_reasons },
	{ "ANYRING_LOG tells once an engine", .run = log_once },
	{ "ANYRING_LOG tells of a refusal", .run = log_of_kernel_refused },
	{ "ANYRING_LOG tells of rings only", .run = log_of_no_ring },
	{ "without ANYRING_LOG nothing is said", .run = no_log },
	{ "register calls without a ring", .run = blind_calls },
	{ "messages to rings of the other engine", .run = blind_messages },
	{ 0 },
};

int main(void)
{
	unsetenv("ANYRING_ENGINE");
	unsetenv("ANYRING_LOG");
	jobs_add_cases("choose", cases);
	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		jobs_add(environment, &asked[i], 0, "%s", asked[i].name);
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		jobs_add(reason, &reasons[i], 0, "reason: %s", reasons[i].name);
	return jobs_run("choose");
}
