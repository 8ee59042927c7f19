/* SPDX-License-Identifier: MIT */
/* Entries of other sizes than usual: long SQEs and CQEs, all of them or mixed. */
#include "conformance.h"

/* More than a ring of 8 goes round a few times with. */
#define MANY 1000

static struct io_uring_sqe *prep_nop(struct io_uring *ring, uint64_t data, unsigned nop_flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_nop(sqe);
	set_sqe(sqe, data, 0);
	sqe->nop_flags = nop_flags;
	sqe->off = ~data;
	sqe->addr = data * 3;
	return sqe;
}

static bool is_long(uint64_t data)
{
	/* No pattern that fits into a ring. */
	return data % 3 == 1 || data % 7 == 2;
}

static void expect_entry(const struct io_uring_cqe *cqe, uint64_t data, bool long_one)
{
	expect(cqe->user_data, data);
	expect(cqe->res, 0);
	if (long_one) {
		expect(cqe->big_cqe[0], ~data);
		expect(cqe->big_cqe[1], data * 3);
	}
}

/* ---- Long entries everywhere ----------------------------------------------------------------- */

static void long_sqes(void)
{
	struct io_uring_sqe *sqe, *last = NULL;
	struct io_uring ring;

	open_ring(&ring, 8, IORING_SETUP_SQE128);
	for (unsigned i = 0; i < MANY; i++) {
		sqe = prep_nop(&ring, i, 0);
		if (last && i % 8)
			expect((char *)sqe - (char *)last, 128);
		/* The second half is the entry's own too. */
		memset((char *)sqe + 64, 0xff, 64);
		last = sqe;
		if (i % 8 == 7) {
			check(!io_uring_get_sqe(&ring), "more entries than asked for");
			submit(&ring, 8);
			for (unsigned k = i - 7; k <= i; k++)
				expect_full_answer(&ring, k, 0, 0);
		}
	}
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

static void long_cqes(void)
{
	struct io_uring_cqe *cqes[16];
	struct io_uring ring;
	unsigned count;

	need_linux(6, 18, "IORING_NOP_CQE32");
	open_ring(&ring, 8, IORING_SETUP_CQE32);
	for (uint64_t i = 0; i < MANY; i += 5) {
		for (unsigned k = 0; k < 5; k++)
			prep_nop(&ring, i + k, IORING_NOP_CQE32);
		submit(&ring, 5);
		/* One completion is one, long though it is. */
		expect(io_uring_cq_ready(&ring), 5);
		count = io_uring_peek_batch_cqe(&ring, cqes, 16);
		expect(count, 5);
		for (unsigned k = 0; k < 5; k++) {
			expect_entry(cqes[k], i + k, true);
			expect(cqes[k]->flags, 0);
			expect(io_uring_cqe_nr(cqes[k]), 1);
		}
		io_uring_cq_advance(&ring, 5);
	}
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

static void long_cqes_one_by_one(void)
{
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;
	unsigned head, seen;

	need_linux(6, 18, "IORING_NOP_CQE32");
	open_ring(&ring, 8, IORING_SETUP_CQE32 | IORING_SETUP_SQE128);
	for (uint64_t i = 0; i < MANY; i += 3) {
		for (unsigned k = 0; k < 3; k++)
			prep_nop(&ring, i + k, IORING_NOP_CQE32);
		submit(&ring, 3);
		expect(io_uring_wait_cqe(&ring, &cqe), 0);
		expect_entry(cqe, i, true);
		io_uring_cqe_seen(&ring, cqe);
		seen = 1;
		io_uring_for_each_cqe(&ring, head, cqe)
			expect_entry(cqe, i + seen++, true);
		expect(seen, 3);
		io_uring_cq_advance(&ring, 2);
	}
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

static void long_cqes_that_are_not_filled(void)
{
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;

	open_ring(&ring, 8, IORING_SETUP_CQE32);
	for (unsigned i = 0; i < 40; i++) {
		prep_nop(&ring, i, 0);
		submit(&ring, 1);
		expect(io_uring_wait_cqe(&ring, &cqe), 0);
		/* Where there is nothing to say, zeroes. */
		expect(cqe->user_data, i);
		expect(cqe->big_cqe[0], 0);
		expect(cqe->big_cqe[1], 0);
		memset(cqe->big_cqe, 0xff, 16);
		io_uring_cqe_seen(&ring, cqe);
	}
	io_uring_queue_exit(&ring);
}

static void long_cqes_overflow(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQE32 | IORING_SETUP_CQSIZE,
				     .cq_entries = 8 };
	struct io_uring ring;
	struct answer a;

	need_linux(6, 18, "IORING_NOP_CQE32");
	expect(try_ring(&ring, 8, &p), 0);
	for (unsigned i = 0; i < 24; i++) {
		prep_nop(&ring, i, IORING_NOP_CQE32);
		submit(&ring, 1);
	}
	check(io_uring_cq_has_overflow(&ring), "24 in 8 do not overflow");
	for (uint64_t i = 0; i < 24; i++) {
		a = next_answer(&ring);
		expect_full_answer_at(__FILE__, __LINE__, a, i, 0, 0);
		expect(a.extra[0], ~i);
		expect(a.extra[1], i * 3);
	}
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

/* ---- Mixed CQEs ------------------------------------------------------------------------------ */

static void open_mixed(struct io_uring *ring, unsigned entries)
{
	need_linux(6, 18, "IORING_SETUP_CQE_MIXED");
	open_ring(ring, entries, IORING_SETUP_CQE_MIXED);
}

static void mixed(void)
{
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;

	open_mixed(&ring, 8);
	for (uint64_t i = 0; i < MANY; i++) {
		prep_nop(&ring, i, is_long(i) ? IORING_NOP_CQE32 : 0);
		submit(&ring, 1);
		expect(io_uring_wait_cqe(&ring, &cqe), 0);
		expect_entry(cqe, i, is_long(i));
		expect(cqe->flags, is_long(i) ? IORING_CQE_F_32 : 0);
		expect(io_uring_cqe_nr(cqe), is_long(i) ? 2 : 1);
		io_uring_cqe_seen(&ring, cqe);
	}
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

/* Reaps with an iterator what is there, filler or not, the way a program would. */
static uint64_t reap_all(struct io_uring *ring, uint64_t next, unsigned *fillers)
{
	struct io_uring_cqe *cqe;
	unsigned head, slots = 0;

	io_uring_for_each_cqe(ring, head, cqe) {
		slots += io_uring_cqe_nr(cqe);
		if (cqe->flags & IORING_CQE_F_SKIP) {
			++*fillers;
			expect(io_uring_cqe_nr(cqe), 1);
			/* At the very end, where a long one has no room. */
			expect(cqe - ring->cq.cqes, ring->cq.ring_entries - 1);
			continue;
		}
		expect_entry(cqe, next, is_long(next));
		expect(cqe->flags, is_long(next) ? IORING_CQE_F_32 : 0);
		next++;
	}
	expect(slots, io_uring_cq_ready(ring));
	io_uring_cq_advance(ring, slots);
	return next;
}

static void mixed_batches(void)
{
	struct io_uring ring;
	uint64_t next = 0, done = 0;
	unsigned fillers = 0;

	open_mixed(&ring, 8);
	for (unsigned round = 0; round < 200; round++) {
		unsigned count = 1 + round % 7;

		for (unsigned k = 0; k < count; k++, next++)
			prep_nop(&ring, next, is_long(next) ? IORING_NOP_CQE32 : 0);
		submit(&ring, count);
		done = reap_all(&ring, done, &fillers);
		expect(done, next);
	}
	check(fillers > 10, "only %u fillers", fillers);
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

/* A filler takes a slot, but waiting and peeking pass it by. */
static void mixed_filler(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQE_MIXED | IORING_SETUP_CQSIZE,
				     .cq_entries = 8 };
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;

	need_linux(6, 18, "IORING_SETUP_CQE_MIXED");
	expect(try_ring(&ring, 8, &p), 0);
	expect(p.cq_entries, 8);
	for (uint64_t i = 0; i < 7; i++) {
		prep_nop(&ring, i, 0);
		expect(run_one(&ring).data, i);
	}
	/* One slot is left until the end: not enough. */
	prep_nop(&ring, 7, IORING_NOP_CQE32);
	submit(&ring, 1);
	expect(io_uring_cq_ready(&ring), 3);
	check(ring.cq.cqes[7].flags & IORING_CQE_F_SKIP, "the end is not filled up");
	expect(io_uring_wait_cqe(&ring, &cqe), 0);
	check(cqe == &ring.cq.cqes[0], "the long one does not begin at the start");
	expect_entry(cqe, 7, true);
	expect(io_uring_cq_ready(&ring), 2);
	io_uring_cqe_seen(&ring, cqe);
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

static void mixed_peek_batch(void)
{
	struct io_uring_cqe *cqes[8];
	struct io_uring ring;
	unsigned count, slots;

	open_mixed(&ring, 8);
	for (uint64_t i = 0; i < 5; i++)
		prep_nop(&ring, i, is_long(i) ? IORING_NOP_CQE32 : 0);
	submit(&ring, 5);
	count = io_uring_peek_batch_cqe(&ring, cqes, 8);
	expect(count, 5);
	slots = 0;
	for (unsigned i = 0; i < count; i++) {
		expect_entry(cqes[i], i, is_long(i));
		slots += io_uring_cqe_nr(cqes[i]);
	}
	/* 1, 2 and 4 are long. */
	expect(slots, 8);
	expect(io_uring_cq_ready(&ring), slots);
	io_uring_cq_advance(&ring, slots);
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

static void mixed_overflow(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQE_MIXED | IORING_SETUP_CQSIZE,
				     .cq_entries = 8 };
	struct io_uring ring;

	need_linux(6, 18, "IORING_SETUP_CQE_MIXED");
	expect(try_ring(&ring, 8, &p), 0);
	for (uint64_t i = 0; i < 60; i++) {
		prep_nop(&ring, i, is_long(i) ? IORING_NOP_CQE32 : 0);
		submit(&ring, 1);
	}
	check(io_uring_cq_has_overflow(&ring), "60 in 8 do not overflow");
	for (uint64_t i = 0; i < 60; i++) {
		struct answer a = next_answer(&ring);

		expect_full_answer_at(__FILE__, __LINE__, a, i, 0,
				      is_long(i) ? IORING_CQE_F_32 : 0);
		if (is_long(i))
			expect(a.extra[0], ~i);
	}
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

/* Slots are what waiting is for: observed, and so a long one counts as two. */
static void mixed_wait(void)
{
	struct __kernel_timespec ts = MILLISECONDS(9000);
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;
	int64_t start;

	open_mixed(&ring, 8);
	prep_nop(&ring, 1, IORING_NOP_CQE32);
	expect(io_uring_submit_and_wait_timeout(&ring, &cqe, 2, &ts, NULL), 1);
	check(cqe, "no completion");
	expect_entry(cqe, 1, true);
	expect(io_uring_cq_ready(&ring), 2);
	io_uring_cqe_seen(&ring, cqe);
	/* And one of the short is not enough. */
	ts = MILLISECONDS(20);
	prep_nop(&ring, 2, 0);
	submit(&ring, 1);
	start = now_ms();
	expect(io_uring_wait_cqes(&ring, &cqe, 2, &ts, NULL), 0);
	check(now_ms() - start >= 19, "ended after %d ms", (int)(now_ms() - start));
	expect_answer(&ring, 2, 0);
	io_uring_queue_exit(&ring);
}

static void not_both(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQE_MIXED | IORING_SETUP_CQE32 };
	struct io_uring ring;

	open_mixed(&ring, 8);
	io_uring_queue_exit(&ring);
	expect(try_ring(&ring, 8, &p), -EINVAL);
	/* A queue of one has no room for a long one, ever. */
	p = (struct io_uring_params){ .flags = IORING_SETUP_CQE_MIXED | IORING_SETUP_CQSIZE,
				      .cq_entries = 1 };
	expect(try_ring(&ring, 1, &p), -EOVERFLOW);
}

static void any_kind_of_ring(void)
{
	static const unsigned flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_SQPOLL,
		IORING_SETUP_NO_SQARRAY | IORING_SETUP_SQE128,
		IORING_SETUP_NO_MMAP,
	};
	struct io_uring ring;

	need_linux(6, 18, "IORING_SETUP_CQE_MIXED");
	for (size_t i = 0; i < 2 * ARRAY_LEN(flags); i++) {
		bool all = i % 2;

		open_ring(&ring, 8,
			  flags[i / 2] | (all ? IORING_SETUP_CQE32 : IORING_SETUP_CQE_MIXED));
		for (uint64_t next = 0; next < 200; next += 4) {
			for (uint64_t k = next; k < next + 4; k++)
				prep_nop(&ring, k,
					 all || is_long(k) ? IORING_NOP_CQE32 | IORING_NOP_TW : 0);
			submit(&ring, 4);
			for (unsigned k = 0; k < 4; k++) {
				struct answer a = next_answer(&ring);

				/* Through task work they may be overtaken. */
				check(a.data >= next && a.data < next + 4, "data %d", (int)a.data);
				if (all || is_long(a.data)) {
					expect(a.extra[0], ~a.data);
					expect(a.extra[1], a.data * 3);
				}
			}
		}
		io_uring_queue_exit(&ring);
	}
}

/* ---- Mixed SQEs, and rewinding --------------------------------------------------------------- */

static void mixed_sqes(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	/* Skips where the flag is refused: it came with Linux 6.19. */
	open_ring(&ring, 8, IORING_SETUP_SQE_MIXED);
	for (uint64_t i = 0; i < MANY; i++) {
		if (is_long(i)) {
			sqe = io_uring_get_sqe128(&ring);
			check(sqe, "no room for a long entry");
			io_uring_prep_nop128(sqe);
		} else {
			sqe = new_sqe(&ring);
			io_uring_prep_nop(sqe);
		}
		set_sqe(sqe, i, 0);
		expect(io_uring_submit(&ring) > 0, 1);
		expect_full_answer(&ring, i, 0, 0);
	}
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

static void mixed_sqes_refused(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	need_op(IORING_OP_NOP128, "IORING_OP_NOP128");
	open_ring(&ring, 8, 0);
	check(!io_uring_get_sqe128(&ring), "a long entry in a ring of short ones");
	sqe = new_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->opcode = IORING_OP_NOP128;
	set_sqe(sqe, 1, 0);
	expect(run_one(&ring).res, -EINVAL);
	io_uring_queue_exit(&ring);
}

static void long_opcodes_unknown(void)
{
	static const uint8_t ops[] = { IORING_OP_NOP128, IORING_OP_URING_CMD128 };
	struct io_uring_probe *probe = io_uring_get_probe();
	struct io_uring ring;

	check(probe, "no probe");
	if (io_uring_opcode_supported(probe, IORING_OP_NOP128))
		skip_because_of("this engine has IORING_OP_NOP128");
	open_ring(&ring, 8, IORING_SETUP_SQE128);
	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		prep_nop(&ring, i, 0)->opcode = ops[i];
		expect_full_answer_at(__FILE__, __LINE__, run_one(&ring), i, -EINVAL, 0);
	}
	io_uring_free_probe(probe);
	io_uring_queue_exit(&ring);
}

static void rewound(void)
{
	struct io_uring_sqe *first = NULL, *sqe;
	struct io_uring ring;

	/* Skips where the flag is refused: it came with Linux 7.0. */
	open_ring(&ring, 8, IORING_SETUP_SQ_REWIND | IORING_SETUP_NO_SQARRAY);
	for (uint64_t round = 0; round < 50; round++) {
		for (uint64_t i = 0; i < 3; i++) {
			sqe = prep_nop(&ring, i, 0);
			if (!round && !i)
				first = sqe;
			if (!i)
				check(sqe == first, "a submission does not begin at entry 0");
		}
		submit(&ring, 3);
		for (uint64_t i = 0; i < 3; i++)
			expect_full_answer(&ring, i, 0, 0);
	}
	io_uring_queue_exit(&ring);
}

const struct conformance_case entry_cases[] = {
	{ "long SQEs are 128 bytes apart, round and round", long_sqes },
	{ "long CQEs are reaped in batches, round and round", long_cqes },
	{ "long CQEs are reaped one by one and by a loop", long_cqes_one_by_one },
	{ "a long CQE with nothing more to say ends in zeroes", long_cqes_that_are_not_filled },
	{ "long CQEs overflow whole", long_cqes_overflow },
	{ "in a mixed ring a CQE says if it is long", mixed },
	{ "in a mixed ring a loop meets every CQE in order", mixed_batches },
	{ "in a mixed ring a filler stands where a long CQE has no room", mixed_filler },
	{ "in a mixed ring a batch holds both kinds", mixed_peek_batch },
	{ "in a mixed ring both kinds overflow, in order", mixed_overflow },
	{ "in a mixed ring a long CQE counts as two that are waited for", mixed_wait },
	{ "a ring has long CQEs or mixed ones, not both", not_both },
	{ "every kind of ring has long CQEs, or both kinds", any_kind_of_ring },
	{ "short and long SQEs can be mixed", mixed_sqes },
	{ "a long SQE is refused where there are none", mixed_sqes_refused },
	{ "long opcodes are -EINVAL where they are not known", long_opcodes_unknown },
	{ "a ring that rewinds begins with entry 0 each time", rewound },
	{ 0 },
};
