/* SPDX-License-Identifier: MIT */
/* Where the user engine differs from the kernel: what it does instead, as
 * docs/semantics.md says. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <anyring.h>

#include "cases/check.h"
#include "cases/descriptors.h"
#include "cases/jobs.h"
#include "result.h"

static struct io_uring ring;

/* Calls of fsync(2) by the engine. */
static unsigned fsyncs;

long __real_user_syscall(long nr, long a, long b, long c, long d, long e, long f);
long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f);

long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	/* Relaxed: a completion orders it before who reads it. */
	if (nr == __NR_fsync)
		__atomic_add_fetch(&fsyncs, 1, __ATOMIC_RELAXED);
	return __real_user_syscall(nr, a, b, c, d, e, f);
}

static void open_ring(unsigned flags)
{
	int ret = io_uring_queue_init(4, &ring, flags);

	check(!ret, "no ring: %s", strerror(-ret));
	check(anyring_ring_engine(&ring) == ANYRING_USER, "not the user engine");
}

static void submit_nop(void)
{
	io_uring_prep_nop(io_uring_get_sqe(&ring));
	check(io_uring_submit(&ring) == 1, "not submitted");
}

static short polled(void)
{
	struct pollfd pfd = { .fd = ring.ring_fd, .events = POLLIN | POLLOUT };

	check(poll(&pfd, 1, 0) >= 0, "poll: %s", strerror(errno));
	return pfd.revents;
}

static void reap(void)
{
	struct io_uring_cqe *cqe;

	check(!io_uring_wait_cqe(&ring, &cqe), "no completion");
	io_uring_cqe_seen(&ring, cqe);
}

/* ---- The ring's descriptor ------------------------------------------------------------------- */

static void cannot_be_mapped(void)
{
	static const unsigned long long offsets[] = {
		IORING_OFF_SQ_RING,
		IORING_OFF_CQ_RING,
		IORING_OFF_SQES,
		IORING_OFF_PBUF_RING,
	};

	open_ring(0);
	for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring.ring_fd,
				(off_t)offsets[i]);

		check(at == MAP_FAILED && errno == ENODEV, "offset %llx is mapped", offsets[i]);
	}
	submit_nop();
	reap();
	io_uring_queue_exit(&ring);
}

static void readable_never_writable(void)
{
	open_ring(0);
	check(polled() == 0, "%#x before there is anything", polled());
	submit_nop();
	check(polled() == POLLIN, "%#x with a completion", polled());
	io_uring_queue_exit(&ring);
}

static void readable_until_somebody_looks(void)
{
	struct io_uring_cqe *cqe;

	open_ring(0);
	submit_nop();
	reap();
	check(io_uring_peek_cqe(&ring, &cqe) == -EAGAIN, "a second completion");
	check(polled() == 0, "%#x after somebody has looked", polled());
	submit_nop();
	check(polled() == POLLIN, "%#x with a completion", polled());
	io_uring_queue_exit(&ring);
}

/* A program that sleeps in enter need not be one that polls: it has to look twice. */
static void readable_until_a_sleeper_looks_twice(void)
{
	struct __kernel_timespec soon = { .tv_nsec = 1000000 };
	struct io_uring_cqe *cqe;

	open_ring(0);
	io_uring_prep_timeout(io_uring_get_sqe(&ring), &soon, 0, 0);
	check(io_uring_submit_and_wait(&ring, 1) == 1, "not submitted");
	reap();
	check(polled() == POLLIN, "%#x: lowered by the sleeper", polled());
	check(io_uring_peek_cqe(&ring, &cqe) == -EAGAIN, "a second completion");
	check(io_uring_peek_cqe(&ring, &cqe) == -EAGAIN, "a second completion");
	check(polled() == 0, "%#x after somebody has looked twice", polled());
	io_uring_queue_exit(&ring);
}

static bool hung_up(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLHUP;
}

static void ends_when_its_number_is_used(void)
{
	struct io_uring closed;
	int fds[2];

	open_ring(0);
	check(!pipe(fds), "no pipe");
	check(!io_uring_register_files(&ring, &fds[1], 1), "no table");
	close(fds[1]);
	close(ring.ring_fd);
	check(!hung_up(fds[0]), "noticed by itself");
	closed = ring;
	open_ring(0);
	check(ring.ring_fd == closed.ring_fd, "another number");
	check(hung_up(fds[0]), "the ring goes on");
	io_uring_queue_exit(&ring);
	close(fds[0]);
}

/* ---- Task work ------------------------------------------------------------------------------- */

static void shown_while_waiting(void)
{
	static const unsigned flags[] = {
		0,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
	};
	struct io_uring_cqe *cqe;
	char byte;
	int fds[2];

	for (unsigned i = 0; i < 2; i++) {
		open_ring(flags[i]);
		check(!pipe(fds), "no pipe");
		check(!(*ring.sq.kflags & IORING_SQ_TASKRUN), "set with nothing to wait for");
		io_uring_prep_read(io_uring_get_sqe(&ring), fds[0], &byte, 1, 0);
		check(io_uring_submit(&ring) == 1, "not submitted");
		check(*ring.sq.kflags & IORING_SQ_TASKRUN, "not set");
		check(write(fds[1], "x", 1) == 1, "not written");
		check(!io_uring_peek_cqe(&ring, &cqe) && cqe->res == 1, "peeking did not enter");
		io_uring_queue_exit(&ring);
	}
}

/* ---- Registered resources -------------------------------------------------------------------- */

static int read_fixed(int fd, void *at)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	struct io_uring_cqe *cqe;
	int res;

	io_uring_prep_read_fixed(sqe, fd, at, 4, 0, 0);
	check(io_uring_submit_and_wait(&ring, 1) == 1, "not submitted");
	check(!io_uring_peek_cqe(&ring, &cqe), "no completion");
	res = cqe->res;
	io_uring_cqe_seen(&ring, cqe);
	return res;
}

static void buffers_are_not_pinned(void)
{
	char name[] = "/tmp/anyring-semantics-XXXXXX";
	int fd = mkstemp(name);
	struct iovec iov = { .iov_len = 4096 };

	check(fd >= 0 && !unlink(name) && !ftruncate(fd, 4096), "no file: %s", strerror(errno));
	iov.iov_base = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check(iov.iov_base != MAP_FAILED, "no memory");
	open_ring(0);
	/* Where the file is on a disk, which a kernel refuses. */
	check(!io_uring_register_buffers(&ring, &iov, 1), "not registered");
	check(read_fixed(fd, iov.iov_base) == 4, "not read");
	munmap(iov.iov_base, 4096);
	check(read_fixed(fd, iov.iov_base) == -EFAULT, "read into what is not there");
	io_uring_queue_exit(&ring);
	close(fd);
}

static void no_network_hardware(void)
{
	struct io_uring_napi napi = { .busy_poll_to = 50 };
	struct io_uring_zcrx_ifq_reg ifq = { .rq_entries = 8 };

	open_ring(0);
	check(io_uring_register_napi(&ring, &napi) == -EOPNOTSUPP, "NAPI");
	check(io_uring_unregister_napi(&ring, NULL) == -EOPNOTSUPP, "no NAPI");
	check(io_uring_register_ifq(&ring, &ifq) == -EOPNOTSUPP, "zero-copy receive");
	io_uring_queue_exit(&ring);
}

static int open_as(int personality)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	struct io_uring_cqe *cqe;

	io_uring_prep_openat(sqe, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
	sqe->personality = (unsigned short)personality;
	check(io_uring_submit_and_wait(&ring, 1) == 1, "not submitted");
	check(!io_uring_peek_cqe(&ring, &cqe), "no completion");
	io_uring_cqe_seen(&ring, cqe);
	return cqe->res;
}

static void rights_do_not_come_back(void)
{
	int root, fd;

	if (geteuid())
		case_skip("only root can give its rights up");
	open_ring(0);
	root = io_uring_register_personality(&ring);
	check(root > 0, "no personality: %d", root);
	check(!setgid(65534) && !setuid(65534), "not given up: %s", strerror(errno));
	fd = open_as(0);
	check(fd >= 0, "nobody may not: %d", fd);
	check(open_as(root) == -EPERM, "root again");
	io_uring_queue_exit(&ring);
}

/* ---- Files ----------------------------------------------------------------------------------- */

/* What was prepared, done: its first completion's result. */
static int result(void)
{
	check(io_uring_submit(&ring) == 1, "not submitted");
	return next_result(&ring, NULL);
}

/* As splice(2) leaves them. */
static void spliced_pipes_know_no_nowait(void)
{
	struct iovec vec = { "x", 1 };
	int from[2], to[2];

	check(!pipe(from) && !pipe(to), "no pipes");
	check(write(from[1], "x", 1) == 1, "nothing written");
	open_ring(0);
	io_uring_prep_writev2(io_uring_get_sqe(&ring), to[1], &vec, 1, 0, RWF_NOWAIT);
	check(result() == 1, "not written at once");
	io_uring_prep_splice(io_uring_get_sqe(&ring), from[0], -1, to[1], -1, 1, 0);
	check(result() == 1, "not spliced");
	io_uring_prep_writev2(io_uring_get_sqe(&ring), to[1], &vec, 1, 0, RWF_NOWAIT);
	check(result() == -EOPNOTSUPP, "RWF_NOWAIT");
	io_uring_prep_writev2(io_uring_get_sqe(&ring), to[1], &vec, 1, 0, 0);
	check(result() == 1, "not written");
	io_uring_queue_exit(&ring);
}

/* Neither read(2) nor write(2) knows epoll sets. */
static void no_bytes_of_epoll_sets(void)
{
	int set = epoll_create1(EPOLL_CLOEXEC);
	char byte = 0;

	open_ring(0);
	for (unsigned i = 0; i < 2; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

		if (i)
			io_uring_prep_write(sqe, set, &byte, 1, 0);
		else
			io_uring_prep_read(sqe, set, &byte, 1, 0);
		check(result() == -EINVAL, "%u: not refused", i);
	}
	io_uring_queue_exit(&ring);
	close(set);
}

static unsigned threads(void)
{
	DIR *folder = opendir("/proc/self/task");
	unsigned count = 0;
	struct dirent *entry;

	check(folder != NULL, "no /proc: %s", strerror(errno));
	while ((entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

static void range_is_the_whole_file(void)
{
	char name[] = "/tmp/anyring-semantics-XXXXXX";
	int fd = mkstemp(name);
	struct io_uring_sqe *sqe;

	check(fd >= 0 && !unlink(name) && !ftruncate(fd, 65536), "no file: %s", strerror(errno));
	open_ring(0);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_fsync(sqe, fd, 0);
	sqe->off = 4096;
	sqe->len = 4096;
	check(!result(), "not synced");
	check(__atomic_load_n(&fsyncs, __ATOMIC_RELAXED) == 1, "not by fsync(2)");
	io_uring_queue_exit(&ring);
	close(fd);
}

static void nothing_of_an_eventfd(void)
{
	int fd = eventfd(1, 0);
	char byte;

	open_ring(0);
	io_uring_prep_read(io_uring_get_sqe(&ring), fd, &byte, 0, 0);
	check(result() == 0, "an error");
	io_uring_queue_exit(&ring);
	close(fd);
}

static void need_a_number_for_a_moment(void)
{
	struct rlimit former, none;

	open_ring(0);
	check(!io_uring_register_files_sparse(&ring, 4), "no table");
	check(!getrlimit(RLIMIT_NOFILE, &former), "no limit");
	none = former;
	none.rlim_cur = (rlim_t)dup(0);
	close((int)none.rlim_cur);
	check(!setrlimit(RLIMIT_NOFILE, &none), "limit not set");
	io_uring_prep_openat_direct(io_uring_get_sqe(&ring), AT_FDCWD, "/", O_RDONLY, 0, 1);
	check(result() == -EMFILE, "opened");
	io_uring_prep_socket_direct(io_uring_get_sqe(&ring), AF_UNIX, SOCK_STREAM, 0, 1, 0);
	check(result() == -EMFILE, "a socket");
	check(!setrlimit(RLIMIT_NOFILE, &former), "limit not set");
	io_uring_prep_openat_direct(io_uring_get_sqe(&ring), AT_FDCWD, "/", O_RDONLY, 0, 1);
	check(!result(), "not opened");
	io_uring_queue_exit(&ring);
}

static void splices_wait_as_others_do(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	int from[2], to[2];

	check(!pipe(from) && !pipe(to), "no pipes");
	open_ring(0);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_splice(sqe, from[0], -1, to[1], -1, 10, 0);
	sqe->user_data = 1;
	check(io_uring_submit(&ring) == 1, "not submitted");
	/* The worker has tried, and found that it has to wait. */
	usleep(100000);
	io_uring_prep_cancel64(io_uring_get_sqe(&ring), 1, 0);
	check(result() == 0, "not cancelled");
	check(!io_uring_wait_cqe(&ring, &cqe), "no completion");
	check(cqe->user_data == 1 && cqe->res == -ECANCELED, "%d", cqe->res);
	io_uring_queue_exit(&ring);
}

/* Epoll sets take no more of one file than 500; few would have shown what else needs a thread. */
#define FEW	     100
#define BEYOND_EPOLL 510

static void many_of_a_file_take_workers(void)
{
	char bytes[BEYOND_EPOLL] = { 0 };
	unsigned before = 0;
	int fds[2];

	check(!pipe(fds), "no pipe");
	open_ring(0);
	for (unsigned i = 0; i < BEYOND_EPOLL; i++) {
		if (i == FEW)
			before = threads();
		io_uring_prep_read(io_uring_get_sqe(&ring), fds[0], &bytes[i], 1, 0);
		check(io_uring_submit(&ring) == 1, "not submitted");
	}
	check(threads() > before, "no worker, of %u threads", before);
	check(write(fds[1], bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes), "not written");
	for (unsigned i = 0; i < BEYOND_EPOLL; i++)
		reap();
	io_uring_queue_exit(&ring);
}

/* ---- Sockets --------------------------------------------------------------------------------- */

static int udp_to(unsigned short port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	check(!connect(fd, (void *)&to, sizeof(to)), "connect: %s", strerror(errno));
	return fd;
}

static void zero_copy_copies(void)
{
	struct io_uring_cqe *cqe;
	int fd = udp_to(9);

	open_ring(0);
	io_uring_prep_send_zc(io_uring_get_sqe(&ring), fd, "text", 4, 0,
			      IORING_SEND_ZC_REPORT_USAGE);
	check(result() == 4, "not sent");
	check(!io_uring_wait_cqe(&ring, &cqe), "no notification");
	check(cqe->flags & IORING_CQE_F_NOTIF, "no notification, but %#x", cqe->flags);
	check((unsigned)cqe->res == IORING_NOTIF_USAGE_ZC_COPIED, "%#x", (unsigned)cqe->res);
	io_uring_queue_exit(&ring);
	close(fd);
}

/* What a send to a port where nobody is leaves in the error queue, a request for
 * timestamps takes. */
static void error_queue_is_emptied(void)
{
	struct pollfd refused = { .events = POLLERR };
	char control[200];
	struct msghdr head = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct io_uring_sqe *sqe;
	int fd = udp_to(9), on = 1;

	check(!setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)), "no IP_RECVERR");
	check(send(fd, "text", 4, 0) == 4, "not sent");
	refused.fd = fd;
	check(poll(&refused, 1, 5000) == 1, "nobody refused it");
	open_ring(IORING_SETUP_CQE32);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_cmd_sock(sqe, SOCKET_URING_OP_TX_TIMESTAMP, fd, 0, 0, NULL, 0);
	check(io_uring_submit(&ring) == 1, "not submitted");
	check(recvmsg(fd, &head, MSG_ERRQUEUE | MSG_DONTWAIT) < 0 && errno == EAGAIN,
	      "it is there still");
	io_uring_queue_exit(&ring);
	close(fd);
}

/* The other side has said four bytes, and that this is all. */
static void end_after_the_last_is_not_told(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	struct pollfd ended = { .events = POLLRDHUP };
	socklen_t size = sizeof(addr);
	struct io_uring_cqe *cqe;
	char bytes[8];

	check(!bind(listener, (void *)&addr, size) && !listen(listener, 1) &&
		      !getsockname(listener, (void *)&addr, &size) &&
		      !connect(client, (void *)&addr, size),
	      "no connection: %s", strerror(errno));
	ended.fd = accept(listener, NULL, NULL);
	check(send(client, "last", 4, 0) == 4 && !shutdown(client, SHUT_WR), "not sent");
	check(poll(&ended, 1, 5000) == 1, "no end");
	open_ring(0);
	io_uring_prep_recv(io_uring_get_sqe(&ring), ended.fd, bytes, sizeof(bytes), 0);
	check(io_uring_submit_and_wait(&ring, 1) == 1, "not submitted");
	check(!io_uring_peek_cqe(&ring, &cqe) && cqe->res == 4, "not received");
	check(!(cqe->flags & IORING_CQE_F_SOCK_NONEMPTY), "the end was told");
	io_uring_queue_exit(&ring);
}

/* ---- Shared between processes ---------------------------------------------------------------- */

static void no_ring_elsewhere(void)
{
	int pair[2], status, fd;
	pid_t pid;

	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "no sockets");
	pid = fork();
	if (!pid) {
		/* The ring is younger than this process. */
		fd = receive_descriptor(pair[1]);
		open_ring(0);
		io_uring_queue_exit(&ring);
		_exit(io_uring_enter((unsigned)fd, 0, 0, IORING_ENTER_GETEVENTS, NULL) !=
		      -EOPNOTSUPP);
	}
	open_ring(0);
	send_descriptor(pair[0], ring.ring_fd);
	check(waitpid(pid, &status, 0) == pid && !status, "it is a ring: %#x", (unsigned)status);
}

/* Reports, by the pipe, what the child of the ring's maker, which is gone, finds in the queue. */
static void outlive_the_maker(int report)
{
	pid_t maker;
	struct io_uring_cqe *cqe;
	struct __kernel_timespec ts = { .tv_nsec = 300000000 };
	int fds[2], ret;
	char byte;

	check(!pipe(fds), "no pipe");
	open_ring(0);
	io_uring_prep_read(io_uring_get_sqe(&ring), fds[0], &byte, 1, 0);
	check(io_uring_submit(&ring) == 1, "not submitted");
	maker = getpid();
	if (fork())
		_exit(0);
	/* Until it is gone it may complete what it began. */
	while (getppid() == maker)
		usleep(1000);
	check(write(fds[1], "x", 1) == 1, "no write");
	ret = io_uring_wait_cqe_timeout(&ring, &cqe, &ts);
	check(write(report, &ret, sizeof(ret)) == sizeof(ret), "no report");
	_exit(0);
}

static void early_requests_die(void)
{
	int report[2], ret = 0;

	check(!pipe(report), "no pipe");
	if (!fork())
		outlive_the_maker(report[1]);
	check(read(report[0], &ret, sizeof(ret)) == sizeof(ret), "no report");
	check(ret == -ETIME, "%d", ret);
}

static void no_futex_of_a_node(void)
{
	static uint32_t words[2] __attribute__((aligned(8)));
	struct io_uring_cqe *cqe;

	open_ring(0);
	for (unsigned node = 4; node <= 8; node *= 2) {
		io_uring_prep_futex_wait(io_uring_get_sqe(&ring), words, 0, ~0U, 2 | node, 0);
		check(io_uring_submit(&ring) == 1, "not submitted");
		check(!io_uring_peek_cqe(&ring, &cqe) && cqe->res == -EINVAL, "no -EINVAL");
		io_uring_cqe_seen(&ring, cqe);
	}
}

static const struct test_case differences[] = {
	{ "the descriptor of a ring cannot be mapped", .run = cannot_be_mapped },
	{ "the descriptor is readable, and never writable", .run = readable_never_writable },
	{ "a descriptor that is readable for nothing is so until somebody looks",
	  .run = readable_until_somebody_looks },
	{ "for one that sleeps in enter, until it looks twice",
	  .run = readable_until_a_sleeper_looks_twice },
	{ "a ring closed by close(2) ends when its number is used again",
	  .run = ends_when_its_number_is_used },
	{ "IORING_SQ_TASKRUN is set while a request waits", .run = shown_while_waiting },
	{ "a descriptor that was sent to another process is no ring there",
	  .run = no_ring_elsewhere },
	{ "requests from before the fork end without a completion if their process does",
	  .run = early_requests_die },
	{ "a registered buffer is memory as it is when used", .run = buffers_are_not_pinned },
	{ "NAPI and zero-copy receive are not supported", .run = no_network_hardware },
	{ "a read or write of an epoll set fails at once", .run = no_bytes_of_epoll_sets },
	{ "a pipe that was spliced knows no RWF_NOWAIT", .run = spliced_pipes_know_no_nowait },
	{ "no wait for a futex of a node", .run = no_futex_of_a_node },
	{ "rights that were given up do not come back with a personality",
	  .run = rights_do_not_come_back },
	{ "fsync of a range syncs the whole file", .run = range_is_the_whole_file },
	{ "a read of no bytes of an eventfd gives 0", .run = nothing_of_an_eventfd },
	{ "what goes into a slot needs a descriptor for a moment",
	  .run = need_a_number_for_a_moment },
	{ "a splice that waits is cancelled as others are", .run = splices_wait_as_others_do },
	{ "more than 500 requests that wait for one file take workers",
	  .run = many_of_a_file_take_workers },
	{ "zero-copy sends copy, and say so", .run = zero_copy_copies },
	{ "timestamps take other errors off the error queue", .run = error_queue_is_emptied },
	{ "the end behind a short receive is not told with it",
	  .run = end_after_the_last_is_not_told },
	{ 0 },
};

int main(int argc, char **argv)
{
	check(!anyring_set_engine(ANYRING_USER), "no user engine");
	return jobs_main(argc, argv, "semantics", differences);
}
