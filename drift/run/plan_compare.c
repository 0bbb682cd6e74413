/* plan_sides.h: the snapshot against its baseline. */
#include "core/shm/permit.h"
#include "drift/engine/masked.h"
#include "drift/engine/redact.h"
#include "drift/run/plan_sides.h"
#include "drift/run/value_texts.h"
#include "drift/snapshot/baseline.h"

/* 30 us each (60,000: 1.8 s of CPU): from here on the push is a heavy one, whatever its body's
 * size. */
#define HEAVY_PAIRS 25000

/* Both sides of a place that differs; either may be NULL: not on that side. */
struct pair {
	const struct held *old;
	const struct normal_resource *new;
};

/* What is stored of them is read for several at once. */
#define PAIRS_MAX (CONTENT_BATCH / 2)
struct pairs {
	struct pair           all[PAIRS_MAX];
	size_t                n;
	struct content_batch *read;  /* what is stored of them */
	size_t                found; /* in all */
	struct values         values;
	size_t                room; /* of plan.values */
	bool                  said; /* as of the sides */
};

/* A golden baseline may speak of some categories only. */
static bool
category_compared(const struct plan_sides *sides, struct str category)
{
	for (uint32_t i = 0; sides->only != NULL && i < sides->only->n; i++)
		if (str_eq(sides->only->names[i], category))
			return true;
	return sides->only == NULL;
}

/* The texts of the changes from `first` on, as long as their values are at hand. */
static bool
show_values(struct plan *p, struct pairs *w, size_t first, struct err *e)
{
	while (w->room < p->diff->n) {
		w->room = w->room == 0 ? PAIRS_MAX : 2 * w->room;
		p->values = talloc_realloc_size(p, p->values, w->room * sizeof p->values[0]);
		if (p->values == NULL)
			return err_memory(e);
	}
	for (size_t i = first; i < p->diff->n; i++) {
		const struct change *c = &p->diff->changes[i];
		struct change_text  *v = &p->values[i];

		if (!values_show(&w->values, c->old_value, &v->old_text, &v->old_truncated, e) ||
		    !values_show(&w->values, c->new_value, &v->new_text, &v->new_truncated, e))
			return false;
	}
	return diff_detach(p->diff, first, e);
}

static struct content_batch *
read_pairs(const struct ingest *in, struct plan *p, const struct pairs *w, struct err *e)
{
	const struct held *stored[CONTENT_BATCH];
	size_t             n = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (w->all[i].old != NULL)
			stored[n++] = w->all[i].old;
		if (w->all[i].new != NULL && w->all[i].new->stored != NULL)
			stored[n++] = w->all[i].new->stored;
	}
	return baseline_batch(in->t, p, stored, n, e);
}

/* Whoever said what there has to be learns nothing of what is masked, by no way to start a
 * comparison. How often somebody sets such a value is counted all the same. */
static bool
compare_said(TALLOC_CTX *tmp, const struct ingest *in, struct plan *p, const struct resource *from,
    const struct resource *to, struct err *e)
{
	struct redaction *x = redaction_make(tmp, in->work, e);
	size_t            first = p->counted->n;
	struct resource   a, b;

	if (from != NULL)
		a = *from;
	if (to != NULL)
		b = *to;
	if (x == NULL || (from != NULL && !redact(x, tmp, &a, e)) ||
	    (to != NULL && !redact(x, tmp, &b, e)))
		return false;
	if (x->n > 0 &&
	    (!diff_resource(p->counted, from, to, e) || !diff_detach(p->counted, first, e)))
		return false;
	return diff_resource(p->diff, from != NULL ? &a : NULL, to != NULL ? &b : NULL, e);
}

static bool
compare_here(TALLOC_CTX *tmp, const struct ingest *in, struct plan *p, struct pairs *w,
    const struct pair *x, struct err *e)
{
	const struct normal_form form = { in->spec->compare, in->work };
	const struct resource *new = x->new == NULL ? NULL : &x->new->r;
	const struct resource *old = NULL;
	struct resource        from, to;
	size_t                 first = p->diff->n;
	bool                   ok;

	if (x->old != NULL) {
		if (!baseline_of_batch(w->read, tmp, &form, x->old, &from, e))
			return false;
		old = &from;
	}
	if (x->new != NULL && x->new->stored != NULL) {
		if (!baseline_of_batch(w->read, tmp, &form, x->new->stored, &to, e))
			return false;
		new = &to;
	}
	ok = w->said ? compare_said(tmp, in, p, old, new, e) : diff_resource(p->diff, old, new, e);
	return ok && show_values(p, w, first, e);
}

static bool
compare_one(
    const struct ingest *in, struct plan *p, struct pairs *w, const struct pair *x, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(p);
	bool        ok = tmp != NULL ? compare_here(tmp, in, p, w, x, e) : err_memory(e);

	if (ok)
		talloc_free(tmp); /* else faults may lie in it: it goes with the plan */
	return ok;
}

static bool
compare_pairs(const struct ingest *in, struct plan *p, struct pairs *w, struct err *e)
{
	bool ok;

	w->read = read_pairs(in, p, w, e);
	ok = w->read != NULL;
	for (size_t i = 0; ok && i < w->n; i++)
		ok = compare_one(in, p, w, &w->all[i], e);
	TALLOC_FREE(w->read);
	w->n = 0;
	return ok;
}

/* May they differ, and are they compared at all? */
static bool
is_compared(const struct plan *p, const struct plan_sides *sides, const struct pair *x)
{
	if (x->old == NULL && !category_compared(sides, x->new->r.category))
		return false;
	if (!plan_category_complete(
		p, x->old != NULL ? str_of(x->old->category) : x->new->r.category))
		return false;
	return x->old == NULL || x->new == NULL ||
	       !plan_same_content(&x->old->address, x->new->address);
}

static bool
compare_pair(
    const struct ingest *in, struct plan *p, struct pairs *w, const struct pair *x, struct err *e)
{
	if (w->found++ == HEAVY_PAIRS && in->permits != NULL &&
	    !permit_enter(in->permits, LANE_PUSH, e))
		return false;
	w->all[w->n++] = *x;
	return w->n < PAIRS_MAX || compare_pairs(in, p, w, e);
}

static bool
make_diffs(const struct ingest *in, struct plan *p, const struct plan_sides *sides, struct err *e)
{
	p->diff = diff_make(p, in->spec->compare, in->spec->rules, in->work, e);
	p->counted = p->diff;
	if (p->diff != NULL && sides->said) {
		diff_redacted(p->diff);
		p->counted = diff_make(p, in->spec->compare, NULL, in->work, e);
	}
	return p->diff != NULL && p->counted != NULL && diff_watch_masked(p->counted, e);
}

bool
plan_compare(const struct ingest *in, struct plan *p, const struct plan_sides *sides, struct err *e)
{
	const struct normal_snapshot *s = in->snapshot;
	size_t                        a = 0, b = 0;
	struct pairs                  w = { .said = sides->said };

	if (!make_diffs(in, p, sides, e))
		return false;
	values_begin(&w.values, p, REPORT_VALUES_MAX);
	compare_hits_clear(in->spec->compare);
	while (a < sides->base_n || b < s->n) {
		const struct held *old = a < sides->base_n ? &sides->base[a] : NULL;
		const struct normal_resource *new = b < s->n ? &s->items[b] : NULL;
		int               c = old == NULL ? 1 : new == NULL ? -1 : plan_place_cmp(old, new);
		const struct pair x = { c <= 0 ? old : NULL, c >= 0 ? new : NULL };

		if (is_compared(p, sides, &x) && !compare_pair(in, p, &w, &x, e))
			return false;
		a += c <= 0;
		b += c >= 0;
	}
	if (!compare_pairs(in, p, &w, e))
		return false;
	p->base_hits = compare_hits_copy(p, in->spec->compare, e);
	return p->base_hits != NULL;
}
