/* SPDX-License-Identifier: MIT */
/* Reads and writes: every form that takes a buffer of its own. */
#include <sys/timerfd.h>

#include "conformance.h"

#define BLOCK	  4096
#define FILE_SIZE (3 * BLOCK + 100)

/* ---- The four forms, so that each promise is tried on all -------------------------------------- */

struct form {
	const char *name;
	bool writes, vectored;
};

static const struct form forms[] = {
	{ "READ", false, false },
	{ "WRITE", true, false },
	{ "READV", false, true },
	{ "WRITEV", true, true },
};

/* The iovecs are those of the last request prepared. */
static struct iovec iovecs[2];

/* One request for `size` bytes of `data`; a vectored one takes them in two parts. */
static struct io_uring_sqe *prep(struct io_uring *ring, const struct form *form, int fd, void *data,
				 size_t size, uint64_t offset)
{
	struct io_uring_sqe *sqe = new_sqe(ring);
	size_t half = size / 3;

	iovecs[0] = (struct iovec){ data, half };
	iovecs[1] = (struct iovec){ (char *)data + half, size - half };
	if (form->vectored && form->writes)
		io_uring_prep_writev(sqe, fd, iovecs, 2, offset);
	else if (form->vectored)
		io_uring_prep_readv(sqe, fd, iovecs, 2, offset);
	else if (form->writes)
		io_uring_prep_write(sqe, fd, data, (unsigned)size, offset);
	else
		io_uring_prep_read(sqe, fd, data, (unsigned)size, offset);
	return sqe;
}

static int run_form(struct io_uring *ring, const struct form *form, int fd, void *data, size_t size,
		    uint64_t offset)
{
	prep(ring, form, fd, data, size, offset);
	return run_one(ring).res;
}

static void fill(uint8_t *data, size_t offset, size_t size)
{
	for (size_t i = 0; i < size; i++)
		data[i] = pattern(offset + i);
}

/* ---- Files -------------------------------------------------------------------------------------- */

static void reads_and_writes(void)
{
	static const unsigned flags[] = { 0, IOSQE_ASYNC };
	uint8_t data[BLOCK], back[BLOCK];
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		for (size_t f = 0; f < ARRAY_LEN(flags); f++) {
			int fd = scratch_file(FILE_SIZE);

			/* What is written differs from what is there. */
			fill(data, forms[i].writes ? 5 : 77, sizeof(data));
			set_sqe(prep(&ring, &forms[i], fd, data, 1000, 1234), 9, flags[f]);
			submit(&ring, 1);
			expect_full_answer(&ring, 9, 1000, 0);
			expect(pread(fd, back, 1000, 1234), 1000);
			check(!memcmp(back, data, 1000), "%s moved other bytes", forms[i].name);
			expect(pread(fd, back, 1234, 0), 1234);
			expect_pattern(back, 0, 1234);
			expect(pread(fd, back, 100, 2234), 100);
			expect_pattern(back, 2234, 100);
			/* An offset given leaves the file's own position alone. */
			expect(lseek(fd, 0, SEEK_CUR), 0);
			close(fd);
		}
	}
	io_uring_queue_exit(&ring);
}

static void around_the_end(void)
{
	static const struct {
		uint64_t offset;
		size_t size;
		int res;
	} reads[] = {
		{ FILE_SIZE - 10, 100, 10 },	 { FILE_SIZE, 100, 0 }, { 1 << 30, 100, 0 },
		{ FILE_SIZE - 100, 100, 100 },	 { 0, 0, 0 },		{ FILE_SIZE + 5, 0, 0 },
		{ 1, 4 * BLOCK, FILE_SIZE - 1 },
	};
	uint8_t data[4 * BLOCK];
	int fd = scratch_file(FILE_SIZE);
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(reads); i++) {
		for (size_t f = 0; f < ARRAY_LEN(forms); f += 2) {
			expect(run_form(&ring, &forms[f], fd, data, reads[i].size, reads[i].offset),
			       reads[i].res);
			expect_pattern(data, reads[i].offset, (size_t)reads[i].res);
		}
	}
	io_uring_queue_exit(&ring);
}

static void writes_extend(void)
{
	uint8_t data[100], hole[50];
	struct io_uring ring;
	struct stat st;
	int fd = scratch_file(0);

	open_ring(&ring, 8, 0);
	fill(data, 0, sizeof(data));
	expect(run_form(&ring, &forms[1], fd, data, 100, 5000), 100);
	sys(fstat(fd, &st));
	expect(st.st_size, 5100);
	expect(run_form(&ring, &forms[0], fd, hole, sizeof(hole), 200), sizeof(hole));
	for (size_t i = 0; i < sizeof(hole); i++)
		expect(hole[i], 0);
	io_uring_queue_exit(&ring);
}

static void at_the_position(void)
{
	uint8_t data[300];
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	need_feature(&ring, IORING_FEAT_RW_CUR_POS, "IORING_FEAT_RW_CUR_POS");
	for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
		int fd = scratch_file(FILE_SIZE);

		fill(data, 100, sizeof(data));
		sys(lseek(fd, 100, SEEK_SET));
		expect(run_form(&ring, &forms[f], fd, data, 100, -1ULL), 100);
		expect(lseek(fd, 0, SEEK_CUR), 200);
		expect(run_form(&ring, &forms[f], fd, data + 100, 200, -1ULL), 200);
		expect(lseek(fd, 0, SEEK_CUR), 400);
		expect_pattern(data, 100, 300);
		expect(pread(fd, data, 300, 100), 300);
		expect_pattern(data, 100, 300);
		close(fd);
	}
	io_uring_queue_exit(&ring);
}

/* Linked, so that the second starts where the first ended. */
static void positions_in_a_chain(void)
{
	uint8_t data[3][100];
	int fd = scratch_file(FILE_SIZE);
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	need_feature(&ring, IORING_FEAT_RW_CUR_POS, "IORING_FEAT_RW_CUR_POS");
	for (unsigned i = 0; i < 3; i++)
		set_sqe(prep(&ring, &forms[0], fd, data[i], 100, -1ULL), i,
			i < 2 ? IOSQE_IO_LINK : 0);
	submit(&ring, 3);
	for (unsigned i = 0; i < 3; i++) {
		expect_answer(&ring, i, 100);
		expect_pattern(data[i], 100 * i, 100);
	}
	io_uring_queue_exit(&ring);
}

static void appends(void)
{
	uint8_t data[100];
	int fd = scratch_file(FILE_SIZE), append;
	struct io_uring ring;
	char path[64];
	struct stat st;

	open_ring(&ring, 8, 0);
	fill(data, FILE_SIZE, sizeof(data));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	append = (int)sys(open(path, O_WRONLY | O_APPEND | O_CLOEXEC));
	/* Wherever one says: O_APPEND decides. */
	expect(run_form(&ring, &forms[1], append, data, 100, 7), 100);
	fill(data, FILE_SIZE + 100, sizeof(data));
	expect(run_form(&ring, &forms[3], append, data, 100, -1ULL), 100);
	sys(fstat(fd, &st));
	expect(st.st_size, FILE_SIZE + 200);
	expect(pread(fd, data, 100, FILE_SIZE + 50), 100);
	expect_pattern(data, FILE_SIZE + 50, 100);
	io_uring_queue_exit(&ring);
}

static void large(void)
{
	const size_t size = 8 << 20;
	uint8_t *data = malloc(size);
	int fd = scratch_file(0);
	struct io_uring ring;

	check(data, "out of memory");
	open_ring(&ring, 8, 0);
	fill(data, 0, size);
	expect(run_form(&ring, &forms[3], fd, data, size, 0), size);
	memset(data, 0, size);
	expect(run_form(&ring, &forms[2], fd, data, size, 0), size);
	expect_pattern(data, 0, size);
	memset(data, 0, size);
	expect(run_form(&ring, &forms[0], fd, data, size, 0), size);
	expect_pattern(data, 0, size);
	free(data);
	io_uring_queue_exit(&ring);
}

/* Many at once, each with its own result, whatever the order they end in. */
static void many_at_once(void)
{
	static uint8_t data[64][512];
	struct iovec vectors[64];
	struct answer answers[64];
	int fd = scratch_file(64 * 512);
	struct io_uring ring;

	open_ring(&ring, 64, 0);
	for (unsigned i = 0; i < 64; i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		vectors[i] = (struct iovec){ data[i], 512 - i };
		if (i % 2)
			io_uring_prep_read(sqe, fd, data[i], 512 - i, 512 * i);
		else
			io_uring_prep_readv(sqe, fd, &vectors[i], 1, 512 * i);
		set_sqe(sqe, i, i % 3 ? 0 : IOSQE_ASYNC);
	}
	submit(&ring, 64);
	sorted_answers(&ring, answers, 64);
	for (unsigned i = 0; i < 64; i++) {
		expect(answers[i].data, i);
		expect(answers[i].res, 512 - i);
		expect_pattern(data[i], 512 * i, 512 - i);
	}
	io_uring_queue_exit(&ring);
}

static void direct(void)
{
	char path[] = "direct";
	uint8_t *data = aligned_alloc(BLOCK, 4 * BLOCK);
	int fd = (int)sys(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)), dio;
	struct io_uring ring;

	check(data, "out of memory");
	fill(data, 0, 4 * BLOCK);
	expect(write(fd, data, 2 * BLOCK + 100), 2 * BLOCK + 100);
	dio = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (dio < 0)
		skip_because_of("no O_DIRECT in this folder: %s", strerror(errno));
	sys(fsync(fd));
	open_ring(&ring, 8, 0);
	memset(data, 0, 4 * BLOCK);
	/* The last block is not whole: a short read. */
	expect(run_form(&ring, &forms[0], dio, data, 4 * BLOCK, 0), 2 * BLOCK + 100);
	expect_pattern(data, 0, 2 * BLOCK + 100);
	expect(run_form(&ring, &forms[0], dio, data, BLOCK, BLOCK), BLOCK);
	expect_pattern(data, BLOCK, BLOCK);
	expect(run_form(&ring, &forms[0], dio, data, BLOCK, 4 * BLOCK), 0);
	/* Neither memory, length nor offset may lie askew. */
	expect(run_form(&ring, &forms[0], dio, data, BLOCK, 1), -EINVAL);
	expect(run_form(&ring, &forms[0], dio, data, 100, 0), -EINVAL);
	expect(run_form(&ring, &forms[0], dio, data + 1, BLOCK, 0), -EINVAL);
	fill(data, 3, BLOCK);
	expect(run_form(&ring, &forms[1], dio, data, BLOCK, 0), BLOCK);
	expect(pread(fd, data + BLOCK, BLOCK, 0), BLOCK);
	expect_pattern(data + BLOCK, 3, BLOCK);
	free(data);
	io_uring_queue_exit(&ring);
}

/* ---- What is refused ----------------------------------------------------------------------------- */

static void wrong_files(void)
{
	uint8_t data[100];
	int only_read, only_write, folder, path, closed;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	only_write = (int)sys(open("f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	only_read = (int)sys(open("f", O_RDONLY | O_CLOEXEC));
	folder = (int)sys(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	path = (int)sys(open("f", O_PATH | O_CLOEXEC));
	closed = (int)sys(dup(path));
	close(closed);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		bool writes = forms[i].writes;

		expect(run_form(&ring, &forms[i], closed, data, 100, 0), -EBADF);
		expect(run_form(&ring, &forms[i], -1, data, 100, 0), -EBADF);
		expect(run_form(&ring, &forms[i], path, data, 100, 0), -EBADF);
		expect(run_form(&ring, &forms[i], only_write, data, 10, 0), writes ? 10 : -EBADF);
		expect(run_form(&ring, &forms[i], only_read, data, 10, 0), writes   ? -EBADF
									   : i == 0 ? 0
										    : 10);
		expect(run_form(&ring, &forms[i], folder, data, 100, 0), writes ? -EBADF : -EISDIR);
	}
	io_uring_queue_exit(&ring);
}

/* A pointer that leads nowhere is an error of the request, whoever runs it. */
static void wrong_memory(void)
{
	static const unsigned flags[] = { 0, IOSQE_ASYNC };
	void *nowhere = mmap(NULL, BLOCK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = scratch_file(FILE_SIZE);

	check(nowhere != MAP_FAILED, "no memory");
	open_ring(&ring, 8, 0);
	for (size_t f = 0; f < ARRAY_LEN(flags); f++) {
		for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
			sqe = prep(&ring, &forms[i], fd, nowhere, 100, 0);
			set_sqe(sqe, 1, flags[f]);
			expect(run_one(&ring).res, -EFAULT);
		}
		sqe = new_sqe(&ring);
		io_uring_prep_readv(sqe, fd, nowhere, 2, 0);
		set_sqe(sqe, 2, flags[f]);
		expect(run_one(&ring).res, -EFAULT);
	}
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void wrong_iovecs(void)
{
	static struct iovec many[IOV_MAX + 1];
	uint8_t data[IOV_MAX + 1];
	struct io_uring ring;
	int fd = scratch_file(FILE_SIZE);

	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct iovec){ &data[i], 1 };
	io_uring_prep_readv(new_sqe(&ring), fd, many, IOV_MAX, 0);
	expect(run_one(&ring).res, IOV_MAX);
	expect_pattern(data, 0, IOV_MAX);
	io_uring_prep_readv(new_sqe(&ring), fd, many, IOV_MAX + 1, 0);
	expect(run_one(&ring).res, -EINVAL);
	io_uring_prep_readv(new_sqe(&ring), fd, many, 0, 0);
	expect(run_one(&ring).res, 0);
	many[1].iov_len = (size_t)-1;
	io_uring_prep_readv(new_sqe(&ring), fd, many, 2, 0);
	expect(run_one(&ring).res, -EINVAL);
	/* Empty ones in between are skipped. */
	many[1] = (struct iovec){ NULL, 0 };
	io_uring_prep_readv(new_sqe(&ring), fd, many, 3, 0);
	expect(run_one(&ring).res, 2);
	io_uring_queue_exit(&ring);
}

static void wrong_fields(void)
{
	uint8_t data[100];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = scratch_file(FILE_SIZE);

	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		prep(&ring, &forms[i], fd, data, 100, 0)->ioprio = 0xffff;
		expect(run_one(&ring).res, -EINVAL);
		prep(&ring, &forms[i], fd, data, 100, 0)->personality = 99;
		expect(run_one(&ring).res, -EINVAL);
		/* As pread(2) of a negative offset. */
		prep(&ring, &forms[i], fd, data, 100, -2ULL);
		expect(run_one(&ring).res, -EINVAL);
		sqe = prep(&ring, &forms[i], fd, data, 100, 0);
		sqe->rw_flags = 0x40000000;
		expect(run_one(&ring).res, -EOPNOTSUPP);
		sqe = prep(&ring, &forms[i], fd, data, 100, 0);
		sqe->flags = 0x80;
		expect(run_one(&ring).res, -EINVAL);
	}
	io_uring_queue_exit(&ring);
}

/* ---- RWF_* ---------------------------------------------------------------------------------------- */

static void rw_flags(void)
{
	uint8_t data[100];
	struct iovec iov = { data, sizeof(data) };
	int fd = scratch_file(FILE_SIZE);
	struct io_uring ring;
	struct stat st;

	open_ring(&ring, 8, 0);
	fill(data, FILE_SIZE, sizeof(data));
	io_uring_prep_writev2(new_sqe(&ring), fd, &iov, 1, 3, RWF_APPEND);
	expect(run_one(&ring).res, 100);
	sys(fstat(fd, &st));
	expect(st.st_size, FILE_SIZE + 100);
	io_uring_prep_writev2(new_sqe(&ring), fd, &iov, 1, FILE_SIZE, RWF_DSYNC | RWF_SYNC);
	expect(run_one(&ring).res, 100);
	/* What is in memory needs no waiting. */
	expect(pread(fd, data, 100, 0), 100);
	io_uring_prep_readv2(new_sqe(&ring), fd, &iov, 1, 0, RWF_NOWAIT);
	expect(run_one(&ring).res, 100);
	expect_pattern(data, 0, 100);
	/* For rings with IORING_SETUP_IOPOLL. */
	io_uring_prep_readv2(new_sqe(&ring), fd, &iov, 1, 0, RWF_HIPRI);
	expect(run_one(&ring).res, -EINVAL);
	io_uring_queue_exit(&ring);
}

static void nowait_on_a_pipe(void)
{
	uint8_t data[100];
	struct iovec iov = { data, sizeof(data) };
	struct io_uring ring;
	int fds[2];

	make_pipe(fds);
	open_ring(&ring, 8, 0);
	io_uring_prep_readv2(new_sqe(&ring), fds[0], &iov, 1, -1ULL, RWF_NOWAIT);
	expect(run_one(&ring).res, -EAGAIN);
	io_uring_queue_exit(&ring);
}

/* ---- Streams --------------------------------------------------------------------------------------- */

static void waits_for_data(void)
{
	static const uint64_t offsets[] = { 0, -1ULL, 100 };
	uint8_t data[100];
	struct io_uring ring;
	int fds[2];

	make_pipe(fds);
	open_ring(&ring, 8, 0);
	for (size_t f = 0; f < ARRAY_LEN(forms); f += 2) {
		for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
			set_sqe(prep(&ring, &forms[f], fds[0], data, 100, offsets[i]), i, 0);
			submit(&ring, 1);
			expect_none(&ring, 5);
			expect(write(fds[1], "abcdefgh", 8), 8);
			/* What there is, not all that was asked for. */
			expect_full_answer(&ring, i, 8, 0);
			check(!memcmp(data, "abcdefgh", 8), "other bytes");
		}
	}
	io_uring_queue_exit(&ring);
}

static void end_of_a_pipe(void)
{
	uint8_t data[100];
	struct io_uring ring;
	int fds[2];

	make_pipe(fds);
	open_ring(&ring, 8, 0);
	set_sqe(prep(&ring, &forms[0], fds[0], data, 100, 0), 1, 0);
	submit(&ring, 1);
	expect_none(&ring, 5);
	close(fds[1]);
	expect_answer(&ring, 1, 0);
	expect(run_form(&ring, &forms[0], fds[0], data, 100, 0), 0);
	make_pipe(fds);
	close(fds[0]);
	expect(run_form(&ring, &forms[1], fds[1], data, 100, 0), -EPIPE);
	io_uring_queue_exit(&ring);
}

static void full_pipe(void)
{
	uint8_t data[BLOCK] = { 0 };
	struct io_uring ring;
	int fds[2];

	make_pipe(fds);
	sys(fcntl(fds[1], F_SETPIPE_SZ, BLOCK));
	expect(write(fds[1], data, BLOCK), BLOCK);
	open_ring(&ring, 8, 0);
	fill(data, 0, BLOCK);
	set_sqe(prep(&ring, &forms[1], fds[1], data, 1000, 0), 1, 0);
	submit(&ring, 1);
	expect_none(&ring, 5);
	expect(read(fds[0], data + 1000, BLOCK - 1000), BLOCK - 1000);
	expect(read(fds[0], data + 1000, 1000), 1000);
	expect_answer(&ring, 1, 1000);
	expect(read(fds[0], data + 1000, 1000), 1000);
	expect_pattern(data + 1000, 0, 1000);
	io_uring_queue_exit(&ring);
}

/* Only of files that cannot be tried without waiting does O_NONBLOCK make the request give up. */
static void nonblocking_pipe(void)
{
	uint8_t data[100];
	struct io_uring ring;
	int fds[2];

	sys(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	open_ring(&ring, 8, 0);
	set_sqe(prep(&ring, &forms[0], fds[0], data, 100, 0), 1, 0);
	submit(&ring, 1);
	expect_none(&ring, 5);
	expect(write(fds[1], "abc", 3), 3);
	expect_answer(&ring, 1, 3);
	io_uring_queue_exit(&ring);
}

/* The array is the caller's again once submitted; the data buffers are not. */
static void iovecs_may_change(void)
{
	uint8_t data[100], other[100] = { 0 };
	struct io_uring ring;
	int fds[2];

	make_pipe(fds);
	open_ring(&ring, 8, 0);
	need_feature(&ring, IORING_FEAT_SUBMIT_STABLE, "IORING_FEAT_SUBMIT_STABLE");
	set_sqe(prep(&ring, &forms[2], fds[0], data, 9, 0), 1, 0);
	submit(&ring, 1);
	iovecs[0] = iovecs[1] = (struct iovec){ other, sizeof(other) };
	expect(write(fds[1], "abcdefghi", 9), 9);
	expect_answer(&ring, 1, 9);
	check(!memcmp(data, "abcdefghi", 9), "the new array was used");
	expect(other[0], 0);
	io_uring_queue_exit(&ring);
}

static void sockets(void)
{
	uint8_t data[100];
	struct answer answers[2];
	struct io_uring ring;
	int fds[2];

	unix_pair(fds);
	open_ring(&ring, 8, 0);
	set_sqe(prep(&ring, &forms[0], fds[0], data, 100, 0), 1, 0);
	submit(&ring, 1);
	set_sqe(prep(&ring, &forms[3], fds[1], (char[]){ "123456" }, 6, 0), 2, 0);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].res, 6);
	expect(answers[1].res, 6);
	check(!memcmp(data, "123456", 6), "other bytes");
	io_uring_queue_exit(&ring);
}

static void eventfds_and_timers(void)
{
	const struct itimerspec soon = { .it_value.tv_nsec = 10000000 };
	int event = (int)sys(eventfd(0, EFD_CLOEXEC));
	int timer = (int)sys(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	uint64_t count = 0, one = 3;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	set_sqe(prep(&ring, &forms[0], event, &count, sizeof(count), 0), 1, 0);
	submit(&ring, 1);
	expect_none(&ring, 5);
	expect(write(event, &one, sizeof(one)), sizeof(one));
	expect_answer(&ring, 1, sizeof(count));
	expect(count, 3);
	expect(run_form(&ring, &forms[1], event, &one, sizeof(one), 0), sizeof(one));
	expect(read(event, &count, sizeof(count)), sizeof(count));
	expect(run_form(&ring, &forms[0], event, &count, 4, 0), -EINVAL);

	sys(timerfd_settime(timer, 0, &soon, NULL));
	expect(run_form(&ring, &forms[0], timer, &count, sizeof(count), 0), sizeof(count));
	expect(count, 1);
	io_uring_queue_exit(&ring);
}

/* ---- Files by index --------------------------------------------------------------------------------- */

static void fixed_files(void)
{
	uint8_t data[100];
	int files[] = { -1, scratch_file(FILE_SIZE) };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(io_uring_register_files(&ring, files, 2), 0);
	close(files[1]);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		fill(data, 50, sizeof(data));
		prep(&ring, &forms[i], 1, data, 100, 50)->flags = IOSQE_FIXED_FILE;
		expect(run_one(&ring).res, 100);
		expect_pattern(data, 50, 100);
		prep(&ring, &forms[i], 0, data, 100, 0)->flags = IOSQE_FIXED_FILE;
		expect(run_one(&ring).res, -EBADF);
		prep(&ring, &forms[i], 2, data, 100, 0)->flags = IOSQE_FIXED_FILE;
		expect(run_one(&ring).res, -EBADF);
		/* Without the flag the number is a descriptor. */
		expect(run_form(&ring, &forms[i], files[1], data, 100, 0), -EBADF);
	}
	io_uring_queue_exit(&ring);
}

const struct conformance_case rw_cases[] = {
	{ "each form moves the bytes asked for, and no others", reads_and_writes },
	{ "a read is short at the end, and 0 past it", around_the_end },
	{ "a write past the end extends the file, with zeros between", writes_extend },
	{ "offset -1 is the file's position, which moves", at_the_position },
	{ "linked reads at the position continue each other", positions_in_a_chain },
	{ "O_APPEND writes at the end, whatever the offset", appends },
	{ "8 MiB move in one request", large },
	{ "64 at once each get their own bytes", many_at_once },
	{ "O_DIRECT reads are aligned, or refused", direct },
	{ "files that cannot be read or written answer so", wrong_files },
	{ "bad addresses answer -EFAULT", wrong_memory },
	{ "iovec arrays are checked as by readv(2)", wrong_iovecs },
	{ "fields with no such meaning are refused", wrong_fields },
	{ "RWF_* flags do what they say", rw_flags },
	{ "RWF_NOWAIT on an empty pipe answers -EAGAIN", nowait_on_a_pipe },
	{ "a read of a pipe waits, then takes what there is", waits_for_data },
	{ "a pipe's end is 0 to read and -EPIPE to write", end_of_a_pipe },
	{ "a write to a full pipe waits for room", full_pipe },
	{ "a read of an O_NONBLOCK pipe waits all the same", nonblocking_pipe },
	{ "an iovec array may change once submitted", iovecs_may_change },
	{ "sockets are read and written", sockets },
	{ "eventfds and timerfds are read and written", eventfds_and_timers },
	{ "registered files are named by index", fixed_files },
	{ 0 },
};
