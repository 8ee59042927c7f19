/* SPDX-License-Identifier: MIT */
/* Deadlines: which is next, in what order they end, and clocks that are set. */
#include <stdlib.h>
#include <string.h>

#include "cases/tap.h"
#include "user/uring.h"

#define TIMERS 500

static struct uring ring;
static struct timer timers[TIMERS];
/* Those that fired, in their order. */
static struct timer *fired[TIMERS];
static unsigned fired_count;

static void note(struct uring *r, struct timer *timer)
{
	assert_ptr_equal(r, &ring);
	assert_int_equal(timer->place, 0);
	fired[fired_count++] = timer;
}

static void arm(struct timer *timer, clockid_t clock, int64_t deadline)
{
	timer->clock = clock;
	timer->deadline = deadline;
	timer->fire = note;
	assert_int_equal(timer_arm(&ring, timer), 0);
	assert_int_not_equal(timer->place, 0);
}

static int set_up(void **state)
{
	(void)state;
	memset(&ring, 0, sizeof(ring));
	memset(timers, 0, sizeof(timers));
	fired_count = 0;
	timers_init(&ring);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	timers_free(&ring);
	return 0;
}

/* By their deadlines, and those with the same one as they were armed. */
static void in_order(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (unsigned i = 0; i < TIMERS; i++)
		arm(&timers[i], CLOCK_MONOTONIC, 1 + rand_r(&seed) % 50);
	assert_int_equal(timers_run(&ring), TIME_NEVER);
	assert_int_equal(fired_count, TIMERS);
	for (unsigned i = 1; i < TIMERS; i++) {
		assert_true(fired[i - 1]->deadline <= fired[i]->deadline);
		if (fired[i - 1]->deadline == fired[i]->deadline)
			assert_true(fired[i - 1] < fired[i]);
	}
}

static void disarmed_from_anywhere(void **state)
{
	unsigned seed = 2;

	(void)state;
	for (unsigned i = 0; i < TIMERS; i++)
		arm(&timers[i], CLOCK_MONOTONIC, 1 + rand_r(&seed) % 50);
	for (unsigned i = 0; i < TIMERS; i += 2) {
		assert_true(timer_disarm(&ring, &timers[i]));
		assert_false(timer_disarm(&ring, &timers[i]));
	}
	timers_run(&ring);
	assert_int_equal(fired_count, TIMERS / 2);
	for (unsigned i = 0; i < fired_count; i++) {
		assert_int_equal((fired[i] - timers) % 2, 1);
		assert_true(!i || fired[i - 1]->deadline <= fired[i]->deadline);
	}
	assert_false(timers_armed(&ring));
}

static void the_next_of_all_clocks(void **state)
{
	static const clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		int64_t next;

		arm(&timers[0], clocks[i], clock_now(clocks[i]) + NS_PER_SEC / 2);
		arm(&timers[1], CLOCK_MONOTONIC, clock_now(CLOCK_MONOTONIC) + 100 * NS_PER_SEC);
		next = timers_run(&ring);
		assert_true(next > 0 && next <= NS_PER_SEC / 2);
		timer_disarm(&ring, &timers[0]);
		assert_true(timers_run(&ring) > NS_PER_SEC);
		timer_disarm(&ring, &timers[1]);
	}
	assert_int_equal(fired_count, 0);
}

/* Sleeps do not end when a clock is set: so they are short. */
static void clocks_that_are_set(void **state)
{
	static const clockid_t clocks[] = { CLOCK_BOOTTIME, CLOCK_REALTIME };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		arm(&timers[0], clocks[i], clock_now(clocks[i]) + 100 * NS_PER_SEC);
		assert_int_equal(timers_run(&ring), NS_PER_SEC);
		timer_disarm(&ring, &timers[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(disarmed_from_anywhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_next_of_all_clocks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(clocks_that_are_set, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
