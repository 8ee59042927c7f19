/* SPDX-License-Identifier: MIT */
#include "user/process.h"
#include "user/rsrc.h"
#include "user/sys.h"

int rsrc_tag(const struct rsrc_list *list, unsigned i, uint64_t *tag)
{
	return list->tags ? copy_from_app(tag, list->tags + i, sizeof(*tag)) : 0;
}

int rsrc_register(struct uring *ring, const void *arg, unsigned size,
		  int (*make)(struct uring *ring, const struct rsrc_list *list))
{
	struct io_uring_rsrc_register reg;
	struct rsrc_list list;
	int ret;

	if (size != sizeof(reg))
		return -EINVAL;
	ret = copy_from_app(&reg, arg, sizeof(reg));
	if (ret)
		return ret;
	if (!reg.nr || reg.resv2 || reg.flags & ~(unsigned)IORING_RSRC_REGISTER_SPARSE ||
	    (reg.flags & IORING_RSRC_REGISTER_SPARSE && reg.data))
		return -EINVAL;
	list.data = (const void *)(uintptr_t)reg.data;
	list.tags = (const uint64_t *)(uintptr_t)reg.tags;
	list.count = reg.nr;
	return make(ring, &list);
}

int rsrc_update(struct uring *ring, const void *arg, unsigned size,
		int (*update)(struct uring *ring, unsigned offset, const struct rsrc_list *list))
{
	struct io_uring_rsrc_update2 up;
	struct rsrc_list list;
	int ret;

	if (size != sizeof(up))
		return -EINVAL;
	ret = copy_from_app(&up, arg, sizeof(up));
	if (ret)
		return ret;
	if (!up.nr || up.resv || up.resv2)
		return -EINVAL;
	list.data = (const void *)(uintptr_t)up.data;
	list.tags = (const uint64_t *)(uintptr_t)up.tags;
	list.count = up.nr;
	return update(ring, up.offset, &list);
}
