#include "drift/run/whatif.h"

#include "drift/run/replay.h"

/* Newest first, at most one more than is replayed. */
static bool
history(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config, instant since,
    struct snapshot **rows, size_t *n, struct err *e)
{
	struct uuid none = { 0 };
	size_t      kept = 0;

	if (!snapshot_list(t, mem, config, &none, WHATIF_RUNS_MAX + 1, rows, n, e))
		return false;
	for (size_t i = 0; i < *n; i++)
		if ((*rows)[i].in_order && (*rows)[i].collected_at.ms >= since.ms)
			(*rows)[kept++] = (*rows)[i];
	*n = kept;
	return true;
}

/* What a snapshot held, as long as something is held against it. */
struct sight {
	struct side side;
	TALLOC_CTX *mem; /* NULL: not ours */
};

static bool
see(struct replay *r, const struct snapshot *s, struct sight *out, struct err *e)
{
	out->mem = talloc_new(r->mem);
	if (out->mem == NULL)
		return err_memory(e);
	if (!side_of_snapshot(r->t, out->mem, s, &out->side, e))
		return false;
	out->side.own = r->spec->compare; /* of the one before: its masks hold after it too */
	return work_spend(r->work, WORK_READ, 100 + 40 * (uint64_t)out->side.n, e);
}

static void
forget(struct sight *old, const struct sight *a, const struct sight *b)
{
	if (old->mem != a->mem && old->mem != b->mem)
		TALLOC_FREE(old->mem);
}

static bool
replay_all(struct replay *before, struct replay *after, const struct snapshot *rows, size_t n,
    const struct side *baseline, uint64_t baseline_seq, struct err *e)
{
	struct sight from = { *baseline, NULL }, was = { 0 }, to, old;
	bool         previous = before->spec->mode == BASELINE_PREVIOUS;

	for (size_t i = n; i-- > 0;) {
		instant at = rows[i].received_at;

		if (!see(before, &rows[i], &to, e))
			return false;
		if (from.side.items == NULL || (!previous && rows[i].seq <= baseline_seq)) {
			replay_skip(before, &to.side, at);
			replay_skip(after, &to.side, at);
		} else if (!replay_one(before, &from.side, &was.side, &to.side, at, e) ||
			   !replay_one(after, &from.side, &was.side, &to.side, at, e)) {
			return false;
		}
		old = was;
		was = to;
		forget(&old, &from, &was);
		/* the first complete one is the first that anything is held against */
		if (previous && (from.side.items != NULL || side_whole(&to.side))) {
			old = from;
			from = to;
			forget(&old, &from, &was);
		}
	}
	return true;
}

/* Findings as they are now. */
static bool
begin(struct replay *before, struct replay *after, struct err *e)
{
	struct finding_row *rows;
	size_t              n;

	return finding_live(before->t->db, before->mem, &before->config_id, &rows, &n, e) &&
	       replay_begin(before, rows, n, e) && replay_begin(after, rows, n, e);
}

bool
whatif_run(struct tenant_db *t, TALLOC_CTX *mem, const struct drift_config *c,
    const struct drift_spec *before, const struct drift_spec *after, instant since,
    struct whatif *out, struct work *work, struct err *e)
{
	struct replay a = { .t = t, .spec = before, .mem = mem, .work = work, .config_id = c->id };
	struct replay b = { .t = t, .spec = after, .mem = mem, .work = work, .config_id = c->id };
	struct config_state state;
	struct snapshot    *rows, base;
	struct side         baseline = { 0 };
	size_t              n;

	*out = (struct whatif) { 0 };
	if (!config_state_by_id(t->db, mem, &c->id, &state, e) ||
	    !history(t, mem, &c->id, since, &rows, &n, e))
		return false;
	out->more = n > WHATIF_RUNS_MAX;
	n = out->more ? WHATIF_RUNS_MAX : n;
	if (before->mode == BASELINE_PINNED && !uuid_is_nil(&state.baseline_snapshot) &&
	    !(snapshot_by_id(t, mem, &state.baseline_snapshot, &base, e) &&
		side_of_snapshot(t, mem, &base, &baseline, e)))
		return false;
	baseline.own = before->compare;
	a.template = b.template = state.golden;
	if (!begin(&a, &b, e) || !replay_all(&a, &b, rows, n, &baseline, state.baseline_seq, e))
		return false;
	out->runs = (int64_t)n;
	out->before = a.tally;
	out->after = b.tally;
	return true;
}
