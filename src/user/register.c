/* SPDX-License-Identifier: MIT */
/* io_uring_register(2). */
#include "user/op/msg_ring.h"
#include "user/process.h"
#include "user/register.h"
#include "user/rings.h"
#include "user/sys.h"
#include "user/user.h"

/* By opcode. Those that the engine does not have are empty. */
static const struct register_call calls[IORING_REGISTER_LAST] = {
	[IORING_REGISTER_BUFFERS] = { register_buffers, 0 },
	[IORING_UNREGISTER_BUFFERS] = { unregister_buffers, CALL_NO_ARG },
	[IORING_REGISTER_FILES] = { register_files, 0 },
	[IORING_UNREGISTER_FILES] = { unregister_files, CALL_NO_ARG },
	[IORING_REGISTER_FILES_UPDATE] = { register_files_update, 0 },
	[IORING_REGISTER_PROBE] = { register_probe, 0 },
	[IORING_REGISTER_FILES2] = { register_files2, 0 },
	[IORING_REGISTER_FILES_UPDATE2] = { register_files_update2, 0 },
	[IORING_REGISTER_BUFFERS2] = { register_buffers2, 0 },
	[IORING_REGISTER_BUFFERS_UPDATE] = { register_buffers_update, 0 },
	[IORING_REGISTER_PBUF_RING] = { register_pbuf_ring, CALL_ONE },
	[IORING_UNREGISTER_PBUF_RING] = { unregister_pbuf_ring, CALL_ONE },
	[IORING_REGISTER_FILE_ALLOC_RANGE] = { register_file_alloc_range, 0 },
	[IORING_REGISTER_SYNC_CANCEL] = { register_sync_cancel, CALL_ONE },
	[IORING_REGISTER_PBUF_STATUS] = { register_pbuf_status, CALL_ONE },
	[IORING_REGISTER_CLONE_BUFFERS] = { register_clone_buffers, CALL_ONE | CALL_UNLOCKED },
};

static int check_call(struct uring *ring, unsigned opcode, const void *arg, unsigned nr_args)
{
	const struct register_call *call = &calls[opcode];

	if (ring->closing)
		return -ENXIO;
	if (ring->setup_flags & IORING_SETUP_SINGLE_ISSUER && ring->issuer &&
	    ring->issuer != thread_id())
		return -EEXIST;
	if (!restrict_allows_register(&ring->restrictions, opcode))
		return -EACCES;
	if (!call->run || (call->flags & CALL_NO_ARG && (arg || nr_args)) ||
	    (call->flags & CALL_ONE && (!arg || nr_args != 1)))
		return -EINVAL;
	return 0;
}

static int run_call(struct uring *ring, unsigned opcode, const void *arg, unsigned nr_args)
{
	const struct register_call *call = &calls[opcode];
	int ret = check_call(ring, opcode, arg, nr_args);

	if (ret)
		return ret;
	if (call->flags & CALL_UNLOCKED)
		ring_unlock(ring);
	ret = call->run(ring, arg, nr_args);
	if (call->flags & CALL_UNLOCKED)
		ring_lock(ring);
	return ret;
}

int user_register(unsigned fd, unsigned opcode, const void *arg, unsigned nr_args)
{
	bool by_index = opcode & IORING_REGISTER_USE_REGISTERED_RING;
	struct uring *ring;
	int ret = 0;

	opcode &= ~(unsigned)IORING_REGISTER_USE_REGISTERED_RING;
	if (opcode >= IORING_REGISTER_LAST)
		return -EINVAL;
	/* For those who have no ring, and for them only. */
	if (fd == -1U && opcode == IORING_REGISTER_SEND_MSG_RING)
		return msg_ring_sync(arg, nr_args);
	ring = by_index ? ring_get_registered(fd, &ret) : ring_get(fd, &ret);
	if (!ring)
		return ret;
	ret = ring_enter(ring);
	if (ret)
		goto put;
	if (ring->epoch != process_epoch())
		ret = ring_adopt(ring);
	if (!ret)
		ret = run_call(ring, opcode, arg, nr_args);
	cq_announce(ring);
	ring_unlock(ring);
put:
	ring_put(ring);
	return ret;
}
