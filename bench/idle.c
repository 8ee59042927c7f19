/* SPDX-License-Identifier: MIT */
/*
 * A process whose ring has nothing to do.
 *
 *   idle fresh|used|pending
 *
 * The ring of "fresh" was never entered; that of "used" has served what needs no thread but the one
 * that waits: nops, reads of a file and of a pipe that were ready, and a timeout. That of "pending"
 * holds a read of a pipe that nobody writes to. Says "idle" and then sleeps until it is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "bench.h"

#define NOPS 32

static void expect(struct io_uring *ring, unsigned n)
{
	while (n--) {
		struct io_uring_cqe *cqe;
		int ret = io_uring_submit_and_wait(ring, 1);

		if (ret >= 0)
			ret = io_uring_peek_cqe(ring, &cqe);
		if (ret >= 0 && cqe->res < 0 && cqe->res != -ETIME)
			ret = cqe->res;
		if (ret < 0)
			fail("a request", -ret);
		io_uring_cqe_seen(ring, cqe);
	}
}

static void open_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC))
		fail("a pipe", errno);
}

static void queue_read(struct io_uring *ring, int fd)
{
	static char bytes[16];

	io_uring_prep_read(io_uring_get_sqe(ring), fd, bytes, sizeof(bytes), 0);
}

static void use(struct io_uring *ring)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), ends[2];
	struct __kernel_timespec ts = { .tv_nsec = 1000000 };

	open_pipe(ends);
	if (file < 0 || write(ends[1], "x", 1) != 1)
		fail("a file and a pipe", errno);
	for (unsigned i = 0; i < NOPS; i++)
		io_uring_prep_nop(io_uring_get_sqe(ring));
	expect(ring, NOPS);
	queue_read(ring, file);
	expect(ring, 1);
	queue_read(ring, ends[0]);
	expect(ring, 1);
	io_uring_prep_timeout(io_uring_get_sqe(ring), &ts, 0, 0);
	expect(ring, 1);
	close(file);
	close(ends[0]);
	close(ends[1]);
}

static void leave_pending(struct io_uring *ring)
{
	int ends[2], ret;

	open_pipe(ends);
	queue_read(ring, ends[0]);
	ret = io_uring_submit(ring);
	if (ret != 1)
		fail("io_uring_submit", ret < 0 ? -ret : EIO);
}

static void do_nothing(struct io_uring *ring)
{
	(void)ring;
}

static const struct {
	const char *name;
	void (*before)(struct io_uring *ring);
} kinds[] = {
	{ "fresh", do_nothing },
	{ "used", use },
	{ "pending", leave_pending },
};

int main(int argc, char **argv)
{
	struct io_uring ring;

	for (size_t i = 0; argc == 2 && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(argv[1], kinds[i].name))
			continue;
		open_ring(&ring, NOPS, false);
		kinds[i].before(&ring);
		puts("idle");
		fflush(stdout);
		for (;;)
			pause();
	}
	fputs("usage: idle fresh|used|pending\n", stderr);
	return 2;
}
