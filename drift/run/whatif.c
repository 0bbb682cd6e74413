#include "drift/run/whatif.h"

#include "core/store/drift/collection.h"
#include "drift/run/replay.h"

/* Newest first, at most one more than is replayed. */
struct history {
	struct snapshot *rows;
	size_t           n;
	struct side baseline; /* in force now; items NULL: none, or each is held against another */
	uint64_t    baseline_seq;
};

static bool
read_snapshots(const struct whatif_question *in, TALLOC_CTX *mem, struct history *h, struct err *e)
{
	struct page p = { .want = WHATIF_RUNS_MAX + 1 };
	size_t      kept = 0;

	if (!snapshot_list(in->t, mem, &in->config->id, &p, e))
		return false;
	h->rows = p.rows;
	for (size_t i = 0; i < p.n; i++)
		if (h->rows[i].in_order && h->rows[i].collected_at.ms >= in->since.ms)
			h->rows[kept++] = h->rows[i];
	h->n = kept;
	return true;
}

/* Each of them has entered the baseline by a snapshot of its own. */
static bool
read_collections(
    const struct whatif_question *in, TALLOC_CTX *mem, struct history *h, struct err *e)
{
	struct collection_row *rows;
	struct side_part      *parts;
	size_t                 n, parts_n = 0;

	if (!collection_list(in->t->db, mem, &in->config->id, &rows, &n, e))
		return false;
	parts = talloc_zero_size(mem, (n + 1) * sizeof(parts[0]));
	if (parts == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		if (rows[i].baseline_seq != 0)
			parts[parts_n++] = (struct side_part) { str_of(rows[i].category),
				rows[i].baseline_snapshot };
	return side_of_parts(in->t, mem, parts, parts_n, &h->baseline, e);
}

static bool
read_baseline(const struct whatif_question *in, TALLOC_CTX *mem, const struct config_state *state,
    struct history *h, struct err *e)
{
	struct snapshot s;

	h->baseline_seq = state->baseline_seq;
	if (in->before->mode == BASELINE_PINNED && !uuid_is_nil(&state->baseline_snapshot) &&
	    !state->golden && !read_collections(in, mem, h, e))
		return false;
	if (state->golden && !uuid_is_nil(&state->baseline_snapshot) &&
	    !(snapshot_by_id(in->t, mem, &state->baseline_snapshot, &s, e) &&
		side_of_snapshot(in->t, mem, &s, &h->baseline, e)))
		return false;
	h->baseline.own = in->before->compare;
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
replay_all(struct replay *before, struct replay *after, const struct history *h, struct err *e)
{
	struct sight from = { h->baseline, NULL }, was = { 0 }, to, old;
	bool         previous = before->spec->mode == BASELINE_PREVIOUS;

	for (size_t i = h->n; i-- > 0;) {
		instant at = h->rows[i].received_at;

		if (!see(before, &h->rows[i], &to, e))
			return false;
		if (from.side.items == NULL || (!previous && h->rows[i].seq <= h->baseline_seq)) {
			if (!replay_skip(before, &to.side, at, e) ||
			    !replay_skip(after, &to.side, at, e))
				return false;
		} else if (!replay_one(before, &from.side, &was.side, &to.side, at, e) ||
			   !replay_one(after, &from.side, &was.side, &to.side, at, e)) {
			return false;
		}
		old = was;
		was = to;
		forget(&old, &from, &was);
		/* one that read nothing completely is nothing to hold the next against */
		if (previous && side_any(&to.side)) {
			old = from;
			from = to;
			forget(&old, &from, &was);
		}
	}
	return true;
}

bool
whatif_run(const struct whatif_question *in, TALLOC_CTX *mem, struct whatif *out, struct err *e)
{
	struct replay       before = { .t = in->t,
		      .spec = in->before,
		      .mem = mem,
		      .work = in->work,
		      .config_id = in->config->id };
	struct replay       after = before;
	struct history      h = { 0 };
	struct config_state state;

	*out = (struct whatif) { 0 };
	if (!config_state_by_id(in->t->db, mem, &in->config->id, &state, e) ||
	    !read_snapshots(in, mem, &h, e) || !read_baseline(in, mem, &state, &h, e))
		return false;
	out->more = h.n > WHATIF_RUNS_MAX;
	out->makers = in->before->makers.n + in->after->makers.n > 0;
	h.n = out->more ? WHATIF_RUNS_MAX : h.n;
	after.spec = in->after;
	before.template = after.template = state.golden;
	if (!replay_all(&before, &after, &h, e))
		return false;
	out->runs = (int64_t)h.n;
	out->before = before.tally;
	out->after = after.tally;
	return true;
}
