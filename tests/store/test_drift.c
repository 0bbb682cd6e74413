#include <string.h>

#include "core/store/alert/alert.h"
#include "core/store/drift/finding.h"
#include "core/store/alert/outbox.h"
#include "core/store/drift/snapshot.h"
#include "drift/snapshot/baseline.h"
#include "tests/store/drift_world.h"

static void
every_statement_fits_the_schema(void **state)
{
	struct drift_world *x = *state;
	struct err          e = { 0 };

	assert_ok(db_verify(x->t->db, SQL_TENANT, &e));
	assert_ok(db_verify(database_control(x->w->d), SQL_CONTROL, &e));
}

static void
the_first_complete_snapshot_is_the_baseline_and_never_alerts(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, DRIFT_PUSH);
	struct ingest_answer a = drift_push_values(x, &c, VALUES("{\"a\":1}", "{\"b\":2}"));

	assert_string_equal(a.report.status, "baseline");
	assert_non_null(strstr(a.report.not_alerted.text, "first_snapshot"));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 0);
	assert_int_equal(drift_count(x, "SELECT baseline_approved FROM %s.config_state"), 0);
	assert_int_equal(drift_count(x, "SELECT baseline_seq FROM %s.config_state"), 1);
	drift_check(x);
}

static void
an_unchanged_push_adds_one_row_and_no_content(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, DRIFT_PUSH);
	struct ingest_answer first, again;
	int64_t              contents, versions, reports, snapshots;

	drift_push_values(x, &c, VALUES("{\"a\":1}", "{\"b\":2}"));
	first = drift_push_values(x, &c, VALUES("{\"a\":1.0}", "{\"b\":2}"));
	assert_string_equal(first.report.status, "clean");
	contents = drift_count(x, "SELECT COUNT(*) FROM %s.contents");
	versions = drift_count(x, "SELECT COUNT(*) FROM %s.resource_versions");
	reports = drift_count(x, "SELECT COUNT(*) FROM %s.drift_reports");
	snapshots = drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots");
	again = drift_push_values(x, &c, VALUES("{\"a\":1e0}", "{\"b\":2}"));
	assert_true(again.unchanged);
	assert_true(uuid_eq(&again.report.id, &first.report.id));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.contents"), contents);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.resource_versions"), versions);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_reports"), reports);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"), snapshots + 1);
	assert_int_equal(contents, 2);
	drift_check(x);
}

static void
an_alert_opens_once_is_updated_by_a_new_value_and_resolved(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          channel = drift_channel(x, "https://hooks.example.org/x");
	char                 id[UUID_TEXT_MAX];
	struct uuid          c;
	struct ingest_answer a;

	uuid_print(&channel, id);
	c = drift_config(
	    x, talloc_asprintf(x,
		   "{\"source\":{\"kind\":\"push\"},\"thresholds\":{\"blind_after\":100},"
		   "\"alerts\":[{\"channel_id\":\"%s\"}]}",
		   id));
	drift_push_values(x, &c, VALUES("{\"a\":1}", "{\"b\":2}"));
	a = drift_push_values(x, &c, VALUES("{\"a\":7}", "{\"b\":2}"));
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(a.report.modified, 1);
	assert_null(a.report.not_alerted.text);
	assert_string_equal(
	    drift_text(x, x, "SELECT GROUP_CONCAT(event ORDER BY id) FROM %s.outbox"),
	    "drift.alert.opened");
	drift_arrive(x);
	/* Another change beside it: told; the first one is not told again. */
	drift_push_values(x, &c, VALUES("{\"a\":7}", "{\"b\":3}"));
	assert_string_equal(
	    drift_text(x, x, "SELECT GROUP_CONCAT(event ORDER BY id) FROM %s.outbox"),
	    "drift.alert.opened,drift.alert.updated");
	drift_arrive(x);
	/* The same findings under another snapshot. */
	a = drift_push(x, x, &c,
	    drift_body(
		x, ",\"collections\":{\"empty\":\"complete\"}", VALUES("{\"a\":7}", "{\"b\":3}")));
	assert_non_null(strstr(a.report.not_alerted.text, "nothing_new"));
	/* One gone: quiet; it comes back: told. */
	drift_push_values(x, &c, VALUES("{\"a\":7}", "{\"b\":2}"));
	assert_int_equal(drift_count(x, "SELECT changes FROM %s.alerts"), 1);
	drift_push_values(x, &c, VALUES("{\"a\":7}", "{\"b\":3}"));
	drift_arrive(x);
	drift_push_values(x, &c, VALUES("{\"a\":1}", "{\"b\":2}"));
	assert_string_equal(
	    drift_text(x, x, "SELECT GROUP_CONCAT(event ORDER BY id) FROM %s.outbox"),
	    "drift.alert.opened,drift.alert.updated,drift.alert.updated,drift.alert.resolved");
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE status = 'resolved'"
					" AND open_key IS NULL AND resolved_by = 'system'"),
	    1);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM testbsx.outbox_index"), 1);
	drift_check(x);
}

static void
what_was_not_read_is_no_deletion(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, DRIFT_PUSH);
	struct ingest_answer a;

	drift_push(x, x, &c,
	    "{\"resources\":[{\"category\":\"users\",\"key\":\"u\",\"value\":1},"
	    "{\"category\":\"groups\",\"key\":\"g\",\"value\":1}]}");
	/* Not spoken of: not in this push. */
	a = drift_push(
	    x, x, &c, "{\"resources\":[{\"category\":\"users\",\"key\":\"u\",\"value\":1}]}");
	assert_string_equal(a.report.status, "clean");
	assert_string_equal(a.report.incomplete.text, "[]");
	/* Said to be forbidden, and something else drifted. */
	a = drift_push(x, x, &c,
	    "{\"resources\":[{\"category\":\"users\",\"key\":\"u\",\"value\":2}],"
	    "\"collections\":{\"groups\":\"forbidden\"}}");
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(a.report.modified, 1);
	assert_int_equal(a.report.deleted, 0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.resource_versions WHERE until_seq IS NULL"), 2);
	/* What was found is over, whatever else is not read. */
	a = drift_push(x, x, &c,
	    "{\"resources\":[{\"category\":\"users\",\"key\":\"u\",\"value\":1}],"
	    "\"collections\":{\"groups\":\"failed\"}}");
	assert_string_equal(a.report.status, "incomplete");
	assert_non_null(strstr(a.report.incomplete.text, "\"groups\",\"why\":\"failed\""));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE status = 'open'"
					" AND kind = 'drift'"),
	    0);
	/* The third in a row: blind. */
	drift_push(x, x, &c,
	    "{\"resources\":[{\"category\":\"users\",\"key\":\"u\",\"value\":1}],"
	    "\"collections\":{\"groups\":\"throttled\"}}");
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE status = 'open'"
					" AND kind = 'blind'"),
	    1);
	/* Read, and empty. */
	a = drift_push(x, x, &c,
	    "{\"resources\":[{\"category\":\"users\",\"key\":\"u\",\"value\":1}],"
	    "\"collections\":{\"groups\":\"complete\"}}");
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(a.report.deleted, 1);
	drift_check(x);
}

static void
a_push_of_the_past_is_history_and_one_of_the_future_is_refused(void **state)
{
	struct drift_world      *x = *state;
	struct uuid              c = drift_config(x, DRIFT_PUSH);
	struct err               e = { 0 };
	struct ingest_answer     a;
	struct snapshot          s;
	struct held             *held;
	struct resource          r;
	const struct drift_spec *spec;
	struct drift_config      config;
	size_t                   n;
	char                     now[TIME_TEXT_MAX];

	drift_push_values(x, &c, VALUES("{\"a\":1}"));
	a = drift_push(x, x, &c,
	    drift_body(x, ",\"collected_at\":\"2020-01-02T03:04:05Z\"", VALUES("{\"a\":5}")));
	assert_string_equal(a.report.status, "drifted");
	assert_non_null(strstr(a.report.not_alerted.text, "out_of_order"));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.config_state WHERE state = 'ok' AND seq = 2"),
	    1);
	assert_ok(snapshot_by_id(x->t, x, &a.snapshot_id, &s, &e));
	assert_false(s.in_order);
	assert_ok(baseline_held(x->t, x, &s, &held, &n, &e));
	assert_int_equal(n, 1);
	assert_ok(config_by_id(x->t, x, &c, &config, &e));
	spec = spec_of(x->d, x->t, &config, NULL, &e);
	assert_non_null(spec);
	assert_ok(baseline_resource(
	    x->t, x, &(struct normal_form) { spec->compare, NULL }, &held[0], &r, &e));
	assert_true(str_eqz(json_get(r.value, "a")->text, "5e0"));
	time_print(clock_ms(&clock_system) + 6 * 60000, now);
	assert_fails(
	    drift_try(x, x, &c, NULL,
		drift_body(x, talloc_asprintf(x, ",\"collected_at\":\"%s\"", now), VALUES("1")), &a,
		&e),
	    ERR_INVALID);
	assert_string_equal(e.faults->pointer, "/collected_at");
	drift_check(x);
}

static void
bad_pushes_are_refused_and_leave_nothing(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{\"resources\":[],\"document\":1}",
		("{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":1},{\"category\":"
		 "\"c\",\"key\":\"k\",\"value\":2}]}"),
		"{\"resources\":[{\"category\":\"\",\"key\":\"k\",\"value\":1}]}",
		"{\"resources\":[{\"category\":\"c\",\"key\":\"k\"}]}",
		"{\"resources\":[{\"category\":\"c\",\"key\":\"k\\u0000\",\"value\":1}]}",
		"{\"resources\":[],\"collections\":{\"c\":\"perhaps\"}}",
		"{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":1e99999999999}]}",
	};
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, DRIFT_PUSH);
	struct err           e = { 0 };
	struct ingest_answer a;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_fails(drift_try(x, x, &c, NULL, bad[i], &a, &e), ERR_INVALID);
		assert_non_null(e.faults);
	}
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"), 0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.contents"), 0);
}

static void
a_key_repeats_its_answer_and_refuses_another_body(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, DRIFT_PUSH);
	struct err           e = { 0 };
	struct ingest_answer a, b;

	assert_ok(drift_try(x, x, &c, "key-1", drift_body(x, "", VALUES("1")), &a, &e));
	assert_ok(drift_try(x, x, &c, "key-1", drift_body(x, "", VALUES("1")), &b, &e));
	assert_true(b.repeated);
	assert_true(uuid_eq(&a.snapshot_id, &b.snapshot_id));
	assert_true(uuid_eq(&a.report.id, &b.report.id));
	assert_fails(
	    drift_try(x, x, &c, "key-1", drift_body(x, "", VALUES("2")), &b, &e), ERR_CONFLICT);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"), 1);
}

static void
in_mode_previous_the_baseline_moves(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(
		    x, "{\"source\":{\"kind\":\"push\"},\"baseline\":{\"mode\":\"previous\"}}");

	assert_string_equal(drift_push_values(x, &c, VALUES("1")).report.status, "baseline");
	assert_string_equal(drift_push_values(x, &c, VALUES("2")).report.status, "drifted");
	assert_string_equal(drift_push_values(x, &c, VALUES("2")).report.status, "clean");
	assert_true(drift_push_values(x, &c, VALUES("2")).unchanged);
	assert_string_equal(drift_push_values(x, &c, VALUES("1")).report.status, "drifted");
	drift_check(x);
}

static void
what_this_version_does_not_do_is_refused(void **state)
{
	static const struct {
		const char *spec, *pointer;
	} bad[] = {
		{ "{\"source\":{\"kind\":\"http\"}}", "/source/collections" },
		{ "{\"source\":{\"kind\":\"push\"},\"schedule\":{\"interval_s\":60}}",
		    "/schedule" },
		{ "{\"source\":{\"kind\":\"push\"},\"retention_s\":0}", "/retention_s" },
		{ "{\"source\":{\"kind\":\"push\"},\"baseline\":{\"mode\":\"silver\"}}",
		    "/baseline/mode" },
		{ "{\"source\":{\"kind\":\"push\"},\"thresholds\":{\"flapping\":true}}",
		    "/thresholds/flapping" },
		{ "{\"source\":{\"kind\":\"push\"},\"rule_packs\":[\"../../etc/passwd\"]}",
		    "/rule_packs/0" },
		{ "{\"source\":{\"kind\":\"push\"},\"rules\":[{\"severity\":\"worst\"}]}",
		    "/rules/0/severity" },
		{ "{\"source\":{\"kind\":\"push\"},\"compare\":{\"arrays\":[{\"path\":\"/"
		  "a\",\"mode\":\"bag\"}]}}",
		    "/compare/arrays/0/mode" },
	};
	struct drift_world *x = *state;
	struct err          e = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&e);
		assert_null(spec_compile(x, x->d, x->t,
		    &(struct drift_config) { .spec = talloc_strdup(x, bad[i].spec) }, NULL, &e));
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(e.faults);
		assert_string_equal(e.faults->pointer, bad[i].pointer);
	}
}

/* ---- history ---- */

static void
every_instant_of_the_past_can_be_read_back(void **state)
{
	struct drift_world      *x = *state;
	struct uuid              c = drift_config(x, DRIFT_PUSH), ids[20];
	struct err               e = { 0 };
	struct drift_config      config;
	const struct drift_spec *spec;

	for (int i = 0; i < 20; i++) {
		char a[64], b[64];

		snprintf(a, sizeof(a), "{\"n\":%d}", i / 2);
		snprintf(b, sizeof(b), "{\"m\":%d}", i % 3);
		ids[i] =
		    drift_push_values(x, &c, i % 4 == 3 ? 1 : 2, (const char *const[]) { a, b })
			.snapshot_id;
	}
	assert_ok(config_by_id(x->t, x, &c, &config, &e));
	spec = spec_of(x->d, x->t, &config, NULL, &e);
	assert_non_null(spec);
	for (int i = 0; i < 20; i++) {
		struct snapshot s;
		struct held    *held;
		struct resource r;
		struct buf      b;
		size_t          n;
		char            want[64];

		assert_ok(snapshot_by_id(x->t, x, &ids[i], &s, &e));
		assert_ok(baseline_held(x->t, x, &s, &held, &n, &e));
		assert_int_equal(n, i % 4 == 3 ? 1 : 2);
		assert_ok(baseline_resource(
		    x->t, x, &(struct normal_form) { spec->compare, NULL }, &held[0], &r, &e));
		buf_make(&b, x);
		resource_print(&b, r.value);
		snprintf(want, sizeof(want), "{\"n\":%d}", i / 2);
		assert_string_equal(b.p, want);
	}
	drift_check(x);
}

static void
a_large_resource_is_kept_in_chunks(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, DRIFT_PUSH);
	size_t               n = 3 << 20;
	char                *big = talloc_size(x, n + 64);
	uint64_t             seed = 1;
	struct ingest_answer a;

	/* Text that does not compress below two chunks. */
	big[0] = '"';
	for (size_t i = 1; i <= n; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		big[i] =
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[seed >> 58];
	}
	memcpy(big + n + 1, "\"", 2);
	drift_push_values(x, &c, VALUES(big));
	assert_true(drift_count(x, "SELECT COUNT(*) FROM %s.contents") >= 3);
	big[n] = big[n] == 'A' ? 'B' : 'A';
	a = drift_push_values(x, &c, VALUES(big));
	assert_int_equal(a.report.modified, 1);
	assert_int_equal(
	    drift_count(x, "SELECT old_truncated + new_truncated FROM %s.drift_changes"), 2);
	drift_check(x);
}

/* ---- lists ---- */

static char *
two_categories(TALLOC_CTX *mem, int value)
{
	char *text = talloc_strdup(mem, "{\"resources\":[");

	for (int i = 0; i < 12; i++)
		text = talloc_asprintf_append(text,
		    "%s{\"category\":\"%s\",\"key\":\"k%d\",\"value\":{\"%s\":%d}}",
		    i == 0 ? "" : ",", i % 4 == 0 ? "even" : "odd", i, i % 3 == 0 ? "a" : "b",
		    i == 11 ? value : value > 0);
	return talloc_strdup_append(text, "]}");
}

static bool
is_asked(const struct change_row *c, const struct change_filter *f)
{
	return (f->severity == NULL || strcmp(c->severity, f->severity) == 0) &&
	       (f->status == NULL || strcmp(c->status, f->status) == 0) &&
	       (f->category == NULL || strcmp(c->category, f->category) == 0);
}

/* A filter's pages of two hold what the whole list has of it, in its order. */
static void
check_filter(struct drift_world *x, struct change_filter f, const struct change_row *all, size_t n)
{
	struct err         e = { 0 };
	struct page        p = { .want = 2 };
	struct change_row *rows;
	size_t             at = 0;

	do {
		assert_ok(change_list(x->t, x, &f, &p, &e));
		rows = p.rows;
		for (size_t i = 0; i < p.n; i++, at++) {
			while (at < n && !is_asked(&all[at], &f))
				at++;
			assert_true(at < n && uuid_eq(&all[at].id, &rows[i].id));
			assert_string_equal(all[at].status, rows[i].status);
			p.after = rows[i].id;
		}
	} while (p.n == 2);
	for (; at < n; at++)
		assert_false(is_asked(&all[at], &f));
}

static void
check_filters(struct drift_world *x, const struct uuid *report)
{
	static const char *const statuses[] = { NULL, "detected", "accepted", "resolved",
		"ignored" };
	static const char *const severities[] = { NULL, "critical", "low", "info" };
	static const char *const categories[] = { NULL, "even", "odd" };
	struct err               e = { 0 };
	struct page              p = { .want = 100 };

	assert_ok(change_list(x->t, x, &(struct change_filter) { .report_id = *report }, &p, &e));
	assert_int_equal(p.n, 12);
	for (int s = 0; s < 5; s++)
		for (int v = 0; v < 4; v++)
			for (int c = 0; c < 3; c++)
				check_filter(x,
				    (struct change_filter) { .report_id = *report,
					.severity = severities[v],
					.status = statuses[s],
					.category = categories[c] },
				    p.rows, p.n);
}

static void
every_filter_finds_what_it_names_in_any_report(void **state)
{
	struct drift_world  *x = *state;
	struct err           e = { 0 };
	struct uuid          c = drift_config(x, "{\"source\":{\"kind\":\"push\"},\"rules\":["
							  "{\"path\":\"/a\",\"severity\":\"critical\"},"
							  "{\"path\":\"/b\",\"severity\":\"low\"}]}");
	struct ingest_answer first, second;
	struct change_row   *rows;
	struct finding_row   f;
	struct page          p = { .want = 100 };

	drift_push(x, x, &c, two_categories(x, 0));
	first = drift_push(x, x, &c, two_categories(x, 1));
	assert_ok(
	    change_list(x->t, x, &(struct change_filter) { .report_id = first.report.id }, &p, &e));
	rows = p.rows;
	for (size_t i = 0; i < p.n; i += 5) {
		assert_ok(finding_by_value(
		    x->t->db, x, &c, rows[i].fingerprint, rows[i].value_hash, &f, &e));
		f.status = talloc_strdup(x, i == 5 ? "ignored" : "accepted");
		assert_ok(finding_put(x->t->db, &f, 1, &e));
	}
	assert_ok(config_touch(x->t->db, &c, (instant) { 0 }, &e));
	check_filters(x, &first.report.id);
	/* One has another value: in the report that is the newest no more it is resolved. */
	second = drift_push(x, x, &c, two_categories(x, 2));
	assert_false(uuid_eq(&first.report.id, &second.report.id));
	check_filters(x, &first.report.id);
	check_filters(x, &second.report.id);
	/* So very many others have each status, whatever a program from before wrote into the rows.
	 */
	drift_sql(x, "UPDATE %s.drift_changes SET status = 'ignored'");
	drift_sql(x,
	    "INSERT INTO %s.drift_findings (config_id, fingerprint, value_hash, status,"
	    " present, runs, created_at, updated_at) SELECT c.id, UNHEX(SHA2(q.seq, 256)),"
	    " UNHEX(SHA2(q.seq, 256)), ELT(1 + q.seq % 4, 'detected', 'accepted', 'resolved',"
	    " 'ignored'), FALSE, 0, NOW(3), NOW(3) FROM %s.seq_1_to_4100 q"
	    " JOIN %s.drift_configs c");
	check_filters(x, &first.report.id);
	check_filters(x, &second.report.id);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_statement_fits_the_schema),
		TEST(the_first_complete_snapshot_is_the_baseline_and_never_alerts),
		TEST(an_unchanged_push_adds_one_row_and_no_content),
		TEST(an_alert_opens_once_is_updated_by_a_new_value_and_resolved),
		TEST(what_was_not_read_is_no_deletion),
		TEST(a_push_of_the_past_is_history_and_one_of_the_future_is_refused),
		TEST(bad_pushes_are_refused_and_leave_nothing),
		TEST(a_key_repeats_its_answer_and_refuses_another_body),
		TEST(in_mode_previous_the_baseline_moves),
		TEST(what_this_version_does_not_do_is_refused),
		TEST(every_instant_of_the_past_can_be_read_back),
		TEST(a_large_resource_is_kept_in_chunks),
		TEST(every_filter_finds_what_it_names_in_any_report),
	};

	return cmocka_run_group_tests_name("drift", tests, NULL, NULL);
}
