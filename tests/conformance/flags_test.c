/* SPDX-License-Identifier: MIT */
/* What the flags of io_uring_setup(2) change in a ring's behaviour. */
#include "requests.h"

/* ---- SUBMIT_ALL ------------------------------------------------------------------------------ */

static void stop_at_error(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_nop(&ring, 1, 0);
	queue_refused(&ring, 2, 0);
	queue_nop(&ring, 3, 0);
	queue_nop(&ring, 4, 0);
	/* The bad one is counted, and completes; those behind it stay queued. */
	expect(io_uring_submit(&ring), 2);
	expect(io_uring_sq_ready(&ring), 2);
	expect_answer(&ring, 1, 0);
	expect_full_answer(&ring, 2, -EINVAL, 0);
	expect_none(&ring, 0);
	expect(io_uring_submit(&ring), 2);
	expect_answer(&ring, 3, 0);
	expect_answer(&ring, 4, 0);
	/* One that is refused first of all is counted, too. */
	queue_refused(&ring, 5, 0);
	expect(io_uring_submit(&ring), 1);
	expect_answer(&ring, 5, -EINVAL);
	io_uring_queue_exit(&ring);
}

static void submit_all(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, IORING_SETUP_SUBMIT_ALL);
	queue_nop(&ring, 1, 0);
	queue_refused(&ring, 2, 0);
	queue_refused(&ring, 3, 0);
	queue_nop(&ring, 4, 0);
	expect(io_uring_submit(&ring), 4);
	expect_answer(&ring, 1, 0);
	expect_answer(&ring, 2, -EINVAL);
	expect_answer(&ring, 3, -EINVAL);
	expect_answer(&ring, 4, 0);
	io_uring_queue_exit(&ring);
}

/* A request that starts and then fails is no error of submission. */
static void failing_is_no_stop(void)
{
	struct io_uring ring;
	char byte;

	open_ring(&ring, 8, 0);
	io_uring_prep_read(new_sqe(&ring), -1, &byte, 1, 0);
	set_sqe(&ring.sq.sqes[0], 1, 0);
	queue_nop(&ring, 2, 0);
	submit(&ring, 2);
	expect_answer(&ring, 1, -EBADF);
	expect_answer(&ring, 2, 0);
	io_uring_queue_exit(&ring);
}

/* ---- R_DISABLED ------------------------------------------------------------------------------ */

static void disabled(void)
{
	struct io_uring ring;

	open_ring(&ring, 4, IORING_SETUP_R_DISABLED);
	queue_nop(&ring, 1, 0);
	expect(io_uring_submit(&ring), -EBADFD);
	expect(io_uring_enter((unsigned)ring.ring_fd, 0, 0, 0, NULL), -EBADFD);
	expect(io_uring_get_events(&ring), -EBADFD);
	expect(io_uring_sq_ready(&ring), 1);
	expect(io_uring_enable_rings(&ring), 0);
	expect(io_uring_enable_rings(&ring), -EBADFD);
	expect(io_uring_submit(&ring), 1);
	expect_answer(&ring, 1, 0);
	io_uring_queue_exit(&ring);

	open_ring(&ring, 4, 0);
	expect(io_uring_enable_rings(&ring), -EBADFD);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void register_while_disabled(void)
{
	struct io_uring ring;
	struct io_uring_sqe *sqe;
	char bytes[10];
	int fd = scratch_file(10);

	open_ring(&ring, 4, IORING_SETUP_R_DISABLED);
	expect(io_uring_register_files(&ring, &fd, 1), 0);
	expect(io_uring_enable_rings(&ring), 0);
	sqe = new_sqe(&ring);
	io_uring_prep_read(sqe, 0, bytes, 10, 0);
	set_sqe(sqe, 1, IOSQE_FIXED_FILE);
	expect(run_one(&ring).res, 10);
	expect_pattern(bytes, 0, 10);
	io_uring_queue_exit(&ring);
}

/* ---- SINGLE_ISSUER --------------------------------------------------------------------------- */

static void *intrude(void *arg)
{
	struct io_uring *ring = arg;

	expect(io_uring_submit(ring), -EEXIST);
	expect(io_uring_register_files_sparse(ring, 1), -EEXIST);
	return NULL;
}

static void single_issuer(void)
{
	struct io_uring ring;

	open_ring(&ring, 4, IORING_SETUP_SINGLE_ISSUER);
	queue_nop(&ring, 1, 0);
	run_in_thread(intrude, &ring);
	expect_none(&ring, 0);
	expect(io_uring_sq_ready(&ring), 1);
	/* To its owner the ring is as good as before. */
	expect(io_uring_submit(&ring), 1);
	expect_answer(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

static void *take_over(void *arg)
{
	struct io_uring *ring = arg;

	expect(io_uring_enable_rings(ring), 0);
	expect_usable(ring);
	return NULL;
}

static void issuer_enables(void)
{
	struct io_uring ring;

	open_ring(&ring, 4, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_R_DISABLED);
	run_in_thread(take_over, &ring);
	queue_nop(&ring, 1, 0);
	expect(io_uring_submit(&ring), -EEXIST);
	io_uring_queue_exit(&ring);
}

static void *only_wait(void *arg)
{
	struct io_uring *ring = arg;

	expect(io_uring_enter((unsigned)ring->ring_fd, 0, 1, IORING_ENTER_GETEVENTS, NULL), 0);
	expect(io_uring_cq_ready(ring), 1);
	return NULL;
}

static void others_may_wait(void)
{
	struct __kernel_timespec ts = MILLISECONDS(20);
	struct io_uring ring;

	open_ring(&ring, 4, IORING_SETUP_SINGLE_ISSUER);
	io_uring_prep_timeout(new_sqe(&ring), &ts, 0, 0);
	submit(&ring, 1);
	run_in_thread(only_wait, &ring);
	expect(next_answer(&ring).res, -ETIME);
	io_uring_queue_exit(&ring);
}

static void *others_must_not(void *arg)
{
	struct io_uring *ring = arg;

	expect(io_uring_get_events(ring), -EEXIST);
	expect(io_uring_enter((unsigned)ring->ring_fd, 0, 1, IORING_ENTER_GETEVENTS, NULL),
	       -EEXIST);
	expect(io_uring_submit(ring), -EEXIST);
	return NULL;
}

static void deferring_waits_alone(void)
{
	struct io_uring ring;

	open_ring(&ring, 4, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	queue_nop(&ring, 1, 0);
	run_in_thread(others_must_not, &ring);
	expect(io_uring_submit(&ring), 1);
	expect_answer(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

/* ---- DEFER_TASKRUN, TASKRUN_FLAG ------------------------------------------------------------- */

/* A ring with `flags`, and a read of an empty pipe in it; what is written then completes it. */
static int ring_with_read(struct io_uring *ring, unsigned flags, char *byte)
{
	int fds[2];

	open_ring(ring, 4, flags);
	make_pipe(fds);
	io_uring_prep_read(new_sqe(ring), fds[0], byte, 1, 0);
	set_sqe(&ring->sq.sqes[0], 1, 0);
	submit(ring, 1);
	return fds[1];
}

static void deferred(void)
{
	struct io_uring ring;
	char byte = 0;
	int fd = ring_with_read(&ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
				&byte);

	expect(sys(write(fd, "x", 1)), 1);
	sleep_ms(20);
	expect(io_uring_cq_ready(&ring), 0);
	/* Submitting is not getting events. */
	queue_nop(&ring, 2, 0);
	expect(io_uring_submit(&ring), 1);
	expect(io_uring_cq_ready(&ring), 1);
	expect_answer(&ring, 2, 0);
	expect(io_uring_cq_ready(&ring), 0);
	expect(io_uring_get_events(&ring), 0);
	expect(io_uring_cq_ready(&ring), 1);
	expect_answer(&ring, 1, 1);
	expect(byte, 'x');
	io_uring_queue_exit(&ring);
}

static void deferred_and_flagged(void)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	char byte = 0;
	int fd;

	kernel_only("Task work");
	fd = ring_with_read(&ring,
			    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
				    IORING_SETUP_TASKRUN_FLAG,
			    &byte);
	expect(IO_URING_READ_ONCE(*ring.sq.kflags), 0);
	expect(sys(write(fd, "x", 1)), 1);
	/* The write itself queued the work. */
	expect(IO_URING_READ_ONCE(*ring.sq.kflags), IORING_SQ_TASKRUN);
	expect(io_uring_cq_ready(&ring), 0);
	/* So peeking sees what is pending. */
	expect(io_uring_peek_cqe(&ring, &cqe), 0);
	expect(cqe->res, 1);
	io_uring_cqe_seen(&ring, cqe);
	expect(IO_URING_READ_ONCE(*ring.sq.kflags), 0);
	io_uring_queue_exit(&ring);
}

static void *write_byte(void *arg)
{
	expect(sys(write(*(int *)arg, "x", 1)), 1);
	return NULL;
}

static void cooperative(void)
{
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;
	char byte = 0;
	int fd =
		ring_with_read(&ring, IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, &byte);

	/* Joining is a system call, after which the completion may be there or its work flagged. */
	run_in_thread(write_byte, &fd);
	expect(io_uring_peek_cqe(&ring, &cqe), 0);
	expect(cqe->res, 1);
	io_uring_cqe_seen(&ring, cqe);
	expect(byte, 'x');
	io_uring_queue_exit(&ring);
}

/* ---- Entries of other sizes ------------------------------------------------------------------ */

static void attach(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_ATTACH_WQ };
	struct io_uring first, second;
	char bytes[10];
	int fd = scratch_file(10);

	open_ring(&first, 4, 0);
	p.wq_fd = (unsigned)first.ring_fd;
	expect(try_ring(&second, 4, &p), 0);
	expect_usable(&first);
	/* The workers outlive the ring that they came with. */
	io_uring_queue_exit(&first);
	io_uring_prep_read(new_sqe(&second), fd, bytes, 10, 0);
	set_sqe(&second.sq.sqes[0], 1, IOSQE_ASYNC);
	submit(&second, 1);
	expect_answer(&second, 1, 10);
	io_uring_queue_exit(&second);
}

static void attach_to_nothing(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_ATTACH_WQ };

	p.wq_fd = 12345;
	expect(io_uring_setup(4, &p), -ENXIO);
	p.wq_fd = (unsigned)scratch_file(1);
	expect(io_uring_setup(4, &p), -EINVAL);
}

const struct conformance_case flags_cases[] = {
	{ "a bad request ends the submission, but is taken and completes", stop_at_error },
	{ "SUBMIT_ALL submits what is behind a bad request", submit_all },
	{ "a request that fails when it runs stops no others", failing_is_no_stop },
	{ "a disabled ring refuses to be entered, and is enabled once", disabled },
	{ "files can be registered while the ring is disabled", register_while_disabled },
	{ "SINGLE_ISSUER refuses other threads", single_issuer },
	{ "the one who enables a ring is its issuer", issuer_enables },
	{ "SINGLE_ISSUER lets another thread wait", others_may_wait },
	{ "DEFER_TASKRUN lets no other thread wait", deferring_waits_alone },
	{ "DEFER_TASKRUN completes only when events are asked for", deferred },
	{ "TASKRUN_FLAG shows deferred work, which peeking does", deferred_and_flagged },
	{ "COOP_TASKRUN with TASKRUN_FLAG lets a peek see all", cooperative },
	{ "a ring lives on after the one it attached to", attach },
	{ "attaching to what is no ring is refused", attach_to_nothing },
	{ 0 },
};
