/* SPDX-License-Identifier: MIT */
/* When there is no ring to be had: why, in words, and what to do. */
#include <errno.h>
#include <string.h>

#include "anyring.h"
#include "cli.h"
#include "ring_refused.h"

/* Which of the kernel engine's errors `auto` makes up for. */
static bool auto_helps(int error)
{
	return anyring_get_engine() == ANYRING_KERNEL &&
	       (error == EPERM || error == EACCES || error == ENOSYS || error == EOPNOTSUPP ||
		error == ENOMEM);
}

static const char *way_out(int error)
{
	if (auto_helps(error))
		return "; use --engine auto";
	if (error == EMFILE)
		return "; raise 'ulimit -n'";
	if (error == EINVAL && anyring_get_engine() != ANYRING_USER)
		return "; this kernel lacks something that is needed: use --engine user";
	return "";
}

int ring_refused(int error, const char *instead)
{
	static bool said;
	char reason[400] = "";

	/* Relaxed: of many threads any one may say it, once. */
	if (__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		return EXIT_FAILED;
	if (auto_helps(-error))
		anyring_reason(reason, sizeof(reason));
	say("cannot set up a ring: %s%s%s%s", *reason ? reason : strerror(-error), way_out(-error),
	    instead ? "; or " : "", instead ? instead : "");
	return EXIT_FAILED;
}
