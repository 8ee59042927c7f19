/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stddef.h>
#include <time.h>

#include "user/ready.h"
#include "user/sys.h"

static int poll_one(int fd, uint32_t events, struct timespec *timeout)
{
	struct pollfd pfd = { .fd = fd, .events = (short)events };
	long ret = SYS(ppoll, &pfd, 1, timeout, NULL, 0);

	return ret < 0 ? (int)ret : (uint16_t)pfd.revents;
}

int poll_now(int fd, uint32_t events)
{
	struct timespec at_once = { 0 };

	return poll_one(fd, events, &at_once);
}

int poll_until(int fd, uint32_t events)
{
	return poll_one(fd, events, NULL);
}
