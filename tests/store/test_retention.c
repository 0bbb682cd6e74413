/*
 * What ends by age, with the clock moved: whatever was pushed for long, what is left is of the last
 * hour, beside what must stay.
 */
#include <stdio.h>
#include <string.h>

#include "core/store/alert/expire.h"
#include "core/store/drift/finding.h"
#include "core/store/alert/outbox.h"
#include "core/store/tx.h"
#include "drift/snapshot/retention.h"
#include "tests/store/drift_world.h"

#define DAY  86400000LL
#define STEP 600000 /* between pushes */

static int64_t
wall(const struct clock *c)
{
	return c->set_ms;
}

static int64_t
mono(const struct clock *c)
{
	(void)c;
	return clock_ns(&clock_system);
}

static const struct clock_ops stepped = { wall, mono };

/* Pushes `n` times, STEP apart: k0 has the value, k1 another one each time when `moves`. */
static struct ingest_answer
push_for(struct drift_world *x, struct clock *now, const struct uuid *c, int n, const char *k0,
    bool moves)
{
	struct ingest_answer a = { 0 };

	for (int i = 0; i < n; i++) {
		char k1[64] = "0";

		now->set_ms += STEP;
		if (moves)
			snprintf(k1, sizeof(k1), "%lld", (long long)now->set_ms);
		a = drift_push_values(x, c, VALUES(k0, k1));
	}
	return a;
}

static void
accept_change(struct drift_world *x, const struct uuid *report, const struct clock *now)
{
	struct err           e = { 0 };
	struct page          p = { .want = 10 };
	struct change_row   *rows;
	struct finding_row   f;
	struct finding_event v;

	assert_ok(change_list(x->t, x, &(struct change_filter) { .report_id = *report }, &p, &e));
	assert_true(p.n > 0);
	rows = p.rows;
	assert_ok(finding_by_value(
	    x->t->db, x, &rows[0].config_id, rows[0].fingerprint, rows[0].value_hash, &f, &e));
	f.status = talloc_strdup(x, "accepted");
	f.owner = f.reason = talloc_strdup(x, "somebody");
	f.updated_at.ms = now->set_ms;
	v = (struct finding_event) { .id = uuid_make(now, &rand_system),
		.config_id = f.config_id,
		.subject = f.fingerprint,
		.value_hash = f.value_hash,
		.at = f.updated_at,
		.actor = "somebody",
		.to_status = "accepted",
		.note = "" };
	assert_ok(finding_put(x->t->db, &f, 1, &e));
	assert_ok(finding_event_add(x->t->db, &v, 1, &e));
	assert_ok(config_touch(x->t->db, &f.config_id, (instant) { 0 }, &e));
}

static int64_t
older(struct drift_world *x, const char *table, const char *column, int64_t than_ms)
{
	char sql[300];

	snprintf(sql, sizeof(sql),
	    "SELECT COUNT(*) FROM %%s.%s WHERE %s < FROM_UNIXTIME(0) + INTERVAL %lld SECOND", table,
	    column, (long long)(than_ms / 1000));
	return drift_count(x, sql);
}

static void
what_is_old_goes_and_what_must_stays(void **state)
{
	struct drift_world  *x = *state;
	struct clock         now = { &stepped, clock_ms(&clock_system) - 30 * DAY };
	struct uuid          c, channel = drift_channel(x, "https://hooks.example.org/x");
	char                 id[UUID_TEXT_MAX];
	struct ingest_answer a;
	int64_t              before;

	server_do(x->w->root, "SET time_zone = '+00:00'");
	uuid_print(&channel, id);
	x->env.clock = &now;
	c = drift_config(x, talloc_asprintf(x,
				"{\"source\":{\"kind\":\"push\"},\"retention_s\":3600,"
				"\"rules\":[{\"path\":\"/**\",\"severity\":\"medium\","
				"\"controls\":[\"CIS 1.1\"]}],"
				"\"alerts\":[{\"channel_id\":\"%s\"}]}",
				id));
	push_for(x, &now, &c, 1, "\"good\"", false);
	a = push_for(x, &now, &c, 1, "\"accepted\"", false);
	accept_change(x, &a.report.id, &now);
	push_for(x, &now, &c, 40, "\"bad\"", true);
	push_for(x, &now, &c, 10, "\"good\"", false); /* the alert is resolved */
	push_for(x, &now, &c, 40, "\"worse\"", true);
	before = now.set_ms - 3600000 - 8 * STEP; /* the last round that looked */

	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.dropped_reports"), 0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.drift_changes c WHERE NOT EXISTS"
			   " (SELECT 1 FROM %s.drift_reports r WHERE r.id = c.report_id)"),
	    0);
	/* of the reports the baseline's */
	assert_int_equal(older(x, "drift_reports", "finished_at", before), 1);
	assert_int_equal(older(x, "drift_changes", "created_at", before), 0);
	assert_int_equal(
	    older(x, "drift_findings", "status = 'resolved' AND updated_at", before), 0);
	assert_int_equal(older(x, "drift_history", "actor = 'system' AND at", before), 0);
	assert_int_equal(older(x, "alerts", "resolved_at", before), 0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE open_key IS NOT NULL"), 1);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alert_controls c JOIN %s.alerts a"
					" ON a.id = c.alert_id WHERE a.open_key IS NOT NULL"),
	    1);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.alert_controls WHERE alert_id NOT IN"
			   " (SELECT id FROM %s.alerts)"),
	    0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts a JOIN %s.drift_reports r"
					" ON r.id = a.report_id WHERE a.open_key IS NOT NULL"),
	    1);
	/* a person's word, and what was said with it */
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.drift_findings WHERE status = 'accepted'"), 1);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.drift_history WHERE actor = 'somebody'"), 1);
	assert_string_equal(push_for(x, &now, &c, 1, "\"accepted\"", false).report.status, "clean");
}

/* Nothing new for long: the newest report is old, and is what is in force. */
static void
the_newest_report_stays_while_nothing_changes(void **state)
{
	struct drift_world  *x = *state;
	struct clock         now = { &stepped, clock_ms(&clock_system) - 30 * DAY };
	struct uuid          c;
	struct ingest_answer a, b;

	x->env.clock = &now;
	c = drift_config(x, "{\"source\":{\"kind\":\"push\"},\"retention_s\":3600}");
	push_for(x, &now, &c, 1, "\"good\"", false);
	a = push_for(x, &now, &c, 1, "\"bad\"", false);
	b = push_for(x, &now, &c, 60, "\"bad\"", false);
	assert_true(uuid_eq(&a.report.id, &b.report.id));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_reports"), 2);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_changes"), 1);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE open_key IS NOT NULL"), 1);
}

static bool
at_once(void *arg)
{
	(void)arg;
	return true;
}

/* As the registry would say it. */
static void
walk(struct drift_world *x, const char *settings, const struct forget_stop *stop)
{
	const struct tenant *was = x->t->tenant;
	struct tenant        now = *was;
	struct err           e = { 0 };

	now.settings.text = settings;
	x->t->tenant = &now;
	assert_ok(retention_walk(x->d, x->t, x, stop, &e));
	x->t->tenant = was;
}

static int64_t
of_config(struct drift_world *x, const char *table, const struct uuid *c)
{
	char id[UUID_TEXT_MAX], sql[200];

	uuid_print(c, id);
	snprintf(sql, sizeof(sql),
	    "SELECT COUNT(*) FROM %%s.%s WHERE config_id = UNHEX(REPLACE('%s', '-', ''))", table,
	    id);
	return drift_count(x, sql);
}

#define PUSHED 45 /* more than two rounds take */

/* Of a tenant and a config the shorter counts, whoever is stopped, and of two tenants each for
 * itself. */
static void
without_a_push_a_walk_ends_what_tenant_and_config_keep_no_longer(void **state)
{
	static const char *const specs[] = {
		DRIFT_PUSH,
		"{\"source\":{\"kind\":\"push\"},\"retention_s\":2592000}",
		"{\"source\":{\"kind\":\"push\"},\"retention_s\":259200}",
	};
	static const struct {
		int         days; /* since the last push */
		const char *settings;
		bool        stopped;
		int64_t     snapshots[3], reports[3];
	} steps[] = {
		{ 1, "{}", false, { PUSHED, PUSHED, PUSHED }, { PUSHED, PUSHED, PUSHED } },
		{ 4, "{}", false, { PUSHED, PUSHED, 2 }, { PUSHED, PUSHED, 2 } },
		{ 4, "{\"retention\":{\"snapshots_s\":432000}}", false, { PUSHED, PUSHED, 2 },
		    { PUSHED, PUSHED, 2 } },
		{ 4, "{\"retention\":{\"snapshots_s\":86400,\"reports_s\":864000}}", true,
		    { PUSHED, PUSHED, 2 }, { PUSHED, PUSHED, 2 } },
		{ 4, "{\"retention\":{\"snapshots_s\":86400,\"reports_s\":864000}}", false,
		    { 2, 2, 2 }, { PUSHED, PUSHED, 2 } },
		{ 11, "{\"retention\":{\"snapshots_s\":86400,\"reports_s\":864000}}", false,
		    { 2, 2, 2 }, { 2, 2, 2 } },
	};
	const struct forget_stop stop = { at_once, NULL };
	struct drift_world      *x = *state;
	struct clock             now = { &stepped, clock_ms(&clock_system) - 30 * DAY };
	struct uuid              c[3];
	int64_t                  last;

	x->env.clock = &now;
	for (int i = 0; i < 3; i++) {
		now.set_ms = clock_ms(&clock_system) - 30 * DAY;
		c[i] = drift_config(x, specs[i]);
		push_for(x, &now, &c[i], PUSHED, "\"good\"", true);
	}
	last = now.set_ms;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		now.set_ms = last + steps[i].days * DAY;
		walk(x, steps[i].settings, steps[i].stopped ? &stop : NULL);
		for (int k = 0; k < 3; k++) {
			assert_int_equal(
			    of_config(x, "config_snapshots", &c[k]), steps[i].snapshots[k]);
			assert_int_equal(of_config(x, "drift_reports", &c[k]), steps[i].reports[k]);
		}
	}
	drift_check_contents(x);
}

struct ending {
	struct outbox o;
};

static bool
end_body(struct db *db, void *arg, struct err *e)
{
	struct ending *n = arg;

	return outbox_set(db, &n->o, e);
}

static void
a_delivery_that_ends_takes_old_messages_with_it(void **state)
{
	struct drift_world *x = *state;
	struct err          e = { 0 };
	struct clock        now = { &stepped, clock_ms(&clock_system) - 200 * DAY };
	struct uuid         channel = drift_channel(x, "https://hooks.example.org/x");
	struct ending       end = { 0 };
	const struct tx     tx = { "end", end_body, &end, NULL, NULL };

	for (int i = 0; i < 30; i++) {
		struct outbox o = { .id = uuid_make(&now, &rand_system),
			.channel_id = channel,
			.event = talloc_strdup(x, "channel.test"),
			.body = { (const uint8_t *)"x", 1 },
			.state = talloc_strdup(x, i % 3 == 0   ? "dead"
						  : i % 3 == 1 ? "delivered"
							       : "pending"),
			.created_at = { now.set_ms } };

		for (int b = 0; b < 6; b++) /* ids of one process never go back in time */
			o.id.b[b] = (uint8_t)((uint64_t)now.set_ms >> (40 - 8 * b));
		now.set_ms += 5 * DAY; /* the last ones are of the last 90 days */
		assert_ok(outbox_add(x->t->db, &o, &e));
		end.o = o;
	}
	for (int i = 0; i < 3; i++) {
		end.o.state = talloc_strdup(x, "delivered");
		end.o.done_at.ms = clock_ms(&clock_system);
		assert_ok(tx_run(x->t->db, &tx, &e));
	}
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.outbox WHERE state <> 'pending'"
					" AND created_at < UTC_TIMESTAMP() - INTERVAL 90 DAY"),
	    0);
	assert_true(drift_count(x, "SELECT COUNT(*) FROM %s.outbox WHERE state <> 'pending'") > 3);
	/* what is not delivered yet is none of it */
	assert_true(drift_count(x, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'pending'"
				   " AND created_at < UTC_TIMESTAMP() - INTERVAL 90 DAY") > 3);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_old_goes_and_what_must_stays),
		TEST(the_newest_report_stays_while_nothing_changes),
		TEST(without_a_push_a_walk_ends_what_tenant_and_config_keep_no_longer),
		TEST(a_delivery_that_ends_takes_old_messages_with_it),
	};

	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
