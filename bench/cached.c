/* SPDX-License-Identifier: MIT */
/*
 * Reads of 1 KiB from a file in the page cache, 32 a batch, as io_uring and as plain calls.
 *
 *   cached ring|ring-defer|pread|nowait FILE MIB READS
 *
 * FILE is made, MIB long, and read once before. A batch of a ring is 32 reads that are submitted
 * and waited for in one call; "pread" is pread(2) in a loop, "nowait" is preadv2(2) with
 * RWF_NOWAIT in a loop, and pread(2) where that says EAGAIN. Each block is checked to be the one
 * asked for. Prints the nanoseconds that one read took.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench.h"

#define BLOCK 1024
#define BATCH 32

struct reader {
	int fd;
	uint64_t blocks; /* the file's */
	uint64_t random;
	struct io_uring ring;
	uint64_t number[BATCH]; /* the blocks asked for */
	char buffers[BATCH][BLOCK];
};

static uint64_t choose(struct reader *r, unsigned slot)
{
	r->number[slot] = random_block(&r->random, r->blocks);
	return r->number[slot] * BLOCK;
}

static void done(struct reader *r, unsigned slot, long result)
{
	check_block(r->buffers[slot], result, BLOCK, r->number[slot]);
}

static void batch_ring(struct reader *r)
{
	struct io_uring_cqe *cqe;
	unsigned head, seen = 0;
	int ret;

	for (unsigned slot = 0; slot < BATCH; slot++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);

		io_uring_prep_read(sqe, r->fd, r->buffers[slot], BLOCK, choose(r, slot));
		io_uring_sqe_set_data64(sqe, slot);
	}
	ret = io_uring_submit_and_wait(&r->ring, BATCH);
	if (ret != BATCH)
		fail("io_uring_submit_and_wait", ret < 0 ? -ret : EIO);
	io_uring_for_each_cqe(&r->ring, head, cqe) {
		done(r, (unsigned)cqe->user_data, cqe->res);
		seen++;
	}
	io_uring_cq_advance(&r->ring, seen);
	if (seen != BATCH)
		fail("completions are missing", EIO);
}

static void batch_pread(struct reader *r)
{
	for (unsigned slot = 0; slot < BATCH; slot++) {
		off_t offset = (off_t)choose(r, slot);
		ssize_t ret = pread(r->fd, r->buffers[slot], BLOCK, offset);

		done(r, slot, ret < 0 ? -errno : ret);
	}
}

static void batch_nowait(struct reader *r)
{
	for (unsigned slot = 0; slot < BATCH; slot++) {
		off_t offset = (off_t)choose(r, slot);
		struct iovec iov = { r->buffers[slot], BLOCK };
		ssize_t ret = preadv2(r->fd, &iov, 1, offset, RWF_NOWAIT);

		/* It may answer so for a page that is there, though it rarely does. */
		if (ret < 0 && errno == EAGAIN)
			ret = pread(r->fd, r->buffers[slot], BLOCK, offset);
		done(r, slot, ret < 0 ? -errno : ret);
	}
}

static const struct {
	const char *name;
	void (*batch)(struct reader *r);
	bool ring, defer;
} methods[] = {
	{ "ring", batch_ring, true, false },
	{ "ring-defer", batch_ring, true, true },
	{ "pread", batch_pread, false, false },
	{ "nowait", batch_nowait, false, false },
};

static void make_file(struct reader *r, const char *path, long mib)
{
	char block[BLOCK];

	r->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (r->fd < 0)
		fail(path, errno);
	r->blocks = (uint64_t)mib * (1 << 20) / BLOCK;
	for (uint64_t number = 0; number < r->blocks; number++) {
		fill_block(block, BLOCK, number);
		if (write(r->fd, block, BLOCK) != BLOCK)
			fail(path, errno);
	}
	/* Else the disk would be written to while reads are measured. */
	if (fsync(r->fd))
		fail(path, errno);
	for (uint64_t number = 0; number < r->blocks; number++) {
		ssize_t ret = pread(r->fd, block, BLOCK, (off_t)(number * BLOCK));

		check_block(block, ret < 0 ? -errno : ret, BLOCK, number);
	}
}

static int measure(struct reader *r, void (*batch)(struct reader *r), long reads)
{
	double start = now_seconds();

	for (long i = 0; i < reads; i += BATCH)
		batch(r);
	printf("%.3f\n",
	       (now_seconds() - start) * 1e9 / (double)((reads + BATCH - 1) / BATCH * BATCH));
	return 0;
}

int main(int argc, char **argv)
{
	static struct reader r = { .random = RANDOM_SEED };
	long mib = argc == 5 ? atol(argv[3]) : 0, reads = argc == 5 ? atol(argv[4]) : 0;

	for (size_t i = 0; mib > 0 && reads > 0 && i < sizeof(methods) / sizeof(*methods); i++) {
		if (strcmp(argv[1], methods[i].name))
			continue;
		make_file(&r, argv[2], mib);
		if (methods[i].ring)
			open_ring(&r.ring, BATCH, methods[i].defer);
		return measure(&r, methods[i].batch, reads);
	}
	fputs("usage: cached ring|ring-defer|pread|nowait FILE MIB READS\n", stderr);
	return 2;
}
