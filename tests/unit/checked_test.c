/* SPDX-License-Identifier: MIT */
/*
 * -DANYRING_CHECKED: each mistake ends a child, whose last words name this file and the line, and
 * what is right goes on.
 */
#define ANYRING_CHECKED
#include "support.h"

/* The line of the mistake, for the parent to compare. */
static int *mistake_line;

/* Leaves the number of its own line. */
#define HERE (*mistake_line = __LINE__)

static struct io_uring_sqe *one_nop(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	child_check(sqe);
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data64(sqe, 1);
	io_uring_sqe_set_flags(sqe, 0);
	return sqe;
}

static struct io_uring_cqe *one_cqe(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	one_nop(ring);
	child_check(io_uring_submit_and_wait(ring, 1) == 1);
	child_check(io_uring_peek_cqe(ring, &cqe) == 0);
	return cqe;
}

static void prepared_after_submit(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = one_nop(ring);

	io_uring_submit(ring);
	HERE, io_uring_prep_read(sqe, 0, NULL, 0, 0);
}

static void data_after_submit(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = one_nop(ring);

	io_uring_submit(ring);
	HERE, io_uring_sqe_set_data(sqe, NULL);
}

static void flags_after_submit(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = one_nop(ring);

	io_uring_submit(ring);
	HERE, io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
}

static void never_handed_out(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = one_nop(ring);

	HERE, io_uring_prep_nop(sqe + 1);
}

static void full_queue(struct io_uring *ring)
{
	struct io_uring_sqe *sqe;

	do {
		sqe = io_uring_get_sqe(ring);
	} while (sqe);
	HERE, io_uring_prep_nop(sqe);
}

static void seen_twice(struct io_uring *ring)
{
	struct io_uring_cqe *cqe = one_cqe(ring);

	io_uring_cqe_seen(ring, cqe);
	HERE, io_uring_cqe_seen(ring, cqe);
}

static void seen_twice_with_more(struct io_uring *ring)
{
	struct io_uring_cqe *cqe = one_cqe(ring);

	one_nop(ring);
	io_uring_submit(ring);
	io_uring_cqe_seen(ring, cqe);
	HERE, io_uring_cqe_seen(ring, cqe);
}

static void advanced_too_far(struct io_uring *ring)
{
	one_cqe(ring);
	HERE, io_uring_cq_advance(ring, 2);
}

static void advanced_too_far_with_buffers(struct io_uring *ring)
{
	struct io_uring_buf_ring br = { 0 };

	one_cqe(ring);
	HERE, __io_uring_buf_ring_cq_advance(ring, &br, 2, 0);
}

static void many_rounds(struct io_uring *ring)
{
	for (int i = 0; i < 50; i++) {
		io_uring_cqe_seen(ring, one_cqe(ring));
		io_uring_cqe_seen(ring, NULL);
		io_uring_cq_advance(ring, 0);
	}
}

static void two_rings(struct io_uring *ring)
{
	struct io_uring other;
	struct io_uring_sqe *ours, *theirs;

	child_check(io_uring_queue_init(4, &other, 0) == 0);
	ours = one_nop(ring);
	theirs = one_nop(&other);
	child_check(io_uring_submit(&other) == 1);
	io_uring_prep_nop(ours);
	io_uring_queue_exit(&other);
	/* Gone with its ring, and so nobody's: what is written then, the test's own memory
	 * takes. */
	(void)theirs;
	child_check(io_uring_submit(ring) == 1);
}

static void an_sqe_of_no_ring(struct io_uring *ring)
{
	struct io_uring_sqe sqe = { 0 };

	one_nop(ring);
	io_uring_prep_msg_ring(&sqe, ring->ring_fd, 1, 2, 0);
	io_uring_sqe_set_data64(&sqe, 3);
}

/* What is checked is still a call: its arguments are evaluated once, and may hold commas. */
static void called_as_functions(struct io_uring *ring)
{
	struct io_uring_sqe *(*get)(struct io_uring *) = io_uring_get_sqe;
	struct io_uring *rings[] = { ring, NULL }, **next = rings;
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe = io_uring_get_sqe(*next++);

	if (sqe)
		io_uring_prep_nop(sqe);
	else
		io_uring_prep_nop(get(ring));
	io_uring_sqe_set_data(sqe, &(struct iovec){ NULL, 1 });
	child_check(next == rings + 1);
	child_check(io_uring_submit_and_wait(ring, 1) == 1);
	child_check(io_uring_peek_cqe(ring, &cqe) == 0);
	next = rings;
	io_uring_cqe_seen(*next++, cqe);
	io_uring_cq_advance(*--next, 0);
	child_check(next == rings);
	io_uring_prep_nop(io_uring_get_sqe(*next++));
	child_check(next == rings + 1);
	(io_uring_get_sqe)(ring);
}

/* What a failed submit leaves is ours, to be mended and submitted again. */
static void mended_after_failure(struct io_uring *ring)
{
	struct io_uring disabled;
	struct io_uring_sqe *sqe;

	child_check(io_uring_queue_init(4, &disabled, IORING_SETUP_R_DISABLED) == 0);
	sqe = one_nop(&disabled);
	child_check(io_uring_submit(&disabled) == -EBADFD);
	io_uring_sqe_set_data64(sqe, 5);
	child_check(io_uring_enable_rings(&disabled) == 0);
	child_check(io_uring_submit(&disabled) == 1);
	io_uring_queue_exit(&disabled);
	many_rounds(ring);
}

/* A ring may move while SQEs are out. */
static void moved(struct io_uring *ring)
{
	struct io_uring *one = malloc(sizeof(*one)), *other = malloc(sizeof(*other));
	struct io_uring_sqe *sqe;

	child_check(one && other && io_uring_queue_init(4, one, 0) == 0);
	sqe = io_uring_get_sqe(one);
	*other = *one;
	memset(one, 0xff, sizeof(*one));
	free(one);
	io_uring_prep_nop(sqe);
	child_check(io_uring_submit(other) == 1);
	io_uring_queue_exit(other);
	free(other);
	many_rounds(ring);
}

/* More than the table holds: forgotten ones are not checked, and harm nothing. */
static void more_rings_than_are_known(struct io_uring *ring)
{
	static struct io_uring rings[ANYRING_CHECKED_RINGS + 3];
	static struct io_uring_sqe *sqes[ARRAY_LEN(rings)];

	many_rounds(ring);
	for (size_t i = 0; i < ARRAY_LEN(rings); i++) {
		child_check(io_uring_queue_init(2, &rings[i], 0) == 0);
		sqes[i] = one_nop(&rings[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(rings); i++)
		io_uring_prep_nop(sqes[i]);
	for (size_t i = 0; i < ARRAY_LEN(rings); i++)
		io_uring_queue_exit(&rings[i]);
	many_rounds(ring);
}

static const struct mistake {
	const char *name;
	void (*make)(struct io_uring *ring);
	const char *message; /* NULL: it is none */
} mistakes[] = {
	{ "an SQE prepared after submit", prepared_after_submit, "used after it was submitted" },
	{ "an SQE given data after submit", data_after_submit, "used after it was submitted" },
	{ "an SQE given flags after submit", flags_after_submit, "used after it was submitted" },
	{ "an SQE never handed out", never_handed_out, "used after it was submitted" },
	{ "an SQE from a full queue", full_queue, "SQE is NULL" },
	{ "a CQE seen twice", seen_twice, "seen twice" },
	{ "a CQE seen twice, with more behind it", seen_twice_with_more, "seen twice" },
	{ "the CQ advanced past its tail", advanced_too_far, "CQ advanced by 2" },
	{ "the same with buffers", advanced_too_far_with_buffers, "CQ advanced by 2" },
	{ "many rounds", many_rounds, NULL },
	{ "two rings", two_rings, NULL },
	{ "an SQE of no ring", an_sqe_of_no_ring, NULL },
	{ "calls as of functions", called_as_functions, NULL },
	{ "an SQE mended after a failed submit", mended_after_failure, NULL },
	{ "a ring that moves", moved, NULL },
	{ "more rings than are known", more_rings_than_are_known, NULL },
};

static void run_child(const struct mistake *m, int output)
{
	struct io_uring ring;
	int ret;

	dup2(output, STDERR_FILENO);
	ret = io_uring_queue_init(4, &ring, 0);
	if (ret == -EPERM || ret == -ENOSYS)
		_exit(CHILD_REFUSED);
	child_check(ret == 0);
	m->make(&ring);
	io_uring_queue_exit(&ring);
	_exit(0);
}

static void test_mistake(void **state)
{
	const struct mistake *m = *state;
	char said[500] = "", place[100];
	int output = sys(memfd_create("said", 0)), status;
	pid_t pid;

	mistake_line =
		mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(mistake_line, MAP_FAILED);
	pid = sys(fork());
	if (!pid)
		run_child(m, output);
	assert_int_equal(sys(waitpid(pid, &status, 0)), pid);
	sys(pread(output, said, sizeof(said) - 1, 0));
	close(output);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_REFUSED)
		skip_because("io_uring is refused here");
	if (!m->message) {
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		assert_string_equal(said, "");
		return;
	}
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	snprintf(place, sizeof(place), "checked_test.c:%d: ", *mistake_line);
	assert_non_null(strstr(said, place));
	assert_non_null(strstr(said, m->message));
	munmap(mistake_line, sizeof(int));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(mistakes)];

	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++)
		tests[i] = (struct CMUnitTest){ .name = mistakes[i].name,
						.test_func = test_mistake,
						.initial_state = (void *)&mistakes[i] };
	return _cmocka_run_group_tests("checked", tests, ARRAY_LEN(tests), NULL, NULL);
}
