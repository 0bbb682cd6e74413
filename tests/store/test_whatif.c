/* What-if on a real database: what it says of a history is what really happened in it. */
#include <string.h>

#include "drift/run/whatif.h"
#include "tests/store/place_in_time.h"

#define SEEDS 1 /* more find more; each takes some seconds */

static uint64_t
next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 11;
}

/* Most things stay, some come and go, some collections fail. */
static void
push_random(struct place_in_time *y, const struct uuid *c, uint64_t *seed, int *values)
{
	char *text = talloc_strdup(y, "{\"resources\":[");
	bool  failed = next(seed) % 9 == 0, many = next(seed) % 11 == 0;

	y->clock.set_ms += 60000;
	for (int i = 0; i < 12; i++)
		if (next(seed) % (many ? 2 : 6) == 0)
			values[i] = (int)(next(seed) % 4);
	for (int i = 0; i < 12; i++)
		if (values[i] != 3)
			text = talloc_asprintf_append(text,
			    "%s{\"category\":\"c\",\"key\":\"k%02d\",\"value\":{\"n\":%d}}",
			    text[strlen(text) - 1] == '[' ? "" : ",", i, 10 + values[i]);
	drift_push(y->x, y, c,
	    talloc_asprintf(
		y, "%s],\"collections\":{\"c\":\"%s\"}}", text, failed ? "partial" : "complete"));
	drift_arrive(y->x); /* what waits would take in what follows */
}

static int64_t
told_of(struct place_in_time *y, const struct uuid *c, const char *kind, const char *event)
{
	char id[UUID_TEXT_MAX];

	uuid_print(c, id);
	return drift_count(
	    y->x, talloc_asprintf(y,
		      "SELECT COUNT(*) FROM %%s.outbox o JOIN %%s.alerts a ON a.id = o.alert_id"
		      " WHERE a.kind = '%s' AND o.event = 'drift.alert.%s'"
		      " AND a.config_id = UNHEX(REPLACE('%s', '-', ''))",
		      kind, event, id));
}

static void
history_replayed_is_what_happened(struct place_in_time *y, const char *more, uint64_t seed)
{
	struct uuid         c = place_config(y, more);
	struct err          e = { 0 };
	struct drift_config row;
	struct drift_spec  *spec;
	struct whatif       w;
	int                 values[12] = { 0 };

	for (int i = 0; i < 45; i++)
		push_random(y, &c, &seed, values);
	assert_ok(config_by_id(y->x->t, y, &c, &row, &e));
	spec = spec_compile(y, y->x->d, y->x->t, &row, NULL, &e);
	assert_non_null(spec);
	assert_ok(whatif_run(
	    &(struct whatif_question) { y->x->t, &row, spec, spec, { 0 }, NULL }, y, &w, &e));
	assert_int_equal(w.runs, 45);
	assert_memory_equal(&w.before, &w.after, sizeof(w.before));
	if (w.before.opened != told_of(y, &c, "drift", "opened") ||
	    w.before.updated != told_of(y, &c, "drift", "updated") ||
	    w.before.resolved != told_of(y, &c, "drift", "resolved"))
		fail_msg("%s: %lld %lld %lld, not %lld %lld %lld", more, (long long)w.before.opened,
		    (long long)w.before.updated, (long long)w.before.resolved,
		    (long long)told_of(y, &c, "drift", "opened"),
		    (long long)told_of(y, &c, "drift", "updated"),
		    (long long)told_of(y, &c, "drift", "resolved"));
	assert_int_equal(
	    w.before.conditions[WHATIF_FLAPPING], told_of(y, &c, "flapping", "opened"));
	assert_int_equal(w.before.conditions[WHATIF_ANOMALY], told_of(y, &c, "anomaly", "opened"));
	assert_int_equal(w.before.conditions[WHATIF_BLIND], told_of(y, &c, "blind", "opened"));
	assert_int_equal(w.before.conditions[WHATIF_SUSPICIOUS],
	    told_of(y, &c, "suspicious_collection", "opened"));
}

static void
what_if_counts_what_really_happened(void **state)
{
	static const char *const specs[] = { "", ",\"baseline\":{\"mode\":\"previous\"}",
		",\"thresholds\":{\"for_runs\":2,\"clear_runs\":2}",
		",\"thresholds\":{\"min_changes\":4,\"min_score\":20,\"clear_runs\":3}",
		",\"thresholds\":{\"flapping\":{\"low\":5,\"high\":15}}",
		",\"thresholds\":{\"flapping\":{\"low\":10,\"high\":25},\"clear_runs\":2}",
		",\"thresholds\":{\"anomaly\":{\"k\":1,\"floor\":1},\"blind_after\":1}",
		",\"thresholds\":{\"tolerance\":[{\"path\":\"/"
		"n\",\"abs\":1}],\"max_removed_percent\":20}",
		",\"baseline\":{\"mode\":\"previous\"},\"thresholds\":{\"flapping\":{\"low\":5,"
		"\"high\":15},"
		"\"anomaly\":{\"k\":2,\"floor\":2},\"min_changes\":2}" };
	struct place_in_time    *y = *state;

	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			history_replayed_is_what_happened(y, specs[i], seed * 7919 + i);
}

static void
what_if_takes_decisions_as_they_are(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct err            e = { 0 };
	struct drift_config   row;
	struct drift_spec    *spec;
	struct whatif         w;

	place_push(y, &c, "{\"a\":1}");
	place_push(y, &c, "{\"a\":2}");
	place_push(y, &c, "{\"a\":1}");
	place_push(y, &c, "{\"a\":2}");
	place_accept(y, &c, "ignored", 0);
	assert_ok(config_by_id(y->x->t, y, &c, &row, &e));
	spec = spec_compile(y, y->x->d, y->x->t, &row, NULL, &e);
	assert_non_null(spec);
	assert_ok(whatif_run(
	    &(struct whatif_question) { y->x->t, &row, spec, spec, { 0 }, NULL }, y, &w, &e));
	assert_int_equal(w.before.opened, 0);
	assert_int_equal(w.before.held[HOLD_IGNORED], 2);
}

static void
what_if_reads_what_the_tried_config_wants_to_be_read(void **state)
{
	static const char unread[] = ",\"unread\":[{\"category\":\"d\",\"reason\":\"no licence\"}]";
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, ",\"thresholds\":{\"blind_after\":2}");
	struct uuid           other =
	    place_config(y, talloc_asprintf(y, ",\"thresholds\":{\"blind_after\":2}%s", unread));
	struct err          e = { 0 };
	struct drift_config row, tried;
	struct drift_spec  *before, *after;
	struct whatif       w;

	for (int i = 0; i < 4; i++) {
		y->clock.set_ms += 60000;
		drift_push(y->x, y, &c,
		    "{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":{\"a\":1}}],"
		    "\"collections\":{\"c\":\"complete\",\"d\":\"forbidden\"}}");
	}
	assert_ok(config_by_id(y->x->t, y, &c, &row, &e));
	assert_ok(config_by_id(y->x->t, y, &other, &tried, &e));
	before = spec_compile(y, y->x->d, y->x->t, &row, NULL, &e);
	after = spec_compile(y, y->x->d, y->x->t, &tried, NULL, &e);
	assert_non_null(before);
	assert_non_null(after);
	assert_ok(whatif_run(
	    &(struct whatif_question) { y->x->t, &row, before, after, { 0 }, NULL }, y, &w, &e));
	assert_int_equal(w.before.conditions[WHATIF_BLIND], 1);
	assert_int_equal(w.after.conditions[WHATIF_BLIND], 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_set_up, place_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_if_counts_what_really_happened),
		TEST(what_if_reads_what_the_tried_config_wants_to_be_read),
		TEST(what_if_takes_decisions_as_they_are),
	};

	return cmocka_run_group_tests_name("whatif", tests, NULL, NULL);
}
