/* SPDX-License-Identifier: MIT */
/* Extended attributes, by name and by descriptor. */
#include <sys/xattr.h>

#include "conformance.h"
#include "names.h"
#include "run.h"

/* A ring, and "file", open; skips where the file system has no user.* attributes. */
static int file_with_attributes(struct io_uring *ring)
{
	int fd;

	need_op(IORING_OP_GETXATTR, "extended attributes");
	make_file("file", "text");
	if (setxattr("file", "user.probe", "1", 1, 0))
		skip_because_of("no user.* attributes on /var/tmp: %s", strerror(errno));
	sys(removexattr("file", "user.probe"));
	open_ring(ring, 8, 0);
	fd = (int)sys(open("file", O_RDWR | O_CLOEXEC));
	expect(io_uring_register_files(ring, &fd, 1), 0);
	return fd;
}

/* Set and get, by descriptor, by slot, or by name. */
enum by {
	BY_FD,
	BY_SLOT,
	BY_NAME,
	BYS
};

static int set(struct io_uring *ring, unsigned way, enum by by, int fd, const char *name,
	       const void *value, unsigned len, int flags)
{
	if (by == BY_NAME)
		return run_flagged(ring, way, setxattr, name, value, "file", flags, len);
	if (by == BY_SLOT)
		return run_flagged(ring, way | IOSQE_FIXED_FILE, fsetxattr, 0, name, value, flags,
				   len);
	return run_flagged(ring, way, fsetxattr, fd, name, value, flags, len);
}

static int get(struct io_uring *ring, unsigned way, enum by by, int fd, const char *name,
	       void *value, unsigned len)
{
	if (by == BY_NAME)
		return run_flagged(ring, way, getxattr, name, value, "file", len);
	if (by == BY_SLOT)
		return run_flagged(ring, way | IOSQE_FIXED_FILE, fgetxattr, 0, name, value, len);
	return run_flagged(ring, way, fgetxattr, fd, name, value, len);
}

static void set_and_get(void)
{
	struct io_uring ring;
	int fd = file_with_attributes(&ring);

	for (unsigned i = 0; i < BYS * ARRAY_LEN(both_ways); i++) {
		unsigned way = both_ways[i / BYS];
		enum by by = i % BYS;
		char value[20];

		expect(set(&ring, way, by, fd, "user.a", "value", 5, 0), 0);
		expect(getxattr("file", "user.a", value, sizeof(value)), 5);
		check(!memcmp(value, "value", 5), "another value was set");
		memset(value, 'z', sizeof(value));
		expect(get(&ring, way, by, fd, "user.a", value, sizeof(value)), 5);
		check(!memcmp(value, "valuez", 6), "another value was got");
		expect(get(&ring, way, by, fd, "user.a", value, 5), 5);
		/* A length of 0 asks for the size. */
		expect(get(&ring, way, by, fd, "user.a", NULL, 0), 5);
		expect(get(&ring, way, by, fd, "user.a", value, 4), -ERANGE);
		expect(set(&ring, way, by, fd, "user.a", NULL, 0, 0), 0);
		expect(get(&ring, way, by, fd, "user.a", value, sizeof(value)), 0);
		sys(removexattr("file", "user.a"));
		expect(get(&ring, way, by, fd, "user.a", value, sizeof(value)), -ENODATA);
	}
	io_uring_queue_exit(&ring);
}

static void create_and_replace(void)
{
	struct io_uring ring;
	int fd = file_with_attributes(&ring);

	for (unsigned i = 0; i < BYS * ARRAY_LEN(both_ways); i++) {
		unsigned way = both_ways[i / BYS];
		enum by by = i % BYS;

		expect(set(&ring, way, by, fd, "user.a", "1", 1, XATTR_REPLACE), -ENODATA);
		expect(set(&ring, way, by, fd, "user.a", "22", 2, XATTR_CREATE), 0);
		expect(set(&ring, way, by, fd, "user.a", "1", 1, XATTR_CREATE), -EEXIST);
		expect(get(&ring, way, by, fd, "user.a", NULL, 0), 2);
		expect(set(&ring, way, by, fd, "user.a", "333", 3, XATTR_REPLACE), 0);
		expect(get(&ring, way, by, fd, "user.a", NULL, 0), 3);
		sys(removexattr("file", "user.a"));
	}
	io_uring_queue_exit(&ring);
}

static void errors(void)
{
	struct io_uring ring;
	int fd = file_with_attributes(&ring);
	static char big[XATTR_SIZE_MAX + 1];
	char value[20];

	for (enum by by = 0; by < BYS; by++) {
		expect(set(&ring, 0, by, fd, "user.a", "1", 1, 4), -EINVAL);
		expect(set(&ring, 0, by, fd, NULL, "1", 1, 0), -EFAULT);
		expect(set(&ring, 0, by, fd, "user.a", NULL, 1, 0), -EFAULT);
		expect(set(&ring, 0, by, fd, "", "1", 1, 0), -ERANGE);
		expect(set(&ring, 0, by, fd, long_name(256), "1", 1, 0), -ERANGE);
		expect(set(&ring, 0, by, fd, "user.a", big, sizeof(big), 0), -E2BIG);
		expect(set(&ring, 0, by, fd, "nowhere.a", "1", 1, 0), -EOPNOTSUPP);
		expect(get(&ring, 0, by, fd, NULL, value, 1), -EFAULT);
		expect(get(&ring, 0, by, fd, "", value, 1), -ERANGE);
		expect(get(&ring, 0, by, fd, "nowhere.a", value, 1), -EOPNOTSUPP);
		expect(get(&ring, 0, by, fd, "user.none", value, 1), -ENODATA);
		sys(setxattr("file", "user.a", "1", 1, 0));
		expect(get(&ring, 0, by, fd, "user.a", (char *)8, 10), -EFAULT);
		sys(removexattr("file", "user.a"));
	}
	io_uring_queue_exit(&ring);
}

static void errors_of_the_file(void)
{
	struct io_uring ring;
	char value[20];
	int pipe_fds[2];

	file_with_attributes(&ring);
	make_pipe(pipe_fds);
	expect(run_flagged(&ring, 0, fgetxattr, -1, "user.a", value, 1), -EBADF);
	expect(run_flagged(&ring, 0, fsetxattr, 12345, "user.a", "1", 0, 1), -EBADF);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, fgetxattr, 1, "user.a", value, 1), -EBADF);
	expect(run_flagged(&ring, 0, getxattr, "user.a", value, "nothing", 1), -ENOENT);
	expect(run_flagged(&ring, 0, setxattr, "user.a", "1", "file/x", 0, 1), -ENOTDIR);
	expect(run_flagged(&ring, 0, getxattr, "user.a", value, NULL, 1), -EFAULT);
	expect(run_flagged(&ring, 0, setxattr, "user.a", "1", "", 0, 1), -ENOENT);
	/* The forms with a name have no use for a slot. */
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, getxattr, "user.a", value, "file", 1), -EBADF);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, setxattr, "user.a", "1", "file", 0, 1), -EBADF);
	io_uring_queue_exit(&ring);
}

static void links_are_followed(void)
{
	struct io_uring ring;

	file_with_attributes(&ring);
	sys(symlink("file", "link"));
	expect(run_flagged(&ring, 0, setxattr, "user.a", "22", "link", 0, 2), 0);
	expect(getxattr("file", "user.a", NULL, 0), 2);
	expect(run_flagged(&ring, 0, getxattr, "user.a", NULL, "link", 0), 2);
	io_uring_queue_exit(&ring);
}

const struct conformance_case xattr_cases[] = {
	{ "what was set is got, by descriptor, slot and name", set_and_get },
	{ "XATTR_CREATE and XATTR_REPLACE are obeyed", create_and_replace },
	{ "errors of names and values", errors },
	{ "errors of the file", errors_of_the_file },
	{ "links are followed", links_are_followed },
	{ 0 },
};
