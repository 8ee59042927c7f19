/* SPDX-License-Identifier: MIT */
/* The table of registered files: how it is made, changed and let go. */
#include <sys/resource.h>

#include "conformance.h"

/* ---- Files that tell themselves apart -------------------------------------------------------- */

/* A file that begins with `letter`. */
static int file_of(char letter)
{
	int fd = scratch_file(0);

	expect(write(fd, &letter, 1), 1);
	return fd;
}

/* The letter of the file in a slot, or the error of reading it. */
static int letter_at(struct io_uring *ring, int slot)
{
	struct io_uring_sqe *sqe = new_sqe(ring);
	struct answer a;
	char letter = 0;

	io_uring_prep_read(sqe, slot, &letter, 1, 0);
	set_sqe(sqe, 0x1e77e5, IOSQE_FIXED_FILE);
	a = run_one(ring);
	expect(a.data, 0x1e77e5);
	return a.res == 1 ? letter : a.res;
}

static void expect_slots_at(const char *file, int line, struct io_uring *ring, const char *letters)
{
	for (int slot = 0; letters[slot]; slot++)
		expect_at(file, line, letters, letter_at(ring, slot),
			  letters[slot] == '-' ? -EBADF : letters[slot]);
	expect_at(file, line, "beyond the table", letter_at(ring, (int)strlen(letters)), -EBADF);
}
/* "A-C": the file of A, nothing, the file of C, and there the table ends. */
#define expect_slots(ring, letters) expect_slots_at(__FILE__, __LINE__, ring, letters)

/* A ring with a table of files A, B, C ..., `nr` of them, and their descriptors closed. */
static void open_table(struct io_uring *ring, unsigned nr, const uint64_t *tags)
{
	struct io_uring_rsrc_register reg = { .nr = nr, .tags = (uintptr_t)tags };
	int fds[8];

	check(nr <= ARRAY_LEN(fds), "too many files");
	open_ring(ring, 8, 0);
	for (unsigned i = 0; i < nr; i++)
		fds[i] = file_of((char)('A' + i));
	reg.data = (uintptr_t)fds;
	expect(register_raw(ring, IORING_REGISTER_FILES2, &reg, sizeof(reg)), 0);
	for (unsigned i = 0; i < nr; i++)
		close(fds[i]);
}

static void open_sparse(struct io_uring *ring, unsigned nr)
{
	struct io_uring_rsrc_register reg = { .nr = nr, .flags = IORING_RSRC_REGISTER_SPARSE };
	int ret;

	open_ring(ring, 8, 0);
	ret = register_raw(ring, IORING_REGISTER_FILES2, &reg, sizeof(reg));
	if (ret == -EINVAL)
		need_linux(5, 19, "a sparse table");
	expect(ret, 0);
}

static int update(struct io_uring *ring, unsigned offset, const int *fds, unsigned nr)
{
	return io_uring_register_files_update(ring, offset, fds, nr);
}

static int update_tagged(struct io_uring *ring, unsigned offset, const int *fds,
			 const uint64_t *tags, unsigned nr)
{
	return io_uring_register_files_update_tag(ring, offset, fds, (const __u64 *)tags, nr);
}

/* A read of one byte by the file in `slot`, which waits. */
static void start_read(struct io_uring *ring, int slot, char *byte, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_read(sqe, slot, byte, 1, 0);
	set_sqe(sqe, data, IOSQE_FIXED_FILE);
	submit(ring, 1);
	expect_none(ring, 20);
}

/* ---- Making and unmaking --------------------------------------------------------------------- */

static void by_index(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char letter;

	open_table(&ring, 3, NULL);
	expect_slots(&ring, "ABC");
	expect(letter_at(&ring, -1), -EBADF);
	expect(letter_at(&ring, INT_MAX), -EBADF);
	expect(letter_at(&ring, INT_MIN), -EBADF);
	/* Without the flag it is a descriptor, whatever the table holds. */
	sqe = new_sqe(&ring);
	io_uring_prep_read(sqe, 9999, &letter, 1, 0);
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	expect_answer(&ring, 1, -EBADF);
	expect(io_uring_unregister_files(&ring), 0);
	expect(letter_at(&ring, 0), -EBADF);
	io_uring_queue_exit(&ring);
}

static void empty_slots(void)
{
	int fds[4] = { -1, file_of('B'), -1, file_of('D') };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(io_uring_register_files(&ring, fds, 4), 0);
	expect_slots(&ring, "-B-D");
	expect(io_uring_unregister_files(&ring), 0);
	fds[1] = fds[3] = -1;
	expect(io_uring_register_files(&ring, fds, 4), 0);
	expect_slots(&ring, "----");
	io_uring_queue_exit(&ring);
}

static void same_file_twice(void)
{
	int file = file_of('S'), fds[3] = { file, file, file }, none = -1;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(io_uring_register_files(&ring, fds, 3), 0);
	close(file);
	expect(update(&ring, 1, &none, 1), 1);
	expect_slots(&ring, "S-S");
	io_uring_queue_exit(&ring);
}

static void only_one_table(void)
{
	struct io_uring_rsrc_register sparse = { .nr = 2, .flags = IORING_RSRC_REGISTER_SPARSE };
	int fds[1] = { file_of('X') };
	struct io_uring ring;

	open_table(&ring, 2, NULL);
	expect(io_uring_register_files(&ring, fds, 1), -EBUSY);
	expect(register_raw(&ring, IORING_REGISTER_FILES2, &sparse, sizeof(sparse)), -EBUSY);
	expect_slots(&ring, "AB");
	expect(io_uring_unregister_files(&ring), 0);
	expect(io_uring_unregister_files(&ring), -ENXIO);
	expect(io_uring_register_files(&ring, fds, 1), 0);
	expect_slots(&ring, "X");
	io_uring_queue_exit(&ring);
}

static void refused_files(void)
{
	struct io_uring ring, other;
	int fds[3] = { file_of('A'), 0, -1 };
	const struct {
		const char *name;
		int fd;
		int want;
	} rows[] = {
		{ "closed", 9999, -EBADF },
		{ "negative", -7, -EBADF },
		{ "SKIP, which is for updates", IORING_REGISTER_FILES_SKIP, -EBADF },
	};

	open_ring(&ring, 8, 0);
	open_ring(&other, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		fds[1] = rows[i].fd;
		expect_at(__FILE__, __LINE__, rows[i].name, io_uring_register_files(&ring, fds, 3),
			  rows[i].want);
		/* All or nothing. */
		expect(io_uring_unregister_files(&ring), -ENXIO);
	}
	/* A ring would keep itself, or another that keeps it, alive for ever. */
	fds[1] = other.ring_fd;
	expect(io_uring_register_files(&ring, fds, 3), -EBADF);
	fds[1] = ring.ring_fd;
	expect(io_uring_register_files(&ring, fds, 3), -EBADF);
	expect(io_uring_unregister_files(&ring), -ENXIO);
	io_uring_queue_exit(&ring);
	io_uring_queue_exit(&other);
}

static void too_many_files(void)
{
	struct io_uring_rsrc_register reg = { .nr = 101, .flags = IORING_RSRC_REGISTER_SPARSE };
	struct rlimit limit = { .rlim_cur = 100, .rlim_max = 100 };
	int fds[101];
	struct io_uring ring;

	memset(fds, -1, sizeof(fds));
	open_ring(&ring, 8, 0);
	sys(setrlimit(RLIMIT_NOFILE, &limit));
	expect(register_raw(&ring, IORING_REGISTER_FILES, fds, 101), -EMFILE);
	expect(register_raw(&ring, IORING_REGISTER_FILES2, &reg, sizeof(reg)), -EMFILE);
	expect(register_raw(&ring, IORING_REGISTER_FILES, fds, 100), 0);
	expect(io_uring_unregister_files(&ring), 0);
	reg.nr = (1U << 20) + 1;
	expect(register_raw(&ring, IORING_REGISTER_FILES2, &reg, sizeof(reg)), -EMFILE);
	reg.nr = ~0U;
	expect(register_raw(&ring, IORING_REGISTER_FILES2, &reg, sizeof(reg)), -EMFILE);
	io_uring_queue_exit(&ring);
}

static void library_raises_the_limit(void)
{
	struct rlimit limit = { .rlim_cur = 100, .rlim_max = 400 };
	int fds[200];
	struct io_uring ring;

	memset(fds, -1, sizeof(fds));
	open_ring(&ring, 8, 0);
	sys(setrlimit(RLIMIT_NOFILE, &limit));
	expect(io_uring_register_files(&ring, fds, 200), 0);
	io_uring_queue_exit(&ring);
}

static void sparse_is_filled(void)
{
	int fds[2] = { file_of('P'), file_of('Q') };
	struct io_uring ring;

	open_sparse(&ring, 4);
	expect_slots(&ring, "----");
	expect(update(&ring, 2, fds, 2), 2);
	expect_slots(&ring, "--PQ");
	expect(update(&ring, 0, fds, 1), 1);
	expect_slots(&ring, "P-PQ");
	io_uring_queue_exit(&ring);
}

static bool hung_up(int fd, int ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	sys(poll(&poll_fd, 1, ms));
	return poll_fd.revents & POLLHUP;
}

/* Whoever reads a pipe sees its end when nobody holds the other end any more. */
static void held_open(void)
{
	int fds[2], none = -1;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (int way = 0; way < 3; way++) {
		make_pipe(fds);
		expect(io_uring_register_files(&ring, &fds[1], 1), 0);
		close(fds[1]);
		check(!hung_up(fds[0], 20), "the file was closed with its descriptor");
		if (way == 0)
			expect(io_uring_unregister_files(&ring), 0);
		else if (way == 1)
			expect(update(&ring, 0, &none, 1), 1);
		else
			io_uring_queue_exit(&ring);
		/* At exit, some time later. */
		check(hung_up(fds[0], 9000), "the file is still open, way %d", way);
		if (way == 1)
			expect(io_uring_unregister_files(&ring), 0);
		close(fds[0]);
	}
}

/* ---- Updates --------------------------------------------------------------------------------- */

static void update_replaces(void)
{
	int fds[3] = { file_of('x'), -1, IORING_REGISTER_FILES_SKIP };
	struct io_uring ring;

	open_table(&ring, 5, NULL);
	expect(update(&ring, 1, fds, 3), 3);
	expect_slots(&ring, "Ax-DE");
	expect(update(&ring, 4, fds, 1), 1);
	expect_slots(&ring, "Ax-Dx");
	/* An empty slot emptied again, and a skip of one, count as well. */
	expect(update(&ring, 2, &fds[1], 1), 1);
	expect(update(&ring, 2, &fds[2], 1), 1);
	expect_slots(&ring, "Ax-Dx");
	io_uring_queue_exit(&ring);
}

static void update_range(void)
{
	int fds[4] = { -1, -1, -1, -1 };
	struct io_uring ring;

	open_table(&ring, 3, NULL);
	expect(update(&ring, 0, fds, 4), -EINVAL);
	expect(update(&ring, 3, fds, 1), -EINVAL);
	expect(update(&ring, 2, fds, 2), -EINVAL);
	expect(update(&ring, ~0U, fds, 1), -EOVERFLOW);
	expect(update(&ring, 0, fds, ~0U), -EINVAL);
	expect(update_tagged(&ring, 0, fds, NULL, 0), -EINVAL);
	expect_slots(&ring, "ABC");
	expect(update(&ring, 0, fds, 3), 3);
	expect_slots(&ring, "---");
	io_uring_queue_exit(&ring);
}

/*
 * Up to the first that fails. Linux 6.18 has emptied a slot by the time that it finds its new file
 * bad, observed.
 */
static void update_in_part(void)
{
	int fds[3] = { file_of('x'), 9999, file_of('z') };
	struct io_uring ring;

	open_table(&ring, 4, NULL);
	expect(update(&ring, 0, fds, 3), 1);
	expect_slots(&ring, "x-CD");
	expect(update(&ring, 2, &fds[1], 2), -EBADF);
	expect(letter_at(&ring, 2), -EBADF);
	expect(letter_at(&ring, 3), 'D');
	fds[1] = ring.ring_fd;
	expect(update(&ring, 0, fds, 3), 1);
	expect(update(&ring, 3, (int *)16, 1), -EFAULT);
	expect(letter_at(&ring, 3), 'D');
	io_uring_queue_exit(&ring);
}

static void update_as_request(void)
{
	int fds[3] = { file_of('x'), IORING_REGISTER_FILES_SKIP, -1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	open_table(&ring, 4, NULL);
	sqe = new_sqe(&ring);
	io_uring_prep_files_update(sqe, fds, 3, 1);
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	expect_answer(&ring, 1, 3);
	expect_slots(&ring, "AxC-");
	sqe = new_sqe(&ring);
	io_uring_prep_files_update(sqe, fds, 3, 2);
	set_sqe(sqe, 2, 0);
	submit(&ring, 1);
	expect_answer(&ring, 2, -EINVAL);
	fds[1] = 9999;
	sqe = new_sqe(&ring);
	io_uring_prep_files_update(sqe, fds, 3, 0);
	set_sqe(sqe, 3, 0);
	submit(&ring, 1);
	expect_answer(&ring, 3, 1);
	expect(letter_at(&ring, 0), 'x');
	io_uring_queue_exit(&ring);
}

/* ---- Tags ------------------------------------------------------------------------------------ */

static void tags_at_unregister(void)
{
	const uint64_t tags[3] = { 101, 0, 103 };
	struct answer answers[2];
	struct io_uring ring;

	open_table(&ring, 3, tags);
	expect_none(&ring, 20);
	expect(io_uring_unregister_files(&ring), 0);
	/* Which goes first is the engine's affair. */
	sorted_answers(&ring, answers, 2);
	for (int i = 0; i < 2; i++)
		expect_full_answer_at(__FILE__, __LINE__, answers[i], tags[2 * i], 0, 0);
	expect_none(&ring, 20);
	io_uring_queue_exit(&ring);
}

static void tags_at_update(void)
{
	const uint64_t tags[3] = { 101, 102, 103 }, next[2] = { 201, 0 };
	int fds[2] = { file_of('x'), -1 };
	struct answer answers[2];
	struct io_uring ring;

	open_table(&ring, 3, tags);
	expect(update_tagged(&ring, 0, fds, next, 2), 2);
	sorted_answers(&ring, answers, 2);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], 101, 0, 0);
	expect_full_answer_at(__FILE__, __LINE__, answers[1], 102, 0, 0);
	expect_slots(&ring, "x-C");
	/* The new file came with a tag of its own. */
	expect(update(&ring, 0, &fds[1], 1), 1);
	expect_full_answer(&ring, 201, 0, 0);
	/* A file put in without one has none. */
	expect(update(&ring, 0, fds, 1), 1);
	expect(update(&ring, 0, &fds[1], 1), 1);
	expect_none(&ring, 20);
	io_uring_queue_exit(&ring);
}

static void tags_of_nothing(void)
{
	const uint64_t tags[2] = { 0, 102 };
	int fds[2] = { file_of('A'), -1 };
	struct io_uring_rsrc_register reg = { .nr = 2,
					      .data = (uintptr_t)fds,
					      .tags = (uintptr_t)tags };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(register_raw(&ring, IORING_REGISTER_FILES2, &reg, sizeof(reg)), -EINVAL);
	expect(io_uring_unregister_files(&ring), -ENXIO);
	reg.tags = 16;
	expect(register_raw(&ring, IORING_REGISTER_FILES2, &reg, sizeof(reg)), -EFAULT);
	/* Neither said that the file that was good had been let go. */
	expect_none(&ring, 20);
	reg.tags = 0;
	expect(register_raw(&ring, IORING_REGISTER_FILES2, &reg, sizeof(reg)), 0);
	expect(update_tagged(&ring, 0, fds, tags, 2), 1);
	fds[0] = IORING_REGISTER_FILES_SKIP;
	expect(update_tagged(&ring, 0, fds, &tags[1], 1), -EINVAL);
	expect(update_tagged(&ring, 0, fds, tags, 1), 1);
	expect_slots(&ring, "A-");
	io_uring_queue_exit(&ring);
}

static void tags_not_at_failure(void)
{
	const uint64_t tags[2] = { 101, 102 };
	int fds[2] = { file_of('A'), 9999 };
	struct io_uring_rsrc_register reg = { .nr = 2,
					      .data = (uintptr_t)fds,
					      .tags = (uintptr_t)tags };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(register_raw(&ring, IORING_REGISTER_FILES2, &reg, sizeof(reg)), -EBADF);
	expect_none(&ring, 20);
	io_uring_queue_exit(&ring);
}

/* ---- With requests in flight ----------------------------------------------------------------- */

static void tag_after_the_last_user(void)
{
	const uint64_t tag = 500;
	struct io_uring ring;
	int fds[2], none = -1;
	char bytes[2];

	open_sparse(&ring, 1);
	make_pipe(fds);
	expect(update_tagged(&ring, 0, fds, &tag, 1), 1);
	start_read(&ring, 0, &bytes[0], 1);
	expect(update(&ring, 0, &none, 1), 1);
	/* Gone from the table, but not for the read that has it. */
	expect(letter_at(&ring, 0), -EBADF);
	expect_none(&ring, 20);
	expect(write(fds[1], "x", 1), 1);
	expect_answer(&ring, 1, 1);
	expect_full_answer(&ring, tag, 0, 0);
	expect(bytes[0], 'x');
	io_uring_queue_exit(&ring);
}

static void unregistered_in_flight(void)
{
	struct io_uring ring;
	int fds[2];
	char byte = 0;

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	expect(io_uring_register_files(&ring, fds, 1), 0);
	close(fds[0]);
	start_read(&ring, 0, &byte, 1);
	expect(io_uring_unregister_files(&ring), 0);
	expect(io_uring_unregister_files(&ring), -ENXIO);
	expect_none(&ring, 20);
	expect(write(fds[1], "y", 1), 1);
	expect_answer(&ring, 1, 1);
	expect(byte, 'y');
	io_uring_queue_exit(&ring);
}

static void replaced_in_flight(void)
{
	struct io_uring ring;
	int first[2], second[2];
	char bytes[2] = { 0 };

	open_ring(&ring, 8, 0);
	make_pipe(first);
	make_pipe(second);
	expect(io_uring_register_files(&ring, first, 1), 0);
	start_read(&ring, 0, &bytes[0], 1);
	expect(update(&ring, 0, second, 1), 1);
	start_read(&ring, 0, &bytes[1], 2);
	expect(write(second[1], "2", 1), 1);
	expect_answer(&ring, 2, 1);
	expect_none(&ring, 20);
	expect(write(first[1], "1", 1), 1);
	expect_answer(&ring, 1, 1);
	expect(bytes[0], '1');
	expect(bytes[1], '2');
	io_uring_queue_exit(&ring);
}

const struct conformance_case tables_cases[] = {
	{ "a registered file is used by its index", by_index },
	{ "a slot of -1 is empty", empty_slots },
	{ "one file may be in many slots", same_file_twice },
	{ "there is one table at most", only_one_table },
	{ "a table with a bad file, or a ring, is refused whole", refused_files },
	{ "more slots than RLIMIT_NOFILE, or 2^20, are -EMFILE", too_many_files },
	{ "the library raises RLIMIT_NOFILE to its hard limit", library_raises_the_limit },
	{ "a sparse table is empty until updated", sparse_is_filled },
	{ "a file stays open until unregistered, replaced or the ring's end", held_open },
	{ "an update replaces, empties and skips, and counts all three", update_replaces },
	{ "an update outside of the table changes nothing", update_range },
	{ "an update that fails returns how many went well", update_in_part },
	{ "an update can be a request", update_as_request },
	{ "a tag completes at unregistering", tags_at_unregister },
	{ "a tag completes when its file is replaced", tags_at_update },
	{ "a tag for nothing is -EINVAL", tags_of_nothing },
	{ "no tag completes when registering fails", tags_not_at_failure },
	{ "a tag completes after the last request that uses the file", tag_after_the_last_user },
	{ "a request outlives the table", unregistered_in_flight },
	{ "a request keeps the file it began with", replaced_in_flight },
	{ 0 },
};
