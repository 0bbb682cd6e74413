/* Between the log of a source and what is read for it: killed at any packet, nothing of it is lost,
 * and none of it read twice. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store/tx.h"
#include "drift/run/attributed.h"
#include "drift/run/deadline.h"
#include "drift/run/ingest.h"
#include "drift/run/tailing.h"
#include "tests/store/cut.h"
#include "tests/store/runs_world.h"

#define SOURCES SOURCES_STILL
#include "drift/source/sources.c"
#undef SOURCES

#define PACKETS_MAX 400
#define POLICIES    "identity/conditionalAccess/policies"
#define LOCATIONS   "identity/conditionalAccess/namedLocations"
#define ENTRA                                                                                      \
	"{\"source\":{\"kind\":\"entra\",\"parameters\":{\"tenant_id\":\"acme.test\"}},"           \
	"\"schedule\":{\"interval_s\":21600}}"

static const char *logged; /* what was done, as the log calls it; NULL: nothing */
static const char *logged_by = "eve";
static char        logged_at[TIME_TEXT_MAX], logged_id[24];
static unsigned    logged_n, logged_times = 1;

static void
log_deed(const char *what)
{
	logged = what;
	time_print(clock_ms(&clock_system), logged_at);
	snprintf(logged_id, sizeof(logged_id), "entry%u", ++logged_n);
}

/* ---- a collector that asks nobody ---- */

static bool
is_read(const struct running *r, const char *category)
{
	return !running_is_partial(&r->run) || strstr(r->run.categories.text, category) != NULL;
}

static void
snapshot(struct running *r, const char *state)
{
	struct err           e = { 0 };
	const char          *text = talloc_asprintf(r->mem, "{\"state\":\"%s\"}", state);
	const struct json   *v = json_parse(r->mem, str_of(text), &e);
	struct resource      rows[2];
	struct collection    told[2];
	struct collected     got = { .resources = rows, .collections = told };
	struct ingest_answer a;
	struct work          work;
	struct ingest        in = { .d = r->d,
		       .t = r->t,
		       .mem = r->mem,
		       .work = &work,
		       .config = &r->config,
		       .pushed_by = "collector",
		       .run = r };

	if (is_read(r, LOCATIONS))
		rows[got.n++] = (struct resource) { STR(LOCATIONS), STR("l"), v };
	if (is_read(r, POLICIES))
		rows[got.n++] = (struct resource) { STR(POLICIES), STR("p"), v };
	for (size_t i = 0; i < got.n; i++)
		told[got.collections_n++] =
		    (struct collection) { rows[i].category, COLLECTION_COMPLETE, true, false };
	work_begin(&work, WORK_TASK, r->d->env->clock);
	in.spec = spec_of(r->d, r->t, &r->config, &work, &e);
	assert_non_null(in.spec);
	assert_ok(ingest_collected(&in, &got, &a, &e));
}

static const struct json *
entry(struct running *r, struct err *e)
{
	const char *text = talloc_asprintf(r->mem,
	    "{\"activityDateTime\":\"%s\",\"activityDisplayName\":\"%s\",\"result\":\"success\","
	    "\"initiatedBy\":{\"user\":{\"id\":\"%s\",\"userPrincipalName\":\"%s@acme.test\"}},"
	    "\"targetResources\":[{\"id\":\"p\"}]}",
	    logged_at, logged == NULL ? "" : logged, logged_by, logged_by);

	return json_parse(r->mem, str_of(text), e);
}

/* The log as it is read: what was done, or nothing. */
static bool
log_read(struct running *r, bool watch, struct err *e)
{
	const struct json       *value = entry(r, e);
	struct collected         got = { .n = logged != NULL ? logged_times : 0 };
	const struct drift_spec *spec;
	struct work              work;

	got.resources = talloc_array(r->mem, struct resource, logged_times);
	for (unsigned i = 0; i < logged_times; i++)
		got.resources[i] = (struct resource) { STR("auditLogs/directoryAudits"),
			str_of(talloc_asprintf(r->mem, "%s-%u", logged_id, i)), value };
	work_begin(&work, WORK_TASK, r->d->env->clock);
	spec = spec_of(r->d, r->t, &r->config, &work, e);
	if (value == NULL || spec == NULL)
		return false;
	return watch ? tailing_end(&(struct tailing) { r, &spec->source, &got }, e)
		     : attributed_end(&(struct attributed_run) { r, spec, &got, &work }, e);
}

/* The one run that is due; false: none is. */
static bool
collect(struct drift_world *x, const char *state)
{
	const struct run_claimer who = runs_claimer();
	struct run_claim        *c;
	struct running           r;
	struct err               e = { 0 };

	if (runs_claim(x, &who, 1, &c) == 0)
		return false;
	r = runs_begin(x, &c[0]);
	if (!r.begun)
		return true;
	if (running_is_of_log(&r.run))
		assert_ok(log_read(&r, strcmp(r.run.kind, "watch") == 0, &e));
	else
		snapshot(&r, state);
	return true;
}

/* ---- what is done ---- */

static void
clock_goes(struct drift_world *x)
{
	const struct uuid owner = uuid_make(&clock_system, &rand_system);
	struct err        e = { 0 };
	size_t            done;

	do
		assert_ok(deadlines_due(x->d, x->w->d, NULL, &owner, &done, &e));
	while (done > 0);
}

/* What waits for less than a minute is due, and what whoever was killed has held is anybody's. */
static void
time_passes(struct drift_world *x)
{
	drift_sql(x, "UPDATE testbsx.schedules SET next_due = NOW(3), lease_until = NOW(3)"
		     " - INTERVAL 1 SECOND WHERE kind IN ('watch', 'attribution', 'recheck')");
	drift_sql(x, "UPDATE testbsx.run_index SET next_due = NOW(3)"
		     " WHERE next_due < NOW(3) + INTERVAL 60 SECOND");
	drift_sql(x, "UPDATE testbsx.run_index SET lease_until = NOW(3) - INTERVAL 1 SECOND"
		     " WHERE lease_owner IS NOT NULL");
	drift_sql(x, "UPDATE %s.runs SET due_at = NOW(3) WHERE state = 'queued'"
		     " AND due_at < NOW(3) + INTERVAL 60 SECOND");
}

/* A daemon's part in it: the log is read, what it tells of is read, and who did it is looked for.
 */
static void
daemon_works(struct drift_world *x)
{
	for (int i = 0; i < 3; i++) {
		time_passes(x);
		clock_goes(x);
		while (collect(x, "disabled"))
			;
	}
}

static void
begin(struct drift_world *x)
{
	logged = NULL;
	x->w->conf.source_watch_s = 60;
	(void)runs_config(x, ENTRA);
	assert_true(collect(x, "enabled"));
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM testbsx.schedules WHERE kind = 'watch'"), 1);
}

static void
forget(struct drift_world *x)
{
	drift_sql(x, "DELETE FROM testbsx.schedules");
	drift_sql(x, "DELETE FROM testbsx.run_index");
	drift_sql(x, "DELETE FROM %s.runs");
	drift_sql(x, "DELETE FROM %s.drift_changes");
}

static const char *
runs(struct drift_world *x)
{
	return drift_text(x, x,
	    "SELECT GROUP_CONCAT(CONCAT(kind, ' ', state, ' ', IFNULL(categories, 'all')) ORDER BY "
	    "kind"
	    " SEPARATOR ', ') FROM %s.runs WHERE kind <> 'attribution'");
}

/* ---- killed ---- */

static struct drift_world *
world_of_child(struct drift_world *x)
{
	struct err e = { 0 };

	x->w->d = database_make(x, &x->w->env, &e);
	x->d = drift_make(x, &x->env, &e);
	if (x->w->d == NULL || x->d == NULL)
		_exit(2);
	x->t = NULL;
	return x;
}

/* What the child does, which has no connection of its tenant: its own are what is cut. */
static void
child_works(struct drift_world *x)
{
	for (int i = 0; i < 2; i++) {
		clock_goes(x);
		while (collect(x, "disabled"))
			;
	}
}

/* 0: it has come to its end. */
static int
killed_at(struct drift_world *x, struct cutter *cut, int packet)
{
	int   status;
	pid_t pid = fork();

	if (pid == 0) {
		x->w->conf.db_socket = cut->path;
		cutter_kills(cut, getpid());
		cutter_arm(cut, CUT_QUESTION, packet);
		child_works(world_of_child(x));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
what_the_log_tells_of_is_read_once_whoever_is_killed_meanwhile(void **state)
{
	struct drift_world *x = *state;
	const char         *path = talloc_asprintf(x, "%s/cut-tailing.sock", server_folder());
	struct cutter       cut = cutter_start(path, server_socket());
	int                 status = -1, packet;

	for (packet = 1; packet < PACKETS_MAX && status != 0; packet++) {
		begin(x);
		log_deed("Update Conditional Access policy");
		time_passes(x);
		status = killed_at(x, &cut, packet);
		assert_true(status == 0 || WIFSIGNALED(status));
		daemon_works(x);
		if (strcmp(runs(x),
			"notify done [\"" POLICIES "\"], scheduled done all, watch done all") != 0)
			fail_msg("packet %d: %s", packet, runs(x));
		if (drift_count(x,
			"SELECT COUNT(DISTINCT category, `key`, path, op) FROM %s.drift_changes") !=
		    1)
			fail_msg("packet %d: not the one change", packet);
		forget(x);
	}
	cutter_end(&cut);
	print_message("killed at %d packets\n", packet - 2);
	assert_int_equal(status, 0);
	assert_true(packet > 30);
}

/* ---- what is new, and what is not ---- */

static void
an_entry_counts_once_and_where_it_touches_something(void **state)
{
	static const struct {
		const char *what, *runs;
	} rows[] = {
		{ "Change user password", "scheduled done all" },
		{ "update NAMED location",
		    "notify done [\"" LOCATIONS "\"], scheduled done all, watch done all" },
		{ "Add member to role completed (PIM activation)",
		    "notify done [\"directoryRoles\",\"directoryRoles/members\","
		    "\"roleManagement/directory/roleAssignments\","
		    "\"roleManagement/directory/roleAssignmentsThroughGroups\"], scheduled done "
		    "all, watch done all" },
	};
	struct drift_world *x = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(x);
		log_deed(rows[i].what);
		daemon_works(x);
		daemon_works(x);
		assert_string_equal(runs(x), rows[i].runs);
		forget(x);
	}
	/* what was done before it was read at all is nobody's business */
	time_print(clock_ms(&clock_system), logged_at);
	begin(x);
	logged = "Update named location";
	daemon_works(x);
	assert_string_equal(runs(x), "scheduled done all");
}

static void
more_entries_than_are_known_by_name_are_not_new_again(void **state)
{
	struct drift_world *x = *state;

	logged_times = 2 * RUN_TAIL_SEEN / RUN_TAIL_HASH;
	begin(x);
	log_deed("Update named location");
	for (int i = 0; i < 3; i++)
		daemon_works(x);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.runs WHERE kind = 'notify'"), 1);
	logged_times = 1;
	usleep(2000); /* later than all of them */
	log_deed("Update named location");
	daemon_works(x);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.runs WHERE kind = 'notify'"), 2);
	forget(x);
}

/* ---- who it was ---- */

static void
log_is_read(struct drift_world *x)
{
	drift_sql(x, "UPDATE testbsx.schedules SET next_due = NOW(3) WHERE kind = 'watch'");
	clock_goes(x);
	while (collect(x, "disabled"))
		;
}

static void
whoever_comes_to_a_run_that_waits_is_named_too(void **state)
{
	static const char *const who[] = { "eve", "bob", "eve" };
	struct drift_world      *x = *state;

	begin(x);
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		logged_by = who[i];
		log_deed("Update named location");
		log_is_read(x);
	}
	logged_by = "eve";
	assert_string_equal(
	    drift_text(x, x,
		"SELECT CONCAT(state, ' ', JSON_EXTRACT(activity, '$.actors[*].id')) FROM %s.runs"
		" WHERE kind = 'notify'"),
	    "queued [\"eve\", \"bob\"]");
	forget(x);
}

struct asking {
	struct drift_world *x;
	struct uuid         config;
};

static bool
ask_body(struct db *db, void *arg, struct err *e)
{
	const struct asking   *a = arg;
	const char            *category = POLICIES;
	const struct strings   categories = { &category, 1 };
	struct attribution     nobody = { .confidence = CONFIDENCE_OBJECT };
	const struct run_touch t = { &categories, &nobody, 1000 };

	return running_watch(db, &a->x->env, &a->config, e) &&
	       running_touch(db, &a->x->env, &a->config, &t, e);
}

static void
what_is_asked_each_minute_leaves_nothing_with_the_connection(void **state)
{
	struct drift_world *x = *state;
	struct asking       a = { x, runs_config(x, ENTRA) };
	const struct tx     tx = { .name = "asking", .body = ask_body, .arg = &a };
	struct err          e = { 0 };
	size_t              blocks;

	for (int i = 0; i < 3; i++) /* its statements stay prepared */
		assert_ok(tx_run(x->t->db, &tx, &e));
	blocks = talloc_total_blocks(x->t->db);
	for (int i = 0; i < 10; i++)
		assert_ok(tx_run(x->t->db, &tx, &e));
	assert_int_equal(talloc_total_blocks(x->t->db), blocks);
	forget(x);
}

/* ---- who has whose turn ---- */

#define ALL NULL
#define ONE "[\"" POLICIES "\"]"

static void
put(struct drift_world *x, const struct uuid *config, const char *kind, const char *state,
    const char *categories, int id)
{
	char hex[UUID_TEXT_MAX], *text = talloc_strdup(x, "NULL");

	uuid_print(config, hex);
	if (categories != NULL)
		text = talloc_asprintf(x, "'%s'", categories);
	drift_sql(x,
	    talloc_asprintf(x,
		"INSERT INTO %%s.runs (id, config_id, kind, slot, due_at, state, started_at,"
		" fence, attempts, categories) VALUES (UNHEX(LPAD(%d, 32, '0')), "
		"UNHEX(REPLACE('%s', '-', '')),"
		" '%s', NOW(3) + INTERVAL %d SECOND, NOW(3) - INTERVAL 1 SECOND, '%s', NOW(3), 0,"
		" IF('%s' = 'running', 1, 0), %s)",
		id, hex, kind, id, state, state, text));
}

static void
what_was_left_unfinished_is_never_lost_to_what_reads_less(void **state)
{
	static const struct {
		const char *left, *left_of, *waits, *waits_of;
		bool        replaced;
	} rows[] = {
		{ "scheduled", ALL, "watch", ALL, false },
		{ "scheduled", ALL, "attribution", ALL, false },
		{ "scheduled", ALL, "notify", ONE, false },
		{ "notify", ONE, "watch", ALL, false },
		{ "notify", ONE, "scheduled", ALL, true },
		{ "scheduled", ALL, "manual", ALL, true },
		{ "watch", ALL, "scheduled", ALL, true },
	};
	struct drift_world      *x = *state;
	const struct run_claimer who = runs_claimer();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct uuid       c = runs_config(x, ENTRA);
		struct run_claim *claims;
		struct running    r;
		struct err        e = { 0 };

		drift_sql(x, "DELETE FROM %s.runs");
		put(x, &c, rows[i].left, "running", rows[i].left_of, 1);
		put(x, &c, rows[i].waits, "queued", rows[i].waits_of, 2);
		assert_int_equal(runs_claim(x, &who, 9, &claims), 1);
		r = runs_begin(x, &claims[0]);
		assert_true(r.begun);
		if ((r.run.id.b[15] == 2) != rows[i].replaced)
			fail_msg("%s and %s: begun is %s", rows[i].left, rows[i].waits, r.run.kind);
		assert_int_equal(
		    drift_count(x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'failed'"),
		    rows[i].replaced);
		/* given back, it is there as before, or what waits reads it too */
		assert_ok(running_later(&r, &e));
		assert_int_equal(
		    drift_count(x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'queued' AND"
				   " kind NOT IN ('watch', 'attribution')"),
		    1);
		forget(x);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_the_log_tells_of_is_read_once_whoever_is_killed_meanwhile, drift_set_up,
		    drift_tear_down),
		cmocka_unit_test_setup_teardown(an_entry_counts_once_and_where_it_touches_something,
		    drift_set_up, drift_tear_down),
		cmocka_unit_test_setup_teardown(
		    more_entries_than_are_known_by_name_are_not_new_again, drift_set_up,
		    drift_tear_down),
		cmocka_unit_test_setup_teardown(
		    whoever_comes_to_a_run_that_waits_is_named_too, drift_set_up, drift_tear_down),
		cmocka_unit_test_setup_teardown(
		    what_is_asked_each_minute_leaves_nothing_with_the_connection, drift_set_up,
		    drift_tear_down),
		cmocka_unit_test_setup_teardown(
		    what_was_left_unfinished_is_never_lost_to_what_reads_less, drift_set_up,
		    drift_tear_down),
	};

	return cmocka_run_group_tests_name("tailing", tests, NULL, NULL);
}
