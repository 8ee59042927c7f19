/* SPDX-License-Identifier: MIT */
/* Operations that make, move and remove names: rename, unlink, mkdir, links. */
#include "conformance.h"
#include "names.h"
#include "run.h"

#define FIXED IOSQE_FIXED_FILE

static void rename_works(void)
{
	struct io_uring ring;
	int folder;

	open_ring(&ring, 8, 0);
	folder = make_tree();
	for (size_t i = 0; i < ARRAY_LEN(both_ways); i++) {
		unsigned way = both_ways[i];

		make_file("a", "a");
		make_file("b", "b");
		expect(run_flagged(&ring, way, renameat, AT_FDCWD, "a", AT_FDCWD, "b",
				   RENAME_NOREPLACE),
		       -EEXIST);
		expect(run_flagged(&ring, way, renameat, AT_FDCWD, "a", AT_FDCWD, "b",
				   RENAME_EXCHANGE),
		       0);
		check(has("a", "b") && has("b", "a"), "not exchanged");
		expect(run_flagged(&ring, way, rename, "a", "b"), 0);
		check(!exists("a") && has("b", "b"), "not replaced");
		expect(run_flagged(&ring, way, renameat, AT_FDCWD, "b", folder, "c",
				   RENAME_NOREPLACE),
		       0);
		check(!exists("b") && has("folder/c", "b"), "not moved");
		expect(run_flagged(&ring, way, renameat, folder, "c", folder, "d", 0), 0);
		/* A link is moved, not what it points to. */
		expect(run_flagged(&ring, way, rename, "link", "b"), 0);
		expect(run_flagged(&ring, way, rename, "b", "link"), 0);
		check(has("link", "outer"), "the link is gone");
	}
	io_uring_queue_exit(&ring);
}

static void errors_of_rename(void)
{
	static const struct {
		int from_fd;
		const char *from;
		int to_fd;
		const char *to;
		unsigned flags;
		int error;
	} rows[] = {
		{ AT_FDCWD, "nothing", AT_FDCWD, "x", 0, -ENOENT },
		{ AT_FDCWD, "file", AT_FDCWD, "nothing/x", 0, -ENOENT },
		{ AT_FDCWD, "", AT_FDCWD, "x", 0, -ENOENT },
		{ AT_FDCWD, "file", AT_FDCWD, "", 0, -ENOENT },
		{ AT_FDCWD, "file", AT_FDCWD, "nothing", RENAME_EXCHANGE, -ENOENT },
		{ AT_FDCWD, "file/x", AT_FDCWD, "x", 0, -ENOTDIR },
		{ AT_FDCWD, "folder", AT_FDCWD, "file", 0, -ENOTDIR },
		{ AT_FDCWD, "file", AT_FDCWD, "folder", 0, -EISDIR },
		{ AT_FDCWD, "other", AT_FDCWD, "folder", 0, -ENOTEMPTY },
		{ AT_FDCWD, "folder", AT_FDCWD, "folder/x", 0, -EINVAL },
		{ AT_FDCWD, "file", AT_FDCWD, ".", 0, -EBUSY },
		{ AT_FDCWD, "file", AT_FDCWD, "/proc/x", 0, -EXDEV },
		{ AT_FDCWD, "file", AT_FDCWD, "x", 1 << 10, -EINVAL },
		{ AT_FDCWD, "file", AT_FDCWD, "x", RENAME_NOREPLACE | RENAME_EXCHANGE, -EINVAL },
		{ -1, "file", AT_FDCWD, "x", 0, -EBADF },
		{ AT_FDCWD, "file", -1, "x", 0, -EBADF },
		{ AT_FDCWD, NULL, AT_FDCWD, "x", 0, -EFAULT },
		{ AT_FDCWD, "file", AT_FDCWD, NULL, 0, -EFAULT },
	};
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	make_tree();
	sys(mkdir("other", 0755));
	for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
		int res = run_flagged(&ring, both_ways[i % 2], renameat, rows[i / 2].from_fd,
				      rows[i / 2].from, rows[i / 2].to_fd, rows[i / 2].to,
				      rows[i / 2].flags);

		check(res == rows[i / 2].error, "row %zu: %d", i / 2, res);
	}
	expect(run_flagged(&ring, FIXED, rename, "file", "x"), -EBADF);
	check(has("file", "outer"), "the file was touched");
	io_uring_queue_exit(&ring);
}

static void unlink_works(void)
{
	struct io_uring ring;
	int folder;

	open_ring(&ring, 8, 0);
	folder = make_tree();
	for (size_t i = 0; i < ARRAY_LEN(both_ways); i++) {
		make_file("a", "a");
		make_file("folder/a", "a");
		sys(mkdir("folder/empty", 0700));
		sys(symlink("file", "b"));
		expect(run_flagged(&ring, both_ways[i], unlinkat, folder, "a", 0), 0);
		check(exists("a") && !exists("folder/a"), "the other was removed");
		expect(run_flagged(&ring, both_ways[i], unlink, "b", 0), 0);
		check(!exists("b") && exists("file"), "the link was followed");
		expect(run_flagged(&ring, both_ways[i], unlinkat, folder, "empty", AT_REMOVEDIR),
		       0);
		check(!exists("folder/empty"), "the folder is there");
	}
	io_uring_queue_exit(&ring);
}

static void errors_of_unlink(void)
{
	static const struct {
		int dirfd;
		const char *name;
		int flags, error;
	} rows[] = {
		{ AT_FDCWD, "nothing", 0, -ENOENT },
		{ AT_FDCWD, "", 0, -ENOENT },
		{ AT_FDCWD, "file/x", 0, -ENOTDIR },
		{ AT_FDCWD, "folder", 0, -EISDIR },
		{ AT_FDCWD, "folder", AT_REMOVEDIR, -ENOTEMPTY },
		{ AT_FDCWD, "file", AT_REMOVEDIR, -ENOTDIR },
		{ AT_FDCWD, "link", AT_REMOVEDIR, -ENOTDIR },
		{ AT_FDCWD, ".", AT_REMOVEDIR, -EINVAL },
		{ AT_FDCWD, "folder/..", AT_REMOVEDIR, -ENOTEMPTY },
		{ AT_FDCWD, "file", AT_SYMLINK_NOFOLLOW, -EINVAL },
		{ AT_FDCWD, "file", AT_REMOVEDIR | 1, -EINVAL },
		{ AT_FDCWD, NULL, 0, -EFAULT },
		{ -1, "file", 0, -EBADF },
	};
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	make_tree();
	for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
		int res = run_flagged(&ring, both_ways[i % 2], unlinkat, rows[i / 2].dirfd,
				      rows[i / 2].name, rows[i / 2].flags);

		check(res == rows[i / 2].error, "row %zu: %d", i / 2, res);
	}
	expect(run_flagged(&ring, FIXED, unlink, "file", 0), -EBADF);
	check(exists("file") && exists("folder"), "removed all the same");
	io_uring_queue_exit(&ring);
}

static void mkdir_works(void)
{
	struct io_uring ring;
	struct stat st;
	int folder;

	open_ring(&ring, 8, 0);
	folder = make_tree();
	umask(027);
	for (size_t i = 0; i < ARRAY_LEN(both_ways); i++) {
		unsigned way = both_ways[i];

		expect(run_flagged(&ring, way, mkdirat, folder, "new", 01777), 0);
		sys(stat("folder/new", &st));
		expect(st.st_mode, S_IFDIR | 01750);
		sys(rmdir("folder/new"));
		expect(run_flagged(&ring, way, mkdir, "new/", 0700), 0);
		expect(run_flagged(&ring, way, mkdir, "new", 0700), -EEXIST);
		sys(rmdir("new"));
		expect(run_flagged(&ring, way, mkdir, "file", 0700), -EEXIST);
		/* It does not make what a link points to. */
		expect(run_flagged(&ring, way, mkdir, "dangling", 0700), -EEXIST);
		expect(run_flagged(&ring, way, mkdir, "nothing/x", 0700), -ENOENT);
		expect(run_flagged(&ring, way, mkdir, "", 0700), -ENOENT);
		expect(run_flagged(&ring, way, mkdir, "file/x", 0700), -ENOTDIR);
		expect(run_flagged(&ring, way, mkdir, "loop/x", 0700), -ELOOP);
		expect(run_flagged(&ring, way, mkdir, NULL, 0700), -EFAULT);
		expect(run_flagged(&ring, way, mkdirat, -1, "new", 0700), -EBADF);
		expect(run_flagged(&ring, way | FIXED, mkdir, "new", 0700), -EBADF);
	}
	io_uring_queue_exit(&ring);
}

static void symlink_works(void)
{
	struct io_uring ring;
	char target[20];
	int folder;

	open_ring(&ring, 8, 0);
	folder = make_tree();
	for (size_t i = 0; i < ARRAY_LEN(both_ways); i++) {
		unsigned way = both_ways[i];

		expect(run_flagged(&ring, way, symlinkat, "any where", folder, "new"), 0);
		expect(readlink("folder/new", target, sizeof(target)), 9);
		check(!memcmp(target, "any where", 9), "another target");
		sys(unlink("folder/new"));
		expect(run_flagged(&ring, way, symlink, "file", "new"), 0);
		check(has("new", "outer"), "another target");
		expect(run_flagged(&ring, way, symlink, "x", "new"), -EEXIST);
		sys(unlink("new"));
		expect(run_flagged(&ring, way, symlink, "", "new"), -ENOENT);
		expect(run_flagged(&ring, way, symlink, "x", ""), -ENOENT);
		expect(run_flagged(&ring, way, symlink, "x", "file/new"), -ENOTDIR);
		expect(run_flagged(&ring, way, symlink, long_name(PATH_MAX), "new"), -ENAMETOOLONG);
		expect(run_flagged(&ring, way, symlink, NULL, "new"), -EFAULT);
		expect(run_flagged(&ring, way, symlink, "x", NULL), -EFAULT);
		expect(run_flagged(&ring, way, symlinkat, "x", -1, "new"), -EBADF);
		expect(run_flagged(&ring, way | FIXED, symlink, "x", "new"), -EBADF);
	}
	io_uring_queue_exit(&ring);
}

static void link_works(void)
{
	struct io_uring ring;
	struct stat st;
	int folder;

	open_ring(&ring, 8, 0);
	folder = make_tree();
	for (size_t i = 0; i < ARRAY_LEN(both_ways); i++) {
		unsigned way = both_ways[i];

		expect(run_flagged(&ring, way, linkat, AT_FDCWD, "file", folder, "new", 0), 0);
		sys(stat("file", &st));
		expect(st.st_nlink, 2);
		sys(unlink("folder/new"));
		/* Links are not followed, unless told so. */
		expect(run_flagged(&ring, way, link, "link", "new", 0), 0);
		sys(lstat("new", &st));
		check(S_ISLNK(st.st_mode), "the link was followed");
		sys(unlink("new"));
		expect(run_flagged(&ring, way, link, "link", "new", AT_SYMLINK_FOLLOW), 0);
		sys(lstat("new", &st));
		check(S_ISREG(st.st_mode), "the link was not followed");
		sys(unlink("new"));
		expect(run_flagged(&ring, way, linkat, folder, "file", AT_FDCWD, "new", 0), 0);
		check(has("new", "inner"), "another file");
		sys(unlink("new"));
	}
	io_uring_queue_exit(&ring);
}

/* A file without a name gets one. */
static void link_names_a_descriptor(void)
{
	struct io_uring ring;
	int fd;

	open_ring(&ring, 8, 0);
	fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		skip_because_of("no O_TMPFILE on /var/tmp");
	expect(write(fd, "text", 4), 4);
	if (linkat(fd, "", AT_FDCWD, "probe", AT_EMPTY_PATH))
		skip_because_of("linkat with AT_EMPTY_PATH needs more rights");
	expect(run_flagged(&ring, 0, linkat, fd, "", AT_FDCWD, "new", AT_EMPTY_PATH), 0);
	check(has("new", "text"), "another file");
	io_uring_queue_exit(&ring);
}

static void errors_of_link(void)
{
	static const struct {
		int from_fd;
		const char *from;
		int to_fd;
		const char *to;
		int flags, error;
	} rows[] = {
		{ AT_FDCWD, "nothing", AT_FDCWD, "x", 0, -ENOENT },
		{ AT_FDCWD, "dangling", AT_FDCWD, "x", AT_SYMLINK_FOLLOW, -ENOENT },
		{ AT_FDCWD, "loop", AT_FDCWD, "x", AT_SYMLINK_FOLLOW, -ELOOP },
		{ AT_FDCWD, "", AT_FDCWD, "x", 0, -ENOENT },
		{ AT_FDCWD, "file", AT_FDCWD, "link", 0, -EEXIST },
		{ AT_FDCWD, "file", AT_FDCWD, "file", 0, -EEXIST },
		{ AT_FDCWD, "folder", AT_FDCWD, "x", 0, -EPERM },
		{ AT_FDCWD, "file/x", AT_FDCWD, "x", 0, -ENOTDIR },
		{ AT_FDCWD, "/proc/version", AT_FDCWD, "x", 0, -EXDEV },
		{ AT_FDCWD, "file", AT_FDCWD, "x", 1 << 20, -EINVAL },
		{ AT_FDCWD, "file", AT_FDCWD, "x", AT_SYMLINK_NOFOLLOW, -EINVAL },
		{ -1, "file", AT_FDCWD, "x", 0, -EBADF },
		{ AT_FDCWD, "file", -1, "x", 0, -EBADF },
		{ AT_FDCWD, NULL, AT_FDCWD, "x", 0, -EFAULT },
		{ AT_FDCWD, "file", AT_FDCWD, NULL, 0, -EFAULT },
	};
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	make_tree();
	for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
		int res = run_flagged(&ring, both_ways[i % 2], linkat, rows[i / 2].from_fd,
				      rows[i / 2].from, rows[i / 2].to_fd, rows[i / 2].to,
				      rows[i / 2].flags);

		check(res == rows[i / 2].error, "row %zu: %d", i / 2, res);
	}
	expect(run_flagged(&ring, FIXED, link, "file", "x", 0), -EBADF);
	check(!exists("x"), "linked all the same");
	io_uring_queue_exit(&ring);
}

const struct conformance_case names_cases[] = {
	{ "rename moves, replaces, exchanges", rename_works },
	{ "errors of rename", errors_of_rename },
	{ "unlink removes a name or an empty folder", unlink_works },
	{ "errors of unlink", errors_of_unlink },
	{ "mkdir makes a folder with mode and umask, and its errors", mkdir_works },
	{ "symlink makes a link, and its errors", symlink_works },
	{ "link makes a second name", link_works },
	{ "link can name what a descriptor is open on", link_names_a_descriptor },
	{ "errors of link", errors_of_link },
	{ 0 },
};
