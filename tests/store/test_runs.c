/*
 * Runs of sources that collect: due by their schedule, begun once, ended in the transaction of
 * their snapshot.
 */
#include <stdio.h>
#include <string.h>

#include "core/store/alert/outbox.h"
#include "core/store/tx.h"
#include "drift/run/run_progress.h"
#include "tests/store/runs_world.h"

#define SOURCES SOURCES_STILL
#include "drift/source/sources.c"
#undef SOURCES

static void
a_new_config_runs_at_once_and_then_in_its_slots(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = runs_config(x, EVERY_600);
	struct run_claimer  who = runs_claimer();
	struct run_claim   *claims;
	struct run          first, second, third;
	struct run_state    s;
	struct err          e = { 0 };

	first = runs_one(x, "1");
	assert_string_equal(first.state, "done");
	assert_string_equal(first.kind, "scheduled");
	assert_int_equal(first.attempts, 1);
	assert_int_equal(first.missed, 0);
	assert_false(uuid_is_nil(&first.report_id));
	assert_false(uuid_is_nil(&first.snapshot_id));
	assert_true(first.finished_at.ms >= first.started_at.ms);
	assert_ok(run_state_by_id(x->t->db, x, &c, &s, &e));
	assert_true(s.next_at.ms > s.now.ms && s.next_at.ms <= s.now.ms + 600000);
	assert_int_equal(s.next_at.ms - s.last_slot.ms, 600000);
	assert_true(uuid_eq(&s.last_run, &first.id));
	assert_int_equal(runs_claim(x, &who, 9, &claims), 0);

	runs_later(x, 600);
	second = runs_one(x, "1");
	assert_string_equal(second.state, "done");
	assert_int_equal(second.slot.ms, second.due_at.ms);
	assert_int_equal(second.missed, 0);
	assert_int_equal(runs_claim(x, &who, 9, &claims), 0);
	/* its report is that of the run before where nothing has changed */
	runs_later(x, 600);
	third = runs_one(x, "1");
	assert_true(uuid_eq(&third.report_id, &second.report_id));
	assert_false(uuid_eq(&third.snapshot_id, &second.snapshot_id));
	drift_check(x);
}

static void
slots_that_were_missed_are_one_run_that_says_how_many(void **state)
{
	struct drift_world *x = *state;
	struct run_claimer  who = runs_claimer();
	struct run_claim   *claims;
	struct run          r;

	runs_config(x, EVERY_600);
	(void)runs_one(x, "1");
	runs_later(x, 6 * 600);
	r = runs_one(x, "1");
	assert_int_equal(r.missed, 5);
	assert_int_equal(runs_claim(x, &who, 9, &claims), 0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.runs"), 2);
}

static void
whoever_has_lost_the_fence_writes_nothing(void **state)
{
	struct drift_world *x = *state;
	struct run_claimer  old = runs_claimer(), young = runs_claimer();
	struct run_claim   *c;
	struct running      a, b;
	struct run_failure  f = { .reason = "too late" };
	struct err          e = { 0 };
	uint64_t            held;

	runs_config(x, EVERY_600);
	assert_int_equal(runs_claim(x, &old, 9, &c), 1);
	a = runs_begin(x, &c[0]);
	drift_sql(x, "UPDATE testbsx.run_index SET lease_until = NOW(3) - INTERVAL 1 SECOND");
	assert_int_equal(runs_claim(x, &young, 9, &c), 1);
	b = runs_begin(x, &c[0]);
	assert_true(uuid_eq(&a.run.id, &b.run.id));
	assert_int_equal(b.run.attempts, 2);

	assert_false(runs_done(&a, "1", &e));
	assert_int_equal(e.sys, OUTBOX_FENCE_LOST);
	err_clear(&e);
	assert_false(running_fail(&a, &f, &e));
	assert_int_equal(e.sys, OUTBOX_FENCE_LOST);
	err_clear(&e);
	assert_false(running_later(&a, &e));
	assert_int_equal(e.sys, OUTBOX_FENCE_LOST);
	err_clear(&e);
	assert_ok(running_tell(&a, &(struct source_progress) { .requests = 7 }, &e));
	assert_ok(run_heartbeat(database_control(x->w->d), &old.owner, &held, &e));
	assert_int_equal(held, 0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"), 0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'running' AND attempts = 2"
			   " AND progress IS NULL AND reason IS NULL"),
	    1);
	assert_ok(runs_done(&b, "1", &e));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"), 1);
	drift_check(x);
}

/* ---- what others do about them ---- */

struct asking {
	struct drift_world  *x;
	struct uuid          config;
	const char          *spec;
	enum run_kind        kind;
	struct run           run;
	struct schedule_plan plan;
	bool (*fn)(struct db *db, struct asking *a, struct err *e);
};

static bool
asking_body(struct db *db, void *arg, struct err *e)
{
	struct asking *a = arg;

	return a->fn(db, a, e);
}

static bool
ask(struct db *db, struct asking *a, struct err *e)
{
	return running_ask(db, &a->x->env, &a->config, a->kind, "ann", &a->run, e);
}

static bool
cancel(struct db *db, struct asking *a, struct err *e)
{
	return running_cancel(db, a->x, &a->run, &a->plan, e);
}

static bool
move(struct db *db, struct asking *a, struct err *e)
{
	return running_move(db, &a->x->env, &a->config, &a->plan, e);
}

static bool
leave(struct db *db, struct asking *a, struct err *e)
{
	return running_leave(db, &a->config, e);
}

static bool
try_do(struct asking *a, bool (*fn)(struct db *db, struct asking *a, struct err *e), struct err *e)
{
	const struct tx tx = { .name = "asking", .body = asking_body, .arg = a };

	a->fn = fn;
	return spec_schedule(a->x, a->spec, &a->plan, e) && tx_run(a->x->t->db, &tx, e);
}

static void
just_do(struct asking *a, bool (*fn)(struct db *db, struct asking *a, struct err *e))
{
	struct err e = { 0 };

	assert_ok(try_do(a, fn, &e));
}

static void
who_asks_while_one_waits_gets_that_one_and_while_one_runs_the_next(void **state)
{
	struct drift_world *x = *state;
	struct asking       a = {
		      .x = x, .config = runs_config(x, EVERY_600), .spec = EVERY_600, .kind = RUN_MANUAL
	};
	struct run_claimer who = runs_claimer();
	struct run_claim  *c;
	struct run         first;
	struct running     r;
	struct err         e = { 0 };

	/* the first one waits still: it is that */
	just_do(&a, ask);
	assert_string_equal(a.run.kind, "scheduled");
	(void)runs_one(x, "1");
	just_do(&a, ask);
	first = a.run;
	assert_string_equal(first.kind, "manual");
	assert_string_equal(first.asked_by, "ann");
	just_do(&a, ask);
	assert_true(uuid_eq(&a.run.id, &first.id));

	/* it is begun; who asks now has one after it, though the claim holds */
	assert_int_equal(runs_claim(x, &who, 9, &c), 1);
	r = runs_begin(x, &c[0]);
	assert_true(uuid_eq(&r.run.id, &first.id));
	just_do(&a, ask);
	assert_false(uuid_eq(&a.run.id, &first.id));
	assert_int_equal(runs_claim(x, &who, 9, &c), 0);
	assert_ok(runs_done(&r, "1", &e));
	first = runs_one(x, "1");
	assert_true(uuid_eq(&a.run.id, &first.id));
	/* and the schedule goes on where it was */
	assert_int_equal(runs_claim(x, &who, 9, &c), 0);
	runs_later(x, 600);
	assert_int_equal(runs_one(x, "1").missed, 0);
}

static void
one_that_waits_or_runs_can_be_cancelled_and_one_that_is_over_not(void **state)
{
	struct drift_world *x = *state;
	struct asking       a = {
		      .x = x, .config = runs_config(x, EVERY_600), .spec = EVERY_600, .kind = RUN_MANUAL
	};
	struct run_claimer who = runs_claimer();
	struct run_claim  *c;
	struct running     r;
	struct err         e = { 0 };

	just_do(&a, ask);
	just_do(&a, cancel);
	assert_string_equal(runs_see(x, &a.run.id).state, "cancelled");
	assert_int_equal(runs_claim(x, &who, 9, &c), 0);
	just_do(&a, ask);
	assert_int_equal(runs_claim(x, &who, 9, &c), 1);
	r = runs_begin(x, &c[0]);
	just_do(&a, cancel);
	assert_string_equal(runs_see(x, &a.run.id).state, "cancelled");
	/* its collector hears of it when it tells how far it is, at the latest in the end: nothing
	 * is written */
	assert_false(running_tell(&r, &(struct source_progress) { .requests = 1 }, &e));
	assert_int_equal(e.sys, RUN_WAS_CANCELLED);
	err_clear(&e);
	assert_false(runs_done(&r, "1", &e));
	assert_int_equal(e.sys, RUN_WAS_CANCELLED);
	err_clear(&e);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"), 0);
	assert_ok(running_later(&r, &e));
	assert_string_equal(runs_see(x, &a.run.id).state, "cancelled");
	/* nothing is left to do, and what comes next is as if it had not been */
	assert_int_equal(runs_claim(x, &who, 9, &c), 1);
	r = runs_begin(x, &c[0]);
	assert_false(r.begun);
	just_do(&a, ask);
	assert_int_equal(runs_claim(x, &who, 9, &c), 1);
	r = runs_begin(x, &c[0]);
	assert_ok(runs_done(&r, "1", &e));
	assert_false(try_do(&a, cancel, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_string_equal(e.pub, "The run is over.");
}

static void
a_schedule_that_changes_under_a_run_is_the_one_that_holds(void **state)
{
	struct drift_world *x = *state;
	struct asking       a = { .x = x, .config = runs_config(x, EVERY_600), .spec = EVERY_600 };
	struct run_claimer  who = runs_claimer();
	struct run_claim   *c;
	struct running      r;
	struct run_state    s, after;
	struct err          e = { 0 };

	assert_int_equal(runs_claim(x, &who, 9, &c), 1);
	r = runs_begin(x, &c[0]);
	a.spec = "{\"source\":{\"kind\":\"still\"},\"schedule\":{\"interval_s\":86400}}";
	just_do(&a, move);
	assert_ok(run_state_by_id(x->t->db, x, &a.config, &s, &e));
	assert_ok(runs_done(&r, "1", &e));
	assert_ok(run_state_by_id(x->t->db, x, &a.config, &after, &e));
	assert_int_equal(after.next_at.ms, s.next_at.ms);
	assert_int_equal(after.last_slot.ms, s.last_slot.ms);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM testbsx.run_index i JOIN"
					" %s.run_state s ON s.config_id = i.ref"
					" WHERE i.next_due = s.next_at"),
	    1);
	/* disabled: nothing is due, and what is asked for runs all the same */
	a.spec = "{\"source\":{\"kind\":\"still\"},\"schedule\":{\"interval_s\":60,"
		 "\"enabled\":false}}";
	just_do(&a, move);
	runs_later(x, 864000);
	assert_int_equal(runs_claim(x, &who, 9, &c), 0);
	a.kind = RUN_MANUAL;
	just_do(&a, ask);
	assert_string_equal(runs_one(x, "1").kind, "manual");
	assert_int_equal(runs_claim(x, &who, 9, &c), 0);
}

static void
a_config_that_goes_under_a_run_takes_it_along(void **state)
{
	struct drift_world *x = *state;
	struct asking       a = { .x = x, .config = runs_config(x, EVERY_600), .spec = EVERY_600 };
	struct run_claimer  who = runs_claimer();
	struct run_claim   *c;
	struct running      r;
	struct err          e = { 0 };

	assert_int_equal(runs_claim(x, &who, 9, &c), 1);
	r = runs_begin(x, &c[0]);
	just_do(&a, leave);
	assert_false(runs_done(&r, "1", &e));
	assert_int_equal(e.sys, OUTBOX_FENCE_LOST);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"), 0);
	assert_int_equal(drift_count(x, "SELECT (SELECT COUNT(*) FROM %s.runs)"
					" + (SELECT COUNT(*) FROM testbsx.run_index)"),
	    0);
}

static void
what_a_collector_holds_is_given_back_put_off_or_forgotten(void **state)
{
	struct drift_world *x = *state;
	struct db          *control = database_control(x->w->d);
	struct run_claimer  who = runs_claimer(), other = runs_claimer();
	struct run_claim   *c;
	struct err          e = { 0 };
	uint64_t            held;
	size_t              n;

	for (int i = 0; i < 3; i++)
		runs_config(x, EVERY_600);
	assert_int_equal(runs_claim(x, &who, 2, &c), 2);
	assert_ok(run_heartbeat(control, &who.owner, &held, &e));
	assert_int_equal(held, 2);
	assert_ok(run_held(control, x, &who.owner, 9, &c, &n, &e));
	assert_int_equal(n, 2);
	assert_int_equal(runs_claim(x, &other, 9, &c), 1);
	assert_ok(run_give_back(control, &who.owner, &e));
	assert_int_equal(runs_claim(x, &other, 9, &c), 2);
	assert_ok(run_put_off(control, &c[0], 3600000, &e));
	assert_ok(run_forget(control, &c[1], &e));
	assert_ok(run_give_back(control, &other.owner, &e));
	assert_int_equal(runs_claim(x, &who, 9, &c), 1);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM testbsx.run_index"), 2);
}

static void
runs_are_listed_newest_first_by_what_is_asked_of_them(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = runs_config(x, EVERY_600), d = runs_config(x, EVERY_600);
	struct run_filter   all = { 0 }, of_d = { .config_id = d }, queued = { .state = "queued" },
			  later = { .since = { INT64_C(1) << 45 } };
	struct page p = { .want = 9 };
	struct err  e = { 0 };

	(void)c;
	(void)runs_one(x, "1");
	assert_ok(run_list(x->t, x, &all, &p, &e));
	assert_int_equal(p.n, 2);
	assert_true(uuid_eq(&((const struct run *)p.rows)[0].config_id, &d));
	assert_ok(run_list(x->t, x, &of_d, &p, &e));
	assert_int_equal(p.n, 1);
	assert_ok(run_list(x->t, x, &queued, &p, &e));
	assert_int_equal(p.n, 1);
	assert_ok(run_list(x->t, x, &later, &p, &e));
	assert_int_equal(p.n, 0);
}

static void
how_far_a_run_is_is_told_now_and_then_and_bounded(void **state)
{
	enum { MANY = 2000 };
	struct drift_world       *x = *state;
	struct source_collection *all = talloc_zero_array(x, struct source_collection, MANY);
	struct source_progress    p = { .collections = all, .n = MANY, .requests = 3 };
	struct run_claimer        who = runs_claimer();
	struct run_claim         *c;
	struct running            r;
	struct run_progress      *told;
	struct err                e = { 0 };

	runs_config(x, EVERY_600);
	for (size_t i = 0; i < MANY; i++)
		all[i] = (struct source_collection) { .category = talloc_asprintf(x, "c%zu", i),
			.over = i != 1500,
			.why = i == 1999 ? "The permission is missing." : NULL,
			.how = i == 1999 ? COLLECTION_FORBIDDEN : COLLECTION_COMPLETE };
	assert_int_equal(runs_claim(x, &who, 9, &c), 1);
	r = runs_begin(x, &c[0]);
	assert_ok(running_tell(&r, &p, &e));
	p.requests = 4; /* not yet two seconds later */
	assert_ok(running_tell(&r, &p, &e));
	assert_ok(run_progress_read(x, runs_see(x, &r.run.id).progress.text, &told, &e));
	assert_non_null(told);
	assert_int_equal(told->requests, 3);
	assert_int_equal(told->of, MANY);
	assert_true(told->collections.n > 50);
	assert_int_equal(told->collections.n + (size_t)told->left_out, MANY);
	assert_true(strlen(runs_see(x, &r.run.id).progress.text) <= RUN_PROGRESS_MAX);
	/* what is not well comes first where not all fit */
	assert_non_null(strstr(runs_see(x, &r.run.id).progress.text, "\"c1500\""));
	assert_non_null(strstr(runs_see(x, &r.run.id).progress.text, "permission is missing"));
}

/* ---- coming to nothing ---- */

/* Claims the one that is due, and lets it come to nothing. */
static struct run
fail_one(struct drift_world *x, const struct run_failure *f)
{
	struct run_claimer who = runs_claimer();
	struct run_claim  *c;
	struct running     r;
	struct err         e = { 0 };

	assert_int_equal(runs_claim(x, &who, 9, &c), 1);
	r = runs_begin(x, &c[0]);
	assert_true(r.begun);
	assert_ok(running_fail(&r, f, &e));
	assert_int_equal(runs_claim(x, &who, 9, &c), 0);
	return runs_see(x, &r.run.id);
}

/* Seconds until the config is due, as its row in the control schema says. */
static int64_t
due_in(struct drift_world *x)
{
	return drift_count(
	    x, "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due) FROM testbsx.run_index");
}

#define DAILY "{\"source\":{\"kind\":\"still\"},\"schedule\":{\"interval_s\":86400}}"

static void
what_fails_is_tried_again_while_the_next_slot_is_far_and_is_dead_at_last(void **state)
{
	static const int64_t     again[] = { 30, 120, 600, 1800 };
	const struct run_failure f = { .reason = "The server did not answer.",
		.remedy = "Start it." };
	struct drift_world      *x = *state;
	struct uuid              c = runs_config(x, DAILY);
	struct run_state         s;
	struct run               run;
	struct err               e = { 0 };

	for (size_t i = 0; i < 4; i++) {
		run = fail_one(x, &f);
		assert_string_equal(run.state, "queued");
		assert_string_equal(run.reason, "The server did not answer.");
		assert_string_equal(run.remedy, "Start it.");
		assert_int_equal(run.attempts, i + 1);
		assert_in_range(due_in(x), again[i] - 5, again[i]);
		drift_sql(x, "UPDATE testbsx.run_index SET next_due = NOW(3)");
	}
	run = fail_one(x, &f);
	assert_string_equal(run.state, "dead");
	assert_int_equal(run.attempts, RUN_ATTEMPTS_MAX);
	assert_true(run.finished_at.ms > 0);
	assert_ok(run_state_by_id(x->t->db, x, &c, &s, &e));
	assert_int_equal(s.failures, 1);
	assert_false(s.held);
	assert_true(due_in(x) > 1800); /* its next slot */
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.runs"), 1);
	/* and the next one that succeeds makes all well */
	runs_later(x, 86400);
	assert_string_equal(runs_one(x, "1").state, "done");
	assert_ok(run_state_by_id(x->t->db, x, &c, &s, &e));
	assert_int_equal(s.failures, 0);
}

static void
where_the_next_slot_is_near_it_is_that_one_and_what_fails_on_and_on_is_put_off(void **state)
{
	static const int64_t     least[] = { 60, 120, 240, 480, 960, 1920, 3600, 3600 };
	const struct run_failure f = { .reason = "The server did not answer." };
	struct drift_world      *x = *state;
	struct run               run;

	runs_config(x, "{\"source\":{\"kind\":\"still\"},\"schedule\":{\"interval_s\":60}}");
	for (size_t i = 0; i < sizeof(least) / sizeof(least[0]); i++) {
		int64_t due;

		do /* at once more where there are 30 s until the next slot */
			run = fail_one(x, &f);
		while (strcmp(run.state, "queued") == 0 &&
		       (drift_sql(x, "UPDATE testbsx.run_index SET next_due = NOW(3)"), true));
		assert_string_equal(run.state, "failed");
		due = due_in(x);
		assert_in_range(due, least[i] - 5, least[i] + 60);
		runs_later(x, due + 1);
	}
}

static void
what_cannot_get_better_is_dead_at_once_and_held_until_the_config_changes(void **state)
{
	const struct run_failure f = {
		.reason = "The client secret has expired.", .remedy = "Make another.", .hold = true
	};
	struct drift_world *x = *state;
	struct asking       a = { .x = x, .config = runs_config(x, EVERY_600), .spec = EVERY_600 };
	struct run_state    s;
	struct err          e = { 0 };

	assert_string_equal(fail_one(x, &f).state, "dead");
	assert_in_range(due_in(x), 3590, 3600 + 600);
	runs_later(x, due_in(x) + 1);
	assert_string_equal(fail_one(x, &f).state, "dead");
	assert_in_range(due_in(x), 7190, 7200 + 600);
	assert_ok(run_state_by_id(x->t->db, x, &a.config, &s, &e));
	assert_true(s.held);
	assert_int_equal(s.failures, 2);
	/* somebody asks: once, and it is held on */
	a.kind = RUN_MANUAL;
	just_do(&a, ask);
	assert_string_equal(fail_one(x, &f).state, "dead");
	assert_in_range(due_in(x), 14390, 14400 + 600);
	/* the config changes: it is collected at once */
	just_do(&a, move);
	assert_string_equal(runs_one(x, "1").state, "done");
	assert_ok(run_state_by_id(x->t->db, x, &a.config, &s, &e));
	assert_false(s.held);
	assert_int_equal(s.failures, 0);
}

static void
one_that_is_left_is_as_if_it_had_not_been_begun(void **state)
{
	struct drift_world *x = *state;
	struct run_claimer  who = runs_claimer();
	struct run_claim   *c;
	struct running      r;
	struct run          run;
	struct err          e = { 0 };

	runs_config(x, EVERY_600);
	for (int i = 0; i < RUN_ATTEMPTS_MAX + 2; i++) { /* however often a daemon is restarted */
		assert_int_equal(runs_claim(x, &who, 9, &c), 1);
		r = runs_begin(x, &c[0]);
		assert_ok(running_later(&r, &e));
		run = runs_see(x, &r.run.id);
		assert_string_equal(run.state, "queued");
		assert_int_equal(run.attempts, 0);
		assert_null(run.reason);
	}
	run = runs_one(x, "1");
	assert_true(uuid_eq(&run.id, &r.run.id));
	assert_int_equal(run.attempts, 1);
}

static void
one_whose_collectors_end_in_the_middle_of_it_is_dead_and_the_next_slot_is_another(void **state)
{
	struct drift_world *x = *state;
	struct run_claimer  who = runs_claimer();
	struct run_claim   *c;
	struct running      r;
	struct err          e = { 0 };

	runs_config(x, EVERY_600);
	for (int i = 0; i < RUN_ATTEMPTS_MAX; i++) {
		assert_int_equal(runs_claim(x, &who, 9, &c), 1);
		r = runs_begin(x, &c[0]);
		assert_int_equal(r.run.attempts, i + 1);
		assert_ok(run_give_back(database_control(x->w->d), &who.owner, &e));
	}
	assert_int_equal(runs_claim(x, &who, 9, &c), 1);
	assert_false(runs_begin(x, &c[0]).begun);
	assert_string_equal(runs_see(x, &r.run.id).state, "dead");
	assert_non_null(strstr(runs_see(x, &r.run.id).reason, "time and again"));
	assert_int_equal(runs_claim(x, &who, 9, &c), 0);
	runs_later(x, 1200);
	assert_string_equal(runs_one(x, "1").state, "done");
}

static void
a_schedule_is_what_silence_is_measured_by_where_nothing_else_is_said(void **state)
{
	static const struct {
		const char *spec;
		int64_t     every_s;
	} cases[] = {
		{ EVERY_600, 660 },
		{ "{\"source\":{\"kind\":\"still\"},\"schedule\":{\"cron\":\"0 9 * * 1-5\"}}",
		    3 * 86400 * 11 / 10 },
		{ "{\"source\":{\"kind\":\"still\"},\"schedule\":{\"interval_s\":600},"
		  "\"expect_every_s\":7200}",
		    7200 },
		{ "{\"source\":{\"kind\":\"still\"},\"schedule\":{\"interval_s\":600,"
		  "\"enabled\":false}}",
		    0 },
		{ "{\"source\":{\"kind\":\"still\"}}", 0 },
	};
	struct drift_world *x = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err               e = { 0 };
		struct drift_config      c = { .spec = talloc_strdup(x, cases[i].spec) };
		const struct drift_spec *s = spec_compile(x, x->d, x->t, &c, NULL, &e);

		assert_non_null(s);
		assert_int_equal(s->expect_every_s, cases[i].every_s);
	}
	/* and a run that reads sets the time at which the next is missed */
	runs_config(x, EVERY_600);
	(void)runs_one(x, "1");
	assert_in_range(drift_count(x, "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due) FROM"
				       " testbsx.schedules WHERE kind = 'beat'"),
	    3 * 660 - 65, 3 * 660);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_config_runs_at_once_and_then_in_its_slots),
		TEST(slots_that_were_missed_are_one_run_that_says_how_many),
		TEST(whoever_has_lost_the_fence_writes_nothing),
		TEST(who_asks_while_one_waits_gets_that_one_and_while_one_runs_the_next),
		TEST(one_that_waits_or_runs_can_be_cancelled_and_one_that_is_over_not),
		TEST(a_schedule_that_changes_under_a_run_is_the_one_that_holds),
		TEST(a_config_that_goes_under_a_run_takes_it_along),
		TEST(what_a_collector_holds_is_given_back_put_off_or_forgotten),
		TEST(how_far_a_run_is_is_told_now_and_then_and_bounded),
		TEST(what_fails_is_tried_again_while_the_next_slot_is_far_and_is_dead_at_last),
		TEST(
		    where_the_next_slot_is_near_it_is_that_one_and_what_fails_on_and_on_is_put_off),
		TEST(what_cannot_get_better_is_dead_at_once_and_held_until_the_config_changes),
		TEST(one_that_is_left_is_as_if_it_had_not_been_begun),
		TEST(
		    one_whose_collectors_end_in_the_middle_of_it_is_dead_and_the_next_slot_is_another),
		TEST(a_schedule_is_what_silence_is_measured_by_where_nothing_else_is_said),
		TEST(runs_are_listed_newest_first_by_what_is_asked_of_them),
	};

	return cmocka_run_group_tests_name("runs", tests, NULL, NULL);
}
