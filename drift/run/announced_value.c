#include "drift/run/announced_value.h"

#include <string.h>

#include "drift/engine/diff.h"

/* ---- in its place ---- */

static bool
is_element(struct str step)
{
	bool digits = step.n > 0;

	for (size_t i = 0; i < step.n; i++) {
		if (step.p[i] == '*' || step.p[i] == '{')
			return true;
		digits = digits && step.p[i] >= '0' && step.p[i] <= '9';
	}
	return digits;
}

/* A member's name, without the escapes of a pointer. */
static bool
name_of(TALLOC_CTX *mem, struct str step, struct str *out, struct err *e)
{
	struct buf b;

	*out = step;
	if (step.n == 0 || memchr(step.p, '~', step.n) == NULL)
		return true;
	buf_make(&b, mem);
	for (size_t i = 0; i < step.n; i++) {
		if (step.p[i] == '~' && i + 1 < step.n)
			buf_putc(&b, step.p[++i] == '1' ? '/' : '~');
		else
			buf_putc(&b, step.p[i]);
	}
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

static bool
put_step(TALLOC_CTX *mem, struct json *at, struct str step, struct json **below, struct err *e)
{
	at->type = is_element(step) ? JSON_ARRAY : JSON_OBJECT;
	at->n = 1;
	at->items = talloc_zero_array(mem, struct json, 1);
	if (at->items == NULL)
		return err_memory(e);
	*below = &at->items[0];
	if (at->type == JSON_ARRAY)
		return true;
	at->names = talloc_zero_array(mem, struct str, 1);
	return at->names != NULL ? name_of(mem, step, &at->names[0], e) : err_memory(e);
}

/* A resource of which there is nothing but that value. */
static bool
put_in_place(
    TALLOC_CTX *mem, struct str path, const struct json *value, struct resource *r, struct err *e)
{
	struct json *root = talloc_zero(mem, struct json), *at = root;
	struct str   rest = path, step;

	if (root == NULL)
		return err_memory(e);
	if (path.n > 0)
		rest = (struct str) { path.p + 1, path.n - 1 };
	while (path.n > 0 && rest.p != NULL) {
		rest = str_cut(rest, '/', &step);
		if (!put_step(mem, at, step, &at, e))
			return false;
	}
	*at = *value;
	r->value = root;
	return true;
}

static const struct json *
member(const struct json *v, struct str name)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (str_eq(v->names[i], name))
			return &v->items[i];
	return NULL;
}

static bool
take_out(
    TALLOC_CTX *mem, struct str path, const struct json *v, const struct json **out, struct err *e)
{
	struct str rest = path, step, name;

	if (path.n > 0)
		rest = (struct str) { path.p + 1, path.n - 1 };
	while (v != NULL && path.n > 0 && rest.p != NULL) {
		rest = str_cut(rest, '/', &step);
		if (!name_of(mem, step, &name, e))
			return false;
		if (is_element(step))
			v = v->type == JSON_ARRAY && v->n == 1 ? &v->items[0] : NULL;
		else
			v = v->type == JSON_OBJECT ? member(v, name) : NULL;
	}
	*out = v;
	return true;
}

bool
announced_normal(TALLOC_CTX *mem, const struct announced_place *at, const struct json *value,
    enum resource_origin from, const struct json **out, struct err *e)
{
	struct resource r = { .category = at->category, .key = at->key };

	*out = NULL;
	return put_in_place(mem, at->path, value, &r, e) &&
	       resource_normalise(mem, at->spec, &r, from, at->work, e) &&
	       (r.value == NULL || take_out(mem, at->path, r.value, out, e));
}

/* ---- comparing ---- */

bool
announced_masked(const struct json *v)
{
	struct str hex;

	if (resource_masked(v, &hex))
		return true;
	for (uint32_t i = 0; (v->type == JSON_ARRAY || v->type == JSON_OBJECT) && i < v->n; i++)
		if (announced_masked(&v->items[i]))
			return true;
	return false;
}

static bool
is_scalar(const struct json *v)
{
	return v->type != JSON_ARRAY && v->type != JSON_OBJECT;
}

static bool
same_text(TALLOC_CTX *mem, const struct announced_place *at, const struct json *a,
    const struct json *b, bool *same, struct err *e)
{
	const struct resource x = { at->category, at->key, a, false },
			      y = { at->category, at->key, b, false };
	struct buf one, other;

	buf_make(&one, mem);
	buf_make(&other, mem);
	if (!resource_canonical(&one, &x, e) || !resource_canonical(&other, &y, e))
		return false;
	*same = str_eq(buf_str(&one), buf_str(&other));
	return (buf_ok(&one) && buf_ok(&other)) || err_memory(e);
}

/* As the config compares what is there: sets, orders and all. */
static bool
same_parts(TALLOC_CTX *mem, const struct announced_place *at, const struct json *a,
    const struct json *b, bool *same, struct err *e)
{
	struct resource x = { .category = at->category, .key = at->key };
	struct resource y = x;
	struct diff    *d = diff_make(mem, at->spec, NULL, at->work, e);

	if (d == NULL || !put_in_place(mem, at->path, a, &x, e) ||
	    !put_in_place(mem, at->path, b, &y, e) || !diff_resource(d, &x, &y, e))
		return false;
	*same = diff_count(&d->summary) == 0;
	return true;
}

bool
announced_same(TALLOC_CTX *mem, const struct announced_place *at, const struct json *a,
    const struct json *b, bool *same, struct err *e)
{
	*same = false;
	if (a->type != b->type || announced_masked(a) || announced_masked(b))
		return true;
	if (is_scalar(a))
		return same_text(mem, at, a, b, same, e);
	return same_parts(mem, at, a, b, same, e);
}

bool
announced_open(struct tenant_db *t, TALLOC_CTX *mem, const struct intent *i,
    const struct announced_place *at, const struct json **out, struct err *e)
{
	const struct json *v;
	struct str         text;

	*out = NULL;
	if (i->value.p == NULL)
		return true;
	if (!tenant_open(t, mem, (struct sealed_place) { "drift_intents", "value", &i->id },
		i->value, &text, e))
		return false;
	v = json_parse(mem, text, e);
	return v != NULL && announced_normal(mem, at, v, RESOURCE_STORED, out, e);
}
