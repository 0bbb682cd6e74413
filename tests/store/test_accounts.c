/* Managing users and tenants: what holds when two do it at once, and who learns of it when. */
#include "tests/store/people.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/auth/tenant/tenant_admin.h"
#include "core/base/hash.h"
#include "core/store/identity/audit_rows.h"
#include "core/store/tenant/forget.h"

#define ROUNDS 12

static TALLOC_CTX *mem;

static const struct origin origin = { "192.0.2.7", "Test/1.0", "request-1" };

static int
begin(void **state)
{
	struct people *p = *state;

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

static struct deed_by
managing(struct people *p, struct auth *a, const struct tenant *t, const struct caller *c)
{
	static struct permit permit = { -1, NULL };
	struct deed_by       m = { a, mem, NULL, c, &origin, &permit };
	struct err           e = { 0 };

	(void)p;
	assert_ok(tenant_db_open(a->database, t, true, &m.t, &e));
	return m;
}

static struct uuid
make_user(const struct deed_by *m, const char *email, const char *role)
{
	const struct role_wish roles[] = { { .role = role } };
	struct user_new        in = { .email = email,
		       .display_name = "A person",
		       .password = PASSWORD,
		       .roles = { .all = roles, .n = 1 } };
	struct user            u;
	struct err             e = { 0 };

	assert_ok(user_make(m, &in, &u, &e));
	return u.id;
}

static enum err_code
disable(const struct deed_by *m, const struct uuid *id)
{
	const struct user_change in = { .status = "disabled" };
	struct user              u;
	struct err               e = { 0 };

	return user_alter(m, id, &in, &u, &e) ? ERR_OK : e.code;
}

static enum err_code
end_sessions(const struct deed_by *m, const struct uuid *id)
{
	struct err e = { 0 };

	return user_end_sessions(m, id, &e) ? ERR_OK : e.code;
}

static enum err_code
set_role(const struct deed_by *m, const struct uuid *id, const char *role)
{
	const struct role_wish   roles[] = { { .role = role } };
	const struct user_change in = { .roles = { .all = roles, .n = 1 }, .set_roles = true };
	struct user              u;
	struct err               e = { 0 };

	return user_alter(m, id, &in, &u, &e) ? ERR_OK : e.code;
}

static void
enable_all(struct people *p)
{
	server_do(p->w->root,
	    "UPDATE %s.users SET status = 'active' WHERE email <> 'dis@acme.test'",
	    p->w->a.schema_name);
}

/* ---- the last administrator ---- */

#define ADMINS                                                                                     \
	"SELECT COUNT(*) AS n FROM users u JOIN user_roles x ON x.user_id = u.id JOIN roles r"     \
	" ON r.id = x.role_id WHERE r.name = 'admin' AND u.status = 'active'"

/* A process with connections of its own, that waits for the byte that starts all of them. */
static pid_t
racer(struct people *p, const struct caller *c, const struct uuid *victim, int go, int out)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct auth   *a = people_other(p, mem, p->segment);
		struct deed_by m = managing(p, a, &p->w->a, c);
		enum err_code  code;
		char           byte;

		if (read(go, &byte, 1) < 0)
			_exit(3);
		code = disable(&m, victim);
		byte = (char)(code == ERR_OK ? 0 : code == ERR_LAST_ADMIN ? 1 : 2);
		_exit(write(out, &byte, 1) == 1 ? 0 : 3);
	}
	return pid;
}

static void
two_processes_cannot_take_both_administrators_away(void **state)
{
	struct people       *p = *state;
	struct session_grant g, other;
	struct deed_by       m;
	struct uuid          ada, second;

	people_grant(p, mem, "ada@acme.test", &g);
	m = managing(p, &p->auth, &p->w->a, &g.caller);
	ada = g.caller.user;
	second = make_user(&m, "second@acme.test", "admin");
	people_grant(p, mem, "second@acme.test", &other);
	for (int round = 0; round < ROUNDS; round++) {
		int   go[2], out[2], status, ends[3] = { 0 };
		char  end;
		pid_t pids[2];

		assert_int_equal(pipe(go), 0);
		assert_int_equal(pipe(out), 0);
		pids[0] = racer(p, &g.caller, &ada, go[0], out[1]);
		pids[1] = racer(p, &other.caller, &second, go[0], out[1]);
		close(go[0]);
		close(out[1]);
		assert_int_equal(write(go[1], "gg", 2), 2);
		close(go[1]);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			assert_int_equal(read(out[0], &end, 1), 1);
			assert_true(end < 2);
			ends[(unsigned char)end]++;
		}
		close(out[0]);
		assert_int_equal(ends[0], 1);
		assert_int_equal(ends[1], 1);
		assert_int_equal(people_number(p, &p->w->a, ADMINS), 1);
		enable_all(p);
	}
	m = managing(p, &p->auth, &p->w->a, &g.caller);
	{
		const struct user_change none = { 0 };
		struct err               e = { 0 };

		assert_ok(user_erase(&m, &second, &none, &e));
	}
	assert_int_equal(disable(&m, &ada), ERR_LAST_ADMIN);
	assert_int_equal(set_role(&m, &ada, "viewer"), ERR_LAST_ADMIN);
}

/* ---- who learns of it ---- */

static void
another_host_learns_of_a_role_and_of_a_disabling_within_the_lag(void **state)
{
	struct people       *p = *state;
	struct auth         *far = people_other(p, mem, people_segment(mem, "far-accounts"));
	struct session_grant admin, g;
	struct deed_by       m;
	struct caller        c;
	struct uuid          id;

	people_grant(p, mem, "ada@acme.test", &admin);
	m = managing(p, &p->auth, &p->w->a, &admin.caller);
	id = make_user(&m, "far@acme.test", "viewer");
	people_grant(p, mem, "far@acme.test", &g);
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_OK);
	assert_int_equal(people_resolve(far, g.access_token, "", &c), ERR_OK);
	assert_false(permission_has(&c.permissions, ACTION_READ, RESOURCE_USERS));

	assert_int_equal(set_role(&m, &id, "auditor"), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_OK);
	assert_true(permission_has(&c.permissions, ACTION_READ, RESOURCE_USERS)); /* here at once */
	p->clock.set_ms = 2001;
	assert_int_equal(people_resolve(far, g.access_token, "", &c), ERR_OK);
	assert_true(permission_has(&c.permissions, ACTION_READ, RESOURCE_USERS));

	assert_int_equal(disable(&m, &id), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_UNAUTHENTICATED);
	p->clock.set_ms = 4002;
	assert_int_equal(people_resolve(far, g.access_token, "", &c), ERR_UNAUTHENTICATED);
}

/* ---- settings ---- */

static void
set_session(struct people *p, const struct deed_by *m, const char *text)
{
	struct tenant_change in = { 0 };
	const struct tenant *t;
	struct err           e = { 0 };

	(void)p;
	in.settings = json_parse(mem, str_of(text), &e);
	assert_non_null(in.settings);
	assert_ok(tenant_visible(m, &m->caller->tenant, &t, &e));
	assert_ok(tenant_alter(m, t, &in, &e));
}

static void
shortening_ends_what_is_beyond_it_at_once(void **state)
{
	struct people       *p = *state;
	struct auth         *near = people_other(p, mem, p->segment);
	struct session_grant old, idle, fresh;
	struct deed_by       m;
	struct caller        c;

	people_grant(p, mem, "vic@acme.test", &idle);
	people_grant(p, mem, "ada@acme.test", &old);
	p->clock.set_ms = 400000;
	people_grant(p, mem, "ada@acme.test", &fresh);
	assert_int_equal(people_resolve(near, idle.access_token, "", &c), ERR_OK);
	server_do(p->w->root,
	    "UPDATE %s.user_sessions SET last_seen = created_at, idle_end ="
	    " created_at + INTERVAL 1800 SECOND",
	    p->w->a.schema_name);
	m = managing(p, &p->auth, &p->w->a, &fresh.caller);
	set_session(p, &m, "{\"session\":{\"idle_s\":300}}");
	assert_int_equal(people_resolve(near, idle.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(people_resolve(&p->auth, old.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(people_resolve(near, fresh.access_token, "", &c), ERR_OK);
	assert_int_equal(
	    people_number(p, &p->w->a,
		"SELECT COUNT(*) AS n FROM user_sessions"
		" WHERE revoked_at IS NULL AND idle_end > last_seen + INTERVAL 300 SECOND"),
	    0);

	set_session(p, &m, "{\"session\":{\"idle_s\":null,\"absolute_s\":3600}}");
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM user_sessions"
			     " WHERE revoked_at IS NULL AND idle_end > NOW() + INTERVAL 401 SECOND"
			     " AND absolute_end > created_at + INTERVAL 3600 SECOND"),
	    0);
	set_session(p, &m, "{\"session\":null}");
}

static void
the_installations_ceiling_holds_for_sessions_that_are_longer(void **state)
{
	struct people       *p = *state;
	struct session_grant g, next;
	struct caller        c;

	people_grant(p, mem, "vic@acme.test", &g);
	p->clock.set_ms = 300000;
	p->w->conf.session_max_idle_s = 299;
	assert_int_equal(people_resolve(people_other(p, mem, people_segment(mem, "ceiling")),
			     g.access_token, "", &c),
	    ERR_UNAUTHENTICATED);
	people_grant(p, mem, "vic@acme.test", &next);
	assert_true(next.caller.idle_ms - clock_ms(&p->clock) <= 299000);
	p->w->conf.session_max_idle_s = 86400;
}

static void
settings_are_parsed_once_and_follow_the_registry(void **state)
{
	struct people         *p = *state;
	const struct settings *a, *again;
	struct tenant          t = p->w->a;
	struct err             e = { 0 };

	t.settings.text = "{}";
	assert_ok(settings_of(&p->auth, &t, &a, &e));
	assert_ok(settings_of(&p->auth, &t, &again, &e));
	assert_ptr_equal(a, again);
	t.settings.text = "{\"session\":{\"idle_s\":600}}";
	assert_ok(settings_of(&p->auth, &t, &a, &e));
	assert_int_equal(a->session->idle_s, 600);
	for (int i = 0; i < 3 * SETTINGS_KEPT; i++) {
		t.id = uuid_make(&p->clock, &rand_system);
		assert_ok(settings_of(&p->auth, &t, &a, &e));
		assert_ok(settings_of(&p->auth, &p->w->b, &again, &e));
		assert_int_equal(a->session->idle_s, 600);
		assert_int_equal(again->session->idle_s, 1800);
	}
}

/* ---- what the database itself refuses ---- */

static enum err_code
set_status(struct tenant_db *t, const struct uuid *id, const char *status)
{
	struct err e = { 0 };

	return tenant_turn(t, &(struct tenant_turn) { .id = *id, .to = status }, &e) ? ERR_OK
										     : e.code;
}

static void
a_tenants_account_changes_no_status_and_no_other_tenant(void **state)
{
	struct people           *p = *state;
	struct tenant_db        *a = people_open(p, &p->w->a);
	struct tenant_db        *platform;
	struct err               e = { 0 };
	const struct tenant_said late[] = { { "Mine", "{}", "{\"not\":\"this\"}", "", "" },
		{ "Mine", "{}", p->w->a.settings.text, "", "{\"nor\":\"that\"}" } };

	assert_int_equal(set_status(a, &p->w->b.id, "suspended"), ERR_CONFLICT);
	assert_int_equal(set_status(a, &p->w->a.id, "suspended"), ERR_CONFLICT);
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++)
		assert_fails(tenant_set(a, &late[i], &e), ERR_CONFLICT);
	platform = people_open(p, &p->platform);
	assert_int_equal(set_status(platform, &p->platform.id, "suspended"), ERR_CONFLICT);
	assert_int_equal(set_status(platform, &p->w->b.id, "erased"), ERR_CONFLICT);
	assert_int_equal(set_status(platform, &p->w->b.id, "suspended"), ERR_OK);
	assert_int_equal(set_status(platform, &p->w->b.id, "active"), ERR_OK);
}

/* ---- escalation, idempotency ---- */

static void
a_user_manager_neither_grants_nor_changes_more_than_it_holds(void **state)
{
	struct people       *p = *state;
	struct session_grant admin, g;
	struct deed_by       m;
	struct uuid          id;

	people_grant(p, mem, "ada@acme.test", &admin);
	m = managing(p, &p->auth, &p->w->a, &admin.caller);
	make_user(&m, "manager@acme.test", "user_manager");
	id = make_user(&m, "managed@acme.test", "user_manager");
	people_grant(p, mem, "manager@acme.test", &g);
	m = managing(p, &p->auth, &p->w->a, &g.caller);
	assert_int_equal(set_role(&m, &id, "admin"), ERR_ESCALATION);
	assert_int_equal(set_role(&m, &g.caller.user, "admin"), ERR_ESCALATION);
	assert_int_equal(disable(&m, &admin.caller.user), ERR_ESCALATION);
	assert_int_equal(end_sessions(&m, &admin.caller.user), ERR_ESCALATION);
	assert_int_equal(end_sessions(&m, &id), ERR_OK);
	assert_int_equal(set_role(&m, &id, "no such role"), ERR_INVALID);
	assert_int_equal(disable(&m, &id), ERR_OK);
}

static void
an_idempotency_key_is_forgotten_after_a_day(void **state)
{
	struct people     *p = *state;
	struct tenant_db  *t = people_open(p, &p->w->a);
	uint8_t            mac[HASH_LEN] = { 1 };
	struct idempotency i = { .actor_id = p->w->a.id,
		.kind = "user",
		.key = "Key",
		.body_mac = { mac, sizeof(mac) },
		.made_id = p->w->b.id };
	struct idempotency out;
	struct err         e = { 0 };

	i.created_at.ms = clock_ms(&p->clock) - 86400000 - 1000;
	assert_ok(idempotency_add(t, &i, &e));
	assert_ok(idempotency_find(t, mem, &i.actor_id, "user", "Key", &out, &e));
	assert_memory_equal(out.made_id.b, i.made_id.b, sizeof(i.made_id.b));
	assert_fails(idempotency_find(t, mem, &i.actor_id, "user", "key", &out, &e), ERR_MISSING);
	assert_fails(idempotency_find(t, mem, &i.made_id, "user", "Key", &out, &e), ERR_MISSING);
	assert_fails(idempotency_add(t, &i, &e), ERR_CONFLICT);
	err_clear(&e);
	i.key = "another";
	i.created_at.ms += 2000;
	assert_ok(idempotency_add(t, &i, &e));
	assert_ok(forget_old(t, (instant) { clock_ms(&p->clock) }, NULL, &e));
	assert_ok(idempotency_find(t, mem, &i.actor_id, "user", "another", &out, &e));
	assert_fails(idempotency_find(t, mem, &i.actor_id, "user", "Key", &out, &e), ERR_MISSING);
}

static int64_t
rows_of(struct people *p, const char *table, const struct uuid *user)
{
	char hex[2 * sizeof(user->b) + 1];

	hex_print(user->b, sizeof(user->b), hex);
	return people_number(p, &p->w->a,
	    talloc_asprintf(
		mem, "SELECT COUNT(*) AS n FROM %s WHERE user_id = UNHEX('%s')", table, hex));
}

/* ---- what a deleted user leaves behind ---- */

#define TABLES                                                                                     \
	"SELECT COUNT(*) AS n FROM information_schema.columns WHERE table_schema = DATABASE()"     \
	" AND column_name = 'user_id'"

static void
a_deleted_user_leaves_nothing_but_its_audit_entries(void **state)
{
	static const char *const tables[] = { "user_roles", "user_sessions", "recovery_codes",
		"login_transactions", "mail_tokens", "user_identities" };
	static const char *const rows[][2] = {
		{ "recovery_codes (user_id, code_hash, created_at)", "id, REPEAT('c', 32), NOW()" },
		{ "login_transactions (id, token_hash, user_id, user_epoch, provider, in_body,"
		  " created_at, expires_at)",
		    "id, REPEAT('t', 32), id, 1, 'password', FALSE, NOW(), NOW()" },
		{ "mail_tokens (id, user_id, purpose, token_hash, email, created_at, expires_at)",
		    "id, id, 'reset', REPEAT('m', 32), email, NOW(), NOW()" },
		{ "user_identities (provider_id, issuer, subject, user_id, provisioned,"
		  " created_at, last_login)",
		    "id, 'https://idp.test', 'gone', id, FALSE, NOW(), NOW()" },
	};
	struct people           *p = *state;
	const char              *schema = p->w->a.schema_name;
	const struct user_change none = { 0 };
	struct session_grant     admin, g;
	struct deed_by           m;
	struct uuid              id;
	struct err               e = { 0 };

	people_grant(p, mem, "ada@acme.test", &admin);
	m = managing(p, &p->auth, &p->w->a, &admin.caller);
	id = make_user(&m, "gone@acme.test", "viewer");
	people_grant(p, mem, "gone@acme.test", &g);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		server_do(p->w->root,
		    "INSERT INTO %s.%s SELECT %s FROM %s.users WHERE email = 'gone@acme.test'",
		    schema, rows[i][0], rows[i][1], schema);
	/* a table that a later migration adds belongs into user_drop and here */
	assert_int_equal(people_number(p, &p->w->a, TABLES), sizeof(tables) / sizeof(tables[0]));
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		assert_int_equal(rows_of(p, tables[i], &id), 1);
	assert_ok(user_erase(&m, &id, &none, &e));
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		assert_int_equal(rows_of(p, tables[i], &id), 0);
}

/* ---- locked out ---- */

static void
an_unlock_ends_the_lock_and_is_for_who_may_manage_the_user(void **state)
{
	struct people       *p = *state;
	struct session_grant admin, g;
	struct deed_by       m, less;
	struct uuid          id, nobody = uuid_make(&p->clock, &rand_system);
	struct err           e = { 0 };

	people_grant(p, mem, "ada@acme.test", &admin);
	m = managing(p, &p->auth, &p->w->a, &admin.caller);
	id = make_user(&m, "shut@acme.test", "auditor");
	make_user(&m, "warden@acme.test", "user_manager");
	people_grant(p, mem, "warden@acme.test", &g);
	less = managing(p, &p->auth, &p->w->a, &g.caller);
	for (int i = 0; i <= FAILURES_FREE; i++)
		assert_int_equal(
		    people_login(p, mem, "acme", "shut@acme.test", "wrong", &g), ERR_CREDENTIALS);
	assert_int_equal(
	    people_login(p, mem, "acme", "shut@acme.test", PASSWORD, &g), ERR_ATTEMPTS);
	assert_fails(user_unlock(&less, &id, &e), ERR_ESCALATION);
	err_clear(&e);
	assert_int_equal(
	    people_login(p, mem, "acme", "shut@acme.test", PASSWORD, &g), ERR_ATTEMPTS);
	assert_ok(user_unlock(&m, &id, &e));
	assert_int_equal(people_login(p, mem, "acme", "shut@acme.test", PASSWORD, &g), ERR_OK);
	assert_fails(user_unlock(&m, &nobody, &e), ERR_MISSING);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM audit WHERE action = 'user.unlock'"),
	    1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_processes_cannot_take_both_administrators_away),
		TEST(another_host_learns_of_a_role_and_of_a_disabling_within_the_lag),
		TEST(shortening_ends_what_is_beyond_it_at_once),
		TEST(the_installations_ceiling_holds_for_sessions_that_are_longer),
		TEST(settings_are_parsed_once_and_follow_the_registry),
		TEST(a_tenants_account_changes_no_status_and_no_other_tenant),
		TEST(a_user_manager_neither_grants_nor_changes_more_than_it_holds),
		TEST(an_idempotency_key_is_forgotten_after_a_day),
		TEST(a_deleted_user_leaves_nothing_but_its_audit_entries),
		TEST(an_unlock_ends_the_lock_and_is_for_who_may_manage_the_user),
	};

	return cmocka_run_group_tests_name("accounts", tests, people_set_up, people_tear_down);
}
