/* SPDX-License-Identifier: MIT */
/* Reads and writes: every form that takes a buffer of its own. */
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "run.h"

#define NOWHERE ((void *)16)

static void reads_at_an_offset(void)
{
	struct io_uring ring;
	char buf[64];
	int fd = scratch_file(1000);

	open_ring(&ring, 4, 0);
	expect(run(&ring, read, fd, buf, 64, 300), 64);
	expect_pattern(buf, 300, 64);
	memset(buf, 'x', sizeof(buf));
	expect(run(&ring, read, fd, buf, 64, 990), 10);
	expect_pattern(buf, 990, 10);
	expect(buf[10], 'x');
	expect(run(&ring, read, fd, buf, 64, 1000), 0);
	expect(run(&ring, read, fd, buf, 64, 1 << 30), 0);
	expect(buf[10], 'x');
	/* None of it moved the file's position. */
	expect(lseek(fd, 0, SEEK_CUR), 0);
	io_uring_queue_exit(&ring);
}

static void writes_at_an_offset(void)
{
	struct io_uring ring;
	char buf[16];
	int fd = scratch_file(10);

	open_ring(&ring, 4, 0);
	expect(run(&ring, write, fd, "hello", 5, 5000), 5);
	expect(lseek(fd, 0, SEEK_CUR), 0);
	expect(lseek(fd, 0, SEEK_END), 5005);
	/* What was never written is zeros. */
	expect(run(&ring, read, fd, buf, 16, 4995), 10);
	check(!memcmp(buf, "\0\0\0\0\0hello", 10), "not a hole, then what was written");
	expect(run(&ring, read, fd, buf, 12, 0), 12);
	expect_pattern(buf, 0, 10);
	expect(buf[10] | buf[11], 0);
	io_uring_queue_exit(&ring);
}

static void no_bytes(void)
{
	struct io_uring ring;
	int fd = scratch_file(10), fds[2];

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	expect(run(&ring, read, fd, NULL, 0, 0), 0);
	expect(run(&ring, write, fd, NULL, 0, 0), 0);
	expect(run(&ring, write, fd, NULL, 0, 4096), 0);
	expect(lseek(fd, 0, SEEK_END), 10);
	/* An empty pipe has no less. */
	expect(run(&ring, read, fds[0], NULL, 0, 0), 0);
	expect(run(&ring, write, fds[1], NULL, 0, 0), 0);
	expect(run(&ring, read, -1, NULL, 0, 0), -EBADF);
	expect(run(&ring, readv, fd, NULL, 0, 0), 0);
	expect(run(&ring, writev, fd, NULL, 0, 0), 0);
	io_uring_queue_exit(&ring);
}

static void errors_of_a_read(void)
{
	char buf[16], *page = page_before_nothing();
	int file = scratch_file(100), dir = (int)sys(open(".", O_RDONLY));
	int write_only = (int)sys(open("w", O_WRONLY | O_CREAT, 0600));
	int path_only = (int)sys(open(".", O_PATH));
	struct {
		const char *name;
		int fd;
		void *buf;
		uint64_t offset;
		int res;
	} rows[] = {
		{ "no file", -1, buf, 0, -EBADF },
		{ "a number never opened", 1000, buf, 0, -EBADF },
		{ "write only", write_only, buf, 0, -EBADF },
		{ "O_PATH", path_only, buf, 0, -EBADF },
		{ "a directory", dir, buf, 0, -EISDIR },
		{ "nothing mapped", file, NOWHERE, 0, -EFAULT },
		{ "not writable", file, page + sysconf(_SC_PAGESIZE), 0, -EFAULT },
		{ "not in user space", file, (void *)(-1UL << 12), 0, -EFAULT },
		{ "a negative offset", file, buf, -2ULL, -EINVAL },
		/* The buffer is not looked at where there is nothing to put there. */
		{ "nothing mapped, past the end", file, NOWHERE, 100, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring ring;
		int res;

		open_ring(&ring, 4, 0);
		res = run(&ring, read, rows[i].fd, rows[i].buf, 16, rows[i].offset);
		check(res == rows[i].res, "%s: %d", rows[i].name, res);
		res = run_flagged(&ring, IOSQE_ASYNC, read, rows[i].fd, rows[i].buf, 16,
				  rows[i].offset);
		check(res == rows[i].res, "%s, async: %d", rows[i].name, res);
		io_uring_queue_exit(&ring);
	}
}

static void errors_of_a_write(void)
{
	char buf[16] = "", *page = page_before_nothing();
	int file = scratch_file(100), fds[2];
	int read_only = (int)sys(open("r", O_RDONLY | O_CREAT, 0600));
	struct {
		const char *name;
		int fd;
		void *buf;
		uint64_t offset;
		int res;
	} rows[] = {
		{ "no file", -1, buf, 0, -EBADF },
		{ "read only", read_only, buf, 0, -EBADF },
		{ "nothing mapped", file, NOWHERE, 0, -EFAULT },
		{ "not readable", file, page + sysconf(_SC_PAGESIZE), 0, -EFAULT },
		{ "a negative offset", file, buf, -2ULL, -EINVAL },
		{ "past all numbers", file, buf, INT64_MAX - 8, -EINVAL },
		{ "past all files", file, buf, INT64_MAX - 100, -EFBIG },
		{ "a pipe nobody reads", -2, buf, 0, -EPIPE },
	};

	make_pipe(fds);
	close(fds[0]);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = rows[i].fd == -2 ? fds[1] : rows[i].fd, res;
		struct io_uring ring;

		open_ring(&ring, 4, 0);
		res = run(&ring, write, fd, rows[i].buf, 16, rows[i].offset);
		check(res == rows[i].res, "%s: %d", rows[i].name, res);
		res = run_flagged(&ring, IOSQE_ASYNC, write, fd, rows[i].buf, 16, rows[i].offset);
		check(res == rows[i].res, "%s, async: %d", rows[i].name, res);
		io_uring_queue_exit(&ring);
	}
	expect(lseek(file, 0, SEEK_END), 100);
}

static void a_buffer_good_in_part(void)
{
	char *page = page_before_nothing(), *last = page + sysconf(_SC_PAGESIZE) - 10;
	int fd = scratch_file(100);
	struct io_uring ring;

	open_ring(&ring, 4, 0);
	expect(run(&ring, read, fd, last, 50, 0), 10);
	expect_pattern(last, 0, 10);
	expect(run(&ring, write, fd, last, 50, 100), 10);
	expect(lseek(fd, 0, SEEK_END), 110);
	io_uring_queue_exit(&ring);
}

static void the_files_position(void)
{
	struct io_uring ring;
	char buf[100];
	int fd = scratch_file(100);

	open_ring(&ring, 4, 0);
	expect(run(&ring, read, fd, buf, 30, -1), 30);
	expect_pattern(buf, 0, 30);
	expect(lseek(fd, 0, SEEK_CUR), 30);
	expect(run(&ring, read, fd, buf, 5, 90), 5);
	expect(run_flagged(&ring, IOSQE_ASYNC, read, fd, buf, 30, -1), 30);
	expect_pattern(buf, 30, 30);
	expect(run(&ring, write, fd, "abc", 3, -1), 3);
	expect(lseek(fd, 0, SEEK_CUR), 63);
	expect(run(&ring, read, fd, buf, 100, -1), 37);
	expect(run(&ring, read, fd, buf, 100, -1), 0);
	expect(lseek(fd, 0, SEEK_CUR), 100);
	expect(pread(fd, buf, 3, 60), 3);
	check(!memcmp(buf, "abc", 3), "it wrote elsewhere");
	/* A failed one leaves it. */
	expect(run(&ring, write, fd, NOWHERE, 3, -1), -EFAULT);
	expect(lseek(fd, 0, SEEK_CUR), 100);
	io_uring_queue_exit(&ring);
}

static void linked_at_the_position(void)
{
	struct io_uring ring;
	char buf[4][25];
	int fd = scratch_file(100);

	open_ring(&ring, 4, 0);
	need_feature(&ring, IORING_FEAT_RW_CUR_POS, "reads at the file's position");
	for (unsigned i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		io_uring_prep_read(sqe, fd, buf[i], 25, -1);
		set_sqe(sqe, i, i < 3 ? IOSQE_IO_LINK : 0);
	}
	submit(&ring, 4);
	for (unsigned i = 0; i < 4; i++) {
		expect_full_answer(&ring, i, 25, 0);
		expect_pattern(buf[i], i * 25, 25);
	}
	io_uring_queue_exit(&ring);
}

/* Nothing links them, yet what is written to one file is written in turn. */
static void writes_keep_their_order(void)
{
	struct io_uring ring;
	char letters[32], got[33];
	int fd;

	open_ring(&ring, 32, 0);
	for (unsigned round = 0; round < 20; round++) {
		fd = (int)sys(open("order", O_RDWR | O_CREAT | O_TRUNC | (round % 2 ? O_APPEND : 0),
				   0600));
		for (unsigned i = 0; i < 32; i++) {
			struct io_uring_sqe *sqe = new_sqe(&ring);

			letters[i] = (char)('@' + i);
			io_uring_prep_write(sqe, fd, &letters[i], 1, round % 2 ? 0 : -1ULL);
			set_sqe(sqe, i, 0);
		}
		submit(&ring, 32);
		/* They have their file. */
		expect(dup2(fd, fd + 1), fd + 1);
		close(fd);
		for (unsigned i = 0; i < 32; i++)
			expect(next_answer(&ring).res, 1);
		expect(pread(fd + 1, got, 33, 0), 32);
		check(!memcmp(got, letters, 32), "round %u: %.32s", round, got);
		close(fd + 1);
	}
	io_uring_queue_exit(&ring);
}

/* What the parent submitted is not the child's to do, too. */
static void writes_and_fork(void)
{
	struct io_uring workers;
	int some = scratch_file(1);

	/* An engine's workers, if it has threads of its own for that, are there before and stay: a
	 * child of a thread that is just starting finds AddressSanitizer's allocator locked. */
	open_ring(&workers, 4, 0);
	io_uring_prep_fsync(new_sqe(&workers), some, 0);
	expect(run_one(&workers).res, 0);
	for (unsigned round = 0; round < 20; round++) {
		struct io_uring ring;
		int fd = (int)sys(open("forked", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600));
		pid_t pid;
		int status;

		open_ring(&ring, 32, 0);
		for (unsigned i = 0; i < 32; i++) {
			struct io_uring_sqe *sqe = new_sqe(&ring);

			io_uring_prep_write(sqe, fd, "x", 1, 0);
			set_sqe(sqe, i, 0);
		}
		submit(&ring, 32);
		pid = (pid_t)sys(fork());
		if (!pid) {
			/* Its own writes do not wait for those. */
			int own = (int)sys(open("own", O_RDWR | O_CREAT | O_TRUNC, 0600));

			own = (int)sys(dup2(own, fd));

			io_uring_get_events(&ring);
			for (unsigned i = 0; i < 4; i++) {
				struct io_uring_sqe *sqe = new_sqe(&ring);

				io_uring_prep_write(sqe, own, "y", 1, i);
				set_sqe(sqe, 100, IOSQE_CQE_SKIP_SUCCESS);
			}
			submit(&ring, 4);
			/* A disk that others write to, too, may keep it waiting for seconds. */
			for (unsigned i = 0; i < 20000 && lseek(own, 0, SEEK_END) < 4; i++)
				usleep(1000);
			_exit(lseek(own, 0, SEEK_END) != 4);
		}
		for (unsigned i = 0; i < 32; i++)
			expect(next_answer(&ring).res, 1);
		expect(waitpid(pid, &status, 0), pid);
		expect(status, 0);
		expect(lseek(fd, 0, SEEK_END), 32);
		close(fd);
		io_uring_queue_exit(&ring);
	}
	io_uring_queue_exit(&workers);
}

static void vectors(void)
{
	char a[3] = "abc", b[5] = "defgh", x[2], y[6];
	struct iovec out[] = { { a, 3 }, { NULL, 0 }, { b, 5 } };
	struct iovec in[] = { { x, 2 }, { y, 6 } };
	struct io_uring ring;
	int fd = scratch_file(0);

	open_ring(&ring, 4, 0);
	expect(run(&ring, writev, fd, out, 3, 10), 8);
	expect(run(&ring, readv, fd, in, 2, 10), 8);
	check(!memcmp(x, "ab", 2) && !memcmp(y, "cdefgh", 6), "not what was written");
	expect(run(&ring, readv, fd, in, 2, 15), 3);
	check(!memcmp(x, "fg", 2) && y[0] == 'h' && y[1] == 'd', "not a short read");
	expect(run(&ring, readv, fd, in, 2, -1), 8);
	expect(lseek(fd, 0, SEEK_CUR), 8);
	io_uring_queue_exit(&ring);
}

static void errors_of_vectors(void)
{
	static struct iovec many[UIO_MAXIOV + 1];
	char c[2];
	struct iovec negative = { c, SIZE_MAX }, bad = { NOWHERE, 1 };
	struct iovec second_bad[] = { { c, 1 }, { NOWHERE, 1 } };
	int fd = scratch_file(10);
	struct {
		const char *name;
		struct iovec *vecs;
		unsigned count;
		int read, write;
	} rows[] = {
		{ "1024 empty ones", many, UIO_MAXIOV, 0, 0 },
		{ "1025", many, UIO_MAXIOV + 1, -EINVAL, -EINVAL },
		{ "a count beyond int", many, -1U, -EINVAL, -EINVAL },
		{ "vectors nowhere", NOWHERE, 1, -EFAULT, -EFAULT },
		{ "more vectors nowhere", NOWHERE, 9, -EFAULT, -EFAULT },
		{ "a length beyond ssize_t", &negative, 1, -EINVAL, -EINVAL },
		{ "a buffer nowhere", &bad, 1, -EFAULT, -EFAULT },
		{ "the second nowhere", second_bad, 2, 1, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring ring;
		int res;

		open_ring(&ring, 4, 0);
		res = run(&ring, readv, fd, rows[i].vecs, rows[i].count, 0);
		check(res == rows[i].read, "readv, %s: %d", rows[i].name, res);
		res = run(&ring, writev, fd, rows[i].vecs, rows[i].count, 0);
		check(res == rows[i].write, "writev, %s: %d", rows[i].name, res);
		io_uring_queue_exit(&ring);
	}
}

static void vectors_are_copied(void)
{
	char a[4] = "", b[4] = "";
	struct iovec vecs[2] = { { a, 4 }, { b, 4 } };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	for (unsigned flags = 0; flags <= IOSQE_ASYNC; flags += IOSQE_ASYNC) {
		make_pipe(fds);
		open_ring(&ring, 4, 0);
		need_feature(&ring, IORING_FEAT_SUBMIT_STABLE, "copying at submission");
		sqe = new_sqe(&ring);
		io_uring_prep_readv(sqe, fds[0], vecs, 2, 0);
		set_sqe(sqe, 1, flags);
		submit(&ring, 1);
		vecs[0] = vecs[1] = (struct iovec){ NOWHERE, 1 };
		expect(write(fds[1], "12345678", 8), 8);
		expect_full_answer(&ring, 1, 8, 0);
		check(!memcmp(a, "1234", 4) && !memcmp(b, "5678", 4), "not the first vectors");
		vecs[0] = (struct iovec){ a, 4 };
		vecs[1] = (struct iovec){ b, 4 };
		io_uring_queue_exit(&ring);
	}
}

static void rwf_nowait(void)
{
	char buf[8];
	struct iovec vec = { buf, 8 };
	struct io_uring ring;
	int fds[2], sv[2];

	make_pipe(fds);
	unix_pair(sv);
	open_ring(&ring, 4, 0);
	expect(run(&ring, readv2, fds[0], &vec, 1, 0, RWF_NOWAIT), -EAGAIN);
	expect(run(&ring, readv2, sv[0], &vec, 1, 0, RWF_NOWAIT), -EAGAIN);
	expect(run_flagged(&ring, IOSQE_ASYNC, readv2, fds[0], &vec, 1, 0, RWF_NOWAIT), -EAGAIN);
	expect(write(fds[1], "ab", 2), 2);
	expect(run(&ring, readv2, fds[0], &vec, 1, 0, RWF_NOWAIT), 2);
	/* As many as fit into a pipe, then none. */
	expect(fcntl(fds[1], F_SETPIPE_SZ, 4096), 4096);
	for (int i = 0; i < 4096 / 8; i++)
		expect(write(fds[1], buf, 8), 8);
	expect(run(&ring, writev2, fds[1], &vec, 1, 0, RWF_NOWAIT), -EAGAIN);
	io_uring_queue_exit(&ring);
}

/* Only their own O_NONBLOCK makes eventfds write without waiting. */
static void rwf_nowait_elsewhere(void)
{
	uint64_t one = 1;
	struct iovec vec = { &one, 8 };
	int fd = (int)sys(eventfd(0, 0));
	struct io_uring ring;

	open_ring(&ring, 4, 0);
	expect(run(&ring, writev2, fd, &vec, 1, 0, RWF_NOWAIT), -EAGAIN);
	expect(run(&ring, readv2, fd, &vec, 1, 0, RWF_NOWAIT), -EAGAIN);
	sys(fcntl(fd, F_SETFL, O_NONBLOCK));
	expect(run(&ring, writev2, fd, &vec, 1, 0, RWF_NOWAIT), 8);
	expect(run(&ring, readv2, fd, &vec, 1, 0, RWF_NOWAIT), 8);
	expect(one, 1);
	/* Files in memory know it neither way. */
	fd = (int)sys(memfd_create("memory", 0));
	expect(run(&ring, writev2, fd, &vec, 1, 0, RWF_NOWAIT), -EOPNOTSUPP);
	expect(run(&ring, readv2, fd, &vec, 1, 0, RWF_NOWAIT), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
}

/* A worker waits, and io_uring writes to eventfds as write(2) does. */
static void flags_without_meaning(void)
{
	uint64_t one = 1;
	struct iovec vec = { &one, 8 };
	int fd = scratch_file(0), event = (int)sys(eventfd(0, 0));
	struct io_uring ring;

	open_ring(&ring, 4, 0);
	expect(run_flagged(&ring, IOSQE_ASYNC, writev2, fd, &vec, 1, 0, RWF_NOWAIT), 8);
	expect(run(&ring, writev2, event, &vec, 1, 0, RWF_DSYNC), 8);
	expect(run(&ring, readv2, event, &vec, 1, 0, 0), 8);
	io_uring_queue_exit(&ring);
}

static void rwf_append(void)
{
	struct iovec vec = { "tail", 4 };
	struct io_uring ring;
	char buf[4];
	int fd = scratch_file(100);

	open_ring(&ring, 4, 0);
	expect(run(&ring, writev2, fd, &vec, 1, 0, RWF_APPEND), 4);
	expect(lseek(fd, 0, SEEK_END), 104);
	expect(pread(fd, buf, 4, 100), 4);
	check(!memcmp(buf, "tail", 4), "not at the end");
	sys(lseek(fd, 7, SEEK_SET));
	expect(run(&ring, writev2, fd, &vec, 1, -1, RWF_APPEND), 4);
	expect(lseek(fd, 0, SEEK_CUR), 108);
	/* A file open for appending takes no other place. */
	sys(fcntl(fd, F_SETFL, O_APPEND));
	expect(run(&ring, write, fd, "x", 1, 0), 1);
	expect(lseek(fd, 0, SEEK_END), 109);
	need_linux(6, 9, "RWF_NOAPPEND");
	expect(run(&ring, writev2, fd, &vec, 1, 0, 0x20 /* RWF_NOAPPEND */), 4);
	expect(lseek(fd, 0, SEEK_END), 109);
	io_uring_queue_exit(&ring);
}

static void rw_flags(void)
{
	char buf[8] = "";
	struct iovec vec = { buf, 8 };
	int fd = scratch_file(100), sv[2], res;
	struct io_uring other;
	struct {
		const char *name;
		int flags, read, write;
	} rows[] = {
		{ "RWF_DSYNC", RWF_DSYNC, 8, 8 },
		{ "RWF_SYNC", RWF_SYNC, 8, 8 },
		/* The ring has to be one for polling. */
		{ "RWF_HIPRI", RWF_HIPRI, -EINVAL, -EINVAL },
		{ "RWF_APPEND", RWF_APPEND, 8, 8 },
		{ "an unknown flag", 1 << 20, -EOPNOTSUPP, -EOPNOTSUPP },
		{ "all flags", -1, -EOPNOTSUPP, -EOPNOTSUPP },
		/* RWF_ATOMIC needs O_DIRECT, and is for writing. */
		{ "RWF_ATOMIC", 0x40, -EOPNOTSUPP, -EOPNOTSUPP },
		{ "RWF_APPEND and RWF_NOAPPEND", 0x30, -EINVAL, -EINVAL },
	};

	need_linux(6, 11, "RWF_ATOMIC and RWF_NOAPPEND");
	unix_pair(sv);
	open_ring(&other, 4, 0);
	/* Even of no bytes; and before an offset that a socket refuses. */
	vec.iov_len = 0;
	expect(run(&other, writev2, fd, &vec, 1, 0, 0x30), -EINVAL);
	expect(run(&other, readv2, fd, &vec, 1, 0, 1 << 20), -EOPNOTSUPP);
	vec.iov_len = 8;
	expect(run(&other, readv2, sv[0], &vec, 1, 77, 1 << 20), -EOPNOTSUPP);
	/* Not every file system can write without waiting; what cannot says so. */
	res = run(&other, writev2, fd, &vec, 1, 0, RWF_NOWAIT);
	check(res == 8 || res == -EAGAIN, "RWF_NOWAIT, writing: %d", res);
	io_uring_queue_exit(&other);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring ring;
		int res;

		open_ring(&ring, 4, 0);
		res = run(&ring, readv2, fd, &vec, 1, 0, rows[i].flags);
		check(res == rows[i].read, "%s, reading: %d", rows[i].name, res);
		res = run(&ring, writev2, fd, &vec, 1, 0, rows[i].flags);
		check(res == rows[i].write, "%s, writing: %d", rows[i].name, res);
		io_uring_queue_exit(&ring);
	}
}

static void direct_io(void)
{
	int fd, file = (int)sys(open("direct", O_RDWR | O_CREAT, 0600));
	struct io_uring ring;
	char *buf;

	check(!posix_memalign((void **)&buf, 4096, 8192), "no memory");
	for (size_t i = 0; i < 8192; i++)
		buf[i] = (char)pattern(i);
	fd = open("direct", O_RDWR | O_DIRECT);
	if (fd == -1)
		skip_because_of("no O_DIRECT on /var/tmp");
	open_ring(&ring, 4, 0);
	expect(run(&ring, write, fd, buf, 8192, 0), 8192);
	memset(buf, 0, 8192);
	expect(run(&ring, read, fd, buf, 4096, 4096), 4096);
	expect_pattern(buf, 4096, 4096);
	expect(run(&ring, read, fd, buf, 8192, 4096), 4096);
	expect(run(&ring, read, fd, buf, 4096, 8192), 0);
	/* A file that ends in the middle of a block: as far as it goes. */
	sys(ftruncate(file, 5000));
	expect(run(&ring, read, fd, buf, 8192, 0), 5000);
	expect_pattern(buf, 0, 5000);
	expect(run(&ring, read, fd, buf, 4096, 1), -EINVAL);
	expect(run(&ring, read, fd, buf, 100, 0), -EINVAL);
	expect(run(&ring, read, fd, buf + 1, 4096, 0), -EINVAL);
	expect(run(&ring, write, fd, buf, 100, 0), -EINVAL);
	io_uring_queue_exit(&ring);
}

static void whole_files_at_once(void)
{
	size_t size = 3 << 20;
	char *buf = malloc(size);
	int fd = scratch_file(size), zero = (int)sys(open("/dev/zero", O_RDWR)), res;
	struct io_uring ring;

	check(buf, "no memory");
	open_ring(&ring, 4, 0);
	/* Out of memory or off the disk, it is never cut short before the end. */
	sys(fsync(fd));
	sys(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	expect(run(&ring, read, fd, buf, size, 0), size);
	expect_pattern(buf, 0, size);
	expect(run(&ring, write, fd, buf, size, size), size);
	expect(lseek(fd, 0, SEEK_END), 2 * size);
	/* That is for files on disks: of /dev/zero, Linux 6.18 gives less when it is busy. */
	res = run(&ring, read, zero, buf, size, 0);
	check(res > 0 && (size_t)res <= size, "%d bytes of /dev/zero", res);
	expect(buf[0] | buf[res - 1], 0);
	expect(run(&ring, write, zero, buf, size, 0), size);
	io_uring_queue_exit(&ring);
}

static void fixed_files(void)
{
	int file = scratch_file(100), files[3] = { -1, file, -1 };
	struct iovec vec;
	struct io_uring ring;
	char buf[8];

	vec = (struct iovec){ buf, 8 };
	open_ring(&ring, 4, 0);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 0, buf, 8, 0), -EBADF);
	expect(io_uring_register_files(&ring, files, 3), 0);
	close(file);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 1, buf, 8, 50), 8);
	expect_pattern(buf, 50, 8);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE | IOSQE_ASYNC, readv, 1, &vec, 1, 10), 8);
	expect_pattern(buf, 10, 8);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, write, 1, buf, 8, 100), 8);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, writev, 1, &vec, 1, 108), 8);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 1, buf, 8, 112), 4);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 0, buf, 8, 0), -EBADF);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 3, buf, 8, 0), -EBADF);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, -1, buf, 8, 0), -EBADF);
	io_uring_queue_exit(&ring);
}

/* What else is in the SQE of a read: { what, its offset there, size, value } -> result. */
static void other_fields(void)
{
	static const struct {
		const char *name;
		size_t at, size;
		uint64_t value;
		int res;
	} rows[] = {
		{ "best effort, 4", offsetof(struct io_uring_sqe, ioprio), 2, 2 << 13 | 4, 8 },
		{ "a class that is none", offsetof(struct io_uring_sqe, ioprio), 2, 7 << 13,
		  -EINVAL },
		{ "a personality unknown", offsetof(struct io_uring_sqe, personality), 2, 9,
		  -EINVAL },
		{ "a buffer's index", offsetof(struct io_uring_sqe, buf_index), 2, 9, 8 },
		{ "an unknown attribute", offsetof(struct io_uring_sqe, addr3) + 8, 8, 2, -EINVAL },
		{ "a flag that is none", offsetof(struct io_uring_sqe, flags), 1, 0x80, -EINVAL },
	};
	int fd = scratch_file(8);
	char buf[8];

	need_linux(6, 13, "attributes of reads");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_sqe *sqe;
		struct io_uring ring;
		int res;

		open_ring(&ring, 4, 0);
		sqe = new_sqe(&ring);
		io_uring_prep_read(sqe, fd, buf, 8, 0);
		memcpy((char *)sqe + rows[i].at, &rows[i].value, rows[i].size);
		res = run_one(&ring).res;
		check(res == rows[i].res, "%s: %d", rows[i].name, res);
		io_uring_queue_exit(&ring);
	}
}

const struct conformance_case rw_cases[] = {
	{ "a read gives the bytes at its offset, fewer at the end, none past it",
	  reads_at_an_offset },
	{ "a write past the end leaves a hole and the position", writes_at_an_offset },
	{ "no bytes asked for gives 0, whatever the buffer", no_bytes },
	{ "errors of a read", errors_of_a_read },
	{ "errors of a write", errors_of_a_write },
	{ "a buffer that can be used in part is", a_buffer_good_in_part },
	{ "offset -1 is the file's position, and moves it", the_files_position },
	{ "linked reads at the position follow each other", linked_at_the_position },
	{ "writes to one file, at its position or appended, keep their order",
	  writes_keep_their_order },
	{ "writes under way are done once, though the process forks", writes_and_fork },
	{ "vectors are filled and written in turn", vectors },
	{ "errors of vectors", errors_of_vectors },
	{ "the vectors may be overwritten after submission", vectors_are_copied },
	{ "RWF_NOWAIT gives -EAGAIN instead of waiting", rwf_nowait },
	{ "RWF_NOWAIT of an eventfd is its O_NONBLOCK, and nothing to a memfd",
	  rwf_nowait_elsewhere },
	{ "RWF_NOWAIT means nothing to a worker, nor RWF_DSYNC to an eventfd",
	  flags_without_meaning },
	{ "RWF_APPEND and O_APPEND write at the end", rwf_append },
	{ "RWF flags that are taken and refused", rw_flags },
	{ "O_DIRECT works on whole blocks only", direct_io },
	{ "big reads and writes of files are not cut short", whole_files_at_once },
	{ "a fixed file is read and written by its index", fixed_files },
	{ "other fields of a read's SQE", other_fields },
	{ 0 },
};
