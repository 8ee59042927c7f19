/* SPDX-License-Identifier: MIT */
/*
 * include/liburing/io_uring.h against the facts: numbers written out here, the system's own
 * header, and the running kernel, asked through the bare system calls.
 */
#include "cases/tap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <liburing/io_uring.h>

#include "abi_names.h"

/* ---- Layout: SIZE in bytes; FIELD at an offset, of a size; FLEXIBLE array at an offset ------- */

#define SIZE(s, bytes) _Static_assert(sizeof(struct s) == (bytes), "size of " #s)
#define FIELD(s, m, at, bytes)                                                                 \
	_Static_assert(offsetof(struct s, m) == (at) && sizeof(((struct s *)0)->m) == (bytes), \
		       #s "." #m)
#define FLEXIBLE(s, m, at) _Static_assert(offsetof(struct s, m) == (at), #s "." #m)

SIZE(io_uring_sqe, 64);
FIELD(io_uring_sqe, opcode, 0, 1);
FIELD(io_uring_sqe, flags, 1, 1);
FIELD(io_uring_sqe, ioprio, 2, 2);
FIELD(io_uring_sqe, fd, 4, 4);
FIELD(io_uring_sqe, off, 8, 8);
FIELD(io_uring_sqe, addr2, 8, 8);
FIELD(io_uring_sqe, cmd_op, 8, 4);
FIELD(io_uring_sqe, addr, 16, 8);
FIELD(io_uring_sqe, splice_off_in, 16, 8);
FIELD(io_uring_sqe, level, 16, 4);
FIELD(io_uring_sqe, optname, 20, 4);
FIELD(io_uring_sqe, len, 24, 4);
FIELD(io_uring_sqe, rw_flags, 28, 4);
FIELD(io_uring_sqe, fsync_flags, 28, 4);
FIELD(io_uring_sqe, poll_events, 28, 2);
FIELD(io_uring_sqe, poll32_events, 28, 4);
FIELD(io_uring_sqe, sync_range_flags, 28, 4);
FIELD(io_uring_sqe, msg_flags, 28, 4);
FIELD(io_uring_sqe, timeout_flags, 28, 4);
FIELD(io_uring_sqe, accept_flags, 28, 4);
FIELD(io_uring_sqe, cancel_flags, 28, 4);
FIELD(io_uring_sqe, open_flags, 28, 4);
FIELD(io_uring_sqe, statx_flags, 28, 4);
FIELD(io_uring_sqe, fadvise_advice, 28, 4);
FIELD(io_uring_sqe, splice_flags, 28, 4);
FIELD(io_uring_sqe, rename_flags, 28, 4);
FIELD(io_uring_sqe, unlink_flags, 28, 4);
FIELD(io_uring_sqe, hardlink_flags, 28, 4);
FIELD(io_uring_sqe, xattr_flags, 28, 4);
FIELD(io_uring_sqe, msg_ring_flags, 28, 4);
FIELD(io_uring_sqe, uring_cmd_flags, 28, 4);
FIELD(io_uring_sqe, waitid_flags, 28, 4);
FIELD(io_uring_sqe, futex_flags, 28, 4);
FIELD(io_uring_sqe, install_fd_flags, 28, 4);
FIELD(io_uring_sqe, nop_flags, 28, 4);
FIELD(io_uring_sqe, pipe_flags, 28, 4);
FIELD(io_uring_sqe, user_data, 32, 8);
FIELD(io_uring_sqe, buf_index, 40, 2);
FIELD(io_uring_sqe, buf_group, 40, 2);
FIELD(io_uring_sqe, personality, 42, 2);
FIELD(io_uring_sqe, splice_fd_in, 44, 4);
FIELD(io_uring_sqe, file_index, 44, 4);
FIELD(io_uring_sqe, zcrx_ifq_idx, 44, 4);
FIELD(io_uring_sqe, optlen, 44, 4);
FIELD(io_uring_sqe, addr_len, 44, 2);
FIELD(io_uring_sqe, write_stream, 44, 1);
FIELD(io_uring_sqe, addr3, 48, 8);
FIELD(io_uring_sqe, attr_ptr, 48, 8);
FIELD(io_uring_sqe, attr_type_mask, 56, 8);
FIELD(io_uring_sqe, optval, 48, 8);
FLEXIBLE(io_uring_sqe, cmd, 48);

SIZE(io_uring_attr_pi, 32);
FIELD(io_uring_attr_pi, flags, 0, 2);
FIELD(io_uring_attr_pi, app_tag, 2, 2);
FIELD(io_uring_attr_pi, len, 4, 4);
FIELD(io_uring_attr_pi, addr, 8, 8);
FIELD(io_uring_attr_pi, seed, 16, 8);

SIZE(io_uring_recvmsg_out, 16);
FIELD(io_uring_recvmsg_out, namelen, 0, 4);
FIELD(io_uring_recvmsg_out, controllen, 4, 4);
FIELD(io_uring_recvmsg_out, payloadlen, 8, 4);
FIELD(io_uring_recvmsg_out, flags, 12, 4);

SIZE(io_uring_cqe, 16);
FIELD(io_uring_cqe, user_data, 0, 8);
FIELD(io_uring_cqe, res, 8, 4);
FIELD(io_uring_cqe, flags, 12, 4);
FLEXIBLE(io_uring_cqe, big_cqe, 16);

SIZE(io_timespec, 16);
FIELD(io_timespec, tv_sec, 0, 8);
FIELD(io_timespec, tv_nsec, 8, 8);

SIZE(io_sqring_offsets, 40);
FIELD(io_sqring_offsets, head, 0, 4);
FIELD(io_sqring_offsets, tail, 4, 4);
FIELD(io_sqring_offsets, ring_mask, 8, 4);
FIELD(io_sqring_offsets, ring_entries, 12, 4);
FIELD(io_sqring_offsets, flags, 16, 4);
FIELD(io_sqring_offsets, dropped, 20, 4);
FIELD(io_sqring_offsets, array, 24, 4);
FIELD(io_sqring_offsets, user_addr, 32, 8);

SIZE(io_cqring_offsets, 40);
FIELD(io_cqring_offsets, head, 0, 4);
FIELD(io_cqring_offsets, tail, 4, 4);
FIELD(io_cqring_offsets, ring_mask, 8, 4);
FIELD(io_cqring_offsets, ring_entries, 12, 4);
FIELD(io_cqring_offsets, overflow, 16, 4);
FIELD(io_cqring_offsets, cqes, 20, 4);
FIELD(io_cqring_offsets, flags, 24, 4);
FIELD(io_cqring_offsets, user_addr, 32, 8);

SIZE(io_uring_params, 120);
FIELD(io_uring_params, sq_entries, 0, 4);
FIELD(io_uring_params, cq_entries, 4, 4);
FIELD(io_uring_params, flags, 8, 4);
FIELD(io_uring_params, sq_thread_cpu, 12, 4);
FIELD(io_uring_params, sq_thread_idle, 16, 4);
FIELD(io_uring_params, features, 20, 4);
FIELD(io_uring_params, wq_fd, 24, 4);
FIELD(io_uring_params, sq_off, 40, 40);
FIELD(io_uring_params, cq_off, 80, 40);

SIZE(io_uring_getevents_arg, 24);
FIELD(io_uring_getevents_arg, sigmask, 0, 8);
FIELD(io_uring_getevents_arg, sigmask_sz, 8, 4);
FIELD(io_uring_getevents_arg, min_wait_usec, 12, 4);
FIELD(io_uring_getevents_arg, ts, 16, 8);

SIZE(io_uring_reg_wait, 64);
FIELD(io_uring_reg_wait, ts, 0, 16);
FIELD(io_uring_reg_wait, min_wait_usec, 16, 4);
FIELD(io_uring_reg_wait, flags, 20, 4);
FIELD(io_uring_reg_wait, sigmask, 24, 8);
FIELD(io_uring_reg_wait, sigmask_sz, 32, 4);

SIZE(io_uring_files_update, 16);
FIELD(io_uring_files_update, offset, 0, 4);
FIELD(io_uring_files_update, fds, 8, 8);

SIZE(io_uring_rsrc_register, 32);
FIELD(io_uring_rsrc_register, nr, 0, 4);
FIELD(io_uring_rsrc_register, flags, 4, 4);
FIELD(io_uring_rsrc_register, data, 16, 8);
FIELD(io_uring_rsrc_register, tags, 24, 8);

SIZE(io_uring_rsrc_update, 16);
FIELD(io_uring_rsrc_update, offset, 0, 4);
FIELD(io_uring_rsrc_update, data, 8, 8);

SIZE(io_uring_rsrc_update2, 32);
FIELD(io_uring_rsrc_update2, offset, 0, 4);
FIELD(io_uring_rsrc_update2, data, 8, 8);
FIELD(io_uring_rsrc_update2, tags, 16, 8);
FIELD(io_uring_rsrc_update2, nr, 24, 4);

SIZE(io_uring_file_index_range, 16);
FIELD(io_uring_file_index_range, off, 0, 4);
FIELD(io_uring_file_index_range, len, 4, 4);

SIZE(io_uring_clone_buffers, 32);
FIELD(io_uring_clone_buffers, src_fd, 0, 4);
FIELD(io_uring_clone_buffers, flags, 4, 4);
FIELD(io_uring_clone_buffers, src_off, 8, 4);
FIELD(io_uring_clone_buffers, dst_off, 12, 4);
FIELD(io_uring_clone_buffers, nr, 16, 4);

SIZE(io_uring_buf, 16);
FIELD(io_uring_buf, addr, 0, 8);
FIELD(io_uring_buf, len, 8, 4);
FIELD(io_uring_buf, bid, 12, 2);

SIZE(io_uring_buf_ring, 16);
FIELD(io_uring_buf_ring, tail, 14, 2);
FLEXIBLE(io_uring_buf_ring, bufs, 0);

SIZE(io_uring_buf_reg, 40);
FIELD(io_uring_buf_reg, ring_addr, 0, 8);
FIELD(io_uring_buf_reg, ring_entries, 8, 4);
FIELD(io_uring_buf_reg, bgid, 12, 2);
FIELD(io_uring_buf_reg, flags, 14, 2);
FIELD(io_uring_buf_reg, min_left, 16, 4);

SIZE(io_uring_buf_status, 40);
FIELD(io_uring_buf_status, buf_group, 0, 4);
FIELD(io_uring_buf_status, head, 4, 4);

SIZE(io_uring_probe_op, 8);
FIELD(io_uring_probe_op, op, 0, 1);
FIELD(io_uring_probe_op, flags, 2, 2);

SIZE(io_uring_probe, 16);
FIELD(io_uring_probe, last_op, 0, 1);
FIELD(io_uring_probe, ops_len, 1, 1);
FLEXIBLE(io_uring_probe, ops, 16);

SIZE(io_uring_query_hdr, 40);
FIELD(io_uring_query_hdr, next_entry, 0, 8);
FIELD(io_uring_query_hdr, query_data, 8, 8);
FIELD(io_uring_query_hdr, query_op, 16, 4);
FIELD(io_uring_query_hdr, size, 20, 4);
FIELD(io_uring_query_hdr, result, 24, 4);

SIZE(io_uring_query_opcode, 48);
FIELD(io_uring_query_opcode, nr_request_opcodes, 0, 4);
FIELD(io_uring_query_opcode, nr_register_opcodes, 4, 4);
FIELD(io_uring_query_opcode, feature_flags, 8, 8);
FIELD(io_uring_query_opcode, ring_setup_flags, 16, 8);
FIELD(io_uring_query_opcode, enter_flags, 24, 8);
FIELD(io_uring_query_opcode, sqe_flags, 32, 8);
FIELD(io_uring_query_opcode, nr_query_opcodes, 40, 4);

SIZE(io_uring_query_zcrx, 40);
FIELD(io_uring_query_zcrx, register_flags, 0, 8);
FIELD(io_uring_query_zcrx, area_flags, 8, 8);
FIELD(io_uring_query_zcrx, nr_ctrl_opcodes, 16, 4);
FIELD(io_uring_query_zcrx, features, 20, 4);
FIELD(io_uring_query_zcrx, rq_hdr_size, 24, 4);
FIELD(io_uring_query_zcrx, rq_hdr_alignment, 28, 4);

SIZE(io_uring_query_scq, 16);
FIELD(io_uring_query_scq, hdr_size, 0, 8);
FIELD(io_uring_query_scq, hdr_alignment, 8, 8);

SIZE(io_uring_restriction, 16);
FIELD(io_uring_restriction, opcode, 0, 2);
FIELD(io_uring_restriction, register_op, 2, 1);
FIELD(io_uring_restriction, sqe_op, 2, 1);
FIELD(io_uring_restriction, sqe_flags, 2, 1);

SIZE(io_uring_task_restriction, 16);
FIELD(io_uring_task_restriction, flags, 0, 2);
FIELD(io_uring_task_restriction, nr_res, 2, 2);
FLEXIBLE(io_uring_task_restriction, restrictions, 16);

SIZE(io_uring_bpf_ctx, 40);
FIELD(io_uring_bpf_ctx, user_data, 0, 8);
FIELD(io_uring_bpf_ctx, opcode, 8, 1);
FIELD(io_uring_bpf_ctx, sqe_flags, 9, 1);
FIELD(io_uring_bpf_ctx, pdu_size, 10, 1);
FIELD(io_uring_bpf_ctx, socket.family, 16, 4);
FIELD(io_uring_bpf_ctx, socket.type, 20, 4);
FIELD(io_uring_bpf_ctx, socket.protocol, 24, 4);
FIELD(io_uring_bpf_ctx, open.flags, 16, 8);
FIELD(io_uring_bpf_ctx, open.mode, 24, 8);
FIELD(io_uring_bpf_ctx, open.resolve, 32, 8);

SIZE(io_uring_bpf_filter, 64);
FIELD(io_uring_bpf_filter, opcode, 0, 4);
FIELD(io_uring_bpf_filter, flags, 4, 4);
FIELD(io_uring_bpf_filter, filter_len, 8, 4);
FIELD(io_uring_bpf_filter, pdu_size, 12, 1);
FIELD(io_uring_bpf_filter, filter_ptr, 16, 8);

SIZE(io_uring_bpf, 72);
FIELD(io_uring_bpf, cmd_type, 0, 2);
FIELD(io_uring_bpf, cmd_flags, 2, 2);
FIELD(io_uring_bpf, filter, 8, 64);

SIZE(io_uring_sync_cancel_reg, 64);
FIELD(io_uring_sync_cancel_reg, addr, 0, 8);
FIELD(io_uring_sync_cancel_reg, fd, 8, 4);
FIELD(io_uring_sync_cancel_reg, flags, 12, 4);
FIELD(io_uring_sync_cancel_reg, timeout, 16, 16);
FIELD(io_uring_sync_cancel_reg, opcode, 32, 1);

SIZE(io_uring_clock_register, 16);
FIELD(io_uring_clock_register, clockid, 0, 4);

SIZE(io_uring_napi, 16);
FIELD(io_uring_napi, busy_poll_to, 0, 4);
FIELD(io_uring_napi, prefer_busy_poll, 4, 1);
FIELD(io_uring_napi, opcode, 5, 1);
FIELD(io_uring_napi, op_param, 8, 4);

SIZE(io_uring_region_desc, 64);
FIELD(io_uring_region_desc, user_addr, 0, 8);
FIELD(io_uring_region_desc, size, 8, 8);
FIELD(io_uring_region_desc, flags, 16, 4);
FIELD(io_uring_region_desc, id, 20, 4);
FIELD(io_uring_region_desc, mmap_offset, 24, 8);

SIZE(io_uring_mem_region_reg, 32);
FIELD(io_uring_mem_region_reg, region_uptr, 0, 8);
FIELD(io_uring_mem_region_reg, flags, 8, 8);

SIZE(io_uring_zcrx_rqe, 16);
FIELD(io_uring_zcrx_rqe, off, 0, 8);
FIELD(io_uring_zcrx_rqe, len, 8, 4);

SIZE(io_uring_zcrx_cqe, 16);
FIELD(io_uring_zcrx_cqe, off, 0, 8);

SIZE(io_uring_zcrx_offsets, 32);
FIELD(io_uring_zcrx_offsets, head, 0, 4);
FIELD(io_uring_zcrx_offsets, tail, 4, 4);
FIELD(io_uring_zcrx_offsets, rqes, 8, 4);

SIZE(io_uring_zcrx_area_reg, 48);
FIELD(io_uring_zcrx_area_reg, addr, 0, 8);
FIELD(io_uring_zcrx_area_reg, len, 8, 8);
FIELD(io_uring_zcrx_area_reg, rq_area_token, 16, 8);
FIELD(io_uring_zcrx_area_reg, flags, 24, 4);
FIELD(io_uring_zcrx_area_reg, dmabuf_fd, 28, 4);

SIZE(io_uring_zcrx_ifq_reg, 96);
FIELD(io_uring_zcrx_ifq_reg, if_idx, 0, 4);
FIELD(io_uring_zcrx_ifq_reg, if_rxq, 4, 4);
FIELD(io_uring_zcrx_ifq_reg, rq_entries, 8, 4);
FIELD(io_uring_zcrx_ifq_reg, flags, 12, 4);
FIELD(io_uring_zcrx_ifq_reg, area_ptr, 16, 8);
FIELD(io_uring_zcrx_ifq_reg, region_ptr, 24, 8);
FIELD(io_uring_zcrx_ifq_reg, offsets, 32, 32);
FIELD(io_uring_zcrx_ifq_reg, zcrx_id, 64, 4);
FIELD(io_uring_zcrx_ifq_reg, rx_buf_len, 68, 4);
FIELD(io_uring_zcrx_ifq_reg, __resv2, 68, 4);

SIZE(zcrx_ctrl_flush_rq, 48);

SIZE(zcrx_ctrl_export, 48);
FIELD(zcrx_ctrl_export, zcrx_fd, 0, 4);

SIZE(zcrx_ctrl, 72);
FIELD(zcrx_ctrl, zcrx_id, 0, 4);
FIELD(zcrx_ctrl, op, 4, 4);
FIELD(zcrx_ctrl, zc_export, 24, 48);
FIELD(zcrx_ctrl, zc_flush, 24, 48);

/* ---- Values that abi_names.h cannot hold: they are newer than Linux 6.1 ---------------------- */

#define VALUE(name, value) _Static_assert((name) == (value), #name)

VALUE(IORING_RW_ATTR_FLAG_PI, 0x1U);
VALUE(IORING_OP_READ_MULTISHOT, 49);
VALUE(IORING_OP_WAITID, 50);
VALUE(IORING_OP_FUTEX_WAIT, 51);
VALUE(IORING_OP_FUTEX_WAKE, 52);
VALUE(IORING_OP_FUTEX_WAITV, 53);
VALUE(IORING_OP_FIXED_FD_INSTALL, 54);
VALUE(IORING_OP_FTRUNCATE, 55);
VALUE(IORING_OP_BIND, 56);
VALUE(IORING_OP_LISTEN, 57);
VALUE(IORING_OP_RECV_ZC, 58);
VALUE(IORING_OP_EPOLL_WAIT, 59);
VALUE(IORING_OP_READV_FIXED, 60);
VALUE(IORING_OP_WRITEV_FIXED, 61);
VALUE(IORING_OP_PIPE, 62);
VALUE(IORING_OP_NOP128, 63);
VALUE(IORING_OP_URING_CMD128, 64);
VALUE(IORING_OP_LAST, 65);
VALUE(IORING_NOP_INJECT_RESULT, 0x1U);
VALUE(IORING_NOP_FILE, 0x2U);
VALUE(IORING_NOP_FIXED_FILE, 0x4U);
VALUE(IORING_NOP_FIXED_BUFFER, 0x8U);
VALUE(IORING_NOP_TW, 0x10U);
VALUE(IORING_NOP_CQE32, 0x20U);
VALUE(IORING_TIMEOUT_MULTISHOT, 0x40U);
VALUE(IORING_TIMEOUT_IMMEDIATE_ARG, 0x80U);
VALUE(IORING_RECVSEND_BUNDLE, 0x10U);
VALUE(IORING_SEND_VECTORIZED, 0x20U);
VALUE(IORING_ACCEPT_DONTWAIT, 0x2U);
VALUE(IORING_ACCEPT_POLL_FIRST, 0x4U);
VALUE(IORING_MSG_RING_FLAGS_PASS, 0x2U);
VALUE(IORING_FIXED_FD_NO_CLOEXEC, 0x1U);
VALUE(IORING_URING_CMD_MULTISHOT, 0x2U);
VALUE(IORING_URING_CMD_MASK, 0x3U);
VALUE(SOCKET_URING_OP_SIOCINQ, 0);
VALUE(SOCKET_URING_OP_SIOCOUTQ, 1);
VALUE(SOCKET_URING_OP_GETSOCKOPT, 2);
VALUE(SOCKET_URING_OP_SETSOCKOPT, 3);
VALUE(SOCKET_URING_OP_TX_TIMESTAMP, 4);
VALUE(SOCKET_URING_OP_GETSOCKNAME, 5);
VALUE(IORING_CQE_F_BUF_MORE, 0x10U);
VALUE(IORING_CQE_F_SKIP, 0x20U);
VALUE(IORING_CQE_F_32, 0x8000U);
VALUE(IORING_TIMESTAMP_HW_SHIFT, 16);
VALUE(IORING_TIMESTAMP_TYPE_SHIFT, 17);
VALUE(IORING_CQE_F_TSTAMP_HW, 0x10000U);
VALUE(IORING_SETUP_NO_MMAP, 0x4000U);
VALUE(IORING_SETUP_REGISTERED_FD_ONLY, 0x8000U);
VALUE(IORING_SETUP_NO_SQARRAY, 0x10000U);
VALUE(IORING_SETUP_HYBRID_IOPOLL, 0x20000U);
VALUE(IORING_SETUP_CQE_MIXED, 0x40000U);
VALUE(IORING_SETUP_SQE_MIXED, 0x80000U);
VALUE(IORING_SETUP_SQ_REWIND, 0x100000U);
VALUE(IORING_FEAT_REG_REG_RING, 0x2000U);
VALUE(IORING_FEAT_RECVSEND_BUNDLE, 0x4000U);
VALUE(IORING_FEAT_MIN_TIMEOUT, 0x8000U);
VALUE(IORING_FEAT_RW_ATTR, 0x10000U);
VALUE(IORING_FEAT_NO_IOWAIT, 0x20000U);
VALUE(IORING_OFF_PBUF_RING, 0x80000000U);
VALUE(IORING_OFF_PBUF_SHIFT, 16);
VALUE(IORING_ENTER_ABS_TIMER, 0x20U);
VALUE(IORING_ENTER_EXT_ARG_REG, 0x40U);
VALUE(IORING_ENTER_NO_IOWAIT, 0x80U);
VALUE(IORING_REG_WAIT_TS, 1);
VALUE(IORING_REGISTER_PBUF_STATUS, 26);
VALUE(IORING_REGISTER_NAPI, 27);
VALUE(IORING_UNREGISTER_NAPI, 28);
VALUE(IORING_REGISTER_CLOCK, 29);
VALUE(IORING_REGISTER_CLONE_BUFFERS, 30);
VALUE(IORING_REGISTER_SEND_MSG_RING, 31);
VALUE(IORING_REGISTER_ZCRX_IFQ, 32);
VALUE(IORING_REGISTER_RESIZE_RINGS, 33);
VALUE(IORING_REGISTER_MEM_REGION, 34);
VALUE(IORING_REGISTER_QUERY, 35);
VALUE(IORING_REGISTER_ZCRX_CTRL, 36);
VALUE(IORING_REGISTER_BPF_FILTER, 37);
VALUE(IORING_REGISTER_LAST, 38);
VALUE(IORING_REGISTER_USE_REGISTERED_RING, 0x80000000U);
VALUE(IORING_REGISTER_SRC_REGISTERED, 1);
VALUE(IORING_REGISTER_DST_REPLACE, 2);
VALUE(IOU_PBUF_RING_MMAP, 1);
VALUE(IOU_PBUF_RING_INC, 2);
VALUE(IO_URING_QUERY_OPCODES, 0);
VALUE(IO_URING_QUERY_ZCRX, 1);
VALUE(IO_URING_QUERY_SCQ, 2);
VALUE(IORING_RESTRICTION_LAST, 4);
VALUE(IO_URING_BPF_FILTER_DENY_REST, 1);
VALUE(IO_URING_BPF_FILTER_SZ_STRICT, 2);
VALUE(IO_URING_BPF_CMD_FILTER, 1);
VALUE(IO_URING_NAPI_REGISTER_OP, 0);
VALUE(IO_URING_NAPI_STATIC_ADD_ID, 1);
VALUE(IO_URING_NAPI_STATIC_DEL_ID, 2);
VALUE(IO_URING_NAPI_TRACKING_DYNAMIC, 0);
VALUE(IO_URING_NAPI_TRACKING_STATIC, 1);
VALUE(IO_URING_NAPI_TRACKING_INACTIVE, 255);
VALUE(IORING_MEM_REGION_TYPE_USER, 1);
VALUE(IORING_MEM_REGION_REG_WAIT_ARG, 1);
VALUE(IORING_ZCRX_AREA_SHIFT, 48);
VALUE(IORING_ZCRX_AREA_MASK, 0xffff000000000000ULL);
VALUE(IORING_ZCRX_AREA_DMABUF, 1);
VALUE(ZCRX_REG_IMPORT, 1);
VALUE(ZCRX_FEATURE_RX_PAGE_SIZE, 1);
VALUE(ZCRX_CTRL_FLUSH_RQ, 0);
VALUE(ZCRX_CTRL_EXPORT, 1);

/* ---- The system's header --------------------------------------------------------------------- */

static const struct abi_entry abi_ours[] = { ABI_ENTRIES };
static const size_t abi_ours_len = sizeof(abi_ours) / sizeof(abi_ours[0]);

static void test_agrees_with_system_header(void **state)
{
	(void)state;
	if (!abi_system_len)
		skip_because("no <linux/io_uring.h> of Linux 6.1 or later to compare with");
	assert_int_equal(abi_system_len, abi_ours_len);
	for (size_t i = 0; i < abi_ours_len; i++) {
		assert_string_equal(abi_ours[i].name, abi_system[i].name);
		if (abi_ours[i].value != abi_system[i].value)
			fail_msg("%s is %lld, the system has %lld", abi_ours[i].name,
				 abi_ours[i].value, abi_system[i].value);
	}
}

/* ---- The running kernel ---------------------------------------------------------------------- */

/* The numbers are the same on every architecture but Alpha. */
#define NR_SETUP    425
#define NR_ENTER    426
#define NR_REGISTER 427

struct raw_ring {
	int fd;
	struct io_uring_params p;
	unsigned char *sq;
	size_t sq_len;
	unsigned char *cq;
	size_t cq_len;
	struct io_uring_sqe *sqes;
	size_t sqes_len;
};

static int raw_setup(unsigned int entries, struct io_uring_params *p)
{
	return (int)syscall(NR_SETUP, entries, p);
}

static int raw_enter(int fd, unsigned int submit, unsigned int wait, unsigned int flags,
		     const void *arg, size_t len)
{
	return (int)syscall(NR_ENTER, fd, submit, wait, flags, arg, len);
}

static int raw_register(int fd, unsigned int opcode, void *arg, unsigned int nr)
{
	return (int)syscall(NR_REGISTER, fd, opcode, arg, nr);
}

static uint32_t *word(unsigned char *ring, uint32_t offset)
{
	return (uint32_t *)(void *)(ring + offset);
}

static void *map(int fd, size_t len, unsigned long long offset)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
			(off_t)offset);

	assert_ptr_not_equal(at, MAP_FAILED);
	return at;
}

/* Skips the test where io_uring is refused. Returns false if the kernel does not know the flags. */
static bool ring_open(struct raw_ring *r, unsigned int entries, unsigned int flags)
{
	const size_t cqe_size = sizeof(struct io_uring_cqe) << !!(flags & IORING_SETUP_CQE32);

	memset(r, 0, sizeof(*r));
	r->p.flags = flags;
	r->fd = raw_setup(entries, &r->p);
	if (r->fd < 0 && (errno == EPERM || errno == ENOSYS || errno == EACCES))
		skip_because("io_uring_setup: %s", strerror(errno));
	if (r->fd < 0 && errno == EINVAL && flags)
		return false;
	assert_true(r->fd >= 0);

	r->sq_len = r->p.sq_off.array + r->p.sq_entries * sizeof(uint32_t);
	r->cq_len = r->p.cq_off.cqes + r->p.cq_entries * cqe_size;
	r->sqes_len = r->p.sq_entries * sizeof(struct io_uring_sqe);
	r->sq = map(r->fd, r->sq_len, IORING_OFF_SQ_RING);
	r->cq = map(r->fd, r->cq_len, IORING_OFF_CQ_RING);
	r->sqes = map(r->fd, r->sqes_len, IORING_OFF_SQES);
	return true;
}

static void ring_close(struct raw_ring *r)
{
	munmap(r->sq, r->sq_len);
	munmap(r->cq, r->cq_len);
	munmap(r->sqes, r->sqes_len);
	close(r->fd);
}

/* Submits one entry, waits for its completion and returns it, where it lies in the ring. */
static const struct io_uring_cqe *ring_run(struct raw_ring *r, const struct io_uring_sqe *sqe)
{
	const uint32_t sq_mask = *word(r->sq, r->p.sq_off.ring_mask);
	const uint32_t cq_mask = *word(r->cq, r->p.cq_off.ring_mask);
	uint32_t *sq_tail = word(r->sq, r->p.sq_off.tail);
	uint32_t *cq_head = word(r->cq, r->p.cq_off.head);
	uint32_t tail = *sq_tail, head = *cq_head;
	const size_t cqe_size = sizeof(struct io_uring_cqe) << !!(r->p.flags & IORING_SETUP_CQE32);

	r->sqes[tail & sq_mask] = *sqe;
	word(r->sq, r->p.sq_off.array)[tail & sq_mask] = tail & sq_mask;
	/* Pairs with the kernel's acquire of the tail: it must see the entry. */
	__atomic_store_n(sq_tail, tail + 1, __ATOMIC_RELEASE);

	assert_int_equal(raw_enter(r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0), 1);
	assert_int_equal(__atomic_load_n(word(r->sq, r->p.sq_off.head), __ATOMIC_ACQUIRE),
			 tail + 1);
	/* Pairs with the kernel's release of the tail: we must see the completion. */
	assert_int_equal(__atomic_load_n(word(r->cq, r->p.cq_off.tail), __ATOMIC_ACQUIRE),
			 head + 1);
	/* One at a time: nothing writes over the entry once it is given back. */
	__atomic_store_n(cq_head, head + 1, __ATOMIC_RELEASE);
	return (const void *)(r->cq + r->p.cq_off.cqes + (head & cq_mask) * cqe_size);
}

static void test_nop_round_trip(void **state)
{
	struct raw_ring r;

	(void)state;
	ring_open(&r, 4, 0);
	assert_int_equal(r.p.sq_entries, 4);
	assert_int_equal(r.p.cq_entries, 8);
	assert_int_equal(*word(r.sq, r.p.sq_off.ring_entries), r.p.sq_entries);
	assert_int_equal(*word(r.sq, r.p.sq_off.ring_mask), r.p.sq_entries - 1);
	assert_int_equal(*word(r.cq, r.p.cq_off.ring_entries), r.p.cq_entries);
	assert_int_equal(*word(r.cq, r.p.cq_off.ring_mask), r.p.cq_entries - 1);

	/* more than both rings hold, so that they wrap */
	for (uint64_t i = 0; i < 20; i++) {
		const struct io_uring_sqe sqe = {
			.opcode = IORING_OP_NOP,
			.fd = -1,
			.user_data = 0xfeedf00d00000000 + i,
		};
		const struct io_uring_cqe *cqe = ring_run(&r, &sqe);

		assert_true(cqe->user_data == sqe.user_data);
		assert_int_equal(cqe->res, 0);
		assert_int_equal(cqe->flags, 0);
	}
	assert_int_equal(*word(r.sq, r.p.sq_off.dropped), 0);
	assert_int_equal(*word(r.cq, r.p.cq_off.overflow), 0);
	ring_close(&r);
}

static void test_nop_flags(void **state)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_NOP,
		.fd = -1,
		.len = 77,
		.nop_flags = IORING_NOP_INJECT_RESULT,
	};
	struct raw_ring r;
	int res;

	(void)state;
	ring_open(&r, 4, 0);
	res = ring_run(&r, &sqe)->res;
	sqe.nop_flags = IORING_NOP_FILE;
	/* Before 6.10 the flags are ignored, then until 6.13 all others are refused. */
	if (res == 0 || ring_run(&r, &sqe)->res == -EINVAL) {
		ring_close(&r);
		skip_because("the kernel is older than IORING_NOP_FILE");
	}
	assert_int_equal(res, 77);
	assert_int_equal(ring_run(&r, &sqe)->res, -EBADF);
	sqe.nop_flags = IORING_NOP_FILE | IORING_NOP_FIXED_FILE;
	assert_int_equal(ring_run(&r, &sqe)->res, -EBADF);
	sqe.nop_flags = IORING_NOP_FIXED_BUFFER;
	assert_int_equal(ring_run(&r, &sqe)->res, -EFAULT);
	ring_close(&r);
}

static void test_long_cqe(void **state)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_NOP,
		.fd = -1,
		.user_data = 5,
		.off = 0x1122,
		.addr = 0x3344,
		.len = 77,
		.nop_flags = IORING_NOP_INJECT_RESULT | IORING_NOP_CQE32,
	};
	const struct io_uring_cqe *cqe;
	struct raw_ring r;

	(void)state;
	if (!ring_open(&r, 4, IORING_SETUP_CQE32))
		skip_because("the kernel is older than IORING_SETUP_CQE32");
	for (int i = 0; i < 3; i++) {
		cqe = ring_run(&r, &sqe);
		assert_true(cqe->user_data == 5);
		if (cqe->res == 0 || cqe->res == -EINVAL) {
			ring_close(&r);
			skip_because("the kernel is older than IORING_NOP_CQE32");
		}
		assert_int_equal(cqe->res, 77);
		assert_true(cqe->big_cqe[0] == 0x1122);
		assert_true(cqe->big_cqe[1] == 0x3344);
	}
	ring_close(&r);
}

/* struct io_uring_getevents_arg: the kernel checks its size, and takes the timeout from it. */
static void test_wait_argument(void **state)
{
	struct __kernel_timespec ts = { .tv_nsec = 1000 };
	struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&ts };
	struct raw_ring r;

	(void)state;
	ring_open(&r, 4, 0);
	if (!(r.p.features & IORING_FEAT_EXT_ARG)) {
		ring_close(&r);
		skip_because("the kernel is older than IORING_FEAT_EXT_ARG");
	}
	errno = 0;
	assert_int_equal(raw_enter(r.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg,
				   sizeof(arg)),
			 -1);
	assert_int_equal(errno, ETIME);
	ring_close(&r);
}

/* Files: the kernel checks the size of the structure, and a tag comes back in a completion. */
static void test_register_files(void **state)
{
	int fds[2] = { -1, -1 };
	uint64_t tags[2] = { 0xabcd, 0 };
	struct io_uring_rsrc_register reg = {
		.nr = 2,
		.data = (uintptr_t)fds,
		.tags = (uintptr_t)tags,
	};
	int none = -1;
	struct io_uring_rsrc_update2 update = { .data = (uintptr_t)&none, .nr = 1 };
	const struct io_uring_cqe *cqe;
	struct raw_ring r;
	int ends[2];

	(void)state;
	ring_open(&r, 4, 0);
	if (!(r.p.features & IORING_FEAT_RSRC_TAGS)) {
		ring_close(&r);
		skip_because("the kernel is older than IORING_FEAT_RSRC_TAGS");
	}
	assert_int_equal(pipe(ends), 0);
	fds[0] = ends[0];
	assert_int_equal(raw_register(r.fd, IORING_REGISTER_FILES2, &reg, sizeof(reg)), 0);
	assert_int_equal(raw_register(r.fd, IORING_REGISTER_FILES_UPDATE2, &update, sizeof(update)),
			 1);
	assert_int_equal(raw_enter(r.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0), 0);
	cqe = (const void *)(r.cq + r.p.cq_off.cqes);
	assert_true(cqe->user_data == 0xabcd);
	assert_int_equal(cqe->res, 0);
	ring_close(&r);
	close(ends[0]);
	close(ends[1]);
}

#define PROBE_OPS 256

/* Free the result. */
static struct io_uring_probe *probe(int fd)
{
	struct io_uring_probe *p = calloc(1, sizeof(*p) + PROBE_OPS * sizeof(p->ops[0]));

	assert_non_null(p);
	assert_int_equal(raw_register(fd, IORING_REGISTER_PROBE, p, PROBE_OPS), 0);
	return p;
}

/* The last opcode of a release: its kernel knows at least that many. */
static const struct {
	unsigned int major, minor, op;
} releases[] = {
	{ 5, 6, IORING_OP_EPOLL_CTL },
	{ 5, 7, IORING_OP_REMOVE_BUFFERS },
	{ 5, 8, IORING_OP_TEE },
	{ 5, 11, IORING_OP_UNLINKAT },
	{ 5, 15, IORING_OP_LINKAT },
	{ 5, 18, IORING_OP_MSG_RING },
	{ 5, 19, IORING_OP_URING_CMD },
	{ 6, 0, IORING_OP_SEND_ZC },
	{ 6, 1, IORING_OP_SENDMSG_ZC },
	{ 6, 7, IORING_OP_FUTEX_WAITV },
	{ 6, 8, IORING_OP_FIXED_FD_INSTALL },
	{ 6, 9, IORING_OP_FTRUNCATE },
	{ 6, 11, IORING_OP_LISTEN },
	{ 6, 15, IORING_OP_WRITEV_FIXED },
	{ 6, 16, IORING_OP_PIPE },
	{ 6, 19, IORING_OP_URING_CMD128 },
};

static void test_probe(void **state)
{
	unsigned int major = 0, minor = 0, known;
	struct io_uring_probe *p;
	struct utsname uts;
	struct raw_ring r;

	(void)state;
	ring_open(&r, 4, 0);
	p = probe(r.fd);
	known = p->last_op + 1U;
	assert_int_equal(p->ops_len, known);
	for (unsigned int i = 0; i < known; i++)
		assert_int_equal(p->ops[i].op, i);
	for (unsigned int i = 0; i <= IORING_OP_WRITE_FIXED; i++)
		assert_int_equal(p->ops[i].flags, IO_URING_OP_SUPPORTED);

	assert_int_equal(uname(&uts), 0);
	assert_int_equal(sscanf(uts.release, "%u.%u", &major, &minor), 2);
	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++) {
		if (major > releases[i].major ||
		    (major == releases[i].major && minor >= releases[i].minor))
			assert_true(known > releases[i].op);
	}
	if (known > IORING_OP_LAST)
		print_message("# the kernel knows %u opcodes, this header %u\n", known,
			      (unsigned int)IORING_OP_LAST);
	free(p);
	ring_close(&r);
}

/* IORING_REGISTER_QUERY: counts and masks that must agree with the header and with the probe. */
static void test_query(void **state)
{
	struct io_uring_query_opcode ops = { 0 };
	struct io_uring_query_hdr hdr = {
		.query_data = (uintptr_t)&ops,
		.query_op = IO_URING_QUERY_OPCODES,
		.size = sizeof(ops),
	};
	struct io_uring_probe *p;
	struct raw_ring r;

	(void)state;
	ring_open(&r, 4, 0);
	if (raw_register(-1, IORING_REGISTER_QUERY, &hdr, 0) < 0) {
		ring_close(&r);
		skip_because("IORING_REGISTER_QUERY: %s", strerror(errno));
	}
	assert_int_equal(hdr.result, 0);
	assert_int_equal(hdr.size, sizeof(ops));
	p = probe(r.fd);
	assert_int_equal(ops.nr_request_opcodes, p->last_op + 1);
	free(p);
	assert_true(ops.nr_register_opcodes > IORING_REGISTER_QUERY);
	assert_true(ops.nr_query_opcodes > IO_URING_QUERY_OPCODES);
	/* All that Linux 6.18, the first with the query, has. */
	assert_true((ops.feature_flags & r.p.features) == r.p.features);
	assert_true((ops.feature_flags & 0x3ffff) == 2 * IORING_FEAT_NO_IOWAIT - 1);
	assert_true((ops.ring_setup_flags & 0x7ffff) == 2 * IORING_SETUP_CQE_MIXED - 1);
	assert_true((ops.enter_flags & 0xff) == 2 * IORING_ENTER_NO_IOWAIT - 1);
	assert_true((ops.sqe_flags & 0x7f) == 2 * IOSQE_CQE_SKIP_SUCCESS - 1);
	ring_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees_with_system_header),
		cmocka_unit_test(test_nop_round_trip),
		cmocka_unit_test(test_nop_flags),
		cmocka_unit_test(test_long_cqe),
		cmocka_unit_test(test_wait_argument),
		cmocka_unit_test(test_register_files),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
