/* SPDX-License-Identifier: MIT */
/* Where the user engine differs from the kernel: what it does instead, as docs/semantics.md says. */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <anyring.h>

#include "cases/check.h"
#include "cases/jobs.h"

static struct io_uring ring;

static void open_ring(unsigned flags)
{
	int ret = io_uring_queue_init(4, &ring, flags);

	check(!ret, "no ring: %s", strerror(-ret));
	check(anyring_ring_engine(&ring) == ANYRING_USER, "not the user engine");
}

static void submit_nop(void)
{
	io_uring_prep_nop(io_uring_get_sqe(&ring));
	check(io_uring_submit(&ring) == 1, "not submitted");
}

static short polled(void)
{
	struct pollfd pfd = { .fd = ring.ring_fd, .events = POLLIN | POLLOUT };

	check(poll(&pfd, 1, 0) >= 0, "poll: %s", strerror(errno));
	return pfd.revents;
}

static void reap(void)
{
	struct io_uring_cqe *cqe;

	check(!io_uring_wait_cqe(&ring, &cqe), "no completion");
	io_uring_cqe_seen(&ring, cqe);
}

/* ---- The ring's descriptor --------------------------------------------------------------------- */

static void cannot_be_mapped(void)
{
	static const unsigned long long offsets[] = {
		IORING_OFF_SQ_RING,
		IORING_OFF_CQ_RING,
		IORING_OFF_SQES,
		IORING_OFF_PBUF_RING,
	};

	open_ring(0);
	for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring.ring_fd,
				(off_t)offsets[i]);

		check(at == MAP_FAILED && errno == ENODEV, "offset %llx is mapped", offsets[i]);
	}
	submit_nop();
	reap();
	io_uring_queue_exit(&ring);
}

static void readable_never_writable(void)
{
	open_ring(0);
	check(polled() == 0, "%#x before there is anything", polled());
	submit_nop();
	check(polled() == POLLIN, "%#x with a completion", polled());
	io_uring_queue_exit(&ring);
}

static void readable_until_somebody_looks(void)
{
	struct io_uring_cqe *cqe;

	open_ring(0);
	submit_nop();
	reap();
	check(io_uring_peek_cqe(&ring, &cqe) == -EAGAIN, "a second completion");
	check(polled() == 0, "%#x after somebody has looked", polled());
	submit_nop();
	check(polled() == POLLIN, "%#x with a completion", polled());
	io_uring_queue_exit(&ring);
}

static bool hung_up(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLHUP;
}

static void ends_when_its_number_is_used(void)
{
	struct io_uring closed;
	int fds[2];

	open_ring(0);
	check(!pipe(fds), "no pipe");
	check(!io_uring_register_files(&ring, &fds[1], 1), "no table");
	close(fds[1]);
	close(ring.ring_fd);
	check(!hung_up(fds[0]), "noticed by itself");
	closed = ring;
	open_ring(0);
	check(ring.ring_fd == closed.ring_fd, "another number");
	check(hung_up(fds[0]), "the ring goes on");
	io_uring_queue_exit(&ring);
	close(fds[0]);
}

/* ---- Task work --------------------------------------------------------------------------------- */

static void shown_while_waiting(void)
{
	static const unsigned flags[] = {
		0,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
	};
	struct io_uring_cqe *cqe;
	char byte;
	int fds[2];

	for (unsigned i = 0; i < 2; i++) {
		open_ring(flags[i]);
		check(!pipe(fds), "no pipe");
		check(!(*ring.sq.kflags & IORING_SQ_TASKRUN), "set with nothing to wait for");
		io_uring_prep_read(io_uring_get_sqe(&ring), fds[0], &byte, 1, 0);
		check(io_uring_submit(&ring) == 1, "not submitted");
		check(*ring.sq.kflags & IORING_SQ_TASKRUN, "not set");
		check(write(fds[1], "x", 1) == 1, "not written");
		check(!io_uring_peek_cqe(&ring, &cqe) && cqe->res == 1, "peeking did not enter");
		io_uring_queue_exit(&ring);
	}
}

static const struct difference {
	const char *name;
	void (*run)(void);
} differences[] = {
	{ "the descriptor of a ring cannot be mapped", cannot_be_mapped },
	{ "the descriptor is readable, and never writable", readable_never_writable },
	{ "a descriptor that is readable for nothing is so until somebody looks",
	  readable_until_somebody_looks },
	{ "a ring closed by close(2) ends when its number is used again",
	  ends_when_its_number_is_used },
	{ "IORING_SQ_TASKRUN is set while a request waits", shown_while_waiting },
};

static void run_case(const void *subject)
{
	const struct difference *d = subject;

	check(!anyring_set_engine(ANYRING_USER), "no user engine");
	d->run();
}

int main(int argc, char **argv)
{
	jobs_filter(argc > 1 ? argv[1] : NULL);
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++)
		jobs_add(run_case, &differences[i], 0, "semantics: %s", differences[i].name);
	return jobs_run("semantics");
}
