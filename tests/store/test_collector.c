/* The process that collects: many sources at once, each to its own end. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "core/shm/wake.h"
#include "core/store/tx.h"
#include "drift/collect/buckets.h"
#include "tests/store/collect_world.h"
#include "tests/store/driftd_world.h"

#define SOURCES SOURCES_PAGES
#include "drift/source/sources.c"
#undef SOURCES

static void
what_is_due_is_read_once(void **state)
{
	struct collect_world *y = *state;

	y->x->w->conf.source_tenant_runs = 3; /* the others wait for these */
	for (int i = 0; i < 20; i++)
		collect_config(y, i % 2 == 0 ? "/good" : "/two", NULL);
	collect_once(y);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'done'"
					   " AND attempts = 1 AND report_id IS NOT NULL"),
	    20);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.config_snapshots"), 20);
	assert_int_equal(atomic_load(&pages_server->asked), 30);
	collect_once(y);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.runs"), 20);
	/* an hour later, and something has changed */
	atomic_store(&pages_server->version, 1);
	runs_later(y->x, 3600);
	collect_once(y);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_reports WHERE status = 'drifted'"),
	    20);
	assert_string_equal(drift_text(y->x, y,
				"SELECT DISTINCT JSON_EXTRACT(progress, '$.done', '$.of',"
				" '$.collections[0].state') FROM %s.runs"),
	    "[1, 1, \"complete\"]");
	drift_check(y->x);
}

#define ALL_READ                                                                                   \
	"SELECT COUNT(*) FROM %s.runs WHERE state = 'done' AND"                                    \
	" JSON_VALUE(progress, '$.collections[0].state') = 'complete'"

/* Milliseconds from when a run was due to its end, at most, of those that have read all. */
static int64_t
latest(struct collect_world *y)
{
	return drift_count(y->x,
	    "SELECT MAX(TIMESTAMPDIFF(MICROSECOND, due_at, finished_at)) DIV 1000"
	    " FROM %s.runs WHERE state = 'done' AND"
	    " JSON_VALUE(progress, '$.collections[0].state') = 'complete'");
}

/* Why a collection was not read. */
static const char *
why(struct collect_world *y, const struct uuid *config)
{
	char id[UUID_TEXT_MAX];

	uuid_print(config, id);
	return drift_text(y->x, y,
	    talloc_asprintf(y,
		"SELECT CONCAT(JSON_VALUE(progress, '$.collections[0].state'), ': ',"
		" JSON_VALUE(progress, '$.collections[0].why')) FROM %%s.runs"
		" WHERE config_id = UNHEX(REPLACE('%s', '-', ''))",
		id));
}

static void
the_own_administration_is_read_like_any_other_source(void **state)
{
	struct collect_world *y = *state;

	(void)runs_config(
	    y->x, "{\"source\":{\"kind\":\"self\"},\"schedule\":{\"interval_s\":3600}}");
	collect_once(y);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'done'"), 1);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_reports WHERE status = 'baseline'"),
	    1);
}

static void
a_bad_source_ends_with_its_own_sentence_and_holds_up_nobody(void **state)
{
	static const struct {
		const char *path, *why;
	} rows[] = {
		{ "/endless", "failed: The answer was too large." },
		{ "/bomb", "failed: The answer was too large." },
		{ "/html", "failed: The source answers with something that is no JSON: a value "
			   "was expected at byte 0 of 6." },
		{ "/lying", "failed: Paging ends here: the link to the next page leads to another "
			    "host, which is not asked." },
		{ "/loop", "failed: The links to further pages lead in a circle." },
	};
	struct collect_world *y = *state;
	struct uuid           bad[sizeof(rows) / sizeof(rows[0])], hangs;
	int64_t               alone;

	for (int i = 0; i < 100; i++)
		collect_http(y, "/good");
	collect_once(y);
	assert_int_equal(drift_count(y->x, ALL_READ), 100);
	alone = latest(y);
	collect_set_up(state);
	y->x->w->conf.source_max_run_s = 12;
	hangs = collect_http(y, "/hang");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		bad[i] = collect_http(y, rows[i].path);
	for (int i = 0; i < 100; i++)
		collect_http(y, "/good");
	collect_once(y);
	print_message("the last of 100 after %lld ms alone, %lld ms beside the bad ones\n",
	    (long long)alone, (long long)latest(y));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(why(y, &bad[i]), rows[i].why);
	assert_string_equal(collect_run_text(y, &hangs),
	    "queued 1 The source takes longer to read than a run may take.");
	assert_int_equal(drift_count(y->x, ALL_READ), 100);
}

static void
what_is_utf_16_is_read_as_well(void **state)
{
	struct collect_world *y = *state;

	collect_http(y, "/utf16");
	collect_once(y);
	assert_int_equal(drift_count(y->x, ALL_READ), 1);
	assert_int_equal(drift_count(y->x, "SELECT resources FROM %s.config_snapshots"), 1);
}

/* 200 and items, of which none is one as it was: nothing has gone by that, and after three it is
 * blind.
 */
static void
what_is_read_and_not_taken_is_not_gone(void **state)
{
	struct collect_world *y = *state;

	collect_http(y, "/renamed");
	collect_once(y);
	assert_int_equal(drift_count(y->x, ALL_READ), 1);
	atomic_store(&pages_server->version, 1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"), 0);
		runs_later(y->x, 3600);
		collect_once(y);
	}
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'done' AND"
			      " JSON_VALUE(progress, '$.collections[0].state') = 'partial'"),
	    3);
	assert_int_equal(drift_count(y->x, "SELECT SUM(deleted) FROM %s.drift_reports"), 0);
	assert_string_equal(
	    drift_text(y->x, y, "SELECT GROUP_CONCAT(kind) FROM %s.alerts"), "blind");
	/* and it was all there */
	atomic_store(&pages_server->version, 0);
	runs_later(y->x, 3600);
	collect_once(y);
	assert_string_equal(drift_text(y->x, y,
				"SELECT CONCAT(status, ' ', created) FROM %s.drift_reports ORDER "
				"BY id DESC LIMIT 1"),
	    "clean 0");
}

static void
what_is_much_is_written_beside_the_others(void **state)
{
	struct collect_world *y = *state;
	struct uuid           big[4];

	for (int i = 0; i < 4; i++)
		big[i] = collect_config(y, "/big", NULL);
	collect_once(y);
	for (int i = 0; i < 4; i++)
		assert_string_equal(collect_run_text(y, &big[i]), "done 1 -");
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.config_snapshots WHERE resources = 4000"),
	    4);
	drift_check(y->x);
}

/* Connections that were made for all that is due: a process that writes makes its own. */
static int64_t
connections_of_once(struct collect_world *y)
{
	static const char made[] = "SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM"
				   " information_schema.GLOBAL_STATUS"
				   " WHERE VARIABLE_NAME = 'Connections'";
	int64_t           before = drift_count(y->x, made);

	collect_once(y);
	return drift_count(y->x, made) - before;
}

static void
what_is_little_is_written_beside_the_others_where_much_is_stored(void **state)
{
	struct collect_world *y = *state;
	struct uuid           config = collect_config(y, "/good", NULL);
	int64_t               here;

	collect_once(y);
	runs_later(y->x, 3600);
	here = connections_of_once(y);
	runs_later(y->x, 3600);
	assert_int_equal(connections_of_once(y), here);
	/* much, and then little again: its baseline is still large */
	drift_sql(y->x, "UPDATE %s.drift_configs SET spec = REPLACE(spec, '/good', '/big')");
	runs_later(y->x, 3600);
	assert_true(connections_of_once(y) > here);
	drift_sql(y->x, "UPDATE %s.drift_configs SET spec = REPLACE(spec, '/big', '/good')");
	runs_later(y->x, 3600);
	assert_true(connections_of_once(y) > here);
	assert_string_equal(collect_run_text(y, &config), "done 1 -");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'done'"), 5);
	/* and of a config of before, which is taken over */
	collect_set_up(state);
	config = collect_config(y, "/good", NULL);
	drift_sql(y->x, "UPDATE %s.drift_configs SET edition = 1");
	assert_true(connections_of_once(y) > here);
	assert_string_equal(collect_run_text(y, &config), "done 1 -");
	assert_int_equal(drift_count(y->x, "SELECT MAX(edition) FROM %s.drift_configs"), 2);
}

static void
who_is_told_to_end_gives_back_what_it_has(void **state)
{
	struct collect_world *y = *state;
	struct uuid           c;
	int                   status;
	pid_t                 pid;

	y->x->w->conf.source_timeout_s = 60;
	y->start.env = y->x->env;
	c = collect_config(y, "/hang", NULL);
	pid = collect_start(y);
	collect_wait_for(y, "SELECT COUNT(*) FROM %s.runs WHERE state = 'running'", 1);
	status = collect_end(pid, SIGTERM);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_string_equal(collect_run_text(y, &c), "queued 0 -");
	assert_int_equal(
	    drift_count(y->x,
		"SELECT COUNT(*) FROM testbsx.run_index"
		" WHERE lease_owner IS NULL AND next_due < NOW(3) + INTERVAL 9 SECOND"),
	    1);
}

static void
who_is_killed_loses_nothing(void **state)
{
	struct collect_world *y = *state;
	struct uuid           c;
	struct err            e = { 0 };
	pid_t                 pid;

	c = collect_config(y, "/hang", NULL);
	pid = collect_start(y);
	collect_wait_for(y, "SELECT COUNT(*) FROM %s.runs WHERE state = 'running'", 1);
	collect_end(pid, SIGKILL);
	assert_string_equal(collect_run_text(y, &c), "running 1 -");
	drift_sql(y->x, "UPDATE %s.drift_configs SET spec = REPLACE(spec, '/hang', '/good')");
	assert_ok(run_give_back(database_control(y->x->w->d), &y->start.owner, &e));
	collect_once(y);
	assert_string_equal(collect_run_text(y, &c), "done 2 -");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.config_snapshots"), 1);
}

/* ---- a word to it ---- */

struct asking {
	struct collect_world *y;
	const struct uuid    *config;
	enum run_kind         kind;
	struct run            run;
};

static bool
ask_body(struct db *db, void *arg, struct err *e)
{
	struct asking *a = arg;

	return running_ask(db, &a->y->x->env, a->config, a->kind, "somebody", &a->run, e);
}

/* As the service does. */
static struct uuid
ask_run(struct collect_world *y, const struct uuid *config, enum run_kind kind)
{
	struct asking   a = { .y = y, .config = config, .kind = kind };
	const struct tx tx = { .name = "ask", .body = ask_body, .arg = &a };
	struct err      e = { 0 };

	assert_ok(tx_run(y->x->t->db, &tx, &e));
	wake_raise(y->start.env.segment);
	return a.run.id;
}

static struct segment *
open_segment(struct collect_world *y)
{
	struct err                   e = { 0 };
	const struct segment_options o = {
		talloc_asprintf(y, "%s/collector-segment", server_folder()), 64
	};
	struct segment *s = segment_open(y, &o, &e);

	assert_non_null(s);
	return s;
}

/* Statements that the server has been asked. */
static int64_t
asked_of_server(struct collect_world *y)
{
	return drift_count(y->x, "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS"
				 " WHERE VARIABLE_NAME = 'QUESTIONS'");
}

static int
by_size(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

#define ASKED    30
#define IDLE_MS  300
#define BEGIN_MS 100

/* Both times of one instant: how long asking took, and what went by from then until the run began.
 */
struct asked {
	int64_t took_ms, began_ms;
};

static struct asked
ask_and_see_it_done(struct collect_world *y, const struct uuid *config)
{
	const int64_t before = clock_ms(&clock_system);
	struct uuid   id = ask_run(y, config, RUN_MANUAL);
	const int64_t asked = clock_ms(&clock_system);
	struct run    run;

	WAIT_FOR(strcmp((run = runs_see(y->x, &id)).state, "done") == 0); /* a third of the poll */
	return (struct asked) { asked - before, run.started_at.ms - asked };
}

static void
who_is_asked_begins_at_once_and_looks_at_nothing_between(void **state)
{
	struct collect_world *y = *state;
	struct uuid           c = collect_http(y, "/good");
	int64_t               took[ASKED], began[ASKED], idle;
	pid_t                 pid;

	collect_once(y);
	y->x->w->conf.driftd_poll_ms = 60000;
	y->start.env.segment = open_segment(y);
	pid = collect_start(y);
	for (int i = 0; i < ASKED; i++) {
		const struct asked a = ask_and_see_it_done(y, &c);

		took[i] = a.took_ms;
		began[i] = a.began_ms;
	}
	idle = asked_of_server(y);
	driftd_pause_ms(IDLE_MS);
	idle = asked_of_server(y) - idle;
	collect_end(pid, SIGTERM);
	qsort(began, ASKED, sizeof(began[0]), by_size);
	qsort(took, ASKED, sizeof(took[0]), by_size);
	print_message("asked %d times in %lld ms in the middle, begun %lld ms after in the middle "
		      "and %lld at most; %lld statements in %d ms of idleness\n",
	    ASKED, (long long)took[ASKED / 2], (long long)began[ASKED / 2],
	    (long long)began[ASKED - 1], (long long)idle, IDLE_MS);
	/* a machine that is busy is as slow to ask */
	assert_true(began[ASKED / 2] < BEGIN_MS + took[ASKED / 2]);
	assert_true(idle < 10);
}

static void
a_try_tells_of_each_collection_and_keeps_nothing(void **state)
{
	struct collect_world *y = *state;
	struct uuid           c = collect_http(y, "/good"), id;
	struct run            run;

	collect_once(y);
	id = ask_run(y, &c, RUN_TRY);
	atomic_store(&pages_server->version, 1); /* which would be drift */
	collect_once(y);
	run = runs_see(y->x, &id);
	assert_string_equal(run.state, "done");
	assert_true(uuid_is_nil(&run.report_id) && uuid_is_nil(&run.snapshot_id));
	assert_non_null(strstr(run.progress.text, "\"category\":\"rules\",\"state\":\"complete\""));
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.config_snapshots"), 1);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_reports"), 1);
	assert_int_equal(
	    drift_count(y->x,
		"SELECT COUNT(*) FROM %s.run_state s JOIN %s.runs r ON r.id = s.last_run"
		" WHERE r.kind = 'scheduled'"),
	    1);
	/* and of one that cannot be read, why */
	c = collect_http(y, "/html");
	id = ask_run(y, &c, RUN_TRY);
	collect_once(y);
	run = runs_see(y->x, &id);
	assert_string_equal(run.state, "done");
	assert_non_null(strstr(run.progress.text, "\"state\":\"failed\""));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, collect_set_up, NULL)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_due_is_read_once),
		TEST(a_bad_source_ends_with_its_own_sentence_and_holds_up_nobody),
		TEST(what_is_utf_16_is_read_as_well),
		TEST(what_is_read_and_not_taken_is_not_gone),
		TEST(what_is_much_is_written_beside_the_others),
		TEST(what_is_little_is_written_beside_the_others_where_much_is_stored),
		TEST(who_is_told_to_end_gives_back_what_it_has),
		TEST(who_is_killed_loses_nothing),
		TEST(a_try_tells_of_each_collection_and_keeps_nothing),
		TEST(who_is_asked_begins_at_once_and_looks_at_nothing_between),
		TEST(the_own_administration_is_read_like_any_other_source),
	};

	return cmocka_run_group_tests_name("collector", tests, collect_open, collect_close);
}
