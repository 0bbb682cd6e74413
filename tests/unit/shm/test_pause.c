/* How long something is let be: a debt that time pays, in one place of those that are bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/shm/pause.h"
#include "tests/unit/segment_fixture.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)
#define NOW     INT64_C(1800000000000)

static struct segment_fixture fixture;
static struct segment        *s;

static int
make(void **state)
{
	(void)state;
	if (!segment_fixture_make(&fixture))
		return 1;
	s = segment_fixture_open(&fixture, 0);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	return segment_fixture_free(&fixture) ? 0 : 1;
}

/* Keys of one bucket: their low bits are the same. */
static uint64_t
key(uint64_t n)
{
	return (n + 1) << 42 | 7;
}

static void
a_debt_adds_up_and_time_pays_it(void **state)
{
	(void)state;
	assert_int_equal(pause_left(s, key(0), NOW), 0);
	pause_add(s, key(0), NOW, 0, 4000);
	pause_add(s, key(0), NOW + 1000, 0, 4000);
	assert_int_equal(pause_left(s, key(0), NOW + 1000), 7000);
	assert_int_equal(pause_left(s, key(1), NOW + 1000), 0);
	assert_int_equal(pause_left(s, key(0), NOW + 8000), 0);
	pause_add(s, key(0), NOW + 9000, 0, 10);
	assert_int_equal(pause_left(s, key(0), NOW + 9000), 10);
}

static void
it_is_at_least_what_is_asked_and_never_more_than_the_greatest(void **state)
{
	(void)state;
	pause_add(s, key(0), NOW, 5000, 100);
	assert_int_equal(pause_left(s, key(0), NOW), 5100);
	pause_add(s, key(0), NOW, 5000, 100);
	assert_int_equal(pause_left(s, key(0), NOW), 5200);
	pause_add(s, key(0), NOW, 0, PAUSE_MAX_MS);
	assert_int_equal(pause_left(s, key(0), NOW), PAUSE_MAX_MS);
	/* a clock that was set back owes nothing */
	assert_int_equal(pause_left(s, key(0), NOW - 1), 0);
}

static void
who_comes_often_has_one_place_and_the_soonest_out_of_debt_makes_room(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		pause_add(s, key(i), NOW, 0, 1000 * (int64_t)(i + 1));
	for (int i = 0; i < 1000; i++)
		pause_add(s, key(3), NOW, 0, 1);
	for (uint64_t i = 0; i < 4; i++)
		assert_true(pause_left(s, key(i), NOW) > 0);
	pause_add(s, key(4), NOW, 0, 5000);
	assert_int_equal(pause_left(s, key(0), NOW), 0);
	for (uint64_t i = 1; i < 5; i++)
		assert_true(pause_left(s, key(i), NOW) > 0);
}

static void
many_processes_lose_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			for (int j = 0; j < 1000; j++)
				pause_add(s, key(0), NOW, 0, 10);
			_exit(0);
		}
	for (int i = 0, status; i < 4; i++)
		assert_true(wait(&status) > 0 && status == 0);
	assert_int_equal(pause_left(s, key(0), NOW), 40000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_debt_adds_up_and_time_pays_it),
		TEST(it_is_at_least_what_is_asked_and_never_more_than_the_greatest),
		TEST(who_comes_often_has_one_place_and_the_soonest_out_of_debt_makes_room),
		TEST(many_processes_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
