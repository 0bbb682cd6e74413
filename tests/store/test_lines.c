/* Lines of history that an acceptance of very much leaves to driftd. */
#include <stdio.h>
#include <string.h>

#include "drift/run/deadline.h"
#include "drift/service/finding.h"
#include "drift/service/report.h"
#include "tests/store/clerk.h"

#define WIDE 5003 /* more than are written at once */

static struct uuid
wide_report(struct clerk *y, const struct uuid *c, const char *value)
{
	const char **values = talloc_array(y, const char *, WIDE);

	for (size_t i = 0; i < WIDE; i++)
		values[i] = value;
	return drift_push_values(y->x, c, WIDE, values).report.id;
}

static void
is_accepted(struct clerk *y, const struct uuid *report, const char *reason)
{
	const struct acceptance_wish w = { .reason = reason };
	struct report                out;
	struct err                   e = { 0 };

	assert_ok(report_accept(&y->a, report, &w, &out, &(struct acceptance) { 0 }, &e));
}

/* The lines of a finding, and the same as many findings at once have them. */
static char *
lines_of(struct clerk *y, const char *key)
{
	struct uuid id =
	    first_id(y, talloc_asprintf(y,
			    "SELECT " HEX_UUID("id") " FROM %%s.drift_changes"
						     " WHERE `key` = '%s' ORDER BY id DESC LIMIT 1",
			    key));
	char              *text = talloc_strdup(y, "");
	struct err         e = { 0 };
	struct change_seen seen = { 0 }, *all = NULL;
	bool               cut;

	assert_ok(change_see(&y->a, &id, &seen, &e));
	assert_ok(changes_see(&y->a, &seen.row, 1, &all, &cut, &e));
	assert_int_equal(all[0].events_n, seen.events_n);
	for (size_t i = 0; i < seen.events_n; i++) {
		const struct finding_event *v = &seen.events[i], *w = &all[0].events[i];

		assert_memory_equal(&v->id, &w->id, sizeof(v->id));
		assert_string_equal(v->note, w->note);
		assert_string_equal(v->from_status, w->from_status);
		text = talloc_asprintf_append(text, "%s%s>%s by %s: %s", i == 0 ? "" : ", ",
		    v->from_status, v->to_status, v->actor, v->note);
	}
	return text;
}

static void
what_is_due_is_done(struct drift_world *x)
{
	const struct uuid owner = uuid_make(&clock_system, &rand_system);
	struct err        e = { 0 };
	size_t            done;

	do
		assert_ok(deadlines_due(x->d, x->w->d, NULL, &owner, &done, &e));
	while (done > 0);
}

#define WAITING "SELECT COUNT(*) FROM %s.drift_decision_lines"
#define WRITTEN "SELECT COUNT(*) FROM %s.drift_history WHERE to_status = 'accepted'"
#define ALL                                                                                        \
	"SELECT CONCAT(COUNT(*), ' ', COUNT(DISTINCT subject), ' ', SUM(from_status = "            \
	"'detected'), ' ',"                                                                        \
	" SUM(from_status = 'acknowledged')) FROM %s.drift_history WHERE to_status = 'accepted'"

static void
of_a_wide_report_the_lines_come_afterwards_and_are_read_before_as_they_will_be(void **state)
{
	struct clerk       *y = clerk_make(*state);
	struct drift_world *x = y->x;
	struct uuid         c = drift_config(x, DRIFT_PUSH), wide, id;
	struct ruling       r = { .status = "acknowledged", .reason = "seen" };
	struct decisions    done;
	struct err          e = { 0 };
	bool                dropped;

	wide_report(y, &c, "1");
	wide = wide_report(y, &c, "2");
	id = first_id(y, "SELECT " HEX_UUID("id") " FROM %s.drift_changes WHERE `key` = 'k7'");
	assert_ok(finding_decide(&y->a, &id, &r, &done, &e));
	is_accepted(y, &wide, "so be it");
	assert_int_equal(drift_count(x, WAITING), 1);
	assert_int_equal(drift_count(x, WRITTEN), 0);
	assert_string_equal(lines_of(y, "k8"), "detected>accepted by ada@acme.test: so be it");
	assert_string_equal(lines_of(y, "k7"), "detected>acknowledged by ada@acme.test: seen,"
					       " acknowledged>accepted by ada@acme.test: so be it");
	/* Findings change meanwhile: how they were before stays known. */
	r = (struct ruling) { .status = "detected", .reason = "no" };
	assert_ok(finding_decide(&y->a, &id, &r, &done, &e));
	what_is_due_is_done(x);
	assert_int_equal(drift_count(x, WAITING), 0);
	assert_string_equal(drift_text(x, y, ALL), "5003 5003 5002 1");
	assert_string_equal(lines_of(y, "k8"), "detected>accepted by ada@acme.test: so be it");
	assert_string_equal(lines_of(y, "k7"), "detected>acknowledged by ada@acme.test: seen,"
					       " acknowledged>accepted by ada@acme.test: so be it,"
					       " accepted>detected by ada@acme.test: no");
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_history WHERE decision > 0"
					" AND note = ''"),
	    WIDE);

	/* While some wait, those of another acceptance are written at once. */
	is_accepted(y, &wide, "twice");
	is_accepted(y, &wide, "thrice");
	assert_int_equal(drift_count(x, WAITING), 1);
	assert_int_equal(drift_count(x, WRITTEN), 2 * WIDE);
	assert_string_equal(lines_of(y, "k8"), "detected>accepted by ada@acme.test: so be it,"
					       " accepted>accepted by ada@acme.test: twice,"
					       " accepted>accepted by ada@acme.test: thrice");
	assert_ok(config_drop(x->t->db, &c, 1, acting_now(&y->a), "ada", &dropped, &e));
	assert_int_equal(drift_count(x, WAITING), 0);
	what_is_due_is_done(x);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM testbsx.schedules WHERE kind = 'lines'"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    of_a_wide_report_the_lines_come_afterwards_and_are_read_before_as_they_will_be,
		    drift_set_up, drift_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
