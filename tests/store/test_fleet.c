/* The fleet's rows: who marks them, what is counted of whom, and what a page of very many costs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/auth/tenant/fleet.h"
#include "core/store/alert/alert.h"
#include "core/store/db_priv.h"
#include "core/store/tx.h"
#include "tests/store/drift_world.h"

/* Of the row of tenant a, or b. */
static int64_t
of(struct drift_world *x, const struct tenant *t, const char *column)
{
	return drift_count(
	    x, talloc_asprintf(x, "SELECT %s FROM testbsx.fleet WHERE schema_name = '%s'", column,
		   t->schema_name));
}

static struct auth
auth_of(struct drift_world *x)
{
	x->env.keyring = x->w->env.keyring;
	return (struct auth) { .env = &x->env, .database = x->w->d };
}

/* As with the making of their roles. */
static int
set_up(void **state)
{
	struct drift_world *x;
	struct err          e = { 0 };

	if (drift_set_up(state) != 0)
		return -1;
	x = *state;
	assert_ok(fleet_mark_roles(world_open(x->w, &x->w->b)->db, &e));
	assert_ok(fleet_mark_roles(x->t->db, &e));
	return 0;
}

/* All that is due, as driftd does it. */
static size_t
count_due(struct drift_world *x)
{
	struct auth a = auth_of(x);
	struct err  e = { 0 };
	size_t      n;

	assert_ok(fleet_round(&a, 50, &n, &e));
	x->t = world_open(x->w, &x->w->a);
	return n;
}

/* ---- marking ---- */

static void
a_tenant_marks_its_own_row_and_reads_or_writes_none(void **state)
{
	static const char *const denied[] = {
		"SELECT * FROM testbsx.fleet",
		"SELECT critical FROM testbsx.fleet",
		"UPDATE testbsx.fleet SET critical = 0, worst = 0",
		"UPDATE testbsx.fleet SET marked = marked + 1",
		"DELETE FROM testbsx.fleet",
		"INSERT INTO testbsx.fleet (schema_name, due_at) VALUES ('bsxtffffffffffffffff', "
		"NOW(3))",
		"UPDATE testbsx.grants SET lends = 7",
	};
	struct drift_world *x = *state;
	const int64_t       a = of(x, &x->w->a, "marked"), b = of(x, &x->w->b, "marked");
	struct err          e = { 0 };

	assert_ok(fleet_mark(x->t->db, &e));
	assert_ok(fleet_mark_roles(x->t->db, &e));
	assert_ok(fleet_seen(x->t->db, (instant) { clock_ms(&clock_system) }, &e));
	assert_int_equal(of(x, &x->w->a, "marked"), a + 2);
	assert_int_equal(of(x, &x->w->a, "roles_marked"), a + 2);
	assert_int_equal(of(x, &x->w->b, "marked"), b);
	assert_int_equal(of(x, &x->w->b, "snapshot_at IS NULL"), 1);
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
		if (mysql_query(x->t->db->my, denied[i]) == 0)
			fail_msg("a tenant's account may: %s", denied[i]);
	assert_int_equal(of(x, &x->w->b, "marked"), b);
}

struct three {
	struct drift_world *x;
	bool                fails;
};

static struct alert
new_alert(struct drift_world *x, const char *severity)
{
	struct alert a = { .id = uuid_make(&clock_system, &rand_system),
		.kind = talloc_strdup(x, "drift"),
		.severity = talloc_strdup(x, severity),
		.title = talloc_strdup(x, "T"),
		.status = talloc_strdup(x, "open"),
		.opened_at = { clock_ms(&clock_system) },
		.version = 1 };
	char         id[UUID_TEXT_MAX];

	uuid_print(&a.id, id);
	a.open_key = talloc_strdup(x, id);
	a.updated_at = a.opened_at;
	return a;
}

static bool
three_alerts(struct db *db, void *arg, struct err *e)
{
	const struct three *w = arg;

	for (int i = 0; i < 3; i++) {
		struct alert a = new_alert(w->x, "high");

		if (!alert_add(db, &a, e))
			return false;
	}
	return !w->fails || err_set(e, ERR_INVALID, 0, "no", "no");
}

static void
a_deed_marks_once_and_one_that_is_taken_back_not_at_all(void **state)
{
	struct drift_world *x = *state;
	struct three        w = { x, false };
	const struct tx     tx = { .name = "three", .body = three_alerts, .arg = &w };
	const int64_t       was = of(x, &x->w->a, "marked");
	struct err          e = { 0 };

	assert_ok(tx_run(x->t->db, &tx, &e));
	assert_int_equal(of(x, &x->w->a, "marked"), was + 1);
	w.fails = true;
	assert_fails(tx_run(x->t->db, &tx, &e), ERR_INVALID);
	err_clear(&e);
	assert_int_equal(of(x, &x->w->a, "marked"), was + 1);
	w.fails = false;
	assert_ok(tx_run(x->t->db, &tx, &e));
	assert_int_equal(of(x, &x->w->a, "marked"), was + 2);
	count_due(x);
	assert_int_equal(of(x, &x->w->a, "high"), 6);
	assert_int_equal(of(x, &x->w->a, "counted"), was + 2);
	assert_int_equal(of(x, &x->w->b, "high"), 0);
}

/* ---- counting ---- */

static struct fleet_due
due_row(struct drift_world *x)
{
	struct fleet_due *rows;
	struct err        e = { 0 };
	size_t            n;

	drift_sql(x, "UPDATE testbsx.fleet SET due_at = NOW(3)");
	assert_ok(fleet_due(x->w->d, x, 50, &rows, &n, &e));
	for (size_t i = 0; i < n; i++)
		if (uuid_eq(&rows[i].tenant_id, &x->w->a.id))
			return rows[i];
	fail_msg("it is not due");
	return (struct fleet_due) { 0 };
}

static void
put(struct drift_world *x, const struct fleet_due *row, int64_t high)
{
	const struct fleet_counts  n = { .high = high };
	const struct fleet_counted in = { .row = row, .counts = &n };
	struct err                 e = { 0 };

	assert_ok(fleet_write(x->w->d, &in, &e));
}

static void
what_was_counted_before_takes_the_place_of_nothing_newer(void **state)
{
	struct drift_world    *x = *state;
	const struct fleet_due early = due_row(x);
	struct fleet_due       late;
	struct err             e = { 0 };

	assert_ok(fleet_mark(x->t->db, &e));
	put(x, &early, 1); /* it stands, and is to be counted again */
	assert_int_equal(of(x, &x->w->a, "high"), 1);
	assert_int_equal(of(x, &x->w->a, "due_at <= NOW(3)"), 1);
	late = due_row(x);
	put(x, &late, 2);
	assert_int_equal(of(x, &x->w->a, "due_at <= NOW(3)"), 0);
	put(x, &early, 1); /* by who was slow */
	assert_int_equal(of(x, &x->w->a, "high"), 2);
}

static void
it_is_taken_by_one_and_who_is_killed_meanwhile_has_lost_nothing(void **state)
{
	struct drift_world    *x = *state;
	const struct fleet_due row = due_row(x);
	struct err             e = { 0 };
	bool                   first, second;

	assert_ok(fleet_take(x->w->d, &row, &first, &e));
	assert_ok(fleet_take(x->w->d, &row, &second, &e));
	assert_true(first && !second);
	drift_sql(x, "UPDATE testbsx.fleet SET due_at = due_at - INTERVAL 10 SECOND"); /* later */
	drift_sql(x, "UPDATE testbsx.fleet SET counted_at = NULL");
	assert_true(count_due(x) > 0);
	assert_int_equal(of(x, &x->w->a, "counted = marked AND counted_at IS NOT NULL"), 1);
	assert_int_equal(of(x, &x->w->a, "due_at > NOW(3) + INTERVAL 59 MINUTE"), 1);
}

static void
alerts_of_the_trail_are_counted_by_themselves(void **state)
{
	struct drift_world *x = *state;
	struct alert        a = new_alert(x, "critical"), b = new_alert(x, "low");
	struct err          e = { 0 };

	a.kind = talloc_strdup(x, "security");
	assert_ok(alert_add(x->t->db, &a, &e));
	assert_ok(alert_add(x->t->db, &b, &e));
	count_due(x);
	assert_int_equal(of(x, &x->w->a, "security"), 1);
	assert_int_equal(of(x, &x->w->a, "critical"), 0);
	assert_int_equal(of(x, &x->w->a, "low"), 1);
	assert_int_equal(of(x, &x->w->a, "worst"), 1);
	assert_int_equal(of(x, &x->w->a, "untaken_at IS NOT NULL"), 1);
}

static void
one_that_was_suspended_is_counted_and_what_nothing_tells_of_within_the_hour(void **state)
{
	struct drift_world *x = *state;
	struct alert        a = new_alert(x, "critical");
	struct err          e = { 0 };

	assert_ok(alert_add(x->t->db, &a, &e));
	drift_sql(x, "UPDATE testbsx.tenants SET status = 'suspended'");
	count_due(x);
	assert_int_equal(of(x, &x->w->a, "critical"), 1);
	drift_sql(
	    x, "UPDATE %s.alerts SET suppressed_by = 'silence:x'"); /* as nothing of ours does */
	assert_int_equal(count_due(x), 0);
	drift_sql(x, "UPDATE testbsx.fleet SET due_at = due_at - INTERVAL 1 HOUR");
	count_due(x);
	assert_int_equal(of(x, &x->w->a, "critical"), 0);
}

/* ---- alerts ---- */

static struct fleet_alert_row *
alerts_seen(struct drift_world *x, const char *severity, size_t *n)
{
	const struct fleet_asked in = {
		.home = x->w->a.id, .bits = FLEET_ALERTS, .severity = severity
	};
	struct page p = { .want = 100 };
	struct err  e = { 0 };

	assert_ok(fleet_alert_page(x->w->d, x, &in, &p, &e));
	*n = p.n;
	return p.rows;
}

/* One that is as old as `age_s`, by what it is called. */
static struct alert
add_alert(struct drift_world *x, const char *severity, int64_t age_s)
{
	struct alert a = new_alert(x, severity);
	struct err   e = { 0 };

	a.opened_at.ms -= age_s * 1000;
	assert_ok(alert_add(x->t->db, &a, &e));
	return a;
}

static void
the_worst_alerts_of_a_tenant_are_there_the_worst_first_and_go_with_it(void **state)
{
	struct drift_world     *x = *state;
	struct alert            low = add_alert(x, "low", 900), young = add_alert(x, "high", 10);
	struct alert            old = add_alert(x, "high", 500), taken = add_alert(x, "high", 800);
	struct alert            secret = new_alert(x, "critical");
	struct fleet_alert_row *rows;
	struct err              e = { 0 };
	bool                    done;
	size_t                  n;

	secret.kind = talloc_strdup(x, "security"); /* for who has read:audit */
	assert_ok(alert_add(x->t->db, &secret, &e));
	taken.status = talloc_strdup(x, "acknowledged");
	assert_ok(alert_set(x->t->db, &taken, &done, &e));
	assert_true(done);
	count_due(x);
	rows = alerts_seen(x, NULL, &n);
	assert_int_equal(n, 4);
	assert_true(uuid_eq(&rows[0].a.alert_id, &old.id));
	assert_true(uuid_eq(&rows[1].a.alert_id, &young.id));
	assert_true(uuid_eq(&rows[2].a.alert_id, &taken.id));
	assert_true(uuid_eq(&rows[3].a.alert_id, &low.id));
	assert_true(rows[2].a.taken && !rows[1].a.taken);
	assert_int_equal(rows[0].a.opened_at.ms, old.opened_at.ms);
	alerts_seen(x, "high", &n);
	assert_int_equal(n, 3);
	alerts_seen(x, "critical", &n);
	assert_int_equal(n, 0);
	drift_sql(x, "UPDATE %s.alerts SET suppressed_by = 'silence:x' WHERE severity = 'low'");
	for (int i = 0; i < FLEET_ALERTS_EACH; i++)
		add_alert(x, "medium", i);
	count_due(x);
	rows = alerts_seen(x, NULL, &n);
	assert_int_equal(n, FLEET_ALERTS_EACH);
	assert_string_equal(rows[n - 1].a.severity, "medium");
	drift_sql(x, "DELETE FROM testbsx.fleet"); /* as erasing a tenant does, in any version */
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM testbsx.fleet_alerts"), 0);
}

/* ---- a page ---- */

#define TENANTS "2000"
#define ALERTS  "20000" /* FLEET_ALERTS_EACH of each, all of them as severe */

/* Tenants that have nothing but their rows; each lends to tenant a, and one in ten of another
 * 20,000 grants counts no more. */
static void
make_fleet(struct drift_world *x)
{
	drift_sql(x,
	    "INSERT INTO testbsx.tenants (id, slug, name, schema_name, status, settings, quota,"
	    " created_at) SELECT UNHEX(MD5(seq)), CONCAT('t-', seq), seq,"
	    " CONCAT('bsxtx', LPAD(seq, 15, '0')), 'active', '{}', '{}', NOW(3)"
	    " FROM %s.seq_1_to_" TENANTS);
	drift_sql(x, "INSERT INTO testbsx.fleet (schema_name, due_at, counted, counted_at, "
		     "critical, high, worst)"
		     " SELECT CONCAT('bsxtx', LPAD(seq, 15, '0')), NOW(3) + INTERVAL 1 HOUR, 1, "
		     "NOW(3), seq MOD 3, 1,"
		     " seq MOD 3 << 45 | 1 << 30 FROM %s.seq_1_to_" TENANTS);
	drift_sql(x,
	    "INSERT INTO testbsx.grants (id, tenant_id, grantee_tenant, roles, role_names, reason,"
	    " given_tenant, given_name, created_at, expires_at, lends) SELECT "
	    "UNHEX(MD5(CONCAT('g', q.seq))),"
	    " UNHEX(MD5(1 + q.seq MOD " TENANTS ")), t.id, '', '', '', t.id, '', NOW(3),"
	    " IF(q.seq > " TENANTS ", NOW(3) - INTERVAL 1 DAY, NOW(3) + INTERVAL 1 DAY), 7"
	    " FROM %s.seq_1_to_10000 q JOIN testbsx.tenants t ON t.schema_name = '%s'");
	drift_sql(x,
	    "INSERT INTO testbsx.fleet_alerts (schema_name, place, alert_id, kind, severity, "
	    "status,"
	    " opened_at, taken) SELECT CONCAT('bsxtx', LPAD(1 + q.seq MOD " TENANTS ", 15, '0')),"
	    " CONCAT(CHAR(1), CHAR(q.seq MOD 2), RIGHT(UNHEX(MD5(q.seq)), 14)), UNHEX(MD5(q.seq)),"
	    " 'drift', 'critical', 'open', NOW(3), q.seq MOD 2 FROM %s.seq_1_to_" ALERTS " q");
	for (const char *const *t =
		 (const char *const[]) { "tenants", "fleet", "grants", "fleet_alerts", NULL };
	     *t != NULL; t++)
		talloc_free(drift_text(x, x, talloc_asprintf(x, "ANALYZE TABLE testbsx.%s", *t)));
}

/* What the server's threads have had of a processor: beside this test others run. */
static int64_t
server_cpu_ns(struct drift_world *x)
{
	FILE     *f;
	char      line[64];
	long long ns, all = 0;
	char     *command = talloc_asprintf(x, "cat /proc/$(cat %s)/task/*/schedstat",
		drift_text(x, x, "SELECT @@GLOBAL.pid_file"));

	f = popen(command, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%lld", &ns) == 1)
			all += ns;
	assert_int_equal(pclose(f), 0);
	return all;
}

/* All pages of it; prints what one took of the server. */
static size_t
walk(struct drift_world *x, const struct fleet_asked *in, const char *who, long most)
{
	struct db  *db = database_control(x->w->d);
	struct page p = { .want = 201 };
	int64_t     ns = 0;
	size_t      pages = 0;
	long        read = 0;
	size_t      n = 0;

	for (;;) {
		struct err        e = { 0 };
		struct fleet_row *rows;
		long              had = server_rows_read(db);
		int64_t           began = server_cpu_ns(x);

		assert_ok(fleet_page(x->w->d, x, in, &p, &e));
		ns += server_cpu_ns(x) - began;
		pages++;
		had = server_rows_read(db) - had;
		read = had > read ? had : read;
		n += p.n < p.want ? p.n : p.n - 1;
		if (p.n < p.want)
			break;
		rows = p.rows;
		p.after = rows[p.n - 2].id;
	}
	print_message("%s: %zu tenants, a page of 200 takes %lld us of the server, %ld rows read\n",
	    who, n, (long long)(ns / (int64_t)pages / 1000), read);
	if (read > most)
		fail_msg("%ld rows read", read);
	return n;
}

static void
a_page_of_two_thousand_tenants_reads_no_more_than_a_few_rows_of_each(void **state)
{
	struct drift_world *x = *state;
	struct fleet_asked  in = { .home = x->w->a.id, .bits = 7, .everything = true };

	make_fleet(x);
	assert_int_equal(walk(x, &in, "the platform", 40000), 2002);
	in.everything = false;
	in.guest = x->w->a.id;
	assert_int_equal(walk(x, &in, "who has a grant of each", 70000), 2001);
	in.guest = (struct uuid) { 0 };
	assert_int_equal(walk(x, &in, "who has none", 100), 1);
}

/* The same of the alerts: pages of one kind of caller, and how many there are. */
static size_t
walk_alerts(struct drift_world *x, const struct fleet_asked *in, const char *who, long most)
{
	struct db  *db = database_control(x->w->d);
	struct page p = { .want = 201 };
	int64_t     ns = 0, worst = 0;
	long        read = 0;
	size_t      n = 0, pages = 0;

	for (;;) {
		struct err              e = { 0 };
		struct fleet_alert_row *rows;
		long                    had = server_rows_read(db);
		int64_t                 took = server_cpu_ns(x);

		assert_ok(fleet_alert_page(x->w->d, x, in, &p, &e));
		took = server_cpu_ns(x) - took;
		ns += took;
		worst = took > worst ? took : worst;
		pages++;
		had = server_rows_read(db) - had;
		read = had > read ? had : read;
		n += p.n < p.want ? p.n : p.n - 1;
		if (p.n < p.want || pages == 20)
			break;
		rows = p.rows;
		p.after = rows[p.n - 2].place;
	}
	print_message(
	    "%s: a page of 200 alerts takes %lld us of the server, the worst %lld us, %ld "
	    "rows read\n",
	    who, (long long)(ns / (int64_t)pages / 1000), (long long)(worst / 1000), read);
	if (read > most)
		fail_msg("%ld rows read", read);
	return n;
}

static void
a_page_of_the_alerts_of_two_thousand_tenants_is_bounded_as_they_are(void **state)
{
	struct drift_world *x = *state;
	struct fleet_asked  in = { .home = x->w->a.id, .bits = 7, .everything = true };

	make_fleet(x);
	assert_int_equal(walk_alerts(x, &in, "the platform", 5000), 4000);
	in.everything = false;
	in.guest = x->w->a.id;
	assert_int_equal(walk_alerts(x, &in, "who has a grant of each", 20000), 4000);
	drift_sql(x, "UPDATE testbsx.grants g JOIN testbsx.tenants t ON t.id = g.tenant_id"
		     " SET g.revoked_at = NOW(3) WHERE t.slug LIKE 't-%%1' OR t.slug LIKE 't-%%3'"
		     " OR t.slug LIKE 't-%%5' OR t.slug LIKE 't-%%7' OR t.slug LIKE 't-%%9'");
	drift_sql(x, "UPDATE testbsx.fleet_alerts SET place = CONCAT(CHAR(5), SUBSTR(place, 2))"
		     " WHERE MOD(RIGHT(schema_name, 4), 2) = 0");
	assert_int_equal(
	    walk_alerts(x, &in, "who has a grant of half, the lesser alerts", 60000), 4000);
	in.guest = (struct uuid) { 0 };
	assert_int_equal(walk_alerts(x, &in, "who has none", 8000), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tenant_marks_its_own_row_and_reads_or_writes_none),
		TEST(a_deed_marks_once_and_one_that_is_taken_back_not_at_all),
		TEST(what_was_counted_before_takes_the_place_of_nothing_newer),
		TEST(it_is_taken_by_one_and_who_is_killed_meanwhile_has_lost_nothing),
		TEST(alerts_of_the_trail_are_counted_by_themselves),
		TEST(one_that_was_suspended_is_counted_and_what_nothing_tells_of_within_the_hour),
		TEST(the_worst_alerts_of_a_tenant_are_there_the_worst_first_and_go_with_it),
		TEST(a_page_of_the_alerts_of_two_thousand_tenants_is_bounded_as_they_are),
		TEST(a_page_of_two_thousand_tenants_reads_no_more_than_a_few_rows_of_each),
	};

	return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
