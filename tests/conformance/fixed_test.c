/* SPDX-License-Identifier: MIT */
/* Reads and writes through registered buffers. */
#include <sys/uio.h>

#include "run.h"

/* Two buffers of 4096 bytes, filled with 'a' and 'b', at 0 and 1. Buffer 2 is none. */
static char *memory;

static void open_fixed(struct io_uring *ring)
{
	struct iovec vecs[3];

	memory = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(memory != MAP_FAILED, "no memory");
	memset(memory, 'a', 4096);
	memset(memory + 4096, 'b', 4096);
	vecs[0] = (struct iovec){ memory, 4096 };
	vecs[1] = (struct iovec){ memory + 4096, 4096 };
	vecs[2] = (struct iovec){ NULL, 0 };
	open_ring(ring, 8, 0);
	expect(io_uring_register_buffers(ring, vecs, 3), 0);
}

static void parts_of_buffers(void)
{
	struct io_uring ring;
	char buf[8];
	int fd = scratch_file(10000);

	open_fixed(&ring);
	expect(run(&ring, read_fixed, fd, memory, 4096, 7, 0), 4096);
	expect_pattern(memory, 7, 4096);
	expect(run(&ring, read_fixed, fd, memory + 4096 + 33, 99, 500, 1), 99);
	expect(memory[4096 + 32], 'b');
	expect_pattern(memory + 4096 + 33, 500, 99);
	expect(memory[4096 + 33 + 99], 'b');
	expect(run(&ring, read_fixed, fd, memory + 8191, 1, 3, 1), 1);
	expect_pattern(memory + 8191, 3, 1);
	memcpy(memory + 100, "written", 7);
	expect(run(&ring, write_fixed, fd, memory + 100, 7, 10000, 0), 7);
	expect(pread(fd, buf, 8, 10000), 7);
	check(!memcmp(buf, "written", 7), "other bytes");
	/* The end, and past it. */
	expect(run(&ring, read_fixed, fd, memory, 4096, 10000, 0), 7);
	expect(run(&ring, read_fixed, fd, memory, 4096, 20000, 0), 0);
	io_uring_queue_exit(&ring);
}

static void errors_of_fixed(void)
{
	struct io_uring ring;
	int fd = scratch_file(100), fds[2];

	open_fixed(&ring);
	{
		const struct {
			const char *name;
			char *at;
			unsigned len;
			int index, res;
		} rows[] = {
			{ "index past the table", memory, 8, 3, -EFAULT },
			{ "the largest index", memory, 8, 0xffff, -EFAULT },
			{ "an empty place", memory, 8, 2, -EFAULT },
			{ "before it", memory - 1, 8, 0, -EFAULT },
			{ "another buffer's", memory, 8, 1, -EFAULT },
			{ "one byte past its end", memory + 4096 - 7, 8, 0, -EFAULT },
			{ "longer than it", memory, 4097, 0, -EFAULT },
			/* Neighbours in memory are still two. */
			{ "across two buffers", memory + 4000, 200, 0, -EFAULT },
			{ "beyond all addresses", (char *)-8L, 8, 0, -EFAULT },
			{ "no address", NULL, 8, 0, -EFAULT },
			{ "nothing of it", memory + 10, 0, 0, 0 },
			{ "nothing at its end", memory + 4096, 0, 0, 0 },
		};

		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			int res = run(&ring, read_fixed, fd, rows[i].at, rows[i].len, 0,
				      rows[i].index);

			check(res == rows[i].res, "reading, %s: %d", rows[i].name, res);
			res = run(&ring, write_fixed, fd, rows[i].at, rows[i].len, 0,
				  rows[i].index);
			check(res == rows[i].res, "writing, %s: %d", rows[i].name, res);
		}
	}
	expect(run(&ring, read_fixed, -1, memory, 8, 0, 0), -EBADF);
	/* A descriptor that is none is found out before the buffer, a wrong mode behind it. */
	expect(run(&ring, read_fixed, -1, memory, 8, 0, 3), -EBADF);
	make_pipe(fds);
	expect(run(&ring, read_fixed, fds[1], memory, 8, 0, 3), -EFAULT);
	expect(run(&ring, read_fixed, fds[1], memory, 0, 0, 0), -EBADF);
	expect(memory[0], 'a');
	io_uring_queue_exit(&ring);
}

static void without_a_table(void)
{
	struct io_uring ring;
	char buf[8];
	int fd = scratch_file(100);

	open_ring(&ring, 4, 0);
	expect(run(&ring, read_fixed, fd, buf, 8, 0, 0), -EFAULT);
	expect(run(&ring, write_fixed, fd, buf, 8, 0, 0), -EFAULT);
	io_uring_queue_exit(&ring);
	open_fixed(&ring);
	expect(run(&ring, read_fixed, fd, memory, 8, 0, 0), 8);
	expect(io_uring_unregister_buffers(&ring), 0);
	expect(run(&ring, read_fixed, fd, memory, 8, 0, 0), -EFAULT);
	io_uring_queue_exit(&ring);
}

static void positions_and_files(void)
{
	struct io_uring ring;
	int fd = scratch_file(100);

	open_fixed(&ring);
	expect(io_uring_register_files(&ring, &fd, 1), 0);
	expect(run(&ring, read_fixed, fd, memory, 60, -1, 0), 60);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read_fixed, 0, memory, 60, -1, 0), 40);
	expect_pattern(memory, 60, 40);
	expect(lseek(fd, 0, SEEK_CUR), 100);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE | IOSQE_ASYNC, write_fixed, 0, memory, 3, -1, 0),
	       3);
	expect(lseek(fd, 0, SEEK_CUR), 103);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read_fixed, 1, memory, 60, 0, 0), -EBADF);
	io_uring_queue_exit(&ring);
}

static void pipes_and_sockets(void)
{
	struct io_uring ring;
	int fds[2], sv[2];

	open_fixed(&ring);
	make_pipe(fds);
	unix_pair(sv);
	start(&ring, 1, read_fixed, fds[0], memory + 5, 100, 0, 0);
	start(&ring, 2, read_fixed, sv[0], memory + 4096, 100, 0, 1);
	expect_none(&ring, 20);
	expect(run(&ring, write_fixed, fds[1], memory + 4100, 4, 0, 1), 4);
	expect_answer(&ring, 1, 4);
	expect(memcmp(memory, "aaaaabbbba", 10), 0);
	expect(run(&ring, write_fixed, sv[1], memory, 5, 0, 0), 5);
	expect_answer(&ring, 2, 5);
	expect(memcmp(memory + 4096, "aaaaab", 6), 0);
	io_uring_queue_exit(&ring);
}

static void unregistered_meanwhile(void)
{
	struct io_uring ring;
	int fds[2];

	open_fixed(&ring);
	make_pipe(fds);
	start(&ring, 1, read_fixed, fds[0], memory, 100, 0, 0);
	/* The request keeps the buffer it found at submission. */
	expect(io_uring_unregister_buffers(&ring), 0);
	expect(write(fds[1], "late", 4), 4);
	expect_full_answer(&ring, 1, 4, 0);
	expect(memcmp(memory, "latea", 5), 0);
	io_uring_queue_exit(&ring);
}

static void direct(void)
{
	int fd = open("direct", O_RDWR | O_CREAT | O_DIRECT, 0600);
	struct io_uring ring;

	if (fd == -1)
		skip_because_of("no O_DIRECT on /var/tmp");
	open_fixed(&ring);
	expect(run(&ring, write_fixed, fd, memory, 4096, 0, 0), 4096);
	expect(run(&ring, write_fixed, fd, memory, 4096, 4096, 0), 4096);
	expect(run(&ring, read_fixed, fd, memory + 4096, 4096, 4096, 1), 4096);
	expect(memcmp(memory, memory + 4096, 4096), 0);
	expect(run(&ring, read_fixed, fd, memory, 4095, 0, 0), -EINVAL);
	expect(run(&ring, read_fixed, fd, memory, 4096, 100, 0), -EINVAL);
	io_uring_queue_exit(&ring);
}

static void fixed_vectors(void)
{
	struct iovec in[2], out[3];
	struct io_uring ring;
	int fd = scratch_file(100);

	need_op(IORING_OP_READV_FIXED, "READV_FIXED");
	open_fixed(&ring);
	in[0] = (struct iovec){ memory + 100, 30 };
	in[1] = (struct iovec){ memory + 50, 30 };
	expect(run(&ring, readv_fixed, fd, in, 2, 10, 0, 0), 60);
	expect_pattern(memory + 100, 10, 30);
	expect_pattern(memory + 50, 40, 30);
	expect(memory[80], 'a');
	expect(run(&ring, readv_fixed, fd, in, 2, 65, 0, 0), 35);
	memcpy(memory, "xyz", 3);
	out[0] = (struct iovec){ memory + 2, 1 };
	out[1] = (struct iovec){ memory, 2 };
	out[2] = (struct iovec){ memory + 200, 1 };
	expect(run(&ring, writev_fixed, fd, out, 3, 0, 0, 0), 4);
	expect(pread(fd, memory + 4096, 4, 0), 4);
	expect(memcmp(memory + 4096, "zxya", 4), 0);
	expect(run(&ring, writev_fixed, fd, out, 2, 0, RWF_APPEND, 0), 3);
	expect(lseek(fd, 0, SEEK_END), 103);
	expect(run(&ring, writev_fixed, fd, out, 2, 0, 1 << 20, 0), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
}

static void errors_of_fixed_vectors(void)
{
	struct iovec good, past, other[2], empty[2], no;
	struct io_uring ring;
	int fd = scratch_file(100);

	need_op(IORING_OP_READV_FIXED, "READV_FIXED");
	open_fixed(&ring);
	good = (struct iovec){ memory, 8 };
	past = (struct iovec){ memory + 4090, 8 };
	other[0] = good;
	other[1] = (struct iovec){ memory + 4096, 8 };
	empty[0] = good;
	empty[1] = (struct iovec){ memory, 0 };
	no = (struct iovec){ memory, 0 };
	{
		const struct {
			const char *name;
			struct iovec *vecs;
			unsigned count;
			int index, res;
		} rows[] = {
			{ "one", &good, 1, 0, 8 },
			{ "no such buffer", &good, 1, 3, -EFAULT },
			{ "an empty place", &good, 1, 2, -EFAULT },
			{ "past its end", &past, 1, 0, -EFAULT },
			{ "the second in another", other, 2, 0, -EFAULT },
			{ "the second empty", empty, 2, 0, -EFAULT },
			{ "only an empty one", &no, 1, 0, -EFAULT },
			{ "none", &good, 0, 0, 0 },
			{ "too many", &good, UIO_MAXIOV + 1, 0, -EINVAL },
			{ "vectors nowhere", (void *)16, 1, 0, -EFAULT },
		};

		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			int res = run(&ring, readv_fixed, fd, rows[i].vecs, rows[i].count, 0, 0,
				      rows[i].index);

			check(res == rows[i].res, "reading, %s: %d", rows[i].name, res);
			res = run(&ring, writev_fixed, fd, rows[i].vecs, rows[i].count, 0, 0,
				  rows[i].index);
			check(res == rows[i].res, "writing, %s: %d", rows[i].name, res);
		}
	}
	io_uring_queue_exit(&ring);
}

const struct conformance_case fixed_cases[] = {
	{ "any part of a registered buffer is read into and written", parts_of_buffers },
	{ "errors of READ_FIXED and WRITE_FIXED", errors_of_fixed },
	{ "without registered buffers they give -EFAULT", without_a_table },
	{ "the file's position and fixed files work with them", positions_and_files },
	{ "they wait for pipes and sockets", pipes_and_sockets },
	{ "a request keeps its buffer when the table goes", unregistered_meanwhile },
	{ "they do O_DIRECT", direct },
	{ "vectors within one registered buffer", fixed_vectors },
	{ "errors of READV_FIXED and WRITEV_FIXED", errors_of_fixed_vectors },
	{ 0 },
};
