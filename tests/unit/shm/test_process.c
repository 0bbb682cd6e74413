/* Open connections, process by process: the dead hold none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/shm/metric.h"
#include "core/shm/process.h"
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
assert_open(int control, int tenant)
{
	struct buf b;
	char       line[64];

	buf_make(&b, fixture.mem);
	metric_print(&b, s);
	assert_true(buf_ok(&b));
	snprintf(line, sizeof(line), "\nbsx_db_connections{kind=\"control\"} %d\n", control);
	assert_non_null(strstr(b.p, line));
	snprintf(line, sizeof(line), "\nbsx_db_connections{kind=\"tenant\"} %d\n", tenant);
	assert_non_null(strstr(b.p, line));
}

/* A child that opens so many, says so, and stays. */
static pid_t
child_with(int tenant)
{
	int   pipes[2];
	char  c;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < tenant; i++)
			process_connection(s, "tenant", 1);
		if (write(pipes[1], "x", 1) == 1)
			pause();
		_exit(0);
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &c, 1), 1);
	close(pipes[0]);
	return pid;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
what_is_open_is_counted_by_kind(void **state)
{
	(void)state;
	assert_open(0, 0);
	process_connection(s, "control", 1);
	process_connection(s, "tenant", 1);
	process_connection(s, "tenant", 1);
	process_connection(s, "no such kind", 1);
	assert_open(1, 2);
	process_connection(s, "tenant", -1);
	assert_open(1, 1);
}

static void
all_processes_are_added_up_and_the_dead_are_not(void **state)
{
	pid_t one, two;

	(void)state;
	process_connection(s, "control", 1);
	one = child_with(2);
	two = child_with(3);
	assert_open(1, 5);
	end(one);
	assert_open(1, 3);
	one = child_with(4);
	assert_open(1, 7);
	end(one);
	end(two);
	assert_open(1, 0);
}

/* What a parent had open is not the child's, even if it closes a copy. */
static void
a_child_begins_with_none(void **state)
{
	pid_t pid;
	int   status;

	(void)state;
	process_connection(s, "tenant", 1);
	pid = fork();
	if (pid == 0) {
		process_connection(s, "tenant", -1);
		assert_open(0, 1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_open(0, 1);
}

static void
places_of_the_dead_are_taken_again(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * PROCESSES_MAX; i++)
		end(child_with(1));
	process_connection(s, "tenant", 1);
	assert_open(0, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_open_is_counted_by_kind),
		TEST(all_processes_are_added_up_and_the_dead_are_not),
		TEST(a_child_begins_with_none),
		TEST(places_of_the_dead_are_taken_again),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
