/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "user/alloc.h"
#include "user/sys.h"
#include "user/uring.h"

/* The first receives on a descriptor may be its only ones. */
#define WAITS_UNTIL_KEPT 3

/* Descriptors beyond this have no slot: 64 KiB of pointers and counts is enough for this. */
#define SLOTS_MAX 65536U

void linger_init(struct uring *ring)
{
	ring->lingerers = (struct lingerers){ 0 };
	list_init(&ring->lingerers.idle);
}

static struct linger_slot *slot_of(struct uring *ring, int fd)
{
	struct lingerers *l = &ring->lingerers;
	unsigned room = l->count ? l->count : 64;
	struct linger_slot *grown;

	if (fd < 0 || (unsigned)fd >= SLOTS_MAX)
		return NULL;
	if ((unsigned)fd < l->count)
		return &l->slots[fd];
	while (room <= (unsigned)fd)
		room *= 2;
	grown = user_realloc(l->slots, room * sizeof(*grown));
	if (!grown)
		return NULL;
	memset(grown + l->count, 0, (room - l->count) * sizeof(*grown));
	l->slots = grown;
	l->count = room;
	return &grown[fd];
}

/* Takes the file off its slot. */
static void forget(struct linger_slot *slot)
{
	struct file *file = slot->file;

	slot->file = NULL;
	file->known &= ~(uint32_t)FILE_LINGERS;
	list_del(&file->linger);
	file_put(file);
}

struct file *linger_find(struct request *req)
{
	struct lingerers *l = &req->ring->lingerers;
	struct linger_slot *slot;

	if (req->fd < 0 || (unsigned)req->fd >= l->count)
		return NULL;
	slot = &l->slots[req->fd];
	if (!slot->file)
		return NULL;
	if (!same_file_surely(slot->file->fd, req->fd)) {
		forget(slot);
		return NULL;
	}
	list_del(&slot->file->linger);
	file_hold(slot->file);
	return slot->file;
}

static bool is_tcp(int fd)
{
	socklen_t size = sizeof(int);
	int protocol;

	return !SYS(getsockopt, fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) &&
	       protocol == IPPROTO_TCP;
}

void linger_note(struct request *req, struct file *file)
{
	struct linger_slot *slot;

	if (!req->op->lingers)
		return;
	slot = slot_of(req->ring, req->fd);
	if (!slot || slot->file || ++slot->waits < WAITS_UNTIL_KEPT)
		return;
	slot->waits = 0;
	if (!is_tcp(file->fd) || !same_file_surely(file->fd, req->fd))
		return;
	file->known |= FILE_LINGERS | FILE_SOCKET | FILE_TCP | FILE_STREAM | FILE_PROTOCOL_KNOWN;
	file->linger_fd = req->fd;
	file_hold(file);
	slot->waits = WAITS_UNTIL_KEPT;
	slot->file = file;
}

bool linger_was_socket(const struct uring *ring, int fd)
{
	const struct lingerers *l = &ring->lingerers;

	return fd >= 0 && (unsigned)fd < l->count && l->slots[fd].socket;
}

void linger_remember_socket(struct uring *ring, int fd, bool socket)
{
	struct linger_slot *slot = slot_of(ring, fd);

	if (slot)
		slot->socket = socket;
}

void linger_idle(struct file *file)
{
	list_add_tail(&file->ring->lingerers.idle, &file->linger);
}

void linger_release(struct uring *ring)
{
	struct lingerers *l = &ring->lingerers;

	while (linger_has_idle(l)) {
		struct file *file = list_entry(l->idle.next, struct file, linger);

		forget(&l->slots[file->linger_fd]);
	}
}

void linger_free(struct uring *ring)
{
	for (unsigned i = 0; i < ring->lingerers.count; i++)
		if (ring->lingerers.slots[i].file)
			forget(&ring->lingerers.slots[i]);
	user_free(ring->lingerers.slots);
	linger_init(ring);
}
