/* SPDX-License-Identifier: MIT */
/* A ring of the user engine. */
#ifndef ANYRING_USER_URING_H
#define ANYRING_USER_URING_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "liburing/io_uring.h"
#include "user/buffers.h"
#include "user/cq.h"
#include "user/files.h"
#include "user/groups.h"
#include "user/linger.h"
#include "user/list.h"
#include "user/lock.h"
#include "user/op/write_order.h"
#include "user/owner.h"
#include "user/personality.h"
#include "user/reactor.h"
#include "user/request.h"
#include "user/restrict.h"
#include "user/shared_memory.h"
#include "user/timer.h"
#include "user/watchdog.h"

/* The features that io_uring_params.features says: all of Linux 6.18. */
#define USER_FEATURES ((IORING_FEAT_NO_IOWAIT << 1) - 1)

/* The flags that are known: all of Linux 6.18, too. */
#define SETUP_FLAGS_VALID ((IORING_SETUP_CQE_MIXED << 1) - 1)
#define ENTER_FLAGS_VALID ((IORING_ENTER_NO_IOWAIT << 1) - 1)
#define SQE_FLAGS_VALID	  ((IOSQE_CQE_SKIP_SUCCESS << 1) - 1)

#define SQ_ENTRIES_MAX 32768U
#define CQ_ENTRIES_MAX (2 * SQ_ENTRIES_MAX)

/* Both queues' indices, in front of the CQEs; the kernel's layout since 5.4. Shared with the
 * application, which may write anything here at any time: read once, check, then use. */
struct ring_header {
	uint32_t sq_head, sq_tail;
	uint32_t cq_head, cq_tail;
	uint32_t sq_mask, cq_mask;
	uint32_t sq_entries, cq_entries;
	uint32_t sq_dropped;
	uint32_t sq_flags;
	uint32_t cq_flags;
	uint32_t cq_overflow;
	uint32_t unused[4];
};

/* Shared by all processes that inherited the ring, but not with the application. On a page of its
 * own, in front of the queues as they were first made. */
struct ring_shared {
	uint32_t lock;	       /* protects this, both queues, and struct uring of each process */
	uint32_t wake_seq;     /* grows with each wake-up: what those sleep on who are no reactor */
	uint32_t seq_sleepers; /* how many those are */
	uint32_t set_sleepers; /* threads asleep in an inner epoll set */
	uint32_t unwoken;      /* how many of those were woken and have not come back yet */
	uint32_t event_raised; /* the eventfd's count is not 0 */
	struct owned_table owned;
	uint32_t sq_room;	  /* grows as an SQPOLL thread takes SQEs; who waits for room ... */
	uint32_t sq_room_waiters; /* ... sleeps on it */
};

/* The memory of a ring. Offsets are the same in all processes. */
struct ring_memory {
	struct shared_memory own; /* none with IORING_SETUP_NO_MMAP */
	struct ring_header *header;
	size_t header_size; /* with the CQEs and the array */
	char *sqes;
	size_t sqes_size;
	uint32_t *sq_array; /* NULL with IORING_SETUP_NO_SQARRAY */
	char *cqes;
	uint32_t sq_entries, cq_entries; /* the application may overwrite the header's copies */
};

/* Where new requests go. */
enum drain_state {
	DRAIN_NONE,    /* they are issued */
	DRAIN_ACTIVE,  /* through uring.drained */
	DRAIN_FOLLOWS, /* into uring.ready, after what is there: until the submission ends */
};

/* Linked requests, from the first to the last so far. */
struct chain {
	struct request *head, *last;
};

struct uring {
	unsigned refs; /* users, and whoever works on it; see ring_put(); atomic */
	struct uring *next_spare;
	struct ring_memory mem; /* from here on all is new with each ring */
	struct ring_shared *shared;
	uint32_t setup_flags; /* IORING_SETUP_* */
	uint8_t sqe_shift;    /* log2 of the bytes of an SQE, a CQE */
	uint8_t cqe_shift;
	bool disabled;	/* IORING_SETUP_R_DISABLED, not enabled yet */
	bool closing;	/* nothing is started any more */
	unsigned users; /* the descriptor, and registrations of it: without any it ends; atomic */
	unsigned epoch; /* the process that struct uring is true for */
	int fd;		/* the ring's descriptor, or -1 */
	uint64_t id;	/* never used twice in a process, its parents and children */
	struct list tracked;  /* among all rings: see rings.h */
	pid_t forker;	      /* the thread that took the lock in order to fork, or 0 */
	pid_t submitter;      /* the thread that submits just now, under the lock */
	clockid_t wait_clock; /* of the timeouts of enter (IORING_REGISTER_CLOCK) */
	pid_t issuer;	      /* with IORING_SETUP_SINGLE_ISSUER: the thread; 0 until known */

	struct request *free; /* by request.link */
	struct list slabs;    /* where requests come from */
	struct list pending;  /* started and not ended, by request.all */
	struct list ready;    /* to be issued next, by request.queue */
	struct list again;    /* to be issued in the next round */
	struct list drained;  /* IOSQE_IO_DRAIN and what came after, by request.queue */
	unsigned running;     /* requests begun and not ended, those of `drained` not counted */
	struct chain chain;   /* being put together from links */
	bool skipped_cqe;     /* IOSQE_CQE_SKIP_SUCCESS was used: no drain any more */
	bool worker_queued;   /* since workers_wake() */
	unsigned pooled;      /* the process in whose pool of workers it counts, or 0 */
	bool gathered;	      /* reads, that are to be done: see aio.h */
	uint8_t draining;     /* enum drain_state */
	int refused;	      /* by issue(), what prep() would have if it had looked */
	bool drain_next;      /* the next that is not of this chain drains */

	struct cq_state cq;
	struct reactor reactor;
	struct timers timers;
	struct watched watched;
	struct file_table files;
	struct buffer_table buffers;
	struct group_table groups;
	struct lingerers lingerers;
	struct list borrowed; /* files without a descriptor of their own */
	struct restrictions restrictions;
	struct sqpoll *sqpoll;	 /* under LOCK_SQPOLL; who finds the ring not closing has it */
	struct list sqpoll_link; /* among the rings of its thread */
	bool sqpoll_live;	 /* atomic: the thread may submit */
	struct aio *aio;
	struct write_lane write_lanes[WRITE_LANES];
	struct regions *regions;
	struct personalities personalities;
};

static inline struct ring_shared *shared_of(const struct uring *ring)
{
	return ring->shared;
}

/* Requests wait for nothing but that somebody issues or completes them. */
static inline bool has_work(const struct uring *ring)
{
	return !list_is_empty(&ring->again) || !list_is_empty(&ring->cq.deferred);
}

static inline void ring_lock(struct uring *ring)
{
	lock_take(&ring->shared->lock);
}

static inline void ring_unlock(struct uring *ring)
{
	lock_drop(&ring->shared->lock);
}

/*
 * At the engine's entrances. -EDEADLK: a signal's handler has interrupted this thread in the middle
 * of another call for the ring. -EBADF: the ring was shut down since its descriptor was looked up.
 * Without an error the lock is held.
 */
static inline int ring_enter(struct uring *ring)
{
	uint32_t *lock = &ring->shared->lock;

	if (!lock_try(lock)) {
		if (lock_is_mine(lock))
			return -EDEADLK;
		lock_slow(lock, (uint32_t)thread_id());
	}
	if (__builtin_expect(!ring->closing, 1))
		return 0;
	ring_unlock(ring);
	return -EBADF;
}

/* For code that runs both inline, where the lock is held, and in workers, where it is not. */
static inline void issue_lock(struct uring *ring, enum issue_how how)
{
	if (how & HOW_WORKER)
		ring_lock(ring);
}

static inline void issue_unlock(struct uring *ring, enum issue_how how)
{
	if (how & HOW_WORKER)
		ring_unlock(ring);
}

/* ---- setup.c, for those that make rings anew ------------------------------------------------- */

/* sq_entries and cq_entries from what was asked for: 0 or -EINVAL. */
int params_entries(unsigned entries, struct io_uring_params *p);
/* Memory for the queues of these parameters. 0 or -errno. */
int memory_map(struct ring_memory *mem, const struct io_uring_params *p);
/* Gives it back, but for the application's. */
void memory_unmap(struct ring_memory *mem);
void fill_header(struct ring_memory *mem);
void fill_offsets(const struct ring_memory *mem, struct io_uring_params *p);
void uring_init_lists(struct uring *ring);

/* ---- rings.c, setup.c, close.c --------------------------------------------------------------- */

/* The ring of a descriptor, with a reference, or NULL. *error: -EBADF, -EOPNOTSUPP. */
struct uring *ring_get(unsigned fd, int *error);
/* The same by an index of the calling thread's (IORING_ENTER_REGISTERED_RING). */
struct uring *ring_get_registered(unsigned index, int *error);
void ring_hold(struct uring *ring);
/* Gives a reference back. The last frees the ring. Without the lock. */
void ring_put(struct uring *ring);
/* A descriptor or registration goes; the last shuts the ring down. Without the lock. */
void ring_drop_user(struct uring *ring);
/* Cancels all that is under way, waits for what cannot be, and frees what it holds. */
void ring_shut_down(struct uring *ring);
/* Under the lock: makes an inherited ring the calling process's. 0 or -errno. */
int ring_adopt(struct uring *ring);

#endif
