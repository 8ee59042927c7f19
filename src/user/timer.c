/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include "user/alloc.h"
#include "user/uring.h"

static const clockid_t clocks[TIMER_CLOCKS] = { CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME };

int64_t clock_now(clockid_t clock)
{
	struct timespec ts;

	/* The vDSO's: no system call. These clocks always exist. */
	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

/*
 * Sleeps are measured on CLOCK_MONOTONIC. A clock that is set, or that goes on while the machine is
 * suspended, is therefore looked at this often while a timer waits for it.
 */
#define LOOK_NS NS_PER_SEC

static struct timer_heap *heap_of(struct uring *ring, clockid_t clock)
{
	unsigned i = 0;

	while (clocks[i] != clock)
		i++;
	assert(i < TIMER_CLOCKS);
	return &ring->timers.heaps[i];
}

static bool is_before(const struct timer *a, const struct timer *b)
{
	if (a->deadline != b->deadline)
		return a->deadline < b->deadline;
	return (int)(a->order - b->order) < 0;
}

/* Places count from 1, so that the parent of i is i / 2. */
static void put(struct timer_heap *heap, unsigned place, struct timer *timer)
{
	heap->at[place] = timer;
	timer->place = place;
}

static void sift_up(struct timer_heap *heap, unsigned place, struct timer *timer)
{
	for (; place > 1 && is_before(timer, heap->at[place / 2]); place /= 2)
		put(heap, place, heap->at[place / 2]);
	put(heap, place, timer);
}

static void sift_down(struct timer_heap *heap, unsigned place, struct timer *timer)
{
	unsigned child;

	for (; (child = 2 * place) <= heap->count; place = child) {
		if (child < heap->count && is_before(heap->at[child + 1], heap->at[child]))
			child++;
		if (!is_before(heap->at[child], timer))
			break;
		put(heap, place, heap->at[child]);
	}
	put(heap, place, timer);
}

int timer_arm(struct uring *ring, struct timer *timer)
{
	struct timer_heap *heap = heap_of(ring, timer->clock);
	unsigned room = heap->room ? 2 * heap->room : 16;
	struct timer **grown;

	assert(!timer->place);
	if (heap->count + 1 >= heap->room) {
		grown = user_realloc(heap->at, room * sizeof(struct timer *));
		if (!grown)
			return -ENOMEM;
		heap->at = grown;
		heap->room = room;
	}
	timer->order = ring->timers.order++;
	heap->count++;
	sift_up(heap, heap->count, timer);
	if (timer->place == 1)
		reactor_kick(ring);
	return 0;
}

bool timer_disarm(struct uring *ring, struct timer *timer)
{
	struct timer_heap *heap = heap_of(ring, timer->clock);
	unsigned place = timer->place;
	struct timer *last;

	if (!place)
		return false;
	timer->place = 0;
	last = heap->at[heap->count--];
	if (last == timer)
		return true;
	if (place > 1 && is_before(last, heap->at[place / 2]))
		sift_up(heap, place, last);
	else
		sift_down(heap, place, last);
	return true;
}

bool timers_armed(const struct uring *ring)
{
	for (unsigned i = 0; i < TIMER_CLOCKS; i++)
		if (ring->timers.heaps[i].count)
			return true;
	return false;
}

int64_t timers_next(const struct uring *ring)
{
	int64_t next = TIME_NEVER, left;

	for (unsigned i = 0; i < TIMER_CLOCKS; i++) {
		const struct timer_heap *heap = &ring->timers.heaps[i];

		if (!heap->count)
			continue;
		left = heap->at[1]->deadline - clock_now(clocks[i]);
		if (left < next)
			next = left;
	}
	return next;
}

/* Fires what is due on one clock. A timer that arms itself again is due later, so this ends. */
static int64_t run_heap(struct uring *ring, struct timer_heap *heap, clockid_t clock)
{
	int64_t now, next;

	if (!heap->count)
		return TIME_NEVER;
	now = clock_now(clock);
	while (heap->count && heap->at[1]->deadline <= now) {
		struct timer *timer = heap->at[1];

		timer_disarm(ring, timer);
		timer->fire(ring, timer);
	}
	if (!heap->count)
		return TIME_NEVER;
	next = heap->at[1]->deadline - now;
	return clock == CLOCK_MONOTONIC || next < LOOK_NS ? next : LOOK_NS;
}

int64_t timers_run(struct uring *ring)
{
	int64_t next = TIME_NEVER, at;

	for (unsigned i = 0; i < TIMER_CLOCKS; i++) {
		at = run_heap(ring, &ring->timers.heaps[i], clocks[i]);
		if (at < next)
			next = at;
	}
	return next;
}

void timers_init(struct uring *ring)
{
	list_init(&ring->timers.timeouts);
	list_init(&ring->timers.links);
}

void timers_free(struct uring *ring)
{
	for (unsigned i = 0; i < TIMER_CLOCKS; i++) {
		user_free(ring->timers.heaps[i].at);
		ring->timers.heaps[i] = (struct timer_heap){ 0 };
	}
}
