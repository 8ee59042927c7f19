/* SPDX-License-Identifier: MIT */
/* The preps of prep_file.h: what each writes into the SQE, byte for byte. */
#include "prep_fields.h"

#include <linux/openat2.h>
#include <sys/stat.h>

static void test_read_write(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_read(&sqe, 5, ADDR, UINT_MAX, BIG), .opcode = IORING_OP_READ,
		     .fd = 5, .addr = ADDR64, .len = UINT_MAX, .off = BIG);
	assert_fills(io_uring_prep_write(&sqe, 5, ADDR, 100, -1ULL), .opcode = IORING_OP_WRITE,
		     .fd = 5, .addr = ADDR64, .len = 100, .off = -1ULL);
	assert_fills(io_uring_prep_read_fixed(&sqe, 5, ADDR, 100, BIG, 65535),
		     .opcode = IORING_OP_READ_FIXED, .fd = 5, .addr = ADDR64, .len = 100,
		     .off = BIG, .buf_index = 65535);
	assert_fills(io_uring_prep_write_fixed(&sqe, 5, ADDR, 100, BIG, 2),
		     .opcode = IORING_OP_WRITE_FIXED, .fd = 5, .addr = ADDR64, .len = 100,
		     .off = BIG, .buf_index = 2);
	assert_fills(io_uring_prep_read_multishot(&sqe, 5, 100, BIG, 7),
		     .opcode = IORING_OP_READ_MULTISHOT, .fd = 5, .len = 100, .off = BIG,
		     .buf_group = 7, .flags = IOSQE_BUFFER_SELECT);
}

static void test_vectors(void **state)
{
	const struct iovec *iov = ADDR;

	(void)state;
	assert_fills(io_uring_prep_readv(&sqe, 5, iov, 3, BIG), .opcode = IORING_OP_READV, .fd = 5,
		     .addr = ADDR64, .len = 3, .off = BIG);
	assert_fills(io_uring_prep_writev(&sqe, 5, iov, 3, BIG), .opcode = IORING_OP_WRITEV,
		     .fd = 5, .addr = ADDR64, .len = 3, .off = BIG);
	assert_fills(io_uring_prep_readv2(&sqe, 5, iov, 3, BIG, RWF_NOWAIT),
		     .opcode = IORING_OP_READV, .fd = 5, .addr = ADDR64, .len = 3, .off = BIG,
		     .rw_flags = RWF_NOWAIT);
	assert_fills(io_uring_prep_writev2(&sqe, 5, iov, 3, BIG, RWF_DSYNC | RWF_APPEND),
		     .opcode = IORING_OP_WRITEV, .fd = 5, .addr = ADDR64, .len = 3, .off = BIG,
		     .rw_flags = RWF_DSYNC | RWF_APPEND);
	assert_fills(io_uring_prep_readv_fixed(&sqe, 5, iov, 3, BIG, RWF_HIPRI, 9),
		     .opcode = IORING_OP_READV_FIXED, .fd = 5, .addr = ADDR64, .len = 3, .off = BIG,
		     .rw_flags = RWF_HIPRI, .buf_index = 9);
	assert_fills(io_uring_prep_writev_fixed(&sqe, 5, iov, 3, BIG, RWF_SYNC, 65535),
		     .opcode = IORING_OP_WRITEV_FIXED, .fd = 5, .addr = ADDR64, .len = 3,
		     .off = BIG, .rw_flags = RWF_SYNC, .buf_index = 65535);
}

static void test_splice(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_splice(&sqe, 3, -1, 4, 99, 4096, SPLICE_F_MOVE),
		     .opcode = IORING_OP_SPLICE, .fd = 4, .off = 99, .splice_off_in = -1ULL,
		     .len = 4096, .splice_flags = SPLICE_F_MOVE, .splice_fd_in = 3);
	assert_fills(io_uring_prep_splice(&sqe, 3, 1LL << 40, 4, -1, 1, SPLICE_F_FD_IN_FIXED),
		     .opcode = IORING_OP_SPLICE, .fd = 4, .off = -1ULL, .splice_off_in = 1ULL << 40,
		     .len = 1, .splice_flags = SPLICE_F_FD_IN_FIXED, .splice_fd_in = 3);
	assert_fills(io_uring_prep_tee(&sqe, 3, 4, 4096, SPLICE_F_NONBLOCK),
		     .opcode = IORING_OP_TEE, .fd = 4, .len = 4096,
		     .splice_flags = SPLICE_F_NONBLOCK, .splice_fd_in = 3);
}

static void test_file_state(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_fsync(&sqe, 5, IORING_FSYNC_DATASYNC), .opcode = IORING_OP_FSYNC,
		     .fd = 5, .fsync_flags = IORING_FSYNC_DATASYNC);
	assert_fills(io_uring_prep_sync_file_range(&sqe, 5, 77, BIG, SYNC_FILE_RANGE_WRITE),
		     .opcode = IORING_OP_SYNC_FILE_RANGE, .fd = 5, .len = 77, .off = BIG,
		     .sync_range_flags = SYNC_FILE_RANGE_WRITE);
	assert_fills(io_uring_prep_fallocate(&sqe, 5, FALLOC_FL_KEEP_SIZE, 4096, BIG),
		     .opcode = IORING_OP_FALLOCATE, .fd = 5, .len = FALLOC_FL_KEEP_SIZE,
		     .off = 4096, .addr = BIG);
	assert_fills(io_uring_prep_ftruncate(&sqe, 5, 1LL << 40), .opcode = IORING_OP_FTRUNCATE,
		     .fd = 5, .off = 1ULL << 40);
	assert_fills(io_uring_prep_ftruncate(&sqe, 5, -2), .opcode = IORING_OP_FTRUNCATE, .fd = 5,
		     .off = -2ULL);
}

static void test_advice(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_fadvise(&sqe, 5, BIG, UINT_MAX, POSIX_FADV_DONTNEED),
		     .opcode = IORING_OP_FADVISE, .fd = 5, .off = BIG, .len = UINT_MAX,
		     .fadvise_advice = POSIX_FADV_DONTNEED);
	assert_fills(io_uring_prep_fadvise64(&sqe, 5, BIG, 1LL << 40, POSIX_FADV_WILLNEED),
		     .opcode = IORING_OP_FADVISE, .fd = 5, .off = BIG, .addr = 1ULL << 40,
		     .fadvise_advice = POSIX_FADV_WILLNEED);
	assert_fills(io_uring_prep_madvise(&sqe, ADDR, UINT_MAX, MADV_DONTNEED),
		     .opcode = IORING_OP_MADVISE, .fd = -1, .addr = ADDR64, .len = UINT_MAX,
		     .fadvise_advice = MADV_DONTNEED);
	assert_fills(io_uring_prep_madvise64(&sqe, ADDR, 1LL << 40, MADV_WILLNEED),
		     .opcode = IORING_OP_MADVISE, .fd = -1, .addr = ADDR64, .off = 1ULL << 40,
		     .fadvise_advice = MADV_WILLNEED);
}

static void test_descriptors(void **state)
{
	(void)state;
	assert_fills(io_uring_prep_close(&sqe, 5), .opcode = IORING_OP_CLOSE, .fd = 5);
	assert_fills(io_uring_prep_close_direct(&sqe, 0), .opcode = IORING_OP_CLOSE,
		     .file_index = 1);
	assert_fills(io_uring_prep_close_direct(&sqe, 5), .opcode = IORING_OP_CLOSE,
		     .file_index = 6);
	assert_fills(io_uring_prep_fixed_fd_install(&sqe, 5, IORING_FIXED_FD_NO_CLOEXEC),
		     .opcode = IORING_OP_FIXED_FD_INSTALL, .fd = 5, .flags = IOSQE_FIXED_FILE,
		     .install_fd_flags = IORING_FIXED_FD_NO_CLOEXEC);
	assert_fills(io_uring_prep_files_update(&sqe, (int *)ADDR, 3, 7),
		     .opcode = IORING_OP_FILES_UPDATE, .fd = -1, .addr = ADDR64, .len = 3,
		     .off = 7);
	/* Sign and all: Linux wants IORING_FILE_INDEX_ALLOC in the low 32 bits of off. */
	assert_fills(io_uring_prep_files_update(&sqe, (int *)ADDR, 3, (int)IORING_FILE_INDEX_ALLOC),
		     .opcode = IORING_OP_FILES_UPDATE, .fd = -1, .addr = ADDR64, .len = 3,
		     .off = -1ULL);
	assert_fills(io_uring_prep_pipe(&sqe, (int *)ADDR, O_CLOEXEC | O_NONBLOCK),
		     .opcode = IORING_OP_PIPE, .addr = ADDR64,
		     .pipe_flags = O_CLOEXEC | O_NONBLOCK);
	assert_fills(io_uring_prep_pipe_direct(&sqe, (int *)ADDR, 0, 4), .opcode = IORING_OP_PIPE,
		     .addr = ADDR64, .file_index = 5);
	assert_fills(io_uring_prep_pipe_direct(&sqe, (int *)ADDR, 0, IORING_FILE_INDEX_ALLOC),
		     .opcode = IORING_OP_PIPE, .addr = ADDR64,
		     .file_index = IORING_FILE_INDEX_ALLOC);
}

static void test_open(void **state)
{
	const struct open_how *how = OTHER;
	const char *path = ADDR;

	(void)state;
	assert_fills(io_uring_prep_openat(&sqe, 5, path, O_CREAT | O_RDWR, 0640),
		     .opcode = IORING_OP_OPENAT, .fd = 5, .addr = ADDR64, .len = 0640,
		     .open_flags = O_CREAT | O_RDWR);
	assert_fills(io_uring_prep_open(&sqe, path, O_WRONLY, 0), .opcode = IORING_OP_OPENAT,
		     .fd = AT_FDCWD, .addr = ADDR64, .open_flags = O_WRONLY);
	assert_fills(io_uring_prep_openat_direct(&sqe, 5, path, O_RDWR, 0600, 8),
		     .opcode = IORING_OP_OPENAT, .fd = 5, .addr = ADDR64, .len = 0600,
		     .open_flags = O_RDWR, .file_index = 9);
	assert_fills(io_uring_prep_openat_direct(&sqe, 5, path, 0, 0, IORING_FILE_INDEX_ALLOC),
		     .opcode = IORING_OP_OPENAT, .fd = 5, .addr = ADDR64,
		     .file_index = IORING_FILE_INDEX_ALLOC);
	assert_fills(io_uring_prep_open_direct(&sqe, path, O_RDWR, 0600, 8),
		     .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = ADDR64, .len = 0600,
		     .open_flags = O_RDWR, .file_index = 9);
	assert_fills(io_uring_prep_openat2(&sqe, 5, path, how), .opcode = IORING_OP_OPENAT2,
		     .fd = 5, .addr = ADDR64, .len = 24, .off = OTHER64);
	assert_fills(io_uring_prep_openat2_direct(&sqe, 5, path, how, 0),
		     .opcode = IORING_OP_OPENAT2, .fd = 5, .addr = ADDR64, .len = 24,
		     .off = OTHER64, .file_index = 1);
	assert_fills(io_uring_prep_openat2_direct(&sqe, 5, path, how, IORING_FILE_INDEX_ALLOC),
		     .opcode = IORING_OP_OPENAT2, .fd = 5, .addr = ADDR64, .len = 24,
		     .off = OTHER64, .file_index = IORING_FILE_INDEX_ALLOC);
}

static void test_paths(void **state)
{
	const char *old = ADDR, *new = OTHER;

	(void)state;
	assert_fills(io_uring_prep_statx(&sqe, 5, old, AT_EMPTY_PATH, STATX_ALL, OTHER),
		     .opcode = IORING_OP_STATX, .fd = 5, .addr = ADDR64, .len = STATX_ALL,
		     .off = OTHER64, .statx_flags = AT_EMPTY_PATH);
	assert_fills(io_uring_prep_unlinkat(&sqe, 5, old, AT_REMOVEDIR),
		     .opcode = IORING_OP_UNLINKAT, .fd = 5, .addr = ADDR64,
		     .unlink_flags = AT_REMOVEDIR);
	assert_fills(io_uring_prep_unlink(&sqe, old, 0), .opcode = IORING_OP_UNLINKAT,
		     .fd = AT_FDCWD, .addr = ADDR64);
	assert_fills(io_uring_prep_renameat(&sqe, 5, old, 6, new, RENAME_EXCHANGE),
		     .opcode = IORING_OP_RENAMEAT, .fd = 5, .addr = ADDR64, .len = 6,
		     .off = OTHER64, .rename_flags = RENAME_EXCHANGE);
	assert_fills(io_uring_prep_rename(&sqe, old, new), .opcode = IORING_OP_RENAMEAT,
		     .fd = AT_FDCWD, .addr = ADDR64, .len = (unsigned)AT_FDCWD, .off = OTHER64);
	assert_fills(io_uring_prep_mkdirat(&sqe, 5, old, 01777), .opcode = IORING_OP_MKDIRAT,
		     .fd = 5, .addr = ADDR64, .len = 01777);
	assert_fills(io_uring_prep_mkdir(&sqe, old, 0700), .opcode = IORING_OP_MKDIRAT,
		     .fd = AT_FDCWD, .addr = ADDR64, .len = 0700);
	assert_fills(io_uring_prep_symlinkat(&sqe, old, 5, new), .opcode = IORING_OP_SYMLINKAT,
		     .fd = 5, .addr = ADDR64, .off = OTHER64);
	assert_fills(io_uring_prep_symlink(&sqe, old, new), .opcode = IORING_OP_SYMLINKAT,
		     .fd = AT_FDCWD, .addr = ADDR64, .off = OTHER64);
	assert_fills(io_uring_prep_linkat(&sqe, 5, old, 6, new, AT_SYMLINK_FOLLOW),
		     .opcode = IORING_OP_LINKAT, .fd = 5, .addr = ADDR64, .len = 6, .off = OTHER64,
		     .hardlink_flags = AT_SYMLINK_FOLLOW);
	assert_fills(io_uring_prep_link(&sqe, old, new, 0), .opcode = IORING_OP_LINKAT,
		     .fd = AT_FDCWD, .addr = ADDR64, .len = (unsigned)AT_FDCWD, .off = OTHER64);
}

static void test_xattr(void **state)
{
	const char *name = ADDR, *path = THIRD;
	char *value = OTHER;

	(void)state;
	/* xattr_flags is set, not left: a get after a set in the same SQE takes none of its
	 * flags. */
	assert_fills((sqe.xattr_flags = 2, io_uring_prep_fgetxattr(&sqe, 5, name, value, 100)),
		     .opcode = IORING_OP_FGETXATTR, .fd = 5, .addr = ADDR64, .len = 100,
		     .off = OTHER64);
	assert_fills((sqe.xattr_flags = 2, io_uring_prep_getxattr(&sqe, name, value, path, 100)),
		     .opcode = IORING_OP_GETXATTR, .addr = ADDR64, .len = 100, .off = OTHER64,
		     .addr3 = THIRD64);
	assert_fills(io_uring_prep_fsetxattr(&sqe, 5, name, value, 1, 100),
		     .opcode = IORING_OP_FSETXATTR, .fd = 5, .addr = ADDR64, .len = 100,
		     .off = OTHER64, .xattr_flags = 1);
	assert_fills(io_uring_prep_setxattr(&sqe, name, value, path, 2, 100),
		     .opcode = IORING_OP_SETXATTR, .addr = ADDR64, .len = 100, .off = OTHER64,
		     .addr3 = THIRD64, .xattr_flags = 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_write), cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_splice),	   cmocka_unit_test(test_file_state),
		cmocka_unit_test(test_advice),	   cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_open),	   cmocka_unit_test(test_paths),
		cmocka_unit_test(test_xattr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
