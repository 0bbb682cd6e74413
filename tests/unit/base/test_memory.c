/* What a large job took is given back between two jobs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/memory.h"

#define PIECES 400000
#define PIECE  200
#define MIB    ((size_t)1 << 20)

/* Many small pieces, freed but for the last, which lies above all of them. */
static void *
large_job(void)
{
	char **p = malloc(PIECES * sizeof(p[0]));
	void  *last;

	assert_non_null(p);
	for (size_t i = 0; i < PIECES; i++) {
		p[i] = malloc(PIECE);
		assert_non_null(p[i]);
		memset(p[i], 1, PIECE);
	}
	last = p[PIECES - 1];
	for (size_t i = 0; i < PIECES - 1; i++)
		free(p[i]);
	free(p);
	return last;
}

static void
what_a_large_job_took_is_given_back_although_something_small_stays(void **state)
{
	struct memory m = MEMORY_NONE;
	size_t        before, after;
	void         *stays;

	(void)state;
	before = memory_give_back(&m);
	assert_true(before > 0);
	stays = large_job();
	assert_true(memory_held(&m) > before + 60 * MIB);
	after = memory_give_back(&m);
	assert_true(after < before + 4 * MIB);
	assert_int_equal(after, memory_held(&m));
	free(stays);
}

static void
what_is_in_use_stays_and_is_told(void **state)
{
	struct memory m = MEMORY_NONE;
	char         *used = malloc(70 * MIB);

	(void)state;
	assert_non_null(used);
	memset(used, 1, 70 * MIB);
	assert_true(memory_give_back(&m) > MEMORY_HELD_MAX);
	assert_int_equal(used[69 * MIB], 1);
	free(used);
	assert_true(memory_give_back(&m) < MEMORY_HELD_MAX);
}

/* A floor that was high once must not hide what could be given back later. */
static void
what_becomes_free_below_a_former_floor_is_given_back_in_time(void **state)
{
	struct memory m = MEMORY_NONE;
	size_t        low = memory_give_back(&m), now = 0;

	(void)state;
	m.floor_bytes = low + 200 * MIB;
	free(large_job());
	for (int i = 0; i < 1000; i++)
		now = memory_give_back(&m);
	assert_true(now < low + 4 * MIB);
}

static void
a_child_asks_after_its_own_memory(void **state)
{
	struct memory m = MEMORY_NONE;
	int           status;
	pid_t         pid;

	(void)state;
	assert_true(memory_held(&m) > 0);
	pid = fork();
	if (pid == 0) {
		size_t         before = memory_held(&m);
		volatile char *p = malloc(32 * MIB);

		if (p == NULL)
			_exit(2);
		for (size_t i = 0; i < 32 * MIB; i += 1024)
			p[i] = 1;
		_exit(memory_held(&m) >= before + 31 * MIB ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_a_large_job_took_is_given_back_although_something_small_stays),
		cmocka_unit_test(what_is_in_use_stays_and_is_told),
		cmocka_unit_test(what_becomes_free_below_a_former_floor_is_given_back_in_time),
		cmocka_unit_test(a_child_asks_after_its_own_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
