/* SPDX-License-Identifier: MIT */
/* Whose turn it is, where several requests wait. */
#include "net.h"

#define GROUP 7

struct scene {
	struct io_uring ring;
	struct pool pool;
	int fds[2];
};

static void open_scene(struct scene *s, enum pair_kind kind, unsigned flags)
{
	need_linux(6, 1, "IORING_SETUP_DEFER_TASKRUN");
	open_ring(&s->ring, 8, flags);
	open_pool(&s->pool, &s->ring, GROUP, 64, 64, 0);
	open_pair(kind, s->fds);
}

static void close_scene(struct scene *s)
{
	close_pool(&s->pool);
	io_uring_queue_exit(&s->ring);
	close_pair(s->fds);
}

static void submit_multishot(struct scene *s, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(&s->ring);

	io_uring_prep_recv_multishot(sqe, s->fds[0], NULL, 0, 0);
	use_pool(sqe, &s->pool, data);
	submit(&s->ring, 1);
}

static void submit_single(struct scene *s, int fd, char *byte, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(&s->ring);

	io_uring_prep_recv(sqe, fd, byte, 1, 0);
	set_sqe(sqe, data, 0);
	submit(&s->ring, 1);
}

/* Told when the ring is entered, and in the order of the arrivals. */
static void in_order_of_arrival(void)
{
	struct scene s;
	int other[2];
	char byte;

	open_scene(&s, UNIX_STREAM, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	open_pair(UNIX_STREAM, other);
	submit_multishot(&s, 1);
	for (unsigned round = 0; round < 4; round++) {
		submit_single(&s, other[0], &byte, 2);
		expect_none(&s.ring, 0);
		peer_sends(other[1], 0, 1);
		peer_sends(s.fds[1], 0, 1);
		expect_but_nonempty(&s.ring, 2, 1, 0);
		expect_but_nonempty(&s.ring, 1, 1, IORING_CQE_F_MORE | BUFFER_FLAGS(2 * round));
		submit_single(&s, other[0], &byte, 2);
		expect_none(&s.ring, 0);
		peer_sends(s.fds[1], 0, 1);
		peer_sends(other[1], 0, 1);
		expect_but_nonempty(&s.ring, 1, 1, IORING_CQE_F_MORE | BUFFER_FLAGS(2 * round + 1));
		expect_but_nonempty(&s.ring, 2, 1, 0);
	}
	close_pair(other);
	close_scene(&s);
}

/* Of one socket, who came last is first. */
static void multishot_leaves_some(void)
{
	struct scene s;
	char byte;

	open_scene(&s, UNIX_DATAGRAM, 0);
	submit_multishot(&s, 1);
	for (unsigned i = 0; i < 10; i++) {
		submit_single(&s, s.fds[0], &byte, 2);
		peer_sends(s.fds[1], 0, 1);
		expect_but_nonempty(&s.ring, 2, 1, 0);
	}
	peer_sends(s.fds[1], 0, 1);
	expect_but_nonempty(&s.ring, 1, 1, IORING_CQE_F_MORE | BUFFER_FLAGS(0));
	close_scene(&s);
}

/* There is room, so polling does not take long. */
static void poll_first_is_first(void)
{
	for (enum pair_kind kind = TCP; kind <= UNIX_STREAM; kind++) {
		struct io_uring_sqe *sqe;
		struct scene s;
		char bytes[3];

		open_scene(&s, kind, 0);
		sqe = new_sqe(&s.ring);
		io_uring_prep_send(sqe, s.fds[0], "1", 1, 0);
		sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
		set_sqe(sqe, 1, 0);
		submit(&s.ring, 1);
		submit_send(&s.ring, s.fds[0], "2", 1, 0, 2);
		expect_answer(&s.ring, 1, 1);
		expect_answer(&s.ring, 2, 1);
		expect(recv(s.fds[1], bytes, 3, 0), 2);
		check(!memcmp(bytes, "12", 2), "in another order");
		close_scene(&s);
	}
}

const struct conformance_case turn_cases[] = {
	{ "what is ready first is told first", in_order_of_arrival },
	{ "a send that polls first goes before those of the next submission", poll_first_is_first },
	{ "a multishot receive leaves the next to who asked after it", multishot_leaves_some },
	{ 0 },
};
