/*
 * The way back of a restore: the tenant is what it was before, with the keys that it had, its trail
 * goes on, and wherever it is stopped it is what it was.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/audit_closed.h"
#include "core/auth/tenant/restore_left.h"
#include "core/auth/tenant/tenant_restore.h"
#include "tests/store/copy_world.h"

struct going {
	struct copying        *y;
	struct uuid            config;
	struct report          pushed; /* of what was pushed last before it was restored */
	int                    asked, stop_at;
	const char            *former; /* the schema that it goes back to; NULL: it does not */
	struct tenant_restored out;
	struct err             e;
};

static int64_t
locked(struct going *g, const char *schema)
{
	return drift_count(g->y->x,
	    talloc_asprintf(g,
		"SELECT JSON_VALUE(Priv, '$.account_locked') IS TRUE FROM mysql.global_priv"
		" WHERE User = '%s' AND '%%s' <> ''",
		schema));
}

/* What it goes back to stays out of reach while it is read. */
static bool
stops(void *arg, const struct archive_at *at)
{
	struct going *g = arg;

	if (g->former != NULL && at->table != NULL)
		assert_int_equal(locked(g, g->former), 1);
	return ++g->asked == g->stop_at;
}

static void
look_again(struct going *g)
{
	const struct tenant *t;
	struct err           e = { 0 };

	tenant_forget(g->y->x->w->d);
	assert_ok(tenant_by_slug(g->y->x->w->d, STR("acme"), &t, &e));
	assert_ok(tenant_db_open(g->y->x->w->d, t, true, &g->y->x->t, &e));
	g->y->by.t = g->y->x->t;
}

typedef bool going_fn(const struct deed_by *by, const struct tenant_restore *in,
    struct tenant_restored *out, struct err *e);

static bool
go(struct going *g, going_fn *fn, bool dry_run)
{
	int                   fd = open(g->y->path, O_RDONLY | O_CLOEXEC);
	struct tenant_restore in = { &g->y->p, { fd, &copy_lock, NULL, stops, g }, 3600,
		"bsxctl:somebody", dry_run };
	bool                  ok;

	err_clear(&g->e);
	g->asked = 0;
	ok = fn(&g->y->by, &in, &g->out, &g->e);
	close(fd);
	look_again(g);
	return ok;
}

static void
must(struct going *g, going_fn *fn)
{
	if (!go(g, fn, false))
		fail_msg("%s (%s)", g->e.pub, g->e.detail);
	drift_sql(
	    g->y->x, "UPDATE testbsx.restores SET at = at - INTERVAL 6 SECOND WHERE '%s' <> ''");
}

static void
refused(struct going *g, enum err_code code, const char *sentence)
{
	assert_false(go(g, tenant_back, false));
	if (g->e.code != code || strncmp(g->e.pub, sentence, strlen(sentence)) != 0)
		fail_msg("%s (%s)", g->e.pub, g->e.detail);
}

static char *
state_of(struct going *g)
{
	return drift_text(g->y->x, g,
	    "SELECT CONCAT_WS(' ', (SELECT COUNT(*) FROM %s.config_snapshots), (SELECT COUNT(*)"
	    " FROM %s.drift_changes), (SELECT GROUP_CONCAT(HEX(address) ORDER BY address) FROM"
	    " %s.contents), (SELECT COUNT(*) FROM %s.alerts), (SELECT GROUP_CONCAT(name) FROM"
	    " %s.drift_configs), (SELECT GROUP_CONCAT(name, prefix, HEX(secret_hash)) FROM"
	    " %s.api_keys), (SELECT COUNT(*) FROM %s.recovery_codes), (SELECT CONCAT(name, "
	    "settings)"
	    " FROM testbsx.tenants WHERE schema_name = '%s'), (SELECT GROUP_CONCAT(kind, HEX(ref)"
	    " ORDER BY kind, ref) FROM testbsx.schedules WHERE schema_name = '%s'"
	    " AND kind <> 'storage'))");
}

/* An archive, and what was done since. */
static struct going *
going(struct drift_world *x)
{
	struct going *g = talloc_zero(x, struct going);

	g->y = copying(x);
	g->config = copy_live(g->y);
	copy_export(g->y);
	g->pushed =
	    drift_push_values(x, &g->config, VALUES("{\"a\":9}", "{\"password\":\"hidden three\"}"))
		.report;
	drift_sql(x, "UPDATE testbsx.tenants SET name = 'Later', settings ="
		     " '{\"allowed_addresses\":[\"10.0.0.0/8\"]}' WHERE schema_name = '%s'");
	drift_sql(x,
	    "INSERT INTO %s.api_keys (id, name, prefix, secret_hash, scopes,"
	    " allowed_addresses, created_at) VALUES (REPEAT('k', 16), 'Collector', 'bsx_k',"
	    " REPEAT('h', 32), '[]', '[]', NOW(3))");
	drift_sql(x, "INSERT INTO %s.recovery_codes (user_id, code_hash, created_at) VALUES"
		     " (REPEAT('u', 16), REPEAT('h', 32), NOW(3))");
	drift_sql(x, "REPLACE INTO testbsx.schedules (kind, ref, schema_name, next_due) VALUES"
		     " ('review', REPEAT('r', 16), '%s', NOW(3) + INTERVAL 1 HOUR)");
	copy_entries(g->y, 2);
	return g;
}

static void
trail_is_whole(struct going *g, uint64_t chains)
{
	const struct audit_part  whole = { 0 };
	struct audit_verdict     v;
	struct audit_closed      at;
	struct audit_closed_flaw flaw;
	struct err               e = { 0 };
	uint64_t                 n;

	assert_ok(audit_verify(&g->y->by, &whole, NULL, &v, &e));
	assert_int_equal(v.fault, AUDIT_FITS);
	assert_ok(audit_closed_verify(&g->y->by, &n, &at, &flaw, &e));
	assert_int_equal(flaw.fault, AUDIT_FITS);
	assert_int_equal(
	    drift_count(g->y->x, "SELECT COALESCE(MAX(chain), 0) FROM %s.audit_chains"), chains);
}

/* ---- ---- */

static void
it_is_what_it_was_before_and_done_twice_what_it_was_then(void **state)
{
	struct going        *g = going(*state);
	struct drift_world  *x = g->y->x;
	char                *before = state_of(g), *restored;
	const char          *was = talloc_strdup(g, x->t->tenant->schema_name);
	struct ingest_answer a;

	must(g, tenant_restore);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.api_keys"), 0);
	drift_push_values(x, &g->config, VALUES("{\"a\":7}"));
	copy_entries(g->y, 3);
	restored = state_of(g);
	assert_string_not_equal(restored, before);
	trail_is_whole(g, 1);

	must(g, tenant_back);
	assert_string_equal(state_of(g), before);
	assert_string_not_equal(x->t->tenant->schema_name, was);
	assert_int_equal(locked(g, was), 1);
	assert_int_equal(locked(g, x->t->tenant->schema_name), 0);
	trail_is_whole(g, 2);
	assert_string_equal(
	    drift_text(x, g,
		"SELECT CONCAT(JSON_VALUE(details, '$.back'), ' ', seq, ' ', actor_name)"
		" FROM %s.audit"),
	    "1 1 bsxctl:somebody");
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.channels WHERE paused_at IS NULL"), 0);
	drift_check(x);
	drift_check_contents(x);
	/* The same is the same to who pushes. */
	a = drift_push_values(
	    x, &g->config, VALUES("{\"a\":9}", "{\"password\":\"hidden three\"}"));
	assert_int_equal(a.report.created, g->pushed.created);
	assert_int_equal(a.report.modified, g->pushed.modified);
	assert_int_equal(a.report.deleted, g->pushed.deleted);
	assert_true(g->pushed.modified > 0);

	must(g, tenant_back);
	assert_string_equal(state_of(g), restored);
	trail_is_whole(g, 3);
}

static void
what_would_be_undone_is_said_and_nothing_is_done(void **state)
{
	struct going            *g = going(*state);
	const struct since_deed *d;
	char                    *now;

	must(g, tenant_restore);
	copy_entries(g->y, 3);
	now = state_of(g);
	assert_true(go(g, tenant_back, true));
	d = g->out.lost.deeds.p;
	assert_int_equal(g->out.lost.deeds.n, 1); /* and not what began the chain */
	assert_string_equal(d[0].action, "settings.update");
	assert_int_equal(d[0].count, 3);
	assert_string_equal(state_of(g), now);
	trail_is_whole(g, 1);
}

static void
wherever_it_is_stopped_the_tenant_is_what_it_was_and_it_is_begun_anew(void **state)
{
	struct going *g = going(*state);
	char         *before = state_of(g), *restored;
	const char   *former = talloc_strdup(g, g->y->x->t->tenant->schema_name);
	int           stopped = 0;

	must(g, tenant_restore);
	restored = state_of(g);
	g->former = former;
	for (g->stop_at = 1; !go(g, tenant_back, false); g->stop_at += 4, stopped++) {
		assert_int_equal(g->e.code, ERR_GONE);
		assert_string_equal(state_of(g), restored);
		assert_int_equal(locked(g, g->y->x->t->tenant->schema_name), 0);
		assert_int_equal(locked(g, former), 1);
		trail_is_whole(g, 1);
		copy_entries(g->y, 1);
	}
	assert_true(stopped > 3);
	assert_string_equal(state_of(g), before);
	trail_is_whole(g, 2);
	assert_int_equal(drift_count(g->y->x, "SELECT COUNT(*) FROM testbsx.restores WHERE state <>"
					      " 'former' AND '%s' <> ''"),
	    0);
}

static void
what_is_not_there_any_more_or_is_another_is_refused(void **state)
{
	static const char *const all = "SELECT COUNT(*) FROM testbsx.restores WHERE '%s' <> ''";
	struct going            *g = going(*state);
	char      *restored, *former = talloc_strdup(g, g->y->x->t->tenant->schema_name);
	size_t     n;
	struct err e = { 0 };

	refused(g, ERR_MISSING, "The tenant was not restored");
	assert_true(go(g, tenant_restore, false));
	restored = state_of(g);
	refused(g, ERR_CONFLICT, "The tenant was restored just now");
	drift_sql(
	    g->y->x, "UPDATE testbsx.restores SET at = at - INTERVAL 6 SECOND WHERE '%s' <> ''");
	/* The last entry that was there is another than the one the trail goes on from. */
	drift_sql(g->y->x, talloc_asprintf(g, "DROP TRIGGER %s.audit_no_update /* %%s */", former));
	drift_sql(g->y->x, talloc_asprintf(g,
			       "UPDATE testbsx.audit_heads SET seq = seq + 1, mac = REPEAT('x', 32)"
			       " WHERE schema_name = '%s' AND '%%s' <> ''",
			       former));
	refused(g, ERR_CONFLICT, "What the tenant was before does not end");
	assert_string_equal(state_of(g), restored);
	/* One that nobody has kept enough of. */
	drift_sql(g->y->x, "UPDATE testbsx.restores SET settings = NULL WHERE '%s' <> ''");
	refused(g, ERR_CONFLICT, "The tenant was restored by a version of the program");
	drift_sql(
	    g->y->x, "UPDATE testbsx.tenants SET status = 'deleting' WHERE schema_name = '%s'");
	look_again(g);
	refused(g, ERR_CONFLICT, "There is no tenant that stands.");
	drift_sql(g->y->x, "UPDATE testbsx.tenants SET status = 'active' WHERE schema_name = '%s'");
	look_again(g);
	/* It is dropped when it is time, with what was kept of it. */
	assert_true(
	    drift_count(g->y->x, "SELECT COUNT(*) FROM testbsx.restore_due WHERE '%s' <> ''") > 0);
	drift_sql(g->y->x, "UPDATE testbsx.restores SET drop_at = NOW(3) WHERE '%s' <> ''");
	assert_ok(restore_left_work(&g->y->p, &g->y->auth, &n, &e));
	assert_int_equal(drift_count(g->y->x, all), 0);
	assert_int_equal(
	    drift_count(g->y->x, "SELECT COUNT(*) FROM testbsx.restore_due WHERE '%s' <> ''"), 0);
	refused(g, ERR_MISSING, "The tenant was not restored");
	trail_is_whole(g, 1);
}

/* Whoever has all of the database has moved a sealed value. */
static void
what_does_not_open_there_changes_nothing_here(void **state)
{
	struct going *g = going(*state);
	char         *former = talloc_strdup(g, g->y->x->t->tenant->schema_name), *restored;

	must(g, tenant_restore);
	restored = state_of(g);
	drift_sql(g->y->x,
	    talloc_asprintf(
		g, "UPDATE %s.channels SET secret = REVERSE(secret) WHERE '%%s' <> ''", former));
	refused(g, ERR_CONFLICT, "What the tenant was before does not open any more");
	assert_string_equal(state_of(g), restored);
	assert_int_equal(locked(g, former), 1);
	trail_is_whole(g, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_what_it_was_before_and_done_twice_what_it_was_then),
		TEST(what_would_be_undone_is_said_and_nothing_is_done),
		TEST(wherever_it_is_stopped_the_tenant_is_what_it_was_and_it_is_begun_anew),
		TEST(what_is_not_there_any_more_or_is_another_is_refused),
		TEST(what_does_not_open_there_changes_nothing_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
