/* Sessions: who learns of their end and when, what tokens are believed, and how they are renewed.
 */
#include "tests/store/people.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store/keys.h"

#define HOUR_MS 3600000
#define LOCK_WAITS \
	"SELECT COUNT(*) AS n FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'"

static TALLOC_CTX *mem;

static const struct origin origin = { "192.0.2.7", "Test/1.0", "request-1" };

static int
begin(void **state)
{
	struct people *p = *state;

	p->w->conf.revocation_lag_ms = 2000;
	p->w->conf.access_s = 600;
	p->clock.set_ms = 0;
	mem = talloc_new(NULL);
	return mem == NULL;
}

static int
finish(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

static void
log_out(struct people *p, const struct session_grant *g, bool all)
{
	struct err e = { 0 };

	assert_ok(
	    session_end(&p->auth, mem, people_open(p, &p->w->a), &g->caller, &origin, all, &e));
}

/* ---- another process of the same host ---- */

static void
wait_for(int fd)
{
	char c;

	assert_int_equal(read(fd, &c, 1), 1);
}

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
	people_grant(p, mem, "ada@acme.test", &g);
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	pid = fork();
	if (pid == 0) {
		close(to[1]); /* the end of the questions is the end of this process */
		serve(p, g.access_token, to[0], from[1]);
	}
	assert_int_equal(asks(to[1], from[0]), '1');
	assert_int_equal(asks(to[1], from[0]), '1');
	log_out(p, &g, false);
	assert_int_equal(asks(to[1], from[0]), '0');
	for (int i = 0; i < 2; i++) {
		close(to[i]);
		close(from[i]);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/*
 * The other process reads the session, and is then held up (it notes the use of the session, whose row is
 * locked) while the session is ended.  What it puts into the cache afterwards was read before that end.
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
	people_grant(p, mem, "ada@acme.test", &g);
	uuid_print(&g.caller.session, id);
	p->clock.set_ms = 61000; /* its last use was more than a minute ago */
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	server_do(p->w->root, "START TRANSACTION");
	server_do(p->w->root,
	    "UPDATE %s.user_sessions SET revoked_at = NOW(3) WHERE id = UNHEX(REPLACE('%s', '-', ''))",
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
	struct auth         *far = people_other(p, mem, people_segment(mem, "far"));
	struct session_grant g;
	struct caller        c;

	people_grant(p, mem, "ada@acme.test", &g);
	assert_int_equal(people_resolve(far, g.access_token, "", &c), ERR_OK);
	log_out(p, &g, false);
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

	people_grant(p, mem, "ada@acme.test", &g);
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

	people_grant(p, mem, "ada@acme.test", &g);
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
	char         *text = token_sign(mem, k, claims, &e);
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
	struct token_key    *stranger = token_key_make(mem, &e);

	people_grant(p, mem, "ada@acme.test", &ada);
	people_grant(p, mem, "vic@acme.test", &vic);
	assert_int_equal(people_login(p, mem, "globex", "bob@globex.test", PASSWORD, &bob), ERR_OK);
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

	people_grant(p, mem, "ada@acme.test", &g);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(people_resolve(&p->auth, bad[i], "", &c), ERR_UNAUTHENTICATED);
	huge = talloc_zero_array(mem, char, 10000);
	memset(huge, 'a', 9999);
	assert_int_equal(people_resolve(&p->auth, huge, "", &c), ERR_UNAUTHENTICATED);
	text = talloc_strdup(mem, g.access_token);
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
	struct auth         *other = people_other(p, mem, NULL);
	struct session_grant old, new;
	struct caller        c;
	struct err           e = { 0 };

	people_grant(p, mem, "ada@acme.test", &old);
	assert_int_equal(people_resolve(other, old.access_token, "", &c), ERR_OK);
	server_do(p->w->root, "UPDATE testbsx.signing_keys SET state = 'retired', retire_at = "
			      "NOW(3) + INTERVAL 1 HOUR");
	assert_ok(signing_keys_ensure(p->w->d, &e));
	p->clock.set_ms = 61000; /* by then it signs with the new one */
	people_grant(p, mem, "ada@acme.test", &new);
	other->keys_loaded_ms =
	    clock_ms(&p->clock) - 4000; /* asked too recently: no flood of look-ups */
	assert_int_equal(people_resolve(other, new.access_token, "", &c), ERR_UNAUTHENTICATED);
	other->keys_loaded_ms = clock_ms(&p->clock) - 5001;
	assert_int_equal(people_resolve(other, new.access_token, "", &c), ERR_OK);
	assert_int_equal(people_resolve(other, old.access_token, "", &c),
	    ERR_OK); /* retired, not past its end */
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
	people_grant(p, mem, "ada@acme.test", &used);
	people_grant(p, mem, "ada@acme.test", &idle);
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

	people_grant(p, mem, "ada@acme.test", &g);
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_OK);
	p->clock.set_ms = 601000;
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_UNAUTHENTICATED);
	p->clock.set_ms = 0;
	p->w->conf.session_absolute_s = 100;
	people_grant(p, mem, "ada@acme.test", &g);
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
	struct err e = { 0 };

	(void)p;
	memset(out, 0, sizeof(*out));
	return session_refresh(a, mem, str_of(token), &origin, out, &e) ? ERR_OK : e.code;
}

static void
a_refresh_token_gives_the_next_one(void **state)
{
	struct people       *p = *state;
	struct session_grant g, next, third;
	struct caller        c;

	people_grant(p, mem, "ada@acme.test", &g);
	assert_int_equal(renews(p, &p->auth, g.refresh_token, &next), ERR_OK);
	assert_string_not_equal(g.refresh_token, next.refresh_token);
	assert_int_equal(people_resolve(&p->auth, next.access_token, "", &c), ERR_OK);
	assert_true(uuid_eq(&c.session, &g.caller.session));
	assert_int_equal(renews(p, &p->auth, next.refresh_token, &third), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, third.access_token, "", &c), ERR_OK);
}

static void
the_same_token_again_gives_the_same_successor_for_a_while(void **state)
{
	struct people       *p = *state;
	struct session_grant g, one, two;

	people_grant(p, mem, "ada@acme.test", &g);
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

	people_grant(p, mem, "ada@acme.test", &g);
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
	people_grant(p, mem, "ada@acme.test", &g);
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

	people_grant(p, mem, "ada@acme.test", &g);
	text = talloc_strdup(mem, g.refresh_token);
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

	people_grant(p, mem, "ada@acme.test", &g);
	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(out), 0);
	for (int i = 0; i < TABS; i++) {
		if (fork() != 0)
			continue;
		struct auth *a = people_other(p, mem, p->segment);

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

	people_grant(p, mem, "ada@acme.test", &one);
	people_grant(p, mem, "ada@acme.test", &two);
	people_grant(p, mem, "vic@acme.test", &vic);
	assert_int_equal(people_resolve(&p->auth, two.access_token, "", &c), ERR_OK);
	log_out(p, &one, true);
	assert_int_equal(people_resolve(&p->auth, one.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(people_resolve(&p->auth, two.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(renews(p, &p->auth, two.refresh_token, &one), ERR_UNAUTHENTICATED);
	assert_int_equal(people_resolve(&p->auth, vic.access_token, "", &c), ERR_OK);
}

static void
without_a_segment_every_request_asks_the_database(void **state)
{
	struct people       *p = *state;
	struct auth         *a = people_other(p, mem, NULL);
	struct session_grant g;
	struct caller        c;

	people_grant(p, mem, "ada@acme.test", &g);
	assert_int_equal(people_resolve(a, g.access_token, "", &c), ERR_OK);
	log_out(p, &g, false);
	assert_int_equal(people_resolve(a, g.access_token, "", &c), ERR_UNAUTHENTICATED);
}

static void
csrf_tokens_belong_to_one_session(void **state)
{
	struct people       *p = *state;
	struct session_grant one, two;
	char       a[CSRF_TOKEN_MAX] = "", b[CSRF_TOKEN_MAX] = "", again[CSRF_TOKEN_MAX] = "";
	struct err e = { 0 };

	people_grant(p, mem, "ada@acme.test", &one);
	people_grant(p, mem, "ada@acme.test", &two);
	assert_ok(caller_csrf(&p->auth, &one.caller.session, a, &e));
	assert_ok(caller_csrf(&p->auth, &one.caller.session, again, &e));
	assert_ok(caller_csrf(&p->auth, &two.caller.session, b, &e));
	assert_int_equal(strlen(a), 43);
	assert_string_equal(a, again);
	assert_string_not_equal(a, b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

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
		TEST(a_session_ends_when_it_is_idle_and_lives_on_when_it_is_used),
		TEST(a_token_ends_with_its_time_and_never_outlives_its_session),
		TEST(a_refresh_token_gives_the_next_one),
		TEST(the_same_token_again_gives_the_same_successor_for_a_while),
		TEST(a_token_used_again_later_ends_the_session_for_both),
		TEST(forged_refresh_tokens_are_refused),
		TEST(twenty_tabs_renewing_at_once_log_nobody_out),
		TEST(signing_out_everywhere_ends_all_of_ones_own_sessions),
		TEST(without_a_segment_every_request_asks_the_database),
		TEST(csrf_tokens_belong_to_one_session),
	};

	return cmocka_run_group_tests_name("session", tests, people_set_up, people_tear_down);
}
