/* diff.h: arrays all of whose elements are matched by the same keys. */
#include <string.h>

#include "drift/engine/array.h"

/* ---- the keys ---- */

/* The keys of one side's elements; *all false: some element has none that count. */
static bool
keys_of(struct walk *w, struct both *p, const struct json *array, const struct keys *keys,
    struct index_entry *out, bool *all)
{
	uint32_t hint = 0;

	*all = true;
	for (uint32_t i = 0; i < array->n && *all; i++) {
		size_t           before = p->text.n;
		struct keys_text t;

		if (!keys_text(&p->text, keys, &array->items[i], &hint, &t, all, w->e))
			return false;
		if (*all)
			out[i] = t.own ? array_entry(&p->text, before, t.tag)
				       : (struct index_entry) { 0, t.tag, t.text };
	}
	return true;
}

static bool
same_order(struct walk *w, const struct both *p)
{
	if (p->a->n != p->b->n)
		return false;
	for (uint32_t i = 0; i < p->a->n; i++) {
		w->d->compared++;
		if (!index_same(&p->texts[i], &p->texts[p->a->n + i]))
			return false;
	}
	return true;
}

/* Elements of both sides in the same group belong together; *unique false: two of one side do. */
static bool
match(struct walk *w, struct both *p, uint32_t groups, bool *unique)
{
	uint32_t *of = talloc_array(w->tmp, uint32_t, 2 * groups), *of_b = of + groups;

	if (of == NULL)
		return err_memory(w->e);
	memset(of, 0xff, 2 * (size_t)groups * sizeof *of);
	*unique = true;
	for (uint32_t i = 0; *unique && i < p->a->n; i++) {
		*unique = of[p->group[i]] == ARRAY_ABSENT;
		of[p->group[i]] = i;
	}
	for (uint32_t i = 0; *unique && i < p->b->n; i++) {
		uint32_t g = p->group[p->a->n + i];

		*unique = of_b[g] == ARRAY_ABSENT;
		of_b[g] = i;
		p->in_a[i] = of[g];
	}
	for (uint32_t i = 0; *unique && i < p->a->n; i++)
		p->in_b[i] = of_b[p->group[i]];
	talloc_free(of);
	return true;
}

/* Can elements be matched by these members?  Then in_a and in_b are ready. */
bool
array_try_keys(struct walk *w, struct both *p, const struct keys *keys, bool *yes)
{
	uint32_t groups;

	*yes = true;
	p->text.n = 0;
	if (!keys_of(w, p, p->a, keys, p->texts, yes) ||
	    (*yes && !keys_of(w, p, p->b, keys, p->texts + p->a->n, yes)))
		return false;
	if (!*yes)
		return true;
	if (!array_entries_done(&p->text, p->texts, p->a->n + p->b->n, w->e))
		return false;
	if (!same_order(w, p))
		return index_group_counted(w->tmp, p->texts, p->a->n + p->b->n, p->group, &groups,
			   &w->d->compared, w->e) &&
		       match(w, p, groups, yes);
	if (!index_group_counted(
		w->tmp, p->texts, p->a->n, p->group, &groups, &w->d->compared, w->e))
		return false;
	*yes = groups == p->a->n;
	for (uint32_t i = 0; i < p->a->n; i++)
		p->in_a[i] = p->in_b[i] = i;
	return true;
}

bool
array_try_identities(
    struct walk *w, struct both *p, enum compare_edition edition, uint32_t *rank, bool *yes)
{
	uint8_t  ranks[IDENTITY_RANKS];
	uint32_t n;

	*yes = false;
	if (!array_of_objects(p->a) || !array_of_objects(p->b))
		return true;
	n = identity_ranks(edition, p->a->n > 0 ? p->a->items : p->b->items, ranks);
	for (uint32_t i = 0; i < n && !*yes; i++) {
		const struct keys keys = identity_keys(edition, ranks[i]);

		*rank = ranks[i];
		if (!array_try_keys(w, p, &keys, yes))
			return false;
	}
	return true;
}

/* ---- elements matched by key ---- */

bool
walk_keyed(struct walk *w, const struct place *at, struct both *p, const struct keys *keys)
{
	struct both *named = keys->kind == KEYS_MEMBER || keys->kind == KEYS_FOUR ? p : NULL;
	struct place here;

	for (uint32_t i = 0; i < p->b->n; i++) {
		const struct json *value = &p->b->items[i];
		bool               found = p->in_a[i] != ARRAY_ABSENT;

		here = array_element(w, at, PLACE_KEYED, found ? p->in_a[i] : 0, i);
		here.element = value;
		here.keys = keys;
		here.both = named;
		here.side = found ? SIDE_BOTH : SIDE_NEW;
		if (!(found ? walk_value(w, &here, &p->a->items[p->in_a[i]], value)
			    : walk_change(w, &here, NULL, value)))
			return false;
	}
	for (uint32_t i = 0; i < p->a->n; i++) {
		if (p->in_b[i] != ARRAY_ABSENT)
			continue;
		here = array_element(w, at, PLACE_KEYED, i, i);
		here.element = &p->a->items[i];
		here.keys = keys;
		here.both = named;
		here.side = SIDE_OLD;
		if (!walk_change(w, &here, here.element, NULL))
			return false;
	}
	return true;
}
