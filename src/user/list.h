/* SPDX-License-Identifier: MIT */
/* Doubly linked lists whose links lie in their members; a head is a link, too. */
#ifndef ANYRING_USER_LIST_H
#define ANYRING_USER_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

/* The member of which `link` is `field`. */
#define list_entry(link, type, field) ((type *)((char *)(link)-offsetof(type, field)))

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_add_tail(struct list *head, struct list *link)
{
	link->next = head;
	link->prev = head->prev;
	head->prev->next = link;
	head->prev = link;
}

/* A link that is in no list is removed without harm: it points at itself. */
static inline void list_del(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

/* Moves all members of `from` to the end of `to`. */
static inline void list_splice_tail(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

/* `link` may be removed within the loop; other members may not. */
#define list_for_each(link, head)                                                                \
	for (struct list * (link) = (head)->next, *link##_next = (link)->next; (link) != (head); \
	     (link) = link##_next, link##_next = link##_next->next)

#endif
