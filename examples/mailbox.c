/* SPDX-License-Identifier: MIT */
/*
 * Two threads, a ring each, and messages from ring to ring (IORING_OP_MSG_RING): no lock, no queue,
 * no eventfd. A message is a CQE in the other ring, of which the sender chooses res and user_data.
 *
 *	cc $(pkg-config --cflags anyring) mailbox.c $(pkg-config --libs anyring) -pthread -o mailbox
 *	./mailbox [COUNT]	# 1000
 *
 * One thread sends the numbers 1 to COUNT, the other answers each with its square; the sum is
 * checked.
 */
#include <liburing.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 32 /* questions without an answer yet: so that no queue overflows */

/* What a message is: its res. Its user_data is the number. */
enum {
	QUESTION = 1,
	ANSWER,
	GOODBYE
};

/* The user_data of our own requests, which post a CQE only if they fail. */
#define OWN 0

struct side {
	struct io_uring ring; /* used by its own thread alone */
	int peer;	      /* the other ring's descriptor */
};

/* Ends the process, from either thread: the other would wait for ever. */
static void die(const char *what, int error)
{
	fprintf(stderr, "mailbox: cannot %s: %s\n", what, strerror(error));
	exit(1);
}

/* Queues a message to the other ring. */
static void post(struct side *side, unsigned kind, __u64 number)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&side->ring);

	if (!sqe)
		die("queue a message", EBUSY);
	io_uring_prep_msg_ring(sqe, side->peer, kind, number, 0);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	io_uring_sqe_set_data64(sqe, OWN);
}

/* Submits what was posted and takes the next message; returns its kind. */
static int receive(struct side *side, __u64 *number)
{
	struct io_uring_cqe *cqe = NULL;
	int ret, kind;

	do {
		ret = io_uring_submit_and_wait(&side->ring, 1);
	} while (ret == -EINTR);
	if (ret >= 0)
		ret = io_uring_peek_cqe(&side->ring, &cqe);
	if (ret < 0)
		die("wait for a message", -ret);
	if (cqe->user_data == OWN)
		die("send a message", -cqe->res);
	kind = cqe->res;
	*number = cqe->user_data;
	io_uring_cqe_seen(&side->ring, cqe);
	return kind;
}

static void *answer(void *arg)
{
	struct side *side = arg;
	__u64 number;

	while (receive(side, &number) == QUESTION)
		post(side, ANSWER, number * number);
	return NULL;
}

/* Asks for the squares of 1 to `count`, WINDOW at a time. Returns their sum. */
static __u64 ask(struct side *side, __u64 count)
{
	__u64 asked = 0, square, sum = 0;

	for (__u64 answered = 0; answered < count; answered++) {
		for (; asked < count && asked - answered < WINDOW; asked++)
			post(side, QUESTION, asked + 1);
		if (receive(side, &square) != ANSWER)
			die("understand an answer", EPROTO);
		sum += square;
	}
	post(side, GOODBYE, 1);
	if (io_uring_submit(&side->ring) != 1)
		die("say goodbye", EIO);
	return sum;
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
	struct side asker, answerer;
	pthread_t thread;
	__u64 n, sum;
	int ret;

	if (argc > 2 || count < 1 || count > 1000000) {
		fprintf(stderr, "usage: %s [COUNT], 1 to 1000000\n", argv[0]);
		return 2;
	}
	ret = io_uring_queue_init(WINDOW, &asker.ring, 0);
	if (!ret)
		ret = io_uring_queue_init(WINDOW, &answerer.ring, 0);
	if (ret)
		die("create a ring", -ret);
	asker.peer = answerer.ring.ring_fd;
	answerer.peer = asker.ring.ring_fd;
	ret = pthread_create(&thread, NULL, answer, &answerer);
	if (ret)
		die("start a thread", ret);
	n = (__u64)count;
	sum = ask(&asker, n);
	pthread_join(thread, NULL);
	io_uring_queue_exit(&answerer.ring);
	io_uring_queue_exit(&asker.ring);
	if (sum != n * (n + 1) * (2 * n + 1) / 6)
		die("add up the answers", ERANGE);
	printf("%ld messages each way, sum %llu, as it should be\n", count,
	       (unsigned long long)sum);
	return 0;
}
