#include "drift/engine/former.h"

#include <string.h>

#include "drift/engine/array.h"

/* ---- does an identity stand once? ---- */

/* Of one side of an array, by one identity. */
struct once {
	struct once *next;
	uint32_t     rank;
	bool new;
	bool *is; /* of each element: it has it, and no other has the same */
};

static bool
find_once(struct walk *w, const struct json *array, const struct keys *keys, bool *is)
{
	TALLOC_CTX         *tmp = talloc_new(w->tmp);
	struct index_entry *texts = talloc_array(tmp, struct index_entry, array->n);
	uint32_t           *group = talloc_array(tmp, uint32_t, 2 * array->n + 1), *times;
	uint32_t            n = 0, hint = 0, groups = 0;
	struct buf          own;

	if (texts == NULL || group == NULL)
		return err_memory(w->e);
	buf_make(&own, tmp);
	for (uint32_t i = 0; i < array->n; i++) {
		size_t           before = own.n;
		struct keys_text t;

		if (!keys_text(&own, keys, &array->items[i], &hint, &t, &is[i], w->e))
			return false;
		if (!is[i])
			own.n = before;
		else
			texts[n++] = t.own ? array_entry(&own, before, t.tag)
					   : (struct index_entry) { 0, t.tag, t.text };
	}
	if (!array_entries_done(&own, texts, n, w->e) ||
	    !index_group_counted(tmp, texts, n, group, &groups, &w->d->compared, w->e))
		return false;
	times = group + array->n;
	memset(times, 0, groups * sizeof *times);
	for (uint32_t i = 0; i < n; i++)
		times[group[i]]++;
	for (uint32_t i = 0, k = 0; i < array->n; i++)
		if (is[i])
			is[i] = times[group[k++]] == 1;
	talloc_free(tmp);
	return walk_spend(w);
}

static bool
is_once(struct walk *w, const struct place *p, uint32_t rank, const struct keys *keys, bool *yes)
{
	bool new = p->side == SIDE_NEW;
	const struct json *array = new ? p->both->b : p->both->a;
	struct once       *o = p->both->once;

	while (o != NULL && (o->rank != rank || o->new != new))
		o = o->next;
	if (o == NULL) {
		o = talloc(p->both->texts, struct once);
		if (o == NULL)
			return err_memory(w->e);
		*o = (struct once) { p->both->once, rank, new, talloc_array(o, bool, array->n) };
		if (o->is == NULL)
			return err_memory(w->e);
		if (!find_once(w, array, keys, o->is))
			return false;
		p->both->once = o;
	}
	*yes = o->is[new ? p->new_i : p->old_i];
	return true;
}

/* ---- an element's other names ---- */

static bool
add_name(struct walk *w, const struct place *p, struct former_names *f)
{
	struct label l;
	bool         ok;

	label_make(&l, w->tmp);
	ok = p->kind == PLACE_KEYED ? label_keyed(w, p, &l) : label_counted(w, p, &l);
	if (ok && p->kind == PLACE_KEYED) {
		json_pointer_add(&f->text, buf_str(&l.shown));
	} else if (ok) { /* hashes are not escaped */
		buf_putc(&f->text, '/');
		buf_add(&f->text, l.shown.p, l.shown.n);
	}
	if (ok)
		f->ends[f->n++] = f->text.n;
	talloc_free(l.shown.p);
	talloc_free(l.spoken.p);
	talloc_free(l.former.p);
	return ok && (buf_ok(&f->text) || err_memory(w->e));
}

static bool
add_identities(struct walk *w, struct place *p, const struct place *was, struct former_names *f)
{
	uint8_t  ranks[IDENTITY_RANKS];
	uint32_t n = p->element->type != JSON_OBJECT
			 ? 0
			 : identity_ranks(COMPARE_EDITION_2, p->element, ranks);

	p->kind = PLACE_KEYED;
	for (uint32_t i = 0; i < n && f->n + 1 < FORMER_NAMES; i++) {
		const struct keys keys = identity_keys(COMPARE_EDITION_2, ranks[i]);
		bool              yes;

		if (was->kind == PLACE_KEYED && was->keys->names == keys.names)
			continue;
		if (!is_once(w, p, ranks[i], &keys, &yes))
			return false;
		p->keys = &keys;
		if (yes && !add_name(w, p, f))
			return false;
	}
	return true;
}

static bool
names_make(struct walk *w, const struct place *was, struct former_names *f)
{
	const struct both *both = was->both;
	struct place       p = *was;

	f->mark = was->mark;
	f->text.n = 0;
	f->n = 0;
	p.element =
	    was->side == SIDE_NEW ? &both->b->items[was->new_i] : &both->a->items[was->old_i];
	p.repeat = 1;
	if (!add_identities(w, &p, was, f))
		return false;
	p.kind = was->side == SIDE_BOTH ? PLACE_PAIRED : PLACE_COUNTED;
	return was->kind == p.kind || add_name(w, &p, f);
}

/* ---- the change's ---- */

/* By the names of one element on the way. */
static bool
add_by(struct walk *w, const struct place *at, const struct place *element, const struct change *c,
    former_hash_fn *hash, struct formers *out)
{
	struct former_names *f = &w->d->state->trail->steps[element->depth].names;
	struct str           all = trail_text(w, at, TRAIL_CANONICAL);
	struct str           up = trail_text(w, element->up, TRAIL_CANONICAL);
	struct str           here = trail_text(w, element, TRAIL_CANONICAL);
	struct buf           path;
	bool                 ok = true;

	if (f->mark != element->mark && !names_make(w, element, f))
		return false;
	buf_make(&path, w->tmp);
	for (uint32_t i = 0; ok && i < f->n && out->n < CHANGE_FORMERS_MAX; i++) {
		size_t from = i > 0 ? f->ends[i - 1] : 0;

		path.n = 0;
		buf_add(&path, up.p, up.n);
		buf_add(&path, f->text.p + from, f->ends[i] - from);
		buf_add(&path, all.p + here.n, all.n - here.n);
		ok = buf_ok(&path) || err_memory(w->e);
		ok = ok &&
		     work_spend(w->d->state->work, WORK_CHANGES, 100 + WORK_BYTES(path.n), w->e);
		ok = ok && hash(w, buf_str(&path), c, out->hashes[out->n]);
		out->n += ok;
	}
	talloc_free(path.p);
	return ok;
}

bool
formers_add(struct walk *w, const struct place *at, const struct change *c, former_hash_fn *hash,
    struct formers *out)
{
	if (trail_text(w, at, TRAIL_CANONICAL).n > CHANGE_PATH_MAX / 2)
		return true;
	for (const struct place *p = at; p->depth > 0 && out->n < CHANGE_FORMERS_MAX; p = p->up)
		if (p->both != NULL && !add_by(w, at, p, c, hash, out))
			return false;
	return true;
}
