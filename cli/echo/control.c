/* SPDX-License-Identifier: MIT */
/*
 * Stopping and reporting. The first worker reads signals from a signalfd; the others watch an
 * eventfd that it writes when all must stop. The blocking server has no loop to watch anything in:
 * there the signal handler shuts its sockets down for reading, which ends the call it sleeps in,
 * whenever the signal comes, and loses no byte already received.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "echo/echo.h"

static struct echo_worker *all_workers;
static unsigned worker_count;
static int stop_event = -1;
static volatile sig_atomic_t stop_asked;
static volatile sig_atomic_t report_asked;

static void shut_down_clients(int how)
{
	for (unsigned i = 0; i < worker_count; i++) {
		/* Relaxed: pairs with the worker's store; a client accepted meanwhile is seen by
		 * the worker's own check of stop_asked. */
		int fd = __atomic_load_n(&all_workers[i].conn_fd, __ATOMIC_RELAXED);

		if (fd >= 0)
			shutdown(fd, how);
	}
}

static void on_stop(int signal)
{
	int saved = errno;

	(void)signal;
	stop_asked = 1;
	for (unsigned i = 0; i < worker_count; i++)
		shutdown(all_workers[i].listen_fd, SHUT_RD);
	shut_down_clients(SHUT_RD);
	/* A client that does not read its echo is cut off then. */
	alarm(ECHO_GRACE_SECONDS);
	errno = saved;
}

static void on_report(int signal)
{
	(void)signal;
	report_asked = 1;
	/* If it came just before the worker went to sleep in a call, the alarm ends that call. */
	alarm(1);
}

static void on_alarm(int signal)
{
	int saved = errno;

	(void)signal;
	if (stop_asked) {
		shut_down_clients(SHUT_RDWR);
		/* Until the worker is through with those that were waiting. */
		alarm(1);
	}
	errno = saved;
}

static bool handle_signals(void)
{
	static const struct {
		int signal;
		void (*handler)(int);
	} handlers[] = {
		{ SIGINT, on_stop },
		{ SIGTERM, on_stop },
		{ SIGUSR1, on_report },
		{ SIGALRM, on_alarm },
	};

	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		/* No SA_RESTART: the interrupted call must end. */
		struct sigaction sa = { .sa_handler = handlers[i].handler };

		if (sigaction(handlers[i].signal, &sa, NULL))
			return false;
	}
	return true;
}

static bool watch_signals(struct echo_worker *workers, unsigned count)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return false;
	workers[0].control_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (workers[0].control_fd < 0)
		return false;
	if (count > 1) {
		stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (stop_event < 0)
			return false;
	}
	for (unsigned i = 1; i < count; i++)
		workers[i].control_fd = stop_event;
	return true;
}

bool control_start(struct echo_worker *workers, unsigned count)
{
	bool ok;

	all_workers = workers;
	worker_count = count;
	/* A client that is gone, or a closed stdout, answers by an error of the call. */
	signal(SIGPIPE, SIG_IGN);
	if (workers[0].options->server->signal_driven)
		ok = handle_signals();
	else
		ok = watch_signals(workers, count);
	if (!ok)
		say("cannot handle signals: %s", strerror(errno));
	return ok;
}

static void report(void)
{
	counters_print(all_workers, worker_count, all_workers[0].options->json);
}

/* Never read, so it stays readable for all. */
static void raise_stop_event(void)
{
	uint64_t one = 1;

	if (stop_event >= 0 && write(stop_event, &one, sizeof(one)) < 0)
		say("cannot tell the other threads to stop: %s", strerror(errno));
}

void control_stop_all(void)
{
	raise_stop_event();
	/* The first worker listens to signals only. */
	kill(getpid(), SIGTERM);
}

void control_check(struct echo_worker *worker)
{
	struct signalfd_siginfo info;

	if (worker->index > 0) {
		worker->stopping = true;
		return;
	}
	while (read(worker->control_fd, &info, sizeof(info)) == sizeof(info)) {
		count(&worker->counters.system_calls, 1);
		if (info.ssi_signo == SIGUSR1) {
			report();
			continue;
		}
		worker->stopping = true;
		raise_stop_event();
	}
	count(&worker->counters.system_calls, 1);
}

void control_check_signals(struct echo_worker *worker)
{
	if (stop_asked)
		worker->stopping = true;
	if (worker->index == 0 && report_asked) {
		report_asked = 0;
		report();
	}
}
