/* SPDX-License-Identifier: MIT */
/* Workers where threads are hard to come by. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <anyring.h>
#include <liburing.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "result.h"

static struct io_uring ring;
static char fifo[64];

/* Atomic, as other threads look. */
static bool no_threads;	   /* none can be started */
static unsigned too_early; /* so many interruptions have no effect */
static unsigned interruptions;

long __real_user_syscall(long nr, long a, long b, long c, long d, long e, long f);
long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *),
			  void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *),
			  void *arg);

long __wrap_user_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	if (nr == __NR_tgkill && __atomic_fetch_add(&interruptions, 1, __ATOMIC_RELAXED) <
					 __atomic_load_n(&too_early, __ATOMIC_RELAXED))
		return 0;
	return __real_user_syscall(nr, a, b, c, d, e, f);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *),
			  void *arg)
{
	if (__atomic_load_n(&no_threads, __ATOMIC_RELAXED))
		return EAGAIN;
	return __real_pthread_create(thread, attr, body, arg);
}

static void set_no_threads(void)
{
	__atomic_store_n(&no_threads, true, __ATOMIC_RELAXED);
}

static void open_ring(void)
{
	char folder[] = "/tmp/anyring-worker-XXXXXX";

	check(!anyring_set_engine(ANYRING_USER), "no user engine");
	check(!io_uring_queue_init(4, &ring, 0), "no ring");
	check(anyring_ring_engine(&ring) == ANYRING_USER, "not the user engine");
	check(mkdtemp(folder), "no folder");
	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	check(!mkfifo(fifo, 0600), "no FIFO");
}

static void close_ring(void)
{
	io_uring_queue_exit(&ring);
	unlink(fifo);
	*strrchr(fifo, '/') = 0;
	check(!rmdir(fifo), "something is left");
}

/* Opens what nobody writes to. */
static void start_open(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	io_uring_prep_openat(sqe, AT_FDCWD, fifo, O_RDONLY, 0);
	sqe->user_data = 1;
	sqe->flags = IOSQE_ASYNC;
	check(io_uring_submit(&ring) == 1, "not submitted");
}

static void interrupted_without_new_threads(void)
{
	struct io_uring_sync_cancel_reg reg = { .addr = 1, .timeout = { 5, 0 } };
	int ret;

	open_ring();
	start_open();
	sleep_ms(20);
	set_no_threads();
	__atomic_store_n(&too_early, 3, __ATOMIC_RELAXED);
	ret = io_uring_register_sync_cancel(&ring, &reg);
	check(!ret, "cancelling gives %d", ret);
	ret = next_result(&ring, NULL);
	check(ret == -EINTR, "res %d", ret);
	close_ring();
}

static void none_for_the_first(void)
{
	int ret;

	open_ring();
	set_no_threads();
	start_open();
	ret = next_result(&ring, NULL);
	check(ret == -EAGAIN, "res %d", ret);
	close_ring();
}

static unsigned threads(void)
{
	struct stat st;

	check(!stat("/proc/self/task", &st), "no threads");
	return (unsigned)st.st_nlink - 2;
}

static void *do_nothing(void *arg)
{
	return arg;
}

static void all_end_with_the_last_ring(void)
{
	struct io_uring_sync_cancel_reg reg = { .addr = 1, .timeout = { 5, 0 } };
	unsigned before;
	pthread_t first;

	/* A sanitizer may start one of its own with the program's first. */
	check(!pthread_create(&first, NULL, do_nothing, NULL), "no thread");
	pthread_join(first, NULL);
	before = threads();
	open_ring();
	start_open();
	check(threads() > before, "no worker");
	check(!io_uring_register_sync_cancel(&ring, &reg), "not cancelled");
	close_ring();
	for (int i = 0; i < 500 && threads() > before; i++)
		sleep_ms(10);
	check(threads() <= before, "%u threads, and %u before", threads(), before);
}

static const struct test_case cases[] = {
	{ "is interrupted again, though there are no more threads",
	  .run = interrupted_without_new_threads },
	{ "there is none, nor who could interrupt it", .run = none_for_the_first },
	{ "all threads end with the last ring", .run = all_end_with_the_last_ring },
	{ 0 },
};

int main(int argc, char **argv)
{
	return jobs_main(argc, argv, "worker", cases);
}
