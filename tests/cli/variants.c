/* SPDX-License-Identifier: MIT */
#include "variants.h"

const struct variant variants[] = {
	{ "blocking", ONE_CLIENT },
	{ "epoll", 0 },
	{ "epoll -t 2", SEVERAL_LISTENERS },
	{ "ring-basic", NEEDS_RING },
	{ "ring-basic -s", NEEDS_RING },
	{ "ring-batch", NEEDS_RING },
	{ "ring-batch -a", NEEDS_RING },
	{ "ring", NEEDS_RING },
	{ "ring --fixed=off", NEEDS_RING },
	{ "ring --multishot=off", NEEDS_RING },
	{ "ring --batch=off", NEEDS_RING },
	{ "ring --without buffer-ring", NEEDS_RING },
	{ "ring --without bundle", NEEDS_RING },
	{ "ring --without defer-taskrun,single-issuer,registered-ring", NEEDS_RING },
	{ "ring -a", NEEDS_RING },
	{ "ring -s", NEEDS_RING },
	{ "ring -w 8:1000", NEEDS_RING },
	{ "ring --without min-wait -w 8:1000", NEEDS_RING },
	{ "ring -t 2", NEEDS_RING | SEVERAL_LISTENERS },
};

const unsigned variant_count = sizeof(variants) / sizeof(variants[0]);
