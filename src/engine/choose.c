/* SPDX-License-Identifier: MIT */
/* Which engine a ring gets. */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "anyring.h"
#include "api.h"
#include "engine/engine.h"
#include "engine/syscall.h"

/* Neither has the program asked, nor has the environment been looked at. */
#define UNSET (-1)

/* An enum anyring_engine, or UNSET. It guards nothing else, so relaxed accesses are enough. */
static int setting = UNSET;

static const char *const names[] = {
	[ANYRING_AUTO] = "auto",
	[ANYRING_KERNEL] = "kernel",
	[ANYRING_USER] = "user",
};

#define ENGINES (sizeof(names) / sizeof(names[0]))

/* ---- What is asked for ----------------------------------------------------------------------- */

static void say_unknown(const char *value)
{
	static const char before[] = "anyring: ANYRING_ENGINE is \"",
			  after[] = "\", not auto, kernel or user: it is taken for auto\n";
	struct iovec line[] = {
		{ (void *)before, sizeof(before) - 1 },
		{ (void *)value, strnlen(value, 100) },
		{ (void *)after, sizeof(after) - 1 },
	};

	syscall6(__NR_writev, STDERR_FILENO, (long)line, 3, 0, 0, 0);
}

static int from_environment(void)
{
	const char *value = secure_getenv("ANYRING_ENGINE");

	if (!value || !*value)
		return ANYRING_AUTO;
	for (unsigned i = 0; i < ENGINES; i++)
		if (!strcmp(value, names[i]))
			return (int)i;
	say_unknown(value);
	return ANYRING_AUTO;
}

API enum anyring_engine anyring_get_engine(void)
{
	int now = __atomic_load_n(&setting, __ATOMIC_RELAXED);
	int first;

	if (now != UNSET)
		return (enum anyring_engine)now;
	first = from_environment();
	/* Another thread may have set it meanwhile, which counts more. */
	if (__atomic_compare_exchange_n(&setting, &now, first, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED))
		now = first;
	return (enum anyring_engine)now;
}

API int anyring_set_engine(enum anyring_engine engine)
{
	if ((unsigned)engine >= ENGINES)
		return -EINVAL;
	__atomic_store_n(&setting, (int)engine, __ATOMIC_RELAXED);
	return 0;
}

/* ---- What is there --------------------------------------------------------------------------- */

/* What io_uring answers where it is not there, or not allowed; each was seen somewhere. */
static bool is_refusal(int ret)
{
	return ret == -ENOSYS || ret == -EPERM || ret == -EACCES || ret == -EOPNOTSUPP;
}

int engine_setup(unsigned entries, struct io_uring_params *p, enum engine *engine)
{
	enum anyring_engine asked = anyring_get_engine();
	int ret;

	*engine = KERNEL_ENGINE;
	if (asked != ANYRING_USER) {
		ret = kernel_setup(entries, p);
		if (asked == ANYRING_KERNEL || !is_refusal(ret))
			return ret;
	}
	*engine = USER_ENGINE;
	return user_setup(entries, p);
}

/* True if rings set up now are the user engine's. */
static bool user_is_chosen(void)
{
	enum anyring_engine asked = anyring_get_engine();

	if (asked != ANYRING_AUTO)
		return asked == ANYRING_USER;
	/* Who may set up rings is told that this one cannot be; others, that they may not. */
	return is_refusal(kernel_setup(0, NULL));
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
	return is_refusal(other) ? ret : other;
}
