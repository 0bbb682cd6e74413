#include "drift/run/whatif.h"

#include <stdlib.h>
#include <string.h>

#include "drift/run/sides.h"

/* A finding that was told, and with which value. */
struct told {
	uint8_t fingerprint[HASH_LEN], value_hash[HASH_LEN];
};

struct replay {
	struct tenant_db        *t;
	const struct drift_spec *spec;
	TALLOC_CTX              *mem;  /* of what stays between runs */
	struct told             *told; /* by fingerprint */
	size_t                   n;
	bool                     open;
	struct whatif_tally      tally;
};

static bool
add_to_diff(void *arg, const struct resource *from, const struct resource *to, struct err *e)
{
	return diff_resource(arg, from, to, e);
}

/* ---- what was told ---- */

static int
told_cmp(const void *x, const void *y)
{
	const struct told *a = x, *b = y;

	return memcmp(a->fingerprint, b->fingerprint, HASH_LEN);
}

/* The findings of a run, by fingerprint. */
static struct told *
findings(const struct replay *r, const struct diff *d, size_t *n)
{
	struct told *out = talloc_array(r->mem, struct told, (unsigned)d->n + 1);

	*n = 0;
	for (size_t i = 0; out != NULL && i < d->n; i++) {
		if (d->changes[i].severity < r->spec->min_severity)
			continue;
		memcpy(out[*n].fingerprint, d->changes[i].fingerprint, HASH_LEN);
		memcpy(out[(*n)++].value_hash, d->changes[i].value_hash, HASH_LEN);
	}
	if (out != NULL && *n > 1)
		qsort(out, *n, sizeof(out[0]), told_cmp);
	return out;
}

/*
 * Puts the findings of a run in the place of what was told; *news: those that would be told now.
 * What an incomplete run did not see (keep) stays told.
 */
static bool
take_findings(struct replay *r, struct told *now, size_t n, bool keep, int64_t *news, struct err *e)
{
	struct told *all = talloc_array(r->mem, struct told, (unsigned)(n + r->n) + 1);
	size_t       i = 0, j = 0, out = 0;

	*news = 0;
	if (all == NULL)
		return err_memory(e);
	while (i < r->n || j < n) {
		int c = i == r->n ? 1 : j == n ? -1 : told_cmp(&r->told[i], &now[j]);

		if (c >= 0)
			*news += c > 0 ||
				 memcmp(r->told[i].value_hash, now[j].value_hash, HASH_LEN) != 0;
		if (c >= 0 || keep)
			all[out++] = c >= 0 ? now[j] : r->told[i];
		i += c <= 0;
		j += c >= 0;
	}
	talloc_free(r->told);
	r->told = all;
	r->n = out;
	return true;
}

/* ---- one run ---- */

static void
account(struct replay *r, const struct diff *d, int64_t found, int64_t news, bool complete)
{
	r->tally.changes += diff_count(&d->summary);
	r->tally.findings += found;
	for (enum severity v = 0; v < SEVERITY__MAX; v++)
		r->tally.by_severity[v] += d->summary.by_severity[v];
	if (news > 0) {
		r->tally.opened += !r->open;
		r->tally.updated += r->open;
		r->open = true;
	} else if (found == 0 && complete && r->open) {
		r->tally.resolved++;
		r->open = false;
	}
}

static bool
is_complete(const struct side *s)
{
	for (uint32_t i = 0; i < s->collections->n; i++)
		if (!str_eqz(s->collections->items[i].text, "complete"))
			return false;
	return true;
}

static bool
replay_one(struct replay *r, const struct side *from, const struct side *to, struct err *e)
{
	TALLOC_CTX  *tmp = talloc_new(r->mem);
	struct diff *d = tmp != NULL ? diff_make(tmp, r->spec->compare, r->spec->rules, e) : NULL;
	struct told *now = NULL;
	int64_t      news;
	size_t       found;
	bool         ok;

	ok = (d != NULL || err_memory(e)) &&
	     sides_each(r->t, tmp, r->spec->compare, from, to, add_to_diff, d, e);
	if (ok)
		now = findings(r, d, &found);
	ok = ok && (now != NULL || err_memory(e)) &&
	     take_findings(r, now, found, !is_complete(to), &news, e);
	if (ok)
		account(r, d, (int64_t)found, news, is_complete(to));
	talloc_free(now);
	if (ok) /* else faults may lie in it */
		talloc_free(tmp);
	return ok;
}

/* ---- history ---- */

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

static bool
replay_all(struct replay *before, struct replay *after, const struct snapshot *rows, size_t n,
    const struct side *baseline, uint64_t baseline_seq, struct err *e)
{
	struct side from = *baseline, to;
	bool        previous = before->spec->mode == BASELINE_PREVIOUS;

	for (size_t i = n; i-- > 0;) {
		TALLOC_CTX *mem = before->mem;

		if (!side_of_snapshot(before->t, mem, &rows[i], &to, e))
			return false;
		if (from.items != NULL && (previous || rows[i].seq > baseline_seq) &&
		    (!replay_one(before, &from, &to, e) || !replay_one(after, &from, &to, e)))
			return false;
		if (previous)
			from = to;
	}
	return true;
}

bool
whatif_run(struct tenant_db *t, TALLOC_CTX *mem, const struct drift_config *c,
    const struct drift_spec *before, const struct drift_spec *after, instant since,
    struct whatif *out, struct err *e)
{
	struct replay       a = { .t = t, .spec = before, .mem = mem };
	struct replay       b = { .t = t, .spec = after, .mem = mem };
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
	if (!replay_all(&a, &b, rows, n, &baseline, state.baseline_seq, e))
		return false;
	out->runs = (int64_t)n;
	out->before = a.tally;
	out->after = b.tally;
	return true;
}
