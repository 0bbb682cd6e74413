#include "drift/run/sides.h"

#include <stdlib.h>
#include <string.h>

#include "drift/engine/patch.h"
#include "drift/run/baseline.h"
#include "drift/run/snap.h"

struct side_item {
	struct resource r;    /* value NULL: it is stored */
	struct held     held; /* where */
};

/* ---- making ---- */

/* They are written so; then a category is looked up among them. */
static bool
in_order(const struct json *object)
{
	for (uint32_t i = 1; i < object->n; i++)
		if (str_cmp(object->names[i - 1], object->names[i]) >= 0)
			return false;
	return object->type == JSON_OBJECT;
}

bool
side_of_snapshot(
    struct tenant_db *t, TALLOC_CTX *mem, const struct snapshot *s, struct side *out, struct err *e)
{
	struct held *held;
	size_t       n;

	*out = (struct side) { .collections = json_parse(mem, str_of(s->collections), e) };
	if (out->collections == NULL)
		return err_note(e, "reading a snapshot's collections");
	out->in_order = in_order(out->collections);
	out->only = s->rendered != NULL && strcmp(s->rendered, "ignore") == 0;
	if (!baseline_held(t, mem, s, &held, &n, e))
		return false;
	out->items = talloc_zero_size(mem, (n + 1) * sizeof(out->items[0]));
	if (out->items == NULL)
		return err_memory(e);
	for (out->n = 0; out->n < n; out->n++) {
		struct held *h = &held[out->n];

		out->items[out->n] =
		    (struct side_item) { { str_of(h->category), str_of(h->key), NULL }, *h };
	}
	return true;
}

static int
item_cmp(const void *x, const void *y)
{
	const struct side_item *a = x, *b = y;

	return snap_place_cmp(a->r.category, a->r.key, b->r.category, b->r.key);
}

bool
side_of_document(TALLOC_CTX *mem, const struct drift_spec *spec, const struct json *document,
    struct side *out, struct work *work, struct err *e)
{
	struct resource *r;
	size_t           n;

	*out = (struct side) { 0 };
	if (!resource_split(mem, document, spec->selector, &r, &n, e))
		return false;
	out->items = talloc_zero_size(mem, (n + 1) * sizeof(out->items[0]));
	if (out->items == NULL)
		return err_memory(e);
	for (; out->n < n; out->n++) {
		out->items[out->n].r = r[out->n];
		if (!resource_normalise(
			mem, spec->compare, &out->items[out->n].r, RESOURCE_SOURCE, work, e))
			return false;
	}
	if (n > 1)
		qsort(out->items, n, sizeof(out->items[0]), item_cmp);
	return true;
}

bool
side_of_snap(TALLOC_CTX *mem, const struct snap *s, struct side *out, struct err *e)
{
	*out = (struct side) { .items = talloc_zero_size(mem, (s->n + 1) * sizeof(out->items[0])) };
	if (out->items == NULL)
		return err_memory(e);
	for (; out->n < s->n; out->n++)
		out->items[out->n].r = s->items[out->n].r;
	return true;
}

/* ---- both ---- */

bool
side_places(TALLOC_CTX *mem, const struct side *s, struct place **out, struct err *e)
{
	*out = talloc_zero_size(mem, (s->n + 1) * sizeof((*out)[0]));
	if (*out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < s->n; i++)
		(*out)[i] = (struct place) { s->items[i].r.category, s->items[i].r.key };
	return true;
}

bool
side_complete(const struct side *s, struct str category)
{
	const struct json *c = s->collections;
	uint32_t           low = 0, high = c != NULL ? c->n : 0;

	while (low < high) {
		uint32_t at = s->in_order ? low + (high - low) / 2 : low;
		int      cmp = str_cmp(category, c->names[at]);

		if (cmp == 0)
			return str_eqz(c->items[at].text, "complete");
		low = cmp > 0 || !s->in_order ? at + 1 : low;
		high = cmp < 0 && s->in_order ? at : high;
	}
	return !s->only;
}

bool
side_whole(const struct side *s)
{
	const struct json *c = s->collections;

	for (uint32_t i = 0; c != NULL && i < c->n; i++)
		if (!str_eqz(c->items[i].text, "complete"))
			return false;
	return true;
}

static bool
is_same(const struct side_item *a, const struct side_item *b)
{
	return a->r.value == NULL && b->r.value == NULL && a->held.address.n == HASH_LEN &&
	       b->held.address.n == HASH_LEN &&
	       memcmp(a->held.address.p, b->held.address.p, HASH_LEN) == 0;
}

static bool
load(struct tenant_db *t, TALLOC_CTX *mem, const struct compare_spec *spec,
    const struct side_item *i, struct resource *r, struct work *work, struct err *e)
{
	*r = i->r;
	return r->value != NULL || baseline_resource(t, mem, spec, &i->held, r, work, e);
}

/* One step of the merge: of the category at hand it is remembered whether both sides have it. */
struct merge {
	struct tenant_db          *t;
	TALLOC_CTX                *mem;
	const struct compare_spec *spec;
	const struct side         *from, *to;
	struct work               *work;
	struct str                 category;
	bool                       known, complete;
};

static bool
merge_complete(struct merge *m, struct str category)
{
	if (!m->known || !str_eq(m->category, category))
		m->complete = side_complete(m->from, category) && side_complete(m->to, category);
	m->known = true;
	m->category = category;
	return m->complete;
}

static bool
merge_pair(struct merge *m, const struct side_item *a, const struct side_item *b, side_fn *fn,
    void *arg, struct err *e)
{
	struct resource from, to;

	if (!merge_complete(m, a != NULL ? a->r.category : b->r.category) ||
	    (a != NULL && b != NULL && is_same(a, b)))
		return true;
	return (a == NULL || load(m->t, m->mem, m->spec, a, &from, m->work, e)) &&
	       (b == NULL || load(m->t, m->mem, m->spec, b, &to, m->work, e)) &&
	       fn(arg, a != NULL ? &from : NULL, b != NULL ? &to : NULL, e);
}

bool
sides_each(struct tenant_db *t, TALLOC_CTX *mem, const struct compare_spec *spec,
    const struct side *from, const struct side *to, side_fn *fn, void *arg,
    struct work *work, struct err *e)
{
	struct merge m = { .t = t, .mem = mem, .spec = spec, .from = from, .to = to, .work = work };

	for (size_t i = 0, j = 0; i < from->n || j < to->n;) {
		const struct side_item *a = i < from->n ? &from->items[i] : NULL;
		const struct side_item *b = j < to->n ? &to->items[j] : NULL;
		int                     c = a == NULL ? 1 : b == NULL ? -1 : item_cmp(a, b);

		if (!merge_pair(&m, c <= 0 ? a : NULL, c >= 0 ? b : NULL, fn, arg, e))
			return false;
		i += c <= 0;
		j += c >= 0;
	}
	return true;
}

static void
print_incomplete(const struct side *s, const struct side *other, struct buf *out, bool *first)
{
	const struct json *c = s->collections;

	for (uint32_t i = 0; c != NULL && i < c->n; i++) {
		if (side_complete(s, c->names[i]) ||
		    (other != NULL && !side_complete(other, c->names[i])))
			continue;
		if (!*first)
			buf_putc(out, ',');
		*first = false;
		buf_json(out, c->names[i]);
	}
}

bool
sides_incomplete(const struct side *from, const struct side *to, struct buf *out, struct err *e)
{
	bool first = true;

	buf_putc(out, '[');
	print_incomplete(from, NULL, out, &first);
	print_incomplete(to, from, out, &first);
	buf_putc(out, ']');
	return buf_ok(out) || err_memory(e);
}

static bool
add_to_patch(void *arg, const struct resource *from, const struct resource *to, struct err *e)
{
	return patch_resource(arg, from, to, e);
}

bool
sides_patch(struct tenant_db *t, TALLOC_CTX *mem, const struct compare_spec *spec,
    const struct side *from, const struct side *to, struct buf *out,
    struct work *work, struct err *e)
{
	struct patch *p = patch_make(mem, spec, work, e);

	if (p == NULL)
		return false;
	for (size_t i = 0; i < from->n; i++)
		if ((i == 0 || !str_eq(from->items[i].r.category, from->items[i - 1].r.category)) &&
		    !patch_category(p, from->items[i].r.category, e))
			return false;
	return sides_each(t, mem, spec, from, to, add_to_patch, p, work, e) && patch_print(out, p, e);
}
