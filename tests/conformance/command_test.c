/* SPDX-License-Identifier: MIT */
/* Commands: what a file can be told that no other opcode has. */
#include <linux/loop.h>
#include <sys/ioctl.h>

#include "conformance.h"

/* The command's number, as <linux/blkdev.h> has it since Linux 6.12. */
#define DISCARD	  _IO(0x12, 0)
/* Of the loop device; big enough to have blocks that are freed. */
#define DISK_SIZE (1 << 20)

static struct io_uring_sqe *prep_command(struct io_uring *ring, int fd, unsigned op)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_uring_cmd(sqe, (int)op, fd);
	set_sqe(sqe, 0xc3d, 0);
	return sqe;
}

static int run_command(struct io_uring *ring, int fd, unsigned op)
{
	struct answer a;

	prep_command(ring, fd, op);
	a = run_one(ring);
	expect(a.data, 0xc3d);
	expect(a.flags, 0);
	return a.res;
}

/* ---- Files without commands ------------------------------------------------------------------ */

static void no_commands(void)
{
	int fds[2], file = scratch_file(1), event = (int)sys(eventfd(0, EFD_CLOEXEC));
	int folder = (int)sys(open(".", O_RDONLY | O_DIRECTORY));
	struct io_uring ring;

	need_op(IORING_OP_URING_CMD, "IORING_OP_URING_CMD");
	open_ring(&ring, 8, 0);
	make_pipe(fds);
	for (unsigned op = 0; op < 3; op++) {
		expect(run_command(&ring, file, op), -EOPNOTSUPP);
		expect(run_command(&ring, folder, op), -EOPNOTSUPP);
		expect(run_command(&ring, fds[0], op), -EOPNOTSUPP);
		expect(run_command(&ring, fds[1], op), -EOPNOTSUPP);
		expect(run_command(&ring, event, op), -EOPNOTSUPP);
		expect(run_command(&ring, ring.ring_fd, op), -EOPNOTSUPP);
	}
	expect(run_command(&ring, 9999, 0), -EBADF);
	expect(run_command(&ring, -1, 0), -EBADF);
	expect_usable(&ring);
	io_uring_queue_exit(&ring);
}

static void unknown_socket_commands(void)
{
	struct io_uring ring;
	int fds[2];

	need_op(IORING_OP_URING_CMD, "IORING_OP_URING_CMD");
	open_ring(&ring, 8, 0);
	tcp_pair(fds);
	expect(run_command(&ring, fds[0], 4000), -EOPNOTSUPP);
	expect(run_command(&ring, fds[0], ~0U), -EOPNOTSUPP);
	expect(run_command(&ring, fds[0], SOCKET_URING_OP_SIOCINQ), 0);
	unix_pair(fds);
	/* What depends on the protocol, UNIX sockets do not have. */
	expect(run_command(&ring, fds[0], SOCKET_URING_OP_SIOCINQ), -EOPNOTSUPP);
	expect(run_command(&ring, fds[0], SOCKET_URING_OP_SIOCOUTQ), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
}

static void bad_fields(void)
{
	struct io_uring ring;
	int fds[2];

	need_op(IORING_OP_URING_CMD, "IORING_OP_URING_CMD");
	open_ring(&ring, 8, 0);
	tcp_pair(fds);
	for (unsigned i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe = prep_command(&ring, fds[0], SOCKET_URING_OP_SIOCINQ);

		if (i == 0)
			sqe->__pad1 = 1;
		if (i == 1)
			sqe->uring_cmd_flags = 1U << 10;
		if (i == 2)
			sqe->uring_cmd_flags = IORING_URING_CMD_MULTISHOT;
		if (i == 3)
			sqe->ioprio = 1;
		expect(run_one(&ring).res, -EINVAL);
	}
	io_uring_queue_exit(&ring);
}

static void by_registered_file(void)
{
	struct io_uring ring;
	int fds[2];

	need_op(IORING_OP_URING_CMD, "IORING_OP_URING_CMD");
	open_ring(&ring, 8, IORING_SETUP_SQE128);
	tcp_pair(fds);
	expect(io_uring_register_files(&ring, fds, 2), 0);
	expect(write(fds[1], "hello", 5), 5);
	for (int i = 0; i < 2; i++) {
		/* Loopback delivers at once; asynchronous or not, it is the same answer. */
		set_sqe(prep_command(&ring, 0, SOCKET_URING_OP_SIOCINQ), 1,
			IOSQE_FIXED_FILE | (i ? IOSQE_ASYNC : 0));
		expect(run_one(&ring).res, 5);
	}
	set_sqe(prep_command(&ring, 2, SOCKET_URING_OP_SIOCINQ), 1, IOSQE_FIXED_FILE);
	expect(run_one(&ring).res, -EBADF);
	io_uring_queue_exit(&ring);
}

static void null_device(void)
{
	int fd = (int)sys(open("/dev/null", O_RDWR));
	struct io_uring ring;

	need_linux(6, 2, "commands of /dev/null");
	open_ring(&ring, 8, 0);
	/* It takes any command, as it takes any data. */
	expect(run_command(&ring, fd, 0), 0);
	expect(run_command(&ring, fd, 12345), 0);
	set_sqe(prep_command(&ring, fd, 1), 2, IOSQE_ASYNC);
	expect(run_one(&ring).res, 0);
	io_uring_queue_exit(&ring);
}

/* ---- Discarding blocks ----------------------------------------------------------------------- */

static int discard(struct io_uring *ring, int fd, uint64_t offset, uint64_t size)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_cmd_discard(sqe, fd, offset, size);
	set_sqe(sqe, 1, 0);
	return run_one(ring).res;
}

static void discard_a_file(void)
{
	struct io_uring ring;
	int file = scratch_file(8192), fds[2];

	need_linux(6, 12, "BLOCK_URING_CMD_DISCARD");
	open_ring(&ring, 8, 0);
	make_pipe(fds);
	expect(discard(&ring, file, 0, 4096), -EOPNOTSUPP);
	expect(discard(&ring, fds[0], 0, 4096), -EOPNOTSUPP);
	expect(discard(&ring, 9999, 0, 4096), -EBADF);
	io_uring_queue_exit(&ring);
}

/* A disk of `file`'s bytes, which goes away with its last descriptor. */
static int try_disk(int control, int file, char *name, size_t size)
{
	struct loop_config config = { .fd = (unsigned)file, .info.lo_flags = LO_FLAGS_AUTOCLEAR };
	int number = ioctl(control, LOOP_CTL_GET_FREE), disk, ret;

	if (number < 0)
		skip_because_of("no free loop device: %s", strerror(errno));
	snprintf(name, size, "/dev/loop%d", number);
	disk = open(name, O_RDWR | O_CLOEXEC);
	if (disk < 0)
		skip_because_of("%s: %s", name, strerror(errno));
	ret = ioctl(disk, LOOP_CONFIGURE, &config);
	if (ret == 0)
		return disk;
	if (errno != EBUSY)
		skip_because_of("%s cannot be configured: %s", name, strerror(errno));
	close(disk);
	return -1;
}

static int open_disk(int file, char *name, size_t size)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), disk;

	if (control < 0)
		skip_because_of("no loop devices: %s", strerror(errno));
	/* Another process may take the number that we were given. */
	for (int i = 0; i < 50; i++) {
		disk = try_disk(control, file, name, size);
		if (disk >= 0) {
			close(control);
			return disk;
		}
	}
	skip_because_of("no loop device to be had");
}

static void discard_blocks(void)
{
	static char bytes[DISK_SIZE], zeroes[8192];
	char name[40];
	int file = scratch_file(DISK_SIZE), disk;
	struct io_uring ring;

	need_linux(6, 12, "BLOCK_URING_CMD_DISCARD");
	disk = open_disk(file, name, sizeof(name));
	open_ring(&ring, 8, 0);
	expect(pread(disk, bytes, DISK_SIZE, 0), DISK_SIZE);
	expect_pattern(bytes, 0, DISK_SIZE);
	expect(discard(&ring, disk, 4096, 8192), 0);
	/* Not on one side of it, nor on the other, and not in what was cached of it. */
	for (int i = 0; i < 2; i++) {
		expect(pread(i ? file : disk, bytes, DISK_SIZE, 0), DISK_SIZE);
		expect_pattern(bytes, 0, 4096);
		check(!memcmp(bytes + 4096, zeroes, 8192), "the blocks are still there");
		expect_pattern(bytes + 12288, 12288, DISK_SIZE - 12288);
	}
	set_sqe(prep_command(&ring, disk, DISCARD), 1, IOSQE_ASYNC);
	expect(run_one(&ring).res, -EINVAL);
	expect(discard(&ring, disk, 0, DISK_SIZE), 0);
	expect(pread(file, bytes, 8192, DISK_SIZE - 8192), 8192);
	check(!memcmp(bytes, zeroes, 8192), "the last blocks are still there");
	io_uring_queue_exit(&ring);
	close(disk);
}

static void discard_errors(void)
{
	char name[40];
	int file = scratch_file(DISK_SIZE), disk, reader;
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	need_linux(6, 12, "BLOCK_URING_CMD_DISCARD");
	disk = open_disk(file, name, sizeof(name));
	reader = (int)sys(open(name, O_RDONLY | O_CLOEXEC));
	open_ring(&ring, 8, 0);
	expect(discard(&ring, disk, 0, 0), -EINVAL);
	expect(discard(&ring, disk, 1, 4096), -EINVAL);
	expect(discard(&ring, disk, 0, 4095), -EINVAL);
	expect(discard(&ring, disk, DISK_SIZE, 4096), -EINVAL);
	expect(discard(&ring, disk, 4096, DISK_SIZE), -EINVAL);
	expect(discard(&ring, disk, UINT64_MAX - 4095, 4096), -EINVAL);
	expect(discard(&ring, reader, 0, 4096), -EBADF);
	expect(run_command(&ring, disk, 77), -EINVAL);
	for (int i = 0; i < 3; i++) {
		sqe = new_sqe(&ring);
		io_uring_prep_cmd_discard(sqe, disk, 0, 4096);
		set_sqe(sqe, 1, 0);
		if (i == 0)
			sqe->len = 1;
		if (i == 1)
			sqe->ioprio = 1;
		if (i == 2)
			sqe->file_index = 1;
		expect(run_one(&ring).res, -EINVAL);
	}
	io_uring_queue_exit(&ring);
	close(reader);
	close(disk);
}

/* ---- Zero-copy receive ----------------------------------------------------------------------- */

static void no_interface_queue(void)
{
	static const unsigned flags[] = { 0, IORING_SETUP_CQE32,
					  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
						  IORING_SETUP_CQE32 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	need_op(IORING_OP_RECV_ZC, "IORING_OP_RECV_ZC");
	tcp_pair(fds);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		for (unsigned multishot = 0; multishot < 2; multishot++) {
			open_ring(&ring, 8, flags[i]);
			sqe = new_sqe(&ring);
			io_uring_prep_rw(IORING_OP_RECV_ZC, sqe, fds[0], NULL, 0, 0);
			set_sqe(sqe, 4, 0);
			if (multishot)
				sqe->ioprio = IORING_RECV_MULTISHOT;
			sqe->zcrx_ifq_idx = 3;
			submit(&ring, 1);
			expect_full_answer(&ring, 4, -EINVAL, 0);
			expect_usable(&ring);
			io_uring_queue_exit(&ring);
		}
}

const struct conformance_case command_cases[] = {
	{ "a file without commands is -EOPNOTSUPP", no_commands },
	{ "a command that a socket does not have is -EOPNOTSUPP", unknown_socket_commands },
	{ "errors of a command's fields", bad_fields },
	{ "a command can go to a registered file", by_registered_file },
	{ "the null device takes any command", null_device },
	{ "only a disk can discard", discard_a_file },
	{ "blocks that are discarded are gone, and no others", discard_blocks },
	{ "errors of discarding", discard_errors },
	{ "zero-copy receive without an interface queue is -EINVAL", no_interface_queue },
	{ 0 },
};
