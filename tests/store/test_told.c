/* What the audit trail says of each deed on the drift path, byte by byte. */
#include <stdio.h>
#include <string.h>

#include "drift/service/alert.h"
#include "drift/service/baseline.h"
#include "drift/service/compare.h"
#include "drift/service/config.h"
#include "drift/service/finding.h"
#include "drift/service/golden.h"
#include "drift/service/report.h"
#include "drift/service/silence.h"
#include "drift/service/snapshot.h"
#include "tests/store/clerk.h"

/* As it comes, and as JSON: quotes, controls, what a page or a terminal could obey, other planes.
 */
#define HOSTILE      "a \"b\" \\ / <c> \n\t\x7f \xE2\x80\xA8 \xE2\x80\xAE \xF0\x9F\x98\x80"
#define HOSTILE_JSON "a \\\"b\\\" \\\\ / <c> \\n\\t\\u007f \\u2028 \\u202e \xF0\x9F\x98\x80"

static const char *
id_text(struct clerk *y, struct uuid id)
{
	char *text = talloc_size(y, UUID_TEXT_MAX);

	uuid_print(&id, text);
	return text;
}

/* The newest entry is of that action and says that of it; `expected` is a format, %s are ids. */
__attribute__((format(printf, 3, 4))) static void
is_told(struct clerk *y, const char *action, const char *expected, ...)
{
	va_list     args;
	const char *text;

	va_start(args, expected);
	text = talloc_vasprintf(y, expected, args);
	va_end(args);
	assert_string_equal(
	    drift_text(y->x, y, "SELECT action FROM %s.audit ORDER BY seq DESC LIMIT 1"), action);
	assert_string_equal(
	    drift_text(y->x, y, "SELECT details FROM %s.audit ORDER BY seq DESC LIMIT 1"), text);
}

static struct uuid
a_change(struct clerk *y)
{
	return first_id(y, "SELECT " HEX_UUID("id") " FROM %s.drift_changes LIMIT 1");
}

static struct json *
tree_of(struct clerk *y, const char *text)
{
	struct err   e = { 0 };
	struct json *v = json_parse(y, str_of(text), &e);

	assert_non_null(v);
	return v;
}

/* ---- findings ---- */

static void
a_decision_is_told_with_its_words_and_of_many_with_how_many_and_which(void **state)
{
	struct clerk        *y = clerk_make(*state);
	struct uuid          c = drift_config(y->x, DRIFT_PUSH), change;
	struct err           e = { 0 };
	struct decisions     done;
	struct ingest_answer a;
	struct decide_which  which;
	struct ruling        r = { .status = "accepted", .reason = HOSTILE };

	drift_push_values(y->x, &c, VALUES("1"));
	a = drift_push_values(y->x, &c, VALUES("2"));
	change = a_change(y);
	assert_ok(finding_decide(&y->a, &change, &r, &done, &e));
	is_told(y, "change.update", "{\"status\":\"accepted\",\"reason\":\"%s\"}", HOSTILE_JSON);

	r = (struct ruling) { .assigns = true };
	assert_ok(finding_decide(&y->a, &change, &r, &done, &e));
	is_told(y, "change.update", "{\"status\":null}");

	r = (struct ruling) { .status = "detected", .reason = "" };
	which = (struct decide_which) { .ids = &change, .n = 1, .pointer = "/ids" };
	assert_ok(findings_decide(&y->a, &r, &which, NULL, &done, &e));
	is_told(y, "change.update",
	    "{\"status\":\"detected\",\"reason\":\"\",\"matched\":1,\"changed\":1,\"changes\":["
	    "\"%s\"]}",
	    id_text(y, change));

	r = (struct ruling) { .status = "detected" };
	which = (struct decide_which) { .filter = { .report_id = a.report.id } };
	assert_ok(findings_decide(&y->a, &r, &which,
	    tree_of(y, "{\"n\": 1.50, \"a\" : [null, \"\\u0000<\"]}"), &done, &e));
	is_told(y, "change.update",
	    "{\"status\":\"detected\",\"filter\":{\"n\":1.50,\"a\":[null,\"\\u0000<\"]},"
	    "\"matched\":1,\"changed\":0,\"changes\":[]}");
	r.status = "accepted";
	r.reason = "r";
	assert_ok(findings_decide(&y->a, &r, &which, tree_of(y, "{}"), &done, &e));
	is_told(y, "change.update",
	    "{\"status\":\"accepted\",\"reason\":\"r\",\"filter\":{},\"matched\":1,\"changed\":1,"
	    "\"changes\":[\"%s\"]}",
	    id_text(y, change));
}

static void
an_accepted_report_is_told_with_its_reason(void **state)
{
	struct clerk        *y = clerk_make(*state);
	struct uuid          c = drift_config(y->x, DRIFT_PUSH);
	struct err           e = { 0 };
	struct ingest_answer a;
	struct report        report;

	drift_push_values(y->x, &c, VALUES("1"));
	a = drift_push_values(y->x, &c, VALUES("2"));
	assert_ok(
	    report_accept(&y->a, &a.report.id, &(struct acceptance_wish) { .reason = HOSTILE },
		&report, &(struct acceptance) { 0 }, &e));
	is_told(y, "report.accept", "{\"status\":\"accepted\",\"reason\":\"%s\"}", HOSTILE_JSON);
}

static void
finding_says(struct clerk *y, const char *reason, const char *owner, const char *note)
{
	struct uuid id = first_id(y, "SELECT " HEX_UUID("id") " FROM %s.drift_changes LIMIT 1");
	struct err  e = { 0 };
	struct change_seen seen = { 0 };

	assert_ok(change_see(&y->a, &id, &seen, &e));
	assert_string_equal(seen.finding.reason, reason);
	if (owner == NULL)
		assert_null(seen.finding.owner);
	else
		assert_string_equal(seen.finding.owner, owner);
	assert_true(seen.events_n > 0);
	assert_string_equal(seen.events[0].actor, "ada@acme.test");
	assert_string_equal(seen.events[0].note, note);
}

static void
the_reason_of_an_accepted_report_is_written_once_and_each_finding_has_it(void **state)
{
	struct clerk        *y = clerk_make(*state);
	struct drift_world  *x = y->x;
	struct uuid          c = drift_config(x, DRIFT_PUSH);
	struct err           e = { 0 };
	struct ruling        r = { .status = "detected", .reason = "not yet" };
	struct decide_which  which = { 0 };
	struct ingest_answer a;
	struct decisions     done;
	struct report        report;
	bool                 dropped;

	drift_push_values(x, &c, VALUES("1", "2", "3"));
	a = drift_push_values(x, &c, VALUES("4", "5", "6"));
	assert_ok(
	    report_accept(&y->a, &a.report.id, &(struct acceptance_wish) { .reason = HOSTILE },
		&report, &(struct acceptance) { 0 }, &e));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_decisions"), 1);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_findings"
					" WHERE decision > 0 AND reason IS NULL AND owner IS NULL"),
	    3);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_history"
					" WHERE decision > 0 AND note = ''"),
	    3);
	finding_says(y, HOSTILE, "ada@acme.test", HOSTILE);
	/* What a program from before decides later is in the row, which keeps the number. */
	drift_sql(x, "UPDATE %s.drift_findings SET reason = 'theirs', owner = 'bob'");
	finding_says(y, "theirs", "bob", HOSTILE);
	drift_sql(x, "UPDATE %s.drift_findings SET reason = NULL, owner = NULL");
	finding_says(y, HOSTILE, "ada@acme.test", HOSTILE);
	which.filter.report_id = a.report.id;
	assert_ok(findings_decide(&y->a, &r, &which, tree_of(y, "{}"), &done, &e));
	finding_says(y, "not yet", NULL, HOSTILE);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.drift_findings WHERE decision > 0"), 0);
	assert_ok(report_accept(&y->a, &a.report.id, &(struct acceptance_wish) { .reason = "now" },
	    &report, &(struct acceptance) { 0 }, &e));
	finding_says(y, "now", "ada@acme.test", HOSTILE);
	assert_ok(config_drop(x->t->db, &c, 1, acting_now(&y->a), "ada", &dropped, &e));
	assert_true(dropped);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_decisions"), 0);
}

static void
an_acceptance_asks_the_database_so_often_and_no_more(void **state)
{
	struct clerk        *y = clerk_make(*state);
	struct uuid          c = drift_config(y->x, DRIFT_PUSH);
	struct err           e = { 0 };
	struct ingest_answer a;
	struct report        report;

	drift_push_values(y->x, &c, VALUES("0"));
	for (int i = 1; i < 4; i++) { /* the first time each statement is prepared */
		char value[8];

		snprintf(value, sizeof(value), "%d", i);
		a = drift_push_values(y->x, &c, VALUES(value));
		db_stats_reset(y->x->t->db);
		assert_ok(report_accept(&y->a, &a.report.id,
		    &(struct acceptance_wish) { .reason = "so be it" }, &report,
		    &(struct acceptance) { 0 }, &e));
	}
	assert_int_equal(db_stats(y->x->t->db).trips, 18); /* one of them asks for routes */
}

/* ---- alerts ---- */

static void
an_alert_is_told_with_status_and_note_and_of_many_with_how_many_and_which(void **state)
{
	struct clerk      *y = clerk_make(*state);
	struct uuid        c = drift_config(y->x, DRIFT_PUSH), id;
	struct err         e = { 0 };
	struct alert       out;
	struct alerts_done done;
	struct alert_wish  w = { .status = "acknowledged" };
	struct alert_which which;

	drift_push_values(y->x, &c, VALUES("1"));
	drift_push_values(y->x, &c, VALUES("2"));
	id = first_id(y, "SELECT " HEX_UUID("id") " FROM %s.alerts LIMIT 1");
	which = (struct alert_which) { .ids = &id, .n = 1 };
	assert_ok(alert_alter(&y->a, &id, &w, &out, &e));
	is_told(y, "alert.update", "{\"status\":\"acknowledged\"}");
	w = (struct alert_wish) { .note = HOSTILE };
	assert_ok(alert_alter(&y->a, &id, &w, &out, &e));
	is_told(y, "alert.update", "{\"status\":null,\"note\":\"%s\"}", HOSTILE_JSON);
	w = (struct alert_wish) { .status = "acknowledged" };
	assert_ok(alerts_alter(&y->a, &which, &w, &done, &e));
	is_told(y, "alert.update",
	    "{\"status\":\"acknowledged\",\"matched\":1,\"changed\":0,\"alerts\":[]}");
	w = (struct alert_wish) { .status = "resolved", .note = "" };
	which = (struct alert_which) {
		.filter = { .config_id = c },
		.text = tree_of(y, "{\"status\": \"open\"}"),
	};
	assert_ok(alerts_alter(&y->a, &which, &w, &done, &e));
	is_told(y, "alert.update",
	    "{\"status\":\"resolved\",\"note\":\"\",\"filter\":{\"status\":\"open\"},\"matched\":1,"
	    "\"changed\":1,\"alerts\":[\"%s\"]}",
	    id_text(y, id));
}

/* ---- templates and baselines ---- */

static void
a_template_is_told_with_its_name_and_version_and_a_binding_with_which(void **state)
{
	struct clerk              *y = clerk_make(*state);
	struct uuid                c = drift_config(y->x, DRIFT_PUSH);
	struct err                 e = { 0 };
	const struct push_resource one = { "c", "k0", { .tree = tree_of(y, "1") } };
	struct golden_wish         in = {
			.name = HOSTILE,
			.resources = &one,
			.resources_n = 1,
			.has_resources = true,
	};
	struct golden_seen   g;
	struct golden_choice choice;
	struct baseline_seen b;
	struct ingest_answer a;

	assert_ok(golden_make(&y->a, &in, &g, &e));
	is_told(y, "golden_baseline.create", "{\"name\":\"%s\",\"version\":1,\"shared\":false}",
	    HOSTILE_JSON);
	in = (struct golden_wish) { .description = "d" };
	assert_ok(golden_alter(&y->a, &g.row.id, &in, &g, &e));
	is_told(y, "golden_baseline.update", "{\"name\":\"%s\",\"version\":1,\"shared\":false}",
	    HOSTILE_JSON);

	choice = (struct golden_choice) { .id = g.row.id };
	assert_ok(baseline_set(&y->a, &c, &(struct baseline_wish) { .golden = &choice }, &b, &e));
	is_told(y, "baseline.set", "{\"name\":\"%s\",\"golden_id\":\"%s\",\"version\":1}",
	    id_text(y, c), id_text(y, g.row.id));
	a = drift_push_values(y->x, &c, VALUES("2"));
	assert_ok(baseline_set(
	    &y->a, &c, &(struct baseline_wish) { .snapshot_id = a.snapshot_id }, &b, &e));
	is_told(y, "baseline.set", "{\"name\":\"%s\"}", id_text(y, c));

	assert_ok(golden_erase(&y->a, &g.row.id, &e));
	is_told(y, "golden_baseline.delete", "{\"name\":\"%s\",\"version\":1,\"shared\":false}",
	    HOSTILE_JSON);
}

/* ---- what has a name, or a reason ---- */

static void
what_is_made_and_dropped_is_told_by_its_name_or_reason(void **state)
{
	struct clerk          *y = clerk_make(*state);
	struct uuid            c = drift_config(y->x, DRIFT_PUSH);
	struct err             e = { 0 };
	struct silence_matcher matcher = { .config = c };
	struct silence_wish    in = { .matcher = &matcher, .reason = HOSTILE };
	struct silence_seen    s;
	struct ingest_answer   a;
	char                  *text = talloc_asprintf(y, "{\"config\":\"%s\"}", id_text(y, c));

	in.matcher_text = tree_of(y, text);
	in.expires_at.ms = clock_ms(&clock_system) + 60000;
	y->x->w->conf.silence_max_s = 3600;
	assert_ok(silence_make(&y->a, &in, &s, &e));
	is_told(y, "silence.create", "{\"name\":\"%s\"}", HOSTILE_JSON);
	assert_ok(silence_stop(&y->a, &s.row.id, &e));
	is_told(y, "silence.delete", "{\"name\":\"%s\"}", HOSTILE_JSON);

	drift_push_values(y->x, &c, VALUES("1"));
	a = drift_push_values(y->x, &c, VALUES("2"));
	drift_push_values(y->x, &c, VALUES("3"));
	assert_ok(snapshot_erase(&y->a, &a.snapshot_id, HOSTILE, &e));
	is_told(y, "snapshot.delete", "{\"reason\":\"%s\"}", HOSTILE_JSON);
	assert_ok(config_erase(&y->a, &c, &e));
	is_told(y, "drift_config.delete", "{\"name\":\"%s\"}", id_text(y, c));
}

/* ---- what leaves the house ---- */

static struct compare_wish
wish_of(struct clerk *y, struct compare_side left, struct compare_side right)
{
	return (struct compare_wish) { left, right, tree_of(y, "{}") };
}

static void
what_is_compared_and_exported_is_told_by_its_sides_and_whether_with_values(void **state)
{
	struct clerk              *y = clerk_make(*state);
	struct uuid                c = drift_config(y->x, DRIFT_PUSH);
	struct err                 e = { 0 };
	const struct push_resource one = { "c", "k0", { .tree = tree_of(y, "1") } };
	const struct golden_wish   in = {
		  .name = "g",
		  .resources = &one,
		  .resources_n = 1,
		  .has_resources = true,
	};
	struct golden_seen   g;
	struct compared      done;
	struct compare_side  old, new, document = { .document = tree_of(y, "{}") }, template;
	struct compare_wish  w;
	struct report_sides  sides;
	struct ingest_answer first, a;

	assert_ok(golden_make(&y->a, &in, &g, &e));
	first = drift_push_values(y->x, &c, VALUES("1"));
	a = drift_push_values(y->x, &c, VALUES("2"));
	old = (struct compare_side) { .snapshot_id = first.snapshot_id };
	new = (struct compare_side) { .snapshot_id = a.snapshot_id };
	template = (struct compare_side) { .golden = &g.row.id };

	w = wish_of(y, template, document);
	assert_ok(compare_any(&y->a, &w, &done, &e));
	is_told(y, "values.compare",
	    "{\"left\":{\"golden\":\"%s\"},\"right\":\"document\",\"values\":true,\"times\":1}",
	    id_text(y, g.row.id));
	assert_ok(report_export_sides(&y->a, &a.report, &sides, &e));
	is_told(y, "report.export", "{\"as\":\"patch\",\"times\":1}");
	assert_ok(report_export_table(&y->a, &a.report.id, &e));
	is_told(y, "report.export", "{\"as\":\"csv\",\"values\":true,\"times\":1}");

	y->a.view.values = false;
	w = wish_of(y, old, new);
	assert_ok(compare_any(&y->a, &w, &done, &e));
	is_told(y, "values.compare",
	    "{\"left\":{\"snapshot\":\"%s\"},\"right\":{\"snapshot\":\"%s\"},\"values\":false,"
	    "\"times\":1}",
	    id_text(y, first.snapshot_id), id_text(y, a.snapshot_id));
	assert_ok(report_export_table(&y->a, &a.report.id, &e));
	is_told(y, "report.export", "{\"as\":\"csv\",\"values\":false,\"times\":1}");
}

/* ---- guesses at a masked value ---- */

/* One push as the caller; what of it is to be told is told in it. */
static void
push_as(struct clerk *y, const struct uuid *config, const char *value)
{
	struct err           e = { 0 };
	struct push_in       in;
	struct ingest_answer a;
	const char          *body = drift_body(y, "", 1, (const char *const[]) { value });
	struct push          p = { .config_id = *config, .in = &in, .body = str_of(body) };

	assert_ok(schema_decode(y, &push_schema, tree_of(y, body), &in, &e));
	assert_ok(snapshot_push(&y->a, &p, &a, &e));
}

static void
guesses_at_a_masked_value_are_told_with_their_place(void **state)
{
	struct clerk *y = clerk_make(*state);
	struct uuid   c = drift_config(y->x, DRIFT_PUSH);

	for (int i = 0; i <= 21; i++)
		push_as(y, &c, talloc_asprintf(y, "{\"\\\"p\":{\"password\":\"n%d\"}}", i));
	is_told(y, "masked.changes",
	    "{\"changes\":21,\"config_id\":\"%s\",\"category\":\"c\",\"key\":\"k0\","
	    "\"path\":\"/\\\"p/password\"}",
	    id_text(y, c));
}

static void
guesses_at_very_many_places_are_told_without_a_place(void **state)
{
	struct clerk *y = clerk_make(*state);
	struct uuid   c = drift_config(y->x, DRIFT_PUSH);

	for (int i = 0; i <= 25; i++) { /* of 33 rows each push tells ten */
		char *text = talloc_strdup(y, "{\"n\":1");

		for (int m = 0; m < 1500; m++)
			text = talloc_asprintf_append(
			    text, ",\"m%d\":{\"password\":\"n%d\"}", m, 10000 * i + m);
		push_as(y, &c, talloc_strdup_append(text, "}"));
	}
	assert_string_equal(
	    drift_text(y->x, y,
		"SELECT REGEXP_REPLACE(details, '\"changes\":2[1-5],', '') FROM %s.audit"
		" WHERE details NOT LIKE '%path%' ORDER BY seq LIMIT 1"),
	    talloc_asprintf(y, "{\"config_id\":\"%s\"}", id_text(y, c)));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_decision_is_told_with_its_words_and_of_many_with_how_many_and_which),
		TEST(an_accepted_report_is_told_with_its_reason),
		TEST(the_reason_of_an_accepted_report_is_written_once_and_each_finding_has_it),
		TEST(an_acceptance_asks_the_database_so_often_and_no_more),
		TEST(an_alert_is_told_with_status_and_note_and_of_many_with_how_many_and_which),
		TEST(a_template_is_told_with_its_name_and_version_and_a_binding_with_which),
		TEST(what_is_made_and_dropped_is_told_by_its_name_or_reason),
		TEST(what_is_compared_and_exported_is_told_by_its_sides_and_whether_with_values),
		TEST(guesses_at_a_masked_value_are_told_with_their_place),
		TEST(guesses_at_very_many_places_are_told_without_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
