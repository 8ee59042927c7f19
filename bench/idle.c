/* SPDX-License-Identifier: MIT */
/*
 * A process whose ring has nothing to do.
 *
 *   idle fresh|used
 *
 * The ring of "fresh" was never entered; that of "used" has served nops, a read of a file, and a
 * read of a pipe that had to wait. Says "idle" and then sleeps until it is killed.
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
		if (ret >= 0 && cqe->res < 0)
			ret = cqe->res;
		if (ret < 0)
			fail("a request", -ret);
		io_uring_cqe_seen(ring, cqe);
	}
}

static void use(struct io_uring *ring)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), ends[2];
	static char bytes[2][16];

	if (file < 0 || pipe2(ends, O_CLOEXEC))
		fail("a file and a pipe", errno);
	for (unsigned i = 0; i < NOPS; i++)
		io_uring_prep_nop(io_uring_get_sqe(ring));
	expect(ring, NOPS);
	io_uring_prep_read(io_uring_get_sqe(ring), file, bytes[0], sizeof(bytes[0]), 0);
	io_uring_prep_read(io_uring_get_sqe(ring), ends[0], bytes[1], sizeof(bytes[1]), 0);
	expect(ring, 1);
	if (write(ends[1], "x", 1) != 1)
		fail("a pipe", errno);
	expect(ring, 1);
	close(file);
	close(ends[0]);
	close(ends[1]);
}

int main(int argc, char **argv)
{
	struct io_uring ring;

	if (argc != 2 || (strcmp(argv[1], "fresh") && strcmp(argv[1], "used"))) {
		fputs("usage: idle fresh|used\n", stderr);
		return 2;
	}
	open_ring(&ring, NOPS, false);
	if (!strcmp(argv[1], "used"))
		use(&ring);
	puts("idle");
	fflush(stdout);
	for (;;)
		pause();
}
