/* diff.h: arrays whose elements are counted: equal ones go, one against one. */
#include <string.h>

#include "drift/engine/array.h"

#define TEXT_HASH  16 /* bytes of a hash that stand for a text */
#define STEPS_TEXT 10 /* to write and hash a short one */

/* Of a text longer than its hash the hash stands for it: who does not know the key finds no two
 * texts with the same one, and there are very many of them. */
static void
shorten(struct walk *w, struct buf *b, size_t before)
{
	uint8_t hash[HASH_LEN];

	if (!buf_ok(b) || b->n - before <= TEXT_HASH)
		return;
	hash_key_hmac(w->d->state->spec->value_key, b->p + before, b->n - before, hash);
	b->n = before;
	buf_add(b, hash, TEXT_HASH);
}

#define TAG_INSTANT (JSON_OBJECT + 1) /* its text is no other string's */

/* The text an element is counted by; the tag keeps apart what scalars' texts do not. */
static bool
counted_text(struct walk *w, const struct place *at, struct both *p, const struct json *v,
    uint32_t i, struct index_entry *out)
{
	const struct element_how how = { &w->arrays, w->d->state->work };
	size_t                   before = p->text.n;
	bool                     timed = w->arrays.instants && element_is_instant(v);
	uint32_t                 tag = timed ? TAG_INSTANT : v->type;

	*out = (struct index_entry) { 0, tag, v->type == JSON_STRING ? v->text : STR("") };
	if (!timed && v->type != JSON_NUMBER && v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return true;
	if (!element_text(&p->text, v, &how, places_down_index(&w->arrays.places, at->here, i),
		STR(""), w->e))
		return false;
	shorten(w, &p->text, before);
	*out = array_entry(&p->text, before, tag);
	return true;
}

bool
array_texts(struct walk *w, const struct place *at, struct both *p, const struct span *s)
{
	p->text.n = 0;
	for (uint32_t i = 0; i < s->na + s->nb; i++) {
		uint32_t           j = s->first + (i < s->na ? i : i - s->na);
		const struct json *v = i < s->na ? &p->a->items[j] : &p->b->items[j];

		if (!counted_text(w, at, p, v, j, &p->texts[i]) ||
		    !work_spend(w->d->state->work, WORK_COMPARE, STEPS_TEXT, w->e))
			return false;
	}
	return array_entries_done(&p->text, p->texts, s->na + s->nb, w->e);
}

/*
 * Marks the last elements of each group that has more of them here than there: 1 for the first
 * surplus one, 2 for the next.  `more`: how many more of a group are here.
 */
static void
mark(uint32_t *marks, const uint32_t *group, uint32_t n, int32_t *more)
{
	for (uint32_t i = n; i-- > 0;)
		if (more[group[i]] > 0)
			marks[i] = (uint32_t)more[group[i]]--;
}

/*
 * Which elements are surplus; of a set only one of equal elements counts.  A patch takes out every
 * one that the other side has not: one that stayed would still be there.
 */
static bool
count_surplus(struct walk *w, const struct both *p, const struct span *s, bool set, uint32_t *marks)
{
	uint32_t groups;
	int32_t *n, *m;

	if (!index_group_counted(
		w->tmp, p->texts, s->na + s->nb, p->group, &groups, &w->d->compared, w->e) ||
	    !walk_spend(w))
		return false;
	n = talloc_zero_array(w->tmp, int32_t, 2 * groups);
	if (n == NULL)
		return err_memory(w->e);
	m = n + groups;
	for (uint32_t i = 0; i < s->na; i++)
		n[p->group[i]]++;
	for (uint32_t i = 0; i < s->nb; i++)
		m[p->group[s->na + i]]++;
	for (uint32_t g = 0; g < groups; g++) {
		int32_t ca = set && n[g] > 1 ? 1 : n[g], cb = set && m[g] > 1 ? 1 : m[g];

		if (!set || cb > 0 || w->d->state->note == NULL)
			n[g] = ca - cb;
		m[g] = cb - ca;
	}
	mark(marks, p->group, s->na, n);
	mark(marks + s->na, p->group + s->na, s->nb, m);
	talloc_free(n);
	return true;
}

/* `marks` are those of the elements looked at. */
static bool
emit_surplus(struct walk *w, const struct place *at, const struct surplus *s, const uint32_t *marks)
{
	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t           j = s->first + i;
		const struct json *v = &s->array->items[j];
		struct place       here;

		if (marks[i] == 0)
			continue;
		here = array_element(w, at, PLACE_COUNTED, j, j);
		here.element = v;
		here.repeat = marks[i];
		if (!walk_change(w, &here, s->created ? NULL : v, s->created ? v : NULL))
			return false;
	}
	return true;
}

static bool
walk_multiset(
    struct walk *w, const struct place *at, const struct both *p, const struct span *s, bool set)
{
	const struct surplus gone = { p->a, s->first, s->na, false };
	const struct surplus come = { p->b, s->first, s->nb, true };
	uint32_t            *marks = talloc_zero_array(w->tmp, uint32_t, s->na + s->nb);
	bool                 ok;

	if (marks == NULL)
		return err_memory(w->e);
	ok = count_surplus(w, p, s, set, marks) && emit_surplus(w, at, &come, marks + s->na) &&
	     emit_surplus(w, at, &gone, marks);
	talloc_free(marks);
	return ok;
}

/*
 * Elements equal at the same place from either end need no text: taking one from both sides
 * changes no difference of multisets, and no shortest edit (sets are counted whole).
 */
bool
walk_counted(struct walk *w, const struct place *at, struct both *p, enum compare_mode mode)
{
	struct span s = { 0, p->a->n, p->b->n };

	if (mode != COMPARE_SET)
		s = array_trim(w, p, true);
	if (s.na + s.nb == 0)
		return true;
	if (!array_texts(w, at, p, &s))
		return false;
	return mode == COMPARE_LIST ? walk_list(w, at, p, &s)
				    : walk_multiset(w, at, p, &s, mode == COMPARE_SET);
}
