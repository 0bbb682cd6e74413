/*
 * Tenants taken back to archives of their own: what was done since is undone but in the trail,
 * nobody writes into what is left behind, and wherever it is stopped the tenant is what it was or
 * what it was taken back to.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/audit_closed.h"
#include "core/auth/audit_tree.h"
#include "core/auth/tenant/restore_left.h"
#include "core/auth/tenant/tenant_export.h"
#include "core/auth/tenant/tenant_import.h"
#include "core/auth/tenant/tenant_restore.h"
#include "core/store/db_priv.h"
#include "core/store/server/spare.h"
#include "tests/store/drift_world.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static const struct lock ours = { .kind = LOCK_PASSPHRASE,
	.passphrase = { "correct horse battery staple", 28 } };

struct restoring_world {
	struct drift_world *x;
	struct auth         auth;
	struct deed_by      by;
	struct provision    p;
	char               *path, *was; /* the archive; the schema that the tenant has at first */
	struct uuid         config;
	int                 asked, stop_at;           /* how often it may go on; 0: always ... */
	const char         *stop_at_step;             /* ... or where it stops */
	void (*meanwhile)(struct restoring_world *y); /* where it is stopped, in place of that */
	struct tenant_restored out;
	struct err             e;
};

static bool
go_on(void *arg, const struct archive_at *at)
{
	(void)arg, (void)at;
	return false;
}

static bool
is_there(const struct restoring_world *y, const struct archive_at *at)
{
	if (y->stop_at_step == NULL)
		return y->asked == y->stop_at;
	return at->table != NULL && strcmp(at->table, y->stop_at_step) == 0;
}

static bool
stops(void *arg, const struct archive_at *at)
{
	struct restoring_world *y = arg;

	y->asked++;
	if (!is_there(y, at))
		return false;
	if (y->meanwhile == NULL)
		return true;
	y->meanwhile(y);
	return false;
}

static char *
schema_of(struct restoring_world *y)
{
	return drift_text(
	    y->x, y, "SELECT schema_name FROM testbsx.tenants WHERE slug = 'acme' AND '%s' <> ''");
}

/* The tenant as the registry has it now. */
static void
look_again(struct restoring_world *y)
{
	const struct tenant *t;
	struct err           e = { 0 };

	tenant_forget(y->x->w->d);
	assert_ok(tenant_by_slug(y->x->w->d, STR("acme"), &t, &e));
	assert_ok(tenant_db_open(y->x->w->d, t, false, &y->x->t, &e));
	y->by.t = y->x->t;
}

static void
write_entries(struct restoring_world *y, int n)
{
	for (int i = 0; i < n; i++) {
		struct audit_entry entry = { .action = AUDIT_SETTINGS_UPDATE,
			.actor_name = "somebody" };
		struct err         e = { 0 };

		assert_ok(audit_deed(&y->by, NULL, NULL, &entry, &e));
	}
}

static void export(struct restoring_world *y)
{
	const struct tenant_export in = { y->path, &ours, "bsxctl:somebody", go_on, NULL };
	struct tenant_exported     out;
	struct err                 e = { 0 };

	unlink(y->path);
	assert_ok(tenant_export(&y->by, &in, &out, &e));
}

static bool
restore_how(struct restoring_world *y, bool dry_run)
{
	int                         fd = open(y->path, O_RDONLY | O_CLOEXEC);
	const struct tenant_restore in = { .p = &y->p,
		.from = { fd, &ours, NULL, stops, y },
		.grace_s = 3600,
		.actor_name = "bsxctl:somebody",
		.dry_run = dry_run };
	bool                        ok;

	err_clear(&y->e);
	y->asked = 0;
	ok = tenant_restore(&y->by, &in, &y->out, &y->e);
	close(fd);
	look_again(y);
	return ok;
}

static void
must_restore(struct restoring_world *y)
{
	if (!restore_how(y, false))
		fail_msg("%s (%s)", y->e.pub, y->e.detail);
}

/* A config with a baseline and a change of it, a channel, a schedule, eight entries; an archive of
 * that. */
static struct restoring_world *
restoring(struct drift_world *x)
{
	struct restoring_world *y = talloc_zero(x, struct restoring_world);

	y->x = x;
	y->auth = (struct auth) { .env = &x->w->env, .database = x->w->d };
	y->by = (struct deed_by) { .auth = &y->auth, .mem = y, .t = x->t };
	y->p = (struct provision) { x->w->prov, x->w->d, &x->w->env };
	y->path = talloc_asprintf(y, "%s/restore.%d", server_folder(), (int)getpid());
	y->was = schema_of(y);
	drift_channel(x, "https://hooks.example.org/x");
	y->config = drift_config(x, "{\"source\":{\"kind\":\"push\"},\"expect_every_s\":300}");
	drift_config(x, "{\"source\":{\"kind\":\"push\"},"
			"\"schedule\":{\"interval_s\":300,\"enabled\":true}}");
	drift_push_values(x, &y->config, VALUES("{\"a\":1}", "{\"password\":\"hidden one\"}"));
	drift_push_values(x, &y->config, VALUES("{\"a\":2}", "{\"password\":\"hidden one\"}"));
	write_entries(y, 8);
	export(y);
	return y;
}

/* What is there of it, as text that two of them are compared by. */
static char *
state_of(struct restoring_world *y)
{
	return drift_text(y->x, y,
	    "SELECT CONCAT_WS(' ', (SELECT COUNT(*) FROM %s.config_snapshots), (SELECT COUNT(*) "
	    "FROM"
	    " %s.drift_changes), (SELECT GROUP_CONCAT(HEX(address) ORDER BY address) FROM "
	    "%s.contents),"
	    " (SELECT COUNT(*) FROM %s.users), (SELECT COUNT(*) FROM %s.alerts), (SELECT "
	    "GROUP_CONCAT("
	    "name) FROM %s.drift_configs))");
}

static void
go_astray(struct restoring_world *y)
{
	drift_push_values(y->x, &y->config, VALUES("{\"a\":3}", "{\"password\":\"hidden two\"}"));
	drift_sql(y->x, "UPDATE %s.drift_configs SET name = CONCAT('astray ', HEX(id))");
	drift_sql(y->x, "UPDATE testbsx.tenants SET name = 'Astray', settings = "
			"'{\"allowed_addresses\":[\"10.0.0.0/8\"]}', quota = '{\"users\":7}' WHERE"
			" schema_name = '%s'");
	write_entries(y, 3);
}

/* ---- ---- */

static void
what_was_done_since_is_undone_and_the_same_is_the_same(void **state)
{
	struct restoring_world *y = restoring(*state);
	char                   *before = state_of(y), *address;
	struct ingest_answer    a;

	address = drift_text(y->x, y,
	    "SELECT CONCAT(name, settings) FROM testbsx.tenants WHERE"
	    " schema_name = '%s'");
	go_astray(y);
	assert_string_not_equal(state_of(y), before);
	must_restore(y);
	assert_string_not_equal(schema_of(y), y->was);
	assert_string_equal(state_of(y), before);
	assert_string_equal(drift_text(y->x, y,
				"SELECT CONCAT(name, settings) FROM testbsx.tenants"
				" WHERE schema_name = '%s'"),
	    address);
	/* What the platform allows is the platform's. */
	assert_string_equal(
	    drift_text(y->x, y, "SELECT quota FROM testbsx.tenants WHERE schema_name = '%s'"),
	    "{\"users\":7}");
	drift_check(y->x);
	drift_check_contents(y->x);
	/* The same push: nothing new is found, a mask that is the same is the same. */
	a = drift_push_values(
	    y->x, &y->config, VALUES("{\"a\":2}", "{\"password\":\"hidden one\"}"));
	assert_int_equal(a.report.created + a.report.deleted, 0);
	assert_int_equal(a.report.modified, 1);
	a = drift_push_values(
	    y->x, &y->config, VALUES("{\"a\":2}", "{\"password\":\"hidden two\"}"));
	assert_int_equal(a.report.modified, 2);
}

static void
what_goes_on_by_itself_waits_and_what_it_stores_is_counted(void **state)
{
	struct restoring_world *y = restoring(*state);

	drift_sql(y->x, "INSERT INTO %s.user_sessions (id, user_id, auth_time, aal, provider,"
			" idle_end, absolute_end, address, user_agent, generation, rotated_at,"
			" epoch, last_seen, created_at) VALUES (REPEAT('s', 16), REPEAT('u', 16),"
			" NOW(3), 1, '', NOW(3), NOW(3), '', '', 0, NOW(3), 0, NOW(3), NOW(3))");
	must_restore(y);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.user_sessions"), 0);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.channels WHERE paused_at IS NULL"), 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_configs WHERE"
					   " JSON_VALUE(spec, '$.schedule.enabled') = FALSE"),
	    1);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.tenant_usage WHERE name ="
					   " 'drift_configs' AND used = 2"),
	    1);
	assert_true(drift_count(y->x, "SELECT used FROM %s.tenant_usage WHERE name ="
				      " 'storage_bytes'") > 0);
	/* Nothing is due in what is left behind; here it is, and no sooner than in a day. */
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM testbsx.schedules WHERE schema_name"
			      " <> '%s'"),
	    0);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM testbsx.schedules WHERE schema_name"
			      " = '%s' AND kind = 'beat' AND next_due > NOW() +"
			      " INTERVAL 23 HOUR"),
	    1);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM testbsx.fleet WHERE schema_name ="
					   " '%s' AND due_at <= NOW(3)"),
	    1);
}

static void
its_trail_is_all_there_and_goes_on_in_a_new_chain(void **state)
{
	const struct audit_part  whole = { 0 };
	struct restoring_world  *y = restoring(*state);
	struct audit_verdict     v;
	struct audit_closed      at;
	struct audit_closed_flaw flaw;
	struct err               e = { 0 };
	uint64_t                 n;

	for (int i = 1; i <= 3; i++) { /* also of one that was restored before */
		int64_t had = drift_count(y->x, "SELECT COUNT(*) FROM %s.audit") +
			      drift_count(y->x, "SELECT COUNT(*) FROM %s.audit_former");

		write_entries(y, 2);
		if (i == 3)
			export(y);
		must_restore(y);
		assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.audit"), 1);
		/* two of ours, and the one that ends the chain; the third time one more of the
		 * export */
		assert_int_equal(
		    drift_count(y->x, "SELECT COUNT(*) FROM %s.audit_former"), had + 3 + (i == 3));
		assert_int_equal(drift_count(y->x, "SELECT MAX(chain) FROM %s.audit_chains"), i);
		assert_string_equal(
		    drift_text(y->x, y,
			"SELECT GROUP_CONCAT(CONCAT(action, actor_name)) FROM (SELECT action,"
			" actor_name FROM %s.audit_former WHERE (chain, seq) IN (SELECT chain, size"
			" FROM %s.audit_chains)) AS ends"),
		    i == 1   ? "audit.restoredbsxctl:somebody"
		    : i == 2 ? "audit.restoredbsxctl:somebody,audit.restoredbsxctl:somebody"
			     : "audit.restoredbsxctl:somebody,audit.restoredbsxctl:somebody,"
			       "audit.restoredbsxctl:somebody");
		assert_ok(audit_verify(&y->by, &whole, NULL, &v, &e));
		assert_int_equal(v.fault, AUDIT_FITS);
		assert_ok(audit_closed_verify(&y->by, &n, &at, &flaw, &e));
		assert_int_equal(flaw.fault, AUDIT_FITS);
		assert_int_equal(n, had + 3 + (i == 3));
	}
	/* Where the archive's chain ends is said, and the chains are guarded. */
	assert_int_equal(
	    drift_count(y->x, "SELECT JSON_VALUE(details, '$.entries') FROM"
			      " %s.audit_former WHERE chain = 1 ORDER BY seq DESC LIMIT 1"),
	    8);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.audit_checkpoints c JOIN"
					   " %s.audit_chains k ON k.chain = c.chain AND k.size ="
					   " c.size"),
	    3);
	drift_sql(y->x, "DROP TRIGGER %s.audit_former_no_update");
	drift_sql(y->x, "UPDATE %s.audit_former SET actor_name = 'x' WHERE chain = 1 AND seq = 7");
	assert_ok(audit_closed_verify(&y->by, &n, &at, &flaw, &e));
	assert_int_equal(flaw.fault, AUDIT_LEAF);
}

static void
what_would_be_undone_is_counted_and_nothing_is_done(void **state)
{
	struct restoring_world  *y = restoring(*state);
	const struct since_deed *d;
	int64_t                  schemas;

	go_astray(y);
	schemas =
	    drift_count(y->x, "SELECT COUNT(*) FROM information_schema.schemata WHERE '%s' <> ''");
	for (int dry = 1; dry >= 0; dry--) {
		assert_true(restore_how(y, dry == 1));
		d = y->out.lost.deeds.p;
		assert_int_equal(y->out.lost.deeds.n, 2); /* the export itself */
		assert_string_equal(d[0].action, "settings.update");
		assert_int_equal(d[0].count, 3);
		assert_string_equal(d[1].action, "tenant.export");
		assert_int_equal(y->out.lost.snapshots, 1);
		assert_int_equal(
		    drift_count(y->x, "SELECT COUNT(*) FROM information_schema.schemata"
				      " WHERE '%s' <> ''"),
		    schemas + 1 - dry);
	}
}

static void
only_an_archive_of_its_own_is_taken(void **state)
{
	static const char *const none =
	    "It is no archive that was made of this tenant here: bsxctl tenant import makes another"
	    " tenant of it.";
	struct restoring_world *y = restoring(*state);
	struct drift_world      other = *y->x;
	struct deed_by          mine = y->by;
	struct err              e = { 0 };

	/* another tenant's, made of ours too */
	other.t = world_open(y->x->w, &y->x->w->b);
	y->by.t = other.t;
	export(y);
	y->by = mine;
	assert_false(restore_how(y, false));
	assert_string_equal(y->e.pub, none);
	/* nobody knows its number */
	export(y);
	drift_sql(y->x, "DELETE FROM testbsx.archives WHERE '%s' <> ''");
	assert_false(restore_how(y, false));
	assert_string_equal(y->e.pub, none);
	/* its trail is none that we have */
	export(y);
	drift_sql(y->x, "DROP TRIGGER %s.audit_no_update");
	drift_sql(y->x, "UPDATE %s.audit SET mac = REPEAT('m', 32) ORDER BY seq DESC LIMIT 2");
	assert_false(restore_how(y, false));
	assert_int_equal(y->e.code, ERR_CONFLICT);
	/* no tenant that works */
	drift_sql(y->x, "UPDATE testbsx.tenants SET status = 'deleting' WHERE schema_name = '%s'");
	tenant_forget(y->x->w->d);
	{
		const struct tenant *t;

		assert_ok(tenant_by_slug(y->x->w->d, STR("acme"), &t, &e));
		assert_ok(tenant_db_open(y->x->w->d, t, true, &y->by.t, &e));
		assert_false(tenant_restore(&y->by,
		    &(struct tenant_restore) { .p = &y->p, .from = { -1, &ours, NULL, stops, y } },
		    &y->out, &y->e));
		assert_int_equal(y->e.code, ERR_CONFLICT);
	}
	assert_string_equal(schema_of(y), y->was);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM testbsx.restores WHERE '%s' <> ''"), 0);
}

/* ---- while others write ---- */

/* Whoever has begun to write, and whoever comes: undone, and told to come back. */
static void
another_writes(struct restoring_world *y)
{
	struct world    *w = y->x->w;
	struct database *theirs;
	struct err       e = { 0 };

	theirs = database_make(y, &w->env, &e);
	assert_non_null(theirs);
	{
		const struct tenant *t;
		struct tenant_db    *tdb;

		assert_ok(tenant_by_slug(theirs, STR("acme"), &t, &e));
		assert_fails(tenant_db_open(theirs, t, false, &tdb, &e) &&
				 tenant_has_users(tdb, &(bool) { false }, &e),
		    ERR_UNAVAILABLE);
		assert_int_equal(e.retry_s, 2);
		assert_string_equal(e.pub, "This is being changed over: try again in a moment.");
	}
	talloc_free(theirs);
}

static void
nobody_writes_into_what_is_left_behind(void **state)
{
	struct restoring_world *y = restoring(*state);
	struct database        *theirs;
	const struct tenant    *t;
	struct tenant_db       *tdb;
	struct err              e = { 0 };
	bool                    has;

	theirs = database_make(y, &y->x->w->env, &e);
	assert_ok(tenant_by_slug(theirs, STR("acme"), &t, &e));
	assert_ok(tenant_db_open(theirs, t, false, &tdb, &e));
	assert_ok(db_exec(tdb->db, "test", "BEGIN", &e));
	assert_ok(db_exec(tdb->db, "test", "UPDATE drift_configs SET name = 'half' LIMIT 1", &e));
	y->was = schema_of(y);
	y->stop_at_step = RESTORE_HELD;
	y->meanwhile = another_writes;
	must_restore(y);
	assert_fails(db_exec(tdb->db, "test", "COMMIT", &e), ERR_UNAVAILABLE);
	err_clear(&e);
	assert_int_equal(drift_count(y->x, talloc_asprintf(y,
					       "SELECT COUNT(*) FROM %s.drift_configs WHERE name ="
					       " 'half' AND '%%s' <> ''",
					       y->was)),
	    0);
	/* Who still has the old schema in mind is told the same until they look again. */
	assert_fails(tenant_has_users(tdb, &has, &e), ERR_UNAVAILABLE);
	err_clear(&e);
	tenant_forget(theirs);
	database_tidy(theirs);
	assert_ok(tenant_by_slug(theirs, STR("acme"), &t, &e));
	assert_ok(tenant_db_open(theirs, t, false, &tdb, &e));
	assert_ok(tenant_has_users(tdb, &has, &e));
	talloc_free(theirs);
}

/* ---- where it is cut short ---- */

static void
one_that_is_cut_short_leaves_the_tenant_as_it_was(void **state)
{
	static const struct {
		const char *step;
		int         asked;
	} steps[] = {
		{ NULL, 2 },            /* it is only read */
		{ "drift_configs", 0 }, /* some of it is there */
		{ RESTORE_FILLED, 0 },
		{ RESTORE_HELD, 0 },
		{ RESTORE_CLOSED, 0 },
		{ RESTORE_READY, 0 },
	};
	struct restoring_world *y = restoring(*state);
	int64_t                 schemas;
	char                   *astray;

	go_astray(y);
	y->was = schema_of(y);
	astray = state_of(y);
	schemas =
	    drift_count(y->x, "SELECT COUNT(*) FROM information_schema.schemata WHERE '%s' <> ''");
	for (size_t i = 0; i < LEN(steps); i++) {
		y->stop_at = steps[i].asked;
		y->stop_at_step = steps[i].step;
		assert_false(restore_how(y, false));
		if (y->e.code != ERR_GONE)
			fail_msg("%zu: %s (%s)", i, y->e.pub, y->e.detail);
		assert_string_equal(schema_of(y), y->was);
		assert_string_equal(state_of(y), astray);
		write_entries(y, 1); /* its account is let in */
		drift_push_values(
		    y->x, &y->config, VALUES("{\"a\":3}", "{\"password\":\"hidden two\"}"));
		astray = state_of(y);
	}
	/* A chain that was closed for nothing says so. */
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.audit WHERE action ="
					   " 'audit.restored' AND seq > 1"),
	    2 * drift_count(y->x, "SELECT COUNT(*) FROM %s.audit WHERE action ="
				  " 'audit.restored' AND outcome = 'failure'"));
	assert_true(drift_count(y->x, "SELECT COUNT(*) FROM %s.audit WHERE action ="
				      " 'audit.restored' AND outcome = 'failure'") > 0);
	y->stop_at_step = NULL;
	y->stop_at = 0;
	must_restore(y);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM information_schema.schemata WHERE '%s' <> ''"),
	    schemas + 1);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM testbsx.restores WHERE state ="
					   " 'former' AND '%s' <> ''"),
	    1);
}

/* As kill -9 leaves it: the account is kept out, the chain is closed, and nobody is there any more.
 */
static void
one_that_is_killed_is_let_in_again_and_what_is_over_is_dropped(void **state)
{
	struct restoring_world *y = restoring(*state);
	struct database        *d = y->x->w->d;
	struct restoration      left = { .tenant_id = y->x->w->a.id, .state = "held" };
	struct audit_entry      closing = { .action = AUDIT_RESTORED, .actor_name = "somebody" };
	struct db              *beside;
	struct err              e = { 0 };
	size_t                  n;

	for (int i = 0; i < 2; i++) { /* by who looks after it; by who runs it again */
		left.schema_name = spare_name(&y->p, y, &e);
		assert_ok(restoration_begin(d, &left, &e) &&
			  spare_make(&y->p, left.schema_name, migrate_newest(SQL_TENANT), &e) &&
			  restoration_hold(d, left.schema_name, &e));
		beside = db_make(y, &y->x->t->db->o, &e);
		assert_non_null(beside);
		assert_ok(spare_hold(
		    &y->p, &(struct spare_hold) { y->was, { y->x->t->db, beside } }, &e));
		assert_ok(audit_deed(&y->by, NULL, NULL, &closing, &e));
		closing.id = (struct uuid) { { 0 } };
		talloc_free(beside);
		database_close_all(d);
		look_again(y);
		assert_ok(restore_left_work(&y->p, &y->auth, &n, &e));
		assert_int_equal(n, 0); /* it may be at work still */
		drift_sql(y->x, "UPDATE testbsx.restores SET at = NOW(3) - INTERVAL 61 SECOND WHERE"
				" '%s' <> ''");
		if (i == 0) {
			assert_ok(restore_left_work(&y->p, &y->auth, &n, &e));
			assert_int_equal(n, 1);
			look_again(y);
			write_entries(y, 1);
			assert_string_equal(
			    drift_text(y->x, y,
				"SELECT GROUP_CONCAT(outcome ORDER BY seq DESC) FROM %s.audit WHERE"
				" action = 'audit.restored'"),
			    "failure,success");
			drift_sql(
			    y->x, "UPDATE testbsx.restores SET drop_at = NOW(3) WHERE '%s' <> ''");
			assert_ok(restore_left_work(&y->p, &y->auth, &n, &e));
		} else {
			assert_ok(restore_left_drop(&y->p, &y->auth, &left.tenant_id, false, &e));
			look_again(y);
			must_restore(y);
		}
		assert_int_equal(
		    drift_count(y->x, talloc_asprintf(y,
					  "SELECT COUNT(*) FROM information_schema."
					  "schemata WHERE schema_name = '%s' AND '%%s' <> ''",
					  left.schema_name)),
		    0);
	}
	/* What it had goes when its grace has ended, and the head of its trail with it. */
	assert_string_not_equal(schema_of(y), y->was);
	drift_sql(y->x, "UPDATE testbsx.restores SET drop_at = NOW(3) WHERE '%s' <> ''");
	assert_ok(restore_left_work(&y->p, &y->auth, &n, &e));
	assert_int_equal(n, 1);
	assert_int_equal(
	    drift_count(y->x, "SELECT (SELECT COUNT(*) FROM testbsx.restores WHERE '%s' <>"
			      " '') + (SELECT COUNT(*) FROM testbsx.audit_heads WHERE"
			      " schema_name NOT IN (SELECT schema_name FROM"
			      " testbsx.tenants))"),
	    0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_done_since_is_undone_and_the_same_is_the_same),
		TEST(what_goes_on_by_itself_waits_and_what_it_stores_is_counted),
		TEST(its_trail_is_all_there_and_goes_on_in_a_new_chain),
		TEST(what_would_be_undone_is_counted_and_nothing_is_done),
		TEST(only_an_archive_of_its_own_is_taken),
		TEST(nobody_writes_into_what_is_left_behind),
		TEST(one_that_is_cut_short_leaves_the_tenant_as_it_was),
		TEST(one_that_is_killed_is_let_in_again_and_what_is_over_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
