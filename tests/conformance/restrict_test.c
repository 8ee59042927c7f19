/* SPDX-License-Identifier: MIT */
/* Rings that start disabled, restrictions on what they may do, and rings known by an index. */
#include "requests.h"

/* How many rings a thread can have registered. */
#define MAX_INDICES 16

/* ---- Disabled rings -------------------------------------------------------------------------- */

static void disabled(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, IORING_SETUP_R_DISABLED);
	queue_nop(&ring, 4, 0);
	expect(io_uring_submit(&ring), -EBADFD);
	expect(io_uring_enter((unsigned)ring.ring_fd, 0, 0, 0, NULL), -EBADFD);
	expect(io_uring_enter((unsigned)ring.ring_fd, 0, 0, IORING_ENTER_GETEVENTS, NULL), -EBADFD);
	expect_none(&ring, 0);
	expect(io_uring_enable_rings(&ring), 0);
	/* The SQE that was refused is still in the queue. */
	expect(io_uring_enter((unsigned)ring.ring_fd, 1, 0, 0, NULL), 1);
	expect_answer(&ring, 4, 0);
	expect(io_uring_enable_rings(&ring), -EBADFD);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* It takes nothing until then. Submitting says so only if it has to wake the thread. */
static void disabled_polling_thread(void)
{
	struct io_uring ring;
	int ret;

	open_ring(&ring, 8, IORING_SETUP_R_DISABLED | IORING_SETUP_SQPOLL);
	queue_nop(&ring, 4, 0);
	ret = io_uring_submit(&ring);
	check(ret == 1 || ret == -EBADFD, "submitting gave %d", ret);
	sleep_ms(30);
	expect(io_uring_sq_ready(&ring), 1);
	expect(io_uring_cq_ready(&ring), 0);
	expect(io_uring_enable_rings(&ring), 0);
	check(io_uring_submit(&ring) >= 0, "submitting fails once enabled");
	expect_answer(&ring, 4, 0);
	expect(io_uring_sq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
}

static void disabled_registers(void)
{
	int fd = scratch_file(1);
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char byte;

	open_ring(&ring, 8, IORING_SETUP_R_DISABLED);
	expect(io_uring_register_files(&ring, &fd, 1), 0);
	expect(io_uring_enable_rings(&ring), 0);
	sqe = new_sqe(&ring);
	io_uring_prep_read(sqe, 0, &byte, 1, 0);
	set_sqe(sqe, 1, IOSQE_FIXED_FILE);
	submit(&ring, 1);
	expect_answer(&ring, 1, 1);
	io_uring_queue_exit(&ring);
}

static void never_disabled(void)
{
	struct io_uring_restriction res = { .opcode = IORING_RESTRICTION_SQE_OP };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(io_uring_enable_rings(&ring), -EBADFD);
	expect(io_uring_register_restrictions(&ring, &res, 1), -EBADFD);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void *use_ring(void *arg)
{
	expect_usable(arg);
	return NULL;
}

static void *enable_ring(void *arg)
{
	expect(io_uring_enable_rings(arg), 0);
	expect_usable(arg);
	return NULL;
}

/* The thread that enables a single-issuer ring is its issuer, not the one that made it. */
static void enabled_by_thread(void)
{
	struct io_uring ring;
	pthread_t thread;

	open_ring(&ring, 8, IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER);
	expect(pthread_create(&thread, NULL, enable_ring, &ring), 0);
	expect(pthread_join(thread, NULL), 0);
	check(new_sqe(&ring), "no SQE");
	expect(io_uring_submit(&ring), -EEXIST);
	io_uring_queue_exit(&ring);
}

/* ---- Restrictions ---------------------------------------------------------------------------- */

static struct io_uring_restriction allow(unsigned what, unsigned value)
{
	struct io_uring_restriction res = { .opcode = (uint16_t)what };

	res.sqe_op = (uint8_t)value; /* or register_op, or sqe_flags */
	return res;
}

/* A ring that may do only what `res` says, already enabled. */
static void open_restricted(struct io_uring *ring, struct io_uring_restriction *res, unsigned nr)
{
	open_ring(ring, 8, IORING_SETUP_R_DISABLED);
	expect(io_uring_register_restrictions(ring, res, nr), 0);
	expect(io_uring_enable_rings(ring), 0);
}

static int run_nop(struct io_uring *ring, unsigned flags)
{
	queue_nop(ring, 1, flags);
	return run_one(ring).res;
}

static int run_read(struct io_uring *ring, int fd, unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);
	char byte;

	io_uring_prep_read(sqe, fd, &byte, 1, 0);
	set_sqe(sqe, 2, flags);
	return run_one(ring).res;
}

static int run_send(struct io_uring *ring, int fd)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_send(sqe, fd, "x", 1, 0);
	set_sqe(sqe, 3, 0);
	return run_one(ring).res;
}

static void only_an_opcode(void)
{
	struct io_uring_restriction res = allow(IORING_RESTRICTION_SQE_OP, IORING_OP_READ);
	int fd = scratch_file(1), ends[2];
	struct io_uring ring;

	open_restricted(&ring, &res, 1);
	expect(run_read(&ring, fd, 0), 1);
	expect(run_nop(&ring, 0), -EACCES);
	sys(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	expect(run_send(&ring, ends[0]), -EACCES);
	/* Flags are not allowed for being left out. */
	expect(run_read(&ring, fd, IOSQE_ASYNC), -EACCES);
	/* Nor are register calls. */
	expect(io_uring_register_files(&ring, &fd, 1), -EACCES);
	expect(io_uring_enable_rings(&ring), -EACCES);
	expect(run_read(&ring, fd, 0), 1);
	io_uring_queue_exit(&ring);
}

/* A refused request fails like any bad one: what came before it is submitted, what follows
 * waits. */
static void refused_in_a_batch(void)
{
	struct io_uring_restriction res = allow(IORING_RESTRICTION_SQE_OP, IORING_OP_NOP);
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char byte;

	open_restricted(&ring, &res, 1);
	for (int i = 0; i < 3; i++) {
		sqe = new_sqe(&ring);
		if (i == 1)
			io_uring_prep_read(sqe, 0, &byte, 1, 0);
		else
			io_uring_prep_nop(sqe);
		set_sqe(sqe, (uint64_t)i, 0);
	}
	submit(&ring, 2);
	expect_answer(&ring, 0, 0);
	expect_answer(&ring, 1, -EACCES);
	expect_none(&ring, 0);
	submit(&ring, 1);
	expect_answer(&ring, 2, 0);
	io_uring_queue_exit(&ring);
}

static void only_a_register_call(void)
{
	struct io_uring_restriction res =
		allow(IORING_RESTRICTION_REGISTER_OP, IORING_UNREGISTER_FILES);
	int fd = scratch_file(1);
	struct io_uring ring;

	open_ring(&ring, 8, IORING_SETUP_R_DISABLED);
	/* Until it is enabled, nothing is refused. */
	expect(io_uring_register_restrictions(&ring, &res, 1), 0);
	expect(io_uring_register_files(&ring, &fd, 1), 0);
	expect(io_uring_enable_rings(&ring), 0);
	expect(io_uring_register_files_update(&ring, 0, &fd, 1), -EACCES);
	expect(io_uring_unregister_files(&ring), 0);
	expect(io_uring_register_files(&ring, &fd, 1), -EACCES);
	io_uring_queue_exit(&ring);
}

/* Linux 6.18 refuses all requests then, observed; that none is named could also mean all. */
static void the_other_kind(void)
{
	struct io_uring_restriction res =
		allow(IORING_RESTRICTION_REGISTER_OP, IORING_REGISTER_PROBE);
	struct io_uring ring;
	int ret;

	open_restricted(&ring, &res, 1);
	ret = run_nop(&ring, 0);
	check(ret == -EACCES || ret == 0, "res %d", ret);
	expect(io_uring_register_files_sparse(&ring, 1), -EACCES);
	io_uring_queue_exit(&ring);
}

static void flags_allowed(void)
{
	struct io_uring_restriction res[2] = {
		allow(IORING_RESTRICTION_SQE_OP, IORING_OP_NOP),
		allow(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_ASYNC | IOSQE_IO_DRAIN),
	};
	struct io_uring ring;

	open_restricted(&ring, res, 2);
	expect(run_nop(&ring, 0), 0);
	expect(run_nop(&ring, IOSQE_ASYNC), 0);
	expect(run_nop(&ring, IOSQE_ASYNC | IOSQE_IO_DRAIN), 0);
	expect(run_nop(&ring, IOSQE_FIXED_FILE), -EACCES);
	expect(run_nop(&ring, IOSQE_ASYNC | IOSQE_FIXED_FILE), -EACCES);
	io_uring_queue_exit(&ring);
}

static void flags_required(void)
{
	struct io_uring_restriction res[3] = {
		allow(IORING_RESTRICTION_SQE_OP, IORING_OP_READ),
		allow(IORING_RESTRICTION_SQE_FLAGS_REQUIRED, IOSQE_FIXED_FILE),
		allow(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_ASYNC),
	};
	int fd = scratch_file(1);
	struct io_uring ring;

	open_ring(&ring, 8, IORING_SETUP_R_DISABLED);
	expect(io_uring_register_files(&ring, &fd, 1), 0);
	expect(io_uring_register_restrictions(&ring, res, 3), 0);
	expect(io_uring_enable_rings(&ring), 0);
	expect(run_read(&ring, fd, 0), -EACCES);
	expect(run_read(&ring, fd, IOSQE_ASYNC), -EACCES);
	/* What is required is allowed. */
	expect(run_read(&ring, 0, IOSQE_FIXED_FILE), 1);
	expect(run_read(&ring, 0, IOSQE_FIXED_FILE | IOSQE_ASYNC), 1);
	expect(run_read(&ring, 0, IOSQE_FIXED_FILE | IOSQE_IO_DRAIN), -EACCES);
	io_uring_queue_exit(&ring);
}

static void only_once(void)
{
	struct io_uring_restriction res = allow(IORING_RESTRICTION_SQE_OP, IORING_OP_NOP);
	struct io_uring ring;

	open_ring(&ring, 8, IORING_SETUP_R_DISABLED);
	expect(io_uring_register_restrictions(&ring, &res, 1), 0);
	expect(io_uring_register_restrictions(&ring, &res, 1), -EBUSY);
	expect(io_uring_enable_rings(&ring), 0);
	expect(io_uring_register_restrictions(&ring, &res, 1), -EACCES);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void none_at_all(void)
{
	struct io_uring_restriction unused = { 0 };
	struct io_uring ring;

	open_restricted(&ring, &unused, 0);
	expect(run_nop(&ring, 0), -EACCES);
	expect(io_uring_unregister_files(&ring), -EACCES);
	io_uring_queue_exit(&ring);
}

static void same_again(void)
{
	struct io_uring_restriction res[4] = {
		allow(IORING_RESTRICTION_SQE_OP, IORING_OP_NOP),
		allow(IORING_RESTRICTION_SQE_OP, IORING_OP_READ),
		allow(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_ASYNC),
		allow(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_IO_DRAIN),
	};
	int fd = scratch_file(1);
	struct io_uring ring;

	open_restricted(&ring, res, 4);
	/* Opcodes add up, flags are what was said last. */
	expect(run_nop(&ring, 0), 0);
	expect(run_read(&ring, fd, 0), 1);
	expect(run_nop(&ring, IOSQE_IO_DRAIN), 0);
	expect(run_nop(&ring, IOSQE_ASYNC), -EACCES);
	io_uring_queue_exit(&ring);
}

/* A set with a bad row leaves nothing of its good ones behind. */
static void partly_bad(void)
{
	struct io_uring_restriction res[2] = {
		allow(IORING_RESTRICTION_SQE_OP, IORING_OP_NOP),
		allow(IORING_RESTRICTION_LAST, 0),
	};
	int fd = scratch_file(1);
	struct io_uring ring;

	open_ring(&ring, 8, IORING_SETUP_R_DISABLED);
	expect(io_uring_register_restrictions(&ring, res, 2), -EINVAL);
	res[0] = allow(IORING_RESTRICTION_SQE_OP, IORING_OP_READ);
	expect(io_uring_register_restrictions(&ring, res, 1), 0);
	expect(io_uring_enable_rings(&ring), 0);
	expect(run_nop(&ring, 0), -EACCES);
	expect(run_read(&ring, fd, 0), 1);
	io_uring_queue_exit(&ring);
}

static void refused_in_a_chain(void)
{
	struct io_uring_restriction res[2] = {
		allow(IORING_RESTRICTION_SQE_OP, IORING_OP_NOP),
		allow(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_IO_LINK),
	};
	struct answer answers[3];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char byte;

	open_restricted(&ring, res, 2);
	for (int i = 0; i < 3; i++) {
		sqe = new_sqe(&ring);
		if (i == 1)
			io_uring_prep_read(sqe, 0, &byte, 1, 0);
		else
			io_uring_prep_nop(sqe);
		set_sqe(sqe, (uint64_t)i, i < 2 ? IOSQE_IO_LINK : 0);
	}
	check(io_uring_submit(&ring) > 0, "nothing was submitted");
	if (io_uring_sq_ready(&ring))
		check(io_uring_submit(&ring) > 0, "nothing was submitted");
	sorted_answers(&ring, answers, 3);
	expect(answers[0].res, -ECANCELED);
	expect(answers[1].res, -EACCES);
	check(answers[2].res == -ECANCELED || answers[2].res == 0, "res %d", answers[2].res);
	io_uring_queue_exit(&ring);
}

static void bad_restrictions(void)
{
	struct io_uring_restriction good = allow(IORING_RESTRICTION_SQE_OP, IORING_OP_NOP);
	struct io_uring_restriction res;
	struct io_uring ring;

	open_ring(&ring, 8, IORING_SETUP_R_DISABLED);
	res = allow(IORING_RESTRICTION_LAST, 0);
	expect(io_uring_register_restrictions(&ring, &res, 1), -EINVAL);
	res = allow(IORING_RESTRICTION_SQE_OP, 255);
	expect(io_uring_register_restrictions(&ring, &res, 1), -EINVAL);
	res = allow(IORING_RESTRICTION_REGISTER_OP, 255);
	expect(io_uring_register_restrictions(&ring, &res, 1), -EINVAL);
	expect(io_uring_register_restrictions(&ring, NULL, 1), -EINVAL);
	expect(io_uring_register_restrictions(&ring, (void *)16, 1), -EFAULT);
	expect(io_uring_register_restrictions(&ring, &good, 1000), -EINVAL);
	/* None of that counts as having restricted it, nor remains. */
	expect(io_uring_register_restrictions(&ring, &good, 1), 0);
	expect(io_uring_enable_rings(&ring), 0);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* ---- Rings by index -------------------------------------------------------------------------- */

static int add_index(struct io_uring *ring, unsigned *index)
{
	struct io_uring_rsrc_update up = { .offset = *index, .data = (uint64_t)ring->ring_fd };
	int ret = register_raw(ring, IORING_REGISTER_RING_FDS, &up, 1);

	*index = up.offset;
	return ret;
}

static int drop_index(struct io_uring *ring, unsigned index)
{
	struct io_uring_rsrc_update up = { .offset = index };

	return register_raw(ring, IORING_UNREGISTER_RING_FDS, &up, 1);
}

static int enter_index(unsigned index)
{
	return io_uring_enter(index, 0, 0, IORING_ENTER_REGISTERED_RING, NULL);
}

static void index_allocated(void)
{
	struct io_uring ring;
	unsigned index;

	open_ring(&ring, 8, 0);
	for (unsigned i = 0; i < MAX_INDICES; i++) {
		index = ~0U;
		expect(add_index(&ring, &index), 1);
		expect(index, i);
		expect(enter_index(i), 0);
	}
	index = ~0U;
	expect(add_index(&ring, &index), -EBUSY);
	expect(drop_index(&ring, 7), 1);
	expect(enter_index(7), -EBADF);
	index = ~0U;
	expect(add_index(&ring, &index), 1);
	expect(index, 7);
	io_uring_queue_exit(&ring);
}

static void index_chosen(void)
{
	struct io_uring ring;
	unsigned index = 5;

	open_ring(&ring, 8, 0);
	expect(add_index(&ring, &index), 1);
	expect(index, 5);
	expect(add_index(&ring, &index), -EBUSY);
	expect(enter_index(5), 0);
	expect(enter_index(4), -EBADF);
	expect(enter_index(MAX_INDICES), -EINVAL);
	index = MAX_INDICES;
	expect(add_index(&ring, &index), -EINVAL);
	expect(drop_index(&ring, MAX_INDICES), -EINVAL);
	/* Dropping what is not there is no error. */
	expect(drop_index(&ring, 4), 1);
	expect(drop_index(&ring, 5), 1);
	expect(drop_index(&ring, 5), 1);
	expect(enter_index(5), -EBADF);
	io_uring_queue_exit(&ring);
}

static void index_of_no_ring(void)
{
	struct io_uring_rsrc_update ups[3] = { { .offset = ~0U },
					       { .offset = ~0U },
					       { .offset = 9 } };
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	ups[0].data = (uint64_t)ring.ring_fd;
	ups[1].data = (uint64_t)fds[0];
	ups[2].data = (uint64_t)ring.ring_fd;
	expect(register_raw(&ring, IORING_REGISTER_RING_FDS, &ups[1], 1), -EOPNOTSUPP);
	/* As many as went well. */
	expect(register_raw(&ring, IORING_REGISTER_RING_FDS, ups, 3), 1);
	expect(ups[0].offset, 0);
	expect(enter_index(0), 0);
	expect(enter_index(9), -EBADF);
	ups[1].data = 9999;
	expect(register_raw(&ring, IORING_REGISTER_RING_FDS, &ups[1], 1), -EBADF);
	/* To unregister, data has to be 0. */
	expect(register_raw(&ring, IORING_UNREGISTER_RING_FDS, &ups[0], 1), -EINVAL);
	ups[0].data = 0;
	expect(register_raw(&ring, IORING_UNREGISTER_RING_FDS, &ups[0], 1), 1);
	io_uring_queue_exit(&ring);
}

static void *enter_in_thread(void *arg)
{
	struct io_uring *ring = arg, own;
	unsigned index = ~0U;

	/* A thread that has used no ring has no table of them at all. */
	expect(enter_index(0), -EINVAL);
	open_ring(&own, 8, 0);
	expect(enter_index(0), -EBADF);
	expect(add_index(ring, &index), 1);
	expect(index, 0);
	expect(enter_index(0), 0);
	io_uring_queue_exit(&own);
	return NULL;
}

static void index_of_a_thread(void)
{
	struct io_uring ring;
	unsigned index = 0;
	pthread_t thread;

	open_ring(&ring, 8, 0);
	expect(add_index(&ring, &index), 1);
	expect(pthread_create(&thread, NULL, enter_in_thread, &ring), 0);
	expect(pthread_join(thread, NULL), 0);
	expect(enter_index(0), 0);
	io_uring_queue_exit(&ring);
}

static void index_in_register(void)
{
	const unsigned by_index = IORING_REGISTER_USE_REGISTERED_RING;
	struct io_uring ring;
	unsigned index = 3;
	int fd = scratch_file(1);

	open_ring(&ring, 8, 0);
	need_feature(&ring, IORING_FEAT_REG_REG_RING, "IORING_REGISTER_USE_REGISTERED_RING");
	expect(add_index(&ring, &index), 1);
	expect(io_uring_register(3, by_index | IORING_REGISTER_FILES, &fd, 1), 0);
	expect(run_read(&ring, 0, IOSQE_FIXED_FILE), 1);
	expect(io_uring_register(3, by_index | IORING_UNREGISTER_FILES, NULL, 0), 0);
	expect(io_uring_register(4, by_index | IORING_UNREGISTER_FILES, NULL, 0), -EBADF);
	expect(io_uring_register(MAX_INDICES, by_index | IORING_UNREGISTER_FILES, NULL, 0),
	       -EINVAL);
	expect(io_uring_register(3, by_index | 255, NULL, 0), -EINVAL);
	io_uring_queue_exit(&ring);
}

/* The library's own use: the ring goes on by index when its descriptor is closed. */
static void index_without_descriptor(void)
{
	struct io_uring ring;
	int fd = scratch_file(1);

	open_ring(&ring, 8, 0);
	need_feature(&ring, IORING_FEAT_REG_REG_RING, "IORING_REGISTER_USE_REGISTERED_RING");
	expect(io_uring_close_ring_fd(&ring), -EINVAL);
	expect(io_uring_register_ring_fd(&ring), 1);
	expect(io_uring_register_ring_fd(&ring), -EEXIST);
	expect_usable(&ring);
	expect(io_uring_close_ring_fd(&ring), 1);
	expect(io_uring_close_ring_fd(&ring), -EBADF);
	expect_usable(&ring);
	expect(io_uring_register_files(&ring, &fd, 1), 0);
	expect(run_read(&ring, 0, IOSQE_FIXED_FILE), 1);
	io_uring_queue_exit(&ring);
}

/* What the ring holds is let go with the last that knows it. */
static void index_keeps_the_ring(void)
{
	struct pollfd end = { .events = POLLIN };
	struct io_uring ring, other;
	unsigned index = 2;
	int fds[2];

	open_ring(&ring, 8, 0);
	open_ring(&other, 8, 0);
	make_pipe(fds);
	end.fd = fds[0];
	expect(io_uring_register_files(&ring, &fds[1], 1), 0);
	close(fds[1]);
	expect(add_index(&ring, &index), 1);
	io_uring_queue_exit(&ring);
	expect(enter_index(2), 0);
	expect(poll(&end, 1, 20), 0);
	expect(drop_index(&other, 2), 1);
	expect(enter_index(2), -EBADF);
	expect(poll(&end, 1, 9000), 1);
	expect(end.revents, POLLHUP);
	io_uring_queue_exit(&other);
}

static void *hold_index(void *arg)
{
	const int fd = *(int *)arg;
	struct io_uring_rsrc_update up = { .offset = ~0U, .data = (uint64_t)fd };

	expect(io_uring_register((unsigned)fd, IORING_REGISTER_RING_FDS, &up, 1), 1);
	close(fd);
	expect(enter_index(up.offset), 0);
	return NULL;
}

static void index_goes_with_its_thread(void)
{
	struct pollfd end = { .events = POLLIN };
	struct io_uring ring;
	pthread_t thread;
	int fds[2], copy;

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	end.fd = fds[0];
	expect(io_uring_register_files(&ring, &fds[1], 1), 0);
	close(fds[1]);
	copy = (int)sys(dup(ring.ring_fd));
	io_uring_queue_exit(&ring);
	expect(poll(&end, 1, 20), 0);
	expect(pthread_create(&thread, NULL, hold_index, &copy), 0);
	expect(pthread_join(thread, NULL), 0);
	expect(poll(&end, 1, 9000), 1);
	expect(end.revents, POLLHUP);
}

/* Of two duplicates, so that the ring has to go on by one and then by the other. */
static void duplicates_keep_the_ring(void)
{
	struct pollfd end = { .events = POLLIN };
	struct io_uring ring;
	int fds[2], copies[2];

	open_ring(&ring, 8, 0);
	make_pipe(fds);
	end.fd = fds[0];
	expect(io_uring_register_files(&ring, &fds[1], 1), 0);
	close(fds[1]);
	for (int i = 0; i < 2; i++)
		copies[i] = (int)sys(dup(ring.ring_fd));
	io_uring_queue_exit(&ring);
	for (int i = 0; i < 2; i++)
		expect(io_uring_enter((unsigned)copies[i], 0, 0, IORING_ENTER_GETEVENTS, NULL), 0);
	expect(poll(&end, 1, 20), 0);
	expect(io_uring_register((unsigned)copies[1], IORING_UNREGISTER_FILES, NULL, 0), 0);
	expect(poll(&end, 1, 9000), 1);
	expect(end.revents, POLLHUP);
}

static void index_dropped(void)
{
	struct io_uring ring;
	pthread_t thread;

	open_ring(&ring, 8, 0);
	expect(io_uring_unregister_ring_fd(&ring), -EINVAL);
	expect(io_uring_register_ring_fd(&ring), 1);
	expect_usable(&ring);
	expect(io_uring_unregister_ring_fd(&ring), 1);
	expect_usable(&ring);
	/* Now it can be used by any thread again. */
	expect(pthread_create(&thread, NULL, use_ring, &ring), 0);
	expect(pthread_join(thread, NULL), 0);
	io_uring_queue_exit(&ring);
}

const struct conformance_case restrict_cases[] = {
	{ "a disabled ring takes no requests until it is enabled", disabled },
	{ "a disabled ring's polling thread starts when it is enabled", disabled_polling_thread },
	{ "a disabled ring can register", disabled_registers },
	{ "a ring not disabled can neither be enabled nor restricted", never_disabled },
	{ "the thread that enables a single-issuer ring is its issuer", enabled_by_thread },
	{ "an opcode allowed is the only one", only_an_opcode },
	{ "a refused request ends its batch", refused_in_a_batch },
	{ "a register call allowed is the only one, once enabled", only_a_register_call },
	{ "restricted register calls stay so whatever requests may do", the_other_kind },
	{ "flags allowed may be set", flags_allowed },
	{ "flags required must be set", flags_required },
	{ "restrictions are registered once", only_once },
	{ "an empty set of restrictions allows nothing", none_at_all },
	{ "opcodes add up, and the last word on flags counts", same_again },
	{ "a refused request cancels the chain it stands in", refused_in_a_chain },
	{ "a set with a bad restriction leaves nothing behind", partly_bad },
	{ "errors of restrictions", bad_restrictions },
	{ "a ring gets the first index that is free", index_allocated },
	{ "a ring gets the index asked for", index_chosen },
	{ "what is no ring gets no index", index_of_no_ring },
	{ "an index is the thread's own", index_of_a_thread },
	{ "a register call can name its ring by index", index_in_register },
	{ "a ring goes on by its index without a descriptor", index_without_descriptor },
	{ "an index keeps a ring when its descriptor is closed", index_keeps_the_ring },
	{ "an index goes with its thread", index_goes_with_its_thread },
	{ "a duplicate of its descriptor keeps a ring", duplicates_keep_the_ring },
	{ "a ring goes on by its descriptor without an index", index_dropped },
	{ 0 },
};
