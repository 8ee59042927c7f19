/* SPDX-License-Identifier: MIT */
/*
 * Random O_DIRECT reads of 4 KiB, so many at a time, by three interfaces.
 *
 *   disk make FILE MIB
 *   disk ring|ring-defer|aio|posix FILE SECONDS DEPTH
 *
 * Each keeps DEPTH reads in flight: it waits for at least one, takes all that are done, and hands
 * their successors in together. "aio" is Linux AIO by its system calls, "posix" is the C library's
 * aio_read(). Each block is checked to be the one asked for. Prints reads a second, and the CPU
 * time of one in microseconds.
 */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define BLOCK	  4096
#define MAX_DEPTH 256

struct reader {
	int fd;
	uint64_t blocks; /* the file's */
	uint64_t random;
	unsigned depth;
	char *buffers;		    /* one a slot, each aligned */
	uint64_t number[MAX_DEPTH]; /* the block asked for, by slot */
	double end;
	uint64_t reads;
};

static char *buffer(const struct reader *r, unsigned slot)
{
	return r->buffers + (size_t)slot * BLOCK;
}

/* The offset of the next block for this slot. */
static uint64_t choose(struct reader *r, unsigned slot)
{
	r->number[slot] = random_block(&r->random, r->blocks);
	return r->number[slot] * BLOCK;
}

static void done(struct reader *r, unsigned slot, long result)
{
	check_block(buffer(r, slot), result, BLOCK, r->number[slot]);
	r->reads++;
}

static bool time_left(const struct reader *r)
{
	return now_seconds() < r->end;
}

/* ---- io_uring -------------------------------------------------------------------------------- */

static void ring_queue(struct reader *r, struct io_uring *ring, unsigned slot)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_read(sqe, r->fd, buffer(r, slot), BLOCK, choose(r, slot));
	io_uring_sqe_set_data64(sqe, slot);
}

/* Takes all completions there are; with `again` each slot reads on. Returns how many. */
static unsigned ring_reap(struct reader *r, struct io_uring *ring, bool again)
{
	struct io_uring_cqe *cqe;
	unsigned head, seen = 0;

	io_uring_for_each_cqe(ring, head, cqe) {
		unsigned slot = (unsigned)cqe->user_data;

		done(r, slot, cqe->res);
		if (again)
			ring_queue(r, ring, slot);
		seen++;
	}
	io_uring_cq_advance(ring, seen);
	return seen;
}

static void ring_wait(struct io_uring *ring)
{
	int ret = io_uring_submit_and_wait(ring, 1);

	if (ret < 0)
		fail("io_uring_submit_and_wait", -ret);
}

static void run_ring(struct reader *r, bool defer)
{
	struct io_uring ring;
	unsigned in_flight = r->depth;

	open_ring(&ring, r->depth, defer);
	for (unsigned slot = 0; slot < r->depth; slot++)
		ring_queue(r, &ring, slot);
	while (time_left(r)) {
		ring_wait(&ring);
		ring_reap(r, &ring, true);
	}
	/* What was queued last is not yet submitted, but in flight as the slots see it. */
	while (in_flight) {
		ring_wait(&ring);
		in_flight -= ring_reap(r, &ring, false);
	}
	io_uring_queue_exit(&ring);
}

static void run_ring_plain(struct reader *r)
{
	run_ring(r, false);
}

static void run_ring_defer(struct reader *r)
{
	run_ring(r, true);
}

/* ---- Linux AIO ------------------------------------------------------------------------------- */

static void aio_prepare(struct reader *r, struct iocb *cb, unsigned slot)
{
	memset(cb, 0, sizeof(*cb));
	cb->aio_data = slot;
	cb->aio_lio_opcode = IOCB_CMD_PREAD;
	cb->aio_fildes = (uint32_t)r->fd;
	cb->aio_buf = (uintptr_t)buffer(r, slot);
	cb->aio_nbytes = BLOCK;
	cb->aio_offset = (int64_t)choose(r, slot);
}

static void aio_submit(aio_context_t context, struct iocb **list, long n)
{
	while (n) {
		long taken = syscall(SYS_io_submit, context, n, list);

		if (taken < 1)
			fail("io_submit", taken ? errno : EAGAIN);
		list += taken;
		n -= taken;
	}
}

static long aio_wait(struct reader *r, aio_context_t context, struct io_event *events)
{
	long n = syscall(SYS_io_getevents, context, 1, r->depth, events, NULL);

	if (n < 1)
		fail("io_getevents", n ? errno : EAGAIN);
	for (long i = 0; i < n; i++)
		done(r, (unsigned)events[i].data, (long)events[i].res);
	return n;
}

static void run_aio(struct reader *r)
{
	struct iocb blocks[MAX_DEPTH], *list[MAX_DEPTH];
	struct io_event events[MAX_DEPTH];
	aio_context_t context = 0;
	long in_flight = r->depth;

	if (syscall(SYS_io_setup, r->depth, &context))
		fail("io_setup", errno);
	for (unsigned slot = 0; slot < r->depth; slot++) {
		list[slot] = &blocks[slot];
		aio_prepare(r, list[slot], slot);
	}
	aio_submit(context, list, in_flight);
	while (time_left(r)) {
		long n = aio_wait(r, context, events);

		for (long i = 0; i < n; i++) {
			list[i] = &blocks[events[i].data];
			aio_prepare(r, list[i], (unsigned)events[i].data);
		}
		aio_submit(context, list, n);
	}
	while (in_flight)
		in_flight -= aio_wait(r, context, events);
	syscall(SYS_io_destroy, context);
}

/* ---- POSIX AIO ------------------------------------------------------------------------------- */

static void posix_start(struct reader *r, struct aiocb *cb, unsigned slot)
{
	memset(cb, 0, sizeof(*cb));
	cb->aio_fildes = r->fd;
	cb->aio_buf = buffer(r, slot);
	cb->aio_nbytes = BLOCK;
	cb->aio_offset = (off_t)choose(r, slot);
	cb->aio_sigevent.sigev_notify = SIGEV_NONE;
	if (aio_read(cb))
		fail("aio_read", errno);
}

/* Waits for one at least; takes what is done. A NULL of `list` is a slot that rests. */
static void posix_reap(struct reader *r, struct aiocb *blocks, struct aiocb **list, bool again)
{
	if (aio_suspend((const struct aiocb *const *)list, (int)r->depth, NULL) && errno != EINTR)
		fail("aio_suspend", errno);
	for (unsigned slot = 0; slot < r->depth; slot++) {
		int error = list[slot] ? aio_error(list[slot]) : EINPROGRESS;

		if (error == EINPROGRESS)
			continue;
		done(r, slot, error ? -error : aio_return(list[slot]));
		list[slot] = NULL;
		if (again) {
			list[slot] = &blocks[slot];
			posix_start(r, list[slot], slot);
		}
	}
}

static bool any(struct aiocb **list, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (list[i])
			return true;
	}
	return false;
}

static void run_posix(struct reader *r)
{
	struct aiocb blocks[MAX_DEPTH], *list[MAX_DEPTH];

	for (unsigned slot = 0; slot < r->depth; slot++) {
		list[slot] = &blocks[slot];
		posix_start(r, list[slot], slot);
	}
	while (time_left(r))
		posix_reap(r, blocks, list, true);
	while (any(list, r->depth))
		posix_reap(r, blocks, list, false);
}

/* ---- the program ----------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*run)(struct reader *r);
} methods[] = {
	{ "ring", run_ring_plain },
	{ "ring-defer", run_ring_defer },
	{ "aio", run_aio },
	{ "posix", run_posix },
};

static int usage(void)
{
	fputs("usage: disk make FILE MIB\n"
	      "       disk ring|ring-defer|aio|posix FILE SECONDS DEPTH\n",
	      stderr);
	return 2;
}

static int make(const char *path, long mib)
{
	static char block[1 << 20];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		fail(path, errno);
	for (uint64_t number = 0; number < (uint64_t)mib << 8;) {
		for (size_t at = 0; at < sizeof(block); at += BLOCK)
			fill_block(block + at, BLOCK, number++);
		if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
			fail(path, errno);
	}
	if (fsync(fd) || close(fd))
		fail(path, errno);
	return 0;
}

static void open_reader(struct reader *r, const char *path)
{
	struct stat st;

	r->fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (r->fd < 0 || fstat(r->fd, &st))
		fail(path, errno);
	r->blocks = (uint64_t)st.st_size / BLOCK;
	r->random = RANDOM_SEED ^ (uint64_t)getpid();
	r->buffers = aligned_alloc(BLOCK, (size_t)r->depth * BLOCK);
	if (!r->blocks || !r->buffers)
		fail(path, r->blocks ? ENOMEM : EINVAL);
}

static int measure(struct reader *r, void (*run)(struct reader *r), double seconds)
{
	double start = now_seconds(), cpu = cpu_seconds();

	r->end = start + seconds;
	run(r);
	printf("%.1f %.3f\n", (double)r->reads / (now_seconds() - start),
	       (cpu_seconds() - cpu) * 1e6 / (double)r->reads);
	return 0;
}

int main(int argc, char **argv)
{
	static struct reader r;

	if (argc == 4 && !strcmp(argv[1], "make") && atol(argv[3]) > 0)
		return make(argv[2], atol(argv[3]));
	if (argc != 5 || atof(argv[3]) <= 0 || atoi(argv[4]) < 1 || atoi(argv[4]) > MAX_DEPTH)
		return usage();
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		if (strcmp(argv[1], methods[i].name))
			continue;
		r.depth = (unsigned)atoi(argv[4]);
		open_reader(&r, argv[2]);
		return measure(&r, methods[i].run, atof(argv[3]));
	}
	return usage();
}
