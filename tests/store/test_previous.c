/* What is first seen in a reading, held against each kind of baseline; and where that is the
 * previous snapshot: what moves, what waits, what was told and is not seen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/drift/collection.h"
#include "core/store/drift/silence.h"
#include "core/store/drift/unsettled.h"
#include "tests/store/golden_world.h"
#include "tests/store/place_in_time.h"

#define RESOURCES 10
#define PREVIOUS  ",\"baseline\":{\"mode\":\"previous\"}"

/* ---- asking and pushing ---- */

static int64_t
unsettled(struct place_in_time *y, const struct uuid *c)
{
	int64_t rows =
	    place_count(y, "SELECT COUNT(*) FROM %s.config_unsettled WHERE config_id", c);

	/* what the collections say is what there is */
	assert_int_equal(rows,
	    place_count(y,
		"SELECT IFNULL(SUM(unsettled), 0) FROM %s.config_collections WHERE config_id", c));
	return rows;
}

static bool
alert_is_open(struct place_in_time *y, const struct uuid *c)
{
	return place_count(y,
		   "SELECT COUNT(*) FROM %s.alerts WHERE open_key IS NOT NULL AND kind = 'drift'"
		   " AND suppressed_by IS NULL AND config_id",
		   c) > 0;
}

/* As the API does it: the open alert gets this status. */
static void
alert_becomes(struct place_in_time *y, const struct uuid *c, const char *status)
{
	const char *end = strcmp(status, "resolved") == 0
			      ? ", open_key = NULL, resolved_at = updated_at, resolved_by = 'x'"
			      : "";
	struct err  e = { 0 };

	drift_sql(y->x, talloc_asprintf(y,
			    "UPDATE %%s.alerts SET status = '%s'%s WHERE open_key IS NOT NULL AND"
			    " kind = 'drift' AND config_id = UNHEX('%s')",
			    status, end, place_hex(y, c)));
	assert_ok(unsettled_seen(y->x->t->db, c, &e));
}

/* What there is: the values of ten resources; 0: it is not there. */
struct truth {
	int values[RESOURCES];
};

static struct report
push(struct place_in_time *y, const struct uuid *c, const struct truth *t, const char *how)
{
	char *text = talloc_strdup(y, "");
	bool  shows = strcmp(how, "complete") == 0 || strcmp(how, "partial") == 0;

	y->clock.set_ms += 60000;
	for (int i = 0; shows && i < RESOURCES; i++)
		if (t->values[i] != 0)
			text = talloc_asprintf_append(text,
			    "%s{\"category\":\"c\",\"key\":\"k%d\",\"value\":{\"n\":%d,\"m\":1}}",
			    text[0] == '\0' ? "" : ",", i, t->values[i]);
	return drift_push(y->x, y, c,
	    talloc_asprintf(y, "{\"resources\":[%s],\"collections\":{\"c\":\"%s\"}}", text, how))
	    .report;
}

/* What was told since it was asked last. */
static const char *
told(struct place_in_time *y)
{
	const char *out = place_told(y);

	place_forget_told(y);
	return out;
}

static const struct truth all_ones = { { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 } };
static const struct truth one_changed = { { 2, 1, 1, 1, 1, 1, 1, 1, 1, 1 } };
static const struct truth many_gone = { { 0, 0, 0, 0, 0, 0, 1, 1, 1, 1 } };

/* ---- the table ---- */

enum seen_in {
	IN_COMPLETE,
	IN_PARTIAL,
	IN_FAILED,
	IN_FORBIDDEN,
	IN_THROTTLED,
	IN_HELD,
	IN_SILENCE,
	IN_WINDOW,
	IN_DEBOUNCE,
	WAYS
};
static const char *const ways[] = { "complete", "partial", "failed", "forbidden", "throttled",
	"held", "silence", "maintenance", "debounce" };

enum against { PINNED, PREVIOUS_ONE, GOLDEN, BASELINES };
static const char *const baselines[] = { "pinned", "previous", "golden" };

/* The template's resources are these. */
static void
template_is(struct place_in_time *y, struct golden *g, const struct truth *t)
{
	char *text = talloc_strdup(y, "");

	for (int i = 0; i < RESOURCES; i++)
		text = talloc_asprintf_append(text, "%s[\"c\",\"k%d\",{\"n\":%d,\"m\":1}]",
		    i == 0 ? "" : ",", i, t->values[i]);
	golden_world_put(
	    y->x, g, talloc_asprintf(y, "{\"resources\":[%s],\"variables\":[]}", text));
}

static const char *
how_of(enum seen_in way)
{
	return way > IN_COMPLETE && way < IN_HELD ? ways[way] : "complete";
}

static void
must_tell(struct place_in_time *y, const char *where, const char *step, const char *should)
{
	const char *is = told(y);

	if (strcmp(is, should) != 0)
		fail_msg("%s: %s: told \"%s\" instead of \"%s\"", where, step, is, should);
}

static void
must_be(const char *where, const char *what, int64_t is, int64_t should)
{
	if (is != should)
		fail_msg("%s: %s is %lld instead of %lld", where, what, (long long)is,
		    (long long)should);
}

static void
silence_for(struct place_in_time *y, const struct uuid *c, enum seen_in way)
{
	char           id[UUID_TEXT_MAX];
	struct err     e = { 0 };
	struct silence s = { .id = uuid_make(&clock_system, &rand_system),
		.kind = talloc_strdup(y, way == IN_SILENCE ? SILENCE_PLAIN : SILENCE_MAINTENANCE),
		.reason = talloc_strdup(y, "planned"),
		.owner = talloc_strdup(y, "somebody"),
		.starts_at = { y->clock.set_ms },
		.expires_at = { y->clock.set_ms + 90000 },
		.created_at = { y->clock.set_ms } };

	if (way != IN_SILENCE && way != IN_WINDOW)
		return;
	uuid_print(c, id);
	s.matcher.text = talloc_asprintf(y, "{\"config\":\"%s\"}", id);
	assert_ok(silence_add(y->x->t->db, &s, &e));
	assert_ok(config_touch(y->x->t->db, c, s.expires_at, &e));
}

/*
 * The rule of each cell, whatever the baseline: a change is told with the first complete reading
 * that nothing holds it in, once; its end is told when it was, with the first complete reading that
 * it is not in.  Of what was first seen in another way nothing is told when it is gone again by the
 * next complete reading.
 */
static void
tell_at_once(struct place_in_time *y, const char *where, enum seen_in way)
{
	must_tell(y, where, "first seen",
	    way == IN_COMPLETE    ? "drift opened"
	    : way == IN_HELD      ? "suspicious_collection opened"
	    : way == IN_FORBIDDEN ? "blind opened" /* it was permitted before */
				  : "");
}

static void
tell_next(struct place_in_time *y, const char *where, enum seen_in way, bool gone)
{
	const char *const later = way == IN_COMPLETE ? "" : "drift opened";
	const char *const end = way == IN_COMPLETE ? "drift resolved" : "";
	const char       *is = told(y);

	if (way != IN_HELD && way != IN_FORBIDDEN) {
		if (strcmp(is, gone ? end : later) != 0)
			fail_msg("%s: next: told \"%s\"", where, is);
		return;
	}
	must_be(where, "the collection's alert over",
	    strstr(is, way == IN_HELD ? "suspicious_collection resolved" : "blind resolved") !=
		NULL,
	    true);
	must_be(where, "told of what is gone", strstr(is, "drift opened") != NULL, !gone);
}

/*
 * Afterwards: in `previous` the reports are clean again, and a resource is unsettled as long as it
 * is told and not seen. Somebody takes it up: then `previous` has it as its normal, and tells the
 * way back; `pinned` and `golden` go on until it is back.
 */
static void
see_and_return(struct place_in_time *y, const struct uuid *c, const char *where, enum seen_in way,
    bool previous)
{
	const struct truth *t = way == IN_HELD ? &many_gone : &one_changed;

	must_be(where, "an alert before it is seen", alert_is_open(y, c), true);
	alert_becomes(y, c, "acknowledged");
	push(y, c, t, "complete");
	must_be(where, "an alert after it was seen", alert_is_open(y, c), !previous);
	must_tell(y, where, "seen", previous ? "drift resolved" : "");
	must_be(where, "unsettled after it was seen", unsettled(y, c), 0);
	push(y, c, &all_ones, "complete");
	if (way == IN_DEBOUNCE && previous)
		push(y, c, &all_ones, "complete");
	must_tell(y, where, "back", previous ? "drift opened" : "drift resolved");
}

static struct uuid
begin(struct place_in_time *y, enum seen_in way, enum against against)
{
	struct uuid c =
	    place_config(y, talloc_asprintf(y, "%s%s", against == PREVIOUS_ONE ? PREVIOUS : "",
				way == IN_DEBOUNCE ? ",\"thresholds\":{\"for_runs\":2}" : ""));

	struct golden g = { 0 };

	if (against == GOLDEN) {
		template_is(y, &g, &all_ones);
		golden_world_bind_ok(y->x, &c, &g, "");
	}
	return c;
}

static void
walk(struct place_in_time *y, enum seen_in way, bool gone, enum against against)
{
	const struct truth *changed = way == IN_HELD ? &many_gone : &one_changed;
	const struct truth *then = gone ? &all_ones : changed;
	int64_t             n = way == IN_HELD ? 6 : 1;
	bool                previous = against == PREVIOUS_ONE;
	const char         *where = talloc_asprintf(
		    y, "%s, %s, %s", ways[way], gone ? "gone" : "still", baselines[against]);
	struct uuid   c = begin(y, way, against);
	struct report r;

	push(y, &c, &all_ones, "complete");
	push(y, &c, &all_ones, "complete");
	must_tell(y, where, "nothing yet", "");
	silence_for(y, &c, way);
	push(y, &c, changed, how_of(way));
	tell_at_once(y, where, way);
	push(y, &c, then, "complete");
	tell_next(y, where, way, gone);
	must_be(where, "an alert", alert_is_open(y, &c), !gone);
	push(y, &c, then, "complete");
	r = push(y, &c, then, "complete");
	must_tell(y, where, "nothing new", "");
	must_be(where, "shown", r.modified + r.deleted, gone || previous ? 0 : n);
	must_be(where, "unsettled", unsettled(y, &c), gone || !previous ? 0 : n);
	must_be(where, "an alert later", alert_is_open(y, &c), !gone);
	if (!gone)
		see_and_return(y, &c, where, way, previous);
}

static void
what_is_first_seen_in_any_way_is_told_once_and_ends(void **state)
{
	struct place_in_time *y = *state;

	for (int way = 0; way < WAYS; way++)
		for (int cell = 0; cell < 2 * BASELINES; cell++)
			walk(y, (enum seen_in)way, cell % 2 == 0, (enum against)(cell / 2));
	drift_check(y->x);
}

/* A template says what there has to be before anything was read: the first reading of all is judged
 * as any other.  What was never read is neither gone at once nor lost. */
static void
of_a_template_the_first_reading_is_held_against_it(void **state)
{
	struct place_in_time *y = *state;

	for (int way = 0; way < WAYS; way++) {
		const struct truth *t = way == IN_HELD ? &many_gone : &one_changed;
		struct uuid         c = begin(y, (enum seen_in)way, GOLDEN);
		bool                at_once = way == IN_COMPLETE || way == IN_HELD;

		silence_for(y, &c, (enum seen_in)way);
		push(y, &c, t, how_of((enum seen_in)way));
		must_tell(y, ways[way], "first seen", at_once ? "drift opened" : "");
		push(y, &c, t, "complete");
		must_tell(y, ways[way], "next", at_once ? "" : "drift opened");
		push(y, &c, &all_ones, "complete");
		must_tell(y, ways[way], "back", "drift resolved");
	}
}

static void
a_template_that_moves_to_what_was_told_ends_it_and_one_that_moves_away_tells(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct golden         g = { 0 };

	template_is(y, &g, &all_ones);
	golden_world_bind_ok(y->x, &c, &g, "");
	push(y, &c, &one_changed, "complete");
	must_tell(y, "template", "as it was", "drift opened");
	template_is(y, &g, &one_changed);
	push(y, &c, &one_changed, "failed");
	must_tell(y, "template", "has moved, and nothing was read", "");
	push(y, &c, &one_changed, "complete");
	must_tell(y, "template", "has moved to it", "drift resolved");
	template_is(y, &g, &all_ones);
	push(y, &c, &one_changed, "complete");
	must_tell(y, "template", "has moved back", "drift opened");
}

/* ---- kinds ---- */

static void
what_waits_stays_whole_until_it_is_told(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(
		      y, PREVIOUS ",\"thresholds\":{\"tolerance\":[{\"path\":\"/n\",\"abs\":2}]}");
	struct truth t = all_ones;

	push(y, &c, &t, "complete");
	for (int i = 2; i < 4; i++) { /* slow creep: against where it was, not against the last */
		t.values[0] = i;
		push(y, &c, &t, "complete");
		must_tell(y, "creep", "within", "");
		assert_int_equal(unsettled(y, &c), 1);
	}
	t.values[0] = 4;
	push(y, &c, &t, "complete");
	must_tell(y, "creep", "beyond", "drift opened");
	t.values[0] = 1;
	push(y, &c, &t, "complete");
	must_tell(y, "creep", "back", "drift resolved");
	assert_int_equal(unsettled(y, &c), 0);
}

static void
too_few_to_tell_are_added_up(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, PREVIOUS ",\"thresholds\":{\"min_changes\":3}");
	struct truth          t = all_ones;

	push(y, &c, &t, "complete");
	for (int i = 0; i < 3; i++) {
		t.values[i] = 2;
		push(y, &c, &t, "complete");
		must_tell(y, "few", "one more", i < 2 ? "" : "drift opened");
	}
	assert_int_equal(unsettled(y, &c), 3);
}

static void
what_somebody_resolved_is_not_told_again(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, PREVIOUS);
	struct truth          t = one_changed;

	push(y, &c, &all_ones, "complete");
	push(y, &c, &t, "complete");
	must_tell(y, "by hand", "first", "drift opened");
	alert_becomes(y, &c, "resolved");
	push(y, &c, &t, "complete");
	must_tell(y, "by hand", "after", "");
	assert_int_equal(unsettled(y, &c), 0);
	t.values[1] = 5;
	assert_int_equal(push(y, &c, &t, "complete").modified, 1);
	must_tell(y, "by hand", "another", "drift opened");
}

static void
what_is_accepted_is_the_normal(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, PREVIOUS);

	push(y, &c, &all_ones, "complete");
	push(y, &c, &one_changed, "complete");
	must_tell(y, "accepted", "first", "drift opened");
	place_accept(y, &c, "accepted", 0);
	push(y, &c, &one_changed, "complete");
	push(y, &c, &one_changed, "complete");
	must_tell(y, "accepted", "after", "drift resolved");
	assert_int_equal(unsettled(y, &c), 0);
}

static void
another_value_of_what_was_told_is_told_and_its_return_ends_both(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, PREVIOUS);
	struct truth          t = one_changed;
	struct report         r;

	push(y, &c, &all_ones, "complete");
	push(y, &c, &t, "complete");
	must_tell(y, "another", "first", "drift opened");
	t.values[0] = 3;
	r = push(y, &c, &t, "complete");
	assert_int_equal(r.modified, 1);
	must_tell(y, "another", "second", "drift updated");
	push(y, &c, &t, "failed");
	must_tell(y, "another", "unread", "");
	assert_true(alert_is_open(y, &c));
	r = push(y, &c, &all_ones, "complete");
	assert_int_equal(r.modified, 1);
	assert_string_equal(r.status, "drifted");
	must_tell(y, "another", "back", "drift resolved");
	assert_int_equal(unsettled(y, &c), 0);
}

static void
set_mode(struct place_in_time *y, const struct uuid *c, const char *mode)
{
	struct err          e = { 0 };
	struct drift_config row;
	bool                done;
	char                id[UUID_TEXT_MAX];

	assert_ok(config_by_id(y->x->t, y, c, &row, &e));
	uuid_print(&y->channel, id);
	row.spec = talloc_asprintf(y,
	    "{\"source\":{\"kind\":\"push\"},\"alerts\":[{\"channel_id\":\"%s\"}],"
	    "\"baseline\":{\"mode\":\"%s\"}}",
	    id, mode);
	assert_ok(config_set(y->x->t->db, &row, &done, &e));
	assert_true(done);
}

static void
a_change_of_mode_ends_nothing_and_tells_nothing(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");

	push(y, &c, &all_ones, "complete");
	push(y, &c, &one_changed, "complete");
	must_tell(y, "modes", "pinned", "drift opened");
	set_mode(y, &c, "previous");
	push(y, &c, &one_changed, "complete");
	push(y, &c, &one_changed, "complete");
	must_tell(y, "modes", "previous", "");
	assert_int_equal(unsettled(y, &c), 1);
	set_mode(y, &c, "pinned");
	assert_int_equal(push(y, &c, &one_changed, "complete").modified, 1);
	must_tell(y, "modes", "pinned again", "");
	push(y, &c, &all_ones, "complete");
	must_tell(y, "modes", "back", "drift resolved");
}

static void
retention_keeps_what_is_unsettled(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, PREVIOUS ",\"retention_s\":86400");

	push(y, &c, &all_ones, "complete");
	push(y, &c, &one_changed, "complete");
	must_tell(y, "kept", "first", "drift opened");
	for (int i = 0; i < 12; i++) {
		y->clock.set_ms += INT64_C(86400000);
		push(y, &c, &one_changed, "complete");
	}
	assert_in_range(
	    place_count(y, "SELECT COUNT(*) FROM %s.config_snapshots WHERE config_id", &c), 2, 8);
	push(y, &c, &all_ones, "complete");
	must_tell(y, "kept", "back", "drift resolved");
	drift_check_contents(y->x);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_set_up, place_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_first_seen_in_any_way_is_told_once_and_ends),
		TEST(of_a_template_the_first_reading_is_held_against_it),
		TEST(a_template_that_moves_to_what_was_told_ends_it_and_one_that_moves_away_tells),
		TEST(what_waits_stays_whole_until_it_is_told),
		TEST(too_few_to_tell_are_added_up),
		TEST(what_somebody_resolved_is_not_told_again),
		TEST(what_is_accepted_is_the_normal),
		TEST(another_value_of_what_was_told_is_told_and_its_return_ends_both),
		TEST(a_change_of_mode_ends_nothing_and_tells_nothing),
		TEST(retention_keeps_what_is_unsettled),
	};

	return cmocka_run_group_tests_name("previous", tests, NULL, NULL);
}
