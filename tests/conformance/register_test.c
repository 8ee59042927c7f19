/* SPDX-License-Identifier: MIT */
/* io_uring_register(2): what holds for every call, and the calls about the ring itself. */
#include <sys/syscall.h>

#include "conformance.h"

/* An address at which nothing is mapped. */
#define NOWHERE	   ((void *)16)
/* The most opcodes that IORING_REGISTER_PROBE tells about. */
#define MAX_PROBED 256

struct row {
	const char *name;
	unsigned op;
	const void *arg;
	unsigned nr;
	int want;
};

static void expect_rows(struct io_uring *ring, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_at(__FILE__, __LINE__, rows[i].name,
			  register_raw(ring, rows[i].op, rows[i].arg, rows[i].nr), rows[i].want);
}

/* ---- Every call ------------------------------------------------------------------------------ */

/* Each row has one fault only, so that its error does not depend on the order of the checks. */
static void wrong_counts(void)
{
	static uint64_t zeroes[64];
	static const struct row rows[] = {
		{ "BUFFERS of none", IORING_REGISTER_BUFFERS, zeroes, 0, -EINVAL },
		{ "UNREGISTER_BUFFERS of 1", IORING_UNREGISTER_BUFFERS, NULL, 1, -EINVAL },
		{ "UNREGISTER_BUFFERS with arg", IORING_UNREGISTER_BUFFERS, zeroes, 0, -EINVAL },
		{ "FILES of none", IORING_REGISTER_FILES, zeroes, 0, -EINVAL },
		{ "UNREGISTER_FILES of 1", IORING_UNREGISTER_FILES, NULL, 1, -EINVAL },
		{ "UNREGISTER_FILES with arg", IORING_UNREGISTER_FILES, zeroes, 0, -EINVAL },
		{ "FILES_UPDATE of none", IORING_REGISTER_FILES_UPDATE, zeroes, 0, -EINVAL },
		{ "EVENTFD of none", IORING_REGISTER_EVENTFD, zeroes, 0, -EINVAL },
		{ "EVENTFD of 2", IORING_REGISTER_EVENTFD, zeroes, 2, -EINVAL },
		{ "EVENTFD_ASYNC of none", IORING_REGISTER_EVENTFD_ASYNC, zeroes, 0, -EINVAL },
		{ "UNREGISTER_EVENTFD of 1", IORING_UNREGISTER_EVENTFD, NULL, 1, -EINVAL },
		{ "UNREGISTER_EVENTFD arg", IORING_UNREGISTER_EVENTFD, zeroes, 0, -EINVAL },
		{ "PROBE of 257", IORING_REGISTER_PROBE, zeroes, MAX_PROBED + 1, -EINVAL },
		{ "PERSONALITY of 1", IORING_REGISTER_PERSONALITY, NULL, 1, -EINVAL },
		{ "PERSONALITY with arg", IORING_REGISTER_PERSONALITY, zeroes, 0, -EINVAL },
		{ "FILES2 one byte short", IORING_REGISTER_FILES2, zeroes, 31, -EINVAL },
		{ "FILES2 one byte long", IORING_REGISTER_FILES2, zeroes, 33, -EINVAL },
		{ "BUFFERS2 one byte short", IORING_REGISTER_BUFFERS2, zeroes, 31, -EINVAL },
		{ "FILES_UPDATE2 short", IORING_REGISTER_FILES_UPDATE2, zeroes, 31, -EINVAL },
		{ "BUFFERS_UPDATE short", IORING_REGISTER_BUFFERS_UPDATE, zeroes, 31, -EINVAL },
		{ "IOWQ_AFF of none", IORING_REGISTER_IOWQ_AFF, zeroes, 0, -EINVAL },
		{ "UNREGISTER_IOWQ_AFF of 1", IORING_UNREGISTER_IOWQ_AFF, NULL, 1, -EINVAL },
		{ "IOWQ_MAX_WORKERS of 1", IORING_REGISTER_IOWQ_MAX_WORKERS, zeroes, 1, -EINVAL },
		{ "IOWQ_MAX_WORKERS of 3", IORING_REGISTER_IOWQ_MAX_WORKERS, zeroes, 3, -EINVAL },
		{ "RING_FDS of none", IORING_REGISTER_RING_FDS, zeroes, 0, -EINVAL },
		{ "RING_FDS of 17", IORING_REGISTER_RING_FDS, zeroes, 17, -EINVAL },
		{ "UNREGISTER_RING_FDS of none", IORING_UNREGISTER_RING_FDS, zeroes, 0, -EINVAL },
		{ "UNREGISTER_RING_FDS of 17", IORING_UNREGISTER_RING_FDS, zeroes, 17, -EINVAL },
	};
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect_rows(&ring, rows, ARRAY_LEN(rows));
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void wrong_counts_of_newer_calls(void)
{
	static uint64_t zeroes[64];
	static const struct row rows[] = {
		{ "PBUF_RING of none", IORING_REGISTER_PBUF_RING, zeroes, 0, -EINVAL },
		{ "PBUF_RING of 2", IORING_REGISTER_PBUF_RING, zeroes, 2, -EINVAL },
		{ "UNREGISTER_PBUF_RING of none", IORING_UNREGISTER_PBUF_RING, zeroes, 0, -EINVAL },
		{ "SYNC_CANCEL of none", IORING_REGISTER_SYNC_CANCEL, zeroes, 0, -EINVAL },
		{ "SYNC_CANCEL of 2", IORING_REGISTER_SYNC_CANCEL, zeroes, 2, -EINVAL },
		{ "FILE_ALLOC_RANGE of 1", IORING_REGISTER_FILE_ALLOC_RANGE, zeroes, 1, -EINVAL },
		{ "PBUF_STATUS of none", IORING_REGISTER_PBUF_STATUS, zeroes, 0, -EINVAL },
		{ "NAPI of none", IORING_REGISTER_NAPI, zeroes, 0, -EINVAL },
		{ "UNREGISTER_NAPI of none", IORING_UNREGISTER_NAPI, zeroes, 0, -EINVAL },
		{ "CLOCK of 1", IORING_REGISTER_CLOCK, zeroes, 1, -EINVAL },
		{ "CLONE_BUFFERS of none", IORING_REGISTER_CLONE_BUFFERS, zeroes, 0, -EINVAL },
		{ "ZCRX_IFQ of none", IORING_REGISTER_ZCRX_IFQ, zeroes, 0, -EINVAL },
		{ "RESIZE_RINGS of none", IORING_REGISTER_RESIZE_RINGS, zeroes, 0, -EINVAL },
		{ "RESIZE_RINGS of 2", IORING_REGISTER_RESIZE_RINGS, zeroes, 2, -EINVAL },
		{ "MEM_REGION of none", IORING_REGISTER_MEM_REGION, zeroes, 0, -EINVAL },
		{ "MEM_REGION of 2", IORING_REGISTER_MEM_REGION, zeroes, 2, -EINVAL },
		{ "QUERY of 1", IORING_REGISTER_QUERY, NULL, 1, -EINVAL },
	};
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect_rows(&ring, rows, ARRAY_LEN(rows));
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* NULL is refused as an argument by some and as an address by others; and so programs see it. */
static void null_arguments(void)
{
	static const struct row rows[] = {
		{ "BUFFERS", IORING_REGISTER_BUFFERS, NULL, 1, -EFAULT },
		{ "FILES", IORING_REGISTER_FILES, NULL, 1, -EFAULT },
		{ "FILES_UPDATE", IORING_REGISTER_FILES_UPDATE, NULL, 1, -EFAULT },
		{ "EVENTFD", IORING_REGISTER_EVENTFD, NULL, 1, -EFAULT },
		{ "EVENTFD_ASYNC", IORING_REGISTER_EVENTFD_ASYNC, NULL, 1, -EFAULT },
		{ "PROBE", IORING_REGISTER_PROBE, NULL, 1, -EINVAL },
		{ "FILES2", IORING_REGISTER_FILES2, NULL, 32, -EFAULT },
		{ "BUFFERS2", IORING_REGISTER_BUFFERS2, NULL, 32, -EFAULT },
		{ "FILES_UPDATE2", IORING_REGISTER_FILES_UPDATE2, NULL, 32, -EFAULT },
		{ "BUFFERS_UPDATE", IORING_REGISTER_BUFFERS_UPDATE, NULL, 32, -EFAULT },
		{ "IOWQ_AFF", IORING_REGISTER_IOWQ_AFF, NULL, 8, -EINVAL },
		{ "IOWQ_MAX_WORKERS", IORING_REGISTER_IOWQ_MAX_WORKERS, NULL, 2, -EINVAL },
		{ "RING_FDS", IORING_REGISTER_RING_FDS, NULL, 1, -EFAULT },
		{ "UNREGISTER_RING_FDS", IORING_UNREGISTER_RING_FDS, NULL, 1, -EFAULT },
		{ "PBUF_RING", IORING_REGISTER_PBUF_RING, NULL, 1, -EINVAL },
		{ "UNREGISTER_PBUF_RING", IORING_UNREGISTER_PBUF_RING, NULL, 1, -EINVAL },
		{ "SYNC_CANCEL", IORING_REGISTER_SYNC_CANCEL, NULL, 1, -EINVAL },
		{ "FILE_ALLOC_RANGE", IORING_REGISTER_FILE_ALLOC_RANGE, NULL, 0, -EINVAL },
		{ "PBUF_STATUS", IORING_REGISTER_PBUF_STATUS, NULL, 1, -EINVAL },
		{ "NAPI", IORING_REGISTER_NAPI, NULL, 1, -EINVAL },
		{ "CLOCK", IORING_REGISTER_CLOCK, NULL, 0, -EINVAL },
		{ "CLONE_BUFFERS", IORING_REGISTER_CLONE_BUFFERS, NULL, 1, -EINVAL },
		{ "ZCRX_IFQ", IORING_REGISTER_ZCRX_IFQ, NULL, 1, -EINVAL },
		{ "RESIZE_RINGS", IORING_REGISTER_RESIZE_RINGS, NULL, 1, -EINVAL },
		{ "MEM_REGION", IORING_REGISTER_MEM_REGION, NULL, 1, -EINVAL },
	};
	struct io_uring ring;

	need_linux(5, 18, "all of these calls");
	open_ring(&ring, 8, 0);
	expect_rows(&ring, rows, ARRAY_LEN(rows));
	io_uring_queue_exit(&ring);
}

static void bad_addresses(void)
{
	static const struct row rows[] = {
		{ "BUFFERS", IORING_REGISTER_BUFFERS, NOWHERE, 1, -EFAULT },
		{ "FILES", IORING_REGISTER_FILES, NOWHERE, 1, -EFAULT },
		{ "FILES_UPDATE", IORING_REGISTER_FILES_UPDATE, NOWHERE, 1, -EFAULT },
		{ "EVENTFD", IORING_REGISTER_EVENTFD, NOWHERE, 1, -EFAULT },
		{ "PROBE", IORING_REGISTER_PROBE, NOWHERE, 1, -EFAULT },
		{ "FILES2", IORING_REGISTER_FILES2, NOWHERE, 32, -EFAULT },
		{ "FILES_UPDATE2", IORING_REGISTER_FILES_UPDATE2, NOWHERE, 32, -EFAULT },
		{ "IOWQ_AFF", IORING_REGISTER_IOWQ_AFF, NOWHERE, 8, -EFAULT },
		{ "IOWQ_MAX_WORKERS", IORING_REGISTER_IOWQ_MAX_WORKERS, NOWHERE, 2, -EFAULT },
		{ "RING_FDS", IORING_REGISTER_RING_FDS, NOWHERE, 1, -EFAULT },
		{ "PBUF_RING", IORING_REGISTER_PBUF_RING, NOWHERE, 1, -EFAULT },
		{ "UNREGISTER_PBUF_RING", IORING_UNREGISTER_PBUF_RING, NOWHERE, 1, -EFAULT },
		{ "SYNC_CANCEL", IORING_REGISTER_SYNC_CANCEL, NOWHERE, 1, -EFAULT },
		{ "FILE_ALLOC_RANGE", IORING_REGISTER_FILE_ALLOC_RANGE, NOWHERE, 0, -EFAULT },
		{ "PBUF_STATUS", IORING_REGISTER_PBUF_STATUS, NOWHERE, 1, -EFAULT },
		{ "CLOCK", IORING_REGISTER_CLOCK, NOWHERE, 0, -EFAULT },
		{ "CLONE_BUFFERS", IORING_REGISTER_CLONE_BUFFERS, NOWHERE, 1, -EFAULT },
		{ "MEM_REGION", IORING_REGISTER_MEM_REGION, NOWHERE, 1, -EFAULT },
		{ "QUERY", IORING_REGISTER_QUERY, NOWHERE, 0, -EFAULT },
	};
	struct io_uring ring;

	need_linux(6, 18, "all of these calls");
	open_ring(&ring, 8, 0);
	expect_rows(&ring, rows, ARRAY_LEN(rows));
	io_uring_queue_exit(&ring);
}

static void reserved_fields(void)
{
	static const struct io_uring_rsrc_register with_resv2 = { .nr = 1, .resv2 = 1, .flags = 1 };
	static const struct io_uring_rsrc_register bad_flag = { .nr = 1, .flags = 2 };
	static const struct io_uring_rsrc_register sparse_data = { .nr = 1,
								   .flags = 1,
								   .data = 16 };
	static const struct io_uring_rsrc_register no_nr = { .flags = 1 };
	static const struct io_uring_rsrc_update2 update_resv = { .nr = 1, .resv = 1 };
	static const struct io_uring_rsrc_update2 update_resv2 = { .nr = 1, .resv2 = 1 };
	static const struct io_uring_rsrc_update ring_resv = { .offset = ~0U, .resv = 1 };
	static const struct io_uring_clock_register clock = { CLOCK_MONOTONIC, { 0, 0, 1 } };
	static const struct io_uring_file_index_range range = { .resv = 1 };
	static const struct io_uring_sync_cancel_reg cancel = { .timeout = { -1, -1 },
								.pad = { 1 } };
	static const struct io_uring_buf_status status = { .resv = { 1 } };
	static const struct row rows[] = {
		{ "FILES2 resv2", IORING_REGISTER_FILES2, &with_resv2, 32, -EINVAL },
		{ "FILES2 flags", IORING_REGISTER_FILES2, &bad_flag, 32, -EINVAL },
		{ "FILES2 sparse with data", IORING_REGISTER_FILES2, &sparse_data, 32, -EINVAL },
		{ "FILES2 of none", IORING_REGISTER_FILES2, &no_nr, 32, -EINVAL },
		{ "BUFFERS2 resv2", IORING_REGISTER_BUFFERS2, &with_resv2, 32, -EINVAL },
		{ "BUFFERS2 flags", IORING_REGISTER_BUFFERS2, &bad_flag, 32, -EINVAL },
		{ "BUFFERS2 sparse with data", IORING_REGISTER_BUFFERS2, &sparse_data, 32,
		  -EINVAL },
		{ "BUFFERS2 of none", IORING_REGISTER_BUFFERS2, &no_nr, 32, -EINVAL },
		{ "FILES_UPDATE resv", IORING_REGISTER_FILES_UPDATE, &update_resv, 1, -EINVAL },
		{ "FILES_UPDATE2 resv", IORING_REGISTER_FILES_UPDATE2, &update_resv, 32, -EINVAL },
		{ "FILES_UPDATE2 resv2", IORING_REGISTER_FILES_UPDATE2, &update_resv2, 32,
		  -EINVAL },
		{ "BUFFERS_UPDATE resv", IORING_REGISTER_BUFFERS_UPDATE, &update_resv, 32,
		  -EINVAL },
		{ "BUFFERS_UPDATE resv2", IORING_REGISTER_BUFFERS_UPDATE, &update_resv2, 32,
		  -EINVAL },
		{ "RING_FDS resv", IORING_REGISTER_RING_FDS, &ring_resv, 1, -EINVAL },
		{ "CLOCK resv", IORING_REGISTER_CLOCK, &clock, 0, -EINVAL },
		{ "FILE_ALLOC_RANGE resv", IORING_REGISTER_FILE_ALLOC_RANGE, &range, 0, -EINVAL },
		{ "SYNC_CANCEL pad", IORING_REGISTER_SYNC_CANCEL, &cancel, 1, -EINVAL },
		{ "PBUF_STATUS resv", IORING_REGISTER_PBUF_STATUS, &status, 1, -EINVAL },
	};
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect_rows(&ring, rows, ARRAY_LEN(rows));
	io_uring_queue_exit(&ring);
}

static void nothing_to_unregister(void)
{
	static const struct io_uring_rsrc_update update = { .data = 0 };
	static const struct io_uring_rsrc_update2 update2 = { .nr = 1 };
	static const struct io_uring_buf_reg no_group = { .bgid = 7 };
	static const struct io_uring_buf_status no_status = { .buf_group = 7 };
	static const struct io_uring_file_index_range range = { .len = 1 };
	static const struct row rows[] = {
		{ "buffers", IORING_UNREGISTER_BUFFERS, NULL, 0, -ENXIO },
		{ "files", IORING_UNREGISTER_FILES, NULL, 0, -ENXIO },
		{ "eventfd", IORING_UNREGISTER_EVENTFD, NULL, 0, -ENXIO },
		{ "personality", IORING_UNREGISTER_PERSONALITY, NULL, 1, -EINVAL },
		{ "personality 0", IORING_UNREGISTER_PERSONALITY, NULL, 0, -EINVAL },
		{ "files update", IORING_REGISTER_FILES_UPDATE, &update, 1, -ENXIO },
		{ "files update2", IORING_REGISTER_FILES_UPDATE2, &update2, 32, -ENXIO },
		{ "buffers update", IORING_REGISTER_BUFFERS_UPDATE, &update2, 32, -ENXIO },
		{ "buffer ring", IORING_UNREGISTER_PBUF_RING, &no_group, 1, -ENOENT },
		{ "buffer ring's status", IORING_REGISTER_PBUF_STATUS, &no_status, 1, -ENOENT },
		{ "range of no table", IORING_REGISTER_FILE_ALLOC_RANGE, &range, 0, -EINVAL },
		/* The affinity has no state to complain about. */
		{ "iowq affinity", IORING_UNREGISTER_IOWQ_AFF, NULL, 0, 0 },
	};
	struct io_uring ring;

	need_linux(6, 8, "all of these calls");
	open_ring(&ring, 8, 0);
	expect_rows(&ring, rows, ARRAY_LEN(rows));
	io_uring_queue_exit(&ring);
}

static void unknown_opcodes(void)
{
	static const unsigned unknown[] = { 64, 255, 0x7fffffff };
	struct io_uring ring;

	need_linux(6, 3, "looking at the opcode first");
	open_ring(&ring, 8, 0);
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		expect(register_raw(&ring, unknown[i], NULL, 0), -EINVAL);
		/* The opcode is looked at before the descriptor. */
		expect(io_uring_register(9999, unknown[i], NULL, 0), -EINVAL);
	}
	io_uring_queue_exit(&ring);
}

static void not_a_ring(void)
{
	int fd = (int)sys(eventfd(0, EFD_CLOEXEC));
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	for (unsigned op = 0; op <= IORING_REGISTER_SEND_MSG_RING; op++) {
		expect(io_uring_register((unsigned)fd, op, NULL, 0), -EOPNOTSUPP);
		expect(io_uring_register(9999, op, NULL, 0), -EBADF);
	}
	io_uring_queue_exit(&ring);
	/* And a ring that was closed is like any closed descriptor. */
	expect(io_uring_register((unsigned)ring.ring_fd, IORING_UNREGISTER_FILES, NULL, 0), -EBADF);
}

static void no_ring_at_all(void)
{
	struct io_uring ring;

	need_linux(6, 13, "calls without a ring");
	open_ring(&ring, 8, 0);
	for (unsigned op = 0; op < IORING_REGISTER_SEND_MSG_RING; op++) {
		/* RESTRICTIONS of a task came with 7.0. */
		if (op != IORING_REGISTER_RESTRICTIONS)
			expect(io_uring_register(~0U, op, NULL, 0), -EINVAL);
	}
	io_uring_queue_exit(&ring);
}

static void *register_in_thread(void *arg)
{
	struct io_uring *ring = arg;

	expect(register_raw(ring, IORING_UNREGISTER_FILES, NULL, 0), -EEXIST);
	expect(io_uring_register_personality(ring), -EEXIST);
	return NULL;
}

static void single_issuer(void)
{
	struct io_uring ring;
	pthread_t thread;

	open_ring(&ring, 8, IORING_SETUP_SINGLE_ISSUER);
	expect(pthread_create(&thread, NULL, register_in_thread, &ring), 0);
	expect(pthread_join(thread, NULL), 0);
	expect(register_raw(&ring, IORING_UNREGISTER_FILES, NULL, 0), -ENXIO);
	io_uring_queue_exit(&ring);
}

/* ---- PROBE ----------------------------------------------------------------------------------- */

static struct io_uring_probe *new_probe(void)
{
	struct io_uring_probe *probe =
		calloc(1, sizeof(*probe) + MAX_PROBED * sizeof(struct io_uring_probe_op));

	check(probe, "out of memory");
	return probe;
}

static void probe_all(void)
{
	struct io_uring_probe *probe = new_probe();
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(io_uring_register_probe(&ring, probe, MAX_PROBED), 0);
	check(probe->last_op >= IORING_OP_LINKAT, "last_op is %d", probe->last_op);
	expect(probe->ops_len, probe->last_op + 1);
	for (int i = 0; i < MAX_PROBED; i++) {
		expect(probe->ops[i].op, i < probe->ops_len ? i : 0);
		expect(probe->ops[i].resv, 0);
		expect(probe->ops[i].flags & ~IO_URING_OP_SUPPORTED, 0);
		expect(probe->ops[i].resv2, 0);
		if (i >= probe->ops_len)
			expect(probe->ops[i].flags, 0);
	}
	expect(probe->ops[IORING_OP_NOP].flags, IO_URING_OP_SUPPORTED);
	io_uring_queue_exit(&ring);
	free(probe);
}

static void probe_some(void)
{
	struct io_uring_probe *probe = new_probe();
	struct io_uring ring;
	int last;

	open_ring(&ring, 8, 0);
	expect(io_uring_register_probe(&ring, probe, 3), 0);
	last = probe->last_op;
	check(last >= IORING_OP_LINKAT, "last_op is %d", last);
	expect(probe->ops_len, 3);
	expect(probe->ops[2].op, 2);
	expect(probe->ops[3].op, 0);
	expect(probe->ops[3].flags, 0);
	memset(probe, 0, sizeof(*probe) + 4 * sizeof(probe->ops[0]));
	expect(io_uring_register_probe(&ring, probe, 0), 0);
	expect(probe->last_op, last);
	expect(probe->ops_len, 0);
	expect(probe->ops[0].flags, 0);
	io_uring_queue_exit(&ring);
	free(probe);
}

static void probe_dirty(void)
{
	struct io_uring_probe *probe = new_probe();
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	probe->last_op = 1;
	expect(io_uring_register_probe(&ring, probe, MAX_PROBED), -EINVAL);
	probe->last_op = 0;
	probe->ops[7].resv2 = 1;
	expect(io_uring_register_probe(&ring, probe, 8), -EINVAL);
	expect(io_uring_register_probe(&ring, probe, 7), 0);
	io_uring_queue_exit(&ring);
	free(probe);
}

static void probe_is_true(void)
{
	struct io_uring_probe *probe = new_probe();
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	expect(io_uring_register_probe(&ring, probe, MAX_PROBED), 0);
	check(probe->last_op < 255, "every opcode is known");
	sqe = new_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->opcode = (uint8_t)(probe->last_op + 1);
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	expect_answer(&ring, 1, -EINVAL);
	io_uring_queue_exit(&ring);
	free(probe);
}

/* ---- PERSONALITY ----------------------------------------------------------------------------- */

static void open_with(struct io_uring *ring, unsigned personality, bool works)
{
	struct io_uring_sqe *sqe = new_sqe(ring);
	struct answer a;

	io_uring_prep_openat(sqe, AT_FDCWD, "secret", O_RDONLY, 0);
	set_sqe(sqe, 3, 0);
	sqe->personality = (uint16_t)personality;
	a = run_one(ring);
	if (works)
		close((int)sys(a.res));
	else
		expect(a.res, -EACCES);
}

static void personality_opens(void)
{
	struct io_uring ring;
	int id, own;

	if (geteuid())
		skip_because_of("only root can become somebody else");
	open_ring(&ring, 8, 0);
	close((int)sys(open("secret", O_CREAT | O_WRONLY, 0600)));
	id = io_uring_register_personality(&ring);
	check(id > 0, "id %d", id);
	sys(seteuid(65534));
	own = io_uring_register_personality(&ring);
	check(own > 0 && own != id, "ids %d and %d", id, own);
	open_with(&ring, 0, false);
	open_with(&ring, (unsigned)id, true);
	open_with(&ring, (unsigned)own, false);
	/* And the requests that ran with it left nothing behind. */
	open_with(&ring, 0, false);
	sys(seteuid(0));
	open_with(&ring, 0, true);
	open_with(&ring, (unsigned)own, false);
	io_uring_queue_exit(&ring);
}

static void personality_in_worker(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int id;

	if (geteuid())
		skip_because_of("only root can become somebody else");
	open_ring(&ring, 8, 0);
	close((int)sys(open("secret", O_CREAT | O_WRONLY, 0600)));
	sys(seteuid(65534));
	id = io_uring_register_personality(&ring);
	sys(seteuid(0));
	for (int i = 0; i < 8; i++) {
		sqe = new_sqe(&ring);
		io_uring_prep_openat(sqe, AT_FDCWD, "secret", O_RDONLY, 0);
		set_sqe(sqe, (uint64_t)i, IOSQE_ASYNC);
		sqe->personality = (uint16_t)(i % 2 ? id : 0);
	}
	submit(&ring, 8);
	for (int i = 0; i < 8; i++) {
		struct answer a = next_answer(&ring);

		if (a.data % 2)
			expect(a.res, -EACCES);
		else
			sys(a.res);
	}
	io_uring_queue_exit(&ring);
}

static void personality_kept(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int id, fds[2];
	char byte;

	if (geteuid())
		skip_because_of("only root can become somebody else");
	open_ring(&ring, 8, 0);
	make_pipe(fds);
	close((int)sys(open("secret", O_CREAT | O_WRONLY, 0600)));
	id = io_uring_register_personality(&ring);
	sys(seteuid(65534));
	sqe = new_sqe(&ring);
	io_uring_prep_read(sqe, fds[0], &byte, 1, 0);
	set_sqe(sqe, 1, IOSQE_IO_LINK);
	sqe = new_sqe(&ring);
	io_uring_prep_openat(sqe, AT_FDCWD, "secret", O_RDONLY, 0);
	set_sqe(sqe, 2, 0);
	sqe->personality = (uint16_t)id;
	submit(&ring, 2);
	expect(io_uring_unregister_personality(&ring, id), 0);
	expect(write(fds[1], "x", 1), 1);
	expect_answer(&ring, 1, 1);
	sys(next_answer(&ring).res);
	io_uring_queue_exit(&ring);
}

static void personality_ids(void)
{
	struct io_uring ring;
	int ids[3];

	open_ring(&ring, 8, 0);
	for (int i = 0; i < 3; i++) {
		ids[i] = io_uring_register_personality(&ring);
		expect(ids[i], i + 1);
	}
	expect(io_uring_unregister_personality(&ring, 2), 0);
	expect(io_uring_unregister_personality(&ring, 2), -EINVAL);
	/* Ids go round before they come again. */
	expect(io_uring_register_personality(&ring), 4);
	expect(register_raw(&ring, IORING_UNREGISTER_PERSONALITY, (void *)1, 1), -EINVAL);
	expect(register_raw(&ring, IORING_UNREGISTER_PERSONALITY, NULL, 65536 + 1), -EINVAL);
	expect(io_uring_unregister_personality(&ring, 1), 0);
	io_uring_queue_exit(&ring);
}

static void personality_unknown(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int id;

	open_ring(&ring, 8, 0);
	sqe = new_sqe(&ring);
	io_uring_prep_nop(sqe);
	set_sqe(sqe, 1, 0);
	sqe->personality = 5;
	submit(&ring, 1);
	expect_answer(&ring, 1, -EINVAL);
	id = io_uring_register_personality(&ring);
	for (int round = 0; round < 2; round++) {
		sqe = new_sqe(&ring);
		io_uring_prep_nop(sqe);
		set_sqe(sqe, 2, 0);
		sqe->personality = (uint16_t)id;
		submit(&ring, 1);
		expect_answer(&ring, 2, round ? -EINVAL : 0);
		if (!round)
			expect(io_uring_unregister_personality(&ring, id), 0);
	}
	io_uring_queue_exit(&ring);
}

const struct conformance_case register_cases[] = {
	{ "a wrong count of arguments is -EINVAL", wrong_counts },
	{ "a wrong count of arguments to newer calls is -EINVAL", wrong_counts_of_newer_calls },
	{ "no argument is -EFAULT or -EINVAL, call by call", null_arguments },
	{ "an argument at a bad address is -EFAULT", bad_addresses },
	{ "a reserved field that is not 0 is -EINVAL", reserved_fields },
	{ "what is not registered cannot be unregistered or updated", nothing_to_unregister },
	{ "an unknown opcode is -EINVAL, before the descriptor is looked at", unknown_opcodes },
	{ "a descriptor that is no ring is -EOPNOTSUPP, a closed one -EBADF", not_a_ring },
	{ "descriptor -1 is only for calls that need no ring", no_ring_at_all },
	{ "only its own thread may register in a single-issuer ring", single_issuer },
	{ "a probe tells every opcode's number and whether it works", probe_all },
	{ "a probe fills in as many opcodes as there is room for", probe_some },
	{ "a probe that is not zeroed is -EINVAL", probe_dirty },
	{ "the opcode after the probe's last is -EINVAL", probe_is_true },
	{ "a personality is what a request opens files as", personality_opens },
	{ "a personality holds in a worker too", personality_in_worker },
	{ "a request keeps the personality it was submitted with", personality_kept },
	{ "personalities are numbered from 1 and not reused at once", personality_ids },
	{ "a request with an unknown personality is -EINVAL", personality_unknown },
	{ 0 },
};
