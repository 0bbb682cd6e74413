#include <string.h>

#include "core/base/secret.h"
#include "core/web/pass.h"

static bool
refuse(struct err *e, const char *why)
{
	return err_set(
	    e, ERR_CSRF, 0, "The request does not come from this installation.", "%s", why);
}

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

static bool
is_own_origin(const struct request *r, struct str origin)
{
	struct str own = origin_of(str_of(r->app->conf->public_url));
	struct str its = origin_of(origin);

	return own.n > 0 && own.n == its.n && strncasecmp(own.p, its.p, own.n) == 0;
}

bool
request_same_origin(const struct request *r, bool required, struct err *e)
{
	struct str site = request_param(r, "HTTP_SEC_FETCH_SITE");
	struct str origin = request_param(r, "HTTP_ORIGIN");

	if (site.n > 0)
		return str_eqz(site, "same-origin") || refuse(e, "Sec-Fetch-Site is another site");
	if (origin.n > 0)
		return is_own_origin(r, origin) || refuse(e, "Origin is another one");
	return !required || refuse(e, "neither Sec-Fetch-Site nor Origin");
}

static bool
check_token(const struct request *r, struct err *e)
{
	struct str have = request_param(r, "HTTP_X_CSRF_TOKEN");
	char       want[CSRF_TOKEN_MAX] = "";
	size_t     n;

	if (!caller_csrf(r->app->auth, &r->caller.session, want, e))
		return false;
	n = strlen(want);
	if (have.n == n && n > 0 && secret_eq(have.p, want, n))
		return true;
	return refuse(e, "X-CSRF-Token is missing or wrong");
}

static bool
is_change(enum method m)
{
	return m == POST || m == PUT || m == DELETE_;
}

/* Only what a browser adds by itself can be forged across sites: cookies. */
bool
step_csrf(struct request *r, struct err *e)
{
	if (!is_change(r->method))
		return true;
	if (r->caller.kind == CALLER_NONE)
		return request_same_origin(r, false, e);
	if (!r->caller.by_cookie)
		return true;
	return request_same_origin(r, true, e) && check_token(r, e);
}
