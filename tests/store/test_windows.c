/*
 * Maintenance windows: the blind alert of what is not read under one, and windows that come again.
 */
#include <stdio.h>
#include <string.h>

#include "core/store/drift/silence.h"
#include "core/store/tx.h"
#include "drift/run/hushing.h"
#include "drift/run/series.h"
#include "tests/store/place_in_time.h"

#define MINUTE 60000

static struct silence
add_window(struct place_in_time *y, const char *kind, const char *matcher, int64_t from_ms,
    int64_t until_ms)
{
	struct silence s = { .id = uuid_make(&y->clock, &rand_system),
		.kind = talloc_strdup(y, kind),
		.matcher = { .text = talloc_strdup(y, matcher) },
		.reason = talloc_strdup(y, "r"),
		.owner = talloc_strdup(y, "o"),
		.starts_at = { y->clock.set_ms + from_ms },
		.expires_at = { y->clock.set_ms + until_ms },
		.created_at = { y->clock.set_ms } };
	struct err     e = { 0 };

	assert_ok(silence_add(y->x->t->db, &s, &e));
	return s;
}

static const char *
by(struct place_in_time *y, const struct silence *s)
{
	char id[UUID_TEXT_MAX];

	uuid_print(&s->id, id);
	return talloc_asprintf(y, "%s:%s", s->kind, id);
}

/* Of the blind alert that is open: what suppresses it; NULL: nothing. */
static const char *
quiet_by(struct place_in_time *y)
{
	const char *text = drift_text(y->x, y,
	    "SELECT COALESCE(suppressed_by, '-') FROM %s.alerts WHERE kind = 'blind' AND open_key "
	    "IS"
	    " NOT NULL");

	return strcmp(text, "-") == 0 || text[0] == 0 ? NULL : text;
}

static struct uuid
awaited(struct place_in_time *y)
{
	struct uuid c =
	    place_config(y, ",\"expect_every_s\":60,\"thresholds\":{\"blind_after\":2}");

	place_push(y, &c, "{\"a\":1}");
	return c;
}

static int64_t
hushes(struct place_in_time *y)
{
	return drift_count(y->x, "SELECT COUNT(*) FROM testbsx.schedules WHERE kind = 'hush'");
}

static void
which_window_covers_that_a_source_is_not_read(void **state)
{
	static const struct {
		const char *kind, *matcher; /* %s: the config's id */
		int64_t     from_ms, until_ms;
		bool        covers;
	} rows[] = {
		{ SILENCE_MAINTENANCE, "{\"config\":\"%s\"}", 0, 60 * MINUTE, true },
		{ SILENCE_MAINTENANCE, "{\"category\":\"*\"}", 0, 60 * MINUTE, true },
		{ SILENCE_MAINTENANCE, "{\"config\":\"%s\",\"category\":\"c\"}", 0, 60 * MINUTE,
		    true },
		{ SILENCE_MAINTENANCE, "{\"config\":\"%s\",\"category\":\"d*\"}", 0, 60 * MINUTE,
		    false },
		{ SILENCE_MAINTENANCE, "{\"config\":\"01890a5d-ac96-774b-bcce-b302099a8057\"}", 0,
		    60 * MINUTE, false },
		{ SILENCE_MAINTENANCE, "{\"config\":\"%s\",\"key\":\"*\"}", 0, 60 * MINUTE, false },
		{ SILENCE_MAINTENANCE, "{\"config\":\"%s\",\"path\":\"/**\"}", 0, 60 * MINUTE,
		    false },
		{ SILENCE_MAINTENANCE, "{\"config\":\"%s\",\"severity\":\"high\"}", 0, 60 * MINUTE,
		    false },
		{ SILENCE_MAINTENANCE, "{\"config\":\"%s\"}", 5 * MINUTE, 60 * MINUTE, false },
		{ SILENCE_MAINTENANCE, "{\"config\":\"%s\"}", -60 * MINUTE, 0, false },
		{ SILENCE_PLAIN, "{\"config\":\"%s\"}", 0, 60 * MINUTE, false },
	};
	struct place_in_time *y = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct uuid    c = awaited(y);
		char           id[UUID_TEXT_MAX], matcher[200];
		struct silence s;

		uuid_print(&c, id);
		snprintf(matcher, sizeof(matcher), "%s", rows[i].matcher);
		if (strstr(rows[i].matcher, "%s") != NULL)
			snprintf(matcher, sizeof(matcher), "{\"config\":\"%s\"%s", id,
			    strchr(rows[i].matcher, '%') + 3);
		place_forget_told(y);
		s = add_window(y, rows[i].kind, matcher, rows[i].from_ms, rows[i].until_ms);
		place_look(y);
		if ((quiet_by(y) != NULL) != rows[i].covers ||
		    (place_told(y)[0] == 0) != rows[i].covers)
			fail_msg("%s: %s, told %s", matcher, quiet_by(y), place_told(y));
		if (rows[i].covers)
			assert_string_equal(quiet_by(y), by(y, &s));
		place_push(y, &c, "{\"a\":1}"); /* it is read again */
		assert_int_equal(place_open_alerts(y, &c, "blind"), 0);
		drift_sql(y->x, "DELETE FROM %s.silences");
		server_do(y->x->w->root, "DELETE FROM testbsx.schedules");
	}
}

static void
a_planned_outage_is_told_when_it_goes_on_after_its_window(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = awaited(y);
	struct silence        s =
	    add_window(y, SILENCE_MAINTENANCE, "{\"category\":\"*\"}", 0, 60 * MINUTE);

	place_forget_told(y);
	place_look(y);
	assert_string_equal(quiet_by(y), by(y, &s));
	assert_string_equal(drift_text(y->x, y, "SELECT state FROM %s.config_state"), "blind");
	assert_in_range(drift_count(y->x, "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due)"
					  " FROM testbsx.schedules WHERE kind = 'hush'"),
	    3590, 3600);
	/* Too early: it is looked at later again. */
	place_look(y);
	assert_string_equal(place_told(y), "");
	assert_int_equal(hushes(y), 1);
	/* It is longer than was thought, and another window was made for it. */
	y->clock.set_ms += 59 * MINUTE;
	s = add_window(y, SILENCE_MAINTENANCE, "{\"category\":\"*\"}", 0, 60 * MINUTE);
	y->clock.set_ms += 2 * MINUTE;
	place_look(y);
	assert_string_equal(place_told(y), "");
	assert_string_equal(quiet_by(y), by(y, &s));
	y->clock.set_ms += 60 * MINUTE;
	place_look(y);
	assert_string_equal(place_told(y), "blind opened");
	assert_null(quiet_by(y));
	assert_int_equal(hushes(y), 0);
	assert_string_equal(drift_text(y->x, y,
				"SELECT GROUP_CONCAT(h.from_status, '>', h.to_status ORDER BY h.id)"
				" FROM %s.drift_history h JOIN %s.alerts a ON a.id = h.subject"
				" WHERE a.kind = 'blind'"),
	    "open>suppressed,suppressed>suppressed,suppressed>open");
	place_look(y);
	place_push(y, &c, "{\"a\":1}");
	assert_string_equal(place_told(y), "blind opened, blind resolved");
}

static void
an_outage_that_its_window_outlasts_is_never_told(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = awaited(y);

	add_window(y, SILENCE_MAINTENANCE, "{\"category\":\"*\"}", 0, 60 * MINUTE);
	place_forget_told(y);
	/* by what comes without a part, and by what does not come */
	for (int i = 0; i < 3; i++)
		place_push_failed(y, &c);
	assert_non_null(quiet_by(y));
	place_look(y);
	place_push(y, &c, "{\"a\":1}");
	assert_int_equal(place_open_alerts(y, &c, "blind"), 0);
	y->clock.set_ms += 120 * MINUTE;
	server_do(y->x->w->root, "DELETE FROM testbsx.schedules WHERE kind = 'beat'");
	place_look(y);
	assert_string_equal(place_told(y), "");
	assert_int_equal(hushes(y), 0);
}

static bool
end_body(struct db *db, void *arg, struct err *e)
{
	struct place_in_time *y = arg;

	return hush_wake(db, y, drift_text(y->x, y, "SELECT suppressed_by FROM %s.alerts"), e);
}

static void
a_window_that_is_ended_by_hand_or_outrun_by_a_push_is_heard(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = awaited(y);
	struct silence        s;
	struct err            e = { 0 };
	const struct tx       tx = { "end", end_body, y, NULL, NULL };
	bool                  done;

	s = add_window(y, SILENCE_MAINTENANCE, "{\"category\":\"*\"}", 0, 60 * MINUTE);
	place_forget_told(y);
	place_look(y);
	assert_string_equal(place_told(y), "");
	assert_ok(
	    silence_end(y->x->t->db, &s.id, (instant) { y->clock.set_ms }, "somebody", &done, &e));
	assert_ok(tx_run(y->x->t->db, &tx, &e));
	assert_int_equal(place_due(y), 1);
	assert_string_equal(place_told(y), "blind opened");
	place_push(y, &c, "{\"a\":1}");

	/* a push that is not complete comes before driftd looks */
	place_forget_told(y);
	add_window(y, SILENCE_MAINTENANCE, "{\"category\":\"*\"}", 0, 60 * MINUTE);
	place_look(y);
	assert_string_equal(place_told(y), "");
	y->clock.set_ms += 61 * MINUTE;
	place_push_failed(y, &c);
	assert_string_equal(place_told(y), "blind opened");
	place_look(y);
	assert_string_equal(place_told(y), "blind opened");
}

static void
what_was_told_before_its_window_is_told_on(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = awaited(y);

	place_forget_told(y);
	place_look(y);
	add_window(y, SILENCE_MAINTENANCE, "{\"category\":\"*\"}", 0, 60 * MINUTE);
	place_push(y, &c, "{\"a\":1}");
	assert_string_equal(place_told(y), "blind opened, blind resolved");
}

/* ---- that come again ---- */

static struct silence_series
add_series(struct place_in_time *y, const char *rule, int64_t from_ms)
{
	struct silence_series s = { .id = uuid_make(&y->clock, &rand_system),
		.matcher = { .text = talloc_strdup(y, "{\"category\":\"*\"}") },
		.reason = talloc_strdup(y, "r"),
		.owner = talloc_strdup(y, "o"),
		.rule = talloc_strdup(y, rule),
		.timezone = talloc_strdup(y, "Europe/Berlin"),
		.starts_at = { y->clock.set_ms - y->clock.set_ms % 1000 + from_ms },
		.duration_s = 3600,
		.created_at = { y->clock.set_ms },
		.updated_at = { y->clock.set_ms } };
	struct series_plan    plan;
	struct err            e = { 0 };

	assert_ok(series_compile(y, &s, s.created_at, &plan, &e));
	s.ends_at = plan.ends_at;
	s.made_until = s.created_at;
	assert_ok(series_add(y->x->t->db, &s, &e));
	assert_ok(schedule_set(y->x->t->db, SCHEDULE_WINDOW, &s.id, 0, &e));
	return s;
}

static int64_t
made(struct place_in_time *y)
{
	return drift_count(y->x, "SELECT COUNT(DISTINCT starts_at) FROM %s.silences");
}

static void
windows_of_a_series_are_made_ahead_once_each_until_it_ends(void **state)
{
	struct place_in_time *y = *state;

	add_series(y, "FREQ=DAILY;COUNT=20", MINUTE);
	assert_int_equal(place_due(y), 1);
	assert_int_equal(made(y), 8);
	assert_in_range(drift_count(y->x, "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due)"
					  " FROM testbsx.schedules WHERE kind = 'window'"),
	    86390, 86400);
	/* Too early, and again: nothing is made twice. */
	place_look(y);
	assert_int_equal(made(y), 8);
	/* A driftd that was away for days leaves none out that is still to come. */
	y->clock.set_ms += 11 * 86400000LL;
	place_look(y);
	assert_int_equal(made(y), 8 + 8);
	for (int i = 0; i < 9; i++) {
		y->clock.set_ms += 86400000LL;
		place_look(y);
	}
	assert_int_equal(made(y), 8 + 9);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.silences"), 8 + 9);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM testbsx.schedules WHERE kind = 'window'"), 0);
}

static void
a_window_of_a_series_keeps_findings_and_outages_quiet(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = awaited(y);

	place_forget_told(y);
	add_series(y, "FREQ=DAILY;COUNT=2", 0);
	place_push(y, &c, "{\"a\":1}"); /* a minute later: it has begun before it was made */
	place_due(y);
	assert_int_equal(made(y), 1);
	y->clock.set_ms += 86400000LL;
	place_look(y);
	assert_non_null(quiet_by(y));
	place_push(y, &c, "{\"a\":2}");
	assert_string_equal(place_told(y), "");
	y->clock.set_ms += 61 * MINUTE;
	place_look(y);
	assert_non_null(strstr(place_told(y), "drift opened"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_set_up, place_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(which_window_covers_that_a_source_is_not_read),
		TEST(a_planned_outage_is_told_when_it_goes_on_after_its_window),
		TEST(an_outage_that_its_window_outlasts_is_never_told),
		TEST(a_window_that_is_ended_by_hand_or_outrun_by_a_push_is_heard),
		TEST(what_was_told_before_its_window_is_told_on),
		TEST(windows_of_a_series_are_made_ahead_once_each_until_it_ends),
		TEST(a_window_of_a_series_keeps_findings_and_outages_quiet),
	};

	return cmocka_run_group_tests_name("windows", tests, NULL, NULL);
}
