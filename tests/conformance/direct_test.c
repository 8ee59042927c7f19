/* SPDX-License-Identifier: MIT */
/* O_DIRECT: many requests at a time, and what becomes of them when their file or ring goes. */
#include "run.h"

#define BLOCK  4096
#define BLOCKS 512

static char *memory;

/* A file of BLOCKS blocks, each beginning with its number. */
static int direct_file(int flags)
{
	int fd = (int)sys(open("direct", O_RDWR | O_CREAT | O_TRUNC, 0600));

	check(!posix_memalign((void **)&memory, BLOCK, (size_t)BLOCKS * BLOCK), "no memory");
	memset(memory, 0, (size_t)BLOCKS * BLOCK);
	for (unsigned i = 0; i < BLOCKS; i++)
		memcpy(memory + (size_t)i * BLOCK, &i, sizeof(i));
	expect(write(fd, memory, (size_t)BLOCKS * BLOCK), BLOCKS * BLOCK);
	sys(fsync(fd));
	close(fd);
	memset(memory, 0xff, (size_t)BLOCKS * BLOCK);
	fd = open("direct", flags | O_DIRECT);
	if (fd == -1)
		skip_because_of("no O_DIRECT on /var/tmp");
	return fd;
}

static void queue_block(struct io_uring *ring, int fd, unsigned i, unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_read(sqe, fd, memory + (size_t)i * BLOCK, BLOCK, (uint64_t)i * BLOCK);
	set_sqe(sqe, i, flags);
}

static void expect_block(unsigned i)
{
	unsigned number;

	memcpy(&number, memory + (size_t)i * BLOCK, sizeof(number));
	check(number == i, "block %u holds %u", i, number);
}

static void expect_blocks(struct io_uring *ring, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct answer a = next_answer(ring);

		check(a.res == BLOCK && a.data < BLOCKS, "%llu: %d", (unsigned long long)a.data,
		      a.res);
		expect_block((unsigned)a.data);
	}
}

static void many_at_once(void)
{
	int fd = direct_file(O_RDONLY);
	struct io_uring ring;

	open_ring(&ring, BLOCKS, 0);
	for (unsigned i = 0; i < BLOCKS; i++)
		queue_block(&ring, fd, i, 0);
	submit(&ring, BLOCKS);
	/* They all have their file. */
	close(fd);
	expect_blocks(&ring, BLOCKS);
	io_uring_queue_exit(&ring);
}

/* In one submission, though nothing links them: what came first has its file already. */
static void closed_at_once(void)
{
	int fds[2] = { direct_file(O_RDONLY), (int)sys(open("direct", O_RDONLY)) };

	for (unsigned k = 0; k < 2; k++) {
		struct io_uring ring;

		open_ring(&ring, 64, 0);
		for (unsigned i = 0; i < 20; i++)
			queue_block(&ring, fds[k], i, 0);
		io_uring_prep_close(new_sqe(&ring), fds[k]);
		set_sqe(&ring.sq.sqes[20], 100, 0);
		submit(&ring, 21);
		for (unsigned i = 0; i < 21; i++) {
			struct answer a = next_answer(&ring);

			check(a.res == (a.data == 100 ? 0 : BLOCK), "%llu: %d",
			      (unsigned long long)a.data, a.res);
		}
		io_uring_queue_exit(&ring);
	}
}

static void written_and_read(void)
{
	struct io_uring_sqe *sqe;
	int fd = direct_file(O_RDWR);
	struct io_uring ring;

	open_ring(&ring, 64, 0);
	for (unsigned i = 0; i < 32; i++) {
		char *from = memory + (size_t)(BLOCKS - 1 - i) * BLOCK;

		memcpy(from, &i, sizeof(i));
		sqe = new_sqe(&ring);
		io_uring_prep_write(sqe, fd, from, BLOCK, (uint64_t)i * BLOCK);
		set_sqe(sqe, 1000 + i, IOSQE_IO_LINK);
		queue_block(&ring, fd, i, 0);
	}
	submit(&ring, 64);
	for (unsigned i = 0; i < 64; i++)
		expect(next_answer(&ring).res, BLOCK);
	for (unsigned i = 0; i < 32; i++)
		expect_block(i);
	/* What goes beyond the end. */
	expect(run(&ring, write, fd, memory, BLOCK, (uint64_t)BLOCKS * BLOCK), BLOCK);
	expect(run(&ring, read, fd, memory, 2 * BLOCK, (uint64_t)BLOCKS * BLOCK), BLOCK);
	io_uring_queue_exit(&ring);
}

static void vectors(void)
{
	int fd = direct_file(O_RDONLY);
	struct iovec vecs[3];
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (unsigned i = 0; i < 3; i++)
		vecs[i] = (struct iovec){ memory + (size_t)(9 - i) * BLOCK, BLOCK };
	expect(run(&ring, readv, fd, vecs, 3, 7 * BLOCK), 3 * BLOCK);
	expect(memory[(size_t)9 * BLOCK], 7);
	expect(memory[(size_t)8 * BLOCK], 8);
	expect(memory[(size_t)7 * BLOCK], 9);
	/* From the position; whether that moves, Linux 6.18 leaves to chance. */
	expect(run(&ring, read, fd, memory, BLOCK, -1), BLOCK);
	expect_block(0);
	expect(run(&ring, readv2, fd, vecs, 3, 0, RWF_NOWAIT | 1 << 20), -EOPNOTSUPP);
	expect(run(&ring, read, fd, memory, BLOCK, -4096), -EINVAL);
	expect(run(&ring, write, fd, memory, BLOCK, 0), -EBADF);
	io_uring_queue_exit(&ring);
}

/* Many requests make an engine remember what a descriptor is. It must not be believed for long. */
static void number_used_again(void)
{
	int fd = direct_file(O_RDONLY), fds[2], other, plain;
	struct io_uring ring;
	char byte;

	open_ring(&ring, 64, 0);
	plain = (int)sys(open("direct", O_RDONLY));
	for (unsigned i = 0; i < 32; i++)
		queue_block(&ring, fd, i, 0);
	submit(&ring, 32);
	expect_blocks(&ring, 32);
	make_pipe(fds);
	sys(dup2(fds[0], fd));
	/* It waits, and holds up nothing. */
	start(&ring, 7, read, fd, memory, BLOCK, 0);
	expect_none(&ring, 20);
	expect(write(fds[1], "text", 4), 4);
	expect_answer(&ring, 7, 4);
	sys(dup2(plain, fd));
	expect(run(&ring, read, fd, memory + 1, 512, 0), 512);
	expect(run(&ring, read, fd, &byte, 1, 3 * BLOCK), 1);
	expect(byte, 3);
	/* And the other way. */
	other = (int)sys(open("direct", O_RDONLY | O_DIRECT));
	sys(dup2(other, fd));
	for (unsigned i = 0; i < 32; i++)
		queue_block(&ring, fd, i, 0);
	submit(&ring, 32);
	expect_blocks(&ring, 32);
	io_uring_queue_exit(&ring);
}

static void ring_closed(void)
{
	int fd = direct_file(O_RDONLY);

	for (unsigned round = 0; round < 10; round++) {
		struct io_uring ring;

		open_ring(&ring, BLOCKS, 0);
		for (unsigned i = 0; i < BLOCKS; i++)
			queue_block(&ring, fd, i, i % 2 ? IOSQE_IO_LINK : 0);
		submit(&ring, BLOCKS);
		io_uring_queue_exit(&ring);
	}
}

static void descriptor_of_the_ring(void)
{
	int fd = direct_file(O_RDONLY);
	struct pollfd pfd = { .events = POLLIN };
	struct io_uring ring;

	open_ring(&ring, 64, 0);
	pfd.fd = ring.ring_fd;
	for (unsigned i = 0; i < 32; i++)
		queue_block(&ring, fd, i, 0);
	submit(&ring, 32);
	expect(sys(poll(&pfd, 1, 5000)), 1);
	expect_blocks(&ring, 32);
	/* Sooner or later it says that nothing is there any more; not before one has looked. */
	for (unsigned i = 0; i < 100 && poll(&pfd, 1, 0) == 1; i++) {
		expect_none(&ring, 1);
	}
	expect(poll(&pfd, 1, 0), 0);
	io_uring_queue_exit(&ring);
}

const struct conformance_case direct_cases[] = {
	{ "many reads at a time all come, though the descriptor is closed", many_at_once },
	{ "a descriptor that is closed right behind them", closed_at_once },
	{ "writes and reads that are linked follow each other", written_and_read },
	{ "vectors, flags and errors are as with other files", vectors },
	{ "a descriptor's number that is used again is another file", number_used_again },
	{ "a ring can be closed while reads are under way", ring_closed },
	{ "the ring's descriptor says that reads ended, and not for ever", descriptor_of_the_ring },
	{ 0 },
};
