/* SPDX-License-Identifier: MIT */
/* What rings send each other: messages and registered files. */
#include "requests.h"

/* Of the requests that send; the messages have others. */
#define SENDER 0x5e4d

static void open_pair(struct io_uring *from, struct io_uring *to, unsigned to_flags)
{
	need_op(IORING_OP_MSG_RING, "IORING_OP_MSG_RING");
	open_ring(from, 8, 0);
	open_ring(to, 8, to_flags);
}

static void close_pair(struct io_uring *from, struct io_uring *to)
{
	io_uring_queue_exit(from);
	io_uring_queue_exit(to);
}

static struct io_uring_sqe *prep_message(struct io_uring *from, int fd, int res, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(from);

	io_uring_prep_msg_ring(sqe, fd, (unsigned)res, data, 0);
	set_sqe(sqe, SENDER, 0);
	return sqe;
}

static int send_message(struct io_uring *from, struct io_uring *to, int res, uint64_t data)
{
	prep_message(from, to->ring_fd, res, data);
	submit(from, 1);
	return next_answer(from).res;
}

/* ---- Messages -------------------------------------------------------------------------------- */

static void message(void)
{
	static const int results[] = { 0, 1, -1, INT_MAX, INT_MIN, -ENOENT };
	struct io_uring from, to;

	open_pair(&from, &to, 0);
	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		prep_message(&from, to.ring_fd, results[i], 0xfeedfacecafe0000 + i);
		submit(&from, 1);
		/* What is sent says nothing about how sending went. */
		expect_full_answer(&from, SENDER, 0, 0);
		expect_full_answer(&to, 0xfeedfacecafe0000 + i, results[i], 0);
	}
	expect_none(&from, 0);
	expect_none(&to, 0);
	close_pair(&from, &to);
}

static void message_flags(void)
{
	static const unsigned flags[] = { 0, 1, 0xabc0000, 0x12340002, IORING_CQE_F_NOTIF };
	struct io_uring_sqe *sqe;
	struct io_uring from, to;

	need_linux(6, 3, "IORING_MSG_RING_FLAGS_PASS");
	open_pair(&from, &to, 0);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		sqe = new_sqe(&from);
		io_uring_prep_msg_ring_cqe_flags(sqe, to.ring_fd, 10, i, 0, flags[i]);
		set_sqe(sqe, SENDER, 0);
		submit(&from, 1);
		expect_full_answer(&from, SENDER, 0, 0);
		expect_full_answer(&to, i, 10, flags[i]);
	}
	close_pair(&from, &to);
}

/* To itself a message is a completion that comes on its own, such as one by another thread
 * would. */
static void to_itself(void)
{
	static const unsigned flags[] = { 0, IORING_SETUP_SINGLE_ISSUER,
					  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN };
	struct answer answers[2];
	struct io_uring ring;

	need_op(IORING_OP_MSG_RING, "IORING_OP_MSG_RING");
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		open_ring(&ring, 8, flags[i]);
		prep_message(&ring, ring.ring_fd, 7, 1);
		submit(&ring, 1);
		sorted_answers(&ring, answers, 2);
		expect_full_answer_at(__FILE__, __LINE__, answers[0], 1, 7, 0);
		expect_full_answer_at(__FILE__, __LINE__, answers[1], SENDER, 0, 0);
		expect_usable(&ring);
		io_uring_queue_exit(&ring);
	}
}

static void without_sender_completion(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring from, to;

	open_pair(&from, &to, 0);
	sqe = prep_message(&from, to.ring_fd, 5, 6);
	set_sqe(sqe, SENDER, IOSQE_CQE_SKIP_SUCCESS);
	submit(&from, 1);
	expect_full_answer(&to, 6, 5, 0);
	expect_none(&from, 20);
	close_pair(&from, &to);
}

static void from_a_worker(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring from, to;

	open_pair(&from, &to, 0);
	for (int i = 0; i < 4; i++) {
		sqe = prep_message(&from, to.ring_fd, i, (uint64_t)i);
		set_sqe(sqe, SENDER, IOSQE_ASYNC | IOSQE_IO_LINK);
	}
	sqe->flags = IOSQE_ASYNC;
	submit(&from, 4);
	/* A chain, so in order. */
	for (int i = 0; i < 4; i++) {
		expect_full_answer(&from, SENDER, 0, 0);
		expect_full_answer(&to, (uint64_t)i, i, 0);
	}
	close_pair(&from, &to);
}

static void to_any_kind_of_ring(void)
{
	static const unsigned flags[] = {
		IORING_SETUP_IOPOLL,	   IORING_SETUP_SINGLE_ISSUER,
		IORING_SETUP_COOP_TASKRUN, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_CQE32,	   IORING_SETUP_SQPOLL,
	};
	struct io_uring from, to;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		open_pair(&from, &to, flags[i]);
		for (int k = 0; k < 3; k++) {
			struct answer a;

			expect(send_message(&from, &to, k, 40 + (uint64_t)k), 0);
			a = next_answer(&to);
			expect_full_answer_at(__FILE__, __LINE__, a, 40 + (uint64_t)k, k, 0);
			/* A message has no more to say, in a long completion either. */
			expect(a.extra[0] | a.extra[1], 0);
		}
		expect_none(&to, 0);
		close_pair(&from, &to);
	}
}

static void from_any_kind_of_ring(void)
{
	static const unsigned flags[] = {
		IORING_SETUP_IOPOLL,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_CQE32 | IORING_SETUP_SQE128,
	};
	struct io_uring from, to;

	need_op(IORING_OP_MSG_RING, "IORING_OP_MSG_RING");
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		open_ring(&from, 8, flags[i]);
		open_ring(&to, 8, 0);
		expect(send_message(&from, &to, 9, 99), 0);
		expect_full_answer(&to, 99, 9, 0);
		close_pair(&from, &to);
	}
}

/* ---- Errors ---------------------------------------------------------------------------------- */

static int send_to_fd(struct io_uring *from, int fd)
{
	prep_message(from, fd, 1, 2);
	return run_one(from).res;
}

static void to_no_ring(void)
{
	struct io_uring from, to;
	int file = scratch_file(1), fds[2];

	open_pair(&from, &to, IORING_SETUP_R_DISABLED);
	make_pipe(fds);
	expect(send_to_fd(&from, file), -EBADFD);
	expect(send_to_fd(&from, fds[1]), -EBADFD);
	expect(send_to_fd(&from, 9999), -EBADF);
	expect(send_to_fd(&from, -1), -EBADF);
	expect(send_to_fd(&from, to.ring_fd), -EBADFD);
	expect(io_uring_enable_rings(&to), 0);
	expect(send_to_fd(&from, to.ring_fd), 0);
	expect_answer(&to, 2, 1);
	expect_none(&to, 0);
	close_pair(&from, &to);
	/* Nor is a registered file one, since a ring cannot be registered. */
	open_ring(&from, 8, 0);
	expect(io_uring_register_files(&from, &file, 1), 0);
	set_sqe(prep_message(&from, 0, 1, 2), SENDER, IOSQE_FIXED_FILE);
	expect(run_one(&from).res, -EBADFD);
	io_uring_queue_exit(&from);
}

static void bad_fields(void)
{
	struct io_uring from, to;

	open_pair(&from, &to, 0);
	for (int i = 0; i < 7; i++) {
		struct io_uring_sqe *sqe = prep_message(&from, to.ring_fd, 1, 2);

		switch (i) {
		case 0: /* only a file can be sent without a completion */
			sqe->msg_ring_flags = IORING_MSG_RING_CQE_SKIP;
			break;
		case 1:
			sqe->msg_ring_flags = 1U << 9;
			break;
		case 2: /* of files */
			sqe->addr3 = 1;
			break;
		case 3: /* flags, but the flag that says so is missing */
			sqe->file_index = 1;
			break;
		case 4: /* no such command */
			sqe->addr = 2;
			break;
		case 5:
			sqe->buf_index = 1;
			break;
		case 6:
			sqe->ioprio = 1;
			break;
		}
		expect(run_one(&from).res, -EINVAL);
	}
	expect_none(&to, 20);
	expect(send_message(&from, &to, 3, 4), 0);
	close_pair(&from, &to);
}

static void failure_breaks_a_link(void)
{
	struct io_uring from, to;
	int file = scratch_file(1);

	open_pair(&from, &to, 0);
	set_sqe(prep_message(&from, file, 1, 2), 1, IOSQE_IO_LINK);
	queue_nop(&from, 2, 0);
	submit(&from, 2);
	expect_answer(&from, 1, -EBADFD);
	expect_answer(&from, 2, -ECANCELED);
	close_pair(&from, &to);
}

static void polled(void)
{
	static const unsigned flags[] = {
		0,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	};
	struct io_uring from, to;
	struct pollfd fd;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		open_pair(&from, &to, flags[i]);
		fd = (struct pollfd){ .fd = to.ring_fd, .events = POLLIN };
		expect(sys(poll(&fd, 1, 0)), 0);
		expect(send_message(&from, &to, 1, 2), 0);
		/* Deferred or not, there is something to enter the ring for. */
		expect(sys(poll(&fd, 1, 9000)), 1);
		expect(fd.revents, POLLIN);
		expect_answer(&to, 2, 1);
		/* Once somebody has looked: docs/semantics.md, "The ring's descriptor". */
		expect(io_uring_get_events(&to), 0);
		expect(sys(poll(&fd, 1, 0)), 0);
		close_pair(&from, &to);
	}
}

static void into_a_full_queue(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE, .cq_entries = 4 };
	struct io_uring from, to;

	need_op(IORING_OP_MSG_RING, "IORING_OP_MSG_RING");
	open_ring(&from, 8, 0);
	expect(try_ring(&to, 4, &p), 0);
	for (int i = 0; i < 10; i++)
		expect(send_message(&from, &to, i, (uint64_t)i), 0);
	expect(io_uring_cq_ready(&to), 4);
	check(io_uring_cq_has_overflow(&to), "the overflow does not show");
	/* Kept, in order, and handed out as there is room. */
	for (int i = 0; i < 10; i++)
		expect_full_answer(&to, (uint64_t)i, i, 0);
	expect_none(&to, 0);
	check(!io_uring_cq_has_overflow(&to), "still overflowing");
	close_pair(&from, &to);
}

/* ---- Between threads ------------------------------------------------------------------------- */

#define MESSAGES 500

struct thread_of {
	pthread_t thread;
	unsigned flags;
	int fd; /* of its ring; -1 until it is there */
};

/* Receives, and answers each message by nothing: that all have come is what it checks. */
static void *receive(void *arg)
{
	struct thread_of *t = arg;
	struct io_uring ring;
	uint64_t sum = 0;

	open_ring(&ring, 8, t->flags);
	/* Pairs with the acquire of who starts us: the ring is there. */
	__atomic_store_n(&t->fd, ring.ring_fd, __ATOMIC_RELEASE);
	for (int i = 0; i < MESSAGES; i++) {
		struct answer a = next_answer(&ring);

		expect(a.res, (int)a.data + 1);
		sum += a.data;
	}
	expect(sum, MESSAGES * (MESSAGES - 1) / 2);
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
	return NULL;
}

static int fd_of(struct thread_of *t)
{
	int fd;

	/* Pairs with the release in receive(). */
	while ((fd = __atomic_load_n(&t->fd, __ATOMIC_ACQUIRE)) < 0)
		sched_yield();
	return fd;
}

static void between_threads(void)
{
	struct thread_of threads[] = {
		{ .flags = 0, .fd = -1 },
		{ .flags = IORING_SETUP_SINGLE_ISSUER, .fd = -1 },
		{ .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, .fd = -1 },
	};
	struct io_uring ring;

	need_op(IORING_OP_MSG_RING, "IORING_OP_MSG_RING");
	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		expect(pthread_create(&threads[i].thread, NULL, receive, &threads[i]), 0);
	for (int k = 0; k < MESSAGES; k++) {
		for (size_t i = 0; i < ARRAY_LEN(threads); i++)
			prep_message(&ring, fd_of(&threads[i]), k + 1, (uint64_t)k);
		submit(&ring, ARRAY_LEN(threads));
		for (size_t i = 0; i < ARRAY_LEN(threads); i++)
			expect_answer(&ring, SENDER, 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		expect(pthread_join(threads[i].thread, NULL), 0);
	io_uring_queue_exit(&ring);
}

/* ---- Without a ring -------------------------------------------------------------------------- */

static int sync_message(int fd, int res, uint64_t data)
{
	struct io_uring_sqe sqe = { 0 };

	io_uring_prep_msg_ring(&sqe, fd, (unsigned)res, data, 0);
	return io_uring_register_sync_msg(&sqe);
}

static void without_a_ring(void)
{
	static const unsigned flags[] = {
		0,
		IORING_SETUP_IOPOLL,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	};
	struct io_uring_sqe sqe = { 0 };
	struct io_uring to;

	need_linux(6, 13, "IORING_REGISTER_SEND_MSG_RING");
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		open_ring(&to, 8, flags[i]);
		for (int k = 0; k < 3; k++) {
			expect(sync_message(to.ring_fd, k, 70 + (uint64_t)k), 0);
			expect_full_answer(&to, 70 + (uint64_t)k, k, 0);
		}
		io_uring_prep_msg_ring_cqe_flags(&sqe, to.ring_fd, 1, 2, 0, 0xab0010);
		expect(io_uring_register_sync_msg(&sqe), 0);
		expect_full_answer(&to, 2, 1, 0xab0010);
		io_uring_queue_exit(&to);
	}
}

static void without_a_ring_errors(void)
{
	struct io_uring_sqe good = { 0 }, sqe;
	struct io_uring ring;
	int file = scratch_file(1);

	need_linux(6, 13, "IORING_REGISTER_SEND_MSG_RING");
	open_ring(&ring, 8, IORING_SETUP_R_DISABLED);
	expect(sync_message(ring.ring_fd, 1, 2), -EBADFD);
	expect(io_uring_enable_rings(&ring), 0);
	expect(sync_message(file, 1, 2), -EBADFD);
	expect(sync_message(9999, 1, 2), -EBADF);
	io_uring_prep_msg_ring(&good, ring.ring_fd, 1, 2, 0);
#define WITH(field, value) (sqe = good, sqe.field = (value), io_uring_register_sync_msg(&sqe))
	expect(WITH(flags, IOSQE_ASYNC), -EINVAL);
	expect(WITH(opcode, IORING_OP_NOP), -EINVAL);
	expect(WITH(addr, IORING_MSG_SEND_FD), -EINVAL);
	expect(WITH(msg_ring_flags, IORING_MSG_RING_CQE_SKIP), -EINVAL);
	expect(WITH(personality, 1), -EINVAL);
#undef WITH
	expect(io_uring_register(~0U, IORING_REGISTER_SEND_MSG_RING, &good, 0), -EINVAL);
	expect(io_uring_register(~0U, IORING_REGISTER_SEND_MSG_RING, NULL, 1), -EINVAL);
	expect(io_uring_register(~0U, IORING_REGISTER_SEND_MSG_RING, (void *)16, 1), -EFAULT);
	/* It is for those who have no ring, and for them only. */
	expect(io_uring_register((unsigned)ring.ring_fd, IORING_REGISTER_SEND_MSG_RING, &good, 1),
	       -EINVAL);
	expect_none(&ring, 20);
	io_uring_queue_exit(&ring);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static int send_file(struct io_uring *from, int fd, int slot, int to_slot, unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(from);

	if (to_slot < 0)
		io_uring_prep_msg_ring_fd_alloc(sqe, fd, slot, 0xf11e, flags);
	else
		io_uring_prep_msg_ring_fd(sqe, fd, slot, to_slot, 0xf11e, flags);
	set_sqe(sqe, SENDER, 0);
	return run_one(from).res;
}

static int read_slot(struct io_uring *ring, int slot)
{
	struct io_uring_sqe *sqe = new_sqe(ring);
	char byte;

	io_uring_prep_read(sqe, slot, &byte, 1, 0);
	set_sqe(sqe, 3, IOSQE_FIXED_FILE);
	return run_one(ring).res;
}

/* Two rings with tables of two; the sender's slot 0 has a file. */
static void open_tables(struct io_uring *from, struct io_uring *to, unsigned to_flags)
{
	int fds[2] = { scratch_file(10), -1 };

	need_linux(6, 0, "IORING_MSG_SEND_FD");
	open_pair(from, to, to_flags);
	expect(io_uring_register_files(from, fds, 2), 0);
	close(fds[0]);
	expect(io_uring_register_files_sparse(to, 2), 0);
}

static void file_to_a_slot(void)
{
	static const unsigned flags[] = {
		0,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	};
	struct io_uring from, to;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		open_tables(&from, &to, flags[i]);
		prep_message(&from, to.ring_fd, 1, 1);
		submit(&from, 1);
		expect_answer(&from, SENDER, 0);
		expect_answer(&to, 1, 1);
		io_uring_prep_msg_ring_fd(new_sqe(&from), to.ring_fd, 0, 1, 0xf11e, 0);
		submit(&from, 1);
		expect_full_answer(&to, 0xf11e, 0, 0);
		expect(next_answer(&from).res, 0);
		expect(read_slot(&to, 1), 1);
		expect(read_slot(&to, 0), -EBADF);
		/* The sender keeps it, and the receiver does not need the sender. */
		expect(read_slot(&from, 0), 1);
		io_uring_queue_exit(&from);
		expect(read_slot(&to, 1), 1);
		io_uring_queue_exit(&to);
	}
}

static void file_to_a_free_slot(void)
{
	struct io_uring from, to;
	int slots[2];

	open_tables(&from, &to, 0);
	for (int i = 0; i < 2; i++) {
		slots[i] = send_file(&from, to.ring_fd, 0, -1, 0);
		expect_full_answer(&to, 0xf11e, slots[i], 0);
		expect(read_slot(&to, slots[i]), 1);
	}
	expect(slots[0] + slots[1], 1);
	expect(send_file(&from, to.ring_fd, 0, -1, 0), -ENFILE);
	expect_none(&to, 20);
	/* A slot that is taken is replaced if it is asked for. */
	expect(send_file(&from, to.ring_fd, 0, 1, 0), 0);
	expect_full_answer(&to, 0xf11e, 0, 0);
	close_pair(&from, &to);
}

static void file_without_a_message(void)
{
	struct io_uring from, to;

	open_tables(&from, &to, 0);
	expect(send_file(&from, to.ring_fd, 0, 0, IORING_MSG_RING_CQE_SKIP), 0);
	expect_none(&to, 20);
	expect(read_slot(&to, 0), 1);
	expect(send_file(&from, to.ring_fd, 0, -1, IORING_MSG_RING_CQE_SKIP), 1);
	expect_none(&to, 20);
	expect(read_slot(&to, 1), 1);
	close_pair(&from, &to);
}

static void file_over_a_tag(void)
{
	const __u64 tags[2] = { 88, 0 };
	int fds[2] = { scratch_file(1), -1 };
	struct io_uring from, to;

	open_tables(&from, &to, 0);
	expect(io_uring_unregister_files(&to), 0);
	expect(io_uring_register_files_tags(&to, fds, tags, 2), 0);
	expect(send_file(&from, to.ring_fd, 0, 0, IORING_MSG_RING_CQE_SKIP), 0);
	expect_full_answer(&to, 88, 0, 0);
	expect_none(&to, 20);
	close_pair(&from, &to);
}

static void file_errors(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring from, to;
	int file = scratch_file(1);

	open_tables(&from, &to, 0);
	expect(send_file(&from, to.ring_fd, 1, 0, 0), -EBADF);
	expect(send_file(&from, to.ring_fd, 2, 0, 0), -EBADF);
	expect(send_file(&from, to.ring_fd, 0, 2, 0), -EINVAL);
	expect(send_file(&from, from.ring_fd, 0, 1, 0), -EINVAL);
	expect(send_file(&from, file, 0, 0, 0), -EBADFD);
	expect(send_file(&from, to.ring_fd, 0, 0, 1U << 9), -EINVAL);
	/* A length is for messages. */
	sqe = new_sqe(&from);
	io_uring_prep_msg_ring_fd(sqe, to.ring_fd, 0, 0, 1, 0);
	sqe->len = 1;
	expect(run_one(&from).res, -EINVAL);
	/* No slot named at all. */
	sqe = new_sqe(&from);
	io_uring_prep_msg_ring_fd(sqe, to.ring_fd, 0, 0, 1, 0);
	sqe->file_index = 0;
	expect(run_one(&from).res, -EINVAL);
	expect(read_slot(&to, 0), -EBADF);
	expect(io_uring_unregister_files(&to), 0);
	expect(send_file(&from, to.ring_fd, 0, 0, 0), -ENXIO);
	expect(send_file(&from, to.ring_fd, 0, -1, 0), -ENFILE);
	expect(io_uring_unregister_files(&from), 0);
	expect(send_file(&from, to.ring_fd, 0, 0, 0), -EBADF);
	expect_none(&to, 20);
	close_pair(&from, &to);
	open_ring(&from, 8, 0);
	open_ring(&to, 8, IORING_SETUP_R_DISABLED);
	expect(io_uring_register_files(&from, &file, 1), 0);
	expect(io_uring_register_files_sparse(&to, 1), 0);
	expect(send_file(&from, to.ring_fd, 0, 0, 0), -EBADFD);
	close_pair(&from, &to);
}

const struct conformance_case between_cases[] = {
	{ "a message becomes a completion of the other ring", message },
	{ "a message can carry the completion's flags", message_flags },
	{ "a ring can send itself a message", to_itself },
	{ "a message can be sent without a completion of its own", without_sender_completion },
	{ "a worker can send messages", from_a_worker },
	{ "any kind of ring can be sent messages", to_any_kind_of_ring },
	{ "any kind of ring can send messages", from_any_kind_of_ring },
	{ "what is no ring, or a disabled one, gets no messages", to_no_ring },
	{ "errors of a message's fields", bad_fields },
	{ "a message that fails breaks its link", failure_breaks_a_link },
	{ "a ring that is polled for is readable once a message is there", polled },
	{ "messages into a full queue are kept", into_a_full_queue },
	{ "threads that wait are woken by messages", between_threads },
	{ "a message can be sent without a ring", without_a_ring },
	{ "errors of a message without a ring", without_a_ring_errors },
	{ "a file can be put into a slot of another ring", file_to_a_slot },
	{ "a file can be put into a free slot of another ring", file_to_a_free_slot },
	{ "a file can be put there without a message", file_without_a_message },
	{ "a file that is sent over another completes its tag", file_over_a_tag },
	{ "errors of sending a file", file_errors },
	{ 0 },
};
