#include "drift/engine/diff.h"

#include <string.h>

#include "drift/engine/mark.h"
#include "drift/engine/meet.h"
#include "drift/engine/walk.h"

#define SMALL         16
#define ABSENT        UINT32_MAX
#define NUMBER_KEPT   64 /* bytes of a number that outlives what it was compared in */
#define WALK_COMPARED 3  /* steps to hold two values, elements or names against each other */

struct diff *
diff_make(TALLOC_CTX *mem, const struct compare_spec *spec, const struct rules *rules,
    struct work *work, struct err *e)
{
	struct diff       *d = talloc_zero(mem, struct diff);
	struct diff_state *s = d != NULL ? talloc_zero(d, struct diff_state) : NULL;

	if (s == NULL) {
		(void)err_memory(e);
		talloc_free(d);
		return NULL;
	}
	s->spec = spec;
	s->rules = rules;
	s->work = work;
	s->matcher = matcher_make(d, work, WORK_RULES, e);
	s->kept = (struct chunks) { .mem = d };
	d->state = s;
	s->trail = trail_make(s, e);
	d->rule_hits = talloc_zero_array(d, uint32_t, rules_count(rules) + 1);
	if (s->trail == NULL || s->matcher == NULL || d->rule_hits == NULL) {
		(void)err_memory(e);
		talloc_free(d);
		return NULL;
	}
	return d;
}

void
diff_redacted(struct diff *d)
{
	d->state->redacted = true;
}

/* *v: a copy that lives as long as the diff, or NULL. */
static bool
detach(struct diff *d, const struct json **v, struct err *e)
{
	const struct json *was = *v;
	struct json       *copy;
	char              *text;

	*v = NULL;
	if (was == NULL || was->type != JSON_NUMBER || was->text.n > NUMBER_KEPT)
		return true;
	copy = chunks_take(&d->state->kept, sizeof *copy);
	text = copy != NULL ? chunks_text(&d->state->kept, was->text) : NULL;
	if (text == NULL)
		return err_memory(e);
	*copy = (struct json) { .type = JSON_NUMBER, .text = { text, was->text.n } };
	*v = copy;
	return true;
}

static bool
detach_both(struct diff *d, struct change *c, struct err *e)
{
	return detach(d, &c->old_value, e) && detach(d, &c->new_value, e);
}

bool
diff_detach(struct diff *d, size_t first, struct err *e)
{
	for (size_t i = first; i < d->n; i++)
		if (!detach_both(d, &d->changes[i], e))
			return false;
	for (size_t i = 0; i < d->replaced_n; i++)
		if (d->replaced[i] < first && !detach_both(d, &d->changes[d->replaced[i]], e))
			return false;
	d->replaced_n = 0;
	return true;
}

int64_t
diff_count(const struct diff_summary *s)
{
	return s->created + s->modified + s->deleted + s->moved;
}

/* ---- objects ---- */

/*
 * Where the members of one object are in the other (ABSENT: nowhere).  They are usually in the same
 * order; only else, and only in large objects, an index is made.
 */
static bool
match_large(
    struct walk *w, const struct json *a, const struct json *b, uint32_t *in_a, uint32_t *in_b)
{
	uint32_t            n = a->n + b->n, groups;
	struct index_entry *v = talloc_array(w->tmp, struct index_entry, n);
	uint32_t           *group = v != NULL ? talloc_array(v, uint32_t, n) : NULL;
	uint32_t           *of_a;

	if (group == NULL)
		return err_memory(w->e);
	for (uint32_t i = 0; i < n; i++)
		v[i] = index_entry(i < a->n ? a->names[i] : b->names[i - a->n], 0);
	if (!index_group_counted(v, v, n, group, &groups, &w->d->compared, w->e))
		return false;
	of_a = talloc_array(v, uint32_t, groups);
	if (of_a == NULL)
		return err_memory(w->e);
	memset(of_a, 0xff, groups * sizeof *of_a);
	for (uint32_t i = 0; i < a->n; i++)
		of_a[group[i]] = i;
	for (uint32_t i = 0; i < b->n; i++) {
		in_a[i] = of_a[group[a->n + i]];
		if (in_a[i] != ABSENT)
			in_b[in_a[i]] = i;
	}
	talloc_free(v);
	return true;
}

static void
match_small(
    struct walk *w, const struct json *a, const struct json *b, uint32_t *in_a, uint32_t *in_b)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < b->n; i++) {
		for (uint32_t tries = 0; tries < a->n && in_a[i] == ABSENT; tries++, next++) {
			if (next >= a->n)
				next = 0;
			w->d->compared++;
			if (str_eq(a->names[next], b->names[i]))
				in_a[i] = next;
		}
		if (in_a[i] != ABSENT)
			in_b[in_a[i]] = i;
	}
}

struct place
walk_place(struct walk *w, const struct place *up, enum place_kind kind)
{
	return (struct place) {
		.up = up, .kind = kind, .depth = up->depth + 1, .mark = ++w->d->state->marks
	};
}

bool
walk_spend(struct walk *w)
{
	struct diff_state *s = w->d->state;
	uint64_t           n = w->d->compared - s->told;

	s->told = w->d->compared;
	return work_spend(s->work, WORK_COMPARE, WALK_COMPARED * n, w->e);
}

static struct place
member(struct walk *w, const struct place *at, struct str name)
{
	struct place p = walk_place(w, at, PLACE_MEMBER);

	p.name = name;
	p.here = places_down(&w->arrays.places, at->here, name);
	return p;
}

static bool
walk_matched(struct walk *w, const struct place *at, const struct json *a, const struct json *b,
    const uint32_t *in_a, const uint32_t *in_b)
{
	struct place here;

	for (uint32_t i = 0; i < b->n; i++) {
		here = member(w, at, b->names[i]);
		if (!(in_a[i] != ABSENT ? walk_value(w, &here, &a->items[in_a[i]], &b->items[i])
					: walk_change(w, &here, NULL, &b->items[i])))
			return false;
	}
	for (uint32_t i = 0; i < a->n; i++) {
		if (in_b[i] != ABSENT)
			continue;
		here = member(w, at, a->names[i]);
		if (!walk_change(w, &here, &a->items[i], NULL))
			return false;
	}
	return true;
}

static bool
same_names(const struct json *a, const struct json *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (!str_eq(a->names[i], b->names[i]))
			return false;
	return true;
}

static bool
walk_object(struct walk *w, const struct place *at, const struct json *a, const struct json *b)
{
	uint32_t few[2 * SMALL], *in_a = few, *in_b;
	bool     small = a->n <= SMALL && b->n <= SMALL, ok = true;

	w->d->compared += a->n == b->n ? a->n : 0;
	if (same_names(a, b)) {
		for (uint32_t i = 0; ok && i < b->n; i++) {
			struct place here = member(w, at, b->names[i]);

			ok = walk_value(w, &here, &a->items[i], &b->items[i]);
		}
		return ok && walk_spend(w);
	}
	if (!small && (in_a = talloc_array(w->tmp, uint32_t, a->n + b->n)) == NULL)
		return err_memory(w->e);
	in_b = in_a + b->n;
	memset(in_a, 0xff, (a->n + b->n) * sizeof *in_a);
	if (small)
		match_small(w, a, b, in_a, in_b);
	else
		ok = match_large(w, a, b, in_a, in_b);
	ok = ok && walk_matched(w, at, a, b, in_a, in_b);
	if (!small)
		talloc_free(in_a);
	return ok && walk_spend(w);
}

/* ---- values and resources ---- */

bool
walk_value(struct walk *w, const struct place *at, const struct json *a, const struct json *b)
{
	bool same = false;

	if (w->e->code != ERR_OK)
		return false;
	w->around[0][at->depth] = a;
	w->around[1][at->depth] = b;
	if (w->d->state->redacted && (mark_at(a) || mark_at(b)))
		return true;
	if (a->type == JSON_OBJECT && b->type == JSON_OBJECT)
		return walk_object(w, at, a, b);
	if (a->type == JSON_ARRAY && b->type == JSON_ARRAY)
		return walk_array(w, at, a, b);
	w->d->compared++;
	if (element_scalar_equal(a, b) || (w->arrays.instants && element_same_instant(a, b)))
		return true;
	if ((mark_at(a) || mark_at(b)) && !meet_scalars(w, a, b, &same))
		return false;
	return same || walk_change(w, at, a, b);
}

bool
diff_resource(struct diff *d, const struct resource *from, const struct resource *to, struct err *e)
{
	const struct resource *r = to != NULL ? to : from;
	struct walk            w = { .d = d, .from = from, .to = to, .e = e };
	struct place           root = { .kind = PLACE_ROOT };
	struct resource        met;
	bool                   ok;

	if (r == NULL)
		return true;
	w.tmp = talloc_new(d);
	if (w.tmp == NULL)
		return err_memory(e);
	work_part(d->state->work, WORK_RULES);
	buf_make(&w.text, w.tmp);
	ok = compare_pick(w.tmp, &d->state->spec->arrays, WORK_COMPARE, r->category, &w.arrays,
	    d->state->work, e);
	w.arrays.instants = d->state->spec->instants;
	root.here = w.arrays.start;
	if (ok && from != NULL && to != NULL) {
		w.from = &met;
		ok = meet_resources(&w, from, to, &met) &&
		     walk_value(&w, &root, met.value, to->value);
	}
	if (ok && (from == NULL || to == NULL))
		ok = walk_change(
		    &w, &root, from != NULL ? from->value : NULL, to != NULL ? to->value : NULL);
	talloc_free(w.tmp);
	return ok && e->code == ERR_OK; /* a walk by patterns fails by it alone */
}
