/* SPDX-License-Identifier: MIT */
/*
 * What the conformance cases share. A case is a function that returns when all it promises held;
 * it runs in a process of its own, on the engine that main() chose, and must work on any of them:
 * it uses liburing's API only, and never asks which engine it is on. It starts in an empty folder
 * of its own on a real disk, with SIGPIPE ignored, and ends by itself within seconds.
 */
#ifndef TEST_CONFORMANCE_H
#define TEST_CONFORMANCE_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <liburing.h>

#include "cases/check.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct conformance_case {
	const char *name; /* a sentence that is true, such as "a read past the end gives 0" */
	void (*run)(void);
};

/* Each ends with an empty row. */
extern const struct conformance_case setup_cases[];
extern const struct conformance_case flags_cases[];
extern const struct conformance_case nop_cases[];
extern const struct conformance_case rw_cases[];
extern const struct conformance_case stream_cases[];
extern const struct conformance_case direct_cases[];
extern const struct conformance_case fixed_cases[];
extern const struct conformance_case select_cases[];
extern const struct conformance_case file_cases[];
extern const struct conformance_case path_cases[];
extern const struct conformance_case names_cases[];
extern const struct conformance_case xattr_cases[];
extern const struct conformance_case splice_cases[];
extern const struct conformance_case reserved_cases[];
extern const struct conformance_case message_cases[];
extern const struct conformance_case sending_cases[];
extern const struct conformance_case waitall_cases[];
extern const struct conformance_case msghdr_cases[];
extern const struct conformance_case receive_cases[];
extern const struct conformance_case bundle_cases[];
extern const struct conformance_case zero_copy_cases[];
extern const struct conformance_case socket_cases[];
extern const struct conformance_case accept_cases[];
extern const struct conformance_case buffers_cases[];
extern const struct conformance_case buffer_ring_cases[];
extern const struct conformance_case poll_cases[];
extern const struct conformance_case epoll_cases[];
extern const struct conformance_case link_cases[];
extern const struct conformance_case drain_cases[];
extern const struct conformance_case timeout_cases[];
extern const struct conformance_case turn_cases[];
extern const struct conformance_case timeout_change_cases[];
extern const struct conformance_case link_timeout_cases[];
extern const struct conformance_case pending_cases[];
extern const struct conformance_case cancel_cases[];
extern const struct conformance_case wait_cases[];
extern const struct conformance_case overflow_cases[];
extern const struct conformance_case sqpoll_cases[];
extern const struct conformance_case iopoll_cases[];
extern const struct conformance_case thread_cases[];
extern const struct conformance_case process_cases[];
extern const struct conformance_case register_cases[];
extern const struct conformance_case eventfd_cases[];
extern const struct conformance_case setting_cases[];
extern const struct conformance_case tables_cases[];
extern const struct conformance_case restrict_cases[];
extern const struct conformance_case pinned_cases[];
extern const struct conformance_case child_cases[];
extern const struct conformance_case entry_cases[];
extern const struct conformance_case region_cases[];
extern const struct conformance_case slots_cases[];
extern const struct conformance_case behind_cases[];
extern const struct conformance_case between_cases[];
extern const struct conformance_case futex_cases[];
extern const struct conformance_case command_cases[];

/* Sets the engine that all cases run on, and says which. False: there is none of that name. */
bool choose_engine(const char *name);

/* ---- Checks: cases/check.h has check(condition, "what is wrong") ----------------------------- */

/* Compares integers and shows both, with the name of the error if one is negative. */
#define expect(got, want) expect_at(__FILE__, __LINE__, #got, (long long)(got), (long long)(want))
void expect_at(const char *file, int line, const char *what, long long got, long long want);

/* A system call of the case's own, which must work. Returns what it returned. */
#define sys(call) sys_at(__FILE__, __LINE__, #call, (long)(call))
long sys_at(const char *file, int line, const char *what, long ret);

/* ---- Skips: each ends the case, saying what is missing --------------------------------------- */

/* On the kernel engine only: ends the case if the kernel is older. The user engine has it all. */
void need_linux(unsigned major, unsigned minor, const char *what);
/*
 * Ends the case on the user engine, which differs here: docs/semantics.md has a section of that
 * title, and says which test pins what it does instead.
 */
void kernel_only(const char *section);
/* Asks the probe. */
void need_op(int opcode, const char *what);
void need_feature(const struct io_uring *ring, unsigned feature, const char *what);
/* For what only trying tells, such as an address family: says why in one line. */
void skip_because_of(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* ---- Rings ----------------------------------------------------------------------------------- */

/* Never returns on failure. Skips where the engine lacks one of the flags, or, as try_ring(), where
 * the kernel engine is asked for and io_uring is refused. */
void open_ring(struct io_uring *ring, unsigned entries, unsigned flags);
/* For set-up that is itself the subject: 0 or -errno. */
int try_ring(struct io_uring *ring, unsigned entries, struct io_uring_params *p);

/* The next SQE, with `data`; fails the case if the queue is full. Prepare it AFTER getting it. */
struct io_uring_sqe *new_sqe(struct io_uring *ring);
/* Call it after the prep: sets user_data and flags (IOSQE_*). */
void set_sqe(struct io_uring_sqe *sqe, uint64_t data, unsigned flags);
/* Submits all, and checks that all `count` were taken. */
#define submit(ring, count) expect(io_uring_submit(ring), count)

/* A completion, copied, since reaping gives its slot back. `extra`: a CQE32's second half. */
struct answer {
	uint64_t data;
	int res;
	unsigned flags;
	uint64_t extra[2];
};

/* The next completion, waiting at most 10 s for it: a case that waits longer has failed. */
struct answer next_answer(struct io_uring *ring);
/* `count` completions, in the order of their user_data. For requests that may end in any order. */
void sorted_answers(struct io_uring *ring, struct answer *answers, unsigned count);
/* Reaps the next and checks all but its flags / all of it. */
#define expect_answer(ring, data, res) \
	expect_answer_at(__FILE__, __LINE__, next_answer(ring), data, res)
#define expect_full_answer(ring, data, res, flags) \
	expect_full_answer_at(__FILE__, __LINE__, next_answer(ring), data, res, flags)
void expect_answer_at(const char *file, int line, struct answer a, uint64_t data, int res);
void expect_full_answer_at(const char *file, int line, struct answer a, uint64_t data, int res,
			   unsigned flags);
/* Submits the one request prepared and returns its completion. */
struct answer run_one(struct io_uring *ring);
/* Checks that no completion is there, nor comes up within `ms`. */
#define expect_none(ring, ms) expect_none_at(__FILE__, __LINE__, ring, ms)
void expect_none_at(const char *file, int line, struct io_uring *ring, unsigned ms);
/* io_uring_register(2) by the ring's descriptor, for arguments that the library would not pass. */
int register_raw(struct io_uring *ring, unsigned opcode, const void *arg, unsigned nr_args);
/* The least proof that a ring works: a nop's completion, and nothing else. */
void expect_usable(struct io_uring *ring);

/* ---- Files, sockets, time -------------------------------------------------------------------- */

/*
 * A file without a name of `size` bytes, byte i being pattern(i), open for reading and writing. A
 * case that wants names has them to itself: it starts in an empty folder of its own, removed later.
 */
int scratch_file(size_t size);
uint8_t pattern(size_t i);
void expect_pattern(const void *data, size_t offset, size_t size);
void make_pipe(int fds[2]);
/* Both ends of a connected TCP pair over loopback / of a UNIX stream pair. */
void tcp_pair(int fds[2]);
void unix_pair(int fds[2]);
/* A TCP listener on a loopback port of its own. */
int tcp_listener(struct sockaddr_in *addr);
bool fd_is_open(int fd);

#define MILLISECONDS(ms)                                    \
	((struct __kernel_timespec){ .tv_sec = (ms) / 1000, \
				     .tv_nsec = (long long)((ms) % 1000) * 1000000 })

#endif
