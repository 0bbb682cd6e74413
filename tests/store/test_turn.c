/* The turn of the signing keys: once, in time, with overlap, and in the audit log. */
#include "tests/store/people.h"

#include <sys/wait.h>
#include <unistd.h>

#include "core/auth/key_rotation.h"

#define DAEMONS 8

static TALLOC_CTX *mem;

/* One key, which has just begun to sign. */
static int64_t earlier; /* of the tests before */

static int64_t
entries(struct people *p)
{
	return people_number(
		   p, &p->platform, "SELECT COUNT(*) AS n FROM audit WHERE action = 'key.rotate'") -
	       earlier;
}

static int
begin(void **state)
{
	struct people *p = *state;
	struct err     e = { 0 };

	mem = talloc_new(NULL);
	p->w->conf.keys_rotate_s = 86400;
	p->w->conf.access_s = 600;
	p->clock.set_ms = 0;
	p->auth.keys_loaded_ms = 0;
	server_do(p->w->root, "DELETE FROM testbsx.signing_keys");
	earlier = 0;
	earlier = entries(p);
	return mem != NULL && signing_keys_ensure(p->w->d, &e) ? 0 : -1;
}

static int
finish(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

static int64_t
count(struct people *p, const char *state)
{
	return people_number(p, &p->platform,
	    talloc_asprintf(
		mem, "SELECT COUNT(*) AS n FROM testbsx.signing_keys WHERE state = '%s'", state));
}

static struct signing_turn
now(struct people *p)
{
	struct signing_turn t;
	struct err          e = { 0 };

	assert_ok(signing_turn_get(p->w->d, mem, &t, &e));
	return t;
}

static void
age(struct people *p, const char *state, const char *column, int64_t s)
{
	server_do(p->w->root,
	    "UPDATE testbsx.signing_keys SET %s = %s - INTERVAL %lld SECOND WHERE state = '%s'",
	    column, column, (long long)s, state);
}

static bool
rotation_round(struct people *p, enum rotation_when when)
{
	struct err e = { 0 };
	bool       turned = false;

	assert_ok(rotation_keys(&p->auth, when, "test", &turned, &e));
	return turned;
}

static void
the_next_key_is_published_at_once_and_signs_when_it_is_due(void **state)
{
	struct people      *p = *state;
	struct signing_turn first, second;

	assert_false(rotation_round(p, ROTATE_WHEN_DUE));
	first = now(p);
	assert_non_null(first.successor);
	assert_int_equal(count(p, "next"), 1);
	age(p, "active", "active_at", 86390);
	assert_false(rotation_round(p, ROTATE_WHEN_DUE));
	age(p, "active", "active_at", 20);
	assert_false(rotation_round(p, ROTATE_WHEN_DUE)); /* due, but its successor is too young */
	age(p, "next", "created_at", ROTATE_PUBLISHED_S);
	assert_true(rotation_round(p, ROTATE_WHEN_DUE));
	second = now(p);
	assert_string_equal(second.active, first.successor);
	assert_non_null(second.successor);
	assert_int_equal(count(p, "active"), 1);
	assert_int_equal(count(p, "next"), 1);
	assert_int_equal(count(p, "retired"), 1);
	assert_int_equal(entries(p), 1);
	assert_false(rotation_round(p, ROTATE_WHEN_DUE));
}

static void
however_many_daemons_come_at_once_the_key_turns_once(void **state)
{
	struct people      *p = *state;
	struct signing_turn first;
	int                 go[2], status;
	char                c = 0;

	rotation_round(p, ROTATE_WHEN_DUE);
	first = now(p);
	age(p, "active", "active_at", 86400);
	age(p, "next", "created_at", 86400);
	assert_int_equal(pipe(go), 0);
	for (int i = 0; i < DAEMONS; i++) {
		if (fork() != 0)
			continue;
		close(go[1]);
		if (read(go[0], &c, 1) < 0)
			_exit(1);
		_exit(rotation_keys(people_other(p, mem, NULL), ROTATE_WHEN_DUE, "test", NULL,
			  &(struct err) { 0 })
			  ? 0
			  : 1);
	}
	close(go[0]);
	close(go[1]);
	for (int i = 0; i < DAEMONS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_string_equal(now(p).active, first.successor);
	assert_int_equal(count(p, "active"), 1);
	assert_int_equal(count(p, "next"), 1);
	assert_int_equal(count(p, "retired"), 1);
	assert_int_equal(entries(p), 1);
}

static void
a_token_outlives_the_turn_and_its_key_goes_after_it(void **state)
{
	struct people       *p = *state;
	struct session_grant g;
	struct caller        c;

	p->auth.keys = NULL;
	people_grant(p, mem, "ada@acme.test", &g);
	assert_true(rotation_round(p, ROTATE_FORCED));
	assert_int_equal(
	    people_resolve(people_other(p, mem, NULL), g.access_token, "", &c), ERR_OK);
	age(p, "retired", "retire_at", 3500);
	rotation_round(p, ROTATE_WHEN_DUE);
	assert_int_equal(
	    people_resolve(people_other(p, mem, NULL), g.access_token, "", &c), ERR_OK);
	age(p, "retired", "retire_at", 300);
	assert_int_equal(people_resolve(people_other(p, mem, NULL), g.access_token, "", &c),
	    ERR_UNAUTHENTICATED);
	rotation_round(p, ROTATE_WHEN_DUE);
	assert_int_equal(count(p, "retired"), 0); /* and its private half with it */
}

static void
by_hand_it_needs_a_published_key_or_force(void **state)
{
	struct people *p = *state;
	struct err     e = { 0 };

	assert_fails(rotation_keys(&p->auth, ROTATE_NOW, "test", NULL, &e), ERR_CONFLICT);
	assert_int_equal(count(p, "retired"), 0);
	age(p, "next", "created_at", ROTATE_PUBLISHED_S);
	assert_true(rotation_round(p, ROTATE_NOW));
	assert_true(rotation_round(p, ROTATE_FORCED));
	assert_int_equal(count(p, "retired"), 2);
	assert_int_equal(entries(p), 2);
}

/* The turn is made, and its maker dies: before the entry is written, or before it could say so. */
static void
the_entry_of_a_turn_is_written_once(void **state)
{
	struct people      *p = *state;
	struct signing_turn t;
	struct err          e = { 0 };

	rotation_round(p, ROTATE_WHEN_DUE);
	t = now(p);
	assert_ok(signing_turn_make(p->w->d, &t, 3600, &e));
	assert_int_equal(entries(p), 0);
	rotation_round(p, ROTATE_WHEN_DUE);
	assert_int_equal(entries(p), 1);
	server_do(p->w->root,
	    "UPDATE testbsx.signing_keys SET audit_id = (SELECT id FROM %s.audit"
	    " WHERE action = 'key.rotate' ORDER BY seq DESC LIMIT 1) WHERE state = 'active'",
	    p->platform.schema_name);
	rotation_round(p, ROTATE_WHEN_DUE);
	assert_int_equal(entries(p), 1);
	assert_int_equal(
	    people_number(p, &p->platform,
		"SELECT COUNT(*) AS n FROM testbsx.signing_keys WHERE audit_id IS NOT NULL"),
	    0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_next_key_is_published_at_once_and_signs_when_it_is_due),
		TEST(however_many_daemons_come_at_once_the_key_turns_once),
		TEST(a_token_outlives_the_turn_and_its_key_goes_after_it),
		TEST(by_hand_it_needs_a_published_key_or_force),
		TEST(the_entry_of_a_turn_is_written_once),
	};

	return cmocka_run_group_tests_name("turn", tests, people_set_up, people_tear_down);
}
