/* SPDX-License-Identifier: MIT */
/* Controlling and waiting for an epoll set. */
#include <sys/epoll.h>

#include "net.h"

struct scene {
	struct io_uring ring;
	int epfd;
	int fds[2]; /* a pipe */
};

static void open_scene(struct scene *s)
{
	open_ring(&s->ring, 8, 0);
	s->epfd = (int)sys(epoll_create1(EPOLL_CLOEXEC));
	make_pipe(s->fds);
}

static void close_scene(struct scene *s)
{
	io_uring_queue_exit(&s->ring);
	close(s->epfd);
	close_pair(s->fds);
}

static int run_ctl(struct scene *s, int op, int fd, struct epoll_event *ev)
{
	struct io_uring_sqe *sqe = new_sqe(&s->ring);

	io_uring_prep_epoll_ctl(sqe, s->epfd, fd, op, ev);
	return run_one(&s->ring).res;
}

static void watch(struct scene *s, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event ev = { .events = events, .data.u64 = data };

	sys(epoll_ctl(s->epfd, EPOLL_CTL_ADD, fd, &ev));
}

static void submit_wait(struct scene *s, struct epoll_event *events, int count, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(&s->ring);

	need_op(IORING_OP_EPOLL_WAIT, "EPOLL_WAIT");
	io_uring_prep_epoll_wait(sqe, s->epfd, events, count, 0);
	set_sqe(sqe, data, 0);
	submit(&s->ring, 1);
}

static void expect_event(const struct epoll_event *got, uint32_t events, uint64_t data)
{
	/* Copied, since the structure is packed. */
	struct epoll_event ev = *got;

	expect(ev.events, events);
	expect(ev.data.u64, data);
}

static void controlled(void)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 11 }, got;
	struct scene s;

	open_scene(&s);
	expect(run_ctl(&s, EPOLL_CTL_ADD, s.fds[0], &ev), 0);
	expect(epoll_wait(s.epfd, &got, 1, 0), 0);
	peer_sends(s.fds[1], 0, 1);
	expect(epoll_wait(s.epfd, &got, 1, 0), 1);
	expect_event(&got, EPOLLIN, 11);
	ev.data.u64 = 22;
	ev.events = EPOLLIN | EPOLLONESHOT;
	expect(run_ctl(&s, EPOLL_CTL_MOD, s.fds[0], &ev), 0);
	expect(epoll_wait(s.epfd, &got, 1, 0), 1);
	expect_event(&got, EPOLLIN, 22);
	expect(epoll_wait(s.epfd, &got, 1, 0), 0);
	expect(run_ctl(&s, EPOLL_CTL_DEL, s.fds[0], NULL), 0);
	expect(run_ctl(&s, EPOLL_CTL_DEL, s.fds[0], NULL), -ENOENT);
	close_scene(&s);
}

static void control_errors(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int file = scratch_file(1);
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s);
	watch(&s, s.fds[0], EPOLLIN, 0);
	expect(run_ctl(&s, EPOLL_CTL_ADD, s.fds[0], &ev), -EEXIST);
	expect(run_ctl(&s, EPOLL_CTL_MOD, s.fds[1], &ev), -ENOENT);
	expect(run_ctl(&s, EPOLL_CTL_ADD, 9999, &ev), -EBADF);
	expect(run_ctl(&s, EPOLL_CTL_ADD, file, &ev), -EPERM);
	expect(run_ctl(&s, EPOLL_CTL_ADD, s.epfd, &ev), -EINVAL);
	expect(run_ctl(&s, 77, s.fds[0], &ev), -EINVAL);
	expect(run_ctl(&s, EPOLL_CTL_ADD, s.fds[1], BAD_POINTER), -EFAULT);
	sqe = new_sqe(&s.ring);
	io_uring_prep_epoll_ctl(sqe, s.fds[0], s.fds[1], EPOLL_CTL_ADD, &ev);
	expect_error(&s.ring, "no epoll", -EINVAL);
	sqe = new_sqe(&s.ring);
	io_uring_prep_epoll_ctl(sqe, 9999, s.fds[1], EPOLL_CTL_ADD, &ev);
	expect_error(&s.ring, "no file", -EBADF);
	sqe = new_sqe(&s.ring);
	io_uring_prep_epoll_ctl(sqe, s.epfd, s.fds[1], EPOLL_CTL_ADD, &ev);
	sqe->buf_index = 1;
	expect_error(&s.ring, "buf_index", -EINVAL);
	close_scene(&s);
	close(file);
}

static void event_read_at_submit(void)
{
	struct epoll_event ev = { .events = EPOLLOUT, .data.u64 = 7 }, got;
	struct io_uring_sqe *sqe;
	struct scene s;

	open_scene(&s);
	sqe = new_sqe(&s.ring);
	io_uring_prep_epoll_ctl(sqe, s.epfd, s.fds[1], EPOLL_CTL_ADD, &ev);
	set_sqe(sqe, 1, IOSQE_ASYNC);
	submit(&s.ring, 1);
	memset(&ev, 0xff, sizeof(ev));
	expect_answer(&s.ring, 1, 0);
	expect(epoll_wait(s.epfd, &got, 1, 0), 1);
	expect_event(&got, EPOLLOUT, 7);
	close_scene(&s);
}

static void ready_now(void)
{
	struct epoll_event got[4];
	struct scene s;
	int socks[2];

	open_scene(&s);
	unix_pair(socks);
	peer_sends(s.fds[1], 0, 1);
	watch(&s, s.fds[0], EPOLLIN, 1);
	submit_wait(&s, got, 4, 1);
	expect_full_answer(&s.ring, 1, 1, 0);
	expect_event(got, EPOLLIN, 1);
	/* Level-triggered, as long as nobody reads. */
	watch(&s, socks[0], EPOLLOUT, 2);
	watch(&s, socks[1], EPOLLIN | EPOLLOUT, 3);
	submit_wait(&s, got, 4, 2);
	expect_full_answer(&s.ring, 2, 3, 0);
	submit_wait(&s, got, 2, 3);
	expect_full_answer(&s.ring, 3, 2, 0);
	close_scene(&s);
	close_pair(socks);
}

static void waits(void)
{
	struct epoll_event got[4];
	struct answer answers[2];
	struct scene s;
	char byte;

	open_scene(&s);
	watch(&s, s.fds[0], EPOLLIN, 1);
	submit_wait(&s, got, 4, 1);
	expect_none(&s.ring, 10);
	peer_sends(s.fds[1], 0, 1);
	expect_full_answer(&s.ring, 1, 1, 0);
	expect_event(got, EPOLLIN, 1);
	expect(read(s.fds[0], &byte, 1), 1);
	submit_wait(&s, got, 4, 2);
	expect_none(&s.ring, 10);
	/* Also for what is added while it waits. */
	watch(&s, s.fds[1], EPOLLOUT, 9);
	expect_full_answer(&s.ring, 2, 1, 0);
	expect_event(got, EPOLLOUT, 9);
	sys(epoll_ctl(s.epfd, EPOLL_CTL_DEL, s.fds[1], NULL));
	submit_wait(&s, got, 4, 3);
	submit_cancel(&s.ring, 3, 4);
	sorted_answers(&s.ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	expect(answers[1].res, 0);
	close_scene(&s);
}

static void wait_errors(void)
{
	struct epoll_event got;
	struct scene s;

	need_op(IORING_OP_EPOLL_WAIT, "EPOLL_WAIT");
	open_scene(&s);
	watch(&s, s.fds[1], EPOLLOUT, 1);
	const struct {
		const char *what;
		int fd;
		void *events;
		int count;
		unsigned flags, file_index;
		int want;
	} rows[] = {
		{ "no room", s.epfd, &got, 0, 0, 0, -EINVAL },
		{ "negative room", s.epfd, &got, -1, 0, 0, -EINVAL },
		{ "too much room", s.epfd, &got, INT_MAX, 0, 0, -EINVAL },
		{ "no epoll", s.fds[0], &got, 1, 0, 0, -EINVAL },
		{ "no file", 9999, &got, 1, 0, 0, -EBADF },
		{ "out of memory", s.epfd, BAD_POINTER, 1, 0, 0, -EFAULT },
		{ "flags", s.epfd, &got, 1, 1, 0, -EINVAL },
		{ "file_index", s.epfd, &got, 1, 0, 1, -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_sqe *sqe = new_sqe(&s.ring);

		io_uring_prep_epoll_wait(sqe, rows[i].fd, rows[i].events, rows[i].count,
					 rows[i].flags);
		sqe->file_index = rows[i].file_index;
		expect_error(&s.ring, rows[i].what, rows[i].want);
	}
	close_scene(&s);
}

const struct conformance_case epoll_cases[] = {
	{ "an epoll set is added to, changed and taken from", controlled },
	{ "errors of epoll control", control_errors },
	{ "the event is read when submitting", event_read_at_submit },
	{ "epoll wait takes what is ready, up to its room", ready_now },
	{ "epoll wait waits, for what is added meanwhile too", waits },
	{ "errors of epoll wait", wait_errors },
	{ 0 },
};
