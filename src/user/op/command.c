/* SPDX-License-Identifier: MIT */
/* Commands of files: sockets', and the few others that ordinary system calls have. */
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "user/op/command.h"
#include "user/op/net.h"

/* BLOCK_URING_CMD_DISCARD of <linux/blkdev.h>, since Linux 6.12. */
#define DISCARD _IO(0x12, 0)

int command_prep(struct request *req, const struct io_uring_sqe *sqe)
{
	struct command *c = request_data(req, struct command);
	unsigned flags = sqe->uring_cmd_flags;

	if (sqe->__pad1 || flags & ~(unsigned)IORING_URING_CMD_MASK)
		return -EINVAL;
	if (!(flags & IORING_URING_CMD_MULTISHOT) != !(req->flags & REQ_SELECT))
		return -EINVAL;
	*c = (struct command){
		.op = sqe->cmd_op,
		.level = sqe->level,
		.name = sqe->optname,
		.size = sqe->optlen,
		.value = sqe->optval,
		.start = sqe->addr,
		.length = sqe->addr3,
		.unused_set = sqe->len || flags || sqe->file_index,
	};
	return 0;
}

static enum issue_result command_done(struct request *req, long ret)
{
	req->res = (int32_t)ret;
	return ISSUE_DONE;
}

/* By a worker, as the disk takes its time. */
static enum issue_result disk_command(struct request *req, enum issue_how how)
{
	const struct command *c = request_data(req, const struct command);
	uint64_t range[2] = { c->start, c->length };

	if (c->op != DISCARD || c->unused_set)
		return command_done(req, -EINVAL);
	if (!(how & HOW_WORKER))
		return ISSUE_WORKER;
	return command_done(req, SYS(ioctl, req->sysfd, BLKDISCARD, range));
}

static enum issue_result file_command(struct request *req, enum issue_how how)
{
	struct statx st;
	long ret = SYS(statx, req->sysfd, "", AT_EMPTY_PATH, STATX_TYPE, &st);

	if (ret)
		return command_done(req, ret);
	if ((st.stx_mode & S_IFMT) == S_IFBLK)
		return disk_command(req, how);
	/* The null device takes any command, as it takes any data. */
	if ((st.stx_mode & S_IFMT) == S_IFCHR && st.stx_rdev_major == 1 && st.stx_rdev_minor == 3)
		return command_done(req, 0);
	return command_done(req, -EOPNOTSUPP);
}

enum issue_result command_issue(struct request *req, enum issue_how how)
{
	int domain = socket_option(req->sysfd, SO_DOMAIN);

	/* Nothing of this is polled for. */
	if (req->ring->setup_flags & IORING_SETUP_IOPOLL)
		return command_done(req, -EOPNOTSUPP);
	if (domain == -ENOTSOCK)
		return file_command(req, how);
	/* Opened with O_PATH, which knows no commands. */
	if (domain == -EBADF && req->flags & REQ_FIXED_FILE)
		return command_done(req, -EOPNOTSUPP);
	return domain < 0 ? command_done(req, domain) : socket_command(req, domain);
}
