/* plan_sides.h: the snapshot against its baseline. */
#include <string.h>

#include "core/shm/permit.h"
#include "drift/engine/masked.h"
#include "drift/engine/redact.h"
#include "drift/run/plan_sides.h"
#include "drift/run/renaming.h"
#include "drift/run/settle.h"
#include "drift/run/standing.h"
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
	struct work          *work;  /* of the request */
	struct change_text   *texts; /* parallel to diff->changes */
	size_t                room;  /* of them */
	struct diff          *diff;
	struct diff          *counted; /* plan.h; NULL: nothing is counted */
	bool                  said;    /* as of the sides */
	struct lones          lones;
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

/* The texts of the changes from `first` on, and of those that took the place of others, as long as
 * their values are at hand. */
static bool
show_values(struct plan *p, struct pairs *w, size_t first, struct err *e)
{
	while (w->room < w->diff->n) {
		w->room = w->room == 0 ? PAIRS_MAX : 2 * w->room;
		w->texts = talloc_realloc_size(p, w->texts, w->room * sizeof w->texts[0]);
		if (w->texts == NULL)
			return err_memory(e);
	}
	for (size_t i = 0; i < w->diff->replaced_n; i++) {
		size_t at = w->diff->replaced[i];

		if (at >= first)
			continue;
		values_give_back(&w->values, &w->texts[at]);
		if (!values_of(&w->values, &w->diff->changes[at], w->work, &w->texts[at], e))
			return false;
	}
	for (size_t i = first; i < w->diff->n; i++)
		if (!values_of(&w->values, &w->diff->changes[i], w->work, &w->texts[i], e))
			return false;
	return diff_detach(w->diff, first, e);
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
compare_said(TALLOC_CTX *tmp, const struct ingest *in, struct pairs *w, const struct resource *from,
    const struct resource *to, struct err *e)
{
	struct redaction *x = redaction_make(tmp, in->work, e);
	size_t            first = w->counted == NULL ? 0 : w->counted->n;
	struct resource   a, b;

	if (from != NULL)
		a = *from;
	if (to != NULL)
		b = *to;
	if (x == NULL || (from != NULL && !redact(x, tmp, &a, e)) ||
	    (to != NULL && !redact(x, tmp, &b, e)))
		return false;
	if (x->n > 0 && w->counted != NULL &&
	    (!diff_resource(w->counted, from, to, e) || !diff_detach(w->counted, first, e)))
		return false;
	return diff_resource(w->diff, from != NULL ? &a : NULL, to != NULL ? &b : NULL, e);
}

/* A resource on one side only is one change, unless a rule left it out. */
static bool
note_lone(struct plan *p, struct pairs *w, const struct pair *x, size_t change, struct err *e)
{
	const struct lone one = { x->old, x->new, change };

	return w->diff != p->diff || (x->old != NULL && x->new != NULL) ||
	       renaming_add(p, &w->lones, &one, e);
}

static bool
compare_here(TALLOC_CTX *tmp, const struct ingest *in, struct plan *p, struct pairs *w,
    const struct pair *x, struct err *e)
{
	const struct normal_form form = { in->spec->compare, in->work };
	const struct resource *new = x->new == NULL ? NULL : &x->new->r;
	const struct resource *old = NULL;
	struct resource        from, to;
	size_t                 first = w->diff->n;
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
	ok = w->said ? compare_said(tmp, in, w, old, new, e) : diff_resource(w->diff, old, new, e);
	return ok && (w->diff->n == first || note_lone(p, w, x, first, e)) &&
	       show_values(p, w, first, e);
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
	const struct plan_collection *c = collections_find(
	    &p->collections, x->old != NULL ? str_of(x->old->category) : x->new->r.category);

	if (x->old == NULL && !category_compared(sides, x->new->r.category))
		return false;
	if (c == NULL || !c->read || !c->based)
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
make_diffs(const struct ingest *in, struct plan *p, struct pairs *w, struct err *e)
{
	p->diff = diff_make(p, in->spec->compare, in->spec->rules, in->work, e);
	p->counted = p->diff;
	if (p->diff != NULL && w->said) {
		diff_redacted(p->diff);
		p->counted = diff_make(p, in->spec->compare, NULL, in->work, e);
	}
	w->diff = p->diff;
	w->counted = p->counted;
	return p->diff != NULL && p->counted != NULL && diff_watch_masked(p->counted, e);
}

/* ---- what this snapshot shows ---- */

static bool
compare_read(const struct ingest *in, struct plan *p, const struct plan_sides *sides,
    struct pairs *w, struct err *e)
{
	const struct normal_snapshot *s = in->snapshot;
	size_t                        a = 0, b = 0;

	compare_hits_clear(in->spec->compare);
	while (a < sides->base_n || b < s->n) {
		const struct held *old = a < sides->base_n ? &sides->base[a] : NULL;
		const struct normal_resource *new = b < s->n ? &s->items[b] : NULL;
		int               c = old == NULL ? 1 : new == NULL ? -1 : plan_place_cmp(old, new);
		const struct pair x = { c <= 0 ? old : NULL, c >= 0 ? new : NULL };

		if (is_compared(p, sides, &x) && !compare_pair(in, p, w, &x, e))
			return false;
		a += c <= 0;
		b += c >= 0;
	}
	if (!compare_pairs(in, p, w, e))
		return false;
	p->values = w->texts;
	p->seen = (struct plan_seen) { p->diff->n, p->diff->shortened, p->diff->summary };
	p->base_hits = compare_hits_copy(p, in->spec->compare, e);
	return p->base_hits != NULL && renaming_make(in, p, &w->lones, e);
}

/* ---- what stands of what it has not read ---- */

static bool
carried_pair(const struct ingest *in, struct plan *p, struct pairs *w, struct held *old,
    struct held *last, struct err *e)
{
	struct normal_resource *new = last == NULL ? NULL : talloc_zero(p, struct normal_resource);
	const struct pair x = { old, new };

	if (last != NULL && new == NULL)
		return err_memory(e);
	if (last != NULL) {
		new->r = (struct resource) { str_of(last->category), str_of(last->key), NULL };
		new->stored = last;
	}
	return compare_pair(in, p, w, &x, e);
}

static bool
is_carried(const struct plan *p, const struct plan_sides *sides, const struct held *old,
    const struct held *last)
{
	struct str                    category = str_of((old != NULL ? old : last)->category);
	const struct plan_collection *c = collections_find(&p->collections, category);

	if (c == NULL || !plan_is_carried(p, c))
		return false;
	if (old == NULL && !category_compared(sides, category))
		return false;
	return old == NULL || last == NULL || last->address.n != HASH_LEN ||
	       !plan_same_content(&old->address, last->address.p);
}

/* Adds what was compared last to what this snapshot shows. */
static bool
join(struct plan *p, const struct pairs *w, struct err *e)
{
	struct standing       all = { p->diff, p->values };
	const struct standing more = { w->diff, w->texts };

	if (!standing_join(p, &all, &more, e))
		return false;
	p->values = all.texts;
	return true;
}

/* Begins a comparison beside that of what this snapshot shows. */
static bool
begin_beside(const struct ingest *in, struct plan *p, struct pairs *w, struct err *e)
{
	w->texts = NULL;
	w->room = 0;
	w->counted = NULL;
	w->diff = diff_make(p, in->spec->compare, in->spec->rules, in->work, e);
	if (w->diff == NULL)
		return false;
	if (w->said)
		diff_redacted(w->diff);
	return true;
}

static bool
compare_carried(const struct ingest *in, struct plan *p, const struct plan_sides *sides,
    struct pairs *w, struct err *e)
{
	size_t a = 0, b = 0;

	if (!begin_beside(in, p, w, e))
		return false;
	while (a < sides->base_n || b < sides->last_n) {
		struct held *old = a < sides->base_n ? &sides->base[a] : NULL;
		struct held *last = b < sides->last_n ? &sides->last[b] : NULL;
		int          c = old == NULL    ? 1
				 : last == NULL ? -1
						: place_order(str_of(old->category), str_of(old->key),
						      str_of(last->category), str_of(last->key));

		old = c <= 0 ? old : NULL;
		last = c >= 0 ? last : NULL;
		a += c <= 0;
		b += c >= 0;
		if (is_carried(p, sides, old, last) && !carried_pair(in, p, w, old, last, e))
			return false;
	}
	return compare_pairs(in, p, w, e) && (w->diff->n == 0 || join(p, w, e));
}

static bool
any_carried(const struct plan *p)
{
	for (size_t i = 0; i < p->collections.n; i++)
		if (plan_is_carried(p, &p->collections.of[i]))
			return true;
	return false;
}

/* ---- what stands of what was told and nobody has seen ---- */

/* What the snapshot has there; NULL: nothing. */
static struct normal_resource *
find_new(const struct normal_snapshot *s, const struct held *at)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int    c = plan_place_cmp(at, &s->items[mid]);

		if (c == 0)
			return &s->items[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static const struct unsettled *
told_of(const struct ingest *in, const struct plan *p, struct str category, struct str key)
{
	const struct unsettled *u = settle_find(&p->unsettled, category, key);

	return u != NULL && !settle_keeps(in, p, collections_find(&p->collections, category), u)
		   ? u
		   : NULL;
}

struct telling {
	const struct ingest *in;
	const struct plan   *p;
};

static bool
is_told(const void *arg, const struct change *c)
{
	const struct telling *x = arg;

	return told_of(x->in, x->p, c->category, c->key) != NULL;
}

static bool
told_pair(const struct ingest *in, struct plan *p, struct pairs *w, const struct unsettled *u,
    struct err *e)
{
	struct held *old = talloc_zero(p, struct held);
	struct pair  x = { NULL, NULL };

	if (old == NULL)
		return err_memory(e);
	*old = (struct held) { .category = u->category,
		.key = u->key,
		.from_seq = u->from_seq,
		.address = u->address };
	x.new = find_new(in->snapshot, old);
	x.old = u->address.p != NULL ? old : NULL;
	if (x.old == NULL && x.new == NULL)
		return true;
	if (x.old != NULL && x.new != NULL &&plan_same_content(&old->address, x.new->address))
		return true;
	return compare_pair(in, p, w, &x, e);
}

static bool
compare_told(const struct ingest *in, struct plan *p, struct pairs *w, struct err *e)
{
	const struct telling        x = { in, p };
	struct standing             since;
	const struct standing_split split = {
		.seen = p->diff,
		.ended = talloc_zero_array(p, bool, (unsigned)p->diff->n + 1),
		.is_told = is_told,
		.arg = &x,
	};

	if (split.ended == NULL)
		return err_memory(e);
	if (!begin_beside(in, p, w, e))
		return false;
	for (size_t i = 0; i < p->unsettled.n; i++) {
		const struct unsettled *u = &p->unsettled.rows[i];

		if (told_of(in, p, str_of(u->category), str_of(u->key)) != NULL &&
		    !told_pair(in, p, w, u, e))
			return false;
	}
	if (!compare_pairs(in, p, w, e))
		return false;
	since = (struct standing) { w->diff, w->texts };
	p->ended = split.ended;
	return standing_split(p, &split, &since, e) && join(p, w, e);
}

bool
plan_compare(const struct ingest *in, struct plan *p, const struct plan_sides *sides, struct err *e)
{
	struct pairs w = { .said = sides->said, .work = in->work };

	values_begin(&w.values, p, REPORT_VALUES_MAX);
	if (!make_diffs(in, p, &w, e) || !compare_read(in, p, sides, &w, e))
		return false;
	if (p->unsettled.n > 0 && !compare_told(in, p, &w, e))
		return false;
	if (!any_carried(p) || (in->spec->mode == BASELINE_PREVIOUS && p->unsettled.n == 0))
		return true;
	return compare_carried(in, p, sides, &w, e);
}
