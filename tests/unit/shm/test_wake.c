/*
 * A word to those that work in the background.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/shm/wake.h"
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

static int64_t
now_ms(void)
{
	return clock_ns(&clock_system) / 1000000;
}

static void
who_waits_is_woken_by_another_process_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		uint32_t seen = wake_count(s);
		int64_t  began = now_ms();
		int      status;
		pid_t    pid = fork();

		if (pid == 0) {
			wake_raise(s);
			_exit(0);
		}
		assert_true(wake_wait(s, seen, 20000));
		assert_true(now_ms() - began < 10000); /* not the time that it would have waited */
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
}

static void
what_came_before_the_wait_is_not_waited_for(void **state)
{
	uint32_t seen = wake_count(s);
	int64_t  began = now_ms();

	(void)state;
	wake_raise(s);
	wake_raise(s);
	assert_true(wake_wait(s, seen, 20000));
	assert_true(now_ms() - began < 10000);
	assert_int_equal(wake_count(s), seen + 2);
}

static void
nobody_is_woken_by_nothing_and_waiting_costs_nothing(void **state)
{
	int64_t cpu = clock_cpu_ns(&clock_system), began = now_ms();

	(void)state;
	assert_false(wake_wait(s, wake_count(s), 50));
	assert_true(now_ms() - began >= 49);
	assert_true(clock_cpu_ns(&clock_system) - cpu < 20000000);
	/* without a segment there is nobody to tell, and the time is waited for */
	wake_raise(NULL);
	assert_false(wake_wait(NULL, wake_count(NULL), 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_waits_is_woken_by_another_process_at_once),
		TEST(what_came_before_the_wait_is_not_waited_for),
		TEST(nobody_is_woken_by_nothing_and_waiting_costs_nothing),
	};

	return cmocka_run_group_tests_name("wake", tests, NULL, NULL);
}
