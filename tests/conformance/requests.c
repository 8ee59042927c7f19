/* SPDX-License-Identifier: MIT */
#include "requests.h"

void queue_nop(struct io_uring *ring, uint64_t data, unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_nop(sqe);
	set_sqe(sqe, data, flags);
}

void queue_failing(struct io_uring *ring, uint64_t data, unsigned flags)
{
	static char byte;

	queue_read(ring, -1, &byte, 1, data, flags);
}

void queue_refused(struct io_uring *ring, uint64_t data, unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_nop(sqe);
	sqe->opcode = 255;
	set_sqe(sqe, data, flags);
}

int queue_hanging(struct io_uring *ring, uint64_t data, unsigned flags)
{
	static char byte;
	int fds[2];

	make_pipe(fds);
	queue_read(ring, fds[0], &byte, 1, data, flags);
	return fds[1];
}

void release(int fd)
{
	expect(sys(write(fd, "x", 1)), 1);
}

void queue_read(struct io_uring *ring, int fd, void *buf, unsigned size, uint64_t data,
		unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_read(sqe, fd, buf, size, 0);
	set_sqe(sqe, data, flags);
}

void queue_write(struct io_uring *ring, int fd, const void *buf, unsigned size, uint64_t data,
		 unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_write(sqe, fd, buf, size, 0);
	set_sqe(sqe, data, flags);
}

int queue_multishot(struct io_uring *ring, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);
	int fds[2];

	make_pipe(fds);
	io_uring_prep_poll_multishot(sqe, fds[0], POLLIN);
	set_sqe(sqe, data, 0);
	return fds[1];
}

void queue_timeout(struct io_uring *ring, struct __kernel_timespec *ts, unsigned count,
		   unsigned timeout_flags, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_timeout(sqe, ts, count, timeout_flags);
	set_sqe(sqe, data, 0);
}

void queue_timeout_remove(struct io_uring *ring, uint64_t target, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_timeout_remove(sqe, target, 0);
	set_sqe(sqe, data, 0);
}

void queue_cancel(struct io_uring *ring, uint64_t target, unsigned cancel_flags, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_cancel64(sqe, target, (int)cancel_flags);
	set_sqe(sqe, data, 0);
}

void on_both_kinds(void (*run)(unsigned flags))
{
	run(0);
	run(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
}

void run_in_thread(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	expect(pthread_create(&thread, NULL, run, arg), 0);
	expect(pthread_join(thread, NULL), 0);
}

int cancel_now(struct io_uring *ring, uint64_t data)
{
	struct io_uring_sync_cancel_reg reg = { .addr = data };

	need_linux(6, 0, "IORING_REGISTER_SYNC_CANCEL");
	reg.timeout.tv_sec = reg.timeout.tv_nsec = -1;
	return io_uring_register_sync_cancel(ring, &reg);
}
