/* openapi.h: what the document says of one route. */
#include <string.h>

#include "core/auth/mfa/mfa.h"
#include "core/web/openapi/openapi.h"
#include "core/web/pass.h"

static const char *const action_names[] = {
#define X(id, text) [ACTION_##id] = text,
	ACTIONS(X)
#undef X
};
static const char *const resource_names[] = {
#define X(id, text) [RESOURCE_##id] = text,
	RESOURCES(X)
#undef X
};

const char *
openapi_method(enum method m)
{
	switch (m) {
	case GET:
		return "get";
	case POST:
		return "post";
	case PUT:
		return "put";
	case DELETE_:
		return "delete";
	case HEAD:
		return "head";
	case OPTIONS:
		return "options";
	case METHOD_NONE:
		break;
	}
	return "";
}

/* get_api_drift_configs_id */
void
openapi_operation_id(struct buf *b, const struct route *rt)
{
	bool gap = true;

	buf_puts(b, openapi_method(rt->method));
	for (const char *p = rt->path; *p != '\0'; p++) {
		bool word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			    (*p >= '0' && *p <= '9');

		if (word && gap)
			buf_putc(b, '_');
		if (word)
			buf_putc(b, *p);
		gap = !word;
	}
}

void
openapi_path(struct buf *b, const char *path)
{
	unsigned ids = 0;

	for (const char *p = path; *p != '\0'; p++) {
		if (strncmp(p, "{id}", 4) != 0) {
			buf_putc(b, *p);
			continue;
		}
		buf_puts(b, "{id");
		if (++ids > 1)
			buf_printf(b, "%u", ids);
		buf_putc(b, '}');
		p += 3;
	}
}

/* "/api/drift/configs/{id}" speaks of drift-configs, "/.well-known/x" of well-known, "/" of the
 * console. */
void
openapi_tag(struct buf *b, const char *path)
{
	struct str rest = str_of(path + 1), first, second;

	rest = str_cut(rest, '/', &first);
	if (str_eqz(first, "api"))
		rest = str_cut(rest, '/', &first);
	str_cut(rest, '/', &second);
	if (first.n > 0 && first.p[0] == '.')
		first = (struct str) { first.p + 1, first.n - 1 };
	str_cut(first, '.', &first); /* openapi.json */
	if (first.n == 0)
		first = STR("console");
	buf_add(b, first.p, first.n);
	if (!str_eqz(first, "drift") || second.n == 0)
		return;
	buf_putc(b, '-');
	buf_add(b, second.p, second.n);
}

/* "read:drift", or "" when the row needs no permission. */
static void
openapi_permission(struct buf *b, const struct route *rt)
{
	if (rt->access.who != ACCESS_WHO_ALLOWED && rt->access.who != ACCESS_WHO_METRICS)
		return;
	buf_puts(b, action_names[rt->access.action]);
	buf_putc(b, ':');
	buf_puts(b, resource_names[rt->access.resource]);
}

static void
put_who(struct buf *b, const struct route *rt)
{
	switch (rt->access.who) {
	case ACCESS_WHO_ANYONE:
		buf_puts(b, "Open to everybody.");
		if (rt->page != NULL)
			buf_puts(b, " Pages of other origins that the tenant allows "
				    "(settings.cors) may use it, without cookies.");
		return;
	case ACCESS_WHO_SIGNED_IN:
		buf_puts(b, "Needs a signed-in user; API keys cannot do this.");
		return;
	case ACCESS_WHO_LEAVING:
		buf_puts(b, "Needs a signed-in user; API keys cannot do this. Where the access "
			    "cookie has run "
			    "out, the refresh cookie tells whose session it is.");
		return;
	case ACCESS_WHO_CALLER:
		buf_puts(b, "Needs the permission of the deed that it is about.");
		return;
	case ACCESS_WHO_ALLOWED:
		buf_puts(b, "Needs the permission ");
		openapi_permission(b, rt);
		buf_putc(b, '.');
		return;
	case ACCESS_WHO_METRICS:
		buf_puts(b, "Open to the addresses of metrics.allow, unless they are those of a "
			    "proxy that trusted_proxies "
			    "does not name; others need the permission ");
		openapi_permission(b, rt);
		buf_puts(b, " in the tenant platform.");
		return;
	case ACCESS_WHO_NONE:
		return;
	}
}

static bool
put_fresh_members(struct buf *b, const struct schema *s)
{
	bool any = false;

	for (const struct field *f = s->fields; f->name != NULL; f++) {
		if (!(f->flags & FIELD_FRESH))
			continue;
		buf_puts(b, any ? ", " : " A session whose body has one of ");
		buf_puts(b, f->name);
		any = true;
	}
	return any;
}

/* False: no session is asked for a proof. */
static bool
put_when_fresh(struct buf *b, const struct route *rt)
{
	if (rt->access.fresh)
		buf_puts(b, " A session");
	else if (rt->out_kind == ROUTE_OUT_LIST && rt->out_type != NULL)
		buf_printf(b, " A session that asks for %s", rt->out_type);
	else
		return rt->in != NULL && put_fresh_members(b, rt->in);
	return true;
}

void
openapi_access(struct buf *b, const struct route *rt)
{
	put_who(b, rt);
	if (put_when_fresh(b, rt))
		buf_printf(b,
		    " must have proved who it is within the last %d s (POST"
		    " /api/auth/step-up), else 403 step_up_required.",
		    STEP_UP_MAX_AGE_S);
}

/* ---- statuses ---- */

const char *
openapi_status(int status)
{
	switch (status) {
	case 200:
		return "Done.";
	case 201:
		return "Made.";
	case 202:
		return "Taken; it will be done soon.";
	case 204:
		return "Done; there is nothing to say.";
	case 302:
		return "Go there.";
	case 304:
		return "Not modified: the entity tag of If-None-Match is the present one.";
	default:
		break;
	}
	for (int code = 0; code < ERR__MAX; code++)
		if (err_status((enum err_code)code) == status)
			return err_title((enum err_code)code);
	return "Failed";
}

bool
openapi_is_conditional(const struct app *app, const struct route *rt)
{
	return (rt->method == PUT || rt->method == DELETE_) && route_has_tag(app, rt->path);
}

/* What the pass itself may answer to this kind of row. */
static bool
is_general(const struct app *app, const struct route *rt, int status)
{
	bool body = rt->in_kind != ROUTE_IN_NONE, open = rt->access.who == ACCESS_WHO_ANYONE;

	switch (status) {
	case 400:
	case 429:
	case 500:
	case 503:
		return true;
	case 401:
		return !open;
	case 403:
		return !open || rt->method != GET;
	case 404:
		/* an API key that is bound to configs finds nothing else */
		return strchr(rt->path, '{') != NULL || rt->access.who == ACCESS_WHO_ALLOWED ||
		       rt->access.who == ACCESS_WHO_CALLER || rt->access.who == ACCESS_WHO_METRICS;
	case 412:
		return openapi_is_conditional(app, rt);
	case 408:
	case 413:
	case 415:
		return body;
	case 422:
		return body || rt->query != NULL;
	default:
		return false;
	}
}

static bool
is_listed(const struct route *rt, int status)
{
	for (const int *s = rt->statuses; s != NULL && *s != 0; s++)
		if (*s == status)
			return true;
	return false;
}

void
openapi_failures(const struct app *app, const struct route *rt, int *out, size_t max)
{
	size_t n = 0;

	for (int status = 400; status < 600 && n + 1 < max; status++)
		if (rt->statuses != NULL ? is_listed(rt, status) : is_general(app, rt, status))
			out[n++] = status;
	out[n] = 0;
}

/* ---- components ---- */

struct collector {
	TALLOC_CTX        *mem;
	struct components *c;
	enum schema_side   side;
};

static bool
is_known(const struct components *c, const struct schema *s, enum schema_side side, bool *clash)
{
	*clash = false;
	for (size_t i = 0; i < c->n; i++) {
		const struct component *have = &c->items[i];

		if (have->side != side || strcmp(have->schema->name, s->name) != 0)
			continue;
		*clash = have->schema->fields != s->fields;
		return true;
	}
	return false;
}

static void
add(void *arg, const struct schema *s)
{
	const struct collector *x = arg;
	struct components      *c = x->c;
	struct component       *items;
	bool                    clash;

	if (c->failed)
		return;
	if (is_known(c, s, x->side, &clash)) {
		c->failed = clash;
		c->clash = clash ? s->name : NULL;
		return;
	}
	items = talloc_realloc(x->mem, c->items, struct component, (unsigned)c->n + 1);
	c->failed = items == NULL;
	if (c->failed)
		return;
	c->items = items;
	items[c->n++] = (struct component) { s, x->side };
	schema_refs(s, x->side, add, arg);
}

bool
components_collect(TALLOC_CTX *mem, const struct app *app, struct components *c, struct err *e)
{
	struct collector body = { mem, c, SCHEMA_BODY }, answer = { mem, c, SCHEMA_ANSWER };

	*c = (struct components) { 0 };
	add(&answer, &problem_schema);
	for (const struct route *const *t = app->routes; *t != NULL; t++) {
		for (const struct route *rt = *t; rt->path != NULL; rt++) {
			if (rt->in != NULL)
				add(&body, rt->in);
			if (rt->out != NULL)
				add(&answer, rt->out);
		}
	}
	if (!c->failed)
		return true;
	if (c->clash == NULL)
		return err_memory(e);
	return err_set(e, ERR_INTERNAL, 0, "internal error",
	    "two schemas are called %s: rename one of them", c->clash);
}
