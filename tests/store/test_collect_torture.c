/*
 * Two real driftd collect on a schedule while their collectors, the processes that write for these,
 * the daemons and the database are killed at random.  Afterwards every slot has had its run or is
 * counted by the next one, every snapshot is whole and of one run, what changed was found, and
 * nothing is left behind.  TORTURE_S (10): for how long; TORTURE_SEED: another order.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store/db_priv.h"
#include "core/store/tx.h"
#include "tests/store/collect_world.h"
#include "tests/store/driftd_world.h"

#define DAEMONS   2
#define CONFIGS   90
#define EVERY_S   60
#define BIG_EACH  15 /* one in so many is written by a process of its own */
#define CALM_MS   60000
#define PIDS_MAX  64
#define PATH_ROOM 64

struct torture {
	struct daemon_world *y;
	struct drift_world  *x;
	pid_t                daemons[DAEMONS];
	struct uuid          configs[CONFIGS];
	unsigned             seed;
	int                  killed[5], asked;
};
static struct torture the; /* a test that fails leaves its daemons to tear_down() */

static unsigned
any(struct torture *t, unsigned n)
{
	return (unsigned)rand_r(&t->seed) % n;
}

/* ---- what is collected ---- */

static struct uuid
config_of(struct torture *t, const char *path)
{
	return runs_config(t->x,
	    talloc_asprintf(t->y,
		"{\"source\":{\"kind\":\"http\",\"parameters\":{\"base_url\":"
		"\"http://127.0.0.1:%d\"},\"collections\":[{\"category\":\"rules\",\"path\":\"%s\","
		"\"items\":\"/items\",\"key\":\"id\"}]},\"schedule\":{\"interval_s\":%d}}",
		atomic_load(&pages_server->port), path, EVERY_S));
}

struct asking {
	struct torture    *t;
	const struct uuid *config;
	struct run         run;
};

static bool
ask_body(struct db *db, void *arg, struct err *e)
{
	struct asking *a = arg;

	return running_ask(db, &a->t->x->env, a->config, RUN_MANUAL, "somebody", &a->run, e);
}

static void
ask(struct torture *t, const struct uuid *config)
{
	struct asking   a = { .t = t, .config = config };
	const struct tx tx = { .name = "ask", .body = ask_body, .arg = &a };
	struct err      e = { 0 };

	if (!tx_run(t->x->t->db, &tx, &e) && e.code != ERR_UNAVAILABLE)
		fail_msg("ask: %s %s", e.pub, e.detail);
	t->asked++;
}

/* ---- who is killed ---- */

static size_t
children_of(pid_t pid, pid_t *out)
{
	char   path[PATH_ROOM];
	FILE  *f;
	size_t n = 0;
	long   one;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "re");
	while (f != NULL && n < PIDS_MAX && fscanf(f, "%ld", &one) == 1)
		out[n++] = (pid_t)one;
	if (f != NULL)
		fclose(f);
	return n;
}

/* The last child that a daemon has begun; 0: there is none. */
static pid_t
collector_of(pid_t daemon)
{
	pid_t  pids[PIDS_MAX];
	size_t n = children_of(daemon, pids);

	return n == 0 ? 0 : pids[n - 1];
}

static void
start(struct torture *t, unsigned i)
{
	t->daemons[i] = driftd_run(t->y, NULL);
}

/* Nobody of its session is left a moment later. */
static void
wait_for_end(pid_t daemon)
{
	int64_t until = driftd_now_ms() + WAIT_MS;

	while (kill(-daemon, 0) == 0) {
		assert_true(driftd_now_ms() < until);
		driftd_pause_ms(5);
	}
}

static void
kill_daemon(struct torture *t, unsigned i, bool with_all)
{
	kill(with_all ? -t->daemons[i] : t->daemons[i], SIGKILL);
	assert_int_equal(waitpid(t->daemons[i], NULL, 0), t->daemons[i]);
	wait_for_end(t->daemons[i]);
	start(t, i);
}

static void
kill_writer(pid_t collector)
{
	pid_t pids[PIDS_MAX];

	if (collector > 0 && children_of(collector, pids) > 0)
		kill(pids[0], SIGKILL);
}

static void
kill_database(struct torture *t)
{
	server_shell("kill");
	server_shell("start");
	while (mysql_ping(t->x->w->root->my) != 0)
		driftd_pause_ms(5);
}

static void
kill_somebody(struct torture *t)
{
	unsigned i = any(t, DAEMONS), dice = any(t, 16),
		 what = dice < 6    ? 0
			: dice < 10 ? 1
			: dice < 12 ? 2
			: dice < 14 ? 3
				    : 4;
	pid_t collector = collector_of(t->daemons[i]);

	t->killed[what]++;
	if (what == 0 && collector > 0)
		kill(collector, SIGKILL);
	else if (what == 1)
		kill_writer(collector);
	else if (what == 2 || what == 3)
		kill_daemon(t, i, what == 3);
	else if (what == 4)
		kill_database(t);
}

/* ---- what must be so ---- */

#define OF_INTERVAL                                                                                \
	"(SELECT *, ROW_NUMBER() OVER (PARTITION BY config_id ORDER BY slot) AS place"             \
	" FROM %s.runs WHERE kind = 'scheduled') r WHERE place > 1"

static const struct {
	const char *what, *sql;
} never[] = {
	{ "a slot without a run that nobody counts",
	    "SELECT COUNT(*) FROM (SELECT COUNT(*) + SUM(missed) - IF(MIN(place) = 2,"
	    " SUM(IF(place = 2, missed, 0)), 0) AS had,"
	    " TIMESTAMPDIFF(SECOND, MIN(slot), MAX(slot)) DIV 60 + 1 AS there"
	    " FROM " OF_INTERVAL " GROUP BY config_id) t WHERE had <> there" },
	{ "a run that runs for ever", "SELECT COUNT(*) FROM %s.runs WHERE state = 'running'" },
	{ "a run that waits for ever", "SELECT COUNT(*) FROM %s.runs WHERE state = 'queued' AND"
				       " due_at < NOW(3) - INTERVAL 5 SECOND" },
	{ "a claim that nobody has",
	    "SELECT COUNT(*) FROM testbsx.run_index WHERE lease_owner IS NOT NULL" },
	{ "a config that is not due again",
	    "SELECT COUNT(*) FROM %s.drift_configs c LEFT JOIN testbsx.run_index i ON i.ref = c.id"
	    " WHERE i.ref IS NULL OR i.next_due > NOW(3) + INTERVAL 61 SECOND" },
	{ "a snapshot that is not of one run that is done",
	    "SELECT COUNT(*) FROM %s.config_snapshots s WHERE (SELECT COUNT(*) FROM %s.runs r"
	    " WHERE r.snapshot_id = s.id AND r.report_id = s.report_id AND r.state = 'done') <> "
	    "1" },
	{ "a run that is done without its snapshot",
	    "SELECT COUNT(*) FROM %s.runs r LEFT JOIN %s.config_snapshots s ON s.id = r.snapshot_id"
	    " WHERE r.state = 'done' AND s.id IS NULL" },
	{ "half a snapshot", "SELECT COUNT(*) FROM %s.config_snapshots WHERE resources NOT IN"
			     " (3, 4000)" },
	{ "a change that was not found",
	    "SELECT COUNT(*) FROM %s.config_state WHERE state <> 'drifted'" },
	{ "two open alerts of one config",
	    "SELECT COUNT(*) FROM (SELECT config_id FROM %s.alerts WHERE open_key IS NOT NULL"
	    " GROUP BY config_id, kind HAVING COUNT(*) > 1) t" },
};

static size_t
files_in(const char *folder)
{
	DIR   *d = opendir(folder);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* ---- the test ---- */

static void
end_daemons(struct torture *t)
{
	for (unsigned i = 0; i < DAEMONS; i++) {
		const pid_t daemon = t->daemons[i];

		t->daemons[i] = 0;
		kill(daemon, SIGTERM);
		assert_int_equal(waitpid(daemon, NULL, 0), daemon);
		wait_for_end(daemon);
	}
}

/* Claims of the dead run out at once, what changed last is there, and all is read once more. */
static void
calm_down(struct torture *t)
{
	int64_t until;

	end_daemons(t);
	drift_sql(t->x, "UPDATE testbsx.run_index SET lease_until = NOW(3)"
			" WHERE lease_until > NOW(3)");
	atomic_store(&pages_server->version, 1000000);
	for (int i = 0; i < CONFIGS; i++)
		ask(t, &t->configs[i]);
	for (unsigned i = 0; i < DAEMONS; i++)
		start(t, i);
	until = driftd_now_ms() + CALM_MS;
	while (drift_count(t->x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'running' OR"
				 " (state = 'queued' AND kind = 'manual')") > 0 &&
	       driftd_now_ms() < until)
		driftd_pause_ms(50);
	end_daemons(t);
}

static void
set_out(struct torture *t)
{
	const char *seed = getenv("TORTURE_SEED");

	t->seed = seed == NULL ? (unsigned)getpid() : (unsigned)atoi(seed);
	t->x = t->y->x;
	t->x->env.keyring = t->x->w->env.keyring;
	mysql_optionsv(t->x->w->root->my, MYSQL_OPT_RECONNECT, &(my_bool) { 1 });
	for (int i = 0; i < CONFIGS; i++)
		t->configs[i] = config_of(t, i % BIG_EACH == 0 ? "/big" : "/good");
	for (unsigned i = 0; i < DAEMONS; i++)
		start(t, i);
	/* what all are held against afterwards */
	driftd_wait_count(
	    t->y, "SELECT COUNT(DISTINCT config_id) FROM %s.config_snapshots", CONFIGS);
}

static void
whoever_is_killed_no_slot_is_lost_or_doubled(void **state)
{
	struct torture *t = &the;
	const char     *seconds = getenv("TORTURE_S");
	int64_t         until;
	size_t          files;

	*t = (struct torture) { .y = *state };
	set_out(t);
	files = files_in(t->y->folder);
	until = driftd_now_ms() + (seconds == NULL ? 10 : atol(seconds)) * 1000;
	while (driftd_now_ms() < until) {
		driftd_pause_ms((long)any(t, 250));
		atomic_fetch_add(&pages_server->version, any(t, 8) == 0);
		ask(t, &t->configs[any(t, CONFIGS)]);
		if (any(t, 2) == 0)
			kill_somebody(t);
	}
	calm_down(t);
	print_message("killed: %d collectors, %d that write, %d daemons, %d with all they have, %d "
		      "databases; %lld runs, %lld snapshots\n",
	    t->killed[0], t->killed[1], t->killed[2], t->killed[3], t->killed[4],
	    (long long)drift_count(t->x, "SELECT COUNT(*) FROM %s.runs"),
	    (long long)drift_count(t->x, "SELECT COUNT(*) FROM %s.config_snapshots"));
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (drift_count(t->x, never[i].sql) != 0)
			fail_msg(
			    "%s: %lld", never[i].what, (long long)drift_count(t->x, never[i].sql));
	drift_check(t->x);
	drift_check_contents(t->x);
	assert_int_equal(files_in(t->y->folder), files);
}

static int
set_up(void **state)
{
	if (driftd_set_up(state) != 0)
		return -1;
	pages_serve();
	return 0;
}

static int
tear_down(void **state)
{
	for (unsigned i = 0; i < DAEMONS; i++)
		if (the.daemons[i] > 0)
			kill(-the.daemons[i], SIGKILL);
	pages_stop();
	return driftd_tear_down(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    whoever_is_killed_no_slot_is_lost_or_doubled, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("collect_torture", tests, NULL, NULL);
}
