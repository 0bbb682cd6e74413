/* selector.h: cutting a document. */
#include <string.h>

#include "core/base/chunks.h"
#include "drift/engine/selector.h"

#define FAULTS_MAX 20  /* more are no help */
#define SHOWN_MAX  200 /* bytes of a pointer in a sentence */

/* One document being cut. */
struct splitting {
	const struct resource_selector *s;
	TALLOC_CTX                     *mem;
	struct chunks                   room; /* for texts that are joined */
	struct err                     *e;
	int                             faults;
};

/* Says what is wrong with an element; false also when that cannot be said. */
static bool
fault(struct splitting *x, uint32_t i, const char *what, struct str pointer)
{
	char *at = talloc_asprintf(x->mem, "%.*s/%u", (int)x->s->resources.n, x->s->resources.p, i);

	x->faults++;
	if (at == NULL)
		return err_memory(x->e);
	pointer = str_head(pointer, SHOWN_MAX);
	err_fault(x->e, x->mem, at, "%s %.*s", what, (int)pointer.n, pointer.p);
	talloc_free(at);
	return false;
}

/* ---- one part ---- */

static const struct json *
down(const struct json *v, struct str step)
{
	uint64_t at;

	if (v->type == JSON_OBJECT) {
		for (uint32_t i = 0; i < v->n; i++)
			if (str_eq(v->names[i], step))
				return &v->items[i];
		return NULL;
	}
	if (v->type != JSON_ARRAY || (step.n > 1 && step.p[0] == '0') || !str_to_u64(step, &at))
		return NULL;
	return at < v->n ? &v->items[at] : NULL;
}

/* NULL: not there, or null. */
static const struct json *
part_of(const struct json *element, const struct selector_part *p)
{
	const struct json *v = element;

	for (uint32_t i = 0; v != NULL && i < p->n; i++)
		v = down(v, p->steps[i]);
	return v != NULL && v->type != JSON_NULL ? v : NULL;
}

static bool
is_text(const struct json *v)
{
	if (v->type != JSON_NUMBER)
		return v->type == JSON_STRING;
	for (size_t i = 0; i < v->text.n; i++)
		if (strchr(".eE", v->text.p[i]) != NULL)
			return false;
	return true;
}

bool
selector_text(const struct selector_part *p, const struct json *element, struct str *out)
{
	const struct json *v = part_of(element, p);

	*out = (struct str) { 0 };
	if (v == NULL)
		return true;
	*out = v->text.n > 0 ? v->text : STR("");
	return is_text(v);
}

/* ---- parts, joined ---- */

static size_t
escaped(struct str s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		bool escapes = s.p[i] == '~' || s.p[i] == '/';

		if (out != NULL && escapes)
			memcpy(out + n, s.p[i] == '~' ? "~0" : "~1", 2);
		else if (out != NULL)
			out[n] = s.p[i];
		n += 1 + escapes;
	}
	return n;
}

static bool
join(struct splitting *x, const struct str *texts, uint32_t n, struct str *out)
{
	size_t length = n - 1, at = 0;
	char  *p;

	for (uint32_t i = 0; i < n; i++)
		length += escaped(texts[i], NULL);
	p = chunks_take(&x->room, length);
	if (p == NULL)
		return err_memory(x->e);
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0)
			p[at++] = '/';
		at += escaped(texts[i], p + at);
	}
	*out = (struct str) { p, length };
	return true;
}

static bool
text_of(struct splitting *x, uint32_t i, const struct json *element,
    const struct selector_parts *parts, struct str *out)
{
	struct str texts[SELECTOR_PARTS_MAX];
	bool       any = false;

	for (uint32_t k = 0; k < parts->n; k++) {
		if (!selector_text(&parts->items[k], element, &texts[k]))
			return fault(
			    x, i, "needs a string or an integer at", parts->items[k].pointer);
		any = any || texts[k].p != NULL;
	}
	if (!any)
		return fault(
		    x, i, "needs a string or an integer at", parts->items[parts->n - 1].pointer);
	*out = texts[0];
	return parts->n == 1 || join(x, texts, parts->n, out);
}

/* ---- the document ---- */

static bool
whole(TALLOC_CTX *mem, const struct json *document, struct resource **out, size_t *n, struct err *e)
{
	struct resource *r = talloc(mem, struct resource);

	if (r == NULL)
		return err_memory(e);
	*r = (struct resource) { RESOURCE_CATEGORY_DOCUMENT, STR(""), document };
	*out = r;
	*n = 1;
	return true;
}

/* What stands there instead, for people. */
static const char *
kind_of(const struct json *v)
{
	static const char *const kinds[] = { [JSON_NULL] = "null",
		[JSON_FALSE] = "false",
		[JSON_TRUE] = "true",
		[JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string",
		[JSON_ARRAY] = "an array",
		[JSON_OBJECT] = "an object" };

	return v != NULL ? kinds[v->type] : "nothing";
}

static bool
refuse_shape(const struct splitting *x, const struct json *found)
{
	struct str at = str_head(x->s->resources, SHOWN_MAX);

	return err_fault(x->e, x->mem, "",
	    "has %s at \"%.*s\", where the selector looks for the array of resources",
	    kind_of(found), (int)at.n, at.p);
}

static bool
element(struct splitting *x, uint32_t i, const struct json *v, struct resource *r)
{
	const struct resource_selector *s = x->s;

	*r = (struct resource) { s->fixed, STR(""), v };
	return (s->category.n == 0 || text_of(x, i, v, &s->category, &r->category)) &&
	       text_of(x, i, v, &s->key, &r->key);
}

bool
resource_split(TALLOC_CTX *mem, const struct json *document, const struct resource_selector *s,
    struct resource **out, size_t *n, struct err *e)
{
	struct splitting   x = { .s = s, .mem = mem, .room = { .mem = mem }, .e = e };
	const struct json *list;
	struct resource   *r;
	bool               ok = true;

	if (s == NULL)
		return whole(mem, document, out, n, e);
	list = json_at(document, s->resources);
	if (list == NULL || list->type != JSON_ARRAY)
		return refuse_shape(&x, list);
	r = talloc_array(mem, struct resource, list->n);
	if (r == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < list->n && x.faults < FAULTS_MAX; i++)
		ok = element(&x, i, &list->items[i], &r[i]) && ok;
	*out = r;
	*n = list->n;
	return ok && resources_check_cut(mem, s->resources, r, list->n, e);
}
