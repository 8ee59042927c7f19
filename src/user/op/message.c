/* SPDX-License-Identifier: MIT */
/* Messages: copies of what an application's msghdr points to. */
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "user/app_memory.h"
#include "user/op/net.h"

/* More than any limit on control data lets pass (net.core.optmem_max): not worth copying, the
 * system call refuses it. */
#define CONTROL_MAX (1U << 20)

bool request_starts_later(const struct request *req)
{
	const struct uring *ring = req->ring;

	return ring->chain.head || ring->draining ||
	       req->flags & (REQ_LINK | REQ_HARDLINK | REQ_DRAIN);
}

long message_refused(struct request *req, int copied, long ret)
{
	if (!copied || copied == -ENOMEM)
		return ret;
	req->ring->refused = copied;
	return copied;
}

void message_fail(struct request *req)
{
	const bool send = req->opcode == IORING_OP_SENDMSG || req->opcode == IORING_OP_SENDMSG_ZC;

	/* There is no registered file, which came before all else. */
	if (req->res == -EBADF && !req->async && req->flags & REQ_FIXED_FILE)
		req->res = (int32_t)message_refused(req, message_copy(req, send), -EBADF);
	net_fail(req);
}

size_t iov_total(const struct iovec *iov, size_t count)
{
	size_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += iov[i].iov_len;
	return total;
}

/* ---- Copying --------------------------------------------------------------------------------- */

/* Room for a message of so many iovecs, one at least, and bytes of control data behind them. */
static struct message *new_message(struct request *req, size_t count, size_t control)
{
	size_t vector = (count ? count : 1) * sizeof(struct iovec);
	struct message *m = request_alloc_async(req, sizeof(*m) + vector + control);

	if (!m)
		return NULL;
	memset(m, 0, sizeof(*m));
	m->head.msg_iov = m->iov;
	m->head.msg_iovlen = count;
	return m;
}

static int copy_iovecs(struct message *m, const struct iovec *from, size_t count)
{
	int ret = copy_from_app(m->iov, from, count * sizeof(*from));

	if (ret)
		return ret;
	for (size_t i = 0; i < count; i++) {
		if (m->iov[i].iov_len > SSIZE_MAX)
			return -EINVAL;
		m->left += m->iov[i].iov_len;
	}
	for (size_t i = 0; i < count; i++)
		if (!app_memory_possible((uintptr_t)m->iov[i].iov_base, m->iov[i].iov_len))
			return -EFAULT;
	return 0;
}

/* `head` is a copy already. The control data to send goes behind the iovecs. */
static int copy_parts(struct message *m, const struct msghdr *head, bool send, size_t control)
{
	char *behind = (char *)&m->iov[head->msg_iovlen];
	int ret = copy_iovecs(m, head->msg_iov, head->msg_iovlen);

	if (!ret && send && head->msg_name) {
		ret = copy_from_app(&m->name, head->msg_name, m->name_len);
		m->head.msg_name = &m->name;
	}
	if (!ret && control) {
		ret = copy_from_app(behind, head->msg_control, control);
		m->head.msg_control = behind;
	}
	return ret;
}

static int check_head(struct msghdr *head)
{
	if (head->msg_iovlen > IOV_COUNT_MAX)
		return -EMSGSIZE;
	if (!head->msg_name)
		head->msg_namelen = 0;
	if (head->msg_namelen > INT_MAX)
		return -EINVAL;
	if (head->msg_namelen > sizeof(struct sockaddr_storage))
		head->msg_namelen = sizeof(struct sockaddr_storage);
	return 0;
}

int message_copy(struct request *req, bool send)
{
	struct net *n = request_data(req, struct net);
	struct msghdr *app = (struct msghdr *)(uintptr_t)n->addr, head;
	size_t control = 0;
	struct message *m;
	int ret = copy_from_app(&head, app, sizeof(head));

	if (!ret)
		ret = check_head(&head);
	if (ret)
		return ret;
	if (send && head.msg_control && head.msg_controllen <= CONTROL_MAX)
		control = head.msg_controllen;
	m = new_message(req, head.msg_iovlen, control);
	if (!m)
		return -ENOMEM;
	m->app = app;
	m->name_len = head.msg_namelen;
	m->control_len = head.msg_controllen;
	m->head.msg_name = head.msg_name;
	m->head.msg_control = head.msg_control;
	return copy_parts(m, &head, send, control);
}

/* The address of a send, which is no part of a msghdr. */
static int take_name(struct request *req, struct message *m)
{
	const struct net *n = request_data(req, const struct net);

	if (!n->name)
		return 0;
	if (n->name_len > sizeof(m->name))
		return -EINVAL;
	m->head.msg_name = &m->name;
	m->name_len = n->name_len;
	return copy_from_app(&m->name, (const void *)(uintptr_t)n->name, n->name_len);
}

int message_of_iov(struct request *req, const struct iovec *iov, size_t count)
{
	struct message *m = new_message(req, count, 0);

	if (!m)
		return -ENOMEM;
	memcpy(m->iov, iov, count * sizeof(*iov));
	m->left = iov_total(iov, count);
	return take_name(req, m);
}

int message_of_app_iov(struct request *req)
{
	const struct net *n = request_data(req, const struct net);
	struct message *m = new_message(req, n->len, 0);
	int ret;

	if (!m)
		return -ENOMEM;
	ret = copy_iovecs(m, (const struct iovec *)(uintptr_t)n->addr, n->len);
	return ret ? ret : take_name(req, m);
}

/* ---- Using ----------------------------------------------------------------------------------- */

void message_advance(struct message *m, size_t bytes)
{
	m->left -= bytes;
	while (bytes && m->head.msg_iovlen) {
		struct iovec *iov = m->head.msg_iov;
		size_t part = bytes < iov->iov_len ? bytes : iov->iov_len;

		iov->iov_base = (char *)iov->iov_base + part;
		iov->iov_len -= part;
		bytes -= part;
		if (iov->iov_len)
			break;
		m->head.msg_iov++;
		m->head.msg_iovlen--;
	}
}

/* From one member up to, and without, another: written with the padding between, which is no
 * one's, as eight bytes are cheaper to check than four. */
#define PART(m, from, end)                                                    \
	copy_to_app((char *)(m)->app + offsetof(struct msghdr, from),         \
		    (const char *)&(m)->head + offsetof(struct msghdr, from), \
		    (end)-offsetof(struct msghdr, from))

int message_write_back(const struct message *m)
{
	int ret = PART(m, msg_namelen, offsetof(struct msghdr, msg_iov));

	return ret ? ret : PART(m, msg_controllen, sizeof(struct msghdr));
}
