/*
 * Thresholds on a real database: what flaps, what is unusual, what ends by the clock, and what the
 * report says of each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/drift/finding.h"
#include "core/store/drift/schedule.h"
#include "core/store/drift/silence.h"
#include "core/store/tx.h"
#include "tests/store/place_in_time.h"

static void
says(const struct report *r, const char *part)
{
	if (r->not_alerted.text == NULL || strstr(r->not_alerted.text, part) == NULL)
		fail_msg("%s is not in %s", part,
		    r->not_alerted.text == NULL ? "nothing" : r->not_alerted.text);
}

/* ---- flapping ---- */

static void
what_flaps_is_told_once_and_its_end_with_the_true_state(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, ",\"thresholds\":{\"flapping\":{}}");
	struct report         r;

	place_push(y, &c, "{\"a\":1}");
	for (int i = 0; i < 8; i++)
		place_push(y, &c, i % 2 == 0 ? "{\"a\":2}" : "{\"a\":1}");
	assert_string_equal(place_told(y),
	    "drift opened, drift resolved, drift opened, drift resolved, drift opened, drift "
	    "resolved, drift opened, drift resolved");
	place_forget_told(y);
	r = place_push(y, &c, "{\"a\":2}");
	assert_string_equal(r.status, "drifted");
	says(&r, "\"code\":\"flapping\"");
	says(&r, "\"changes\":1");
	says(&r,
	    "\"reason\":\"1 finding is flapping: up to 9 changes of state in 21 checks, weighed "
	    "50 %; told when below 25 %.\"");
	says(&r, "\"times\":9,\"percent\":50,\"low\":25,\"high\":50");
	assert_string_equal(place_told(y), "flapping opened");
	assert_string_equal(drift_text(y->x, y,
				"SELECT CONCAT(status, ' ', suppressed_by) FROM %s.alerts"
				" WHERE kind = 'drift' AND status <> 'resolved'"),
	    "open flapping");
	assert_non_null(
	    strstr(drift_text(y->x, y, "SELECT title FROM %s.alerts WHERE kind = 'flapping'"),
		"1 finding is flapping, with up to 9 changes of state in 21 checks"));
	for (int i = 0; i < 10; i++)
		place_push(y, &c, i % 2 == 0 ? "{\"a\":1}" : "{\"a\":2}");
	assert_string_equal(place_told(y), "flapping opened");
	/* It settles: drifted. */
	for (int i = 0; i < 20; i++)
		r = place_push(y, &c, "{\"a\":2}");
	assert_string_equal(place_told(y), "flapping opened, flapping resolved, drift opened");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts WHERE kind = 'drift'"
					   " AND status = 'open' AND suppressed_by IS NULL"),
	    1);
}

static void
what_settles_as_it_should_be_ends_and_nothing_is_kept(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, ",\"thresholds\":{\"flapping\":{}}");

	place_push(y, &c, "{\"a\":1,\"b\":1}");
	place_push(y, &c, "{\"a\":1,\"b\":2}"); /* the other one stays */
	for (int i = 0; i < 12; i++)
		place_push(y, &c, i % 2 == 0 ? "{\"a\":2,\"b\":2}" : "{\"a\":1,\"b\":2}");
	assert_int_equal(drift_count(y->x, "SELECT flapping FROM %s.drift_trends"), 1);
	place_forget_told(y);
	place_push(y, &c, "{\"a\":1,\"b\":3}");
	assert_string_equal(
	    place_told(y), "drift updated"); /* what does not flap is told of all the same */
	for (int i = 0; i < 40; i++)
		place_push(y, &c, "{\"a\":1,\"b\":1}");
	assert_string_equal(place_told(y), "drift updated, drift resolved, flapping resolved");
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts WHERE status <> 'resolved'"), 0);
	place_push(y, &c, "{\"a\":1,\"b\":4}"); /* what is over goes with the next change */
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_flaps"), 1);
	/* An unchanged snapshot is a check, and stays one row of state. */
	assert_int_equal(drift_count(y->x, "SELECT checks FROM %s.drift_trends"),
	    drift_count(y->x, "SELECT COUNT(*) - 1 FROM %s.config_snapshots"));
}

static void
incomplete_snapshots_are_no_checks(void **state)
{
	struct place_in_time *y = *state;
	struct uuid c = place_config(y, ",\"thresholds\":{\"flapping\":{\"low\":5,\"high\":20}}");

	place_push(y, &c, "{\"a\":1}");
	for (int i = 0; i < 30; i++) {
		place_push(y, &c, "{\"a\":2}");
		place_push_failed(y, &c);
	}
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts WHERE kind = 'flapping'"), 0);
	assert_int_equal(drift_count(y->x, "SELECT checks FROM %s.drift_trends"), 30);
}

static void
set_spec(struct place_in_time *y, const struct uuid *id, const char *more)
{
	struct err          e = { 0 };
	struct drift_config c;
	char                channel[UUID_TEXT_MAX];
	bool                done;

	uuid_print(&y->channel, channel);
	assert_ok(config_by_id(y->x->t, y, id, &c, &e));
	c.spec = talloc_asprintf(y,
	    "{\"source\":{\"kind\":\"push\"},\"alerts\":[{\"channel_id\":\"%s\"}]%s}", channel,
	    more);
	assert_ok(config_set(y->x->t->db, &c, &done, &e));
	assert_true(done);
}

static void
a_threshold_taken_away_ends_its_alert_and_what_was_kept(void **state)
{
	struct place_in_time *y = *state;
	struct uuid c = place_config(y, ",\"thresholds\":{\"flapping\":{},\"anomaly\":{}}");

	place_push(y, &c, "{\"a\":1}");
	for (int i = 0; i < 12; i++)
		place_push(y, &c, i % 2 == 0 ? "{\"a\":2}" : "{\"a\":1}");
	place_push(y, &c, "{\"a\":2}");
	place_forget_told(y);
	set_spec(y, &c, ",\"thresholds\":{\"anomaly\":{}}");
	place_push(y, &c, "{\"a\":2}");
	assert_string_equal(place_told(y), "flapping resolved, drift opened");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_flaps"), 0);
	assert_int_equal(drift_count(y->x, "SELECT checks FROM %s.drift_trends"), 0);
	assert_int_equal(drift_count(y->x, "SELECT LENGTH(counts) > 20 FROM %s.drift_trends"), 1);
	set_spec(y, &c, "");
	place_push(y, &c, "{\"a\":2}");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_trends"), 0);
}

/* ---- anomalies ---- */

static void
far_more_changes_than_usual_are_told(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(
		      y, ",\"thresholds\":{\"min_severity\":\"critical\",\"anomaly\":{\"floor\":5}}");
	struct report r;

	place_push_many(y, &c, 40, 1);
	for (int i = 0; i < 9; i++)
		place_push_many(y, &c, 40, 1);
	place_push_many(y, &c, 40, 2); /* nine runs are not enough */
	assert_string_equal(place_told(y), "");
	place_push_many(y, &c, 40, 1);
	r = place_push_many(y, &c, 41, 1); /* one more than none */
	assert_non_null(strstr(r.anomaly.text, "\"anomalous\":false,\"changes\":1"));
	assert_string_equal(place_told(y), "");
	r = place_push_many(y, &c, 40, 3);
	assert_string_equal(place_told(y), "anomaly opened");
	assert_non_null(strstr(r.anomaly.text,
	    "\"anomalous\":true,\"changes\":40,\"runs\":12,\"median\":0,\"mad\":0,\"limit\":5"));
	assert_non_null(strstr(drift_text(y->x, y, "SELECT title FROM %s.alerts"),
	    "40 changes in one run, unusual above 5 (median 0, MAD 0 of 12 runs)"));
	says(&r, "\"code\":\"below_min_severity\",\"reason\"");
	says(&r, "40 changes are below critical (min_severity).");
	place_push_many(y, &c, 40, 3);
	assert_string_equal(place_told(y), "anomaly opened");
	place_push_many(y, &c, 40, 1);
	assert_string_equal(place_told(y), "anomaly opened, anomaly resolved");
	assert_string_equal(drift_text(y->x, y,
				"SELECT SUBSTRING(anomaly, 1, 16) FROM %s.drift_reports"
				" ORDER BY id DESC LIMIT 1"),
	    "{\"anomalous\":fal");
}

/* ---- the sentences ---- */

static void
each_threshold_says_in_numbers_what_it_held_back(void **state)
{
	static const struct {
		const char *thresholds, *value;
		int         times;
		const char *code, *reason;
	} cases[] = {
		{ "\"min_severity\":\"high\"", "{\"a\":2}", 1, "\"code\":\"below_min_severity\"",
		    "1 change is below high (min_severity)." },
		{ "\"min_changes\":3", "{\"a\":2,\"b\":2}", 1,
		    "\"code\":\"below_min_changes\",\"reason\":\"2 findings; an alert opens from 3 "
		    "on "
		    "(min_changes).\"",
		    "\"changes\":2,\"min_changes\":3" },
		{ "\"min_score\":16", "{\"a\":2}", 1,
		    "\"code\":\"below_min_score\",\"reason\":\"The findings have a score of 4 "
		    "together; "
		    "an alert opens from 16 on (min_score).\"",
		    "\"score\":4,\"min_score\":16" },
		{ "\"for_runs\":3", "{\"a\":2}", 2, "\"code\":\"for_runs\",\"changes\":1",
		    "1 finding is not in 3 reports in a row yet (for_runs); at most in 2 so "
		    "far.\",\"for_runs\":3,\"runs\":2" },
		{ "\"tolerance\":[{\"path\":\"/z\",\"abs\":1},{\"path\":\"/*\",\"pct\":150}]",
		    "{\"a\":2}", 1, "\"code\":\"tolerance\",\"changes\":1",
		    "1 number moved by no more than the tolerance from the "
		    "baseline's.\",\"tolerance\":[{\"path\":\"/*\",\"pct\":150}]" },
	};
	struct place_in_time *y = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct uuid c = place_config(
		    y, talloc_asprintf(y, ",\"thresholds\":{%s}", cases[i].thresholds));
		struct report r;

		place_push(y, &c, "{\"a\":1,\"b\":1}");
		for (int n = 0; n < cases[i].times; n++)
			r = place_push(
			    y, &c, cases[i].value[6] == '}' ? "{\"a\":2,\"b\":1}" : cases[i].value);
		says(&r, cases[i].code);
		says(&r, cases[i].reason);
		/* It is kept as it is: nothing of a value may stand in it. */
		assert_string_equal(place_told(y), "");
	}
}

static void
delays_and_incomplete_reads_say_how_long(void **state)
{
	struct place_in_time *y = *state;
	struct uuid   c = place_config(y, ",\"thresholds\":{\"clear_runs\":3,\"blind_after\":2}");
	struct report r;

	place_push(y, &c, "{\"a\":1}");
	place_push(y, &c, "{\"a\":2}");
	r = place_push(y, &c, "{\"a\":1}");
	says(&r, "The open alert ends after 3 readings in a row without findings of each "
		 "collection that had some (clear_runs); so "
		 "far 1.\",\"clear_runs\":3,\"clean_runs\":1");
	r = place_push_failed(y, &c);
	says(&r, "This is incomplete snapshot 1 in a row; from 2 on the config is blind "
		 "(blind_after).\",\"incomplete_runs\":1,\"blind_after\":2");
	assert_string_equal(place_told(y), "drift opened");
	place_push_failed(y, &c);
	assert_string_equal(place_told(y), "drift opened, blind opened");
	assert_string_equal(drift_text(y->x, y, "SELECT state FROM %s.config_state"), "blind");
	place_push(y, &c, "{\"a\":1}");
	assert_string_equal(place_told(y), "drift opened, blind opened, blind resolved");
}

static void
a_collection_gone_says_how_much(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, ",\"thresholds\":{\"max_removed_percent\":30}");
	struct report         r;

	place_push_many(y, &c, 20, 1);
	r = place_push_many(y, &c, 10, 1);
	says(&r,
	    "\"code\":\"suspicious_collection\",\"changes\":10,\"reason\":\"10 resources are gone "
	    "at once, more than 30 % of the collection (max_removed_percent); the next snapshot "
	    "decides.\",\"max_removed_percent\":30");
	assert_string_equal(place_told(y), "suspicious_collection opened");
}

static void
a_decision_is_named_with_its_count(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct report         r;

	place_push(y, &c, "{\"a\":1}");
	place_push(y, &c, "{\"a\":2}");
	place_accept(y, &c, "accepted", 0);
	r = place_push(y, &c, "{\"a\":2}");
	assert_string_equal(r.status, "clean");
	place_accept(y, &c, "ignored", 0);
	r = place_push(y, &c, "{\"a\":2}");
	says(&r, "\"code\":\"held_back\",\"reason\":\"Every finding is held back.\"");
	says(&r, "{\"code\":\"ignored\",\"changes\":1,\"reason\":\"1 finding is set to ignored by "
		 "somebody.\"}");
}

/* ---- blind_after ---- */

static void
blind_after_counts_beats_of_silence_too(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c =
	    place_config(y, ",\"expect_every_s\":60,\"thresholds\":{\"blind_after\":7}");
	struct err e = { 0 };

	place_push(y, &c, "{\"a\":1}");
	place_push(y, &c, "{\"a\":1}");
	assert_in_range(drift_count(y->x, "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due)"
					  " FROM testbsx.schedules WHERE kind = 'beat'"),
	    417, 420);
	assert_int_equal(place_look(y), 1);
	assert_string_equal(place_told(y), "blind opened");
	assert_int_equal(drift_count(y->x, "SELECT incomplete_runs FROM %s.config_state"), 7);
	assert_non_null(strstr(drift_text(y->x, y, "SELECT title FROM %s.alerts"),
	    "no complete snapshot has come in 7 times the 60 s allowed"));
	/* Looking again at what is old ends nothing. */
	assert_ok(schedule_set(y->x->t->db, SCHEDULE_RECHECK, &c, 0, &e));
	place_look(y);
	assert_string_equal(drift_text(y->x, y, "SELECT state FROM %s.config_state"), "blind");
	place_push(y, &c, "{\"a\":1}");
	place_push(y, &c, "{\"a\":1}");
	assert_string_equal(place_told(y), "blind opened, blind resolved");
}

/* ---- by the clock ---- */

static void
an_acceptance_that_expires_opens_without_a_push(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct report         r;

	place_push(y, &c, "{\"a\":1}");
	place_push(y, &c, "{\"a\":2}");
	place_accept(y, &c, "accepted", 3600000);
	r = place_push(y, &c, "{\"a\":2}");
	assert_string_equal(r.status, "clean");
	assert_string_equal(place_told(y), "drift opened, drift resolved");
	assert_in_range(drift_count(y->x, "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due)"
					  " FROM testbsx.schedules WHERE kind = 'recheck'"),
	    3500, 3600);
	/* Too early, or with a clock that is behind: nothing, and later again. */
	assert_int_equal(place_look(y), 1);
	assert_string_equal(place_told(y), "drift opened, drift resolved");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_reports"), 3);
	assert_int_equal(drift_count(y->x, "SELECT next_due > NOW(3) FROM testbsx.schedules"), 1);
	y->clock.set_ms += 3600000;
	assert_int_equal(place_look(y), 1);
	assert_string_equal(place_told(y), "drift opened, drift resolved, drift opened");
	assert_string_equal(drift_text(y->x, y, "SELECT state FROM %s.config_state"), "drifted");
	assert_string_equal(
	    drift_text(y->x, y,
		"SELECT CONCAT(r.status, ' ', r.modified, ' ', r.accepted, ' ', s.seq)"
		" FROM %s.drift_reports r JOIN %s.config_state s ON s.report_id = r.id"
		" JOIN %s.alerts a ON a.report_id = r.id"),
	    "drifted 1 0 3");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_history WHERE note ="
					   " 'The acceptance has expired.'"),
	    1);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM testbsx.schedules WHERE kind <> 'review'"), 0);
	/* The same push again changes nothing. */
	r = place_push(y, &c, "{\"a\":2}");
	assert_string_equal(r.status, "drifted");
	assert_string_equal(place_told(y), "drift opened, drift resolved, drift opened");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_reports"), 4);
}

static void
a_silence_that_ends_is_heard_without_a_push(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, ",\"thresholds\":{\"for_runs\":2}");
	struct err            e = { 0 };
	struct silence        s = { .id = uuid_make(&clock_system, &rand_system),
		       .kind = talloc_strdup(y, SILENCE_PLAIN),
		       .matcher = { .text = "{\"category\":\"c\"}" },
		       .reason = talloc_strdup(y, "r"),
		       .owner = talloc_strdup(y, "o"),
		       .starts_at = { y->clock.set_ms },
		       .expires_at = { y->clock.set_ms + 600000 },
		       .created_at = { y->clock.set_ms } };
	struct report         r;

	assert_ok(silence_add(y->x->t->db, &s, &e));
	place_push(y, &c, "{\"a\":1,\"b\":1}");
	place_push(y, &c, "{\"a\":2,\"b\":1}");
	r = place_push(y, &c, "{\"a\":2,\"b\":2}");
	says(&r, "\"code\":\"silence\",\"changes\":1,\"reason\":\"1 finding is covered by a "
		 "silence.\",\"suppressed_by\":\"silence:");
	assert_string_equal(place_told(y), "");
	y->clock.set_ms += 600000;
	assert_int_equal(place_look(y), 1);
	assert_string_equal(place_told(y), "drift opened");
	assert_int_equal(drift_count(y->x, "SELECT changes FROM %s.alerts"), 1);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts WHERE suppressed_by IS"
					   " NULL"),
	    1);
	/* A look is no report in a row: the second one counts with the next snapshot, unchanged. */
	assert_int_equal(place_look(y), 0);
	place_push(y, &c, "{\"a\":2,\"b\":2}");
	assert_string_equal(place_told(y), "drift opened, drift updated");
}

static void
a_look_in_between_confirms_no_loss(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct err            e = { 0 };

	place_push_many(y, &c, 20, 1);
	place_push_many(y, &c, 5, 1);
	assert_string_equal(place_told(y), "suspicious_collection opened");
	assert_ok(schedule_set(y->x->t->db, SCHEDULE_RECHECK, &c, 0, &e));
	assert_int_equal(place_look(y), 1);
	assert_string_equal(place_told(y), "suspicious_collection opened");
	place_push_many(y, &c, 5, 1);
	assert_string_equal(place_told(y),
	    "suspicious_collection opened, drift opened, suspicious_collection resolved");
}

static void
a_look_at_a_dropped_or_new_config_ends(void **state)
{
	struct place_in_time *y = *state;
	struct uuid none = uuid_make(&clock_system, &rand_system), c = place_config(y, "");
	struct err  e = { 0 };

	assert_ok(schedule_set(y->x->t->db, SCHEDULE_RECHECK, &none, 0, &e));
	assert_ok(schedule_set(y->x->t->db, SCHEDULE_RECHECK, &c, 0, &e));
	assert_int_equal(place_look(y), 2);
	place_push(y, &c, "{\"a\":1}");
	assert_ok(schedule_set(y->x->t->db, SCHEDULE_RECHECK, &c, 0, &e));
	assert_int_equal(place_look(y), 1);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM testbsx.schedules WHERE kind <> 'review'"), 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_reports"), 1);
}

/* ---- refused ---- */

static void
thresholds_without_sense_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *thresholds, *pointer;
	} bad[] = {
		{ "\"flapping\":true", "/thresholds/flapping" },
		{ "\"flapping\":[]", "/thresholds/flapping" },
		{ "\"flapping\":{\"low\":50}", "/thresholds/flapping/low" },
		{ "\"flapping\":{\"low\":60,\"high\":55}", "/thresholds/flapping/low" },
		{ "\"flapping\":{\"high\":20}", "/thresholds/flapping/low" },
		{ "\"flapping\":{\"low\":-1}", "/thresholds/flapping/low" },
		{ "\"flapping\":{\"high\":101}", "/thresholds/flapping/high" },
		{ "\"flapping\":{\"high\":\"50\"}", "/thresholds/flapping/high" },
		{ "\"flapping\":{\"middle\":5}", "/thresholds/flapping/middle" },
		{ "\"anomaly\":1", "/thresholds/anomaly" },
		{ "\"anomaly\":{\"k\":0.5}", "/thresholds/anomaly/k" },
		{ "\"anomaly\":{\"k\":-3}", "/thresholds/anomaly/k" },
		{ "\"anomaly\":{\"k\":101}", "/thresholds/anomaly/k" },
		{ "\"anomaly\":{\"k\":1e999}", "/thresholds/anomaly/k" },
		{ "\"anomaly\":{\"k\":\"5\"}", "/thresholds/anomaly/k" },
		{ "\"anomaly\":{\"runs\":9}", "/thresholds/anomaly/runs" },
		{ "\"anomaly\":{\"runs\":101}", "/thresholds/anomaly/runs" },
		{ "\"anomaly\":{\"floor\":0}", "/thresholds/anomaly/floor" },
		{ "\"anomaly\":{\"floor\":1.5}", "/thresholds/anomaly/floor" },
		{ "\"blind_after\":0", "/thresholds/blind_after" },
		{ "\"blind_after\":101", "/thresholds/blind_after" },
	};
	struct place_in_time *y = *state;
	struct err            e = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&e);
		assert_null(spec_compile(y, y->x->d, y->x->t,
		    &(struct drift_config) {
			.spec = talloc_asprintf(y,
			    "{\"source\":{\"kind\":\"push\"},\"thresholds\":{%s}}",
			    bad[i].thresholds) },
		    NULL, &e));
		if (e.code != ERR_INVALID || e.faults == NULL ||
		    strcmp(e.faults->pointer, bad[i].pointer) != 0)
			fail_msg("%s: %s", bad[i].thresholds,
			    e.faults == NULL ? e.detail : e.faults->pointer);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_set_up, place_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_flaps_is_told_once_and_its_end_with_the_true_state),
		TEST(what_settles_as_it_should_be_ends_and_nothing_is_kept),
		TEST(incomplete_snapshots_are_no_checks),
		TEST(a_threshold_taken_away_ends_its_alert_and_what_was_kept),
		TEST(far_more_changes_than_usual_are_told),
		TEST(each_threshold_says_in_numbers_what_it_held_back),
		TEST(delays_and_incomplete_reads_say_how_long),
		TEST(a_collection_gone_says_how_much),
		TEST(a_decision_is_named_with_its_count),
		TEST(blind_after_counts_beats_of_silence_too),
		TEST(an_acceptance_that_expires_opens_without_a_push),
		TEST(a_silence_that_ends_is_heard_without_a_push),
		TEST(a_look_in_between_confirms_no_loss),
		TEST(a_look_at_a_dropped_or_new_config_ends),
		TEST(thresholds_without_sense_are_refused_with_their_place),
	};

	return cmocka_run_group_tests_name("thresholds", tests, NULL, NULL);
}
