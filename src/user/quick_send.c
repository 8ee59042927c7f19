/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include "user/quick_send.h"
#include "user/sys.h"
#include "user/uring.h"

/* The other flags need a request. */
#define SQE_FLAGS_QUICK (IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS)

/* Nothing about the ring keeps the SQE from being issued at once. In step with prepare(). */
static bool is_open(const struct uring *ring)
{
	return !ring->chain.head && !ring->draining && !ring->drain_next && !ring->gathered &&
	       !ring->restrictions.enforced && !(ring->setup_flags & IORING_SETUP_IOPOLL);
}

static void post_sent(struct uring *ring, uint64_t user_data, unsigned sqe_flags, int64_t sent)
{
	if (sqe_flags & IOSQE_CQE_SKIP_SUCCESS)
		ring->skipped_cqe = true;
	else
		cq_post(ring, &(struct completion){ .user_data = user_data, .res = (int32_t)sent });
}

int64_t quick_send(struct uring *ring, const struct op *op, const struct io_uring_sqe *sqe)
{
	unsigned sqe_flags = __atomic_load_n(&sqe->flags, __ATOMIC_RELAXED);
	const struct file *file = NULL;
	struct quick_send send;
	int fd = sqe->fd;
	int64_t ret;

	if (sqe_flags & ~SQE_FLAGS_QUICK || sqe->personality || !is_open(ring))
		return QUICK_UNTRIED;
	if (sqe_flags & IOSQE_FIXED_FILE) {
		file = files_at(ring, (unsigned)fd);
		if (!file)
			return QUICK_UNTRIED;
		fd = file->fd;
	}
	if (!op->quick(ring, sqe, file, &send))
		return QUICK_UNTRIED;
	ret = SYS(sendto, fd, send.addr, send.len, send.flags | MSG_DONTWAIT, NULL, 0);
	if (__builtin_expect(ret == (int64_t)send.len, 1)) {
		post_sent(ring, sqe->user_data, sqe_flags, ret);
		return QUICK_DONE;
	}
	/* op.quick may have guessed that it is one. */
	return ret == -ENOTSOCK ? QUICK_UNTRIED : ret;
}
