/* SPDX-License-Identifier: MIT */
/* What others see of the user engine's rings, and can do with them: who watches files, children,
 * who makes the system calls himself, and who comes to look late. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <anyring.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "result.h"

#define BLOCK 4096

static struct io_uring ring;

static void open_ring(void)
{
	check(!io_uring_queue_init(8, &ring, 0), "no ring");
	check(anyring_ring_engine(&ring) == ANYRING_USER, "not the user engine");
}

/* ---- Who watches files ----------------------------------------------------------------------- */

static char blocks[4][BLOCK] __attribute__((aligned(BLOCK)));

/* Submits so many reads or writes at once: all that the file's watch is told of them. */
static uint32_t told_of(int fd, int watch, unsigned count, bool write)
{
	struct inotify_event events[16];
	uint32_t told = 0;
	unsigned flags;
	ssize_t size;

	for (unsigned i = 0; i < count; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

		if (write)
			io_uring_prep_write(sqe, fd, blocks[i], BLOCK, (uint64_t)i * BLOCK);
		else
			io_uring_prep_read(sqe, fd, blocks[i], BLOCK, (uint64_t)i * BLOCK);
	}
	check(io_uring_submit(&ring) == (int)count, "not submitted");
	for (unsigned i = 0; i < count; i++) {
		int res = next_result(&ring, &flags);

		check(res == BLOCK, "res %d", res);
	}
	size = read(watch, events, sizeof(events));
	check(size >= 0 || errno == EAGAIN, "the watch is broken");
	/* None has a name. */
	for (ssize_t i = 0; i * (ssize_t)sizeof(events[0]) < size; i++)
		told |= events[i].mask;
	return told;
}

static void expect_told(int flags, unsigned count, bool write, uint32_t expected)
{
	int fd = open(".", O_TMPFILE | O_RDWR | flags, 0600), watch = inotify_init1(IN_NONBLOCK);
	uint32_t told;
	char name[32];

	if (fd < 0 && errno == EINVAL)
		case_skip("no O_DIRECT here");
	check(fd >= 0 && watch >= 0, "no file, or no watch: %s", strerror(errno));
	check(pwrite(fd, blocks, sizeof(blocks), 0) == sizeof(blocks), "not written");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	check(inotify_add_watch(watch, name, IN_ACCESS | IN_MODIFY) >= 0, "not watched");
	/* A new one knows of no other file that had this number. */
	open_ring();
	told = told_of(fd, watch, count, write);
	io_uring_queue_exit(&ring);
	check(told == expected, "told %#x of %u, flags %#x", told, count, (unsigned)flags);
	close(fd);
	close(watch);
}

static void aio_tells_nobody(void)
{
	struct statfs fs;

	if (!statfs(".", &fs) && fs.f_type == TMPFS_MAGIC)
		case_skip("files in memory take no AIO");
	/* Each as from a call of its own. */
	expect_told(0, 1, false, IN_ACCESS);
	expect_told(0, 4, true, IN_MODIFY);
	/* Several reads are one call to Linux AIO, and so is everything with O_DIRECT. */
	expect_told(0, 4, false, 0);
	expect_told(O_DIRECT, 1, false, 0);
	expect_told(O_DIRECT, 1, true, 0);
}

/* ---- Who comes late -------------------------------------------------------------------------- */

static void writes_become_one_read(void)
{
	struct io_uring_buf_ring *br;
	static char bytes[2][64];
	unsigned flags;
	int fds[2], ret;

	open_ring();
	check(!pipe(fds), "no pipe");
	br = io_uring_setup_buf_ring(&ring, 2, 0, 0, &ret);
	check(br, "no buffers");
	for (unsigned short i = 0; i < 2; i++)
		io_uring_buf_ring_add(br, bytes[i], sizeof(bytes[i]), i, 1, i);
	io_uring_buf_ring_advance(br, 2);
	io_uring_prep_read_multishot(io_uring_get_sqe(&ring), fds[0], 0, 0, 0);
	check(io_uring_submit(&ring) == 1, "not submitted");
	check(write(fds[1], "one", 3) == 3 && write(fds[1], "two", 3) == 3, "not written");
	ret = next_result(&ring, &flags);
	check(ret == 6 && !memcmp(bytes[0], "onetwo", 6), "res %d", ret);
	check(flags & IORING_CQE_F_MORE, "it has ended");
	io_uring_queue_exit(&ring);
}

/* ---- Children -------------------------------------------------------------------------------- */

/* Of a request that the parent has submitted. */
static int cancelled_by_child(void)
{
	struct io_uring_sync_cancel_reg cancel = { .addr = 1, .timeout = { -1, -1 } };
	int status;
	pid_t child = fork();

	check(child >= 0, "no child");
	if (!child)
		_exit(-io_uring_register_sync_cancel(&ring, &cancel));
	check(waitpid(child, &status, 0) == child && WIFEXITED(status), "the child died");
	return -WEXITSTATUS(status);
}

static void children_cancel_their_own(void)
{
	struct io_uring_sqe *sqe;
	unsigned flags;
	int fds[2], ret;
	char byte;

	open_ring();
	check(!pipe(fds), "no pipe");
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_read(sqe, fds[0], &byte, 1, 0);
	sqe->user_data = 1;
	check(io_uring_submit(&ring) == 1, "not submitted");
	ret = cancelled_by_child();
	check(ret == -ENOENT, "cancelling gives %d", ret);
	check(write(fds[1], "x", 1) == 1, "not written");
	ret = next_result(&ring, &flags);
	check(ret == 1, "res %d", ret);
	io_uring_queue_exit(&ring);
}

/* ---- System calls ---------------------------------------------------------------------------- */

static void calls_past_the_library(void)
{
	long ret;

	open_ring();
	io_uring_prep_nop(io_uring_get_sqe(&ring));
	ret = syscall(__NR_io_uring_enter, ring.ring_fd, 1, 0, 0, NULL, 0);
	check(ret == -1 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM),
	      "io_uring_enter gives %ld, %s", ret, strerror(errno));
	ret = syscall(__NR_io_uring_register, ring.ring_fd, IORING_UNREGISTER_BUFFERS, NULL, 0);
	check(ret == -1 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM),
	      "io_uring_register gives %ld, %s", ret, strerror(errno));
	/* Those of the library do. */
	check(io_uring_submit(&ring) == 1, "not submitted");
	io_uring_queue_exit(&ring);
}

static const struct test_case cases[] = {
	{ "who watches a file is not told of what Linux AIO does", .run = aio_tells_nobody },
	{ "what is written before somebody looks is one multishot read",
	  .run = writes_become_one_read },
	{ "a child finds no request of its parent's to cancel", .run = children_cancel_their_own },
	{ "system calls made past the library find no ring", .run = calls_past_the_library },
	{ 0 },
};

int main(int argc, char **argv)
{
	check(!anyring_set_engine(ANYRING_USER), "no user engine");
	return jobs_main(argc, argv, "others", cases);
}
