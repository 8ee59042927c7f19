/* SPDX-License-Identifier: MIT */
/* The signal that interrupts workers: which one is taken, and what it does. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases/tap.h"
#include "user/interrupt.h"
#include "user/lock.h"
#include "user/sys.h"

static bool is_default(int signal)
{
	struct sigaction now;

	assert_int_equal(sigaction(signal, NULL, &now), 0);
	return now.sa_handler == SIG_DFL;
}

/* The only real-time signal that something is done with, or 0. */
static int taken(void)
{
	int found = 0;

	for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++) {
		if (is_default(signal))
			continue;
		assert_int_equal(found, 0);
		found = signal;
	}
	return found;
}

static int handled;

static void handle(int signal)
{
	(void)signal;
	handled++;
}

static void set_handler(int signal, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	assert_int_equal(sigaction(signal, &action, NULL), 0);
}

/* A signal that the application waits for may be blocked in all its threads. */
static void blocked_ones_are_not_taken(void **state)
{
	sigset_t set, former;
	int signal;

	(void)state;
	assert_int_equal(taken(), 0);
	sigemptyset(&set);
	for (signal = SIGRTMIN + 4; signal <= SIGRTMAX; signal++)
		sigaddset(&set, signal);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, &set, &former), 0);
	interrupt_prepare();
	signal = taken();
	assert_true(signal >= SIGRTMIN && signal < SIGRTMIN + 4);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, &former, NULL), 0);
	/* It stays. */
	interrupt_prepare();
	assert_int_equal(taken(), signal);
}

static void *prepare(void *barrier)
{
	pthread_barrier_wait(barrier);
	interrupt_prepare();
	return NULL;
}

/* In a child of its own: none is taken there yet. */
static int taken_by_many(void)
{
	pthread_barrier_t barrier;
	pthread_t threads[4];

	pthread_barrier_init(&barrier, NULL, 4);
	for (unsigned i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, prepare, &barrier))
			return -1;
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return taken();
}

/* Several threads at once take one. */
static void one_is_enough(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			_exit(taken_by_many() <= 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

/* The engine's own threads block all. */
static void a_thread_that_blocks_all_takes_one(void **state)
{
	sigset_t all;
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		sigfillset(&all);
		pthread_sigmask(SIG_BLOCK, &all, NULL);
		interrupt_prepare();
		_exit(!taken());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

struct reader {
	int fd;
	pid_t thread; /* atomic; set when it may be interrupted */
	long result;
};

static void *read_until_interrupted(void *arg)
{
	struct reader *reader = arg;
	int allowed = 0;
	char byte;

	interrupt_allow(&allowed);
	__atomic_store_n(&reader->thread, thread_id(), __ATOMIC_RELEASE);
	reader->result = SYS(read, reader->fd, &byte, 1);
	interrupt_settle();
	return NULL;
}

static void threads_are_interrupted(void **state)
{
	struct reader reader = { 0 };
	pthread_t thread;
	pid_t id;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	reader.fd = fds[0];
	assert_int_equal(pthread_create(&thread, NULL, read_until_interrupted, &reader), 0);
	while (!(id = __atomic_load_n(&reader.thread, __ATOMIC_ACQUIRE)))
		usleep(100);
	/* It may not have come to read yet. */
	while (pthread_tryjoin_np(thread, NULL)) {
		interrupt_thread(id);
		usleep(1000);
	}
	assert_int_equal(reader.result, -EINTR);
	close(fds[0]);
	close(fds[1]);
}

/* What the application takes later is its own from then on. */
static void taken_ones_are_given_up(void **state)
{
	int signal = taken(), next;

	(void)state;
	assert_int_not_equal(signal, 0);
	set_handler(signal, handle);
	interrupt_thread(thread_id());
	assert_int_equal(handled, 0);
	interrupt_prepare();
	set_handler(signal, SIG_DFL);
	next = taken();
	assert_int_not_equal(next, 0);
	assert_int_not_equal(next, signal);
	set_handler(next, SIG_DFL);
}

/* Then nobody is interrupted. */
static void there_may_be_none(void **state)
{
	(void)state;
	for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++)
		set_handler(signal, handle);
	interrupt_prepare();
	interrupt_thread(thread_id());
	assert_int_equal(handled, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_is_enough),
		cmocka_unit_test(a_thread_that_blocks_all_takes_one),
		cmocka_unit_test(blocked_ones_are_not_taken),
		cmocka_unit_test(threads_are_interrupted),
		cmocka_unit_test(taken_ones_are_given_up),
		cmocka_unit_test(there_may_be_none),
	};

	return cmocka_run_group_tests_name("interrupt", tests, NULL, NULL);
}
