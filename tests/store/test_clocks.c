/* When a snapshot was collected, by clocks that are ahead, behind or set back. */
#include <string.h>

#include "tests/store/place_in_time.h"

/* One resource, collected so long before it comes: of a by the first credential, of b by the
 * second. */
static struct ingest_answer
push_of(struct place_in_time *y, const struct uuid *c, uint8_t who, int64_t before_ms, int value)
{
	char at[TIME_TEXT_MAX];

	time_print(y->clock.set_ms + 60000 - before_ms, at);
	return place_push_by(y, c, who,
	    talloc_asprintf(y,
		"{\"resources\":[{\"category\":\"%s\",\"key\":\"k\",\"value\":%d}],"
		"\"collected_at\":\"%s\"}",
		who == 1 ? "a" : "b", value, at));
}

static struct ingest_answer
push_collected(struct place_in_time *y, const struct uuid *c, int64_t before_ms, int value)
{
	return push_of(y, c, 1, before_ms, value);
}

static void
a_clock_that_is_ahead_makes_no_history_of_what_follows(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct ingest_answer  a;

	push_collected(y, &c, -299000, 1);
	a = place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "2"), ""));
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(place_open_alerts(y, &c, "drift"), 1);
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

	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "1"), ""));
	for (int i = 0; i < 2; i++) {
		place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
		y->clock.set_ms -= 61000;
		place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "2"), ""));
		assert_int_equal(place_open_alerts(y, &c, "drift"), 1);
		y->clock.set_ms += 1000;
	}
	/* of one collector the order is that in which they came */
	place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "1"), ""));
	y->clock.set_ms -= 61000;
	place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "2"), ""));
	assert_int_equal(place_open_alerts(y, &c, "drift"), 0);
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
	assert_int_equal(place_open_alerts(y, &c, "system"), 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 1);
	/* Who hands in the past has no such clock, and another credential has its own. */
	for (int i = 1; i <= 5; i++)
		assert_int_equal(push_collected(y, &c, 864000000 / i, 2).clock_behind_s, 0);
	assert_int_equal(place_open_alerts(y, &c, "system"), 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 1);
}

/* The one takes long to read, and its snapshots come when the other's newer ones are there. */
static void
of_each_collection_the_newest_reading_counts(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");

	push_of(y, &c, 1, 0, 1);
	push_of(y, &c, 2, 0, 1);
	for (int i = 0; i < 3; i++) {
		push_of(y, &c, 1, 0, 1);
		assert_string_equal(push_of(y, &c, 2, 100000, 2 + i).report.status, "drifted");
		assert_int_equal(place_open_alerts(y, &c, "drift"), 1);
	}
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.config_snapshots WHERE NOT in_order"), 0);
	/* Nothing that is older than that of its own collection is taken for it. */
	push_of(y, &c, 2, 600000, 1);
	assert_int_equal(place_open_alerts(y, &c, "drift"), 1);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.config_snapshots WHERE NOT in_order"), 1);
	drift_check(y->x);
}

static void
each_collector_has_a_clock_of_its_own(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");

	push_of(y, &c, 1, 0, 1);
	push_of(y, &c, 2, 0, 1);
	/* That of the second is set back, while the first goes on. */
	for (int i = 1; i <= 4; i++) {
		push_of(y, &c, 1, 0, 1);
		assert_int_equal(push_of(y, &c, 2, 86400000, 2).clock_behind_s, i < 3 ? 0 : 86400);
		assert_int_equal(place_open_alerts(y, &c, "system"), i >= 3);
	}
	/* That of the first too: told, and over when both are right. */
	for (int i = 1; i <= 3; i++)
		push_of(y, &c, 1, 7200000, 2);
	assert_non_null(strstr(drift_text(y->x, y, "SELECT title FROM %s.alerts"),
	    "by 7200 s: its snapshots are history, and nothing is compared with them (test, and "
	    "others before it)"));
	push_of(y, &c, 2, 0, 1);
	assert_int_equal(place_open_alerts(y, &c, "system"), 1);
	push_of(y, &c, 1, 0, 1);
	assert_int_equal(place_open_alerts(y, &c, "system"), 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 1);
	/* One that is gone for good holds no alert open. */
	for (int i = 1; i <= 3; i++)
		push_of(y, &c, 2, 86400000, 2);
	assert_int_equal(place_open_alerts(y, &c, "system"), 1);
	y->clock.set_ms += INT64_C(8) * 86400000;
	push_of(y, &c, 1, 0, 1);
	assert_int_equal(place_open_alerts(y, &c, "system"), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_set_up, place_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clock_that_is_ahead_makes_no_history_of_what_follows),
		TEST(what_another_collector_pushed_meanwhile_makes_no_history_of_what_has_no_date),
		TEST(a_clock_that_was_set_back_is_said_and_told_once),
		TEST(of_each_collection_the_newest_reading_counts),
		TEST(each_collector_has_a_clock_of_its_own),
	};

	return cmocka_run_group_tests_name("clocks", tests, NULL, NULL);
}
