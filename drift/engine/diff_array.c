/* diff.h: arrays, matched by key or counted. */
#include <string.h>

#include "drift/engine/number.h"
#include "drift/engine/walk.h"

/* The members an element may be known by, in the order they are tried. */
static const char *const identity[] = { "id", "appId", "AppId", "Id", "roleTemplateId", "objectId",
	"policyDefinitionReferenceId", "name", "settingDefinitionId", "displayName", "value",
	"key" };

#define ABSENT     UINT32_MAX
#define TEXT_HASH  16 /* bytes of a hash that stand for a text */
#define STEPS_TEXT 10 /* to write and hash a short one */

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

/* The last n bytes of p->text: they may move still, so that only their number is known. */
static struct index_entry
entry_behind(const struct both *p, size_t before, uint32_t tag)
{
	return (struct index_entry) { 0, { NULL, p->text.n - before }, tag };
}

/* All texts are there: finds those of entry_behind, in their order, and hashes all. */
static bool
entries_done(struct walk *w, struct both *p, uint32_t n)
{
	const char *at = p->text.p;

	if (!buf_ok(&p->text))
		return err_memory(w->e);
	for (uint32_t i = 0; i < n; i++) {
		struct str text = p->texts[i].text;

		if (text.p == NULL && text.n > 0) {
			text.p = at;
			at += text.n;
		}
		p->texts[i] = index_entry(text, p->texts[i].tag);
	}
	return true;
}

/* ---- keys ---- */

static bool
all_objects(const struct json *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->items[i].type != JSON_OBJECT)
			return false;
	return true;
}

/* Elements of one array mostly have a member at the same index. */
static const struct json *
member_of(const struct json *object, struct str name, uint32_t *hint)
{
	if (*hint < object->n && str_eq(object->names[*hint], name))
		return &object->items[*hint];
	for (uint32_t i = 0; i < object->n; i++)
		if (str_eq(object->names[i], name)) {
			*hint = i;
			return &object->items[i];
		}
	return NULL;
}

/* The members that elements are matched by. */
struct key_names {
	const struct str *at;
	uint32_t          n;
};

/* The keys of one side's elements by one member; *all false: some element has none that counts. */
static bool
keys_by_member(struct walk *w, struct both *p, const struct json *array, struct str name,
    struct index_entry *out, bool *all)
{
	uint32_t hint = 0;

	for (uint32_t i = 0; i < array->n; i++) {
		const struct json *v = member_of(&array->items[i], name, &hint);
		size_t             before = p->text.n;

		*all = v != NULL && (v->type == JSON_STRING ||
					(v->type == JSON_NUMBER && number_is_integer(v->text)));
		if (!*all)
			return true;
		out[i] = (struct index_entry) { 0, v->text, v->type };
		if (v->type == JSON_STRING)
			continue;
		if (!json_canonical(&p->text, v, w->e))
			return false;
		out[i] = entry_behind(p, before, v->type);
	}
	return true;
}

/* The same by the members that a spec names, null and the like included: their canonical texts, one
 * behind another. */
static bool
keys_by_members(struct walk *w, struct both *p, const struct json *array,
    const struct key_names *names, struct index_entry *out, bool *all)
{
	for (uint32_t i = 0; i < array->n; i++) {
		size_t before = p->text.n;

		for (uint32_t k = 0; k < names->n; k++) {
			uint32_t           hint = 0;
			const struct json *v = member_of(&array->items[i], names->at[k], &hint);

			*all = v != NULL && v->type != JSON_ARRAY && v->type != JSON_OBJECT;
			if (!*all)
				return true;
			if (!json_canonical(&p->text, v, w->e))
				return false;
			buf_putc(&p->text, ',');
		}
		out[i] = entry_behind(p, before, 0);
	}
	return true;
}

static bool
keys_of(struct walk *w, struct both *p, const struct json *array, const struct key_names *names,
    struct index_entry *out, bool *all)
{
	return p->by_spec ? keys_by_members(w, p, array, names, out, all)
			  : keys_by_member(w, p, array, names->at[0], out, all);
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
		*unique = of[p->group[i]] == ABSENT;
		of[p->group[i]] = i;
	}
	for (uint32_t i = 0; *unique && i < p->b->n; i++) {
		uint32_t g = p->group[p->a->n + i];

		*unique = of_b[g] == ABSENT;
		of_b[g] = i;
		p->in_a[i] = of[g];
	}
	for (uint32_t i = 0; *unique && i < p->a->n; i++)
		p->in_b[i] = of_b[p->group[i]];
	talloc_free(of);
	return true;
}

/* Can elements be matched by these members?  Then in_a and in_b are ready. */
static bool
try_keys(struct walk *w, struct both *p, const struct key_names *names, bool *yes)
{
	uint32_t groups;

	*yes = true;
	p->text.n = 0;
	if (!keys_of(w, p, p->a, names, p->texts, yes) ||
	    (*yes && !keys_of(w, p, p->b, names, p->texts + p->a->n, yes)))
		return false;
	if (!*yes)
		return true;
	if (!entries_done(w, p, p->a->n + p->b->n))
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

/* ---- elements matched by key ---- */

static struct place
element(struct walk *w, const struct place *at, enum place_kind kind, uint32_t old_i,
    uint32_t new_i, uint32_t row)
{
	struct place p = walk_place(w, at, kind);

	p.old_i = old_i;
	p.new_i = new_i;
	p.here = places_down_index(&w->arrays.places, at->here, row);
	return p;
}

static bool
walk_keyed(
    struct walk *w, const struct place *at, const struct both *p, const struct key_names *keys)
{
	struct place here;

	for (uint32_t i = 0; i < p->b->n; i++) {
		const struct json *value = &p->b->items[i];
		bool               found = p->in_a[i] != ABSENT;

		here = element(w, at, PLACE_KEYED, found ? p->in_a[i] : 0, i, i);
		here.element = value;
		here.keys = keys->at;
		here.n_keys = keys->n;
		if (!(found ? walk_value(w, &here, &p->a->items[p->in_a[i]], value)
			    : walk_change(w, &here, NULL, value)))
			return false;
	}
	for (uint32_t i = 0; i < p->a->n; i++) {
		if (p->in_b[i] != ABSENT)
			continue;
		here = element(w, at, PLACE_KEYED, i, i, i);
		here.element = &p->a->items[i];
		here.keys = keys->at;
		here.n_keys = keys->n;
		if (!walk_change(w, &here, here.element, NULL))
			return false;
	}
	return true;
}

/* ---- elements counted ---- */

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

/* The text an element is counted by; the tag keeps apart what scalars' texts do not. */
static bool
counted_text(struct walk *w, const struct place *at, struct both *p, const struct json *v,
    uint32_t i, struct index_entry *out)
{
	const struct element_how how = { &w->arrays, w->d->state->work };
	size_t                   before = p->text.n;

	*out = (struct index_entry) { 0, v->type == JSON_STRING ? v->text : STR(""), v->type };
	if (v->type != JSON_NUMBER && v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return true;
	if (!element_text(&p->text, v, &how, places_down_index(&w->arrays.places, at->here, i),
		STR(""), w->e))
		return false;
	shorten(w, &p->text, before);
	*out = entry_behind(p, before, v->type);
	return true;
}

static bool
counted_texts(struct walk *w, const struct place *at, struct both *p, const struct span *s)
{
	p->text.n = 0;
	for (uint32_t i = 0; i < s->na + s->nb; i++) {
		uint32_t           j = s->first + (i < s->na ? i : i - s->na);
		const struct json *v = i < s->na ? &p->a->items[j] : &p->b->items[j];

		if (!counted_text(w, at, p, v, j, &p->texts[i]) ||
		    !work_spend(w->d->state->work, WORK_COMPARE, STEPS_TEXT, w->e))
			return false;
	}
	return entries_done(w, p, s->na + s->nb);
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
		here = element(w, at, PLACE_COUNTED, j, j, j);
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
static bool
walk_counted(struct walk *w, const struct place *at, struct both *p, enum compare_mode mode)
{
	const struct json *x = p->a, *y = p->b;
	uint32_t           most = x->n < y->n ? x->n : y->n, head = 0, tail = 0;
	struct span        s;

	while (mode != COMPARE_SET && head < most && element_same(&x->items[head], &y->items[head]))
		head++;
	while (mode != COMPARE_SET && tail < most - head &&
	       element_same(&x->items[x->n - 1 - tail], &y->items[y->n - 1 - tail]))
		tail++;
	w->d->compared += head + tail + 1;
	s = (struct span) { head, x->n - head - tail, y->n - head - tail };
	if (s.na + s.nb == 0)
		return true;
	if (!counted_texts(w, at, p, &s))
		return false;
	return mode == COMPARE_LIST ? walk_list(w, at, p, &s)
				    : walk_multiset(w, at, p, &s, mode == COMPARE_SET);
}

/* ---- which of both ---- */

bool
diff_identity(struct str member)
{
	for (size_t i = 0; i < sizeof identity / sizeof *identity; i++)
		if (str_eqz(member, identity[i]))
			return true;
	return false;
}

static bool
walk_auto(struct walk *w, const struct place *at, struct both *p, bool *done)
{
	const struct json *first = p->a->n > 0 ? p->a->items : p->b->items;

	*done = false;
	if (!all_objects(p->a) || !all_objects(p->b))
		return true;
	for (size_t i = 0; i < sizeof identity / sizeof *identity; i++) {
		struct str             name = str_of(identity[i]);
		const struct key_names names = { &name, 1 };
		uint32_t               hint = 0;

		if (member_of(first, name, &hint) == NULL)
			continue;
		if (!try_keys(w, p, &names, done))
			return false;
		if (*done)
			return walk_keyed(w, at, p, &names);
	}
	return true;
}

/* Elements without the keys, or with repeated ones, are counted instead. */
static bool
walk_by_spec(
    struct walk *w, const struct place *at, struct both *p, const struct strings *keys, bool *done)
{
	struct str             room[COMPARE_KEYS_MAX];
	const struct key_names names = { room, (uint32_t)keys->n };

	*done = false;
	if (!all_objects(p->a) || !all_objects(p->b))
		return true;
	for (size_t i = 0; i < keys->n; i++)
		room[i] = str_of(keys->items[i]);
	p->by_spec = true;
	if (!try_keys(w, p, &names, done))
		return false;
	return !*done || walk_keyed(w, at, p, &names);
}

bool
walk_array(struct walk *w, const struct place *at, const struct json *a, const struct json *b)
{
	const struct compare_entry *entry = compare_array(&w->arrays, at->here, at->name);
	enum compare_mode           mode = entry != NULL ? entry->mode : COMPARE_AUTO;
	struct both                 p = { .a = a, .b = b };
	bool                        done = false;

	if (a->n == 0 && b->n == 0)
		return true;
	if (!both_make(w, &p))
		return false;
	if (mode == COMPARE_AUTO && !walk_auto(w, at, &p, &done))
		return false;
	if (mode == COMPARE_KEYED && !walk_by_spec(w, at, &p, &entry->keys, &done))
		return false;
	if (!done && !walk_counted(w, at, &p, mode))
		return false;
	talloc_free(p.texts);
	return walk_spend(w);
}
