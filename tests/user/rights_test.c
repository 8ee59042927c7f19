/* SPDX-License-Identifier: MIT */
/*
 * The user engine grants nothing: a request is a system call of the process that makes it, and what
 * is refused to that is refused to the request. Here a seccomp filter refuses the calls with an
 * error that no call has otherwise, and each request must answer it. (The kernel's io_uring does
 * not ask such filters, which is why it is refused in so many places.)
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <anyring.h>
#include <liburing.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "cases/refuse.h"

/* No system call answers it. */
#define REFUSED	  ENOANO
#define MAX_CALLS 8

/* What requests work on: made before anything is refused. */
static struct {
	int file, socket, listener, client, pipe[2], epoll;
	struct iovec iov;
	struct msghdr msg;
	struct sockaddr_in addr;
	struct open_how how;
	struct statx statx;
	struct epoll_event event;
	char bytes[16];
} with;

struct request {
	const char *name;
	/* Those that do it; 0 ends the list. Which of them the engine takes is its own affair. */
	unsigned calls[MAX_CALLS];
	void (*prep)(struct io_uring_sqe *sqe);
};

/* ---- Requests -------------------------------------------------------------------------------- */

#define PREP(name, call)                                  \
	static void prep_##name(struct io_uring_sqe *sqe) \
	{                                                 \
		call;                                     \
	}

PREP(openat, io_uring_prep_openat(sqe, AT_FDCWD, "/dev/null", O_RDONLY, 0))
PREP(openat2, io_uring_prep_openat2(sqe, AT_FDCWD, "/dev/null", &with.how))
PREP(mkdirat, io_uring_prep_mkdirat(sqe, AT_FDCWD, "/proc/new", 0700))
PREP(unlinkat, io_uring_prep_unlinkat(sqe, AT_FDCWD, "/proc/none", 0))
PREP(renameat, io_uring_prep_renameat(sqe, AT_FDCWD, "/proc/none", AT_FDCWD, "/proc/new", 0))
PREP(symlinkat, io_uring_prep_symlinkat(sqe, "target", AT_FDCWD, "/proc/new"))
PREP(linkat, io_uring_prep_linkat(sqe, AT_FDCWD, "/proc/none", AT_FDCWD, "/proc/new", 0))
PREP(statx, io_uring_prep_statx(sqe, AT_FDCWD, "/", 0, STATX_BASIC_STATS, &with.statx))
PREP(fsetxattr, io_uring_prep_fsetxattr(sqe, with.file, "user.x", "y", 0, 1))
PREP(fgetxattr, io_uring_prep_fgetxattr(sqe, with.file, "user.x", with.bytes, 1))
PREP(read, io_uring_prep_read(sqe, with.file, with.bytes, 8, 0))
PREP(write, io_uring_prep_write(sqe, with.file, with.bytes, 8, 0))
PREP(readv, io_uring_prep_readv(sqe, with.file, &with.iov, 1, 0))
PREP(writev, io_uring_prep_writev(sqe, with.file, &with.iov, 1, 0))
PREP(fsync, io_uring_prep_fsync(sqe, with.file, 0))
PREP(fallocate, io_uring_prep_fallocate(sqe, with.file, 0, 0, 4096))
PREP(ftruncate, io_uring_prep_ftruncate(sqe, with.file, 4096))
PREP(fadvise, io_uring_prep_fadvise(sqe, with.file, 0, 0, POSIX_FADV_NORMAL))
PREP(splice, io_uring_prep_splice(sqe, with.file, 0, with.pipe[1], -1, 8, 0))
PREP(pipe, io_uring_prep_pipe(sqe, with.pipe, 0))
PREP(socket, io_uring_prep_socket(sqe, AF_INET, SOCK_STREAM, 0, 0))
PREP(bind, io_uring_prep_bind(sqe, with.socket, (struct sockaddr *)&with.addr, sizeof(with.addr)))
PREP(listen, io_uring_prep_listen(sqe, with.socket, 1))
PREP(accept, io_uring_prep_accept(sqe, with.listener, NULL, NULL, 0))
PREP(connect,
     io_uring_prep_connect(sqe, with.socket, (struct sockaddr *)&with.addr, sizeof(with.addr)))
PREP(send, io_uring_prep_send(sqe, with.socket, with.bytes, 1, 0))
PREP(sendmsg, io_uring_prep_sendmsg(sqe, with.socket, &with.msg, 0))
PREP(recv, io_uring_prep_recv(sqe, with.socket, with.bytes, 1, 0))
PREP(recvmsg, io_uring_prep_recvmsg(sqe, with.socket, &with.msg, 0))
PREP(shutdown, io_uring_prep_shutdown(sqe, with.socket, SHUT_RD))
PREP(epoll_ctl, io_uring_prep_epoll_ctl(sqe, with.epoll, with.pipe[0], EPOLL_CTL_ADD, &with.event))

/* Not read(2) and write(2), by which the engine wakes who waits. */
#define READS  __NR_pread64, __NR_readv, __NR_preadv, __NR_preadv2, __NR_io_submit
#define WRITES __NR_pwrite64, __NR_writev, __NR_pwritev, __NR_pwritev2, __NR_io_submit

static const struct request requests[] = {
	{ "openat", { __NR_openat, __NR_openat2 }, prep_openat },
	{ "openat2", { __NR_openat, __NR_openat2 }, prep_openat2 },
	{ "mkdirat", { __NR_mkdirat }, prep_mkdirat },
	{ "unlinkat", { __NR_unlinkat }, prep_unlinkat },
	{ "renameat", { __NR_renameat2 }, prep_renameat },
	{ "symlinkat", { __NR_symlinkat }, prep_symlinkat },
	{ "linkat", { __NR_linkat }, prep_linkat },
	{ "statx", { __NR_statx }, prep_statx },
	{ "fsetxattr", { __NR_fsetxattr }, prep_fsetxattr },
	{ "fgetxattr", { __NR_fgetxattr }, prep_fgetxattr },
	{ "read", { READS }, prep_read },
	{ "write", { WRITES }, prep_write },
	{ "readv", { READS }, prep_readv },
	{ "writev", { WRITES }, prep_writev },
	{ "fsync", { __NR_fsync, __NR_fdatasync, __NR_sync_file_range }, prep_fsync },
	{ "fallocate", { __NR_fallocate }, prep_fallocate },
	{ "ftruncate", { __NR_ftruncate }, prep_ftruncate },
	{ "fadvise", { __NR_fadvise64 }, prep_fadvise },
	{ "splice", { __NR_splice }, prep_splice },
	{ "pipe", { __NR_pipe2 }, prep_pipe },
	{ "socket", { __NR_socket }, prep_socket },
	{ "bind", { __NR_bind }, prep_bind },
	{ "listen", { __NR_listen }, prep_listen },
	{ "accept", { __NR_accept4, __NR_accept }, prep_accept },
	{ "connect", { __NR_connect }, prep_connect },
	{ "send", { __NR_sendto, __NR_sendmsg, __NR_writev }, prep_send },
	{ "sendmsg", { __NR_sendmsg, __NR_sendmmsg }, prep_sendmsg },
	{ "recv", { __NR_recvfrom, __NR_recvmsg, __NR_readv }, prep_recv },
	{ "recvmsg", { __NR_recvmsg, __NR_recvmmsg }, prep_recvmsg },
	{ "shutdown", { __NR_shutdown }, prep_shutdown },
	{ "epoll_ctl", { __NR_epoll_ctl }, prep_epoll_ctl },
};

/* ---- Each on a ring of the user engine ------------------------------------------------------- */

static void make_things(void)
{
	socklen_t length = sizeof(with.addr);

	with.file = memfd_create("file", 0);
	with.socket = socket(AF_INET, SOCK_STREAM, 0);
	with.listener = socket(AF_INET, SOCK_STREAM, 0);
	with.client = socket(AF_INET, SOCK_STREAM, 0);
	with.epoll = epoll_create1(0);
	with.addr = (struct sockaddr_in){ .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	with.iov = (struct iovec){ with.bytes, 8 };
	with.msg = (struct msghdr){ .msg_iov = &with.iov, .msg_iovlen = 1 };
	check(with.file >= 0 && with.socket >= 0 && with.listener >= 0 && with.client >= 0 &&
		      with.epoll >= 0 && !pipe(with.pipe) && !ftruncate(with.file, 4096),
	      "cannot make what is needed: %s", strerror(errno));
	check(!bind(with.listener, (struct sockaddr *)&with.addr, length) &&
		      !listen(with.listener, 1) &&
		      !getsockname(with.listener, (struct sockaddr *)&with.addr, &length) &&
		      !connect(with.client, (struct sockaddr *)&with.addr, length),
	      "cannot listen: %s", strerror(errno));
}

static void open_ring(struct io_uring *ring)
{
	int ret;

	anyring_set_engine(ANYRING_USER);
	ret = io_uring_queue_init(8, ring, 0);
	check(!ret, "no ring: %s", strerror(-ret));
	check(anyring_ring_engine(ring) == ANYRING_USER, "not the user engine");
}

static int run(struct io_uring *ring, void (*prep)(struct io_uring_sqe *sqe), unsigned flags)
{
	struct __kernel_timespec ts = { .tv_sec = 10 };
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct io_uring_cqe *cqe;
	int ret;

	prep(sqe);
	io_uring_sqe_set_flags(sqe, flags);
	check(io_uring_submit(ring) == 1, "it is not taken");
	ret = io_uring_wait_cqe_timeout(ring, &cqe, &ts);
	check(!ret, "no completion: %s", strerror(-ret));
	ret = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

static void refused_to_requests(const void *subject)
{
	static const unsigned both_ways[] = { 0, IOSQE_ASYNC };
	const struct request *r = subject;
	struct io_uring ring;

	make_things();
	open_ring(&ring);
	for (unsigned i = 0; i < MAX_CALLS && (r->calls[i] || !i); i++)
		check(refuse_calls(r->calls[i], r->calls[i], REFUSED), "no filter: %s",
		      strerror(errno));
	for (unsigned i = 0; i < 2; i++) {
		int ret = run(&ring, r->prep, both_ways[i]);

		check(ret == -REFUSED, "it answers %d with flags %#x", ret, both_ways[i]);
	}
}

/* ---- Other rights ---------------------------------------------------------------------------- */

#define SECRET "/var/tmp/anyring-secret"

PREP(open_secret, io_uring_prep_openat(sqe, AT_FDCWD, SECRET, O_RDONLY, 0))
PREP(trusted, io_uring_prep_fsetxattr(sqe, with.file, "trusted.x", "y", 0, 1))

static void rights_of_a_user(const void *subject)
{
	struct io_uring ring;
	int fd, ret;

	(void)subject;
	if (geteuid())
		case_skip("needs root, to give up its rights");
	make_things();
	fd = open(SECRET, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	check(fd >= 0, "cannot write " SECRET);
	check(!setresuid(65534, 65534, 65534), "cannot become another");
	open_ring(&ring);
	ret = run(&ring, prep_open_secret, 0);
	check(ret == -EACCES, "opening another's file answers %d", ret);
	ret = run(&ring, prep_open_secret, IOSQE_ASYNC);
	check(ret == -EACCES, "opening another's file answers %d in a worker", ret);
	ret = run(&ring, prep_trusted, 0);
	check(ret == -EPERM, "setting a trusted attribute answers %d", ret);
}

int main(void)
{
	int failed;

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		jobs_add(refused_to_requests, &requests[i], 0, "a refused call is refused: %s",
			 requests[i].name);
	jobs_add(rights_of_a_user, NULL, 0, "what a user may not, its requests may not");
	failed = jobs_run("rights");
	unlink(SECRET);
	return failed;
}
