/* openapi.h: the contract as a page to read. */
#include <inttypes.h>
#include <string.h>

#include "core/web/body_type.h"
#include "core/web/openapi/openapi.h"
#include "core/web/pass.h"

#define STATUSES_MAX 32

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

static void
put_members(struct buf *b, const struct schema *s, enum schema_side side)
{
	const struct field *f;

	buf_puts(b, "<dl class=\"members\">\n");
	for (size_t i = 0; (f = schema_member(s, i)) != NULL; i++) {
		if (!schema_shows(f, side))
			continue;
		buf_puts(b, "<div><dt><code>");
		put_text(b, f->name);
		buf_puts(b, "</code> <span class=\"kind\">");
		put_kind(b, f, side);
		if (side == SCHEMA_BODY && (f->flags & FIELD_REQUIRED))
			buf_puts(b, ", required");
		buf_puts(b, "</span></dt><dd>");
		put_text(b, f->doc != NULL ? f->doc : "");
		buf_puts(b, "</dd></div>\n");
	}
	buf_puts(b, "</dl>\n");
}

/* ---- examples ---- */

#define AN_ID "01931a2b-4c5d-7e6f-8a9b-0c1d2e3f4a5b"

/* What stands in braces is filled in. */
static void
put_address(struct buf *b, const char *path)
{
	struct str rest = str_of(path), before, name;

	while (rest.p != NULL) {
		rest = str_cut(rest, '{', &before);
		buf_html(b, before);
		if (rest.p == NULL)
			return;
		rest = str_cut(rest, '}', &name);
		buf_html(b, str_starts(name, "id") ? STR(AN_ID) : name);
	}
}

static void
put_body_example(struct buf *b, const struct route *rt)
{
	struct buf json;

	if (rt->in_kind == ROUTE_IN_DOCUMENT) {
		buf_puts(b, " \\\n  -H &#39;Content-Type: application/json&#39; --data-binary "
			    "@policy.json");
		return;
	}
	if (rt->in_kind == ROUTE_IN_FORM) {
		buf_puts(b, " \\\n  --data-urlencode ...");
		return;
	}
	if (rt->in == NULL)
		return;
	buf_make(&json, b->mem);
	schema_example(&json, rt->in, SCHEMA_BODY);
	buf_puts(b, " \\\n  -H &#39;Content-Type: application/json&#39; -d &#39;");
	buf_html(b, buf_str(&json));
	buf_puts(b, "&#39;");
}

static void
put_request_example(struct buf *b, const struct route *rt)
{
	buf_puts(b, "<pre><code>curl ");
	if (rt->method != GET)
		buf_printf(b, "-X %s ",
		    rt->method == POST  ? "POST"
		    : rt->method == PUT ? "PUT"
					: "DELETE");
	buf_puts(b, "&quot;$url");
	put_address(b, rt->path);
	buf_puts(b, "&quot;");
	if (rt->access.who != ACCESS_WHO_ANYONE)
		buf_puts(b, " \\\n  -H &quot;Authorization: Bearer $token&quot;");
	put_body_example(b, rt);
	buf_puts(b, "</code></pre>\n");
}

static void
put_answer_example(struct buf *b, const struct route *rt)
{
	struct buf json;

	if (rt->out_kind != ROUTE_OUT_ONE && rt->out_kind != ROUTE_OUT_LIST)
		return;
	buf_make(&json, b->mem);
	buf_puts(&json, rt->out_kind == ROUTE_OUT_LIST ? "{\"items\":[" : "");
	schema_example(&json, rt->out, SCHEMA_ANSWER);
	buf_puts(&json, rt->out_kind == ROUTE_OUT_LIST ? "],\"next_cursor\":null}" : "");
	buf_puts(b, "<pre><code class=\"json\">");
	buf_html(b, buf_str(&json));
	buf_puts(b, "</code></pre>\n");
}

/* ---- operations ---- */

static void
put_body(struct buf *b, const struct route *rt)
{
	if (rt->in_kind == ROUTE_IN_NONE)
		return;
	buf_puts(b, "<p>Body: ");
	if (rt->in_kind == ROUTE_IN_DOCUMENT)
		buf_puts(b, "the document itself, any JSON, in UTF-8 or UTF-16");
	else if (rt->in != NULL)
		put_component_link(b, rt->in, SCHEMA_BODY);
	else
		buf_puts(b, "any JSON");
	buf_puts(
	    b, body_is_large(rt) ? "; Content-Encoding may be gzip or zstd.</p>\n" : ".</p>\n");
}

static void
put_answer(struct buf *b, const struct app *app, const struct route *rt)
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
	buf_puts(b, rt->tagged ? ", and an entity tag (ETag; 304 with If-None-Match). Failures:"
			       : ". Failures:");
	openapi_failures(app, rt, failures, STATUSES_MAX);
	for (const int *s = failures; *s != 0; s++)
		buf_printf(b, s == failures ? " %d" : ", %d", *s);
	buf_puts(b, ", each with a ");
	put_component_link(b, &problem_schema, SCHEMA_ANSWER);
	buf_puts(b, ".</p>\n");
}

static void
put_name(struct buf *b, const struct route *rt)
{
	const char *method = openapi_method(rt->method);

	buf_printf(b, "<span class=\"method %s\">%s</span> <code>", method, method);
	openapi_path(b, rt->path);
	buf_puts(b, "</code>");
}

static void
put_operation(struct buf *b, const struct app *app, const struct route *rt)
{
	buf_puts(b, "<section class=\"entry\" id=\"");
	openapi_operation_id(b, rt);
	buf_puts(b, "\">\n<h3>");
	put_name(b, rt);
	buf_puts(b, "</h3>\n<p>");
	put_text(b, rt->doc);
	buf_puts(b, "</p>\n<p class=\"small\">");
	openapi_access(b, rt);
	buf_puts(b, "</p>\n");
	if (rt->query != NULL && rt->query->fields[0].name != NULL) {
		buf_puts(b, "<p>Query parameters:</p>\n");
		put_members(b, rt->query, SCHEMA_BODY);
	}
	put_body(b, rt);
	if (openapi_is_conditional(app, rt))
		buf_puts(b, "<p>If-Match takes the entity tag it had when it was read.</p>\n");
	put_answer(b, app, rt);
	buf_puts(b, "<details><summary>Example</summary>\n");
	put_request_example(b, rt);
	put_answer_example(b, rt);
	buf_puts(b, "</details>\n</section>\n");
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

typedef void row_fn(struct buf *b, const struct app *app, const struct route *rt);

static void
each_row(struct buf *b, const struct app *app, const char *tag, row_fn *f)
{
	struct buf own;

	for (const struct route *const *t = app->routes; *t != NULL; t++) {
		for (const struct route *rt = *t; rt->path != NULL; rt++) {
			buf_make(&own, b->mem);
			openapi_tag(&own, rt->path);
			if (str_eqz(buf_str(&own), tag))
				f(b, app, rt);
		}
	}
}

static void
put_row_link(struct buf *b, const struct app *app, const struct route *rt)
{
	(void)app;
	buf_puts(b, "<li><a href=\"#");
	openapi_operation_id(b, rt);
	buf_puts(b, "\">");
	put_name(b, rt);
	buf_puts(b, "</a></li>\n");
}

static void
put_tag_contents(struct buf *b, const struct app *app, const char *tag)
{
	buf_puts(b, "<li><a class=\"tag-link\" href=\"#tag-");
	put_text(b, tag);
	buf_puts(b, "\">");
	put_text(b, tag);
	buf_puts(b, "</a>\n<ul>\n");
	each_row(b, app, tag, put_row_link);
	buf_puts(b, "</ul></li>\n");
}

static void
put_tag_section(struct buf *b, const struct app *app, const char *tag)
{
	buf_puts(b, "<section class=\"group\">\n<h2 id=\"tag-");
	put_text(b, tag);
	buf_puts(b, "\">");
	put_text(b, tag);
	buf_puts(b, "</h2>\n");
	each_row(b, app, tag, put_operation);
	buf_puts(b, "</section>\n");
}

static void
put_components(struct buf *b, const struct components *c)
{
	buf_puts(b, "<section class=\"group\">\n<h2 id=\"objects\">Objects</h2>\n");
	for (size_t i = 0; i < c->n; i++) {
		buf_puts(b, "<section class=\"entry\" id=\"");
		schema_component(b, c->items[i].schema, c->items[i].side);
		buf_puts(b, "\">\n<h3>");
		schema_component(b, c->items[i].schema, c->items[i].side);
		buf_puts(b, "</h3>\n");
		put_members(b, c->items[i].schema, c->items[i].side);
		buf_puts(b, "</section>\n");
	}
	buf_puts(b, "</section>\n");
}

static void
put_head(struct buf *b, const char *files)
{
	buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n"
		    "<title>BlindSpotX API</title>\n");
	buf_printf(b,
	    "<link rel=\"icon\" type=\"image/svg+xml\" href=\"%s/icon.svg\">\n"
	    "<link rel=\"stylesheet\" href=\"%s/style.css\">\n"
	    "<link rel=\"stylesheet\" href=\"%s/docs.css\">\n"
	    "<script type=\"module\" src=\"%s/docs.js\"></script>\n</head>\n",
	    files, files, files, files);
}

static void
put_introduction(struct buf *b)
{
	buf_puts(b, "<h1>BlindSpotX API " BSX_VERSION "</h1>\n"
		    "<p>For programs: <a href=\"openapi.json\">openapi.json</a> (OpenAPI 3.1). "
		    "Bodies and answers are JSON; ids are UUIDs; instants are RFC 3339 in UTC. "
		    "Lists take <code>limit</code> and <code>cursor</code> and answer "
		    "<code>items</code> and <code>next_cursor</code>.</p>\n"
		    "<p>In the examples <code>$url</code> is this installation's address and "
		    "<code>$token</code> the <code>access_token</code> of a sign-in with "
		    "<code>&quot;delivery&quot;:&quot;body&quot;</code>, or an API key.</p>\n"
		    "<form id=\"search\" role=\"search\" hidden><label for=\"words\">Search</label>"
		    "<input id=\"words\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\">"
		    "<p id=\"found\" class=\"small\" role=\"status\"></p></form>\n");
}

bool
openapi_html(struct buf *b, const struct app *app, const char *files, struct err *e)
{
	struct components c;

	if (!components_collect(b->mem, app, &c, e))
		return false;
	put_head(b, files);
	buf_puts(
	    b, "<body class=\"docs\">\n<header class=\"bar\"><a class=\"brand\" href=\"../\">");
	buf_printf(b, "<img src=\"%s/icon.svg\" alt=\"\" width=\"28\" height=\"28\">", files);
	buf_puts(b,
	    "BlindSpotX</a></header>\n<nav aria-label=\"Contents\"><details id=\"contents\">"
	    "<summary>Contents</summary>\n<ul>\n");
	each_tag(b, app, put_tag_contents);
	buf_puts(b,
	    "<li><a class=\"tag-link\" href=\"#objects\">Objects</a></li>\n</ul></details></nav>\n"
	    "<main id=\"main\">\n");
	put_introduction(b);
	each_tag(b, app, put_tag_section);
	put_components(b, &c);
	buf_puts(b, "</main>\n</body>\n</html>\n");
	return buf_ok(b) || err_memory(e);
}
