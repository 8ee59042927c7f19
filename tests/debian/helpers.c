/* SPDX-License-Identifier: MIT */
/*
 * What the inline helpers of <liburing.h> answer, and what they leave in the rings: a line for each
 * call, to be compared between two headers. facts.py says by HAVE_x which functions there are.
 */
#include <liburing.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "have.h"

#define ENTRIES 8U

/* ---- Rings that no engine knows -------------------------------------------------------------- */

static struct fake {
	struct io_uring ring;
	unsigned sq_head, sq_tail, sq_flags, sq_dropped;
	unsigned cq_head, cq_tail, cq_flags, cq_overflow;
	unsigned mask, entries;
	struct io_uring_sqe sqes[2 * ENTRIES];
	struct io_uring_cqe cqes[2 * ENTRIES];
} fake;

static struct io_uring *fresh(unsigned flags)
{
	struct io_uring_sq *sq = &fake.ring.sq;
	struct io_uring_cq *cq = &fake.ring.cq;

	memset(&fake, 0, sizeof(fake));
	memset(fake.sqes, 0xa5, sizeof(fake.sqes));
	fake.mask = ENTRIES - 1;
	fake.entries = ENTRIES;
	fake.ring.flags = flags;
	fake.ring.features = IORING_FEAT_EXT_ARG;
	sq->khead = &fake.sq_head;
	sq->ktail = &fake.sq_tail;
	sq->kflags = &fake.sq_flags;
	sq->kdropped = &fake.sq_dropped;
	cq->khead = &fake.cq_head;
	cq->ktail = &fake.cq_tail;
	cq->kflags = &fake.cq_flags;
	cq->koverflow = &fake.cq_overflow;
	sq->kring_mask = cq->kring_mask = &fake.mask;
	sq->kring_entries = cq->kring_entries = &fake.entries;
	sq->ring_mask = cq->ring_mask = fake.mask;
	sq->ring_entries = cq->ring_entries = fake.entries;
	sq->sqes = fake.sqes;
	cq->cqes = fake.cqes;
	return &fake.ring;
}

/* ---- What the helpers call in the library ---------------------------------------------------- */

int __io_uring_get_cqe(struct io_uring *ring, struct io_uring_cqe **cqe_ptr, unsigned submit,
		       unsigned wait_nr, sigset_t *sigmask)
{
	(void)ring;
	/* One who does not wait may be answered inline or from here. */
	if (submit || wait_nr || sigmask)
		printf("[submit %u wait_nr %u mask %d] ", submit, wait_nr, sigmask != NULL);
	*cqe_ptr = NULL;
	return -EAGAIN;
}

int __io_uring_sqring_wait(struct io_uring *ring)
{
	(void)ring;
	printf("[sqring_wait] ");
	return 77;
}

#ifdef HAVE_io_uring_buf_ring_head
static int head_ret;
static __u16 head_value;

int io_uring_buf_ring_head(struct io_uring *ring, int group, __u16 *head)
{
	(void)ring;
	printf("[head of %d] ", group);
	*head = head_value;
	return head_ret;
}
#endif

/* ---- Submission queue ------------------------------------------------------------------------ */

/* The place of `sqe`, and which of its bytes were cleared. */
static void say_sqe(const struct io_uring_sqe *sqe)
{
	if (!sqe) {
		printf("NULL ");
		return;
	}
	printf("slot %d ", (int)(sqe - fake.sqes));
	for (size_t i = 0; i < sizeof(*sqe); i++)
		printf("%02x", ((const unsigned char *)sqe)[i]);
	printf(" ");
}

static void sq_rows(unsigned flags, const char *name)
{
	static const unsigned starts[] = { 0, 5, 7, UINT32_MAX - 2 };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct io_uring *ring = fresh(flags);

		fake.sq_head = fake.sq_tail = ring->sq.sqe_head = ring->sq.sqe_tail = starts[i];
		for (unsigned used = 0; used <= ENTRIES; used++) {
			printf("sq %s from %u used %u=", name, starts[i], used);
			printf("ready %u left %u wait %d\n", io_uring_sq_ready(ring),
			       io_uring_sq_space_left(ring), io_uring_sqring_wait(ring));
			ring->sq.sqe_tail++;
		}
#ifdef HAVE_io_uring_load_sq_head
		fake.sq_head += 3;
		printf("sq head %s from %u=%u\n", name, starts[i], io_uring_load_sq_head(ring));
#endif
	}
}

#ifdef HAVE_io_uring_get_sqe128
static void get_sqe_rows(unsigned flags, const char *name)
{
	for (unsigned start = 0; start < ENTRIES; start++)
		for (unsigned used = 0; used <= ENTRIES; used++)
			for (int large = 0; large < 2; large++) {
				struct io_uring *ring = fresh(flags);
				struct io_uring_sqe *sqe;

				fake.sq_head = start;
				ring->sq.sqe_head = start;
				ring->sq.sqe_tail = start + used;
				printf("get_sqe%s %s from %u used %u=", large ? "128" : "", name,
				       start, used);
				sqe = large ? io_uring_get_sqe128(ring) : io_uring_get_sqe(ring);
				say_sqe(sqe);
				printf("tail %u last ", ring->sq.sqe_tail);
				say_sqe(&fake.sqes[ENTRIES - 1]);
				printf("\n");
			}
}
#endif

static void shift_rows(void)
{
#ifdef HAVE_io_uring_sqe_shift_from_flags
	for (int bit = 0; bit < 32; bit++) {
		printf("shifts bit %d=sqe %u %u cqe %u %u\n", bit,
		       io_uring_sqe_shift_from_flags(1U << bit),
		       io_uring_sqe_shift(fresh(1U << bit)),
		       io_uring_cqe_shift_from_flags(1U << bit),
		       io_uring_cqe_shift(fresh(1U << bit)));
	}
#endif
}

/* ---- Completion queue ------------------------------------------------------------------------ */

#ifndef IORING_CQE_F_SKIP
#define IORING_CQE_F_SKIP (1U << 5)
#endif

static void say_cqe(const struct io_uring_cqe *cqe)
{
	if (cqe)
		printf("%d ", (int)(cqe - fake.cqes));
	else
		printf("NULL ");
}

/* `count` CQEs after `start`, with the flags of `pattern` in turn. */
static struct io_uring *fill(unsigned ring_flags, unsigned start, unsigned count,
			     const unsigned *pattern, unsigned features)
{
	struct io_uring *ring = fresh(ring_flags);
	const unsigned shift = !!(ring_flags & IORING_SETUP_CQE32);

	ring->features = features;
	fake.cq_head = fake.cq_tail = start;
	for (unsigned i = 0; i < count; i++) {
		struct io_uring_cqe *cqe = &fake.cqes[(fake.cq_tail++ & fake.mask) << shift];

		cqe->flags = pattern[i];
		cqe->res = pattern[i] & IORING_CQE_F_MORE ? -62 : (int)i;
		cqe->user_data = pattern[i] & IORING_CQE_F_NOTIF ? -1ULL : i;
	}
	return ring;
}

static void cq_row(unsigned ring_flags, unsigned start, unsigned count, const unsigned *pattern,
		   unsigned features)
{
	struct io_uring_cqe *cqe = NULL;
	struct io_uring *ring;
	unsigned head, nr = 99, visits = 0;
	int ret;

	ring = fill(ring_flags, start, count, pattern, features);
	printf("cq flags %x from %u features %x [", ring_flags, start, features);
	for (unsigned i = 0; i < count; i++)
		printf("%x ", pattern[i]);
	printf("]=ready %u overflow %d visits ", io_uring_cq_ready(ring),
	       io_uring_cq_has_overflow(ring));
	io_uring_for_each_cqe(ring, head, cqe) {
		printf("at %u ", head);
		say_cqe(cqe);
		if (++visits > ENTRIES)
			break;
	}
	cqe = NULL;
	ret = __io_uring_peek_cqe(ring, &cqe, &nr);
	printf("peek %d nr %u head %u ", ret, nr, fake.cq_head);
	say_cqe(cqe);
	ring = fill(ring_flags, start, count, pattern, features);
	ret = io_uring_peek_cqe(ring, &cqe);
	printf("peek %d head %u ", ret, fake.cq_head);
	ring = fill(ring_flags, start, count, pattern, features);
	ret = io_uring_wait_cqe(ring, &cqe);
	printf("wait %d head %u ", ret, fake.cq_head);
	if (cqe) {
		io_uring_cqe_seen(ring, cqe);
		printf("seen %u ", fake.cq_head);
	}
	io_uring_cqe_seen(ring, NULL);
	io_uring_cq_advance(ring, 0);
	io_uring_cq_advance(ring, 3);
	printf("advanced %u\n", fake.cq_head);
}

#define LARGE (1U << 15)

static void cq_rows(void)
{
	static const unsigned patterns[][4] = {
		{ 0, 0, 0, 0 },
		{ IORING_CQE_F_MORE, 1, IORING_CQE_F_NOTIF, 0 },
		{ IORING_CQE_F_NOTIF, 0, IORING_CQE_F_NOTIF, 0 },
		{ IORING_CQE_F_NOTIF | IORING_CQE_F_MORE, 0, 0, 0 },
	};
	static const unsigned mixed[][4] = {
		{ LARGE, 0, LARGE, 0 },
		{ 0, LARGE, 0, 0 },
		{ IORING_CQE_F_SKIP, LARGE, 0, 0 },
		{ IORING_CQE_F_SKIP | LARGE, 0, 0, 0 },
		{ IORING_CQE_F_SKIP, 0, 0, 0 },
	};
	static const unsigned features[] = { 0, IORING_FEAT_EXT_ARG };

	for (unsigned start = 5; start <= ENTRIES; start++)
		for (unsigned f = 0; f < 2; f++) {
			for (unsigned count = 0; count <= 4; count++)
				for (unsigned i = 0; i < 4; i++) {
					cq_row(0, start, count, patterns[i], features[f]);
					cq_row(IORING_SETUP_CQE32, start, count, patterns[i],
					       features[f]);
				}
#ifdef HAVE_io_uring_cqe_nr
			for (unsigned i = 0; i < 5; i++) {
				cq_row(IORING_SETUP_CQE_MIXED, start, 4, mixed[i], features[f]);
				cq_row(IORING_SETUP_CQE_MIXED, start, 3, mixed[1], features[f]);
				cq_row(IORING_SETUP_CQE_MIXED, start, 0, mixed[i], features[f]);
			}
#endif
		}
	(void)mixed;
}

static void eventfd_rows(void)
{
	for (unsigned flags = 0; flags < 4; flags++)
		for (int on = 0; on < 2; on++) {
			struct io_uring *ring = fresh(0);
			int ret;

			fake.cq_flags = flags;
			printf("eventfd flags %u to %d=was %d ", flags, on,
			       io_uring_cq_eventfd_enabled(ring));
			ret = io_uring_cq_eventfd_toggle(ring, on);
			printf("ret %d flags %u ", ret, fake.cq_flags);
			ring->cq.kflags = NULL;
			printf("without %d ", io_uring_cq_eventfd_enabled(ring));
			printf("ret %d\n", io_uring_cq_eventfd_toggle(ring, on));
		}
	for (unsigned bit = 0; bit < 8; bit++) {
		struct io_uring *ring = fresh(0);

		fake.sq_flags = 1U << bit;
		printf("overflow bit %u=%d\n", bit, io_uring_cq_has_overflow(ring));
	}
}

/* ---- recvmsg_multishot ----------------------------------------------------------------------- */

#ifdef HAVE_io_uring_recvmsg_validate
static unsigned char message[512] __attribute__((aligned(16)));

static void say_place(const void *p)
{
	if (p)
		printf("%d ", (int)((const unsigned char *)p - message));
	else
		printf("NULL ");
}

static void recvmsg_row(unsigned namelen, unsigned controllen, int buf_len, unsigned have_control,
			const size_t *cmsg_lens)
{
	struct msghdr msgh = { .msg_namelen = namelen, .msg_controllen = controllen };
	struct io_uring_recvmsg_out *out;
	struct cmsghdr *cmsg;
	size_t at = sizeof(*out) + namelen;

	memset(message, 0, sizeof(message));
	out = (struct io_uring_recvmsg_out *)message;
	out->namelen = namelen;
	out->controllen = have_control;
	out->payloadlen = 1000;
	for (int i = 0; i < 3; i++) {
		((struct cmsghdr *)&message[at])->cmsg_len = cmsg_lens[i];
		at += CMSG_ALIGN(cmsg_lens[i]);
	}
	printf("recvmsg name %u control %u len %d has %u cmsgs %zu %zu %zu=", namelen, controllen,
	       buf_len, have_control, cmsg_lens[0], cmsg_lens[1], cmsg_lens[2]);
	out = io_uring_recvmsg_validate(message, buf_len, &msgh);
	say_place(out);
	if (out) {
		say_place(io_uring_recvmsg_name(out));
		say_place(io_uring_recvmsg_payload(out, &msgh));
		printf("%u cmsgs ", io_uring_recvmsg_payload_length(out, buf_len, &msgh));
		cmsg = io_uring_recvmsg_cmsg_firsthdr(out, &msgh);
		for (int i = 0; i < 4 && cmsg; i++) {
			say_place(cmsg);
			cmsg = io_uring_recvmsg_cmsg_nexthdr(out, &msgh, cmsg);
		}
		say_place(cmsg);
	}
	printf("\n");
}

static void recvmsg_rows(void)
{
	static const size_t lens[][3] = {
		{ 20, 24, 16 }, { 16, 16, 16 }, { 20, 0, 0 },  { 24, 8, 0 },   { 0, 0, 0 },
		{ 15, 0, 0 },	{ 64, 0, 0 },	{ 65, 0, 0 },  { 24, 40, 0 },  { 24, 41, 0 },
		{ 48, 16, 0 },	{ 47, 16, 0 },	{ 49, 15, 0 }, { 40, 24, 16 }, { 17, 17, 17 },
	};
	static const unsigned names[] = { 0, 16, 128 }, controls[] = { 0, 16, 64 };
	static const unsigned has[] = { 0, 8, 15, 16, 17, 20, 24, 40, 47, 48, 56, 63, 64 };

	for (int n = 0; n < 3; n++)
		for (int c = 0; c < 3; c++) {
			const int room = (int)(16 + names[n] + controls[c]);

			for (int len = -2; len < room + 3; len++)
				recvmsg_row(names[n], controls[c], len, 0, lens[4]);
		}
	for (size_t h = 0; h < sizeof(has) / sizeof(has[0]); h++)
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
			recvmsg_row(16, 64, 110, has[h], lens[i]);
}
#endif

/* ---- Buffer rings, probes, versions ---------------------------------------------------------- */

#ifdef HAVE_io_uring_buf_ring_add
static void buf_ring_rows(void)
{
	static const __u16 tails[] = { 0, 1, 7, 8, 32767, 65530, 65535 };
	static union {
		struct io_uring_buf_ring br;
		struct io_uring_buf bufs[ENTRIES];
	} u;

	for (size_t t = 0; t < sizeof(tails) / sizeof(tails[0]); t++)
		for (int offset = 0; offset < 9; offset++) {
			struct io_uring *ring = fresh(0);
			const int mask = io_uring_buf_ring_mask(ENTRIES);

			memset(&u, 0x5a, sizeof(u));
			u.br.tail = tails[t];
			io_uring_buf_ring_add(&u.br, (void *)0x123456789aUL, 0x87654321U, 0xbeef,
					      mask, offset);
			printf("buf_ring_add tail %u offset %d=mask %d ", tails[t], offset, mask);
			for (size_t i = 0; i < sizeof(u); i++)
				printf("%02x", ((unsigned char *)&u)[i]);
			io_uring_buf_ring_advance(&u.br, offset);
			printf("\nbuf_ring_advance %u by %d=%u\n", tails[t], offset, u.br.tail);
			io_uring_buf_ring_cq_advance(ring, &u.br, offset);
			printf("buf_ring_cq_advance %u by %d=%u head %u\n", tails[t], offset,
			       u.br.tail, fake.cq_head);
#ifdef HAVE___io_uring_buf_ring_cq_advance
			__io_uring_buf_ring_cq_advance(ring, &u.br, 2, offset);
			printf("__buf_ring_cq_advance %u by %d=%u head %u\n", tails[t], offset,
			       u.br.tail, fake.cq_head);
#endif
#ifdef HAVE_io_uring_buf_ring_available
			printf("buf_ring_available %u offset %d=", tails[t], offset);
			for (head_ret = 0; head_ret >= -22; head_ret -= 22) {
				head_value = (__u16)(tails[t] - 2);
				printf("%d ", io_uring_buf_ring_available(ring, &u.br, 65535));
			}
			printf("\n");
#endif
			io_uring_buf_ring_init(&u.br);
			printf("buf_ring_init %u offset %d=%u %u\n", tails[t], offset, u.br.tail,
			       u.bufs[0].bid);
		}
}
#endif

static void probe_rows(void)
{
	struct io_uring_probe *probe = (struct io_uring_probe *)calloc(
		1, sizeof(*probe) + 256 * sizeof(struct io_uring_probe_op));

	for (int last = 0; last < 5; last += 4)
		for (int op = 0; op < 256; op += op < 8 ? 1 : 31) {
			probe->last_op = (__u8)last;
			probe->ops[op].flags = op & 1 ? IO_URING_OP_SUPPORTED : 0xfffe;
			printf("opcode_supported last %d op %d=%d\n", last, op,
			       io_uring_opcode_supported(probe, op));
		}
	free(probe);
}

static void data_rows(void)
{
	struct io_uring_cqe cqe = { .user_data = 0x8123456789abcdefULL };

	printf("cqe data=%p\n", io_uring_cqe_get_data(&cqe));
#ifdef HAVE_io_uring_cqe_get_data64
	printf("cqe data64=%llx\n", (unsigned long long)io_uring_cqe_get_data64(&cqe));
#endif
#ifdef HAVE_IO_URING_CHECK_VERSION
	for (int major = 0; major < 4; major++)
		for (int minor = 0; minor < 18; minor++)
			printf("check version %d.%d=%d\n", major, minor,
			       IO_URING_CHECK_VERSION(major, minor));
#endif
}

int main(void)
{
	sq_rows(0, "plain");
	sq_rows(IORING_SETUP_SQPOLL, "sqpoll");
#ifdef HAVE_io_uring_get_sqe128
	get_sqe_rows(0, "plain");
	get_sqe_rows(IORING_SETUP_SQE128, "large");
	get_sqe_rows(IORING_SETUP_SQE_MIXED, "mixed");
#endif
	shift_rows();
	cq_rows();
	eventfd_rows();
#ifdef HAVE_io_uring_recvmsg_validate
	recvmsg_rows();
#endif
#ifdef HAVE_io_uring_buf_ring_add
	buf_ring_rows();
#endif
	probe_rows();
	data_rows();
	return 0;
}
