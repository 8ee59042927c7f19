/* SPDX-License-Identifier: MIT */
/*
 * The first program: four reads of 4 KiB in flight at once, past the page cache (O_DIRECT).
 * Shows the life of a request: take an SQE, fill it, submit, wait, reap its CQE.
 *
 *	cc $(pkg-config --cflags anyring) first-read.c $(pkg-config --libs anyring) -o first-read
 *	./first-read FILE
 *
 * Prints `Submitted=4, completed=4, bytes=N`: N of the file's first 16 KiB were there to be read.
 */
#define _GNU_SOURCE 1
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READS 4
#define BLOCK 4096 /* O_DIRECT wants buffer, length and offset aligned; this does for any disk */

static int failed(const char *what, const char *on, int error)
{
	fprintf(stderr, "first-read: cannot %s %s: %s\n", what, on, strerror(error));
	return 1;
}

/* Some file systems have no O_DIRECT: there the page cache has to do. */
static int open_direct(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECT);

	if (fd >= 0 || errno != EINVAL)
		return fd;
	fprintf(stderr, "first-read: %s has no O_DIRECT: reading through the page cache\n", path);
	return open(path, O_RDONLY);
}

/* Fills an SQE for each read and hands all of them over in one call. Returns how many went. */
static int submit_reads(struct io_uring *ring, int fd, char *buffers)
{
	for (unsigned i = 0; i < READS; i++) {
		/* Never NULL here: the ring was made with room for READS. */
		struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
		unsigned offset = i * BLOCK;

		io_uring_prep_read(sqe, fd, buffers + offset, BLOCK, offset);
		/* Comes back in the CQE: completions may arrive in any order. */
		io_uring_sqe_set_data64(sqe, i);
	}
	return io_uring_submit(ring);
}

/* Reaps `count` completions. Adds up the bytes read in *bytes; answers 0 or -errno. */
static int reap_reads(struct io_uring *ring, int count, int *completed, long *bytes)
{
	struct io_uring_cqe *cqe;
	int ret, error = 0;

	for (*completed = 0; *completed < count; ++*completed) {
		do {
			ret = io_uring_wait_cqe(ring, &cqe);
		} while (ret == -EINTR);
		if (ret < 0)
			return ret;
		if (cqe->res < 0)
			error = cqe->res;
		else
			*bytes += cqe->res; /* fewer than asked at the file's end, 0 past it */
		io_uring_cqe_seen(ring, cqe);
	}
	return error;
}

static int read_start(int fd, const char *path, char *buffers)
{
	struct io_uring ring;
	int ret, submitted, completed = 0;
	long bytes = 0;

	ret = io_uring_queue_init(READS, &ring, 0);
	if (ret < 0)
		return failed("create", "a ring", -ret);
	submitted = submit_reads(&ring, fd, buffers);
	ret = submitted < 0 ? submitted : reap_reads(&ring, submitted, &completed, &bytes);
	io_uring_queue_exit(&ring);
	if (ret < 0)
		return failed("read", path, -ret);
	printf("Submitted=%d, completed=%d, bytes=%ld\n", submitted, completed, bytes);
	return submitted != READS || fflush(stdout) ? failed("do", "all reads", EIO) : 0;
}

int main(int argc, char **argv)
{
	char *buffers;
	int fd, ret;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FILE\n", argv[0]);
		return 2;
	}
	fd = open_direct(argv[1]);
	if (fd < 0)
		return failed("open", argv[1], errno);
	buffers = aligned_alloc(BLOCK, READS * BLOCK);
	if (!buffers) {
		close(fd);
		return failed("allocate", "buffers", ENOMEM);
	}
	ret = read_start(fd, argv[1], buffers);
	free(buffers);
	close(fd);
	return ret;
}
