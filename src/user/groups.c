/* SPDX-License-Identifier: MIT */
#include "user/groups.h"
#include "user/sys.h"
#include "user/uring.h"

int group_select(struct request *req, struct selection *s, size_t max, bool bundle)
{
	(void)req, (void)s, (void)max, (void)bundle;
	return -ENOBUFS;
}

uint32_t group_commit(struct request *req, struct selection *s, size_t bytes)
{
	(void)req, (void)s, (void)bytes;
	return 0;
}

void group_drop(struct request *req, struct selection *s)
{
	(void)req, (void)s;
}

void groups_free(struct uring *ring)
{
	(void)ring;
}
