/* SPDX-License-Identifier: MIT */
/* io_uring_setup(2): sizes, flags and their refusals, and what the ring's descriptor is. */
#include <sys/epoll.h>
#include <sys/resource.h>

#include "conformance.h"

/* ---- Sizes ----------------------------------------------------------------------------------- */

static void sizes(void)
{
	const unsigned clamp = IORING_SETUP_CLAMP, cqsize = IORING_SETUP_CQSIZE;
	const struct {
		unsigned entries, flags, cq_in;
		int want;
		unsigned sq, cq;
	} rows[] = {
		{ 1, 0, 0, 0, 1, 2 },
		{ 2, 0, 0, 0, 2, 4 },
		{ 3, 0, 0, 0, 4, 8 },
		{ 5, 0, 0, 0, 8, 16 },
		{ 32768, 0, 0, 0, 32768, 65536 },
		{ 0, 0, 0, -EINVAL, 0, 0 },
		{ 0, clamp, 0, -EINVAL, 0, 0 },
		{ 32769, 0, 0, -EINVAL, 0, 0 },
		{ ~0U, 0, 0, -EINVAL, 0, 0 },
		{ 32769, clamp, 0, 0, 32768, 65536 },
		/* Without CQSIZE cq_entries is output only. */
		{ 4, 0, 64, 0, 4, 8 },
		{ 4, cqsize, 64, 0, 4, 64 },
		{ 4, cqsize, 9, 0, 4, 16 },
		{ 4, cqsize, 4, 0, 4, 4 },
		/* Compared after both were rounded up. */
		{ 3, cqsize, 3, 0, 4, 4 },
		{ 5, cqsize, 4, -EINVAL, 0, 0 },
		{ 4, cqsize, 2, -EINVAL, 0, 0 },
		{ 4, cqsize, 0, -EINVAL, 0, 0 },
		{ 4, cqsize, 65537, -EINVAL, 0, 0 },
		{ 4, cqsize | clamp, 65537, 0, 4, 65536 },
		{ 4, cqsize | clamp, 0, -EINVAL, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_params p = { .flags = rows[i].flags, .cq_entries = rows[i].cq_in };
		struct io_uring ring;
		int ret = try_ring(&ring, rows[i].entries, &p);

		check(ret == rows[i].want, "row %zu: %d", i, ret);
		if (ret)
			continue;
		check(p.sq_entries == rows[i].sq && p.cq_entries == rows[i].cq,
		      "row %zu: %u SQEs, %u CQEs", i, p.sq_entries, p.cq_entries);
		expect_usable(&ring);
		io_uring_queue_exit(&ring);
	}
}

/* What one ring needs of it is enough for that one, and for no other. */
static void enough_locked_memory(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_NO_SQARRAY };
	struct io_uring ring, other;
	struct rlimit limit;
	ssize_t size;
	int ret;

	if (geteuid())
		case_skip("only root can be a user who locks nothing else");
	expect(io_uring_mlock_size(1024, IORING_SETUP_NO_SQARRAY), 0);
	sys(setuid(1000000 + (uid_t)getpid()));
	size = io_uring_mlock_size(1024, IORING_SETUP_NO_SQARRAY);
	check(size >= 0, "no size: %zd", size);
	sys(getrlimit(RLIMIT_MEMLOCK, &limit));
	limit.rlim_cur = (rlim_t)size;
	sys(setrlimit(RLIMIT_MEMLOCK, &limit));
	/* The ring that the size was asked with may take a while to go. */
	for (int i = 0; i < 200 && (ret = try_ring(&ring, 1024, &p)) == -ENOMEM; i++)
		sleep_ms(10);
	check(!ret, "%zd bytes are not enough: %d", size, ret);
	p = (struct io_uring_params){ .flags = 0 };
	ret = try_ring(&other, 1, &p);
	check(ret == (size ? -ENOMEM : 0), "%d for another, with %zd bytes", ret, size);
	if (!ret)
		io_uring_queue_exit(&other);
	io_uring_queue_exit(&ring);
}

/* The queue holds what it says: as many requests as entries, one more is refused by get_sqe. */
static void full_queue(void)
{
	struct io_uring ring;

	open_ring(&ring, 4, 0);
	for (int i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		io_uring_prep_nop(sqe);
		set_sqe(sqe, (uint64_t)i, 0);
	}
	check(!io_uring_get_sqe(&ring), "a fifth entry in a queue of four");
	expect(io_uring_sq_space_left(&ring), 0);
	submit(&ring, 4);
	expect(io_uring_sq_space_left(&ring), 4);
	for (int i = 0; i < 4; i++)
		expect_answer(&ring, (uint64_t)i, 0);
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void bad_combinations(void)
{
	const unsigned rows[] = {
		1U << 31,
		IORING_SETUP_SQ_AFF,
		IORING_SETUP_TASKRUN_FLAG,
		IORING_SETUP_SQPOLL | IORING_SETUP_COOP_TASKRUN,
		IORING_SETUP_SQPOLL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
		IORING_SETUP_SQPOLL | IORING_SETUP_TASKRUN_FLAG,
		IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN,
		IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_SQPOLL,
		IORING_SETUP_REGISTERED_FD_ONLY,
		IORING_SETUP_HYBRID_IOPOLL,
		IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED,
		IORING_SETUP_SQE128 | IORING_SETUP_SQE_MIXED,
		IORING_SETUP_SQ_REWIND,
		IORING_SETUP_SQ_REWIND | IORING_SETUP_NO_SQARRAY | IORING_SETUP_SQPOLL,
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_params p = { .flags = rows[i] };
		int ret = io_uring_setup(4, &p);

		check(ret == -EINVAL, "flags %#x: %d", rows[i], ret);
	}
}

static void good_combinations(void)
{
	const unsigned single = IORING_SETUP_SINGLE_ISSUER, defer = IORING_SETUP_DEFER_TASKRUN;
	const unsigned rows[] = {
		IORING_SETUP_COOP_TASKRUN,
		IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
		single,
		single | defer,
		single | defer | IORING_SETUP_TASKRUN_FLAG,
		single | defer | IORING_SETUP_COOP_TASKRUN,
		single | IORING_SETUP_SQPOLL,
		IORING_SETUP_SUBMIT_ALL,
		IORING_SETUP_SQE128,
		IORING_SETUP_CQE32,
		IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
		IORING_SETUP_NO_SQARRAY | IORING_SETUP_SQE128,
		IORING_SETUP_NO_SQARRAY | IORING_SETUP_SQPOLL,
		IORING_SETUP_NO_MMAP,
		IORING_SETUP_NO_MMAP | IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
	};

	need_linux(6, 6, "every one of these flags");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_params p = { .flags = rows[i] };
		struct io_uring ring;
		int ret = try_ring(&ring, 4, &p);

		check(ret == 0, "flags %#x: %d", rows[i], ret);
		check((p.flags & rows[i]) == rows[i], "flags %#x became %#x", rows[i], p.flags);
		for (uint64_t k = 0; k < 20; k++) {
			struct io_uring_sqe *sqe = new_sqe(&ring);

			io_uring_prep_nop(sqe);
			set_sqe(sqe, k, 0);
			/* With SQPOLL the count is what its thread had not taken before. */
			ret = io_uring_submit(&ring);
			check(ret == 1 || (ret > 1 && rows[i] & IORING_SETUP_SQPOLL), "%d", ret);
			expect_answer(&ring, k, 0);
		}
		io_uring_queue_exit(&ring);
	}
}

static void bad_params(void)
{
	struct io_uring_params p;

	expect(io_uring_setup(4, NULL), -EFAULT);
	expect(io_uring_setup(4, (struct io_uring_params *)16), -EFAULT);
	for (int i = 0; i < 3; i++) {
		memset(&p, 0, sizeof(p));
		p.resv[i] = 1;
		expect(io_uring_setup(4, &p), -EINVAL);
	}
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF;
	p.sq_thread_cpu = 1 << 20;
	expect(io_uring_setup(4, &p), -EINVAL);
}

static void outputs_overwritten(void)
{
	struct io_uring_params p = { .sq_entries = 77, .cq_entries = 99, .features = ~0U };
	struct io_uring ring;

	/* Of no meaning without the flags that ask for them. */
	p.sq_thread_cpu = 12345;
	p.sq_thread_idle = 12345;
	p.wq_fd = 12345;
	memset(&p.sq_off, 0x55, sizeof(p.sq_off));
	memset(&p.cq_off, 0x55, sizeof(p.cq_off));
	expect(try_ring(&ring, 8, &p), 0);
	expect(p.sq_entries, 8);
	expect(p.cq_entries, 16);
	check(p.features != ~0U, "features were left as they were");
	expect(p.sq_off.resv1, 0);
	expect(p.cq_off.resv1, 0);
	expect(p.sq_off.user_addr, 0);
	expect(p.cq_off.user_addr, 0);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* ---- What is granted ------------------------------------------------------------------------- */

static void expect_features(unsigned wanted)
{
	struct io_uring ring;

	open_ring(&ring, 4, 0);
	check((ring.features & wanted) == wanted, "missing: %#x", wanted & ~ring.features);
	io_uring_queue_exit(&ring);
}

static void old_features(void)
{
	need_linux(5, 13, "the last of these features");
	expect_features((IORING_FEAT_RSRC_TAGS << 1) - 1);
}

static void new_features(void)
{
	need_linux(6, 15, "the last of these features");
	expect_features((IORING_FEAT_NO_IOWAIT << 1) - 1);
}

static void words_in_the_rings(void)
{
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;
	int fd = io_uring_setup(6, &p);

	check(fd >= 0, "%s", strerror(-fd));
	expect(io_uring_queue_mmap(fd, &p, &ring), 0);
	expect(*ring.sq.kring_entries, 8);
	expect(*ring.sq.kring_mask, 7);
	expect(*ring.cq.kring_entries, 16);
	expect(*ring.cq.kring_mask, 15);
	expect(*ring.sq.khead, 0);
	expect(*ring.sq.ktail, 0);
	expect(*ring.cq.khead, 0);
	expect(*ring.cq.ktail, 0);
	expect(*ring.sq.kflags, 0);
	expect(*ring.sq.kdropped, 0);
	check(ring.cq.kflags && *ring.cq.kflags == 0, "no CQ flags");
	expect(*ring.cq.koverflow, 0);
	check(ring.sq.array, "no array of entries");
	for (int i = 0; i < 20; i++)
		expect_usable(&ring);
	expect(*ring.sq.khead, 20);
	expect(*ring.sq.ktail, 20);
	expect(*ring.cq.khead, 20);
	expect(*ring.cq.ktail, 20);
	io_uring_queue_exit(&ring);
}

static void array_reorders(void)
{
	const unsigned order[] = { 2, 0, 3, 1 };
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;
	int fd = io_uring_setup(4, &p);

	check(fd >= 0, "%s", strerror(-fd));
	expect(io_uring_queue_mmap(fd, &p, &ring), 0);
	for (unsigned i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		io_uring_prep_nop(sqe);
		set_sqe(sqe, i, 0);
		ring.sq.array[i] = order[i];
	}
	submit(&ring, 4);
	for (unsigned i = 0; i < 4; i++)
		expect_answer(&ring, order[i], 0);
	io_uring_queue_exit(&ring);
}

static void bad_index_dropped(void)
{
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;
	int fd = io_uring_setup(4, &p);

	check(fd >= 0, "%s", strerror(-fd));
	expect(io_uring_queue_mmap(fd, &p, &ring), 0);
	for (unsigned i = 0; i < 3; i++) {
		struct io_uring_sqe *sqe = new_sqe(&ring);

		io_uring_prep_nop(sqe);
		set_sqe(sqe, i, 0);
	}
	ring.sq.array[1] = 4;
	/* Taken off the queue, counted as dropped, no completion; submission stops there. */
	expect(io_uring_submit(&ring), 1);
	expect(*ring.sq.kdropped, 1);
	expect(*ring.sq.khead, 2);
	expect_answer(&ring, 0, 0);
	expect(io_uring_submit(&ring), 1);
	expect_answer(&ring, 2, 0);
	expect_none(&ring, 20);
	expect(*ring.sq.kdropped, 1);
	io_uring_queue_exit(&ring);
}

static void no_array(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_NO_SQARRAY };
	struct io_uring ring;
	int fd;

	need_linux(6, 6, "IORING_SETUP_NO_SQARRAY");
	fd = io_uring_setup(4, &p);
	check(fd >= 0, "%s", strerror(-fd));
	expect(p.sq_off.array, 0);
	expect(io_uring_queue_mmap(fd, &p, &ring), 0);
	check(!ring.sq.array, "an array all the same");
	for (unsigned i = 0; i < 10; i++)
		expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static void mapping(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct io_uring_params p = { .flags = 0 };
	const struct {
		off_t offset;
		size_t size;
		bool there;
	} rows[] = {
		{ IORING_OFF_SQ_RING, page, true },
		{ IORING_OFF_CQ_RING, page, true },
		{ IORING_OFF_SQES, page, true },
		{ IORING_OFF_SQES, 1, true },
		/* Only the offset's highest bits are looked at, and these name nothing. */
		{ 0x18000000, page, false },
		/* There is no buffer ring 0. */
		{ IORING_OFF_PBUF_RING, page, false },
	};
	int fd;

	kernel_only("The ring's descriptor");
	fd = io_uring_setup(4, &p);
	check(fd >= 0, "%s", strerror(-fd));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		void *mem = mmap(NULL, rows[i].size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				 rows[i].offset);

		check((mem != MAP_FAILED) == rows[i].there, "row %zu: %s", i, strerror(errno));
		/* EINVAL of old; Linux 6.18 finds no address for it. */
		check(mem != MAP_FAILED || errno == EINVAL || errno == ENOMEM, "%s",
		      strerror(errno));
	}
	close(fd);
}

static void one_mapping(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct io_uring_params p = { .flags = 0 };
	unsigned *sq, *cq;
	int fd;

	kernel_only("The ring's descriptor");
	fd = io_uring_setup(4, &p);
	check(fd >= 0, "%s", strerror(-fd));
	sq = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	cq = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_CQ_RING);
	check(sq != MAP_FAILED && cq != MAP_FAILED, "not mapped: %s", strerror(errno));
	/* IORING_FEAT_SINGLE_MMAP: both offsets show the same memory, wherever one looks. */
	expect(cq[p.sq_off.ring_entries / sizeof(*cq)], 4);
	expect(sq[p.cq_off.ring_entries / sizeof(*sq)], 8);
	sq[p.cq_off.head / sizeof(*sq)] = 5;
	expect(cq[p.cq_off.head / sizeof(*cq)], 5);
	munmap(sq, page);
	munmap(cq, page);
	close(fd);
}

/* 1 MiB, page-aligned and zeroed. */
static char *ring_memory(void)
{
	char *mem = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	check(mem != MAP_FAILED, "out of memory");
	return mem;
}

static void in_own_memory(void)
{
	struct io_uring_params p = { .flags = 0 }, q = { .flags = 0 }, small = { .flags = 0 };
	struct io_uring ring, other, none;
	char *mem = ring_memory();
	int used, more;

	need_linux(6, 5, "IORING_SETUP_NO_MMAP");
	used = io_uring_queue_init_mem(8, &ring, &p, mem, 1 << 20);
	check(used > 0 && used % sysconf(_SC_PAGESIZE) == 0, "%d bytes", used);
	check(p.flags & IORING_SETUP_NO_MMAP, "flags %#x", p.flags);
	more = io_uring_queue_init_mem(8, &other, &q, mem + used, (1 << 20) - (size_t)used);
	expect(more, used);
	expect(io_uring_queue_init_mem(8, &none, &small, mem, (size_t)used - 1), -ENOMEM);
	for (int i = 0; i < 20; i++) {
		expect_usable(&ring);
		expect_usable(&other);
	}
	/* There is nothing else to map. */
	check(mmap(NULL, 4096, PROT_READ, MAP_SHARED, ring.ring_fd, IORING_OFF_SQ_RING) ==
		      MAP_FAILED,
	      "mapped");
	/* It is the caller's memory that the engine writes. */
	expect(*ring.cq.ktail, 20);
	check((char *)ring.cq.ktail >= mem && (char *)ring.cq.ktail < mem + used, "elsewhere");
	io_uring_queue_exit(&ring);
	io_uring_queue_exit(&other);
	/* Still the caller's. */
	memset(mem, 0, 1 << 20);
}

static void bad_memory(void)
{
	char *mem = ring_memory();
	const struct {
		uint64_t rings, sqes;
		int error;
	} rows[] = {
		{ 0, (uintptr_t)mem, -EFAULT },
		{ (uintptr_t)mem, 0, -EFAULT },
		{ (uintptr_t)mem + 64, (uintptr_t)mem + 8192, -EINVAL },
		{ (uintptr_t)mem, (uintptr_t)mem + 8192 + 64, -EINVAL },
	};

	need_linux(6, 5, "IORING_SETUP_NO_MMAP");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct io_uring_params p = { .flags = IORING_SETUP_NO_MMAP };
		int ret;

		p.cq_off.user_addr = rows[i].rings;
		p.sq_off.user_addr = rows[i].sqes;
		ret = io_uring_setup(4, &p);
		check(ret == rows[i].error, "row %zu: %d", i, ret);
	}
}

static void registered_only(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_NO_MMAP |
					      IORING_SETUP_REGISTERED_FD_ONLY };
	struct io_uring ring;

	need_linux(6, 5, "IORING_SETUP_REGISTERED_FD_ONLY");
	expect(try_ring(&ring, 4, &p), 0);
	expect(ring.ring_fd, -1);
	check(ring.enter_ring_fd >= 0 && ring.enter_ring_fd < 16, "index %d", ring.enter_ring_fd);
	for (int i = 0; i < 10; i++)
		expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* ---- The descriptor -------------------------------------------------------------------------- */

static short polled(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };

	sys(poll(&pfd, 1, 0));
	return pfd.revents;
}

static void descriptor(void)
{
	struct io_uring ring;
	struct stat st;

	open_ring(&ring, 4, 0);
	expect(sys(fcntl(ring.ring_fd, F_GETFD)), FD_CLOEXEC);
	sys(fstat(ring.ring_fd, &st));
	io_uring_queue_exit(&ring);
	check(!fd_is_open(ring.ring_fd), "still open after the exit");
}

static void poll_descriptor(void)
{
	struct io_uring ring;

	kernel_only("The ring's descriptor");
	open_ring(&ring, 2, 0);
	expect(polled(ring.ring_fd), POLLOUT);
	io_uring_prep_nop(new_sqe(&ring));
	submit(&ring, 1);
	expect(polled(ring.ring_fd), POLLIN | POLLOUT);
	next_answer(&ring);
	expect(polled(ring.ring_fd), POLLOUT);
	/* A submission queue that is full of what was published and not submitted. */
	io_uring_prep_nop(new_sqe(&ring));
	io_uring_prep_nop(new_sqe(&ring));
	*ring.sq.ktail += 2;
	expect(polled(ring.ring_fd), 0);
	expect(io_uring_submit(&ring), 2);
	expect(polled(ring.ring_fd), POLLIN | POLLOUT);
	io_uring_queue_exit(&ring);
}

static void epoll_descriptor(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct io_uring ring;
	int fds[2], epoll_fd = (int)sys(epoll_create1(EPOLL_CLOEXEC));
	char byte;

	open_ring(&ring, 4, 0);
	make_pipe(fds);
	sys(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, ring.ring_fd, &event));
	expect(sys(epoll_wait(epoll_fd, &event, 1, 0)), 0);
	for (int i = 0; i < 3; i++) {
		io_uring_prep_read(new_sqe(&ring), fds[0], &byte, 1, 0);
		submit(&ring, 1);
		expect(sys(epoll_wait(epoll_fd, &event, 1, 20)), 0);
		expect(sys(write(fds[1], "x", 1)), 1);
		expect(sys(epoll_wait(epoll_fd, &event, 1, 5000)), 1);
		expect(event.events, EPOLLIN);
		expect(next_answer(&ring).res, 1);
	}
	close(epoll_fd);
	io_uring_queue_exit(&ring);
}

static void await_edge(int epoll_fd)
{
	struct epoll_event event;
	int ret;

	/* Task work interrupts it, on the kernel. */
	do
		ret = epoll_wait(epoll_fd, &event, 1, 2000);
	while (ret < 0 && errno == EINTR);
	expect(ret, 1);
}

/* Each completion is an edge, however the one before was reaped. (There may be others.) */
static void edges_on(unsigned flags)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll_fd = (int)sys(epoll_create1(EPOLL_CLOEXEC));
	struct io_uring ring;

	open_ring(&ring, 4, flags);
	sys(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, ring.ring_fd, &event));
	for (int i = 0; i < 200; i++) {
		io_uring_prep_nop(new_sqe(&ring));
		/* With SQPOLL it counts what the thread had not taken before, too. */
		check(io_uring_submit(&ring) > 0, "not submitted");
		do
			await_edge(epoll_fd);
		while (!io_uring_cq_ready(&ring));
		io_uring_cq_advance(&ring, 1);
	}
	close(epoll_fd);
	io_uring_queue_exit(&ring);
}

static void edges_of_descriptor(void)
{
	edges_on(0);
	edges_on(IORING_SETUP_SQPOLL);
}

static void polled_by_a_ring(void)
{
	struct io_uring ring, watcher;

	open_ring(&ring, 4, 0);
	open_ring(&watcher, 4, 0);
	io_uring_prep_poll_add(new_sqe(&watcher), ring.ring_fd, POLLIN);
	set_sqe(&watcher.sq.sqes[0], 1, 0);
	submit(&watcher, 1);
	expect_none(&watcher, 20);
	io_uring_prep_nop(new_sqe(&ring));
	submit(&ring, 1);
	expect_answer(&watcher, 1, POLLIN);
	next_answer(&ring);
	io_uring_queue_exit(&watcher);
	io_uring_queue_exit(&ring);
}

static void duplicate(void)
{
	struct io_uring ring;
	int copy;

	open_ring(&ring, 4, 0);
	copy = (int)sys(dup(ring.ring_fd));
	io_uring_prep_nop(new_sqe(&ring));
	set_sqe(&ring.sq.sqes[0], 7, 0);
	++*ring.sq.ktail;
	expect(io_uring_enter((unsigned)copy, 1, 1, IORING_ENTER_GETEVENTS, NULL), 1);
	expect(io_uring_cq_ready(&ring), 1);
	/* The ring lives as long as any descriptor of it. */
	close(ring.ring_fd);
	ring.ring_fd = ring.enter_ring_fd = copy;
	ring.sq.sqe_head++;
	expect_answer(&ring, 7, 0);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

const struct conformance_case setup_cases[] = {
	{ "entries round up to powers of two, and are refused or clamped beyond 32768", sizes },
	{ "the locked memory that it needs is enough for a ring", enough_locked_memory },
	{ "a queue of four holds four requests", full_queue },
	{ "flags that exclude or need each other give -EINVAL", bad_combinations },
	{ "flags that go together give a ring that works", good_combinations },
	{ "reserved parameters, a bad address or CPU are refused", bad_params },
	{ "what is output in the parameters is not looked at", outputs_overwritten },
	{ "the features of Linux 5.13 are there", old_features },
	{ "the features of Linux 6.15 are there", new_features },
	{ "the words in the rings say sizes and positions", words_in_the_rings },
	{ "the array names the entries to submit, in its order", array_reorders },
	{ "a bad index in the array is dropped, and ends the submission", bad_index_dropped },
	{ "without the array there is no offset of it", no_array },
	{ "the descriptor is mapped at three offsets, and at no others", mapping },
	{ "the queues share one mapping", one_mapping },
	{ "rings lie in memory of the caller's, one after the other", in_own_memory },
	{ "rings in no memory, or unaligned, are refused", bad_memory },
	{ "a ring with an index only works by it", registered_only },
	{ "the descriptor is closed on exec, and by the exit", descriptor },
	{ "poll says if there are completions, and room for requests", poll_descriptor },
	{ "a completion wakes epoll", epoll_descriptor },
	{ "the descriptor's edges tell of each completion", edges_of_descriptor },
	{ "one ring can poll another", polled_by_a_ring },
	{ "a duplicate of the descriptor is the same ring", duplicate },
	{ 0 },
};
