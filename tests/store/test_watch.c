/* Alerts of the tenant itself: what its trail says and what is so with what is its own, each told
 * once and counted. */
#include <stdio.h>
#include <string.h>

#include "core/auth/access.h"
#include "core/auth/audit.h"
#include "core/store/alert/channel.h"
#include "core/store/alert/expire.h"
#include "core/store/alert/watch.h"
#include "drift/watch/watch.h"
#include "drift/watch/watched.h"
#include "tests/store/drift_world.h"

#define OF_KEY "SELECT COUNT(*) FROM %%s.alerts WHERE open_key = '%s'"

static struct auth
auth_of(struct drift_world *x)
{
	x->env.keyring = x->w->env.keyring;
	return (struct auth) { .env = &x->env, .database = x->w->d };
}

#define COUNT(x, sql, what) drift_count(x, talloc_asprintf(x, sql, what))

/* All that is due, as driftd does it. */
static void
look(struct drift_world *x)
{
	struct auth a = auth_of(x);
	struct err  e = { 0 };
	size_t      n;

	do
		assert_ok(watch_round(&a, 50, &n, &e));
	while (n > 0);
	x->t = world_open(x->w, &x->w->a);
}

/* Also where nothing has marked it. */
static void
look_anyway(struct drift_world *x)
{
	drift_sql(x, "UPDATE testbsx.watches SET due_at = NOW(3)");
	tenant_forget(x->w->d);
	look(x);
}

static int
set_up(void **state)
{
	struct drift_world *x;
	struct err          e = { 0 };

	if (drift_set_up(state) != 0)
		return -1;
	x = *state;
	assert_ok(access_install_roles(x->t, x, x->env.rand, x->env.clock, &e));
	assert_ok(watch_mark(x->t->db, &e)); /* as with the making of a tenant */
	look(x);
	return 0;
}

/* ---- entries ---- */

#define TARGET "01890a5d-ac96-774b-bcce-b302099a8057"

static enum audit_action
action_of(const char *text)
{
	static const char *const actions[] = {
#define X(id, text, kind, dataset) [id] = text,
		AUDIT_ACTIONS(X)
#undef X
	};

	for (enum audit_action a = 0; a < AUDIT__MAX; a++)
		if (strcmp(actions[a], text) == 0)
			return a;
	fail_msg("no deed is written down as %s", text);
	return AUDIT__MAX;
}

static void
note_tried(
    struct drift_world *x, const char *kind, const char *action, const char *details, bool failed)
{
	static const struct origin origin = { "192.0.2.7", "Test/1.0", "request-1" };
	struct auth                a = auth_of(x);
	const struct deed_by       by = { .auth = &a, .mem = x, .t = x->t, .origin = &origin };
	struct audit_entry         entry = { .action = action_of(action),
			.actor_name = "eve@acme.test",
			.actor_kind = kind,
			.failed = failed,
			.details = details };
	struct err                 e = { 0 };

	assert_true(uuid_parse(STR(TARGET), &entry.target_id));
	assert_ok(audit_deed(&by, NULL, NULL, &entry, &e));
}

static void
note_by(struct drift_world *x, const char *kind, const char *action, const char *details)
{
	note_tried(x, kind, action, details, false);
}

static void
note(struct drift_world *x, const char *action, const char *details)
{
	note_by(x, "anonymous", action, details);
}

/* Of each row that asks what an entry says: what opens its alert, and what is like it and does not.
 */
static const struct {
	const char *name, *fits, *misfits;
	const char *kind; /* of who does what fits; NULL: "anonymous", who does what does not */
} said[] = {
	{ "password_set",
	    "{\"way\":\"link\",\"email\":{\"from\":\"a@x.test\",\"to\":\"b@x.test\"}}", "{}",
	    "system" },
	{ "admin_given", "{\"roles\":{\"from\":[\"viewer\"],\"to\":[\"viewer\",\"admin\"]}}",
	    "{\"roles\":{\"from\":[\"admin\"],\"to\":[\"admin\",\"viewer\"]}}" },
	{ "role_widened", "{\"permissions\":{\"from\":[\"read:drift\"],\"to\":[\"*:drift\"]}}",
	    "{\"permissions\":{\"from\":[\"*:drift\"],\"to\":[\"*:drift\",\"read:users\"]}}" },
	{ "key_made", "{\"administrative\":true}", "{\"administrative\":false}" },
	{ "elsewhere", "{\"route\":\"GET /api/users\",\"acting\":\"globex\"}",
	    "{\"route\":\"GET /api/users\"}" },
	{ "addresses",
	    "{\"settings\":{\"from\":{},\"to\":{\"allowed_addresses\":[\"10.0.0.0/8\"]}}}",
	    "{\"settings\":{\"from\":{\"allowed_addresses\":[\"10.0.0.0/"
	    "8\"]},\"to\":{\"cors\":{},\"allowed_addresses\":[\"10.0.0.0/8\"]}}}" },
	{ "four_eyes",
	    "{\"settings\":{\"from\":{\"four_eyes\":{\"accept_from\":\"high\"}},"
	    "\"to\":{\"four_eyes\":{\"accept_from\":\"critical\"}}}}",
	    "{\"settings\":{\"from\":{\"four_eyes\":{\"accept_from\":\"high\"}},"
	    "\"to\":{\"cors\":{},\"four_eyes\":{\"accept_from\":\"high\"}}}}" },
	{ "four_eyes",
	    "{\"four_eyes_pending\":{\"from\":null,\"to\":{\"accept_from\":null,"
	    "\"asked_at\":\"2026-11-30T00:00:00.000Z\"}}}",
	    "{\"four_eyes_pending\":{\"to\":null,\"from\":{\"accept_from\":null,"
	    "\"asked_at\":\"2026-11-30T00:00:00.000Z\"}}}" },
	{ "one_person", "{\"one_person\":true}", "{\"one_person\":false}" },
	{ "trail_kept", "{\"settings\":{\"from\":{},\"to\":{\"retention\":{\"audit_s\":7776000}}}}",
	    "{\"settings\":{\"from\":{\"retention\":{\"audit_s\":7776000}},"
	    "\"to\":{\"retention\":{\"audit_s\":8000000}}}}" },
	{ "trail_told",
	    "{\"audit\":{\"from\":true,\"to\":true},\"target\":{\"from\":\"a\",\"to\":\"b\"}}",
	    "{\"audit\":{\"from\":true,\"to\":true},\"renamed\":{\"from\":\"a\",\"to\":\"b\"}}" },
};

/* It is said once, however often, and no more where it happens again. */
static void
is_undone_and_stands(
    struct drift_world *x, const struct watched *w, const char *key, const char *fits)
{
	char *words = talloc_asprintf(x,
	    "SELECT COUNT(*) FROM %%s.alerts WHERE open_key = '%s' AND status = 'open'"
	    " AND title LIKE '%%%% from 192.0.2.7. %s'",
	    key, w->over);
	char *lines = talloc_asprintf(x,
	    "SELECT COUNT(*) FROM %%s.drift_history e JOIN %%s.alerts a ON a.id = e.subject"
	    " WHERE a.open_key = '%s' AND e.from_status = e.to_status AND e.note ="
	    " '%s It was done by eve@acme.test from 192.0.2.7'",
	    key, w->over);

	for (int times = 0; times < 2; times++) {
		note(x, w->undone, "{}");
		look(x);
		assert_int_equal(drift_count(x, words), 1);
		assert_int_equal(drift_count(x, lines), 1);
	}
	note(x, w->opens[0], fits);
	look(x);
	assert_int_equal(COUNT(x, OF_KEY, key), 1);
	assert_int_equal(drift_count(x, words), 0);
}

/* Somebody has taken it on, and it happens once more: nobody has taken that on, but where it comes
 * in thousands. */
static void
is_nobodys_again(struct drift_world *x, const struct watched *w, const char *key, const char *kind,
    const char *fits)
{
	drift_sql(x, talloc_asprintf(x,
			 "UPDATE %%s.alerts SET status = 'acknowledged', version = version + 1"
			 " WHERE open_key = '%s'",
			 key));
	note_by(x, kind, w->opens[0], fits);
	look(x);
	assert_int_equal(COUNT(x,
			     "SELECT COUNT(*) FROM %%s.alerts WHERE open_key = '%s'"
			     " AND status = 'open'",
			     key),
	    !w->often);
	assert_int_equal(COUNT(x,
			     "SELECT COUNT(*) FROM %%s.drift_history e JOIN %%s.alerts a"
			     " ON a.id = e.subject WHERE a.open_key = '%s' AND e.note ="
			     " 'It happened again: by eve@acme.test from 192.0.2.7'"
			     " AND e.from_status = 'acknowledged' AND e.to_status = 'open'",
			     key),
	    !w->often);
	if (w->often)
		drift_sql(x, talloc_asprintf(x,
				 "UPDATE %%s.alerts SET status = 'open', version = version + 1"
				 " WHERE open_key = '%s'",
				 key));
}

static void
each_row_of_the_trail_opens_one_alert_counts_and_stands(void **state)
{
	struct drift_world *x = *state;
	int                 rows = 0;

	for (const struct watched *w = watched; w->name != NULL; w++) {
		const char *fits = "{}", *misfits = NULL, *kind = "anonymous";
		char       *key = watched_key(x, w, w->each ? TARGET : "");

		if (w->opens[0] == NULL)
			continue;
		for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
			if (strcmp(said[i].name, w->name) == 0) {
				fits = said[i].fits;
				misfits = said[i].misfits;
				kind = said[i].kind != NULL ? said[i].kind : kind;
			}
		if ((misfits != NULL) != (w->fits != NULL || w->asks != NULL))
			fail_msg("%s: said[] has a row for what looks at its entries, and only "
				 "for that",
			    w->name);
		if (misfits != NULL) {
			note(x, w->opens[0], misfits);
			look(x);
			assert_int_equal(COUNT(x, OF_KEY, key), 0);
		}
		for (size_t i = 0; w->opens[i] != NULL; i++)
			note_by(x, kind, w->opens[i], fits);
		look(x);
		note_by(x, kind, w->opens[0], fits);
		look(x);
		if (COUNT(x, OF_KEY, key) != 1)
			fail_msg(
			    "%s: %lld alerts are open", w->name, (long long)COUNT(x, OF_KEY, key));
		assert_int_equal(
		    COUNT(x,
			"SELECT COUNT(*) FROM %%s.alerts WHERE open_key = '%s' AND changes > 1"
			" AND config_id IS NULL AND kind = 'security' AND status = 'open' AND"
			" title LIKE '%%%% times; last by eve@acme.test from 192.0.2.7'",
			key),
		    1);
		is_nobodys_again(x, w, key, kind, fits);
		if (w->undone != NULL)
			is_undone_and_stands(x, w, key, fits);
		rows++;
	}
	assert_true(rows >= 12);
}

static void
a_user_alone_opens_no_account_of_its_own_and_whoever_else_does_is_told_of(void **state)
{
	static const struct {
		const char *kind, *action, *details;
		int64_t     alerts;
	} all[] = {
		{ "anonymous", "password.reset", "{}", 0 },
		{ "anonymous", "password.forgot", "{}", 0 },
		{ "system", "password.forgot", "{\"way\":\"mail\"}", 0 },
		{ "system", "user.update", "{\"status\":{\"from\":\"disabled\",\"to\":\"active\"}}",
		    0 },
		{ "system", "user.create", "{}", 0 }, /* the first of its tenant */
		{ "system", "password.reset", "{}", 1 },
		{ "system", "password.forgot", "{\"way\":\"link\"}", 2 },
		{ "system", "user.update",
		    "{\"email\":{\"from\":\"a@x.test\",\"to\":\"b@x.test\"}}", 3 },
	};
	struct drift_world *x = *state;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		note_by(x, all[i].kind, all[i].action, all[i].details);
		look(x);
		assert_int_equal(drift_count(x, "SELECT COALESCE(SUM(changes), 0) FROM %s.alerts"),
		    all[i].alerts);
	}
	note_by(x, "system", "user.create", "{\"roles\":[\"admin\"]}");
	look(x);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 2);
}

static void
what_a_role_grants_makes_an_administrator_and_not_its_name(void **state)
{
	static const struct {
		const char *action, *details;
		bool        failed, told;
	} all[] = {
		{ "user.create", "{\"roles\":[\"viewer\",\"operator\",\"auditor\",\"analyst\"]}",
		    false, false },
		{ "user.create", "{\"roles\":[\"viewer\",\"user_manager\"]}", false, true },
		{ "user.update", "{\"roles\":{\"from\":[],\"to\":[\"nearly\"]}}", false, true },
		{ "user.update",
		    "{\"roles\":{\"from\":[\"nearly\"],\"to\":[\"nearly\",\"viewer\"]}}", false,
		    false },
		{ "user.update", "{\"roles\":{\"from\":[],\"to\":[\"renamed\"]}}", false, true },
		{ "identity.roles", "{\"roles\":[\"admin\"]}", false, true },
		{ "identity.roles", "{\"roles\":[\"admin\"]}", true, false },
		{ "identity.roles", "{\"roles\":[\"admin\",\"viewer\"],\"had\":[\"admin\"]}", false,
		    false },
		{ "role.create",
		    "{\"permissions\":[\"read:users\",\"read:audit\",\"update:alerts\"]}", false,
		    false },
		{ "role.create", "{\"permissions\":[\"update:users\"]}", false, true },
		{ "role.create", "{\"permissions\":[\"update:settings\"]}", false, true },
	};
	struct drift_world *x = *state;
	int64_t             told = 0;

	drift_sql(x, "INSERT INTO %s.roles (id, name, description, built_in, created_at) VALUES"
		     " (REPEAT('7', 16), 'nearly', '', FALSE, NOW(3))");
	drift_sql(x, "INSERT INTO %s.role_permissions (role_id, permission) VALUES"
		     " (REPEAT('7', 16), 'create:api_keys')");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		note_tried(x, "system", all[i].action, all[i].details, all[i].failed);
		told += all[i].told;
		look(x);
		if (drift_count(x, "SELECT COALESCE(SUM(changes), 0) FROM %s.alerts") != told)
			fail_msg("%s", all[i].details);
	}
}

static void
of_more_roles_than_are_asked_of_the_rest_is_told(void **state)
{
	struct drift_world *x = *state;

	for (int i = 0; i < 33; i++) {
		drift_sql(x, talloc_asprintf(x,
				 "INSERT INTO %%s.roles (id, name, description, built_in,"
				 " created_at) VALUES (UNHEX(LPAD('%x', 32, '0')), 'r%d', '', "
				 "FALSE, NOW(3))",
				 i, i));
		note_by(x, "system", "user.create", talloc_asprintf(x, "{\"roles\":[\"r%d\"]}", i));
	}
	look(x);
	assert_int_equal(drift_count(x, "SELECT SUM(changes) FROM %s.alerts"), 1);
}

/* The setting names a channel. */
static void
told_to_a_channel(struct drift_world *x)
{
	struct uuid c = drift_channel(x, "https://127.0.0.1:1/x");
	char        id[UUID_TEXT_MAX];

	uuid_print(&c, id);
	drift_sql(
	    x, talloc_asprintf(x,
		   "UPDATE testbsx.tenants SET settings = '{\"notifications\":{\"security\":"
		   "[{\"channel_id\":\"%s\",\"min_severity\":\"medium\"}]}}' WHERE schema_name = "
		   "'%%s'",
		   id));
	tenant_forget(x->w->d);
}

static void
what_happens_again_is_told_again(void **state)
{
	struct drift_world *x = *state;

	told_to_a_channel(x);
	for (int times = 1; times < 4; times++) {
		note(x, "identity_provider.update", "{}");
		look_anyway(x);
		assert_int_equal(
		    drift_count(x, "SELECT COUNT(*) + IFNULL(SUM(folded), 0) FROM %s.outbox"
				   " WHERE event IN ('drift.alert.opened', 'drift.alert.updated')"),
		    times);
	}
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 1);
}

static void
what_is_done_and_undone_between_two_looks_is_told_as_opened_with_its_end_in_the_words(void **state)
{
	struct drift_world *x = *state;

	told_to_a_channel(x);
	note(x, "grant.create", "{}");
	note(x, "grant.revoke", "{}");
	look_anyway(x);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE kind = 'security'"
					" AND status = 'open' AND title LIKE"
					" '%%. The grant was revoked.'"),
	    1);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.outbox"), 1);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.outbox WHERE event = 'drift.alert.opened'"), 1);
	note(x, "grant.revoke", "{}"); /* of nothing that is told */
	drift_sql(x, "UPDATE %s.alerts SET status = 'resolved', open_key = NULL");
	look(x);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 1);
}

static void
a_trail_that_fits_again_is_said_to_and_its_alert_stands(void **state)
{
	struct drift_world *x = *state;

	drift_sql(x, "UPDATE testbsx.watches SET broken = TRUE WHERE schema_name = '%s'");
	look_anyway(x);
	assert_int_equal(COUNT(x, OF_KEY, "own:trail:"), 1);
	drift_sql(x, "UPDATE testbsx.watches SET broken = FALSE WHERE schema_name = '%s'");
	look_anyway(x);
	look_anyway(x);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE open_key ="
					" 'own:trail:' AND title LIKE '%%verified. What was added"
					" since fits.'"),
	    1);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_history"), 1);
}

/* ---- a flood ---- */

#define DELAYS(from, to)                                                                           \
	"INSERT INTO %s.audit (seq, id, at, action, outcome, actor_kind, actor_name, target_kind," \
	" target_id, address, user_agent, request_id, details, prev_mac, mac)"                     \
	" SELECT q.seq + 1000000, UNHEX(LPAD(HEX(q.seq), 32, '0')), NOW(3), 'session.delay', "     \
	"'failure',"                                                                               \
	" 'anonymous', 'eve@acme.test', 'user', '', '192.0.2.7', '', '', '{}', '', ''"             \
	" FROM %s.seq_" from "_to_" to " q"

static void
ten_thousand_refused_sign_ins_are_one_alert_with_a_count(void **state)
{
	struct drift_world *x = *state;

	told_to_a_channel(x);
	drift_sql(x, DELAYS("1", "10000"));
	look_anyway(x);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 1);
	assert_int_equal(drift_count(x, "SELECT changes FROM %s.alerts"), 10000);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.outbox"), 1);
	assert_int_equal(drift_count(x, "SELECT seq FROM %s.alert_watch"), 1010000);
	look_anyway(x);
	assert_int_equal(drift_count(x, "SELECT changes FROM %s.alerts"), 10000);
}

static void
a_look_that_fails_has_told_nothing_and_is_made_again(void **state)
{
	struct drift_world *x = *state;

	drift_sql(x, "CREATE TRIGGER %s.no BEFORE UPDATE ON %s.alert_watch FOR EACH ROW SIGNAL "
		     "SQLSTATE '45000'");
	drift_sql(x, DELAYS("1", "3"));
	look_anyway(x);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 0);
	drift_sql(x, "DROP TRIGGER %s.no");
	look(x); /* it is left to who had taken it */
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 0);
	look_anyway(x);
	assert_int_equal(drift_count(x, "SELECT changes FROM %s.alerts"), 3);
}

/* ---- states ---- */

#define SEVERITY_OF(key) "SELECT COUNT(*) FROM %s.alerts WHERE open_key = '" key "' AND severity = "

static void
store(struct drift_world *x, const char *used)
{
	drift_sql(
	    x, talloc_asprintf(
		   x, "UPDATE %%s.tenant_usage SET used = %s WHERE name = 'storage_bytes'", used));
	look_anyway(x);
}

static void
a_quota_is_told_at_80_percent_worse_when_it_is_full_and_over_when_there_is_room(void **state)
{
	struct drift_world *x = *state;

	drift_sql(x, "UPDATE testbsx.tenants SET quota = '{\"storage_bytes\":1000}' WHERE "
		     "schema_name = '%s'");
	store(x, "799");
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 0);
	store(x, "800");
	assert_int_equal(drift_count(x, SEVERITY_OF("own:quota:storage_bytes") "'medium'"), 1);
	drift_sql(x, "UPDATE %s.alerts SET status = 'acknowledged', acknowledged_by = 'ada'");
	store(x, "1000");
	assert_int_equal(
	    drift_count(x, SEVERITY_OF("own:quota:storage_bytes") "'high'"
								  " AND status = 'open'"),
	    1);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 1);
	store(x, "100");
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE status = 'resolved'"), 1);
}

static void
a_push_that_has_no_room_left_is_told_as_a_full_quota(void **state)
{
	struct drift_world *x = *state;

	drift_sql(x, "UPDATE testbsx.tenants SET quota = '{\"storage_bytes\":1000}' WHERE "
		     "schema_name = '%s'");
	store(x, "900");
	note(x, "request.refuse",
	    "{\"route\":\"POST /api/drift/configs/{id}/snapshots\",\"code\":"
	    "\"quota_exceeded\"}");
	look_anyway(x);
	assert_int_equal(drift_count(x, SEVERITY_OF("own:quota:storage_bytes") "'high'"), 1);
	look_anyway(x); /* it does not flap */
	assert_int_equal(drift_count(x, SEVERITY_OF("own:quota:storage_bytes") "'high'"), 1);
	store(x, "700");
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE open_key IS NULL"), 1);
}

static void
a_channel_is_told_of_when_its_receiver_ends_it_and_not_when_somebody_does(void **state)
{
	struct drift_world *x = *state;
	struct err          e = { 0 };
	struct uuid         c = drift_channel(x, "https://127.0.0.1:1/x");

	drift_sql(
	    x, "UPDATE %s.channels SET status = 'disabled', status_reason = '" CHANNEL_BY_USER "'");
	look_anyway(x);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 0);
	drift_sql(x, "UPDATE %s.channels SET status = 'active'");
	assert_ok(channel_disable(x->t->db, &c, "It answered 410.", (instant) { 1 }, &e));
	look(x); /* it has marked the tenant */
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE open_key LIKE "
					"'own:channel:%%' AND kind = 'system'"),
	    1);
	drift_sql(x, "UPDATE %s.channels SET status = 'active'");
	look_anyway(x);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE open_key IS NULL"), 1);
}

static void
a_channel_that_has_had_none_of_the_trail_for_long_is_told_of_until_it_gets_on(void **state)
{
	struct drift_world *x = *state;

	(void)drift_channel(x, "https://127.0.0.1:1/x");
	drift_sql(x, "INSERT INTO %s.audit_feeds (channel_id, chain, seq, tries, detail, made_at) "
		     "SELECT id, 1, 0, 8, 'It answered 500.', NOW(3) FROM %s.channels");
	look_anyway(x);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 0);
	drift_sql(x, "UPDATE %s.audit_feeds SET tries = 9");
	look_anyway(x);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE open_key LIKE "
					"'own:feed:%%' AND kind = 'system' AND severity = 'high'"),
	    1);
	drift_sql(x, "UPDATE %s.audit_feeds SET tries = 0");
	look_anyway(x);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE open_key IS NULL"), 1);
}

static void
a_service_key_that_dies_is_told_of_until_it_is_gone(void **state)
{
	struct drift_world *x = *state;

	drift_sql(x,
	    "INSERT INTO %s.api_keys (id, name, prefix, secret_hash, scopes, "
	    "allowed_addresses, created_at, expires_at, kind) VALUES"
	    " (REPEAT('1', 16), 'dies', 'p', REPEAT('1', 32), '[]', '[]', NOW(3) - INTERVAL 90 "
	    "DAY, NOW(3) + INTERVAL 6 DAY, 'service'),"
	    " (REPEAT('2', 16), 'short', 'p', REPEAT('2', 32), '[]', '[]', NOW(3), NOW(3) + "
	    "INTERVAL 6 DAY, 'service'),"
	    " (REPEAT('3', 16), 'long', 'p', REPEAT('3', 32), '[]', '[]', NOW(3), NOW(3) + "
	    "INTERVAL 60 DAY, 'service')");
	look_anyway(x);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE open_key LIKE "
					"'own:key_ends:%%'"),
	    1);
	drift_sql(x, "UPDATE %s.api_keys SET revoked_at = NOW(3)");
	look_anyway(x);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE open_key IS NULL"), 1);
}

/* ---- their end ---- */

static void
alerts_of_no_config_end_by_age_as_others_do(void **state)
{
	const struct expire age = { .before = { clock_ms(&clock_system) + 1000 }, .limit = 10 };
	struct drift_world *x = *state;
	struct err          e = { 0 };
	bool                more;

	note(x, "session.delay", "{}");
	note(x, "grant.create", "{}");
	look(x);
	drift_sql(x,
	    "UPDATE %s.alerts SET status = 'resolved', resolved_at = NOW(3), open_key = NULL"
	    " WHERE open_key LIKE 'own:grant_made%%'");
	assert_ok(expire_own(x->t->db, x, &age, &more, &e));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 1);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE open_key IS NULL"), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, drift_tear_down)
int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_row_of_the_trail_opens_one_alert_counts_and_stands),
		T(a_user_alone_opens_no_account_of_its_own_and_whoever_else_does_is_told_of),
		T(what_a_role_grants_makes_an_administrator_and_not_its_name),
		T(of_more_roles_than_are_asked_of_the_rest_is_told),
		T(what_is_done_and_undone_between_two_looks_is_told_as_opened_with_its_end_in_the_words),
		T(what_happens_again_is_told_again),
		T(a_trail_that_fits_again_is_said_to_and_its_alert_stands),
		T(ten_thousand_refused_sign_ins_are_one_alert_with_a_count),
		T(a_look_that_fails_has_told_nothing_and_is_made_again),
		T(a_quota_is_told_at_80_percent_worse_when_it_is_full_and_over_when_there_is_room),
		T(a_push_that_has_no_room_left_is_told_as_a_full_quota),
		T(a_channel_is_told_of_when_its_receiver_ends_it_and_not_when_somebody_does),
		T(a_channel_that_has_had_none_of_the_trail_for_long_is_told_of_until_it_gets_on),
		T(a_service_key_that_dies_is_told_of_until_it_is_gone),
		T(alerts_of_no_config_end_by_age_as_others_do),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
