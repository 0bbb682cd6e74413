/* What is known of identity providers in the shared segment: who may fetch, and what stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/shm/issuer.h"
#include "core/shm/layout.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)
#define COOL    300000
#define OWNER   1

static TALLOC_CTX     *mem;
static struct segment *segment;
static char            dir[] = "/tmp/bsx-test-XXXXXX", path[64];

static int
make(void **state)
{
	struct err e = { 0 };

	(void)state;
	mem = talloc_new(NULL);
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/segment", dir);
	segment = segment_open(mem, &(struct segment_options) { path, 4 }, &e);
	return segment == NULL;
}

static int
drop(void **state)
{
	char lock[80];

	(void)state;
	talloc_free(mem);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	unlink(path);
	unlink(lock);
	return rmdir(dir);
}

static const uint8_t *
key_of(unsigned n)
{
	static uint8_t key[32];

	memset(key, 0, sizeof(key));
	memcpy(key, &n, sizeof(n));
	key[31] = 1;
	return key;
}

static struct issuer_state
state_of(unsigned n, int64_t now, char *text)
{
	struct issuer_state s;

	issuer_get(segment, key_of(n), now, text, &s);
	return s;
}

static void
who_claims_first_fetches_and_nobody_else_until_it_has_cooled_down(void **state)
{
	(void)state;
	assert_false(state_of(1, 1000, NULL).known);
	assert_true(issuer_claim(segment, key_of(1), OWNER, 1000, COOL));
	assert_false(issuer_claim(segment, key_of(1), OWNER, 1000, COOL));
	assert_false(issuer_claim(segment, key_of(1), OWNER, 1000 + COOL - 1, COOL));
	assert_true(
	    issuer_claim(segment, key_of(2), OWNER, 1000, COOL)); /* another issuer is its own */
	assert_true(issuer_claim(segment, key_of(1), OWNER, 1000 + COOL, COOL));
}

static void
the_cool_down_is_the_same_whatever_came_of_the_fetch(void **state)
{
	(void)state;
	assert_true(issuer_claim(segment, key_of(1), OWNER, 1000, COOL));
	issuer_put(segment, key_of(1), 2000, NULL, 0); /* failed */
	assert_false(issuer_claim(segment, key_of(1), OWNER, 3000, COOL));
	assert_true(issuer_claim(segment, key_of(2), OWNER, 1000, COOL));
	issuer_put(segment, key_of(2), 2000, "{}", 2); /* succeeded */
	assert_false(issuer_claim(segment, key_of(2), OWNER, 3000, COOL));
	assert_true(issuer_claim(segment, key_of(3), OWNER, 1000, COOL)); /* died */
	assert_false(issuer_claim(segment, key_of(3), OWNER, 3000, COOL));
}

static void
a_failure_keeps_what_is_there(void **state)
{
	char                text[ISSUER_TEXT_MAX];
	struct issuer_state s;

	(void)state;
	assert_true(issuer_claim(segment, key_of(1), OWNER, 1000, COOL));
	issuer_put(segment, key_of(1), 2000, "good keys", 9);
	assert_true(issuer_claim(segment, key_of(1), OWNER, 1000 + COOL, COOL));
	issuer_put(segment, key_of(1), 2000 + COOL, NULL, 0);
	s = state_of(1, 3000 + COOL, text);
	assert_int_equal(s.fetched_ms, 2000);
	assert_int_equal(s.ended_ms, 2000 + COOL);
	assert_int_equal(s.n, 9);
	assert_memory_equal(text, "good keys", 9);
}

static void
a_longest_document_comes_back_whole_and_a_longer_one_is_a_failure(void **state)
{
	char *in = talloc_size(mem, ISSUER_TEXT_MAX + 1), *out = talloc_size(mem, ISSUER_TEXT_MAX);

	(void)state;
	for (size_t i = 0; i <= ISSUER_TEXT_MAX; i++)
		in[i] = (char)('a' + i % 26);
	assert_true(issuer_claim(segment, key_of(1), OWNER, 1000, COOL));
	issuer_put(segment, key_of(1), 1001, in, ISSUER_TEXT_MAX);
	assert_int_equal(state_of(1, 1002, out).n, ISSUER_TEXT_MAX);
	assert_memory_equal(in, out, ISSUER_TEXT_MAX);
	issuer_put(segment, key_of(1), 1003, in, ISSUER_TEXT_MAX + 1);
	assert_int_equal(state_of(1, 1004, out).fetched_ms, 1001);
}

static void
a_full_table_gives_up_the_longest_unused_and_never_one_that_cools_down(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ISSUERS_MAX; i++)
		assert_true(issuer_claim(segment, key_of(i), 100 + i, 1000 + i, COOL));
	assert_false(issuer_claim(segment, key_of(ISSUERS_MAX), OWNER, 2000, COOL));
	/* 0 is used again; of the others 1 is the longest unused */
	assert_true(state_of(0, 1000 + COOL + 500, NULL).known);
	assert_true(issuer_claim(segment, key_of(ISSUERS_MAX), OWNER, 1000 + COOL + 500, COOL));
	assert_false(state_of(1, 1000 + COOL + 500, NULL).known);
	assert_true(state_of(0, 1000 + COOL + 500, NULL).known);
	assert_true(state_of(2, 1000 + COOL + 500, NULL).known);
}

/* However many it names and however often; what others have is there all the time. */
static void
who_names_issuers_without_end_takes_the_place_of_its_own_only(void **state)
{
	const unsigned others = ISSUERS_MAX - ISSUERS_EACH;
	unsigned       won = 0;
	int64_t        now = 1000;

	(void)state;
	for (unsigned i = 0; i < others; i++) {
		assert_true(issuer_claim(segment, key_of(i), 100 + i, now, COOL));
		issuer_put(segment, key_of(i), now, "{}", 2);
	}
	for (unsigned i = 0; i < 3 * ISSUERS_MAX; i++)
		won += issuer_claim(segment, key_of(1000 + i), OWNER, now + i, COOL);
	assert_int_equal(won, 3 * ISSUERS_MAX);
	for (unsigned i = 0; i < 3 * ISSUERS_MAX; i++)
		assert_int_equal(
		    state_of(1000 + i, now, NULL).known, i >= 3 * ISSUERS_MAX - ISSUERS_EACH);
	/* nor when what the others have has cooled down */
	now += COOL;
	for (unsigned i = 0; i < 100; i++)
		assert_true(issuer_claim(segment, key_of(3000 + i), OWNER, now, COOL));
	for (unsigned i = 0; i < others; i++)
		assert_int_equal(state_of(i, now, NULL).n, 2);
	assert_false(state_of(1000, now, NULL).known);
	assert_true(state_of(3099, now, NULL).known);
}

static void
what_is_withdrawn_stays_with_the_instant_until_there_is_another(void **state)
{
	struct issuer_state s;

	(void)state;
	assert_true(issuer_claim(segment, key_of(1), OWNER, 1000, COOL));
	issuer_put(segment, key_of(1), 2000, "{}", 2);
	issuer_withdraw(segment, key_of(1), 3000);
	issuer_withdraw(segment, key_of(1), 4000);
	issuer_put(segment, key_of(1), 5000, NULL, 0);
	s = state_of(1, 5000, NULL);
	assert_int_equal(s.withdrawn_ms, 3000);
	assert_int_equal(s.fetched_ms, 2000);
	assert_int_equal(s.ended_ms, 5000);
	issuer_put(segment, key_of(1), 6000, "[]", 2);
	assert_int_equal(state_of(1, 6000, NULL).withdrawn_ms, 0);
}

static void
of_many_processes_one_claims(void **state)
{
	const int n = 8;
	int       won = 0;

	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		won = 0;
		for (int i = 0; i < n; i++)
			if (fork() == 0)
				_exit(issuer_claim(segment, key_of(round), 100 + round, 1000, COOL)
					  ? 1
					  : 0);
		for (int i = 0, status; i < n; i++) {
			assert_true(wait(&status) > 0 && WIFEXITED(status));
			won += WEXITSTATUS(status);
		}
		assert_int_equal(won, 1);
	}
}

static void
readers_never_see_half_a_document(void **state)
{
	char *a = talloc_size(mem, ISSUER_TEXT_MAX), *out = talloc_size(mem, ISSUER_TEXT_MAX);
	pid_t writer;

	(void)state;
	assert_true(issuer_claim(segment, key_of(1), OWNER, 1000, COOL));
	writer = fork();
	for (int i = writer == 0 ? 0 : -1; i >= 0; i = (i + 1) % 1000) {
		memset(a, 'a' + i % 2, ISSUER_TEXT_MAX);
		issuer_put(segment, key_of(1), 1001, a, i % 2 == 0 ? ISSUER_TEXT_MAX : 1000);
	}
	for (int i = 0; i < 3000; i++) {
		struct issuer_state s = state_of(1, 1002, out);

		for (size_t j = 1; j < s.n; j++)
			assert_int_equal(out[j], out[0]);
		assert_true(s.n == 0 || s.n == (out[0] == 'a' ? ISSUER_TEXT_MAX : 1000));
	}
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_claims_first_fetches_and_nobody_else_until_it_has_cooled_down),
		TEST(the_cool_down_is_the_same_whatever_came_of_the_fetch),
		TEST(a_failure_keeps_what_is_there),
		TEST(a_longest_document_comes_back_whole_and_a_longer_one_is_a_failure),
		TEST(a_full_table_gives_up_the_longest_unused_and_never_one_that_cools_down),
		TEST(who_names_issuers_without_end_takes_the_place_of_its_own_only),
		TEST(what_is_withdrawn_stays_with_the_instant_until_there_is_another),
		TEST(of_many_processes_one_claims),
		TEST(readers_never_see_half_a_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
