/* schema.h: a field table as JSON Schema, for the OpenAPI document. */
#include "core/json/schema.h"

#include <inttypes.h>

bool
schema_shows(const struct field *f, enum schema_side side)
{
	uint32_t hidden = side == SCHEMA_BODY ? FIELD_READ_ONLY : FIELD_SECRET;

	return f->kind != FIELD_BLOB && !(f->flags & (FIELD_NO_JSON | hidden));
}

static bool
is_required(const struct field *f, enum schema_side side)
{
	if (side == SCHEMA_BODY)
		return (f->flags & FIELD_REQUIRED) != 0;
	return !(f->flags & FIELD_OMIT_ZERO); /* an answer has all of its members */
}

void
schema_component(struct buf *b, const struct schema *s, enum schema_side side)
{
	buf_puts(b, s->name);
	if (side == SCHEMA_BODY)
		buf_puts(b, "Input");
}

static void
put_ref(struct buf *b, const struct schema *s, enum schema_side side)
{
	buf_puts(b, "\"$ref\":\"#/components/schemas/");
	schema_component(b, s, side);
	buf_putc(b, '"');
}

static void
put_type(struct buf *b, const char *type, bool nullable)
{
	buf_printf(b, nullable ? "\"type\":[\"%s\",\"null\"]" : "\"type\":\"%s\"", type);
}

static void
put_choices(struct buf *b, const char *const *choices, bool nullable)
{
	buf_puts(b, ",\"enum\":[");
	for (size_t i = 0; choices[i] != NULL; i++) {
		if (i > 0)
			buf_putc(b, ',');
		buf_json(b, str_of(choices[i]));
	}
	buf_puts(b, nullable ? ",null]" : "]");
}

/* Named, and not all that there are. */
static void
put_open_choices(struct buf *b, const char *const *choices)
{
	buf_puts(b, ",\"anyOf\":[{\"type\":\"string\"");
	put_choices(b, choices, false);
	buf_puts(b, "},{\"type\":\"string\"}]");
}

/*
 * Our limits count bytes, JSON Schema's characters.  At most n bytes is at most
 * n characters; at least n bytes says of an answer only that it is not empty.
 */
static void
put_string(struct buf *b, const struct field *f, enum schema_side side, bool nullable)
{
	put_type(b, "string", nullable);
	if (f->min > 0)
		buf_printf(b, ",\"minLength\":%" PRId64, side == SCHEMA_BODY ? f->min : 1);
	if (f->max > 0)
		buf_printf(b, ",\"maxLength\":%" PRId64, f->max);
	if ((f->flags & FIELD_SEEN) && side == SCHEMA_BODY)
		buf_puts(b, f->min > 0 ? ",\"pattern\":\"\\\\S\"" : ",\"pattern\":\"^$|\\\\S\"");
	if (f->choices != NULL && (f->flags & FIELD_OPEN) != 0)
		put_open_choices(b, f->choices);
	else if (f->choices != NULL)
		put_choices(b, f->choices, nullable);
	if (f->format != NULL) {
		buf_puts(b, ",\"format\":");
		buf_json(b, str_of(f->format));
	}
}

static void
put_integer(struct buf *b, const struct field *f, bool nullable)
{
	bool bounded = f->min != 0 || f->max != 0;

	put_type(b, "integer", nullable);
	if (f->kind == FIELD_I64)
		buf_puts(b, ",\"format\":\"int64\"");
	if (bounded || f->kind == FIELD_U64)
		buf_printf(b, ",\"minimum\":%" PRId64, f->min);
	if (bounded && f->max >= f->min)
		buf_printf(b, ",\"maximum\":%" PRId64, f->max);
}

static void
put_formatted(struct buf *b, const char *format, bool nullable)
{
	put_type(b, "string", nullable);
	buf_printf(b, ",\"format\":\"%s\"", format);
}

static void
put_list(struct buf *b, const struct field *f, enum schema_side side, bool nullable)
{
	const struct field element = { .choices = f->choices, .format = f->format };

	put_type(b, "array", nullable);
	if (f->min > 0)
		buf_printf(b, ",\"minItems\":%" PRId64, f->min);
	if (f->max > 0)
		buf_printf(b, ",\"maxItems\":%" PRId64, f->max);
	buf_puts(b, ",\"items\":{");
	if (f->kind == FIELD_ITEMS)
		put_ref(b, f->item, side);
	else
		put_string(b, &element, side, false);
	buf_putc(b, '}');
}

static void
put_object_ref(struct buf *b, const struct field *f, enum schema_side side, bool nullable)
{
	if (nullable)
		buf_puts(b, "\"anyOf\":[{");
	put_ref(b, f->item, side);
	if (nullable)
		buf_puts(b, "},{\"type\":\"null\"}]");
}

/* False when nothing was written: any JSON value. */
static bool
put_kind(struct buf *b, const struct field *f, enum schema_side side)
{
	bool nullable = (f->flags & FIELD_NULLABLE) != 0;

	switch (f->kind) {
	case FIELD_STR:
		put_string(b, f, side, nullable);
		return true;
	case FIELD_I64:
	case FIELD_U64:
		put_integer(b, f, nullable);
		return true;
	case FIELD_BOOL:
		put_type(b, "boolean", nullable);
		return true;
	case FIELD_UUID:
		put_formatted(b, "uuid", nullable);
		return true;
	case FIELD_TIME:
		put_formatted(b, "date-time", nullable);
		return true;
	case FIELD_STRINGS:
	case FIELD_ITEMS:
		put_list(b, f, side, nullable);
		return true;
	case FIELD_OBJECT:
		put_object_ref(b, f, side, nullable);
		return true;
	case FIELD_JSON:
	case FIELD_BLOB:
		return false;
	}
	return false;
}

void
schema_openapi_field(struct buf *b, const struct field *f, enum schema_side side)
{
	bool written;

	buf_putc(b, '{');
	written = put_kind(b, f, side);
	if (f->doc != NULL) {
		buf_puts(b, written ? ",\"description\":" : "\"description\":");
		buf_json(b, str_of(f->doc));
	}
	if ((f->flags & FIELD_SECRET) && side == SCHEMA_BODY)
		buf_puts(
		    b, written || f->doc != NULL ? ",\"writeOnly\":true" : "\"writeOnly\":true");
	buf_putc(b, '}');
}

static void
put_member(struct buf *b, const struct field *f, enum schema_side side)
{
	buf_json(b, str_of(f->name));
	buf_putc(b, ':');
	schema_openapi_field(b, f, side);
}

static void
put_required(struct buf *b, const struct schema *s, enum schema_side side)
{
	const char *before = ",\"required\":[";
	bool        any = false;

	for (const struct field *f = s->fields; f->name != NULL; f++) {
		if (!schema_shows(f, side) || !is_required(f, side))
			continue;
		buf_puts(b, any ? "," : before);
		buf_json(b, str_of(f->name));
		any = true;
	}
	if (any)
		buf_putc(b, ']');
}

void
schema_openapi(struct buf *b, const struct schema *s, enum schema_side side)
{
	const struct field *f;
	bool                any = false;

	buf_puts(b, "{\"type\":\"object\",\"properties\":{");
	for (size_t i = 0; (f = schema_member(s, i)) != NULL; i++) {
		if (!schema_shows(f, side))
			continue;
		if (any)
			buf_putc(b, ',');
		put_member(b, f, side);
		any = true;
	}
	buf_putc(b, '}');
	put_required(b, s, side);
	if (side == SCHEMA_BODY)
		buf_puts(b, ",\"additionalProperties\":false");
	buf_putc(b, '}');
}

void
schema_refs(const struct schema *s, enum schema_side       side,
    void (*f)(void *arg, const struct schema *item), void *arg)
{
	const struct field *m;

	for (size_t i = 0; (m = schema_member(s, i)) != NULL; i++)
		if (schema_shows(m, side) && (m->kind == FIELD_ITEMS || m->kind == FIELD_OBJECT))
			f(arg, m->item);
}
