#include "core/web/openapi/openapi.h"

#include <stdio.h>
#include <string.h>

#include "core/web/body_type.h"
#include "core/web/pass.h"

#define STATUSES_MAX 32

/* ---- paths ---- */

static void
put_path_parameters(struct buf *b, const char *path, bool *any)
{
	const char *open, *close;
	unsigned    ids = 0;

	for (open = strchr(path, '{'); open != NULL; open = strchr(close, '{')) {
		struct str name;
		bool       id;

		close = strchr(open, '}');
		if (close == NULL)
			return;
		name = (struct str) { open + 1, (size_t)(close - open - 1) };
		id = str_eqz(name, "id");
		buf_puts(b, *any ? ",{\"name\":\"" : "{\"name\":\"");
		buf_add(b, name.p, name.n);
		if (id && ++ids > 1)
			buf_printf(b, "%u", ids);
		buf_puts(b, "\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"");
		buf_puts(b, id ? ",\"format\":\"uuid\"}}" : "}}");
		*any = true;
	}
}

static void
put_query_parameters(struct buf *b, const struct schema *s, bool *any)
{
	for (const struct field *f = s->fields; f->name != NULL; f++) {
		if (f->flags & (FIELD_NO_JSON | FIELD_READ_ONLY))
			continue;
		buf_puts(b, *any ? ",{\"name\":" : "{\"name\":");
		buf_json(b, str_of(f->name));
		buf_puts(b, ",\"in\":\"query\",\"required\":");
		buf_puts(b, f->flags & FIELD_REQUIRED ? "true" : "false");
		buf_puts(b, ",\"schema\":");
		schema_openapi_field(b, f, SCHEMA_BODY);
		buf_putc(b, '}');
		*any = true;
	}
}

static void
put_parameter(struct buf *b, const char *name, bool *any)
{
	buf_printf(b, "%s{\"$ref\":\"#/components/parameters/%s\"}", *any ? "," : "", name);
	*any = true;
}

static void
put_parameters(struct buf *b, const struct app *app, const struct route *rt)
{
	bool any = false;

	buf_puts(b, ",\"parameters\":[");
	put_path_parameters(b, rt->path, &any);
	if (rt->query != NULL)
		put_query_parameters(b, rt->query, &any);
	if (rt->method != GET && rt->access.who != ACCESS_WHO_ANYONE)
		put_parameter(b, "CsrfToken", &any);
	if (route_may_act(rt))
		put_parameter(b, "ActingTenant", &any);
	if (rt->tagged)
		put_parameter(b, "IfNoneMatch", &any);
	if (openapi_is_conditional(app, rt))
		put_parameter(b, "IfMatch", &any);
	if (body_is_large(rt))
		put_parameter(b, "ContentEncoding", &any);
	buf_putc(b, ']');
}

/* ---- contents ---- */

static void
put_ref(struct buf *b, const struct schema *s, enum schema_side side)
{
	buf_puts(b, "{\"$ref\":\"#/components/schemas/");
	schema_component(b, s, side);
	buf_puts(b, "\"}");
}

static void
put_example(struct buf *b, const struct schema *s, enum schema_side side)
{
	buf_puts(b, ",\"example\":");
	schema_example(b, s, side);
}

static void
put_body(struct buf *b, const struct route *rt)
{
	if (rt->in_kind == ROUTE_IN_NONE)
		return;
	buf_printf(b, ",\"requestBody\":{\"required\":true,\"content\":{\"%s\":{\"schema\":",
	    rt->in_kind == ROUTE_IN_FORM ? "application/x-www-form-urlencoded"
					 : "application/json");
	if (rt->in != NULL)
		put_ref(b, rt->in, SCHEMA_BODY);
	else
		buf_puts(b, "{}");
	if (rt->in != NULL)
		put_example(b, rt->in, SCHEMA_BODY);
	buf_putc(b, '}');
	if (rt->in_kind == ROUTE_IN_DOCUMENT)
		buf_puts(b, ",\"text/plain\":{\"schema\":{\"type\":\"string\"}},"
			    "\"application/octet-stream\":{}");
	buf_puts(b, "}}");
}

static void
put_raw(struct buf *b, const char *type)
{
	buf_json(b, str_of(type));
	buf_puts(
	    b, str_starts(str_of(type), "text/") ? ":{\"schema\":{\"type\":\"string\"}}" : ":{}");
}

/* Ends the content object. */
static void
put_also(struct buf *b, const struct route *rt)
{
	for (const char *const *type = rt->also; type != NULL && *type != NULL; type++) {
		buf_putc(b, ',');
		put_raw(b, *type);
	}
	buf_putc(b, '}');
}

static void
put_success_content(struct buf *b, const struct route *rt)
{
	switch (rt->out_kind) {
	case ROUTE_OUT_NONE:
		return;
	case ROUTE_OUT_ONE:
		buf_puts(b, ",\"content\":{\"application/json\":{\"schema\":");
		put_ref(b, rt->out, SCHEMA_ANSWER);
		put_example(b, rt->out, SCHEMA_ANSWER);
		buf_putc(b, '}');
		put_also(b, rt);
		return;
	case ROUTE_OUT_LIST:
		buf_puts(b, ",\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\","
			    "\"required\":[\"items\",\"next_cursor\"],\"properties\":{"
			    "\"items\":{\"type\":\"array\",\"items\":");
		put_ref(b, rt->out, SCHEMA_ANSWER);
		buf_puts(b, "},\"next_cursor\":{\"type\":[\"string\",\"null\"]}}},\"example\":{"
			    "\"items\":[");
		schema_example(b, rt->out, SCHEMA_ANSWER);
		buf_puts(b, "],\"next_cursor\":null}}");
		if (rt->out_type != NULL) {
			buf_putc(b, ',');
			buf_json(b, str_of(rt->out_type));
			buf_puts(b, ":{\"schema\":{\"type\":\"string\"}}");
		}
		put_also(b, rt);
		return;
	case ROUTE_OUT_RAW:
		buf_puts(b, ",\"content\":{");
		put_raw(b, rt->out_type);
		put_also(b, rt);
		return;
	}
}

/* Of every answer; the rate limit's are left out where a class is off. */
#define HEADER(field, name) "\"" field "\":{\"$ref\":\"#/components/headers/" name "\"}"
#define HEADERS_BUT_END                                                                            \
	",\"headers\":{" HEADER("X-Request-Id", "RequestId") "," HEADER(                           \
	    "RateLimit-Policy", "RateLimitPolicy") "," HEADER("RateLimit", "RateLimit")
#define HEADERS HEADERS_BUT_END "}"

static void
put_success(struct buf *b, const struct route *rt, int status)
{
	buf_printf(b, "\"%d\":{\"description\":", status);
	buf_json(b, str_of(openapi_status(status)));
	buf_puts(b, HEADERS_BUT_END);
	buf_puts(b, rt->tagged ? "," HEADER("ETag", "ETag") "}" : "}");
	if (status != 204 && (status < 300 || status >= 400))
		put_success_content(b, rt);
	buf_putc(b, '}');
}

static void
put_responses(struct buf *b, const struct app *app, const struct route *rt)
{
	int failures[STATUSES_MAX];

	buf_puts(b, ",\"responses\":{");
	put_success(b, rt, rt->status);
	for (const int *s = rt->statuses; s != NULL && *s != 0; s++) {
		if (*s >= 400 || *s == rt->status)
			continue;
		buf_putc(b, ',');
		put_success(b, rt, *s);
	}
	if (rt->tagged) {
		buf_putc(b, ',');
		put_success(b, rt, 304);
	}
	openapi_failures(app, rt, failures, STATUSES_MAX);
	for (const int *s = failures; *s != 0 && rt->problem != NULL; s++) {
		buf_putc(b, ',');
		put_success(b, rt, *s);
	}
	for (const int *s = failures; *s != 0 && rt->problem == NULL; s++)
		buf_printf(b, ",\"%d\":{\"$ref\":\"#/components/responses/Problem%d\"}", *s, *s);
	if (rt->problem == NULL) {
		buf_puts(b, ",\"default\":{\"$ref\":\"#/components/responses/Problem\"}}");
		return;
	}
	buf_puts(b, ",\"default\":{\"description\":\"Failed\"");
	put_success_content(b, rt);
	buf_puts(b, "}}");
}

/* ---- operations ---- */

static void
put_security(struct buf *b, const struct route *rt)
{
	static const char session[] = "{\"accessToken\":[]},{\"cookie\":[]}";
	static const char key[] = ",{\"apiKey\":[]}";

	buf_puts(b, ",\"security\":[");
	if (rt->access.who == ACCESS_WHO_METRICS)
		buf_puts(b, "{},");
	if (rt->access.who != ACCESS_WHO_ANYONE)
		buf_puts(b, session);
	if (rt->access.who == ACCESS_WHO_ALLOWED || rt->access.who == ACCESS_WHO_CALLER ||
	    rt->access.who == ACCESS_WHO_METRICS)
		buf_puts(b, key);
	buf_putc(b, ']');
}

static void
put_operation(struct buf *b, const struct app *app, const struct route *rt)
{
	buf_printf(b, "\"%s\":{\"operationId\":\"", openapi_method(rt->method));
	openapi_operation_id(b, rt);
	buf_puts(b, "\",\"tags\":[\"");
	openapi_tag(b, rt->path);
	buf_puts(b, "\"],\"summary\":");
	buf_json(b, str_of(rt->doc));
	buf_puts(b, ",\"description\":\"");
	openapi_access(b, rt);
	buf_putc(b, '"');
	put_parameters(b, app, rt);
	put_body(b, rt);
	put_responses(b, app, rt);
	put_security(b, rt);
	buf_putc(b, '}');
}

/* The first row of its path prints all of that path's. */
static bool
is_first(const struct app *app, const struct route *row)
{
	for (const struct route *const *t = app->routes; *t != NULL; t++)
		for (const struct route *rt = *t; rt->path != NULL; rt++)
			if (strcmp(rt->path, row->path) == 0)
				return rt == row;
	return true;
}

static void
put_path(struct buf *b, const struct app *app, const struct route *row)
{
	bool any = false;

	buf_putc(b, '"');
	openapi_path(b, row->path);
	buf_puts(b, "\":{");
	for (const struct route *const *t = app->routes; *t != NULL; t++) {
		for (const struct route *rt = *t; rt->path != NULL; rt++) {
			if (strcmp(rt->path, row->path) != 0)
				continue;
			buf_puts(b, any ? "," : "");
			put_operation(b, app, rt);
			any = true;
		}
	}
	buf_putc(b, '}');
}

static void
put_paths(struct buf *b, const struct app *app)
{
	bool any = false;

	buf_puts(b, ",\"paths\":{");
	for (const struct route *const *t = app->routes; *t != NULL; t++) {
		for (const struct route *rt = *t; rt->path != NULL; rt++) {
			if (!is_first(app, rt))
				continue;
			buf_puts(b, any ? "," : "");
			put_path(b, app, rt);
			any = true;
		}
	}
	buf_putc(b, '}');
}

/* ---- components ---- */

static void
put_schemas(struct buf *b, const struct components *c)
{
	buf_puts(b, ",\"components\":{\"schemas\":{");
	for (size_t i = 0; i < c->n; i++) {
		buf_puts(b, i > 0 ? ",\"" : "\"");
		schema_component(b, c->items[i].schema, c->items[i].side);
		buf_puts(b, "\":");
		schema_openapi(b, c->items[i].schema, c->items[i].side);
	}
	buf_putc(b, '}');
}

static void
put_problem(struct buf *b, const char *name, const char *description, int status)
{
	buf_printf(b, "\"%s\":{\"description\":", name);
	buf_json(b, str_of(description));
	buf_puts(b, HEADERS_BUT_END);
	buf_puts(b, status == 415 ? "," HEADER("Accept-Encoding", "AcceptEncoding") "}" : "}");
	buf_puts(b, ",\"content\":{\"application/problem+json\":{\"schema\":"
		    "{\"$ref\":\"#/components/schemas/Problem\"}}}}");
}

/* One for each status that an error code stands for. */
static void
put_problems(struct buf *b)
{
	int last = 0;

	buf_puts(b, ",\"responses\":{");
	put_problem(b, "Problem", "Any other failure.", 0);
	for (int code = 0; code < ERR__MAX; code++) {
		int  status = err_status((enum err_code)code);
		char name[32];

		if (status < 400 || status == 499 || status == last)
			continue;
		last = status;
		snprintf(name, sizeof(name), "Problem%d", status);
		buf_putc(b, ',');
		put_problem(b, name, openapi_status(status), status);
	}
	buf_putc(b, '}');
}

static void
put_rest(struct buf *b)
{
	buf_puts(b,
	    ",\"headers\":{\"RequestId\":{\"description\":\"Number of the request, also in the "
	    "log.\",\"schema\":{\"type\":\"string\"}},"
	    "\"RateLimitPolicy\":{\"description\":\"The tightest of the budgets that the request "
	    "was charged to: its name, its size q, and the seconds w in which it fills up.\","
	    "\"schema\":{\"type\":\"string\"}},"
	    "\"RateLimit\":{\"description\":\"What is left of it: requests r, and the seconds t "
	    "until the next is admitted. Each further MiB of a body, unpacked, is a request "
	    "more.\",\"schema\":{\"type\":\"string\"}},"
	    "\"AcceptEncoding\":{\"description\":\"When the coding of the body is why: the codings "
	    "that "
	    "it may come in; identity: none.\",\"schema\":{\"type\":\"string\"}},"
	    "\"ETag\":{\"description\":\"Entity tag of the resource as it is. A web server that "
	    "compresses the answer may make W/ or another ending of it: that stands for the same."
	    "\",\"schema\":{\"type\":\"string\"}}}"
	    ",\"parameters\":{\"CsrfToken\":{\"name\":\"X-CSRF-Token\",\"in\":\"header\","
	    "\"required\":false,\"description\":\"csrf_token of the session; required when a "
	    "cookie makes the caller.\",\"schema\":{\"type\":\"string\"}},"
	    "\"ActingTenant\":{\"name\":\"X-Acting-Tenant\",\"in\":\"header\","
	    "\"required\":false,\"description\":\"Short name or number of another tenant, whose "
	    "grant lets the caller do this there.\",\"schema\":{\"type\":\"string\"}},"
	    "\"IfMatch\":{\"name\":\"If-Match\",\"in\":\"header\",\"required\":false,"
	    "\"description\":\"Changes it only if it is still what one of these entity tags stands "
	    "for, else 412. As ETag gave them, or *.\",\"schema\":{\"type\":\"string\"}},"
	    "\"ContentEncoding\":{\"name\":\"Content-Encoding\",\"in\":\"header\",\"required\":"
	    "false,"
	    "\"description\":\"The body is compressed: gzip (RFC 1952, any number of members) or "
	    "zstd "
	    "(RFC 8878, with a window of at most 8 MiB). The limit of bodies holds for what it is "
	    "unpacked. Other requests' bodies must come plain.\",\"schema\":{\"type\":\"string\","
	    "\"enum\":[\"gzip\",\"x-gzip\",\"zstd\"]}},"
	    "\"IfNoneMatch\":{\"name\":\"If-None-Match\",\"in\":\"header\",\"required\":false,"
	    "\"description\":\"Entity tags of what the client has already: 304 if one of them is "
	    "the present one.\",\"schema\":{\"type\":\"string\"}}}"
	    ",\"securitySchemes\":{"
	    "\"accessToken\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\","
	    "\"description\":\"An access token, or an API key beginning with bsx_.\"},"
	    "\"apiKey\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-API-Key\"},"
	    "\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":");
}

/* ---- the document ---- */

static void
put_tags(struct buf *b, const struct app *app)
{
	struct buf seen, tag;
	bool       any = false;

	buf_make(&seen, b->mem);
	buf_puts(b, ",\"tags\":[");
	for (const struct route *const *t = app->routes; *t != NULL; t++) {
		for (const struct route *rt = *t; rt->path != NULL; rt++) {
			buf_make(&tag, b->mem);
			buf_putc(&tag, '"');
			openapi_tag(&tag, rt->path);
			buf_putc(&tag, '"');
			if (!buf_ok(&tag) || (seen.n > 0 && strstr(seen.p, tag.p) != NULL))
				continue;
			buf_puts(&seen, tag.p);
			buf_puts(b, any ? ",{\"name\":" : "{\"name\":");
			buf_puts(b, tag.p);
			buf_putc(b, '}');
			any = true;
		}
	}
	buf_putc(b, ']');
}

bool
openapi_print(struct buf *b, const struct app *app, struct err *e)
{
	const char       *base = app->env->conf->base_path;
	struct components c;

	if (!components_collect(b->mem, app, &c, e))
		return false;
	buf_puts(b,
	    "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"BlindSpotX\",\"version\":\"" BSX_VERSION
	    "\",\"description\":\"Configuration drift detection, sign-in, permissions and "
	    "audit for many tenants.\",\"license\":{\"name\":\"MIT\",\"identifier\":\"MIT\"}}"
	    ",\"servers\":[{\"url\":");
	buf_json(b, str_of(base[0] != '\0' ? base : "/"));
	buf_puts(b, "}]");
	put_tags(b, app);
	put_paths(b, app);
	put_schemas(b, &c);
	put_problems(b);
	put_rest(b);
	buf_puts(b, app_is_https(app) ? "\"__Host-bsx_access\"" : "\"bsx_access\"");
	buf_puts(b, "}}}}");
	return buf_ok(b) || err_memory(e);
}
