/* SPDX-License-Identifier: MIT */
/*
 * What only kernels newer than the one at hand have: rings whose SQ is rewound at each submit
 * (7.0), rings with SQEs of both sizes (6.19), and the last register calls. The test stands in for
 * the engine, in memory, and does what the man pages say of it.
 */
#include "fake_ring.h"
#include "support.h"

#include "engine/engine.h"

__typeof__(kernel_enter) __wrap_kernel_enter;
__typeof__(kernel_register) __wrap_kernel_register;

/* What the engine saw. */
static struct {
	unsigned fd, opcode, nr_args; /* of the last register call, with its argument */
	const void *arg;
	unsigned take; /* SQEs it takes from one enter at most */
	uint64_t taken[64];
	unsigned taken_nr;
	unsigned enters;
} engine;

static int open_fake(unsigned flags)
{
	fake_ring(flags);
	/* What an SQ has when it has been used. */
	memset(fake.sqes, 0xa5, sizeof(fake.sqes));
	memset(&engine, 0, sizeof(engine));
	engine.take = ENTRIES;
	return 0;
}

static int open_rewound(void **state)
{
	(void)state;
	return open_fake(IORING_SETUP_NO_SQARRAY | IORING_SETUP_SQ_REWIND);
}

static int open_mixed(void **state)
{
	(void)state;
	return open_fake(IORING_SETUP_NO_SQARRAY | IORING_SETUP_SQE_MIXED);
}

static void take(const struct io_uring_sqe *sqe)
{
	assert_true(engine.taken_nr < ARRAY_LEN(engine.taken));
	engine.taken[engine.taken_nr++] = sqe->user_data;
	if (sqe->flags & IOSQE_CQE_SKIP_SUCCESS)
		return;
	assert_true(fake.cq_tail - fake.cq_head < ENTRIES);
	fake.cqes[fake.cq_tail++ % ENTRIES] = (struct io_uring_cqe){ .user_data = sqe->user_data };
}

static int enter_rewound(unsigned to_submit)
{
	unsigned n = to_submit < engine.take ? to_submit : engine.take;

	for (unsigned i = 0; i < n; i++)
		take(&fake.sqes[i]);
	return (int)n;
}

static int enter_mixed(unsigned to_submit)
{
	assert_int_equal(to_submit, fake.sq_tail - fake.sq_head);
	while (fake.sq_head != fake.sq_tail) {
		unsigned at = fake.sq_head % ENTRIES;
		bool large = fake.sqes[at].opcode == IORING_OP_NOP128 ||
			     fake.sqes[at].opcode == IORING_OP_URING_CMD128;

		/* What a kernel answers with -EINVAL: half of it would be at the other end. */
		assert_false(large && at == ENTRIES - 1);
		take(&fake.sqes[at]);
		fake.sq_head += large ? 2 : 1;
	}
	return (int)to_submit;
}

int __wrap_kernel_enter(unsigned long fd, unsigned long to_submit, unsigned long min_complete,
			unsigned long flags, const void *arg, size_t argsz)
{
	(void)fd, (void)min_complete, (void)flags, (void)arg, (void)argsz;
	engine.enters++;
	if (fake.ring.flags & IORING_SETUP_SQ_REWIND)
		return enter_rewound((unsigned)to_submit);
	return enter_mixed((unsigned)to_submit);
}

int __wrap_kernel_register(unsigned fd, unsigned opcode, const void *arg, unsigned nr_args)
{
	engine.fd = fd;
	engine.opcode = opcode;
	engine.arg = arg;
	engine.nr_args = nr_args;
	return -EPERM;
}

/* ---- Register calls (7.0) -------------------------------------------------------------------- */

#define assert_registered(want_fd, want_opcode, want_arg, want_nr) \
	do {                                                       \
		assert_int_equal(engine.fd, want_fd);              \
		assert_int_equal(engine.opcode, want_opcode);      \
		assert_ptr_equal(engine.arg, want_arg);            \
		assert_int_equal(engine.nr_args, want_nr);         \
	} while (0)

static void test_register_calls(void **state)
{
	struct zcrx_ctrl ctrl;
	struct io_uring_bpf bpf;

	(void)state;
	fake.ring.ring_fd = 77;
	assert_ret(-EPERM, io_uring_register_zcrx_ctrl(&fake.ring, &ctrl));
	assert_registered(77, IORING_REGISTER_ZCRX_CTRL, &ctrl, 0);
	assert_ret(-EPERM, io_uring_register_bpf_filter(&fake.ring, &bpf));
	assert_registered(77, IORING_REGISTER_BPF_FILTER, &bpf, 1);
	/* Of the task, so of no ring. */
	assert_ret(-EPERM, io_uring_register_bpf_filter_task(&bpf));
	assert_registered(-1U, IORING_REGISTER_BPF_FILTER, &bpf, 1);
}

/* ---- Rings that are rewound ------------------------------------------------------------------ */

static void test_rewound_from_the_start(void **state)
{
	(void)state;
	for (uint64_t round = 0; round < 5; round++) {
		for (uint64_t i = 0; i < 3; i++) {
			assert_ptr_equal(io_uring_get_sqe(&fake.ring), &fake.sqes[i]);
			io_uring_prep_nop(&fake.sqes[i]);
			fake.sqes[i].user_data = 10 * round + i;
		}
		assert_int_equal(io_uring_sq_ready(&fake.ring), 3);
		assert_ret(3, io_uring_submit_and_wait(&fake.ring, 3));
		assert_int_equal(io_uring_sq_ready(&fake.ring), 0);
		for (uint64_t i = 0; i < 3; i++)
			reap(&fake.ring, 10 * round + i, 0);
	}
}

static void test_rewound_full(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ENTRIES; i++)
		queue_nop(&fake.ring, i);
	assert_null(io_uring_get_sqe(&fake.ring));
	assert_ret(ENTRIES, io_uring_submit(&fake.ring));
	assert_int_equal(io_uring_sq_space_left(&fake.ring), ENTRIES);
	/* Nothing left: nobody enters. */
	assert_ret(0, io_uring_submit(&fake.ring));
	assert_int_equal(engine.enters, 1);
}

/* What the engine leaves comes first the next time, and nothing twice. */
static void test_rewound_partly_taken(void **state)
{
	struct io_uring_cqe *cqe;
	struct __kernel_timespec ts = FOR_EVER;

	(void)state;
	engine.take = 2;
	for (unsigned i = 0; i < 5; i++)
		queue_nop(&fake.ring, i);
	assert_ret(2, io_uring_submit(&fake.ring));
	assert_int_equal(io_uring_sq_ready(&fake.ring), 3);
	queue_nop(&fake.ring, 5);
	assert_ret(2, io_uring_submit_and_wait(&fake.ring, 1));
	assert_ret(2, io_uring_submit_and_wait_timeout(&fake.ring, &cqe, 6, &ts, NULL));
	assert_int_equal(io_uring_sq_ready(&fake.ring), 0);
	assert_int_equal(engine.taken_nr, 6);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(engine.taken[i], i);
}

/* ---- Rings of mixed SQEs --------------------------------------------------------------------- */

static struct io_uring_sqe *queue_large(uint64_t data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe128(&fake.ring);

	if (sqe) {
		io_uring_prep_nop128(sqe);
		sqe->user_data = data;
	}
	return sqe;
}

static void test_mixed_sizes(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 30; i += 2) {
		assert_non_null(queue_large(i));
		queue_nop(&fake.ring, i + 1);
		io_uring_submit(&fake.ring);
		reap(&fake.ring, i, 0);
		reap(&fake.ring, i + 1, 0);
	}
	/* More than the 30: nops have filled the queue's end. */
	assert_true(engine.taken_nr > 30);
}

static void test_mixed_room(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ENTRIES / 2; i++)
		assert_ptr_equal(queue_large(i), &fake.sqes[2 * i]);
	assert_null(queue_large(9));
	assert_null(io_uring_get_sqe(&fake.ring));
	assert_ret(ENTRIES, io_uring_submit(&fake.ring));
	io_uring_cq_advance(&fake.ring, ENTRIES / 2);

	/* At the end a large one needs three slots, and takes none if they are not there. */
	for (unsigned i = 0; i < ENTRIES - 1; i++)
		queue_nop(&fake.ring, i);
	assert_null(queue_large(9));
	assert_int_equal(io_uring_sq_space_left(&fake.ring), 1);
	queue_nop(&fake.ring, 9);
	assert_ret(ENTRIES, io_uring_submit(&fake.ring));
}

static void test_large_needs_the_flag(void **state)
{
	struct io_uring_sqe *sqe;

	(void)state;
	fake.ring.flags = 0;
	assert_null(io_uring_get_sqe128(&fake.ring));
	assert_int_equal(io_uring_sq_ready(&fake.ring), 0);
	fake.ring.flags = IORING_SETUP_SQE128;
	sqe = io_uring_get_sqe128(&fake.ring);
	assert_ptr_equal(sqe, fake.sqes);
	assert_int_equal(io_uring_sq_ready(&fake.ring), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_register_calls, open_rewound),
		cmocka_unit_test_setup(test_rewound_from_the_start, open_rewound),
		cmocka_unit_test_setup(test_rewound_full, open_rewound),
		cmocka_unit_test_setup(test_rewound_partly_taken, open_rewound),
		cmocka_unit_test_setup(test_mixed_sizes, open_mixed),
		cmocka_unit_test_setup(test_mixed_room, open_mixed),
		cmocka_unit_test_setup(test_large_needs_the_flag, open_mixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
