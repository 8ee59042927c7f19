/* SPDX-License-Identifier: MIT */
/* The table of registered files. */
#include "user/alloc.h"
#include "user/sys.h"
#include "user/uring.h"
#include "user/user.h"

/* As many as the kernel allows. */
#define SLOTS_MAX (1U << 20)

struct file *files_at(struct uring *ring, unsigned index)
{
	return index < ring->files.count ? ring->files.slots[index].file : NULL;
}

int files_make(struct uring *ring, unsigned count)
{
	struct file_table *table = &ring->files;

	if (table->slots)
		return -EBUSY;
	if (!count)
		return -EINVAL;
	if (count > SLOTS_MAX || count > descriptor_limit())
		return -EMFILE;
	table->slots = user_zalloc(count, sizeof(*table->slots));
	if (!table->slots)
		return -ENOMEM;
	table->count = table->alloc_end = count;
	table->alloc_start = table->alloc_hint = 0;
	return 0;
}

/* ---- One slot -------------------------------------------------------------------------------- */

/* Where the next free slot is looked for; a hint, which a range of slots does not follow. */
static void hint(struct file_table *table, unsigned index)
{
	if (index >= table->alloc_start && index <= table->alloc_end)
		table->alloc_hint = index;
}

/* Puts a descriptor of the engine's own, which it takes, into a slot that is empty. */
static int put_at(struct uring *ring, unsigned index, int fd, uint64_t tag)
{
	struct file *file = file_new(ring, fd);

	if (!file)
		return -ENOMEM;
	file->known |= FILE_REGISTERED;
	file->tag = tag;
	ring->files.slots[index].file = file;
	hint(&ring->files, index + 1);
	return 0;
}

int files_set(struct uring *ring, unsigned index, int fd, uint64_t tag)
{
	int own;

	if (!fd_has_file(fd) || user_owns((unsigned)fd, false))
		return -EBADF;
	own = duplicate_fd(fd);
	return own < 0 ? own : put_at(ring, index, own, tag);
}

int files_remove(struct uring *ring, unsigned index)
{
	struct file_table *table = &ring->files;
	struct file *file;

	if (!table->slots)
		return -ENXIO;
	if (index >= table->count)
		return -EINVAL;
	file = table->slots[index].file;
	if (!file)
		return -EBADF;
	table->slots[index].file = NULL;
	hint(table, index);
	file_put(file);
	return 0;
}

/* ---- Files that requests make ---------------------------------------------------------------- */

static int find_free(const struct file_table *table)
{
	unsigned span = table->alloc_end - table->alloc_start;
	unsigned first = table->alloc_hint - table->alloc_start;

	for (unsigned i = 0; i < span; i++) {
		unsigned at = table->alloc_start + (first + i) % span;

		if (!table->slots[at].file)
			return (int)at;
	}
	return -ENFILE;
}

bool files_have_room(const struct uring *ring)
{
	return find_free(&ring->files) >= 0;
}

static int slot_for(struct uring *ring, unsigned file_index)
{
	if (file_index == IORING_FILE_INDEX_ALLOC)
		return find_free(&ring->files);
	if (!ring->files.slots)
		return -ENXIO;
	return file_index - 1 < ring->files.count ? (int)(file_index - 1) : -EINVAL;
}

int files_install(struct uring *ring, int fd, unsigned file_index)
{
	int index = slot_for(ring, file_index), ret;

	if (index < 0) {
		SYS(close, fd);
		return index;
	}
	files_remove(ring, (unsigned)index);
	ret = put_at(ring, (unsigned)index, own_fd(fd), 0);
	return ret || file_index != IORING_FILE_INDEX_ALLOC ? ret : index;
}

void files_free(struct uring *ring)
{
	for (unsigned i = 0; i < ring->files.count; i++)
		files_remove(ring, i);
	user_free(ring->files.slots);
	ring->files = (struct file_table){ 0 };
}
