/* SPDX-License-Identifier: MIT */
/* Requests on files, pipes and names. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "gen.h"

static const struct rw_form {
	uint8_t read, write;
	bool vectored;
} forms[] = {
	{ IORING_OP_READ, IORING_OP_WRITE, false },
	{ IORING_OP_READV, IORING_OP_WRITEV, true },
};

static void rw(struct gen *g, bool write, uint64_t off)
{
	const struct rw_form *form = &pick(forms);
	const void *buf = g->data;
	unsigned len = (unsigned)random_between(one_in(10) ? 0 : 1, DATA_SIZE);

	if (form->vectored) {
		len = (unsigned)random_between(1, 4);
		buf = some_iovecs(g, len);
	}
	io_uring_prep_rw(write ? form->write : form->read, &g->op->sqe, -1, buf, len, off);
}

void gen_file_rw(struct gen *g)
{
	static const int flags[] = {
		RWF_NOWAIT, RWF_DSYNC, RWF_SYNC, RWF_APPEND, RWF_HIPRI, 1 << 9
	};
	bool write = one_in(2), position = one_in(4);
	uint64_t off = position ? ~0ULL : random_between(0, 5000);

	if (one_in(30))
		off = one_in(2) ? 1ULL << 62 : ~0ULL - 1;
	rw(g, write, off);
	/* "Memory that ends": docs/semantics.md. */
	if (position &&
	    (g->op->sqe.opcode == IORING_OP_READV || g->op->sqe.opcode == IORING_OP_WRITEV))
		mend_iovecs(g->args, g->op->sqe.len, g->data);
	/* Which of two errors comes first depends on the file system: no wrong offset
	 * with flags. */
	if (one_in(6) && (position || off < 1ULL << 62))
		g->op->sqe.rw_flags = pick(flags);
	target(g, some_file());
	g->op->in = write || position ? ROLE_ALTER : ROLE_OBSERVE;
	g->op->pace = PACE_WORKER;
}

void gen_stream_rw(struct gen *g)
{
	bool write = one_in(2);
	/* An eventfd wants eight bytes, a number. */
	uint64_t *number = g->data;

	rw(g, write, one_in(2) ? 0 : one_in(8) ? 100 : ~0ULL);
	target(g, write ? some_writer() : some_reader());
	if (g->op->sqe.fd == OBJECT_FD + EVENTFD)
		*number = random_between(0, 3);
	if (write) {
		g->op->out = ROLE_PRODUCE;
	} else {
		g->op->in = ROLE_CONSUME;
		if (g->op->sqe.opcode == IORING_OP_READ && one_in(4)) {
			select_buffer(g);
			g->op->sqe.addr = 0;
			g->op->sqe.len = one_in(2) ? 0 : (unsigned)random_between(1, 200);
		}
	}
	if (one_in(12))
		g->op->sqe.rw_flags = RWF_NOWAIT;
}

void gen_fixed_rw(struct gen *g)
{
	struct io_uring_sqe *sqe = &g->op->sqe;
	bool write = one_in(2), file = one_in(2), vectored = one_in(3);
	unsigned index = (unsigned)random_between(0, FIXED_BUFFERS - 1);
	unsigned from = (unsigned)random_between(0, FIXED_LEN / 2);
	unsigned len = (unsigned)random_between(1, FIXED_LEN - from);
	uint8_t *buf = arena.fixed[index] + from;

	g->p->fixed |= !one_in(10);
	/* Past its end now and then. */
	if (one_in(20))
		len = FIXED_LEN;
	if (vectored) {
		struct iovec *vecs = g->args;

		vecs[0] = (struct iovec){ .iov_base = buf, .iov_len = len / 2 };
		vecs[1] = (struct iovec){ .iov_base = buf + len / 2, .iov_len = len - len / 2 };
		io_uring_prep_rw(write ? IORING_OP_WRITEV_FIXED : IORING_OP_READV_FIXED, sqe, -1,
				 vecs, 2, 0);
	} else {
		io_uring_prep_rw(write ? IORING_OP_WRITE_FIXED : IORING_OP_READ_FIXED, sqe, -1, buf,
				 len, 0);
	}
	sqe->buf_index = (uint16_t)(one_in(20) ? index + 3 : index);
	touches(g, KEY_BUFFER + index, write ? ROLE_OBSERVE : ROLE_ALTER);
	if (file) {
		sqe->off = random_between(0, 3000);
		target(g, some_file());
		g->op->in = write ? ROLE_ALTER : ROLE_OBSERVE;
		g->op->pace = PACE_WORKER;
	} else {
		target(g, write ? some_writer() : some_reader());
		g->op->in = write ? ROLE_NONE : ROLE_CONSUME;
		g->op->out = write ? ROLE_PRODUCE : ROLE_NONE;
	}
}

void gen_read_multishot(struct gen *g)
{
	enum object object = some_reader();

	/* /dev/zero goes on until the buffers end. */
	io_uring_prep_read_multishot(&g->op->sqe, -1, one_in(10) ? 10 : 0, one_in(4) ? ~0ULL : 0,
				     0);
	target(g, object);
	select_buffer(g);
	g->op->in = ROLE_CONSUME;
}

void gen_fsync(struct gen *g)
{
	static const unsigned flags[] = { 0, 0, IORING_FSYNC_DATASYNC, 2 };

	if (one_in(2)) {
		io_uring_prep_fsync(&g->op->sqe, -1, pick(flags));
	} else {
		io_uring_prep_sync_file_range(&g->op->sqe, -1, 100, random_between(0, 5), 0);
		g->op->sqe.sync_range_flags = (uint32_t)random_between(0, 8);
	}
	target(g, one_in(4) ? some_object() : some_file());
	g->op->in = ROLE_OBSERVE;
	g->op->pace = PACE_WORKER;
}

void gen_space(struct gen *g)
{
	static const int modes[] = { 0, FALLOC_FL_KEEP_SIZE,
				     FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				     FALLOC_FL_ZERO_RANGE, 1 << 14 };

	if (one_in(2))
		io_uring_prep_fallocate(&g->op->sqe, -1, pick(modes), random_between(0, 4000),
					random_between(one_in(10) ? 0 : 1, 8000));
	else
		io_uring_prep_ftruncate(&g->op->sqe, -1,
					one_in(20) ? -1 : (loff_t)random_between(0, 9000));
	target(g, one_in(8) ? some_object() : some_file());
	g->op->in = g->op->out = ROLE_ALTER;
	g->op->pace = PACE_WORKER;
}

void gen_advise(struct gen *g)
{
	if (one_in(2)) {
		io_uring_prep_fadvise(&g->op->sqe, -1, 0, 4096, (int)random_between(0, 7));
		target(g, one_in(4) ? some_object() : some_file());
	} else {
		/* No memory of the program's is thrown away, whatever the advice. */
		io_uring_prep_madvise(&g->op->sqe, one_in(2) ? NULL : (char *)g->data + 1, 4096,
				      one_in(2) ? MADV_NORMAL : 1000);
	}
	g->op->in = ROLE_OBSERVE;
	g->op->pace = PACE_WORKER;
}

/* ---- Pipes ----------------------------------------------------------------------------------- */

void gen_splice(struct gen *g)
{
	static const enum object pipes_in[] = { PIPE_R, PAGE_PIPE_R, NONBLOCK_PIPE_R };
	/* TCP's splice knows no SPLICE_F_NONBLOCK, and what has no splice of its own no waiting. */
	static const enum object others_in[] = { FILE_A, FILE_READ_ONLY, UNIX_A, UNIX2_B,
						 DEV_ZERO };
	static const enum object pipes_out[] = { PIPE_W, PAGE_PIPE_W, NONBLOCK_PIPE_W };
	bool from_pipe = one_in(2);
	enum object in = from_pipe ? pick(pipes_in) : pick(others_in);
	enum object out = !from_pipe ? pick(pipes_out) : one_in(2) ? some_file() : some_writer();

	/*
	 * Never one that waits: that would be a worker inside splice(2), and whether a cancel
	 * meets it before it is there, or afterwards, is a matter of time.
	 */
	io_uring_prep_splice(&g->op->sqe, OBJECT_FD + (int)in, one_in(6) ? 10 : -1, -1,
			     one_in(6) ? 10 : -1, (unsigned)random_between(0, 500),
			     SPLICE_F_NONBLOCK);
	target(g, out);
	if (one_in(20))
		g->op->sqe.splice_flags |= 1U << random_between(3, 20);
	g->op->second = in <= FILE_APPEND ? ROLE_ALTER : ROLE_CONSUME;
	g->op->in = out <= FILE_APPEND ? ROLE_ALTER : ROLE_NONE;
	g->op->out = out <= FILE_APPEND ? ROLE_ALTER : ROLE_PRODUCE;
	g->op->pace = PACE_WORKER;
}

void gen_tee(struct gen *g)
{
	static const enum object in[] = { PIPE_R, PAGE_PIPE_R, NONBLOCK_PIPE_R, UNIX_A };
	static const enum object out[] = { PIPE_W, PAGE_PIPE_W, NONBLOCK_PIPE_W, FILE_A };

	io_uring_prep_tee(&g->op->sqe, OBJECT_FD + (int)pick(in), -1,
			  (unsigned)random_between(0, 500), SPLICE_F_NONBLOCK);
	target(g, pick(out));
	g->op->second = ROLE_CONSUME;
	g->op->out = ROLE_PRODUCE;
	g->op->pace = PACE_WORKER;
}

void gen_pipe(struct gen *g)
{
	static const int flags[] = { 0, 0, O_CLOEXEC, O_NONBLOCK, O_APPEND, O_DIRECT };

	memset(g->data, 0xff, 8);
	io_uring_prep_pipe(&g->op->sqe, g->data, pick(flags));
	g->op->makes_pipe = true;
	g->op->pace = PACE_WORKER;
	if (one_in(3)) {
		make_direct(g, NEW_PIPE);
		g->op->makes_pipe = false;
		g->op->slot = -1;
		if (g->op->sqe.file_index != IORING_FILE_INDEX_ALLOC)
			g->op->sqe.file_index = (uint32_t)random_between(9, SLOTS);
		/* Two slots. */
		g->op->extra_role[1] = ROLE_ALTER;
		g->op->extra_key[0] = KEY_TABLE;
	}
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* A path in the scratch folder, which is where the process is, too. */
static char *path_arg(struct gen *g, size_t at)
{
	char *path = (char *)g->args + at;

	strcpy(path, some_name());
	return path;
}

static int some_dir(void)
{
	return one_in(2) ? AT_FDCWD : one_in(30) ? BAD_FD : OBJECT_FD + FOLDER;
}

static void alters_names(struct gen *g)
{
	touches(g, KEY_NAMES, ROLE_ALTER);
	g->op->pace = PACE_WORKER;
}

static const enum object path_objects[] = { FILE_A, FILE_B, FILE_READ_ONLY, FILE_APPEND };

/* What opening a name makes; files of the same name are one. */
static int object_of_path(const char *path)
{
	for (unsigned i = 0; i < ARRAY_LEN(path_objects); i++)
		if (!strcmp(path, names[i]))
			return (int)path_objects[i];
	return FILE_B;
}

void gen_open(struct gen *g)
{
	static const int flags[] = { O_RDONLY,
				     O_RDWR,
				     O_RDWR | O_CREAT,
				     O_RDWR | O_CREAT | O_EXCL,
				     O_WRONLY | O_CREAT | O_TRUNC,
				     O_RDONLY | O_DIRECTORY,
				     O_RDWR | O_CLOEXEC,
				     O_PATH,
				     O_RDWR | O_NONBLOCK | O_CREAT };
	char *path = path_arg(g, 0);
	struct open_how *how = (void *)((char *)g->args + 128);

	if (one_in(2)) {
		io_uring_prep_openat(&g->op->sqe, some_dir(), path, pick(flags), 0640);
	} else {
		memset(how, 0, sizeof(*how));
		how->flags = (uint64_t)pick(flags);
		how->mode = how->flags & O_CREAT ? 0640 : one_in(10) ? 0600 : 0;
		how->resolve = one_in(3) ? RESOLVE_BENEATH : one_in(20) ? 1 << 10 : 0;
		io_uring_prep_openat2(&g->op->sqe, some_dir(), path, how);
		if (one_in(20))
			g->op->sqe.len = 8;
	}
	g->op->makes_fd = true;
	g->op->installs = object_of_path(path);
	alters_names(g);
	if (one_in(3)) {
		g->op->extra_role[0] = ROLE_NONE;
		make_direct(g, g->op->installs);
		/* Names and a slot: the table stands for both. */
		g->op->extra_key[1] = KEY_NAMES;
		g->op->extra_role[1] = ROLE_ALTER;
		g->op->extra_key[0] = KEY_TABLE;
	}
}

void gen_statx(struct gen *g)
{
	static const int flags[] = { 0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, 1 << 28 };

	io_uring_prep_statx(&g->op->sqe, some_dir(), path_arg(g, 0), pick(flags),
			    STATX_TYPE | STATX_MODE | STATX_SIZE | STATX_NLINK, g->data);
	g->op->stat = true;
	alters_names(g);
}

void gen_rename(struct gen *g)
{
	io_uring_prep_renameat(&g->op->sqe, some_dir(), path_arg(g, 0), some_dir(), path_arg(g, 64),
			       one_in(4) ? (unsigned)random_between(1, 4) : 0);
	alters_names(g);
}

void gen_unlink(struct gen *g)
{
	io_uring_prep_unlinkat(&g->op->sqe, some_dir(), path_arg(g, 0),
			       one_in(3)    ? AT_REMOVEDIR
			       : one_in(20) ? 1
					    : 0);
	alters_names(g);
}

void gen_make_name(struct gen *g)
{
	struct io_uring_sqe *sqe = &g->op->sqe;

	if (one_in(3))
		io_uring_prep_mkdirat(sqe, some_dir(), path_arg(g, 0), 0750);
	else if (one_in(2))
		io_uring_prep_symlinkat(sqe, path_arg(g, 64), some_dir(), path_arg(g, 0));
	else
		io_uring_prep_linkat(sqe, some_dir(), path_arg(g, 0), some_dir(), path_arg(g, 64),
				     one_in(4)	  ? AT_SYMLINK_FOLLOW
				     : one_in(20) ? 1
						  : 0);
	alters_names(g);
}

void gen_xattr(struct gen *g)
{
	static const char *const attributes[] = { "user.one", "user.two", "nonsense" };
	struct io_uring_sqe *sqe = &g->op->sqe;
	char *path = path_arg(g, 0), *name = (char *)g->args + 64;
	unsigned len = (unsigned)random_between(0, 50);
	int flags = one_in(4) ? (int)random_between(1, 3) : 0;

	strcpy(name, pick(attributes));
	switch (random_between(0, 3)) {
	case 0:
		io_uring_prep_setxattr(sqe, name, g->data, path, flags, len);
		break;
	case 1:
		io_uring_prep_getxattr(sqe, name, g->data, path, len);
		break;
	case 2:
		io_uring_prep_fsetxattr(sqe, -1, name, g->data, flags, len);
		target(g, some_file());
		break;
	default:
		io_uring_prep_fgetxattr(sqe, -1, name, g->data, len);
		target(g, some_file());
	}
	alters_names(g);
}
