/* SPDX-License-Identifier: MIT */
/*
 * Requests end with who submitted them: a thread that exits takes its own along, but for
 * timeouts, I/O of disks, and what is cancelled only when its file is ready, and a process that
 * dies leaves a record of them in the ring's shared memory, by which others who hold the ring
 * complete them.
 */
#ifndef ANYRING_USER_OWNER_H
#define ANYRING_USER_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct uring;
struct request;

/* Requests of one ring, of all processes together, that can be recorded. */
#define OWNED_MAX 200

/* A request that is pending; in the shared memory of the ring. */
struct owned {
	uint64_t user_data;
	pid_t pid;
};

struct owned_table {
	uint32_t kept; /* more than one process uses the ring, or did */
	uint32_t count;
	struct owned at[OWNED_MAX];
};

/* ---- Threads --------------------------------------------------------------------------------- */

extern __thread bool owner_thread_known;

void owner_new_thread(void);
/* The calling thread has to do with rings: from now on its end is noticed. */
static inline void owner_note_thread(void)
{
	if (__builtin_expect(!owner_thread_known, 0))
		owner_new_thread();
}

/* ---- Processes: under the ring's lock -------------------------------------------------------- */

void owner_record(struct request *req);
void owner_erase(struct request *req);
/* Completes the requests of processes that died. */
void owner_bury(struct uring *ring);
/* True if other processes have requests here. */
bool owner_has_others(const struct uring *ring);

#endif
