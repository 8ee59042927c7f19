/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <linux/futex.h>
#include <string.h>

#include "user/alloc.h"
#include "user/interrupt.h"
#include "user/personality.h"
#include "user/register.h"
#include "user/sys.h"
#include "user/worker.h"

#define IDS_MAX UINT16_MAX

/* ---- The table ------------------------------------------------------------------------------- */

/* Room for ids up to `id`. */
static bool make_room(struct personalities *p, unsigned id)
{
	unsigned room = p->room ? p->room : 16;
	struct identity **grown;

	if (id < p->room)
		return true;
	while (room <= id)
		room *= 2;
	grown = user_realloc(p->at, room * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + p->room, 0, (room - p->room) * sizeof(*grown));
	p->at = grown;
	p->room = room;
	return true;
}

/* An id that is free, or -EBUSY. */
static int free_id(const struct personalities *p)
{
	for (unsigned i = 0; i < IDS_MAX; i++) {
		unsigned id = 1 + (p->next + i) % IDS_MAX;

		if (id >= p->room || !p->at[id])
			return (int)id;
	}
	return -EBUSY;
}

int register_personality(struct uring *ring, const void *arg, unsigned nr_args)
{
	struct personalities *p = &ring->personalities;
	int id = free_id(p);

	(void)arg, (void)nr_args;
	if (id < 0)
		return id;
	if (!make_room(p, (unsigned)id))
		return -ENOMEM;
	p->at[id] = identity_new();
	if (!p->at[id])
		return -ENOMEM;
	p->next = (unsigned)id;
	return id;
}

int unregister_personality(struct uring *ring, const void *arg, unsigned id)
{
	struct personalities *p = &ring->personalities;

	if (arg || id >= p->room || !p->at[id])
		return -EINVAL;
	identity_put(p->at[id]);
	p->at[id] = NULL;
	return 0;
}

struct identity *personality_get(struct uring *ring, unsigned id)
{
	const struct personalities *p = &ring->personalities;

	if (id >= p->room || !p->at[id])
		return NULL;
	p->at[id]->refs++;
	return p->at[id];
}

void personalities_free(struct uring *ring)
{
	struct personalities *p = &ring->personalities;

	for (unsigned id = 0; id < p->room; id++)
		if (p->at[id])
			identity_put(p->at[id]);
	user_free(p->at);
	*p = (struct personalities){ 0 };
}

/* ---- Running as somebody else ---------------------------------------------------------------- */

bool personality_differs(const struct request *req)
{
	return req->identity && req->op->has_rights && !identity_is_current(req->identity);
}

/* One request, for a thread that ends after it. */
struct errand {
	struct request *req;
	enum issue_result result;
	uint32_t done;
};

static void *run_errand(void *arg)
{
	struct errand *errand = arg;
	struct request *req = errand->req;
	pid_t worker = worker_stand_in(req, thread_id());
	int allowed = 0;

	interrupt_allow(&allowed);
	req->res = identity_become(req->identity);
	errand->result = req->res ? ISSUE_DONE : req->op->issue(req, HOW_WORKER);
	worker_stand_in(req, worker);
	/* Release: the result is there; pairs with the load of who waits, and forgets the errand
	 * as soon as it sees this. Waking an address that nobody waits on harms nobody. */
	__atomic_store_n(&errand->done, 1, __ATOMIC_RELEASE);
	SYS(futex, &errand->done, FUTEX_WAKE_PRIVATE, 1);
	return NULL;
}

/*
 * A worker that became somebody else could not be sure to become itself again: the application may
 * change the process's identity at any time. And what it completes makes others run in it.
 */
enum issue_result personality_issue(struct request *req)
{
	struct errand errand = { .req = req };

	if (!personality_differs(req))
		return req->op->issue(req, HOW_WORKER);
	if (engine_thread(run_errand, &errand)) {
		req->res = -EAGAIN;
		return ISSUE_DONE;
	}
	while (!__atomic_load_n(&errand.done, __ATOMIC_ACQUIRE))
		SYS(futex, &errand.done, FUTEX_WAIT_PRIVATE, 0, NULL);
	return errand.result;
}
