/* SPDX-License-Identifier: MIT */
/* What a program does beside its requests. None of it blocks. */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run.h"

static bool is_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) > 0;
}

static long feed(struct run *r, const struct op *op)
{
	uint64_t bytes[DATA_SIZE / sizeof(uint64_t)];
	int fd = OBJECT_FD + (int)op->object;

	(void)r;
	memset(bytes, 'f', sizeof(bytes));
	if (op->object == EVENTFD)
		bytes[0] = 1;
	if (!is_ready(fd, POLLOUT))
		return -EAGAIN;
	return write(fd, bytes, op->object == EVENTFD ? 8 : op->a) < 0 ? -errno : 0;
}

static long drain(struct run *r, const struct op *op)
{
	char bytes[DATA_SIZE];
	int fd = OBJECT_FD + (int)op->object;
	long n;

	(void)r;
	if (!is_ready(fd, POLLIN))
		return -EAGAIN;
	n = read(fd, bytes, op->a);
	return n < 0 ? -errno : n;
}

static long connect_to(struct run *r, const struct op *op)
{
	int fd, place = extra_place(r, op);

	if (op->object != UNIX_LISTENER && op->object != TCP_LISTENER)
		return -EINVAL;
	fd = connect_client(op->object);
	if (fd < 0)
		return fd;
	dup2(fd, place);
	close(fd);
	return 0;
}

static long shut_down(struct run *r, const struct op *op)
{
	(void)r;
	return shutdown(OBJECT_FD + (int)op->object, (int)op->a) < 0 ? -errno : 0;
}

static long close_object(struct run *r, const struct op *op)
{
	(void)r;
	return close(OBJECT_FD + (int)op->object) < 0 ? -errno : 0;
}

static long add_buffers(struct run *r, const struct op *op)
{
	struct io_uring_buf_ring *br = r->groups[op->b];

	if (!br)
		return -ENOENT;
	for (unsigned i = 0; i < op->a % GROUP_BUFFERS; i++) {
		unsigned bid = r->next_bid[op->b]++ % GROUP_BUFFERS;

		io_uring_buf_ring_add(br, arena.groups[op->b][bid], GROUP_LEN, (uint16_t)bid,
				      GROUP_BUFFERS - 1, (int)i);
	}
	io_uring_buf_ring_advance(br, (int)(op->a % GROUP_BUFFERS));
	return 0;
}

static long ring_status(struct run *r, const struct op *op)
{
	uint16_t head = 0;
	int ret = io_uring_buf_ring_head(&r->ring, (int)op->b, &head);

	return ret < 0 ? ret : head;
}

static long free_ring(struct run *r, const struct op *op)
{
	int ret = io_uring_unregister_buf_ring(&r->ring, (int)op->b);

	if (!ret)
		r->groups[op->b] = NULL;
	return ret;
}

static long futex_wake(struct run *r, const struct op *op)
{
	(void)r;
	return syscall(SYS_futex, &arena.futexes[op->b], FUTEX_WAKE | FUTEX_PRIVATE_FLAG,
		       (int)(op->a % 3), NULL, NULL, 0);
}

static long set_slot(struct run *r, const struct op *op)
{
	int fd = op->object == NO_OBJECT ? -1 : OBJECT_FD + (int)op->object;
	int ret = io_uring_register_files_update(&r->ring, (unsigned)op->a, &fd, 1);

	if (ret == 1)
		r->slots[op->a] = op->object;
	return ret;
}

static long sync_cancel(struct run *r, const struct op *op)
{
	struct io_uring_sync_cancel_reg reg = {
		.addr = op->b,
		.fd = -1,
		.flags = op->a == 1   ? IORING_ASYNC_CANCEL_ALL
			 : op->a == 2 ? IORING_ASYNC_CANCEL_ANY
				      : 0,
		/* Waiting for those it found would take a second on a busy machine. */
		.timeout = { .tv_sec = -1, .tv_nsec = -1 },
	};

	return io_uring_register_sync_cancel(&r->ring, &reg);
}

static long register_raw(struct run *r, const struct op *op)
{
	return io_uring_register((unsigned)r->ring.ring_fd, (unsigned)op->a, NULL, (unsigned)op->b);
}

static long enter_raw(struct run *r, const struct op *op)
{
	return io_uring_enter((unsigned)r->ring.ring_fd, 0, 0, (unsigned)op->a, NULL);
}

static const struct {
	const char *name;
	long (*run)(struct run *r, const struct op *op);
} rows[ACTIONS] = {
	[ACTION_FEED] = { "feed", feed },
	[ACTION_DRAIN] = { "drain", drain },
	[ACTION_CONNECT] = { "connect", connect_to },
	[ACTION_SHUTDOWN] = { "shutdown", shut_down },
	[ACTION_CLOSE] = { "close", close_object },
	[ACTION_ADD_BUFFERS] = { "add buffers", add_buffers },
	[ACTION_RING_STATUS] = { "ring status", ring_status },
	[ACTION_FREE_RING] = { "free ring", free_ring },
	[ACTION_FUTEX_WAKE] = { "futex wake", futex_wake },
	[ACTION_SET_SLOT] = { "set slot", set_slot },
	[ACTION_SYNC_CANCEL] = { "sync cancel", sync_cancel },
	[ACTION_REGISTER] = { "register", register_raw },
	[ACTION_ENTER] = { "enter", enter_raw },
};

const char *action_name(enum action action)
{
	return rows[action].name;
}

void do_action(struct run *r, const struct op *op)
{
	next_step(r);
	if (!action_is_determined(r, op)) {
		say(r->trace, "%u: left out\n", op->number);
		return;
	}
	say(r->trace, "%u: %s -> ", op->number, rows[op->action].name);
	say(r->trace, "%s\n", result_name(rows[op->action].run(r, op)));
	settle(r);
}
