/* What a push and a list read does not grow with what was there before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/db_priv.h"
#include "core/store/drift/finding.h"
#include "core/store/drift/report.h"
#include "core/store/drift/snapshot.h"
#include "tests/store/drift_world.h"

#define PAST    "20000"
#define LASTING "100500"

static void
analyze(struct drift_world *x, const char *sql)
{
	talloc_free(drift_text(x, x, sql));
}

/* Of the median of five pushes, each with a value that was never there. */
static int
by_number(const void *a, const void *b)
{
	const long *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static long
new_values_read(struct drift_world *x, const struct uuid *config, int first)
{
	long n[5];

	for (int i = 0; i < 5; i++) {
		char value[40];

		snprintf(value, sizeof(value), "{\"sync\":%d}", first + i);
		n[i] = server_rows_read(x->t->db);
		assert_string_equal(
		    drift_push_values(x, config, VALUES(value, "{\"b\":1}", "{\"c\":1}"))
			.report.status,
		    "drifted");
		n[i] = server_rows_read(x->t->db) - n[i];
	}
	qsort(n, 5, sizeof(n[0]), by_number);
	return n[2];
}

/* As after so many pushes: each ended a value of the finding and a version of the resource. */
static void
make_past(struct drift_world *x)
{
	drift_sql(x,
	    "INSERT INTO %s.drift_findings (config_id, fingerprint, value_hash, status,"
	    " present, runs, promoted, created_at, updated_at)"
	    " SELECT f.config_id, f.fingerprint, UNHEX(SHA2(q.seq, 256)), 'resolved', FALSE, 0,"
	    " FALSE, NOW(3), NOW(3) FROM %s.seq_1_to_" PAST " q"
	    " JOIN (SELECT * FROM %s.drift_findings WHERE status = 'detected' LIMIT 1) f");
	drift_sql(x,
	    "INSERT INTO %s.resource_versions (resource_id, from_seq, until_seq, span, config_id,"
	    " address) SELECT v.resource_id, v.from_seq + q.seq, v.from_seq + q.seq + 1, 1,"
	    " v.config_id, v.address FROM %s.seq_1_to_" PAST " q"
	    " JOIN (SELECT * FROM %s.resource_versions WHERE until_seq IS NULL"
	    " ORDER BY from_seq DESC LIMIT 1) v");
	drift_sql(x, "UPDATE %s.resource_versions SET from_seq = from_seq + " PAST " + 1"
		     " WHERE until_seq IS NULL ORDER BY from_seq DESC LIMIT 1");
	drift_sql(x, "UPDATE %s.config_state SET seq = seq + " PAST " + 1");
	analyze(x, "ANALYZE TABLE %s.resource_versions");
	analyze(x, "ANALYZE TABLE %s.drift_findings");
}

static void
a_push_reads_no_more_after_very_many_values(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, DRIFT_PUSH);
	long                early, late;

	drift_push_values(x, &c, VALUES("{\"sync\":0}", "{\"b\":1}", "{\"c\":1}"));
	new_values_read(x, &c, 1);
	early = new_values_read(x, &c, 100);
	make_past(x);
	late = new_values_read(x, &c, 200);
	if (late * 10 > early * 12)
		fail_msg(
		    "%ld rows read by a push at first, %ld after " PAST " values", early, late);
	assert_true(early > 0);
	/* And one of the past is known again. */
	drift_push_values(x, &c, VALUES("{\"sync\":100}", "{\"b\":1}", "{\"c\":1}"));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_history"
					" WHERE note = 'It is there again.'"),
	    1);
}

/* ---- what was in force at a number ---- */

/* Resource n has versions of one length: 4^k - 1 and 4^k, from the shortest to more than any config
 * comes to. */
static void
make_lengths(struct drift_world *x)
{
	drift_sql(x,
	    "INSERT INTO %s.resources (id, config_id, category, `key`) SELECT"
	    " UNHEX(LPAD(HEX(q.seq), 32, '0')), s.config_id, 'c', q.seq FROM %s.seq_1_to_26 q"
	    " JOIN %s.config_state s");
	drift_sql(x,
	    "INSERT INTO %s.resource_versions (resource_id, from_seq, until_seq, config_id,"
	    " address) SELECT r.id, 10 + k.seq * l.n, 10 + (k.seq + 1) * l.n, r.config_id,"
	    " UNHEX(SHA2(r.`key`, 256)) FROM %s.resources r JOIN (SELECT q.seq, GREATEST(1,"
	    " CAST(POW(4, (q.seq - 1) DIV 2) AS UNSIGNED) - q.seq % 2) AS n"
	    " FROM %s.seq_1_to_26 q) l ON l.seq = r.`key` JOIN %s.seq_0_to_60 k");
}

static void
found_at(struct drift_world *x, const struct uuid *config, uint64_t seq)
{
	TALLOC_CTX  *mem = talloc_new(x);
	struct err   e = { 0 };
	struct held *rows;
	size_t       n;

	assert_ok(held_at(x->t->db, mem, config, seq, &rows, &n, &e));
	assert_int_equal(n, drift_count(x, talloc_asprintf(mem,
					       "SELECT COUNT(*) FROM %%s.resource_versions"
					       " WHERE from_seq <= %llu AND until_seq > %llu",
					       (unsigned long long)seq, (unsigned long long)seq)));
	for (size_t i = 1; i < n; i++)
		assert_true(strcmp(rows[i - 1].key, rows[i].key) < 0);
	talloc_free(mem);
}

static void
what_was_in_force_is_found_however_long_it_was(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, DRIFT_PUSH);

	make_lengths(x);
	for (int classes = 0; classes < 2; classes++) {
		for (uint64_t seq = 9; seq < 70; seq++)
			found_at(x, &c, seq);
		for (uint64_t seq = 64; seq < 1u << 30; seq *= 4)
			for (uint64_t near = seq + 8; near < seq + 13; near++)
				found_at(x, &c, near);
		/* Until now no version had a class, as those that a program from before ends. */
		drift_sql(x, "UPDATE %s.resource_versions SET span = LEAST(12,"
			     " (LENGTH(BIN(until_seq - from_seq)) + 1) DIV 2)");
	}
}

/* ---- what was accepted and is there no more ---- */

/* More than was ever held against one snapshot at a time. */
static void
make_lasting(struct drift_world *x)
{
	drift_sql(x,
	    "INSERT INTO %s.drift_findings (config_id, fingerprint, value_hash, status,"
	    " present, runs, promoted, reason, owner, created_at, updated_at)"
	    " SELECT f.config_id, UNHEX(SHA2(q.seq, 256)), f.value_hash,"
	    " IF(q.seq % 100 = 0, 'ignored', 'accepted'), FALSE, 0, FALSE, 'was right', 'somebody',"
	    " NOW(3), NOW(3) FROM %s.seq_1_to_" LASTING " q"
	    " JOIN (SELECT * FROM %s.drift_findings WHERE status = 'accepted' LIMIT 1) f");
	analyze(x, "ANALYZE TABLE %s.drift_findings");
}

static int64_t
accepted_there(struct drift_world *x)
{
	return drift_count(x, "SELECT COUNT(*) FROM %s.drift_findings"
			      " WHERE status = 'accepted' AND present");
}

static void
push_is(struct drift_world *x, const struct uuid *config, const char *value, const char *status,
    int64_t accepted)
{
	struct ingest_answer a =
	    drift_push_values(x, config, VALUES(value, "{\"b\":1}", "{\"c\":1}"));

	assert_string_equal(a.report.status, status);
	assert_int_equal(a.report.accepted, accepted);
	assert_int_equal(accepted_there(x), accepted);
}

static void
what_was_accepted_and_is_gone_costs_a_push_nothing(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, DRIFT_PUSH);
	const char         *failed = ",\"collections\":{\"c\":\"failed\"}";
	long                early, late;

	push_is(x, &c, "{\"sync\":0}", "baseline", 0);
	push_is(x, &c, "{\"sync\":7}", "drifted", 0);
	drift_sql(x, "UPDATE %s.drift_findings SET status = 'accepted', owner = 'somebody'");
	push_is(x, &c, "{\"sync\":0}", "clean", 0);
	new_values_read(x, &c, 1000);
	early = new_values_read(x, &c, 1100);
	make_lasting(x);
	late = new_values_read(x, &c, 1200);
	if (late * 10 > early * 12)
		fail_msg("%ld rows read by a push at first, %ld after " LASTING " acceptances",
		    early, late);
	/* The decision holds when its value is back, and while nobody can see whether it is. */
	push_is(x, &c, "{\"sync\":7}", "clean", 1);
	drift_push(x, x, &c, drift_body(x, failed, 0, NULL));
	assert_int_equal(accepted_there(x), 1);
	push_is(x, &c, "{\"sync\":0}", "clean", 0);
	push_is(x, &c, "{\"sync\":7}", "clean", 1);
	push_is(x, &c, "{\"sync\":8}", "drifted", 0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_findings"
					" WHERE status IN ('accepted', 'ignored')"),
	    1 + atol(LASTING));
}

/* ---- how often the database is asked ---- */

/* How often one push waits for the database, where its statements are kept. */
static const struct {
	const char *what, *value;
	unsigned    trips; /* its rules are read with it */
} pushes[] = {
	{ "the first", "{\"sync\":0}", 3 },
	{ "one after it, whose report is another", "{\"sync\":0}", 4 },
	{ "the same", "{\"sync\":0}", 2 },
	{ "the first change", "{\"sync\":1}", 6 },
	{ "the same change", "{\"sync\":1}", 2 },
	{ "another value", "{\"sync\":2}", 6 },
	{ "one more value", "{\"sync\":3}", 6 },
	{ "back as it was", "{\"sync\":0}", 4 },
};

#define WITH_RULES                                                                                 \
	"{\"source\":{\"kind\":\"push\"},\"rules\":[{\"path\":\"/sync\",\"severity\":\"high\"}]}"

/* As many as may be announced of a config, all of what changes in it, with a service key. */
#define KEY                                                                                        \
	"REPLACE INTO %s.api_keys (id, name, kind, prefix, secret_hash, scopes,"                   \
	" allowed_addresses, created_at) VALUES (UNHEX(MD5('x')), 'x', 'service', 'x',"            \
	" UNHEX(REPEAT('0', 64)), '[\"update:drift\"]', '[]', NOW(3))"
#define ANNOUNCE                                                                                   \
	"INSERT INTO %%s.drift_intents (id, config_id, category, `key`, path, expect, reason,"     \
	" owner, starts_at, ends_at, created_at) SELECT UNHEX(MD5(CONCAT('%s', seq))),"            \
	" UNHEX(REPLACE('%s', '-', '')), 'c', 'k0', '/sync', '%s', 'x', 'key:x',"                  \
	" NOW(3) - INTERVAL 1 DAY, NOW(3) + INTERVAL 1 DAY, NOW(3) FROM %%s.seq_1_to_100"

static void
announce(struct drift_world *x, const struct uuid *config, const char *expect)
{
	char id[UUID_TEXT_MAX];

	uuid_print(config, id);
	drift_sql(x, KEY);
	drift_sql(x, talloc_asprintf(x, ANNOUNCE, id, id, expect));
}

/* `expect` NULL: nothing is announced. */
static void
push_and_count(struct drift_world *x, const char *spec, const char *expect, unsigned *counts)
{
	struct uuid c = drift_config(x, spec);

	if (expect != NULL)
		announce(x, &c, expect);
	for (size_t i = 0; i < sizeof(pushes) / sizeof(pushes[0]); i++) {
		db_stats_reset(x->t->db);
		drift_push_values(x, &c, VALUES(pushes[i].value, "{\"b\":1}", "{\"c\":1}"));
		counts[i] = (unsigned)db_stats(x->t->db).trips;
	}
}

static void
a_push_asks_the_database_so_often_and_no_more(void **state)
{
	struct drift_world *x = *state;
	unsigned            plain[8], rules[8], other[8], as[8];
	int                 wrong = 0;

	_Static_assert(sizeof(plain) / sizeof(plain[0]) == sizeof(pushes) / sizeof(pushes[0]), "");
	for (int i = 0; i < 2;
	     i++) { /* the first time each statement is prepared, in a round trip of its own */
		push_and_count(x, DRIFT_PUSH, NULL, plain);
		push_and_count(x, WITH_RULES, NULL, rules);
		push_and_count(x, DRIFT_PUSH, "gone", other);
		push_and_count(x, DRIFT_PUSH, "any", as);
	}
	for (size_t i = 0; i < sizeof(pushes) / sizeof(pushes[0]); i++) {
		if (plain[i] == pushes[i].trips && rules[i] == pushes[i].trips &&
		    other[i] == pushes[i].trips && as[i] <= pushes[i].trips + 1)
			continue; /* one asks whether who announced it may accept it */
		wrong++;
		fprintf(stderr,
		    "%s: %u, with rules %u, announced otherwise %u and so %u round trips instead "
		    "of %u\n",
		    pushes[i].what, plain[i], rules[i], other[i], as[i], pushes[i].trips);
	}
	assert_int_equal(wrong, 0);
	for (int v = 0; v < 2; v++)
		assert_true(drift_count(x, v == 0 ? "SELECT COUNT(*) FROM %s.drift_findings WHERE "
						    "LEFT(announced, 12) = 'as_announced'"
						  : "SELECT COUNT(*) FROM %s.drift_findings WHERE "
						    "LEFT(announced, 11) = 'other_value'") > 0);
}

/* Of a change that is told to a channel of the config, and of the next: how often they wait. */
static void
tell_and_count(struct drift_world *x, const char *spec, unsigned counts[2])
{
	static const char *const values[] = { "{\"sync\":1}", "{\"sync\":2}" };
	struct uuid              c = drift_config(x, spec);

	drift_push_values(x, &c, VALUES("{\"sync\":0}", "{\"b\":1}", "{\"c\":1}"));
	for (size_t i = 0; i < 2; i++) {
		db_stats_reset(x->t->db);
		drift_push_values(x, &c, VALUES(values[i], "{\"b\":1}", "{\"c\":1}"));
		counts[i] = (unsigned)db_stats(x->t->db).trips;
	}
}

#define ROUTE_TO                                                                                   \
	"UPDATE %%s.alert_routing SET version = 2, routes = '{\"routes\":[{\"id\":\"%s\","         \
	"\"name\":\"r\",\"match\":{\"min_severity\":\"%s\"},"                                      \
	"\"channels\":[\"%s\"],\"created_at\":\"2026-11-30T10:00:00.000Z\","                       \
	"\"updated_at\":\"2026-11-30T10:00:00.000Z\"}]}'"

static void
put_route(struct drift_world *x, const struct uuid *channel, const char *severity)
{
	char id[UUID_TEXT_MAX];

	uuid_print(channel, id);
	drift_sql(x, talloc_asprintf(x, ROUTE_TO, id, severity, id));
}

static void
a_route_costs_one_round_trip_more_where_an_alert_is_told(void **state)
{
	struct drift_world *x = *state;
	struct uuid         channel = drift_channel(x, "http://127.0.0.1:9/");
	unsigned            without[2], fits[2], other[2];
	char                id[UUID_TEXT_MAX], *spec;

	uuid_print(&channel, id);
	spec = talloc_asprintf(
	    x, "{\"source\":{\"kind\":\"push\"},\"alerts\":[{\"channel_id\":\"%s\"}]}", id);
	for (int i = 0; i < 2; i++)
		tell_and_count(x, spec, without);
	for (int i = 0; i < 2; i++) {
		put_route(x, &channel, "critical");
		tell_and_count(x, spec, other);
		put_route(x, &channel, "low");
		tell_and_count(x, spec, fits);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(fits[i], without[i] + 1);
		assert_int_equal(other[i], without[i] + 1);
	}
	drift_sql(x, "UPDATE %s.alert_routing SET version = 1, routes = '{\"routes\":[]}'");
}

/* ---- lists ---- */

static long
lists_read(struct drift_world *x, const struct uuid *config, size_t want)
{
	struct report_filter f = { .config_id = *config };
	TALLOC_CTX          *mem = talloc_new(NULL);
	struct err           e = { 0 };
	struct page          p = { .want = want };
	long                 before = server_rows_read(x->t->db), most, read;

	assert_ok(snapshot_list(x->t, mem, config, &p, &e));
	assert_int_equal(p.n, want);
	most = server_rows_read(x->t->db) - before;
	before = server_rows_read(x->t->db);
	assert_ok(report_list(x->t, mem, &f, &p, &e));
	assert_int_equal(p.n, want);
	read = server_rows_read(x->t->db) - before;
	talloc_free(mem);
	return read > most ? read : most;
}

static void
lists_read_as_much_at_any_size(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, DRIFT_PUSH);
	long                own = server_rows_read(x->t->db);

	own = server_rows_read(x->t->db) - own; /* of asking */
	for (int i = 0; i < 52; i++) {
		char value[40];

		snprintf(value, sizeof(value), "{\"sync\":%d}", i);
		drift_push_values(x, &c, VALUES(value, "{\"b\":1}", "{\"c\":1}"));
	}
	assert_in_range(lists_read(x, &c, 50) - own, 50, 4 * 50);
	drift_sql(x, "INSERT INTO %s.config_snapshots (id, config_id, seq, in_order, digest,"
		     " collections, resources, actor, pushed_by, collected_at, received_at)"
		     " SELECT UNHEX(CONCAT('0190', LPAD(HEX(q.seq), 12, '0'), '8000000000000000')),"
		     " s.config_id, 1000 + q.seq, TRUE, s.digest, s.collections, 3, '', '',"
		     " '2026-01-01' + INTERVAL q.seq SECOND, '2026-01-01' + INTERVAL q.seq SECOND"
		     " FROM %s.seq_1_to_5000 q JOIN (SELECT * FROM %s.config_snapshots LIMIT 1) s");
	drift_sql(x,
	    "INSERT INTO %s.drift_reports (id, config_id, snapshot_id, status, by_severity,"
	    " incomplete, started_at, finished_at)"
	    " SELECT UNHEX(CONCAT('0190', LPAD(HEX(q.seq), 12, '0'), '8000000000000000')),"
	    " r.config_id, r.snapshot_id, r.status, '{}', '[]', NOW(3), NOW(3)"
	    " FROM %s.seq_1_to_5000 q JOIN (SELECT * FROM %s.drift_reports LIMIT 1) r");
	for (int i = 0; i < 2; i++) {
		assert_in_range(lists_read(x, &c, 50) - own, 50, 4 * 50);
		analyze(x, i == 0 ? "ANALYZE TABLE %s.config_snapshots"
				  : "ANALYZE TABLE %s.drift_reports");
	}
	assert_in_range(lists_read(x, &c, 50) - own, 50, 4 * 50);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_push_reads_no_more_after_very_many_values),
		TEST(what_was_in_force_is_found_however_long_it_was),
		TEST(what_was_accepted_and_is_gone_costs_a_push_nothing),
		TEST(a_push_asks_the_database_so_often_and_no_more),
		TEST(a_route_costs_one_round_trip_more_where_an_alert_is_told),
		TEST(lists_read_as_much_at_any_size),
	};

	return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}
