/* Signing in, and API keys, against a real database. */
#include "tests/store/people.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/crypt/password.h"

/* argon2id of PASSWORD with m=4096 KiB, t=1, as libargon2 itself encodes it: what an older release
 * left. */
#define OLD_HASH                                                                                   \
	"$argon2id$v=19$m=4096,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$F"                                   \
	"E9sQMz9DMW4xy+IMUJXQUXU2iTYf5Rr06FUcjOQRCc"

static TALLOC_CTX *mem;

static int
begin(void **state)
{
	(void)state;
	mem = talloc_new(NULL);
	return mem == NULL;
}

static int
finish(void **state)
{
	struct people *p = *state;

	p->clock.set_ms = 0;
	talloc_free(mem);
	return 0;
}

/* ---- signing in ---- */

static void
a_sign_in_makes_a_session_that_its_token_proves(void **state)
{
	struct people       *p = *state;
	struct session_grant g;
	struct caller        c;
	struct user          u;
	struct err           e = { 0 };

	people_grant(p, mem, "ada@acme.test", &g);
	assert_int_equal(strlen(g.refresh_token), REFRESH_TOKEN_LEN);
	assert_int_equal(people_resolve(&p->auth, g.access_token, "192.0.2.7", &c), ERR_OK);
	assert_int_equal(c.kind, CALLER_SESSION);
	assert_true(uuid_eq(&c.tenant, &p->w->a.id));
	assert_true(uuid_eq(&c.session, &g.caller.session));
	assert_string_equal(c.name, "ada@acme.test");
	assert_true(permission_has(&c.permissions, ACTION_DELETE, RESOURCE_USERS));
	assert_false(permission_has(&c.permissions, ACTION_READ, RESOURCE_METRICS));
	assert_false(c.platform);
	assert_ok(caller_user(people_open(p, &p->w->a), mem, &c, &u, &e));
	assert_string_equal(u.display_name, "Ada \xF0\x9F\x98\x80");
	assert_string_equal(u.role, "admin");
	assert_int_equal(u.roles.n, 1);
	assert_true(u.last_login.ms != 0);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM user_sessions WHERE address = '192.0.2.7' "
			     "AND user_agent = 'Test/1.0'"),
	    1);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM audit"
			     " WHERE action = 'session.start' AND outcome = 'success' AND "
			     "actor_name = 'ada@acme.test'"),
	    1);
}

/* Round trips, where its statements are kept: who, what is written as far as the head of the trail,
 * the entry with COMMIT. */
static void
a_sign_in_asks_the_database_so_often_and_no_more(void **state)
{
	struct people       *p = *state;
	struct db           *own = people_open(p, &p->w->a)->db;
	struct db           *control = database_control(p->auth.database);
	struct session_grant g;

	/* On a busy machine the tenant's row, read again after 2 s, may be one more. */
	for (int i = 0; i < 20; i++) {
		db_stats_reset(own);
		db_stats_reset(control);
		assert_int_equal(
		    people_login(p, mem, "acme", "ada@acme.test", PASSWORD, &g), ERR_OK);
		if (i > 0 && db_stats(control).count == 1)
			break;
	}
	assert_int_equal(db_stats(own).trips, 3);
	assert_int_equal(db_stats(control).trips, 1);
}

static void
an_address_is_known_however_it_is_spelled(void **state)
{
	struct people       *p = *state;
	struct session_grant g;

	assert_int_equal(people_login(p, mem, "acme", " ADA@Acme.TEST ", PASSWORD, &g), ERR_OK);
	assert_int_equal(people_login(p, mem, "acme",
			     "\xEF\xBC\xA1"
			     "da@acme.test",
			     PASSWORD, &g),
	    ERR_OK);
}

static void
every_refusal_is_the_same_and_costs_one_hash(void **state)
{
	static const struct {
		const char *tenant, *email, *password, *reason;
		bool        in_platform; /* audited there */
	} cases[] = {
		{ "acme", "ada@acme.test", "wrong", "wrong_password", false },
		{ "acme", "nobody@acme.test", PASSWORD, "unknown_user", false },
		{ "acme", "no address", PASSWORD, "unknown_user", false },
		{ "acme", "dis@acme.test", PASSWORD, "user_not_active", false },
		{ "acme", "dis@acme.test", "wrong", "wrong_password", false },
		{ "acme", "inv@acme.test", PASSWORD, "wrong_password", false },
		{ "nowhere", "ada@acme.test", PASSWORD, "unknown_tenant", true },
		{ "nowhere", "pia@platform.test", PASSWORD, "unknown_tenant", true },
		{ "ACME'; --", "ada@acme.test", PASSWORD, "unknown_tenant", true },
		{ "globex", "ada@acme.test", PASSWORD, "unknown_user", false },
		{ "acme", "ada@acme.test", "\xFF\xFF", "wrong_password", false },
	};
	struct people *p = *state;

	server_do(p->w->root,
	    "INSERT IGNORE INTO %s.users (id, email, display_name, status, created_at, updated_at)"
	    " VALUES (REPEAT('i', 16), 'inv@acme.test', 'Inv', 'invited', NOW(3), NOW(3))",
	    p->w->a.schema_name);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct tenant *t = cases[i].in_platform                     ? &p->platform
					 : strcmp(cases[i].tenant, "globex") == 0 ? &p->w->b
										  : &p->w->a;
		char                *found = talloc_asprintf(mem,
				   "SELECT COUNT(*) AS n FROM audit WHERE"
						  " action = 'session.fail' AND outcome = 'failure' AND actor_kind = 'anonymous'"
						  " AND details LIKE '%%\"%s\"%%'",
				   cases[i].reason);
		long long hashes = people_metric(p, "bsx_password_hashes_total{for=\"login\"} ");
		long long failed = people_metric(
		    p, "bsx_auth_attempts_total{method=\"password\",outcome=\"failure\"} ");
		int64_t              entries = people_number(p, t, found);
		struct session_grant g;

		if (people_login(p, mem, cases[i].tenant, cases[i].email, cases[i].password, &g) !=
		    ERR_CREDENTIALS)
			fail_msg("%s %s", cases[i].email, cases[i].reason);
		assert_null(g.access_token);
		assert_int_equal(
		    people_metric(p, "bsx_password_hashes_total{for=\"login\"} "), hashes + 1);
		assert_int_equal(
		    people_metric(
			p, "bsx_auth_attempts_total{method=\"password\",outcome=\"failure\"} "),
		    failed + 1);
		if (people_number(p, t, found) != entries + 1)
			fail_msg("no entry in the trail: %s", cases[i].reason);
	}
	assert_int_equal(people_metric(p, "bsx_password_hashes_total{for=\"rehash\"} "), 0);
}

/* A tenant's registry row is kept for 2 s by a process: another one sees the new status. */
static void
a_suspended_tenant_answers_like_a_wrong_password(void **state)
{
	struct people       *p = *state;
	struct auth          was = p->auth;
	struct session_grant g;
	struct auth         *other = people_other(p, mem, p->segment);

	server_do(
	    p->w->root, "UPDATE testbsx.tenants SET status = 'suspended' WHERE slug = 'globex'");
	p->auth = *other;
	assert_int_equal(
	    people_login(p, mem, "globex", "bob@globex.test", PASSWORD, &g), ERR_CREDENTIALS);
	p->auth = was;
	server_do(p->w->root, "UPDATE testbsx.tenants SET status = 'active' WHERE slug = 'globex'");
	assert_int_equal(
	    people_number(p, &p->w->b,
		"SELECT COUNT(*) AS n FROM audit WHERE details LIKE '%tenant_not_active%'"),
	    1);
}

static void
an_old_hash_is_made_anew_at_the_next_sign_in(void **state)
{
	struct people       *p = *state;
	struct session_grant g;
	char                 phc[PASSWORD_PHC_MAX], *old;
	struct err           e = { 0 };

	assert_ok(password_hash(STR(PASSWORD), &rand_system, NULL, phc, &e));
	old = strstr(phc, "t=2");
	assert_non_null(old);
	/* not a hash of the password any more: only its cost is old */
	old[2] = '1';
	server_do(p->w->root, "UPDATE %s.users SET password = '%s' WHERE email = 'vic@acme.test'",
	    p->w->a.schema_name, phc);
	assert_int_equal(
	    people_login(p, mem, "acme", "vic@acme.test", PASSWORD, &g), ERR_CREDENTIALS);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM users WHERE email = 'vic@acme.test' AND "
			     "password LIKE '%t=1,%'"),
	    1);
	server_do(p->w->root, "UPDATE %s.users SET password = '%s' WHERE email = 'vic@acme.test'",
	    p->w->a.schema_name, OLD_HASH);
	assert_int_equal(people_login(p, mem, "acme", "vic@acme.test", PASSWORD, &g), ERR_OK);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM users WHERE email = 'vic@acme.test' AND "
			     "password LIKE '%m=19456,t=2,p=1%'"),
	    1);
	assert_int_equal(people_metric(p, "bsx_password_hashes_total{for=\"rehash\"} "), 1);
	assert_int_equal(people_login(p, mem, "acme", "vic@acme.test", PASSWORD, &g), ERR_OK);
	assert_int_equal(people_metric(p, "bsx_password_hashes_total{for=\"rehash\"} "), 1);
}

static void
the_permit_is_given_back_before_the_database_is_asked(void **state)
{
	struct people       *p = *state;
	struct session_grant g;
	struct permit        one = { -1, NULL };
	struct err           e = { 0 };

	p->auth.permits = permits_make(mem, p->segment, 1, PASSWORD_SCRATCH, 2, &e);
	assert_non_null(p->auth.permits);
	people_grant(p, mem, "ada@acme.test", &g);
	assert_int_equal(
	    people_login(p, mem, "acme", "ada@acme.test", "wrong", &g), ERR_CREDENTIALS);
	assert_ok(permit_take(p->auth.permits, &clock_system, &one, &e));
	permit_give(p->auth.permits, &one);
	permit_leave(p->auth.permits);
	p->auth.permits = NULL;
}

/* Nothing was asked of the database, computed, or counted as a wrong password. */
static void
a_sign_in_that_gets_no_permit_is_busy(void **state)
{
	struct people *p = *state;
	long long      hashes = people_metric(p, "bsx_password_hashes_total{for=\"login\"} ");
	uint64_t       statements;
	int64_t        entries = people_number(p, &p->w->a, "SELECT COUNT(*) AS n FROM audit");
	struct session_grant g;
	struct err           e = { 0 };
	int                  held[2], done[2], status;
	char                 c;
	pid_t                pid;

	p->auth.permits = permits_make(mem, p->segment, 1, PASSWORD_SCRATCH, 2, &e);
	assert_non_null(p->auth.permits);
	assert_int_equal(pipe(held), 0);
	assert_int_equal(pipe(done), 0);
	pid = fork();
	if (pid == 0) {
		struct permit one = { -1, NULL };

		close(done[1]);
		if (!permit_take(p->auth.permits, &clock_system, &one, &e) ||
		    write(held[1], "h", 1) != 1)
			_exit(1);
		_exit(read(done[0], &c, 1) != 0);
	}
	assert_int_equal(read(held[0], &c, 1), 1);
	statements = db_stats(database_control(p->auth.database)).count;
	assert_int_equal(people_login(p, mem, "acme", "ada@acme.test", PASSWORD, &g), ERR_BUSY);
	assert_int_equal(db_stats(database_control(p->auth.database)).count, statements);
	close(done[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(people_metric(p, "bsx_password_hashes_total{for=\"login\"} "), hashes);
	assert_int_equal(people_number(p, &p->w->a, "SELECT COUNT(*) AS n FROM audit"), entries);
	assert_int_equal(people_login(p, mem, "acme", "ada@acme.test", PASSWORD, &g), ERR_OK);
	close(done[0]);
	close(held[0]);
	close(held[1]);
	permit_leave(p->auth.permits);
	p->auth.permits = NULL;
}

static void
who_must_have_a_second_factor_may_only_enrol(void **state)
{
	static const char   *roles[] = { "admin" };
	struct people       *p = *state;
	struct session_grant g;
	struct caller        c;

	p->w->conf.mfa_required_for = (struct strings) { roles, 1 };
	people_grant(p, mem, "ada@acme.test", &g);
	assert_true(g.caller.mfa_enrollment);
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_OK);
	assert_true(c.mfa_enrollment);
	people_grant(p, mem, "vic@acme.test", &g);
	assert_false(g.caller.mfa_enrollment);
	p->w->conf.mfa_required_for = (struct strings) { NULL, 0 };
}

static void
a_user_with_a_second_factor_is_not_let_in_with_one(void **state)
{
	struct people       *p = *state;
	struct session_grant g;

	server_do(p->w->root,
	    "UPDATE %s.users SET `2fa_enabled` = TRUE WHERE email = 'ada@acme.test'",
	    p->w->a.schema_name);
	assert_int_equal(people_login(p, mem, "acme", "ada@acme.test", PASSWORD, &g), ERR_OK);
	assert_non_null(g.mfa_token);
	assert_null(g.access_token);
	assert_null(g.refresh_token);
	server_do(p->w->root,
	    "UPDATE %s.users SET `2fa_enabled` = FALSE WHERE email = 'ada@acme.test'",
	    p->w->a.schema_name);
}

static void
a_user_agent_of_any_bytes_is_kept_as_text(void **state)
{
	struct people       *p = *state;
	const struct login   in = { "acme", "ada@acme.test", PASSWORD };
	struct deed_by       by = people_stranger(*state, mem);
	char                 agent[2000];
	const struct origin  origin = { "192.0.2.99", agent, "r" };
	struct session_grant g = { 0 };
	struct err           e = { 0 };

	memset(agent, 0xE2, sizeof(agent));
	memcpy(agent, "<script>'\r\n=cmd|\xE2\x80\xAE", 19);
	agent[sizeof(agent) - 1] = '\0';
	by.origin = &origin;
	assert_ok(login_password(&by, &in, &g, &e));
	assert_int_equal(
	    people_number(p, &p->w->a,
		"SELECT COUNT(*) AS n FROM user_sessions"
		" WHERE address = '192.0.2.99' AND LENGTH(user_agent) BETWEEN 300 AND 400"),
	    1);
}

/* ---- API keys ---- */

static enum err_code
make_key(struct people *p, const struct caller *by, const struct api_key_new *in, struct api_key *k)
{
	struct deed_by deed = people_deed(p, mem, by);
	struct err     e = { 0 };

	return api_key_make(&deed, in, k, &e) ? ERR_OK : e.code;
}

static void
make_push_key(struct people *p, struct api_key *k)
{
	static const char       *scopes[] = { "write:snapshots", "read:drift" };
	const struct api_key_new in = { .name = "collector", .scopes = { scopes, 2 } };
	struct session_grant     g;

	people_grant(p, mem, "ada@acme.test", &g);
	assert_int_equal(make_key(p, &g.caller, &in, k), ERR_OK);
}

static void
a_key_is_a_caller_with_its_scopes_and_no_more(void **state)
{
	struct people *p = *state;
	struct api_key k;
	struct caller  c;

	make_push_key(p, &k);
	assert_int_equal(strlen(k.key), KEY_TEXT_LEN);
	assert_int_equal(strncmp(k.key, k.prefix, strlen(k.prefix)), 0);
	assert_int_equal(people_resolve(&p->auth, k.key, "192.0.2.7", &c), ERR_OK);
	assert_int_equal(c.kind, CALLER_API_KEY);
	assert_true(uuid_eq(&c.user, &k.id));
	assert_true(uuid_eq(&c.tenant, &p->w->a.id));
	assert_string_equal(c.name, "key:collector");
	assert_string_equal(caller_own_name(&c), "collector");
	assert_true(permission_has(&c.permissions, ACTION_WRITE, RESOURCE_SNAPSHOTS));
	assert_false(permission_has(&c.permissions, ACTION_READ, RESOURCE_USERS));
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM api_keys WHERE last_used_at IS NOT NULL"),
	    1);
	/* nothing of the secret is kept */
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM api_keys k JOIN audit a"
			     " WHERE LENGTH(k.prefix) > 24 OR a.details LIKE '%secret%'"),
	    0);
}

static void
a_mistyped_key_is_refused_before_any_sql(void **state)
{
	struct people *p = *state;
	struct auth   *fresh = people_other(p, mem, NULL);
	struct api_key k;
	struct caller  c;
	char           text[KEY_TEXT_LEN + 1];

	make_push_key(p, &k);
	for (size_t i = 4; i < KEY_TEXT_LEN; i += 7) {
		memcpy(text, k.key, sizeof(text));
		text[i] = text[i] == 'x' ? 'y' : 'x';
		assert_int_equal(people_resolve(fresh, text, "192.0.2.7", &c), ERR_UNAUTHENTICATED);
	}
	assert_false(db_is_open(database_control(fresh->database)));
	assert_int_equal(people_resolve(fresh, k.key, "192.0.2.7", &c), ERR_OK);
	assert_true(db_is_open(database_control(fresh->database)));
}

static void
a_well_formed_key_with_another_secret_is_refused(void **state)
{
	struct people  *p = *state;
	struct api_key  k;
	struct caller   c;
	struct key_text text;
	char            forged[KEY_TEXT_LEN + 1];
	struct err      e = { 0 };

	make_push_key(p, &k);
	assert_true(key_text_parse(str_of(k.key), &text));
	text.secret[0] ^= 1;
	key_text_print(&text, forged);
	assert_int_equal(people_resolve(&p->auth, forged, "", &c), ERR_UNAUTHENTICATED);
	text.secret[0] ^= 1;
	/* the same key said to be another tenant's */
	assert_ok(tenant_tag(&p->w->b, text.tenant, &e));
	key_text_print(&text, forged);
	assert_int_equal(people_resolve(&p->auth, forged, "", &c), ERR_UNAUTHENTICATED);
	text.tenant[0] ^= 0xFF;
	key_text_print(&text, forged);
	assert_int_equal(people_resolve(&p->auth, forged, "", &c), ERR_UNAUTHENTICATED);
}

static void
a_key_ends_when_it_expires(void **state)
{
	static const char   *scopes[] = { "read:drift" };
	struct people       *p = *state;
	struct api_key_new   in = { .name = "short", .scopes = { scopes, 1 } };
	struct session_grant g;
	struct api_key       k;
	struct caller        c;

	people_grant(p, mem, "ada@acme.test", &g);
	in.expires_at.ms = clock_ms(&p->clock) - 1;
	assert_int_equal(make_key(p, &g.caller, &in, &k), ERR_INVALID);
	in.expires_at.ms = clock_ms(&p->clock) + 3600000;
	assert_int_equal(make_key(p, &g.caller, &in, &k), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, k.key, "", &c), ERR_OK);
	p->clock.set_ms = 3600001;
	assert_int_equal(people_resolve(&p->auth, k.key, "", &c), ERR_UNAUTHENTICATED);
}

static void
a_key_serves_its_addresses_only(void **state)
{
	static const char *scopes[] = { "read:drift" },
			  *ranges[] = { "192.0.2.0/24", "2001:db8::/32" };
	static const char *bad[] = { "192.0.2.0/24", "everywhere" };
	struct people     *p = *state;
	struct api_key_new in = {
		.name = "bound", .scopes = { scopes, 1 }, .allowed_addresses = { ranges, 2 }
	};
	struct session_grant g;
	struct api_key       k;
	struct caller        c;

	people_grant(p, mem, "ada@acme.test", &g);
	assert_int_equal(make_key(p, &g.caller, &in, &k), ERR_OK);
	for (int i = 0; i < 2; i++) { /* from the database, then from the cache */
		assert_int_equal(people_resolve(&p->auth, k.key, "192.0.2.200", &c), ERR_OK);
		assert_int_equal(people_resolve(&p->auth, k.key, "2001:db8::9", &c), ERR_OK);
		assert_int_equal(
		    people_resolve(&p->auth, k.key, "198.51.100.1", &c), ERR_UNAUTHENTICATED);
		assert_int_equal(people_resolve(&p->auth, k.key, "", &c), ERR_UNAUTHENTICATED);
	}
	in.allowed_addresses = (struct strings) { bad, 2 };
	assert_int_equal(make_key(p, &g.caller, &in, &k), ERR_INVALID);
}

static void
nobody_makes_a_key_that_can_do_more_than_they(void **state)
{
	static const char *more[] = { "read:drift", "update:drift" }, *own[] = { "read:drift" },
			  *any[] = { "*:*" }, *wrong[] = { "fly:kites" };
	struct people       *p = *state;
	struct api_key_new   in = { .name = "k", .scopes = { more, 2 } };
	struct session_grant vic, ada;
	struct api_key       k;
	struct caller        c;

	people_grant(p, mem, "vic@acme.test", &vic);
	people_grant(p, mem, "ada@acme.test", &ada);
	assert_int_equal(make_key(p, &vic.caller, &in, &k), ERR_ESCALATION);
	in.scopes = (struct strings) { any, 1 };
	assert_int_equal(make_key(p, &vic.caller, &in, &k), ERR_ESCALATION);
	assert_int_equal(make_key(p, &ada.caller, &in, &k), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, k.key, "", &c), ERR_OK);
	assert_false(permission_has(&c.permissions, ACTION_READ, RESOURCE_METRICS));
	in.scopes = (struct strings) { wrong, 1 };
	assert_int_equal(make_key(p, &ada.caller, &in, &k), ERR_INVALID);
	in.scopes = (struct strings) { NULL, 0 };
	assert_int_equal(make_key(p, &ada.caller, &in, &k), ERR_INVALID);
	in.scopes = (struct strings) { own, 1 };
	assert_int_equal(make_key(p, &vic.caller, &in, &k), ERR_OK);
	/* and a key makes none at all */
	assert_int_equal(make_key(p, &c, &in, &k), ERR_FORBIDDEN);
}

static void
a_dropped_key_is_over_at_once_and_is_listed_no_more(void **state)
{
	struct people              *p = *state;
	struct tenant_db           *t = people_open(p, &p->w->a);
	struct session_grant        g;
	struct deed_by              by;
	struct api_key              k;
	const struct api_key       *list;
	const struct api_key_filter any = { 0 };
	struct page                 p1 = { .want = 200 }, p2 = p1;
	struct caller               c;
	struct err                  e = { 0 };

	people_grant(p, mem, "ada@acme.test", &g);
	make_push_key(p, &k);
	assert_ok(api_key_list(t, mem, &any, &p1, &e));
	list = p1.rows;
	assert_true(uuid_eq(&list[0].id, &k.id)); /* newest first */
	assert_null(list[0].key);
	assert_int_equal(people_resolve(&p->auth, k.key, "", &c), ERR_OK);
	by = people_deed(p, mem, &g.caller);
	assert_ok(api_key_drop(&by, &k.id, &e));
	assert_int_equal(people_resolve(&p->auth, k.key, "", &c), ERR_UNAUTHENTICATED);
	assert_ok(api_key_list(t, mem, &any, &p2, &e));
	assert_int_equal(p2.n, p1.n - 1);
	assert_fails(api_key_drop(&by, &k.id, &e), ERR_MISSING);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM audit WHERE action = 'api_key.delete'"),
	    1);
}

static void
pages_of_keys_follow_each_other(void **state)
{
	struct people              *p = *state;
	struct tenant_db           *t = people_open(p, &p->w->a);
	struct api_key              k;
	const struct api_key       *all, *rows;
	const struct api_key_filter any = { 0 };
	struct page                 whole = { .want = 200 }, page = { .want = 2 };
	struct err                  e = { 0 };
	size_t                      seen = 0;

	for (int i = 0; i < 5; i++)
		make_push_key(p, &k);
	assert_ok(api_key_list(t, mem, &any, &whole, &e));
	all = whole.rows;
	do {
		assert_ok(api_key_list(t, mem, &any, &page, &e));
		rows = page.rows;
		for (size_t i = 0; i < page.n; i++)
			assert_true(uuid_eq(&rows[i].id, &all[seen++].id));
		if (page.n > 0)
			page.after = rows[page.n - 1].id;
	} while (page.n > 0);
	assert_int_equal(seen, whole.n);
}

static void
every_statement_fits_the_migrated_schema(void **state)
{
	struct people *p = *state;
	struct err     e = { 0 };

	assert_ok(db_verify(people_open(p, &p->w->a)->db, SQL_TENANT, &e));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

/* ---- programs of another order ---- */

struct meaning {
	uint8_t  acting[16];
	uint64_t permissions, size;
};

/* The caller of the token as some program has put it into the cache: with every permission. */
static void
cache_all_mighty(struct people *p, const struct session_grant *g, const void *meaning, size_t n)
{
	struct caller     *c = talloc_memdup(mem, &g->caller, sizeof(*c));
	size_t             len = strlen(g->access_token) + 1;
	char              *text = talloc_zero_size(mem, len + n);
	uint8_t            key[HASH_LEN];
	struct cache_value v = {
		.p = c,
		.n = sizeof(*c),
		.tenant = c->tenant,
		.user = c->user,
		.session = c->session,
		.end_ms = c->expires_ms,
	};

	assert_true(permission_add(&c->permissions, "*:*"));
	memcpy(text, g->access_token, len);
	memcpy(text + len, meaning, n);
	hash_sha256(text, len + n, key);
	v.before = cache_epochs_read(p->segment, &c->tenant, &c->user, &c->session);
	cache_put(p->segment, key, &v, clock_ms(&p->clock));
}

static bool
is_mighty(struct people *p, const struct session_grant *g)
{
	struct caller c;

	assert_int_equal(people_resolve(&p->auth, g->access_token, "", &c), ERR_OK);
	return permission_has(&c.permissions, ACTION_DELETE, RESOURCE_USERS);
}

static void
what_a_program_with_other_permissions_has_cached_is_not_believed(void **state)
{
	struct people       *p = *state;
	const struct meaning ours = { { 0 }, permissions_meaning(), sizeof(struct caller) };
	struct meaning       others = ours, longer = ours;
	struct session_grant g;

	people_grant(p, mem, "vic@acme.test", &g);
	others.permissions ^= 1;
	longer.size += 8;
	cache_all_mighty(p, &g, &others, sizeof(others));
	cache_all_mighty(p, &g, &longer, sizeof(longer));
	cache_all_mighty(p, &g, ours.acting, sizeof(ours.acting)); /* of before there was that */
	assert_false(is_mighty(p, &g));
	/* and what is of this order is */
	cache_all_mighty(p, &g, &ours, sizeof(ours));
	assert_true(is_mighty(p, &g));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sign_in_makes_a_session_that_its_token_proves),
		TEST(a_sign_in_asks_the_database_so_often_and_no_more),
		TEST(an_address_is_known_however_it_is_spelled),
		TEST(every_refusal_is_the_same_and_costs_one_hash),
		TEST(a_suspended_tenant_answers_like_a_wrong_password),
		TEST(an_old_hash_is_made_anew_at_the_next_sign_in),
		TEST(the_permit_is_given_back_before_the_database_is_asked),
		TEST(a_sign_in_that_gets_no_permit_is_busy),
		TEST(who_must_have_a_second_factor_may_only_enrol),
		TEST(a_user_with_a_second_factor_is_not_let_in_with_one),
		TEST(a_user_agent_of_any_bytes_is_kept_as_text),
		TEST(a_key_is_a_caller_with_its_scopes_and_no_more),
		TEST(a_mistyped_key_is_refused_before_any_sql),
		TEST(a_well_formed_key_with_another_secret_is_refused),
		TEST(a_key_ends_when_it_expires),
		TEST(a_key_serves_its_addresses_only),
		TEST(nobody_makes_a_key_that_can_do_more_than_they),
		TEST(a_dropped_key_is_over_at_once_and_is_listed_no_more),
		TEST(pages_of_keys_follow_each_other),
		TEST(what_a_program_with_other_permissions_has_cached_is_not_believed),
		TEST(every_statement_fits_the_migrated_schema),
	};

	return cmocka_run_group_tests_name("auth", tests, people_set_up, people_tear_down);
}
