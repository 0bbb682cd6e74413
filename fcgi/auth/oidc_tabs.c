#include "fcgi/auth/oidc_tabs.h"

#include <string.h>

#include "core/crypt/token.h"

#define OIDC_COOKIE "bsx_oidc" /* the kind; alone it is the name that all of them once had */

static int64_t
begun_ms(struct request *r, const struct sent_cookie *c)
{
	const struct auth *a = r->app->auth;
	struct oidc_state  s;

	return oidc_state_open(a, r->mem, c->value, &s) && oidc_state_counts(a, &s) ? s.begun_ms
										    : 0;
}

bool
oidc_tabs_put(struct request *r, const struct oidc_begun *begun, struct err *e)
{
	static const struct cookie_bound bound = {
		.kind = OIDC_COOKIE,
		.most = OIDC_TABS_MAX,
		.bytes = OIDC_TABS_BYTES,
		.made_ms = begun_ms,
	};
	char name[COOKIE_NAME_MAX];

	cookie_name_of(OIDC_COOKIE, str_of(begun->state), name);
	return reply_cookie_room(
		   r, &bound, strlen("__Host-=; ") + strlen(name) + strlen(begun->cookie), e) &&
	       reply_cookie(r, name, begun->cookie, OIDC_STATE_S, e);
}

/* One that was begun before each tab had its own is ended by the name that all had. */
const char *
oidc_tabs_find(struct request *r, struct str state, struct str *value)
{
	char *name = talloc_zero_array(r->mem, char, COOKIE_NAME_MAX);
	bool  bad;

	*value = (struct str) { NULL, 0 };
	if (name == NULL)
		return OIDC_COOKIE;
	cookie_name_of(OIDC_COOKIE, state, name);
	*value = request_cookie(r, name, &bad);
	if (value->n > 0 || bad)
		return name;
	*value = request_cookie(r, OIDC_COOKIE, &bad);
	return value->n > 0 ? OIDC_COOKIE : name;
}

static bool
by_access(struct request *r, struct str token, struct uuid *tenant)
{
	const struct credential c = { CREDENTIAL_ACCESS_TOKEN, token, true };
	struct caller           who;
	struct err              why = { 0 };

	if (token.n == 0 || !caller_resolve(r->app->auth, r->mem, &c, r->address, &who, &why))
		return false;
	*tenant = who.tenant;
	return true;
}

/* Its access token has run out: the refresh cookie beside it tells whether the session lives. */
static bool
by_refresh(struct request *r, struct str access, struct uuid *tenant)
{
	struct uuid          of;
	struct refresh_shown shown = { .of = &of };
	const struct deed_by by = request_deed_by(r);
	struct err           why = { 0 };
	bool                 bad;

	shown.token = request_cookie(r, "bsx_refresh", &bad);
	return access.n > 0 && shown.token.n > 0 && token_session(r->mem, access, &of) &&
	       session_by_refresh(&by, &shown, tenant, &why);
}

bool
oidc_tabs_signed_in(struct request *r, struct uuid *tenant)
{
	bool       bad;
	struct str access = request_cookie(r, "bsx_access", &bad);

	return by_access(r, access, tenant) || by_refresh(r, access, tenant);
}
