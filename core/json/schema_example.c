/* schema.h: an example of a table's object, made from what the table says of its members. */
#include "core/json/schema.h"

#include <inttypes.h>
#include <string.h>

#define DEPTH_MAX 6 /* of objects in objects */

static void put_object(struct buf *b, const struct schema *s, enum schema_side side, int depth);

/* By its format, else by a word of its name; "text" where nothing is known. */
static const char *
text_of(const struct field *f)
{
	static const struct {
		const char *word, *text;
	} by_format[] = { { "email", "ana@example.org" }, { "uri", "https://example.org/hook" },
		{ "password", "seven blue kettles sing" } },
	  by_name[] = { { "email", "ana@example.org" }, { "tenant", "demo" }, { "slug", "demo" },
		  { "display_name", "Ana Analyst" }, { "name", "Production" },
		  { "reason", "Approved change 4711" }, { "note", "Looking at it" },
		  { "category", "conditionalAccessPolicies" }, { "key", "CA001" },
		  { "path", "/state" }, { "address", "192.0.2.7" },
		  { "recovery_code", "evfrs-78s14-7z13x-s5g4t-vcz06" }, { "code", "123456" },
		  { "title", "Policy disabled" } };

	for (size_t i = 0; f->format != NULL && i < sizeof(by_format) / sizeof(by_format[0]); i++)
		if (strcmp(f->format, by_format[i].word) == 0)
			return by_format[i].text;
	for (size_t i = 0; f->name != NULL && i < sizeof(by_name) / sizeof(by_name[0]); i++)
		if (strstr(f->name, by_name[i].word) != NULL)
			return by_name[i].text;
	return "text";
}

/* As long as it must be, and no longer than it may be. */
static void
put_text(struct buf *b, const struct field *f)
{
	const char *text = f->choices != NULL ? f->choices[0] : text_of(f);
	size_t      n = strlen(text), min = f->min > 0 ? (size_t)f->min : 0;
	struct buf  padded;

	if (f->choices != NULL || (n >= min && (f->max <= 0 || n <= (size_t)f->max))) {
		buf_json(b, str_of(text));
		return;
	}
	if (n > min)
		n = min > 0 ? min : 1;
	buf_make(&padded, b->mem);
	buf_add(&padded, text, n);
	while (padded.n < min)
		buf_putc(&padded, 'x');
	buf_json(b, buf_str(&padded));
}

static void
put_number(struct buf *b, const struct field *f)
{
	bool    bounded = f->min != 0 || f->max != 0;
	int64_t n = 60;

	if (bounded && n < f->min)
		n = f->min;
	if (bounded && f->max >= f->min && n > f->max)
		n = f->max;
	buf_i64(b, n);
}

static void
put_list(struct buf *b, const struct field *f, enum schema_side side, int depth)
{
	const struct field element = {
		.name = f->name, .choices = f->choices, .format = f->format
	};
	int64_t n = f->min > 1 ? f->min : 1;

	if (f->kind == FIELD_ITEMS && depth >= DEPTH_MAX)
		n = f->min;
	buf_putc(b, '[');
	for (int64_t i = 0; i < n; i++) {
		buf_puts(b, i > 0 ? "," : "");
		if (f->kind == FIELD_ITEMS)
			put_object(b, f->item, side, depth + 1);
		else
			put_text(b, &element);
	}
	buf_putc(b, ']');
}

static void
put_value(struct buf *b, const struct field *f, enum schema_side side, int depth)
{
	switch (f->kind) {
	case FIELD_STR:
		put_text(b, f);
		return;
	case FIELD_I64:
	case FIELD_U64:
		put_number(b, f);
		return;
	case FIELD_BOOL:
		buf_puts(b, "true");
		return;
	case FIELD_UUID:
		buf_puts(b, "\"01931a2b-4c5d-7e6f-8a9b-0c1d2e3f4a5b\"");
		return;
	case FIELD_TIME:
		buf_puts(b, "\"2026-11-21T20:47:00.123Z\"");
		return;
	case FIELD_STRINGS:
	case FIELD_ITEMS:
		put_list(b, f, side, depth);
		return;
	case FIELD_OBJECT:
		put_object(b, f->item, side, depth + 1);
		return;
	case FIELD_JSON:
		buf_puts(b, "{\"state\":\"enabled\"}");
		return;
	case FIELD_BLOB:
		return;
	}
}

static bool
has_required(const struct schema *s)
{
	for (const struct field *f = s->fields; f->name != NULL; f++)
		if (f->flags & FIELD_REQUIRED)
			return true;
	return false;
}

/* An answer has every member that it always has; a body what it needs, else what it may have. */
static bool
is_in_example(const struct field *f, enum schema_side side, bool required_only, int depth)
{
	bool deep = depth >= DEPTH_MAX && (f->kind == FIELD_OBJECT || f->kind == FIELD_ITEMS);

	if (!schema_shows(f, side))
		return false;
	if (side == SCHEMA_ANSWER)
		return !(f->flags & FIELD_OMIT_ZERO);
	if (f->flags & FIELD_REQUIRED)
		return true;
	return !required_only && !deep;
}

static void
put_object(struct buf *b, const struct schema *s, enum schema_side side, int depth)
{
	bool required_only = side == SCHEMA_BODY && has_required(s), any = false;

	buf_putc(b, '{');
	for (const struct field *f = s->fields; f->name != NULL; f++) {
		if (!is_in_example(f, side, required_only, depth))
			continue;
		buf_puts(b, any ? "," : "");
		buf_json(b, str_of(f->name));
		buf_putc(b, ':');
		if (f->flags & FIELD_NULLABLE && f->kind == FIELD_OBJECT)
			buf_puts(b, "null");
		else
			put_value(b, f, side, depth);
		any = true;
	}
	buf_putc(b, '}');
}

void
schema_example(struct buf *b, const struct schema *s, enum schema_side side)
{
	put_object(b, s, side, 0);
}
