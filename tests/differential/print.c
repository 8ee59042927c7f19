/* SPDX-License-Identifier: MIT */
/* Programs for people: one line a request. */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "run.h"

static const char *const opcodes[] = {
	"NOP",
	"READV",
	"WRITEV",
	"FSYNC",
	"READ_FIXED",
	"WRITE_FIXED",
	"POLL_ADD",
	"POLL_REMOVE",
	"SYNC_FILE_RANGE",
	"SENDMSG",
	"RECVMSG",
	"TIMEOUT",
	"TIMEOUT_REMOVE",
	"ACCEPT",
	"ASYNC_CANCEL",
	"LINK_TIMEOUT",
	"CONNECT",
	"FALLOCATE",
	"OPENAT",
	"CLOSE",
	"FILES_UPDATE",
	"STATX",
	"READ",
	"WRITE",
	"FADVISE",
	"MADVISE",
	"SEND",
	"RECV",
	"OPENAT2",
	"EPOLL_CTL",
	"SPLICE",
	"PROVIDE_BUFFERS",
	"REMOVE_BUFFERS",
	"TEE",
	"SHUTDOWN",
	"RENAMEAT",
	"UNLINKAT",
	"MKDIRAT",
	"SYMLINKAT",
	"LINKAT",
	"MSG_RING",
	"FSETXATTR",
	"SETXATTR",
	"FGETXATTR",
	"GETXATTR",
	"SOCKET",
	"URING_CMD",
	"SEND_ZC",
	"SENDMSG_ZC",
	"READ_MULTISHOT",
	"WAITID",
	"FUTEX_WAIT",
	"FUTEX_WAKE",
	"FUTEX_WAITV",
	"FIXED_FD_INSTALL",
	"FTRUNCATE",
	"BIND",
	"LISTEN",
	"RECV_ZC",
	"EPOLL_WAIT",
	"READV_FIXED",
	"WRITEV_FIXED",
	"PIPE",
};

const char *opcode_name(unsigned opcode)
{
	return opcode < ARRAY_LEN(opcodes) ? opcodes[opcode] : "unknown opcode";
}

struct bit {
	unsigned bit;
	const char *name;
};

static void print_bits(const char *title, unsigned value, const struct bit *bits)
{
	const char *separator = "";

	if (!value)
		return;
	printf(" %s=", title);
	for (; bits->bit; bits++)
		if (value & bits->bit) {
			printf("%s%s", separator, bits->name);
			separator = "|";
			value &= ~bits->bit;
		}
	if (value)
		printf("%s%#x", separator, value);
}

static void print_fd(const char *title, int fd, bool fixed)
{
	printf(" %s=", title);
	if (fixed)
		printf("slot %d", fd);
	else if (fd >= OBJECT_FD && fd < OBJECT_FD + OBJECTS)
		printf("%d(%s)", fd, object_rows[fd - OBJECT_FD].name);
	else if (fd >= NEW_FD && fd < NEW_FD + MAX_OPS)
		printf("%d(made by %d)", fd, fd - NEW_FD);
	else
		printf("%d", fd);
}

static bool print_inside(uint64_t addr, const char *name, const void *base, size_t size,
			 size_t each)
{
	uint64_t from = (uintptr_t)base;

	if (addr < from || addr >= from + size)
		return false;
	printf("%s[%zu]+%zu", name, (size_t)(addr - from) / each, (size_t)(addr - from) % each);
	return true;
}

static void print_address(const char *title, uint64_t addr)
{
	if (!addr)
		return;
	printf(" %s=", title);
	if (!print_inside(addr, "data", arena.data, sizeof(arena.data), DATA_SIZE) &&
	    !print_inside(addr, "args", arena.args, sizeof(arena.args), ARGS_SIZE) &&
	    !print_inside(addr, "group", arena.groups, sizeof(arena.groups),
			  sizeof(arena.groups[0])) &&
	    !print_inside(addr, "fixed", arena.fixed, sizeof(arena.fixed), FIXED_LEN) &&
	    !print_inside(addr, "futex", arena.futexes, sizeof(arena.futexes), sizeof(uint32_t)))
		printf("%#llx", (unsigned long long)addr);
}

/* ---- What the arguments point to ------------------------------------------------------------- */

static void print_iovecs(const struct iovec *vecs, size_t n)
{
	printf(" iovecs(");
	for (size_t i = 0; i < n && i < 4; i++)
		printf("%s%s%zu", i ? "," : "", (uintptr_t)vecs[i].iov_base == 16 ? "bad:" : "",
		       vecs[i].iov_len);
	printf(")");
}

static bool in_args(uint64_t addr)
{
	return addr >= (uintptr_t)arena.args && addr < (uintptr_t)arena.args + sizeof(arena.args);
}

static void print_arguments(const struct io_uring_sqe *sqe)
{
	const void *args = (const void *)(uintptr_t)sqe->addr;
	const struct __kernel_timespec *ts = args;
	const struct msghdr *msg = args;

	if (!in_args(sqe->addr))
		return;
	switch (sqe->opcode) {
	case IORING_OP_READV:
	case IORING_OP_WRITEV:
	case IORING_OP_READV_FIXED:
	case IORING_OP_WRITEV_FIXED:
		print_iovecs(args, sqe->len);
		break;
	case IORING_OP_SENDMSG:
	case IORING_OP_RECVMSG:
	case IORING_OP_SENDMSG_ZC:
		print_iovecs(msg->msg_iov, msg->msg_iovlen);
		printf(" name(%u) control(%zu)", msg->msg_namelen, msg->msg_controllen);
		break;
	case IORING_OP_TIMEOUT:
	case IORING_OP_LINK_TIMEOUT:
		printf(" time(%lld.%09lld)", (long long)ts->tv_sec, (long long)ts->tv_nsec);
		break;
	case IORING_OP_FILES_UPDATE:
		print_fd("to", *(const int *)args, false);
		break;
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
	case IORING_OP_STATX:
	case IORING_OP_RENAMEAT:
	case IORING_OP_UNLINKAT:
	case IORING_OP_MKDIRAT:
	case IORING_OP_SYMLINKAT:
	case IORING_OP_LINKAT:
		printf(" \"%s\"", (const char *)args);
		break;
	default:
		break;
	}
	if (in_args(sqe->off) &&
	    (sqe->opcode == IORING_OP_RENAMEAT || sqe->opcode == IORING_OP_LINKAT ||
	     sqe->opcode == IORING_OP_SYMLINKAT))
		printf(" \"%s\"", (const char *)(uintptr_t)sqe->off);
	if (in_args(sqe->off) && sqe->opcode == IORING_OP_TIMEOUT_REMOVE) {
		ts = (const void *)(uintptr_t)sqe->off;
		printf(" time(%lld.%09lld)", (long long)ts->tv_sec, (long long)ts->tv_nsec);
	}
	if (in_args(sqe->off) && sqe->opcode == IORING_OP_OPENAT2)
		printf(" how(flags %#llo, mode %#llo, resolve %#llx)",
		       ((const unsigned long long *)(uintptr_t)sqe->off)[0],
		       ((const unsigned long long *)(uintptr_t)sqe->off)[1],
		       ((const unsigned long long *)(uintptr_t)sqe->off)[2]);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static const struct bit sqe_bits[] = {
	{ IOSQE_IO_DRAIN, "DRAIN" },	    { IOSQE_IO_LINK, "LINK" },
	{ IOSQE_IO_HARDLINK, "HARDLINK" },  { IOSQE_ASYNC, "ASYNC" },
	{ IOSQE_BUFFER_SELECT, "SELECT" },  { IOSQE_CQE_SKIP_SUCCESS, "SKIP_SUCCESS" },
	{ IOSQE_FIXED_FILE, "FIXED_FILE" }, { 0, NULL },
};

static void print_sqe(const struct op *op)
{
	const struct io_uring_sqe *sqe = &op->sqe;

	printf("#   %u %s", op->number, opcode_name(sqe->opcode));
	if (sqe->opcode >= ARRAY_LEN(opcodes))
		printf(" %u", sqe->opcode);
	print_bits("flags", sqe->flags, sqe_bits);
	if (op->to_ring)
		printf(" fd=ring");
	else if (sqe->fd != -1)
		print_fd("fd", sqe->fd, sqe->flags & IOSQE_FIXED_FILE);
	print_address("addr", sqe->addr);
	if (sqe->len)
		printf(" len=%u", sqe->len);
	if (sqe->off == ~0ULL)
		printf(" off=-1");
	else
		print_address("off", sqe->off);
	print_bits("ioprio", sqe->ioprio, (const struct bit[]){ { 0, NULL } });
	print_bits("op_flags", (unsigned)sqe->rw_flags, (const struct bit[]){ { 0, NULL } });
	if (sqe->buf_index)
		printf(" buf_index=%u", sqe->buf_index);
	if (sqe->personality)
		printf(" personality=%u", sqe->personality);
	if (op->second)
		print_fd("fd_in", sqe->splice_fd_in, false);
	else if (sqe->file_index)
		printf(" file_index=%d", (int)sqe->file_index);
	print_address("addr3", sqe->addr3);
	if (sqe->__pad2[0])
		printf(" pad2=%#llx", (unsigned long long)sqe->__pad2[0]);
	print_arguments(sqe);
	printf("\n");
}

static const struct bit setup_bits[] = {
	{ IORING_SETUP_SUBMIT_ALL, "SUBMIT_ALL" },
	{ IORING_SETUP_COOP_TASKRUN, "COOP_TASKRUN" },
	{ IORING_SETUP_TASKRUN_FLAG, "TASKRUN_FLAG" },
	{ IORING_SETUP_SINGLE_ISSUER, "SINGLE_ISSUER" },
	{ IORING_SETUP_DEFER_TASKRUN, "DEFER_TASKRUN" },
	{ IORING_SETUP_SQE128, "SQE128" },
	{ IORING_SETUP_CQE32, "CQE32" },
	{ IORING_SETUP_CQE_MIXED, "CQE_MIXED" },
	{ IORING_SETUP_NO_SQARRAY, "NO_SQARRAY" },
	{ IORING_SETUP_CLAMP, "CLAMP" },
	{ IORING_SETUP_CQSIZE, "CQSIZE" },
	{ IORING_SETUP_R_DISABLED, "R_DISABLED" },
	{ 0, NULL },
};

void print_program(const struct program *p)
{
	printf("# program %llu: ring of %u", (unsigned long long)p->seed, p->sq_entries);
	print_bits("setup", p->setup_flags, setup_bits);
	if (p->setup_flags & IORING_SETUP_CQSIZE)
		printf(" cq_entries=%u", p->cq_entries);
	printf("%s%s%s", p->table ? ", registered files" : "",
	       p->fixed ? ", registered buffers" : "", p->second_ring ? ", a second ring" : "");
	for (unsigned i = 0; i < GROUPS; i++)
		if (p->groups & 1U << i)
			printf(", group %u", i);
	printf("\n");
	for (unsigned i = 0; i < p->count; i++) {
		const struct op *op = &p->ops[i];

		if (op->kind == OP_SQE)
			print_sqe(op);
		else if (op->kind == OP_SUBMIT)
			printf("#   submit\n");
		else
			printf("#   %u %s %s %llu %llu\n", op->number, action_name(op->action),
			       object_rows[op->object].name, (unsigned long long)op->a,
			       (unsigned long long)op->b);
	}
}
