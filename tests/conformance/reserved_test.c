/* SPDX-License-Identifier: MIT */
/*
 * The fields of an SQE that an operation on files has no use for. Most must be 0, so that they can
 * get a meaning later, and a program that does not clear its SQEs finds out by -EINVAL; some are
 * not looked at. Both as Linux 6.18 has it.
 */
#include <linux/openat2.h>
#include <sys/xattr.h>

#include "run.h"

#define FIELD(f)                                                                            \
	{                                                                                   \
#f, offsetof(struct io_uring_sqe, f), sizeof(((struct io_uring_sqe *)0)->f) \
	}

/* By the bits below. */
static const struct {
	const char *name;
	size_t at, size;
} fields[] = {
	FIELD(ioprio),	 FIELD(off),	   FIELD(addr),	      FIELD(len),
	FIELD(rw_flags), FIELD(buf_index), FIELD(file_index), FIELD(addr3),
};

enum {
	IOPRIO = 1,
	OFF = 2,
	ADDR = 4,
	LEN = 8,
	FLAGS = 16,
	BUF = 32,
	SLOT = 64,
	ADDR3 = 128,
};

/* What the operations are about, made anew for each. */
static struct {
	int file, in[2], out[2], fds[2];
	char buf[16];
	struct iovec vec;
	struct statx sx;
	struct open_how how;
} on;

#define PREP(name, op, ...)                               \
	static void prep_##name(struct io_uring_sqe *sqe) \
	{                                                 \
		io_uring_prep_##op(sqe, __VA_ARGS__);     \
	}

PREP(read, read, on.file, on.buf, 8, 0)
PREP(write, write, on.file, on.buf, 8, 0)
PREP(readv, readv, on.file, &on.vec, 1, 0)
PREP(writev, writev, on.file, &on.vec, 1, 0)
PREP(read_fixed, read_fixed, on.file, on.buf, 8, 0, 0)
PREP(fsync, fsync, on.file, 0)
PREP(sync_file_range, sync_file_range, on.file, 8, 0, 0)
PREP(fallocate, fallocate, on.file, 0, 0, 8)
PREP(ftruncate, ftruncate, on.file, 8)
PREP(fadvise, fadvise, on.file, 0, 8, 0)
PREP(madvise, madvise, page_before_nothing(), 4096, 0)
PREP(close, close, on.fds[0])
PREP(openat, openat, AT_FDCWD, "file", O_RDWR, 0)
PREP(openat2, openat2, AT_FDCWD, "file", &on.how)
PREP(statx, statx, AT_FDCWD, "file", 0, STATX_ALL, &on.sx)
PREP(renameat, renameat, AT_FDCWD, "file", AT_FDCWD, "new", 0)
PREP(unlinkat, unlinkat, AT_FDCWD, "file", 0)
PREP(mkdirat, mkdirat, AT_FDCWD, "new", 0700)
PREP(symlinkat, symlinkat, "file", AT_FDCWD, "new")
PREP(linkat, linkat, AT_FDCWD, "file", AT_FDCWD, "new", 0)
PREP(fsetxattr, fsetxattr, on.file, "user.a", on.buf, 0, 8)
PREP(fgetxattr, fgetxattr, on.file, "user.x", on.buf, 8)
PREP(setxattr, setxattr, "user.a", on.buf, "file", 0, 8)
PREP(getxattr, getxattr, "user.x", on.buf, "file", 8)
PREP(splice, splice, on.in[0], -1, on.out[1], -1, 8, 0)
PREP(tee, tee, on.in[0], on.out[1], 8, 0)
PREP(pipe, pipe, on.fds, 0)
PREP(files_update, files_update, on.fds, 1, 0)
PREP(fixed_fd_install, fixed_fd_install, 1, 0)

#define ROW(name, opcode, refused, ignored)                  \
	{                                                    \
#name, opcode, prep_##name, refused, ignored \
	}

static const struct row {
	const char *name;
	int opcode;
	void (*prep)(struct io_uring_sqe *sqe);
	unsigned refused, ignored;
} rows[] = {
	ROW(read, IORING_OP_READ, 0, BUF),
	ROW(write, IORING_OP_WRITE, 0, BUF),
	ROW(readv, IORING_OP_READV, 0, BUF),
	ROW(writev, IORING_OP_WRITEV, 0, BUF),
	ROW(read_fixed, IORING_OP_READ_FIXED, 0, 0),
	ROW(fsync, IORING_OP_FSYNC, IOPRIO | ADDR | BUF | SLOT, ADDR3),
	ROW(sync_file_range, IORING_OP_SYNC_FILE_RANGE, IOPRIO | ADDR | BUF | SLOT, ADDR3),
	ROW(fallocate, IORING_OP_FALLOCATE, IOPRIO | FLAGS | BUF | SLOT, ADDR3),
	ROW(ftruncate, IORING_OP_FTRUNCATE, IOPRIO | ADDR | LEN | FLAGS | BUF | SLOT | ADDR3, 0),
	ROW(fadvise, IORING_OP_FADVISE, IOPRIO | BUF | SLOT, ADDR3),
	ROW(madvise, IORING_OP_MADVISE, IOPRIO | BUF | SLOT, ADDR3),
	ROW(close, IORING_OP_CLOSE, IOPRIO | OFF | ADDR | LEN | FLAGS | BUF, ADDR3),
	ROW(openat, IORING_OP_OPENAT, IOPRIO | BUF, OFF | ADDR3),
	ROW(openat2, IORING_OP_OPENAT2, IOPRIO | BUF, FLAGS | ADDR3),
	ROW(statx, IORING_OP_STATX, IOPRIO | BUF | SLOT, ADDR3),
	ROW(renameat, IORING_OP_RENAMEAT, IOPRIO | BUF | SLOT, ADDR3),
	ROW(unlinkat, IORING_OP_UNLINKAT, IOPRIO | OFF | LEN | BUF | SLOT, ADDR3),
	ROW(mkdirat, IORING_OP_MKDIRAT, IOPRIO | OFF | FLAGS | BUF | SLOT, ADDR3),
	ROW(symlinkat, IORING_OP_SYMLINKAT, IOPRIO | LEN | FLAGS | BUF | SLOT, ADDR3),
	ROW(linkat, IORING_OP_LINKAT, IOPRIO | BUF | SLOT, ADDR3),
	ROW(fsetxattr, IORING_OP_FSETXATTR, IOPRIO, BUF | SLOT | ADDR3),
	ROW(fgetxattr, IORING_OP_FGETXATTR, IOPRIO | FLAGS, BUF | SLOT | ADDR3),
	ROW(setxattr, IORING_OP_SETXATTR, IOPRIO, BUF | SLOT),
	ROW(getxattr, IORING_OP_GETXATTR, IOPRIO | FLAGS, BUF | SLOT),
	ROW(splice, IORING_OP_SPLICE, IOPRIO, BUF | ADDR3),
	ROW(tee, IORING_OP_TEE, IOPRIO | OFF | ADDR, BUF | ADDR3),
	ROW(pipe, IORING_OP_PIPE, IOPRIO | OFF | ADDR3, LEN | BUF),
	ROW(files_update, IORING_OP_FILES_UPDATE, IOPRIO | FLAGS | SLOT, BUF | ADDR3),
	ROW(fixed_fd_install, IORING_OP_FIXED_FD_INSTALL,
	    IOPRIO | OFF | ADDR | LEN | BUF | SLOT | ADDR3, 0),
};

static void set_the_scene(struct io_uring *ring)
{
	struct iovec buf = { on.buf, sizeof(on.buf) };

	memset(&on, 0, sizeof(on));
	remove("new");
	on.file = (int)sys(open("file", O_RDWR | O_CREAT | O_TRUNC, 0600));
	expect(write(on.file, "12345678", 8), 8);
	make_pipe(on.in);
	make_pipe(on.out);
	make_pipe(on.fds);
	expect(write(on.in[1], "12345678", 8), 8);
	fsetxattr(on.file, "user.x", "12345678", 8, 0);
	on.vec = buf;
	on.vec.iov_len = 8;
	on.how.flags = O_RDWR;
	open_ring(ring, 4, 0);
	expect(io_uring_register_buffers(ring, &buf, 1), 0);
	expect(io_uring_register_files_sparse(ring, 2), 0);
	expect(io_uring_register_files_update(ring, 1, &on.file, 1), 1);
}

static void strike_the_scene(struct io_uring *ring)
{
	io_uring_queue_exit(ring);
	close(on.file);
	for (int i = 0; i < 2; i++) {
		close(on.in[i]);
		close(on.out[i]);
		close(on.fds[i]);
	}
}

/* With a 1 in that field; none for one past the last. */
static int result_with(const struct row *row, size_t field)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	uint64_t one = 1;
	int res;

	set_the_scene(&ring);
	sqe = new_sqe(&ring);
	row->prep(sqe);
	if (field < ARRAY_LEN(fields))
		memcpy((char *)sqe + fields[field].at, &one, fields[field].size);
	/* FIXED_FD_INSTALL's prep set one. */
	res = result_of_sqe(&ring, sqe, sqe->flags);
	strike_the_scene(&ring);
	return res;
}

/* An operation that gives a descriptor gives another each time: only that it does is compared. */
static int comparable(const struct row *row, int res)
{
	bool descriptor = row->opcode == IORING_OP_OPENAT || row->opcode == IORING_OP_OPENAT2 ||
			  row->opcode == IORING_OP_FIXED_FD_INSTALL;

	return descriptor && res > 0 ? 1 : res;
}

static void fields_that_must_be_zero(void)
{
	need_linux(6, 16, "the operations of Linux 6.16");
	for (const struct row *row = rows; row < rows + ARRAY_LEN(rows); row++)
		for (size_t i = 0; i < ARRAY_LEN(fields); i++)
			if (row->refused & 1U << i) {
				int res = result_with(row, i);

				check(res == -EINVAL, "%s, %s: %d", row->name, fields[i].name, res);
			}
}

static void fields_not_looked_at(void)
{
	need_linux(6, 16, "the operations of Linux 6.16");
	for (const struct row *row = rows; row < rows + ARRAY_LEN(rows); row++) {
		int plain = comparable(row, result_with(row, ARRAY_LEN(fields)));

		check(plain >= 0, "%s: %d", row->name, plain);
		for (size_t i = 0; i < ARRAY_LEN(fields); i++)
			if (row->ignored & 1U << i) {
				int res = comparable(row, result_with(row, i));

				check(res == plain, "%s, %s: %d, not %d", row->name, fields[i].name,
				      res, plain);
			}
	}
}

static void personalities(void)
{
	for (const struct row *row = rows; row < rows + ARRAY_LEN(rows); row++) {
		struct io_uring_sqe *sqe;
		struct io_uring ring;
		int res;

		need_op(row->opcode, row->name);
		set_the_scene(&ring);
		sqe = new_sqe(&ring);
		row->prep(sqe);
		sqe->personality = 1;
		res = result_of_sqe(&ring, sqe, sqe->flags);
		check(res == -EINVAL, "%s: %d", row->name, res);
		strike_the_scene(&ring);
	}
}

static void selected_buffers(void)
{
	for (const struct row *row = rows; row < rows + ARRAY_LEN(rows); row++) {
		bool selects = row->opcode == IORING_OP_READ || row->opcode == IORING_OP_READV;
		struct io_uring_sqe *sqe;
		struct io_uring ring;
		int res;

		need_op(row->opcode, row->name);
		set_the_scene(&ring);
		sqe = new_sqe(&ring);
		row->prep(sqe);
		res = result_of_sqe(&ring, sqe, sqe->flags | IOSQE_BUFFER_SELECT);
		check(res == (selects ? -ENOBUFS : -EOPNOTSUPP), "%s: %d", row->name, res);
		strike_the_scene(&ring);
	}
}

const struct conformance_case reserved_cases[] = {
	{ "a field that must be 0 gives -EINVAL", fields_that_must_be_zero },
	{ "a field not looked at changes nothing", fields_not_looked_at },
	{ "a personality that is none gives -EINVAL", personalities },
	{ "IOSQE_BUFFER_SELECT is for reads", selected_buffers },
	{ 0 },
};
