/*
 * match.h: matched elements whose order counts.  A longest run of them that has the same order on
 * both sides stands (of several that with the earliest elements of the old side); every other has
 * moved.
 */
#include <stdio.h>
#include <string.h>

#include "drift/engine/match.h"

#define MOVED_TEXT 12 /* bytes of an index */

struct order {
	const struct match *m;
	bool               *stands; /* of each element of a, from the span's first on */
	uint32_t           *told;   /* by group: equal elements that have moved */
};

/* ---- which stand ---- */

/* length[i]: of the longest ascending run that begins with the i-th; 0: it has no partner. */
static uint32_t
run_lengths(struct walk *w, const struct match *m, uint32_t *length, uint32_t *heads)
{
	uint32_t longest = 0;

	/* heads[k]: the largest partner that a run of k + 1 begins with, so far from the end */
	for (uint32_t i = m->span.na; i-- > 0;) {
		uint32_t with = m->of_a[m->span.first + i].with, lo = 0, hi = longest;

		length[i] = 0;
		if (with == ARRAY_ABSENT)
			continue;
		w->d->compared++;
		if (longest > 0 && with < heads[longest - 1]) /* mostly they are in order */
			lo = hi;
		while (lo < hi) {
			uint32_t mid = lo + (hi - lo) / 2;

			w->d->compared++;
			if (heads[mid] > with)
				lo = mid + 1;
			else
				hi = mid;
		}
		heads[lo] = with;
		longest += lo == longest;
		length[i] = lo + 1;
	}
	return longest;
}

bool
match_standing(struct walk *w, const struct match *m, uint32_t *stand)
{
	uint32_t *length = talloc_array(w->tmp, uint32_t, 2 * m->span.na + 1);

	if (length == NULL)
		return err_memory(w->e);
	*stand = run_lengths(w, m, length, length + m->span.na);
	talloc_free(length);
	return true;
}

static bool
find_standing(struct walk *w, struct order *o)
{
	const struct match *m = o->m;
	uint32_t            n = m->span.na, left, after = 0;
	uint32_t           *length = talloc_array(w->tmp, uint32_t, 2 * n + 1);

	if (length == NULL)
		return err_memory(w->e);
	left = run_lengths(w, m, length, length + n);
	for (uint32_t i = 0; i < n && left > 0; i++) {
		uint32_t with = m->of_a[m->span.first + i].with;

		if (length[i] != left || with < after)
			continue;
		o->stands[i] = true;
		after = with + 1;
		left--;
	}
	talloc_free(length);
	return walk_spend(w);
}

/* ---- where a patch finds and puts them ---- */

/* Sums of a row from its beginning, that change (Fenwick). */
struct sums {
	uint32_t *at;
	uint32_t  n;
};

static void
sums_add(struct sums *s, uint32_t i, uint32_t by)
{
	for (i++; i <= s->n; i += i & -i)
		s->at[i - 1] += by;
}

static uint32_t
sums_to(const struct sums *s, uint32_t i) /* that one too */
{
	uint32_t sum = 0;

	for (i++; i > 0; i -= i & -i)
		sum += s->at[i - 1];
	return sum;
}

/*
 * Once the deleted are gone, what is new or has moved is put right behind what is before it on the
 * new side, in that order.  Slots are those of the old side, one further; slot 0 is before all.
 */
struct steps {
	struct sums waiting; /* moved elements, at the slots they come from */
	struct sums settled; /* what stands or was put, at the slot of what stands before it */
	uint32_t    slot;    /* of the last that stands */
	bool        on;      /* somebody asks */
};

static bool
steps_make(struct walk *w, const struct order *o, struct steps *s)
{
	uint32_t n = o->m->span.na + 1;

	*s = (struct steps) { .on = w->d->state->note != NULL };
	if (!s->on)
		return true;
	s->waiting = (struct sums) { talloc_zero_array(w->tmp, uint32_t, n), n };
	s->settled = (struct sums) { talloc_zero_array(w->tmp, uint32_t, n), n };
	if (s->waiting.at == NULL || s->settled.at == NULL)
		return err_memory(w->e);
	for (uint32_t i = 0; i + 1 < n; i++)
		if (o->m->of_a[o->m->span.first + i].with != ARRAY_ABSENT)
			sums_add(o->stands[i] ? &s->settled : &s->waiting, i + 1, 1);
	return true;
}

/* The i-th of the new side (from the span's first on) that comes from `old`, or is new. */
static void
step_put(struct steps *s, uint32_t first, uint32_t i, uint32_t old, struct place *here)
{
	if (!s->on)
		return;
	if (old != ARRAY_ABSENT) {
		here->at_i = first + sums_to(&s->settled, old) + sums_to(&s->waiting, old);
		sums_add(&s->waiting, old + 1, (uint32_t)-1);
	}
	here->to_i = first + i + sums_to(&s->waiting, s->slot);
	sums_add(&s->settled, s->slot, 1);
}

/* ---- what is found ---- */

static const struct json *
index_value(struct walk *w, uint32_t i)
{
	struct chunks *room = &w->d->state->kept;
	struct json   *v = chunks_take(room, sizeof *v);
	char           text[MOVED_TEXT];
	int            n = snprintf(text, sizeof text, "%u", i);

	if (v != NULL)
		*v = (struct json) { .type = JSON_NUMBER,
			.text = {
			    chunks_text(room, (struct str) { text, (size_t)n }), (size_t)n } };
	if (v == NULL || v->text.p == NULL) {
		(void)err_memory(w->e);
		return NULL;
	}
	return v;
}

static bool
tell_moved(struct walk *w, const struct place *element)
{
	struct place       here = *element;
	const struct json *from = index_value(w, here.old_i), *to = index_value(w, here.new_i);

	here.moved = true;
	w->around[0][here.depth] = w->around[1][here.depth] = here.element;
	here.mark = ++w->d->state->marks;
	return from != NULL && to != NULL && walk_change(w, &here, from, to);
}

/* Of an element that one side alone has: what stands before it there. */
static void
stand(struct place *here, const struct match *m, const struct json *array, uint32_t i)
{
	here->ordered = true;
	here->before = i > 0 ? &array->items[i - 1] : NULL;
	here->before_keyed = m->one;
}

static bool
walk_gone(struct walk *w, const struct place *at, const struct match *m, uint32_t i)
{
	struct keys  keys;
	struct place here = match_place(w, at, m, false, i, &keys);

	stand(&here, m, m->both->a, i);
	return walk_change(w, &here, &m->both->a->items[i], NULL);
}

static bool
walk_new(struct walk *w, const struct place *at, struct order *o, struct steps *s, uint32_t i)
{
	const struct match   *m = o->m;
	uint32_t              first = m->span.first, old;
	const struct partner *p = &m->of_b[first + i];
	struct keys           keys;
	struct place          here;

	old = p->with == ARRAY_ABSENT ? ARRAY_ABSENT : p->with - first;
	if (old != ARRAY_ABSENT && o->stands[old]) {
		s->slot = old + 1;
		return p->by == MATCH_EQUAL || match_element(w, at, m, true, first + i);
	}
	here = match_place(w, at, m, true, first + i, &keys);
	stand(&here, m, m->both->b, first + i);
	step_put(s, first, i, old, &here);
	if (old == ARRAY_ABSENT)
		return walk_change(w, &here, NULL, &m->both->b->items[first + i]);
	if (p->by == MATCH_EQUAL)
		here.repeat = ++o->told[m->both->group[m->span.na + i]];
	return tell_moved(w, &here) &&
	       (p->by == MATCH_EQUAL || match_element(w, at, m, true, first + i));
}

bool
walk_ordered(struct walk *w, const struct place *at, const struct match *m)
{
	uint32_t     first = m->span.first;
	struct order o = { .m = m,
		.stands = talloc_zero_array(m->of_a, bool, m->span.na + 1),
		.told = talloc_zero_array(m->of_a, uint32_t, m->groups + 1) };
	struct steps s;

	if (o.stands == NULL || o.told == NULL)
		return err_memory(w->e);
	if (!find_standing(w, &o) || !steps_make(w, &o, &s))
		return false;
	for (uint32_t i = 0; i < m->span.nb; i++)
		if (!walk_new(w, at, &o, &s, i))
			return false;
	for (uint32_t i = first; i < first + m->span.na; i++)
		if (m->of_a[i].with == ARRAY_ABSENT && !walk_gone(w, at, m, i))
			return false;
	return true;
}
