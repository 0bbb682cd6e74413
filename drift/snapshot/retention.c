#include "drift/snapshot/retention.h"

#include "core/store/alert/expire.h"
#include "core/store/drift/history.h"
#include "core/store/drift/schedule.h"
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
	struct expire   age;
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
	return expire_config(db, r->mem, &r->age, e);
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
		.before = r->age.before,
		.baseline = s->baseline_snapshot,
		.newest = s->snapshot_id,
		.limit = RETENTION_ROUND };
	struct snapshot             *rows;
	size_t                       n;

	if (!history_expired(t, mem, &in, &rows, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		r->s = rows[i];
		if (!run(t, "retention", drop_body, r, e))
			return false;
	}
	return true;
}

bool
retention_round(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem,
    const struct retention_after *after, struct err *e)
{
	uint8_t             from[HASH_LEN];
	struct round        r = { .mem = mem, .from = { from, sizeof(from) } };
	struct config_state state;

	if (after->spec->retention_s == 0)
		return true;
	if (!config_state_by_id(t->db, mem, after->config, &state, e))
		return false;
	r.age.config_id = *after->config;
	r.age.before.ms = clock_ms(d->env->clock) - after->spec->retention_s * 1000;
	r.age.limit = (int64_t)(after->written + RETENTION_ROWS) * RETENTION_EVERY;
	if (r.age.before.ms <= 0)
		return true;
	if (!drop_snapshots(t, mem, &r, &state, e))
		return false;
	if (after->seq % RETENTION_EVERY == 0 && !run(t, "retention of reports", age_body, &r, e))
		return false;
	rand_fill(d->env->rand, from, sizeof(from));
	return run(t, "retention sweep", sweep_body, &r, e);
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
