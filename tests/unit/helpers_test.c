/* SPDX-License-Identifier: MIT */
/* The inline functions of <liburing.h> that need no engine, on rings in the test's own memory. */
#include "fake_ring.h"
#include "support.h"

#include <limits.h>

/* ---- What recvmsg_multishot leaves in a buffer ----------------------------------------------- */

#define NAME_ROOM    16
#define CONTROL_ROOM 64
#define HEADER	     sizeof(struct io_uring_recvmsg_out)
#define PAYLOAD_AT   (HEADER + NAME_ROOM + CONTROL_ROOM)

static union {
	struct io_uring_recvmsg_out out;
	unsigned char bytes[256];
} message;

static struct msghdr rooms = { .msg_namelen = NAME_ROOM, .msg_controllen = CONTROL_ROOM };

/* A control message at `at` bytes into the control data. */
static struct cmsghdr *put_cmsg(size_t at, size_t len)
{
	struct cmsghdr *cmsg = (struct cmsghdr *)&message.bytes[HEADER + NAME_ROOM + at];

	cmsg->cmsg_len = len;
	return cmsg;
}

static void test_recvmsg_parts(void **state)
{
	struct io_uring_recvmsg_out *out;

	(void)state;
	memset(&message, 0, sizeof(message));
	out = io_uring_recvmsg_validate(&message, PAYLOAD_AT + 5, &rooms);
	assert_ptr_equal(out, &message);
	assert_ptr_equal(io_uring_recvmsg_name(out), &message.bytes[HEADER]);
	assert_ptr_equal(io_uring_recvmsg_payload(out, &rooms), &message.bytes[PAYLOAD_AT]);
	assert_int_equal(io_uring_recvmsg_payload_length(out, PAYLOAD_AT + 5, &rooms), 5);
	assert_int_equal(io_uring_recvmsg_payload_length(out, PAYLOAD_AT, &rooms), 0);

	/* A longer name or payload than there was room for is said, and moves nothing. */
	out->namelen = NAME_ROOM + 100;
	out->payloadlen = 1000;
	out->flags = MSG_TRUNC;
	assert_ptr_equal(io_uring_recvmsg_payload(out, &rooms), &message.bytes[PAYLOAD_AT]);
	assert_int_equal(io_uring_recvmsg_payload_length(out, PAYLOAD_AT + 5, &rooms), 5);
	/* Nor does a shorter one. */
	out->namelen = 2;
	out->controllen = 0;
	assert_ptr_equal(io_uring_recvmsg_payload(out, &rooms), &message.bytes[PAYLOAD_AT]);
}

static void test_recvmsg_too_short(void **state)
{
	struct msghdr none = { 0 }, vast = { .msg_namelen = 4, .msg_controllen = SIZE_MAX - 3 };

	(void)state;
	/* A sum that wraps, to 0. */
	assert_null(io_uring_recvmsg_validate(&message, PAYLOAD_AT, &vast));
	assert_int_equal(io_uring_recvmsg_payload_length(&message.out, PAYLOAD_AT, &vast), 0);
	assert_int_equal(io_uring_recvmsg_payload_length(&message.out, PAYLOAD_AT - 1, &rooms), 0);
	assert_null(io_uring_recvmsg_validate(&message, -1, &rooms));
	assert_null(io_uring_recvmsg_validate(&message, INT_MIN, &rooms));
	assert_null(io_uring_recvmsg_validate(&message, 0, &rooms));
	assert_null(io_uring_recvmsg_validate(&message, HEADER, &rooms));
	assert_null(io_uring_recvmsg_validate(&message, PAYLOAD_AT - 1, &rooms));
	assert_non_null(io_uring_recvmsg_validate(&message, PAYLOAD_AT, &rooms));
	assert_null(io_uring_recvmsg_validate(&message, HEADER - 1, &none));
	assert_non_null(io_uring_recvmsg_validate(&message, HEADER, &none));
}

static void test_recvmsg_cmsgs(void **state)
{
	struct io_uring_recvmsg_out *out = &message.out;
	struct cmsghdr *first, *second;

	(void)state;
	memset(&message, 0, sizeof(message));
	first = put_cmsg(0, CMSG_LEN(4));
	second = put_cmsg(CMSG_SPACE(4), CMSG_LEN(1));

	out->controllen = sizeof(struct cmsghdr) - 1;
	assert_null(io_uring_recvmsg_cmsg_firsthdr(out, &rooms));
	out->controllen = CMSG_SPACE(4);
	assert_ptr_equal(io_uring_recvmsg_cmsg_firsthdr(out, &rooms), first);
	assert_null(io_uring_recvmsg_cmsg_nexthdr(out, &rooms, first));
	out->controllen = CMSG_SPACE(4) + CMSG_SPACE(1);
	assert_ptr_equal(io_uring_recvmsg_cmsg_nexthdr(out, &rooms, first), second);
	assert_null(io_uring_recvmsg_cmsg_nexthdr(out, &rooms, second));

	/* The padding of the last one counts, as in CMSG_NXTHDR. */
	out->controllen--;
	assert_null(io_uring_recvmsg_cmsg_nexthdr(out, &rooms, first));
}

/* Control data comes from the kernel, but a program may have it from elsewhere. */
static void test_recvmsg_bad_cmsgs(void **state)
{
	static const size_t lens[] = {
		0, 1, sizeof(struct cmsghdr) - 1, CONTROL_ROOM + 1, SIZE_MAX, SIZE_MAX - 6
	};
	struct io_uring_recvmsg_out *out = &message.out;
	struct cmsghdr *first;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		memset(&message, 0, sizeof(message));
		out->controllen = CONTROL_ROOM;
		first = put_cmsg(0, lens[i]);
		assert_null(io_uring_recvmsg_cmsg_nexthdr(out, &rooms, first));
	}
	/* The second is the bad one: longer than what is left. */
	first = put_cmsg(0, CMSG_LEN(4));
	for (size_t len = CONTROL_ROOM - CMSG_SPACE(4) + 1; len < 2 * CONTROL_ROOM; len++) {
		put_cmsg(CMSG_SPACE(4), len);
		assert_null(io_uring_recvmsg_cmsg_nexthdr(out, &rooms, first));
	}
	/* So long that its padding wraps. */
	for (size_t len = SIZE_MAX - 2 * sizeof(size_t); len; len++) {
		put_cmsg(CMSG_SPACE(4), len);
		assert_null(io_uring_recvmsg_cmsg_nexthdr(out, &rooms, first));
	}
}

/* ---- Buffer rings ---------------------------------------------------------------------------- */

static union {
	struct io_uring_buf_ring br;
	struct io_uring_buf bufs[ENTRIES];
} group;

static void test_buf_ring_add(void **state)
{
	const int mask = io_uring_buf_ring_mask(ENTRIES);

	(void)state;
	assert_int_equal(mask, ENTRIES - 1);
	assert_int_equal(io_uring_buf_ring_mask(1), 0);
	assert_int_equal(io_uring_buf_ring_mask(32768), 32767);
	memset(&group, 0, sizeof(group));
	io_uring_buf_ring_init(&group.br);
	/* One past the last slot is the first again, where the tail lies beside the buffer. */
	for (int i = 0; i < (int)ENTRIES + 1; i++)
		io_uring_buf_ring_add(&group.br, (void *)(uintptr_t)(0x1000 + i),
				      100U + (unsigned)i, (unsigned short)(65527 + i), mask, i);
	assert_int_equal(group.br.tail, 0);
	assert_int_equal(group.bufs[0].addr, 0x1000 + ENTRIES);
	assert_int_equal(group.bufs[0].len, 100 + ENTRIES);
	assert_int_equal(group.bufs[0].bid, 65535);
	assert_int_equal(group.bufs[7].addr, 0x1007);
	assert_int_equal(group.bufs[7].bid, 65534);
}

static void test_buf_ring_tail_wraps(void **state)
{
	const int mask = io_uring_buf_ring_mask(ENTRIES);

	(void)state;
	memset(&group, 0, sizeof(group));
	group.br.tail = 65534;
	for (int i = 0; i < 4; i++)
		io_uring_buf_ring_add(&group.br, NULL, 0, (unsigned short)(i + 1), mask, i);
	assert_int_equal(group.bufs[6].bid, 1);
	assert_int_equal(group.bufs[7].bid, 2);
	assert_int_equal(group.bufs[0].bid, 3);
	assert_int_equal(group.bufs[1].bid, 4);
	io_uring_buf_ring_advance(&group.br, 4);
	assert_int_equal(group.br.tail, 2);
	/* And nothing but the tail. */
	assert_int_equal(group.bufs[0].bid, 3);
	io_uring_buf_ring_init(&group.br);
	assert_int_equal(group.br.tail, 0);
	assert_int_equal(group.bufs[0].bid, 3);
}

static void test_buf_ring_cq_advance(void **state)
{
	struct io_uring *ring = fake_ring(0);

	(void)state;
	memset(&group, 0, sizeof(group));
	fake.cq_head = UINT_MAX;
	group.br.tail = 65535;
	io_uring_buf_ring_cq_advance(ring, &group.br, 2);
	assert_int_equal(group.br.tail, 1);
	assert_int_equal(fake.cq_head, 1);
	__io_uring_buf_ring_cq_advance(ring, &group.br, 1, 3);
	assert_int_equal(group.br.tail, 4);
	assert_int_equal(fake.cq_head, 2);
	__io_uring_buf_ring_cq_advance(ring, &group.br, 0, 0);
	assert_int_equal(group.br.tail, 4);
	assert_int_equal(fake.cq_head, 2);
}

/* ---- The completion queue -------------------------------------------------------------------- */

/* Posts a CQE as an engine does: a large one in a mixed ring takes two slots that are
 * neighbours. */
static void post(uint64_t data, unsigned flags)
{
	const unsigned shift = io_uring_cqe_shift(&fake.ring);
	struct io_uring_cqe *cqe;

	if (flags & IORING_CQE_F_32 && (fake.cq_tail & (ENTRIES - 1)) == ENTRIES - 1)
		fake.cqes[fake.cq_tail++ & (ENTRIES - 1)].flags = IORING_CQE_F_SKIP;
	cqe = &fake.cqes[(fake.cq_tail & (ENTRIES - 1)) << shift];
	cqe->user_data = data;
	cqe->flags = flags;
	fake.cq_tail += flags & IORING_CQE_F_32 ? 2 : 1;
}

/* An empty queue whose next slot is number `at`. */
static struct io_uring *queue_at(unsigned flags, unsigned at)
{
	struct io_uring *ring = fake_ring(flags);

	fake.cq_head = fake.cq_tail = at;
	return ring;
}

static void test_each_cqe(void **state)
{
	static const unsigned starts[] = { 0, 6, UINT_MAX - 1 };
	static const unsigned flags[] = { 0, IORING_SETUP_CQE32, IORING_SETUP_CQE_MIXED };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(starts) * ARRAY_LEN(flags); i++) {
		struct io_uring *ring = queue_at(flags[i % 3], starts[i / 3]);
		struct io_uring_cqe *cqe = NULL;
		struct {
			unsigned at;
			struct io_uring_cqe *found;
		} walk, *w = &walk;
		unsigned head, n = 0;

		io_uring_for_each_cqe(ring, head, cqe)
			n++;
		/* Variables of any name, and more than variables. */
		io_uring_for_each_cqe(ring, w->at, walk.found)
			n++;
		assert_int_equal(n, 0);
		for (unsigned j = 0; j < ENTRIES; j++)
			post(j, 0);
		assert_int_equal(io_uring_cq_ready(ring), ENTRIES);
		io_uring_for_each_cqe(ring, head, cqe) {
			assert_int_equal(head, starts[i / 3] + n);
			assert_int_equal(cqe->user_data, n);
			n++;
			if (n == 3)
				continue;
			if (n == 5)
				break;
		}
		assert_int_equal(n, 5);
		/* It reaped none. */
		assert_int_equal(fake.cq_head, starts[i / 3]);
		io_uring_cq_advance(ring, n);
		assert_int_equal(io_uring_cq_ready(ring), ENTRIES - 5);
		io_uring_for_each_cqe(ring, head, cqe)
			assert_int_equal(cqe->user_data, n++);
		assert_int_equal(n, ENTRIES);
	}
}

static void test_each_sees_a_snapshot(void **state)
{
	struct io_uring *ring = queue_at(0, 0);
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;

	(void)state;
	post(1, 0);
	io_uring_for_each_cqe(ring, head, cqe) {
		n++;
		post(2, 0);
	}
	assert_int_equal(n, 1);
	assert_int_equal(io_uring_cq_ready(ring), 2);
}

static void test_mixed_sizes(void **state)
{
	(void)state;
	/* Each place in the queue once, so that each CQE lies across the end once. */
	for (unsigned at = 0; at < ENTRIES; at++) {
		struct io_uring *ring = queue_at(IORING_SETUP_CQE_MIXED, at);
		struct io_uring_cqe *cqe;
		unsigned head, slots = 0;
		uint64_t next = 1;

		post(1, 0);
		post(2, IORING_CQE_F_32);
		post(3, 0);
		post(4, IORING_CQE_F_32);
		io_uring_for_each_cqe(ring, head, cqe) {
			slots += io_uring_cqe_nr(cqe);
			if (cqe->flags & IORING_CQE_F_SKIP)
				continue;
			assert_int_equal(cqe->user_data, next);
			assert_int_equal(io_uring_cqe_nr(cqe), next % 2 ? 1 : 2);
			next++;
		}
		assert_int_equal(next, 5);
		assert_int_equal(slots, fake.cq_tail - at);

		/* Reaped one by one: what fills the end of the queue is never seen. */
		for (next = 1; next < 5; next++) {
			assert_ret(0, io_uring_peek_cqe(ring, &cqe));
			assert_int_equal(cqe->user_data, next);
			io_uring_cqe_seen(ring, cqe);
		}
		assert_int_equal(fake.cq_head, fake.cq_tail);
	}
}

/* A kernel without IORING_FEAT_EXT_ARG: waits have a timeout request behind them. */
static void test_internal_timeout(void **state)
{
	struct io_uring *ring = queue_at(0, 0);
	struct io_uring_cqe *cqe;
	int err = 0;

	(void)state;
	ring->features = 0;
	post(LIBURING_UDATA_TIMEOUT, 0);
	post(5, 0);
	assert_ret(0, io_uring_peek_cqe(ring, &cqe));
	assert_int_equal(cqe->user_data, 5);
	assert_int_equal(fake.cq_head, 1);

	ring = queue_at(0, 0);
	ring->features = 0;
	post(LIBURING_UDATA_TIMEOUT, 0);
	fake.cqes[0].res = -ETIME;
	assert_true(io_uring_cq_ready(ring) == 1);
	assert_ret(-ETIME, __io_uring_peek_cqe(ring, &cqe, NULL));
	assert_null(cqe);
	assert_int_equal(io_uring_cq_ready(ring), 0);

	/* Elsewhere that user_data is the application's. */
	ring = queue_at(0, 0);
	post(LIBURING_UDATA_TIMEOUT, 0);
	assert_false(io_uring_skip_cqe(ring, &fake.cqes[0], &err));
	assert_ret(0, io_uring_peek_cqe(ring, &cqe));
	assert_int_equal(io_uring_cqe_get_data64(cqe), LIBURING_UDATA_TIMEOUT);
	assert_ptr_equal(io_uring_cqe_get_data(cqe), (void *)UINTPTR_MAX);
}

static void test_seen_and_advance(void **state)
{
	struct io_uring *ring = queue_at(IORING_SETUP_CQE32, UINT_MAX);

	(void)state;
	post(0, 0);
	io_uring_cqe_seen(ring, NULL);
	assert_int_equal(fake.cq_head, UINT_MAX);
	io_uring_cq_advance(ring, 0);
	assert_int_equal(fake.cq_head, UINT_MAX);
	io_uring_cqe_seen(ring, &fake.cqes[14]);
	assert_int_equal(fake.cq_head, 0);
}

static void test_cq_flags(void **state)
{
	struct io_uring *ring = fake_ring(0);

	(void)state;
	assert_false(io_uring_cq_has_overflow(ring));
	fake.sq_flags = IORING_SQ_NEED_WAKEUP | IORING_SQ_TASKRUN;
	assert_false(io_uring_cq_has_overflow(ring));
	fake.sq_flags = IORING_SQ_CQ_OVERFLOW;
	assert_true(io_uring_cq_has_overflow(ring));

	/* The other bits are the engine's. */
	fake.cq_flags = 0x80;
	assert_true(io_uring_cq_eventfd_enabled(ring));
	assert_ret(0, io_uring_cq_eventfd_toggle(ring, true));
	assert_int_equal(fake.cq_flags, 0x80);
	assert_ret(0, io_uring_cq_eventfd_toggle(ring, false));
	assert_int_equal(fake.cq_flags, 0x80 | IORING_CQ_EVENTFD_DISABLED);
	assert_false(io_uring_cq_eventfd_enabled(ring));
	assert_ret(0, io_uring_cq_eventfd_toggle(ring, true));
	assert_int_equal(fake.cq_flags, 0x80);

	/* Before Linux 5.8. */
	ring->cq.kflags = NULL;
	assert_true(io_uring_cq_eventfd_enabled(ring));
	assert_ret(0, io_uring_cq_eventfd_toggle(ring, true));
	assert_ret(-EOPNOTSUPP, io_uring_cq_eventfd_toggle(ring, false));
}

/* ---- The submission queue -------------------------------------------------------------------- */

static void test_sq_counts(void **state)
{
	static const unsigned flags[] = { 0, IORING_SETUP_SQPOLL };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		struct io_uring *ring = fake_ring(flags[i]);

		fake.sq_head = ring->sq.sqe_head = ring->sq.sqe_tail = UINT_MAX - 3;
		for (unsigned n = 0; n < ENTRIES; n++) {
			assert_int_equal(io_uring_sq_ready(ring), n);
			assert_int_equal(io_uring_sq_space_left(ring), ENTRIES - n);
			assert_ret(0, io_uring_sqring_wait(ring));
			assert_ptr_equal(io_uring_get_sqe(ring),
					 &fake.sqes[(UINT_MAX - 3 + n) % ENTRIES]);
		}
		assert_int_equal(io_uring_sq_space_left(ring), 0);
		assert_null(io_uring_get_sqe(ring));
		fake.sq_head += 3;
		assert_int_equal(io_uring_load_sq_head(ring), UINT_MAX);
		assert_int_equal(io_uring_sq_space_left(ring), 3);
	}
}

static void test_large_sqes(void **state)
{
	struct io_uring *ring = fake_ring(IORING_SETUP_SQE128);

	(void)state;
	memset(fake.sqes, 0xa5, sizeof(fake.sqes));
	for (unsigned n = 0; n < ENTRIES; n++)
		assert_ptr_equal(n % 2 ? io_uring_get_sqe(ring) : io_uring_get_sqe128(ring),
				 &fake.sqes[2 * n]);
	assert_null(io_uring_get_sqe128(ring));
	/* The second half is for the command that the application puts there. */
	for (size_t i = 0; i < sizeof(fake.sqes[1]); i++)
		assert_int_equal(((unsigned char *)&fake.sqes[1])[i], 0xa5);
}

static void test_shifts(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 32; bit++) {
		const unsigned flags = 1U << bit;
		struct io_uring *ring = fake_ring(flags);
		const unsigned sqe = flags == IORING_SETUP_SQE128;
		const unsigned cqe = flags == IORING_SETUP_CQE32;

		assert_int_equal(io_uring_sqe_shift_from_flags(flags), sqe);
		assert_int_equal(io_uring_cqe_shift_from_flags(flags), cqe);
		assert_int_equal(io_uring_sqe_shift(ring), sqe);
		assert_int_equal(io_uring_cqe_shift(ring), cqe);
		assert_int_equal(io_uring_cqe_index(ring, 9U, 7U), 1U << cqe);
	}
}

/* ---- Probes, versions ------------------------------------------------------------------------ */

static void test_opcode_supported(void **state)
{
	union {
		struct io_uring_probe probe;
		unsigned char room[sizeof(struct io_uring_probe) +
				   256 * sizeof(struct io_uring_probe_op)];
	} u;

	(void)state;
	memset(&u, 0, sizeof(u));
	u.probe.last_op = 3;
	for (int op = 0; op < 256; op++)
		u.probe.ops[op].flags = op == 2 ? 0xfffe : IO_URING_OP_SUPPORTED;
	assert_true(io_uring_opcode_supported(&u.probe, 0));
	assert_false(io_uring_opcode_supported(&u.probe, 2));
	assert_true(io_uring_opcode_supported(&u.probe, 3));
	/* Past the last that the engine has. */
	assert_false(io_uring_opcode_supported(&u.probe, 4));
	assert_false(io_uring_opcode_supported(&u.probe, 255));
	assert_false(io_uring_opcode_supported(&u.probe, 1000));
}

#if IO_URING_CHECK_VERSION(2, 15) || IO_URING_CHECK_VERSION(2, 3) || IO_URING_CHECK_VERSION(1, 99)
#error "2.15 is not older than these"
#endif
#if !IO_URING_CHECK_VERSION(2, 16) || !IO_URING_CHECK_VERSION(3, 0)
#error "2.15 is older than these"
#endif

static void test_versions(void **state)
{
	(void)state;
	assert_int_equal(IO_URING_VERSION_MAJOR, 2);
	assert_int_equal(IO_URING_VERSION_MINOR, 15);
	assert_int_equal(io_uring_major_version(), IO_URING_VERSION_MAJOR);
	assert_int_equal(io_uring_minor_version(), IO_URING_VERSION_MINOR);
	for (int major = 0; major < 4; major++)
		for (int minor = 0; minor < 20; minor++)
			assert_int_equal(io_uring_check_version(major, minor),
					 IO_URING_CHECK_VERSION(major, minor));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recvmsg_parts),
		cmocka_unit_test(test_recvmsg_too_short),
		cmocka_unit_test(test_recvmsg_cmsgs),
		cmocka_unit_test(test_recvmsg_bad_cmsgs),
		cmocka_unit_test(test_buf_ring_add),
		cmocka_unit_test(test_buf_ring_tail_wraps),
		cmocka_unit_test(test_buf_ring_cq_advance),
		cmocka_unit_test(test_each_cqe),
		cmocka_unit_test(test_each_sees_a_snapshot),
		cmocka_unit_test(test_mixed_sizes),
		cmocka_unit_test(test_internal_timeout),
		cmocka_unit_test(test_seen_and_advance),
		cmocka_unit_test(test_cq_flags),
		cmocka_unit_test(test_sq_counts),
		cmocka_unit_test(test_large_sqes),
		cmocka_unit_test(test_shifts),
		cmocka_unit_test(test_opcode_supported),
		cmocka_unit_test(test_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
