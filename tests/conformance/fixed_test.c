/* SPDX-License-Identifier: MIT */
/* Reads and writes of registered buffers. */
#include "conformance.h"

#define BUFFER	  8192
#define FILE_SIZE (4 * BUFFER)

/* Two registered buffers, next to each other in memory, and a third slot that may be empty. */
struct pinned {
	struct io_uring ring;
	uint8_t *memory;
	int fd;
};

static void open_pinned(struct pinned *p)
{
	struct iovec iovecs[2];

	p->memory =
		mmap(NULL, 3 * BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(p->memory != MAP_FAILED, "no memory");
	p->fd = scratch_file(FILE_SIZE);
	open_ring(&p->ring, 8, 0);
	for (int i = 0; i < 2; i++)
		iovecs[i] = (struct iovec){ p->memory + i * BUFFER, BUFFER };
	expect(io_uring_register_buffers(&p->ring, iovecs, 2), 0);
}

static int read_fixed(struct pinned *p, size_t at, unsigned size, uint64_t offset, int index)
{
	io_uring_prep_read_fixed(new_sqe(&p->ring), p->fd, p->memory + at, size, offset, index);
	return run_one(&p->ring).res;
}

static int write_fixed(struct pinned *p, size_t at, unsigned size, uint64_t offset, int index)
{
	io_uring_prep_write_fixed(new_sqe(&p->ring), p->fd, p->memory + at, size, offset, index);
	return run_one(&p->ring).res;
}

/* ---- One buffer ----------------------------------------------------------------------------------- */

static void whole_and_parts(void)
{
	static const struct {
		size_t at;
		unsigned size;
		int index;
	} parts[] = {
		{ 0, BUFFER, 0 },	    { BUFFER, BUFFER, 1 }, { 1, 100, 0 },
		{ BUFFER - 1, 1, 0 },	    { BUFFER, 1, 1 },	   { BUFFER + 4000, 200, 1 },
		{ 4095, BUFFER - 4095, 0 },
	};
	uint8_t back[BUFFER];
	struct pinned p;

	open_pinned(&p);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		memset(p.memory, 0, 3 * BUFFER);
		expect(read_fixed(&p, parts[i].at, parts[i].size, 3000, parts[i].index),
		       parts[i].size);
		expect_pattern(p.memory + parts[i].at, 3000, parts[i].size);
		/* Nothing beside it. */
		if (parts[i].at)
			expect(p.memory[parts[i].at - 1], 0);
		expect(p.memory[parts[i].at + parts[i].size], 0);
		expect(write_fixed(&p, parts[i].at, parts[i].size, 9000, parts[i].index),
		       parts[i].size);
		expect(pread(p.fd, back, parts[i].size, 9000), parts[i].size);
		expect_pattern(back, 3000, parts[i].size);
		expect(ftruncate(p.fd, 0), 0);
		close(p.fd);
		p.fd = scratch_file(FILE_SIZE);
	}
	io_uring_queue_exit(&p.ring);
}

static void ends(void)
{
	struct pinned p;

	open_pinned(&p);
	expect(read_fixed(&p, 0, 1000, FILE_SIZE - 10, 0), 10);
	expect(read_fixed(&p, 0, 1000, FILE_SIZE, 0), 0);
	expect(read_fixed(&p, 0, 0, 0, 0), 0);
	expect(read_fixed(&p, 0, 100, -1ULL, 0), 100);
	expect(read_fixed(&p, 100, 100, -1ULL, 0), 100);
	expect_pattern(p.memory, 0, 200);
	expect(lseek(p.fd, 0, SEEK_CUR), 200);
	io_uring_queue_exit(&p.ring);
}

static void outside(void)
{
	static const struct {
		size_t at;
		unsigned size;
		int index;
	} wrong[] = {
		{ 0, 100, 2 },	      /* no such index */
		{ 0, 100, 0xffff },   /* nor this */
		{ 0, BUFFER + 1, 0 }, /* too long, although what follows is registered, too */
		{ BUFFER - 1, 2, 0 }, /* across */
		{ BUFFER, 1, 0 },     /* the other's */
		{ BUFFER - 1, 1, 1 }, /* the other's */
		{ 2 * BUFFER, 1, 1 }, /* nobody's */
		{ 0, 0x7fffffff, 0 },
	};
	struct pinned p;

	open_pinned(&p);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		expect(read_fixed(&p, wrong[i].at, wrong[i].size, 0, wrong[i].index), -EFAULT);
		expect(write_fixed(&p, wrong[i].at, wrong[i].size, 0, wrong[i].index), -EFAULT);
	}
	expect_usable(&p.ring);
	io_uring_queue_exit(&p.ring);
}

static void without_a_table(void)
{
	struct pinned p;

	open_pinned(&p);
	expect(io_uring_unregister_buffers(&p.ring), 0);
	expect(read_fixed(&p, 0, 100, 0, 0), -EFAULT);
	expect(write_fixed(&p, 0, 100, 0, 0), -EFAULT);
	need_linux(5, 19, "sparse tables of buffers");
	expect(io_uring_register_buffers_sparse(&p.ring, 4), 0);
	expect(read_fixed(&p, 0, 100, 0, 0), -EFAULT);
	io_uring_queue_exit(&p.ring);
}

/* The descriptor's errors come as in an ordinary read. */
static void wrong_files(void)
{
	struct pinned p;
	int fd;

	open_pinned(&p);
	fd = p.fd;
	p.fd = (int)sys(dup(fd));
	close(p.fd);
	expect(read_fixed(&p, 0, 100, 0, 0), -EBADF);
	expect(write_fixed(&p, 0, 100, 0, 0), -EBADF);
	p.fd = (int)sys(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	expect(read_fixed(&p, 0, 100, 0, 0), -EISDIR);
	expect(write_fixed(&p, 0, 100, 0, 0), -EBADF);
	io_uring_queue_exit(&p.ring);
}

static void by_a_worker(void)
{
	struct io_uring_sqe *sqe;
	struct pinned p;

	open_pinned(&p);
	sqe = new_sqe(&p.ring);
	io_uring_prep_read_fixed(sqe, p.fd, p.memory + BUFFER, BUFFER, 50, 1);
	set_sqe(sqe, 1, IOSQE_ASYNC | IOSQE_IO_LINK);
	sqe = new_sqe(&p.ring);
	io_uring_prep_write_fixed(sqe, p.fd, p.memory + BUFFER, BUFFER, 0, 1);
	set_sqe(sqe, 2, IOSQE_ASYNC);
	submit(&p.ring, 2);
	expect_answer(&p.ring, 1, BUFFER);
	expect_answer(&p.ring, 2, BUFFER);
	expect(pread(p.fd, p.memory, BUFFER, 0), BUFFER);
	expect_pattern(p.memory, 50, BUFFER);
	io_uring_queue_exit(&p.ring);
}

static void waiting_for_a_pipe(void)
{
	struct pinned p;
	int fds[2];

	open_pinned(&p);
	make_pipe(fds);
	io_uring_prep_read_fixed(new_sqe(&p.ring), fds[0], p.memory + 10, 100, 0, 0);
	submit(&p.ring, 1);
	expect_none(&p.ring, 5);
	expect(write(fds[1], "hello", 5), 5);
	expect(next_answer(&p.ring).res, 5);
	check(!memcmp(p.memory + 10, "hello", 5), "other bytes");
	io_uring_queue_exit(&p.ring);
}

/* A request goes on with the buffer it began with, whatever its slot holds by then. */
static void replaced_under_way(void)
{
	uint8_t other[100] = { 0 };
	struct iovec iov = { other, sizeof(other) };
	struct pinned p;
	int fds[2];

	open_pinned(&p);
	need_feature(&p.ring, IORING_FEAT_RSRC_TAGS, "updates of registered buffers");
	make_pipe(fds);
	io_uring_prep_read_fixed(new_sqe(&p.ring), fds[0], p.memory, 100, 0, 0);
	submit(&p.ring, 1);
	expect_none(&p.ring, 5);
	expect(io_uring_register_buffers_update_tag(&p.ring, 0, &iov, NULL, 1), 1);
	expect(write(fds[1], "hello", 5), 5);
	expect(next_answer(&p.ring).res, 5);
	check(!memcmp(p.memory, "hello", 5), "other bytes");
	expect(other[0], 0);
	/* The next one has the new one. */
	io_uring_prep_read_fixed(new_sqe(&p.ring), p.fd, other, 100, 0, 0);
	expect(run_one(&p.ring).res, 100);
	expect_pattern(other, 0, 100);
	io_uring_queue_exit(&p.ring);
}

/* ---- Several pieces of one ------------------------------------------------------------------------ */

static void pieces(void)
{
	struct iovec iovecs[3];
	struct pinned p;

	need_op(IORING_OP_READV_FIXED, "IORING_OP_READV_FIXED");
	open_pinned(&p);
	iovecs[0] = (struct iovec){ p.memory + 4000, 150 };
	iovecs[1] = (struct iovec){ p.memory + 4150, 50 };
	iovecs[2] = (struct iovec){ p.memory, 100 };
	io_uring_prep_readv_fixed(new_sqe(&p.ring), p.fd, iovecs, 3, 500, 0, 0);
	expect(run_one(&p.ring).res, 300);
	expect_pattern(p.memory + 4000, 500, 200);
	expect_pattern(p.memory, 700, 100);
	io_uring_prep_writev_fixed(new_sqe(&p.ring), p.fd, iovecs, 3, 0, 0, 0);
	expect(run_one(&p.ring).res, 300);
	expect(pread(p.fd, p.memory + BUFFER, 300, 0), 300);
	expect_pattern(p.memory + BUFFER, 500, 300);
	io_uring_queue_exit(&p.ring);
}

static void pieces_outside(void)
{
	struct iovec iovecs[2];
	struct pinned p;

	need_op(IORING_OP_READV_FIXED, "IORING_OP_READV_FIXED");
	open_pinned(&p);
	iovecs[0] = (struct iovec){ p.memory, 100 };
	iovecs[1] = (struct iovec){ p.memory + BUFFER, 100 };
	for (int index = 0; index < 3; index++) {
		io_uring_prep_readv_fixed(new_sqe(&p.ring), p.fd, iovecs, 2, 0, 0, index);
		expect(run_one(&p.ring).res, -EFAULT);
		io_uring_prep_writev_fixed(new_sqe(&p.ring), p.fd, iovecs, 2, 0, 0, index);
		expect(run_one(&p.ring).res, -EFAULT);
	}
	/* Unlike readv(2), it takes no empty ones. */
	iovecs[1] = (struct iovec){ p.memory + 200, 0 };
	io_uring_prep_readv_fixed(new_sqe(&p.ring), p.fd, iovecs, 2, 0, 0, 0);
	expect(run_one(&p.ring).res, -EFAULT);
	io_uring_prep_readv_fixed(new_sqe(&p.ring), p.fd, (void *)16, 2, 0, 0, 0);
	expect(run_one(&p.ring).res, -EFAULT);
	io_uring_queue_exit(&p.ring);
}

const struct conformance_case fixed_cases[] = {
	{ "a buffer is used whole or in part, and nothing beside it", whole_and_parts },
	{ "reads end as without it: short, 0, at the position", ends },
	{ "what lies outside the buffer answers -EFAULT", outside },
	{ "without a table, or in an empty slot, -EFAULT", without_a_table },
	{ "wrong files answer as without it", wrong_files },
	{ "workers use it, too", by_a_worker },
	{ "a read that waits for a pipe fills it later", waiting_for_a_pipe },
	{ "a request keeps its buffer when the slot is replaced", replaced_under_way },
	{ "READV_FIXED and WRITEV_FIXED take pieces of one buffer", pieces },
	{ "pieces outside of it, or empty, answer -EFAULT", pieces_outside },
	{ 0 },
};
