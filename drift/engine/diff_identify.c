/* match.h: elements that are known each by its own identity. */
#include <string.h>

#include "drift/engine/match.h"

/* An object that has no partner yet. */
struct unknown {
	uint32_t at;   /* index in its array */
	uint32_t from; /* where its identities begin */
	bool new;
};

/* All identities that they have. */
struct identities {
	struct unknown     *objects;
	uint32_t            n;
	struct index_entry *texts;
	uint8_t            *ranks; /* of each text */
	uint32_t            texts_n, cap;
	struct buf          own; /* texts that stand in no document */
	uint32_t           *group;
	uint32_t            groups;
	const struct str   *named; /* the names that the ranks below are of: objects read one after
				      another share them */
	uint32_t named_n, of_named_n;
	uint8_t  of_named[IDENTITY_RANKS];
};

struct keys
match_keys(const struct match *m, uint32_t rank)
{
	return m->keys != NULL ? *m->keys : identity_keys(COMPARE_EDITION_2, rank);
}

uint32_t
match_ranks(const struct match *m, const struct json *object, uint8_t ranks[static IDENTITY_RANKS])
{
	if (m->keys == NULL)
		return identity_ranks(COMPARE_EDITION_2, object, ranks);
	ranks[0] = 0;
	return 1;
}

static bool
room_for(struct identities *all, uint32_t n, struct err *e)
{
	uint32_t cap = all->cap == 0 ? 64 : all->cap;

	while (cap < all->texts_n + n)
		cap *= 2;
	if (cap == all->cap)
		return true;
	all->texts = talloc_realloc(all->objects, all->texts, struct index_entry, cap);
	all->ranks = talloc_realloc(all->objects, all->ranks, uint8_t, cap);
	all->cap = cap;
	return (all->texts != NULL && all->ranks != NULL) || err_memory(e);
}

/* Of an object's names alone. */
static uint32_t
ranks_of(const struct match *m, const struct json *object, struct identities *all)
{
	if (all->named == NULL || all->named != object->names || all->named_n != object->n) {
		all->of_named_n = match_ranks(m, object, all->of_named);
		all->named = object->names;
		all->named_n = object->n;
	}
	return all->of_named_n;
}

/* Each identity that one object has; the tag keeps them apart, and texts from numbers. */
static bool
add_object(struct walk *w, const struct match *m, const struct json *object, struct identities *all)
{
	const uint8_t *ranks = all->of_named;
	uint32_t       n = ranks_of(m, object, all);

	if (!room_for(all, n, w->e))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		struct keys      keys = match_keys(m, ranks[i]);
		size_t           before = all->own.n;
		uint32_t         hint = 0;
		struct keys_text t;
		bool             yes;

		if (!keys_text(&all->own, &keys, object, &hint, &t, &yes, w->e))
			return false;
		if (!yes) {
			all->own.n = before;
			continue;
		}
		t.tag = t.tag * IDENTITY_RANKS + ranks[i];
		all->ranks[all->texts_n] = ranks[i];
		all->texts[all->texts_n++] = t.own ? array_entry(&all->own, before, t.tag)
						   : (struct index_entry) { 0, t.tag, t.text };
	}
	w->d->compared += object->n;
	return true;
}

static bool
add_side(struct walk *w, const struct match *m, bool new, struct identities *all)
{
	const struct json    *array = new ? m->both->b : m->both->a;
	const struct partner *of = new ? m->of_b : m->of_a;
	uint32_t              n = new ? m->span.nb : m->span.na;

	for (uint32_t i = m->span.first; i < m->span.first + n; i++) {
		if (of[i].by != MATCH_NOTHING || array->items[i].type != JSON_OBJECT)
			continue;
		all->objects[all->n++] = (struct unknown) { i, all->texts_n, new };
		if (!add_object(w, m, &array->items[i], all))
			return false;
	}
	return true;
}

/* How often each stands on either side: two is the most. */
static void
count_sides(const struct identities *all, uint8_t *times)
{
	for (uint32_t o = 0; o < all->n; o++) {
		uint32_t end = o + 1 < all->n ? all->objects[o + 1].from : all->texts_n;

		for (uint32_t i = all->objects[o].from; i < end; i++) {
			uint32_t at = 2 * all->group[i] + all->objects[o].new;

			times[at] = times[at] == 0 ? 1 : 2;
		}
	}
}

/* The first identity of one that stands at most once on each side. */
static uint32_t
own_of(const struct identities *all, uint32_t o, const uint8_t *times)
{
	uint32_t end = o + 1 < all->n ? all->objects[o + 1].from : all->texts_n;
	uint32_t i = all->objects[o].from;

	while (i < end && (times[2 * all->group[i]] > 1 || times[2 * all->group[i] + 1] > 1))
		i++;
	return i < end ? i : ARRAY_ABSENT;
}

static bool
decide(struct walk *w, struct match *m, const struct identities *all)
{
	uint8_t  *times = talloc_zero_array(all->objects, uint8_t, 2 * all->groups + 1);
	uint32_t *of = talloc_array(all->objects, uint32_t, 2 * all->groups + 1);

	if (times == NULL || of == NULL)
		return err_memory(w->e);
	memset(of, 0xff, 2 * (size_t)all->groups * sizeof *of);
	count_sides(all, times);
	for (uint32_t o = 0; o < all->n; o++) {
		const struct unknown *x = &all->objects[o];
		uint32_t              own = own_of(all, o, times);
		struct partner       *p = x->new ? &m->of_b[x->at] : &m->of_a[x->at];

		if (own == ARRAY_ABSENT)
			continue;
		p->by = all->ranks[own];
		of[2 * all->group[own] + x->new] = x->at;
	}
	for (uint32_t g = 0; g < all->groups; g++) {
		uint32_t a = of[2 * g], b = of[2 * g + 1];

		if (a == ARRAY_ABSENT || b == ARRAY_ABSENT)
			continue;
		m->of_a[a].with = b;
		m->of_b[b].with = a;
	}
	return true;
}

bool
match_identities(struct walk *w, struct match *m)
{
	struct identities all = { .objects = talloc_array(
				      w->tmp, struct unknown, m->span.na + m->span.nb) };
	bool              ok;

	if (all.objects == NULL)
		return err_memory(w->e);
	buf_make(&all.own, all.objects);
	if (!add_side(w, m, false, &all) || !add_side(w, m, true, &all) ||
	    !array_entries_done(&all.own, all.texts, all.texts_n, w->e))
		return false;
	all.group = talloc_array(all.objects, uint32_t, all.texts_n);
	if (all.group == NULL)
		return err_memory(w->e);
	ok = index_group_counted(all.objects, all.texts, all.texts_n, all.group, &all.groups,
		 &w->d->compared, w->e) &&
	     decide(w, m, &all) && walk_spend(w);
	talloc_free(all.objects);
	return ok;
}
