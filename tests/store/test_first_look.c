/* What is wrong from the beginning is listed, and a baseline that nobody approves is told of. */
#include <string.h>

#include "core/store/drift/collection.h"
#include "core/store/drift/schedule.h"
#include "tests/store/place_in_time.h"

#define WATCHED                                                                                    \
	",\"rules\":[{\"path\":\"/open\",\"to\":true,\"severity\":\"critical\"},"                  \
	"{\"path\":\"/mfa\",\"from\":true,\"severity\":\"high\"},"                                 \
	"{\"path\":\"/state\",\"from\":\"enabled\",\"severity\":\"critical\"}]"

static int64_t
to_review(struct place_in_time *y, const struct uuid *config)
{
	return place_count(y,
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

	a = place_push_by(y, &c, 1,
	    READING(RESOURCE("a", "k", "{\"mfa\":false,\"n\":1}") "," RESOURCE("a", "l",
			"{\"open\":true,\"mfa\":true,\"state\":\"enabled\"}") "," RESOURCE("a", "m",
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
	a = place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "{\"mfa\":true}"), ""));
	assert_null(a.report.first_look.text);
	assert_int_equal(to_review(y, &c), 1);
}

static void
a_baseline_that_nobody_approves_is_told_once(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct err            e = { 0 };

	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
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

/* As PUT of the config does it. */
static void
choose_rules(struct place_in_time *y, const struct uuid *c, const char *rules)
{
	struct err e = { 0 };

	drift_sql(y->x, talloc_asprintf(y,
			    "UPDATE %%s.drift_configs SET version = version + 1,"
			    " spec = JSON_SET(spec, '$.rules', JSON_EXTRACT('%s', '$'))",
			    rules));
	assert_ok(collection_look_again(y->x->t->db, c, &e));
	assert_ok(config_outrun(y->x->t->db, c, &e));
}

static void
rules_that_are_chosen_later_judge_what_is_there(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");
	struct ingest_answer  a;

	a = place_push_by(y, &c, 1,
	    READING(RESOURCE("a", "k", "{\"mfa\":false}") "," RESOURCE("b", "k", "{\"open\":true}"),
		""));
	assert_null(a.report.first_look.text);
	choose_rules(y, &c,
	    "[{\"path\":\"/open\",\"to\":true,\"severity\":\"critical\"},"
	    "{\"path\":\"/mfa\",\"from\":true,\"severity\":\"high\"}]");
	/* Each with its next complete reading. */
	a = place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "{\"mfa\":false}"), ""));
	assert_non_null(strstr(a.report.first_look.text, "{\"critical\":0,\"high\":1,"));
	assert_int_equal(to_review(y, &c), 1);
	a = place_push_by(y, &c, 2, READING(RESOURCE("b", "k", "{\"open\":true}"), ""));
	assert_non_null(strstr(a.report.first_look.text, "{\"critical\":1,\"high\":0,"));
	assert_int_equal(to_review(y, &c), 2);
	assert_int_equal(
	    place_count(y, "SELECT state = 'unreviewed' FROM %s.config_state WHERE config_id", &c),
	    1);
	/* Others that say less: the list is made anew, not added to. */
	choose_rules(y, &c, "[]");
	place_push_by(y, &c, 2,
	    READING(RESOURCE("a", "k", "{\"mfa\":false}") "," RESOURCE("b", "k", "{\"open\":true}"),
		""));
	assert_int_equal(to_review(y, &c), 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 0);
}

static void
a_baseline_from_before_has_its_days_from_its_takeover_on(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "");

	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	drift_sql(y->x, "DELETE FROM testbsx.schedules");
	drift_sql(y->x, "UPDATE %s.drift_configs SET edition = 1");
	place_push_by(y, &c, 1, READING(RESOURCE("a", "k", "1"), ""));
	assert_in_range(drift_count(y->x, "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due)"
					  " FROM testbsx.schedules WHERE kind = 'review'"),
	    7 * 86400 - 10, 7 * 86400);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_set_up, place_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_wrong_from_the_beginning_is_in_the_first_report_and_alerts_nobody),
		TEST(rules_that_are_chosen_later_judge_what_is_there),
		TEST(a_baseline_that_nobody_approves_is_told_once),
		TEST(a_baseline_from_before_has_its_days_from_its_takeover_on),
	};

	return cmocka_run_group_tests_name("first_look", tests, NULL, NULL);
}
