/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "user/app_memory.h"
#include "user/op/paths.h"
#include "user/submit.h"

/* The size of a path with its end, or -errno. */
static long copy_path(char *to, uint64_t addr, bool may_be_empty)
{
	long length = string_from_app(to, (const char *)(uintptr_t)addr, PATH_MAX);

	if (length == 0 && !may_be_empty)
		return -ENOENT;
	return length < 0 ? length : length + 1;
}

static int take(struct request *req, unsigned count, const uint64_t *addrs,
		const bool *may_be_empty, const char **paths)
{
	char copy[2 * PATH_MAX], *own;
	size_t used = 0, start[2];
	long size;

	for (unsigned i = 0; i < count; i++) {
		start[i] = used;
		size = copy_path(copy + used, addrs[i], may_be_empty[i]);
		if (size < 0)
			return (int)size;
		used += (size_t)size;
	}
	own = request_alloc_async(req, used);
	if (!own)
		return -ENOMEM;
	memcpy(own, copy, used);
	for (unsigned i = 0; i < count; i++)
		paths[i] = own + start[i];
	return 0;
}

int take_path(struct request *req, uint64_t addr, bool may_be_empty, const char **path)
{
	return take(req, 1, &addr, &may_be_empty, path);
}

int take_paths(struct request *req, const uint64_t addrs[2], const bool may_be_empty[2],
	       const char *paths[2])
{
	return take(req, 2, addrs, may_be_empty, paths);
}
