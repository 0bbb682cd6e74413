#include "drift/run/retention.h"

#include "core/store/history.h"
#include "core/store/tx.h"

bool
retention_drop(struct db *db, TALLOC_CTX *mem, const struct snapshot *s, struct err *e)
{
	struct config_state state;

	if (!config_state_lock(db, mem, &s->config_id, &state, e))
		return false;
	if (uuid_eq(&s->id, &state.baseline_snapshot))
		return err_set(
		    e, ERR_IN_USE, 0, "This snapshot is the baseline of its config.", "in use");
	if (uuid_eq(&s->id, &state.snapshot_id))
		return err_set(e, ERR_IN_USE, 0,
		    "This snapshot is the newest of its config: it says what is in force.",
		    "in use");
	return history_drop(db, mem, s, e);
}

struct round {
	TALLOC_CTX     *mem;
	struct snapshot s;
	struct blob     from;
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
run(struct tenant_db *t, const char *name, tx_fn *body, struct round *r, struct err *e)
{
	const struct tx tx = { .name = name, .body = body, .arg = r };

	return tx_run(t->db, &tx, e);
}

bool
retention_round(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem, const struct drift_config *c,
    const struct drift_spec *spec, struct err *e)
{
	struct history_expired in = { .config_id = c->id, .limit = RETENTION_ROUND };
	uint8_t                from[HASH_LEN];
	struct round           r = { .mem = mem, .from = { from, sizeof(from) } };
	struct config_state    state;
	struct snapshot       *rows;
	size_t                 n;

	if (spec->retention_s == 0)
		return true;
	if (!config_state_by_id(t->db, mem, &c->id, &state, e))
		return false;
	in.before.ms = clock_ms(d->deps.clock) - spec->retention_s * 1000;
	in.baseline = state.baseline_snapshot;
	in.newest = state.snapshot_id;
	if (in.before.ms <= 0)
		return true;
	if (!history_expired(t, mem, &in, &rows, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		r.s = rows[i];
		if (!run(t, "retention", drop_body, &r, e))
			return false;
	}
	rand_fill(d->deps.rand, from, sizeof(from));
	return run(t, "retention sweep", sweep_body, &r, e);
}
