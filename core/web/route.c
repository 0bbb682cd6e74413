#include "core/web/route.h"

#include <stdio.h>
#include <string.h>

#include "core/shm/slot.h"
#include "core/web/body_type.h"
#include "core/web/cors.h"
#include "core/web/pass.h"
#include "core/web/target.h"

/* ---- patterns ---- */

static bool
is_variable(struct str segment)
{
	return segment.n > 2 && segment.p[0] == '{' && segment.p[segment.n - 1] == '}';
}

/* One segment of a path against one of a pattern; variables are kept in order. */
static bool
match_segment(struct str want, struct str have, struct str *ids, size_t *n)
{
	struct uuid u;

	if (!is_variable(want))
		return str_eq(want, have);
	if (have.n == 0 || *n == LIMIT_PATH_IDS)
		return false;
	if (str_eqz(want, "{id}") && !uuid_parse(have, &u))
		return false;
	ids[(*n)++] = have;
	return true;
}

/* Most rows differ from a path before their first variable: a cheap look, that match() need not be
 * asked. */
static bool
begins_alike(const char *pattern, const char *path)
{
	while (*pattern == *path && *pattern != '\0' && *pattern != '{') {
		pattern++;
		path++;
	}
	return *pattern == *path || *pattern == '{';
}

static bool
match(const char *pattern, const char *path, struct str ids[static LIMIT_PATH_IDS])
{
	struct str want = str_of(pattern), have = str_of(path), w, h;
	size_t     n = 0;

	memset(ids, 0, LIMIT_PATH_IDS * sizeof(ids[0]));
	while (want.p != NULL && have.p != NULL) {
		want = str_cut(want, '/', &w);
		have = str_cut(have, '/', &h);
		if (!match_segment(w, h, ids, &n))
			return false;
	}
	return want.p == NULL && have.p == NULL;
}

static const char *
method_text(enum method m)
{
	switch (m) {
	case GET:
		return "GET";
	case HEAD:
		return "HEAD";
	case POST:
		return "POST";
	case PUT:
		return "PUT";
	case DELETE_:
		return "DELETE";
	case OPTIONS:
		return "OPTIONS";
	case METHOD_NONE:
		break;
	}
	return "-";
}

const char *
route_label(const struct route *rt, char *out, size_t n)
{
	if (rt == NULL)
		return "-";
	snprintf(out, n, "%s %s", method_text(rt->method), rt->path);
	return out;
}

/* ---- the step ---- */

/* The first row that matches; the methods of all rows of that path go to *allow, a bit each. */
static const struct route *
find(struct request *r, unsigned *allow)
{
	enum method         m = r->method == HEAD ? GET : r->method;
	const struct route *found = NULL;
	struct str          ids[LIMIT_PATH_IDS];

	*allow = 0;
	for (const struct route *const *t = r->app->routes; *t != NULL; t++) {
		for (const struct route *rt = *t; rt->path != NULL; rt++) {
			if (!begins_alike(rt->path, r->path) || !match(rt->path, r->path, ids))
				continue;
			*allow |= 1u << rt->method;
			r->tagged = r->tagged || rt->tagged;
			if (rt->method != m || found != NULL)
				continue;
			found = rt;
			memcpy(r->ids, ids, sizeof(ids));
		}
	}
	return found;
}

bool
route_has_tag(const struct app *app, const char *path)
{
	for (const struct route *const *t = app->routes; *t != NULL; t++)
		for (const struct route *rt = *t; rt->path != NULL; rt++)
			if (rt->tagged && strcmp(rt->path, path) == 0)
				return true;
	return false;
}

bool
route_hashes(struct app *app, struct str method, struct str target)
{
	struct request      r = { .app = app, .method = str_eqz(method, "POST") ? POST : PUT };
	const struct route *rt = NULL;
	struct target       t;
	struct err          e = { 0 };
	unsigned            allow;

	if (r.method == PUT && !str_eqz(method, "PUT"))
		return false;
	r.mem = talloc_new(NULL);
	if (r.mem != NULL && target_parse(r.mem, target, app->env->conf->base_path, &t, &e)) {
		r.path = t.path;
		rt = find(&r, &allow);
	}
	talloc_free(r.mem);
	return rt != NULL && rt->hashes;
}

/* "GET, HEAD, PUT" of the methods with a bit in `allow`; NULL: out of memory. */
static const char *
allow_text(struct request *r, unsigned allow)
{
	struct buf b;

	buf_make(&b, r->mem);
	for (enum method m = GET; m <= OPTIONS; m++) {
		if (!(allow & (1u << m)))
			continue;
		buf_puts(&b, b.n > 0 ? ", " : "");
		buf_puts(&b, method_text(m));
	}
	return buf_ok(&b) ? b.p : NULL;
}

/* No row has the method: the preflight of a page, the question what there is, or a mistake. */
static bool
answer_methods(struct request *r, struct err *e)
{
	bool        preflight = cors_is_preflight(r);
	const char *methods = allow_text(r, preflight ? r->allow : r->allow | 1u << OPTIONS);

	if (methods == NULL)
		return err_memory(e);
	if (preflight)
		return cors_preflight(r, methods, e);
	if (!reply_header(r, "Allow", methods, e))
		return false;
	if (r->method != OPTIONS)
		return err_set(
		    e, ERR_METHOD, 0, "This resource does not know that method.", "method");
	r->status = 204;
	return false;
}

bool
step_route(struct request *r, struct err *e)
{
	char label[96];

	(void)e;
	if (target_is_server(r->path))
		r->allow = 1u << GET | 1u << POST | 1u << PUT | 1u << DELETE_;
	else
		r->route = find(r, &r->allow);
	if (r->allow & 1u << GET)
		r->allow |= 1u << HEAD;
	if (r->route == NULL)
		return true; /* charged like everything; then step_known refuses it */
	if (r->ids[0].p != NULL && !uuid_parse(r->ids[0], &r->id0))
		r->id0 = (struct uuid) { 0 };
	if (r->ids[1].p != NULL && !uuid_parse(r->ids[1], &r->id1))
		r->id1 = (struct uuid) { 0 };
	if (r->app->env->segment != NULL && r->app->slot >= 0)
		slot_route(r->app->env->segment, (unsigned)r->app->slot,
		    route_label(r->route, label, sizeof(label)));
	return true;
}

bool
step_known(struct request *r, struct err *e)
{
	if (r->route != NULL)
		return true;
	if (r->allow != 0)
		return answer_methods(r, e);
	return err_set(e, ERR_MISSING, 0, "There is nothing here.", "no route");
}

/* ---- the tables themselves, at start ---- */

/* Every path that `later` matches, `earlier` has taken: the later row is never reached. */
static bool
shadows(const char *earlier, const char *later)
{
	struct str a = str_of(earlier), b = str_of(later), x, y;

	while (a.p != NULL && b.p != NULL) {
		a = str_cut(a, '/', &x);
		b = str_cut(b, '/', &y);
		if (is_variable(x) ? str_eqz(x, "{id}") && !str_eqz(y, "{id}") : !str_eq(x, y))
			return false;
	}
	return a.p == NULL && b.p == NULL;
}

static size_t
count_variables(const char *path)
{
	size_t n = 0;

	for (; *path != '\0'; path++)
		n += *path == '{';
	return n;
}

/* What a list is asked by begins as a struct list_query does, or names no cursor. */
static bool
is_paged(const struct route *rt)
{
	const struct field *f = rt->query == NULL ? NULL : rt->query->fields;

	if (rt->out_kind != ROUTE_OUT_LIST || f == NULL || strcmp(f[0].name, "limit") != 0)
		return rt->list == NULL;
	return f[0].offset == offsetof(struct list_query, limit) && f[1].name != NULL &&
	       strcmp(f[1].name, "cursor") == 0 &&
	       f[1].offset == offsetof(struct list_query, cursor);
}

static const char *
fault_of(const struct route *rt)
{
	if (rt->method == METHOD_NONE || rt->method == HEAD || rt->method == OPTIONS)
		return "method";
	if (rt->path[0] != '/' || count_variables(rt->path) > LIMIT_PATH_IDS)
		return "path";
	if (rt->access.who == ACCESS_WHO_NONE || rt->access.who > ACCESS_WHO_METRICS)
		return "access word";
	if (rt->handler == NULL || rt->doc == NULL || rt->doc[0] == '\0')
		return "handler or sentence";
	if (rt->status < 200 || rt->status > 399)
		return "status";
	if ((rt->in_kind == ROUTE_IN_JSON || rt->in_kind == ROUTE_IN_FORM) && rt->in == NULL)
		return "body schema";
	if (body_is_large(rt) && count_variables(rt->path) > 0 && rt->found == NULL)
		return "look before a large body";
	if (rt->method == GET && rt->in_kind != ROUTE_IN_NONE)
		return "body of a GET";
	if (rt->method != GET && rt->tagged)
		return "entity tag of another method than GET";
	if ((rt->out_kind == ROUTE_OUT_ONE || rt->out_kind == ROUTE_OUT_LIST) && rt->out == NULL)
		return "answer schema";
	if (rt->out_kind == ROUTE_OUT_RAW && rt->out_type == NULL)
		return "answer type";
	if (!is_paged(rt))
		return "query of a list";
	return NULL;
}

static const struct route *
shadowed_by(const struct route *const *tables, const struct route *row)
{
	for (const struct route *const *t = tables; *t != NULL; t++) {
		for (const struct route *rt = *t; rt->path != NULL; rt++) {
			if (rt == row)
				return NULL;
			if (rt->method == row->method && shadows(rt->path, row->path))
				return rt;
		}
	}
	return NULL;
}

bool
routes_check(const struct route *const *tables, struct err *e)
{
	for (const struct route *const *t = tables; *t != NULL; t++) {
		for (const struct route *rt = *t; rt->path != NULL; rt++) {
			const struct route *other = shadowed_by(tables, rt);
			const char         *fault = fault_of(rt);

			if (fault != NULL)
				return err_set(e, ERR_INTERNAL, 0, "internal error",
				    "route %s %s: bad %s", method_text(rt->method), rt->path,
				    fault);
			if (other != NULL)
				return err_set(e, ERR_INTERNAL, 0, "internal error",
				    "route %s %s: never reached, %s stands before it",
				    method_text(rt->method), rt->path, other->path);
		}
	}
	return true;
}
