/* SPDX-License-Identifier: MIT */
/*
 * IORING_OP_FUTEX_WAIT, FUTEX_WAITV, FUTEX_WAKE. A wait is a thread's, in futex(2). That the
 * request waits must be true as soon as it is submitted, though a thread takes its time: so it
 * first waits for words of ours, one for each of the application's, and the kernel tells, by moving
 * its waits to the application's words (FUTEX_CMP_REQUEUE), that it did.
 */
#include <linux/futex.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "user/app_memory.h"
#include "user/op/op.h"
#include "user/progress.h"
#include "user/waiter.h"

/* Names that headers older than Linux 6.7 lack. */
#define SIZE_MASK   0x03U
#define SIZE_U32    0x02U
#define NUMA	    0x04U
#define MPOL	    0x08U
#define NODES	    (NUMA | MPOL)
#define FLAGS_KNOWN (SIZE_MASK | NODES | FUTEX_PRIVATE_FLAG)

#ifndef __NR_futex_wake
#define __NR_futex_wake 454
#endif

#define WORDS_MAX 128

/* Who waits for a thread lets others run so often, and then sleeps for so long each time. */
#define YIELDS	 20
#define PAUSE_NS 50000L

/* Words of ours: first they are free to be waited for; then the waits have gone elsewhere, so that
 * who is sent back here by a signal finds out. */
enum {
	PARKED = 0,
	GONE = 1,
};

struct wake {
	uint64_t word, count, mask;
	uint32_t flags;
};

struct wait {
	uint32_t mask;
	bool many; /* futex_waitv(2), rather than futex(2) */
	bool away; /* atomic: the waits have been moved */
	unsigned count;
	struct futex_waitv words[WORDS_MAX];
	uint32_t park[WORDS_MAX];
};

/* What the request has to itself; the rest is too long. */
struct wait_data {
	struct waiter *waiter;
};

/* ---- SQEs ------------------------------------------------------------------------------------ */

static bool flags_ok(uint64_t flags)
{
	return !(flags & ~(uint64_t)FLAGS_KNOWN) && (flags & SIZE_MASK) == SIZE_U32;
}

/* What both kinds for one word have in common. */
static int take_one(struct wake *w, const struct io_uring_sqe *sqe)
{
	if (sqe->len || sqe->futex_flags || sqe->buf_index || sqe->file_index)
		return -EINVAL;
	*w = (struct wake){
		.word = sqe->addr,
		.count = sqe->off,
		.mask = sqe->addr3,
		.flags = (uint32_t)sqe->fd,
	};
	if (!flags_ok(w->flags) || w->count > UINT32_MAX || w->mask > UINT32_MAX)
		return -EINVAL;
	return 0;
}

static struct wait *wait_new(struct request *req, unsigned count)
{
	struct wait *wait = request_alloc_async(req, sizeof(*wait));

	if (!wait)
		return NULL;
	wait->count = count;
	wait->mask = FUTEX_BITSET_MATCH_ANY;
	wait->many = wait->away = false;
	memset(wait->park, 0, count * sizeof(wait->park[0]));
	return wait;
}

int futex_wait_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct wake w;
	struct wait *wait;
	int ret = take_one(&w, sqe);

	if (ret)
		return ret;
	/* A wait cannot be moved between words of nodes. */
	if (w.flags & NODES)
		return -EINVAL;
	wait = wait_new(req, 1);
	if (!wait)
		return -ENOMEM;
	wait->mask = (uint32_t)w.mask;
	wait->words[0] = (struct futex_waitv){ .uaddr = w.word, .val = w.count, .flags = w.flags };
	return 0;
}

int futex_waitv_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct wait *wait;
	int ret;

	if (sqe->fd || sqe->buf_index || sqe->file_index || sqe->addr2 || sqe->futex_flags ||
	    sqe->addr3 || !sqe->len || sqe->len > WORDS_MAX)
		return -EINVAL;
	wait = wait_new(req, sqe->len);
	if (!wait)
		return -ENOMEM;
	ret = copy_from_app(wait->words, (const void *)(uintptr_t)sqe->addr,
			    wait->count * sizeof(wait->words[0]));
	if (ret)
		return ret;
	wait->many = true;
	for (unsigned i = 0; i < wait->count; i++)
		if (!flags_ok(wait->words[i].flags) || wait->words[i].flags & NODES ||
		    wait->words[i].__reserved || wait->words[i].val > UINT32_MAX)
			return -EINVAL;
	return 0;
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/* 0, -EINVAL, -EFAULT, or -EAGAIN: one of the words has another value. */
static int check_words(const struct wait *wait)
{
	uint32_t value;

	if (!wait->mask)
		return -EINVAL;
	for (unsigned i = 0; i < wait->count; i++)
		if (wait->words[i].uaddr % sizeof(value))
			return -EINVAL;
	for (unsigned i = 0; i < wait->count; i++) {
		const void *word = (const void *)(uintptr_t)wait->words[i].uaddr;

		if (copy_from_app(&value, word, sizeof(value)))
			return -EFAULT;
		if (value != wait->words[i].val)
			return -EAGAIN;
	}
	return 0;
}

static uint32_t private_flag(const struct futex_waitv *word)
{
	return word->flags & FUTEX_PRIVATE_FLAG;
}

static long wait_for_words(const struct wait *wait, const struct futex_waitv *words)
{
	if (wait->many)
		return SYS(futex_waitv, words, wait->count, 0, NULL, 0);
	return SYS(futex, words[0].uaddr, FUTEX_WAIT_BITSET | private_flag(&words[0]), words[0].val,
		   NULL, NULL, wait->mask);
}

/* The thread: waits for our words, and with luck wakes up from the application's. */
static long wait_in_thread(struct request *req)
{
	struct futex_waitv parked[WORDS_MAX];
	struct wait *wait = req->async;
	long ret;

	/* Acquire: pairs with move_waits(). */
	if (!__atomic_load_n(&wait->away, __ATOMIC_ACQUIRE)) {
		for (unsigned i = 0; i < wait->count; i++)
			parked[i] = (struct futex_waitv){ .uaddr = (uintptr_t)&wait->park[i],
							  .val = PARKED,
							  .flags = wait->words[i].flags };
		ret = wait_for_words(wait, parked);
		if (ret != -EAGAIN)
			return ret;
	}
	/* A signal has taken it off the application's words: to them, then, as they were. Another
	 * value means that there was, or will be, a wake. */
	ret = wait_for_words(wait, wait->words);
	return ret == -EAGAIN ? 0 : ret;
}

static void woken(struct request *req, long result)
{
	/* Without futex_waitv(2) it is as with a kernel that does not know the opcode. */
	req->res = result == -ENOSYS ? -EINVAL : (int)result;
	if (req->ring->setup_flags & IORING_SETUP_DEFER_TASKRUN)
		defer_completion(req);
	else
		request_complete(req);
}

static const struct wait_job wait_job = { wait_in_thread, woken };

/* Moves waits for one word: how many, 0 or 1. */
static long requeue(uint32_t *from, uint64_t to, uint32_t value, uint32_t private)
{
	return SYS(futex, from, FUTEX_CMP_REQUEUE | private, 0, 1, to, value);
}

/* A thread that is slow may be one that the scheduler keeps behind this one. */
static void let_run(unsigned times)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_NS };

	if (times < YIELDS)
		SYS(sched_yield, 0);
	else
		SYS(clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, NULL);
}

/*
 * Waits until the thread does, and moves its waits. The words change first, while it surely sleeps
 * (a move to where it is shows that): if a signal sends it back to them, it will not stay there.
 */
static void move_waits(struct wait *wait, const struct waiter *waiter)
{
	unsigned last = wait->count - 1;

	/* The last, as futex_waitv(2) queues them in their order. */
	for (unsigned times = 0; requeue(&wait->park[last], (uintptr_t)&wait->park[last], PARKED,
					 private_flag(&wait->words[last])) == 0;
	     times++) {
		if (!waiter_waits(waiter))
			return;
		let_run(times);
	}
	for (unsigned i = 0; i < wait->count; i++)
		__atomic_store_n(&wait->park[i], GONE, __ATOMIC_RELAXED);
	/* Release: pairs with wait_in_thread(). */
	__atomic_store_n(&wait->away, true, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < wait->count; i++)
		requeue(&wait->park[i], wait->words[i].uaddr, GONE, private_flag(&wait->words[i]));
}

/* Also others who wait, who have to expect that: a wake need not mean anything. */
static void wake_all(const struct wait *wait)
{
	for (unsigned i = 0; i < wait->count; i++)
		SYS(futex, wait->words[i].uaddr, FUTEX_WAKE_BITSET | private_flag(&wait->words[i]),
		    INT_MAX, NULL, NULL, wait->mask);
}

enum issue_result futex_wait_issue(struct request *req, enum issue_how how)
{
	struct wait_data *data = request_data(req, struct wait_data);
	struct wait *wait = req->async;

	(void)how;
	req->res = check_words(wait);
	if (req->res)
		return ISSUE_DONE;
	data->waiter = waiter_start(req, &wait_job);
	if (!data->waiter) {
		req->res = -ENOMEM;
		return ISSUE_DONE;
	}
	move_waits(wait, data->waiter);
	/* One may have changed, and its wake come, before we waited for it. */
	req->res = check_words(wait);
	if (req->res && waiter_call_back(data->waiter)) {
		request_unpend(req);
		return ISSUE_DONE;
	}
	if (req->res && waiter_waits(data->waiter))
		wake_all(wait);
	return ISSUE_ARMED;
}

bool futex_wait_cancel(struct request *req)
{
	if (!waiter_call_back(request_data(req, struct wait_data)->waiter))
		return false;
	/* To Linux -ECANCELED is then the result of a wait that has begun, not a failure. */
	req->flags |= REQ_NO_FAILURE;
	return true;
}

void futex_wait_fail(struct request *req)
{
	if (req->flags & REQ_NO_FAILURE)
		req->flags &= ~(uint32_t)REQ_FAIL;
}

/* ---- Waking ---------------------------------------------------------------------------------- */

int futex_wake_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	return take_one(request_data(req, struct wake), sqe);
}

/* futex(2) takes 0 for 1. What it would refuse is refused. */
static int wake_none(const struct wake *w)
{
	uint32_t value;

	if (!w->mask || w->word % sizeof(value))
		return -EINVAL;
	if (w->flags & FUTEX_PRIVATE_FLAG)
		return app_memory_possible(w->word, sizeof(value)) ? 0 : -EFAULT;
	return copy_from_app(&value, (const void *)(uintptr_t)w->word, sizeof(value));
}

/* Only the newer system call has words of nodes; before Linux 6.7 there are none. */
static int wake_of_nodes(const struct wake *w)
{
	long ret = SYS(futex_wake, w->word, w->mask, w->count, w->flags);

	return ret == -ENOSYS ? -EINVAL : (int)ret;
}

enum issue_result futex_wake_issue(struct request *req, enum issue_how how)
{
	const struct wake *w = request_data(req, struct wake);

	(void)how;
	if (w->flags & NODES)
		req->res = wake_of_nodes(w);
	else if (w->count)
		req->res = (int)SYS(futex, w->word,
				    FUTEX_WAKE_BITSET | (w->flags & FUTEX_PRIVATE_FLAG), w->count,
				    NULL, NULL, w->mask);
	else
		req->res = wake_none(w);
	return ISSUE_DONE;
}
