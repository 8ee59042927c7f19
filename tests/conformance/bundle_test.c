/* SPDX-License-Identifier: MIT */
/* Sends that take provided buffers, and bundles: several buffers in one CQE. */
#include "net.h"

#define GROUP 3
#define COUNT 8
#define SIZE  16

struct scene {
	struct io_uring ring;
	struct pool pool;
	int fds[2];
	unsigned head; /* buffers used so far */
};

/* The buffers hold one run of the pattern. */
static void open_scene_with(struct scene *s, enum pair_kind kind, unsigned flags)
{
	s->head = 0;
	open_ring(&s->ring, 8, 0);
	need_feature(&s->ring, IORING_FEAT_RECVSEND_BUNDLE, "bundles");
	open_pool(&s->pool, &s->ring, GROUP, COUNT, SIZE, flags);
	open_pair(kind, s->fds);
	fill_pattern(s->pool.bytes, (size_t)COUNT * SIZE);
}

static void open_scene(struct scene *s, enum pair_kind kind)
{
	open_scene_with(s, kind, 0);
}

static void close_scene(struct scene *s)
{
	close_pool(&s->pool);
	io_uring_queue_exit(&s->ring);
	close_pair(s->fds);
}

static void submit_send_select(struct scene *s, size_t len, bool bundle, int flags, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(&s->ring);

	if (bundle)
		io_uring_prep_send_bundle(sqe, s->fds[0], len, flags);
	else
		io_uring_prep_send(sqe, s->fds[0], NULL, len, flags);
	use_pool(sqe, &s->pool, data);
	submit(&s->ring, 1);
}

static void submit_recv_select(struct scene *s, size_t len, bool multishot, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(&s->ring);

	if (multishot)
		io_uring_prep_recv_multishot(sqe, s->fds[0], NULL, len, 0);
	else
		io_uring_prep_recv(sqe, s->fds[0], NULL, len, 0);
	sqe->ioprio |= IORING_RECVSEND_BUNDLE;
	use_pool(sqe, &s->pool, data);
	submit(&s->ring, 1);
}

/* Checks that a bundle starts with the next buffer and holds the pattern from `offset` on. */
static size_t check_bundle(struct scene *s, struct answer a, size_t offset)
{
	size_t left;

	check(a.res > 0, "res is %d", a.res);
	expect(a.flags & ~IORING_CQE_F_MORE, BUFFER_FLAGS(s->head % COUNT));
	left = (size_t)a.res;
	while (left) {
		size_t now = left < SIZE ? left : SIZE;

		expect_pattern(pool_buffer(&s->pool, s->head % COUNT), offset, now);
		offset += now;
		left -= now;
		s->head++;
	}
	return (size_t)a.res;
}

static size_t take_bundle(struct scene *s, size_t offset, bool more)
{
	struct answer a = next_but_nonempty(&s->ring);

	expect(!!(a.flags & IORING_CQE_F_MORE), more);
	return check_bundle(s, a, offset);
}

/* ---- Sending --------------------------------------------------------------------------------- */

static void send_one(void)
{
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		struct scene s;

		open_scene(&s, kind);
		for (unsigned bid = 0; bid < 3; bid++) {
			submit_send_select(&s, 0, false, 0, bid);
			expect_full_answer(&s.ring, bid, SIZE, BUFFER_FLAGS(bid));
			peer_receives(s.fds[1], (size_t)bid * SIZE, SIZE);
		}
		/* A length takes that much of the buffer, and uses it up. */
		submit_send_select(&s, 5, false, 0, 3);
		expect_full_answer(&s.ring, 3, 5, BUFFER_FLAGS(3));
		peer_receives(s.fds[1], 3 * SIZE, 5);
		submit_send_select(&s, 500, false, 0, 4);
		expect_full_answer(&s.ring, 4, SIZE, BUFFER_FLAGS(4));
		expect_available(&s.pool, 3);
		close_scene(&s);
	}
}

static void send_without_buffers(void)
{
	struct scene s;

	open_scene(&s, UNIX_STREAM);
	for (unsigned bid = 0; bid < COUNT; bid++) {
		submit_send_select(&s, 0, false, 0, bid);
		expect_answer(&s.ring, bid, SIZE);
	}
	submit_send_select(&s, 0, false, 0, 10);
	expect_full_answer(&s.ring, 10, -ENOBUFS, 0);
	submit_send_select(&s, 0, true, 0, 11);
	expect_full_answer(&s.ring, 11, -ENOBUFS, 0);
	peer_receives(s.fds[1], 0, (size_t)COUNT * SIZE);
	close_scene(&s);
}

static void failed_send(void)
{
	struct scene s;

	open_scene(&s, UNIX_STREAM);
	close(s.fds[1]);
	for (int bundle = 0; bundle < 2; bundle++) {
		submit_send_select(&s, 0, bundle, 0, 1);
		/* Linux 6.18 takes the buffers before it sends, and never puts them back. */
		expect_full_answer(&s.ring, 1, -EPIPE, BUFFER_FLAGS(bundle));
		expect_available(&s.pool, bundle ? 0 : COUNT - 1);
	}
	s.fds[1] = -1;
	close_scene(&s);
}

static void send_waits_with_buffer(void)
{
	struct scene s;
	size_t full;

	open_scene(&s, UNIX_STREAM);
	full = fill(s.fds[0]);
	submit_send_select(&s, 0, false, 0, 1);
	expect_none(&s.ring, 10);
	/* It keeps what it took, so that another send cannot overtake it with an older buffer. */
	expect_available(&s.pool, COUNT - 1);
	drain(s.fds[1], full);
	expect_full_answer(&s.ring, 1, SIZE, BUFFER_FLAGS(0));
	peer_receives(s.fds[1], 0, SIZE);
	close_scene(&s);
}

static void send_bundle(void)
{
	static const enum pair_kind kinds[] = { TCP, UNIX_STREAM };

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct scene s;

		open_scene(&s, kinds[k]);
		submit_send_select(&s, 0, true, 0, 1);
		expect_full_answer(&s.ring, 1, COUNT * SIZE, BUFFER_FLAGS(0));
		expect_none(&s.ring, 0);
		peer_receives(s.fds[1], 0, (size_t)COUNT * SIZE);
		expect_available(&s.pool, 0);
		for (unsigned i = 0; i < 3; i++)
			provide(&s.pool, 2 + i);
		submit_send_select(&s, 0, true, 0, 2);
		expect_full_answer(&s.ring, 2, 3 * SIZE, BUFFER_FLAGS(2));
		peer_receives(s.fds[1], 2 * SIZE, 3 * SIZE);
		close_scene(&s);
	}
}

static void send_bundle_around(void)
{
	struct scene s;

	open_scene(&s, UNIX_STREAM);
	for (unsigned bid = 0; bid < 6; bid++) {
		submit_send_select(&s, 0, false, 0, bid);
		expect_answer(&s.ring, bid, SIZE);
	}
	peer_receives(s.fds[1], 0, 6 * SIZE);
	/* Slots 6, 7, and 0 and 1 again. */
	provide(&s.pool, 0);
	provide(&s.pool, 1);
	submit_send_select(&s, 0, true, 0, 10);
	expect_full_answer(&s.ring, 10, 4 * SIZE, BUFFER_FLAGS(6));
	peer_receives(s.fds[1], 6 * SIZE, 2 * SIZE);
	peer_receives(s.fds[1], 0, 2 * SIZE);
	close_scene(&s);
}

static void send_bundle_limited(void)
{
	struct scene s;

	open_scene(&s, UNIX_STREAM);
	submit_send_select(&s, 2 * SIZE, true, 0, 1);
	/* Linux 6.18 goes on without the length, as far as there are buffers. */
	expect_full_answer(&s.ring, 1, 2 * SIZE, BUFFER_FLAGS(0) | IORING_CQE_F_MORE);
	expect_full_answer(&s.ring, 1, (COUNT - 2) * SIZE, BUFFER_FLAGS(2));
	peer_receives(s.fds[1], 0, (size_t)COUNT * SIZE);
	close_scene(&s);
}

static void send_bundle_waits(void)
{
	struct scene s;
	size_t full;

	open_scene(&s, UNIX_STREAM);
	full = fill(s.fds[0]);
	submit_send_select(&s, 2 * SIZE, true, 0, 1);
	expect_none(&s.ring, 10);
	expect_available(&s.pool, COUNT - 2);
	drain(s.fds[1], full);
	/* What had to wait is not followed by more. */
	expect_full_answer(&s.ring, 1, 2 * SIZE, BUFFER_FLAGS(0));
	peer_receives(s.fds[1], 0, (size_t)2 * SIZE);
	expect_available(&s.pool, COUNT - 2);
	close_scene(&s);
}

/* Two buffers that are in no ring. */
static void provide_singles(struct scene *s)
{
	io_uring_prep_provide_buffers(new_sqe(&s->ring), s->pool.bytes, SIZE, 2, GROUP + 1, 0);
	expect_error(&s->ring, "provide", 0);
}

static void submit_of_singles(struct scene *s, struct io_uring_sqe *sqe)
{
	use_pool(sqe, &s->pool, 1);
	io_uring_sqe_set_buf_group(sqe, GROUP + 1);
	submit(&s->ring, 1);
}

static void send_single_buffers(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, UNIX_STREAM);
	provide_singles(&s);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send(sqe, s.fds[0], NULL, 5, 0);
	submit_of_singles(&s, sqe);
	/* Linux 6.18 has no eye for the length. */
	expect_full_answer(&s.ring, 1, SIZE, BUFFER_FLAGS(0));
	peer_receives(s.fds[1], 0, SIZE);
	close_scene(&s);
}

/* Whole, one after the other. */
static void send_bundle_of_single_buffers(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, UNIX_STREAM);
	provide_singles(&s);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send_bundle(sqe, s.fds[0], 5, 0);
	submit_of_singles(&s, sqe);
	expect_full_answer(&s.ring, 1, SIZE, BUFFER_FLAGS(0) | IORING_CQE_F_MORE);
	expect_full_answer(&s.ring, 1, SIZE, BUFFER_FLAGS(1));
	close_scene(&s);
}

static void send_bundle_of_own_memory(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, UNIX_STREAM);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send(sqe, s.fds[0], s.pool.bytes, 5, 0);
	sqe->ioprio = IORING_RECVSEND_BUNDLE;
	set_sqe(sqe, 1, 0);
	submit(&s.ring, 1);
	/* Linux 6.18 tries to send what follows, of which there is nothing. */
	expect_full_answer(&s.ring, 1, 5, IORING_CQE_F_MORE);
	expect_full_answer(&s.ring, 1, 0, 0);
	peer_receives(s.fds[1], 0, 5);
	close_scene(&s);
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static void recv_bundle(void)
{
	static const enum pair_kind kinds[] = { TCP, UNIX_STREAM };

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		unsigned bundles = 0;
		size_t offset = 0;
		struct scene s;

		open_scene(&s, kinds[k]);
		peer_sends(s.fds[1], 0, 100);
		wait_ready(s.fds[0], POLLIN);
		/* The first may hold less than there is. */
		for (; offset < 100; bundles++) {
			submit_recv_select(&s, 0, false, 1);
			offset += take_bundle(&s, offset, false);
		}
		check(bundles < 7, "each bundle is of a single buffer");
		expect(s.head, 7);
		expect_available(&s.pool, COUNT - 7);
		close_scene(&s);
	}
}

static void recv_bundle_waits(void)
{
	struct scene s;

	open_scene(&s, TCP);
	submit_recv_select(&s, 0, false, 1);
	expect_none(&s.ring, 10);
	expect_available(&s.pool, COUNT);
	peer_sends(s.fds[1], 0, 10);
	expect(take_bundle(&s, 0, false), 10);
	expect_available(&s.pool, COUNT - 1);
	close_scene(&s);
}

static void recv_bundle_multishot(void)
{
	size_t offset = 0;
	struct scene s;

	open_scene(&s, TCP);
	submit_recv_select(&s, 0, true, 1);
	/* 7 buffers are given back one round later, so that the bundles go around the ring's
	 * end. */
	for (unsigned round = 0; round < 4; round++) {
		size_t end = offset + 40;
		unsigned first = s.head;

		peer_sends(s.fds[1], offset, 40);
		while (offset < end)
			offset += take_bundle(&s, offset, true);
		for (; first < s.head; first++)
			provide(&s.pool, first % COUNT);
	}
	sys(shutdown(s.fds[1], SHUT_WR));
	expect_but_nonempty(&s.ring, 1, 0, 0);
	close_scene(&s);
}

static void recv_bundle_limited(void)
{
	struct scene s;
	size_t got;

	open_scene(&s, TCP);
	peer_sends(s.fds[1], 0, 100);
	wait_ready(s.fds[0], POLLIN);
	submit_recv_select(&s, 10, false, 1);
	expect(take_bundle(&s, 0, false), 10);
	submit_recv_select(&s, 40, false, 2);
	got = take_bundle(&s, 10, false);
	/* Linux 6.18 rounds it down to whole buffers. */
	check(got == 40 || got == 32, "%zu bytes came", got);
	expect_available(&s.pool, COUNT - (int)s.head);
	close_scene(&s);
}

/* It asked for less than the first holds, and the whole is there for the next. */
static void recv_bundle_of_nothing(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, UNIX_STREAM);
	sqe = new_sqe(&s.ring);
	io_uring_prep_recv(sqe, s.fds[0], NULL, 1, MSG_DONTWAIT);
	sqe->ioprio |= IORING_RECVSEND_BUNDLE;
	use_pool(sqe, &s.pool, 1);
	submit(&s.ring, 1);
	expect_answer(&s.ring, 1, -EAGAIN);
	expect(s.pool.br->bufs[0].len, SIZE);
	peer_sends(s.fds[1], 0, SIZE);
	submit_recv_select(&s, 0, false, 2);
	expect(take_bundle(&s, 0, false), SIZE);
	close_scene(&s);
}

/* The second round begins with a buffer that is longer than what is left. */
static void recv_bundle_cut(void)
{
	struct scene s;

	need_linux(6, 17, "IORING_CQE_F_SOCK_NONEMPTY of UNIX sockets");
	open_scene(&s, UNIX_STREAM);
	peer_sends(s.fds[1], 0, SIZE + 5);
	submit_recv_select(&s, 0, false, 1);
	expect_full_answer(&s.ring, 1, SIZE + 5, BUFFER_FLAGS(0));
	close_scene(&s);
}

/* A length that ends in the last buffer does not end the request; nor one that is known to do. */
static void recv_bundle_into_last(void)
{
	struct scene s;

	open_scene(&s, UNIX_STREAM);
	peer_sends(s.fds[1], 0, 7 * SIZE);
	submit_recv_select(&s, 7 * SIZE, false, 1);
	expect_full_answer(&s.ring, 1, 7 * SIZE, BUFFER_FLAGS(0));
	peer_sends(s.fds[1], 0, 12);
	submit_recv_select(&s, 5, true, 2);
	expect_but_nonempty(&s.ring, 2, 5, BUFFER_FLAGS(7) | IORING_CQE_F_MORE);
	expect_full_answer(&s.ring, 2, -ENOBUFS, 0);
	close_scene(&s);
}

/* Of the older kind, a bundle names the first it filled; Linux 6.18 fills two at most. */
static void recv_bundle_of_single_buffers(void)
{
	struct io_uring_sqe *sqe;
	struct answer a;
	struct scene s;

	open_scene(&s, TCP);
	memset(s.pool.bytes, 0, (size_t)COUNT * SIZE);
	sqe = new_sqe(&s.ring);
	io_uring_prep_provide_buffers(sqe, s.pool.bytes, SIZE, COUNT, GROUP + 1, 0);
	expect_error(&s.ring, "provide", 0);
	sqe = new_sqe(&s.ring);
	io_uring_prep_recv_multishot(sqe, s.fds[0], NULL, 0, 0);
	sqe->ioprio |= IORING_RECVSEND_BUNDLE;
	use_pool(sqe, &s.pool, 1);
	io_uring_sqe_set_buf_group(sqe, GROUP + 1);
	submit(&s.ring, 1);
	peer_sends(s.fds[1], 0, 5);
	expect_but_nonempty(&s.ring, 1, 5, BUFFER_FLAGS(0) | IORING_CQE_F_MORE);
	peer_sends(s.fds[1], 0, (size_t)4 * SIZE);
	for (size_t got = 0; got < (size_t)4 * SIZE; got += (size_t)a.res) {
		a = next_but_nonempty(&s.ring);
		check(a.res == SIZE || a.res == 2 * SIZE, "res is %d", a.res);
		expect(a.flags, BUFFER_FLAGS(1 + got / SIZE) | IORING_CQE_F_MORE);
	}
	expect_pattern(pool_buffer(&s.pool, 1), 0, (size_t)4 * SIZE);
	close_scene(&s);
}

/* Receives what is there, four and a half buffers, as many shots of `len`. */
static void expect_shots(bool single, size_t len, const int *sizes, size_t count)
{
	struct io_uring_sqe *sqe;
	unsigned bid = 0;
	struct scene s;

	open_scene(&s, TCP);
	if (single) {
		sqe = new_sqe(&s.ring);
		io_uring_prep_provide_buffers(sqe, s.pool.bytes, SIZE, COUNT, GROUP + 1, 0);
		expect_error(&s.ring, "provide", 0);
	}
	peer_sends(s.fds[1], 0, 4 * SIZE + SIZE / 2);
	wait_ready(s.fds[0], POLLIN);
	sqe = new_sqe(&s.ring);
	io_uring_prep_recv_multishot(sqe, s.fds[0], NULL, len, 0);
	sqe->ioprio |= IORING_RECVSEND_BUNDLE;
	use_pool(sqe, &s.pool, 1);
	io_uring_sqe_set_buf_group(sqe, single ? GROUP + 1 : GROUP);
	submit(&s.ring, 1);
	for (size_t i = 0; i < count; i++) {
		struct answer a = next_but_nonempty(&s.ring);

		check(a.res == sizes[i], "len %zu, shot %zu: %d", len, i, a.res);
		expect(a.flags, BUFFER_FLAGS(bid) | IORING_CQE_F_MORE);
		bid += (unsigned)(a.res + SIZE - 1) / SIZE;
	}
	expect_none(&s.ring, 5);
	close_scene(&s);
}

static void recv_bundle_shots(void)
{
	static const int twos[] = { 32, 32, 8 }, ones[] = { 16, 16, 16, 16, 8 }, all[] = { 64, 8 };

	expect_shots(true, 0, twos, 3);
	expect_shots(true, 40, twos, 3);
	expect_shots(true, 16, ones, 5);
	expect_shots(false, 0, all, 2);
	expect_shots(false, 16, ones, 5);
}

/* The limit is the first round's, and so of no meaning where it is the end of a buffer. */
static void recv_bundle_rounds(void)
{
	static const struct {
		size_t len;
		unsigned flags;
		int res;
	} rows[] = {
		{ SIZE, 0, 4 * SIZE },
		{ 2 * SIZE, 0, 4 * SIZE },
		{ SIZE + 4, 0, SIZE },
		{ SIZE / 2, 0, SIZE / 2 },
		{ SIZE, IOU_PBUF_RING_INC, 4 * SIZE + SIZE / 2 },
		{ SIZE + 4, IOU_PBUF_RING_INC, 4 * SIZE + SIZE / 2 },
		{ SIZE / 2, IOU_PBUF_RING_INC, 4 * SIZE + SIZE / 2 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct answer a;
		struct scene s;

		open_scene_with(&s, TCP, rows[i].flags);
		memset(s.pool.bytes, 0, (size_t)COUNT * SIZE);
		peer_sends(s.fds[1], 0, 4 * SIZE + SIZE / 2);
		wait_ready(s.fds[0], POLLIN);
		submit_recv_select(&s, rows[i].len, false, 1);
		a = next_answer(&s.ring);
		check(a.res == rows[i].res, "row %zu: %d", i, a.res);
		expect_pattern(s.pool.bytes, 0, (size_t)a.res);
		peer_receives(s.fds[0], (size_t)a.res, 4 * SIZE + SIZE / 2 - (size_t)a.res);
		close_scene(&s);
	}
}

static void recv_bundle_exhausted(void)
{
	size_t offset = 0;
	struct answer a;
	struct scene s;

	open_scene(&s, TCP);
	peer_sends(s.fds[1], 0, 200);
	wait_ready(s.fds[0], POLLIN);
	submit_recv_select(&s, 0, true, 1);
	do {
		a = next_but_nonempty(&s.ring);
		if (a.res != -ENOBUFS)
			offset += check_bundle(&s, a, offset);
	} while (a.flags & IORING_CQE_F_MORE);
	/* Linux 6.18 knows with the last buffer that it is the last: there is no -ENOBUFS then. */
	expect(offset, COUNT * SIZE);
	expect_none(&s.ring, 0);
	peer_receives(s.fds[0], offset, 200 - offset);
	close_scene(&s);
}

static void recv_bundle_in_parts(void)
{
	static const size_t sizes[] = { 40, 5, 20, 15, 1, 47 };
	size_t start = 0, end = 0;
	struct scene s;

	need_linux(6, 16, "bundles with IOU_PBUF_RING_INC");
	open_scene_with(&s, TCP, IOU_PBUF_RING_INC);
	submit_recv_select(&s, 0, true, 1);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		peer_sends(s.fds[1], end, sizes[i]);
		end += sizes[i];
		while (start < end) {
			struct answer a = next_but_nonempty(&s.ring);

			check(a.res > 0, "res is %d", a.res);
			expect(BUFFER_ID(a.flags), start / SIZE);
			start += (size_t)a.res;
			/* Of the last buffer, when there are several. */
			expect(!!(a.flags & IORING_CQE_F_BUF_MORE), start % SIZE != 0);
		}
	}
	/* The buffers lie one behind the other, so that there is no gap. */
	expect(start, COUNT * SIZE);
	expect_pattern(s.pool.bytes, 0, start);
	expect_available(&s.pool, 0);
	close_scene(&s);
}

/* Found to be no socket before there are, or are not, buffers for it. */
static void no_socket_takes_none(void)
{
	const int fds[] = { 9999, STDERR_FILENO };
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, UNIX_STREAM);
	for (int i = 0; i < 8; i++) {
		bool bad = !(i & 1), send = i & 2, no_group = i & 4;

		sqe = new_sqe(&s.ring);
		if (send)
			io_uring_prep_send(sqe, fds[i & 1], NULL, 0, 0);
		else
			io_uring_prep_recv(sqe, fds[i & 1], NULL, 0, 0);
		use_pool(sqe, &s.pool, 1);
		if (no_group)
			io_uring_sqe_set_buf_group(sqe, GROUP + 1);
		submit(&s.ring, 1);
		expect_full_answer(&s.ring, 1, bad ? -EBADF : -ENOTSOCK, 0);
	}
	expect_available(&s.pool, COUNT);
	sqe = new_sqe(&s.ring);
	io_uring_prep_send(sqe, s.fds[0], NULL, 0, 0);
	use_pool(sqe, &s.pool, 1);
	io_uring_sqe_set_buf_group(sqe, GROUP + 1);
	expect_error(&s.ring, "send of no group", -ENOENT);
	close_scene(&s);
}

static void recv_bundle_of_records(void)
{
	struct scene s;

	open_scene(&s, UNIX_SEQPACKET);
	for (unsigned i = 0; i < 2; i++)
		peer_sends(s.fds[1], 0, 3 * SIZE);
	/* Without a length one buffer is looked at, which cuts the record. */
	submit_recv_select(&s, 0, false, 1);
	expect_full_answer(&s.ring, 1, SIZE, BUFFER_FLAGS(0));
	submit_recv_select(&s, 3 * SIZE, false, 2);
	expect_full_answer(&s.ring, 2, 3 * SIZE, BUFFER_FLAGS(1));
	close_scene(&s);
}

static void bundle_of_no_group(void)
{
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s, UNIX_STREAM);
	peer_sends(s.fds[1], 0, 1);
	for (int send = 0; send < 2; send++) {
		sqe = new_sqe(&s.ring);
		if (send)
			io_uring_prep_send_bundle(sqe, s.fds[0], 0, 0);
		else
			io_uring_prep_recv(sqe, s.fds[0], NULL, 0, 0);
		sqe->ioprio = IORING_RECVSEND_BUNDLE;
		use_pool(sqe, &s.pool, 1);
		io_uring_sqe_set_buf_group(sqe, GROUP + 1);
		expect_error(&s.ring, "no such group", -ENOENT);
	}
	close_scene(&s);
}

const struct conformance_case bundle_cases[] = {
	{ "send takes a provided buffer", send_one },
	{ "send without buffers left is -ENOBUFS", send_without_buffers },
	{ "a failed send uses up its buffers all the same", failed_send },
	{ "a send that waits holds its buffer", send_waits_with_buffer },
	{ "a send bundle takes all buffers, in one CQE", send_bundle },
	{ "a send bundle goes around the ring's end", send_bundle_around },
	{ "a send bundle's length is for its first CQE", send_bundle_limited },
	{ "a send bundle that waited is the last", send_bundle_waits },
	{ "send takes a single buffer whole", send_single_buffers },
	{ "a send bundle sends single buffers whole", send_bundle_of_single_buffers },
	{ "a send bundle of no group ends in a CQE of 0", send_bundle_of_own_memory },
	{ "a recv bundle fills several buffers", recv_bundle },
	{ "a recv bundle's second round may begin with a cut buffer", recv_bundle_cut },
	{ "a multishot recv bundle goes on behind a length that ends in the last buffer",
	  recv_bundle_into_last },
	{ "a recv bundle that waits holds no buffer", recv_bundle_waits },
	{ "a multishot recv bundle goes around the ring's end", recv_bundle_multishot },
	{ "a recv bundle takes at most its length", recv_bundle_limited },
	{ "a recv bundle that finds nothing leaves its buffer whole", recv_bundle_of_nothing },
	{ "a recv bundle names the first of the single buffers it fills",
	  recv_bundle_of_single_buffers },
	{ "what is there comes in as many shots of a bundle as Linux 6.18 makes of it",
	  recv_bundle_shots },
	{ "a recv bundle goes on beyond its length in a second round", recv_bundle_rounds },
	{ "a multishot recv bundle ends by lack of buffers", recv_bundle_exhausted },
	{ "a recv bundle consumes buffers in parts", recv_bundle_in_parts },
	{ "a recv bundle of records is of as many buffers as its length", recv_bundle_of_records },
	{ "what is no socket takes no buffers", no_socket_takes_none },
	{ "a bundle of no group is -ENOENT", bundle_of_no_group },
	{ 0 },
};
