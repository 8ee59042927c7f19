/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "user/aio.h"
#include "user/alloc.h"
#include "user/kind.h"
#include "user/op/rw.h"
#include "user/submit.h"
#include "user/sys.h"

/* In flight at once; more wait for their turn. */
#define CAPACITY 256

/* Submitted by one call. */
#define BATCH 64

/* Descriptors of which it is remembered what they are good for, and for how many requests:
 * that a number was closed and opened anew is noticed after so many. */
#define REMEMBERED   64
#define USES_PER_ASK 64

/* What the kernel has at the address that is the context: since Linux 3.1, so fio and others. */
#define SHARED_MAGIC 0xa10a10a1U

struct shared {
	uint32_t id, entries;
	uint32_t head, tail;
	uint32_t magic, compat_features, incompat_features, header_length;
	struct io_event events[];
};

struct remembered {
	int fd;
	uint8_t uses; /* left; 0: nothing is known */
	uint8_t use;  /* enum aio_use */
	uint64_t identity;
};

struct aio {
	aio_context_t context;
	bool broken; /* refused: workers do it */
	int eventfd; /* signalled with each completion, and in the inner epoll set */
	struct list queue;
	unsigned in_flight;
	unsigned at_once; /* of those, reads that were gathered */
	struct request *gathered[BATCH];
	unsigned gathered_count;
	uint64_t given, signalled; /* to the kernel, ever; by the eventfd, as far as it was read */
	bool settling;
	uint32_t round;
	struct remembered remembered[REMEMBERED];
};

/* ---- Which files ----------------------------------------------------------------------------- */

static struct aio *aio_of(struct uring *ring)
{
	struct aio *aio = ring->aio;

	if (aio || ring->closing)
		return aio;
	aio = user_zalloc(1, sizeof(*aio));
	if (!aio)
		return NULL;
	aio->eventfd = -1;
	list_init(&aio->queue);
	ring->aio = aio;
	return aio;
}

static struct remembered *place_of(struct aio *aio, int fd)
{
	return &aio->remembered[(unsigned)fd % REMEMBERED];
}

static enum aio_use use_of(uint32_t known)
{
	if (known & FILE_DIRECT)
		return AIO_DIRECT;
	return known & FILE_REGULAR ? AIO_GATHER : AIO_NONE;
}

static void ask(struct remembered *r, int fd)
{
	struct kind kind = kind_with_flags(fd);

	*r = (struct remembered){
		.fd = fd,
		.uses = kind.known ? USES_PER_ASK : 0,
		.use = use_of(kind.known),
		.identity = kind.identity,
	};
}

enum aio_use aio_use(struct request *req)
{
	struct remembered *r;
	struct aio *aio;

	if (req->file)
		return use_of(request_kind(req));
	aio = aio_of(req->ring);
	if (!aio)
		return AIO_NONE;
	r = place_of(aio, req->fd);
	if (r->fd != req->fd || !r->uses)
		ask(r, req->fd);
	if (r->uses)
		r->uses--;
	rw_of(req)->identity = r->identity;
	return r->use;
}

void aio_new_fd(struct uring *ring, int fd)
{
	if (ring->aio)
		place_of(ring->aio, fd)->uses = 0;
}

/* ---- Opening, ending ------------------------------------------------------------------------- */

static bool open_context(struct uring *ring, struct aio *aio)
{
	if (aio->broken || aio->context)
		return !aio->broken;
	aio->eventfd = own_fd((int)SYS(eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (aio->eventfd < 0 || reactor_add_wakeup(ring, aio->eventfd) ||
	    SYS(io_setup, CAPACITY, &aio->context)) {
		aio->context = 0;
		aio->broken = true;
	}
	return !aio->broken;
}

void aio_forget(struct uring *ring)
{
	struct aio *aio = ring->aio;

	ring->aio = NULL;
	if (!aio)
		return;
	/* The context is not inherited, nor is the memory it is seen by good for anything. */
	if (aio->eventfd >= 0)
		SYS(close, aio->eventfd);
	user_free(aio);
}

/* ---- Gathering ------------------------------------------------------------------------------- */

bool aio_queue(struct request *req)
{
	struct uring *ring = req->ring;
	struct aio *aio = aio_of(ring);

	if (!aio || !open_context(ring, aio))
		return false;
	list_add_tail(&aio->queue, &req->queue);
	request_pend(req, REQ_ARMED);
	ring->reactor.armed++;
	return true;
}

static void take_off(struct request *req)
{
	req->ring->reactor.armed--;
	request_unpend(req);
}

bool aio_cancel(struct request *req)
{
	if (list_is_empty(&req->queue))
		return false;
	list_del(&req->queue);
	req->ring->reactor.armed--;
	return true;
}

static void fill(struct aio *aio, struct iocb *cb, struct request *req)
{
	struct rw *rw = rw_of(req);
	bool writes = rw->state & RW_WRITE;

	memset(cb, 0, sizeof(*cb));
	cb->aio_data = (uintptr_t)req;
	cb->aio_lio_opcode = writes ? IOCB_CMD_PWRITEV : IOCB_CMD_PREADV;
	cb->aio_buf = (uintptr_t)rw->vecs;
	cb->aio_nbytes = rw->count;
	if (rw->count == 1) {
		cb->aio_lio_opcode = writes ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
		cb->aio_buf = (uintptr_t)rw->vecs->iov_base;
		cb->aio_nbytes = rw->left;
	}
	cb->aio_fildes = (uint32_t)req->sysfd;
	cb->aio_offset = rw->offset;
	/* What cannot be started without waiting is a worker's. */
	cb->aio_rw_flags = rw->flags | RWF_NOWAIT;
	rw->round = aio->round;
	if (rw->state & RW_GATHERED)
		return;
	cb->aio_flags = IOCB_FLAG_RESFD;
	cb->aio_resfd = (uint32_t)aio->eventfd;
	if (rw->ioprio) {
		cb->aio_flags |= IOCB_FLAG_IOPRIO;
		cb->aio_reqprio = (int16_t)rw->ioprio;
	}
}

/* ---- Ending ---------------------------------------------------------------------------------- */

static void ended(struct aio *aio, struct request *req, long res)
{
	bool at_once = rw_of(req)->round == aio->round;

	if (!(rw_of(req)->state & RW_GATHERED))
		take_off(req);
	if (at_once && res < 0 && !req->file)
		place_of(aio, req->fd)->uses = 0;
	rw_aio_ended(req, res, at_once);
}

static void ended_event(struct aio *aio, const struct io_event *event)
{
	struct request *req = (void *)(uintptr_t)event->data;

	aio->in_flight--;
	if (rw_of(req)->state & RW_GATHERED)
		aio->at_once--;
	ended(aio, req, (long)event->res);
}

/* Asks the kernel for all, or waits for at least `min` of them. */
static void reap_by_call(struct aio *aio, unsigned min)
{
	struct timespec at_once = { 0 };
	struct io_event events[BATCH];
	long count;

	do {
		count = SYS(io_getevents, aio->context, min, BATCH, events, min ? NULL : &at_once);
		for (long i = 0; i < count; i++)
			ended_event(aio, &events[i]);
	} while (count == BATCH && !min);
}

static void reap(struct aio *aio)
{
	struct shared *shared = (void *)aio->context;
	uint32_t head, tail;

	if (!aio->in_flight)
		return;
	if (shared->magic != SHARED_MAGIC || shared->incompat_features) {
		reap_by_call(aio, 0);
		return;
	}
	head = shared->head;
	/* Acquire: the events before it are complete; pairs with the kernel's barrier. */
	tail = __atomic_load_n(&shared->tail, __ATOMIC_ACQUIRE);
	while (head != tail) {
		struct io_event event = shared->events[head];

		head = (head + 1) % shared->entries;
		/* Release: we have read the event, and the kernel may use its place. */
		__atomic_store_n(&shared->head, head, __ATOMIC_RELEASE);
		ended_event(aio, &event);
	}
}

/*
 * With nothing in flight the eventfd is to be 0, or the ring's descriptor would say for ever that
 * there is something to be done. The kernel signals it a moment after the event can be seen, so it
 * is looked at until all have come.
 */
static void settle(struct uring *ring, struct aio *aio)
{
	uint64_t count = 0;
	bool settling;

	if (aio->in_flight || aio->given == aio->signalled)
		return;
	if (SYS(read, aio->eventfd, &count, sizeof(count)) > 0)
		aio->signalled += count;
	settling = aio->given != aio->signalled;
	if (settling && !aio->settling)
		ring->reactor.armed++;
	else if (!settling && aio->settling)
		ring->reactor.armed--;
	aio->settling = settling;
}

/* ---- Submitting ------------------------------------------------------------------------------ */

/* The next of the queue, off it: or NULL, if as many are in flight as may be. */
static struct request *next(struct aio *aio, unsigned taken)
{
	struct request *req;

	if (list_is_empty(&aio->queue) || aio->in_flight + taken == CAPACITY || taken == BATCH)
		return NULL;
	req = list_entry(aio->queue.next, struct request, queue);
	list_del(&req->queue);
	return req;
}

/* One that the kernel would not have. False: for now, as there are too many. */
static bool refused(struct aio *aio, struct request *req, long error)
{
	if (error == -EAGAIN && aio->in_flight)
		return false;
	if (error == -ENOSYS || error == -EPERM)
		aio->broken = true;
	ended(aio, req, error);
	return true;
}

/* Puts those from `i` on back in front of the queue. */
static void put_back(struct aio *aio, struct request **reqs, unsigned i, unsigned count)
{
	struct list back;

	list_init(&back);
	for (; i < count; i++)
		list_add_tail(&back, &reqs[i]->queue);
	list_splice_tail(&back, &aio->queue);
	list_splice_tail(&aio->queue, &back);
}

/* False: no more can be submitted now. */
static bool submit_batch(struct aio *aio)
{
	struct iocb cbs[BATCH], *pointers[BATCH];
	struct request *reqs[BATCH];
	unsigned count = 0, i = 0;

	while ((reqs[count] = next(aio, count))) {
		fill(aio, &cbs[count], reqs[count]);
		pointers[count] = &cbs[count];
		count++;
		if (count == BATCH)
			break;
	}
	while (i < count) {
		long ret = SYS(io_submit, aio->context, count - i, &pointers[i]);

		if (ret > 0) {
			aio->in_flight += (unsigned)ret;
			aio->given += (uint64_t)ret;
			i += (unsigned)ret;
		} else if (!refused(aio, reqs[i], ret)) {
			put_back(aio, reqs, i, count);
			return false;
		} else {
			i++;
		}
	}
	return count;
}

/* Those that stay in the queue outlive the call that brought them, and so must their files. */
static void hold_files(struct aio *aio)
{
	list_for_each(link, &aio->queue)
	{
		struct request *req = list_entry(link, struct request, queue);
		int ret = request_hold_file(req);

		if (ret) {
			list_del(&req->queue);
			take_off(req);
			request_fail(req, ret);
		}
	}
}

/* The kernel does them all within the call, and reports those it came to an end with. */
static void do_batch(struct aio *aio, struct request **reqs, unsigned count)
{
	struct iocb cbs[BATCH], *pointers[BATCH];
	unsigned i = 0;

	for (unsigned k = 0; k < count; k++) {
		fill(aio, &cbs[k], reqs[k]);
		pointers[k] = &cbs[k];
	}
	while (i < count) {
		long ret = SYS(io_submit, aio->context, count - i, &pointers[i]);

		if (ret > 0) {
			aio->in_flight += (unsigned)ret;
			aio->at_once += (unsigned)ret;
			i += (unsigned)ret;
		} else {
			ended(aio, reqs[i++], ret);
		}
	}
	reap(aio);
	/* None that we know leaves one for later; if one did, nothing would tell us of its end. */
	while (aio->at_once)
		reap_by_call(aio, 1);
}

void aio_do_gathered(struct uring *ring)
{
	struct aio *aio = ring->aio;
	struct request *reqs[BATCH];
	unsigned count = aio->gathered_count;

	ring->gathered = false;
	aio->gathered_count = 0;
	memcpy(reqs, aio->gathered, count * sizeof(*reqs));
	if (count == 1) {
		rw_of(reqs[0])->round = aio->round;
		ended(aio, reqs[0], rw_transfer(reqs[0], RWF_NOWAIT));
	} else {
		do_batch(aio, reqs, count);
	}
	aio->round++;
}

bool aio_gather(struct request *req)
{
	struct uring *ring = req->ring;
	struct aio *aio = aio_of(ring);

	if (!aio || !open_context(ring, aio))
		return false;
	if (aio->gathered_count == BATCH)
		aio_do_gathered(ring);
	rw_of(req)->state |= RW_GATHERED;
	ring->gathered = true;
	aio->gathered[aio->gathered_count++] = req;
	return true;
}

bool aio_submit(struct uring *ring)
{
	struct aio *aio = ring->aio;
	unsigned before = aio->in_flight;
	bool submitted = false;

	if (list_is_empty(&aio->queue))
		return false;
	while (submit_batch(aio))
		submitted = true;
	if (aio->in_flight != before)
		reap(aio);
	aio->round++;
	hold_files(aio);
	return submitted;
}

void aio_run_some(struct uring *ring)
{
	struct aio *aio = ring->aio;

	reap(aio);
	do {
		run_ready(ring);
	} while (aio_submit(ring) || !list_is_empty(&ring->ready));
	settle(ring, aio);
}

void aio_finish(struct uring *ring)
{
	struct aio *aio = ring->aio;

	if (!aio)
		return;
	while (aio->in_flight)
		reap_by_call(aio, 1);
	if (aio->context)
		SYS(io_destroy, aio->context);
	if (aio->settling)
		ring->reactor.armed--;
	aio_forget(ring);
}
