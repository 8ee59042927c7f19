/* SPDX-License-Identifier: MIT */
/*
 * The same 256 random reads of 4 KiB (O_DIRECT, 32 in flight) in io_uring's three modes:
 *   interrupt      the device interrupts, the kernel posts the completion (the default);
 *   polled         whoever waits asks the device itself (IORING_SETUP_IOPOLL; few devices can);
 *   kernel-polled  a kernel thread watches the SQ: no call to submit (IORING_SETUP_SQPOLL).
 *	cc $(pkg-config --cflags anyring) three-modes.c $(pkg-config --libs anyring) -o three-modes
 *	./three-modes FILE	# the larger, the better
 *
 * Prints for each the reads, the time and the calls of io_uring_enter(2), or what refused it.
 */
#define _GNU_SOURCE 1
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READS 256
#define BATCH 32
#define BLOCK 4096
#define SPINS 100000000 /* looks at the CQ before sleeping: some tenths of a second */

struct mode {
	const char *name;
	unsigned flags;
};

static int failed(const char *what, const char *on, int error)
{
	fprintf(stderr, "three-modes: cannot %s %s: %s\n", what, on, strerror(error));
	return 1;
}

static int open_direct(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECT);

	if (fd >= 0 || errno != EINVAL)
		return fd;
	fprintf(stderr, "three-modes: %s has no O_DIRECT: reading through the page cache\n", path);
	return open(path, O_RDONLY);
}

/* Submits and waits for `nr` CQEs. Returns the calls of io_uring_enter it took, or -errno. */
static int submit_and_wait(struct io_uring *ring, unsigned nr)
{
	int ret, enters = 0;

	if (ring->flags & IORING_SETUP_SQPOLL) {
		/* Submitting only stores the tail, unless the kernel's thread has gone to sleep. */
		enters += !!(IO_URING_READ_ONCE(*ring->sq.kflags) & IORING_SQ_NEED_WAKEUP);
		ret = io_uring_submit(ring);
		for (int i = 0; i < SPINS && io_uring_cq_ready(ring) < nr; i++)
			;
		if (ret < 0 || io_uring_cq_ready(ring) >= nr)
			return ret < 0 ? ret : enters;
	}
	do {
		ret = io_uring_submit_and_wait(ring, nr);
		enters++;
	} while (ret == -EINTR || (ret >= 0 && io_uring_cq_ready(ring) < nr));
	return ret < 0 ? ret : enters;
}

/* Reads a batch at random places. Returns the calls of io_uring_enter it took, or -errno. */
static int read_batch(struct io_uring *ring, int fd, off_t blocks, unsigned *seed, char *buffers)
{
	struct io_uring_cqe *cqe;
	int enters, error = 0;

	for (unsigned i = 0; i < BATCH; i++) {
		off_t offset = rand_r(seed) % blocks * BLOCK;

		io_uring_prep_read(io_uring_get_sqe(ring), fd, buffers + i * BLOCK, BLOCK,
				   (__u64)offset);
	}
	enters = submit_and_wait(ring, BATCH);
	while (enters >= 0 && io_uring_cq_ready(ring) && !io_uring_peek_cqe(ring, &cqe)) {
		error = cqe->res < 0 ? cqe->res : cqe->res < BLOCK ? -EIO : error;
		io_uring_cqe_seen(ring, cqe);
	}
	return error ? error : enters;
}

/* All reads in one mode. Returns 0, or -errno from whatever refused it. */
static int run(const struct mode *mode, int fd, off_t blocks, char *buffers)
{
	struct io_uring_params params = { .flags = mode->flags, .sq_thread_idle = 2000 };
	struct io_uring ring;
	struct timespec t0, t1;
	unsigned seed = 1; /* the same places in each mode */
	int reads = 0, enters = 0, ret = io_uring_queue_init_params(BATCH, &ring, &params);

	if (ret < 0)
		return ret;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (; reads < READS && ret >= 0; reads += BATCH) {
		ret = read_batch(&ring, fd, blocks, &seed, buffers);
		enters += ret;
	}
	clock_gettime(CLOCK_MONOTONIC, &t1);
	io_uring_queue_exit(&ring);
	if (ret < 0)
		return ret;
	printf("%-14s %d reads in %.0f us, %d calls of io_uring_enter\n", mode->name, reads,
	       (double)(t1.tv_sec - t0.tv_sec) * 1e6 + (double)(t1.tv_nsec - t0.tv_nsec) / 1e3,
	       enters);
	return 0;
}

static int compare(const struct mode *modes, int nr, int fd, const char *path, char *buffers)
{
	off_t size = lseek(fd, 0, SEEK_END);
	int ret;

	if (size < BLOCK)
		return failed("read a block of", path, size < 0 ? errno : ENODATA);
	for (int i = 0; i < nr; i++) {
		ret = run(&modes[i], fd, size / BLOCK, buffers);
		if (ret < 0 && !modes[i].flags)
			return failed("use a ring to read", path, -ret);
		if (ret < 0)
			printf("%-14s refused: %s\n", modes[i].name, strerror(-ret));
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct mode modes[] = { { "interrupt", 0 },
				      { "polled", IORING_SETUP_IOPOLL },
				      { "kernel-polled", IORING_SETUP_SQPOLL } };
	char *buffers;
	int fd, ret;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FILE\n", argv[0]);
		return 2;
	}
	fd = open_direct(argv[1]);
	if (fd < 0)
		return failed("open", argv[1], errno);
	buffers = aligned_alloc(BLOCK, BATCH * BLOCK);
	ret = buffers ? compare(modes, 3, fd, argv[1], buffers) : failed("get", "memory", ENOMEM);
	free(buffers);
	close(fd);
	return ret;
}
