/* diff.h: arrays whose order counts. */
#include "drift/engine/array.h"
#include "drift/engine/rows.h"

#define EDITS_MAX 1000

/* Each element that does not stay; `repeats`: how many of a group were told of. */
static bool
emit_edits(struct walk *w, const struct place *at, const struct surplus *s, const struct rows *r,
    uint32_t *repeats)
{
	const uint32_t *group = s->created ? r->b : r->a;
	const bool     *kept = s->created ? r->keep_b : r->keep_a;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct json *v = &s->array->items[s->first + i];
		struct place       here;

		if (kept[i])
			continue;
		here = walk_place(w, at, PLACE_COUNTED);
		here.old_i = here.new_i = s->first + i;
		here.element = v;
		here.ordered = true;
		here.before = s->first + i > 0 ? v - 1 : NULL;
		here.to_i = s->first + i;
		here.here = places_down_index(&w->arrays.places, at->here, s->first + i);
		here.repeat = ++repeats[group[i]];
		if (!walk_change(w, &here, s->created ? NULL : v, s->created ? v : NULL))
			return false;
	}
	return true;
}

bool
walk_list(struct walk *w, const struct place *at, const struct both *p, const struct span *s)
{
	const struct surplus gone = { p->a, s->first, s->na, false };
	const struct surplus come = { p->b, s->first, s->nb, true };
	struct rows          r = { .a = p->group,
			 .b = p->group + s->na,
			 .na = s->na,
			 .nb = s->nb,
			 .compared = &w->d->compared };
	uint32_t            *repeats;
	bool                 ok;

	if (!index_group_counted(
		w->tmp, p->texts, s->na + s->nb, p->group, &r.groups, &w->d->compared, w->e))
		return false;
	r.keep_a = talloc_zero_array(w->tmp, bool, s->na + s->nb);
	repeats = talloc_zero_array(w->tmp, uint32_t, 2 * r.groups);
	if (r.keep_a == NULL || repeats == NULL)
		return err_memory(w->e);
	r.keep_b = r.keep_a + s->na;
	ok = rows_keep(w->tmp, &r, EDITS_MAX, w->e) && emit_edits(w, at, &come, &r, repeats) &&
	     emit_edits(w, at, &gone, &r, repeats + r.groups);
	talloc_free(r.keep_a);
	talloc_free(repeats);
	return ok;
}
