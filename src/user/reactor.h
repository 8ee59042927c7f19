/* SPDX-License-Identifier: MIT */
/*
 * The reactor of a ring: requests that wait for their file, in one epoll set, edge-triggered, and
 * who waits for it.
 *
 * The ring's descriptor is an epoll set, too (the outer), which holds the inner one and an eventfd
 * that stays raised while completions may be waiting, so that poll(2) and epoll on the ring's
 * descriptor work. The same eventfd is in the inner set, edge-triggered: writing it wakes a thread
 * that sleeps there, raised or not.
 */
#ifndef ANYRING_USER_REACTOR_H
#define ANYRING_USER_REACTOR_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

#include "user/files.h"
#include "user/list.h"

struct uring;
struct request;
struct file;
struct epoll_event;

struct watch {
	struct file *file; /* NULL: free */
	uint32_t generation;
};

/* What ends any wait. */
#define EPOLL_ALWAYS (EPOLLERR | EPOLLHUP)

struct reactor {
	int epoll_fd; /* the inner set, of this process alone */
	int event_fd; /* shared with the processes that inherited the ring */
	struct watch *watches;
	unsigned watch_count, watch_free; /* how many there are; the first that may be free */
	unsigned armed;	  /* requests that progress only if somebody looks: polls, AIO */
	bool waits;	  /* the application sleeps in enter, rather than in poll(2) */
	bool looked;	  /* it has looked for completions in vain since it slept */
	unsigned inside;  /* threads in enter */
	pid_t sleeper;	  /* the thread of this process that sleeps in the inner set, or 0 */
	unsigned beside;  /* threads of this process that sleep elsewhere, as one is there */
	unsigned skipped; /* enters since somebody looked into the inner set */
	bool look;	  /* there may be an event in it, not to be left for later */
};

/* All under the ring's lock, which those that sleep drop meanwhile. */

/* Makes the inner set, and with `event_fd` -1 the eventfd. 0 or -errno. */
int reactor_open(struct uring *ring, int event_fd);
void reactor_free(struct uring *ring);

/*
 * Makes the request wait for req->poll_events on its file. 0: it waits now (REQ_POLLED), and will
 * be issued again with HOW_POLLED. 1: the file is ready already, issue again. -EPERM: a file
 * that cannot be polled. Else -errno.
 */
int reactor_arm(struct request *req);
/* What it waits for is there, as far as events have told. */
bool reactor_is_ready(const struct request *req);
/* Takes a waiting request off its file. */
void reactor_disarm(struct request *req);
/* Says that an operation found the file not ready: only a new event makes it so. An error or a
 * hang-up did not keep it from saying so. */
static inline void reactor_drained(struct file *file, uint32_t events)
{
	file->ready &= ~(events | EPOLL_ALWAYS);
}

/* Before the file's descriptor is closed. */
void reactor_unwatch(struct file *file);
/* Anew for the same events, of which it is told again. -errno: its number is not that of a file in
 * the set, or not any more. */
int reactor_watch_again(struct file *file);

/* False: a file that epoll refuses. Otherwise it is in the set now, for these events. */
bool reactor_can_poll(struct file *file, uint32_t events);
/* An eventfd that is to wake whoever sleeps in reactor_sleep(). 0 or -errno. */
int reactor_add_wakeup(struct uring *ring, int fd);

/* Handles what is ready now, without waiting. */
void reactor_poll(struct uring *ring);
/*
 * Sleeps until something happens, `timeout_ns` pass (TIME_NEVER: for ever) or a signal comes, and
 * handles it. 0, -EINTR, or what else keeps it from sleeping. `sigmask`: as in ppoll(2), or NULL.
 */
int reactor_sleep(struct uring *ring, int64_t timeout_ns, const sigset_t *sigmask);
/* A thread that may have slept leaves enter: if others sleep beside it, one takes its place. */
void reactor_leave(struct uring *ring);
/* If a thread sleeps as the reactor: there is more to do than it knew of, or earlier. */
void reactor_kick(struct uring *ring);
/* Wakes whoever sleeps in reactor_sleep(), and raises the ring's descriptor. */
void reactor_wake(struct uring *ring);
/* An enter that does not wait found nothing: the descriptor may be lowered. */
void reactor_lower(struct uring *ring);

/* One sleep's length at most: longer ones are slept in pieces. */
#define EPOLL_SLEEP_MAX 3600000000000LL

/*
 * epoll_pwait2(2); where there is none (before Linux 5.11, or in a filter that does not know it)
 * its elder, which counts milliseconds. Without any lock; `ns` is at most EPOLL_SLEEP_MAX.
 */
long epoll_sleep(int fd, struct epoll_event *events, int count, int64_t ns,
		 const sigset_t *sigmask);

#endif
