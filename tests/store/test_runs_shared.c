/*
 * Runs among many: tenants that take turns, collectors in processes of their own, and ones that are
 * killed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store/alert/outbox.h"
#include "core/store/db_priv.h"
#include "tests/store/cut.h"
#include "tests/store/runs_world.h"

#define SOURCES SOURCES_STILL
#include "drift/source/sources.c"
#undef SOURCES

/* ---- tenants take turns ---- */

/* Rows without configs: who claims does not look at them. */
static void
due_rows(struct drift_world *x, const char *tenant, int n)
{
	drift_sql(x,
	    talloc_asprintf(x,
		"INSERT INTO testbsx.run_index (schema_name, ref, next_due) SELECT '%s',"
		" UNHEX(MD5(CONCAT('%s', seq))), NOW(3) - INTERVAL 1 HOUR FROM testbsx.seq_1_to_%d",
		tenant, tenant, n));
}

static size_t
of_tenant(const struct run_claim *c, size_t n, const char *tenant)
{
	size_t of = 0;

	for (size_t i = 0; i < n; i++)
		of += strcmp(c[i].schema_name, tenant) == 0;
	return of;
}

static void
a_tenant_with_a_thousand_delays_anothers_single_one_by_no_more_than_a_run(void **state)
{
	struct drift_world *x = *state;
	struct run_claimer  who = runs_claimer();
	struct run_claim   *c, *next;
	struct err          e = { 0 };

	due_rows(x, "many", 1000);
	assert_int_equal(runs_claim(x, &who, 4, &c), 4); /* all that it can do at once */
	due_rows(x, "one", 1);
	drift_sql(x, "UPDATE testbsx.run_index SET next_due = NOW(3) WHERE schema_name = 'one'");
	/* the first of them ends: the next place is the other tenant's, though it came last */
	assert_ok(run_put_off(database_control(x->w->d), &c[0], 3600000, &e));
	assert_int_equal(runs_claim(x, &who, 1, &next), 1);
	assert_string_equal(next[0].schema_name, "one");
	/* three that are due alike share what there is */
	due_rows(x, "two", 500);
	due_rows(x, "three", 500);
	assert_int_equal(runs_claim(x, &who, 90, &c), 90);
	assert_in_range(of_tenant(c, 90, "two"), 31, 32);
	assert_in_range(of_tenant(c, 90, "three"), 31, 32);
	assert_in_range(of_tenant(c, 90, "many"), 27, 29); /* with the three that it has */
	/* and one tenant may have no more than its share, whatever is free */
	who.per_tenant = 40;
	assert_int_equal(runs_claim(x, &who, 900, &c), 40 - 31 + 40 - 31 + 40 - 31);
}

static void
what_is_paused_is_due_when_its_tenant_is_active_again(void **state)
{
	struct drift_world *x = *state;
	struct tenant_db   *platform = world_open(x->w, &x->w->b);
	struct run_claimer  who = runs_claimer();
	struct run_claim   *c;
	struct err          e = { 0 };

	drift_sql(x, "UPDATE testbsx.tenants SET slug = 'platform' WHERE slug = 'globex'");
	runs_config(x, EVERY_600);
	assert_ok(tenant_turn(
	    platform, &(struct tenant_turn) { .id = x->w->a.id, .to = "suspended" }, &e));
	assert_int_equal(runs_claim(x, &who, 9, &c), 0);
	assert_ok(
	    tenant_turn(platform, &(struct tenant_turn) { .id = x->w->a.id, .to = "active" }, &e));
	assert_int_equal(runs_claim(x, &who, 9, &c), 1);
}

/* ---- what looking costs ---- */

static void
ten_thousand_that_are_not_due_cost_next_to_nothing(void **state)
{
	struct drift_world *x = *state;
	struct db          *control = database_control(x->w->d);
	struct run_claimer  who = runs_claimer();
	struct run_claim   *c;
	int64_t             before, trips;

	who.global = 100;
	who.per_host = 100;
	due_rows(x, "many", 10000);
	drift_sql(x, "UPDATE testbsx.run_index SET next_due = NOW(3) + INTERVAL 1 HOUR");
	assert_int_equal(runs_claim(x, &who, 50, &c), 0);
	before = server_rows_read(control);
	trips = (int64_t)db_stats(control).trips;
	for (int i = 0; i < 10; i++)
		assert_int_equal(runs_claim(x, &who, 50, &c), 0);
	assert_int_equal((int64_t)db_stats(control).trips - trips, 10);
	assert_in_range(server_rows_read(control) - before, 0, 10 * 5 + 20);
}

/* ---- collectors in processes ---- */

/* A child has connections of its own. */
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

/* All that is due, until nothing is; 1: something went wrong. */
static int
collect_all(struct drift_world *x, const struct run_claimer *who, size_t at_once)
{
	for (;;) {
		struct run_claim *c;
		size_t            n = runs_claim(x, who, at_once, &c);

		if (n == 0)
			return 0;
		for (size_t i = 0; i < n; i++) {
			struct running r = runs_begin(x, &c[i]);
			struct err     e = { 0 };

			if (!r.begun || !runs_done(&r, "1", &e)) {
				fprintf(stderr, "%s\n", e.detail);
				return 1;
			}
		}
	}
}

enum { COLLECTORS = 4, CONFIGS = 60 };

static void
collectors_side_by_side_run_every_slot_once(void **state)
{
	struct drift_world *x = *state;
	pid_t               pids[COLLECTORS];
	int                 status;

	for (int i = 0; i < CONFIGS; i++)
		runs_config(x, EVERY_600);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < COLLECTORS; i++) {
			pids[i] = fork();
			if (pids[i] == 0) {
				struct run_claimer who = runs_claimer();

				_exit(collect_all(world_of_child(x), &who, 7));
			}
		}
		for (int i = 0; i < COLLECTORS; i++) {
			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			assert_int_equal(status, 0);
		}
		assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'done'"
						" AND attempts = 1 AND missed = 0"),
		    CONFIGS * (round + 1));
		assert_int_equal(
		    drift_count(x, "SELECT COUNT(*) FROM %s.runs"), CONFIGS * (round + 1));
		assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"),
		    CONFIGS * (round + 1));
		runs_later(x, 600);
	}
	drift_check(x);
}

/* Each looks how many are held while it holds some, and gives them back. */
static int
press(struct drift_world *x)
{
	struct run_claimer who = runs_claimer();

	who.global = 10;
	for (int i = 0; i < 60; i++) {
		struct run_claim *c;
		struct err        e = { 0 };

		if (runs_claim(x, &who, 7, &c) > 7)
			return 1;
		if (!run_give_back(database_control(x->w->d), &who.owner, &e))
			return 2;
	}
	return 0;
}

static void
more_than_the_bound_are_never_kept_whoever_claims_beside(void **state)
{
	struct drift_world *x = *state;
	struct run_claimer  who = runs_claimer(), there = runs_claimer();
	struct run_claim   *c;
	struct err          e = { 0 };
	pid_t               pids[COLLECTORS];
	int                 status;

	due_rows(x, "many", 500);
	who.global = 10;
	who.per_host = 4;
	there.global = 10;
	there.host = "there";
	assert_int_equal(runs_claim(x, &who, 9, &c), 4);
	assert_int_equal(runs_claim(x, &who, 9, &c), 0);
	assert_int_equal(runs_claim(x, &there, 9, &c), 6);
	assert_int_equal(runs_claim(x, &there, 9, &c), 0);
	assert_ok(run_give_back(database_control(x->w->d), &who.owner, &e));
	assert_ok(run_give_back(database_control(x->w->d), &there.owner, &e));
	for (int i = 0; i < COLLECTORS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(press(world_of_child(x)));
	}
	for (int i = 0; i < COLLECTORS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(runs_claim(x, &who, 50, &c), 4); /* nothing is left held */
}

/* ---- killed at any statement ---- */

/* One whole run through the cutter, which kills it at a packet; 0: it has come to its end. */
static int
killed_at(struct drift_world *x, struct cutter *cut, int packet, const struct run_claimer *who)
{
	int   status;
	pid_t pid = fork();

	if (pid == 0) {
		x->w->conf.db_socket = cut->path;
		cutter_kills(cut, getpid());
		cutter_arm(cut, CUT_QUESTION, packet);
		_exit(collect_all(world_of_child(x), who, 1));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

enum then { LEASE_RUNS_OUT, PARENT_GIVES_BACK, THENS };

/* Exactly one run of each slot, exactly one snapshot of each run. */
static void
look_after(struct drift_world *x, int slots)
{
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.runs"), slots);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'done' AND snapshot_id IN"
			   " (SELECT id FROM %s.config_snapshots)"),
	    slots);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"), slots);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM testbsx.run_index WHERE lease_owner IS NOT NULL"
			   " AND next_due <= NOW(3)"),
	    0);
}

static void
one_that_is_killed_at_any_statement_loses_and_doubles_no_slot(void **state)
{
	struct drift_world *x = *state;
	struct db          *control = database_control(x->w->d);
	const char         *path = talloc_asprintf(x, "%s/cut-runs.sock", server_folder());
	struct cutter       cut = cutter_start(path, server_socket());
	int                 slots = 0, killed = 0;
	struct err          e = { 0 };

	runs_config(x, EVERY_600);
	for (int packet = 1; packet < 400; packet++)
		for (enum then t = 0; t < THENS; t++) {
			struct run_claimer who = runs_claimer(), next = runs_claimer();
			int                status = killed_at(x, &cut, packet, &who);

			slots++;
			if (status == 0) { /* there are no more packets */
				look_after(x, slots);
				assert_true(killed > 40);
				cutter_end(&cut);
				drift_check(x);
				return;
			}
			assert_true(WIFSIGNALED(status));
			killed++;
			if (t == PARENT_GIVES_BACK)
				assert_ok(run_give_back(control, &who.owner, &e));
			else
				drift_sql(x, "UPDATE testbsx.run_index SET lease_until = NOW(3)"
					     " - INTERVAL 1 SECOND WHERE lease_owner IS NOT NULL");
			assert_int_equal(collect_all(x, &next, 1), 0);
			look_after(x, slots);
			runs_later(x, 600);
		}
	fail_msg("it never came to its end");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tenant_with_a_thousand_delays_anothers_single_one_by_no_more_than_a_run),
		TEST(what_is_paused_is_due_when_its_tenant_is_active_again),
		TEST(ten_thousand_that_are_not_due_cost_next_to_nothing),
		TEST(collectors_side_by_side_run_every_slot_once),
		TEST(more_than_the_bound_are_never_kept_whoever_claims_beside),
		TEST(one_that_is_killed_at_any_statement_loses_and_doubles_no_slot),
	};

	return cmocka_run_group_tests_name("runs among many", tests, NULL, NULL);
}
