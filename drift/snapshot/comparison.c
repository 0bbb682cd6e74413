#include "drift/snapshot/comparison.h"

#include <stdlib.h>
#include <string.h>

#include "drift/engine/patch.h"
#include "drift/snapshot/baseline.h"
#include "drift/snapshot/normal_snapshot.h"

struct side_category {
	struct str category;
	bool       complete;
};

struct side_item {
	struct resource r;    /* value NULL: it is stored */
	struct held     held; /* where */
};

/* ---- making ---- */

static int
category_cmp(const void *x, const void *y)
{
	return str_cmp(((const struct side_category *)x)->category,
	    ((const struct side_category *)y)->category);
}

static bool
read_collections(TALLOC_CTX *mem, const char *text, struct side *out, struct err *e)
{
	const struct json *c = json_parse(mem, str_of(text), e);

	if (c == NULL || c->type != JSON_OBJECT)
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "a snapshot's collections are broken");
	out->collections = talloc_array(mem, struct side_category, c->n + 1);
	if (out->collections == NULL)
		return err_memory(e);
	for (; out->collections_n < c->n; out->collections_n++) {
		const struct json *how = &c->items[out->collections_n];

		out->collections[out->collections_n] =
		    (struct side_category) { c->names[out->collections_n],
			    how->type == JSON_STRING && str_eqz(how->text, "complete") };
	}
	if (c->n > 1)
		qsort(out->collections, c->n, sizeof(out->collections[0]), category_cmp);
	return true;
}

bool
side_of_snapshot(
    struct tenant_db *t, TALLOC_CTX *mem, const struct snapshot *s, struct side *out, struct err *e)
{
	struct held *held;
	size_t       n;

	*out = (struct side) { 0 };
	if (!read_collections(mem, s->collections, out, e))
		return false;
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

	return place_order(a->r.category, a->r.key, b->r.category, b->r.key);
}

/* ---- of several snapshots ---- */

static int
part_cmp(const void *x, const void *y)
{
	const struct side_part *a = x, *b = y;
	int c = memcmp(a->snapshot_id.b, b->snapshot_id.b, sizeof(a->snapshot_id.b));

	return c != 0 ? c : str_cmp(a->category, b->category);
}

/* The parts of one snapshot stand together, by category. */
struct parts {
	const struct side_part *of;
	size_t                  n;
};

static bool
has_category(const struct parts *p, struct str category)
{
	for (size_t low = 0, high = p->n; low < high;) {
		size_t at = low + (high - low) / 2;
		int    c = str_cmp(category, p->of[at].category);

		if (c == 0)
			return true;
		if (c < 0)
			high = at;
		else
			low = at + 1;
	}
	return false;
}

static bool
add_parts(
    struct tenant_db *t, TALLOC_CTX *mem, const struct parts *p, struct side *out, struct err *e)
{
	struct snapshot s;
	struct side     one;

	if (!snapshot_by_id(t, mem, &p->of[0].snapshot_id, &s, e) ||
	    !side_of_snapshot(t, mem, &s, &one, e))
		return false;
	out->items =
	    talloc_realloc_size(mem, out->items, (out->n + one.n + 1) * sizeof(out->items[0]));
	if (out->items == NULL)
		return err_memory(e);
	for (size_t i = 0; i < one.n; i++)
		if (has_category(p, one.items[i].r.category))
			out->items[out->n++] = one.items[i];
	for (size_t i = 0; i < p->n; i++)
		out->collections[out->collections_n++] =
		    (struct side_category) { p->of[i].category, true };
	return true;
}

bool
side_of_parts(struct tenant_db *t, TALLOC_CTX *mem, struct side_part *parts, size_t n,
    struct side *out, struct err *e)
{
	*out = (struct side) { .only = true };
	out->items = talloc_zero_size(mem, sizeof(out->items[0]));
	out->collections = talloc_zero_size(mem, (n + 1) * sizeof(out->collections[0]));
	if (out->items == NULL || out->collections == NULL)
		return err_memory(e);
	if (n > 1)
		qsort(parts, n, sizeof(parts[0]), part_cmp);
	for (size_t i = 0, next; i < n; i = next) {
		for (next = i;
		     next < n && uuid_eq(&parts[next].snapshot_id, &parts[i].snapshot_id);)
			next++;
		if (!add_parts(t, mem, &(struct parts) { &parts[i], next - i }, out, e))
			return false;
	}
	if (out->n > 1)
		qsort(out->items, out->n, sizeof(out->items[0]), item_cmp);
	if (n > 1)
		qsort(out->collections, n, sizeof(out->collections[0]), category_cmp);
	return true;
}

/* ---- resources with a baseline of their own ---- */

bool
side_address(const struct side *s, struct str category, struct str key, struct blob *out)
{
	const struct side_item  want = { .r = { category, key, NULL } };
	const struct side_item *at =
	    s->n == 0 ? NULL : bsearch(&want, s->items, s->n, sizeof(s->items[0]), item_cmp);

	if (at == NULL)
		return false;
	*out = at->held.address;
	return true;
}

void
side_keep(struct side *s, struct str category, struct str key)
{
	const struct side_item want = { .r = { category, key, NULL } };
	struct side_item      *at =
            s->n == 0 ? NULL : bsearch(&want, s->items, s->n, sizeof(s->items[0]), item_cmp);

	s->items = at;
	s->n = at != NULL ? 1 : 0;
}

static bool
empty(TALLOC_CTX *mem, const struct side *from, size_t room, struct side *out, struct err *e)
{
	*out = *from;
	out->n = 0;
	out->items = talloc_zero_size(mem, (room + 1) * sizeof(out->items[0]));
	return out->items != NULL || err_memory(e);
}

static void
put_own(const struct side_own *own, struct side *out)
{
	for (size_t i = 0; i < own->of->n; i++) {
		const struct unsettled *u = &own->of->rows[i];

		if (u->told != own->told || u->address.p == NULL)
			continue;
		out->items[out->n++] = (struct side_item) {
			.r = { str_of(u->category), str_of(u->key), NULL },
			.held = { .category = u->category, .key = u->key, .address = u->address },
		};
	}
}

/* Those of a side that are at one of their places, or at none. */
static void
put_places(const struct side *from, const struct side_own *own, bool at_them, struct side *out)
{
	size_t k = 0;

	for (size_t i = 0; i < from->n; i++) {
		const struct resource *r = &from->items[i].r;
		int                    c = -1;

		for (; k < own->of->n; k++) {
			const struct unsettled *u = &own->of->rows[k];

			c = place_order(r->category, r->key, str_of(u->category), str_of(u->key));
			if (c <= 0)
				break;
		}
		if ((k < own->of->n && c == 0 && own->of->rows[k].told == own->told) == at_them)
			out->items[out->n++] = from->items[i];
	}
}

bool
side_with(TALLOC_CTX *mem, const struct side *from, const struct side_own *own, struct side *out,
    struct err *e)
{
	if (!empty(mem, from, from->n + own->of->n, out, e))
		return false;
	put_places(from, own, false, out);
	put_own(own, out);
	if (out->n > 1)
		qsort(out->items, out->n, sizeof(out->items[0]), item_cmp);
	return true;
}

bool
side_of_own(TALLOC_CTX *mem, const struct side *from, const struct side_own *own, struct side *out,
    struct err *e)
{
	if (!empty(mem, from, own->of->n, out, e))
		return false;
	put_own(own, out);
	return true;
}

bool
side_at_own(TALLOC_CTX *mem, const struct side *to, const struct side_own *own, struct side *out,
    struct err *e)
{
	if (!empty(mem, to, to->n, out, e))
		return false;
	put_places(to, own, true, out);
	return true;
}

bool
side_of_document(TALLOC_CTX *mem, const struct drift_spec *spec, const struct json *document,
    struct side *out, struct work *work, struct err *e)
{
	struct resource *r;
	size_t           n;

	*out = (struct side) { 0 };
	if (!resource_split(mem, document, spec->source.selector, &r, &n, e))
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
side_of_normal(TALLOC_CTX *mem, const struct normal_snapshot *s, struct side *out, struct err *e)
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
side_places(TALLOC_CTX *mem, const struct side *s, struct places_held *out, struct err *e)
{
	if (!places_held_make(mem, s->n, out, e))
		return false;
	for (size_t i = 0; i < s->n; i++)
		out->at[i] = (struct place) { s->items[i].r.category, s->items[i].r.key };
	return true;
}

bool
side_complete(const struct side *s, struct str category)
{
	const struct side_category  want = { .category = category };
	const struct side_category *c = s->collections_n == 0
					    ? NULL
					    : bsearch(&want, s->collections, s->collections_n,
						  sizeof(s->collections[0]), category_cmp);

	return c != NULL ? c->complete : !s->only;
}

void
side_leave_out(struct side *s, struct str category)
{
	for (size_t i = 0; i < s->collections_n; i++)
		if (str_eq(s->collections[i].category, category))
			s->collections[i].complete = false;
}

static bool
next_collection(const struct side *s, bool complete, size_t *i, struct str *category)
{
	while (*i < s->collections_n && s->collections[*i].complete != complete)
		++*i;
	if (*i >= s->collections_n)
		return false;
	*category = s->collections[(*i)++].category;
	return true;
}

bool
side_next_incomplete(const struct side *s, size_t *i, struct str *category)
{
	return next_collection(s, false, i, category);
}

bool
side_next_complete(const struct side *s, size_t *i, struct str *category)
{
	return next_collection(s, true, i, category);
}

bool
side_any(const struct side *s)
{
	for (size_t i = 0; i < s->collections_n; i++)
		if (s->collections[i].complete)
			return true;
	return s->collections_n == 0;
}

static bool
is_same(const struct side_item *a, const struct side_item *b)
{
	return a->r.value == NULL && b->r.value == NULL && a->held.address.n == HASH_LEN &&
	       b->held.address.n == HASH_LEN &&
	       memcmp(a->held.address.p, b->held.address.p, HASH_LEN) == 0;
}

/* Two items that may differ; NULL: not on that side. */
struct waiting {
	const struct side_item *from, *to;
};

/* A walk along both; what is stored of the pairs that wait was read at once. */
struct comparison {
	struct both_sides     what;
	size_t                i, j;     /* of the two */
	struct str            category; /* the last one, whether both sides have it */
	bool                  known, complete;
	struct waiting        pairs[CONTENT_BATCH / 2];
	size_t                n, next;
	struct content_batch *batch;
};

struct comparison *
comparison_begin(TALLOC_CTX *mem, const struct both_sides *what, struct err *e)
{
	struct comparison *s = talloc_zero(mem, struct comparison);

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	s->what = *what;
	return s;
}

static bool
category_complete(struct comparison *s, struct str category)
{
	if (!s->known || !str_eq(s->category, category))
		s->complete =
		    side_complete(s->what.from, category) && side_complete(s->what.to, category);
	s->known = true;
	s->category = category;
	return s->complete;
}

/* Puts pairs that may differ into the queue until it is full or there are no more. */
static void
merge(struct comparison *s)
{
	s->n = s->next = 0;
	while ((s->i < s->what.from->n || s->j < s->what.to->n) && s->n < CONTENT_BATCH / 2) {
		const struct side_item *a =
		    s->i < s->what.from->n ? &s->what.from->items[s->i] : NULL;
		const struct side_item *b = s->j < s->what.to->n ? &s->what.to->items[s->j] : NULL;
		int                     c = a == NULL ? 1 : b == NULL ? -1 : item_cmp(a, b);

		s->i += c <= 0;
		s->j += c >= 0;
		if (category_complete(s, c <= 0 ? a->r.category : b->r.category) &&
		    (c != 0 || !is_same(a, b)))
			s->pairs[s->n++] =
			    (struct waiting) { c <= 0 ? a : NULL, c >= 0 ? b : NULL };
	}
}

static bool
is_stored(const struct side_item *i)
{
	return i != NULL && i->r.value == NULL;
}

static bool
fill(struct comparison *s, struct err *e)
{
	const struct held *held[CONTENT_BATCH];
	size_t             n = 0;

	merge(s);
	for (size_t i = 0; i < s->n; i++) {
		if (is_stored(s->pairs[i].from))
			held[n++] = &s->pairs[i].from->held;
		if (is_stored(s->pairs[i].to))
			held[n++] = &s->pairs[i].to->held;
	}
	talloc_free(s->batch);
	s->batch = baseline_batch(s->what.t, s, held, n, e);
	return s->batch != NULL;
}

static bool
load(const struct comparison *s, const struct side *side, TALLOC_CTX *mem,
    const struct side_item *i, struct resource *r, struct err *e)
{
	const struct compare_spec *spec = s->what.spec;
	const struct normal_form   form = { side->own != NULL ? side->own : spec, s->what.work };

	if (i == NULL)
		return true;
	*r = i->r;
	if (r->value == NULL && !baseline_of_batch(s->batch, mem, &form, &i->held, r, e))
		return false;
	return form.spec == spec || resource_normalise(mem, spec, r, RESOURCE_STORED, form.work, e);
}

bool
comparison_next(
    struct comparison *s, TALLOC_CTX *mem, struct side_pair *out, bool *more, struct err *e)
{
	const struct waiting *w;

	if (s->next == s->n && !fill(s, e))
		return false;
	*more = s->next < s->n;
	if (!*more)
		return true;
	w = &s->pairs[s->next++];
	*out = (struct side_pair) { .has_from = w->from != NULL, .has_to = w->to != NULL };
	return load(s, s->what.from, mem, w->from, &out->from, e) &&
	       load(s, s->what.to, mem, w->to, &out->to, e);
}

bool
comparison_each(
    TALLOC_CTX *mem, const struct both_sides *what, comparison_fn *fn, void *arg, struct err *e)
{
	struct comparison *s = comparison_begin(mem, what, e);
	struct side_pair   p;
	bool               more = s != NULL, ok = more;

	while (ok && (ok = comparison_next(s, mem, &p, &more, e)) && more)
		ok = fn(arg, p.has_from ? &p.from : NULL, p.has_to ? &p.to : NULL, e);
	talloc_free(s);
	return ok;
}

static void
print_incomplete(const struct side *s, const struct side *other, struct buf *out, bool *first)
{
	for (size_t i = 0; i < s->collections_n; i++) {
		const struct side_category *c = &s->collections[i];

		if (c->complete || (other != NULL && !side_complete(other, c->category)))
			continue;
		if (!*first)
			buf_putc(out, ',');
		*first = false;
		buf_json(out, c->category);
	}
}

bool
comparison_incomplete(
    const struct side *from, const struct side *to, struct buf *out, struct err *e)
{
	bool first = true;

	buf_putc(out, '[');
	print_incomplete(from, NULL, out, &first);
	print_incomplete(to, from, out, &first);
	buf_putc(out, ']');
	return buf_ok(out) || err_memory(e);
}

bool
comparison_patch(TALLOC_CTX *mem, const struct compare_spec *spec, const struct side *from,
    struct work *work, struct patch **out, struct err *e)
{
	*out = patch_make(mem, spec, work, e);
	if (*out == NULL)
		return false;
	for (size_t i = 0; i < from->n; i++)
		if ((i == 0 || !str_eq(from->items[i].r.category, from->items[i - 1].r.category)) &&
		    !patch_category(*out, from->items[i].r.category, e))
			return false;
	return true;
}
