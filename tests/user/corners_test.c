/* SPDX-License-Identifier: MIT */
/* Corners that random programs found (tests/differential), in which the user engine differs from
 * Linux 6.18 on purpose: what it does instead, as docs/semantics.md says. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <anyring.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "result.h"

static struct io_uring ring;

static void open_ring(void)
{
	check(!io_uring_queue_init(8, &ring, 0), "no ring");
	check(anyring_ring_engine(&ring) == ANYRING_USER, "not the user engine");
}

static void submit(unsigned count)
{
	check(io_uring_submit(&ring) == (int)count, "not submitted");
}

/* It runs from the moment its request waits, though a worker of Linux's is in there. */
static void bound_behind_a_worker(void)
{
	struct __kernel_timespec soon = { .tv_nsec = 10000000 };
	struct io_uring_sqe *sqe;
	int fds[2];
	char byte;

	open_ring();
	check(!pipe(fds), "no pipe");
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->flags = IOSQE_IO_LINK | IOSQE_ASYNC | IOSQE_CQE_SKIP_SUCCESS;
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_read(sqe, fds[0], &byte, 1, 0);
	sqe->flags = IOSQE_IO_LINK;
	sqe->user_data = 1;
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_link_timeout(sqe, &soon, 0);
	sqe->user_data = 2;
	submit(3);
	for (unsigned i = 0; i < 2; i++) {
		struct io_uring_cqe cqe = next_cqe(&ring);

		check(cqe.res == (cqe.user_data == 1 ? -EINTR : -EALREADY), "%llu: %d",
		      (unsigned long long)cqe.user_data, cqe.res);
	}
	io_uring_queue_exit(&ring);
}

/* As that of one connection does. */
static void shut_unix_listener(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "listener" };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	struct io_uring_cqe cqe;

	unlink(name.sun_path);
	check(!bind(listener, (struct sockaddr *)&name, sizeof(name)) && !listen(listener, 4),
	      "no listener");
	unlink(name.sun_path);
	open_ring();
	io_uring_prep_multishot_accept(io_uring_get_sqe(&ring), listener, NULL, NULL, 0);
	submit(1);
	check(!shutdown(listener, SHUT_RDWR), "not shut");
	cqe = next_cqe(&ring);
	check(cqe.res == -EINVAL && !(cqe.flags & IORING_CQE_F_MORE), "res %d", cqe.res);
	io_uring_queue_exit(&ring);
	close(listener);
}

/* Linux puts it into the page that is partly filled. */
static void spliced_pipe_is_full(void)
{
	struct __kernel_timespec soon = { .tv_nsec = 20000000 };
	struct io_uring_cqe *cqe;
	int from[2], to[2];
	char byte;

	check(!pipe(from) && !pipe(to) && fcntl(to[1], F_SETPIPE_SZ, 4096) > 0, "no pipes");
	check(write(from[1], "x", 1) == 1, "nothing written");
	open_ring();
	io_uring_prep_splice(io_uring_get_sqe(&ring), from[0], -1, to[1], -1, 1, 0);
	submit(1);
	check(next_result(&ring, NULL) == 1, "not spliced");
	check(read(to[0], &byte, 1) == 1 && write(to[1], "abc", 3) == 3, "not used");
	io_uring_prep_write(io_uring_get_sqe(&ring), to[1], "y", 1, 0);
	submit(1);
	check(io_uring_wait_cqe_timeout(&ring, &cqe, &soon) == -ETIME, "did not wait");
	for (unsigned i = 0; i < 3; i++)
		check(read(to[0], &byte, 1) == 1, "nothing there");
	check(next_result(&ring, NULL) == 1, "not written");
	io_uring_queue_exit(&ring);
}

/* What was moved before counts, as it does for readv(2). */
static void position_after_bad_memory(void)
{
	char bytes[100] = "";
	struct iovec vecs[2] = { { bytes, 100 }, { (void *)16, 100 } };
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);

	for (unsigned i = 0; i < 2; i++)
		check(write(fd, bytes, 100) == 100, "not written");
	check(!lseek(fd, 0, SEEK_SET), "not at its start");
	open_ring();
	io_uring_prep_readv(io_uring_get_sqe(&ring), fd, vecs, 2, (uint64_t)-1);
	submit(1);
	check(next_result(&ring, NULL) == 100, "not as far as there is memory");
	check(lseek(fd, 0, SEEK_CUR) == 100, "the position is another");
	io_uring_queue_exit(&ring);
}

static void tcp_pair(int fds[2])
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check(!bind(listener, (struct sockaddr *)&addr, len) && !listen(listener, 1) &&
		      !getsockname(listener, (struct sockaddr *)&addr, &len),
	      "no listener");
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	check(!connect(fds[0], (struct sockaddr *)&addr, sizeof(addr)), "not connected");
	fds[1] = accept(listener, NULL, NULL);
	close(listener);
}

static void thrown_away(void)
{
	static char memory[8][16];
	struct pollfd ready = { .events = POLLIN };
	struct io_uring_buf_ring *br;
	struct io_uring_sqe *sqe;
	int fds[2], error;

	open_ring();
	tcp_pair(fds);
	br = io_uring_setup_buf_ring(&ring, 8, 1, 0, &error);
	check(br != NULL, "no group");
	for (int i = 0; i < 8; i++)
		io_uring_buf_ring_add(br, memory[i], 16, (unsigned short)i, 7, i);
	io_uring_buf_ring_advance(br, 8);
	check(write(fds[1], memory, 100) == 100, "not written");
	ready.fd = fds[0];
	check(poll(&ready, 1, 5000) == 1, "not there");
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_recv_multishot(sqe, fds[0], NULL, 0, MSG_TRUNC);
	sqe->ioprio |= IORING_RECVSEND_BUNDLE;
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = 1;
	submit(1);
	for (unsigned i = 0; i < 7; i++) {
		struct io_uring_cqe cqe = next_cqe(&ring);

		check(cqe.res == (i < 6 ? 16 : 4), "%u: res %d", i, cqe.res);
		check(cqe.flags >> IORING_CQE_BUFFER_SHIFT == i, "%u: buffer", i);
	}
	io_uring_free_buf_ring(&ring, br, 8, 1);
	io_uring_queue_exit(&ring);
}

/* Linux goes on with a chain after what its first request woke. */
static void cancelled_by_its_waker(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe cqe;
	int fds[2];
	char byte;

	open_ring();
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "no sockets");
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_recv(sqe, fds[0], &byte, 1, 0);
	sqe->user_data = 1;
	submit(1);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_send(sqe, fds[1], "x", 1, 0);
	sqe->flags = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	sqe->user_data = 2;
	submit(2);
	for (unsigned i = 0; i < 2; i++) {
		cqe = next_cqe(&ring);
		check(cqe.res == (cqe.user_data == 1 ? -ECANCELED : 0), "res %d", cqe.res);
	}
	check(recv(fds[0], &byte, 1, MSG_DONTWAIT) == 1, "the byte is lost");
	io_uring_queue_exit(&ring);
}

static const struct test_case corners[] = {
	{ "a cancel linked to what wakes a request comes first", .run = cancelled_by_its_waker },
	{ "a link timeout bounds what waits behind a worker", .run = bound_behind_a_worker },
	{ "a multishot accept ends when its UNIX listener is shut", .run = shut_unix_listener },
	{ "a pipe that was spliced is full with its last page begun", .run = spliced_pipe_is_full },
	{ "a position is moved as far as there is memory", .run = position_after_bad_memory },
	{ "what is thrown away is a buffer for each completion", .run = thrown_away },
	{ 0 },
};

int main(int argc, char **argv)
{
	check(!anyring_set_engine(ANYRING_USER), "no user engine");
	return jobs_main(argc, argv, "corners", corners);
}
