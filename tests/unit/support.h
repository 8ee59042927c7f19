/* SPDX-License-Identifier: MIT */
/* What the unit tests share: rings that skip where they are refused, and checked results. */
#ifndef UNIT_SUPPORT_H
#define UNIT_SUPPORT_H

#include "cases/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <liburing.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Longer than any test may take, so that a wait for it that ends was ended by something else. */
#define FOR_EVER_S 20
#define FOR_EVER                     \
	(struct __kernel_timespec)   \
	{                            \
		.tv_sec = FOR_EVER_S \
	}
#define MILLISECONDS(ms)                  \
	(struct __kernel_timespec)        \
	{                                 \
		.tv_nsec = (ms)*1000000LL \
	}

/* No errno of any system, so that a library call that sets it is seen. */
#define ERRNO_MARK 12345

/* The library's promise for every call: the result is -errno, and errno itself stays as it was. */
#define assert_ret(want, call)                             \
	do {                                               \
		long long ret_;                            \
		int errno_;                                \
		errno = ERRNO_MARK;                        \
		ret_ = (call);                             \
		errno_ = errno;                            \
		assert_int_equal(ret_, (long long)(want)); \
		assert_int_equal(errno_, ERRNO_MARK);      \
	} while (0)

/* System calls of the tests themselves, which must work. */
#define sys(call)                                                        \
	({                                                               \
		long sys_ = (call);                                      \
		if (sys_ < 0)                                            \
			print_error("%s: %s\n", #call, strerror(errno)); \
		assert_true(sys_ >= 0);                                  \
		(int)sys_;                                               \
	})

/* ---- Rings ----------------------------------------------------------------------------------- */

static inline bool kernel_before(unsigned major, unsigned minor)
{
	unsigned have_major = 0, have_minor = 0;
	struct utsname uts;

	sys(uname(&uts));
	assert_int_equal(sscanf(uts.release, "%u.%u", &have_major, &have_minor), 2);
	return have_major < major || (have_major == major && have_minor < minor);
}

/* For what an older kernel answers with an error that a bug could give as well. */
static inline void need_kernel(unsigned major, unsigned minor, const char *what)
{
	if (kernel_before(major, minor))
		skip_because("%s came with Linux %u.%u", what, major, minor);
}

static inline void skip_if_refused(int ret)
{
	if (ret == -EPERM || ret == -ENOSYS)
		skip_because("io_uring is refused here: %s", strerror(-ret));
}

static inline void open_params(struct io_uring *ring, unsigned entries, struct io_uring_params *p)
{
	int ret;

	errno = ERRNO_MARK;
	ret = io_uring_queue_init_params(entries, ring, p);
	assert_int_equal(errno, ERRNO_MARK);
	skip_if_refused(ret);
	assert_int_equal(ret, 0);
}

static inline void open_ring(struct io_uring *ring, unsigned entries, unsigned flags)
{
	struct io_uring_params p = { .flags = flags };

	open_params(ring, entries, &p);
}

static inline void need_feature(struct io_uring *ring, unsigned feature, const char *what)
{
	if (ring->features & feature)
		return;
	io_uring_queue_exit(ring);
	skip_because("this kernel has no %s", what);
}

static inline struct io_uring_sqe *next_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	assert_non_null(sqe);
	return sqe;
}

static inline void queue_nop(struct io_uring *ring, uint64_t data)
{
	struct io_uring_sqe *sqe = next_sqe(ring);

	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data64(sqe, data);
}

/* Asserts that the oldest CQE is `cqe`, then reaps it. */
#define reap_known(ring, cqe, data, want)                 \
	do {                                              \
		assert_non_null(cqe);                     \
		assert_int_equal((cqe)->user_data, data); \
		assert_int_equal((cqe)->res, want);       \
		io_uring_cqe_seen(ring, cqe);             \
	} while (0)

/* Waits for the next CQE, asserts which it is and its result, and reaps it. */
#define reap(ring, data, want)                                 \
	do {                                                   \
		struct io_uring_cqe *cqe_ = NULL;              \
		assert_ret(0, io_uring_wait_cqe(ring, &cqe_)); \
		reap_known(ring, cqe_, data, want);            \
	} while (0)

#define assert_no_cqe(ring)                                           \
	do {                                                          \
		struct io_uring_cqe *none_;                           \
		assert_ret(-EAGAIN, io_uring_peek_cqe(ring, &none_)); \
	} while (0)

/* What a request answered: a copy, since the CQE is reaped. */
struct answer {
	uint64_t data;
	int res;
	unsigned flags;
};

static inline struct answer next_answer(struct io_uring *ring)
{
	struct __kernel_timespec ts = FOR_EVER;
	struct io_uring_cqe *cqe = NULL;
	struct answer answer;

	assert_ret(0, io_uring_wait_cqe_timeout(ring, &cqe, &ts));
	answer.data = cqe->user_data;
	answer.res = cqe->res;
	answer.flags = cqe->flags;
	io_uring_cqe_seen(ring, cqe);
	return answer;
}

/* Submits the one request prepared, and reaps its answer. */
static inline struct answer run(struct io_uring *ring)
{
	assert_ret(1, io_uring_submit(ring));
	return next_answer(ring);
}

/* The least proof that a ring works. */
static inline void check_ring_works(struct io_uring *ring)
{
	queue_nop(ring, 0xabc);
	assert_ret(1, io_uring_submit(ring));
	reap(ring, 0xabc, 0);
}

/* ---- Files, sockets, processes, time --------------------------------------------------------- */

static inline bool fd_is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

/* The number the next descriptor will get: unchanged by a call that leaks none. */
static inline int next_fd(void)
{
	int fd = sys(dup(0));

	close(fd);
	return fd;
}

/* A file without a name holding `len` bytes of `data`. */
static inline int scratch_file(const void *data, size_t len)
{
	int fd = sys(memfd_create("unit", MFD_CLOEXEC));

	assert_int_equal(sys(write(fd, data, len)), len);
	return fd;
}

static inline int listen_any(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = sys(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	sys(bind(fd, (struct sockaddr *)addr, sizeof(*addr)));
	sys(listen(fd, 16));
	sys(getsockname(fd, (struct sockaddr *)addr, &len));
	return fd;
}

static inline int connect_to(const struct sockaddr_in *addr)
{
	int fd = sys(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	sys(connect(fd, (const struct sockaddr *)addr, sizeof(*addr)));
	return fd;
}

static inline void stream_pair(int sv[2])
{
	sys(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv));
}

static inline double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/*
 * In a child a failed assertion would jump into a copy of the test runner. It says what went wrong
 * and leaves by _exit, as the parent's atexit work is not its own.
 */
#define child_check(cond)                                                         \
	do {                                                                      \
		if (!(cond)) {                                                    \
			fprintf(stderr, "child, line %d: %s\n", __LINE__, #cond); \
			_exit(1);                                                 \
		}                                                                 \
	} while (0)

/* What a child answers for a ring it could not have. */
#define CHILD_REFUSED 77

static inline void in_child(void (*body)(void *), void *arg)
{
	int status;
	pid_t pid = sys(fork());

	if (!pid) {
		body(arg);
		_exit(0);
	}
	assert_int_equal(sys(waitpid(pid, &status, 0)), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CHILD_REFUSED)
		skip_because("io_uring is refused here");
	assert_int_equal(WEXITSTATUS(status), 0);
}

#endif
