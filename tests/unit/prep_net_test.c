/* SPDX-License-Identifier: MIT */
/* The preps of prep_net.h: what each writes into the SQE, byte for byte. */
#include "prep_fields.h"

static void test_sockets(void **state)
{
	(void)state;
	assert_fills(
		io_uring_prep_socket(&sqe, AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP, 8),
		.opcode = IORING_OP_SOCKET, .fd = AF_INET6, .off = SOCK_STREAM | SOCK_CLOEXEC,
		.len = IPPROTO_TCP, .rw_flags = 8);
	assert_fills(io_uring_prep_socket_direct(&sqe, AF_UNIX, SOCK_DGRAM, 0, 3, 8),
		     .opcode = IORING_OP_SOCKET, .fd = AF_UNIX, .off = SOCK_DGRAM, .rw_flags = 8,
		     .file_index = 4);
	assert_fills(io_uring_prep_socket_direct(&sqe, AF_UNIX, SOCK_DGRAM, 0,
						 IORING_FILE_INDEX_ALLOC, 0),
		     .opcode = IORING_OP_SOCKET, .fd = AF_UNIX, .off = SOCK_DGRAM,
		     .file_index = IORING_FILE_INDEX_ALLOC);
	assert_fills(io_uring_prep_socket_direct_alloc(&sqe, AF_UNIX, SOCK_DGRAM, 6, 8),
		     .opcode = IORING_OP_SOCKET, .fd = AF_UNIX, .off = SOCK_DGRAM, .len = 6,
		     .rw_flags = 8, .file_index = IORING_FILE_INDEX_ALLOC);
	assert_fills(io_uring_prep_bind(&sqe, 5, ADDR, 28), .opcode = IORING_OP_BIND, .fd = 5,
		     .addr = ADDR64, .off = 28);
	assert_fills(io_uring_prep_listen(&sqe, 5, 128), .opcode = IORING_OP_LISTEN, .fd = 5,
		     .len = 128);
	assert_fills(io_uring_prep_connect(&sqe, 5, ADDR, 28), .opcode = IORING_OP_CONNECT, .fd = 5,
		     .addr = ADDR64, .off = 28);
	assert_fills(io_uring_prep_shutdown(&sqe, 5, SHUT_RDWR), .opcode = IORING_OP_SHUTDOWN,
		     .fd = 5, .len = SHUT_RDWR);
}

static void test_accept(void **state)
{
	struct sockaddr *name = ADDR;
	socklen_t *len = OTHER;

	(void)state;
	assert_fills(io_uring_prep_accept(&sqe, 5, name, len, SOCK_CLOEXEC),
		     .opcode = IORING_OP_ACCEPT, .fd = 5, .addr = ADDR64, .addr2 = OTHER64,
		     .accept_flags = SOCK_CLOEXEC);
	assert_fills(io_uring_prep_accept_direct(&sqe, 5, name, len, SOCK_NONBLOCK, 3),
		     .opcode = IORING_OP_ACCEPT, .fd = 5, .addr = ADDR64, .addr2 = OTHER64,
		     .accept_flags = SOCK_NONBLOCK, .file_index = 4);
	assert_fills(io_uring_prep_accept_direct(&sqe, 5, NULL, NULL, 0, IORING_FILE_INDEX_ALLOC),
		     .opcode = IORING_OP_ACCEPT, .fd = 5, .file_index = IORING_FILE_INDEX_ALLOC);
	assert_fills(io_uring_prep_multishot_accept(&sqe, 5, name, len, SOCK_CLOEXEC),
		     .opcode = IORING_OP_ACCEPT, .fd = 5, .addr = ADDR64, .addr2 = OTHER64,
		     .accept_flags = SOCK_CLOEXEC, .ioprio = IORING_ACCEPT_MULTISHOT);
	assert_fills((sqe.ioprio = IORING_ACCEPT_POLL_FIRST,
		      io_uring_prep_multishot_accept(&sqe, 5, NULL, NULL, 0)),
		     .opcode = IORING_OP_ACCEPT, .fd = 5,
		     .ioprio = IORING_ACCEPT_MULTISHOT | IORING_ACCEPT_POLL_FIRST);
	assert_fills(io_uring_prep_multishot_accept_direct(&sqe, 5, name, len, SOCK_NONBLOCK),
		     .opcode = IORING_OP_ACCEPT, .fd = 5, .addr = ADDR64, .addr2 = OTHER64,
		     .accept_flags = SOCK_NONBLOCK, .ioprio = IORING_ACCEPT_MULTISHOT,
		     .file_index = IORING_FILE_INDEX_ALLOC);
}

static void test_receive(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_recv(&sqe, 5, ADDR, 100, MSG_WAITALL), .opcode = IORING_OP_RECV,
		     .fd = 5, .addr = ADDR64, .len = 100, .msg_flags = MSG_WAITALL);
	/* The SQE has 32 bits for the length. */
	assert_fills(io_uring_prep_recv(&sqe, 5, ADDR, (size_t)0x100000003, 0),
		     .opcode = IORING_OP_RECV, .fd = 5, .addr = ADDR64, .len = 3);
	assert_fills(io_uring_prep_recv_multishot(&sqe, 5, NULL, 0, MSG_TRUNC),
		     .opcode = IORING_OP_RECV, .fd = 5, .msg_flags = MSG_TRUNC,
		     .ioprio = IORING_RECV_MULTISHOT);
	assert_fills((sqe.ioprio = IORING_RECVSEND_POLL_FIRST,
		      io_uring_prep_recv_multishot(&sqe, 5, ADDR, 9, 0)),
		     .opcode = IORING_OP_RECV, .fd = 5, .addr = ADDR64, .len = 9,
		     .ioprio = IORING_RECV_MULTISHOT | IORING_RECVSEND_POLL_FIRST);
	assert_fills(io_uring_prep_recvmsg(&sqe, 5, ADDR, MSG_PEEK), .opcode = IORING_OP_RECVMSG,
		     .fd = 5, .addr = ADDR64, .len = 1, .msg_flags = MSG_PEEK);
	assert_fills((sqe.ioprio = IORING_RECVSEND_POLL_FIRST,
		      io_uring_prep_recvmsg_multishot(&sqe, 5, ADDR, MSG_TRUNC)),
		     .opcode = IORING_OP_RECVMSG, .fd = 5, .addr = ADDR64, .len = 1,
		     .msg_flags = MSG_TRUNC,
		     .ioprio = IORING_RECV_MULTISHOT | IORING_RECVSEND_POLL_FIRST);
}

static void test_send(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_send(&sqe, 5, ADDR, 100, MSG_NOSIGNAL), .opcode = IORING_OP_SEND,
		     .fd = 5, .addr = ADDR64, .len = 100, .msg_flags = MSG_NOSIGNAL);
	assert_fills(io_uring_prep_send_bundle(&sqe, 5, 100, MSG_NOSIGNAL),
		     .opcode = IORING_OP_SEND, .fd = 5, .len = 100, .msg_flags = MSG_NOSIGNAL,
		     .ioprio = IORING_RECVSEND_BUNDLE);
	assert_fills(
		(sqe.ioprio = IORING_RECVSEND_POLL_FIRST, io_uring_prep_send_bundle(&sqe, 5, 0, 0)),
		.opcode = IORING_OP_SEND, .fd = 5,
		.ioprio = IORING_RECVSEND_BUNDLE | IORING_RECVSEND_POLL_FIRST);
	assert_fills(io_uring_prep_sendto(&sqe, 5, ADDR, 100, MSG_NOSIGNAL, OTHER, 28),
		     .opcode = IORING_OP_SEND, .fd = 5, .addr = ADDR64, .len = 100,
		     .msg_flags = MSG_NOSIGNAL, .addr2 = OTHER64, .addr_len = 28);
	assert_fills((io_uring_prep_send_zc(&sqe, 5, ADDR, 100, 0, 0),
		      io_uring_prep_send_set_addr(&sqe, OTHER, 65535)),
		     .opcode = IORING_OP_SEND_ZC, .fd = 5, .addr = ADDR64, .len = 100,
		     .addr2 = OTHER64, .addr_len = 65535);
	assert_fills(io_uring_prep_sendmsg(&sqe, 5, ADDR, MSG_MORE), .opcode = IORING_OP_SENDMSG,
		     .fd = 5, .addr = ADDR64, .len = 1, .msg_flags = MSG_MORE);
}

static void test_zero_copy(void **state)
{
	(void)state;
	/* The flags given replace those there, unlike a multishot prep's. */
	assert_fills(
		(sqe.ioprio = IORING_RECVSEND_POLL_FIRST,
		 io_uring_prep_send_zc(&sqe, 5, ADDR, 100, MSG_MORE, IORING_SEND_ZC_REPORT_USAGE)),
		.opcode = IORING_OP_SEND_ZC, .fd = 5, .addr = ADDR64, .len = 100,
		.msg_flags = MSG_MORE, .ioprio = IORING_SEND_ZC_REPORT_USAGE);
	assert_fills(io_uring_prep_send_zc_fixed(&sqe, 5, ADDR, 100, MSG_MORE,
						 IORING_SEND_ZC_REPORT_USAGE, 65535),
		     .opcode = IORING_OP_SEND_ZC, .fd = 5, .addr = ADDR64, .len = 100,
		     .msg_flags = MSG_MORE,
		     .ioprio = IORING_SEND_ZC_REPORT_USAGE | IORING_RECVSEND_FIXED_BUF,
		     .buf_index = 65535);
	assert_fills(io_uring_prep_sendmsg_zc(&sqe, 5, ADDR, MSG_MORE),
		     .opcode = IORING_OP_SENDMSG_ZC, .fd = 5, .addr = ADDR64, .len = 1,
		     .msg_flags = MSG_MORE);
	assert_fills((sqe.ioprio = IORING_SEND_ZC_REPORT_USAGE,
		      io_uring_prep_sendmsg_zc_fixed(&sqe, 5, ADDR, MSG_MORE, 7)),
		     .opcode = IORING_OP_SENDMSG_ZC, .fd = 5, .addr = ADDR64, .len = 1,
		     .msg_flags = MSG_MORE,
		     .ioprio = IORING_SEND_ZC_REPORT_USAGE | IORING_RECVSEND_FIXED_BUF,
		     .buf_index = 7);
}

static void test_commands(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_cmd_sock(&sqe, SOCKET_URING_OP_SETSOCKOPT, 5, SOL_SOCKET,
					    SO_REUSEADDR, ADDR, 4),
		     .opcode = IORING_OP_URING_CMD, .fd = 5, .cmd_op = SOCKET_URING_OP_SETSOCKOPT,
		     .level = SOL_SOCKET, .optname = SO_REUSEADDR, .optval = ADDR64, .optlen = 4);
	assert_fills(io_uring_prep_cmd_getsockname(&sqe, 5, ADDR, OTHER, 1),
		     .opcode = IORING_OP_URING_CMD, .fd = 5, .cmd_op = SOCKET_URING_OP_GETSOCKNAME,
		     .addr = ADDR64, .addr3 = OTHER64, .optlen = 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sockets),	  cmocka_unit_test(test_accept),
		cmocka_unit_test(test_receive),	  cmocka_unit_test(test_send),
		cmocka_unit_test(test_zero_copy), cmocka_unit_test(test_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
