/* SPDX-License-Identifier: MIT */
/* The register calls: each answers 0, a count, or -errno, and runs under the ring's lock unless
 * its row says otherwise. */
#ifndef ANYRING_USER_REGISTER_H
#define ANYRING_USER_REGISTER_H

#include <stddef.h>

#include "user/uring.h"

/* Those of Linux 6.18; beyond that there is none. */
#define REGISTER_CALLS (IORING_REGISTER_QUERY + 1)

/* What is checked of the arguments before the call, with -EINVAL. */
enum {
	CALL_NO_ARG = 1 << 0, /* arg is NULL, nr_args 0 */
	CALL_ONE = 1 << 1,    /* arg is not NULL, nr_args 1 */
	/* And how it runs: without the ring's lock, as it has to do with other rings, too. */
	CALL_UNLOCKED = 1 << 2,
};

struct register_call {
	int (*run)(struct uring *ring, const void *arg, unsigned nr_args);
	unsigned flags;
};

/* For fields that must be 0. */
static inline bool is_zero(const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size && !at[size - 1])
		size--;
	return !size;
}

/* clone_buffers.c */
int register_clone_buffers(struct uring *ring, const void *arg, unsigned nr_args);

/* op/cancel.c */
int register_sync_cancel(struct uring *ring, const void *arg, unsigned nr_args);
/* group_ring.c */
int register_pbuf_ring(struct uring *ring, const void *arg, unsigned nr_args);
int unregister_pbuf_ring(struct uring *ring, const void *arg, unsigned nr_args);
int register_pbuf_status(struct uring *ring, const void *arg, unsigned nr_args);
/* personality.c */
int register_personality(struct uring *ring, const void *arg, unsigned nr_args);
int unregister_personality(struct uring *ring, const void *arg, unsigned id);
/* probe.c */
int register_probe(struct uring *ring, const void *arg, unsigned nr_args);
/* query.c */
int register_query(struct uring *ring, const void *arg, unsigned nr_args);
/* regions.c */
int register_mem_region(struct uring *ring, const void *arg, unsigned nr_args);
/* resize.c */
int register_resize_rings(struct uring *ring, const void *arg, unsigned nr_args);
/* register_buffers.c */
int register_buffers(struct uring *ring, const void *arg, unsigned nr_args);
int unregister_buffers(struct uring *ring, const void *arg, unsigned nr_args);
int register_buffers2(struct uring *ring, const void *arg, unsigned size);
int register_buffers_update(struct uring *ring, const void *arg, unsigned size);
/* register_eventfd.c */
int register_eventfd(struct uring *ring, const void *arg, unsigned nr_args);
int register_eventfd_async(struct uring *ring, const void *arg, unsigned nr_args);
int unregister_eventfd(struct uring *ring, const void *arg, unsigned nr_args);
/* register_files.c */
int register_files(struct uring *ring, const void *arg, unsigned nr_args);
int unregister_files(struct uring *ring, const void *arg, unsigned nr_args);
int register_files_update(struct uring *ring, const void *arg, unsigned nr_args);
int register_files2(struct uring *ring, const void *arg, unsigned size);
int register_files_update2(struct uring *ring, const void *arg, unsigned size);
int register_file_alloc_range(struct uring *ring, const void *arg, unsigned nr_args);
/* register_rings.c */
int register_ring_fds(struct uring *ring, const void *arg, unsigned nr_args);
int unregister_ring_fds(struct uring *ring, const void *arg, unsigned nr_args);
/* register_settings.c */
int register_clock(struct uring *ring, const void *arg, unsigned nr_args);
int register_iowq_aff(struct uring *ring, const void *arg, unsigned size);
int unregister_iowq_aff(struct uring *ring, const void *arg, unsigned nr_args);
int register_iowq_max_workers(struct uring *ring, const void *arg, unsigned nr_args);
int register_napi(struct uring *ring, const void *arg, unsigned nr_args);
int register_zcrx_ifq(struct uring *ring, const void *arg, unsigned nr_args);
/* restrict.c */
int register_restrictions(struct uring *ring, const void *arg, unsigned nr_args);
int register_enable_rings(struct uring *ring, const void *arg, unsigned nr_args);

#endif
