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

static void
a_word_of_another_process_is_seen(void **state)
{
	uint32_t seen = wake_count(s);

	(void)state;
	for (uint32_t i = 1; i <= 20; i++) {
		int   status;
		pid_t pid = fork();

		if (pid == 0) {
			wake_raise(s);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(wake_count(s), seen + i);
	}
}

static void
without_a_segment_there_is_nobody_to_tell(void **state)
{
	(void)state;
	wake_raise(NULL);
	assert_int_equal(wake_count(NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_word_of_another_process_is_seen),
		TEST(without_a_segment_there_is_nobody_to_tell),
	};

	return cmocka_run_group_tests_name("wake", tests, NULL, NULL);
}
