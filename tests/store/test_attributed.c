/* Between an alert and who made what it tells of: killed at any packet, that is told all the same,
 * and once. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drift/run/attributed.h"
#include "drift/run/deadline.h"
#include "drift/run/ingest.h"
#include "tests/store/cut.h"
#include "tests/store/runs_world.h"

#define SOURCES SOURCES_STILL
#include "drift/source/sources.c"
#undef SOURCES

#define PACKETS_MAX 400
#define POLICIES    "identity/conditionalAccess/policies"
#define POLICY      "5d1e4b0c-70f5-4b29-8c57-6f3c1c6f3f10"

static char switched_off[TIME_TEXT_MAX]; /* when that was, as the log says it */

/* A config of a kind that has a log, and a channel that is told. */
static struct uuid
entra_config(struct drift_world *x, const struct uuid *channel)
{
	char id[UUID_TEXT_MAX];

	uuid_print(channel, id);
	return runs_config(x, talloc_asprintf(x,
				  "{\"source\":{\"kind\":\"entra\",\"parameters\":{\"tenant_id\":"
				  "\"acme.test\"}},\"schedule\":{\"interval_s\":3600},"
				  "\"alerts\":[{\"channel_id\":\"%s\",\"tell_attributed\":true}]}",
				  id));
}

/* ---- a collector that asks nobody ---- */

static void
snapshot(struct running *r, const char *state)
{
	struct err           e = { 0 };
	const char          *text = talloc_asprintf(r->mem, "{\"state\":\"%s\"}", state);
	const struct json   *v = json_parse(r->mem, str_of(text), &e);
	struct resource      one = { STR(POLICIES), STR(POLICY), v };
	struct collected     got = { .resources = &one, .n = 1 };
	struct ingest_answer a;
	struct work          work;
	struct ingest        in = { .d = r->d,
		       .t = r->t,
		       .mem = r->mem,
		       .work = &work,
		       .config = &r->config,
		       .pushed_by = "collector",
		       .run = r };

	work_begin(&work, WORK_TASK, r->d->env->clock);
	in.spec = spec_of(r->d, r->t, &r->config, &work, &e);
	assert_non_null(in.spec);
	assert_ok(ingest_collected(&in, &got, &a, &e));
}

/* What the log has: somebody switched the policy off. */
static bool
log_read(struct running *r, struct err *e)
{
	const char           *text;
	struct resource       entry = { STR("auditLogs/directoryAudits"), STR("a"), NULL };
	struct collected      got = { .resources = &entry, .n = 1 };
	struct work           work;
	struct attributed_run a = { .run = r, .got = &got, .work = &work };

	text = talloc_asprintf(r->mem,
	    "{\"activityDateTime\":\"%s\",\"activityDisplayName\":\"Update conditional access "
	    "policy\","
	    "\"result\":\"success\",\"initiatedBy\":{\"user\":{\"id\":\"u\",\"userPrincipalName\":"
	    "\"eve@acme.test\"}},\"targetResources\":[{\"id\":\"" POLICY "\"}]}",
	    switched_off);
	entry.value = json_parse(r->mem, str_of(text), e);
	work_begin(&work, WORK_TASK, r->d->env->clock);
	a.spec = spec_of(r->d, r->t, &r->config, &work, e);
	return entry.value != NULL && a.spec != NULL && attributed_end(&a, e);
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
	assert_true(r.begun);
	if (strcmp(r.run.kind, run_kinds[RUN_ATTRIBUTION]) != 0)
		snapshot(&r, state);
	else
		assert_ok(log_read(&r, &e));
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

/* A daemon's part in it: a run is asked for, reads the log, and the newest snapshot is looked at
 * again. */
static void
look_for_the_maker(struct drift_world *x)
{
	clock_goes(x);
	while (collect(x, "disabled"))
		;
	clock_goes(x);
}

/* What whoever was killed has held is anybody's, and what is to be done later is due. */
static void
time_passes(struct drift_world *x)
{
	drift_sql(x, "UPDATE testbsx.schedules SET next_due = NOW(3), lease_until = NOW(3)"
		     " - INTERVAL 1 SECOND WHERE kind IN ('attribution', 'recheck')");
	drift_sql(x,
	    "UPDATE testbsx.run_index SET next_due = LEAST(next_due, NOW(3)), lease_until ="
	    " NOW(3) - INTERVAL 1 SECOND WHERE lease_owner IS NOT NULL");
}

/* An alert that was told, of a change whose maker nobody knows yet. */
static void
open_alert(struct drift_world *x, const struct uuid *channel)
{
	entra_config(x, channel);
	assert_true(collect(x, "enabled"));
	runs_later(x, 3600);
	time_print(clock_ms(&clock_system), switched_off);
	assert_true(collect(x, "disabled"));
	drift_arrive(x);
}

/* What is left of the one before is looked at no more. */
static void
forget(struct drift_world *x)
{
	drift_sql(x, "DELETE FROM testbsx.schedules");
	drift_sql(x, "DELETE FROM testbsx.run_index");
	drift_sql(x, "DELETE FROM %s.outbox");
}

static const char *
told(struct drift_world *x)
{
	return drift_text(x, x,
	    "SELECT GROUP_CONCAT(CONCAT(a.kind, ' ', SUBSTRING(o.event, 13)) ORDER BY o.id"
	    " SEPARATOR ', ') FROM %s.outbox o JOIN %s.alerts a ON a.id = o.alert_id");
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
		look_for_the_maker(world_of_child(x));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
who_made_it_is_told_once_whatever_is_killed_meanwhile(void **state)
{
	struct drift_world *x = *state;
	const struct uuid   channel = drift_channel(x, "https://hook.example.org/");
	const char         *path = talloc_asprintf(x, "%s/cut-attributed.sock", server_folder());
	struct cutter       cut = cutter_start(path, server_socket());
	int                 status = -1, packet, killed[2] = { 0 };

	for (packet = 1; packet < PACKETS_MAX && status != 0; packet++) {
		open_alert(x, &channel);
		assert_string_equal(told(x), "drift opened");
		status = killed_at(x, &cut, packet);
		assert_true(status == 0 || WIFSIGNALED(status));
		killed[strcmp(told(x), "drift opened") != 0]++;
		for (int again = 0; again < 2; again++) {
			time_passes(x);
			look_for_the_maker(x);
			if (strcmp(told(x), "drift opened, drift attributed") != 0)
				fail_msg("packet %d: %s", packet, told(x));
		}
		forget(x);
	}
	cutter_end(&cut);
	print_message(
	    "killed at %d packets before it was told, at %d after\n", killed[0], killed[1] - 1);
	assert_int_equal(status, 0);
	assert_true(killed[0] > 20 && killed[1] > 1);
	drift_check(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    who_made_it_is_told_once_whatever_is_killed_meanwhile, drift_set_up,
		    drift_tear_down),
	};

	return cmocka_run_group_tests_name("attributed", tests, NULL, NULL);
}
