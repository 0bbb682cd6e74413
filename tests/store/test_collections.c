/* Each collection of a config goes its own way: read, left out, blind, in the baseline. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drift/run/pushers.h"
#include "tests/store/place_in_time.h"

/* ---- the walk ---- */

enum fault_kind { COMPLETE, PARTIAL, FAILED, FORBIDDEN, THROTTLED, ABSENT, FAULTS };
static const char *const faults[] = { "complete", "partial", "failed", "forbidden", "throttled",
	"" };
#define STEPS 4
#define TABLE (FAULTS * FAULTS * FAULTS) /* of one collection: its faults at three pushes */

/* What is true of a collection at a step: its value, and whether its second resource is there. */
struct truth {
	int  value;
	bool second;
};
static struct truth
truth_at(int step)
{
	return (struct truth) { step, step != 2 };
}

/* What has to be known of it. */
struct known {
	bool         entered, spoken, blind;
	struct truth base, last;
	int          incomplete, left_out;
	int64_t      modified, deleted; /* shown by the push at hand */
};

static int64_t
differs(const struct known *k)
{
	return k->entered ? (k->base.value != k->last.value) + (k->base.second != k->last.second)
			  : 0;
}

static void
advance(struct known *k, enum fault_kind f, struct truth now)
{
	k->modified = k->deleted = 0;
	if (f == ABSENT) {
		k->left_out += k->spoken;
		if (k->left_out >= 3 && k->incomplete < k->left_out)
			k->incomplete = k->left_out;
		k->blind = k->blind || k->incomplete >= 3;
		return;
	}
	k->spoken = true;
	k->left_out = 0;
	if (f != COMPLETE) {
		/* what was read and is forbidden now is told at once */
		k->blind = ++k->incomplete >= 3 || k->blind || (f == FORBIDDEN && k->entered);
		return;
	}
	k->blind = false;
	k->incomplete = 0;
	k->last = now;
	if (!k->entered) {
		k->base = now;
		k->entered = true;
		return;
	}
	k->modified = k->base.value != now.value;
	k->deleted = k->base.second && !now.second;
}

/* What a collector says of it. */
static void
say(char *resources, char *collections, const char *name, enum fault_kind f, struct truth now)
{
	const char *comma = resources[0] == '\0' ? "" : ",";
	int         value = f == PARTIAL ? 1000 + now.value : now.value;

	if (f == COMPLETE || f == PARTIAL)
		sprintf(resources + strlen(resources),
		    "%s{\"category\":\"%s\",\"key\":\"k\",\"value\":%d}", comma, name, value);
	if (f == COMPLETE && now.second)
		sprintf(resources + strlen(resources),
		    ",{\"category\":\"%s\",\"key\":\"l\",\"value\":true}", name);
	if (f != ABSENT)
		sprintf(collections + strlen(collections), "%s\"%s\":\"%s\"",
		    collections[0] == '\0' ? "" : ",", name, faults[f]);
}

static void
must_be(const char *where, const char *what, int64_t is, int64_t should)
{
	if (is != should)
		fail_msg("%s: %s is %lld instead of %lld", where, what, (long long)is,
		    (long long)should);
}

static int64_t
shown(struct place_in_time *y, const struct uuid *report, const char *category, const char *op)
{
	return place_count(y,
	    talloc_asprintf(y,
		"SELECT COUNT(*) FROM %%s.drift_changes WHERE category = '%s' AND op = '%s'"
		" AND report_id",
		category, op),
	    report);
}

static void
walk_step(struct place_in_time *y, const struct uuid *c, struct known k[2],
    const enum fault_kind f[2], const struct truth now[2], const char *where)
{
	static const char *const names[] = { "a", "b" };
	char                     resources[512] = "", collections[128] = "";
	struct uuid              report;
	bool                     blind = false;

	for (int i = 0; i < 2; i++) {
		say(resources, collections, names[i], f[i], now[i]);
		advance(&k[i], f[i], now[i]);
		blind = blind || k[i].blind;
	}
	report = place_push_by(y, c, 1,
	    talloc_asprintf(y, "{\"resources\":[%s],\"collections\":{%s}}", resources, collections))
		     .report.id;
	for (int i = 0; i < 2; i++) {
		/* What was not read completely is never said to be gone; what was is told at once.
		 */
		must_be(where, "deleted", shown(y, &report, names[i], "deleted"), k[i].deleted);
		must_be(where, "modified", shown(y, &report, names[i], "modified"), k[i].modified);
		must_be(where, "created", shown(y, &report, names[i], "created"), 0);
	}
	/* The alert is that of what was last read of each, whatever this push could not read. */
	must_be(where, "a drift alert", place_open_alerts(y, c, "drift"),
	    differs(&k[0]) + differs(&k[1]) > 0);
	must_be(where, "a blind alert", place_open_alerts(y, c, "blind"), blind);
}

static void
walk(struct place_in_time *y, int first, int second)
{
	struct uuid     c = place_config(y, "");
	struct known    k[2] = { 0 };
	TALLOC_CTX     *mem = talloc_new(y);
	struct truth    now[2];
	enum fault_kind f[2];

	for (int step = 0; step < STEPS; step++, first /= FAULTS, second /= FAULTS) {
		char where[64];

		f[0] = step < 3 ? (enum fault_kind)(first % FAULTS) : COMPLETE;
		f[1] = step < 3 ? (enum fault_kind)(second % FAULTS) : FORBIDDEN;
		for (int i = 0; i < 2; i++) /* in the end it is as it should be */
			now[i] = step < 3 ? truth_at(step) : k[i].entered ? k[i].base : truth_at(9);
		snprintf(
		    where, sizeof(where), "push %d, a %s, b %s", step, faults[f[0]], faults[f[1]]);
		walk_step(y, &c, k, f, now, where);
	}
	talloc_free(mem);
}

/* All three pushes of the one beside two of the other: each pair of faults at each push. */
static void
faults_of_one_collection_change_nothing_of_the_other(void **state)
{
	struct place_in_time *y = *state;

	for (int i = 0; i < TABLE; i++) {
		walk(y, i, i * 7 % TABLE);
		walk(y, i, (i * 11 + 86) % TABLE);
	}
	drift_check(y->x);
}

/* ---- examples ---- */

static void
one_forbidden_collection_from_the_first_push_on_costs_the_others_nothing(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct ingest_answer  a;

	a = place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), "\"b\":\"forbidden\""));
	assert_string_equal(a.report.status, "baseline");
	a = place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "2"), "\"b\":\"forbidden\""));
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(place_open_alerts(y, &c, "drift"), 1);
	a = place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), "\"b\":\"forbidden\""));
	assert_string_equal(a.report.status, "incomplete");
	assert_int_equal(place_open_alerts(y, &c, "drift"), 0);
	assert_int_equal(place_open_alerts(y, &c, "blind"), 1);
	assert_string_equal(place_state(y, &c), "blind");
	/* It is said that it is not read. */
	drift_sql(y->x,
	    "UPDATE %s.drift_configs SET version = version + 1, spec = JSON_SET(spec,"
	    " '$.unread', JSON_ARRAY(JSON_OBJECT('category', 'b', 'reason', 'no right')))");
	a = place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), "\"b\":\"forbidden\""));
	assert_string_equal(a.report.status, "clean");
	assert_string_equal(a.report.incomplete.text, "[]");
	assert_int_equal(place_open_alerts(y, &c, "blind"), 0);
	assert_string_equal(place_state(y, &c), "ok");
	/* And it comes after all: compared from then on. */
	a = place_push_by(
	    y, &c, 1, READING(RESOURCE("a", "k", "1") "," RESOURCE("b", "k", "1"), ""));
	assert_string_equal(a.report.status, "clean");
	a = place_push_by(
	    y, &c, 1, READING(RESOURCE("a", "k", "1") "," RESOURCE("b", "k", "2"), ""));
	assert_string_equal(a.report.status, "drifted");
}

static void
two_collectors_take_turns_on_one_config(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct ingest_answer  a;

	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	a = place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "1"), ""));
	assert_string_equal(a.report.status, "clean");
	assert_non_null(strstr(a.report.collections.text, "\"entered\":true"));
	for (int i = 0; i < 8; i++) {
		a = place_push_by(y, &c, i % 2 ? 2 : 1,
		    i % 2 ? READING(RESOURCE("b", "k", "1"), "")
			  : READING(RESOURCE("a", "k", "2"), ""));
		assert_string_equal(a.report.status, i % 2 ? "clean" : "drifted");
		assert_int_equal(place_open_alerts(y, &c, "drift"), 1);
		assert_string_equal(place_state(y, &c), "drifted");
	}
	a = place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	assert_string_equal(a.report.status, "clean");
	assert_int_equal(place_open_alerts(y, &c, "drift"), 0);
	assert_int_equal(place_open_alerts(y, &c, "blind"), 0);
	assert_string_equal(place_state(y, &c), "ok");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 1);
	/* One of them does no more what it did. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(place_open_alerts(y, &c, "blind"), 0);
		a = place_push_by(y, &c, 2, READING(RESOURCE("d", "k", "1"), ""));
		place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	}
	assert_string_equal(a.report.status, "incomplete");
	assert_non_null(strstr(a.report.incomplete.text, "\"b\",\"why\":\"failed\""));
	assert_int_equal(place_open_alerts(y, &c, "blind"), 1);
	assert_non_null(
	    strstr(drift_text(y->x, y, "SELECT title FROM %s.alerts WHERE kind = 'blind'"),
		"blind, b was not read in 3 snapshots in a row"));
	place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "1"), ""));
	assert_int_equal(place_open_alerts(y, &c, "blind"), 0);
	drift_check(y->x);
}

static void
a_new_collection_enters_the_baseline_without_an_alert(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	char                 *many = talloc_strdup(y, RESOURCE("a", "k", "1"));
	struct ingest_answer  a;

	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	for (int i = 0; i < 300; i++)
		many = talloc_asprintf_append(
		    many, ",{\"category\":\"b\",\"key\":\"k%d\",\"value\":%d}", i, i);
	a = place_push_by(y, &c, 1, talloc_asprintf(y, "{\"resources\":[%s]}", many));
	assert_string_equal(a.report.status, "clean");
	assert_int_equal(a.report.created, 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_history"
					   " WHERE note LIKE 'Collection b %%'"),
	    1);
	a = place_push_by(y, &c, 1,
	    talloc_asprintf(y, "{\"resources\":[%s," RESOURCE("b", "new", "1") "]}", many));
	assert_int_equal(a.report.created, 1);
	/* Said to be empty, it is. */
	a = place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), "\"b\":\"complete\""));
	assert_int_equal(a.report.deleted, 300);
	assert_non_null(a.report.held.text);
	assert_int_equal(place_open_alerts(y, &c, "suspicious_collection"), 1);
	/* Another collection's reading confirms nothing. */
	place_push_by(y, &c, 2, READING(RESOURCE("c", "k", "1"), ""));
	place_push_by(y, &c, 2, READING(RESOURCE("c", "k", "1"), "\"b\":\"partial\""));
	assert_int_equal(place_open_alerts(y, &c, "suspicious_collection"), 1);
	assert_int_equal(place_open_alerts(y, &c, "drift"), 0);
	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), "\"b\":\"complete\""));
	assert_int_equal(place_open_alerts(y, &c, "suspicious_collection"), 0);
	assert_int_equal(place_open_alerts(y, &c, "drift"), 1);
}

static void
a_partial_reading_leaves_what_was_last_read_completely(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct ingest_answer  a;

	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "2"), ""));
	assert_int_equal(place_open_alerts(y, &c, "drift"), 1);
	/* Half of it looks as it should: that ends nothing, and what it shows beside begins
	 * nothing. */
	a = place_push_by(y, &c, 1,
	    READING(RESOURCE("a", "k", "1") "," RESOURCE("a", "x", "1"), "\"a\":\"partial\""));
	assert_string_equal(a.report.status, "incomplete");
	assert_int_equal(a.report.created + a.report.modified, 0);
	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), "\"a\":\"partial\""));
	assert_int_equal(place_open_alerts(y, &c, "drift"), 1);
	assert_int_equal(
	    drift_count(y->x, "SELECT changes FROM %s.alerts WHERE kind = 'drift'"), 1);
	a = place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	assert_string_equal(a.report.status, "clean");
	assert_int_equal(place_open_alerts(y, &c, "drift"), 0);
}

/* Where the newest report has it and did not see everything, it is found in two ways. */
static void
what_is_accepted_stands_once_however_it_is_found(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct ingest_answer  a;

	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1") "," RESOURCE("b", "k", "1"), ""));
	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "2") "," RESOURCE("b", "k", "1"), ""));
	place_accept(y, &c, "accepted", 0);
	a = place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "2"), "\"b\":\"failed\""));
	assert_string_equal(a.report.status, "incomplete");
	assert_int_equal(a.report.accepted, 1);
	for (int i = 0; i < 2; i++) {
		a = place_push_by(
		    y, &c, 1, READING(RESOURCE("a", "k", "2") "," RESOURCE("b", "k", "1"), ""));
		assert_int_equal(a.report.accepted, 1);
		assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_findings"
						   " WHERE status = 'accepted' AND present"),
		    1);
	}
}

static void
an_acceptance_holds_while_its_collection_is_not_read(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");

	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "1"), ""));
	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "2"), ""));
	place_accept(y, &c, "accepted", 3600000);
	place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "1"), ""));
	assert_int_equal(place_open_alerts(y, &c, "drift"), 0);
	/* It ends by the clock, while the newest snapshot is of the other collector. */
	y->clock.set_ms += 3600000;
	assert_int_equal(place_look(y), 1);
	assert_int_equal(place_open_alerts(y, &c, "drift"), 1);
	assert_string_equal(place_state(y, &c), "drifted");
}

static void
more_collections_than_a_config_may_have_are_refused(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct err            e = { 0 };
	struct ingest_answer  a;

	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	drift_sql(y->x, "INSERT INTO %s.config_collections (config_id, category, how)"
			" SELECT c.config_id, CONCAT('x', q.seq), 'failed' FROM %s.seq_1_to_9999 q"
			" JOIN (SELECT config_id FROM %s.config_collections) c");
	assert_fails(drift_try(y->x, y, &c, NULL, READING(RESOURCE("zz", "k", "1"), ""), &a, &e),
	    ERR_INVALID);
	assert_non_null(strstr(e.faults->detail, "at most 10000 collections"));
	place_push_by(y, &c, 1, READING(RESOURCE("x7", "k", "1"), ""));
}

static void
each_collection_has_a_beat_of_its_own(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c =
	    place_config(y, ",\"expect_every_s\":600,\"thresholds\":{\"blind_after\":2}");

	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	y->clock.set_ms += 600000;
	place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "1"), ""));
	/* That of a is the first: 1200 s after it was read, 660 of which are over. */
	assert_in_range(drift_count(y->x, "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due)"
					  " FROM testbsx.schedules WHERE kind = 'beat'"),
	    535, 540);
	y->clock.set_ms += 540000;
	assert_int_equal(place_look(y), 1);
	assert_non_null(strstr(drift_text(y->x, y, "SELECT title FROM %s.alerts"),
	    talloc_asprintf(y,
		"1 of 2 collections did not come completely in 2 times the 600 s allowed; read "
		"completely last: a %sZ",
		drift_text(y->x, y,
		    "SELECT DATE_FORMAT(complete_at, '%Y-%m-%dT%H:%i') FROM"
		    " %s.config_collections WHERE category = 'a'"))));
	assert_in_range(drift_count(y->x, "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due)"
					  " FROM testbsx.schedules WHERE kind = 'beat'"),
	    655, 662);
	/* The other one comes: that one is blind still. */
	place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "1"), ""));
	assert_int_equal(place_open_alerts(y, &c, "blind"), 1);
	assert_string_equal(place_state(y, &c), "blind");
	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	assert_int_equal(place_open_alerts(y, &c, "blind"), 0);
	assert_string_equal(place_state(y, &c), "ok");
}

/* Rows from before credentials were known, and those whose key has ended. */
static void
what_nobody_is_known_to_read_is_late_like_any_other(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");

	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1") "," RESOURCE("b", "k", "1"), ""));
	drift_sql(y->x, "UPDATE %s.config_collections SET read_by = NULL");
	for (int i = 0; i < 4; i++)
		place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	assert_int_equal(place_open_alerts(y, &c, "blind"), 0);
	y->clock.set_ms += INT64_C(7) * 86400000;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(place_open_alerts(y, &c, "blind"), 0);
		place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	}
	assert_int_equal(place_open_alerts(y, &c, "blind"), 1);
	assert_non_null(strstr(drift_text(y->x, y, "SELECT title FROM %s.alerts"),
	    "blind, b was not read in 3 snapshots in a row; read completely last: b "));
	place_push_by(y, &c, 1, READING(RESOURCE("b", "k", "1"), ""));
	assert_int_equal(place_open_alerts(y, &c, "blind"), 0);
}

/* ---- pushes that are refused ---- */

static void
refuse(struct place_in_time *y, const struct uuid *c, uint8_t who, int64_t after_ms)
{
	struct err           why = { 0 }, e = { 0 };
	const struct refusal r = { *c, { { who } }, "key:collector", &why };

	y->clock.set_ms += after_ms;
	err_fault(&why, y, "/resources/3/key", "holds \"%s\"", "a secret");
	assert_true(refusal_counts(&why));
	assert_ok(pushers_refused(y->x->d, y->x->t, y, &r, &e));
	drift_arrive(y->x);
}

static void
pushes_that_are_refused_are_told(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, ",\"expect_every_s\":600");
	int64_t               changes;

	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "1"), ""));
	/* A flood is one a step, and costs no writing. */
	refuse(y, &c, 2, 60000);
	changes = drift_count(y->x, "SELECT refused_runs FROM %s.config_pushers");
	for (int i = 0; i < 20; i++)
		refuse(y, &c, 2, 400);
	assert_int_equal(changes, drift_count(y->x, "SELECT refused_runs FROM %s.config_pushers"));
	refuse(y, &c, 2, 60000);
	assert_int_equal(place_open_alerts(y, &c, "blind"), 0);
	/* The other's pushes are taken, and that hides nothing. */
	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	refuse(y, &c, 2, 60000);
	refuse(y, &c, 2, 60000);
	assert_string_equal(place_told(y), "blind opened");
	assert_string_equal(
	    drift_text(y->x, y, "SELECT SUBSTRING_INDEX(title, ': ', -1) FROM %s.alerts"),
	    "validation_failed, The request has invalid members. /resources/3/key holds");
	place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "1"), ""));
	assert_int_equal(place_open_alerts(y, &c, "blind"), 0);
	assert_int_equal(drift_count(y->x, "SELECT refused_runs FROM %s.config_pushers"), 0);
	/* What is awaited is late as if nothing had come, and the alert says why. */
	refuse(y, &c, 2, 1800000);
	assert_int_equal(place_look(y), 1);
	assert_non_null(strstr(drift_text(y->x, y, "SELECT title FROM %s.alerts ORDER BY id DESC"),
	    "; the last push was refused: validation_failed"));
	drift_check(y->x);
}

/* ---- categories that the document chooses ---- */

#define SELECTED                                                                                   \
	"\"source\":{\"kind\":\"push\",\"selector\":{\"resources\":\"/items\",\"key\":"            \
	"\"/metadata/name\",\"category\":\"/kind\"}},\"rule_packs\":[\"kubernetes\"]"
#define ITEM(kind, name, more)                                                                     \
	"{\"kind\":\"" kind "\",\"metadata\":{\"name\":\"" name "\"}" more "}"
#define LIST(items, more) "{\"document\":{\"items\":[" items "]}" more "}"
#define POD               ITEM("Pod", "x", "")
#define TO_ANYBODY                                                                                 \
	ITEM("ClusterRoleBinding", "evil",                                                         \
	    ",\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"cluster-admin\"},"                  \
	    "\"subjects\":[{\"kind\":\"Group\",\"name\":\"system:anonymous\"}]")

static struct uuid
config_selected(struct place_in_time *y, const char *mode)
{
	char id[UUID_TEXT_MAX];

	uuid_print(&y->channel, id);
	return drift_config(
	    y->x, talloc_asprintf(y,
		      "{" SELECTED
		      ",\"baseline\":{\"mode\":\"%s\"},\"alerts\":[{\"channel_id\":\"%s\"}]}",
		      mode, id));
}

static void
must_be_created(struct place_in_time *y, const struct uuid *c, const struct ingest_answer *a)
{
	assert_string_equal(a->report.status, "drifted");
	assert_string_equal(a->report.max_severity, "critical");
	assert_null(strstr(a->report.collections.text, "\"entered\":true"));
	must_be(
	    "a new kind", "created", shown(y, &a->report.id, "ClusterRoleBinding", "created"), 1);
	must_be("a new kind", "a drift alert", place_open_alerts(y, c, "drift"), 1);
}

static void
a_kind_that_a_document_has_for_the_first_time_is_created(void **state)
{
	struct place_in_time *y = *state;

	for (int previous = 0; previous < 2; previous++) {
		struct uuid          c = config_selected(y, previous ? "previous" : "pinned");
		struct ingest_answer a = place_push_by(y, &c, 1, LIST(POD, ""));

		assert_string_equal(a.report.status, "baseline");
		/* What is not all of it neither shows nor hides it. */
		a = place_push_by(y, &c, 1,
		    "{\"document\":{\"metadata\":{\"continue\":\"x\"},\"items\":[" POD
		    "," TO_ANYBODY "]}}");
		assert_int_equal(a.report.created, 0);
		a = place_push_by(y, &c, 1, LIST(POD "," TO_ANYBODY, ""));
		must_be_created(y, &c, &a);
		/* It stays so in later readings, and is gone for nobody who does not read it. */
		a = place_push_by(y, &c, 1, LIST(POD "," TO_ANYBODY "," ITEM("Role", "r", ""), ""));
		must_be("a second kind", "created", shown(y, &a.report.id, "Role", "created"), 1);
		must_be("a second kind", "a drift alert", place_open_alerts(y, &c, "drift"), 1);
		if (!previous)
			must_be_created(y, &c, &a);
		a = place_push_by(y, &c, 1, LIST(ITEM("Role", "r", ""), ""));
		assert_int_equal(a.report.deleted, 0);
		must_be(
		    "a kind is not there", "a drift alert", place_open_alerts(y, &c, "drift"), 1);
	}
	drift_check(y->x);
}

/* Another credential, that of a renewed collector: what it says again tells whose reading it is. */
static void
a_new_credential_is_no_first_look_at_what_is_known(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = config_selected(y, "pinned");
	struct ingest_answer  a;

	place_push_by(y, &c, 1, LIST(POD, ""));
	a = place_push_by(y, &c, 2, LIST(POD "," TO_ANYBODY, ""));
	must_be_created(y, &c, &a);
}

static void
what_the_collector_declares_itself_has_a_first_look(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = config_selected(y, "pinned");
	struct ingest_answer  a;

	place_push_by(y, &c, 1, LIST(POD, ",\"collections\":{\"Role\":\"forbidden\"}"));
	/* Declared by this push, by an earlier one, in its resources, and by a second collector. */
	a = place_push_by(y, &c, 1,
	    LIST(POD "," TO_ANYBODY, ",\"collections\":{\"ClusterRoleBinding\":\"complete\"}"));
	assert_int_equal(a.report.created, 0);
	a = place_push_by(y, &c, 1, LIST(POD "," TO_ANYBODY "," ITEM("Role", "r", ""), ""));
	assert_int_equal(a.report.created, 0);
	a = place_push_by(y, &c, 1, READING(RESOURCE("users", "k", "1"), ""));
	assert_int_equal(a.report.created, 0);
	a = place_push_by(y, &c, 2, LIST(ITEM("Node", "n", ""), ""));
	assert_int_equal(a.report.created, 0);
	assert_non_null(strstr(a.report.collections.text, "\"entered\":true"));
	must_be("what is declared", "a drift alert", place_open_alerts(y, &c, "drift"), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_set_up, place_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_forbidden_collection_from_the_first_push_on_costs_the_others_nothing),
		TEST(two_collectors_take_turns_on_one_config),
		TEST(a_new_collection_enters_the_baseline_without_an_alert),
		TEST(a_kind_that_a_document_has_for_the_first_time_is_created),
		TEST(a_new_credential_is_no_first_look_at_what_is_known),
		TEST(what_the_collector_declares_itself_has_a_first_look),
		TEST(a_partial_reading_leaves_what_was_last_read_completely),
		TEST(what_is_accepted_stands_once_however_it_is_found),
		TEST(an_acceptance_holds_while_its_collection_is_not_read),
		TEST(more_collections_than_a_config_may_have_are_refused),
		TEST(each_collection_has_a_beat_of_its_own),
		TEST(what_nobody_is_known_to_read_is_late_like_any_other),
		TEST(pushes_that_are_refused_are_told),
		TEST(faults_of_one_collection_change_nothing_of_the_other),
	};

	return cmocka_run_group_tests_name("collections", tests, NULL, NULL);
}
