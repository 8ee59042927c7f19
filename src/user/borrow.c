/* SPDX-License-Identifier: MIT */
/*
 * Files without a descriptor of their own. Where the process has no number left, a request waits on
 * the application's. That is the file as long as the ring's inner epoll set has it by that
 * number, which the kernel says for sure: a file that is closed leaves the set, and another that
 * got the number is not in it. So it is asked each time before the file is used.
 */
#include <sys/epoll.h>

#include "user/alloc.h"
#include "user/sys.h"
#include "user/uring.h"

/* No descriptor: what it was is of another file by now. */
#define GONE -1

bool borrow_is_there(struct file *file)
{
	return file->fd != GONE && file->watched && !reactor_watch_again(file);
}

void borrow_number_is_new(struct uring *ring, int fd)
{
	list_for_each(link, &ring->borrowed)
	{
		struct file *file = list_entry(link, struct file, borrowed);

		if (file->fd == fd)
			file->fd = GONE;
	}
}

static struct file *find(struct uring *ring, int fd)
{
	list_for_each(link, &ring->borrowed)
	{
		struct file *file = list_entry(link, struct file, borrowed);

		if (file->fd == fd && borrow_is_there(file))
			return file;
	}
	return NULL;
}

int borrow_file(struct request *req)
{
	struct uring *ring = req->ring;
	struct file *file = find(ring, req->fd);

	if (file) {
		file_hold(file);
	} else {
		borrow_number_is_new(ring, req->fd);
		file = file_alloc(ring, req->fd);
		if (!file)
			return -ENOMEM;
		file->known = FILE_BORROWED;
		list_add_tail(&ring->borrowed, &file->borrowed);
	}
	req->file = file;
	req->sysfd = file->fd;
	return 0;
}

void borrow_end(struct file *file)
{
	/* Nothing that has the number now is to leave the set. */
	if (!borrow_is_there(file))
		file->fd = GONE;
	reactor_unwatch(file);
	list_del(&file->borrowed);
	user_free(file);
}
