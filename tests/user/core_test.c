/* SPDX-License-Identifier: MIT */
/* The parts of the user engine's core, one by one: timers, the lock, what fork does to locks, the
 * table of rings. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <anyring.h>

#include "cases/check.h"
#include "cases/descriptors.h"
#include "cases/jobs.h"
#include "core_ops.h"
#include "user/process.h"
#include "user/rings.h"
#include "user/timer.h"
#include "user/user.h"
#include "user/worker.h"

/* ---- Lists ----------------------------------------------------------------------------------- */

struct member {
	struct list link;
	unsigned number;
};

/* Removing the member a loop is at, and moving it to another list, as wake-ups do. */
static void lists(void)
{
	struct member members[64];
	struct list even, odd;
	unsigned expected = 0;

	list_init(&even);
	list_init(&odd);
	for (unsigned i = 0; i < 64; i++) {
		members[i].number = i;
		list_add_tail(&even, &members[i].link);
	}
	list_for_each(link, &even)
	{
		if (list_entry(link, struct member, link)->number % 2) {
			list_del(link);
			list_add_tail(&odd, link);
		}
	}
	list_splice_tail(&even, &odd);
	check(list_is_empty(&odd), "members are in two lists");
	list_for_each(link, &even)
	{
		check(list_entry(link, struct member, link)->number == expected,
		      "out of order at %u", expected);
		expected = expected == 62 ? 1 : expected + 2;
		list_del(link);
		list_del(link);
	}
	check(list_is_empty(&even) && expected == 65, "members are lost");
}

/* ---- Timers ---------------------------------------------------------------------------------- */

#define TIMERS 300

static struct timer timers[TIMERS];
static int64_t last_fired;
static unsigned fired;

static void note(struct uring *ring, struct timer *timer)
{
	(void)ring;
	check(timer->deadline >= last_fired, "a later timer fired first");
	check(!timer->place, "it fires armed");
	last_fired = timer->deadline;
	fired++;
}

/* Random arming and disarming against the plain list of what is armed. */
static void timer_heap(void)
{
	static struct uring ring;
	unsigned armed = 0, due;
	int64_t past = clock_now(CLOCK_MONOTONIC) - 1000000;

	for (unsigned step = 0; step < 20000; step++) {
		struct timer *t = &timers[random_between(0, TIMERS - 1)];

		if (t->place) {
			check(timer_disarm(&ring, t), "an armed timer is not");
			check(!timer_disarm(&ring, t), "disarmed twice");
			armed--;
		} else {
			t->clock = CLOCK_MONOTONIC;
			/* Some due long ago, many at the same time, the rest never. */
			t->deadline = random_between(0, 3) ? past - (int64_t)random_between(0, 50)
							   : TIME_NEVER;
			t->fire = note;
			check(!timer_arm(&ring, t), "out of memory");
			armed++;
		}
		if (random_between(0, 999))
			continue;
		due = 0;
		for (unsigned i = 0; i < TIMERS; i++)
			due += timers[i].place && timers[i].deadline <= past;
		last_fired = 0;
		fired = 0;
		timers_run(&ring);
		check(fired == due, "%u fired of %u", fired, due);
		armed -= due;
		check(timers_armed(&ring) == (armed != 0), "%u are armed", armed);
	}
	timers_free(&ring);
}

/* ---- The lock -------------------------------------------------------------------------------- */

#define TURNS 20000

struct locked {
	uint32_t lock;
	unsigned long count; /* not atomic: the lock's business */
	uint32_t step;
};

static struct locked *shared_locked(void)
{
	void *memory = mmap(NULL, sizeof(struct locked), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	check(memory != MAP_FAILED, "out of memory");
	return memory;
}

static void *count_up(void *arg)
{
	struct locked *l = arg;

	for (unsigned i = 0; i < TURNS; i++) {
		lock_take(&l->lock);
		l->count++;
		lock_drop(&l->lock);
	}
	return NULL;
}

static void lock_threads(void)
{
	struct locked *l = shared_locked();
	pthread_t threads[4];

	for (unsigned i = 0; i < 4; i++)
		check(!pthread_create(&threads[i], NULL, count_up, l), "no thread");
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	check(l->count == 4 * TURNS && !l->lock, "%lu turns, lock %x", l->count, l->lock);
}

static pid_t spawn(void *(*body)(void *), void *arg)
{
	pid_t pid = fork();

	check(pid >= 0, "no process");
	if (!pid) {
		body(arg);
		_exit(0);
	}
	return pid;
}

static void join(pid_t pid)
{
	int status;

	check(waitpid(pid, &status, 0) == pid && !status, "a process failed: %x", status);
}

static void lock_processes(void)
{
	struct locked *l = shared_locked();
	pid_t pids[3];

	thread_id();
	for (unsigned i = 0; i < 3; i++)
		pids[i] = spawn(count_up, l);
	count_up(l);
	for (unsigned i = 0; i < 3; i++)
		join(pids[i]);
	check(l->count == 4 * TURNS && !l->lock, "%lu turns, lock %x", l->count, l->lock);
}

static void *take_and_die(void *arg)
{
	lock_take(&((struct locked *)arg)->lock);
	return NULL;
}

/* Several wait for it: one gets it, then the others. */
static void lock_of_the_dead(void)
{
	struct locked *l = shared_locked();
	int64_t began;
	pid_t pids[2];

	join(spawn(take_and_die, l));
	check(l->lock, "it died without the lock");
	began = now_ms();
	for (unsigned i = 0; i < 2; i++)
		pids[i] = spawn(count_up, l);
	count_up(l);
	for (unsigned i = 0; i < 2; i++)
		join(pids[i]);
	check(l->count == 3 * TURNS, "%lu turns", l->count);
	check(now_ms() - began < 5000, "it took long");
}

static void *take_a_while(void *arg)
{
	struct locked *l = arg;

	lock_take(&l->lock);
	__atomic_store_n(&l->step, 1, __ATOMIC_RELEASE);
	sleep_ms(600);
	l->count = 1;
	lock_drop(&l->lock);
	return NULL;
}

/* Slow is not dead, nor is who has just been stopped. */
static void lock_of_the_slow(void)
{
	struct locked *l = shared_locked();
	pid_t pid = spawn(take_a_while, l);

	while (!__atomic_load_n(&l->step, __ATOMIC_ACQUIRE))
		sleep_ms(1);
	kill(pid, SIGSTOP);
	sleep_ms(300);
	check(!lock_try(&l->lock), "the lock is free");
	kill(pid, SIGCONT);
	lock_take(&l->lock);
	check(l->count == 1, "taken from the living");
	lock_drop(&l->lock);
	join(pid);
}

/* ---- Processes ------------------------------------------------------------------------------- */

static void *hold_locks(void *arg)
{
	for (unsigned i = 0; i < PROCESS_LOCKS; i++)
		process_lock(i);
	__atomic_store_n((int *)arg, 1, __ATOMIC_RELEASE);
	pause();
	return NULL;
}

static void *open_and_use(void *unused)
{
	struct io_uring ring;
	int fds[2];

	alarm(5);
	core_ring(&ring, 4, 0);
	core_pipe(fds, true);
	core_sqe(&ring, OP_BLOCK, fds[0], 1);
	core_submit(&ring, 1);
	core_put(fds[1], 7);
	check(core_reap(&ring, NULL) == 7, "no byte");
	io_uring_queue_exit(&ring);
	return unused;
}

/* A thread of the parent's has all the engine's locks while it forks: it is not in the child. By
 * the system call, as fork(3) would wait for some of them. */
static void fork_while_locked(void)
{
	pthread_t thread;
	int held = 0;
	pid_t pid;

#ifdef __SANITIZE_THREAD__
	case_skip("the sanitizer does not see processes that begin without fork(3)");
#endif
	open_and_use(NULL);
	check(!pthread_create(&thread, NULL, hold_locks, &held), "no thread");
	while (!__atomic_load_n(&held, __ATOMIC_ACQUIRE))
		sleep_ms(1);
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!pid) {
		open_and_use(NULL);
		_exit(0);
	}
	join(pid);
}

static void epochs(void)
{
	unsigned epoch = process_epoch();
	pid_t pid;

	check(epoch && epoch == process_epoch(), "no number");
	pid = fork();
	if (!pid) {
		check(process_epoch() > epoch, "a child believes it is its parent");
		check(thread_id() == getpid(), "a child has its parent's thread id");
		_exit(0);
	}
	join(pid);
}

static void *open_all_the_time(void *arg)
{
	struct io_uring ring;

	/* The engine's own descriptors are moved beyond the limit, which is raised for that. */
	while (!__atomic_load_n((int *)arg, __ATOMIC_RELAXED)) {
		core_ring(&ring, 8, 0);
		io_uring_queue_exit(&ring);
	}
	return NULL;
}

static void limit_in_children(void)
{
	struct rlimit limit = { .rlim_cur = 256, .rlim_max = 512 }, now;
	pthread_t thread;
	int stop = 0;
	pid_t pid;

	check(!setrlimit(RLIMIT_NOFILE, &limit), "no limit");
	open_and_use(NULL);
	alarm(40);
	check(!pthread_create(&thread, NULL, open_all_the_time, &stop), "no thread");
	for (unsigned i = 0; i < 300; i++) {
		pid = fork();
		if (!pid) {
			getrlimit(RLIMIT_NOFILE, &now);
			_exit(now.rlim_cur != 256);
		}
		join(pid);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

static pthread_barrier_t barrier;

static void *use_workers(void *arg)
{
	struct io_uring *ring = arg;
	int fds[2];

	core_pipe(fds, true);
	core_put(fds[1], 9);
	core_sqe(ring, OP_BLOCK, fds[0], 1);
	pthread_barrier_wait(&barrier);
	core_submit(ring, 1);
	check(core_reap(ring, NULL) == 9, "no byte");
	close(fds[0]);
	close(fds[1]);
	return NULL;
}

/* The first requests for workers of a process come at once. A child has its own pool, so each turn
 * begins anew. */
static void *first_workers(void *unused)
{
	struct io_uring rings[4];
	pthread_t threads[4];

	alarm(10);
	pthread_barrier_init(&barrier, NULL, 4);
	for (unsigned i = 0; i < 4; i++)
		core_ring(&rings[i], 4, 0);
	for (unsigned i = 0; i < 4; i++)
		check(!pthread_create(&threads[i], NULL, use_workers, &rings[i]), "no thread");
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return unused;
}

static void pool_made_once(void)
{
	for (unsigned i = 0; i < 40; i++)
		join(spawn(first_workers, NULL));
}

/* ---- The table of rings ---------------------------------------------------------------------- */

static void nop_on(unsigned fd, struct io_uring *ring, int expected)
{
	int ret;

	core_sqe(ring, OP_NOW, -1, 1);
	io_uring_smp_store_release(ring->sq.ktail, ring->sq.sqe_tail);
	ret = io_uring_enter(fd, 1, 0, 0, NULL);
	check(ret == expected, "enter: %d, not %d", ret, expected);
}

/* A duplicate of the descriptor is the ring; so is what is left when the first is closed. */
static void found_by_duplicate(void)
{
	struct io_uring ring;
	int copy, high;

	core_ring(&ring, 4, 0);
	copy = dup(ring.ring_fd);
	high = dup2(ring.ring_fd, 900);
	check(copy >= 0 && high == 900, "no duplicates");
	nop_on((unsigned)copy, &ring, 1);
	nop_on((unsigned)high, &ring, 1);
	close(ring.ring_fd);
	nop_on((unsigned)high, &ring, 1);
	check(io_uring_cq_ready(&ring) == 3, "%u completions", io_uring_cq_ready(&ring));
}

/* Parent and child each set a ring up. The descriptor of one, passed to the other, is not taken for
 * that one's own. */
static void passed_to_a_relative(void)
{
	struct io_uring ring;
	int sockets[2], error = 0;
	pid_t pid;

	core_ring(&ring, 4, 0);
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), "no sockets");
	pid = fork();
	core_ring(&ring, 4, 0);
	if (!pid) {
		close(sockets[0]);
		send_descriptor(sockets[1], ring.ring_fd);
		/* With it, what its ring holds would go. */
		_exit(read(sockets[1], &error, 1) != 1);
	}
	check(!ring_get((unsigned)receive_descriptor(sockets[0]), &error) && error == -EOPNOTSUPP,
	      "taken for another ring");
	core_put(sockets[0], 0);
	join(pid);
}

/* A ring that the application closed behind our back, and another that got its number. */
static void number_used_again(void)
{
	struct io_uring old, new;
	unsigned fds;

	core_ring(&old, 4, 0);
	fds = core_fds();
	close(old.ring_fd);
	core_ring(&new, 4, 0);
	check(new.ring_fd == old.ring_fd, "another number");
	nop_on((unsigned)new.ring_fd, &new, 1);
	check(io_uring_cq_ready(&new) == 1 && !io_uring_cq_ready(&old), "it went to the old ring");
	check(core_fds() == fds, "%u descriptors, not %u", core_fds(), fds);
}

static void *enter_by_index(void *arg)
{
	/* Not by way of the library, which would ask the kernel then. */
	int ret = user_enter((unsigned)(uintptr_t)arg, 0, 0, IORING_ENTER_REGISTERED_RING, NULL, 0);

	check(ret == -EBADF || ret == -EINVAL, "an index of another thread's: %d", ret);
	return NULL;
}

static void *register_and_end(void *arg)
{
	int error = 0;
	struct uring *ring = ring_get((unsigned)((struct io_uring *)arg)->ring_fd, &error);
	int index = rings_register(ring, 0, REGISTERED_RINGS_MAX);

	check(index >= 0, "not registered: %d", index);
	ring_put(ring);
	nop_on((unsigned)((struct io_uring *)arg)->ring_fd, arg, 1);
	return NULL;
}

/* An index is its thread's; the ring lives as long as one has it, and the end of a thread lets go
 * of it. */
static void registered(void)
{
	struct io_uring ring;
	struct uring *inner;
	pthread_t thread;
	int index, error = 0;

	core_ring(&ring, 8, 0);
	inner = ring_get((unsigned)ring.ring_fd, &error);
	check(inner, "no ring: %d", error);
	index = rings_register(inner, 3, REGISTERED_RINGS_MAX);
	check(index == 3, "at %d", index);
	check(!pthread_create(&thread, NULL, enter_by_index, (void *)3UL), "no thread");
	pthread_join(thread, NULL);
	check(!pthread_create(&thread, NULL, register_and_end, &ring), "no thread");
	pthread_join(thread, NULL);
	check(inner->users == 2, "%u uses are left", inner->users);
	user_close(ring.ring_fd);
	check(!inner->closing, "closed with an index left");
	check(io_uring_enter(3, 0, 0, IORING_ENTER_REGISTERED_RING, NULL) == 0, "no ring there");
	rings_unregister(3);
	check(inner->closing, "open without a user");
	/* The last use has gone: it cannot come back. */
	check(rings_register(inner, 0, REGISTERED_RINGS_MAX) == -EBADF, "a closed ring");
	ring_put(inner);
}

/* Both queues' indices and the array are the application's to spoil. */
static void spoiled_memory(void)
{
	struct io_uring_params p = { 0 };
	unsigned *header, *array;
	void *memory, *sqes;
	int fd = user_setup(8, &p);

	check(fd >= 0 && !user_map(fd, IORING_OFF_SQ_RING, 1, &memory) &&
		      !user_map(fd, IORING_OFF_SQES, 1, &sqes),
	      "no ring");
	header = memory;
	array = (void *)((char *)memory + p.sq_off.array);
	for (unsigned i = 0; i < 3000; i++) {
		header[random_between(0, 11)] = random_between(0, 1)
							? (unsigned)random_number()
							: (unsigned)random_between(0, 20);
		if (i % 3 == 0)
			array[random_between(0, 7)] = (unsigned)random_number();
		if (i % 5 == 0)
			((uint8_t *)sqes)[random_between(0, 511)] = (uint8_t)random_number();
		user_enter((unsigned)fd, (unsigned)random_between(0, 20), 0,
			   random_between(0, 1) ? IORING_ENTER_GETEVENTS : 0, NULL, 0);
	}
	check(!user_close(fd), "not closed");
}

/* A slot is found wherever it is, though the last one freed was before the range. */
static void slots_found(void)
{
	struct io_uring ring;
	int files[8], error = 0;
	struct uring *inner;

	core_ring(&ring, 8, 0);
	for (unsigned i = 0; i < 8; i++)
		files[i] = i == 5 ? -1 : 0;
	check(!io_uring_register_files(&ring, files, 8), "no files");
	check(!io_uring_register_file_alloc_range(&ring, 2, 5), "no range");
	inner = ring_get((unsigned)ring.ring_fd, &error);
	ring_lock(inner);
	check(!files_remove(inner, 0), "no file");
	check(files_install(inner, dup(0), IORING_FILE_INDEX_ALLOC) == 5, "a slot is not found");
	ring_unlock(inner);
	ring_put(inner);
}

static void expect_whole_pages(int fd)
{
	char *memory =
		mmap(NULL, 3 * 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct io_uring_buf_reg reg = { .ring_entries = 8 };

	check(memory != MAP_FAILED, "no memory");
	memory += -(uintptr_t)memory % 65536;
	reg.ring_addr = (uintptr_t)memory + 4096;
	check(user_register((unsigned)fd, IORING_REGISTER_PBUF_RING, &reg, 1) == -EINVAL,
	      "buffers within a page");
	reg.ring_addr = (uintptr_t)memory;
	check(!user_register((unsigned)fd, IORING_REGISTER_PBUF_RING, &reg, 1), "no buffers");
}

/* A machine with large pages: the parts can be mapped one by one. */
static void large_pages(void)
{
	struct io_uring_params p = { 0 };
	struct uring *ring;
	int fd, error = 0;

	core_page_size = 65536;
	fd = user_setup(8, &p);
	check(fd >= 0, "no ring: %d", fd);
	ring = ring_get((unsigned)fd, &error);
	check((char *)ring->mem.header == ring->mem.own.base &&
		      ring->mem.sqes == ring->mem.own.base + 65536,
	      "between pages");
	ring_put(ring);
	expect_whole_pages(fd);
	check(!user_close(fd), "not closed");
}

static const struct test_case cases[] = {
	{ "list: a loop may move what it is at", .run = lists },
	{ "timers: fire in order, once, unless disarmed", .run = timer_heap },
	{ "lock: threads", .run = lock_threads },
	{ "lock: processes", .run = lock_processes },
	{ "lock: of a holder that died", .run = lock_of_the_dead },
	{ "lock: of a holder that is slow, and stopped", .run = lock_of_the_slow },
	{ "process: a child is another", .run = epochs },
	{ "process: a child has no lock that a thread of its parent's had",
	  .run = fork_while_locked },
	{ "process: a child's limit on descriptors", .run = limit_in_children },
	{ "process: the pool of workers is made once", .run = pool_made_once },
	{ "rings: found by a duplicate", .run = found_by_duplicate },
	{ "rings: one that a relative passes is not one's own", .run = passed_to_a_relative },
	{ "rings: a number closed unseen and used again", .run = number_used_again },
	{ "rings: registered", .run = registered },
	{ "rings: large pages", .run = large_pages },
	{ "files: a slot outside the hint", .run = slots_found },
	{ "rings: the shared memory is believed in nothing", .run = spoiled_memory },
	{ 0 },
};

int main(int argc, char **argv)
{
	return jobs_main(argc, argv, "core", cases);
}
