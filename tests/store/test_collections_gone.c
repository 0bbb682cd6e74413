/* Collections that are not read any more: retired by who owns them, and forgotten where nothing was
 * in them. */
#include <string.h>

#include "core/store/drift/schedule.h"
#include "core/store/tenant/forget.h"
#include "tests/store/place_in_time.h"

/* ---- what is retired ---- */

static void
what_is_retired_lets_go_of_what_was_found_in_it(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	char                 *many = talloc_strdup(y, RESOURCE("a", "k", "1"));
	struct ingest_answer  a;

	for (int i = 0; i < 9; i++)
		many = talloc_asprintf_append(
		    many, ",{\"category\":\"b\",\"key\":\"k%d\",\"value\":%d}", i, i);
	place_push_by(y, &c, 1, talloc_asprintf(y, "{\"resources\":[%s]}", many));
	place_push_by(y, &c, 1,
	    talloc_asprintf(y, "{\"resources\":[%s," RESOURCE("b", "new", "1") "]}", many));
	/* Something is found in b, and most of it is gone: then it is never read again. */
	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1") "," RESOURCE("b", "new", "1"), ""));
	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	assert_int_equal(place_open_alerts(y, &c, "drift"), 1);
	assert_int_equal(place_open_alerts(y, &c, "suspicious_collection"), 1);
	/* Not read is not gone ... */
	drift_sql(y->x,
	    "UPDATE %s.drift_configs SET version = version + 1, spec = JSON_SET(spec,"
	    " '$.unread', JSON_ARRAY(JSON_OBJECT('category', 'b', 'reason', 'no right')))");
	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	assert_int_equal(place_open_alerts(y, &c, "drift"), 1);
	assert_int_equal(place_open_alerts(y, &c, "suspicious_collection"), 1);
	/* ... and what is gone is awaited no more. */
	drift_sql(y->x, "UPDATE %s.drift_configs SET version = version + 1, spec = JSON_SET(spec,"
			" '$.unread[0].retired', TRUE)");
	a = place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	assert_int_equal(place_open_alerts(y, &c, "drift"), 0);
	assert_string_equal(a.report.status, "clean");
	assert_int_equal(place_open_alerts(y, &c, "suspicious_collection"), 0);
	assert_string_equal(place_state(y, &c), "ok");
	/* It comes all the same: that is held against what it was. */
	a = place_push_by(
	    y, &c, 1, READING(RESOURCE("a", "k", "1") "," RESOURCE("b", "new", "1"), ""));
	assert_int_equal(a.report.created, 1);
	drift_check(y->x);
}

/* As the API does it, and driftd behind it. */
static void
say_retired(struct place_in_time *y, const struct uuid *c)
{
	const instant         now = { y->clock.set_ms };
	struct collection_row b = {
		.config_id = *c, .category = talloc_strdup(y, "b"), .read_at = { now.ms + 1 }
	};
	struct err e = { 0 };

	drift_sql(y->x,
	    talloc_asprintf(y,
		"UPDATE %%s.drift_configs SET version = version + 1, spec = JSON_SET(spec, "
		"'$.unread', JSON_ARRAY(JSON_OBJECT('category', 'b', 'reason', 'sold', 'retired', "
		"TRUE))) WHERE id = UNHEX('%s')",
		place_hex(y, c)));
	assert_ok(collection_let_go(y->x->t->db, &b, 1, &e));
	assert_ok(schedule_recheck_at(y->x->t->db, c, now, now, &e));
	assert_int_equal(place_look(y), 1);
}

/* The newest snapshot has it still, and none comes after it.  One that does and is looked at again
 * by the clock was read after it was retired. */
static void
what_is_retired_is_over_at_once_until_it_is_read_again(void **state)
{
	static const struct {
		const char *more;
		int64_t again; /* where the baseline moves, it has: somebody has let go of what was
				  told */
	} rows[] = {
		{ "", 1 },
		{ ",\"thresholds\":{\"clear_runs\":3}", 1 },
		{ ",\"baseline\":{\"mode\":\"previous\"}", 0 },
	};
	struct place_in_time *y = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct uuid c = place_config(y, rows[i].more);
		struct err  e = { 0 };

		place_push_by(
		    y, &c, 1, READING(RESOURCE("a", "k", "1") "," RESOURCE("b", "k", "1"), ""));
		place_push_by(
		    y, &c, 1, READING(RESOURCE("a", "k", "1") "," RESOURCE("b", "k", "2"), ""));
		assert_int_equal(place_open_alerts(y, &c, "drift"), 1);
		say_retired(y, &c);
		assert_int_equal(place_open_alerts(y, &c, "drift"), 0);
		assert_string_equal(place_state(y, &c), "ok");
		assert_int_equal(place_count(y,
				     "SELECT COUNT(*) FROM %s.drift_history WHERE note ="
				     " 'Retired: b.' AND config_id",
				     &c),
		    1);
		place_push_by(
		    y, &c, 1, READING(RESOURCE("a", "k", "1") "," RESOURCE("b", "k", "2"), ""));
		assert_int_equal(place_open_alerts(y, &c, "drift"), rows[i].again);
		assert_ok(
		    schedule_recheck_at(y->x->t->db, &c, (instant) { 1 }, (instant) { 1 }, &e));
		assert_int_equal(place_look(y), 1);
		assert_int_equal(place_open_alerts(y, &c, "drift"), rows[i].again);
	}
	drift_check(y->x);
}

/* ---- what is forgotten ---- */

static void
collections_of_which_nothing_was_there_are_forgotten(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	char                 *many = talloc_strdup(y, "");
	struct err            e = { 0 };
	struct ingest_answer  a;

	for (int i = 0; i < 150; i++)
		many = talloc_asprintf_append(
		    many, ",\"x%03d\":\"%s\"", i, i % 2 == 0 ? "failed" : "complete");
	a = place_push_by(y, &c, 1,
	    talloc_asprintf(y, "{\"resources\":[%s],\"collections\":{\"a\":\"complete\"%s}}",
		RESOURCE("a", "k", "1") "," RESOURCE("gone", "k", "1"), many));
	assert_int_equal(a.report.incomplete_more, 0);
	for (int i = 0; i < 3; i++)
		a = place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	/* Left out: a list of a hundred, and how many more. */
	assert_int_equal(a.report.incomplete_more, 51);
	assert_true(strlen(a.report.incomplete.text) + strlen(a.report.collections.text) < 20000);
	/* Once that is known, it costs a push no row any more. */
	assert_int_equal(
	    place_count(y, "SELECT MAX(left_out) FROM %s.config_collections WHERE config_id", &c),
	    3);
	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	assert_int_equal(
	    place_count(y, "SELECT MAX(left_out) FROM %s.config_collections WHERE config_id", &c),
	    3);
	assert_ok(
	    forget_old(y->x->t, (instant) { y->clock.set_ms + INT64_C(29) * 86400000 }, NULL, &e));
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.config_collections"), 152);
	assert_ok(
	    forget_old(y->x->t, (instant) { y->clock.set_ms + INT64_C(31) * 86400000 }, NULL, &e));
	/* That which had something stays, and what was read once and is blind now; whose it was has
	 * ended. */
	assert_string_equal(drift_text(y->x, y,
				"SELECT GROUP_CONCAT(DISTINCT LEFT(category, 1)"
				" ORDER BY category) FROM %s.config_collections"),
	    "a,g,x");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.config_collections WHERE"
					   " category LIKE 'x%'"),
	    75);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(read_by) FROM %s.config_collections"), 0);
	a = place_push_by(y, &c, 2, READING(RESOURCE("a", "k", "1"), ""));
	drift_check(y->x);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_set_up, place_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_retired_lets_go_of_what_was_found_in_it),
		TEST(what_is_retired_is_over_at_once_until_it_is_read_again),
		TEST(collections_of_which_nothing_was_there_are_forgotten),
	};

	return cmocka_run_group_tests_name("collections gone", tests, NULL, NULL);
}
