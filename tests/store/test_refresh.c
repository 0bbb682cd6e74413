/* Sessions: how long they live, how they are renewed and ended. */
#include "tests/store/session_world.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
wait_for(int fd)
{
	char c;

	assert_int_equal(read(fd, &c, 1), 1);
}

/* ---- time ---- */

static void
a_session_ends_when_it_is_idle_and_lives_on_when_it_is_used(void **state)
{
	struct people       *p = *state;
	struct session_grant used, idle;
	struct caller        c;
	int64_t              first;

	p->w->conf.access_s = 36000;
	people_grant(p, session_mem, "ada@acme.test", &used);
	people_grant(p, session_mem, "ada@acme.test", &idle);
	assert_int_equal(people_resolve(&p->auth, used.access_token, "", &c), ERR_OK);
	first = c.idle_ms;
	p->clock.set_ms = 59000;
	assert_int_equal(people_resolve(&p->auth, used.access_token, "", &c), ERR_OK);
	assert_int_equal(c.idle_ms, first); /* written once a minute only */
	p->clock.set_ms = 1790000;
	assert_int_equal(people_resolve(&p->auth, used.access_token, "", &c), ERR_OK);
	assert_true(c.idle_ms >= first + 1780000);
	p->clock.set_ms = 1805000;
	assert_int_equal(people_resolve(&p->auth, used.access_token, "", &c), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, idle.access_token, "", &c), ERR_UNAUTHENTICATED);
	p->clock.set_ms = 1790000 + 1801000;
	assert_int_equal(people_resolve(&p->auth, used.access_token, "", &c), ERR_UNAUTHENTICATED);
}

static void
a_token_ends_with_its_time_and_never_outlives_its_session(void **state)
{
	struct people       *p = *state;
	struct session_grant g;
	struct caller        c;

	people_grant(p, session_mem, "ada@acme.test", &g);
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_OK);
	p->clock.set_ms = 601000;
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_UNAUTHENTICATED);
	p->clock.set_ms = 0;
	p->w->conf.session_absolute_s = 100;
	people_grant(p, session_mem, "ada@acme.test", &g);
	assert_true(g.access_end_ms <= g.caller.absolute_ms);
	assert_true(g.caller.idle_ms <= g.caller.absolute_ms);
	p->w->conf.session_absolute_s = 43200;
	p->clock.set_ms = 101000;
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_UNAUTHENTICATED);
}

/* ---- renewing ---- */

static enum err_code
renews(struct people *p, struct auth *a, const char *token, struct session_grant *out)
{
	const struct refresh_shown shown = { .token = str_of(token) };
	const struct deed_by by = { .auth = a, .mem = session_mem, .origin = &session_origin };
	struct err           e = { 0 };

	(void)p;
	memset(out, 0, sizeof(*out));
	return session_refresh(&by, &shown, out, &e) ? ERR_OK : e.code;
}

static void
a_refresh_token_gives_the_next_one(void **state)
{
	struct people       *p = *state;
	struct session_grant g, next, third;
	struct caller        c;

	people_grant(p, session_mem, "ada@acme.test", &g);
	assert_int_equal(renews(p, &p->auth, g.refresh_token, &next), ERR_OK);
	assert_string_not_equal(g.refresh_token, next.refresh_token);
	assert_int_equal(people_resolve(&p->auth, next.access_token, "", &c), ERR_OK);
	assert_true(uuid_eq(&c.session, &g.caller.session));
	assert_int_equal(renews(p, &p->auth, next.refresh_token, &third), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, third.access_token, "", &c), ERR_OK);
}

static void
a_refresh_asks_the_database_so_often_and_no_more(void **state)
{
	struct people       *p = *state;
	struct db           *own = people_open(p, &p->w->a)->db;
	struct session_grant g, next;

	people_grant(p, session_mem, "ada@acme.test", &g);
	for (int i = 0; i < 3; i++) { /* the first time each statement is prepared */
		db_stats_reset(own);
		assert_int_equal(renews(p, &p->auth, g.refresh_token, &next), ERR_OK);
		g = next;
	}
	assert_int_equal(db_stats(own).trips, 2);
}

static void
the_same_token_again_gives_the_same_successor_for_a_while(void **state)
{
	struct people       *p = *state;
	struct session_grant g, one, two;

	people_grant(p, session_mem, "ada@acme.test", &g);
	assert_int_equal(renews(p, &p->auth, g.refresh_token, &one), ERR_OK);
	assert_int_equal(renews(p, &p->auth, g.refresh_token, &two), ERR_OK);
	assert_string_equal(one.refresh_token, two.refresh_token);
}

static void
a_token_used_again_later_ends_the_session_for_both(void **state)
{
	struct people       *p = *state;
	struct session_grant g, next, other;
	struct caller        c;

	people_grant(p, session_mem, "ada@acme.test", &g);
	assert_int_equal(renews(p, &p->auth, g.refresh_token, &next), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, next.access_token, "", &c), ERR_OK);
	server_do(p->w->root,
	    "UPDATE %s.user_sessions SET rotated_at = rotated_at - INTERVAL 31 SECOND",
	    p->w->a.schema_name);
	assert_int_equal(renews(p, &p->auth, g.refresh_token, &other), ERR_REFRESH_REUSED);
	assert_null(other.access_token);
	assert_int_equal(people_resolve(&p->auth, next.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(renews(p, &p->auth, next.refresh_token, &other), ERR_UNAUTHENTICATED);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM audit"
			     " WHERE action = 'session.reuse' AND actor_name = 'ada@acme.test'"),
	    1);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM user_sessions"
			     " WHERE revoked_reason = 'refresh_token_reused'"),
	    1);
	/* two generations back is reuse however soon */
	people_grant(p, session_mem, "ada@acme.test", &g);
	assert_int_equal(renews(p, &p->auth, g.refresh_token, &next), ERR_OK);
	assert_int_equal(renews(p, &p->auth, next.refresh_token, &next), ERR_OK);
	assert_int_equal(renews(p, &p->auth, g.refresh_token, &other), ERR_REFRESH_REUSED);
}

static void
forged_refresh_tokens_are_refused(void **state)
{
	struct people       *p = *state;
	struct session_grant g, next;
	char                *text;

	people_grant(p, session_mem, "ada@acme.test", &g);
	text = talloc_strdup(session_mem, g.refresh_token);
	for (size_t i = 0; text[i] != '\0'; i++) {
		char was = text[i];

		text[i] = was == 'A' ? 'Q' : 'A';
		assert_int_equal(renews(p, &p->auth, text, &next), ERR_UNAUTHENTICATED);
		text[i] = was;
	}
	assert_int_equal(renews(p, &p->auth, "", &next), ERR_UNAUTHENTICATED);
	assert_int_equal(renews(p, &p->auth, g.access_token, &next), ERR_UNAUTHENTICATED);
	assert_int_equal(renews(p, &p->auth, text, &next), ERR_OK);
}

#define TABS 20

static void
twenty_tabs_renewing_at_once_log_nobody_out(void **state)
{
	struct people       *p = *state;
	struct session_grant g, next;
	char                 got[TABS][REFRESH_TOKEN_LEN + 1];
	int                  go[2], out[2], status;
	struct caller        c;

	people_grant(p, session_mem, "ada@acme.test", &g);
	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(out), 0);
	for (int i = 0; i < TABS; i++) {
		if (fork() != 0)
			continue;
		struct auth *a = people_other(p, session_mem, p->segment);

		wait_for(go[0]);
		if (renews(p, a, g.refresh_token, &next) != ERR_OK)
			_exit(1);
		_exit(write(out[1], next.refresh_token, REFRESH_TOKEN_LEN) != REFRESH_TOKEN_LEN);
	}
	assert_int_equal(write(go[1], "gggggggggggggggggggg", TABS), TABS);
	memset(got, 0, sizeof(got));
	for (int i = 0; i < TABS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
		assert_int_equal(read(out[0], got[i], REFRESH_TOKEN_LEN), REFRESH_TOKEN_LEN);
		assert_string_equal(got[i], got[0]);
	}
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT MAX(generation) AS n FROM user_sessions WHERE"
			     " id = (SELECT id FROM user_sessions ORDER BY id DESC LIMIT 1)"),
	    1);
	assert_int_equal(renews(p, &p->auth, got[0], &next), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, next.access_token, "", &c), ERR_OK);
	for (int i = 0; i < 2; i++) {
		close(go[i]);
		close(out[i]);
	}
}

/* ---- ending ---- */

static void
signing_out_everywhere_ends_all_of_ones_own_sessions(void **state)
{
	struct people       *p = *state;
	struct session_grant one, two, vic;
	struct caller        c;

	people_grant(p, session_mem, "ada@acme.test", &one);
	people_grant(p, session_mem, "ada@acme.test", &two);
	people_grant(p, session_mem, "vic@acme.test", &vic);
	assert_int_equal(people_resolve(&p->auth, two.access_token, "", &c), ERR_OK);
	session_log_out(p, &one, true);
	assert_int_equal(people_resolve(&p->auth, one.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(people_resolve(&p->auth, two.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(renews(p, &p->auth, two.refresh_token, &one), ERR_UNAUTHENTICATED);
	assert_int_equal(people_resolve(&p->auth, vic.access_token, "", &c), ERR_OK);
}

static enum err_code
leaves(struct people *p, const char *token, const struct uuid *of, bool all)
{
	const struct refresh_shown shown = { str_of(token), of };
	const struct deed_by       by = people_stranger(p, session_mem);
	struct err                 e = { 0 };

	return session_end_by_refresh(&by, &shown, all, &e) ? ERR_OK : e.code;
}

static void
who_has_a_refresh_token_only_can_leave_by_it(void **state)
{
	struct people       *p = *state;
	struct session_grant one, two, next, third;
	struct uuid          named;
	struct caller        c;

	people_grant(p, session_mem, "ada@acme.test", &one);
	people_grant(p, session_mem, "ada@acme.test", &two);
	p->clock.set_ms = 601000; /* the access tokens have run out */
	assert_int_equal(people_resolve(&p->auth, one.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_true(token_session(session_mem, str_of(one.access_token), &named));
	assert_true(uuid_eq(&named, &one.caller.session));
	assert_int_equal(
	    leaves(p, one.refresh_token, &two.caller.session, false), ERR_UNAUTHENTICATED);
	assert_int_equal(leaves(p, one.refresh_token, &named, false), ERR_OK);
	assert_int_equal(leaves(p, one.refresh_token, &named, false), ERR_UNAUTHENTICATED);
	assert_int_equal(renews(p, &p->auth, one.refresh_token, &next), ERR_UNAUTHENTICATED);
	assert_int_equal(renews(p, &p->auth, two.refresh_token, &next), ERR_OK);
	assert_int_equal(leaves(p, two.refresh_token, NULL, true), ERR_OK); /* a lost answer */
	assert_int_equal(renews(p, &p->auth, next.refresh_token, &third), ERR_UNAUTHENTICATED);
}

static void
leaving_by_an_old_refresh_token_is_its_reuse(void **state)
{
	struct people       *p = *state;
	struct session_grant g, second, third;

	people_grant(p, session_mem, "ada@acme.test", &g);
	assert_int_equal(renews(p, &p->auth, g.refresh_token, &second), ERR_OK);
	assert_int_equal(renews(p, &p->auth, second.refresh_token, &third), ERR_OK);
	assert_int_equal(leaves(p, g.refresh_token, NULL, true), ERR_REFRESH_REUSED);
	assert_int_equal(leaves(p, third.refresh_token, NULL, false), ERR_UNAUTHENTICATED);
}

static void
what_is_no_token_of_ours_names_no_session(void **state)
{
	static const char *const bad[] = { "", ".", "..", "a.b.c", "e30.e30.", "bsx_x" };
	struct uuid              named;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(token_session(session_mem, str_of(bad[i]), &named));
}

static void
without_a_segment_every_request_asks_the_database(void **state)
{
	struct people       *p = *state;
	struct auth         *a = people_other(p, session_mem, NULL);
	struct session_grant g;
	struct caller        c;

	people_grant(p, session_mem, "ada@acme.test", &g);
	assert_int_equal(people_resolve(a, g.access_token, "", &c), ERR_OK);
	session_log_out(p, &g, false);
	assert_int_equal(people_resolve(a, g.access_token, "", &c), ERR_UNAUTHENTICATED);
}

static void
csrf_tokens_belong_to_one_session(void **state)
{
	struct people       *p = *state;
	struct session_grant one, two;
	char       a[CSRF_TOKEN_MAX] = "", b[CSRF_TOKEN_MAX] = "", again[CSRF_TOKEN_MAX] = "";
	struct err e = { 0 };

	people_grant(p, session_mem, "ada@acme.test", &one);
	people_grant(p, session_mem, "ada@acme.test", &two);
	assert_ok(caller_csrf(&p->auth, &one.caller.session, a, &e));
	assert_ok(caller_csrf(&p->auth, &one.caller.session, again, &e));
	assert_ok(caller_csrf(&p->auth, &two.caller.session, b, &e));
	assert_int_equal(strlen(a), 43);
	assert_string_equal(a, again);
	assert_string_not_equal(a, b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, session_begin_test, session_finish_test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_session_ends_when_it_is_idle_and_lives_on_when_it_is_used),
		TEST(a_token_ends_with_its_time_and_never_outlives_its_session),
		TEST(a_refresh_token_gives_the_next_one),
		TEST(a_refresh_asks_the_database_so_often_and_no_more),
		TEST(the_same_token_again_gives_the_same_successor_for_a_while),
		TEST(a_token_used_again_later_ends_the_session_for_both),
		TEST(forged_refresh_tokens_are_refused),
		TEST(twenty_tabs_renewing_at_once_log_nobody_out),
		TEST(signing_out_everywhere_ends_all_of_ones_own_sessions),
		TEST(who_has_a_refresh_token_only_can_leave_by_it),
		TEST(leaving_by_an_old_refresh_token_is_its_reuse),
		TEST(what_is_no_token_of_ours_names_no_session),
		TEST(without_a_segment_every_request_asks_the_database),
		TEST(csrf_tokens_belong_to_one_session),
	};

	return cmocka_run_group_tests_name("refresh", tests, people_set_up, people_tear_down);
}
