/* SPDX-License-Identifier: MIT */
/* Links, and completions skipped on success. */
#include "requests.h"

#define LINK  IOSQE_IO_LINK
#define HARD  IOSQE_IO_HARDLINK
#define DRAIN IOSQE_IO_DRAIN
#define SKIP  IOSQE_CQE_SKIP_SUCCESS

/* ---- Chains of requests that complete at once ------------------------------------------------ */

/* No completion at all. */
#define NONE 1

struct step {
	void (*queue)(struct io_uring *ring, uint64_t data, unsigned flags);
	unsigned flags;
	int res;
};

/*
 * Submits up to six steps in one go: they complete as they say, and those that are linked in their
 * order. One that is linked to nothing may overtake, as Linux completes the rest of a chain later.
 */
static void run_chain(struct io_uring *ring, const struct step *steps)
{
	unsigned count = 0, posted = 0, position[6] = { 0 };

	for (; count < 6 && steps[count].queue; count++) {
		steps[count].queue(ring, count, steps[count].flags);
		posted += steps[count].res != NONE;
	}
	submit(ring, count);
	for (unsigned i = 1; i <= posted; i++) {
		struct answer a = next_answer(ring);

		check(a.data < count && !position[a.data], "%llu", (unsigned long long)a.data);
		expect_full_answer_at(__FILE__, __LINE__, a, a.data, steps[a.data].res, 0);
		position[a.data] = i;
	}
	expect_none(ring, 5);
	for (unsigned i = 0; i + 1 < count; i++)
		if (steps[i].flags & (LINK | HARD) && position[i + 1])
			check(position[i] < position[i + 1], "%u after %u", i, i + 1);
}

static void run_chains(const struct step (*chains)[6], size_t count)
{
	/* Completions that are deferred come as all others do. */
	const unsigned flags[] = { 0, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN };
	struct io_uring ring;

	for (size_t i = 0; i < count * ARRAY_LEN(flags); i++) {
		open_ring(&ring, 8, flags[i / count]);
		run_chain(&ring, chains[i % count]);
		io_uring_queue_exit(&ring);
	}
}

static void soft_links(void)
{
	static const struct step chains[][6] = {
		{ { queue_nop, LINK, 0 }, { queue_nop, LINK, 0 }, { queue_nop, 0, 0 } },
		{ { queue_nop, LINK, 0 },
		  { queue_failing, LINK, -EBADF },
		  { queue_nop, LINK, -ECANCELED },
		  { queue_nop, 0, -ECANCELED },
		  { queue_nop, 0, 0 } },
		/* The last one's failure breaks nothing: it begins no link. */
		{ { queue_nop, LINK, 0 }, { queue_failing, 0, -EBADF }, { queue_nop, 0, 0 } },
		/* Two chains next to each other. */
		{ { queue_failing, LINK, -EBADF },
		  { queue_nop, 0, -ECANCELED },
		  { queue_nop, LINK, 0 },
		  { queue_nop, 0, 0 } },
		/* A chain that the submission ends. */
		{ { queue_nop, LINK, 0 }, { queue_nop, LINK, 0 } },
		{ { queue_failing, LINK, -EBADF }, { queue_nop, LINK, -ECANCELED } },
	};

	run_chains(chains, ARRAY_LEN(chains));
}

static void hard_links(void)
{
	static const struct step chains[][6] = {
		{ { queue_failing, HARD, -EBADF }, { queue_nop, 0, 0 } },
		{ { queue_failing, HARD, -EBADF },
		  { queue_failing, HARD, -EBADF },
		  { queue_nop, 0, 0 } },
		/* Of both flags, the hard one counts. */
		{ { queue_failing, HARD | LINK, -EBADF }, { queue_nop, 0, 0 } },
		/* Each link is of its own kind ... */
		{ { queue_failing, HARD, -EBADF },
		  { queue_failing, LINK, -EBADF },
		  { queue_nop, 0, -ECANCELED } },
		/* ... but what breaks a soft one cancels the whole rest. */
		{ { queue_failing, LINK, -EBADF },
		  { queue_nop, HARD, -ECANCELED },
		  { queue_nop, 0, -ECANCELED } },
	};

	run_chains(chains, ARRAY_LEN(chains));
}

static void refused_members(void)
{
	/* Found out while the chain is put together, so that none of it runs. */
	static const struct step chains[][6] = {
		{ { queue_refused, LINK, -EINVAL }, { queue_nop, 0, -ECANCELED } },
		{ { queue_nop, LINK, -ECANCELED },
		  { queue_refused, LINK, -EINVAL },
		  { queue_nop, LINK, -ECANCELED },
		  { queue_nop, 0, -ECANCELED },
		  { queue_nop, 0, 0 } },
		{ { queue_nop, LINK, -ECANCELED }, { queue_refused, 0, -EINVAL } },
		{ { queue_nop, HARD, -ECANCELED },
		  { queue_refused, HARD, -EINVAL },
		  { queue_nop, 0, -ECANCELED } },
		{ { queue_refused, LINK, -EINVAL }, { queue_refused, 0, -EINVAL } },
	};

	run_chains(chains, ARRAY_LEN(chains));
}

/* A refused request stops a submission, but not within a chain that goes on. */
static void refused_and_submit(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_refused(&ring, 0, LINK);
	queue_nop(&ring, 1, 0);
	queue_nop(&ring, 2, 0);
	submit(&ring, 3);
	for (int i = 0; i < 3; i++)
		next_answer(&ring);
	queue_nop(&ring, 0, LINK);
	queue_refused(&ring, 1, 0);
	queue_nop(&ring, 2, 0);
	expect(io_uring_submit(&ring), 2);
	expect_answer(&ring, 0, -ECANCELED);
	expect_answer(&ring, 1, -EINVAL);
	expect_none(&ring, 0);
	submit(&ring, 1);
	expect_answer(&ring, 2, 0);
	io_uring_queue_exit(&ring);
}

static void chain_ends_at_submit(void)
{
	struct io_uring ring;
	int fd;

	open_ring(&ring, 8, 0);
	fd = queue_hanging(&ring, 1, LINK);
	submit(&ring, 1);
	queue_nop(&ring, 2, 0);
	submit(&ring, 1);
	expect_answer(&ring, 2, 0);
	release(fd);
	expect_answer(&ring, 1, 1);
	queue_failing(&ring, 3, LINK);
	submit(&ring, 1);
	expect_answer(&ring, 3, -EBADF);
	queue_nop(&ring, 4, 0);
	submit(&ring, 1);
	expect_answer(&ring, 4, 0);
	io_uring_queue_exit(&ring);
}

/* ---- What breaks a link ---------------------------------------------------------------------- */

/* Submits the request prepared and a nop behind it. Returns the nop's result. */
static int behind(struct io_uring *ring, int res)
{
	queue_nop(ring, 99, 0);
	submit(ring, 2);
	expect(next_answer(ring).res, res);
	return next_answer(ring).res;
}

static void short_transfers(void)
{
	int fd = scratch_file(5), pair[2];
	struct io_uring ring;
	char bytes[10];

	open_ring(&ring, 8, 0);
	queue_read(&ring, fd, bytes, 5, 1, LINK);
	expect(behind(&ring, 5), 0);
	queue_read(&ring, fd, bytes, 6, 1, LINK);
	expect(behind(&ring, 5), -ECANCELED);
	queue_read(&ring, fd, bytes, 6, 1, HARD);
	expect(behind(&ring, 5), 0);
	io_uring_prep_read(new_sqe(&ring), fd, bytes, 6, 5);
	set_sqe(&ring.sq.sqes[(ring.sq.sqe_tail - 1) & ring.sq.ring_mask], 1, LINK);
	expect(behind(&ring, 0), -ECANCELED);
	/* A pipe's short read is as short as any other. */
	make_pipe(pair);
	release(pair[1]);
	queue_read(&ring, pair[0], bytes, 2, 1, LINK);
	expect(behind(&ring, 1), -ECANCELED);
	io_uring_queue_exit(&ring);
}

static int receive(struct io_uring *ring, int fd, int flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);
	static char bytes[10];

	io_uring_prep_recv(sqe, fd, bytes, sizeof(bytes), flags);
	set_sqe(sqe, 1, LINK);
	return behind(ring, 3);
}

static void short_receive(void)
{
	struct io_uring ring;
	int pair[2];

	open_ring(&ring, 8, 0);
	unix_pair(pair);
	expect(sys(send(pair[1], "abc", 3, 0)), 3);
	/* Receiving less than there is room for is what is asked for, ... */
	expect(receive(&ring, pair[0], 0), 0);
	/* ... unless all of it was. */
	expect(sys(send(pair[1], "abc", 3, 0)), 3);
	sys(shutdown(pair[1], SHUT_WR));
	expect(receive(&ring, pair[0], MSG_WAITALL), -ECANCELED);
	io_uring_queue_exit(&ring);
}

/* ---- Order ----------------------------------------------------------------------------------- */

static void waits_for_predecessor_on(unsigned flags)
{
	struct io_uring ring;
	int fd;

	open_ring(&ring, 8, flags);
	fd = queue_hanging(&ring, 1, LINK);
	queue_nop(&ring, 2, LINK);
	queue_nop(&ring, 3, 0);
	queue_nop(&ring, 4, 0);
	submit(&ring, 4);
	expect_answer(&ring, 4, 0);
	expect_none(&ring, 20);
	release(fd);
	expect_answer(&ring, 1, 1);
	expect_answer(&ring, 2, 0);
	expect_answer(&ring, 3, 0);
	io_uring_queue_exit(&ring);
}

static void waits_for_predecessor(void)
{
	on_both_kinds(waits_for_predecessor_on);
}

static void long_chains(void)
{
	struct io_uring ring;
	int fds[4];

	/* Four chains of 32, of which the third is let go first. */
	open_ring(&ring, 128, 0);
	for (unsigned i = 0; i < 4; i++) {
		fds[i] = queue_hanging(&ring, 100 * i, LINK);
		for (unsigned k = 1; k < 32; k++)
			queue_nop(&ring, 100 * i + k, k == 31 ? 0 : LINK);
	}
	submit(&ring, 128);
	expect_none(&ring, 0);
	for (unsigned i = 4; i-- > 0;) {
		release(fds[i]);
		for (unsigned k = 0; k < 32; k++)
			expect_answer(&ring, 100 * i + k, k == 0);
	}
	io_uring_queue_exit(&ring);
}

static void each_reads_what_was_written(unsigned flags)
{
	int fd = scratch_file(0);
	struct io_uring ring;
	char got[8] = "";

	/* Each request sees the file as its predecessor left it. */
	open_ring(&ring, 8, 0);
	queue_write(&ring, fd, "first", 5, 1, LINK | flags);
	queue_read(&ring, fd, got, 2, 2, LINK | flags);
	queue_write(&ring, fd, got + 1, 1, 3, LINK | flags);
	queue_read(&ring, fd, got + 3, 5, 4, flags);
	submit(&ring, 4);
	expect_answer(&ring, 1, 5);
	expect_answer(&ring, 2, 2);
	expect_answer(&ring, 3, 1);
	expect_answer(&ring, 4, 5);
	check(!memcmp(got, "fi", 2) && !memcmp(got + 3, "iirst", 5), "got %.8s", got);
	io_uring_queue_exit(&ring);
}

static void chain_of_io(void)
{
	each_reads_what_was_written(0);
}

static void chain_of_async_io(void)
{
	each_reads_what_was_written(IOSQE_ASYNC);
}

static void late_file(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char bytes[4] = "";

	sys(close((int)sys(open("named", O_CREAT | O_WRONLY, 0600))));
	open_ring(&ring, 8, 0);
	need_feature(&ring, IORING_FEAT_LINKED_FILE, "files looked up when a link runs");
	need_linux(5, 19, "empty tables of files");
	expect(io_uring_register_files_sparse(&ring, 2), 0);
	sqe = new_sqe(&ring);
	io_uring_prep_openat_direct(sqe, AT_FDCWD, "named", O_RDWR, 0, 1);
	set_sqe(sqe, 1, LINK);
	queue_write(&ring, 1, "abc", 3, 2, LINK | IOSQE_FIXED_FILE);
	queue_read(&ring, 1, bytes, 3, 3, LINK | IOSQE_FIXED_FILE);
	sqe = new_sqe(&ring);
	io_uring_prep_close_direct(sqe, 1);
	set_sqe(sqe, 4, LINK);
	queue_read(&ring, 1, bytes, 3, 5, IOSQE_FIXED_FILE);
	submit(&ring, 5);
	expect_answer(&ring, 1, 0);
	expect_answer(&ring, 2, 3);
	expect_answer(&ring, 3, 3);
	expect_answer(&ring, 4, 0);
	expect_answer(&ring, 5, -EBADF);
	check(!strcmp(bytes, "abc"), "read %s", bytes);
	io_uring_queue_exit(&ring);
}

/* ---- Completions skipped on success ---------------------------------------------------------- */

static void skip_success(void)
{
	static const struct step chains[][6] = {
		{ { queue_nop, SKIP, NONE }, { queue_nop, 0, 0 } },
		{ { queue_failing, SKIP, -EBADF }, { queue_nop, 0, 0 } },
		{ { queue_refused, SKIP, -EINVAL } },
		{ { queue_nop, SKIP | LINK, NONE },
		  { queue_nop, SKIP | LINK, NONE },
		  { queue_nop, 0, 0 } },
		/* The one that fails posts, and speaks for all those that it cancels. */
		{ { queue_nop, SKIP | LINK, NONE },
		  { queue_failing, SKIP | LINK, -EBADF },
		  { queue_nop, SKIP | LINK, NONE },
		  { queue_nop, 0, NONE } },
		{ { queue_failing, LINK, -EBADF },
		  { queue_nop, SKIP | LINK, -ECANCELED },
		  { queue_nop, 0, -ECANCELED } },
		{ { queue_failing, HARD | SKIP, -EBADF }, { queue_nop, 0, 0 } },
	};

	need_linux(5, 17, "IOSQE_CQE_SKIP_SUCCESS");
	run_chains(chains, ARRAY_LEN(chains));
}

static void skipped_but_done(void)
{
	int fd = scratch_file(0);
	struct io_uring ring;
	char bytes[4] = "";
	int other;

	open_ring(&ring, 8, 0);
	need_feature(&ring, IORING_FEAT_CQE_SKIP, "IOSQE_CQE_SKIP_SUCCESS");
	queue_write(&ring, fd, "abc", 3, 1, SKIP | LINK | IOSQE_ASYNC);
	queue_read(&ring, fd, bytes, 3, 2, 0);
	submit(&ring, 2);
	expect_answer(&ring, 2, 3);
	check(!strcmp(bytes, "abc"), "read %s", bytes);
	/* One that completes later is as silent. */
	other = queue_hanging(&ring, 3, SKIP);
	submit(&ring, 1);
	release(other);
	expect_none(&ring, 20);
	/* A short read counts as a failure, here as for links. */
	queue_read(&ring, fd, bytes, 4, 4, SKIP);
	submit(&ring, 1);
	expect_answer(&ring, 4, 3);
	io_uring_queue_exit(&ring);
}

static void skip_and_multishot(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_multishot(&ring, 1);
	ring.sq.sqes[0].flags |= SKIP;
	submit(&ring, 1);
	expect_answer(&ring, 1, -EINVAL);
	io_uring_queue_exit(&ring);
}

static void skip_and_drain(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	need_feature(&ring, IORING_FEAT_CQE_SKIP, "IOSQE_CQE_SKIP_SUCCESS");
	queue_nop(&ring, 1, DRAIN);
	submit(&ring, 1);
	expect_answer(&ring, 1, 0);
	queue_nop(&ring, 2, SKIP);
	submit(&ring, 1);
	/* From then on drain, which counts completions, works no more. */
	queue_nop(&ring, 3, DRAIN);
	submit(&ring, 1);
	expect_answer(&ring, 3, -EOPNOTSUPP);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);

	open_ring(&ring, 8, 0);
	queue_nop(&ring, 4, DRAIN | SKIP);
	submit(&ring, 1);
	expect_answer(&ring, 4, -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
}

static void unknown_flag(void)
{
	struct io_uring ring;

	open_ring(&ring, 8, 0);
	queue_nop(&ring, 1, 0x80);
	submit(&ring, 1);
	expect_answer(&ring, 1, -EINVAL);
	queue_nop(&ring, 2, IOSQE_BUFFER_SELECT);
	submit(&ring, 1);
	expect_answer(&ring, 2, -EOPNOTSUPP);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

/* Nothing of a request before it shows. */
static void unknown_flag_of_a_read(void)
{
	struct io_uring_sqe *sqe;
	int fd = scratch_file(100);
	struct io_uring ring;
	char buffer[100];

	open_ring(&ring, 8, 0);
	for (unsigned i = 0; i < 2; i++) {
		sqe = new_sqe(&ring);
		io_uring_prep_read(sqe, fd, buffer, sizeof(buffer), 0);
		set_sqe(sqe, 1, i ? 0x80 : 0);
		submit(&ring, 1);
		expect_answer(&ring, 1, i ? -EINVAL : 100);
	}
	io_uring_queue_exit(&ring);
}

static void prep_failing(struct io_uring_sqe *sqe, unsigned which, int pipe_end)
{
	static char value[4];

	switch (which) {
	case 0:
		return io_uring_prep_fsync(sqe, pipe_end, 0);
	case 1:
		return io_uring_prep_fallocate(sqe, pipe_end, 0, 0, 1);
	case 2:
		return io_uring_prep_ftruncate(sqe, pipe_end, 1);
	case 3:
		return io_uring_prep_madvise(sqe, (void *)8, 1, 99);
	case 4:
		return io_uring_prep_unlink(sqe, "missing", 0);
	case 5:
		return io_uring_prep_rename(sqe, "missing", "found");
	case 6:
		return io_uring_prep_mkdir(sqe, "/", 0);
	case 7:
		return io_uring_prep_link(sqe, "missing", "found", 0);
	default:
		return io_uring_prep_fgetxattr(sqe, pipe_end, "user.none", value, 4);
	}
}

/* Linux takes their errors for results like others. */
static void errors_that_pass(void)
{
	struct answer answers[2];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	make_pipe(fds);
	open_ring(&ring, 8, 0);
	for (unsigned i = 0; i <= 8; i++) {
		sqe = new_sqe(&ring);
		prep_failing(sqe, i, fds[0]);
		set_sqe(sqe, 1, IOSQE_IO_LINK);
		queue_nop(&ring, 2, 0);
		submit(&ring, 2);
		sorted_answers(&ring, answers, 2);
		check(answers[0].res < 0, "request %u did not fail: %d", i, answers[0].res);
		expect(answers[1].res, 0);
	}
	io_uring_queue_exit(&ring);
}

const struct conformance_case link_cases[] = {
	{ "a soft link is broken by a failure, which cancels the rest", soft_links },
	{ "a hard link holds whatever happens before it", hard_links },
	{ "a member that is refused cancels the whole chain", refused_members },
	{ "a refused member stops the submission only at the chain's end", refused_and_submit },
	{ "a chain ends with the submission", chain_ends_at_submit },
	{ "a short read breaks a soft link, and no hard one", short_transfers },
	{ "a short receive breaks a link only with MSG_WAITALL", short_receive },
	{ "a linked request waits for its predecessor, and no other does", waits_for_predecessor },
	{ "chains complete in their order, independent of each other", long_chains },
	{ "a chain's requests see what those before did", chain_of_io },
	{ "so do those of a chain of ASYNC requests", chain_of_async_io },
	{ "a link's file is looked up when it runs", late_file },
	{ "a request that skips its completion posts failures only", skip_success },
	{ "a skipped completion's request was done all the same", skipped_but_done },
	{ "a multishot request cannot skip its completions", skip_and_multishot },
	{ "drain is refused once a completion was skipped", skip_and_drain },
	{ "unknown flags of a request are refused", unknown_flag },
	{ "unknown flags of a read are refused as any", unknown_flag_of_a_read },
	{ "an error of fsync, a name or an attribute breaks no link", errors_that_pass },
	{ 0 },
};
