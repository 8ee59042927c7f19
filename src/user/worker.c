/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "user/interrupt.h"
#include "user/personality.h"
#include "user/process.h"
#include "user/progress.h"
#include "user/submit.h"
#include "user/sys.h"
#include "user/worker.h"

/* Workers that any number of requests may have: as many of those that end by themselves ... */
#define BOUNDED_MAX   32
/* ... and of those that may block for ever, such as a read of a terminal. */
#define UNBOUNDED_MAX 1024

#define STACK_SIZE (128 << 10)

/* An interruption that finds the thread not blocking yet is made again after this, then after twice
 * as long, and so on. */
#define AGAIN_FIRST_NS (50 * 1000LL)
#define AGAIN_LAST_NS  (10 * NS_PER_SEC)

/* Requests of one kind, and the threads that run them. */
struct crew {
	struct list queue; /* by request.queue */
	unsigned queued;
	unsigned threads, idle, limit;
	pthread_cond_t work;
};

/* A thread. */
struct worker {
	struct list link; /* pool.workers */
	pid_t thread;
	bool unwanted; /* the request that it runs is to end soon */
};

/* Of this process; a child starts anew. Under pool.lock, which is taken within a ring's lock. */
static struct {
	pthread_mutex_t lock;
	struct crew crews[2]; /* bounded, unbounded */
	struct list workers;
	unsigned rings;	   /* that have had something for workers */
	bool interrupter;  /* there is a thread that interrupts workers; with each worker */
	bool unwanted_new; /* since it last did */
	pthread_cond_t unwanted;
	unsigned epoch;
} pool;

static void cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

static void crew_init(struct crew *crew, unsigned limit)
{
	list_init(&crew->queue);
	crew->queued = crew->threads = crew->idle = 0;
	crew->limit = limit;
	cond_init(&crew->work);
}

/* In a child, as in a process that begins, there is no thread that could work. */
static void make_pool(void)
{
	process_lock(LOCK_POOL);
	if (pool.epoch != process_epoch()) {
		pthread_mutex_init(&pool.lock, NULL);
		crew_init(&pool.crews[0], BOUNDED_MAX);
		crew_init(&pool.crews[1], UNBOUNDED_MAX);
		list_init(&pool.workers);
		pool.rings = 0;
		cond_init(&pool.unwanted);
		pool.interrupter = pool.unwanted_new = false;
		/* Release: the pool is made; pairs with lock_pool(). */
		__atomic_store_n(&pool.epoch, process_epoch(), __ATOMIC_RELEASE);
	}
	process_unlock(LOCK_POOL);
}

static void lock_pool(void)
{
	/* Acquire: pairs with make_pool(). */
	if (__atomic_load_n(&pool.epoch, __ATOMIC_ACQUIRE) != process_epoch())
		make_pool();
	pthread_mutex_lock(&pool.lock);
}

/* ---- A worker -------------------------------------------------------------------------------- */

/*
 * Waits for a request. NULL: there will be none, as the last ring is gone, or this worker is one
 * too many since the limit was lowered. One without work sleeps without end: an idle process makes
 * no system call. Under the pool's lock.
 */
static struct request *next_request(struct crew *crew)
{
	struct request *req;

	while (list_is_empty(&crew->queue) || crew->threads > crew->limit) {
		if (crew->threads > crew->limit || !pool.rings)
			return NULL;
		crew->idle++;
		pthread_cond_wait(&crew->work, &pool.lock);
		crew->idle--;
	}
	req = list_entry(crew->queue.next, struct request, queue);
	list_del(&req->queue);
	crew->queued--;
	return req;
}

/* Runs it, and completes it or has its ring go on with it. */
static void run(struct request *req)
{
	struct uring *ring = req->ring;
	enum issue_result result;

	result = request_stopped(req) ? ISSUE_AGAIN : personality_issue(req);
	ring_lock(ring);
	request_unpend(req);
	if (request_stopped(req))
		req->flags |= REQ_CANCELED;
	ring->cq.worker_posted = true;
	/* Nobody comes to a closed ring to complete what was deferred. */
	if (result == ISSUE_DONE && ring->setup_flags & IORING_SETUP_DEFER_TASKRUN &&
	    !ring->closing)
		defer_completion(req);
	else
		request_issued(req, result, HOW_WORKER);
	progress_made(ring);
	ring_unlock(ring);
	ring_put(ring);
}

static void *work(void *arg)
{
	struct worker self = { .thread = thread_id() };
	struct crew *crew = arg;
	struct request *req;
	unsigned pins = 0;
	int allowed = 0;

	lock_pool();
	list_add_tail(&pool.workers, &self.link);
	while ((req = next_request(crew))) {
		req->worker = &self;
		pthread_mutex_unlock(&pool.lock);
		interrupt_allow(&allowed);
		worker_follow_pins(&pins);
		run(req);
		pthread_mutex_lock(&pool.lock);
		/* Under the lock, so that no more interruptions are on their way to the next. */
		if (self.unwanted)
			interrupt_settle();
		self.unwanted = false;
	}
	list_del(&self.link);
	crew->threads--;
	/* The interrupter may be the last. */
	pthread_cond_signal(&pool.unwanted);
	pthread_mutex_unlock(&pool.lock);
	return NULL;
}

/* ---- Interrupting ---------------------------------------------------------------------------- */

/* Interrupts those whose request is unwanted; again, if they were. False: there is none. Under the
 * pool's lock, so that each still runs that request. */
static bool interrupt_all(void)
{
	bool any = false;

	list_for_each(link, &pool.workers)
	{
		struct worker *worker = list_entry(link, struct worker, link);

		if (!worker->unwanted)
			continue;
		interrupt_thread(worker->thread);
		any = true;
	}
	return any;
}

/* Waits; less long if there is news. Under the pool's lock. */
static void pause_for(int64_t ns)
{
	int64_t until = clock_now(CLOCK_MONOTONIC) + ns;
	struct timespec ts = { .tv_sec = until / NS_PER_SEC, .tv_nsec = until % NS_PER_SEC };

	pthread_cond_timedwait(&pool.unwanted, &pool.lock, &ts);
}

/* A thread may be just about to block, or do something that blocks once more. Under the pool's
 * lock. */
static void interrupt_until_none(void)
{
	int64_t pause = AGAIN_FIRST_NS;

	do {
		pause_for(pause);
		if (pool.unwanted_new)
			pause = AGAIN_FIRST_NS;
		else if (pause < AGAIN_LAST_NS)
			pause *= 2;
		pool.unwanted_new = false;
	} while (interrupt_all());
}

static void *interrupt_workers(void *arg)
{
	(void)arg;
	lock_pool();
	while (pool.crews[0].threads || pool.crews[1].threads) {
		if (pool.unwanted_new)
			interrupt_until_none();
		else
			pthread_cond_wait(&pool.unwanted, &pool.lock);
	}
	pool.interrupter = false;
	pthread_mutex_unlock(&pool.lock);
	return NULL;
}

void worker_interrupt(struct request *req)
{
	lock_pool();
	req->worker->unwanted = true;
	pool.unwanted_new = true;
	pthread_cond_signal(&pool.unwanted);
	interrupt_thread(req->worker->thread);
	pthread_mutex_unlock(&pool.lock);
}

pid_t worker_stand_in(struct request *req, pid_t thread)
{
	pid_t former;

	lock_pool();
	former = req->worker->thread;
	req->worker->thread = thread;
	pthread_mutex_unlock(&pool.lock);
	return former;
}

/* ---- Threads --------------------------------------------------------------------------------- */

/* A thread of the engine's: takes no signals, which are the application's. */
int engine_thread(void *(*body)(void *), void *arg)
{
	sigset_t all, former;
	pthread_attr_t attr;
	pthread_t thread;
	int ret, saved = errno;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	ret = pthread_create(&thread, &attr, body, arg);
	if (ret == EINVAL) {
		/* Too small for the thread-local variables of this program. */
		pthread_attr_destroy(&attr);
		pthread_attr_init(&attr);
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		ret = pthread_create(&thread, &attr, body, arg);
	}
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	pthread_attr_destroy(&attr);
	errno = saved;
	return -ret;
}

/* ---- Handing over ---------------------------------------------------------------------------- */

static struct crew *crew_of(const struct request *req)
{
	return &pool.crews[req->op->unbounded];
}

void worker_queue(struct request *req)
{
	struct crew *crew;

	ring_hold(req->ring);
	lock_pool();
	if (req->ring->pooled != process_epoch()) {
		req->ring->pooled = process_epoch();
		pool.rings++;
	}
	crew = crew_of(req);
	list_add_tail(&crew->queue, &req->queue);
	crew->queued++;
	pthread_mutex_unlock(&pool.lock);
	req->ring->worker_queued = true;
}

/* No worker is without an interrupter: later there might be no thread to be had. False: there is
 * none. Under the pool's lock. */
static bool start_worker(struct crew *crew)
{
	if (!pool.interrupter)
		pool.interrupter = !engine_thread(interrupt_workers, NULL);
	if (!pool.interrupter || engine_thread(work, crew))
		return false;
	crew->threads++;
	return true;
}

/* Wakes or starts as many as there is work for. Under the pool's lock. */
static void staff(struct crew *crew)
{
	unsigned wake = crew->queued < crew->idle ? crew->queued : crew->idle;
	unsigned start = crew->queued - wake;

	if (start)
		interrupt_prepare();
	for (; wake; wake--)
		pthread_cond_signal(&crew->work);
	/* Fewer do, too: those there are will come to it. */
	while (start && crew->threads < crew->limit && start_worker(crew))
		start--;
}

/* Takes off the queue what this ring has there, as there is nobody to run it. */
static void take_all(struct crew *crew, struct uring *ring, struct list *taken)
{
	list_for_each(link, &crew->queue)
	{
		struct request *req = list_entry(link, struct request, queue);

		if (req->ring != ring)
			continue;
		list_del(link);
		crew->queued--;
		list_add_tail(taken, link);
	}
}

/* Ends what nobody runs. */
static void fail_stranded(struct list *stranded)
{
	while (!list_is_empty(stranded)) {
		struct request *req = list_entry(stranded->next, struct request, queue);
		struct uring *ring = req->ring;

		list_del(&req->queue);
		request_unpend(req);
		request_fail(req, -EAGAIN);
		ring_put(ring);
	}
}

void workers_wake(struct uring *ring)
{
	struct list stranded;

	/* More than once, where the end of one lets another begin that wants a worker, too. */
	while (ring->worker_queued) {
		ring->worker_queued = false;
		list_init(&stranded);
		lock_pool();
		for (unsigned i = 0; i < 2; i++) {
			staff(&pool.crews[i]);
			if (!pool.crews[i].threads)
				take_all(&pool.crews[i], ring, &stranded);
		}
		pthread_mutex_unlock(&pool.lock);
		if (!list_is_empty(&stranded)) {
			fail_stranded(&stranded);
			run_ready(ring);
		}
	}
}

bool worker_take_back(struct request *req)
{
	bool waits;

	lock_pool();
	waits = !list_is_empty(&req->queue);
	if (waits) {
		list_del(&req->queue);
		crew_of(req)->queued--;
	}
	pthread_mutex_unlock(&pool.lock);
	if (waits)
		ring_put(req->ring);
	return waits;
}

/* Those without work look whether they are to end. Under the pool's lock. */
static void wake_idle(void)
{
	for (unsigned i = 0; i < 2; i++)
		pthread_cond_broadcast(&pool.crews[i].work);
}

void workers_forget(struct uring *ring)
{
	/* One that a child inherited was counted in its parent. */
	if (ring->pooled != process_epoch())
		return;
	lock_pool();
	ring->pooled = 0;
	if (!--pool.rings)
		wake_idle();
	pthread_mutex_unlock(&pool.lock);
}

void workers_limit(unsigned limits[2])
{
	lock_pool();
	for (unsigned i = 0; i < 2; i++) {
		unsigned former = pool.crews[i].limit;

		if (limits[i])
			pool.crews[i].limit = limits[i];
		limits[i] = former;
	}
	wake_idle();
	pthread_mutex_unlock(&pool.lock);
}
