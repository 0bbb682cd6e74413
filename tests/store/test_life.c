#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store/drift/daily.h"
#include "core/store/drift/silence.h"
#include "core/store/tx.h"
#include "drift/finding/ruling.h"
#include "tests/store/drift_world.h"

#define PUSH "{\"source\":{\"kind\":\"push\"}}"

/* Resources k0, k1, ... of category c with these values. */
static const char *
body(TALLOC_CTX *mem, size_t n, const char *const values[])
{
	char *text = talloc_strdup(mem, "{\"resources\":[");

	for (size_t i = 0; i < n; i++)
		text = talloc_asprintf_append(text,
		    "%s{\"category\":\"c\",\"key\":\"k%zu\",\"value\":%s}", i == 0 ? "" : ",", i,
		    values[i]);
	return talloc_strdup_append(text, "]}");
}

static struct ingest_answer
push(struct drift_world *x, const struct uuid *config, size_t n, const char *const values[])
{
	struct ingest_answer a = drift_push(x, x, config, body(x, n, values));

	drift_arrive(x);
	return a;
}
#define VALUES(...)                                                                                \
	sizeof((const char *const[]) { __VA_ARGS__ }) / sizeof(char *), (const char *const[])      \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

/* ---- deciding ---- */

struct job {
	struct drift_world *x;
	struct tenant_db   *t; /* NULL: the world's */
	struct ruling       d;
	struct decide_which w;
	struct decided      done;
};

static bool
deed_body(struct db *db, void *arg, struct err *e)
{
	struct job      *y = arg;
	const struct env env = { .clock = &clock_system, .rand = &rand_system };

	return decide_apply(db, y->x, &env, &y->d, &y->w, &y->done, e);
}

static bool
decide_try(struct job *y, struct err *e)
{
	const struct tx   tx = { .name = "decide", .body = deed_body, .arg = y };
	struct tenant_db *t = y->t == NULL ? y->x->t : y->t;

	y->d.actor = "somebody";
	y->d.now.ms = clock_ms(&clock_system);
	return ruling_check(y->x, &y->d, e) && decide_find(t->db, y->x, &y->w, e) &&
	       tx_run(t->db, &tx, e);
}

/* About all changes of a report. */
static struct decided
decide_about(struct drift_world *x, const struct report *r, const char *status)
{
	struct err e = { 0 };
	struct job y = { .x = x,
		.d = { .status = status, .reason = "because" },
		.w = { .filter = { .report_id = r->id } } };

	if (!decide_try(&y, &e))
		fail_msg("%s: %d %s | %s", status, (int)e.code, e.pub, e.detail);
	return y.done;
}

static struct uuid
change_at(struct drift_world *x, const struct report *r, int position)
{
	char        id[UUID_TEXT_MAX];
	struct uuid u;
	char       *text;

	uuid_print(&r->id, id);
	text = drift_text(x, x,
	    talloc_asprintf(x,
		"SELECT INSERT(INSERT(INSERT(INSERT(LOWER(HEX(id)), 21, 0, '-'), 17, 0, '-'), 13, "
		"0,"
		" '-'), 9, 0, '-') FROM %%s.drift_changes WHERE position = %d AND report_id ="
		" UNHEX(REPLACE('%s', '-', ''))",
		position, id));
	assert_true(uuid_parse(str_of(text), &u));
	return u;
}

static char *
statuses(struct drift_world *x)
{
	return drift_text(x, x,
	    "SELECT GROUP_CONCAT(status ORDER BY status) FROM %s.drift_findings WHERE present");
}

static void
a_status_follows_its_finding_and_what_returns_is_reopened(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, PUSH);
	struct ingest_answer a;

	push(x, &c, VALUES("{\"a\":1}", "{\"b\":2}"));
	a = push(x, &c, VALUES("{\"a\":7}", "{\"b\":2}"));
	assert_int_equal(decide_about(x, &a.report, "in_progress").changed, 1);
	push(x, &c, VALUES("{\"a\":7}", "{\"b\":3}"));
	assert_string_equal(statuses(x), "detected,in_progress");
	push(x, &c, VALUES("{\"a\":1}", "{\"b\":3}"));
	assert_string_equal(statuses(x), "detected");
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.drift_findings WHERE status = 'resolved'"), 1);
	push(x, &c, VALUES("{\"a\":7}", "{\"b\":3}"));
	assert_string_equal(statuses(x), "detected,detected");
	assert_string_equal(
	    drift_text(x, x,
		"SELECT GROUP_CONCAT(CONCAT(actor, ':', from_status, '>', to_status)"
		" ORDER BY id) FROM %s.drift_history WHERE value_hash IS NOT NULL"),
	    "somebody:detected>in_progress,system:in_progress>resolved,system:resolved>detected");
}

static void
an_accepted_value_is_quiet_another_one_is_not(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, PUSH);
	struct ingest_answer a;

	push(x, &c, VALUES("{\"a\":1}"));
	a = push(x, &c, VALUES("{\"a\":7}"));
	decide_about(x, &a.report, "accepted");
	a = push(x, &c, VALUES("{\"a\":7}"));
	assert_string_equal(a.report.status, "clean");
	assert_int_equal(a.report.accepted, 1);
	assert_string_equal(drift_text(x, x, "SELECT resolved_by FROM %s.alerts"), "system");
	a = push(x, &c, VALUES("{\"a\":8}"));
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE status = 'open'"), 1);
	assert_string_equal(push(x, &c, VALUES("{\"a\":7}")).report.status, "clean");
}

static void
an_acceptance_ends_at_its_time_with_the_same_snapshot(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, PUSH);
	struct err           e = { 0 };
	struct ingest_answer a;
	struct job           y = { .x = x };

	push(x, &c, VALUES("{\"a\":1}"));
	a = push(x, &c, VALUES("{\"a\":7}"));
	y.d = (struct ruling) { .status = "accepted",
		.reason = "for now",
		.expires_at = { clock_ms(&clock_system) + 700 } };
	y.w.filter.report_id = a.report.id;
	assert_ok(decide_try(&y, &e));
	assert_string_equal(push(x, &c, VALUES("{\"a\":7}")).report.status, "clean");
	assert_true(push(x, &c, VALUES("{\"a\":7}")).unchanged);
	usleep(800000);
	a = push(x, &c, VALUES("{\"a\":7}"));
	assert_string_equal(a.report.status, "drifted");
	assert_string_equal(drift_text(x, x,
				"SELECT note FROM %s.drift_history WHERE actor = "
				"'system' AND value_hash IS NOT NULL"),
	    "The acceptance has expired.");
}

static void
many_are_decided_each_finding_once_or_none(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, PUSH), ids[4];
	struct err           e = { 0 };
	struct ingest_answer first, a;
	struct job           y = { .x = x, .d = { .status = "acknowledged" } };
	int64_t              life;

	push(x, &c, VALUES("{\"a\":1}", "{\"b\":2}"));
	first = push(x, &c, VALUES("{\"a\":7}", "{\"b\":2}"));
	a = push(x, &c, VALUES("{\"a\":7}", "{\"b\":3}"));
	/* k0 in two reports is one finding; one id twice is one, too. */
	ids[0] = change_at(x, &first.report, 0);
	ids[1] = change_at(x, &a.report, 0);
	ids[2] = ids[1];
	ids[3] = change_at(x, &a.report, 1);
	y.w = (struct decide_which) { .ids = ids, .n = 4, .pointer = "/ids" };
	life = drift_count(x, "SELECT life FROM %s.config_state");
	assert_ok(decide_try(&y, &e));
	assert_int_equal(y.done.matched, 2);
	assert_int_equal(y.done.changed, 2);
	assert_int_equal(drift_count(x, "SELECT life FROM %s.config_state"), life + 1);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.drift_history WHERE actor = 'somebody'"), 2);
	/* Again: nothing is left to change. */
	y.w = (struct decide_which) { .ids = ids, .n = 4, .pointer = "/ids" };
	assert_ok(decide_try(&y, &e));
	assert_int_equal(y.done.unchanged, 2);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.drift_history WHERE actor = 'somebody'"), 2);
	/* One that is not there: none. */
	ids[1] = c;
	y.d.status = "in_progress";
	y.w = (struct decide_which) { .ids = ids, .n = 4, .pointer = "/ids" };
	assert_false(decide_try(&y, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_string_equal(e.faults->pointer, "/ids/1");
	assert_null(e.faults->next);
	assert_string_equal(statuses(x), "acknowledged,acknowledged");
}

static void
a_status_that_may_not_follow_is_refused_and_nothing_is_changed(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, PUSH), one;
	struct err           e = { 0 };
	struct ingest_answer a;
	struct job           y = { .x = x };

	push(x, &c, VALUES("{\"a\":1}", "{\"b\":2}"));
	a = push(x, &c, VALUES("{\"a\":7}", "{\"b\":3}"));
	one = change_at(x, &a.report, 1);
	y.w = (struct decide_which) { .ids = &one, .n = 1 };
	y.d.status = "resolved";
	assert_ok(decide_try(&y, &e));
	y = (struct job) { .x = x,
		.d = { .status = "in_progress" },
		.w = { .filter = { .report_id = a.report.id } } };
	assert_false(decide_try(&y, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.pub, "reopened with detected first"));
	err_clear(&e);
	assert_string_equal(statuses(x), "detected,resolved");
	y.w =
	    (struct decide_which) { .filter = { .report_id = a.report.id, .status = "detected" } };
	assert_ok(decide_try(&y, &e));
	assert_int_equal(y.done.changed, 1);
}

static void
a_filter_takes_what_it_names(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, PUSH);
	struct err           e = { 0 };
	struct ingest_answer a;
	struct job           y = { .x = x, .d = { .status = "acknowledged" } };

	push(x, &c, VALUES("{\"a\":1}", "{\"b\":2}", "{\"c\":3}"));
	a = push(x, &c, VALUES("{\"a\":7}", "{\"b\":3}", "{\"c\":4}"));
	y.w.filter = (struct finding_filter) { .report_id = a.report.id, .severity = "critical" };
	assert_ok(decide_try(&y, &e));
	assert_int_equal(y.done.matched, 0);
	y.w = (struct decide_which) { .filter = { .report_id = a.report.id, .category = "d" } };
	assert_ok(decide_try(&y, &e));
	assert_int_equal(y.done.matched, 0);
	y.w = (struct decide_which) {
		.filter = { .report_id = a.report.id, .severity = "medium", .category = "c" }
	};
	assert_ok(decide_try(&y, &e));
	assert_int_equal(y.done.changed, 3);
}

/* ---- deciding and pushing at once ---- */

static pid_t
in_child(struct drift_world *x, const struct uuid *c, const struct report *r, int n)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	/* The parent's connections are its own. */
	struct err           e = { 0 };
	struct database     *d = database_make(NULL, &x->w->env, &e);
	const struct tenant *row;
	struct drift_world   mine = *x;

	if (d == NULL || !tenant_by_id(d, &x->w->a.id, &row, &e) ||
	    !tenant_db_open(d, row, false, &mine.t, &e))
		_exit(2);
	for (int i = 0; i < n; i++) {
		struct ingest_answer a;
		char                 value[32];
		struct job           y = { .x = x,
				  .t = mine.t,
				  .d = { .status = i % 2 == 0 ? "accepted" : "detected", .reason = "r" },
				  .w = { .filter = { .report_id = r->id } } };

		snprintf(value, sizeof(value), "{\"n\":%d}", i);
		if (c != NULL ? !drift_try(&mine, x, c, NULL,
				    body(x, VALUES("{\"a\":7}", "{\"b\":3}", value)), &a, &e)
			      : !decide_try(&y, &e)) {
			fprintf(stderr, "%d %s %s\n", (int)e.code, e.pub, e.detail);
			_exit(3);
		}
	}
	_exit(0);
}

static void
deciding_and_pushing_at_once_lose_nothing(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, PUSH);
	struct ingest_answer a;
	pid_t                pids[3];
	int                  status;

	push(x, &c, VALUES("{\"a\":1}", "{\"b\":2}", "{\"n\":-1}"));
	a = push(x, &c, VALUES("{\"a\":7}", "{\"b\":3}", "{\"n\":-1}"));
	pids[0] = in_child(x, &c, &a.report, 40);
	pids[1] = in_child(x, NULL, &a.report, 41);
	pids[2] = in_child(x, NULL, &a.report, 41);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	/* The last word of each was "accepted", and the rows know that they are there. */
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_findings"
					" WHERE status = 'accepted' AND present"),
	    2);
	a = push(x, &c, VALUES("{\"a\":7}", "{\"b\":3}", "{\"n\":-1}"));
	assert_string_equal(a.report.status, "clean");
	assert_int_equal(a.report.accepted, 2);
	/*
	 * Each deed that changed something has one line for each of the two, and each line begins
	 * where the one before it ended: from detected to accepted there is one way more than back.
	 * (Their ids tell the order only to the millisecond: two processes made them.)
	 */
	assert_int_equal(
	    drift_count(x,
		"SELECT COUNT(*) FROM (SELECT SUM(IF(to_status = 'accepted', 1, -1)) AS ways,"
		" SUM(from_status = to_status) AS still FROM %s.drift_history"
		" WHERE actor = 'somebody' GROUP BY subject, value_hash) h"
		" WHERE ways <> 1 OR still <> 0"),
	    0);
	assert_int_equal(
	    drift_count(
		x, "SELECT COUNT(DISTINCT subject) FROM %s.drift_history WHERE actor = 'somebody'"),
	    2);
}

/* ---- silences ---- */

static struct uuid
add_silence(
    struct drift_world *x, const char *kind, const char *matcher, int64_t from_ms, int64_t until_ms)
{
	struct err     e = { 0 };
	int64_t        now = clock_ms(&clock_system);
	struct silence s = { .id = uuid_make(&clock_system, &rand_system),
		.kind = talloc_strdup(x, kind),
		.matcher = { .text = matcher },
		.reason = talloc_strdup(x, "work"),
		.owner = talloc_strdup(x, "somebody"),
		.starts_at = { now + from_ms },
		.expires_at = { now + until_ms },
		.created_at = { now } };

	assert_ok(silence_add(x->t->db, &s, &e));
	assert_ok(config_touch(x->t->db, &(struct uuid) { 0 }, s.starts_at, &e));
	return s.id;
}

static char *
outbox(struct drift_world *x)
{
	return drift_text(x, x, "SELECT GROUP_CONCAT(event ORDER BY id) FROM %s.outbox");
}

static struct uuid
told_config(struct drift_world *x)
{
	struct uuid channel = drift_channel(x, "https://hooks.example.org/x");
	char        id[UUID_TEXT_MAX];

	uuid_print(&channel, id);
	return drift_config(
	    x, talloc_asprintf(
		   x, "{\"source\":{\"kind\":\"push\"},\"alerts\":[{\"channel_id\":\"%s\"}]}", id));
}

static void
the_end_of_a_maintenance_window_tells_what_is_still_there_in_one_message(void **state)
{
	struct drift_world   *x = *state;
	struct uuid           c = told_config(x), id;
	struct err            e = { 0 };
	struct ingest_answer  a;
	struct silence_cover *covers;
	char                  by[UUID_TEXT_MAX];
	size_t                n;

	push(x, &c, VALUES("{\"a\":1}", "{\"b\":2}", "{\"c\":3}"));
	push(x, &c, VALUES("{\"a\":7}", "{\"b\":2}", "{\"c\":3}"));
	assert_string_equal(outbox(x), "drift.alert.opened");
	id = add_silence(x, SILENCE_MAINTENANCE, "{\"category\":\"c\"}", 0, 1500);
	uuid_print(&id, by);
	a = push(x, &c, VALUES("{\"a\":7}", "{\"b\":3}", "{\"c\":4}"));
	assert_string_equal(a.report.status, "drifted");
	assert_string_equal(outbox(x), "drift.alert.opened");
	assert_string_equal(drift_text(x, x, "SELECT suppressed_by FROM %s.alerts"),
	    talloc_asprintf(x, "maintenance:%s", by));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_changes"
					" WHERE suppressed_by LIKE 'maintenance:%'"),
	    3);
	assert_ok(silence_covers(x->t, x, &covers, &n, &e));
	assert_int_equal(n, 1);
	assert_int_equal(covers[0].changes, 3);
	assert_int_equal(drift_count(x, "SELECT recheck_at > NOW(3) AND recheck_at < NOW(3) +"
					" INTERVAL 2 SECOND FROM %s.config_state"),
	    1);
	usleep(1600000);
	/* The value told before is told again with the others: one message. */
	push(x, &c, VALUES("{\"a\":7}", "{\"b\":3}", "{\"c\":3}"));
	assert_string_equal(outbox(x), "drift.alert.opened,drift.alert.opened");
	assert_string_equal(
	    drift_text(x, x,
		"SELECT GROUP_CONCAT(CONCAT(from_status, '>', to_status) ORDER BY id)"
		" FROM %s.drift_history WHERE value_hash IS NULL"),
	    "open>suppressed,suppressed>open");
	assert_string_equal(drift_text(x, x, "SELECT suppressed_by FROM %s.alerts"), "");
	push(x, &c, VALUES("{\"a\":1}", "{\"b\":2}", "{\"c\":3}"));
	assert_string_equal(
	    outbox(x), "drift.alert.opened,drift.alert.opened,drift.alert.resolved");
}

static void
the_end_of_a_maintenance_window_with_nothing_left_is_quiet(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = told_config(x);

	push(x, &c, VALUES("{\"a\":1}"));
	add_silence(x, SILENCE_MAINTENANCE, "{\"category\":\"c\"}", 0, 60000);
	push(x, &c, VALUES("{\"a\":7}"));
	push(x, &c, VALUES("{\"a\":1}"));
	drift_sql(x, "UPDATE %s.silences SET expires_at = NOW(3)");
	push(x, &c, VALUES("{\"a\":1}"));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.outbox"), 0);
	assert_string_equal(drift_text(x, x, "SELECT status FROM %s.alerts"), "resolved");
}

static void
a_window_to_come_is_looked_at_when_it_begins(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = told_config(x);

	push(x, &c, VALUES("{\"a\":1}"));
	add_silence(x, SILENCE_MAINTENANCE, "{\"category\":\"c\"}", 1200, 60000);
	push(x, &c, VALUES("{\"a\":7}"));
	assert_string_equal(outbox(x), "drift.alert.opened");
	usleep(1300000);
	/* The same snapshot: compared again, because the window has begun. */
	assert_false(push(x, &c, VALUES("{\"a\":7}")).unchanged);
	assert_string_equal(outbox(x), "drift.alert.opened");
	assert_int_equal(
	    drift_count(x, "SELECT suppressed_by LIKE 'maintenance:%' FROM %s.alerts"), 1);
}

static void
a_silence_ends_once_and_stays_as_a_row(void **state)
{
	struct drift_world   *x = *state;
	struct err            e = { 0 };
	struct uuid           id = add_silence(x, SILENCE_PLAIN, "{\"category\":\"c\"}", 0, 60000);
	instant               now = { clock_ms(&clock_system) };
	struct silence_filter f = { .now = now };
	struct page           p = { .want = 10 };
	struct silence       *rows;
	size_t                n;
	bool                  done;
	struct trip          *trip;

	add_silence(x, SILENCE_MAINTENANCE, "{\"category\":\"c\"}", 30000, 60000);
	f.state = "active";
	assert_ok(silence_list(x->t, x, &f, &p, &e));
	assert_int_equal(p.n, 1);
	f.state = "scheduled";
	assert_ok(silence_list(x->t, x, &f, &p, &e));
	assert_int_equal(p.n, 1);
	rows = p.rows;
	assert_string_equal(rows[0].kind, "maintenance");
	assert_ok(silence_end(x->t->db, &id, now, "somebody", &done, &e));
	assert_true(done);
	assert_ok(silence_end(x->t->db, &id, now, "somebody", &done, &e));
	assert_false(done);
	f.state = "expired";
	assert_ok(silence_list(x->t, x, &f, &p, &e));
	assert_int_equal(p.n, 1);
	rows = p.rows;
	assert_string_equal(rows[0].ended_by, "somebody");
	trip = trip_make(x, x->t->db);
	silence_ahead_ask(trip, now, &rows, &n);
	assert_ok(trip_go(trip, &e));
	assert_int_equal(n, 1);
}

/* ---- sums of a day ---- */

static void
the_sums_of_a_day_are_those_of_its_reports(void **state)
{
	struct drift_world    *x = *state;
	struct uuid            c = drift_config(x, PUSH);
	struct err             e = { 0 };
	struct daily_filter    f = { .until = 1000000, .most = 10 };
	struct daily_severity *days;
	struct daily_top      *top;
	struct ingest_answer   a;
	size_t                 n;

	push(x, &c, VALUES("{\"a\":1,\"z\":1}", "{\"b\":2}"));
	push(x, &c, VALUES("{\"a\":7,\"z\":2}", "{\"b\":2}"));     /* 2 changes, both new */
	a = push(x, &c, VALUES("{\"a\":7,\"z\":2}", "{\"b\":3}")); /* 3 changes, 1 new */
	decide_about(x, &a.report, "accepted");
	push(x, &c, VALUES("{\"a\":7,\"z\":2}", "{\"b\":4}")); /* 1 change, new; 2 accepted */
	push(x, &c, VALUES("{\"a\":7,\"z\":2}", "{\"b\":4}")); /* nothing has changed */
	push(x, &c, VALUES("{\"a\":7,\"z\":2}", "{\"b\":2}")); /* 0 changes */
	push(x, &c, VALUES("{\"a\":7,\"z\":2}", "{\"b\":4}")); /* 1 change, here again */
	assert_ok(daily_severities(x->t, x, &f, &days, &n, &e));
	assert_true(n == 1 || n == 2); /* midnight may pass */
	assert_int_equal(days[0].changes + (n == 2 ? days[1].changes : 0), 7);
	assert_int_equal(days[0].findings + (n == 2 ? days[1].findings : 0), 5);
	assert_ok(daily_resources(x->t, x, &f, &top, &n, &e));
	assert_int_equal(n, 2);
	assert_string_equal(top[0].label, "k1");
	assert_int_equal(top[0].findings, 3);
	assert_int_equal(top[1].findings, 2);
	assert_ok(daily_rules(x->t, x, &f, &top, &n, &e));
	assert_int_equal(n, 1);
	assert_string_equal(top[0].label, "default");
	assert_int_equal(top[0].changes, 7);
	assert_int_equal(top[0].findings, 5);
	f.config_id = x->t->tenant->id;
	assert_ok(daily_rules(x->t, x, &f, &top, &n, &e));
	assert_int_equal(n, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_status_follows_its_finding_and_what_returns_is_reopened),
		TEST(an_accepted_value_is_quiet_another_one_is_not),
		TEST(an_acceptance_ends_at_its_time_with_the_same_snapshot),
		TEST(many_are_decided_each_finding_once_or_none),
		TEST(a_status_that_may_not_follow_is_refused_and_nothing_is_changed),
		TEST(a_filter_takes_what_it_names),
		TEST(deciding_and_pushing_at_once_lose_nothing),
		TEST(the_end_of_a_maintenance_window_tells_what_is_still_there_in_one_message),
		TEST(the_end_of_a_maintenance_window_with_nothing_left_is_quiet),
		TEST(a_window_to_come_is_looked_at_when_it_begins),
		TEST(a_silence_ends_once_and_stays_as_a_row),
		TEST(the_sums_of_a_day_are_those_of_its_reports),
	};

	return cmocka_run_group_tests_name("life", tests, NULL, NULL);
}
