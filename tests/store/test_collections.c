/* Each collection of a config goes its own way: read, left out, blind, in the baseline. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/drift/schedule.h"
#include "tests/store/place_in_time.h"

/* ---- asking ---- */

static const char *
hex_of(TALLOC_CTX *mem, const struct uuid *id)
{
	char *hex = talloc_size(mem, 33);

	hex_print(id->b, sizeof(id->b), hex);
	return hex;
}

static int64_t
count_of(struct place_in_time *y, const char *sql, const struct uuid *id)
{
	return drift_count(y->x, talloc_asprintf(y, "%s = UNHEX('%s')", sql, hex_of(y, id)));
}

static int64_t
open_alerts(struct place_in_time *y, const struct uuid *config, const char *kind)
{
	return count_of(y,
	    talloc_asprintf(y,
		"SELECT COUNT(*) FROM %%s.alerts WHERE resolved_at IS NULL AND kind = '%s' AND "
		"config_id",
		kind),
	    config);
}

static char *
state_of(struct place_in_time *y, const struct uuid *config)
{
	return drift_text(y->x, y,
	    talloc_asprintf(y, "SELECT state FROM %%s.config_state WHERE config_id = UNHEX('%s')",
		hex_of(y, config)));
}

/* By another credential each. */
static struct ingest_answer
push_by(struct place_in_time *y, const struct uuid *config, uint8_t who, const char *body)
{
	struct err           e = { 0 };
	struct push_in       in;
	struct push          p = { .config_id = *config,
			 .in = &in,
			 .pushed_by = "test",
			 .body = str_of(body),
			 .pusher = { { who } } };
	struct json         *tree = json_parse(y, p.body, &e);
	struct ingest_answer a;

	y->clock.set_ms += 60000;
	assert_non_null(tree);
	assert_ok(schema_decode(y, &push_schema, tree, &in, &e));
	if (!ingest_push(y->x->d, y->x->t, y, &p, &a, &e))
		fail_msg("push: %d %s | %s", (int)e.code, e.pub, e.detail);
	return a;
}

#define R(category, key, value)                                                                    \
	"{\"category\":\"" category "\",\"key\":\"" key "\",\"value\":" value "}"
#define PUSH(resources, collections)                                                               \
	"{\"resources\":[" resources "],\"collections\":{" collections "}}"

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
		k->blind = k->blind || ++k->incomplete >= 3;
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
	return count_of(y,
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
	report = push_by(y, c, 1,
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
	must_be(where, "a drift alert", open_alerts(y, c, "drift"),
	    differs(&k[0]) + differs(&k[1]) > 0);
	must_be(where, "a blind alert", open_alerts(y, c, "blind"), blind);
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

	a = push_by(y, &c, 1, PUSH(R("a", "k", "1"), "\"b\":\"forbidden\""));
	assert_string_equal(a.report.status, "baseline");
	a = push_by(y, &c, 1, PUSH(R("a", "k", "2"), "\"b\":\"forbidden\""));
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(open_alerts(y, &c, "drift"), 1);
	a = push_by(y, &c, 1, PUSH(R("a", "k", "1"), "\"b\":\"forbidden\""));
	assert_string_equal(a.report.status, "incomplete");
	assert_int_equal(open_alerts(y, &c, "drift"), 0);
	assert_int_equal(open_alerts(y, &c, "blind"), 1);
	assert_string_equal(state_of(y, &c), "blind");
	/* It is said that it is not read. */
	drift_sql(y->x,
	    "UPDATE %s.drift_configs SET version = version + 1, spec = JSON_SET(spec,"
	    " '$.unread', JSON_ARRAY(JSON_OBJECT('category', 'b', 'reason', 'no right')))");
	a = push_by(y, &c, 1, PUSH(R("a", "k", "1"), "\"b\":\"forbidden\""));
	assert_string_equal(a.report.status, "clean");
	assert_string_equal(a.report.incomplete.text, "[]");
	assert_int_equal(open_alerts(y, &c, "blind"), 0);
	assert_string_equal(state_of(y, &c), "ok");
	/* And it comes after all: compared from then on. */
	a = push_by(y, &c, 1, PUSH(R("a", "k", "1") "," R("b", "k", "1"), ""));
	assert_string_equal(a.report.status, "clean");
	a = push_by(y, &c, 1, PUSH(R("a", "k", "1") "," R("b", "k", "2"), ""));
	assert_string_equal(a.report.status, "drifted");
}

static void
two_collectors_take_turns_on_one_config(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct ingest_answer  a;

	push_by(y, &c, 1, PUSH(R("a", "k", "1"), ""));
	a = push_by(y, &c, 2, PUSH(R("b", "k", "1"), ""));
	assert_string_equal(a.report.status, "clean");
	assert_non_null(strstr(a.report.collections.text, "\"entered\":true"));
	for (int i = 0; i < 8; i++) {
		a = push_by(y, &c, i % 2 ? 2 : 1,
		    i % 2 ? PUSH(R("b", "k", "1"), "") : PUSH(R("a", "k", "2"), ""));
		assert_string_equal(a.report.status, i % 2 ? "clean" : "drifted");
		assert_int_equal(open_alerts(y, &c, "drift"), 1);
		assert_string_equal(state_of(y, &c), "drifted");
	}
	a = push_by(y, &c, 1, PUSH(R("a", "k", "1"), ""));
	assert_string_equal(a.report.status, "clean");
	assert_int_equal(open_alerts(y, &c, "drift"), 0);
	assert_int_equal(open_alerts(y, &c, "blind"), 0);
	assert_string_equal(state_of(y, &c), "ok");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 1);
	/* One of them does no more what it did. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(open_alerts(y, &c, "blind"), 0);
		a = push_by(y, &c, 2, PUSH(R("d", "k", "1"), ""));
		push_by(y, &c, 1, PUSH(R("a", "k", "1"), ""));
	}
	assert_string_equal(a.report.status, "incomplete");
	assert_non_null(strstr(a.report.incomplete.text, "\"b\",\"why\":\"failed\""));
	assert_int_equal(open_alerts(y, &c, "blind"), 1);
	assert_non_null(
	    strstr(drift_text(y->x, y, "SELECT title FROM %s.alerts WHERE kind = 'blind'"),
		"blind, b was not read in 3 snapshots in a row"));
	push_by(y, &c, 2, PUSH(R("b", "k", "1"), ""));
	assert_int_equal(open_alerts(y, &c, "blind"), 0);
	drift_check(y->x);
}

static void
a_new_collection_enters_the_baseline_without_an_alert(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	char                 *many = talloc_strdup(y, R("a", "k", "1"));
	struct ingest_answer  a;

	push_by(y, &c, 1, PUSH(R("a", "k", "1"), ""));
	for (int i = 0; i < 300; i++)
		many = talloc_asprintf_append(
		    many, ",{\"category\":\"b\",\"key\":\"k%d\",\"value\":%d}", i, i);
	a = push_by(y, &c, 1, talloc_asprintf(y, "{\"resources\":[%s]}", many));
	assert_string_equal(a.report.status, "clean");
	assert_int_equal(a.report.created, 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_history"
					   " WHERE note LIKE 'Collection b %%'"),
	    1);
	a = push_by(
	    y, &c, 1, talloc_asprintf(y, "{\"resources\":[%s," R("b", "new", "1") "]}", many));
	assert_int_equal(a.report.created, 1);
	/* Said to be empty, it is. */
	a = push_by(y, &c, 1, PUSH(R("a", "k", "1"), "\"b\":\"complete\""));
	assert_int_equal(a.report.deleted, 300);
	assert_non_null(a.report.held.text);
	assert_int_equal(open_alerts(y, &c, "suspicious_collection"), 1);
	/* Another collection's reading confirms nothing. */
	push_by(y, &c, 2, PUSH(R("c", "k", "1"), ""));
	push_by(y, &c, 2, PUSH(R("c", "k", "1"), "\"b\":\"partial\""));
	assert_int_equal(open_alerts(y, &c, "suspicious_collection"), 1);
	assert_int_equal(open_alerts(y, &c, "drift"), 0);
	push_by(y, &c, 1, PUSH(R("a", "k", "1"), "\"b\":\"complete\""));
	assert_int_equal(open_alerts(y, &c, "suspicious_collection"), 0);
	assert_int_equal(open_alerts(y, &c, "drift"), 1);
}

static void
a_partial_reading_leaves_what_was_last_read_completely(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct ingest_answer  a;

	push_by(y, &c, 1, PUSH(R("a", "k", "1"), ""));
	push_by(y, &c, 1, PUSH(R("a", "k", "2"), ""));
	assert_int_equal(open_alerts(y, &c, "drift"), 1);
	/* Half of it looks as it should: that ends nothing, and what it shows beside begins
	 * nothing. */
	a = push_by(y, &c, 1, PUSH(R("a", "k", "1") "," R("a", "x", "1"), "\"a\":\"partial\""));
	assert_string_equal(a.report.status, "incomplete");
	assert_int_equal(a.report.created + a.report.modified, 0);
	push_by(y, &c, 1, PUSH(R("a", "k", "1"), "\"a\":\"partial\""));
	assert_int_equal(open_alerts(y, &c, "drift"), 1);
	assert_int_equal(
	    drift_count(y->x, "SELECT changes FROM %s.alerts WHERE kind = 'drift'"), 1);
	a = push_by(y, &c, 1, PUSH(R("a", "k", "1"), ""));
	assert_string_equal(a.report.status, "clean");
	assert_int_equal(open_alerts(y, &c, "drift"), 0);
}

static void
an_acceptance_holds_while_its_collection_is_not_read(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");

	push_by(y, &c, 1, PUSH(R("a", "k", "1"), ""));
	push_by(y, &c, 2, PUSH(R("b", "k", "1"), ""));
	push_by(y, &c, 1, PUSH(R("a", "k", "2"), ""));
	place_accept(y, &c, "accepted", 3600000);
	push_by(y, &c, 2, PUSH(R("b", "k", "1"), ""));
	assert_int_equal(open_alerts(y, &c, "drift"), 0);
	/* It ends by the clock, while the newest snapshot is of the other collector. */
	y->clock.set_ms += 3600000;
	assert_int_equal(place_look(y), 1);
	assert_int_equal(open_alerts(y, &c, "drift"), 1);
	assert_string_equal(state_of(y, &c), "drifted");
}

static void
more_collections_than_a_config_may_have_are_refused(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct err            e = { 0 };
	struct ingest_answer  a;

	push_by(y, &c, 1, PUSH(R("a", "k", "1"), ""));
	drift_sql(y->x, "INSERT INTO %s.config_collections (config_id, category, how)"
			" SELECT c.config_id, CONCAT('x', q.seq), 'failed' FROM %s.seq_1_to_9999 q"
			" JOIN (SELECT config_id FROM %s.config_collections) c");
	assert_fails(
	    drift_try(y->x, y, &c, NULL, PUSH(R("zz", "k", "1"), ""), &a, &e), ERR_INVALID);
	assert_non_null(strstr(e.faults->detail, "at most 10000 collections"));
	push_by(y, &c, 1, PUSH(R("x7", "k", "1"), ""));
}

static void
each_collection_has_a_beat_of_its_own(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c =
	    place_config(y, ",\"expect_every_s\":600,\"thresholds\":{\"blind_after\":2}");

	push_by(y, &c, 1, PUSH(R("a", "k", "1"), ""));
	y->clock.set_ms += 600000;
	push_by(y, &c, 2, PUSH(R("b", "k", "1"), ""));
	/* That of a is the first: 1200 s after it was read, 660 of which are over. */
	assert_in_range(drift_count(y->x, "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due)"
					  " FROM testbsx.schedules WHERE kind = 'beat'"),
	    535, 540);
	y->clock.set_ms += 540000;
	assert_int_equal(place_look(y), 1);
	assert_non_null(strstr(drift_text(y->x, y, "SELECT title FROM %s.alerts"),
	    "1 of 2 collections did not come completely in 2 times the 600 s allowed"));
	assert_in_range(drift_count(y->x, "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due)"
					  " FROM testbsx.schedules WHERE kind = 'beat'"),
	    655, 662);
	/* The other one comes: that one is blind still. */
	push_by(y, &c, 2, PUSH(R("b", "k", "1"), ""));
	assert_int_equal(open_alerts(y, &c, "blind"), 1);
	assert_string_equal(state_of(y, &c), "blind");
	push_by(y, &c, 1, PUSH(R("a", "k", "1"), ""));
	assert_int_equal(open_alerts(y, &c, "blind"), 0);
	assert_string_equal(state_of(y, &c), "ok");
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
	must_be("a new kind", "a drift alert", open_alerts(y, c, "drift"), 1);
}

static void
a_kind_that_a_document_has_for_the_first_time_is_created(void **state)
{
	struct place_in_time *y = *state;

	for (int previous = 0; previous < 2; previous++) {
		struct uuid          c = config_selected(y, previous ? "previous" : "pinned");
		struct ingest_answer a = push_by(y, &c, 1, LIST(POD, ""));

		assert_string_equal(a.report.status, "baseline");
		/* What is not all of it neither shows nor hides it. */
		a = push_by(y, &c, 1,
		    "{\"document\":{\"metadata\":{\"continue\":\"x\"},\"items\":[" POD
		    "," TO_ANYBODY "]}}");
		assert_int_equal(a.report.created, 0);
		a = push_by(y, &c, 1, LIST(POD "," TO_ANYBODY, ""));
		must_be_created(y, &c, &a);
		/* It stays so in later readings, and is gone for nobody who does not read it. */
		a = push_by(y, &c, 1, LIST(POD "," TO_ANYBODY "," ITEM("Role", "r", ""), ""));
		must_be("a second kind", "created", shown(y, &a.report.id, "Role", "created"), 1);
		must_be("a second kind", "a drift alert", open_alerts(y, &c, "drift"), 1);
		if (!previous)
			must_be_created(y, &c, &a);
		a = push_by(y, &c, 1, LIST(ITEM("Role", "r", ""), ""));
		assert_int_equal(a.report.deleted, 0);
		must_be("a kind is not there", "a drift alert", open_alerts(y, &c, "drift"), 1);
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

	push_by(y, &c, 1, LIST(POD, ""));
	a = push_by(y, &c, 2, LIST(POD "," TO_ANYBODY, ""));
	must_be_created(y, &c, &a);
}

static void
what_the_collector_declares_itself_has_a_first_look(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = config_selected(y, "pinned");
	struct ingest_answer  a;

	push_by(y, &c, 1, LIST(POD, ",\"collections\":{\"Role\":\"forbidden\"}"));
	/* Declared by this push, by an earlier one, in its resources, and by a second collector. */
	a = push_by(y, &c, 1,
	    LIST(POD "," TO_ANYBODY, ",\"collections\":{\"ClusterRoleBinding\":\"complete\"}"));
	assert_int_equal(a.report.created, 0);
	a = push_by(y, &c, 1, LIST(POD "," TO_ANYBODY "," ITEM("Role", "r", ""), ""));
	assert_int_equal(a.report.created, 0);
	a = push_by(y, &c, 1, PUSH(R("users", "k", "1"), ""));
	assert_int_equal(a.report.created, 0);
	a = push_by(y, &c, 2, LIST(ITEM("Node", "n", ""), ""));
	assert_int_equal(a.report.created, 0);
	assert_non_null(strstr(a.report.collections.text, "\"entered\":true"));
	must_be("what is declared", "a drift alert", open_alerts(y, &c, "drift"), 0);
}

/* ---- clocks ---- */

/* One resource, collected so long before it comes. */
static struct ingest_answer
push_collected(struct place_in_time *y, const struct uuid *c, int64_t before_ms, int value)
{
	char at[TIME_TEXT_MAX];

	time_print(y->clock.set_ms + 60000 - before_ms, at);
	return push_by(y, c, 1,
	    talloc_asprintf(y,
		"{\"resources\":[{\"category\":\"a\",\"key\":\"k\",\"value\":%d}],"
		"\"collected_at\":\"%s\"}",
		value, at));
}

static void
a_clock_that_is_ahead_makes_no_history_of_what_follows(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct ingest_answer  a;

	push_collected(y, &c, -299000, 1);
	a = push_by(y, &c, 1, PUSH(R("a", "k", "2"), ""));
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(open_alerts(y, &c, "drift"), 1);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.config_snapshots"
					   " WHERE in_order AND collected_at <= received_at"),
	    2);
}

/* Two that push at once: what came first may be written last. */
static void
what_another_collector_pushed_meanwhile_makes_no_history_of_what_has_no_date(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");

	push_by(y, &c, 1, PUSH(R("a", "k", "1"), ""));
	push_by(y, &c, 2, PUSH(R("b", "k", "1"), ""));
	for (int i = 0; i < 2; i++) {
		push_by(y, &c, 1, PUSH(R("a", "k", "1"), ""));
		y->clock.set_ms -= 61000;
		push_by(y, &c, 2, PUSH(R("b", "k", "2"), ""));
		assert_int_equal(open_alerts(y, &c, "drift"), 1);
		y->clock.set_ms += 1000;
	}
	/* of one collector the order is that in which they came */
	push_by(y, &c, 2, PUSH(R("b", "k", "1"), ""));
	y->clock.set_ms -= 61000;
	push_by(y, &c, 2, PUSH(R("b", "k", "2"), ""));
	assert_int_equal(open_alerts(y, &c, "drift"), 0);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.config_snapshots WHERE NOT in_order"), 1);
}

static void
a_clock_that_was_set_back_is_said_and_told_once(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");

	push_collected(y, &c, 0, 1);
	for (int i = 1; i <= 5; i++)
		assert_int_equal(push_collected(y, &c, 86400000 + 1000 * i, 2).clock_behind_s,
		    i < 3 ? 0 : 86401);
	assert_string_equal(place_told(y), "system opened");
	assert_non_null(strstr(drift_text(y->x, y, "SELECT title FROM %s.alerts"),
	    "the clock of its collector was set back, by 86401 s"));
	assert_int_equal(push_collected(y, &c, 0, 1).clock_behind_s, 0);
	assert_int_equal(open_alerts(y, &c, "system"), 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 1);
	/* Who hands in the past has no such clock, and another credential has its own. */
	for (int i = 1; i <= 5; i++)
		assert_int_equal(push_collected(y, &c, 864000000 / i, 2).clock_behind_s, 0);
	assert_int_equal(open_alerts(y, &c, "system"), 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 1);
}

/* ---- the first look ---- */

#define WATCHED                                                                                    \
	",\"rules\":[{\"path\":\"/open\",\"to\":true,\"severity\":\"critical\"},"                  \
	"{\"path\":\"/mfa\",\"from\":true,\"severity\":\"high\"},"                                 \
	"{\"path\":\"/state\",\"from\":\"enabled\",\"severity\":\"critical\"}]"

static int64_t
to_review(struct place_in_time *y, const struct uuid *config)
{
	return count_of(y,
	    "SELECT COUNT(*) FROM %s.config_collections WHERE look_report IS NOT NULL AND "
	    "config_id",
	    config);
}

static void
what_is_wrong_from_the_beginning_is_in_the_first_report_and_alerts_nobody(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, WATCHED);
	struct ingest_answer  a;

	a = push_by(y, &c, 1,
	    PUSH(R("a", "k", "{\"mfa\":false,\"n\":1}") "," R(
		     "a", "l", "{\"open\":true,\"mfa\":true,\"state\":\"enabled\"}") "," R("a", "m",
		     "{\"state\":\"disabled\"}"),
		""));
	assert_string_equal(a.report.status, "baseline");
	assert_string_equal(a.report.first_look.text,
	    "{\"critical\":2,\"high\":1,\"changes\":["
	    "{\"category\":\"a\",\"key\":\"l\",\"path\":\"/open\",\"severity\":\"critical\","
	    "\"rule\":\"config:1\",\"reason\":\"\"},"
	    "{\"category\":\"a\",\"key\":\"m\",\"path\":\"/state\",\"severity\":\"critical\","
	    "\"rule\":\"config:3\",\"reason\":\"\"},"
	    "{\"category\":\"a\",\"key\":\"k\",\"path\":\"/mfa\",\"severity\":\"high\","
	    "\"rule\":\"config:2\",\"reason\":\"\"}],\"more\":0}");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 0);
	assert_int_equal(to_review(y, &c), 1);
	/* Another collection, in which nothing is wrong. */
	a = push_by(y, &c, 2, PUSH(R("b", "k", "{\"mfa\":true}"), ""));
	assert_null(a.report.first_look.text);
	assert_int_equal(to_review(y, &c), 1);
}

static void
a_baseline_that_nobody_approves_is_told_once(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct err            e = { 0 };

	push_by(y, &c, 1, PUSH(R("a", "k", "1"), ""));
	assert_in_range(drift_count(y->x, "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due)"
					  " FROM testbsx.schedules WHERE kind = 'review'"),
	    7 * 86400 - 10, 7 * 86400);
	/* Too early: later again. */
	y->clock.set_ms += 6 * INT64_C(86400000);
	assert_ok(schedule_set(y->x->t->db, SCHEDULE_REVIEW, &c, 0, &e));
	assert_int_equal(place_due(y), 1);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 0);
	y->clock.set_ms += INT64_C(86400000);
	assert_ok(schedule_set(y->x->t->db, SCHEDULE_REVIEW, &c, 0, &e));
	assert_int_equal(place_due(y), 1);
	assert_string_equal(place_told(y), "system opened");
	assert_int_equal(place_due(y), 0);
	assert_non_null(strstr(drift_text(y->x, y, "SELECT title FROM %s.alerts"),
	    "nobody has approved it in 7 days"));
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
		TEST(an_acceptance_holds_while_its_collection_is_not_read),
		TEST(more_collections_than_a_config_may_have_are_refused),
		TEST(each_collection_has_a_beat_of_its_own),
		TEST(a_clock_that_is_ahead_makes_no_history_of_what_follows),
		TEST(what_another_collector_pushed_meanwhile_makes_no_history_of_what_has_no_date),
		TEST(a_clock_that_was_set_back_is_said_and_told_once),
		TEST(what_is_wrong_from_the_beginning_is_in_the_first_report_and_alerts_nobody),
		TEST(a_baseline_that_nobody_approves_is_told_once),
		TEST(faults_of_one_collection_change_nothing_of_the_other),
	};

	return cmocka_run_group_tests_name("collections", tests, NULL, NULL);
}
