/* SPDX-License-Identifier: MIT */
/*
 * Copies a file, as much as it has at the start, by chains of two linked SQEs, 64 of them in
 * flight: a read, and a write that starts when the read is done. A short read cancels the write
 * behind it, which is then asked for again.
 *
 *	cc $(pkg-config --cflags anyring) link-copy.c $(pkg-config --libs anyring) -o link-copy
 *	./link-copy SRC DST
 */
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHAINS 64
#define BLOCK  32768
#define READ   0 /* SRC's place in struct copy */
#define WRITE  1 /* DST's */

/* A block on its way. Byte n of the file is at data[n % BLOCK]. */
struct chain {
	char data[BLOCK];
	__u64 at, end;	/* the next byte to be written; where the block ends */
	unsigned ready; /* bytes from `at` on that are in data, or asked for */
	int got;	/* how the read ended: bytes or -errno */
};

struct copy {
	struct io_uring ring;
	int fd[2];
	char **path;
	__u64 next, end; /* the first byte that no chain has taken; where SRC ends */
	int busy;	 /* chains with requests in flight */
	struct chain chains[CHAINS];
};

static int failed(const char *what, const char *on, int error)
{
	fprintf(stderr, "link-copy: cannot %s %s: %s\n", what, on, strerror(error));
	return 1;
}

/* Queues what this chain has to do next, if anything. */
static void queue(struct copy *c, struct chain *chain)
{
	__u64 id = (__u64)(chain - c->chains) * 2;
	struct io_uring_sqe *sqe; /* never NULL: the ring has room for two a chain */

	if (chain->at == chain->end && c->next < c->end) {
		chain->at = c->next;
		chain->end = c->next = c->end - c->next < BLOCK ? c->end : c->next + BLOCK;
	}
	if (chain->at == chain->end)
		return;
	if (chain->ready) {
		chain->got = (int)chain->ready;
	} else {
		chain->ready = (unsigned)(chain->end - chain->at);
		sqe = io_uring_get_sqe(&c->ring);
		io_uring_prep_read(sqe, c->fd[READ], chain->data + chain->at % BLOCK, chain->ready,
				   chain->at);
		io_uring_sqe_set_data64(sqe, id + READ);
		sqe->flags |= IOSQE_IO_LINK; /* the next SQE waits for this one */
	}
	sqe = io_uring_get_sqe(&c->ring);
	io_uring_prep_write(sqe, c->fd[WRITE], chain->data + chain->at % BLOCK, chain->ready,
			    chain->at);
	io_uring_sqe_set_data64(sqe, id + WRITE);
	c->busy++;
}

/* The write of a chain has ended, and so has the read before it: what is there, what is next? */
static int settle(struct copy *c, struct chain *chain, int put)
{
	if (chain->got < 0)
		return failed("read", c->path[READ], -chain->got);
	if (put == -ECANCELED)
		put = 0; /* the read came up short; next comes a write of what there is */
	else if (put <= 0)
		return failed("write", c->path[WRITE], put ? -put : ENOSPC);
	if (!chain->got) { /* SRC has shrunk: it ends here, or before */
		chain->end = chain->at;
		c->end = chain->at < c->end ? chain->at : c->end;
	}
	chain->ready = (unsigned)(chain->got - put);
	chain->at += (unsigned)put;
	queue(c, chain);
	return 0;
}

static int copy(struct copy *c)
{
	struct io_uring_cqe *cqe;
	struct chain *chain;
	int ret, status = 0;

	for (int i = 0; i < CHAINS; i++)
		queue(c, &c->chains[i]);
	while (c->busy) {
		ret = io_uring_submit_and_wait(&c->ring, 1);
		if (ret < 0 && ret != -EINTR)
			return failed("submit to", "the ring", -ret);
		for (; io_uring_peek_cqe(&c->ring, &cqe) == 0; io_uring_cqe_seen(&c->ring, cqe)) {
			chain = &c->chains[cqe->user_data / 2];
			if (cqe->user_data % 2 == READ)
				chain->got = cqe->res;
			else if (c->busy-- && !status)
				status = settle(c, chain, cqe->res);
		}
	}
	if (!status && (ftruncate(c->fd[WRITE], (off_t)c->end) || fsync(c->fd[WRITE])))
		return failed("finish", c->path[WRITE], errno);
	return status;
}

static int open_both(struct copy *c)
{
	struct stat st[2];

	for (int i = READ; i <= WRITE; i++) {
		c->fd[i] = open(c->path[i], i == READ ? O_RDONLY : O_WRONLY | O_CREAT, 0666);
		if (c->fd[i] < 0 || fstat(c->fd[i], &st[i]))
			return failed("open", c->path[i], errno);
	}
	if (st[READ].st_dev == st[WRITE].st_dev && st[READ].st_ino == st[WRITE].st_ino)
		return failed("copy onto itself", c->path[READ], EEXIST);
	/* Files of /proc have no size: their end is where a read finds nothing. */
	c->end = st[READ].st_size ? (__u64)st[READ].st_size : INT64_MAX;
	return 0;
}

int main(int argc, char **argv)
{
	static struct copy c; /* 2 MiB: too much for the stack */
	int ret;

	if (argc != 3)
		return fprintf(stderr, "usage: %s SRC DST\n", argv[0]), 2;
	c.path = argv + 1;
	if (open_both(&c))
		return 1;
	ret = io_uring_queue_init(CHAINS * 2, &c.ring, 0);
	if (ret < 0)
		return failed("create", "a ring", -ret);
	ret = copy(&c);
	io_uring_queue_exit(&c.ring);
	return ret;
}
