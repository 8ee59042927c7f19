/* SPDX-License-Identifier: MIT */
/* The submission thread: idle, wake-up, affinity. */
#include <sched.h>

#include "requests.h"

/* A ring whose thread goes to sleep after `idle` milliseconds without work. */
static void open_polled(struct io_uring *ring, unsigned entries, unsigned idle)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = idle };

	expect(try_ring(ring, entries, &p), 0);
}

/* Submits by the library, which wakes the thread; how many earlier ones it counts is a race. */
static void send_off(struct io_uring *ring)
{
	int ret = io_uring_submit(ring);

	check(ret >= 0, "%s", strerror(-ret));
}

/* Makes the entries queued visible to the thread, and does not wake it. */
static void publish(struct io_uring *ring)
{
	ring->sq.sqe_head = ring->sq.sqe_tail;
	/* Pairs with the thread's acquire of the tail. */
	io_uring_smp_store_release(ring->sq.ktail, ring->sq.sqe_tail);
}

static void await_sleep(struct io_uring *ring)
{
	for (int64_t end = now_ms() + 8000; now_ms() < end; sleep_ms(1))
		if (IO_URING_READ_ONCE(*ring->sq.kflags) & IORING_SQ_NEED_WAKEUP)
			return;
	check(0, "the thread does not go to sleep");
}

static void await_completions(struct io_uring *ring, unsigned count)
{
	for (int64_t end = now_ms() + 8000; now_ms() < end; sleep_ms(1))
		if (io_uring_cq_ready(ring) >= count)
			return;
	check(0, "%u completions of %u", io_uring_cq_ready(ring), count);
}

/* The thread gives entries back after it has submitted them, by when they may have completed. */
static void await_room(struct io_uring *ring)
{
	for (int64_t end = now_ms() + 8000; now_ms() < end; sleep_ms(1))
		if (!io_uring_sq_ready(ring))
			return;
	check(0, "%u entries are not taken", io_uring_sq_ready(ring));
}

static void expect_nops(struct io_uring *ring, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		expect_answer(ring, i, 0);
	expect_none(ring, 0);
}

/* ---- Without a call -------------------------------------------------------------------------- */

static void no_call(void)
{
	struct io_uring ring;

	open_polled(&ring, 8, 5000);
	/* A thread that has had no work yet may sleep at once, whatever its idle time. */
	queue_nop(&ring, 0, 0);
	send_off(&ring);
	expect_nops(&ring, 1);
	for (int round = 0; round < 5; round++) {
		for (unsigned i = 0; i < 8; i++)
			queue_nop(&ring, i, 0);
		publish(&ring);
		await_completions(&ring, 8);
		await_room(&ring);
		expect_nops(&ring, 8);
	}
	io_uring_queue_exit(&ring);
}

static void sleeps_and_wakes(void)
{
	struct io_uring ring;

	open_polled(&ring, 8, 5);
	await_sleep(&ring);
	queue_nop(&ring, 0, 0);
	publish(&ring);
	sleep_ms(30);
	expect(io_uring_cq_ready(&ring), 0);
	expect(io_uring_sq_ready(&ring), 1);
	/* What is to be submitted is what the thread finds; the number comes back as given. */
	expect(io_uring_enter((unsigned)ring.ring_fd, 5, 0, IORING_ENTER_SQ_WAKEUP, NULL), 5);
	await_completions(&ring, 1);
	expect_nops(&ring, 1);
	await_sleep(&ring);
	expect(io_uring_enter((unsigned)ring.ring_fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL), 0);
	io_uring_queue_exit(&ring);
}

static void submitting_wakes(void)
{
	struct io_uring ring;

	open_polled(&ring, 8, 1);
	for (unsigned round = 0; round < 10; round++) {
		await_sleep(&ring);
		queue_nop(&ring, 0, 0);
		send_off(&ring);
		expect_nops(&ring, 1);
	}
	io_uring_queue_exit(&ring);
}

static void sleeps_with_requests(void)
{
	struct io_uring ring;
	int fd;

	/* A request that waits needs no thread. */
	open_polled(&ring, 8, 5);
	fd = queue_hanging(&ring, 1, 0);
	send_off(&ring);
	await_sleep(&ring);
	release(fd);
	expect_answer(&ring, 1, 1);
	io_uring_queue_exit(&ring);
}

/* ---- A full queue ---------------------------------------------------------------------------- */

static void wait_for_room(void)
{
	struct io_uring ring;
	unsigned reaped = 0;

	open_polled(&ring, 4, 1000);
	for (unsigned i = 0; i < 3000; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

		while (!sqe) {
			send_off(&ring);
			check(io_uring_sqring_wait(&ring) >= 0, "no waiting");
			sqe = io_uring_get_sqe(&ring);
		}
		io_uring_prep_nop(sqe);
		set_sqe(sqe, i, 0);
		send_off(&ring);
		for (unsigned n = io_uring_cq_ready(&ring); n; n--)
			expect_answer(&ring, reaped++, 0);
	}
	while (reaped < 3000)
		expect_answer(&ring, reaped++, 0);
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

static void raw_wait_for_room(void)
{
	struct io_uring ring;

	open_polled(&ring, 4, 5);
	await_sleep(&ring);
	for (unsigned i = 0; i < 4; i++)
		queue_nop(&ring, i, 0);
	publish(&ring);
	expect(io_uring_sq_space_left(&ring), 0);
	expect(io_uring_enter((unsigned)ring.ring_fd, 0, 0,
			      IORING_ENTER_SQ_WAKEUP | IORING_ENTER_SQ_WAIT, NULL),
	       0);
	check(io_uring_sq_space_left(&ring) > 0, "no room");
	expect_nops(&ring, 4);
	io_uring_queue_exit(&ring);
}

static void overflown(void)
{
	struct io_uring ring;

	open_polled(&ring, 2, 1000);
	for (unsigned i = 0; i < 20; i++) {
		queue_nop(&ring, i, 0);
		send_off(&ring);
		while (!io_uring_sq_space_left(&ring))
			check(io_uring_sqring_wait(&ring) >= 0, "no waiting");
	}
	await_completions(&ring, 4);
	for (unsigned i = 0; i < 20; i++)
		expect_answer(&ring, i, 0);
	expect_none(&ring, 20);
	io_uring_queue_exit(&ring);
}

/* ---- Requests -------------------------------------------------------------------------------- */

static void io_on_any_file(void)
{
	int fd = scratch_file(100), fds[2];
	struct io_uring ring;
	char bytes[100];

	open_polled(&ring, 8, 1000);
	need_feature(&ring, IORING_FEAT_SQPOLL_NONFIXED, "SQPOLL on any file");
	queue_read(&ring, fd, bytes, 100, 1, 0);
	send_off(&ring);
	expect_answer(&ring, 1, 100);
	expect_pattern(bytes, 0, 100);
	/* A descriptor opened after the thread began. */
	make_pipe(fds);
	queue_write(&ring, fds[1], "abc", 3, 2, 0);
	send_off(&ring);
	expect_answer(&ring, 2, 3);
	queue_read(&ring, fds[0], bytes, 100, 3, 0);
	send_off(&ring);
	expect_answer(&ring, 3, 3);
	queue_read(&ring, 12345, bytes, 100, 4, 0);
	send_off(&ring);
	expect_answer(&ring, 4, -EBADF);
	io_uring_queue_exit(&ring);
}

static void refused(void)
{
	struct io_uring ring;

	/* The thread stops at none. */
	open_polled(&ring, 8, 1000);
	queue_nop(&ring, 0, 0);
	queue_refused(&ring, 1, 0);
	queue_refused(&ring, 2, 0);
	queue_nop(&ring, 3, 0);
	send_off(&ring);
	expect_answer(&ring, 0, 0);
	expect_answer(&ring, 1, -EINVAL);
	expect_answer(&ring, 2, -EINVAL);
	expect_answer(&ring, 3, 0);
	expect(io_uring_sq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
}

static void chains(void)
{
	struct io_uring ring;
	int fd;

	open_polled(&ring, 8, 1000);
	fd = queue_hanging(&ring, 1, IOSQE_IO_LINK);
	queue_failing(&ring, 2, IOSQE_IO_LINK);
	queue_nop(&ring, 3, 0);
	send_off(&ring);
	expect_none(&ring, 20);
	release(fd);
	expect_answer(&ring, 1, 1);
	expect_answer(&ring, 2, -EBADF);
	expect_answer(&ring, 3, -ECANCELED);
	io_uring_queue_exit(&ring);
}

static void cancelled(void)
{
	struct answer answers[2];
	struct io_uring ring;

	open_polled(&ring, 8, 1000);
	queue_hanging(&ring, 1, 0);
	send_off(&ring);
	queue_cancel(&ring, 1, 0, 2);
	send_off(&ring);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	expect(answers[1].res, 0);
	queue_hanging(&ring, 3, 0);
	queue_nop(&ring, 4, 0);
	send_off(&ring);
	expect_answer(&ring, 4, 0);
	expect(cancel_now(&ring, 3), 0);
	expect_answer(&ring, 3, -ECANCELED);
	io_uring_queue_exit(&ring);
}

/* The thread has all signals blocked, which says nothing of what the program uses. */
static void futex_cancelled(void)
{
	static uint32_t word;
	struct io_uring ring;

	need_linux(6, 7, "futex requests");
	open_polled(&ring, 8, 100);
	/* FUTEX2_SIZE_U32 | FUTEX2_PRIVATE, which older headers lack. */
	io_uring_prep_futex_wait(new_sqe(&ring), &word, 0, ~0U, 2 | 128, 0);
	send_off(&ring);
	expect_none(&ring, 50);
	io_uring_prep_cancel64(new_sqe(&ring), 0, IORING_ASYNC_CANCEL_ALL);
	send_off(&ring);
	await_completions(&ring, 2);
	io_uring_queue_exit(&ring);
}

static void closed_with_requests(void)
{
	struct io_uring ring;

	for (int i = 0; i < 10; i++) {
		open_polled(&ring, 8, i % 2 ? 1 : 1000);
		queue_hanging(&ring, 1, 0);
		queue_nop(&ring, 2, 0);
		send_off(&ring);
		expect_answer(&ring, 2, 0);
		if (i % 2)
			await_sleep(&ring);
		io_uring_queue_exit(&ring);
	}
}

/* ---- Set-up ---------------------------------------------------------------------------------- */

static void bound_to_a_cpu(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF };
	cpu_set_t allowed;
	struct io_uring ring;

	sys(sched_getaffinity(0, sizeof(allowed), &allowed));
	while (!CPU_ISSET(p.sq_thread_cpu, &allowed))
		p.sq_thread_cpu++;
	expect(try_ring(&ring, 8, &p), 0);
	queue_nop(&ring, 0, 0);
	send_off(&ring);
	expect_nops(&ring, 1);
	io_uring_queue_exit(&ring);
}

static void disabled_at_first(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL | IORING_SETUP_R_DISABLED };
	struct io_uring ring;

	expect(try_ring(&ring, 8, &p), 0);
	queue_nop(&ring, 0, 0);
	publish(&ring);
	sleep_ms(20);
	expect(io_uring_cq_ready(&ring), 0);
	expect(io_uring_enter((unsigned)ring.ring_fd, 1, 0, IORING_ENTER_SQ_WAKEUP, NULL), -EBADFD);
	expect(io_uring_enable_rings(&ring), 0);
	await_completions(&ring, 1);
	expect_nops(&ring, 1);
	io_uring_queue_exit(&ring);
}

static void *submit_from_here(void *arg)
{
	queue_nop(arg, 0, 0);
	send_off(arg);
	return NULL;
}

static void single_issuer(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL | IORING_SETUP_SINGLE_ISSUER };
	struct io_uring ring;

	need_linux(6, 0, "IORING_SETUP_SINGLE_ISSUER");
	/* The thread is the issuer: asleep or not, anybody may wake it. */
	p.sq_thread_idle = 1;
	expect(try_ring(&ring, 8, &p), 0);
	for (int round = 0; round < 3; round++) {
		run_in_thread(submit_from_here, &ring);
		expect_nops(&ring, 1);
		await_sleep(&ring);
	}
	io_uring_queue_exit(&ring);
}

/* ---- Threads shared -------------------------------------------------------------------------- */

static int attach_to(struct io_uring *ring, int fd, unsigned flags)
{
	struct io_uring_params p = { .flags = IORING_SETUP_ATTACH_WQ | flags };

	p.wq_fd = (unsigned)fd;
	p.sq_thread_idle = 5;
	return try_ring(ring, 8, &p);
}

static void shared(void)
{
	struct io_uring first, second;
	int fd;

	open_polled(&first, 8, 5);
	expect(attach_to(&second, first.ring_fd, IORING_SETUP_SQPOLL), 0);
	for (int round = 0; round < 3; round++) {
		queue_nop(&first, 0, 0);
		queue_nop(&second, 0, 0);
		send_off(&first);
		send_off(&second);
		expect_nops(&first, 1);
		expect_nops(&second, 1);
		await_sleep(&first);
		await_sleep(&second);
	}
	/* The thread lives as long as any of its rings. */
	fd = queue_hanging(&second, 1, 0);
	send_off(&second);
	io_uring_queue_exit(&first);
	release(fd);
	expect_answer(&second, 1, 1);
	queue_nop(&second, 0, 0);
	send_off(&second);
	expect_nops(&second, 1);
	io_uring_queue_exit(&second);
}

static void attached_otherwise(void)
{
	struct io_uring plain, polled, ring;

	open_ring(&plain, 8, 0);
	open_polled(&polled, 8, 1000);
	/* There is no thread to share; nor has one to be shared. */
	expect(attach_to(&ring, plain.ring_fd, IORING_SETUP_SQPOLL), -EINVAL);
	expect(attach_to(&ring, polled.ring_fd, 0), 0);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
	io_uring_queue_exit(&polled);
	io_uring_queue_exit(&plain);
}

const struct conformance_case sqpoll_cases[] = {
	{ "requests are submitted without a call", no_call },
	{ "an idle thread sleeps until it is woken", sleeps_and_wakes },
	{ "submitting wakes the thread when needed", submitting_wakes },
	{ "requests complete while the thread sleeps", sleeps_with_requests },
	{ "thousands go through a queue of four", wait_for_room },
	{ "SQ_WAIT ends when there is room", raw_wait_for_room },
	{ "completions that do not fit are kept", overflown },
	{ "any descriptor can be used", io_on_any_file },
	{ "a refused request stops nothing", refused },
	{ "chains are kept together", chains },
	{ "requests can be cancelled", cancelled },
	{ "a wait for a futex can be cancelled", futex_cancelled },
	{ "the ring can be closed with requests in flight", closed_with_requests },
	{ "the thread can be bound to a CPU", bound_to_a_cpu },
	{ "a disabled ring's thread submits nothing until it is enabled", disabled_at_first },
	{ "SINGLE_ISSUER lets every thread submit", single_issuer },
	{ "rings that are attached share the thread", shared },
	{ "a ring attaches to a thread where there is one", attached_otherwise },
	{ 0 },
};
