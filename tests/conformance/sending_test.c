/* SPDX-License-Identifier: MIT */
/*
 * Sends and writes of one buffer to a socket: whole, in part and not at all, by its descriptor and
 * from a slot. An engine may have a shorter way for those that are done at once; nobody can tell.
 */
#include <sys/socket.h>

#include "net.h"
#include "requests.h"

/* A socket that has been written to several times is one that an engine may know. */
#define TIMES 4

enum how {
	SEND,
	WRITE,
	WRITEV,
	HOWS,
};

struct scene {
	struct io_uring ring;
	int fds[2]; /* the first is also in slot 0 */
	enum how how;
	bool slot;
	struct iovec vec;
};

static void open_scene(struct scene *s, enum pair_kind kind)
{
	open_ring(&s->ring, 8, 0);
	open_pair(kind, s->fds);
	expect(io_uring_register_files(&s->ring, s->fds, 1), 0);
}

static void close_scene(struct scene *s)
{
	io_uring_queue_exit(&s->ring);
	close_pair(s->fds);
}

static void queue(struct scene *s, const void *data, size_t size, uint64_t user_data,
		  unsigned flags)
{
	struct io_uring_sqe *sqe = new_sqe(&s->ring);
	int fd = s->slot ? 0 : s->fds[0];

	s->vec = (struct iovec){ (void *)(uintptr_t)data, size };
	switch (s->how) {
	case SEND:
		io_uring_prep_send(sqe, fd, data, size, MSG_DONTWAIT);
		break;
	case WRITE:
		io_uring_prep_write(sqe, fd, data, (unsigned)size, 0);
		break;
	default:
		io_uring_prep_writev(sqe, fd, &s->vec, 1, 0);
	}
	set_sqe(sqe, user_data, flags | (s->slot ? IOSQE_FIXED_FILE : 0));
}

static int result(struct scene *s, const void *data, size_t size)
{
	struct answer a;

	queue(s, data, size, 1, 0);
	a = run_one(&s->ring);
	expect(a.flags, 0);
	return a.res;
}

/* The socket is one that has been written to before. */
static void get_known(struct scene *s)
{
	for (unsigned i = 0; i < TIMES; i++) {
		expect(result(s, "known", 5), 5);
		drain(s->fds[1], 5);
	}
}

/* Runs `body` for each way to send, from the descriptor and from its slot. */
static void each_way(void (*body)(struct scene *s), enum pair_kind kind)
{
	struct scene s;

	for (unsigned i = 0; i < 2 * HOWS; i++) {
		s.how = (enum how)(i / 2);
		s.slot = i % 2;
		open_scene(&s, kind);
		get_known(&s);
		body(&s);
		close_scene(&s);
	}
}

/* ---- All of it ------------------------------------------------------------------------------- */

static void send_whole(struct scene *s)
{
	uint8_t bytes[1000];

	fill_pattern(bytes, sizeof(bytes));
	for (unsigned i = 0; i < TIMES; i++) {
		expect(result(s, bytes, sizeof(bytes)), sizeof(bytes));
		peer_receives(s->fds[1], 0, sizeof(bytes));
	}
	expect(recv(s->fds[1], bytes, 1, MSG_DONTWAIT), -1);
}

static void whole(void)
{
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++)
		each_way(send_whole, kind);
}

/* A message of nothing is one. */
static void send_empty(struct scene *s)
{
	char byte;

	expect(result(s, "", 0), 0);
	expect(recv(s->fds[1], &byte, 1, MSG_DONTWAIT), 0);
	expect(recv(s->fds[1], &byte, 1, MSG_DONTWAIT), -1);
}

static void empty(void)
{
	each_way(send_empty, UDP);
	each_way(send_empty, UNIX_DATAGRAM);
}

/* What was read before it, in the same batch. */
static void send_read(struct scene *s)
{
	int file = scratch_file(100);
	struct io_uring_sqe *sqe;
	uint8_t bytes[100] = { 0 };

	for (unsigned i = 0; i < TIMES; i++) {
		memset(bytes, 0, sizeof(bytes));
		sqe = new_sqe(&s->ring);
		io_uring_prep_read(sqe, file, bytes, sizeof(bytes), 0);
		set_sqe(sqe, 1, 0);
		queue(s, bytes, sizeof(bytes), 2, 0);
		submit(&s->ring, 2);
		expect_answer(&s->ring, 1, sizeof(bytes));
		expect_answer(&s->ring, 2, sizeof(bytes));
		peer_receives(s->fds[1], 0, sizeof(bytes));
	}
	close(file);
}

static void just_read(void)
{
	each_way(send_read, UNIX_STREAM);
}

static void two_vectors(void)
{
	struct io_uring_sqe *sqe;
	struct scene s = { .how = WRITE };
	struct iovec vecs[2] = { { (char[]){ "two" }, 3 }, { (char[]){ "vectors" }, 7 } };
	char bytes[11];

	open_scene(&s, TCP);
	get_known(&s);
	sqe = new_sqe(&s.ring);
	io_uring_prep_writev(sqe, s.fds[0], vecs, 2, 0);
	set_sqe(sqe, 1, 0);
	expect(run_one(&s.ring).res, 10);
	expect(recv(s.fds[1], bytes, sizeof(bytes), 0), 10);
	check(!memcmp(bytes, "twovectors", 10), "other bytes");
	close_scene(&s);
}

static void to_an_address(void)
{
	struct io_uring_sqe *sqe;
	struct sockaddr_in addr;
	struct io_uring ring;
	int from = (int)sys(socket(AF_INET, SOCK_DGRAM, 0)), to = udp_socket(&addr);

	need_linux(6, 0, "addresses of sends");
	open_ring(&ring, 4, 0);
	for (unsigned i = 0; i < TIMES; i++) {
		sqe = new_sqe(&ring);
		io_uring_prep_send(sqe, from, "x", 1, 0);
		io_uring_prep_send_set_addr(sqe, (struct sockaddr *)&addr, sizeof(addr));
		set_sqe(sqe, 1, 0);
		expect(run_one(&ring).res, 1);
		drain(to, 1);
	}
	io_uring_queue_exit(&ring);
	close(from);
	close(to);
}

static void send_silently(struct scene *s)
{
	for (unsigned i = 0; i < TIMES; i++) {
		queue(s, "silent", 6, 1, IOSQE_CQE_SKIP_SUCCESS);
		submit(&s->ring, 1);
		drain(s->fds[1], 6);
		expect_none(&s->ring, 0);
	}
	/* From a ring on which completions were skipped nothing is drained any more. */
	queue(s, "x", 1, 2, IOSQE_IO_DRAIN);
	expect(run_one(&s->ring).res, -EOPNOTSUPP);
	shutdown(s->fds[0], SHUT_WR);
	signal(SIGPIPE, SIG_IGN);
	queue(s, "x", 1, 3, IOSQE_CQE_SKIP_SUCCESS);
	submit(&s->ring, 1);
	expect_answer(&s->ring, 3, -EPIPE);
}

static void silently(void)
{
	need_linux(5, 17, "IOSQE_CQE_SKIP_SUCCESS");
	each_way(send_silently, TCP);
	each_way(send_silently, UNIX_STREAM);
}

/* ---- Less ------------------------------------------------------------------------------------ */

/* What the result says has been sent, and was sent once. */
static void send_part(struct scene *s)
{
	size_t size = 16 << 20;
	uint8_t *bytes = malloc(size);
	struct answer a;

	check(bytes, "out of memory");
	fill_pattern(bytes, size);
	a.res = result(s, bytes, size);
	check(a.res > 0 && (size_t)a.res < size, "%d of %zu bytes fit", a.res, size);
	peer_receives(s->fds[1], 0, (size_t)a.res);
	expect(recv(s->fds[1], bytes, 1, MSG_DONTWAIT), -1);
	free(bytes);
}

static void part(void)
{
	each_way(send_part, TCP);
	each_way(send_part, UNIX_STREAM);
}

static void send_nothing(struct scene *s)
{
	size_t full = fill(s->fds[0]);

	queue(s, "x", 1, 1, 0);
	submit(&s->ring, 1);
	if (s->how == SEND) {
		expect_answer(&s->ring, 1, -EAGAIN);
		drain(s->fds[1], full);
		return;
	}
	expect_none(&s->ring, 5);
	drain(s->fds[1], full);
	expect_answer(&s->ring, 1, 1);
	drain(s->fds[1], 1);
}

static void nothing_fits(void)
{
	each_way(send_nothing, TCP);
	each_way(send_nothing, UNIX_STREAM);
}

/* A socket tells its error once: to the first that asks, and that is the request. */
static void expect_reset(struct scene *s, size_t size)
{
	reset_connection(s->fds[1]);
	s->fds[1] = (int)sys(dup(s->fds[0]));
	wait_ready(s->fds[0], POLLHUP);
	signal(SIGPIPE, SIG_IGN);
	expect(result(s, "x", size), -ECONNRESET);
	expect(result(s, "x", size), -EPIPE);
}

static void send_to_reset(struct scene *s)
{
	expect_reset(s, 1);
}

static void send_nothing_to_reset(struct scene *s)
{
	expect_reset(s, 0);
}

static void reset(void)
{
	each_way(send_to_reset, TCP);
	each_way(send_nothing_to_reset, TCP);
}

static void send_unreadable(struct scene *s)
{
	expect(result(s, BAD_POINTER, 100), -EFAULT);
	get_known(s);
}

static void unreadable(void)
{
	each_way(send_unreadable, UNIX_STREAM);
}

/* ---- Not yet --------------------------------------------------------------------------------- */

static void expect_nothing_sent(const struct scene *s)
{
	char byte;

	expect(recv(s->fds[1], &byte, 1, MSG_DONTWAIT), -1);
}

static void send_in_turn(struct scene *s)
{
	struct __kernel_timespec ts = { .tv_nsec = 20000000 };
	struct io_uring_sqe *sqe = new_sqe(&s->ring);

	/* Behind one that drains. */
	io_uring_prep_timeout(sqe, &ts, 0, IORING_TIMEOUT_ETIME_SUCCESS);
	set_sqe(sqe, 1, 0);
	queue_nop(&s->ring, 2, IOSQE_IO_DRAIN);
	queue(s, "drained", 7, 3, 0);
	submit(&s->ring, 3);
	expect_nothing_sent(s);
	expect_answer(&s->ring, 1, -ETIME);
	expect_answer(&s->ring, 2, 0);
	expect_answer(&s->ring, 3, 7);
	drain(s->fds[1], 7);
	/* Behind a chain with one that drains, which it then does itself. */
	sqe = new_sqe(&s->ring);
	io_uring_prep_timeout(sqe, &ts, 0, IORING_TIMEOUT_ETIME_SUCCESS);
	set_sqe(sqe, 1, 0);
	queue_nop(&s->ring, 2, IOSQE_IO_LINK);
	queue_nop(&s->ring, 3, IOSQE_IO_DRAIN);
	queue(s, "drained", 7, 4, 0);
	submit(&s->ring, 4);
	expect_nothing_sent(s);
	expect_answer(&s->ring, 1, -ETIME);
	expect_answer(&s->ring, 2, 0);
	expect_answer(&s->ring, 3, 0);
	expect_answer(&s->ring, 4, 7);
	drain(s->fds[1], 7);
	/* As the end of a chain. */
	sqe = new_sqe(&s->ring);
	io_uring_prep_timeout(sqe, &ts, 0, IORING_TIMEOUT_ETIME_SUCCESS);
	set_sqe(sqe, 4, IOSQE_IO_LINK);
	queue(s, "linked", 6, 5, 0);
	submit(&s->ring, 2);
	expect_nothing_sent(s);
	expect_answer(&s->ring, 4, -ETIME);
	expect_answer(&s->ring, 5, 6);
	drain(s->fds[1], 6);
	/* As the end of one that fails. */
	sqe = new_sqe(&s->ring);
	io_uring_prep_timeout(sqe, &ts, 0, 0);
	set_sqe(sqe, 6, IOSQE_IO_LINK);
	queue(s, "cancelled", 9, 7, 0);
	submit(&s->ring, 2);
	expect_answer(&s->ring, 6, -ETIME);
	expect_answer(&s->ring, 7, -ECANCELED);
	expect_nothing_sent(s);
}

static void in_turn(void)
{
	need_linux(5, 16, "IORING_TIMEOUT_ETIME_SUCCESS");
	each_way(send_in_turn, TCP);
}

/* ---- Refused --------------------------------------------------------------------------------- */

static void send_refused(struct scene *s)
{
	static const struct refusal {
		const char *what;
		unsigned offset, size;
		uint64_t value;
		int want[HOWS];
	} refusals[] = {
#define FIELD(name) offsetof(struct io_uring_sqe, name), sizeof(((struct io_uring_sqe *)0)->name)
		{ "personality", FIELD(personality), 77, { -EINVAL, -EINVAL, -EINVAL } },
		{ "ioprio", FIELD(ioprio), 1 << 15, { -EINVAL, -EINVAL, -EINVAL } },
		{ "offset", FIELD(off), (uint64_t)-2, { 1, -EINVAL, -EINVAL } },
		{ "flags", FIELD(rw_flags), RWF_APPEND | 0x8000, { 1, -EOPNOTSUPP, -EOPNOTSUPP } },
		{ "__pad3", FIELD(__pad3), 7, { -EINVAL, 1, 1 } },
#undef FIELD
	};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];
		uint64_t value = r->value;

		queue(s, "x", 1, 1, 0);
		memcpy((char *)&s->ring.sq.sqes[(s->ring.sq.sqe_tail - 1) & 7] + r->offset, &value,
		       r->size);
		expect_error(&s->ring, r->what, r->want[s->how]);
		if (r->want[s->how] == 1)
			drain(s->fds[1], 1);
	}
	expect_nothing_sent(s);
}

static void refused(void)
{
	each_way(send_refused, TCP);
}

static void attributes(void)
{
	struct scene s = { .how = WRITE };

	need_linux(6, 14, "attributes of reads and writes");
	open_scene(&s, TCP);
	get_known(&s);
	queue(&s, "x", 1, 1, 0);
	s.ring.sq.sqes[(s.ring.sq.sqe_tail - 1) & 7].attr_type_mask = 1ULL << 63;
	expect(run_one(&s.ring).res, -EINVAL);
	expect_nothing_sent(&s);
	close_scene(&s);
}

/* A ring that polls its disks has no sockets. */
static void polled(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	open_ring(&ring, 4, IORING_SETUP_IOPOLL);
	open_pair(UNIX_STREAM, fds);
	sqe = new_sqe(&ring);
	io_uring_prep_send(sqe, fds[0], "x", 1, 0);
	set_sqe(sqe, 1, 0);
	expect(run_one(&ring).res, -EINVAL);
	io_uring_queue_exit(&ring);
	close_pair(fds);
}

const struct conformance_case sending_cases[] = {
	{ "all of it goes, once", whole },
	{ "an empty message is one", empty },
	{ "what was read just before can be sent", just_read },
	{ "WRITEV of two vectors sends both", two_vectors },
	{ "a send to an address goes there", to_an_address },
	{ "IOSQE_CQE_SKIP_SUCCESS says nothing of it, but of an error", silently },
	{ "a part of it goes, once, where no more fits", part },
	{ "nothing of it fits: it waits, or says -EAGAIN", nothing_fits },
	{ "the error of a connection is told once", reset },
	{ "memory that cannot be read is -EFAULT", unreadable },
	{ "it waits for its turn", in_turn },
	{ "what is wrong with the SQE is found before anything is sent", refused },
	{ "unknown attributes are found before anything is sent", attributes },
	{ "a ring that polls sends nothing", polled },
	{ 0 },
};
