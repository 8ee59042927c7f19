/* SPDX-License-Identifier: MIT */
/* io_uring_register(2). */
#include "user/op/msg_ring.h"
#include "user/process.h"
#include "user/register.h"
#include "user/rings.h"
#include "user/sys.h"
#include "user/user.h"

/* By opcode. Those that the engine does not have are empty. */
static const struct register_call calls[REGISTER_CALLS] = {
	[IORING_REGISTER_BUFFERS] = { register_buffers, 0 },
	[IORING_UNREGISTER_BUFFERS] = { unregister_buffers, CALL_NO_ARG },
	[IORING_REGISTER_FILES] = { register_files, 0 },
	[IORING_UNREGISTER_FILES] = { unregister_files, CALL_NO_ARG },
	[IORING_REGISTER_EVENTFD] = { register_eventfd, 0 },
	[IORING_UNREGISTER_EVENTFD] = { unregister_eventfd, CALL_NO_ARG },
	[IORING_REGISTER_FILES_UPDATE] = { register_files_update, 0 },
	[IORING_REGISTER_EVENTFD_ASYNC] = { register_eventfd_async, 0 },
	[IORING_REGISTER_PROBE] = { register_probe, 0 },
	[IORING_REGISTER_PERSONALITY] = { register_personality, CALL_NO_ARG },
	[IORING_UNREGISTER_PERSONALITY] = { unregister_personality, 0 },
	[IORING_REGISTER_RESTRICTIONS] = { register_restrictions, 0 },
	[IORING_REGISTER_ENABLE_RINGS] = { register_enable_rings, CALL_NO_ARG },
	[IORING_REGISTER_FILES2] = { register_files2, 0 },
	[IORING_REGISTER_FILES_UPDATE2] = { register_files_update2, 0 },
	[IORING_REGISTER_BUFFERS2] = { register_buffers2, 0 },
	[IORING_REGISTER_BUFFERS_UPDATE] = { register_buffers_update, 0 },
	[IORING_REGISTER_IOWQ_AFF] = { register_iowq_aff, 0 },
	[IORING_UNREGISTER_IOWQ_AFF] = { unregister_iowq_aff, CALL_NO_ARG },
	[IORING_REGISTER_IOWQ_MAX_WORKERS] = { register_iowq_max_workers, 0 },
	[IORING_REGISTER_RING_FDS] = { register_ring_fds, CALL_UNLOCKED },
	[IORING_UNREGISTER_RING_FDS] = { unregister_ring_fds, CALL_UNLOCKED },
	[IORING_REGISTER_PBUF_RING] = { register_pbuf_ring, CALL_ONE },
	[IORING_UNREGISTER_PBUF_RING] = { unregister_pbuf_ring, CALL_ONE },
	[IORING_REGISTER_FILE_ALLOC_RANGE] = { register_file_alloc_range, 0 },
	[IORING_REGISTER_SYNC_CANCEL] = { register_sync_cancel, CALL_ONE },
	[IORING_REGISTER_PBUF_STATUS] = { register_pbuf_status, CALL_ONE },
	[IORING_REGISTER_NAPI] = { register_napi, CALL_ONE },
	[IORING_UNREGISTER_NAPI] = { register_napi, 0 },
	[IORING_REGISTER_CLOCK] = { register_clock, 0 },
	[IORING_REGISTER_CLONE_BUFFERS] = { register_clone_buffers, CALL_ONE | CALL_UNLOCKED },
	[IORING_REGISTER_ZCRX_IFQ] = { register_zcrx_ifq, CALL_ONE },
	[IORING_REGISTER_RESIZE_RINGS] = { register_resize_rings, CALL_ONE },
	[IORING_REGISTER_MEM_REGION] = { register_mem_region, CALL_ONE },
	[IORING_REGISTER_QUERY] = { register_query, CALL_UNLOCKED },
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

/* On descriptor -1: what concerns no ring in particular. */
static int register_blind(unsigned opcode, const void *arg, unsigned nr_args)
{
	if (opcode == IORING_REGISTER_QUERY)
		return register_query(NULL, arg, nr_args);
	if (opcode == IORING_REGISTER_SEND_MSG_RING)
		return msg_ring_sync(arg, nr_args);
	return -EINVAL;
}

int user_register(unsigned fd, unsigned opcode, const void *arg, unsigned nr_args)
{
	bool by_index = opcode & IORING_REGISTER_USE_REGISTERED_RING;
	struct uring *ring;
	int ret = 0;

	opcode &= ~(unsigned)IORING_REGISTER_USE_REGISTERED_RING;
	if (opcode >= REGISTER_CALLS)
		return -EINVAL;
	if (fd == UINT32_MAX && !by_index)
		return register_blind(opcode, arg, nr_args);
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
