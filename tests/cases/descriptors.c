/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cases/check.h"
#include "cases/descriptors.h"

void attach_descriptors(struct msghdr *msg, union control *control, int fd, size_t count)
{
	struct cmsghdr *cmsg;

	check(count <= MAX_DESCRIPTORS, "%zu are too many", count);
	memset(control, 0, sizeof(*control));
	msg->msg_control = control->room;
	msg->msg_controllen = CMSG_SPACE(sizeof(int) * count);
	cmsg = CMSG_FIRSTHDR(msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int) * count);
	for (size_t i = 0; i < count; i++)
		memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &fd, sizeof(fd));
}

void send_descriptor(int socket, int fd)
{
	struct iovec iov = { &(char){ 0 }, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;

	attach_descriptors(&msg, &control, fd, 1);
	check(sendmsg(socket, &msg, 0) == 1, "not sent");
}

int receive_descriptor(int socket)
{
	struct iovec iov = { &(char){ 0 }, 1 };
	union control control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	int fd;

	check(recvmsg(socket, &msg, 0) == 1 && CMSG_FIRSTHDR(&msg), "not received");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}
