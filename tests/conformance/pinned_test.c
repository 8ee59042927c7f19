/* SPDX-License-Identifier: MIT */
/* The table of registered buffers: how it is made, changed, let go and cloned. */
#include <sys/uio.h>

#include "conformance.h"

/* Of each buffer. */
#define SIZE	    4096
/* As many as a table can hold. */
#define MAX_BUFFERS (1U << 14)

static char memory[4][SIZE] __attribute__((aligned(4096)));

static struct iovec iov_of(int i)
{
	return (struct iovec){ .iov_base = memory[i], .iov_len = SIZE };
}

/* A ring with `nr` buffers, buffer i being memory[i]. */
static void open_buffers(struct io_uring *ring, unsigned nr, const __u64 *tags)
{
	struct iovec iovs[4] = { iov_of(0), iov_of(1), iov_of(2), iov_of(3) };

	check(nr <= ARRAY_LEN(iovs), "too many buffers");
	open_ring(ring, 8, 0);
	expect(io_uring_register_buffers_tags(ring, iovs, tags, nr), 0);
}

/* Whether memory[i] is what buffer `index` holds: 1, or the error of reading a byte into it. */
static int holds(struct io_uring *ring, int index, int i)
{
	static int file = -1;
	struct io_uring_sqe *sqe = new_sqe(ring);

	if (file < 0)
		file = scratch_file(SIZE);
	io_uring_prep_read_fixed(sqe, file, &memory[i][1], 1, 0, index);
	set_sqe(sqe, 0xf1, 0);
	return run_one(ring).res;
}

static void start_read(struct io_uring *ring, int fd, char *byte, int index, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_read_fixed(sqe, fd, byte, 1, 0, index);
	set_sqe(sqe, data, 0);
	submit(ring, 1);
	expect_none(ring, 20);
}

static int update(struct io_uring *ring, unsigned offset, const struct iovec *iovs,
		  const __u64 *tags, unsigned nr)
{
	return io_uring_register_buffers_update_tag(ring, offset, iovs, tags, nr);
}

/* ---- Making and unmaking --------------------------------------------------------------------- */

static void by_index(void)
{
	struct io_uring ring;

	open_buffers(&ring, 3, NULL);
	for (int index = 0; index < 3; index++)
		for (int i = 0; i < 3; i++)
			expect(holds(&ring, index, i), index == i ? 1 : -EFAULT);
	expect(holds(&ring, 3, 3), -EFAULT);
	expect(holds(&ring, 65535, 0), -EFAULT);
	expect(io_uring_unregister_buffers(&ring), 0);
	expect(holds(&ring, 0, 0), -EFAULT);
	expect(io_uring_unregister_buffers(&ring), -ENXIO);
	io_uring_queue_exit(&ring);
}

static void only_one_table(void)
{
	struct iovec iov = iov_of(3);
	struct io_uring ring;

	open_buffers(&ring, 2, NULL);
	expect(io_uring_register_buffers(&ring, &iov, 1), -EBUSY);
	expect(io_uring_register_buffers_sparse(&ring, 1), -EBUSY);
	expect(holds(&ring, 1, 1), 1);
	expect(io_uring_unregister_buffers(&ring), 0);
	expect(io_uring_register_buffers(&ring, &iov, 1), 0);
	expect(holds(&ring, 0, 3), 1);
	io_uring_queue_exit(&ring);
}

static void one_buffer_errors(void)
{
	void *read_only = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct {
		const char *name;
		struct iovec iov;
		int want;
	} rows[] = {
		{ "empty", { memory[1], 0 }, -EFAULT },
		{ "at 0 with a size", { NULL, SIZE }, -EFAULT },
		{ "unmapped", { (void *)4096, SIZE }, -EFAULT },
		{ "half unmapped", { memory[3], 1UL << 29 }, -EFAULT },
		{ "over 1 GiB", { memory[1], (1UL << 30) + 1 }, -EFAULT },
		{ "read-only", { read_only, SIZE }, -EFAULT },
	};
	struct iovec iovs[2] = { iov_of(0) };
	struct io_uring ring;

	check(read_only != MAP_FAILED, "no memory");
	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		iovs[1] = rows[i].iov;
		expect_at(__FILE__, __LINE__, rows[i].name,
			  io_uring_register_buffers(&ring, iovs, 2), rows[i].want);
		/* All or nothing. */
		expect(io_uring_unregister_buffers(&ring), -ENXIO);
	}
	iovs[1] = (struct iovec){ (void *)(UINTPTR_MAX - SIZE + 1), 2 * SIZE };
	expect(io_uring_register_buffers(&ring, iovs, 2), -EOVERFLOW);
	io_uring_queue_exit(&ring);
}

static void how_many(void)
{
	struct iovec *iovs = calloc(MAX_BUFFERS + 1, sizeof(*iovs));
	struct io_uring ring;

	check(iovs, "out of memory");
	open_ring(&ring, 8, 0);
	expect(io_uring_register_buffers(&ring, iovs, MAX_BUFFERS + 1), -EINVAL);
	expect(io_uring_register_buffers_sparse(&ring, MAX_BUFFERS + 1), -EINVAL);
	expect(io_uring_register_buffers(&ring, iovs, ~0U), -EINVAL);
	/* Address and size 0 make an empty slot. */
	iovs[MAX_BUFFERS - 1] = iov_of(2);
	expect(io_uring_register_buffers(&ring, iovs, MAX_BUFFERS), 0);
	expect(holds(&ring, MAX_BUFFERS - 1, 2), 1);
	expect(holds(&ring, MAX_BUFFERS - 2, 2), -EFAULT);
	expect(io_uring_unregister_buffers(&ring), 0);
	expect(io_uring_register_buffers_sparse(&ring, MAX_BUFFERS), 0);
	io_uring_queue_exit(&ring);
	free(iovs);
}

static void unaligned(void)
{
	struct iovec iovs[2] = { { &memory[0][5], 3 }, { &memory[0][100], 2 * SIZE } };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int file = scratch_file(SIZE);

	open_ring(&ring, 8, 0);
	expect(io_uring_register_buffers(&ring, iovs, 2), 0);
	for (int len = 3; len <= 4; len++) {
		sqe = new_sqe(&ring);
		io_uring_prep_read_fixed(sqe, file, &memory[0][5], (unsigned)len, 0, 0);
		set_sqe(sqe, 1, 0);
		expect(run_one(&ring).res, len == 3 ? 3 : -EFAULT);
	}
	sqe = new_sqe(&ring);
	io_uring_prep_read_fixed(sqe, file, &memory[0][4], 1, 0, 0);
	set_sqe(sqe, 1, 0);
	expect(run_one(&ring).res, -EFAULT);
	/* Across pages, to the buffer's very end. */
	sqe = new_sqe(&ring);
	io_uring_prep_read_fixed(sqe, file, &memory[1][100], SIZE, 0, 1);
	set_sqe(sqe, 1, 0);
	expect(run_one(&ring).res, SIZE);
	expect_pattern(&memory[1][100], 0, SIZE);
	io_uring_queue_exit(&ring);
}

static void sparse_is_filled(void)
{
	struct iovec iovs[2] = { iov_of(0), iov_of(1) };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(io_uring_register_buffers_sparse(&ring, 3), 0);
	expect(holds(&ring, 1, 0), -EFAULT);
	expect(update(&ring, 1, iovs, NULL, 2), 2);
	expect(holds(&ring, 0, 0), -EFAULT);
	expect(holds(&ring, 1, 0), 1);
	expect(holds(&ring, 2, 1), 1);
	io_uring_queue_exit(&ring);
}

static void update_errors(void)
{
	struct iovec iovs[3] = { iov_of(2), { (void *)4096, SIZE }, iov_of(3) };
	struct io_uring ring;

	open_buffers(&ring, 3, NULL);
	expect(update(&ring, 0, iovs, NULL, 4), -EINVAL);
	expect(update(&ring, 3, iovs, NULL, 1), -EINVAL);
	expect(update(&ring, 0, iovs, NULL, 0), -EINVAL);
	expect(update(&ring, ~0U, iovs, NULL, 1), -EOVERFLOW);
	expect(update(&ring, 1, NULL, NULL, 1), -EFAULT);
	expect(update(&ring, 1, &iovs[1], NULL, 2), -EFAULT);
	expect(update(&ring, 1, iovs, (const __u64 *)16, 1), -EFAULT);
	expect(holds(&ring, 0, 0), 1);
	expect(holds(&ring, 1, 1), 1);
	expect(holds(&ring, 2, 2), 1);
	/* Up to the first that fails. */
	expect(update(&ring, 0, iovs, NULL, 3), 1);
	expect(holds(&ring, 0, 2), 1);
	expect(holds(&ring, 2, 2), 1);
	/* And emptied. */
	iovs[0] = (struct iovec){ 0 };
	expect(update(&ring, 0, iovs, NULL, 1), 1);
	expect(holds(&ring, 0, 2), -EFAULT);
	io_uring_queue_exit(&ring);
}

/* ---- Tags and requests in flight ------------------------------------------------------------- */

static void tags(void)
{
	const __u64 first[3] = { 101, 0, 103 }, next = 201;
	struct iovec iov = iov_of(3), none = { 0 };
	struct answer answers[2];
	struct io_uring ring;

	open_buffers(&ring, 3, first);
	expect_none(&ring, 20);
	expect(update(&ring, 0, &iov, &next, 1), 1);
	expect_full_answer(&ring, 101, 0, 0);
	expect(update(&ring, 1, &iov, NULL, 1), 1);
	expect_none(&ring, 20);
	expect(io_uring_unregister_buffers(&ring), 0);
	sorted_answers(&ring, answers, 2);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], 103, 0, 0);
	expect_full_answer_at(__FILE__, __LINE__, answers[1], 201, 0, 0);
	/* There is no tag for nothing. */
	expect(io_uring_register_buffers_tags(&ring, &none, &next, 1), -EINVAL);
	expect(io_uring_register_buffers_tags(&ring, &none, &first[1], 1), 0);
	expect(update(&ring, 0, &none, &next, 1), -EINVAL);
	expect_none(&ring, 20);
	io_uring_queue_exit(&ring);
}

static void tags_overflow(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE, .cq_entries = 2 };
	struct iovec iovs[4] = { iov_of(0), iov_of(1), iov_of(2), iov_of(3) };
	const __u64 four[4] = { 1, 2, 3, 4 };
	struct answer answers[4];
	struct io_uring ring;

	expect(try_ring(&ring, 2, &p), 0);
	expect(io_uring_register_buffers_tags(&ring, iovs, four, 4), 0);
	expect(io_uring_unregister_buffers(&ring), 0);
	expect(io_uring_cq_ready(&ring), 2);
	check(io_uring_cq_has_overflow(&ring), "4 in 2 do not overflow");
	sorted_answers(&ring, answers, 4);
	for (unsigned i = 0; i < 4; i++)
		expect_full_answer_at(__FILE__, __LINE__, answers[i], four[i], 0, 0);
	io_uring_queue_exit(&ring);
}

static void tag_after_the_last_user(void)
{
	const __u64 tag = 500;
	struct iovec iov = iov_of(1);
	struct io_uring ring;
	int fds[2];

	open_buffers(&ring, 1, &tag);
	make_pipe(fds);
	start_read(&ring, fds[0], &memory[0][9], 0, 1);
	expect(update(&ring, 0, &iov, NULL, 1), 1);
	expect(holds(&ring, 0, 1), 1);
	expect(holds(&ring, 0, 0), -EFAULT);
	expect_none(&ring, 20);
	expect(write(fds[1], "x", 1), 1);
	expect_answer(&ring, 1, 1);
	expect_full_answer(&ring, tag, 0, 0);
	expect(memory[0][9], 'x');
	io_uring_queue_exit(&ring);
}

static void unregistered_in_flight(void)
{
	struct io_uring ring;
	int fds[2];

	open_buffers(&ring, 2, NULL);
	make_pipe(fds);
	start_read(&ring, fds[0], &memory[1][9], 1, 1);
	expect(io_uring_unregister_buffers(&ring), 0);
	expect(holds(&ring, 0, 0), -EFAULT);
	expect(write(fds[1], "y", 1), 1);
	expect_answer(&ring, 1, 1);
	expect(memory[1][9], 'y');
	io_uring_queue_exit(&ring);
}

/* ---- Cloning --------------------------------------------------------------------------------- */

static int clone_part(struct io_uring *dst, struct io_uring *src, unsigned dst_off,
		      unsigned src_off, unsigned nr, unsigned flags)
{
	return io_uring_clone_buffers_offset(dst, src, dst_off, src_off, nr, flags);
}

static void open_pair(struct io_uring *src, struct io_uring *dst, unsigned nr)
{
	need_linux(6, 12, "IORING_REGISTER_CLONE_BUFFERS");
	open_buffers(src, nr, NULL);
	open_ring(dst, 8, 0);
	expect(io_uring_clone_buffers(dst, dst), -ENXIO);
}

static void close_pair(struct io_uring *src, struct io_uring *dst)
{
	io_uring_queue_exit(src);
	io_uring_queue_exit(dst);
}

static void clone_all(void)
{
	struct io_uring src, dst;

	open_pair(&src, &dst, 3);
	expect(io_uring_clone_buffers(&dst, &src), 0);
	for (int i = 0; i < 3; i++)
		expect(holds(&dst, i, i), 1);
	expect(holds(&dst, 3, 3), -EFAULT);
	expect(io_uring_clone_buffers(&dst, &src), -EBUSY);
	/* Each lives without the other. */
	expect(io_uring_unregister_buffers(&src), 0);
	expect(holds(&src, 1, 1), -EFAULT);
	expect(holds(&dst, 1, 1), 1);
	expect(io_uring_clone_buffers(&src, &dst), 0);
	expect(io_uring_unregister_buffers(&dst), 0);
	expect(holds(&src, 2, 2), 1);
	close_pair(&src, &dst);
}

static void clone_outlives_its_source(void)
{
	struct io_uring src, dst;

	open_pair(&src, &dst, 2);
	expect(io_uring_clone_buffers(&dst, &src), 0);
	io_uring_queue_exit(&src);
	expect(holds(&dst, 1, 1), 1);
	io_uring_queue_exit(&dst);
}

static void clone_some(void)
{
	struct io_uring src, dst;

	need_linux(6, 13, "cloning a part");
	open_pair(&src, &dst, 4);
	expect(clone_part(&dst, &src, 1, 2, 2, 0), 0);
	expect(holds(&dst, 0, 0), -EFAULT);
	expect(holds(&dst, 1, 2), 1);
	expect(holds(&dst, 2, 3), 1);
	expect(holds(&dst, 3, 3), -EFAULT);
	expect(clone_part(&dst, &src, 0, 0, 1, 0), -EBUSY);
	/* Over some of what is there, and growing the table. */
	expect(clone_part(&dst, &src, 2, 0, 2, IORING_REGISTER_DST_REPLACE), 0);
	expect(holds(&dst, 1, 2), 1);
	expect(holds(&dst, 2, 0), 1);
	expect(holds(&dst, 3, 1), 1);
	close_pair(&src, &dst);
}

static void clone_within(void)
{
	struct io_uring ring;

	need_linux(6, 13, "cloning a part");
	open_buffers(&ring, 2, NULL);
	expect(clone_part(&ring, &ring, 1, 0, 2, IORING_REGISTER_DST_REPLACE), 0);
	expect(holds(&ring, 0, 0), 1);
	expect(holds(&ring, 1, 0), 1);
	expect(holds(&ring, 2, 1), 1);
	expect(holds(&ring, 3, 0), -EFAULT);
	io_uring_queue_exit(&ring);
}

static void memory_of_files(void)
{
	const struct {
		int fd;
		int flags;
	} rows[] = {
		{ (int)sys(memfd_create("memory", MFD_CLOEXEC)), MAP_SHARED },
		{ scratch_file(SIZE), MAP_PRIVATE },
	};
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct iovec iov;
	int file = scratch_file(SIZE);

	need_linux(6, 5, "registering mapped files");
	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		sys(ftruncate(rows[i].fd, SIZE));
		iov = (struct iovec){
			mmap(NULL, SIZE, PROT_READ | PROT_WRITE, rows[i].flags, rows[i].fd, 0), SIZE
		};
		check(iov.iov_base != MAP_FAILED, "no memory");
		expect(io_uring_register_buffers(&ring, &iov, 1), 0);
		sqe = new_sqe(&ring);
		io_uring_prep_read_fixed(sqe, file, iov.iov_base, SIZE, 0, 0);
		set_sqe(sqe, 1, 0);
		expect(run_one(&ring).res, SIZE);
		expect_pattern(iov.iov_base, 0, SIZE);
		expect(io_uring_unregister_buffers(&ring), 0);
		munmap(iov.iov_base, SIZE);
	}
	/* What was read into the file in memory is in the file. */
	expect(pread(rows[0].fd, memory[0], SIZE, 0), SIZE);
	expect_pattern(memory[0], 0, SIZE);
	io_uring_queue_exit(&ring);
}

static void clone_errors(void)
{
	struct io_uring_clone_buffers clone = { .src_fd = 9999 };
	struct io_uring src, dst;
	int fds[2];

	need_linux(6, 13, "cloning a part");
	open_pair(&src, &dst, 2);
	make_pipe(fds);
	expect(clone_part(&dst, &src, 0, 0, 3, 0), -EINVAL);
	expect(clone_part(&dst, &src, 0, 1, 2, 0), -EOVERFLOW);
	expect(clone_part(&dst, &src, 1, 0, 0, 0), -EINVAL);
	expect(clone_part(&dst, &src, 0, 1, 0, 0), -EINVAL);
	expect(clone_part(&dst, &src, MAX_BUFFERS, 0, 1, 0), -EINVAL);
	expect(clone_part(&dst, &src, ~0U, 0, 1, 0), -EOVERFLOW);
	expect(clone_part(&dst, &src, 0, 0, 0, 1U << 7), -EINVAL);
	expect(register_raw(&dst, IORING_REGISTER_CLONE_BUFFERS, &clone, 1), -EBADF);
	clone.src_fd = (unsigned)fds[0];
	expect(register_raw(&dst, IORING_REGISTER_CLONE_BUFFERS, &clone, 1), -EOPNOTSUPP);
	clone.src_fd = (unsigned)src.ring_fd;
	clone.pad[2] = 1;
	expect(register_raw(&dst, IORING_REGISTER_CLONE_BUFFERS, &clone, 1), -EINVAL);
	/* Not one of them made a table. */
	expect(io_uring_unregister_buffers(&dst), -ENXIO);
	close_pair(&src, &dst);
}

static void clone_by_index(void)
{
	struct io_uring_clone_buffers clone = { .flags = IORING_REGISTER_SRC_REGISTERED };
	struct io_uring src, dst;

	open_pair(&src, &dst, 2);
	expect(io_uring_register_ring_fd(&src), 1);
	clone.src_fd = (unsigned)src.enter_ring_fd;
	expect(register_raw(&dst, IORING_REGISTER_CLONE_BUFFERS, &clone, 1), 0);
	expect(holds(&dst, 1, 1), 1);
	expect(io_uring_unregister_buffers(&dst), 0);
	/* The library does the same by itself. */
	expect(io_uring_clone_buffers(&dst, &src), 0);
	expect(holds(&dst, 1, 1), 1);
	expect(io_uring_unregister_buffers(&dst), 0);
	clone.src_fd = 15;
	expect(register_raw(&dst, IORING_REGISTER_CLONE_BUFFERS, &clone, 1), -EBADF);
	clone.src_fd = 16;
	expect(register_raw(&dst, IORING_REGISTER_CLONE_BUFFERS, &clone, 1), -EINVAL);
	close_pair(&src, &dst);
}

static void clone_replaces_tags(void)
{
	const __u64 tag = 77;
	struct iovec iov = iov_of(3);
	struct io_uring src, dst;

	need_linux(6, 13, "IORING_REGISTER_DST_REPLACE");
	open_pair(&src, &dst, 2);
	expect(io_uring_register_buffers_tags(&dst, &iov, &tag, 1), 0);
	expect(io_uring_clone_buffers(&dst, &src), -EBUSY);
	expect(clone_part(&dst, &src, 0, 0, 0, IORING_REGISTER_DST_REPLACE), 0);
	expect_full_answer(&dst, 77, 0, 0);
	expect(holds(&dst, 0, 0), 1);
	expect(holds(&dst, 1, 1), 1);
	expect_none(&dst, 0);
	close_pair(&src, &dst);
}

const struct conformance_case pinned_cases[] = {
	{ "a registered buffer is used by its index, and within it", by_index },
	{ "there is one table at most", only_one_table },
	{ "a table with a bad buffer is refused whole", one_buffer_errors },
	{ "a table has 16384 slots at most", how_many },
	{ "a buffer may begin and end anywhere in a page", unaligned },
	{ "a sparse table is empty until updated", sparse_is_filled },
	{ "errors of an update", update_errors },
	{ "a tag completes when its buffer is replaced or unregistered", tags },
	{ "tags that find no room are kept", tags_overflow },
	{ "a tag completes after the last request that uses the buffer", tag_after_the_last_user },
	{ "a request outlives the table", unregistered_in_flight },
	{ "cloned buffers are the same, and independent", clone_all },
	{ "cloned buffers outlive the ring they came from", clone_outlives_its_source },
	{ "a part of the buffers can be cloned, also over others", clone_some },
	{ "buffers can be cloned within a ring", clone_within },
	{ "mapped files can be registered, in memory or as a copy", memory_of_files },
	{ "errors of cloning", clone_errors },
	{ "the ring to clone from can be named by index", clone_by_index },
	{ "a buffer that is cloned over completes its tag", clone_replaces_tags },
	{ 0 },
};
