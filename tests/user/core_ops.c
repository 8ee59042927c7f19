/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <anyring.h>

#include "cases/check.h"
#include "core_ops.h"
#include "user/op/op.h"

/* ---- Opcodes --------------------------------------------------------------------------------- */

struct now {
	int res;
};

static int now_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	request_data(req, struct now)->res = (int)sqe->len;
	return 0;
}

static enum issue_result now_issue(struct request *req, enum issue_how how)
{
	(void)how;
	req->res = request_data(req, struct now)->res;
	return ISSUE_DONE;
}

static int no_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	(void)req, (void)sqe;
	return 0;
}

static int refused_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	(void)req, (void)sqe;
	return -EINVAL;
}

static enum issue_result byte_issue(struct request *req, enum issue_how how)
{
	unsigned char byte = 0;
	long ret = SYS(read, req->sysfd, &byte, 1);

	(void)how;
	if (ret == -EAGAIN) {
		if (req->file)
			reactor_drained(req->file, EPOLLIN);
		return ISSUE_AGAIN;
	}
	req->res = ret == 1 ? byte : (int)ret;
	return ISSUE_DONE;
}

static enum issue_result block_issue(struct request *req, enum issue_how how)
{
	/* The flags are the worker's, as every opcode believes. */
	for (unsigned i = 0; how & HOW_WORKER && i < 1000; i++) {
		req->flags ^= REQ_PARTIAL;
		__asm__ volatile("" ::: "memory");
	}
	return how & HOW_WORKER ? byte_issue(req, how) : ISSUE_WORKER;
}

static void timer_fire(struct uring *ring, struct timer *timer)
{
	struct request *req = list_entry(timer, struct request, data);

	(void)ring;
	request_unpend(req);
	request_fail(req, -ETIME);
}

static int timer_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	*request_data(req, struct timer) = (struct timer){
		.clock = CLOCK_MONOTONIC,
		.deadline = (int64_t)sqe->off,
		.fire = timer_fire,
	};
	return 0;
}

static enum issue_result timer_issue(struct request *req, enum issue_how how)
{
	struct timer *timer = request_data(req, struct timer);

	(void)how;
	timer->deadline += clock_now(CLOCK_MONOTONIC);
	req->res = timer_arm(req->ring, timer);
	if (req->res)
		return ISSUE_DONE;
	request_pend(req, REQ_ARMED);
	return ISSUE_ARMED;
}

static bool timer_cancel(struct request *req)
{
	return timer_disarm(req->ring, request_data(req, struct timer));
}

static unsigned issued;

unsigned core_issued(void)
{
	return __atomic_load_n(&issued, __ATOMIC_RELAXED);
}

static enum issue_result yield_issue(struct request *req, enum issue_how how)
{
	struct now *left = request_data(req, struct now);

	(void)how;
	__atomic_add_fetch(&issued, 1, __ATOMIC_RELAXED);
	if (left->res--)
		return ISSUE_AGAIN;
	req->res = 0;
	return ISSUE_DONE;
}

static enum issue_result deny_issue(struct request *req, enum issue_how how)
{
	__atomic_add_fetch(&issued, 1, __ATOMIC_RELAXED);
	return byte_issue(req, how);
}

#define COMMON .takes_ioprio = true, .iopoll = true

const struct op op_table[IORING_OP_LAST] = {
	[OP_NOW] = { .name = "now", .prep = now_prep, .issue = now_issue, COMMON },
	[OP_BYTE] = { .name = "byte",
		      .prep = no_prep,
		      .issue = byte_issue,
		      .needs_file = true,
		      .poll_events = EPOLLIN,
		      COMMON },
	[OP_BLOCK] = { .name = "block",
		       .prep = no_prep,
		       .issue = block_issue,
		       .needs_file = true,
		       .unbounded = true,
		       COMMON },
	[OP_TIMER] = { .name = "timer",
		       .prep = timer_prep,
		       .issue = timer_issue,
		       .cancel = timer_cancel,
		       COMMON },
	[OP_YIELD] = { .name = "yield",
		       .prep = now_prep,
		       .issue = yield_issue,
		       .needs_file = true,
		       .poll_events = EPOLLOUT,
		       COMMON },
	[OP_DENY] = { .name = "deny",
		      .prep = no_prep,
		      .issue = deny_issue,
		      .needs_file = true,
		      .poll_events = EPOLLIN,
		      COMMON },
	[OP_REFUSED] = { .name = "refused", .prep = refused_prep, .issue = now_issue, COMMON },
};

/* ---- System calls ---------------------------------------------------------------------------- */

int (*core_fault)(long nr);

long __real_user_syscall(long nr, long a, long b, long c, long d, long e, long f);
long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f);

#ifdef __SANITIZE_THREAD__
/* Children with threads are tested, and handlers that wait: neither is new to the sanitizer. */
const char *__tsan_default_options(void);

const char *__tsan_default_options(void)
{
	return "die_after_fork=0:report_signal_unsafe=0:atexit_sleep_ms=0";
}
#endif

long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	int error = core_fault ? core_fault(nr) : 0;

#ifdef __SANITIZE_THREAD__
	/* So that it knows when an address becomes another memory. */
	if (!error && nr == __NR_munmap)
		return munmap((void *)a, (size_t)b);
#endif
	return error ? error : __real_user_syscall(nr, a, b, c, d, e, f);
}

unsigned long core_page_size;

unsigned long __real_getauxval(unsigned long type);
unsigned long __wrap_getauxval(unsigned long type);

unsigned long __wrap_getauxval(unsigned long type)
{
	return type == AT_PAGESZ && core_page_size ? core_page_size : __real_getauxval(type);
}

/* ---- Using them ------------------------------------------------------------------------------ */

void core_ring_params(struct io_uring *ring, unsigned entries, struct io_uring_params *p)
{
	int ret;

	check(!anyring_set_engine(ANYRING_USER), "no user engine");
	ret = io_uring_queue_init_params(entries, ring, p);
	check(!ret, "a ring: %s", strerror(-ret));
	check(anyring_ring_engine(ring) == ANYRING_USER, "not the user engine");
}

void core_ring(struct io_uring *ring, unsigned entries, unsigned flags)
{
	struct io_uring_params p = { .flags = flags };

	core_ring_params(ring, entries, &p);
}

struct io_uring_sqe *core_sqe(struct io_uring *ring, unsigned op, int fd, uint64_t data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	check(sqe, "the queue is full");
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = (uint8_t)op;
	sqe->fd = fd;
	sqe->user_data = data;
	return sqe;
}

void core_submit(struct io_uring *ring, int expected)
{
	int ret = io_uring_submit(ring);

	check(ret == expected, "%d submitted, not %d", ret, expected);
}

int core_reap(struct io_uring *ring, uint64_t *data)
{
	struct __kernel_timespec most = { .tv_sec = 5 };
	struct io_uring_cqe *cqe;
	int ret = io_uring_wait_cqe_timeout(ring, &cqe, &most);

	check(!ret, "no completion: %s", strerror(-ret));
	if (data)
		*data = cqe->user_data;
	ret = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

void core_pipe(int fds[2], bool blocking)
{
	check(!pipe2(fds, O_CLOEXEC), "no pipe");
	if (!blocking)
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
}

void core_put(int fd, char byte)
{
	check(write(fd, &byte, 1) == 1, "a full pipe");
}

static unsigned entries_of(const char *path)
{
	DIR *dir = opendir(path);
	unsigned count = 0;

	check(dir, "no %s", path);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

unsigned core_fds(void)
{
	return entries_of("/proc/self/fd");
}

unsigned core_threads(void)
{
	return entries_of("/proc/self/task");
}
