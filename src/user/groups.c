/* SPDX-License-Identifier: MIT */
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "user/alloc.h"
#include "user/groups.h"
#include "user/kind.h"
#include "user/sys.h"
#include "user/uring.h"

#define PAGE_GROUPS 256
#define PAGES	    256

/* ---- The table ------------------------------------------------------------------------------- */

static struct buffer_group **slot_of(struct uring *ring, unsigned id)
{
	struct buffer_group ***pages = ring->groups.pages;

	if (!pages || !pages[id / PAGE_GROUPS])
		return NULL;
	return &pages[id / PAGE_GROUPS][id % PAGE_GROUPS];
}

struct buffer_group *group_find(struct uring *ring, unsigned id)
{
	struct buffer_group **slot = slot_of(ring, id);

	return slot ? *slot : NULL;
}

static struct buffer_group **make_slot(struct uring *ring, unsigned id)
{
	struct group_table *table = &ring->groups;

	if (!table->pages)
		table->pages = user_zalloc(PAGES, sizeof(*table->pages));
	if (table->pages && !table->pages[id / PAGE_GROUPS])
		table->pages[id / PAGE_GROUPS] = user_zalloc(PAGE_GROUPS, sizeof(**table->pages));
	return slot_of(ring, id);
}

struct buffer_group *group_make(struct uring *ring, unsigned id)
{
	struct buffer_group **slot = make_slot(ring, id);

	if (!slot)
		return NULL;
	if (!*slot)
		*slot = user_zalloc(1, sizeof(**slot));
	return *slot;
}

void group_free(struct uring *ring, unsigned id)
{
	struct buffer_group **slot = slot_of(ring, id), *group = slot ? *slot : NULL;

	if (!group)
		return;
	shared_memory_free(&group->mapped);
	user_free(group->at);
	user_free(group);
	*slot = NULL;
}

void groups_free(struct uring *ring)
{
	struct group_table *table = &ring->groups;

	for (unsigned page = 0; table->pages && page < PAGES; page++) {
		for (unsigned i = 0; table->pages[page] && i < PAGE_GROUPS; i++)
			group_free(ring, page * PAGE_GROUPS + i);
		user_free(table->pages[page]);
	}
	user_free(table->pages);
	table->pages = NULL;
}

/* ---- Single buffers -------------------------------------------------------------------------- */

static bool make_room(struct buffer_group *group)
{
	unsigned room = group->room ? 2 * group->room : 16;
	struct provided *grown;

	if (group->count < group->room)
		return true;
	grown = user_alloc(room * sizeof(*grown));
	if (!grown)
		return false;
	for (unsigned i = 0; i < group->count; i++)
		grown[i] = group->at[(group->first + i) & (group->room - 1)];
	user_free(group->at);
	group->at = grown;
	group->first = 0;
	group->room = room;
	return true;
}

bool group_add(struct buffer_group *group, const struct provided *buffer)
{
	if (!make_room(group))
		return false;
	group->at[(group->first + group->count++) & (group->room - 1)] = *buffer;
	return true;
}

static uint32_t shorter(uint32_t len, size_t max)
{
	return max && max < len ? (uint32_t)max : len;
}

static int select_single(struct buffer_group *group, struct selection *s, size_t max)
{
	struct provided *buffer;

	if (!group->count)
		return -ENOBUFS;
	buffer = &group->at[group->first];
	group->first = (group->first + 1) & (group->room - 1);
	group->count--;
	s->taken = true;
	s->id = buffer->id;
	s->length = buffer->len;
	s->count = 1;
	s->total = shorter(buffer->len, max);
	s->last = !group->count;
	s->iov[0] = (struct iovec){ (void *)(uintptr_t)buffer->addr, s->total };
	return 0;
}

/* To where it was, the front. Without memory it is lost, as if it had been used. */
static void give_single_back(struct uring *ring, unsigned id, const struct selection *s)
{
	struct buffer_group *group = group_make(ring, id);

	if (!group || group->ring || !make_room(group))
		return;
	group->first = (group->first - 1) & (group->room - 1);
	group->count++;
	group->at[group->first] = (struct provided){
		.addr = (uintptr_t)s->iov[0].iov_base,
		.len = s->length,
		.id = s->id,
	};
}

/* ---- Rings of buffers ------------------------------------------------------------------------ */

/*
 * The entries are the application's, which may write anything there at any time: each field is
 * read once, and believed only as far as a system call checks it. Relaxed: ordered by the acquire
 * of the tail.
 */
#define READ(field)	    __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define WRITE(field, value) __atomic_store_n(&(field), value, __ATOMIC_RELAXED)

static struct io_uring_buf *entry_at(struct buffer_group *group, uint16_t index)
{
	return &group->ring->bufs[index & group->mask];
}

static uint16_t available(const struct buffer_group *group)
{
	/* Acquire: the buffers before it are complete; pairs with the application's release. */
	return __atomic_load_n(&group->ring->tail, __ATOMIC_ACQUIRE) - group->head;
}

/* How many buffers `max` bytes may take, as far as the first one's size tells. */
static size_t wanted(uint32_t first, size_t max)
{
	return first ? (max + first - 1) / first : SIZE_MAX;
}

static void add_entry(struct selection *s, uint64_t addr, uint32_t len)
{
	s->iov[s->count++] = (struct iovec){ (void *)(uintptr_t)addr, len };
	s->total += len;
}

/*
 * Adds one of a bundle of `left` bytes. One that is too long for them stays whole in the group, for
 * others; only the first is cut, and used up all the same. False: there are to be no more.
 */
static bool add_limited(struct selection *s, const struct io_uring_buf *entry, size_t *left)
{
	uint32_t len = READ(entry->len), part = shorter(len, *left);

	if (part < len && !s->incremental) {
		s->cut = true;
		if (s->count > s->filled)
			return false;
	}
	add_entry(s, READ(entry->addr), part);
	*left -= part;
	return *left;
}

static int select_bundle(struct buffer_group *group, struct selection *s, size_t max)
{
	const struct io_uring_buf *entry = entry_at(group, group->head);
	size_t avail = available(group), count = avail, left = max, i;

	if (!count || (max && !READ(entry->len)))
		return -ENOBUFS;
	if (count > s->room)
		count = s->room;
	if (max && count > wanted(READ(entry->len), max))
		count = wanted(READ(entry->len), max);
	s->id = READ(entry->bid);
	for (i = 0; i < count; i++) {
		entry = entry_at(group, (uint16_t)(group->head + i));
		if (!max)
			add_entry(s, READ(entry->addr), READ(entry->len));
		else if (!add_limited(s, entry, &left))
			break;
	}
	/* Linux does not look behind one at which the length ends. */
	s->last = i == avail;
	return 0;
}

static int select_entry(struct buffer_group *group, struct selection *s, size_t max)
{
	struct io_uring_buf *entry = entry_at(group, group->head);
	unsigned avail = available(group);

	if (!avail)
		return -ENOBUFS;
	s->id = READ(entry->bid);
	s->last = avail == 1;
	s->length = READ(entry->len);
	s->count = 1;
	s->total = shorter(s->length, max);
	s->iov[0] = (struct iovec){ (void *)(uintptr_t)READ(entry->addr), s->total };
	return s->iov[0].iov_base ? 0 : -ENOBUFS;
}

/* Uses up `bytes` of the buffers at the head. True: a bit of the last one, or all, is left. */
static bool consume_bits(struct buffer_group *group, size_t bytes)
{
	if (!bytes)
		return true;
	while (bytes) {
		struct io_uring_buf *entry = entry_at(group, group->head);
		uint32_t len = READ(entry->len), part = shorter(len, bytes);

		/* An empty one stays: going on would have no end. */
		if (len - part >= group->min_left || !part) {
			WRITE(entry->addr, READ(entry->addr) + part);
			WRITE(entry->len, len - part);
			return true;
		}
		WRITE(entry->len, 0);
		group->head++;
		bytes -= part;
	}
	return false;
}

/* Takes what `bytes` use up off the ring: the CQE flags of that. */
static uint32_t consume(struct buffer_group *group, const struct selection *s, size_t bytes)
{
	unsigned count = s->bundle ? 0 : 1;

	if (group->incremental)
		return consume_bits(group, bytes) ? IORING_CQE_F_BUF_MORE : 0;
	for (; s->bundle && bytes && count < s->count; count++)
		bytes -= s->iov[count].iov_len < bytes ? s->iov[count].iov_len : bytes;
	group->head += (uint16_t)count;
	return 0;
}

/* For a worker: they leave the ring now. */
static void take(struct buffer_group *group, struct selection *s)
{
	s->head = group->head;
	s->flags = consume(group, s, s->total);
	s->new_head = group->head;
	s->taken = true;
}

/* Undoes take(), if the ring is as it was left. */
static bool give_entries_back(struct buffer_group *group, struct selection *s)
{
	struct io_uring_buf *entry;
	uint64_t addr = (uintptr_t)s->iov[0].iov_base;

	if (!group || !group->ring || group->head != s->new_head ||
	    group->incremental != s->incremental)
		return false;
	entry = entry_at(group, s->head);
	if (s->incremental) {
		/* A bundle's first buffers cannot be told from ones that were given anew. */
		if (s->bundle || READ(entry->addr) != addr + (s->flags ? s->total : 0))
			return false;
		WRITE(entry->addr, addr);
		WRITE(entry->len, s->length);
	}
	group->head = s->head;
	s->taken = false;
	return true;
}

static int select_of_ring(struct request *req, struct buffer_group *group, struct selection *s,
			  size_t max, bool bundle)
{
	int ret;

	s->of_ring = true;
	s->incremental = group->incremental;
	ret = bundle ? select_bundle(group, s, max) : select_entry(group, s, max);
	if (__builtin_expect(req->state == REQ_WORKER, 0) && !ret)
		take(group, s);
	return ret;
}

/* ---- Selections ------------------------------------------------------------------------------ */

int group_select(struct request *req, struct selection *s, size_t max, bool bundle)
{
	struct buffer_group *group = group_find(req->ring, req->buf_index);

	s->group = group;
	s->bundle = bundle;
	s->cut = s->last = false;
	s->count = 0;
	s->total = 0;
	s->flags = 0;
	s->taken = s->of_ring = s->incremental = false;
	if (!bundle) {
		s->iov = &s->one;
		s->room = 1;
	}
	if (!group)
		return bundle ? -ENOENT : -ENOBUFS;
	if (group->ring)
		return select_of_ring(req, group, s, max, bundle);
	return select_single(group, s, max);
}

/* As the kernel has it: what is not polled is taken as it was asked for. */
static bool is_never_waited_for(struct request *req)
{
	if (request_kind(req) & FILE_REGULAR)
		return true;
	/* Of devices, epoll alone knows. */
	return kind_of(req->sysfd).type == S_IFCHR && !request_hold_file(req) &&
	       !reactor_can_poll(req->file, EPOLLIN);
}

uint32_t group_commit(struct request *req, struct selection *s, size_t bytes)
{
	if (s->of_ring && !s->taken) {
		if (s->incremental && !req->op->always_polls && is_never_waited_for(req))
			bytes = s->total;
		s->flags = consume(s->group, s, bytes);
	}
	return s->flags | IORING_CQE_F_BUFFER | (uint32_t)s->id << IORING_CQE_BUFFER_SHIFT;
}

void group_drop(struct request *req, struct selection *s)
{
	if (s->taken && s->of_ring)
		give_entries_back(group_find(req->ring, req->buf_index), s);
	else if (s->taken)
		give_single_back(req->ring, req->buf_index, s);
	s->taken = false;
}
