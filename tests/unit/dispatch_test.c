/* SPDX-License-Identifier: MIT */
/*
 * Each call about a ring reaches the engine that the ring has, with all its arguments, and no
 * other. The test stands in for both engines: their rings are ordinary memory.
 */
#include "support.h"

#include <anyring.h>

#include "engine/engine.h"

#define KERNEL_FD 1000
#define USER_FD	  2000
/* A registered index, which a ring of either engine may have. */
#define INDEX	  3

/* One call across the boundary; what is not part of it is 0. */
struct call {
	const char *name;
	uint64_t args[6];
};

static struct {
	struct call calls[8];
	unsigned count;
	bool index_is_users;
	/* What both regions of a ring are mapped to. */
	unsigned rings[1024] __attribute__((aligned(64)));
	struct io_uring_sqe sqes[8];
} world;

static int reset(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	return 0;
}

static void note(const char *name, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
		 uint64_t f)
{
	assert_true(world.count < ARRAY_LEN(world.calls));
	world.calls[world.count++] = (struct call){ name, { a, b, c, d, e, f } };
}

/* The only call since the last was this one. */
static void expect_call(const char *name, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			uint64_t e, uint64_t f)
{
	const struct call want = { name, { a, b, c, d, e, f } };

	assert_int_equal(world.count, 1);
	assert_string_equal(world.calls[0].name, name);
	for (unsigned i = 0; i < ARRAY_LEN(want.args); i++)
		assert_int_equal(world.calls[0].args[i], want.args[i]);
	world.count = 0;
}

/* ---- The engines ----------------------------------------------------------------------------- */

__typeof__(kernel_setup) __wrap_kernel_setup, __wrap_user_setup;
__typeof__(kernel_enter) __wrap_kernel_enter;
__typeof__(user_enter) __wrap_user_enter;
__typeof__(kernel_register) __wrap_kernel_register, __wrap_user_register;
__typeof__(kernel_map) __wrap_kernel_map, __wrap_user_map;
__typeof__(kernel_close) __wrap_kernel_close, __wrap_user_close;
__typeof__(user_owns) __wrap_user_owns;

static int give_ring(unsigned entries, struct io_uring_params *p, int fd)
{
	assert_int_equal(entries, 8);
	p->sq_entries = 8;
	p->cq_entries = 16;
	p->features = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_REG_REG_RING;
	p->sq_off = (struct io_sqring_offsets){
		.head = 0, .tail = 4, .ring_mask = 8, .ring_entries = 12, .flags = 16, .dropped = 20
	};
	p->cq_off = (struct io_cqring_offsets){ .head = 24,
						.tail = 28,
						.ring_mask = 32,
						.ring_entries = 36,
						.overflow = 40,
						.cqes = 64,
						.flags = 44 };
	world.rings[2] = 7;
	world.rings[3] = 8;
	world.rings[8] = 15;
	world.rings[9] = 16;
	return p->flags & IORING_SETUP_REGISTERED_FD_ONLY ? INDEX : fd;
}

int __wrap_kernel_setup(unsigned entries, struct io_uring_params *p)
{
	return give_ring(entries, p, KERNEL_FD);
}

int __wrap_user_setup(unsigned entries, struct io_uring_params *p)
{
	return give_ring(entries, p, USER_FD);
}

int __wrap_kernel_enter(unsigned long fd, unsigned long to_submit, unsigned long min_complete,
			unsigned long flags, const void *arg, size_t argsz)
{
	note("kernel_enter", fd, to_submit, min_complete, flags, (uintptr_t)arg, argsz);
	return (int)to_submit;
}

int __wrap_user_enter(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags,
		      const void *arg, size_t argsz)
{
	note("user_enter", fd, to_submit, min_complete, flags, (uintptr_t)arg, argsz);
	return (int)to_submit;
}

static int take_register(const char *name, unsigned fd, unsigned opcode, const void *arg,
			 unsigned nr_args)
{
	note(name, fd, opcode, (uintptr_t)arg, nr_args, 0, 0);
	if (opcode != IORING_REGISTER_RING_FDS)
		return opcode == (IORING_UNREGISTER_RING_FDS | IORING_REGISTER_USE_REGISTERED_RING);
	((struct io_uring_rsrc_update *)(uintptr_t)arg)->offset = INDEX;
	return 1;
}

int __wrap_kernel_register(unsigned fd, unsigned opcode, const void *arg, unsigned nr_args)
{
	return take_register("kernel_register", fd, opcode, arg, nr_args);
}

int __wrap_user_register(unsigned fd, unsigned opcode, const void *arg, unsigned nr_args)
{
	return take_register("user_register", fd, opcode, arg, nr_args);
}

static int give_memory(const char *name, int fd, unsigned long long offset, size_t size, void **ptr)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);

	assert_true(at != MAP_FAILED && size <= sizeof(world.rings));
	if (offset == IORING_OFF_SQ_RING)
		memcpy(at, world.rings, size);
	note(name, (uint64_t)fd, offset, size, 0, 0, 0);
	*ptr = at;
	return 0;
}

int __wrap_kernel_map(int fd, unsigned long long offset, size_t size, void **ptr)
{
	return give_memory("kernel_map", fd, offset, size, ptr);
}

int __wrap_user_map(int fd, unsigned long long offset, size_t size, void **ptr)
{
	return give_memory("user_map", fd, offset, size, ptr);
}

int __wrap_kernel_close(int fd)
{
	note("kernel_close", (uint64_t)fd, 0, 0, 0, 0, 0);
	return 0;
}

int __wrap_user_close(int fd)
{
	note("user_close", (uint64_t)fd, 0, 0, 0, 0, 0);
	return 0;
}

bool __wrap_user_owns(unsigned fd, bool registered)
{
	return registered ? world.index_is_users : fd == USER_FD;
}

/* ---- The tests: each on both engines --------------------------------------------------------- */

struct side {
	enum anyring_engine engine;
	int fd;
	const char *enter, *reg, *map, *close;
};

static const struct side sides[] = {
	{ ANYRING_KERNEL, KERNEL_FD, "kernel_enter", "kernel_register", "kernel_map",
	  "kernel_close" },
	{ ANYRING_USER, USER_FD, "user_enter", "user_register", "user_map", "user_close" },
};

static const struct side *const sides_end = sides + ARRAY_LEN(sides);

static void open_side(const struct side *s, struct io_uring *ring, unsigned flags)
{
	world.index_is_users = s->engine == ANYRING_USER;
	assert_ret(0, anyring_set_engine(s->engine));
	assert_ret(0, io_uring_queue_init(8, ring, flags));
	assert_int_equal(anyring_ring_engine(ring), s->engine);
	/* The engine of the rings to come is not that of this one. */
	assert_ret(0,
		   anyring_set_engine(s->engine == ANYRING_USER ? ANYRING_KERNEL : ANYRING_USER));
}

static void test_memory(void **state)
{
	struct io_uring ring;

	(void)state;
	for (const struct side *s = sides; s < sides_end; s++) {
		world.count = 0;
		open_side(s, &ring, 0);
		assert_int_equal(world.count, 2);
		for (unsigned i = 0; i < 2; i++) {
			assert_string_equal(world.calls[i].name, s->map);
			assert_int_equal(world.calls[i].args[0], s->fd);
		}
		assert_int_equal(world.calls[0].args[1], IORING_OFF_SQ_RING);
		assert_int_equal(world.calls[1].args[1], IORING_OFF_SQES);
		world.count = 0;
		io_uring_queue_exit(&ring);
		expect_call(s->close, (uint64_t)s->fd, 0, 0, 0, 0, 0);
	}
}

static void test_enters(void **state)
{
	struct __kernel_timespec ts = { .tv_sec = 1 };
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	(void)state;
	for (const struct side *s = sides; s < sides_end; s++) {
		const uint64_t fd = (uint64_t)s->fd;

		open_side(s, &ring, 0);
		world.count = 0;
		queue_nop(&ring, 1);
		assert_ret(1, io_uring_submit(&ring));
		expect_call(s->enter, fd, 1, 0, 0, 0, 0);
		assert_ret(1, io_uring_submit_and_wait(&ring, 2));
		expect_call(s->enter, fd, 1, 2, IORING_ENTER_GETEVENTS, 0, 0);
		assert_ret(1, io_uring_submit_and_get_events(&ring));
		expect_call(s->enter, fd, 1, 0, IORING_ENTER_GETEVENTS, 0, 0);
		assert_ret(0, io_uring_get_events(&ring));
		expect_call(s->enter, fd, 0, 0, IORING_ENTER_GETEVENTS, 0, 0);
		assert_ret(1, __io_uring_get_cqe(&ring, &cqe, 1, 0, NULL));
		expect_call(s->enter, fd, 1, 0, 0, 0, 0);
		assert_ret(0, __io_uring_sqring_wait(&ring));
		expect_call(s->enter, fd, 0, 0, IORING_ENTER_SQ_WAIT, 0, 0);
		assert_ret(5, io_uring_enter((unsigned)s->fd, 5, 6, 7, (sigset_t *)&ts));
		expect_call(s->enter, fd, 5, 6, 7, (uintptr_t)&ts, _NSIG / 8);
		assert_ret(5, io_uring_enter2((unsigned)s->fd, 5, 6, 7, &ts, 9));
		expect_call(s->enter, fd, 5, 6, 7, (uintptr_t)&ts, 9);
		io_uring_queue_exit(&ring);
		world.count = 0;
	}
}

static void test_enters_of_polled_rings(void **state)
{
	struct io_uring ring;

	(void)state;
	for (const struct side *s = sides; s < sides_end; s++) {
		open_side(s, &ring, IORING_SETUP_IOPOLL);
		world.count = 0;
		queue_nop(&ring, 1);
		assert_ret(1, io_uring_submit(&ring));
		expect_call(s->enter, (uint64_t)s->fd, 1, 0, IORING_ENTER_GETEVENTS, 0, 0);
		io_uring_queue_exit(&ring);
		world.count = 0;
	}
}

static void test_register_calls(void **state)
{
	struct io_uring ring;

	(void)state;
	for (const struct side *s = sides; s < sides_end; s++) {
		open_side(s, &ring, 0);
		world.count = 0;
		assert_ret(0, io_uring_enable_rings(&ring));
		expect_call(s->reg, (uint64_t)s->fd, IORING_REGISTER_ENABLE_RINGS, 0, 0, 0, 0);
		assert_ret(0, io_uring_register((unsigned)s->fd, 77, &ring, 5));
		expect_call(s->reg, (uint64_t)s->fd, 77, (uintptr_t)&ring, 5, 0, 0);
		io_uring_queue_exit(&ring);
		world.count = 0;
	}
}

static void test_registered_rings(void **state)
{
	struct io_uring ring;

	(void)state;
	for (const struct side *s = sides; s < sides_end; s++) {
		const unsigned flag = IORING_REGISTER_USE_REGISTERED_RING;

		open_side(s, &ring, 0);
		assert_ret(1, io_uring_register_ring_fd(&ring));
		assert_int_equal(ring.enter_ring_fd, INDEX);
		world.count = 0;
		queue_nop(&ring, 1);
		assert_ret(1, io_uring_submit(&ring));
		expect_call(s->enter, INDEX, 1, 0, IORING_ENTER_REGISTERED_RING, 0, 0);
		assert_ret(0, io_uring_enable_rings(&ring));
		expect_call(s->reg, INDEX, IORING_REGISTER_ENABLE_RINGS | flag, 0, 0, 0, 0);
		/* By hand, only the index is known. */
		assert_ret(1, io_uring_enter2(INDEX, 1, 2, IORING_ENTER_REGISTERED_RING, NULL, 0));
		expect_call(s->enter, INDEX, 1, 2, IORING_ENTER_REGISTERED_RING, 0, 0);
		assert_ret(0, io_uring_register(INDEX, 77 | flag, NULL, 0));
		expect_call(s->reg, INDEX, 77 | flag, 0, 0, 0, 0);
		assert_ret(1, io_uring_close_ring_fd(&ring));
		expect_call(s->close, (uint64_t)s->fd, 0, 0, 0, 0, 0);
		assert_int_equal(anyring_ring_engine(&ring), s->engine);
		io_uring_queue_exit(&ring);
		world.count = 0;
	}
}

static void test_rings_that_are_an_index(void **state)
{
	struct io_uring_params p = { .flags = IORING_SETUP_REGISTERED_FD_ONLY };
	static char memory[4 * 4096] __attribute__((aligned(4096)));
	struct io_uring ring;

	(void)state;
	for (const struct side *s = sides; s < sides_end; s++) {
		world.index_is_users = s->engine != ANYRING_USER;
		assert_ret(0, anyring_set_engine(s->engine));
		assert_true(io_uring_queue_init_mem(8, &ring, &p, memory, sizeof(memory)) > 0);
		assert_int_equal(anyring_ring_engine(&ring), s->engine);
		/* Whatever else has that index: the ring knows. */
		assert_ret(0, io_uring_get_events(&ring));
		expect_call(s->enter, INDEX, 0, 0,
			    IORING_ENTER_GETEVENTS | IORING_ENTER_REGISTERED_RING, 0, 0);
		io_uring_queue_exit(&ring);
		assert_int_equal(world.count, 1);
		assert_string_equal(world.calls[0].name, s->reg);
		world.count = 0;
	}
}

/* For those who have called io_uring_setup(2) themselves. */
static void test_mapping_by_hand(void **state)
{
	struct io_uring ring;

	(void)state;
	for (const struct side *s = sides; s < sides_end; s++) {
		struct io_uring_params p = { .flags = IORING_SETUP_NO_SQARRAY };

		assert_ret(0, anyring_set_engine(s->engine));
		assert_ret(s->fd, io_uring_setup(8, &p));
		assert_ret(0, anyring_set_engine(ANYRING_AUTO));
		assert_ret(0, io_uring_queue_mmap(s->fd, &p, &ring));
		assert_string_equal(world.calls[0].name, s->map);
		assert_int_equal(anyring_ring_engine(&ring), s->engine);
		io_uring_queue_exit(&ring);
		world.count = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_memory, reset),
		cmocka_unit_test_setup(test_enters, reset),
		cmocka_unit_test_setup(test_enters_of_polled_rings, reset),
		cmocka_unit_test_setup(test_register_calls, reset),
		cmocka_unit_test_setup(test_registered_rings, reset),
		cmocka_unit_test_setup(test_rings_that_are_an_index, reset),
		cmocka_unit_test_setup(test_mapping_by_hand, reset),
	};

	return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
