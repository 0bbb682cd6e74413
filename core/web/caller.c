/* pass.h: whose credential it is, whether it may, and its tenant. */
#include <string.h>

#include "core/auth/grant.h"
#include "core/auth/mfa/mfa.h"
#include "core/auth/place.h"
#include "core/web/pass.h"

/* ---- the credential: one, in a fixed order, never a second try ---- */

static bool
refuse(struct err *e, const char *why)
{
	return err_set(
	    e, ERR_UNAUTHENTICATED, 0, "The credential is missing or not valid.", "%s", why);
}

static bool
of_bearer(struct str header, struct credential *c, struct err *e)
{
	struct str scheme, text = str_trim(str_cut(str_trim(header), ' ', &scheme));

	if (!str_caseeqz(scheme, "Bearer") || text.n == 0)
		return refuse(e, "Authorization is not of the form Bearer <token>");
	c->kind = str_starts(text, "bsx_") ? CREDENTIAL_API_KEY : CREDENTIAL_ACCESS_TOKEN;
	c->text = text;
	return true;
}

static bool
of_cookie(const struct request *r, struct credential *c, struct err *e)
{
	bool bad;

	c->text = request_cookie(r, "bsx_access", &bad);
	if (bad)
		return refuse(e, "the access cookie came twice");
	if (c->text.n == 0)
		return refuse(e, "no credential");
	c->kind = CREDENTIAL_ACCESS_TOKEN;
	c->by_cookie = true;
	return true;
}

/* An empty parameter is an absent one: some web servers pass it for a header that is not there. */
static bool
take_credential(const struct request *r, struct credential *c, struct err *e)
{
	struct str bearer = request_param(r, "HTTP_AUTHORIZATION");
	struct str key = request_param(r, "HTTP_X_API_KEY");

	*c = (struct credential) { .untold = r->untold };
	if (bearer.n > 0)
		return of_bearer(bearer, c, e);
	if (key.n == 0)
		return of_cookie(r, c, e);
	c->kind = CREDENTIAL_API_KEY;
	c->text = key;
	return true;
}

static bool
shows_header(const struct request *r)
{
	return request_param(r, "HTTP_AUTHORIZATION").n > 0 ||
	       request_param(r, "HTTP_X_API_KEY").n > 0;
}

static bool
shows_credential(const struct request *r)
{
	bool bad = false;

	return shows_header(r) || request_cookie(r, "bsx_access", &bad).n > 0 || bad;
}

bool
request_has_api_key(const struct request *r)
{
	struct credential c;
	struct err        why = { 0 };

	return take_credential(r, &c, &why) && c.kind == CREDENTIAL_API_KEY;
}

/* A key that is none is charged to who sent it: guessing is not free. */
static void
charge_bad_key(struct request *r, struct err *e)
{
	struct err why = { 0 };

	if (e->code == ERR_UNAUTHENTICATED && !rate_address(r, &why))
		*e = why;
}

/* Else the address of a proxy on this machine would open to everybody what is for this machine. */
static bool
refuse_proxy(const struct request *r, struct err *e)
{
	if (r->untold)
		return err_set(e, ERR_FORBIDDEN, 0,
		    "This request came through a proxy that does not say for whom it asks, in the "
		    "header that forwarded_header names: let it, or sign in.",
		    "no address that can be read from a trusted proxy in metrics.allow");
	return err_set(e, ERR_FORBIDDEN, 0,
	    "This request came through a proxy that trusted_proxies does not name: name it there, "
	    "or sign in.",
	    "forwarded headers of a peer in metrics.allow that is no trusted proxy");
}

/* Its access cookie has run out, or is gone: the refresh cookie tells who leaves. */
static bool
is_leaving(const struct request *r, const struct err *e)
{
	bool bad = false;

	return r->route->access.who == ACCESS_WHO_LEAVING && e->code == ERR_UNAUTHENTICATED &&
	       !shows_header(r) && (request_cookie(r, "bsx_refresh", &bad).n > 0 || bad);
}

bool
step_caller(struct request *r, struct err *e)
{
	enum access_who   who = r->route->access.who;
	enum nearness     near = NEARNESS_FAR;
	struct credential c;

	if (who == ACCESS_WHO_METRICS)
		near = request_nearness(r, r->app->metrics_allow);
	if (who == ACCESS_WHO_ANYONE || near == NEARNESS_NEAR)
		return true;
	if (near == NEARNESS_PROXY && !shows_credential(r))
		return refuse_proxy(r, e);
	if (take_credential(r, &c, e) &&
	    caller_resolve(r->app->auth, r->mem, &c, r->address, &r->caller, e)) {
		r->caller.by_cookie = c.by_cookie;
		return true;
	}
	r->caller.kind = CALLER_NONE;
	if (c.kind == CREDENTIAL_API_KEY)
		charge_bad_key(r, e);
	if (!is_leaving(r, e))
		return false;
	err_clear(e);
	return true;
}

/* ---- may it ---- */

/* What a caller who must enrol a second factor may still do. */
static bool
is_enrolling(const struct route *rt)
{
	static const char *const paths[] = { "/api/auth/2fa/setup", "/api/auth/2fa/enable",
		"/api/auth/logout" };

	if (rt->method == GET && strcmp(rt->path, "/api/auth/me") == 0)
		return true;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(rt->path, paths[i]) == 0)
			return true;
	return false;
}

/* Some permissions count only for users of the tenant that runs the installation. */
static bool
is_platform(const struct request *r, bool *yes, struct err *e)
{
	const struct tenant *t;

	if (!tenant_by_id(r->app->database, &r->caller.tenant, &t, e))
		return false;
	*yes = strcmp(t->slug, "platform") == 0;
	return true;
}

static bool
check_permission(const struct request *r, enum action a, enum resource_kind k, struct err *e)
{
	bool platform = true;

	if (k == RESOURCE_METRICS && !is_platform(r, &platform, e))
		return false;
	if (platform && permission_has(&r->caller.permissions, a, k))
		return true;
	return err_set(e, ERR_FORBIDDEN, 0, "You do not have the permission this needs.",
	    "permission %d:%d is missing", (int)a, (int)k);
}

/* ---- acting in another tenant ---- */

/* Who is signed in is told with what it may do there. */
bool
route_may_act(const struct route *rt)
{
	return rt->access.who == ACCESS_WHO_ALLOWED || rt->access.who == ACCESS_WHO_CALLER ||
	       (rt->method == GET && strcmp(rt->path, "/api/auth/me") == 0);
}

static bool
check_about(const struct request *r, struct err *e)
{
	return route_may_act(r->route) ||
	       err_set(e, ERR_FORBIDDEN, 0,
		   "This is not done in another tenant: leave X-Acting-Tenant out.",
		   "acting in another tenant, at a route of one's own");
}

static bool
find_grant(struct request *r, struct grant_use *use, struct err *e)
{
	struct str     named = request_param(r, "HTTP_X_ACTING_TENANT");
	struct deed_by by = { .mem = r->mem, .caller = &r->caller, .origin = &r->origin };

	*use = (struct grant_use) { 0 };
	if (named.n == 0)
		return true;
	by.auth = r->app->auth;
	return grant_find(&by, named, use, e);
}

/*
 * Acting in another tenant needs a grant; without one the request must not land in the caller's
 * own.
 */
static bool
check_acting(struct request *r, struct err *e)
{
	struct grant_use use;

	if (!find_grant(r, &use, e))
		return false;
	if (use.tenant == NULL)
		return true;
	if (r->caller.configs_n > 0)
		return err_set(e, ERR_MISSING, 0,
		    "This API key pushes to its drift configs and does nothing else.",
		    "a bound key that would act in another tenant");
	r->acted = use.tenant;
	r->grant = use.grant;
	r->caller.acting = true;
	r->caller.platform = false;
	r->caller.permissions = use.permissions;
	return place_check(r->app->auth, r->acted, &r->origin, e) && check_about(r, e) &&
	       rate_acted(r, e);
}

bool
request_acts_still(struct request *r, struct err *e)
{
	struct grant_use use;

	if (r->acted == NULL)
		return true;
	return find_grant(r, &use, e) &&
	       (permission_covers(&use.permissions, &r->caller.permissions) ||
		   err_set(e, ERR_FORBIDDEN, 0, "You may not act in that tenant.",
		       "less is granted than when it began"));
}

/* That it could not be noted keeps nobody from what they may. */
static void
note_use(struct request *r)
{
	const struct deed_by   by = request_deed_by(r);
	const struct grant_use use = { .tenant = r->acted, .grant = r->grant };
	struct err             why = { 0 };

	if (!grant_note(&by, &use, &why))
		log_err(
		    r->app->env->log, LOG_SYSTEM, "the use of a grant could not be noted", &why);
}

bool
request_fresh(const struct request *r, struct err *e)
{
	const struct caller *c = &r->caller;

	return c->kind != CALLER_SESSION || mfa_ask_fresh(c, clock_ms(r->app->env->clock), e);
}

static bool
check_session(const struct request *r, struct err *e)
{
	if (r->caller.kind == CALLER_SESSION)
		return true;
	return err_set(e, ERR_FORBIDDEN, 0, "An API key cannot do this.", "API key");
}

/* To a key that is bound to configs nothing exists but its pushes. */
static bool
check_bound(const struct request *r, struct err *e)
{
	const struct access *a = &r->route->access;
	const struct caller *c = &r->caller;
	bool pushes = a->action == ACTION_WRITE && a->resource == RESOURCE_SNAPSHOTS;

	for (size_t i = 0; pushes && i < c->configs_n; i++)
		if (uuid_eq(&r->id0, &c->configs[i]))
			return true;
	return c->configs_n == 0 ||
	       err_set(e, ERR_MISSING, 0,
		   "This API key pushes to its drift configs and does nothing else.",
		   "bound to other configs");
}

bool
step_place(struct request *r, struct err *e)
{
	const struct tenant *home;
	bool leaves = r->route->access.who == ACCESS_WHO_LEAVING; /* which is permitted anywhere */

	return r->caller.kind == CALLER_NONE || leaves ||
	       (tenant_by_id(r->app->database, &r->caller.tenant, &home, e) &&
		   place_check(r->app->auth, home, &r->origin, e));
}

bool
step_access(struct request *r, struct err *e)
{
	const struct access *a = &r->route->access;
	bool sessions_only = a->who == ACCESS_WHO_SIGNED_IN || a->who == ACCESS_WHO_LEAVING;

	if (r->caller.kind == CALLER_NONE)
		return true; /* step_caller let it pass: the route is open, or the address is */
	if (r->caller.mfa_enrollment && !is_enrolling(r->route))
		return err_set(e, ERR_MFA_ENROLLMENT, 0, "Set up a second factor first.",
		    "second factor not enrolled");
	if (!check_acting(r, e))
		return false;
	if (!sessions_only && !check_bound(r, e))
		return false;
	if (sessions_only && !check_session(r, e))
		return false;
	if (!sessions_only && a->who != ACCESS_WHO_CALLER &&
	    !check_permission(r, a->action, a->resource, e))
		return false;
	return !(a->fresh || request_wants_whole(r)) || request_fresh(r, e);
}

bool
step_tenant(struct request *r, struct err *e)
{
	const struct tenant *t;

	if (r->caller.kind == CALLER_NONE || r->route->access.who == ACCESS_WHO_METRICS)
		return true;
	if (r->acted != NULL && r->route->access.who != ACCESS_WHO_SIGNED_IN)
		t = r->acted;
	else if (!tenant_by_id(r->app->database, &r->caller.tenant, &t, e))
		return err_note(e, "finding the caller's tenant");
	if (!request_enter(r, t, e))
		return err_note(e, "opening the caller's tenant");
	db_stats_reset(r->db->db);
	if (t == r->acted)
		note_use(r);
	return true;
}
