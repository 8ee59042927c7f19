/* SPDX-License-Identifier: MIT */
/* The objects of programs: files, pipes, sockets, at descriptors of their own. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cases/check.h"
#include "run.h"

const struct object_row object_rows[] = {
	[FILE_A] = { "file a", KEY_FILE_A, KEY_FILE_A },
	[FILE_B] = { "file b", KEY_FILE_B, KEY_FILE_B },
	[FILE_READ_ONLY] = { "file c (read-only)", KEY_FILE_READ_ONLY, KEY_FILE_READ_ONLY },
	[FILE_APPEND] = { "file d (append)", KEY_FILE_APPEND, KEY_FILE_APPEND },
	[FOLDER] = { "folder", KEY_NAMES, KEY_NAMES },
	[PIPE_R] = { "pipe.r", KEY_PIPE, KEY_PIPE },
	[PIPE_W] = { "pipe.w", KEY_PIPE, KEY_PIPE },
	[PAGE_PIPE_R] = { "pagepipe.r", KEY_PAGE_PIPE, KEY_PAGE_PIPE },
	[PAGE_PIPE_W] = { "pagepipe.w", KEY_PAGE_PIPE, KEY_PAGE_PIPE },
	[NONBLOCK_PIPE_R] = { "nonblockpipe.r", KEY_NONBLOCK_PIPE, KEY_NONBLOCK_PIPE },
	[NONBLOCK_PIPE_W] = { "nonblockpipe.w", KEY_NONBLOCK_PIPE, KEY_NONBLOCK_PIPE },
	[UNIX_A] = { "unix.a", KEY_UNIX_BA, KEY_UNIX_AB },
	[UNIX_B] = { "unix.b", KEY_UNIX_AB, KEY_UNIX_BA },
	[UNIX2_A] = { "unix2.a", KEY_UNIX2_BA, KEY_UNIX2_AB },
	[UNIX2_B] = { "unix2.b", KEY_UNIX2_AB, KEY_UNIX2_BA },
	[DGRAM_A] = { "dgram.a", KEY_DGRAM_BA, KEY_DGRAM_AB },
	[DGRAM_B] = { "dgram.b", KEY_DGRAM_AB, KEY_DGRAM_BA },
	[SEQPACKET_A] = { "seqpacket.a", KEY_SEQPACKET_BA, KEY_SEQPACKET_AB },
	[SEQPACKET_B] = { "seqpacket.b", KEY_SEQPACKET_AB, KEY_SEQPACKET_BA },
	[TCP_A] = { "tcp.a", KEY_TCP_BA, KEY_TCP_AB },
	[TCP_B] = { "tcp.b", KEY_TCP_AB, KEY_TCP_BA },
	[UNIX_LISTENER] = { "unix listener", KEY_UNIX_LISTENER, KEY_UNIX_LISTENER },
	[TCP_LISTENER] = { "tcp listener", KEY_TCP_LISTENER, KEY_TCP_LISTENER },
	[UNIX_SOCKET] = { "unix socket", KEY_CONNECTION_BA, KEY_CONNECTION_AB },
	[TCP_SOCKET] = { "tcp socket", KEY_CONNECTION_BA, KEY_CONNECTION_AB },
	[EVENTFD] = { "eventfd", KEY_EVENTFD, KEY_EVENTFD },
	[EPOLL] = { "epoll", KEY_EPOLL, KEY_EPOLL },
	[DEV_NULL] = { "/dev/null", KEY_DEVICE, KEY_NONE },
	[DEV_ZERO] = { "/dev/zero", KEY_NONE, KEY_DEVICE },
	[CONNECTION] = { "accepted", KEY_CONNECTION_AB, KEY_CONNECTION_BA },
	[NEW_SOCKET] = { "new socket", KEY_NEW_SOCKET, KEY_NEW_SOCKET },
	[NEW_PIPE] = { "new pipe", KEY_NEW_PIPE, KEY_NEW_PIPE },
	[NO_OBJECT] = { "nothing", KEY_NONE, KEY_NONE },
};

static struct sockaddr_in tcp_listener_address;

static void must(long ret, const char *what)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "differential: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void place(int fd, enum object object)
{
	must(fd, object_rows[object].name);
	must(dup2(fd, OBJECT_FD + (int)object), "dup2");
	close(fd);
}

/* ---- Makers ---------------------------------------------------------------------------------- */

static void make_file(enum object object, int arg)
{
	static const struct {
		const char *name;
		int flags;
		size_t size;
	} files[] = {
		{ "a", O_RDWR, 10000 },
		{ "b", O_RDWR, 0 },
		{ "c", O_RDONLY, 3000 },
		{ "d", O_RDWR | O_APPEND, 200 },
	};
	char bytes[10000];
	int fd = open(files[arg].name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	must(fd, files[arg].name);
	for (size_t i = 0; i < files[arg].size; i++)
		bytes[i] = (char)('A' + i % 26 + i / 997 % 3);
	must(write(fd, bytes, files[arg].size), "write");
	close(fd);
	place(open(files[arg].name, files[arg].flags), object);
}

static void make_folder(enum object object, int arg)
{
	place(open(".", arg), object);
}

static void make_pipe(enum object object, int arg)
{
	int fds[2];

	must(pipe2(fds, arg & O_NONBLOCK), "pipe");
	if (!(arg & O_NONBLOCK) && arg)
		must(fcntl(fds[1], F_SETPIPE_SZ, arg), "F_SETPIPE_SZ");
	place(fds[0], object);
	place(fds[1], object + 1);
}

static void make_pair(enum object object, int arg)
{
	int fds[2];

	must(socketpair(AF_UNIX, arg, 0, fds), "socketpair");
	place(fds[0], object);
	place(fds[1], object + 1);
}

static int tcp_listener(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	must(fd, "socket");
	must(bind(fd, (struct sockaddr *)addr, sizeof(*addr)), "bind");
	must(listen(fd, 64), "listen");
	must(getsockname(fd, (struct sockaddr *)addr, &len), "getsockname");
	return fd;
}

static void make_tcp_pair(enum object object, int arg)
{
	struct sockaddr_in addr;
	int listener = tcp_listener(&addr), client = socket(AF_INET, SOCK_STREAM, arg);

	must(client, "socket");
	must(connect(client, (struct sockaddr *)&addr, sizeof(addr)), "connect");
	place(accept(listener, NULL, NULL), object + 1);
	place(client, object);
	close(listener);
}

static void make_listener(enum object object, int domain)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "listener" };
	int fd;

	if (domain == AF_INET) {
		place(tcp_listener(&tcp_listener_address), object);
		return;
	}
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	must(fd, "socket");
	must(bind(fd, (struct sockaddr *)&name, sizeof(name)), "bind");
	must(listen(fd, 64), "listen");
	place(fd, object);
}

static void make_socket(enum object object, int domain)
{
	place(socket(domain, SOCK_STREAM, 0), object);
}

static void make_eventfd(enum object object, int arg)
{
	place(eventfd(0, arg), object);
}

static void make_epoll(enum object object, int arg)
{
	static const enum object watched[] = { EVENTFD, UNIX2_A };

	place(epoll_create1(arg), object);
	for (unsigned i = 0; i < ARRAY_LEN(watched); i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u64 = i };

		must(epoll_ctl(OBJECT_FD + (int)object, EPOLL_CTL_ADD, OBJECT_FD + (int)watched[i],
			       &event),
		     "epoll_ctl");
	}
}

static void make_device(enum object object, int arg)
{
	place(open(object_rows[object].name, arg), object);
}

static const struct maker {
	void (*make)(enum object object, int arg);
	int arg;
	enum object first, last;
} makers[] = {
	{ make_file, 0, FILE_A, FILE_A },
	{ make_file, 1, FILE_B, FILE_B },
	{ make_file, 2, FILE_READ_ONLY, FILE_READ_ONLY },
	{ make_file, 3, FILE_APPEND, FILE_APPEND },
	{ make_folder, O_RDONLY | O_DIRECTORY, FOLDER, FOLDER },
	{ make_pipe, 0, PIPE_R, PIPE_W },
	{ make_pipe, 4096, PAGE_PIPE_R, PAGE_PIPE_W },
	{ make_pipe, O_NONBLOCK, NONBLOCK_PIPE_R, NONBLOCK_PIPE_W },
	{ make_pair, SOCK_STREAM, UNIX_A, UNIX_B },
	{ make_pair, SOCK_STREAM, UNIX2_A, UNIX2_B },
	{ make_pair, SOCK_DGRAM, DGRAM_A, DGRAM_B },
	{ make_pair, SOCK_SEQPACKET, SEQPACKET_A, SEQPACKET_B },
	{ make_tcp_pair, 0, TCP_A, TCP_B },
	{ make_listener, AF_UNIX, UNIX_LISTENER, UNIX_LISTENER },
	{ make_listener, AF_INET, TCP_LISTENER, TCP_LISTENER },
	{ make_socket, AF_UNIX, UNIX_SOCKET, UNIX_SOCKET },
	{ make_socket, AF_INET, TCP_SOCKET, TCP_SOCKET },
	{ make_eventfd, 0, EVENTFD, EVENTFD },
	{ make_device, O_RDWR, DEV_NULL, DEV_NULL },
	{ make_device, O_RDWR, DEV_ZERO, DEV_ZERO },
	/* Last: it watches others. */
	{ make_epoll, 0, EPOLL, EPOLL },
};

/* ---- What a program needs -------------------------------------------------------------------- */

static void need(uint64_t *needed, int64_t fd)
{
	if (fd >= OBJECT_FD && fd < OBJECT_FD + OBJECTS)
		*needed |= 1ULL << (fd - OBJECT_FD);
}

static bool names_paths(const struct op *op)
{
	return op->extra_key[0] == KEY_NAMES || op->extra_key[1] == KEY_NAMES;
}

static uint64_t objects_of(const struct program *p)
{
	uint64_t needed = 0;

	for (unsigned i = 0; i < p->count; i++) {
		const struct op *op = &p->ops[i];

		if (op->kind == OP_ACTION && op->object < OBJECTS)
			need(&needed, OBJECT_FD + (int)op->object);
		if (op->kind != OP_SQE)
			continue;
		need(&needed, op->sqe.fd);
		need(&needed, op->sqe.splice_fd_in);
		need(&needed, (int64_t)op->sqe.len);
		if (op->installs >= 0 && op->sqe.opcode == IORING_OP_FILES_UPDATE)
			need(&needed, OBJECT_FD + op->installs);
		if (op->sqe.opcode == IORING_OP_EPOLL_CTL)
			need(&needed, (int64_t)op->sqe.off);
		if (op->sqe.opcode == IORING_OP_CONNECT)
			needed |= 1ULL << UNIX_LISTENER | 1ULL << TCP_LISTENER;
		if (names_paths(op))
			needed |= 1ULL << FILE_A | 1ULL << FILE_B | 1ULL << FILE_READ_ONLY |
				  1ULL << FILE_APPEND | 1ULL << FOLDER;
	}
	for (unsigned i = 0; p->table && i < ARRAY_LEN(first_slots); i++)
		needed |= 1ULL << first_slots[i];
	if (needed & 1ULL << EPOLL)
		needed |= 1ULL << EVENTFD | 1ULL << UNIX2_A;
	return needed;
}

void make_world(const struct program *p)
{
	uint64_t needed = objects_of(p);

	umask(022);
	for (unsigned i = 0; i < ARRAY_LEN(makers); i++)
		if (needed & (1ULL << makers[i].first | 1ULL << makers[i].last))
			makers[i].make(makers[i].first, makers[i].arg);
}

void empty_folder(void)
{
	DIR *dir = opendir(".");
	struct dirent *entry;

	must(dir ? 0 : -1, "the scratch folder");
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			must(remove(entry->d_name), entry->d_name);
	closedir(dir);
}

void tcp_address(void *addr)
{
	memset(addr, 0, sizeof(struct sockaddr_un));
	memcpy(addr, &tcp_listener_address, sizeof(tcp_listener_address));
}

int connect_client(enum object listener)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "listener" };
	bool tcp = listener == TCP_LISTENER;
	/* Whatever became of the listener, this comes back. */
	int fd = socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	must(fd, "socket");
	if (tcp)
		tcp_address(&name);
	if (connect(fd, (struct sockaddr *)&name, tcp ? sizeof(struct sockaddr_in) : sizeof(name)) <
		    0 &&
	    errno != EINPROGRESS) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}
