/* SPDX-License-Identifier: MIT */
/* Descriptors that go from process to process, through a socket of AF_UNIX. */
#ifndef TEST_CASES_DESCRIPTORS_H
#define TEST_CASES_DESCRIPTORS_H

#include <sys/socket.h>

#define MAX_DESCRIPTORS 4

union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(int) * MAX_DESCRIPTORS)];
};

/* Makes `msg` carry `count` descriptors, all being `fd`. */
void attach_descriptors(struct msghdr *msg, union control *control, int fd, size_t count);
void send_descriptor(int socket, int fd);
int receive_descriptor(int socket);

#endif
