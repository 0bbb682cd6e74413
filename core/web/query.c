/* pass.h: query parameters, by the row's table. */
#include <string.h>

#include "core/web/pass.h"
#include "core/web/target.h"

static bool
parse_one(TALLOC_CTX *mem, struct str text, struct query_param *out, struct err *e)
{
	struct str name, value = str_cut(text, '=', &name);

	if (name.n > 0 && percent_decode(mem, name, true, &out->name) &&
	    percent_decode(mem, value, true, &out->value))
		return true;
	return err_set(e, ERR_BAD_REQUEST, 0, "The query string is malformed.",
	    "query: empty name, bad escape, NUL or no UTF-8");
}

bool
query_parse(TALLOC_CTX *mem, struct str text, struct query_param **params, size_t *n, struct err *e)
{
	struct query_param *all;
	struct str          one;

	*params = NULL;
	*n = 0;
	if (text.n == 0)
		return true;
	all = talloc_zero_array(mem, struct query_param, LIMIT_QUERY_PARAMS);
	if (all == NULL)
		return err_memory(e);
	while (text.p != NULL) {
		text = str_cut(text, '&', &one);
		if (one.n == 0)
			continue;
		if (*n == LIMIT_QUERY_PARAMS)
			return err_set(e, ERR_BAD_REQUEST, 0, "Too many query parameters.",
			    "more than %d query parameters", LIMIT_QUERY_PARAMS);
		if (!parse_one(all, one, &all[*n], e))
			return false;
		(*n)++;
	}
	*params = all;
	return true;
}

/* ---- by a field table: the parameters become the tree of a JSON object ---- */

static const struct field *
field_by_name(const struct schema *s, struct str name)
{
	for (const struct field *f = s->fields; f->name != NULL; f++)
		if (str_eqz(name, f->name))
			return f;
	return NULL;
}

/* As the field's kind would be written in JSON; what does not look so stays a string, a wrong type.
 */
static struct json
value_of(const struct field *f, struct str text)
{
	struct json v = { .type = JSON_STRING, .text = text };
	int64_t     i;
	uint64_t    u;

	if (f == NULL)
		return v;
	if ((f->kind == FIELD_I64 && str_to_i64(text, &i)) ||
	    (f->kind == FIELD_U64 && str_to_u64(text, &u)))
		v.type = JSON_NUMBER;
	if (f->kind == FIELD_BOOL && str_eqz(text, "true"))
		v.type = JSON_TRUE;
	if (f->kind == FIELD_BOOL && str_eqz(text, "false"))
		v.type = JSON_FALSE;
	return v;
}

static struct json *
member_by_name(struct json *o, struct str name)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (str_eq(o->names[i], name))
			return &o->items[i];
	return NULL;
}

static bool
append_text(TALLOC_CTX *mem, struct json *list, struct str text, struct err *e)
{
	struct json *items = talloc_realloc(mem, list->items, struct json, list->n + 1);

	if (items == NULL)
		return err_memory(e);
	items[list->n++] = (struct json) { .type = JSON_STRING, .text = text };
	list->items = items;
	return true;
}

static bool
put_param(TALLOC_CTX *mem, const struct schema *s, struct json *o, const struct query_param *q,
    struct err *e)
{
	const struct field *f = field_by_name(s, q->name);
	struct json        *have = member_by_name(o, q->name);
	bool                list = f != NULL && f->kind == FIELD_STRINGS;

	if (have != NULL && !list)
		return err_set(e, ERR_BAD_REQUEST, 0, "A query parameter came twice.",
		    "query parameter came twice");
	if (have == NULL) {
		have = &o->items[o->n];
		o->names[o->n++] = q->name;
		*have = list ? (struct json) { .type = JSON_ARRAY } : value_of(f, q->value);
	}
	return !list || append_text(mem, have, q->value, e);
}

bool
query_decode(TALLOC_CTX *mem, const struct schema *s, const struct query_param *params, size_t n,
    void **out, struct err *e)
{
	struct json o = { .type = JSON_OBJECT };

	o.items = talloc_zero_array(mem, struct json, (unsigned)n + 1);
	o.names = talloc_zero_array(mem, struct str, (unsigned)n + 1);
	*out = talloc_zero_size(mem, s->size);
	if (o.items == NULL || o.names == NULL || *out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		if (!put_param(mem, s, &o, &params[i], e))
			return false;
	return schema_decode_new(mem, s, &o, *out, e);
}

/* Where others add parameters of their own, only those that the row knows are looked at. */
static void
drop_unknown(struct request *r, const struct schema *s)
{
	size_t n = 0;

	for (size_t i = 0; i < r->query_n; i++)
		if (field_by_name(s, r->query_params[i].name) != NULL)
			r->query_params[n++] = r->query_params[i];
	r->query_n = n;
}

bool
step_query(struct request *r, struct err *e)
{
	static const struct field no_fields[] = {
		FIELD_END,
	};
	static const struct schema none = { "None", no_fields, 1, -1 };
	const struct schema       *s = r->route->query;

	if (s != NULL && r->route->query_open)
		drop_unknown(r, s);
	if (s == NULL && r->query_n == 0)
		return true;
	return query_decode(
	    r->mem, s != NULL ? s : &none, r->query_params, r->query_n, &r->query, e);
}
