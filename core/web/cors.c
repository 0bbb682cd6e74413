#include "core/web/cors.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/settings.h"
#include "core/auth/tenant_tag.h"
#include "core/store/tenant/origins.h"
#include "core/web/pass.h"

#define ORIGIN_MAX 255

static const char exposed[] = "X-Request-Id, ETag, Retry-After, RateLimit, RateLimit-Policy";
static const char accepted[] = "Authorization, Content-Type, Content-Encoding, Idempotency-Key, "
			       "If-Match, If-None-Match, X-Acting-Tenant, "
			       "X-API-Key, X-CSRF-Token, X-Request-Id, Traceparent";

/* ---- origins ---- */

/* scheme://host[:port] of a URL, without the port that is the scheme's own. */
static struct str
origin_of(struct str url)
{
	bool   https = str_starts(url, "https://");
	size_t n = https ? 8 : 7;

	if (!https && !str_starts(url, "http://"))
		return (struct str) { NULL, 0 };
	while (n < url.n && url.p[n] != '/')
		n++;
	url.n = n;
	if (https && n > 4 && memcmp(url.p + n - 4, ":443", 4) == 0)
		url.n -= 4;
	if (!https && n > 3 && memcmp(url.p + n - 3, ":80", 3) == 0)
		url.n -= 3;
	return url;
}

/* Two URLs of one scheme, host and port (in any case, the scheme's own port said or not). */
static bool
origin_eq(struct str a, struct str b)
{
	a = origin_of(a);
	b = origin_of(b);
	return a.n > 0 && a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

/* As a browser writes it; "null", "*" and whatever has a path are none. */
static bool
is_origin(struct str s)
{
	size_t n = str_starts(s, "https://") ? 8 : str_starts(s, "http://") ? 7 : s.n;

	if (n == s.n || s.n > ORIGIN_MAX)
		return false;
	for (; n < s.n; n++) {
		char c = s.p[n];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    (c == '\0' || strchr(".-_:[]", c) == NULL))
			return false;
	}
	return true;
}

bool
cors_origins_check(TALLOC_CTX *mem, const struct json *list, struct err *e)
{
	char pointer[64];

	for (uint32_t i = 0; list != NULL && list->type == JSON_ARRAY && i < list->n; i++) {
		if (list->items[i].type == JSON_STRING && is_origin(list->items[i].text))
			continue;
		snprintf(pointer, sizeof(pointer), "/settings/cors/allowed_origins/%u", i);
		err_fault(e, mem, pointer, "must be an origin like https://app.example.org");
	}
	return e->code == ERR_OK;
}

bool
cors_is_own(const struct request *r)
{
	return origin_eq(str_of(r->app->env->conf->public_url), request_param(r, "HTTP_ORIGIN"));
}

/* ---- the union of all tenants ---- */

struct cors {
	struct str *origins;
	size_t      n;
	int64_t     read_ns;
};

static bool
add_origins(struct cors *c, const struct strings *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct str v = str_of(list->items[i]);
		char      *copy;

		if (!is_origin(v) || c->n == CORS_ORIGINS_MAX)
			continue;
		copy = str_dup(c->origins, v);
		if (copy == NULL)
			return false;
		c->origins[c->n++] = (struct str) { copy, v.n };
	}
	return true;
}

/* Settings that cannot be read allow nobody. */
static bool
add_tenant(struct cors *c, TALLOC_CTX *mem, const struct conf *conf, const char *settings)
{
	TALLOC_CTX     *tmp = talloc_new(mem);
	struct settings s;
	struct err      e = { 0 };
	bool            ok = tmp != NULL;

	if (ok && settings != NULL && settings_parse(tmp, conf, settings, &s, &e))
		ok = add_origins(c, &s.cors->allowed_origins);
	talloc_free(tmp);
	return ok;
}

static bool
read_union(struct cors *c, const struct app *app, struct err *e)
{
	TALLOC_CTX         *tmp = talloc_new(c);
	struct origins_row *rows;
	size_t              n = 0;
	bool                ok = tmp != NULL && origins_settings(app->database, tmp, &rows, &n, e);

	if (ok) {
		talloc_free(c->origins);
		c->origins = talloc_array(c, struct str, CORS_ORIGINS_MAX);
		c->n = 0;
		ok = c->origins != NULL;
	}
	for (size_t i = 0; ok && i < n; i++)
		ok = add_tenant(c, tmp, app->env->conf, rows[i].settings);
	talloc_free(tmp);
	return ok || err_memory(e);
}

/* What was read last goes on counting while the database is away. */
static const struct cors *
cors_union(struct app *app)
{
	int64_t    now = clock_ns(app->env->clock);
	struct err e = { 0 };

	if (app->database == NULL)
		return NULL;
	if (app->cors == NULL)
		app->cors = talloc_zero(app, struct cors);
	if (app->cors == NULL)
		return NULL;
	if (app->cors->read_ns != 0 && now - app->cors->read_ns < CORS_LIFE_MS * INT64_C(1000000))
		return app->cors;
	app->cors->read_ns = now;
	if (!read_union(app->cors, app, &e))
		log_err(app->env->log, LOG_SYSTEM, "the allowed origins could not be read", &e);
	return app->cors;
}

static bool
union_allows(struct app *app, struct str origin)
{
	const struct cors *c = cors_union(app);

	for (size_t i = 0; c != NULL && i < c->n; i++)
		if (origin_eq(c->origins[i], origin))
			return true;
	return false;
}

/* ---- one tenant ---- */

static bool
tenant_allows(const struct request *r, const struct tenant *t)
{
	struct str             origin = request_param(r, "HTTP_ORIGIN");
	const struct settings *set;
	struct err             e = { 0 };

	if (strcmp(t->status, "active") != 0 || !settings_of(r->app->auth, t, &set, &e))
		return false;
	for (size_t i = 0; i < set->cors->allowed_origins.n; i++) {
		struct str allowed = str_of(set->cors->allowed_origins.items[i]);

		if (is_origin(allowed) && origin_eq(allowed, origin))
			return true;
	}
	return false;
}

static bool
caller_allows(const struct request *r)
{
	const struct tenant *t;
	struct err           e = { 0 };

	return tenant_by_id(r->app->database, &r->caller.tenant, &t, &e) && tenant_allows(r, t);
}

bool
cors_hold(struct request *r, const struct page_body *body, struct err *e)
{
	struct database     *d = r->app->database;
	const struct tenant *t = NULL;
	bool found = body->tenant != NULL  ? tenant_by_slug(d, str_of(body->tenant), &t, e)
		     : body->token != NULL ? tenant_by_token(d, str_of(body->token), &t, e)
					   : true;

	if (!found && !err_take(e, ERR_MISSING))
		return false;
	if (t == NULL && body->tenant == NULL)
		return true;
	r->readable = t != NULL && tenant_allows(r, t);
	return r->readable ||
	       err_set(e, ERR_CSRF, 0, "Pages of this origin may not use this tenant.",
		   "the tenant of the body does not allow the origin");
}

/* ---- the steps ---- */

bool
step_origin(struct request *r, struct err *e)
{
	struct str origin = request_param(r, "HTTP_ORIGIN");

	(void)e;
	r->foreign = origin.n > 0 && !cors_is_own(r);
	r->readable = r->foreign && is_origin(origin) && union_allows(r->app, origin);
	return true;
}

bool
step_cors(struct request *r, struct err *e)
{
	(void)e;
	if (r->readable && r->caller.kind != CALLER_NONE)
		r->readable = caller_allows(r);
	return true;
}

bool
cors_is_preflight(const struct request *r)
{
	return r->foreign && r->method == OPTIONS &&
	       request_param(r, "HTTP_ACCESS_CONTROL_REQUEST_METHOD").n > 0;
}

bool
cors_preflight(struct request *r, const char *methods, struct err *e)
{
	if (!r->readable)
		return err_set(e, ERR_FORBIDDEN, 0, "Pages of this origin may not use the API.",
		    "preflight of an origin that no tenant allows");
	if (reply_header(r, "Access-Control-Allow-Methods", methods, e) &&
	    reply_header(r, "Access-Control-Allow-Headers", accepted, e) &&
	    reply_header(r, "Access-Control-Max-Age", "600", e))
		r->status = 204;
	return false;
}

/* The origin is echoed only when it equals one of a list, so it can hold nothing but an origin. */
void
cors_headers(const struct request *r, struct buf *b)
{
	struct str origin = request_param(r, "HTTP_ORIGIN");

	buf_puts(b, "Vary: Origin\r\n");
	if (!r->readable)
		return;
	buf_puts(b, "Access-Control-Allow-Origin: ");
	buf_add(b, origin.p, origin.n);
	buf_puts(b, "\r\nAccess-Control-Expose-Headers: ");
	buf_puts(b, exposed);
	buf_puts(b, "\r\n");
}
