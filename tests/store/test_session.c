/* Sessions: who learns of their end and when, and what tokens are believed. */
#include "tests/store/session_world.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store/identity/keys.h"

#define LOCK_WAITS                                                                                 \
	"SELECT COUNT(*) AS n FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'"

/* ---- another process of the same host ---- */

/* Answers each byte it gets with what the token is worth: '1', or '0' when it is refused. */
static void
serve(struct people *p, const char *token, int in, int out)
{
	TALLOC_CTX   *own = talloc_new(NULL);
	struct auth  *a = people_other(p, own, p->segment);
	struct caller c;
	char          byte;

	while (read(in, &byte, 1) == 1) {
		byte = people_resolve(a, token, "", &c) == ERR_OK ? '1' : '0';
		if (write(out, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

static char
asks(int to, int from)
{
	char c = '?';

	assert_int_equal(write(to, "?", 1), 1);
	assert_int_equal(read(from, &c, 1), 1);
	return c;
}

static void
another_process_learns_of_the_end_at_once(void **state)
{
	struct people       *p = *state;
	struct session_grant g;
	int                  to[2], from[2], status;
	pid_t                pid;

	p->w->conf.revocation_lag_ms = HOUR_MS; /* so that only the segment can tell it */
	people_grant(p, session_mem, "ada@acme.test", &g);
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	pid = fork();
	if (pid == 0) {
		close(to[1]); /* the end of the questions is the end of this process */
		serve(p, g.access_token, to[0], from[1]);
	}
	assert_int_equal(asks(to[1], from[0]), '1');
	assert_int_equal(asks(to[1], from[0]), '1');
	session_log_out(p, &g, false);
	assert_int_equal(asks(to[1], from[0]), '0');
	for (int i = 0; i < 2; i++) {
		close(to[i]);
		close(from[i]);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/*
 * The other process reads the session, and is then held up (it notes the use of the session, whose
 * row is locked) while the session is ended.  What it puts into the cache afterwards was read
 * before that end.
 */
static void
what_was_read_before_the_end_is_no_hit_after_it(void **state)
{
	struct people       *p = *state;
	struct session_grant g;
	struct caller        c;
	char                 id[UUID_TEXT_MAX];
	int                  to[2], from[2], status;
	pid_t                pid;

	p->w->conf.revocation_lag_ms = HOUR_MS;
	people_grant(p, session_mem, "ada@acme.test", &g);
	uuid_print(&g.caller.session, id);
	p->clock.set_ms = 61000; /* its last use was more than a minute ago */
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	server_do(p->w->root, "START TRANSACTION");
	server_do(p->w->root,
	    "UPDATE %s.user_sessions SET revoked_at = NOW(3) WHERE id = UNHEX(REPLACE('%s', '-', "
	    "''))",
	    p->w->a.schema_name, id);
	pid = fork();
	if (pid == 0) {
		close(to[1]);
		serve(p, g.access_token, to[0], from[1]);
	}
	assert_int_equal(write(to[1], "?", 1), 1);
	for (int i = 0; i < 60 && people_number(p, &p->w->a, LOCK_WAITS) == 0; i++)
		usleep(150000);
	assert_int_equal(people_number(p, &p->w->a, LOCK_WAITS), 1);
	server_do(p->w->root, "COMMIT");
	cache_bump_session(p->segment, &g.caller.session);
	assert_int_equal(read(from[0], &status, 1), 1);
	assert_int_equal((char)status, '1'); /* its request began before the end */
	assert_int_equal(asks(to[1], from[0]), '0');
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_UNAUTHENTICATED);
	for (int i = 0; i < 2; i++) {
		close(to[i]);
		close(from[i]);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* ---- another host: a segment of its own ---- */

static void
another_host_learns_of_the_end_within_the_lag(void **state)
{
	struct people       *p = *state;
	struct auth         *far = people_other(p, session_mem, people_segment(session_mem, "far"));
	struct session_grant g;
	struct caller        c;

	people_grant(p, session_mem, "ada@acme.test", &g);
	assert_int_equal(people_resolve(far, g.access_token, "", &c), ERR_OK);
	session_log_out(p, &g, false);
	p->w->conf.revocation_lag_ms = HOUR_MS;
	assert_int_equal(
	    people_resolve(far, g.access_token, "", &c), ERR_OK); /* it cannot know yet */
	p->w->conf.revocation_lag_ms = 2000;
	p->clock.set_ms = 2000;
	assert_int_equal(people_resolve(far, g.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_UNAUTHENTICATED);
}

static void
rights_taken_on_another_host_are_gone_within_the_lag(void **state)
{
	struct people       *p = *state;
	struct session_grant g;
	struct caller        c;

	people_grant(p, session_mem, "ada@acme.test", &g);
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_OK);
	assert_true(permission_has(&c.permissions, ACTION_DELETE, RESOURCE_USERS));
	server_do(p->w->root,
	    "UPDATE %s.user_roles ur JOIN %s.users u ON u.id = ur.user_id SET ur.role_id ="
	    " (SELECT id FROM %s.roles WHERE name = 'viewer'), u.epoch = u.epoch + 1 WHERE u.email "
	    "= 'ada@acme.test'",
	    p->w->a.schema_name, p->w->a.schema_name, p->w->a.schema_name);
	p->clock.set_ms = 2001;
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_OK);
	assert_false(permission_has(&c.permissions, ACTION_DELETE, RESOURCE_USERS));
	assert_string_equal(c.roles, "viewer");
	server_do(p->w->root,
	    "UPDATE %s.user_roles ur JOIN %s.users u ON u.id = ur.user_id SET ur.role_id ="
	    " (SELECT id FROM %s.roles WHERE name = 'admin'), u.epoch = u.epoch + 1 WHERE u.email "
	    "= 'ada@acme.test'",
	    p->w->a.schema_name, p->w->a.schema_name, p->w->a.schema_name);
	server_do(p->w->root,
	    "UPDATE %s.users SET status = 'disabled' WHERE email = 'ada@acme.test'",
	    p->w->a.schema_name);
	p->clock.set_ms = 4002;
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_UNAUTHENTICATED);
	server_do(p->w->root, "UPDATE %s.users SET status = 'active' WHERE email = 'ada@acme.test'",
	    p->w->a.schema_name);
}

static void
a_hit_asks_the_database_nothing(void **state)
{
	struct people       *p = *state;
	struct session_grant g;
	struct caller        c, again;
	struct tenant_db    *t = people_open(p, &p->w->a);
	uint64_t             before;

	people_grant(p, session_mem, "ada@acme.test", &g);
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_OK);
	p->w->conf.revocation_lag_ms = HOUR_MS;
	before = db_stats(t->db).count + db_stats(database_control(p->w->d)).count;
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &again), ERR_OK);
	assert_int_equal(db_stats(t->db).count + db_stats(database_control(p->w->d)).count, before);
	assert_memory_equal(&c, &again, sizeof(c));
	p->w->conf.revocation_lag_ms = 0; /* confirmed each time: one statement */
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &again), ERR_OK);
	assert_int_equal(
	    db_stats(t->db).count + db_stats(database_control(p->w->d)).count, before + 1);
}

/* ---- what is believed ---- */

static struct token_claims
claims_of(struct people *p, const struct session_grant *g)
{
	int64_t now = clock_ms(&p->clock) / 1000;

	return (struct token_claims) { .iss = p->w->conf.public_url,
		.aud = p->w->conf.public_url,
		.tenant = g->caller.tenant,
		.user = g->caller.user,
		.session = g->caller.session,
		.jti = uuid_make(&p->clock, &rand_system),
		.iat = now,
		.exp = now + 600,
		.auth_time = now,
		.aal = 1 };
}

static enum err_code
resolves(struct people *p, const struct token_key *k, const struct token_claims *claims)
{
	struct err    e = { 0 };
	char         *text = token_sign(session_mem, k, claims, &e);
	struct caller c;

	assert_non_null(text);
	return people_resolve(&p->auth, text, "", &c);
}

static void
forged_and_foreign_tokens_are_refused(void **state)
{
	struct people       *p = *state;
	struct session_grant ada, vic, bob;
	struct err           e = { 0 };
	struct token_claims  claims;
	struct token_key    *stranger = token_key_make(session_mem, &e);

	people_grant(p, session_mem, "ada@acme.test", &ada);
	people_grant(p, session_mem, "vic@acme.test", &vic);
	assert_int_equal(
	    people_login(p, session_mem, "globex", "bob@globex.test", PASSWORD, &bob), ERR_OK);
	claims = claims_of(p, &ada);
	assert_int_equal(resolves(p, p->auth.signing, &claims), ERR_OK);
	assert_int_equal(resolves(p, stranger, &claims), ERR_UNAUTHENTICATED);
	claims.iss = claims.aud = "https://other.example";
	assert_int_equal(resolves(p, p->auth.signing, &claims), ERR_UNAUTHENTICATED);
	claims = claims_of(p, &ada); /* a true signature over what is not so */
	claims.tenant = bob.caller.tenant;
	assert_int_equal(resolves(p, p->auth.signing, &claims), ERR_UNAUTHENTICATED);
	claims = claims_of(p, &vic);
	claims.user = ada.caller.user;
	assert_int_equal(resolves(p, p->auth.signing, &claims), ERR_UNAUTHENTICATED);
	claims = claims_of(p, &ada);
	claims.session = uuid_make(&p->clock, &rand_system);
	assert_int_equal(resolves(p, p->auth.signing, &claims), ERR_UNAUTHENTICATED);
	claims.tenant = uuid_make(&p->clock, &rand_system);
	assert_int_equal(resolves(p, p->auth.signing, &claims), ERR_UNAUTHENTICATED);
	claims = claims_of(p, &ada);
	claims.exp = claims.iat - 1;
	assert_int_equal(resolves(p, p->auth.signing, &claims), ERR_UNAUTHENTICATED);
}

static void
altered_and_malformed_tokens_are_refused(void **state)
{
	static const char *const bad[] = { "", ".", "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30.",
		"bsx_", "bsx_0000", "Bearer x", "\xFF\xFF\xFF" };
	struct people           *p = *state;
	struct session_grant     g;
	struct caller            c;
	char                    *text, *huge;

	people_grant(p, session_mem, "ada@acme.test", &g);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(people_resolve(&p->auth, bad[i], "", &c), ERR_UNAUTHENTICATED);
	huge = talloc_zero_array(session_mem, char, 10000);
	memset(huge, 'a', 9999);
	assert_int_equal(people_resolve(&p->auth, huge, "", &c), ERR_UNAUTHENTICATED);
	text = talloc_strdup(session_mem, g.access_token);
	for (size_t i = 0, n = strlen(text); i < n; i += 11) {
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		assert_int_equal(people_resolve(&p->auth, text, "", &c), ERR_UNAUTHENTICATED);
		text[i] = was;
	}
	assert_int_equal(people_resolve(&p->auth, text, "", &c), ERR_OK);
}

static void
a_new_signing_key_is_found_by_who_has_not_seen_it(void **state)
{
	struct people       *p = *state;
	struct auth         *other = people_other(p, session_mem, NULL);
	struct session_grant old, new;
	struct caller        c;
	struct err           e = { 0 };

	people_grant(p, session_mem, "ada@acme.test", &old);
	assert_int_equal(people_resolve(other, old.access_token, "", &c), ERR_OK);
	server_do(p->w->root, "UPDATE testbsx.signing_keys SET state = 'retired', retire_at = "
			      "NOW(3) + INTERVAL 1 HOUR");
	assert_ok(signing_keys_ensure(p->w->d, &e));
	p->clock.set_ms = 61000; /* by then it signs with the new one */
	people_grant(p, session_mem, "ada@acme.test", &new);
	other->keys_loaded_ms =
	    clock_ms(&p->clock) - 4000; /* asked too recently: no flood of look-ups */
	assert_int_equal(people_resolve(other, new.access_token, "", &c), ERR_UNAUTHENTICATED);
	other->keys_loaded_ms = clock_ms(&p->clock) - 5001;
	assert_int_equal(people_resolve(other, new.access_token, "", &c), ERR_OK);
	assert_int_equal(people_resolve(other, old.access_token, "", &c),
	    ERR_OK); /* retired, not past its end */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, session_begin_test, session_finish_test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_process_learns_of_the_end_at_once),
		TEST(what_was_read_before_the_end_is_no_hit_after_it),
		TEST(another_host_learns_of_the_end_within_the_lag),
		TEST(rights_taken_on_another_host_are_gone_within_the_lag),
		TEST(a_hit_asks_the_database_nothing),
		TEST(forged_and_foreign_tokens_are_refused),
		TEST(altered_and_malformed_tokens_are_refused),
		TEST(a_new_signing_key_is_found_by_who_has_not_seen_it),
	};

	return cmocka_run_group_tests_name("session", tests, people_set_up, people_tear_down);
}
