/* SPDX-License-Identifier: MIT */
/* The application's eventfd, signalled when there are completions: cq_signal(). */
#include <fcntl.h>
#include <linux/stat.h>

#include "user/process.h"
#include "user/register.h"
#include "user/sys.h"

/*
 * Nothing else without a type takes eight zero bytes, which change nothing in an eventfd: so it is
 * recognised where there is no /proc, too.
 */
static int check_eventfd(int fd)
{
	static const uint64_t nothing;
	struct statx sx;
	long ret = SYS(statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &sx);

	if (ret)
		return (int)ret;
	if (sx.stx_mode & S_IFMT)
		return -EINVAL;
	return SYS(write, fd, &nothing, sizeof(nothing)) == sizeof(nothing) ? 0 : -EINVAL;
}

static int register_fd(struct uring *ring, const void *arg, unsigned nr_args, bool async)
{
	int fd, ret;

	if (nr_args != 1)
		return -EINVAL;
	if (ring->cq.eventfd >= 0)
		return -EBUSY;
	ret = copy_from_app(&fd, arg, sizeof(fd));
	if (!ret)
		ret = check_eventfd(fd);
	if (ret)
		return ret;
	ret = duplicate_fd(fd);
	if (ret < 0)
		return ret;
	ring->cq.eventfd = ret;
	ring->cq.eventfd_async = async;
	return 0;
}

int register_eventfd(struct uring *ring, const void *arg, unsigned nr_args)
{
	return register_fd(ring, arg, nr_args, false);
}

int register_eventfd_async(struct uring *ring, const void *arg, unsigned nr_args)
{
	return register_fd(ring, arg, nr_args, true);
}

int unregister_eventfd(struct uring *ring, const void *arg, unsigned nr_args)
{
	(void)arg, (void)nr_args;
	if (ring->cq.eventfd < 0)
		return -ENXIO;
	SYS(close, ring->cq.eventfd);
	ring->cq.eventfd = -1;
	return 0;
}
