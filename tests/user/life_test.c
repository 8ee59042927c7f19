/* SPDX-License-Identifier: MIT */
/*
 * A ring's life outside of enter: who makes progress with nobody there, forks, and how rings end
 * with all kinds of requests in flight.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <anyring.h>
#include <liburing.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "user/rings.h"

#define FOR_EVER_MS 8000

/* Sanitizers keep memory, and know nothing of clone(2). */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

#ifdef __SANITIZE_THREAD__
const char *__tsan_default_options(void);

/* Children have threads of their own. */
const char *__tsan_default_options(void)
{
	return "die_after_fork=0";
}
#endif

#define DEFERRING (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

static void open_ring(struct io_uring *ring, unsigned flags)
{
	check(!anyring_set_engine(ANYRING_USER), "no choice");
	check(!io_uring_queue_init(8, ring, flags), "no ring");
	check(anyring_ring_engine(ring) == ANYRING_USER, "not the user engine");
}

static void make_pipe(int fds[2])
{
	check(!pipe2(fds, O_CLOEXEC), "no pipe");
}

static struct io_uring_sqe *new_sqe(struct io_uring *ring, uint64_t data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	check(sqe, "no room");
	/* What prepares it leaves this alone. */
	io_uring_sqe_set_data64(sqe, data);
	return sqe;
}

static char byte_read;

static void queue_read(struct io_uring *ring, int fd, uint64_t data)
{
	io_uring_prep_read(new_sqe(ring, data), fd, &byte_read, 1, 0);
}

static void submit(struct io_uring *ring, int count)
{
	int ret = io_uring_submit(ring);

	check(ret == count, "%d submitted", ret);
}

static void put_byte(int fd)
{
	check(write(fd, "x", 1) == 1, "no write");
}

/* Without entering. */
static bool completes(struct io_uring *ring, int within_ms)
{
	for (; within_ms >= 0; within_ms--, sleep_ms(1))
		if (io_uring_cq_ready(ring))
			return true;
	return false;
}

static int reap(struct io_uring *ring, uint64_t *data)
{
	struct __kernel_timespec ts = { .tv_sec = FOR_EVER_MS / 1000 };
	struct io_uring_cqe *cqe = NULL;
	int ret = io_uring_wait_cqe_timeout(ring, &cqe, &ts), res;

	check(!ret, "no completion: %s", strerror(-ret));
	res = cqe->res;
	if (data)
		*data = cqe->user_data;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

static void expect_exit(pid_t pid)
{
	int status;

	check(waitpid(pid, &status, 0) == pid && !status, "the child ended with %#x",
	      (unsigned)status);
}

/* ---- With nobody in enter -------------------------------------------------------------------- */

static void tail_is_watched(void)
{
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 0);
	make_pipe(fds);
	/* Soon after leaving, and long after, when the watchdog serves. */
	for (int round = 0; round < 6; round++) {
		queue_read(&ring, fds[0], 1);
		submit(&ring, 1);
		sleep_ms(round % 2 ? 60 : 0);
		put_byte(fds[1]);
		check(completes(&ring, 1000), "round %d: nobody looked", round);
		check(reap(&ring, NULL) == 1, "not read");
	}
	io_uring_queue_exit(&ring);
}

static void timer_fires(void)
{
	struct __kernel_timespec ts = { .tv_nsec = 30000000 };
	struct io_uring ring;

	open_ring(&ring, 0);
	io_uring_prep_timeout(new_sqe(&ring, 1), &ts, 0, 0);
	submit(&ring, 1);
	check(completes(&ring, 1000), "nobody looked");
	check(reap(&ring, NULL) == -ETIME, "another result");
	io_uring_queue_exit(&ring);
}

static void eventfd_is_signalled(const void *flags)
{
	int fds[2], fd = eventfd(0, EFD_CLOEXEC);
	struct io_uring ring;

	open_ring(&ring, (unsigned)(uintptr_t)flags);
	make_pipe(fds);
	check(!io_uring_register_eventfd(&ring, fd), "no eventfd");
	for (int round = 0; round < 4; round++) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		eventfd_t count;

		queue_read(&ring, fds[0], 1);
		submit(&ring, 1);
		sleep_ms(round % 2 ? 40 : 0);
		check(poll(&pfd, 1, 0) == 0, "signalled too early");
		put_byte(fds[1]);
		check(poll(&pfd, 1, 2000) == 1, "not signalled");
		eventfd_read(fd, &count);
		/* Deferred, it is for the thread itself to complete. */
		check(!flags == (io_uring_cq_ready(&ring) == 1), "completions are wrong");
		check(reap(&ring, NULL) == 1, "not read");
		/* A deferred one may signal once more, as it is posted. */
		if (poll(&pfd, 1, 0) == 1)
			eventfd_read(fd, &count);
	}
	io_uring_queue_exit(&ring);
}

static void descriptor_is_raised(const void *flags)
{
	struct __kernel_timespec ts = { .tv_nsec = 30000000 };
	struct pollfd pfd = { .events = POLLIN };
	struct io_uring ring;

	open_ring(&ring, (unsigned)(uintptr_t)flags);
	pfd.fd = ring.ring_fd;
	io_uring_prep_timeout(new_sqe(&ring, 1), &ts, 0, 0);
	submit(&ring, 1);
	check(poll(&pfd, 1, 0) == 0, "raised too early");
	check(poll(&pfd, 1, 2000) == 1, "not raised");
	check(reap(&ring, NULL) == -ETIME, "another result");
	io_uring_queue_exit(&ring);
}

/* How often threads of ours went to sleep so far. */
static long sleeps(void)
{
	char line[200];
	long sum = 0, n;
	FILE *pipe = popen("grep -h ^voluntary /proc/$PPID/task/*/status", "r");

	check(pipe, "no grep");
	while (fgets(line, sizeof(line), pipe))
		if (sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1)
			sum += n;
	pclose(pipe);
	return sum;
}

static void idle_sleeps(void)
{
	struct __kernel_timespec ts = { .tv_sec = 1000 };
	struct io_uring ring, deferring;
	int fds[2];
	long before;

	open_ring(&ring, 0);
	open_ring(&deferring, DEFERRING);
	make_pipe(fds);
	queue_read(&ring, fds[0], 1);
	io_uring_prep_timeout(new_sqe(&ring, 2), &ts, 0, 0);
	submit(&ring, 2);
	io_uring_prep_timeout(new_sqe(&deferring, 2), &ts, 0, 0);
	submit(&deferring, 1);
	sleep_ms(300);
	before = sleeps();
	sleep_ms(1000);
	/* Ourselves, asleep and in popen(3): a ticking watchdog would be some hundreds. */
	check(sleeps() - before < 30, "woken %ld times", sleeps() - before);
	io_uring_queue_exit(&ring);
	io_uring_queue_exit(&deferring);
}

/* ---- Forks ----------------------------------------------------------------------------------- */

/* A child has no part in the files of its parent's requests. */
static void end_is_seen(void)
{
	struct pollfd pfd = { .events = POLLIN };
	struct io_uring ring;
	int pair[2], go[2];
	pid_t pid;
	char byte;

	open_ring(&ring, 0);
	make_pipe(go);
	check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "no sockets");
	io_uring_prep_recv(new_sqe(&ring, 1), pair[0], &byte, 1, 0);
	submit(&ring, 1);
	pid = fork();
	if (!pid) {
		close(pair[0]);
		close(pair[1]);
		close(go[1]);
		_exit(read(go[0], &byte, 1) != 0);
	}
	io_uring_queue_exit(&ring);
	close(pair[0]);
	pfd.fd = pair[1];
	check(poll(&pfd, 1, 2000) == 1 && read(pair[1], &byte, 1) == 0, "no end");
	close(go[1]);
	expect_exit(pid);
}

static void child_works(struct io_uring *ring)
{
	uint64_t data;
	int fds[2];

	make_pipe(fds);
	for (uint64_t i = 0; i < 20; i++) {
		queue_read(ring, fds[0], 1000 + i);
		submit(ring, 1);
		put_byte(fds[1]);
		check(reap(ring, &data) == 1 && data == 1000 + i, "data %d", (int)data);
	}
}

static void fork_child(void)
{
	struct io_uring ring;
	int fds[2];
	pid_t pid;

	open_ring(&ring, 0);
	make_pipe(fds);
	queue_read(&ring, fds[0], 1);
	submit(&ring, 1);
	pid = fork();
	if (!pid) {
		child_works(&ring);
		io_uring_queue_exit(&ring);
		_exit(0);
	}
	expect_exit(pid);
	put_byte(fds[1]);
	check(reap(&ring, NULL) == 1, "the parent's read is gone");
	io_uring_queue_exit(&ring);
}

/* A child that the C library knows nothing of. */
static void raw_child(void)
{
	struct io_uring ring;
	int fds[2];
	pid_t pid;

	if (SANITIZED)
		case_skip("sanitizers know only children of fork(2)");
	open_ring(&ring, 0);
	make_pipe(fds);
	queue_read(&ring, fds[0], 1);
	submit(&ring, 1);
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (!pid) {
		child_works(&ring);
		_exit(0);
	}
	expect_exit(pid);
	put_byte(fds[1]);
	check(reap(&ring, NULL) == 1, "the parent's read is gone");
	io_uring_queue_exit(&ring);
}

static void nop(struct io_uring *ring)
{
	io_uring_prep_nop(new_sqe(ring, 7));
	ring->sq.sqe_head = ring->sq.sqe_tail - 1;
	check(io_uring_submit(ring) == 1, "no nop");
}

/* Each wakes the other, who waits on the same ring. */
static void each_wakes_the_other(void)
{
	struct io_uring ring;
	pid_t pid;

	open_ring(&ring, 0);
	for (int round = 0; round < 2; round++) {
		pid = fork();
		if (!pid) {
			if (round)
				sleep_ms(50);
			else
				_exit(reap(&ring, NULL) != 0);
			io_uring_prep_nop(new_sqe(&ring, 7));
			_exit(io_uring_submit(&ring) != 1);
		}
		if (!round) {
			sleep_ms(50);
			nop(&ring);
		} else {
			check(reap(&ring, NULL) == 0, "another result");
		}
		expect_exit(pid);
	}
	io_uring_queue_exit(&ring);
}

static void killed_with_the_lock(const void *unreaped)
{
	struct io_uring ring;
	int error, status;
	pid_t pid;

	open_ring(&ring, 0);
	pid = fork();
	if (!pid) {
		ring_lock(ring_get((unsigned)ring.ring_fd, &error));
		raise(SIGKILL);
	}
	if (!unreaped)
		waitpid(pid, &status, 0);
	else
		sleep_ms(100);
	nop(&ring);
	check(reap(&ring, NULL) == 0, "another result");
	io_uring_queue_exit(&ring);
	if (unreaped)
		waitpid(pid, &status, 0);
}

/* The thread is the parent's. */
static void child_wakes_the_submitter(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 1 };
	struct io_uring ring;
	pid_t pid;

	check(!anyring_set_engine(ANYRING_USER), "no choice");
	check(!io_uring_queue_init_params(8, &ring, &p), "no ring");
	check(anyring_ring_engine(&ring) == ANYRING_USER, "not the user engine");
	sleep_ms(50);
	pid = fork();
	if (!pid) {
		io_uring_prep_nop(new_sqe(&ring, 7));
		check(io_uring_submit(&ring) >= 0, "no submission");
		_exit(!completes(&ring, 2000));
	}
	expect_exit(pid);
	check(reap(&ring, NULL) == 0, "another result");
	io_uring_queue_exit(&ring);
}

/* Who is stopped and goes on waits for the word it waited for, though a thread was sent back. */
static void futex_survives_a_stop(void)
{
	static uint32_t *word;
	struct io_uring ring;
	int status;
	pid_t pid;

	word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (!pid) {
		open_ring(&ring, 0);
		io_uring_prep_futex_wait(new_sqe(&ring, 1), word, 0, FUTEX_BITSET_MATCH_ANY, 2, 0);
		submit(&ring, 1);
		raise(SIGSTOP);
		_exit(reap(&ring, NULL) != 0);
	}
	check(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status), "not stopped");
	kill(pid, SIGCONT);
	sleep_ms(50);
	check(syscall(SYS_futex, word, FUTEX_WAKE, 10, NULL, NULL, 0) == 1, "nobody waits");
	expect_exit(pid);
}

/* ---- Ends ------------------------------------------------------------------------------------ */

static unsigned entries_of(const char *folder)
{
	char command[100];
	unsigned count = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "ls /proc/%d/%s | wc -l", (int)getpid(), folder);
	pipe = popen(command, "r");
	check(pipe && fscanf(pipe, "%u", &count) == 1, "no count");
	pclose(pipe);
	return count;
}

/* They sleep as long as there is a ring, without looking at the clock. */
static void workers_end_with_the_last_ring(void)
{
	unsigned before = entries_of("task");
	struct io_uring ring;
	int fds[2];

	make_pipe(fds);
	for (unsigned round = 0; round < 3; round++) {
		open_ring(&ring, 0);
		/* An fsync of a pipe is refused, by the worker that tries it. */
		io_uring_prep_fsync(new_sqe(&ring, 1), fds[0], 0);
		submit(&ring, 1);
		check(reap(&ring, NULL) == -EINVAL, "another result");
		check(entries_of("task") > before, "no worker");
		io_uring_queue_exit(&ring);
		for (int tries = 0; tries < 1000 && entries_of("task") > before; tries++)
			sleep_ms(5);
		/* ThreadSanitizer starts a thread of its own with the first of ours. */
		if (round == 0 && entries_of("task") == before + 1)
			before++;
		check(entries_of("task") == before, "%u threads are left",
		      entries_of("task") - before);
	}
}

static long resident_kib(void)
{
	char line[200];
	FILE *file = fopen("/proc/self/status", "r");
	long kib = 0;

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "VmRSS: %ld", &kib);
	fclose(file);
	return kib;
}

static int pending_fds[2];

static void fill(struct io_uring *ring)
{
	static struct __kernel_timespec never = { .tv_sec = 1000 };
	static uint32_t word;

	queue_read(ring, pending_fds[0], 1);
	io_uring_prep_timeout(new_sqe(ring, 2), &never, 0, 0);
	io_uring_prep_poll_multishot(new_sqe(ring, 3), pending_fds[0], POLLIN);
	io_uring_prep_futex_wait(new_sqe(ring, 4), &word, 0, FUTEX_BITSET_MATCH_ANY,
				 2 | FUTEX_PRIVATE_FLAG, 0);
	io_uring_prep_read(new_sqe(ring, 5), pending_fds[0], &byte_read, 1, 0);
	io_uring_sqe_set_flags(&ring->sq.sqes[4], IOSQE_ASYNC);
	io_uring_prep_nop(new_sqe(ring, 6));
	submit(ring, 6);
}

static void end_by_exit(struct io_uring *ring)
{
	io_uring_queue_exit(ring);
}

/* The library's memory goes, the descriptor by close(2): the next ring gets its number. */
static void end_by_close(struct io_uring *ring)
{
	close(ring->ring_fd);
	munmap(ring->sq.sqes, ring->sq.sqes_sz);
	munmap(ring->sq.ring_ptr, ring->sq.ring_sz);
}

static void end_registered(struct io_uring *ring)
{
	check(io_uring_register_ring_fd(ring) == 1, "no index");
	io_uring_queue_exit(ring);
}

static void rings_come_and_go(const void *how)
{
	void (*end)(struct io_uring * ring) = *(void (*const *)(struct io_uring *))how;
	unsigned fds, threads;
	struct io_uring ring;
	long kib;

	make_pipe(pending_fds);
	for (int i = 0; i < 20; i++) {
		open_ring(&ring, i % 2 ? DEFERRING : 0);
		fill(&ring);
		end(&ring);
	}
	fds = entries_of("fd");
	threads = entries_of("task");
	kib = resident_kib();
	for (int i = 0; i < 1000; i++) {
		open_ring(&ring, i % 2 ? DEFERRING : 0);
		fill(&ring);
		end(&ring);
	}
	/* Workers and waiters stay for a while, for the next. */
	check(entries_of("fd") <= fds + 4, "%u descriptors, not %u", entries_of("fd"), fds);
	check(entries_of("task") <= threads + 16, "%u threads, not %u", entries_of("task"),
	      threads);
	check(SANITIZED || resident_kib() <= kib + 8192, "%ld KiB, not %ld", resident_kib(), kib);
}

static void (*const by_exit)(struct io_uring *) = end_by_exit;
static void (*const by_close)(struct io_uring *) = end_by_close;
static void (*const registered)(struct io_uring *) = end_registered;

static const struct test_case cases[] = {
	{ "away: who watches the tail sees completions", .run = tail_is_watched },
	{ "away: a timer fires", .run = timer_fires },
	{ "away: an eventfd is signalled", .run_on = eventfd_is_signalled },
	{ "away: ... of a ring that defers", .run_on = eventfd_is_signalled,
	  .subject = (void *)(uintptr_t)DEFERRING },
	{ "away: the descriptor is raised", .run_on = descriptor_is_raised },
	{ "away: ... of a ring that defers", .run_on = descriptor_is_raised,
	  .subject = (void *)(uintptr_t)DEFERRING },
	{ "away: nobody ticks for long", .run = idle_sleeps },
	{ "workers end with the last ring", .run = workers_end_with_the_last_ring },
	{ "fork: a child keeps no socket open", .run = end_is_seen },
	{ "fork: a child works on its parent's ring", .run = fork_child },
	{ "fork: ... and so does one by clone(2)", .run = raw_child },
	{ "fork: parent and child wake each other", .run = each_wakes_the_other },
	{ "fork: killed while it holds the lock", .run_on = killed_with_the_lock },
	{ "fork: ... and not waited for", .run_on = killed_with_the_lock, .subject = "zombie" },
	{ "fork: a child wakes its parent's submission thread", .run = child_wakes_the_submitter },
	{ "futex: a wait goes on after a stop", .run = futex_survives_a_stop },
	{ "end: a thousand rings in use, by queue_exit", .run_on = rings_come_and_go,
	  .subject = &by_exit },
	{ "end: ... by close(2)", .run_on = rings_come_and_go, .subject = &by_close },
	{ "end: ... that are registered", .run_on = rings_come_and_go, .subject = &registered },
	{ 0 },
};

int main(int argc, char **argv)
{
	return jobs_main(argc, argv, "life", cases);
}
