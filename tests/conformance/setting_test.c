/* SPDX-License-Identifier: MIT */
/* Register calls that set something of the ring or of the thread: workers, indices, clock, NAPI. */
#include <sched.h>
#include <sys/resource.h>

#include "requests.h"

/* ---- Workers --------------------------------------------------------------------------------- */

static void run_in_worker(struct io_uring *ring)
{
	queue_nop(ring, 6, IOSQE_ASYNC);
	submit(ring, 1);
	expect_answer(ring, 6, 0);
}

static void iowq_affinity(void)
{
	struct io_uring ring;
	cpu_set_t mask;

	open_ring(&ring, 8, 0);
	sys(sched_getaffinity(0, sizeof(mask), &mask));
	expect(io_uring_register_iowq_aff(&ring, sizeof(mask), &mask), 0);
	run_in_worker(&ring);
	/* Registering again replaces; there is nothing to unregister first. */
	expect(io_uring_register_iowq_aff(&ring, sizeof(mask), &mask), 0);
	expect(io_uring_unregister_iowq_aff(&ring), 0);
	run_in_worker(&ring);
	io_uring_queue_exit(&ring);
}

static void max_workers_returns_previous(void)
{
	unsigned counts[2] = { 3, 5 }, first[2] = { 0, 0 };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(io_uring_register_iowq_max_workers(&ring, first), 0);
	check(first[0] > 0 && first[1] > 0, "limits %u and %u", first[0], first[1]);
	expect(io_uring_register_iowq_max_workers(&ring, counts), 0);
	expect(counts[IO_WQ_BOUND], first[0]);
	expect(counts[IO_WQ_UNBOUND], first[1]);
	counts[0] = counts[1] = 0;
	expect(io_uring_register_iowq_max_workers(&ring, counts), 0);
	expect(counts[IO_WQ_BOUND], 3);
	expect(counts[IO_WQ_UNBOUND], 5);
	/* 0 leaves one as it is while the other is changed. */
	counts[0] = 0;
	counts[1] = 2;
	expect(io_uring_register_iowq_max_workers(&ring, counts), 0);
	expect(counts[IO_WQ_BOUND], 3);
	expect(counts[IO_WQ_UNBOUND], 5);
	counts[0] = counts[1] = 0;
	expect(io_uring_register_iowq_max_workers(&ring, counts), 0);
	expect(counts[IO_WQ_BOUND], 3);
	expect(counts[IO_WQ_UNBOUND], 2);
	run_in_worker(&ring);
	io_uring_queue_exit(&ring);
}

static void max_workers_errors(void)
{
	unsigned counts[2] = { 1U << 31, 1 };
	struct rlimit limit;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(io_uring_register_iowq_max_workers(&ring, counts), -EINVAL);
	counts[0] = 1;
	counts[1] = ~0U;
	expect(io_uring_register_iowq_max_workers(&ring, counts), -EINVAL);
	/* More than RLIMIT_NPROC is no error, but the limit. */
	sys(getrlimit(RLIMIT_NPROC, &limit));
	counts[0] = counts[1] = INT_MAX;
	expect(io_uring_register_iowq_max_workers(&ring, counts), 0);
	counts[0] = counts[1] = 0;
	expect(io_uring_register_iowq_max_workers(&ring, counts), 0);
	check(counts[0] <= limit.rlim_cur && counts[1] <= limit.rlim_cur, "limits %u and %u",
	      counts[0], counts[1]);
	run_in_worker(&ring);
	io_uring_queue_exit(&ring);
}

/* Two unbounded requests that wait, and room for one worker: the second starts when the first
 * ends. */
static void max_workers_holds(void)
{
	unsigned counts[2] = { 1, 1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2][2];
	char bytes[2];

	open_ring(&ring, 8, 0);
	expect(io_uring_register_iowq_max_workers(&ring, counts), 0);
	for (int i = 0; i < 2; i++) {
		make_pipe(fds[i]);
		sqe = new_sqe(&ring);
		io_uring_prep_read(sqe, fds[i][0], &bytes[i], 1, 0);
		set_sqe(sqe, (uint64_t)i, IOSQE_ASYNC);
	}
	submit(&ring, 2);
	expect_none(&ring, 20);
	for (int i = 0; i < 2; i++)
		expect(write(fds[i][1], "x", 1), 1);
	for (int i = 0; i < 2; i++)
		expect(next_answer(&ring).res, 1);
	io_uring_queue_exit(&ring);
}

/* Opening a FIFO blocks until somebody opens the other end: the one worker there is cannot do
 * two. */
static void max_workers_keeps_others_waiting(void)
{
	static const char *const names[] = { "first", "second" };
	unsigned counts[2] = { 1, 1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(io_uring_register_iowq_max_workers(&ring, counts), 0);
	for (int i = 0; i < 2; i++) {
		sys(mkfifo(names[i], 0600));
		sqe = new_sqe(&ring);
		io_uring_prep_openat(sqe, AT_FDCWD, names[i], O_RDONLY, 0);
		set_sqe(sqe, (uint64_t)i, IOSQE_ASYNC);
		submit(&ring, 1);
	}
	/* A reader would let us in. */
	for (int i = 0; i < 10; i++) {
		expect(open(names[1], O_WRONLY | O_NONBLOCK), -1);
		expect(errno, ENXIO);
		expect_none(&ring, 5);
	}
	for (int i = 0; i < 2; i++) {
		struct answer a;

		sys(open(names[i], O_WRONLY));
		a = next_answer(&ring);
		expect(a.data, i);
		sys(a.res);
	}
	io_uring_queue_exit(&ring);
}

/* ---- CLOCK ----------------------------------------------------------------------------------- */

static int set_clock(struct io_uring *ring, clockid_t id)
{
	struct io_uring_clock_register clock = { .clockid = (unsigned)id };

	return io_uring_register_clock(ring, &clock);
}

static void clock_choices(void)
{
	static const clockid_t bad[] = { CLOCK_REALTIME,
					 CLOCK_TAI,
					 CLOCK_MONOTONIC_RAW,
					 CLOCK_PROCESS_CPUTIME_ID,
					 CLOCK_BOOTTIME_ALARM,
					 99,
					 -1 };
	struct io_uring ring;

	need_linux(6, 12, "IORING_REGISTER_CLOCK");
	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect(set_clock(&ring, bad[i]), -EINVAL);
	expect(set_clock(&ring, CLOCK_BOOTTIME), 0);
	expect(set_clock(&ring, CLOCK_BOOTTIME), 0);
	expect(set_clock(&ring, CLOCK_MONOTONIC), 0);
	io_uring_queue_exit(&ring);
}

static int wait_until(struct io_uring *ring, clockid_t id, int ms)
{
	struct timespec now;
	struct __kernel_timespec ts;
	struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&ts };
	long long ns;

	sys(clock_gettime(id, &now));
	ns = now.tv_sec * 1000000000LL + now.tv_nsec + ms * 1000000LL;
	ts = (struct __kernel_timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
	return io_uring_enter2((unsigned)ring->ring_fd, 0, 1,
			       IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG |
				       IORING_ENTER_ABS_TIMER,
			       &arg, sizeof(arg));
}

static void clock_of_waits(void)
{
	static const clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_BOOTTIME };
	struct io_uring_cqe *cqe = NULL;
	struct __kernel_timespec ts = MILLISECONDS(20);
	struct io_uring ring;
	int64_t start;

	need_linux(6, 12, "IORING_REGISTER_CLOCK");
	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		expect(set_clock(&ring, clocks[i]), 0);
		start = now_ms();
		expect(wait_until(&ring, clocks[i], 30), -ETIME);
		check(now_ms() - start >= 29, "ended after %d ms", (int)(now_ms() - start));
		/* A time that has passed. */
		expect(wait_until(&ring, clocks[i], -1000), -ETIME);
		start = now_ms();
		expect(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME);
		check(now_ms() - start >= 19, "ended after %d ms", (int)(now_ms() - start));
	}
	io_uring_queue_exit(&ring);
}

/* ---- NAPI ------------------------------------------------------------------------------------ */

/* The first settings of a ring, which are good; skips where no kernel can be told to busy-poll. */
static void set_napi(struct io_uring *ring, struct io_uring_napi *napi)
{
	int ret;

	need_linux(6, 9, "IORING_REGISTER_NAPI");
	ret = io_uring_register_napi(ring, napi);
	if (ret == -EOPNOTSUPP)
		skip_because_of("the kernel was built without busy polling");
	expect(ret, 0);
}

static void napi_settings(void)
{
	struct io_uring_napi first = { .busy_poll_to = 50, .prefer_busy_poll = 1 };
	struct io_uring_napi second = { .busy_poll_to = 20 }, off = { 0 };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	set_napi(&ring, &first);
	expect(first.busy_poll_to, 0);
	expect(first.prefer_busy_poll, 0);
	expect(io_uring_register_napi(&ring, &second), 0);
	expect(second.busy_poll_to, 50);
	expect(second.prefer_busy_poll, 1);
	expect_usable(&ring);
	expect(io_uring_unregister_napi(&ring, &off), 0);
	expect(off.busy_poll_to, 20);
	expect(off.prefer_busy_poll, 0);
	/* Where to put the old settings may be left out. */
	expect(io_uring_unregister_napi(&ring, NULL), 0);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void napi_errors(void)
{
	struct io_uring_napi good = { .busy_poll_to = 50 };
	struct io_uring_napi bad[4] = { good, good, good, good };
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	set_napi(&ring, &good);
	bad[0].pad[0] = 1;
	bad[1].pad[1] = 1;
	bad[2].resv = 1;
	bad[3].opcode = 77;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect(io_uring_register_napi(&ring, &bad[i]), -EINVAL);
	io_uring_queue_exit(&ring);
}

static void napi_ids(void)
{
	struct io_uring_napi napi = { .busy_poll_to = 50 };
	struct io_uring ring;

	need_linux(6, 13, "static NAPI ids");
	open_ring(&ring, 8, 0);
	napi.op_param = IO_URING_NAPI_TRACKING_STATIC;
	set_napi(&ring, &napi);
	/* The smallest ids stand for CPUs, not for queues. */
	napi = (struct io_uring_napi){ .opcode = IO_URING_NAPI_STATIC_ADD_ID, .op_param = 1 };
	expect(io_uring_register_napi(&ring, &napi), -EINVAL);
	napi = (struct io_uring_napi){ .opcode = IO_URING_NAPI_STATIC_DEL_ID, .op_param = 99999 };
	expect(io_uring_register_napi(&ring, &napi), -ENOENT);
	io_uring_queue_exit(&ring);
}

/* ---- QUERY ----------------------------------------------------------------------------------- */

static void need_query(void)
{
	need_linux(6, 18, "IORING_REGISTER_QUERY");
}

static struct io_uring_query_hdr query_of(unsigned op, void *data, unsigned size)
{
	return (struct io_uring_query_hdr){ .query_op = op,
					    .query_data = (uintptr_t)data,
					    .size = size };
}

static void query_opcodes(void)
{
	struct io_uring_query_opcode opcodes = { 0 };
	struct io_uring_query_hdr hdr = query_of(IO_URING_QUERY_OPCODES, &opcodes, sizeof(opcodes));
	struct io_uring_probe *probe = io_uring_get_probe();
	struct io_uring ring;

	need_query();
	open_ring(&ring, 8, 0);
	/* With or without a ring. */
	expect(register_raw(&ring, IORING_REGISTER_QUERY, &hdr, 0), 0);
	hdr = query_of(IO_URING_QUERY_OPCODES, &opcodes, sizeof(opcodes));
	memset(&opcodes, 0, sizeof(opcodes));
	expect(io_uring_register_query(&hdr), 0);
	expect(hdr.result, 0);
	check(hdr.size > 0 && hdr.size <= sizeof(opcodes), "size %u", hdr.size);
	check(probe, "no probe");
	expect(opcodes.nr_request_opcodes, probe->last_op + 1);
	check(opcodes.nr_register_opcodes > IORING_REGISTER_QUERY, "too few register opcodes");
	expect(opcodes.feature_flags, ring.features);
	expect(opcodes.ring_setup_flags & 0x3ffff, 0x3ffff);
	expect(opcodes.sqe_flags, 0x7f);
	expect(opcodes.enter_flags & 0xff, 0xff);
	/* The number after the last is no opcode. */
	expect(register_raw(&ring, opcodes.nr_register_opcodes, NULL, 0), -EINVAL);
	io_uring_free_probe(probe);
	io_uring_queue_exit(&ring);
}

static void query_part(void)
{
	struct io_uring_query_opcode opcodes = { .feature_flags = 7 };
	struct io_uring_query_hdr hdr = query_of(IO_URING_QUERY_OPCODES, &opcodes, 8);
	uint8_t big[256];

	need_query();
	expect(io_uring_register_query(&hdr), 0);
	expect(hdr.result, 0);
	expect(hdr.size, 8);
	check(opcodes.nr_request_opcodes > IORING_OP_NOP, "nothing was written");
	expect(opcodes.feature_flags, 7);
	/* Room for more than there is: told how much it was, the rest left alone. */
	memset(big, 0, sizeof(big));
	hdr = query_of(IO_URING_QUERY_OPCODES, big, sizeof(big));
	expect(io_uring_register_query(&hdr), 0);
	expect(hdr.result, 0);
	check(hdr.size >= 40 && hdr.size < sizeof(big), "size %u", hdr.size);
	for (size_t i = hdr.size; i < sizeof(big); i++)
		expect(big[i], 0);
}

static void query_chain(void)
{
	struct io_uring_query_opcode opcodes[2] = { 0 };
	struct io_uring_query_hdr hdrs[3];

	need_query();
	hdrs[0] = query_of(IO_URING_QUERY_OPCODES, &opcodes[0], sizeof(opcodes[0]));
	hdrs[1] = query_of(1234, &opcodes[1], sizeof(opcodes[1]));
	hdrs[2] = query_of(IO_URING_QUERY_OPCODES, &opcodes[1], sizeof(opcodes[1]));
	hdrs[0].next_entry = (uintptr_t)&hdrs[1];
	hdrs[1].next_entry = (uintptr_t)&hdrs[2];
	expect(io_uring_register_query(hdrs), 0);
	expect(hdrs[0].result, 0);
	/* One that is not known says so, and the next is answered all the same. */
	expect(hdrs[1].result, -EOPNOTSUPP);
	expect(hdrs[1].size, 0);
	expect(hdrs[2].result, 0);
	check(!memcmp(&opcodes[0], &opcodes[1], sizeof(opcodes[0])), "two different answers");
}

static void query_errors(void)
{
	struct io_uring_query_opcode opcodes = { 0 };
	struct io_uring_query_hdr hdr = query_of(IO_URING_QUERY_OPCODES, &opcodes, 0);

	need_query();
	expect(io_uring_register_query(&hdr), 0);
	expect(hdr.result, -EINVAL);
	hdr = query_of(IO_URING_QUERY_OPCODES, &opcodes, sizeof(opcodes));
	hdr.__resv[1] = 1;
	expect(io_uring_register_query(&hdr), 0);
	expect(hdr.result, -EINVAL);
	hdr = query_of(IO_URING_QUERY_OPCODES, &opcodes, sizeof(opcodes));
	hdr.result = 1;
	expect(io_uring_register_query(&hdr), 0);
	expect(hdr.result, -EINVAL);
	hdr = query_of(IO_URING_QUERY_OPCODES, (void *)16, sizeof(opcodes));
	expect(io_uring_register_query(&hdr), -EFAULT);
}

/* ---- SYNC_CANCEL ----------------------------------------------------------------------------- */

static void sync_cancel_errors(void)
{
	struct io_uring_sync_cancel_reg good = { .addr = 77, .fd = -1, .timeout = { -1, -1 } };
	struct io_uring_sync_cancel_reg reg = good;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	need_linux(6, 0, "IORING_REGISTER_SYNC_CANCEL");
	expect(io_uring_register_sync_cancel(&ring, &reg), -ENOENT);
	reg.flags = 1U << 20;
	expect(io_uring_register_sync_cancel(&ring, &reg), -EINVAL);
	reg = good;
	reg.pad[6] = 1;
	expect(io_uring_register_sync_cancel(&ring, &reg), -EINVAL);
	reg = good;
	reg.pad2[2] = 1;
	expect(io_uring_register_sync_cancel(&ring, &reg), -EINVAL);
	reg = good;
	reg.flags = IORING_ASYNC_CANCEL_FD;
	expect(io_uring_register_sync_cancel(&ring, &reg), -EBADF);
	reg.flags = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_FD_FIXED;
	reg.fd = 0;
	expect(io_uring_register_sync_cancel(&ring, &reg), -EBADF);
	reg = good;
	/* All of none is no error. */
	reg.flags = IORING_ASYNC_CANCEL_ALL;
	expect(io_uring_register_sync_cancel(&ring, &reg), 0);
	reg.flags = IORING_ASYNC_CANCEL_ANY;
	expect(io_uring_register_sync_cancel(&ring, &reg), 0);
	io_uring_queue_exit(&ring);
}

/* ---- Buffer rings: what is refused ----------------------------------------------------------- */

static void pbuf_ring_errors(void)
{
	size_t size = 65536 * sizeof(struct io_uring_buf);
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct io_uring_buf_reg good = { .ring_addr = (uintptr_t)memory, .ring_entries = 4 };
	struct io_uring_buf_reg reg;
	struct io_uring ring;

	check(memory != MAP_FAILED, "no memory");
	open_ring(&ring, 8, 0);
#define WITH(field, value) \
	(reg = good, reg.field = (value), register_raw(&ring, IORING_REGISTER_PBUF_RING, &reg, 1))
	expect(WITH(ring_entries, 0), -EINVAL);
	expect(WITH(ring_entries, 3), -EINVAL);
	expect(WITH(ring_entries, 65536), -EINVAL);
	expect(WITH(ring_addr, (uintptr_t)memory + 16), -EINVAL);
	expect(WITH(ring_addr, 0), -EFAULT);
	expect(WITH(ring_addr, 4096), -EFAULT);
	expect(WITH(flags, 4), -EINVAL);
	expect(WITH(resv[4], 1), -EINVAL);
	expect(WITH(ring_entries, 32768), 0);
	expect(WITH(ring_entries, 4), -EEXIST);
	reg.resv[0] = 1;
	expect(register_raw(&ring, IORING_UNREGISTER_PBUF_RING, &reg, 1), -EINVAL);
	reg = good;
	reg.flags = IOU_PBUF_RING_INC;
	expect(register_raw(&ring, IORING_UNREGISTER_PBUF_RING, &reg, 1), -EINVAL);
	expect(register_raw(&ring, IORING_UNREGISTER_PBUF_RING, &good, 1), 0);
	expect(register_raw(&ring, IORING_UNREGISTER_PBUF_RING, &good, 1), -ENOENT);
	expect(WITH(ring_entries, 4), 0);
#undef WITH
	io_uring_queue_exit(&ring);
	munmap(memory, size);
}

/* ---- Zero-copy receive, filters: engines without them ---------------------------------------- */

static void zcrx_without_flags(void)
{
	struct io_uring_zcrx_ifq_reg reg = { .if_idx = 1, .rq_entries = 8 };
	struct io_uring ring;
	int ret;

	need_linux(6, 15, "IORING_REGISTER_ZCRX_IFQ");
	open_ring(&ring, 8, 0);
	ret = io_uring_register_ifq(&ring, &reg);
	if (ret == -EOPNOTSUPP || ret == -EPERM)
		skip_because_of("no IORING_REGISTER_ZCRX_IFQ here: %s", strerror(-ret));
	expect(ret, -EINVAL);
	io_uring_queue_exit(&ring);
}

static void zcrx_without_hardware(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct io_uring_zcrx_area_reg area = { .addr = (uintptr_t)memory, .len = page };
	struct io_uring_region_desc region = { .user_addr = (uintptr_t)memory + page,
					       .size = page,
					       .flags = IORING_MEM_REGION_TYPE_USER };
	struct io_uring_zcrx_ifq_reg reg = { .if_idx = 0x7ffffff,
					     .rq_entries = 8,
					     .area_ptr = (uintptr_t)&area,
					     .region_ptr = (uintptr_t)&region };
	struct io_uring ring;
	int ret;

	check(memory != MAP_FAILED, "no memory");
	need_linux(6, 15, "IORING_REGISTER_ZCRX_IFQ");
	open_ring(&ring, 8,
		  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQE32);
	ret = io_uring_register_ifq(&ring, &reg);
	if (ret == -EOPNOTSUPP || ret == -EPERM)
		skip_because_of("no IORING_REGISTER_ZCRX_IFQ here: %s", strerror(-ret));
	expect(ret, -ENODEV);
	reg.rq_entries = 0;
	expect(io_uring_register_ifq(&ring, &reg), -EINVAL);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* An opcode that the kernel does not have yet is -EINVAL whatever is given. */
static void newer_than_the_kernel(void)
{
	static uint64_t zeroes[16];
	struct zcrx_ctrl ctrl = { 0 };
	struct io_uring_bpf bpf = { .cmd_type = IO_URING_BPF_CMD_FILTER };
	struct io_uring_query_opcode opcodes = { 0 };
	struct io_uring_query_hdr hdr = query_of(IO_URING_QUERY_OPCODES, &opcodes, sizeof(opcodes));
	struct io_uring ring;
	unsigned op;

	need_query();
	expect(io_uring_register_query(&hdr), 0);
	if (opcodes.nr_register_opcodes > IORING_REGISTER_BPF_FILTER)
		skip_because_of("this engine has them all, up to BPF_FILTER");
	open_ring(&ring, 8, 0);
	/* The library's functions say so too. */
	if (opcodes.nr_register_opcodes <= IORING_REGISTER_ZCRX_CTRL)
		expect(io_uring_register_zcrx_ctrl(&ring, &ctrl), -EINVAL);
	expect(io_uring_register_bpf_filter(&ring, &bpf), -EINVAL);
	expect(io_uring_register_bpf_filter_task(&bpf), -EINVAL);
	for (op = opcodes.nr_register_opcodes; op <= IORING_REGISTER_BPF_FILTER; op++)
		for (unsigned nr = 0; nr < 2; nr++) {
			expect(register_raw(&ring, op, zeroes, nr), -EINVAL);
			expect(io_uring_register(~0U, op, zeroes, nr), -EINVAL);
		}
	io_uring_queue_exit(&ring);
}

const struct conformance_case setting_cases[] = {
	{ "the workers' CPUs can be set and reset", iowq_affinity },
	{ "the workers' limits return those until then", max_workers_returns_previous },
	{ "a workers' limit above 2^31 is -EINVAL", max_workers_errors },
	{ "one worker does the work of two requests", max_workers_holds },
	{ "no more requests block at once than there may be workers",
	  max_workers_keeps_others_waiting },
	{ "the clock is CLOCK_MONOTONIC or CLOCK_BOOTTIME", clock_choices },
	{ "the clock is what waits are timed by", clock_of_waits },
	{ "NAPI settings return those until then", napi_settings },
	{ "errors of NAPI settings", napi_errors },
	{ "errors of NAPI ids", napi_ids },
	{ "a query of the opcodes agrees with the probe and the ring", query_opcodes },
	{ "a query is answered with as much as there is room for", query_part },
	{ "queries can be chained, and an unknown one is -EOPNOTSUPP", query_chain },
	{ "errors of a query", query_errors },
	{ "errors of a synchronous cancellation", sync_cancel_errors },
	{ "errors of a buffer ring's registration", pbuf_ring_errors },
	{ "zero-copy receive needs a ring with the right flags", zcrx_without_flags },
	{ "zero-copy receive needs an interface", zcrx_without_hardware },
	{ "register opcodes newer than the kernel are -EINVAL", newer_than_the_kernel },
	{ 0 },
};
