/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "user/app_memory.h"
#include "user/sys.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#define SIGSET_SIZE (_NSIG / 8)

/* Since Linux 5.14; not in every libc's headers. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* rt_sigprocmask(2) reads the set before it finds that there is no such `how`. */
#define NO_SUCH_HOW 99

size_t page_size(void)
{
	return getauxval(AT_PAGESZ);
}

size_t page_align(size_t size)
{
	return (size + page_size() - 1) & ~(page_size() - 1);
}

/* ---- The calling thread's stack -------------------------------------------------------------- */

/* Its bounds; high is 0 until asked for, and low if they are unknown. */
static __thread struct {
	uintptr_t low, high;
} stack;

static void find_stack(void)
{
	pthread_attr_t attr;
	int saved = errno;
	void *base;
	size_t size;

	stack.low = stack.high = UINTPTR_MAX;
	if (!pthread_getattr_np(pthread_self(), &attr)) {
		if (!pthread_attr_getstack(&attr, &base, &size)) {
			stack.low = (uintptr_t)base;
			stack.high = stack.low + size;
		}
		pthread_attr_destroy(&attr);
	}
	errno = saved;
}

/* What lies between our own frame and the stack's beginning is there: the frames of our callers.
 * Most timeouts and arguments of waits do. */
static bool in_callers_frames(uintptr_t addr, size_t size)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);

	if (!stack.high)
		find_stack();
	return frame >= stack.low && frame < stack.high && addr >= frame && addr < stack.high &&
	       size <= stack.high - addr;
}

/* ---- The heap -------------------------------------------------------------------------------- */

/* Where brk(2)'s heap begins: the 47th word of /proc/self/stat; UINTPTR_MAX if that cannot
 * be read. */
static uintptr_t find_heap(void)
{
	static uintptr_t begin;
	/* Relaxed: whoever looks it up finds the same. */
	uintptr_t found = __atomic_load_n(&begin, __ATOMIC_RELAXED);
	char text[1024], *word;
	long fd, size = 0;

	if (found)
		return found;
	fd = SYS(openat, AT_FDCWD, "/proc/self/stat", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		size = SYS(read, fd, text, sizeof(text) - 1);
		SYS(close, fd);
	}
	text[size > 0 ? size : 0] = 0;
	/* The second word, a name in brackets, may hold anything. */
	word = strrchr(text, ')');
	for (unsigned i = 2; word && i < 47; i++)
		word = strchr(word + 1, ' ');
	found = word ? strtoul(word, NULL, 10) : 0;
	found = found ? found : UINTPTR_MAX;
	__atomic_store_n(&begin, found, __ATOMIC_RELAXED);
	return found;
}

/* What malloc(3) gives a program without threads lies there, and is there up to the break, which
 * the C library knows without asking. */
static bool in_heap(uintptr_t addr, size_t size)
{
#ifdef __GLIBC__
	uintptr_t end = (uintptr_t)sbrk(0);

	return addr < end && size <= end - addr && addr >= find_heap();
#else
	(void)addr, (void)size;
	return false;
#endif
}

/* ---- Pages ----------------------------------------------------------------------------------- */

/* Slower. */
static bool byte_is_readable(uintptr_t at)
{
	char byte;
	struct iovec local = { &byte, 1 }, remote = { (void *)at, 1 };

	return SYS(process_vm_readv, SYS(getpid, 0), &local, 1, &remote, 1, 0) == 1;
}

static bool page_is_readable(uintptr_t page)
{
	/* To which a set whose bytes were never written is an error. */
	if (RUNNING_ON_VALGRIND)
		return byte_is_readable(page);
	/* Not at its start, as that may be NULL, which is no set to be read. */
	return SYS(rt_sigprocmask, NO_SUCH_HOW, page + SIGSET_SIZE, NULL, SIGSET_SIZE) != -EFAULT;
}

static bool is_readable(uintptr_t addr, size_t size)
{
	uintptr_t page = addr & ~(PAGE_LEAST - 1);

	if (in_heap(addr, size) || in_callers_frames(addr, size))
		return true;
	if (size > UINTPTR_MAX - addr)
		return false;
	for (; page < addr + size; page += PAGE_LEAST)
		if (!page_is_readable(page))
			return false;
	return true;
}

/* True if SIGSET_SIZE bytes can be written there; what is there now is lost. */
static bool is_writable_at(uintptr_t addr)
{
	return addr && !SYS(rt_sigprocmask, SIG_BLOCK, NULL, addr, SIGSET_SIZE);
}

/* Only what is to be overwritten anyway is touched: first, last, and one place in each page. */
static bool is_writable(uintptr_t addr, size_t size)
{
	uintptr_t last = addr + size - SIGSET_SIZE;

	if (in_callers_frames(addr, size))
		return true;
	if (size > UINTPTR_MAX - addr)
		return false;
	for (uintptr_t at = addr; at < last; at = (at & ~(PAGE_LEAST - 1)) + PAGE_LEAST)
		if (!is_writable_at(at))
			return false;
	return is_writable_at(last);
}

int copy_from_app(void *to, const void *from, size_t size)
{
	if (!size)
		return 0;
	if (!is_readable((uintptr_t)from, size))
		return -EFAULT;
	memcpy(to, from, size);
	return 0;
}

/* Slower, but touches nothing that is beside it. */
static int write_exactly(void *to, const void *from, size_t size)
{
	struct iovec local = { (void *)(uintptr_t)from, size }, remote = { to, size };

	return SYS(process_vm_writev, SYS(getpid, 0), &local, 1, &remote, 1, 0) == (long)size
		       ? 0
		       : -EFAULT;
}

#ifdef __SANITIZE_THREAD__
/*
 * What it writes is read after a completion was seen. ThreadSanitizer takes the two mappings of
 * the completion queue, the application's and ours, for two, and does not see that order.
 */
__attribute__((no_sanitize("thread"))) void store_to_app(void *to, const void *from, size_t size)
{
	volatile char *at = to;
	const char *bytes = from;

	while (size--)
		*at++ = *bytes++;
}
#else
void store_to_app(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
}
#endif

/* Which dies of a signal set at a bad address, and notes only what the program itself writes. */
static int write_on_valgrind(void *to, const void *from, size_t size)
{
	int ret = write_exactly(to, from, size);

	if (!ret)
		store_to_app(to, from, size);
	return ret;
}

int copy_to_app(void *to, const void *from, size_t size)
{
	if (!size)
		return 0;
	if (RUNNING_ON_VALGRIND)
		return write_on_valgrind(to, from, size);
	if (size < SIGSET_SIZE && !in_callers_frames((uintptr_t)to, size))
		return write_exactly(to, from, size);
	if (size >= SIGSET_SIZE && !is_writable((uintptr_t)to, size))
		return -EFAULT;
	store_to_app(to, from, size);
	return 0;
}

long string_from_app(char *to, const char *from, size_t size)
{
	size_t done = 0;

	while (done < size) {
		/* Up to the page's end, as the string may end there, and the memory, too. */
		size_t part = PAGE_LEAST - ((uintptr_t)from + done) % PAGE_LEAST;
		char *end;

		if (part > size - done)
			part = size - done;
		if (!is_readable((uintptr_t)from + done, 1))
			return -EFAULT;
		end = memccpy(to + done, from + done, 0, part);
		if (end)
			return end - to - 1;
		done += part;
	}
	return -ENAMETOOLONG;
}

int app_memory_populate(uintptr_t addr, size_t size)
{
	uintptr_t start = addr & ~(page_size() - 1);
	size_t pages = page_align(addr - start + size);
	long ret = SYS(madvise, start, pages, MADV_POPULATE_WRITE);

	/* Before Linux 5.14, which knows no such advice: mapped is all that can be told. */
	if (ret == -EINVAL && SYS(madvise, NULL, 0, MADV_POPULATE_WRITE))
		ret = SYS(msync, start, pages, MS_ASYNC);
	return ret ? -EFAULT : 0;
}

/* Up to there nobody is asked: on machines with less the system call that uses them finds out. */
#define SURELY_POSSIBLE 0x7fffffffe000ULL

bool app_memory_possible(uint64_t addr, uint64_t size)
{
	struct iovec range = { (void *)(uintptr_t)addr, (size_t)size };

	if (__builtin_expect(addr <= INT64_MAX && size <= INT64_MAX - addr &&
				     addr + size <= SURELY_POSSIBLE,
			     1))
		return true;
	if (addr > UINTPTR_MAX || size > SSIZE_MAX)
		return false;
	/* It looks at the range, and then finds that nothing is to be read. */
	return SYS(process_vm_readv, SYS(getpid, 0), &range, 1, NULL, 0, 0) != -EFAULT;
}
