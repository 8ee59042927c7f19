/* SPDX-License-Identifier: MIT */
/* What is done to open files: syncing, sizes, advice, closing, the table of fixed files. */
#include <linux/falloc.h>

#include "run.h"

static void fsyncs(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = scratch_file(10000), fds[2];

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	expect(run(&ring, fsync, fd, 0), 0);
	expect(run(&ring, fsync, fd, IORING_FSYNC_DATASYNC), 0);
	expect(run_flagged(&ring, IOSQE_ASYNC, fsync, fd, 0), 0);
	expect(run(&ring, fsync, fd, 2), -EINVAL);
	expect(run(&ring, fsync, -1, 0), -EBADF);
	expect(run(&ring, fsync, fds[0], 0), -EINVAL);
	expect(run(&ring, fsync, (int)sys(open(".", O_RDONLY)), 0), 0);
	/* A range. */
	sqe = new_sqe(&ring);
	io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
	sqe->off = 4096;
	sqe->len = 4096;
	expect(result_of_sqe(&ring, sqe, 0), 0);
	/* One that begins nowhere is refused when the SQE is read, which ends the submission. */
	sqe = new_sqe(&ring);
	io_uring_prep_fsync(sqe, -1, 0);
	sqe->off = INT64_MIN;
	set_sqe(sqe, 1, 0);
	io_uring_prep_nop(new_sqe(&ring));
	expect(io_uring_submit(&ring), 1);
	expect_answer(&ring, 1, -EINVAL);
	submit(&ring, 1);
	next_answer(&ring);
	expect(io_uring_register_files(&ring, &fd, 1), 0);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, fsync, 0, 0), 0);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, fsync, 1, 0), -EBADF);
	io_uring_queue_exit(&ring);
}

static void sync_file_ranges(void)
{
	struct io_uring ring;
	int fd = scratch_file(10000), fds[2];

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	expect(run(&ring, sync_file_range, fd, 0, 0, SYNC_FILE_RANGE_WRITE), 0);
	expect(run(&ring, sync_file_range, fd, 100, 50, 7), 0);
	expect(run(&ring, sync_file_range, fd, 0, 0, 8), -EINVAL);
	expect(run(&ring, sync_file_range, fd, 1, -5, 0), -EINVAL);
	expect(run(&ring, sync_file_range, -1, 0, 0, 0), -EBADF);
	expect(run(&ring, sync_file_range, fds[0], 0, 0, 0), -ESPIPE);
	io_uring_queue_exit(&ring);
}

static void fallocates(void)
{
	struct io_uring ring;
	char buf[8];
	int fd = scratch_file(8192);

	open_ring(&ring, 4, 0);
	expect(run(&ring, fallocate, fd, 0, 8000, 12000), 0);
	expect(lseek(fd, 0, SEEK_END), 20000);
	expect(run(&ring, fallocate, fd, FALLOC_FL_KEEP_SIZE, 0, 50000), 0);
	expect(lseek(fd, 0, SEEK_END), 20000);
	expect(run(&ring, fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 10, 4), 0);
	expect(pread(fd, buf, 8, 8), 8);
	expect(buf[2] | buf[3] | buf[4] | buf[5], 0);
	expect_pattern(buf, 8, 2);
	expect_pattern(buf + 6, 14, 2);
	expect(lseek(fd, 0, SEEK_CUR), 20000);
	io_uring_queue_exit(&ring);
}

static void errors_of_fallocate(void)
{
	int fd = scratch_file(100), fds[2],
	    read_only = (int)sys(open("r", O_RDONLY | O_CREAT, 0600));
	struct io_uring ring;

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	expect(run(&ring, fallocate, fd, 0, 0, 0), -EINVAL);
	expect(run(&ring, fallocate, fd, 0, -1, 10), -EINVAL);
	expect(run(&ring, fallocate, fd, 0, 0, -10), -EINVAL);
	expect(run(&ring, fallocate, fd, 0, INT64_MAX - 10, 10), -EFBIG);
	expect(run(&ring, fallocate, fd, 1 << 20, 0, 10), -EOPNOTSUPP);
	/* A hole alone would change the size. */
	expect(run(&ring, fallocate, fd, FALLOC_FL_PUNCH_HOLE, 0, 10), -EOPNOTSUPP);
	expect(run(&ring, fallocate, read_only, 0, 0, 10), -EBADF);
	expect(run(&ring, fallocate, -1, 0, 0, 10), -EBADF);
	expect(run(&ring, fallocate, fds[1], 0, 0, 10), -ESPIPE);
	expect(lseek(fd, 0, SEEK_END), 100);
	io_uring_queue_exit(&ring);
}

static void ftruncates(void)
{
	int fd = scratch_file(100), fds[2],
	    read_only = (int)sys(open("r", O_RDONLY | O_CREAT, 0600));
	struct io_uring ring;

	need_op(IORING_OP_FTRUNCATE, "FTRUNCATE");
	make_pipe(fds);
	open_ring(&ring, 4, 0);
	expect(run(&ring, ftruncate, fd, 40), 0);
	expect(lseek(fd, 0, SEEK_END), 40);
	expect(run(&ring, ftruncate, fd, 1L << 33), 0);
	expect(lseek(fd, 0, SEEK_END), 1L << 33);
	expect(run(&ring, ftruncate, fd, 0), 0);
	expect(run(&ring, ftruncate, fd, -1), -EINVAL);
	expect(run(&ring, ftruncate, fd, INT64_MAX), -EFBIG);
	expect(run(&ring, ftruncate, read_only, 0), -EINVAL);
	expect(run(&ring, ftruncate, fds[1], 0), -EINVAL);
	expect(run(&ring, ftruncate, -1, 0), -EBADF);
	expect(lseek(fd, 0, SEEK_END), 0);
	io_uring_queue_exit(&ring);
}

static void fadvises(void)
{
	struct io_uring ring;
	int fd = scratch_file(10000), fds[2];

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	for (int advice = POSIX_FADV_NORMAL; advice <= POSIX_FADV_NOREUSE; advice++)
		expect(run(&ring, fadvise, fd, 0, 0, advice), 0);
	expect(run(&ring, fadvise, fd, 4096, 4096, POSIX_FADV_DONTNEED), 0);
	expect(run(&ring, fadvise, fd, 0, 0, 77), -EINVAL);
	expect(run(&ring, fadvise, -1, 0, 0, 0), -EBADF);
	expect(run(&ring, fadvise, fds[0], 0, 0, 0), -ESPIPE);
	expect(run(&ring, fadvise64, fd, 0, 1L << 40, POSIX_FADV_WILLNEED), 0);
	need_linux(6, 9, "lengths of 64 bits");
	expect(run(&ring, fadvise64, fd, 0, -1, POSIX_FADV_NORMAL), -EINVAL);
	io_uring_queue_exit(&ring);
}

static void madvises(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *at = page_before_nothing();
	struct io_uring ring;

	open_ring(&ring, 4, 0);
	at[0] = at[page - 1] = 'x';
	expect(run(&ring, madvise, at, (unsigned)page, MADV_WILLNEED), 0);
	expect(at[0], 'x');
	/* Memory without a file comes back as zeros. */
	expect(run(&ring, madvise, at, (unsigned)page, MADV_DONTNEED), 0);
	expect(at[0] | at[page - 1], 0);
	expect(run(&ring, madvise, at + 1, (unsigned)page, MADV_NORMAL), -EINVAL);
	expect(run(&ring, madvise, at, (unsigned)page, 77), -EINVAL);
	expect(run(&ring, madvise, at, 0, MADV_DONTNEED), 0);
	sys(munmap(at + page, (size_t)page));
	expect(run(&ring, madvise, at + page, (unsigned)page, MADV_DONTNEED), -ENOMEM);
	at[0] = 'y';
	expect(run(&ring, madvise64, at, page, MADV_DONTNEED), 0);
	expect(at[0], 0);
	io_uring_queue_exit(&ring);
}

static void closes(void)
{
	struct io_uring ring;
	int fds[2];
	char c;

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	expect(run(&ring, close, fds[1]), 0);
	check(!fd_is_open(fds[1]), "still open");
	expect(read(fds[0], &c, 1), 0);
	expect(run(&ring, close, fds[1]), -EBADF);
	expect(run(&ring, close, -1), -EBADF);
	expect(run(&ring, close, 100000), -EBADF);
	/* A ring does not close itself or another: that would be a cycle to wait for. */
	expect(run(&ring, close, ring.ring_fd), -EBADF);
	check(fd_is_open(ring.ring_fd), "the ring is closed");
	expect(run_flagged(&ring, IOSQE_ASYNC, close, fds[0]), 0);
	check(!fd_is_open(fds[0]), "still open");
	io_uring_queue_exit(&ring);
}

static void direct_closes(void)
{
	int file = scratch_file(10), files[2] = { file, -1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char c;

	open_ring(&ring, 4, 0);
	expect(run(&ring, close_direct, 0), -ENXIO);
	expect(io_uring_register_files(&ring, files, 2), 0);
	expect(run(&ring, close_direct, 0), 0);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 0, &c, 1, 0), -EBADF);
	expect(run(&ring, close_direct, 0), -EBADF);
	expect(run(&ring, close_direct, 1), -EBADF);
	expect(run(&ring, close_direct, 2), -EINVAL);
	/* The file itself is the program's still. */
	expect(pread(file, &c, 1, 0), 1);
	/* One or the other, and not of a fixed file. */
	sqe = new_sqe(&ring);
	io_uring_prep_close(sqe, file);
	sqe->file_index = 1;
	expect(result_of_sqe(&ring, sqe, 0), -EINVAL);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, close, 0), -EBADF);
	check(fd_is_open(file), "the file is closed");
	io_uring_queue_exit(&ring);
}

static void closed_in_flight(void)
{
	struct io_uring ring;
	int fds[2];
	char c = 0;

	make_pipe(fds);
	open_ring(&ring, 4, 0);
	expect(io_uring_register_files(&ring, fds, 1), 0);
	{
		struct io_uring_sqe *sqe = new_sqe(&ring);

		io_uring_prep_read(sqe, 0, &c, 1, 0);
		set_sqe(sqe, 1, IOSQE_FIXED_FILE);
		submit(&ring, 1);
	}
	expect(run(&ring, close_direct, 0), 0);
	expect(run(&ring, close, fds[0]), 0);
	/* The request has the file that was there when it came. */
	expect(write(fds[1], "x", 1), 1);
	expect_full_answer(&ring, 1, 1, 0);
	expect(c, 'x');
	io_uring_queue_exit(&ring);
}

static void files_updates(void)
{
	int fds[3] = { scratch_file(10), scratch_file(20), -1 };
	struct io_uring ring;
	char buf[64];

	open_ring(&ring, 4, 0);
	expect(run(&ring, files_update, fds, 1, 0), -ENXIO);
	expect(io_uring_register_files_sparse(&ring, 3), 0);
	expect(run(&ring, files_update, fds, 3, 0), 3);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 0, buf, 64, 0), 10);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 1, buf, 64, 0), 20);
	/* Into the middle; the empty slot, the one left alone. */
	fds[0] = IORING_REGISTER_FILES_SKIP;
	fds[2] = fds[1];
	fds[1] = -1;
	expect(run_flagged(&ring, IOSQE_ASYNC, files_update, fds, 3, 0), 3);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 0, buf, 64, 0), 10);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 1, buf, 64, 0), -EBADF);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 2, buf, 64, 0), 20);
	io_uring_queue_exit(&ring);
}

static void errors_of_files_update(void)
{
	int fds[3] = { scratch_file(10), 100000, scratch_file(20) };
	struct io_uring ring;
	char c;

	open_ring(&ring, 4, 0);
	expect(io_uring_register_files_sparse(&ring, 3), 0);
	/* As many as it got done before the bad one. */
	expect(run(&ring, files_update, fds, 3, 0), 1);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 0, &c, 1, 0), 1);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 2, &c, 1, 0), -EBADF);
	expect(run(&ring, files_update, fds + 1, 1, 0), -EBADF);
	expect(run(&ring, files_update, fds, 1, 3), -EINVAL);
	expect(run(&ring, files_update, fds, 2, 2), -EINVAL);
	expect(run(&ring, files_update, fds, 0, 0), -EINVAL);
	expect(run(&ring, files_update, (int *)16, 1, 0), -EFAULT);
	/* A ring is no fixed file of its own. */
	expect(run(&ring, files_update, &ring.ring_fd, 1, 0), -EBADF);
	io_uring_queue_exit(&ring);
}

static void files_update_allocates(void)
{
	int fds[3] = { scratch_file(10), scratch_file(20), scratch_file(30) };
	struct io_uring ring;
	char buf[64];

	need_linux(6, 0, "FILES_UPDATE that allocates");
	open_ring(&ring, 4, 0);
	expect(io_uring_register_files_sparse(&ring, 4), 0);
	expect(io_uring_register_file_alloc_range(&ring, 1, 2), 0);
	/* Room for two of three: the slots are written over those two. */
	expect(run(&ring, files_update, fds, 3, IORING_FILE_INDEX_ALLOC), 2);
	expect(fds[0], 1);
	expect(fds[1], 2);
	check(fd_is_open(fds[2]), "the third is closed");
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 1, buf, 64, 0), 10);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 2, buf, 64, 0), 20);
	expect(run(&ring, files_update, fds + 2, 1, IORING_FILE_INDEX_ALLOC), -ENFILE);
	io_uring_queue_exit(&ring);
}

static void installs(void)
{
	int file = scratch_file(10), fd;
	struct io_uring ring;
	char c;

	need_op(IORING_OP_FIXED_FD_INSTALL, "FIXED_FD_INSTALL");
	open_ring(&ring, 4, 0);
	expect(io_uring_register_files(&ring, &file, 1), 0);
	close(file);
	fd = run_flagged(&ring, IOSQE_FIXED_FILE, fixed_fd_install, 0, 0);
	check(fd >= 0, "no descriptor: %d", fd);
	expect(fcntl(fd, F_GETFD), FD_CLOEXEC);
	expect(pread(fd, &c, 1, 0), 1);
	fd = run_flagged(&ring, IOSQE_FIXED_FILE, fixed_fd_install, 0, IORING_FIXED_FD_NO_CLOEXEC);
	expect(fcntl(fd, F_GETFD), 0);
	/* The slot has its file still. */
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, read, 0, &c, 1, 0), 1);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, fixed_fd_install, 0, 2), -EINVAL);
	expect(run_flagged(&ring, IOSQE_FIXED_FILE, fixed_fd_install, 1, 0), -EBADF);
	/* A descriptor is none to install. */
	expect(run_flagged(&ring, 0, fixed_fd_install, fd, 0), -EBADF);
	io_uring_queue_exit(&ring);
}

const struct conformance_case file_cases[] = {
	{ "FSYNC syncs a file or a range of it", fsyncs },
	{ "SYNC_FILE_RANGE takes a range and known flags", sync_file_ranges },
	{ "FALLOCATE grows, keeps and punches", fallocates },
	{ "errors of FALLOCATE", errors_of_fallocate },
	{ "FTRUNCATE sets the size", ftruncates },
	{ "FADVISE takes every advice there is", fadvises },
	{ "MADVISE acts on the memory", madvises },
	{ "CLOSE closes a descriptor, but no ring", closes },
	{ "CLOSE empties a slot, or closes a descriptor, not both", direct_closes },
	{ "closing leaves requests in flight their file", closed_in_flight },
	{ "FILES_UPDATE fills, empties and skips slots", files_updates },
	{ "errors of FILES_UPDATE", errors_of_files_update },
	{ "FILES_UPDATE finds free slots", files_update_allocates },
	{ "FIXED_FD_INSTALL gives a fixed file a descriptor", installs },
	{ 0 },
};
