#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/store/alert.h"
#include "core/store/outbox.h"
#include "core/store/snapshot.h"
#include "drift/run/baseline.h"
#include "tests/store/drift_world.h"

#define PUSH "{\"source\":{\"kind\":\"push\"}}"

static int
set_up(void **state)
{
	if (world_set_up(state) != 0)
		return -1;
	*state = drift_world_make(*state);
	return 0;
}

static int
tear_down(void **state)
{
	void *w = ((struct drift_world *)*state)->w;

	return world_tear_down(&w);
}

/* {"resources":[{"category":"c","key":"k1","value":V}]} and so on, from "k1=V k2=V". */
static const char *
body(TALLOC_CTX *mem, const char *more, size_t n, const char *const values[])
{
	char *text = talloc_strdup(mem, "{\"resources\":[");

	for (size_t i = 0; i < n; i++)
		text = talloc_asprintf_append(text,
		    "%s{\"category\":\"c\",\"key\":\"k%zu\",\"value\":%s}", i == 0 ? "" : ",", i,
		    values[i]);
	return talloc_asprintf_append(text, "]%s}", more);
}

static struct push_answer
push(struct drift_world *x, const struct uuid *config, size_t n, const char *const values[])
{
	return drift_push(x, x, config, body(x, "", n, values));
}
#define VALUES(...)                                                                                \
	sizeof((const char *const[]) { __VA_ARGS__ }) / sizeof(char *), (const char *const[])      \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

/* What must hold of every config at any time. */
static void
check_invariants(struct drift_world *x)
{
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_state s WHERE s.seq <>"
					" (SELECT IFNULL(MAX(seq), 0) FROM %s.config_snapshots p "
					"WHERE p.config_id = s.config_id)"),
	    0);
	assert_int_equal(
	    drift_count(x,
		"SELECT COUNT(*) FROM %s.config_state s WHERE s.seq <>"
		" (SELECT COUNT(*) FROM %s.config_snapshots p WHERE p.config_id = s.config_id)"),
	    0);
	assert_int_equal(
	    drift_count(x,
		"SELECT COUNT(*) FROM %s.config_snapshots p"
		" LEFT JOIN %s.drift_reports r ON r.id = p.report_id WHERE r.id IS NULL"),
	    0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.drift_reports r WHERE"
			   " r.created + r.modified + r.deleted + r.accepted <>"
			   " (SELECT COUNT(*) FROM %s.drift_changes c WHERE c.report_id = r.id)"),
	    0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM (SELECT resource_id FROM %s.resource_versions"
			   " WHERE until_seq IS NULL GROUP BY resource_id HAVING COUNT(*) > 1) d"),
	    0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.resource_versions a"
					" JOIN %s.resource_versions b ON a.resource_id = "
					"b.resource_id AND a.from_seq < b.from_seq"
					" WHERE a.until_seq IS NULL OR a.until_seq > b.from_seq"),
	    0);
	assert_int_equal(
	    drift_count(x,
		"SELECT COUNT(*) FROM %s.resource_versions v"
		" LEFT JOIN %s.contents c ON c.address = v.address WHERE c.address IS NULL"),
	    0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.outbox o"
					" LEFT JOIN testbsx.outbox_index i ON i.id = o.id WHERE "
					"o.state = 'pending' AND i.id IS NULL"),
	    0);
}

static void
every_statement_fits_the_schema(void **state)
{
	struct drift_world *x = *state;
	struct err          e = { 0 };

	assert_ok(db_verify(x->t->db, SQL_TENANT, &e));
	assert_ok(db_verify(database_control(x->w->d), SQL_CONTROL, &e));
}

static void
the_first_complete_snapshot_is_the_baseline_and_never_alerts(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, PUSH);
	struct push_answer  a = push(x, &c, VALUES("{\"a\":1}", "{\"b\":2}"));

	assert_string_equal(a.report.status, "baseline");
	assert_non_null(strstr(a.report.not_alerted.text, "first_snapshot"));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 0);
	assert_int_equal(drift_count(x, "SELECT baseline_approved FROM %s.config_state"), 0);
	assert_int_equal(drift_count(x, "SELECT baseline_seq FROM %s.config_state"), 1);
	check_invariants(x);
}

static void
an_unchanged_push_adds_one_row_and_no_content(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, PUSH);
	struct push_answer  first, again;
	int64_t             contents, versions, reports, snapshots;

	push(x, &c, VALUES("{\"a\":1}", "{\"b\":2}"));
	first = push(x, &c, VALUES("{\"a\":1.0}", "{\"b\":2}"));
	assert_string_equal(first.report.status, "clean");
	contents = drift_count(x, "SELECT COUNT(*) FROM %s.contents");
	versions = drift_count(x, "SELECT COUNT(*) FROM %s.resource_versions");
	reports = drift_count(x, "SELECT COUNT(*) FROM %s.drift_reports");
	snapshots = drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots");
	again = push(x, &c, VALUES("{\"a\":1e0}", "{\"b\":2}"));
	assert_true(again.unchanged);
	assert_true(uuid_eq(&again.report.id, &first.report.id));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.contents"), contents);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.resource_versions"), versions);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_reports"), reports);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"), snapshots + 1);
	assert_int_equal(contents, 2);
	check_invariants(x);
}

static void
an_alert_opens_once_is_updated_by_a_new_value_and_resolved(void **state)
{
	struct drift_world *x = *state;
	struct uuid         channel = drift_channel(x, "https://hooks.example.org/x");
	char                id[UUID_TEXT_MAX];
	struct uuid         c;
	struct push_answer  a;

	uuid_print(&channel, id);
	c = drift_config(
	    x, talloc_asprintf(
		   x, "{\"source\":{\"kind\":\"push\"},\"alerts\":[{\"channel_id\":\"%s\"}]}", id));
	push(x, &c, VALUES("{\"a\":1}", "{\"b\":2}"));
	a = push(x, &c, VALUES("{\"a\":7}", "{\"b\":2}"));
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(a.report.modified, 1);
	assert_null(a.report.not_alerted.text);
	assert_string_equal(
	    drift_text(x, x, "SELECT GROUP_CONCAT(event ORDER BY id) FROM %s.outbox"),
	    "drift.alert.opened");
	/* Another change beside it: told; the first one is not told again. */
	push(x, &c, VALUES("{\"a\":7}", "{\"b\":3}"));
	assert_string_equal(
	    drift_text(x, x, "SELECT GROUP_CONCAT(event ORDER BY id) FROM %s.outbox"),
	    "drift.alert.opened,drift.alert.updated");
	/* The same findings under another snapshot. */
	a = drift_push(x, x, &c,
	    body(x, ",\"collections\":{\"empty\":\"complete\"}", VALUES("{\"a\":7}", "{\"b\":3}")));
	assert_non_null(strstr(a.report.not_alerted.text, "nothing_new"));
	/* One gone: quiet; it comes back: told. */
	push(x, &c, VALUES("{\"a\":7}", "{\"b\":2}"));
	assert_int_equal(drift_count(x, "SELECT changes FROM %s.alerts"), 1);
	push(x, &c, VALUES("{\"a\":7}", "{\"b\":3}"));
	push(x, &c, VALUES("{\"a\":1}", "{\"b\":2}"));
	assert_string_equal(
	    drift_text(x, x, "SELECT GROUP_CONCAT(event ORDER BY id) FROM %s.outbox"),
	    "drift.alert.opened,drift.alert.updated,drift.alert.updated,drift.alert.resolved");
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE status = 'resolved'"
					" AND open_key IS NULL AND resolved_by = 'system'"),
	    1);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM testbsx.outbox_index"), 4);
	check_invariants(x);
}

static void
what_was_not_read_is_no_deletion(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, PUSH);
	struct push_answer  a;

	drift_push(x, x, &c,
	    "{\"resources\":[{\"category\":\"users\",\"key\":\"u\",\"value\":1},"
	    "{\"category\":\"groups\",\"key\":\"g\",\"value\":1}]}");
	/* Not spoken of. */
	a = drift_push(
	    x, x, &c, "{\"resources\":[{\"category\":\"users\",\"key\":\"u\",\"value\":1}]}");
	assert_string_equal(a.report.status, "incomplete");
	assert_non_null(strstr(a.report.incomplete.text, "\"groups\",\"why\":\"failed\""));
	/* Said to be forbidden, and something else drifted. */
	a = drift_push(x, x, &c,
	    "{\"resources\":[{\"category\":\"users\",\"key\":\"u\",\"value\":2}],"
	    "\"collections\":{\"groups\":\"forbidden\"}}");
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(a.report.modified, 1);
	assert_int_equal(a.report.deleted, 0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.resource_versions WHERE until_seq IS NULL"), 2);
	/* An incomplete snapshot without findings does not resolve. */
	a = drift_push(
	    x, x, &c, "{\"resources\":[{\"category\":\"users\",\"key\":\"u\",\"value\":1}]}");
	assert_string_equal(a.report.status, "incomplete");
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE status = 'open'"
					" AND kind = 'drift'"),
	    1);
	/* The third in a row: blind, too. */
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts WHERE status = 'open'"
					" AND kind = 'blind'"),
	    1);
	/* Read, and empty. */
	a = drift_push(x, x, &c,
	    "{\"resources\":[{\"category\":\"users\",\"key\":\"u\",\"value\":1}],"
	    "\"collections\":{\"groups\":\"complete\"}}");
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(a.report.deleted, 1);
	check_invariants(x);
}

static void
a_push_of_the_past_is_history_and_one_of_the_future_is_refused(void **state)
{
	struct drift_world      *x = *state;
	struct uuid              c = drift_config(x, PUSH);
	struct err               e = { 0 };
	struct push_answer       a;
	struct snapshot          s;
	struct held             *held;
	struct resource          r;
	const struct drift_spec *spec;
	struct drift_config      config;
	size_t                   n;
	char                     now[TIME_TEXT_MAX];

	push(x, &c, VALUES("{\"a\":1}"));
	a = drift_push(
	    x, x, &c, body(x, ",\"collected_at\":\"2020-01-02T03:04:05Z\"", VALUES("{\"a\":5}")));
	assert_string_equal(a.report.status, "drifted");
	assert_non_null(strstr(a.report.not_alerted.text, "out_of_order"));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.config_state WHERE state = 'ok' AND seq = 2"),
	    1);
	assert_ok(snapshot_by_id(x->t, x, &a.snapshot_id, &s, &e));
	assert_false(s.in_order);
	assert_ok(baseline_held(x->t, x, &s, &held, &n, &e));
	assert_int_equal(n, 1);
	assert_ok(config_by_id(x->t, x, &c, &config, &e));
	spec = spec_of(x->d, x->t, &config, &e);
	assert_non_null(spec);
	assert_ok(baseline_resource(x->t, x, spec->compare, &held[0], &r, &e));
	assert_true(str_eqz(json_get(r.value, "a")->text, "5e0"));
	time_print(clock_ms(&clock_system) + 6 * 60000, now);
	assert_fails(
	    drift_try(x, x, &c, NULL,
		body(x, talloc_asprintf(x, ",\"collected_at\":\"%s\"", now), VALUES("1")), &a, &e),
	    ERR_INVALID);
	assert_string_equal(e.faults->pointer, "/collected_at");
	check_invariants(x);
}

static void
bad_pushes_are_refused_and_leave_nothing(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{\"resources\":[],\"document\":1}",
		("{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":1},{\"category\":"
		 "\"c\",\"key\":\"k\",\"value\":2}]}"),
		"{\"resources\":[{\"category\":\"\",\"key\":\"k\",\"value\":1}]}",
		"{\"resources\":[{\"category\":\"c\",\"key\":\"k\"}]}",
		"{\"resources\":[{\"category\":\"c\",\"key\":\"k\\u0000\",\"value\":1}]}",
		"{\"resources\":[],\"collections\":{\"c\":\"perhaps\"}}",
		"{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":1e99999999999}]}",
	};
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, PUSH);
	struct err          e = { 0 };
	struct push_answer  a;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_fails(drift_try(x, x, &c, NULL, bad[i], &a, &e), ERR_INVALID);
		assert_non_null(e.faults);
	}
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"), 0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.contents"), 0);
}

static void
a_key_repeats_its_answer_and_refuses_another_body(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, PUSH);
	struct err          e = { 0 };
	struct push_answer  a, b;

	assert_ok(drift_try(x, x, &c, "key-1", body(x, "", VALUES("1")), &a, &e));
	assert_ok(drift_try(x, x, &c, "key-1", body(x, "", VALUES("1")), &b, &e));
	assert_true(b.repeated);
	assert_true(uuid_eq(&a.snapshot_id, &b.snapshot_id));
	assert_true(uuid_eq(&a.report.id, &b.report.id));
	assert_fails(drift_try(x, x, &c, "key-1", body(x, "", VALUES("2")), &b, &e), ERR_CONFLICT);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"), 1);
}

static void
in_mode_previous_the_baseline_moves(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(
		    x, "{\"source\":{\"kind\":\"push\"},\"baseline\":{\"mode\":\"previous\"}}");

	assert_string_equal(push(x, &c, VALUES("1")).report.status, "baseline");
	assert_string_equal(push(x, &c, VALUES("2")).report.status, "drifted");
	assert_string_equal(push(x, &c, VALUES("2")).report.status, "clean");
	assert_true(push(x, &c, VALUES("2")).unchanged);
	assert_string_equal(push(x, &c, VALUES("1")).report.status, "drifted");
	check_invariants(x);
}

static void
what_this_version_does_not_do_is_refused(void **state)
{
	static const struct {
		const char *spec, *pointer;
	} bad[] = {
		{ "{\"source\":{\"kind\":\"http\"}}", "/source/kind" },
		{ "{\"source\":{\"kind\":\"push\"},\"schedule\":{\"interval_s\":60}}",
		    "/schedule" },
		{ "{\"source\":{\"kind\":\"push\"},\"retention_s\":0}", "/retention_s" },
		{ "{\"source\":{\"kind\":\"push\"},\"baseline\":{\"mode\":\"silver\"}}",
		    "/baseline/mode" },
		{ "{\"source\":{\"kind\":\"push\"},\"thresholds\":{\"flapping\":true}}",
		    "/thresholds/flapping" },
		{ "{\"source\":{\"kind\":\"push\"},\"rule_packs\":[\"../../etc/passwd\"]}",
		    "/rule_packs/0" },
		{ "{\"source\":{\"kind\":\"push\"},\"rules\":[{\"severity\":\"worst\"}]}",
		    "/rules/0/severity" },
		{ "{\"source\":{\"kind\":\"push\"},\"compare\":{\"arrays\":[{\"path\":\"/"
		  "a\",\"mode\":\"bag\"}]}}",
		    "/compare/arrays/0/mode" },
	};
	struct drift_world *x = *state;
	struct err          e = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&e);
		assert_null(spec_compile(x, x->d, x->t, bad[i].spec, &e));
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(e.faults);
		assert_string_equal(e.faults->pointer, bad[i].pointer);
	}
}

/* ---- several at once ---- */

/* In a process of its own: pushes until it has done `n`; the exit status is 0 when all were
 * answered. */
static pid_t
pusher(struct drift_world *x, const struct uuid *config, int who, int n)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	/* The parent's connections are its own: this process opens others and never closes those.
	 */
	struct err           e = { 0 };
	struct world        *w = x->w;
	struct database     *d = database_make(NULL, &w->deps, &e);
	const struct tenant *row;
	struct drift_world   mine = *x;

	if (d == NULL || !tenant_by_id(d, &w->a.id, &row, &e) ||
	    !tenant_db_open(d, row, false, &mine.t, &e))
		_exit(2);
	for (int i = 0; i < n; i++) {
		TALLOC_CTX        *mem = talloc_new(NULL);
		char               a[64], b[64];
		struct push_answer answer;

		snprintf(a, sizeof(a), "{\"n\":\"%d-%d\"}", who, i);
		snprintf(b, sizeof(b), "{\"m\":%d}", i / 3);
		if (!drift_try(&mine, mem, config, NULL,
			body(mem, "", VALUES(a, b, "{\"still\":true}")), &answer, &e)) {
			fprintf(stderr, "pusher %d: %d %s\n", who, (int)e.code, e.detail);
			_exit(3);
		}
		talloc_free(mem);
	}
	_exit(0);
}

static void
two_clients_push_to_one_config_at_the_same_time(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, PUSH);
	pid_t               pids[2];
	int                 status;

	push(x, &c, VALUES("{\"n\":\"\"}", "{\"m\":0}", "{\"still\":true}"));
	for (int i = 0; i < 2; i++)
		pids[i] = pusher(x, &c, i, 40);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	assert_int_equal(drift_count(x, "SELECT seq FROM %s.config_state"), 81);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 1);
	check_invariants(x);
}

static void
a_pusher_killed_at_any_moment_leaves_nothing_half_written(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, PUSH);
	int64_t             seq = 1;

	push(x, &c, VALUES("{\"n\":\"\"}", "{\"m\":0}", "{\"still\":true}"));
	for (int i = 0; i < 25; i++) {
		struct timespec step = { 0, 1000000 }, more = { 0, 400000L * i };
		pid_t           pid = pusher(x, &c, i, 100000);
		int             status;

		while (drift_count(x, "SELECT seq FROM %s.config_state") == seq)
			nanosleep(&step, NULL);
		nanosleep(&more, NULL); /* somewhere in a later one */
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		check_invariants(x);
		seq = drift_count(x, "SELECT seq FROM %s.config_state");
	}
	/* And the next one goes on. */
	assert_string_equal(
	    push(x, &c, VALUES("{\"n\":\"\"}", "{\"m\":0}", "{\"still\":true}")).report.status,
	    "clean");
	check_invariants(x);
}

/* Writes the id of each answered snapshot to `fd`; what is not answered is pushed again. */
static pid_t
reporting_pusher(struct drift_world *x, const struct uuid *config, int fd)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	struct err           e = { 0 };
	struct database     *d = database_make(NULL, &x->w->deps, &e);
	const struct tenant *row;
	struct drift_world   mine = *x;

	for (int i = 0;; i++) {
		TALLOC_CTX        *mem = talloc_new(NULL);
		struct push_answer a;
		char               value[32];
		struct timespec    t = { 0, 20000000 };

		err_clear(&e);
		snprintf(value, sizeof(value), "%d", i);
		if (tenant_by_id(d, &x->w->a.id, &row, &e) &&
		    tenant_db_open(d, row, false, &mine.t, &e) &&
		    drift_try(&mine, mem, config, NULL, body(mem, "", VALUES(value)), &a, &e)) {
			if (write(fd, &a.snapshot_id, 16) != 16)
				_exit(0);
		} else {
			nanosleep(&t, NULL);
		}
		talloc_free(mem);
		database_tidy(d);
	}
}

static void
every_answered_push_survives_a_crash_of_the_server(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, PUSH), id;
	struct timespec     t = { 0, 300000000 };
	struct err          e = { 0 };
	struct snapshot     s;
	int                 fds[2], status;
	int64_t             answered = 0;
	pid_t               pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = reporting_pusher(x, &c, fds[1]);
	close(fds[1]);
	for (int i = 0; i < 2; i++) {
		nanosleep(&t, NULL);
		server_shell("kill");
		server_shell("start");
	}
	nanosleep(&t, NULL);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	x->w->root = server_db(x->w, NULL);
	server_do(x->w->root, "DO 1");
	while (read(fds[0], &id, 16) == 16) {
		assert_ok(snapshot_by_id(x->t, x, &id, &s, &e));
		answered++;
	}
	close(fds[0]);
	assert_true(answered > 3);
	check_invariants(x);
}

/* ---- history and secrecy ---- */

static void
every_instant_of_the_past_can_be_read_back(void **state)
{
	struct drift_world      *x = *state;
	struct uuid              c = drift_config(x, PUSH), ids[20];
	struct err               e = { 0 };
	struct drift_config      config;
	const struct drift_spec *spec;

	for (int i = 0; i < 20; i++) {
		char a[64], b[64];

		snprintf(a, sizeof(a), "{\"n\":%d}", i / 2);
		snprintf(b, sizeof(b), "{\"m\":%d}", i % 3);
		ids[i] =
		    push(x, &c, i % 4 == 3 ? 1 : 2, (const char *const[]) { a, b }).snapshot_id;
	}
	assert_ok(config_by_id(x->t, x, &c, &config, &e));
	spec = spec_of(x->d, x->t, &config, &e);
	assert_non_null(spec);
	for (int i = 0; i < 20; i++) {
		struct snapshot s;
		struct held    *held;
		struct resource r;
		struct buf      b;
		size_t          n;
		char            want[64];

		assert_ok(snapshot_by_id(x->t, x, &ids[i], &s, &e));
		assert_ok(baseline_held(x->t, x, &s, &held, &n, &e));
		assert_int_equal(n, i % 4 == 3 ? 1 : 2);
		assert_ok(baseline_resource(x->t, x, spec->compare, &held[0], &r, &e));
		buf_make(&b, x);
		resource_print(&b, r.value);
		snprintf(want, sizeof(want), "{\"n\":%d}", i / 2);
		assert_string_equal(b.p, want);
	}
	check_invariants(x);
}

/* Searches a dump of everything the server holds. */
static bool
dump_holds(const char *needle)
{
	char   command[400];
	char  *text = NULL;
	size_t n = 0, room = 0, got;
	bool   found;
	FILE  *f;

	snprintf(command, sizeof(command),
	    "mariadb-dump --no-defaults --socket=%s --user=root --all-databases "
	    "--skip-extended-insert --skip-lock-tables 2>/dev/null",
	    server_socket());
	f = popen(command, "r");
	assert_non_null(f);
	do {
		room += 1 << 20;
		text = realloc(text, room);
		assert_non_null(text);
		got = fread(text + n, 1, room - n, f);
		n += got;
	} while (got > 0);
	pclose(f);
	assert_true(n > 10000);
	found = memmem(text, n, needle, strlen(needle)) != NULL;
	free(text);
	return found;
}

static void
sealed_and_masked_values_are_in_no_table(void **state)
{
	struct drift_world *x = *state;
	struct uuid         channel = drift_channel(x, "https://hooks.example.org/x");
	char                id[UUID_TEXT_MAX];
	struct uuid         c;
	struct push_answer  a;

	uuid_print(&channel, id);
	c = drift_config(
	    x, talloc_asprintf(
		   x, "{\"source\":{\"kind\":\"push\"},\"alerts\":[{\"channel_id\":\"%s\"}]}", id));
	push(x, &c, VALUES("{\"note\":\"plainvalueone\",\"password\":\"maskedvalueone\"}"));
	a = push(x, &c, VALUES("{\"note\":\"plainvaluetwo\",\"password\":\"maskedvaluetwo\"}"));
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(a.report.modified, 2);
	assert_true(dump_holds("/note")); /* paths stay readable: the search works */
	assert_false(dump_holds("plainvalueone"));
	assert_false(dump_holds("plainvaluetwo"));
	assert_false(dump_holds("maskedvalueone"));
	assert_false(dump_holds("maskedvaluetwo"));
}

/* What is masked is not even in the sealed parts: nobody with the keys can read it. */
static void
masked_values_are_in_no_sealed_part_either(void **state)
{
	struct drift_world *x = *state;
	struct uuid         channel = drift_channel(x, "https://hooks.example.org/x");
	char                id[UUID_TEXT_MAX];
	struct err          e = { 0 };
	struct uuid         c;
	struct push_answer  a;
	struct change_row  *rows;
	struct str          text;
	struct outbox       o;
	size_t              n;

	uuid_print(&channel, id);
	c = drift_config(
	    x, talloc_asprintf(
		   x, "{\"source\":{\"kind\":\"push\"},\"alerts\":[{\"channel_id\":\"%s\"}]}", id));
	push(x, &c, VALUES("{\"password\":\"maskedvalueone\"}"));
	a = push(x, &c, VALUES("{\"password\":\"maskedvaluetwo\"}"));
	assert_ok(change_list(
	    x->t, x, &(struct change_filter) { .report_id = a.report.id }, 10, &rows, &n, &e));
	assert_int_equal(n, 1);
	assert_ok(tenant_open(
	    x->t, x, "drift_changes", "new_value", &rows[0].id, rows[0].new_value, &text, &e));
	assert_true(str_eqz(text, "\"[masked]\""));
	char *hex = drift_text(x, x, "SELECT HEX(id) FROM %s.outbox");

	assert_true(hex_parse(str_of(hex), o.id.b, 16));
	assert_ok(outbox_by_id(x->t->db, x, &o.id, &o, &e));
	assert_ok(tenant_open(x->t, x, "outbox", "body", &o.id, o.body, &text, &e));
	assert_non_null(memmem(text.p, text.n, "[masked]", 8));
	assert_null(memmem(text.p, text.n, "maskedvalue", 11));
	assert_true(text.n < 20000);
}

static void
a_large_resource_is_kept_in_chunks(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, PUSH);
	size_t              n = 3 << 20;
	char               *big = talloc_size(x, n + 64);
	uint64_t            seed = 1;
	struct push_answer  a;

	/* Text that does not compress below two chunks. */
	big[0] = '"';
	for (size_t i = 1; i <= n; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		big[i] =
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[seed >> 58];
	}
	memcpy(big + n + 1, "\"", 2);
	push(x, &c, VALUES(big));
	assert_true(drift_count(x, "SELECT COUNT(*) FROM %s.contents") >= 3);
	big[n] = big[n] == 'A' ? 'B' : 'A';
	a = push(x, &c, VALUES(big));
	assert_int_equal(a.report.modified, 1);
	assert_int_equal(
	    drift_count(x, "SELECT old_truncated + new_truncated FROM %s.drift_changes"), 2);
	check_invariants(x);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_statement_fits_the_schema),
		TEST(the_first_complete_snapshot_is_the_baseline_and_never_alerts),
		TEST(an_unchanged_push_adds_one_row_and_no_content),
		TEST(an_alert_opens_once_is_updated_by_a_new_value_and_resolved),
		TEST(what_was_not_read_is_no_deletion),
		TEST(a_push_of_the_past_is_history_and_one_of_the_future_is_refused),
		TEST(bad_pushes_are_refused_and_leave_nothing),
		TEST(a_key_repeats_its_answer_and_refuses_another_body),
		TEST(in_mode_previous_the_baseline_moves),
		TEST(what_this_version_does_not_do_is_refused),
		TEST(two_clients_push_to_one_config_at_the_same_time),
		TEST(a_pusher_killed_at_any_moment_leaves_nothing_half_written),
		TEST(every_answered_push_survives_a_crash_of_the_server),
		TEST(every_instant_of_the_past_can_be_read_back),
		TEST(sealed_and_masked_values_are_in_no_table),
		TEST(masked_values_are_in_no_sealed_part_either),
		TEST(a_large_resource_is_kept_in_chunks),
	};

	return cmocka_run_group_tests_name("drift", tests, NULL, NULL);
}
