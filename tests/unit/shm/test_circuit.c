/* The circuit of a database server: one probes, nobody waits for ever, and what a dead process held
 * ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/shm/circuit.h"
#include "tests/unit/segment_fixture.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)
#define SERVER  UINT64_C(0x1234)
#define NOW     1000000

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
a_circuit_is_closed_until_somebody_got_no_answer(void **state)
{
	(void)state;
	assert_int_equal(circuit_pass(s, SERVER, NOW), CIRCUIT_CLOSED);
	assert_false(circuit_is_open(s, SERVER));
	circuit_answered(s, SERVER, NOW);
	assert_int_equal(circuit_pass(s, SERVER, NOW), CIRCUIT_CLOSED);
	assert_true(circuit_silent(s, SERVER, NOW, 0));
	assert_true(circuit_is_open(s, SERVER));
	assert_int_equal(circuit_pass(s, SERVER, NOW), CIRCUIT_OPEN);
	assert_false(circuit_silent(s, SERVER, NOW, 0)); /* not news any more */
}

static void
the_pause_is_as_long_as_the_failure_took_to_notice(void **state)
{
	static const struct {
		int64_t took, pause;
	} cases[] = { { 0, CIRCUIT_PAUSE_MIN_MS }, { -5, CIRCUIT_PAUSE_MIN_MS }, { 400, 400 },
		{ 1000, CIRCUIT_PAUSE_MAX_MS }, { 99999, CIRCUIT_PAUSE_MAX_MS } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)circuit_silent(s, SERVER, NOW, cases[i].took);
		assert_int_equal(circuit_pass(s, SERVER, NOW + cases[i].pause - 1), CIRCUIT_OPEN);
		assert_int_equal(circuit_pass(s, SERVER, NOW + cases[i].pause), CIRCUIT_PROBE);
	}
}

static void
one_probes_and_the_others_are_refused_until_it_tells(void **state)
{
	(void)state;
	(void)circuit_silent(s, SERVER, NOW, 0);
	assert_int_equal(circuit_pass(s, SERVER, NOW + 100), CIRCUIT_PROBE);
	for (int i = 0; i < 5; i++)
		assert_int_equal(circuit_pass(s, SERVER, NOW + 100 + i), CIRCUIT_OPEN);
	assert_true(circuit_is_open(s, SERVER)); /* who waits for an answer waits in vain still */
	circuit_answered(s, SERVER, NOW);
	assert_int_equal(circuit_pass(s, SERVER, NOW + 101), CIRCUIT_CLOSED);
}

static void
who_began_before_another_was_answered_opens_nothing(void **state)
{
	(void)state;
	(void)circuit_silent(s, SERVER, NOW, 0);
	circuit_answered(s, SERVER, NOW + 200);
	assert_false(circuit_silent(s, SERVER, NOW + 1500, 1400)); /* since NOW + 100 */
	assert_int_equal(circuit_pass(s, SERVER, NOW + 1500), CIRCUIT_CLOSED);
	assert_true(circuit_silent(s, SERVER, NOW + 1500, 1200)); /* since NOW + 300 */
	assert_int_equal(circuit_pass(s, SERVER, NOW + 1500), CIRCUIT_OPEN);
	circuit_answered(s, SERVER, NOW + 9000);
	assert_true(circuit_silent(s, SERVER, NOW, 10)); /* an answer of the boot before */
}

static void
a_probe_that_died_is_followed_by_another(void **state)
{
	(void)state;
	(void)circuit_silent(s, SERVER, NOW, 0);
	assert_int_equal(circuit_pass(s, SERVER, NOW + 100), CIRCUIT_PROBE);
	assert_int_equal(circuit_pass(s, SERVER, NOW + 100 + CIRCUIT_PROBE_MS - 1), CIRCUIT_OPEN);
	assert_int_equal(circuit_pass(s, SERVER, NOW + 100 + CIRCUIT_PROBE_MS), CIRCUIT_PROBE);
}

static void
of_many_processes_exactly_one_probes(void **state)
{
	pid_t pids[16];
	int   probes = 0, status;

	(void)state;
	(void)circuit_silent(s, SERVER, NOW, 0);
	for (size_t i = 0; i < 16; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(circuit_pass(s, SERVER, NOW + 500) == CIRCUIT_PROBE ? 1 : 0);
	}
	for (size_t i = 0; i < 16; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		probes += WEXITSTATUS(status);
	}
	assert_int_equal(probes, 1);
}

static void
one_asks_at_a_time_whether_it_is_slow(void **state)
{
	(void)state;
	assert_true(circuit_doubt(s, SERVER, NOW));
	assert_false(circuit_doubt(s, SERVER, NOW));
	assert_false(circuit_doubt(s, SERVER, NOW + CIRCUIT_DOUBT_MS - 1));
	assert_true(circuit_doubt(s, SERVER, NOW + CIRCUIT_DOUBT_MS));
}

/* The clock of this boot may be behind what the file has of the one before. */
static void
instants_of_another_boot_do_not_count(void **state)
{
	(void)state;
	(void)circuit_silent(s, SERVER, NOW * 1000, 0);
	assert_int_equal(circuit_pass(s, SERVER, NOW), CIRCUIT_PROBE);
	assert_true(circuit_doubt(s, SERVER, NOW * 1000));
	assert_true(circuit_doubt(s, SERVER, NOW));
	circuit_refused(s, SERVER, NOW * 1000, 1290);
	assert_int_equal(circuit_refusal(s, SERVER, NOW), 0);
}

static void
a_crowded_server_is_news_once_and_remembered_for_a_while(void **state)
{
	(void)state;
	assert_false(circuit_is_crowded(s, SERVER, NOW));
	assert_true(circuit_crowded(s, SERVER, NOW));
	assert_false(circuit_crowded(s, SERVER, NOW + 1));
	assert_true(circuit_is_crowded(s, SERVER, NOW + CIRCUIT_CROWD_MS));
	assert_false(circuit_is_crowded(s, SERVER, NOW + 1 + CIRCUIT_CROWD_MS));
	assert_false(circuit_is_crowded(s, SERVER, 1)); /* of another boot */
	assert_false(circuit_is_crowded(s, SERVER + 1, NOW + 1));
	assert_true(circuit_crowded(s, SERVER, NOW + 1 + CIRCUIT_CROWD_MS));
}

static void
a_refused_change_is_remembered_for_a_while(void **state)
{
	(void)state;
	assert_int_equal(circuit_refusal(s, SERVER, NOW), 0);
	circuit_refused(s, SERVER, NOW, 1114);
	assert_int_equal(circuit_refusal(s, SERVER, NOW), 1114);
	assert_int_equal(circuit_refusal(s, SERVER, NOW + CIRCUIT_REFUSAL_MS - 1), 1114);
	assert_int_equal(circuit_refusal(s, SERVER, NOW + CIRCUIT_REFUSAL_MS), 0);
	assert_int_equal(circuit_pass(s, SERVER, NOW), CIRCUIT_CLOSED);
}

static void
servers_are_told_apart_and_one_too_many_counts_as_answering(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= CIRCUITS_MAX; i++) /* all of them begin at one place */
		(void)circuit_silent(s, i * CIRCUITS_MAX, NOW, 0);
	for (uint64_t i = 1; i <= CIRCUITS_MAX; i += 2)
		circuit_answered(s, i * CIRCUITS_MAX, NOW);
	for (uint64_t i = 1; i <= CIRCUITS_MAX; i++)
		assert_int_equal(circuit_is_open(s, i * CIRCUITS_MAX), i % 2 == 0);
	assert_false(circuit_silent(s, 99, NOW, 0));
	assert_int_equal(circuit_pass(s, 99, NOW), CIRCUIT_CLOSED);
	assert_false(circuit_doubt(s, 99, NOW));
	assert_int_equal(circuit_refusal(s, 99, NOW), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_circuit_is_closed_until_somebody_got_no_answer),
		TEST(the_pause_is_as_long_as_the_failure_took_to_notice),
		TEST(one_probes_and_the_others_are_refused_until_it_tells),
		TEST(who_began_before_another_was_answered_opens_nothing),
		TEST(a_probe_that_died_is_followed_by_another),
		TEST(of_many_processes_exactly_one_probes),
		TEST(one_asks_at_a_time_whether_it_is_slow),
		TEST(instants_of_another_boot_do_not_count),
		TEST(a_refused_change_is_remembered_for_a_while),
		TEST(a_crowded_server_is_news_once_and_remembered_for_a_while),
		TEST(servers_are_told_apart_and_one_too_many_counts_as_answering),
	};

	return cmocka_run_group_tests_name("circuit", tests, NULL, NULL);
}
