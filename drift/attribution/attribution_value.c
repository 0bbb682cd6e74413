/* attribution.h: does an entry set a property to the value that it has now? */
#include <stdlib.h>
#include <string.h>

#include "drift/attribution/attribution.h"

#define STEPS_PROPERTY 100 /* to hold a property of usual size against a value */
#define STEPS_MAX      32  /* of a path; what lies deeper is not known exactly */

/* ---- what values are compared as ---- */

static bool put_folded(TALLOC_CTX *mem, struct buf *b, const struct json *v, struct err *e);

static int
by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The texts of the parts of a list or an object, in their order. */
static bool
put_parts(TALLOC_CTX *mem, struct buf *b, const struct json *v, struct err *e)
{
	struct str *parts = talloc_size(mem, (v->n + 1) * sizeof(parts[0]));
	size_t      n = 0;

	if (parts == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < v->n; i++) {
		struct buf one;

		if (v->type == JSON_OBJECT && v->items[i].type == JSON_NULL)
			continue; /* what is dropped is absent in one, and null in the other */
		buf_make(&one, mem);
		if (v->type == JSON_OBJECT) {
			const char *name = attribution_fold(mem, v->names[i]);

			if (name == NULL)
				return err_memory(e);
			json_canonical_string(&one, str_of(name));
			buf_putc(&one, ':');
		}
		if (!put_folded(mem, &one, &v->items[i], e))
			return false;
		if (!buf_ok(&one))
			return err_memory(e);
		parts[n++] = buf_str(&one);
	}
	if (n > 1)
		qsort(parts, n, sizeof(parts[0]), by_text);
	buf_putc(b, v->type == JSON_OBJECT ? '{' : '[');
	for (size_t i = 0; i < n; i++) {
		buf_puts(b, i == 0 ? "" : ",");
		buf_add(b, parts[i].p, parts[i].n);
	}
	buf_putc(b, v->type == JSON_OBJECT ? '}' : ']');
	return true;
}

/* Scalars by their texts: a log writes true as "True". */
static bool
put_folded(TALLOC_CTX *mem, struct buf *b, const struct json *v, struct err *e)
{
	const char *text;

	switch (v->type) {
	case JSON_ARRAY:
	case JSON_OBJECT:
		return put_parts(mem, b, v, e);
	case JSON_NUMBER:
		buf_putc(b, '"');
		if (!json_canonical(b, v, e))
			return false;
		buf_putc(b, '"');
		return true;
	case JSON_STRING:
		text = attribution_fold(mem, v->text);
		if (text == NULL)
			return err_memory(e);
		json_canonical_string(b, str_of(text));
		return true;
	case JSON_NULL:
		buf_puts(b, "null");
		return true;
	case JSON_TRUE:
	case JSON_FALSE:
		break;
	}
	buf_puts(b, v->type == JSON_TRUE ? "\"true\"" : "\"false\"");
	return true;
}

static bool
folded(TALLOC_CTX *mem, const struct json *v, struct str *out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	if (v == NULL)
		buf_puts(&b, "null");
	else if (!put_folded(mem, &b, v, e))
		return false;
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

/* ---- where the property is ---- */

struct steps {
	struct str of[STEPS_MAX]; /* as they stand in the path */
	size_t     n;
};

static bool
cut(struct str path, struct steps *out)
{
	struct str rest = path;

	out->n = 0;
	if (path.n == 0)
		return false;
	rest = (struct str) { path.p + 1, path.n - 1 };
	while (rest.p != NULL && out->n < STEPS_MAX)
		rest = str_cut(rest, '/', &out->of[out->n++]);
	return rest.p == NULL;
}

static bool
is_index(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

static bool
same_name(struct str a, struct str b)
{
	for (size_t i = 0; a.n == b.n && i < a.n; i++) {
		const char x = a.p[i], y = b.p[i];

		if (x != y && ((x ^ y) != 0x20 || (x | 0x20) < 'a' || (x | 0x20) > 'z'))
			return false;
	}
	return a.n == b.n;
}

/* A member whatever the case of its name; NULL: none. */
static const struct json *
member(const struct json *v, struct str name)
{
	for (uint32_t i = 0; v != NULL && v->type == JSON_OBJECT && i < v->n; i++)
		if (same_name(v->names[i], name))
			return &v->items[i];
	return NULL;
}

/* What of a property is beyond its name: the steps that are left, from *at on. */
static bool
begins(const struct attribution_property *p, const struct steps *s, size_t *at)
{
	*at = 1;
	if (same_name(str_of(p->name), s->of[0]))
		return true;
	*at = 0;
	return (p->new_value != NULL && p->new_value->type == JSON_OBJECT) ||
	       (p->old_value != NULL && p->old_value->type == JSON_OBJECT);
}

/* The value itself, or the list that it is an element of. */
struct spot {
	const struct json *v; /* NULL: nothing is there */
	bool               element;
	bool               lost; /* the path leads elsewhere */
};

static struct spot
go(const struct json *v, const struct steps *s, size_t at)
{
	struct spot out = { .v = v };

	for (; at < s->n && out.v != NULL; at++) {
		if (out.v->type == JSON_ARRAY && is_index(s->of[at])) {
			out.element = true;
			out.lost = at + 1 < s->n; /* inside an element: which, is not known */
			return out;
		}
		out.v = member(out.v, s->of[at]);
	}
	return out;
}

/* ---- as the config leaves it ---- */

/* The value in its place in a resource, normalised; NULL: it is ignored, or cannot be. */
static const struct json *
normalised(TALLOC_CTX *mem, const struct attribution_by *by, const struct attribution_change *c,
    const struct steps *s, const struct json *v)
{
	struct resource r = { .category = c->category, .key = c->key };
	struct err      none = { 0 };
	struct json    *at, *root = talloc_zero(mem, struct json);

	at = root;
	for (size_t i = 0; at != NULL && i < s->n && !is_index(s->of[i]); i++) {
		at->type = JSON_OBJECT;
		at->n = 1;
		at->items = talloc_zero_array(mem, struct json, 1);
		at->names = talloc_array(mem, struct str, 1);
		if (at->items == NULL || at->names == NULL)
			return NULL;
		at->names[0] = s->of[i];
		at = &at->items[0];
	}
	if (at == NULL)
		return NULL;
	*at = *v;
	r.value = root;
	if (!resource_normalise(mem, by->spec, &r, RESOURCE_SOURCE, by->work, &none))
		return NULL;
	v = r.value;
	for (size_t i = 0; v != NULL && i < s->n && !is_index(s->of[i]); i++)
		v = member(v, s->of[i]);
	return v;
}

/* ---- is it that? ---- */

struct setting {
	TALLOC_CTX                      *mem;
	const struct attribution_by     *by;
	const struct attribution_change *c;
	struct steps                     steps;
	struct str                       was, is; /* folded; p NULL: none */
	struct err                      *e;
};

static bool
is_masked(struct str text)
{
	return text.p != NULL && memmem(text.p, text.n, "[masked", 7) != NULL;
}

static bool
fold_text(struct setting *s, struct str text, struct str *out)
{
	const struct json *v;

	*out = (struct str) { 0 };
	if (text.p == NULL)
		return true;
	v = json_parse(s->mem, text, s->e);
	return v != NULL && folded(s->mem, v, out, s->e);
}

static bool
is_text(const struct setting *s, const struct json *v, struct str text, bool *yes)
{
	const struct json *one = v == NULL ? NULL : normalised(s->mem, s->by, s->c, &s->steps, v);
	struct str         f;

	*yes = false;
	if (v != NULL && one == NULL)
		return true; /* it is ignored */
	if (!folded(s->mem, one, &f, s->e))
		return false;
	*yes = str_eq(f, text);
	return true;
}

/* A list of one is how some logs write a value. */
static bool
is_same(const struct setting *s, const struct json *v, struct str text, bool *yes)
{
	*yes = false;
	if (text.p == NULL)
		return true;
	if (!is_text(s, v, text, yes))
		return false;
	if (*yes || v == NULL || v->type != JSON_ARRAY || v->n != 1)
		return true;
	return is_text(s, &v->items[0], text, yes);
}

static bool
holds(const struct setting *s, const struct json *list, struct str text, bool *yes)
{
	const struct json *v =
	    list == NULL ? NULL : normalised(s->mem, s->by, s->c, &s->steps, list);
	struct str f;

	*yes = false;
	for (uint32_t i = 0;
	     text.p != NULL && v != NULL && v->type == JSON_ARRAY && i < v->n && !*yes; i++) {
		if (!folded(s->mem, &v->items[i], &f, s->e))
			return false;
		*yes = str_eq(f, text);
	}
	return true;
}

/* An element that was not there before, or is there no more. */
static bool
sets_element(const struct setting *s, struct spot was, struct spot is, bool *yes)
{
	const bool came = s->c->op == CHANGE_CREATED;
	struct str text = came ? s->is : s->was;
	bool       before = false, after = false;

	*yes = false;
	if ((!came && s->c->op != CHANGE_DELETED) || was.lost || is.lost)
		return true;
	if (!holds(s, was.v, text, &before) || !holds(s, is.v, text, &after))
		return false;
	*yes = came ? after && !before : before && !after;
	return true;
}

static bool
is_nothing(const struct json *v)
{
	return v == NULL || v->type == JSON_NULL;
}

static bool
sets_one(const struct setting *s, const struct attribution_property *p, bool *yes)
{
	struct spot was, is;
	size_t      at;
	bool        before;

	*yes = false;
	if (!begins(p, &s->steps, &at))
		return true;
	was = go(p->old_value, &s->steps, at);
	is = go(p->new_value, &s->steps, at);
	if (was.element || is.element)
		return sets_element(s, was, is, yes);
	if (s->c->op == CHANGE_DELETED)
		return is_nothing(is.v) ? is_same(s, was.v, s->was, yes) : true;
	if (is.v == NULL && is_nothing(was.v))
		return true; /* it speaks of something else */
	/* who changed another part of it wrote this one down as it was */
	if (!is_same(s, is.v, s->is, yes) || !is_same(s, was.v, s->is, &before))
		return false;
	*yes = *yes && (!before || p->old_value == NULL);
	return true;
}

static bool
sets_any(struct setting *s, const struct attribution_entry *x, bool *yes)
{
	for (size_t i = 0; i < x->properties_n && !*yes; i++)
		if (!sets_one(s, &x->properties[i], yes))
			return false;
	return true;
}

bool
attribution_sets(const struct attribution_by *by, const struct attribution_entry *x,
    const struct attribution_change *c, bool *yes, struct err *e)
{
	struct setting s = { .mem = talloc_new(by->log->entries), .by = by, .c = c, .e = e };
	bool           ok;

	*yes = false;
	if (s.mem == NULL)
		return err_memory(e);
	ok = work_spend(by->work, WORK_CHANGES, STEPS_PROPERTY * (x->properties_n + 1), e);
	if (ok && !c->cut && c->op != CHANGE_MOVED && !is_masked(c->old_text) &&
	    !is_masked(c->new_text) && cut(c->path, &s.steps))
		ok = fold_text(&s, c->old_text, &s.was) && fold_text(&s, c->new_text, &s.is) &&
		     sets_any(&s, x, yes);
	talloc_free(s.mem);
	return ok;
}
