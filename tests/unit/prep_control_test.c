/* SPDX-License-Identifier: MIT */
/*
 * The preps of prep_control.h, and what sets fields common to all: what each writes into the SQE,
 * byte for byte.
 */
#include "prep_fields.h"

#include <sys/epoll.h>

static void test_common(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_rw(200, &sqe, 5, ADDR, 77, -1ULL), .opcode = 200, .fd = 5,
		     .addr = ADDR64, .len = 77, .off = -1ULL);
	assert_fills(io_uring_prep_nop(&sqe), .opcode = IORING_OP_NOP, .fd = -1);
	assert_fills(io_uring_prep_nop128(&sqe), .opcode = IORING_OP_NOP128, .fd = -1);
	assert_fills((io_uring_prep_nop(&sqe), io_uring_sqe_set_flags(&sqe, IOSQE_IO_LINK),
		      io_uring_sqe_set_flags(&sqe, IOSQE_ASYNC | IOSQE_FIXED_FILE)),
		     .fd = -1, .flags = IOSQE_ASYNC | IOSQE_FIXED_FILE);
	assert_fills((io_uring_prep_nop(&sqe), io_uring_sqe_set_buf_group(&sqe, 65535)), .fd = -1,
		     .buf_group = 65535);
	assert_fills((io_uring_prep_nop(&sqe), __io_uring_set_target_fixed_file(&sqe, 6)), .fd = -1,
		     .file_index = 7);
}

/* `want` cannot name user_data twice. */
static void test_user_data(void **state)
{
	struct io_uring_sqe sqe = used_sqe(), want;

	(void)state;
	io_uring_prep_nop(&sqe);
	want = sqe;
	io_uring_sqe_set_data64(&sqe, BIG);
	want.user_data = BIG;
	assert_memory_equal(&sqe, &want, sizeof(sqe));
	io_uring_sqe_set_data(&sqe, ADDR);
	want.user_data = ADDR64;
	assert_memory_equal(&sqe, &want, sizeof(sqe));
	io_uring_prep_read(&sqe, 1, OTHER, 2, 3);
	assert_int_equal(sqe.user_data, ADDR64);
}

static void test_initialize(void **state)
{
	/* The fields that no prep sets, and no others. */
	struct io_uring_sqe sqe, want;

	(void)state;
	memset(&sqe, 0xa5, sizeof(sqe));
	memset(&want, 0xa5, sizeof(want));
	want.flags = 0;
	want.ioprio = 0;
	want.rw_flags = 0;
	want.buf_index = 0;
	want.personality = 0;
	want.file_index = 0;
	want.addr3 = 0;
	memset((char *)&want + 56, 0, 8);
	io_uring_initialize_sqe(&sqe);
	assert_memory_equal(&sqe, &want, sizeof(sqe));
}

static void test_time(void **state)
{
	const struct __kernel_timespec *ts = ADDR;

	(void)state;
	assert_fills(io_uring_prep_timeout(&sqe, ts, UINT_MAX, IORING_TIMEOUT_ABS),
		     .opcode = IORING_OP_TIMEOUT, .fd = -1, .addr = ADDR64, .len = 1,
		     .off = UINT_MAX, .timeout_flags = IORING_TIMEOUT_ABS);
	assert_fills(io_uring_prep_timeout_remove(&sqe, -2ULL, 4),
		     .opcode = IORING_OP_TIMEOUT_REMOVE, .fd = -1, .addr = -2ULL,
		     .timeout_flags = 4);
	assert_fills(io_uring_prep_timeout_update(&sqe, ts, BIG, IORING_TIMEOUT_ABS),
		     .opcode = IORING_OP_TIMEOUT_REMOVE, .fd = -1, .addr = BIG, .off = ADDR64,
		     .timeout_flags = IORING_TIMEOUT_ABS | IORING_TIMEOUT_UPDATE);
	assert_fills(io_uring_prep_link_timeout(&sqe, ts, IORING_TIMEOUT_BOOTTIME),
		     .opcode = IORING_OP_LINK_TIMEOUT, .fd = -1, .addr = ADDR64, .len = 1,
		     .timeout_flags = IORING_TIMEOUT_BOOTTIME);
}

static void test_cancel(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_cancel64(&sqe, -2ULL, IORING_ASYNC_CANCEL_ALL),
		     .opcode = IORING_OP_ASYNC_CANCEL, .fd = -1, .addr = -2ULL,
		     .cancel_flags = IORING_ASYNC_CANCEL_ALL);
	assert_fills(io_uring_prep_cancel(&sqe, ADDR, IORING_ASYNC_CANCEL_ANY),
		     .opcode = IORING_OP_ASYNC_CANCEL, .fd = -1, .addr = ADDR64,
		     .cancel_flags = IORING_ASYNC_CANCEL_ANY);
	assert_fills(io_uring_prep_cancel_fd(&sqe, 5, IORING_ASYNC_CANCEL_ALL),
		     .opcode = IORING_OP_ASYNC_CANCEL, .fd = 5,
		     .cancel_flags = IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_FD);
}

static void test_poll(void **state)
{
	const unsigned events = POLLIN | 1U << 31;

	(void)state;
	assert_fills(io_uring_prep_poll_add(&sqe, 5, events), .opcode = IORING_OP_POLL_ADD, .fd = 5,
		     .poll32_events = __io_uring_prep_poll_mask(events));
	assert_fills(io_uring_prep_poll_multishot(&sqe, 5, events), .opcode = IORING_OP_POLL_ADD,
		     .fd = 5, .len = IORING_POLL_ADD_MULTI,
		     .poll32_events = __io_uring_prep_poll_mask(events));
	assert_fills(io_uring_prep_poll_remove(&sqe, BIG), .opcode = IORING_OP_POLL_REMOVE,
		     .fd = -1, .addr = BIG);
	assert_fills(io_uring_prep_poll_update(&sqe, BIG, DATA, events, IORING_POLL_UPDATE_EVENTS),
		     .opcode = IORING_OP_POLL_REMOVE, .fd = -1, .addr = BIG, .off = DATA,
		     .len = IORING_POLL_UPDATE_EVENTS,
		     .poll32_events = __io_uring_prep_poll_mask(events));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	assert_int_equal(__io_uring_prep_poll_mask(0x12345678), 0x12345678);
#else
	assert_int_equal(__io_uring_prep_poll_mask(0x12345678), 0x56781234);
#endif
}

static void test_epoll(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_epoll_ctl(&sqe, 5, 6, EPOLL_CTL_MOD, ADDR),
		     .opcode = IORING_OP_EPOLL_CTL, .fd = 5, .off = 6, .len = EPOLL_CTL_MOD,
		     .addr = ADDR64);
	assert_fills(io_uring_prep_epoll_wait(&sqe, 5, ADDR, 64, 9), .opcode = IORING_OP_EPOLL_WAIT,
		     .fd = 5, .addr = ADDR64, .len = 64, .rw_flags = 9);
}

static void test_buffers(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_provide_buffers(&sqe, ADDR, 4096, 16, 65535, 7),
		     .opcode = IORING_OP_PROVIDE_BUFFERS, .fd = 16, .addr = ADDR64, .len = 4096,
		     .off = 7, .buf_group = 65535);
	assert_fills(io_uring_prep_remove_buffers(&sqe, 16, 9), .opcode = IORING_OP_REMOVE_BUFFERS,
		     .fd = 16, .buf_group = 9);
}

static void test_messages(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_msg_ring(&sqe, 5, 77, BIG, IORING_MSG_RING_CQE_SKIP),
		     .opcode = IORING_OP_MSG_RING, .fd = 5, .len = 77, .off = BIG,
		     .msg_ring_flags = IORING_MSG_RING_CQE_SKIP);
	assert_fills(io_uring_prep_msg_ring_cqe_flags(&sqe, 5, 77, BIG, IORING_MSG_RING_CQE_SKIP,
						      0xdeadbeef),
		     .opcode = IORING_OP_MSG_RING, .fd = 5, .len = 77, .off = BIG,
		     .msg_ring_flags = IORING_MSG_RING_CQE_SKIP | IORING_MSG_RING_FLAGS_PASS,
		     .file_index = 0xdeadbeef);
	assert_fills(io_uring_prep_msg_ring_fd(&sqe, 5, 6, 7, BIG, IORING_MSG_RING_CQE_SKIP),
		     .opcode = IORING_OP_MSG_RING, .fd = 5, .addr = IORING_MSG_SEND_FD, .off = BIG,
		     .addr3 = 6, .file_index = 8, .msg_ring_flags = IORING_MSG_RING_CQE_SKIP);
	assert_fills(io_uring_prep_msg_ring_fd_alloc(&sqe, 5, 6, BIG, 0),
		     .opcode = IORING_OP_MSG_RING, .fd = 5, .addr = IORING_MSG_SEND_FD, .off = BIG,
		     .addr3 = 6, .file_index = IORING_FILE_INDEX_ALLOC);
}

static void test_processes(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_waitid(&sqe, P_PIDFD, 77, ADDR, WEXITED | WNOHANG, 9),
		     .opcode = IORING_OP_WAITID, .fd = 77, .len = P_PIDFD, .addr2 = ADDR64,
		     .file_index = WEXITED | WNOHANG, .waitid_flags = 9);
	assert_fills(io_uring_prep_futex_wait(&sqe, ADDR, BIG, DATA, 2, 9),
		     .opcode = IORING_OP_FUTEX_WAIT, .fd = 2, .addr = ADDR64, .off = BIG,
		     .addr3 = DATA, .futex_flags = 9);
	assert_fills(io_uring_prep_futex_wake(&sqe, ADDR, BIG, DATA, 130, 9),
		     .opcode = IORING_OP_FUTEX_WAKE, .fd = 130, .addr = ADDR64, .off = BIG,
		     .addr3 = DATA, .futex_flags = 9);
	assert_fills(io_uring_prep_futex_waitv(&sqe, ADDR, 128, 9), .opcode = IORING_OP_FUTEX_WAITV,
		     .addr = ADDR64, .len = 128, .futex_flags = 9);
}

static void test_commands(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_uring_cmd(&sqe, -2, 5), .opcode = IORING_OP_URING_CMD, .fd = 5,
		     .cmd_op = (unsigned)-2);
	assert_fills(io_uring_prep_uring_cmd128(&sqe, 77, 5), .opcode = IORING_OP_URING_CMD128,
		     .fd = 5, .cmd_op = 77);
	assert_fills(__io_uring_prep_uring_cmd(&sqe, 200, 0xfedcba98, 5), .opcode = 200, .fd = 5,
		     .cmd_op = 0xfedcba98);
	/* _IO(0x12, 0) */
	assert_fills(io_uring_prep_cmd_discard(&sqe, 5, BIG, DATA), .opcode = IORING_OP_URING_CMD,
		     .fd = 5, .cmd_op = 0x1200, .addr = BIG, .addr3 = DATA);
#ifndef BLOCK_URING_CMD_ZONE_RESET_ALL
	assert_fills(io_uring_prep_cmd_zone_reset_all(&sqe, 5), .opcode = IORING_OP_URING_CMD,
		     .fd = 5, .cmd_op = UINT_MAX);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_common),	   cmocka_unit_test(test_user_data),
		cmocka_unit_test(test_initialize), cmocka_unit_test(test_time),
		cmocka_unit_test(test_cancel),	   cmocka_unit_test(test_poll),
		cmocka_unit_test(test_epoll),	   cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_messages),   cmocka_unit_test(test_processes),
		cmocka_unit_test(test_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
