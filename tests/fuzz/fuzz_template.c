/*
 * Properties of drift/engine/template on a value, an object of variables and a list of operations
 * (0xFF, which no UTF-8 text holds, parts them):
 *   - what is rendered is a document that reads back, and no larger than it may be;
 *   - a template without a percent sign renders to itself, a quoted one to what was quoted;
 *   - what passes the check with a text for every variable is rendered;
 *   - differences that all apply leave the same whether they are strict or not, and one that
 *     does not apply leaves the others as if it were not there.
 */
#include <assert.h>
#include <string.h>

#include "drift/engine/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define MOST 32

struct world {
	TALLOC_CTX              *mem;
	struct template_variable v[MOST];
	size_t                   vn;
	struct difference        d[MOST];
	size_t                   dn;
};

static struct str
part(const uint8_t **p, size_t *n)
{
	const uint8_t *end = memchr(*p, 0xff, *n);
	struct str     out = { (const char *)*p, end == NULL ? *n : (size_t)(end - *p) };

	*n -= end == NULL ? *n : out.n + 1;
	*p += end == NULL ? out.n : out.n + 1;
	return out;
}

static const char *
print(TALLOC_CTX *mem, const struct json *v)
{
	struct buf b;

	buf_make(&b, mem);
	json_print(&b, v);
	assert(buf_ok(&b));
	return b.p;
}

static void
take_variables(struct world *w, const struct json *o)
{
	for (uint32_t i = 0; o != NULL && o->type == JSON_OBJECT && i < o->n && w->vn < MOST; i++)
		if (template_is_name(o->names[i]))
			w->v[w->vn++] = (struct template_variable) { o->names[i], &o->items[i] };
}

/* [[op, path, value], ...], all of the one resource or, with an odd number, of another. */
static void
take_differences(struct world *w, const struct json *list)
{
	for (uint32_t i = 0; list != NULL && list->type == JSON_ARRAY && i < list->n && i < MOST;
	     i++) {
		const struct json *one = &list->items[i];
		struct difference *d = &w->d[w->dn];

		if (one->type != JSON_ARRAY || one->n < 2 || one->items[0].type != JSON_STRING ||
		    one->items[1].type != JSON_STRING)
			continue;
		*d = (struct difference) { STR("c"), STR("k"), one->items[1].text, DIFFERENCE_ADD,
			one->n > 2 ? &one->items[2] : NULL, NULL };
		if (!difference_op_parse(str_dup(w->mem, one->items[0].text), &d->op) ||
		    (d->op == DIFFERENCE_REMOVE) != (d->value == NULL))
			continue;
		if (one->n > 3)
			d->key = STR("other");
		w->dn++;
	}
}

static void
check_render(struct world *w, const struct json *value)
{
	struct err            e = { 0 }, why = { 0 };
	const struct resource r = { STR("c"), STR("k"), value };
	struct resource      *out;
	const char           *text = print(w->mem, value);
	bool                  good, texts = true;
	const struct json    *back;

	good = template_check(
	    w->mem, &(struct template) { &r, 1, w->v, w->vn }, RESOURCE_SOURCE, NULL, &why);
	for (size_t i = 0; i < w->vn; i++)
		texts = texts && w->v[i].value->type == JSON_STRING && w->v[i].value->text.n < 64;
	if (!template_render(
		w->mem, &(struct template) { &r, 1, w->v, w->vn }, "/v", &out, NULL, &e)) {
		assert(e.code == ERR_INVALID && e.faults != NULL);
		assert(!good || !texts || strlen(text) > 10000);
		return;
	}
	back = json_parse(w->mem, str_of(print(w->mem, out[0].value)), &e);
	assert(back != NULL || e.code == ERR_TOO_LARGE);
	if (strchr(text, '%') == NULL)
		assert(strcmp(print(w->mem, out[0].value), text) == 0);
}

static void
check_quote(struct world *w, const struct json *value)
{
	struct err      e = { 0 };
	struct json     quoted;
	struct resource r = { STR("c"), STR("k"), &quoted }, *out;
	bool            ok;

	ok = template_quote_value(w->mem, value, &quoted, &e) &&
	     template_check(
		 w->mem, &(struct template) { &r, 1, NULL, 0 }, RESOURCE_STORED, NULL, &e) &&
	     template_render(w->mem, &(struct template) { &r, 1, NULL, 0 }, "", &out, NULL, &e);
	assert(ok);
	assert(strcmp(print(w->mem, out[0].value), print(w->mem, value)) == 0);
}

static const char *
differed(struct world *w, const struct json *value, struct difference *d, size_t dn, bool strict)
{
	struct err      e = { 0 };
	struct resource list[MOST + 1] = { { STR("c"), STR("k"), value } };
	size_t          n = 1;
	bool            ok = template_differ(
		       w->mem, list, &n, &(struct differences) { d, dn, strict ? "/d" : NULL }, NULL, &e);
	char *out = talloc_strdup(w->mem, "");

	assert(ok || (strict && e.code == ERR_INVALID));
	for (size_t i = 0; ok && i < n; i++)
		out = talloc_asprintf_append(out, "%.*s=%s;", (int)list[i].key.n, list[i].key.p,
		    print(w->mem, list[i].value));
	return ok ? out : NULL;
}

static void
check_differences(struct world *w, const struct json *value)
{
	struct difference once[MOST], kept[MOST];
	const char       *strict, *loose;
	size_t            n = 0;

	memcpy(once, w->d, sizeof(once));
	strict = differed(w, value, once, w->dn, true);
	memcpy(once, w->d, sizeof(once));
	loose = differed(w, value, once, w->dn, false);
	assert(loose != NULL && (strict == NULL || strcmp(strict, loose) == 0));
	for (size_t i = 0; i < w->dn; i++)
		if (once[i].why == NULL)
			kept[n++] = w->d[i];
	assert((strict != NULL) == (n == w->dn));
	strict = differed(w, value, kept, n, true);
	assert(strict != NULL && strcmp(strict, loose) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world *w = talloc_zero(NULL, struct world);
	struct err    e = { 0 };
	struct json  *value;

	w->mem = w;
	value = json_parse(w, part(&data, &n), &e);
	if (value != NULL) {
		take_variables(w, json_parse(w, part(&data, &n), &(struct err) { 0 }));
		take_differences(w, json_parse(w, part(&data, &n), &(struct err) { 0 }));
		check_render(w, value);
		check_quote(w, value);
		check_differences(w, value);
	}
	talloc_free(w);
	return 0;
}
