/* The process that collects: what waits, for a server that says so, for a credential, for a place.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "core/store/tx.h"
#include "drift/collect/buckets.h"
#include "tests/store/collect_world.h"
#include "tests/store/driftd_world.h"

#define SOURCES SOURCES_PAGES
#include "drift/source/sources.c"
#undef SOURCES

static void
who_is_told_to_wait_makes_all_wait_that_show_the_same(void **state)
{
	struct collect_world *y = *state;

	atomic_store(&pages_server->throttles, 1);
	for (int i = 0; i < 12; i++)
		collect_config(y, "/busy", "{\"token\":\"good\"}");
	collect_once(y);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'done'"), 12);
	/* eight were under way before the first was told; each of the others asked once */
	assert_int_equal(atomic_load(&pages_server->asked), 13);
}

static void
a_pause_is_as_long_as_is_said_and_an_hour_at_most(void **state)
{
	static const struct {
		int64_t for_ms, is_ms;
	} rows[] = { { 0, 0 }, { 2000, 2000 }, { 3600000, 3600000 }, { 3600001, 3600000 },
		{ INT64_C(30) * 86400 * 1000, 3600000 } };
	static const struct source_bucket whole = { 0 };
	struct collect_world             *y = *state;
	const int64_t                     now = 5000;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bucket *b = bucket_use(buckets_make(y), "c", "h", &whole);

		bucket_pause(b, now, rows[i].for_ms);
		assert_int_equal(bucket_paused_until(b), now + rows[i].is_ms);
		bucket_pause(b, now, 1); /* who is told less does not end it */
		assert_true(bucket_paused_until(b) >= now + rows[i].is_ms);
		assert_int_equal(bucket_take(b, 1, now + rows[i].is_ms + 1), 0);
	}
}

static void
who_is_told_to_wait_for_a_day_does_not_and_neither_do_the_others_there(void **state)
{
	struct collect_world *y = *state;

	y->x->w->conf.source_max_runs = 1;
	for (int i = 0; i < 3; i++)
		collect_http_as(y, "/tomorrow", "good");
	collect_once(y);
	assert_int_equal(atomic_load(&pages_server->asked), 1); /* the others hear it from here */
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'done' AND"
			      " JSON_VALUE(progress, '$.collections[0].state') = 'throttled'"),
	    3);
}

/* Seconds until the refused one may be tried. */
static int64_t
waits_s(struct collect_world *y)
{
	return drift_count(y->x, "SELECT TIMESTAMPDIFF(SECOND, NOW(3), try_at)"
				 " FROM %s.credential_troubles");
}

static void
a_credential_that_is_refused_is_tried_by_one_and_told_of_once(void **state)
{
	struct collect_world *y = *state;
	struct uuid           c[6];

	y->x->w->conf.source_max_runs = 1;
	atomic_store(&pages_server->refuses, 1);
	for (int i = 0; i < 5; i++)
		c[i] = collect_config(y, "/shown", "{\"token\":\"good\"}");
	collect_once(y);
	assert_int_equal(atomic_load(&pages_server->asked), 1);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.runs WHERE attempts > 0"), 1);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts WHERE kind = 'system'"
			      " AND status = 'open' AND changes = 5 AND title LIKE"
			      " '%%5 configs that show it wait: The token is refused.'"),
	    1);
	/* one more shows it, and all are due: until its wait is over nobody asks */
	c[5] = collect_config(y, "/shown", "{\"token\":\"good\"}");
	drift_sql(y->x, "UPDATE %s.runs SET due_at = NOW(3)");
	drift_sql(y->x, "UPDATE testbsx.run_index SET next_due = NOW(3)");
	collect_once(y);
	assert_int_equal(atomic_load(&pages_server->asked), 1);
	assert_in_range(waits_s(y), 290, 300);
	/* it is over, and it is refused again: one more request, and the same alert, of six */
	drift_sql(y->x, "UPDATE %s.credential_troubles SET try_at = NOW(3)");
	drift_sql(y->x, "UPDATE %s.runs SET due_at = NOW(3)");
	drift_sql(y->x, "UPDATE testbsx.run_index SET next_due = NOW(3)");
	collect_once(y);
	assert_int_equal(atomic_load(&pages_server->asked), 2);
	assert_int_equal(drift_count(y->x, "SELECT failures FROM %s.credential_troubles"), 2);
	assert_in_range(waits_s(y), 590, 600);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 1);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts WHERE status = 'open' AND changes = 6"
			      " AND title LIKE '%%6 configs that show it wait: %%'"),
	    1);
	/* it is taken: all are read, and the alert ends */
	atomic_store(&pages_server->refuses, 0);
	drift_sql(y->x, "UPDATE %s.credential_troubles SET try_at = NOW(3)");
	drift_sql(y->x, "UPDATE testbsx.run_index SET next_due = NOW(3)");
	drift_sql(y->x, "UPDATE %s.runs SET due_at = NOW(3)");
	collect_once(y);
	drift_sql(y->x, "UPDATE testbsx.run_index SET next_due = NOW(3)");
	collect_once(y);
	for (int i = 0; i < 6; i++)
		assert_int_equal(strncmp(collect_run_text(y, &c[i]), "done", 4), 0);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts WHERE status = 'resolved'"), 1);
	assert_int_equal(drift_count(y->x, "SELECT failures FROM %s.credential_troubles"), 0);
}

/* Who asks for a run meanwhile reads why it waits, and that it is not due before. */
static void
what_waits_for_a_refused_credential_says_so(void **state)
{
	struct collect_world *y = *state;
	struct uuid           c[2];

	y->x->w->conf.source_max_runs = 1;
	for (int i = 0; i < 2; i++)
		c[i] = collect_config(y, "/shown", "{\"token\":\"bad\"}");
	collect_once(y);
	assert_int_equal(atomic_load(&pages_server->asked), 1);
	assert_int_equal(
	    drift_count(y->x,
		"SELECT COUNT(*) FROM %s.runs r JOIN %s.run_state s ON s.config_id ="
		" r.config_id JOIN testbsx.run_index i ON i.ref = r.config_id"
		" WHERE r.attempts = 0 AND r.reason LIKE 'Its credential is refused:%%'"
		" AND r.remedy IS NOT NULL AND r.due_at > NOW(3) + INTERVAL 200 SECOND"
		" AND s.next_at = r.due_at AND i.next_due = r.due_at"),
	    1);
	/* it is begun, and says so no more */
	drift_sql(y->x, "DELETE FROM %s.credential_troubles");
	drift_sql(y->x, "UPDATE %s.source_credentials SET digest = UNHEX(SHA2(config_id, 256))");
	drift_sql(y->x, "UPDATE %s.runs SET due_at = NOW(3)");
	drift_sql(y->x, "UPDATE testbsx.run_index SET next_due = NOW(3)");
	collect_once(y);
	for (int i = 0; i < 2; i++)
		assert_non_null(strstr(collect_run_text(y, &c[i]), "The token is refused."));
}

struct cancelling {
	struct collect_world *y;
	struct run            run;
	struct schedule_plan  plan;
};

static bool
cancel_body(struct db *db, void *arg, struct err *e)
{
	struct cancelling *c = arg;

	return running_cancel(db, c->y, &c->run, &c->plan, e);
}

static void
a_run_that_is_cancelled_while_it_hangs_stops_and_its_place_is_free(void **state)
{
	struct collect_world *y = *state;
	struct cancelling     c = { .y = y };
	const struct tx       tx = { .name = "cancel", .body = cancel_body, .arg = &c };
	struct uuid           id, good;
	struct err            e = { 0 };
	struct run           *live;
	size_t                n;
	pid_t                 pid;

	y->x->w->conf.source_max_runs = 1;
	id = collect_config(y, "/hang", NULL);
	pid = collect_start(y);
	WAIT_FOR(atomic_load(&pages_server->hanging) == 1);
	assert_ok(run_live(y->x->t->db, y, &id, &live, &n, &e));
	c.run = live[0];
	assert_ok(tx_run(y->x->t->db, &tx, &e));
	good = collect_config(y, "/good", NULL);
	WAIT_FOR(strncmp(collect_run_text(y, &good), "done", 4) == 0);
	assert_string_equal(collect_run_text(y, &id), "cancelled 1 -");
	collect_wait_for(y,
	    "SELECT COUNT(*) FROM %s.run_state s JOIN testbsx.run_index i ON i.ref = s.config_id"
	    " WHERE i.lease_owner IS NULL AND i.next_due = s.next_at AND s.next_at > NOW(3)",
	    2);
	collect_end(pid, SIGTERM);
}

/* The places are three, and one tenant has four that hang: the other's is read all the same. */
static void
a_tenant_whose_runs_are_slow_leaves_a_place_to_the_others(void **state)
{
	struct collect_world *y = *state;
	struct tenant_db     *own = y->x->t;
	struct uuid           other;
	pid_t                 pid;

	y->x->w->conf.source_max_runs = 3;
	for (int i = 0; i < 4; i++)
		collect_config(y, "/hang", NULL);
	pid = collect_start(y);
	WAIT_FOR(atomic_load(&pages_server->hanging) == 2);
	y->x->t = world_open(y->x->w, &y->x->w->b);
	other = collect_config(y, "/good", NULL);
	WAIT_FOR(strncmp(collect_run_text(y, &other), "done", 4) == 0);
	drift_sql(y->x, "DELETE FROM %s.config_snapshots");
	drift_sql(y->x, "DELETE FROM %s.drift_configs");
	y->x->t = own;
	assert_int_equal(atomic_load(&pages_server->hanging), 2);
	collect_end(pid, SIGTERM);
}

/* Two collectors, as of one host: whichever comes first. */
static void
of_a_host_and_of_all_no_more_is_read_at_once_than_is_set(void **state)
{
	struct collect_world *y = *state;
	int64_t *const caps[] = { &y->x->w->conf.source_host_runs, &y->x->w->conf.source_all_runs };

	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		pid_t pids[2];

		collect_set_up(state);
		*caps[i] = 3;
		for (int k = 0; k < 8; k++)
			collect_config(y, "/hang", NULL);
		pids[0] = collect_start(y);
		y->start.owner = uuid_make(&clock_system, &rand_system);
		pids[1] = collect_start(y);
		WAIT_FOR(atomic_load(&pages_server->hanging) >= 3);
		driftd_pause_ms(200); /* in which each has looked ten times */
		assert_int_equal(atomic_load(&pages_server->hanging), 3);
		for (int k = 0; k < 2; k++)
			assert_int_equal(collect_end(pids[k], SIGTERM), 0);
		*caps[i] = 0;
	}
}

static void
of_a_host_no_more_is_asked_at_once_by_those_that_show_nothing(void **state)
{
	struct collect_world *y = *state;
	pid_t                 pid;

	for (int i = 0; i < 12; i++)
		collect_config(y, "/hang", NULL);
	pid = collect_start(y);
	WAIT_FOR(drift_count(y->x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'running'") == 12);
	WAIT_FOR(atomic_load(&pages_server->hanging) >= 8);
	collect_end(pid, SIGTERM);
	assert_int_equal(atomic_load(&pages_server->hanging), 8);
}

static void
a_token_that_may_read_nothing_is_refused_as_any_other(void **state)
{
	struct collect_world *y = *state;
	struct uuid           c;

	y->x->w->conf.source_max_runs = 1;
	c = collect_http_as(y, "/shown", "bad");
	collect_http_as(y, "/shown", "bad");
	collect_once(y);
	assert_int_equal(atomic_load(&pages_server->asked), 1);
	assert_string_equal(
	    collect_run_text(y, &c), "queued 1 The source does not accept the credential (401).");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts WHERE kind = 'system'"
					   " AND status = 'open' AND changes = 2"),
	    1);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_reports"), 0);
}

static void
the_end_of_a_credential_is_told_thirty_seven_and_one_day_before(void **state)
{
	static const struct {
		int days, told;
	} rows[] = { { 40, 0 }, { 29, 1 }, { 10, 1 }, { 6, 2 }, { 5, 2 }, { 1, 3 }, { 0, 3 } };
	struct collect_world *y = *state;

	collect_config(y, "/shown", "{\"token\":\"good\"}");
	collect_config(y, "/shown", "{\"token\":\"good\"}");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		drift_sql(y->x, talloc_asprintf(y,
				    "UPDATE %%s.source_credentials SET ends_at = NOW(3)"
				    " + INTERVAL %d * 24 - 1 HOUR",
				    rows[i].days));
		collect_once(y);
		runs_later(y->x, 3600);
		assert_int_equal(
		    drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts WHERE kind = 'system'"
				      " AND title LIKE '%%its credential ends on 20%%'"),
		    rows[i].told > 0);
	}
	assert_int_equal(drift_count(y->x, "SELECT told_days FROM %s.credential_troubles"), 1);
	assert_int_equal(drift_count(y->x, "SELECT version FROM %s.alerts"), 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, collect_set_up, NULL)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_is_told_to_wait_makes_all_wait_that_show_the_same),
		TEST(a_pause_is_as_long_as_is_said_and_an_hour_at_most),
		TEST(who_is_told_to_wait_for_a_day_does_not_and_neither_do_the_others_there),
		TEST(a_credential_that_is_refused_is_tried_by_one_and_told_of_once),
		TEST(what_waits_for_a_refused_credential_says_so),
		TEST(a_run_that_is_cancelled_while_it_hangs_stops_and_its_place_is_free),
		TEST(a_tenant_whose_runs_are_slow_leaves_a_place_to_the_others),
		TEST(of_a_host_and_of_all_no_more_is_read_at_once_than_is_set),
		TEST(of_a_host_no_more_is_asked_at_once_by_those_that_show_nothing),
		TEST(a_token_that_may_read_nothing_is_refused_as_any_other),
		TEST(the_end_of_a_credential_is_told_thirty_seven_and_one_day_before),
	};

	return cmocka_run_group_tests_name("collector waits", tests, collect_open, collect_close);
}
