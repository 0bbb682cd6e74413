#include "drift/golden/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drift/snapshot/baseline.h"

static const struct field variable_fields[] = {
	FIELD(struct golden_variable, name, .min = 1, .max = TEMPLATE_NAME_MAX,
	    .flags = FIELD_REQUIRED | FIELD_SEEN,
	    .doc = "A letter, then letters, digits and _; %name% in a string value or a key of a "
		   "resource refers to it."),
	FIELD(struct golden_variable, description, .max = 500,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO | FIELD_SEEN, .doc = "What it is for."),
	FIELD_AS(struct golden_variable, fallback, "default", .flags = FIELD_OMIT_ZERO,
	    .doc = "Any JSON value: what it is when a config gives none; absent: a config must "
		   "give one."),
	FIELD_END,
};
const struct schema golden_variable_schema =
    SCHEMA_GIVEN("GoldenVariable", struct golden_variable, variable_fields, given);

/* ---- checking ---- */

static bool
check_variables(TALLOC_CTX *mem, const struct golden_content *c, struct err *e)
{
	char pointer[64];

	for (size_t i = 0; i < c->variables_n; i++) {
		const struct golden_variable *v = &c->variables[i];

		snprintf(pointer, sizeof(pointer), "/variables/%zu/name", i);
		if (!template_is_name(str_of(v->name)))
			return err_fault(
			    e, mem, pointer, "must be a letter, then letters, digits and _");
		for (size_t j = 0; j < i; j++)
			if (strcmp(c->variables[j].name, v->name) == 0)
				return err_fault(e, mem, pointer, "was given before");
		snprintf(pointer, sizeof(pointer), "/variables/%zu/default", i);
		if (v->fallback.tree != NULL &&
		    !template_check_value(mem, v->fallback.tree, pointer, e))
			return false;
	}
	return true;
}

static struct template_variable *
declared(TALLOC_CTX *mem, const struct golden_content *c, struct err *e)
{
	struct template_variable *v =
	    talloc_zero_size(mem, (c->variables_n + 1) * sizeof(struct template_variable));

	if (v == NULL) {
		err_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < c->variables_n; i++)
		v[i] = (struct template_variable) { str_of(c->variables[i].name),
			c->variables[i].fallback.tree };
	return v;
}

bool
golden_check(TALLOC_CTX *mem, const struct golden_content *c, enum resource_origin from,
    struct work *work, struct err *e)
{
	struct template_variable *v;

	if (!resources_check(mem, c->resources, c->n, e) || !check_variables(mem, c, e))
		return false;
	v = declared(mem, c, e);
	return v != NULL &&
	       template_check(mem, &(struct template) { c->resources, c->n, v, c->variables_n },
		   from, work, e);
}

/* ---- made of a snapshot ---- */

/* In a normal form a string that begins with one U+0000 is a mask (resource.h). */
static bool
has_mask(const struct json *v)
{
	if (v->type == JSON_STRING)
		return v->text.n > 1 && v->text.p[0] == '\0' && v->text.p[1] != '\0';
	for (uint32_t i = 0; (v->type == JSON_ARRAY || v->type == JSON_OBJECT) && i < v->n; i++)
		if (has_mask(&v->items[i]))
			return true;
	return false;
}

static bool
take_held(const struct content_batch *b, TALLOC_CTX *mem, const struct held *h,
    struct golden_content *out, struct err *e)
{
	struct resource *r = &out->resources[out->n];
	struct json     *from, *to = talloc(mem, struct json);
	struct str       text;

	if (to == NULL)
		return err_memory(e);
	r->category = str_of(h->category);
	if (!template_quote(mem, str_of(h->key), &r->key, e))
		return false;
	if (r->key.n > RESOURCE_KEY_MAX)
		return err_fault(e, mem, "/snapshot_id",
		    "has a key with percent signs that is too long once they are doubled");
	if (!content_batch_text(b, mem, h->address, &text, e))
		return err_set(e, ERR_INTERNAL, 0, "internal error", "stored content is missing");
	from = json_parse(mem, text, e);
	if (from == NULL)
		return err_note(e, "reading stored content");
	out->masked = out->masked || has_mask(from);
	r->value = to;
	out->n++;
	return template_quote_value(mem, from, to, e);
}

static bool
take_some(struct tenant_db *t, TALLOC_CTX *mem, const struct held *h, size_t n,
    struct golden_content *out, struct err *e)
{
	const struct held    *at[CONTENT_BATCH] = { NULL };
	struct content_batch *b;
	bool                  ok;

	for (size_t i = 0; i < n; i++)
		at[i] = &h[i];
	b = baseline_batch(t, mem, at, n, e);
	ok = b != NULL;
	for (size_t i = 0; ok && i < n; i++)
		ok = take_held(b, mem, &h[i], out, e);
	talloc_free(b);
	return ok;
}

bool
golden_of_snapshot(struct tenant_db *t, TALLOC_CTX *mem, const struct snapshot *s,
    struct golden_content *out, struct err *e)
{
	struct held *held;
	size_t       n;

	*out = (struct golden_content) { 0 };
	if (!baseline_held(t, mem, s, &held, &n, e))
		return false;
	if (n > GOLDEN_RESOURCES_MAX)
		return err_fault(
		    e, mem, "/snapshot_id", "has more than %d resources", GOLDEN_RESOURCES_MAX);
	out->resources = talloc_zero_size(mem, (n + 1) * sizeof(out->resources[0]));
	if (out->resources == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i += CONTENT_BATCH)
		if (!take_some(
			t, mem, held + i, n - i < CONTENT_BATCH ? n - i : CONTENT_BATCH, out, e))
			return false;
	return true;
}

/* ---- the text: {"resources": [[category, key, value], ...], "variables": [...]} ---- */

bool
golden_print(TALLOC_CTX *mem, const struct golden_content *c, struct str *text, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, "{\"resources\":[");
	for (size_t i = 0; i < c->n; i++) {
		buf_puts(&b, i == 0 ? "[" : ",[");
		buf_json(&b, c->resources[i].category);
		buf_putc(&b, ',');
		buf_json(&b, c->resources[i].key);
		buf_putc(&b, ',');
		json_print(&b, c->resources[i].value);
		buf_putc(&b, ']');
	}
	buf_puts(&b, "],\"variables\":[");
	for (size_t i = 0; i < c->variables_n; i++) {
		buf_puts(&b, i == 0 ? "" : ",");
		if (!schema_encode(&b, &golden_variable_schema, &c->variables[i], e))
			return false;
	}
	buf_puts(&b, "]}");
	*text = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

static bool
broken(struct err *e)
{
	err_clear(e);
	return err_set(e, ERR_INTERNAL, 0, "internal error", "a stored template is broken");
}

static bool
golden_parse(TALLOC_CTX *mem, struct str text, struct golden_content *out, struct err *e)
{
	const struct json *tree = json_parse(mem, text, e);
	const struct json *r = tree == NULL ? NULL : json_get(tree, "resources");
	const struct json *v = tree == NULL ? NULL : json_get(tree, "variables");

	*out = (struct golden_content) { 0 };
	if (r == NULL || v == NULL || r->type != JSON_ARRAY || v->type != JSON_ARRAY)
		return broken(e);
	out->resources = talloc_zero_size(mem, ((size_t)r->n + 1) * sizeof(out->resources[0]));
	out->variables = talloc_zero_size(mem, ((size_t)v->n + 1) * sizeof(out->variables[0]));
	if (out->resources == NULL || out->variables == NULL)
		return err_memory(e);
	for (; out->n < r->n; out->n++) {
		const struct json *one = &r->items[out->n];

		if (one->type != JSON_ARRAY || one->n != 3)
			return broken(e);
		out->resources[out->n] =
		    (struct resource) { one->items[0].text, one->items[1].text, &one->items[2] };
	}
	for (; out->variables_n < v->n; out->variables_n++)
		if (!schema_decode(mem, &golden_variable_schema, &v->items[out->variables_n],
			&out->variables[out->variables_n], e))
			return broken(e);
	return true;
}

/* ---- finding ---- */

bool
golden_find(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct golden *g,
    bool *foreign, struct err *e)
{
	*foreign = false;
	if (golden_by_id(t->db, mem, id, g, e))
		return true;
	if (!err_take(e, ERR_MISSING))
		return false;
	*foreign = true;
	return golden_shared_head(t->db, mem, id, g, e);
}

bool
golden_load(struct tenant_db *t, TALLOC_CTX *mem, struct golden *g, bool foreign,
    struct golden_content *out, struct err *e)
{
	struct str text;

	if (foreign)
		return golden_shared_text(t, mem, &g->id, &g->version, &text, e) &&
		       golden_parse(mem, text, out, e);
	if (g->address.n != HASH_LEN)
		return broken(e);
	if (!content_by_address(t, mem, g->address.p, &text, e) || !golden_parse(mem, text, out, e))
		return false;
	out->masked = g->masked;
	return true;
}
