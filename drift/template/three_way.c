#include "drift/template/three_way.h"

static const struct json *
member(const struct json *o, struct str name)
{
	for (uint32_t i = 0; o != NULL && o->type == JSON_OBJECT && i < o->n; i++)
		if (str_eq(o->names[i], name))
			return &o->items[i];
	return NULL;
}

static bool
text_of(TALLOC_CTX *mem, const struct json *v, struct str *out, struct err *e)
{
	struct buf b;

	*out = STR("");
	if (v == NULL)
		return true;
	buf_make(&b, mem);
	if (!json_canonical(&b, v, e))
		return false;
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

bool
json_same(TALLOC_CTX *mem, const struct json *a, const struct json *b, bool *same, struct err *e)
{
	struct str one, other;

	if (!text_of(mem, a, &one, e) || !text_of(mem, b, &other, e))
		return false;
	*same = str_eq(one, other);
	return true;
}

/* Where it is now: each step on the stack of who looks into it. */
struct step {
	const struct step *up;
	struct str         name;
};

static void
path_add(struct buf *b, const struct step *at)
{
	if (at == NULL)
		return;
	path_add(b, at->up);
	json_pointer_add(b, at->name);
}

/* One place of the three. */
struct place {
	const struct json *was, *own, *now;
};

static bool
note(TALLOC_CTX *mem, struct three_way *w, const struct step *at, const struct place *p, bool kept,
    struct err *e)
{
	struct place_change *more =
	    talloc_realloc(mem, w->changes, struct place_change, (unsigned)w->n + 1);
	struct buf b;

	if (more == NULL)
		return err_memory(e);
	w->changes = more;
	buf_make(&b, mem);
	path_add(&b, at);
	more[w->n] = (struct place_change) { NULL, kept, p->was, p->now, p->own };
	more[w->n].path = b.n == 0 ? "" : buf_text(&b, e);
	w->followed += !kept;
	w->n++;
	return more[w->n - 1].path != NULL;
}

/* *out NULL: nothing is there. */
static bool
leaf(TALLOC_CTX *mem, struct three_way *w, const struct step *at, const struct place *p,
    const struct json **out, struct err *e)
{
	bool untouched, agreed;

	*out = p->own;
	if (!json_same(mem, p->own, p->now, &agreed, e) ||
	    !json_same(mem, p->own, p->was, &untouched, e))
		return false;
	if (agreed)
		return true;
	if (untouched)
		*out = p->now;
	return note(mem, w, at, p, !untouched, e);
}

static bool
is_object(const struct json *v)
{
	return v != NULL && v->type == JSON_OBJECT;
}

static bool meet(TALLOC_CTX *mem, struct three_way *w, const struct step *at, const struct place *p,
    const struct json **out, struct err *e);

static bool
add(TALLOC_CTX *mem, struct three_way *w, const struct step *up, const struct place *p,
    struct str name, struct json *out, struct err *e)
{
	const struct step  at = { up, name };
	const struct place one = { member(p->was, name), member(p->own, name),
		member(p->now, name) };
	const struct json *v;

	if (!meet(mem, w, &at, &one, &v, e))
		return false;
	if (v == NULL)
		return true;
	out->names[out->n] = name;
	out->items[out->n++] = *v;
	return true;
}

/* The members of the tenant's first, in its order, then those that the template has besides. */
static bool
inside(TALLOC_CTX *mem, struct three_way *w, const struct step *at, const struct place *p,
    struct json *out, struct err *e)
{
	size_t most = (size_t)p->own->n + p->now->n + 1;

	*out = (struct json) { .type = JSON_OBJECT };
	out->items = talloc_array(mem, struct json, (unsigned)most);
	out->names = talloc_array(mem, struct str, (unsigned)most);
	if (out->items == NULL || out->names == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < p->own->n; i++)
		if (!add(mem, w, at, p, p->own->names[i], out, e))
			return false;
	for (uint32_t i = 0; i < p->now->n; i++)
		if (member(p->own, p->now->names[i]) == NULL &&
		    !add(mem, w, at, p, p->now->names[i], out, e))
			return false;
	return true;
}

static bool
meet(TALLOC_CTX *mem, struct three_way *w, const struct step *at, const struct place *p,
    const struct json **out, struct err *e)
{
	struct json *all;

	if (!is_object(p->own) || !is_object(p->now))
		return leaf(mem, w, at, p, out, e);
	all = talloc_zero(mem, struct json);
	*out = all;
	return all != NULL ? inside(mem, w, at, p, all, e) : err_memory(e);
}

bool
three_way(TALLOC_CTX *mem, struct three_way *w, struct err *e)
{
	const struct place all = { w->was, w->own, w->now };

	w->changes = NULL;
	w->n = w->followed = 0;
	return inside(mem, w, NULL, &all, &w->merged, e);
}
