/* SPDX-License-Identifier: MIT */
/* Descriptors that the engine holds: registered files, and duplicates for requests that wait. */
#ifndef ANYRING_USER_FILES_H
#define ANYRING_USER_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "user/alloc.h"
#include "user/list.h"

struct uring;
struct request;

/* Bits of file.known: what was found out about it, so that it need not be asked again. */
enum {
	FILE_KIND_KNOWN = 1 << 0,
	FILE_REGULAR = 1 << 1, /* or a block device: always ready, polls nothing */
	FILE_SOCKET = 1 << 2,
	FILE_TCP = 1 << 3,
	FILE_NO_POLL = 1 << 4,	      /* epoll refused it */
	FILE_DIRECT = 1 << 5,	      /* O_DIRECT, as of when it was asked */
	FILE_STREAM_POS = 1 << 6,     /* has no position: pipes, sockets */
	FILE_LINGERS = 1 << 8,	      /* see linger.h */
	FILE_PROTOCOL_KNOWN = 1 << 9, /* FILE_TCP and FILE_STREAM are true */
	FILE_STREAM = 1 << 10,	      /* a SOCK_STREAM socket */
	FILE_BORROWED = 1 << 11,      /* its descriptor is the application's: borrow.c */
	FILE_REGISTERED = 1 << 7, /* in a table: stays watched, and lives longer than requests */
};

/* A descriptor of the engine's own. Counted under the ring's lock. */
struct file {
	uint32_t known;
	uint32_t ready;	     /* EPOLL* events seen and not used up since */
	struct list waiters; /* requests, by request.queue */
	int fd;
	uint32_t watched; /* EPOLL* events it is in the epoll set for, edge-triggered; 0: it is not
			   */
	uint32_t watch;	  /* its place in reactor.watches, while watched */
	unsigned refs;
	struct uring *ring;
	struct list linger;   /* lingerers.idle, while no request has it */
	int linger_fd;	      /* the application's descriptor */
	struct list borrowed; /* uring.borrowed, if it is that */
	uint64_t tag;	      /* posted as user_data when the file is let go; 0: nothing */
} __attribute__((aligned(CACHE_LINE)));

struct file_slot {
	struct file *file; /* NULL: empty */
};

struct file_table {
	struct file_slot *slots; /* NULL: no table */
	unsigned count;
	unsigned alloc_start, alloc_end; /* IORING_REGISTER_FILE_ALLOC_RANGE */
	unsigned alloc_hint;
};

/* All under the ring's lock. */

/* The memory of one: refs 1. NULL: there is none. */
struct file *file_alloc(struct uring *ring, int fd);
/* A file of a new descriptor, which it takes; refs 1. NULL: out of memory, `fd` is closed. */
struct file *file_new(struct uring *ring, int fd);
static inline void file_hold(struct file *file)
{
	file->refs++;
}

/* One reference, or none, is left. */
void file_idle(struct file *file);

/* The last reference closes it. */
static inline void file_put(struct file *file)
{
	if (__builtin_expect(--file->refs <= 1, 0))
		file_idle(file);
}

/*
 * Makes req->sysfd what system calls are to use. A registered file is held until the request ends.
 * -EBADF: there is none, or the application has closed what was borrowed.
 */
int request_file(struct request *req);
/* Before it waits: from now on the request has a duplicate of its own, whatever the application
 * does to the descriptor. 0 or -errno (-EBADF, -EMFILE, -ENOMEM). */
int request_hold_file(struct request *req);
/* A duplicate beyond the application's own descriptors, close-on-exec. -errno. */
int duplicate_fd(int fd);
/* The application's own limit of descriptors. */
uint64_t descriptor_limit(void);
/* Moves a descriptor there; where there is no room it stays. An error passes through. */
int own_fd(int fd);
/* Is it open, and for more than its path? Where Linux takes a descriptor, O_PATH opens none. */
bool fd_has_file(int fd);
/* Are these descriptors of one open file? */
bool same_file(int a, int b);
/* The same by the kernel's own word, which it gives since Linux 6.10; before: false. */
bool same_file_surely(int a, int b);

/* ---- borrow.c -------------------------------------------------------------------------------- */

/* For who is to wait on a descriptor that cannot be duplicated: req->file is that of the
 * application then, to be watched at once. 0 or -ENOMEM. */
int borrow_file(struct request *req);
/* Is its number still that of the file? Asks the kernel. */
bool borrow_is_there(struct file *file);
/* The engine has got a number, so that no borrowed file has it any more. */
void borrow_number_is_new(struct uring *ring, int fd);
/* Frees one that nobody holds. */
void borrow_end(struct file *file);

/* ---- file_table.c ---------------------------------------------------------------------------- */

/* The file at a slot (not held), or NULL. */
struct file *files_at(struct uring *ring, unsigned index);
/* Makes the table, of empty slots. 0, -EBUSY, -EINVAL, -EMFILE, -ENOMEM. */
int files_make(struct uring *ring, unsigned count);
/*
 * Puts a duplicate of the application's `fd` into a slot, which is empty, with a tag or 0. 0,
 * -EBADF (also for a ring, which would keep itself alive), -EMFILE, -ENOMEM.
 */
int files_set(struct uring *ring, unsigned index, int fd, uint64_t tag);
/*
 * Puts `fd`, which it takes, into a slot; `file_index` is as SQEs have it: 1 + index, or
 * IORING_FILE_INDEX_ALLOC. Returns 0, or with ALLOC the index; -ENXIO (no table), -EINVAL (beyond
 * it), -ENFILE (with ALLOC: full, or no table), -ENOMEM; then `fd` is closed.
 */
int files_install(struct uring *ring, int fd, unsigned file_index);
/* True if there is a slot that IORING_FILE_INDEX_ALLOC would choose. */
bool files_have_room(const struct uring *ring);
/* Empties a slot: 0, -ENXIO, -EINVAL, -EBADF. */
int files_remove(struct uring *ring, unsigned index);
void files_free(struct uring *ring);

#endif
