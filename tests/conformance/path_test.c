/* SPDX-License-Identifier: MIT */
/* Opening files by name, and describing them. */
#include <linux/openat2.h>

#include "names.h"
#include "run.h"

#define NOWHERE ((char *)16)

static void opens(void)
{
	struct io_uring ring;
	struct stat st;
	int fd, dir;
	char c;

	umask(022);
	open_ring(&ring, 4, 0);
	fd = run(&ring, open, "new", O_RDWR | O_CREAT | O_EXCL, 0666);
	check(fd >= 0, "no file: %d", fd);
	sys(fstat(fd, &st));
	expect(st.st_mode & 07777, 0644);
	expect(fcntl(fd, F_GETFD), 0);
	expect(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND), O_RDWR);
	make_file("new", "x");
	fd = run(&ring, open, "new", O_RDONLY | O_CLOEXEC | O_APPEND, 0);
	expect(fcntl(fd, F_GETFD), FD_CLOEXEC);
	expect(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND), O_RDONLY | O_APPEND);
	expect(read(fd, &c, 1), 1);
	fd = run(&ring, open, "new", O_WRONLY | O_TRUNC, 0);
	sys(fstat(fd, &st));
	expect(st.st_size, 0);
	sys(mkdir("dir", 0700));
	dir = (int)sys(open("dir", O_RDONLY));
	fd = run(&ring, openat, dir, "inner", O_WRONLY | O_CREAT, 0600);
	check(fd >= 0 && exists("dir/inner"), "not in the folder");
	fd = run_flagged(&ring, IOSQE_ASYNC, openat, AT_FDCWD, "dir/inner", O_PATH, 0);
	check(fd >= 0, "no file: %d", fd);
	io_uring_queue_exit(&ring);
}

static void errors_of_open(void)
{
	static char longest[5000];
	int file = scratch_file(1);
	struct {
		const char *name;
		int dir;
		const char *path;
		int flags, res;
	} rows[] = {
		{ "not there", AT_FDCWD, "no", O_RDONLY, -ENOENT },
		{ "no name", AT_FDCWD, "", O_RDONLY, -ENOENT },
		{ "there already", AT_FDCWD, "file", O_WRONLY | O_CREAT | O_EXCL, -EEXIST },
		{ "a folder, to write", AT_FDCWD, ".", O_WRONLY, -EISDIR },
		{ "no folder", AT_FDCWD, "file", O_RDONLY | O_DIRECTORY, -ENOTDIR },
		{ "a link not to follow", AT_FDCWD, "link", O_RDONLY | O_NOFOLLOW, -ELOOP },
		{ "a link to itself", AT_FDCWD, "loop", O_RDONLY, -ELOOP },
		{ "below a file", AT_FDCWD, "file/x", O_RDONLY, -ENOTDIR },
		{ "an address that is none", AT_FDCWD, NOWHERE, O_RDONLY, -EFAULT },
		{ "a name too long", AT_FDCWD, longest, O_RDONLY, -ENAMETOOLONG },
		{ "a folder that is none", -1, "file", O_RDONLY, -EBADF },
		{ "a folder that is a file", file, "file", O_RDONLY, -ENOTDIR },
		{ "a FIFO nobody reads", AT_FDCWD, "fifo", O_WRONLY | O_NONBLOCK, -ENXIO },
	};
	struct io_uring ring;

	memset(longest, 'x', sizeof(longest) - 1);
	make_file("file", "x");
	sys(symlink("file", "link"));
	sys(symlink("loop", "loop"));
	sys(mkfifo("fifo", 0600));
	open_ring(&ring, 4, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int res = run(&ring, openat, rows[i].dir, rows[i].path, rows[i].flags, 0600);

		check(res == rows[i].res, "%s: %d", rows[i].name, res);
	}
	io_uring_queue_exit(&ring);
}

/*
 * Linux 6.18 first tries an opening without waiting, and for a FIFO to be read that is a success
 * with nobody at the other end - unless its name is not in the cache. Only with IOSQE_ASYNC is it
 * sure to wait.
 */
static void open_waits(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;
	int fd;

	sys(mkfifo("fifo", 0600));
	open_ring(&ring, 4, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_open(sqe, "fifo", O_RDONLY, 0);
	set_sqe(sqe, 1, IOSQE_ASYNC);
	submit(&ring, 1);
	expect_none(&ring, 20);
	/* It holds up nothing else. */
	expect_usable(&ring);
	fd = (int)sys(open("fifo", O_WRONLY));
	a = next_answer(&ring);
	expect(a.data, 1);
	check(a.res >= 0 && a.res != fd, "no file: %d", a.res);
	expect(fcntl(a.res, F_GETFL) & O_NONBLOCK, 0);
	io_uring_queue_exit(&ring);
}

static void opens_as_openat2(void)
{
	struct open_how how = { .flags = O_RDWR | O_CREAT, .mode = 0600 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	sys(mkdir("dir", 0700));
	sys(symlink("/", "root"));
	make_file("up", "x");
	open_ring(&ring, 4, 0);
	check(run(&ring, openat2, AT_FDCWD, "new", &how) >= 0, "no file");
	check(exists("new"), "no file");
	how = (struct open_how){ .flags = O_RDONLY, .resolve = RESOLVE_BENEATH };
	expect(run(&ring, openat2, AT_FDCWD, "root", &how), -EXDEV);
	expect(run(&ring, openat2, AT_FDCWD, "dir/../../x", &how), -EXDEV);
	check(run(&ring, openat2, AT_FDCWD, "dir/../up", &how) >= 0, "not beneath");
	how.resolve = RESOLVE_NO_SYMLINKS;
	expect(run(&ring, openat2, AT_FDCWD, "root", &how), -ELOOP);
	how.resolve = 1 << 20;
	expect(run(&ring, openat2, AT_FDCWD, "up", &how), -EINVAL);
	/* Unlike OPENAT it takes neither unknown flags nor a mode for nothing. */
	how = (struct open_how){ .flags = O_RDONLY, .mode = 0600 };
	expect(run(&ring, openat2, AT_FDCWD, "up", &how), -EINVAL);
	how = (struct open_how){ .flags = 1ULL << 40 };
	expect(run(&ring, openat2, AT_FDCWD, "up", &how), -EINVAL);
	expect(run(&ring, openat2, AT_FDCWD, "up", (struct open_how *)NOWHERE), -EFAULT);
	how.flags = O_RDONLY;
	sqe = new_sqe(&ring);
	io_uring_prep_openat2(sqe, AT_FDCWD, "up", &how);
	sqe->len = sizeof(how) - 1;
	expect(result_of_sqe(&ring, sqe, 0), -EINVAL);
	io_uring_queue_exit(&ring);
}

static void larger_open_how(void)
{
	struct {
		struct open_how how;
		uint64_t more;
	} large = { .how.flags = O_RDONLY };
	struct io_uring ring;

	make_file("file", "x");
	open_ring(&ring, 4, 0);
	/* From the future: what it does not know has to be 0. */
	for (unsigned i = 0; i < 2; i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);
		int res;

		large.more = i;
		io_uring_prep_openat2(sqe, AT_FDCWD, "file", &large.how);
		sqe->len = sizeof(large);
		res = result_of_sqe(&ring, sqe, 0);
		check(i ? res == -E2BIG : res >= 0, "more %u: %d", i, res);
	}
	io_uring_queue_exit(&ring);
}

static void direct_opens(void)
{
	struct open_how how = { .flags = O_RDONLY };
	struct io_uring ring;
	int unused;
	char c;

	make_file("file", "x");
	open_ring(&ring, 4, 0);
	unused = dup(0);
	close(unused);
	expect(run(&ring, open_direct, "file", O_RDONLY, 0, 0), -ENXIO);
	expect(io_uring_register_files_sparse(&ring, 3), 0);
	expect(run(&ring, open_direct, "file", O_RDONLY, 0, 1), 0);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 1, &c, 1, 0), 1);
	expect(run(&ring, openat2_direct, AT_FDCWD, "file", &how, 2), 0);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 2, &c, 1, 0), 1);
	/* What was in the slot goes. */
	expect(run(&ring, open_direct, "file", O_WRONLY, 0, 1), 0);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 1, &c, 1, 0), -EBADF);
	expect(run(&ring, open_direct, "file", O_RDONLY, 0, 3), -EINVAL);
	/* Nothing that is not a descriptor is closed on exec. */
	expect(run(&ring, open_direct, "file", O_RDONLY | O_CLOEXEC, 0, 0), -EINVAL);
	how.flags = O_CLOEXEC;
	expect(run(&ring, openat2_direct, AT_FDCWD, "file", &how, 0), -EINVAL);
	expect(run(&ring, open_direct, "no", O_RDONLY, 0, 2), -ENOENT);
	/* A failed one leaves the slot. */
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 2, &c, 1, 0), 1);
	/* No descriptor is left of it. */
	expect(dup(0), unused);
	io_uring_queue_exit(&ring);
}

static void direct_opens_find_slots(void)
{
	struct io_uring ring;
	int slot;

	make_file("file", "x");
	open_ring(&ring, 4, 0);
	expect(io_uring_register_files_sparse(&ring, 3), 0);
	expect(run(&ring, open_direct, "file", O_RDONLY, 0, 1), 0);
	/* Which of two free slots is not promised. */
	slot = run(&ring, open_direct, "file", O_RDONLY, 0, IORING_FILE_INDEX_ALLOC);
	check(slot == 0 || slot == 2, "slot %d was not free", slot);
	expect(run(&ring, open_direct, "file", O_RDONLY, 0, IORING_FILE_INDEX_ALLOC), 2 - slot);
	expect(run(&ring, open_direct, "file", O_RDONLY, 0, IORING_FILE_INDEX_ALLOC), -ENFILE);
	/* The file was opened before that was known. */
	expect(run(&ring, open_direct, "made", O_RDWR | O_CREAT, 0600, IORING_FILE_INDEX_ALLOC),
	       -ENFILE);
	check(exists("made"), "not made");
	expect(run(&ring, close_direct, 1), 0);
	expect(run(&ring, open_direct, "file", O_RDONLY, 0, IORING_FILE_INDEX_ALLOC), 1);
	io_uring_queue_exit(&ring);
}

static void direct_in_a_chain(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char buf[8];

	make_file("file", "text");
	open_ring(&ring, 4, 0);
	need_feature(&ring, IORING_FEAT_LINKED_FILE, "files found when a link runs");
	expect(io_uring_register_files_sparse(&ring, 1), 0);
	sqe = new_sqe(&ring);
	io_uring_prep_open_direct(sqe, "file", O_RDONLY, 0, 0);
	set_sqe(sqe, 1, IOSQE_IO_LINK);
	sqe = new_sqe(&ring);
	io_uring_prep_read(sqe, 0, buf, 8, 0);
	set_sqe(sqe, 2, IOSQE_IO_LINK | IOSQE_FIXED_FILE);
	sqe = new_sqe(&ring);
	io_uring_prep_close_direct(sqe, 0);
	set_sqe(sqe, 3, 0);
	submit(&ring, 3);
	expect_answer(&ring, 1, 0);
	/* Fewer bytes than asked for break the chain, though that is the whole file. */
	expect_answer(&ring, 2, 4);
	expect_answer(&ring, 3, -ECANCELED);
	expect(memcmp(buf, "text", 4), 0);
	io_uring_queue_exit(&ring);
}

static void statxs(void)
{
	struct statx sx = { 0 }, empty;
	struct io_uring ring;
	struct stat st;
	int fd;

	make_file("file", "12345");
	sys(symlink("file", "link"));
	sys(stat("file", &st));
	fd = (int)sys(open("file", O_RDONLY));
	open_ring(&ring, 4, 0);
	expect(run(&ring, statx, AT_FDCWD, "file", 0, STATX_BASIC_STATS, &sx), 0);
	expect(sx.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
	expect(sx.stx_size, 5);
	expect(sx.stx_ino, st.st_ino);
	expect(sx.stx_mode, st.st_mode);
	expect(run(&ring, statx, AT_FDCWD, "link", 0, STATX_SIZE, &sx), 0);
	expect(sx.stx_ino, st.st_ino);
	expect(run(&ring, statx, AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &sx), 0);
	check(S_ISLNK(sx.stx_mode), "not the link");
	expect(run(&ring, statx, fd, "", AT_EMPTY_PATH, STATX_ALL, &sx), 0);
	expect(sx.stx_ino, st.st_ino);
	expect(run_flagged(&ring, IOSQE_ASYNC, statx, fd, "", AT_EMPTY_PATH, 0, &empty), 0);
	expect(empty.stx_ino, st.st_ino);
	io_uring_queue_exit(&ring);
}

static void errors_of_statx(void)
{
	struct statx sx;
	struct io_uring ring;
	int file = scratch_file(1);

	open_ring(&ring, 4, 0);
	expect(run(&ring, statx, AT_FDCWD, "no", 0, STATX_ALL, &sx), -ENOENT);
	expect(run(&ring, statx, file, "", 0, STATX_ALL, &sx), -ENOENT);
	expect(run(&ring, statx, file, "x", 0, STATX_ALL, &sx), -ENOTDIR);
	expect(run(&ring, statx, -1, "x", 0, STATX_ALL, &sx), -EBADF);
	expect(run(&ring, statx, -1, "", AT_EMPTY_PATH, STATX_ALL, &sx), -EBADF);
	expect(run(&ring, statx, AT_FDCWD, ".", 1 << 20, STATX_ALL, &sx), -EINVAL);
	expect(run(&ring, statx, AT_FDCWD, ".", AT_STATX_SYNC_TYPE, STATX_ALL, &sx), -EINVAL);
	expect(run(&ring, statx, AT_FDCWD, ".", 0, 1U << 31, &sx), -EINVAL);
	expect(run(&ring, statx, AT_FDCWD, ".", 0, STATX_ALL, (struct statx *)NOWHERE), -EFAULT);
	expect(run(&ring, statx, AT_FDCWD, NOWHERE, 0, STATX_ALL, &sx), -EFAULT);
	/* Nor is it of a fixed file. */
	expect(io_uring_register_files(&ring, &file, 1), 0);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, statx, 0, "", AT_EMPTY_PATH, STATX_ALL, &sx),
	       -EBADF);
	io_uring_queue_exit(&ring);
}

static void names_are_copied(void)
{
	char from[] = "file", to[] = "made", how_name[] = "file";
	struct open_how how = { .flags = O_RDONLY };
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	make_file("file", "x");
	sys(mkfifo("fifo", 0600));
	open_ring(&ring, 8, 0);
	need_feature(&ring, IORING_FEAT_SUBMIT_STABLE, "copying at submission");
	/* Behind a timeout, so that none has run when the names are overwritten. */
	{
		struct __kernel_timespec ts = MILLISECONDS(30);

		sqe = new_sqe(&ring);
		io_uring_prep_timeout(sqe, &ts, 0, IORING_TIMEOUT_ETIME_SUCCESS);
		set_sqe(sqe, 1, IOSQE_IO_LINK);
		sqe = new_sqe(&ring);
		io_uring_prep_link(sqe, from, to, 0);
		set_sqe(sqe, 2, IOSQE_IO_LINK);
		sqe = new_sqe(&ring);
		io_uring_prep_openat2(sqe, AT_FDCWD, how_name, &how);
		set_sqe(sqe, 3, 0);
		submit(&ring, 3);
		memset(&ts, 0xff, sizeof(ts));
	}
	memset(from, 'x', 4);
	memset(to, 'y', 4);
	memset(how_name, 'z', 4);
	memset(&how, 0xff, sizeof(how));
	expect_answer(&ring, 1, -ETIME);
	expect_answer(&ring, 2, 0);
	check(next_answer(&ring).res >= 0, "not opened");
	check(exists("made"), "made elsewhere");
	io_uring_queue_exit(&ring);
}

const struct conformance_case path_cases[] = {
	{ "OPENAT opens and makes files", opens },
	{ "errors of OPENAT", errors_of_open },
	{ "an OPENAT that waits holds up nothing else", open_waits },
	{ "OPENAT2 resolves as told and checks what it is told", opens_as_openat2 },
	{ "OPENAT2 takes a larger open_how whose rest is 0", larger_open_how },
	{ "a direct open fills the slot named", direct_opens },
	{ "a direct open finds a free slot, or gives -ENFILE", direct_opens_find_slots },
	{ "a file opened in a chain is read in it", direct_in_a_chain },
	{ "STATX describes names, links and descriptors", statxs },
	{ "errors of STATX", errors_of_statx },
	{ "names may be overwritten after submission", names_are_copied },
	{ 0 },
};
