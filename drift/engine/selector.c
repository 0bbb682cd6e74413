#include "drift/engine/selector.h"

#include <string.h>

/* What is being read: one member of the selector. */
struct reading {
	TALLOC_CTX *mem;
	const char *at; /* JSON Pointer of the member */
	struct err *e;
};

static bool
refuse(const struct reading *r, const char *what)
{
	return err_fault(r->e, r->mem, r->at, "%s", what);
}

/* ---- pointers ---- */

static uint32_t
count_steps(struct str pointer)
{
	uint32_t n = 0;

	for (size_t i = 0; i < pointer.n; i++)
		n += pointer.p[i] == '/';
	return n;
}

/* In place, into room of its own; false: a ~ that is neither ~0 nor ~1. */
static bool
unescape(struct str step, char *room, struct str *out)
{
	size_t n = 0;

	for (size_t i = 0; i < step.n; i++) {
		room[n] = step.p[i];
		if (step.p[i] == '~') {
			if (++i == step.n || (step.p[i] != '0' && step.p[i] != '1'))
				return false;
			room[n] = step.p[i] == '0' ? '~' : '/';
		}
		n++;
	}
	*out = (struct str) { room, n };
	return true;
}

/* No place of a document: a pattern stands for many, and nothing stands behind the end. */
static const char *
never_a_place(struct str step)
{
	if (memchr(step.p, '*', step.n) != NULL)
		return "must be a pointer to one place, not a pattern with *";
	if (str_eqz(step, "-"))
		return "points behind the end of an array, where nothing ever is";
	return NULL;
}

/* `pointer` begins with /. */
static bool
read_pointer(const struct reading *r, struct str pointer, struct selector_part *out)
{
	char       *room = talloc_size(r->mem, pointer.n + 1);
	struct str  rest = { pointer.p + 1, pointer.n - 1 }, step;
	const char *what;

	out->pointer = pointer;
	out->n = 0;
	out->steps = talloc_array(r->mem, struct str, count_steps(pointer));
	if (room == NULL || out->steps == NULL)
		return err_memory(r->e);
	while (rest.p != NULL) {
		rest = str_cut(rest, '/', &step);
		if (!unescape(step, room, &step))
			return refuse(r, "has a ~ that is not ~0 or ~1");
		what = never_a_place(step);
		if (what != NULL)
			return refuse(r, what);
		room += step.n;
		out->steps[out->n++] = step;
	}
	return true;
}

static bool
read_name(const struct reading *r, struct str name, struct selector_part *out)
{
	struct buf pointer;

	buf_make(&pointer, r->mem);
	json_pointer_add(&pointer, name);
	out->n = 1;
	out->steps = talloc(r->mem, struct str);
	if (!buf_ok(&pointer) || out->steps == NULL)
		return err_memory(r->e);
	out->steps[0] = name;
	out->pointer = buf_str(&pointer);
	return true;
}

/* ---- parts ---- */

static bool
read_part(const struct reading *r, const struct json *v, bool names, struct selector_part *out)
{
	if (v->type != JSON_STRING)
		return refuse(r, "must be a string or a list of strings");
	if (v->text.n == 0)
		return refuse(r, "points at the whole element, which is no text");
	if (v->text.n > SELECTOR_PART_MAX)
		return err_fault(
		    r->e, r->mem, r->at, "must have at most %d bytes", SELECTOR_PART_MAX);
	if (memchr(v->text.p, '\0', v->text.n) != NULL)
		return refuse(r, "must not hold U+0000");
	if (v->text.p[0] == '/')
		return read_pointer(r, v->text, out);
	return names ? read_name(r, v->text, out)
		     : refuse(r, "must be JSON Pointers, which begin with /, when it is a list");
}

static bool
stands_before(const struct selector_parts *p, struct str pointer)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (str_eq(p->items[i].pointer, pointer))
			return true;
	return false;
}

/* One of them or a list; `names`: one may be the name of a member. */
static bool
read_parts(const struct reading *r, const struct json *v, bool names, struct selector_parts *out)
{
	bool               list = v->type == JSON_ARRAY;
	const struct json *items = list ? v->items : v;
	uint32_t           n = list ? v->n : 1;

	if (n == 0 || n > SELECTOR_PARTS_MAX)
		return err_fault(
		    r->e, r->mem, r->at, "must have 1 to %d parts", SELECTOR_PARTS_MAX);
	out->n = 0;
	out->items = talloc_array(r->mem, struct selector_part, n);
	if (out->items == NULL)
		return err_memory(r->e);
	for (uint32_t i = 0; i < n; i++) {
		if (!read_part(r, &items[i], names, &out->items[i]))
			return false;
		if (stands_before(out, out->items[i].pointer))
			return refuse(r, "has the same part twice");
		out->n++;
	}
	return true;
}

/* ---- the members of a selector ---- */

static bool
read_resources(const struct reading *r, const char *text, struct str *out)
{
	struct selector_part ignored;

	*out = str_of(text);
	if (out->n == 0)
		return true;
	return out->p[0] == '/' ? read_pointer(r, *out, &ignored)
				: refuse(r, "must be a JSON Pointer");
}

static bool
read_category(const struct reading *r, const struct json *v, struct resource_selector *out)
{
	out->category = (struct selector_parts) { 0 };
	out->fixed = RESOURCE_CATEGORY_DOCUMENT;
	if (v == NULL || v->type == JSON_NULL || (v->type == JSON_STRING && v->text.n == 0))
		return true;
	if (v->type != JSON_STRING || v->text.p[0] == '/')
		return read_parts(r, v, false, &out->category);
	if (v->text.n > RESOURCE_CATEGORY_MAX)
		return err_fault(
		    r->e, r->mem, r->at, "must have at most %d bytes", RESOURCE_CATEGORY_MAX);
	out->fixed = v->text;
	return memchr(v->text.p, '\0', v->text.n) == NULL || refuse(r, "must not hold U+0000");
}

bool
selector_compile(TALLOC_CTX *mem, const struct selector_text *in, const char *at,
    struct resource_selector *out, struct err *e)
{
	const struct reading resources = { mem, talloc_asprintf(mem, "%s/resources", at), e };
	const struct reading key = { mem, talloc_asprintf(mem, "%s/key", at), e };
	const struct reading category = { mem, talloc_asprintf(mem, "%s/category", at), e };

	if (resources.at == NULL || key.at == NULL || category.at == NULL)
		return err_memory(e);
	return read_resources(&resources, in->resources, &out->resources) &&
	       read_parts(&key, in->key, true, &out->key) &&
	       read_category(&category, in->category, out);
}
