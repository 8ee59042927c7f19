/* SPDX-License-Identifier: MIT */
/* Waiting for words in memory and waking those who wait, by rings and by futex(2). */
#include <linux/futex.h>
#include <sys/syscall.h>

#include "requests.h"

/* Headers older than Linux 6.7 lack the names that futex2(2) has for them. */
#define SIZE_U32 2
#define SHARED	 SIZE_U32
#define PRIVATE	 (SIZE_U32 | FUTEX_PRIVATE_FLAG)
#define ANY	 FUTEX_BITSET_MATCH_ANY

/* As many words as one request can wait for. */
#define MAX_WORDS 128

static void open_futex_ring(struct io_uring *ring)
{
	need_op(IORING_OP_FUTEX_WAIT, "IORING_OP_FUTEX_WAIT");
	open_ring(ring, 8, 0);
}

static struct io_uring_sqe *prep_wait(struct io_uring *ring, uint32_t *word, uint64_t value,
				      uint64_t mask, uint32_t flags, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_futex_wait(sqe, word, value, mask, flags, 0);
	set_sqe(sqe, data, 0);
	return sqe;
}

/* A wait that has begun: nothing tells when, but a request is queued once submit returns. */
static void start_wait(struct io_uring *ring, uint32_t *word, uint64_t mask, uint32_t flags,
		       uint64_t data)
{
	prep_wait(ring, word, *word, mask, flags, data);
	submit(ring, 1);
}

static int ring_wake(struct io_uring *ring, uint32_t *word, uint64_t count, uint64_t mask,
		     uint32_t flags)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_futex_wake(sqe, word, count, mask, flags, 0);
	set_sqe(sqe, 0x3a4e, 0);
	return run_one(ring).res;
}

static long futex(uint32_t *word, int op, uint32_t value, uint32_t mask)
{
	return syscall(SYS_futex, word, op, value, NULL, NULL, mask);
}

/* ---- Waiting and waking ---------------------------------------------------------------------- */

static void woken_by_a_ring(void)
{
	static uint32_t word = 5;
	struct io_uring ring, other;

	open_futex_ring(&ring);
	open_ring(&other, 8, 0);
	start_wait(&ring, &word, ANY, PRIVATE, 1);
	expect_none(&ring, 20);
	expect(ring_wake(&other, &word, 1, ANY, PRIVATE), 1);
	expect_full_answer(&ring, 1, 0, 0);
	/* Nobody waits any more. */
	expect(ring_wake(&other, &word, 1, ANY, PRIVATE), 0);
	io_uring_queue_exit(&ring);
	io_uring_queue_exit(&other);
}

static void woken_by_its_own_ring(void)
{
	static uint32_t word;
	struct io_uring_sqe *sqe;
	struct answer answers[2];
	struct io_uring ring;

	open_futex_ring(&ring);
	prep_wait(&ring, &word, 0, ANY, PRIVATE, 1);
	sqe = new_sqe(&ring);
	io_uring_prep_futex_wake(sqe, &word, 1, ANY, PRIVATE, 0);
	set_sqe(sqe, 2, 0);
	submit(&ring, 2);
	sorted_answers(&ring, answers, 2);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], 1, 0, 0);
	expect_full_answer_at(__FILE__, __LINE__, answers[1], 2, 1, 0);
	io_uring_queue_exit(&ring);
}

static void woken_by_futex(void)
{
	static uint32_t word;
	struct io_uring ring;

	open_futex_ring(&ring);
	start_wait(&ring, &word, ANY, PRIVATE, 1);
	expect(futex(&word, FUTEX_WAKE_PRIVATE, 1, 0), 1);
	expect_answer(&ring, 1, 0);
	start_wait(&ring, &word, ANY, SHARED, 2);
	expect(futex(&word, FUTEX_WAKE, 10, 0), 1);
	expect_answer(&ring, 2, 0);
	expect(futex(&word, FUTEX_WAKE, 10, 0), 0);
	io_uring_queue_exit(&ring);
}

static void *wait_in_thread(void *word)
{
	/* 0: woken. The word does not change, and no signal comes. */
	expect(futex(word, FUTEX_WAIT_PRIVATE, 0, 0), 0);
	return NULL;
}

static void wakes_a_thread(void)
{
	static uint32_t word;
	struct io_uring ring;
	pthread_t threads[2];
	int woken = 0;

	open_futex_ring(&ring);
	for (int i = 0; i < 2; i++)
		expect(pthread_create(&threads[i], NULL, wait_in_thread, &word), 0);
	/* Until both have gone to sleep, there may be nobody to wake. */
	while (woken < 2) {
		int ret = ring_wake(&ring, &word, 1, ANY, PRIVATE);

		check(ret == 0 || ret == 1, "%d woken", ret);
		woken += ret;
	}
	for (int i = 0; i < 2; i++)
		expect(pthread_join(threads[i], NULL), 0);
	io_uring_queue_exit(&ring);
}

static void how_many(void)
{
	static uint32_t word;
	struct answer answers[5];
	struct io_uring ring, other;

	open_futex_ring(&ring);
	open_ring(&other, 8, 0);
	for (int i = 0; i < 5; i++)
		start_wait(&ring, &word, ANY, PRIVATE, (uint64_t)i);
	expect(ring_wake(&other, &word, 2, ANY, PRIVATE), 2);
	expect(next_answer(&ring).res, 0);
	expect(next_answer(&ring).res, 0);
	expect_none(&ring, 20);
	expect(ring_wake(&other, &word, 0, ANY, PRIVATE), 0);
	expect_none(&ring, 20);
	expect(ring_wake(&other, &word, INT_MAX, ANY, PRIVATE), 3);
	sorted_answers(&ring, answers, 3);
	for (int i = 0; i < 3; i++)
		expect(answers[i].res, 0);
	io_uring_queue_exit(&ring);
	io_uring_queue_exit(&other);
}

static void very_many(void)
{
	static uint32_t word;
	struct io_uring ring, other;
	uint64_t sum = 0;

	open_futex_ring(&ring);
	open_ring(&other, 8, 0);
	for (uint64_t i = 0; i < 1000; i++)
		start_wait(&ring, &word, ANY, PRIVATE, i);
	expect_none(&ring, 20);
	expect(ring_wake(&other, &word, 1, ANY, PRIVATE), 1);
	expect(ring_wake(&other, &word, INT_MAX, ANY, PRIVATE), 999);
	/* Far more than the queue has room for. */
	for (uint64_t i = 0; i < 1000; i++) {
		struct answer a = next_answer(&ring);

		expect(a.res, 0);
		sum += a.data;
	}
	expect(sum, 999 * 1000 / 2);
	expect_none(&ring, 0);
	io_uring_queue_exit(&ring);
	io_uring_queue_exit(&other);
}

static void masks(void)
{
	static uint32_t word;
	struct io_uring ring, other;

	open_futex_ring(&ring);
	open_ring(&other, 8, 0);
	start_wait(&ring, &word, 1, PRIVATE, 1);
	start_wait(&ring, &word, 2, PRIVATE, 2);
	start_wait(&ring, &word, 2 | 4, PRIVATE, 6);
	expect(ring_wake(&other, &word, 10, 8, PRIVATE), 0);
	expect(ring_wake(&other, &word, 10, 4, PRIVATE), 1);
	expect_answer(&ring, 6, 0);
	expect(ring_wake(&other, &word, 10, 2 | 8, PRIVATE), 1);
	expect_answer(&ring, 2, 0);
	expect_none(&ring, 20);
	/* By futex(2) as well: a plain wake has every bit. */
	expect(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 10, 2), 0);
	expect(futex(&word, FUTEX_WAKE_PRIVATE, 10, 0), 1);
	expect_answer(&ring, 1, 0);
	io_uring_queue_exit(&ring);
	io_uring_queue_exit(&other);
}

static void any_kind_of_ring(void)
{
	static const unsigned flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_COOP_TASKRUN,
		IORING_SETUP_CQE32 | IORING_SETUP_SQE128,
		IORING_SETUP_SQPOLL,
	};
	static uint32_t word;
	struct io_uring ring;

	need_op(IORING_OP_FUTEX_WAIT, "IORING_OP_FUTEX_WAIT");
	for (size_t i = 0; i < ARRAY_LEN(flags) * 2; i++) {
		open_ring(&ring, 8, flags[i / 2]);
		prep_wait(&ring, &word, 0, ANY, PRIVATE, 1)->flags |= i % 2 ? IOSQE_ASYNC : 0;
		submit(&ring, 1);
		/* In a worker or a polling thread it begins when it begins. */
		while (futex(&word, FUTEX_WAKE_PRIVATE, 1, 0) == 0)
			sched_yield();
		expect_full_answer(&ring, 1, 0, 0);
		expect(ring_wake(&ring, &word, 1, ANY, PRIVATE), 0);
		io_uring_queue_exit(&ring);
	}
}

static void other_words(void)
{
	static uint32_t words[2];
	struct io_uring ring;

	open_futex_ring(&ring);
	start_wait(&ring, &words[0], ANY, PRIVATE, 1);
	expect(futex(&words[1], FUTEX_WAKE_PRIVATE, 1, 0), 0);
	expect_none(&ring, 20);
	expect(futex(&words[0], FUTEX_WAKE_PRIVATE, 1, 0), 1);
	expect_answer(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

/* As with futex(2), a private word and a shared one are two, at one address too. */
static void private_is_not_shared(void)
{
	static uint32_t word;
	struct io_uring ring;

	open_futex_ring(&ring);
	start_wait(&ring, &word, ANY, PRIVATE, 1);
	expect(futex(&word, FUTEX_WAKE, 1, 0), 0);
	expect_none(&ring, 20);
	expect(futex(&word, FUTEX_WAKE_PRIVATE, 1, 0), 1);
	expect_answer(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

static void between_processes(void)
{
	uint32_t *word =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct io_uring ring;
	int status;
	pid_t child;

	check(word != MAP_FAILED, "no memory");
	open_futex_ring(&ring);
	start_wait(&ring, word, ANY, SHARED, 1);
	child = (pid_t)sys(fork());
	if (!child) {
		/* As a child of the case, by exit status: a check would be the parent's
		 * business. */
		*word = 1;
		_exit((int)futex(word, FUTEX_WAKE, 5, 0));
	}
	sys(waitpid(child, &status, 0));
	check(WIFEXITED(status), "the child died");
	expect(WEXITSTATUS(status), 1);
	expect_answer(&ring, 1, 0);
	expect(*word, 1);
	io_uring_queue_exit(&ring);
}

static void chains(void)
{
	static uint32_t word;
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	open_futex_ring(&ring);
	for (uint32_t value = 0; value < 2; value++) {
		prep_wait(&ring, &word, value, ANY, PRIVATE, 1)->flags |= IOSQE_IO_LINK;
		queue_nop(&ring, 2, 0);
		submit(&ring, 2);
		if (value == 0) {
			expect_none(&ring, 20);
			expect(futex(&word, FUTEX_WAKE_PRIVATE, 1, 0), 1);
		}
		expect_answer(&ring, 1, value ? -EAGAIN : 0);
		expect_answer(&ring, 2, value ? -ECANCELED : 0);
	}
	/* A wake that finds nobody is a success, and starts what is linked to it. */
	for (int i = 0; i < 2; i++) {
		sqe = new_sqe(&ring);
		io_uring_prep_futex_wake(sqe, &word, 1, ANY, PRIVATE, 0);
		set_sqe(sqe, (uint64_t)i, i ? 0 : IOSQE_IO_LINK);
	}
	submit(&ring, 2);
	expect_answer(&ring, 0, 0);
	expect_answer(&ring, 1, 0);
	io_uring_queue_exit(&ring);
}

/* ---- Not waiting ----------------------------------------------------------------------------- */

static void other_value(void)
{
	static uint32_t word = 7;
	struct io_uring ring;

	open_futex_ring(&ring);
	prep_wait(&ring, &word, 8, ANY, PRIVATE, 1);
	expect_full_answer_at(__FILE__, __LINE__, run_one(&ring), 1, -EAGAIN, 0);
	prep_wait(&ring, &word, 0, ANY, SHARED, 2);
	expect_full_answer_at(__FILE__, __LINE__, run_one(&ring), 2, -EAGAIN, 0);
	/* The value is read when the request is, not when the waiter is woken. */
	prep_wait(&ring, &word, 7, ANY, PRIVATE, 3);
	submit(&ring, 1);
	word = 9;
	expect_none(&ring, 20);
	expect(futex(&word, FUTEX_WAKE_PRIVATE, 1, 0), 1);
	expect_answer(&ring, 3, 0);
	io_uring_queue_exit(&ring);
}

struct row {
	const char *name;
	uint64_t word;
	uint64_t value;
	uint64_t mask;
	uint32_t flags;
	int want;
};

static void wait_errors(void)
{
	static uint32_t words[2];
	const uintptr_t good = (uintptr_t)&words[0];
	const struct row rows[] = {
		{ "unmapped", 4096, 0, ANY, PRIVATE, -EFAULT },
		{ "unmapped, shared", 4096, 0, ANY, SHARED, -EFAULT },
		{ "at 0", 0, 0, ANY, PRIVATE, -EFAULT },
		{ "unaligned", good + 1, 0, ANY, PRIVATE, -EINVAL },
		{ "no mask", good, 0, 0, PRIVATE, -EINVAL },
		{ "a mask of 33 bits", good, 0, 1ULL << 32, PRIVATE, -EINVAL },
		{ "a value of 33 bits", good, 1ULL << 32, ANY, PRIVATE, -EINVAL },
		{ "8 bits", good, 0, ANY, 0, -EINVAL },
		{ "16 bits", good, 0, ANY, 1, -EINVAL },
		{ "64 bits", good, 0, ANY, 3, -EINVAL },
		{ "an unknown flag", good, 0, ANY, PRIVATE | 1U << 16, -EINVAL },
	};
	struct io_uring ring;

	open_futex_ring(&ring);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];

		prep_wait(&ring, (uint32_t *)(uintptr_t)r->word, r->value, r->mask, r->flags, i);
		expect_at(__FILE__, __LINE__, r->name, run_one(&ring).res, r->want);
	}
	io_uring_queue_exit(&ring);
}

static void wake_errors(void)
{
	static uint32_t words[2] __attribute__((aligned(8)));
	const uintptr_t good = (uintptr_t)&words[0];
	const struct row rows[] = {
		/* A private word is not looked at, only its address is. */
		{ "unmapped", 4096, 1, ANY, PRIVATE, 0 },
		{ "unmapped, shared", 4096, 1, ANY, SHARED, -EFAULT },
		{ "unmapped, nobody to wake", 4096, 0, ANY, PRIVATE, 0 },
		{ "the kernel's", UINTPTR_MAX - 4095, 1, ANY, PRIVATE, -EFAULT },
		{ "the kernel's, nobody to wake", UINTPTR_MAX - 4095, 0, ANY, PRIVATE, -EFAULT },
		{ "unaligned", good + 2, 1, ANY, PRIVATE, -EINVAL },
		{ "no mask", good, 1, 0, PRIVATE, -EINVAL },
		{ "a mask of 33 bits", good, 1, 1ULL << 32, PRIVATE, -EINVAL },
		{ "8 bits", good, 1, ANY, 0, -EINVAL },
		{ "64 bits", good, 1, ANY, 3, -EINVAL },
		/* FUTEX2_NUMA: the next word is the node. */
		{ "of a node", good, 1, ANY, PRIVATE | 4, 0 },
		{ "of a node, unaligned", good + 4, 1, ANY, PRIVATE | 4, -EINVAL },
		{ "an unknown flag", good, 1, ANY, PRIVATE | 1U << 16, -EINVAL },
	};
	struct io_uring ring;

	open_futex_ring(&ring);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];

		expect_at(__FILE__, __LINE__, r->name,
			  ring_wake(&ring, (uint32_t *)(uintptr_t)r->word, r->value, r->mask,
				    r->flags),
			  r->want);
	}
	io_uring_queue_exit(&ring);
}

static void bad_fields(void)
{
	static uint32_t word;
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	open_futex_ring(&ring);
	for (int wake = 0; wake < 2; wake++)
		for (int i = 0; i < 4; i++) {
			sqe = new_sqe(&ring);
			if (wake)
				io_uring_prep_futex_wake(sqe, &word, 1, ANY, PRIVATE, 0);
			else
				io_uring_prep_futex_wait(sqe, &word, 1, ANY, PRIVATE, 0);
			set_sqe(sqe, 1, 0);
			if (i == 0)
				sqe->len = 1;
			if (i == 1)
				sqe->futex_flags = 1;
			if (i == 2)
				sqe->buf_index = 1;
			if (i == 3)
				sqe->file_index = 1;
			expect(run_one(&ring).res, -EINVAL);
		}
	io_uring_queue_exit(&ring);
}

/* ---- Giving up ------------------------------------------------------------------------------- */

/* Linux counts what it cancels here, where it says 0 of any other request, observed. */
static void cancelled(void)
{
	static uint32_t word;
	struct io_uring_sqe *sqe;
	struct answer answers[2];
	struct io_uring ring;

	open_futex_ring(&ring);
	start_wait(&ring, &word, ANY, PRIVATE, 1);
	sqe = new_sqe(&ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	set_sqe(sqe, 2, 0);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 2);
	expect_full_answer_at(__FILE__, __LINE__, answers[0], 1, -ECANCELED, 0);
	expect_full_answer_at(__FILE__, __LINE__, answers[1], 2, 1, 0);
	expect(futex(&word, FUTEX_WAKE_PRIVATE, 1, 0), 0);
	io_uring_queue_exit(&ring);
}

/* And so a timeout that cancelled one ends with 1, not with -ETIME. */
static void timed_out(void)
{
	static uint32_t word;
	struct __kernel_timespec ts = MILLISECONDS(30);
	struct io_uring_sqe *sqe;
	struct answer answers[2];
	struct io_uring ring;

	open_futex_ring(&ring);
	prep_wait(&ring, &word, 0, ANY, PRIVATE, 1)->flags |= IOSQE_IO_LINK;
	sqe = new_sqe(&ring);
	io_uring_prep_link_timeout(sqe, &ts, 0);
	set_sqe(sqe, 2, 0);
	submit(&ring, 2);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].res, -ECANCELED);
	expect(answers[1].res, 1);
	expect(futex(&word, FUTEX_WAKE_PRIVATE, 1, 0), 0);
	io_uring_queue_exit(&ring);
}

/* Cancels a wait with `flags` that a nop follows: what came of the nop. *seen: the wait's CQE. */
static int nop_behind_cancelled(unsigned flags, int *seen)
{
	static uint32_t word;
	struct answer answers[2];
	struct io_uring ring;
	int res;

	open_futex_ring(&ring);
	prep_wait(&ring, &word, 0, ANY, PRIVATE, 1)->flags |= (uint8_t)flags;
	queue_nop(&ring, 2, 0);
	submit(&ring, 2);
	if (!(flags & IOSQE_IO_LINK))
		expect_answer(&ring, 2, 0);
	expect(cancel_now(&ring, 1), 1);
	if (!(flags & IOSQE_IO_LINK)) {
		*seen = io_uring_get_events(&ring) || io_uring_cq_ready(&ring);
		io_uring_queue_exit(&ring);
		return 0;
	}
	sorted_answers(&ring, answers, 2);
	*seen = answers[0].res == -ECANCELED;
	res = answers[1].res;
	io_uring_queue_exit(&ring);
	return res;
}

/* A wait that has begun does not fail by being cancelled, in Linux 6.18. */
static void cancelled_is_no_failure(void)
{
	int seen;

	expect(nop_behind_cancelled(IOSQE_IO_LINK, &seen), 0);
	expect(seen, 1);
	nop_behind_cancelled(IOSQE_CQE_SKIP_SUCCESS, &seen);
	expect(seen, 0);
	nop_behind_cancelled(0, &seen);
	expect(seen, 1);
}

static void left_behind(void)
{
	static uint32_t word;
	struct io_uring ring;
	int64_t end = now_ms() + 9000;

	open_futex_ring(&ring);
	start_wait(&ring, &word, ANY, PRIVATE, 1);
	io_uring_queue_exit(&ring);
	/* The ring's end takes its waits along, some time later: a wake in between may meet it. */
	while (futex(&word, FUTEX_WAKE_PRIVATE, 1, 0) != 0)
		check(now_ms() < end, "a wait outlives its ring");
	expect(futex(&word, FUTEX_WAKE_PRIVATE, 1, 0), 0);
}

/* ---- Many words ------------------------------------------------------------------------------ */

static struct futex_waitv word_of(uint32_t *word, uint64_t value, uint32_t flags)
{
	return (struct futex_waitv){ .uaddr = (uintptr_t)word, .val = value, .flags = flags };
}

static struct io_uring_sqe *prep_waitv(struct io_uring *ring, struct futex_waitv *words,
				       unsigned nr)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_futex_waitv(sqe, words, nr, 0);
	set_sqe(sqe, 0x3a17, 0);
	return sqe;
}

static void any_of_many(void)
{
	static uint32_t words[MAX_WORDS];
	static struct futex_waitv waits[MAX_WORDS];
	static const unsigned which[] = { 0, 1, 77, MAX_WORDS - 1 };
	struct io_uring ring;

	open_futex_ring(&ring);
	for (int i = 0; i < MAX_WORDS; i++)
		waits[i] = word_of(&words[i], 0, i % 2 ? PRIVATE : SHARED);
	for (size_t i = 0; i < ARRAY_LEN(which); i++) {
		prep_waitv(&ring, waits, MAX_WORDS);
		submit(&ring, 1);
		expect_none(&ring, 20);
		expect(futex(&words[which[i]], which[i] % 2 ? FUTEX_WAKE_PRIVATE : FUTEX_WAKE, 1,
			     0),
		       1);
		expect_full_answer(&ring, 0x3a17, (int)which[i], 0);
		/* And it waits for none of them any more. */
		for (int k = 0; k < MAX_WORDS; k++)
			expect(futex(&words[k], k % 2 ? FUTEX_WAKE_PRIVATE : FUTEX_WAKE, 1, 0), 0);
	}
	io_uring_queue_exit(&ring);
}

static void many_by_a_ring(void)
{
	static uint32_t words[3];
	struct futex_waitv waits[3] = {
		word_of(&words[0], 0, PRIVATE),
		word_of(&words[1], 0, PRIVATE),
		word_of(&words[2], 0, PRIVATE),
	};
	struct io_uring ring, other;

	open_futex_ring(&ring);
	open_ring(&other, 8, 0);
	prep_waitv(&ring, waits, 3);
	submit(&ring, 1);
	/* The array may go once it is submitted. */
	memset(waits, 0xff, sizeof(waits));
	expect(ring_wake(&other, &words[2], 1, ANY, PRIVATE), 1);
	expect_full_answer(&ring, 0x3a17, 2, 0);
	io_uring_queue_exit(&ring);
	io_uring_queue_exit(&other);
}

static void many_errors(void)
{
	static uint32_t words[3];
	static struct futex_waitv waits[MAX_WORDS + 1];
	const struct {
		const char *name;
		struct futex_waitv last;
		int want;
	} rows[] = {
		{ "another value", word_of(&words[2], 1, PRIVATE), -EAGAIN },
		{ "unmapped", word_of((uint32_t *)4096, 0, PRIVATE), -EFAULT },
		{ "unaligned", word_of((uint32_t *)((char *)words + 1), 0, PRIVATE), -EINVAL },
		{ "8 bits", word_of(&words[2], 0, 0), -EINVAL },
		{ "an unknown flag", word_of(&words[2], 0, PRIVATE | 1U << 16), -EINVAL },
		{ "reserved",
		  { .uaddr = (uintptr_t)words, .flags = PRIVATE, .__reserved = 1 },
		  -EINVAL },
	};
	struct io_uring ring;

	open_futex_ring(&ring);
	for (int i = 0; i < MAX_WORDS + 1; i++)
		waits[i] = word_of(&words[i % 2], 0, PRIVATE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		waits[2] = rows[i].last;
		prep_waitv(&ring, waits, 3);
		expect_at(__FILE__, __LINE__, rows[i].name, run_one(&ring).res, rows[i].want);
		/* Those before it are not waited for. */
		expect(futex(&words[0], FUTEX_WAKE_PRIVATE, 1, 0), 0);
	}
	waits[2] = waits[1];
	prep_waitv(&ring, waits, 0);
	expect(run_one(&ring).res, -EINVAL);
	prep_waitv(&ring, waits, MAX_WORDS + 1);
	expect(run_one(&ring).res, -EINVAL);
	prep_waitv(&ring, (struct futex_waitv *)4096, 1);
	expect(run_one(&ring).res, -EFAULT);
	prep_waitv(&ring, waits, 1)->futex_flags = 1;
	expect(run_one(&ring).res, -EINVAL);
	prep_waitv(&ring, waits, 1)->addr3 = 1;
	expect(run_one(&ring).res, -EINVAL);
	io_uring_queue_exit(&ring);
}

static void many_cancelled(void)
{
	static uint32_t words[2];
	struct futex_waitv waits[2] = { word_of(&words[0], 0, PRIVATE),
					word_of(&words[1], 0, PRIVATE) };
	struct io_uring_sqe *sqe;
	struct answer answers[2];
	struct io_uring ring;

	open_futex_ring(&ring);
	prep_waitv(&ring, waits, 2);
	submit(&ring, 1);
	sqe = new_sqe(&ring);
	io_uring_prep_cancel64(sqe, 0x3a17, 0);
	set_sqe(sqe, 1, 0);
	submit(&ring, 1);
	sorted_answers(&ring, answers, 2);
	expect(answers[0].res, 1);
	expect(answers[1].res, -ECANCELED);
	for (int i = 0; i < 2; i++)
		expect(futex(&words[i], FUTEX_WAKE_PRIVATE, 1, 0), 0);
	io_uring_queue_exit(&ring);
}

const struct conformance_case futex_cases[] = {
	{ "a wait is woken by another ring", woken_by_a_ring },
	{ "a wait is woken by its own ring", woken_by_its_own_ring },
	{ "a wait is woken by futex(2)", woken_by_futex },
	{ "a wake wakes threads in futex(2)", wakes_a_thread },
	{ "a wake wakes as many as asked for, and says how many", how_many },
	{ "a thousand waits are woken by one wake", very_many },
	{ "a wake wakes those whose mask has a bit in common", masks },
	{ "any kind of ring can wait", any_kind_of_ring },
	{ "a wake does not wake who waits for another word", other_words },
	{ "a private word is not the shared one at its address", private_is_not_shared },
	{ "another process can wake", between_processes },
	{ "what is linked to a wait runs after the wake", chains },
	{ "a wait for a value that is not there is -EAGAIN", other_value },
	{ "errors of a wait", wait_errors },
	{ "errors of a wake", wake_errors },
	{ "fields that are not used must be 0", bad_fields },
	{ "a wait can be cancelled", cancelled },
	{ "a wait that is cancelled breaks no link, and is no failure", cancelled_is_no_failure },
	{ "a wait can time out", timed_out },
	{ "a wait goes with its ring", left_behind },
	{ "a wait for many words tells which was woken", any_of_many },
	{ "a wait for many words is woken by a ring", many_by_a_ring },
	{ "errors of a wait for many words", many_errors },
	{ "a wait for many words can be cancelled", many_cancelled },
	{ 0 },
};
