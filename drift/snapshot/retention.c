#include "drift/snapshot/retention.h"

#include "core/store/alert/expire.h"
#include "core/store/drift/history.h"
#include "core/store/drift/schedule.h"
#include "core/store/tenant/keep.h"
#include "core/store/tenant/quota.h"
#include "core/store/tx.h"

bool
retention_drop(struct db *db, TALLOC_CTX *mem, const struct snapshot *s, struct err *e)
{
	struct config_state state;
	bool                named;

	if (!config_state_lock(db, mem, &s->config_id, &state, e) ||
	    !history_is_named(db, mem, s, &named, e))
		return false;
	if (uuid_eq(&s->id, &state.baseline_snapshot))
		return err_set(
		    e, ERR_IN_USE, 0, "This snapshot is the baseline of its config.", "in use");
	if (uuid_eq(&s->id, &state.snapshot_id))
		return err_set(e, ERR_IN_USE, 0,
		    "This snapshot is the newest of its config: it says what is in force.",
		    "in use");
	if (named)
		return err_set(e, ERR_IN_USE, 0,
		    "The newest report of its config, that of an open alert, the baseline of a "
		    "collection or its last complete reading stands on this snapshot.",
		    "in use");
	return history_drop(db, mem, s, e);
}

struct round {
	TALLOC_CTX     *mem;
	struct snapshot s;
	struct blob     from;
	instant         snapshots; /* collected before then; 0: none */
	struct expire   age;       /* of all else; .before 0: nothing */
	bool            more;      /* there was more than a round takes */
};

/* It may have become the baseline meanwhile: then it stays. */
static bool
drop_body(struct db *db, void *arg, struct err *e)
{
	struct round *r = arg;

	if (retention_drop(db, r->mem, &r->s, e))
		return true;
	if (!err_take(e, ERR_IN_USE))
		return false;
	return true;
}

static bool
sweep_body(struct db *db, void *arg, struct err *e)
{
	struct round *r = arg;
	size_t        dropped;

	return history_sweep(db, r->mem, r->from, RETENTION_SWEEP, &dropped, e);
}

static bool
age_body(struct db *db, void *arg, struct err *e)
{
	struct round       *r = arg;
	struct config_state state;

	if (!config_state_lock(db, r->mem, &r->age.config_id, &state, e))
		return false;
	r->age.newest = state.report_id;
	return expire_config(db, r->mem, &r->age, &r->more, e);
}

static bool
run(struct tenant_db *t, const char *name, tx_fn *body, struct round *r, struct err *e)
{
	const struct tx tx = { .name = name, .body = body, .arg = r };

	return tx_run(t->db, &tx, e);
}

static bool
drop_snapshots(struct tenant_db *t, TALLOC_CTX *mem, struct round *r, const struct config_state *s,
    struct err *e)
{
	const struct history_expired in = { .config_id = r->age.config_id,
		.before = r->snapshots,
		.baseline = s->baseline_snapshot,
		.newest = s->snapshot_id,
		.limit = RETENTION_ROUND };
	struct snapshot             *rows;
	size_t                       n;

	if (!history_expired(t, mem, &in, &rows, &n, e))
		return false;
	r->more = n == RETENTION_ROUND;
	for (size_t i = 0; i < n; i++) {
		r->s = rows[i];
		if (!run(t, "retention", drop_body, r, e))
			return false;
	}
	return true;
}

static instant
so_long_ago(const struct drift *d, int64_t keep_s)
{
	int64_t ms = clock_ms(d->env->clock) - keep_s * 1000;

	return (instant) { keep_s == 0 || ms < 0 ? 0 : ms };
}

/* What a tenant and one of its configs say together; *any false: nothing. */
static bool
round_begin(const struct drift *d, const struct tenant_db *t, struct round *r, int64_t own_s,
    bool *any, struct err *e)
{
	struct keep keep;

	if (!keep_of(r->mem, t->tenant, &keep, e))
		return false;
	keep = keep_with(&keep, own_s);
	r->snapshots = so_long_ago(d, keep.snapshots_s);
	r->age.before = so_long_ago(d, keep.reports_s);
	*any = r->snapshots.ms > 0 || r->age.before.ms > 0;
	return true;
}

static bool
drop_rest(struct tenant_db *t, struct round *r, struct err *e)
{
	return r->age.before.ms == 0 || run(t, "retention of reports", age_body, r, e);
}

bool
retention_round(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem,
    const struct retention_after *after, struct err *e)
{
	uint8_t             from[HASH_LEN];
	struct round        r = { .mem = mem, .from = { from, sizeof(from) } };
	struct config_state state;
	bool                any;

	r.age.config_id = *after->config;
	r.age.limit = (int64_t)(after->written + RETENTION_ROWS) * RETENTION_EVERY;
	if (!round_begin(d, t, &r, after->spec->retention_s, &any, e))
		return false;
	if (!any)
		return true;
	if (!config_state_by_id(t->db, mem, after->config, &state, e) ||
	    !drop_snapshots(t, mem, &r, &state, e))
		return false;
	if (after->seq % RETENTION_EVERY == 0 && !drop_rest(t, &r, e))
		return false;
	rand_fill(d->env->rand, from, sizeof(from));
	return run(t, "retention sweep", sweep_body, &r, e);
}

/* ---- what no push follows ---- */

static bool
is_stopped(const struct forget_stop *stop)
{
	return stop != NULL && stop->fn(stop->arg);
}

/* One that was dropped meanwhile has nothing left. */
static bool
walk_round(struct tenant_db *t, struct round *r, struct err *e)
{
	struct config_state state;
	bool                more;

	if (!config_state_by_id(t->db, r->mem, &r->age.config_id, &state, e) ||
	    !drop_snapshots(t, r->mem, r, &state, e))
		goto failed;
	more = r->more;
	if (!drop_rest(t, r, e))
		goto failed;
	r->more |= more;
	return true;
failed:
	r->more = false;
	return err_take(e, ERR_MISSING);
}

static bool
walk_config(struct drift *d, struct tenant_db *t, const struct config_kept *c,
    const struct forget_stop *stop, struct err *e)
{
	bool any, ok;

	do {
		struct round r = {
			.mem = talloc_new(NULL),
			.age = { .config_id = c->id, .limit = RETENTION_ROWS * RETENTION_EVERY },
		};

		if (r.mem == NULL)
			return err_memory(e);
		ok = round_begin(d, t, &r, c->own_s, &any, e) && (!any || walk_round(t, &r, e));
		any = r.more;
		talloc_free(r.mem);
	} while (ok && any && !is_stopped(stop));
	return ok;
}

static bool
own_body(struct db *db, void *arg, struct err *e)
{
	struct round *r = arg;

	return expire_own(db, r->mem, &r->age, &r->more, e);
}

/* Alerts of no config. */
static bool
walk_own(struct drift *d, struct tenant_db *t, const struct forget_stop *stop, struct err *e)
{
	bool any, ok;

	do {
		struct round r = {
			.mem = talloc_new(NULL),
			.age = { .limit = RETENTION_ROWS * RETENTION_EVERY },
		};

		if (r.mem == NULL)
			return err_memory(e);
		ok = round_begin(d, t, &r, 0, &any, e) &&
		     (r.age.before.ms == 0 || run(t, "retention of alerts", own_body, &r, e));
		any = r.more;
		talloc_free(r.mem);
	} while (ok && any && !is_stopped(stop));
	return ok;
}

#define WALK_PAGE 100

bool
retention_walk(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem,
    const struct forget_stop *stop, struct err *e)
{
	struct config_kept_in in = { .limit = WALK_PAGE };
	struct config_kept   *rows;
	struct keep           keep;
	size_t                n = WALK_PAGE;

	if (!keep_of(mem, t->tenant, &keep, e))
		return false;
	in.all = keep.snapshots_s != 0 || keep.reports_s != 0;
	while (n == WALK_PAGE && !is_stopped(stop)) {
		if (!config_kept(t->db, mem, &in, &rows, &n, e))
			return false;
		for (size_t i = 0; i < n && !is_stopped(stop); i++) {
			if (!walk_config(d, t, &rows[i], stop, e))
				return false;
			in.after = rows[i].id;
		}
	}
	return is_stopped(stop) || walk_own(d, t, stop, e);
}

bool
retention_freed(struct tenant_db *t, struct err *e)
{
	const struct uuid whole = { { 0 } }; /* of no config */
	bool              bound;

	if (!quota_bounds(t, USAGE_STORAGE, &bound, e))
		return false;
	return !bound || schedule_by(t->db, SCHEDULE_STORAGE, &whole, RETENTION_FREED_S, e);
}

/* Addresses are spread evenly: from one place in each slot on, so that what is between two is
 * looked at. */
bool
retention_sweep(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem, struct err *e)
{
	uint8_t      from[HASH_LEN];
	struct round r = { .mem = mem, .from = { from, sizeof(from) } };

	for (unsigned slot = 0; slot < RETENTION_SLOTS; slot++) {
		rand_fill(d->env->rand, from, sizeof(from));
		from[0] = (uint8_t)slot;
		if (!run(t, "retention sweep", sweep_body, &r, e))
			return false;
	}
	return true;
}
