/*
 * diff.h: arrays whose elements are matched: all by one identity; else what is equal goes, then
 * each by its own identity, then by likeness, and what is left counts.
 */
#include <string.h>

#include "drift/engine/match.h"

/* ---- what is equal ---- */

static bool
match_make(struct walk *w, struct both *p, struct match *m)
{
	uint32_t n = p->a->n + p->b->n;

	m->both = p;
	m->of_a = talloc_array(p->texts, struct partner, n);
	if (m->of_a == NULL)
		return err_memory(w->e);
	m->of_b = m->of_a + p->a->n;
	for (uint32_t i = 0; i < n; i++)
		m->of_a[i] = (struct partner) { ARRAY_ABSENT, 0, MATCH_NOTHING };
	return true;
}

static void
join(struct match *m, uint32_t a, uint32_t b, uint8_t by)
{
	m->of_a[a] = (struct partner) { b, 0, by };
	m->of_b[b] = (struct partner) { a, 0, by };
}

/* What array_trim left out. */
static void
join_ends(struct match *m)
{
	const struct both *p = m->both;

	for (uint32_t i = 0; i < m->span.first; i++)
		join(m, i, i, MATCH_EQUAL);
	for (uint32_t i = m->span.first + m->span.na; i < p->a->n; i++)
		join(m, i, i + p->b->n - p->a->n, MATCH_EQUAL);
}

/* One against one, in their order. */
static bool
join_equal(struct walk *w, struct match *m)
{
	const struct both *p = m->both;
	uint32_t           n = m->span.na + m->span.nb, first = m->span.first, *next, *at;

	if (!index_group_counted(w->tmp, p->texts, n, p->group, &m->groups, &w->d->compared, w->e))
		return false;
	at = talloc_array(
	    w->tmp, uint32_t, m->groups + n); /* by group: the first of a not joined yet */
	if (at == NULL)
		return err_memory(w->e);
	memset(at, 0xff, m->groups * sizeof *at);
	next = at + m->groups;
	for (uint32_t i = m->span.na; i-- > 0;) {
		next[i] = at[p->group[i]];
		at[p->group[i]] = i;
	}
	for (uint32_t i = 0; i < m->span.nb; i++) {
		uint32_t *a = &at[p->group[m->span.na + i]];

		if (*a == ARRAY_ABSENT)
			continue;
		join(m, first + *a, first + i, MATCH_EQUAL);
		*a = next[*a];
	}
	talloc_free(at);
	return walk_spend(w);
}

/* ---- likeness ---- */

/* The objects of a side that are known by nothing. */
static bool
unknown_of(struct walk *w, const struct match *m, bool new, struct likeness_side *out)
{
	const struct json    *array = new ? m->both->b : m->both->a;
	const struct partner *of = new ? m->of_b : m->of_a;
	uint32_t              n = new ? m->span.nb : m->span.na;
	uint32_t             *at = talloc_array(m->of_a, uint32_t, n + 1);

	if (at == NULL)
		return err_memory(w->e);
	*out = (struct likeness_side) { .array = array,
		.at = at,
		.texts = m->both->texts + (new ? m->span.na : 0),
		.first = m->span.first };
	for (uint32_t i = m->span.first; i < m->span.first + n; i++)
		if (of[i].by == MATCH_NOTHING && array->items[i].type == JSON_OBJECT)
			at[out->n++] = i;
	return true;
}

/* Repeats are counted in the order in which pairs are taken, that does not depend on where they
 * stand. */
static bool
join_alike(struct walk *w, struct match *m, const struct likeness *l)
{
	uint32_t *told = talloc_zero_array(w->tmp, uint32_t, m->groups + 1);

	if (told == NULL)
		return err_memory(w->e);
	for (uint32_t i = 0; i < l->n; i++) {
		const struct likeness_pair *p = &l->pairs[i];

		join(m, p->a, p->b, MATCH_LIKENESS);
		m->of_a[p->a].repeat = m->of_b[p->b].repeat =
		    ++told[m->both->group[p->a - m->span.first]];
	}
	talloc_free(told);
	return true;
}

static bool
match_alike(struct walk *w, const struct place *at, struct match *m, enum compare_mode mode)
{
	struct likeness_side sides[2] = { { .n = 0 }, { .n = 0 } };
	struct likeness      l;

	if (!unknown_of(w, m, false, &sides[0]) || !unknown_of(w, m, true, &sides[1]) ||
	    !likeness_pairs(w, m->of_a, at, sides, LIKENESS_PAIRED, &l) || !join_alike(w, m, &l))
		return false;
	if (sides[0].n + sides[1].n == 0 || (mode == COMPARE_PAIRED && !l.too_many))
		return true; /* nothing is missed, or nothing was asked for */
	return match_note(w, at, m, &l);
}

/* ---- what is found ---- */

struct place
match_place(struct walk *w, const struct place *at, const struct match *m, bool new, uint32_t i,
    struct keys *keys)
{
	const struct partner *p = new ? &m->of_b[i] : &m->of_a[i];
	bool                  old = p->by == MATCH_LIKENESS || !new; /* known by what it was */
	uint32_t              of_a = !new || p->with == ARRAY_ABSENT ? i : p->with;
	struct place          here;

	here = array_element(w, at,
	    p->by == MATCH_NOTHING || p->by == MATCH_EQUAL ? PLACE_COUNTED
	    : p->by == MATCH_LIKENESS                      ? PLACE_PAIRED
							   : PLACE_KEYED,
	    of_a, i);
	here.repeat = p->repeat;
	here.both = m->keys == NULL ? m->both : NULL;
	here.side = !new ? SIDE_OLD : p->with == ARRAY_ABSENT ? SIDE_NEW : SIDE_BOTH;
	here.element = old ? &m->both->a->items[of_a] : &m->both->b->items[i];
	if (here.kind == PLACE_KEYED) {
		*keys = match_keys(m, p->by);
		here.keys = keys;
	}
	return here;
}

bool
match_element(struct walk *w, const struct place *at, const struct match *m, bool new, uint32_t i)
{
	const struct partner *p = new ? &m->of_b[i] : &m->of_a[i];
	struct keys           keys;
	struct place          here = match_place(w, at, m, new, i, &keys);

	if (!new)
		return walk_change(w, &here, &m->both->a->items[i], NULL);
	if (p->with == ARRAY_ABSENT)
		return walk_change(w, &here, NULL, &m->both->b->items[i]);
	return walk_value(w, &here, &m->both->a->items[p->with], &m->both->b->items[i]);
}

/* Of what has no partner: 1 for the first with its text, by side. */
static bool
number_rest(struct walk *w, const struct match *m)
{
	uint32_t *told = talloc_zero_array(w->tmp, uint32_t, 2 * m->groups + 1);
	uint32_t  na = m->span.na;

	if (told == NULL)
		return err_memory(w->e);
	for (uint32_t i = 0; i < na + m->span.nb; i++) {
		uint32_t        at = m->span.first + (i < na ? i : i - na);
		struct partner *p = i < na ? &m->of_a[at] : &m->of_b[at];

		if (p->by == MATCH_NOTHING)
			p->repeat = ++told[2 * m->both->group[i] + (i >= na)];
	}
	talloc_free(told);
	return true;
}

static bool
walk_match(struct walk *w, const struct place *at, const struct match *m)
{
	uint32_t first = m->span.first;

	for (uint32_t i = first; i < first + m->span.nb; i++)
		if (m->of_b[i].by != MATCH_EQUAL && !match_element(w, at, m, true, i))
			return false;
	for (uint32_t i = first; i < first + m->span.na; i++)
		if (m->of_a[i].with == ARRAY_ABSENT && !match_element(w, at, m, false, i))
			return false;
	return true;
}

/* ---- which way ---- */

static bool
match_each(struct walk *w, const struct place *at, struct match *m, enum compare_mode mode)
{
	struct both *p = m->both;

	m->span = array_trim(w, p, mode != COMPARE_ORDERED);
	join_ends(m);
	if (m->span.na + m->span.nb == 0)
		return true;
	if (!array_texts(w, at, p, &m->span) || !join_equal(w, m))
		return false;
	if (mode != COMPARE_PAIRED && !match_identities(w, m))
		return false;
	return match_alike(w, at, m, mode) && (mode != COMPARE_ORDERED || match_twins(w, m)) &&
	       number_rest(w, m);
}

/* All elements are known by one identity. */
static void
join_all(struct match *m, uint32_t rank)
{
	const struct both *p = m->both;

	m->one = true;
	m->span = (struct span) { 0, p->a->n, p->b->n };
	for (uint32_t i = 0; i < p->a->n; i++)
		m->of_a[i] = (struct partner) { p->in_b[i], 0, (uint8_t)rank };
	for (uint32_t i = 0; i < p->b->n; i++)
		m->of_b[i] = (struct partner) { p->in_a[i], 0, (uint8_t)rank };
}

/* Is there one?  By the config's keys, or the first of the list that serves. */
static bool
try_one(struct walk *w, struct match *m, struct both *p, uint32_t *rank, bool *yes)
{
	*rank = 0;
	if (m->keys == NULL)
		return array_try_identities(w, p, COMPARE_EDITION_2, rank, yes);
	*yes = array_of_objects(p->a) && array_of_objects(p->b);
	return !*yes || array_try_keys(w, p, m->keys, yes);
}

bool
walk_matched(
    struct walk *w, const struct place *at, struct both *p, const struct compare_entry *entry)
{
	enum compare_mode mode = entry != NULL ? entry->mode : COMPARE_AUTO;
	struct str        room[COMPARE_KEYS_MAX];
	struct keys       keys;
	struct match      m = { .keys = NULL };
	uint32_t          rank;
	bool              one = false;

	if (entry != NULL && entry->keys.n > 0) {
		keys = keys_of_entry(entry, room);
		m.keys = &keys;
	}
	if (mode != COMPARE_PAIRED && !try_one(w, &m, p, &rank, &one))
		return false;
	if (one && mode != COMPARE_ORDERED) {
		keys = match_keys(&m, rank);
		return walk_keyed(w, at, p, &keys);
	}
	if (!match_make(w, p, &m))
		return false;
	if (one)
		join_all(&m, rank);
	else if (!match_each(w, at, &m, mode))
		return false;
	return mode == COMPARE_ORDERED ? walk_ordered(w, at, &m) : walk_match(w, at, &m);
}
