/* SPDX-License-Identifier: MIT */
/* Resources of a ring, by the engine's own entrance: memory that it maps, rings that take turns. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <anyring.h>
#include <liburing.h>

#include "cases/check.h"
#include "cases/jobs.h"
#include "user/user.h"

#define PAGE	4096
#define ENTRIES 32

static void open_ring(struct io_uring *ring, unsigned flags)
{
	check(!io_uring_queue_init(ENTRIES, ring, flags), "no ring");
	check(anyring_ring_engine(ring) == ANYRING_USER, "not the user engine");
}

static int read_selected(struct io_uring *ring, int fd, unsigned *flags)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct io_uring_cqe *cqe;
	int res;

	io_uring_prep_read(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = 3;
	check(io_uring_submit_and_wait(ring, 1) == 1, "not submitted");
	check(!io_uring_peek_cqe(ring, &cqe), "no completion");
	res = cqe->res;
	*flags = cqe->flags;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

/* ---- Memory of the engine's ------------------------------------------------------------------ */

static void buffer_rings_are_mapped(void)
{
	const unsigned long long offset = IORING_OFF_PBUF_RING | 3ULL << IORING_OFF_PBUF_SHIFT;
	struct io_uring_buf_reg reg = { .ring_entries = 4, .bgid = 3 };
	struct io_uring_buf_ring *br;
	struct io_uring ring;
	unsigned flags;
	char bytes[16];
	void *memory;
	int fds[2];

	open_ring(&ring, 0);
	check(!pipe(fds), "no pipe");
	check(user_map(ring.ring_fd, offset, PAGE, &memory) == -EINVAL, "mapped what is not there");
	check(!io_uring_register_buf_ring(&ring, &reg, IOU_PBUF_RING_MMAP), "not registered");
	check(user_map(ring.ring_fd, offset, PAGE + 1, &memory) == -EINVAL, "more than there is");
	check(!user_map(ring.ring_fd, offset, 64, &memory), "not mapped");
	br = memory;
	io_uring_buf_ring_add(br, bytes, sizeof(bytes), 7, 3, 0);
	io_uring_buf_ring_advance(br, 1);
	check(write(fds[1], "data", 4) == 4, "not written");
	check(read_selected(&ring, fds[0], &flags) == 4, "not read");
	check(flags == (7 << IORING_CQE_BUFFER_SHIFT | IORING_CQE_F_BUFFER), "%#x", flags);
	check(!memcmp(bytes, "data", 4), "other bytes");
	/* The mapping outlives the registration, and the ring. */
	check(!io_uring_unregister_buf_ring(&ring, 3), "not unregistered");
	check(user_map(ring.ring_fd, offset, PAGE, &memory) == -EINVAL, "mapped what has gone");
	io_uring_queue_exit(&ring);
	br->tail = 5;
	munmap(br, PAGE);
}

static void regions_are_mapped(void)
{
	struct io_uring_region_desc desc = { .size = 2 * PAGE };
	struct io_uring_mem_region_reg reg = { .region_uptr = (uintptr_t)&desc,
					       .flags = IORING_MEM_REGION_REG_WAIT_ARG };
	struct io_uring_reg_wait *waits;
	struct io_uring ring;
	void *memory;
	int ret;

	open_ring(&ring, IORING_SETUP_R_DISABLED);
	check(!io_uring_register_region(&ring, &reg), "not registered");
	check(!io_uring_enable_rings(&ring), "not enabled");
	check(!user_map(ring.ring_fd, desc.mmap_offset, 2 * PAGE, &memory), "not mapped");
	waits = memory;
	waits[100] = (struct io_uring_reg_wait){ .ts = { .tv_nsec = 1000000 },
						 .flags = IORING_REG_WAIT_TS };
	ret = io_uring_enter2((unsigned)ring.ring_fd, 0, 1,
			      IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG |
				      IORING_ENTER_EXT_ARG_REG,
			      (void *)(uintptr_t)(100 * sizeof(*waits)), sizeof(*waits));
	check(ret == -ETIME, "the wait gives %d", ret);
	io_uring_queue_exit(&ring);
	munmap(memory, 2 * PAGE);
}

/* ---- Many at once ---------------------------------------------------------------------------- */

struct pair {
	struct io_uring *dst, *src;
};

static void *clone_often(void *arg)
{
	struct pair *pair = arg;

	for (unsigned i = 0; i < 2000; i++) {
		int ret = io_uring_clone_buffers_offset(pair->dst, pair->src, 0, 0, 2,
							IORING_REGISTER_DST_REPLACE);

		check(!ret, "cloning gives %d", ret);
	}
	return NULL;
}

/* Neither waits for the other's lock with its own held. */
static void rings_clone_each_other(void)
{
	static char bytes[2][PAGE];
	struct iovec iovs[2] = { { bytes[0], PAGE }, { bytes[1], PAGE } };
	struct io_uring a, b;
	struct pair ab = { &a, &b }, ba = { &b, &a };
	pthread_t thread;

	open_ring(&a, 0);
	open_ring(&b, 0);
	check(!io_uring_register_buffers(&a, iovs, 2), "not registered");
	check(!io_uring_register_buffers(&b, iovs, 2), "not registered");
	check(!pthread_create(&thread, NULL, clone_often, &ab), "no thread");
	clone_often(&ba);
	pthread_join(thread, NULL);
	check(!io_uring_unregister_buffers(&a), "no table");
	io_uring_queue_exit(&a);
	io_uring_queue_exit(&b);
}

/* ---- Resizing -------------------------------------------------------------------------------- */

#define POLLS	    ENTRIES
#define POLL_ROUNDS 4000

struct resized {
	int fd; /* atomic; -1: not set up yet */
	bool stop;
};

static void *resize_often(void *arg)
{
	struct resized *shared = arg;
	struct io_uring resized;

	open_ring(&resized, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	/* Release: it is there; pairs with polled_while_resized(). */
	__atomic_store_n(&shared->fd, resized.ring_fd, __ATOMIC_RELEASE);
	for (unsigned i = 0; !__atomic_load_n(&shared->stop, __ATOMIC_RELAXED); i++) {
		struct io_uring_params p = { .sq_entries = i & 1 ? 8 : 16 };

		check(!io_uring_resize_rings(&resized, &p), "not resized");
	}
	io_uring_queue_exit(&resized);
	return NULL;
}

static void polled_while_resized(void)
{
	struct resized shared = { .fd = -1 };
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	pthread_t thread;
	int fd;

	open_ring(&ring, 0);
	check(!pthread_create(&thread, NULL, resize_often, &shared), "no thread");
	/* Acquire: pairs with resize_often(). */
	while ((fd = __atomic_load_n(&shared.fd, __ATOMIC_ACQUIRE)) < 0)
		usleep(100);
	for (unsigned i = 0; i < POLL_ROUNDS; i++) {
		for (unsigned k = 0; k < POLLS; k++)
			io_uring_prep_poll_add(io_uring_get_sqe(&ring), fd, POLLOUT);
		check(io_uring_submit(&ring) == POLLS, "not submitted");
		for (unsigned k = 0; k < POLLS; k++) {
			check(!io_uring_wait_cqe(&ring, &cqe) && cqe->res == POLLOUT, "no room");
			io_uring_cqe_seen(&ring, cqe);
		}
	}
	__atomic_store_n(&shared.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	io_uring_queue_exit(&ring);
}

/* Workers each take a buffer of their own, while the table's lock is dropped for the reads. */
static void workers_take_each_their_own(void)
{
	enum {
		READS = 8
	};
	struct io_uring_buf_ring *br;
	struct io_uring_cqe *cqe;
	static char bytes[READS][16];
	unsigned seen = 0;
	struct io_uring ring;
	FILE *file = tmpfile();
	int ret;

	check(file && fwrite("0123456789", 10, 1, file) == 1 && !fflush(file), "no file");
	open_ring(&ring, 0);
	br = io_uring_setup_buf_ring(&ring, READS, 3, 0, &ret);
	check(br, "no ring of buffers: %d", ret);
	for (int i = 0; i < READS; i++)
		io_uring_buf_ring_add(br, bytes[i], 16, (unsigned short)i, READS - 1, i);
	io_uring_buf_ring_advance(br, READS);
	for (int i = 0; i < READS; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

		io_uring_prep_read(sqe, fileno(file), NULL, 0, 0);
		sqe->flags |= IOSQE_BUFFER_SELECT | IOSQE_ASYNC;
		sqe->buf_group = 3;
	}
	check(io_uring_submit_and_wait(&ring, READS) == READS, "not submitted");
	while (!io_uring_peek_cqe(&ring, &cqe)) {
		unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;

		check(cqe->res == 10, "res %d", cqe->res);
		check(id < READS && !memcmp(bytes[id], "0123456789", 10), "buffer %u", id);
		seen |= 1U << id;
		io_uring_cqe_seen(&ring, cqe);
	}
	check(seen == (1U << READS) - 1, "buffers %#x", seen);
	io_uring_queue_exit(&ring);
	fclose(file);
}

/* The numbers of registered files are not those that the application's limit counts. */
static void files_are_beyond_the_limit(void)
{
	struct rlimit limit = { .rlim_cur = 64, .rlim_max = 1024 };
	int fds[60], low = dup(0);
	struct io_uring ring;

	check(!setrlimit(RLIMIT_NOFILE, &limit), "no limit");
	open_ring(&ring, 0);
	for (int i = 0; i < 60; i++)
		fds[i] = 0;
	check(!io_uring_register_files(&ring, fds, 60), "not registered");
	for (int i = 0; i < 40; i++)
		check(dup(0) >= 0, "the application has no room, at %d", i);
	close(low);
	check(dup(0) == low, "another number is the lowest");
	io_uring_queue_exit(&ring);
}

/* A thread of its own opens a FIFO that nobody writes to; it is called back as a worker is. */
static void another_identity_is_interrupted(void)
{
	char folder[] = "/tmp/anyring-resources-XXXXXX", name[64];
	struct io_uring_sync_cancel_reg cancel = { .addr = 1, .timeout = { -1, -1 } };
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int root, ret;

	if (geteuid())
		case_skip("only root can become somebody else");
	check(mkdtemp(folder), "no folder");
	snprintf(name, sizeof(name), "%s/fifo", folder);
	check(!mkfifo(name, 0600), "no FIFO");
	open_ring(&ring, 0);
	root = io_uring_register_personality(&ring);
	check(root > 0, "no personality: %d", root);
	check(!seteuid(65534), "still root");
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_openat(sqe, AT_FDCWD, name, O_RDONLY, 0);
	sqe->user_data = 1;
	sqe->personality = (unsigned short)root;
	check(io_uring_submit(&ring) == 1, "not submitted");
	usleep(20000);
	ret = io_uring_register_sync_cancel(&ring, &cancel);
	check(!ret, "cancelling gives %d", ret);
	check(!io_uring_wait_cqe(&ring, &cqe), "no completion");
	/* Not -EACCES: it was root who waited. */
	check(cqe->res == -EINTR || cqe->res == -ECANCELED, "res %d", cqe->res);
	io_uring_queue_exit(&ring);
	check(!seteuid(0) && !unlink(name) && !rmdir(folder), "something is left");
}

static const struct test_case cases[] = {
	{ "rings of buffers that the engine provides can be mapped",
	  .run = buffer_rings_are_mapped },
	{ "regions that the engine provides can be mapped", .run = regions_are_mapped },
	{ "a ring is polled while another thread resizes it", .run = polled_while_resized },
	{ "two rings clone each other's buffers at once", .run = rings_clone_each_other },
	{ "workers take each a buffer of their own", .run = workers_take_each_their_own },
	{ "a request as somebody else can be interrupted", .run = another_identity_is_interrupted },
	{ "registered files leave the application its descriptors",
	  .run = files_are_beyond_the_limit },
	{ 0 },
};

int main(int argc, char **argv)
{
	check(!anyring_set_engine(ANYRING_USER), "no user engine");
	return jobs_main(argc, argv, "resources", cases);
}
