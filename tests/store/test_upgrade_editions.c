/*
 * An installation of before there were editions of comparing, with decisions of every kind about
 * values that the edition of now calls otherwise: after its upgrade the same snapshot tells nobody
 * anything, and every decision is in force.
 */
#include <stdio.h>
#include <string.h>

#include "drift/remask/remask.h"
#include "drift/run/takeover.h"
#include "tests/store/clear_copies.h"
#include "tests/store/old_world.h"

struct editions {
	struct old         *o;
	struct drift_world *x;
	struct uuid         config;
};

static struct editions
editions_make(void **state)
{
	struct editions y = { .o = old_make(state, "4-fourth") };
	char           *hex;

	old_migrated(y.o);
	y.x = old_drift(y.o);
	hex = drift_text(y.x, y.x, "SELECT HEX(id) FROM %s.drift_configs WHERE name = 'Editions'");
	assert_int_equal(strlen(hex), 2 * sizeof(y.config.b));
	assert_true(hex_parse(str_of(hex), y.config.b, sizeof(y.config.b)));
	/* as when it was made */
	drift_sql(y.x, "UPDATE %s.silences SET expires_at = NOW(3) + INTERVAL 1 DAY");
	return y;
}

static struct report
push_file(const struct editions *y, const char *name)
{
	return drift_push(y->x, y->x, &y->config,
	    old_file(y->x, talloc_asprintf(y->x, OLD_FOLDER "/editions/%s.json", name)))
	    .report;
}

static int64_t
messages(const struct editions *y)
{
	return drift_count(y->x, "SELECT COUNT(*) FROM %s.outbox");
}

/* What becomes of the changes at a place of the newest report: "status suppressed", each once. */
static const char *
status_at(const struct editions *y, const char *place)
{
	return drift_text(y->x, y->x,
	    talloc_asprintf(y->x,
		"SELECT GROUP_CONCAT(DISTINCT CONCAT(c.status, IF(c.suppressed_by IS NULL, '', ' "
		"silenced')))"
		" FROM %%s.drift_changes c JOIN %%s.config_state s ON s.report_id = c.report_id"
		" JOIN %%s.drift_configs d ON d.id = s.config_id AND d.name = 'Editions'"
		" WHERE c.path LIKE '%s%%'",
		place));
}

static void
every_decision_is_in_force_and_nobody_is_told(void **state)
{
	static const struct {
		const char *place, *status;
	} places[] = {
		{ "/accounts", "accepted" }, /* an element with a number for a key */
		{ "/rules", "accepted" },    /* counted before, paired now */
		{ "/entries", "detected silenced" },
		{ "/zones", "acknowledged" },
		{ "/passwordPolicy", "accepted" }, /* masked before, clear now */
		{ "/clientSecret", "accepted" },   /* masked */
		{ "/limits", "ignored" },
		{ "/apiKey", "detected" }, /* clear before, masked now */
		{ "/vendor", "detected" }, /* the same, by its neighbour */
		{ "/idle", "detected" },
	};
	struct editions y = editions_make(state);
	int64_t         told = messages(&y);
	struct report   r = push_file(&y, "second");

	assert_string_equal(r.status, "drifted");
	assert_int_equal(messages(&y), told);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(status_at(&y, places[i].place), places[i].status) != 0)
			fail_msg("%s is %s, not %s", places[i].place,
			    status_at(&y, places[i].place), places[i].status);
	/* and again, as unchanged */
	push_file(&y, "second");
	assert_int_equal(messages(&y), told);
	drift_check(y.x);
}

static void
what_was_accepted_before_and_is_there_again_stays_accepted(void **state)
{
	struct editions y = editions_make(state);

	push_file(&y, "second");
	push_file(&y, "past");
	assert_string_equal(status_at(&y, "/members"), "accepted");
}

static void
the_open_alert_ends_as_it_would_have(void **state)
{
	struct editions y = editions_make(state);
	int64_t         told = messages(&y);

	push_file(&y, "second");
	assert_string_equal(push_file(&y, "first").status, "clean");
	assert_int_equal(messages(&y), told + 1);
	assert_string_equal(
	    drift_text(y.x, y.x, "SELECT event FROM %s.outbox ORDER BY id DESC LIMIT 1"),
	    "drift.alert.resolved");
}

/* What was clear and is a secret now is nowhere, whether its name tells it or only its neighbour.
 */
static void
secrets_of_before_are_nowhere_in_clear(void **state)
{
	static const char *const secrets[] = { "key-first-000001", "key-second-00002", "vendor-one",
		"vendor-two" };
	struct editions          y = editions_make(state);
	const struct takeover    over = { y.x->d, y.x->t, y.x, NULL, y.config };
	const struct remask      mask = { y.x->d, y.x->t, y.x, NULL, y.config };
	struct err               e = { 0 };

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		assert_true(clear_copies(y.x, secrets[i]) >= 2);
	assert_ok(takeover(&over, &e));
	assert_ok(remask_config(&mask, &e));
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		assert_int_equal(clear_copies(y.x, secrets[i]), 0);
	/* and what is none is as it was */
	assert_true(clear_copies(y.x, "bastion") >= 1);
	drift_check_contents(y.x);
}

/* The values that differ tell as before. */
static void
another_value_is_told(void **state)
{
	struct editions y = editions_make(state);
	int64_t         told = messages(&y);
	char           *text = old_file(y.x, OLD_FOLDER "/editions/second.json");
	char           *at = strstr(text, "\"minutes\": 60");

	assert_non_null(at);
	at[strlen("\"minutes\": 6")] = '1';
	drift_push(y.x, y.x, &y.config, text);
	assert_int_equal(messages(&y), told + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    every_decision_is_in_force_and_nobody_is_told, world_set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(
		    what_was_accepted_before_and_is_there_again_stays_accepted, world_set_up,
		    world_tear_down),
		cmocka_unit_test_setup_teardown(
		    the_open_alert_ends_as_it_would_have, world_set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(
		    secrets_of_before_are_nowhere_in_clear, world_set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(
		    another_value_is_told, world_set_up, world_tear_down),
	};

	return cmocka_run_group_tests_name("upgrade_editions", tests, NULL, NULL);
}
