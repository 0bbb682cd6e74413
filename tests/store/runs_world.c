#include "tests/store/runs_world.h"

#include <string.h>

#include "core/store/tx.h"

/* ---- the kind ---- */

static const struct field still_fields[] = {
	FIELD(struct source_settings, kind, .flags = FIELD_REQUIRED),
	FIELD_END,
};
extern const struct schema     source_still_schema;
extern const struct source_ops source_still;
const struct schema            source_still_schema =
    SCHEMA("DriftSourceStill", struct source_settings, still_fields);

static bool
still_check(TALLOC_CTX *mem, struct source *s, struct err *e)
{
	(void)mem, (void)s, (void)e;
	return true;
}

static const struct source_collect still_collect; /* nobody drives it here */
const struct source_ops            source_still = {
		   .check = still_check,
		   .collect = &still_collect,
};

/* ---- configs ---- */

struct joining {
	struct drift_world  *x;
	struct uuid          config;
	struct schedule_plan plan;
};

static bool
join_body(struct db *db, void *arg, struct err *e)
{
	struct joining *j = arg;

	return running_join(db, &j->x->env, &j->config, &j->plan, e);
}

/* A slot that comes while a test goes on would be one more than it counts. */
static bool
is_soon(const struct joining *j)
{
	const instant now = { clock_ms(&clock_system) },
		      next = slot_next(&j->plan, &j->config, now);

	return next.ms != 0 && j->plan.interval_ms > 60000 &&
	       next.ms - now.ms < j->plan.interval_ms / 2;
}

struct uuid
runs_config(struct drift_world *x, const char *spec)
{
	struct joining  j = { .x = x };
	const struct tx tx = { .name = "join", .body = join_body, .arg = &j };
	struct err      e = { 0 };

	assert_ok(spec_schedule(x, spec, &j.plan, &e));
	do
		j.config = drift_config(x, spec);
	while (is_soon(&j));
	assert_ok(tx_run(x->t->db, &tx, &e));
	return j.config;
}

/* ---- the collector ---- */

struct run_claimer
runs_claimer(void)
{
	return (
	    struct run_claimer) { .owner = uuid_make(&clock_system, &rand_system), .host = "here" };
}

size_t
runs_claim(
    struct drift_world *x, const struct run_claimer *who, size_t most, struct run_claim **rows)
{
	struct err e = { 0 };
	size_t     n;

	assert_ok(run_claim(database_control(x->w->d), x, who, most, rows, &n, &e));
	return n;
}

struct running
runs_begin(struct drift_world *x, const struct run_claim *c)
{
	const struct tenant *row;
	struct tenant_db    *t;
	struct running       r;
	struct err           e = { 0 };

	assert_ok(tenant_by_schema(x->w->d, str_of(c->schema_name), &row, &e));
	assert_ok(tenant_db_open(x->w->d, row, false, &t, &e));
	assert_ok(running_begin(x->d, t, x, c, &r, &e));
	return r;
}

bool
runs_done(struct running *r, const char *value, struct err *e)
{
	const struct json   *v = json_parse(r->mem, str_of(talloc_strdup(r->mem, value)), e);
	struct resource      one = { STR("c"), STR("k"), v };
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
	in.spec = spec_of(r->d, r->t, &r->config, &work, e);
	return v != NULL && in.spec != NULL && ingest_collected(&in, &got, &a, e);
}

struct run
runs_one(struct drift_world *x, const char *value)
{
	const struct run_claimer who = runs_claimer();
	struct run_claim        *c;
	struct running           r;
	struct err               e = { 0 };

	assert_int_equal(runs_claim(x, &who, 1, &c), 1);
	r = runs_begin(x, &c[0]);
	assert_true(r.begun);
	assert_ok(runs_done(&r, value, &e));
	return runs_see(x, &r.run.id);
}

void
runs_later(struct drift_world *x, int64_t s)
{
	char *by = talloc_asprintf(x, "INTERVAL %lld SECOND", (long long)s);

	drift_sql(x, talloc_asprintf(x,
			 "UPDATE testbsx.run_index SET next_due = next_due - %s,"
			 " lease_until = lease_until - %s WHERE next_due < '9000-01-01'",
			 by, by));
	drift_sql(x, talloc_asprintf(x, "UPDATE %%s.runs SET slot = slot - %s ORDER BY slot", by));
	drift_sql(x, talloc_asprintf(x, "UPDATE %%s.run_state SET last_slot = last_slot - %s", by));
}

struct run
runs_see(struct drift_world *x, const struct uuid *id)
{
	struct run r;
	struct err e = { 0 };

	assert_ok(run_by_id(x->t->db, x, id, &r, &e));
	return r;
}
