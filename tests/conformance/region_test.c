/* SPDX-License-Identifier: MIT */
/* A ring's memory after it was made: registered waits, and queues of another size. */
#include "requests.h"

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static void *map_pages(size_t pages)
{
	void *memory = mmap(NULL, pages * page_size(), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(memory != MAP_FAILED, "no memory");
	return memory;
}

/* ---- Registered waits ------------------------------------------------------------------------ */

static int register_region(struct io_uring *ring, struct io_uring_region_desc *region,
			   uint64_t flags)
{
	struct io_uring_mem_region_reg reg = { .region_uptr = (uintptr_t)region, .flags = flags };

	return io_uring_register_region(ring, &reg);
}

static struct io_uring_region_desc region_of(void *memory)
{
	return (struct io_uring_region_desc){ .user_addr = (uintptr_t)memory,
					      .size = page_size(),
					      .flags = IORING_MEM_REGION_TYPE_USER };
}

static int enable(struct io_uring *ring)
{
	return io_uring_enable_rings(ring);
}

/* An enabled ring with a page of waits. */
static struct io_uring_reg_wait *open_with_waits(struct io_uring *ring)
{
	struct io_uring_reg_wait *waits = map_pages(1);
	struct io_uring_region_desc region = region_of(waits);

	need_linux(6, 13, "IORING_REGISTER_MEM_REGION");
	open_ring(ring, 8, IORING_SETUP_R_DISABLED);
	expect(register_region(ring, &region, IORING_MEM_REGION_REG_WAIT_ARG), 0);
	expect(enable(ring), 0);
	return waits;
}

static int wait_reg(struct io_uring *ring, unsigned nr, uint64_t offset)
{
	return io_uring_enter2((unsigned)ring->ring_fd, 0, nr,
			       IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG |
				       IORING_ENTER_EXT_ARG_REG,
			       (void *)(uintptr_t)offset, sizeof(struct io_uring_reg_wait));
}

static struct io_uring_reg_wait wait_of(int ms)
{
	return (struct io_uring_reg_wait){ .ts = MILLISECONDS(ms), .flags = IORING_REG_WAIT_TS };
}

static void registered_waits(void)
{
	/*
	 * Not the last: Linux 6.18 reads the first in its place, observed, as its guard against
	 * speculation is off by one.
	 */
	const int last = (int)(page_size() / sizeof(struct io_uring_reg_wait)) - 2;
	struct io_uring_reg_wait *waits;
	struct io_uring ring;
	int64_t start;

	waits = open_with_waits(&ring);
	/* Each is read at each wait: there is nothing to register again. */
	for (int i = 0; i <= last; i += last) {
		waits[i] = wait_of(30);
		start = now_ms();
		expect(wait_reg(&ring, 1, (uint64_t)i * sizeof(*waits)), -ETIME);
		check(now_ms() - start >= 29, "ended after %d ms", (int)(now_ms() - start));
		waits[i] = wait_of(1);
		expect(wait_reg(&ring, 1, (uint64_t)i * sizeof(*waits)), -ETIME);
	}
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void registered_waits_by_library(void)
{
	struct io_uring_reg_wait *waits;
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;

	waits = open_with_waits(&ring);
	waits[3] = wait_of(20);
	expect(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 3), -ETIME);
	queue_nop(&ring, 5, 0);
	waits[3] = wait_of(9000);
	expect(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 3), 1);
	check(cqe, "no completion");
	expect(cqe->user_data, 5);
	io_uring_cqe_seen(&ring, cqe);
	io_uring_queue_exit(&ring);
}

/* One of two comes: for 20 ms the wait is for both, then one is enough. */
static void registered_minimum(void)
{
	struct io_uring_reg_wait *waits;
	struct io_uring ring;
	int64_t start;

	waits = open_with_waits(&ring);
	waits[0] = wait_of(9000);
	waits[0].min_wait_usec = 20000;
	queue_nop(&ring, 5, 0);
	submit(&ring, 1);
	start = now_ms();
	expect(wait_reg(&ring, 2, 0), 0);
	check(now_ms() - start >= 19, "ended after %d ms", (int)(now_ms() - start));
	check(now_ms() - start < 8000, "waited for all");
	expect_answer(&ring, 5, 0);
	io_uring_queue_exit(&ring);
}

static void registered_without_time(void)
{
	struct io_uring_reg_wait *waits;
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	waits = open_with_waits(&ring);
	/* The time is there, but not said to be valid. */
	waits[0].ts = MILLISECONDS(1);
	sqe = new_sqe(&ring);
	io_uring_prep_timeout(sqe, &MILLISECONDS(40), 0, 0);
	set_sqe(sqe, 5, 0);
	submit(&ring, 1);
	expect(wait_reg(&ring, 1, 0), 0);
	expect_answer(&ring, 5, -ETIME);
	io_uring_queue_exit(&ring);
}

static void bad_waits(void)
{
	const uint64_t size = sizeof(struct io_uring_reg_wait);
	struct io_uring_reg_wait *waits;
	struct io_uring ring;

	waits = open_with_waits(&ring);
	waits[0] = wait_of(1);
	expect(wait_reg(&ring, 1, page_size()), -EFAULT);
	expect(wait_reg(&ring, 1, page_size() - size + 8), -EFAULT);
	expect(wait_reg(&ring, 1, 4), -EFAULT);
	expect(wait_reg(&ring, 1, UINT64_MAX - 7), -EFAULT);
	expect(io_uring_enter2((unsigned)ring.ring_fd, 0, 1,
			       IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG |
				       IORING_ENTER_EXT_ARG_REG,
			       NULL, size - 8),
	       -EINVAL);
	/* It may begin anywhere that is aligned. */
	memmove((char *)waits + 8, waits, size);
	expect(wait_reg(&ring, 1, 8), -ETIME);
	waits[2] = wait_of(1);
	waits[2].flags |= 1U << 5;
	expect(wait_reg(&ring, 1, 2 * size), -EINVAL);
	waits[2] = wait_of(1);
	waits[2].ts.tv_sec = -1;
	/* A time that has passed, not a bad one. */
	expect(wait_reg(&ring, 1, 2 * size), -ETIME);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void no_region(void)
{
	struct io_uring ring;

	need_linux(6, 13, "IORING_ENTER_EXT_ARG_REG");
	open_ring(&ring, 8, 0);
	expect(wait_reg(&ring, 1, 0), -EFAULT);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void region_once(void)
{
	char *memory = map_pages(2);
	struct io_uring_region_desc region = region_of(memory);
	struct io_uring ring;

	need_linux(6, 13, "IORING_REGISTER_MEM_REGION");
	open_ring(&ring, 8, 0);
	/* Waits only as long as nobody can be waiting. */
	expect(register_region(&ring, &region, IORING_MEM_REGION_REG_WAIT_ARG), -EINVAL);
	expect(register_region(&ring, &region, 0), 0);
	region = region_of(memory + page_size());
	expect(register_region(&ring, &region, 0), -EBUSY);
	/* A region, but not one of waits. */
	expect(wait_reg(&ring, 1, 0), -EFAULT);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void region_by_the_kernel(void)
{
	struct io_uring_region_desc region = { .size = page_size() };
	struct io_uring_reg_wait *waits;
	struct io_uring ring;

	kernel_only("The ring's descriptor");
	need_linux(6, 13, "IORING_REGISTER_MEM_REGION");
	open_ring(&ring, 8, IORING_SETUP_R_DISABLED);
	expect(register_region(&ring, &region, IORING_MEM_REGION_REG_WAIT_ARG), 0);
	expect(enable(&ring), 0);
	waits = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		     ring.ring_fd, (off_t)region.mmap_offset);
	check(waits != MAP_FAILED, "the region cannot be mapped: %s", strerror(errno));
	for (size_t i = 0; i < page_size(); i++)
		expect(((char *)waits)[i], 0);
	waits[1] = wait_of(1);
	expect(wait_reg(&ring, 1, sizeof(*waits)), -ETIME);
	munmap(waits, page_size());
	io_uring_queue_exit(&ring);
}

static void bad_regions(void)
{
	char *memory = map_pages(1);
	struct io_uring_region_desc good = region_of(memory), region;
	struct io_uring_mem_region_reg reg = { .region_uptr = (uintptr_t)&region };
	struct io_uring ring;

	need_linux(6, 13, "IORING_REGISTER_MEM_REGION");
	open_ring(&ring, 8, IORING_SETUP_R_DISABLED);
#define WITH(field, value) \
	(region = good, region.field = (value), register_region(&ring, &region, 0))
	expect(WITH(size, 0), -EINVAL);
	expect(WITH(size, page_size() - 1), -EINVAL);
	expect(WITH(user_addr, (uintptr_t)memory + 64), -EINVAL);
	expect(WITH(user_addr, 0), -EFAULT);
	expect(WITH(user_addr, page_size()), -EFAULT);
	expect(WITH(flags, IORING_MEM_REGION_TYPE_USER | 1U << 7), -EINVAL);
	/* An address, where the kernel is to find one. */
	expect(WITH(flags, 0), -EFAULT);
	expect(WITH(id, 1), -EINVAL);
	expect(WITH(mmap_offset, 4096), -EINVAL);
	expect(WITH(__resv[3], 1), -EINVAL);
#undef WITH
	region = good;
	expect(register_region(&ring, &region, 1U << 5), -EINVAL);
	reg.__resv[0] = 1;
	expect(io_uring_register_region(&ring, &reg), -EINVAL);
	reg = (struct io_uring_mem_region_reg){ .region_uptr = 4096 };
	expect(io_uring_register_region(&ring, &reg), -EFAULT);
	expect(register_region(&ring, &good, IORING_MEM_REGION_REG_WAIT_ARG), 0);
	io_uring_queue_exit(&ring);
}

/* ---- Resizing -------------------------------------------------------------------------------- */

#define RESIZABLE (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

static void open_resizable(struct io_uring *ring, unsigned entries, unsigned flags)
{
	need_linux(6, 13, "IORING_REGISTER_RESIZE_RINGS");
	open_ring(ring, entries, RESIZABLE | flags);
}

static int resize(struct io_uring *ring, unsigned sq, unsigned cq)
{
	struct io_uring_params p = { .sq_entries = sq,
				     .cq_entries = cq,
				     .flags = cq ? IORING_SETUP_CQSIZE : 0 };

	return io_uring_resize_rings(ring, &p);
}

static void run_nops(struct io_uring *ring, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		queue_nop(ring, i, 0);
	}
	submit(ring, count);
}

static void grows(void)
{
	struct io_uring ring;

	open_resizable(&ring, 8, 0);
	expect(resize(&ring, 64, 0), 0);
	expect(ring.sq.ring_entries, 64);
	expect(ring.cq.ring_entries, 128);
	expect(io_uring_sq_space_left(&ring), 64);
	for (int round = 0; round < 3; round++) {
		run_nops(&ring, 64);
		expect(io_uring_cq_ready(&ring), 64);
		for (unsigned i = 0; i < 64; i++)
			expect_full_answer(&ring, i, 0, 0);
	}
	expect(resize(&ring, 64, 512), 0);
	expect(ring.cq.ring_entries, 512);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void shrinks(void)
{
	struct io_uring_params p = { .sq_entries = 3,
				     .flags = IORING_SETUP_CQSIZE,
				     .cq_entries = 5 };
	struct io_uring ring;

	open_resizable(&ring, 64, 0);
	run_nops(&ring, 50);
	for (unsigned i = 0; i < 50; i++)
		expect_answer(&ring, i, 0);
	expect(io_uring_resize_rings(&ring, &p), 0);
	/* To powers of two, as at set-up, and told. */
	expect(p.sq_entries, 4);
	expect(p.cq_entries, 8);
	expect(ring.sq.ring_entries, 4);
	expect(ring.cq.ring_entries, 8);
	for (int round = 0; round < 5; round++) {
		run_nops(&ring, 4);
		expect(io_uring_sq_space_left(&ring), 4);
		for (unsigned i = 0; i < 4; i++)
			expect_answer(&ring, i, 0);
	}
	io_uring_queue_exit(&ring);
}

/* Both ways, with the queue's start anywhere. */
static void completions_are_kept(void)
{
	static const unsigned sizes[] = { 64, 8, 128, 16, 8, 8 };
	struct io_uring ring;

	open_resizable(&ring, 8, 0);
	for (unsigned round = 0; round < 6 * 4; round++) {
		for (unsigned i = 0; i < round % 7; i++)
			expect_usable(&ring);
		run_nops(&ring, 7);
		expect(resize(&ring, 8, sizes[round % ARRAY_LEN(sizes)]), 0);
		expect(io_uring_cq_ready(&ring), 7);
		for (unsigned i = 0; i < 7; i++)
			expect_full_answer(&ring, i, 0, 0);
		expect_none(&ring, 0);
	}
	io_uring_queue_exit(&ring);
}

static void submissions_are_kept(void)
{
	struct io_uring ring;

	open_resizable(&ring, 8, 0);
	expect_usable(&ring);
	for (unsigned i = 0; i < 5; i++) {
		queue_nop(&ring, i, 0);
	}
	/* Published, which is what keeping them is about: 0 are submitted. */
	__atomic_store_n(ring.sq.ktail, *ring.sq.ktail + 5, __ATOMIC_RELEASE);
	ring.sq.sqe_head += 5;
	expect(resize(&ring, 32, 0), 0);
	expect(*ring.sq.ktail - *ring.sq.khead, 5);
	expect(io_uring_enter((unsigned)ring.ring_fd, 5, 0, IORING_ENTER_GETEVENTS, NULL), 5);
	for (unsigned i = 0; i < 5; i++)
		expect_full_answer(&ring, i, 0, 0);
	io_uring_queue_exit(&ring);
}

static void requests_go_on(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];
	char byte = 0;

	open_resizable(&ring, 8, 0);
	make_pipe(fds);
	sqe = new_sqe(&ring);
	io_uring_prep_read(sqe, fds[0], &byte, 1, 0);
	set_sqe(sqe, 77, 0);
	submit(&ring, 1);
	expect(resize(&ring, 128, 0), 0);
	expect_none(&ring, 20);
	expect(resize(&ring, 2, 0), 0);
	expect(write(fds[1], "x", 1), 1);
	expect_answer(&ring, 77, 1);
	expect(byte, 'x');
	io_uring_queue_exit(&ring);
}

static void settings_are_kept(void)
{
	struct io_uring ring;
	uint64_t count;
	int fd = (int)sys(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), file = scratch_file(1);

	open_resizable(&ring, 8, 0);
	expect(io_uring_register_eventfd(&ring, fd), 0);
	expect(io_uring_register_files(&ring, &file, 1), 0);
	expect(io_uring_cq_eventfd_toggle(&ring, false), 0);
	expect(resize(&ring, 32, 0), 0);
	check(!io_uring_cq_eventfd_enabled(&ring), "the eventfd is enabled again");
	expect_usable(&ring);
	expect(read(fd, &count, sizeof(count)), -1);
	expect(io_uring_cq_eventfd_toggle(&ring, true), 0);
	expect_usable(&ring);
	expect(read(fd, &count, sizeof(count)), sizeof(count));
	expect(io_uring_unregister_files(&ring), 0);
	/* Known by an index too. */
	expect(io_uring_register_ring_fd(&ring), 1);
	expect(resize(&ring, 16, 0), 0);
	expect(ring.sq.ring_entries, 16);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void too_small(void)
{
	struct io_uring ring;

	open_resizable(&ring, 16, 0);
	run_nops(&ring, 9);
	expect(resize(&ring, 16, 8), -EINVAL);
	expect(resize(&ring, 4, 8), -EOVERFLOW);
	/* As if it had not been tried. */
	expect(ring.cq.ring_entries, 32);
	for (unsigned i = 0; i < 9; i++)
		expect_full_answer(&ring, i, 0, 0);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* The man page says that it fails; Linux 6.18 does it, observed. Either way nothing is lost. */
static void overflowing(void)
{
	struct io_uring_params p = { .flags = RESIZABLE | IORING_SETUP_CQSIZE, .cq_entries = 8 };
	struct io_uring ring;
	int ret;

	need_linux(6, 13, "IORING_REGISTER_RESIZE_RINGS");
	expect(try_ring(&ring, 8, &p), 0);
	run_nops(&ring, 8);
	run_nops(&ring, 4);
	check(io_uring_cq_has_overflow(&ring), "12 in 8 do not overflow");
	ret = resize(&ring, 8, 64);
	check(ret == 0 || ret == -EOVERFLOW, "resizing gave %d", ret);
	for (unsigned i = 0; i < 12; i++)
		expect_full_answer(&ring, i % 8, 0, 0);
	expect_none(&ring, 0);
	expect(resize(&ring, 8, 64), 0);
	run_nops(&ring, 8);
	run_nops(&ring, 4);
	expect(io_uring_cq_ready(&ring), 12);
	io_uring_queue_exit(&ring);
}

static void resize_errors(void)
{
	struct io_uring_params p = { .sq_entries = 16 };
	struct io_uring ring;

	open_resizable(&ring, 8, 0);
	expect(resize(&ring, 0, 0), -EINVAL);
	expect(resize(&ring, 32768 * 2, 0), -EINVAL);
	expect(resize(&ring, 8, 65536 * 2), -EINVAL);
	expect(resize(&ring, 8, 4), -EINVAL);
	p.flags = IORING_SETUP_SQPOLL;
	expect(io_uring_resize_rings(&ring, &p), -EINVAL);
	p.flags = RESIZABLE;
	expect(io_uring_resize_rings(&ring, &p), -EINVAL);
	p = (struct io_uring_params){ .sq_entries = 32768 * 2, .flags = IORING_SETUP_CLAMP };
	expect(io_uring_resize_rings(&ring, &p), 0);
	expect(ring.sq.ring_entries, 32768);
	expect(ring.cq.ring_entries, 65536);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void not_resizable(void)
{
	static const unsigned flags[] = { 0, IORING_SETUP_SINGLE_ISSUER, IORING_SETUP_COOP_TASKRUN,
					  IORING_SETUP_SQPOLL };
	struct io_uring ring;

	need_linux(6, 13, "IORING_REGISTER_RESIZE_RINGS");
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		open_ring(&ring, 8, flags[i]);
		expect(resize(&ring, 16, 0), -EINVAL);
		expect_usable(&ring);
		io_uring_queue_exit(&ring);
	}
}

static void resize_long_entries(void)
{
	static const unsigned flags[] = { IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
					  IORING_SETUP_NO_SQARRAY };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;

	need_linux(6, 18, "IORING_NOP_CQE32");
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		open_resizable(&ring, 8, flags[i]);
		expect_usable(&ring);
		for (unsigned k = 0; k < 5; k++) {
			sqe = new_sqe(&ring);
			io_uring_prep_nop(sqe);
			set_sqe(sqe, k, 0);
			if (ring.flags & IORING_SETUP_CQE32)
				sqe->nop_flags = IORING_NOP_CQE32;
			sqe->off = k + 100;
			sqe->addr = k + 200;
		}
		submit(&ring, 5);
		expect(resize(&ring, 32, 0), 0);
		for (unsigned k = 0; k < 5; k++) {
			a = next_answer(&ring);
			expect_full_answer_at(__FILE__, __LINE__, a, k, 0, 0);
			if (ring.flags & IORING_SETUP_CQE32)
				expect(a.extra[0] * 1000 + a.extra[1], (k + 100) * 1000 + k + 200);
		}
		run_nops(&ring, 32);
		for (unsigned k = 0; k < 32; k++)
			expect_full_answer(&ring, k, 0, 0);
		io_uring_queue_exit(&ring);
	}
}

static void *resize_in_thread(void *arg)
{
	struct io_uring_params p = { .sq_entries = 16 };
	struct io_uring *ring = arg;

	expect(io_uring_register((unsigned)ring->ring_fd, IORING_REGISTER_RESIZE_RINGS, &p, 1),
	       -EEXIST);
	return NULL;
}

static void resize_by_another(void)
{
	struct io_uring ring;
	pthread_t thread;

	open_resizable(&ring, 8, 0);
	expect(pthread_create(&thread, NULL, resize_in_thread, &ring), 0);
	expect(pthread_join(thread, NULL), 0);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

const struct conformance_case region_cases[] = {
	{ "a registered wait times a wait", registered_waits },
	{ "a registered wait is used by its number", registered_waits_by_library },
	{ "a registered wait has a minimum", registered_minimum },
	{ "a registered wait whose time is not valid has no end", registered_without_time },
	{ "errors of registered waits", bad_waits },
	{ "a registered wait needs a region", no_region },
	{ "a ring has one region at most, and waits only if disabled", region_once },
	{ "the kernel can provide the memory of a region", region_by_the_kernel },
	{ "errors of a region", bad_regions },
	{ "the queues can grow", grows },
	{ "the queues can shrink", shrinks },
	{ "completions are kept when the queues are resized", completions_are_kept },
	{ "submissions are kept when the queues are resized", submissions_are_kept },
	{ "requests go on when the queues are resized", requests_go_on },
	{ "what is registered and set is kept when the queues are resized", settings_are_kept },
	{ "queues too small for what is in them are refused", too_small },
	{ "resizing a queue that overflows loses nothing", overflowing },
	{ "errors of resizing", resize_errors },
	{ "only a ring that defers its work can be resized", not_resizable },
	{ "rings of other layouts can be resized", resize_long_entries },
	{ "only the issuer can resize", resize_by_another },
	{ 0 },
};
