#include <inttypes.h>
#include <string.h>

#include "core/web/openapi.h"
#include "core/web/pass.h"

#define STATUSES_MAX 32

/* No outside resource, no script; readable in a terminal browser and on a phone. */
const char openapi_style[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;"
    "color:#1b1f24;background:#fff}"
    "h1{font-size:1.6rem}h2{margin-top:3rem;border-bottom:1px solid #ccd2d9}"
    "h3{margin:2rem 0 .3rem;font:600 1rem/1.4 ui-monospace,monospace;overflow-wrap:anywhere}"
    "nav a{margin-right:1rem}a{color:#0b57a4}code{font:.92em ui-monospace,monospace}"
    ".m{text-transform:uppercase;display:inline-block;min-width:4.2em;color:#fff;background:#"
    "3c4650;border-radius:3px;"
    "padding:0 .4em;margin-right:.6em;text-align:center}.get{background:#1a6d3c}"
    ".post{background:#0b57a4}.put{background:#8a5a00}.delete{background:#a3231f}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0}"
    "th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;"
    "border-bottom:1px solid #e4e8ec}p{margin:.3rem 0}"
    "@media(prefers-color-scheme:dark){body{color:#dfe4ea;background:#15191d}a{color:#7db8ff}"
    "h2{border-color:#3c4650}th,td{border-color:#2a3138}}";

static void
put_text(struct buf *b, const char *z)
{
	buf_html(b, str_of(z));
}

static void
put_component_link(struct buf *b, const struct schema *s, enum schema_side side)
{
	struct buf name;

	buf_make(&name, b->mem);
	schema_component(&name, s, side);
	buf_puts(b, "<a href=\"#");
	buf_html(b, buf_str(&name));
	buf_puts(b, "\">");
	buf_html(b, buf_str(&name));
	buf_puts(b, "</a>");
}

/* ---- members ---- */

static const char *
kind_text(const struct field *f)
{
	switch (f->kind) {
	case FIELD_STR:
		return f->format != NULL ? f->format : "string";
	case FIELD_I64:
	case FIELD_U64:
		return "integer";
	case FIELD_BOOL:
		return "true or false";
	case FIELD_UUID:
		return "uuid";
	case FIELD_TIME:
		return "date-time";
	case FIELD_JSON:
		return "any JSON";
	case FIELD_STRINGS:
		return "list of strings";
	case FIELD_ITEMS:
		return "list of ";
	case FIELD_OBJECT:
	case FIELD_BLOB:
		break;
	}
	return "";
}

static void
put_kind(struct buf *b, const struct field *f, enum schema_side side)
{
	put_text(b, kind_text(f));
	if (f->kind == FIELD_ITEMS || f->kind == FIELD_OBJECT)
		put_component_link(b, f->item, side);
	if (f->flags & FIELD_NULLABLE)
		buf_puts(b, " or null");
	if (f->min != 0 || f->max != 0)
		buf_printf(b, ", %" PRId64 " to %" PRId64, f->min, f->max);
	for (const char *const *c = f->choices; c != NULL && *c != NULL; c++) {
		buf_puts(b, c == f->choices ? ": <code>" : ", <code>");
		put_text(b, *c);
		buf_puts(b, "</code>");
	}
}

static bool
is_shown(const struct field *f, enum schema_side side)
{
	uint32_t hidden = side == SCHEMA_BODY ? FIELD_READ_ONLY : FIELD_SECRET;

	return f->kind != FIELD_BLOB && !(f->flags & (FIELD_NO_JSON | hidden));
}

static void
put_members(struct buf *b, const struct schema *s, enum schema_side side)
{
	buf_puts(b, "<table><thead><tr><th>Member<th>Kind<th>Meaning</thead><tbody>\n");
	for (const struct field *f = s->fields; f->name != NULL; f++) {
		if (!is_shown(f, side))
			continue;
		buf_puts(b, "<tr><td><code>");
		put_text(b, f->name);
		buf_puts(b, "</code>");
		if (side == SCHEMA_BODY && (f->flags & FIELD_REQUIRED))
			buf_puts(b, " (required)");
		buf_puts(b, "<td>");
		put_kind(b, f, side);
		buf_puts(b, "<td>");
		put_text(b, f->doc != NULL ? f->doc : "");
		buf_putc(b, '\n');
	}
	buf_puts(b, "</tbody></table>\n");
}

/* ---- operations ---- */

static void
put_body(struct buf *b, const struct route *rt)
{
	if (rt->in_kind == ROUTE_IN_NONE)
		return;
	buf_puts(b, "<p>Body: ");
	if (rt->in_kind == ROUTE_IN_DOCUMENT)
		buf_puts(b, "the document itself, any JSON");
	else if (rt->in != NULL)
		put_component_link(b, rt->in, SCHEMA_BODY);
	else
		buf_puts(b, "any JSON");
	buf_puts(b, ".</p>\n");
}

static void
put_answer(struct buf *b, const struct route *rt)
{
	int failures[STATUSES_MAX];

	buf_printf(b, "<p>Answer: %d", rt->status);
	if (rt->out_kind == ROUTE_OUT_RAW) {
		buf_puts(b, " with ");
		put_text(b, rt->out_type);
	}
	if (rt->out_kind == ROUTE_OUT_ONE || rt->out_kind == ROUTE_OUT_LIST) {
		buf_puts(b, rt->out_kind == ROUTE_OUT_LIST ? " with a list of " : " with ");
		put_component_link(b, rt->out, SCHEMA_ANSWER);
	}
	buf_puts(b, ". Failures:");
	openapi_failures(rt, failures, STATUSES_MAX);
	for (const int *s = failures; *s != 0; s++)
		buf_printf(b, s == failures ? " %d" : ", %d", *s);
	buf_puts(b, ", each with a ");
	put_component_link(b, &problem_schema, SCHEMA_ANSWER);
	buf_puts(b, ".</p>\n");
}

static void
put_operation(struct buf *b, const struct route *rt)
{
	const char *method = openapi_method(rt->method);

	buf_printf(b, "<h3><span class=\"m %s\">%s</span>", method, method);
	put_text(b, rt->path);
	buf_puts(b, "</h3>\n<p>");
	put_text(b, rt->doc);
	buf_puts(b, "</p>\n<p>");
	openapi_access(b, rt);
	buf_puts(b, "</p>\n");
	if (rt->query != NULL) {
		buf_puts(b, "<p>Query parameters:</p>\n");
		put_members(b, rt->query, SCHEMA_BODY);
	}
	put_body(b, rt);
	put_answer(b, rt);
}

/* ---- the page ---- */

typedef void tag_fn(struct buf *b, const struct app *app, const char *tag);

static void
each_tag(struct buf *b, const struct app *app, tag_fn *f)
{
	struct buf seen, tag;

	buf_make(&seen, b->mem);
	buf_putc(&seen, ' ');
	for (const struct route *const *t = app->routes; *t != NULL; t++) {
		for (const struct route *rt = *t; rt->path != NULL; rt++) {
			buf_make(&tag, b->mem);
			buf_putc(&tag, ' ');
			openapi_tag(&tag, rt->path);
			buf_putc(&tag, ' ');
			if (!buf_ok(&tag) || !buf_ok(&seen) || strstr(seen.p, tag.p) != NULL)
				continue;
			buf_puts(&seen, tag.p);
			tag.p[tag.n - 1] = '\0';
			f(b, app, tag.p + 1);
		}
	}
}

static void
put_tag_link(struct buf *b, const struct app *app, const char *tag)
{
	(void)app;
	buf_puts(b, "<a href=\"#tag-");
	put_text(b, tag);
	buf_puts(b, "\">");
	put_text(b, tag);
	buf_puts(b, "</a>\n");
}

static void
put_tag_section(struct buf *b, const struct app *app, const char *tag)
{
	struct buf own;

	buf_puts(b, "<h2 id=\"tag-");
	put_text(b, tag);
	buf_puts(b, "\">");
	put_text(b, tag);
	buf_puts(b, "</h2>\n");
	for (const struct route *const *t = app->routes; *t != NULL; t++) {
		for (const struct route *rt = *t; rt->path != NULL; rt++) {
			buf_make(&own, b->mem);
			openapi_tag(&own, rt->path);
			if (str_eqz(buf_str(&own), tag))
				put_operation(b, rt);
		}
	}
}

static void
put_components(struct buf *b, const struct components *c)
{
	buf_puts(b, "<h2 id=\"objects\">Objects</h2>\n");
	for (size_t i = 0; i < c->n; i++) {
		buf_puts(b, "<h3 id=\"");
		schema_component(b, c->items[i].schema, c->items[i].side);
		buf_puts(b, "\">");
		schema_component(b, c->items[i].schema, c->items[i].side);
		buf_puts(b, "</h3>\n");
		put_members(b, c->items[i].schema, c->items[i].side);
	}
}

bool
openapi_html(struct buf *b, const struct app *app, struct err *e)
{
	struct components c;

	if (!components_collect(b->mem, app, &c, e))
		return false;
	buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		    "<title>BlindSpotX API</title><style>");
	buf_puts(b, openapi_style);
	buf_puts(b, "</style></head><body>\n<h1>BlindSpotX API " BSX_VERSION "</h1>\n"
		    "<p>For programs: <a href=\"openapi.json\">openapi.json</a> (OpenAPI 3.1). "
		    "Bodies and answers are JSON; ids are UUIDs; instants are RFC 3339 in UTC. "
		    "Lists take <code>limit</code> and <code>cursor</code> and answer "
		    "<code>items</code> and <code>next_cursor</code>.</p>\n<nav>");
	each_tag(b, app, put_tag_link);
	buf_puts(b, "<a href=\"#objects\">objects</a></nav>\n");
	each_tag(b, app, put_tag_section);
	put_components(b, &c);
	buf_puts(b, "</body></html>\n");
	return buf_ok(b) || err_memory(e);
}
