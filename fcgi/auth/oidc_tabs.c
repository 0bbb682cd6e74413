#include "fcgi/auth/oidc_tabs.h"

#include <string.h>

#include "core/crypt/token.h"

#define OIDC_COOKIE "bsx_oidc" /* the kind; alone it is the name that all of them once had */

#define SEEN_MAX 64 /* looked at; what a browser has beyond that goes another time */
#define DROP_MAX 4  /* cleared in one answer, whose head web servers bound too */

/* One that the browser sent. */
struct tab {
	char    name[COOKIE_NAME_MAX];
	size_t  bytes;
	int64_t begun_ms; /* 0: it is none of ours, or too old */
	size_t  place;    /* in the header: browsers send older ones first (RFC 6265 section 5.4) */
};

static bool
take_tab(struct request *r, const struct sent_cookie *c, struct tab *t)
{
	const struct auth *a = r->app->auth;
	struct oidc_state  s;

	if (c->name.n >= sizeof(t->name))
		return false;
	memcpy(t->name, c->name.p, c->name.n);
	t->name[c->name.n] = '\0';
	t->bytes = c->bytes;
	t->begun_ms =
	    oidc_state_open(a, r->mem, c->value, &s) && oidc_state_counts(a, &s) ? s.begun_ms : 0;
	return true;
}

static int
newest_first(const void *a, const void *b)
{
	const struct tab *x = a, *y = b;

	if (x->begun_ms != y->begun_ms)
		return x->begun_ms < y->begun_ms ? 1 : -1;
	return x->place < y->place ? 1 : -1;
}

static size_t
read_tabs(struct request *r, struct tab tabs[static SEEN_MAX])
{
	struct sent_cookie sent[SEEN_MAX];
	size_t             n = request_cookies(r, OIDC_COOKIE, sent, SEEN_MAX), taken = 0;

	for (size_t i = 0; i < n; i++) {
		tabs[taken].place = i;
		taken += take_tab(r, &sent[i], &tabs[taken]);
	}
	qsort(tabs, taken, sizeof(*tabs), newest_first);
	return taken;
}

bool
oidc_tabs_put(struct request *r, const struct oidc_begun *begun, struct err *e)
{
	struct tab tabs[SEEN_MAX];
	char       name[COOKIE_NAME_MAX];
	size_t     n = read_tabs(r, tabs), kept = 0, bytes;

	cookie_name_of(OIDC_COOKIE, str_of(begun->state), name);
	bytes = strlen("__Host-=; ") + strlen(name) + strlen(begun->cookie);
	while (kept < n && kept + 1 < OIDC_TABS_MAX && tabs[kept].begun_ms != 0 &&
	       bytes + tabs[kept].bytes <= OIDC_TABS_BYTES)
		bytes += tabs[kept++].bytes;
	for (size_t i = n; i > kept && n - i < DROP_MAX; i--)
		if (!reply_cookie(r, tabs[i - 1].name, "", 0, e))
			return false;
	return reply_cookie(r, name, begun->cookie, OIDC_STATE_S, e);
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
