/* pass.h: changes that a page of another site may have caused. */
#include <string.h>

#include "core/base/secret.h"
#include "core/web/cors.h"
#include "core/web/pass.h"

static bool
refuse(struct err *e, const char *why)
{
	return err_set(
	    e, ERR_CSRF, 0, "The request does not come from this installation.", "%s", why);
}

bool
request_same_origin(const struct request *r, bool required, struct err *e)
{
	struct str site = request_param(r, "HTTP_SEC_FETCH_SITE");
	struct str origin = request_param(r, "HTTP_ORIGIN");

	if (site.n > 0)
		return str_eqz(site, "same-origin") || refuse(e, "Sec-Fetch-Site is another site");
	if (origin.n > 0)
		return cors_is_own(r) || refuse(e, "Origin is another one");
	return !required || refuse(e, "neither Sec-Fetch-Site nor Origin");
}

static bool
check_token(const struct request *r, struct err *e)
{
	struct str  have = request_param(r, "HTTP_X_CSRF_TOKEN");
	const char *want = r->caller.csrf;
	size_t      n = strlen(want);

	if (have.n == n && n > 0 && secret_eq(have.p, want, n))
		return true;
	if (r->app->auth != NULL && caller_csrf_fits(r->app->auth, &r->caller.session, have))
		return true;
	return refuse(e, "X-CSRF-Token is missing or wrong");
}

static bool
is_change(enum method m)
{
	return m == POST || m == PUT || m == DELETE_;
}

/* Where a browser does not say whose page it is, an origin that the caller's tenant allows is as
 * good as our own. */
static bool
is_allowed_page(const struct request *r)
{
	return r->readable && request_param(r, "HTTP_SEC_FETCH_SITE").n == 0;
}

/*
 * An open route knows nobody by a cookie.  Where its body says that it sets none either, a page of
 * an allowed origin has nothing to forge: what it says is looked at in step_page.
 */
static bool
check_open(struct request *r, struct err *e)
{
	struct err why = { 0 };

	if (request_same_origin(r, false, &why))
		return true;
	r->guest = r->readable && r->route->page != NULL;
	return r->guest || request_same_origin(r, false, e);
}

/* Only what a browser adds by itself can be forged across sites: cookies. */
bool
step_csrf(struct request *r, struct err *e)
{
	if (!is_change(r->method))
		return true;
	if (r->caller.kind == CALLER_NONE)
		return check_open(r, e);
	if (!r->caller.by_cookie)
		return true;
	return (is_allowed_page(r) || request_same_origin(r, true, e)) && check_token(r, e);
}

bool
step_page(struct request *r, struct err *e)
{
	struct page_body body;

	if (!r->guest)
		return true;
	body = r->route->page(r->in);
	if (!cors_hold(r, &body, e))
		return false;
	return !body.cookie ||
	       err_set(e, ERR_CSRF, 0,
		   "A page of another origin has no cookies here: ask for delivery body, and send "
		   "the tokens in bodies.",
		   "a page of an allowed origin, by cookie");
}
