/* SPDX-License-Identifier: MIT */
/*
 * What the system's <linux/io_uring.h> has in common with ours. The two share a guard, so each is
 * seen by its own source file, which makes a table of it from these lists; a test compares them.
 * Only what Linux 6.1's header has may stand here: that is Debian 12's.
 */
#ifndef ABI_NAMES_H
#define ABI_NAMES_H

#include <stddef.h>

struct abi_entry {
	const char *name;
	long long value;
};

/* Of the system's header; the length is 0 where it is missing, or older than 6.1. */
extern const struct abi_entry abi_system[];
extern const size_t abi_system_len;

/* clang-format off */

#define ABI_CONSTANTS(X) \
	X(IORING_FILE_INDEX_ALLOC) X(IOSQE_FIXED_FILE_BIT) X(IOSQE_IO_DRAIN_BIT) \
	X(IOSQE_IO_LINK_BIT) X(IOSQE_IO_HARDLINK_BIT) X(IOSQE_ASYNC_BIT) \
	X(IOSQE_BUFFER_SELECT_BIT) X(IOSQE_CQE_SKIP_SUCCESS_BIT) \
	X(IOSQE_FIXED_FILE) X(IOSQE_IO_DRAIN) X(IOSQE_IO_LINK) X(IOSQE_IO_HARDLINK) X(IOSQE_ASYNC) \
	X(IOSQE_BUFFER_SELECT) X(IOSQE_CQE_SKIP_SUCCESS) \
	X(IORING_SETUP_IOPOLL) X(IORING_SETUP_SQPOLL) X(IORING_SETUP_SQ_AFF) \
	X(IORING_SETUP_CQSIZE) X(IORING_SETUP_CLAMP) X(IORING_SETUP_ATTACH_WQ) \
	X(IORING_SETUP_R_DISABLED) X(IORING_SETUP_SUBMIT_ALL) X(IORING_SETUP_COOP_TASKRUN) \
	X(IORING_SETUP_TASKRUN_FLAG) X(IORING_SETUP_SQE128) X(IORING_SETUP_CQE32) \
	X(IORING_SETUP_SINGLE_ISSUER) X(IORING_SETUP_DEFER_TASKRUN) \
	X(IORING_OP_NOP) X(IORING_OP_READV) X(IORING_OP_WRITEV) X(IORING_OP_FSYNC) \
	X(IORING_OP_READ_FIXED) X(IORING_OP_WRITE_FIXED) X(IORING_OP_POLL_ADD) \
	X(IORING_OP_POLL_REMOVE) X(IORING_OP_SYNC_FILE_RANGE) X(IORING_OP_SENDMSG) \
	X(IORING_OP_RECVMSG) X(IORING_OP_TIMEOUT) X(IORING_OP_TIMEOUT_REMOVE) X(IORING_OP_ACCEPT) \
	X(IORING_OP_ASYNC_CANCEL) X(IORING_OP_LINK_TIMEOUT) X(IORING_OP_CONNECT) \
	X(IORING_OP_FALLOCATE) X(IORING_OP_OPENAT) X(IORING_OP_CLOSE) X(IORING_OP_FILES_UPDATE) \
	X(IORING_OP_STATX) X(IORING_OP_READ) X(IORING_OP_WRITE) X(IORING_OP_FADVISE) \
	X(IORING_OP_MADVISE) X(IORING_OP_SEND) X(IORING_OP_RECV) X(IORING_OP_OPENAT2) \
	X(IORING_OP_EPOLL_CTL) X(IORING_OP_SPLICE) X(IORING_OP_PROVIDE_BUFFERS) \
	X(IORING_OP_REMOVE_BUFFERS) X(IORING_OP_TEE) X(IORING_OP_SHUTDOWN) X(IORING_OP_RENAMEAT) \
	X(IORING_OP_UNLINKAT) X(IORING_OP_MKDIRAT) X(IORING_OP_SYMLINKAT) X(IORING_OP_LINKAT) \
	X(IORING_OP_MSG_RING) X(IORING_OP_FSETXATTR) X(IORING_OP_SETXATTR) X(IORING_OP_FGETXATTR) \
	X(IORING_OP_GETXATTR) X(IORING_OP_SOCKET) X(IORING_OP_URING_CMD) X(IORING_OP_SEND_ZC) \
	X(IORING_OP_SENDMSG_ZC) \
	X(IORING_URING_CMD_FIXED) X(IORING_FSYNC_DATASYNC) X(SPLICE_F_FD_IN_FIXED) \
	X(IORING_TIMEOUT_ABS) X(IORING_TIMEOUT_UPDATE) X(IORING_TIMEOUT_BOOTTIME) \
	X(IORING_TIMEOUT_REALTIME) X(IORING_LINK_TIMEOUT_UPDATE) X(IORING_TIMEOUT_ETIME_SUCCESS) \
	X(IORING_TIMEOUT_CLOCK_MASK) X(IORING_TIMEOUT_UPDATE_MASK) \
	X(IORING_POLL_ADD_MULTI) X(IORING_POLL_UPDATE_EVENTS) X(IORING_POLL_UPDATE_USER_DATA) \
	X(IORING_POLL_ADD_LEVEL) \
	X(IORING_ASYNC_CANCEL_ALL) X(IORING_ASYNC_CANCEL_FD) X(IORING_ASYNC_CANCEL_ANY) \
	X(IORING_ASYNC_CANCEL_FD_FIXED) X(IORING_ASYNC_CANCEL_USERDATA) X(IORING_ASYNC_CANCEL_OP) \
	X(IORING_RECVSEND_POLL_FIRST) X(IORING_RECV_MULTISHOT) X(IORING_RECVSEND_FIXED_BUF) \
	X(IORING_SEND_ZC_REPORT_USAGE) X(IORING_NOTIF_USAGE_ZC_COPIED) X(IORING_ACCEPT_MULTISHOT) \
	X(IORING_MSG_DATA) X(IORING_MSG_SEND_FD) X(IORING_MSG_RING_CQE_SKIP) \
	X(IORING_CQE_F_BUFFER) X(IORING_CQE_F_MORE) X(IORING_CQE_F_SOCK_NONEMPTY) \
	X(IORING_CQE_F_NOTIF) X(IORING_CQE_BUFFER_SHIFT) \
	X(IORING_OFF_SQ_RING) X(IORING_OFF_CQ_RING) X(IORING_OFF_SQES) X(IORING_OFF_MMAP_MASK) \
	X(IORING_SQ_NEED_WAKEUP) X(IORING_SQ_CQ_OVERFLOW) X(IORING_SQ_TASKRUN) \
	X(IORING_CQ_EVENTFD_DISABLED) \
	X(IORING_ENTER_GETEVENTS) X(IORING_ENTER_SQ_WAKEUP) X(IORING_ENTER_SQ_WAIT) \
	X(IORING_ENTER_EXT_ARG) X(IORING_ENTER_REGISTERED_RING) \
	X(IORING_FEAT_SINGLE_MMAP) X(IORING_FEAT_NODROP) X(IORING_FEAT_SUBMIT_STABLE) \
	X(IORING_FEAT_RW_CUR_POS) X(IORING_FEAT_CUR_PERSONALITY) X(IORING_FEAT_FAST_POLL) \
	X(IORING_FEAT_POLL_32BITS) X(IORING_FEAT_SQPOLL_NONFIXED) X(IORING_FEAT_EXT_ARG) \
	X(IORING_FEAT_NATIVE_WORKERS) X(IORING_FEAT_RSRC_TAGS) X(IORING_FEAT_CQE_SKIP) \
	X(IORING_FEAT_LINKED_FILE) \
	X(IORING_REGISTER_BUFFERS) X(IORING_UNREGISTER_BUFFERS) X(IORING_REGISTER_FILES) \
	X(IORING_UNREGISTER_FILES) X(IORING_REGISTER_EVENTFD) X(IORING_UNREGISTER_EVENTFD) \
	X(IORING_REGISTER_FILES_UPDATE) X(IORING_REGISTER_EVENTFD_ASYNC) X(IORING_REGISTER_PROBE) \
	X(IORING_REGISTER_PERSONALITY) X(IORING_UNREGISTER_PERSONALITY) \
	X(IORING_REGISTER_RESTRICTIONS) X(IORING_REGISTER_ENABLE_RINGS) X(IORING_REGISTER_FILES2) \
	X(IORING_REGISTER_FILES_UPDATE2) X(IORING_REGISTER_BUFFERS2) \
	X(IORING_REGISTER_BUFFERS_UPDATE) X(IORING_REGISTER_IOWQ_AFF) \
	X(IORING_UNREGISTER_IOWQ_AFF) X(IORING_REGISTER_IOWQ_MAX_WORKERS) \
	X(IORING_REGISTER_RING_FDS) X(IORING_UNREGISTER_RING_FDS) X(IORING_REGISTER_PBUF_RING) \
	X(IORING_UNREGISTER_PBUF_RING) X(IORING_REGISTER_SYNC_CANCEL) \
	X(IORING_REGISTER_FILE_ALLOC_RANGE) \
	X(IO_WQ_BOUND) X(IO_WQ_UNBOUND) X(IORING_RSRC_REGISTER_SPARSE) \
	X(IORING_REGISTER_FILES_SKIP) X(IO_URING_OP_SUPPORTED) X(IORING_RESTRICTION_REGISTER_OP) \
	X(IORING_RESTRICTION_SQE_OP) X(IORING_RESTRICTION_SQE_FLAGS_ALLOWED) \
	X(IORING_RESTRICTION_SQE_FLAGS_REQUIRED)

#define ABI_STRUCTS(X) \
	X(io_uring_sqe) X(io_uring_cqe) X(io_sqring_offsets) X(io_cqring_offsets) \
	X(io_uring_params) X(io_uring_files_update) X(io_uring_rsrc_register) \
	X(io_uring_rsrc_update) X(io_uring_rsrc_update2) X(io_uring_probe_op) X(io_uring_probe) \
	X(io_uring_restriction) X(io_uring_buf) X(io_uring_buf_ring) X(io_uring_buf_reg) \
	X(io_uring_getevents_arg) X(io_uring_sync_cancel_reg) X(io_uring_file_index_range) \
	X(io_uring_recvmsg_out)

#define ABI_FIELDS(X) \
	X(io_uring_sqe, opcode) X(io_uring_sqe, flags) X(io_uring_sqe, ioprio) X(io_uring_sqe, fd) \
	X(io_uring_sqe, off) X(io_uring_sqe, addr2) X(io_uring_sqe, cmd_op) X(io_uring_sqe, addr) \
	X(io_uring_sqe, splice_off_in) X(io_uring_sqe, len) X(io_uring_sqe, rw_flags) \
	X(io_uring_sqe, fsync_flags) X(io_uring_sqe, poll_events) X(io_uring_sqe, poll32_events) \
	X(io_uring_sqe, sync_range_flags) X(io_uring_sqe, msg_flags) \
	X(io_uring_sqe, timeout_flags) X(io_uring_sqe, accept_flags) X(io_uring_sqe, cancel_flags) \
	X(io_uring_sqe, open_flags) X(io_uring_sqe, statx_flags) X(io_uring_sqe, fadvise_advice) \
	X(io_uring_sqe, splice_flags) X(io_uring_sqe, rename_flags) X(io_uring_sqe, unlink_flags) \
	X(io_uring_sqe, hardlink_flags) X(io_uring_sqe, xattr_flags) \
	X(io_uring_sqe, msg_ring_flags) X(io_uring_sqe, uring_cmd_flags) \
	X(io_uring_sqe, user_data) X(io_uring_sqe, buf_index) X(io_uring_sqe, buf_group) \
	X(io_uring_sqe, personality) X(io_uring_sqe, splice_fd_in) X(io_uring_sqe, file_index) \
	X(io_uring_sqe, addr_len) X(io_uring_sqe, addr3) \
	X(io_uring_cqe, user_data) X(io_uring_cqe, res) X(io_uring_cqe, flags) \
	X(io_sqring_offsets, head) X(io_sqring_offsets, tail) X(io_sqring_offsets, ring_mask) \
	X(io_sqring_offsets, ring_entries) X(io_sqring_offsets, flags) \
	X(io_sqring_offsets, dropped) X(io_sqring_offsets, array) \
	X(io_cqring_offsets, head) X(io_cqring_offsets, tail) X(io_cqring_offsets, ring_mask) \
	X(io_cqring_offsets, ring_entries) X(io_cqring_offsets, overflow) \
	X(io_cqring_offsets, cqes) X(io_cqring_offsets, flags) \
	X(io_uring_params, sq_entries) X(io_uring_params, cq_entries) X(io_uring_params, flags) \
	X(io_uring_params, sq_thread_cpu) X(io_uring_params, sq_thread_idle) \
	X(io_uring_params, features) X(io_uring_params, wq_fd) X(io_uring_params, sq_off) \
	X(io_uring_params, cq_off) \
	X(io_uring_files_update, offset) X(io_uring_files_update, fds) \
	X(io_uring_rsrc_register, nr) X(io_uring_rsrc_register, flags) \
	X(io_uring_rsrc_register, data) X(io_uring_rsrc_register, tags) \
	X(io_uring_rsrc_update, offset) X(io_uring_rsrc_update, data) \
	X(io_uring_rsrc_update2, offset) X(io_uring_rsrc_update2, data) \
	X(io_uring_rsrc_update2, tags) X(io_uring_rsrc_update2, nr) \
	X(io_uring_probe_op, op) X(io_uring_probe_op, flags) \
	X(io_uring_probe, last_op) X(io_uring_probe, ops_len) \
	X(io_uring_restriction, opcode) X(io_uring_restriction, register_op) \
	X(io_uring_restriction, sqe_op) X(io_uring_restriction, sqe_flags) \
	X(io_uring_buf, addr) X(io_uring_buf, len) X(io_uring_buf, bid) \
	X(io_uring_buf_ring, tail) \
	X(io_uring_buf_reg, ring_addr) X(io_uring_buf_reg, ring_entries) X(io_uring_buf_reg, bgid) \
	X(io_uring_getevents_arg, sigmask) X(io_uring_getevents_arg, sigmask_sz) \
	X(io_uring_getevents_arg, ts) \
	X(io_uring_sync_cancel_reg, addr) X(io_uring_sync_cancel_reg, fd) \
	X(io_uring_sync_cancel_reg, flags) X(io_uring_sync_cancel_reg, timeout) \
	X(io_uring_file_index_range, off) X(io_uring_file_index_range, len) \
	X(io_uring_recvmsg_out, namelen) X(io_uring_recvmsg_out, controllen) \
	X(io_uring_recvmsg_out, payloadlen) X(io_uring_recvmsg_out, flags)

/* clang-format on */

/* The lists as initialisers of an array of struct abi_entry. */
#define ABI_CONSTANT_ENTRY(name) { #name, (long long)(name) },
#define ABI_STRUCT_ENTRY(s)	 { "sizeof " #s, (long long)sizeof(struct s) },
#define ABI_FIELD_ENTRY(s, m)                                        \
	{ "offsetof " #s "." #m, (long long)offsetof(struct s, m) }, \
		{ "sizeof " #s "." #m, (long long)sizeof(((struct s *)0)->m) },

#define ABI_ENTRIES                       \
	ABI_CONSTANTS(ABI_CONSTANT_ENTRY) \
	ABI_STRUCTS(ABI_STRUCT_ENTRY)     \
	ABI_FIELDS(ABI_FIELD_ENTRY)

#endif
