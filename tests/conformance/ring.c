/* SPDX-License-Identifier: MIT */
/* Rings, completions and files for the cases, with every step checked. */
#include <poll.h>
#include <stdarg.h>
#include <sys/utsname.h>

#include <anyring.h>

#include "conformance.h"

/* Longer than any case waits for something that does come. */
#define WAIT_SECONDS 10

static bool on_kernel;

/* Where the choice is free: the kernel if it gives rings. */
static bool kernel_is_there(void)
{
	struct io_uring ring;
	bool kernel;

	if (io_uring_queue_init(1, &ring, 0))
		return false;
	kernel = anyring_ring_engine(&ring) == ANYRING_KERNEL;
	io_uring_queue_exit(&ring);
	return kernel;
}

bool choose_engine(const char *name)
{
	enum anyring_engine engine;
	char reason[300];

	if (anyring_find_engine(name, &engine))
		return false;
	anyring_set_engine(engine);
	on_kernel = engine == ANYRING_KERNEL || (engine == ANYRING_AUTO && kernel_is_there());
	anyring_reason(reason, sizeof(reason));
	printf("# on the %s engine: %s\n", on_kernel ? "kernel" : "user",
	       engine == ANYRING_AUTO ? reason : "as asked");
	fflush(stdout);
	return true;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

static const char *error_name(long long value)
{
	const char *name = value < 0 && value > -4096 ? strerrorname_np((int)-value) : NULL;

	return name ? name : "";
}

void expect_at(const char *file, int line, const char *what, long long got, long long want)
{
	if (got != want)
		check_failed(file, line, what, "%lld %s, not %lld %s", got, error_name(got), want,
			     error_name(want));
}

long sys_at(const char *file, int line, const char *what, long ret)
{
	if (ret < 0)
		check_failed(file, line, what, "%s", strerror(errno));
	return ret;
}

/* ---- Skips ----------------------------------------------------------------------------------- */

void skip_because_of(const char *format, ...)
{
	char reason[200];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	case_skip(reason);
}

void need_linux(unsigned major, unsigned minor, const char *what)
{
	unsigned have_major = 0, have_minor = 0;
	struct utsname uts;

	if (!on_kernel)
		return;
	sys(uname(&uts));
	expect(sscanf(uts.release, "%u.%u", &have_major, &have_minor), 2);
	if (have_major < major || (have_major == major && have_minor < minor))
		skip_because_of("%s came with Linux %u.%u, this is %u.%u", what, major, minor,
				have_major, have_minor);
}

void kernel_only(const char *section)
{
	if (!on_kernel)
		skip_because_of("docs/semantics.md: %s", section);
}

void need_op(int opcode, const char *what)
{
	struct io_uring_probe *probe = io_uring_get_probe();
	bool has;

	check(probe || on_kernel, "no probe");
	if (!probe)
		skip_because_of("no probe: %s", what);
	has = io_uring_opcode_supported(probe, opcode);
	io_uring_free_probe(probe);
	if (!has)
		skip_because_of("this engine has no %s", what);
}

void need_feature(const struct io_uring *ring, unsigned feature, const char *what)
{
	if (!(ring->features & feature))
		skip_because_of("this engine has no %s", what);
}

/* ---- Rings ----------------------------------------------------------------------------------- */

int try_ring(struct io_uring *ring, unsigned entries, struct io_uring_params *p)
{
	int ret = io_uring_queue_init_params(entries, ring, p);

	/* The user engine is there for where it is: it has nothing to refuse. */
	if (on_kernel && (ret == -EPERM || ret == -ENOSYS))
		skip_because_of("io_uring is refused here: %s", strerror(-ret));
	return ret;
}

/* The flags among `flags` that no ring can be had with here, each tried with what it depends on. */
static unsigned flags_missing(unsigned flags)
{
	unsigned missing = 0;

	for (unsigned bit = 1; bit; bit <<= 1) {
		struct io_uring_params p = { .flags = bit };
		struct io_uring ring;

		if (!(flags & bit))
			continue;
		if (bit == IORING_SETUP_DEFER_TASKRUN)
			p.flags |= IORING_SETUP_SINGLE_ISSUER;
		if (bit == IORING_SETUP_SQ_AFF)
			p.flags |= IORING_SETUP_SQPOLL;
		if (bit == IORING_SETUP_TASKRUN_FLAG)
			p.flags |= IORING_SETUP_COOP_TASKRUN;
		if (bit == IORING_SETUP_HYBRID_IOPOLL)
			p.flags |= IORING_SETUP_IOPOLL;
		if (bit == IORING_SETUP_SQ_REWIND)
			p.flags |= IORING_SETUP_NO_SQARRAY;
		if (bit == IORING_SETUP_REGISTERED_FD_ONLY)
			p.flags |= IORING_SETUP_NO_MMAP;
		if (io_uring_queue_init_params(8, &ring, &p) == 0)
			io_uring_queue_exit(&ring);
		else
			missing |= bit;
	}
	return missing;
}

void open_ring(struct io_uring *ring, unsigned entries, unsigned flags)
{
	struct io_uring_params p = { .flags = flags };
	int ret = try_ring(ring, entries, &p);
	unsigned missing = ret == -EINVAL ? flags_missing(flags) : 0;

	if (missing)
		skip_because_of("no ring with set-up flags %#x here", missing);
	expect(ret, 0);
}

struct io_uring_sqe *new_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	check(sqe, "the submission queue is full");
	return sqe;
}

void set_sqe(struct io_uring_sqe *sqe, uint64_t data, unsigned flags)
{
	io_uring_sqe_set_data64(sqe, data);
	io_uring_sqe_set_flags(sqe, flags);
}

struct answer next_answer(struct io_uring *ring)
{
	struct __kernel_timespec ts = { .tv_sec = WAIT_SECONDS };
	struct io_uring_cqe *cqe = NULL;
	struct answer answer = { 0 };
	int ret;

	/* Who polls gives up now and then, and takes no time: the case's own limit is enough. */
	if (ring->flags & IORING_SETUP_IOPOLL)
		ret = io_uring_wait_cqe(ring, &cqe);
	else
		ret = io_uring_wait_cqe_timeout(ring, &cqe, &ts);
	check(ret != -ETIME, "no completion within %d s", WAIT_SECONDS);
	expect(ret, 0);
	answer.data = cqe->user_data;
	answer.res = cqe->res;
	answer.flags = cqe->flags;
	if (ring->flags & IORING_SETUP_CQE32 || cqe->flags & IORING_CQE_F_32)
		memcpy(answer.extra, cqe->big_cqe, sizeof(answer.extra));
	io_uring_cqe_seen(ring, cqe);
	return answer;
}

static int by_data(const void *left, const void *right)
{
	const struct answer *a = left, *b = right;

	return a->data < b->data ? -1 : a->data > b->data;
}

void sorted_answers(struct io_uring *ring, struct answer *answers, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		answers[i] = next_answer(ring);
	qsort(answers, count, sizeof(*answers), by_data);
}

void expect_answer_at(const char *file, int line, struct answer a, uint64_t data, int res)
{
	if (a.data != data || a.res != res)
		check_failed(file, line, "next completion",
			     "user_data %#llx res %d %s, not user_data %#llx res %d %s",
			     (unsigned long long)a.data, a.res, error_name(a.res),
			     (unsigned long long)data, res, error_name(res));
}

void expect_full_answer_at(const char *file, int line, struct answer a, uint64_t data, int res,
			   unsigned flags)
{
	expect_answer_at(file, line, a, data, res);
	if (a.flags != flags)
		check_failed(file, line, "next completion", "flags %#x, not %#x", a.flags, flags);
}

struct answer run_one(struct io_uring *ring)
{
	submit(ring, 1);
	return next_answer(ring);
}

void expect_none_at(const char *file, int line, struct io_uring *ring, unsigned ms)
{
	struct __kernel_timespec ts = MILLISECONDS(ms);
	struct io_uring_cqe *cqe = NULL;
	int ret = ms ? io_uring_wait_cqe_timeout(ring, &cqe, &ts) : io_uring_peek_cqe(ring, &cqe);

	if (cqe)
		check_failed(file, line, "no completion", "user_data %#llx res %d",
			     (unsigned long long)cqe->user_data, cqe->res);
	expect_at(file, line, "no completion", ret, ms ? -ETIME : -EAGAIN);
}

int register_raw(struct io_uring *ring, unsigned opcode, const void *arg, unsigned nr_args)
{
	return io_uring_register((unsigned)ring->ring_fd, opcode, arg, nr_args);
}

void expect_usable(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_nop(sqe);
	set_sqe(sqe, 0xabcdef, 0);
	submit(ring, 1);
	expect_answer(ring, 0xabcdef, 0);
	expect_none(ring, 0);
}

/* ---- Files, sockets -------------------------------------------------------------------------- */

uint8_t pattern(size_t i)
{
	/* No period that a block size is a multiple of. */
	return (uint8_t)(i ^ i >> 8 ^ i / 251);
}

void expect_pattern(const void *data, size_t offset, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		check(bytes[i] == pattern(offset + i), "byte %zu of %zu is wrong", i, size);
}

int scratch_file(size_t size)
{
	char name[] = "scratch.XXXXXX";
	uint8_t *bytes = malloc(size + 1);
	int fd = (int)sys(mkstemp(name));

	check(bytes, "out of memory");
	sys(unlink(name));
	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern(i);
	expect(write(fd, bytes, size), size);
	sys(lseek(fd, 0, SEEK_SET));
	free(bytes);
	return fd;
}

void make_pipe(int fds[2])
{
	sys(pipe2(fds, O_CLOEXEC));
}

int tcp_listener(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = (int)sys(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	sys(bind(fd, (struct sockaddr *)addr, sizeof(*addr)));
	sys(listen(fd, 128));
	sys(getsockname(fd, (struct sockaddr *)addr, &len));
	return fd;
}

void tcp_pair(int fds[2])
{
	struct sockaddr_in addr;
	int listener = tcp_listener(&addr);

	fds[0] = (int)sys(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	sys(connect(fds[0], (struct sockaddr *)&addr, sizeof(addr)));
	fds[1] = (int)sys(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	close(listener);
}

void unix_pair(int fds[2])
{
	sys(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
}

bool fd_is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}
