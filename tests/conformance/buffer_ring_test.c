/* SPDX-License-Identifier: MIT */
/* Rings of provided buffers, consumed whole or bit by bit. */
#include "net.h"

#define GROUP 5

static void submit_read(struct pool *pool, int fd, unsigned len, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(pool->ring);

	io_uring_prep_read(sqe, fd, NULL, len, 0);
	use_pool(sqe, pool, data);
	submit(pool->ring, 1);
}

struct scene {
	struct io_uring ring;
	struct pool pool;
	int fds[2];
};

static void open_scene(struct scene *s, unsigned count, unsigned size, unsigned flags)
{
	open_ring(&s->ring, 8, 0);
	make_pipe(s->fds);
	open_pool(&s->pool, &s->ring, GROUP, count, size, flags);
}

static void close_scene(struct scene *s)
{
	close_pool(&s->pool);
	io_uring_queue_exit(&s->ring);
	close_pair(s->fds);
}

static void expect_read(struct scene *s, size_t offset, int size, unsigned bid)
{
	peer_sends(s->fds[1], offset, (size_t)size);
	submit_read(&s->pool, s->fds[0], 0, 1);
	expect_full_answer(&s->ring, 1, size, BUFFER_FLAGS(bid));
	expect_pattern(pool_buffer(&s->pool, bid), offset, (size_t)size);
}

/* ---- Whole buffers --------------------------------------------------------------------------- */

static void in_order(void)
{
	struct scene s;

	need_linux(6, 8, "IORING_REGISTER_PBUF_STATUS");
	open_scene(&s, 4, 32, 0);
	for (unsigned i = 0; i < 11; i++) {
		uint16_t head;

		expect_available(&s.pool, 4);
		expect_read(&s, i, 9, i % 4);
		expect_available(&s.pool, 3);
		expect(io_uring_buf_ring_head(&s.ring, GROUP, &head), 0);
		expect(head, i + 1);
		provide(&s.pool, i % 4);
	}
	close_scene(&s);
}

static void any_ids(void)
{
	static const unsigned short ids[] = { 65535, 7, 300, 7 };
	uint8_t bytes[4][16];
	struct scene s;

	open_scene(&s, 8, 16, 0);
	for (unsigned bid = 0; bid < 8; bid++)
		expect_read(&s, 0, 4, bid);
	for (int i = 0; i < 4; i++)
		io_uring_buf_ring_add(s.pool.br, bytes[i], 16, ids[i], io_uring_buf_ring_mask(8),
				      i);
	/* Added is not yet provided. */
	submit_read(&s.pool, s.fds[0], 0, 2);
	expect_full_answer(&s.ring, 2, -ENOBUFS, 0);
	io_uring_buf_ring_advance(s.pool.br, 4);
	for (unsigned i = 0; i < 4; i++) {
		peer_sends(s.fds[1], i, 9);
		submit_read(&s.pool, s.fds[0], 0, 3);
		expect_full_answer(&s.ring, 3, 9, BUFFER_FLAGS(ids[i]));
		expect_pattern(bytes[i], i, 9);
	}
	close_scene(&s);
}

static void exhausted(void)
{
	struct scene s;

	open_scene(&s, 2, 32, 0);
	expect_read(&s, 0, 9, 0);
	expect_read(&s, 0, 9, 1);
	peer_sends(s.fds[1], 3, 9);
	submit_read(&s.pool, s.fds[0], 0, 2);
	expect_full_answer(&s.ring, 2, -ENOBUFS, 0);
	provide(&s.pool, 1);
	submit_read(&s.pool, s.fds[0], 0, 3);
	expect_full_answer(&s.ring, 3, 9, BUFFER_FLAGS(1));
	expect_pattern(pool_buffer(&s.pool, 1), 3, 9);
	close_scene(&s);
}

static void advance_both(void)
{
	struct io_uring_cqe *cqe;
	struct scene s;

	open_scene(&s, 2, 32, 0);
	peer_sends(s.fds[1], 0, 9);
	submit_read(&s.pool, s.fds[0], 0, 1);
	expect(io_uring_wait_cqe(&s.ring, &cqe), 0);
	io_uring_buf_ring_add(s.pool.br, pool_buffer(&s.pool, 0), 32, 0, 1, 0);
	io_uring_buf_ring_cq_advance(&s.ring, s.pool.br, 1);
	expect_none(&s.ring, 0);
	expect_available(&s.pool, 2);
	close_scene(&s);
}

static void indices_wrap(void)
{
	int zero = (int)sys(open("/dev/zero", O_RDONLY));
	uint16_t head;
	struct scene s;

	need_linux(6, 8, "IORING_REGISTER_PBUF_STATUS");
	open_scene(&s, 2, 1, 0);
	for (unsigned i = 0; i < 65540; i++) {
		submit_read(&s.pool, zero, 1, i);
		expect_full_answer(&s.ring, i, 1, BUFFER_FLAGS(i % 2));
		provide(&s.pool, i % 2);
	}
	expect(io_uring_buf_ring_head(&s.ring, GROUP, &head), 0);
	expect(head, 4);
	expect_available(&s.pool, 2);
	close_scene(&s);
	close(zero);
}

static void waiting_holds_none(void)
{
	struct scene s;
	int other[2];

	open_scene(&s, 1, 32, 0);
	make_pipe(other);
	submit_read(&s.pool, s.fds[0], 0, 1);
	submit_read(&s.pool, other[0], 0, 2);
	expect_none(&s.ring, 10);
	expect_available(&s.pool, 1);
	peer_sends(other[1], 0, 9);
	expect_full_answer(&s.ring, 2, 9, BUFFER_FLAGS(0));
	peer_sends(s.fds[1], 0, 9);
	expect_full_answer(&s.ring, 1, -ENOBUFS, 0);
	close_scene(&s);
	close_pair(other);
}

static void by_worker(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, 4, 32, 0);
	for (unsigned i = 0; i < 3; i++) {
		sqe = new_sqe(&s.ring);
		io_uring_prep_read(sqe, s.fds[0], NULL, 0, 0);
		use_pool(sqe, &s.pool, 1);
		sqe->flags |= IOSQE_ASYNC;
		submit(&s.ring, 1);
		peer_sends(s.fds[1], i, 9);
		expect_full_answer(&s.ring, 1, 9, BUFFER_FLAGS(i));
		expect_pattern(pool_buffer(&s.pool, i), i, 9);
	}
	close_scene(&s);
}

static void vectors(void)
{
	struct iovec iov = { NULL, 20 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, 4, 32, 0);
	close_pair(s.fds);
	unix_pair(s.fds);
	peer_sends(s.fds[1], 0, 40);
	sqe = new_sqe(&s.ring);
	io_uring_prep_readv(sqe, s.fds[0], &iov, 1, 0);
	use_pool(sqe, &s.pool, 1);
	submit(&s.ring, 1);
	expect_but_nonempty(&s.ring, 1, 20, BUFFER_FLAGS(0));
	sqe = new_sqe(&s.ring);
	io_uring_prep_recvmsg(sqe, s.fds[0], &msg, 0);
	use_pool(sqe, &s.pool, 2);
	submit(&s.ring, 1);
	expect_but_nonempty(&s.ring, 2, 20, BUFFER_FLAGS(1));
	expect_pattern(pool_buffer(&s.pool, 1), 20, 20);
	expect_available(&s.pool, 2);
	close_scene(&s);
}

static void bad_memory(void)
{
	struct answer a;
	struct scene s;

	open_scene(&s, 2, 32, 0);
	expect_read(&s, 0, 9, 0);
	expect_read(&s, 0, 9, 1);
	io_uring_buf_ring_add(s.pool.br, BAD_POINTER, 32, 9, 1, 0);
	io_uring_buf_ring_advance(s.pool.br, 1);
	peer_sends(s.fds[1], 0, 9);
	submit_read(&s.pool, s.fds[0], 0, 2);
	a = next_answer(&s.ring);
	expect(a.res, -EFAULT);
	peer_receives(s.fds[0], 0, 9);
	close_scene(&s);
}

static void unregistered_while_waiting(void)
{
	struct scene s;

	open_scene(&s, 2, 32, 0);
	submit_read(&s.pool, s.fds[0], 0, 1);
	expect_none(&s.ring, 5);
	close_pool(&s.pool);
	peer_sends(s.fds[1], 0, 9);
	expect_full_answer(&s.ring, 1, -ENOBUFS, 0);
	/* The group's number is free again. */
	open_pool(&s.pool, &s.ring, GROUP, 2, 32, 0);
	submit_read(&s.pool, s.fds[0], 0, 2);
	expect_full_answer(&s.ring, 2, 9, BUFFER_FLAGS(0));
	close_scene(&s);
}

/* ---- Registering ----------------------------------------------------------------------------- */

static void *pages(void)
{
	void *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(p != MAP_FAILED, "no memory");
	return p;
}

static void own_memory(void)
{
	struct pool pool = {
		.br = pages(), .bytes = (uint8_t[128]){ 0 }, .size = 32, .count = 4, .group = 65535
	};
	struct io_uring_buf_reg reg = { .ring_addr = (uintptr_t)pool.br,
					.ring_entries = 4,
					.bgid = 65535 };
	struct io_uring ring;
	int fds[2];

	need_linux(5, 19, "buffer rings");
	open_ring(&ring, 8, 0);
	make_pipe(fds);
	pool.ring = &ring;
	/* Buffers may be there before the ring is. */
	io_uring_buf_ring_init(pool.br);
	provide(&pool, 3);
	expect(io_uring_register_buf_ring(&ring, &reg, 0), 0);
	peer_sends(fds[1], 0, 9);
	submit_read(&pool, fds[0], 0, 1);
	expect_full_answer(&ring, 1, 9, BUFFER_FLAGS(3));
	expect(io_uring_unregister_buf_ring(&ring, 65535), 0);
	expect(io_uring_unregister_buf_ring(&ring, 65535), -ENOENT);
	submit_read(&pool, fds[0], 0, 2);
	expect_full_answer(&ring, 2, -ENOBUFS, 0);
	io_uring_queue_exit(&ring);
	close_pair(fds);
	munmap(pool.br, 65536);
}

static void kernel_memory(void)
{
	struct pool pool = { .bytes = (uint8_t[128]){ 0 }, .size = 32, .count = 4, .group = 3 };
	struct io_uring_buf_reg reg = { .ring_entries = 4, .bgid = 3 };
	off_t offset = (off_t)(IORING_OFF_PBUF_RING | 3ull << IORING_OFF_PBUF_SHIFT);
	size_t size = 4 * sizeof(struct io_uring_buf);
	struct io_uring ring;
	int fds[2];

	kernel_only("The ring's descriptor");
	need_linux(6, 4, "IOU_PBUF_RING_MMAP");
	open_ring(&ring, 8, 0);
	make_pipe(fds);
	pool.ring = &ring;
	check(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring.ring_fd, offset) ==
		      MAP_FAILED,
	      "mapped what is not there");
	expect(io_uring_register_buf_ring(&ring, &reg, IOU_PBUF_RING_MMAP), 0);
	pool.br = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring.ring_fd, offset);
	check(pool.br != MAP_FAILED, "not mapped: %s", strerror(errno));
	io_uring_buf_ring_init(pool.br);
	provide(&pool, 2);
	peer_sends(fds[1], 0, 9);
	submit_read(&pool, fds[0], 0, 1);
	expect_full_answer(&ring, 1, 9, BUFFER_FLAGS(2));
	/* The mapping outlives the registration. */
	expect(io_uring_unregister_buf_ring(&ring, 3), 0);
	provide(&pool, 1);
	munmap(pool.br, size);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

static void register_errors(void)
{
	void *memory = pages();
	uint64_t addr = (uintptr_t)memory;
	const struct {
		const char *what;
		struct io_uring_buf_reg reg;
		int want;
	} rows[] = {
		{ "no entries", { .ring_addr = addr }, -EINVAL },
		{ "3 entries", { .ring_addr = addr, .ring_entries = 3 }, -EINVAL },
		{ "too many", { .ring_addr = addr, .ring_entries = 65536 }, -EINVAL },
		{ "no address", { .ring_entries = 4 }, -EFAULT },
		{ "bad address", { .ring_addr = 4096, .ring_entries = 4 }, -EFAULT },
		{ "not page aligned", { .ring_addr = addr + 16, .ring_entries = 4 }, -EINVAL },
		{ "reserved",
		  { .ring_addr = addr, .ring_entries = 4, .resv = { [2] = 1 } },
		  -EINVAL },
		{ "flag", { .ring_addr = addr, .ring_entries = 4, .flags = 1 << 15 }, -EINVAL },
		{ "the most",
		  { .ring_addr = 0, .ring_entries = 32768, .flags = IOU_PBUF_RING_MMAP },
		  0 },
		{ "again", { .ring_addr = addr, .ring_entries = 4 }, -EEXIST },
	};
	struct io_uring ring;

	need_linux(6, 12, "all flags of buffer rings");
	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_buf_reg reg = rows[i].reg;
		int ret = io_uring_register(ring.ring_fd, IORING_REGISTER_PBUF_RING, &reg, 1);

		check(ret == rows[i].want, "%s: %d", rows[i].what, ret);
	}
	expect(io_uring_register(ring.ring_fd, IORING_REGISTER_PBUF_RING, NULL, 1), -EINVAL);
	expect(io_uring_register(ring.ring_fd, IORING_REGISTER_PBUF_RING, memory, 2), -EINVAL);
	expect(io_uring_register(ring.ring_fd, IORING_REGISTER_PBUF_RING, BAD_POINTER, 1), -EFAULT);
	expect(io_uring_unregister_buf_ring(&ring, 1), -ENOENT);
	expect(io_uring_unregister_buf_ring(&ring, 0), 0);
	io_uring_queue_exit(&ring);
	munmap(memory, 65536);
}

static void beside_provided(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct pool pool;
	uint8_t bytes[16];
	uint16_t head;
	int err = 0;

	need_linux(6, 8, "IORING_REGISTER_PBUF_STATUS");
	open_ring(&ring, 8, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_provide_buffers(sqe, bytes, 16, 1, GROUP, 0);
	expect_error(&ring, "providing", 0);
	check(!io_uring_setup_buf_ring(&ring, 4, GROUP, 0, &err), "two kinds in one group");
	expect(err, -EEXIST);
	expect(io_uring_unregister_buf_ring(&ring, GROUP), -EINVAL);
	expect(io_uring_buf_ring_head(&ring, GROUP, &head), -EINVAL);
	expect(io_uring_buf_ring_head(&ring, GROUP + 1, &head), -ENOENT);
	/* An empty group gives way. */
	sqe = new_sqe(&ring);
	io_uring_prep_remove_buffers(sqe, 1, GROUP);
	expect_error(&ring, "removing", 1);
	open_pool(&pool, &ring, GROUP, 4, 16, 0);
	close_pool(&pool);
	io_uring_queue_exit(&ring);
}

/* ---- Incremental consumption ----------------------------------------------------------------- */

/* The next completion holds `size` bytes of the pattern at `at` in buffer `bid`. */
static void expect_part(struct scene *s, unsigned bid, size_t at, size_t offset, int size,
			unsigned flags)
{
	expect_but_nonempty(&s->ring, 1, size, BUFFER_FLAGS(bid) | flags);
	expect_pattern(pool_buffer(&s->pool, bid) + at, offset, (size_t)size);
}

static void parts(void)
{
	struct scene s;

	open_scene(&s, 2, 32, IOU_PBUF_RING_INC);
	for (unsigned i = 0; i < 4; i++) {
		expect_available(&s.pool, i < 2 ? 2 : 2 - (int)i / 2);
		peer_sends(s.fds[1], i, 20);
		submit_read(&s.pool, s.fds[0], i % 2 ? 0 : 20, 1);
		/* 20 of the first, and then the 12 that are left. */
		if (i % 2)
			expect_part(&s, i / 2, 20, i, 12, 0);
		else
			expect_part(&s, i / 2, 0, i, 20, IORING_CQE_F_BUF_MORE);
		if (i % 2)
			peer_receives(s.fds[0], i + 12, 8);
	}
	expect_available(&s.pool, 0);
	submit_read(&s.pool, s.fds[0], 0, 2);
	expect_full_answer(&s.ring, 2, -ENOBUFS, 0);
	close_scene(&s);
}

static void parts_of_multishot(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	need_linux(6, 12, "IOU_PBUF_RING_INC");
	open_scene(&s, 4, 32, IOU_PBUF_RING_INC);
	close_pair(s.fds);
	tcp_pair(s.fds);
	sqe = new_sqe(&s.ring);
	io_uring_prep_recv_multishot(sqe, s.fds[0], NULL, 0, 0);
	use_pool(sqe, &s.pool, 1);
	submit(&s.ring, 1);
	peer_sends(s.fds[1], 0, 10);
	expect_part(&s, 0, 0, 0, 10, IORING_CQE_F_MORE | IORING_CQE_F_BUF_MORE);
	peer_sends(s.fds[1], 10, 10);
	expect_part(&s, 0, 10, 10, 10, IORING_CQE_F_MORE | IORING_CQE_F_BUF_MORE);
	expect_available(&s.pool, 4);
	/* What does not fit into the rest goes to the next. */
	peer_sends(s.fds[1], 20, 20);
	expect_part(&s, 0, 20, 20, 12, IORING_CQE_F_MORE);
	expect_part(&s, 1, 0, 32, 8, IORING_CQE_F_MORE | IORING_CQE_F_BUF_MORE);
	expect_available(&s.pool, 3);
	/* A buffer given back starts anew. */
	provide(&s.pool, 0);
	peer_sends(s.fds[1], 40, 80);
	expect_part(&s, 1, 8, 40, 24, IORING_CQE_F_MORE);
	expect_part(&s, 2, 0, 64, 32, IORING_CQE_F_MORE);
	expect_part(&s, 3, 0, 96, 24, IORING_CQE_F_MORE | IORING_CQE_F_BUF_MORE);
	peer_sends(s.fds[1], 120, 16);
	expect_part(&s, 3, 24, 120, 8, IORING_CQE_F_MORE);
	expect_part(&s, 0, 0, 128, 8, IORING_CQE_F_MORE | IORING_CQE_F_BUF_MORE);
	close_scene(&s);
}

/* IOSQE_ASYNC: it waits nevertheless, and takes as much as comes. */
static void parts_of_multishot_read(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	need_linux(6, 12, "IOU_PBUF_RING_INC");
	open_scene(&s, 1, 32, IOU_PBUF_RING_INC);
	peer_sends(s.fds[1], 0, 9);
	sqe = new_sqe(&s.ring);
	io_uring_prep_read_multishot(sqe, s.fds[0], 0, 0, GROUP);
	set_sqe(sqe, 1, IOSQE_ASYNC | IOSQE_BUFFER_SELECT);
	submit(&s.ring, 1);
	expect_part(&s, 0, 0, 0, 9, IORING_CQE_F_BUF_MORE | IORING_CQE_F_MORE);
	peer_sends(s.fds[1], 9, 9);
	expect_part(&s, 0, 9, 9, 9, IORING_CQE_F_BUF_MORE | IORING_CQE_F_MORE);
	close_scene(&s);
}

static void parts_and_the_end(void)
{
	struct answer a;
	struct scene s;

	open_scene(&s, 2, 32, IOU_PBUF_RING_INC);
	peer_sends(s.fds[1], 0, 10);
	submit_read(&s.pool, s.fds[0], 0, 1);
	expect_part(&s, 0, 0, 0, 10, IORING_CQE_F_BUF_MORE);
	close(s.fds[1]);
	s.fds[1] = -1;
	submit_read(&s.pool, s.fds[0], 0, 2);
	a = next_answer(&s.ring);
	expect(a.res, 0);
	/* The end uses nothing up, whether it names the buffer or not. */
	expect_available(&s.pool, 2);
	close_scene(&s);
}

static void parts_while_waiting(void)
{
	struct scene s;
	int other[2];

	open_scene(&s, 1, 32, IOU_PBUF_RING_INC);
	make_pipe(other);
	submit_read(&s.pool, s.fds[0], 0, 1);
	submit_read(&s.pool, other[0], 0, 1);
	expect_none(&s.ring, 10);
	peer_sends(other[1], 0, 10);
	expect_part(&s, 0, 0, 0, 10, IORING_CQE_F_BUF_MORE);
	peer_sends(s.fds[1], 10, 10);
	expect_part(&s, 0, 10, 10, 10, IORING_CQE_F_BUF_MORE);
	close_scene(&s);
	close_pair(other);
}

/* Of 32 bytes: 20 leave 12, which is enough; 5 more leave 7, which is not. */
static void too_little_is_left(void)
{
	static const struct {
		int size;
		unsigned bid, more;
	} reads[] = { { 20, 0, IORING_CQE_F_BUF_MORE },
		      { 5, 0, 0 },
		      { 22, 1, IORING_CQE_F_BUF_MORE },
		      { 1, 1, 0 } };
	struct pool pool = {
		.br = pages(), .bytes = (uint8_t[64]){ 0 }, .size = 32, .count = 2, .group = GROUP
	};
	struct io_uring_buf_reg reg = { .ring_addr = (uintptr_t)pool.br,
					.ring_entries = 2,
					.bgid = GROUP,
					.flags = IOU_PBUF_RING_INC,
					.min_left = 10 };
	struct io_uring ring;
	int fds[2], ret;

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	pool.ring = &ring;
	ret = io_uring_register(ring.ring_fd, IORING_REGISTER_PBUF_RING, &reg, 1);
	if (ret == -EINVAL)
		skip_because_of("no least size of what is left of a buffer");
	expect(ret, 0);
	provide(&pool, 0);
	provide(&pool, 1);
	for (size_t i = 0; i < ARRAY_LEN(reads); i++) {
		peer_sends(fds[1], i, (size_t)reads[i].size);
		submit_read(&pool, fds[0], 0, i);
		expect_full_answer(&ring, i, reads[i].size,
				   BUFFER_FLAGS(reads[i].bid) | reads[i].more);
	}
	reg.bgid++;
	reg.flags = 0;
	expect(io_uring_register(ring.ring_fd, IORING_REGISTER_PBUF_RING, &reg, 1), -EINVAL);
	io_uring_queue_exit(&ring);
	close_pair(fds);
	munmap(pool.br, 65536);
}

const struct conformance_case buffer_ring_cases[] = {
	{ "a buffer ring is used in order, around its end", in_order },
	{ "a buffer ring takes any ids, once advanced", any_ids },
	{ "a buffer ring without buffers is -ENOBUFS, until it is refilled", exhausted },
	{ "io_uring_buf_ring_cq_advance reaps and gives back", advance_both },
	{ "a buffer ring's indices wrap at 65536", indices_wrap },
	{ "what waits holds no buffer of a ring", waiting_holds_none },
	{ "a worker takes buffers of a ring", by_worker },
	{ "readv and recvmsg take a buffer of a ring", vectors },
	{ "a buffer out of memory is -EFAULT, and nothing is read", bad_memory },
	{ "a buffer ring may be unregistered under those who wait", unregistered_while_waiting },
	{ "a buffer ring in the program's memory", own_memory },
	{ "a buffer ring in the kernel's memory", kernel_memory },
	{ "errors of registering a buffer ring", register_errors },
	{ "a group is of one kind while it has buffers", beside_provided },
	{ "IOU_PBUF_RING_INC consumes a buffer in parts", parts },
	{ "IOU_PBUF_RING_INC with multishot recv", parts_of_multishot },
	{ "IOU_PBUF_RING_INC with READ_MULTISHOT and IOSQE_ASYNC", parts_of_multishot_read },
	{ "IOU_PBUF_RING_INC at the end of a file", parts_and_the_end },
	{ "IOU_PBUF_RING_INC with several that wait", parts_while_waiting },
	{ "IOU_PBUF_RING_INC with too little left of a buffer", too_little_is_left },
	{ 0 },
};
