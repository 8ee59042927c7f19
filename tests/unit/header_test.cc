// SPDX-License-Identifier: MIT
// The public headers must compile as C++, from C++11 on: here every inline function and macro of them,
// and all that anyring adds, is used once, with arguments of the types that programs have.
#include <anyring.h>
#include <liburing.h>

#include <sys/epoll.h>

namespace
{

int engines(const io_uring *ring)
{
	anyring_engine engine = ANYRING_AUTO;
	char text[100];

	if (anyring_find_engine("user", &engine) || anyring_set_engine(engine))
		return -1;
	if (anyring_get_engine() != ANYRING_USER && anyring_ring_engine(ring) == ANYRING_KERNEL)
		return anyring_reason(text, sizeof(text));
	return anyring_engine_name(engine) != nullptr;
}

void files(io_uring_sqe *sqe, const iovec *iov, char *buf)
{
	io_uring_prep_read(sqe, 0, buf, 1, 0);
	io_uring_prep_write(sqe, 0, "x", 1, 0);
	io_uring_prep_read_fixed(sqe, 0, buf, 1, 0, 0);
	io_uring_prep_write_fixed(sqe, 0, buf, 1, 0, 0);
	io_uring_prep_readv(sqe, 0, iov, 1, 0);
	io_uring_prep_writev(sqe, 0, iov, 1, 0);
	io_uring_prep_readv2(sqe, 0, iov, 1, 0, RWF_NOWAIT);
	io_uring_prep_writev2(sqe, 0, iov, 1, 0, RWF_NOWAIT);
	io_uring_prep_readv_fixed(sqe, 0, iov, 1, 0, 0, 0);
	io_uring_prep_writev_fixed(sqe, 0, iov, 1, 0, 0, 0);
	io_uring_prep_read_multishot(sqe, 0, 0, 0, 1);
	io_uring_prep_splice(sqe, 0, -1, 1, -1, 1, SPLICE_F_MOVE);
	io_uring_prep_tee(sqe, 0, 1, 1, SPLICE_F_FD_IN_FIXED);
	io_uring_prep_fsync(sqe, 0, IORING_FSYNC_DATASYNC);
	io_uring_prep_sync_file_range(sqe, 0, 1, 0, 0);
	io_uring_prep_fallocate(sqe, 0, 0, 0, 1);
	io_uring_prep_ftruncate(sqe, 0, 1);
	io_uring_prep_fadvise(sqe, 0, 0, 1, 0);
	io_uring_prep_fadvise64(sqe, 0, 0, 1, 0);
	io_uring_prep_madvise(sqe, buf, 1, 0);
	io_uring_prep_madvise64(sqe, buf, 1, 0);
}

void paths(io_uring_sqe *sqe, char *value, int *fds, struct statx *st)
{
	open_how how = open_how();

	io_uring_prep_close(sqe, 0);
	io_uring_prep_close_direct(sqe, 0);
	io_uring_prep_fixed_fd_install(sqe, 0, IORING_FIXED_FD_NO_CLOEXEC);
	io_uring_prep_files_update(sqe, fds, 1, 0);
	io_uring_prep_pipe(sqe, fds, 0);
	io_uring_prep_pipe_direct(sqe, fds, 0, IORING_FILE_INDEX_ALLOC);
	io_uring_prep_openat(sqe, AT_FDCWD, "x", O_RDONLY, 0);
	io_uring_prep_open(sqe, "x", O_RDONLY, 0);
	io_uring_prep_openat_direct(sqe, AT_FDCWD, "x", O_RDONLY, 0, 0);
	io_uring_prep_open_direct(sqe, "x", O_RDONLY, 0, 0);
	io_uring_prep_openat2(sqe, AT_FDCWD, "x", &how);
	io_uring_prep_openat2_direct(sqe, AT_FDCWD, "x", &how, 0);
	io_uring_prep_statx(sqe, AT_FDCWD, "x", 0, 0, st);
	io_uring_prep_unlinkat(sqe, AT_FDCWD, "x", 0);
	io_uring_prep_unlink(sqe, "x", 0);
	io_uring_prep_renameat(sqe, AT_FDCWD, "x", AT_FDCWD, "y", 0);
	io_uring_prep_rename(sqe, "x", "y");
	io_uring_prep_mkdirat(sqe, AT_FDCWD, "x", 0700);
	io_uring_prep_mkdir(sqe, "x", 0700);
	io_uring_prep_symlinkat(sqe, "x", AT_FDCWD, "y");
	io_uring_prep_symlink(sqe, "x", "y");
	io_uring_prep_linkat(sqe, AT_FDCWD, "x", AT_FDCWD, "y", 0);
	io_uring_prep_link(sqe, "x", "y", 0);
	io_uring_prep_fgetxattr(sqe, 0, "user.x", value, 1);
	io_uring_prep_getxattr(sqe, "user.x", value, "x", 1);
	io_uring_prep_fsetxattr(sqe, 0, "user.x", "v", 0, 1);
	io_uring_prep_setxattr(sqe, "user.x", "v", "x", 0, 1);
}

void sockets(io_uring_sqe *sqe, sockaddr *addr, socklen_t *len, msghdr *msg, char *buf)
{
	io_uring_prep_socket(sqe, AF_INET, SOCK_STREAM, 0, 0);
	io_uring_prep_socket_direct(sqe, AF_INET, SOCK_STREAM, 0, IORING_FILE_INDEX_ALLOC, 0);
	io_uring_prep_socket_direct_alloc(sqe, AF_INET, SOCK_STREAM, 0, 0);
	io_uring_prep_bind(sqe, 0, addr, *len);
	io_uring_prep_listen(sqe, 0, 1);
	io_uring_prep_connect(sqe, 0, addr, *len);
	io_uring_prep_accept(sqe, 0, addr, len, SOCK_CLOEXEC);
	io_uring_prep_accept_direct(sqe, 0, nullptr, nullptr, 0, IORING_FILE_INDEX_ALLOC);
	io_uring_prep_multishot_accept(sqe, 0, nullptr, nullptr, 0);
	io_uring_prep_multishot_accept_direct(sqe, 0, addr, len, 0);
	io_uring_prep_shutdown(sqe, 0, SHUT_RDWR);
	io_uring_prep_recv(sqe, 0, buf, 1, 0);
	io_uring_prep_recv_multishot(sqe, 0, nullptr, 0, 0);
	io_uring_prep_recvmsg(sqe, 0, msg, 0);
	io_uring_prep_recvmsg_multishot(sqe, 0, msg, 0);
	io_uring_prep_send(sqe, 0, "x", 1, MSG_NOSIGNAL);
	io_uring_prep_send_bundle(sqe, 0, 0, 0);
	io_uring_prep_send_set_addr(sqe, addr, 16);
	io_uring_prep_sendto(sqe, 0, "x", 1, 0, addr, *len);
	io_uring_prep_sendmsg(sqe, 0, msg, 0);
	io_uring_prep_send_zc(sqe, 0, "x", 1, 0, IORING_SEND_ZC_REPORT_USAGE);
	io_uring_prep_send_zc_fixed(sqe, 0, buf, 1, 0, 0, 0);
	io_uring_prep_sendmsg_zc(sqe, 0, msg, 0);
	io_uring_prep_sendmsg_zc_fixed(sqe, 0, msg, 0, 0);
	io_uring_prep_cmd_sock(sqe, SOCKET_URING_OP_GETSOCKOPT, 0, SOL_SOCKET, SO_ERROR, buf, 4);
	io_uring_prep_cmd_getsockname(sqe, 0, addr, len, 1);
}

unsigned received(char *buf, int len, msghdr *msg)
{
	io_uring_recvmsg_out *out = io_uring_recvmsg_validate(buf, len, msg);
	unsigned cmsgs = 0;

	if (!out || !io_uring_recvmsg_name(out) || !io_uring_recvmsg_payload(out, msg))
		return 0;
	for (cmsghdr *cmsg = io_uring_recvmsg_cmsg_firsthdr(out, msg); cmsg;
	     cmsg = io_uring_recvmsg_cmsg_nexthdr(out, msg, cmsg))
		cmsgs++;
	return cmsgs + io_uring_recvmsg_payload_length(out, len, msg);
}

void control(io_uring_sqe *sqe, __kernel_timespec *ts, char *buf)
{
	io_uring_prep_rw(IORING_OP_NOP, sqe, -1, nullptr, 0, 0);
	io_uring_prep_nop(sqe);
	io_uring_prep_nop128(sqe);
	io_uring_prep_timeout(sqe, ts, 1, IORING_TIMEOUT_ABS);
	io_uring_prep_timeout_remove(sqe, 1, 0);
	io_uring_prep_timeout_update(sqe, ts, 1, 0);
	io_uring_prep_link_timeout(sqe, ts, 0);
	io_uring_prep_cancel64(sqe, 1, IORING_ASYNC_CANCEL_ALL);
	io_uring_prep_cancel(sqe, buf, 0);
	io_uring_prep_cancel_fd(sqe, 0, 0);
	io_uring_prep_poll_add(sqe, 0, __io_uring_prep_poll_mask(1));
	io_uring_prep_poll_multishot(sqe, 0, 1);
	io_uring_prep_poll_remove(sqe, 1);
	io_uring_prep_poll_update(sqe, 1, 2, 1, IORING_POLL_UPDATE_EVENTS);
	io_uring_prep_provide_buffers(sqe, buf, 1, 1, 0, 0);
	io_uring_prep_remove_buffers(sqe, 1, 0);
	io_uring_prep_msg_ring(sqe, 0, 0, 0, 0);
	io_uring_prep_msg_ring_cqe_flags(sqe, 0, 0, 0, 0, 0);
	io_uring_prep_msg_ring_fd(sqe, 0, 0, 0, 0, 0);
	io_uring_prep_msg_ring_fd_alloc(sqe, 0, 0, 0, 0);
	io_uring_prep_uring_cmd(sqe, 0, 0);
	io_uring_prep_uring_cmd128(sqe, 0, 0);
	__io_uring_prep_uring_cmd(sqe, IORING_OP_URING_CMD, 0, 0);
	io_uring_prep_cmd_discard(sqe, 0, 0, 0);
	io_uring_prep_cmd_zone_reset_all(sqe, 0);
}

void others(io_uring_sqe *sqe, epoll_event *events, siginfo_t *info, uint32_t *word,
	    const struct futex_waitv *words)
{
	io_uring_prep_epoll_ctl(sqe, 0, 0, EPOLL_CTL_ADD, events);
	io_uring_prep_epoll_wait(sqe, 0, events, 1, 0);
	io_uring_prep_waitid(sqe, P_ALL, 0, info, WEXITED, 0);
	io_uring_prep_futex_wait(sqe, word, 0, ~0ULL, 2, 0);
	io_uring_prep_futex_wake(sqe, word, 1, ~0ULL, 2, 0);
	io_uring_prep_futex_waitv(sqe, words, 1, 0);
}

unsigned submission(io_uring *ring)
{
	io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		sqe = io_uring_get_sqe128(ring);
	io_uring_initialize_sqe(sqe);
	io_uring_sqe_set_data(sqe, ring);
	io_uring_sqe_set_data64(sqe, uring_ptr_to_u64(ring));
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK | IOSQE_ASYNC);
	io_uring_sqe_set_buf_group(sqe, 1);
	__io_uring_set_target_fixed_file(sqe, 1);
	io_uring_sqring_wait(ring);
	return io_uring_sq_ready(ring) + io_uring_sq_space_left(ring) +
	       io_uring_load_sq_head(ring) + io_uring_sqe_shift(ring) +
	       io_uring_sqe_shift_from_flags(IORING_SETUP_SQE128);
}

unsigned completion(io_uring *ring)
{
	io_uring_cqe_iter iter = io_uring_cqe_iter_init(ring);
	io_uring_cqe *cqe;
	unsigned head, seen = 0;
	int err = 0;

	io_uring_for_each_cqe(ring, head, cqe)
		seen += io_uring_cqe_nr(cqe);
	io_uring_cq_advance(ring, seen);
	while (io_uring_cqe_iter_next(&iter, &cqe))
		if (!io_uring_skip_cqe(ring, cqe, &err))
			io_uring_cqe_seen(ring, cqe);
	if (io_uring_peek_cqe(ring, &cqe) || io_uring_wait_cqe(ring, &cqe) ||
	    io_uring_wait_cqe_nr(ring, &cqe, 2) || __io_uring_peek_cqe(ring, &cqe, &head))
		return 0;
	if (io_uring_cqe_get_data(cqe) == ring && io_uring_cqe_get_data64(cqe) == 1 &&
	    !io_uring_cq_has_overflow(ring) && !io_uring_cq_eventfd_enabled(ring))
		io_uring_cq_eventfd_toggle(ring, true);
	return io_uring_cq_ready(ring) + io_uring_cqe_shift(ring) +
	       io_uring_cqe_shift_from_flags(IORING_SETUP_CQE32) +
	       io_uring_cqe_index(ring, head, ring->cq.ring_mask);
}

int buffers(io_uring *ring, io_uring_buf_ring *br, char *buf)
{
	io_uring_buf_ring_init(br);
	io_uring_buf_ring_add(br, buf, 1, 0, io_uring_buf_ring_mask(8), 0);
	io_uring_buf_ring_advance(br, 1);
	io_uring_buf_ring_cq_advance(ring, br, 1);
	__io_uring_buf_ring_cq_advance(ring, br, 1, 1);
	return io_uring_buf_ring_available(ring, br, 0);
}

bool rest(const io_uring_probe *probe, unsigned *word)
{
	io_uring_smp_store_release(word, 1U);
	io_uring_smp_mb();
	IO_URING_WRITE_ONCE(*word, IO_URING_READ_ONCE(*word) + 1);
	static_assert(!IO_URING_CHECK_VERSION(2, 15), "for the preprocessor and the compiler");
	return uring_likely(io_uring_smp_load_acquire(word)) &&
	       uring_unlikely(io_uring_opcode_supported(probe, IORING_OP_NOP));
}

} // namespace

// What the compiler must not take for unused.
extern void *const every_function[];
void *const every_function[] = {
	reinterpret_cast<void *>(files),      reinterpret_cast<void *>(paths),
	reinterpret_cast<void *>(sockets),    reinterpret_cast<void *>(received),
	reinterpret_cast<void *>(control),    reinterpret_cast<void *>(others),
	reinterpret_cast<void *>(submission), reinterpret_cast<void *>(completion),
	reinterpret_cast<void *>(buffers),    reinterpret_cast<void *>(rest),
	reinterpret_cast<void *>(engines),
};
