#include "drift/engine/meet.h"

#include <stdlib.h>
#include <string.h>

#include "drift/engine/mark.h"

#define STEPS_MEET 60
#define HASH_STEP  0x9E3779B97F4A7C15u

/* ---- two values ---- */

static bool
is_scalar(const struct json *v)
{
	return v->type != JSON_ARRAY && v->type != JSON_OBJECT && v->type != JSON_NULL;
}

static bool
hex_of(struct walk *w, const struct json *v, char hex[static MARK_HEX + 1])
{
	struct json clear = *v;

	if (v->type == JSON_STRING)
		clear.text = mark_clear(v->text);
	return work_spend(w->d->state->work, WORK_COMPARE, STEPS_MEET + clear.text.n / 2, w->e) &&
	       mark_hmac(w->tmp, w->d->state->spec->mask_key, &clear, hex, w->e);
}

bool
meet_scalars(struct walk *w, const struct json *a, const struct json *b, bool *yes)
{
	const struct json *mark = mark_at(a) ? a : b, *other = mark == a ? b : a;
	struct str         is, was;
	char               hex[MARK_HEX + 1];

	*yes = false;
	if (!resource_masked(mark, &is) || !is_scalar(other))
		return true;
	if (resource_masked(other, &was)) {
		*yes = str_eq(is, was);
		return true;
	}
	if (!hex_of(w, other, hex))
		return false;
	*yes = memcmp(hex, is.p, MARK_HEX) == 0;
	return true;
}

bool
meet_as_mask(struct walk *w, const struct json *v, struct json *out)
{
	char *text = talloc_size(w->tmp, MARK_LEN + MARK_HEX + 1);

	if (text == NULL)
		return err_memory(w->e);
	memcpy(text, MARK, MARK_LEN);
	*out = (struct json) { .type = JSON_STRING, .text = { text, MARK_LEN + MARK_HEX } };
	return hex_of(w, v, text + MARK_LEN);
}

/* ---- two resources: masks and clear texts by the pattern of their place ---- */

struct seen {
	uint64_t           place; /* hash: "*" for an element */
	struct str         hex;   /* of a mask */
	const struct json *v;
	bool               gone; /* the other side has it too */
};

struct sight {
	struct seen *items;
	size_t       n, cap;
};

/* One side being looked through. */
struct looking {
	struct walk        *w;
	const struct sight *at; /* clear texts at the places of these masks; NULL: the masks */
	struct sight       *out;
	size_t              most;
};

static int
by_place(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return x->place < y->place ? -1 : x->place > y->place;
}

static int
by_mask(const void *a, const void *b)
{
	int c = by_place(a, b);

	return c != 0 ? c : str_cmp(((const struct seen *)a)->hex, ((const struct seen *)b)->hex);
}

static bool
add(struct looking *l, const struct seen *s)
{
	struct sight *out = l->out;
	struct seen  *more;

	if (out->n == out->cap) {
		out->cap = out->cap > 0 ? 2 * out->cap : 16;
		more = talloc_realloc(l->w->tmp, out->items, struct seen, (unsigned)out->cap);
		if (more == NULL)
			return err_memory(l->w->e);
		out->items = more;
	}
	out->items[out->n++] = *s;
	return true;
}

static bool
look(struct looking *l, const struct json *v, uint64_t place)
{
	struct seen s = { .place = place, .v = v };
	bool        ok = true;

	if (v->type == JSON_STRING) {
		bool masked = resource_masked(v, &s.hex);

		if (l->at == NULL)
			return !masked || l->out->n > MEET_MASKS_MAX || add(l, &s);
		return masked || l->out->n > l->most ||
		       bsearch(&s, l->at->items, l->at->n, sizeof s, by_place) == NULL ||
		       add(l, &s);
	}
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return true;
	if (!work_spend(l->w->d->state->work, WORK_COMPARE, 1 + 2 * (uint64_t)v->n, l->w->e))
		return false;
	for (uint32_t i = 0; ok && i < v->n; i++)
		ok = look(l, &v->items[i],
		    place * HASH_STEP + (v->type == JSON_ARRAY ? 1 : index_hash(v->names[i], 2)));
	return ok;
}

static bool
masks_of(struct walk *w, const struct json *v, struct sight *out)
{
	struct looking l = { .w = w, .out = out };

	*out = (struct sight) { 0 };
	if (!look(&l, v, 0))
		return false;
	if (out->n > 1)
		qsort(out->items, out->n, sizeof out->items[0], by_mask);
	return true;
}

/* What both have, as often as both have it, needs no meeting. */
static void
drop_common(struct sight *a, struct sight *b)
{
	size_t i = 0, j = 0, n = 0, m = 0;

	while (i < a->n && j < b->n) {
		int c = by_mask(&a->items[i], &b->items[j]);

		if (c < 0) {
			i++;
		} else if (c > 0) {
			j++;
		} else {
			a->items[i].gone = b->items[j].gone =
			    str_eq(a->items[i].v->text, b->items[j].v->text);
			i++;
			j++;
		}
	}
	for (i = 0; i < a->n; i++)
		if (!a->items[i].gone)
			a->items[n++] = a->items[i];
	for (j = 0; j < b->n; j++)
		if (!b->items[j].gone)
			b->items[m++] = b->items[j];
	a->n = n;
	b->n = m;
}

/* A value of `from`, and what stands in its place. */
struct swap {
	const struct json *was, *is;
};

struct swaps {
	struct swap *items;
	size_t       n;
};

static int
by_value(const void *a, const void *b)
{
	const struct swap *x = a, *y = b;

	return x->was < y->was ? -1 : x->was > y->was;
}

/* Masks of one side that clear texts of the other are the values of. */
static bool
meet_clear(
    struct walk *w, struct sight *masks, const struct json *other, bool old, struct swaps *out)
{
	struct sight   clear = { 0 };
	struct looking l = {
		.w = w, .at = masks, .out = &clear, .most = masks->n + MEET_TRIES_MAX
	};
	char hex[MARK_HEX + 1];

	if (masks->n == 0)
		return true;
	if (!look(&l, other, 0))
		return false;
	for (size_t i = 0; clear.n <= l.most && i < clear.n; i++) {
		struct seen *want = &clear.items[i], *found;

		if (!hex_of(w, want->v, hex))
			return false;
		want->hex = (struct str) { hex, MARK_HEX };
		found = bsearch(want, masks->items, masks->n, sizeof *want, by_mask);
		if (found == NULL || found->gone)
			continue;
		found->gone = true;
		out->items[out->n++] =
		    old ? (struct swap) { found->v, want->v } : (struct swap) { want->v, found->v };
	}
	return true;
}

/* Masks of one value that are of other parts. */
static void
meet_masks(struct sight *from, struct sight *to, struct swaps *out)
{
	for (size_t i = 0; i < from->n; i++) {
		struct seen *same = to->n == 0 ? NULL
					       : bsearch(&from->items[i], to->items, to->n,
						     sizeof from->items[0], by_mask);

		if (same == NULL)
			continue;
		from->items[i].gone = true;
		out->items[out->n++] = (struct swap) { from->items[i].v, same->v };
	}
}

/* Containers are copied from the first part that changes on; they live as long as the changes. */
static bool
swapped(
    struct walk *w, const struct swaps *s, const struct json *v, struct json *out, bool *changed)
{
	const struct swap  want = { .was = v };
	const struct swap *found = bsearch(&want, s->items, s->n, sizeof want, by_value);
	struct json       *items = NULL, part;
	bool               moved;

	*out = found != NULL ? *found->is : *v;
	*changed = found != NULL;
	if (found != NULL || (v->type != JSON_ARRAY && v->type != JSON_OBJECT))
		return true;
	if (!work_spend(w->d->state->work, WORK_COMPARE, 1 + 4 * (uint64_t)v->n, w->e))
		return false;
	for (uint32_t i = 0; i < v->n; i++) {
		if (!swapped(w, s, &v->items[i], &part, &moved))
			return false;
		if (!moved)
			continue;
		if (items == NULL)
			items = talloc_memdup(w->d, v->items, v->n * sizeof items[0]);
		if (items == NULL)
			return err_memory(w->e);
		items[i] = part;
	}
	*changed = items != NULL;
	if (*changed)
		out->items = items;
	return true;
}

static bool
put(struct walk *w, struct swaps *s, struct resource *out)
{
	struct json *root;
	bool         changed;

	if (s->n == 0)
		return true;
	if (s->n > 1)
		qsort(s->items, s->n, sizeof s->items[0], by_value);
	root = talloc(w->d, struct json);
	if (root == NULL)
		return err_memory(w->e);
	if (!swapped(w, s, out->value, root, &changed))
		return false;
	out->value = root;
	return true;
}

bool
meet_resources(
    struct walk *w, const struct resource *from, const struct resource *to, struct resource *out)
{
	struct sight a, b;
	struct swaps s = { 0 };

	*out = *from;
	if ((!from->masks && !to->masks) || w->d->state->redacted)
		return true;
	if (!masks_of(w, from->value, &a) || !masks_of(w, to->value, &b))
		return false;
	if (a.n > MEET_MASKS_MAX || b.n > MEET_MASKS_MAX) {
		talloc_free(a.items);
		talloc_free(b.items);
		return true;
	}
	drop_common(&a, &b);
	if (a.n + b.n == 0)
		return true;
	s.items = talloc_array(w->tmp, struct swap, (unsigned)(2 * a.n + b.n + 1));
	if (s.items == NULL)
		return err_memory(w->e);
	meet_masks(&a, &b, &s);
	return meet_clear(w, &a, to->value, true, &s) &&
	       meet_clear(w, &b, from->value, false, &s) && put(w, &s, out);
}
