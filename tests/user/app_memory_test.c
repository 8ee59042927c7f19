/* SPDX-License-Identifier: MIT */
/* The application's memory is read and written where it is there, and nowhere else. */
#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases/tap.h"
#include "user/app_memory.h"

#define PAGE 4096

/* A page to be read and written, one that is not to be touched, and one to be read only. */
static char *pages;

static char copy[3 * PAGE];

static void expect_copies(const char *from, size_t size, int want)
{
	memset(copy, 0, sizeof(copy));
	assert_int_equal(copy_from_app(copy, from, size), want);
	if (!want)
		assert_memory_equal(copy, from, size);
}

static void reading_stops_where_memory_does(void **state)
{
	(void)state;
	expect_copies(pages, PAGE, 0);
	expect_copies(pages + 1, PAGE - 1, 0);
	expect_copies(pages + 1, PAGE, -EFAULT);
	expect_copies(pages + PAGE - 1, 1, 0);
	expect_copies(pages + PAGE - 1, 2, -EFAULT);
	expect_copies(pages, 3 * PAGE, -EFAULT);
	expect_copies(pages + 2 * PAGE, PAGE, 0);
	expect_copies(NULL, 1, -EFAULT);
	expect_copies((char *)8, 8, -EFAULT);
	expect_copies((char *)-8L, 16, -EFAULT);
	expect_copies(NULL, 0, 0);
}

static void writing_stops_where_memory_does(void **state)
{
	(void)state;
	memset(copy, 'y', sizeof(copy));
	assert_int_equal(copy_to_app(pages, copy, PAGE), 0);
	assert_memory_equal(pages, copy, PAGE);
	assert_int_equal(copy_to_app(pages + 8, copy, PAGE), -EFAULT);
	assert_int_equal(copy_to_app(pages + PAGE - 4, copy, 4), 0);
	assert_int_equal(copy_to_app(pages + PAGE - 3, copy, 4), -EFAULT);
	assert_int_equal(copy_to_app(pages + 2 * PAGE, copy, 100), -EFAULT);
	assert_int_equal(copy_to_app(pages + 2 * PAGE, copy, 4), -EFAULT);
	assert_int_equal(copy_to_app(NULL, copy, 8), -EFAULT);
	assert_int_equal(copy_to_app(NULL, copy, 100), -EFAULT);
	assert_int_equal(copy_to_app((char *)-4L, copy, 16), -EFAULT);
}

static void what_is_beside_stays(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 40; size++) {
		memset(pages, '-', PAGE);
		assert_int_equal(copy_to_app(pages + 3, copy, size), 0);
		assert_memory_equal(pages + 3, copy, size);
		assert_memory_equal(pages, "---", 3);
		assert_int_equal(pages[3 + size], '-');
	}
}

/* Up to its end, and not beyond. */
static void heaps_are_memory(void **state)
{
	char *bytes = malloc(100), there[100];
	uintptr_t end;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'h', 100);
	assert_int_equal(copy_from_app(there, bytes, 100), 0);
	assert_memory_equal(there, bytes, 100);
	free(bytes);
	end = ((uintptr_t)sbrk(0) + PAGE - 1) & -(uintptr_t)PAGE;
	assert_int_equal(copy_from_app(there, (char *)end, 16), -EFAULT);
	assert_int_equal(copy_from_app(there, (char *)end - 8, 16), -EFAULT);
}

static void stacks_are_memory(void **state)
{
	char ours[64] = "ours", there[64];

	(void)state;
	assert_int_equal(copy_from_app(there, ours, sizeof(ours)), 0);
	assert_string_equal(there, "ours");
	assert_int_equal(copy_to_app(there, "theirs", 7), 0);
	assert_string_equal(there, "theirs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_stops_where_memory_does),
		cmocka_unit_test(writing_stops_where_memory_does),
		cmocka_unit_test(what_is_beside_stays),
		cmocka_unit_test(heaps_are_memory),
		cmocka_unit_test(stacks_are_memory),
	};

	pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || mprotect(pages + PAGE, PAGE, PROT_NONE) ||
	    mprotect(pages + 2 * PAGE, PAGE, PROT_READ))
		return 1;
	return cmocka_run_group_tests_name("app_memory", tests, NULL, NULL);
}
