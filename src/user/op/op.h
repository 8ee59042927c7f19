/* SPDX-License-Identifier: MIT */
/* The opcodes: one row of op_table each, in table.c. */
#ifndef ANYRING_USER_OP_H
#define ANYRING_USER_OP_H

#include "user/submit.h"
#include "user/sys.h"
#include "user/uring.h"

/* What issue() returns where it is done, with that result. */
static inline enum issue_result issue_done(struct request *req, long res)
{
	req->res = (int32_t)res;
	return ISSUE_DONE;
}

int nop_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result nop_issue(struct request *req, enum issue_how how);

/* ---- rw_prep.c, rw.c, rw_socket.c, read_multishot.c ------------------------------------------ */
bool write_quick(const struct uring *ring, const struct io_uring_sqe *sqe, const struct file *file,
		 struct quick_send *send);
bool writev_quick(const struct uring *ring, const struct io_uring_sqe *sqe, const struct file *file,
		  struct quick_send *send);
int read_prep(struct request *req, const struct io_uring_sqe *sqe);
int write_prep(struct request *req, const struct io_uring_sqe *sqe);
int readv_prep(struct request *req, const struct io_uring_sqe *sqe);
int writev_prep(struct request *req, const struct io_uring_sqe *sqe);
int read_fixed_prep(struct request *req, const struct io_uring_sqe *sqe);
int write_fixed_prep(struct request *req, const struct io_uring_sqe *sqe);
int readv_fixed_prep(struct request *req, const struct io_uring_sqe *sqe);
int writev_fixed_prep(struct request *req, const struct io_uring_sqe *sqe);
int read_multishot_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result rw_issue(struct request *req, enum issue_how how);
enum issue_result read_multishot_issue(struct request *req, enum issue_how how);
void rw_fail(struct request *req);
void rw_cleanup(struct request *req);
bool rw_cancel(struct request *req);
int files_update_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result files_update_issue(struct request *req, enum issue_how how);
int provide_buffers_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result provide_buffers_issue(struct request *req, enum issue_how how);
int remove_buffers_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result remove_buffers_issue(struct request *req, enum issue_how how);

/* ---- close.c --------------------------------------------------------------------------------- */
int close_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result close_issue(struct request *req, enum issue_how how);
int fixed_fd_install_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result fixed_fd_install_issue(struct request *req, enum issue_how how);

/* ---- names.c --------------------------------------------------------------------------------- */
int renameat_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result renameat_issue(struct request *req, enum issue_how how);
int unlinkat_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result unlinkat_issue(struct request *req, enum issue_how how);
int mkdirat_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result mkdirat_issue(struct request *req, enum issue_how how);
int symlinkat_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result symlinkat_issue(struct request *req, enum issue_how how);
int linkat_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result linkat_issue(struct request *req, enum issue_how how);
int statx_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result statx_issue(struct request *req, enum issue_how how);

/* ---- open.c ---------------------------------------------------------------------------------- */
int openat_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result openat_issue(struct request *req, enum issue_how how);
int openat2_prep(struct request *req, const struct io_uring_sqe *sqe);
/* It may make a file, or empty one: Linux leaves that to a worker. */
bool open_makes(struct request *req);

/* ---- pipe.c ---------------------------------------------------------------------------------- */
int pipe_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result pipe_issue(struct request *req, enum issue_how how);

/* ---- futex.c --------------------------------------------------------------------------------- */
int futex_wait_prep(struct request *req, const struct io_uring_sqe *sqe);
int futex_waitv_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result futex_wait_issue(struct request *req, enum issue_how how);
bool futex_wait_cancel(struct request *req);
void futex_wait_fail(struct request *req);
int futex_wake_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result futex_wake_issue(struct request *req, enum issue_how how);

/* ---- waitid.c -------------------------------------------------------------------------------- */
int waitid_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result waitid_issue(struct request *req, enum issue_how how);
bool waitid_cancel(struct request *req);

/* ---- msg_ring.c ------------------------------------------------------------------------------ */
int msg_ring_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result msg_ring_issue(struct request *req, enum issue_how how);

/* ---- splice.c -------------------------------------------------------------------------------- */
int splice_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result splice_issue(struct request *req, enum issue_how how);
int tee_prep(struct request *req, const struct io_uring_sqe *sqe);
void splice_cleanup(struct request *req);

/* ---- sync.c ---------------------------------------------------------------------------------- */
int fsync_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result fsync_issue(struct request *req, enum issue_how how);
int sync_file_range_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result sync_file_range_issue(struct request *req, enum issue_how how);
int fallocate_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result fallocate_issue(struct request *req, enum issue_how how);
int ftruncate_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result ftruncate_issue(struct request *req, enum issue_how how);
int fadvise_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result fadvise_issue(struct request *req, enum issue_how how);
int madvise_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result madvise_issue(struct request *req, enum issue_how how);

/* ---- xattr.c --------------------------------------------------------------------------------- */
int fsetxattr_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result fsetxattr_issue(struct request *req, enum issue_how how);
int setxattr_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result setxattr_issue(struct request *req, enum issue_how how);
int fgetxattr_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result fgetxattr_issue(struct request *req, enum issue_how how);
int getxattr_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result getxattr_issue(struct request *req, enum issue_how how);

/* ---- cancel.c -------------------------------------------------------------------------------- */
int cancel_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result cancel_issue(struct request *req, enum issue_how how);

/* ---- epoll.c --------------------------------------------------------------------------------- */
int epoll_ctl_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result epoll_ctl_issue(struct request *req, enum issue_how how);
int epoll_wait_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result epoll_wait_issue(struct request *req, enum issue_how how);

/* ---- poll.c ---------------------------------------------------------------------------------- */
int poll_add_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result poll_add_issue(struct request *req, enum issue_how how);
int poll_remove_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result poll_remove_issue(struct request *req, enum issue_how how);

/* ---- timeout.c, ../link_timeout.c ------------------------------------------------------------ */
int timeout_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result timeout_issue(struct request *req, enum issue_how how);
bool timeout_cancel(struct request *req);
int timeout_remove_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result timeout_remove_issue(struct request *req, enum issue_how how);
int link_timeout_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result link_timeout_issue(struct request *req, enum issue_how how);

/* ---- send.c, zero_copy.c, recv.c, recvmsg.c, net.c ------------------------------------------- */
bool send_quick(const struct uring *ring, const struct io_uring_sqe *sqe, const struct file *file,
		struct quick_send *send);
int send_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result send_issue(struct request *req, enum issue_how how);
int send_zc_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result send_zc_issue(struct request *req, enum issue_how how);
void send_zc_cleanup(struct request *req);
int recv_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result recv_issue(struct request *req, enum issue_how how);
int recvmsg_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result recvmsg_issue(struct request *req, enum issue_how how);
void net_fail(struct request *req);

/* ---- accept.c, connect.c, socket.c, command.c ------------------------------------------------ */
int accept_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result accept_issue(struct request *req, enum issue_how how);
int connect_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result connect_issue(struct request *req, enum issue_how how);
int bind_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result bind_issue(struct request *req, enum issue_how how);
int socket_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result socket_issue(struct request *req, enum issue_how how);
int listen_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result listen_issue(struct request *req, enum issue_how how);
int shutdown_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result shutdown_issue(struct request *req, enum issue_how how);
int command_prep(struct request *req, const struct io_uring_sqe *sqe);
enum issue_result command_issue(struct request *req, enum issue_how how);

#endif
