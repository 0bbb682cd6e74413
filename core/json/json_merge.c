#include "core/json/json_merge.h"

static const struct json nothing = { .type = JSON_OBJECT };

static bool
make_object(TALLOC_CTX *mem, size_t most, struct json *out, struct err *e)
{
	*out = (struct json) { .type = JSON_OBJECT };
	out->items = talloc_array(mem, struct json, (unsigned)most + 1);
	out->names = talloc_array(mem, struct str, (unsigned)most + 1);
	return (out->items != NULL && out->names != NULL) || err_memory(e);
}

static const struct json *
member(const struct json *o, struct str name)
{
	for (uint32_t i = 0; o->type == JSON_OBJECT && i < o->n; i++)
		if (str_eq(o->names[i], name))
			return &o->items[i];
	return NULL;
}

bool
json_merge(TALLOC_CTX *mem, const struct json *base, const struct json *change, struct json *out,
    struct err *e)
{
	if (change->type != JSON_OBJECT) {
		*out = *change;
		return true;
	}
	if (base == NULL || base->type != JSON_OBJECT)
		base = &nothing;
	if (!make_object(mem, (size_t)base->n + change->n, out, e))
		return false;
	for (uint32_t i = 0; i < base->n; i++) {
		if (member(change, base->names[i]) != NULL)
			continue;
		out->names[out->n] = base->names[i];
		out->items[out->n++] = base->items[i];
	}
	for (uint32_t i = 0; i < change->n; i++) {
		out->names[out->n] = change->names[i];
		if (!json_merge(mem, member(base, change->names[i]), &change->items[i],
			&out->items[out->n++], e))
			return false;
	}
	return true;
}

bool
json_without_nulls(TALLOC_CTX *mem, const struct json *in, struct json *out, struct err *e)
{
	if (in->type != JSON_OBJECT) {
		*out = *in;
		return true;
	}
	if (!make_object(mem, in->n, out, e))
		return false;
	for (uint32_t i = 0; i < in->n; i++) {
		if (in->items[i].type == JSON_NULL)
			continue;
		out->names[out->n] = in->names[i];
		if (!json_without_nulls(mem, &in->items[i], &out->items[out->n++], e))
			return false;
	}
	return true;
}
