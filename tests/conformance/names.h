/* SPDX-License-Identifier: MIT */
/* Files with names, for the cases about operations on names. Relative to the case's own folder. */
#ifndef TEST_CONFORMANCE_NAMES_H
#define TEST_CONFORMANCE_NAMES_H

#include "conformance.h"

static inline void make_file(const char *name, const char *content)
{
	int fd = (int)sys(open(name, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644));

	expect(write(fd, content, strlen(content)), strlen(content));
	close(fd);
}

/* True if the file has this content; reads through links. */
static inline bool has(const char *name, const char *content)
{
	char bytes[100] = { 0 };
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	sys(read(fd, bytes, sizeof(bytes) - 1));
	close(fd);
	return !strcmp(bytes, content);
}

static inline bool exists(const char *name)
{
	struct stat st;

	return !lstat(name, &st);
}

static inline int open_folder(const char *name)
{
	return (int)sys(open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* folder/, folder/file, file, link -> file, loop -> loop, dangling -> nothing. Returns folder's
 * fd. */
static inline int make_tree(void)
{
	sys(mkdir("folder", 0755));
	make_file("folder/file", "inner");
	make_file("file", "outer");
	sys(symlink("file", "link"));
	sys(symlink("loop", "loop"));
	sys(symlink("nothing", "dangling"));
	return open_folder("folder");
}

/* A name of `len` letters. */
static inline const char *long_name(size_t len)
{
	static char name[PATH_MAX + 100];

	memset(name, 'x', len);
	name[len] = 0;
	return name;
}

#endif
