/* How often a thing came: counted exactly, by span, whoever counts, in places that are bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/shm/tally.h"
#include "tests/unit/segment_fixture.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

static struct segment_fixture fixture;
static struct segment        *s;

static int
make_mem(void **state)
{
	(void)state;
	if (!segment_fixture_make(&fixture))
		return 1;
	s = segment_fixture_open(&fixture, 0);
	return 0;
}

static int
free_mem(void **state)
{
	(void)state;
	return segment_fixture_free(&fixture) ? 0 : 1;
}

/* Keys of one bucket: their low bits are the same. */
static uint64_t
key(uint64_t n)
{
	return (n + 1) << 40 | 7;
}

static void
what_comes_is_counted_within_its_span(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 5; i++)
		assert_int_equal(tally_add(s, key(0), 9).n, i);
	assert_int_equal(tally_add(s, key(1), 9).n, 1);
	assert_int_equal(tally_add(s, key(0), 10).n, 1);
	assert_int_equal(tally_add(s, key(0), 10).earlier, 0);
	assert_int_equal(tally_add(s, key(1), 12).earlier, 1);
}

static void
the_first_of_a_span_knows_the_one_before(void **state)
{
	struct tally t;

	(void)state;
	for (int i = 0; i < 1234; i++)
		(void)tally_add(s, key(0), 65535);
	t = tally_add(s, key(0), 0);
	assert_int_equal(t.n, 1);
	assert_int_equal(t.earlier, 1234);
	assert_int_equal(tally_take(s, key(0)), 1);
	assert_int_equal(tally_take(s, key(0)), 0);
	assert_int_equal(tally_add(s, key(0), 0).n, 1);
}

static void
what_was_counted_least_long_ago_makes_room(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		(void)tally_add(s, key(0), 5);
	(void)tally_add(s, key(1), 4);
	(void)tally_add(s, key(2), 5);
	(void)tally_add(s, key(3), 5);
	(void)tally_add(s, key(4), 5); /* in the place of key 1, whose span is over */
	assert_int_equal(tally_add(s, key(2), 5).n, 2);
	assert_int_equal(tally_add(s, key(3), 5).n, 2);
	for (uint64_t i = 10; i < 500; i++)
		(void)tally_add(s, key(i), 5);
	assert_int_equal(tally_add(s, key(0), 5).n, 51);
}

#define PROCESSES 4
#define EACH      20000

static void
processes_that_count_at_once_lose_none(void **state)
{
	int status;

	(void)state;
	(void)tally_add(s, key(0), 3);
	for (int p = 0; p < PROCESSES; p++) {
		if (fork() != 0)
			continue;
		for (int i = 0; i < EACH; i++)
			(void)tally_add(s, key(0), 3);
		_exit(0);
	}
	for (int p = 0; p < PROCESSES; p++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(tally_add(s, key(0), 3).n, PROCESSES * EACH + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_comes_is_counted_within_its_span),
		TEST(the_first_of_a_span_knows_the_one_before),
		TEST(what_was_counted_least_long_ago_makes_room),
		TEST(processes_that_count_at_once_lose_none),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
