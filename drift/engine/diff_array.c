/* diff.h: arrays: which way they are compared. */
#include "drift/engine/array.h"

static bool
both_make(struct walk *w, struct both *p)
{
	uint32_t n = p->a->n + p->b->n;

	p->texts = talloc_array(w->tmp, struct index_entry, n);
	if (p->texts == NULL)
		return err_memory(w->e);
	p->group = talloc_array(p->texts, uint32_t, 2 * n);
	if (p->group == NULL)
		return err_memory(w->e);
	p->in_a = p->group + n;
	p->in_b = p->in_a + p->b->n;
	buf_make(&p->text, p->texts);
	return true;
}

struct index_entry
array_entry(const struct buf *text, size_t before, uint32_t tag)
{
	return (struct index_entry) { 0, tag, { NULL, text->n - before } };
}

bool
array_entries_done(const struct buf *text, struct index_entry *entries, uint32_t n, struct err *e)
{
	const char *at = text->p;

	if (!buf_ok(text))
		return err_memory(e);
	for (uint32_t i = 0; i < n; i++) {
		struct str s = entries[i].text;

		if (s.p == NULL && s.n > 0) {
			s.p = at;
			at += s.n;
		}
		entries[i] = index_entry(s, entries[i].tag);
	}
	return true;
}

bool
array_of_objects(const struct json *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->items[i].type != JSON_OBJECT)
			return false;
	return true;
}

struct place
array_element(
    struct walk *w, const struct place *at, enum place_kind kind, uint32_t old_i, uint32_t new_i)
{
	struct place p = walk_place(w, at, kind);

	p.old_i = old_i;
	p.new_i = new_i;
	p.here = places_down_index(&w->arrays.places, at->here, new_i);
	return p;
}

struct span
array_trim(struct walk *w, const struct both *p, bool tails)
{
	const struct json *x = p->a, *y = p->b;
	uint32_t           most = x->n < y->n ? x->n : y->n, head = 0, tail = 0;

	while (head < most && element_same(&x->items[head], &y->items[head]))
		head++;
	while (tails && tail < most - head &&
	       element_same(&x->items[x->n - 1 - tail], &y->items[y->n - 1 - tail]))
		tail++;
	w->d->compared += head + tail + 1;
	return (struct span) { head, x->n - head - tail, y->n - head - tail };
}

/* ---- which way ---- */

/* The first edition: all by one identity, or they are counted. */
static bool
walk_first(
    struct walk *w, const struct place *at, struct both *p, const struct compare_entry *entry)
{
	struct str  room[COMPARE_KEYS_MAX];
	struct keys keys;
	uint32_t    rank;
	bool        done;

	if (entry != NULL) {
		keys = keys_of_entry(entry, room);
		if (!array_of_objects(p->a) || !array_of_objects(p->b))
			return walk_counted(w, at, p, COMPARE_KEYED);
		if (!array_try_keys(w, p, &keys, &done))
			return false;
	} else {
		if (!array_try_identities(w, p, COMPARE_EDITION_1, &rank, &done))
			return false;
		if (done)
			keys = identity_keys(COMPARE_EDITION_1, rank);
	}
	return done ? walk_keyed(w, at, p, &keys) : walk_counted(w, at, p, COMPARE_MULTISET);
}

/* Are elements matched, as they are only in the second edition? */
static bool
is_matched(const struct walk *w, enum compare_mode mode)
{
	if (mode == COMPARE_PAIRED || mode == COMPARE_ORDERED)
		return true;
	return w->d->state->spec->edition >= COMPARE_EDITION_2 &&
	       (mode == COMPARE_AUTO || mode == COMPARE_KEYED);
}

bool
walk_array(struct walk *w, const struct place *at, const struct json *a, const struct json *b)
{
	const struct compare_entry *entry = compare_array(&w->arrays, at->here, at->name);
	enum compare_mode           mode = entry != NULL ? entry->mode : COMPARE_AUTO;
	struct both                 p = { .a = a, .b = b };
	bool                        ok;

	if (a->n == 0 && b->n == 0)
		return true;
	if (!both_make(w, &p))
		return false;
	if (is_matched(w, mode))
		ok = walk_matched(w, at, &p, entry);
	else if (mode == COMPARE_AUTO || mode == COMPARE_KEYED)
		ok = walk_first(w, at, &p, mode == COMPARE_KEYED ? entry : NULL);
	else
		ok = walk_counted(w, at, &p, mode);
	talloc_free(p.texts);
	return ok && walk_spend(w);
}
