/* SPDX-License-Identifier: MIT */
/* Sockets and provided buffers for the cases, with every step checked. */
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "net.h"

const char *const pair_names[PAIR_KINDS] = {
	[TCP] = "TCP",
	[UNIX_STREAM] = "UNIX stream",
	[UNIX_SEQPACKET] = "UNIX seqpacket",
	[UNIX_DATAGRAM] = "UNIX datagram",
	[UDP] = "UDP",
};

int udp_socket(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = (int)sys(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	sys(bind(fd, (struct sockaddr *)addr, sizeof(*addr)));
	sys(getsockname(fd, (struct sockaddr *)addr, &len));
	return fd;
}

static void udp_pair(int fds[2])
{
	struct sockaddr_in addrs[2];

	for (int i = 0; i < 2; i++)
		fds[i] = udp_socket(&addrs[i]);
	for (int i = 0; i < 2; i++)
		sys(connect(fds[i], (struct sockaddr *)&addrs[!i], sizeof(addrs[0])));
}

void open_pair(enum pair_kind kind, int fds[2])
{
	switch (kind) {
	case TCP:
		tcp_pair(fds);
		break;
	case UDP:
		udp_pair(fds);
		break;
	case UNIX_STREAM:
		unix_pair(fds);
		break;
	default:
		sys(socketpair(AF_UNIX, kind == UNIX_SEQPACKET ? SOCK_SEQPACKET : SOCK_DGRAM, 0,
			       fds));
	}
}

void close_pair(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

struct sockaddr_un unix_address(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	check(strlen(path) < sizeof(addr.sun_path), "the path is too long");
	memcpy(addr.sun_path, path, strlen(path));
	return addr;
}

void peer_sends(int fd, size_t offset, size_t size)
{
	uint8_t *bytes = malloc(size + 1);

	check(bytes, "out of memory");
	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern(offset + i);
	expect(write(fd, bytes, size), size);
	free(bytes);
}

void peer_receives(int fd, size_t offset, size_t size)
{
	uint8_t *bytes = malloc(size + 1);
	size_t got = 0;

	check(bytes, "out of memory");
	while (got < size) {
		long ret = sys(read(fd, bytes + got, size - got));

		check(ret > 0, "end of file after %zu of %zu bytes", got, size);
		got += (size_t)ret;
	}
	expect_pattern(bytes, offset, size);
	free(bytes);
}

/* What fits now. */
static size_t stuff(int fd)
{
	static const uint8_t zeros[4096];
	size_t total = 0;

	/* A single byte may fit where a page does not. */
	for (size_t size = sizeof(zeros); size; size /= 4096) {
		ssize_t ret;

		while ((ret = write(fd, zeros, size)) > 0)
			total += (size_t)ret;
		expect(errno, EAGAIN);
	}
	return total;
}

/* TCP only: the other side has not acknowledged all that was sent. */
static bool is_in_flight(int fd)
{
	int unacknowledged, unsent;

	return !ioctl(fd, SIOCOUTQ, &unacknowledged) && !ioctl(fd, SIOCOUTQNSD, &unsent) &&
	       unacknowledged != unsent;
}

/* Each acknowledgement makes room, and those of TCP may come 40 ms later: until there is nothing
 * more to acknowledge. */
size_t fill(int fd)
{
	int flags = (int)sys(fcntl(fd, F_GETFL));
	size_t total = 0, more;

	sys(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
	while ((more = stuff(fd))) {
		total += more;
		while (is_in_flight(fd))
			sleep_ms(1);
	}
	sys(fcntl(fd, F_SETFL, flags));
	return total;
}

void drain(int fd, size_t size)
{
	uint8_t bytes[4096];

	while (size) {
		long ret = sys(read(fd, bytes, size < sizeof(bytes) ? size : sizeof(bytes)));

		check(ret > 0, "end of file with %zu bytes to come", size);
		size -= (size_t)ret;
	}
}

void wait_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	expect(poll(&p, 1, 10000), 1);
}

void reset_connection(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	sys(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	close(fd);
}

void submit_cancel(struct io_uring *ring, uint64_t data, uint64_t own)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_cancel64(sqe, data, 0);
	set_sqe(sqe, own, 0);
	submit(ring, 1);
}

struct answer next_but_nonempty(struct io_uring *ring)
{
	struct answer a = next_answer(ring);

	a.flags &= ~IORING_CQE_F_SOCK_NONEMPTY;
	return a;
}

void submit_recv(struct io_uring *ring, int fd, void *buf, size_t size, int flags, uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_recv(sqe, fd, buf, size, flags);
	set_sqe(sqe, data, 0);
	submit(ring, 1);
}

void submit_send(struct io_uring *ring, int fd, const void *buf, size_t size, int flags,
		 uint64_t data)
{
	struct io_uring_sqe *sqe = new_sqe(ring);

	io_uring_prep_send(sqe, fd, buf, size, flags);
	set_sqe(sqe, data, 0);
	submit(ring, 1);
}

void fill_pattern(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern(i);
}

/* ---- Provided buffers ------------------------------------------------------------------------ */

void open_pool(struct pool *pool, struct io_uring *ring, int group, unsigned count, unsigned size,
	       unsigned flags)
{
	int err = 0;

	need_linux(5, 19, "buffer rings");
	*pool = (struct pool){ .ring = ring, .count = count, .size = size, .group = group };
	pool->bytes = calloc(count, size);
	check(pool->bytes, "out of memory");
	pool->br = io_uring_setup_buf_ring(ring, count, group, flags, &err);
	if (err == -EINVAL && flags)
		skip_because_of("no buffer ring with flags %#x here", flags);
	expect(err, 0);
	for (unsigned bid = 0; bid < count; bid++)
		provide(pool, bid);
}

void close_pool(struct pool *pool)
{
	expect(io_uring_free_buf_ring(pool->ring, pool->br, pool->count, pool->group), 0);
	free(pool->bytes);
}

uint8_t *pool_buffer(struct pool *pool, unsigned bid)
{
	check(bid < pool->count, "there is no buffer %u", bid);
	return pool->bytes + (size_t)bid * pool->size;
}

void provide(struct pool *pool, unsigned bid)
{
	io_uring_buf_ring_add(pool->br, pool_buffer(pool, bid), pool->size, (unsigned short)bid,
			      io_uring_buf_ring_mask(pool->count), 0);
	io_uring_buf_ring_advance(pool->br, 1);
}

void use_pool(struct io_uring_sqe *sqe, const struct pool *pool, uint64_t data)
{
	set_sqe(sqe, data, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, pool->group);
}

void expect_available(struct pool *pool, int count)
{
	need_linux(6, 8, "IORING_REGISTER_PBUF_STATUS");
	expect(io_uring_buf_ring_available(pool->ring, pool->br, (unsigned short)pool->group),
	       count);
}
