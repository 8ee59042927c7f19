/* SPDX-License-Identifier: MIT */
/*
 * Each system call that the user engine makes, failing once: every request must end all the same,
 * with the result it has on a good day or with the error, nothing may hang, and no descriptor may
 * be left over.
 *
 * Every scenario runs once to count its calls; then once for each call and each error, in a process
 * of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <anyring.h>

#include "cases/check.h"
#include "cases/jobs.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Of the calls of one kind in one scenario the first so many fail in turn. */
#define CALLS_MAX  6
#define ERRORS_MAX 5

/* What the process keeps once a ring was left with something pending. */
#define WATCHDOG_DESCRIPTORS 2

/* A result that is neither the usual one nor an error: fewer bytes than there are. */
#define SHORT 1000

/* ---- The boundary ---------------------------------------------------------------------------- */

/* Which of a system call's errors are tried. Those that cannot fail in a way that anyone could
 * handle (close, munmap, wake-ups) are left out. */
static const struct fault {
	long nr;
	const char *name;
	int errors[ERRORS_MAX];
} faults[] = {
	{ __NR_preadv2, "preadv2", { EINTR, EAGAIN, ENOMEM, EIO, SHORT } },
	{ __NR_pwritev2, "pwritev2", { EINTR, EAGAIN, ENOMEM, EIO, SHORT } },
	{ __NR_recvfrom, "recvfrom", { EINTR, EAGAIN, ENOMEM } },
	{ __NR_sendto, "sendto", { EINTR, EAGAIN, ENOMEM, SHORT } },
	{ __NR_recvmsg, "recvmsg", { EINTR, EAGAIN, ENOMEM } },
	{ __NR_sendmsg, "sendmsg", { EINTR, EAGAIN, ENOMEM } },
	{ __NR_accept4, "accept4", { EINTR, EAGAIN, EMFILE, ENOMEM } },
	{ __NR_epoll_ctl, "epoll_ctl", { ENOMEM, ENOSPC } },
	{ __NR_epoll_pwait2, "epoll_pwait2", { EINTR, ENOSYS } },
	{ __NR_epoll_pwait, "epoll_pwait", { EINTR } },
	{ __NR_epoll_create1, "epoll_create1", { EMFILE, ENOMEM } },
	{ __NR_eventfd2, "eventfd2", { EMFILE, ENOMEM } },
	{ __NR_fcntl, "fcntl", { EMFILE } },
	{ __NR_mmap, "mmap", { ENOMEM } },
	{ __NR_memfd_create, "memfd_create", { EMFILE, ENOMEM } },
	{ __NR_ftruncate, "ftruncate", { EINTR } },
	{ __NR_madvise, "madvise", { ENOMEM } },
	{ __NR_openat, "openat", { EINTR, EMFILE, ENOMEM } },
	{ __NR_openat2, "openat2", { EAGAIN, ENOSYS, EINVAL, EMFILE } },
	{ __NR_statx, "statx", { EINTR, ENOMEM, ENOSYS } },
	{ __NR_splice, "splice", { EINTR, ENOMEM } },
	{ __NR_ppoll, "ppoll", { EINTR, ENOMEM } },
	{ __NR_process_vm_readv, "process_vm_readv", { EPERM, ENOSYS, ENOMEM } },
	{ __NR_process_vm_writev, "process_vm_writev", { EPERM, ENOSYS } },
	{ __NR_io_setup, "io_setup", { EAGAIN, ENOMEM } },
	{ __NR_io_submit, "io_submit", { EAGAIN, ENOMEM, ENOSYS } },
	{ __NR_io_getevents, "io_getevents", { EINTR } },
	{ __NR_fsync, "fsync", { EINTR, EIO } },
	{ __NR_prlimit64, "prlimit64", { EPERM } },
	/* Not a system call of ours: threads that cannot be started. */
	{ -1, "pthread_create", { EAGAIN } },
};

/* Shared with the process that counts. */
static unsigned (*counts)[ARRAY_LEN(faults)];

static struct {
	const struct fault *fault; /* NULL: count only */
	unsigned call;		   /* which, from 0 */
	int error;
} injected;

static unsigned seen[ARRAY_LEN(faults)];
static bool watching;

/* -EAGAIN where there is something to be had is no fault that a kernel has; a regular file is
 * another matter, which may not be in memory. */
static bool may_be_early(long nr, long fd)
{
	bool reads = nr == __NR_preadv2 || nr == __NR_recvfrom || nr == __NR_recvmsg ||
		     nr == __NR_accept4;
	struct pollfd pfd = { .fd = (int)fd, .events = reads ? POLLIN : POLLOUT };
	struct stat st;

	return (!fstat((int)fd, &st) && S_ISREG(st.st_mode)) || poll(&pfd, 1, 0) == 0;
}

/* The error that this call is to fail with, or 0. */
static int error_of_call(long nr)
{
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		unsigned call;

		if (faults[i].nr != nr)
			continue;
		/* Relaxed: calls of several threads are counted, in whatever order. */
		call = __atomic_fetch_add(&seen[i], 1, __ATOMIC_RELAXED);
		if (injected.fault == &faults[i] && injected.call == call)
			return injected.error;
	}
	return 0;
}

long __real_user_syscall(long nr, long a, long b, long c, long d, long e, long f);
long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f);

static long shortened(long nr, long a, long b, long c, long d, long e, long f)
{
	struct iovec piece;

	if (nr == __NR_sendto)
		return __real_user_syscall(nr, a, b, c > 1 ? c / 2 : c, d, e, f);
	piece = *(struct iovec *)b;
	piece.iov_len = (piece.iov_len + 1) / 2;
	return __real_user_syscall(nr, a, (long)&piece, 1, d, e, f);
}

long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	/* Relaxed: set before the engine has anything to do. */
	int error = __atomic_load_n(&watching, __ATOMIC_RELAXED) ? error_of_call(nr) : 0;

	if (error == SHORT)
		return shortened(nr, a, b, c, d, e, f);
	if (error == EAGAIN && nr != __NR_io_setup && nr != __NR_io_submit && !may_be_early(nr, a))
		error = 0;
	return error ? -error : __real_user_syscall(nr, a, b, c, d, e, f);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *),
			  void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *),
			  void *arg);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *),
			  void *arg)
{
	int error = __atomic_load_n(&watching, __ATOMIC_RELAXED) ? error_of_call(-1) : 0;

	return error ? error : __real_pthread_create(thread, attr, body, arg);
}

/* ---- Scenarios ------------------------------------------------------------------------------- */

/* Requests of a scenario have the user_data 1, 2, ...: what each gives on a good day. */
struct good {
	int res;
	bool any_positive; /* a descriptor, a number of bytes */
};

struct stage {
	struct io_uring ring;
	unsigned submitted;
	struct good good[16];
	int result[16];
	char buffers[8][4096];
};

static struct io_uring_sqe *request(struct stage *s, int res, bool any_positive)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring);

	check(sqe, "the queue is full");
	s->good[++s->submitted] = (struct good){ res, any_positive };
	return sqe;
}

/* Call it after the prep. */
static void with_data(struct stage *s, struct io_uring_sqe *sqe)
{
	io_uring_sqe_set_data64(sqe, s->submitted);
}

static bool is_allowed(const struct good *good, int res)
{
	if (res == good->res || (good->any_positive && res > 0))
		return true;
	/* A chain breaks; an address cannot be looked at; what was not sent does not come. */
	return injected.fault &&
	       (res == -injected.error || res == -ECANCELED || res == -EFAULT || res == -EPIPE ||
		res == 0 || (injected.error == SHORT && res > 0));
}

/* Submits, and reaps until every request has had its last completion. */
static void finish(struct stage *s)
{
	struct __kernel_timespec most = { .tv_sec = 3 };
	bool ended[16] = { false };
	unsigned left = s->submitted;
	struct io_uring_cqe *cqe;
	int ret = io_uring_submit(&s->ring);

	check(ret == -EINTR || ret >= 0, "submit: %s", strerror(-ret));
	while (left) {
		ret = io_uring_wait_cqe_timeout(&s->ring, &cqe, &most);
		if (ret == -EINTR)
			continue;
		check(!ret, "%u of %u requests have not ended: %s", left, s->submitted,
		      strerror(-ret));
		check(cqe->user_data && cqe->user_data <= s->submitted && !ended[cqe->user_data],
		      "a completion of %llu", (unsigned long long)cqe->user_data);
		check(is_allowed(&s->good[cqe->user_data], cqe->res), "request %llu: res %d",
		      (unsigned long long)cqe->user_data, cqe->res);
		s->result[cqe->user_data] = cqe->res;
		if (!(cqe->flags & IORING_CQE_F_MORE)) {
			ended[cqe->user_data] = true;
			left--;
		}
		io_uring_cqe_seen(&s->ring, cqe);
	}
}

static int scratch(int flags)
{
	int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC | flags, 0600);
	static char block[8192] __attribute__((aligned(4096)));

	check(fd >= 0, "no scratch file: %s", strerror(errno));
	memset(block, 'x', sizeof(block));
	check(write(fd, block, sizeof(block)) == sizeof(block), "no data in it");
	return fd;
}

static void reads_and_writes(struct stage *s)
{
	struct iovec iov = { s->buffers[1], 4096 };
	struct io_uring_sqe *sqe;
	int fd = scratch(0);

	sqe = request(s, 4096, false);
	io_uring_prep_read(sqe, fd, s->buffers[0], 4096, 0);
	with_data(s, sqe);
	sqe = request(s, 4096, false);
	io_uring_prep_readv(sqe, fd, &iov, 1, 4096);
	with_data(s, sqe);
	sqe = request(s, 4096, false);
	io_uring_prep_write(sqe, fd, s->buffers[2], 4096, 8192);
	with_data(s, sqe);
	sqe = request(s, 0, false);
	io_uring_prep_fsync(sqe, fd, 0);
	with_data(s, sqe);
	finish(s);
	close(fd);
}

static void direct_reads(struct stage *s)
{
	static char pages[4][4096] __attribute__((aligned(4096)));
	int fd = scratch(O_DIRECT);

	for (unsigned i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe = request(s, 4096, false);

		io_uring_prep_read(sqe, fd, pages[i], 4096, i % 2 * 4096);
		with_data(s, sqe);
	}
	finish(s);
	close(fd);
}

static void pending_pipe(struct stage *s)
{
	struct io_uring_sqe *sqe;
	int fds[2];

	check(!pipe2(fds, O_CLOEXEC), "no pipe");
	sqe = request(s, 5, false);
	io_uring_prep_read(sqe, fds[0], s->buffers[0], 100, 0);
	with_data(s, sqe);
	check(io_uring_submit(&s->ring) >= 0, "not submitted");
	check(write(fds[1], "hello", 5) == 5, "not written");
	/* Another event, for one who was told wrongly that there is nothing to be read. */
	usleep(5000);
	close(fds[1]);
	finish(s);
	close(fds[0]);
}

static void sockets(struct stage *s)
{
	struct msghdr msg = { .msg_iov = &(struct iovec){ s->buffers[2], 100 }, .msg_iovlen = 1 };
	struct io_uring_sqe *sqe;
	int fds[2];

	check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "no sockets");
	sqe = request(s, 8, false);
	io_uring_prep_recv(sqe, fds[0], s->buffers[0], 8, MSG_WAITALL);
	with_data(s, sqe);
	sqe = request(s, 8, false);
	io_uring_prep_recvmsg(sqe, fds[1], &msg, 0);
	with_data(s, sqe);
	sqe = request(s, 8, false);
	io_uring_prep_send(sqe, fds[1], "whatever", 8, MSG_WAITALL);
	with_data(s, sqe);
	sqe = request(s, 8, false);
	io_uring_prep_send(sqe, fds[0], "whenever", 8, MSG_WAITALL);
	with_data(s, sqe);
	/* Whatever failed, nobody waits for ever. */
	check(io_uring_submit(&s->ring) >= 0, "not submitted");
	shutdown(fds[0], SHUT_RDWR);
	s->good[1].any_positive = s->good[2].any_positive = true;
	finish(s);
	close(fds[0]);
	close(fds[1]);
}

static void times_and_polls(struct stage *s)
{
	struct __kernel_timespec ts = { .tv_nsec = 5000000 };
	struct io_uring_sqe *sqe;
	int fds[2];

	check(!pipe2(fds, O_CLOEXEC), "no pipe");
	sqe = request(s, -ETIME, false);
	io_uring_prep_timeout(sqe, &ts, 0, 0);
	with_data(s, sqe);
	sqe = request(s, POLLIN, true);
	io_uring_prep_poll_add(sqe, fds[0], POLLIN);
	with_data(s, sqe);
	sqe = request(s, -ECANCELED, false);
	io_uring_prep_read(sqe, fds[0], s->buffers[0], 100, 0);
	sqe->flags |= IOSQE_IO_LINK;
	with_data(s, sqe);
	s->good[s->submitted].any_positive = true;
	sqe = request(s, -ETIME, true);
	io_uring_prep_link_timeout(sqe, &ts, 0);
	with_data(s, sqe);
	check(io_uring_submit(&s->ring) >= 0, "not submitted");
	usleep(20000);
	check(write(fds[1], "late", 4) == 4, "not written");
	finish(s);
	close(fds[0]);
	close(fds[1]);
}

static void names(struct stage *s)
{
	struct io_uring_sqe *sqe = request(s, 0, false);
	char name[40];

	snprintf(name, sizeof(name), "anyring-fault.%d", (int)getpid());
	io_uring_prep_mkdirat(sqe, AT_FDCWD, name, 0700);
	sqe->flags |= IOSQE_IO_LINK;
	with_data(s, sqe);
	sqe = request(s, 0, false);
	io_uring_prep_unlinkat(sqe, AT_FDCWD, name, AT_REMOVEDIR);
	with_data(s, sqe);
	finish(s);
	rmdir(name);
}

static void pipes_and_files(struct stage *s)
{
	struct io_uring_sqe *sqe;
	int fd = scratch(0), from[2], to[2];

	check(!pipe2(from, O_CLOEXEC) && !pipe2(to, O_CLOEXEC), "no pipes");
	sqe = request(s, 100, false);
	io_uring_prep_splice(sqe, fd, 0, to[1], -1, 100, 0);
	with_data(s, sqe);
	/* Waits for the side that is read from. */
	sqe = request(s, 4, false);
	io_uring_prep_splice(sqe, from[0], -1, to[1], -1, 10, 0);
	with_data(s, sqe);
	sqe = request(s, 0, true);
	io_uring_prep_openat(sqe, AT_FDCWD, ".", O_RDONLY | O_CLOEXEC, 0);
	with_data(s, sqe);
	sqe = request(s, 0, false);
	io_uring_prep_statx(sqe, fd, "", AT_EMPTY_PATH, STATX_ALL, (void *)s->buffers[0]);
	with_data(s, sqe);
	check(io_uring_submit(&s->ring) >= 0, "not submitted");
	usleep(5000);
	check(write(from[1], "late", 4) == 4, "not written");
	finish(s);
	if (s->result[3] > 0)
		close(s->result[3]);
	close(fd);
	for (unsigned i = 0; i < 2; i++) {
		close(from[i]);
		close(to[i]);
	}
}

/* A call that answers `good`, or what a failure may make of it. True: it did what it was to. */
static bool registers(int ret, int good)
{
	check(ret == good || (injected.fault && (ret == -injected.error || ret == -EFAULT ||
						 ret == -EBADF || ret == -EINVAL)),
	      "registering gives %d", ret);
	return ret == good;
}

static void registered_reads(struct stage *s, int fd)
{
	struct io_uring_sqe *sqe = request(s, 4096, false);

	io_uring_prep_read_fixed(sqe, 1, s->buffers[0], 4096, 0, 1);
	sqe->flags |= IOSQE_FIXED_FILE;
	with_data(s, sqe);
	sqe = request(s, 4096, false);
	io_uring_prep_read(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	with_data(s, sqe);
	finish(s);
}

static void resources(struct stage *s)
{
	struct iovec iovs[2] = { { s->buffers[1], 4096 }, { s->buffers[0], 4096 } };
	struct io_uring_buf_reg reg = { .ring_entries = 4, .flags = IOU_PBUF_RING_MMAP };
	int fd = scratch(0), fds[3] = { fd, fd, -1 }, event_fd = eventfd(0, EFD_CLOEXEC), ret;
	struct io_uring_buf_ring *br;
	bool files, all;

	files = all = registers(io_uring_register_files(&s->ring, fds, 3), 0);
	all &= registers(io_uring_register_buffers(&s->ring, iovs, 2), 0);
	if (registers(io_uring_register_buf_ring(&s->ring, &reg, 0), 0))
		registers(io_uring_unregister_buf_ring(&s->ring, 0), 0);
	br = io_uring_setup_buf_ring(&s->ring, 4, 0, 0, &ret);
	all &= registers(br ? 0 : ret, 0);
	registers(io_uring_register_eventfd(&s->ring, event_fd), 0);
	ret = io_uring_register_personality(&s->ring);
	registers(ret > 0 ? 1 : ret, 1);
	if (br) {
		io_uring_buf_ring_add(br, s->buffers[2], 4096, 0, 3, 0);
		io_uring_buf_ring_advance(br, 1);
	}
	if (all)
		registered_reads(s, fd);
	if (files)
		registers(io_uring_register_files_update(&s->ring, 2, &fd, 1), 1);
	if (br)
		io_uring_free_buf_ring(&s->ring, br, 4, 0);
	close(event_fd);
	close(fd);
}

static const struct scenario {
	const char *name;
	void (*run)(struct stage *s);
} scenarios[] = {
	{ "reads and writes", reads_and_writes },  { "O_DIRECT reads", direct_reads },
	{ "a read that waits", pending_pipe },	   { "sockets", sockets },
	{ "timeouts and polls", times_and_polls }, { "names", names },
	{ "pipes and files", pipes_and_files },	   { "registered resources", resources },
};

/* ---- Cases ----------------------------------------------------------------------------------- */

static unsigned open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 4096; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

static void run_scenario(const struct scenario *scenario)
{
	static struct stage stage;
	unsigned before = open_descriptors();
	int ret;

	check(!anyring_set_engine(ANYRING_USER), "no user engine");
	__atomic_store_n(&watching, true, __ATOMIC_RELAXED);
	ret = io_uring_queue_init(16, &stage.ring, 0);
	if (ret) {
		check(injected.fault, "no ring: %s", strerror(-ret));
		check(ret == -injected.error || ret == -EFAULT, "no ring: %s", strerror(-ret));
	} else {
		check(anyring_ring_engine(&stage.ring) == ANYRING_USER, "not the user engine");
		scenario->run(&stage);
		io_uring_queue_exit(&stage.ring);
	}
	__atomic_store_n(&watching, false, __ATOMIC_RELAXED);
	/* A worker that is being interrupted lets go of its file when it has noticed. */
	before += WATCHDOG_DESCRIPTORS;
	for (int tries = 0; tries < 100 && open_descriptors() > before; tries++)
		usleep(10000);
	check(open_descriptors() <= before, "%u descriptors are left over",
	      open_descriptors() - before);
}

/* One scenario with one call failing. */
struct trial {
	const struct scenario *scenario;
	const struct fault *fault;
	unsigned call;
	int error;
};

static void run_trial(const void *subject)
{
	const struct trial *trial = subject;

	injected.fault = trial->fault;
	injected.call = trial->call;
	injected.error = trial->error;
	run_scenario(trial->scenario);
}

/* The engine's own descriptors lie beyond the soft limit: below 4096, so that they are found. */
static void limit_descriptors(void)
{
	struct rlimit limit = { 1024, 4096 };

	check(!setrlimit(RLIMIT_NOFILE, &limit), "no limit: %s", strerror(errno));
}

static void count_calls(unsigned scenario)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		run_scenario(&scenarios[scenario]);
		for (size_t i = 0; i < ARRAY_LEN(faults); i++)
			counts[scenario][i] = __atomic_load_n(&seen[i], __ATOMIC_RELAXED);
		_exit(0);
	}
	check(pid > 0 && waitpid(pid, &status, 0) == pid && !status,
	      "%s does not work without any fault", scenarios[scenario].name);
}

static void add_trials(unsigned scenario, size_t fault)
{
	for (unsigned call = 0; call < counts[scenario][fault] && call < CALLS_MAX; call++) {
		for (unsigned i = 0; i < ERRORS_MAX && faults[fault].errors[i]; i++) {
			struct trial *trial = malloc(sizeof(*trial));
			int error = faults[fault].errors[i];

			check(trial, "out of memory");
			*trial =
				(struct trial){ &scenarios[scenario], &faults[fault], call, error };
			jobs_add(run_trial, trial, 0, "%s: %s %u: %s", scenarios[scenario].name,
				 faults[fault].name, call,
				 error == SHORT ? "short" : strerrorname_np(error));
		}
	}
}

int main(int argc, char **argv)
{
	counts = mmap(NULL, sizeof(*counts) * ARRAY_LEN(scenarios), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(counts != MAP_FAILED, "out of memory");
	/* O_DIRECT is for disks, which /tmp may not be on. */
	check(!chdir("/var/tmp"), "no /var/tmp");
	limit_descriptors();
	jobs_filter(argc > 1 ? argv[1] : NULL);
	for (unsigned i = 0; i < ARRAY_LEN(scenarios); i++) {
		count_calls(i);
		for (size_t j = 0; j < ARRAY_LEN(faults); j++)
			add_trials(i, j);
	}
	return jobs_run("faults");
}
