/* SPDX-License-Identifier: MIT */
/* IPv6, and UNIX sockets with their files. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cases/check.h"
#include "client.h"

static void ip6(const struct variant *v)
{
	struct server_setup setup = { .ip6 = true };
	struct sockaddr_in6 loopback = { .sin6_family = AF_INET6,
					 .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct server s;

	if (fd < 0 || bind(fd, (struct sockaddr *)&loopback, sizeof(loopback)))
		case_skip("this machine has no ::1");
	close(fd);
	server_start(&s, v, &setup);
	talk_once(&s, 100);
	talk_once(&s, 100000);
	server_stop(&s, SIGTERM);
}

/* ---- UNIX sockets ---------------------------------------------------------------------------- */

struct room {
	char directory[64];
	char path[80];
};

static void room_make(struct room *r)
{
	strcpy(r->directory, "/tmp/anyring-test-XXXXXX");
	check(mkdtemp(r->directory), "mkdtemp: %s", strerror(errno));
	snprintf(r->path, sizeof(r->path), "%s/socket", r->directory);
}

static void room_remove(const struct room *r)
{
	unlink(r->path);
	rmdir(r->directory);
}

static bool is_socket(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISSOCK(st.st_mode);
}

static void unix_socket(const struct variant *v)
{
	struct room room;
	struct server_setup setup = { 0 };
	struct server s;

	room_make(&room);
	setup.unix_path = room.path;
	/* The second one finds no file, as the first has removed its own. */
	for (unsigned i = 0; i < 2; i++) {
		server_start(&s, v, &setup);
		check(is_socket(room.path), "no socket file");
		talk_once(&s, 0);
		talk_once(&s, 100);
		talk_once(&s, 1000003);
		server_stop(&s, SIGTERM);
		check(access(room.path, F_OK), "the socket file is left over");
	}
	room_remove(&room);
}

static void leave_stale_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	check(fd >= 0 && !bind(fd, (struct sockaddr *)&address, sizeof(address)) && !listen(fd, 1),
	      "bind: %s", strerror(errno));
	close(fd);
	check(is_socket(path), "no socket file");
}

static void unix_stale(const struct variant *v)
{
	struct room room;
	struct server_setup setup = { 0 };
	struct server s;

	room_make(&room);
	setup.unix_path = room.path;
	leave_stale_socket(room.path);
	server_start(&s, v, &setup);
	talk_once(&s, 100);
	server_stop(&s, SIGTERM);
	room_remove(&room);
}

/* A server that must not start there: 1, and one line that names the path. */
static void check_refused(const char *path)
{
	const char *words[] = { "echo", "--server", "epoll", "--unix", path, NULL };
	struct process p;
	char *err;

	process_start(&p, words, NULL);
	check(process_wait(&p, EXIT_MS), "does not end");
	check(process_exit_code(&p) == 1, "exit code %d", process_exit_code(&p));
	err = process_err(&p);
	check(count_lines(err, "") == 1 && strstr(err, path), "said: %s", err);
	free(err);
	process_free(&p);
}

static void unix_live(const struct variant *v)
{
	struct room room;
	struct server_setup setup = { 0 };
	struct server s;

	room_make(&room);
	setup.unix_path = room.path;
	server_start(&s, v, &setup);
	check_refused(room.path);
	check(is_socket(room.path), "the live server's socket file is gone");
	talk_once(&s, 100);
	server_stop(&s, SIGTERM);
	room_remove(&room);
}

/* What somebody else wrote is not ours to remove. */
static void unix_other_file(const struct variant *v)
{
	struct room room;
	int fd;

	(void)v;
	room_make(&room);
	fd = open(room.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	check(fd >= 0, "open: %s", strerror(errno));
	close(fd);
	check_refused(room.path);
	check(!access(room.path, F_OK), "the file is gone");
	room_remove(&room);
}

const struct behaviour address_behaviours[] = {
	{ .name = "IPv6", .run = ip6 },
	{ .name = "UNIX socket", .run = unix_socket },
	{ .name = "UNIX socket: a stale file is replaced", .run = unix_stale },
	{ .name = "UNIX socket: a live one is refused", .run = unix_live },
	{ .name = "UNIX socket: another file is left alone", .run = unix_other_file, .once = true },
	{ 0 },
};
