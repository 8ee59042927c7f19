/* SPDX-License-Identifier: MIT */
#include "variants.h"

const struct variant variants[] = {
	{ "blocking", ONE_CLIENT | NO_RING },
	{ "epoll", NO_RING },
	{ "epoll -t 2", SEVERAL_LISTENERS | NO_RING },
	{ "ring-basic", 0 },
	{ "ring-basic -s", 0 },
	{ "ring-batch", 0 },
	{ "ring-batch -a", 0 },
	{ "ring", 0 },
	{ "ring --fixed=off", 0 },
	{ "ring --multishot=off", 0 },
	{ "ring --batch=off", 0 },
	{ "ring --without buffer-ring", 0 },
	{ "ring --without bundle", 0 },
	{ "ring --without defer-taskrun,single-issuer,registered-ring", 0 },
	{ "ring -a", 0 },
	{ "ring -s", 0 },
	{ "ring -w 8:1000", 0 },
	{ "ring --without min-wait -w 8:1000", 0 },
	{ "ring -t 2", SEVERAL_LISTENERS },
};

const unsigned variant_count = sizeof(variants) / sizeof(variants[0]);
