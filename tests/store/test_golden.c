#include <stdio.h>
#include <string.h>

#include "core/store/db_priv.h"
#include "core/store/tx.h"
#include "drift/run/deadline.h"
#include "drift/snapshot/baseline.h"
#include "drift/snapshot/retention.h"
#include "tests/store/golden_world.h"

#define SPEC "{\"source\":{\"kind\":\"push\"}}"

/* The same of templates. */
static void
check_tight(struct drift_world *x)
{
	drift_check_contents(x);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.manifest_contents WHERE snapshot_id NOT IN"
			   " (SELECT id FROM %s.config_snapshots) AND snapshot_id NOT IN"
			   " (SELECT id FROM %s.golden_baselines)"),
	    0);
}

static int64_t
rendered(struct drift_world *x)
{
	return drift_count(
	    x, "SELECT COUNT(*) FROM %s.config_snapshots WHERE rendered IS NOT NULL");
}

#define ONE                                                                                        \
	"{\"resources\":[[\"c\",\"k\",{\"a\":\"%size%\",\"b\":\"in %region%\"}]],\"variables\":["  \
	"{\"name\":\"size\",\"default\":3},{\"name\":\"region\"}]}"
#define TWO                                                                                        \
	"{\"resources\":[[\"c\",\"k\",{\"a\":\"%size%\",\"b\":\"in %region%\",\"new\":true}]],"    \
	"\"variables\":[{\"name\":\"size\",\"default\":3},{\"name\":\"region\"}]}"
#define THREE "{\"resources\":[[\"c\",\"k\",\"%more%\"]],\"variables\":[{\"name\":\"more\"}]}"
#define GIVEN ",\"variables\":{\"region\":\"north\"}"

static const char fits[] =
    "{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":{\"a\":3,\"b\":\"in north\"}}]}";
static const char others[] =
    "{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":{\"a\":4,\"b\":\"in north\"}},"
    "{\"category\":\"c\",\"key\":\"new\",\"value\":1},"
    "{\"category\":\"d\",\"key\":\"\",\"value\":1}]}";

static void
a_rendered_template_is_what_snapshots_are_compared_with(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, SPEC);
	struct golden        g = { 0 };
	struct ingest_answer a;

	golden_world_put(x, &g, ONE);
	golden_world_bind_ok(x, &c, &g, GIVEN);
	a = drift_push(x, x, &c, fits);
	assert_string_equal(a.report.status, "clean");
	a = drift_push(x, x, &c, others);
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(a.report.created, 2);
	assert_int_equal(a.report.modified, 1);
	a = drift_push(x, x, &c, "{\"resources\":[],\"collections\":{\"c\":\"complete\"}}");
	assert_int_equal(a.report.deleted, 1);
	golden_world_bind_ok(x, &c, &g, GIVEN ",\"other_categories\":\"ignore\"");
	a = drift_push(x, x, &c, others);
	assert_int_equal(a.report.created, 1);
	assert_int_equal(rendered(x), 1);
	check_tight(x);
}

static void
a_new_version_is_taken_by_the_next_snapshot_changed_or_not(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, SPEC);
	struct golden        g = { 0 };
	struct ingest_answer a;

	golden_world_put(x, &g, ONE);
	golden_world_bind_ok(x, &c, &g, GIVEN);
	assert_string_equal(drift_push(x, x, &c, fits).report.status, "clean");
	assert_true(drift_push(x, x, &c, fits).unchanged);
	golden_world_put(x, &g, TWO);
	a = drift_push(x, x, &c, fits);
	assert_false(a.unchanged);
	assert_int_equal(a.report.deleted, 1);
	assert_true(drift_push(x, x, &c, fits).unchanged);
	assert_int_equal(rendered(x), 1);
	assert_int_equal(drift_count(x, "SELECT golden_version FROM %s.golden_bindings"), 2);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_history"
					" WHERE note LIKE 'Version 2 of%%in force%%'"),
	    1);
	check_tight(x);
}

static void
a_version_that_cannot_be_taken_leaves_what_is_in_force(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, SPEC);
	struct golden       g = { 0 };

	golden_world_put(x, &g, ONE);
	golden_world_bind_ok(x, &c, &g, GIVEN);
	drift_push(x, x, &c, fits);
	golden_world_put(x, &g, THREE);
	for (int i = 0; i < 3; i++)
		assert_string_equal(drift_push(x, x, &c, fits).report.status, "clean");
	assert_int_equal(drift_count(x, "SELECT stale_version FROM %s.golden_bindings"), 2);
	assert_int_equal(drift_count(x, "SELECT golden_version FROM %s.golden_bindings"), 1);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_history"
					" WHERE note LIKE '%%cannot be taken%%'"),
	    1);
	golden_world_put(x, &g, TWO);
	assert_string_equal(drift_push(x, x, &c, fits).report.status, "drifted");
	assert_int_equal(drift_count(x, "SELECT stale_version IS NULL FROM %s.golden_bindings"), 1);
	check_tight(x);
}

static const char four[] = "{\"resources\":[{\"category\":\"c\",\"key\":\"k\","
			   "\"value\":{\"a\":4,\"b\":\"in north\"}}]}";

/* With a difference that is declared for so long: its /a is 4. */
static void
bind_for(struct drift_world *x, const struct uuid *c, const struct golden *g, int64_t ms)
{
	char time[TIME_TEXT_MAX];

	time_print(clock_ms(&clock_system) + ms, time);
	golden_world_bind_ok(x, c, g,
	    talloc_asprintf(x,
		GIVEN ",\"differences\":[{\"category\":\"c\",\"key\":\"k\",\"path\":\"/a\","
		      "\"op\":\"replace\",\"value\":4,\"reason\":\"larger here\","
		      "\"expires_at\":\"%s\"}]",
		time));
}

/* Looks once, and again for so long until something was due; returns how much. */
static size_t
look_until(struct drift_world *x, int64_t ms)
{
	struct uuid owner = uuid_make(&clock_system, &rand_system);
	struct err  e = { 0 };
	int64_t     end = clock_ms(&clock_system) + ms;
	size_t      done;

	do {
		assert_ok(deadlines_due(x->d, x->w->d, NULL, &owner, &done, &e));
	} while (done == 0 && clock_ms(&clock_system) < end);
	return done;
}

static void
an_expired_difference_is_drift(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, SPEC);
	struct golden        g = { 0 };
	struct ingest_answer a;

	golden_world_put(x, &g, ONE);
	bind_for(x, &c, &g, 1500);
	assert_string_equal(drift_push(x, x, &c, four).report.status, "clean");
	for (int64_t end = clock_ms(&clock_system) + 20000; clock_ms(&clock_system) < end;)
		if (drift_count(
			x, "SELECT recheck_at <= UTC_TIMESTAMP(3) FROM %s.golden_bindings") > 0)
			break;
	a = drift_push(x, x, &c, four);
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(a.report.modified, 1);
	assert_int_equal(drift_count(x, "SELECT recheck_at IS NULL FROM %s.golden_bindings"), 1);
	assert_string_equal(drift_push(x, x, &c, fits).report.status, "clean");
	check_tight(x);
}

/* Nobody pushes: driftd's look at the newest snapshot finds it. */
static void
an_expired_difference_is_drift_without_a_push(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, SPEC);
	struct golden       g = { 0 };

	golden_world_put(x, &g, ONE);
	bind_for(x, &c, &g, 2000);
	assert_string_equal(drift_push(x, x, &c, four).report.status, "clean");
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM testbsx.schedules"), 1);
	assert_int_equal(look_until(x, 20000), 1);
	assert_string_equal(
	    drift_text(x, x,
		"SELECT CONCAT(s.state, ' ', r.status, ' ', r.modified) FROM %s.config_state s"
		" JOIN %s.drift_reports r ON r.id = s.report_id"),
	    "drifted drifted 1");
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE kind = 'drift'"), 1);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM testbsx.schedules"), 0);
	check_tight(x);
}

/* It is looked at once when it expires, and not again and again while it cannot be rendered. */
static void
what_expires_while_a_version_cannot_be_taken_keeps_nobody_busy(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, SPEC);
	struct golden       g = { 0 };

	golden_world_put(x, &g, ONE);
	bind_for(x, &c, &g, 2000);
	drift_push(x, x, &c, fits);
	golden_world_put(x, &g, THREE);
	assert_int_equal(look_until(x, 20000), 1);
	assert_int_equal(drift_count(x, "SELECT stale_version FROM %s.golden_bindings"), 2);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM testbsx.schedules"), 0);
	drift_push(x, x, &c, fits);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM testbsx.schedules"), 0);
	assert_int_equal(look_until(x, 0), 0);
	check_tight(x);
}

/* Retention, lists and the history look at what was collected only. */
static void
what_is_rendered_is_no_snapshot(void **state)
{
	struct drift_world *x = *state;
	struct uuid     c = drift_config(x, "{\"source\":{\"kind\":\"push\"},\"retention_s\":1}");
	struct golden   g = { 0 };
	struct err      e = { 0 };
	struct page     p = { .want = 10 };
	struct snapshot s;
	struct config_state st;

	golden_world_put(x, &g, ONE);
	golden_world_bind_ok(x, &c, &g, GIVEN);
	assert_ok(snapshot_list(x->t, x, &c, &p, &e));
	assert_int_equal(p.n, 0);
	assert_false(
	    snapshot_before(x->t, x, &c, (instant) { clock_ms(&clock_system) + 1000 }, &s, &e));
	assert_true(err_take(&e, ERR_MISSING));
	server_do(x->w->root, "UPDATE %s.config_snapshots SET collected_at = '2020-01-01 00:00:00'",
	    x->t->tenant->schema_name);
	drift_push(x, x, &c, fits);
	drift_push(x, x, &c, fits);
	assert_int_equal(rendered(x), 1);
	assert_ok(config_state_by_id(x->t->db, x, &c, &st, &e));
	assert_ok(snapshot_by_id(x->t, x, &st.baseline_snapshot, &s, &e));
	assert_string_equal(s.rendered, "report");
	assert_int_equal(
	    drift_count(x, "SELECT baseline_approved AND golden FROM %s.config_state"), 1);
	check_tight(x);
}

struct dropping {
	struct drift_world *x;
	struct uuid         id;
	bool                done;
};

static bool
drop_config_body(struct db *db, void *arg, struct err *e)
{
	struct dropping *d = arg;

	return golden_forget(db, d->x, &d->id, e) &&
	       config_drop(db, &d->id, 2, (instant) { 1 }, "test", &d->done, e);
}

static bool
sweep_body(struct db *db, void *arg, struct err *e)
{
	static const uint8_t zero[HASH_LEN];
	size_t               n;

	return history_sweep(db, arg, (struct blob) { zero, HASH_LEN }, 1000, &n, e);
}

static bool
drop_golden_body(struct db *db, void *arg, struct err *e)
{
	struct dropping *d = arg;

	return golden_drop(db, d->x, &d->id, e);
}

static void
dropping_a_config_frees_its_template_and_dropping_that_leaves_nothing(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, SPEC);
	struct golden       g = { 0 };
	struct dropping     d = { x, c, false };
	const struct tx     drop = { "drop", drop_config_body, &d, NULL, NULL };
	const struct tx     gone = { "drop", drop_golden_body, &d, NULL, NULL };
	const struct tx     sweep = { "sweep", sweep_body, x, NULL, NULL };
	struct err          e = { 0 };
	int64_t             n;

	golden_world_put(x, &g, ONE);
	golden_world_put(x, &g, TWO);
	golden_world_bind_ok(x, &c, &g, GIVEN);
	assert_ok(golden_bound(x->t->db, &g.id, &n, &e));
	assert_int_equal(n, 1);
	assert_ok(tx_run(x->t->db, &drop, &e));
	assert_ok(golden_bound(x->t->db, &g.id, &n, &e));
	assert_int_equal(n, 0);
	assert_ok(tx_run(x->t->db, &sweep, &e));
	check_tight(x);
	d.id = g.id;
	assert_ok(tx_run(x->t->db, &gone, &e));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.contents"), 0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.golden_versions"), 0);
}

/* ---- shared ---- */

static struct tenant_db *
platform(struct drift_world *x)
{
	struct err     e = { 0 };
	struct tenant *t = talloc_zero(x, struct tenant);

	assert_ok(provision_tenant(&(struct provision) { x->w->prov, x->w->d, &x->w->env }, x,
	    "platform", "Platform", t, &e));
	return world_open(x->w, t);
}

static bool
withdraw_body(struct db *db, void *arg, struct err *e)
{
	return golden_withdraw(db, arg, e);
}

static void
a_template_of_the_platform_is_bound_by_another_tenant(void **state)
{
	struct drift_world *x = *state;
	struct tenant_db   *p = platform(x);
	struct uuid         c = drift_config(x, SPEC);
	struct golden       g = { .shared = true };
	struct page         list = { .want = 10 };
	const struct tx     withdraw = { "withdraw", withdraw_body, &g.id, NULL, NULL };
	struct err          e = { 0 };

	assert_ok(golden_world_set(x, p, &g, ONE, &e));
	assert_ok(golden_shared_list(x->t->db, x, &list, &e));
	assert_int_equal(list.n, 1);
	golden_world_bind_ok(x, &c, &g, GIVEN);
	assert_string_equal(drift_push(x, x, &c, fits).report.status, "clean");
	assert_ok(golden_world_set(x, p, &g, TWO, &e));
	assert_string_equal(drift_push(x, x, &c, fits).report.status, "drifted");
	assert_false(tx_run(p->db, &withdraw, &e));
	assert_int_equal(e.code, ERR_IN_USE);
	err_clear(&e);
	/* bound to none of them any more */
	assert_ok(golden_use(x->t->db, &c, &(struct uuid) { 0 }, &e));
	assert_ok(tx_run(p->db, &withdraw, &e));
	assert_ok(golden_shared_list(x->t->db, x, &list, &e));
	assert_int_equal(list.n, 0);
	assert_false(golden_use(x->t->db, &c, &g.id, &e));
	assert_int_equal(e.code, ERR_MISSING);
}

/* With the tenant's own account, past all our code. */
static void
denied(struct drift_world *x, const char *sql)
{
	if (mysql_query(x->t->db->my, sql) == 0)
		fail_msg("was allowed: %s", sql);
}

static void
the_account_of_a_tenant_reaches_shared_templates_by_procedures_only(void **state)
{
	struct drift_world *x = *state;
	struct tenant_db   *p = platform(x);
	struct golden       g = { .shared = true }, own = { .shared = true };
	const struct tx     withdraw = { "withdraw", withdraw_body, &g.id, NULL, NULL };
	struct err          e = { 0 };
	struct golden       head;
	char                other[256];

	assert_ok(golden_world_set(x, p, &g, ONE, &e));
	assert_ok(golden_shared_head(x->t->db, x, &g.id, &head, &e));
	denied(x, "SELECT * FROM testbsx.golden_shared");
	denied(x, "SELECT * FROM testbsx.golden_uses");
	denied(x, "DELETE FROM testbsx.golden_shared");
	denied(x, "INSERT INTO testbsx.golden_uses VALUES ('bsxt0000000000000000', 'x', 'x')");
	snprintf(other, sizeof(other), "SELECT * FROM %s.golden_baselines", p->tenant->schema_name);
	denied(x, other);
	/* nor may it publish or withdraw */
	assert_false(golden_world_set(x, x->t, &own, ONE, &e));
	assert_int_equal(e.sys, 1644);
	err_clear(&e);
	assert_false(tx_run(x->t->db, &withdraw, &e));
	err_clear(&e);
	/* not in place of another version: the body was sealed to its own */
	server_do(x->w->root, "UPDATE testbsx.golden_shared SET version = 7");
	assert_false(
	    golden_shared_text(x->t, x, &g.id, &(uint64_t) { 0 }, &(struct str) { NULL, 0 }, &e));
	assert_int_equal(e.code, ERR_INTERNAL);
}

static void
no_value_stands_anywhere_in_plain_text(void **state)
{
	struct drift_world *x = *state;
	struct tenant_db   *p = platform(x);
	struct uuid         c = drift_config(x, SPEC);
	struct golden       g = { .shared = true };
	struct err          e = { 0 };
	const char         *tables[] = { "%s.golden_bindings", "%s.contents", "%s.config_snapshots",
			"%s.golden_baselines", "testbsx.golden_shared" };
	const char         *columns[] = { "body", "body", "collections", "description", "body" };

	assert_ok(golden_world_set(x, p, &g,
	    "{\"resources\":[[\"c\",\"k\",{\"a\":\"needle-one\",\"password\":\"%pw%\"}]],"
	    "\"variables\":[{\"name\":\"pw\"}]}",
	    &e));
	golden_world_bind_ok(x, &c, &g,
	    ",\"variables\":{\"pw\":\"needle-two\"},\"differences\":[{\"category\":\"c\","
	    "\"key\":\"k\",\"path\":\"/b\",\"op\":\"add\",\"value\":\"needle-three\","
	    "\"reason\":\"r\"}]");
	assert_string_equal(
	    drift_push(x, x, &c,
		"{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":{\"a\":\"needle-one\","
		"\"password\":\"needle-two\",\"b\":\"needle-three\"}}]}")
		.report.status,
	    "clean");
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		assert_int_equal(
		    drift_count(x,
			talloc_asprintf(x, "SELECT COUNT(*) FROM %s WHERE LOCATE('needle', %s) > 0",
			    tables[i], columns[i])),
		    0);
	check_tight(x);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_rendered_template_is_what_snapshots_are_compared_with),
		TEST(a_new_version_is_taken_by_the_next_snapshot_changed_or_not),
		TEST(a_version_that_cannot_be_taken_leaves_what_is_in_force),
		TEST(an_expired_difference_is_drift),
		TEST(an_expired_difference_is_drift_without_a_push),
		TEST(what_expires_while_a_version_cannot_be_taken_keeps_nobody_busy),
		TEST(what_is_rendered_is_no_snapshot),
		TEST(dropping_a_config_frees_its_template_and_dropping_that_leaves_nothing),
		TEST(a_template_of_the_platform_is_bound_by_another_tenant),
		TEST(the_account_of_a_tenant_reaches_shared_templates_by_procedures_only),
		TEST(no_value_stands_anywhere_in_plain_text),
	};

	return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
