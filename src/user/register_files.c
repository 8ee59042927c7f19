/* SPDX-License-Identifier: MIT */
/* Register calls for the table of files. */
#include "user/process.h"
#include "user/register.h"
#include "user/rsrc.h"
#include "user/sys.h"

/* Not one of them has been let go if the whole fails, as nobody was told of any. */
static void forget_tags(struct uring *ring)
{
	for (unsigned i = 0; i < ring->files.count; i++)
		if (ring->files.slots[i].file)
			ring->files.slots[i].file->tag = 0;
}

static int fill_slot(struct uring *ring, unsigned i, const struct rsrc_list *list)
{
	uint64_t tag = 0;
	int fd = -1, ret = rsrc_tag(list, i, &tag);

	if (!ret && list->data)
		ret = copy_from_app(&fd, (const int *)list->data + i, sizeof(fd));
	if (ret)
		return ret;
	if (fd == -1)
		return tag ? -EINVAL : 0;
	return files_set(ring, i, fd, tag);
}

int files_register(struct uring *ring, const struct rsrc_list *list)
{
	int ret = files_make(ring, list->count);

	if (ret)
		return ret;
	for (unsigned i = 0; i < list->count && !ret; i++)
		ret = fill_slot(ring, i, list);
	if (ret) {
		forget_tags(ring);
		files_free(ring);
		return ret;
	}
	ring->files.alloc_hint = 0;
	return 0;
}

static int update_slot(struct uring *ring, unsigned offset, unsigned i,
		       const struct rsrc_list *list)
{
	uint64_t tag = 0;
	int fd, ret = rsrc_tag(list, i, &tag);

	if (!ret)
		ret = copy_from_app(&fd, (const int *)list->data + i, sizeof(fd));
	if (ret)
		return ret;
	if ((fd == -1 || fd == IORING_REGISTER_FILES_SKIP) && tag)
		return -EINVAL;
	if (fd == IORING_REGISTER_FILES_SKIP)
		return 0;
	/* Emptied even if what is to come is bad: as the kernel does. */
	files_remove(ring, offset + i);
	return fd == -1 ? 0 : files_set(ring, offset + i, fd, tag);
}

int files_update(struct uring *ring, unsigned offset, const struct rsrc_list *list)
{
	unsigned end;
	int ret = 0;

	if (__builtin_add_overflow(offset, list->count, &end))
		return -EOVERFLOW;
	if (!ring->files.slots)
		return -ENXIO;
	if (end > ring->files.count)
		return -EINVAL;
	for (unsigned i = 0; i < list->count; i++) {
		ret = update_slot(ring, offset, i, list);
		if (ret)
			return i ? (int)i : ret;
	}
	return (int)list->count;
}

/* ---- The calls ------------------------------------------------------------------------------- */

int register_files(struct uring *ring, const void *arg, unsigned nr_args)
{
	if (!arg)
		return -EFAULT;
	return files_register(ring, &(struct rsrc_list){ .data = arg, .count = nr_args });
}

int unregister_files(struct uring *ring, const void *arg, unsigned nr_args)
{
	(void)arg, (void)nr_args;
	if (!ring->files.slots)
		return -ENXIO;
	files_free(ring);
	return 0;
}

int register_files_update(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct io_uring_rsrc_update up;
	int ret;

	if (!nr_args)
		return -EINVAL;
	ret = copy_from_app(&up, arg, sizeof(up));
	if (ret)
		return ret;
	if (up.resv)
		return -EINVAL;
	return files_update(
		ring, up.offset,
		&(struct rsrc_list){ .data = (void *)(uintptr_t)up.data, .count = nr_args });
}

int register_files2(struct uring *ring, const void *arg, unsigned size)
{
	return rsrc_register(ring, arg, size, files_register);
}

int register_files_update2(struct uring *ring, const void *arg, unsigned size)
{
	return rsrc_update(ring, arg, size, files_update);
}

int register_file_alloc_range(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct file_table *table = &ring->files;
	struct io_uring_file_index_range range;
	uint32_t end;
	int ret;

	if (!arg || nr_args)
		return -EINVAL;
	ret = copy_from_app(&range, arg, sizeof(range));
	if (ret)
		return ret;
	if (__builtin_add_overflow(range.off, range.len, &end))
		return -EOVERFLOW;
	if (range.resv || end > table->count)
		return -EINVAL;
	table->alloc_start = table->alloc_hint = range.off;
	table->alloc_end = end;
	return 0;
}
