/* SPDX-License-Identifier: MIT */
/* Which engine a ring gets. */
#include <stdlib.h>
#include <string.h>

#include "anyring.h"
#include "api.h"
#include "engine/engine.h"
#include "engine/look.h"
#include "engine/reason.h"
#include "engine/syscall.h"

/* Longer than any line that is said. */
#define LINE_MAX_BYTES 512

static const char *const names[] = {
	[ANYRING_AUTO] = "auto",
	[ANYRING_KERNEL] = "kernel",
	[ANYRING_USER] = "user",
};

#define ENGINES (sizeof(names) / sizeof(names[0]))

/* What was asked for: an enum anyring_engine, and by whom. */
enum {
	ASKED_ENGINE = 0xff,
	ASKED_BY_CALL = 1 << 8,
	ASKED_BY_ENVIRONMENT = 1 << 9,
	ASKED_YET = 1 << 10, /* 0: neither has the program said, nor was the environment read */
};

/* It guards nothing else, so relaxed accesses are enough; the same for the other two. */
static unsigned asked;

/* How the last set-up went: what was asked for in the low half, and above it the kernel engine's
 * answer, 0 if it was not tried, or gave a ring. 0: there was none. */
static unsigned long long last;

/* Bit N: ANYRING_LOG has told of engine N, or has nothing to tell. */
static unsigned told;

API const char *anyring_engine_name(enum anyring_engine engine)
{
	return (unsigned)engine < ENGINES ? names[engine] : NULL;
}

API int anyring_find_engine(const char *name, enum anyring_engine *engine)
{
	for (unsigned i = 0; i < ENGINES; i++)
		if (!strcmp(name, names[i])) {
			*engine = (enum anyring_engine)i;
			return 0;
		}
	return -EINVAL;
}

/* One line on stderr, in one write. */
static void say(struct text *line)
{
	size_t length = line->length < line->size - 1 ? line->length : line->size - 2;

	line->start[length] = '\n';
	syscall6(__NR_write, STDERR_FILENO, (long)line->start, (long)length + 1, 0, 0, 0);
}

/* ---- What is asked for ----------------------------------------------------------------------- */

static void say_unknown(const char *value)
{
	char buffer[LINE_MAX_BYTES];
	struct text line = { .start = buffer, .size = sizeof(buffer) };

	text_add(&line,
		 "anyring: ANYRING_ENGINE is '%.100s', not auto, kernel or user: auto is taken",
		 value);
	say(&line);
}

static unsigned read_environment(void)
{
	const char *value = secure_getenv("ANYRING_ENGINE");
	enum anyring_engine engine = ANYRING_AUTO;

	if (!value || !*value)
		return ASKED_YET | ANYRING_AUTO;
	if (!anyring_find_engine(value, &engine))
		return ASKED_YET | ASKED_BY_ENVIRONMENT | engine;
	say_unknown(value);
	return ASKED_YET | ANYRING_AUTO;
}

static unsigned what_is_asked(void)
{
	unsigned now = __atomic_load_n(&asked, __ATOMIC_RELAXED), first;

	if (now)
		return now;
	first = read_environment();
	/* Another thread may have set it meanwhile, which counts more. */
	if (__atomic_compare_exchange_n(&asked, &now, first, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED))
		return first;
	return now;
}

API enum anyring_engine anyring_get_engine(void)
{
	return (enum anyring_engine)(what_is_asked() & ASKED_ENGINE);
}

API int anyring_set_engine(enum anyring_engine engine)
{
	if ((unsigned)engine >= ENGINES)
		return -EINVAL;
	__atomic_store_n(&asked, ASKED_YET | ASKED_BY_CALL | engine, __ATOMIC_RELAXED);
	return 0;
}

/* ---- Why ------------------------------------------------------------------------------------- */

static void add_reason(struct text *t, unsigned what, int refusal)
{
	enum anyring_engine engine = (enum anyring_engine)(what & ASKED_ENGINE);
	const char *who = what & ASKED_BY_ENVIRONMENT ? "ANYRING_ENGINE" : "the program";

	if (!what) {
		text_add(t, "no ring was set up yet");
		return;
	}
	if (refusal)
		reason_of_refusal(t, refusal);
	if (engine != ANYRING_AUTO)
		text_add(t, "%s%s asks for the %s engine", refusal ? "; " : "", who, names[engine]);
	else if (!refusal)
		text_add(t, "io_uring is allowed here");
}

API int anyring_reason(char *text, size_t size)
{
	struct text t = { .start = text, .size = size };
	unsigned long long now = __atomic_load_n(&last, __ATOMIC_RELAXED);

	if (size)
		*text = '\0';
	add_reason(&t, (unsigned)now, (int)(now >> 32));
	return (int)t.length;
}

/* With ANYRING_LOG=1, which engine it is and why, once an engine. */
static void tell(enum anyring_engine engine, unsigned what, int refusal)
{
	unsigned bit = 1U << engine;
	char buffer[LINE_MAX_BYTES];
	struct text line = { .start = buffer, .size = sizeof(buffer) };
	const char *log;

	if (__atomic_load_n(&told, __ATOMIC_RELAXED) & bit ||
	    __atomic_fetch_or(&told, bit, __ATOMIC_RELAXED) & bit)
		return;
	log = secure_getenv("ANYRING_LOG");
	if (!log || strcmp(log, "1"))
		return;
	text_add(&line, "anyring: %s engine: ", names[engine]);
	add_reason(&line, what, refusal);
	say(&line);
}

/* ---- What is there --------------------------------------------------------------------------- */

/* What io_uring answers where it is not there, or not allowed; each was seen somewhere. */
static bool is_refusal(int ret)
{
	return ret == -ENOSYS || ret == -EPERM || ret == -EACCES || ret == -EOPNOTSUPP;
}

/*
 * True if the limit on locked memory is what leaves none for a ring. Some kernels count rings
 * against it (before 5.12, and again since 6.14 or so), and no more can be known of how much of it
 * is used. Where memory itself is short, the user engine gets none either, and says so.
 */
static bool is_memlock(int ret)
{
	unsigned long long limit;

	return ret == -ENOMEM && !look_exempt_from_memlock() && look_at_memlock(&limit);
}

int engine_setup(unsigned entries, struct io_uring_params *p, enum engine *engine)
{
	unsigned what = what_is_asked();
	enum anyring_engine wanted = (enum anyring_engine)(what & ASKED_ENGINE), got = wanted;
	int ret = 0, refusal = 0;
	bool refused = false;

	if (wanted != ANYRING_USER) {
		ret = kernel_setup(entries, p);
		refusal = ret < 0 ? ret : 0;
		refused = is_refusal(ret) || is_memlock(ret);
		got = refused && wanted == ANYRING_AUTO ? ANYRING_USER : ANYRING_KERNEL;
	}
	if (got == ANYRING_USER)
		ret = user_setup(entries, p);
	__atomic_store_n(&last, (unsigned long long)(unsigned)refusal << 32 | what,
			 __ATOMIC_RELAXED);
	if (ret >= 0 || refused)
		tell(got, what, refusal);
	*engine = got == ANYRING_USER ? USER_ENGINE : KERNEL_ENGINE;
	return ret;
}

/* True if rings set up now are the user engine's. */
static bool user_is_chosen(void)
{
	enum anyring_engine wanted = anyring_get_engine();

	if (wanted != ANYRING_AUTO)
		return wanted == ANYRING_USER;
	/* Who may set up rings is told that this one cannot be; others, that they may not. */
	return is_refusal(kernel_setup(0, NULL));
}

enum engine engine_of_no_index(void)
{
	return user_has_rings() && user_is_chosen() ? USER_ENGINE : KERNEL_ENGINE;
}

int engine_enter_bare(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags,
		      const void *arg, size_t argsz)
{
	enum engine engine = engine_of(fd, flags & IORING_ENTER_REGISTERED_RING);
	int ret = engine_enter(engine, fd, to_submit, min_complete, flags, arg, argsz);

	if (engine == KERNEL_ENGINE && is_refusal(ret) && user_is_chosen())
		ret = user_enter(fd, to_submit, min_complete, flags, arg, argsz);
	return ret;
}

int engine_register_bare(unsigned fd, unsigned opcode, const void *arg, unsigned nr_args)
{
	enum engine engine = engine_of(fd, opcode & IORING_REGISTER_USE_REGISTERED_RING);
	int ret = engine_register(engine, fd, opcode, arg, nr_args);

	if (engine == KERNEL_ENGINE && is_refusal(ret) && user_is_chosen())
		ret = user_register(fd, opcode, arg, nr_args);
	return ret;
}

int engine_register_blind(unsigned opcode, const void *arg, unsigned nr_args)
{
	bool user = user_is_chosen();
	int ret = engine_register(user ? USER_ENGINE : KERNEL_ENGINE, -1U, opcode, arg, nr_args);
	int other;

	/* A message, to what is no ring of this engine. */
	if (ret != -EBADFD)
		return ret;
	other = engine_register(user ? KERNEL_ENGINE : USER_ENGINE, -1U, opcode, arg, nr_args);
	return is_refusal(other) || other == -EBADF ? ret : other;
}
